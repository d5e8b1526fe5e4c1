#include "lamina/layer.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_set>

#include "core/tensor_impl.h"
#include "graph/graph.h"
#include "layers/symbolic.h"

namespace lamina {

namespace {
// Whether the call that runs on this thread is one of training, where somebody said so; layers
// called inside inherit it.
thread_local std::optional<bool> training_now;
thread_local int call_depth = 0;

struct CallScope {
  explicit CallScope(std::optional<bool> training) : before(training_now) {
    training_now = training, ++call_depth;
  }
  ~CallScope() { training_now = before, --call_depth; }
  std::optional<bool> before;
};

std::mutex names_mutex;
std::map<std::string, int> name_counts;
}  // namespace

// As Keras: MaxPooling2D is max_pooling2d, ReLU is re_lu.
std::string to_snake_case(const std::string& s) {
  auto upper = [&](size_t i) { return std::isupper(static_cast<unsigned char>(s[i])) != 0; };
  auto lower = [&](size_t i) { return std::islower(static_cast<unsigned char>(s[i])) != 0; };
  std::string out;
  for (size_t i = 0; i < s.size(); ++i) {
    if (i > 0 && upper(i) && (lower(i - 1) || (i + 1 < s.size() && lower(i + 1)))) out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(s[i])));
  }
  return out;
}

std::string unique_layer_name(const std::string& class_name) {
  // Of a registered class, "package>Class", the class.
  std::string stem = to_snake_case(class_name.substr(class_name.rfind('>') + 1));
  std::lock_guard lock(names_mutex);
  int n = name_counts[stem]++;
  return n ? stem + "_" + std::to_string(n) : stem;
}

void reset_layer_names() {
  std::lock_guard lock(names_mutex);
  name_counts.clear();
}

Tensor CallArgs::tensor(const std::string& name) const {
  for (auto& [k, t] : tensors)
    if (k == name) return t;
  return {};
}

Tensor CallArgs::mask(size_t i) const {
  if (Tensor t = tensor("mask"); t.defined()) return i == 0 ? t : Tensor{};
  if (Tensor t = tensor("mask/" + std::to_string(i)); t.defined()) return t;
  return i < masks.size() ? masks[i] : Tensor{};
}

bool CallArgs::flag(const std::string& name, bool otherwise) const {
  const Config* c = options.is_object() ? options.find(name) : nullptr;
  return c && !c->is_null() ? c->as_bool() : otherwise;
}

Layer::Layer(const LayerOptions& options)
    : name_(options.name),
      trainable_(options.trainable),
      mixed_(options.dtype.value_or(lamina::dtype_policy()) == "mixed_bfloat16"),
      dtype_(mixed_          ? DType::kFloat32
             : options.dtype ? dtype_from_name(*options.dtype)
                             : floatx()) {}
Layer::~Layer() = default;

Error Layer::error(const std::string& message) const {
  return Error(class_name() + " '" + name_ + "': " + message);
}

Config Layer::get_config() const {
  return Config::object({{"name", name_}, {"trainable", trainable_}, {"dtype", dtype_policy()}});
}

void Layer::build_from(const std::vector<Shape>& input_shapes) {
  if (built_) return;
  if (name_.empty()) name_ = unique_layer_name(class_name());
  LayerScope scope(name_);
  path_ = current_layer();
  // Weights are made now, also while a function is being captured.
  TraceScope suspended(nullptr);
  NoGrad off;
  building_ = true;
  try {
    build(input_shapes);
  } catch (...) {
    building_ = false;
    throw;
  }
  building_ = false;
  build_shapes_ = input_shapes;
  built_ = true;
}

namespace {
void flatten_sizes(const Config& nested, std::vector<int64_t>& out) {
  if (nested.is_null()) return;
  if (!nested.is_list()) return out.push_back(nested.as_int());
  for (const Config& item : nested.as_list()) flatten_sizes(item, out);
}
}  // namespace
std::vector<int64_t> flat_sizes(const Config& nested) {
  std::vector<int64_t> out;
  flatten_sizes(nested, out);
  return out;
}

int64_t Layer::output_size() const {
  const Config sizes = state_size();
  // Of several cells, each with its states, the last one.
  if (sizes.is_list() && sizes.size() && sizes.as_list().back().is_list())
    return flat_sizes(sizes.as_list().back()).at(0);
  return flat_sizes(sizes).at(0);
}
Tensors Layer::initial_states(int64_t batch) {
  Tensors out;
  for (int64_t n : flat_sizes(state_size())) out.push_back(zeros({batch, n}, dtype_));
  return out;
}
void Layer::reset_state() {
  for (auto& l : sublayers_) l->reset_state();
}

