// Ragged: sequences of different lengths from Python's lists and arrays.
#include "bindings.h"

namespace lamina::python {

namespace {

bool is_list(const py::handle& v) {
  return py::isinstance<py::list>(v) || py::isinstance<py::tuple>(v);
}

// Sequences, each anything that can be a tensor. Lists of Python numbers have no dtype of their
// own: they take that of the others, and are floats where one of them is.
Ragged from_sequences(const py::handle& values, const py::handle& dtype) {
  Tensors rows;
  std::vector<bool> plain;
  std::optional<DType> typed, guess;
  for (auto item : values) {
    rows.push_back(as_tensor(item, "Ragged"));
    plain.push_back(is_list(item));
    const Tensor& t = rows.back();
    if (!plain.back() && !typed) typed = t.dtype();
    if (plain.back() && t.numel() && (!guess || is_floating(t.dtype()))) guess = t.dtype();
  }
  std::optional<DType> target = typed ? typed : guess;
  if (!dtype.is_none()) target = as_dtype(dtype);
  for (size_t i = 0; target && i < rows.size(); ++i)
    if ((plain[i] || !dtype.is_none()) && rows[i].dtype() != *target && !rows[i].is_text())
      rows[i] = rows[i].astype(*target);
  return Ragged(rows);
}

Ragged make(const py::object& values, const py::object& row_lengths, const py::object& dtype) {
  if (py::isinstance<Ragged>(values)) return values.cast<Ragged>();
  if (!row_lengths.is_none()) {
    Tensor v = as_tensor(values, "values"), n = as_tensor(row_lengths, "row_lengths");
    return Ragged(dtype.is_none() ? v : v.astype(as_dtype(dtype)), n);
  }
  if (py::isinstance<Tensor>(values) && values.cast<Tensor>().is_ragged())
    return Ragged(values.cast<Tensor>());
  if (!py::hasattr(values, "__iter__"))
    throw Error("Ragged: expected a list of sequences, or values and row_lengths",
                Error::Kind::kType);
  return from_sequences(values, dtype);
}

py::list arrays_of(const Ragged& r) {
  py::list out;
  for (const Tensor& t : r.to_list()) out.append(py::cast(t).attr("numpy")());
  return out;
}

}  // namespace

void bind_ragged(py::module_& m) {
  py::class_<Ragged> c(m, "Ragged", R"(Sequences of different lengths, without padding.

All models whose layers keep sequences apart take it where they take an array of samples: model(x),
fit, evaluate, predict, train_on_batch. The sequences lie one after the other in one tensor, so the
cost follows the sum of their lengths.

Args:
    values: A list of sequences, arrays (steps, ...) that differ in their first axis only; or, with
        row_lengths, one array (sum of the lengths, ...).
    row_lengths: Integers (batch,); a sequence may have no step at all.
    dtype: Element type; that of the sequences by default.

Raises:
    ValueError: The sequences differ in another axis, a length is negative, or the lengths do not
        add up to the steps in values.
    TypeError: The sequences differ in dtype, or hold text.

Example:

>>> import lamina
>>> x = lamina.Ragged([[1, 2, 3], [], [4]])
>>> len(x), x.values.numpy().tolist(), x.row_lengths.numpy().tolist()
(3, [1, 2, 3, 4], [3, 0, 1])
>>> x.to_padded().numpy().tolist()
[[1, 2, 3], [0, 0, 0], [4, 0, 0]])");
  c.def(py::init(&make), py::arg("values"), py::arg("row_lengths") = py::none(),
        py::arg("dtype") = py::none());
  c.def_property_readonly("values", &Ragged::values,
                          "All sequences, one after the other: (sum of the lengths, ...).");
  c.def_property_readonly("row_lengths", &Ragged::row_lengths, "Steps of each: int64 (batch,).");
  c.def_property_readonly(
      "shape",
      [](const Ragged& r) {
        Shape s = r.values().shape();
        s[0] = -1;
        s.insert(0, r.size());
        return shape_tuple(s);
      },
      "(batch, None, ...).");
  c.def_property_readonly(
      "dtype", [](const Ragged& r) { return dtype_name(r.values().dtype()); }, "Element type.");
  c.def("__len__", &Ragged::size);
  c.def("__getitem__", [](const Ragged& r, const py::object& index) -> py::object {
    if (!PySlice_Check(index.ptr())) return py::cast(r[as_ints(index).at(0)]);
    size_t start, stop, step, n;
    if (!py::slice(index).compute(static_cast<size_t>(r.size()), &start, &stop, &step, &n))
      throw py::error_already_set();
    Tensors rows;
    for (size_t i = 0; i < n; ++i, start += step) rows.push_back(r[static_cast<int64_t>(start)]);
    return py::cast(Ragged(rows));
  });
  c.def("to_list", &arrays_of, "The sequences as NumPy arrays.");
  c.def("to_padded", &Ragged::to_padded, py::arg("value") = 0.0, py::arg("side") = "right",
        py::arg("length") = py::none(),
        "One array (batch, longest, ...), or of `length` steps, filled up with `value` on the "
        "side \"right\" or \"left\", on which longer sequences are cut too.");
  c.def("to_mask", &Ragged::to_mask, py::arg("side") = "right", py::arg("length") = py::none(),
        "Boolean (batch, longest): True for the steps of sequences in to_padded().");
  c.def("batch", &Ragged::batch,
        "A tensor (1, total, ...) with row_lengths and a mask, as layers see it.");
  c.def("__repr__", [](const Ragged& r) {
    return str("<Ragged of ", r.size(), " sequences, ", r.values().dim(0), " steps, ",
               dtype_name(r.values().dtype()), ">");
  });
}

}  // namespace lamina::python
