// Model and Sequential, fit and its relatives, callbacks and datasets written in Python.
#include "train.h"

namespace lamina::python {

namespace {

py::handle model_base() {
  py::gil_scoped_acquire gil;
  static PyObject* base =
      py::object(py::module_::import("lamina._core").attr("Model")).release().ptr();
  return base;
}

// data as a Python train_step gets it: (x, y, sample_weight), shortened from the end.
py::object step_data(const Batch& b) {
  auto part = [](const Tensors& ts) { return from_tensors(ts, ts.size() == 1); };
  if (!b.sample_weight.empty()) return py::make_tuple(part(b.x), part(b.y), part(b.sample_weight));
  if (!b.y.empty()) return py::make_tuple(part(b.x), part(b.y));
  return py::make_tuple(part(b.x));
}

class PythonModel : public Model, public PythonSelf {
 public:
  PythonModel(py::handle self, const LayerOptions& o) : Model(o), PythonSelf(self) {}
  PythonModel(py::handle self, const Tensors& in, const Tensors& out, const LayerOptions& o)
      : Model(in, out, o), PythonSelf(self) {}
  std::string class_name() const override {
    py::gil_scoped_acquire gil;
    return class_name_of(self());
  }
  void build(const std::vector<Shape>& shapes) override {
    python_build(*this, model_base(), shapes, [&] { Model::build(shapes); });
  }
  Tensors call(const Tensors& inputs, const CallArgs& args) override {
    {
      py::gil_scoped_acquire gil;
      if (!overridden("call", model_base()).is_none()) return python_call(*this, inputs, args);
    }
    return Model::call(inputs, args);
  }
  Config get_config() const override {
    return python_config(*this, model_base(), [this] { return Model::get_config(); });
  }
  void train_step(const Batch& b) override {
    if (!python_step("train_step", b)) Model::train_step(b);
  }
  void test_step(const Batch& b) override {
    if (!python_step("test_step", b)) Model::test_step(b);
  }
  Tensors predict_step(const Tensors& x) override {
    {
      py::gil_scoped_acquire gil;
      py::object step = overridden("predict_step", model_base());
      if (!step.is_none()) {
        NoGrad off;
        return as_tensors(step(from_tensors(x, x.size() == 1)), nullptr,
                          "result of predict_step()");
      }
    }
    return Model::predict_step(x);
  }
  Tensor compute_loss(const Batch& b, const Tensors& y_pred) override {
    {
      py::gil_scoped_acquire gil;
      py::object fn = overridden("compute_loss", model_base());
      if (!fn.is_none()) {
        auto part = [](const Tensors& ts) {
          return ts.empty() ? py::object(py::none()) : from_tensors(ts, ts.size() == 1);
        };
        Tensor loss = as_tensor(
            fn(py::arg("x") = part(b.x), py::arg("y") = part(b.y), py::arg("y_pred") = part(y_pred),
               py::arg("sample_weight") = part(b.sample_weight)),
            "loss");
        track_loss(loss, b);
        return loss;
      }
    }
    return Model::compute_loss(b, y_pred);
  }

 private:
  bool python_step(const char* name, const Batch& b) {
    py::gil_scoped_acquire gil;
    py::object step = overridden(name, model_base());
    if (step.is_none()) return false;
    py::object logs = step(step_data(b));
    if (py::isinstance<py::dict>(logs)) {
      NoGrad off;
      for (auto [k, v] : logs.cast<py::dict>()) set_log(py::str(k), as_tensor(v, "log"));
    }
    return true;
  }
};

class PythonCallback : public Callback {
 public:
  explicit PythonCallback(py::object object) : object_(std::move(object)) {
    py::object adapter = py::module_::import("lamina._layer").attr("batch_hooks")(object_);
    wants_ = adapter.cast<bool>();
    if (py::hasattr(object_, "batch_interval"))
      interval_ = object_.attr("batch_interval").cast<double>();
  }
  ~PythonCallback() override {
    py::gil_scoped_acquire gil;
    object_ = py::object();
  }
  void on_train_begin() override { hook("on_train_begin", {}); }
  void on_train_end(const Logs& l) override { hook("on_train_end", l); }
  void on_epoch_begin(int64_t e) override { hook("on_epoch_begin", e, {}); }
  void on_epoch_end(int64_t e, Logs& l) override { hook("on_epoch_end", e, l); }
  void on_train_batch_begin(int64_t b) override { hook("on_train_batch_begin", b, {}); }
  void on_train_batch_end(int64_t b, const Logs& l) override { hook("on_train_batch_end", b, l); }
  void on_test_begin() override { hook("on_test_begin", {}); }
  void on_test_end(const Logs& l) override { hook("on_test_end", l); }
  void on_test_batch_begin(int64_t b) override { hook("on_test_batch_begin", b, {}); }
  void on_test_batch_end(int64_t b, const Logs& l) override { hook("on_test_batch_end", b, l); }
  void on_predict_begin() override { hook("on_predict_begin", {}); }
  void on_predict_end() override { hook("on_predict_end", {}); }
  void on_predict_batch_begin(int64_t b) override { hook("on_predict_batch_begin", b, {}); }
  void on_predict_batch_end(int64_t b) override { hook("on_predict_batch_end", b, {}); }
  bool wants_batches() const override { return wants_; }
  double batch_interval() const override { return interval_; }

