// Convolution as a product of weights, packed once, with the image itself: the rows of the left
// operand are the windows of the pixels of an output row, read where they lie. Where windows reach
// over the edge, a few rows of the image are first copied to a slab with zeros around.
//
// The gradient of the input is the same correlation of the output's gradient with the kernel turned
// round; with strides, one for each phase of the input's pixels. The gradient of the kernel is a
// product with the slab's columns. Where every channel has a filter of its own, the same walk
// multiplies vectors of channels instead.
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/matmul.h"
#include "kernels/cpu/spatial.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::ConvArgs;

constexpr double kFlop = 0.01;  // nanoseconds

// One spatial axis: output q is a sum over taps t of what lies at q * step + first + t * pitch.
struct Axis {
  int64_t source, count, step;      // length of the source; outputs
  int64_t taps, first, pitch;       //
  int64_t tap, tap_step;            // the kernel's index of tap t: tap + t * tap_step
  int64_t out_first, out_step = 1;  // where output q lies: out_first + q * out_step

  int64_t last() const { return first + (taps - 1) * pitch + (count - 1) * step; }
  bool inside() const { return taps > 0 && first >= 0 && last() < source; }
  // How many positions of the source the outputs [0, n) see between them.
  int64_t span(int64_t n) const { return taps ? (n - 1) * step + (taps - 1) * pitch + 1 : 0; }
};

int64_t greatest_divisor(int64_t a, int64_t b) { return b ? greatest_divisor(b, a % b) : a; }

Axis forward_axis(const Spatial& s, int d) {
  return {s.in[d], s.out[d], s.stride[d], s.window[d], -s.pad[d], s.dilation[d], 0, 1, 0, 1};
}
// The input's pixels phase, phase + stride, ... as outputs: o * stride + k * dilation - pad = i.
Axis backward_axis(const Spatial& s, int d, int64_t phase) {
  const int64_t stride = s.stride[d], dilation = s.dilation[d], at = phase + s.pad[d];
  const int64_t divisor = greatest_divisor(stride, dilation);
  Axis a{s.out[d], (s.in[d] - phase + stride - 1) / stride,
         1,        0,
         0,        dilation / divisor,
         0,        -stride / divisor,
         phase,    stride};
  for (int64_t k = 0; k < s.window[d]; ++k) {
    if ((at - k * dilation) % stride != 0) continue;
    ++a.taps, a.tap = k, a.first = (at - k * dilation) / stride;  // the last k comes first
  }
  return a;
}

// y[o] = sum over taps and channels of x[o * step + ...] w, with all that says where things lie.
template <class T>
struct Correlation {
  Axis axis[3];
  int64_t images, groups;
  int64_t channels, filters;  // of one group
  int64_t all_channels, all_filters, source_pixels, out_pixels, out_shape[3], window[3];
  const T* w;
  int64_t w_tap, w_channel, w_filter, w_group;  // strides of the weights

  int64_t taps() const { return axis[0].taps * axis[1].taps * axis[2].taps; }
  int64_t depth() const { return taps() * channels; }
  double flops() const {
    return 2.0 * static_cast<double>(images * axis[0].count * axis[1].count * axis[2].count) *
           static_cast<double>(depth()) * static_cast<double>(filters * groups);
  }
  // The weights, group by group, in panels whose rows follow the taps.
  const T* pack(const Context& ctx, int slot) const {
    const int64_t panels = (filters + kPanel<T> - 1) / kPanel<T>, depth = this->depth();
    T* to = scratch<T>(ctx, slot, groups * panels * depth * kPanel<T>);
    parallel(ctx, groups * panels, 0.3 * static_cast<double>(groups * filters * depth),
             [&](int64_t index) {
               const int64_t j = index % panels * kPanel<T>;
               const T* from = w + index / panels * w_group + j * w_filter;
               T* panel = to + index * depth * kPanel<T>;
               for (int64_t a = 0; a < axis[0].taps; ++a)
                 for (int64_t b = 0; b < axis[1].taps; ++b)
                   for (int64_t e = 0; e < axis[2].taps; ++e, panel += channels * kPanel<T>)
                     pack_panel(channels, min64(kPanel<T>, filters - j),
                                from + tap(a, b, e) * w_tap, w_channel, w_filter, panel);
             });
    return to;
  }
  int64_t tap(int64_t a, int64_t b, int64_t e) const {
    const auto at = [&](int d, int64_t t) { return axis[d].tap + t * axis[d].tap_step; };
    return (at(0, a) * window[1] + at(1, b)) * window[2] + at(2, e);
  }
};

