// Activations as layers.
#include "layers/builtin.h"

namespace lamina {

namespace {

class ReLU : public BuiltIn<ReLU, ReLUOptions> {
 public:
  static constexpr const char* kName = "ReLU";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  explicit ReLU(const ReLUOptions& o) : BuiltIn(o) {
    if (o.max_value) require_not_negative("max_value", *o.max_value);
    require_not_negative("negative_slope", o.negative_slope);
    require_not_negative("threshold", o.threshold);
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    return {relu_general(in[0], o_.negative_slope, o_.max_value, o_.threshold)};
  }
};
class LeakyReLU : public BuiltIn<LeakyReLU, LeakyReLUOptions> {
 public:
  static constexpr const char* kName = "LeakyReLU";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  explicit LeakyReLU(const LeakyReLUOptions& o) : BuiltIn(o) {
    require_not_negative("negative_slope", o.negative_slope);
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    return {leaky_relu(in[0], o_.negative_slope)};
  }
};
class ELU : public BuiltIn<ELU, ELUOptions> {
 public:
  static constexpr const char* kName = "ELU";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override { return {elu(in[0], o_.alpha)}; }
};
class SoftmaxLayer : public BuiltIn<SoftmaxLayer, SoftmaxOptions> {
 public:
  static constexpr const char* kName = "Softmax";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs& args) override {
    Tensor x = in[0], mask = in.size() > 1 ? in[1] : args.mask();
    Axes axes(o_.axis.list);
    if (args.row_lengths().defined()) {
      require_features(args, o_.axis.list, x.rank());
      return {softmax(x, axes)};
    }
    if (!mask.defined()) return {softmax(x, axes)};
    bool fits = mask.rank() <= x.rank();
    for (int i = 1; fits && i <= mask.rank(); ++i)
      fits = mask.dim(-i) == 1 || mask.dim(-i) == x.dim(-i);
    if (!fits)
      throw error(str(
          "the mask must be broadcastable to the input and not larger; received a mask of shape ",
          mask.shape(), " for an input of shape ", x.shape()));
    if (mask.dtype() != DType::kBool) mask = greater(mask, Tensor(0.5));
    Tensor y = softmax(where(mask, x, Tensor(-1e9)), axes);
    return {where(mask, y, zeros_like(y))};  // also where all is masked
  }
};

class PReLU : public BuiltIn<PReLU, PReLUOptions> {
 public:
  static constexpr const char* kName = "PReLU";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  using BuiltIn::BuiltIn;
  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes);
    Shape s = shapes[0];
    if (s.rank() < 1) throw error("expected an input with a batch axis");
    rank_ = s.rank();
    s.erase(0);
    for (int64_t axis : o_.shared_axes.value_or(Ints{})) {
      if (axis < 1 || axis > s.rank())
        throw error(str("argument 'shared_axes' must lie in [1, ", s.rank(),
                        "] for an input of shape ", shapes[0], ", received ", axis));
      s[static_cast<int>(axis) - 1] = 1;
    }
    alpha_ =
        add_weight({"alpha", s, o_.alpha_initializer, o_.alpha_regularizer, o_.alpha_constraint});
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    const Tensor& x = in[0];
    const Shape& s = alpha_.shape();
    if (x.is_ragged() && s[0] != 1)
      throw error("ragged input needs one alpha for all steps; pass shared_axes=[1]");
    bool fits = x.rank() == rank_;
    for (int i = 0; fits && i < s.rank(); ++i) fits = s[i] == 1 || s[i] == x.dim(i + 1);
    if (!fits)
      throw error(str("alpha of shape ", s, " does not fit an input of shape ", x.shape()));
    return {relu(x) - alpha_.value() * relu(-x)};
  }

 private:
  int rank_ = 0;
  Variable alpha_;
};

}  // namespace

void add_activation_layers(LayerClasses& out) {
  out.push_back(layer_class<ReLU>(R"(max(x, 0).

Args:
    max_value: Ceiling; none by default.
    negative_slope: Slope below the threshold.
    threshold: x counts from here on: negative_slope * (x - threshold) below.)"));
  out.push_back(
      layer_class<LeakyReLU>("x where positive, else negative_slope * x (Maas et al., 2013)."));
  out.push_back(layer_class<ELU>(
      "x where positive, else alpha * (exp(x) - 1) (Clevert et al., 2015, arXiv:1511.07289)."));
  out.push_back(layer_class<SoftmaxLayer>(R"(exp(x) / sum(exp(x)) over an axis or axes.

Args:
    axis: The axis, or a list of them.

Call arguments:
    mask: Broadcastable to the input; where it is False the result is zero, and the others share
        the whole.

Raises:
    ValueError: The mask does not fit.)"));
  out.push_back(layer_class<PReLU>(
      R"(x where positive, else alpha * x with a learned alpha (He et al., 2015, arXiv:1502.01852).

Args:
    alpha_initializer: First values of alpha.
    alpha_regularizer: Penalty on alpha.
    alpha_constraint: Projection of alpha after each update.
    shared_axes: Axes, counted from 1, along which there is one alpha: (1, 2) for one a channel of
        images.

Input shape: any, all axes known but the batch and the shared ones. Output shape: the same.

Example:

>>> import lamina, numpy as np
>>> lamina.layers.PReLU(alpha_initializer=lamina.initializers.Constant(0.5))(
...     np.array([[-2.0, 3.0]], "float32")).numpy().tolist()
[[-1.0, 3.0]])"));
}

}  // namespace lamina