void Layer::set_option(const std::string& name, const Config&) {
  throw error("'" + name + "' cannot be changed");
}

void Layer::build_for(Layer& owner, const std::vector<Shape>& input_shapes) {
  if (!built_) {
    name_ = owner.name_, path_ = owner.path_;
    build(input_shapes);
    build_shapes_ = input_shapes;
    built_ = true;
  }
  owner.share_state(*this);
}

void Layer::share_state(const Layer& other) {
  for (size_t i = 0; i < other.own_.size(); ++i)
    if (std::find(own_.begin(), own_.end(), other.own_[i]) == own_.end()) {
      own_.push_back(other.own_[i]);
      wanted_trainable_.push_back(other.wanted_trainable_[i]);
      weights_changed();
    }
  for (auto& l : other.sublayers_) track_layer(l);
  for (auto& s : other.seeds_)
    if (std::find(seeds_.begin(), seeds_.end(), s) == seeds_.end()) seeds_.push_back(s);
}

void Layer::build_from_config(const Config& config) {
  const Config* shape = config.find("input_shape");
  if (!shape) throw error("cannot be built from the config " + config.dump());
  std::vector<Shape> shapes;
  if (shape->size() && shape->as_list()[0].is_list())
    for (const Config& s : shape->as_list()) shapes.emplace_back(s.as_ints());
  else
    shapes.emplace_back(shape->as_ints());
  build_from(shapes);
}

std::optional<bool> training_told() { return training_now; }

Tensors Layer::operator()(const Tensors& given, CallArgs args, std::optional<bool> training) {
  Tensors inputs = given;
  std::vector<Shape> shapes;
  bool symbolic = false, masked = false, ragged = false;
  for (Tensor& t : inputs) {
    if (!t.defined()) throw error("was called on an undefined tensor");
    if (t.is_text() && !takes_text())
      throw Error(str(error("").what(),
                      "takes no text; turn it into numbers first, with a layer such as "
                      "StringLookup or Hashing"),
                  Error::Kind::kType);
    if (is_floating(t.dtype()) && is_floating(dtype_) && t.dtype() != dtype_ && casts_inputs()) {
      Tensor mask = t.mask(), rows = t.row_lengths();
      t = cast(t, dtype_);
      if (mask.defined()) t.set_mask(mask);
      if (rows.defined()) t.set_row_lengths(rows);
    }
    shapes.push_back(t.shape());
    if (t.is_ragged()) shapes.back()[0] = shapes.back()[1] = -1;
    symbolic |= t.is_symbolic();
    masked |= t.mask().defined();
    ragged |= t.is_ragged();
  }
  for (auto& [name, t] : args.tensors) symbolic |= t.is_symbolic();
  if (name_.empty()) name_ = unique_layer_name(class_name());
  if (ragged && !supports_ragged_)
    throw Error(str(error("").what(),
                    "ragged input is not supported; pad it with Ragged.to_padded() and pass a mask "
                    "where the layer takes one"),
                Error::Kind::kUnsupported);
  if (!built_) {
    for (const Tensor& t : inputs) built_on_text_ |= t.is_text();
    build_from(shapes);
  }
  if (!training) training = training_now;
  args.training = training.value_or(trains_by_default());
  if (symbolic) {
    Tensors outs = symbolic_call(*this, inputs, args, training);
    if (call_depth == 0) clear_losses();  // those were of stand-ins
    return outs;
  }
  if (masked && args.masks.empty())
    for (const Tensor& t : inputs) args.masks.push_back(t.mask());
  args.rows.clear();
  if (ragged)
    for (const Tensor& t : inputs) args.rows.push_back(t.row_lengths());
  if (call_depth == 0) clear_losses();
  LayerScope scope(name_);
  CallScope mode(training);
  MixedPrecision precision(mixed_);
  Tensors outs = call(inputs, args);
  if (!activity_regularizer_.none())
    for (const Tensor& y : outs) add_loss(activity_penalty(y, args));
  pass_masks(inputs, args, outs);
  return outs;
}

bool Layer::reads_row_lengths() const {
  return std::any_of(sublayers_.begin(), sublayers_.end(),
                     [](const LayerPtr& l) { return l->reads_row_lengths(); });
}

