// Layer, and the Python classes of the built-in ones.
#include <algorithm>

#include "python_layer.h"

namespace lamina::python {

namespace {

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
      throw Error("Layer: unexpected argument '" + k +
                      "'; arguments are activity_regularizer, trainable, dtype, autocast, name",
                  Error::Kind::kType);
  }
  return o;
}

py::list variables_list(const std::vector<Variable>& vs) {
  py::list out;
  for (auto& v : vs) out.append(v);
  return out;
}

// One shape, or a list of them; None where a layer does not care.
std::vector<Shape> as_shapes(const py::object& shape) {
  if (shape.is_none()) return {Shape{}};
  std::vector<Shape> shapes;
  auto seq = py::reinterpret_borrow<py::sequence>(shape);
  if (py::len(seq) && (py::isinstance<py::tuple>(seq[0]) || py::isinstance<py::list>(seq[0])))
    for (auto s : seq) shapes.push_back(as_shape(s));
  else
    shapes.push_back(as_shape(shape));
  return shapes;
}

// The same, or shapes one by one, as in build(query_shape, value_shape).
std::vector<Shape> as_shapes(const py::object& shape, const py::args& more,
                             const py::kwargs& named) {
  std::vector<Shape> shapes;
  if (!shape.is_none() || named.empty()) shapes = as_shapes(shape);
  for (auto s : more)
    if (!s.is_none()) shapes.push_back(as_shape(s));
  for (auto [name, s] : named)
    if (!s.is_none()) shapes.push_back(as_shape(s));
  return shapes;
}

}  // namespace

Config bind_arguments(const std::string& owner, const Config& defaults, const py::args& args,
                      const py::kwargs& kwargs) {
  Config c = Config::object();
  const auto& names = defaults.as_object();
  if (args.size() > names.size())
    throw Error(str(owner, ": takes at most ", names.size(), " arguments, received ", args.size()),
                Error::Kind::kType);
  // A layer around another one, or around several, keeps the very object.
  auto argument = [](const py::handle& v) {
    if (py::isinstance<Layer>(v)) return share_layer(v.cast<LayerPtr>());
    const bool several = py::isinstance<py::list>(v) || py::isinstance<py::tuple>(v);
    if (!several || py::len(v) == 0) return as_config(v);
    Config list = Config::list();
    for (auto item : v) {
      if (!py::isinstance<Layer>(item)) return as_config(v);
      list.push(share_layer(item.cast<LayerPtr>()));
    }
    return list;
  };
  for (size_t i = 0; i < args.size(); ++i) c.set(names[i].first, argument(args[i]));
  for (auto [key, value] : kwargs) {
    std::string k = py::str(key);
    if (c.has(k)) throw Error(owner + ": argument '" + k + "' was given twice", Error::Kind::kType);
    if (k == "autocast") continue;
    // What Keras's configs hold of quantization and LoRA, where a layer has none.
    if (value.is_none() && !defaults.has(k) &&
        (k == "quantization_config" || k == "lora_rank" || k == "lora_alpha" ||
         k == "gptq_unpacked_column_size"))
      continue;
    // None means the default, as for every optional argument of Keras, unless the default is a
    // value that None turns off (activation, an initializer, ...).
    if (value.is_none() && (!defaults.has(k) || k == "name" || k == "dtype" || k == "trainable" ||
                            k == "data_format" || defaults.at(k).is_null()))
      continue;
    c.set(k, argument(value));
  }
  return c;
}

