// One LSTM layer over a whole sequence (Hochreiter and Schmidhuber 1997, with the forget gate of
// Gers et al. 2000), all arrays contiguous:
//
//   i, f, o = sigmoid(x w + h u + b), g = tanh(x w + h u + b), c' = f c + i g, h' = o tanh(c').
//
// The products with x are made for all steps at once. A block of batch rows then runs through time
// by itself: one parallel region for the layer, and no thread waits for another in between. The
// recurrent weights are packed once for all steps.
#include "kernels/cpu/gemm.h"
#include "kernels/functors.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::LstmArgs;
using abi::LstmGradArgs;

// Nanoseconds for one multiply-add and for one gate of one unit.
constexpr double kMultiplyAdd = 0.025, kGate = 0.5;

struct Sizes {
  int64_t batch, steps, inputs, units, gates;
  int64_t rows;  // batch rows in a block
  bool reverse;

  explicit Sizes(const LstmArgs& a)
      : batch(a.h.shape[0]),
        steps(a.h.shape[1]),
        inputs(a.x.shape[2]),
        units(a.h.shape[2]),
        gates(4 * a.h.shape[2]),
        reverse(a.reverse) {
    // Each block reads all recurrent weights in every step: the larger they are, the more rows
    // should share them.
    const int64_t weights = units * gates;
    rows = weights > (1 << 18) ? 32 : batch > 64 ? 16 : 8;
  }
  int64_t blocks() const { return (batch + rows - 1) / rows; }
  // The time that the s-th step works on; t of -1 or `steps` is the initial state.
  int64_t time(int64_t s) const { return reverse ? steps - 1 - s : s; }
  double recurrent_cost() const {
    return static_cast<double>(batch * steps) * static_cast<double>(gates) *
           (kMultiplyAdd * static_cast<double>(units) + kGate);
  }
};

// The state before step s: rows of the initial state, or of what the step before has written.
template <class T>
struct Before {
  const T* data;
  int64_t stride;  // between batch rows

  Before(const Sizes& z, const View& all, const View& initial, int64_t first, int64_t s) {
    if (s == 0) {
      data = lamina::LAMINA_ISA::data<T>(initial) + first * z.units;
      stride = z.units;
    } else {
      data = lamina::LAMINA_ISA::data<T>(all) + (first * z.steps + z.time(s - 1)) * z.units;
      stride = z.steps * z.units;
    }
  }
};

// ---- forward
// --------------------------------------------------------------------------------------

template <class T>
void activate(int64_t n, const T* bias, T* __restrict z, bool tanh) {
  if (bias) {
    for (int64_t j = 0; j < n; ++j) z[j] += bias[j];
  }
  if (tanh) {
    for (int64_t j = 0; j < n; ++j) z[j] = Tanh::f(z[j], 0, 0);
  } else {
    for (int64_t j = 0; j < n; ++j) z[j] = Sigmoid::f(z[j], 0, 0);
  }
}

// z: the sums of one row's gates, which become the gates.
template <class T>
LAMINA_NOINLINE void forward_row(int64_t units, const T* bias, T* z, const T* old_c,
                                 T* __restrict c, T* __restrict h) {
  activate(2 * units, bias, z, false);
  activate(units, bias ? bias + 2 * units : nullptr, z + 2 * units, true);
  activate(units, bias ? bias + 3 * units : nullptr, z + 3 * units, false);
  const T *i = z, *f = z + units, *g = z + 2 * units, *o = z + 3 * units;
  for (int64_t j = 0; j < units; ++j) {
    const T cell = f[j] * old_c[j] + i[j] * g[j];
    c[j] = cell;
    h[j] = o[j] * Tanh::f(cell, 0, 0);
  }
}

