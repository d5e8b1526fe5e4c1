// Convolution as a product of weights, packed once, with the image itself: the rows of the left
// operand are the windows of the pixels of an output row, read where they lie. Where windows reach
// over the edge, a few rows of the image are first copied to a slab with zeros around.
//
// The gradient of the input is the same correlation of the output's gradient with the kernel turned
// round; with strides, one for each phase of the input's pixels. The gradient of the kernel is a
// product with the slab's columns. Two cases have ways of their own: one filter for each channel
// (conv_channels.h) and 3x3 windows without strides (conv_winograd.h).
#include "kernels/cpu/conv_channels.h"
#include "kernels/cpu/conv_winograd.h"
#include "kernels/cpu/matmul.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::ConvArgs;

template <class T>
void correlate(const Context& ctx, const Correlation<T>& c, const T* x, T* y,
               const Epilogue<T>& epilogue) {
  const T* packed = c.pack(ctx, 2);
  const Bands bands(c);
  const int64_t panels = (c.filters + kPanel<T> - 1) / kPanel<T>;
  parallel_flushed(ctx, bands.count, c.flops() * kFlop, [&](int64_t index) {
    const Band band(bands, c, index);
    for (int64_t g = 0; g < c.groups; ++g) {
      const Source<T> source(ctx, 0, c, x, band, g);
      RegisterTile<T> tile{};
      // Neighbouring taps side by side are one run.
      const bool whole_rows = c.axis[2].pitch == 1;
      tile.length = whole_rows ? c.axis[2].taps * c.channels : c.channels;
      tile.offsets = tap_offsets(ctx, 1, c, source, whole_rows, &tile.pieces);
      tile.stride = c.axis[2].step * source.pixel;
      tile.ldc = c.axis[2].out_step * c.all_filters;
      for (int64_t p = 0; p < panels; ++p) {
        const int64_t j = g * c.filters + p * kPanel<T>;
        tile.width = min64(kPanel<T>, c.filters - p * kPanel<T>);
        tile.ldb = panel_width<T>(tile.width);
        tile.b = packed + (g * panels + p) * c.depth() * kPanel<T>;
        tile.bias = epilogue.bias ? epilogue.bias + j : nullptr;
        for (int64_t i = 0; i < band.rows; ++i) {
          tile.a = source.base + i * c.axis[1].step * source.row;
          tile.c = y + band.out_row(c, band.q1 + i) + j;
          multiply_rows(Left::kRows, c.axis[2].count, tile);
        }
      }
    }
    epilogue.activate(y + band.out_row(c, band.q1), band.rows * c.axis[2].count, c.all_filters,
                      c.all_filters);
  });
}

// The correlation that a forward convolution is.
template <class T>
Correlation<T> forward_correlation(const ConvArgs& args, const Spatial& s, const View& w) {
  Correlation<T> c{};
  for (int d = 0; d < 3; ++d) {
    c.axis[d] = forward_axis(s, d);
    c.out_shape[d] = s.out[d], c.window[d] = s.window[d];
  }
  c.images = s.n, c.groups = args.groups;
  c.all_channels = s.c, c.all_filters = w.shape[args.spatial + 1];
  c.channels = s.c / c.groups, c.filters = c.all_filters / c.groups;
  c.source_pixels = s.in_size, c.out_pixels = s.out_size;
  c.w = data<T>(w);
  c.w_tap = c.channels * c.all_filters, c.w_channel = c.all_filters, c.w_filter = 1;
  c.w_group = c.filters;
  return c;
}

// A 1x1 convolution without strides is one product over all pixels.
bool is_pointwise(const ConvArgs& args, const Spatial& s) {
  bool plain = s.window_size == 1 && args.groups == 1;
  for (int d = 0; d < 3; ++d) plain = plain && s.stride[d] == 1 && s.in[d] == s.out[d];
  return plain;
}
View matrix(const View& v, int64_t rows, int64_t columns, bool transposed = false) {
  View m;
  m.data = v.data, m.dtype = v.dtype, m.rank = 2;
  m.shape[0] = rows, m.shape[1] = columns;
  m.strides[0] = transposed ? 1 : columns, m.strides[1] = transposed ? rows : 1;
  return m;
}

Spatial spatial(const ConvArgs& a, const View& x, const View& w, const View& y) {
  return {a.spatial, x, y, w.shape, a.stride, a.dilation, a.pad_lo};
}

