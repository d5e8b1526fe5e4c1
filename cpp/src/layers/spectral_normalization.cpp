// A layer whose kernel is divided by its largest singular value in training.
#include "layers/wrapper.h"

namespace lamina {

namespace {

class SpectralNormalization : public Wrapper<SpectralNormalization, SpectralNormalizationOptions> {
 public:
  static constexpr const char* kName = "SpectralNormalization";
  static constexpr bool kMasking = true;
  explicit SpectralNormalization(const SpectralNormalizationOptions& o) : Wrapper(o) {
    require_positive("power_iterations", o.power_iterations);
    supports_ragged_ = layer_->supports_ragged();
  }
  void build(const std::vector<Shape>& shapes) override {
    Wrapper::build(shapes);
    for (auto& [name, v] : layer_->named_weights())
      if (name == "kernel" || name == "embeddings") kernel_ = v;
    if (!kernel_.defined())
      throw error(
          str(layer_->class_name(), " '", layer_->name(), "' has neither a kernel nor embeddings"));
    adopt_weight(kernel_);  // in Keras's order of weights, before its own
    static const Initializer small(Config::object(
        {{"class_name", "TruncatedNormal"}, {"config", Config::object({{"stddev", 0.02}})}}));
    u_ = add_weight({"vector_u", {1, kernel_.shape()[-1]}, small, {}, {}, false, kernel_.dtype()});
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    if (args.training) normalize_kernel();
    return (*layer_)(in, args, args.training);
  }

  // The layer inside has given the output its mask.
  Tensors compute_mask(const Tensors&, const Tensors&) override { return {}; }

 private:
  static Tensor unit(const Tensor& x) { return x * minimum(rsqrt(sum(square(x))), Tensor(1e7)); }
  // Power iteration towards the left and right singular vectors; a kernel of zeros stays.
  void normalize_kernel() {
    NoGrad off;
    const Shape& shape = kernel_.shape();
    Tensor w = reshape(kernel_, {-1, shape[-1]}), u = u_.value(), v;
    for (int64_t i = 0; i < o_.power_iterations; ++i) {
      v = unit(matmul(u, transpose(w)));
      u = unit(matmul(v, w));
    }
    Tensor sigma = matmul(matmul(v, w), transpose(u));
    Tensor zero = all(equal(kernel_.value(), Tensor(0.0)));
    Tensor scaled = where(zero, kernel_.value(), kernel_.value() / reshape(sigma, {}));
    u_.assign(where(zero, u_.value(), u));
    kernel_.assign(scaled);
  }
  Variable kernel_, u_;
};

}  // namespace

void add_spectral_normalization_layers(LayerClasses& out) {
  out.push_back(layer_class<SpectralNormalization>(
      R"(A layer whose kernel has a spectral norm of about 1 (Miyato et al., 2018, arXiv:1802.05957).

In training the kernel is divided in place by an estimate of its largest singular value before each
call; gradients are those of the divided kernel.

Args:
    layer: A layer with a kernel or embeddings.
    power_iterations: Steps of the estimate a call; it goes on from the one before.

Input and output shape: the layer's.

Raises:
    ValueError: The layer has neither a kernel nor embeddings, or power_iterations is not positive.

Example:

>>> import lamina, numpy as np
>>> layer = lamina.layers.SpectralNormalization(lamina.layers.Dense(3))
>>> layer(np.ones((2, 4), "float32"), training=True).shape
(2, 3))"));
}

}  // namespace lamina
