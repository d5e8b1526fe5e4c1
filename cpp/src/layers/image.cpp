// Padding and upsampling of images.
#include <cmath>

#include "layers/builtin.h"

namespace lamina {

namespace {

class ZeroPadding2D : public BuiltIn<ZeroPadding2D, ZeroPadding2DOptions> {
 public:
  static constexpr const char* kName = "ZeroPadding2D";
  explicit ZeroPadding2D(const ZeroPadding2DOptions& o) : BuiltIn(o) {
    const Config& p = o.padding;
    if (p.is_int()) {
      rows_ = columns_ = {p.as_int(), p.as_int()};
    } else if (p.is_list() && p.size() == 2) {
      auto side = [](const Config& c) {
        return c.is_list() ? std::pair{c[0].as_int(), c[1].as_int()}
                           : std::pair{c.as_int(), c.as_int()};
      };
      rows_ = side(p[0]), columns_ = side(p[1]);
    } else {
      fail(
          "ZeroPadding2D: argument 'padding' must be n, (rows, columns) or ((top, bottom), (left, "
          "right)); received ",
          p.dump());
    }
    channels_first(o.data_format);
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    require_rank(in[0].shape(), 4);
    using Pair = std::pair<int64_t, int64_t>;
    Pair none{0, 0};
    return {channels_first(o_.data_format) ? pad(in[0], {none, none, rows_, columns_})
                                           : pad(in[0], {none, rows_, columns_, none})};
  }

 private:
  std::pair<int64_t, int64_t> rows_, columns_;
};

// Weights (out, in) of linear interpolation between pixel centres.
Tensor interpolation_matrix(int64_t in, int64_t factor, DType dtype) {
  int64_t out = in * factor;
  std::vector<double> w(static_cast<size_t>(out * in), 0.0);
  for (int64_t i = 0; i < out; ++i) {
    double at = (static_cast<double>(i) + 0.5) / static_cast<double>(factor) - 0.5;
    double low = std::floor(at), share = at - low;
    auto clamp = [&](double v) {
      return static_cast<int64_t>(std::min(std::max(v, 0.0), static_cast<double>(in - 1)));
    };
    w[static_cast<size_t>(i * in + clamp(low))] += 1 - share;
    w[static_cast<size_t>(i * in + clamp(low + 1))] += share;
  }
  return Tensor::from_vector(w, {out, in}).astype(dtype);
}

class UpSampling2D : public BuiltIn<UpSampling2D, UpSampling2DOptions> {
 public:
  static constexpr const char* kName = "UpSampling2D";
  explicit UpSampling2D(const UpSampling2DOptions& o) : BuiltIn(o) {
    o_.size = each("size", o.size, 2);
    channels_first(o.data_format);
    if (o.interpolation != "nearest" && o.interpolation != "bilinear")
      fail("UpSampling2D: argument 'interpolation' must be nearest or bilinear, received '",
           o.interpolation, "'");
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    require_rank(in[0].shape(), 4);
    bool cf = channels_first(o_.data_format);
    Tensor x = cf ? moveaxis(in[0], {1}, {-1}) : in[0];
    int64_t n = x.dim(0), h = x.dim(1), w = x.dim(2), c = x.dim(3), a = o_.size[0], b = o_.size[1];
    if (o_.interpolation == "nearest") {
      Tensor wide = broadcast_to(reshape(x, {n, h, 1, w, 1, c}), {n, h, a, w, b, c});
      x = reshape(wide, {n, h * a, w * b, c});
    } else {
      Tensor rows = matmul(interpolation_matrix(h, a, x.dtype()), reshape(x, {n, h, w * c}));
      x = matmul(interpolation_matrix(w, b, x.dtype()), reshape(rows, {n, h * a, w, c}));
    }
    return {cf ? moveaxis(x, {-1}, {1}) : x};
  }
};

}  // namespace

void add_image_layers(LayerClasses& out) {
  out.push_back(layer_class<ZeroPadding2D>(
      R"(Zeros around an image.

Args:
    padding: n, (rows, columns) or ((top, bottom), (left, right)).
    data_format: "channels_last" or "channels_first".

Input shape: (batch, rows, columns, channels). Output shape: (batch, more rows, more columns,
channels).)"));
  out.push_back(layer_class<UpSampling2D>(
      R"(A larger image.

Args:
    size: Factor of rows and columns, one number or two.
    data_format: "channels_last" or "channels_first".
    interpolation: "nearest" repeats pixels, "bilinear" mixes neighbours (half-pixel centres).

Input shape: (batch, rows, columns, channels). Output shape: (batch, size * rows, size * columns,
channels).)"));
}

}  // namespace lamina
