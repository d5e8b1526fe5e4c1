// What metrics share: state, names, and weighted means.
#include "lamina/metrics.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "graph/graph.h"
#include "train/metric_rows.h"

namespace lamina {

Metric::Metric(std::string name, std::optional<DType> dtype)
    : name_(std::move(name)), dtype_(dtype.value_or(floatx())) {}

Variable Metric::add_variable(const Shape& shape, const std::string& name,
                              std::optional<DType> dtype, const Initializer& initializer) {
  TraceScope suspended(nullptr);  // state outlives the step that first needs it
  variables_.emplace_back(initializer(shape, dtype.value_or(floatx())), name, false);
  return variables_.back();
}
void Metric::reset_state() {
  for (auto& v : variables_) v.assign(zeros(v.shape(), v.dtype()));
  for (auto& m : tracked_) m->reset_state();
}
Config Metric::get_config() const {
  return Config::object({{"name", name_}, {"dtype", dtype_name(dtype_)}});
}
std::vector<Variable> Metric::variables() const {
  std::vector<Variable> out = variables_;
  for (auto& m : tracked_)
    for (auto& v : m->variables()) out.push_back(v);
  return out;
}
void Metric::track(const MetricPtr& metric) {
  if (std::find(tracked_.begin(), tracked_.end(), metric) == tracked_.end())
    tracked_.push_back(metric);
}
void Metric::track(const Variable& variable) {
  if (std::find(variables_.begin(), variables_.end(), variable) == variables_.end())
    variables_.push_back(variable);
}

// ---- means and sums -----------------------------------------------------------------------------

Tensor weights_like(const std::string& owner, const Tensor& weight, const Shape& shape,
                    DType dtype) {
  Tensor w = cast(weight, dtype);
  while (w.rank() > shape.rank() && w.shape().back() == 1) w = squeeze(w, -1);
  while (w.rank() > 0 && w.rank() < shape.rank()) w = expand_dims(w, {-1});
  bool fits = w.rank() <= shape.rank();
  for (int i = 0; fits && i < w.rank(); ++i) fits = w.dim(i) == 1 || w.dim(i) == shape[i];
  if (!fits)
    fail(owner, ": sample_weight of shape ", weight.shape(), " does not fit values of shape ",
         shape);
  return broadcast_to(w, shape);
}

namespace {

Axes axes_from(int first, int rank) {
  Ints axes;
  for (int i = first; i < rank; ++i) axes.push_back(i);
  return axes;
}

// One value for each sample, weighted, and the weights: the values' axes that the weights lack are
// reduced first, then all but the first one.
std::pair<Tensor, Tensor> samplewise(const std::string& owner, const Tensor& given,
                                     const Tensor& weight, DType d,
                                     Tensor (*reduce)(const Tensor&, const Axes&, bool)) {
  Tensor v = cast(given, d), w;
  if (weight.defined()) {
    std::tie(v, w) = same_rank(v, cast(weight, d));
    if (v.rank() > w.rank()) v = reduce(v, axes_from(w.rank(), v.rank()), false);
    if (v.rank() == 0 && w.rank() > 0) v = broadcast_to(v, w.shape());
    w = weights_like(owner, w, v.shape(), d);
    v = v * w;
    if (w.rank() > 1) w = reduce(w, axes_from(1, w.rank()), false);
  }
  if (v.rank() > 1) v = reduce(v, axes_from(1, v.rank()), false);
  return {v, w};
}

class SumMetric : public Metric {
 public:
  SumMetric(const char*, const NamedOptions& o) : Metric(o.name, o.type()) {
    total_ = add_variable({}, "total", dtype());
  }
  std::string class_name() const override { return "Sum"; }
  bool takes_values() const override { return true; }
  void update_state(const Tensor& values, const Tensor&, const Tensor& weight) override {
    NoGrad off;
    total_.assign_add(sum(samplewise("Sum", values, weight, dtype(), sum).first));
  }
  Tensor result() const override { return copy(total_); }

