// The table of built-in layers.
#include <algorithm>

#include "layers/builtin.h"

namespace lamina {

const std::vector<LayerClass>& layer_classes() {
  static const LayerClasses classes = [] {
    LayerClasses out;
    for (auto add : {add_core_layers, add_convolution_layers, add_pooling_layers, add_image_layers,
                     add_normalization_layers, add_regularization_layers, add_merging_layers,
                     add_recurrent_layers, add_attention_layers})
      add(out);
    std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.name < b.name; });
    return out;
  }();
  return classes;
}

}  // namespace lamina