 private:
  void hook(const char* name, const Logs& l) {
    py::gil_scoped_acquire gil;
    object_.attr(name)(logs_dict(l));
  }
  void hook(const char* name, int64_t i, const Logs& l) {
    py::gil_scoped_acquire gil;
    object_.attr(name)(i, logs_dict(l));
  }
  py::object object_;
  bool wants_ = false;
  double interval_ = 0;
};

// Batches from a Python callable: source(epoch) gives an iterator of (x list, y list, weight list).
class PythonDataset : public Dataset {
 public:
  PythonDataset(py::object source, int64_t steps) : source_(std::move(source)), steps_(steps) {}
  ~PythonDataset() override {
    py::gil_scoped_acquire gil;
    source_ = iterator_ = py::object();
  }
  void start_epoch(int64_t epoch) override {
    py::gil_scoped_acquire gil;
    iterator_ = py::iter(source_(epoch));
  }
  bool next(Batch& batch) override {
    py::gil_scoped_acquire gil;
    PyObject* item = PyIter_Next(iterator_.ptr());
    if (!item) {
      if (PyErr_Occurred()) throw py::error_already_set();
      return false;
    }
    auto parts = py::reinterpret_steal<py::tuple>(item);
    auto tensors = [](const py::handle& h, const char* what) {
      Tensors out;
      for (auto v : h) {
        Tensor t = as_tensor(v, what);
        if (is_floating(t.dtype()) && t.dtype() != floatx()) t = t.astype(floatx());
        out.push_back(t);
      }
      return out;
    };
    batch.x = tensors(parts[0], "x");
    batch.y = tensors(parts[1], "y");
    batch.sample_weight = tensors(parts[2], "sample_weight");
    return true;
  }
  int64_t steps() const override { return steps_; }

