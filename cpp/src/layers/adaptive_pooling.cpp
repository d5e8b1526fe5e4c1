// Pooling to a given size.
#include "layers/builtin.h"

namespace lamina {

namespace {

template <class Derived, int kSpatial, bool kMax>
class AdaptivePooling : public BuiltIn<Derived, AdaptivePoolingOptions> {
 public:
  explicit AdaptivePooling(const AdaptivePoolingOptions& o)
      : BuiltIn<Derived, AdaptivePoolingOptions>(o) {
    this->o_.output_size = this->each("output_size", o.output_size, kSpatial);
    this->o_.data_format = this->format(o.data_format);
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    const auto& o = this->o_;
    this->require_rank(in[0].shape(), kSpatial + 2);
    return {kMax ? adaptive_max_pool(in[0], o.output_size, o.data_format)
                 : adaptive_average_pool(in[0], o.output_size, o.data_format)};
  }
};

#define LAMINA_POOL(Name, n, is_max)               \
  struct Name : AdaptivePooling<Name, n, is_max> { \
    static constexpr const char* kName = #Name;    \
    using AdaptivePooling::AdaptivePooling;        \
  };
LAMINA_POOL(AdaptiveMaxPooling1D, 1, true)
LAMINA_POOL(AdaptiveMaxPooling2D, 2, true)
LAMINA_POOL(AdaptiveMaxPooling3D, 3, true)
LAMINA_POOL(AdaptiveAveragePooling1D, 1, false)
LAMINA_POOL(AdaptiveAveragePooling2D, 2, false)
LAMINA_POOL(AdaptiveAveragePooling3D, 3, false)
#undef LAMINA_POOL

}  // namespace

void add_adaptive_pooling_layers(LayerClasses& out) {
  static const std::string rest = R"( over windows that give an output of a wanted size.

Window i of an axis of n pixels is [floor(i * n / m), ceil((i + 1) * n / m)), where m is the length
wanted. Windows may overlap and differ in size by one.

Args:
    output_size: The length of each spatial axis of the output; a number, or one for each.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, spatial..., channels). Output shape: (batch, output_size..., channels).

Raises:
    ValueError: A wrong argument, or an input of other rank.

Example:

>>> import lamina, numpy as np
>>> lamina.layers.)";
  static const std::string example = R"((3)(np.zeros((2, 10, 1), "float32")).shape
(2, 3, 1))";
  static const std::string max = "Maximum" + rest + "AdaptiveMaxPooling1D" + example;
  static const std::string mean = "Mean" + rest + "AdaptiveAveragePooling1D" + example;
  out.push_back(layer_class<AdaptiveMaxPooling1D>(max.c_str()));
  out.push_back(layer_class<AdaptiveMaxPooling2D>(max.c_str()));
  out.push_back(layer_class<AdaptiveMaxPooling3D>(max.c_str()));
  out.push_back(layer_class<AdaptiveAveragePooling1D>(mean.c_str()));
  out.push_back(layer_class<AdaptiveAveragePooling2D>(mean.c_str()));
  out.push_back(layer_class<AdaptiveAveragePooling3D>(mean.c_str()));
}

}  // namespace lamina
