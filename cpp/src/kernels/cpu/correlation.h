// What all ways to convolve share: where taps, outputs and weights lie, how work is cut into bands
// of output rows, and a copy of what a band sees where windows reach over the edge.
#pragma once
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/spatial.h"

namespace lamina::LAMINA_ISA {
namespace {

constexpr double kFlop = 0.006;  // nanoseconds

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
               const int64_t j = index % panels * kPanel<T>,
                             size = channels * panel_width<T>(filters - j);
               const T* from = w + index / panels * w_group + j * w_filter;
               T* panel = to + index * depth * kPanel<T>;
               for (int64_t a = 0; a < axis[0].taps; ++a)
                 for (int64_t b = 0; b < axis[1].taps; ++b)
                   for (int64_t e = 0; e < axis[2].taps; ++e, panel += size)
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

  // `unit` rows stay together.
  template <class T>
  explicit Bands(const Correlation<T>& c, int64_t unit = 1) {
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
    rows = (rows + unit - 1) / unit * unit;
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

}  // namespace
}  // namespace lamina::LAMINA_ISA
