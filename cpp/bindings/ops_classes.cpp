// lamina.ops: choosing, counting and gathering by class, with the names and arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

namespace {

py::tuple as_tuple(const Tensors& ts) {
  py::tuple out(ts.size());
  for (size_t i = 0; i < ts.size(); ++i) out[i] = ts[i];
  return out;
}

}  // namespace

void bind_classes(py::module_& m) {
  m.def(
      "select",
      [](const py::object& condlist, const py::object& choicelist, const py::object& default_) {
        return select(tensor_list(condlist), tensor_list(choicelist), T(default_));
      },
      arg("condlist"), arg("choicelist"), arg("default") = 0,
      R"(Elements of the first choice whose condition holds.

Args:
    condlist: Boolean tensors.
    choicelist: As many tensors of values.
    default: What no condition chooses.

Example:

>>> import lamina
>>> x = lamina.ops.arange(5)
>>> lamina.ops.select([x < 1, x > 3], [x - 10, x + 10], x).tolist()
[-10, 1, 2, 3, 14])");
  m.def(
      "unravel_index",
      [](const py::object& indices, const py::object& shape) {
        return as_tuple(unravel_index(as_tensor(indices, "indices"), as_shape(shape)));
      },
      arg("indices"), arg("shape"),
      R"(Flat indices as one index for each axis of a shape.

Args:
    indices: Integers.
    shape: The shape.

Returns:
    A tuple of tensors, one for each axis.

Example:

>>> import lamina
>>> [i.tolist() for i in lamina.ops.unravel_index([1, 5], (2, 3))]
[[0, 1], [1, 2]])");
  m.def(
      "isin",
      [](const py::object& x1, const py::object& x2, bool assume_unique, bool invert) {
        return isin(T(x1), T(x2), assume_unique, invert);
      },
      arg("x1"), arg("x2"), arg("assume_unique") = false, arg("invert") = false,
      R"(Whether each element of x1 is among those of x2.

Args:
    x1: A tensor.
    x2: A tensor.
    assume_unique: Not needed; accepted as in Keras.
    invert: Whether it is not.

Example:

>>> import lamina
>>> lamina.ops.isin([1, 2, 3], [3, 1]).tolist()
[True, False, True])");
  m.def(
      "digitize",
      [](const py::object& x, const py::object& bins) {
        return digitize(T(x), as_tensor(bins, "bins"));
      },
      arg("x"), arg("bins"),
      R"(Index of the interval between bins that each element lies in: bins[i - 1] <= x < bins[i].

Args:
    x: A tensor.
    bins: A vector, ascending or descending (then bins[i - 1] > x >= bins[i]).

Example:

>>> import lamina
>>> lamina.ops.digitize([0.2, 1.0, 9.0], [0.0, 1.0, 2.0]).tolist()
[1, 2, 3])");
  m.def(
      "multi_hot",
      [](const py::object& inputs, const py::object& num_classes, int axis, const py::object& dtype,
         bool sparse, const py::kwargs& kwargs) {
        py::object n = num_classes;
        if (n.is_none() && kwargs.contains("num_tokens")) n = kwargs["num_tokens"];
        if (n.is_none()) fail("multi_hot: num_classes must be given");
        if (sparse) fail("multi_hot: sparse=True is not supported");
        return multi_hot(as_tensor(inputs, "inputs"), n.cast<int64_t>(), axis, as_dtype(dtype));
      },
      arg("inputs"), arg("num_classes") = py::none(), arg("axis") = -1, arg("dtype") = py::none(),
      arg("sparse") = false,
      R"(1 for each class among the integers of a sample, 0 elsewhere.

Args:
    inputs: Integers, (samples, n) or (n,).
    num_classes: Number of classes.
    axis: Where the axis of classes goes.
    dtype: Element type, `floatx` by default.
    sparse: Not supported.

Example:

>>> import lamina
>>> lamina.ops.multi_hot([0, 2], 4, dtype="int32").tolist()
[1, 0, 1, 0])");
  m.def(
      "argpartition",
      [](const py::object& x, int64_t kth, std::optional<int> axis) {
        return argpartition(T(x), kth, axis);
      },
      arg("x"), arg("kth"), arg("axis") = -1,
      R"(Indices with the kth smallest element in its place, smaller ones before and larger ones after it.

Args:
    x: A tensor.
    kth: The place. (All of the axis is sorted.)
    axis: The axis; None flattens.

Example:

>>> import lamina
>>> lamina.ops.argpartition([3, 1, 2], 0).tolist()[0]
1)");
  m.def(
      "bincount",
      [](const py::object& x, const py::object& weights, int64_t minlength, bool sparse) {
        if (sparse) fail("bincount: sparse=True is not supported");
        return bincount(T(x), as_optional_tensor(weights, "weights"), minlength);
      },
      arg("x"), arg("weights") = py::none(), arg("minlength") = 0, arg("sparse") = false,
      R"(How often each integer 0, 1, ... occurs. Not inside a captured function.

Args:
    x: Integers, not negative, with one axis or two; then rows are counted apart.
    weights: What each occurrence counts, 1 by default.
    minlength: Least length of the result.
    sparse: Not supported.

Example:

>>> import lamina
>>> lamina.ops.bincount([1, 3, 1]).tolist()
[0, 2, 0, 1])");
  m.def(
      "unique",
      [](const py::object& x, bool sorted, bool return_index, bool return_inverse,
         bool return_counts, std::optional<int> axis, std::optional<int64_t> size,
         std::optional<double> fill_value) -> py::object {
        Unique u = unique(T(x), axis, size, fill_value);
        if (!return_index && !return_inverse && !return_counts) return py::cast(u.values);
        Tensors out = {u.values};
        if (return_index) out.push_back(u.index);
        if (return_inverse) out.push_back(u.inverse);
        if (return_counts) out.push_back(u.counts);
        return as_tuple(out);
      },
      arg("x"), arg("sorted") = true, arg("return_index") = false, arg("return_inverse") = false,
      arg("return_counts") = false, arg("axis") = py::none(), arg("size") = py::none(),
      arg("fill_value") = py::none(),
      R"(The different elements (or slices along an axis), sorted. Not inside a captured function.

Args:
    x: A tensor.
    sorted: Accepted as in Keras; the result is always sorted.
    return_index: Give the first position of each, too.
    return_inverse: Give the position in the result of each element of x, too.
    return_counts: Give the number of occurrences of each, too.
    axis: Compare slices along this axis instead of elements.
    size: Length of the result: it is cut, or filled up.
    fill_value: What it is filled up with; the first element of the result by default.

Returns:
    The elements, or a tuple of them and what was asked for.

Example:

>>> import lamina
>>> values, counts = lamina.ops.unique([3, 1, 3], return_counts=True)
>>> values.tolist(), counts.tolist()
([1, 3], [1, 2]))");
  m.def(
      "segment_sum",
      [](const py::object& data, const py::object& segment_ids, std::optional<int64_t> num_segments,
         bool sorted) {
        return segment_sum(as_tensor(data, "data"), as_tensor(segment_ids, "segment_ids"),
                           num_segments);
      },
      arg("data"), arg("segment_ids"), arg("num_segments") = py::none(), arg("sorted") = false,
      R"(Sum over the rows that have the same segment id.

Args:
    data: (n, ...).
    segment_ids: (n,) integers; rows with an id outside of [0, num_segments) are left out.
    num_segments: Number of segments; without it the largest id + 1, not inside a captured function.
    sorted: Not needed; accepted as in Keras.

Returns:
    (num_segments, ...).

Example:

>>> import lamina
>>> lamina.ops.segment_sum([1, 2, 3], [0, 1, 0], 2).tolist()
[4, 2])");
  m.def(
      "segment_max",
      [](const py::object& data, const py::object& segment_ids, std::optional<int64_t> num_segments,
         bool sorted) {
        return segment_max(as_tensor(data, "data"), as_tensor(segment_ids, "segment_ids"),
                           num_segments);
      },
      arg("data"), arg("segment_ids"), arg("num_segments") = py::none(), arg("sorted") = false,
      R"(Maximum over the rows that have the same segment id. The result of no rows is the lowest value of the dtype.

Args:
    data: (n, ...).
    segment_ids: (n,) integers; rows with an id outside of [0, num_segments) are left out.
    num_segments: Number of segments; without it the largest id + 1, not inside a captured function.
    sorted: Not needed; accepted as in Keras.

Returns:
    (num_segments, ...).

Example:

>>> import lamina
>>> lamina.ops.segment_max([1, 2, 3], [0, 1, 0], 2).tolist()
[3, 2])");
  m.def(
      "segment_min",
      [](const py::object& data, const py::object& segment_ids, std::optional<int64_t> num_segments,
         bool sorted) {
        return segment_min(as_tensor(data, "data"), as_tensor(segment_ids, "segment_ids"),
                           num_segments);
      },
      arg("data"), arg("segment_ids"), arg("num_segments") = py::none(), arg("sorted") = false,
      R"(Minimum over the rows that have the same segment id. The result of no rows is the highest value of the dtype.

Args:
    data: (n, ...).
    segment_ids: (n,) integers; rows with an id outside of [0, num_segments) are left out.
    num_segments: Number of segments; without it the largest id + 1, not inside a captured function.
    sorted: Not needed; accepted as in Keras.

Returns:
    (num_segments, ...).

Example:

>>> import lamina
>>> lamina.ops.segment_min([1, 2, 3], [0, 1, 0], 2).tolist()
[1, 2])");
  m.def(
      "segment_prod",
      [](const py::object& data, const py::object& segment_ids, std::optional<int64_t> num_segments,
         bool sorted) {
        return segment_prod(as_tensor(data, "data"), as_tensor(segment_ids, "segment_ids"),
                            num_segments);
      },
      arg("data"), arg("segment_ids"), arg("num_segments") = py::none(), arg("sorted") = false,
      R"(Product over the rows that have the same segment id.

Args:
    data: (n, ...).
    segment_ids: (n,) integers; rows with an id outside of [0, num_segments) are left out.
    num_segments: Number of segments; without it the largest id + 1, not inside a captured function.
    sorted: Not needed; accepted as in Keras.

Returns:
    (num_segments, ...).

Example:

>>> import lamina
>>> lamina.ops.segment_prod([1, 2, 3], [0, 1, 0], 2).tolist()
[3, 2])");
}

}  // namespace lamina::python
