// The built-in layers: their options, with Keras's arguments, and functions that make them.
//
//   auto x = lamina::Input({28, 28, 1});
//   auto h = lamina::layers::Conv2D(32, {3}, {.activation = "relu"})(x);
#pragma once
#include <utility>
#include <vector>

#include "lamina/layer.h"

namespace lamina {

// What every layer takes besides, at the end of its options.
#define LAMINA_LAYER_FIELDS                                      \
  std::string name;                                              \
  bool trainable = true;                                         \
  std::optional<std::string> dtype;                              \
  LayerOptions base() const { return {name, trainable, dtype}; } \
  void rest(Fields& f) { f("name", name)("trainable", trainable)("dtype", dtype); }

struct InputLayerOptions {
  std::optional<Ints> shape;  // without the batch axis; -1 for unknown lengths
  std::optional<int64_t> batch_size;
  std::optional<std::string> dtype;
  bool sparse = false, ragged = false;  // only false is supported
  Ints batch_shape;                     // instead of shape and batch_size
  bool optional = false;                // only false is supported
  std::string name;
  LayerOptions base() const { return {name, true, dtype}; }
  void fields(Fields& f) {
    f("shape", shape)("batch_size", batch_size)("dtype", dtype)("sparse", sparse);
    f("ragged", ragged)("batch_shape", batch_shape)("optional", optional)("name", name);
  }
};
struct PlainOptions {
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { rest(f); }
};
struct DenseOptions {
  int64_t units = 0;
  Activation activation;
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform", bias_initializer = "zeros";
  Regularizer kernel_regularizer, bias_regularizer, activity_regularizer;
  Constraint kernel_constraint, bias_constraint;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("units", units)("activation", activation)("use_bias", use_bias)("kernel_initializer",
                                                                      kernel_initializer);
    f("bias_initializer", bias_initializer)("kernel_regularizer", kernel_regularizer)(
        "bias_regularizer", bias_regularizer);
    f("activity_regularizer", activity_regularizer)("kernel_constraint", kernel_constraint)(
        "bias_constraint", bias_constraint);
    rest(f);
  }
};
struct EmbeddingOptions {
  int64_t input_dim = 0, output_dim = 0;
  Initializer embeddings_initializer = "uniform";
  Regularizer embeddings_regularizer;
  Constraint embeddings_constraint;
  bool mask_zero = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("input_dim", input_dim)("output_dim", output_dim)("embeddings_initializer",
                                                        embeddings_initializer);
    f("embeddings_regularizer", embeddings_regularizer)(
        "embeddings_constraint", embeddings_constraint)("mask_zero", mask_zero),
        rest(f);
  }
};
struct ActivationOptions {
  Activation activation;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("activation", activation), rest(f); }
};
struct FlattenOptions {
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("data_format", data_format), rest(f); }
};
struct ReshapeOptions {
  Ints target_shape;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("target_shape", target_shape), rest(f); }
};
struct PermuteOptions {
  Ints dims;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("dims", dims), rest(f); }
};
struct RepeatVectorOptions {
  int64_t n = 1;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("n", n), rest(f); }
};
struct RescalingOptions {
  double scale = 1, offset = 0;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("scale", scale)("offset", offset), rest(f); }
};
struct ReLUOptions {
  std::optional<double> max_value;
  double negative_slope = 0, threshold = 0;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("max_value", max_value)("negative_slope", negative_slope)("threshold", threshold), rest(f);
  }
};
struct LeakyReLUOptions {
  double negative_slope = 0.3;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("negative_slope", negative_slope), rest(f); }
};
struct ELUOptions {
  double alpha = 1;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("alpha", alpha), rest(f); }
};
struct SoftmaxOptions {
  IntOrInts axis = -1;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("axis", axis), rest(f); }
};
struct ConvLayerOptions {
  int64_t filters = 0;
  Ints kernel_size;
  Ints strides = {1};
  std::string padding = "valid";
  std::string data_format = "channels_last";
  Ints dilation_rate = {1};
  int64_t groups = 1;
  Activation activation;
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform", bias_initializer = "zeros";
  Regularizer kernel_regularizer, bias_regularizer, activity_regularizer;
  Constraint kernel_constraint, bias_constraint;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("filters", filters)("kernel_size", kernel_size)("strides", strides)("padding", padding)(
        "data_format", data_format);
    f("dilation_rate", dilation_rate)("groups", groups)("activation", activation)("use_bias",
                                                                                  use_bias);
    f("kernel_initializer", kernel_initializer)("bias_initializer", bias_initializer)(
        "kernel_regularizer", kernel_regularizer);
    f("bias_regularizer", bias_regularizer)("activity_regularizer", activity_regularizer);
    f("kernel_constraint", kernel_constraint)("bias_constraint", bias_constraint), rest(f);
  }
};
struct PoolingOptions {
  Ints pool_size = {2};
  std::optional<Ints> strides;
  std::string padding = "valid";
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("pool_size", pool_size)("strides", strides)("padding", padding)("data_format", data_format),
        rest(f);
  }
};
struct GlobalPoolingOptions {
  std::string data_format = "channels_last";
  bool keepdims = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("data_format", data_format)("keepdims", keepdims), rest(f); }
};
struct ZeroPadding2DOptions {
  Config padding = Config::list({1, 1});  // n, {rows, columns} or {{top, bottom}, {left, right}}
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("padding", padding)("data_format", data_format), rest(f); }
};
struct UpSampling2DOptions {
  Ints size = {2, 2};
  std::string data_format = "channels_last";
  std::string interpolation = "nearest";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("size", size)("data_format", data_format)("interpolation", interpolation), rest(f);
  }
};
struct BatchNormalizationOptions {
  int64_t axis = -1;
  double momentum = 0.99, epsilon = 0.001;
  bool center = true, scale = true;
  Initializer beta_initializer = "zeros", gamma_initializer = "ones",
              moving_mean_initializer = "zeros", moving_variance_initializer = "ones";
  Regularizer beta_regularizer, gamma_regularizer;
  Constraint beta_constraint, gamma_constraint;
  bool renorm = false;
  Config renorm_clipping;  // {"rmin": ..., "rmax": ..., "dmax": ...}, each optional
  double renorm_momentum = 0.99;
  bool synchronized = false;  // taken for Keras's sake
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("axis", axis)("momentum", momentum)("epsilon", epsilon)("center", center)("scale", scale)(
        "beta_initializer", beta_initializer);
    f("gamma_initializer", gamma_initializer)("moving_mean_initializer", moving_mean_initializer);
    f("moving_variance_initializer", moving_variance_initializer)("beta_regularizer",
                                                                  beta_regularizer);
    f("gamma_regularizer", gamma_regularizer)("beta_constraint", beta_constraint);
    f("gamma_constraint", gamma_constraint)("renorm", renorm)("renorm_clipping", renorm_clipping);
    f("renorm_momentum", renorm_momentum)("synchronized", synchronized), rest(f);
  }
};
struct LayerNormalizationOptions {
  IntOrInts axis = -1;
  double epsilon = 0.001;
  bool center = true, scale = true;
  Initializer beta_initializer = "zeros", gamma_initializer = "ones";
  Regularizer beta_regularizer, gamma_regularizer;
  Constraint beta_constraint, gamma_constraint;
  bool rms_scaling = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("axis", axis)("epsilon", epsilon)("center", center)("scale", scale)(
        "beta_initializer", beta_initializer)("gamma_initializer", gamma_initializer);
    f("beta_regularizer", beta_regularizer)("gamma_regularizer", gamma_regularizer)(
        "beta_constraint", beta_constraint)("gamma_constraint", gamma_constraint);
    f("rms_scaling", rms_scaling), rest(f);
  }
};
struct DropoutOptions {
  double rate = 0.5;
  std::optional<Ints> noise_shape;
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("rate", rate)("noise_shape", noise_shape)("seed", seed), rest(f); }
};
struct GaussianNoiseOptions {
  double stddev = 0.1;
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("stddev", stddev)("seed", seed), rest(f); }
};
struct ConcatenateOptions {
  int64_t axis = -1;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("axis", axis), rest(f); }
};

