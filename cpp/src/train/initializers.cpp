// First values of weights, by name.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "train/choice_registry.h"
#include "train/windows.h"

namespace lamina {

namespace {

using Function = Initializer::Function;

// Numbers of inputs and outputs of a weight: by axes where they are given; otherwise the axes
// before the last two are a receptive field.
std::pair<double, double> fans(const Config& c, const Shape& s) {
  const Config &in = c.at("input_axes"), &out = c.at("output_axes");
  if (!in.is_null() && !out.is_null()) {
    auto product = [&](const Config& axes) {
      double n = 1;
      for (int64_t axis : axes.is_list() ? axes.as_ints() : Ints{axes.as_int()}) {
        if (axis < -s.rank() || axis >= s.rank())
          fail("VarianceScaling: axis ", axis, " is out of range for shape ", s);
        n *= static_cast<double>(s[static_cast<int>(axis)]);
      }
      return n;
    };
    return {product(in), product(out)};
  }
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

void check_seed(const Config& c) {
  const Config& seed = c.at("seed");
  if (!seed.is_null() && !seed.is_int())
    fail("initializer: seed must be an integer or None, received ", seed.dump());
}

// ---- random -------------------------------------------------------------------------------------

// normal, truncated_normal or uniform with two parameters.
template <class Draw>
Factory<Function> drawn(const char* first, const char* second, Draw draw) {
  return [=](const Config& c) -> Function {
    check_seed(c);
    double a = c.at(first).as_double(), b = c.at(second).as_double();
    return [=](const Shape& s, DType d) {
      return seeded(c, [&](random::SeedGenerator* g) { return draw(s, a, b, d, g); });
    };
  };
}

Function variance_scaling(const Config& c) {
  check_seed(c);
  double scale = c.at("scale").as_double();
  if (!(scale > 0)) fail("VarianceScaling: scale must be positive, received ", scale);
  std::string mode = c.at("mode").as_string(), kind = c.at("distribution").as_string();
  if (mode != "fan_in" && mode != "fan_out" && mode != "fan_avg")
    fail("VarianceScaling: mode must be fan_in, fan_out or fan_avg; received '", mode, "'");
  std::transform(kind.begin(), kind.end(), kind.begin(),
                 [](unsigned char ch) { return std::tolower(ch); });
  if (kind == "normal") kind = "truncated_normal";
  if (kind != "truncated_normal" && kind != "untruncated_normal" && kind != "uniform")
    fail("VarianceScaling: distribution must be truncated_normal, untruncated_normal or uniform; ",
         "received '", kind, "'");
  return [=](const Shape& s, DType d) {
    auto [in, out] = fans(c, s);
    double n = mode == "fan_in" ? in : mode == "fan_out" ? out : (in + out) / 2;
    double variance = scale / std::max(1.0, n);
    return seeded(c, [&](random::SeedGenerator* g) {
      // Cutting the normal distribution at two deviations leaves this deviation.
      if (kind == "truncated_normal")
        return random::truncated_normal(s, 0, std::sqrt(variance) / 0.87962566103423978, d, g);
      if (kind == "untruncated_normal") return random::normal(s, 0, std::sqrt(variance), d, g);
      double limit = std::sqrt(3 * variance);
      return random::uniform(s, -limit, limit, d, g);
    });
  };
}

// Rows made orthonormal one after the other.
Tensor orthonormal_rows(const Tensor& x) {
  int64_t k = x.dim(0), n = x.dim(1);
  std::vector<double> q = x.to_vector<double>();
  for (int64_t i = 0; i < k; ++i) {
    double* row = q.data() + i * n;
    for (const double* other = q.data(); other < row; other += n) {
      double dot = std::inner_product(row, row + n, other, 0.0);
      for (int64_t e = 0; e < n; ++e) row[e] -= dot * other[e];
    }
    double norm = std::sqrt(std::inner_product(row, row + n, row, 0.0));
    for (int64_t e = 0; e < n; ++e) row[e] /= norm > 0 ? norm : 1;
  }
  return Tensor::from_vector(q, x.shape());
}

// Rows or columns of a random matrix made orthonormal, by Gram and Schmidt in double, block by
// block and each of them twice (Stewart 2008, doi:10.1137/070682563). The same as the Q of a QR
// factorization whose R has a positive diagonal.
Tensor orthogonal(const Config& c, const Shape& s, DType d) {
  if (s.rank() < 2)
    fail("Orthogonal: the tensor to initialize must be at least two-dimensional, received shape ",
         s);
  int64_t rows = s.numel() / std::max<int64_t>(s[-1], 1), cols = s[-1];
  int64_t n = std::max(rows, cols), k = std::min(rows, cols);
  Tensor draw = seeded(c, [&](random::SeedGenerator* g) {
    return random::normal({k, n}, 0, 1, DType::kFloat64, g);
  });
  constexpr int64_t kBlock = 32;
  Tensor q = slice(draw, {0, 0}, {0, n});
  for (int64_t i = 0; i < k; i += kBlock) {
    Tensor block = slice(draw, {i, 0}, {std::min(kBlock, k - i), n});
    for (int pass = 0; pass < 2; ++pass)
      block = orthonormal_rows(block - matmul(matmul(block, transpose(q)), q));
    q = concatenate({q, block}, 0);
  }
  q = Tensor(c.at("gain").as_double()) * q;
  return reshape(rows >= cols ? transpose(q) : q, {s.begin(), s.end()}).astype(d);
}

// ---- constant -----------------------------------------------------------------------------------

// Numbers of a nested list, in order, and its shape.
void flatten(const Config& c, size_t depth, std::vector<double>& values, Shape& shape) {
  if (!c.is_list()) {
    values.push_back(c.is_bool() ? c.as_bool() : c.as_double());
    return;
  }
  int64_t n = static_cast<int64_t>(c.size());
  if (static_cast<size_t>(shape.rank()) == depth) shape.push_back(n);
  if (shape[static_cast<int>(depth)] != n) fail("Constant: the rows of value differ in length");
  for (auto& item : c.as_list()) flatten(item, depth + 1, values, shape);
}

Function constant(const Config& c) {
  const Config& value = c.at("value");
  if (!value.is_list()) {
    double v = value.is_bool() ? value.as_bool() : value.as_double();
    return [v](const Shape& s, DType d) { return full(s, v, d); };
  }
  std::vector<double> values;
  Shape shape;
  flatten(value, 0, values, shape);
  Tensor t = Tensor::from_vector(values, shape);
  return [t](const Shape& s, DType d) { return copy(broadcast_to(cast(t, d), s)); };
}

// Cosines or sines times a window: the kernel of a convolution that gives the short-time Fourier
// transform.
Function stft(const Config& c) {
  std::string side = c.at("side").as_string();
  if (side != "real" && side != "imag")
    fail("STFT: side should be 'real' or 'imag', received '", side, "'");
  Config window = c.at("window"), scaling = c.at("scaling");
  if (window.is_string()) window_values(window.as_string(), 1, true);  // refuses unknown names
  if (!scaling.is_null() && !(scaling == Config("density")) && !(scaling == Config("spectrum")))
    fail("STFT: scaling must be None, 'density' or 'spectrum', received ", scaling.dump());
  bool periodic = c.at("periodic").as_bool();
  return [=](const Shape& s, DType d) {
    if (s.rank() != 3)
      fail("STFT: expected a shape (frame_length, input_channels, fft_length), received ", s);
    int64_t length = s[0], channels = s[1], bins = s[2];
    std::vector<double> w(static_cast<size_t>(length), 1.0);
    if (window.is_string()) w = window_values(window.as_string(), length, periodic);
    if (window.is_list()) from_config(window, w);
    if (static_cast<int64_t>(w.size()) != length)
      fail("STFT: the window must have ", length, " values, received ", w.size());
    double divisor = 1;
    if (!window.is_null() && !scaling.is_null()) {
      divisor = 0;
      bool density = scaling == Config("density");
      for (double v : w) divisor += density ? v * v : std::abs(v);
      if (density) divisor = std::sqrt(divisor);
    }
    std::vector<double> out;
    for (int64_t t = 0; t < length; ++t)
      for (int64_t channel = 0; channel < channels; ++channel)
        for (int64_t k = 0; k < bins; ++k) {
          double angle = -2 * std::numbers::pi * static_cast<double>(t * k) /
                         static_cast<double>(std::max<int64_t>(2 * (bins - 1), 1));
          out.push_back((side == "real" ? std::cos(angle) : std::sin(angle)) *
                        w[static_cast<size_t>(t)] / divisor);
        }
    return Tensor::from_vector(out, s).astype(d);
  };
}

// ---- the registry -------------------------------------------------------------------------------

Registry<Function>& initializers() {
  static auto& r = *new Registry<Function>([] {
    Registry<Function> t;
    t.kind = "initializer";
    t.add("Zeros", Config::object(),
          [](const Config&) { return [](const Shape& s, DType d) { return zeros(s, d); }; });
    t.add("Ones", Config::object(),
          [](const Config&) { return [](const Shape& s, DType d) { return ones(s, d); }; });
    t.add("Constant", Config::object({{"value", 0.0}}), constant);
    t.add("RandomNormal", Config::object({{"mean", 0.0}, {"stddev", 0.05}, {"seed", Config()}}),
          drawn("mean", "stddev", random::normal));
    t.add("TruncatedNormal", Config::object({{"mean", 0.0}, {"stddev", 0.05}, {"seed", Config()}}),
          drawn("mean", "stddev", random::truncated_normal));
    t.add("RandomUniform",
          Config::object({{"minval", -0.05}, {"maxval", 0.05}, {"seed", Config()}}),
          drawn("minval", "maxval", random::uniform));
    Config axes =
        Config::object({{"seed", Config()}, {"input_axes", Config()}, {"output_axes", Config()}});
    auto scaling = [&](const char* name, double scale, const char* mode, const char* kind) {
      t.add(name, axes, [=](const Config& c) {
        Config all = c;
        all.set("scale", scale), all.set("mode", mode), all.set("distribution", kind);
        return variance_scaling(all);
      });
    };
    scaling("GlorotUniform", 1, "fan_avg", "uniform");
    scaling("GlorotNormal", 1, "fan_avg", "truncated_normal");
    scaling("HeUniform", 2, "fan_in", "uniform");
    scaling("HeNormal", 2, "fan_in", "truncated_normal");
    scaling("LecunUniform", 1, "fan_in", "uniform");
    scaling("LecunNormal", 1, "fan_in", "truncated_normal");
    t.add("VarianceScaling",
          Config::object({{"scale", 1.0},
                          {"mode", "fan_in"},
                          {"distribution", "truncated_normal"},
                          {"seed", Config()},
                          {"input_axes", Config()},
                          {"output_axes", Config()}}),
          variance_scaling);
    t.add("Orthogonal", Config::object({{"gain", 1.0}, {"seed", Config()}}), [](const Config& c) {
      check_seed(c);
      return [c](const Shape& s, DType d) { return orthogonal(c, s, d); };
    });
    t.add("Identity", Config::object({{"gain", 1.0}}), [](const Config& c) {
      return [gain = c.at("gain").as_double()](const Shape& s, DType d) {
        if (s.rank() != 2)
          fail("Identity: it can only be used for 2D matrices, received shape ", s);
        return cast(eye(s[0], s[1], 0, DType::kFloat64) * Tensor(gain), d);
      };
    });
    t.add("STFT",
          Config::object(
              {{"side", "real"}, {"window", "hann"}, {"scaling", "density"}, {"periodic", false}}),
          stft);
    t.aliases = {{"zero", "zeros"},
                 {"one", "ones"},
                 {"normal", "randomnormal"},
                 {"uniform", "randomuniform"},
                 {"identityinitializer", "identity"},
                 {"orthogonalinitializer", "orthogonal"},
                 {"stftinitializer", "stft"}};
    return t;
  }());
  return r;
}

}  // namespace

Tensor Initializer::operator()(const Shape& shape, DType dtype) const {
  NoGrad off;
  Tensor t = initializers().find(*this)(shape, dtype);
  if (!(t.shape() == shape))
    fail("initializer '", name(), "' gave shape ", t.shape(), ", expected ", shape);
  return t;
}
void Initializer::check() const { initializers().find(*this); }

void register_initializer(const std::string& name,
                          std::function<Initializer::Function(const Config&)> factory) {
  initializers().custom[name] = std::move(factory);
}
Config initializer_defaults() { return initializers().listing(); }

}  // namespace lamina
