// One product on the calling thread: what every structured kernel is built on.
#pragma once
#include "kernels/abi.h"

namespace lamina::LAMINA_ISA {

// c (m x n, rows ldc apart) = a (m x k) * b (k x n), or += when accumulate. Element (i, j) of a
// lies at i * a_rs + j * a_cs. No strides may be zero except on axes of length 1.
void gemm(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_rs, int64_t a_cs,
          const float* b, int64_t b_rs, int64_t b_cs, float* c, int64_t ldc, bool accumulate);
void gemm(int64_t m, int64_t n, int64_t k, const double* a, int64_t a_rs, int64_t a_cs,
          const double* b, int64_t b_rs, int64_t b_cs, double* c, int64_t ldc, bool accumulate);

}  // namespace lamina::LAMINA_ISA