// Of the steps of a ragged batch only those that are there count.
Tensor Layer::activity_penalty(const Tensor& y, const CallArgs& args) const {
  double n = y.rank() > 0 ? static_cast<double>(y.dim(0)) : 1;
  Tensor counted = y;
  for (size_t i = 0; i < args.rows.size(); ++i)
    if (Tensor mask = args.mask(i); args.rows[i].defined() && mask.defined() && y.rank() >= 2 &&
                                    y.dim(0) == 1 && y.dim(1) == mask.dim(1)) {
      n = static_cast<double>(args.rows[i].dim(0));
      Ints axes;
      for (int a = 2; a < y.rank(); ++a) axes.push_back(a);
      Tensor keep = axes.empty() ? mask : expand_dims(mask, axes);
      counted = where(keep, y, zeros_like(y));
      break;
    }
  return activity_regularizer_(counted) * Tensor(1 / std::max(n, 1.0));
}

void Layer::pass_masks(const Tensors& inputs, const CallArgs& args, const Tensors& outputs) {
  Tensors masks;
  if (!args.masks.empty() || !args.tensors.empty())
    for (size_t i = 0; i < inputs.size(); ++i) masks.push_back(args.mask(i));
  bool any = std::any_of(masks.begin(), masks.end(), [](auto& m) { return m.defined(); });
  if (!any) masks.clear();
  if (!supports_masking_ && args.rows.empty()) {
    if (any && !warned_)
      warn(str("Layer '", name_, "' (of type ", class_name(),
               ") was passed an input with a mask, but does not support masking. The mask ends "
               "here: layers after it will not see one."));
    warned_ |= any;
    return;
  }
  Tensors out = compute_mask(inputs, masks);
  for (size_t i = 0; i < outputs.size() && i < out.size(); ++i)
    if (out[i].defined()) {
      if (!outputs[i].mask().defined()) outputs[i].set_mask(out[i]);
      pass_rows(inputs, outputs[i]);
    }
}

void Layer::pass_rows(const Tensors& inputs, const Tensor& output) {
  if (output.is_ragged() || output.rank() < 2 || output.dim(0) != 1) return;
  for (const Tensor& t : inputs)
    if (t.is_ragged() && t.dim(1) == output.dim(1)) return output.set_row_lengths(t.row_lengths());
}

Tensors Layer::compute_mask(const Tensors&, const Tensors& masks) { return masks; }

std::vector<Shape> Layer::compute_output_shape(const std::vector<Shape>& input_shapes) {
  auto node = std::make_shared<SymbolicNode>();
  Tensors inputs;
  for (auto& s : input_shapes) node->outputs.emplace_back(s, dtype_);
  for (size_t i = 0; i < input_shapes.size(); ++i) inputs.push_back(make_symbolic(node, i));
  if (name_.empty()) name_ = unique_layer_name(class_name());
  if (!built_) build_from(input_shapes);
  std::vector<Shape> out;
  for (auto& o : infer_outputs(*this, inputs, {})) out.push_back(o.shape);
  if (call_depth == 0) clear_losses();
  return out;
}

Variable Layer::add_weight(const WeightOptions& o) {
  for (int64_t d : o.shape)
    if (d < 0)
      throw error(str("cannot make weight '", o.name, "' of shape ", o.shape,
                      ": an axis of the input that it "
                      "depends on is unknown"));
  TraceScope suspended(nullptr);
  NoGrad off;
  Variable v(o.initializer(o.shape, o.dtype.value_or(dtype_)), o.name, o.trainable && trainable_);
  std::string where = current_layer();
  v.set_path((where.empty() ? name_ : where) + "/" + o.name);
  v.set_regularizer(o.regularizer);
  v.set_constraint(o.constraint);
  wanted_trainable_.push_back(o.trainable);
  own_.push_back(v);
  weights_changed();
  return v;
}

Variable Layer::adopt_weight(const Variable& v) {
  if (std::find(own_.begin(), own_.end(), v) == own_.end()) {
    wanted_trainable_.push_back(v.trainable());
    own_.push_back(v);
    weights_changed();
  }
  return v;
}

void Layer::track_layer(const LayerPtr& layer) {
  if (!layer) return;
  if (layer->name_.empty()) layer->name_ = unique_layer_name(layer->class_name());
  if (std::find(sublayers_.begin(), sublayers_.end(), layer) != sublayers_.end()) return;
  sublayers_.push_back(layer);
  weights_changed();
}

