// Layer normalization, and batch normalization with given statistics.
#include "lamina/ops.h"
#include "ops/norm.h"

namespace lamina {

namespace {

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

}  // namespace

void register_norm_ops() {
  for (const Op* op : {&kLn, &kLnGrad}) register_op(*op);
  register_batch_norm_ops();
}

Tensor layer_normalization(const Tensor& given, const Tensor& gamma, const Tensor& beta,
                           double epsilon) {
  DType d = common_float({given}), p = norm_type(d);
  Tensor x = as_dtype(given, p), g = optional_as(gamma, p), b = optional_as(beta, p);
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

}  // namespace lamina
