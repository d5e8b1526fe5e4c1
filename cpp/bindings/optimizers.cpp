// Optimizers and learning-rate schedules, native ones and those written in Python.
#include "train.h"

namespace lamina::python {

namespace {

py::handle optimizer_base() {
  py::gil_scoped_acquire gil;
  static PyObject* base =
      py::object(py::module_::import("lamina._core").attr("Optimizer")).release().ptr();
  return base;
}

py::list variables_list(const std::vector<Variable>& vs) {
  py::list out;
  for (auto& v : vs) out.append(v);
  return out;
}

std::vector<Variable> variables_from(const py::object& list) {
  std::vector<Variable> out;
  if (!list.is_none())
    for (auto v : list) out.push_back(v.cast<Variable>());
  return out;
}

// ---- schedules ----------------------------------------------------------------------------------

class PythonSchedule : public LearningRateSchedule, public PythonSelf {
 public:
  explicit PythonSchedule(py::handle self) : PythonSelf(self) {}
  std::string class_name() const override {
    py::gil_scoped_acquire gil;
    return class_name_of(self());
  }
  Tensor operator()(const Tensor& step) const override {
    py::gil_scoped_acquire gil;
    return as_tensor(self()(step), "learning rate");
  }
  Config get_config() const override {
    py::gil_scoped_acquire gil;
    return as_config(self().attr("get_config")());
  }
};

// A function without arguments that gives the rate; called when a step is captured.
class FunctionSchedule : public LearningRateSchedule {
 public:
  explicit FunctionSchedule(py::object fn) : fn_(held_object(std::move(fn))) {
    name_ = py::module_::import("lamina._layer").attr("name_callable")(*fn_).cast<std::string>();
    register_schedule(name_, [held = fn_](const Config&) -> SchedulePtr {
      py::gil_scoped_acquire gil;
      return std::make_shared<FunctionSchedule>(*held);
    });
  }
  std::string class_name() const override { return name_; }
  Tensor operator()(const Tensor&) const override {
    py::gil_scoped_acquire gil;
    return as_tensor((*fn_)(), "learning rate");
  }
  Config get_config() const override { return Config::object(); }

 private:
  std::shared_ptr<py::object> fn_;
  std::string name_;
};

// Null for what is no schedule and no function.
SchedulePtr schedule_from(const py::handle& value) {
  if (py::isinstance<LearningRateSchedule>(value)) return value.cast<SchedulePtr>();
  if (PyCallable_Check(value.ptr()) && !py::isinstance<Tensor>(value) &&
      !py::isinstance<Variable>(value))
    return std::make_shared<FunctionSchedule>(py::reinterpret_borrow<py::object>(value));
  return nullptr;
}

void bind_schedules(py::module_& m) {
  py::class_<LearningRateSchedule, SchedulePtr> s(
      m, "LearningRateSchedule", py::dynamic_attr(), collectable<LearningRateSchedule>(),
      "A learning rate that depends on the number of steps taken.\n\n"
      "Subclass it with __call__(step), written with lamina.ops, and get_config(). `step` is a\n"
      "scalar tensor; a captured training step evaluates the rate anew each time.");
  s.def(
      "__init__",
      [](py::detail::value_and_holder& v_h, const py::args& args, const py::kwargs& kwargs) {
        if (v_h.holder_constructed()) return;  // made before the constructor of one's own class
        py::handle self(reinterpret_cast<PyObject*>(v_h.inst));
        py::object native = native_name(self);
        if (native.is_none())
          return set_instance<LearningRateSchedule>(v_h, std::make_shared<PythonSchedule>(self));
        std::string name = native.cast<std::string>();
        Config config = bind_arguments(name, defaults_of(schedule_classes(), name), args, kwargs);
        set_instance<LearningRateSchedule>(
            v_h, make_schedule(Config::object({{"class_name", name}, {"config", config}})));
      },
      py::detail::is_new_style_constructor());
  s.def(
      "__call__",
      [](const LearningRateSchedule& x, const py::object& step) {
        if (dynamic_cast<const PythonSelf*>(&x))
          throw Error("Learning rate schedule '" + x.class_name() +
                          "' must override `__call__(self, step)`",
                      Error::Kind::kUnsupported);
        NoGrad off;
        return cast(x(as_tensor(step, "step")), floatx());
      },
      py::arg("step"), "The rate after `step` steps.");
  s.def("get_config", [](const LearningRateSchedule& x) {
    if (dynamic_cast<const PythonSelf*>(&x))
      throw Error("Learning rate schedule '" + x.class_name() +
                      "' must override `get_config()` in order to be serializable",
                  Error::Kind::kUnsupported);
    return from_config_object(x.get_config());
  });
  s.def_property_readonly("class_name", &LearningRateSchedule::class_name);
  m.def("schedule_classes", [] { return listing(schedule_classes()); });
  m.def("make_schedule", [](const py::object& c) { return make_schedule(as_config(c)); });
  m.def("register_schedule", [](const std::string& name, const py::function& factory) {
    register_schedule(name, [factory](const Config& c) -> SchedulePtr {
      py::gil_scoped_acquire gil;
      return factory(from_config_object(c)).cast<SchedulePtr>();
    });
  });
}

// ---- optimizers written in Python ---------------------------------------------------------------

class PythonOptimizer : public Optimizer, public PythonSelf {
 public:
  PythonOptimizer(py::handle self, const OptimizerOptions& o)
      : Optimizer(class_name_of(self), o), PythonSelf(self) {}
  std::string class_name() const override {
    py::gil_scoped_acquire gil;
    return class_name_of(self());
  }
  Config get_config() const override {
    py::gil_scoped_acquire gil;
    return as_config(self().attr("get_config")());
  }
  // What super().build() does.
  void base_build(const std::vector<Variable>& variables) {
    if (built_) return;
    Optimizer::make_state(variables);
    built_ = true;
  }

