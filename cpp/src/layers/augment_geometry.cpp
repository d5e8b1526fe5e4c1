// Random flips, turns, shifts, zooms and distortions of images.
#include <algorithm>
#include <cmath>

#include "layers/augment.h"

namespace lamina {

namespace {

constexpr double kPi = 3.14159265358979323846;

// [a0, a1, a2, b0, b1, b2, 0, 0] for each image, (n, 8); see image::affine_transform.
Tensor matrices(const Tensor& a0, const Tensor& a1, const Tensor& a2, const Tensor& b0,
                const Tensor& b1, const Tensor& b2) {
  Tensor zero = zeros(a0.shape(), a0.dtype());
  return stack({a0, a1, a2, b0, b1, b2, zero, zero}, -1);
}

// A layer that draws a matrix for each image.
template <class Derived, class Options>
class Warp : public ImageLayer<Derived, Options> {
 public:
  explicit Warp(const Options& o) : ImageLayer<Derived, Options>(o) {
    require_fill_mode(Derived::kName, o.fill_mode);
    require_interpolation(Derived::kName, o.interpolation);
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool masks) override {
    image::WarpOptions w;
    w.interpolation = masks ? "nearest" : this->o_.interpolation;
    w.fill_mode = this->o_.fill_mode, w.fill_value = this->o_.fill_value;
    return image::affine_transform(x, drawn[0], w);
  }
  bool changes_masks() const override { return true; }
};

class RandomFlip : public ImageLayer<RandomFlip, RandomFlipOptions> {
 public:
  static constexpr const char* kName = "RandomFlip";
  explicit RandomFlip(const RandomFlipOptions& o) : ImageLayer(o) {
    if (o.mode != "horizontal" && o.mode != "vertical" && o.mode != "horizontal_and_vertical")
      fail(kName,
           ": argument 'mode' must be horizontal, vertical or horizontal_and_vertical, received '",
           o.mode, "'");
  }
  Tensors draw(const Draws& d) override {
    return {less_equal(d.uniform({d.n(), 1, 1, 1}, {0, 1}), Tensor(0.5))};
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    std::vector<int64_t> axes;
    if (o_.mode != "horizontal") axes.push_back(1);
    if (o_.mode != "vertical") axes.push_back(2);
    return where(drawn[0], flip(x, axes), x);
  }
  bool changes_masks() const override { return true; }
};

class RandomRotation : public Warp<RandomRotation, RandomRotationOptions> {
 public:
  static constexpr const char* kName = "RandomRotation";
  explicit RandomRotation(const RandomRotationOptions& o)
      : Warp(o), factor_(factor_range(kName, "factor", o_.factor, -1, 1)) {}
  Tensors draw(const Draws& d) override {
    Tensor angle = d.uniform({2 * kPi * factor_.low, 2 * kPi * factor_.high});
    Tensor c = cos(angle), n = sin(angle);
    Tensor x((d.width() - 1) / 2), y((d.height() - 1) / 2);
    return {matrices(c, -n, x - x * c + y * n, n, c, y - x * n - y * c)};
  }

 private:
  Range factor_;
};

class RandomTranslation : public Warp<RandomTranslation, RandomShiftOptions> {
 public:
  static constexpr const char* kName = "RandomTranslation";
  explicit RandomTranslation(const RandomShiftOptions& o)
      : Warp(o),
        height_(signed_range(kName, "height_factor", o.height_factor, -1, 1)),
        width_(signed_range(kName, "width_factor", o.width_factor, -1, 1)) {}
  Tensors draw(const Draws& d) override {
    Tensor dy = d.uniform(height_) * Tensor(d.height());
    Tensor dx = d.uniform(width_) * Tensor(d.width());
    Tensor one = ones_like(dx), zero = zeros_like(dx);
    return {matrices(one, zero, -dx, zero, one, -dy)};
  }

 private:
  Range height_, width_;
};

class RandomZoom : public Warp<RandomZoom, RandomShiftOptions> {
 public:
  static constexpr const char* kName = "RandomZoom";
  explicit RandomZoom(const RandomShiftOptions& o)
      : Warp(o), height_(range("height_factor", o.height_factor)), width_(height_) {
    if (!o.width_factor.is_null()) width_ = range("width_factor", o.width_factor);
  }
  Tensors draw(const Draws& d) override {
    Tensor y = d.uniform({1 + height_.low, 1 + height_.high}), x = y;
    if (!o_.width_factor.is_null()) x = d.uniform({1 + width_.low, 1 + width_.high});
    auto offset = [](const Tensor& zoom, double length) {
      return Tensor((length - 1) / 2) * (Tensor(1.0) - zoom);
    };
    Tensor zero = zeros_like(x);
    return {matrices(x, zero, offset(x, d.width()), zero, y, offset(y, d.height()))};
  }

