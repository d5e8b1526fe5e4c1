// What the built-in layers share: options that read, write and name themselves.
#pragma once
#include "lamina/layers.h"

namespace lamina {

// A layer with an options struct. Derived gives class_name through kName, with kMasking whether
// masks pass through it, and with kRagged whether it takes ragged batches.
template <class Derived, class Options>
class BuiltIn : public Layer {
 public:
  using OptionsType = Options;
  explicit BuiltIn(const Options& options) : Layer(options.base()), o_(options) {
    if constexpr (requires { Derived::kMasking; }) supports_masking_ = Derived::kMasking;
    if constexpr (requires { Derived::kRagged; }) supports_ragged_ = Derived::kRagged;
    if constexpr (requires { options.activity_regularizer; })
      activity_regularizer_ = options.activity_regularizer;
  }
  std::string class_name() const override { return Derived::kName; }
  Config get_config() const override {
    Options o = o_;
    o.name = name_;
    o.dtype = dtype_policy();
    if constexpr (requires { o.trainable; }) o.trainable = trainable_;
    Config c = write_options(o);
    const Config written = c;
    for (auto& [key, value] : written.as_object())
      if (value.is_object() && value.has(kSharedKey)) {
        Config plain = value;
        plain.erase(kSharedKey);
        c.set(key, plain);
      }
    if (!activity_regularizer_.none())
      c.set("activity_regularizer", activity_regularizer_.config());
    return c;
  }
  void set_option(const std::string& name, const Config& value) override {
    Config c = write_options(o_);
    if (!c.has(name)) return Layer::set_option(name, value);
    c.set(name, value);
    o_ = read_options<Options>(Derived::kName, c);
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
  void require_not_negative(const char* argument, double v) const {
    if (!(v >= 0))
      throw Error(
          str(Derived::kName, ": argument '", argument, "' must not be negative, received ", v));
  }
  void require_share(const char* argument, double v) const {
    if (!(v >= 0 && v <= 1))
      throw Error(str(Derived::kName, ": argument '", argument,
                      "' must be a number between 0 and 1, received ", v));
  }
  // Work along these axes of a ragged batch must not leave a step.
  void require_features(const CallArgs& args, const Ints& axes, int rank) const {
    if (args.row_lengths().defined())
      for (int64_t axis : axes)
        if (normalize_axis(axis, rank) < 2)
          throw error(str("ragged input has its steps on axis 1, which axis ", axis,
                          " would mix; expected an axis from 2 on"));
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
  Options o_;
};

// Lengths for a config, null where they are not known.
inline Config lengths_config(const Ints& lengths) {
  std::vector<Config> out;
  for (int64_t d : lengths) out.push_back(d < 0 ? Config() : Config(d));
  return out;
}

// Gives a weight that stands for a matrix (inputs, outputs) its first values anew where they depend
// on those two numbers, which the weight's own shape does not tell.
void scale_as_matrix(const Variable& weight, const Initializer& initializer, int64_t inputs,
                     int64_t outputs);

template <class L>
LayerPtr make_built_in(const Config& config) {
  using Options = typename L::OptionsType;
  // Every layer takes an activity_regularizer, also those that do not list it.
  const Config* activity = config.find("activity_regularizer");
  if constexpr (!requires(Options o) { o.activity_regularizer; })
    if (activity) {
      Config rest = config;
      rest.erase("activity_regularizer");
      auto layer = std::make_shared<L>(read_options<Options>(L::kName, rest));
      layer->set_activity_regularizer(Regularizer(*activity));
      return layer;
    }
  return std::make_shared<L>(read_options<Options>(L::kName, config));
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
void add_activation_layers(LayerClasses& out);
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
void add_recurrent_cells(LayerClasses& out);
void add_conv_lstm_layers(LayerClasses& out);
void add_sequence_wrappers(LayerClasses& out);
void add_attention_layers(LayerClasses& out);
void add_heads_layers(LayerClasses& out);
void add_position_layers(LayerClasses& out);
void add_transformer_layers(LayerClasses& out);
void add_einsum_layers(LayerClasses& out);
void add_masking_layers(LayerClasses& out);
void add_group_normalization_layers(LayerClasses& out);
void add_spectral_normalization_layers(LayerClasses& out);
void add_preprocessing_layers(LayerClasses& out);
void add_lookup_layers(LayerClasses& out);
void add_hashing_layers(LayerClasses& out);
void add_pipeline_layers(LayerClasses& out);
void add_text_layers(LayerClasses& out);

}  // namespace lamina
