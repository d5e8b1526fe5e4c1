// Losses, metrics, optimizers, callbacks.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lamina/losses.h"
#include "lamina/metrics.h"

namespace lamina {

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
// What a loss or metric says: a number, or one for each class or threshold.
struct LogValue {
  LogValue(double value) : values{value} {}
  explicit LogValue(std::vector<double> v) : values(std::move(v)), scalar(false) {}
  operator double() const;  // of several numbers their mean
  std::vector<double> values;
  bool scalar = true;
};
using Logs = std::vector<std::pair<std::string, LogValue>>;  // in a stable order

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
