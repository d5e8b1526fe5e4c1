// Counts of right and wrong decisions, precision and recall, and operating points on their curves.
#include "train/confusion.h"

namespace lamina {

namespace {

std::vector<double> even_thresholds(int64_t n) {
  if (n == 1) return {0.5};
  std::vector<double> t;
  for (int64_t i = 0; i < n; ++i) t.push_back(static_cast<double>(i) / static_cast<double>(n - 1));
  return t;
}
Tensor first_of_one(const Tensor& x) { return x.dim(0) == 1 ? reshape(x, {}) : x; }

struct CountOptions : MetricOptions {
  Config thresholds;
  void fields(Fields& f) { f("thresholds", thresholds)("name", name)("dtype", dtype); }
};

// TruePositives and its like: one of the four counts.
template <Tensor Counts::* kPart>
class ConditionCount : public Metric {
 public:
  ConditionCount(const char* class_name, const CountOptions& o)
      : Metric(o.name, o.type()), class_(class_name), options_(o) {
    how_.thresholds = thresholds_from(class_name, o.thresholds, 0.5);
    how_.even = evenly_spaced(how_.thresholds);
    accumulator_ =
        add_variable({static_cast<int64_t>(how_.thresholds.size())}, "accumulator", dtype());
  }
  std::string class_name() const override { return class_; }
  void update_state(const Tensor& t, const Tensor& y, const Tensor& w) override {
    NoGrad off;
    accumulator_.assign_add(count_confusion(class_, t, y, w, how_, dtype()).*kPart);
  }
  Tensor result() const override { return copy(first_of_one(accumulator_)); }
  Config get_config() const override { return metric_config(*this, options_); }

 private:
  std::string class_;
  CountOptions options_;
  Counting how_;
  Variable accumulator_;
};

struct PrecisionOptions : MetricOptions {
  Config thresholds;
  std::optional<int64_t> top_k, class_id;
  void fields(Fields& f) {
    f("thresholds", thresholds)("top_k", top_k)("class_id", class_id)("name", name)("dtype", dtype);
  }
};

// Precision: of the outputs above the threshold, or Recall: of the positive targets.
template <Tensor Counts::* kMiss>
class PrecisionRecall : public Metric {
 public:
  PrecisionRecall(const char* class_name, const PrecisionOptions& o)
      : Metric(o.name, o.type()), class_(class_name), options_(o) {
    how_.thresholds = thresholds_from(class_name, o.thresholds, o.top_k ? kNoScore : 0.5);
    how_.even = evenly_spaced(how_.thresholds);
    how_.top_k = o.top_k, how_.class_id = o.class_id;
    Shape shape = {static_cast<int64_t>(how_.thresholds.size())};
    hit_ = add_variable(shape, "true_positives", dtype());
    miss_ =
        add_variable(shape, kMiss == &Counts::fp ? "false_positives" : "false_negatives", dtype());
  }
  std::string class_name() const override { return class_; }
  void update_state(const Tensor& t, const Tensor& y, const Tensor& w) override {
    NoGrad off;
    Counts c = count_confusion(class_, t, y, w, how_, dtype());
    hit_.assign_add(c.tp);
    miss_.assign_add(c.*kMiss);
  }
  Tensor result() const override {
    return first_of_one(divide_no_nan(hit_.value(), hit_.value() + miss_.value()));
  }
  Config get_config() const override { return metric_config(*this, options_); }

 private:
  std::string class_;
  PrecisionOptions options_;
  Counting how_;
  Variable hit_, miss_;
};

struct PointOptions : MetricOptions {
  const char* argument = "";  // "specificity"
  std::optional<double> value;
  int64_t num_thresholds = 200;
  std::optional<int64_t> class_id;
  void fields(Fields& f) {
    f(argument, value)("num_thresholds", num_thresholds)("class_id", class_id)("name", name)(
        "dtype", dtype);
  }
};

// The largest of one rate where another one is at least a given value.
class OperatingPoint : public Metric {
 public:
  OperatingPoint(const char* class_name, const PointOptions& o)
      : Metric(o.name, o.type()), class_(class_name), options_(o) {
    if (!o.value) fail(class_name, ": missing argument '", o.argument, "'");
    if (!(*o.value >= 0 && *o.value <= 1))
      fail(class_name, ": ", o.argument, " must lie in [0, 1], received ", *o.value);
    if (o.num_thresholds < 1)
      fail(class_name, ": num_thresholds must be positive, received ", o.num_thresholds);
    how_.thresholds = even_thresholds(o.num_thresholds);
    how_.even = o.num_thresholds > 1;
    how_.class_id = o.class_id;
    Shape shape = {o.num_thresholds};
    tp_ = add_variable(shape, "true_positives", dtype());
    fp_ = add_variable(shape, "false_positives", dtype());
    tn_ = add_variable(shape, "true_negatives", dtype());
    fn_ = add_variable(shape, "false_negatives", dtype());
  }
  std::string class_name() const override { return class_; }
  void update_state(const Tensor& t, const Tensor& y, const Tensor& w) override {
    NoGrad off;
    Counts c = count_confusion(class_, t, y, w, how_, dtype());
    tp_.assign_add(c.tp), fp_.assign_add(c.fp), tn_.assign_add(c.tn), fn_.assign_add(c.fn);
  }
  Tensor result() const override {
    NoGrad off;
    auto share = [](const Tensor& a, const Tensor& b) { return divide_no_nan(a, a + b); };
    Tensor recall = share(tp_, fn_);
    bool specific = class_ == "SensitivityAtSpecificity" || class_ == "SpecificityAtSensitivity";
    Tensor other = specific ? share(tn_, fp_) : share(tp_, fp_);  // specificity or precision
    bool of_recall = class_ == "SensitivityAtSpecificity" || class_ == "RecallAtPrecision";
    Tensor given = of_recall ? other : recall, wanted = of_recall ? recall : other;
    Tensor feasible = greater_equal(given, Tensor(*options_.value));
    return max(where(feasible, wanted, zeros_like(wanted)));
  }
  Config get_config() const override { return metric_config(*this, options_); }

