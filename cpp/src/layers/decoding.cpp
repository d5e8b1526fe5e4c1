#include "layers/decoding.h"

#include "core/tensor_impl.h"
#include "graph/graph.h"
#include "lamina/ops.h"

namespace lamina {

namespace {
thread_local DecodingState* current_state = nullptr;

Tensor state_tensor(const Shape& shape, DType dtype) {
  TraceScope suspended(nullptr);
  Tensor t = zeros(shape, dtype);
  t.impl()->variable = true;
  return t;
}
}  // namespace

DecodingState::DecodingState(int64_t batch_size, int64_t max_length)
    : batch_size(batch_size), max_length(max_length), position(state_tensor({}, DType::kInt64)) {}

Tensor& DecodingState::kept(const Layer* layer, const char* what, const Shape& shape, DType dtype) {
  Tensor& t = tensors_[{layer, calls_[layer], what}];
  if (!t.defined() || !(t.shape() == shape) || t.dtype() != dtype) t = state_tensor(shape, dtype);
  return t;
}

void DecodingState::reorder(const Tensor& indices) {
  NoGrad off;
  for (auto& [key, t] : tensors_) t.assign(take(t, indices, 0));
}

DecodingScope::DecodingScope(DecodingState& state) : before_(current_state) {
  current_state = &state;
}
DecodingScope::~DecodingScope() { current_state = before_; }
DecodingState* DecodingScope::current() { return current_state; }

Tensor start_of(const CallArgs& args) {
  if (Tensor t = args.tensor("start_index"); t.defined()) return t;
  if (args.options.is_object())
    if (const Config* c = args.options.find("start_index"); c && !c->is_null())
      return c->as_int() ? Tensor(c->as_int()) : Tensor{};
  DecodingState* state = DecodingScope::current();
  return state ? state->position : Tensor{};
}

}  // namespace lamina
