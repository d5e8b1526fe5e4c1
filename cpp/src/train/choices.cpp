// Initializers, regularizers, constraints and activations by name.
#include "lamina/choices.h"

#include <cctype>
#include <cmath>
#include <map>

#include "lamina/layer.h"

namespace lamina {

namespace {

// Names in any spelling: GlorotUniform, glorot_uniform, L1L2, l1_l2.
std::string key_of(const std::string& name) {
  std::string key;
  for (char c : name)
    if (c != '_') key += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return key;
}

template <class Fn>
using Factory = std::function<Fn(const Config&)>;

// The tables are never destroyed: they may hold Python callables, which must not outlive the
// interpreter.
template <class Fn>
struct Registry {
  struct Entry {
    std::string class_name;
    Config defaults;
    Factory<Fn> make;
  };
  std::map<std::string, Entry> built_in;
  std::map<std::string, Factory<Fn>> custom;
  const char* kind;

  void add(const char* class_name, Config defaults, Factory<Fn> make) {
    built_in[key_of(class_name)] = {class_name, std::move(defaults), std::move(make)};
  }
  Fn find(const Choice& choice) const {
    std::string name = choice.name();
    if (auto it = custom.find(name); it != custom.end()) return it->second(choice.arguments());
    auto it = built_in.find(key_of(name));
    if (it == built_in.end()) {
      std::string known;
      for (auto& [k, e] : built_in) known += (known.empty() ? "" : ", ") + k;
      fail("unknown ", kind, " '", name, "'; there are ", known);
    }
    Config c = it->second.defaults;
    const Config given = choice.arguments();
    for (auto& [k, v] : given.as_object()) {
      if (!c.has(k)) fail(it->second.class_name, ": unexpected argument '", k, "'");
      c.set(k, v);
    }
    return it->second.make(c);
  }
  Config listing() const {
    Config out = Config::object();
    for (auto& [k, e] : built_in) out.set(e.class_name, e.defaults);
    return out;
  }
};

// ---- initializers
// ---------------------------------------------------------------------------------

// Numbers of inputs and outputs of a weight; the axes before the last two are a receptive field.
std::pair<double, double> fans(const Shape& s) {
  if (s.rank() == 0) return {1, 1};
  if (s.rank() == 1) return {static_cast<double>(s[0]), static_cast<double>(s[0])};
  double field = 1;
  for (int i = 0; i + 2 < s.rank(); ++i) field *= static_cast<double>(s[i]);
  return {static_cast<double>(s[-2]) * field, static_cast<double>(s[-1]) * field};
}

// Runs f with the generator of a given seed, or the global one.
template <class F>
Tensor seeded(const Config& c, F&& f) {
  const Config* seed = c.find("seed");
  if (!seed || seed->is_null()) return f(static_cast<random::SeedGenerator*>(nullptr));
  random::SeedGenerator g(seed->as_int());
  return f(&g);
}

Tensor variance_scaling(const Config& c, const Shape& s, DType d) {
  double scale = c.at("scale").as_double();
  const std::string &mode = c.at("mode").as_string(), &kind = c.at("distribution").as_string();
  if (!(scale > 0)) fail("VarianceScaling: scale must be positive, received ", scale);
  auto [in, out] = fans(s);
  double n = mode == "fan_in"    ? in
             : mode == "fan_out" ? out
             : mode == "fan_avg" ? (in + out) / 2
                                 : -1;
  if (n < 0)
    fail("VarianceScaling: mode must be fan_in, fan_out or fan_avg; received '", mode, "'");
  scale /= std::max(1.0, n);
  return seeded(c, [&](random::SeedGenerator* g) {
    if (kind == "truncated_normal")
      return random::truncated_normal(s, 0, std::sqrt(scale) / 0.87962566103423978, d, g);
    if (kind == "untruncated_normal") return random::normal(s, 0, std::sqrt(scale), d, g);
    if (kind != "uniform")
      fail(
          "VarianceScaling: distribution must be truncated_normal, untruncated_normal or uniform; "
          "received '",
          kind, "'");
    double limit = std::sqrt(3 * scale);
    return random::uniform(s, -limit, limit, d, g);
  });
}

// Rows or columns of a random matrix made orthonormal, by Gram and Schmidt in double, twice.
Tensor orthogonal(const Config& c, const Shape& s, DType d) {
  if (s.rank() < 2) fail("Orthogonal: expected a weight of at least two axes, received shape ", s);
  int64_t rows = 1, cols = s[-1];
  for (int i = 0; i + 1 < s.rank(); ++i) rows *= s[i];
  int64_t n = std::max(rows, cols), k = std::min(rows, cols);
  Tensor draw = seeded(c, [&](random::SeedGenerator* g) {
    return random::normal({k, n}, 0, 1, DType::kFloat64, g);
  });
  std::vector<double> q = draw.to_vector<double>();
  auto at = [&](int64_t i) { return q.data() + i * n; };
  for (int64_t i = 0; i < k; ++i) {
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t j = 0; j < i; ++j) {
        double dot = 0;
        for (int64_t e = 0; e < n; ++e) dot += at(i)[e] * at(j)[e];
        for (int64_t e = 0; e < n; ++e) at(i)[e] -= dot * at(j)[e];
      }
    double norm = 0;
    for (int64_t e = 0; e < n; ++e) norm += at(i)[e] * at(i)[e];
    norm = std::sqrt(norm);
    for (int64_t e = 0; e < n; ++e) at(i)[e] /= norm > 0 ? norm : 1;
  }
  double gain = c.at("gain").as_double();
  std::vector<double> out(static_cast<size_t>(rows * cols));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < cols; ++j)
      out[static_cast<size_t>(i * cols + j)] = gain * (rows >= cols ? at(j)[i] : at(i)[j]);
  return Tensor::from_vector(out, s).astype(d);
}

