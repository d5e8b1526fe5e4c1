// The elementwise, copy and random kernels of the chosen instruction set.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/dispatch.h"

// Only for the generator's published test vectors; everything else goes through the table.
#ifndef LAMINA_ISA
#define LAMINA_ISA of_this_test
#endif
#include "kernels/cpu/philox.h"

using namespace lamina;
using namespace lamina::abi;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <class T>
constexpr DType kDType = [] {
  if (std::is_same_v<T, float>) return DType::kFloat32;
  if (std::is_same_v<T, double>) return DType::kFloat64;
  if (std::is_same_v<T, int64_t>) return DType::kInt64;
  if (std::is_same_v<T, int32_t>) return DType::kInt32;
  if (std::is_same_v<T, int16_t>) return DType::kInt16;
  if (std::is_same_v<T, int8_t>) return DType::kInt8;
  return DType::kUInt8;
}();

template <class T>
constexpr Compute kCompute = [] {
  if (std::is_same_v<T, float>) return Compute::kF32;
  if (std::is_same_v<T, double>) return Compute::kF64;
  if (std::is_same_v<T, int64_t>) return Compute::kI64;
  return Compute::kI32;
}();

View view(const void* data, DType dtype, std::vector<int64_t> shape,
          std::vector<int64_t> strides = {}) {
  View v;
  v.data = const_cast<void*>(data);
  v.dtype = dtype;
  v.rank = int32_t(shape.size());
  int64_t dense = 1;
  for (int d = v.rank - 1; d >= 0; --d) {
    v.shape[d] = shape[size_t(d)];
    v.strides[d] = strides.empty() ? dense : strides[size_t(d)];
    dense *= shape[size_t(d)];
  }
  return v;
}
template <class T>
View view(const std::vector<T>& x) {
  return view(x.data(), kDType<T>, {int64_t(x.size())});
}

// Blocks in reverse, as a stand-in for any other order of threads.
void backwards(int64_t blocks, double, bool, void (*body)(void*, int64_t), void* arg) {
  for (int64_t b = blocks; b-- > 0;) body(arg, b);
}
Context context(bool reverse = false) {
  Context c = kernels::cpu_context();
  if (reverse) c.parallel = backwards;
  return c;
}

Chain one_step(EwOp op, Compute type, Compute to, int args, double p0 = 0, double p1 = 0) {
  Chain c;
  c.n_in = args;
  c.n_out = c.n_steps = 1;
  for (int i = 0; i < args; ++i) c.in_type[i] = type;
  if (op == EwOp::where) c.in_type[0] = Compute::kI32;
  c.out_reg[0] = uint8_t(args);
  c.out_type[0] = to;
  c.steps[0] = {op, type, to, uint8_t(args), {0, 1, 2}, p0, p1};
  return c;
}

void run(const Chain& c, std::vector<View> in, View out, bool reverse = false) {
  kernels::cpu().elementwise(context(reverse), c, in.data(), &out);
}

template <class T, class R = T>
std::vector<R> apply(EwOp op, std::vector<std::vector<T>> in, double p0 = 0, double p1 = 0) {
  std::vector<R> out(in[0].size());
  std::vector<View> views;
  for (auto& x : in) views.push_back(view(x));
  run(one_step(op, kCompute<T>, kCompute<R>, int(in.size()), p0, p1), views, view(out));
  return out;
}

template <class T>
T apply1(EwOp op, T a, T b) {
  return apply<T>(op, {{a}, {b}})[0];
}

struct Op {
  std::string name;
  EwOp op, grad;
  bool has_grad;
};

std::vector<Op> unary_ops() {
  std::vector<Op> ops = {
#define LAMINA_UNARY(name, ...) {#name, EwOp::name, EwOp::name, false},
#include "kernels/elementwise_ops.inc"
  };
#define LAMINA_UNARY_GRAD(name)                                            \
  for (Op & o : ops) {                                                     \
    if (o.op == EwOp::name) o.grad = EwOp::name##_grad, o.has_grad = true; \
  }
#include "kernels/elementwise_ops.inc"
  return ops;
}

// Distance in units of the last place of T.
template <class T>
double ulps(T got, long double want) {
  if (std::isnan(want)) return std::isnan(got) ? 0 : kInf;
  const T rounded = T(want);
  if (std::isinf(rounded) || std::isinf(got)) {
    if (got == rounded) return 0;
    // One step from the largest finite number to infinity is as good as rounding.
    const T limit = std::numeric_limits<T>::max();
    return std::fabs(got) >= limit && std::fabs(rounded) >= limit ? 1 : kInf;
  }
  const T next = std::nextafter(std::fabs(rounded), std::numeric_limits<T>::infinity());
  const long double unit = std::isinf(next)
                               ? std::fabs(rounded) - std::nextafter(std::fabs(rounded), T(0))
                               : next - std::fabs(rounded);
  return double(std::fabs((long double)got - want) / unit);
}

// Evenly spaced, over all magnitudes, and the ends.
template <class T>
std::vector<T> samples(double lo, double hi) {
  std::vector<T> x;
  for (int i = 0; i <= 20000; ++i) x.push_back(T(lo + (hi - lo) * i / 20000));
  const double tiny = double(std::numeric_limits<T>::denorm_min());
  for (double m = tiny; m < std::max(std::fabs(lo), std::fabs(hi));
       m = std::max(m * 1.37, m + tiny)) {
    for (double s : {m, -m}) {
      if (s >= lo && s <= hi) x.push_back(T(s));
    }
  }
  for (double s : {0.0, -0.0, kInf, -kInf, kNan}) x.push_back(T(s));
  return x;
}

using Real = long double;

struct Accuracy {
  EwOp op;
  Real (*ref)(Real);
  double lo, hi, ulps32, ulps64;
  // An error this far below the argument's size is accepted: where a function decays to zero.
  double relative_to_x = 0;
};

