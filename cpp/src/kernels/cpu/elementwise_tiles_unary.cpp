// Tiles of the unary ops.
#include "kernels/cpu/elementwise_tiles.h"
#include "kernels/functors.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::Compute;
using abi::EwOp;

template <class F, class T, class R>
LAMINA_NOINLINE void loop(const T* x, R* out, int64_t n, double p0, double p1) {
  if constexpr (std::is_same_v<T, float> && requires { F::kFast; }) {
    uint32_t wide = 0;
    for (int64_t i = 0; i < n; ++i) wide |= math::abs(x[i]) < F::kFast ? 0u : 1u;
    if (!wide) {
      LAMINA_NO_CARRY
      for (int64_t i = 0; i < n; ++i) out[i] = F::fast(x[i]);
      return;
    }
  }
  LAMINA_NO_CARRY
  for (int64_t i = 0; i < n; ++i) out[i] = F::f(x[i], p0, p1);
}

template <class F, class T, class R>
void tile(const void* const* arg, void* out, int64_t n, double p0, double p1, uint32_t) {
  loop<F, T, R>(static_cast<const T*>(arg[0]), static_cast<R*>(out), n, p0, p1);
}

// What the column `types` of the table allows: an op of floats, of numbers, or a test.
struct F {};
struct N {};
struct B {};

template <class Functor, class Types>
Tile pick(Types, Compute type) {
  constexpr bool test = std::is_same_v<Types, B>;
  constexpr bool ints = !std::is_same_v<Types, F>;
  constexpr bool floats = requires(float x) { Functor::f(x, 0.0, 0.0); };
  switch (type) {
    case Compute::kF32:
      if constexpr (floats) return tile<Functor, float, std::conditional_t<test, int32_t, float>>;
      break;
    case Compute::kF64:
      if constexpr (floats) return tile<Functor, double, std::conditional_t<test, int32_t, double>>;
      break;
    case Compute::kI32:
      if constexpr (ints) return tile<Functor, int32_t, int32_t>;
      break;
    case Compute::kI64:
      if constexpr (ints) return tile<Functor, int64_t, std::conditional_t<test, int32_t, int64_t>>;
      break;
  }
  return nullptr;
}

template <class T, class Functor, class Types>
auto pick_loop(Types) -> void (*)(const T*, T*, int64_t, double, double) {
  if constexpr (!std::is_same_v<Types, B> && requires(T x) { Functor::f(x, 0.0, 0.0); }) {
    return loop<Functor, T, T>;
  } else {
    return nullptr;
  }
}

}  // namespace

Tile unary_tile(EwOp op, Compute type) {
  switch (op) {
#define LAMINA_UNARY(name, Functor, types, ...) \
  case EwOp::name:                              \
    return pick<Functor>(types{}, type);
#include "kernels/elementwise_ops.inc"
    default:
      return nullptr;
  }
}

UnaryTileF32 unary_tile_f32(EwOp op) {
  switch (op) {
#define LAMINA_UNARY(name, Functor, types, ...) \
  case EwOp::name:                              \
    return pick_loop<float, Functor>(types{});
#include "kernels/elementwise_ops.inc"
    default:
      return nullptr;
  }
}

UnaryTileF64 unary_tile_f64(EwOp op) {
  switch (op) {
#define LAMINA_UNARY(name, Functor, types, ...) \
  case EwOp::name:                              \
    return pick_loop<double, Functor>(types{});
#include "kernels/elementwise_ops.inc"
    default:
      return nullptr;
  }
}

}  // namespace lamina::LAMINA_ISA
