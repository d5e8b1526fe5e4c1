// Bias and activation on finished rows of a product.
#pragma once
#include "kernels/cpu/common.h"
#include "kernels/cpu/elementwise_tiles.h"

namespace lamina::LAMINA_ISA {
namespace {

template <class T>
struct Epilogue {
  const T* bias = nullptr;
  UnaryTileF32 f32 = nullptr;
  UnaryTileF64 f64 = nullptr;
  double p0 = 0, p1 = 0;

  Epilogue(const View* bias_view, bool has_act, abi::EwOp act, double a, double b) : p0(a), p1(b) {
    if (bias_view) bias = data<T>(*bias_view);
    if (has_act) {
      if constexpr (std::is_same_v<T, float>)
        f32 = unary_tile_f32(act);
      else
        f64 = unary_tile_f64(act);
    }
  }
  // Columns [first, first + n) of m rows, ldc apart.
  void apply(T* c, int64_t m, int64_t n, int64_t ldc, int64_t first) const {
    if (!bias && !f32 && !f64) return;
    for (int64_t i = 0; i < m; ++i) {
      T* row = c + i * ldc;
      if (bias)
        for (int64_t j = 0; j < n; ++j) row[j] += bias[first + j];
      if (n == ldc && i + 1 < m) continue;
      // Contiguous rows are passed to the activation together.
      T* from = n == ldc ? c : row;
      int64_t count = n == ldc ? m * n : n;
      if constexpr (std::is_same_v<T, float>) {
        if (f32) f32(from, from, count, p0, p1);
      } else {
        if (f64) f64(from, from, count, p0, p1);
      }
    }
  }
};

}  // namespace
}  // namespace lamina::LAMINA_ISA
