// Losses of numbers: squared, absolute and relative differences, and angles.
#include <cmath>

#include "train/loss_rows.h"

namespace lamina {

namespace {

Tensor unit(const Tensor& x, int64_t axis) {
  return x / sqrt(maximum(sum(square(x), axis, true), Tensor(1e-12)));
}

Tensor squared(const Tensor& t, const Tensor& y, const LossOptions&) {
  return last_mean(square(t - y));
}
Tensor absolute_error(const Tensor& t, const Tensor& y, const LossOptions&) {
  return last_mean(absolute(t - y));
}
Tensor percentage(const Tensor& t, const Tensor& y, const LossOptions&) {
  return Tensor(100.0) * last_mean(absolute((t - y) / maximum(absolute(t), Tensor(kEpsilon))));
}
Tensor squared_log(const Tensor& t, const Tensor& y, const LossOptions&) {
  auto shifted = [](const Tensor& x) { return log(maximum(x, Tensor(kEpsilon)) + Tensor(1.0)); };
  return last_mean(square(shifted(y) - shifted(t)));
}
Tensor huber(const Tensor& t, const Tensor& y, const LossOptions& o) {
  Tensor e = y - t, a = absolute(e), d(o.delta);
  return last_mean(
      where(less_equal(a, d), Tensor(0.5) * square(e), d * a - Tensor(0.5 * o.delta * o.delta)));
}
Tensor log_cosh(const Tensor& t, const Tensor& y, const LossOptions&) {
  Tensor e = y - t;
  return last_mean(e + softplus(Tensor(-2.0) * e) - Tensor(std::log(2.0)));
}
Tensor cosine(const Tensor& t, const Tensor& y, const LossOptions& o) {
  if (!o.axis) fail("CosineSimilarity: axis must be an integer, received None");
  return -sum(unit(t, *o.axis) * unit(y, *o.axis), *o.axis);
}

}  // namespace

void add_regression_losses(std::vector<LossRow>& rows) {
  const char* common = "reduction name dtype";
  rows.push_back({"MeanSquaredError",
                  "mean_squared_error",
                  common,
                  {},
                  squared,
                  "Mean over the last axis of squared differences.\n\n"
                  "loss = mean((y_true - y_pred)^2)",
                  "",
                  ">>> lamina.losses.MeanSquaredError()([[0., 1.]], [[1., 1.]]).item()\n0.5"});
  rows.push_back({"MeanAbsoluteError",
                  "mean_absolute_error",
                  common,
                  {},
                  absolute_error,
                  "Mean over the last axis of absolute differences.\n\n"
                  "loss = mean(|y_true - y_pred|)",
                  "",
                  ">>> lamina.losses.MeanAbsoluteError()([[0., 1.]], [[3., 1.]]).item()\n1.5"});
  rows.push_back({"MeanAbsolutePercentageError",
                  "mean_absolute_percentage_error",
                  common,
                  {},
                  percentage,
                  "Mean over the last axis of absolute differences in percent of the targets.\n\n"
                  "loss = 100 * mean(|(y_true - y_pred) / max(|y_true|, 1e-7)|)"});
  rows.push_back({"MeanSquaredLogarithmicError",
                  "mean_squared_logarithmic_error",
                  common,
                  {},
                  squared_log,
                  "Mean over the last axis of squared differences of logarithms.\n\n"
                  "loss = mean((log(1 + y_true) - log(1 + y_pred))^2), values below 1e-7 taken as "
                  "1e-7"});
  rows.push_back({"Huber",
                  "huber",
                  "delta reduction name dtype",
                  {.name = "huber_loss"},
                  huber,
                  "Squared error near the target, absolute error far from it (Huber, 1964).\n\n"
                  "With e = y_true - y_pred: loss = mean(e^2 / 2) where |e| <= delta, else\n"
                  "mean(delta * |e| - delta^2 / 2).",
                  "    delta: Where the square gives way to the straight line.\n",
                  ">>> lamina.losses.Huber(delta=1.0)([[0., 0.]], [[0.5, 3.]]).item()\n1.3125"});
  rows.push_back({"LogCosh",
                  "log_cosh",
                  common,
                  {},
                  log_cosh,
                  "Mean over the last axis of log(cosh(y_pred - y_true)).\n\n"
                  "Near zero half the square, far from it the absolute difference less log 2."});
  rows.push_back(
      {"CosineSimilarity",
       "cosine_similarity",
       "axis reduction name dtype",
       {},
       cosine,
       "Negative cosine of the angle between targets and outputs.\n\n"
       "loss = -sum(y_true / |y_true| * y_pred / |y_pred|), from -1 (same direction) to 1",
       "    axis: The axis whose values are a vector.\n",
       ">>> lamina.losses.CosineSimilarity()([[0., 2.]], [[0., 7.]]).item()\n-1.0"});
}

}  // namespace lamina