// Whether every channel has one filter of its own. All channels then count as one group.
template <class T>
bool take_channels_together(Correlation<T>* c) {
  if (c->groups == 1 || c->channels != 1 || c->filters != 1) return false;
  c->channels = c->groups, c->groups = 1;
  return true;
}

template <class T>
void run(const Context& ctx, Correlation<T> c, const T* x, T* y, const Epilogue<T>& epilogue) {
  if (c.images * c.axis[0].count * c.axis[1].count * c.axis[2].count == 0) return;
  if (take_channels_together(&c))
    correlate_channels(ctx, c, x, y, epilogue);
  else if (fits_winograd(c))
    correlate_squares(ctx, c, x, y, epilogue);
  else
    correlate(ctx, c, x, y, epilogue);
}

template <class T>
void forward(const Context& ctx, const ConvArgs& args, const View& x, const View& w,
             const View& y) {
  const Spatial s = spatial(args, x, w, y);
  run(ctx, forward_correlation<T>(args, s, w), data<T>(x), data<T>(y),
      Epilogue<T>(args.bias, args.has_act, args.act, args.p0, args.p1));
}

template <class T>
void input_grad(const Context& ctx, const ConvArgs& args, const View& gy, const View& w,
                const View& gx) {
  const Spatial s = spatial(args, gx, w, gy);
  Correlation<T> c = forward_correlation<T>(args, s, w);
  std::swap(c.channels, c.filters);
  std::swap(c.all_channels, c.all_filters);
  std::swap(c.w_channel, c.w_filter);
  std::swap(c.source_pixels, c.out_pixels);
  for (int d = 0; d < 3; ++d) c.out_shape[d] = s.in[d];
  const Epilogue<T> none(nullptr, false, {}, 0, 0);
  for (int64_t a = 0; a < s.stride[0]; ++a)
    for (int64_t b = 0; b < s.stride[1]; ++b)
      for (int64_t e = 0; e < s.stride[2]; ++e) {
        c.axis[0] = backward_axis(s, 0, a);
        c.axis[1] = backward_axis(s, 1, b);
        c.axis[2] = backward_axis(s, 2, e);
        run(ctx, c, data<T>(gy), data<T>(gx), none);
      }
}

// Adds one band's share of the gradient of the kernel to `sum`.
template <class T>
void kernel_grad_band(const Context& ctx, const Correlation<T>& c, const Band& band, const T* x,
                      const T* gy, T* sum) {
  const T* g = gy + band.out_row(c, band.q1);
  const bool whole_rows = c.axis[2].pitch == 1;
  const int64_t height = whole_rows ? c.axis[2].taps * c.channels : c.channels;
  for (int64_t group = 0; group < c.groups; ++group) {
    const Source<T> source(ctx, 0, c, x, band, group);
    int64_t runs;
    const int64_t* taps = tap_offsets(ctx, 1, c, source, whole_rows, &runs);
    int64_t* rows = scratch<int64_t>(ctx, 6, band.rows);
    for (int64_t i = 0; i < band.rows; ++i) rows[i] = i * c.axis[1].step * source.row;
    RegisterTile<T> tile{};
    tile.pieces = band.rows, tile.length = c.axis[2].count, tile.offsets = rows;
    tile.stride = c.axis[2].step * source.pixel;
    tile.ldc = c.all_filters;
    tile.accumulate = true;
    for (int64_t p = 0; p < c.filters; p += kPanel<T>) {
      const int64_t j = group * c.filters + p;
      tile.width = min64(kPanel<T>, c.filters - p);
      tile.b = g + j, tile.ldb = c.all_filters;
      if (tile.width % kVectorLength<T> != 0) {
        const int64_t pixels = band.rows * c.axis[2].count;
        tile.ldb = panel_width<T>(tile.width);
        T* packed = scratch<T>(ctx, 3, pixels * tile.ldb);
        pack_panel(pixels, tile.width, g + j, c.all_filters, 1, packed);
        tile.b = packed;
      }
      for (int64_t run = 0; run < runs; ++run) {
        tile.a = source.base + taps[run];
        tile.c = sum + run * height * c.all_filters + j;
        multiply_rows(Left::kColumns, height, tile);
      }
    }
  }
}

