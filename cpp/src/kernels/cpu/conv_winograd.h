// 3x3 convolution by Winograd's F(2x2, 3x3) (Lavin and Gray 2015, arXiv:1509.09308): squares of 2x2
// outputs from 4x4 inputs with 16 products a channel and filter in place of 36. For each of the 16
// places in a square one matrix product over squares and channels.
#pragma once
#include "kernels/cpu/correlation.h"
#include "kernels/cpu/epilogue.h"

namespace lamina::LAMINA_ISA {
namespace {

template <class T>
bool fits_winograd(const Correlation<T>& c) {
  constexpr int64_t n = kVectorLength<T>;
  for (int d : {1, 2})
    if (c.axis[d].taps != 3 || c.axis[d].pitch != 1 || c.axis[d].step != 1 ||
        c.axis[d].out_step != 1 || c.axis[d].count < 4)
      return false;
  // With few channels the squares cost more than they save.
  return c.groups == 1 && c.axis[0].taps == 1 && c.channels % n == 0 && c.filters % n == 0 &&
         c.channels * c.filters >= 512 && c.images * c.axis[1].count * c.axis[2].count >= 512;
}

// Rows 0 to 3 of B' d for a column d, in place.
template <class V>
inline void winograd_input(V& d0, V& d1, V& d2, V& d3) {
  const V a = d0 - d2, b = d1 + d2, c = d2 - d1, e = d1 - d3;
  d0 = a, d1 = b, d2 = c, d3 = e;
}

// The weights as they meet the squares: for each panel and place, channels by filters.
template <class T>
const T* winograd_weights(const Context& ctx, const Correlation<T>& c, const T* packed, int slot) {
  constexpr int64_t n = kVectorLength<T>;
  const int64_t panels = (c.filters + kPanel<T> - 1) / kPanel<T>;
  T* to = scratch<T>(ctx, slot, 16 * packed_size<T>(c.channels, c.filters));
  parallel_flushed(ctx, panels, static_cast<double>(c.channels * c.filters), [&](int64_t p) {
    const int64_t first = p * kPanel<T>, area = c.channels * panel_width<T>(c.filters - first);
    for (int64_t j = 0; j < area; j += n) {
      Vector<T> g[3][3], half[4][3];
      const T* from = packed + first * c.depth() + j;
      for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b) g[a][b] = load_vector(from + (a * 3 + b) * area);
      for (int b = 0; b < 3; ++b) {
        const Vector<T> sum = T(0.5) * (g[0][b] + g[2][b]), middle = T(0.5) * g[1][b];
        half[0][b] = g[0][b], half[1][b] = sum + middle, half[2][b] = sum - middle,
        half[3][b] = g[2][b];
      }
      T* out = to + 16 * first * c.channels + j;
      for (int a = 0; a < 4; ++a, out += 4 * area) {
        const Vector<T> sum = T(0.5) * (half[a][0] + half[a][2]), middle = T(0.5) * half[a][1];
        store_vector(out, half[a][0]), store_vector(out + area, sum + middle);
        store_vector(out + 2 * area, sum - middle), store_vector(out + 3 * area, half[a][2]);
      }
    }
  });
  return to;
}

// One vector of channels of one square: 4x4 inputs to 16 places, `apart` from each other.
template <class T>
inline void square_in(const T* from, int64_t row, int64_t pixel, T* to, int64_t apart) {
  Vector<T> d[4][4];
  LAMINA_UNROLL
  for (int a = 0; a < 4; ++a) {
    LAMINA_UNROLL
    for (int b = 0; b < 4; ++b) d[a][b] = load_vector(from + a * row + b * pixel);
  }
  LAMINA_UNROLL
  for (int b = 0; b < 4; ++b) winograd_input(d[0][b], d[1][b], d[2][b], d[3][b]);
  LAMINA_UNROLL
  for (int a = 0; a < 4; ++a) {
    winograd_input(d[a][0], d[a][1], d[a][2], d[a][3]);
    LAMINA_UNROLL
    for (int b = 0; b < 4; ++b) store_vector(to + (a * 4 + b) * apart, d[a][b]);
  }
}

// One vector of filters of one square: 16 places to 2x2 outputs, of which rows x columns exist.
template <class T>
inline void square_out(const T* from, int64_t apart, const T* bias, T* to, int64_t row,
                       int64_t pixel, int64_t rows, int64_t columns) {
  Vector<T> half[2][4];
  LAMINA_UNROLL
  for (int b = 0; b < 4; ++b) {
    const Vector<T> m0 = load_vector(from + b * apart), m1 = load_vector(from + (4 + b) * apart),
                    m2 = load_vector(from + (8 + b) * apart),
                    m3 = load_vector(from + (12 + b) * apart);
    half[0][b] = m0 + m1 + m2;
    half[1][b] = m1 - m2 - m3;
  }
  const Vector<T> start = bias ? load_vector(bias) : Vector<T>{};
  for (int a = 0; a < rows; ++a) {
    const Vector<T>* m = half[a];
    store_vector(to + a * row, start + (m[0] + m[1] + m[2]));
    if (columns > 1) store_vector(to + a * row + pixel, start + (m[1] - m[2] - m[3]));
  }
}

// The transposes of square_in's and square_out's steps, for the gradient of the kernel. A square of
// 2x2 gradients, of which rows x columns exist, to 16 places.
template <class T>
inline void square_grad_in(const T* from, int64_t row, int64_t pixel, int64_t rows, int64_t columns,
                           T* to, int64_t apart) {
  const Vector<T> zero{};
  Vector<T> half[4][2];
  LAMINA_UNROLL
  for (int b = 0; b < 2; ++b) {
    const bool in = b < columns;
    const Vector<T> g0 = in ? load_vector(from + b * pixel) : zero,
                    g1 = in && rows > 1 ? load_vector(from + row + b * pixel) : zero;
    half[0][b] = g0, half[1][b] = g0 + g1, half[2][b] = g0 - g1, half[3][b] = zero - g1;
  }
  LAMINA_UNROLL
  for (int a = 0; a < 4; ++a, to += 4 * apart) {
    store_vector(to, half[a][0]), store_vector(to + apart, half[a][0] + half[a][1]);
    store_vector(to + 2 * apart, half[a][0] - half[a][1]);
    store_vector(to + 3 * apart, zero - half[a][1]);
  }
}

// The sums of 16 places, `apart` from each other, to the 3x3 taps of the kernel's gradient.
template <class T>
inline void square_grad_out(const T* from, int64_t apart, T* to, int64_t tap) {
  Vector<T> half[3][4];
  LAMINA_UNROLL
  for (int b = 0; b < 4; ++b) {
    const Vector<T> s0 = load_vector(from + b * apart), s1 = load_vector(from + (4 + b) * apart),
                    s2 = load_vector(from + (8 + b) * apart),
                    s3 = load_vector(from + (12 + b) * apart);
    const Vector<T> sum = T(0.5) * (s1 + s2);
    half[0][b] = s0 + sum, half[1][b] = T(0.5) * (s1 - s2), half[2][b] = sum + s3;
  }
  LAMINA_UNROLL
  for (int a = 0; a < 3; ++a) {
    const Vector<T>* s = half[a];
    const Vector<T> sum = T(0.5) * (s[1] + s[2]);
    store_vector(to + 3 * a * tap, s[0] + sum);
    store_vector(to + (3 * a + 1) * tap, T(0.5) * (s[1] - s[2]));
    store_vector(to + (3 * a + 2) * tap, sum + s[3]);
  }
}

// What both directions share of walking over a band: squares of 2x2 outputs, a few rows at a time,
// so that what lies between the steps stays in L2.
template <class T>
struct Squares {
  Correlation<T> even;  // whole squares: an odd edge is computed with zeros beyond it
  int64_t across, room, stride;

