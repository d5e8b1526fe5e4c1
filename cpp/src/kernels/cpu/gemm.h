// One product on the calling thread: what every structured kernel is built on.
#pragma once
#include "kernels/cpu/tile.h"

namespace lamina::LAMINA_ISA {

// The right operand of a product: element (i, j) at data[i * rs + j * cs], any strides; or packed.
template <class T>
struct Right {
  const T* data;
  int64_t rs, cs;
  bool packed = false;
  bool pairs = false;  // of bfloat16, in the place of a float; so are the elements of the left one
};

// A matrix (k x n) in panels of kPanel columns: panel, row, column. The last one is as wide as the
// columns that are left, filled up with zeros to whole vectors.
template <class T>
inline int64_t panel_width(int64_t columns) {
  return min64(kPanel<T>, (columns + kVectorLength<T> - 1) / kVectorLength<T> * kVectorLength<T>);
}
template <class T>
inline int64_t packed_size(int64_t k, int64_t n) {
  return (n + kVectorLength<T> - 1) / kVectorLength<T> * kVectorLength<T> * k;
}
// `count` columns of a matrix of k rows as one panel; count is at most kPanel.
void pack_panel(int64_t k, int64_t count, const float* b, int64_t rs, int64_t cs, float* to);
void pack_panel(int64_t k, int64_t count, const double* b, int64_t rs, int64_t cs, double* to);
// All of it, the panels shared out to threads.
Right<float> pack(const abi::Context& ctx, int64_t k, int64_t n, const float* b, int64_t rs,
                  int64_t cs, float* to);
Right<double> pack(const abi::Context& ctx, int64_t k, int64_t n, const double* b, int64_t rs,
                   int64_t cs, double* to);

// Whether a product of so few columns is a matter of dot products, for which b is not packed.
template <class T>
inline bool is_narrow(int64_t n, int64_t k) {
  constexpr int64_t length = kVectorLength<T>;
  return n <= 2 || (n * 8 <= length * 5 && k >= 4 * length);
}

// c (m x n, rows ldc apart) = a (m x k) b (k x n) + bias, or c += a b when accumulate. Element
// (i, j) of a lies at i * a_rs + j * a_cs, any strides. bias: n numbers or null.
void gemm(const abi::Context& ctx, int64_t m, int64_t n, int64_t k, const float* a, int64_t a_rs,
          int64_t a_cs, const Right<float>& b, float* c, int64_t ldc, bool accumulate,
          const float* bias = nullptr);
void gemm(const abi::Context& ctx, int64_t m, int64_t n, int64_t k, const double* a, int64_t a_rs,
          int64_t a_cs, const Right<double>& b, double* c, int64_t ldc, bool accumulate,
          const double* bias = nullptr);

}  // namespace lamina::LAMINA_ISA
