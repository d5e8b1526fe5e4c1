// Metrics, and those written in Python.
#include "train.h"

namespace lamina::python {

namespace {

// A metric of a Python class. Where that derives from a native one, `inner` does what it leaves
// out.
class PythonMetric : public Metric, public PythonSelf {
 public:
  PythonMetric(py::handle self, std::string name, std::optional<DType> dtype)
      : Metric(std::move(name), dtype), PythonSelf(self) {}
  PythonMetric(py::handle self, const MetricPtr& metric)
      : Metric(metric->name(), metric->dtype()), PythonSelf(self), inner(metric) {
    track(inner);
  }
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
  void reset_state() override {
    py::gil_scoped_acquire gil;
    self().attr("reset_state")();
  }
  Config get_config() const override {
    py::gil_scoped_acquire gil;
    return as_config(self().attr("get_config")());
  }
  using Metric::add_variable;

  const MetricPtr inner;
};

void init_metric(py::detail::value_and_holder& v_h, const py::args& args,
                 const py::kwargs& kwargs) {
  py::handle self(reinterpret_cast<PyObject*>(v_h.inst));
  py::object native = native_name(self);
  if (native.is_none()) {
    py::object dtype = argument(args, kwargs, 0, "dtype"), name = argument(args, kwargs, 1, "name");
    return set_instance<Metric>(
        v_h,
        std::make_shared<PythonMetric>(
            self, name.is_none() ? to_snake_case(class_name_of(self)) : name.cast<std::string>(),
            dtype.is_none() ? std::nullopt : std::optional(as_dtype(dtype))));
  }
  std::string name = native.cast<std::string>();
  Config config = bind_arguments(name, defaults_of(metric_classes(), name), args, kwargs);
  MetricPtr metric = make_metric(Config::object({{"class_name", name}, {"config", config}}));
  set_instance<Metric>(v_h,
                       is_native(self) ? metric : std::make_shared<PythonMetric>(self, metric));
}

// What a method of the base class stands for: the native metric that a Python class derives from.
Metric& native_of(Metric& x, const char* method) {
  auto* p = dynamic_cast<PythonMetric*>(&x);
  if (!p) return x;
  if (!p->inner)
    throw Error(str(p->class_name(), " must define ", method, "()"), Error::Kind::kUnsupported);
  return *p->inner;
}

// (values, sample_weight) or (y_true, y_pred, sample_weight), by position or name.
void update(Metric& metric, const py::args& args, const py::kwargs& kwargs) {
  NoGrad off;
  Metric& x = native_of(metric, "update_state");
  const std::vector<const char*> names =
      x.takes_values() ? std::vector<const char*>{"values", "sample_weight"}
                       : std::vector<const char*>{"y_true", "y_pred", "sample_weight"};
  for (auto [key, value] : kwargs) {
    bool known = false;
    for (const char* n : names) known = known || py::str(key).cast<std::string>() == n;
    if (!known)
      throw Error(str(x.class_name(), ".update_state: unexpected argument '",
                      std::string(py::str(key)), "'"),
                  Error::Kind::kType);
  }
  Tensors given;
  for (size_t i = 0; i < names.size(); ++i) {
    py::object value = argument(args, kwargs, i, names[i]);
    if (value.is_none() && i + 1 < names.size())
      throw Error(str(x.class_name(), ".update_state: expected ", names[i]), Error::Kind::kType);
    given.push_back(as_optional_tensor(value, names[i]));
  }
  if (args.size() > names.size())
    throw Error(str(x.class_name(), ".update_state: takes at most ", names.size(), " arguments"),
                Error::Kind::kType);
  if (x.takes_values())
    x.update_state(given[0], {}, given[1]);
  else
    x.update_state(given[0], given[1], given[2]);
}

// f() with other values in the variables of a metric; returns those they have then.
template <class F>
Tensors with_state(Metric& x, const Tensors& values, F&& f) {
  auto variables = x.variables();
  if (values.size() != variables.size())
    fail(x.class_name(), ": expected the values of ", variables.size(),
         " variables in metric_variables, received ", values.size());
  NoGrad off;
  Tensors before, after;
  for (auto& v : variables) before.push_back(copy(v.value()));
  auto restore = [&] {
    for (size_t i = 0; i < variables.size(); ++i) variables[i].assign(before[i]);
  };
  try {
    for (size_t i = 0; i < variables.size(); ++i) variables[i].assign(values[i]);
    f();
    for (auto& v : variables) after.push_back(copy(v.value()));
  } catch (...) {
    restore();
    throw;
  }
  restore();
  return after;
}

Tensors tensors_of(const py::object& list) {
  Tensors out;
  for (auto v : list) out.push_back(as_tensor(v, "metric_variables"));
  return out;
}

void bind_stateless(py::class_<Metric, std::shared_ptr<Metric>>& metric) {
  metric.def(
      "stateless_update_state",
      [](const py::object& self, const py::object& values, const py::args& args,
         const py::kwargs& kwargs) {
        return with_state(self.cast<Metric&>(), tensors_of(values),
                          [&] { self.attr("update_state")(*args, **kwargs); });
      },
      py::arg("metric_variables"),
      "The variables' values after an update from given ones; the metric itself stays as it is.");
  metric.def(
      "stateless_result",
      [](const py::object& self, const py::object& values) {
        Tensor result;
        with_state(self.cast<Metric&>(), tensors_of(values),
                   [&] { result = copy(as_tensor(self.attr("result")(), "result")); });
        return result;
      },
      py::arg("metric_variables"), "The result for given values of the variables.");
  metric.def(
      "stateless_reset_state",
      [](const py::object& self) {
        Metric& x = self.cast<Metric&>();
        Tensors now;
        for (auto& v : x.variables()) now.push_back(copy(v.value()));
        return with_state(x, now, [&] { self.attr("reset_state")(); });
      },
      "The variables' values after a reset; the metric itself stays as it is.");
}

}  // namespace

void bind_metrics(py::module_& m) {
  py::class_<Metric, std::shared_ptr<Metric>> metric(
      m, "Metric", py::dynamic_attr(), collectable<Metric>(),
      "A metric: update_state() takes in a batch, result() gives the value so far.\n\n"
      "Subclass it with update_state(y_true, y_pred, sample_weight=None) and result(); state goes\n"
      "into variables of add_variable(), which reset_state() sets to zero.\n\n"
      "Args:\n"
      "    dtype: Of the computation; `lamina.config.floatx()` by default.\n"
      "    name: Name of the metric.");
  metric.def("__init__", &init_metric, py::detail::is_new_style_constructor());
  metric.def("update_state", &update, "Take in a batch.");
  metric.def(
      "result", [](Metric& x) { return native_of(x, "result").result(); }, "The value so far.");
  metric.def(
      "reset_state",
      [](Metric& x) {
        if (dynamic_cast<PythonMetric*>(&x))
          x.Metric::reset_state();
        else
          x.reset_state();
      },
      "Forget everything: the variables become zero.");
  metric.def(
      "__call__",
      [](const py::object& self, const py::args& args, const py::kwargs& kwargs) {
        self.attr("update_state")(*args, **kwargs);
        return self.attr("result")();
      },
      "Take in a batch; the value so far.");
  bind_stateless(metric);
  auto add = [](Metric& x, const py::object& shape, const py::object& initializer,
                const py::object& dtype, const py::object& name) {
    auto* p = dynamic_cast<PythonMetric*>(&x);
    if (!p) throw Error("add_variable: only for metrics of your own");
    return p->add_variable(
        shape.is_none() ? Shape{} : as_shape(shape),
        name.is_none() ? "variable" : name.cast<std::string>(), as_dtype(dtype),
        initializer.is_none() ? Initializer("zeros") : Initializer(as_config(initializer)));
  };
  metric.def(
      "add_variable",
      [add](Metric& x, const py::object& shape, const py::object& initializer,
            const py::object& dtype, const py::object&,
            const py::object& name) { return add(x, shape, initializer, dtype, name); },
      py::arg("shape") = py::none(), py::arg("initializer") = py::none(),
      py::arg("dtype") = py::none(), py::arg("aggregation") = "sum", py::arg("name") = py::none(),
      "A state variable, zero at first unless an initializer is given, and after reset_state().");
  metric.def("add_weight", add, py::arg("shape") = py::none(), py::arg("initializer") = py::none(),
             py::arg("dtype") = py::none(), py::arg("name") = py::none(), "As add_variable().");
  metric.def("_track_metric", [](Metric& x, const MetricPtr& other) { x.track(other); });
  metric.def("_track_variable", [](Metric& x, const Variable& v) { x.track(v); });
  metric.def_property("name", [](const Metric& x) { return x.name(); }, &Metric::set_name);
  metric.def_property_readonly("dtype", [](const Metric& x) { return dtype_name(x.dtype()); });
  metric.def_property_readonly("variables", &Metric::variables);
  metric.def_property_readonly("class_name", &Metric::class_name);
  metric.def(
      "get_config",
      [](const Metric& x) {
        auto* p = dynamic_cast<const PythonMetric*>(&x);
        if (!p) return from_config_object(x.get_config());
        if (!p->inner) return from_config_object(x.Metric::get_config());
        Config c = p->inner->get_config();
        c.set("name", x.name());
        return from_config_object(c);
      },
      "Constructor arguments.");

  m.def("metric_classes", [] { return listing(metric_classes()); });
  m.def("_metric_aliases", &metric_aliases);
  m.def("make_metric", [](const py::object& c) { return make_metric(as_config(c)); });
  m.def("_metric_values", [](const py::object& c, const py::object& y_true,
                             const py::object& y_pred) {
    return metric_values(as_config(c), as_tensor(y_true, "y_true"), as_tensor(y_pred, "y_pred"));
  });
  m.def("function_metric", [](const std::string& name, const py::function& fn) {
    auto held = std::make_shared<py::object>(fn);
    return function_metric(name, [held](const Tensor& y_true, const Tensor& y_pred) {
      py::gil_scoped_acquire gil;
      return as_tensor((*held)(y_true, y_pred), "metric");
    });
  });
  m.def("_register_metric", [](const std::string& name, const py::function& factory) {
    register_metric(name, [factory](const Config& c) -> MetricPtr {
      py::gil_scoped_acquire gil;
      return factory(from_config_object(c)).cast<MetricPtr>();
    });
  });
}

}  // namespace lamina::python
