// Operands of a product as pairs of bfloat16, neighbours along the sum, each in the place of a
// float.
#pragma once
#include "kernels/cpu/gemm.h"

namespace lamina::LAMINA_ISA {
namespace {

// The bits of x rounded to the nearest bfloat16, ties to even, in the upper half.
inline uint32_t rounded_bits(float x) {
  uint32_t u;
  std::memcpy(&u, &x, 4);
  const uint32_t r = u + 0x7fffu + (u >> 16 & 1u);
  return (x != x ? u | 0x400000u : r) & 0xffff0000u;
}
inline uint32_t pair(float a, float b) { return rounded_bits(a) >> 16 | rounded_bits(b); }

// to[j] = (a[j], b[j])
inline void pair_rows(int64_t n, const float* a, const float* b, uint32_t* __restrict__ to) {
  for (int64_t j = 0; j < n; ++j) to[j] = pair(a[j], b[j]);
}
// to[j] = (a[2 j], a[2 j + 1]); a missing last one is zero.
inline void pair_along(int64_t n, const float* a, uint32_t* __restrict__ to) {
  for (int64_t j = 0; j < n / 2; ++j) to[j] = pair(a[2 * j], a[2 * j + 1]);
  if (n % 2) to[n / 2] = pair(a[n - 1], 0.0f);
}

inline double pair_cost(int64_t m, int64_t n) {
  return 0.15 * static_cast<double>(m) * static_cast<double>(n);
}

// The left operand (m x k), one of whose strides is 1; the strides of the pairs come back.
inline const float* left_pairs(const Context& ctx, int64_t m, int64_t k, const float* a,
                               int64_t* rs, int64_t* cs) {
  const int64_t depth = (k + 1) / 2, blocks = 16;
  const bool rows = *cs == 1;
  const int64_t lines = rows ? m : depth, length = rows ? depth : m;
  const int64_t stride = (length + 15) / 16 * 16 + (length % 512 == 0 ? 16 : 0);
  auto* to = scratch<uint32_t>(ctx, 0, lines * stride);
  const int64_t step = rows ? *rs : *cs;
  parallel(ctx, blocks, pair_cost(m, k), [&](int64_t b) {
    for (int64_t i = lines * b / blocks; i < lines * (b + 1) / blocks; ++i) {
      if (rows) {
        pair_along(k, a + i * step, to + i * stride);
      } else if (2 * i + 1 < k) {
        pair_rows(m, a + 2 * i * step, a + (2 * i + 1) * step, to + i * stride);
      } else {
        for (int64_t j = 0; j < m; ++j) to[i * stride + j] = pair(a[2 * i * step + j], 0.0f);
      }
    }
  });
  *rs = rows ? stride : 1, *cs = rows ? 1 : stride;
  return reinterpret_cast<const float*>(to);
}

// The right operand (k x n) in panels.
inline Right<float> pack_pairs(const Context& ctx, int64_t k, int64_t n, const float* b, int64_t rs,
                               int64_t cs) {
  const int64_t depth = (k + 1) / 2, panels = (n + kPanel<float> - 1) / kPanel<float>;
  auto* to = scratch<uint32_t>(ctx, 3, packed_size<float>(depth, n));
  parallel(ctx, panels, pair_cost(k, n), [&](int64_t p) {
    const int64_t j0 = p * kPanel<float>, width = min64(kPanel<float>, n - j0);
    uint32_t* panel = to + j0 * depth;
    if (rs == 1 && cs != 1) {  // columns lie along the sum
      auto* columns = scratch<uint32_t>(ctx, 5, width * depth);
      for (int64_t j = 0; j < width; ++j) pair_along(k, b + (j0 + j) * cs, columns + j * depth);
      pack_panel(depth, width, reinterpret_cast<const float*>(columns), 1, depth,
                 reinterpret_cast<float*>(panel));
      return;
    }
    const int64_t step = panel_width<float>(width);
    for (int64_t i = 0; i < depth; ++i, panel += step) {
      const float *x = b + 2 * i * rs + j0 * cs, *y = x + rs;
      if (cs == 1 && width == kPanel<float> && 2 * i + 1 < k) {
        pair_rows(kPanel<float>, x, y, panel);
        continue;
      }
      for (int64_t j = 0; j < width; ++j)
        panel[j] = pair(x[j * cs], 2 * i + 1 < k ? y[j * cs] : 0.0f);
      for (int64_t j = width; j < step; ++j) panel[j] = 0;
    }
  });
  return {reinterpret_cast<const float*>(to), kPanel<float>, 1, true, true};
}

}  // namespace
}  // namespace lamina::LAMINA_ISA