Real sigmoid(Real x) { return 1 / (1 + std::exp(-x)); }
Real softplus(Real x) { return std::fmax(x, Real(0)) + std::log1p(std::exp(-std::fabs(x))); }
Real gelu(Real x) {
  return std::isinf(x) ? (x > 0 ? x : -0.0L) : x * std::erfc(-x * 0.70710678118654752440L) / 2;
}
Real gelu_tanh(Real x) {
  if (std::isinf(x)) return x > 0 ? x : -0.0L;
  return x * sigmoid(1.5957691216057307118L * (x + 0.044715L * x * x * x));
}
Real silu(Real x) { return std::isinf(x) ? (x > 0 ? x : -0.0L) : x * sigmoid(x); }
Real mish(Real x) { return std::isinf(x) ? (x > 0 ? x : -0.0L) : x * std::tanh(softplus(x)); }

template <class T>
void check_accuracy(const Accuracy& a, double bound) {
  const auto x = samples<T>(a.lo, a.hi);
  const auto y = apply<T>(a.op, {x});
  double worst = 0;
  T at = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const Real want = a.ref(Real(x[i]));
    double e = ulps(y[i], want);
    if (a.relative_to_x > 0 && std::isfinite(x[i])) {
      e = std::min(
          e, std::fabs(double(Real(y[i]) - want)) /
                 (std::fabs(double(x[i])) * a.relative_to_x * std::numeric_limits<T>::epsilon()) *
                 bound);
    }
    if (!(e <= worst)) worst = e, at = x[i];
  }
  CAPTURE(int(a.op));
  CAPTURE(sizeof(T));
  CAPTURE(at);
  CHECK(worst <= bound);
}

}  // namespace

TEST_CASE("elementwise: values are within a few ulp, and right at the ends") {
  const Accuracy table[] = {
      {EwOp::exp, [](Real x) { return std::exp(x); }, -120, 100, 1.5, 1.5},
      {EwOp::exp, [](Real x) { return std::exp(x); }, -800, 720, 1.5, 1.5},
      {EwOp::exp2, [](Real x) { return std::exp2(x); }, -160, 130, 1.5, 1.5},
      {EwOp::exp2, [](Real x) { return std::exp2(x); }, -1100, 1030, 1.5, 1.5},
      {EwOp::expm1, [](Real x) { return std::expm1(x); }, -120, 100, 2.5, 2.5},
      {EwOp::expm1, [](Real x) { return std::expm1(x); }, -2, 2, 2.5, 2.5},
      {EwOp::log, [](Real x) { return std::log(x); }, -1, 1e30, 1.5, 1.5},
      {EwOp::log, [](Real x) { return std::log(x); }, 0, 4, 1.5, 1.5},
      {EwOp::log1p, [](Real x) { return std::log1p(x); }, -2, 1e38, 2, 2},
      {EwOp::log1p, [](Real x) { return std::log1p(x); }, -1, 3, 2, 2},
      {EwOp::log2, [](Real x) { return std::log2(x); }, -1, 1e30, 2, 2},
      {EwOp::log10, [](Real x) { return std::log10(x); }, -1, 1e30, 2, 2},
      {EwOp::tanh, [](Real x) { return std::tanh(x); }, -30, 30, 3, 3},
      {EwOp::tanh, [](Real x) { return std::tanh(x); }, -1, 1, 3, 3},
      {EwOp::sigmoid, sigmoid, -120, 100, 3, 3},
      {EwOp::sigmoid, sigmoid, -700, 700, 3, 3},
      {EwOp::softplus, softplus, -120, 100, 3, 3},
      {EwOp::log_sigmoid, [](Real x) { return -softplus(-x); }, -120, 100, 3, 3},
      {EwOp::silu, silu, -80, 100, 4, 4},
      {EwOp::erf, [](Real x) { return std::erf(x); }, -6, 6, 2, 2},
      {EwOp::gelu, gelu, -12, 12, 8, 400},  // erfc of a rounded argument, in double
      {EwOp::gelu, gelu, -40, 40, 6, 8, 1},
      {EwOp::gelu_tanh, gelu_tanh, -40, 40, 6, 6, 1},
      {EwOp::mish, mish, -80, 80, 6, 6},
      {EwOp::sin, [](Real x) { return std::sin(x); }, -100, 100, 1.5, 1.5},
      {EwOp::sin, [](Real x) { return std::sin(x); }, -1e9, 1e9, 1.5, 1.5},
      {EwOp::cos, [](Real x) { return std::cos(x); }, -100, 100, 1.5, 1.5},
      {EwOp::cos, [](Real x) { return std::cos(x); }, -8e6, 8e6, 1.5, 1.5},
      {EwOp::tan, [](Real x) { return std::tan(x); }, -100, 100, 2, 2},
      {EwOp::arctan, [](Real x) { return std::atan(x); }, -100, 100, 2, 2},
      {EwOp::sinh, [](Real x) { return std::sinh(x); }, -80, 80, 3, 3},
      {EwOp::arcsinh, [](Real x) { return std::asinh(x); }, -80, 80, 3, 3},
      {EwOp::lgamma, [](Real x) { return std::lgamma(x); }, 0.01, 80, 8, 8, 4},
      {EwOp::sqrt, [](Real x) { return std::sqrt(x); }, -1, 1e30, 1, 1},
      {EwOp::reciprocal, [](Real x) { return 1 / x; }, -10, 10, 1, 1},
  };
  for (const Accuracy& a : table) {
    check_accuracy<float>(a, a.ulps32);
    check_accuracy<double>(a, a.ulps64);
  }
}

