// Optimizers, and logs in Python.
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

  py::class_<Optimizer, std::shared_ptr<Optimizer>> opt(m, "Optimizer", py::dynamic_attr(),
                                                        "Updates variables from their gradients.");
  opt.def(
      "__init__",
      [](py::detail::value_and_holder& v_h, const py::args& args, const py::kwargs& kwargs) {
        py::handle self(reinterpret_cast<PyObject*>(v_h.inst));
        py::object native = native_name(self);
        if (native.is_none())
          throw Error("Optimizer: use one of lamina.optimizers", Error::Kind::kType);
        std::string name = native.cast<std::string>();
        Config config = bind_arguments(name, defaults_of(optimizer_classes(), name), args, kwargs);
        set_instance<Optimizer>(
            v_h, make_optimizer(Config::object({{"class_name", name}, {"config", config}})));
      },
      py::detail::is_new_style_constructor());
  opt.def_property(
      "learning_rate", &Optimizer::learning_rate,
      [](Optimizer& o, const py::object& v) { o.set_learning_rate(py::float_(v).cast<double>()); },
      "Step size; may be set at any time.");
  opt.def_property("lr", &Optimizer::learning_rate, [](Optimizer& o, const py::object& v) {
    o.set_learning_rate(py::float_(v).cast<double>());
  });
  opt.def_property_readonly("iterations", &Optimizer::iterations, "Steps taken.");
  opt.def_property_readonly("name", [](const Optimizer& o) { return o.name(); });
  opt.def_property_readonly("variables", [](const Optimizer& o) {
    py::list out;
    for (auto& [name, v] : o.variables()) out.append(v);
    return out;
  });
  opt.def("build", &Optimizer::build, py::arg("variables"), "Make the state for these variables.");
  auto apply = [](Optimizer& o, const py::object& grads, const py::object& vars) {
    Tensors gs;
    std::vector<Variable> vs;
    for (auto g : grads) gs.push_back(as_optional_tensor(g, "gradient"));
    for (auto v : vars) vs.push_back(v.cast<Variable>());
    o.apply(gs, vs);
  };
  opt.def("apply", apply, py::arg("grads"), py::arg("trainable_variables"),
          "One step with these gradients.");
  opt.def(
      "apply_gradients",
      [apply](Optimizer& o, const py::object& pairs) {
        py::list gs, vs;
        for (auto p : pairs) {
          auto pair = p.cast<py::tuple>();
          gs.append(pair[0]), vs.append(pair[1]);
        }
        apply(o, gs, vs);
      },
      py::arg("grads_and_vars"), "One step with (gradient, variable) pairs.");
  opt.def(
      "exclude_from_weight_decay",
      [](Optimizer& o, const py::object& vars, const py::object& names) {
        std::vector<std::string> patterns;
        if (!vars.is_none())
          for (auto v : vars) patterns.push_back(v.cast<Variable>().path());
        if (!names.is_none())
          for (auto n : names) patterns.push_back(n.cast<std::string>());
        o.exclude_from_weight_decay(patterns);
      },
      py::arg("var_list") = py::none(), py::arg("var_names") = py::none(),
      "Variables that weight decay leaves alone, themselves or by a part of their path.");
  opt.def("get_config", [](const Optimizer& o) { return from_config_object(o.get_config()); });
  opt.def_property_readonly("class_name", &Optimizer::class_name);
  m.def("optimizer_classes", [] { return listing(optimizer_classes()); });
  m.def("make_optimizer", [](const py::object& c) { return make_optimizer(as_config(c)); });
}

}  // namespace lamina::python
