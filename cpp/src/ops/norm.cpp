// Norms of vectors and matrices, as numpy.linalg.norm.
#include <algorithm>
#include <cmath>
#include <limits>

#include "lamina/ops_linalg.h"
#include "ops/promote.h"

namespace lamina {

namespace {

Ints matrix_axes(const Tensor& x, const Axes& axis) {
  return axis.all && x.rank() == 2 ? Ints{0, 1} : axis.list;
}

// A norm of the singular values over two axes, which `reduce` makes of the last one.
template <class F>
Tensor of_singular_values(const Tensor& x, Ints axes, bool keepdims, F&& reduce) {
  Tensor y = reduce(singular_values(moveaxis(x, axes, {-2, -1})));
  if (!keepdims) return y;
  for (int64_t& a : axes) a = normalize_axis(a, x.rank());
  std::sort(axes.begin(), axes.end());
  return expand_dims(y, axes);
}

Tensor matrix_norm(const Tensor& x, double ord, const Ints& axes, bool keepdims) {
  if (std::abs(ord) == 2)
    return of_singular_values(x, axes, keepdims,
                              [&](const Tensor& s) { return ord > 0 ? max(s, -1) : min(s, -1); });
  // The largest or smallest sum of absolute values along one axis of two.
  const bool columns = std::abs(ord) == 1;
  if (!columns && !std::isinf(ord))
    fail(
        "norm: expected ord None, 'fro', 'nuc', 1, -1, 2, -2, inf or -inf over two axes, "
        "received ",
        ord);
  Tensor sums = sum(absolute(x), axes[columns ? 0 : 1], true);
  Tensor out =
      ord > 0 ? max(sums, axes[columns ? 1 : 0], true) : min(sums, axes[columns ? 1 : 0], true);
  return keepdims ? out : squeeze(out, axes);
}

}  // namespace

Tensor norm(const Tensor& x, std::optional<double> ord, const Axes& axis, bool keepdims) {
  Tensor t = as_float(x);
  if (!ord) return sqrt(sum(square(t), axis, keepdims));
  const Ints axes = matrix_axes(x, axis);
  if (axes.size() == 2) return matrix_norm(t, *ord, axes, keepdims);
  if (axes.size() > 2 || (axis.all && x.rank() > 2))
    fail("norm: expected one or two axes where ord is given, received ",
         axis.all ? x.rank() : axes.size());
  if (*ord == 2) return sqrt(sum(square(t), axis, keepdims));
  Tensor a = absolute(t);
  if (*ord == std::numeric_limits<double>::infinity()) return max(a, axis, keepdims);
  if (*ord == -std::numeric_limits<double>::infinity()) return min(a, axis, keepdims);
  if (*ord == 0) return sum(cast(not_equal(t, Tensor(0.0)), t.dtype()), axis, keepdims);
  if (*ord == 1) return sum(a, axis, keepdims);
  return power(sum(power(a, Tensor(*ord)), axis, keepdims), Tensor(1 / *ord));
}

Tensor norm(const Tensor& x, const std::string& ord, const Axes& axis, bool keepdims) {
  if (ord != "fro" && ord != "nuc")
    fail("norm: ord must be a number, 'fro' or 'nuc', received '", ord, "'");
  Ints axes = matrix_axes(x, axis);
  if (axes.size() != 2) fail("norm: ord='", ord, "' needs two axes");
  if (ord == "fro") return norm(x, std::nullopt, axes, keepdims);
  return of_singular_values(as_float(x), axes, keepdims,
                            [](const Tensor& s) { return sum(s, -1); });
}

}  // namespace lamina
