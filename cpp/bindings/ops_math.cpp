// lamina.ops: more functions of one element at a time, and normalizations, with the names and
// arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

void bind_math(py::module_& m) {
  m.def(
      "angle", [](const py::object& x) { return angle(T(x)); }, arg("x"),
      "0 where x is positive, pi where it is negative.");
  m.def(
      "cbrt", [](const py::object& x) { return lamina::cbrt(T(x)); }, arg("x"),
      R"(Cube root.

Example:

>>> import lamina
>>> lamina.ops.cbrt(8.0).item()
2.0)");
  m.def(
      "erfc", [](const py::object& x) { return lamina::erfc(T(x)); }, arg("x"),
      R"(Complementary error function, 1 - erf(x), accurate for large x.

Example:

>>> import lamina
>>> lamina.ops.erfc(0.0).item()
1.0)");
  m.def(
      "i0", [](const py::object& x) { return lamina::i0(T(x)); }, arg("x"),
      R"(Modified Bessel function of the first kind, of order 0.

Example:

>>> import lamina
>>> lamina.ops.i0(0.0).item()
1.0)");
  m.def(
      "fabs", [](const py::object& x) { return lamina::fabs(T(x)); }, arg("x"),
      R"(Absolute value, as a float.

Example:

>>> import lamina
>>> lamina.ops.fabs(-1).item()
1.0)");
  m.def(
      "fmax",
      [](const py::object& x1, const py::object& x2) {
        return lamina::fmax(as_tensor(x1, "x1"), as_tensor(x2, "x2"));
      },
      arg("x1"), arg("x2"),
      R"(Larger of the two; a number wins over NaN.

Example:

>>> import lamina
>>> lamina.ops.fmax([1.0, float("nan")], 2.0).tolist()
[2.0, 2.0])");
  m.def(
      "fmin",
      [](const py::object& x1, const py::object& x2) {
        return lamina::fmin(as_tensor(x1, "x1"), as_tensor(x2, "x2"));
      },
      arg("x1"), arg("x2"),
      R"(Smaller of the two; a number wins over NaN.

Example:

>>> import lamina
>>> lamina.ops.fmin([1.0, float("nan")], 2.0).tolist()
[1.0, 2.0])");
  m.def(
      "ldexp",
      [](const py::object& x1, const py::object& x2) {
        return lamina::ldexp(as_tensor(x1, "x1"), as_tensor(x2, "x2"));
      },
      arg("x1"), arg("x2"),
      R"(x1 * 2 ** x2.

Example:

>>> import lamina
>>> lamina.ops.ldexp(3.0, 2).item()
12.0)");
  m.def(
      "allclose",
      [](const py::object& x1, const py::object& x2, double rtol, double atol, bool equal_nan) {
        return allclose(T(x1), T(x2), rtol, atol, equal_nan);
      },
      arg("x1"), arg("x2"), arg("rtol") = 1e-5, arg("atol") = 1e-8, arg("equal_nan") = false,
      R"(Whether |x1 - x2| <= atol + rtol |x2| everywhere.

Args:
    x1: A tensor.
    x2: A tensor.
    rtol: Relative tolerance.
    atol: Absolute tolerance.
    equal_nan: Count NaN as equal to NaN.

Example:

>>> import lamina
>>> lamina.ops.allclose([1.0], [1.0 + 1e-7]).item()
True)");
  m.def(
      "saturate_cast",
      [](const py::object& x, const py::object& dtype) {
        return saturate_cast(T(x), as_dtype(dtype));
      },
      arg("x"), arg("dtype"),
      R"(x converted to another dtype; values beyond its range become its ends.

Args:
    x: A tensor.
    dtype: The dtype.

Example:

>>> import lamina
>>> lamina.ops.saturate_cast([-3, 300], "uint8").tolist()
[0, 255])");
  m.def(
      "view",
      [](const py::object& x, const py::object& dtype) {
        Tensor t = T(x);
        return dtype.is_none() ? t : view(t, as_dtype(dtype));
      },
      arg("x"), arg("dtype") = py::none(),
      R"(The same bytes read as another dtype, a copy.

Args:
    x: A tensor.
    dtype: The dtype; the last axis grows or shrinks with the size of its elements.

Example:

>>> import lamina
>>> lamina.ops.view(lamina.tensor([1.0], dtype="float32"), "int32").tolist()
[1065353216])");
  m.def(
      "normalize",
      [](const py::object& x, const py::object& axis, int order, std::optional<double> epsilon) {
        return normalize(T(x), opt_axes(axis), order, epsilon);
      },
      arg("x"), arg("axis") = -1, arg("order") = 2, arg("epsilon") = py::none(),
      R"(x divided by its norm along an axis.

Args:
    x: A tensor.
    axis: Axis or axes of the vectors.
    order: Order of the norm, at least 1.
    epsilon: Least norm to divide by, 1e-7 by default.

Example:

>>> import lamina
>>> [round(v, 4) for v in lamina.ops.normalize([3.0, 4.0]).tolist()]
[0.6, 0.8])");
  m.def(
      "rms_normalization",
      [](const py::object& x, const py::object& scale, const py::object& axis,
         std::optional<double> epsilon) {
        return rms_normalization(T(x), as_optional_tensor(scale, "scale"), opt_axes(axis),
                                 epsilon.value_or(1e-7));
      },
      arg("x"), arg("scale") = py::none(), arg("axis") = -1, arg("epsilon") = py::none(),
      R"(x / sqrt(mean(x^2) + epsilon) * scale (Zhang and Sennrich, 2019).

Args:
    x: A tensor.
    scale: Factors, broadcast to x.
    axis: Axis or axes of the mean.
    epsilon: 1e-7 by default.

Example:

>>> import lamina
>>> lamina.ops.rms_normalization([3.0, -3.0]).numpy().round(4).tolist()
[1.0, -1.0])");
  m.def(
      "layer_normalization",
      [](const py::object& x, const py::object& gamma, const py::object& beta,
         const py::object& axis, std::optional<double> epsilon, const py::kwargs& kwargs) {
        if (kwargs.contains("rms_scaling") && kwargs["rms_scaling"].cast<bool>())
          fail("layer_normalization: rms_scaling=True is not supported; use rms_normalization");
        return layer_normalization(T(x), as_optional_tensor(gamma, "gamma"),
                                   as_optional_tensor(beta, "beta"), opt_axes(axis),
                                   epsilon.value_or(1e-7));
      },
      arg("x"), arg("gamma") = py::none(), arg("beta") = py::none(), arg("axis") = -1,
      arg("epsilon") = py::none(),
      R"((x - mean) / sqrt(variance + epsilon) * gamma + beta (Ba et al., 2016).

Args:
    x: A tensor.
    gamma: Factors, of the shape of the normalized axes.
    beta: What is added, of the same shape.
    axis: Axis or axes of mean and variance.
    epsilon: 1e-7 by default.

Example:

>>> import lamina
>>> lamina.ops.layer_normalization([1.0, 3.0]).numpy().round(4).tolist()
[-1.0, 1.0])");
  m.def(
      "psnr",
      [](const py::object& x1, const py::object& x2, double max_val) {
        return psnr(T(x1), T(x2), max_val);
      },
      arg("x1"), arg("x2"), arg("max_val"),
      R"(Peak signal-to-noise ratio in dB, 20 log10(max_val) - 10 log10(mean((x1 - x2)^2)).

Args:
    x1: An image.
    x2: An image of the same shape.
    max_val: Largest value that an image can have.

Example:

>>> import lamina
>>> round(lamina.ops.psnr([1.0, 2.0], [1.0, 4.0], 10.0).item(), 3)
16.99)");
  m.def(
      "polar",
      [](const py::object& abs_, const py::object& angle) { return polar(T(abs_), T(angle)); },
      arg("abs_"), arg("angle"),
      R"(The complex numbers of an absolute value and an angle, as (real part, imaginary part).

Args:
    abs_: Absolute values.
    angle: Angles in radians.

Example:

>>> import lamina
>>> real, imaginary = lamina.ops.polar([2.0], [0.0])
>>> real.tolist(), imaginary.tolist()
([2.0], [0.0]))");
}

}  // namespace lamina::python
