// Activations that dense and conv apply in the same pass: those whose derivative follows from the
// result alone, so that what went into them need not be kept.
#pragma once
#include <string>

#include "graph/op.h"

namespace lamina {

// The opcode of "relu", "sigmoid" or "tanh"; throws Error for others.
abi::EwOp fused_code(const std::string& activation);
// g times the derivative at the output y.
Tensor y_gradient(const std::string& activation, const Tensor& g, const Tensor& y);
Tensor fused_gradient(const std::string& activation, const Tensor& g, const Backward& b);

}  // namespace lamina
