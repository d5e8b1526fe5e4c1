// What the bindings of operations share; each family has a file ops_<family>.cpp.
#pragma once
#include "bindings.h"

namespace lamina::python {

using py::arg;

inline Tensor T(const py::object& o) { return as_tensor(o); }
inline Axes opt_axes(const py::object& o) { return as_axes(o); }
std::optional<int64_t> opt_int(const py::object& o);
// x in the dtype asked for, if any.
inline Tensor typed(const Tensor& x, const py::object& dtype) {
  return dtype.is_none() ? x : cast(x, as_dtype(dtype));
}

// A list of anything that can be a tensor; also a tensor, cut along its first axis.
Tensors tensor_list(const py::object& xs);

void bind_elementwise(py::module_& m);
void bind_reductions(py::module_& m);
void bind_linalg(py::module_& m);
void bind_shape_ops(py::module_& m);
void bind_index_ops(py::module_& m);
void bind_nn(py::module_& m);
void bind_spatial_ops(py::module_& m);
void bind_ctc(py::module_& m);
void bind_creation(py::module_& m);
void bind_decompositions(py::module_& m);
void bind_signal(py::module_& m);
void bind_joining(py::module_& m);
void bind_ranges(py::module_& m);
void bind_classes(py::module_& m);
void bind_statistics(py::module_& m);
void bind_math(py::module_& m);

}  // namespace lamina::python
