// lamina.ops: shapes, joining, cutting and repeating, with the names and arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

void bind_shape_ops(py::module_& m) {
  m.def(
      "shape", [](const py::object& x) { return shape_tuple(T(x).shape()); }, arg("x"),
      "The shape, a tuple.");
  m.def("ndim", [](const py::object& x) { return T(x).rank(); }, arg("x"), "Number of axes.");
  m.def("size", [](const py::object& x) { return T(x).numel(); }, arg("x"), "Number of elements.");
  m.def(
      "reshape", [](const py::object& x, const py::object& s) { return reshape(T(x), as_ints(s)); },
      arg("x"), arg("newshape"),
      "The same elements in another shape; one length may be -1. A view where memory allows.");
  m.def(
      "transpose",
      [](const py::object& x, const py::object& a) { return transpose(T(x), as_ints(a)); },
      arg("x"), arg("axes") = py::none(), "Axes in another order, reversed by default. A view.");
  m.def(
      "swapaxes", [](const py::object& x, int a, int b) { return swapaxes(T(x), a, b); }, arg("x"),
      arg("axis1"), arg("axis2"), "Two axes exchanged. A view.");
  m.def(
      "moveaxis",
      [](const py::object& x, const py::object& s, const py::object& d) {
        return moveaxis(T(x), as_ints(s), as_ints(d));
      },
      arg("x"), arg("source"), arg("destination"), "Axes moved to other places. A view.");
  m.def(
      "squeeze",
      [](const py::object& x, const py::object& a) { return squeeze(T(x), opt_axes(a)); }, arg("x"),
      arg("axis") = py::none(), "Axes of length 1 removed. A view.");
  m.def(
      "expand_dims",
      [](const py::object& x, const py::object& a) { return expand_dims(T(x), as_ints(a)); },
      arg("x"), arg("axis"), "Axes of length 1 added. A view.");
  m.def(
      "broadcast_to",
      [](const py::object& x, const py::object& s) { return broadcast_to(T(x), as_shape(s)); },
      arg("x"), arg("shape"), "x repeated to a shape by NumPy's rules. A view.");
  m.def(
      "ravel", [](const py::object& x) { return ravel(T(x)); }, arg("x"), "Flattened to one axis.");
  m.def(
      "concatenate",
      [](const py::object& xs, int a) { return concatenate(as_tensors(xs, nullptr, "xs"), a); },
      arg("xs"), arg("axis") = 0, "Tensors joined along an axis.");
  m.def(
      "stack",
      [](const py::object& xs, int a) {
        Tensors list;
        for (auto x : xs) list.push_back(as_tensor(x, "x"));
        return stack(list, a);
      },
      arg("x"), arg("axis") = 0, "Tensors joined along a new axis.");
  m.def(
      "unstack", [](const py::object& x, const py::object&, int a) { return unstack(T(x), a); },
      arg("x"), arg("num") = py::none(), arg("axis") = 0, "The slices along an axis, as a list.");
  m.def(
      "split",
      [](const py::object& x, const py::object& n, int a) {
        if (PyLong_Check(n.ptr())) return split(T(x), n.cast<int>(), a);
        return split(T(x), as_ints(n), a);
      },
      arg("x"), arg("indices_or_sections"), arg("axis") = 0,
      "Cut into equal sections, or at indices. Views.");
  m.def(
      "pad",
      [](const py::object& x, const py::object& width, const std::string& mode,
         const py::object& value) {
        Tensor t = T(x);
        std::vector<std::pair<int64_t, int64_t>> w;
        if (PyLong_Check(width.ptr())) {
          w.assign(static_cast<size_t>(t.rank()), {width.cast<int64_t>(), width.cast<int64_t>()});
        } else if (py::len(width) && PyLong_Check(py::object(width[py::int_(0)]).ptr())) {
          Ints v = as_ints(width);
          w.assign(static_cast<size_t>(t.rank()), {v.at(0), v.back()});
        } else {
          for (auto p : width) {
            Ints v = as_ints(p);
            w.emplace_back(v.at(0), v.back());
          }
          if (w.size() == 1) w.resize(static_cast<size_t>(t.rank()), w[0]);
        }
        return pad(t, w, mode, value.is_none() ? 0.0 : value.cast<double>());
      },
      arg("x"), arg("pad_width"), arg("mode") = "constant", arg("constant_values") = py::none(),
      "numpy.pad; mode: constant, reflect, symmetric or edge.");
  m.def(
      "tile", [](const py::object& x, const py::object& r) { return tile(T(x), as_ints(r)); },
      arg("x"), arg("repeats"), "x repeated as a whole along each axis.");
  m.def(
      "repeat",
      [](const py::object& x, const py::object& r, const py::object& a) {
        return repeat(T(x), as_ints(r), opt_int(a));
      },
      arg("x"), arg("repeats"), arg("axis") = py::none(), "Each element repeated along an axis.");
  m.def(
      "flip", [](const py::object& x, const py::object& a) { return flip(T(x), opt_axes(a)); },
      arg("x"), arg("axis") = py::none(), "Axes reversed. A view.");
  m.def(
      "roll",
      [](const py::object& x, const py::object& s, const py::object& a) {
        return roll(T(x), as_ints(s), opt_axes(a));
      },
      arg("x"), arg("shift"), arg("axis") = py::none(),
      "Elements shifted along axes, around the end.");
  m.def(
      "tril", [](const py::object& x, int64_t k) { return tril(T(x), k); }, arg("x"), arg("k") = 0,
      "Lower triangle, zero elsewhere.");
  m.def(
      "triu", [](const py::object& x, int64_t k) { return triu(T(x), k); }, arg("x"), arg("k") = 0,
      "Upper triangle, zero elsewhere.");
  m.def(
      "diagonal",
      [](const py::object& x, int64_t o, int a, int b) { return diagonal(T(x), o, a, b); },
      arg("x"), arg("offset") = 0, arg("axis1") = 0, arg("axis2") = 1,
      "The diagonal of two axes. A view.");
  m.def(
      "diag", [](const py::object& x, int64_t k) { return diag(T(x), k); }, arg("x"), arg("k") = 0,
      "Diagonal of a matrix, or a matrix with that diagonal.");
  m.def(
      "trace", [](const py::object& x, int64_t o, int a, int b) { return trace(T(x), o, a, b); },
      arg("x"), arg("offset") = 0, arg("axis1") = 0, arg("axis2") = 1, "Sum of a diagonal.");
  m.def(
      "meshgrid",
      [](const py::args& xs, const std::string& indexing) {
        Tensors ts;
        for (auto x : xs) ts.push_back(as_tensor(x));
        return meshgrid(ts, indexing);
      },
      py::kw_only(), arg("indexing") = "xy", "Coordinate grids from coordinate vectors.");
}

}  // namespace lamina::python
