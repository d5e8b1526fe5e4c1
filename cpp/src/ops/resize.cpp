// Resizing: along each axis, every output pixel is a weighted sum of input pixels.
#include <cmath>
#include <limits>

#include "lamina/ops_image.h"
#include "ops/image_batch.h"

namespace lamina {

namespace {

// The value of a filter at distances x >= 0.
Tensor lanczos(double radius, const Tensor& x) {
  const double pi = 3.14159265358979323846;
  Tensor y = Tensor(radius) * sin(x * Tensor(pi)) * sin(x * Tensor(pi / radius));
  Tensor near = less_equal(x, Tensor(1e-3));
  Tensor out = y / where(near, ones_like(x), Tensor(pi * pi) * x * x);
  out = where(near, ones_like(x), out);
  return where(greater(x, Tensor(radius)), zeros_like(x), out);
}
// Keys (1981), a = -1/2.
Tensor cubic(const Tensor& x) {
  Tensor inner = ((Tensor(1.5) * x - Tensor(2.5)) * x) * x + Tensor(1.0);
  Tensor outer = ((Tensor(-0.5) * x + Tensor(2.5)) * x - Tensor(4.0)) * x + Tensor(2.0);
  Tensor out = where(greater_equal(x, Tensor(1.0)), outer, inner);
  return where(greater_equal(x, Tensor(2.0)), zeros_like(x), out);
}
Tensor filter(const char* op, const std::string& method, const Tensor& x) {
  if (method == "linear" || method == "bilinear" || method == "trilinear")
    return maximum(Tensor(1.0) - x, Tensor(0.0));
  if (method == "cubic" || method == "bicubic" || method == "tricubic") return cubic(x);
  if (method == "lanczos3") return lanczos(3, x);
  if (method == "lanczos5") return lanczos(5, x);
  fail(op, ": unknown method '", method, "'");
}

// Weights (out, in) of input pixels; scale, translation: scalars.
Tensor weights(const char* op, int64_t in, int64_t out, const Tensor& scale,
               const Tensor& translation, const std::string& method, bool antialias) {
  DType dtype = scale.dtype();
  Tensor inverse = Tensor(1.0) / scale;
  Tensor at = arange(0, static_cast<double>(out), 1, dtype) + Tensor(0.5);
  at = at * inverse - translation * inverse - Tensor(0.5);
  Tensor centre = expand_dims(at, {1});
  Tensor x = absolute(centre - arange(0, static_cast<double>(in), 1, dtype));
  if (antialias) x = x / maximum(inverse, Tensor(1.0));
  Tensor w = filter(op, method, x);
  Tensor total = sum(w, 1, true);
  const double tiny = 1000.0 * static_cast<double>(std::numeric_limits<float>::epsilon());
  Tensor counts = greater(absolute(total), Tensor(tiny));
  w = where(counts, w / where(counts, total, ones_like(total)), zeros_like(w));
  Tensor inside = logical_and(greater_equal(centre, Tensor(-0.5)),
                              less_equal(centre, Tensor(static_cast<double>(in) - 0.5)));
  return where(inside, w, zeros_like(w));
}

Tensor constant(double v) { return cast(Tensor(v), DType::kFloat64); }

Tensor resize_linear(const char* op, const Tensor& images, int64_t rows, int64_t columns,
                     const image::ResizeOptions& o) {
  // Pixels keep their precision where layers compute in bfloat16.
  MixedPrecision off(false);
  DType dtype = compute_float(images.dtype());
  auto matrix = [&](int64_t in, int64_t out) {
    NoGrad none;
    Tensor scale = constant(static_cast<double>(out) / static_cast<double>(in));
    return cast(weights(op, in, out, scale, constant(0), o.interpolation, o.antialias), dtype);
  };
  Tensor x = as_dtype(images, dtype);
  int64_t n = x.dim(0), h = x.dim(1), w = x.dim(2), c = x.dim(3);
  if (rows != h) {
    x = matmul(matrix(h, rows), reshape(x, {n, h, w * c}));
    x = reshape(x, {n, rows, w, c});
  }
  if (columns != w) {
    // Channels are few: one product for all rows and channels of an image.
    Tensor lines = reshape(swapaxes(x, 2, 3), {n, rows * c, w});
    x = matmul(lines, transpose(matrix(w, columns)));
    x = swapaxes(reshape(x, {n, rows, c, columns}), 2, 3);
  }
  return x;
}

Tensor resize_nearest(const Tensor& x, int axis, int64_t length) {
  int64_t n = x.dim(axis);
  if (n == length) return x;
  std::vector<int32_t> from;
  for (int64_t i = 0; i < length; ++i) {
    // In float32, as JAX has it.
    float at = (static_cast<float>(i) + 0.5f) * static_cast<float>(n) / static_cast<float>(length);
    from.push_back(static_cast<int32_t>(std::floor(at)));
  }
  return take(x, Tensor::from_vector(from, {length}), axis);
}

// Whole pixels of a * b / c.
int64_t share(int64_t a, int64_t b, int64_t c) {
  return static_cast<int64_t>(static_cast<double>(a * b) / static_cast<double>(c));
}

Tensor crop_to_ratio(const Tensor& x, int64_t rows, int64_t columns) {
  int64_t h = x.dim(1), w = x.dim(2);
  int64_t crop_h = std::max<int64_t>(std::min(h, share(w, rows, columns)), 1);
  int64_t crop_w = std::max<int64_t>(std::min(w, share(h, columns, rows)), 1);
  int64_t top = (h - crop_h) / 2, left = (w - crop_w) / 2;
  return getitem(x, {Index::ellipsis(), Index::slice(top, top + crop_h),
                     Index::slice(left, left + crop_w), Index::slice({}, {})});
}

Tensor pad_to_ratio(const Tensor& x, int64_t rows, int64_t columns, double fill) {
  int64_t h = x.dim(1), w = x.dim(2);
  int64_t top = (std::max(h, share(w, rows, columns)) - h) / 2;
  int64_t left = (std::max(w, share(h, columns, rows)) - w) / 2;
  if (top == 0 && left == 0) return x;
  if (top > 0) left = 0;
  return pad(x, {{0, 0}, {top, top}, {left, left}, {0, 0}}, "constant", fill);
}

// Integers keep their dtype: rounded, and cut to its range.
Tensor saturated(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  if (is_floating(dtype)) return cast(x, dtype);
  double low = 0, high = 255;
  if (dtype == DType::kBool) high = 1;
  if (dtype == DType::kInt8) low = -128, high = 127;
  if (dtype == DType::kInt16) low = -32768, high = 32767;
  if (dtype == DType::kInt32 || dtype == DType::kInt64) low = -2147483648.0, high = 2147483520.0;
  return cast(clip(round(x), low, high), dtype);
}

}  // namespace

namespace image {

Tensor resize(const Tensor& images, const Ints& size, const ResizeOptions& o) {
  const char* op = "resize";
  if (size.size() != 2 || size[0] < 1 || size[1] < 1)
    fail(op, ": size must be two positive numbers (height, width), received ", Shape(size));
  const std::string& how = o.interpolation;
  if (how != "nearest" && how != "bilinear" && how != "bicubic" && how != "lanczos3" &&
      how != "lanczos5")
    fail(op, ": interpolation must be nearest, bilinear, bicubic, lanczos3 or lanczos5, received '",
         how, "'");
  if (o.fill_mode != "constant")
    fail(op, ": only fill_mode 'constant' is supported, received '", o.fill_mode, "'");
  if (o.crop_to_aspect_ratio && o.pad_to_aspect_ratio)
    fail(op, ": only one of pad_to_aspect_ratio and crop_to_aspect_ratio can be true");
  ImageBatch batch(op, images, o.data_format);
  batch.require_known(op);
  int64_t rows = size[0], columns = size[1];
  Tensor x = batch.x;
  if (o.crop_to_aspect_ratio) x = crop_to_ratio(x, rows, columns);
  if (o.pad_to_aspect_ratio) x = pad_to_ratio(x, rows, columns, o.fill_value);
  if (how == "nearest")
    x = resize_nearest(resize_nearest(x, 1, rows), 2, columns);
  else if (x.dim(1) != rows || x.dim(2) != columns)
    x = resize_linear(op, x, rows, columns, o);
  return batch.restore(saturated(x, images.dtype()));
}

Tensor scale_and_translate(const Tensor& images, const Shape& output_shape, const Tensor& scale,
                           const Tensor& translation, const Ints& spatial_dims,
                           const std::string& method, bool antialias) {
  const char* op = "scale_and_translate";
  if (output_shape.rank() != images.rank())
    fail(op, ": output_shape ", output_shape, " needs one length for each axis of images of shape ",
         images.shape());
  auto count = static_cast<int64_t>(spatial_dims.size());
  for (const Tensor* t : {&scale, &translation})
    if (!(t->shape() == Shape{count}))
      fail(op, ": scale and translation need one number for each of the ", count,
           " spatial dims, received shapes ", scale.shape(), " and ", translation.shape());
  MixedPrecision off(false);
  DType dtype = compute_float(images.dtype());
  Tensor x = as_dtype(images, dtype);
  Tensor s = as_dtype(scale, dtype), t = as_dtype(translation, dtype);
  for (int64_t i = 0; i < count; ++i) {
    int axis = normalize_axis(spatial_dims[static_cast<size_t>(i)], x.rank());
    Tensor w = weights(op, x.dim(axis), output_shape[axis], getitem(s, {i}), getitem(t, {i}),
                       method, antialias);
    x = moveaxis(tensordot(w, x, Ints{1}, Ints{axis}), {0}, {axis});
  }
  return x;
}

}  // namespace image

}  // namespace lamina
