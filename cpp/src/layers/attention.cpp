// Attention of one head, without projections: Attention and AdditiveAttention.
#include "lamina/ops_attention.h"
#include "lamina/ragged.h"
#include "layers/builtin.h"

namespace lamina {

namespace {

// What both have: inputs [query, value] or [query, value, key], masks of query and value, and what
// becomes of the scores (batch, T, S).
template <class Derived, class Options>
class ScoredAttention : public BuiltIn<Derived, Options> {
 protected:
  using Base = BuiltIn<Derived, Options>;
  using Base::o_;

 public:
  static constexpr bool kMasking = true;
  explicit ScoredAttention(const Options& o) : Base(o) {
    if (!(o.dropout >= 0 && o.dropout < 1))
      fail(Derived::kName, ": argument 'dropout' must lie in [0, 1), received ", o.dropout);
    if (o.dropout > 0) seed_ = &this->add_seed(o.seed);
  }
  bool takes_list() const override { return true; }
  Tensors compute_mask(const Tensors&, const Tensors& masks) override {
    return masks.empty() ? Tensors{} : Tensors{masks[0]};
  }

 protected:
  void check(const std::vector<Shape>& shapes) const {
    if (shapes.size() < 2 || shapes.size() > 3)
      throw this->error(
          str("takes a list of 2 or 3 inputs, [query, value] or [query, value, key], "
              "received ",
              shapes.size()));
    for (const Shape& s : shapes)
      if (s.rank() != 3)
        throw this->error(
            str("expected inputs of 3 axes (batch, length, features), received shape ", s));
  }
  // (batch, S) or (batch, T, S)
  static AttentionOptions restrictions(const CallArgs& args) {
    AttentionOptions a;
    if (Tensor m = args.mask(1); m.defined()) {
      m = cast(m, DType::kBool);
      (m.rank() == 2 ? a.key_mask : a.mask) = m.rank() == 2 ? m : expand_dims(m, {1});
    }
    a.is_causal = args.flag("use_causal_mask");
    a.query_row_lengths = args.row_lengths(0), a.key_row_lengths = args.row_lengths(1);
    return a;
  }
  static bool is_ragged(const CallArgs& args) {
    return args.row_lengths(0).defined() || args.row_lengths(1).defined();
  }
  // Where all scores are needed, ragged batches are computed as padded rows.
  template <class F>
  Tensors on_rows(const Tensors& in, const CallArgs& args, F&& call) const {
    CallArgs padded = args;
    padded.rows.clear(), padded.masks.clear();
    std::erase_if(padded.tensors, [](auto& named) { return named.first.rfind("mask", 0) == 0; });
    Tensors rows;
    for (size_t i = 0; i < in.size(); ++i) {
      const Tensor lengths = args.row_lengths(i), mask = args.mask(i);
      if (!lengths.defined() || lengths.dim(0) != args.row_lengths(0).dim(0))
        throw this->error("a ragged batch can only attend to another one of as many sequences");
      rows.push_back(pad_rows(in[i], lengths));
      Tensor real = padding_mask(lengths);
      if (mask.defined()) real = logical_and(real, pad_rows(cast(mask, DType::kBool), lengths));
      padded.masks.push_back(real);
    }
    Tensors out = call(rows, padded);
    out[0] = unpad_rows(out[0], args.row_lengths(0), in[0].dim(1));
    return out;
  }
  // From the scores on.
  Tensors share_out(Tensor scores, const Tensor& value, const CallArgs& args) const {
    AttentionOptions a = restrictions(args);
    if (a.key_mask.defined()) scores = where(expand_dims(a.key_mask, {1}), scores, Tensor(-1e30));
    if (a.mask.defined()) scores = where(squeeze(a.mask, 1), scores, Tensor(-1e30));
    if (a.is_causal) {
      const auto steps = [](int64_t n) { return arange(0, static_cast<double>(n)); };
      scores = where(greater_equal(expand_dims(steps(scores.dim(1)), {1}), steps(scores.dim(2))),
                     scores, Tensor(-1e30));
    }
    Tensor shares = softmax(scores);
    if (args.training && o_.dropout > 0) shares = random::dropout(shares, o_.dropout, seed_);
    const Tensor y = finish(matmul(shares, value), args);
    if (args.flag("return_attention_scores")) return {y, shares};
    return {y};
  }
  // Zero where the query's mask says so.
  static Tensor finish(const Tensor& y, const CallArgs& args) {
    const Tensor m = args.mask(0);
    return m.defined() ? where(expand_dims(cast(m, DType::kBool), {-1}), y, zeros_like(y)) : y;
  }
  random::SeedGenerator* seed_ = nullptr;
};

class Attention : public ScoredAttention<Attention, DotAttentionOptions> {
 public:
  static constexpr const char* kName = "Attention";
  static constexpr bool kRagged = true;
  explicit Attention(const DotAttentionOptions& o) : ScoredAttention(o) {
    if (o.score_mode != "dot" && o.score_mode != "concat")
      fail("Attention: argument 'score_mode' must be dot or concat, received '", o.score_mode, "'");
  }
  bool reads_row_lengths() const override { return o_.score_mode == "concat"; }
  void build(const std::vector<Shape>& shapes) override {
    check(shapes);
    if (o_.use_scale) scale_ = add_weight({"scale", {}, "ones"});
    if (o_.score_mode == "concat") weight_ = add_weight({"concat_score_weight", {}, "ones"});
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    const Tensor &q = in[0], &v = in.at(1), &k = in.size() > 2 ? in[2] : v;
    if ((reads_row_lengths() || args.flag("return_attention_scores")) && is_ragged(args))
      return on_rows(in, args, [&](auto& rows, auto& padded) { return call(rows, padded); });
    if (o_.score_mode == "concat") {
      Tensor sum_of_both = expand_dims(q, {2}) + expand_dims(k, {1});
      if (scale_.defined()) sum_of_both = sum_of_both * scale_.value();
      return share_out(sum(tanh(sum_of_both), -1) * weight_.value(), v, args);
    }
    const Tensor scaled = scale_.defined() ? q * scale_.value() : q;
    if (args.flag("return_attention_scores"))
      return share_out(matmul(scaled, swapaxes(k, -1, -2)), v, args);
    AttentionOptions a = restrictions(args);
    a.scale = 1;
    if (args.training) a.dropout = o_.dropout, a.seed = seed_;
    const auto one_head = [](const Tensor& x) { return expand_dims(x, {2}); };
    return {finish(squeeze(attention(one_head(scaled), one_head(k), one_head(v), a), 2), args)};
  }

