// Masking, and an embedding that can be turned around.
#include "layers/builtin.h"

namespace lamina {

namespace {

class Masking : public BuiltIn<Masking, MaskingOptions> {
 public:
  static constexpr const char* kName = "Masking";
  static constexpr bool kMasking = true;
  static constexpr bool kRagged = true;
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override {
    Tensor keep = kept(in[0], true);
    Tensor y = where(keep, in[0], zeros_like(in[0]));
    y.set_mask(in_rows(squeeze(keep, -1), in[0]));
    return {y};
  }
  Tensors compute_mask(const Tensors& in, const Tensors&) override {
    return {in_rows(kept(in[0], false), in[0])};
  }

 private:
  // Without what is left over of a ragged batch.
  static Tensor in_rows(const Tensor& keep, const Tensor& x) {
    return x.is_ragged() ? logical_and(keep, x.mask()) : keep;
  }
  Tensor kept(const Tensor& x, bool keepdims) const {
    if (x.rank() < 2)
      throw error(str("expected an input (batch, ..., features), received ", x.shape()));
    return any(not_equal(x, Tensor(o_.mask_value)), -1, keepdims);
  }
};

class ReversibleEmbedding : public BuiltIn<ReversibleEmbedding, ReversibleEmbeddingOptions> {
 public:
  static constexpr const char* kName = "ReversibleEmbedding";
  static constexpr bool kRagged = true;
  explicit ReversibleEmbedding(const ReversibleEmbeddingOptions& o) : BuiltIn(o) {
    require_positive("input_dim", o.input_dim), require_positive("output_dim", o.output_dim);
    supports_masking_ = o.mask_zero;
    if (o_.embeddings_initializer.name() == "uniform") o_.embeddings_initializer = "random_uniform";
  }
  void build(const std::vector<Shape>&) override {
    table_ = add_weight({"embeddings",
                         {o_.input_dim, o_.output_dim},
                         o_.embeddings_initializer,
                         o_.embeddings_regularizer,
                         o_.embeddings_constraint});
    if (!o_.tie_weights)
      back_ = add_weight(
          {"reverse_embeddings", {o_.output_dim, o_.input_dim}, o_.embeddings_initializer});
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    return {args.flag("reverse") ? logits(in[0]) : rows(in[0])};
  }
  // rows() sets it, and no step of a ragged batch is padding.
  Tensors compute_mask(const Tensors& in, const Tensors& masks) override {
    return in[0].is_ragged() ? masks : Tensors{};
  }

 private:
  Tensor rows(const Tensor& x) {
    bool whole = x.dtype() == DType::kInt64 || x.dtype() == DType::kInt32;
    Tensor i = whole ? x : cast(x, DType::kInt32);
    Tensor y = take(table_, i, 0);
    if (o_.mask_zero && !x.is_ragged()) y.set_mask(not_equal(i, zeros_like(i)));
    return y;
  }
  Tensor logits(const Tensor& given) {
    if (given.rank() < 2 || given.dim(-1) != o_.output_dim)
      throw error(str("last axis of a reversed input must be ", o_.output_dim, ", received ",
                      given.shape()));
    Tensor x = given, kernel = o_.tie_weights ? transpose(table_) : back_.value();
    if (o_.reverse_dtype) {
      DType d = dtype_from_name(*o_.reverse_dtype);
      x = cast(x, d), kernel = cast(kernel, d);
    }
    Tensor y = matmul(x, kernel);
    return o_.logit_soft_cap ? tanh(y / Tensor(*o_.logit_soft_cap)) * Tensor(*o_.logit_soft_cap)
                             : y;
  }
  Variable table_, back_;
};

}  // namespace

void add_masking_layers(LayerClasses& out) {
  out.push_back(layer_class<Masking>(R"(Marks the steps of sequences that layers after it leave out.

A step whose features all equal mask_value is masked: its entry in the output's mask is False, and
its features are zeros.

Args:
    mask_value: What padding is made of.

Input shape: (batch, steps, ..., features). Output shape: the same; the mask lacks the last axis.

Example:

>>> import lamina, numpy as np
>>> x = np.array([[[1.0], [0.0], [2.0]]], "float32")
>>> lamina.layers.Masking()(x)._keras_mask.numpy().tolist()
[[True, False, True]])"));
  out.push_back(layer_class<ReversibleEmbedding>(
      R"(Rows of a table by integer index, and with reverse=True the scores of all rows.

Args:
    input_dim: Number of rows; indices lie in [0, input_dim).
    output_dim: Length of a row.
    tie_weights: Whether the way back uses the same table, transposed, or one of its own.
    embeddings_initializer, embeddings_regularizer, embeddings_constraint: Of the table.
    mask_zero: Whether index 0 stands for padding, see `Embedding`.
    weights: First values of the table, in Python; random ones by default.
    reverse_dtype: Element type of the way back; that of the layer by default.
    logit_soft_cap: The scores are kept below this number by tanh(scores / cap) * cap.

Call arguments:
    inputs: Integers (batch, ...); with reverse=True numbers (batch, ..., output_dim).
    reverse: Whether to go back.

Output shape: (batch, ..., output_dim); with reverse=True (batch, ..., input_dim).

Example:

>>> import lamina, numpy as np
>>> layer = lamina.layers.ReversibleEmbedding(10, 4)
>>> h = layer(np.array([[1, 2, 3]]))
>>> layer(h, reverse=True).shape
(1, 3, 10))"));
}

}  // namespace lamina
