// Random numbers and dropout. Element i takes its bits from Philox's block i / 4 (32-bit values) or
// i / 2 (64-bit ones) under the key `seed` and the counter's upper half `stream`: any element can
// be computed by itself, in any order, on any machine.
#if defined(__GNUC__) && !defined(__clang__)
// Without fused multiply-adds the same numbers come out under every instruction set.
#pragma GCC optimize("fp-contract=off")
#elif defined(__clang__)
#pragma clang fp contract(off)
#endif

#include "kernels/cpu/convert.h"
#include "kernels/cpu/elementwise_tiles.h"
#include "kernels/cpu/philox.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::RandomKind;

constexpr int kLanes = PhiloxGroup::kLanes;
// Values in a group: one word each for float, two for double and integers.
template <class V>
constexpr int kGroup = PhiloxGroup::kWords * 4 / (sizeof(V) == 4 ? 4 : 8);

constexpr int64_t kBlock = 4096;  // elements of a parallel block, a multiple of any group

template <class V>
struct Params {
  V p0, p1;
  V scale, below;  // of kUniform: p1 - p0 and the largest value under p1
  int64_t first;   // of kInteger
  uint64_t range;
};

LAMINA_FN uint64_t pair(uint32_t low, uint32_t high) { return uint64_t(high) << 32 | low; }

LAMINA_FN float unit(uint32_t w) { return float(int32_t(w >> 8)) * 0x1p-24f; }
LAMINA_FN double unit(uint64_t w) { return double(int64_t(w >> 11)) * 0x1p-53; }

// (0, 1], for logarithms
LAMINA_FN float unit_open(uint32_t w) { return float(int32_t(w >> 1)) * 0x1p-31f + 0x1p-32f; }
LAMINA_FN double unit_open(uint64_t w) { return 1 - unit(w); }

// An angle within an eighth of the circle of zero, from the bits below the two of the quadrant.
LAMINA_FN float angle(uint32_t w) {
  return float(int32_t(w << 2)) * (0.785398163397448310f * 0x1p-31f);
}
LAMINA_FN double angle(uint64_t w) {
  return double(int64_t(w << 2)) * (0.785398163397448310 * 0x1p-63);
}

// Box-Muller: two independent normal values.
template <class V, class W>
LAMINA_FN void normal_pair(W w0, W w1, V& a, V& b) {
  const V radius = std::sqrt(-2 * math::log(unit_open(w0)));
  const uint32_t quadrant = uint32_t(w1 >> (sizeof(W) * 8 - 2));
  a = radius * math::sin_of_quadrant(angle(w1), quadrant + 1);
  b = radius * math::sin_of_quadrant(angle(w1), quadrant);
}

// By inversion: one value from one word, however the cut falls.
template <class V, class W>
LAMINA_FN V truncated_normal(W w) {
  constexpr V inside = V(0.954499736103641585);  // erf(sqrt(2)), the mass within two deviations
  const V x = (2 * unit(w) - 1) * inside;
  return math::clamp(V(1.41421356237309505) * math::erfinv_central(x), V(-2), V(2));
}

template <class V>
LAMINA_FN V uniform(V u, const Params<V>& p) {
  const V x = u * p.scale + p.p0;
  return x > p.below ? p.below : x;
}

// The upper half of a * b.
LAMINA_FN uint64_t multiply_high(uint64_t a, uint64_t b) {
  const uint64_t mask = 0xffffffffu, al = a & mask, ah = a >> 32, bl = b & mask, bh = b >> 32;
  const uint64_t mid = ah * bl + (al * bl >> 32), cross = al * bh + (mid & mask);
  return ah * bh + (mid >> 32) + (cross >> 32);
}

// Values from words; W is as wide as V.
template <class V, class W>
void make_reals(RandomKind kind, const W* w, const Params<V>& p, V* v) {
  constexpr int n = kGroup<V>;
  switch (kind) {
    case RandomKind::kUniform:
      for (int i = 0; i < n; ++i) v[i] = uniform(unit(w[i]), p);
      break;
    case RandomKind::kNormal:
      for (int i = 0; i < n / 2; ++i) {
        V a, b;
        normal_pair(w[2 * i], w[2 * i + 1], a, b);
        v[2 * i] = a * p.p1 + p.p0;
        v[2 * i + 1] = b * p.p1 + p.p0;
      }
      break;
    default:
      for (int i = 0; i < n; ++i) v[i] = truncated_normal<V>(w[i]) * p.p1 + p.p0;
  }
}

void make_pairs(const PhiloxGroup& g, uint64_t* w) {
  for (int i = 0; i < PhiloxGroup::kWords / 2; ++i) w[i] = pair(g.word[2 * i], g.word[2 * i + 1]);
}

