// Optimizers. An update is one operation a variable, which writes the variable and its slots in
// place.
#include <algorithm>
#include <cmath>

#include "core/tensor_impl.h"
#include "graph/graph.h"
#include "lamina/train.h"

namespace lamina {

namespace {

// p, gradient, learning rate, step, slots... -> p and slots, in place
void infer_update(Infer& f) {
  if (!(f.shape(0) == f.shape(1)))
    f.refuse("a gradient of shape ", f.shape(1), " does not fit a variable of shape ", f.shape(0));
  f.in_place(0);
  for (size_t i = 4; i < f.n_inputs(); ++i) f.in_place(i);
}
abi::View flat(const abi::View& v) {
  abi::View out = v;
  int64_t n = 1;
  for (int i = 0; i < v.rank; ++i) n *= v.shape[i];
  out.rank = 1, out.shape[0] = n, out.strides[0] = 1;
  return out;
}
struct Slots {
  abi::View views[4];
  size_t n;
  explicit Slots(const Run& r) : n(r.n_in - 4) {
    for (size_t i = 0; i < n; ++i) views[i] = flat(r.in[4 + i]);
  }
  const abi::View* at(size_t i) const { return i < n ? &views[i] : nullptr; }
};
void run_sgd(const Run& r) {
  Slots s(r);
  abi::SgdArgs a{r.attrs.real("momentum"), r.attrs.real("decay"), r.attrs.flag("nesterov")};
  r.kernels.sgd(r.context, a, flat(r.in[0]), flat(r.in[1]), s.at(0), r.in[2]);
}
void run_adam(const Run& r) {
  Slots s(r);
  abi::AdamArgs a{r.attrs.real("beta_1"), r.attrs.real("beta_2"), r.attrs.real("epsilon"),
                  r.attrs.real("decay"), s.n > 2};
  r.kernels.adam(r.context, a, flat(r.in[0]), flat(r.in[1]), s.views[0], s.views[1], s.at(2),
                 r.in[2], r.in[3]);
}
void run_rmsprop(const Run& r) {
  Slots s(r);
  bool momentum = r.attrs.real("momentum") > 0, centered = r.attrs.flag("centered");
  abi::RmspropArgs a{r.attrs.real("rho"), r.attrs.real("momentum"), r.attrs.real("epsilon"),
                     r.attrs.real("decay"), centered};
  r.kernels.rmsprop(r.context, a, flat(r.in[0]), flat(r.in[1]), s.views[0],
                    momentum ? s.at(1) : nullptr, centered ? s.at(momentum ? 2 : 1) : nullptr,
                    r.in[2]);
}
Op effect(const char* name, void (*run)(const Run&)) {
  Op op{name, infer_update, run};
  op.effect = true;
  return op;
}
const Op kSgd = effect("sgd_update", run_sgd);
const Op kAdam = effect("adam_update", run_adam);
const Op kRmsprop = effect("rmsprop_update", run_rmsprop);

}  // namespace

// ---- the base
// -------------------------------------------------------------------------------------

Optimizer::Optimizer(const OptimizerOptions& o) : options_(o) {
  int clips = o.clipnorm.has_value() + o.clipvalue.has_value() + o.global_clipnorm.has_value();
  if (clips > 1) fail("optimizer: only one of clipnorm, clipvalue and global_clipnorm may be set");
  for (auto& v : {o.clipnorm, o.clipvalue, o.global_clipnorm})
    if (v && !(*v > 0))
      fail("optimizer: clipnorm, clipvalue and global_clipnorm must be positive, received ", *v);
  if (o.weight_decay && *o.weight_decay < 0)
    fail("optimizer: weight_decay must not be negative, received ", *o.weight_decay);
  if (!(o.learning_rate >= 0))
    fail("optimizer: learning_rate must not be negative, received ", o.learning_rate);
  learning_rate_ = Variable(full({}, o.learning_rate, DType::kFloat32), "learning_rate", false);
  iterations_ = Variable(zeros({}, DType::kInt64), "iterations", false);
}

void Optimizer::build(const std::vector<Variable>& variables) {
  if (built_ && variables.size() == owned_for_.size() &&
      std::equal(variables.begin(), variables.end(), owned_for_.begin()))
    return;
  TraceScope suspended(nullptr);
  NoGrad off;
  owned_for_ = variables;
  slots_.clear();
  for (auto& v : variables) {
    slots_.emplace_back();
    for (auto& name : slot_names())
      slots_.back().emplace_back(zeros(v.shape(), v.dtype()), v.path() + "_" + name, false);
  }
  built_ = true;
}

double Optimizer::decay_for(const Variable& v) const {
  if (!options_.weight_decay) return 0;
  for (auto& pattern : no_decay_)
    if (v.path().find(pattern) != std::string::npos) return 0;
  return *options_.weight_decay;
}

void Optimizer::apply(const Tensors& given, const std::vector<Variable>& variables) {
  if (given.size() != variables.size())
    fail("optimizer: ", given.size(), " gradients for ", variables.size(), " variables");
  build(variables);
  NoGrad off;
  Tensors grads = given;
  if (options_.clipvalue)
    for (Tensor& g : grads)
      if (g.defined()) g = clip(g, -*options_.clipvalue, *options_.clipvalue);
  if (options_.clipnorm)
    for (Tensor& g : grads)
      if (g.defined()) {
        Tensor n = sqrt(sum(square(g)));
        g = where(greater(n, Tensor(*options_.clipnorm)),
                  g * divide_no_nan(Tensor(*options_.clipnorm), n), g);
      }
  if (options_.global_clipnorm) {
    Tensor total;
    for (Tensor& g : grads)
      if (g.defined()) total = total.defined() ? total + sum(square(g)) : sum(square(g));
    if (total.defined()) {
      Tensor n = sqrt(total);
      Tensor factor =
          Tensor(*options_.global_clipnorm) / maximum(n, Tensor(*options_.global_clipnorm));
      for (Tensor& g : grads)
        if (g.defined()) g = g * cast(factor, g.dtype());
    }
  }
  step_ = cast(iterations_.value(), DType::kFloat64) + Tensor(1.0);
  for (size_t i = 0; i < variables.size(); ++i) {
    if (!grads[i].defined()) continue;
    Tensor g =
        grads[i].dtype() == variables[i].dtype() ? grads[i] : cast(grads[i], variables[i].dtype());
    update(g.contiguous(), variables[i], slots_[i]);
    if (!variables[i].constraint().none())
      variables[i].assign(variables[i].constraint()(variables[i]));
  }
  iterations_.assign_add(ones({}, DType::kInt64));
}

double Optimizer::learning_rate() const { return learning_rate_.value().item<double>(); }
void Optimizer::set_learning_rate(double lr) {
  learning_rate_.assign(full({}, lr, DType::kFloat32));
}
int64_t Optimizer::iterations() const { return iterations_.value().item<int64_t>(); }
void Optimizer::exclude_from_weight_decay(const std::vector<std::string>& names) {
  no_decay_.insert(no_decay_.end(), names.begin(), names.end());
}

std::vector<std::pair<std::string, Variable>> Optimizer::variables() const {
  std::vector<std::pair<std::string, Variable>> out = {{"learning_rate", learning_rate_},
                                                       {"iterations", iterations_}};
  auto names = slot_names();
  for (size_t i = 0; i < slots_.size(); ++i)
    for (size_t k = 0; k < names.size(); ++k)
      out.emplace_back(std::to_string(i) + "/" + owned_for_[i].path() + "/" + names[k],
                       slots_[i][k]);
  return out;
}

// ---- the rules
// ------------------------------------------------------------------------------------

namespace {

// Arguments that every optimizer has, after its own.
struct Base {
  double learning_rate = 0.001;
  std::optional<double> weight_decay, clipnorm, clipvalue, global_clipnorm;
  std::string name;
  void first(Fields& f) { f("learning_rate", learning_rate); }
  void rest(Fields& f) {
    f("weight_decay", weight_decay)("clipnorm", clipnorm)("clipvalue", clipvalue)(
        "global_clipnorm", global_clipnorm)("name", name);
  }
  OptimizerOptions options(const char* class_name) const {
    return {learning_rate, weight_decay,    clipnorm,
            clipvalue,     global_clipnorm, name.empty() ? to_snake_case(class_name) : name};
  }
};

struct SgdOptions : Base {
  double momentum = 0;
  bool nesterov = false;
  SgdOptions() { learning_rate = 0.01, name = "SGD"; }
  void fields(Fields& f) { first(f), f("momentum", momentum)("nesterov", nesterov), rest(f); }
};
struct AdamOptions : Base {
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
  bool amsgrad = false;
  AdamOptions() { name = "adam"; }
  void fields(Fields& f) {
    first(f), f("beta_1", beta_1)("beta_2", beta_2)("epsilon", epsilon)("amsgrad", amsgrad),
        rest(f);
  }
};
struct AdamwOptions : Base {
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
  bool amsgrad = false;
  AdamwOptions() { weight_decay = 0.004, name = "adamw"; }
  void fields(Fields& f) {
    first(f), f("weight_decay", weight_decay)("beta_1", beta_1)("beta_2", beta_2)(
                  "epsilon", epsilon)("amsgrad", amsgrad);
    f("clipnorm", clipnorm)("clipvalue", clipvalue)("global_clipnorm", global_clipnorm)("name",
                                                                                        name);
  }
};
struct RmspropOptions : Base {
  double rho = 0.9, momentum = 0, epsilon = 1e-7;
  bool centered = false;
  RmspropOptions() { name = "rmsprop"; }
  void fields(Fields& f) {
    first(f), f("rho", rho)("momentum", momentum)("epsilon", epsilon)("centered", centered),
        rest(f);
  }
};

void in_unit(const char* owner, const char* name, double v) {
  if (v < 0 || v > 1) fail(owner, ": ", name, " must lie in [0, 1], received ", v);
}

template <class Options>
class Rule : public Optimizer {
 public:
  Rule(const char* class_name, const Options& o)
      : Optimizer(o.options(class_name)), class_(class_name), o_(o) {}
  std::string class_name() const override { return class_; }
  Config get_config() const override {
    Options o = o_;
    o.learning_rate = learning_rate();
    return write_options(o);
  }