 private:
  Variable total_;
};

class Mean : public MeanMetric {
 public:
  Mean(const char*, const NamedOptions& o) : MeanMetric(o.name, o.type()) {}
};

}  // namespace

MeanMetric::MeanMetric(std::string name, std::optional<DType> dtype)
    : Metric(std::move(name), dtype) {
  total_ = add_variable({}, "total", this->dtype());
  count_ = add_variable({}, "count", this->dtype());
}
void MeanMetric::update(const Tensor& values, const Tensor& weight) {
  NoGrad off;
  auto [v, w] = samplewise(class_name(), values, weight, dtype(), mean);
  total_.assign_add(sum(v));
  count_.assign_add(
      w.defined() ? sum(w) : full({}, v.rank() > 0 ? static_cast<double>(v.dim(0)) : 1.0, dtype()));
}
void MeanMetric::update_state(const Tensor& values, const Tensor&, const Tensor& weight) {
  update(values, weight);
}
Tensor MeanMetric::result() const { return divide_no_nan(total_.value(), count_.value()); }

void add_mean_metrics(MetricRows& rows) {
  rows.push_back(metric_row<Mean>(
      "Mean", NamedOptions{{"mean", {}}},
      "Weighted mean of values.\n\nupdate_state(values, sample_weight=None); of values with more "
      "than one axis the mean of each sample.",
      "",
      ">>> m = lamina.metrics.Mean()\n>>> m.update_state([1, 3, 5, 7])\n>>> m.result().item()\n"
      "4.0"));
  rows.push_back(metric_row<SumMetric>(
      "Sum", NamedOptions{{"sum", {}}},
      "Weighted sum of values.\n\nupdate_state(values, sample_weight=None)", "",
      ">>> m = lamina.metrics.Sum()\n>>> m.update_state([1, 3, 5, 7])\n>>> m.result().item()\n"
      "16.0"));
}

// ---- names --------------------------------------------------------------------------------------

namespace {

const MetricRows& table() {
  static const MetricRows rows = [] {
    MetricRows r;
    add_mean_metrics(r);
    add_accuracy_metrics(r);
    add_loss_metrics(r);
    add_regression_metrics(r);
    add_confusion_metrics(r);
    add_auc_metrics(r);
    add_f_score_metrics(r);
    add_iou_metrics(r);
    return r;
  }();
  return rows;
}

// Never destroyed: they may hold Python callables, which must not outlive the interpreter.
std::map<std::string, std::function<MetricPtr(const Config&)>>& custom() {
  static auto& metrics = *new std::map<std::string, std::function<MetricPtr(const Config&)>>;
  return metrics;
}

class FunctionMetric : public ValuesMetric {
 public:
  FunctionMetric(const std::string& name, Values fn)
      : ValuesMetric(name, name, {}, std::move(fn)) {}
  Config get_config() const override { return Config::object(); }
};

std::string doc_of(const MetricRow& row) {
  std::string doc = row.summary + "\n\nArgs:\n" + row.args +
                    "    name: Name of the metric.\n"
                    "    dtype: Of the computation and the state; `lamina.config.floatx()` by "
                    "default.";
  if (!row.example.empty()) doc += "\n\nExample:\n\n>>> import lamina\n" + row.example;
  return doc;
}

}  // namespace

MetricPtr make_metric(const Config& config) {
  Choice choice(config);
  std::string name = choice.name();
  for (auto& [alias, class_name] : metric_aliases())
    if (choice.name() == alias) name = class_name;
  for (auto& r : table())
    if (name == r.name || (!r.function.empty() && name == r.function) ||
        name == to_snake_case(r.name))
      return r.make(choice.arguments());
  if (auto it = custom().find(name); it != custom().end()) return it->second(choice.arguments());
  // Any loss is a metric.
  LossPtr l;
  try {
    l = make_loss(config);
  } catch (const Error&) {
    std::string known;
    for (auto& r : table()) known += (known.empty() ? "" : ", ") + to_snake_case(r.name);
    fail("Could not interpret metric identifier: ", choice.name(), "; there are ", known);
  }
  return function_metric(l->name(),
                         [l](const Tensor& t, const Tensor& y) { return l->call(t, y); });
}

MetricPtr make_metric_for(const Config& config, const Shape& y_true, const Shape& y_pred) {
  if (!config.is_string()) return make_metric(config);
  const std::string& name = config.as_string();
  bool accuracy = name == "accuracy" || name == "acc" || name == "Accuracy",
       entropy = name == "crossentropy" || name == "ce";
  if (!accuracy && !entropy) return make_metric(config);
  bool binary = y_pred.rank() == 0 || y_pred.back() == 1;
  bool sparse = !binary && (y_true.rank() < y_pred.rank() || y_true.back() == 1);
  std::string suffix = accuracy ? "accuracy" : "crossentropy";
  return make_metric((binary   ? "binary_"
                      : sparse ? "sparse_categorical_"
                               : "categorical_") +
                     suffix);
}

MetricPtr function_metric(std::string name,
                          std::function<Tensor(const Tensor&, const Tensor&)> fn) {
  return std::make_shared<FunctionMetric>(name, std::move(fn));
}

void register_metric(const std::string& name, std::function<MetricPtr(const Config&)> factory) {
  custom()[name] = std::move(factory);
}

Tensor metric_values(const Config& metric, const Tensor& y_true, const Tensor& y_pred) {
  MetricPtr m = make_metric(metric);
  auto* values = dynamic_cast<ValuesMetric*>(m.get());
  if (!values) fail("metric '", m->name(), "' is not the mean of values of a function");
  return values->values(y_true, y_pred);
}

const std::vector<MetricClass>& metric_classes() {
  static const std::vector<MetricClass> classes = [] {
    std::vector<MetricClass> out;
    for (auto& r : table()) out.push_back({r.name, r.function, r.defaults, doc_of(r)});
    return out;
  }();
  return classes;
}

const std::vector<std::pair<std::string, std::string>>& metric_aliases() {
  static const std::vector<std::pair<std::string, std::string>> aliases = {
      {"mse", "MeanSquaredError"},
      {"MSE", "MeanSquaredError"},
      {"mae", "MeanAbsoluteError"},
      {"MAE", "MeanAbsoluteError"},
      {"mape", "MeanAbsolutePercentageError"},
      {"MAPE", "MeanAbsolutePercentageError"},
      {"msle", "MeanSquaredLogarithmicError"},
      {"MSLE", "MeanSquaredLogarithmicError"},
      {"rmse", "RootMeanSquaredError"},
      {"bce", "BinaryCrossentropy"},
      {"BCE", "BinaryCrossentropy"},
      {"kld", "KLDivergence"},
      {"KLD", "KLDivergence"},
      {"log_cosh", "LogCoshError"},
      {"logcosh", "LogCoshError"},
      {"iou", "IoU"},
      {"mean_iou", "MeanIoU"}};
  return aliases;
}

}  // namespace lamina
