// Dense, Embedding and activations.
#include "layers/builtin.h"

namespace lamina {

namespace {

class InputLayer : public BuiltIn<InputLayer, InputLayerOptions> {
 public:
  static constexpr const char* kName = "InputLayer";
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override { return in; }
};

class Identity : public BuiltIn<Identity, PlainOptions> {
 public:
  static constexpr const char* kName = "Identity";
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override { return in; }
};

class Dense : public BuiltIn<Dense, DenseOptions> {
 public:
  static constexpr const char* kName = "Dense";
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
    activity(o_.activity_regularizer, y);
    return {y};
  }

 private:
  Variable kernel_, bias_;
};

class Embedding : public BuiltIn<Embedding, EmbeddingOptions> {
 public:
  static constexpr const char* kName = "Embedding";
  explicit Embedding(const EmbeddingOptions& o) : BuiltIn(o) {
    require_positive("input_dim", o.input_dim), require_positive("output_dim", o.output_dim);
    if (o.mask_zero)
      throw Error("Embedding: mask_zero is not supported yet", Error::Kind::kUnsupported);
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

 private:
  Variable table_;
};

class ActivationLayer : public BuiltIn<ActivationLayer, ActivationOptions> {
 public:
  static constexpr const char* kName = "Activation";
  explicit ActivationLayer(const ActivationOptions& o) : BuiltIn(o) {
    if (o.activation.none())
      throw Error("Activation: argument 'activation' is missing", Error::Kind::kType);
  }
  Tensors call(const Tensors& in, const CallArgs&) override { return {o_.activation(in[0])}; }
};

class Rescaling : public BuiltIn<Rescaling, RescalingOptions> {
 public:
  static constexpr const char* kName = "Rescaling";
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override {
    return {cast(in[0], dtype_) * Tensor(o_.scale) + Tensor(o_.offset)};
  }
};

class ReLU : public BuiltIn<ReLU, ReLUOptions> {
 public:
  static constexpr const char* kName = "ReLU";
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override {
    return {relu_general(in[0], o_.negative_slope, o_.max_value, o_.threshold)};
  }
};
class LeakyReLU : public BuiltIn<LeakyReLU, LeakyReLUOptions> {
 public:
  static constexpr const char* kName = "LeakyReLU";
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override {
    return {leaky_relu(in[0], o_.negative_slope)};
  }
};
class ELU : public BuiltIn<ELU, ELUOptions> {
 public:
  static constexpr const char* kName = "ELU";
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override { return {elu(in[0], o_.alpha)}; }
};
class SoftmaxLayer : public BuiltIn<SoftmaxLayer, SoftmaxOptions> {
 public:
  static constexpr const char* kName = "Softmax";
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override {
    return {softmax(in[0], Axes(o_.axis))};
  }
};

}  // namespace

void add_core_layers(LayerClasses& out) {
  out.push_back(layer_class<InputLayer>(
      R"(The start of a model.

Args:
    batch_shape: Shape of the input with its batch axis; None where a length is not known.)"));
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
    mask_zero: Only False is supported.

Input shape: (batch, ...), integers. Output shape: (batch, ..., output_dim).

Example:

>>> import lamina, numpy as np
>>> lamina.layers.Embedding(10, 4)(np.array([[1, 2, 3]])).shape
(1, 3, 4))"));
  out.push_back(
      layer_class<ActivationLayer>("Applies an activation function, by name or as a function."));
  out.push_back(layer_class<Rescaling>("x * scale + offset."));
  out.push_back(layer_class<ReLU>(R"(max(x, 0).

Args:
    max_value: Ceiling; none by default.
    negative_slope: Slope below the threshold.
    threshold: x counts from here on: negative_slope * (x - threshold) below.)"));
  out.push_back(
      layer_class<LeakyReLU>("x where positive, else negative_slope * x (Maas et al., 2013)."));
  out.push_back(layer_class<ELU>(
      "x where positive, else alpha * (exp(x) - 1) (Clevert et al., 2015, arXiv:1511.07289)."));
  out.push_back(layer_class<SoftmaxLayer>("exp(x) / sum(exp(x)) over an axis or axes."));
}

}  // namespace lamina
