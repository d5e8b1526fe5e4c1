#include "kernels/cpu/tile_walk.h"

namespace lamina::LAMINA_ISA {
namespace {

template <class T, int R, int V, Left kLeft, bool kFetch>
LAMINA_NOINLINE void multiply_tile(const RegisterTile<T>& t) {
  constexpr int kLength = kVectorLength<T>;
  Vector<T> sum[R][V];
  LAMINA_UNROLL
  for (int v = 0; v < V; ++v) {
    const int64_t rest = t.width - v * kLength;
    Vector<T> start{};
    if (t.bias) start = load_some(t.bias + v * kLength, rest);
    LAMINA_UNROLL
    for (int r = 0; r < R; ++r)
      sum[r][v] = t.accumulate ? load_some(t.c + r * t.ldc + v * kLength, rest) : start;
  }
  const T* b = t.b;
  const int64_t ldb = t.ldb, stride = t.stride, length = t.length;
  for (int64_t p = 0; p < t.pieces; ++p) {
    // Rows are reached from a pointer for each three of them: x86 adds an index times 1 or 2.
    const T* a = t.a + (t.offsets ? t.offsets[p] : 0);
    const T *a0 = a, *a3 = a, *a6 = a, *a9 = a;
    if constexpr (kLeft == Left::kRows)
      a3 = a + 3 * stride, a6 = a3 + 3 * stride, a9 = a6 + 3 * stride;
    LAMINA_UNROLL_TWICE
    for (int64_t j = 0; j < length; ++j, b += ldb) {
      Vector<T> right[V];
      LAMINA_UNROLL
      for (int v = 0; v < V; ++v) right[v] = load_vector(b + v * kLength);
      if constexpr (kFetch) {
        LAMINA_UNROLL
        for (int v = 0; v < V; ++v) prefetch(b, kAhead * ldb + v * kLength);
      }
      LAMINA_UNROLL
      for (int r = 0; r < R; ++r) {
        T x;
        if constexpr (kLeft == Left::kRows) {
          const T* group = r < 3 ? a0 : r < 6 ? a3 : r < 9 ? a6 : a9;
          x = group[r % 3 * stride + j];
        } else {
          x = a0[r];
        }
        LAMINA_UNROLL
        for (int v = 0; v < V; ++v) sum[r][v] = sum[r][v] + x * right[v];
      }
      if constexpr (kLeft == Left::kColumns) a0 += stride;
    }
  }
  LAMINA_UNROLL
  for (int r = 0; r < R; ++r) {
    LAMINA_UNROLL
    for (int v = 0; v < V; ++v)
      store_some(t.c + r * t.ldc + v * kLength, sum[r][v], t.width - v * kLength);
  }
}

// kFetch: one tile is as high as all rows, so each panel comes from afar and is used once. Tiles of
// less than half of the greatest height are used in that way alone. Only for whole panels and their
// halves, which are most of an operand.
template <class T, bool kFetch = false>
struct Tile {
  template <int R, int V, Left kLeft>
  static void multiply(const RegisterTile<T>& t) {
    constexpr bool far = kFetch || R < tile_rows_of<T>(V) / 2;
    multiply_tile<T, R, V, kLeft, far && V % 2 == 0 && kLeft == Left::kRows>(t);
  }
};

}  // namespace

void multiply_rows(Left left, int64_t rows, const RegisterTile<float>& tile) {
  if (rows <= kTileRows) return rows_of_tiles<Tile<float, true>>(left, rows, tile);
  rows_of_tiles<Tile<float>>(left, rows, tile);
}
void multiply_rows(Left left, int64_t rows, const RegisterTile<double>& tile) {
  rows_of_tiles<Tile<double>>(left, rows, tile);
}

}  // namespace lamina::LAMINA_ISA
