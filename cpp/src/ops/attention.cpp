// Attention as one operation (Vaswani et al. 2017, arXiv:1706.03762).
#include <cmath>

#include "graph/op.h"
#include "lamina/ops_attention.h"
#include "ops/packed.h"
#include "ops/promote.h"

namespace lamina {

namespace {

// q (B, T, N, H), k (B, S, M, H), v (B, S, M, V), then what restricts attention, each or none:
// -> out (B, T, N, V), stats (B, N, T, 2)
enum Input { kQ, kK, kV, kMask, kQueryMask, kKeyMask, kQueryRows, kKeyRows, kPosition, kDraw };

void infer_attention(Infer& f) {
  const Shape &q = f.shape(kQ), &k = f.shape(kK), &v = f.shape(kV);
  if (q.rank() != 4 || k.rank() != 4 || v.rank() != 4 || q[0] != k[0] || k[0] != v[0] ||
      k[1] != v[1] || k[2] != v[2] || q[3] != k[3] || (k[2] == 0 ? q[2] != 0 : q[2] % k[2] != 0))
    f.refuse(
        "expected query (batch, T, heads, size), key (batch, S, heads, size) and value (batch, S, "
        "heads, any), the query's heads a multiple of the key's; received shapes ",
        q, ", ", k, " and ", v);
  if (f.has(kQueryRows) != f.has(kKeyRows))
    f.refuse("a ragged batch can only attend to another ragged batch");
  if (f.has(kQueryRows)) {
    if (q[0] != 1 || f.shape(kQueryRows).rank() != 1 || !(f.shape(kQueryRows) == f.shape(kKeyRows)))
      f.refuse(
          "expected ragged batches (1, total, ...) with the lengths of equally many sequences; "
          "received query ",
          q, " with lengths ", f.shape(kQueryRows), " and key ", k, " with lengths ",
          f.shape(kKeyRows));
    if (f.has(kPosition)) f.refuse("a ragged batch cannot be decoded step by step");
  }
  if (f.has(kPosition) && f.shape(kPosition).numel() != 1)
    f.refuse("the position must be one number, received shape ", f.shape(kPosition));
  f.output({q[0], q[1], q[2], v[3]}, f.dtype(0));
  f.output({q[0], q[2], q[1], 2}, f.dtype(0));
}
abi::AttentionArgs args_of(const Run& r, const abi::View& out, const abi::View& stats) {
  abi::AttentionArgs a{};
  a.q = r.in[kQ], a.k = r.in[kK], a.v = r.in[kV], a.out = out, a.stats = stats;
  a.mask = r.optional(kMask);
  a.query_mask = r.optional(kQueryMask), a.key_mask = r.optional(kKeyMask);
  a.query_rows = r.optional(kQueryRows), a.key_rows = r.optional(kKeyRows);
  a.position = r.optional(kPosition), a.draw = r.optional(kDraw);
  a.dropout = r.attrs.real("dropout"), a.causal = r.attrs.flag("is_causal");
  a.window = r.attrs.integer("window"), a.scale = r.attrs.real("scale");
  return a;
}
void run_attention(const Run& r) { r.kernels.attention(r.context, args_of(r, r.out[0], r.out[1])); }

// the inputs of attention, then out, stats, gradient of out -> gq, gk, gv
constexpr size_t kOut = kDraw + 1, kStats = kOut + 1, kGrad = kStats + 1;
void infer_attention_grad(Infer& f) {
  for (size_t i : {0u, 1u, 2u}) f.output(f.shape(i), f.dtype(0));
}
void run_attention_grad(const Run& r) {
  r.kernels.attention_grad(
      r.context, {args_of(r, r.in[kOut], r.in[kStats]), r.in[kGrad], r.out[0], r.out[1], r.out[2]});
}
const Op kAttentionGrad{"attention_grad", infer_attention_grad, run_attention_grad};

// ---- the same in operations
// -----------------------------------------------------------------------

Tensor of_heads(const Tensor& x) { return transpose(x, {0, 2, 1, 3}); }

// Where queries look: bool, broadcastable to (B, N, T, S), or undefined for everywhere.
Tensor seen(const Tensors& in, const Attrs& attrs) {
  const int64_t t = in[kQ].dim(1), s = in[kK].dim(1), window = attrs.integer("window");
  Tensor keep = in[kMask];
  const auto also = [&](const Tensor& m) { keep = keep.defined() ? logical_and(keep, m) : m; };
  if (in[kQueryMask].defined()) also(expand_dims(in[kQueryMask], {1, 3}));
  if (in[kKeyMask].defined()) also(expand_dims(in[kKeyMask], {1, 2}));
  Tensor query = reshape(arange(0, static_cast<double>(t), 1, DType::kInt64), {t, 1});
  const Tensor key = reshape(arange(0, static_cast<double>(s), 1, DType::kInt64), {1, s});
  if (in[kPosition].defined()) {
    query = query + reshape(in[kPosition], {1, 1});
    also(less_equal(key, reshape(in[kPosition], {1, 1}) + Tensor(t - 1)));
  }
  if (attrs.flag("is_causal")) also(greater_equal(query, key));
  if (window > 0) also(less(absolute(query - key), Tensor(window)));
  return keep;
}

Tensor shares_of(const Tensor& q, const Tensor& k, const Tensor& keep, double scale) {
  Tensor scores = matmul(of_heads(q) * Tensor(scale), transpose(k, {0, 2, 3, 1}));
  return softmax(keep.defined() ? where(keep, scores, Tensor(-1e30)) : scores);
}

// Heads of keys or values, each as often as queries share it.
Tensor repeated(const Tensor& x, int64_t heads) {
  return x.dim(2) == heads ? x : repeat(x, {heads / x.dim(2)}, 2);
}

Tensors differentiable_backward(const Backward& b) {
  Tensors in(kDraw + 1);
  for (size_t i = 0; i < in.size(); ++i) in[i] = b.in(i);
  if (in[kQueryRows].defined())
    throw Error("attention: only first-order derivatives pass through a ragged batch",
                Error::Kind::kUnsupported);
  const Tensor &q = in[kQ], k = repeated(in[kK], q.dim(2)), v = repeated(in[kV], q.dim(2));
  const double scale = b.attrs().real("scale"), rate = b.attrs().real("dropout");
  const Tensor keep = seen(in, b.attrs());
  const Tensor p = shares_of(q, k, keep, scale), up = of_heads(b.grad());
  Tensor dp = matmul(up, transpose(v, {0, 2, 3, 1})), kept = p;
  if (in[kDraw].defined()) {  // the kernel's numbers, see dropout_factors
    const int64_t s = k.dim(1), row = (s + 127) / 128 * 128;
    Tensor u = apply1(*find_op("random_uniform"), {in[kDraw]},
                      {{"shape", Ints{q.dim(0), q.dim(2), q.dim(1), row}},
                       {"dtype", std::string("float32")},
                       {"a", 0.0},
                       {"b", 1.0}});
    u = getitem(u, {Index::ellipsis(), Index::slice(0, s)});
    const Tensor factor = where(less(u, Tensor(rate)), zeros_like(p), full_like(p, 1 / (1 - rate)));
    dp = dp * factor, kept = p * factor;
  }
  Tensor ds = p * (dp - sum(dp * p, -1, true)) * Tensor(scale);
  if (keep.defined()) ds = where(keep, ds, zeros_like(ds));
  const auto shared = [&](const Tensor& g, const Tensor& x) {
    Tensor y = of_heads(g);
    const int64_t group = q.dim(2) / x.dim(2);
    if (group == 1) return y;
    return sum(reshape(y, {y.dim(0), y.dim(1), x.dim(2), group, y.dim(3)}), 3);
  };
  Tensors g(in.size());
  if (b.needs(0)) g[0] = of_heads(matmul(ds, of_heads(k)));
  if (b.needs(1)) g[1] = shared(matmul(swapaxes(ds, -1, -2), of_heads(q)), in[kK]);
  if (b.needs(2)) g[2] = shared(matmul(swapaxes(kept, -1, -2), up), in[kV]);
  return g;
}

Tensors attention_backward(const Backward& b) {
  if (grad_enabled()) return differentiable_backward(b);  // to be differentiated again
  Tensors all, g(b.n_inputs());
  for (size_t i = 0; i < b.n_inputs(); ++i) all.push_back(b.in(i));
  for (const Tensor& t : {stop_gradient(b.out(0)), stop_gradient(b.out(1)), packed(b.grad())})
    all.push_back(t);
  all = apply(kAttentionGrad, all, b.attrs());
  for (size_t i = 0; i < 3; ++i)
    if (b.needs(i)) g[i] = all[i];
  return g;
}
const Op kAttention = [] {
  Op op{"attention", infer_attention, run_attention, attention_backward};
  op.saves_output = true;
  return op;
}();

// ---- caches
// ---------------------------------------------------------------------------------------

// cache (batch, 2, length, heads, size), key and value (batch, n, heads, size), position
void infer_cache_update(Infer& f) {
  const Shape &c = f.shape(0), &k = f.shape(1), &v = f.shape(2);
  if (c.rank() != 5 || c[1] != 2 || k.rank() != 4 || !(k == v) || k[0] != c[0] || k[2] != c[3] ||
      k[3] != c[4] || k[1] > c[2])
    f.refuse(
        "expected a cache (batch, 2, length, heads, size) and keys and values (batch, up to "
        "length, heads, size); received shapes ",
        c, ", ", k, " and ", v);
  if (f.shape(3).numel() != 1)
    f.refuse("the position must be one number, received shape ", f.shape(3));
  if (f.in(0).impl()->storage && !f.in(0).writable()) f.refuse("the cache is read-only");
  f.in_place(0);
}
void run_cache_update(const Run& r) {
  const int64_t at = *static_cast<const int64_t*>(r.in[3].data), n = r.in[1].shape[1];
  const abi::View& cache = r.out[0];
  if (at < 0 || at + n > cache.shape[2])
    throw Error(str("cache_update: steps ", at, " to ", at + n, " do not fit a cache of length ",
                    cache.shape[2]),
                Error::Kind::kIndex);
  for (int half : {0, 1}) {
    abi::View to = r.in[1];
    const int64_t size = static_cast<int64_t>(itemsize(static_cast<DType>(cache.dtype)));
    to.dtype = cache.dtype;
    to.data =
        static_cast<char*>(cache.data) + (half * cache.strides[1] + at * cache.strides[2]) * size;
    to.strides[0] = cache.strides[0];
    for (int i : {1, 2, 3}) to.strides[i] = cache.strides[i + 1];
    r.kernels.copy(r.context, r.in[1 + half], to);
  }
}
const Op kCacheUpdate = [] {
  Op op{"cache_update", infer_cache_update, run_cache_update};
  op.effect = true;
  return op;
}();

// The kernel reads each step's (heads, size) in one piece, and steps wherever they lie.
Tensor with_packed_steps(const Tensor& x) {
  if (x.is_symbolic()) return x;
  const Shape& s = x.strides();
  return (x.dim(3) == 1 || s[3] == 1) && (x.dim(2) == 1 || s[2] == x.dim(3)) ? x : packed(x);
}

Attrs attrs_of(const AttentionOptions& o, double scale) {
  return {{"is_causal", o.is_causal},
          {"window", o.window},
          {"dropout", o.dropout},
          {"scale", o.scale.value_or(scale)}};
}

Tensor as_keep(const Tensor& mask, const Shape& shape) {
  return mask.defined() ? broadcast_to(cast(mask, DType::kBool), shape) : mask;
}

Tensors inputs_of(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& o) {
  for (const Tensor* t : {&q, &k, &v})
    if (t->rank() != 4)
      fail("attention: expected (batch, length, heads, size), received shape ", t->shape());
  if (o.window < 0) fail("attention: window must not be negative, received ", o.window);
  const auto lengths = [](const Tensor& t) { return t.defined() ? cast(t, DType::kInt64) : t; };
  return {q,
          k,
          v,
          as_keep(o.mask, {q.dim(0), q.dim(2), q.dim(1), k.dim(1)}),
          as_keep(o.query_mask, {q.dim(0), q.dim(1)}),
          as_keep(o.key_mask, {k.dim(0), k.dim(1)}),
          lengths(o.query_row_lengths),
          lengths(o.key_row_lengths),
          lengths(o.position),
          Tensor()};
}

}  // namespace

void register_attention_ops() {
  register_op(kAttention);
  register_op(kAttentionGrad);
  register_op(kCacheUpdate);
}

Tensor attention(const Tensor& query, const Tensor& key, const Tensor& value,
                 const AttentionOptions& o) {
  if (!(o.dropout >= 0 && o.dropout < 1))
    fail("attention: dropout must lie in [0, 1), received ", o.dropout);
  const DType d = common_float({query, key, value}), p = d == DType::kFloat64 ? d : DType::kFloat32;
  const auto as = [&](const Tensor& t) { return with_packed_steps(as_dtype(t, p)); };
  Tensors in = inputs_of(query, key, value, o);
  for (int i : {kQ, kK, kV}) in[static_cast<size_t>(i)] = as(in[static_cast<size_t>(i)]);
  if (o.dropout > 0) {
    random::SeedGenerator& seed = o.seed ? *o.seed : random::global_generator();
    NoGrad off;
    in[kDraw] = copy(seed.state());  // as it is now, for the backward pass
    apply(*find_op("advance_seed"), {seed.state()});
  }
  Tensors out =
      apply(kAttention, in, attrs_of(o, 1.0 / std::sqrt(static_cast<double>(query.dim(-1)))));
  return as_dtype(out[0], d);
}

Tensor attention_scores(const Tensor& query, const Tensor& key, const AttentionOptions& o) {
  if (o.query_row_lengths.defined())
    throw Error("attention_scores: a ragged batch has no matrix of scores",
                Error::Kind::kUnsupported);
  const DType d = common_float({query, key});
  const Tensor q = as_dtype(query, d), k = as_dtype(key, d);
  const Tensors in = inputs_of(q, k, k, o);
  const Attrs attrs = attrs_of(o, 1.0 / std::sqrt(static_cast<double>(q.dim(-1))));
  return shares_of(q, repeated(k, q.dim(2)), seen(in, attrs), attrs.real("scale"));
}

Tensor dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                             const Tensor& mask, std::optional<double> scale, bool is_causal) {
  AttentionOptions o;
  o.mask = mask, o.scale = scale, o.is_causal = is_causal;
  return attention(query, key, value, o);
}

Tensor cache_update(const Tensor& cache, const Tensor& key, const Tensor& value,
                    const Tensor& position) {
  NoGrad off;
  const auto as = [&](const Tensor& t) { return as_dtype(stop_gradient(t), cache.dtype()); };
  return apply1(kCacheUpdate, {cache, as(key), as(value), cast(position, DType::kInt64)});
}

}  // namespace lamina
