// Images cut into blocks, and put together again.
#include "lamina/ops.h"

namespace lamina {

namespace {

// The image's rows, columns and channels, which must be known.
struct Image {
  bool first;
  int64_t rows, columns, channels;
  Image(const char* op, const Tensor& x, int64_t block, const std::string& format)
      : first(format == "channels_first") {
    if (!first && format != "channels_last")
      fail(op, ": data_format must be channels_last or channels_first, received '", format, "'");
    if (block < 2) fail(op, ": block_size must be at least 2, received ", block);
    if (x.rank() != 4) fail(op, ": expected an input of 4 axes, received shape ", x.shape());
    channels = x.dim(first ? 1 : 3), rows = x.dim(first ? 2 : 1), columns = x.dim(first ? 3 : 2);
    if (rows < 0 || columns < 0 || channels < 0)
      fail(op, ": all lengths but the batch's must be known, received shape ", x.shape());
  }
};

Ints pair(const char* op, const char* what, const Ints& v, int64_t least) {
  if (v.size() != 1 && v.size() != 2)
    fail(op, ": ", what, " needs 1 or 2 numbers, received ", v.size());
  Ints out = {v.front(), v.back()};
  for (int64_t n : out)
    if (n < least) fail(op, ": ", what, " must be at least ", least, ", received ", n);
  return out;
}

// Windows over an image; `size` is that of the image with its padding.
struct Windows {
  Ints kernel, dilation, padding, stride, size, count;

