// Optimizers that scale each element's step by what its gradients have been: compositions of
// elementwise ops, which a captured step fuses.
#include "train/optimizer_rule.h"

namespace lamina {

namespace {

Tensor as_double(const Tensor& scalar) { return cast(scalar, DType::kFloat64); }

// ---- Adamax -----------------------------------------------------------------------------------

struct AdamaxOptions : RuleOptions {
  static constexpr const char* kClass = "Adamax";
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
  void fields(Fields& f) {
    first(f), f("beta_1", beta_1)("beta_2", beta_2)("epsilon", epsilon), rest(f);
  }
};

class Adamax : public Rule<AdamaxOptions> {
 public:
  using Rule::Rule;

 protected:
  std::vector<Slot> slots(const Variable&) const override { return {{"momentum"}, {"norm"}}; }
  void begin_update() override {
    alpha_ = as_double(lr_) / (Tensor(1.0) - power(Tensor(o_.beta_1), step_));
  }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    Tensor m = s[0].value() + (g - s[0].value()) * Tensor(1 - o_.beta_1);
    Tensor u = maximum(s[1].value() * Tensor(o_.beta_2), absolute(g));
    s[0].assign(m), s[1].assign(u);
    v.assign(v.value() - cast(alpha_, v.dtype()) * m / (u + Tensor(o_.epsilon)));
  }

 private:
  Tensor alpha_;
};

// ---- Nadam ------------------------------------------------------------------------------------

struct NadamOptions : RuleOptions {
  static constexpr const char* kClass = "Nadam";
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
  void fields(Fields& f) {
    first(f), f("beta_1", beta_1)("beta_2", beta_2)("epsilon", epsilon), rest(f);
  }
};

class Nadam : public Rule<NadamOptions> {
 public:
  using Rule::Rule;

 protected:
  std::vector<Slot> slots(const Variable&) const override { return {{"momentum"}, {"velocity"}}; }
  void build_more() override {
    product_ = add_variable({}, "u_product", "ones",
                            owned_for_.empty() ? floatx() : owned_for_[0].dtype());
  }
  void begin_update() override {
    // u(t) = beta_1 * (1 - 0.96**t / 2), and the product of all of them so far.
    auto u = [&](const Tensor& t) {
      return Tensor(o_.beta_1) * (Tensor(1.0) - Tensor(0.5) * power(Tensor(0.96), t));
    };
    Tensor now = u(step_), next = u(step_ + Tensor(1.0));
    Tensor product = as_double(product_.value()) * now;
    product_.assign(cast(product, product_.dtype()));
    Tensor lr = as_double(lr_), one(1.0);
    of_momentum_ = lr * next / (one - product * next);
    of_gradient_ = lr * (one - now) / (one - product);
    of_velocity_ = one / (one - power(Tensor(o_.beta_2), step_));
  }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    auto in = [&](const Tensor& scalar) { return cast(scalar, v.dtype()); };
    Tensor m = s[0].value() + (g - s[0].value()) * Tensor(1 - o_.beta_1);
    Tensor u = s[1].value() + (square(g) - s[1].value()) * Tensor(1 - o_.beta_2);
    s[0].assign(m), s[1].assign(u);
    Tensor step = m * in(of_momentum_) + g * in(of_gradient_);
    v.assign(v.value() - step / (sqrt(u * in(of_velocity_)) + Tensor(o_.epsilon)));
  }

 private:
  Variable product_;
  Tensor of_momentum_, of_gradient_, of_velocity_;
};

// ---- Adadelta ---------------------------------------------------------------------------------

struct AdadeltaOptions : RuleOptions {
  static constexpr const char* kClass = "Adadelta";
  double rho = 0.95, epsilon = 1e-7;
  void fields(Fields& f) { first(f), f("rho", rho)("epsilon", epsilon), rest(f); }
};

class Adadelta : public Rule<AdadeltaOptions> {
 public:
  using Rule::Rule;

 protected:
  std::vector<Slot> slots(const Variable&) const override {
    return {{"accumulated_grad"}, {"accumulated_delta_var"}};
  }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    Tensor rho(o_.rho), rest(1 - o_.rho), epsilon(o_.epsilon);
    Tensor squares = rho * s[0].value() + rest * square(g);
    Tensor delta = sqrt(s[1].value() + epsilon) * g / sqrt(squares + epsilon);
    Tensor deltas = rho * s[1].value() + rest * square(delta);
    s[0].assign(squares), s[1].assign(deltas);
    v.assign(v.value() - cast(lr_, v.dtype()) * delta);
  }
};

// ---- Adagrad ----------------------------------------------------------------------------------

struct AdagradOptions : RuleOptions {
  static constexpr const char* kClass = "Adagrad";
  double initial_accumulator_value = 0.1, epsilon = 1e-7;
  void fields(Fields& f) {
    first(f), f("initial_accumulator_value", initial_accumulator_value)("epsilon", epsilon);
    rest(f);
  }
};

