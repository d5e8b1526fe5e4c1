// Batch and layer normalization.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "layers/builtin.h"

namespace lamina {

namespace {

class BatchNormalization : public BuiltIn<BatchNormalization, BatchNormalizationOptions> {
 public:
  static constexpr const char* kName = "BatchNormalization";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  explicit BatchNormalization(const BatchNormalizationOptions& o) : BuiltIn(o) {
    if (!o.renorm) return;
    if (o.renorm_clipping.is_null()) o_.renorm_clipping = Config::object();
    if (o.renorm_clipping.is_object())
      for (auto& [key, value] : o.renorm_clipping.as_object())
        if (key != "rmin" && key != "rmax" && key != "dmax")
          fail(
              "BatchNormalization: argument 'renorm_clipping' has keys rmin, rmax and dmax, "
              "received '",
              key, "'");
    auto rmin = clipping("rmin"), rmax = clipping("rmax"), dmax = clipping("dmax");
    if (rmin && rmax && *rmax < *rmin)
      fail("BatchNormalization: rmax must not be less than rmin, received ", *rmax, " and ", *rmin);
    if (dmax) require_not_negative("dmax", *dmax);
  }
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
    if (!o_.renorm) return;
    deviation_ = add_weight({"moving_stddev", {n}, "ones", {}, {}, false});
    renorm_mean_ = add_weight({"renorm_mean", {n}, o_.moving_mean_initializer, {}, {}, false});
    renorm_deviation_ = add_weight({"renorm_stddev", {n}, "ones", {}, {}, false});
    for (auto& v : {deviation_, renorm_deviation_})
      v.assign(sqrt(o_.moving_variance_initializer({n}, v.dtype())));
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    Tensor x = in[0];
    int axis = normalize_axis(o_.axis, x.rank());
    require_features(args, {axis}, x.rank());
    if (x.shape()[axis] != mean_.shape()[0])
      throw error(str("expected ", mean_.shape()[0], " channels on axis ", o_.axis,
                      ", received an input of shape ", x.shape()));
    Tensor gamma = gamma_.defined() ? gamma_.value() : Tensor{},
           beta = beta_.defined() ? beta_.value() : Tensor{};
    // A frozen layer uses its running statistics in training too.
    if (!args.training || !trainable_)
      return {batch_normalization(x, mean_, variance_, axis, beta, gamma, o_.epsilon)};
    Tensor mask = args.mask();
    if (mask.defined() && mask.rank() != x.rank() - 1)
      throw error(str("the mask must have one axis less than the input, received shapes ",
                      mask.shape(), " and ", x.shape()));
    if (mask.defined() || o_.renorm) return {composed(x, axis, mask, beta, gamma)};
    bool last = axis == x.rank() - 1;
    if (!last) x = moveaxis(x, {axis}, {-1});
    Tensors out = batch_normalization_train(x, gamma, beta, o_.epsilon);
    NoGrad off;
    blend(mean_, out[1], o_.momentum), blend(variance_, out[2], o_.momentum);
    NoGrad on(true);
    return {last ? out[0] : moveaxis(out[0], {-1}, {axis})};
  }

