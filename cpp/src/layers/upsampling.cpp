// Longer sequences, larger images and volumes.
#include <cmath>

#include "core/text.h"
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

constexpr double kPi = 3.14159265358979323846;

// How much a pixel counts at a distance, and the distance from which it counts nothing.
struct Interpolation {
  const char* name;
  double reach;
  double (*weight)(double);
};
template <int kLobes>
double lanczos(double d) {
  return d < 1e-3 ? 1
                  : kLobes * std::sin(kPi * d) * std::sin(kPi * d / kLobes) / (kPi * kPi * d * d);
}
// Keys's cubic with a = -1/2.
double cubic(double d) {
  return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : ((-0.5 * d + 2.5) * d - 4) * d + 2;
}
constexpr Interpolation kInterpolations[] = {
    {"bilinear", 1, [](double d) { return 1 - d; }},
    {"bicubic", 2, cubic},
    {"lanczos3", 3, lanczos<3>},
    {"lanczos5", 5, lanczos<5>},
};

const Interpolation* find_interpolation(const std::string& name) {
  for (const Interpolation& i : kInterpolations)
    if (name == i.name) return &i;
  return nullptr;
}

// Weights (out, in) between pixel centres; those of an output pixel sum to 1.
Tensor interpolation_matrix(const Interpolation& how, int64_t in, int64_t factor, DType dtype) {
  const int64_t out = in * factor;
  std::vector<double> w(static_cast<size_t>(out * in), 0.0);
  for (int64_t i = 0; i < out; ++i) {
    const double at = (static_cast<double>(i) + 0.5) / static_cast<double>(factor) - 0.5;
    const auto first = std::max<int64_t>(static_cast<int64_t>(std::ceil(at - how.reach)), 0);
    const auto last = std::min<int64_t>(static_cast<int64_t>(std::floor(at + how.reach)), in - 1);
    double* row = w.data() + i * in;
    double total = 0;
    for (int64_t j = first; j <= last; ++j)
      total += row[j] = how.weight(std::abs(at - static_cast<double>(j)));
    for (int64_t j = first; j <= last; ++j) row[j] /= total;
  }
  return Tensor::from_vector(w, {out, in}).astype(dtype);
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
    if (o_.interpolation != "nearest" && !find_interpolation(o_.interpolation))
      fail(
          "UpSampling2D: argument 'interpolation' must be nearest, bilinear, bicubic, lanczos3 or "
          "lanczos5, received '",
          o.interpolation, "'");
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    require_rank(in[0].shape(), 4);
    const bool cf = channels_first(o_.data_format);
    const Interpolation* how = find_interpolation(o_.interpolation);
    if (!how) return {repeat_pixels(in[0], cf ? 2 : 1, o_.size)};
    Tensor x = cf ? moveaxis(in[0], {1}, {-1}) : in[0];
    const int64_t n = x.dim(0), h = x.dim(1), w = x.dim(2), c = x.dim(3);
    const int64_t a = o_.size[0], b = o_.size[1];
    x = matmul(interpolation_matrix(*how, h, a, x.dtype()), reshape(x, {n, h, w * c}));
    x = matmul(interpolation_matrix(*how, w, b, x.dtype()), reshape(x, {n, h * a, w, c}));
    return {cf ? moveaxis(x, {-1}, {1}) : x};
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
