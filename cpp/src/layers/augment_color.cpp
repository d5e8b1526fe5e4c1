// Random changes of brightness, contrast and colours.
#include "layers/augment.h"

namespace lamina {

namespace {

// A layer that draws one number from the range `factor` for each image.
template <class Derived, class Options = RandomColorOptions>
class ColorLayer : public ImageLayer<Derived, Options> {
 public:
  explicit ColorLayer(const Options& o)
      : ImageLayer<Derived, Options>(o),
        factor_(factor_range(Derived::kName, "factor", this->o_.factor, Derived::kLow, 1)),
        range_(value_range(Derived::kName, this->o_.value_range)) {}
  Tensors draw(const Draws& d) override { return {d.uniform(factor_)}; }

 protected:
  Range factor_, range_;
};

class RandomBrightness : public ColorLayer<RandomBrightness, RandomBrightnessOptions> {
 public:
  static constexpr const char* kName = "RandomBrightness";
  static constexpr double kLow = -1;
  using ColorLayer::ColorLayer;
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    return cut(x + over_images(drawn[0], x) * Tensor(range_.high - range_.low), range_);
  }
};

class RandomContrast : public ColorLayer<RandomContrast, RandomBrightnessOptions> {
 public:
  static constexpr const char* kName = "RandomContrast";
  static constexpr double kLow = 0;
  using ColorLayer::ColorLayer;
  Tensors draw(const Draws& d) override { return {d.uniform({1 - factor_.low, 1 + factor_.high})}; }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    Tensor middle = mean(x, {1, 2}, true);
    return cut((x - middle) * over_images(drawn[0], x) + middle, range_);
  }
};

// x with one channel of its hue, saturation and value changed.
template <class Change>
Tensor in_hsv(const Tensor& x, int channel, Change&& change) {
  Tensors hsv = split(image::rgb_to_hsv(x), 3, -1);
  auto i = static_cast<size_t>(channel);
  hsv[i] = change(hsv[i]);
  return image::hsv_to_rgb(concatenate(hsv, -1));
}

class RandomSaturation : public ColorLayer<RandomSaturation> {
 public:
  static constexpr const char* kName = "RandomSaturation";
  static constexpr double kLow = -1;
  using ColorLayer::ColorLayer;
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    Tensor f = over_images(drawn[0], x);
    f = f / (Tensor(1.0 + 1e-7) - f);
    return in_hsv(x, 1, [&](const Tensor& s) { return cut(s * f, range_); });
  }
};

class RandomHue : public ColorLayer<RandomHue> {
 public:
  static constexpr const char* kName = "RandomHue";
  static constexpr double kLow = 0;
  using ColorLayer::ColorLayer;
  Tensors draw(const Draws& d) override {
    Tensor side = d.uniform({0, 1}), size = d.uniform(factor_);
    return {where(greater(side, Tensor(0.5)), -size, size) * Tensor(0.5)};
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    Tensor y = in_hsv(change_range(x, range_, {0, 1}), 0, [&](const Tensor& hue) {
      Tensor h = hue + over_images(drawn[0], x);
      h = where(greater(h, Tensor(1.0)), h - Tensor(1.0), h);
      return where(less(h, Tensor(0.0)), h + Tensor(1.0), h);
    });
    return change_range(cut(y, {0, 1}), {0, 1}, range_);
  }
};

class RandomColorDegeneration : public ColorLayer<RandomColorDegeneration> {
 public:
  static constexpr const char* kName = "RandomColorDegeneration";
  static constexpr double kLow = -1;
  using ColorLayer::ColorLayer;
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    return cut(x + over_images(drawn[0], x) * (image::rgb_to_grayscale(x) - x), range_);
  }
};

class RandomSharpness : public ColorLayer<RandomSharpness> {
 public:
  static constexpr const char* kName = "RandomSharpness";
  static constexpr double kLow = 0;
  using ColorLayer::ColorLayer;
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    std::vector<double> taps(9, 1.0 / 13);
    taps[4] = 5.0 / 13;
    Tensor kernel = cast(reshape(Tensor::from_vector(taps, {9}), {3, 3, 1, 1}), x.dtype());
    ConvOptions same;
    same.padding = "same";
    Tensor smooth = depthwise_conv(x, copy(broadcast_to(kernel, {3, 3, x.dim(-1), 1})), same);
    Tensor f = Tensor(1.0) - Tensor(2.0) * over_images(drawn[0], x);
    return cut(x + f * (smooth - x), range_);
  }
};

