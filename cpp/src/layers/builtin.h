// What the built-in layers share: options that read, write and name themselves.
#pragma once
#include "lamina/layers.h"

namespace lamina {

// A layer with an options struct. Derived gives class_name through kName.
template <class Derived, class Options>
class BuiltIn : public Layer {
 public:
  using OptionsType = Options;
  explicit BuiltIn(const Options& options) : Layer(options.base()), o_(options) {}
  std::string class_name() const override { return Derived::kName; }
  Config get_config() const override {
    Options o = o_;
    o.name = name_;
    o.dtype = dtype_policy();
    if constexpr (requires { o.trainable; }) o.trainable = trainable_;
    return write_options(o);
  }

 protected:
  // The input's last axis, which must be known.
  int64_t last_axis(const Shape& s) const {
    if (s.rank() < 2 || s[-1] < 0)
      throw error(str(
          "needs an input (batch, ..., features) whose last axis is known, received shape ", s));
    return s[-1];
  }
  void one_input(const std::vector<Shape>& shapes) const {
    if (shapes.size() != 1) throw error(str("takes one input, received ", shapes.size()));
  }
  void require_rank(const Shape& s, int rank) const {
    if (s.rank() != rank)
      throw error(str("expected an input of ", rank, " axes, received shape ", s));
  }
  void require_positive(const char* argument, int64_t v) const {
    if (v < 1)
      throw Error(
          str(Derived::kName, ": argument '", argument, "' must be positive, received ", v));
  }
  Ints each(const char* argument, const Ints& v, size_t n) const {
    Ints out = v;
    if (out.size() == 1) out.resize(n, out[0]);
    if (out.size() != n)
      throw Error(str(Derived::kName, ": argument '", argument, "' needs 1 ",
                      n == 1 ? "number" : str("or ", n, " numbers"), ", received ", v.size()));
    for (int64_t x : out) require_positive(argument, x);
    return out;
  }
  // A data_format, channels_last where none is given.
  std::string format(const std::string& given) const {
    return channels_first(given) ? given : "channels_last";
  }
  bool channels_first(const std::string& format) const {
    if (!format.empty() && format != "channels_last" && format != "channels_first")
      throw Error(
          str(Derived::kName,
              ": argument 'data_format' must be channels_last or channels_first, received '",
              format, "'"));
    return format == "channels_first";
  }
  void activity(const Regularizer& r, const Tensor& y) {
    if (!r.none())
      add_loss(r(y) * Tensor(1.0 / static_cast<double>(std::max<int64_t>(y.dim(0), 1))));
  }
  Options o_;
};

template <class L>
LayerPtr make_built_in(const Config& config) {
  return std::make_shared<L>(read_options<typename L::OptionsType>(L::kName, config));
}
template <class L>
Config built_in_defaults() {
  Config c = write_options(typename L::OptionsType{});
  c.set("name", Config());
  return c;
}
template <class L>
LayerClass layer_class(const char* doc) {
  return {L::kName, make_built_in<L>, built_in_defaults<L>, doc};
}

using LayerClasses = std::vector<LayerClass>;
void add_core_layers(LayerClasses& out);
void add_convolution_layers(LayerClasses& out);
void add_convolution_transpose_layers(LayerClasses& out);
void add_depthwise_layers(LayerClasses& out);
void add_pooling_layers(LayerClasses& out);
void add_adaptive_pooling_layers(LayerClasses& out);
void add_reshaping_layers(LayerClasses& out);
void add_padding_layers(LayerClasses& out);
void add_upsampling_layers(LayerClasses& out);
void add_image_size_layers(LayerClasses& out);
void add_augment_geometry_layers(LayerClasses& out);
void add_augment_color_layers(LayerClasses& out);
void add_augment_histogram_layers(LayerClasses& out);
void add_augment_mix_layers(LayerClasses& out);
void add_normalization_layers(LayerClasses& out);
void add_regularization_layers(LayerClasses& out);
void add_merging_layers(LayerClasses& out);
void add_recurrent_layers(LayerClasses& out);
void add_attention_layers(LayerClasses& out);

}  // namespace lamina