 protected:
  void run(const Op& op, Attrs attrs, const Tensor& g, const Variable& v,
           const std::vector<Variable>& slots) {
    attrs.set("decay", decay_for(v));
    Tensors in = {v.value(), g, learning_rate_.value(), step_};
    for (auto& s : slots) in.push_back(s.value());
    lamina::apply(op, in, std::move(attrs));
  }
  const char* class_;
  Options o_;
};

class Sgd : public Rule<SgdOptions> {
 public:
  explicit Sgd(const SgdOptions& o) : Rule("SGD", o) { in_unit("SGD", "momentum", o.momentum); }

 protected:
  std::vector<std::string> slot_names() const override {
    return o_.momentum > 0 ? std::vector<std::string>{"momentum"} : std::vector<std::string>{};
  }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    run(kSgd, {{"momentum", o_.momentum}, {"nesterov", o_.nesterov}}, g, v, s);
  }
};

template <class Options>
class AdamRule : public Rule<Options> {
 public:
  AdamRule(const char* name, const Options& o) : Rule<Options>(name, o) {
    in_unit(name, "beta_1", o.beta_1), in_unit(name, "beta_2", o.beta_2);
  }

 protected:
  std::vector<std::string> slot_names() const override {
    std::vector<std::string> names = {"momentum", "velocity"};
    if (this->o_.amsgrad) names.push_back("velocity_hat");
    return names;
  }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    this->run(
        kAdam,
        {{"beta_1", this->o_.beta_1}, {"beta_2", this->o_.beta_2}, {"epsilon", this->o_.epsilon}},
        g, v, s);
  }
};

