// Products of a few rows with a matrix that is packed once and used many times, as the recurrent
// weights of a layer are in every step.
#pragma once
#include "kernels/cpu/simd.h"

namespace lamina::LAMINA_ISA {
namespace {

// b (k x n) in panels of kWidth columns: panel, row, column. The last panel is filled with zeros.
template <class T>
struct Panels {
  static constexpr int kWidth = 2 * kVectorLength<T>;
  // Rows of results that stay in registers: 16 of the 32, or 8 of the 16, that there are.
  static constexpr int kRows = kVectorBytes == 64 ? 8 : 4;

  int64_t k, n;
  const T* packed = nullptr;

  Panels(int64_t k, int64_t n) : k(k), n(n) {}
  int64_t count() const { return (n + kWidth - 1) / kWidth; }
  int64_t size() const { return count() * k * kWidth; }

  // Element (i, j) of b lies at i * rs + j * cs.
  void pack(const Context& ctx, const T* b, int64_t rs, int64_t cs, T* to) {
    packed = to;
    parallel(ctx, count(), 0.5 * static_cast<double>(size()), [&](int64_t panel) {
      const int64_t j0 = panel * kWidth, width = min64(kWidth, n - j0);
      T* p = to + panel * k * kWidth;
      for (int64_t i = 0; i < k; ++i, p += kWidth) {
        const T* row = b + i * rs + j0 * cs;
        for (int64_t j = 0; j < width; ++j) p[j] = row[j * cs];
        for (int64_t j = width; j < kWidth; ++j) p[j] = 0;
      }
    });
  }

  // c (m x n, rows ldc apart) += a (m x k, rows lda apart) * b, or = unless accumulate. A row's
  // result does not depend on the rows beside it.
  void multiply(int64_t m, const T* a, int64_t lda, T* c, int64_t ldc, bool accumulate) const {
    for (int64_t panel = 0; panel < count(); ++panel) {
      const int64_t width = min64(kWidth, n - panel * kWidth);
      const T* b = packed + panel * k * kWidth;
      T* to = c + panel * kWidth;
      int64_t r = 0;
      for (; r + kRows <= m; r += kRows) {
        tile<kRows>(a + r * lda, lda, b, to + r * ldc, ldc, width, accumulate);
      }
      rest<kRows - 1>(m - r, a + r * lda, lda, b, to + r * ldc, ldc, width, accumulate);
    }
  }

 private:
  template <int R>
  void rest(int64_t rows, const T* a, int64_t lda, const T* b, T* c, int64_t ldc, int64_t width,
            bool accumulate) const {
    if constexpr (R > 0) {
      if (rows == R) return tile<R>(a, lda, b, c, ldc, width, accumulate);
      rest<R - 1>(rows, a, lda, b, c, ldc, width, accumulate);
    }
  }

  template <int R>
  LAMINA_NOINLINE void tile(const T* a, int64_t lda, const T* b, T* c, int64_t ldc, int64_t width,
                            bool accumulate) const {
    using V = Vector<T>;
    constexpr int kLength = kVectorLength<T>;
    V left[R] = {}, right[R] = {};
    for (int64_t p = 0; p < k; ++p, b += kWidth) {
      const V b0 = load_vector(b), b1 = load_vector(b + kLength);
      for (int r = 0; r < R; ++r) {
        const T x = a[r * lda + p];
        left[r] = left[r] + x * b0;
        right[r] = right[r] + x * b1;
      }
    }
    for (int r = 0; r < R; ++r, c += ldc) {
      if (width == kWidth) {
        store_vector(c, accumulate ? load_vector(c) + left[r] : left[r]);
        store_vector(c + kLength, accumulate ? load_vector(c + kLength) + right[r] : right[r]);
      } else {
        T row[kWidth];
        store_vector(row, left[r]);
        store_vector(row + kLength, right[r]);
        for (int64_t j = 0; j < width; ++j) c[j] = accumulate ? c[j] + row[j] : row[j];
      }
    }
  }
};

}  // namespace
}  // namespace lamina::LAMINA_ISA
