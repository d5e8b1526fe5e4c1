// Sums over rows and columns with several accumulators, and the split of rows into blocks.
#pragma once
#include "kernels/cpu/simd.h"

namespace lamina::LAMINA_ISA {
namespace {

// Sum of f(i) for i in [0, n), over 16 lanes that the compiler keeps in vector registers.
template <class T, class F>
inline T lane_sum(int64_t n, F&& f) {
  constexpr int kLanes = 16;
  T acc[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int l = 0; l < kLanes; ++l) acc[l] += f(i + l);
  T tail = 0;
  for (; i < n; ++i) tail += f(i);
#if defined(__GNUC__)
  if constexpr (kVectorLength<T> == kLanes) return sum_of_lanes<T>(load_vector(acc)) + tail;
#endif
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int l = 0; l < half; ++l) acc[l] += acc[l + half];
  return acc[0] + tail;
}

// The largest of x[0..n) that is a number; minus infinity for none.
template <class T>
inline T lane_max(const T* x, int64_t n) {
  T top = -std::numeric_limits<T>::infinity();
  int64_t i = 0;
#if defined(__GNUC__)
  constexpr int kLength = kVectorLength<T>;
  const auto larger = [](const Vector<T>& a, const Vector<T>& b) -> Vector<T> {
    return a > b ? a : b;
  };
  Vector<T> acc[2];
  acc[0] = acc[1] = Vector<T>{} + top;
  for (; i + 2 * kLength <= n; i += 2 * kLength) {
    acc[0] = larger(load_vector(x + i), acc[0]);
    acc[1] = larger(load_vector(x + i + kLength), acc[1]);
  }
  top = fold_lanes<T, kLength / 2>(larger(acc[0], acc[1]), larger);
#endif
  for (; i < n; ++i) top = x[i] > top ? x[i] : top;
  return top;
}

template <class F>
inline void for_rows(const Context& ctx, int64_t rows, int64_t cols, double ns_per_element, F&& f) {
  int64_t per = max64(1, 8192 / max64(cols, 1));
  auto run = [&](int64_t b) {
    for (int64_t r = b * per; r < min64(rows, (b + 1) * per); ++r) f(r);
  };
  parallel(ctx, (rows + per - 1) / per,
           ns_per_element * static_cast<double>(rows) * static_cast<double>(cols), run);
}

}  // namespace
}  // namespace lamina::LAMINA_ISA
