// Attention as one operation (Vaswani et al. 2017, arXiv:1706.03762).
#include <cmath>

#include "graph/op.h"
#include "lamina/ops.h"
#include "ops/packed.h"
#include "ops/promote.h"

namespace lamina {

namespace {

// q (B, T, N, H), k (B, S, N, H), v (B, S, N, V), mask (B, N, T, S) or none
// -> out (B, T, N, V), stats (B, N, T, 2)
void infer_attention(Infer& f) {
  const Shape &q = f.shape(0), &k = f.shape(1), &v = f.shape(2);
  if (q.rank() != 4 || k.rank() != 4 || v.rank() != 4 || q[0] != k[0] || k[0] != v[0] ||
      k[1] != v[1] || q[2] != k[2] || k[2] != v[2] || q[3] != k[3])
    f.refuse(
        "expected query (batch, T, heads, size), key (batch, S, heads, size) and value (batch, S, "
        "heads, any); received shapes ",
        q, ", ", k, " and ", v);
  f.output({q[0], q[1], q[2], v[3]}, f.dtype(0));
  f.output({q[0], q[2], q[1], 2}, f.dtype(0));
}
abi::AttentionArgs args_of(const Run& r, const abi::View& out, const abi::View& stats) {
  return {r.in[0],
          r.in[1],
          r.in[2],
          out,
          stats,
          r.optional(3),
          r.attrs.flag("is_causal"),
          r.attrs.real("scale")};
}
void run_attention(const Run& r) { r.kernels.attention(r.context, args_of(r, r.out[0], r.out[1])); }

// the inputs of attention, then out, stats, gradient of out -> gq, gk, gv
void infer_attention_grad(Infer& f) {
  for (size_t i : {0u, 1u, 2u}) f.output(f.shape(i), f.dtype(0));
}
void run_attention_grad(const Run& r) {
  r.kernels.attention_grad(r.context,
                           {args_of(r, r.in[4], r.in[5]), r.in[6], r.out[0], r.out[1], r.out[2]});
}
const Op kAttentionGrad{"attention_grad", infer_attention_grad, run_attention_grad};

// Where queries may look: bool, broadcastable to (B, N, T, S), or undefined for everywhere.
Tensor keep_mask(const Tensor& mask, bool is_causal, int64_t queries, int64_t keys) {
  Tensor keep = mask.defined() ? cast(mask, DType::kBool) : mask;
  if (!is_causal) return keep;
  Tensor causal = greater_equal(reshape(arange(0, static_cast<double>(queries)), {queries, 1}),
                                reshape(arange(0, static_cast<double>(keys)), {1, keys}));
  return keep.defined() ? logical_and(keep, causal) : causal;
}

Tensors attention_backward(const Backward& b) {
  const Tensor &q = b.in(0), &k = b.in(1), &v = b.in(2), &mask = b.in(3);
  Tensors g(4);
  if (grad_enabled()) {  // to be differentiated again: the same in operations
    const Tensor scale(b.attrs().real("scale"));
    const auto heads = [](const Tensor& x) { return transpose(x, {0, 2, 1, 3}); };
    Tensor scores = matmul(heads(q) * scale, transpose(k, {0, 2, 3, 1}));
    const Tensor keep = keep_mask(mask, b.attrs().flag("is_causal"), q.dim(1), k.dim(1));
    if (keep.defined()) scores = where(keep, scores, Tensor(-1e30));
    const Tensor p = softmax(scores), up = heads(b.grad());
    const Tensor dp = matmul(up, transpose(v, {0, 2, 3, 1}));
    const Tensor ds = p * (dp - sum(dp * p, -1, true)) * scale;
    if (b.needs(0)) g[0] = heads(matmul(ds, heads(k)));
    if (b.needs(1)) g[1] = heads(matmul(swapaxes(ds, -1, -2), heads(q)));
    if (b.needs(2)) g[2] = heads(matmul(swapaxes(p, -1, -2), up));
    return g;
  }
  Tensors all =
      apply(kAttentionGrad,
            {q, k, v, mask, stop_gradient(b.out(0)), stop_gradient(b.out(1)), packed(b.grad())},
            b.attrs());
  for (size_t i = 0; i < 3; ++i)
    if (b.needs(i)) g[i] = all[i];
  return g;
}
const Op kAttention = [] {
  Op op{"attention", infer_attention, run_attention, attention_backward};
  op.saves_output = true;
  return op;
}();

}  // namespace

void register_attention_ops() {
  register_op(kAttention);
  register_op(kAttentionGrad);
}

Tensor dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                             const Tensor& mask, std::optional<double> scale, bool is_causal) {
  for (const Tensor* t : {&query, &key, &value})
    if (t->rank() != 4)
      fail("dot_product_attention: expected (batch, length, heads, size), received shape ",
           t->shape());
  const DType d = common_float({query, key, value}), p = d == DType::kFloat64 ? d : DType::kFloat32;
  const auto as = [&](const Tensor& t) { return packed(as_dtype(t, p)); };
  Tensor keep = mask;
  if (keep.defined())
    keep = broadcast_to(cast(keep, DType::kBool),
                        {query.dim(0), query.dim(2), query.dim(1), key.dim(1)});
  Tensors out =
      apply(kAttention, {as(query), as(key), as(value), keep},
            {{"is_causal", is_causal},
             {"scale", scale.value_or(1.0 / std::sqrt(static_cast<double>(query.dim(-1))))}});
  return as_dtype(out[0], d);
}

}  // namespace lamina
