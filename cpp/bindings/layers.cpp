// Layer, and the Python classes of the built-in ones.
#include "python_self.h"

namespace lamina::python {

namespace {

py::handle layer_base() {
  py::gil_scoped_acquire gil;
  static PyObject* base =
      py::object(py::module_::import("lamina._core").attr("Layer")).release().ptr();
  return base;
}

class PythonLayer : public Layer, public PythonSelf {
 public:
  PythonLayer(py::handle self, const LayerOptions& options) : Layer(options), PythonSelf(self) {}
  std::string class_name() const override {
    py::gil_scoped_acquire gil;
    return class_name_of(self());
  }
  void build(const std::vector<Shape>& shapes) override {
    python_build(*this, layer_base(), shapes, [] {});
  }
  Tensors call(const Tensors& inputs, const CallArgs& args) override {
    return python_call(*this, inputs, args);
  }
  Config get_config() const override {
    return python_config(*this, layer_base(), [this] { return Layer::get_config(); });
  }
};

LayerOptions options_from(const py::kwargs& kwargs) {
  LayerOptions o;
  for (auto [key, value] : kwargs) {
    std::string k = py::str(key);
    if (value.is_none()) continue;
    if (k == "name")
      o.name = value.cast<std::string>();
    else if (k == "trainable")
      o.trainable = value.cast<bool>();
    else if (k == "dtype")
      o.dtype = as_config(value).as_string();
    else if (k != "autocast" && k != "activity_regularizer")
      throw Error("Layer: unexpected argument '" + k + "'; arguments are name, trainable, dtype",
                  Error::Kind::kType);
  }
  return o;
}

// layer({"images": x, "labels": y}): a dict comes back, with the same keys in the same order.
py::object call_layer_on_dict(Layer& layer, const py::dict& given, std::optional<bool> training) {
  const std::vector<std::string> names = layer.input_names();
  Tensors inputs;
  CallArgs call;
  std::vector<std::string> others;
  for (auto [key, value] : given) {
    std::string name = py::str(key);
    if (name == "bounding_boxes")
      throw Error(layer
                      .error("bounding boxes are not supported, only images, labels and "
                             "segmentation_masks")
                      .what(),
                  Error::Kind::kUnsupported);
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw layer.error(
          "takes a dict with the keys images, labels and segmentation_masks, "
          "received '" +
          name + "'");
    Tensor t = as_tensor(value, name.c_str());
    if (name == names[0])
      inputs = {t};
    else
      call.tensors.emplace_back(name, t), others.push_back(name);
  }
  if (inputs.empty()) throw layer.error("needs a dict with the key '" + names[0] + "'");
  Tensors outs;
  {
    py::gil_scoped_release nogil;
    outs = layer(inputs, call, training);
  }
  py::dict result;
  for (auto [key, value] : given) {
    std::string name = py::str(key);
    auto at = std::find(others.begin(), others.end(), name);
    result[key] = outs[at == others.end() ? 0 : static_cast<size_t>(at - others.begin()) + 1];
  }
  return result;
}

// layer(x), layer([a, b]), layer(query, value, mask=m, training=True)
py::object call_layer(Layer& layer, const py::args& args, const py::kwargs& kwargs) {
  Tensors inputs;
  CallArgs call;
  call.options = Config();
  std::optional<bool> training;
  bool python = dynamic_cast<PythonSelf*>(&layer) != nullptr;
  if (!args.empty() && py::isinstance<py::dict>(args[0]) && !layer.input_names().empty()) {
    if (args.size() > 1 && PyBool_Check(args[1].ptr())) training = args[1].cast<bool>();
    if (kwargs.contains("training") && !kwargs["training"].is_none())
      training = kwargs["training"].cast<bool>();
    return call_layer_on_dict(layer, args[0].cast<py::dict>(), training);
  }
  int64_t first_list = -1;
  Config positional = Config::list();
  for (size_t i = 0; i < args.size(); ++i) {
    py::object a = args[i];
    if (a.is_none() && i > 0) continue;
    if (i > 0 && PyBool_Check(a.ptr())) {  // call(x, training)
      training = a.cast<bool>();
      continue;
    }
    bool single = true;
    Tensors ts = as_tensors(a, &single, "input");
    if (i == 0 && !single) first_list = static_cast<int64_t>(ts.size());
    for (auto& t : ts) inputs.push_back(t);
  }
  Config options = Config::object();
  for (auto [key, value] : kwargs) {
    std::string k = py::str(key);
    if (k == "training") {
      if (!value.is_none()) training = value.cast<bool>();
    } else if (value.is_none()) {
      continue;
    } else if (args.empty() && inputs.empty() && (k == "inputs" || k == "x" || k == "query")) {
      bool single = true;
      inputs = as_tensors(value, &single, k.c_str());
      if (!single) first_list = static_cast<int64_t>(inputs.size());
    } else if (py::isinstance<Tensor>(value) || py::isinstance<py::array>(value)) {
      call.tensors.emplace_back(k, as_tensor(value, k.c_str()));
    } else if (py::isinstance<py::list>(value) && py::len(value) &&
               py::isinstance<Tensor>(py::list(py::reinterpret_borrow<py::object>(value))[0])) {
      int i = 0;
      for (auto item : value)
        call.tensors.emplace_back(k + "/" + std::to_string(i++), as_tensor(item, k.c_str()));
    } else {
      options.set(k, as_config(value));
    }
  }
  if (inputs.empty()) throw layer.error("was called without an input");
  if (python && first_list >= 0) options.set("_list", first_list);
  if (options.size()) call.options = options;
  Tensors outs;
  {
    py::gil_scoped_release nogil;
    outs = layer(inputs, call, training);
  }
  return from_tensors(outs, outs.size() == 1 && !(python && call.options.is_null() && false));
}

py::list variables_list(const std::vector<Variable>& vs) {
  py::list out;
  for (auto& v : vs) out.append(v);
  return out;
}

Choice choice_of(const py::handle& value) { return Choice(as_config(value)); }

}  // namespace

std::string class_name_of(py::handle self) {
  py::object type = py::type::of(self);
  py::object name = py::getattr(type, "_lamina_name", py::none());
  // A registered name belongs to that class, not to classes derived from it.
  if (!name.is_none() && type.attr("__dict__").contains("_lamina_name"))
    return name.cast<std::string>();
  return py::str(type.attr("__name__"));
}

void python_build(const PythonSelf& s, py::handle base, const std::vector<Shape>& shapes,
                  const std::function<void()>& otherwise) {
  py::gil_scoped_acquire gil;
  py::object method = s.overridden("build", base);
  if (method.is_none()) return otherwise();
  if (shapes.size() == 1) {
    method(shape_tuple(shapes[0]));
  } else {
    py::list list;
    for (auto& sh : shapes) list.append(shape_tuple(sh));
    method(list);
  }
}

Tensors python_call(const PythonSelf& s, const Tensors& inputs, const CallArgs& args) {
  py::gil_scoped_acquire gil;
  py::list positional;
  int64_t first = -1;
  py::dict kwargs;
  if (args.options.is_object())
    for (auto& [k, v] : args.options.as_object()) {
      if (k == "_list")
        first = v.as_int();
      else
        kwargs[py::str(k)] = from_config_object(v);
    }
  size_t i = 0;
  if (first >= 0) {
    py::list list;
    for (; i < inputs.size() && i < static_cast<size_t>(first); ++i) list.append(inputs[i]);
    positional.append(list);
  }
  for (; i < inputs.size(); ++i) positional.append(inputs[i]);
  for (auto& [k, t] : args.tensors) kwargs[py::str(k)] = t;
  py::object spec = py::getattr(s.self(), "input_spec", py::none());
  if (!spec.is_none() && !positional.empty())
    py::module_::import("lamina._input_spec").attr("check")(s.self(), spec, positional[0]);
  // training is passed where call() has a place for it.
  py::object type = py::type::of(s.self());
  if (py::module_::import("lamina._layer").attr("takes_training")(type).cast<bool>())
    kwargs["training"] = args.training;
  py::object result = s.self().attr("call")(*py::tuple(positional), **kwargs);
  if (result.is_none())
    throw Error(class_name_of(s.self()) +
                    ".call() returned None; it must return a tensor or a list of tensors",
                Error::Kind::kType);
  return as_tensors(result, nullptr, "result of call()");
}

Config python_config(const PythonSelf& s, py::handle base,
                     const std::function<Config()>& otherwise) {
  py::gil_scoped_acquire gil;
  py::object method = s.overridden("get_config", base);
  if (method.is_none()) return otherwise();
  Config c = as_config(method());
  if (!c.has("name")) c.set("name", std::string(py::str(s.self().attr("name"))));
  return c;
}

Config bind_arguments(const std::string& owner, const Config& defaults, const py::args& args,
                      const py::kwargs& kwargs) {
  Config c = Config::object();
  const auto& names = defaults.as_object();
  if (args.size() > names.size())
    throw Error(str(owner, ": takes at most ", names.size(), " arguments, received ", args.size()),
                Error::Kind::kType);
  for (size_t i = 0; i < args.size(); ++i) c.set(names[i].first, as_config(args[i]));
  for (auto [key, value] : kwargs) {
    std::string k = py::str(key);
    if (c.has(k)) throw Error(owner + ": argument '" + k + "' was given twice", Error::Kind::kType);
    if (k == "autocast") continue;
    // None means the default, as for every optional argument of Keras, unless the default is a
    // value that None turns off (activation, an initializer, ...).
    if (value.is_none() && (!defaults.has(k) || k == "name" || k == "dtype" || k == "trainable" ||
                            k == "data_format" || defaults.at(k).is_null()))
      continue;
    c.set(k, as_config(value));
  }
  return c;
}

py::object wrap_layer(const LayerPtr& layer) {
  if (!layer) return py::none();
  if (auto* self = dynamic_cast<PythonSelf*>(layer.get()))
    return py::reinterpret_borrow<py::object>(self->self());
  if (auto model = std::dynamic_pointer_cast<Model>(layer)) {
    py::handle found =
        py::detail::get_object_handle(model.get(), py::detail::get_type_info(typeid(Model)));
    if (found) return py::reinterpret_borrow<py::object>(found);
  }
  const py::detail::type_info* info = py::detail::get_type_info(typeid(Layer));
  py::handle found = py::detail::get_object_handle(layer.get(), info);
  if (found) return py::reinterpret_borrow<py::object>(found);
  py::object cls = py::module_::import("lamina._layer").attr("python_class")(layer->class_name());
  return cls(py::arg("_existing") = LayerRef{layer});
}

void bind_layers(py::module_& m) {
  py::class_<LayerRef>(m, "_LayerRef", "A layer on its way from C++ to its Python class.");

  py::class_<Layer, std::shared_ptr<Layer>> c(
      m, "Layer", py::dynamic_attr(), collectable<Layer>(),
      "A computation with state, built on first use.\n\n"
      "Subclass it with build(input_shape), call(inputs) and get_config(); weights are made with\n"
      "add_weight, layers assigned to attributes are tracked.\n\n"
      "Args:\n"
      "    name: Name, unique within a model; made from the class name by default.\n"
      "    trainable: Whether training changes the weights.\n"
      "    dtype: Of the weights and of the computation; lamina.config.floatx() by default.");
  c.def(
      "__init__",
      [](py::detail::value_and_holder& v_h, const py::args& args, const py::kwargs& kwargs) {
        py::handle self(reinterpret_cast<PyObject*>(v_h.inst));
        if (kwargs.contains("_existing"))
          return set_instance<Layer>(v_h, kwargs["_existing"].cast<LayerRef>().layer);
        py::object native = py::getattr(py::type::of(self), "_lamina_class", py::none());
        if (native.is_none()) {
          if (!args.empty())
            throw Error("Layer: takes keyword arguments only: name, trainable, dtype",
                        Error::Kind::kType);
          return set_instance<Layer>(v_h,
                                     std::make_shared<PythonLayer>(self, options_from(kwargs)));
        }
        std::string name = native.cast<std::string>();
        const LayerClass* cls = find_layer_class(name);
        set_instance<Layer>(v_h,
                            make_layer(name, bind_arguments(name, cls->defaults(), args, kwargs)));
      },
      py::detail::is_new_style_constructor());
  c.def("__call__", &call_layer);
  c.def_property(
      "name",
      [](Layer& l) {
        if (l.name().empty()) l.set_name(unique_layer_name(l.class_name()));
        return l.name();
      },
      &Layer::set_name, "Name of the layer.");
  c.def_property_readonly("class_name", &Layer::class_name,
                          "Name of the class, as model files have it.");
  c.def_property(
      "trainable", [](const Layer& l) { return l.trainable(); }, &Layer::set_trainable,
      "Whether training changes the weights.");
  c.def_property("built", &Layer::built, [](Layer&, bool) {}, "Whether the weights exist.");
  c.def_property_readonly(
      "dtype", [](const Layer& l) { return dtype_name(l.dtype()); },
      "Name of the dtype of the weights.");
  c.def_property_readonly(
      "dtype_policy", &Layer::dtype_policy,
      "The dtype, or \"mixed_bfloat16\"; see lamina.config.set_dtype_policy().");
  c.def_property_readonly(
      "weights", [](const Layer& l) { return variables_list(l.weights()); },
      "All variables, those of inner layers too.");
  c.def_property_readonly(
      "variables", [](const Layer& l) { return variables_list(l.weights()); }, "All weights.");
  c.def_property_readonly(
      "trainable_weights", [](const Layer& l) { return variables_list(l.trainable_weights()); },
      "Weights that training changes.");
  c.def_property_readonly(
      "trainable_variables", [](const Layer& l) { return variables_list(l.trainable_weights()); },
      "The same as trainable_weights.");
  c.def_property_readonly(
      "non_trainable_weights",
      [](const Layer& l) { return variables_list(l.non_trainable_weights()); },
      "Weights that training leaves alone, such as moving statistics.");
  c.def_property_readonly(
      "non_trainable_variables",
      [](const Layer& l) { return variables_list(l.non_trainable_weights()); },
      "The same as non_trainable_weights.");
  c.def_property_readonly("_layers", [](const Layer& l) {
    py::list out;
    for (auto& s : l.layers()) out.append(wrap_layer(s));
    return out;
  });
  c.def_property_readonly(
      "losses", [](const Layer& l) { return l.losses(); },
      "Penalties of the last call and of the weights' regularizers.");
  c.def(
      "add_loss", [](Layer& l, const py::object& loss) { l.add_loss(as_tensor(loss, "loss")); },
      py::arg("loss"), "Add a scalar to the training loss of the current call.");
  c.def(
      "build",
      [](Layer& l, const py::object& shape) {
        std::vector<Shape> shapes;
        py::sequence seq = py::reinterpret_borrow<py::sequence>(shape);
        bool nested =
            py::len(seq) && (py::isinstance<py::tuple>(seq[0]) || py::isinstance<py::list>(seq[0]));
        if (nested)
          for (auto s : seq) shapes.push_back(as_shape(s));
        else
          shapes.push_back(as_shape(shape));
        // super().build(...) inside an overriding build has nothing left to do.
        if (!dynamic_cast<PythonSelf*>(&l) || !l.built()) {
          if (auto* self = dynamic_cast<PythonSelf*>(&l);
              self &&
              self->overridden("build", py::type::of(py::cast(l.shared_from_this()))).is_none())
            return;
          l.build_from(shapes);
        }
      },
      py::arg("input_shape"),
      "Make the weights for an input shape (or a list of them); None for unknown lengths.");
  c.def(
      "add_weight",
      [](Layer& l, const py::object& shape, const py::object& initializer, const py::object& dtype,
         bool trainable, const py::object& regularizer, const py::object& constraint,
         const py::object& name) {
        WeightOptions o;
        o.name = name.is_none() ? "variable" : name.cast<std::string>();
        o.shape = shape.is_none() ? Shape{} : as_shape(shape);
        if (!initializer.is_none()) o.initializer = Initializer(as_config(initializer));
        if (!regularizer.is_none()) o.regularizer = Regularizer(as_config(regularizer));
        if (!constraint.is_none()) o.constraint = Constraint(as_config(constraint));
        o.trainable = trainable;
        if (!dtype.is_none()) o.dtype = as_dtype(dtype);
        return l.add_weight(o);
      },
      py::arg("shape") = py::none(), py::arg("initializer") = py::none(),
      py::arg("dtype") = py::none(), py::arg("trainable") = true,
      py::arg("regularizer") = py::none(), py::arg("constraint") = py::none(),
      py::arg("name") = py::none(),
      "A new variable of this layer; the initializer is glorot_uniform by default.");
  c.def("_track_layer", &Layer::track_layer);
  c.def("_track_variable", &Layer::adopt_weight);
  c.def("_add_seed",
        [](Layer& l, std::optional<int64_t> seed) { return l.add_seed(seed).state(); });
  c.def(
      "compute_output_shape",
      [](Layer& l, const py::object& shape) -> py::object {
        std::vector<Shape> shapes;
        py::sequence seq = py::reinterpret_borrow<py::sequence>(shape);
        bool nested =
            py::len(seq) && (py::isinstance<py::tuple>(seq[0]) || py::isinstance<py::list>(seq[0]));
        if (nested)
          for (auto s : seq) shapes.push_back(as_shape(s));
        else
          shapes.push_back(as_shape(shape));
        auto out = l.compute_output_shape(shapes);
        if (out.size() == 1) return shape_tuple(out[0]);
        py::list list;
        for (auto& s : out) list.append(shape_tuple(s));
        return list;
      },
      py::arg("input_shape"), "Shape of the output for an input shape; builds the layer.");
  c.def("count_params", &Layer::count_params, "Number of weights.");
  c.def(
      "get_config",
      [](const Layer& l) {
        // Of a Python class: what every layer has; overriding methods extend it.
        if (dynamic_cast<const PythonSelf*>(&l)) return from_config_object(l.Layer::get_config());
        return from_config_object(l.get_config());
      },
      "Constructor arguments, from which from_config() makes the layer again.");
  c.def("_serialize", [](const Layer& l) { return from_config_object(serialize_layer(l)); });
  c.def(
      "get_weights",
      [](const Layer& l) {
        py::list out;
        for (auto& v : l.weights()) out.append(py::cast(v).attr("numpy")());
        return out;
      },
      "Values of all weights as NumPy arrays.");
  c.def(
      "set_weights",
      [](Layer& l, const py::list& values) {
        auto all = l.weights();
        if (values.size() != all.size())
          throw l.error(
              str("set_weights: expected ", all.size(), " arrays, received ", values.size()));
        Tensors ts;
        for (size_t i = 0; i < all.size(); ++i) {
          ts.push_back(as_tensor(values[i], "weights"));
          if (ts[i].shape() != all[i].shape())
            throw l.error(str("set_weights: weight '", all[i].path(), "' has shape ",
                              all[i].shape(), ", received ", ts[i].shape()));
        }
        for (size_t i = 0; i < all.size(); ++i) all[i].assign(ts[i].astype(all[i].dtype()));
      },
      py::arg("weights"), "Set all weights from a list of arrays.");

  m.def(
      "layer_classes",
      [] {
        py::dict out;
        for (auto& cls : layer_classes())
          out[py::str(cls.name)] = py::make_tuple(from_config_object(cls.defaults()), cls.doc);
        return out;
      },
      "Built-in layer classes: name -> (default arguments, documentation).");
  m.def("make_layer", [](const std::string& name, const py::object& config) {
    return wrap_layer(make_layer(name, as_config(config)));
  });
  m.def("deserialize_layer",
        [](const py::object& config) { return wrap_layer(deserialize_layer(as_config(config))); });
  m.def("register_layer", [](const std::string& name, const py::function& factory) {
    register_layer(name, [factory](const Config& c) -> LayerPtr {
      py::gil_scoped_acquire gil;
      return factory(from_config_object(c)).cast<LayerPtr>();
    });
  });
  m.def("unique_layer_name", &unique_layer_name);
  m.def("reset_layer_names", &reset_layer_names);
  m.def("to_snake_case", &to_snake_case);
  m.def("initializer_defaults", [] { return from_config_object(initializer_defaults()); });
  m.def("regularizer_defaults", [] { return from_config_object(regularizer_defaults()); });
  m.def("constraint_defaults", [] { return from_config_object(constraint_defaults()); });
  m.def("apply_initializer",
        [](const py::object& c, const py::object& shape, const py::object& dtype) {
          return Initializer(as_config(c))(as_shape(shape), as_dtype(dtype));
        });
  m.def("apply_regularizer", [](const py::object& c, const py::object& x) {
    return Regularizer(as_config(c))(as_tensor(x));
  });
  m.def("apply_constraint", [](const py::object& c, const py::object& w) {
    return Constraint(as_config(c))(as_tensor(w));
  });
  auto unary_factory = [](const py::function& factory) {
    return [factory](const Config& c) -> std::function<Tensor(const Tensor&)> {
      py::gil_scoped_acquire gil;
      py::object fn = factory(from_config_object(c));
      auto held = std::make_shared<py::object>(fn);
      return [held](const Tensor& x) {
        py::gil_scoped_acquire inner;
        return as_tensor((*held)(x), "result");
      };
    };
  };
  m.def("register_activation", [unary_factory](const std::string& name, const py::function& f) {
    register_activation(name, unary_factory(f));
  });
  m.def("register_regularizer", [unary_factory](const std::string& name, const py::function& f) {
    register_regularizer(name, unary_factory(f));
  });
  m.def("register_constraint", [unary_factory](const std::string& name, const py::function& f) {
    register_constraint(name, unary_factory(f));
  });
  m.def("register_initializer", [](const std::string& name, const py::function& factory) {
    register_initializer(name, [factory](const Config& c) -> Initializer::Function {
      py::gil_scoped_acquire gil;
      auto held = std::make_shared<py::object>(factory(from_config_object(c)));
      return [held](const Shape& s, DType d) {
        py::gil_scoped_acquire inner;
        return as_tensor((*held)(shape_tuple(s), py::arg("dtype") = dtype_name(d)), "initial value")
            .astype(d);
      };
    });
  });
}

}  // namespace lamina::python
