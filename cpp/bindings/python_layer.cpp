// Calls of layers from Python, and of Python's methods from the core.
#include "python_layer.h"

#include <algorithm>

namespace lamina::python {

py::handle layer_base() {
  py::gil_scoped_acquire gil;
  static PyObject* base =
      py::object(py::module_::import("lamina._core").attr("Layer")).release().ptr();
  return base;
}

// Whether a list of arrays given to a model with one input holds its samples: sequences.
static bool are_sequences(const Layer& layer, const Tensors& list) {
  auto* model = dynamic_cast<const Model*>(&layer);
  if (!model || !model->is_functional() || model->inputs().size() != 1) return false;
  const Shape& want = model->inputs()[0].shape();
  if (want.rank() < 2 || want[1] >= 0) return false;
  for (const Tensor& t : list)
    if (!t.defined() || t.is_ragged() || t.is_symbolic() || t.is_text() ||
        t.rank() != want.rank() - 1)
      return false;
  return !list.empty();
}

// layer(x), layer([a, b]), layer(query, value, mask=m, training=True)
Call parse_call(Layer& layer, const py::args& args, const py::kwargs& kwargs) {
  Call result;
  auto& [inputs, call, training] = result;
  bool python = dynamic_cast<PythonSelf*>(&layer) != nullptr;
  int64_t first_list = -1;
  const CallSignature names = layer.call_signature();
  Tensors by_name(names.inputs.size());  // inputs that came by keyword
  const bool cell = !layer.state_size().is_null();
  Config options = Config::object();
  for (size_t i = 0; i < args.size(); ++i) {
    py::object a = args[i];
    if (a.is_none() && i > 0) continue;
    if (const size_t n = names.inputs.size();
        n && i >= n && i - n < names.others.size() && !PyBool_Check(a.ptr())) {
      const std::string& name = names.others[i - n];
      call.tensors.emplace_back(name, as_tensor(a, name.c_str()));
      continue;
    }
    if (i > 0 && PyBool_Check(a.ptr())) {  // call(x, training)
      training = a.cast<bool>();
      continue;
    }
    bool single = true;
    Tensors ts =
        i > 0 && holds_tensors(a) ? flat_tensors(a, "input") : as_tensors(a, &single, "input");
    if (i == 0 && !single && are_sequences(layer, ts)) ts = {Ragged(ts).batch()}, single = true;
    if (cell && i > 0 && !py::isinstance<py::list>(a) && !py::isinstance<py::tuple>(a))
      options.set(kStateAlone, true);
    if (i == 0 && !single) first_list = static_cast<int64_t>(ts.size());
    for (auto& t : ts) inputs.push_back(t);
  }
  for (auto [key, value] : kwargs) {
    std::string k = py::str(key);
    if (k == "training") {
      if (!value.is_none()) training = value.cast<bool>();
    } else if (value.is_none()) {
      continue;
    } else if (k == "mask" &&
               (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value))) {
      size_t i = 0;  // a mask, or None, for each input
      for (auto item : value) {
        if (!item.is_none())
          call.tensors.emplace_back("mask/" + std::to_string(i), as_tensor(item, "mask"));
        ++i;
      }
    } else if (cell && k == "states") {
      for (auto& t : flat_tensors(value, "states")) inputs.push_back(t);
    } else if (auto at = std::find(names.inputs.begin(), names.inputs.end(), k);
               at != names.inputs.end()) {
      by_name[static_cast<size_t>(at - names.inputs.begin())] = as_tensor(value, k.c_str());
    } else if (args.empty() && inputs.empty() &&
               (k == "inputs" || k == "x" || k == "query" || k == "sequences")) {
      bool single = true;
      inputs = as_tensors(value, &single, k.c_str());
      if (!single) first_list = static_cast<int64_t>(inputs.size());
    } else if (py::isinstance<Tensor>(value) || py::isinstance<py::array>(value)) {
      call.tensors.emplace_back(k, as_tensor(value, k.c_str()));
    } else if (holds_tensors(value)) {
      int i = 0;
      for (auto& t : flat_tensors(value, k.c_str()))
        call.tensors.emplace_back(k + "/" + std::to_string(i++), t);
    } else {
      options.set(k, as_config(value));
    }
  }
  for (size_t i = 0; i < by_name.size(); ++i) {
    if (!by_name[i].defined()) continue;
    if (i < inputs.size()) throw layer.error("argument '" + names.inputs[i] + "' was given twice");
    if (i > inputs.size())
      throw layer.error("argument '" + names.inputs[inputs.size()] + "' is missing");
    inputs.push_back(by_name[i]);
  }
  if (inputs.empty()) throw layer.error("was called without an input");
  if (layer.takes_list() && first_list < 0)
    throw layer.error(
        str("should be called on a list of inputs, received one of shape ", inputs[0].shape()));
  if (python && first_list >= 0) options.set("_list", first_list);
  if (options.size()) call.options = options;
  return result;
}

