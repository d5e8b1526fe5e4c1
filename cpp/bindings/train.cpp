// Losses, metrics, optimizers, and the adapter for Python callbacks.
#include "train.h"

namespace lamina::python {

namespace {

class PythonLoss : public Loss, public PythonSelf {
 public:
  PythonLoss(py::handle self, std::string name, std::string reduction)
      : Loss(std::move(name), std::move(reduction)), PythonSelf(self) {}
  std::string class_name() const override {
    py::gil_scoped_acquire gil;
    return class_name_of(self());
  }
  Tensor call(const Tensor& y_true, const Tensor& y_pred) const override {
    py::gil_scoped_acquire gil;
    return as_tensor(self().attr("call")(y_true, y_pred), "loss");
  }
  Config get_config() const override {
    py::gil_scoped_acquire gil;
    return as_config(self().attr("get_config")());
  }
};

class PythonMetric : public Metric, public PythonSelf {
 public:
  PythonMetric(py::handle self, std::string name) : Metric(std::move(name)), PythonSelf(self) {}
  std::string class_name() const override {
    py::gil_scoped_acquire gil;
    return class_name_of(self());
  }
  void update_state(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override {
    py::gil_scoped_acquire gil;
    py::object w = weight.defined() ? py::cast(weight) : py::none();
    self().attr("update_state")(y_true, y_pred, py::arg("sample_weight") = w);
  }
  Tensor result() const override {
    py::gil_scoped_acquire gil;
    return as_tensor(self().attr("result")(), "result");
  }
  Variable add(const Shape& shape, const std::string& name, DType dtype) {
    return add_variable(shape, name, dtype);
  }
  void reset_state() override {
    py::gil_scoped_acquire gil;
    self().attr("reset_state")();
  }
  void reset_variables() { Metric::reset_state(); }
};

py::object take(const py::kwargs& kwargs, const char* key, py::object otherwise) {
  return kwargs.contains(key) && !kwargs[key].is_none() ? py::object(kwargs[key]) : otherwise;
}

// Defaults of the native class a Python class stands for.
template <class Classes>
Config defaults_of(const Classes& classes, const std::string& name) {
  for (auto& c : classes)
    if (c.name == name) return c.defaults();
  throw Error("unknown class '" + name + "'");
}

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

py::object native_name(py::handle self) {
  return py::getattr(py::type::of(self), "_lamina_class", py::none());
}

Tensor reduced(const py::object& x) { return as_tensor(x, "values"); }

}  // namespace

Logs logs_from(const py::handle& dict) {
  Logs out;
  for (auto [k, v] : dict.cast<py::dict>())
    out.emplace_back(py::str(k), py::float_(py::reinterpret_borrow<py::object>(v)).cast<double>());
  return out;
}

py::dict logs_dict(const Logs& logs) {
  py::dict d;
  for (auto& [k, v] : logs) d[py::str(k)] = v;
  return d;
}

void bind_train(py::module_& m) {
  py::class_<Loss, std::shared_ptr<Loss>> loss(
      m, "Loss", py::dynamic_attr(), collectable<Loss>(),
      "A loss: call(y_true, y_pred) gives one value a sample, which is weighted and reduced.");
  loss.def(
      "__init__",
      [](py::detail::value_and_holder& v_h, const py::args& args, const py::kwargs& kwargs) {
        py::handle self(reinterpret_cast<PyObject*>(v_h.inst));
        py::object native = native_name(self);
        if (native.is_none()) {
          std::string name = args.size() > 0 && !args[0].is_none()
                                 ? args[0].cast<std::string>()
                                 : take(kwargs, "name", py::str(to_snake_case(class_name_of(self))))
                                       .cast<std::string>();
          return set_instance<Loss>(
              v_h,
              std::make_shared<PythonLoss>(
                  self, name,
                  take(kwargs, "reduction", py::str("sum_over_batch_size")).cast<std::string>()));
        }
        std::string name = native.cast<std::string>();
        Config config = bind_arguments(name, defaults_of(loss_classes(), name), args, kwargs);
        set_instance<Loss>(v_h,
                           make_loss(Config::object({{"class_name", name}, {"config", config}})));
      },
      py::detail::is_new_style_constructor());
  loss.def(
      "__call__",
      [](const Loss& l, const py::object& y_true, const py::object& y_pred, const py::object& w) {
        return l(as_tensor(y_true, "y_true"), as_tensor(y_pred, "y_pred"),
                 as_optional_tensor(w, "sample_weight"));
      },
      py::arg("y_true"), py::arg("y_pred"), py::arg("sample_weight") = py::none());
  loss.def(
      "call",
      [](const Loss& l, const py::object& y_true, const py::object& y_pred) {
        return l.call(as_tensor(y_true, "y_true"), as_tensor(y_pred, "y_pred"));
      },
      py::arg("y_true"), py::arg("y_pred"), "One value for each sample.");
  loss.def("get_config", [](const Loss& l) {
    if (dynamic_cast<const PythonSelf*>(&l))
      return from_config_object(Config::object({{"name", l.name()}, {"reduction", l.reduction()}}));
    return from_config_object(l.get_config());
  });
  loss.def_property_readonly("name", [](const Loss& l) { return l.name(); });
  loss.def_property_readonly("reduction", [](const Loss& l) { return l.reduction(); });
  m.def("loss_classes", [] { return listing(loss_classes()); });
  m.def("function_loss", [](const std::string& name, const py::function& fn) {
    auto held = std::make_shared<py::object>(fn);
    return function_loss(name, [held](const Tensor& y_true, const Tensor& y_pred) {
      py::gil_scoped_acquire gil;
      return as_tensor((*held)(y_true, y_pred), "loss");
    });
  });
  m.def("make_loss", [](const py::object& c) { return make_loss(as_config(c)); });

  py::class_<Metric, std::shared_ptr<Metric>> metric(
      m, "Metric", py::dynamic_attr(), collectable<Metric>(),
      "A metric: update_state() takes in a batch, result() gives the value so far.");
  metric.def(
      "__init__",
      [](py::detail::value_and_holder& v_h, const py::args& args, const py::kwargs& kwargs) {
        py::handle self(reinterpret_cast<PyObject*>(v_h.inst));
        py::object native = native_name(self);
        if (native.is_none()) {
          std::string name = args.size() > 0 && !args[0].is_none()
                                 ? args[0].cast<std::string>()
                                 : take(kwargs, "name", py::str(to_snake_case(class_name_of(self))))
                                       .cast<std::string>();
          return set_instance<Metric>(v_h, std::make_shared<PythonMetric>(self, name));
        }
        std::string name = native.cast<std::string>();
        Config config = bind_arguments(name, defaults_of(metric_classes(), name), args, kwargs);
        set_instance<Metric>(
            v_h, make_metric(Config::object({{"class_name", name}, {"config", config}})));
      },
      py::detail::is_new_style_constructor());
  metric.def("update_state", [](Metric& x, const py::args& args, const py::kwargs& kwargs) {
    NoGrad off;
    py::object w = take(kwargs, "sample_weight", py::none());
    std::vector<py::object> values;
    for (auto a : args) values.push_back(py::reinterpret_borrow<py::object>(a));
    for (const char* k : {"values", "y_true", "y_pred"})
      if (kwargs.contains(k)) values.push_back(kwargs[k]);
    if (auto* mean = dynamic_cast<MeanMetric*>(&x);
        mean && x.class_name() == "Mean" && !values.empty()) {
      if (values.size() > 1) w = values[1];
      return mean->update(reduced(values[0]), as_optional_tensor(w, "sample_weight"));
    }
    if (values.size() == 1)
      return x.update_state(reduced(values[0]), {}, as_optional_tensor(w, "sample_weight"));
    if (values.size() > 2) w = values[2];
    if (values.size() < 2)
      throw Error("Metric.update_state: expected y_true and y_pred", Error::Kind::kType);
    if (dynamic_cast<PythonSelf*>(&x))
      throw Error("Metric: a subclass must define update_state()", Error::Kind::kUnsupported);
    x.update_state(as_tensor(values[0], "y_true"), as_tensor(values[1], "y_pred"),
                   as_optional_tensor(w, "sample_weight"));
  });
  metric.def("result", [](const Metric& x) {
    if (dynamic_cast<const PythonSelf*>(&x))
      throw Error("Metric: a subclass must define result()", Error::Kind::kUnsupported);
    return x.result();
  });
  metric.def("reset_state", [](Metric& x) {
    if (auto* p = dynamic_cast<PythonMetric*>(&x))
      p->reset_variables();
    else
      x.reset_state();
  });
  metric.def("__call__",
             [](const py::object& self, const py::args& args, const py::kwargs& kwargs) {
               self.attr("update_state")(*args, **kwargs);
               return self.attr("result")();
             });
  auto add_variable = [](Metric& x, const py::object& shape, const py::object&,
                         const py::object& dtype, const std::string& name) {
    auto* p = dynamic_cast<PythonMetric*>(&x);
    if (!p) throw Error("add_variable: only for metrics of your own");
    return p->add(shape.is_none() ? Shape{} : as_shape(shape), name, as_dtype(dtype));
  };
  metric.def("add_variable", add_variable, py::arg("shape") = py::none(),
             py::arg("initializer") = py::none(), py::arg("dtype") = py::none(),
             py::arg("name") = "variable",
             "A state variable, zero at first and after reset_state().");
  metric.def("add_weight", add_variable, py::arg("shape") = py::none(),
             py::arg("initializer") = py::none(), py::arg("dtype") = py::none(),
             py::arg("name") = "variable");
  metric.def_property("name", [](const Metric& x) { return x.name(); }, &Metric::set_name);
  metric.def_property_readonly("variables", [](const Metric& x) { return x.variables(); });
  metric.def("get_config", [](const Metric& x) {
    return from_config_object(dynamic_cast<const PythonSelf*>(&x) ? x.Metric::get_config()
                                                                  : x.get_config());
  });
  m.def("metric_classes", [] { return listing(metric_classes()); });
  m.def("function_metric", [](const std::string& name, const py::function& fn) {
    auto held = std::make_shared<py::object>(fn);
    return function_metric(name, [held](const Tensor& y_true, const Tensor& y_pred) {
      py::gil_scoped_acquire gil;
      return as_tensor((*held)(y_true, y_pred), "metric");
    });
  });
  m.def("make_metric", [](const py::object& c) { return make_metric(as_config(c)); });

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
