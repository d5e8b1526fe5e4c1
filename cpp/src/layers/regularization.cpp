// Layers that are only there in training.
#include <cmath>

#include "lamina/ragged.h"
#include "layers/builtin.h"

namespace lamina {

namespace {

// Length 1 axes of a noise shape share a draw; unknown ones (-1) are as long as the input's.
template <class L>
Shape noise_shape(const L& layer, const Ints& wanted, const Tensor& x) {
  Shape s(wanted);
  for (int i = 0; i < s.rank(); ++i)
    if (s[i] < 0 && i < x.rank()) s[i] = x.dim(i);
  bool fits = s.rank() == x.rank();
  for (int i = 0; fits && i < s.rank(); ++i) fits = s[i] == 1 || s[i] == x.dim(i);
  if (!fits)
    throw layer.error(
        str("noise_shape ", Shape(wanted), " does not fit an input of shape ", x.shape()));
  return s;
}

// The share `rate` of the inputs is replaced; what Derived::apply makes of them.
template <class Derived, class Options>
class Dropping : public BuiltIn<Derived, Options> {
 public:
  static constexpr bool kMasking = true;
  explicit Dropping(const Options& o) : BuiltIn<Derived, Options>(o) {
    this->require_share("rate", o.rate);
    if constexpr (requires { o.noise_shape; })
      for (int64_t n : o.noise_shape.value_or(Ints{}))
        if (n == 0 || n < -1)
          fail(Derived::kName,
               ": argument 'noise_shape' must hold positive integers or None, received ",
               Shape(*o.noise_shape));
    seed_ = &this->add_seed(o.seed);
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    static_cast<Derived*>(this)->check(in[0]);
    if constexpr (requires(Options o) { o.noise_shape; })
      if (this->o_.noise_shape && args.row_lengths().defined())
        throw this->error("noise_shape does not work with ragged input");
    if (!args.training || this->o_.rate == 0) return {in[0]};
    return {static_cast<Derived*>(this)->apply(in[0])};
  }
  void check(const Tensor&) const {}
  Config get_config() const override {
    Config c = BuiltIn<Derived, Options>::get_config();
    if constexpr (requires(Options o) { o.noise_shape; })
      if (this->o_.noise_shape) c.set("noise_shape", lengths_config(*this->o_.noise_shape));
    return c;
  }

 protected:
  Tensor dropped(const Tensor& x, const std::optional<Shape>& shape) {
    if (this->o_.rate == 1) return zeros_like(x);
    if (!shape) return random::dropout(x, this->o_.rate, seed_);
    return x * random::dropout(ones(*shape, x.dtype()), this->o_.rate, seed_);
  }
  void require_less_than_all() const {
    if (this->o_.rate == 1) throw this->error("a rate of 1 leaves nothing to train on");
  }
  random::SeedGenerator* seed_;
};

class Dropout : public Dropping<Dropout, DropoutOptions> {
 public:
  static constexpr const char* kName = "Dropout";
  static constexpr bool kRagged = true;
  using Dropping::Dropping;
  Tensor apply(const Tensor& x) {
    if (!o_.noise_shape) return dropped(x, {});
    return dropped(x, noise_shape(*this, *o_.noise_shape, x));
  }
};

template <class Derived, class Options, int kSpatial>
class SpatialDropout : public Dropping<Derived, Options> {
 public:
  explicit SpatialDropout(const Options& o) : Dropping<Derived, Options>(o) {
    if constexpr (requires { o.data_format; }) {
      this->o_.data_format = this->format(o.data_format);
      first_ = this->channels_first(o.data_format);
    }
  }
  void check(const Tensor& x) const { this->require_rank(x.shape(), kSpatial + 2); }
  Tensor apply(const Tensor& x) {
    if (x.is_ragged()) {
      Tensor draw = this->dropped(ones({x.row_lengths().dim(0), x.dim(2)}, x.dtype()), {});
      return x * repeat_rows(draw, x);
    }
    Shape s = x.shape();
    for (int i = 0; i < kSpatial; ++i) s[first_ ? 2 + i : 1 + i] = 1;
    return this->dropped(x, s);
  }

