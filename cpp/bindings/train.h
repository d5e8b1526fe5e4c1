// Shared by the bindings of training.
#pragma once
#include "python_self.h"

namespace lamina::python {

void bind_losses(py::module_& m);
void bind_metrics(py::module_& m);

py::dict logs_dict(const Logs& logs);

void bind_optimizers(py::module_& m);

inline py::object take(const py::kwargs& kwargs, const char* key, py::object otherwise) {
  return kwargs.contains(key) && !kwargs[key].is_none() ? py::object(kwargs[key]) : otherwise;
}
// A positional or keyword argument of a constructor; None where it is not given.
inline py::object argument(const py::args& args, const py::kwargs& kwargs, size_t i,
                           const char* key) {
  return args.size() > i ? py::object(args[i]) : take(kwargs, key, py::none());
}

// Defaults of the native class a Python class stands for.
template <class Classes>
Config defaults_of(const Classes& classes, const std::string& name) {
  for (auto& c : classes)
    if (c.name == name) return c.defaults();
  throw Error("unknown class '" + name + "'");
}

// Name -> (default arguments, documentation, name of the function form).
template <class Classes>
py::dict listing(const Classes& classes) {
  py::dict out;
  for (auto& c : classes) {
    std::string function;
    if constexpr (requires { c.function; }) function = c.function;
    out[py::str(c.name)] = py::make_tuple(from_config_object(c.defaults()), c.doc, function);
  }
  return out;
}

// The native class that a Python class is or derives from, or None.
inline py::object native_name(py::handle self) {
  return py::getattr(py::type::of(self), "_lamina_class", py::none());
}
// Whether the class is the native one itself, so that no method of it is written in Python.
inline bool is_native(py::handle self) {
  return py::type::of(self).attr("__dict__").contains("_lamina_class");
}

}  // namespace lamina::python