  explicit Squares(const Correlation<T>& c) : even(c) {
    for (int d : {1, 2}) even.axis[d].count = (c.axis[d].count + 1) / 2 * 2;
    across = even.axis[2].count / 2;
    room = max64(1, 64 / across) * across;
    stride = c.channels % 256 == 0 ? c.channels + kVectorLength<T> : c.channels;
  }
  // Squares [first, first + count) of a band's inputs.
  void inputs(const Source<T>& source, int64_t first, int64_t count, T* to) const {
    for (int64_t s = 0; s < count; ++s) {
      const int64_t q = (first + s) / across * 2, r = (first + s) % across * 2;
      const T* from = source.base + q * source.row + r * source.pixel;
      for (int64_t j = 0; j < even.channels; j += kVectorLength<T>)
        square_in(from + j, source.row, source.pixel, to + s * stride + j, room * stride);
    }
  }
};

template <class T>
void correlate_squares(const Context& ctx, const Correlation<T>& c, const T* x, T* y,
                       const Epilogue<T>& epilogue) {
  constexpr int64_t n = kVectorLength<T>;
  const T* weights = winograd_weights(ctx, c, c.pack(ctx, 2), 3);
  const Squares<T> grid(c);
  const int64_t across = grid.across, room = grid.room, stride = grid.stride;
  const Bands bands(grid.even, 2);
  const int64_t panels = (c.filters + kPanel<T> - 1) / kPanel<T>;
  parallel_flushed(ctx, bands.count, 0.6 * c.flops() * kFlop, [&](int64_t index) {
    const Band band(bands, grid.even, index);
    const Source<T> source(ctx, 0, grid.even, x, band, 0);
    const int64_t squares = band.rows / 2 * across;
    for (int64_t first = 0; first < squares; first += room) {
      const int64_t count = min64(room, squares - first);
      T* in = scratch<T>(ctx, 6, 16 * room * stride);
      grid.inputs(source, first, count, in);
      for (int64_t p = 0; p < panels; ++p) {
        const int64_t width = min64(kPanel<T>, c.filters - p * kPanel<T>), f = p * kPanel<T>;
        T* out = scratch<T>(ctx, 7, 16 * room * width);
        RegisterTile<T> tile{};
        tile.stride = stride, tile.pieces = 1, tile.length = c.channels;
        tile.ldb = panel_width<T>(width), tile.ldc = tile.width = width;
        for (int64_t place = 0; place < 16; ++place) {
          tile.a = in + place * room * stride;
          tile.b = weights + (16 * f + place * tile.ldb) * c.channels;
          tile.c = out + place * room * width;
          multiply_rows(Left::kRows, count, tile);
        }
        for (int64_t s = 0; s < count; ++s) {
          const int64_t q = band.q1 + (first + s) / across * 2, r = (first + s) % across * 2;
          T* to = y + band.out_row(c, q) + r * c.all_filters + f;
          for (int64_t j = 0; j < width; j += n)
            square_out(out + s * width + j, room * width,
                       epilogue.bias ? epilogue.bias + f + j : nullptr, to + j,
                       c.out_shape[2] * c.all_filters, c.all_filters, min64(2, c.axis[1].count - q),
                       min64(2, c.axis[2].count - r));
        }
      }
    }
    const int64_t rows = min64(band.rows, c.axis[1].count - band.q1);
    epilogue.activate(y + band.out_row(c, band.q1), rows * c.axis[2].count, c.all_filters,
                      c.all_filters);
  });
}

// Adds one band's share of the gradient of the kernel to `sum`: 16 places of channels by filters.
template <class T>
void kernel_grad_squares(const Context& ctx, const Correlation<T>& c, const Squares<T>& grid,
                         const Band& band, const T* x, const T* gy, T* sum) {
  constexpr int64_t n = kVectorLength<T>;
  const Source<T> source(ctx, 0, grid.even, x, band, 0);
  const int64_t squares = band.rows / 2 * grid.across;
  for (int64_t first = 0; first < squares; first += grid.room) {
    const int64_t count = min64(grid.room, squares - first);
    T* in = scratch<T>(ctx, 6, 16 * grid.room * grid.stride);
    grid.inputs(source, first, count, in);
    T* g = scratch<T>(ctx, 7, 16 * grid.room * c.filters);
    for (int64_t s = 0; s < count; ++s) {
      const int64_t q = band.q1 + (first + s) / grid.across * 2, r = (first + s) % grid.across * 2;
      const T* from = gy + band.out_row(c, q) + r * c.all_filters;
      for (int64_t j = 0; j < c.filters; j += n)
        square_grad_in(from + j, c.out_shape[2] * c.all_filters, c.all_filters,
                       min64(2, c.axis[1].count - q), min64(2, c.axis[2].count - r),
                       g + s * c.filters + j, grid.room * c.filters);
    }
    RegisterTile<T> tile{};
    tile.stride = grid.stride, tile.pieces = 1, tile.length = count;
    tile.ldb = tile.ldc = c.filters;
    tile.accumulate = true;
    for (int64_t place = 0; place < 16; ++place)
      for (int64_t f = 0; f < c.filters; f += kPanel<T>) {
        tile.width = min64(kPanel<T>, c.filters - f);
        tile.a = in + place * grid.room * grid.stride;
        tile.b = g + place * grid.room * c.filters + f;
        tile.c = sum + place * c.channels * c.filters + f;
        multiply_rows(Left::kColumns, c.channels, tile);
      }
  }
}

// 16 places of channels by filters to the 3x3 taps.
template <class T>
void kernel_of_squares(const Correlation<T>& c, const T* sum, T* to) {
  const int64_t area = c.channels * c.filters;
  for (int64_t j = 0; j < area; j += kVectorLength<T>) square_grad_out(sum + j, area, to + j, area);
}

}  // namespace
}  // namespace lamina::LAMINA_ISA
