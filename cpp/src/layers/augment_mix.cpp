// Images mixed with others of the batch, and random choices among other changes.
#include <cmath>

#include "layers/augment.h"

namespace lamina {

namespace {

// n numbers from Beta(alpha, alpha); alpha: a positive scalar. By logarithms of two gamma variates
// with parameter alpha + 1, each times u^(1 / alpha) (Marsaglia and Tsang, 2000), so that tiny
// alpha give zeros and ones.
Tensor beta(int64_t n, const Tensor& alpha, random::SeedGenerator* seed) {
  const DType d = DType::kFloat64;
  Tensor a = cast(alpha, d), shift = a + Tensor(2.0 / 3),
         c = Tensor(1.0) / sqrt(Tensor(9.0) * shift);
  auto log_gamma_variate = [&] {
    Tensor value = zeros({n}, d) + log(shift), done = zeros({n}, DType::kBool);
    for (int round = 0; round < 8; ++round) {
      Tensor x = random::normal({n}, 0, 1, d, seed), u = random::uniform({n}, 0, 1, d, seed);
      Tensor root = Tensor(1.0) + c * x, positive = greater(root, Tensor(0.0));
      Tensor v = power(where(positive, root, ones_like(root)), Tensor(3.0));
      Tensor bound = Tensor(0.5) * x * x + shift * (Tensor(1.0) - v + log(v));
      Tensor accept = logical_and(positive, less(log(maximum(u, Tensor(1e-300))), bound));
      value = where(logical_and(accept, logical_not(done)), log(shift * v), value);
      done = logical_or(done, accept);
    }
    Tensor u = random::uniform({n}, 0, 1, d, seed);
    return value + log(maximum(u, Tensor(1e-300))) / a;
  };
  Tensor first = log_gamma_variate();
  return cast(sigmoid(first - log_gamma_variate()), DType::kFloat32);
}

Tensor permutation(int64_t n, random::SeedGenerator* seed) {
  return random::shuffle(arange(0, static_cast<double>(n)), 0, seed);
}

// weight * x + (1 - weight) * x[order]; weight: (n,).
Tensor mixed(const Tensor& x, const Tensor& weight, const Tensor& order) {
  Ints shape(static_cast<size_t>(x.rank()), 1);
  shape[0] = -1;
  DType dtype = is_floating(x.dtype()) ? x.dtype() : DType::kFloat32;
  Tensor w = cast(reshape(weight, shape), dtype), y = cast(x, dtype);
  return w * y + (Tensor(1.0) - w) * take(y, order, 0);
}

class MixUp : public ImageLayer<MixUp, MixUpOptions> {
 public:
  static constexpr const char* kName = "MixUp";
  explicit MixUp(const MixUpOptions& o) : ImageLayer(o) {
    if (!(o.alpha > 0)) fail(kName, ": argument 'alpha' must be positive, received ", o.alpha);
  }
  Tensors draw(const Draws& d) override {
    Tensor order = permutation(d.n(), d.seed);
    return {beta(d.n(), Tensor(o_.alpha), d.seed), order};
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    return mixed(x, drawn[0], drawn[1]);
  }
  Tensor transform_labels(const Tensor& labels, const Tensors& drawn) override {
    return mixed(labels, drawn[0], drawn[1]);
  }
  bool changes_masks() const override { return true; }
};

class CutMix : public ImageLayer<CutMix, CutMixOptions> {
 public:
  static constexpr const char* kName = "CutMix";
  explicit CutMix(const CutMixOptions& o)
      : ImageLayer(o), factor_(factor_range(kName, "factor", o_.factor, 0, 1)) {}
  // order of the other images, box (n, h, w, 1), share of the first image.
  Tensors draw(const Draws& d) override {
    Tensor alpha = d.uniform(Shape{}, factor_);
    Tensor ratio = sqrt(Tensor(1.0) - beta(d.n(), alpha + Tensor(1e-6), d.seed));
    auto [columns, width] = side(d, d.width(), ratio, 2);
    auto [rows, height] = side(d, d.height(), ratio, 1);
    Tensor share = Tensor(1.0) - width * height / Tensor(d.width() * d.height());
    return {permutation(d.n(), d.seed), logical_and(rows, columns), share};
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    return where(drawn[1], take(x, drawn[0], 0), x);
  }
  Tensor transform_labels(const Tensor& labels, const Tensors& drawn) override {
    return mixed(labels, drawn[2], drawn[0]);
  }
  bool changes_masks() const override { return true; }