class RandomPosterization : public ImageLayer<RandomPosterization, RandomColorOptions> {
 public:
  static constexpr const char* kName = "RandomPosterization";
  explicit RandomPosterization(const RandomColorOptions& o)
      : ImageLayer(o),
        factor_(factor_range(kName, "factor", o_.factor, 1, 8)),
        range_(value_range(kName, o_.value_range)) {
    low_ = static_cast<int64_t>(factor_.low), high_ = static_cast<int64_t>(factor_.high);
    o_.factor = Config::list({low_, high_});
  }
  Tensors draw(const Draws& d) override {
    if (low_ == high_) return {full({d.n()}, static_cast<double>(8 - low_), DType::kInt32)};
    return {Tensor(int64_t{8}) - d.integers({d.n()}, low_, high_)};
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    Tensor shift = reshape(drawn[0], {-1, 1, 1, 1});
    Tensor bytes = cast(cut(change_range(x, range_, kBytes), kBytes), DType::kInt32);
    Tensor kept = left_shift(right_shift(bytes, shift), shift);
    return change_range(cast(kept, x.dtype()), kBytes, range_);
  }

 private:
  Range factor_, range_;
  int64_t low_, high_;
};

class RandomInvert : public ImageLayer<RandomInvert, RandomInvertOptions> {
 public:
  static constexpr const char* kName = "RandomInvert";
  explicit RandomInvert(const RandomInvertOptions& o)
      : ImageLayer(o),
        factor_(factor_range(kName, "factor", o_.factor, 0, 1)),
        range_(value_range(kName, o_.value_range)) {}
  Tensors draw(const Draws& d) override { return {d.chosen(factor_)}; }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    return where(drawn[0], Tensor(range_.high) - x, x);
  }

 private:
  Range factor_, range_;
};

class RandomGrayscale : public ImageLayer<RandomGrayscale, RandomGrayscaleOptions> {
 public:
  static constexpr const char* kName = "RandomGrayscale";
  explicit RandomGrayscale(const RandomGrayscaleOptions& o) : ImageLayer(o) {
    if (!(o.factor >= 0 && o.factor <= 1))
      fail(kName, ": argument 'factor' should be between 0 and 1, received ", o.factor);
  }
  Tensors draw(const Draws& d) override {
    return {less(d.uniform({d.n(), 1, 1, 1}, {0, 1}), Tensor(o_.factor))};
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    return where(drawn[0], image::rgb_to_grayscale(x), x);
  }
};

class RandomColorJitter : public ImageLayer<RandomColorJitter, RandomColorJitterOptions> {
 public:
  static constexpr const char* kName = "RandomColorJitter";
  explicit RandomColorJitter(const RandomColorJitterOptions& o) : ImageLayer(o) {
    value_range(kName, o_.value_range);
    add<RandomBrightness>(o.brightness_factor);
    add<RandomContrast>(o.contrast_factor);
    add<RandomSaturation>(o.saturation_factor);
    add<RandomHue>(o.hue_factor);
  }
  Tensors draw(const Draws& d) override {
    Tensors out;
    for (auto& part : parts_) out.push_back(part->draw(d)[0]);
    return out;
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool masks) override {
    Tensor y = x;
    for (size_t i = 0; i < parts_.size(); ++i) y = parts_[i]->transform(y, {drawn[i]}, masks);
    return y;
  }

 private:
  template <class L>
  void add(const Config& factor) {
    if (factor.is_null()) return;
    typename L::OptionsType p;
    p.factor = factor, p.value_range = o_.value_range, p.seed = 0;  // draws with this layer's seed
    parts_.push_back(std::make_shared<L>(p));
  }
  std::vector<std::shared_ptr<ImageTransform>> parts_;
};

class RandomGaussianBlur : public ImageLayer<RandomGaussianBlur, RandomGaussianBlurOptions> {
 public:
  static constexpr const char* kName = "RandomGaussianBlur";
  explicit RandomGaussianBlur(const RandomGaussianBlurOptions& o)
      : ImageLayer(o),
        factor_(factor_range(kName, "factor", o_.factor, 0, 1)),
        sigma_(factor_range(kName, "sigma", o_.sigma, 0, 1)),
        range_(value_range(kName, o_.value_range)) {
    o_.kernel_size = each("kernel_size", o.kernel_size, 2);
    for (int64_t k : o_.kernel_size)
      if (k % 2 == 0) fail(kName, ": argument 'kernel_size' must be an odd number, received ", k);
  }
  // One filter for the whole batch.
  Tensors draw(const Draws& d) override {
    Tensor apply = d.chosen(factor_);
    return {apply, d.uniform(Shape{2}, sigma_) + Tensor(1e-6)};
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    return cut(where(drawn[0], image::gaussian_blur(x, o_.kernel_size, drawn[1]), x), range_);
  }