TEST_CASE("elementwise: no op makes a NaN of an infinity whose limit exists") {
  const auto both = [](EwOp op, double p0 = 0, double p1 = 0) {
    auto f = apply<float>(op, {{-INFINITY, INFINITY}}, p0, p1);
    auto d = apply<double>(op, {{-kInf, kInf}}, p0, p1);
    CHECK(f[0] == float(d[0]));
    CHECK(f[1] == float(d[1]));
    return d;
  };
  for (EwOp op : {EwOp::relu, EwOp::silu, EwOp::gelu, EwOp::gelu_tanh, EwOp::mish, EwOp::hard_silu,
                  EwOp::sparse_plus, EwOp::softplus}) {
    const auto y = both(op);
    CHECK(y[0] == 0);
    CHECK(y[1] == kInf);
  }
  for (EwOp op : {EwOp::tanh, EwOp::softsign, EwOp::erf, EwOp::hard_tanh}) {
    CHECK(both(op) == std::vector<double>{-1, 1});
  }
  for (EwOp op : {EwOp::sigmoid, EwOp::hard_sigmoid, EwOp::sparse_sigmoid}) {
    CHECK(both(op) == std::vector<double>{0, 1});
  }
  CHECK(both(EwOp::elu, 1.5) == std::vector<double>{-1.5, kInf});
  CHECK(both(EwOp::celu, 1.5) == std::vector<double>{-1.5, kInf});
  CHECK(both(EwOp::squareplus, 4) == std::vector<double>{0, kInf});
  CHECK(both(EwOp::sinc) == std::vector<double>{0, 0});
  CHECK(both(EwOp::tanh_shrink) == std::vector<double>{-kInf, kInf});
  // Their gradients, too.
  for (EwOp op : {EwOp::silu_grad, EwOp::gelu_grad, EwOp::gelu_tanh_grad, EwOp::mish_grad,
                  EwOp::hard_silu_grad, EwOp::softplus_grad}) {
    const std::vector<float> x = {-INFINITY, INFINITY}, y = {0, INFINITY}, g = {1, 1};
    CHECK(apply<float>(op, {g, x, y}) == std::vector<float>{0, 1});
  }
  // NaN stays NaN in all that computes a float.
  for (const Op& o : unary_ops()) {
    if (o.op >= EwOp::signbit && o.op <= EwOp::bitwise_not) continue;
    CAPTURE(o.name);
    CHECK(std::isnan(apply<float>(o.op, {{NAN}}, 0.5, 0.75)[0]));
    CHECK(std::isnan(apply<double>(o.op, {{kNan}}, 0.5, 0.75)[0]));
  }
}

TEST_CASE("elementwise: every derivative agrees with finite differences") {
  for (const Op& o : unary_ops()) {
    if (!o.has_grad) continue;
    double p0 = 0.3, p1 = 0.7, shift = 0, scale = 1;
    if (o.op == EwOp::arccosh) shift = 1.1;
    if (o.op == EwOp::clip) p0 = -0.5;
    const bool positive = o.op == EwOp::sqrt || o.op == EwOp::rsqrt || o.op == EwOp::log ||
                          o.op == EwOp::log2 || o.op == EwOp::log10 || o.op == EwOp::arccosh ||
                          o.op == EwOp::lgamma || o.op == EwOp::reciprocal;
    const bool bounded = o.op == EwOp::arcsin || o.op == EwOp::arccos || o.op == EwOp::arctanh ||
                         o.op == EwOp::erfinv || o.op == EwOp::log1p || o.op == EwOp::tan;
    if (!bounded) scale = 5;
    std::vector<double> x, up, down, g;
    for (int i = 1; i < 200; ++i) {
      const double t = (positive ? i / 200.0 : i / 100.0 - 1) * scale * 0.97 + shift + 0.0013;
      x.push_back(t);
      g.push_back(1.5 + 0.01 * i);
    }
    const double h = 1e-5;
    for (double t : x) up.push_back(t + h), down.push_back(t - h);
    const auto y = apply<double>(o.op, {x}, p0, p1);
    const auto yu = apply<double>(o.op, {up}, p0, p1), yd = apply<double>(o.op, {down}, p0, p1);
    const auto d = apply<double>(o.grad, {g, x, y}, p0, p1);
    const std::vector<float> xf(x.begin(), x.end()), gf(g.begin(), g.end());
    const auto yf = apply<float>(o.op, {xf}, p0, p1);
    const auto df = apply<float>(o.grad, {gf, xf, yf}, p0, p1);
    for (size_t i = 0; i < x.size(); ++i) {
      const double want = g[i] * (yu[i] - yd[i]) / (2 * h);
      CAPTURE(o.name);
      CAPTURE(x[i]);
      CHECK(std::fabs(d[i] - want) <= 1e-5 * (1 + std::fabs(want)));
      CHECK(std::fabs(df[i] - d[i]) <= 2e-5 * (1 + std::fabs(d[i])));
    }
  }
}

TEST_CASE("elementwise: special functions") {
  const auto inv =
      apply<double>(EwOp::erfinv, {{0, 0.5, -0.5, 0.999999999999, -1, 1, 1.5, 1e-300}});
  CHECK(inv[0] == 0);
  CHECK(std::erf(inv[1]) == doctest::Approx(0.5).epsilon(1e-15));
  CHECK(inv[2] == -inv[1]);
  CHECK(std::erfc(inv[3]) == doctest::Approx(1 - 0.999999999999).epsilon(1e-12));
  CHECK(inv[4] == -kInf);
  CHECK(inv[5] == kInf);
  CHECK(std::isnan(inv[6]));
  CHECK(inv[7] == doctest::Approx(8.86226925452758e-301).epsilon(1e-14));
  const double close = std::nextafter(1.0, 0.0);
  CHECK(std::erfc(apply<double>(EwOp::erfinv, {{close}})[0]) ==
        doctest::Approx(1 - close).epsilon(1e-12));

  const auto psi = apply<double>(EwOp::digamma, {{1, 0.5, -0.5, 10, -3, 1e10}});
  CHECK(psi[0] == doctest::Approx(-0.57721566490153286).epsilon(1e-14));
  CHECK(psi[1] == doctest::Approx(-1.9635100260214235).epsilon(1e-14));
  CHECK(psi[2] == doctest::Approx(0.03648997397857652).epsilon(1e-12));
  CHECK(psi[3] == doctest::Approx(2.2517525890667211).epsilon(1e-14));
  CHECK(std::isnan(psi[4]));
  CHECK(psi[5] == doctest::Approx(std::log(1e10)).epsilon(1e-9));
  CHECK(apply<float>(EwOp::sinc, {{0, 0.5f, 1}})[1] == doctest::Approx(2 / M_PI));
}

