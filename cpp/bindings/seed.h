// Seeds in Python.
#pragma once
#include "bindings.h"

namespace lamina::python {

// Of None (none: the global generator), an integer (the same numbers each time) or a SeedGenerator,
// which must outlive the result.
std::shared_ptr<random::SeedGenerator> as_seed(const py::object& seed);

}  // namespace lamina::python
