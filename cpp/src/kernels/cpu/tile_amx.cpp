#include "kernels/cpu/tile_amx.h"

#include "kernels/cpu/transpose.h"

#if defined(__AVX512F__) && defined(__GNUC__) && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LAMINA_AMX __attribute__((target("amx-tile,amx-bf16")))
#endif

namespace lamina::LAMINA_ISA {

#ifdef LAMINA_AMX
namespace {

// Rounded to bfloat16, halves to even, in the upper half of each lane; NaN stays NaN.
inline __m512i nearest(__m512 x) {
  const __m512i u = _mm512_castps_si512(x);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
  const __m512i r = _mm512_add_epi32(_mm512_add_epi32(u, _mm512_set1_epi32(0x7fff)), odd);
  return _mm512_mask_or_epi32(r, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), u,
                              _mm512_set1_epi32(0x400000));
}

inline __mmask16 first_of(int64_t count) {
  return static_cast<__mmask16>((1u << max64(0, min64(kTileLines, count))) - 1);
}

// One tile, either stride being 1. `order` picks the upper halves of two vectors: one after the
// other, or in turn.
inline void to_tile(int64_t lines, int64_t k, const float* from, int64_t line_stride,
                    int64_t step_stride, bool across, float* to) {
  alignas(64) static constexpr uint16_t kAlong[32] = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21,
                                                      23, 25, 27, 29, 31, 33, 35, 37, 39, 41, 43,
                                                      45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
  alignas(64) static constexpr uint16_t kInTurn[32] = {1,  33, 3,  35, 5,  37, 7,  39, 9,  41, 11,
                                                       43, 13, 45, 15, 47, 17, 49, 19, 51, 21, 53,
                                                       23, 55, 25, 57, 27, 59, 29, 61, 31, 63};
  const bool along = step_stride == 1, turned = along == across;
  alignas(64) float square[kTileSize];
  float* rows = turned ? square : to;
  const auto put = [&](int64_t row, __m512 x, __m512 y, __m512i order) {
    _mm512_store_si512(rows + row * 16, _mm512_permutex2var_epi16(nearest(x), order, nearest(y)));
  };
  if (along) {
    const __m512i order = _mm512_load_si512(kAlong);
    const __mmask16 first = first_of(k), second = first_of(k - 16);
    for (int64_t i = 0; i < lines; ++i, from += line_stride)
      put(i, _mm512_maskz_loadu_ps(first, from), _mm512_maskz_loadu_ps(second, from + 16), order);
  } else {
    const __m512i order = _mm512_load_si512(kInTurn);
    const __mmask16 all = first_of(lines);
    for (int64_t i = 0; i < 16; ++i, from += 2 * step_stride)
      put(i, _mm512_maskz_loadu_ps(2 * i < k ? all : 0, from),
          _mm512_maskz_loadu_ps(2 * i + 1 < k ? all : 0, from + step_stride), order);
  }
  if (turned) transpose_square(square, 16, along ? lines : 16, to, 16);
}

// Of products, 0 to 3 are sums, 4 and 5 of the left operand, 6 and 7 of the right one.
struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// What was stored so far is in memory: the compiler does not see what the loads of tiles read.
inline void settle() { asm volatile("" ::: "memory"); }

template <bool kLower>
LAMINA_NOINLINE LAMINA_AMX void sum_up(const TileProduct& t, float* sums) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  const float *a = t.a.data, *b = t.b.data;
  for (int64_t s = 0; s < t.depth; ++s, a += t.a.step_pitch, b += t.b.step_pitch) {
    _tile_loadd(6, b, 64);
    _tile_loadd(7, b + t.b.line_pitch, 64);
    _tile_loadd(4, a, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if constexpr (kLower) {
      _tile_loadd(5, a + t.a.line_pitch, 64);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  constexpr int kRow = 4 * kTileBlock;
  _tile_stored(0, sums, kRow);
  _tile_stored(1, sums + 16, kRow);
  if constexpr (kLower) {
    _tile_stored(2, sums + 16 * kTileBlock, kRow);
    _tile_stored(3, sums + 16 * kTileBlock + 16, kRow);
  }
}

// Linux lets a process use tiles once it has asked.
bool may_use_tiles() {
  constexpr int kRequest = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}

}  // namespace

bool has_amx() {
  static const bool has = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    return (d >> 22 & 1) && (d >> 24 & 1) && may_use_tiles();  // amx-bf16, amx-tile
  }();
  return has;
}

void to_tiles(int64_t lines, int64_t k, const float* from, int64_t line_stride, int64_t step_stride,
              bool across, const Tiles& to) {
  for (int64_t i = 0; i < lines; i += kTileLines) {
    const int64_t count = min64(kTileLines, lines - i);
    for (int64_t j = 0; j < k; j += kTileSteps) {
      const int64_t length = min64(kTileSteps, k - j);
      const float* source = from + i * line_stride + j * step_stride;
      float* target = to.from(i, j).data;
      if (step_stride == 1 || line_stride == 1) {
        to_tile(count, length, source, line_stride, step_stride, across, target);
        continue;
      }
      float copy[kTileLines * kTileSteps];
      for (int64_t r = 0; r < count; ++r)
        for (int64_t s = 0; s < length; ++s)
          copy[r * kTileSteps + s] = source[r * line_stride + s * step_stride];
      to_tile(count, length, copy, kTileSteps, 1, across, target);
    }
  }
}

LAMINA_AMX void begin_tiles() {
  static constexpr TileConfig config;
  _tile_loadconfig(&config);
}
LAMINA_AMX void end_tiles() { _tile_release(); }

void multiply_tiles(const TileProduct& t) {
  alignas(64) float sums[kTileBlock * kTileBlock];
  settle();
  (t.rows > kTileLines ? sum_up<true> : sum_up<false>)(t, sums);
  settle();
  for (int64_t v = 0; v < t.width; v += 16) {
    const int64_t rest = t.width - v;
    Vector<float> start{};
    if (t.bias) start = load_some(t.bias + v, rest);
    for (int64_t r = 0; r < t.rows; ++r) {
      float* c = t.c + r * t.ldc + v;
      const Vector<float> sum = load_vector(sums + r * kTileBlock + v);
      store_some(c, (t.accumulate ? load_some(c, rest) : start) + sum, rest);
    }
  }
}

#else

bool has_amx() { return false; }
void to_tiles(int64_t, int64_t, const float*, int64_t, int64_t, bool, const Tiles&) {}
void begin_tiles() {}
void multiply_tiles(const TileProduct&) {}
void end_tiles() {}

#endif

}  // namespace lamina::LAMINA_ISA
