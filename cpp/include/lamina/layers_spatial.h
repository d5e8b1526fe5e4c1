// Pooling to a given size, cropping, padding and upsampling; included by lamina/layers.h.
#pragma once
#include "lamina/layers.h"

namespace lamina {

struct AdaptivePoolingOptions {
  Ints output_size;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("output_size", output_size)("data_format", data_format), rest(f); }
};
// Sides of one axis: n for both, or {before, after}.
struct Cropping1DOptions {
  Config cropping = Config::list({1, 1});
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("cropping", cropping), rest(f); }
};
// Sides of each axis: n for all, or for each axis n or {before, after}.
struct Cropping2DOptions {
  Config cropping = Config::list({Config::list({0, 0}), Config::list({0, 0})});
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("cropping", cropping)("data_format", data_format), rest(f); }
};
struct Cropping3DOptions {
  Config cropping =
      Config::list({Config::list({1, 1}), Config::list({1, 1}), Config::list({1, 1})});
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("cropping", cropping)("data_format", data_format), rest(f); }
};
struct ZeroPadding1DOptions {
  Config padding = 1;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("padding", padding)("data_format", data_format), rest(f); }
};
struct ZeroPadding3DOptions {
  Config padding = Config::list({Config::list({1, 1}), Config::list({1, 1}), Config::list({1, 1})});
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("padding", padding)("data_format", data_format), rest(f); }
};
struct UpSampling1DOptions {
  int64_t size = 2;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("size", size), rest(f); }
};
struct UpSampling3DOptions {
  Ints size = {2, 2, 2};
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("size", size)("data_format", data_format), rest(f); }
};

namespace layers {

inline Handle Permute(const Ints& dims, PermuteOptions o = {}) {
  return o.dims = dims, make("Permute", o);
}
inline Handle RepeatVector(int64_t n, RepeatVectorOptions o = {}) {
  return o.n = n, make("RepeatVector", o);
}
inline Handle MaxPooling1D(PoolingOptions o = {}) { return make("MaxPooling1D", o); }
inline Handle MaxPooling3D(PoolingOptions o = {}) { return make("MaxPooling3D", o); }
inline Handle AveragePooling1D(PoolingOptions o = {}) { return make("AveragePooling1D", o); }
inline Handle AveragePooling3D(PoolingOptions o = {}) { return make("AveragePooling3D", o); }
inline Handle GlobalMaxPooling1D(GlobalPoolingOptions o = {}) {
  return make("GlobalMaxPooling1D", o);
}
inline Handle GlobalMaxPooling3D(GlobalPoolingOptions o = {}) {
  return make("GlobalMaxPooling3D", o);
}
inline Handle GlobalAveragePooling3D(GlobalPoolingOptions o = {}) {
  return make("GlobalAveragePooling3D", o);
}
inline Handle AdaptiveAveragePooling1D(const Ints& output_size, AdaptivePoolingOptions o = {}) {
  return o.output_size = output_size, make("AdaptiveAveragePooling1D", o);
}
inline Handle AdaptiveAveragePooling2D(const Ints& output_size, AdaptivePoolingOptions o = {}) {
  return o.output_size = output_size, make("AdaptiveAveragePooling2D", o);
}
inline Handle AdaptiveAveragePooling3D(const Ints& output_size, AdaptivePoolingOptions o = {}) {
  return o.output_size = output_size, make("AdaptiveAveragePooling3D", o);
}
inline Handle AdaptiveMaxPooling1D(const Ints& output_size, AdaptivePoolingOptions o = {}) {
  return o.output_size = output_size, make("AdaptiveMaxPooling1D", o);
}
inline Handle AdaptiveMaxPooling2D(const Ints& output_size, AdaptivePoolingOptions o = {}) {
  return o.output_size = output_size, make("AdaptiveMaxPooling2D", o);
}
inline Handle AdaptiveMaxPooling3D(const Ints& output_size, AdaptivePoolingOptions o = {}) {
  return o.output_size = output_size, make("AdaptiveMaxPooling3D", o);
}
inline Handle Cropping1D(Cropping1DOptions o = {}) { return make("Cropping1D", o); }
inline Handle Cropping2D(Cropping2DOptions o = {}) { return make("Cropping2D", o); }
inline Handle Cropping3D(Cropping3DOptions o = {}) { return make("Cropping3D", o); }
inline Handle ZeroPadding1D(ZeroPadding1DOptions o = {}) { return make("ZeroPadding1D", o); }
inline Handle ZeroPadding3D(ZeroPadding3DOptions o = {}) { return make("ZeroPadding3D", o); }
inline Handle UpSampling1D(UpSampling1DOptions o = {}) { return make("UpSampling1D", o); }
inline Handle UpSampling3D(UpSampling3DOptions o = {}) { return make("UpSampling3D", o); }

}  // namespace layers

}  // namespace lamina
