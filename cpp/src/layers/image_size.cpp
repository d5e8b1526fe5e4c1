// Resizing and cropping of images.
#include "layers/augment.h"

namespace lamina {

namespace {

// The largest centred part with the new aspect ratio, in the new size.
Tensor smart_resize(const Tensor& x, int64_t height, int64_t width, bool masks) {
  image::ResizeOptions o;
  o.crop_to_aspect_ratio = true;
  if (masks) o.interpolation = "nearest";
  return image::resize(x, {height, width}, o);
}

Tensor part(const Tensor& x, int64_t top, int64_t left, int64_t height, int64_t width) {
  return getitem(x, {Index::ellipsis(), Index::slice(top, top + height),
                     Index::slice(left, left + width), Index::slice({}, {})});
}

class Resizing : public ImageLayer<Resizing, ResizingOptions> {
 public:
  static constexpr const char* kName = "Resizing";
  explicit Resizing(const ResizingOptions& o) : ImageLayer(o) {
    require_positive("height", o.height), require_positive("width", o.width);
    const std::string& how = o.interpolation;
    if (how != "nearest" && how != "bilinear" && how != "bicubic" && how != "lanczos3" &&
        how != "lanczos5")
      fail(kName,
           ": argument 'interpolation' must be nearest, bilinear, bicubic, lanczos3 or lanczos5, "
           "received '",
           how, "'");
    if (o.crop_to_aspect_ratio && o.pad_to_aspect_ratio)
      fail(kName, ": only one of 'pad_to_aspect_ratio' and 'crop_to_aspect_ratio' can be True");
  }
  Tensor transform(const Tensor& x, const Tensors&, bool masks) override {
    image::ResizeOptions r;
    r.interpolation = masks ? "nearest" : o_.interpolation;
    r.antialias = o_.antialias;
    r.crop_to_aspect_ratio = o_.crop_to_aspect_ratio;
    r.pad_to_aspect_ratio = o_.pad_to_aspect_ratio;
    r.fill_mode = o_.fill_mode, r.fill_value = o_.fill_value;
    return image::resize(x, {o_.height, o_.width}, r);
  }
  Tensor at_inference(const Tensor& x, bool masks) override { return transform(x, {}, masks); }
  bool changes_masks() const override { return true; }
  bool keeps_integers() const override { return true; }
};

class CenterCrop : public ImageLayer<CenterCrop, CenterCropOptions> {
 public:
  static constexpr const char* kName = "CenterCrop";
  explicit CenterCrop(const CenterCropOptions& o) : ImageLayer(o) {
    require_positive("height", o.height), require_positive("width", o.width);
  }
  Tensor transform(const Tensor& x, const Tensors&, bool masks) override {
    int64_t rows = x.dim(1) - o_.height, columns = x.dim(2) - o_.width;
    if (rows < 0 || columns < 0) return smart_resize(x, o_.height, o_.width, masks);
    return part(x, rows / 2, columns / 2, o_.height, o_.width);
  }
  Tensor at_inference(const Tensor& x, bool masks) override { return transform(x, {}, masks); }
  bool changes_masks() const override { return true; }
};

class RandomCrop : public ImageLayer<RandomCrop, RandomCropOptions> {
 public:
  static constexpr const char* kName = "RandomCrop";
  explicit RandomCrop(const RandomCropOptions& o) : ImageLayer(o) {
    require_positive("height", o.height), require_positive("width", o.width);
  }
  // Top and left of the part: one for the whole batch.
  Tensors draw(const Draws& d) override {
    if (d.shape[1] < o_.height || d.shape[2] < o_.width) return {};
    return {d.integers({1}, 0, d.shape[1] - o_.height + 1),
            d.integers({1}, 0, d.shape[2] - o_.width + 1)};
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool masks) override {
    if (drawn.empty()) return at_inference(x, masks);
    auto count = [](int64_t n) { return arange(0, static_cast<double>(n)); };
    Tensor rows = take(x, drawn[0] + count(o_.height), 1);
    return take(rows, drawn[1] + count(o_.width), 2);
  }
  Tensor at_inference(const Tensor& x, bool masks) override {
    return smart_resize(x, o_.height, o_.width, masks);
  }
  bool changes_masks() const override { return true; }
};

}  // namespace

void add_image_size_layers(LayerClasses& out) {
  out.push_back(layer_class<Resizing>(
      R"(Images in another size.

Args:
    height: New height.
    width: New width.
    interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
    crop_to_aspect_ratio: Resize the largest centred part that has the new aspect ratio.
    pad_to_aspect_ratio: Pad to the new aspect ratio first.
    fill_mode: Of the padding: "constant".
    fill_value: Of the padding.
    antialias: Whether to widen the filter where the image shrinks.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis. Integers keep
their dtype.

Example:

>>> import numpy as np
>>> import lamina
>>> lamina.layers.Resizing(4, 6)(np.zeros((2, 9, 9, 3))).shape
(2, 4, 6, 3))"));
  out.push_back(layer_class<CenterCrop>(
      R"(The middle part of images. Images smaller than that are cut to the aspect ratio and resized.

Args:
    height: Of the part.
    width: Of the part.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
  out.push_back(layer_class<RandomCrop>(
      R"(A random part of images in training, the same place for the whole batch.

At inference, and where images are smaller than the part, the largest centred part of the right
aspect ratio is resized.

Args:
    height: Of the part.
    width: Of the part.
    seed: Of the layer's own random numbers; from the global generator by default.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
}

}  // namespace lamina
