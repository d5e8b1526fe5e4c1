// Products of bfloat16 on the tiles of AMX: one instruction multiplies 16 rows of 16 pairs,
// neighbours along the sum, by 16 such columns.
#pragma once
#include "kernels/cpu/simd.h"

namespace lamina::LAMINA_ISA {

// Whether the CPU has them and the system lets this process use them.
bool has_amx();

// Lines of a tile, steps of the sum in it, its size in floats, and the side of a block of results.
inline constexpr int64_t kTileLines = 16, kTileSteps = 32, kTileSize = 16 * 16, kTileBlock = 32;

// A matrix as tiles, so far apart along its lines and along the sum, in floats.
struct Tiles {
  float* data;
  int64_t line_pitch, step_pitch;

  static int64_t depth(int64_t k) { return (k + kTileSteps - 1) / kTileSteps; }
  // Floats for an operand of k steps.
  static int64_t size(int64_t lines, int64_t k) {
    return (lines + kTileLines - 1) / kTileLines * depth(k) * kTileSize;
  }
  static Tiles left(float* data, int64_t k) { return {data, depth(k) * kTileSize, kTileSize}; }
  // At most kTileBlock columns.
  static Tiles panel(float* data) { return {data, kTileSize, 2 * kTileSize}; }

  // From a line and a step on, multiples of what a tile has.
  Tiles from(int64_t line, int64_t step) const {
    return {data + line / kTileLines * line_pitch + step / kTileSteps * step_pitch, line_pitch,
            step_pitch};
  }
};

// Rounds a matrix of `lines` by k, element (i, j) at from[i * line_stride + j * step_stride], to
// the nearest bfloat16. across: for a right operand, whose tiles have a row for each pair instead
// of one for each line. The sum is filled up with zeros.
void to_tiles(int64_t lines, int64_t k, const float* from, int64_t line_stride, int64_t step_stride,
              bool across, const Tiles& to);

// At most kTileBlock rows and columns of results.
struct TileProduct {
  Tiles a, b;
  int64_t depth;  // tiles along the sum
  float* c;
  int64_t ldc, rows, width;
  const float* bias;
  bool accumulate;
};
// Calls of multiply_tiles lie between the other two.
void begin_tiles();
void multiply_tiles(const TileProduct& product);
void end_tiles();

}  // namespace lamina::LAMINA_ISA
