// lamina.ops: statistics, with the names and arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

void bind_statistics(py::module_& m) {
  m.def(
      "ptp",
      [](const py::object& x, const py::object& axis, bool keepdims) {
        return ptp(T(x), opt_axes(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Maximum less minimum over axes.

Args:
    x: A tensor.
    axis: Axis or axes, all by default.
    keepdims: Keep the reduced axes with length 1.

Example:

>>> import lamina
>>> lamina.ops.ptp([1, 5, 3]).item()
4)");
  m.def(
      "average",
      [](const py::object& x, const py::object& axis, const py::object& weights) {
        return average(T(x), opt_axes(axis), as_optional_tensor(weights, "weights"));
      },
      arg("x"), arg("axis") = py::none(), arg("weights") = py::none(),
      R"(Mean over axes, weighted where weights are given: sum(x weights) / sum(weights).

Args:
    x: A tensor.
    axis: Axis or axes, all by default.
    weights: Of the shape of x, or a vector for one axis.

Example:

>>> import lamina
>>> lamina.ops.average([1.0, 4.0], weights=[2.0, 1.0]).item()
2.0)");
  m.def(
      "diff", [](const py::object& a, int n, int axis) { return diff(T(a), n, axis); }, arg("a"),
      arg("n") = 1, arg("axis") = -1,
      R"(Differences between neighbours along an axis, n times.

Args:
    a: A tensor.
    n: How often.
    axis: The axis.

Example:

>>> import lamina
>>> lamina.ops.diff([1, 4, 9]).tolist()
[3, 5])");
  m.def(
      "trapezoid",
      [](const py::object& y, const py::object& x, double dx, int axis) {
        return trapezoid(T(y), as_optional_tensor(x, "x"), dx, axis);
      },
      arg("y"), arg("x") = py::none(), arg("dx") = 1.0, arg("axis") = -1,
      R"(Integral along an axis by the trapezoidal rule.

Args:
    y: Values.
    x: Where they were taken; evenly spaced by default.
    dx: Distance between them without x.
    axis: The axis.

Example:

>>> import lamina
>>> lamina.ops.trapezoid([1.0, 2.0, 3.0]).item()
4.0)");
  m.def(
      "quantile",
      [](const py::object& x, const py::object& q, const py::object& axis,
         const std::string& method, bool keepdims) {
        return quantile(T(x), as_tensor(q, "q"), opt_axes(axis), method, keepdims);
      },
      arg("x"), arg("q"), arg("axis") = py::none(), arg("method") = "linear",
      arg("keepdims") = false,
      R"(Quantiles over axes.

Args:
    x: A tensor.
    q: Probabilities in [0, 1], a number or a vector.
    axis: Axis or axes, all by default.
    method: Between two values: linear, lower, higher, midpoint or nearest.
    keepdims: Keep the reduced axes with length 1.

Returns:
    A tensor; where q is a vector, its axis comes first.

Example:

>>> import lamina
>>> lamina.ops.quantile([1.0, 2.0, 3.0], 0.5).item()
2.0)");
  m.def(
      "nanquantile",
      [](const py::object& x, const py::object& q, const py::object& axis,
         const std::string& method, bool keepdims) {
        return nanquantile(T(x), as_tensor(q, "q"), opt_axes(axis), method, keepdims);
      },
      arg("x"), arg("q"), arg("axis") = py::none(), arg("method") = "linear",
      arg("keepdims") = false,
      R"(Quantiles over axes, NaN left out.

Args:
    x: A tensor.
    q: Probabilities in [0, 1], a number or a vector.
    axis: Axis or axes, all by default.
    method: Between two values: linear, lower, higher, midpoint or nearest.
    keepdims: Keep the reduced axes with length 1.

Returns:
    A tensor; where q is a vector, its axis comes first.

Example:

>>> import lamina
>>> lamina.ops.nanquantile([1.0, 3.0, float("nan")], 0.5).item()
2.0)");
  m.def(
      "percentile",
      [](const py::object& x, const py::object& q, const py::object& axis,
         const std::string& method, bool keepdims) {
        return percentile(T(x), as_tensor(q, "q"), opt_axes(axis), method, keepdims);
      },
      arg("x"), arg("q"), arg("axis") = py::none(), arg("method") = "linear",
      arg("keepdims") = false,
      R"(Percentiles over axes.

Args:
    x: A tensor.
    q: Percentages in [0, 100], a number or a vector.
    axis: Axis or axes, all by default.
    method: Between two values: linear, lower, higher, midpoint or nearest.
    keepdims: Keep the reduced axes with length 1.

Returns:
    A tensor; where q is a vector, its axis comes first.

Example:

>>> import lamina
>>> lamina.ops.percentile([1.0, 2.0, 3.0], 50).item()
2.0)");
  m.def(
      "nanpercentile",
      [](const py::object& x, const py::object& q, const py::object& axis,
         const std::string& method, bool keepdims) {
        return nanpercentile(T(x), as_tensor(q, "q"), opt_axes(axis), method, keepdims);
      },
      arg("x"), arg("q"), arg("axis") = py::none(), arg("method") = "linear",
      arg("keepdims") = false,
      R"(Percentiles over axes, NaN left out.

Args:
    x: A tensor.
    q: Percentages in [0, 100], a number or a vector.
    axis: Axis or axes, all by default.
    method: Between two values: linear, lower, higher, midpoint or nearest.
    keepdims: Keep the reduced axes with length 1.

Returns:
    A tensor; where q is a vector, its axis comes first.

Example:

>>> import lamina
>>> lamina.ops.nanpercentile([1.0, 3.0, float("nan")], 50).item()
2.0)");
  m.def(
      "median",
      [](const py::object& x, const py::object& axis, bool keepdims) {
        return median(T(x), opt_axes(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Middle value over axes, the mean of the two middle ones for even numbers.

Args:
    x: A tensor.
    axis: Axis or axes, all by default.
    keepdims: Keep the reduced axes with length 1.

Example:

>>> import lamina
>>> lamina.ops.median([3.0, 1.0, 2.0]).item()
2.0)");
  m.def(
      "nanmedian",
      [](const py::object& x, const py::object& axis, bool keepdims) {
        return nanmedian(T(x), opt_axes(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Middle value over axes, NaN left out. Of NaN alone: NaN.

Args:
    x: A tensor.
    axis: Axis or axes, all by default.
    keepdims: Keep the reduced axes with length 1.

Example:

>>> import lamina
>>> lamina.ops.nanmedian([1.0, float("nan"), 3.0]).item()
2.0)");
  m.def(
      "nansum",
      [](const py::object& x, const py::object& axis, bool keepdims) {
        return nansum(T(x), opt_axes(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Sum over axes, NaN left out. Of NaN alone: 0.

Args:
    x: A tensor.
    axis: Axis or axes, all by default.
    keepdims: Keep the reduced axes with length 1.

Example:

>>> import lamina
>>> lamina.ops.nansum([1.0, float("nan"), 3.0]).item()
4.0)");
  m.def(
      "nanprod",
      [](const py::object& x, const py::object& axis, bool keepdims) {
        return nanprod(T(x), opt_axes(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Product over axes, NaN left out. Of NaN alone: 1.

Args:
    x: A tensor.
    axis: Axis or axes, all by default.
    keepdims: Keep the reduced axes with length 1.

Example:

>>> import lamina
>>> lamina.ops.nanprod([1.0, float("nan"), 3.0]).item()
3.0)");
  m.def(
      "nanmean",
      [](const py::object& x, const py::object& axis, bool keepdims) {
        return nanmean(T(x), opt_axes(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Mean over axes, NaN left out. Of NaN alone: NaN.

Args:
    x: A tensor.
    axis: Axis or axes, all by default.
    keepdims: Keep the reduced axes with length 1.

Example:

>>> import lamina
>>> lamina.ops.nanmean([1.0, float("nan"), 3.0]).item()
2.0)");
  m.def(
      "nanvar",
      [](const py::object& x, const py::object& axis, bool keepdims) {
        return nanvar(T(x), opt_axes(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Variance over axes, NaN left out, divided by their number. Of NaN alone: NaN.

Args:
    x: A tensor.
    axis: Axis or axes, all by default.
    keepdims: Keep the reduced axes with length 1.

Example:

>>> import lamina
>>> lamina.ops.nanvar([1.0, float("nan"), 3.0]).item()
1.0)");
  m.def(
      "nanstd",
      [](const py::object& x, const py::object& axis, bool keepdims) {
        return nanstd(T(x), opt_axes(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Standard deviation over axes, NaN left out. Of NaN alone: NaN.

Args:
    x: A tensor.
    axis: Axis or axes, all by default.
    keepdims: Keep the reduced axes with length 1.

Example:

>>> import lamina
>>> lamina.ops.nanstd([1.0, float("nan"), 3.0]).item()
1.0)");
  m.def(
      "nanmax",
      [](const py::object& x, const py::object& axis, bool keepdims) {
        return nanmax(T(x), opt_axes(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Maximum over axes, NaN left out. Of NaN alone: NaN.

Args:
    x: A tensor.
    axis: Axis or axes, all by default.
    keepdims: Keep the reduced axes with length 1.

Example:

>>> import lamina
>>> lamina.ops.nanmax([1.0, float("nan"), 3.0]).item()
3.0)");
  m.def(
      "nanmin",
      [](const py::object& x, const py::object& axis, bool keepdims) {
        return nanmin(T(x), opt_axes(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Minimum over axes, NaN left out. Of NaN alone: NaN.

Args:
    x: A tensor.
    axis: Axis or axes, all by default.
    keepdims: Keep the reduced axes with length 1.

Example:

>>> import lamina
>>> lamina.ops.nanmin([1.0, float("nan"), 3.0]).item()
1.0)");
  m.def(
      "nanargmax",
      [](const py::object& x, const py::object& axis, bool keepdims) {
        return nanargmax(T(x), opt_int(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Index of the first maximum, NaN left out; -1 of NaN alone.

Args:
    x: A tensor.
    axis: The axis; the flattened tensor by default.
    keepdims: Keep the reduced axis with length 1.

Example:

>>> import lamina
>>> lamina.ops.nanargmax([1.0, float("nan"), 3.0]).item()
2)");
  m.def(
      "nanargmin",
      [](const py::object& x, const py::object& axis, bool keepdims) {
        return nanargmin(T(x), opt_int(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Index of the first minimum, NaN left out; -1 of NaN alone.

Args:
    x: A tensor.
    axis: The axis; the flattened tensor by default.
    keepdims: Keep the reduced axis with length 1.

Example:

>>> import lamina
>>> lamina.ops.nanargmin([1.0, float("nan"), 3.0]).item()
0)");
  m.def(
      "nancumsum",
      [](const py::object& x, const py::object& axis, const py::object& dtype) {
        return nancumsum(typed(T(x), dtype), opt_int(axis));
      },
      arg("x"), arg("axis") = py::none(), arg("dtype") = py::none(),
      R"(Running sum, NaN as 0.

Args:
    x: A tensor.
    axis: The axis; the flattened tensor by default.
    dtype: Element type of the result.

Example:

>>> import lamina
>>> lamina.ops.nancumsum([1.0, float("nan"), 3.0]).tolist()
[1.0, 1.0, 4.0])");
  m.def(
      "nancumprod",
      [](const py::object& x, const py::object& axis, const py::object& dtype) {
        return nancumprod(typed(T(x), dtype), opt_int(axis));
      },
      arg("x"), arg("axis") = py::none(), arg("dtype") = py::none(),
      R"(Running product, NaN as 1.

Args:
    x: A tensor.
    axis: The axis; the flattened tensor by default.
    dtype: Element type of the result.

Example:

>>> import lamina
>>> lamina.ops.nancumprod([1.0, float("nan"), 3.0]).tolist()
[1.0, 1.0, 3.0])");
  m.def(
      "histogram",
      [](const py::object& x, const py::object& bins, const py::object& range) {
        if (!PyLong_Check(bins.ptr())) return histogram(T(x), as_tensor(bins, "bins"));
        std::optional<std::pair<double, double>> limits;
        if (!range.is_none()) limits = range.cast<std::pair<double, double>>();
        return histogram(T(x), bins.cast<int64_t>(), limits);
      },
      arg("x"), arg("bins") = 10, arg("range") = py::none(),
      R"(How many elements lie in each of a number of intervals; the last one is closed.

Args:
    x: A tensor.
    bins: Number of intervals, or their edges, ascending.
    range: (lowest, highest) edge, those of x by default.

Returns:
    (counts, edges), floats.

Example:

>>> import lamina
>>> counts, edges = lamina.ops.histogram([1.0, 2.0, 2.0, 4.0], bins=3)
>>> counts.tolist(), edges.tolist()
([1.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0]))");
  m.def(
      "corrcoef", [](const py::object& x) { return corrcoef(T(x)); }, arg("x"),
      R"(Pearson's correlation of the rows with each other.

Args:
    x: (variables, observations), or a vector.

Returns:
    (variables, variables), or 1 for a vector.

Example:

>>> import lamina
>>> lamina.ops.corrcoef([[1.0, 2.0], [2.0, 0.0]]).numpy().round(4).tolist()
[[1.0, -1.0], [-1.0, 1.0]])");
  m.def(
      "correlate",
      [](const py::object& x1, const py::object& x2, const std::string& mode) {
        return correlate(T(x1), T(x2), mode);
      },
      arg("x1"), arg("x2"), arg("mode") = "valid",
      R"(Cross-correlation of vectors, sum_n x1[n + k] x2[n].

Args:
    x1: A vector.
    x2: A vector.
    mode: 'valid': where both overlap fully. 'same': as long as the longer one. 'full': wherever
        they overlap.

Example:

>>> import lamina
>>> lamina.ops.correlate([1.0, 2.0, 3.0], [1.0, 1.0]).tolist()
[3.0, 5.0])");
  m.def(
      "cdist", [](const py::object& x, const py::object& y) { return cdist(T(x), T(y)); }, arg("x"),
      arg("y"),
      R"(Euclidean distances between all rows of x and all rows of y.

Args:
    x: (..., M, D).
    y: (..., N, D).

Returns:
    (..., M, N). Where a distance is 0 its gradient is 0.

Example:

>>> import lamina
>>> lamina.ops.cdist([[0.0, 0.0]], [[3.0, 4.0]]).tolist()
[[5.0]])");
}

}  // namespace lamina::python