namespace layers {

// A layer as the functions below give it: callable on tensors, and a LayerPtr wherever one is
// wanted.
class Handle {
 public:
  Handle(LayerPtr layer) : layer_(std::move(layer)) {}
  operator LayerPtr() const { return layer_; }
  Layer* operator->() const { return layer_.get(); }
  Layer& operator*() const { return *layer_; }
  Tensor operator()(const Tensor& x) const { return (*layer_)(x); }
  Tensor operator()(const Tensors& xs, CallArgs args = {}) const {
    return (*layer_)(xs, std::move(args))[0];
  }
  Tensors all(const Tensors& xs, CallArgs args = {}) const {
    return (*layer_)(xs, std::move(args));
  }

 private:
  LayerPtr layer_;
};

template <class Options>
Handle make(const char* class_name, const Options& options) {
  return make_layer(class_name, write_options(options));
}

inline Handle InputLayer(const Shape& shape, const std::string& dtype = "float32") {
  InputLayerOptions o;
  o.batch_shape = shape.vec();
  o.batch_shape.insert(o.batch_shape.begin(), -1);
  o.dtype = dtype;
  return make("InputLayer", o);
}
inline Handle Dense(int64_t units, DenseOptions o = {}) {
  return o.units = units, make("Dense", o);
}
inline Handle Embedding(int64_t input_dim, int64_t output_dim, EmbeddingOptions o = {}) {
  return o.input_dim = input_dim, o.output_dim = output_dim, make("Embedding", o);
}
inline Handle Activation(const char* name, ActivationOptions o = {}) {
  return o.activation = name, make("Activation", o);
}
inline Handle Flatten(FlattenOptions o = {}) { return make("Flatten", o); }
inline Handle Reshape(const Ints& target_shape, ReshapeOptions o = {}) {
  return o.target_shape = target_shape, make("Reshape", o);
}
inline Handle Rescaling(double scale, double offset = 0, RescalingOptions o = {}) {
  return o.scale = scale, o.offset = offset, make("Rescaling", o);
}
inline Handle ReLU(ReLUOptions o = {}) { return make("ReLU", o); }
inline Handle LeakyReLU(LeakyReLUOptions o = {}) { return make("LeakyReLU", o); }
inline Handle Softmax(SoftmaxOptions o = {}) { return make("Softmax", o); }
inline Handle Conv1D(int64_t filters, const Ints& kernel_size, ConvLayerOptions o = {}) {
  return o.filters = filters, o.kernel_size = kernel_size, make("Conv1D", o);
}
inline Handle Conv2D(int64_t filters, const Ints& kernel_size, ConvLayerOptions o = {}) {
  return o.filters = filters, o.kernel_size = kernel_size, make("Conv2D", o);
}
inline Handle MaxPooling2D(PoolingOptions o = {}) { return make("MaxPooling2D", o); }
inline Handle AveragePooling2D(PoolingOptions o = {}) { return make("AveragePooling2D", o); }
inline Handle GlobalAveragePooling1D(GlobalPoolingOptions o = {}) {
  return make("GlobalAveragePooling1D", o);
}
inline Handle GlobalAveragePooling2D(GlobalPoolingOptions o = {}) {
  return make("GlobalAveragePooling2D", o);
}
inline Handle GlobalMaxPooling2D(GlobalPoolingOptions o = {}) {
  return make("GlobalMaxPooling2D", o);
}
inline Handle ZeroPadding2D(ZeroPadding2DOptions o = {}) { return make("ZeroPadding2D", o); }
inline Handle UpSampling2D(UpSampling2DOptions o = {}) { return make("UpSampling2D", o); }
inline Handle BatchNormalization(BatchNormalizationOptions o = {}) {
  return make("BatchNormalization", o);
}
inline Handle LayerNormalization(LayerNormalizationOptions o = {}) {
  return make("LayerNormalization", o);
}
inline Handle Dropout(double rate, DropoutOptions o = {}) {
  return o.rate = rate, make("Dropout", o);
}
inline Handle Add(PlainOptions o = {}) { return make("Add", o); }
inline Handle Multiply(PlainOptions o = {}) { return make("Multiply", o); }
inline Handle Concatenate(ConcatenateOptions o = {}) { return make("Concatenate", o); }

}  // namespace layers

}  // namespace lamina

#include "lamina/layers_attention.h"
#include "lamina/layers_augment.h"
#include "lamina/layers_convolution.h"
#include "lamina/layers_core.h"
#include "lamina/layers_normalization.h"
#include "lamina/layers_recurrent.h"
#include "lamina/layers_regularization.h"
#include "lamina/layers_spatial.h"