template <class T>
void kernel_grad(const Context& ctx, const ConvArgs& args, const View& x, const View& gy,
                 const View& gw) {
  const Spatial s = spatial(args, x, gw, gy);
  Correlation<T> c = forward_correlation<T>(args, s, gw);
  const bool channels = take_channels_together(&c);
  const bool squares = !channels && fits_winograd(c);
  const Squares<T> grid(c);
  const Bands bands(squares ? grid.even : c, squares ? 2 : 1);
  const int64_t size = squares ? 16 * c.channels * c.filters : numel(gw);
  // Bands in fixed chunks, each with a sum of its own; the sums are added in order.
  const int64_t chunks = max64(1, min64(bands.count, 8));
  T* parts = scratch<T>(ctx, 2, chunks * size);
  parallel_flushed(ctx, chunks, c.flops() * kFlop, [&](int64_t q) {
    T* sum = parts + q * size;
    for (int64_t j = 0; j < size; ++j) sum[j] = 0;
    for (int64_t b = bands.count * q / chunks; b < bands.count * (q + 1) / chunks; ++b) {
      const Band band(bands, squares ? grid.even : c, b);
      if (squares)
        kernel_grad_squares(ctx, c, grid, band, data<T>(x), data<T>(gy), sum);
      else if (channels)
        kernel_grad_channels(ctx, c, band, data<T>(x), data<T>(gy), sum);
      else
        kernel_grad_band(ctx, c, band, data<T>(x), data<T>(gy), sum);
    }
  });
  T* total = squares ? parts : data<T>(gw);
  const int64_t blocks = (size + 4095) / 4096;
  parallel_flushed(ctx, blocks, 0.05 * static_cast<double>(chunks * size), [&](int64_t block) {
    for (int64_t j = block * 4096; j < min64(size, (block + 1) * 4096); ++j) {
      T v = parts[j];
      for (int64_t q = 1; q < chunks; ++q) v += parts[q * size + j];
      total[j] = v;
    }
  });
  if (squares) kernel_of_squares(c, total, data<T>(gw));
}

void conv(const Context& ctx, const ConvArgs& a, const View& x, const View& w, const View& y) {
  const Spatial s = spatial(a, x, w, y);
  if (is_pointwise(a, s)) {
    const int64_t pixels = s.n * s.out_size, f = w.shape[a.spatial + 1];
    return matmul(ctx, {matrix(x, pixels, s.c), matrix(w, s.c, f), matrix(y, pixels, f), a.bias,
                        a.has_act, a.act, a.p0, a.p1, false});
  }
  y.dtype == DType::kFloat32 ? forward<float>(ctx, a, x, w, y) : forward<double>(ctx, a, x, w, y);
}
void conv_input_grad(const Context& ctx, const ConvArgs& a, const View& gy, const View& w,
                     const View& gx) {
  const Spatial s = spatial(a, gx, w, gy);
  if (is_pointwise(a, s)) {
    const int64_t pixels = s.n * s.out_size, f = w.shape[a.spatial + 1];
    return matmul(ctx, {matrix(gy, pixels, f),
                        matrix(w, f, s.c, true),
                        matrix(gx, pixels, s.c),
                        nullptr,
                        false,
                        {},
                        0,
                        0,
                        false});
  }
  gx.dtype == DType::kFloat32 ? input_grad<float>(ctx, a, gy, w, gx)
                              : input_grad<double>(ctx, a, gy, w, gx);
}
void conv_kernel_grad(const Context& ctx, const ConvArgs& a, const View& x, const View& gy,
                      const View& gw) {
  const Spatial s = spatial(a, x, gw, gy);
  if (is_pointwise(a, s)) {
    const int64_t pixels = s.n * s.out_size, f = gw.shape[a.spatial + 1];
    return matmul(ctx, {matrix(x, s.c, pixels, true),
                        matrix(gy, pixels, f),
                        matrix(gw, s.c, f),
                        nullptr,
                        false,
                        {},
                        0,
                        0,
                        false});
  }
  gw.dtype == DType::kFloat32 ? kernel_grad<float>(ctx, a, x, gy, gw)
                              : kernel_grad<double>(ctx, a, x, gy, gw);
}

}  // namespace

void fill_conv(abi::KernelTable& t) {
  t.conv = conv;
  t.conv_input_grad = conv_input_grad;
  t.conv_kernel_grad = conv_kernel_grad;
}

}  // namespace lamina::LAMINA_ISA
