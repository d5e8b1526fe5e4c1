// SGD, Adam, AdamW and RMSprop: an update is one kernel a variable, which writes the variable and
// its slots in place. The registry of all optimizers.
#include <algorithm>
#include <map>

#include "core/tensor_impl.h"
#include "train/optimizer_rule.h"

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
struct SlotViews {
  abi::View views[4];
  size_t n;
  explicit SlotViews(const Run& r) : n(r.n_in - 4) {
    for (size_t i = 0; i < n; ++i) views[i] = flat(r.in[4 + i]);
  }
  const abi::View* at(size_t i) const { return i < n ? &views[i] : nullptr; }
};
void run_sgd(const Run& r) {
  SlotViews s(r);
  abi::SgdArgs a{r.attrs.real("momentum"), r.attrs.real("decay"), r.attrs.flag("nesterov")};
  r.kernels.sgd(r.context, a, flat(r.in[0]), flat(r.in[1]), s.at(0), r.in[2]);
}
void run_adam(const Run& r) {
  SlotViews s(r);
  abi::AdamArgs a{r.attrs.real("beta_1"), r.attrs.real("beta_2"), r.attrs.real("epsilon"),
                  r.attrs.real("decay"), s.n > 2};
  r.kernels.adam(r.context, a, flat(r.in[0]), flat(r.in[1]), s.views[0], s.views[1], s.at(2),
                 r.in[2], r.in[3]);
}
void run_rmsprop(const Run& r) {
  SlotViews s(r);
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

// ---- SGD --------------------------------------------------------------------------------------

struct SgdOptions : RuleOptions {
  static constexpr const char* kClass = "SGD";
  double momentum = 0;
  bool nesterov = false;
  SgdOptions() { learning_rate = 0.01; }
  void fields(Fields& f) { first(f), f("momentum", momentum)("nesterov", nesterov), rest(f); }
};

class Sgd : public Rule<SgdOptions> {
 public:
  explicit Sgd(const SgdOptions& o) : Rule(o) { in_unit("SGD", "momentum", o.momentum); }

 protected:
  std::vector<Slot> slots(const Variable&) const override {
    return o_.momentum > 0 ? std::vector<Slot>{{"momentum"}} : std::vector<Slot>{};
  }
  bool decays_itself() const override { return true; }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    run(kSgd, {{"momentum", o_.momentum}, {"nesterov", o_.nesterov}}, g, v, lr_, s, decay_for(v));
  }
};

// ---- Adam and AdamW ---------------------------------------------------------------------------

struct AdamOptions : RuleOptions {
  static constexpr const char* kClass = "Adam";
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
  bool amsgrad = false;
  void own(Fields& f) {
    f("beta_1", beta_1)("beta_2", beta_2)("epsilon", epsilon)("amsgrad", amsgrad);
  }
  void fields(Fields& f) { first(f), own(f), rest(f); }
};
struct AdamwOptions : AdamOptions {
  static constexpr const char* kClass = "AdamW";
  AdamwOptions() { weight_decay = 0.004; }
  void fields(Fields& f) { first(f), f("weight_decay", weight_decay), own(f), last(f); }
};

template <class Options>
class AdamRule : public Rule<Options> {
 public:
  explicit AdamRule(const Options& o) : Rule<Options>(o) {
    in_unit(Options::kClass, "beta_1", o.beta_1), in_unit(Options::kClass, "beta_2", o.beta_2);
  }

 protected:
  std::vector<Slot> slots(const Variable&) const override {
    std::vector<Slot> out = {{"momentum"}, {"velocity"}};
    if (this->o_.amsgrad) out.push_back({.name = "velocity_hat", .group = 1});
    return out;
  }
  bool decays_itself() const override { return true; }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    this->run(
        kAdam,
        {{"beta_1", this->o_.beta_1}, {"beta_2", this->o_.beta_2}, {"epsilon", this->o_.epsilon}},
        g, v, this->lr_, s, this->decay_for(v));
  }
};

// ---- RMSprop ----------------------------------------------------------------------------------

struct RmspropOptions : RuleOptions {
  static constexpr const char* kClass = "RMSprop";
  double rho = 0.9, momentum = 0, epsilon = 1e-7;
  bool centered = false;
  void fields(Fields& f) {
    first(f), f("rho", rho)("momentum", momentum)("epsilon", epsilon)("centered", centered);
    rest(f);
  }
};

class Rmsprop : public Rule<RmspropOptions> {
 public:
  explicit Rmsprop(const RmspropOptions& o) : Rule(o) { in_unit("RMSprop", "rho", o.rho); }

 protected:
  std::vector<Slot> slots(const Variable&) const override {
    std::vector<Slot> out = {{"velocity"}};
    if (o_.momentum > 0) out.push_back({.name = "momentum", .group = 1});
    if (o_.centered) out.push_back({.name = "average_gradient", .group = 2});
    return out;
  }
  bool decays_itself() const override { return true; }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    run(kRmsprop,
        {{"rho", o_.rho},
         {"momentum", o_.momentum},
         {"epsilon", o_.epsilon},
         {"centered", o_.centered}},
        g, v, lr_, s, decay_for(v));
  }
};

}  // namespace

const Op& adam_op() { return kAdam; }