// Work is cut into bands of output rows of one image.
struct Bands {
  int64_t rows, of_plane, planes, count;

  template <class T>
  explicit Bands(const Correlation<T>& c) {
    const int64_t height = c.axis[1].count;
    // The slab stays in L2 ...
    const int64_t row_bytes = max64(1, c.axis[0].taps * c.axis[2].span(c.axis[2].count) *
                                           c.channels * static_cast<int64_t>(sizeof(T)));
    const int64_t fit = max64(1, (98304 / row_bytes - c.axis[1].span(1)) / c.axis[1].step + 1);
    // ... and a few images still make enough bands, none so small that starting it would show.
    planes = c.axis[0].count;
    const int64_t wanted = min64(16, static_cast<int64_t>(c.flops() / 5e5));
    const int64_t share = max64(1, (wanted + c.images * planes - 1) / (c.images * planes));
    of_plane = min64(height, max64((height + fit - 1) / fit, share));
    rows = (height + of_plane - 1) / of_plane;
    of_plane = (height + rows - 1) / rows;
    count = c.images * planes * of_plane;
  }
};

struct Band {
  int64_t image, q0, q1, rows;

  template <class T>
  Band(const Bands& bands, const Correlation<T>& c, int64_t index)
      : image(index / bands.of_plane / bands.planes),
        q0(index / bands.of_plane % bands.planes),
        q1(index % bands.of_plane * bands.rows),
        rows(min64(bands.rows, c.axis[1].count - q1)) {}
  // Where output row q of the band's plane begins.
  template <class T>
  int64_t out_row(const Correlation<T>& c, int64_t q) const {
    const int64_t o0 = c.axis[0].out_first + q0 * c.axis[0].out_step;
    const int64_t o1 = c.axis[1].out_first + q * c.axis[1].out_step;
    return (image * c.out_pixels + (o0 * c.out_shape[1] + o1) * c.out_shape[2] +
            c.axis[2].out_first) *
           c.all_filters;
  }
};

// What one band sees of one group: the image itself, or a slab with zeros for what lies outside.
template <class T>
struct Source {
  const T* base;              // of the first output's first tap
  int64_t pixel, row, plane;  // strides

  Source(const Context& ctx, int slot, const Correlation<T>& c, const T* x, const Band& band,
         int64_t group) {
    const T* image = x + band.image * c.source_pixels * c.all_channels;
    const Axis &depth = c.axis[0], &height = c.axis[1], &width = c.axis[2];
    const int64_t z = band.q0 * depth.step + depth.first;
    const int64_t y = band.q1 * height.step + height.first;
    const int64_t tall = height.span(band.rows), wide = width.span(width.count);
    const bool inside = z >= 0 && z + (depth.taps - 1) * depth.pitch < depth.source && y >= 0 &&
                        y + tall <= height.source && width.inside() && c.taps() > 0;
    if (inside && c.groups == 1) {
      pixel = c.channels, row = width.source * pixel, plane = height.source * row * depth.pitch;
      base = image + z * height.source * row + y * row + width.first * pixel;
      return;
    }
    pixel = c.channels, row = wide * pixel, plane = tall * row;
    T* to = scratch<T>(ctx, slot, depth.taps * plane);
    base = to;
    const int64_t left = min64(wide, max64(0, -width.first));
    const int64_t right = max64(left, min64(wide, width.source - width.first));
    for (int64_t a = 0; a < depth.taps; ++a) {
      const int64_t iz = z + a * depth.pitch;
      for (int64_t iy = y; iy < y + tall; ++iy, to += row) {
        if (iz < 0 || iz >= depth.source || iy < 0 || iy >= height.source) {
          fill(to, 0, row);
          continue;
        }
        const T* from =
            image +
            ((iz * height.source + iy) * width.source + left + width.first) * c.all_channels +
            group * c.channels;
        fill(to, 0, left * pixel);
        if (c.groups == 1) {
          std::memcpy(to + left * pixel, from,
                      static_cast<size_t>((right - left) * pixel) * sizeof(T));
        } else {
          for (int64_t i = left; i < right; ++i, from += c.all_channels)
            for (int64_t j = 0; j < pixel; ++j) to[i * pixel + j] = from[j];
        }
        fill(to, right * pixel, row);
      }
    }
  }

