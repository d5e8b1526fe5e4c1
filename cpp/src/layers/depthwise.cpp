// Depthwise and separable convolutions.
#include "layers/convolution.h"

namespace lamina {

namespace {

template <class Derived, int kSpatial>
class DepthwiseConv : public Convolutional<Derived, DepthwiseConvOptions, kSpatial> {
 public:
  using Convolutional<Derived, DepthwiseConvOptions, kSpatial>::Convolutional;
  void build(const std::vector<Shape>& shapes) override {
    const auto& o = this->o_;
    const int64_t channels = this->take_channels(shapes);
    Shape s(o.kernel_size);
    s.push_back(channels), s.push_back(o.depth_multiplier);
    kernel_ = this->add_weight(
        {"kernel", s, o.depthwise_initializer, o.depthwise_regularizer, o.depthwise_constraint});
    this->add_bias(channels * o.depth_multiplier);
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    this->require_channels(in[0]);
    return this->finish(depthwise_conv(in[0], kernel_, this->options(), this->bias()));
  }

 private:
  Variable kernel_;
};

template <class Derived, int kSpatial>
class SeparableConv : public Convolutional<Derived, SeparableConvOptions, kSpatial> {
 public:
  using Convolutional<Derived, SeparableConvOptions, kSpatial>::Convolutional;
  void build(const std::vector<Shape>& shapes) override {
    const auto& o = this->o_;
    const int64_t channels = this->take_channels(shapes);
    Shape depthwise(o.kernel_size), pointwise(Ints(kSpatial, 1));
    depthwise.push_back(channels), depthwise.push_back(o.depth_multiplier);
    pointwise.push_back(channels * o.depth_multiplier), pointwise.push_back(o.filters);
    depthwise_ = this->add_weight({"depthwise_kernel", depthwise, o.depthwise_initializer,
                                   o.depthwise_regularizer, o.depthwise_constraint});
    pointwise_ = this->add_weight({"pointwise_kernel", pointwise, o.pointwise_initializer,
                                   o.pointwise_regularizer, o.pointwise_constraint});
    this->add_bias(o.filters);
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    this->require_channels(in[0]);
    return this->finish(
        separable_conv(in[0], depthwise_, pointwise_, this->options(), this->bias()));
  }

 private:
  Variable depthwise_, pointwise_;
};

struct DepthwiseConv1D : DepthwiseConv<DepthwiseConv1D, 1> {
  static constexpr const char* kName = "DepthwiseConv1D";
  using DepthwiseConv::DepthwiseConv;
};
struct DepthwiseConv2D : DepthwiseConv<DepthwiseConv2D, 2> {
  static constexpr const char* kName = "DepthwiseConv2D";
  using DepthwiseConv::DepthwiseConv;
};
struct SeparableConv1D : SeparableConv<SeparableConv1D, 1> {
  static constexpr const char* kName = "SeparableConv1D";
  using SeparableConv::SeparableConv;
};
struct SeparableConv2D : SeparableConv<SeparableConv2D, 2> {
  static constexpr const char* kName = "SeparableConv2D";
  using SeparableConv::SeparableConv;
};

}  // namespace

void add_depthwise_layers(LayerClasses& out) {
  static const char* const kDepthwise =
      R"(Convolution of each channel on its own: activation(depthwise_conv(x, kernel) + bias).

Args:
    kernel_size, strides, dilation_rate: A number, or one for each spatial axis.
    padding: "valid" or "same".
    depth_multiplier: Number of output channels for each input channel.
    data_format: "channels_last" or "channels_first".
    activation: Name or function applied to the result.
    use_bias: Whether to add a bias.
    depthwise_initializer, bias_initializer: First values of the weights. The kernel has shape
        (kernel_size..., channels, depth_multiplier).
    depthwise_regularizer, bias_regularizer, activity_regularizer: Penalties.
    depthwise_constraint, bias_constraint: Projections after each update.

Input shape: (batch, spatial..., channels). Output shape: (batch, new spatial...,
channels * depth_multiplier).

Raises:
    ValueError: A wrong argument, or an input of other rank or channels.

Example:

>>> import lamina, numpy as np
>>> lamina.layers.DepthwiseConv2D(3, depth_multiplier=2)(np.zeros((2, 8, 8, 3), "float32")).shape
(2, 6, 6, 6))";
  static const char* const kSeparable =
      R"(A depthwise convolution, then a pointwise one that mixes the channels.

activation(conv(depthwise_conv(x, depthwise_kernel), pointwise_kernel) + bias), the second kernel
being of size 1.

Args:
    filters: Number of output channels.
    kernel_size, strides, dilation_rate: Of the depthwise convolution; a number, or one for each
        spatial axis.
    padding: "valid" or "same".
    data_format: "channels_last" or "channels_first".
    depth_multiplier: Number of channels that the depthwise convolution makes of each.
    activation: Name or function applied to the result.
    use_bias: Whether to add a bias.
    depthwise_initializer, pointwise_initializer, bias_initializer: First values of the weights.
    depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer: Penalties.
    depthwise_constraint, pointwise_constraint, bias_constraint: Projections after each update.

Input shape: (batch, spatial..., channels). Output shape: (batch, new spatial..., filters).

Raises:
    ValueError: A wrong argument, or an input of other rank or channels.

Reference: Chollet, 2016, Xception: Deep learning with depthwise separable convolutions,
arXiv:1610.02357.

Example:

>>> import lamina, numpy as np
>>> lamina.layers.SeparableConv2D(4, 3, strides=2)(np.zeros((2, 9, 9, 3), "float32")).shape
(2, 4, 4, 4))";
  out.push_back(layer_class<DepthwiseConv1D>(kDepthwise));
  out.push_back(layer_class<DepthwiseConv2D>(kDepthwise));
  out.push_back(layer_class<SeparableConv1D>(kSeparable));
  out.push_back(layer_class<SeparableConv2D>(kSeparable));
}

}  // namespace lamina