class Adagrad : public Rule<AdagradOptions> {
 public:
  explicit Adagrad(const AdagradOptions& o) : Rule(o) {
    if (o.initial_accumulator_value < 0)
      fail("Adagrad: initial_accumulator_value must not be negative, received ",
           o.initial_accumulator_value);
  }

 protected:
  std::vector<Slot> slots(const Variable&) const override {
    return {{"accumulator", o_.initial_accumulator_value}};
  }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    Tensor squares = s[0].value() + square(g);
    s[0].assign(squares);
    v.assign(v.value() - cast(lr_, v.dtype()) * g / sqrt(squares + Tensor(o_.epsilon)));
  }
};

// ---- Adafactor --------------------------------------------------------------------------------

struct AdafactorOptions : RuleOptions {
  static constexpr const char* kClass = "Adafactor";
  double beta_2_decay = -0.8, epsilon_1 = 1e-30, epsilon_2 = 1e-3, clip_threshold = 1.0;
  bool relative_step = true;
  void fields(Fields& f) {
    first(f), f("beta_2_decay", beta_2_decay)("epsilon_1", epsilon_1)("epsilon_2", epsilon_2);
    f("clip_threshold", clip_threshold)("relative_step", relative_step), rest(f);
  }
};

Tensor rms(const Tensor& x) { return sqrt(mean(square(x))); }

class Adafactor : public Rule<AdafactorOptions> {
 public:
  using Rule::Rule;

 protected:
  std::vector<Slot> slots(const Variable& v) const override {
    Shape row, column;  // without the last axis; without the one before
    if (v.shape().rank() >= 2) {
      row = column = v.shape();
      row.erase(row.rank() - 1), column.erase(column.rank() - 2);
    }
    return {{.name = "r", .shape = row, .same_name = true},
            {.name = "c", .shape = column, .same_name = true},
            {"velocity"}};
  }
  void begin_update() override {
    // Keras takes the minimum with 1 / sqrt(t) whatever relative_step says.
    rate_ = minimum(as_double(lr_), rsqrt(step_));
    keep_ = Tensor(1.0) - power(step_, Tensor(o_.beta_2_decay));
  }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    Tensor keep = cast(keep_, v.dtype()), rest = cast(Tensor(1.0) - keep_, v.dtype());
    Tensor alpha = maximum(Tensor(o_.epsilon_2), rms(v.value())) * cast(rate_, v.dtype());
    Tensor squares = square(g) + Tensor(o_.epsilon_1), velocity;
    if (v.shape().rank() >= 2) {
      Tensor r = keep * s[0].value() + rest * mean(squares, -1);
      Tensor c = keep * s[1].value() + rest * mean(squares, -2);
      s[0].assign(r), s[1].assign(c);
      velocity = expand_dims(r / mean(r, -1, true), {-1}) * expand_dims(c, {-2});
    } else {
      velocity = keep * s[2].value() + rest * squares;
    }
    s[2].assign(velocity);
    Tensor u = g / sqrt(velocity);
    u = u / maximum(Tensor(1.0), rms(u) / Tensor(o_.clip_threshold));
    v.assign(v.value() - alpha * u);
  }

 private:
  Tensor rate_, keep_;
};

// ---- Ftrl -------------------------------------------------------------------------------------

struct FtrlOptions : RuleOptions {
  static constexpr const char* kClass = "Ftrl";
  double learning_rate_power = -0.5, initial_accumulator_value = 0.1;
  double l1_regularization_strength = 0, l2_regularization_strength = 0;
  double l2_shrinkage_regularization_strength = 0, beta = 0;
  void fields(Fields& f) {
    first(f), f("learning_rate_power", learning_rate_power);
    f("initial_accumulator_value", initial_accumulator_value);
    f("l1_regularization_strength", l1_regularization_strength);
    f("l2_regularization_strength", l2_regularization_strength);
    f("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength);
    f("beta", beta), rest(f);
  }
};

class Ftrl : public Rule<FtrlOptions> {
 public:
  explicit Ftrl(const FtrlOptions& o) : Rule(o) {
    auto not_negative = [](const char* name, double v) {
      if (!(v >= 0)) fail("Ftrl: ", name, " needs to be positive or zero, received ", v);
    };
    not_negative("initial_accumulator_value", o.initial_accumulator_value);
    if (o.learning_rate_power > 0)
      fail("Ftrl: learning_rate_power needs to be negative or zero, received ",
           o.learning_rate_power);
    not_negative("l1_regularization_strength", o.l1_regularization_strength);
    not_negative("l2_regularization_strength", o.l2_regularization_strength);
    not_negative("l2_shrinkage_regularization_strength", o.l2_shrinkage_regularization_strength);
  }

