// Transposed convolutions.
#include "layers/convolution.h"

namespace lamina {

namespace {

template <class Derived, int kSpatial, class Options = ConvTransposeOptions>
class ConvTranspose : public Convolutional<Derived, Options, kSpatial> {
 public:
  explicit ConvTranspose(const Options& o) : Convolutional<Derived, Options, kSpatial>(o) {
    this->require_strides_or_dilation();
    if (!o.output_padding) return;
    Ints extra = *o.output_padding;
    if (extra.size() == 1) extra.resize(kSpatial, extra[0]);
    if (extra.size() != kSpatial)
      fail(Derived::kName, ": argument 'output_padding' needs 1 or ", kSpatial,
           " numbers, received ", extra.size());
    for (size_t i = 0; i < kSpatial; ++i)
      if (extra[i] < 0 || extra[i] >= this->o_.strides[i])
        fail(Derived::kName,
             ": argument 'output_padding' must not be negative and must be less than strides; "
             "received output_padding ",
             Shape(extra), " and strides ", Shape(this->o_.strides));
    this->o_.output_padding = extra;
  }
  void build(const std::vector<Shape>& shapes) override {
    const auto& o = this->o_;
    const int64_t channels = this->take_channels(shapes);
    Shape s(o.kernel_size);
    s.push_back(o.filters), s.push_back(channels);
    kernel_ = this->add_weight(
        {"kernel", s, o.kernel_initializer, o.kernel_regularizer, o.kernel_constraint});
    this->add_bias(o.filters);
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    this->require_channels(in[0]);
    return this->finish(conv_transpose(in[0], kernel_, this->options(),
                                       this->o_.output_padding.value_or(Ints{}), this->bias()));
  }

 private:
  Variable kernel_;
};

struct Conv1DTranspose : ConvTranspose<Conv1DTranspose, 1> {
  static constexpr const char* kName = "Conv1DTranspose";
  using ConvTranspose::ConvTranspose;
};
struct Conv2DTranspose : ConvTranspose<Conv2DTranspose, 2> {
  static constexpr const char* kName = "Conv2DTranspose";
  using ConvTranspose::ConvTranspose;
};
struct Conv3DTranspose : ConvTranspose<Conv3DTranspose, 3, Conv3DTransposeOptions> {
  static constexpr const char* kName = "Conv3DTranspose";
  using ConvTranspose::ConvTranspose;
};

}  // namespace

void add_convolution_transpose_layers(LayerClasses& out) {
  static const char* const kDoc =
      R"(Transposed convolution: activation(conv_transpose(x, kernel) + bias).

Every pixel of the input adds its multiple of the kernel to the output, strides apart. Along an axis
of n pixels, with reach = (kernel_size - 1) * dilation_rate + 1, the output has n * strides pixels
with padding "same" and (n - 1) * strides + max(reach, strides) with "valid". With output_padding it
has (n - 1) * strides + output_padding and besides reach % 2 with "same", reach with "valid".

Args:
    filters: Number of output channels.
    kernel_size, strides, dilation_rate: A number, or one for each spatial axis. Not both strides
        and dilation_rate above 1.
    padding: "valid" or "same".
    output_padding: Pixels more at the end of each axis, less than strides; see above. None by
        default.
    data_format: "channels_last" or "channels_first".
    activation: Name or function applied to the result.
    use_bias: Whether to add a bias.
    kernel_initializer, bias_initializer: First values of the weights. The kernel has shape
        (kernel_size..., filters, channels).
    kernel_regularizer, bias_regularizer, activity_regularizer: Penalties.
    kernel_constraint, bias_constraint: Projections after each update.

Input shape: (batch, spatial..., channels). Output shape: (batch, new spatial..., filters).

Raises:
    ValueError: A wrong argument, or an input of other rank or channels.

References: Dumoulin and Visin, 2016, A guide to convolution arithmetic for deep learning,
arXiv:1603.07285; Zeiler et al., 2010, Deconvolutional networks.

Example:

>>> import lamina, numpy as np
>>> layer = lamina.layers.Conv2DTranspose(4, 3, strides=2, padding="same")
>>> layer(np.zeros((2, 8, 8, 1), "float32")).shape
(2, 16, 16, 4))";
  out.push_back(layer_class<Conv1DTranspose>(kDoc));
  out.push_back(layer_class<Conv2DTranspose>(kDoc));
  out.push_back(layer_class<Conv3DTranspose>(kDoc));
}

}  // namespace lamina
