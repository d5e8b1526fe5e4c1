// Classes whose methods may be written in Python: the C++ object holds its Python self.
//
// The two keep each other alive: C++ owners of the object keep the Python attributes, the Python
// object keeps the C++ one. Python's garbage collector is told of the C++ side's reference only
// while nothing else in C++ owns the object, so such a pair is freed exactly when neither side
// needs it.
#pragma once
#include "bindings.h"

namespace lamina::python {

class PythonSelf {
 public:
  explicit PythonSelf(py::handle self) : self_(self.ptr()) { Py_INCREF(self_); }
  virtual ~PythonSelf() { release(); }
  py::handle self() const { return self_; }
  PyObject* pointer() const { return self_; }
  void release() {
    if (!self_ || !Py_IsInitialized()) return;
    py::gil_scoped_acquire gil;
    PyObject* s = self_;
    self_ = nullptr;
    Py_DECREF(s);
  }
  // The Python method `name` where a class below `base` defines it.
  py::object overridden(const char* name, py::handle base) const {
    py::object method = py::type::of(self()).attr(name);
    if (py::hasattr(base, name) && method.is(py::object(base.attr(name)))) return py::none();
    return py::reinterpret_borrow<py::object>(self()).attr(name);
  }

 private:
  PyObject* self_;
};

// Stores a shared pointer in a Python instance that is being initialized.
template <class Base>
void set_instance(py::detail::value_and_holder& v_h, std::shared_ptr<Base> pointer) {
  v_h.value_ptr() = pointer.get();
  v_h.type->init_instance(v_h.inst, &pointer);
}

// The C++ object of an instance, and how many owners it has. The bound type of the instance may be
// a class derived from Base, whose holder is of another type; Base lies at its start in any case.
template <class Base>
std::pair<Base*, long> owned(PyObject* o) {
  // While the first instance of a class is being made, the collector may meet it without a place
  // for what it holds.
  auto* instance = reinterpret_cast<py::detail::instance*>(o);
  if (!instance->simple_layout && !instance->nonsimple.values_and_holders) return {nullptr, 0};
  if (!py::detail::is_holder_constructed(o)) return {nullptr, 0};
  auto v_h = instance->get_value_and_holder();
  auto* base = static_cast<Base*>(v_h.value_ptr());
  if constexpr (requires { base->weak_from_this(); })
    return {base, base->weak_from_this().use_count()};
  else
    return {base, v_h.template holder<std::shared_ptr<Base>>().use_count()};
}

// Garbage collection for a class_<Base, std::shared_ptr<Base>> and the classes derived from it.
template <class Base>
py::custom_type_setup collectable() {
  return py::custom_type_setup([](PyHeapTypeObject* heap) {
    PyTypeObject* type = &heap->ht_type;
    static traverseproc inner_traverse = nullptr;
    static inquiry inner_clear = nullptr;
    inner_traverse = type->tp_flags & Py_TPFLAGS_HAVE_GC ? type->tp_traverse : nullptr;
    inner_clear = type->tp_flags & Py_TPFLAGS_HAVE_GC ? type->tp_clear : nullptr;
    type->tp_flags |= Py_TPFLAGS_HAVE_GC;
    type->tp_traverse = [](PyObject* o, visitproc visit, void* arg) {
      // What dynamic_attr set up: the attribute dictionary (and the type).
      if (inner_traverse) {
        if (int r = inner_traverse(o, visit, arg)) return r;
      }
#if PY_VERSION_HEX >= 0x03090000
      else
        Py_VISIT(Py_TYPE(o));
#endif
      auto [base, owners] = owned<Base>(o);
      auto* self = dynamic_cast<PythonSelf*>(base);
      if (self && owners == 1) Py_VISIT(self->pointer());
      return 0;
    };
    type->tp_clear = [](PyObject* o) {
      if (inner_clear) inner_clear(o);
      if (auto* self = dynamic_cast<PythonSelf*>(owned<Base>(o).first)) self->release();
      return 0;
    };
  });
}

// Arguments of a Python call as a Config, named by position from `defaults`.
Config bind_arguments(const std::string& owner, const Config& defaults, const py::args& args,
                      const py::kwargs& kwargs);

// A layer on its way from C++ to its Python class.
struct LayerRef {
  LayerPtr layer;
};

// A Python object for a layer that C++ made, of the Python class of that name.
py::object wrap_layer(const LayerPtr& layer);
// "MyLayer" or "package>MyLayer", the name under which a Python class is registered.
std::string class_name_of(py::handle self);

// Dispatch of build, call and get_config to Python, for Layer and Model alike.
void python_build(const PythonSelf& self, py::handle base, const std::vector<Shape>& shapes,
                  const std::function<void()>& otherwise);
Tensors python_call(const PythonSelf& self, const Tensors& inputs, const CallArgs& args);
Tensors python_compute_mask(const PythonSelf& self, py::handle base, const Tensors& inputs,
                            const Tensors& masks, const std::function<Tensors()>& otherwise);
Config python_config(const PythonSelf& self, py::handle base,
                     const std::function<Config()>& otherwise);

}  // namespace lamina::python