std::string optimizer_doc(const std::string& summary, const std::string& args,
                          const std::string& reference) {
  return summary + "\n\nArgs:\n" + args +
         "    weight_decay: Share of each variable, times the learning rate, taken away before its "
         "update.\n"
         "    clipnorm: Largest norm of each gradient.\n"
         "    clipvalue: Largest absolute value of the elements of gradients.\n"
         "    global_clipnorm: Largest norm of all gradients together.\n"
         "    use_ema: Keep an exponential moving average of each variable; fit() puts it into "
         "the\n"
         "        model when it ends.\n"
         "    ema_momentum: Share of the old average in the new one.\n"
         "    ema_overwrite_frequency: Updates from one overwriting of the variables by their\n"
         "        averages to the next; None: only at the end.\n"
         "    loss_scale_factor: The loss is multiplied and its gradients divided by it.\n"
         "    gradient_accumulation_steps: Steps whose gradients are averaged for one update.\n"
         "    name: Name; made from the class by default.\n\n"
         "Reference:\n    " +
         reference;
}

std::vector<OptimizerClass> first_order_optimizers() {
  const char* betas =
      "    learning_rate: Step size, a number or a schedule.\n"
      "    beta_1: Decay of the average of gradients.\n"
      "    beta_2: Decay of the average of their squares.\n"
      "    epsilon: Added to the root, against division by zero.\n"
      "    amsgrad: Use the largest average of squares so far.\n";
  return {
      optimizer_class<Sgd, SgdOptions>(optimizer_doc(
          "Gradient descent, with momentum where wanted.\n\n"
          "`w -= lr * g`; with momentum `m = momentum * m - lr * g` and `w += m`, or\n"
          "`w += momentum * m - lr * g` where `nesterov` is set.",
          "    learning_rate: Step size, a number or a schedule.\n"
          "    momentum: Share of the step before that is kept.\n"
          "    nesterov: Look ahead along the momentum.\n",
          "Sutskever et al., 2013, On the importance of initialization and momentum.")),
      optimizer_class<AdamRule<AdamOptions>, AdamOptions>(optimizer_doc(
          "Adaptive moments: averages of gradients over the root of averages of squares.\n\n"
          "`m += (1 - beta_1) * (g - m)`, `v += (1 - beta_2) * (g**2 - v)` and\n"
          "`w -= lr * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)`.",
          betas, "Kingma and Ba, 2014, arXiv:1412.6980; amsgrad: Reddi et al., 2018.")),
      optimizer_class<AdamRule<AdamwOptions>, AdamwOptions>(
          optimizer_doc("Adam with decoupled weight decay: `w -= lr * weight_decay * w` first.",
                        betas, "Loshchilov and Hutter, 2017, arXiv:1711.05101.")),
      optimizer_class<Rmsprop, RmspropOptions>(optimizer_doc(
          "Gradient over a running root mean square.\n\n"
          "`v = rho * v + (1 - rho) * g**2` and `w -= lr * g / sqrt(v + epsilon)`; centered\n"
          "takes the squared average of gradients off v.",
          "    learning_rate: Step size, a number or a schedule.\n"
          "    rho: Decay of the average of squares.\n"
          "    momentum: Share of the step before that is kept.\n"
          "    epsilon: Added under the root.\n"
          "    centered: Divide by the standard deviation of gradients.\n",
          "Tieleman and Hinton, 2012, Lecture 6.5.")),
  };
}

// ---- the registry -----------------------------------------------------------------------------

namespace {

// Never destroyed: it may hold Python callables, which must not outlive the interpreter.
std::map<std::string, std::function<OptimizerPtr(const Config&)>>& own_optimizers() {
  static auto& table = *new std::map<std::string, std::function<OptimizerPtr(const Config&)>>;
  return table;
}

std::string lower(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return std::tolower(c); });
  return s;
}

}  // namespace

const std::vector<OptimizerClass>& optimizer_classes() {
  static const std::vector<OptimizerClass> classes = [] {
    std::vector<OptimizerClass> all;
    for (auto list : {first_order_optimizers(), adaptive_optimizers(), layerwise_optimizers(),
                      wrapping_optimizers()})
      all.insert(all.end(), list.begin(), list.end());
    std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.name < b.name; });
    return all;
  }();
  return classes;
}

OptimizerPtr make_optimizer(const Config& config) {
  Choice choice(config);
  const std::string name = choice.name();
  Config c = choice.arguments();
  for (const char* key : {"jit_compile", "is_legacy_optimizer"}) c.erase(key);  // Keras 2's
  if (auto it = own_optimizers().find(name); it != own_optimizers().end()) return it->second(c);
  std::string known;
  for (auto& k : optimizer_classes()) {
    if (lower(k.name) == lower(name)) return k.make(c);
    known += (known.empty() ? "" : ", ") + lower(k.name);
  }
  fail("Could not interpret optimizer identifier: ", name, "; there are ", known);
}

void register_optimizer(const std::string& class_name,
                        std::function<OptimizerPtr(const Config&)> factory) {
  own_optimizers()[class_name] = std::move(factory);
}

Config serialize_optimizer(const Optimizer& optimizer) {
  return Config::object(
      {{"class_name", optimizer.class_name()}, {"config", optimizer.get_config()}});
}

}  // namespace lamina
