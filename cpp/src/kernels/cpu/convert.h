// Element types as stored in memory, and conversions between them.
//
// Floats become integers by truncation, saturating, NaN as 0; integers wrap; anything non-zero is a
// true bool; float16 and bfloat16 round to nearest even, from float64 in one rounding. Branch-free,
// so that loops over them become vector code.
#pragma once
#include "kernels/cpu/common.h"
#include "kernels/functors.h"

namespace lamina::LAMINA_ISA {
namespace {

struct Bool {
  uint8_t byte;
};
struct Half {
  uint16_t bits;
};
struct BFloat {
  uint16_t bits;
};

// float16 <-> float, every pattern, NaN payloads too.
LAMINA_FN float half_to_float(uint16_t h) {
  const uint32_t magnitude = h & 0x7fffu, sign = uint32_t(h & 0x8000u) << 16;
  const uint32_t wide = magnitude << 13;
  const uint32_t normal = wide + (magnitude >= 0x7c00u ? 0x70000000u : 0x38000000u);
  // Subnormals: the bits as the fraction of 2^-14, less that 2^-14.
  const float fraction = math::from_bits<float>(wide + 0x38800000u) - 6.103515625e-5f;
  const uint32_t small = math::bits(fraction);
  return math::from_bits<float>((magnitude < 0x400u ? small : normal) | sign);
}
LAMINA_FN uint16_t float_to_half(float x) {
  const uint32_t u = math::bits(x), a = u & 0x7fffffffu;
  const uint32_t normal = (a + 0xfffu + ((a >> 13) & 1) - 0x38000000u) >> 13;
  // Adding 0.5 makes the hardware round at 2^-24, the unit of subnormals.
  const uint32_t small = math::bits(math::from_bits<float>(a) + 0.5f) - 0x3f000000u;
  const uint32_t payload = (a >> 13) & 0x3ffu;
  const uint32_t nan = 0x7c00u | (payload != 0 ? payload : 0x200u);
  uint32_t h = a < 0x38800000u ? small : normal;
  h = a >= 0x477ff000u ? 0x7c00u : h;
  h = a > 0x7f800000u ? nan : h;
  return uint16_t(h | (u >> 16 & 0x8000u));
}

LAMINA_FN float bfloat_to_float(uint16_t b) { return math::from_bits<float>(uint32_t(b) << 16); }
LAMINA_FN uint16_t float_to_bfloat(float x) {
  const uint32_t u = math::bits(x);
  const uint32_t rounded = (u + 0x7fffu + (u >> 16 & 1)) >> 16;
  const uint32_t nan = (u >> 16) | ((u & 0x7f0000u) != 0 ? 0u : 0x40u);
  return uint16_t((u & 0x7fffffffu) > 0x7f800000u ? nan : rounded);
}

// Rounds to odd: what a second rounding to fewer digits then gives is the right result.
LAMINA_FN float double_to_float_odd(double x) {
  const float f = float(x);
  const double back = double(f);
  const uint32_t u = math::bits(f);
  const uint32_t odd = (u - (math::abs(back) > math::abs(x) ? 1u : 0u)) | 1u;
  // A NaN differs from itself, but its low bits may as well be odd.
  return math::from_bits<float>(back != x ? odd : u);
}

template <class To, class From>
LAMINA_FN To float_to_int(From x) {
  // The largest From that fits To: for wide integers the limit itself is not representable.
  constexpr int digits = std::numeric_limits<To>::digits;
  constexpr int kept =
      digits < std::numeric_limits<From>::digits ? digits : std::numeric_limits<From>::digits;
  constexpr To top = To((((uint64_t(1) << (kept - 1)) - 1) * 2 + 1) << (digits - kept));
  constexpr To bottom = std::numeric_limits<To>::min();
  const From y = x < From(bottom) ? From(bottom) : x;
  const From z = y <= From(top) ? y : From(top);
  const To i = To(x == x ? z : From(0));
  return x > From(top) ? std::numeric_limits<To>::max() : i;
}

template <class To, class From>
LAMINA_FN To convert(From x) {
  if constexpr (std::is_same_v<To, From>) {
    return x;
  } else if constexpr (std::is_same_v<From, Bool>) {
    return convert<To>(int32_t(x.byte != 0));
  } else if constexpr (std::is_same_v<From, Half>) {
    return convert<To>(half_to_float(x.bits));
  } else if constexpr (std::is_same_v<From, BFloat>) {
    return convert<To>(bfloat_to_float(x.bits));
  } else if constexpr (std::is_same_v<To, Bool>) {
    return Bool{uint8_t(x != 0)};
  } else if constexpr (std::is_same_v<To, Half> || std::is_same_v<To, BFloat>) {
    float f;
    if constexpr (std::is_same_v<From, float> || sizeof(From) < 4)
      f = float(x);
    else
      f = double_to_float_odd(double(x));
    if constexpr (std::is_same_v<To, Half>)
      return Half{float_to_half(f)};
    else
      return BFloat{float_to_bfloat(f)};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return float_to_int<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

// Calls f with a value of the stored type of `dtype`; what it returns must not depend on that type.
template <class F>
LAMINA_FN auto with_stored_type(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kBool:
      return f(Bool{});
    case DType::kUInt8:
      return f(uint8_t{});
    case DType::kInt8:
      return f(int8_t{});
    case DType::kInt16:
      return f(int16_t{});
    case DType::kInt32:
      return f(int32_t{});
    case DType::kInt64:
      return f(int64_t{});
    case DType::kFloat16:
      return f(Half{});
    case DType::kBFloat16:
      return f(BFloat{});
    case DType::kFloat32:
      return f(float{});
    case DType::kFloat64:
      break;
  }
  return f(double{});
}

inline int size_of(DType dtype) {
  return with_stored_type(dtype, [](auto t) { return int(sizeof(t)); });
}

}  // namespace
}  // namespace lamina::LAMINA_ISA
