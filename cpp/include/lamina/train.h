// Losses, metrics, optimizers, callbacks.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lamina/layer.h"

namespace lamina {

// ---- losses
// ---------------------------------------------------------------------------------------
class Loss {
 public:
  explicit Loss(std::string name, std::string reduction = "sum_over_batch_size")
      : name_(std::move(name)), reduction_(std::move(reduction)) {}
  virtual ~Loss() = default;
  virtual std::string class_name() const = 0;
  // One value for each sample: shape (batch, ...) without the last axis.
  virtual Tensor call(const Tensor& y_true, const Tensor& y_pred) const = 0;
  virtual Config get_config() const = 0;
  // Weighted and reduced: reduction is sum_over_batch_size, sum, mean, mean_with_sample_weight or
  // none.
  Tensor operator()(const Tensor& y_true, const Tensor& y_pred,
                    const Tensor& sample_weight = {}) const;
  const std::string& name() const { return name_; }
  const std::string& reduction() const { return reduction_; }

 private:
  std::string name_, reduction_;
};
using LossPtr = std::shared_ptr<Loss>;
// By class or function name ("mse", "MeanSquaredError", "mean_squared_error") or {"class_name",
// "config"}.
LossPtr make_loss(const Config& config);
LossPtr function_loss(std::string name, std::function<Tensor(const Tensor&, const Tensor&)> fn);
// The function form, per sample: loss_function("mse")(y_true, y_pred).
struct LossClass {
  std::string name;      // "MeanSquaredError"
  std::string function;  // "mean_squared_error"
  Config (*defaults)();
  std::string doc;
};
const std::vector<LossClass>& loss_classes();

// ---- metrics
// -------------------------------------------------------------------------------------- State
// lives in variables, updated by operations, so a captured step updates it too.
class Metric {
 public:
  explicit Metric(std::string name, std::optional<DType> dtype = {});
  virtual ~Metric() = default;
  virtual std::string class_name() const = 0;
  virtual void update_state(const Tensor& y_true, const Tensor& y_pred,
                            const Tensor& sample_weight = {}) = 0;
  virtual Tensor result() const = 0;
  virtual void reset_state();  // zeros
  virtual Config get_config() const;
  const std::string& name() const { return name_; }
  void set_name(const std::string& name) { name_ = name; }
  const std::vector<Variable>& variables() const { return variables_; }

 protected:
  Variable add_variable(const Shape& shape, const std::string& name, DType dtype = DType::kFloat32);
  std::string name_;

 private:
  std::vector<Variable> variables_;
};
using MetricPtr = std::shared_ptr<Metric>;
MetricPtr make_metric(const Config& config);  // as make_loss; loss names give mean metrics
// "accuracy" means binary, categorical or sparse categorical by the shapes of targets and outputs.
MetricPtr make_metric_for(const Config& config, const Shape& y_true, const Shape& y_pred);
MetricPtr function_metric(std::string name, std::function<Tensor(const Tensor&, const Tensor&)> fn);
// Weighted mean of values seen.
class MeanMetric : public Metric {
 public:
  explicit MeanMetric(std::string name = "mean");
  std::string class_name() const override { return "Mean"; }
  // values of any shape; weight broadcast.
  void update(const Tensor& values, const Tensor& weight = {});
  void update_state(const Tensor& y_true, const Tensor& y_pred,
                    const Tensor& sample_weight) override;
  Tensor result() const override;

 protected:
  Variable total_, count_;
};
struct MetricClass {
  std::string name;
  std::string function;  // alias in snake case, "" if none
  Config (*defaults)();
  std::string doc;
};
const std::vector<MetricClass>& metric_classes();

// ---- optimizers
// -----------------------------------------------------------------------------------
struct OptimizerOptions {
  double learning_rate = 0.001;
  std::optional<double> weight_decay, clipnorm, clipvalue, global_clipnorm;
  std::string name;
};
class Optimizer {
 public:
  explicit Optimizer(const OptimizerOptions& options);
  virtual ~Optimizer() = default;
  virtual std::string class_name() const = 0;
  virtual Config get_config() const = 0;

  // Makes the slots; apply() does it on first use. Again with other variables: new slots.
  void build(const std::vector<Variable>& variables);
  // One step: clips, decays, updates, applies constraints. An undefined gradient leaves its
  // variable.
  void apply(const Tensors& grads, const std::vector<Variable>& variables);

  double learning_rate() const;
  void set_learning_rate(double lr);
  int64_t iterations() const;
  const std::string& name() const { return options_.name; }
  bool built() const { return built_; }
  // learning_rate, iterations and slots, for saving: name -> tensor.
  std::vector<std::pair<std::string, Variable>> variables() const;
  // Variables left out of the weight decay, by name pattern (a substring of the path).
  void exclude_from_weight_decay(const std::vector<std::string>& names);

 protected:
  virtual std::vector<std::string> slot_names() const = 0;
  virtual void update(const Tensor& gradient, const Variable& variable,
                      const std::vector<Variable>& slots) = 0;
  // For rules that take the decoupled decay into their own pass: how much to use for this variable.
  double decay_for(const Variable& v) const;
  OptimizerOptions options_;
  Variable learning_rate_;  // float32 scalar
  Variable iterations_;     // int64 scalar
  Tensor step_;             // float64 scalar of the current apply: iterations + 1

 private:
  bool built_ = false;
  std::vector<Variable> owned_for_;
  std::vector<std::vector<Variable>> slots_;
  std::vector<std::string> no_decay_;
};
using OptimizerPtr = std::shared_ptr<Optimizer>;
OptimizerPtr make_optimizer(const Config& config);  // "adam" or {"class_name", "config"}
struct OptimizerClass {
  std::string name;
  Config (*defaults)();
  std::string doc;
};
const std::vector<OptimizerClass>& optimizer_classes();

// ---- callbacks
// ------------------------------------------------------------------------------------
class Model;
using Logs = std::vector<std::pair<std::string, double>>;  // in a stable order

class Callback {
 public:
  virtual ~Callback() = default;
  virtual void on_train_begin() {}
  virtual void on_train_end(const Logs& logs) {}
  virtual void on_epoch_begin(int64_t epoch) {}
  virtual void on_epoch_end(int64_t epoch, const Logs& logs) {}
  virtual void on_train_batch_begin(int64_t batch) {}
  virtual void on_train_batch_end(int64_t batch, const Logs& logs) {}
  virtual void on_test_begin() {}
  virtual void on_test_end(const Logs& logs) {}
  virtual void on_test_batch_begin(int64_t batch) {}
  virtual void on_test_batch_end(int64_t batch, const Logs& logs) {}
  virtual void on_predict_begin() {}
  virtual void on_predict_end() {}
  virtual void on_predict_batch_begin(int64_t batch) {}
  virtual void on_predict_batch_end(int64_t batch) {}
  // Whether the batch hooks do anything: without them the loop stays free of calls and of logs.
  virtual bool wants_batches() const { return false; }
  // Seconds that must lie between two on_*_batch_end calls (the last batch always gets one).
  virtual double batch_interval() const { return 0; }
  void set_model(Model* model) { model_ = model; }
  void set_params(int64_t epochs, int64_t steps) { epochs_ = epochs, steps_ = steps; }

 protected:
  Model* model_ = nullptr;
  int64_t epochs_ = 0, steps_ = -1;
};
using CallbackPtr = std::shared_ptr<Callback>;

}  // namespace lamina
