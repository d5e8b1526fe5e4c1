// The table of metrics, filled by the files of the families, and what they share.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lamina/losses.h"
#include "lamina/metrics.h"
#include "train/mask.h"

namespace lamina {

inline constexpr double kMetricEpsilon = 1e-7;  // Keras's

struct MetricRow {
  std::string name;
  std::string function;  // the name of the function form, "" if none
  std::function<Config()> defaults;
  std::function<MetricPtr(const Config&)> make;
  std::string summary, args, example;
};
using MetricRows = std::vector<MetricRow>;
void add_mean_metrics(MetricRows& rows);
void add_accuracy_metrics(MetricRows& rows);
void add_loss_metrics(MetricRows& rows);
void add_regression_metrics(MetricRows& rows);
void add_confusion_metrics(MetricRows& rows);
void add_auc_metrics(MetricRows& rows);
void add_f_score_metrics(MetricRows& rows);
void add_iou_metrics(MetricRows& rows);

// Options of every metric; those of a class derive from it and name all of them in fields(), in
// Keras's order.
struct MetricOptions {
  std::string name;
  std::optional<std::string> dtype;
  std::optional<DType> type() const {
    if (!dtype || *dtype == "float") return {};
    return *dtype == "int" ? DType::kInt32 : dtype_from_name(*dtype);
  }
};
struct AxisOptions : MetricOptions {
  int64_t axis = -1;
  void fields(Fields& f) { f("name", name)("dtype", dtype)("axis", axis); }
};

// A row for class M with constructor M(const char* class_name, const Options&).
template <class M, class Options>
MetricRow metric_row(const char* name, Options defaults, std::string summary, std::string args = "",
                     std::string example = "", const char* function = "") {
  MetricRow row;
  row.name = name, row.function = function;
  row.summary = std::move(summary), row.args = std::move(args), row.example = std::move(example);
  row.defaults = [defaults] {
    Config c = write_options(defaults);
    if (defaults.name.empty()) c.set("name", Config());
    return c;
  };
  row.make = [name, defaults](const Config& given) -> MetricPtr {
    Options o = defaults;
    Fields f = Fields::reader(name, given);
    o.fields(f);
    f.finish();
    if (o.name.empty()) o.name = defaults.name.empty() ? to_snake_case(name) : defaults.name;
    return std::make_shared<M>(name, o);
  };
  return row;
}

// get_config() of a metric with options: those, with the present name and dtype.
template <class Options>
Config metric_config(const Metric& metric, Options o) {
  o.name = metric.name(), o.dtype = dtype_name(metric.dtype());
  return write_options(o);
}

// The weighted mean of values(y_true, y_pred).
class ValuesMetric : public MeanMetric {
 public:
  using Values = std::function<Tensor(const Tensor&, const Tensor&)>;
  ValuesMetric(std::string class_name, std::string name, std::optional<DType> dtype, Values values)
      : MeanMetric(std::move(name), dtype),
        values_(std::move(values)),
        class_(std::move(class_name)) {}
  std::string class_name() const override { return class_; }
  bool takes_values() const override { return false; }
  void update_state(const Tensor& t, const Tensor& y, const Tensor& w) override {
    update(values_(t, y), apply_mask(w, y.mask(), dtype(), false));
  }
  Tensor values(const Tensor& t, const Tensor& y) const { return values_(t, y); }

 protected:
  Values values_;

 private:
  std::string class_;
};

// A ValuesMetric that keeps its options.
template <class Options>
class OptionsMetric : public ValuesMetric {
 public:
  OptionsMetric(const char* class_name, const Options& o, Values values)
      : ValuesMetric(class_name, o.name, o.type(), std::move(values)), options_(o) {}
  Config get_config() const override { return metric_config(*this, options_); }

 protected:
  Options options_;
};

// Options of metrics without arguments of their own.
struct NamedOptions : MetricOptions {
  void fields(Fields& f) { f("name", name)("dtype", dtype); }
};

// sample_weight for values of this shape: axes of length 1 at its end taken away or added, then
// broadcast.
Tensor weights_like(const std::string& owner, const Tensor& weight, const Shape& shape,
                    DType dtype);

}  // namespace lamina
