// Reductions that leave NaN out.
#include <cmath>
#include <limits>

#include "lamina/ops_statistics.h"
#include "ops/promote.h"

namespace lamina {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// x with a value in place of NaN.
Tensor filled(const Tensor& x, double value) {
  Tensor t = as_dtype(x, common_dtype({x}));
  return is_floating(t.dtype()) ? where(isnan(t), full_like(t, value), t) : t;
}
Tensor count(const Tensor& x, const Axes& axis, bool keepdims) {
  return sum(cast(logical_not(isnan(x)), x.dtype()), axis, keepdims);
}
// y, with NaN where x has nothing else.
Tensor or_nan(const Tensor& x, const Tensor& y, const Axes& axis, bool keepdims) {
  if (!is_floating(x.dtype())) return y;
  return where(all(isnan(x), axis, keepdims), full_like(y, std::nan("")), y);
}

}  // namespace

Tensor nansum(const Tensor& x, const Axes& axis, bool keepdims) {
  return sum(filled(x, 0), axis, keepdims);
}
Tensor nanprod(const Tensor& x, const Axes& axis, bool keepdims) {
  return prod(filled(x, 1), axis, keepdims);
}
Tensor nanmean(const Tensor& x, const Axes& axis, bool keepdims) {
  Tensor t = as_float(x);
  return nansum(t, axis, keepdims) / count(t, axis, keepdims);
}
Tensor nanvar(const Tensor& x, const Axes& axis, bool keepdims) {
  Tensor t = as_float(x), apart = filled(t, 0) - nanmean(t, axis, true);
  Tensor squares = square(where(isnan(t), zeros_like(t), apart));
  return sum(squares, axis, keepdims) / count(t, axis, keepdims);
}
Tensor nanstd(const Tensor& x, const Axes& axis, bool keepdims) {
  return sqrt(nanvar(x, axis, keepdims));
}
Tensor nanmax(const Tensor& x, const Axes& axis, bool keepdims) {
  return or_nan(x, max(filled(x, -kInf), axis, keepdims), axis, keepdims);
}
Tensor nanmin(const Tensor& x, const Axes& axis, bool keepdims) {
  return or_nan(x, min(filled(x, kInf), axis, keepdims), axis, keepdims);
}

namespace {
Tensor position(const Tensor& x, std::optional<int64_t> axis, bool keepdims, const Tensor& y) {
  if (!is_floating(x.dtype())) return y;
  Tensor none = all(isnan(x), axis ? Axes(*axis) : Axes(), keepdims);
  return where(none, full_like(y, -1), y);
}
}  // namespace

Tensor nanargmax(const Tensor& x, std::optional<int64_t> axis, bool keepdims) {
  return position(x, axis, keepdims, argmax(filled(x, -kInf), axis, keepdims));
}
Tensor nanargmin(const Tensor& x, std::optional<int64_t> axis, bool keepdims) {
  return position(x, axis, keepdims, argmin(filled(x, kInf), axis, keepdims));
}
Tensor nancumsum(const Tensor& x, std::optional<int64_t> axis) {
  return cumsum(filled(x, 0), axis);
}
Tensor nancumprod(const Tensor& x, std::optional<int64_t> axis) {
  return cumprod(filled(x, 1), axis);
}

}  // namespace lamina
