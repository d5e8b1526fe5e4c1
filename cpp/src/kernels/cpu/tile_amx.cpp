// Pairs of bfloat16 on CPUs with tiles of 16 rows of 64 bytes (AMX): one instruction multiplies 16
// rows of 16 pairs by 16 rows of 16 columns of pairs.
#include "kernels/cpu/tile_amx.h"

#include <algorithm>

#include "kernels/cpu/simd.h"

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

constexpr int64_t kSide = 16;          // rows of a tile, and pairs or sums in a row of it
constexpr int64_t kBlock = 2 * kSide;  // a block of results is 2 x 2 tiles

// Of tiles 0 to 3 (sums), 4 and 5 (left), 6 and 7 (right).
struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};

  TileConfig(int64_t upper, int64_t lower) {
    const int64_t of[8] = {upper, upper, lower, lower, upper, lower, kSide, kSide};
    for (int i = 0; i < 8; ++i)
      row_bytes[i] = 64, rows[i] = static_cast<uint8_t>(std::max<int64_t>(of[i], 1));
  }
};

// What was stored so far is in memory: the compiler does not see what the loads of tiles read.
inline void settle() { asm volatile("" ::: "memory"); }

// Adds up 16 pairs of each row: a has rows `stride` apart, b 16 rows of 32 columns.
LAMINA_AMX inline void step(const float* a, int64_t stride, const float* b, bool lower) {
  _tile_loadd(6, b, 128);
  _tile_loadd(7, b + kSide, 128);
  _tile_loadd(4, a, stride * 4);
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(1, 4, 7);
  if (!lower) return;
  _tile_loadd(5, a + kSide * stride, stride * 4);
  _tile_dpbf16ps(2, 5, 6);
  _tile_dpbf16ps(3, 5, 7);
}

// `rows` (at most 32) rows of one panel.
LAMINA_NOINLINE LAMINA_AMX void multiply_block(int64_t rows, const RegisterTile<float>& t) {
  const bool lower = rows > kSide;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  int64_t j = 0;
  for (; j + kSide <= t.length; j += kSide) step(t.a + j, t.stride, t.b + j * kBlock, lower);
  if (const int64_t rest = t.length - j; rest > 0) {  // filled up with zeros
    alignas(64) float left[kBlock * kSide] = {}, right[kSide * kBlock] = {};
    for (int64_t r = 0; r < rows; ++r)
      std::memcpy(left + r * kSide, t.a + r * t.stride + j, static_cast<size_t>(rest) * 4);
    std::memcpy(right, t.b + j * kBlock, static_cast<size_t>(rest * kBlock) * 4);
    settle();
    step(left, kSide, right, lower);
  }
  alignas(64) float sums[kBlock * kBlock];
  _tile_stored(0, sums, 128);
  _tile_stored(1, sums + kSide, 128);
  if (lower) {
    _tile_stored(2, sums + kSide * kBlock, 128);
    _tile_stored(3, sums + kSide * kBlock + kSide, 128);
  }
  for (int64_t v = 0; v < t.width; v += kSide) {
    const int64_t rest = t.width - v;
    Vector<float> start{};
    if (t.bias) start = load_some(t.bias + v, rest);
    for (int64_t r = 0; r < rows; ++r) {
      float* c = t.c + r * t.ldc + v;
      store_some(c,
                 (t.accumulate ? load_some(c, rest) : start) + load_vector(sums + r * kBlock + v),
                 rest);
    }
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

LAMINA_AMX void multiply_rows_amx(int64_t rows, const RegisterTile<float>& tile) {
  RegisterTile<float> t = tile;
  int64_t configured = 0;
  while (rows > 0) {
    const int64_t height = min64(rows, kBlock);
    if (height != configured) {
      const TileConfig config(min64(height, kSide), height - kSide);
      settle();
      _tile_loadconfig(&config);
      configured = height;
    }
    multiply_block(height, t);
    t.a += height * t.stride, t.c += height * t.ldc, rows -= height;
  }
  _tile_release();
}

#else

bool has_amx() { return false; }
void multiply_rows_amx(int64_t, const RegisterTile<float>&) {}

#endif

}  // namespace lamina::LAMINA_ISA
