// Transformer blocks: attention, then two dense layers, each with a residual and a normalization.
#include "layers/builtin.h"

namespace lamina {

namespace {

// What encoder and decoder have in common. The layers inside are named and made as in KerasHub.
template <class Derived>
class Block : public BuiltIn<Derived, TransformerOptions> {
 protected:
  using Base = BuiltIn<Derived, TransformerOptions>;
  using Base::o_;

 public:
  static constexpr bool kMasking = true;
  static constexpr bool kRagged = true;
  explicit Block(const TransformerOptions& o) : Base(o) {
    this->require_positive("intermediate_dim", o.intermediate_dim);
    this->require_positive("num_heads", o.num_heads);
    if (!(o.dropout >= 0 && o.dropout < 1))
      fail(Derived::kName, ": argument 'dropout' must lie in [0, 1), received ", o.dropout);
  }
  Tensors compute_mask(const Tensors&, const Tensors& masks) override {
    return masks.empty() ? Tensors{} : Tensors{masks[0]};
  }

 protected:
  struct Attending {
    LayerPtr attention, norm, dropout;
  };

  template <class Options>
  LayerPtr inner(const char* class_name, const std::string& name, Options o,
                 const std::vector<Shape>& shapes) {
    o.name = name, o.dtype = this->dtype_policy();
    LayerPtr l = make_layer(class_name, write_options(o));
    this->track_layer(l);
    l->build_from(shapes);
    return l;
  }
  LayerPtr normalization(const std::string& name, const Shape& s) {
    LayerNormalizationOptions o;
    o.epsilon = o_.layer_norm_epsilon;
    return inner("LayerNormalization", name, o, {s});
  }
  LayerPtr dropping(const std::string& name, const Shape& s) {
    DropoutOptions o;
    o.rate = o_.dropout;
    return inner("Dropout", name, o, {s});
  }
  Attending attending(const char* class_name, const std::string& layer, const std::string& stem,
                      const Shape& query, const Shape& value) {
    MultiHeadAttentionOptions o;
    const int64_t features = this->last_axis(query);
    o.num_heads = o_.num_heads, o.key_dim = features / o_.num_heads;
    if (o.key_dim == 0)
      throw this->error(str("num_heads must not be more than the features of the input, received ",
                            o_.num_heads, " and shape ", query));
    o.dropout = o_.dropout;
    o.kernel_initializer = o_.kernel_initializer, o.bias_initializer = o_.bias_initializer;
    Attending a;
    a.attention = inner(class_name, layer, o, {query, value});
    a.norm = normalization(stem + "_layer_norm", query);
    a.dropout = dropping(stem + "_dropout", query);
    return a;
  }
  void add_dense(const Shape& s) {
    DenseOptions o;
    o.units = o_.intermediate_dim, o.activation = o_.activation;
    o.kernel_initializer = o_.kernel_initializer, o.bias_initializer = o_.bias_initializer;
    intermediate_ = inner("Dense", "feedforward_intermediate_dense", o, {s});
    Shape wide = s;
    wide[wide.rank() - 1] = o.units;
    o.units = this->last_axis(s), o.activation = {};
    result_ = inner("Dense", "feedforward_output_dense", o, {wide});
    drop_ = dropping("feedforward_dropout", s);
  }

  // x + dropout(f(x)) with the normalization before f, or after the sum.
  template <class F>
  Tensor residual(const Tensor& x, const LayerPtr& norm, const LayerPtr& dropout, F&& f) const {
    const Tensor y = (*dropout)(f(o_.normalize_first ? (*norm)(x) : x)) + x;
    return o_.normalize_first ? y : (*norm)(y);
  }
  Tensor feed_forward(const Tensor& x) const {
    return residual(x, norm_, drop_,
                    [&](const Tensor& t) { return (*result_)((*intermediate_)(t)); });
  }
  // Arguments for attention: what a padding mask (batch, S) and an attention mask leave. Masks that
  // came with the tensors are the attention's own business.
  static CallArgs masks(const CallArgs& args, const char* padding, const char* attention) {
    CallArgs a;
    a.options = Config::object();
    if (const Tensor m = args.tensor(padding); m.defined()) a.tensors.emplace_back("value_mask", m);
    if (const Tensor m = args.tensor(attention); m.defined())
      a.tensors.emplace_back("attention_mask", m);
    return a;
  }
  LayerPtr intermediate_, result_, norm_, drop_;
};

class TransformerEncoder : public Block<TransformerEncoder> {
 public:
  static constexpr const char* kName = "TransformerEncoder";
  using Block::Block;
  CallSignature call_signature() const override {
    return {{"inputs"}, {"padding_mask", "attention_mask"}};
  }
  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes), require_rank(shapes[0], 3);
    self_ = attending("MultiHeadAttention", "self_attention_layer", "self_attention", shapes[0],
                      shapes[0]);
    norm_ = normalization("feedforward_layer_norm", shapes[0]);
    add_dense(shapes[0]);
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    require_rank(in[0].shape(), 3);
    CallArgs a = masks(args, "padding_mask", "attention_mask");
    const bool scores = args.flag("return_attention_scores");
    a.options.set("return_attention_scores", scores);
    Tensors attended;
    Tensor x = residual(in[0], self_.norm, self_.dropout, [&](const Tensor& t) {
      attended = (*self_.attention)({t, t}, a);
      return attended[0];
    });
    x = feed_forward(x);
    if (scores) return {x, attended[1]};
    return {x};
  }

 private:
  Attending self_;
};

