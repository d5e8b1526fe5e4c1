// Shared by the kernel files of one instruction set. Included inside no namespace; everything lives
// in an anonymous namespace inside the ISA's own.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/abi.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::Context;
using abi::DType;
using abi::View;

// Runs f(block) for every block; see Context::parallel.
template <class F>
inline void parallel(const Context& ctx, int64_t blocks, double cost_ns, F&& f) {
  using G = std::remove_reference_t<F>;
  ctx.parallel(
      blocks, cost_ns, [](void* g, int64_t block) { (*static_cast<G*>(g))(block); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

template <class T>
inline T* scratch(const Context& ctx, int slot, int64_t count) {
  return static_cast<T*>(ctx.scratch(slot, static_cast<size_t>(count) * sizeof(T)));
}

inline int64_t numel(const View& v) {
  int64_t n = 1;
  for (int i = 0; i < v.rank; ++i) n *= v.shape[i];
  return n;
}

template <class T>
inline T* data(const View& v) {
  return static_cast<T*>(v.data);
}

inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

}  // namespace
}  // namespace lamina::LAMINA_ISA
