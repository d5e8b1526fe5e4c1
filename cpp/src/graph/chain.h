// From elementwise operations to the kernels' Chain.
#pragma once
#include <vector>

#include "graph/op.h"

namespace lamina {

abi::Compute compute_type(DType dtype);

// A chain under construction. An argument is an input (>= 0) or an earlier step (~step, negative).
struct ChainBuilder {
  struct Step {
    abi::EwOp code;
    abi::Compute type, to;
    std::vector<int> args;
    double p0, p1;
  };
  std::vector<abi::Compute> inputs;
  std::vector<Step> steps;

  // The chain of one operation on inputs of these dtypes.
  static ChainBuilder single(const Op& op, const Attrs& attrs, const std::vector<DType>& inputs,
                             DType output);
  // Inputs and steps fit the kernel's limits.
  bool fits() const;
  // Result: the last step.
  abi::Chain build() const;
};

}  // namespace lamina
