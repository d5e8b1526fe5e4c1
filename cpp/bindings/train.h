// Shared by the bindings of training.
#pragma once
#include "python_self.h"

namespace lamina::python {

Logs logs_from(const py::handle& dict);
py::dict logs_dict(const Logs& logs);

}  // namespace lamina::python
