// Metrics of numbers that no loss has: root mean square, explained variance, correlations.
#include "train/metric_rows.h"

namespace lamina {

namespace {

class RootMeanSquaredError : public ValuesMetric {
 public:
  RootMeanSquaredError(const char* class_name, const NamedOptions& o)
      : ValuesMetric(class_name, o.name, o.type(),
                     [d = o.type().value_or(floatx())](const Tensor& t, const Tensor& y) {
                       auto [u, z] = same_rank(cast(t, d), cast(y, d));
                       return square(z - u);
                     }) {}
  Tensor result() const override { return sqrt(MeanMetric::result()); }
};

class PearsonCorrelation : public OptionsMetric<AxisOptions> {
 public:
  PearsonCorrelation(const char* class_name, const AxisOptions& o)
      : OptionsMetric(class_name, o, [axis = o.axis](const Tensor& t, const Tensor& y) {
          auto [u, z] = same_rank(cast(t, y.dtype()), y);
          auto standard = [axis](const Tensor& x) {
            Tensor centred = x - mean(x, axis, true);
            return centred / std(centred, axis, true);
          };
          return mean(standard(u) * standard(z), axis);
        }) {}
};

class ConcordanceCorrelation : public OptionsMetric<AxisOptions> {
 public:
  ConcordanceCorrelation(const char* class_name, const AxisOptions& o)
      : OptionsMetric(class_name, o, [axis = o.axis](const Tensor& t, const Tensor& y) {
          auto [u, z] = same_rank(cast(t, y.dtype()), y);
          Tensor mu = mean(u, axis, true), mz = mean(z, axis, true);
          Tensor spread = var(u - mu, axis, true) + var(z - mz, axis, true) + square(mu - mz);
          Tensor together = (u - mz) * (z - mz);
          return mean(Tensor(2.0) * together / (spread + Tensor(kMetricEpsilon)), axis);
        }) {}
};

struct R2Options : MetricOptions {
  std::optional<std::string> class_aggregation = "uniform_average";
  int64_t num_regressors = 0;
  void fields(Fields& f) {
    f("class_aggregation", class_aggregation)("num_regressors", num_regressors)("name", name)(
        "dtype", dtype);
  }
};

class R2Score : public Metric {
 public:
  R2Score(const char*, const R2Options& o) : Metric(o.name, o.type()), options_(o) {
    if (o.class_aggregation && *o.class_aggregation != "uniform_average" &&
        *o.class_aggregation != "variance_weighted_average")
      fail("R2Score: class_aggregation must be None, uniform_average or ",
           "variance_weighted_average; received '", *o.class_aggregation, "'");
    if (o.num_regressors < 0)
      fail("R2Score: num_regressors must not be negative, received ", o.num_regressors);
    num_samples_ = add_variable({}, "num_samples", dtype());
  }
  std::string class_name() const override { return "R2Score"; }
  void update_state(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override {
    NoGrad off;
    auto [t, y] = same_rank(cast(y_true, dtype()), cast(y_pred, dtype()));
    if (t.rank() != 2 || y.rank() != 2 || !(t.shape() == y.shape()))
      fail("R2Score: expected y_true and y_pred of one shape (batch, outputs), received ",
           y_true.shape(), " and ", y_pred.shape());
    if (!sum_.defined())
      for (auto [v, name] : {std::pair{&squared_sum_, "squared_sum"},
                             {&sum_, "sum"},
                             {&residual_, "residual"},
                             {&count_, "count"}})
        *v = add_variable({y.dim(1)}, name, dtype());
    Tensor w =
        weight.defined() ? weights_like("R2Score", weight, t.shape(), dtype()) : ones_like(t);
    sum_.assign_add(sum(t * w, 0));
    squared_sum_.assign_add(sum(t * t * w, 0));
    residual_.assign_add(sum(square(t - y) * w, 0));
    count_.assign_add(sum(w, 0));
    num_samples_.assign_add(full({}, static_cast<double>(t.numel()), dtype()));
  }
  Tensor result() const override {
    NoGrad off;
    if (!sum_.defined()) return zeros({}, dtype());
    Tensor total = squared_sum_ - sum_ * (sum_ / count_);
    Tensor score = Tensor(1.0) - residual_ / total;
    score = where(isinf(score), zeros_like(score), score);
    if (options_.class_aggregation == "uniform_average")
      score = mean(score);
    else if (options_.class_aggregation)
      score = sum(total * score) / sum(total);
    if (options_.num_regressors == 0) return score;
    // With too few samples for so many regressors the score stays as it is.
    Tensor n = num_samples_.value(), p(static_cast<double>(options_.num_regressors));
    Tensor adjusted =
        Tensor(1.0) - (Tensor(1.0) - score) * (n - Tensor(1.0)) / (n - p - Tensor(1.0));
    return where(greater(n - Tensor(1.0), p), adjusted, score);
  }
  Config get_config() const override { return metric_config(*this, options_); }

 private:
  R2Options options_;
  Variable num_samples_, squared_sum_, sum_, residual_, count_;
};

}  // namespace

void add_regression_metrics(MetricRows& rows) {
  rows.push_back(metric_row<RootMeanSquaredError>(
      "RootMeanSquaredError", NamedOptions{{"root_mean_squared_error", {}}},
      "Square root of the mean squared error.", "",
      ">>> m = lamina.metrics.RootMeanSquaredError()\n"
      ">>> m.update_state([[0, 1], [0, 0]], [[1, 1], [0, 0]])\n>>> m.result().item()\n0.5"));
  rows.push_back(metric_row<R2Score>(
      "R2Score", R2Options{{"r2_score", {}}},
      "Coefficient of determination: the share of the targets' variance that is explained.\n\n"
      "R2 = 1 - sum((y_true - y_pred)^2) / sum((y_true - mean(y_true))^2), for each column of\n"
      "(batch, outputs)",
      "    class_aggregation: `\"uniform_average\"`, `\"variance_weighted_average\"`, or `None` "
      "for "
      "a score\n        of each column.\n"
      "    num_regressors: Independent variables, for the adjusted score; 0: not adjusted.\n",
      ">>> m = lamina.metrics.R2Score()\n"
      ">>> m.update_state([[1.], [4.], [3.]], [[2.], [4.], [4.]])\n"
      ">>> round(m.result().item(), 4)\n0.5714"));
  const char* axis = "    axis: The axis of the values that are correlated.\n";
  rows.push_back(metric_row<PearsonCorrelation>(
      "PearsonCorrelation", AxisOptions{{"pearson_correlation", {}}},
      "Mean of Pearson's correlation between targets and outputs.\n\n"
      "r = cov(y_true, y_pred) / (std(y_true) * std(y_pred)), along the axis",
      axis,
      ">>> m = lamina.metrics.PearsonCorrelation()\n"
      ">>> m.update_state([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]])\n"
      ">>> round(m.result().item(), 3)\n0.997",
      "pearson_correlation"));
  rows.push_back(metric_row<ConcordanceCorrelation>(
      "ConcordanceCorrelation", AxisOptions{{"concordance_correlation", {}}},
      "Mean of the concordance correlation between targets and outputs (Lin, 1989).\n\n"
      "2 * cov(y_true, y_pred) / (var(y_true) + var(y_pred) + (mean(y_true) - mean(y_pred))^2)",
      axis, "", "concordance_correlation"));
}

}  // namespace lamina
