// F scores: means of precision and recall.
#include "train/metric_rows.h"

namespace lamina {

namespace {

struct FScoreOptions : MetricOptions {
  bool with_beta = true;  // F1Score has no such argument
  std::optional<std::string> average;
  double beta = 1;
  std::optional<double> threshold;
  void fields(Fields& f) {
    f("average", average);
    if (with_beta) f("beta", beta);
    f("threshold", threshold)("name", name)("dtype", dtype);
  }
};

class FBetaScore : public Metric {
 public:
  FBetaScore(const char* class_name, const FScoreOptions& o)
      : Metric(o.name, o.type()), class_(class_name), options_(o) {
    if (o.average && *o.average != "micro" && *o.average != "macro" && *o.average != "weighted")
      fail(class_name, ": average must be None, micro, macro or weighted; received '", *o.average,
           "'");
    if (!(o.beta > 0)) fail(class_name, ": beta must be positive, received ", o.beta);
    if (o.threshold && !(*o.threshold > 0 && *o.threshold <= 1))
      fail(class_name, ": threshold must lie in (0, 1], received ", *o.threshold);
  }
  std::string class_name() const override { return class_; }
  void update_state(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override {
    NoGrad off;
    Tensor t = cast(y_true, dtype()), y = cast(y_pred, dtype());
    if (t.rank() != 2 || !(t.shape() == y.shape()))
      fail(class_, ": expected y_true and y_pred of one shape (batch, classes), received ",
           y_true.shape(), " and ", y_pred.shape());
    const bool micro = options_.average == "micro";
    if (!tp_.defined())
      for (auto [v, name] : {std::pair{&tp_, "true_positives"},
                             {&fp_, "false_positives"},
                             {&fn_, "false_negatives"},
                             {&weights_, "intermediate_weights"}})
        *v = add_variable(micro ? Shape{} : Shape{y.dim(1)}, name, dtype());
    // Without a threshold the largest output of a sample is positive.
    Tensor positive = options_.threshold ? greater(y, Tensor(*options_.threshold))
                                         : logical_and(greater_equal(y, max(y, -1, true)),
                                                       greater(absolute(y), Tensor(1e-9)));
    y = cast(positive, dtype());
    Tensor w;
    if (weight.defined()) w = weights_like(class_, weight, t.shape(), dtype());
    auto total = [&](const Tensor& x) {
      return sum(w.defined() ? x * w : x, micro ? Axes() : Axes(0));
    };
    tp_.assign_add(total(y * t));
    fp_.assign_add(total(y * (Tensor(1.0) - t)));
    fn_.assign_add(total((Tensor(1.0) - y) * t));
    weights_.assign_add(total(t));
  }
  Tensor result() const override {
    NoGrad off;
    if (!tp_.defined()) return zeros({}, dtype());
    const Tensor tiny(kMetricEpsilon), square_beta(options_.beta * options_.beta);
    Tensor precision = tp_ / (tp_ + fp_ + tiny), recall = tp_ / (tp_ + fn_ + tiny);
    Tensor score = precision * recall / (square_beta * precision + recall + tiny) *
                   (Tensor(1.0) + square_beta);
    if (!options_.average) return score;
    if (*options_.average == "weighted") return sum(score * weights_ / (sum(weights_) + tiny));
    return mean(score);
  }
  Config get_config() const override { return metric_config(*this, options_); }

 private:
  std::string class_;
  FScoreOptions options_;
  Variable tp_, fp_, fn_, weights_;
};

}  // namespace

void add_f_score_metrics(MetricRows& rows) {
  const std::string average =
                        "    average: `None` for a score of each class, `\"micro\"` for one of all "
                        "counts,\n        `\"macro\"` for the mean of the classes, `\"weighted\"` "
                        "for their mean by numbers of targets.\n",
                    threshold =
                        "    threshold: Outputs above it are positive, in (0, 1]; `None`: the "
                        "largest of a sample is.\n";
  FScoreOptions f1{{"f1_score", {}}};
  f1.with_beta = false;
  rows.push_back(metric_row<FBetaScore>(
      "F1Score", f1,
      "Harmonic mean of precision and recall.\n\n"
      "f1 = 2 * precision * recall / (precision + recall); y_true one-hot or multi-label\n"
      "(batch, classes)",
      average + threshold,
      ">>> m = lamina.metrics.F1Score(threshold=0.5)\n"
      ">>> m.update_state([[1, 1, 1], [1, 0, 0], [1, 1, 0]],\n"
      "...                [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]])\n"
      ">>> [round(f, 2) for f in m.result().numpy().tolist()]\n[0.5, 0.8, 0.67]"));
  rows.push_back(metric_row<FBetaScore>(
      "FBetaScore", FScoreOptions{{"fbeta_score", {}}},
      "Weighted harmonic mean of precision and recall.\n\n"
      "f = (1 + beta^2) * precision * recall / (beta^2 * precision + recall)",
      average + "    beta: How much more recall counts than precision.\n" + threshold));
}

}  // namespace lamina
