// Order statistics, histograms and correlation.
#include <algorithm>
#include <cmath>

#include "lamina/ops_array.h"
#include "lamina/ops_statistics.h"
#include "ops/promote.h"

namespace lamina {

Tensor max(const Tensor& x, const Axes& axis, bool keepdims, double initial) {
  return maximum(max(x, axis, keepdims), Tensor(initial));
}
Tensor min(const Tensor& x, const Axes& axis, bool keepdims, double initial) {
  return minimum(min(x, axis, keepdims), Tensor(initial));
}
Tensor ptp(const Tensor& x, const Axes& axis, bool keepdims) {
  return max(x, axis, keepdims) - min(x, axis, keepdims);
}

Tensor average(const Tensor& x, const Axes& axis, const Tensor& weights) {
  Tensor t = as_float(x);
  if (!weights.defined()) return mean(t, axis);
  DType d = common_float({t, weights});
  t = as_dtype(t, d);
  Tensor w = as_dtype(weights, d);
  if (!(w.shape() == t.shape())) {
    if (axis.list.size() != 1 || w.rank() != 1 || w.dim(0) != t.dim(static_cast<int>(axis.list[0])))
      fail("average: weights of shape ", w.shape(), " do not fit x of shape ", t.shape());
    Ints shape(static_cast<size_t>(t.rank()), 1);
    shape[static_cast<size_t>(normalize_axis(axis.list[0], t.rank()))] = w.dim(0);
    w = broadcast_to(reshape(w, shape), t.shape());
  }
  return sum(t * w, axis) / sum(w, axis);
}

namespace {
Tensor part(const Tensor& x, int axis, std::optional<int64_t> from, std::optional<int64_t> to) {
  std::vector<Index> at(static_cast<size_t>(normalize_axis(axis, x.rank())));
  at.push_back(Index::slice(from, to));
  return getitem(x, at);
}
}  // namespace

Tensor diff(const Tensor& a, int n, int axis) {
  if (n < 0) fail("diff: n must not be negative, received ", n);
  Tensor t = as_dtype(a, common_dtype({a}));
  for (int i = 0; i < n; ++i) {
    Tensor high = part(t, axis, 1, {}), low = part(t, axis, {}, -1);
    t = t.dtype() == DType::kBool ? not_equal(high, low) : high - low;
  }
  return t;
}

Tensor trapezoid(const Tensor& y, const Tensor& x, double dx, int axis) {
  Tensor t = as_float(y), step(dx);
  if (x.defined()) {
    step = diff(x, 1, x.rank() == 1 ? -1 : axis);
    if (x.rank() == 1) {
      Ints shape(static_cast<size_t>(t.rank()), 1);
      shape[static_cast<size_t>(normalize_axis(axis, t.rank()))] = -1;
      step = reshape(step, shape);
    }
  }
  return sum((part(t, axis, 1, {}) + part(t, axis, {}, -1)) * Tensor(0.5) * step, axis);
}

// ---- quantiles ----------------------------------------------------------------------------------

namespace {

Ints all_axes(const Tensor& x, const Axes& axis) {
  Ints axes;
  for (int i = 0; axis.all && i < x.rank(); ++i) axes.push_back(i);
  for (int64_t a : axis.list) axes.push_back(normalize_axis(a, x.rank()));
  std::sort(axes.begin(), axes.end());
  return axes;
}

Tensor quantile_of(const char* name, const Tensor& x0, const Tensor& q0, const Axes& axis,
                   const std::string& method, bool keepdims, bool skip_nan) {
  Tensor x = as_float(x0), q = as_dtype(q0, x.dtype());
  if (q.rank() > 1) fail(name, ": q must have at most one axis, received shape ", q.shape());
  Ints axes = all_axes(x, axis), last;
  for (size_t i = 0; i < axes.size(); ++i)
    last.push_back(static_cast<int64_t>(i) - static_cast<int64_t>(axes.size()));
  // The reduced axes as one, sorted, NaN at its end.
  Tensor rows = axes.empty() ? expand_dims(x, {-1}) : moveaxis(x, axes, last);
  if (axes.size() > 1) {
    Ints shape;
    for (size_t i = 0; i + axes.size() < static_cast<size_t>(x.rank()); ++i)
      shape.push_back(rows.dim(static_cast<int>(i)));
    shape.push_back(-1);
    rows = reshape(rows, shape);
  }
  rows = sort(rows, -1);
  int64_t n = rows.dim(-1);
  if (n == 0) fail(name, ": the axis of shape ", x0.shape(), " is empty");
  Tensor bad = isnan(rows), top(static_cast<double>(n - 1));
  if (skip_nan) {
    Tensor count = sum(cast(logical_not(bad), x.dtype()), -1, true);
    top = maximum(count - Tensor(1.0), Tensor(0.0));
  }
  Shape wanted = rows.shape();
  wanted[-1] = q.numel();
  Tensor place = broadcast_to(stop_gradient(reshape(q, {-1})) * top, wanted);
  auto at = [&](const Tensor& position) {
    return take_along_axis(rows, cast(position, DType::kInt32), -1);
  };
  Tensor below = floor(place), share = place - below, y;
  if (method == "lower") {
    y = at(below);
  } else if (method == "higher") {
    y = at(ceil(place));
  } else if (method == "nearest") {
    y = at(where(less_equal(share, Tensor(0.5)), below, ceil(place)));
  } else if (method == "linear" || method == "midpoint") {
    Tensor low = at(below), high = at(ceil(place));
    if (method == "midpoint") share = full_like(share, 0.5);
    y = where(equal(low, high), low, low * (Tensor(1.0) - share) + high * share);
  } else {
    fail(name, ": method must be linear, lower, higher, midpoint or nearest, received '", method,
         "'");
  }
  if (!skip_nan)
    y = where(isnan(getitem(rows, {Index::ellipsis(), Index::slice(n - 1, n)})),
              full_like(y, std::nan("")), y);
  y = q.rank() == 0 ? squeeze(y, -1) : moveaxis(y, {-1}, {0});
  if (!keepdims) return y;
  for (int64_t& a : axes) a += q.rank();
  return axes.empty() ? y : expand_dims(y, axes);
}

}  // namespace

Tensor quantile(const Tensor& x, const Tensor& q, const Axes& axis, const std::string& method,
                bool keepdims) {
  return quantile_of("quantile", x, q, axis, method, keepdims, false);
}
Tensor percentile(const Tensor& x, const Tensor& q, const Axes& axis, const std::string& method,
                  bool keepdims) {
  return quantile_of("percentile", x, q * Tensor(0.01), axis, method, keepdims, false);
}
Tensor median(const Tensor& x, const Axes& axis, bool keepdims) {
  return quantile_of("median", x, 0.5, axis, "linear", keepdims, false);
}
Tensor nanquantile(const Tensor& x, const Tensor& q, const Axes& axis, const std::string& method,
                   bool keepdims) {
  return quantile_of("nanquantile", x, q, axis, method, keepdims, true);
}
Tensor nanpercentile(const Tensor& x, const Tensor& q, const Axes& axis, const std::string& method,
                     bool keepdims) {
  return quantile_of("nanpercentile", x, q * Tensor(0.01), axis, method, keepdims, true);
}
Tensor nanmedian(const Tensor& x, const Axes& axis, bool keepdims) {
  return quantile_of("nanmedian", x, 0.5, axis, "linear", keepdims, true);
}

// ---- histograms and correlation -----------------------------------------------------------------

std::pair<Tensor, Tensor> histogram(const Tensor& x, const Tensor& edges) {
  if (edges.rank() != 1 || edges.dim(0) < 2)
    fail("histogram: expected at least two edges in one axis, received shape ", edges.shape());
  DType d = common_float({x, edges});
  Tensor e = as_dtype(edges, d), flat = as_dtype(ravel(x), d);
  int64_t n = e.dim(0);
  // The interval of each value; the last one is closed. Those outside belong to none.
  Tensor bin = searchsorted(e, flat, "right") - Tensor(1);
  bin = where(equal(flat, getitem(e, {Index(n - 1)})), Tensor(n - 2), bin);
  return {cast(segment_sum(ones_like(bin), bin, n - 1), d), e};
}
std::pair<Tensor, Tensor> histogram(const Tensor& x, int64_t bins,
                                    std::optional<std::pair<double, double>> range) {
  if (bins < 1) fail("histogram: expected at least 1 bin, received ", bins);
  Tensor t = stop_gradient(as_float(x)), low, high;
  if (range) {
    if (range->second < range->first)
      fail("histogram: the range must ascend, received ", range->first, " to ", range->second);
    low = full({}, range->first, t.dtype()), high = full({}, range->second, t.dtype());
  } else {
    low = t.numel() == 0 ? zeros({}, t.dtype()) : min(t);
    high = t.numel() == 0 ? ones({}, t.dtype()) : max(t);
  }
  Tensor flat = cast(equal(low, high), t.dtype()) * Tensor(0.5);
  return histogram(t, linspace(low - flat, high + flat, bins + 1, true, {}, 0));
}

Tensor corrcoef(const Tensor& x) {
  Tensor t = as_float(x);
  if (t.rank() > 2) fail("corrcoef: expected 1 or 2 axes, received shape ", t.shape());
  Tensor rows = t.rank() == 2 ? t : reshape(t, {1, -1});
  Tensor centred = rows - mean(rows, -1, true);
  Tensor c = matmul(centred, swapaxes(centred, -1, -2));
  Tensor d = sqrt(diagonal(c));
  c = clip(c / expand_dims(d, {1}) / expand_dims(d, {0}), -1, 1);
  return t.rank() == 2 ? c : reshape(c, {});
}

Tensor correlate(const Tensor& x1, const Tensor& x2, const std::string& mode) {
  if (x1.rank() != 1 || x2.rank() != 1 || x1.dim(0) == 0 || x2.dim(0) == 0)
    fail("correlate: expected two vectors that are not empty, received shapes ", x1.shape(),
         " and ", x2.shape());
  if (mode != "valid" && mode != "same" && mode != "full")
    fail("correlate: mode must be valid, same or full, received '", mode, "'");
  DType d = common_float({x1, x2});
  if (d != DType::kFloat64) d = DType::kFloat32;
  Tensor a = as_dtype(x1, d), v = as_dtype(x2, d);
  bool swapped = a.dim(0) < v.dim(0);
  if (swapped) std::swap(a, v);
  int64_t m = v.dim(0), before = mode == "full" ? m - 1 : mode == "same" ? m / 2 : 0;
  int64_t after = mode == "full" ? m - 1 : mode == "same" ? m - 1 - m / 2 : 0;
  Tensor y = ravel(conv(reshape(pad(a, {{before, after}}), {1, -1, 1}), reshape(v, {m, 1, 1})));
  return swapped ? flip(y) : y;
}

Tensor cdist(const Tensor& x, const Tensor& y) {
  if (x.rank() < 2 || y.rank() < 2 || x.dim(-1) != y.dim(-1))
    fail("cdist: expected x (..., M, D) and y (..., N, D), received shapes ", x.shape(), " and ",
         y.shape());
  Tensor apart = expand_dims(as_float(x), {-2}) - expand_dims(as_float(y), {-3});
  Tensor squares = sum(square(apart), -1), same = equal(squares, Tensor(0.0));
  // The root has no slope at 0: none is passed there.
  return where(same, zeros_like(squares), sqrt(where(same, ones_like(squares), squares)));
}

}  // namespace lamina