 private:
  Variable scale_, weight_;
};

class AdditiveAttention : public ScoredAttention<AdditiveAttention, AdditiveAttentionOptions> {
 public:
  static constexpr const char* kName = "AdditiveAttention";
  static constexpr bool kRagged = true;
  using ScoredAttention::ScoredAttention;
  bool reads_row_lengths() const override { return true; }
  void build(const std::vector<Shape>& shapes) override {
    check(shapes);
    if (o_.use_scale) scale_ = add_weight({"scale", {last_axis(shapes[0])}, "glorot_uniform"});
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    const Tensor &q = in[0], &v = in.at(1), &k = in.size() > 2 ? in[2] : v;
    if (is_ragged(args))
      return on_rows(in, args, [&](auto& rows, auto& padded) { return call(rows, padded); });
    const Tensor both = tanh(expand_dims(q, {2}) + expand_dims(k, {1}));
    return share_out(sum(scale_.defined() ? both * scale_.value() : both, -1), v, args);
  }

 private:
  Variable scale_;
};

const char* const kCall = R"(
    dropout: Share of the attention weights to drop in training.
    seed: Of dropout's random numbers; from the global generator by default.

Call arguments:
    inputs: A list of query (batch, T, dim), value (batch, S, dim) and maybe key (batch, S, dim);
        `value` by default.
    mask: A list of boolean masks of query (batch, T) and value (batch, S), or None for either;
        those that came with the inputs by default. The output is 0 where the query's is False;
        values where theirs is False do not count.
    return_attention_scores: Also give the weights (batch, T, S).
    use_causal_mask: Whether a position sees only itself and earlier ones.

Output shape: (batch, T, dim of the value).)";

}  // namespace

void add_attention_layers(LayerClasses& out) {
  static const std::string dot =
      std::string(
          R"(Dot-product attention (Luong et al., 2015, arXiv:1508.04025).

softmax(query key^T) value. In score_mode "dot" the matrix of scores is not stored.

Args:
    use_scale: Whether a trained number multiplies the scores.
    score_mode: "dot", or "concat" for the sum of tanh(query + key) times a trained number.)") +
      kCall + R"(

Example:

>>> import lamina, numpy as np
>>> query, value = np.ones((2, 3, 4), "float32"), np.ones((2, 5, 4), "float32")
>>> lamina.layers.Attention()([query, value]).shape
(2, 3, 4))";
  static const std::string additive =
      std::string(
          R"(Additive attention (Bahdanau et al., 2015, arXiv:1409.0473).

softmax(sum(scale * tanh(query + key))) value.

Args:
    use_scale: Whether trained numbers, one for each feature, multiply the terms of the sum.)") +
      kCall;
  out.push_back(layer_class<Attention>(dot.c_str()));
  out.push_back(layer_class<AdditiveAttention>(additive.c_str()));
}

}  // namespace lamina