 private:
  static Range range(const char* argument, const Config& factor) {
    Range r = signed_range(kName, argument, factor, -1, 1);
    bool out = r.high == -1 || (factor.is_number() ? factor.as_double() == -1 : r.low == -1);
    if (out)
      fail(kName, ": argument '", argument,
           "' should be a number (or a list of two numbers) in the range (-1, 1], received ",
           factor.dump());
    return r;
  }
  Range height_, width_;
};

class RandomShear : public Warp<RandomShear, RandomShearOptions> {
 public:
  static constexpr const char* kName = "RandomShear";
  explicit RandomShear(const RandomShearOptions& o)
      : Warp(o), x_(range("x_factor", o.x_factor)), y_(range("y_factor", o.y_factor)) {}
  Tensors draw(const Draws& d) override {
    Tensor side = d.uniform({0, 1}), one = ones_like(side), zero = zeros_like(side);
    Tensor sign = where(greater(side, Tensor(0.5)), -one, one);
    Tensor y = d.uniform(y_) * sign, x = d.uniform(x_) * sign;
    return {matrices(one, x, zero, y, one, zero)};
  }

 private:
  // (-f, f) is how Keras's config says f.
  static Range range(const char* argument, const Config& factor) {
    if (factor.is_list() && factor.size() == 2 && factor[0].is_number() && factor[1].is_number() &&
        factor[0].as_double() == -factor[1].as_double())
      return signed_range(kName, argument, factor[1], 0, 1);
    return signed_range(kName, argument, factor, 0, 1);
  }
  Range x_, y_;
};

class RandomPerspective : public ImageLayer<RandomPerspective, RandomPerspectiveOptions> {
 public:
  static constexpr const char* kName = "RandomPerspective";
  explicit RandomPerspective(const RandomPerspectiveOptions& o)
      : ImageLayer(o), factor_(factor_range(kName, "factor", o_.factor, 0, 1)) {
    require_interpolation(kName, o.interpolation);
    if (!(o.scale >= 0 && o.scale <= 1))
      fail(kName, ": argument 'scale' should be a number in the range [0, 1], received ", o.scale);
  }
  Tensors draw(const Draws& d) override {
    Tensor apply = d.chosen(factor_);
    Tensor moves = d.uniform({d.n(), 4, 2}, {-0.5 * o_.scale, 0.5 * o_.scale});
    double x = d.width() - 1, y = d.height() - 1;
    Tensor corners = Tensor::from_vector(std::vector<double>{0, 0, x, 0, 0, y, x, y}, {1, 4, 2});
    Tensor start = broadcast_to(corners, {d.n(), 4, 2});
    return {apply, start, start + start * moves};
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool masks) override {
    image::WarpOptions w;
    w.interpolation = masks ? "nearest" : o_.interpolation;
    w.fill_value = o_.fill_value;
    return where(drawn[0], image::perspective_transform(x, drawn[1], drawn[2], w), x);
  }
  bool changes_masks() const override { return true; }

