// Tiles of the gradients of unary ops: g * df(x, y).
#include "kernels/cpu/elementwise_tiles.h"
#include "kernels/functors.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::Compute;
using abi::EwOp;

// kScalar: 0 for three arrays, 1 where g is one value, 2 for any mixture (told by `scalar`).
template <class F, class T, int kScalar>
void tile(const void* const* arg, void* out_, int64_t n, double p0, double p1, uint32_t scalar) {
  const T *g = static_cast<const T*>(arg[0]), *x = static_cast<const T*>(arg[1]),
          *y = static_cast<const T*>(arg[2]);
  T* out = static_cast<T*>(out_);
  if constexpr (kScalar == 2) {
    const int64_t sg = !(scalar & 1), sx = !(scalar & 2), sy = !(scalar & 4);
    for (int64_t i = 0; i < n; ++i) out[i] = g[i * sg] * F::df(x[i * sx], y[i * sy], p0, p1);
  } else {
    const T g0 = g[0];
    if constexpr (std::is_same_v<T, float> && requires { F::kFast; }) {
      uint32_t wide = 0;
      for (int64_t i = 0; i < n; ++i) wide |= math::abs(x[i]) < F::kFast ? 0u : 1u;
      if (!wide) {
        LAMINA_NO_CARRY
        for (int64_t i = 0; i < n; ++i) out[i] = (kScalar ? g0 : g[i]) * F::fast_df(x[i]);
        return;
      }
    }
    LAMINA_NO_CARRY
    for (int64_t i = 0; i < n; ++i) out[i] = (kScalar ? g0 : g[i]) * F::df(x[i], y[i], p0, p1);
  }
}

template <class F, class T>
Tile pick(uint32_t scalar) {
  return scalar == 0 ? tile<F, T, 0> : (scalar == 1 ? tile<F, T, 1> : tile<F, T, 2>);
}

// Opcode -> functor: a gradient's row names only the op, so the ops' own rows are read again.
template <EwOp op>
struct FunctorOf;
#define LAMINA_UNARY(name, Functor, ...) \
  template <>                            \
  struct FunctorOf<EwOp::name> {         \
    using type = Functor;                \
  };
#include "kernels/elementwise_ops.inc"

}  // namespace

Tile grad_tile(EwOp op, Compute type, uint32_t scalar) {
  if (type != Compute::kF32 && type != Compute::kF64) return nullptr;
  switch (op) {
#define LAMINA_UNARY_GRAD(name)                                                     \
  case EwOp::name##_grad:                                                           \
    return type == Compute::kF32 ? pick<FunctorOf<EwOp::name>::type, float>(scalar) \
                                 : pick<FunctorOf<EwOp::name>::type, double>(scalar);
#include "kernels/elementwise_ops.inc"
    default:
      return nullptr;
  }
}

}  // namespace lamina::LAMINA_ISA
