// Optimizers that let others do the updates: dynamic loss scaling, and one optimizer for each part
// of a model.
#include <algorithm>
#include <regex>

#include "train/optimizer_rule.h"

namespace lamina {

// ---- LossScaleOptimizer -----------------------------------------------------------------------

namespace {

OptimizerOptions named(std::optional<std::string> name, std::optional<double> scale = {}) {
  OptimizerOptions o;
  o.learning_rate = 0.0;
  o.name = std::move(name);
  o.loss_scale_factor = scale;
  return o;
}

}  // namespace

LossScaleOptimizer::LossScaleOptimizer(OptimizerPtr inner, double initial_scale,
                                       int64_t dynamic_growth_steps,
                                       std::optional<std::string> name)
    : Optimizer("LossScaleOptimizer", named(std::move(name))),
      inner_(std::move(inner)),
      initial_scale_(initial_scale),
      growth_steps_(dynamic_growth_steps) {
  if (!inner_) fail("LossScaleOptimizer: expected an optimizer as inner_optimizer");
  if (!(initial_scale > 0))
    fail("LossScaleOptimizer: initial_scale must be positive, received ", initial_scale);
  if (growth_steps_ < 1)
    fail("LossScaleOptimizer: dynamic_growth_steps must be positive, received ", growth_steps_);
  inner_->set_loss_scale_factor({});  // gradients would be unscaled twice
}

Config LossScaleOptimizer::get_config() const {
  return Config::object({{"name", name()},
                         {"inner_optimizer", serialize_optimizer(*inner_)},
                         {"initial_scale", initial_scale_},
                         {"dynamic_growth_steps", growth_steps_}});
}

void LossScaleOptimizer::build_more() {
  counter_ = add_variable({}, "step_counter", "zeros", DType::kInt64);
  scale_ = add_variable({}, "dynamic_scale",
                        Config::object({{"class_name", "Constant"},
                                        {"config", Config::object({{"value", initial_scale_}})}}),
                        DType::kFloat32);
}

void LossScaleOptimizer::make_state(const std::vector<Variable>& variables) {
  Optimizer::make_state(variables);
  inner_->build(variables);
}

std::vector<std::pair<std::string, Variable>> LossScaleOptimizer::variables() const {
  auto out = Optimizer::variables();
  for (auto& [name, v] : inner_->variables()) out.emplace_back("inner/" + name, v);
  return out;
}

Tensor LossScaleOptimizer::scale_loss(const Tensor& loss) const {
  return loss * (built_ ? scale_.value() : Tensor(initial_scale_));
}

void LossScaleOptimizer::apply(const Tensors& grads, const std::vector<Variable>& given) {
  if (grads.empty()) return;
  std::vector<Variable> variables = resolve(grads, given);
  build(variables);
  NoGrad off;
  Tensors unscaled = grads;
  Tensor finite;
  for (Tensor& g : unscaled) {
    if (!g.defined()) continue;
    Tensor mine = all(isfinite(g));
    finite = finite.defined() ? logical_and(finite, mine) : mine;
    g = g / cast(scale_.value(), g.dtype());
  }
  if (!finite.defined()) fail("optimizer '", name(), "': no gradients provided for any variable");
  std::vector<Variable> state = variables;
  for (auto& [name, v] : inner_->variables()) state.push_back(v);
  only_if(finite, state, [&] { inner_->apply(unscaled, variables); });
  Tensor grown = equal(counter_.value(), Tensor(growth_steps_ - 1));
  Tensor zero = zeros({}, DType::kInt64);
  Tensor scale = scale_.value(), counter = counter_.value() + Tensor(1);
  scale_.assign(where(finite, where(grown, scale * Tensor(2.0), scale), scale * Tensor(0.5)));
  counter_.assign(where(logical_or(grown, logical_not(finite)), zero, counter));
}

// ---- MultiOptimizer ---------------------------------------------------------------------------

OptimizerMap::OptimizerMap(OptimizerPtr default_optimizer)
    : default_(std::move(default_optimizer)) {
  if (!default_) fail("OptimizerMap: expected an optimizer as default_optimizer");
}

void OptimizerMap::set(const std::string& key, OptimizerPtr optimizer) {
  if (!optimizer) fail("OptimizerMap: expected an optimizer for '", key, "'");
  if (std::dynamic_pointer_cast<LossScaleOptimizer>(optimizer) ||
      std::dynamic_pointer_cast<MultiOptimizer>(optimizer))
    fail("OptimizerMap: the optimizer of '", key, "' cannot be a ", optimizer->class_name());
  for (auto& item : items_)
    if (item.first == key) fail("OptimizerMap: '", key, "' has an optimizer already");
  items_.emplace_back(key, std::move(optimizer));
}

OptimizerPtr OptimizerMap::operator()(const Variable& v) const {
  OptimizerPtr found;
  for (auto& [key, optimizer] : items_)
    if (key == v.path()) return optimizer;
  for (auto& [key, optimizer] : items_) {
    if (!std::regex_match(v.path(), std::regex(key))) continue;
    if (found) fail("OptimizerMap: more than one optimizer for variable '", v.path(), "'");
    found = optimizer;
  }
  return found ? found : default_;
}

Config OptimizerMap::get_config() const {
  Config map = Config::object();
  for (auto& [key, optimizer] : items_) map.set(key, serialize_optimizer(*optimizer));
  return Config::object(
      {{"default_optimizer", serialize_optimizer(*default_)}, {"optimizer_map", map}});
}

MultiOptimizer::MultiOptimizer(const OptimizerMap& map, std::optional<double> loss_scale_factor,
                               std::optional<std::string> name)
    : MultiOptimizer(Map(map), loss_scale_factor, std::move(name)) {
  described_ = map;
  for (auto& [key, optimizer] : map.items()) adopt(optimizer);
  adopt(map.default_optimizer());
}
MultiOptimizer::MultiOptimizer(Map map, std::optional<double> loss_scale_factor,
                               std::optional<std::string> name)
    : Optimizer("MultiOptimizer", named(std::move(name), loss_scale_factor)),
      map_(std::move(map)) {}

void MultiOptimizer::adopt(const OptimizerPtr& optimizer) {
  if (std::find(inner_.begin(), inner_.end(), optimizer) != inner_.end()) return;
  optimizer->set_loss_scale_factor(options_.loss_scale_factor);
  inner_.push_back(optimizer);
}

void MultiOptimizer::each_share(
    const std::vector<Variable>& variables,
    const std::function<void(Optimizer&, const std::vector<size_t>&)>& f) const {
  std::vector<std::vector<size_t>> shares(inner_.size());
  for (size_t i = 0; i < variables.size(); ++i)
    shares[inner_of_[index_of(variables[i])]].push_back(i);
  for (size_t k = 0; k < inner_.size(); ++k)
    if (!shares[k].empty()) f(*inner_[k], shares[k]);
}

namespace {

template <class T>
std::vector<T> picked(const std::vector<T>& from, const std::vector<size_t>& which) {
  std::vector<T> out;
  for (size_t i : which) out.push_back(from[i]);
  return out;
}

}  // namespace

void MultiOptimizer::make_state(const std::vector<Variable>& variables) {
  for (auto& v : variables) {
    OptimizerPtr optimizer = map_(v);
    if (!optimizer) fail("MultiOptimizer: the map gave no optimizer for '", v.path(), "'");
    if (std::dynamic_pointer_cast<LossScaleOptimizer>(optimizer) ||
        std::dynamic_pointer_cast<MultiOptimizer>(optimizer))
      fail("MultiOptimizer: the optimizer of '", v.path(), "' cannot be a ",
           optimizer->class_name());
    adopt(optimizer);
    inner_of_.push_back(
        static_cast<size_t>(std::find(inner_.begin(), inner_.end(), optimizer) - inner_.begin()));
  }
  Optimizer::make_state(variables);
  each_share(variables, [&](Optimizer& o, const std::vector<size_t>& which) {
    o.build(picked(variables, which));
  });
}

void MultiOptimizer::apply(const Tensors& grads, const std::vector<Variable>& given) {
  if (grads.empty()) return;
  std::vector<Variable> variables = resolve(grads, given);
  build(variables);
  each_share(variables, [&](Optimizer& o, const std::vector<size_t>& which) {
    o.apply(picked(grads, which), picked(variables, which));
  });
  iterations_variable().assign_add(ones({}, DType::kInt64));
}

void MultiOptimizer::finalize_variable_values(const std::vector<Variable>& variables) {
  if (!built_) return;
  each_share(variables, [&](Optimizer& o, const std::vector<size_t>& which) {
    o.finalize_variable_values(picked(variables, which));
  });
}

namespace {
[[noreturn]] void no_one_rate() {
  throw Error("MultiOptimizer: there is no one learning rate; read and set those of its optimizers",
              Error::Kind::kUnsupported);
}
}  // namespace
double MultiOptimizer::learning_rate() const { no_one_rate(); }
void MultiOptimizer::set_learning_rate(double) { no_one_rate(); }
void MultiOptimizer::set_learning_rate(const SchedulePtr&) { no_one_rate(); }

std::vector<std::pair<std::string, Variable>> MultiOptimizer::variables() const {
  auto out = Optimizer::variables();
  for (size_t k = 0; k < inner_.size(); ++k)
    for (auto& [name, v] : inner_[k]->variables())
      out.emplace_back("optimizer_" + std::to_string(k) + "/" + name, v);
  return out;
}

int64_t MultiOptimizer::generation() const {
  int64_t n = generation_;
  for (auto& o : inner_) n += o->generation();
  return n;
}

Config MultiOptimizer::get_config() const {
  if (!described_)
    throw Error("MultiOptimizer: a map that is a function cannot be saved; use an OptimizerMap",
                Error::Kind::kUnsupported);
  return Config::object({{"optimizer_map", Config::object({{"class_name", "OptimizerMap"},
                                                           {"config", described_->get_config()}})},
                         {"loss_scale_factor", to_config(options_.loss_scale_factor)},
                         {"name", name()}});
}

// ---- by config --------------------------------------------------------------------------------

namespace {

struct LossScaleFields {
  Config inner_optimizer;
  double initial_scale = 32768.0;
  int64_t dynamic_growth_steps = 2000;
  std::optional<std::string> name;
  void fields(Fields& f) {
    f("inner_optimizer", inner_optimizer)("initial_scale", initial_scale);
    f("dynamic_growth_steps", dynamic_growth_steps)("name", name);
  }
};

OptimizerPtr make_loss_scale(const Config& given) {
  Config c = given;
  // Older files of Keras hold what every optimizer has, at its default value.
  for (const char* key :
       {"weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum",
        "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps"})
    if (const Config* v = c.find(key)) {
      if (!(v->is_null() || *v == Config(false) || *v == Config(0.99)))
        fail("LossScaleOptimizer: ", key, " is not supported; set it on the inner optimizer");
      c.erase(key);
    }
  auto o = read_options<LossScaleFields>("LossScaleOptimizer", c);
  return std::make_shared<LossScaleOptimizer>(make_optimizer(o.inner_optimizer), o.initial_scale,
                                              o.dynamic_growth_steps, o.name);
}

struct MultiFields {
  Config optimizer_map;
  std::optional<double> loss_scale_factor;
  std::optional<std::string> name;
  void fields(Fields& f) {
    f("optimizer_map", optimizer_map)("loss_scale_factor", loss_scale_factor)("name", name);
  }
};

OptimizerPtr make_multi(const Config& given) {
  auto o = read_options<MultiFields>("MultiOptimizer", given);
  Choice map(o.optimizer_map);
  if (map.name() != "OptimizerMap")
    fail("MultiOptimizer: expected an OptimizerMap as optimizer_map, received ",
         o.optimizer_map.dump());
  Config c = map.arguments();
  OptimizerMap made(make_optimizer(c.at("default_optimizer")));
  for (auto& [key, optimizer] : c.at("optimizer_map").as_object())
    made.set(key, make_optimizer(optimizer));
  return std::make_shared<MultiOptimizer>(made, o.loss_scale_factor, o.name);
}

}  // namespace

std::vector<OptimizerClass> wrapping_optimizers() {
  return {
      {"LossScaleOptimizer", make_loss_scale, [] { return write_options(LossScaleFields{}); },
       "Scales the loss against underflow of gradients, by a factor that it adapts.\n\n"
       "A step whose gradients are not all finite is left out and halves the factor;\n"
       "dynamic_growth_steps finite ones in a row double it.\n\n"
       "Args:\n"
       "    inner_optimizer: The optimizer that makes the updates.\n"
       "    initial_scale: First factor.\n"
       "    dynamic_growth_steps: Finite steps before the factor doubles.\n"
       "    name: Name; made from the class by default.\n\n"
       "Reference:\n    Micikevicius et al., 2017, arXiv:1710.03740, section 3.2."},
      {"MultiOptimizer", make_multi, [] { return write_options(MultiFields{}); },
       "Gives each variable to one of several optimizers.\n\n"
       "Args:\n"
       "    optimizer_map: An OptimizerMap, or a function of a variable that gives its optimizer.\n"
       "    loss_scale_factor: For all of them.\n"
       "    name: Name; made from the class by default."},
  };
}

}  // namespace lamina