// layer({"images": x, "labels": y}): a dict comes back, with the same keys in the same order.
static py::object call_layer_on_dict(Layer& layer, const py::dict& given,
                                     std::optional<bool> training) {
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

py::object call_layer(Layer& layer, const py::args& args, const py::kwargs& kwargs) {
  if (!args.empty() && py::isinstance<py::dict>(args[0]) && !layer.input_names().empty()) {
    std::optional<bool> training;
    if (args.size() > 1 && PyBool_Check(args[1].ptr())) training = args[1].cast<bool>();
    if (kwargs.contains("training") && !kwargs["training"].is_none())
      training = kwargs["training"].cast<bool>();
    return call_layer_on_dict(layer, args[0].cast<py::dict>(), training);
  }
  Call c = parse_call(layer, args, kwargs);
  Tensors outs;
  {
    py::gil_scoped_release nogil;
    outs = layer(c.inputs, c.args, c.training);
  }
  return outputs_of(layer, outs, c.args);
}

py::object call_native(Layer& layer, const py::args& args, const py::kwargs& kwargs) {
  auto* python = dynamic_cast<PythonLayer*>(&layer);
  Layer& native = python && python->native() ? *python->native() : layer;
  auto* model = dynamic_cast<Model*>(&layer);
  if (!model && dynamic_cast<PythonSelf*>(&native))
    throw Error(layer.class_name() + " must define call()", Error::Kind::kUnsupported);
  Call c = parse_call(native, args, kwargs);
  for (Tensor& t : c.inputs)
    if (t.is_symbolic()) return call_layer(layer, args, kwargs);
  if (!layer.built()) return call_layer(layer, args, kwargs);
  c.args.training = c.training.value_or(false);
  for (const Tensor& t : c.inputs)
    if (t.mask().defined()) c.args.masks.resize(c.inputs.size());
  for (size_t i = 0; i < c.args.masks.size(); ++i) c.args.masks[i] = c.inputs[i].mask();
  for (const Tensor& t : c.inputs) {
    if (t.is_ragged()) c.args.rows.resize(c.inputs.size());
  }
  for (size_t i = 0; i < c.args.rows.size(); ++i) c.args.rows[i] = c.inputs[i].row_lengths();
  Tensors outs;
  {
    py::gil_scoped_release nogil;
    if (native.trainable() != layer.trainable()) native.set_trainable(layer.trainable());
    outs = model ? model->Model::call(c.inputs, c.args) : native.call(c.inputs, c.args);
  }
  return outputs_of(model ? layer : native, outs, c.args);
}

PythonLayer::PythonLayer(py::handle self, const LayerOptions& options, LayerPtr native)
    : Layer(options), PythonSelf(self), native_(std::move(native)) {
  supports_masking_ = !overridden("compute_mask", layer_base()).is_none();
  if (!native_) return;
  supports_masking_ |= native_->supports_masking();
  supports_ragged_ = native_->supports_ragged();
  activity_regularizer_ = native_->activity_regularizer();
  share_state(*native_);
}

std::string PythonLayer::class_name() const {
  py::gil_scoped_acquire gil;
  return class_name_of(self());
}

void PythonLayer::build(const std::vector<Shape>& shapes) {
  python_build(*this, layer_base(), shapes, [&] { build_native(shapes); });
}

void PythonLayer::build_native(const std::vector<Shape>& shapes) {
  if (native_) native_->build_for(*this, shapes);
}

Tensors PythonLayer::call(const Tensors& inputs, const CallArgs& args) {
  bool own;
  {
    py::gil_scoped_acquire gil;
    own = !overridden("call", layer_base()).is_none();
  }
  if (own) return python_call(*this, inputs, args);
  if (!native_) throw Error(class_name() + " must define call()", Error::Kind::kUnsupported);
  if (native_->trainable() != trainable_) native_->set_trainable(trainable_);
  return native_->call(inputs, args);
}

CallSignature PythonLayer::call_signature() const {
  py::gil_scoped_acquire gil;
  const bool own = !overridden("call", layer_base()).is_none();
  return native_ && !own ? native_->call_signature() : CallSignature{};
}

Config PythonLayer::base_config() const {
  if (!native_) return Layer::get_config();
  Config c = native_->get_config();
  c.set("name", name_);
  if (c.has("trainable")) c.set("trainable", trainable_);
  return c;
}

Config PythonLayer::get_config() const {
  return python_config(*this, layer_base(), [this] { return base_config(); });
}

Tensors PythonLayer::base_mask(const Tensors& inputs, const Tensors& masks) {
  return native_ ? native_->compute_mask(inputs, masks) : Layer::compute_mask(inputs, masks);
}

Tensors PythonLayer::compute_mask(const Tensors& inputs, const Tensors& masks) {
  return python_compute_mask(*this, layer_base(), inputs, masks,
                             [&] { return base_mask(inputs, masks); });
}

Config PythonLayer::get_build_config() const {
  py::gil_scoped_acquire gil;
  py::object method = overridden("get_build_config", layer_base());
  return method.is_none() ? Config() : as_config(method());
}

void PythonLayer::build_from_config(const Config& config) {
  py::gil_scoped_acquire gil;
  py::object method = overridden("build_from_config", layer_base());
  if (method.is_none()) return Layer::build_from_config(config);
  method(from_config_object(config));
  built_ = true;
}

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
  } else {  // build(shapes), or build(query_shape, value_shape)
    py::list list;
    for (auto& sh : shapes) list.append(shape_tuple(sh));
    py::object type = py::type::of(s.self());
    if (py::module_::import("lamina._layer").attr("builds_apart")(type).cast<bool>())
      method(*list);
    else
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
      else if (k == kStateAlone)
        continue;
      else
        kwargs[py::str(k)] = from_config_object(v);
    }
  size_t i = 0;
  if (first >= 0) {
    py::list list;
    for (; i < inputs.size() && i < static_cast<size_t>(first); ++i) list.append(inputs[i]);
    positional.append(list);
  }
  auto* layer = dynamic_cast<const Layer*>(&s);
  const Config sizes = layer ? layer->state_size() : Config();
  if (!sizes.is_null() && first < 0 && inputs.size() > 1) {  // a cell: call(inputs, states)
    positional.append(inputs[i++]);
    const bool as_they_are = sizes.is_list() || args.flag(kStateAlone);
    positional.append(nested_tensors(inputs, as_they_are ? sizes : Config::list({sizes}), i));
  }
  for (; i < inputs.size(); ++i) positional.append(inputs[i]);
  for (auto& [k, t] : args.tensors)
    if (k.rfind("mask/", 0) != 0) kwargs[py::str(k)] = t;
  py::object spec = py::getattr(s.self(), "input_spec", py::none());
  if (!spec.is_none() && !positional.empty())
    py::module_::import("lamina._input_spec").attr("check")(s.self(), spec, positional[0]);
  // training is passed where call() has a place for it.
  py::object type = py::type::of(s.self());
  if (py::module_::import("lamina._layer").attr("takes_training")(type).cast<bool>())
    kwargs["training"] = args.training;
  // Masks likewise: `mask` of a single argument, `query_mask` of an argument `query` among several.
  py::tuple names = py::module_::import("lamina._layer").attr("call_parameters")(type);
  auto mask_of_argument = [&](size_t position) -> py::object {
    size_t listed = first >= 0 ? static_cast<size_t>(first) : 1;
    auto one = [&](size_t at) {
      Tensor mask = args.mask(at);
      return mask.defined() ? py::cast(mask) : py::object(py::none());
    };
    if (position > 0) return one(listed + position - 1);
    if (first < 0) return one(0);
    py::list list;
    for (size_t at = 0; at < listed; ++at) list.append(one(at));
    return list;
  };
  bool alone = positional.size() == 1 &&
               (args.tensors.empty() || kwargs.contains("mask") || args.tensor("mask/0").defined());
  for (size_t at = 0; at < positional.size() && at < names.size(); ++at) {
    py::str name = alone ? py::str("mask") : py::str(std::string(py::str(names[at])) + "_mask");
    if (names.contains(name) && !kwargs.contains(name)) kwargs[name] = mask_of_argument(at);
  }
  py::object result = s.self().attr("call")(*py::tuple(positional), **kwargs);
  if (result.is_none())
    throw Error(class_name_of(s.self()) +
                    ".call() returned None; it must return a tensor or a list of tensors",
                Error::Kind::kType);
  return sizes.is_null() ? as_tensors(result, nullptr, "result of call()")
                         : flat_tensors(result, "result of call()");
}

