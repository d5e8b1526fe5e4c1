// Normalization by groups of channels, by root mean square, and to unit length.
#include <algorithm>

#include "layers/builtin.h"

namespace lamina {

namespace {

// Axes of a normalization, sorted, for an input of `shape`; their lengths must be known.
template <class L>
Ints checked_axes(const L& layer, const IntOrInts& axis, const Shape& shape) {
  Ints out;
  for (int64_t a : axis.list) {
    if (a < -shape.rank() || a >= shape.rank())
      throw layer.error(str("axis ", a, " is out of bounds for an input of shape ", shape));
    out.push_back(normalize_axis(a, shape.rank()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

class GroupNormalization : public BuiltIn<GroupNormalization, GroupNormalizationOptions> {
 public:
  static constexpr const char* kName = "GroupNormalization";
  static constexpr bool kMasking = true;
  using BuiltIn::BuiltIn;
  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes);
    int axis = channels(shapes[0]);
    int64_t n = shapes[0][axis];
    if (n < 0)
      throw error(str("axis ", o_.axis, " of the input must be known, received shape ", shapes[0]));
    if (o_.groups == -1) o_.groups = n;
    require_positive("groups", o_.groups);
    if (n < o_.groups)
      throw error(str("the number of groups (", o_.groups,
                      ") cannot be more than the number of channels (", n, ")"));
    if (n % o_.groups != 0)
      throw error(str("the number of channels (", n,
                      ") must be a multiple of the number of groups (", o_.groups, ")"));
    channels_ = n;
    if (o_.scale)
      gamma_ = add_weight(
          {"gamma", {n}, o_.gamma_initializer, o_.gamma_regularizer, o_.gamma_constraint});
    if (o_.center)
      beta_ =
          add_weight({"beta", {n}, o_.beta_initializer, o_.beta_regularizer, o_.beta_constraint});
  }
  // One row for each sample and group: a group's channels lie together, so only what lies between
  // the batch and the channels has to change places with the groups.
  Tensors call(const Tensors& in, const CallArgs&) override {
    const Tensor& x = in[0];
    int axis = channels(x.shape());
    if (x.dim(axis) != channels_)
      throw error(str("expected ", channels_, " channels on axis ", o_.axis,
                      ", received an input of shape ", x.shape()));
    Ints shape = x.shape().vec(), split = shape;
    split[static_cast<size_t>(axis)] = channels_ / o_.groups;
    split.insert(split.begin() + axis, o_.groups);
    Tensor rows = reshape(x, split);
    if (axis > 1) rows = moveaxis(rows, {axis}, {1});
    Ints moved = rows.shape().vec();
    int64_t entries = 1;
    for (size_t i = 2; i < moved.size(); ++i) entries *= moved[i];
    rows = reshape(rows, {shape[0], o_.groups, entries});
    Tensor y = reshape(layer_normalization(rows, {}, {}, o_.epsilon), moved);
    if (axis > 1) y = moveaxis(y, {1}, {axis});
    y = reshape(y, shape);
    Ints along(shape.size(), 1);
    along[static_cast<size_t>(axis)] = -1;
    if (gamma_.defined()) y = y * reshape(gamma_, along);
    if (beta_.defined()) y = y + reshape(beta_, along);
    return {y};
  }

 private:
  int channels(const Shape& s) const {
    int axis = static_cast<int>(checked_axes(*this, o_.axis, s)[0]);
    if (axis == 0) throw error("argument 'axis' must not be the axis of the batch");
    return axis;
  }
  int64_t channels_ = 0;
  Variable gamma_, beta_;
};

class RMSNormalization : public BuiltIn<RMSNormalization, RMSNormalizationOptions> {
 public:
  static constexpr const char* kName = "RMSNormalization";
  static constexpr bool kRagged = true;
  using BuiltIn::BuiltIn;
  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes);
    Shape s;
    for (int64_t a : checked_axes(*this, o_.axis, shapes[0])) {
      s.push_back(shapes[0][static_cast<int>(a)]);
      if (s.back() < 0)
        throw error(str("the normalized axes must be known, received shape ", shapes[0]));
    }
    scale_ = add_weight({"scale", s, "ones"});
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    const Tensor& x = in[0];
    Ints axes = checked_axes(*this, o_.axis, x.shape()), along(x.shape().vec().size(), 1);
    require_features(args, axes, x.rank());
    for (size_t i = 0; i < axes.size(); ++i) {
      int64_t n = scale_.shape()[static_cast<int>(i)];
      if (x.dim(static_cast<int>(axes[i])) != n)
        throw error(str("axis ", axes[i], " of the input must be ", n, ", received ", x.shape()));
      along[static_cast<size_t>(axes[i])] = n;
    }
    Tensor inverse = rsqrt(mean(square(x), Axes(axes), true) + Tensor(o_.epsilon));
    return {x * inverse * reshape(scale_, along)};
  }

 private:
  Variable scale_;
};

class UnitNormalization : public BuiltIn<UnitNormalization, UnitNormalizationOptions> {
 public:
  static constexpr const char* kName = "UnitNormalization";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs& args) override {
    const Tensor& x = in[0];
    require_features(args, o_.axis.list, x.rank());
    Axes axes(checked_axes(*this, o_.axis, x.shape()));
    return {x * minimum(rsqrt(sum(square(x), axes, true)), Tensor(1e12))};
  }
};

}  // namespace

void add_group_normalization_layers(LayerClasses& out) {
  out.push_back(layer_class<GroupNormalization>(
      R"(Normalization of each sample by groups of channels (Wu and He, 2018, arXiv:1803.08494).

gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the mean and variance of all entries of a
sample that belong to one group.

Args:
    groups: Number of groups, which divides the number of channels; -1 for one a channel.
    axis: The axis of channels.
    epsilon: Added to the variance.
    center, scale: Whether to have beta and gamma.
    beta_initializer, gamma_initializer: First values of those.
    beta_regularizer, gamma_regularizer: Penalties.
    beta_constraint, gamma_constraint: Projections after each update.

Input shape: any, the axis's length known. Output shape: the same.

Raises:
    ValueError: The groups do not divide the channels.

Example:

>>> import lamina, numpy as np
>>> x = np.array([[1.0, 3.0, 20.0, 60.0]], "float32")
>>> lamina.layers.GroupNormalization(2, epsilon=0.0)(x).numpy().round(3).tolist()
[[-1.0, 1.0, -1.0, 1.0]])"));
  out.push_back(layer_class<RMSNormalization>(
      R"(x / sqrt(mean(x^2) + epsilon) * scale (Zhang and Sennrich, 2019, arXiv:1910.07467).

Args:
    axis: The axis or axes to normalize, whose lengths the learned scale has.
    epsilon: Added to the mean of squares.

Input shape: any, the axes' lengths known. Output shape: the same.)"));
  out.push_back(
      layer_class<UnitNormalization>(R"(x / |x|, with the Euclidean norm over an axis or axes.

Args:
    axis: The axis, or a list of them.

Input shape: any. Output shape: the same.

Example:

>>> import lamina, numpy as np
>>> lamina.layers.UnitNormalization()(np.array([[3.0, 4.0]], "float32")).numpy().round(3).tolist()
[[0.6000000238418579, 0.800000011920929]])"));
}

}  // namespace lamina
