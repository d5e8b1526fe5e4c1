#include <cstdlib>
#include <cstring>

#include "bindings.h"
#include "generation.h"

namespace lamina::python {

namespace {

void translate(std::exception_ptr p) {
  try {
    if (p) std::rethrow_exception(p);
  } catch (const Error& e) {
    PyObject* type = PyExc_ValueError;
    switch (e.kind()) {
      case Error::Kind::kType:
        type = PyExc_TypeError;
        break;
      case Error::Kind::kIndex:
        type = PyExc_IndexError;
        break;
      case Error::Kind::kIO:
        type = PyExc_OSError;
        break;
      case Error::Kind::kRuntime:
        type = PyExc_RuntimeError;
        break;
      case Error::Kind::kUnsupported:
        type = PyExc_NotImplementedError;
        break;
      default:
        break;
    }
    PyErr_SetString(type, e.what());
  }
}

// Puts "name(arguments)\n--\n\n" before a function's docstring: that is where Python's inspect
// looks. pybind11 releases the text with free().
void set_text_signature(const py::handle& function, const std::string& signature) {
  if (!PyCFunction_Check(function.ptr()))
    throw Error("_set_text_signature: expected a built-in function", Error::Kind::kType);
  PyMethodDef* method = reinterpret_cast<PyCFunctionObject*>(function.ptr())->m_ml;
  const char* old = method->ml_doc;
  method->ml_doc = strdup((signature + "\n--\n\n" + (old ? old : "")).c_str());
  std::free(const_cast<char*>(old));
}

}  // namespace

}  // namespace lamina::python

PYBIND11_MODULE(_core, m) {
  using namespace lamina;
  m.doc() = "The C++ core of lamina.";
  py::register_exception_translator(&lamina::python::translate);
  python::bind_tensor(m);
  python::bind_ragged(m);
  python::bind_ops(m);
  py::module_ random = m.def_submodule("random", "Random numbers.");
  python::bind_random(random);
  py::module_ image = m.def_submodule("image", "Operations on images.");
  python::bind_image_ops(image);
  py::module_ decoding = m.def_submodule("decoding", "Decoding.");
  python::bind_generation(decoding);
  python::bind_autograd(m);
  python::bind_layers(m);
  python::bind_preprocessing(m);
  python::bind_train(m);
  python::bind_model(m);
  python::bind_decoding(m);
  m.def("_set_text_signature", &python::set_text_signature);
  m.def("version", &version);
  m.def("cpu_isa", &cpu_isa, "Instruction set of the kernels in use: baseline, avx2 or avx512.");
  m.def("set_num_threads", &set_num_threads, py::arg("n"), "Threads that one operation may use.");
  m.def("num_threads", &num_threads, "Threads that one operation may use.");
  m.def("set_debug_nans", &set_debug_nans, py::arg("on"),
        "Raise an error that names the operation and layer which makes the first NaN.");
  m.def("debug_nans", &debug_nans);
  m.def(
      "floatx", [] { return dtype_name(floatx()); },
      "Name of the dtype of tensors and layers that are given none.");
  m.def("dtype_policy", &dtype_policy,
        "How layers compute that are given no dtype: see set_dtype_policy().");
  m.def("set_dtype_policy", &set_dtype_policy, py::arg("policy"),
        R"(Sets how layers compute that are given no dtype of their own.

Args:
    policy: "float32" or another float type for weights and computation; or "mixed_bfloat16":
        weights, activations and sums in float32, but matrix products of dense and attention layers
        take their operands as bfloat16 where the CPU has instructions for that (avx512_bf16).
        Elsewhere it computes as float32 does. No loss scaling is needed.

Raises:
    TypeError: An unknown name.
    NotImplementedError: "mixed_float16".)");
  m.def(
      "set_floatx", [](const std::string& name) { set_floatx(dtype_from_name(name)); },
      py::arg("value"), "Set the dtype of tensors and layers that are given none.");
}
