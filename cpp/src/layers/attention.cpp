// Multi-head attention.
#include <cmath>

#include "layers/builtin.h"

namespace lamina {

namespace {

// One of the four projections, with weights shaped as Keras's EinsumDense has them.
class Projection : public Layer {
 public:
  Projection(const std::string& name, const MultiHeadAttentionOptions& o, Shape kernel, Shape bias)
      : Layer(LayerOptions{name, true, o.dtype}), o_(o), kernel_shape_(kernel), bias_shape_(bias) {
    supports_masking_ = true;
  }
  std::string class_name() const override { return "EinsumDense"; }
  void build(const std::vector<Shape>&) override {
    kernel_ = add_weight({"kernel", kernel_shape_, o_.kernel_initializer, o_.kernel_regularizer,
                          o_.kernel_constraint});
    int64_t n = bias_shape_.numel();
    scale_as_matrix(kernel_, o_.kernel_initializer, kernel_shape_.numel() / n, n);
    if (o_.use_bias)
      bias_ = add_weight(
          {"bias", bias_shape_, o_.bias_initializer, o_.bias_regularizer, o_.bias_constraint});
  }
  // One product: the kernel as a matrix, the output's last axes from the bias shape.
  Tensors call(const Tensors& in, const CallArgs&) override {
    int64_t n = 1;
    for (int64_t d : bias_shape_) n *= d;
    Tensor x = in[0];
    int64_t k = kernel_shape_.numel() / n;
    x = reshape(x, {x.dim(0), x.dim(1), k});
    Tensor y = dense(x, reshape(kernel_, {k, n}), bias_.defined() ? reshape(bias_, {n}) : Tensor{});
    Ints s = {x.dim(0), x.dim(1)};
    for (int64_t d : bias_shape_) s.push_back(d);
    return {reshape(y, s)};
  }

 private:
  MultiHeadAttentionOptions o_;
  Shape kernel_shape_, bias_shape_;
  Variable kernel_, bias_;
};

class MultiHeadAttention : public BuiltIn<MultiHeadAttention, MultiHeadAttentionOptions> {
 public:
  static constexpr const char* kName = "MultiHeadAttention";
  static constexpr bool kMasking = true;
  explicit MultiHeadAttention(const MultiHeadAttentionOptions& o) : BuiltIn(o) {
    require_positive("num_heads", o.num_heads), require_positive("key_dim", o.key_dim);
    if (o.attention_axes)
      throw Error("MultiHeadAttention: attention_axes is not supported", Error::Kind::kUnsupported);
    if (!(o.dropout >= 0 && o.dropout < 1))
      fail("MultiHeadAttention: argument 'dropout' must lie in [0, 1), received ", o.dropout);
    if (o.dropout > 0) seed_ = &add_seed(o.seed);
  }
  void build(const std::vector<Shape>& shapes) override {
    if (shapes.size() < 2) throw error("needs a query and a value: layer(query, value)");
    for (auto& s : shapes) require_rank(s, 3);
    int64_t h = o_.num_heads, d = o_.key_dim, v = o_.value_dim.value_or(d),
            q = last_axis(shapes[0]);
    int64_t out = o_.output_shape ? o_.output_shape->at(0) : q;
    if (o_.output_shape && o_.output_shape->size() != 1)
      throw error("output_shape must be one number");
    query_ = track(std::make_shared<Projection>("query", o_, Shape{q, h, d}, Shape{h, d}));
    key_ = track(std::make_shared<Projection>(
        "key", o_, Shape{last_axis(shapes.size() > 2 ? shapes[2] : shapes[1]), h, d}, Shape{h, d}));
    value_ = track(
        std::make_shared<Projection>("value", o_, Shape{last_axis(shapes[1]), h, v}, Shape{h, v}));
    output_ =
        track(std::make_shared<Projection>("attention_output", o_, Shape{h, v, out}, Shape{out}));
    for (auto& l : {query_, key_, value_, output_}) l->build_from({shapes[0]});
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    if (in.size() < 2) throw error("needs a query and a value: layer(query, value)");
    Tensor key_in = in.size() > 2                  ? in[2]
                    : args.tensor("key").defined() ? args.tensor("key")
                                                   : in[1];
    Tensor q = project(query_, in[0]), k = project(key_, key_in), v = project(value_, in[1]);
    Tensor mask = attention_mask(in, args);
    if (mask.defined() && mask.rank() == 3) mask = expand_dims(mask, {1});
    bool causal = args.flag("use_causal_mask"), scores = args.flag("return_attention_scores");
    bool drop = args.training && o_.dropout > 0;
    if (!drop && !scores) {
      Tensor y = dot_product_attention(q, k, v, mask, {}, causal);
      return {finish(y)};
    }
    Tensor weights = shares(q, k, mask, causal);
    Tensor kept = drop ? random::dropout(weights, o_.dropout, seed_) : weights;
    Tensor y = transpose(matmul(kept, transpose(v, {0, 2, 1, 3})), {0, 2, 1, 3});
    if (scores) return {finish(y), weights};
    return {finish(y)};
  }

