// The one inner loop of every product: a few rows by a few vectors of results stay in registers
// while the sum runs.
//
// Each result is one chain of fused multiply-adds in the order of the sum, so its bits do not
// depend on the tile that it lies in, nor on where its operands were copied to.
#pragma once
#include "kernels/cpu/simd.h"

namespace lamina::LAMINA_ISA {

// Results in registers: at most kTileRows rows and the vectors of a panel. With 32 registers, 12 x
// 2 or, where fewer instructions load operands, 6 x 4.
#if defined(__AVX512F__)
inline constexpr int kTileRows = 12, kPanelVectors = 4;
#elif defined(__aarch64__)
inline constexpr int kTileRows = 12, kPanelVectors = 2;
#elif defined(__FMA__)
inline constexpr int kTileRows = 6, kPanelVectors = 2;
#else
inline constexpr int kTileRows = 4, kPanelVectors = 2;
#endif
constexpr int tile_rows(int vectors) { return vectors <= 2 ? kTileRows : 2 * kTileRows / vectors; }
// Tiles of double have one height for all widths, so that there are fewer to build.
template <class T>
constexpr int tile_rows_of(int vectors) {
  return tile_rows(sizeof(T) == 8 ? kPanelVectors : vectors);
}

template <class T>
inline constexpr int64_t kPanel = kPanelVectors * kVectorLength<T>;

// Where element (row, step) of the left operand lies.
enum class Left {
  kRows,     // row * stride + step
  kColumns,  // row + step * stride
};

template <class T>
struct RegisterTile {
  // The left operand: `pieces` runs of `length` steps each, piece p beginning at offsets[p]. One
  // run at `a` where offsets is null.
  const T* a;
  int64_t stride;
  int64_t pieces, length;
  const int64_t* offsets;
  // The right operand: one row of vectors a step, ldb apart, without a gap between pieces. Whole
  // vectors are read.
  const T* b;
  int64_t ldb;
  // The result: `width` columns of it are written.
  T* c;
  int64_t ldc, width;
  const T* bias;    // what the sums begin with (`width` of them), or null for zero
  bool accumulate;  // they begin with what c holds
};

// Rows [0, rows) of the result, at most a panel wide, in tiles of about the same height.
void multiply_rows(Left left, int64_t rows, const RegisterTile<float>& tile);
void multiply_rows(Left left, int64_t rows, const RegisterTile<double>& tile);

// The same for operands whose elements are pairs of bfloat16, neighbours along the sum, in the
// place of one float. Only where the CPU multiplies those.
bool has_pairs();
void multiply_rows_of_pairs(Left left, int64_t rows, const RegisterTile<float>& tile);

}  // namespace lamina::LAMINA_ISA
