// lamina.ops: creation, with the names and arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

void bind_creation(py::module_& m) {
  m.def(
      "zeros",
      [](const py::object& s, const py::object& d) { return zeros(as_shape(s), as_dtype(d)); },
      arg("shape"), arg("dtype") = py::none(), "Zeros.");
  m.def(
      "ones",
      [](const py::object& s, const py::object& d) { return ones(as_shape(s), as_dtype(d)); },
      arg("shape"), arg("dtype") = py::none(), "Ones.");
  m.def(
      "empty",
      [](const py::object& s, const py::object& d) { return zeros(as_shape(s), as_dtype(d)); },
      arg("shape"), arg("dtype") = py::none(), "A tensor whose values do not matter (zeros).");
  m.def(
      "full",
      [](const py::object& s, const py::object& v, const py::object& d) {
        Tensor value = as_tensor(v, "fill_value");
        DType dtype =
            as_dtype(d, value.is_scalar_literal() ? (value.dtype() == DType::kInt64  ? DType::kInt32
                                                     : value.dtype() == DType::kBool ? DType::kBool
                                                                                     : floatx())
                                                  : value.dtype());
        return copy(broadcast_to(cast(value, dtype), as_shape(s)));
      },
      arg("shape"), arg("fill_value"), arg("dtype") = py::none(), "A tensor filled with a value.");
  m.def(
      "zeros_like",
      [](const py::object& x, const py::object& d) {
        Tensor t = zeros_like(T(x));
        return d.is_none() ? t : cast(t, as_dtype(d));
      },
      arg("x"), arg("dtype") = py::none(), "Zeros of the same shape.");
  m.def(
      "ones_like",
      [](const py::object& x, const py::object& d) {
        Tensor t = ones_like(T(x));
        return d.is_none() ? t : cast(t, as_dtype(d));
      },
      arg("x"), arg("dtype") = py::none(), "Ones of the same shape.");
  m.def(
      "full_like",
      [](const py::object& x, const py::object& v, const py::object& d) {
        Tensor like = T(x), value = as_tensor(v, "fill_value");
        if (value.is_scalar_literal()) return typed(full_like(like, value.item<double>()), d);
        DType to = as_dtype(d, like.dtype());
        return copy(broadcast_to(cast(value, to), like.shape()));
      },
      arg("x"), arg("fill_value"), arg("dtype") = py::none(), "A value in the same shape.");
  m.def(
      "eye",
      [](int64_t n, const py::object& mm, int64_t k, const py::object& d) {
        return eye(n, mm.is_none() ? -1 : mm.cast<int64_t>(), k, as_dtype(d));
      },
      arg("N"), arg("M") = py::none(), arg("k") = 0, arg("dtype") = py::none(),
      "Ones on a diagonal, zeros elsewhere.");
  m.def(
      "identity", [](int64_t n, const py::object& d) { return eye(n, -1, 0, as_dtype(d)); },
      arg("n"), arg("dtype") = py::none(), "The identity matrix.");
  m.def(
      "arange",
      [](const py::object& start, const py::object& stop, const py::object& step,
         const py::object& d) {
        double a = start.cast<double>(), b = 0, c = step.is_none() ? 1 : step.cast<double>();
        if (stop.is_none())
          b = a, a = 0;
        else
          b = stop.cast<double>();
        bool whole = PyLong_Check(start.ptr()) && (stop.is_none() || PyLong_Check(stop.ptr())) &&
                     (step.is_none() || PyLong_Check(step.ptr()));
        return arange(a, b, c, as_dtype(d, whole ? DType::kInt32 : floatx()));
      },
      arg("start"), arg("stop") = py::none(), arg("step") = py::none(), arg("dtype") = py::none(),
      "Evenly spaced values, stop not included.");
  m.def(
      "linspace",
      [](const py::object& start, const py::object& stop, int64_t n, bool endpoint, bool retstep,
         const py::object& d, int axis) -> py::object {
        Tensor a = as_tensor(start, "start"), b = as_tensor(stop, "stop"), t;
        bool numbers = a.is_scalar_literal() && b.is_scalar_literal();
        std::optional<DType> dtype;
        if (!d.is_none()) dtype = as_dtype(d);
        if (numbers && is_floating(dtype.value_or(floatx())))
          t = linspace(a.item<double>(), b.item<double>(), n, endpoint, dtype.value_or(floatx()));
        else
          t = linspace(a, b, n, endpoint, dtype, axis);
        if (!retstep) return py::cast(t);
        double steps = static_cast<double>(std::max<int64_t>(endpoint ? n - 1 : n, 1));
        return py::make_tuple(t, (b - a) / Tensor(steps));
      },
      arg("start"), arg("stop"), arg("num") = 50, arg("endpoint") = true, arg("retstep") = false,
      arg("dtype") = py::none(), arg("axis") = 0,
      R"(num evenly spaced values.

Args:
    start: First value, a number or a tensor.
    stop: Last value.
    num: Number of values.
    endpoint: Whether stop is the last of them.
    retstep: Give the distance between them, too.
    dtype: Element type.
    axis: Where the values go if start or stop is a tensor.

Example:

>>> import lamina
>>> lamina.ops.linspace(0, 1, 5).tolist()
[0.0, 0.25, 0.5, 0.75, 1.0])");
  m.def(
      "stop_gradient", [](const py::object& x) { return stop_gradient(T(x)); }, arg("variable"),
      "The same values, no gradient.");
  m.def("copy", [](const py::object& x) { return copy(T(x)); }, arg("x"), "A copy.");
}

}  // namespace lamina::python