void Layer::untrack_layer(const LayerPtr& layer) {
  sublayers_.erase(std::remove(sublayers_.begin(), sublayers_.end(), layer), sublayers_.end());
  weights_changed();
}

random::SeedGenerator& Layer::add_seed(std::optional<int64_t> seed) {
  TraceScope suspended(nullptr);
  seeds_.push_back(std::make_shared<random::SeedGenerator>(seed));
  return *seeds_.back();
}

void Layer::set_trainable(bool trainable) {
  trainable_ = trainable;
  for (size_t i = 0; i < own_.size(); ++i) own_[i].set_trainable(trainable && wanted_trainable_[i]);
  for (auto& l : sublayers_) l->set_trainable(trainable);
}

void Layer::collect(std::vector<Variable>& out) const {
  auto add = [&](const Variable& v) {
    if (std::find(out.begin(), out.end(), v) == out.end()) out.push_back(v);
  };
  for (size_t i = 0; i < own_.size(); ++i)
    if (wanted_trainable_[i]) add(own_[i]);
  for (size_t i = 0; i < own_.size(); ++i)
    if (!wanted_trainable_[i]) add(own_[i]);
  for (auto& l : sublayers_) l->collect(out);
}

std::vector<Variable> Layer::weights() const {
  std::vector<Variable> out;
  collect(out);
  return out;
}

std::vector<Variable> Layer::trainable_weights() const {
  std::vector<Variable> out;
  for (auto& v : weights())
    if (v.trainable()) out.push_back(v);
  return out;
}

std::vector<Variable> Layer::non_trainable_weights() const {
  std::vector<Variable> out;
  for (auto& v : weights())
    if (!v.trainable()) out.push_back(v);
  return out;
}

namespace {
// `name`, or `name_1`, `name_2` ... where it is taken already.
std::string distinct(std::set<std::string>& taken, const std::string& name) {
  std::string result = name;
  for (int i = 1; !taken.insert(result).second; ++i) result = name + "_" + std::to_string(i);
  return result;
}
}  // namespace

std::vector<std::pair<std::string, Variable>> Layer::named_weights() const {
  std::vector<std::pair<std::string, Variable>> out;
  std::set<std::string> taken;
  std::set<const void*> seen;
  for (auto& v : own_)
    if (seen.insert(v.id()).second) out.emplace_back(distinct(taken, v.name()), v);
  for (auto& l : sublayers_) {
    std::string prefix = distinct(taken, l->name());
    for (auto& [path, v] : l->named_weights())
      if (seen.insert(v.id()).second) out.emplace_back(prefix + "/" + path, v);
  }
  return out;
}

std::vector<std::pair<std::string, Tensor>> Layer::seed_states() const {
  std::vector<std::pair<std::string, Tensor>> out;
  std::set<std::string> taken;
  for (auto& s : seeds_) out.emplace_back(distinct(taken, "seed"), s->state());
  for (auto& l : sublayers_) {
    std::string prefix = distinct(taken, l->name());
    for (auto& [path, t] : l->seed_states()) out.emplace_back(prefix + "/" + path, t);
  }
  return out;
}

LayerAssets Layer::named_assets() const {
  LayerAssets out = assets();
  std::set<std::string> taken;
  for (auto& l : sublayers_) {
    std::string prefix = distinct(taken, l->name());
    for (auto& [path, t] : l->named_assets()) out.emplace_back(prefix + "/" + path, t);
  }
  return out;
}

void Layer::set_named_assets(const LayerAssets& assets) {
  LayerAssets own;
  std::set<std::string> taken;
  for (auto& [path, t] : assets)
    if (path.find('/') == std::string::npos) own.emplace_back(path, t);
  if (!own.empty()) set_assets(own);
  size_t used = own.size();
  for (auto& l : sublayers_) {
    std::string prefix = distinct(taken, l->name()) + "/";
    LayerAssets inner;
    for (auto& [path, t] : assets)
      if (path.rfind(prefix, 0) == 0) inner.emplace_back(path.substr(prefix.size()), t);
    if (!inner.empty()) l->set_named_assets(inner);
    used += inner.size();
  }
  if (used < assets.size()) {
    std::string known;
    for (auto& l : sublayers_) known += (known.empty() ? "" : ", ") + l->name();
    throw error(str("a file holds the state of layers that are not here, such as '",
                    assets.back().first, "'; the layers here are ", known));
  }
}

void Layer::changed() { drop_captures(); }

int64_t Layer::count_params() const {
  if (!built_) throw error("count_params needs a built layer; call it on data or build() it first");
  int64_t n = 0;
  for (auto& v : weights()) n += v.shape().numel();
  return n;
}

