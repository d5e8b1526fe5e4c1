// The hot maths of functors.h: branch-free code in plain arithmetic and integer bit tricks, so that
// the compiler turns a loop over it into vector code for any instruction set. Every function is
// right at NaN, infinities and zeros; results are within a few units in the last place.
//
// Polynomials are minimax fits (Lawson's iteration) unless a source is named. A range is limited as
// `x < lo ? lo : x` so that NaN passes through.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#if defined(__CUDACC__)
#define LAMINA_HD __host__ __device__
#define LAMINA_INLINE __forceinline__
#else
#define LAMINA_HD
#if defined(_MSC_VER)
#define LAMINA_INLINE __forceinline
#else
// A call inside a loop would stop it from becoming vector code.
#define LAMINA_INLINE inline __attribute__((always_inline))
#endif
#endif
#define LAMINA_FN LAMINA_HD LAMINA_INLINE

#ifdef LAMINA_ISA
namespace lamina::LAMINA_ISA {
namespace {
#else
namespace lamina {
#endif
namespace math {

template <class T>
struct Float;

template <>
struct Float<float> {
  using U = uint32_t;
  static constexpr int kMantissa = 23;
  static constexpr uint32_t kBias = 127;
  static constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  static constexpr uint32_t kRoundBits = 0x4b400000u;
  static constexpr float kTwoMantissa = 8388608.0f;  // 2^23
  static constexpr uint32_t kTwoMantissaBits = 0x4b000000u;
  static constexpr uint32_t kSqrtHalfBits = 0x3f3504f3u;
  static constexpr float kMinNormal = 1.17549435e-38f;
  static constexpr float kLn2Hi = 0.693359375f, kLn2Lo = -2.12194440e-4f;
  static constexpr float kExpMin = -104.0f, kExpMax = 89.0f;  // exp is 0 below, infinite above
  static constexpr float kExpm1Min = -20.0f;
  static constexpr float kTiny = 2.98023224e-8f;  // 2^-25
};

template <>
struct Float<double> {
  using U = uint64_t;
  static constexpr int kMantissa = 52;
  static constexpr uint64_t kBias = 1023;
  static constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr uint64_t kRoundBits = 0x4338000000000000u;
  static constexpr double kTwoMantissa = 4503599627370496.0;  // 2^52
  static constexpr uint64_t kTwoMantissaBits = 0x4330000000000000u;
  static constexpr uint64_t kSqrtHalfBits = 0x3fe6a09e667f3bcdu;
  static constexpr double kMinNormal = 2.2250738585072014e-308;
  static constexpr double kLn2Hi = 6.93147180369123816490e-01, kLn2Lo = 1.90821492927058770002e-10;
  static constexpr double kExpMin = -746.0, kExpMax = 710.0;
  static constexpr double kExpm1Min = -40.0;
  static constexpr double kTiny = 5.5511151231257827e-17;  // 2^-54
};

template <class T>
using UInt = typename Float<T>::U;

template <class T>
LAMINA_FN UInt<T> bits(T x) {
  return __builtin_bit_cast(UInt<T>, x);
}
template <class T>
LAMINA_FN T from_bits(UInt<T> u) {
  return __builtin_bit_cast(T, u);
}
template <class T>
LAMINA_FN T constant_inf() {
  return std::numeric_limits<T>::infinity();
}
template <class T>
LAMINA_FN T constant_nan() {
  return std::numeric_limits<T>::quiet_NaN();
}

template <class T>
inline constexpr UInt<T> kSignBit = UInt<T>(1) << (sizeof(T) * 8 - 1);

template <class T>
LAMINA_FN T abs(T x) {
  return from_bits<T>(bits(x) & ~kSignBit<T>);
}
template <class T>
LAMINA_FN T copysign(T x, T sign) {
  return from_bits<T>((bits(x) & ~kSignBit<T>) | (bits(sign) & kSignBit<T>));
}
template <class T>
LAMINA_FN T clamp(T x, T lo, T hi) {
  const T y = x < lo ? lo : x;
  return y > hi ? hi : y;
}

// Horner's rule, coefficients from the highest power down.
template <class T, class... C>
LAMINA_FN T horner(T x, T top, C... rest) {
  ((top = top * x + T(rest)), ...);
  return top;
}

// ---- exponentials

// exp(r) - 1 for |r| <= log(2) / 2.
LAMINA_FN float expm1_core(float r) {
  return r + r * r *
                 horner(r, 1.99136512e-4f, 1.394093646e-3f, 8.333273824e-3f, 4.166635568e-2f,
                        1.666666681e-1f, 5.000000046e-1f);
}
LAMINA_FN double expm1_core(double r) {
  return r + r * r *
                 horner(r, 2.51136370575907422e-8, 2.76263496771363091e-7, 2.75572305537756276e-6,
                        2.48015043766296028e-5, 1.98412699001395797e-4, 1.38888889324462617e-3,
                        8.33333333331595285e-3, 4.16666666665733945e-2, 1.66666666666666837e-1,
                        5.00000000000000557e-1);
}

// x * 2^n for m = n + 2 * bias, in two factors: 2^n itself may overflow or be subnormal.
template <class T>
LAMINA_FN T scale_by_power(T x, UInt<T> m) {
  using F = Float<T>;
  const UInt<T> half = m >> 1;
  return x * from_bits<T>(half << F::kMantissa) * from_bits<T>((m - half) << F::kMantissa);
}

// exp(x + lo) for x in [-150, 0], lo tiny.
template <class T>
LAMINA_FN T exp_sum(T x, T lo) {
  using F = Float<T>;
  const T t = x * T(1.44269504088896341) + F::kRound;
  const T n = t - F::kRound;
  const T r = ((x - n * F::kLn2Hi) - n * F::kLn2Lo) + lo;
  return scale_by_power(1 + expm1_core(r), bits(t) - (F::kRoundBits - 2 * F::kBias));
}

template <class T>
LAMINA_FN T exp(T x) {
  using F = Float<T>;
  x = clamp(x, F::kExpMin, F::kExpMax);
  const T t = x * T(1.44269504088896341) + F::kRound;
  const T n = t - F::kRound;
  const T r = (x - n * F::kLn2Hi) - n * F::kLn2Lo;
  return scale_by_power(1 + expm1_core(r), bits(t) - (F::kRoundBits - 2 * F::kBias));
}

// exp(x) for x <= 0, with zero in place of subnormal results: shares of a softmax.
template <class T>
LAMINA_FN T exp_share(T x) {
  using F = Float<T>;
  constexpr T kLeast = std::is_same_v<T, float> ? T(-87) : T(-708);
  const T y = x < kLeast ? kLeast : x;
  const T t = y * T(1.44269504088896341) + F::kRound;
  const T n = t - F::kRound;
  const T r = (y - n * F::kLn2Hi) - n * F::kLn2Lo;
  const T power = from_bits<T>((bits(t) - (F::kRoundBits - F::kBias)) << F::kMantissa);
  const T z = (1 + expm1_core(r)) * power;
  return x < kLeast ? T(0) : z;
}

template <class T>
LAMINA_FN T exp2(T x) {
  using F = Float<T>;
  x = clamp(x, T(F::kExpMin * 1.5), T(F::kExpMax * 1.5));
  const T t = x + F::kRound;
  const T r = (x - (t - F::kRound)) * T(0.693147180559945309);
  return scale_by_power(1 + expm1_core(r), bits(t) - (F::kRoundBits - 2 * F::kBias));
}

template <class T>
LAMINA_FN T expm1(T x0) {
  using F = Float<T>;
  const T x = clamp(x0, F::kExpm1Min, F::kExpMax);
  const T t = x * T(1.44269504088896341) + F::kRound;
  const T n = t - F::kRound;
  const T r = (x - n * F::kLn2Hi) - n * F::kLn2Lo;
  // With s = 2^(n-1), which never overflows: 2^n * (exp(r) - 1) + 2^n - 1.
  const T s = from_bits<T>((bits(t) - (F::kRoundBits - F::kBias + 1)) << F::kMantissa);
  const T y = 2 * (s * expm1_core(r) + (s - T(0.5)));
  return abs(x0) < F::kTiny ? x0 : y;
}

template <class T>
LAMINA_FN T tanh(T x) {
  const T t = expm1(-2 * abs(x));
  return copysign(-t / (t + 2), x);
}

template <class T>
LAMINA_FN T sigmoid(T x) {
  const T e = exp(-abs(x));  // never overflows, and small results keep their digits
  const T r = 1 / (1 + e);
  return x >= 0 ? r : e * r;
}

// ---- logarithms

// log((1 + f) * 2^e) for 1 + f in [sqrt(1/2), sqrt(2)].
LAMINA_FN float log_core(float f, float e) {  // Cephes, logf
  const float z = f * f;
  const float p = horner(f, 7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f,
                         -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f,
                         -2.4999993993e-1f, 3.3333331174e-1f);
  const float y = f * z * p + e * Float<float>::kLn2Lo - 0.5f * z;
  return (f + y) + e * Float<float>::kLn2Hi;
}
LAMINA_FN double log_core(double f, double e) {  // FreeBSD msun, e_log.c
  const double s = f / (2 + f), z = s * s, w = z * z;
  const double t1 =
      w * horner(w, 1.531383769920937332e-01, 2.222219843214978396e-01, 3.999999999940941908e-01);
  const double t2 = z * horner(w, 1.479819860510658591e-01, 1.818357216161805012e-01,
                               2.857142874366239149e-01, 6.666666666666735130e-01);
  const double h = 0.5 * f * f;
  return e * Float<double>::kLn2Hi - ((h - (s * (h + (t1 + t2)) + e * Float<double>::kLn2Lo)) - f);
}

// log(u + c) for positive normal or infinite u and |c| far below u; anything else is for the
// caller.
template <class T>
LAMINA_FN T log_sum(T u, T c, T e_shift) {
  using F = Float<T>;
  constexpr UInt<T> mantissa = (UInt<T>(1) << F::kMantissa) - 1;
  const UInt<T> i = bits(u) + ((F::kBias << F::kMantissa) - F::kSqrtHalfBits);
  const UInt<T> biased = i >> F::kMantissa;
  const T e = from_bits<T>(biased | F::kTwoMantissaBits) - (F::kTwoMantissa + T(F::kBias));
  const T scale = from_bits<T>((2 * F::kBias - biased) << F::kMantissa);  // 2^-e
  const T f = (from_bits<T>((i & mantissa) + F::kSqrtHalfBits) - 1) +
              (biased < 2 * F::kBias ? c * scale : T(0));
  return log_core(f, e + e_shift);
}

// y = log(x) of a positive finite x, put right for the others.
template <class T>
LAMINA_FN T log_ends(T x, T y) {
  y = x > 0 ? y : (x == 0 ? -constant_inf<T>() : constant_nan<T>());
  return x == constant_inf<T>() ? x : y;
}

template <class T>
LAMINA_FN T log(T x) {
  using F = Float<T>;
  constexpr UInt<T> mantissa = (UInt<T>(1) << F::kMantissa) - 1;
  const bool small = x < F::kMinNormal;
  const T normal = small ? x * F::kTwoMantissa : x;
  const UInt<T> i = bits(normal) + ((F::kBias << F::kMantissa) - F::kSqrtHalfBits);
  const T e = from_bits<T>((i >> F::kMantissa) | F::kTwoMantissaBits) -
              (F::kTwoMantissa + T(F::kBias) + (small ? T(F::kMantissa) : T(0)));
  const T f = from_bits<T>((i & mantissa) + F::kSqrtHalfBits) - 1;
  return log_ends(x, log_core(f, e));
}

template <class T>
LAMINA_FN T log1p(T x) {
  const T u = 1 + x, b = u - 1;
  const T c = (x - b) + (1 - (u - b));  // what rounding took from u
  const T y = log_ends(u, log_sum(u, c, T(0)));
  return abs(x) < Float<T>::kTiny ? x : y;
}

// log(1 + e) for e in [0, 1].
template <class T>
LAMINA_FN T log1p_unit(T e) {
  const T u = 1 + e, c = e - (u - 1);
  // One selection only: of two, compilers make branches.
  const T scale = u > T(1.41421356237309505) ? T(0.5) : T(1);
  return log_core((scale * u - 1) + scale * c, 2 - 2 * scale);
}

template <class T>
LAMINA_FN T softplus(T x) {
  return (x > 0 ? x : T(0)) + log1p_unit(exp(-abs(x)));
}

// ---- the error function and the normal distribution

LAMINA_FN float erf(float x) {  // N. Juffa's two polynomials, both evaluated
  const float t0 = abs(x), t = t0 > 4.0f ? 4.0f : t0, s = t * t;
  const float outer =
      1 - exp(-t + t * horner(t, -1.72853470e-5f, 3.83197126e-4f, -3.88396438e-3f, 2.42546219e-2f,
                              -1.06777877e-1f, -6.34846687e-1f, -1.28717512e-1f));
  const float inner = x + x * horner(s, -5.96761703e-4f, 4.99119423e-3f, -2.67681349e-2f,
                                     1.12819925e-1f, -3.76125336e-1f, 1.28379166e-1f);
  return t > 0.921875f ? copysign(outer, x) : inner;
}
LAMINA_FN double erf(double x) { return ::erf(x); }

template <class T>
struct Normal {
  T cdf, tail, pdf;  // Phi(x), Phi(-|x|) and the density at x
};

LAMINA_FN Normal<float> normal(float x) {
  const float t0 = abs(x), t = t0 > 15.0f ? 15.0f : t0;
  // exp(-t^2 / 2) with an exact square: t = hi + lo, hi of 12 bits.
  const float hi = from_bits<float>(bits(t) & 0xfffff000u), lo = t - hi;
  const float e = exp_sum(-0.5f * hi * hi, -0.5f * lo * (t + hi));
  const float v = (t - 3) / (t + 3);
  const float tail = e * horner(v, 5.32921004e-5f, 1.150676674e-4f, -3.391849469e-4f,
                                -9.833275388e-4f, 2.904466144e-3f, 6.131947737e-3f, -4.62132768e-2f,
                                1.232250416e-1f, -2.064026199e-1f, 1.215139475e-1f);
  return {x > 0 ? 1 - tail : tail, tail, 0.398942280401432678f * e};
}
LAMINA_FN Normal<double> normal(double x) {
  const double tail = 0.5 * ::erfc(abs(x) * 0.707106781186547524);
  return {x > 0 ? 1 - tail : tail, tail, 0.398942280401432678 * exp(-0.5 * x * x)};
}

// erfinv(x) for |x| <= 0.9545, the part between two deviations.
LAMINA_FN float erfinv_central(float x) {
  const float w = -log((1 - x) * (1 + x));
  return x * horner(w, -3.572395616e-7f, -1.55959567e-6f, 5.467800769e-5f, -1.374995735e-4f,
                    -2.329246647e-3f, 1.154759267e-2f, 2.320138626e-1f, 8.862269219e-1f);
}
LAMINA_FN double erfinv_central(double x) {
  const double w = -log((1 - x) * (1 + x));
  return x * horner(w, -4.29447790326606788e-15, 9.52178925287904072e-14, -7.86607642727215113e-13,
                    1.93233379750496239e-12, 8.71155919360189416e-12, -1.0321383969824717e-11,
                    -5.31474194338871128e-10, 7.60675035341904175e-10, 2.27899497798248158e-8,
                    -3.72942594116302377e-8, -1.01255408749754866e-6, 2.01998843972830363e-6,
                    4.66114405823064147e-5, -1.28043294303039608e-4, -2.33510164160481448e-3,
                    1.15493420382704833e-2, 2.320136665346545e-1, 8.86226925452758014e-1);
}

// ---- sine and cosine

// sin(r) and cos(r) for |r| <= pi / 4.
LAMINA_FN float sin_core(float r) {
  const float z = r * r;
  return r + r * z * horner(z, -1.95175979e-4f, 8.33218033e-3f, -1.666665497e-1f);
}
LAMINA_FN float cos_core(float r) {
  const float z = r * r;
  return (1 - 0.5f * z) + z * z * horner(z, 2.4438883e-5f, -1.38873711e-3f, 4.166664693e-2f);
}
LAMINA_FN double sin_core(double r) {
  const double z = r * r;
  return r + r * z *
                 horner(z, 1.58968945594851062e-10, -2.50507597397184831e-8, 2.75573137014801252e-6,
                        -1.98412698298316058e-4, 8.33333333332243537e-3, -1.66666666666666321e-1);
}
LAMINA_FN double cos_core(double r) {
  const double z = r * r;
  return (1 - 0.5 * z) + z * z *
                             horner(z, -1.13597034619710445e-11, 2.08757243430877518e-9,
                                    -2.75573143602333329e-7, 2.48015872895099556e-5,
                                    -1.38888888888741695e-3, 4.16666666666665997e-2);
}

// Sine of the angle r + quadrant * pi / 2.
template <class T>
LAMINA_FN T sin_of_quadrant(T r, uint32_t quadrant) {
  const T v = (quadrant & 1) != 0 ? cos_core(r) : sin_core(r);
  const UInt<T> sign = UInt<T>(quadrant & 2) << (sizeof(T) * 8 - 2);
  return from_bits<T>(bits(v) ^ sign);
}

// Below this the reduction in double is exact to float; larger arguments take the library's.
inline constexpr float kSinFast = 8388608.0f;

LAMINA_FN float sin_fast(float x, uint32_t shift) {
  const double xd = x;
  const double t = xd * 0.636619772367581343 + Float<double>::kRound;
  const double n = t - Float<double>::kRound;
  const float r = float((xd - n * 1.57079631090164184570) - n * 1.58932547735281966916e-08);
  return sin_of_quadrant(r, uint32_t(bits(t)) + shift);
}
}  // namespace math
#ifdef LAMINA_ISA
}  // namespace
}  // namespace lamina::LAMINA_ISA
#else
}  // namespace lamina
#endif
