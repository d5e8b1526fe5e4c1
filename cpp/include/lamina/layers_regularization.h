// Options of the layers that are only there in training, besides Dropout and GaussianNoise.
#pragma once
#include "lamina/layers.h"

namespace lamina {

struct SpatialDropout1DOptions {
  double rate = 0.5;
  std::optional<int64_t> seed;
  std::string name;
  std::optional<std::string> dtype;
  LayerOptions base() const { return {name, true, dtype}; }
  void fields(Fields& f) { f("rate", rate)("seed", seed)("name", name)("dtype", dtype); }
};
struct SpatialDropoutOptions {
  double rate = 0.5;
  std::string data_format = "channels_last";
  std::optional<int64_t> seed;
  std::string name;
  std::optional<std::string> dtype;
  LayerOptions base() const { return {name, true, dtype}; }
  void fields(Fields& f) {
    f("rate", rate)("data_format", data_format)("seed", seed)("name", name)("dtype", dtype);
  }
};
struct GaussianDropoutOptions {
  double rate = 0.5;
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("rate", rate)("seed", seed), rest(f); }
};
struct ActivityRegularizationOptions {
  double l1 = 0, l2 = 0;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("l1", l1)("l2", l2), rest(f); }
};

namespace layers {

inline Handle SpatialDropout1D(double rate, SpatialDropout1DOptions o = {}) {
  return o.rate = rate, make("SpatialDropout1D", o);
}
inline Handle SpatialDropout2D(double rate, SpatialDropoutOptions o = {}) {
  return o.rate = rate, make("SpatialDropout2D", o);
}
inline Handle SpatialDropout3D(double rate, SpatialDropoutOptions o = {}) {
  return o.rate = rate, make("SpatialDropout3D", o);
}
inline Handle AlphaDropout(double rate, DropoutOptions o = {}) {
  return o.rate = rate, make("AlphaDropout", o);
}
inline Handle GaussianDropout(double rate, GaussianDropoutOptions o = {}) {
  return o.rate = rate, make("GaussianDropout", o);
}
inline Handle GaussianNoise(double stddev, GaussianNoiseOptions o = {}) {
  return o.stddev = stddev, make("GaussianNoise", o);
}
inline Handle ActivityRegularization(double l1 = 0, double l2 = 0,
                                     ActivityRegularizationOptions o = {}) {
  return o.l1 = l1, o.l2 = l2, make("ActivityRegularization", o);
}

}  // namespace layers

}  // namespace lamina