// Unknown names of activations and the like are told when the layer is made, not when it is built.
static void check_choices(const std::string& owner, const Config& config) {
  for (auto& [key, value] : config.as_object()) {
    auto ends = [key = std::string_view(key)](const char* end) { return key.ends_with(end); };
    try {
      if (value.is_null()) continue;
      if (ends("initializer")) Initializer(value).check();
      if (ends("regularizer")) Regularizer(value).check();
      if (ends("constraint")) Constraint(value).check();
    } catch (const Error& e) {
      fail(owner, ": argument '", key, "': ", e.what());
    }
    if (ends("activation") && !is_activation(Activation(value).name()))
      py::module_::import("lamina.activations").attr("get")(from_config_object(value));
  }
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
      "Derived from a built-in layer, a class may override what it does and use super().\n\n"
      "Args:\n"
      "    activity_regularizer: Penalty on the outputs, divided by the size of the batch.\n"
      "    trainable: Whether training changes the weights.\n"
      "    dtype: Of the weights and of the computation; lamina.config.floatx() by default.\n"
      "    autocast: Taken for Keras's sake; inputs are cast to dtype.\n"
      "    name: Name, unique within a model; made from the class name by default.");
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
          auto layer = std::make_shared<PythonLayer>(self, options_from(kwargs));
          if (kwargs.contains("activity_regularizer"))
            layer->set_activity_regularizer(Regularizer(as_config(kwargs["activity_regularizer"])));
          return set_instance<Layer>(v_h, layer);
        }
        std::string name = native.cast<std::string>();
        const LayerClass* cls = find_layer_class(name);
        bool derived = !py::type::of(self).attr("__dict__").contains("_lamina_class");
        Config config = bind_arguments(name, cls->defaults(), args, kwargs);
        bool known = true;  // else another message tells of what is not
        for (auto& [key, value] : config.as_object()) known = known && cls->defaults().has(key);
        for (auto required : py::getattr(py::type::of(self), "_required", py::tuple()))
          if (known && !config.has(required.cast<std::string>()))
            throw Error(name + ": missing argument '" + required.cast<std::string>() + "'",
                        Error::Kind::kType);
        check_choices(name, config);
        if (derived && !config.has("name"))
          config.set("name", unique_layer_name(class_name_of(self)));
        LayerPtr layer = make_layer(name, config);
        if (derived)
          layer = std::make_shared<PythonLayer>(
              self, LayerOptions{layer->name(), layer->trainable(), layer->dtype_policy()}, layer);
        set_instance<Layer>(v_h, layer);
      },
      py::detail::is_new_style_constructor());
  c.def("__call__", &call_layer);
  c.def("call", &call_native, "What the layer computes, without building it first.");
  bind_layer_api(c);
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
  c.def_property_readonly("_own_weights", [](const Layer& l) {  // in the order of weights()
    std::vector<Variable> out;
    for (auto& v : l.weights())
      if (std::find(l.own_weights().begin(), l.own_weights().end(), v) != l.own_weights().end())
        out.push_back(v);
    return variables_list(out);
  });
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
      [](Layer& l, const py::object& shape, const py::args& more, const py::kwargs& named) {
        std::vector<Shape> shapes = as_shapes(shape, more, named);
        if (l.building()) {  // super().build(...) in an overriding method
          if (auto* python = dynamic_cast<PythonLayer*>(&l)) python->build_native(shapes);
        } else if (dynamic_cast<Model*>(&l) && dynamic_cast<PythonSelf*>(&l)) {
          l.compute_output_shape(shapes);  // makes the layers inside too
        } else {
          l.build_from(shapes);
        }
      },
      py::arg("input_shape") = py::none(),
      "Make the weights for an input shape (or a list of them); None for unknown lengths.\n\n"
      "Layers of several inputs take their shapes one by one too, as in\n"
      "build(query_shape, value_shape).");
  c.def(
      "add_weight",
      [](Layer& l, const py::object& shape, const py::object& initializer, const py::object& dtype,
         bool trainable, bool, const py::object& regularizer, const py::object& constraint,
         const std::string&, bool, const py::object& name) {
        WeightOptions o;
        o.name = name.is_none() ? "variable" : name.cast<std::string>();
        o.shape = shape.is_none() ? Shape{} : as_shape(shape);
        if (!initializer.is_none()) o.initializer = Initializer(as_config(initializer));
        if (!regularizer.is_none()) o.regularizer = Regularizer(as_config(regularizer));
        if (!constraint.is_none()) o.constraint = Constraint(as_config(constraint));
        o.trainable = trainable;
        if (!dtype.is_none()) o.dtype = as_dtype(dtype);
        if (initializer.is_none() && !is_floating(o.dtype.value_or(l.dtype())))
          o.initializer = "zeros";
        return l.add_weight(o);
      },
      py::arg("shape") = py::none(), py::arg("initializer") = py::none(),
      py::arg("dtype") = py::none(), py::arg("trainable") = true, py::arg("autocast") = true,
      py::arg("regularizer") = py::none(), py::arg("constraint") = py::none(),
      py::arg("aggregation") = "none", py::arg("overwrite_with_gradient") = false,
      py::arg("name") = py::none(),
      "A new variable of this layer.\n\n"
      "Args:\n"
      "    shape: Shape; a scalar by default.\n"
      "    initializer: Name or object; glorot_uniform by default, zeros for integers.\n"
      "    dtype: The layer's by default.\n"
      "    trainable: Whether training changes it.\n"
      "    regularizer: Penalty on it, added to the loss.\n"
      "    constraint: What it is projected to after each update.\n"
      "    name: Last part of its path.\n"
      "    autocast, aggregation, overwrite_with_gradient: Taken for Keras's sake.");
  c.def("_track_layer", &Layer::track_layer);
  c.def("_track_variable", &Layer::adopt_weight);
  c.def("_add_seed",
        [](Layer& l, std::optional<int64_t> seed) { return l.add_seed(seed).state(); });
  c.def(
      "compute_output_shape",
      [](Layer& l, const py::object& shape, const py::args& more,
         const py::kwargs& named) -> py::object {
        std::vector<Shape> shapes = as_shapes(shape, more, named);
        auto out = l.compute_output_shape(shapes);
        if (out.size() == 1) return shape_tuple(out[0]);
        py::list list;
        for (auto& s : out) list.append(shape_tuple(s));
        return list;
      },
      py::arg("input_shape") = py::none(),
      "Shape of the output for an input shape; builds the layer. Several inputs' shapes in a list "
      "or\n"
      "one by one.");
  c.def("count_params", &Layer::count_params, "Number of weights.");
  c.def(
      "get_config",
      [](const Layer& l) {
        // For an overriding method of a Python class: what every layer has.
        const auto* self = dynamic_cast<const PythonSelf*>(&l);
        const auto* layer = dynamic_cast<const PythonLayer*>(&l);
        const py::type base = layer ? py::type::of<Layer>() : py::type::of<Model>();
        if (!self || self->overridden("get_config", base).is_none())
          return from_config_object(l.get_config());
        return from_config_object(layer ? layer->base_config() : l.Layer::get_config());
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
  m.def("check_initializer", [](const py::object& c) { Initializer(as_config(c)).check(); });
  m.def("check_regularizer", [](const py::object& c) { Regularizer(as_config(c)).check(); });
  m.def("check_constraint", [](const py::object& c) { Constraint(as_config(c)).check(); });
  auto unary_factory = [](const py::function& factory) {
    return [factory](const Config& c) -> std::function<Tensor(const Tensor&)> {
      py::gil_scoped_acquire gil;
      py::object fn = factory(from_config_object(c));
      auto held = held_object(fn);
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
      auto held = held_object(factory(from_config_object(c)));
      return [held](const Shape& s, DType d) {
        py::gil_scoped_acquire inner;
        return as_tensor((*held)(shape_tuple(s), py::arg("dtype") = dtype_name(d)), "initial value")
            .astype(d);
      };
    });
  });
}

}  // namespace lamina::python
