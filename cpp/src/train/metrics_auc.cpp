// Areas under curves, from counts at fixed thresholds.
#include <algorithm>

#include "train/confusion.h"

namespace lamina {

namespace {

struct AucOptions : MetricOptions {
  int64_t num_thresholds = 200;
  std::string curve = "ROC", summation_method = "interpolation";
  std::optional<std::vector<double>> thresholds;
  bool multi_label = false;
  std::optional<int64_t> num_labels;
  std::optional<std::vector<double>> label_weights;
  bool from_logits = false;
  void fields(Fields& f) {
    f("num_thresholds", num_thresholds)("curve", curve)("summation_method", summation_method)(
        "name", name)("dtype", dtype)("thresholds", thresholds)("multi_label", multi_label)(
        "num_labels", num_labels)("label_weights", label_weights)("from_logits", from_logits);
  }
};

void require_one_of(const char* what, const std::string& value,
                    std::initializer_list<const char*> allowed) {
  std::string known;
  for (const char* a : allowed) {
    if (value == a) return;
    known += (known.empty() ? "" : ", ") + std::string(a);
  }
  fail("AUC: ", what, " must be one of ", known, "; received '", value, "'");
}

class Auc : public Metric {
 public:
  Auc(const char*, const AucOptions& o) : Metric(o.name, o.type()), options_(o) {
    for (char& c : options_.curve)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    for (char& c : options_.summation_method)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    require_one_of("curve", options_.curve, {"ROC", "PR", "PRGAIN"});
    require_one_of("summation_method", options_.summation_method,
                   {"interpolation", "minoring", "majoring"});
    if (o.num_labels && !o.multi_label)
      fail("AUC: num_labels is needed only when multi_label is True");
    std::vector<double>& t = how_.thresholds;
    if (o.thresholds) {
      t = *o.thresholds;
      std::sort(t.begin(), t.end());
      t.insert(t.begin(), 0.0), t.push_back(1.0);
      how_.even = evenly_spaced(t);
      options_.num_thresholds = static_cast<int64_t>(t.size());
    } else {
      const int64_t n = o.num_thresholds;
      if (n < 2) fail("AUC: num_thresholds must be at least 2, received ", n);
      for (int64_t i = 0; i < n; ++i)
        t.push_back(static_cast<double>(i) / static_cast<double>(n - 1));
      how_.even = true;
    }
    // Every output lies between the ends.
    t.front() = -kMetricEpsilon, t.back() = 1 + kMetricEpsilon;
    how_.multi_label = o.multi_label;
    if (o.label_weights)
      label_weights_ =
          Tensor::from_vector(*o.label_weights, {static_cast<int64_t>(o.label_weights->size())})
              .astype(dtype());
    if (!o.multi_label) how_.label_weights = label_weights_;
    if (!o.multi_label || o.num_labels) build(o.num_labels.value_or(0));
  }
  std::string class_name() const override { return "AUC"; }
  void update_state(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override {
    NoGrad off;
    if (options_.multi_label && y_pred.rank() != 2)
      fail("AUC: expected y_pred (batch, labels) with multi_label, received shape ",
           y_pred.shape());
    if (!tp_.defined()) build(y_pred.dim(1));
    if (options_.multi_label && tp_.shape()[1] != y_pred.dim(1))
      fail("AUC: expected y_pred (batch, ", tp_.shape()[1], "), received shape ", y_pred.shape());
    Tensor y = options_.from_logits ? sigmoid(y_pred) : y_pred;
    Counts c = count_confusion("AUC", y_true, y, weight, how_, dtype());
    tp_.assign_add(c.tp), fp_.assign_add(c.fp), tn_.assign_add(c.tn), fn_.assign_add(c.fn);
  }
  Tensor result() const override {
    NoGrad off;
    if (!tp_.defined()) return zeros({}, dtype());
    Tensor areas = options_.curve == "PR" && options_.summation_method == "interpolation"
                       ? interpolated_precision()
                       : strips();
    Tensor area = sum(areas, 0);
    if (!options_.multi_label) return area;
    if (!label_weights_.defined()) return mean(area);
    return divide_no_nan(sum(area * label_weights_), sum(label_weights_));
  }
  Config get_config() const override {
    Config c = metric_config(*this, options_);
    if (!options_.thresholds) c.erase("thresholds");
    return c;
  }

 private:
  void build(int64_t labels) {
    Shape shape = {options_.num_thresholds};
    if (options_.multi_label) shape.push_back(labels);
    tp_ = add_variable(shape, "true_positives", dtype());
    fp_ = add_variable(shape, "false_positives", dtype());
    tn_ = add_variable(shape, "true_negatives", dtype());
    fn_ = add_variable(shape, "false_negatives", dtype());
  }
  // At each threshold but the last, and at each but the first.
  static Tensor low(const Tensor& x) { return getitem(x, {Index::slice({}, -1)}); }
  static Tensor high(const Tensor& x) { return getitem(x, {Index::slice(1, {})}); }

  // Between two thresholds true positives are taken as linear in all positives, which makes the
  // precision a curve (Davis and Goadrich, 2006).
  Tensor interpolated_precision() const {
    const Tensor zero(0.0), &tp = tp_, &fn = fn_;
    Tensor p = tp_ + fp_, dtp = low(tp) - high(tp), dp = low(p) - high(p);
    Tensor slope = divide_no_nan(dtp, maximum(dp, zero));
    Tensor intercept = high(tp) - slope * high(p);
    Tensor ratio = where(logical_and(greater(low(p), zero), greater(high(p), zero)),
                         divide_no_nan(low(p), maximum(high(p), zero)), ones_like(high(p)));
    return divide_no_nan(slope * (dtp + intercept * log(ratio)),
                         maximum(high(tp) + high(fn), zero));
  }
  Tensor strips() const {
    const Tensor &tp = tp_, &fp = fp_, &tn = tn_, &fn = fn_;
    Tensor x, y;
    if (options_.curve == "ROC") {
      x = divide_no_nan(fp, fp + tn), y = divide_no_nan(tp, tp + fn);
    } else if (options_.curve == "PR") {
      x = divide_no_nan(tp, tp + fn), y = divide_no_nan(tp, tp + fp);
    } else {  // precision and recall gain (Flach and Kull, 2015)
      Tensor scale = divide_no_nan(tp + fn, tn + fp), none = equal(tp, Tensor(0.0));
      auto gain = [&](const Tensor& wrong, double otherwise) {
        Tensor g = Tensor(1.0) - scale * divide_no_nan(wrong, tp);
        return where(none, full_like(g, otherwise), g);
      };
      x = maximum(gain(fn, 0), Tensor(0.0)), y = gain(fp, 1);
    }
    Tensor heights = options_.summation_method == "interpolation" ? (low(y) + high(y)) * Tensor(0.5)
                     : options_.summation_method == "minoring"    ? minimum(low(y), high(y))
                                                                  : maximum(low(y), high(y));
    return (low(x) - high(x)) * heights;
  }

  AucOptions options_;
  Counting how_;
  Tensor label_weights_;
  Variable tp_, fp_, tn_, fn_;
};

}  // namespace

void add_auc_metrics(MetricRows& rows) {
  rows.push_back(metric_row<Auc>(
      "AUC", AucOptions{},
      "Area under the ROC or precision-recall curve, from counts at fixed thresholds.\n\n"
      "The more thresholds, and the better they cover the outputs, the closer it comes to the "
      "exact area.",
      "    num_thresholds: Thresholds, evenly spaced over [0, 1].\n"
      "    curve: `\"ROC\"`, `\"PR\"` (precision over recall) or `\"PRGAIN\"` (Flach and Kull, "
      "2015).\n"
      "    summation_method: `\"interpolation\"` (for PR that of Davis and Goadrich, 2006),\n"
      "        `\"minoring\"` or `\"majoring\"`: the height of each strip under the curve.\n"
      "    thresholds: Thresholds in (0, 1) to use instead.\n"
      "    multi_label: Whether outputs (batch, labels) have a curve for each label; the result "
      "is\n"
      "        their mean.\n"
      "    num_labels: Labels, with multi_label.\n"
      "    label_weights: Weight of each label.\n"
      "    from_logits: Whether outputs are logits, before the sigmoid.\n",
      ">>> m = lamina.metrics.AUC(num_thresholds=3)\n"
      ">>> m.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])\n>>> m.result().item()\n0.75"));
}

}  // namespace lamina
