// Two-dimensional strided moves with conversion.
#pragma once
#include "kernels/cpu/convert.h"
#include "kernels/cpu/elementwise_tiles.h"

namespace lamina::LAMINA_ISA {
namespace {

struct Strides {
  int64_t row, col;
};

// The side of the squares in which a transpose is done: one cache line of float32.
constexpr int64_t kSide = 16;

template <class From, class To>
void transpose(const From* src, To* dst, int64_t src_col, int64_t dst_row, int64_t rows,
               int64_t cols) {
  for (int64_t r0 = 0; r0 < rows; r0 += kSide) {
    for (int64_t c0 = 0; c0 < cols; c0 += kSide) {
      const From* s = src + c0 * src_col + r0;
      To* d = dst + r0 * dst_row + c0;
      if (rows - r0 >= kSide && cols - c0 >= kSide) {
        To square[kSide][kSide];
        for (int c = 0; c < kSide; ++c) {
          for (int r = 0; r < kSide; ++r) square[c][r] = convert<To>(s[c * src_col + r]);
        }
        for (int r = 0; r < kSide; ++r) {
          for (int c = 0; c < kSide; ++c) d[r * dst_row + c] = square[c][r];
        }
      } else {
        for (int64_t r = 0; r < min64(kSide, rows - r0); ++r) {
          for (int64_t c = 0; c < min64(kSide, cols - c0); ++c) {
            d[r * dst_row + c] = convert<To>(s[c * src_col + r]);
          }
        }
      }
    }
  }
}

// rows x cols elements between strided memory.
template <class From, class To>
void move(const void* from, void* to, Strides in, Strides out, int64_t rows, int64_t cols) {
  const From* src = static_cast<const From*>(from);
  To* dst = static_cast<To*>(to);
  // Conversions come in a hundred pairs, so only moves within a dtype are worth more code.
  constexpr bool kSame = std::is_same_v<From, To>;
  if constexpr (kSame) {
    if (in.row == 1 && in.col != 1 && in.col != 0 && out.col == 1 && rows > 1) {
      return transpose(src, dst, in.col, out.row, rows, cols);
    }
  }
  for (int64_t r = 0; r < rows; ++r, src += in.row, dst += out.row) {
    if (out.col == 1 && in.col == 1) {
      LAMINA_NO_CARRY
      for (int64_t i = 0; i < cols; ++i) dst[i] = convert<To>(src[i]);
    } else if (out.col == 1 && in.col == 0) {
      const To value = convert<To>(src[0]);
      for (int64_t i = 0; i < cols; ++i) dst[i] = value;
    } else if (kSame && out.col == 1) {
      LAMINA_NO_CARRY
      for (int64_t i = 0; i < cols; ++i) dst[i] = convert<To>(src[i * in.col]);
    } else {
      for (int64_t i = 0; i < cols; ++i) dst[i * out.col] = convert<To>(src[i * in.col]);
    }
  }
}

using Move = void (*)(const void*, void*, Strides, Strides, int64_t, int64_t);

}  // namespace
}  // namespace lamina::LAMINA_ISA
