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
  // Rows of n, ldc apart, whose bias is added already.
  void activate(T* c, int64_t m, int64_t n, int64_t ldc) const {
    if (!f32 && !f64) return;
    // Contiguous rows go through together.
    if (n == ldc) n *= m, m = 1;
    for (int64_t i = 0; i < m; ++i, c += ldc) {
      if constexpr (std::is_same_v<T, float>)
        f32(c, c, n, p0, p1);
      else
        f64(c, c, n, p0, p1);
    }
  }
  // Columns [first, first + n) of m rows, ldc apart.
  void apply(T* c, int64_t m, int64_t n, int64_t ldc, int64_t first) const {
    if (bias)
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) c[i * ldc + j] += bias[first + j];
    activate(c, m, n, ldc);
  }
};

}  // namespace
}  // namespace lamina::LAMINA_ISA
