// Transposed, depthwise and separable convolutions; included by lamina/layers.h.
#pragma once
#include "lamina/layers.h"

namespace lamina {

struct ConvTransposeOptions {
  int64_t filters = 0;
  Ints kernel_size;
  Ints strides = {1};
  std::string padding = "valid";
  std::optional<Ints> output_padding;
  std::string data_format = "channels_last";
  Ints dilation_rate = {1};
  Activation activation;
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform", bias_initializer = "zeros";
  Regularizer kernel_regularizer, bias_regularizer, activity_regularizer;
  Constraint kernel_constraint, bias_constraint;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    first_fields(f);
    f("output_padding", output_padding)("data_format", data_format);
    last_fields(f);
  }
  void first_fields(Fields& f) {
    f("filters", filters)("kernel_size", kernel_size)("strides", strides)("padding", padding);
  }
  void last_fields(Fields& f) {
    f("dilation_rate", dilation_rate)("activation", activation)("use_bias", use_bias);
    f("kernel_initializer", kernel_initializer)("bias_initializer", bias_initializer);
    f("kernel_regularizer", kernel_regularizer)("bias_regularizer", bias_regularizer);
    f("activity_regularizer", activity_regularizer)("kernel_constraint", kernel_constraint);
    f("bias_constraint", bias_constraint), rest(f);
  }
};
// The same in the order of Keras's Conv3DTranspose.
struct Conv3DTransposeOptions : ConvTransposeOptions {
  void fields(Fields& f) {
    first_fields(f);
    f("data_format", data_format)("output_padding", output_padding);
    last_fields(f);
  }
};
struct DepthwiseConvOptions {
  Ints kernel_size;
  Ints strides = {1};
  std::string padding = "valid";
  int64_t depth_multiplier = 1;
  std::string data_format = "channels_last";
  Ints dilation_rate = {1};
  Activation activation;
  bool use_bias = true;
  Initializer depthwise_initializer = "glorot_uniform", bias_initializer = "zeros";
  Regularizer depthwise_regularizer, bias_regularizer, activity_regularizer;
  Constraint depthwise_constraint, bias_constraint;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("kernel_size", kernel_size)("strides", strides)("padding", padding);
    f("depth_multiplier", depth_multiplier)("data_format", data_format);
    f("dilation_rate", dilation_rate)("activation", activation)("use_bias", use_bias);
    f("depthwise_initializer", depthwise_initializer)("bias_initializer", bias_initializer);
    f("depthwise_regularizer", depthwise_regularizer)("bias_regularizer", bias_regularizer);
    f("activity_regularizer", activity_regularizer)("depthwise_constraint", depthwise_constraint);
    f("bias_constraint", bias_constraint), rest(f);
  }
};
struct SeparableConvOptions {
  int64_t filters = 0;
  Ints kernel_size;
  Ints strides = {1};
  std::string padding = "valid";
  std::string data_format = "channels_last";
  Ints dilation_rate = {1};
  int64_t depth_multiplier = 1;
  Activation activation;
  bool use_bias = true;
  Initializer depthwise_initializer = "glorot_uniform", pointwise_initializer = "glorot_uniform",
              bias_initializer = "zeros";
  Regularizer depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer;
  Constraint depthwise_constraint, pointwise_constraint, bias_constraint;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("filters", filters)("kernel_size", kernel_size)("strides", strides)("padding", padding);
    f("data_format", data_format)("dilation_rate", dilation_rate);
    f("depth_multiplier", depth_multiplier)("activation", activation)("use_bias", use_bias);
    f("depthwise_initializer", depthwise_initializer);
    f("pointwise_initializer", pointwise_initializer)("bias_initializer", bias_initializer);
    f("depthwise_regularizer", depthwise_regularizer);
    f("pointwise_regularizer", pointwise_regularizer)("bias_regularizer", bias_regularizer);
    f("activity_regularizer", activity_regularizer)("depthwise_constraint", depthwise_constraint);
    f("pointwise_constraint", pointwise_constraint)("bias_constraint", bias_constraint), rest(f);
  }
};

namespace layers {

inline Handle Conv3D(int64_t filters, const Ints& kernel_size, ConvLayerOptions o = {}) {
  return o.filters = filters, o.kernel_size = kernel_size, make("Conv3D", o);
}
inline Handle Conv1DTranspose(int64_t filters, const Ints& kernel_size,
                              ConvTransposeOptions o = {}) {
  return o.filters = filters, o.kernel_size = kernel_size, make("Conv1DTranspose", o);
}
inline Handle Conv2DTranspose(int64_t filters, const Ints& kernel_size,
                              ConvTransposeOptions o = {}) {
  return o.filters = filters, o.kernel_size = kernel_size, make("Conv2DTranspose", o);
}
inline Handle Conv3DTranspose(int64_t filters, const Ints& kernel_size,
                              ConvTransposeOptions o = {}) {
  return o.filters = filters, o.kernel_size = kernel_size, make("Conv3DTranspose", o);
}
inline Handle DepthwiseConv1D(const Ints& kernel_size, DepthwiseConvOptions o = {}) {
  return o.kernel_size = kernel_size, make("DepthwiseConv1D", o);
}
inline Handle DepthwiseConv2D(const Ints& kernel_size, DepthwiseConvOptions o = {}) {
  return o.kernel_size = kernel_size, make("DepthwiseConv2D", o);
}
inline Handle SeparableConv1D(int64_t filters, const Ints& kernel_size,
                              SeparableConvOptions o = {}) {
  return o.filters = filters, o.kernel_size = kernel_size, make("SeparableConv1D", o);
}
inline Handle SeparableConv2D(int64_t filters, const Ints& kernel_size,
                              SeparableConvOptions o = {}) {
  return o.filters = filters, o.kernel_size = kernel_size, make("SeparableConv2D", o);
}

}  // namespace layers

}  // namespace lamina
