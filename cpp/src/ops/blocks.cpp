// Images cut into blocks, and put together again.
#include "graph/op.h"
#include "lamina/ops.h"

namespace lamina {

namespace {

// ---- squares of pixels as channels, and back. Attributes: block_size, channels_first.

// An image (N, H, W, C) or (N, C, H, W), or what stands for one.
struct Image {
  Shape shape;
  bool first;
  int64_t& rows() { return shape[first ? 2 : 1]; }
  int64_t& columns() { return shape[first ? 3 : 2]; }
  int64_t& channels() { return shape[first ? 1 : 3]; }
};

// The image with rows, columns and squares of pixels as six axes, in the order in which the image
// has them as channels: (N, H, W, b, b, C), or (N, C, b, b, H, W). Both images are such views, each
// of its own memory.
abi::View squares(const abi::View& v, int64_t block, bool first, bool packed) {
  abi::View out = v;
  auto axis = [&](int i, int from, int64_t length, int64_t step) {
    out.shape[i] = length, out.strides[i] = step * v.strides[from];
  };
  out.rank = 6;
  const int rows = first ? 2 : 1, columns = rows + 1, channels = first ? 1 : 3;
  const int at = first ? 2 : 3;  // of the squares
  axis(0, 0, v.shape[0], 1);
  if (packed) {  // squares are channels
    const int64_t c = v.shape[channels] / (block * block);
    axis(first ? 4 : 1, rows, v.shape[rows], 1), axis(first ? 5 : 2, columns, v.shape[columns], 1);
    const int64_t inner = first ? 1 : c;
    axis(at, channels, block, block * inner), axis(at + 1, channels, block, inner);
    axis(first ? 1 : 5, channels, c, first ? block * block : 1);
  } else {
    axis(first ? 4 : 1, rows, v.shape[rows] / block, block);
    axis(first ? 5 : 2, columns, v.shape[columns] / block, block);
    axis(at, rows, block, 1), axis(at + 1, columns, block, 1);
    axis(first ? 1 : 5, channels, v.shape[channels], 1);
  }
  return out;
}

Image image_of(const Infer& f) {
  if (f.shape(0).rank() != 4) f.refuse("expected an input of 4 axes, received shape ", f.shape(0));
  return {f.shape(0), f.attrs().flag("channels_first")};
}
void infer_to_depth(Infer& f) {
  Image i = image_of(f);
  const int64_t block = f.attrs().integer("block_size");
  if (i.rows() % block != 0 || i.columns() % block != 0)
    f.refuse("height ", i.rows(), " and width ", i.columns(), " must be divisible by block_size ",
             block);
  i.rows() /= block, i.columns() /= block, i.channels() *= block * block;
  f.output(i.shape, f.dtype(0));
}
void infer_to_space(Infer& f) {
  Image i = image_of(f);
  const int64_t block = f.attrs().integer("block_size");
  if (i.channels() % (block * block) != 0)
    f.refuse("the number of channels, ", i.channels(),
             ", must be divisible by the square of block_size ", block);
  i.rows() *= block, i.columns() *= block, i.channels() /= block * block;
  f.output(i.shape, f.dtype(0));
}
template <bool kPack>
void run_squares(const Run& r) {
  const int64_t block = r.attrs.integer("block_size");
  const bool first = r.attrs.flag("channels_first");
  r.kernels.copy(r.context, squares(r.in[0], block, first, !kPack),
                 squares(r.out[0], block, first, kPack));
}
Tensors to_depth_backward(const Backward& b);
Tensors to_space_backward(const Backward& b);
const Op kToDepth{"space_to_depth", infer_to_depth, run_squares<true>, to_depth_backward};
const Op kToSpace{"depth_to_space", infer_to_space, run_squares<false>, to_space_backward};
Tensors to_depth_backward(const Backward& b) { return {apply1(kToSpace, {b.grad()}, b.attrs())}; }
Tensors to_space_backward(const Backward& b) { return {apply1(kToDepth, {b.grad()}, b.attrs())}; }

Tensor squared(const Op& op, const Tensor& x, int64_t block, const std::string& format) {
  if (format != "channels_last" && format != "channels_first")
    fail(op.name, ": data_format must be channels_last or channels_first, received '", format, "'");
  if (block < 2) fail(op.name, ": block_size must be at least 2, received ", block);
  return apply1(op, {x}, {{"block_size", block}, {"channels_first", format == "channels_first"}});
}

// ---- windows

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

void register_block_ops() {
  register_op(kToDepth);
  register_op(kToSpace);
}

Tensor space_to_depth(const Tensor& x, int64_t block, const std::string& format) {
  return squared(kToDepth, x, block, format);
}
Tensor depth_to_space(const Tensor& x, int64_t block, const std::string& format) {
  return squared(kToSpace, x, block, format);
}

// Batches have the length -1 in shapes, so that these work on the tensors of a functional model.

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
