// Other shapes of the same numbers.
#include <algorithm>

#include "layers/builtin.h"

namespace lamina {

namespace {

class Flatten : public BuiltIn<Flatten, FlattenOptions> {
 public:
  static constexpr const char* kName = "Flatten";
  explicit Flatten(const FlattenOptions& o) : BuiltIn(o) { o_.data_format = format(o.data_format); }
  Tensors call(const Tensors& in, const CallArgs&) override {
    Tensor x = in[0];
    if (x.rank() < 1) throw error("expected an input with a batch axis");
    if (channels_first(o_.data_format) && x.rank() > 2) x = moveaxis(x, {1}, {-1});
    int64_t size = 1;
    for (int i = 1; i < x.rank(); ++i) size *= x.dim(i);
    return {reshape(x, {x.dim(0), size})};
  }
};

class ReshapeLayer : public BuiltIn<ReshapeLayer, ReshapeOptions> {
 public:
  static constexpr const char* kName = "Reshape";
  explicit ReshapeLayer(const ReshapeOptions& o) : BuiltIn(o) {
    int unknown = 0;
    for (int64_t d : o.target_shape) {
      if (d < -1)
        fail("Reshape: argument 'target_shape' must hold lengths or -1, received ",
             Config(o.target_shape).dump());
      unknown += d == -1;
    }
    if (unknown > 1)
      fail("Reshape: argument 'target_shape' must hold at most one -1, received ",
           Config(o.target_shape).dump());
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    const Shape& from = in[0].shape();
    if (from.rank() < 1) throw error("expected an input with a batch axis");
    int64_t size = 1, known = 1;
    for (int i = 1; i < from.rank(); ++i) size *= from[i];
    for (int64_t d : o_.target_shape) known *= d == -1 ? 1 : d;
    Ints to = {from[0]};
    for (int64_t d : o_.target_shape) to.push_back(d == -1 && known > 0 ? size / known : d);
    int64_t total = 1;
    for (size_t i = 1; i < to.size(); ++i) total *= to[i];
    if (total != size)
      throw error(str("the number of elements of a sample must not change; an input of shape ",
                      from, " does not fit target_shape ", Config(o_.target_shape).dump()));
    return {reshape(in[0], to)};
  }
};

class Permute : public BuiltIn<Permute, PermuteOptions> {
 public:
  static constexpr const char* kName = "Permute";
  explicit Permute(const PermuteOptions& o) : BuiltIn(o) {
    Ints sorted = o.dims;
    std::sort(sorted.begin(), sorted.end());
    for (size_t i = 0; i < sorted.size(); ++i)
      if (sorted[i] != static_cast<int64_t>(i) + 1)
        fail("Permute: argument 'dims' must hold each number from 1 to its length once, received ",
             Config(o.dims).dump());
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    require_rank(in[0].shape(), static_cast<int>(o_.dims.size()) + 1);
    Ints order = o_.dims;
    order.insert(order.begin(), 0);
    return {transpose(in[0], order)};
  }
};

class RepeatVector : public BuiltIn<RepeatVector, RepeatVectorOptions> {
 public:
  static constexpr const char* kName = "RepeatVector";
  explicit RepeatVector(const RepeatVectorOptions& o) : BuiltIn(o) { require_positive("n", o.n); }
  Tensors call(const Tensors& in, const CallArgs&) override {
    require_rank(in[0].shape(), 2);
    return {broadcast_to(expand_dims(in[0], {1}), {in[0].dim(0), o_.n, in[0].dim(1)})};
  }
};

}  // namespace

void add_reshaping_layers(LayerClasses& out) {
  out.push_back(
      layer_class<Flatten>(R"(All axes but the batch in one: (batch, a, b) to (batch, a * b).

Args:
    data_format: "channels_first" moves the channels to the end before.

Example:

>>> import lamina, numpy as np
>>> lamina.layers.Flatten()(np.zeros((2, 3, 4), "float32")).shape
(2, 12))"));
  out.push_back(layer_class<ReshapeLayer>(R"(Another shape of each sample.

Args:
    target_shape: The shape without the batch axis. One length may be -1; it follows from the
        input.

Input shape: (batch, ...). Output shape: (batch, target_shape...).

Raises:
    ValueError: More than one -1, or an input whose samples have another number of elements.

Example:

>>> import lamina, numpy as np
>>> lamina.layers.Reshape((-1, 2))(np.zeros((5, 12), "float32")).shape
(5, 6, 2))"));
  out.push_back(layer_class<Permute>(R"(The axes of each sample in another order.

Args:
    dims: The order; axes count from 1, the batch axis is not among them.

Raises:
    ValueError: dims is no permutation of 1, 2, ..., or an input of other rank.

Example:

>>> import lamina, numpy as np
>>> lamina.layers.Permute((2, 1))(np.zeros((5, 10, 64), "float32")).shape
(5, 64, 10))"));
  out.push_back(layer_class<RepeatVector>(R"(A vector as a sequence of n equal steps.

Args:
    n: How often the vector is repeated.

Input shape: (batch, features). Output shape: (batch, n, features).

Raises:
    ValueError: n is not positive, or an input of other rank.)"));
}

}  // namespace lamina
