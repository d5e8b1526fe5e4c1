// Losses, metrics, optimizers and logs in Python.
#include "train.h"

namespace lamina::python {

py::dict logs_dict(const Logs& logs) {
  py::dict d;
  for (auto& [k, v] : logs) {
    if (v.scalar)
      d[py::str(k)] = v.values[0];
    else
      d[py::str(k)] =
          py::array_t<double>(static_cast<py::ssize_t>(v.values.size()), v.values.data());
  }
  return d;
}

void bind_train(py::module_& m) {
  bind_losses(m);
  bind_metrics(m);
  bind_optimizers(m);
}

}  // namespace lamina::python
