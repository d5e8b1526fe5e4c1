// The widest vector of the instruction set, for the few loops that must not be left to the
// compiler's choice.
#pragma once
#include <utility>

#include "kernels/cpu/common.h"

#if defined(_MSC_VER)
#define LAMINA_NOINLINE __declspec(noinline)
#define LAMINA_UNROLL
#define LAMINA_UNROLL_TWICE
#else
#define LAMINA_NOINLINE __attribute__((noinline))
#define LAMINA_UNROLL _Pragma("GCC unroll 16")  // clang knows it too
#define LAMINA_UNROLL_TWICE _Pragma("GCC unroll 2")
#endif

namespace lamina::LAMINA_ISA {
namespace {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

template <class T>
inline constexpr int kVectorLength = kVectorBytes / static_cast<int>(sizeof(T));

template <class T>
struct VectorOf {
#if defined(__GNUC__)
  typedef T type __attribute__((vector_size(kVectorBytes)));
#else
  struct type {
    T v[kVectorLength<T>];
    friend type operator+(type a, const type& b) {
      for (int i = 0; i < kVectorLength<T>; ++i) a.v[i] += b.v[i];
      return a;
    }
    friend type operator*(T s, type a) {
      for (int i = 0; i < kVectorLength<T>; ++i) a.v[i] *= s;
      return a;
    }
  };
#endif
};
template <class T>
using Vector = typename VectorOf<T>::type;

template <class T>
inline Vector<T> load_vector(const T* p) {
  Vector<T> v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
inline void store_vector(T* p, const Vector<T>& v) {
  std::memcpy(p, &v, sizeof v);
}

// So many steps of a sum ahead its operand is asked for, where it comes from afar.
inline constexpr int64_t kAhead = 12;
// Asks for the line at p[offset], which need not exist.
template <class T>
inline void prefetch(const T* p, int64_t offset) {
#if defined(__GNUC__)
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(p) +
                                                   static_cast<uintptr_t>(offset) * sizeof(T)));
#else
  (void)p, (void)offset;
#endif
}

// The first `count` elements; zeros for the rest.
template <class T>
inline Vector<T> load_some(const T* p, int64_t count) {
  if (count >= kVectorLength<T>) return load_vector(p);
  T part[kVectorLength<T>] = {};
  for (int64_t j = 0; j < count; ++j) part[j] = p[j];
  return load_vector(part);
}
template <class T>
inline void store_some(T* p, const Vector<T>& v, int64_t count) {
  if (count >= kVectorLength<T>) return store_vector(p, v);
  T part[kVectorLength<T>];
  store_vector(part, v);
  for (int64_t j = 0; j < count; ++j) p[j] = part[j];
}

#if defined(__GNUC__)
// Each lane with the one kHalf away.
template <class T, int kHalf, int... I>
inline Vector<T> swap_lanes(const Vector<T>& v, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(v, v, (I ^ kHalf)...);
}
template <class T, int kHalf, class F>
inline T fold_lanes(const Vector<T>& v, F&& f) {
  constexpr auto lanes = std::make_integer_sequence<int, kVectorLength<T>>();
  if constexpr (kHalf > 0)
    return fold_lanes<T, kHalf / 2>(f(v, swap_lanes<T, kHalf>(v, lanes)), f);
  else
    return v[0];
}

// The sum of all lanes, by halves.
template <class T>
inline T sum_of_lanes(const Vector<T>& v) {
  return fold_lanes<T, kVectorLength<T> / 2>(
      v, [](const Vector<T>& a, const Vector<T>& b) -> Vector<T> { return a + b; });
}
#endif

// Calls row(first channel, vectors) over blocks of channels and single(channel) for what is left.
// `vectors` is a constant of its type.
template <class T, class Row, class Single>
void each_block(int64_t channels, Row&& row, Single&& single) {
  constexpr int64_t n = kVectorLength<T>;
  int64_t j = 0;
  for (; j + 4 * n <= channels; j += 4 * n) row(j, std::integral_constant<int, 4>());
  for (; j + n <= channels; j += n) row(j, std::integral_constant<int, 1>());
  for (; j < channels; ++j) single(j);
}

}  // namespace
}  // namespace lamina::LAMINA_ISA