template <class T>
void forward(const Context& ctx, const LstmArgs& a) {
  const Sizes z(a);
  if (z.batch * z.steps * z.units == 0) return;
  const T *x = data<T>(a.x), *w = data<T>(a.w), *u = data<T>(a.u);
  const T* bias = a.bias ? data<T>(*a.bias) : nullptr;
  T *h = data<T>(a.h), *c = data<T>(a.c), *gates = data<T>(a.gates);

  Right<T> recurrent{u, z.gates, 1}, kernel{w, z.gates, 1};
  if (z.batch * z.steps > 4) {
    kernel = pack(ctx, z.inputs, z.gates, w, z.gates, 1,
                  scratch<T>(ctx, 1, packed_size<T>(z.inputs, z.gates)));
    if (z.steps > 2)
      recurrent = pack(ctx, z.units, z.gates, u, z.gates, 1,
                       scratch<T>(ctx, 0, packed_size<T>(z.units, z.gates)));
  }
  const double cost = z.recurrent_cost() + kMultiplyAdd * static_cast<double>(z.inputs) *
                                               static_cast<double>(z.batch * z.steps * z.gates);
  parallel(ctx, z.blocks(), cost, [&](int64_t block) {
    const int64_t first = block * z.rows, rows = min64(z.rows, z.batch - first);
    T* sums = gates + first * z.steps * z.gates;
    gemm(ctx, rows * z.steps, z.gates, z.inputs, x + first * z.steps * z.inputs, z.inputs, 1,
         kernel, sums, z.gates, false);
    for (int64_t s = 0; s < z.steps; ++s) {
      const int64_t t = z.time(s);
      const Before<T> old_h(z, a.h, a.h0, first, s), old_c(z, a.c, a.c0, first, s);
      T* now = sums + t * z.gates;
      gemm(ctx, rows, z.gates, z.units, old_h.data, old_h.stride, 1, recurrent, now,
           z.steps * z.gates, true);
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t at = (first + r) * z.steps + t;
        forward_row(z.units, bias, gates + at * z.gates, old_c.data + r * old_c.stride,
                    c + at * z.units, h + at * z.units);
      }
    }
  });
}

// ---- backward
// -------------------------------------------------------------------------------------

// Gradients of one row's sums. dh: gradient of h from the step after; dc: of c, carried on.
template <class T>
LAMINA_NOINLINE void backward_row(int64_t units, const T* gates, const T* c, const T* old_c,
                                  const T* gh, const T* dh, T* __restrict dc, T* __restrict d) {
  for (int64_t j = 0; j < units; ++j) {
    const T i = gates[j], f = gates[units + j], g = gates[2 * units + j], o = gates[3 * units + j];
    const T y = Tanh::f(c[j], 0, 0), out = dh[j] + gh[j];
    const T cell = dc[j] + out * o * (1 - y) * (1 + y);
    d[j] = cell * g * i * (1 - i);
    d[units + j] = cell * old_c[j] * f * (1 - f);
    d[2 * units + j] = cell * i * (1 - g) * (1 + g);
    d[3 * units + j] = out * y * o * (1 - o);
    dc[j] = cell * f;
  }
}

// Walks back in time: fills d, gradients of all sums, and old_h, the h before each step.
template <class T>
void walk_back(const Context& ctx, const LstmGradArgs& a, const Sizes& z, T* d, T* old_h) {
  const T *c = data<T>(a.f.c), *gates = data<T>(a.f.gates), *gh = data<T>(a.gh);
  const T* u = data<T>(a.f.u);
  Right<T> recurrent{u, 1, z.gates};
  if (z.steps > 2)
    recurrent = pack(ctx, z.gates, z.units, u, 1, z.gates,
                     scratch<T>(ctx, 0, packed_size<T>(z.gates, z.units)));
  parallel(ctx, z.blocks(), z.recurrent_cost(), [&](int64_t block) {
    const int64_t first = block * z.rows, rows = min64(z.rows, z.batch - first);
    T* dh = scratch<T>(ctx, 1, 2 * rows * z.units);
    T* dc = dh + rows * z.units;
    const T* last_c = a.glast_c ? data<T>(*a.glast_c) + first * z.units : nullptr;
    for (int64_t j = 0; j < rows * z.units; ++j) dh[j] = 0, dc[j] = last_c ? last_c[j] : T(0);
    for (int64_t s = z.steps - 1; s >= 0; --s) {
      const int64_t t = z.time(s);
      const Before<T> h(z, a.f.h, a.f.h0, first, s), old_c(z, a.f.c, a.f.c0, first, s);
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t at = (first + r) * z.steps + t;
        backward_row(z.units, gates + at * z.gates, c + at * z.units, old_c.data + r * old_c.stride,
                     gh + at * z.units, dh + r * z.units, dc + r * z.units, d + at * z.gates);
        std::memcpy(old_h + at * z.units, h.data + r * h.stride,
                    static_cast<size_t>(z.units) * sizeof(T));
      }
      const T* now = d + (first * z.steps + t) * z.gates;
      gemm(ctx, rows, z.units, z.gates, now, z.steps * z.gates, 1, recurrent, dh, z.units, false);
    }
    const size_t bytes = static_cast<size_t>(rows * z.units) * sizeof(T);
    std::memcpy(data<T>(a.gh0) + first * z.units, dh, bytes);
    std::memcpy(data<T>(a.gc0) + first * z.units, dc, bytes);
  });
}

