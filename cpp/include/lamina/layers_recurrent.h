// Options of recurrent layers, their cells, and the wrappers around them.
#pragma once
#include "lamina/layers.h"

namespace lamina {

// What cells and layers have in common, in Keras's order.
#define LAMINA_CELL_WEIGHTS                                                                \
  bool use_bias = true;                                                                    \
  Initializer kernel_initializer = "glorot_uniform", recurrent_initializer = "orthogonal", \
              bias_initializer = "zeros";
#define LAMINA_WEIGHT_FIELDS(f)                                      \
  f("use_bias", use_bias)("kernel_initializer", kernel_initializer)( \
      "recurrent_initializer", recurrent_initializer)("bias_initializer", bias_initializer)
#define LAMINA_CONSTRAINTS Constraint kernel_constraint, recurrent_constraint, bias_constraint;
#define LAMINA_CONSTRAINT_FIELDS(f)                                                        \
  f("kernel_constraint", kernel_constraint)("recurrent_constraint", recurrent_constraint)( \
      "bias_constraint", bias_constraint)("dropout", dropout)("recurrent_dropout",         \
                                                              recurrent_dropout)
#define LAMINA_SEQUENCE_FIELDS(f)                                        \
  f("return_sequences", return_sequences)("return_state", return_state)( \
      "go_backwards", go_backwards)("stateful", stateful)("unroll", unroll)

struct SimpleRNNCellOptions {
  int64_t units = 0;
  Activation activation = "tanh";
  LAMINA_CELL_WEIGHTS
  Regularizer kernel_regularizer, recurrent_regularizer, bias_regularizer;
  LAMINA_CONSTRAINTS
  double dropout = 0, recurrent_dropout = 0;
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("units", units)("activation", activation);
    LAMINA_WEIGHT_FIELDS(f);
    f("kernel_regularizer", kernel_regularizer)("recurrent_regularizer", recurrent_regularizer)(
        "bias_regularizer", bias_regularizer);
    LAMINA_CONSTRAINT_FIELDS(f)("seed", seed), rest(f);
  }
};
struct LSTMCellOptions {
  int64_t units = 0;
  Activation activation = "tanh", recurrent_activation = "sigmoid";
  LAMINA_CELL_WEIGHTS
  bool unit_forget_bias = true;
  Regularizer kernel_regularizer, recurrent_regularizer, bias_regularizer;
  LAMINA_CONSTRAINTS
  double dropout = 0, recurrent_dropout = 0;
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("units", units)("activation", activation)("recurrent_activation", recurrent_activation);
    LAMINA_WEIGHT_FIELDS(f)("unit_forget_bias", unit_forget_bias);
    f("kernel_regularizer", kernel_regularizer)("recurrent_regularizer", recurrent_regularizer)(
        "bias_regularizer", bias_regularizer);
    LAMINA_CONSTRAINT_FIELDS(f)("seed", seed), rest(f);
  }
};
struct GRUCellOptions {
  int64_t units = 0;
  Activation activation = "tanh", recurrent_activation = "sigmoid";
  LAMINA_CELL_WEIGHTS
  Regularizer kernel_regularizer, recurrent_regularizer, bias_regularizer;
  LAMINA_CONSTRAINTS
  double dropout = 0, recurrent_dropout = 0;
  bool reset_after = true;
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("units", units)("activation", activation)("recurrent_activation", recurrent_activation);
    LAMINA_WEIGHT_FIELDS(f);
    f("kernel_regularizer", kernel_regularizer)("recurrent_regularizer", recurrent_regularizer)(
        "bias_regularizer", bias_regularizer);
    LAMINA_CONSTRAINT_FIELDS(f)("reset_after", reset_after)("seed", seed), rest(f);
  }
};
struct StackedRNNCellsOptions {
  Config cells;  // a list of serialized cells
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("cells", cells), rest(f); }
};