 private:
  // Which coordinates along an axis lie in a box of ratio * length, and its length.
  static std::pair<Tensor, Tensor> side(const Draws& d, double length, const Tensor& ratio,
                                        int axis) {
    Tensor all(length), size = ratio * all;
    Tensor from = d.uniform({0, 1}) * (all - size);
    Ints shape = {1, 1, 1, 1};
    shape[static_cast<size_t>(axis)] = -1;
    Tensor at = reshape(arange(0, length, 1, from.dtype()), shape);
    return {logical_and(greater_equal(at, over_images(from, at)),
                        less(at, over_images(from + size, at))),
            size};
  }
  Range factor_;
};

// The changes that RandAugment and AugMix choose among.
class Choices {
 public:
  // With `all`, also those of brightness, colour, contrast and sharpness.
  Choices(Range factor, const std::string& interpolation, const std::vector<double>& values,
          bool all) {
    Config both = Config::list({factor.low, factor.high});
    std::vector<Config> range = {values[0], values[1]};
    auto add = [&](const char* name, Config options) {
      options.set("dtype", "float32");
      // Those that draw do so with the seed of the layer that chooses.
      if (built_in(name).has("seed")) options.set("seed", 0);
      if (built_in(name).has("value_range")) options.set("value_range", range);
      layers_.push_back(make_layer(name, options));
      parts_.push_back(dynamic_cast<ImageTransform*>(layers_.back().get()));
    };
    Config how = Config::object({{"interpolation", interpolation}});
    auto geometry = [&](const char* name, std::initializer_list<const char*> factors) {
      Config c = how;
      for (const char* f : factors) c.set(f, both);
      add(name, c);
    };
    geometry("RandomShear", {"x_factor", "y_factor"});
    geometry("RandomTranslation", {"height_factor", "width_factor"});
    geometry("RandomRotation", {"factor"});
    auto bits = std::max<int64_t>(1, static_cast<int64_t>(8 * factor.high));
    add("RandomPosterization", Config::object({{"factor", bits}}));
    add("Solarization", Config::object({{"addition_factor", both}, {"threshold_factor", both}}));
    add("AutoContrast", Config::object());
    add("Equalization", Config::object());
    if (!all) return;
    for (const char* name :
         {"RandomBrightness", "RandomColorDegeneration", "RandomContrast", "RandomSharpness"})
      add(name, Config::object({{"factor", both}}));
  }
  int64_t size() const { return static_cast<int64_t>(parts_.size()); }
  void draw(const Draws& d, Tensors& out) const {
    for (ImageTransform* part : parts_) {
      Tensors drawn = part->draw(d);
      out.push_back(drawn.empty() ? Tensor{} : drawn[0]);
      out.push_back(drawn.size() < 2 ? Tensor{} : drawn[1]);
    }
  }
  // x changed by the one that `which`, a scalar, tells; beyond the last one: x itself. drawn: from
  // `first` on, what draw() gave.
  Tensor apply(const Tensor& x, const Tensor& which, const Tensors& drawn, size_t first,
               bool masks) const {
    auto changed = [&](size_t i) {
      if (masks && !parts_[i]->changes_masks()) return x;
      Tensors own;
      for (size_t k = first + 2 * i; k < first + 2 * i + 2; ++k)
        if (drawn[k].defined()) own.push_back(drawn[k]);
      return parts_[i]->transform(x, own, masks);
    };
    if (!which.is_abstract()) {
      auto i = which.item<int64_t>();
      return i < size() ? changed(static_cast<size_t>(i)) : x;
    }
    // A program has no branches: it computes all of them.
    Tensor out = x;
    for (size_t i = 0; i < parts_.size(); ++i)
      out = where(equal(which, Tensor(static_cast<int64_t>(i))), changed(i), out);
    return out;
  }

 private:
  static Config built_in(const char* name) { return find_layer_class(name)->defaults(); }
  std::vector<LayerPtr> layers_;
  std::vector<ImageTransform*> parts_;
};

class RandAugment : public ImageLayer<RandAugment, RandAugmentOptions> {
 public:
  static constexpr const char* kName = "RandAugment";
  explicit RandAugment(const RandAugmentOptions& o)
      : ImageLayer(o),
        factor_(factor_range(kName, "factor", o_.factor, 0, 1)),
        range_(value_range(kName, o_.value_range)),
        choices_(factor_, o.interpolation, o_.value_range, true) {
    require_positive("num_ops", o.num_ops);
  }
  Tensors draw(const Draws& d) override {
    Tensors out = {d.integers({o_.num_ops}, 0, choices_.size())};
    choices_.draw(d, out);
    return out;
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool masks) override {
    Tensor y = x;
    for (int64_t i = 0; i < o_.num_ops; ++i)
      y = choices_.apply(y, getitem(drawn[0], {i}), drawn, 1, masks);
    return y;
  }
  bool changes_masks() const override { return true; }