TEST_CASE("elementwise: tests and comparisons yield 0 or 1") {
  const std::vector<double> x = {0, -0.0, 1, -2, kInf, -kInf, kNan};
  const auto is = [&](EwOp op) {
    const std::vector<float> f(x.begin(), x.end());
    const auto d = apply<double, int32_t>(op, {x});
    CHECK(d == apply<float, int32_t>(op, {f}));
    return d;
  };
  using V = std::vector<int32_t>;
  CHECK(is(EwOp::isnan) == V{0, 0, 0, 0, 0, 0, 1});
  CHECK(is(EwOp::isinf) == V{0, 0, 0, 0, 1, 1, 0});
  CHECK(is(EwOp::isfinite) == V{1, 1, 1, 1, 0, 0, 0});
  CHECK(is(EwOp::isposinf) == V{0, 0, 0, 0, 1, 0, 0});
  CHECK(is(EwOp::isneginf) == V{0, 0, 0, 0, 0, 1, 0});
  CHECK(is(EwOp::logical_not) == V{1, 1, 0, 0, 0, 0, 0});
  const auto sb = is(EwOp::signbit);
  CHECK(V(sb.begin(), sb.end() - 1) == V{0, 1, 0, 1, 0, 1});
  const std::vector<double> a = {1, 2, 3, kNan, kNan}, b = {2, 2, 2, 2, kNan};
  CHECK(apply<double, int32_t>(EwOp::equal, {a, b}) == V{0, 1, 0, 0, 0});
  CHECK(apply<double, int32_t>(EwOp::not_equal, {a, b}) == V{1, 0, 1, 1, 1});
  CHECK(apply<double, int32_t>(EwOp::less, {a, b}) == V{1, 0, 0, 0, 0});
  CHECK(apply<double, int32_t>(EwOp::greater_equal, {a, b}) == V{0, 1, 1, 0, 0});
  CHECK(apply<int64_t, int32_t>(EwOp::logical_xor, {{0, 1, 5, 0}, {0, 2, 0, 7}}) == V{0, 0, 1, 1});
}

TEST_CASE("elementwise: two floats") {
  const auto f = [](EwOp op, double a, double b) {
    const float y = apply1<float>(op, float(a), float(b));
    const double d = apply1<double>(op, a, b);
    if (std::isnan(d))
      CHECK(std::isnan(y));
    else if (std::isinf(d))
      CHECK(y == float(d));
    else
      CHECK(y == doctest::Approx(float(d)));
    return d;
  };
  for (auto [a, b] : {std::pair{1.0, kNan}, {kNan, 1.0}, {kNan, kNan}}) {
    CHECK(std::isnan(f(EwOp::maximum, a, b)));
    CHECK(std::isnan(f(EwOp::minimum, a, b)));
  }
  CHECK(f(EwOp::maximum, -1, 2) == 2);
  CHECK(f(EwOp::minimum, -1, 2) == -1);
  CHECK(f(EwOp::mod, -7, 3) == 2);
  CHECK(f(EwOp::mod, 7, -3) == -2);
  CHECK(f(EwOp::mod, -1, kInf) == kInf);
  CHECK(f(EwOp::fmod, -7, 3) == -1);
  CHECK(f(EwOp::floor_divide, -7, 2) == -4);
  CHECK(f(EwOp::floor_divide, 7, -2) == -4);
  CHECK(f(EwOp::floor_divide, 1, 0) == kInf);
  CHECK(apply1<double>(EwOp::floor_divide, 1, 0.1) == 9);  // as Python: 1 // 0.1
  CHECK(f(EwOp::divide_no_nan, 3, 0) == 0);
  CHECK(f(EwOp::divide, 3, 0) == kInf);
  CHECK(f(EwOp::logaddexp, 1000, 1000) == doctest::Approx(1000 + std::log(2.0)));
  CHECK(f(EwOp::logaddexp, kInf, kInf) == kInf);
  CHECK(f(EwOp::logaddexp, -kInf, -kInf) == -kInf);
  CHECK(f(EwOp::logaddexp, -kInf, 3) == 3);
  CHECK(f(EwOp::logaddexp2, 3, 3) == 4);
  CHECK(f(EwOp::heaviside, 0, 0.5) == 0.5);
  CHECK(f(EwOp::heaviside, -1, 0.5) == 0);
  CHECK(f(EwOp::copysign, 3, -0.0) == -3);
  CHECK(f(EwOp::power, 2, 10) == 1024);
  CHECK(f(EwOp::hypot, 3, 4) == 5);
  CHECK(f(EwOp::arctan2, 1, -1) == doctest::Approx(0.75 * M_PI));
  CHECK(apply1<float>(EwOp::nextafter, 1, 2) == std::nextafter(1.0f, 2.0f));
}

TEST_CASE("elementwise: integers wrap around and never trap") {
  const auto check = [](auto zero) {
    using T = decltype(zero);
    const T low = std::numeric_limits<T>::min(), top = std::numeric_limits<T>::max();
    const T width = sizeof(T) * 8;
    CHECK(apply1<T>(EwOp::add, top, 1) == low);
    CHECK(apply1<T>(EwOp::subtract, low, 1) == top);
    CHECK(apply1<T>(EwOp::multiply, top, 2) == -2);
    CHECK(apply1<T>(EwOp::floor_divide, low, -1) == low);
    CHECK(apply1<T>(EwOp::mod, low, -1) == 0);
    CHECK(apply1<T>(EwOp::fmod, low, -1) == 0);
    for (EwOp op : {EwOp::floor_divide, EwOp::mod, EwOp::fmod}) CHECK(apply1<T>(op, 5, 0) == 0);
    CHECK(apply1<T>(EwOp::floor_divide, -7, 2) == -4);
    CHECK(apply1<T>(EwOp::mod, -7, 3) == 2);
    CHECK(apply1<T>(EwOp::mod, 7, -3) == -2);
    CHECK(apply1<T>(EwOp::fmod, -7, 3) == -1);
    CHECK(apply1<T>(EwOp::left_shift, 1, width - 1) == low);
    CHECK(apply1<T>(EwOp::left_shift, 1, width) == 0);
    CHECK(apply1<T>(EwOp::left_shift, 1, -1) == 0);
    CHECK(apply1<T>(EwOp::right_shift, -8, 1) == -4);
    CHECK(apply1<T>(EwOp::right_shift, -8, width) == -1);
    CHECK(apply1<T>(EwOp::right_shift, 8, -1) == 0);
    CHECK(apply1<T>(EwOp::power, 3, 4) == 81);
    CHECK(apply1<T>(EwOp::power, 2, width) == 0);
    CHECK(apply1<T>(EwOp::power, 0, 0) == 1);
    CHECK(apply1<T>(EwOp::power, 5, -1) == 0);
    CHECK(apply1<T>(EwOp::power, 1, -5) == 1);
    CHECK(apply1<T>(EwOp::power, -1, -5) == -1);
    CHECK(apply1<T>(EwOp::power, -1, -4) == 1);
    CHECK(apply1<T>(EwOp::gcd, -12, 18) == 6);
    CHECK(apply1<T>(EwOp::gcd, 0, -5) == 5);
    CHECK(apply1<T>(EwOp::gcd, low, 0) == low);
    CHECK(apply1<T>(EwOp::lcm, 4, -6) == 12);
    CHECK(apply1<T>(EwOp::lcm, 0, 6) == 0);
    CHECK(apply1<T>(EwOp::bitwise_xor, 6, 3) == 5);
    CHECK(apply<T>(EwOp::absolute, {{low, -3}}) == std::vector<T>{low, 3});
    CHECK(apply<T>(EwOp::negative, {{low, 3}}) == std::vector<T>{low, -3});
    CHECK(apply<T>(EwOp::square, {{-5}})[0] == 25);
    CHECK(apply<T>(EwOp::sign, {{low, 0, 9}}) == std::vector<T>{-1, 0, 1});
    CHECK(apply<T>(EwOp::bitwise_not, {{0, -1}}) == std::vector<T>{-1, 0});
    CHECK(apply<T>(EwOp::clip, {{-9, 1, 9}}, -2, 1e300) == std::vector<T>{-2, 1, 9});
  };
  check(int32_t{});
  check(int64_t{});
}

