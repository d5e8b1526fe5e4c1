// What layers know while a model runs step by step, see lamina/decoding.h.
#pragma once
#include <map>
#include <utility>

#include "lamina/layer.h"

namespace lamina {

// What is kept between steps. Layers are told apart by how often each was called in a pass.
class DecodingState {
 public:
  DecodingState(int64_t batch_size, int64_t max_length);
  int64_t batch_size, max_length;
  Tensor position;    // int64, of the first of the new steps
  bool fresh = true;  // keys and values of what is not decoded are not known yet

  // Zeros on first use.
  Tensor& kept(const Layer* layer, const char* what, const Shape& shape, DType dtype);
  // A new pass begins.
  void start() { calls_.clear(); }
  // Of this pass's next call of the layer.
  void count(const Layer* layer) { ++calls_[layer]; }
  // Brings sample indices[i] of every cache to place i.
  void reorder(const Tensor& indices);

 private:
  struct Key {
    const Layer* layer;
    int call;
    std::string what;
    auto operator<=>(const Key&) const = default;
  };
  std::map<Key, Tensor> tensors_;
  std::map<const Layer*, int> calls_;
};

class DecodingScope {
 public:
  explicit DecodingScope(DecodingState& state);
  ~DecodingScope();
  DecodingScope(const DecodingScope&) = delete;
  static DecodingState* current();  // null: the model runs as a whole

 private:
  DecodingState* before_;
};

// Where the first step of a layer's input lies in its sequence: the call's argument `start_index`,
// else what the pass says; undefined for 0.
Tensor start_of(const CallArgs& args);

}  // namespace lamina
