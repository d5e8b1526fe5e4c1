// Optimizers whose step looks at a variable as a whole, or at its sign alone.
#include <algorithm>
#include <cmath>
#include <regex>

#include "train/optimizer_rule.h"

namespace lamina {

namespace {

// ---- Lion -------------------------------------------------------------------------------------

struct LionOptions : RuleOptions {
  static constexpr const char* kClass = "Lion";
  double beta_1 = 0.9, beta_2 = 0.99;
  void fields(Fields& f) { first(f), f("beta_1", beta_1)("beta_2", beta_2), rest(f); }
};

class Lion : public Rule<LionOptions> {
 public:
  explicit Lion(const LionOptions& o) : Rule(o) {
    if (!(o.beta_1 > 0 && o.beta_1 <= 1))
      fail("Lion: beta_1 must lie in (0, 1], otherwise this is SignSGD; received ", o.beta_1);
  }

 protected:
  std::vector<Slot> slots(const Variable&) const override { return {{"momentum"}}; }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    Tensor direction = s[0].value() * Tensor(o_.beta_1) + g * Tensor(1 - o_.beta_1);
    v.assign(v.value() - cast(lr_, v.dtype()) * sign(direction));
    s[0].assign(s[0].value() * Tensor(o_.beta_2) + g * Tensor(1 - o_.beta_2));
  }
};

// ---- Lamb -------------------------------------------------------------------------------------

struct LambOptions : RuleOptions {
  static constexpr const char* kClass = "Lamb";
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
  void fields(Fields& f) {
    first(f), f("beta_1", beta_1)("beta_2", beta_2)("epsilon", epsilon), rest(f);
  }
};

class Lamb : public Rule<LambOptions> {
 public:
  using Rule::Rule;

 protected:
  std::vector<Slot> slots(const Variable&) const override { return {{"momentum"}, {"velocity"}}; }
  void begin_update() override {
    Tensor one(1.0);
    of_momentum_ = one / (one - power(Tensor(o_.beta_1), step_));
    of_velocity_ = one / (one - power(Tensor(o_.beta_2), step_));
  }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    auto in = [&](const Tensor& scalar) { return cast(scalar, v.dtype()); };
    Tensor m = s[0].value() + (g - s[0].value()) * Tensor(1 - o_.beta_1);
    Tensor u = s[1].value() + (square(g) - s[1].value()) * Tensor(1 - o_.beta_2);
    s[0].assign(m), s[1].assign(u);
    Tensor step = m * in(of_momentum_) / (sqrt(u * in(of_velocity_)) + Tensor(o_.epsilon));
    Tensor of_weight = sqrt(sum(square(v.value()))), of_step = sqrt(sum(square(step)));
    Tensor both = logical_and(greater(of_weight, Tensor(0.0)), greater(of_step, Tensor(0.0)));
    Tensor ratio = where(both, of_weight / of_step, ones_like(of_step));
    v.assign(v.value() - ratio * in(lr_)*step);
  }

 private:
  Tensor of_momentum_, of_velocity_;
};

// ---- Muon -------------------------------------------------------------------------------------

struct MuonOptions : RuleOptions {
  static constexpr const char* kClass = "Muon";
  double adam_beta_1 = 0.9, adam_beta_2 = 0.999;
  std::optional<double> adam_weight_decay = 0.004;
  double epsilon = 1e-7;
  std::optional<std::vector<std::string>> exclude_layers;
  bool exclude_embeddings = true;
  double muon_a = 3.4445, muon_b = -4.7750, muon_c = 2.0315, adam_lr_ratio = 1, momentum = 0.95;
  int64_t ns_steps = 5;
  bool nesterov = true;
  std::optional<double> rms_rate = 0.2;
  MuonOptions() { weight_decay = 0.004; }
  void fields(Fields& f) {
    first(f), f("adam_beta_1", adam_beta_1)("adam_beta_2", adam_beta_2);
    f("adam_weight_decay", adam_weight_decay)("epsilon", epsilon), rest(f);
    f("exclude_layers", exclude_layers)("exclude_embeddings", exclude_embeddings);
    f("muon_a", muon_a)("muon_b", muon_b)("muon_c", muon_c)("adam_lr_ratio", adam_lr_ratio);
    f("momentum", momentum)("ns_steps", ns_steps)("nesterov", nesterov)("rms_rate", rms_rate);
  }
};

