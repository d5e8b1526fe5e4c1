// What every optimizer does around its rule: clipping, decay, accumulation, averages, constraints.
#include "lamina/optimizers.h"

#include <algorithm>
#include <regex>

#include "graph/graph.h"

namespace lamina {

Optimizer::Optimizer(const std::string& class_name, const OptimizerOptions& o) : options_(o) {
  const std::string owner = "optimizer " + class_name;
  int clips = o.clipnorm.has_value() + o.clipvalue.has_value() + o.global_clipnorm.has_value();
  if (clips > 1) fail(owner, ": only one of clipnorm, clipvalue and global_clipnorm may be set");
  for (auto& v : {o.clipnorm, o.clipvalue, o.global_clipnorm})
    if (v && !(*v > 0))
      fail(owner, ": clipnorm, clipvalue and global_clipnorm must be positive, received ", *v);
  if (o.weight_decay && *o.weight_decay < 0)
    fail(owner, ": weight_decay must not be negative, received ", *o.weight_decay);
  if (o.gradient_accumulation_steps && *o.gradient_accumulation_steps < 2)
    fail(owner, ": gradient_accumulation_steps must be an integer >= 2, received ",
         *o.gradient_accumulation_steps);
  if (o.use_ema && !(o.ema_momentum >= 0 && o.ema_momentum <= 1))
    fail(owner, ": ema_momentum must be in the range [0, 1], received ", o.ema_momentum);
  if (o.use_ema && o.ema_overwrite_frequency && *o.ema_overwrite_frequency < 1)
    fail(owner, ": ema_overwrite_frequency must be an integer >= 1 or None, received ",
         *o.ema_overwrite_frequency);
  if (!o.name || o.name->empty()) options_.name = unique_layer_name(class_name);
  double rate = 0;
  if (o.learning_rate.is_number()) {
    rate = o.learning_rate.as_double();
    if (!(rate >= 0)) fail(owner, ": learning_rate must not be negative, received ", rate);
  } else if (o.learning_rate.is_object()) {
    schedule_ = make_schedule(o.learning_rate);
  } else {
    fail(owner, ": learning_rate must be a number or a learning rate schedule, received ",
         o.learning_rate.dump());
  }
  iterations_ = Variable(zeros({}, DType::kInt64), "iteration", false);
  iterations_.set_path(name() + "/iteration");
  rate_ = Variable(full({}, rate, DType::kFloat32), "learning_rate", false);
  rate_.set_path(name() + "/learning_rate");
}

// ---- state ------------------------------------------------------------------------------------

namespace {

Variable make_variable(const Tensor& initial, const std::string& optimizer,
                       const std::string& name) {
  Variable v(initial, name, false);
  v.set_path(optimizer + "/" + name);
  return v;
}

// "dense/kernel" and "momentum": dense_kernel_momentum.
std::string state_name(const Variable& v, const std::string& name) {
  std::string path = v.path();
  std::replace(path.begin(), path.end(), '/', '_');
  return path + "_" + name;
}

}  // namespace

Variable Optimizer::add_variable(const Shape& shape, const std::string& variable_name,
                                 const Initializer& initializer, std::optional<DType> dtype) {
  TraceScope suspended(nullptr);
  NoGrad off;
  more_.push_back(
      make_variable(initializer(shape, dtype.value_or(floatx())), name(), variable_name));
  return more_.back();
}

Variable Optimizer::add_variable_from_reference(const Variable& reference,
                                                const std::string& variable_name,
                                                const Initializer& initializer) {
  return add_variable(reference.shape(), state_name(reference, variable_name), initializer,
                      reference.dtype());
}

void Optimizer::build(const std::vector<Variable>& variables) {
  if (built_) return;
  TraceScope suspended(nullptr);
  NoGrad off;
  make_state(variables);
  built_ = true;
}

void Optimizer::make_state(const std::vector<Variable>& variables) {
  owned_for_ = variables;
  index_.clear();
  for (size_t i = 0; i < variables.size(); ++i) index_[variables[i].id()] = i;
  auto zero = [&](const Variable& v, const char* what) {
    return make_variable(zeros(v.shape(), v.dtype()), name(), state_name(v, what));
  };
  if (options_.use_ema)
    for (auto& v : variables) averages_.push_back(zero(v, "average"));
  if (options_.gradient_accumulation_steps)
    for (auto& v : variables) accumulators_.push_back(zero(v, "gradient_accumulator"));
  for (auto& v : variables) {
    slots_.emplace_back();
    for (const Slot& s : slots(v))
      slots_.back().push_back(make_variable(
          s.copies_variable ? v.value() : full(s.shape.value_or(v.shape()), s.initial, v.dtype()),
          name(), s.same_name ? v.name() : state_name(v, s.name)));
  }
  build_more();
}

size_t Optimizer::index_of(const Variable& v) const {
  auto it = index_.find(v.id());
  if (it == index_.end())
    fail("optimizer '", name(), "': unknown variable '", v.path(),
         "'; an optimizer can only be called for the variables it was built with. Make a new one ",
         "for other variables");
  return it->second;
}

std::vector<std::pair<std::string, Variable>> Optimizer::variables() const {
  std::vector<std::pair<std::string, Variable>> out = {{"iterations", iterations_}};
  if (!schedule_) out.emplace_back("learning_rate", rate_);
  auto key = [&](size_t i, const std::string& what) {
    return std::to_string(i) + "/" + owned_for_[i].name() + "/" + what;
  };
  for (size_t i = 0; i < averages_.size(); ++i) out.emplace_back(key(i, "average"), averages_[i]);
  for (size_t i = 0; i < accumulators_.size(); ++i)
    out.emplace_back(key(i, "gradient_accumulator"), accumulators_[i]);
  for (int group = 0; group < 3; ++group)
    for (size_t i = 0; i < slots_.size(); ++i) {
      auto states = slots(owned_for_[i]);
      for (size_t k = 0; k < states.size(); ++k)
        if (states[k].group == group) out.emplace_back(key(i, states[k].name), slots_[i][k]);
    }
  for (size_t i = 0; i < more_.size(); ++i)
    out.emplace_back("state/" + std::to_string(i) + "/" + more_[i].name(), more_[i]);
  return out;
}

Config Optimizer::get_config() const {
  Config c = Config::object({{"name", name()}});
  c.set("learning_rate",
        schedule_ ? serialize_schedule(*schedule_) : Config(rate_.value().item<double>()));
  c.set("weight_decay", to_config(options_.weight_decay));
  c.set("clipnorm", to_config(options_.clipnorm));
  c.set("global_clipnorm", to_config(options_.global_clipnorm));
  c.set("clipvalue", to_config(options_.clipvalue));
  c.set("use_ema", options_.use_ema);
  c.set("ema_momentum", options_.ema_momentum);
  c.set("ema_overwrite_frequency", to_config(options_.ema_overwrite_frequency));
  c.set("loss_scale_factor", to_config(options_.loss_scale_factor));
  c.set("gradient_accumulation_steps", to_config(options_.gradient_accumulation_steps));
  return c;
}

// ---- rate and count ---------------------------------------------------------------------------

Tensor Optimizer::current_rate() const {
  if (!schedule_) return rate_.value();
  Tensor rate = (*schedule_)(iterations_.value());
  if (rate.rank() > 0) rate = reshape(rate, {});
  return cast(rate, DType::kFloat32);
}
double Optimizer::learning_rate() const {
  NoGrad off;
  return current_rate().item<double>();
}
void Optimizer::set_learning_rate(double rate) {
  if (schedule_)
    throw Error(str("optimizer '", name(),
                    "': its learning rate follows a schedule, so it cannot be set to a number. "
                    "Make the optimizer with a number as learning_rate, or set a schedule"),
                Error::Kind::kType);
  rate_.assign(full({}, rate, DType::kFloat32));
}
void Optimizer::set_learning_rate(const SchedulePtr& schedule) {
  schedule_ = schedule;
  ++generation_;
}
void Optimizer::set_loss_scale_factor(std::optional<double> factor) {
  options_.loss_scale_factor = factor;
  ++generation_;
}
Tensor Optimizer::count() const {
  if (!options_.gradient_accumulation_steps) return iterations_.value();
  return floor_divide(iterations_.value(), Tensor(*options_.gradient_accumulation_steps));
}
int64_t Optimizer::iterations() const {
  NoGrad off;
  return count().item<int64_t>();
}

// ---- one step ---------------------------------------------------------------------------------

std::vector<Variable> Optimizer::resolve(const Tensors& grads,
                                         const std::vector<Variable>& given) const {
  if (given.empty() && !built_)
    fail("optimizer '", name(),
         "': gradients without variables; build(variables) must be called before that");
  const std::vector<Variable>& variables = given.empty() ? owned_for_ : given;
  if (grads.size() != variables.size())
    fail("optimizer '", name(), "': ", grads.size(), " gradients for ", variables.size(),
         " variables");
  return variables;
}

void Optimizer::apply(const Tensors& grads, const std::vector<Variable>& given) {
  if (grads.empty()) return;
  std::vector<Variable> variables = resolve(grads, given);
  build(variables);
  NoGrad off;
  std::vector<Update> updates;
  for (size_t i = 0; i < variables.size(); ++i) {
    size_t index = index_of(variables[i]);
    if (!grads[i].defined()) continue;
    Tensor g =
        grads[i].dtype() == variables[i].dtype() ? grads[i] : cast(grads[i], variables[i].dtype());
    if (!(g.shape() == variables[i].shape()))
      fail("optimizer '", name(), "': a gradient of shape ", g.shape(), " for variable '",
           variables[i].path(), "' of shape ", variables[i].shape());
    if (options_.loss_scale_factor) g = g / Tensor(*options_.loss_scale_factor);
    updates.push_back({g, variables[i], index});
  }
  if (updates.empty()) fail("optimizer '", name(), "': no gradients provided for any variable");
  if (options_.gradient_accumulation_steps)
    accumulate(updates);
  else
    update_all(updates);
  if (options_.use_ema) update_averages();
  for (auto& u : updates)
    if (!u.variable.constraint().none()) u.variable.assign(u.variable.constraint()(u.variable));
  iterations_.assign_add(ones({}, DType::kInt64));
}

void Optimizer::update_all(std::vector<Update>& updates) {
  clip_gradients(updates);
  lr_ = current_rate();
  step_ = cast(count(), DType::kFloat64) + Tensor(1.0);
  if (!decays_itself())
    for (auto& u : updates)
      if (double decay = decay_for(u.variable)) {
        const Variable& v = u.variable;
        v.assign(v.value() - v.value() * cast(Tensor(decay) * lr_, v.dtype()));
      }
  begin_update();
  for (auto& u : updates) update(u.gradient.contiguous(), u.variable, slots_[u.index]);
  lr_ = step_ = Tensor();
}

void Optimizer::clip_gradients(std::vector<Update>& updates) const {
  if (options_.clipvalue)
    for (auto& u : updates)
      u.gradient = clip(u.gradient, -*options_.clipvalue, *options_.clipvalue);
  if (options_.clipnorm)
    for (auto& u : updates) {
      Tensor n = sqrt(sum(square(u.gradient))), limit(*options_.clipnorm);
      u.gradient = u.gradient * (limit / maximum(n, limit));
    }
  if (options_.global_clipnorm) {
    Tensor total;
    for (auto& u : updates) {
      Tensor squares = cast(sum(square(u.gradient)), DType::kFloat32);
      total = total.defined() ? total + squares : squares;
    }
    Tensor n = sqrt(total), limit(*options_.global_clipnorm);
    // n - n: a norm that is not finite shows as NaN everywhere.
    Tensor factor = limit / maximum(n, limit) + (n - n);
    for (auto& u : updates) u.gradient = u.gradient * cast(factor, u.gradient.dtype());
  }
}

void Optimizer::only_if(const Tensor& condition, const std::vector<Variable>& state,
                        const std::function<void()>& body) {
  Tensors before;
  for (auto& v : state) before.push_back(copy(v.value()));
  body();
  for (size_t i = 0; i < state.size(); ++i)
    state[i].assign(where(condition, state[i].value(), before[i]));
}

void Optimizer::accumulate(std::vector<Update>& updates) {
  int64_t steps = *options_.gradient_accumulation_steps;
  Tensor due = equal(mod(iterations_.value() + Tensor(1), Tensor(steps)), Tensor(0));
  std::vector<Variable> state = more_;
  Tensors sums;
  for (auto& u : updates) {
    sums.push_back(u.gradient + accumulators_[u.index].value());
    u.gradient = sums.back() / Tensor(static_cast<double>(steps));
    state.push_back(u.variable);
    for (auto& s : slots_[u.index]) state.push_back(s);
  }
  only_if(due, state, [&] { update_all(updates); });
  for (size_t i = 0; i < updates.size(); ++i)
    accumulators_[updates[i].index].assign(where(due, zeros_like(sums[i]), sums[i]));
}

void Optimizer::update_averages() {
  Tensor later = not_equal(count(), Tensor(0));
  Tensor due;
  if (options_.ema_overwrite_frequency)
    due = equal(mod(count() + Tensor(1), Tensor(*options_.ema_overwrite_frequency)), Tensor(0));
  for (size_t i = 0; i < owned_for_.size(); ++i) {
    const Variable& v = owned_for_[i];
    // The first average is the value itself.
    Tensor momentum = cast(later, v.dtype()) * Tensor(options_.ema_momentum);
    Tensor average = momentum * averages_[i].value() + (Tensor(1.0) - momentum) * v.value();
    averages_[i].assign(average);
    if (due.defined()) v.assign(where(due, averages_[i].value(), v.value()));
  }
}

Tensor Optimizer::scale_loss(const Tensor& loss) const {
  return options_.loss_scale_factor ? loss * Tensor(*options_.loss_scale_factor) : loss;
}

void Optimizer::finalize_variable_values(const std::vector<Variable>& variables) {
  if (!options_.use_ema || !built_) return;
  for (auto& v : variables) v.assign(averages_[index_of(v)].value());
}

// ---- weight decay -----------------------------------------------------------------------------

void Optimizer::must_not_be_built(const char* what) const {
  if (built_)
    fail("optimizer '", name(), "': ", what, " must be called before the optimizer is built");
}

void Optimizer::exclude_from_weight_decay(const std::vector<Variable>& variables,
                                          const std::vector<std::string>& names) {
  must_not_be_built("exclude_from_weight_decay()");
  no_decay_.clear();
  for (auto& v : variables) no_decay_.push_back(v.id());
  no_decay_names_ = names;
}

double Optimizer::decay_for(const Variable& v) const {
  std::optional<double> decay = decay_of(v);
  if (!decay) return 0;
  if (std::find(no_decay_.begin(), no_decay_.end(), v.id()) != no_decay_.end()) return 0;
  for (auto& pattern : no_decay_names_)
    if (std::regex_search(v.name(), std::regex(pattern))) return 0;
  return *decay;
}

}  // namespace lamina