class TransformerDecoder : public Block<TransformerDecoder> {
 public:
  static constexpr const char* kName = "TransformerDecoder";
  using Block::Block;
  CallSignature call_signature() const override {
    return {{"decoder_sequence", "encoder_sequence"},
            {"decoder_padding_mask", "decoder_attention_mask", "encoder_padding_mask",
             "encoder_attention_mask", "self_attention_cache", "self_attention_cache_update_index",
             "cross_attention_cache", "cross_attention_cache_update_index"}};
  }
  void build(const std::vector<Shape>& shapes) override {
    if (shapes.empty() || shapes.size() > 2)
      throw error(str("takes a decoder sequence and maybe an encoder sequence, received ",
                      shapes.size(), " inputs"));
    for (const Shape& s : shapes) require_rank(s, 3);
    self_ = attending("CachedMultiHeadAttention", "self_attention", "self_attention", shapes[0],
                      shapes[0]);
    if (shapes.size() > 1)
      cross_ = attending("CachedMultiHeadAttention", "cross_attention", "cross_attention",
                         shapes[0], shapes[1]);
    add_dense(shapes[0]);
    norm_ = normalization("feedforward_layer_norm", shapes[0]);
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    if ((in.size() > 1) != (cross_.attention != nullptr))
      throw error(in.size() > 1 ? "was built without an encoder_sequence, but called with one"
                                : "was built with an encoder_sequence, but called without one");
    for (const Tensor& t : in) require_rank(t.shape(), 3);
    Tensors caches;
    CallArgs a = masks(args, "decoder_padding_mask", "decoder_attention_mask");
    a.options.set("use_causal_mask", args.flag("use_causal_mask", true));
    Tensor x = attend(self_, in[0], {}, a, args, "self_attention_cache", caches);
    if (cross_.attention) {
      a = masks(args, "encoder_padding_mask", "encoder_attention_mask");
      x = attend(cross_, x, in[1], a, args, "cross_attention_cache", caches);
    }
    caches.insert(caches.begin(), feed_forward(x));
    return caches;
  }

 private:
  // To itself without a value. Adds the cache that was given to `caches`.
  Tensor attend(const Attending& part, const Tensor& x, const Tensor& value, CallArgs a,
                const CallArgs& args, const std::string& cache, Tensors& caches) const {
    if (const Tensor t = args.tensor(cache); t.defined()) {
      a.tensors.emplace_back("cache", t);
      if (const Tensor at = args.tensor(cache + "_update_index"); at.defined())
        a.tensors.emplace_back("cache_update_index", at);
      else if (const Config* c =
                   args.options.is_object() ? args.options.find(cache + "_update_index") : nullptr;
               c && !c->is_null())
        a.options.set("cache_update_index", *c);
    }
    return residual(x, part.norm, part.dropout, [&](const Tensor& t) {
      const Tensors y = (*part.attention)({t, value.defined() ? value : t}, a);
      if (y.size() > 1) caches.push_back(y[1]);
      return y[0];
    });
  }
  Attending self_, cross_;
};

const char* const kArgs = R"(
Args:
    intermediate_dim: Units of the first dense layer.
    num_heads: Heads of the attention, each of size features // num_heads.
    dropout: Share to drop of the attention weights and of what each part gives.
    activation: Of the first dense layer.
    layer_norm_epsilon: Epsilon of the normalizations.
    kernel_initializer, bias_initializer: First values of dense and attention weights.
    normalize_first: Whether each part's normalization comes before it, or after its sum with the
        residual.
)";

}  // namespace

void add_transformer_layers(LayerClasses& out) {
  static const std::string encoder =
      std::string(
          R"(A transformer block whose steps see each other (Vaswani et al., 2017, arXiv:1706.03762).

Attention and two dense layers, each with dropout, a residual and a normalization. Weights are laid
out as in KerasHub.
)") + kArgs +
      R"(
Call arguments:
    inputs: (batch, steps, features).
    padding_mask: Boolean (batch, steps); False: not seen. The mask of the inputs by default.
    attention_mask: Boolean (batch, steps, steps).
    return_attention_scores: Also give the attention weights (batch, heads, steps, steps).

Output shape: that of the input.

Example:

>>> import lamina, numpy as np
>>> block = lamina.layers.TransformerEncoder(intermediate_dim=32, num_heads=2)
>>> block(np.ones((1, 5, 16), "float32")).shape
(1, 5, 16))";
  static const std::string decoder =
      std::string(
          R"(A transformer block whose steps see earlier ones (Vaswani et al., 2017, arXiv:1706.03762).

Causal attention, attention to an encoder's output where there is one, and two dense layers, each
with dropout, a residual and a normalization. Weights are laid out as in KerasHub.
)") + kArgs +
      R"(
Call arguments:
    decoder_sequence: (batch, steps, features).
    encoder_sequence: (batch, length, features); without it there is no attention to it.
    decoder_padding_mask, encoder_padding_mask: Boolean (batch, steps) and (batch, length); False:
        not seen. The masks of the sequences by default.
    decoder_attention_mask, encoder_attention_mask: Boolean (batch, steps, steps) and (batch, steps,
        length).
    self_attention_cache, cross_attention_cache: (batch, 2, length, heads, size), as in
        `CachedMultiHeadAttention`; they come back after the output.
    self_attention_cache_update_index, cross_attention_cache_update_index: Where new keys and values
        go; without it a cache is read as it is.
    use_causal_mask: True by default.

Output shape: that of decoder_sequence. `lamina.models.CachedDecoder` runs models of these blocks
step by step without a word about caches.

Example:

>>> import lamina, numpy as np
>>> block = lamina.layers.TransformerDecoder(intermediate_dim=32, num_heads=2)
>>> block(np.ones((1, 5, 16), "float32")).shape
(1, 5, 16))";
  out.push_back(layer_class<TransformerEncoder>(encoder.c_str()));
  out.push_back(layer_class<TransformerDecoder>(decoder.c_str()));
}

}  // namespace lamina
