// The table of built-in layers.
#include <algorithm>

#include "layers/builtin.h"

namespace lamina {

void add_audio_layers(LayerClasses& out);

const std::vector<LayerClass>& layer_classes() {
  static const LayerClasses classes = [] {
    LayerClasses out;
    for (auto add : {add_core_layers,
                     add_activation_layers,
                     add_convolution_layers,
                     add_convolution_transpose_layers,
                     add_depthwise_layers,
                     add_pooling_layers,
                     add_adaptive_pooling_layers,
                     add_reshaping_layers,
                     add_padding_layers,
                     add_upsampling_layers,
                     add_normalization_layers,
                     add_regularization_layers,
                     add_merging_layers,
                     add_recurrent_layers,
                     add_recurrent_cells,
                     add_conv_lstm_layers,
                     add_sequence_wrappers,
                     add_attention_layers,
                     add_heads_layers,
                     add_position_layers,
                     add_transformer_layers,
                     add_einsum_layers,
                     add_masking_layers,
                     add_group_normalization_layers,
                     add_spectral_normalization_layers,
                     add_image_size_layers,
                     add_audio_layers,
                     add_augment_geometry_layers,
                     add_augment_color_layers,
                     add_augment_histogram_layers,
                     add_augment_mix_layers,
                     add_preprocessing_layers,
                     add_lookup_layers,
                     add_hashing_layers,
                     add_pipeline_layers,
                     add_text_layers})
      add(out);
    std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.name < b.name; });
    return out;
  }();
  return classes;
}

}  // namespace lamina
