// Convolutions over one, two and three spatial axes.
#include "layers/builtin.h"

namespace lamina {

namespace {

template <class Derived, int kSpatial>
class Conv : public BuiltIn<Derived, ConvLayerOptions> {
 public:
  explicit Conv(const ConvLayerOptions& o) : BuiltIn<Derived, ConvLayerOptions>(o) {
    this->require_positive("filters", o.filters), this->require_positive("groups", o.groups);
    if (o.filters % o.groups != 0)
      fail(Derived::kName, ": ", o.filters, " filters cannot be shared by ", o.groups, " groups");
    this->o_.kernel_size = this->each("kernel_size", o.kernel_size, kSpatial);
    this->o_.strides = this->each("strides", o.strides, kSpatial);
    this->o_.dilation_rate = this->each("dilation_rate", o.dilation_rate, kSpatial);
    this->channels_first(o.data_format);
    if (o.padding != "valid" && o.padding != "same" && !(o.padding == "causal" && kSpatial == 1))
      fail(Derived::kName, ": argument 'padding' must be valid",
           kSpatial == 1 ? ", same or causal" : " or same", ", received '", o.padding, "'");
  }
  void build(const std::vector<Shape>& shapes) override {
    const auto& o = this->o_;
    this->one_input(shapes);
    this->require_rank(shapes[0], kSpatial + 2);
    int64_t channels = shapes[0][this->channels_first(o.data_format) ? 1 : -1];
    if (channels < 0)
      throw this->error(str("the number of channels must be known, received shape ", shapes[0]));
    if (channels % o.groups != 0)
      throw this->error(
          str("the input has ", channels, " channels, which ", o.groups, " groups cannot share"));
    channels_ = channels;
    Shape s(o.kernel_size);
    s.push_back(channels / o.groups), s.push_back(o.filters);
    kernel_ = this->add_weight(
        {"kernel", s, o.kernel_initializer, o.kernel_regularizer, o.kernel_constraint});
    if (o.use_bias)
      bias_ = this->add_weight(
          {"bias", {o.filters}, o.bias_initializer, o.bias_regularizer, o.bias_constraint});
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    const auto& o = this->o_;
    this->require_rank(in[0].shape(), kSpatial + 2);
    int64_t channels = in[0].dim(this->channels_first(o.data_format) ? 1 : -1);
    if (channels != channels_)
      throw this->error(
          str("expected ", channels_, " channels, received an input of shape ", in[0].shape()));
    ConvOptions c;
    c.strides = o.strides, c.padding = o.padding, c.data_format = o.data_format,
    c.dilation_rate = o.dilation_rate;
    c.activation = o.activation.fusable();
    Tensor y = conv(in[0], kernel_, c, bias_.defined() ? bias_.value() : Tensor{});
    if (o.activation.applies_after()) y = o.activation(y);
    this->activity(o.activity_regularizer, y);
    return {y};
  }

 private:
  Variable kernel_, bias_;
  int64_t channels_ = 0;
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
