// lamina.ops: arrays made of a few numbers, with the names and arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

namespace {

std::optional<DType> optional_dtype(const py::object& d) {
  if (d.is_none()) return {};
  return as_dtype(d);
}
// Number of points of a window: an integer or a tensor of one.
int64_t points(const py::object& x) { return T(x).item<int64_t>(); }

}  // namespace

void bind_ranges(py::module_& m) {
  m.def(
      "tri",
      [](int64_t N, std::optional<int64_t> M, int64_t k, const py::object& dtype) {
        return tri(N, M.value_or(-1), k, as_dtype(dtype));
      },
      arg("N"), arg("M") = py::none(), arg("k") = 0, arg("dtype") = py::none(),
      R"(Ones on and below a diagonal, zeros above.

Args:
    N: Number of rows.
    M: Number of columns, N by default.
    k: The diagonal: 0 the main one, above it positive.
    dtype: Element type, `floatx` by default.

Example:

>>> import lamina
>>> lamina.ops.tri(2, 3, dtype="int32").tolist()
[[1, 0, 0], [1, 1, 0]])");
  m.def(
      "diagflat", [](const py::object& x, int64_t k) { return diagflat(T(x), k); }, arg("x"),
      arg("k") = 0,
      R"(A matrix with the flattened elements on a diagonal.

Args:
    x: A tensor.
    k: The diagonal: 0 the main one, above it positive.

Example:

>>> import lamina
>>> lamina.ops.diagflat([[1, 2]]).tolist()
[[1, 0], [0, 2]])");
  m.def(
      "vander",
      [](const py::object& x, std::optional<int64_t> N, bool increasing) {
        return vander(T(x), N, increasing);
      },
      arg("x"), arg("N") = py::none(), arg("increasing") = false,
      R"(The matrix of powers x^(N - 1), ..., x, 1 of a vector, a column for each.

Args:
    x: A vector.
    N: Number of columns, the length of x by default.
    increasing: 1, x, ..., x^(N - 1) instead.

Example:

>>> import lamina
>>> lamina.ops.vander([2, 3], 3).tolist()
[[4, 2, 1], [9, 3, 1]])");
  m.def(
      "empty_like",
      [](const py::object& x, const py::object& dtype) {
        Tensor t = empty_like(T(x));
        return dtype.is_none() ? t : cast(t, as_dtype(dtype));
      },
      arg("x"), arg("dtype") = py::none(),
      R"(A tensor of the same shape whose values do not matter (zeros).

Args:
    x: A tensor.
    dtype: Element type, that of x by default.

Example:

>>> import lamina
>>> lamina.ops.empty_like([1, 2]).shape
(2,))");
  m.def(
      "logspace",
      [](const py::object& start, const py::object& stop, int64_t num, bool endpoint,
         const py::object& base, const py::object& dtype, int axis) {
        return logspace(T(start), T(stop), num, endpoint, T(base), optional_dtype(dtype), axis);
      },
      arg("start"), arg("stop"), arg("num") = 50, arg("endpoint") = true, arg("base") = 10,
      arg("dtype") = py::none(), arg("axis") = 0,
      R"(base raised to evenly spaced exponents.

Args:
    start: First exponent, a number or a tensor.
    stop: Last exponent.
    num: Number of values.
    endpoint: Whether stop is the last of them.
    base: Base of the powers.
    dtype: Element type.
    axis: Where the values go if start or stop is a tensor.

Example:

>>> import lamina
>>> lamina.ops.logspace(0, 3, 4, base=2).tolist()
[1.0, 2.0, 4.0, 8.0])");
  m.def(
      "geomspace",
      [](const py::object& start, const py::object& stop, int64_t num, bool endpoint,
         const py::object& dtype, int axis) {
        return geomspace(T(start), T(stop), num, endpoint, optional_dtype(dtype), axis);
      },
      arg("start"), arg("stop"), arg("num") = 50, arg("endpoint") = true, arg("dtype") = py::none(),
      arg("axis") = 0,
      R"(Values each of which is the one before times the same factor.

Args:
    start: First value, a number or a tensor, not 0.
    stop: Last value, with the sign of start.
    num: Number of values.
    endpoint: Whether stop is the last of them.
    dtype: Element type.
    axis: Where the values go if start or stop is a tensor.

Example:

>>> import lamina
>>> lamina.ops.geomspace(1, 8, 4).numpy().round(4).tolist()
[1.0, 2.0, 4.0, 8.0])");
  m.def(
      "bartlett", [](const py::object& x) { return bartlett(points(x)); }, arg("x"),
      R"(The Bartlett window of x points, 1 - |2 i / (x - 1) - 1|.

Args:
    x: Number of points.

Example:

>>> import lamina
>>> lamina.ops.bartlett(3).numpy().round(2).tolist()
[0.0, 1.0, 0.0])");
  m.def(
      "blackman", [](const py::object& x) { return blackman(points(x)); }, arg("x"),
      R"(The Blackman window of x points, 0.42 - 0.5 cos(2 pi i / (x - 1)) + 0.08 cos(4 pi i / (x - 1)).

Args:
    x: Number of points.

Example:

>>> import lamina
>>> lamina.ops.blackman(3).numpy().round(2).tolist()
[-0.0, 1.0, -0.0])");
  m.def(
      "hamming", [](const py::object& x) { return hamming(points(x)); }, arg("x"),
      R"(The Hamming window of x points, 0.54 - 0.46 cos(2 pi i / (x - 1)).

Args:
    x: Number of points.

Example:

>>> import lamina
>>> [round(v, 2) for v in lamina.ops.hamming(3).tolist()]
[0.08, 1.0, 0.08])");
  m.def(
      "hanning", [](const py::object& x) { return hanning(points(x)); }, arg("x"),
      R"(The Hann window of x points, 0.5 - 0.5 cos(2 pi i / (x - 1)).

Args:
    x: Number of points.

Example:

>>> import lamina
>>> lamina.ops.hanning(3).numpy().round(2).tolist()
[0.0, 1.0, 0.0])");
  m.def(
      "kaiser", [](const py::object& x, double beta) { return kaiser(points(x), beta); }, arg("x"),
      arg("beta"),
      R"(The Kaiser window of x points, I0(beta sqrt(1 - (2 i / (x - 1) - 1)^2)) / I0(beta).

Args:
    x: Number of points.
    beta: Shape: larger is narrower.

Example:

>>> import lamina
>>> lamina.ops.kaiser(3, 0.0).tolist()
[1.0, 1.0, 1.0])");
}

}  // namespace lamina::python
