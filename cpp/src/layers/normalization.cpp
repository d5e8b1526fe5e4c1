// Batch and layer normalization.
#include <algorithm>

#include "layers/builtin.h"

namespace lamina {

namespace {

class BatchNormalization : public BuiltIn<BatchNormalization, BatchNormalizationOptions> {
 public:
  static constexpr const char* kName = "BatchNormalization";
  using BuiltIn::BuiltIn;
  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes);
    int axis = normalize_axis(o_.axis, shapes[0].rank());
    int64_t n = shapes[0][axis];
    if (n < 0)
      throw error(str("axis ", o_.axis, " of the input must be known, received shape ", shapes[0]));
    if (o_.scale)
      gamma_ = add_weight(
          {"gamma", {n}, o_.gamma_initializer, o_.gamma_regularizer, o_.gamma_constraint});
    if (o_.center)
      beta_ =
          add_weight({"beta", {n}, o_.beta_initializer, o_.beta_regularizer, o_.beta_constraint});
    mean_ = add_weight({"moving_mean", {n}, o_.moving_mean_initializer, {}, {}, false});
    variance_ = add_weight({"moving_variance", {n}, o_.moving_variance_initializer, {}, {}, false});
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    Tensor x = in[0];
    int axis = normalize_axis(o_.axis, x.rank());
    if (x.shape()[axis] != mean_.shape()[0])
      throw error(str("expected ", mean_.shape()[0], " channels on axis ", o_.axis,
                      ", received an input of shape ", x.shape()));
    Tensor gamma = gamma_.defined() ? gamma_.value() : Tensor{},
           beta = beta_.defined() ? beta_.value() : Tensor{};
    // A frozen layer uses its running statistics in training too.
    if (!args.training || !trainable_)
      return {batch_normalization(x, mean_, variance_, axis, beta, gamma, o_.epsilon)};
    bool last = axis == x.rank() - 1;
    if (!last) x = moveaxis(x, {axis}, {-1});
    Tensors out = batch_normalization_train(x, gamma, beta, o_.epsilon);
    NoGrad off;
    auto blend = [&](const Variable& v, const Tensor& batch) {
      v.assign(v.value() * Tensor(o_.momentum) + stop_gradient(batch) * Tensor(1 - o_.momentum));
    };
    blend(mean_, out[1]), blend(variance_, out[2]);
    NoGrad on(true);
    return {last ? out[0] : moveaxis(out[0], {-1}, {axis})};
  }

 private:
  Variable gamma_, beta_, mean_, variance_;
};

class LayerNormalization : public BuiltIn<LayerNormalization, LayerNormalizationOptions> {
 public:
  static constexpr const char* kName = "LayerNormalization";
  using BuiltIn::BuiltIn;
  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes);
    Shape s;
    for (int64_t a : axes(shapes[0].rank())) {
      s.push_back(shapes[0][static_cast<int>(a)]);
      if (s.back() < 0)
        throw error(str("the normalized axes must be known, received shape ", shapes[0]));
    }
    if (o_.scale)
      gamma_ =
          add_weight({"gamma", s, o_.gamma_initializer, o_.gamma_regularizer, o_.gamma_constraint});
    if (o_.center)
      beta_ = add_weight({"beta", s, o_.beta_initializer, o_.beta_regularizer, o_.beta_constraint});
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    Tensor x = in[0];
    Ints list = axes(x.rank()), back;
    for (size_t i = 0; i < list.size(); ++i)
      back.push_back(static_cast<int64_t>(i) - static_cast<int64_t>(list.size()));
    bool last = true;
    for (size_t i = 0; i < list.size(); ++i) last = last && list[i] == x.rank() + back[i];
    if (!last) x = moveaxis(x, list, back);
    Tensor gamma = gamma_.defined() ? gamma_.value() : Tensor{},
           beta = beta_.defined() ? beta_.value() : Tensor{};
    Shape shape = x.shape();
    bool flat = list.size() > 1 && !gamma.defined() && !beta.defined();
    if (flat) {
      Ints s;
      for (int i = 0; i < x.rank() - static_cast<int>(list.size()); ++i) s.push_back(shape[i]);
      s.push_back(-1);
      x = reshape(x, s);
    }
    Tensor y = layer_normalization(x, gamma, beta, o_.epsilon);
    if (flat) y = reshape(y, shape.vec());
    return {last ? y : moveaxis(y, back, list)};
  }

 private:
  Ints axes(int rank) const {
    Ints list;
    for (int64_t a : o_.axis) list.push_back(normalize_axis(a, rank));
    std::sort(list.begin(), list.end());
    return list;
  }
  Variable gamma_, beta_;
};

}  // namespace

void add_normalization_layers(LayerClasses& out) {
  out.push_back(layer_class<BatchNormalization>(
      R"(Normalization by the batch (Ioffe and Szegedy, 2015, arXiv:1502.03167).

gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of the batch in training
and running averages otherwise. With trainable=False the running averages are used in training too.

Args:
    axis: The axis of channels.
    momentum: Of the running averages.
    epsilon: Added to the variance.
    center, scale: Whether to have beta and gamma.
    beta_initializer, gamma_initializer: First values of those.
    moving_mean_initializer, moving_variance_initializer: First running averages.
    beta_regularizer, gamma_regularizer: Penalties.
    beta_constraint, gamma_constraint: Projections after each update.

Input shape: any, the axis's length known. Output shape: the same.

Example:

>>> import lamina, numpy as np
>>> x = np.array([[1.0], [3.0]], "float32")
>>> lamina.layers.BatchNormalization(epsilon=0.0)(x, training=True).numpy().tolist()
[[-1.0], [1.0]])"));
  out.push_back(layer_class<LayerNormalization>(
      R"(Normalization of each sample over an axis or axes (Ba et al., 2016, arXiv:1607.06450).

Args:
    axis: The axis or axes to normalize.
    epsilon: Added to the variance.
    center, scale: Whether to have beta and gamma.
    beta_initializer, gamma_initializer: First values of those.
    beta_regularizer, gamma_regularizer: Penalties.
    beta_constraint, gamma_constraint: Projections after each update.

Input shape: any, the axes' lengths known. Output shape: the same.)"));
}

}  // namespace lamina
