// lamina.ops: linear algebra, with the names and arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

void bind_linalg(py::module_& m) {
  m.def(
      "matmul",
      [](const py::object& a, const py::object& b) {
        return matmul(as_tensor(a, "x1"), as_tensor(b, "x2"));
      },
      arg("x1"), arg("x2"), "Matrix product of the last two axes, batch axes broadcast.");
  m.def(
      "dot", [](const py::object& a, const py::object& b) { return dot(T(a), T(b)); }, arg("x1"),
      arg("x2"), "numpy.dot.");
  m.def(
      "vdot", [](const py::object& a, const py::object& b) { return vdot(T(a), T(b)); }, arg("x1"),
      arg("x2"), "Dot product of the flattened tensors.");
  m.def(
      "outer", [](const py::object& a, const py::object& b) { return outer(T(a), T(b)); },
      arg("x1"), arg("x2"), "Outer product of the flattened tensors.");
  m.def(
      "inner", [](const py::object& a, const py::object& b) { return inner(T(a), T(b)); },
      arg("x1"), arg("x2"), "Inner product over the last axes.");
  m.def(
      "einsum",
      [](const std::string& s, const py::args& ops, const py::kwargs&) {
        Tensors ts;
        for (auto o : ops) ts.push_back(as_tensor(o, "operand"));
        return einsum(s, ts);
      },
      arg("subscripts"), "Einstein summation, as numpy.einsum with a string.");
  m.def(
      "tensordot",
      [](const py::object& a, const py::object& b, const py::object& axes) {
        if (PyLong_Check(axes.ptr())) return tensordot(T(a), T(b), axes.cast<int>());
        auto pair = axes.cast<py::sequence>();
        return tensordot(T(a), T(b), as_ints(pair[0]), as_ints(pair[1]));
      },
      arg("x1"), arg("x2"), arg("axes") = 2, "numpy.tensordot.");
}

}  // namespace lamina::python