 private:
  Range factor_, sigma_, range_;
};

class RandomErasing : public ImageLayer<RandomErasing, RandomErasingOptions> {
 public:
  static constexpr const char* kName = "RandomErasing";
  explicit RandomErasing(const RandomErasingOptions& o)
      : ImageLayer(o),
        factor_(factor_range(kName, "factor", o_.factor, 0, 1)),
        scale_(factor_range(kName, "scale", o_.scale, 0, 1)),
        range_(value_range(kName, o_.value_range)) {
    const Config& f = o_.fill_value;
    if (f.is_number()) {
      fill_ = {f.as_double()};
    } else if (!f.is_null()) {
      bool three = f.is_list() && f.size() == 3;
      if (three)
        for (const Config& c : f.as_list()) three &= c.is_number();
      if (!three)
        fail(kName,
             ": argument 'fill_value' should be a number (or a list of three numbers), received ",
             f.dump());
      for (const Config& c : f.as_list()) fill_.push_back(c.as_double());
    }
  }
  Tensors draw(const Draws& d) override {
    Tensor x = random_box(d, d.width()), y = random_box(d, d.height());
    Tensor apply = d.chosen(factor_);
    Tensors out = {apply, x, y};
    if (fill_.empty()) out.push_back(d.normal(d.shape) * Tensor(range_.high));
    return out;
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    Tensor inside = logical_and(covered(drawn[1], x.dim(2), 2), covered(drawn[2], x.dim(1), 1));
    Tensor fill =
        fill_.empty() ? drawn[3] : Tensor::from_vector(fill_, {static_cast<int64_t>(fill_.size())});
    fill = cut(cast(fill, x.dtype()), range_);
    return where(logical_and(drawn[0], inside), fill, x);
  }

 private:
  // First and last coordinate of a random box along an axis, (n, 2).
  Tensor random_box(const Draws& d, double length) const {
    Tensor size = sqrt(d.uniform(scale_)) * Tensor(length);
    Tensor from = d.uniform({0, 1}) * (Tensor(length) - size);
    return stack({from, from + size}, -1);
  }
  // Which of `length` coordinates along `axis` a box covers.
  static Tensor covered(const Tensor& box, int64_t length, int axis) {
    Ints shape = {1, 1, 1, 1};
    shape[static_cast<size_t>(axis)] = length;
    Tensor at = reshape(arange(0, static_cast<double>(length), 1, box.dtype()), shape);
    auto end = [&](int i) { return reshape(getitem(box, {Index::ellipsis(), i}), {-1, 1, 1, 1}); };
    return logical_and(greater_equal(at, end(0)), less(at, end(1)));
  }
  Range factor_, scale_, range_;
  std::vector<double> fill_;
};

}  // namespace

#define LAMINA_COLOR_ARGUMENTS                                                           \
  "    value_range: Least and largest value; results are cut to it.\n"                   \
  "    seed: Of the layer's own random numbers; from the global generator by default.\n" \
  "    data_format: \"channels_last\" or \"channels_first\".\n"                          \
  "\n"                                                                                   \
  "Input shape: (batch, height, width, channels), or one image without the batch axis."