struct RNNOptions {
  Config cell;  // a serialized cell, or a list of them
  bool return_sequences = false, return_state = false, go_backwards = false, stateful = false,
       unroll = false, zero_output_for_mask = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("cell", cell);
    LAMINA_SEQUENCE_FIELDS(f)("zero_output_for_mask", zero_output_for_mask), rest(f);
  }
};
struct SimpleRNNOptions {
  int64_t units = 0;
  Activation activation = "tanh";
  LAMINA_CELL_WEIGHTS
  Regularizer kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer;
  LAMINA_CONSTRAINTS
  double dropout = 0, recurrent_dropout = 0;
  bool return_sequences = false, return_state = false, go_backwards = false, stateful = false,
       unroll = false;
  std::optional<int64_t> seed;
  bool zero_output_for_mask = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("units", units)("activation", activation);
    LAMINA_WEIGHT_FIELDS(f)("kernel_regularizer", kernel_regularizer);
    f("recurrent_regularizer", recurrent_regularizer)("bias_regularizer", bias_regularizer)(
        "activity_regularizer", activity_regularizer);
    LAMINA_CONSTRAINT_FIELDS(f);
    LAMINA_SEQUENCE_FIELDS(f)("seed", seed)("zero_output_for_mask", zero_output_for_mask), rest(f);
  }
};
struct LSTMOptions {
  int64_t units = 0;
  Activation activation = "tanh", recurrent_activation = "sigmoid";
  LAMINA_CELL_WEIGHTS
  bool unit_forget_bias = true;
  Regularizer kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer;
  LAMINA_CONSTRAINTS
  double dropout = 0, recurrent_dropout = 0;
  std::optional<int64_t> seed;
  bool return_sequences = false, return_state = false, go_backwards = false, stateful = false,
       unroll = false;
  Config use_cudnn = "auto";  // taken for Keras's sake
  bool zero_output_for_mask = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("units", units)("activation", activation)("recurrent_activation", recurrent_activation);
    LAMINA_WEIGHT_FIELDS(f)("unit_forget_bias", unit_forget_bias);
    f("kernel_regularizer", kernel_regularizer)("recurrent_regularizer", recurrent_regularizer)(
        "bias_regularizer", bias_regularizer)("activity_regularizer", activity_regularizer);
    LAMINA_CONSTRAINT_FIELDS(f)("seed", seed);
    LAMINA_SEQUENCE_FIELDS(f)("use_cudnn", use_cudnn);
    f("zero_output_for_mask", zero_output_for_mask), rest(f);
  }
};
struct GRUOptions {
  int64_t units = 0;
  Activation activation = "tanh", recurrent_activation = "sigmoid";
  LAMINA_CELL_WEIGHTS
  Regularizer kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer;
  LAMINA_CONSTRAINTS
  double dropout = 0, recurrent_dropout = 0;
  std::optional<int64_t> seed;
  bool return_sequences = false, return_state = false, go_backwards = false, stateful = false,
       unroll = false, reset_after = true;
  Config use_cudnn = "auto";  // taken for Keras's sake
  bool zero_output_for_mask = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("units", units)("activation", activation)("recurrent_activation", recurrent_activation);
    LAMINA_WEIGHT_FIELDS(f)("kernel_regularizer", kernel_regularizer);
    f("recurrent_regularizer", recurrent_regularizer)("bias_regularizer", bias_regularizer)(
        "activity_regularizer", activity_regularizer);
    LAMINA_CONSTRAINT_FIELDS(f)("seed", seed);
    LAMINA_SEQUENCE_FIELDS(f)("reset_after", reset_after)("use_cudnn", use_cudnn);
    f("zero_output_for_mask", zero_output_for_mask), rest(f);
  }
};
struct ConvLSTMOptions {
  int64_t filters = 0;
  Ints kernel_size;
  Ints strides = {1};
  std::string padding = "valid";
  std::string data_format = "channels_last";
  Ints dilation_rate = {1};
  Activation activation = "tanh", recurrent_activation = "sigmoid";
  LAMINA_CELL_WEIGHTS
  bool unit_forget_bias = true;
  Regularizer kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer;
  LAMINA_CONSTRAINTS
  double dropout = 0, recurrent_dropout = 0;
  std::optional<int64_t> seed;
  bool return_sequences = false, return_state = false, go_backwards = false, stateful = false,
       unroll = false, zero_output_for_mask = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("filters", filters)("kernel_size", kernel_size)("strides", strides)("padding", padding)(
        "data_format", data_format)("dilation_rate", dilation_rate);
    f("activation", activation)("recurrent_activation", recurrent_activation);
    LAMINA_WEIGHT_FIELDS(f)("unit_forget_bias", unit_forget_bias);
    f("kernel_regularizer", kernel_regularizer)("recurrent_regularizer", recurrent_regularizer)(
        "bias_regularizer", bias_regularizer)("activity_regularizer", activity_regularizer);
    LAMINA_CONSTRAINT_FIELDS(f)("seed", seed);
    LAMINA_SEQUENCE_FIELDS(f)("zero_output_for_mask", zero_output_for_mask), rest(f);
  }
};
struct BidirectionalOptions {
  Config layer;  // a serialized recurrent layer
  std::optional<std::string> merge_mode = "concat";
  Config weights, backward_layer;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("layer", layer)("merge_mode", merge_mode)("weights", weights);
    f("backward_layer", backward_layer), rest(f);
  }
};
struct TimeDistributedOptions {
  Config layer;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("layer", layer), rest(f); }
};

