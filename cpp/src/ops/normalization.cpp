// Layer and batch normalization.
#include "graph/op.h"
#include "lamina/ops.h"
#include "ops/packed.h"
#include "ops/promote.h"

namespace lamina {

namespace {

// A view of (..., C) as (R, C).
abi::View rows(const abi::View& v) {
  abi::View m = v;
  int64_t c = v.shape[v.rank - 1], r = 1;
  for (int i = 0; i + 1 < v.rank; ++i) r *= v.shape[i];
  m.rank = 2;
  m.shape[0] = r, m.shape[1] = c, m.strides[0] = c, m.strides[1] = 1;
  return m;
}
void check_vector(Infer& f, size_t i, int64_t c) {
  if (f.has(i) && !(f.shape(i) == Shape{c}))
    f.refuse("expected a vector of length ", c, ", received shape ", f.shape(i));
}
int64_t row_count(const Shape& s) {
  int64_t r = 1;
  for (int i = 0; i + 1 < s.rank(); ++i) r *= s[i];
  return r;
}

// x, gamma, beta -> y, mean, rstd
void infer_ln(Infer& f) {
  if (f.shape(0).rank() < 1) f.refuse("expected at least one axis");
  int64_t c = f.shape(0)[-1];
  check_vector(f, 1, c), check_vector(f, 2, c);
  f.output(f.shape(0), f.dtype(0));
  f.output({row_count(f.shape(0))}, f.dtype(0));
  f.output({row_count(f.shape(0))}, f.dtype(0));
}
void run_ln(const Run& r) {
  r.kernels.layer_norm(r.context, r.attrs.real("epsilon"), rows(r.in[0]), r.optional(1),
                       r.optional(2), rows(r.out[0]), r.out[1], r.out[2]);
}
// x, gamma, mean, rstd, g -> gx, ggamma, gbeta
void infer_ln_grad(Infer& f) {
  f.output(f.shape(0), f.dtype(0));
  f.output({f.shape(0)[-1]}, f.dtype(0));
  f.output({f.shape(0)[-1]}, f.dtype(0));
}
void run_ln_grad(const Run& r) {
  r.kernels.layer_norm_grad(r.context, rows(r.in[0]), r.optional(1), r.in[2], r.in[3],
                            rows(r.in[4]), rows(r.out[0]), &r.out[1], &r.out[2]);
}
const Op kLnGrad{"layer_norm_grad", infer_ln_grad, run_ln_grad};
Tensors ln_backward(const Backward& b) {
  Tensors g = apply(kLnGrad, {b.in(0), b.in(1), stop_gradient(b.out(1)), stop_gradient(b.out(2)),
                              packed(b.grad())});
  return {g[0], b.needs(1) ? g[1] : Tensor{}, b.needs(2) ? g[2] : Tensor{}};
}
Op saving(Op op) {
  op.saves_output = true;
  return op;
}
const Op kLn = saving({"layer_norm", infer_ln, run_ln, ln_backward});

// x, gamma, beta -> y, mean, var
void infer_bn(Infer& f) {
  if (f.shape(0).rank() < 2) f.refuse("expected at least two axes, received shape ", f.shape(0));
  int64_t c = f.shape(0)[-1];
  check_vector(f, 1, c), check_vector(f, 2, c);
  f.output(f.shape(0), f.dtype(0));
  f.output({c}, f.dtype(0));
  f.output({c}, f.dtype(0));
}
void run_bn(const Run& r) {
  abi::View x = rows(r.in[0]);
  r.kernels.batch_norm_stats(r.context, x, r.out[1], r.out[2]);
  r.kernels.batch_norm(r.context, r.attrs.real("epsilon"), x, r.out[1], r.out[2], r.optional(1),
                       r.optional(2), rows(r.out[0]));
}
// x, mean, var, gamma, g -> gx, ggamma, gbeta
void run_bn_grad(const Run& r) {
  r.kernels.batch_norm_grad(r.context, r.attrs.real("epsilon"), rows(r.in[0]), r.in[1], r.in[2],
                            r.optional(3), rows(r.in[4]), rows(r.out[0]), &r.out[1], &r.out[2]);
}
const Op kBnGrad{"batch_norm_grad", infer_ln_grad, run_bn_grad};
Tensors bn_backward(const Backward& b) {
  if (!b.has_grad(0)) return Tensors(3);
  Tensors g =
      apply(kBnGrad,
            {b.in(0), stop_gradient(b.out(1)), stop_gradient(b.out(2)), b.in(1), packed(b.grad())},
            b.attrs());
  return {g[0], b.needs(1) ? g[1] : Tensor{}, b.needs(2) ? g[2] : Tensor{}};
}
const Op kBn = saving({"batch_norm_train", infer_bn, run_bn, bn_backward});

DType compute(DType d) { return d == DType::kFloat64 ? d : DType::kFloat32; }
Tensor optional(const Tensor& t, DType d) { return t.defined() ? as_dtype(t, d) : t; }

}  // namespace

void register_norm_ops() {
  for (const Op* op : {&kLn, &kLnGrad, &kBn, &kBnGrad}) register_op(*op);
}

Tensor layer_normalization(const Tensor& given, const Tensor& gamma, const Tensor& beta,
                           double epsilon) {
  DType d = common_float({given}), p = compute(d);
  Tensor x = as_dtype(given, p), g = optional(gamma, p), b = optional(beta, p);
  int axes = g.defined() ? g.rank() : b.defined() ? b.rank() : 1;
  Shape shape = x.shape();
  if (axes > 1) {  // several axes are normalized as one
    Ints flat;
    for (int i = 0; i < shape.rank() - axes; ++i) flat.push_back(shape[i]);
    flat.push_back(-1);
    x = reshape(x, flat);
    if (g.defined()) g = reshape(g, {-1});
    if (b.defined()) b = reshape(b, {-1});
  }
  Tensor y = apply(kLn, {packed(x), g.defined() ? packed(g) : g, b.defined() ? packed(b) : b},
                   {{"epsilon", epsilon}})[0];
  if (axes > 1) y = reshape(y, shape.vec());
  return as_dtype(y, d);
}

Tensor batch_normalization(const Tensor& given, const Tensor& mean, const Tensor& variance,
                           int axis, const Tensor& offset, const Tensor& scale, double epsilon) {
  DType d = common_float({given});
  int a = normalize_axis(axis, given.rank());
  Ints shape(static_cast<size_t>(given.rank()), 1);
  shape[static_cast<size_t>(a)] = -1;
  // Folded into one product and one sum of vectors first.
  Tensor factor = rsqrt(as_dtype(variance, d) + Tensor(epsilon));
  if (scale.defined()) factor = factor * as_dtype(scale, d);
  Tensor shift = -(as_dtype(mean, d) * factor);
  if (offset.defined()) shift = shift + as_dtype(offset, d);
  return as_dtype(given, d) * reshape(factor, shape) + reshape(shift, shape);
}

Tensors batch_normalization_train(const Tensor& given, const Tensor& gamma, const Tensor& beta,
                                  double epsilon) {
  DType d = common_float({given}), p = compute(d);
  Tensors out = apply(kBn, {packed(as_dtype(given, p)), optional(gamma, p), optional(beta, p)},
                      {{"epsilon", epsilon}});
  return {as_dtype(out[0], d), out[1], out[2]};
}

}  // namespace lamina
