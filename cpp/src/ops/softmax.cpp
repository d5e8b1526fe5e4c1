// Softmax and the cross-entropies.
#include "graph/graph.h"
#include "lamina/ops.h"
#include "ops/packed.h"
#include "ops/promote.h"
#include "ops/registry.h"

namespace lamina {

void register_block_ops();
void register_conv_ops();
void register_pool_ops();
void register_norm_ops();
void register_attention_ops();
void register_recurrent_ops();
void register_ctc_ops();

namespace {

void infer_softmax(Infer& f) {
  if (f.shape(0).rank() == 0) f.refuse("expected at least one axis");
  f.output(f.shape(0), f.dtype(0));
}
template <bool kLog>
void run_softmax(const Run& r) {
  r.kernels.softmax(r.context, kLog, r.in[0], r.out[0]);
}
template <bool kLog>
void run_grad(const Run& r) {
  r.kernels.softmax_grad(r.context, kLog, r.in[0], r.in[1], r.out[0]);
}
// y, g -> y * (g - sum(g y)), or g - exp(y) sum(g) for the logarithm
template <bool kLog>
Tensors grad_backward(const Backward& b) {
  const Tensor &y = b.in(0), &g = b.in(1), up = b.grad();
  Tensors out(2);
  if (kLog) {
    if (b.needs(1)) out[1] = up - sum(up * exp(y), -1, true);
    if (b.needs(0)) out[0] = -(up * exp(y) * sum(g, -1, true));
  } else {
    if (b.needs(1)) out[1] = y * (up - sum(up * y, -1, true));
    if (b.needs(0)) out[0] = up * (g - sum(g * y, -1, true)) - g * sum(up * y, -1, true);
  }
  return out;
}
const Op kSoftmaxGrad{"softmax_grad", infer_softmax, run_grad<false>, grad_backward<false>};
const Op kLogGrad{"log_softmax_grad", infer_softmax, run_grad<true>, grad_backward<true>};
Tensors softmax_backward(const Backward& b) {
  return {apply1(kSoftmaxGrad, {b.out(), packed(b.grad())})};
}
Tensors log_backward(const Backward& b) { return {apply1(kLogGrad, {b.out(), packed(b.grad())})}; }
Op saving(Op op) {
  op.saves_output = true;
  return op;
}
const Op kSoftmax = saving({"softmax", infer_softmax, run_softmax<false>, softmax_backward});
const Op kLogSoftmax = saving({"log_softmax", infer_softmax, run_softmax<true>, log_backward});

Tensor over_axes(const Op& op, const Tensor& given, const Axes& axis) {
  DType d = common_float({given}), p = d == DType::kFloat64 ? d : DType::kFloat32;
  Tensor x = as_dtype(given, p);
  if (x.rank() == 0) fail(op.name, ": expected at least one axis");
  Ints axes = axis.list;
  if (axis.all)
    for (int i = 0; i < x.rank(); ++i) axes.push_back(i);
  for (int64_t& a : axes) a = normalize_axis(a, x.rank());
  if (axes.size() == 1 && axes[0] == x.rank() - 1) return as_dtype(apply1(op, {packed(x)}), d);
  Ints back;
  for (size_t i = 0; i < axes.size(); ++i)
    back.push_back(static_cast<int64_t>(i) - static_cast<int64_t>(axes.size()));
  Tensor moved = moveaxis(x, axes, back);
  Tensor flat = moved;
  if (axes.size() > 1) {
    Ints shape;
    for (int i = 0; i < moved.rank() - static_cast<int>(axes.size()); ++i)
      shape.push_back(moved.shape()[i]);
    shape.push_back(-1);
    flat = reshape(moved, shape);
  }
  Tensor y = apply1(op, {packed(flat)});
  if (axes.size() > 1) y = reshape(y, moved.shape().vec());
  return as_dtype(moveaxis(y, back, axes), d);
}

// ---- cross-entropy of logits with integer labels -----------------------------------------------
void infer_xent(Infer& f) {
  if (f.shape(0).rank() != 2 || f.shape(1).rank() != 1 || f.shape(0)[0] != f.shape(1)[0])
    f.refuse("expected logits (n, classes) and labels (n,); received shapes ", f.shape(0), " and ",
             f.shape(1));
  f.output({f.shape(0)[0]}, f.dtype(0));
}
void run_xent(const Run& r) {
  int64_t bad = r.kernels.sparse_xent(r.context, r.in[0], r.in[1], r.out[0]);
  if (bad < 0) return;
  int64_t label = r.in[1].dtype == abi::DType::kInt64 ? static_cast<int64_t*>(r.in[1].data)[bad]
                                                      : static_cast<int32_t*>(r.in[1].data)[bad];
  fail("sparse_categorical_crossentropy: label ", label, " of sample ", bad, " is outside [0, ",
       r.in[0].shape[1], ")");
}
void infer_xent_grad(Infer& f) { f.output(f.shape(0), f.dtype(0)); }
void run_xent_grad(const Run& r) {
  r.kernels.sparse_xent_grad(r.context, r.in[0], r.in[1], r.in[2], r.out[0]);
}
Tensors xent_grad_backward(const Backward& b) {
  Tensors out(3);
  const Tensor &z = b.in(0), &g = b.in(2), up = b.grad();
  Tensor p = softmax(z);
  if (b.needs(0)) out[0] = expand_dims(g, {-1}) * p * (up - sum(up * p, -1, true));
  if (b.needs(2)) out[2] = sum(up * (p - one_hot(b.in(1), z.dim(1), -1, z.dtype())), -1);
  return out;
}
const Op kXentGrad{"sparse_xent_grad", infer_xent_grad, run_xent_grad, xent_grad_backward};
Tensors xent_backward(const Backward& b) {
  return {apply1(kXentGrad, {b.in(0), b.in(1), packed(b.grad())}), {}};
}
const Op kXent{"sparse_xent", infer_xent, run_xent, xent_backward};

// What a softmax or sigmoid was applied to, where the origin of its output is known.
Tensor origin(const Tensor& output, const char* op) {
  const auto& node = output.defined() && output.impl() ? output.impl()->node : nullptr;
  if (!node || !node->op || node->op->name != std::string(op)) return {};
  return node->inputs[0];
}

Tensor normalized(const Tensor& output, int axis) {
  Tensor p = output / sum(output, axis, true);
  return clip(p, 1e-7, 1.0 - 1e-7);
}

}  // namespace

void register_nn_ops() {
  for (const Op* op : {&kSoftmax, &kLogSoftmax, &kSoftmaxGrad, &kLogGrad, &kXent, &kXentGrad})
    register_op(*op);
  register_block_ops();
  register_conv_ops();
  register_pool_ops();
  register_norm_ops();
  register_attention_ops();
  register_recurrent_ops();
  register_ctc_ops();
}

Tensor softmax(const Tensor& x, const Axes& axis) { return over_axes(kSoftmax, x, axis); }
Tensor log_softmax(const Tensor& x, const Axes& axis) { return over_axes(kLogSoftmax, x, axis); }

Tensor binary_crossentropy(const Tensor& target, const Tensor& output, bool from_logits) {
  DType d = common_float({output});
  Tensor y = as_dtype(output, d), t = as_dtype(target, d);
  if (!(t.shape() == y.shape()))
    fail("binary_crossentropy: target and output must have the same shape; received ", t.shape(),
         " and ", y.shape());
  Tensor z = from_logits ? y : origin(y, "sigmoid");
  if (z.defined()) return relu(z) - z * t + log1p(exp(-absolute(z)));
  Tensor p = clip(y, 1e-7, 1.0 - 1e-7);
  return -(t * log(p) + (Tensor(1.0) - t) * log(Tensor(1.0) - p));
}

Tensor categorical_crossentropy(const Tensor& target, const Tensor& output, bool from_logits,
                                int axis) {
  DType d = common_float({output});
  Tensor y = as_dtype(output, d), t = as_dtype(target, d);
  if (!(t.shape() == y.shape()))
    fail("categorical_crossentropy: target and output must have the same shape; received ",
         t.shape(), " and ", y.shape());
  Tensor z = from_logits                                      ? y
             : normalize_axis(axis, y.rank()) == y.rank() - 1 ? origin(y, "softmax")
                                                              : Tensor{};
  if (z.defined()) return -sum(t * log_softmax(z, axis), axis);
  return -sum(t * log(normalized(y, axis)), axis);
}

Tensor sparse_categorical_crossentropy(const Tensor& target, const Tensor& output, bool from_logits,
                                       int axis) {
  DType d = common_float({output}), p = d == DType::kFloat64 ? d : DType::kFloat32;
  Tensor y = as_dtype(output, p), t = target;
  if (y.rank() == 0) fail("sparse_categorical_crossentropy: the output needs an axis of classes");
  int a = normalize_axis(axis, y.rank());
  if (t.rank() == y.rank() && t.shape().back() == 1) t = squeeze(t, -1);
  if (is_floating(t.dtype()) || (t.dtype() != DType::kInt32 && t.dtype() != DType::kInt64))
    t = cast(t, DType::kInt64);
  Tensor z = from_logits ? y : a == y.rank() - 1 ? origin(output, "softmax") : Tensor{};
  if (!z.defined()) z = log(normalized(y, a));  // the softmax of a logarithm gives the shares back
  if (a != z.rank() - 1) z = moveaxis(z, {a}, {-1});
  Shape batch = z.shape();
  batch.pop_back();
  if (!(t.shape() == batch))
    fail("sparse_categorical_crossentropy: expected targets of shape ", batch,
         " for outputs of shape ", output.shape(), ", received ", target.shape());
  Tensor loss = apply1(kXent, {packed(reshape(z, {-1, z.dim(-1)})), packed(reshape(t, {-1}))});
  return as_dtype(reshape(loss, batch.vec()), d);
}

}  // namespace lamina
