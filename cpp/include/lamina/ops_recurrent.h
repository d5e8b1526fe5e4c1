// Recurrent layers over whole sequences, each one operation.
#pragma once
#include "lamina/ops.h"

namespace lamina {

// tanh and relu: h' = f(x w + h u + b). gru: the reset gate acts after the product with h, with a
// second bias; gru_reset_before: before it. Gate orders are Keras's: LSTM i, f, c, o; GRU z, r, h.
enum class RecurrentCell { kTanh, kRelu, kLstm, kGru, kGruResetBefore };

struct RecurrentOptions {
  RecurrentCell cell = RecurrentCell::kLstm;
  bool go_backwards = false;   // from the last step to the first
  bool in_step_order = false;  // outputs in the order in which steps are taken, not in that of time
  bool zero_output_for_mask = false;
  bool return_sequences = true;
};

// The weights of one direction, for G gates of H units.
struct RecurrentWeights {
  Tensor kernel;            // (I, G H); undefined: the inputs are (..., G H), multiplied already
  Tensor recurrent_kernel;  // (H, G H)
  Tensor bias;              // (G H,), of gru (2, G H); undefined: none
  Tensors initial_state;    // (B, H) each, h and for LSTM c; empty: zeros
  Tensor state_mask;  // (G, B, H), what h is multiplied by before each gate's weights, or none
};

struct RecurrentResult {
  Tensor sequence;  // h of every step, (B, T, H); undefined without return_sequences
  Tensors states;   // the last ones, (B, H) each: h, and c of LSTM
};

// x: (B, T, I). mask: bool (B, T), or undefined; where it is false the state stays as it is and the
// output is the one before once more, or zero. Or, with row_lengths (B,), x: (1, N, I): sequences
// that lie one after the other, N at least the sum of their lengths. Steps that are left out cost
// next to nothing.
RecurrentResult recurrent(const Tensor& x, const RecurrentWeights& weights,
                          const RecurrentOptions& options = {}, const Tensor& mask = {},
                          const Tensor& row_lengths = {});
// Both directions of a layer, side by side: the second one runs the other way.
std::pair<RecurrentResult, RecurrentResult> recurrent_both(
    const Tensor& x, const RecurrentWeights& there, const RecurrentWeights& back,
    const RecurrentOptions& options = {}, const Tensor& mask = {}, const Tensor& row_lengths = {});

int64_t recurrent_gates(RecurrentCell cell);

}  // namespace lamina
