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
// Whether the call that runs on this thread is one of training; layers called inside inherit it.
thread_local bool training_now = false;
thread_local int call_depth = 0;

struct CallScope {
  explicit CallScope(bool training) : before(training_now) {
    training_now = training, ++call_depth;
  }
  ~CallScope() { training_now = before, --call_depth; }
  bool before;
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
  std::string stem = to_snake_case(class_name);
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
  LayerScope scope(name_);
  // Weights are made now, also while a function is being captured.
  TraceScope suspended(nullptr);
  NoGrad off;
  build(input_shapes);
  build_shapes_ = input_shapes;
  built_ = true;
}

Tensors Layer::operator()(const Tensors& given, CallArgs args, std::optional<bool> training) {
  Tensors inputs = given;
  std::vector<Shape> shapes;
  bool symbolic = false;
  for (Tensor& t : inputs) {
    if (!t.defined()) throw error("was called on an undefined tensor");
    if (is_floating(t.dtype()) && is_floating(dtype_) && t.dtype() != dtype_) t = cast(t, dtype_);
    shapes.push_back(t.shape());
    symbolic |= t.is_symbolic();
  }
  for (auto& [name, t] : args.tensors) symbolic |= t.is_symbolic();
  if (name_.empty()) name_ = unique_layer_name(class_name());
  if (!built_) build_from(shapes);
  args.training = training.value_or(call_depth ? training_now : trains_by_default());
  if (symbolic) return symbolic_call(*this, inputs, args);
  if (call_depth == 0) clear_losses();
  LayerScope scope(name_);
  CallScope mode(args.training);
  MixedPrecision precision(mixed_);
  return call(inputs, args);
}

std::vector<Shape> Layer::compute_output_shape(const std::vector<Shape>& input_shapes) {
  auto node = std::make_shared<SymbolicNode>();
  Tensors inputs;
  for (auto& s : input_shapes) node->outputs.emplace_back(s, dtype_);
  for (size_t i = 0; i < input_shapes.size(); ++i) inputs.push_back(make_symbolic(node, i));
  if (name_.empty()) name_ = unique_layer_name(class_name());
  if (!built_) build_from(input_shapes);
  std::vector<Shape> out;
  for (auto& [shape, dtype] : infer_outputs(*this, inputs, {})) out.push_back(shape);
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
  return v;
}

Variable Layer::adopt_weight(const Variable& v) {
  if (std::find(own_.begin(), own_.end(), v) == own_.end()) {
    wanted_trainable_.push_back(v.trainable());
    own_.push_back(v);
  }
  return v;
}

void Layer::track_layer(const LayerPtr& layer) {
  if (!layer) return;
  if (layer->name_.empty()) layer->name_ = unique_layer_name(layer->class_name());
  if (std::find(sublayers_.begin(), sublayers_.end(), layer) == sublayers_.end())
    sublayers_.push_back(layer);
}

void Layer::untrack_layer(const LayerPtr& layer) {
  sublayers_.erase(std::remove(sublayers_.begin(), sublayers_.end(), layer), sublayers_.end());
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

int64_t Layer::count_params() const {
  if (!built_) throw error("count_params needs a built layer; call it on data or build() it first");
  int64_t n = 0;
  for (auto& v : weights()) n += v.shape().numel();
  return n;
}

Tensors Layer::losses() const {
  Tensors out = losses_;
  for (size_t i = 0; i < own_.size(); ++i)
    if (own_[i].trainable() && !own_[i].regularizer().none())
      out.push_back(own_[i].regularizer()(own_[i]));
  for (auto& l : sublayers_)
    for (auto& t : l->losses()) out.push_back(t);
  return out;
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
  if (layer.built()) c.set("build_shapes", std::move(shapes));
  return c;
}

LayerPtr deserialize_layer(const Config& config) {
  LayerPtr layer = make_layer(config.at("class_name").as_string(), config.at("config"));
  if (const Config* shapes = config.find("build_shapes")) {
    std::vector<Shape> list;
    for (const Config& s : shapes->as_list()) list.emplace_back(s.as_ints());
    layer->build_from(list);
  }
  return layer;
}

}  // namespace lamina