#undef LAMINA_CELL_WEIGHTS
#undef LAMINA_WEIGHT_FIELDS
#undef LAMINA_CONSTRAINTS
#undef LAMINA_CONSTRAINT_FIELDS
#undef LAMINA_SEQUENCE_FIELDS

namespace layers {

inline Handle SimpleRNNCell(int64_t units, SimpleRNNCellOptions o = {}) {
  return o.units = units, make("SimpleRNNCell", o);
}
inline Handle LSTMCell(int64_t units, LSTMCellOptions o = {}) {
  return o.units = units, make("LSTMCell", o);
}
inline Handle GRUCell(int64_t units, GRUCellOptions o = {}) {
  return o.units = units, make("GRUCell", o);
}
inline Handle StackedRNNCells(const std::vector<LayerPtr>& cells, StackedRNNCellsOptions o = {}) {
  o.cells = Config::list();
  for (const LayerPtr& cell : cells) o.cells.push(share_layer(cell));
  return make("StackedRNNCells", o);
}
inline Handle RNN(const LayerPtr& cell, RNNOptions o = {}) {
  return o.cell = share_layer(cell), make("RNN", o);
}
inline Handle SimpleRNN(int64_t units, SimpleRNNOptions o = {}) {
  return o.units = units, make("SimpleRNN", o);
}
inline Handle LSTM(int64_t units, LSTMOptions o = {}) { return o.units = units, make("LSTM", o); }
inline Handle GRU(int64_t units, GRUOptions o = {}) { return o.units = units, make("GRU", o); }
inline Handle ConvLSTM1D(int64_t filters, const Ints& kernel_size, ConvLSTMOptions o = {}) {
  return o.filters = filters, o.kernel_size = kernel_size, make("ConvLSTM1D", o);
}
inline Handle ConvLSTM2D(int64_t filters, const Ints& kernel_size, ConvLSTMOptions o = {}) {
  return o.filters = filters, o.kernel_size = kernel_size, make("ConvLSTM2D", o);
}
inline Handle ConvLSTM3D(int64_t filters, const Ints& kernel_size, ConvLSTMOptions o = {}) {
  return o.filters = filters, o.kernel_size = kernel_size, make("ConvLSTM3D", o);
}
inline Handle Bidirectional(const LayerPtr& layer, BidirectionalOptions o = {}) {
  return o.layer = serialize_layer(*layer), make("Bidirectional", o);
}
inline Handle TimeDistributed(const LayerPtr& layer, TimeDistributedOptions o = {}) {
  return o.layer = share_layer(layer), make("TimeDistributed", o);
}

}  // namespace layers

}  // namespace lamina