 protected:
  std::vector<Slot> slots(const Variable&) const override {
    return {{"accumulator", o_.initial_accumulator_value}, {"linear"}};
  }
  void update(const Tensor& g, const Variable& v, const std::vector<Variable>& s) override {
    Tensor lr = cast(lr_, v.dtype()), exponent(-o_.learning_rate_power);
    Tensor l2 = Tensor(o_.l2_regularization_strength) + Tensor(o_.beta / 2) / lr;
    Tensor slope = g;
    if (o_.l2_shrinkage_regularization_strength > 0)
      slope = g + Tensor(2 * o_.l2_shrinkage_regularization_strength) * v.value();
    Tensor squares = s[0].value() + square(g);
    Tensor after = power(squares, exponent);
    Tensor linear =
        s[1].value() + (slope - (after - power(s[0].value(), exponent)) / lr * v.value());
    Tensor clipped = clip(linear, -o_.l1_regularization_strength, o_.l1_regularization_strength);
    s[0].assign(squares), s[1].assign(linear);
    v.assign((clipped - linear) / (after / lr + Tensor(2.0) * l2));
  }
};

}  // namespace

std::vector<OptimizerClass> adaptive_optimizers() {
  const std::string betas = std::string(kRate) +
                            "    beta_1: Decay of the average of gradients.\n"
                            "    beta_2: Decay of the second average.\n"
                            "    epsilon: Against division by zero.\n";
  return {
      optimizer_class<Adamax, AdamaxOptions>(
          optimizer_doc("Adam with the infinity norm.\n\n"
                        "`m += (1 - beta_1) * (g - m)`, `u = max(beta_2 * u, abs(g))` and\n"
                        "`w -= lr / (1 - beta_1**t) * m / (u + epsilon)`.",
                        betas, "Kingma and Ba, 2014, arXiv:1412.6980, section 7.1.")),
      optimizer_class<Nadam, NadamOptions>(
          optimizer_doc("Adam with Nesterov's momentum.\n\n"
                        "With `u(t) = beta_1 * (1 - 0.96**t / 2)` and p(t) the product of u up to "
                        "t, the step is\n"
                        "`u(t+1) * m / (1 - p(t+1)) + (1 - u(t)) * g / (1 - p(t))` over\n"
                        "`sqrt(v / (1 - beta_2**t)) + epsilon`.",
                        betas, "Dozat, 2015, Incorporating Nesterov momentum into Adam.")),
      optimizer_class<Adadelta, AdadeltaOptions>(optimizer_doc(
          "Steps in the unit of the variable: the root mean square of steps over that of "
          "gradients.\n\n"
          "`s = rho * s + (1 - rho) * g**2`, `d = sqrt(e + epsilon) / sqrt(s + epsilon) * g`,\n"
          "`e = rho * e + (1 - rho) * d**2` and `w -= lr * d`. The paper has lr = 1.",
          std::string(kRate) + "    rho: Decay of both averages.\n"
                               "    epsilon: Added under the roots.\n",
          "Zeiler, 2012, arXiv:1212.5701.")),
      optimizer_class<Adagrad, AdagradOptions>(optimizer_doc(
          "Gradient over the root of the sum of all squares: `a += g**2` and\n"
          "`w -= lr * g / sqrt(a + epsilon)`.",
          std::string(kRate) + "    initial_accumulator_value: What the sum begins with.\n"
                               "    epsilon: Added under the root.\n",
          "Duchi et al., 2011, JMLR 12.")),
      optimizer_class<Adafactor, AdafactorOptions>(optimizer_doc(
          "Second moments of matrices kept as one row and one column.\n\n"
          "`beta = 1 - t**beta_2_decay`, r and c are running means of `g**2 + epsilon_1` over the\n"
          "last axis and the one before, `v = r / mean(r) * c`, `u = g / sqrt(v)`, and\n"
          "`w -= max(epsilon_2, rms(w)) * min(lr, 1 / sqrt(t)) * u / max(1, rms(u) / "
          "clip_threshold)`.",
          std::string(kRate) + "    beta_2_decay: Exponent of the decay of averages.\n"
                               "    epsilon_1: Added to squares.\n"
                               "    epsilon_2: Smallest scale of a variable.\n"
                               "    clip_threshold: Largest root mean square of a step.\n"
                               "    relative_step: Kept for Keras's sake; the rate is at most\n"
                               "        1 / sqrt(t) either way.\n",
          "Shazeer and Stern, 2018, arXiv:1804.04235.")),
      optimizer_class<Ftrl, FtrlOptions>(optimizer_doc(
          "Follow the regularized leader, for sparse linear models.\n\n"
          "`n' = n + g**2`, `s = (n'**-p - n**-p) / lr`, `z += g - s * w` and\n"
          "`w = (clip(z, -l1, l1) - z) / (n'**-p / lr + 2 * l2 + beta / lr)`, where p is\n"
          "learning_rate_power.",
          std::string(kRate) +
              "    learning_rate_power: At most 0; 0 for a constant rate.\n"
              "    initial_accumulator_value: What n begins with.\n"
              "    l1_regularization_strength: L1 penalty.\n"
              "    l2_regularization_strength: L2 penalty.\n"
              "    l2_shrinkage_regularization_strength: L2 penalty on the gradient alone.\n"
              "    beta: As in the paper.\n",
          "McMahan et al., 2013, Ad click prediction: a view from the trenches.")),
  };
}

}  // namespace lamina