Registry<Initializer::Function>& initializers() {
  static auto& r = *new Registry<Initializer::Function>([] {
    Registry<Initializer::Function> t;
    t.kind = "initializer";
    Config none = Config::object(), seed = Config::object({{"seed", Config()}});
    t.add("Zeros", none,
          [](const Config&) { return [](const Shape& s, DType d) { return zeros(s, d); }; });
    t.add("Ones", none,
          [](const Config&) { return [](const Shape& s, DType d) { return ones(s, d); }; });
    t.add("Constant", Config::object({{"value", 0.0}}), [](const Config& c) {
      return [c](const Shape& s, DType d) { return full(s, c.at("value").as_double(), d); };
    });
    t.add("RandomNormal", Config::object({{"mean", 0.0}, {"stddev", 0.05}, {"seed", Config()}}),
          [](const Config& c) {
            return [c](const Shape& s, DType d) {
              return seeded(c, [&](auto* g) {
                return random::normal(s, c.at("mean").as_double(), c.at("stddev").as_double(), d,
                                      g);
              });
            };
          });
    t.add("TruncatedNormal", Config::object({{"mean", 0.0}, {"stddev", 0.05}, {"seed", Config()}}),
          [](const Config& c) {
            return [c](const Shape& s, DType d) {
              return seeded(c, [&](auto* g) {
                return random::truncated_normal(s, c.at("mean").as_double(),
                                                c.at("stddev").as_double(), d, g);
              });
            };
          });
    t.add("RandomUniform",
          Config::object({{"minval", -0.05}, {"maxval", 0.05}, {"seed", Config()}}),
          [](const Config& c) {
            return [c](const Shape& s, DType d) {
              return seeded(c, [&](auto* g) {
                return random::uniform(s, c.at("minval").as_double(), c.at("maxval").as_double(), d,
                                       g);
              });
            };
          });
    auto scaling = [&](const char* name, double scale, const char* mode, const char* kind) {
      t.add(name, seed, [=](const Config& c) {
        Config full = Config::object(
            {{"scale", scale}, {"mode", mode}, {"distribution", kind}, {"seed", c.at("seed")}});
        return [full](const Shape& s, DType d) { return variance_scaling(full, s, d); };
      });
    };
    scaling("GlorotUniform", 1, "fan_avg", "uniform"),
        scaling("GlorotNormal", 1, "fan_avg", "truncated_normal");
    scaling("HeUniform", 2, "fan_in", "uniform"),
        scaling("HeNormal", 2, "fan_in", "truncated_normal");
    scaling("LecunUniform", 1, "fan_in", "uniform"),
        scaling("LecunNormal", 1, "fan_in", "truncated_normal");
    t.add("VarianceScaling",
          Config::object({{"scale", 1.0},
                          {"mode", "fan_in"},
                          {"distribution", "truncated_normal"},
                          {"seed", Config()}}),
          [](const Config& c) {
            return [c](const Shape& s, DType d) { return variance_scaling(c, s, d); };
          });
    t.add("Orthogonal", Config::object({{"gain", 1.0}, {"seed", Config()}}), [](const Config& c) {
      return [c](const Shape& s, DType d) { return orthogonal(c, s, d); };
    });
    t.add("Identity", Config::object({{"gain", 1.0}}), [](const Config& c) {
      return [c](const Shape& s, DType d) {
        if (s.rank() != 2) fail("Identity: expected a weight of two axes, received shape ", s);
        return cast(eye(s[0], s[1], 0, DType::kFloat64) * Tensor(c.at("gain").as_double()), d);
      };
    });
    return t;
  }());
  return r;
}

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

