// Longer sequences, larger images and volumes.
#include <algorithm>

#include "core/text.h"
#include "lamina/ops_image.h"
#include "layers/builtin.h"

namespace lamina {

namespace {

// Every pixel repeated `factors` times along the axes from `first` on.
Tensor repeat_pixels(const Tensor& x, int first, const Ints& factors) {
  Shape split, wide, shape;
  for (int i = 0; i < x.rank(); ++i) {
    const int64_t n = x.dim(i);
    split.push_back(n), wide.push_back(n), shape.push_back(n);
    if (i < first || i >= first + static_cast<int>(factors.size())) continue;
    const int64_t factor = factors[static_cast<size_t>(i - first)];
    split.push_back(1), wide.push_back(factor), shape[i] = n * factor;
  }
  return reshape(broadcast_to(reshape(x, split.vec()), wide), shape.vec());
}

class UpSampling1D : public BuiltIn<UpSampling1D, UpSampling1DOptions> {
 public:
  static constexpr const char* kName = "UpSampling1D";
  explicit UpSampling1D(const UpSampling1DOptions& o) : BuiltIn(o) {
    require_positive("size", o.size);
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    require_rank(in[0].shape(), 3);
    return {repeat_pixels(in[0], 1, {o_.size})};
  }
};

class UpSampling2D : public BuiltIn<UpSampling2D, UpSampling2DOptions> {
 public:
  static constexpr const char* kName = "UpSampling2D";
  explicit UpSampling2D(const UpSampling2DOptions& o) : BuiltIn(o) {
    o_.size = each("size", o.size, 2);
    o_.data_format = format(o.data_format);
    o_.interpolation = lower_case(o.interpolation);
    const auto& known = {"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"};
    if (std::find(known.begin(), known.end(), o_.interpolation) == known.end())
      fail(
          "UpSampling2D: argument 'interpolation' must be nearest, bilinear, bicubic, lanczos3 or "
          "lanczos5, received '",
          o.interpolation, "'");
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    require_rank(in[0].shape(), 4);
    const bool cf = channels_first(o_.data_format);
    const int rows = cf ? 2 : 1;
    if (o_.interpolation == "nearest") return {repeat_pixels(in[0], rows, o_.size)};
    image::ResizeOptions resizing;
    resizing.interpolation = o_.interpolation;
    resizing.data_format = o_.data_format;
    return {image::resize(in[0], {in[0].dim(rows) * o_.size[0], in[0].dim(rows + 1) * o_.size[1]},
                          resizing)};
  }
};

class UpSampling3D : public BuiltIn<UpSampling3D, UpSampling3DOptions> {
 public:
  static constexpr const char* kName = "UpSampling3D";
  explicit UpSampling3D(const UpSampling3DOptions& o) : BuiltIn(o) {
    o_.size = each("size", o.size, 3);
    o_.data_format = format(o.data_format);
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    require_rank(in[0].shape(), 5);
    return {repeat_pixels(in[0], channels_first(o_.data_format) ? 2 : 1, o_.size)};
  }
};

}  // namespace

void add_upsampling_layers(LayerClasses& out) {
  out.push_back(layer_class<UpSampling1D>(R"(Every step of a sequence size times.

Args:
    size: How often each step is repeated.

Input shape: (batch, steps, features). Output shape: (batch, size * steps, features).

Raises:
    ValueError: size is not positive, or an input of other rank.)"));
  out.push_back(layer_class<UpSampling2D>(R"(A larger image.

Args:
    size: Factor of rows and columns, one number or two.
    data_format: "channels_last" or "channels_first".
    interpolation: "nearest" repeats pixels; "bilinear", "bicubic" (Keys, 1981), "lanczos3" and
        "lanczos5" mix neighbours (half-pixel centres).

Input shape: (batch, rows, columns, channels). Output shape: (batch, size * rows, size * columns,
channels).

Raises:
    ValueError: A wrong argument, or an input of other rank.)"));
  out.push_back(layer_class<UpSampling3D>(R"(Every pixel of a volume repeated along three axes.

Args:
    size: Factor of the three axes, one number or three.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, spatial..., channels). Output shape: (batch, size * spatial..., channels).

Raises:
    ValueError: A wrong argument, or an input of other rank.)"));
}

}  // namespace lamina