void make_values(RandomKind kind, const PhiloxGroup& g, const Params<float>& p, float* v) {
  make_reals(kind, g.word, p, v);
}
void make_values(RandomKind kind, const PhiloxGroup& g, const Params<double>& p, double* v) {
  uint64_t w[PhiloxGroup::kWords / 2];
  make_pairs(g, w);
  make_reals(kind, w, p, v);
}
void make_values(RandomKind, const PhiloxGroup& g, const Params<int64_t>& p, int64_t* v) {
  uint64_t w[PhiloxGroup::kWords / 2];
  make_pairs(g, w);
  for (int i = 0; i < PhiloxGroup::kWords / 2; ++i) {
    v[i] = int64_t(uint64_t(p.first) + multiply_high(w[i], p.range));
  }
}

// The largest value of a stored float type under p1, as a V.
template <class S, class V>
V below(double p0, double p1) {
  if (!(p1 > p0)) return V(p0);
  if constexpr (std::is_same_v<S, Half> || std::is_same_v<S, BFloat>) {
    const float down = std::nextafter(float(p1), float(p0));
    uint16_t b = convert<S>(down).bits;
    if (convert<float>(S{b}) > down) b = b == 0 ? 0x8001 : uint16_t(b & 0x8000 ? b + 1 : b - 1);
    return convert<float>(S{b});
  } else {
    const V x = V(p1);
    return double(x) < p1 ? x : std::nextafter(x, V(p0));
  }
}

template <class V, class S>
void random_as(const Context& ctx, RandomKind kind, uint64_t seed, uint64_t stream, double p0,
               double p1, const View& out) {
  Params<V> p = {};
  if constexpr (std::is_same_v<V, int64_t>) {
    p.first = from_double<int64_t>(p0);
    const double range = p1 - p0;
    p.range = range < 1 ? 0 : (range < 0x1p64 ? uint64_t(range) : ~uint64_t{0});
  } else {
    p = {V(p0), V(p1), V(p1 - p0), below<S, V>(p0, p1), 0, 0};
  }
  const int64_t n = numel(out), blocks = (n + kBlock - 1) / kBlock;
  constexpr int group = kGroup<V>;
  const double cost = double(n) * (kind == RandomKind::kUniform ? 0.8 : 2.0);
  parallel(ctx, blocks, cost, [&](int64_t b) {
    PhiloxGroup g;
    V v[group];
    S* const to = data<S>(out);
    const int64_t end = min64(n, (b + 1) * kBlock);
    for (int64_t i = b * kBlock; i < end; i += group) {
      g.fill(seed, stream, uint64_t(i / group) * kLanes);
      make_values(kind, g, p, v);
      const int64_t count = min64(group, end - i);
      for (int64_t k = 0; k < count; ++k) to[i + k] = convert<S>(v[k]);
    }
  });
}

void random(const Context& ctx, RandomKind kind, uint64_t seed, uint64_t stream, double p0,
            double p1, const View& out) {
  with_stored_type(out.dtype, [&](auto t) {
    using S = decltype(t);
    if (kind == RandomKind::kInteger) {
      random_as<int64_t, S>(ctx, kind, seed, stream, p0, p1, out);
    } else {
      using V = std::conditional_t<std::is_same_v<S, double>, double, float>;
      random_as<V, S>(ctx, kind, seed, stream, p0, p1, out);
    }
  });
}

template <class T>
void dropout_as(const Context& ctx, uint64_t seed, uint64_t stream, double rate, const View& x,
                const View& y, const View& mask) {
  const int64_t n = numel(x), blocks = (n + kBlock - 1) / kBlock;
  constexpr int group = kGroup<T>;
  const T scale = T(1 / (1 - rate)), limit = T(rate);
  parallel(ctx, blocks, double(n), [&](int64_t b) {
    PhiloxGroup g;
    T u[group];
    // Locals, for a store of bytes may change anything that is reached through a reference.
    const T* const from = data<T>(x);
    const T factor = scale, below = limit;
    T* const to = data<T>(y);
    uint8_t* const keep = data<uint8_t>(mask);
    const Params<T> unit_range = {0, 1, 1, 1, 0, 0};
    const int64_t end = min64(n, (b + 1) * kBlock);
    for (int64_t i = b * kBlock; i < end; i += group) {
      g.fill(seed, stream, uint64_t(i / group) * kLanes);
      make_values(RandomKind::kUniform, g, unit_range, u);
      const int64_t count = min64(group, end - i);
      LAMINA_NO_CARRY
      for (int64_t k = 0; k < count; ++k) {
        const bool kept = !(u[k] < below);
        const T scaled = from[i + k] * factor;
        to[i + k] = kept ? scaled : T(0);
        keep[i + k] = kept;
      }
    }
  });
}

void dropout(const Context& ctx, uint64_t seed, uint64_t stream, double rate, const View& x,
             const View& y, const View& mask) {
  if (x.dtype == DType::kFloat64) {
    dropout_as<double>(ctx, seed, stream, rate, x, y, mask);
  } else {
    dropout_as<float>(ctx, seed, stream, rate, x, y, mask);
  }
}

}  // namespace

void fill_random(abi::KernelTable& t) {
  t.random = random;
  t.dropout = dropout;
}

}  // namespace lamina::LAMINA_ISA
