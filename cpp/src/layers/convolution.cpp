// Convolutions over one, two and three spatial axes.
#include "layers/convolution.h"

namespace lamina {

namespace {

template <class Derived, int kSpatial>
class Conv : public Convolutional<Derived, ConvLayerOptions, kSpatial> {
 public:
  explicit Conv(const ConvLayerOptions& o) : Convolutional<Derived, ConvLayerOptions, kSpatial>(o) {
    this->require_positive("groups", o.groups);
    if (o.filters % o.groups != 0)
      fail(Derived::kName, ": ", o.filters, " filters cannot be shared by ", o.groups, " groups");
    this->require_strides_or_dilation();
  }
  void build(const std::vector<Shape>& shapes) override {
    const auto& o = this->o_;
    const int64_t channels = this->take_channels(shapes);
    if (channels % o.groups != 0)
      throw this->error(
          str("the input has ", channels, " channels, which ", o.groups, " groups cannot share"));
    Shape s(o.kernel_size);
    s.push_back(channels / o.groups), s.push_back(o.filters);
    kernel_ = this->add_weight(
        {"kernel", s, o.kernel_initializer, o.kernel_regularizer, o.kernel_constraint});
    this->add_bias(o.filters);
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    this->require_channels(in[0]);
    return this->finish(conv(in[0], kernel_, this->options(), this->bias()));
  }

 private:
  Variable kernel_;
};

struct Conv1D : Conv<Conv1D, 1> {
  static constexpr const char* kName = "Conv1D";
  using Conv::Conv;
};
struct Conv2D : Conv<Conv2D, 2> {
  static constexpr const char* kName = "Conv2D";
  using Conv::Conv;
};
struct Conv3D : Conv<Conv3D, 3> {
  static constexpr const char* kName = "Conv3D";
  using Conv::Conv;
};

}  // namespace

void add_convolution_layers(LayerClasses& out) {
  static const char* const kDoc = R"(Convolution: activation(conv(x, kernel) + bias).

Args:
    filters: Number of output channels.
    kernel_size, strides, dilation_rate: A number, or one for each spatial axis.
    padding: "valid" or "same" (with one axis also "causal").
    data_format: "channels_last" or "channels_first".
    groups: Groups of channels that are convolved apart.
    activation: Name or function applied to the result.
    use_bias: Whether to add a bias.
    kernel_initializer, bias_initializer: First values of the weights.
    kernel_regularizer, bias_regularizer, activity_regularizer: Penalties.
    kernel_constraint, bias_constraint: Projections after each update.

Input shape: (batch, spatial..., channels). Output shape: (batch, new spatial..., filters).

Raises:
    ValueError: A wrong argument, or an input of other rank or channels.

Example:

>>> import lamina, numpy as np
>>> lamina.layers.Conv2D(4, 3, padding="same")(np.zeros((2, 8, 8, 1), "float32")).shape
(2, 8, 8, 4))";
  out.push_back(layer_class<Conv1D>(kDoc));
  out.push_back(layer_class<Conv2D>(kDoc));
  out.push_back(layer_class<Conv3D>(kDoc));
}

}  // namespace lamina
