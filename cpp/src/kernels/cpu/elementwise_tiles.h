// One step of an elementwise chain over a tile: contiguous arrays of compute types.
#pragma once
#include "kernels/cpu/common.h"

#if defined(_MSC_VER)
#define LAMINA_NOINLINE __declspec(noinline)
#define LAMINA_NO_CARRY __pragma(loop(ivdep))
#else
#define LAMINA_NOINLINE __attribute__((noinline))
// Iterations are independent though the output may be an input: lets the compiler vectorize without
// checks for overlap.
#if defined(__clang__)
#define LAMINA_NO_CARRY _Pragma("clang loop vectorize(assume_safety)")
#else
#define LAMINA_NO_CARRY _Pragma("GCC ivdep")
#endif
#endif

namespace lamina::LAMINA_ISA {

// Bit i of `scalar` says that argument i is one value, not n. The output may be an argument.
using Tile = void (*)(const void* const* arg, void* out, int64_t n, double p0, double p1,
                      uint32_t scalar);

// The tile function of an opcode, fit for `scalar` (in any case where only some arguments are
// scalar); null if the opcode is not of that kind or not for that type.
Tile unary_tile(abi::EwOp op, abi::Compute type);
Tile grad_tile(abi::EwOp op, abi::Compute type, uint32_t scalar);
Tile binary_tile(abi::EwOp op, abi::Compute type, uint32_t scalar);
Tile where_tile(abi::Compute type, uint32_t scalar);
Tile cast_tile(abi::Compute from, abi::Compute to);

// A unary op by itself, for kernels that apply one to a block while it is hot; in == out is fine.
// Null for any op that is not from floats to floats of one argument.
using UnaryTileF32 = void (*)(const float* in, float* out, int64_t n, double p0, double p1);
using UnaryTileF64 = void (*)(const double* in, double* out, int64_t n, double p0, double p1);
UnaryTileF32 unary_tile_f32(abi::EwOp op);
UnaryTileF64 unary_tile_f64(abi::EwOp op);

}  // namespace lamina::LAMINA_ISA