 private:
  static void blend(const Variable& v, const Tensor& batch, double momentum) {
    v.assign(v.value() * Tensor(momentum) + stop_gradient(batch) * Tensor(1 - momentum));
  }
  std::optional<double> clipping(const char* key) const {
    const Config* c = o_.renorm_clipping.is_object() ? o_.renorm_clipping.find(key) : nullptr;
    return c && !c->is_null() ? std::optional<double>(c->as_double()) : std::nullopt;
  }
  // Statistics of what the mask keeps, and batch renormalization (Ioffe, 2017).
  Tensor composed(const Tensor& x, int axis, const Tensor& mask, Tensor beta, Tensor gamma) {
    Ints others;
    for (int i = 0; i < x.rank(); ++i)
      if (i != axis) others.push_back(i);
    Tensor m, v;
    if (mask.defined()) {
      Tensor keep = broadcast_to(expand_dims(cast(mask, DType::kBool), {-1}), x.shape()),
             zero = zeros_like(x), n = sum(cast(keep, x.dtype()), others, true) + Tensor(1e-7);
      m = sum(where(keep, x, zero), others, true) / n;
      v = reshape(sum(square(where(keep, x - m, zero)), others, true) / n, {-1});
      m = reshape(m, {-1});
    } else {
      std::tie(m, v) = moments(x, others);
    }
    Tensor batch_mean = stop_gradient(m), batch_variance = stop_gradient(v);
    if (o_.renorm) {
      NoGrad off;
      Tensor deviation = sqrt(batch_variance + Tensor(o_.epsilon)),
             known = maximum(renorm_deviation_.value(), Tensor(std::sqrt(o_.epsilon)));
      Tensor r = deviation / known, d = (batch_mean - renorm_mean_.value()) / known;
      if (auto least = clipping("rmin")) r = maximum(r, Tensor(*least));
      if (auto most = clipping("rmax")) r = minimum(r, Tensor(*most));
      if (auto most = clipping("dmax")) d = clip(d, -*most, *most);
      blend(renorm_mean_, batch_mean, o_.renorm_momentum);
      blend(renorm_deviation_, deviation, o_.renorm_momentum);
      blend(mean_, batch_mean, o_.momentum);
      Tensor moving =
          deviation_.value() * Tensor(o_.momentum) + deviation * Tensor(1 - o_.momentum);
      deviation_.assign(moving);
      variance_.assign(relu(square(moving) - Tensor(o_.epsilon)));
      NoGrad on(true);
      Tensor shift = gamma.defined() ? d * gamma : d;
      gamma = gamma.defined() ? r * gamma : r;
      beta = beta.defined() ? shift + beta : shift;
    } else {
      NoGrad off;
      blend(mean_, batch_mean, o_.momentum), blend(variance_, batch_variance, o_.momentum);
    }
    return batch_normalization(x, m, v, axis, beta, gamma, o_.epsilon);
  }
  Variable gamma_, beta_, mean_, variance_, deviation_, renorm_mean_, renorm_deviation_;
};

class LayerNormalization : public BuiltIn<LayerNormalization, LayerNormalizationOptions> {
 public:
  static constexpr const char* kName = "LayerNormalization";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  using BuiltIn::BuiltIn;
  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes);
    Shape s;
    for (int64_t a : axes(shapes[0].rank())) {
      s.push_back(shapes[0][static_cast<int>(a)]);
      if (s.back() < 0)
        throw error(str("the normalized axes must be known, received shape ", shapes[0]));
    }
    if (o_.scale || o_.rms_scaling)
      gamma_ =
          add_weight({"gamma", s, o_.gamma_initializer, o_.gamma_regularizer, o_.gamma_constraint});
    if (o_.center && !o_.rms_scaling)
      beta_ = add_weight({"beta", s, o_.beta_initializer, o_.beta_regularizer, o_.beta_constraint});
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    Tensor x = in[0];
    Ints list = axes(x.rank()), back;
    require_features(args, list, x.rank());
    if (o_.rms_scaling) {
      Ints along(static_cast<size_t>(x.rank()), 1);
      for (int64_t a : list) along[static_cast<size_t>(a)] = x.dim(static_cast<int>(a));
      return {x * rsqrt(var(x, list, true) + Tensor(o_.epsilon)) * reshape(gamma_, along)};
    }
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
    for (int64_t a : o_.axis.list) list.push_back(normalize_axis(a, rank));
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
    renorm: Batch renormalization (Ioffe, 2017, arXiv:1702.03275): in training the batch's
        statistics are corrected towards running ones.
    renorm_clipping: {"rmin": ..., "rmax": ..., "dmax": ...}, limits of the correction.
    renorm_momentum: Of the running statistics that the correction uses.
    synchronized: Taken for Keras's sake: a batch is always whole.

Call arguments:
    mask: Boolean, the input's shape without its last axis; entries where it is False do not count
        in the batch's statistics.

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
    rms_scaling: Divides by the deviation without taking off the mean, and has no beta. Keras calls
        it deprecated; see `RMSNormalization`.

Input shape: any, the axes' lengths known. Output shape: the same.)"));
}

}  // namespace lamina
