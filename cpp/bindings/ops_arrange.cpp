// lamina.ops: joining, cutting and arranging, with the names and arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

void bind_joining(py::module_& m) {
  m.def(
      "hsplit",
      [](const py::object& x, const py::object& indices_or_sections) {
        return PyLong_Check(indices_or_sections.ptr())
                   ? hsplit(T(x), indices_or_sections.cast<int>())
                   : hsplit(T(x), as_ints(indices_or_sections));
      },
      arg("x"), arg("indices_or_sections"),
      R"(Cut along the second axis (the first of a vector) into equal sections, or at indices.

Args:
    x: A tensor.
    indices_or_sections: A number of equal sections, or the indices at which to cut.

Returns:
    A list of views.

Example:

>>> import lamina
>>> [p.shape for p in lamina.ops.hsplit(lamina.ops.ones((2, 4)), 2)]
[(2, 2), (2, 2)])");
  m.def(
      "vsplit",
      [](const py::object& x, const py::object& indices_or_sections) {
        return PyLong_Check(indices_or_sections.ptr())
                   ? vsplit(T(x), indices_or_sections.cast<int>())
                   : vsplit(T(x), as_ints(indices_or_sections));
      },
      arg("x"), arg("indices_or_sections"),
      R"(Cut along the first axis into equal sections, or at indices.

Args:
    x: A tensor.
    indices_or_sections: A number of equal sections, or the indices at which to cut.

Returns:
    A list of views.

Example:

>>> import lamina
>>> [p.shape for p in lamina.ops.vsplit(lamina.ops.ones((4, 3)), [1])]
[(1, 3), (3, 3)])");
  m.def(
      "dsplit",
      [](const py::object& x, const py::object& indices_or_sections) {
        return PyLong_Check(indices_or_sections.ptr())
                   ? dsplit(T(x), indices_or_sections.cast<int>())
                   : dsplit(T(x), as_ints(indices_or_sections));
      },
      arg("x"), arg("indices_or_sections"),
      R"(Cut along the third axis into equal sections, or at indices.

Args:
    x: A tensor.
    indices_or_sections: A number of equal sections, or the indices at which to cut.

Returns:
    A list of views.

Example:

>>> import lamina
>>> [p.shape for p in lamina.ops.dsplit(lamina.ops.ones((1, 1, 4)), 2)]
[(1, 1, 2), (1, 1, 2)])");
  m.def(
      "array_split",
      [](const py::object& x, const py::object& indices_or_sections, int axis) {
        return PyLong_Check(indices_or_sections.ptr())
                   ? array_split(T(x), indices_or_sections.cast<int>(), axis)
                   : array_split(T(x), as_ints(indices_or_sections), axis);
      },
      arg("x"), arg("indices_or_sections"), arg("axis") = 0,
      R"(Cut along an axis into sections whose lengths differ by at most one, or at indices.

Args:
    x: A tensor.
    indices_or_sections: A number of sections, or the indices at which to cut.
    axis: Axis to cut.

Returns:
    A list of views.

Example:

>>> import lamina
>>> [p.tolist() for p in lamina.ops.array_split([1, 2, 3, 4, 5], 2)]
[[1, 2, 3], [4, 5]])");
  m.def(
      "hstack", [](const py::object& xs) { return hstack(tensor_list(xs)); }, arg("xs"),
      R"(Tensors joined along the second axis (the first of vectors).

Args:
    xs: A sequence of tensors.

Example:

>>> import lamina
>>> lamina.ops.hstack([[1, 2], [3]]).tolist()
[1, 2, 3])");
  m.def(
      "vstack", [](const py::object& xs) { return vstack(tensor_list(xs)); }, arg("xs"),
      R"(Tensors joined along the first axis, vectors as rows.

Args:
    xs: A sequence of tensors.

Example:

>>> import lamina
>>> lamina.ops.vstack([[1, 2], [3, 4]]).tolist()
[[1, 2], [3, 4]])");
  m.def(
      "dstack", [](const py::object& xs) { return dstack(tensor_list(xs)); }, arg("xs"),
      R"(Tensors joined along the third axis.

Args:
    xs: A sequence of tensors.

Example:

>>> import lamina
>>> lamina.ops.dstack([[1, 2], [3, 4]]).tolist()
[[[1, 3], [2, 4]]])");
  m.def(
      "append",
      [](const py::object& x1, const py::object& x2, std::optional<int> axis) {
        return append(T(x1), T(x2), axis);
      },
      arg("x1"), arg("x2"), arg("axis") = py::none(),
      R"(x2 after x1 along an axis, or both flattened.

Args:
    x1: A tensor.
    x2: A tensor that agrees with x1 on all axes but `axis`.
    axis: Axis to join; None flattens both.

Example:

>>> import lamina
>>> lamina.ops.append([1, 2], [[3], [4]]).tolist()
[1, 2, 3, 4])");
  m.def(
      "fliplr", [](const py::object& x) { return fliplr(T(x)); }, arg("x"),
      R"(The second axis reversed.

Example:

>>> import lamina
>>> lamina.ops.fliplr([[1, 2], [3, 4]]).tolist()
[[2, 1], [4, 3]])");
  m.def(
      "flipud", [](const py::object& x) { return flipud(T(x)); }, arg("x"),
      R"(The first axis reversed.

Example:

>>> import lamina
>>> lamina.ops.flipud([[1, 2], [3, 4]]).tolist()
[[3, 4], [1, 2]])");
  m.def(
      "rot90",
      [](const py::object& array, int k, const py::object& axes) {
        return rot90(T(array), k, as_ints(axes));
      },
      arg("array"), arg("k") = 1, arg("axes") = py::make_tuple(0, 1),
      R"(Turned by quarters in the plane of two axes, from the first towards the second.

Args:
    array: At least 2 axes.
    k: Number of quarter turns.
    axes: The two axes.

Example:

>>> import lamina
>>> lamina.ops.rot90([[1, 2], [3, 4]]).tolist()
[[2, 4], [1, 3]])");
  m.def(
      "rearrange",
      [](const py::object& tensor, const std::string& pattern, const py::kwargs& axes_lengths) {
        std::map<std::string, int64_t> lengths;
        for (auto item : axes_lengths)
          lengths[item.first.cast<std::string>()] = item.second.cast<int64_t>();
        return rearrange(T(tensor), pattern, lengths);
      },
      arg("tensor"), arg("pattern"),
      R"(Axes cut, moved and joined, as einops.rearrange.

Args:
    tensor: A tensor.
    pattern: Names of its axes, an arrow, and the names in the wanted order. Names in brackets are
        one axis: on the left it is cut, on the right they are joined.
    axes_lengths: Lengths of the parts that the shape does not tell.

Example:

>>> import lamina
>>> images = lamina.ops.ones((2, 4, 6, 3))
>>> lamina.ops.rearrange(images, 'b (h p) w c -> b h w (p c)', p=2).shape
(2, 2, 6, 6))");
  m.def(
      "extract_sequences",
      [](const py::object& x, int64_t sequence_length, int64_t sequence_stride) {
        return extract_sequences(T(x), sequence_length, sequence_stride);
      },
      arg("x"), arg("sequence_length"), arg("sequence_stride"),
      R"(Overlapping pieces of the last axis.

Args:
    x: (..., n).
    sequence_length: Length of a piece.
    sequence_stride: Distance from one piece to the next.

Returns:
    (..., pieces, sequence_length); what is left over at the end is dropped.

Example:

>>> import lamina
>>> lamina.ops.extract_sequences([1, 2, 3, 4, 5], 3, 2).tolist()
[[1, 2, 3], [3, 4, 5]])");
}

}  // namespace lamina::python