TEST_CASE("elementwise: any length, any scalar argument, in place") {
  std::vector<int64_t> lengths;
  for (int64_t n = 1; n <= 67; ++n) lengths.push_back(n);
  for (int64_t n : {1023, 1024, 1025, 8191, 8193, 70001}) lengths.push_back(n);
  for (int64_t n : lengths) {
    CAPTURE(n);
    std::vector<float> a(static_cast<size_t>(n)), b(a), y(a.size() + 1, 77.0f);
    for (size_t i = 0; i < a.size(); ++i) a[i] = float(i) * 0.5f, b[i] = float(i % 7) - 3;
    const float s = 2.5f;
    const View va = view(a), vb = view(b), vs = view(&s, DType::kFloat32, {n}, {0});
    const View vy = view(y.data(), DType::kFloat32, {n});
    const Chain sub = one_step(EwOp::subtract, Compute::kF32, Compute::kF32, 2);
    const auto same = [&](auto want) {
      size_t bad = 0;
      for (size_t i = 0; i < a.size(); ++i) bad += y[i] != want(i);
      CHECK(bad == 0);
      CHECK(y.back() == 77.0f);
    };
    run(sub, {va, vb}, vy);
    same([&](size_t i) { return a[i] - b[i]; });
    run(sub, {va, vs}, vy, true);
    same([&](size_t i) { return a[i] - s; });
    run(sub, {vs, vb}, vy);
    same([&](size_t i) { return s - b[i]; });
    run(sub, {vs, vs}, vy);
    same([&](size_t) { return 0.0f; });
    const Chain grad = one_step(EwOp::relu_grad, Compute::kF32, Compute::kF32, 3);
    run(grad, {vs, vb, vb}, vy);
    same([&](size_t i) { return b[i] > 0 ? s : 0.0f; });
    run(grad, {va, vs, vs}, vy);
    same([&](size_t i) { return a[i]; });
    run(grad, {vs, vs, vs}, vy);
    same([&](size_t) { return s; });
    std::vector<int32_t> c(a.size());
    for (size_t i = 0; i < c.size(); ++i) c[i] = i % 3 == 0;
    const Chain where = one_step(EwOp::where, Compute::kF32, Compute::kF32, 3);
    run(where, {view(c), va, vb}, vy);
    same([&](size_t i) { return c[i] ? a[i] : b[i]; });
    run(where, {view(c), vs, vb}, vy);
    same([&](size_t i) { return c[i] ? s : b[i]; });
    run(where, {view(c), va, vs}, vy);
    same([&](size_t i) { return c[i] ? a[i] : s; });
    const int32_t yes = 1;
    run(where, {view(&yes, DType::kInt32, {n}, {0}), va, vb}, vy);
    same([&](size_t i) { return a[i]; });
    auto copy = a;
    run(sub, {view(copy), vb}, view(copy));
    size_t bad = 0;
    for (size_t i = 0; i < a.size(); ++i) bad += copy[i] != a[i] - b[i];
    CHECK(bad == 0);
  }
}

namespace {

// y = relu((a - b) * a) as float, z = (y > 2) where memory of y is that of a if `in_place`.
Chain chain_of_four() {
  Chain c;
  c.n_in = 2;
  c.n_out = 2;
  c.n_steps = 4;
  const Compute f = Compute::kF32;
  c.in_type[0] = c.in_type[1] = f;
  c.steps[0] = {EwOp::subtract, f, f, 2, {0, 1, 0}, 0, 0};
  c.steps[1] = {EwOp::multiply, f, f, 3, {2, 0, 0}, 0, 0};
  c.steps[2] = {EwOp::relu, f, f, 4, {3, 0, 0}, 0, 0};
  c.steps[3] = {EwOp::greater, f, Compute::kI32, 5, {4, 0, 0}, 0, 0};
  c.out_reg[0] = 4;
  c.out_reg[1] = 5;
  c.out_type[0] = f;
  c.out_type[1] = Compute::kI32;
  return c;
}

}  // namespace