class Muon : public Rule<MuonOptions> {
 public:
  explicit Muon(const MuonOptions& o) : Rule(o) {
    if (!o_.exclude_layers) o_.exclude_layers.emplace();
  }

 protected:
  bool by_adam(const Variable& v) const {
    if (v.shape().rank() != 2) return true;
    std::string path = v.path();
    std::transform(path.begin(), path.end(), path.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (o_.exclude_embeddings && path.find("embedding") != std::string::npos) return true;
    for (auto& pattern : *o_.exclude_layers)
      if (std::regex_search(v.path(), std::regex(pattern))) return true;
    return false;
  }
  std::vector<Slot> slots(const Variable& v) const override {
    std::vector<Slot> out = {{"momentum"}};
    if (by_adam(v)) out.push_back({"velocity"});
    return out;
  }
  std::optional<double> decay_of(const Variable& v) const override {
    return by_adam(v) ? o_.adam_weight_decay : options_.weight_decay;
  }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    if (s.size() == 2)
      return run(adam_op(),
                 {{"beta_1", o_.adam_beta_1}, {"beta_2", o_.adam_beta_2}, {"epsilon", o_.epsilon}},
                 g, v, lr_ * Tensor(o_.adam_lr_ratio), s, 0);
    Tensor m = s[0].value() * Tensor(o_.momentum) + g;
    s[0].assign(m);
    Tensor step = orthogonalized(o_.nesterov ? g + Tensor(o_.momentum) * m : m);
    double scale = 1;
    if (o_.rms_rate)
      scale = *o_.rms_rate * std::sqrt(static_cast<double>(std::max(v.shape()[0], v.shape()[1])));
    v.assign(v.value() - cast(lr_, v.dtype()) * Tensor(scale) * step);
  }

 private:
  // About U V^T of x = U S V^T, by Newton and Schulz's iteration with a quintic polynomial.
  Tensor orthogonalized(Tensor x) const {
    bool tall = x.dim(0) > x.dim(1);
    if (tall) x = transpose(x);
    x = x / (sqrt(sum(square(x))) + Tensor(1e-7));
    for (int64_t i = 0; i < o_.ns_steps; ++i) {
      Tensor a = matmul(x, transpose(x));
      Tensor b = Tensor(o_.muon_b) * a + Tensor(o_.muon_c) * matmul(a, a);
      x = Tensor(o_.muon_a) * x + matmul(b, x);
    }
    return tall ? transpose(x) : x;
  }
};

// ---- ScheduleFreeAdamW ------------------------------------------------------------------------

struct ScheduleFreeOptions : RuleOptions {
  static constexpr const char* kClass = "ScheduleFreeAdamW";
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-8;
  int64_t warmup_steps = 0;
  ScheduleFreeOptions() { learning_rate = 0.0025; }
  void fields(Fields& f) {
    first(f), f("beta_1", beta_1)("beta_2", beta_2)("epsilon", epsilon);
    f("warmup_steps", warmup_steps), rest(f);
  }
};

class ScheduleFreeAdamW : public Rule<ScheduleFreeOptions> {
 public:
  using Rule::Rule;

 protected:
  std::vector<Slot> slots(const Variable&) const override {
    return {{.name = "momentum", .copies_variable = true}, {"velocity"}};
  }
  void begin_update() override {
    Tensor one(1.0);
    rate_ = cast(lr_, DType::kFloat64);
    if (o_.warmup_steps > 0)
      rate_ = rate_ * minimum(step_ / Tensor(static_cast<double>(o_.warmup_steps)), one);
    of_velocity_ = one / (one - power(Tensor(o_.beta_2), step_));
    weight_ = one / step_;
  }
  // momentum z is where gradients act, x the average of z, and the variable y = lerp(z, x, beta_1).
  void update(const Tensor& g, const Variable& y, const std::vector<Variable>& s) override {
    auto in = [&](const Tensor& scalar) { return cast(scalar, y.dtype()); };
    Tensor u = s[1].value() + (square(g) - s[1].value()) * Tensor(1 - o_.beta_2);
    Tensor near(o_.beta_1), far(1 - o_.beta_1), one(1.0);
    Tensor x = (y.value() - far * s[0].value()) / near;
    Tensor z = s[0].value() - in(rate_)*g / (sqrt(u * in(of_velocity_)) + Tensor(o_.epsilon));
    s[1].assign(u);
    s[0].assign(z);
    x = in(one - weight_) * x + in(weight_)*z;
    y.assign(far * z + near * x);
  }

