#include "train/confusion.h"

#include <cmath>

namespace lamina {

namespace {

// (n, labels) outputs and weights of positives and negatives -> counts at even thresholds.
Counts by_buckets(const Tensor& y, const Tensor& pos, const Tensor& neg, const Counting& how) {
  const int64_t n = static_cast<int64_t>(how.thresholds.size()), labels = y.dim(1);
  // How many thresholds lie below an output; with ends outside of [0, 1] the first one always.
  Tensor below = ceil(clip(y, 0.0, 1.0) * Tensor(static_cast<double>(n - 1)));
  if (how.thresholds.front() < 0 || how.thresholds.back() > 1) below = maximum(below, Tensor(1.0));
  // Not a number becomes a large integer of either sign.
  Tensor bucket = minimum(maximum(cast(below, DType::kInt32), Tensor(0)), Tensor(n));
  Tensor at = bucket * Tensor(labels) + arange(0, static_cast<double>(labels), 1, DType::kInt32);
  Tensor weights = stack({reshape(pos, {-1}), reshape(neg, {-1})}, 1);
  Tensor held =
      reshape(scatter(reshape(at, {-1, 1}), weights, {(n + 1) * labels, 2}), {n + 1, labels, 2});
  Tensor above = getitem(flip(cumsum(flip(held, 0), 0), 0), {Index::slice(1, {})});
  auto part = [&](int i) { return getitem(above, {Index::ellipsis(), Index(i)}); };
  Tensor tp = part(0), fp = part(1);
  return {tp, fp, sum(neg, 0) - fp, sum(pos, 0) - tp};
}

Counts by_comparison(const Tensor& y, const Tensor& pos, const Tensor& neg, const Counting& how) {
  Tensor limits =
      Tensor::from_vector(how.thresholds, {static_cast<int64_t>(how.thresholds.size()), 1, 1});
  Tensor above = cast(greater(expand_dims(y, {0}), cast(limits, y.dtype())), y.dtype());
  Tensor below = Tensor(1.0) - above;
  return {sum(above * pos, 1), sum(above * neg, 1), sum(below * neg, 1), sum(below * pos, 1)};
}

}  // namespace

Counts count_confusion(const std::string& owner, const Tensor& y_true, const Tensor& y_pred,
                       const Tensor& weight, const Counting& how, DType d) {
  auto [y, t] = same_rank(cast(y_pred, d), cast(y_true, d));
  if (!(y.shape() == t.shape()))
    fail(owner, ": y_true of shape ", y_true.shape(), " does not fit y_pred of shape ",
         y_pred.shape());
  if (how.top_k) {
    Tensor best = sum(one_hot(top_k(y, *how.top_k).second, y.dim(-1), -1, d), -2);
    y = y * best + Tensor(kNoScore) * (Tensor(1.0) - best);
  }
  if (how.class_id) {
    if (y.rank() < 2)
      fail(owner, ": class_id needs y_pred of shape (batch, classes), received ", y_pred.shape());
    if (*how.class_id >= y.dim(-1))
      fail(owner, ": class_id ", *how.class_id, " is outside of the classes of y_pred of shape ",
           y_pred.shape());
    std::vector<Index> at = {Index::ellipsis(), Index(*how.class_id)};
    y = expand_dims(getitem(y, at), {-1}), t = expand_dims(getitem(t, at), {-1});
  }
  Tensor w;
  if (weight.defined()) w = weights_like(owner, weight, y.shape(), d);
  if (how.label_weights.defined()) {
    Tensor l = broadcast_to(cast(how.label_weights, d), y.shape());
    w = w.defined() ? w * l : l;
  }
  Tensor pos = cast(cast(t, DType::kBool), d), neg = Tensor(1.0) - pos;
  if (w.defined()) pos = pos * w, neg = neg * w;
  Ints flat = {-1, 1};
  if (how.multi_label) flat = {y.dim(0), y.dim(1)};
  y = reshape(y, flat), pos = reshape(pos, flat), neg = reshape(neg, flat);
  Counts c = how.even ? by_buckets(y, pos, neg, how) : by_comparison(y, pos, neg, how);
  if (!how.multi_label)
    for (Tensor* x : {&c.tp, &c.fp, &c.tn, &c.fn}) *x = reshape(*x, {-1});
  return c;
}

std::vector<double> thresholds_from(const char* owner, const Config& given, double otherwise) {
  if (given.is_null()) return {otherwise};
  std::vector<double> out;
  from_config(given, out);
  if (out.empty()) fail(owner, ": thresholds must not be an empty list");
  for (double t : out)
    if (!(t >= 0 && t <= 1)) fail(owner, ": thresholds must lie in [0, 1], received ", t);
  return out;
}

bool evenly_spaced(const std::vector<double>& thresholds) {
  const size_t n = thresholds.size();
  if (n < 3) return false;
  for (size_t i = 0; i < n; ++i) {
    double even = static_cast<double>(i) / static_cast<double>(n - 1);
    if (std::abs(thresholds[i] - even) > kMetricEpsilon + 1e-5 * even) return false;
  }
  return true;
}

}  // namespace lamina
