// Gamma, beta and binomial numbers.
#include <cmath>

#include "lamina/random_distributions.h"
#include "ops/matrices.h"
#include "ops/promote.h"
#include "ops/registry.h"

namespace lamina {

namespace {

// A stream of uniform numbers for one element: splitmix64 (Steele et al., 2014), started from the
// seed, the draw and the element, so that results do not depend on the number of threads.
class Stream {
 public:
  Stream(int64_t seed, int64_t draw, int64_t element)
      : state_(mix(mix(mix(static_cast<uint64_t>(seed)) + static_cast<uint64_t>(draw)) +
                   static_cast<uint64_t>(element))) {}
  double next() {  // in (0, 1)
    state_ += kStep;
    return (static_cast<double>(mix(state_) >> 11) + 0.5) * 0x1p-53;
  }

 private:
  static constexpr uint64_t kStep = 0x9E3779B97F4A7C15ull;
  static uint64_t mix(uint64_t z) {
    z += kStep;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

double log_factorial(double k) {  // Stirling's series from 10 on
  static const double small[] = {0,
                                 0,
                                 0.69314718055994531,
                                 1.7917594692280550,
                                 3.1780538303479458,
                                 4.7874917427820458,
                                 6.5792512120101012,
                                 8.5251613610654147,
                                 10.604602902745251,
                                 12.801827480081469};
  if (k < 10) return small[static_cast<int>(k)];
  double x = k + 1, r = 1 / (x * x);
  return (x - 0.5) * std::log(x) - x + 0.91893853320467274178 +
         (1.0 / 12 - r * (1.0 / 360 - r / 1260)) / x;
}

// Successes of n trials, p <= 1/2.
double binomial_number(double n, double p, Stream& u) {
  if (n * p < 10) {  // the gaps between successes are geometric (Devroye, 1986, X.4.3)
    double total = 0, successes = -1, rate = std::log1p(-p);
    while (total <= n) {
      total += std::floor(std::log(u.next()) / rate) + 1;
      ++successes;
    }
    return successes;
  }
  // Transformed rejection (Hoermann, 1993: BTRS).
  double spread = std::sqrt(n * p * (1 - p)), b = 1.15 + 2.53 * spread,
         a = -0.0873 + 0.0248 * b + 0.01 * p, c = n * p + 0.5, v_r = 0.92 - 4.2 / b,
         alpha = (2.83 + 5.1 / b) * spread, odds = std::log(p / (1 - p)),
         mode = std::floor((n + 1) * p), h = log_factorial(mode) + log_factorial(n - mode);
  for (;;) {
    double w = u.next() - 0.5, v = u.next(), s = 0.5 - std::abs(w);
    double k = std::floor((2 * a / s + b) * w + c);
    if (k < 0 || k > n) continue;
    if (s >= 0.07 && v <= v_r) return k;
    v = std::log(v * alpha / (a / (s * s) + b));
    if (v <= h - log_factorial(k) - log_factorial(n - k) + (k - mode) * odds) return k;
  }
}
double binomial_any(double n, double p, Stream& u) {
  if (std::isnan(n) || !(p >= 0 && p <= 1)) return std::nan("");
  n = std::floor(n);
  if (n <= 0 || p == 0) return 0;
  return p <= 0.5 ? binomial_number(n, p, u) : n - (p == 1 ? 0 : binomial_number(n, 1 - p, u));
}

// state, counts, probabilities
void infer_binomial(Infer& f) { f.output(f.shape(1), f.dtype(1)); }
void run_binomial(const Run& r) {
  const auto* state = static_cast<const int64_t*>(r.in[0].data);
  int64_t seed = state[0], draw = state[1], n = batch_of(r.in[1], 0);
  Matrices counts(r, r.in[1]), p(r, r.in[2]);
  constexpr int64_t kBlock = 256;
  for_each_matrix(r, (n + kBlock - 1) / kBlock, 100.0 * kBlock, [&](int64_t block) {
    for (int64_t i = block * kBlock; i < std::min((block + 1) * kBlock, n); ++i) {
      Stream u(seed, draw, i);
      *counts.at(i, 1) = binomial_any(*counts.at(i, 1), *p.at(i, 1), u);
    }
  });
  counts.store(r, r.out[0]);
}
const Op kBinomial = [] {
  Op op{"random_binomial", infer_binomial, run_binomial};
  op.zero_gradient = true;
  return op;
}();

Tensor parameter(const Tensor& x, const Shape& shape) {
  return broadcast_to(as_dtype(stop_gradient(x), DType::kFloat64), shape);
}
void require_float(const char* name, DType d) {
  if (!is_floating(d)) fail(name, ": expected a float dtype, received ", dtype_name(d));
}

}  // namespace

void register_distribution_ops() { register_op(kBinomial); }

namespace random {

// Marsaglia and Tsang (2000): a few proposals at once, the first accepted one counts.
Tensor gamma(const Shape& shape, const Tensor& alpha, DType dtype, SeedGenerator* seed) {
  require_float("gamma", dtype);
  NoGrad off;
  Tensor given = parameter(alpha, shape), small = less(given, Tensor(1.0));
  Tensor d = where(small, given + Tensor(1.0), given) - Tensor(1.0 / 3);
  Tensor c = rsqrt(Tensor(9.0) * d), value = d, done = zeros(shape, DType::kBool);
  for (int round = 0; round < 8; ++round) {
    Tensor x = normal(shape, 0, 1, DType::kFloat64, seed),
           u = uniform(shape, 0, 1, DType::kFloat64, seed);
    Tensor v = power(Tensor(1.0) + c * x, Tensor(3.0)), positive = greater(v, Tensor(0.0));
    Tensor safe = where(positive, v, ones_like(v));
    Tensor bound = Tensor(0.5) * x * x + d * (Tensor(1.0) - safe + log(safe));
    Tensor accept = logical_and(positive, less(log(maximum(u, Tensor(1e-300))), bound));
    value = where(logical_and(accept, logical_not(done)), d * safe, value);
    done = logical_or(done, accept);
  }
  Tensor u = uniform(shape, 0, 1, DType::kFloat64, seed);
  return cast(where(small, value * power(u, reciprocal(given)), value), dtype);
}

Tensor beta(const Shape& shape, const Tensor& alpha, const Tensor& beta, DType dtype,
            SeedGenerator* seed) {
  require_float("beta", dtype);
  Tensor x = gamma(shape, alpha, DType::kFloat64, seed),
         y = gamma(shape, beta, DType::kFloat64, seed);
  return cast(x / (x + y), dtype);
}

Tensor binomial(const Shape& shape, const Tensor& counts, const Tensor& probabilities, DType dtype,
                SeedGenerator* seed) {
  NoGrad off;
  SeedGenerator& from = seed ? *seed : global_generator();
  Tensor out =
      apply1(kBinomial, {from.state(), parameter(counts, shape), parameter(probabilities, shape)});
  apply(*find_op("advance_seed"), {from.state()});
  return cast(out, dtype);
}

Tensor dropout(const Tensor& x, double rate, const Shape& noise_shape, SeedGenerator* seed) {
  Shape noise = noise_shape;
  if (noise.rank() != x.rank())
    fail("dropout: noise_shape ", noise, " does not fit an input of shape ", x.shape());
  for (int i = 0; i < noise.rank(); ++i)
    if (noise[i] < 0) noise[i] = x.dim(i);
  if (noise == x.shape()) return dropout(x, rate, seed);
  Tensor t = as_float(x);
  return t * dropout(ones(noise, t.dtype()), rate, seed);
}

}  // namespace random

}  // namespace lamina