 private:
  static void fill(T* to, int64_t first, int64_t last) {
    for (int64_t j = first; j < last; ++j) to[j] = 0;
  }
};

// Where the taps of one output lie; with `whole_rows` only the first of each row of the window.
template <class T>
const int64_t* tap_offsets(const Context& ctx, int slot, const Correlation<T>& c,
                           const Source<T>& s, bool whole_rows, int64_t* count) {
  const int64_t each = whole_rows ? 1 : c.axis[2].taps;
  *count = c.taps() ? c.axis[0].taps * c.axis[1].taps * each : 0;
  int64_t* offsets = scratch<int64_t>(ctx, slot, *count);
  int64_t* to = offsets;
  for (int64_t a = 0; *count && a < c.axis[0].taps; ++a)
    for (int64_t b = 0; b < c.axis[1].taps; ++b)
      for (int64_t e = 0; e < each; ++e)
        *to++ = a * s.plane + b * c.axis[1].pitch * s.row + e * c.axis[2].pitch * s.pixel;
  return offsets;
}

template <class T>
void correlate(const Context& ctx, const Correlation<T>& c, const T* x, T* y,
               const Epilogue<T>& epilogue) {
  const T* packed = c.pack(ctx, 2);
  const Bands bands(c);
  const int64_t panels = (c.filters + kPanel<T> - 1) / kPanel<T>;
  parallel(ctx, bands.count, c.flops() * kFlop, [&](int64_t index) {
    const Band band(bands, c, index);
    for (int64_t g = 0; g < c.groups; ++g) {
      const Source<T> source(ctx, 0, c, x, band, g);
      RegisterTile<T> tile{};
      // Neighbouring taps side by side are one run.
      const bool whole_rows = c.axis[2].pitch == 1;
      tile.length = whole_rows ? c.axis[2].taps * c.channels : c.channels;
      tile.offsets = tap_offsets(ctx, 1, c, source, whole_rows, &tile.pieces);
      tile.stride = c.axis[2].step * source.pixel;
      tile.ldb = kPanel<T>;
      tile.ldc = c.axis[2].out_step * c.all_filters;
      for (int64_t p = 0; p < panels; ++p) {
        const int64_t j = g * c.filters + p * kPanel<T>;
        tile.width = min64(kPanel<T>, c.filters - p * kPanel<T>);
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

// ---- one filter for each channel ----

// to[j] = bias[j] + sum over taps of from[offset + j] w[j], for `pixels` neighbours.
template <class T, int V>
void depthwise_row(int64_t pixels, int64_t taps, const int64_t* offsets, const T* from,
                   int64_t from_step, const T* w, int64_t w_step, const T* bias, T* to,
                   int64_t to_step) {
  constexpr int n = kVectorLength<T>;
  for (int64_t i = 0; i < pixels; ++i, from += from_step, to += to_step) {
    Vector<T> sum[V] = {};
    if (bias) {
      LAMINA_UNROLL
      for (int v = 0; v < V; ++v) sum[v] = load_vector(bias + v * n);
    }
    for (int64_t t = 0; t < taps; ++t) {
      const T *x = from + offsets[t], *y = w + t * w_step;
      LAMINA_UNROLL
      for (int v = 0; v < V; ++v) sum[v] = sum[v] + load_vector(x + v * n) * load_vector(y + v * n);
    }
    LAMINA_UNROLL
    for (int v = 0; v < V; ++v) store_vector(to + v * n, sum[v]);
  }
}

// sum[t][j] += x[offset of t + j] g[j] over `pixels` neighbours, for kTaps taps.
template <class T, int V, int kTaps>
void depthwise_taps_grad(int64_t pixels, const int64_t* offsets, const T* from, int64_t from_step,
                         const T* g, int64_t g_step, T* sum, int64_t sum_step) {
  constexpr int n = kVectorLength<T>;
  Vector<T> part[kTaps][V];
  LAMINA_UNROLL
  for (int t = 0; t < kTaps; ++t) {
    LAMINA_UNROLL
    for (int v = 0; v < V; ++v) part[t][v] = load_vector(sum + t * sum_step + v * n);
  }
  for (int64_t i = 0; i < pixels; ++i, from += from_step, g += g_step) {
    LAMINA_UNROLL
    for (int v = 0; v < V; ++v) {
      const Vector<T> y = load_vector(g + v * n);
      LAMINA_UNROLL
      for (int t = 0; t < kTaps; ++t)
        part[t][v] = part[t][v] + load_vector(from + offsets[t] + v * n) * y;
    }
  }
  LAMINA_UNROLL
  for (int t = 0; t < kTaps; ++t) {
    LAMINA_UNROLL
    for (int v = 0; v < V; ++v) store_vector(sum + t * sum_step + v * n, part[t][v]);
  }
}

template <class T, int V>
void depthwise_row_grad(int64_t pixels, int64_t taps, const int64_t* offsets, const T* from,
                        int64_t from_step, const T* g, int64_t g_step, T* sum, int64_t sum_step) {
  int64_t t = 0;
  for (; t + 3 <= taps; t += 3)
    depthwise_taps_grad<T, V, 3>(pixels, offsets + t, from, from_step, g, g_step,
                                 sum + t * sum_step, sum_step);
  for (; t < taps; ++t)
    depthwise_taps_grad<T, V, 1>(pixels, offsets + t, from, from_step, g, g_step,
                                 sum + t * sum_step, sum_step);
}

// Calls row(first channel, vectors) over blocks of channels and single(channel) for what is left.
template <class T, class Row, class Single>
void each_block(int64_t channels, Row&& row, Single&& single) {
  constexpr int64_t n = kVectorLength<T>;
  int64_t j = 0;
  for (; j + 4 * n <= channels; j += 4 * n) row(j, std::integral_constant<int, 4>());
  for (; j + n <= channels; j += n) row(j, std::integral_constant<int, 1>());
  for (; j < channels; ++j) single(j);
}

template <class T>
void correlate_channels(const Context& ctx, const Correlation<T>& c, const T* x, T* y,
                        const Epilogue<T>& epilogue) {
  const int64_t n = c.channels;
  T* w = scratch<T>(ctx, 2, c.taps() * n);
  for (int64_t a = 0, t = 0; c.taps() && a < c.axis[0].taps; ++a)
    for (int64_t b = 0; b < c.axis[1].taps; ++b)
      for (int64_t e = 0; e < c.axis[2].taps; ++e, ++t)
        for (int64_t j = 0; j < n; ++j) w[t * n + j] = c.w[c.tap(a, b, e) * n + j];
  const Bands bands(c);
  parallel(ctx, bands.count, c.flops() * 4 * kFlop, [&](int64_t index) {
    const Band band(bands, c, index);
    const Source<T> source(ctx, 0, c, x, band, 0);
    int64_t taps;
    const int64_t* offsets = tap_offsets(ctx, 1, c, source, false, &taps);
    const int64_t pixels = c.axis[2].count, step = c.axis[2].step * n,
                  out_step = c.axis[2].out_step * n;
    for (int64_t i = 0; i < band.rows; ++i) {
      const T* from = source.base + i * c.axis[1].step * source.row;
      T* to = y + band.out_row(c, band.q1 + i);
      each_block<T>(
          n,
          [&](int64_t j, auto vectors) {
            depthwise_row<T, vectors>(pixels, taps, offsets, from + j, step, w + j, n,
                                      epilogue.bias ? epilogue.bias + j : nullptr, to + j,
                                      out_step);
          },
          [&](int64_t j) {
            for (int64_t p = 0; p < pixels; ++p) {
              T sum = epilogue.bias ? epilogue.bias[j] : T(0);
              for (int64_t t = 0; t < taps; ++t)
                sum = sum + from[p * step + offsets[t] + j] * w[t * n + j];
              to[p * out_step + j] = sum;
            }
          });
    }
    epilogue.activate(y + band.out_row(c, band.q1), band.rows * pixels, n, n);
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
        T* packed = scratch<T>(ctx, 3, pixels * kPanel<T>);
        pack_panel(pixels, tile.width, g + j, c.all_filters, 1, packed);
        tile.b = packed, tile.ldb = kPanel<T>;
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
void kernel_grad_channels(const Context& ctx, const Correlation<T>& c, const Band& band, const T* x,
                          const T* gy, T* sum) {
  const int64_t n = c.channels, pixels = c.axis[2].count, step = c.axis[2].step * n;
  const Source<T> source(ctx, 0, c, x, band, 0);
  int64_t taps;
  const int64_t* offsets = tap_offsets(ctx, 1, c, source, false, &taps);
  for (int64_t i = 0; i < band.rows; ++i) {
    const T* from = source.base + i * c.axis[1].step * source.row;
    const T* g = gy + band.out_row(c, band.q1 + i);
    each_block<T>(
        n,
        [&](int64_t j, auto vectors) {
          depthwise_row_grad<T, vectors>(pixels, taps, offsets, from + j, step, g + j, n, sum + j,
                                         n);
        },
        [&](int64_t j) {
          for (int64_t t = 0; t < taps; ++t)
            for (int64_t p = 0; p < pixels; ++p)
              sum[t * n + j] = sum[t * n + j] + from[p * step + offsets[t] + j] * g[p * n + j];
        });
  }
}

template <class T>
void kernel_grad(const Context& ctx, const ConvArgs& args, const View& x, const View& gy,
                 const View& gw) {
  const Spatial s = spatial(args, x, gw, gy);
  Correlation<T> c = forward_correlation<T>(args, s, gw);
  const bool channels = take_channels_together(&c);
  const Bands bands(c);
  const int64_t size = numel(gw);
  // Bands in fixed chunks, each with a sum of its own; the sums are added in order.
  const int64_t chunks = max64(1, min64(bands.count, 8));
  T* parts = scratch<T>(ctx, 2, chunks * size);
  parallel(ctx, chunks, c.flops() * kFlop, [&](int64_t q) {
    T* sum = parts + q * size;
    for (int64_t j = 0; j < size; ++j) sum[j] = 0;
    for (int64_t b = bands.count * q / chunks; b < bands.count * (q + 1) / chunks; ++b) {
      const Band band(bands, c, b);
      if (channels)
        kernel_grad_channels(ctx, c, band, data<T>(x), data<T>(gy), sum);
      else
        kernel_grad_band(ctx, c, band, data<T>(x), data<T>(gy), sum);
    }
  });
  T* pw = data<T>(gw);
  for (int64_t j = 0; j < size; ++j) {
    T v = parts[j];
    for (int64_t q = 1; q < chunks; ++q) v += parts[q * size + j];
    pw[j] = v;
  }
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