 private:
  py::object source_, iterator_;
  int64_t steps_;
};

std::vector<CallbackPtr> callbacks_from(const py::list& list) {
  std::vector<CallbackPtr> out;
  for (auto c : list)
    out.push_back(std::make_shared<PythonCallback>(py::reinterpret_borrow<py::object>(c)));
  return out;
}

std::shared_ptr<ArrayData> arrays_from(const py::handle& h) {
  auto parts = h.cast<py::tuple>();
  auto data = std::make_shared<ArrayData>();
  for (auto t : parts[0]) data->x.push_back(as_tensor(t, "x"));
  for (auto t : parts[1]) data->y.push_back(as_tensor(t, "y"));
  for (auto t : parts[2]) data->sample_weight.push_back(as_tensor(t, "sample_weight"));
  return data;
}

LayerOptions model_options(const py::kwargs& kwargs) {
  LayerOptions o;
  if (kwargs.contains("name") && !kwargs["name"].is_none())
    o.name = kwargs["name"].cast<std::string>();
  if (kwargs.contains("trainable")) o.trainable = kwargs["trainable"].cast<bool>();
  return o;
}

py::dict history_dict(const History& h) {
  py::dict d;
  for (auto& [k, v] : h.history) d[py::str(k)] = v;
  return d;
}

FitOptions fit_options(const py::dict& d) {
  FitOptions o;
  auto get = [&](const char* k) {
    return d.contains(k) ? py::object(d[k]) : py::object(py::none());
  };
  auto integer = [&](const char* k, int64_t& v) {
    if (!get(k).is_none()) v = get(k).cast<int64_t>();
  };
  integer("batch_size", o.batch_size), integer("epochs", o.epochs),
      integer("initial_epoch", o.initial_epoch);
  integer("steps_per_epoch", o.steps_per_epoch), integer("validation_steps", o.validation_steps);
  integer("validation_batch_size", o.validation_batch_size);
  if (!get("shuffle").is_none()) o.shuffle = get("shuffle").cast<bool>();
  if (!get("validation_split").is_none())
    o.validation_split = get("validation_split").cast<double>();
  if (!get("class_weight").is_none())
    o.class_weight = get("class_weight").cast<std::map<int64_t, double>>();
  py::object freq = get("validation_freq");
  if (!freq.is_none()) {
    o.validation_freq = as_ints(freq);
    o.validation_epochs_listed = !PyLong_Check(freq.ptr());
  }
  py::object validation = get("validation_data");
  if (py::isinstance<py::tuple>(validation))
    o.validation_data = arrays_from(validation);
  else if (!validation.is_none())
    o.validation_dataset = std::make_shared<PythonDataset>(validation, o.validation_steps);
  o.callbacks = callbacks_from(get("callbacks").cast<py::list>());
  return o;
}

Model::EvaluateOptions evaluate_options(int64_t batch_size, int64_t steps,
                                        const py::list& callbacks) {
  Model::EvaluateOptions o;
  o.batch_size = batch_size, o.steps = steps, o.callbacks = callbacks_from(callbacks);
  return o;
}

Batch batch_from(const py::tuple& parts) {
  auto data = arrays_from(parts);
  Batch b{data->x, data->y, data->sample_weight};
  for (Tensors* list : {&b.x, &b.y, &b.sample_weight})
    for (Tensor& t : *list)
      if (is_floating(t.dtype()) && t.dtype() != floatx()) t = t.astype(floatx());
  return b;
}

}  // namespace

void bind_model(py::module_& m) {
  using Release = py::call_guard<py::gil_scoped_release>;
  py::class_<Model, Layer, std::shared_ptr<Model>> c(
      m, "Model", py::dynamic_attr(), collectable<Model>(),
      "Layers put together, with training and saving.\n\n"
      "Functional: Model(inputs, outputs). Subclassed: define __init__ and call(inputs).");
  c.def(
      "__init__",
      [](py::detail::value_and_holder& v_h, const py::args& args, const py::kwargs& kwargs) {
        py::handle self(reinterpret_cast<PyObject*>(v_h.inst));
        if (kwargs.contains("_existing")) {
          return set_instance<Model>(
              v_h, std::dynamic_pointer_cast<Model>(kwargs["_existing"].cast<LayerRef>().layer));
        }
        bool own =
            py::getattr(py::type::of(self), "_lamina_native", py::bool_(false)).cast<bool>() &&
            py::type::of(self).attr("__dict__").contains("_lamina_native");
        py::object in = args.size() > 0             ? py::object(args[0])
                        : kwargs.contains("inputs") ? py::object(kwargs["inputs"])
                                                    : py::none();
        py::object out = args.size() > 1              ? py::object(args[1])
                         : kwargs.contains("outputs") ? py::object(kwargs["outputs"])
                                                      : py::none();
        LayerOptions o = model_options(kwargs);
        if (in.is_none() != out.is_none())
          throw Error("Model: pass both inputs and outputs, or neither", Error::Kind::kType);
        if (in.is_none()) return set_instance<Model>(v_h, std::make_shared<PythonModel>(self, o));
        std::vector<std::string> keys;
        if (py::isinstance<py::dict>(out)) {  // in the order of the keys, as Keras has them
          py::list sorted = py::module_::import("builtins").attr("sorted")(out), values;
          for (auto key : sorted) keys.push_back(py::str(key)), values.append(out[key]);
          out = values;
        }
        Tensors ins = as_tensors(in, nullptr, "inputs"), outs = as_tensors(out, nullptr, "outputs");
        std::shared_ptr<Model> model;
        if (own)
          model = std::make_shared<Model>(ins, outs, o);
        else
          model = std::make_shared<PythonModel>(self, ins, outs, o);
        model->set_output_keys(keys);
        set_instance<Model>(v_h, model);
      },
      py::detail::is_new_style_constructor());
  c.def_property_readonly("inputs", &Model::inputs, "Symbolic inputs.");
  c.def_property_readonly("outputs", &Model::outputs, "Symbolic outputs.");
  c.def_property_readonly("input_names", &Model::input_names, "Names of the inputs.");
  c.def_property_readonly("output_names", &Model::output_names, "Names of the outputs.");
  c.def_property_readonly("_output_keys", &Model::output_keys);
  c.def_property_readonly("_functional", &Model::is_functional);
  c.def_property_readonly("compiled", &Model::compiled, "Whether compile() has been called.");
  c.def_property("stop_training", &Model::stop_training, &Model::set_stop_training,
                 "Set it to end fit() after the current batch.");
  c.def_property("_initial_epoch", &Model::initial_epoch, &Model::set_initial_epoch,
                 "First epoch of fit(); a callback may move it in on_train_begin.");
  c.def_property_readonly("_optimizer", &Model::optimizer);
  c.def_property_readonly("_metrics", &Model::metrics);
  c.def_property_readonly("metrics_names", &Model::metrics_names,
                          "Names of the loss and of the metrics.");
  c.def("_track_metric", &Model::track_metric);
  c.def("reset_metrics", &Model::reset_metrics, "Forget what the metrics have seen.");
  c.def("_compile", [](Model& model, const py::dict& d) {
    CompileOptions o;
    if (py::isinstance<Optimizer>(d["optimizer"]))
      o.optimizer_object = d["optimizer"].cast<OptimizerPtr>();
    else
      o.optimizer = as_config(d["optimizer"]);
    for (auto l : d["losses"]) o.losses.push_back(l.is_none() ? nullptr : l.cast<LossPtr>());
    o.loss_weights = d["loss_weights"].cast<std::vector<double>>();
    for (auto t : d["metrics"]) {
      auto parts = t.cast<py::tuple>();  // (output, metric or name, weighted)
      CompileOptions::MetricSpec spec;
      spec.output = parts[0].cast<size_t>();
      if (py::isinstance<Metric>(parts[1]))
        spec.object = parts[1].cast<MetricPtr>();
      else
        spec.by_name = as_config(parts[1]);
      spec.weighted = parts[2].cast<bool>();
      o.metrics.push_back(spec);
    }
    o.run_eagerly = d["run_eagerly"].cast<bool>();
    model.compile(o);
  });
  c.def("_fit_arrays", [](Model& model, const py::tuple& data, const py::dict& options) {
    auto arrays = arrays_from(data);
    FitOptions o = fit_options(options);
    History h;
    {
      py::gil_scoped_release nogil;
      h = model.fit(*arrays, o);
    }
    return py::make_tuple(h.epoch, history_dict(h));
  });
  c.def("_fit_dataset",
        [](Model& model, const py::object& source, int64_t steps, const py::dict& options) {
          PythonDataset data(source, steps);
          FitOptions o = fit_options(options);
          History h;
          {
            py::gil_scoped_release nogil;
            h = model.fit(data, o);
          }
          return py::make_tuple(h.epoch, history_dict(h));
        });
  c.def("_evaluate_arrays", [](Model& model, const py::tuple& data, int64_t batch_size,
                               int64_t steps, const py::list& callbacks) {
    auto arrays = arrays_from(data);
    auto o = evaluate_options(batch_size, steps, callbacks);
    Logs logs;
    {
      py::gil_scoped_release nogil;
      logs = model.evaluate(*arrays, o);
    }
    return logs_dict(logs);
  });
  c.def("_evaluate_dataset", [](Model& model, const py::object& source, int64_t known,
                                int64_t steps, const py::list& callbacks) {
    PythonDataset data(source, known);
    auto o = evaluate_options(1, steps, callbacks);
    Logs logs;
    {
      py::gil_scoped_release nogil;
      logs = model.evaluate(data, o);
    }
    return logs_dict(logs);
  });
  c.def("_predict_arrays", [](Model& model, const py::list& x, int64_t batch_size, int64_t steps,
                              const py::list& callbacks) {
    Tensors xs;
    for (auto t : x) xs.push_back(as_tensor(t, "x"));
    auto o = evaluate_options(batch_size, steps, callbacks);
    py::gil_scoped_release nogil;
    return model.predict(xs, o);
  });
  c.def("_predict_dataset",
        [](Model& model, const py::object& source, int64_t known, int64_t steps) {
          PythonDataset data(source, known);
          auto o = evaluate_options(1, steps, py::list());
          py::gil_scoped_release nogil;
          return model.predict(data, o);
        });
  c.def("_train_on_batch", [](Model& model, const py::tuple& data) {
    Batch b = batch_from(data);
    Logs logs;
    {
      py::gil_scoped_release nogil;
      logs = model.train_on_batch(b);
    }
    return logs_dict(logs);
  });
  c.def("_test_on_batch", [](Model& model, const py::tuple& data) {
    Batch b = batch_from(data);
    Logs logs;
    {
      py::gil_scoped_release nogil;
      logs = model.test_on_batch(b);
    }
    return logs_dict(logs);
  });
  c.def("_predict_on_batch", [](Model& model, const py::list& x) {
    Tensors xs = batch_from(py::make_tuple(x, py::list(), py::list())).x;
    py::gil_scoped_release nogil;
    return model.predict_on_batch(xs);
  });
  c.def("_compute_loss",
        [](Model& model, const Tensors& x, const Tensors& y, const Tensors& y_pred,
           const Tensors& w) { return model.Model::compute_loss(Batch{x, y, w}, y_pred); });
  c.def("_update_metrics", [](Model& model, const Tensors& y, const Tensors& y_pred,
                              const Tensors& w) { model.update_metrics(Batch{{}, y, w}, y_pred); });
  c.def("_train_step", [](Model& model, const Tensors& x, const Tensors& y, const Tensors& w) {
    model.Model::train_step(Batch{x, y, w});
  });
  c.def("_test_step", [](Model& model, const Tensors& x, const Tensors& y, const Tensors& w) {
    model.Model::test_step(Batch{x, y, w});
  });
  c.def("_logs", [](const Model& model) { return logs_dict(model.logs()); });
  c.def("_summary", &Model::summary, py::arg("line_length") = 0, py::arg("expand_nested") = false);
  c.def("_get_layer", [](const Model& model, const py::object& name, const py::object& index) {
    if (!name.is_none()) return wrap_layer(model.get_layer(name.cast<std::string>()));
    return wrap_layer(model.get_layer(index.cast<int64_t>()));
  });
  c.def("_compile_config",
        [](const Model& model) { return from_config_object(model.compile_config()); });
  c.def("_save", &Model::save, py::arg("path"), Release());
  c.def("_save_weights", &Model::save_weights, py::arg("path"), Release());
  c.def("_load_weights", &Model::load_weights, py::arg("path"), Release());
  c.def("_restore_state", &Model::restore_state, py::arg("path"), Release());

  py::class_<Sequential, Model, std::shared_ptr<Sequential>> s(m, "Sequential", py::dynamic_attr(),
                                                               "Layers one after another.");
  s.def(
      "__init__",
      [](py::detail::value_and_holder& v_h, const py::object& layers, const py::kwargs& kwargs) {
        if (kwargs.contains("_existing"))
          return set_instance<Sequential>(v_h, std::dynamic_pointer_cast<Sequential>(
                                                   kwargs["_existing"].cast<LayerRef>().layer));
        std::vector<LayerPtr> list;
        if (!layers.is_none())
          for (auto l : layers)
            list.push_back(
                py::module_::import("lamina._layer").attr("as_layer")(l).cast<LayerPtr>());
        set_instance<Sequential>(v_h, std::make_shared<Sequential>(list, model_options(kwargs)));
      },
      py::detail::is_new_style_constructor(), py::arg("layers") = py::none());
  s.def("_add", &Sequential::add);
  s.def("pop", &Sequential::pop, "Remove the last layer.");

  m.def(
      "Input",
      [](const py::object& shape, const py::object& batch_size, const py::object& dtype,
         const py::object& name, const py::object& batch_shape) {
        std::optional<int64_t> batch;
        Shape s;
        if (!batch_shape.is_none()) {
          s = as_shape(batch_shape);
          if (s[0] >= 0) batch = s[0];
          s.erase(0);
        } else {
          s = as_shape(shape);
          if (!batch_size.is_none()) batch = batch_size.cast<int64_t>();
        }
        return Input(s, as_dtype(dtype), name.is_none() ? "" : name.cast<std::string>(), batch);
      },
      py::arg("shape") = py::none(), py::arg("batch_size") = py::none(),
      py::arg("dtype") = py::none(), py::arg("name") = py::none(),
      py::arg("batch_shape") = py::none());
  m.def(
      "load",
      [](const std::string& path, bool compile) {
        ModelPtr model;
        {
          py::gil_scoped_release nogil;
          model = load(path, compile);
        }
        return wrap_layer(model);
      },
      py::arg("path"), py::arg("compile") = true);
  m.def("_get_source_inputs", &get_source_inputs);
  m.def("model_from_config",
        [](const py::object& c) { return wrap_layer(model_from_config(as_config(c))); });
  set_interrupt_check([] {
    py::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  });
}

}  // namespace lamina::python
