// lamina.ops: indexing, gathering, scattering, sorting, with the names and arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

void bind_index_ops(py::module_& m) {
  m.def(
      "slice",
      [](const py::object& x, const py::object& s, const py::object& n) {
        return slice(T(x), as_ints(s), as_ints(n));
      },
      arg("inputs"), arg("start_indices"), arg("shape"),
      "The block of `shape` that begins at start_indices. A view.");
  m.def(
      "slice_update",
      [](const py::object& x, const py::object& s, const py::object& u) {
        return slice_update(T(x), as_ints(s), T(u));
      },
      arg("inputs"), arg("start_indices"), arg("updates"), "A copy with a block replaced.");
  m.def(
      "take",
      [](const py::object& x, const py::object& i, const py::object& a) {
        return take(T(x), as_tensor(i, "indices"), opt_int(a));
      },
      arg("x"), arg("indices"), arg("axis") = py::none(),
      "Elements (or slices along an axis) by index.");
  m.def(
      "take_along_axis",
      [](const py::object& x, const py::object& i, const py::object& a) {
        return take_along_axis(T(x), as_tensor(i, "indices"), opt_int(a));
      },
      arg("x"), arg("indices"), arg("axis") = py::none(), "numpy.take_along_axis.");
  m.def(
      "scatter",
      [](const py::object& i, const py::object& v, const py::object& s) {
        return scatter(as_tensor(i, "indices"), as_tensor(v, "values"), as_shape(s));
      },
      arg("indices"), arg("values"), arg("shape"),
      "Zeros of `shape` with values added at indices.");
  m.def(
      "scatter_update",
      [](const py::object& x, const py::object& i, const py::object& u,
         const py::object& reduction) {
        return scatter_update(T(x), as_tensor(i, "indices"), as_tensor(u, "updates"),
                              reduction.is_none() ? "" : reduction.cast<std::string>());
      },
      arg("inputs"), arg("indices"), arg("updates"), arg("reduction") = py::none(),
      "A copy with updates written at indices; reduction: None, add, max, min or mul.");
  m.def(
      "one_hot",
      [](const py::object& x, int64_t n, int a, const py::object& d, bool sparse) {
        if (sparse) fail("one_hot: sparse=True is not supported");
        return one_hot(T(x), n, a, as_dtype(d));
      },
      arg("x"), arg("num_classes"), arg("axis") = -1, arg("dtype") = py::none(),
      arg("sparse") = false, "1 at each index, 0 elsewhere.");
  m.def(
      "sort",
      [](const py::object& x, std::optional<int> a) {
        return sort(a ? T(x) : ravel(T(x)), a.value_or(0));
      },
      arg("x"), arg("axis") = -1, "Sorted ascending along an axis, NaN last.");
  m.def(
      "argsort",
      [](const py::object& x, std::optional<int> a) {
        return argsort(a ? T(x) : ravel(T(x)), a.value_or(0));
      },
      arg("x"), arg("axis") = -1, "Indices that sort an axis, stable.");
  m.def(
      "top_k", [](const py::object& x, int64_t k, bool s) { return top_k(T(x), k, s); }, arg("x"),
      arg("k"), arg("sorted") = true, "(values, indices) of the k largest of the last axis.");
  m.def(
      "in_top_k",
      [](const py::object& t, const py::object& p, int64_t k) { return in_top_k(T(t), T(p), k); },
      arg("targets"), arg("predictions"), arg("k"),
      "Whether each target is among the k largest predictions.");
  m.def(
      "searchsorted",
      [](const py::object& s, const py::object& v, const std::string& side) {
        return searchsorted(T(s), T(v), side);
      },
      arg("sorted_sequence"), arg("values"), arg("side") = "left", "numpy.searchsorted.");
  m.def(
      "nonzero", [](const py::object& x) { return nonzero(T(x)); }, arg("x"),
      "Indices of the non-zero elements, one tensor an axis. Not inside a captured function.");
}

}  // namespace lamina::python
