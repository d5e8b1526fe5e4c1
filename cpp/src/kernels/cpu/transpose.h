// Squares of one vector by one vector, transposed in registers.
#pragma once
#include <utility>

#include "kernels/cpu/simd.h"

namespace lamina::LAMINA_ISA {
namespace {

#if defined(__GNUC__)
// Of each pair of runs of kHalf elements, one from a and one from b.
template <class T, int kHalf, bool kSecond, int... I>
inline Vector<T> mix(const Vector<T>& a, const Vector<T>& b, std::integer_sequence<int, I...>) {
  constexpr int n = kVectorLength<T>;
  if constexpr (kSecond)
    return __builtin_shufflevector(a, b, (I / kHalf % 2 ? n + I : I + kHalf)...);
  else
    return __builtin_shufflevector(a, b, (I / kHalf % 2 ? n + I - kHalf : I)...);
}
template <class T, int kHalf>
inline void swap_halves(Vector<T>* v) {
  constexpr int n = kVectorLength<T>;
  constexpr auto lanes = std::make_integer_sequence<int, n>();
  LAMINA_UNROLL
  for (int i = 0; i < n; ++i) {
    if (i & kHalf) continue;
    const Vector<T> a = v[i], b = v[i + kHalf];
    v[i] = mix<T, kHalf, false>(a, b, lanes);
    v[i + kHalf] = mix<T, kHalf, true>(a, b, lanes);
  }
  if constexpr (kHalf > 1) swap_halves<T, kHalf / 2>(v);
}
#endif

// to[j * to_stride + i] = from[i * from_stride + j] for i < rows, else 0, and all j of a vector.
template <class T>
inline void transpose_square(const T* from, int64_t from_stride, int64_t rows, T* to,
                             int64_t to_stride) {
  constexpr int n = kVectorLength<T>;
#if defined(__GNUC__)
  Vector<T> v[n];
  if (rows >= n) {
    LAMINA_UNROLL
    for (int i = 0; i < n; ++i) v[i] = load_vector(from + i * from_stride);
  } else {
    for (int i = 0; i < n; ++i) v[i] = i < rows ? load_vector(from + i * from_stride) : Vector<T>{};
  }
  swap_halves<T, n / 2>(v);
  LAMINA_UNROLL
  for (int i = 0; i < n; ++i) store_vector(to + i * to_stride, v[i]);
#else
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) to[j * to_stride + i] = i < rows ? from[i * from_stride + j] : T(0);
#endif
}

}  // namespace
}  // namespace lamina::LAMINA_ISA