 protected:
  void make_state(const std::vector<Variable>& variables) override {
    py::gil_scoped_acquire gil;
    py::object own = overridden("build", optimizer_base());
    if (own.is_none()) return Optimizer::make_state(variables);
    own(variables_list(variables));
    if (!built_) fail("optimizer '", name(), "': build() must call super().build(variables) first");
  }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>&) override {
    py::gil_scoped_acquire gil;
    py::object step = overridden("update_step", optimizer_base());
    if (step.is_none())
      throw Error(str("optimizer '", name(),
                      "': a subclass must define update_step(gradient, variable, learning_rate)"),
                  Error::Kind::kUnsupported);
    step(g, v, lr_);
  }
};

OptimizerPtr inner_from(const py::handle& value) {
  if (py::isinstance<Optimizer>(value)) return value.cast<OptimizerPtr>();
  return make_optimizer(as_config(value));
}

OptimizerPtr make_loss_scale(const py::args& args, py::kwargs kwargs) {
  py::object inner = args.empty() ? take(kwargs, "inner_optimizer", py::none()) : args[0];
  const std::string name = "LossScaleOptimizer";
  if (inner.is_none())
    throw Error(name + ": missing argument 'inner_optimizer'", Error::Kind::kType);
  py::list rest(args);
  if (rest.empty()) rest.append(py::none());
  rest[0] = "sgd";  // a stand-in: the object itself is kept
  kwargs.attr("pop")("inner_optimizer", py::none());
  Config c = bind_arguments(name, defaults_of(optimizer_classes(), name), py::tuple(rest), kwargs);
  OptimizerPtr made = make_optimizer(Config::object({{"class_name", name}, {"config", c}}));
  Config full = made->get_config();
  return std::make_shared<LossScaleOptimizer>(
      inner_from(inner), full.at("initial_scale").as_double(),
      full.at("dynamic_growth_steps").as_int(), full.at("name").as_string());
}

OptimizerPtr make_multi(const py::args& args, py::kwargs kwargs) {
  const std::string owner = "MultiOptimizer";
  py::object map = args.empty() ? take(kwargs, "optimizer_map", py::none()) : args[0];
  py::object scale = args.size() > 1 ? args[1] : take(kwargs, "loss_scale_factor", py::none());
  py::object name = args.size() > 2 ? args[2] : take(kwargs, "name", py::none());
  for (auto [key, value] : kwargs) {
    std::string k = py::str(key);
    if (k != "optimizer_map" && k != "loss_scale_factor" && k != "name")
      throw Error(owner + ": unexpected argument '" + k + "'", Error::Kind::kType);
  }
  auto factor = scale.cast<std::optional<double>>();
  auto called = name.cast<std::optional<std::string>>();
  if (py::isinstance<py::dict>(map))
    return make_optimizer(
        Config::object({{"class_name", owner},
                        {"config", Config::object({{"optimizer_map", as_config(map)},
                                                   {"loss_scale_factor", to_config(factor)},
                                                   {"name", to_config(called)}})}}));
  if (py::hasattr(map, "default_optimizer")) {
    OptimizerMap native(map.attr("default_optimizer").cast<OptimizerPtr>());
    for (auto item : map.attr("items")())
      native.set(item.cast<py::tuple>()[0].cast<std::string>(),
                 item.cast<py::tuple>()[1].cast<OptimizerPtr>());
    return std::make_shared<MultiOptimizer>(native, factor, called);
  }
  if (!PyCallable_Check(map.ptr()))
    throw Error(owner + ": expected an OptimizerMap or a function as optimizer_map",
                Error::Kind::kType);
  auto held = held_object(map);
  MultiOptimizer::Map of = [held](const Variable& v) -> OptimizerPtr {
    py::gil_scoped_acquire gil;
    py::object given = (*held)(v);
    if (!py::isinstance<Optimizer>(given))
      fail("MultiOptimizer: the optimizer for variable '", v.path(),
           "' is not an Optimizer instance");
    return given.cast<OptimizerPtr>();
  };
  return std::make_shared<MultiOptimizer>(of, factor, called);
}

OptimizerPtr make_native(const std::string& name, py::args args, py::kwargs kwargs) {
  if (name == "LossScaleOptimizer") return make_loss_scale(args, kwargs);
  if (name == "MultiOptimizer") return make_multi(args, kwargs);
  if (kwargs.contains("decay")) {
    warn("Argument `decay` is no longer supported and will be ignored");
    kwargs.attr("pop")("decay");
  }
  // Schedules and functions are kept themselves.
  SchedulePtr schedule;
  if (!args.empty()) {
    if ((schedule = schedule_from(args[0]))) {
      py::list rest(args);
      rest[0] = 0.0;
      args = py::args(py::tuple(rest));
    }
  } else if (kwargs.contains("learning_rate")) {
    if ((schedule = schedule_from(kwargs["learning_rate"]))) kwargs["learning_rate"] = 0.0;
  }
  Config config = bind_arguments(name, defaults_of(optimizer_classes(), name), args, kwargs);
  auto made = make_optimizer(Config::object({{"class_name", name}, {"config", config}}));
  if (schedule) made->set_learning_rate(schedule);
  return made;
}

OptimizerPtr make_own(py::handle self, const py::args& args, py::kwargs kwargs) {
  SchedulePtr schedule;
  py::list positional(args);
  if (!args.empty() && (schedule = schedule_from(args[0]))) positional[0] = 0.0;
  if (kwargs.contains("learning_rate") && (schedule = schedule_from(kwargs["learning_rate"])))
    kwargs["learning_rate"] = 0.0;
  const std::string name = class_name_of(self);
  Config c = bind_arguments(name, write_options(OptimizerOptions{}), py::tuple(positional), kwargs);
  auto made = std::make_shared<PythonOptimizer>(self, read_options<OptimizerOptions>(name, c));
  if (schedule) made->set_learning_rate(schedule);
  return made;
}

py::object rate_of(const Optimizer& o) {
  if (dynamic_cast<const MultiOptimizer*>(&o))
    throw py::attribute_error(
        "Learning rate cannot be accessed on a MultiOptimizer; read it of its optimizers");
  if (o.schedule()) {
    NoGrad off;
    return py::cast(o.current_rate());
  }
  return py::cast(o.learning_rate_variable());
}

void set_rate(Optimizer& o, const py::object& value) {
  if (dynamic_cast<MultiOptimizer*>(&o))
    throw py::attribute_error(
        "Learning rate cannot be set on a MultiOptimizer; set it on its optimizers");
  if (SchedulePtr schedule = schedule_from(value)) return o.set_learning_rate(schedule);
  o.set_learning_rate(py::float_(value).cast<double>());
}

void apply_gradients(Optimizer& o, const py::object& grads, const py::object& variables) {
  Tensors gs;
  std::vector<Variable> vs = variables_from(variables);
  std::string missing;
  for (auto g : grads) {
    gs.push_back(as_optional_tensor(g, "gradient"));
    if (!gs.back().defined() && gs.size() <= vs.size())
      missing += (missing.empty() ? "'" : ", '") + vs[gs.size() - 1].path() + "'";
  }
  o.apply(gs, vs);
  if (!missing.empty()) {
    std::string text =
        "Gradients do not exist for variables [" + missing + "] when minimizing the loss.";
    if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 1) != 0) throw py::error_already_set();
  }
}

}  // namespace

