// Options of the normalizations besides those of batches and layers.
#pragma once
#include "lamina/layers.h"

namespace lamina {

struct GroupNormalizationOptions {
  int64_t groups = 32, axis = -1;
  double epsilon = 0.001;
  bool center = true, scale = true;
  Initializer beta_initializer = "zeros", gamma_initializer = "ones";
  Regularizer beta_regularizer, gamma_regularizer;
  Constraint beta_constraint, gamma_constraint;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("groups", groups)("axis", axis)("epsilon", epsilon)("center", center)("scale", scale);
    f("beta_initializer", beta_initializer)("gamma_initializer", gamma_initializer);
    f("beta_regularizer", beta_regularizer)("gamma_regularizer", gamma_regularizer);
    f("beta_constraint", beta_constraint)("gamma_constraint", gamma_constraint), rest(f);
  }
};
struct RMSNormalizationOptions {
  IntOrInts axis = -1;
  double epsilon = 1e-6;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("axis", axis)("epsilon", epsilon), rest(f); }
};
struct UnitNormalizationOptions {
  IntOrInts axis = -1;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("axis", axis), rest(f); }
};
struct SpectralNormalizationOptions {
  Config layer;  // of share_layer(), or a serialized layer
  int64_t power_iterations = 1;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("layer", layer)("power_iterations", power_iterations), rest(f); }
};

namespace layers {

inline Handle GroupNormalization(int64_t groups = 32, GroupNormalizationOptions o = {}) {
  return o.groups = groups, make("GroupNormalization", o);
}
inline Handle RMSNormalization(RMSNormalizationOptions o = {}) {
  return make("RMSNormalization", o);
}
inline Handle UnitNormalization(UnitNormalizationOptions o = {}) {
  return make("UnitNormalization", o);
}
inline Handle SpectralNormalization(const LayerPtr& layer, SpectralNormalizationOptions o = {}) {
  return o.layer = share_layer(layer), make("SpectralNormalization", o);
}

}  // namespace layers

}  // namespace lamina
