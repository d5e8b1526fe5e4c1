// Dense and Embedding.
#include "layers/builtin.h"

namespace lamina {

namespace {

class InputLayer : public BuiltIn<InputLayer, InputLayerOptions> {
 public:
  static constexpr const char* kName = "InputLayer";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  explicit InputLayer(const InputLayerOptions& o) : BuiltIn(o) {
    if (o.sparse || o.optional)
      throw Error("InputLayer: sparse and optional inputs are not supported",
                  Error::Kind::kUnsupported);
    if (o.shape && !o.batch_shape.empty())
      fail("InputLayer: pass either shape or batch_shape, not both");
    if (o.batch_size && !o.batch_shape.empty())
      fail("InputLayer: pass either batch_size or batch_shape, not both");
    if (!o.shape && o.batch_shape.empty()) fail("InputLayer: argument 'shape' is missing");
    if (!o.shape) return;
    o_.batch_shape = *o.shape;
    o_.batch_shape.insert(o_.batch_shape.begin(), o.batch_size.value_or(-1));
  }
  Tensors call(const Tensors& in, const CallArgs&) override { return in; }
  Config get_config() const override {
    Config c = BuiltIn::get_config();
    c.erase("shape"), c.erase("batch_size");
    c.set("batch_shape", lengths_config(o_.batch_shape));
    return c;
  }
};

class Identity : public BuiltIn<Identity, PlainOptions> {
 public:
  static constexpr const char* kName = "Identity";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override { return in; }
};

class Dense : public BuiltIn<Dense, DenseOptions> {
 public:
  static constexpr const char* kName = "Dense";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  explicit Dense(const DenseOptions& o) : BuiltIn(o) { require_positive("units", o.units); }
  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes);
    int64_t n = last_axis(shapes[0]);
    kernel_ = add_weight({"kernel",
                          {n, o_.units},
                          o_.kernel_initializer,
                          o_.kernel_regularizer,
                          o_.kernel_constraint});
    if (o_.use_bias)
      bias_ = add_weight(
          {"bias", {o_.units}, o_.bias_initializer, o_.bias_regularizer, o_.bias_constraint});
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    int64_t n = kernel_.shape()[0];
    if (in[0].rank() < 1 || in[0].dim(-1) != n)
      throw error(str("last axis of the input must be ", n, ". Expected (..., ", n, "), received ",
                      in[0].shape(), "."));
    Tensor y =
        dense(in[0], kernel_, bias_.defined() ? bias_.value() : Tensor{}, o_.activation.fusable());
    if (o_.activation.applies_after()) y = o_.activation(y);
    return {y};
  }

 private:
  Variable kernel_, bias_;
};

class Embedding : public BuiltIn<Embedding, EmbeddingOptions> {
 public:
  static constexpr const char* kName = "Embedding";
  static constexpr bool kRagged = true;
  explicit Embedding(const EmbeddingOptions& o) : BuiltIn(o) {
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
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    Tensor i = in[0].dtype() == DType::kInt64 || in[0].dtype() == DType::kInt32
                   ? in[0]
                   : cast(in[0], DType::kInt32);
    return {take(table_, i, 0)};
  }
  Tensors compute_mask(const Tensors& in, const Tensors& masks) override {
    if (in[0].is_ragged()) return masks;  // no step of it is padding
    if (!o_.mask_zero) return {};
    return {not_equal(in[0], zeros_like(in[0]))};
  }

 private:
  Variable table_;
};

class ActivationLayer : public BuiltIn<ActivationLayer, ActivationOptions> {
 public:
  static constexpr const char* kName = "Activation";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  explicit ActivationLayer(const ActivationOptions& o) : BuiltIn(o) {
    if (o.activation.none())
      throw Error("Activation: argument 'activation' is missing", Error::Kind::kType);
  }
  Tensors call(const Tensors& in, const CallArgs&) override { return {o_.activation(in[0])}; }
};

class Rescaling : public BuiltIn<Rescaling, RescalingOptions> {
 public:
  static constexpr const char* kName = "Rescaling";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override {
    return {cast(in[0], dtype_) * Tensor(o_.scale) + Tensor(o_.offset)};
  }
};

}  // namespace

void add_core_layers(LayerClasses& out) {
  out.push_back(layer_class<InputLayer>(
      R"(The start of a model.

Args:
    shape: Shape of one sample, without the batch axis; None where a length is not known.
    batch_size: Fixed number of samples, if any.
    dtype: Element type; `lamina.config.floatx()` by default.
    batch_shape: Shape with the batch axis, instead of the two.
    sparse, optional: Only False is supported.
    ragged: Taken for Keras's sake: every input takes ragged batches.
    name: Name of the input.)"));
  out.push_back(layer_class<Identity>("Gives its input back."));
  out.push_back(layer_class<Dense>(R"(A densely connected layer: activation(x @ kernel + bias).

Args:
    units: Size of the output's last axis.
    activation: Name or function applied to the result; none by default.
    use_bias: Whether to add a bias.
    kernel_initializer, bias_initializer: First values of the weights.
    kernel_regularizer, bias_regularizer, activity_regularizer: Penalties.
    kernel_constraint, bias_constraint: Projections after each update.

Input shape: (batch, ..., features). Output shape: (batch, ..., units).

Raises:
    ValueError: units is not positive, or the input's last axis is not the one it was built for.

Example:

>>> import lamina, numpy as np
>>> lamina.layers.Dense(3, activation="relu")(np.ones((2, 4), "float32")).shape
(2, 3))"));
  out.push_back(layer_class<Embedding>(R"(Rows of a table by integer index.

Args:
    input_dim: Number of rows; indices lie in [0, input_dim).
    output_dim: Length of a row.
    embeddings_initializer, embeddings_regularizer, embeddings_constraint: Of the table.
    mask_zero: Whether index 0 stands for padding: the output then has a mask that is False there,
        which layers that take masks leave out.
    weights: First values of the table, in Python; random ones by default.

Input shape: (batch, ...), integers. Output shape: (batch, ..., output_dim).

Example:

>>> import lamina, numpy as np
>>> lamina.layers.Embedding(10, 4)(np.array([[1, 2, 3]])).shape
(1, 3, 4))"));
  out.push_back(
      layer_class<ActivationLayer>("Applies an activation function, by name or as a function."));
  out.push_back(layer_class<Rescaling>("x * scale + offset."));
}

}  // namespace lamina
