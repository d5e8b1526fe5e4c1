// Options of the attention layers, of positions and of transformer blocks.
#pragma once
#include "lamina/layers.h"

namespace lamina {

struct DotAttentionOptions {  // of Attention
  bool use_scale = false;
  std::string score_mode = "dot";
  double dropout = 0;
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("use_scale", use_scale)("score_mode", score_mode)("dropout", dropout)("seed", seed), rest(f);
  }
};
struct AdditiveAttentionOptions {
  bool use_scale = true;
  double dropout = 0;
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("use_scale", use_scale)("dropout", dropout)("seed", seed), rest(f); }
};

// What the layers with heads have in common.
#define LAMINA_ATTENTION_WEIGHTS                                                             \
  Initializer kernel_initializer = "glorot_uniform", bias_initializer = "zeros";             \
  Regularizer kernel_regularizer, bias_regularizer, activity_regularizer;                    \
  Constraint kernel_constraint, bias_constraint;                                             \
  bool use_gate = false;                                                                     \
  std::optional<int64_t> seed;                                                               \
  LAMINA_LAYER_FIELDS                                                                        \
  void weights(Fields& f) {                                                                  \
    f("kernel_initializer", kernel_initializer)("bias_initializer", bias_initializer);       \
    f("kernel_regularizer", kernel_regularizer)("bias_regularizer", bias_regularizer);       \
    f("activity_regularizer", activity_regularizer)("kernel_constraint", kernel_constraint); \
    f("bias_constraint", bias_constraint)("use_gate", use_gate)("seed", seed), rest(f);      \
  }

struct MultiHeadAttentionOptions {
  int64_t num_heads = 0, key_dim = 0;
  std::optional<int64_t> value_dim;
  double dropout = 0;
  bool use_bias = true;
  std::optional<Ints> output_shape, attention_axes;
  std::optional<int64_t> sliding_window;
  std::optional<bool> flash_attention;
  LAMINA_ATTENTION_WEIGHTS
  void fields(Fields& f) {
    f("num_heads", num_heads)("key_dim", key_dim)("value_dim", value_dim)("dropout", dropout);
    f("use_bias", use_bias)("output_shape", output_shape)("attention_axes", attention_axes);
    f("sliding_window", sliding_window)("flash_attention", flash_attention), weights(f);
  }
};
struct GroupQueryAttentionOptions {
  int64_t head_dim = 0, num_query_heads = 0, num_key_value_heads = 0;
  double dropout = 0;
  bool use_bias = true;
  std::optional<int64_t> sliding_window;
  std::optional<bool> flash_attention;
  LAMINA_ATTENTION_WEIGHTS
  void fields(Fields& f) {
    f("head_dim", head_dim)("num_query_heads", num_query_heads);
    f("num_key_value_heads", num_key_value_heads)("dropout", dropout)("use_bias", use_bias);
    f("sliding_window", sliding_window)("flash_attention", flash_attention), weights(f);
  }
};
#undef LAMINA_ATTENTION_WEIGHTS

struct RotaryEmbeddingOptions {
  double max_wavelength = 10000, scaling_factor = 1;
  int64_t sequence_axis = 1, feature_axis = -1;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("max_wavelength", max_wavelength)("scaling_factor", scaling_factor);
    f("sequence_axis", sequence_axis)("feature_axis", feature_axis), rest(f);
  }
};
struct SinePositionEncodingOptions {
  double max_wavelength = 10000;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("max_wavelength", max_wavelength), rest(f); }
};
struct PositionEmbeddingOptions {
  int64_t sequence_length = 0;
  Initializer initializer = "glorot_uniform";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("sequence_length", sequence_length)("initializer", initializer), rest(f);
  }
};
struct TransformerOptions {  // of TransformerEncoder and TransformerDecoder
  int64_t intermediate_dim = 0, num_heads = 0;
  double dropout = 0;
  Activation activation = "relu";
  double layer_norm_epsilon = 1e-5;
  Initializer kernel_initializer = "glorot_uniform", bias_initializer = "zeros";
  bool normalize_first = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("intermediate_dim", intermediate_dim)("num_heads", num_heads)("dropout", dropout);
    f("activation", activation)("layer_norm_epsilon", layer_norm_epsilon);
    f("kernel_initializer", kernel_initializer)("bias_initializer", bias_initializer);
    f("normalize_first", normalize_first), rest(f);
  }
};

namespace layers {

inline Handle Attention(DotAttentionOptions o = {}) { return make("Attention", o); }
inline Handle AdditiveAttention(AdditiveAttentionOptions o = {}) {
  return make("AdditiveAttention", o);
}
inline Handle MultiHeadAttention(int64_t num_heads, int64_t key_dim,
                                 MultiHeadAttentionOptions o = {}) {
  return o.num_heads = num_heads, o.key_dim = key_dim, make("MultiHeadAttention", o);
}
inline Handle CachedMultiHeadAttention(int64_t num_heads, int64_t key_dim,
                                       MultiHeadAttentionOptions o = {}) {
  return o.num_heads = num_heads, o.key_dim = key_dim, make("CachedMultiHeadAttention", o);
}
inline Handle GroupQueryAttention(int64_t head_dim, int64_t num_query_heads,
                                  int64_t num_key_value_heads, GroupQueryAttentionOptions o = {}) {
  o.head_dim = head_dim, o.num_query_heads = num_query_heads;
  return o.num_key_value_heads = num_key_value_heads, make("GroupQueryAttention", o);
}
inline Handle RotaryEmbedding(RotaryEmbeddingOptions o = {}) { return make("RotaryEmbedding", o); }
inline Handle SinePositionEncoding(SinePositionEncodingOptions o = {}) {
  return make("SinePositionEncoding", o);
}
inline Handle PositionEmbedding(int64_t sequence_length, PositionEmbeddingOptions o = {}) {
  return o.sequence_length = sequence_length, make("PositionEmbedding", o);
}
inline Handle TransformerEncoder(int64_t intermediate_dim, int64_t num_heads,
                                 TransformerOptions o = {}) {
  o.intermediate_dim = intermediate_dim, o.num_heads = num_heads;
  return make("TransformerEncoder", o);
}
inline Handle TransformerDecoder(int64_t intermediate_dim, int64_t num_heads,
                                 TransformerOptions o = {}) {
  o.intermediate_dim = intermediate_dim, o.num_heads = num_heads;
  return make("TransformerDecoder", o);
}

}  // namespace layers

}  // namespace lamina
