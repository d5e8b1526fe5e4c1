// Tiles of the ops of two and three arguments, and casts.
#include "kernels/cpu/convert.h"
#include "kernels/cpu/elementwise_tiles.h"
#include "kernels/functors.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::Compute;
using abi::EwOp;

// kScalar: which argument is one value, as a bit.
template <class F, class T, class R, int kScalar>
void tile(const void* const* arg, void* out_, int64_t n, double, double, uint32_t) {
  const T *a = static_cast<const T*>(arg[0]), *b = static_cast<const T*>(arg[1]);
  R* out = static_cast<R*>(out_);
  const T a0 = a[0], b0 = b[0];
  LAMINA_NO_CARRY
  for (int64_t i = 0; i < n; ++i) out[i] = F::f(kScalar == 1 ? a0 : a[i], kScalar == 2 ? b0 : b[i]);
}

template <class F, class T, class R>
Tile pick_scalar(uint32_t scalar) {
  return scalar == 1 ? tile<F, T, R, 1> : (scalar == 2 ? tile<F, T, R, 2> : tile<F, T, R, 0>);
}

// What the column `types` of the table allows: floats, any number, or integers; and comparisons.
struct F {};
struct N {};
struct I {};
struct Test {};

template <class Functor, class Types>
Tile pick(Types, Compute type, uint32_t scalar) {
  constexpr bool test = std::is_same_v<Types, Test>;
  constexpr bool ints = !std::is_same_v<Types, F>, floats = !std::is_same_v<Types, I>;
  switch (type) {
    case Compute::kF32:
      if constexpr (floats) {
        return pick_scalar<Functor, float, std::conditional_t<test, int32_t, float>>(scalar);
      }
      break;
    case Compute::kF64:
      if constexpr (floats) {
        return pick_scalar<Functor, double, std::conditional_t<test, int32_t, double>>(scalar);
      }
      break;
    case Compute::kI32:
      if constexpr (ints) return pick_scalar<Functor, int32_t, int32_t>(scalar);
      break;
    case Compute::kI64:
      if constexpr (ints) {
        return pick_scalar<Functor, int64_t, std::conditional_t<test, int32_t, int64_t>>(scalar);
      }
      break;
  }
  return nullptr;
}

// kScalar: the arguments that are one value, as bits; 1 for any mixture (told by `scalar`).
template <class T, uint32_t kScalar>
void where_loop(const void* const* arg, void* out_, int64_t n, double, double, uint32_t scalar) {
  const int32_t* c = static_cast<const int32_t*>(arg[0]);
  const T *a = static_cast<const T*>(arg[1]), *b = static_cast<const T*>(arg[2]);
  T* out = static_cast<T*>(out_);
  if constexpr (kScalar & 1) {
    const int64_t sc = !(scalar & 1), sa = !(scalar & 2), sb = !(scalar & 4);
    for (int64_t i = 0; i < n; ++i) out[i] = Where::f(c[i * sc], a[i * sa], b[i * sb]);
  } else {
    const T a0 = a[0], b0 = b[0];
    LAMINA_NO_CARRY
    for (int64_t i = 0; i < n; ++i) {
      // Both are read in any case, or the loop would be one of branches.
      const T x = kScalar & 2 ? a0 : a[i], y = kScalar & 4 ? b0 : b[i];
      out[i] = Where::f(c[i], x, y);
    }
  }
}

template <class T>
Tile pick_where(uint32_t scalar) {
  switch (scalar) {
    case 0:
      return where_loop<T, 0>;
    case 2:
      return where_loop<T, 2>;
    case 4:
      return where_loop<T, 4>;
    case 6:
      return where_loop<T, 6>;
    default:
      return where_loop<T, 1>;
  }
}

template <class From, class To>
void cast_loop(const void* const* arg, void* out_, int64_t n, double, double, uint32_t) {
  const From* x = static_cast<const From*>(arg[0]);
  To* out = static_cast<To*>(out_);
  for (int64_t i = 0; i < n; ++i) out[i] = convert<To>(x[i]);
}

template <class From>
Tile pick_cast(Compute to) {
  switch (to) {
    case Compute::kF32:
      return cast_loop<From, float>;
    case Compute::kF64:
      return cast_loop<From, double>;
    case Compute::kI32:
      return cast_loop<From, int32_t>;
    case Compute::kI64:
      break;
  }
  return cast_loop<From, int64_t>;
}

}  // namespace

Tile binary_tile(EwOp op, Compute type, uint32_t scalar) {
  switch (op) {
#define LAMINA_BINARY(name, Functor, types, doc) \
  case EwOp::name:                               \
    return pick<Functor>(types{}, type, scalar);
#define LAMINA_COMPARE(name, Functor, doc) \
  case EwOp::name:                         \
    return pick<Functor>(Test{}, type, scalar);
#include "kernels/elementwise_ops.inc"
    default:
      return nullptr;
  }
}

Tile where_tile(Compute type, uint32_t scalar) {
  switch (type) {
    case Compute::kF32:
      return pick_where<float>(scalar);
    case Compute::kF64:
      return pick_where<double>(scalar);
    case Compute::kI32:
      return pick_where<int32_t>(scalar);
    case Compute::kI64:
      break;
  }
  return pick_where<int64_t>(scalar);
}

Tile cast_tile(Compute from, Compute to) {
  switch (from) {
    case Compute::kF32:
      return pick_cast<float>(to);
    case Compute::kF64:
      return pick_cast<double>(to);
    case Compute::kI32:
      return pick_cast<int32_t>(to);
    case Compute::kI64:
      break;
  }
  return pick_cast<int64_t>(to);
}

}  // namespace lamina::LAMINA_ISA