void bind_optimizers(py::module_& m) {
  bind_schedules(m);

  py::class_<Optimizer, std::shared_ptr<Optimizer>> opt(
      m, "Optimizer", py::dynamic_attr(), collectable<Optimizer>(),
      "Updates variables from their gradients.\n\n"
      "For a rule of one's own, subclass it: call super().__init__(learning_rate, ...), make the\n"
      "state in build(variables) after super().build(variables), and change the variable in\n"
      "update_step(gradient, variable, learning_rate), with lamina.ops.");
  opt.def(
      "__init__",
      [](py::detail::value_and_holder& v_h, const py::args& args, const py::kwargs& kwargs) {
        py::handle self(reinterpret_cast<PyObject*>(v_h.inst));
        py::object native = native_name(self);
        if (kwargs.contains("_existing"))
          return set_instance<Optimizer>(v_h, kwargs["_existing"].cast<OptimizerPtr>());
        py::kwargs named(kwargs.attr("copy")());
        if (native.is_none())
          set_instance<Optimizer>(v_h, make_own(self, args, named));
        else
          set_instance<Optimizer>(v_h, make_native(native.cast<std::string>(), args, named));
      },
      py::detail::is_new_style_constructor());
  opt.def_property("learning_rate", &rate_of, &set_rate,
                   "Step size: a variable, or a tensor where it follows a schedule. May be set at "
                   "any time.");
  opt.def_property("lr", &rate_of, &set_rate, "The same as learning_rate.");
  opt.def_property_readonly(
      "iterations",
      [](const Optimizer& o) -> py::object {
        if (o.options().gradient_accumulation_steps)
          return py::cast(floor_divide(o.iterations_variable().value(),
                                       Tensor(*o.options().gradient_accumulation_steps)));
        return py::cast(o.iterations_variable());
      },
      "Updates made, a variable; with gradient accumulation a tensor.");
  opt.def_property_readonly("name", [](const Optimizer& o) { return o.name(); });
  opt.def_property_readonly("built", &Optimizer::built);
  opt.def_property_readonly("variables", [](const Optimizer& o) {
    py::list out;
    for (auto& [name, v] : o.variables()) out.append(v);
    return out;
  });
  opt.def_property_readonly("_trainable_variables", [](const Optimizer& o) {
    return variables_list(o.trainable_variables());
  });
  opt.def_property_readonly("_averages",
                            [](const Optimizer& o) { return variables_list(o.averages()); });
  opt.def_property(
      "loss_scale_factor", [](const Optimizer& o) { return o.options().loss_scale_factor; },
      &Optimizer::set_loss_scale_factor, "Factor of the loss, or None.");
  opt.def(
      "build",
      [](Optimizer& o, const py::object& variables) {
        if (auto* p = dynamic_cast<PythonOptimizer*>(&o))
          p->base_build(variables_from(variables));
        else
          o.build(variables_from(variables));
      },
      py::arg("variables"), "Make the state for these variables.");
  opt.def("apply", &apply_gradients, py::arg("grads"), py::arg("trainable_variables") = py::none(),
          "One step with these gradients.");
  opt.def(
      "apply_gradients",
      [](Optimizer& o, const py::object& pairs) {
        py::list gs, vs;
        for (auto p : pairs) {
          auto pair = p.cast<py::tuple>();
          gs.append(pair[0]), vs.append(pair[1]);
        }
        apply_gradients(o, gs, vs);
        return o.iterations_variable();
      },
      py::arg("grads_and_vars"), "One step with (gradient, variable) pairs.");
  opt.def(
      "scale_loss",
      [](const Optimizer& o, const py::object& loss) {
        return o.scale_loss(as_tensor(loss, "loss"));
      },
      py::arg("loss"), "The loss times the loss scale, to be differentiated.");
  opt.def(
      "finalize_variable_values",
      [](Optimizer& o, const py::object& variables) {
        o.finalize_variable_values(variables_from(variables));
      },
      py::arg("var_list"), "With use_ema, put the averages into these variables.");
  opt.def(
      "exclude_from_weight_decay",
      [](Optimizer& o, const py::object& vars, const py::object& names) {
        std::vector<std::string> patterns;
        if (!names.is_none())
          for (auto n : names) patterns.push_back(n.cast<std::string>());
        o.exclude_from_weight_decay(variables_from(vars), patterns);
      },
      py::arg("var_list") = py::none(), py::arg("var_names") = py::none(),
      "Variables that weight decay leaves alone: themselves, or by regular expressions that are\n"
      "searched in their names. To be called before the optimizer is built.");
  opt.def(
      "add_variable",
      [](Optimizer& o, const py::object& shape, const py::object& initializer,
         const py::object& dtype, const py::object&, const py::object&, const py::object& name) {
        return o.add_variable(as_shape(shape),
                              name.is_none() ? "variable" : name.cast<std::string>(),
                              Initializer(as_config(initializer)), as_dtype(dtype));
      },
      py::arg("shape"), py::arg("initializer") = "zeros", py::arg("dtype") = py::none(),
      py::arg("aggregation") = "none", py::arg("layout") = py::none(), py::arg("name") = py::none(),
      "A new state variable.");
  opt.def(
      "add_variable_from_reference",
      [](Optimizer& o, const Variable& reference, const py::object& name,
         const py::object& initializer) {
        return o.add_variable_from_reference(reference,
                                             name.is_none() ? "var" : name.cast<std::string>(),
                                             Initializer(as_config(initializer)));
      },
      py::arg("reference_variable"), py::arg("name") = py::none(), py::arg("initializer") = "zeros",
      "A new state variable like a variable of the model.");
  opt.def("_get_variable_index", &Optimizer::index_of, py::arg("variable"));
  opt.def(
      "update_step",
      [](const Optimizer& o, const py::object&, const py::object&, const py::object&) {
        throw Error(str("optimizer '", o.name(), "': update_step() is for subclasses to define"),
                    Error::Kind::kUnsupported);
      },
      py::arg("gradient"), py::arg("variable"), py::arg("learning_rate"),
      "Updates one variable; defined by subclasses.");
  auto config_of = [](const Optimizer& o) {
    return from_config_object(dynamic_cast<const PythonSelf*>(&o) ? o.Optimizer::get_config()
                                                                  : o.get_config());
  };
  opt.def("get_config", config_of, "Constructor arguments.");
  opt.def("_native_config", config_of);
  opt.def_property_readonly("class_name", &Optimizer::class_name);
  opt.def_property_readonly("_inner_optimizer", [](const Optimizer& o) -> py::object {
    auto* scaled = dynamic_cast<const LossScaleOptimizer*>(&o);
    return scaled ? py::cast(scaled->inner_optimizer()) : py::none();
  });
  opt.def_property_readonly("_optimizers", [](const Optimizer& o) {
    py::list out;
    if (auto* several = dynamic_cast<const MultiOptimizer*>(&o))
      for (auto& inner : several->optimizers()) out.append(py::cast(inner));
    return out;
  });
  opt.def_property_readonly("_scale_state", [](const Optimizer& o) -> py::object {
    auto* scaled = dynamic_cast<const LossScaleOptimizer*>(&o);
    if (!scaled || !scaled->built()) return py::none();
    return py::make_tuple(scaled->step_counter(), scaled->dynamic_scale());
  });
  m.def("optimizer_classes", [] { return listing(optimizer_classes()); });
  m.def("make_optimizer", [](const py::object& c) { return make_optimizer(as_config(c)); });
  m.def("register_optimizer", [](const std::string& name, const py::function& factory) {
    register_optimizer(name, [factory](const Config& c) -> OptimizerPtr {
      py::gil_scoped_acquire gil;
      return factory(from_config_object(c)).cast<OptimizerPtr>();
    });
  });
}

}  // namespace lamina::python
