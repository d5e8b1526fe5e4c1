// lamina.ops: reductions, with the names and arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

void bind_reductions(py::module_& m) {
  using Fn = Tensor (*)(const Tensor&, const Axes&, bool);
  auto def = [&](const char* name, Fn fn, const char* doc) {
    m.def(
        name,
        [fn](const py::object& x, const py::object& axis, bool keepdims) {
          return fn(T(x), opt_axes(axis), keepdims);
        },
        arg("x"), arg("axis") = py::none(), arg("keepdims") = false, doc);
  };
  def("sum", sum,
      "Sum over axes (all by default). Small integers and booleans are summed as int32.");
  def("mean", mean, "Mean over axes (all by default).");
  def("var", var, "Variance over axes, divided by n.");
  def("std", lamina::std, "Standard deviation over axes, divided by n.");
  m.def(
      "prod",
      [](const py::object& x, const py::object& axis, bool keepdims, const py::object& dtype) {
        return prod(typed(T(x), dtype), opt_axes(axis), keepdims);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false, arg("dtype") = py::none(),
      "Product over axes, of elements converted to dtype where one is given.");
  using WithInitial = Tensor (*)(const Tensor&, const Axes&, bool, double);
  auto extreme = [&](const char* name, Fn fn, WithInitial with_initial, const char* doc) {
    m.def(
        name,
        [fn, with_initial](const py::object& x, const py::object& axis, bool keepdims,
                           std::optional<double> initial) {
          if (initial) return with_initial(T(x), opt_axes(axis), keepdims, *initial);
          return fn(T(x), opt_axes(axis), keepdims);
        },
        arg("x"), arg("axis") = py::none(), arg("keepdims") = false, arg("initial") = py::none(),
        doc);
  };
  extreme("max", max, max, "Maximum over axes, at least `initial`; NaN wins.");
  extreme("min", min, min, "Minimum over axes, at most `initial`; NaN wins.");
  def("amax", amax, "Maximum over axes; NaN wins.");
  def("amin", amin, "Minimum over axes; NaN wins.");
  def("any", any, "Whether any element is non-zero.");
  def("all", all, "Whether all elements are non-zero.");
  def("logsumexp", logsumexp, "log(sum(exp(x))) without overflow.");
  m.def(
      "norm",
      [](const py::object& x, const py::object& ord, const py::object& axis, bool keepdims) {
        if (py::isinstance<py::str>(ord))
          return norm(T(x), ord.cast<std::string>(), opt_axes(axis), keepdims);
        std::optional<double> o;
        if (!ord.is_none()) o = ord.cast<double>();
        return norm(T(x), o, opt_axes(axis), keepdims);
      },
      arg("x"), arg("ord") = py::none(), arg("axis") = py::none(), arg("keepdims") = false,
      R"(Norm of vectors or matrices, as numpy.linalg.norm.

Args:
    x: A tensor.
    ord: None: the root of the sum of squares. Over one axis a number: 2, 1, 0, inf, -inf or any p.
        Over two axes 'fro', 'nuc', 1, -1, 2, -2, inf or -inf.
    axis: One axis or two; all by default.
    keepdims: Keep the reduced axes with length 1.

Example:

>>> import lamina
>>> lamina.ops.norm([3.0, 4.0]).item()
5.0)");
  m.def(
      "argmax",
      [](const py::object& x, const py::object& axis, bool k) {
        return argmax(T(x), opt_int(axis), k);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false, "Index of the first maximum.");
  m.def(
      "argmin",
      [](const py::object& x, const py::object& axis, bool k) {
        return argmin(T(x), opt_int(axis), k);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false, "Index of the first minimum.");
  m.def(
      "count_nonzero",
      [](const py::object& x, const py::object& axis) {
        return count_nonzero(T(x), opt_axes(axis));
      },
      arg("x"), arg("axis") = py::none(), "Number of non-zero elements.");
  m.def(
      "cumsum",
      [](const py::object& x, const py::object& axis, const py::object& dtype) {
        return cumsum(typed(T(x), dtype), opt_int(axis));
      },
      arg("x"), arg("axis") = py::none(), arg("dtype") = py::none(),
      "Running sum along an axis (of the flat array by default).");
  m.def(
      "cumprod",
      [](const py::object& x, const py::object& axis, const py::object& dtype) {
        return cumprod(typed(T(x), dtype), opt_int(axis));
      },
      arg("x"), arg("axis") = py::none(), arg("dtype") = py::none(),
      "Running product along an axis (of the flat array by default).");
  m.def(
      "moments",
      [](const py::object& x, const py::object& axes, bool k, bool /*synchronized*/) {
        return moments(T(x), opt_axes(axes), k);
      },
      arg("x"), arg("axes"), arg("keepdims") = false, arg("synchronized") = false,
      "(mean, variance) over axes; `synchronized` is taken for Keras's sake.");
}

}  // namespace lamina::python