TEST_CASE("elementwise: chains of steps, several outputs, any layout and dtype") {
  Chain c = chain_of_four();
  c.steps[3].arg[1] = 0;  // y > a, so that `a` is read after y is known
  std::mt19937 random(1);
  for (auto [R, C] : {std::pair<int64_t, int64_t>{1, 1},
                      {1, 5000},
                      {3, 7},
                      {300, 3},
                      {70, 64},
                      {33, 129},
                      {5, 1000},
                      {200, 31},
                      {2, 3000}}) {
    CAPTURE(R);
    CAPTURE(C);
    const size_t n = size_t(R * C);
    std::vector<float> a(n), b(n);
    for (auto& v : a) v = float(random() % 100) / 8 - 4;
    for (auto& v : b) v = float(random() % 100) / 8 - 4;
    // Each layout of b: strides of row and column.
    for (auto [row, col] : {std::pair<int64_t, int64_t>{C, 1}, {0, 1}, {1, 0}, {0, 0}, {1, R}}) {
      CAPTURE(row);
      CAPTURE(col);
      for (bool a_transposed : {false, true}) {
        std::vector<float> y(n), aa(a);
        std::vector<uint8_t> z(n);
        const std::vector<int64_t> as =
            a_transposed ? std::vector<int64_t>{1, R} : std::vector<int64_t>{C, 1};
        View in[] = {view(aa.data(), DType::kFloat32, {R, C}, as),
                     view(b.data(), DType::kFloat32, {R, C}, {row, col})};
        const auto check = [&] {
          size_t bad = 0;
          for (int64_t r = 0; r < R; ++r) {
            for (int64_t k = 0; k < C; ++k) {
              const float p = a[size_t(r * as[0] + k * as[1])], q = b[size_t(r * row + k * col)];
              const float want = std::max((p - q) * p, 0.0f);
              bad += y[size_t(r * C + k)] != want;
              bad += z[size_t(r * C + k)] != (want > p);
            }
          }
          CHECK(bad == 0);
        };
        View out[] = {view(y.data(), DType::kFloat32, {R, C}),
                      view(z.data(), DType::kBool, {R, C})};
        kernels::cpu().elementwise(context(), c, in, out);
        check();
        std::fill(y.begin(), y.end(), 0.0f);
        kernels::cpu().elementwise(context(true), c, in, out);
        check();
        if (!a_transposed) {  // in place over a
          out[0] = in[0];
          kernels::cpu().elementwise(context(), c, in, out);
          y = aa;
          check();
        }
      }
    }
  }
}

TEST_CASE("elementwise: four axes with broadcasting, negative strides and strided outputs") {
  const int64_t N = 3, H = 5, W = 4, C = 6;
  std::vector<int16_t> a(size_t(N * H * W * C));
  std::vector<double> b(size_t(N * W));
  for (size_t i = 0; i < a.size(); ++i) a[i] = int16_t(i * 37 % 1000);
  for (size_t i = 0; i < b.size(); ++i) b[i] = double(i) / 4;
  std::vector<float> y(a.size() * 2, -1);
  Chain c;
  c.n_in = 2;
  c.n_out = 1;
  c.n_steps = 3;
  c.in_type[0] = Compute::kI32;
  c.in_type[1] = Compute::kF64;
  c.steps[0] = {EwOp::cast, Compute::kI32, Compute::kF64, 2, {0, 0, 0}, 0, 0};
  c.steps[1] = {EwOp::add, Compute::kF64, Compute::kF64, 3, {2, 1, 0}, 0, 0};
  c.steps[2] = {EwOp::cast, Compute::kF64, Compute::kF32, 4, {3, 0, 0}, 0, 0};
  c.out_reg[0] = 4;
  c.out_type[0] = Compute::kF32;
  // a reversed along H, b of shape (N, 1, W, 1), y every other element, C and W swapped in memory.
  View va =
      view(a.data() + (H - 1) * W * C, DType::kInt16, {N, H, W, C}, {H * W * C, -W * C, C, 1});
  View vb = view(b.data(), DType::kFloat64, {N, H, W, C}, {W, 0, 1, 0});
  View vy = view(y.data(), DType::kFloat32, {N, H, W, C}, {2 * H * W * C, 2 * W * C, 2, 2 * W});
  run(c, {va, vb}, vy);
  size_t bad = 0;
  for (int64_t n = 0; n < N; ++n)
    for (int64_t h = 0; h < H; ++h)
      for (int64_t w = 0; w < W; ++w)
        for (int64_t k = 0; k < C; ++k) {
          const float want =
              float(a[size_t(((n * H + H - 1 - h) * W + w) * C + k)] + b[size_t(n * W + w)]);
          bad += y[size_t(2 * ((n * H + h) * W * C + w + W * k))] != want;
        }
  CHECK(bad == 0);
  CHECK(std::count(y.begin(), y.end(), -1.0f) == int64_t(a.size()));
}

TEST_CASE("elementwise: results are the same bits for any order of blocks") {
  const size_t n = 300001;
  std::vector<float> x(n), y(n), z(n);
  for (size_t i = 0; i < n; ++i) x[i] = float(int(i) % 2000 - 1000) / 50;
  for (EwOp op : {EwOp::gelu, EwOp::tanh, EwOp::sin, EwOp::square}) {
    run(one_step(op, Compute::kF32, Compute::kF32, 1), {view(x)}, view(y));
    run(one_step(op, Compute::kF32, Compute::kF32, 1), {view(x)}, view(z), true);
    CHECK(std::memcmp(y.data(), z.data(), n * sizeof(float)) == 0);
  }
}

TEST_CASE("copy: every pattern of float16 and bfloat16 goes to float32 and back") {
  for (DType dtype : {DType::kFloat16, DType::kBFloat16}) {
    std::vector<uint16_t> h(65536), back(65536);
    std::vector<float> f(65536);
    for (size_t i = 0; i < h.size(); ++i) h[i] = uint16_t(i);
    const View vh = view(h.data(), dtype, {65536}), vf = view(f);
    kernels::cpu().copy(context(), vh, vf);
    kernels::cpu().copy(context(), vf, view(back.data(), dtype, {65536}));
    CHECK(h == back);
    // As loads and stores of a chain.
    std::fill(back.begin(), back.end(), uint16_t{0});
    std::vector<uint16_t> negated(65536);
    const Chain neg = one_step(EwOp::negative, Compute::kF32, Compute::kF32, 1);
    run(neg, {vh}, view(negated.data(), dtype, {65536}));
    size_t bad = 0;
    for (size_t i = 0; i < h.size(); ++i) bad += negated[i] != (h[i] ^ 0x8000);
    CHECK(bad == 0);
    // Values, and rounding to nearest even halfway between neighbours.
    const int digits = dtype == DType::kFloat16 ? 10 : 7,
              bias = dtype == DType::kFloat16 ? 15 : 127;
    const int exponents = dtype == DType::kFloat16 ? 31 : 255;
    for (uint32_t i = 0; i < 0x8000; ++i) {
      const int e = int(i >> digits), m = int(i & ((1u << digits) - 1));
      if (e == exponents) continue;
      const double value = e == 0 ? std::ldexp(m, 1 - bias - digits)
                                  : std::ldexp(m + (1 << digits), e - bias - digits);
      bad += double(f[i]) != value || double(f[i + 0x8000]) != -value;
      const double middle = value + std::ldexp(0.5, std::max(e, 1) - bias - digits);
      const double above = middle * (1 + 1e-13), below = middle * (1 - 1e-13);
      const double d[] = {middle, above, below};
      uint16_t r[3];
      kernels::cpu().copy(context(), view(d, DType::kFloat64, {3}), view(r, dtype, {3}));
      bad += r[0] != i + (i & 1) || r[1] != i + 1 || r[2] != i;  // double rounding would fail here
      const float mf = float(middle);
      kernels::cpu().copy(context(), view(&mf, DType::kFloat32, {1}), view(r, dtype, {1}));
      bad += r[0] != i + (i & 1);
    }
    CHECK(bad == 0);
  }
}

