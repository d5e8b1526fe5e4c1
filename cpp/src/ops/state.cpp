// In-place writes, which a captured program repeats.
#include "graph/op.h"
#include "lamina/ops.h"
#include "ops/registry.h"

namespace lamina {

namespace {

abi::View broadcast(const abi::View& v, const abi::View& like) {
  abi::View out = v;
  out.rank = like.rank;
  int shift = like.rank - v.rank;
  for (int i = 0; i < like.rank; ++i) {
    out.shape[i] = like.shape[i];
    out.strides[i] = i < shift || v.shape[i - shift] == 1 ? 0 : v.strides[i - shift];
  }
  return out;
}

void infer_assign(Infer& f) {
  if (!(broadcast_shapes(f.shape(0), f.shape(1)) == f.shape(0)))
    f.refuse("a value of shape ", f.shape(1), " does not fit a tensor of shape ", f.shape(0));
  if (f.in(0).impl()->storage && !f.in(0).writable()) f.refuse("the tensor is read-only");
  f.in_place(0);
}
void run_assign(const Run& r) { r.kernels.copy(r.context, broadcast(r.in[1], r.out[0]), r.out[0]); }

void infer_add(Infer& f) {
  if (f.dtype(0) != f.dtype(1))
    f.refuse("expected ", dtype_name(f.dtype(0)), ", received ", dtype_name(f.dtype(1)));
  infer_assign(f);
}
void run_add(const Run& r) {
  abi::Chain c;
  abi::Compute type = r.out[0].dtype == abi::DType::kFloat64   ? abi::Compute::kF64
                      : r.out[0].dtype == abi::DType::kInt64   ? abi::Compute::kI64
                      : r.out[0].dtype >= abi::DType::kFloat16 ? abi::Compute::kF32
                                                               : abi::Compute::kI32;
  c.n_in = 2, c.n_out = 1, c.n_steps = 1;
  c.in_type[0] = c.in_type[1] = c.out_type[0] = type;
  c.steps[0] = {abi::EwOp::add, type, type, 2, {0, 1, 0}, 0, 0};
  c.out_reg[0] = 2;
  abi::View in[2] = {r.out[0], broadcast(r.in[1], r.out[0])};
  r.kernels.elementwise(r.context, c, in, r.out);
}

Op effect(const char* name, void (*infer)(Infer&), void (*run)(const Run&)) {
  Op op{name, infer, run};
  op.effect = true;
  return op;
}
const Op kAssign = effect("assign", infer_assign, run_assign);
const Op kAssignAdd = effect("assign_add", infer_add, run_add);

}  // namespace

void register_state_ops() {
  register_op(kAssign);
  register_op(kAssignAdd);
}

void assign(const Tensor& target, const Tensor& value) { apply(kAssign, {target, value}); }
void assign_add(const Tensor& target, const Tensor& value) {
  apply(kAssignAdd, {target, cast(value, target.dtype())});
}

}  // namespace lamina
