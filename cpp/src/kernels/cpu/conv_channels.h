// Convolution where every channel has one filter of its own: vectors of channels are multiplied.
#pragma once
#include "kernels/cpu/correlation.h"
#include "kernels/cpu/epilogue.h"

namespace lamina::LAMINA_ISA {
namespace {

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
  parallel_flushed(ctx, bands.count, c.flops() * 4 * kFlop, [&](int64_t index) {
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

}  // namespace
}  // namespace lamina::LAMINA_ISA