TEST_CASE("copy: conversions saturate, wrap or test for zero") {
  const auto convert = [](auto from, auto to) {
    // Long enough for the vector code and its tail.
    std::vector<decltype(from)> x(37, from);
    std::vector<decltype(to)> y(37);
    kernels::cpu().copy(context(), view(x), view(y));
    for (auto v : y) CHECK(v == y[0]);
    return y[0];
  };
  CHECK(convert(1e20f, int32_t{}) == INT32_MAX);
  CHECK(convert(-1e20f, int32_t{}) == INT32_MIN);
  CHECK(convert(NAN, int32_t{}) == 0);
  CHECK(convert(2147483520.0f, int32_t{}) == 2147483520);
  CHECK(convert(INFINITY, int64_t{}) == INT64_MAX);
  CHECK(convert(-1e300, int64_t{}) == INT64_MIN);
  CHECK(convert(9007199254740993.0, int64_t{}) == 9007199254740992);
  CHECK(convert(300.7f, uint8_t{}) == 255);
  CHECK(convert(-1.5f, uint8_t{}) == 0);
  CHECK(convert(254.9f, uint8_t{}) == 254);
  CHECK(convert(-1000.0, int8_t{}) == -128);
  CHECK(convert(-2.9, int16_t{}) == -2);
  CHECK(convert(int32_t{300}, uint8_t{}) == 44);
  CHECK(convert(int64_t{-1}, uint8_t{}) == 255);
  CHECK(convert(int64_t{1} << 53, float{}) == 9007199254740992.0f);
  CHECK(convert(uint8_t{200}, float{}) == 200.0f);
  const double d[] = {0, -0.0, 0.3, kNan, -1, kInf};
  uint8_t b[6];
  kernels::cpu().copy(context(), view(d, DType::kFloat64, {6}), view(b, DType::kBool, {6}));
  CHECK(std::vector<uint8_t>(b, b + 6) == std::vector<uint8_t>{0, 0, 1, 1, 1, 1});
}

TEST_CASE("copy: any strides") {
  const auto check = [](int64_t A, int64_t B, int64_t C, bool reverse) {
    CAPTURE(A);
    CAPTURE(B);
    CAPTURE(C);
    std::vector<float> x(size_t(A * B * C)), y(x.size());
    std::vector<double> w(x.size());
    for (size_t i = 0; i < x.size(); ++i) x[i] = float(i % 100003);
    const std::vector<int64_t> in = {B * C, C, 1};
    int axes[] = {0, 1, 2};
    const int64_t shape[] = {A, B, C};
    do {  // y = transpose(x, axes)
      std::vector<int64_t> to, strides;
      for (int a : axes) to.push_back(shape[a]), strides.push_back(in[size_t(a)]);
      const View v = view(x.data(), DType::kFloat32, to, strides);
      kernels::cpu().copy(context(reverse), v, view(y.data(), DType::kFloat32, to));
      kernels::cpu().copy(context(reverse), v, view(w.data(), DType::kFloat64, to));
      size_t bad = 0, at = 0;
      for (int64_t i = 0; i < to[0]; ++i)
        for (int64_t j = 0; j < to[1]; ++j)
          for (int64_t k = 0; k < to[2]; ++k, ++at) {
            const float want = x[size_t(i * strides[0] + j * strides[1] + k * strides[2])];
            bad += y[at] != want || w[at] != double(want);
          }
      CHECK(bad == 0);
      std::fill(y.begin(), y.end(), 0.0f);  // and back, into a strided output
      kernels::cpu().copy(context(reverse), view(w.data(), DType::kFloat64, to),
                          view(y.data(), DType::kFloat32, to, strides));
      CHECK(x == y);
    } while (std::next_permutation(axes, axes + 3));
  };
  check(2, 3, 4, false);
  check(1, 70, 90, false);
  check(5, 33, 17, true);
  check(40, 20, 33, false);
  check(200, 1, 300, true);
  float one = 3, many[40];
  kernels::cpu().copy(context(), view(&one, DType::kFloat32, {4, 10}, {0, 0}),
                      view(many, DType::kFloat32, {4, 10}));
  CHECK(std::count(many, many + 40, 3.0f) == 40);
}

