// Colours, filters, borders and patches of images, made of other operations.
#include <limits>

#include "lamina/ops_image.h"
#include "ops/image_batch.h"

namespace lamina {

namespace {

// Channels i to i + n of (..., channels).
Tensor channels(const Tensor& x, int64_t i, int64_t n = 1) {
  return getitem(x, {Index::ellipsis(), Index::slice(i, i + n)});
}

ImageBatch colours(const char* op, const Tensor& images, const std::string& data_format) {
  ImageBatch batch(op, images, data_format);
  if (!is_floating(images.dtype()))
    fail(op, ": invalid images dtype: expected float dtype, received ", dtype_name(images.dtype()));
  if (batch.x.dim(-1) != 3)
    fail(op, ": images must have 3 channels, received shape ", images.shape());
  return batch;
}

// exp(-x^2 / (2 sigma^2)) at `size` points around zero, of sum 1.
Tensor gaussian(int64_t size, const Tensor& sigma, DType dtype) {
  Tensor x =
      arange(0, static_cast<double>(size), 1, dtype) - Tensor(static_cast<double>(size - 1) / 2);
  Tensor y = exp(Tensor(-0.5) * square(x / sigma));
  return y / sum(y);
}

// Each channel of (n, rows, columns, channels) filtered by row (along columns) and by column.
Tensor separable(const Tensor& x, const Tensor& row, const Tensor& column,
                 const std::string& padding) {
  ConvOptions o;
  o.padding = padding;
  int64_t c = x.dim(-1);
  auto kernel = [&](const Tensor& k, int64_t rows, int64_t columns) {
    return copy(broadcast_to(reshape(k, {rows, columns, 1, 1}), {rows, columns, c, 1}));
  };
  Tensor y = depthwise_conv(x, kernel(row, 1, row.dim(0)), o);
  return depthwise_conv(y, kernel(column, column.dim(0), 1), o);
}

}  // namespace

namespace image {

Tensor rgb_to_grayscale(const Tensor& images, const std::string& data_format) {
  const char* op = "rgb_to_grayscale";
  ImageBatch batch(op, images, data_format);
  int64_t c = batch.x.dim(-1);
  if (c != 1 && c != 3)
    fail(op, ": invalid channel size: expected 3 (RGB) or 1 (grayscale), received shape ",
         images.shape());
  if (c == 1) return images;
  Tensor x = as_float(batch.x);
  Tensor y = channels(x, 0) * Tensor(0.2989) + channels(x, 1) * Tensor(0.5870) +
             channels(x, 2) * Tensor(0.1140);
  return batch.restore(as_dtype(y, images.dtype()));
}

Tensor rgb_to_hsv(const Tensor& images, const std::string& data_format) {
  ImageBatch batch = colours("rgb_to_hsv", images, data_format);
  const double eps = images.dtype() == DType::kFloat64 ? std::numeric_limits<double>::epsilon()
                                                       : std::numeric_limits<float>::epsilon();
  Tensor x = where(less(absolute(batch.x), Tensor(eps)), zeros_like(batch.x), batch.x);
  Tensor r = channels(x, 0), g = channels(x, 1), b = channels(x, 2);
  Tensor value = maximum(maximum(r, g), b), range = value - minimum(minimum(r, g), b);
  Tensor zero = zeros_like(value), one = ones_like(value);
  Tensor bright = greater(value, Tensor(0.0)), coloured = greater(range, Tensor(0.0));
  Tensor saturation = where(bright, range / where(bright, value, one), zero);
  Tensor norm = one / (Tensor(6.0) * where(coloured, range, one));
  Tensor hue =
      where(equal(value, g), norm * (b - r) + Tensor(2.0 / 6), norm * (r - g) + Tensor(4.0 / 6));
  hue = where(equal(value, r), norm * (g - b), hue);
  hue = where(coloured, hue, zero) + cast(less(hue, Tensor(0.0)), hue.dtype());
  return batch.restore(concatenate({hue, saturation, value}, -1));
}

Tensor hsv_to_rgb(const Tensor& images, const std::string& data_format) {
  ImageBatch batch = colours("hsv_to_rgb", images, data_format);
  Tensor h = channels(batch.x, 0), s = channels(batch.x, 1), v = channels(batch.x, 2);
  Tensor turn = mod(h, Tensor(1.0)) * Tensor(6.0);
  auto ramp = [&](double at) { return absolute(turn - Tensor(at)); };
  Tensor red = clip(ramp(3) - Tensor(1.0), 0, 1), green = clip(Tensor(2.0) - ramp(2), 0, 1),
         blue = clip(Tensor(2.0) - ramp(4), 0, 1);
  Tensor grey = Tensor(1.0) - s;
  return batch.restore(
      concatenate({v * (grey + s * red), v * (grey + s * green), v * (grey + s * blue)}, -1));
}

Tensor gaussian_blur(const Tensor& images, const Ints& kernel_size, const Tensor& sigma,
                     const std::string& data_format) {
  const char* op = "gaussian_blur";
  ImageBatch batch(op, images, data_format);
  if (kernel_size.size() != 2 || kernel_size[0] < 1 || kernel_size[1] < 1)
    fail(op, ": kernel_size must be two positive numbers, received ", Shape(kernel_size));
  if (!(sigma.shape() == Shape{2}))
    fail(op, ": sigma must be two numbers, received shape ", sigma.shape());
  DType dtype = compute_float(images.dtype());
  Tensor s = as_dtype(sigma, dtype);
  Tensor y = separable(as_dtype(batch.x, dtype), gaussian(kernel_size[0], getitem(s, {0}), dtype),
                       gaussian(kernel_size[1], getitem(s, {1}), dtype), "same");
  return batch.restore(back_to(y, images.dtype()));
}

Tensor sobel_edges(const Tensor& images, const std::string& data_format) {
  const char* op = "sobel_edges";
  if (images.rank() != 4)
    fail(op, ": invalid images rank: expected rank 4 (batch of images), received shape ",
         images.shape());
  ImageBatch batch(op, images, data_format);
  batch.require_known(op);
  DType dtype = compute_float(images.dtype());
  const Shape& s = batch.x.shape();
  // By rows, by columns: the two outputs of each channel.
  std::vector<float> taps = {-1, -1, -2, 0, -1, 1, 0, -2, 0, 0, 0, 2, 1, -1, 2, 0, 1, 1};
  Tensor kernel = reshape(Tensor::from_vector(taps, {18}), {3, 3, 1, 2});
  kernel = cast(copy(broadcast_to(kernel, {3, 3, s[3], 2})), dtype);
  ConvOptions same;
  same.padding = "same";
  Tensor y = depthwise_conv(as_dtype(batch.x, dtype), kernel, same);
  y = reshape(y, {s[0], s[1], s[2], s[3], 2});
  return back_to(batch.first ? moveaxis(y, {3}, {1}) : y, images.dtype());
}

Tensor ssim(const Tensor& image1, const Tensor& image2, const SsimOptions& o) {
  const char* op = "ssim";
  ImageBatch first(op, image1, o.data_format), second(op, image2, o.data_format);
  bool fits = image1.rank() == image2.rank();
  for (int i = 0; fits && i < image1.rank(); ++i)
    fits = image1.dim(i) == image2.dim(i) || image1.dim(i) < 0 || image2.dim(i) < 0;
  if (!fits)
    fail(op, ": expected two images of one shape, received ", image1.shape(), " and ",
         image2.shape());
  for (int axis : {1, 2})
    if (first.x.dim(axis) >= 0 && first.x.dim(axis) < o.filter_size)
      fail(op, ": images of shape ", image1.shape(), " are smaller than filter_size ",
           o.filter_size);
  DType dtype = common_float({image1});
  Tensor x = as_dtype(first.x, dtype), y = as_dtype(second.x, dtype);
  Tensor k = gaussian(o.filter_size, Tensor(o.filter_sigma), dtype);
  auto blur = [&](const Tensor& t) { return separable(t, k, k, "valid"); };
  Tensor mx = blur(x), my = blur(y), xx = mx * mx, yy = my * my, xy = mx * my;
  Tensor vx = blur(x * x) - xx, vy = blur(y * y) - yy, cov = blur(x * y) - xy;
  Tensor c1(o.k1 * o.max_val * o.k1 * o.max_val), c2(o.k2 * o.max_val * o.k2 * o.max_val);
  Tensor top = (Tensor(2.0) * xy + c1) * (Tensor(2.0) * cov + c2);
  Tensor value = mean(top / ((xx + yy + c1) * (vx + vy + c2)), {1, 2, 3});
  return as_dtype(first.single ? squeeze(value, 0) : value, image1.dtype());
}

Tensor extract_patches(const Tensor& images, const Ints& size, const Ints& given,
                       const Ints& dilation_rate, const std::string& padding,
                       const std::string& data_format) {
  const char* op = "extract_patches";
  auto axes = static_cast<int>(size.size());
  if (axes != 2 && axes != 3)
    fail(op, ": size must be one number or a tuple of length 2 or 3, received ", Shape(size));
  if (padding != "valid" && padding != "same")
    fail(op, ": padding must be valid or same, received '", padding, "'");
  if (data_format != "channels_last" && data_format != "channels_first")
    fail(op, ": data_format must be channels_last or channels_first, received '", data_format, "'");
  if (images.rank() != axes + 1 && images.rank() != axes + 2)
    fail(op, ": expected images of rank ", axes + 1, " or ", axes + 2, ", received shape ",
         images.shape());
  auto each = [&](const char* what, Ints v) {
    if (v.size() == 1) v.resize(size.size(), v[0]);
    if (v.size() != size.size())
      fail(op, ": ", what, " needs 1 or ", axes, " numbers, received ", v.size());
    for (int64_t n : v)
      if (n < 1) fail(op, ": ", what, " must be positive, received ", Shape(v));
    return v;
  };
  Ints strides = each("strides", given.empty() ? size : given),
       dilation = each("dilation_rate", dilation_rate), window = each("size", size);
  bool single = images.rank() == axes + 1, first = data_format == "channels_first";
  Tensor x = single ? expand_dims(images, {0}) : images;
  if (first) x = moveaxis(x, {1}, {-1});
  Ints shape = {x.dim(0)}, inner;
  Ints order = {0};
  int64_t depth = x.dim(-1);
  for (int i = 0; i < axes; ++i) {
    // Axis 1 + 2 i of x becomes (positions, pixels of a window) by indices.
    auto at = static_cast<size_t>(i);
    int axis = 1 + 2 * i;
    int64_t n = x.dim(axis), reach = (window[at] - 1) * dilation[at] + 1;
    if (n < 0) fail(op, ": needs images of known size, received shape ", images.shape());
    int64_t count = padding == "same" ? (n + strides[at] - 1) / strides[at]
                    : n < reach       ? 0
                                      : (n - reach) / strides[at] + 1;
    if (count < 1)
      fail(op, ": a window of ", reach, " does not fit images of shape ", images.shape());
    int64_t lack = std::max<int64_t>((count - 1) * strides[at] + reach - n, 0);
    if (padding == "same" && lack > 0) {
      std::vector<std::pair<int64_t, int64_t>> width(static_cast<size_t>(x.rank()), {0, 0});
      width[static_cast<size_t>(axis)] = {lack / 2, lack - lack / 2};
      x = pad(x, width);
    }
    std::vector<int32_t> from;
    for (int64_t p = 0; p < count; ++p)
      for (int64_t k = 0; k < window[at]; ++k)
        from.push_back(static_cast<int32_t>(p * strides[at] + k * dilation[at]));
    x = take(x, Tensor::from_vector(from, {count, window[at]}), axis);
    shape.push_back(count);
    order.push_back(axis), inner.push_back(axis + 1);
    depth *= window[at];
  }
  order.insert(order.end(), inner.begin(), inner.end());
  order.push_back(x.rank() - 1);
  shape.push_back(depth);
  x = reshape(transpose(x, order), shape);
  if (first) x = moveaxis(x, {-1}, {1});
  return single ? squeeze(x, 0) : x;
}

namespace {

// Before and after along an axis, where two of three are given.
std::pair<int64_t, int64_t> sides(const char* op, const char* axis, const char* what,
                                  const Extent& e, int64_t length, bool cropping) {
  int given = e.before.has_value() + e.after.has_value() + e.target.has_value();
  auto shown = [](const std::optional<int64_t>& v) { return v ? std::to_string(*v) : "None"; };
  auto all = [&] {
    return str("before=", shown(e.before), ", after=", shown(e.after),
               ", target=", shown(e.target));
  };
  if (given != 2)
    fail(op, ": must specify exactly two of the ", what, " before and after the ", axis,
         " and its target; received ", all());
  for (auto& v : {e.before, e.after, e.target})
    if (v && *v < 0) fail(op, ": ", what, " and targets must be >= 0, received ", all());
  int64_t change = e.target ? (cropping ? length - *e.target : *e.target - length) : 0;
  int64_t before = e.before ? *e.before : change - *e.after;
  int64_t after = e.after ? *e.after : change - *e.before;
  if (before < 0 || after < 0 || (cropping && before + after > length))
    fail(op, ": ", what, " of the ", axis, " must be >= 0; ", all(), " do not fit a length of ",
         length);
  return {before, after};
}

}  // namespace

Tensor pad_images(const Tensor& images, const Extent& rows, const Extent& columns,
                  const std::string& data_format) {
  const char* op = "pad_images";
  ImageBatch batch(op, images, data_format);
  batch.require_known(op);
  auto top = sides(op, "height", "padding", rows, batch.x.dim(1), false);
  auto left = sides(op, "width", "padding", columns, batch.x.dim(2), false);
  return batch.restore(pad(batch.x, {{0, 0}, top, left, {0, 0}}));
}

Tensor crop_images(const Tensor& images, const Extent& rows, const Extent& columns,
                   const std::string& data_format) {
  const char* op = "crop_images";
  ImageBatch batch(op, images, data_format);
  batch.require_known(op);
  int64_t h = batch.x.dim(1), w = batch.x.dim(2);
  auto [top, bottom] = sides(op, "height", "cropping", rows, h, true);
  auto [left, right] = sides(op, "width", "cropping", columns, w, true);
  return batch.restore(getitem(batch.x, {Index::ellipsis(), Index::slice(top, h - bottom),
                                         Index::slice(left, w - right), Index::slice({}, {})}));
}

}  // namespace image

}  // namespace lamina
