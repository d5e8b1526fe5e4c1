// Shared by the kernel files of one instruction set. Included inside no namespace; everything lives
// in an anonymous namespace inside the ISA's own.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/abi.h"

#if defined(__SSE2__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace lamina::LAMINA_ISA {
namespace {

using abi::Context;
using abi::DType;
using abi::View;

// Runs f(block) for every block; see Context::parallel.
template <class F>
inline void parallel(const Context& ctx, int64_t blocks, double cost_ns, F&& f,
                     bool backward = false) {
  using G = std::remove_reference_t<F>;
  ctx.parallel(
      blocks, cost_ns, backward, [](void* g, int64_t block) { (*static_cast<G*>(g))(block); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

// While it lives, numbers too small to be normal count as zero in this thread: x86 takes a hundred
// times as long for an addition of such, in which gradients that vanish over many steps end, and
// averages of what is always zero.
class FlushSubnormals {
 public:
#if defined(__SSE2__) || defined(_M_X64)
  FlushSubnormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040u); }
  ~FlushSubnormals() { _mm_setcsr(before_); }
#elif defined(__aarch64__) && defined(__GNUC__)
  FlushSubnormals() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" : : "r"(before_ | uint64_t{1} << 24) : "memory");
  }
  ~FlushSubnormals() { asm volatile("msr fpcr, %0" : : "r"(before_) : "memory"); }
#else
  FlushSubnormals() : before_(0) {}
#endif
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
#if defined(__aarch64__)
  uint64_t before_;
#else
  unsigned before_;
#endif
};

// parallel() for products and for updates of weights.
template <class F>
inline void parallel_flushed(const Context& ctx, int64_t blocks, double cost_ns, F&& f,
                             bool backward = false) {
  parallel(
      ctx, blocks, cost_ns,
      [&](int64_t block) {
        const FlushSubnormals flush;
        f(block);
      },
      backward);
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