TEST_CASE("random: Philox gives the published words") {
  const auto words = [](uint32_t c, uint32_t k) {
    uint32_t w[4] = {c, c, c, c};
    lamina::LAMINA_ISA::philox(w[0], w[1], w[2], w[3], k, k);
    return std::vector<uint32_t>(w, w + 4);
  };
  using V = std::vector<uint32_t>;
  CHECK(words(0, 0) == V{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(words(~0u, ~0u) == V{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});

  // What the kernel makes of them: 24 bits of each word in turn.
  const uint64_t seed = 0x123456789abcdef0, stream = 0x0fedcba987654321;
  std::vector<float> u(1000);
  kernels::cpu().random(context(), RandomKind::kUniform, seed, stream, 0, 1, view(u));
  std::vector<double> d(1000);
  kernels::cpu().random(context(), RandomKind::kUniform, seed, stream, 0, 1, view(d));
  size_t bad = 0;
  for (uint32_t i = 0; i < 1000; ++i) {
    uint32_t w[4] = {i / 4, 0, uint32_t(stream), uint32_t(stream >> 32)};
    lamina::LAMINA_ISA::philox(w[0], w[1], w[2], w[3], uint32_t(seed), uint32_t(seed >> 32));
    bad += u[i] != float(w[i % 4] >> 8) * 0x1p-24f;
    w[0] = i / 2, w[1] = 0, w[2] = uint32_t(stream), w[3] = uint32_t(stream >> 32);
    lamina::LAMINA_ISA::philox(w[0], w[1], w[2], w[3], uint32_t(seed), uint32_t(seed >> 32));
    const uint64_t pair = uint64_t(w[i % 2 * 2 + 1]) << 32 | w[i % 2 * 2];
    bad += d[i] != double(pair >> 11) * 0x1p-53;
  }
  CHECK(bad == 0);
}

namespace {

template <class T>
std::vector<T> draw(RandomKind kind, size_t n, double p0, double p1, uint64_t stream = 5,
                    bool reverse = false) {
  std::vector<T> x(n);
  kernels::cpu().random(context(reverse), kind, 42, stream, p0, p1, view(x));
  return x;
}

template <class T>
void check_random(T) {
  const size_t n = 200003;
  for (RandomKind kind :
       {RandomKind::kUniform, RandomKind::kNormal, RandomKind::kTruncatedNormal}) {
    const auto x = draw<T>(kind, n, 1, 3);
    CHECK(x == draw<T>(kind, n, 1, 3, 5, true));
    CHECK(x != draw<T>(kind, n, 1, 3, 6));
    const auto prefix = draw<T>(kind, 777, 1, 3);
    CHECK(std::equal(prefix.begin(), prefix.end(), x.begin()));
    double mean = 0, var = 0;
    for (T v : x) mean += double(v);
    mean /= double(n);
    for (T v : x) var += (double(v) - mean) * (double(v) - mean);
    var /= double(n);
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    if (kind == RandomKind::kUniform) {
      CHECK(*low >= 1);
      CHECK(*high < 3);
      CHECK(mean == doctest::Approx(2).epsilon(0.003));
      CHECK(var == doctest::Approx(1.0 / 3).epsilon(0.01));
    } else if (kind == RandomKind::kNormal) {
      CHECK(mean == doctest::Approx(1).epsilon(0.02));
      CHECK(var == doctest::Approx(9).epsilon(0.01));
      double lag = 0;  // the two of a pair, and neighbours of pairs
      for (size_t i = 0; i + 1 < n; ++i) lag += (double(x[i]) - 1) * (double(x[i + 1]) - 1);
      CHECK(std::fabs(lag / double(n) / 9) < 0.01);
      CHECK(std::count_if(x.begin(), x.end(), [](T v) { return std::fabs(v - 1) < 3; }) ==
            doctest::Approx(0.6827 * double(n)).epsilon(0.01));
    } else {
      CHECK(*low >= 1 - 6);
      CHECK(*high <= 1 + 6);
      CHECK(*high > 6.9);
      CHECK(mean == doctest::Approx(1).epsilon(0.02));
      CHECK(var == doctest::Approx(9 * 0.7737).epsilon(0.01));
    }
  }
}

}  // namespace

TEST_CASE("random: distributions, and the same stream for any order or length") {
  check_random(float{});
  check_random(double{});

  const auto i8 = draw<int8_t>(RandomKind::kInteger, 100000, -3, 4);
  for (int v = -3; v < 4; ++v) {
    CHECK(std::count(i8.begin(), i8.end(), v) == doctest::Approx(100000 / 7.0).epsilon(0.03));
  }
  CHECK(*std::max_element(i8.begin(), i8.end()) == 3);
  const auto i64 = draw<int64_t>(RandomKind::kInteger, 10000, -1e15, 1e15);
  CHECK(*std::max_element(i64.begin(), i64.end()) > int64_t(9.9e14));
  CHECK(*std::min_element(i64.begin(), i64.end()) < int64_t(-9.9e14));
  CHECK(draw<int32_t>(RandomKind::kInteger, 10, 7, 8) == std::vector<int32_t>(10, 7));

  // The upper end is never reached, not by rounding either.
  for (DType dtype : {DType::kFloat16, DType::kBFloat16}) {
    std::vector<uint16_t> h(100000);
    std::vector<float> f(h.size());
    const View v = view(h.data(), dtype, {int64_t(h.size())});
    kernels::cpu().random(context(), RandomKind::kUniform, 1, 1, 0.5, 1, v);
    kernels::cpu().copy(context(), v, view(f));
    CHECK(*std::min_element(f.begin(), f.end()) >= 0.5f);
    CHECK(*std::max_element(f.begin(), f.end()) < 1.0f);
    CHECK(*std::max_element(f.begin(), f.end()) > 0.99f);
  }
  const auto tight = draw<float>(RandomKind::kUniform, 100000, 1e6, 1e6 + 0.25);
  CHECK(*std::max_element(tight.begin(), tight.end()) < float(1e6 + 0.25));
}

TEST_CASE("random: dropout keeps by the uniform stream") {
  const auto check = [](auto zero) {
    using T = decltype(zero);
    for (size_t n : {1u, 63u, 130u, 50001u}) {
      std::vector<T> x(n), y(n), in_place;
      for (size_t i = 0; i < n; ++i) x[i] = T(i) + 1;
      std::vector<uint8_t> mask(n);
      const View m = view(mask.data(), DType::kBool, {int64_t(n)});
      kernels::cpu().dropout(context(), 42, 5, 0.25, view(x), view(y), m);
      const auto u = draw<T>(RandomKind::kUniform, n, 0, 1);
      size_t bad = 0;
      for (size_t i = 0; i < n; ++i) {
        const bool keep = !(u[i] < T(0.25));
        bad += mask[i] != keep || y[i] != (keep ? x[i] * T(1 / 0.75) : 0);
      }
      CHECK(bad == 0);
      in_place = x;
      kernels::cpu().dropout(context(true), 42, 5, 0.25, view(in_place), view(in_place), m);
      CHECK(in_place == y);
    }
  };
  check(float{});
  check(double{});
}
