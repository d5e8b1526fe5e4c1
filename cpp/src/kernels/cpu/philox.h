// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3" (2011).
#pragma once
#include "kernels/functors_math.h"

#if defined(__SSE2__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace lamina::LAMINA_ISA {
namespace {

// The four words of counter (c0, c1, c2, c3) under key (k0, k1), in place.
LAMINA_FN void philox(uint32_t& c0, uint32_t& c1, uint32_t& c2, uint32_t& c3, uint32_t k0,
                      uint32_t k1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t(0xD2511F53u) * c0, p1 = uint64_t(0xCD9E8D57u) * c2;
    c0 = uint32_t(p1 >> 32) ^ c1 ^ k0;
    c1 = uint32_t(p1);
    c2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
    c3 = uint32_t(p0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

#if defined(__SSE2__) || defined(_M_X64)
#define LAMINA_PHILOX_VECTOR
// 64-bit lanes whose lower halves count: all that the one fast widening multiplication of x86
// reads. Compilers do not find it by themselves.
#if defined(__AVX512F__)
struct Wide {  // the zero-masked forms, as g++ 12 warns about what the plain ones leave undefined
  __m512i v;
  static constexpr int kLanes = 8;
  static LAMINA_FN Wide load(const uint64_t* p) { return {_mm512_loadu_si512(p)}; }
  static LAMINA_FN Wide all(uint32_t x) { return {_mm512_set1_epi64(int64_t{x})}; }
  LAMINA_FN void store(uint64_t* p) const { _mm512_storeu_si512(p, v); }
  LAMINA_FN Wide operator*(Wide b) const { return {_mm512_maskz_mul_epu32(0xff, v, b.v)}; }
  LAMINA_FN Wide operator^(Wide b) const { return {_mm512_xor_si512(v, b.v)}; }
  LAMINA_FN Wide high() const { return {_mm512_maskz_srli_epi64(0xff, v, 32)}; }
};
#elif defined(__AVX2__)
struct Wide {
  __m256i v;
  static constexpr int kLanes = 4;
  static LAMINA_FN Wide load(const uint64_t* p) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))};
  }
  static LAMINA_FN Wide all(uint32_t x) { return {_mm256_set1_epi64x(int64_t{x})}; }
  LAMINA_FN void store(uint64_t* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }
  LAMINA_FN Wide operator*(Wide b) const { return {_mm256_mul_epu32(v, b.v)}; }
  LAMINA_FN Wide operator^(Wide b) const { return {_mm256_xor_si256(v, b.v)}; }
  LAMINA_FN Wide high() const { return {_mm256_srli_epi64(v, 32)}; }
};
#else
struct Wide {
  __m128i v;
  static constexpr int kLanes = 2;
  static LAMINA_FN Wide load(const uint64_t* p) {
    return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))};
  }
  static LAMINA_FN Wide all(uint32_t x) { return {_mm_set1_epi64x(int64_t{x})}; }
  LAMINA_FN void store(uint64_t* p) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), v); }
  LAMINA_FN Wide operator*(Wide b) const { return {_mm_mul_epu32(v, b.v)}; }
  LAMINA_FN Wide operator^(Wide b) const { return {_mm_xor_si128(v, b.v)}; }
  LAMINA_FN Wide high() const { return {_mm_srli_epi64(v, 32)}; }
};
#endif
#endif

// Many counters at once.
struct PhiloxGroup {
  static constexpr int kLanes = 32, kWords = 4 * kLanes;
  uint32_t word[kWords];  // words 0 to 3 of counter (block, stream), of (block + 1, stream), ...

  inline void fill(uint64_t seed, uint64_t stream, uint64_t block) {
    uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
    const uint32_t s0 = uint32_t(stream), s1 = uint32_t(stream >> 32);
#ifdef LAMINA_PHILOX_VECTOR
    uint64_t low[kLanes], high[kLanes], out[4][kLanes];
    for (int i = 0; i < kLanes; ++i) {
      low[i] = block + uint64_t(i);
      high[i] = low[i] >> 32;
    }
    // So many chains side by side as the registers hold.
    constexpr int n = kLanes / Wide::kLanes, side = Wide::kLanes == 8 ? 4 : 2;
    const Wide m0 = Wide::all(0xD2511F53u), m1 = Wide::all(0xCD9E8D57u);
    for (int first = 0; first < n; first += side) {
      Wide c0[side], c1[side], c2[side], c3[side];
      for (int j = 0; j < side; ++j) {
        c0[j] = Wide::load(low + (first + j) * Wide::kLanes);
        c1[j] = Wide::load(high + (first + j) * Wide::kLanes);
        c2[j] = Wide::all(s0);
        c3[j] = Wide::all(s1);
      }
      uint32_t a = k0, b = k1;
      for (int round = 0; round < 10; ++round, a += 0x9E3779B9u, b += 0xBB67AE85u) {
        const Wide key0 = Wide::all(a), key1 = Wide::all(b);
        for (int j = 0; j < side; ++j) {
          const Wide p0 = m0 * c0[j], p1 = m1 * c2[j];
          c0[j] = p1.high() ^ c1[j] ^ key0;
          c1[j] = p1;
          c2[j] = p0.high() ^ c3[j] ^ key1;
          c3[j] = p0;
        }
      }
      for (int j = 0; j < side; ++j) {
        const int at = (first + j) * Wide::kLanes;
        c0[j].store(out[0] + at);
        c1[j].store(out[1] + at);
        c2[j].store(out[2] + at);
        c3[j].store(out[3] + at);
      }
    }
    for (int i = 0; i < kLanes; ++i) {
      for (int k = 0; k < 4; ++k) word[4 * i + k] = uint32_t(out[k][i]);
    }
#else
    for (int i = 0; i < kLanes; ++i) {
      const uint64_t counter = block + uint64_t(i);
      uint32_t c0 = uint32_t(counter), c1 = uint32_t(counter >> 32), c2 = s0, c3 = s1;
      philox(c0, c1, c2, c3, k0, k1);
      word[4 * i] = c0;
      word[4 * i + 1] = c1;
      word[4 * i + 2] = c2;
      word[4 * i + 3] = c3;
    }
#endif
  }
};

}  // namespace
}  // namespace lamina::LAMINA_ISA
