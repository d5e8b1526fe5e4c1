// Random tensors. An operation reads the generator's state {seed, draw}; an effect then counts the
// draw, so a captured program draws anew each time it runs.
#include <random>

#include "graph/op.h"
#include "lamina/random_distributions.h"
#include "ops/promote.h"
#include "ops/registry.h"

namespace lamina {

namespace {

const int64_t* state_of(const abi::View& v) { return static_cast<const int64_t*>(v.data); }

void infer_random(Infer& f) {
  f.output(Shape(f.attrs().ints("shape")), dtype_from_name(f.attrs().text("dtype")));
}
template <abi::RandomKind kKind>
void run_random(const Run& r) {
  const int64_t* s = state_of(r.in[0]);
  r.kernels.random(r.context, kKind, static_cast<uint64_t>(s[0]), static_cast<uint64_t>(s[1]),
                   r.attrs.real("a"), r.attrs.real("b"), r.out[0]);
}
Op source(const char* name, void (*run)(const Run&)) {
  Op op{name, infer_random, run};
  op.zero_gradient = true;
  return op;
}
const Op kUniform = source("random_uniform", run_random<abi::RandomKind::kUniform>);
const Op kNormal = source("random_normal", run_random<abi::RandomKind::kNormal>);
const Op kTruncated =
    source("random_truncated_normal", run_random<abi::RandomKind::kTruncatedNormal>);
const Op kInteger = source("random_integer", run_random<abi::RandomKind::kInteger>);

// x, state -> y, mask
void infer_dropout(Infer& f) {
  f.output(f.shape(0), f.dtype(0));
  f.output(f.shape(0), DType::kBool);
}
void run_dropout(const Run& r) {
  const int64_t* s = state_of(r.in[1]);
  abi::View x = r.in[0];
  r.kernels.copy(r.context, x, r.out[0]);  // in C order, whatever the input's layout
  r.kernels.dropout(r.context, static_cast<uint64_t>(s[0]), static_cast<uint64_t>(s[1]),
                    r.attrs.real("rate"), r.out[0], r.out[0], r.out[1]);
}
Tensors dropout_backward(const Backward& b) {
  Tensor g = b.grad() * Tensor(1.0 / (1.0 - b.attrs().real("rate")));
  return {where(b.out(1), g, zeros_like(g)), {}};
}
const Op kDropout = [] {
  Op op{"dropout", infer_dropout, run_dropout, dropout_backward};
  op.saves_output = true;
  return op;
}();

const Op kAdvance = [] {
  Op op{"advance_seed", [](Infer& f) { f.in_place(0); },
        [](const Run& r) { ++static_cast<int64_t*>(r.out[0].data)[1]; }};
  op.effect = true;
  return op;
}();

Tensor draw(const Op& op, const Shape& shape, double a, double b, DType dtype,
            random::SeedGenerator* seed) {
  NoGrad off;
  const Tensor& state = (seed ? *seed : random::global_generator()).state();
  Tensor out = apply1(
      op, {state},
      {{"shape", shape.vec()}, {"dtype", std::string(dtype_name(dtype))}, {"a", a}, {"b", b}});
  apply(kAdvance, {state});
  return out;
}

void require_float(const char* name, DType d) {
  if (!is_floating(d)) fail(name, ": expected a float dtype, received ", dtype_name(d));
}

}  // namespace

void register_random_ops() {
  for (const Op* op : {&kUniform, &kNormal, &kTruncated, &kInteger, &kDropout, &kAdvance})
    register_op(*op);
}

namespace random {

SeedGenerator::SeedGenerator(std::optional<int64_t> seed) {
  int64_t state[2] = {0, 0};
  if (seed) {
    state[0] = *seed;
  } else {
    // A number drawn from the global generator: distinct for each, the same after set_seed().
    int64_t* s = static_cast<int64_t*>(global_generator().state().data());
    uint64_t z = static_cast<uint64_t>(s[0]) * 0x9E3779B97F4A7C15ull +
                 static_cast<uint64_t>(++s[1]) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    state[0] = static_cast<int64_t>((z ^ (z >> 31)) >> 1);
  }
  state_ = Tensor::from_data(state, {2}, DType::kInt64);
  state_.impl()->variable = true;
}

SeedGenerator& global_generator() {
  static SeedGenerator g([] {
    std::random_device device;
    return static_cast<int64_t>((static_cast<uint64_t>(device()) << 31) ^ device());
  }());
  return g;
}

void set_seed(int64_t seed) {
  int64_t* s = static_cast<int64_t*>(global_generator().state().data());
  s[0] = seed, s[1] = 0;
}

Tensor uniform(const Shape& shape, double low, double high, DType dtype, SeedGenerator* seed) {
  require_float("uniform", dtype);
  return draw(kUniform, shape, low, high, dtype, seed);
}
Tensor normal(const Shape& shape, double mean, double stddev, DType dtype, SeedGenerator* seed) {
  require_float("normal", dtype);
  return draw(kNormal, shape, mean, stddev, dtype, seed);
}
Tensor truncated_normal(const Shape& shape, double mean, double stddev, DType dtype,
                        SeedGenerator* seed) {
  require_float("truncated_normal", dtype);
  return draw(kTruncated, shape, mean, stddev, dtype, seed);
}
Tensor randint(const Shape& shape, int64_t low, int64_t high, DType dtype, SeedGenerator* seed) {
  if (is_floating(dtype)) fail("randint: expected an integer dtype, received ", dtype_name(dtype));
  if (high <= low) fail("randint: maxval ", high, " must be above minval ", low);
  return draw(kInteger, shape, static_cast<double>(low), static_cast<double>(high), dtype, seed);
}
Tensor bernoulli(const Shape& shape, double p, DType dtype, SeedGenerator* seed) {
  return cast(less(uniform(shape, 0, 1, DType::kFloat32, seed), Tensor(p)), dtype);
}

// The largest of logits plus Gumbel noise.
Tensor categorical(const Tensor& logits, int64_t n, DType dtype, SeedGenerator* seed) {
  if (logits.rank() != 2)
    fail("categorical: expected logits (batch, classes), received shape ", logits.shape());
  Tensor x = as_float(logits);
  Tensor u = uniform({x.dim(0), n, x.dim(1)}, 0, 1, DType::kFloat32, seed);
  Tensor gumbel = -log(-log(maximum(u, Tensor(1e-20))));
  return cast(argmax(expand_dims(x, {1}) + cast(gumbel, x.dtype()), -1), dtype);
}

Tensor gamma(const Shape& shape, double alpha, DType dtype, SeedGenerator* seed) {
  if (!(alpha > 0)) fail("gamma: alpha must be positive, received ", alpha);
  return gamma(shape, Tensor(alpha), dtype, seed);
}

Tensor dropout(const Tensor& x, double rate, SeedGenerator* seed) {
  if (!(rate >= 0 && rate <= 1)) fail("dropout: rate must lie in [0, 1], received ", rate);
  if (rate == 0) return x;
  if (rate == 1) return zeros_like(as_float(x));
  const Tensor& state = (seed ? *seed : global_generator()).state();
  // A copy, for the backward pass to find unchanged.
  Tensor y = apply(kDropout, {as_float(x), copy(state)}, {{"rate", rate}})[0];
  NoGrad off;
  apply(kAdvance, {state});
  return y;
}

Tensor shuffle(const Tensor& x, int axis, SeedGenerator* seed) {
  int a = normalize_axis(axis, x.rank());
  Tensor order = argsort(uniform({x.dim(a)}, 0, 1, DType::kFloat64, seed), -1);
  return take(x, order, a);
}

}  // namespace random

}  // namespace lamina