void add_augment_color_layers(LayerClasses& out) {
  out.push_back(layer_class<RandomBrightness>(
      "Adds a number to each image in training.\n"
      "\n"
      "Args:\n"
      "    factor: Range of that number as a share of the value range, in [-1, 1]: two numbers, "
      "or\n"
      "        f for [-f, f].\n" LAMINA_COLOR_ARGUMENTS
      "\n"
      "\n"
      "Example:\n"
      "\n"
      ">>> import numpy as np\n"
      ">>> import lamina\n"
      ">>> layer = lamina.layers.RandomBrightness((0.2, 0.2))\n"
      ">>> layer(np.full((1, 1, 3), 100.0), training=True).numpy().tolist()\n"
      "[[[151.0, 151.0, 151.0]]]"));
  out.push_back(layer_class<RandomContrast>(
      "Moves each image's values away from, or towards, their mean over each channel in training.\n"
      "\n"
      "The distance from the mean is multiplied by a number from [1 - low, 1 + high].\n"
      "\n"
      "Args:\n"
      "    factor: (low, high), in [0, 1], or one number f for (0, f).\n" LAMINA_COLOR_ARGUMENTS));
  out.push_back(layer_class<RandomSaturation>(
      "Multiplies the saturation of each image by f / (1 - f) in training: 0.5 changes nothing.\n"
      "\n"
      "Args:\n"
      "    factor: Range of f, in [-1, 1]: two numbers, or f for [-f, f]. 0 takes all colour, 1\n"
      "        saturates.\n" LAMINA_COLOR_ARGUMENTS));
  out.push_back(layer_class<RandomHue>(
      "Turns the hue of each image in training.\n"
      "\n"
      "Args:\n"
      "    factor: Range of the turn as a share of half the colour circle, in [0, 1]: two "
      "numbers,\n"
      "        or f for [0, f]; half of the images turn the other way.\n" LAMINA_COLOR_ARGUMENTS));
  out.push_back(layer_class<RandomColorDegeneration>(
      "Mixes each image with its grayscale in training.\n"
      "\n"
      "Args:\n"
      "    factor: Range of the share of gray, in [-1, 1]: two numbers, or f for [-f, "
      "f].\n" LAMINA_COLOR_ARGUMENTS));
  out.push_back(layer_class<RandomSharpness>(
      "Smooths or sharpens each image in training: 0 smooths, 0.5 changes nothing, 1 sharpens.\n"
      "\n"
      "Args:\n"
      "    factor: Range of the sharpness, in [0, 1]: two numbers, or f for [0, "
      "f].\n" LAMINA_COLOR_ARGUMENTS));
  out.push_back(layer_class<RandomPosterization>(
      "Keeps only the upper bits of each image's values in training.\n"
      "\n"
      "Args:\n"
      "    factor: How many bits, in [1, 8]: a range of two numbers, the second not included, or "
      "n\n"
      "        for (1, n).\n" LAMINA_COLOR_ARGUMENTS));
  out.push_back(
      layer_class<RandomInvert>("Inverts some images in training: the largest value less x.\n"
                                "\n"
                                "Args:\n"
                                "    factor: Range of the probability, in [0, 1]: two numbers, or "
                                "f for [0, f].\n" LAMINA_COLOR_ARGUMENTS));
  out.push_back(layer_class<RandomGrayscale>(
      R"(Makes some images gray in training, with three equal channels.

Args:
    factor: Probability, in [0, 1].
    data_format: "channels_last" or "channels_first".
    seed: Of the layer's own random numbers; from the global generator by default.

Input shape: (batch, height, width, 1 or 3), or one image without the batch axis.)"));
  out.push_back(layer_class<RandomColorJitter>(
      "RandomBrightness, RandomContrast, RandomSaturation and RandomHue, one after the other.\n"
      "\n"
      "Args:\n"
      "    brightness_factor: Of RandomBrightness; None leaves it out, as for the others.\n"
      "    contrast_factor: Of RandomContrast.\n"
      "    saturation_factor: Of RandomSaturation.\n"
      "    hue_factor: Of RandomHue.\n" LAMINA_COLOR_ARGUMENTS));
  out.push_back(layer_class<RandomGaussianBlur>(
      "Blurs some images in training, all of a batch with the same filter.\n"
      "\n"
      "Args:\n"
      "    factor: Range of the probability, in [0, 1]: two numbers, or f for [0, f].\n"
      "    kernel_size: Odd size of the filter, one number or (columns, rows).\n"
      "    sigma: Range of the deviation, in [0, 1]: two numbers, or s for [0, "
      "s].\n" LAMINA_COLOR_ARGUMENTS));
  out.push_back(layer_class<RandomErasing>(
      "Covers a random box of some images in training (Zhong et al., 2017).\n"
      "\n"
      "Args:\n"
      "    factor: Range of the probability, in [0, 1]: two numbers, or f for [0, f].\n"
      "    scale: Range of the squares of the box's height and width, as shares of the image's.\n"
      "    fill_value: A number, or one for each of three channels; normal noise by "
      "default.\n" LAMINA_COLOR_ARGUMENTS));
}

}  // namespace lamina