Tensors python_compute_mask(const PythonSelf& s, py::handle base, const Tensors& inputs,
                            const Tensors& masks, const std::function<Tensors()>& otherwise) {
  py::gil_scoped_acquire gil;
  py::object method = s.overridden("compute_mask", base);
  if (method.is_none()) return otherwise();
  py::list given, none;
  for (size_t i = 0; i < inputs.size(); ++i)
    given.append(i < masks.size() && masks[i].defined() ? py::cast(masks[i])
                                                        : py::object(py::none()));
  py::object mask = inputs.size() == 1 ? py::object(given[0])
                    : masks.empty()    ? py::object(py::none())
                                       : py::object(given);
  py::object result = method(from_tensors(inputs, inputs.size() == 1), mask);
  return as_masks(result);
}

Config python_config(const PythonSelf& s, py::handle base,
                     const std::function<Config()>& otherwise) {
  py::gil_scoped_acquire gil;
  py::object method = s.overridden("get_config", base);
  if (method.is_none()) {
    const Config c = otherwise();
    const auto* layer = dynamic_cast<const PythonLayer*>(&s);
    if ((layer && layer->native()) || c.has("layers")) return c;  // they say how they are made
    py::object own = py::module_::import("lamina._own_config").attr("own_config");
    return as_config(own(s.self(), from_config_object(c)));
  }
  Config c = as_config(method());
  if (!c.has("name")) c.set("name", std::string(py::str(s.self().attr("name"))));
  return c;
}

}  // namespace lamina::python
