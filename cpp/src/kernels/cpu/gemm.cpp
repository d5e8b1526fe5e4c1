#include "kernels/cpu/gemm.h"

#include <Eigen/Core>

#include "kernels/cpu/common.h"

namespace lamina::LAMINA_ISA {
namespace {

template <class T, int A, int B>
void eigen(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb, T* c,
           int64_t ldc, bool accumulate) {
  using Stride = Eigen::OuterStride<>;
  using MatA = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, A>;
  using MatB = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, B>;
  using MatC = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<const MatA, 0, Stride> ma(a, m, k, Stride(lda));
  Eigen::Map<const MatB, 0, Stride> mb(b, k, n, Stride(ldb));
  Eigen::Map<MatC, 0, Stride> mc(c, m, n, Stride(ldc));
  if (accumulate)
    mc.noalias() += ma * mb;
  else
    mc.noalias() = ma * mb;
}

// Rows of c as sums of rows of b: good where the packing of a blocked product would not pay.
template <class T>
void by_rows(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_rs, int64_t a_cs, const T* b,
             int64_t b_rs, T* c, int64_t ldc, bool accumulate) {
  for (int64_t i = 0; i < m; ++i) {
    T* __restrict__ ci = c + i * ldc;
    if (!accumulate)
      for (int64_t j = 0; j < n; ++j) ci[j] = 0;
    const T* ai = a + i * a_rs;
    int64_t p = 0;
    for (; p + 4 <= k; p += 4) {
      T x0 = ai[p * a_cs], x1 = ai[(p + 1) * a_cs], x2 = ai[(p + 2) * a_cs],
        x3 = ai[(p + 3) * a_cs];
      const T *b0 = b + p * b_rs, *b1 = b0 + b_rs, *b2 = b1 + b_rs, *b3 = b2 + b_rs;
      for (int64_t j = 0; j < n; ++j) ci[j] += x0 * b0[j] + x1 * b1[j] + x2 * b2[j] + x3 * b3[j];
    }
    for (; p < k; ++p) {
      T x = ai[p * a_cs];
      const T* bp = b + p * b_rs;
      for (int64_t j = 0; j < n; ++j) ci[j] += x * bp[j];
    }
  }
}

// Each element of c as a dot product of contiguous runs.
template <class T>
T dot(const T* x, const T* y, int64_t k) {
  constexpr int kLanes = 16;
  T acc[kLanes] = {};
  int64_t p = 0;
  for (; p + kLanes <= k; p += kLanes)
    for (int l = 0; l < kLanes; ++l) acc[l] += x[p + l] * y[p + l];
  T sum = 0;
  for (; p < k; ++p) sum += x[p] * y[p];
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int l = 0; l < half; ++l) acc[l] += acc[l + half];
  return sum + acc[0];
}

template <class T>
void run(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_rs, int64_t a_cs, const T* b,
         int64_t b_rs, int64_t b_cs, T* c, int64_t ldc, bool accumulate) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (!accumulate)
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) c[i * ldc + j] = 0;
    return;
  }
  // The stride of an axis of length 1 is free.
  if (k == 1) a_cs = 1;
  if (m == 1 && a_cs != 1) a_rs = 1;
  if (n == 1 && b_rs != 1) b_cs = 1;
  if (n <= 2 && a_cs == 1 && (b_rs == 1 || n * k <= 4096)) {
    T column[4096];
    for (int64_t j = 0; j < n; ++j) {
      const T* y = b + j * b_cs;
      if (b_rs != 1) {
        for (int64_t p = 0; p < k; ++p) column[p] = y[p * b_rs];
        y = column;
      }
      for (int64_t i = 0; i < m; ++i) {
        T s = dot(a + i * a_rs, y, k);
        c[i * ldc + j] = accumulate ? c[i * ldc + j] + s : s;
      }
    }
    return;
  }
  if (b_cs == 1 && (m <= 4 || m * n * k <= 8192))
    return by_rows(m, n, k, a, a_rs, a_cs, b, b_rs, c, ldc, accumulate);
  bool a_rows = a_cs == 1, b_rows = b_cs == 1;
  if (a_rows && b_rows)
    return eigen<T, Eigen::RowMajor, Eigen::RowMajor>(m, n, k, a, a_rs, b, b_rs, c, ldc,
                                                      accumulate);
  if (a_rows && b_rs == 1)
    return eigen<T, Eigen::RowMajor, Eigen::ColMajor>(m, n, k, a, a_rs, b, b_cs, c, ldc,
                                                      accumulate);
  if (a_rs == 1 && b_rows)
    return eigen<T, Eigen::ColMajor, Eigen::RowMajor>(m, n, k, a, a_cs, b, b_rs, c, ldc,
                                                      accumulate);
  if (a_rs == 1 && b_rs == 1)
    return eigen<T, Eigen::ColMajor, Eigen::ColMajor>(m, n, k, a, a_cs, b, b_cs, c, ldc,
                                                      accumulate);
  // Neither axis contiguous: rare, callers pack before.
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      T s = 0;
      for (int64_t p = 0; p < k; ++p) s += a[i * a_rs + p * a_cs] * b[p * b_rs + j * b_cs];
      c[i * ldc + j] = accumulate ? c[i * ldc + j] + s : s;
    }
}

}  // namespace

void gemm(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_rs, int64_t a_cs,
          const float* b, int64_t b_rs, int64_t b_cs, float* c, int64_t ldc, bool accumulate) {
  run(m, n, k, a, a_rs, a_cs, b, b_rs, b_cs, c, ldc, accumulate);
}
void gemm(int64_t m, int64_t n, int64_t k, const double* a, int64_t a_rs, int64_t a_cs,
          const double* b, int64_t b_rs, int64_t b_cs, double* c, int64_t ldc, bool accumulate) {
  run(m, n, k, a, a_rs, a_cs, b, b_rs, b_cs, c, ldc, accumulate);
}

}  // namespace lamina::LAMINA_ISA