Registry<Regularizer::Function>& regularizers() {
  static auto& r = *new Registry<Regularizer::Function>([] {
    Registry<Regularizer::Function> t;
    t.kind = "regularizer";
    t.add("L1", Config::object({{"l1", 0.01}}), [](const Config& c) {
      return [v = c.at("l1").as_double()](const Tensor& x) { return penalty(x, v, 0); };
    });
    t.add("L2", Config::object({{"l2", 0.01}}), [](const Config& c) {
      return [v = c.at("l2").as_double()](const Tensor& x) { return penalty(x, 0, v); };
    });
    t.add("L1L2", Config::object({{"l1", 0.0}, {"l2", 0.0}}), [](const Config& c) {
      return [a = c.at("l1").as_double(), b = c.at("l2").as_double()](const Tensor& x) {
        return penalty(x, a, b);
      };
    });
    t.add("OrthogonalRegularizer", Config::object({{"factor", 0.01}, {"mode", "rows"}}),
          [](const Config& c) {
            return [c](const Tensor& x) {
              if (x.rank() != 2)
                fail("OrthogonalRegularizer: expected two axes, received shape ", x.shape());
              bool rows = c.at("mode").as_string() == "rows";
              Tensor unit = x / sqrt(maximum(sum(square(x), rows ? 1 : 0, true), Tensor(1e-12)));
              Tensor dots = rows ? matmul(unit, transpose(unit)) : matmul(transpose(unit), unit);
              int64_t n = dots.dim(0);
              Tensor off = dots * (Tensor(1.0) - eye(n, n, 0, x.dtype()));
              double pairs = static_cast<double>(std::max<int64_t>(n * (n - 1), 2)) / 2;
              return Tensor(c.at("factor").as_double() * 0.5 / pairs) * sum(absolute(off));
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
    t.add("NonNeg", Config::object(), [](const Config&) {
      return [](const Tensor& w) { return w * cast(greater_equal(w, Tensor(0.0)), w.dtype()); };
    });
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

Tensor Initializer::operator()(const Shape& shape, DType dtype) const {
  NoGrad off;
  Tensor t = initializers().find(*this)(shape, dtype);
  if (!(t.shape() == shape))
    fail("initializer '", name(), "' gave shape ", t.shape(), ", expected ", shape);
  return t;
}
Tensor Regularizer::operator()(const Tensor& x) const { return regularizers().find(*this)(x); }
Tensor Constraint::operator()(const Tensor& w) const { return constraints().find(*this)(w); }

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

void register_initializer(const std::string& name,
                          std::function<Initializer::Function(const Config&)> f) {
  initializers().custom[name] = std::move(f);
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
Config initializer_defaults() { return initializers().listing(); }
Config regularizer_defaults() { return regularizers().listing(); }
Config constraint_defaults() { return constraints().listing(); }

}  // namespace lamina