 private:
  Tensor rate_, of_velocity_, weight_;
};

}  // namespace

std::vector<OptimizerClass> layerwise_optimizers() {
  const std::string rate = kRate;
  return {
      optimizer_class<Lion, LionOptions>(
          optimizer_doc("The sign of a momentum: `w -= lr * sign(beta_1 * m + (1 - beta_1) * g)`\n"
                        "and `m = beta_2 * m + (1 - beta_2) * g`. The rate should be 3 to 10 times "
                        "smaller than Adam's.",
                        rate + "    beta_1: Share of the momentum in the step.\n"
                               "    beta_2: Decay of the momentum.\n",
                        "Chen et al., 2023, arXiv:2302.06675.")),
      optimizer_class<Lamb, LambOptions>(
          optimizer_doc("Adam whose step u is scaled to each variable's norm, for large batches:\n"
                        "`w -= lr * norm(w) / norm(u) * u`.",
                        rate + "    beta_1: Decay of the average of gradients.\n"
                               "    beta_2: Decay of the average of their squares.\n"
                               "    epsilon: Added to the root.\n",
                        "You et al., 2019, arXiv:1904.00962.")),
      optimizer_class<Muon, MuonOptions>(optimizer_doc(
          "Momentum made orthogonal, for matrices; AdamW for everything else.\n\n"
          "`m = momentum * m + g`; the step is about U V^T of `g + momentum * m = U S V^T`, by\n"
          "ns_steps of `x = a x + (b A + c A A) x` with `A = x x^T`, and\n"
          "`w -= lr * rms_rate * sqrt(max(rows, columns)) * step`. The last layer of a classifier\n"
          "should be left to AdamW by exclude_layers.",
          rate + "    adam_beta_1: beta_1 of AdamW.\n"
                 "    adam_beta_2: beta_2 of AdamW.\n"
                 "    adam_weight_decay: Weight decay of AdamW.\n"
                 "    epsilon: epsilon of AdamW.\n"
                 "    exclude_layers: Regular expressions; AdamW where one is found in the path.\n"
                 "    exclude_embeddings: AdamW where the path has `embedding` in it.\n"
                 "    muon_a: Coefficient a.\n"
                 "    muon_b: Coefficient b.\n"
                 "    muon_c: Coefficient c.\n"
                 "    adam_lr_ratio: AdamW's rate over the learning rate.\n"
                 "    momentum: Decay of the momentum.\n"
                 "    ns_steps: Iterations.\n"
                 "    nesterov: Look ahead; otherwise the step comes from m alone.\n"
                 "    rms_rate: Root mean square of the elements of a step; None: no scaling.\n",
          "Jordan et al., 2024, kellerjordan.github.io/posts/muon; Liu et al., 2025, "
          "arXiv:2502.16982.")),
      optimizer_class<ScheduleFreeAdamW, ScheduleFreeOptions>(optimizer_doc(
          "AdamW with averages in the place of a learning-rate schedule.\n\n"
          "Gradients act on z (the slot momentum), `x = (1 - 1/t) * x + z / t`, and the variable\n"
          "is `(1 - beta_1) * z + beta_1 * x`.",
          rate + "    beta_1: Share of the average in the variable.\n"
                 "    beta_2: Decay of the average of squared gradients.\n"
                 "    epsilon: Added to the root.\n"
                 "    warmup_steps: Steps in which the rate grows from 0.\n",
          "Defazio et al., 2024, arXiv:2405.15682.")),
  };
}

}  // namespace lamina