// out = sum of the rows of d, columns [first, last), in two levels for the sake of rounding.
template <class T>
void sum_rows(const T* d, int64_t rows, int64_t n, int64_t first, int64_t last, T* __restrict out) {
  constexpr int64_t kRows = 64, kCols = 64;
  for (int64_t j0 = first; j0 < last; j0 += kCols) {
    const int64_t width = min64(kCols, last - j0);
    T total[kCols] = {};
    for (int64_t r0 = 0; r0 < rows; r0 += kRows) {
      T part[kCols] = {};
      for (int64_t r = r0; r < min64(r0 + kRows, rows); ++r) {
        for (int64_t j = 0; j < width; ++j) part[j] += d[r * n + j0 + j];
      }
      for (int64_t j = 0; j < width; ++j) total[j] += part[j];
    }
    for (int64_t j = 0; j < width; ++j) out[j0 + j] = total[j];
  }
}

template <class T>
void backward(const Context& ctx, const LstmGradArgs& a) {
  const Sizes z(a.f);
  const int64_t all = z.batch * z.steps;
  T* d = scratch<T>(ctx, 2, all * z.gates);
  T* old_h = scratch<T>(ctx, 3, all * z.units);
  walk_back(ctx, a, z, d, old_h);

  // What is left are products over all steps, cut into tasks of similar size.
  const Right<T> transposed = pack(ctx, z.gates, z.inputs, data<T>(a.f.w), 1, z.gates,
                                   scratch<T>(ctx, 0, packed_size<T>(z.gates, z.inputs)));
  constexpr int64_t kRows = 256, kBlock = 128;
  const auto blocks = [](int64_t n, int64_t size) { return (n + size - 1) / size; };
  const int64_t columns = blocks(z.gates, kBlock), input_blocks = blocks(z.inputs, kBlock);
  const int64_t kernel = columns * input_blocks;
  const int64_t recurrent = kernel + columns * blocks(z.units, kBlock);
  const int64_t bias = recurrent + (a.gbias ? columns : 0);
  const int64_t tasks = bias + blocks(all, kRows);
  const double cost = kMultiplyAdd * static_cast<double>(all * z.gates) *
                      static_cast<double>(2 * z.inputs + z.units + 10);
  // out (m x gates) = left^T d, one block of it
  const auto weights = [&](const T* left, int64_t m, int64_t task, const View& out) {
    const int64_t i = task / columns * kBlock, j = task % columns * kBlock;
    gemm(ctx, min64(kBlock, m - i), min64(kBlock, z.gates - j), all, left + i, 1, m,
         {d + j, z.gates, 1}, data<T>(out) + i * z.gates + j, z.gates, false);
  };
  parallel(ctx, tasks, cost, [&](int64_t task) {
    if (task < kernel) return weights(data<T>(a.f.x), z.inputs, task, a.gw);
    if (task < recurrent) return weights(old_h, z.units, task - kernel, a.gu);
    if (task < bias) {
      const int64_t j = (task - recurrent) * kBlock;
      return sum_rows(d, all, z.gates, j, min64(j + kBlock, z.gates), data<T>(*a.gbias));
    }
    const int64_t r = (task - bias) * kRows;
    gemm(ctx, min64(kRows, all - r), z.inputs, z.gates, d + r * z.gates, z.gates, 1, transposed,
         data<T>(a.gx) + r * z.inputs, z.inputs, false);
  });
}

void lstm(const Context& ctx, const LstmArgs& a) {
  if (a.h.dtype == DType::kFloat64) return forward<double>(ctx, a);
  forward<float>(ctx, a);
}

void lstm_grad(const Context& ctx, const LstmGradArgs& a) {
  if (a.gh.dtype == DType::kFloat64) return backward<double>(ctx, a);
  backward<float>(ctx, a);
}

}  // namespace

void fill_lstm(abi::KernelTable& table) {
  table.lstm = lstm;
  table.lstm_grad = lstm_grad;
}

}  // namespace lamina::LAMINA_ISA
