// lamina.decoding.
#pragma once
#include "bindings.h"

namespace lamina::python {

void bind_generation(py::module_& m);

}  // namespace lamina::python
