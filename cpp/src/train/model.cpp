#include "lamina/model.h"

#include <algorithm>
#include <limits>
#include <set>
#include <unordered_map>

#include "lamina/ragged.h"
#include "train/model_impl.h"

namespace lamina {

Tensor Input(const Shape& shape, DType dtype, const std::string& name,
             std::optional<int64_t> batch_size) {
  Shape full = shape;
  full.insert(0, batch_size.value_or(-1));
  auto node = std::make_shared<SymbolicNode>();
  node->outputs.emplace_back(full, dtype);
  Tensor t = make_symbolic(node, 0);
  t.impl()->name = name.empty() ? unique_layer_name("InputLayer") : name;
  return t;
}

namespace {

// Models can be layers of models: make_layer must know them.
void register_model_classes() {
  static const bool done = [] {
    for (const char* kind : {"Functional", "Sequential"})
      register_layer(kind, [kind](const Config& c) -> LayerPtr {
        return model_from_config(Config::object({{"class_name", kind}, {"config", c}}));
      });
    return true;
  }();
  (void)done;
}

}  // namespace

Model::Model(const LayerOptions& options) : Layer(options), impl_(std::make_unique<Impl>()) {
  register_model_classes();
  supports_masking_ = supports_ragged_ = true;  // the layers inside say what they take
}
Model::~Model() = default;

bool has_text(const Tensors& tensors) {
  return std::any_of(tensors.begin(), tensors.end(),
                     [](const Tensor& t) { return t.defined() && t.is_text(); });
}

namespace {

// Layers that read text run outside of the captured step, where nothing would train them.
void require_no_weights(const Layer& layer) {
  if (!layer.trainable_weights().empty())
    throw layer.error(
        "reads text and has weights to train; let a layer such as StringLookup read the text, and "
        "give this layer its result");
}

// Layers in Keras's order, which weights and files follow: those with most layers between them and
// the outputs first, among equals those that a search from the outputs meets first.
std::vector<LayerPtr> layers_by_depth(const Model::Impl& impl,
                                      const std::unordered_map<const Layer*, int>& met) {
  std::vector<int> depth(impl.calls.size(), 0);
  std::unordered_map<const Layer*, int> layer_depth;
  std::vector<LayerPtr> layers;
  for (size_t i = impl.calls.size(); i-- > 0;) {
    const LayerPtr& layer = impl.calls[i].node->layer;
    auto [it, fresh] = layer_depth.emplace(layer.get(), 0);
    it->second = depth[i] = std::max(depth[i], it->second);
    if (fresh) layers.push_back(layer);
    for (auto& from : impl.calls[i].from)
      if (from.second != std::string::npos && from.first >= 0) {
        int& before = depth[static_cast<size_t>(from.first)];
        before = std::max(before, depth[i] + 1);
      }
  }
  std::sort(layers.begin(), layers.end(), [&](const LayerPtr& a, const LayerPtr& b) {
    int x = layer_depth.at(a.get()), y = layer_depth.at(b.get());
    return x != y ? x > y : met.at(a.get()) < met.at(b.get());
  });
  return layers;
}

// Cuts the calls between inputs and outputs out of the symbolic graph; gives the layers, in order.
std::vector<LayerPtr> trace_graph(Model::Impl& impl, const Layer& owner) {
  std::unordered_map<const SymbolicNode*, int> index;
  std::unordered_map<const Layer*, int> met;
  for (size_t i = 0; i < impl.inputs.size(); ++i) {
    if (!impl.inputs[i].is_symbolic())
      throw owner.error("inputs must be symbolic tensors made by Input() or by layers");
    Symbol& s = symbol_of(impl.inputs[i]);
    if (s.node->layer && s.node->outputs.size() != 1)
      throw owner.error("an input may not be one of several outputs of a layer");
    if (!index.emplace(s.node.get(), ~static_cast<int>(i)).second)
      throw owner.error("the same tensor is given twice as an input");
  }
  auto sources = [](const SymbolicNode& node) {
    Tensors all = node.inputs;
    for (auto& [name, t] : node.args.tensors) all.push_back(t);
    return all;
  };
  // Depth first, iteratively: models may be very deep.
  std::vector<std::pair<std::shared_ptr<SymbolicNode>, size_t>> stack;
  auto visit = [&](const Tensor& t) {
    if (!t.defined() || !t.is_symbolic()) return;
    auto node = symbol_of(t).node;
    if (index.count(node.get())) return;
    if (!node->layer)
      throw owner.error("an output depends on input '" + t.impl()->name +
                        "', which is not among the inputs");
    index[node.get()] = std::numeric_limits<int>::max();  // under way
    met.emplace(node->layer.get(), static_cast<int>(met.size()));
    stack.emplace_back(node, 0);
  };
  for (const Tensor& out : impl.outputs) {
    if (!out.is_symbolic()) throw owner.error("outputs must be symbolic tensors made by layers");
    visit(out);
    while (!stack.empty()) {
      auto node = stack.back().first;
      Tensors from = sources(*node);
      if (stack.back().second < from.size()) {
        visit(from[stack.back().second++]);
        continue;
      }
      stack.pop_back();
      index[node.get()] = static_cast<int>(impl.calls.size());
      impl.calls.push_back({node, {}});
    }
  }
  auto origin = [&](const Tensor& t) {
    if (!t.defined() || !t.is_symbolic()) return std::pair<int, size_t>{0, std::string::npos};
    Symbol& s = symbol_of(t);
    return std::pair<int, size_t>{index.at(s.node.get()), s.index};
  };
  for (auto& call : impl.calls)
    for (const Tensor& t : sources(*call.node)) call.from.push_back(origin(t));
  for (const Tensor& t : impl.outputs) impl.output_from.push_back(origin(t));
  for (size_t i = 0; i < impl.calls.size(); ++i) {
    auto& call = impl.calls[i];
    Tensors from = sources(*call.node);
    if (!has_text(from)) continue;
    for (size_t j = 0; j < from.size(); ++j)
      if (from[j].is_symbolic() && call.from[j].first >= 0)
        throw call.node->layer->error(
            "reads text, so all its inputs must come directly from Input()");
    require_no_weights(*call.node->layer);
    impl.text_calls.push_back(i);
  }
  return layers_by_depth(impl, met);
}

// The argument `mask` goes with the inputs.
void set_masks(const Tensors& inputs, const CallArgs& args) {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (Tensor mask = args.mask(i); mask.defined() && !inputs[i].mask().defined())
      inputs[i].set_mask(mask);
}

// Inputs as the graph wants them: rank and known lengths checked, (n,) taken for (n, 1).
Tensors fit_inputs(const Layer& owner, const Tensors& expected, const Tensors& given) {
  if (given.size() != expected.size())
    throw owner.error(str("expects ", expected.size(), " inputs, received ", given.size()));
  Tensors out = given;
  for (size_t i = 0; i < out.size(); ++i) {
    const Shape& want = expected[i].shape();
    if (out[i].is_text() != expected[i].is_text())
      throw owner.error(str("input ", i, " must be ", expected[i].is_text() ? "text" : "numbers",
                            ", received ", dtype_name(out[i].dtype())));
    if (out[i].is_text() && out[i].rank() + 1 == want.rank() && want.back() == 1 &&
        !out[i].is_abstract() && !out[i].is_symbolic())
      out[i] = Tensor::from_strings(out[i].strings(), {out[i].numel(), 1});
    if (out[i].rank() + 1 == want.rank() && want.back() == 1) out[i] = expand_dims(out[i], {-1});
    const Shape& have = out[i].shape();
    bool fits = have.rank() == want.rank(), ragged = out[i].is_ragged();
    if (ragged && fits && want.rank() > 1 && want[1] >= 0)
      throw owner.error(str("input ", i, " has sequences of ", want[1], " steps, shape ", want,
                            "; a length of None takes ragged batches"));
    if (ragged && want[0] >= 0 && sample_count(out[i]) != want[0])
      throw owner.error(
          str("input ", i, " must have ", want[0], " samples, received ", sample_count(out[i])));
    for (int d = ragged ? 1 : 0; fits && d < want.rank(); ++d)
      fits = want[d] < 0 || have[d] < 0 || have[d] == want[d];
    if (!fits) throw owner.error(str("input ", i, " must have shape ", want, ", received ", have));
    // Whole numbers given as floats (or the reverse) become what the input was declared as.
    DType dtype = expected[i].dtype();
    if (out[i].dtype() != dtype && is_floating(dtype) != is_floating(out[i].dtype()) &&
        !is_floating(dtype))
      out[i] = cast(out[i], dtype);
    if (out[i].impl() == given[i].impl()) continue;
    if (given[i].mask().defined()) out[i].set_mask(given[i].mask());
    if (given[i].is_ragged()) out[i].set_row_lengths(given[i].row_lengths());
  }
  return out;
}

}  // namespace

Model::Model(const Tensors& inputs, const Tensors& outputs, const LayerOptions& options)
    : Layer(options), impl_(std::make_unique<Impl>()) {
  register_model_classes();
  supports_masking_ = supports_ragged_ = true;  // the layers inside say what they take
  if (inputs.empty() || outputs.empty())
    throw Error("Model: needs at least one input and one output");
  impl_->functional = true;
  impl_->inputs = inputs;
  impl_->outputs = outputs;
  if (name_.empty()) name_ = unique_layer_name("Functional");
  std::set<std::string> names;
  for (const LayerPtr& layer : trace_graph(*impl_, *this)) {
    if (!names.insert(layer->name()).second)
      throw error("two layers have the name '" + layer->name() +
                  "'; names within a model must differ");
    track_layer(layer);
  }
  for (const Tensor& t : inputs) build_shapes_.push_back(t.shape());
  built_ = true;
}

bool Model::is_functional() const { return impl_->functional; }
Tensors Model::inputs() const { return impl_->inputs; }
Tensors Model::outputs() const { return impl_->outputs; }

void Model::build(const std::vector<Shape>&) {}

// The layers inside have given the outputs theirs.
Tensors Model::compute_mask(const Tensors&, const Tensors&) { return {}; }

Tensors Model::call(const Tensors& given, const CallArgs& args) {
  if (!impl_->functional)
    throw error("has no call(); a subclass of Model must define one, or pass inputs and outputs");
  std::vector<Tensors> results(impl_->calls.size());
  Tensors inputs;
  if (impl_->encoded) {  // numbers, then the results of the calls that read text
    size_t next = 0;
    Tensors numbers, expected;
    for (const Tensor& t : impl_->inputs)
      if (!t.is_text()) numbers.push_back(given.at(next++)), expected.push_back(t);
    numbers = fit_inputs(*this, expected, numbers);
    size_t number = 0;
    for (const Tensor& t : impl_->inputs)
      inputs.push_back(t.is_text() ? Tensor{} : numbers[number++]);
    for (size_t i : impl_->text_calls)
      for (size_t k = 0; k < impl_->calls[i].node->outputs.size(); ++k)
        results[i].push_back(given.at(next++));
  } else {
    inputs = fit_inputs(*this, impl_->inputs, given);
    set_masks(inputs, args);
  }
  auto fetch = [&](std::pair<int, size_t> from, const Tensor& constant) -> Tensor {
    if (from.second == std::string::npos) return constant;
    return from.first < 0 ? inputs[static_cast<size_t>(~from.first)]
                          : results[static_cast<size_t>(from.first)][from.second];
  };
  for (size_t i = 0; i < impl_->calls.size(); ++i) {
    if (!results[i].empty()) continue;
    const Impl::Call& call = impl_->calls[i];
    const SymbolicNode& node = *call.node;
    Tensors in;
    for (size_t j = 0; j < node.inputs.size(); ++j)
      in.push_back(fetch(call.from[j], node.inputs[j]));
    CallArgs inner = node.args;
    for (size_t j = 0; j < inner.tensors.size(); ++j)
      inner.tensors[j].second = fetch(call.from[node.inputs.size() + j], inner.tensors[j].second);
    results[i] = (*node.layer)(in, inner, training_told() ? training_told() : node.training);
  }
  Tensors out;
  for (size_t i = 0; i < impl_->outputs.size(); ++i)
    out.push_back(fetch(impl_->output_from[i], {}));
  return out;
}

Tensors Model::encode_text(const Tensors& given) {
  if (!impl_->functional || !has_text(given)) return given;
  Tensors inputs = fit_inputs(*this, impl_->inputs, given), out;
  for (const Tensor& t : inputs)
    if (!t.is_text()) out.push_back(t);
  NoGrad off;
  for (size_t i : impl_->text_calls) {
    const Impl::Call& call = impl_->calls[i];
    const SymbolicNode& node = *call.node;
    auto fetch = [&](size_t j, const Tensor& constant) {
      auto from = call.from[j];
      return from.second == std::string::npos ? constant : inputs[static_cast<size_t>(~from.first)];
    };
    Tensors in;
    for (size_t j = 0; j < node.inputs.size(); ++j) in.push_back(fetch(j, node.inputs[j]));
    CallArgs args = node.args;
    for (size_t j = 0; j < args.tensors.size(); ++j)
      args.tensors[j].second = fetch(node.inputs.size() + j, args.tensors[j].second);
    for (Tensor& t : (*node.layer)(in, args, false)) out.push_back(t);
  }
  return out;
}

std::vector<std::string> Model::input_names() const {
  std::vector<std::string> names;
  for (const Tensor& t : impl_->inputs)
    names.push_back(symbol_of(t).node->layer ? symbol_of(t).node->layer->name() : t.impl()->name);
  return names;
}

const std::vector<std::string>& Model::output_keys() const { return impl_->output_keys; }
void Model::set_output_keys(const std::vector<std::string>& keys) {
  if (!keys.empty() && keys.size() != impl_->outputs.size())
    throw error(str("has ", impl_->outputs.size(), " outputs, received ", keys.size(), " keys"));
  impl_->output_keys = keys;
}

std::vector<std::string> Model::output_names() const {
  if (!impl_->output_keys.empty()) return impl_->output_keys;
  std::vector<std::string> names;
  for (const Tensor& t : impl_->outputs) {
    auto& layer = symbol_of(t).node->layer;
    names.push_back(layer ? layer->name() : t.impl()->name);
  }
  return names;
}

LayerPtr Model::get_layer(const std::string& name) const {
  std::string known;
  for (auto& l : sublayers_) {
    if (l->name() == name) return l;
    known += (known.empty() ? "" : ", ") + l->name();
  }
  throw error("get_layer: no layer '" + name + "'; the layers are " + known);
}

LayerPtr Model::get_layer(int64_t index) const {
  int64_t n = static_cast<int64_t>(sublayers_.size());
  if (index < -n || index >= n) throw error(str("get_layer: index ", index, " of ", n, " layers"));
  return sublayers_[static_cast<size_t>(index < 0 ? index + n : index)];
}

Config Model::get_config() const {
  Config c = Layer::get_config();
  if (!impl_->functional) return c;
  // Each call of a layer is one of its nodes, counted in the order of the graph.
  std::vector<Config> layers;
  std::map<std::string, size_t> entry;               // layer name -> place in `layers`
  std::vector<std::pair<std::string, int64_t>> ids;  // of each call
  std::vector<std::string> input_names = this->input_names();
  for (size_t i = 0; i < impl_->inputs.size(); ++i) {
    const Tensor& t = impl_->inputs[i];
    layers.push_back(Config::object({{"class_name", "InputLayer"},
                                     {"name", input_names[i]},
                                     {"config", Config::object({{"batch_shape", t.shape().vec()},
                                                                {"dtype", dtype_name(t.dtype())},
                                                                {"name", input_names[i]}})}}));
  }
  auto reference = [&](std::pair<int, size_t> from) {
    if (from.first < 0)
      return Config::list({input_names[static_cast<size_t>(~from.first)], int64_t{0}, int64_t{0}});
    auto& [name, node] = ids[static_cast<size_t>(from.first)];
    return Config::list({name, node, static_cast<int64_t>(from.second)});
  };
  std::vector<std::vector<Config>> nodes;
  for (auto& call : impl_->calls) {
    const SymbolicNode& node = *call.node;
    const std::string& name = node.layer->name();
    auto [it, fresh] = entry.emplace(name, layers.size());
    if (fresh) {
      Config l = serialize_layer(*node.layer);
      l.set("name", name);
      layers.push_back(l);
      nodes.resize(layers.size());
    }
    Config n = Config::object();
    std::vector<Config> in;
    for (size_t j = 0; j < node.inputs.size(); ++j) in.push_back(reference(call.from[j]));
    n.set("inputs", std::move(in));
    Config named = Config::object();
    for (size_t j = 0; j < node.args.tensors.size(); ++j) {
      auto from = call.from[node.inputs.size() + j];
      if (from.second == std::string::npos)
        throw error("a constant tensor argument of layer '" + name + "' cannot be saved");
      named.set(node.args.tensors[j].first, reference(from));
    }
    if (named.size()) n.set("tensors", named);
    if (!node.args.options.is_null()) n.set("options", node.args.options);
    if (node.training) n.set("training", *node.training);
    ids.emplace_back(name, static_cast<int64_t>(nodes[it->second].size()));
    nodes[it->second].push_back(n);
  }
  nodes.resize(layers.size());
  for (size_t i = impl_->inputs.size(); i < layers.size(); ++i)
    layers[i].set("inbound_nodes", nodes[i]);
  std::vector<Config> ins, outs;
  for (size_t i = 0; i < input_names.size(); ++i)
    ins.push_back(Config::list({input_names[i], int64_t{0}, int64_t{0}}));
  for (auto& from : impl_->output_from) outs.push_back(reference(from));
  Config by_key = Config::object();
  for (size_t i = 0; i < impl_->output_keys.size(); ++i) by_key.set(impl_->output_keys[i], outs[i]);
  c.set("layers", std::move(layers));
  c.set("input_layers", std::move(ins));
  c.set("output_layers", by_key.size() ? by_key : Config(std::move(outs)));
  return c;
}

namespace {

ModelPtr functional_from_config(const Config& config) {
  std::map<std::string, std::vector<Tensors>> made;  // layer -> outputs of each call
  std::map<std::string, LayerPtr> layers;
  struct Pending {
    std::string layer;
    const Config* node;
    size_t index;
  };
  std::vector<Pending> pending;
  Tensors inputs, outputs;
  for (const Config& l : config.at("layers").as_list()) {
    const std::string& name = l.at("name").as_string();
    if (l.at("class_name").as_string() == "InputLayer" && !l.has("inbound_nodes")) {
      const Config& c = l.at("config");
      Shape shape(c.at("batch_shape").as_ints());
      if (shape.empty()) fail("model file: input '", name, "' has no axes");
      std::optional<int64_t> batch;
      if (shape[0] >= 0) batch = shape[0];
      Shape rest = shape;
      rest.erase(0);
      made[name] = {{Input(rest, dtype_from_name(c.at("dtype").as_string()), name, batch)}};
      continue;
    }
    if (!layers.emplace(name, deserialize_layer(l)).second)
      fail("model file: two layers '", name, "'");
    const auto& nodes = l.at("inbound_nodes").as_list();
    made[name].resize(nodes.size());
    for (size_t i = 0; i < nodes.size(); ++i) pending.push_back({name, &nodes[i], i});
  }
  auto find = [&](const Config& ref) -> Tensor {
    const auto& parts = ref.as_list();
    if (parts.size() != 3) fail("model file: a tensor reference needs layer, node and index");
    auto it = made.find(parts[0].as_string());
    if (it == made.end())
      fail("model file: reference to unknown layer '", parts[0].as_string(), "'");
    auto node = static_cast<size_t>(parts[1].as_int()),
         index = static_cast<size_t>(parts[2].as_int());
    if (node >= it->second.size()) fail("model file: layer '", it->first, "' has no call ", node);
    if (it->second[node].empty()) return {};
    if (index >= it->second[node].size())
      fail("model file: layer '", it->first, "' has no output ", index);
    return it->second[node][index];
  };
  // In the order of the file, which is topological; again while something new can be made.
  while (!pending.empty()) {
    std::vector<Pending> later;
    for (auto& p : pending) {
      Tensors in;
      CallArgs args;
      bool ready = true;
      for (const Config& ref : p.node->at("inputs").as_list()) {
        in.push_back(find(ref));
        ready &= in.back().defined();
      }
      if (const Config* named = p.node->find("tensors"))
        for (auto& [key, ref] : named->as_object()) {
          args.tensors.emplace_back(key, find(ref));
          ready &= args.tensors.back().second.defined();
        }
      if (const Config* o = p.node->find("options")) args.options = *o;
      if (!ready) {
        later.push_back(p);
        continue;
      }
      const Config* training = p.node->find("training");
      made[p.layer][p.index] = (*layers[p.layer])(
          in, args, training ? std::optional(training->as_bool()) : std::nullopt);
    }
    if (later.size() == pending.size())
      fail("model file: the layers refer to each other in a circle");
    pending = std::move(later);
  }
  for (const Config& ref : config.at("input_layers").as_list()) inputs.push_back(find(ref));
  std::vector<std::string> keys;
  if (const Config& ends = config.at("output_layers"); ends.is_object()) {
    for (auto& [key, ref] : ends.as_object()) keys.push_back(key), outputs.push_back(find(ref));
  } else {
    for (const Config& ref : ends.as_list()) outputs.push_back(find(ref));
  }
  LayerOptions options;
  options.name = config.at("name").as_string();
  auto model = std::make_shared<Model>(inputs, outputs, options);
  model->set_output_keys(keys);
  if (const Config* t = config.find("trainable"); t && !t->as_bool()) model->set_trainable(false);
  return model;
}

}  // namespace

ModelPtr model_from_config(const Config& config) {
  register_model_classes();
  const std::string& kind = config.at("class_name").as_string();
  const Config& inner = config.at("config");
  if (kind == "Functional") return functional_from_config(inner);
  if (kind == "Sequential") {
    std::vector<LayerPtr> layers;
    for (const Config& l : inner.at("layers").as_list()) layers.push_back(deserialize_layer(l));
    LayerOptions options;
    options.name = inner.at("name").as_string();
    auto model = std::make_shared<Sequential>(layers, options);
    if (const Config* shapes = config.find("build_shapes"); shapes && !model->built()) {
      std::vector<Shape> list;
      for (const Config& s : shapes->as_list()) list.emplace_back(s.as_ints());
      model->build_from(list);
    }
    // Layers that came with their weights were not built inside the model.
    for (auto& l : model->layers()) {
      if (std::dynamic_pointer_cast<Model>(l)) continue;
      const std::string prefix = model->name() + "/";
      for (auto& v : l->weights())
        if (v.path().rfind(prefix, 0) != 0) v.set_path(prefix + v.path());
    }
    if (const Config* t = inner.find("trainable"); t && !t->as_bool()) model->set_trainable(false);
    return model;
  }
  auto model = std::dynamic_pointer_cast<Model>(deserialize_layer(config));
  if (!model) fail("'", kind, "' is not a model");
  return model;
}

// ---- Sequential ---------------------------------------------------------------------------------

static void require_new_name(const Model& model, const std::vector<LayerPtr>& layers,
                             const LayerPtr& layer) {
  for (auto& l : layers)
    if (l->name() == layer->name() && l != layer)
      throw model.error(
          str("all layers added to a Sequential model should have unique names. Name '",
              layer->name(), "' is already the name of a layer in this model"));
}

Sequential::Sequential(const std::vector<LayerPtr>& layers, const LayerOptions& options)
    : Model(options) {
  if (name_.empty()) name_ = unique_layer_name("Sequential");
  for (auto& l : layers) {
    if (!l) throw error("a layer is null");
    require_new_name(*this, sublayers_, l);
    track_layer(l);
  }
  rebuild();
}

void Sequential::add(const LayerPtr& layer) {
  if (!layer) throw error("add: the layer is null");
  require_new_name(*this, sublayers_, layer);
  track_layer(layer);
  rebuild();
}

void Sequential::pop() {
  if (sublayers_.empty()) throw error("pop: there are no layers");
  untrack_layer(LayerPtr(sublayers_.back()));
  rebuild();
}

// With an InputLayer in front, the model is built at once.
void Sequential::rebuild() {
  impl_->functional = built_ = false;
  impl_->drop_programs();
  if (sublayers_.size() > 1 && sublayers_[0]->class_name() == "InputLayer")
    build_from({Shape(sublayers_[0]->get_config().at("batch_shape").as_ints())});
}

void Sequential::build(const std::vector<Shape>& shapes) {
  if (shapes.size() != 1) throw error(str("takes one input, received ", shapes.size()));
  if (sublayers_.empty()) throw error("has no layers");
  Shape rest = shapes[0];
  if (rest.empty()) throw error("needs an input with a batch axis");
  std::optional<int64_t> batch;
  bool declared = sublayers_[0]->class_name() == "InputLayer";
  if (declared && rest[0] >= 0) batch = rest[0];
  rest.erase(0);
  DType dtype = dtype_;
  std::string input_name;
  if (declared) {
    Config c = sublayers_[0]->get_config();
    dtype = dtype_from_name(c.at("dtype").as_string());
    input_name = c.at("name").as_string();
  } else if (sublayers_[0]->class_name() == "Embedding") {
    dtype = DType::kInt32;
  } else if (built_on_text_ || sublayers_[0]->needs_text()) {
    dtype = DType::kString;
  }
  Tensor t = Input(rest, dtype, input_name, batch);
  impl_->inputs = {t};
  for (auto& l : sublayers_) {
    if (l->class_name() == "InputLayer") continue;
    Tensors out = (*l)(Tensors{t});
    if (out.size() != 1)
      throw error("layer '" + l->name() + "' has " + std::to_string(out.size()) +
                  " outputs; use a functional model");
    t = out[0];
  }
  impl_->outputs = {t};
  impl_->functional = true;
}

Tensors Sequential::call(const Tensors& given, const CallArgs& args) {
  bool text = has_text(given), first = true;
  Tensors x = impl_->functional && !text && !impl_->encoded
                  ? fit_inputs(*this, impl_->inputs, given)
                  : given;
  set_masks(x, args);
  for (auto& l : sublayers_) {
    if (l->class_name() == "InputLayer") continue;
    if (!first || !impl_->encoded) x = (*l)(x, CallArgs{});
    first = false;
  }
  return x;
}

Tensors Sequential::encode_text(const Tensors& given) {
  if (!has_text(given)) return given;
  if (!built_) {
    built_on_text_ = true;
    Shape s = given[0].shape();
    if (!s.empty()) s[0] = -1;
    build_from({s});
  }
  for (auto& l : sublayers_)
    if (l->class_name() != "InputLayer") {
      require_no_weights(*l);
      Tensor x = given[0];
      Shape column = {x.numel(), 1};
      if (x.rank() == 1 && impl_->inputs[0].rank() == 2 && impl_->inputs[0].dim(1) == 1)
        x = Tensor::from_strings(x.strings(), column);
      NoGrad off;
      return (*l)(Tensors{x}, CallArgs{}, false);
    }
  return given;
}

Config Sequential::get_config() const {
  Config c = Layer::get_config();
  std::vector<Config> layers;
  for (auto& l : sublayers_) layers.push_back(serialize_layer(*l));
  c.set("layers", std::move(layers));
  return c;
}

}  // namespace lamina
