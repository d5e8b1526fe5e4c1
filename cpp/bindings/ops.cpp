// lamina.ops: the families of operations, each bound in a file of its own.
#include "ops.h"

namespace lamina::python {

std::optional<int64_t> opt_int(const py::object& o) {
  if (o.is_none()) return {};
  return py::module_::import("operator").attr("index")(o).cast<int64_t>();
}

Tensors tensor_list(const py::object& xs) {
  if (py::isinstance<Tensor>(xs)) return unstack(xs.cast<Tensor>());
  Tensors out;
  for (auto x : xs) out.push_back(as_tensor(x));
  return out;
}

void bind_ops(py::module_& m) {
  bind_elementwise(m);
  bind_reductions(m);
  bind_linalg(m);
  bind_shape_ops(m);
  bind_index_ops(m);
  bind_nn(m);
  bind_spatial_ops(m);
  bind_ctc(m);
  bind_creation(m);
  bind_decompositions(m);
  bind_signal(m);
  bind_joining(m);
  bind_ranges(m);
  bind_classes(m);
  bind_statistics(m);
  bind_math(m);
  m.def("op_names", &op_names, "Names of the operations in the core's table.");
}

}  // namespace lamina::python
