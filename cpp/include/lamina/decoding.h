// Models of token sequences, run step by step.
#pragma once
#include "lamina/function.h"
#include "lamina/layer.h"

namespace lamina {

class DecodingState;

// Runs a causal model on a sequence that grows: each call takes the next steps alone and gives what
// the model, called on all steps so far, would give for these. Keys and values of earlier steps lie
// in caches that the attention layers fill in place, so that a step's time hardly depends on how
// many came before.
//
//   CachedDecoder decoder(model, 256);
//   Tensor logits = decoder(prompt)[0];                 // (1, n, ...)
//   while (...) logits = decoder(next_token)[0];        // (1, 1, ...)
//
// The model needs no change: attention with use_causal_mask=True (as in TransformerDecoder),
// PositionEmbedding, SinePositionEncoding and RotaryEmbedding know what to do, and layers that
// treat each step by itself do as ever. Its first input is decoded; others (`context`, such as an
// encoder's output) stay as they are, and what attention makes of them is computed once. Layers
// that mix steps in other ways are refused.
class CachedDecoder {
 public:
  CachedDecoder(LayerPtr model, int64_t max_length, int64_t batch_size = 1,
                const Tensors& context = {});
  ~CachedDecoder();
  CachedDecoder(const CachedDecoder&) = delete;

  // The model's outputs for the next steps (batch_size, n, ...). Throws Error where more than
  // max_length steps come together.
  Tensors operator()(const Tensor& steps);
  int64_t position() const { return position_; }  // steps so far
  void set_position(int64_t position);            // goes back: later steps are forgotten
  // Begins anew, with another context of the same shapes where one is given.
  void reset(const Tensors& context = {});
  // Sample i goes on from where sample indices[i] is, (batch_size,) integers; for beam search.
  void reorder(const Tensor& indices);
  int64_t max_length() const;
  int64_t batch_size() const;

 private:
  Tensors run(const Tensors& args, bool fresh);
  LayerPtr model_;
  std::unique_ptr<DecodingState> state_;
  Tensors context_;
  bool fresh_ = true;
  int64_t position_ = 0;
  Function first_, next_;
};

}  // namespace lamina
