// Differentiation and capture.
#include "bindings.h"

namespace lamina::python {

void bind_autograd(py::module_& m) {
  struct GradMode {
    bool enable;
    std::unique_ptr<NoGrad> guard;
  };
  py::class_<GradMode>(m, "GradMode", "Context that turns the recording of operations off or on.")
      .def(py::init(
          [](bool enable) { return std::make_unique<GradMode>(GradMode{enable, nullptr}); }))
      .def("__enter__", [](GradMode& g) { g.guard = std::make_unique<NoGrad>(g.enable); })
      .def("__exit__", [](GradMode& g, const py::args&) { g.guard.reset(); });
  m.def("grad_enabled", &grad_enabled, "Whether operations are recorded on this thread.");
  m.def(
      "gradients",
      [](const Tensors& outputs, const Tensors& inputs, const std::vector<py::object>& grads,
         bool create_graph) {
        Tensors g;
        for (auto& x : grads) g.push_back(as_optional_tensor(x, "grad_outputs"));
        py::list out;
        for (auto& t : gradients(outputs, inputs, g, create_graph))
          out.append(t.defined() ? py::cast(t) : py::none());
        return out;
      },
      py::arg("outputs"), py::arg("inputs"), py::arg("grad_outputs") = std::vector<py::object>{},
      py::arg("create_graph") = false,
      "Gradients of the outputs' weighted sum with respect to the inputs; None where there is no "
      "path.");
  m.def(
      "custom_gradient",
      [](const py::function& forward, const Tensors& inputs) {
        // forward(*inputs) -> (outputs, grad_fn), as in Keras.
        auto rule = std::make_shared<py::object>();
        auto single = std::make_shared<bool>(true);
        Tensors outs = custom_gradient(
            [&](const Tensors& xs) {
              py::tuple args(xs.size());
              for (size_t i = 0; i < xs.size(); ++i) args[i] = xs[i];
              py::object result = forward(*args);
              if (!py::isinstance<py::tuple>(result) || py::len(result) != 2)
                throw Error(
                    "custom_gradient: the function must return (outputs, gradient function)",
                    Error::Kind::kType);
              *rule = result[py::int_(1)];
              return as_tensors(result[py::int_(0)], single.get(), "outputs");
            },
            [rule](const Tensors&, const Tensors&, const Tensors& grads) {
              py::gil_scoped_acquire gil;
              py::tuple args(grads.size());
              for (size_t i = 0; i < grads.size(); ++i) args[i] = grads[i];
              py::object result = (*rule)(*args);
              Tensors out;
              if (py::isinstance<py::tuple>(result) || py::isinstance<py::list>(result)) {
                for (auto g : result) out.push_back(as_optional_tensor(g, "gradient"));
              } else {
                out.push_back(as_optional_tensor(result, "gradient"));
              }
              return out;
            },
            inputs);
        return from_tensors(outs, *single);
      },
      py::arg("forward"), py::arg("inputs"));
  py::class_<Function>(m, "Function", "A captured callable on tensors.")
      .def(py::init([](const py::function& body) {
        return std::make_unique<Function>([body](const Tensors& args) {
          py::gil_scoped_acquire gil;
          py::list list;
          for (auto& t : args) list.append(t);
          Tensors out;
          for (auto t : body(list)) out.push_back(as_tensor(t, "result"));
          return out;
        });
      }))
      .def(
          "__call__", [](Function& f, const Tensors& args) { return f(args); },
          py::call_guard<py::gil_scoped_release>())
      .def("captures", &Function::captures, "Number of signatures captured so far.")
      .def("program", &Function::program, "The captured steps for these arguments, one a line.");
}

}  // namespace lamina::python