 private:
  std::string class_;
  PointOptions options_;
  Counting how_;
  Variable tp_, fp_, tn_, fn_;
};

template <Tensor Counts::* kPart>
MetricRow count_row(const char* name, const char* summary) {
  return metric_row<ConditionCount<kPart>>(
      name, CountOptions{}, summary,
      "    thresholds: A number or a list of numbers in [0, 1], 0.5 by default; outputs above it\n"
      "        count as positive. The result has a value for each.\n");
}
MetricRow point_row(const char* name, const char* argument, const char* summary,
                    const char* example = "") {
  PointOptions o;
  o.argument = argument;
  return metric_row<OperatingPoint>(
      name, o, summary,
      std::string("    ") + argument +
          ": The least value, in [0, 1].\n"
          "    num_thresholds: Thresholds tried, evenly spaced over [0, 1].\n"
          "    class_id: Count for this class only.\n",
      example);
}

}  // namespace

void add_confusion_metrics(MetricRows& rows) {
  rows.push_back(count_row<&Counts::tp>("TruePositives",
                                        "Weighted number of positive targets with positive "
                                        "outputs."));
  rows.push_back(count_row<&Counts::tn>("TrueNegatives",
                                        "Weighted number of negative targets with negative "
                                        "outputs."));
  rows.push_back(count_row<&Counts::fp>("FalsePositives",
                                        "Weighted number of negative targets with positive "
                                        "outputs."));
  rows.push_back(count_row<&Counts::fn>("FalseNegatives",
                                        "Weighted number of positive targets with negative "
                                        "outputs."));
  const char* args =
      "    thresholds: A number or a list of numbers in [0, 1], 0.5 by default; outputs above it\n"
      "        count as positive. The result has a value for each.\n"
      "    top_k: Only the k largest outputs of a sample count as positive.\n"
      "    class_id: Count for this class only.\n";
  rows.push_back(metric_row<PrecisionRecall<&Counts::fp>>(
      "Precision", PrecisionOptions{},
      "Share of the positive outputs whose target is positive, tp / (tp + fp).", args,
      ">>> m = lamina.metrics.Precision()\n>>> m.update_state([0, 1, 1, 1], [1, 0, 1, 1])\n"
      ">>> round(m.result().item(), 4)\n0.6667"));
  rows.push_back(metric_row<PrecisionRecall<&Counts::fn>>(
      "Recall", PrecisionOptions{},
      "Share of the positive targets whose output is positive, tp / (tp + fn).", args,
      ">>> m = lamina.metrics.Recall()\n>>> m.update_state([0, 1, 1, 1], [1, 0, 1, 1])\n"
      ">>> round(m.result().item(), 4)\n0.6667"));
  rows.push_back(point_row("SensitivityAtSpecificity", "specificity",
                           "Largest sensitivity, tp / (tp + fn), where the specificity, tn / (tn + "
                           "fp), is high enough.",
                           ">>> m = lamina.metrics.SensitivityAtSpecificity(0.5)\n"
                           ">>> m.update_state([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])\n"
                           ">>> m.result().item()\n0.5"));
  rows.push_back(point_row("SpecificityAtSensitivity", "sensitivity",
                           "Largest specificity, tn / (tn + fp), where the sensitivity, tp / (tp + "
                           "fn), is high enough."));
  rows.push_back(point_row("PrecisionAtRecall", "recall",
                           "Largest precision, tp / (tp + fp), where the recall, tp / (tp + fn), "
                           "is high enough."));
  rows.push_back(point_row("RecallAtPrecision", "precision",
                           "Largest recall, tp / (tp + fn), where the precision, tp / (tp + fp), "
                           "is high enough."));
}

}  // namespace lamina
