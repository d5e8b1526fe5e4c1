// What all convolution layers share: their arguments, channels, and what follows the convolution.
#pragma once
#include "core/text.h"
#include "layers/builtin.h"

namespace lamina {

template <class Derived, class Options, int kSpatial>
class Convolutional : public BuiltIn<Derived, Options> {
 public:
  explicit Convolutional(const Options& o) : BuiltIn<Derived, Options>(o) {
    constexpr bool causal = std::is_same_v<Options, ConvLayerOptions> && kSpatial == 1;
    auto& mine = this->o_;
    if constexpr (requires { o.filters; }) this->require_positive("filters", o.filters);
    if constexpr (requires { o.depth_multiplier; })
      this->require_positive("depth_multiplier", o.depth_multiplier);
    mine.kernel_size = this->each("kernel_size", o.kernel_size, kSpatial);
    mine.strides = this->each("strides", o.strides, kSpatial);
    mine.dilation_rate = this->each("dilation_rate", o.dilation_rate, kSpatial);
    mine.data_format = this->format(o.data_format);
    mine.padding = lower_case(o.padding);
    if (mine.padding != "valid" && mine.padding != "same" && !(mine.padding == "causal" && causal))
      fail(Derived::kName, ": argument 'padding' must be valid",
           causal ? ", same or causal" : " or same", ", received '", o.padding, "'");
  }

 protected:
  // The axis of the channels.
  int channel_axis() const { return this->channels_first(this->o_.data_format) ? 1 : -1; }
  // Keras refuses strides together with dilation in some of its layers.
  void require_strides_or_dilation() const {
    const auto& o = this->o_;
    if (*std::max_element(o.strides.begin(), o.strides.end()) > 1 &&
        *std::max_element(o.dilation_rate.begin(), o.dilation_rate.end()) > 1)
      fail(Derived::kName, ": strides > 1 do not go with dilation_rate > 1; received strides ",
           Shape(o.strides), " and dilation_rate ", Shape(o.dilation_rate));
  }
  // For build(): the number of the input's channels, which must be known.
  int64_t take_channels(const std::vector<Shape>& shapes) {
    this->one_input(shapes);
    this->require_rank(shapes[0], kSpatial + 2);
    channels_ = shapes[0][channel_axis()];
    if (channels_ < 0)
      throw this->error(str("the number of channels must be known, received shape ", shapes[0]));
    return channels_;
  }
  // For call(): the input has as many channels as the layer was built for.
  void require_channels(const Tensor& x) const {
    this->require_rank(x.shape(), kSpatial + 2);
    if (x.dim(channel_axis()) != channels_)
      throw this->error(
          str("expected ", channels_, " channels, received an input of shape ", x.shape()));
  }
  void add_bias(int64_t size) {
    const auto& o = this->o_;
    if (o.use_bias)
      bias_ = this->add_weight(
          {"bias", {size}, o.bias_initializer, o.bias_regularizer, o.bias_constraint});
  }
  Tensor bias() const { return bias_.defined() ? bias_.value() : Tensor{}; }
  ConvOptions options() const {
    const auto& o = this->o_;
    return {o.strides, o.padding, o.data_format, o.dilation_rate, o.activation.fusable()};
  }
  // The activation where the operation could not apply it.
  Tensors finish(Tensor y) {
    const auto& o = this->o_;
    if (o.activation.applies_after()) y = o.activation(y);
    return {y};
  }
  int64_t channels_ = 0;
  Variable bias_;
};

}  // namespace lamina