 private:
  Range factor_;
};

class RandomElasticTransform
    : public ImageLayer<RandomElasticTransform, RandomElasticTransformOptions> {
 public:
  static constexpr const char* kName = "RandomElasticTransform";
  explicit RandomElasticTransform(const RandomElasticTransformOptions& o)
      : ImageLayer(o),
        factor_(factor_range(kName, "factor", o_.factor, 0, 1)),
        scale_(factor_range(kName, "scale", o_.scale, 0, 1)),
        range_(value_range(kName, o_.value_range)) {
    require_interpolation(kName, o.interpolation);
    require_fill_mode(kName, o.fill_mode, true);
  }
  Tensors draw(const Draws& d) override {
    if (scale_.high == 0 || factor_.high == 0) return {};
    Tensor apply = d.chosen(factor_);
    Tensor strength = d.uniform(Shape{}, scale_);
    // Displacements are drawn once: masks follow their images.
    double n = std::max(d.height(), d.width()), m = std::min(d.height(), d.width());
    Tensor alpha = Tensor(0.1 * n) * strength;
    Tensor sigma = maximum(Tensor(0.05 * m) * strength, Tensor(1e-6));
    return {apply, image::elastic_displacements(
                       d.n(), d.shape[1], d.shape[2], alpha, sigma,
                       static_cast<int64_t>(6 * 0.05 * m * scale_.high) | 1, d.seed)};
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool masks) override {
    if (drawn.empty()) return x;
    image::WarpOptions w;
    w.interpolation = masks ? "nearest" : o_.interpolation;
    w.fill_mode = o_.fill_mode, w.fill_value = o_.fill_value;
    Tensor y = where(drawn[0], image::displace(x, drawn[1], w), x);
    return masks ? y : cut(y, range_);
  }
  bool changes_masks() const override { return true; }

 private:
  Range factor_, scale_, range_;
};

}  // namespace

void add_augment_geometry_layers(LayerClasses& out) {
  out.push_back(layer_class<RandomFlip>(
      R"(Flips half of the images in training.

Args:
    mode: "horizontal" (left to right), "vertical", or "horizontal_and_vertical" (both at once).
    seed: Of the layer's own random numbers; from the global generator by default.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.

Example:

>>> import numpy as np
>>> import lamina
>>> x = np.arange(4.0).reshape(1, 1, 4, 1)
>>> y = lamina.layers.RandomFlip("horizontal", seed=1)(x, training=True)
>>> sorted(y.numpy().ravel().tolist())
[0.0, 1.0, 2.0, 3.0])"));
  out.push_back(layer_class<RandomRotation>(
      R"(Turns images about their middle in training, each by its own angle.

Args:
    factor: Range of angles as a share of a full turn, in [-1, 1]: two numbers, or f for [-f, f].
        Positive is counter-clockwise.
    fill_mode: What lies outside: "constant", "nearest", "wrap" or "reflect".
    interpolation: "nearest" or "bilinear".
    seed: Of the layer's own random numbers; from the global generator by default.
    fill_value: Of fill_mode "constant".
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
  out.push_back(layer_class<RandomTranslation>(
      R"(Moves images in training, each by its own distance.

Args:
    height_factor: Range of the shift down as a share of the height, in [-1, 1]: two numbers, or f
        for [-f, f].
    width_factor: Range of the shift to the right, as a share of the width.
    fill_mode: What lies outside: "constant", "nearest", "wrap" or "reflect".
    interpolation: "nearest" or "bilinear".
    seed: Of the layer's own random numbers; from the global generator by default.
    fill_value: Of fill_mode "constant".
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
  out.push_back(layer_class<RandomZoom>(
      R"(Zooms images about their middle in training, each by its own factor.

Args:
    height_factor: Range of the vertical zoom, in (-1, 1]: two numbers, or f for [-f, f]. Positive
        zooms out, negative zooms in: 0.2 shows 20 % more.
    width_factor: Range of the horizontal zoom; the same as the vertical one by default.
    fill_mode: What lies outside: "constant", "nearest", "wrap" or "reflect".
    interpolation: "nearest" or "bilinear".
    seed: Of the layer's own random numbers; from the global generator by default.
    fill_value: Of fill_mode "constant".
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
  out.push_back(layer_class<RandomShear>(
      R"(Shears images in training: x' = x + s y and y' = y + t x, s and t drawn for each image.

Args:
    x_factor: Range of s, in [0, 1]: two numbers, or f for [-f, f].
    y_factor: Range of t.
    interpolation: "nearest" or "bilinear".
    fill_mode: What lies outside: "constant", "nearest", "wrap" or "reflect".
    fill_value: Of fill_mode "constant".
    data_format: "channels_last" or "channels_first".
    seed: Of the layer's own random numbers; from the global generator by default.

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
  out.push_back(layer_class<RandomPerspective>(
      R"(Moves the corners of images in training, each by its own distance.

Args:
    factor: Range of the probability to change an image, in [0, 1]: two numbers, or f for [0, f].
    scale: How far corners move, in [0, 1].
    interpolation: "nearest" or "bilinear".
    fill_value: What lies outside.
    seed: Of the layer's own random numbers; from the global generator by default.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
  out.push_back(layer_class<RandomElasticTransform>(
      R"(Moves pixels by smooth random fields in training (Simard et al., 2003).

Args:
    factor: Range of the probability to change an image, in [0, 1]: two numbers, or f for [0, f].
    scale: Range of the strength, in [0, 1].
    interpolation: "nearest" or "bilinear".
    fill_mode: What lies outside: "constant", "nearest", "wrap", "mirror" or "reflect".
    fill_value: Of fill_mode "constant".
    value_range: Least and largest value; results are cut to it.
    seed: Of the layer's own random numbers; from the global generator by default.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
}

}  // namespace lamina
