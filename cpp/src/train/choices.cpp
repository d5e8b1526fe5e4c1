// Regularizers, constraints and activations by name.
#include "lamina/choices.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "train/choice_registry.h"

namespace lamina {

namespace {

// ---- regularizers
// ---------------------------------------------------------------------------------

Tensor penalty(const Tensor& x, double l1, double l2) {
  Tensor total;
  if (l1 != 0) total = Tensor(l1) * sum(absolute(x));
  if (l2 != 0) {
    Tensor t = Tensor(l2) * sum(square(x));
    total = total.defined() ? total + t : t;
  }
  return total.defined() ? total : zeros({}, x.dtype());
}

// A factor that must be finite and not negative.
double factor_of(const char* owner, const Config& c, const char* name) {
  const Config& given = c.at(name);
  double v = given.is_null() ? 0 : given.is_number() ? given.as_double() : -1;
  if (!(v >= 0) || std::isinf(v))
    fail(owner, ": argument ", name, " must be a non-negative float, received ", given.dump());
  return v;
}

// How much the rows (or columns) of a matrix point the same way: the mean of |cos| over pairs.
Tensor overlap(const Tensor& x, bool rows) {
  if (x.rank() != 2)
    fail("OrthogonalRegularizer: inputs must have rank 2, received shape ", x.shape());
  Tensor unit = x / sqrt(maximum(sum(square(x), rows ? 1 : 0, true), Tensor(1e-12)));
  Tensor dots = rows ? matmul(unit, transpose(unit)) : matmul(transpose(unit), unit);
  int64_t n = dots.dim(0);
  Tensor off = dots * (Tensor(1.0) - eye(n, n, 0, x.dtype()));
  double pairs = static_cast<double>(std::max<int64_t>(n * (n - 1), 2)) / 2;
  return Tensor(0.5 / pairs) * sum(absolute(off));
}

Registry<Regularizer::Function>& regularizers() {
  static auto& r = *new Registry<Regularizer::Function>([] {
    Registry<Regularizer::Function> t;
    t.kind = "regularizer";
    t.add("L1", Config::object({{"l1", 0.01}}), [](const Config& c) {
      return [v = factor_of("L1", c, "l1")](const Tensor& x) { return penalty(x, v, 0); };
    });
    t.add("L2", Config::object({{"l2", 0.01}}), [](const Config& c) {
      return [v = factor_of("L2", c, "l2")](const Tensor& x) { return penalty(x, 0, v); };
    });
    t.add("L1L2", Config::object({{"l1", 0.0}, {"l2", 0.0}}), [](const Config& c) {
      return [a = factor_of("L1L2", c, "l1"), b = factor_of("L1L2", c, "l2")](const Tensor& x) {
        return penalty(x, a, b);
      };
    });
    t.add("OrthogonalRegularizer", Config::object({{"factor", 0.01}, {"mode", "rows"}}),
          [](const Config& c) {
            double factor = factor_of("OrthogonalRegularizer", c, "factor");
            std::string mode = c.at("mode").is_string() ? c.at("mode").as_string() : "";
            if (mode != "rows" && mode != "columns")
              fail("OrthogonalRegularizer: mode must be 'rows' or 'columns', received ",
                   c.at("mode").dump());
            return [factor, rows = mode == "rows"](const Tensor& x) {
              return Tensor(factor) * overlap(x, rows);
            };
          });
    return t;
  }());
  return r;
}

// ---- constraints
// ----------------------------------------------------------------------------------

Tensor norms(const Tensor& w, const Config& axis) {
  Ints axes;
  if (axis.is_list())
    axes = axis.as_ints();
  else
    axes = {axis.as_int()};
  return sqrt(sum(square(w), Axes(axes), true));
}

Registry<Constraint::Function>& constraints() {
  static auto& r = *new Registry<Constraint::Function>([] {
    Registry<Constraint::Function> t;
    t.kind = "constraint";
    t.add("MaxNorm", Config::object({{"max_value", int64_t{2}}, {"axis", int64_t{0}}}),
          [](const Config& c) {
            return [c](const Tensor& w) {
              Tensor n = norms(w, c.at("axis"));
              return w * (clip(n, 0.0, c.at("max_value").as_double()) / (Tensor(1e-7) + n));
            };
          });
    t.add("NonNeg", Config::object(),
          [](const Config&) { return [](const Tensor& w) { return maximum(w, Tensor(0.0)); }; });
    t.add("UnitNorm", Config::object({{"axis", int64_t{0}}}), [](const Config& c) {
      return [c](const Tensor& w) { return w / (Tensor(1e-7) + norms(w, c.at("axis"))); };
    });
    t.add("MinMaxNorm",
          Config::object(
              {{"min_value", 0.0}, {"max_value", 1.0}, {"rate", 1.0}, {"axis", int64_t{0}}}),
          [](const Config& c) {
            return [c](const Tensor& w) {
              double rate = c.at("rate").as_double();
              Tensor n = norms(w, c.at("axis"));
              Tensor want = Tensor(rate) * clip(n, c.at("min_value").as_double(),
                                                c.at("max_value").as_double()) +
                            Tensor(1 - rate) * n;
              return w * (want / (Tensor(1e-7) + n));
            };
          });
    return t;
  }());
  return r;
}

std::map<std::string, Factory<Activation::Function>>& activations() {
  static auto& table = *new std::map<std::string, Factory<Activation::Function>>;
  return table;
}

}  // namespace

Tensor Regularizer::operator()(const Tensor& x) const { return regularizers().find(*this)(x); }
void Regularizer::check() const { regularizers().find(*this); }
Tensor Constraint::operator()(const Tensor& w) const { return constraints().find(*this)(w); }
void Constraint::check() const { constraints().find(*this); }

Tensor Activation::operator()(const Tensor& x) const {
  if (none()) return x;
  if (auto it = activations().find(name()); it != activations().end())
    return it->second(arguments())(x);
  return activation(x, name());
}
std::string Activation::fusable() const {
  std::string n = name();
  bool own = activations().count(n) > 0;
  return !own && (n == "relu" || n == "sigmoid" || n == "tanh") ? n : "";
}
bool Activation::applies_after() const {
  return !none() && name() != "linear" && name() != "" && fusable().empty();
}

void register_regularizer(const std::string& name,
                          std::function<Regularizer::Function(const Config&)> f) {
  regularizers().custom[name] = std::move(f);
}
void register_constraint(const std::string& name,
                         std::function<Constraint::Function(const Config&)> f) {
  constraints().custom[name] = std::move(f);
}
void register_activation(const std::string& name,
                         std::function<Activation::Function(const Config&)> f) {
  activations()[name] = std::move(f);
}
Config regularizer_defaults() { return regularizers().listing(); }
Config constraint_defaults() { return constraints().listing(); }

}  // namespace lamina