 private:
  // (batch, T, S): what the argument says, and what the masks of the sequences leave.
  static Tensor attention_mask(const Tensors& in, const CallArgs& args) {
    Tensor mask = args.tensor("attention_mask");
    auto with = [&](const char* name, Tensor own, int axis) {
      if (Tensor given = args.tensor(name); given.defined()) own = given;
      if (!own.defined()) return;
      Tensor m = expand_dims(cast(own, DType::kBool), {axis});
      if (mask.defined() && mask.rank() == 4) m = expand_dims(m, {1});
      mask = mask.defined() ? logical_and(cast(mask, DType::kBool), m) : m;
    };
    Tensor key = args.tensor("key");
    with("query_mask", args.mask(0), -1);
    with("value_mask", args.mask(1), 1);
    with("key_mask", in.size() > 2 ? args.mask(2) : key.defined() ? key.mask() : Tensor{}, 1);
    return mask;
  }
  static Tensor project(const LayerPtr& l, const Tensor& x) { return (*l)(x); }
  Tensor finish(const Tensor& y) { return (*output_)(y); }
  Tensor shares(const Tensor& q, const Tensor& k, Tensor mask, bool causal) {
    Tensor s = matmul(
        transpose(q, {0, 2, 1, 3}) * Tensor(1.0 / std::sqrt(static_cast<double>(o_.key_dim))),
        transpose(k, {0, 2, 3, 1}));
    if (causal) {
      int64_t t = q.dim(1), n = k.dim(1);
      Tensor c = greater_equal(reshape(arange(0, static_cast<double>(t)), {t, 1}),
                               reshape(arange(0, static_cast<double>(n)), {1, n}));
      mask = mask.defined() ? logical_and(cast(mask, DType::kBool), c) : c;
    }
    if (mask.defined()) s = where(cast(mask, DType::kBool), s, Tensor(-1e30));
    return softmax(s);
  }
  LayerPtr query_, key_, value_, output_;
  random::SeedGenerator* seed_ = nullptr;
};

}  // namespace

void add_attention_layers(LayerClasses& out) {
  out.push_back(layer_class<MultiHeadAttention>(
      R"(Attention with several heads (Vaswani et al., 2017, arXiv:1706.03762).

Args:
    num_heads: Number of heads.
    key_dim: Size of each head's query and key.
    value_dim: Size of each head's value; key_dim by default.
    dropout: Share of the attention weights to drop in training.
    use_bias: Whether the projections have a bias.
    output_shape: Size of the output; that of the query by default.
    attention_axes: Only the default, the axis after the batch, is supported.
    kernel_initializer, bias_initializer: First values of the projections' weights.
    kernel_regularizer, bias_regularizer, activity_regularizer: Penalties.
    kernel_constraint, bias_constraint: Projections after each update.
    seed: Of dropout's random numbers; from the global generator by default.

Call arguments:
    query: (batch, T, features). value: (batch, S, features). key: `value` by default.
    attention_mask: Boolean (batch, T, S); True: attend.
    query_mask, value_mask, key_mask: Boolean (batch, T) and (batch, S), those that came with the
        inputs by default.
    use_causal_mask: Whether a position sees only itself and earlier ones.
    return_attention_scores: Also give the weights (batch, heads, T, S).

Output shape: (batch, T, output_shape).)"));
}

}  // namespace lamina
