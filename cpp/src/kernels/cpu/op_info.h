// What each opcode is, for the chain interpreter: how many arguments it has and what it costs.
#pragma once
#include "kernels/cpu/common.h"

namespace lamina::LAMINA_ISA {
namespace {

enum class Kind : uint8_t { kUnary, kGrad, kBinary, kWhere, kCast };

struct OpInfo {
  Kind kind;
  uint8_t args;
  float cost;  // nanoseconds per element on one thread, roughly
};

// clang-format off
constexpr float op_cost(abi::EwOp op) {
  using abi::EwOp;
  switch (op) {
    // maths that became vector code
    case EwOp::exp: case EwOp::exp2: case EwOp::expm1: case EwOp::log: case EwOp::log1p:
    case EwOp::tanh: case EwOp::sigmoid: case EwOp::log_sigmoid: case EwOp::softplus:
    case EwOp::silu: case EwOp::gelu: case EwOp::gelu_tanh: case EwOp::mish: case EwOp::elu:
    case EwOp::selu: case EwOp::celu: case EwOp::erf: case EwOp::sin: case EwOp::cos:
    case EwOp::tanh_shrink: case EwOp::logaddexp: case EwOp::logaddexp2: case EwOp::silu_grad:
    case EwOp::gelu_grad: case EwOp::gelu_tanh_grad: case EwOp::mish_grad: case EwOp::erf_grad:
    case EwOp::softplus_grad: case EwOp::log_sigmoid_grad: case EwOp::sin_grad:
    case EwOp::cos_grad: case EwOp::tanh_shrink_grad: case EwOp::erfinv_grad:
      return 0.7f;
    // calls of the library, one element at a time
    case EwOp::log2: case EwOp::log10: case EwOp::tan: case EwOp::arcsin: case EwOp::arccos:
    case EwOp::arctan: case EwOp::sinh: case EwOp::cosh: case EwOp::arcsinh: case EwOp::arccosh:
    case EwOp::arctanh: case EwOp::lgamma: case EwOp::digamma: case EwOp::sinc: case EwOp::erfinv:
    case EwOp::sinh_grad: case EwOp::cosh_grad: case EwOp::lgamma_grad: case EwOp::sinc_grad:
    case EwOp::power: case EwOp::mod: case EwOp::fmod: case EwOp::floor_divide:
    case EwOp::arctan2: case EwOp::hypot: case EwOp::nextafter: case EwOp::gcd: case EwOp::lcm:
      return 10.0f;
    default: return 0.05f;
  }
}
// clang-format on

constexpr OpInfo kOps[] = {
#define LAMINA_UNARY(name, ...) {Kind::kUnary, 1, op_cost(abi::EwOp::name)},
#define LAMINA_UNARY_GRAD(name) {Kind::kGrad, 3, op_cost(abi::EwOp::name##_grad)},
#define LAMINA_BINARY(name, ...) {Kind::kBinary, 2, op_cost(abi::EwOp::name)},
#define LAMINA_COMPARE(name, ...) {Kind::kBinary, 2, op_cost(abi::EwOp::name)},
#define LAMINA_TERNARY(name, ...) {Kind::kWhere, 3, op_cost(abi::EwOp::name)},
#include "kernels/elementwise_ops.inc"
    {Kind::kCast, 1, 0.05f},
};
static_assert(sizeof(kOps) / sizeof(kOps[0]) == size_t(abi::EwOp::kCount));

inline const OpInfo& info(abi::EwOp op) { return kOps[int(op)]; }

}  // namespace
}  // namespace lamina::LAMINA_ISA
