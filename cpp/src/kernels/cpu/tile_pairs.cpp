// The register tile for pairs of bfloat16: one instruction adds two products to each of 16 sums.
#include "kernels/cpu/tile_walk.h"

#if defined(__AVX512F__) && defined(__GNUC__)
#include <immintrin.h>

#define LAMINA_PAIRS __attribute__((target("avx512bf16")))
#endif

namespace lamina::LAMINA_ISA {

#ifdef LAMINA_PAIRS
namespace {

template <int R, int V, Left kLeft>
LAMINA_NOINLINE LAMINA_PAIRS void multiply_pairs(const RegisterTile<float>& t) {
  __m512 sum[R][V];
  LAMINA_UNROLL
  for (int v = 0; v < V; ++v) {
    const int64_t rest = t.width - v * 16;
    Vector<float> start{};
    if (t.bias) start = load_some(t.bias + v * 16, rest);
    LAMINA_UNROLL
    for (int r = 0; r < R; ++r)
      sum[r][v] = t.accumulate ? load_some(t.c + r * t.ldc + v * 16, rest) : start;
  }
  const float *b = t.b, *a0 = t.a;
  const int64_t ldb = t.ldb, stride = t.stride, length = t.length;
  const float *a3 = a0, *a6 = a0, *a9 = a0;
  if constexpr (kLeft == Left::kRows)
    a3 = a0 + 3 * stride, a6 = a3 + 3 * stride, a9 = a6 + 3 * stride;
  for (int64_t j = 0; j < length; ++j, b += ldb) {
    __m512bh right[V];
    LAMINA_UNROLL
    for (int v = 0; v < V; ++v) right[v] = (__m512bh)_mm512_loadu_ps(b + v * 16);
    LAMINA_UNROLL
    for (int r = 0; r < R; ++r) {
      const float* x = a0 + r;
      if constexpr (kLeft == Left::kRows)
        x = (r < 3 ? a0 : r < 6 ? a3 : r < 9 ? a6 : a9) + r % 3 * stride + j;
      const __m512bh left = (__m512bh)_mm512_set1_ps(*x);
      LAMINA_UNROLL
      for (int v = 0; v < V; ++v) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], left, right[v]);
    }
    if constexpr (kLeft == Left::kColumns) a0 += stride;
  }
  LAMINA_UNROLL
  for (int r = 0; r < R; ++r) {
    LAMINA_UNROLL
    for (int v = 0; v < V; ++v)
      store_some(t.c + r * t.ldc + v * 16, (Vector<float>)sum[r][v], t.width - v * 16);
  }
}

struct PairTile {
  template <int R, int V, Left kLeft>
  static void multiply(const RegisterTile<float>& t) {
    multiply_pairs<R, V, kLeft>(t);
  }
};

// Clock ticks of the fastest of several runs of `sums` chains of one instruction.
template <class F>
LAMINA_PAIRS inline uint64_t ticks_of(F&& step) {
  uint64_t best = ~uint64_t{0};
  for (int run = 0; run < 16; ++run) {
    __m512 sum[12] = {};
    const uint64_t begin = __rdtsc();
    for (int i = 0; i < 64; ++i) {
      LAMINA_UNROLL
      for (int j = 0; j < 12; ++j) {
        step(&sum[j]);
        asm volatile("" : "+v"(sum[j]));
      }
    }
    const uint64_t ticks = __rdtsc() - begin;
    if (ticks < best) best = ticks;
  }
  return best;
}

// Some CPUs have the instruction but take four times as long for it as for a multiply-add, others
// no longer. No flag tells which; the two are far enough apart to be told by a look at the clock.
LAMINA_NOINLINE LAMINA_PAIRS bool dot_products_pay() {
  __m512 x = _mm512_set1_ps(0);
  asm volatile("" : "+v"(x));
  const uint64_t pairs = ticks_of(
      [&](__m512* s) LAMINA_PAIRS { *s = _mm512_dpbf16_ps(*s, (__m512bh)x, (__m512bh)x); });
  const uint64_t plain = ticks_of([&](__m512* s) LAMINA_PAIRS { *s = _mm512_fmadd_ps(x, x, *s); });
  return 2 * pairs < 3 * plain;
}

}  // namespace

bool has_pairs() {
  static const bool has = __builtin_cpu_supports("avx512bf16") && dot_products_pay();
  return has;
}

void multiply_rows_of_pairs(Left left, int64_t rows, const RegisterTile<float>& tile) {
  rows_of_tiles<PairTile>(left, rows, tile);
}

#else

bool has_pairs() { return false; }
void multiply_rows_of_pairs(Left left, int64_t rows, const RegisterTile<float>& tile) {
  multiply_rows(left, rows, tile);
}

#endif

}  // namespace lamina::LAMINA_ISA
