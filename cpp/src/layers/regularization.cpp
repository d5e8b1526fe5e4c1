// Layers that are only there in training.
#include "layers/builtin.h"

namespace lamina {

namespace {

class Dropout : public BuiltIn<Dropout, DropoutOptions> {
 public:
  static constexpr const char* kName = "Dropout";
  explicit Dropout(const DropoutOptions& o) : BuiltIn(o) {
    if (!(o.rate >= 0 && o.rate <= 1))
      fail("Dropout: argument 'rate' must lie in [0, 1], received ", o.rate);
    seed_ = &add_seed(o.seed);
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    if (!args.training || o_.rate == 0) return {in[0]};
    if (o_.rate == 1) return {zeros_like(in[0])};
    if (!o_.noise_shape) return {random::dropout(in[0], o_.rate, seed_)};
    Shape s(*o_.noise_shape);
    for (int i = 0; i < s.rank(); ++i)
      if (s[i] < 0) s[i] = in[0].dim(i);
    return {in[0] * random::dropout(ones(s, in[0].dtype()), o_.rate, seed_)};
  }

 private:
  random::SeedGenerator* seed_;
};

class GaussianNoise : public BuiltIn<GaussianNoise, GaussianNoiseOptions> {
 public:
  static constexpr const char* kName = "GaussianNoise";
  explicit GaussianNoise(const GaussianNoiseOptions& o) : BuiltIn(o) {
    if (o.stddev < 0)
      fail("GaussianNoise: argument 'stddev' must not be negative, received ", o.stddev);
    seed_ = &add_seed(o.seed);
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    if (!args.training || o_.stddev == 0) return {in[0]};
    return {in[0] + random::normal(in[0].shape(), 0, o_.stddev, in[0].dtype(), seed_)};
  }

 private:
  random::SeedGenerator* seed_;
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
  out.push_back(layer_class<GaussianNoise>(
      R"(Adds normal noise in training.

Args:
    stddev: Deviation of the noise.
    seed: Of the layer's own random numbers; from the global generator by default.)"));
}

}  // namespace lamina
