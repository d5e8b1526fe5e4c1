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
  def("prod", prod, "Product over axes.");
  def("max", max, "Maximum over axes; NaN wins.");
  def("min", min, "Minimum over axes; NaN wins.");
  def("amax", amax, "Maximum over axes; NaN wins.");
  def("amin", amin, "Minimum over axes; NaN wins.");
  def("any", any, "Whether any element is non-zero.");
  def("all", all, "Whether all elements are non-zero.");
  def("logsumexp", logsumexp, "log(sum(exp(x))) without overflow.");
  m.def(
      "norm",
      [](const py::object& x, const py::object& ord, const py::object& axis, bool keepdims) {
        std::optional<double> o;
        if (!ord.is_none() && !(py::isinstance<py::str>(ord) && ord.cast<std::string>() == "fro"))
          o = ord.cast<double>();
        return norm(T(x), o, opt_axes(axis), keepdims);
      },
      arg("x"), arg("ord") = py::none(), arg("axis") = py::none(), arg("keepdims") = false,
      "Norm as numpy.linalg.norm. ord: None or 'fro' (root of the sum of squares); over one axis "
      "2, 1, "
      "0, inf, -inf or any p; over two axes 1, -1, inf or -inf.\n\nRaises ValueError for another "
      "ord "
      "over two axes (2 and 'nuc' need singular values).");
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
      [](const py::object& x, const py::object& axis) { return cumsum(T(x), opt_int(axis)); },
      arg("x"), arg("axis") = py::none(),
      "Running sum along an axis (of the flat array by default).");
  m.def(
      "cumprod",
      [](const py::object& x, const py::object& axis) { return cumprod(T(x), opt_int(axis)); },
      arg("x"), arg("axis") = py::none(),
      "Running product along an axis (of the flat array by default).");
  m.def(
      "moments",
      [](const py::object& x, const py::object& axes, bool k) {
        return moments(T(x), opt_axes(axes), k);
      },
      arg("x"), arg("axes"), arg("keepdims") = false, "(mean, variance) over axes.");
}

}  // namespace lamina::python
