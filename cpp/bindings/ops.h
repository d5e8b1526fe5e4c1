// What the bindings of operations share; each family has a file ops_<family>.cpp.
#pragma once
#include "bindings.h"

namespace lamina::python {

using py::arg;

inline Tensor T(const py::object& o) { return as_tensor(o); }
inline Axes opt_axes(const py::object& o) { return as_axes(o); }
std::optional<int64_t> opt_int(const py::object& o);

void bind_elementwise(py::module_& m);
void bind_reductions(py::module_& m);
void bind_linalg(py::module_& m);
void bind_shape_ops(py::module_& m);
void bind_index_ops(py::module_& m);
void bind_nn(py::module_& m);
void bind_spatial_ops(py::module_& m);
void bind_ctc(py::module_& m);
void bind_creation(py::module_& m);

}  // namespace lamina::python