 private:
  Range factor_, range_;
  Choices choices_;
};

class AugMix : public ImageLayer<AugMix, AugMixOptions> {
 public:
  static constexpr const char* kName = "AugMix";
  explicit AugMix(const AugMixOptions& o)
      : ImageLayer(o),
        factor_(factor_range(kName, "factor", o_.factor, 0, 1)),
        range_(value_range(kName, o_.value_range)),
        choices_(factor_, o.interpolation, o_.value_range, o.all_ops) {
    require_positive("num_chains", o.num_chains), require_positive("chain_depth", o.chain_depth);
    if (!(o.alpha > 0)) fail(kName, ": argument 'alpha' must be positive, received ", o.alpha);
  }
  Tensors draw(const Draws& d) override {
    Tensor weights = random::gamma({o_.num_chains}, o_.alpha, DType::kFloat32, d.seed);
    // One more than there are changes: none.
    Tensors out = {weights / maximum(sum(weights), Tensor(1e-20)),
                   beta(1, Tensor(o_.alpha), d.seed),
                   d.integers({o_.num_chains * o_.chain_depth}, 0, choices_.size() + 1)};
    for (int64_t i = 0; i < o_.num_chains * o_.chain_depth; ++i) choices_.draw(d, out);
    return out;
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool masks) override {
    Tensor total = zeros_like(x);
    size_t first = 3;
    for (int64_t chain = 0; chain < o_.num_chains; ++chain) {
      Tensor y = x;
      for (int64_t i = 0; i < o_.chain_depth; ++i) {
        Tensor which = getitem(drawn[2], {chain * o_.chain_depth + i});
        y = choices_.apply(y, which, drawn, first, masks);
        first += static_cast<size_t>(2 * choices_.size());
      }
      total = total + y * cast(getitem(drawn[0], {chain}), x.dtype());
    }
    Tensor w = cast(getitem(drawn[1], {0}), x.dtype());
    Tensor y = w * x + (Tensor(1.0) - w) * total;
    return masks ? y : cut(y, range_);
  }
  bool changes_masks() const override { return true; }

 private:
  Range factor_, range_;
  Choices choices_;
};

class MaxNumBoundingBoxes : public ImageLayer<MaxNumBoundingBoxes, MaxNumBoundingBoxesOptions> {
 public:
  static constexpr const char* kName = "MaxNumBoundingBoxes";
  explicit MaxNumBoundingBoxes(const MaxNumBoundingBoxesOptions& o) : ImageLayer(o) {
    require_positive("max_number", o.max_number);
  }
  Tensor transform(const Tensor& x, const Tensors&, bool) override { return x; }
  bool keeps_integers() const override { return true; }
};

}  // namespace

void add_augment_mix_layers(LayerClasses& out) {
  out.push_back(layer_class<MixUp>(
      R"(Mixes each image, and its label, with another one of the batch in training (Zhang et al., 2017).

Args:
    alpha: The share of the first image is drawn from Beta(alpha, alpha), for each image.
    data_format: "channels_last" or "channels_first".
    seed: Of the layer's own random numbers; from the global generator by default.

Input: images (batch, height, width, channels), or {"images": images, "labels": one-hot labels}.

Example:

>>> import numpy as np
>>> import lamina
>>> batch = {"images": np.ones((4, 8, 8, 3)), "labels": np.eye(4)}
>>> mixed = lamina.layers.MixUp(seed=1)(batch, training=True)
>>> mixed["labels"].numpy().sum(1).round(5).tolist()
[1.0, 1.0, 1.0, 1.0])"));
  out.push_back(layer_class<CutMix>(
      R"(Puts a box of another image of the batch into each image in training (Yun et al., 2019).

Labels are mixed by the share of the box.

Args:
    factor: Range of alpha, in [0, 1]: two numbers, or f for [0, f]. The share is drawn from
        Beta(alpha, alpha), for each image.
    seed: Of the layer's own random numbers; from the global generator by default.
    data_format: "channels_last" or "channels_first".

Input: images (batch, height, width, channels), or {"images": images, "labels": one-hot labels}.)"));
  out.push_back(layer_class<RandAugment>(
      R"(Random changes, one after the other, in training (Cubuk et al., 2019).

Each is one of RandomShear, RandomTranslation, RandomRotation, RandomBrightness,
RandomColorDegeneration, RandomContrast, RandomSharpness, RandomPosterization, Solarization,
AutoContrast and Equalization, the same for the whole batch, with its own numbers for each image.

Args:
    value_range: Least and largest value.
    num_ops: How many changes.
    factor: Range of their strength, in [0, 1]: two numbers, or f for [0, f].
    interpolation: "nearest" or "bilinear".
    seed: Of the layer's own random numbers; from the global generator by default.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
  out.push_back(layer_class<AugMix>(
      R"(Images mixed with the results of chains of random changes, in training (Hendrycks et al., 2019).

Args:
    value_range: Least and largest value; results are cut to it.
    num_chains: How many chains; their shares are drawn from a Dirichlet distribution.
    chain_depth: How many changes a chain has at most.
    factor: Range of the strength of the changes, in [0, 1]: two numbers, or f for [0, f].
    alpha: Parameter of the Dirichlet distribution, and of the Beta(alpha, alpha) from which the
        share of the unchanged image is drawn.
    all_ops: Whether to use changes of brightness, colour, contrast and sharpness too.
    interpolation: "nearest" or "bilinear".
    seed: Of the layer's own random numbers; from the global generator by default.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
  out.push_back(layer_class<MaxNumBoundingBoxes>(
      R"(Leaves images as they are. Bounding boxes, which it would pad, are not supported.

Args:
    max_number: Number of boxes of each image.
    fill_value: Of the padding.
    data_format: "channels_last" or "channels_first".)"));
}

}  // namespace lamina
