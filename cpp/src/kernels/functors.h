// The elementwise maths, one struct per row of elementwise_ops.inc, for every CPU ISA and for CUDA.
//
// Unary: f(x, p0, p1) and its derivative df(x, y, p0, p1), y = f(x). Others: f of the arguments.
// Floats are float and double, integers int32_t and int64_t, which wrap around. Where a functor has
// `fast` (and `fast_df`), those are f and df without their branch, valid for |x| < kFast.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/functors_math.h"

#ifdef LAMINA_ISA
namespace lamina::LAMINA_ISA {
namespace {
#else
namespace lamina {
#endif

// ---- helpers

template <class T>
inline constexpr bool kIsFloat = std::is_floating_point_v<T>;

// The arithmetic of T without overflow: unsigned for integers.
template <class T>
using Wrap =
    typename std::conditional_t<kIsFloat<T>, std::type_identity<T>, std::make_unsigned<T>>::type;

// A double as a T; integers saturate.
template <class T>
LAMINA_FN T from_double(double p) {
  if constexpr (kIsFloat<T>) {
    return T(p);
  } else {
    constexpr double limit = sizeof(T) == 4 ? 2147483648.0 : 9223372036854775808.0;
    if (!(p < limit)) return p != p ? T(0) : std::numeric_limits<T>::max();
    return p <= -limit ? std::numeric_limits<T>::min() : T(p);
  }
}

#define LAMINA_F     \
  template <class T> \
  LAMINA_FN static T
#define LAMINA_TEST  \
  template <class T> \
  LAMINA_FN static int32_t

// ---- maths

struct Sign {
  LAMINA_F f(T x, double, double) { return x > 0 ? T(1) : (x < 0 ? T(-1) : (x == 0 ? T(0) : x)); }
  LAMINA_F df(T, T, double, double) { return 0; }
};
struct Absolute {
  LAMINA_F f(T x, double, double) {
    if constexpr (kIsFloat<T>)
      return math::abs(x);
    else
      return x < 0 ? T(0 - Wrap<T>(x)) : x;
  }
  LAMINA_F df(T x, T, double, double) { return Sign::f(x, 0, 0); }
};
struct Negative {
  LAMINA_F f(T x, double, double) {
    if constexpr (kIsFloat<T>)
      return -x;
    else
      return T(0 - Wrap<T>(x));
  }
  LAMINA_F df(T, T, double, double) { return -1; }
};
struct Square {
  LAMINA_F f(T x, double, double) { return T(Wrap<T>(x) * Wrap<T>(x)); }
  LAMINA_F df(T x, T, double, double) { return 2 * x; }
};
struct Reciprocal {
  LAMINA_F f(T x, double, double) { return 1 / x; }
  LAMINA_F df(T, T y, double, double) { return -y * y; }
};
struct Sqrt {
  LAMINA_F f(T x, double, double) { return std::sqrt(x); }
  LAMINA_F df(T, T y, double, double) { return T(0.5) / y; }
};
struct Rsqrt {
  LAMINA_F f(T x, double, double) { return 1 / std::sqrt(x); }
  LAMINA_F df(T x, T y, double, double) { return T(-0.5) * y / x; }
};
struct Exp {
  LAMINA_F f(T x, double, double) { return math::exp(x); }
  LAMINA_F df(T, T y, double, double) { return y; }
};
struct Exp2 {
  LAMINA_F f(T x, double, double) { return math::exp2(x); }
  LAMINA_F df(T, T y, double, double) { return y * T(0.693147180559945309); }
};
struct Expm1 {
  LAMINA_F f(T x, double, double) { return math::expm1(x); }
  LAMINA_F df(T, T y, double, double) { return y + 1; }
};
struct Log {
  LAMINA_F f(T x, double, double) { return math::log(x); }
  LAMINA_F df(T x, T, double, double) { return 1 / x; }
};
struct Log1p {
  LAMINA_F f(T x, double, double) { return math::log1p(x); }
  LAMINA_F df(T x, T, double, double) { return 1 / (1 + x); }
};
struct Log2 {
  LAMINA_F f(T x, double, double) { return std::log2(x); }
  LAMINA_F df(T x, T, double, double) { return T(1.44269504088896341) / x; }
};
struct Log10 {
  LAMINA_F f(T x, double, double) { return std::log10(x); }
  LAMINA_F df(T x, T, double, double) { return T(0.434294481903251828) / x; }
};

// Sine with its quadrant moved by `kShift`.
template <uint32_t kShift>
struct Wave {
  static constexpr float kFast = math::kSinFast;
  LAMINA_FN static float fast(float x) { return math::sin_fast(x, kShift); }
  LAMINA_F f(T x) {
    if constexpr (std::is_same_v<T, float>) {
      if (math::abs(x) < kFast) return fast(x);
    }
    if constexpr (kShift % 4 == 0)
      return std::sin(x);
    else if constexpr (kShift % 4 == 1)
      return std::cos(x);
    else
      return -std::sin(x);
  }
};
struct Sin {
  static constexpr float kFast = math::kSinFast;
  LAMINA_F f(T x, double, double) { return Wave<0>::f(x); }
  LAMINA_F df(T x, T, double, double) { return Wave<1>::f(x); }
  LAMINA_FN static float fast(float x) { return Wave<0>::fast(x); }
  LAMINA_FN static float fast_df(float x) { return Wave<1>::fast(x); }
};
struct Cos {
  static constexpr float kFast = math::kSinFast;
  LAMINA_F f(T x, double, double) { return Wave<1>::f(x); }
  LAMINA_F df(T x, T, double, double) { return Wave<2>::f(x); }
  LAMINA_FN static float fast(float x) { return Wave<1>::fast(x); }
  LAMINA_FN static float fast_df(float x) { return Wave<2>::fast(x); }
};
struct Tan {
  LAMINA_F f(T x, double, double) { return std::tan(x); }
  LAMINA_F df(T, T y, double, double) { return 1 + y * y; }
};
struct Arcsin {
  LAMINA_F f(T x, double, double) { return std::asin(x); }
  LAMINA_F df(T x, T, double, double) { return 1 / std::sqrt((1 - x) * (1 + x)); }
};
struct Arccos {
  LAMINA_F f(T x, double, double) { return std::acos(x); }
  LAMINA_F df(T x, T, double, double) { return -1 / std::sqrt((1 - x) * (1 + x)); }
};
struct Arctan {
  LAMINA_F f(T x, double, double) { return std::atan(x); }
  LAMINA_F df(T x, T, double, double) { return 1 / (1 + x * x); }
};
struct Sinh {
  LAMINA_F f(T x, double, double) { return std::sinh(x); }
  LAMINA_F df(T x, T, double, double) { return std::cosh(x); }
};
struct Cosh {
  LAMINA_F f(T x, double, double) { return std::cosh(x); }
  LAMINA_F df(T x, T, double, double) { return std::sinh(x); }
};
struct Tanh {
  LAMINA_F f(T x, double, double) { return math::tanh(x); }
  LAMINA_F df(T, T y, double, double) { return (1 - y) * (1 + y); }
};
struct Arcsinh {
  LAMINA_F f(T x, double, double) { return std::asinh(x); }
  LAMINA_F df(T x, T, double, double) { return 1 / std::sqrt(x * x + 1); }
};
struct Arccosh {
  LAMINA_F f(T x, double, double) { return std::acosh(x); }
  LAMINA_F df(T x, T, double, double) { return 1 / (std::sqrt(x - 1) * std::sqrt(x + 1)); }
};
struct Arctanh {
  LAMINA_F f(T x, double, double) { return std::atanh(x); }
  LAMINA_F df(T x, T, double, double) { return 1 / ((1 - x) * (1 + x)); }
};
struct Erf {
  LAMINA_F f(T x, double, double) { return math::erf(x); }
  LAMINA_F df(T x, T, double, double) { return T(1.12837916709551257) * math::exp(-x * x); }
};
struct Erfinv {
  LAMINA_F f(T x0, double, double) {
    // Giles' approximation, then Halley's iteration in double. Near one, erfc keeps the digits.
    const double x = x0, a = x < 0 ? -x : x;
    if (!(a < 1))
      return T(a == 1 ? x * math::constant_inf<double>() : math::constant_nan<double>());
    const double w = -std::log((1 - a) * (1 + a));
    double y;
    if (w < 5) {
      y = a * math::horner(w - 2.5, 2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06,
                           0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941);
    } else if (w > 16) {  // asymptotic
      const double l = -std::log(1 - a);
      y = std::sqrt(l - 0.5 * std::log(3.14159265358979324 * l));
    } else {
      y = a * math::horner(std::sqrt(w) - 3, -0.000200214257, 0.000100950558, 0.00134934322,
                           -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406,
                           2.83297682);
    }
    for (int i = 0; i < 3; ++i) {
      const double error = a < 0.5 ? std::erf(y) - a : (1 - a) - std::erfc(y);
      const double d = error / (1.12837916709551257 * std::exp(-y * y));
      y -= d / (1 + y * d);
    }
    return T(x < 0 ? -y : y);
  }
  LAMINA_F df(T, T y, double, double) { return T(0.886226925452758014) * math::exp(y * y); }
};
struct Digamma {
  LAMINA_F f(T x0, double, double) {
    double x = x0, shift = 0;
    if (!(x > -math::constant_inf<double>())) return math::constant_nan<T>();
    if (x == 0) return math::copysign(math::constant_inf<T>(), T(-x0));
    if (x < 0) {  // reflection
      const double part = x - std::floor(x);
      if (part == 0) return math::constant_nan<T>();
      shift = -3.14159265358979324 / std::tan(3.14159265358979324 * part);
      x = 1 - x;
    }
    for (; x < 10; ++x) shift -= 1 / x;
    const double z = 1 / (x * x);  // asymptotic series, Bernoulli numbers
    const double tail = z * math::horner(z, 1.0 / 12, -691.0 / 32760, 1.0 / 132, -1.0 / 240,
                                         1.0 / 252, -1.0 / 120, 1.0 / 12);
    return T(shift + std::log(x) - 0.5 / x - tail);
  }
};
struct Lgamma {
  LAMINA_F f(T x, double, double) {
#if defined(__GLIBC__)  // std::lgamma writes a global, signgam: a data race
    int sign;
    if constexpr (std::is_same_v<T, float>)
      return ::lgammaf_r(x, &sign);
    else
      return ::lgamma_r(x, &sign);
#else
    return std::lgamma(x);
#endif
  }
  LAMINA_F df(T x, T, double, double) { return Digamma::f(x, 0, 0); }
};
struct Sinc {
  LAMINA_F f(T x0, double, double) {
    const double pi = 3.14159265358979324, x = x0;
    if (x == 0) return 1;
    if (math::abs(x) == math::constant_inf<double>()) return 0;
    const double r = x - 2 * std::floor(0.5 * x + 0.5);  // the same sine, exact
    return T(std::sin(pi * r) / (pi * x));
  }
  LAMINA_F df(T x0, T, double, double) {
    const double pi = 3.14159265358979324, x = x0, z = pi * pi * x * x;
    if (math::abs(x) == math::constant_inf<double>()) return 0;
    if (math::abs(x) < 0.05) {
      return T(pi * pi * x * math::horner(z, 1.0 / 45360, -1.0 / 840, 1.0 / 30, -1.0 / 3));
    }
    const double r = x - 2 * std::floor(0.5 * x + 0.5);
    return T((std::cos(pi * r) - std::sin(pi * r) / (pi * x)) / x);
  }
};
struct Deg2rad {
  LAMINA_F f(T x, double, double) { return x * T(0.0174532925199432958); }
  LAMINA_F df(T, T, double, double) { return T(0.0174532925199432958); }
};
struct Rad2deg {
  LAMINA_F f(T x, double, double) { return x * T(57.2957795130823209); }
  LAMINA_F df(T, T, double, double) { return T(57.2957795130823209); }
};
struct Floor {
  LAMINA_F f(T x, double, double) { return std::floor(x); }
  LAMINA_F df(T, T, double, double) { return 0; }
};
struct Ceil {
  LAMINA_F f(T x, double, double) { return std::ceil(x); }
  LAMINA_F df(T, T, double, double) { return 0; }
};
struct Trunc {
  LAMINA_F f(T x, double, double) { return std::trunc(x); }
  LAMINA_F df(T, T, double, double) { return 0; }
};
struct Rint {
  LAMINA_F f(T x, double, double) { return std::rint(x); }
  LAMINA_F df(T, T, double, double) { return 0; }
};
struct Signbit {
  LAMINA_TEST f(T x, double, double) {
    if constexpr (kIsFloat<T>)
      return (math::bits(x) & math::kSignBit<T>) != 0;
    else
      return x < 0;
  }
};
struct Isfinite {
  LAMINA_TEST f(T x, double, double) {
    if constexpr (kIsFloat<T>)
      return math::abs(x) < math::constant_inf<T>();
    else
      return 1;
  }
};
struct Isinf {
  LAMINA_TEST f(T x, double, double) {
    if constexpr (kIsFloat<T>)
      return math::abs(x) == math::constant_inf<T>();
    else
      return 0;
  }
};
struct Isnan {
  LAMINA_TEST f(T x, double, double) { return x != x; }
};
struct Isposinf {
  LAMINA_TEST f(T x, double, double) {
    if constexpr (kIsFloat<T>)
      return x == math::constant_inf<T>();
    else
      return 0;
  }
};
struct Isneginf {
  LAMINA_TEST f(T x, double, double) {
    if constexpr (kIsFloat<T>)
      return x == -math::constant_inf<T>();
    else
      return 0;
  }
};
struct LogicalNot {
  LAMINA_TEST f(T x, double, double) { return x == 0; }
};
struct BitwiseNot {
  template <class T>
    requires(!kIsFloat<T>)
  LAMINA_FN static T f(T x, double, double) {
    return ~x;
  }
};

// ---- activations

struct Relu {
  LAMINA_F f(T x, double, double) { return x <= 0 ? T(0) : x; }
  LAMINA_F df(T x, T, double, double) { return x > 0 ? T(1) : T(0); }
};
struct Relu6 {
  LAMINA_F f(T x, double, double) { return math::clamp(x, T(0), T(6)); }
  LAMINA_F df(T x, T, double, double) { return (x > 0) & (x < 6) ? T(1) : T(0); }
};
struct LeakyRelu {
  LAMINA_F f(T x, double p0, double) { return x > 0 ? x : T(p0) * x; }
  LAMINA_F df(T x, T, double p0, double) { return x > 0 ? T(1) : T(p0); }
};
struct Elu {
  LAMINA_F f(T x, double p0, double) { return x > 0 ? x : T(p0) * math::expm1(x); }
  LAMINA_F df(T x, T y, double p0, double) { return x > 0 ? T(1) : y + T(p0); }
};
struct Selu {
  static constexpr double kScale = 1.0507009873554804934, kAlpha = 1.6732632423543772848;
  LAMINA_F f(T x, double, double) {
    return x > 0 ? T(kScale) * x : T(kScale * kAlpha) * math::expm1(x);
  }
  LAMINA_F df(T x, T y, double, double) { return x > 0 ? T(kScale) : y + T(kScale * kAlpha); }
};
struct Celu {
  LAMINA_F f(T x, double p0, double) { return x > 0 ? x : T(p0) * math::expm1(x / T(p0)); }
  LAMINA_F df(T x, T y, double p0, double) { return x > 0 ? T(1) : y / T(p0) + 1; }
};
struct Sigmoid {
  LAMINA_F f(T x, double, double) { return math::sigmoid(x); }
  LAMINA_F df(T, T y, double, double) { return y * (1 - y); }
};
struct LogSigmoid {
  LAMINA_F f(T x, double, double) { return -math::softplus(-x); }
  LAMINA_F df(T x, T, double, double) { return math::sigmoid(-x); }
};
struct Softplus {
  LAMINA_F f(T x, double, double) { return math::softplus(x); }
  LAMINA_F df(T x, T, double, double) { return math::sigmoid(x); }
};
struct Softsign {
  LAMINA_F f(T x, double, double) {
    x = math::clamp(x, T(-1e30), T(1e30));  // so that infinity gives 1
    return x / (1 + math::abs(x));
  }
  LAMINA_F df(T x, T, double, double) {
    const T r = 1 / (1 + math::abs(x));
    return r * r;
  }
};
// Activations of the form x * gate(x) are limited where the gate is zero or one, for inf * 0 is
// NaN.
struct Silu {
  template <class T>
  static constexpr T kEnd = std::is_same_v<T, float> ? 150 : 800;
  LAMINA_F f(T x, double, double) { return (x < -kEnd<T> ? -kEnd<T> : x) * math::sigmoid(x); }
  LAMINA_F df(T x, T, double, double) {
    x = math::clamp(x, -kEnd<T>, kEnd<T>);
    const T s = math::sigmoid(x);
    return s * (1 + x * (1 - s));
  }
};
struct Gelu {
  template <class T>
  static constexpr T kEnd = std::is_same_v<T, float> ? 15 : 40;
  LAMINA_F f(T x, double, double) { return (x < -kEnd<T> ? -kEnd<T> : x) * math::normal(x).cdf; }
  LAMINA_F df(T x, T, double, double) {
    x = math::clamp(x, -kEnd<T>, kEnd<T>);
    const auto n = math::normal(x);
    return n.cdf + x * n.pdf;
  }
};
struct GeluTanh {  // (1 + tanh(u)) / 2 = sigmoid(2u)
  static constexpr double kA = 1.59576912160573071, kB = 0.044715;  // 2 * sqrt(2 / pi)
  LAMINA_F f(T x, double, double) {
    const T z = math::clamp(x, T(-30), T(30));
    return (x < -30 ? T(-30) : x) * math::sigmoid(T(kA) * (z + T(kB) * z * z * z));
  }
  LAMINA_F df(T x, T, double, double) {
    x = math::clamp(x, T(-30), T(30));
    const T s = math::sigmoid(T(kA) * (x + T(kB) * x * x * x));
    return s + x * s * (1 - s) * (T(kA) * (1 + T(3 * kB) * x * x));
  }
};
struct Mish {  // tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2)
  template <class T>
  static constexpr T kEnd = std::is_same_v<T, float> ? 20 : 40;
  template <class T>
  static constexpr T kStart = std::is_same_v<T, float> ? -150 : -800;
  LAMINA_F f(T x, double, double) {
    const T e = math::exp(x > kEnd<T> ? kEnd<T> : x), n = e * (e + 2);
    return (x < kStart<T> ? kStart<T> : x) * (n / (n + 2));
  }
  LAMINA_F df(T x, T, double, double) {
    x = math::clamp(x, kStart<T>, kEnd<T>);
    const T e = math::exp(x), n = e * (e + 2), r = 1 / (n + 2);
    // 1 - t^2 = 4 (n + 1) / (n + 2)^2 and sigmoid(x) = e / (e + 1), n + 1 = (e + 1)^2
    return n * r + x * (4 * e * r) * ((e + 1) * r);
  }
};
struct HardSigmoid {
  LAMINA_F f(T x, double, double) { return math::clamp(x + 3, T(0), T(6)) * T(1.0 / 6); }
  LAMINA_F df(T x, T, double, double) { return (x > -3) & (x < 3) ? T(1.0 / 6) : T(0); }
};
struct HardSilu {
  LAMINA_F f(T x, double, double) {
    return (x < -3 ? T(-3) : x) * (math::clamp(x + 3, T(0), T(6)) * T(1.0 / 6));
  }
  LAMINA_F df(T x, T, double, double) {
    return x <= -3 ? T(0) : (x >= 3 ? T(1) : (2 * x + 3) * T(1.0 / 6));
  }
};
struct HardTanh {
  LAMINA_F f(T x, double, double) { return math::clamp(x, T(-1), T(1)); }
  LAMINA_F df(T x, T, double, double) { return (x > -1) & (x < 1) ? T(1) : T(0); }
};
struct TanhShrink {
  LAMINA_F f(T x, double, double) {
    const T z = x * x;  // near zero the difference would cancel: tanh's series
    const T inner = x * z *
                    math::horner(z, T(-21844.0 / 6081075), T(1382.0 / 155925), T(-62.0 / 2835),
                                 T(17.0 / 315), T(-2.0 / 15), T(1.0 / 3));
    return math::abs(x) < T(0.2) ? inner : x - math::tanh(x);
  }
  LAMINA_F df(T x, T, double, double) {
    const T t = math::tanh(x);
    return t * t;
  }
};
struct SoftShrink {
  LAMINA_F f(T x, double p0, double) {
    const T p = T(p0);
    return x > p ? x - p : (x < -p ? x + p : (x != x ? x : T(0)));
  }
  LAMINA_F df(T x, T, double p0, double) { return math::abs(x) > T(p0) ? T(1) : T(0); }
};
struct HardShrink {
  LAMINA_F f(T x, double p0, double) { return math::abs(x) <= T(p0) ? T(0) : x; }
  LAMINA_F df(T x, T, double p0, double) { return math::abs(x) > T(p0) ? T(1) : T(0); }
};
struct Threshold {
  LAMINA_F f(T x, double p0, double p1) { return x <= T(p0) ? T(p1) : x; }
  LAMINA_F df(T x, T, double p0, double) { return x > T(p0) ? T(1) : T(0); }
};
struct Squareplus {
  LAMINA_F f(T x, double p0, double) {
    const T a = math::abs(x);
    const T s = a > T(1e15) ? a : std::sqrt(x * x + T(p0));
    const T rest = T(0.5 * p0) / (s + a);  // (s - |x|) / 2 without the cancellation
    return x >= 0 ? T(0.5) * x + T(0.5) * s : (x < 0 ? rest : x);
  }
  LAMINA_F df(T x, T, double p0, double) {
    x = math::clamp(x, T(-1e15), T(1e15));
    const T s = std::sqrt(x * x + T(p0));
    return T(0.5) + T(0.5) * (s > 0 ? x / s : s);
  }
};
struct SparsePlus {
  LAMINA_F f(T x, double, double) {
    return x <= -1 ? T(0) : (x >= 1 ? x : T(0.25) * (x + 1) * (x + 1));
  }
  LAMINA_F df(T x, T, double, double) { return math::clamp(T(0.5) * (x + 1), T(0), T(1)); }
};
struct SparseSigmoid {
  LAMINA_F f(T x, double, double) { return math::clamp(T(0.5) * (x + 1), T(0), T(1)); }
  LAMINA_F df(T x, T, double, double) { return (x > -1) & (x < 1) ? T(0.5) : T(0); }
};
struct Clip {
  LAMINA_F f(T x, double p0, double p1) {
    return math::clamp(x, from_double<T>(p0), from_double<T>(p1));
  }
  LAMINA_F df(T x, T, double p0, double p1) { return (x >= T(p0)) & (x <= T(p1)) ? T(1) : T(0); }
};
struct Scale {
  LAMINA_F f(T x, double p0, double p1) { return x * T(p0) + T(p1); }
  LAMINA_F df(T, T, double p0, double) { return T(p0); }
};

// ---- two arguments

struct Add {
  LAMINA_F f(T a, T b) { return T(Wrap<T>(a) + Wrap<T>(b)); }
};
struct Subtract {
  LAMINA_F f(T a, T b) { return T(Wrap<T>(a) - Wrap<T>(b)); }
};
struct Multiply {
  LAMINA_F f(T a, T b) { return T(Wrap<T>(a) * Wrap<T>(b)); }
};
struct Divide {
  LAMINA_F f(T a, T b) { return a / b; }
};
struct DivideNoNan {
  LAMINA_F f(T a, T b) { return b == 0 ? T(0) : a / b; }
};
struct Fmod {
  LAMINA_F f(T a, T b) {
    if constexpr (kIsFloat<T>)
      return std::fmod(a, b);
    else
      return b == 0 || b == -1 ? T(0) : T(a % b);  // the smallest integer % -1 overflows
  }
};
struct Mod {
  LAMINA_F f(T a, T b) {
    T r = Fmod::f(a, b);
    if constexpr (kIsFloat<T>) {
      if (r == 0) return math::copysign(r, b);
    }
    if (r != 0 && (r < 0) != (b < 0)) r += b;
    return r;
  }
};
struct FloorDivide {
  LAMINA_F f(T a, T b) {
    if constexpr (kIsFloat<T>) {
      // By way of the remainder, as Python and NumPy: a / b itself may round up to an integer.
      const T r = std::fmod(a, b);
      T q = (a - r) / b;
      if (b == 0 || q != q) return a / b == a / b ? std::floor(a / b) : a / b;
      if (r != 0 && (r < 0) != (b < 0)) q -= 1;
      if (q == 0) return math::copysign(T(0), T(a / b));
      const T whole = std::floor(q);
      return q - whole > T(0.5) ? whole + 1 : whole;
    } else {
      if (b == 0) return 0;
      if (b == -1) return Negative::f(a, 0, 0);
      const T q = a / b;
      return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
    }
  }
};
struct Power {
  LAMINA_F f(T a, T b) {
    if constexpr (kIsFloat<T>) {
      return std::pow(a, b);
    } else {
      if (b < 0) return a == 1 ? T(1) : (a == -1 ? (b & 1 ? T(-1) : T(1)) : T(0));
      Wrap<T> r = 1;
      for (Wrap<T> x = Wrap<T>(a), n = Wrap<T>(b); n != 0; n >>= 1, x *= x) {
        if (n & 1) r *= x;
      }
      return T(r);
    }
  }
};
struct Maximum {
  LAMINA_F f(T a, T b) { return (a > b) | (a != a) ? a : b; }
};
struct Minimum {
  LAMINA_F f(T a, T b) { return (a < b) | (a != a) ? a : b; }
};
struct Arctan2 {
  LAMINA_F f(T a, T b) { return std::atan2(a, b); }
};
struct Hypot {
  LAMINA_F f(T a, T b) { return std::hypot(a, b); }
};
struct Logaddexp {
  LAMINA_F f(T a, T b) {
    const T d = a == b ? T(0) : a - b;  // two equal infinities
    return (a > b ? a : b) + math::log1p_unit(math::exp(-math::abs(d)));
  }
};
struct Logaddexp2 {
  LAMINA_F f(T a, T b) {
    const T d = a == b ? T(0) : a - b;
    return (a > b ? a : b) + T(1.44269504088896341) * math::log1p_unit(math::exp2(-math::abs(d)));
  }
};
struct Copysign {
  LAMINA_F f(T a, T b) { return math::copysign(a, b); }
};
struct Nextafter {
  LAMINA_F f(T a, T b) { return std::nextafter(a, b); }
};
struct Heaviside {
  LAMINA_F f(T a, T b) { return a > 0 ? T(1) : (a < 0 ? T(0) : (a == 0 ? b : a)); }
};
struct BitwiseAnd {
  LAMINA_F f(T a, T b) { return a & b; }
};
struct BitwiseOr {
  LAMINA_F f(T a, T b) { return a | b; }
};
struct BitwiseXor {
  LAMINA_F f(T a, T b) { return a ^ b; }
};
struct LeftShift {
  LAMINA_F f(T a, T b) {
    constexpr Wrap<T> width = sizeof(T) * 8;
    return Wrap<T>(b) < width ? T(Wrap<T>(a) << (Wrap<T>(b) & (width - 1))) : T(0);
  }
};
struct RightShift {
  LAMINA_F f(T a, T b) {  // beyond the width only the sign is left
    constexpr Wrap<T> last = sizeof(T) * 8 - 1;
    return a >> (Wrap<T>(b) < last ? Wrap<T>(b) : last);
  }
};
struct Gcd {
  LAMINA_F f(T a, T b) {
    Wrap<T> x = Wrap<T>(Absolute::f(a, 0, 0)), y = Wrap<T>(Absolute::f(b, 0, 0));
    while (y != 0) {
      const Wrap<T> r = x % y;
      x = y;
      y = r;
    }
    return T(x);
  }
};
struct Lcm {
  LAMINA_F f(T a, T b) {
    if (a == 0 || b == 0) return 0;
    const Wrap<T> x = Wrap<T>(Absolute::f(a, 0, 0)), y = Wrap<T>(Absolute::f(b, 0, 0));
    return T(x / Wrap<T>(Gcd::f(a, b)) * y);
  }
};
struct Equal {
  LAMINA_TEST f(T a, T b) { return a == b; }
};
struct NotEqual {
  LAMINA_TEST f(T a, T b) { return a != b; }
};
struct Less {
  LAMINA_TEST f(T a, T b) { return a < b; }
};
struct LessEqual {
  LAMINA_TEST f(T a, T b) { return a <= b; }
};
struct Greater {
  LAMINA_TEST f(T a, T b) { return a > b; }
};
struct GreaterEqual {
  LAMINA_TEST f(T a, T b) { return a >= b; }
};
struct LogicalAnd {
  LAMINA_TEST f(T a, T b) { return (a != 0) & (b != 0); }
};
struct LogicalOr {
  LAMINA_TEST f(T a, T b) { return (a != 0) | (b != 0); }
};
struct LogicalXor {
  LAMINA_TEST f(T a, T b) { return (a != 0) ^ (b != 0); }
};

// ---- three arguments

struct Where {
  LAMINA_F f(int32_t c, T a, T b) { return c != 0 ? a : b; }
};

#undef LAMINA_F
#undef LAMINA_TEST

#ifdef LAMINA_ISA
}  // namespace
}  // namespace lamina::LAMINA_ISA
#else
}  // namespace lamina
#endif
