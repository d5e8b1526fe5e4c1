// Metrics: what is reported of training beside the loss. State lives in variables, updated by
// operations, so a captured step updates it too.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lamina/layer.h"

namespace lamina {

class Metric;
using MetricPtr = std::shared_ptr<Metric>;

class Metric {
 public:
  // dtype: of the computation and the state; floatx() by default.
  explicit Metric(std::string name, std::optional<DType> dtype = {});
  virtual ~Metric() = default;
  virtual std::string class_name() const = 0;
  virtual void update_state(const Tensor& y_true, const Tensor& y_pred,
                            const Tensor& sample_weight = {}) = 0;
  virtual Tensor result() const = 0;
  virtual void reset_state();  // zeros, those of tracked metrics too
  virtual Config get_config() const;
  // Whether update_state() takes values (and weights) instead of targets and outputs.
  virtual bool takes_values() const { return false; }
  const std::string& name() const { return name_; }
  void set_name(const std::string& name) { name_ = name; }
  DType dtype() const { return dtype_; }
  // Own ones, then those of tracked metrics.
  std::vector<Variable> variables() const;
  // Makes the state of another metric, or a variable made elsewhere, part of this one's.
  void track(const MetricPtr& metric);
  void track(const Variable& variable);

 protected:
  Variable add_variable(const Shape& shape, const std::string& name,
                        std::optional<DType> dtype = {}, const Initializer& initializer = "zeros");
  std::string name_;

 private:
  DType dtype_;
  std::vector<Variable> variables_;
  std::vector<MetricPtr> tracked_;
};

MetricPtr make_metric(const Config& config);  // as make_loss; loss names give mean metrics
// "accuracy" means binary, categorical or sparse categorical by the shapes of targets and outputs.
MetricPtr make_metric_for(const Config& config, const Shape& y_true, const Shape& y_pred);
MetricPtr function_metric(std::string name, std::function<Tensor(const Tensor&, const Tensor&)> fn);
// Metrics of the user's, found by make_metric after the built-in ones.
void register_metric(const std::string& name, std::function<MetricPtr(const Config&)> factory);

// Weighted mean of values: of each sample's mean where values have more axes than one.
class MeanMetric : public Metric {
 public:
  explicit MeanMetric(std::string name = "mean", std::optional<DType> dtype = {});
  std::string class_name() const override { return "Mean"; }
  // values (n, ...); weight has their first axes.
  void update(const Tensor& values, const Tensor& weight = {});
  void update_state(const Tensor& values, const Tensor&, const Tensor& sample_weight) override;
  Tensor result() const override;
  bool takes_values() const override { return true; }

 protected:
  Variable total_, count_;
};

struct MetricClass {
  std::string name;
  std::string function;              // name of the function form, "" if none
  std::function<Config()> defaults;  // argument names, in order, and their default values
  std::string doc;
};
const std::vector<MetricClass>& metric_classes();
// The function form of a metric, such as "binary_accuracy": its values before their mean.
Tensor metric_values(const Config& metric, const Tensor& y_true, const Tensor& y_pred);
// Names that stand for classes: {"mse", "MeanSquaredError"}, ...
const std::vector<std::pair<std::string, std::string>>& metric_aliases();

}  // namespace lamina