class Rmsprop : public Rule<RmspropOptions> {
 public:
  explicit Rmsprop(const RmspropOptions& o) : Rule("RMSprop", o) {
    in_unit("RMSprop", "rho", o.rho);
  }

 protected:
  std::vector<std::string> slot_names() const override {
    std::vector<std::string> names = {"velocity"};
    if (o_.momentum > 0) names.push_back("momentum");
    if (o_.centered) names.push_back("average_gradient");
    return names;
  }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    run(kRmsprop,
        {{"rho", o_.rho},
         {"momentum", o_.momentum},
         {"epsilon", o_.epsilon},
         {"centered", o_.centered}},
        g, v, s);
  }
};

}  // namespace

OptimizerPtr make_optimizer(const Config& config) {
  Choice choice(config);
  std::string key = choice.name();
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  Config c = choice.arguments();
  if (const Config* lr = c.find("learning_rate"); lr && lr->is_object())
    fail(
        "optimizer: learning_rate must be a number; schedules are set with the "
        "LearningRateScheduler callback");
  // What Keras writes besides; lamina has no use for the default values.
  for (const char* k : {"use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor",
                        "gradient_accumulation_steps", "jit_compile", "is_legacy_optimizer"}) {
    const Config* v = c.find(k);
    if (v && !(v->is_null() || (v->is_bool() && !v->as_bool()) || std::string(k) == "ema_momentum"))
      throw Error(str("optimizer: ", k, " is not supported"), Error::Kind::kUnsupported);
    c.erase(k);
  }
  if (key == "sgd") return std::make_shared<Sgd>(read_options<SgdOptions>("SGD", c));
  if (key == "adam")
    return std::make_shared<AdamRule<AdamOptions>>("Adam", read_options<AdamOptions>("Adam", c));
  if (key == "adamw")
    return std::make_shared<AdamRule<AdamwOptions>>("AdamW",
                                                    read_options<AdamwOptions>("AdamW", c));
  if (key == "rmsprop")
    return std::make_shared<Rmsprop>(read_options<RmspropOptions>("RMSprop", c));
  fail("unknown optimizer '", choice.name(), "'; there are sgd, adam, adamw, rmsprop");
}

const std::vector<OptimizerClass>& optimizer_classes() {
  static const std::vector<OptimizerClass> classes = {
      {"Adam", [] { return write_options(AdamOptions{}); },
       "Adaptive moments (Kingma and Ba, 2014, arXiv:1412.6980)."},
      {"AdamW", [] { return write_options(AdamwOptions{}); },
       "Adam with decoupled weight decay (Loshchilov and Hutter, 2017, arXiv:1711.05101)."},
      {"RMSprop", [] { return write_options(RmspropOptions{}); },
       "Gradient divided by a running root mean square (Tieleman and Hinton, 2012)."},
      {"SGD", [] { return write_options(SgdOptions{}); },
       "Gradient descent, with momentum and Nesterov's variant (Sutskever et al., 2013)."},
  };
  return classes;
}

}  // namespace lamina
