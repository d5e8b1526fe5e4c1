#include "graph/chain.h"

namespace lamina {

abi::Compute compute_type(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return abi::Compute::kF64;
    case DType::kInt64:
      return abi::Compute::kI64;
    case DType::kFloat16:
    case DType::kBFloat16:
    case DType::kFloat32:
      return abi::Compute::kF32;
    default:
      return abi::Compute::kI32;
  }
}

ChainBuilder ChainBuilder::single(const Op& op, const Attrs& attrs,
                                  const std::vector<DType>& inputs, DType output) {
  ChainBuilder c;
  Step s{op.code, {}, compute_type(output), {}, 0, 0};
  for (size_t i = 0; i < inputs.size(); ++i) {
    c.inputs.push_back(compute_type(inputs[i]));
    s.args.push_back(static_cast<int>(i));
  }
  if (attrs.has("p0")) s.p0 = attrs.real("p0");
  if (attrs.has("p1")) s.p1 = attrs.real("p1");
  s.type = c.inputs[op.code == abi::EwOp::where ? 1 : 0];
  if (op.code == abi::EwOp::where) c.inputs[0] = abi::Compute::kI32;
  c.steps.push_back(s);
  return c;
}

bool ChainBuilder::fits() const {
  return inputs.size() <= abi::kMaxChainInputs && steps.size() <= abi::kMaxSteps;
}

abi::Chain ChainBuilder::build() const {
  abi::Chain c;
  c.n_in = static_cast<int32_t>(inputs.size());
  c.n_out = 1;
  c.n_steps = static_cast<int32_t>(steps.size());
  for (size_t i = 0; i < inputs.size(); ++i) c.in_type[i] = inputs[i];
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& s = steps[i];
    abi::EwStep& e = c.steps[i];
    e = {s.code, s.type, s.to, static_cast<uint8_t>(inputs.size() + i), {}, s.p0, s.p1};
    for (size_t a = 0; a < s.args.size(); ++a)
      e.arg[a] = static_cast<uint8_t>(
          s.args[a] >= 0 ? s.args[a] : static_cast<int>(inputs.size()) + ~s.args[a]);
  }
  c.out_reg[0] = static_cast<uint8_t>(inputs.size() + steps.size() - 1);
  c.out_type[0] = steps.back().to;
  return c;
}

}  // namespace lamina