Tensors Layer::losses() const {
  Tensors out;
  collect_losses(out);
  for (auto& v : trainable_weights())
    if (!v.regularizer().none()) out.push_back(v.regularizer()(v));
  return out;
}

void Layer::collect_losses(Tensors& out) const {
  out.insert(out.end(), losses_.begin(), losses_.end());
  for (auto& l : sublayers_) l->collect_losses(out);
}

void Layer::clear_losses() {
  losses_.clear();
  for (auto& l : sublayers_) l->clear_losses();
}

// ---- registry -----------------------------------------------------------------------------------

namespace {
std::map<std::string, std::function<LayerPtr(const Config&)>>& user_layers() {
  // Never destroyed: it may hold Python callables, which must not outlive the interpreter.
  static auto& layers = *new std::map<std::string, std::function<LayerPtr(const Config&)>>;
  return layers;
}
}  // namespace

const LayerClass* find_layer_class(const std::string& name) {
  for (auto& c : layer_classes())
    if (c.name == name) return &c;
  return nullptr;
}

void register_layer(const std::string& class_name, std::function<LayerPtr(const Config&)> factory) {
  user_layers()[class_name] = std::move(factory);
}

LayerPtr make_layer(const std::string& class_name, const Config& config) {
  if (class_name == "Operation") return make_operation(config);
  LayerPtr layer;
  if (const LayerClass* c = find_layer_class(class_name)) {
    layer = c->make(config);
  } else if (auto it = user_layers().find(class_name); it != user_layers().end()) {
    layer = it->second(config);
  } else {
    throw Error("unknown layer class '" + class_name +
                "'. A class of your own must be registered first: "
                "lamina.saving.register_keras_serializable "
                "or custom_objects in Python, lamina::register_layer in C++");
  }
  if (layer->name().empty()) layer->set_name(unique_layer_name(class_name));
  return layer;
}

Config serialize_layer(const Layer& layer) {
  Config c = Config::object({{"class_name", layer.class_name()}, {"config", layer.get_config()}});
  std::vector<Config> shapes;
  for (auto& s : layer.build_shapes()) shapes.push_back(s.vec());
  if (layer.built()) {
    c.set("build_shapes", std::move(shapes));
    if (Config own = layer.get_build_config(); !own.is_null()) c.set("build_config", own);
  }
  return c;
}

namespace {
bool is_whole(const Layer& layer) {
  return layer.built() && std::all_of(layer.layers().begin(), layer.layers().end(),
                                      [](const LayerPtr& l) { return is_whole(*l); });
}
}  // namespace

LayerPtr deserialize_layer(const Config& config) {
  LayerPtr layer = make_layer(config.at("class_name").as_string(), config.at("config"));
  if (const Config* own = config.find("build_config")) {
    layer->build_from_config(*own);
  } else if (const Config* shapes = config.find("build_shapes")) {
    std::vector<Shape> list;
    for (const Config& s : shapes->as_list()) list.emplace_back(s.as_ints());
    layer->build_from(list);
    // Layers inside that only a call builds: one on shapes alone does. Where call() needs values,
    // whoever reads weights into them says what is missing.
    if (!is_whole(*layer)) try {
        layer->compute_output_shape(list);
      } catch (const std::exception&) {
      }
  }
  return layer;
}

namespace {
struct Shared {
  std::mutex mutex;
  std::map<int64_t, std::weak_ptr<Layer>> layers;
  int64_t next = 1;
};
Shared& shared() {
  static Shared s;
  return s;
}
}  // namespace

Config share_layer(const LayerPtr& layer) {
  Config c = serialize_layer(*layer);
  Shared& s = shared();
  std::lock_guard lock(s.mutex);
  std::erase_if(s.layers, [](auto& item) { return item.second.expired(); });
  s.layers[s.next] = layer;
  c.set(kSharedKey, s.next++);
  return c;
}

LayerPtr shared_layer(const Config& config) {
  if (!config.is_object() || !config.has("class_name"))
    throw Error("expected a layer, received " + config.dump(), Error::Kind::kType);
  if (const Config* id = config.find(kSharedKey)) {
    std::lock_guard lock(shared().mutex);
    auto it = shared().layers.find(id->as_int());
    if (it != shared().layers.end())
      if (LayerPtr layer = it->second.lock()) return layer;
  }
  return deserialize_layer(config);
}

}  // namespace lamina