  Windows(const char* op, const Ints& image, const Ints& kernel_size, const UnfoldOptions& o)
      : kernel(pair(op, "kernel_size", kernel_size, 1)),
        dilation(pair(op, "dilation", o.dilation, 1)),
        padding(pair(op, "padding", o.padding, 0)),
        stride(pair(op, "stride", o.stride, 1)) {
    for (size_t d = 0; d < 2; ++d) {
      size.push_back(image[d] + 2 * padding[d]);
      const int64_t reach = (kernel[d] - 1) * dilation[d] + 1;
      if (size[d] < reach)
        fail(op, ": windows of ", reach, " pixels do not fit an image of ", size[d],
             " with its padding");
      count.push_back((size[d] - reach) / stride[d] + 1);
    }
  }
};

// Along an axis of x: x[0], gap zeros, x[1], gap zeros, ...; then `before` zeros in front, and cut
// or filled with zeros to `length`.
Tensor spread(const Tensor& x, int axis, int64_t gap, int64_t before, int64_t length) {
  std::vector<std::pair<int64_t, int64_t>> widths(static_cast<size_t>(x.rank()));
  Tensor y = x;
  int64_t n = x.dim(axis);
  if (gap > 0) {
    widths.emplace_back();
    widths[static_cast<size_t>(axis) + 1] = {0, gap};
    Ints shape = x.shape().vec();
    shape[0] = -1, shape[static_cast<size_t>(axis)] = n *= gap + 1;
    y = reshape(pad(expand_dims(x, {axis + 1}), widths), shape);
    widths.assign(static_cast<size_t>(x.rank()), {});
  }
  widths[static_cast<size_t>(axis)] = {before, std::max<int64_t>(length - before - n, 0)};
  y = pad(y, widths);
  std::vector<Index> all(static_cast<size_t>(x.rank()), Index::slice({}, {}));
  all[static_cast<size_t>(axis)] = Index::slice(0, length);
  return getitem(y, all);
}

}  // namespace

// Batches keep the length -1 in shapes, so that these work on the tensors of a functional model.

Tensor space_to_depth(const Tensor& x, int64_t block, const std::string& format) {
  const Image i("space_to_depth", x, block, format);
  if (i.rows % block != 0 || i.columns % block != 0)
    fail("space_to_depth: height ", i.rows, " and width ", i.columns,
         " must be divisible by block_size ", block);
  const int64_t h = i.rows / block, w = i.columns / block, c = i.channels;
  if (i.first)
    return reshape(transpose(reshape(x, {-1, c, h, block, w, block}), {0, 1, 3, 5, 2, 4}),
                   {-1, c * block * block, h, w});
  return reshape(transpose(reshape(x, {-1, h, block, w, block, c}), {0, 1, 3, 2, 4, 5}),
                 {-1, h, w, c * block * block});
}

Tensor depth_to_space(const Tensor& x, int64_t block, const std::string& format) {
  const Image i("depth_to_space", x, block, format);
  if (i.channels % (block * block) != 0)
    fail("depth_to_space: the number of channels, ", i.channels,
         ", must be divisible by the square of block_size ", block);
  const int64_t h = i.rows, w = i.columns, c = i.channels / (block * block);
  if (i.first)
    return reshape(transpose(reshape(x, {-1, c, block, block, h, w}), {0, 1, 4, 2, 5, 3}),
                   {-1, c, h * block, w * block});
  return reshape(transpose(reshape(x, {-1, h, w, block, block, c}), {0, 1, 3, 2, 4, 5}),
                 {-1, h * block, w * block, c});
}

Tensor unfold(const Tensor& x, const Ints& kernel_size, const UnfoldOptions& o) {
  if (x.rank() != 4) fail("unfold: expected an input of 4 axes, received shape ", x.shape());
  const int64_t channels = x.dim(1);
  if (channels < 0 || x.dim(2) < 0 || x.dim(3) < 0)
    fail("unfold: all lengths but the batch's must be known, received shape ", x.shape());
  const Windows w("unfold", {x.dim(2), x.dim(3)}, kernel_size, o);
  const Tensor padded =
      w.padding[0] + w.padding[1] == 0
          ? x
          : pad(x, {{0, 0}, {0, 0}, {w.padding[0], w.padding[0]}, {w.padding[1], w.padding[1]}});
  // One picture for each place in the window: what it sees as the window moves.
  Tensors seen;
  for (int64_t i = 0; i < w.kernel[0]; ++i)
    for (int64_t j = 0; j < w.kernel[1]; ++j) {
      auto along = [&](size_t d, int64_t place) {
        const int64_t start = place * w.dilation[d];
        return Index::slice(start, start + (w.count[d] - 1) * w.stride[d] + 1, w.stride[d]);
      };
      seen.push_back(
          getitem(padded, {Index::slice({}, {}), Index::slice({}, {}), along(0, i), along(1, j)}));
    }
  return reshape(stack(seen, 2),
                 {-1, channels * w.kernel[0] * w.kernel[1], w.count[0] * w.count[1]});
}

Tensor fold(const Tensor& x, const Ints& output_size, const Ints& kernel_size,
            const UnfoldOptions& o) {
  if (x.rank() != 3) fail("fold: expected an input of 3 axes, received shape ", x.shape());
  const Windows w("fold", pair("fold", "output_size", output_size, 1), kernel_size, o);
  const int64_t places = w.kernel[0] * w.kernel[1], windows = w.count[0] * w.count[1];
  if (x.dim(1) < 0 || x.dim(1) % places != 0 || x.dim(2) != windows)
    fail("fold: expected an input (N, C * ", places, ", ", windows, "), received shape ",
         x.shape());
  const int64_t channels = x.dim(1) / places;
  const Tensor all = reshape(x, {-1, channels, w.kernel[0], w.kernel[1], w.count[0], w.count[1]});
  Tensor sum;
  for (int64_t i = 0; i < w.kernel[0]; ++i)
    for (int64_t j = 0; j < w.kernel[1]; ++j) {
      Tensor part = getitem(all, {Index::slice({}, {}), Index::slice({}, {}), i, j});
      part = spread(part, 2, w.stride[0] - 1, i * w.dilation[0], w.size[0]);
      part = spread(part, 3, w.stride[1] - 1, j * w.dilation[1], w.size[1]);
      sum = sum.defined() ? sum + part : part;
    }
  return getitem(sum, {Index::slice({}, {}), Index::slice({}, {}),
                       Index::slice(w.padding[0], w.size[0] - w.padding[0]),
                       Index::slice(w.padding[1], w.size[1] - w.padding[1])});
}

}  // namespace lamina