 private:
  bool first_ = false;
};
struct SpatialDropout1D : SpatialDropout<SpatialDropout1D, SpatialDropout1DOptions, 1> {
  static constexpr const char* kName = "SpatialDropout1D";
  static constexpr bool kRagged = true;
  using SpatialDropout::SpatialDropout;
};
struct SpatialDropout2D : SpatialDropout<SpatialDropout2D, SpatialDropoutOptions, 2> {
  static constexpr const char* kName = "SpatialDropout2D";
  using SpatialDropout::SpatialDropout;
};
struct SpatialDropout3D : SpatialDropout<SpatialDropout3D, SpatialDropoutOptions, 3> {
  static constexpr const char* kName = "SpatialDropout3D";
  using SpatialDropout::SpatialDropout;
};

class AlphaDropout : public Dropping<AlphaDropout, DropoutOptions> {
 public:
  static constexpr const char* kName = "AlphaDropout";
  static constexpr bool kRagged = true;
  using Dropping::Dropping;
  // Dropped inputs take selu's lowest value; a and b bring mean and variance back.
  Tensor apply(const Tensor& x) {
    require_less_than_all();
    constexpr double kLowest = -1.6732632423543772 * 1.0507009873554805;
    double p = o_.rate, a = 1 / std::sqrt((1 - p) * (1 + p * kLowest * kLowest)),
           b = -a * kLowest * p;
    Shape s = o_.noise_shape ? noise_shape(*this, *o_.noise_shape, x) : x.shape();
    Tensor kept = random::bernoulli(s, 1 - p, x.dtype(), seed_);
    return (x * kept + Tensor(kLowest) * (Tensor(1.0) - kept)) * Tensor(a) + Tensor(b);
  }
};

class GaussianDropout : public Dropping<GaussianDropout, GaussianDropoutOptions> {
 public:
  static constexpr const char* kName = "GaussianDropout";
  static constexpr bool kRagged = true;
  using Dropping::Dropping;
  Tensor apply(const Tensor& x) {
    require_less_than_all();
    double deviation = std::sqrt(o_.rate / (1 - o_.rate));
    return x * random::normal(x.shape(), 1, deviation, x.dtype(), seed_);
  }
};

class GaussianNoise : public BuiltIn<GaussianNoise, GaussianNoiseOptions> {
 public:
  static constexpr const char* kName = "GaussianNoise";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  explicit GaussianNoise(const GaussianNoiseOptions& o) : BuiltIn(o) {
    require_share("stddev", o.stddev);
    seed_ = &add_seed(o.seed);
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    if (!args.training || o_.stddev == 0) return {in[0]};
    return {in[0] + random::normal(in[0].shape(), 0, o_.stddev, in[0].dtype(), seed_)};
  }

 private:
  random::SeedGenerator* seed_;
};

class ActivityRegularization
    : public BuiltIn<ActivityRegularization, ActivityRegularizationOptions> {
 public:
  static constexpr const char* kName = "ActivityRegularization";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  explicit ActivityRegularization(const ActivityRegularizationOptions& o) : BuiltIn(o) {
    activity_regularizer_ = Regularizer(Config::object(
        {{"class_name", "L1L2"}, {"config", Config::object({{"l1", o.l1}, {"l2", o.l2}})}}));
  }
  Tensors call(const Tensors& in, const CallArgs&) override { return {in[0]}; }
  Config get_config() const override {
    Config c = BuiltIn::get_config();
    c.erase("activity_regularizer");
    return c;
  }
};

}  // namespace

void add_regularization_layers(LayerClasses& out) {
  out.push_back(layer_class<Dropout>(
      R"(Sets a share of the inputs to zero in training, and scales the others up (Srivastava et al., 2014).

Args:
    rate: Share to drop, in [0, 1].
    noise_shape: Shape of the mask; axes of length 1 share it.
    seed: Of the layer's own random numbers; from the global generator by default.

Raises:
    ValueError: rate is not in [0, 1].)"));
  static const std::string spatial = R"( whole feature maps (Tompson et al., 2015, arXiv:1411.4280).

A Dropout whose draw is shared along the spatial axes, for maps whose neighbours say the same.

Args:
    rate: Share to drop, in [0, 1].
    seed: Of the layer's own random numbers; from the global generator by default.)";
  static const std::string formats = R"(
    data_format: "channels_last" or "channels_first".)";
  static const std::string one =
      "Drops 1D" + spatial + "\n\nInput shape: (batch, steps, channels).";
  static const std::string two =
      "Drops 2D" + spatial + formats + "\n\nInput shape: (batch, rows, columns, channels).";
  static const std::string three =
      "Drops 3D" + spatial + formats + "\n\nInput shape: (batch, depth, rows, columns, channels).";
  out.push_back(layer_class<SpatialDropout1D>(one.c_str()));
  out.push_back(layer_class<SpatialDropout2D>(two.c_str()));
  out.push_back(layer_class<SpatialDropout3D>(three.c_str()));
  out.push_back(layer_class<AlphaDropout>(
      R"(Dropout that keeps mean and variance, for selu (Klambauer et al., 2017, arXiv:1706.02515).

Dropped inputs take the lowest value of selu, and the result is scaled and shifted.

Args:
    rate: Share to drop, in [0, 1].
    noise_shape: Shape of the draw; axes of length 1 share it.
    seed: Of the layer's own random numbers; from the global generator by default.)"));
  out.push_back(layer_class<GaussianDropout>(
      R"(Multiplies by normal noise of mean 1 in training (Srivastava et al., 2014).

Args:
    rate: The noise's deviation is sqrt(rate / (1 - rate)), that of a Dropout with this rate.
    seed: Of the layer's own random numbers; from the global generator by default.)"));
  out.push_back(layer_class<ActivityRegularization>(
      R"(Adds l1 * sum(|x|) + l2 * sum(x^2), divided by the size of the batch, to the loss.

Args:
    l1: Factor of the absolute values.
    l2: Factor of the squares.)"));
  out.push_back(layer_class<GaussianNoise>(
      R"(Adds normal noise in training.

Args:
    stddev: Deviation of the noise.
    seed: Of the layer's own random numbers; from the global generator by default.)"));
}

}  // namespace lamina
