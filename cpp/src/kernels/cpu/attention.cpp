// Attention without the full matrix of scores: a few rows of it at a time, softmax and products
// while they are hot. The backward pass computes them again (Dao et al. 2022, arXiv:2205.14135).
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/rows.h"
#include "kernels/functors.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::AttentionArgs;
using abi::AttentionGradArgs;

constexpr double kFlop = 0.008;  // nanoseconds

template <class T>
struct Heads {
  int64_t batch, queries, keys, heads, size, value;
  int64_t rows;    // of scores at a time
  int64_t stride;  // between those: not a power of two, see gemm.cpp
  bool causal;
  const View* mask;
  T scale;

  explicit Heads(const AttentionArgs& a)
      : batch(a.q.shape[0]),
        queries(a.q.shape[1]),
        keys(a.k.shape[1]),
        heads(a.q.shape[2]),
        size(a.q.shape[3]),
        value(a.v.shape[3]),
        causal(a.causal),
        mask(a.mask),
        scale(static_cast<T>(a.scale)) {
    stride = (keys + 15) / 16 * 16 + 16;
    const int64_t fit = 65536 / max64(stride, 1) / kTileRows * kTileRows;
    rows = min64(max64(fit, kTileRows), 8 * kTileRows);
  }
  int64_t count() const { return batch * heads; }
  double flops() const {
    return 2.0 * static_cast<double>(batch * heads * queries) *
           static_cast<double>(keys * (size + value));
  }
  // Row 0 of head `which` of an array (batch, n, heads, width).
  template <class U>
  U* head(U* p, int64_t which, int64_t n, int64_t width) const {
    return p + which / heads * n * heads * width + which % heads * width;
  }
  // Keys that rows [first, first + count) may see. With a mask of its own a row may see none, and
  // then all count.
  int64_t visible(int64_t first, int64_t count) const {
    return causal && !mask ? min64(keys, first + count) : keys;
  }
  // Puts the scores that one row may not see as far below all others as a number can be.
  void take_away(int64_t which, int64_t row, int64_t n, T* __restrict__ s) const {
    if (mask) {
      const auto* keep = data<uint8_t>(*mask) + which / heads * mask->strides[0] +
                         which % heads * mask->strides[1] + row * mask->strides[2];
      for (int64_t j = 0; j < n; ++j)
        if (!keep[j * mask->strides[3]]) s[j] = T(-1e30);
    }
    if (causal)
      for (int64_t j = row + 1; j < n; ++j) s[j] = T(-1e30);
  }
};

// Every head's matrix (n x width) as packed panels, or its transpose.
template <class T>
struct PackedHeads {
  const T* data;
  int64_t each, k;

  PackedHeads(const Context& ctx, T* to, const Heads<T>& h, const T* from, int64_t n, int64_t width,
              bool transposed, T factor = 1)
      : data(to), each(packed_size<T>(transposed ? width : n, transposed ? n : width)) {
    const int64_t step = h.heads * width, columns = transposed ? n : width;
    k = transposed ? width : n;
    parallel(ctx, h.count(), 0.3 * static_cast<double>(h.count() * n * width), [&](int64_t i) {
      const T* p = h.head(from, i, n, width);
      for (int64_t j = 0; j < columns; j += kPanel<T>)
        pack_panel(k, min64(kPanel<T>, columns - j), p + j * (transposed ? step : 1),
                   transposed ? 1 : step, transposed ? step : 1, to + i * each + j * k);
      if (factor != 1)
        for (int64_t j = 0; j < each; ++j) to[i * each + j] *= factor;
    });
  }
  // The first `length` of the k rows and all columns; their panels stay k rows apart.
  const T* head(int64_t i) const { return data + i * each; }
};

// c (m x n) = a b for panels of k rows of which the first `length` count.
template <class T>
void product(Left left, int64_t m, int64_t n, int64_t length, const T* a, int64_t a_stride,
             const T* b, int64_t k, T* c, int64_t ldc, bool accumulate) {
  RegisterTile<T> tile{};
  tile.a = a, tile.stride = a_stride;
  tile.pieces = 1, tile.length = length;
  tile.ldb = kPanel<T>, tile.ldc = ldc;
  tile.accumulate = accumulate;
  for (int64_t j = 0; j < n; j += kPanel<T>) {
    tile.b = b + j * k;
    tile.c = c + j;
    tile.width = min64(kPanel<T>, n - j);
    multiply_rows(left, m, tile);
  }
}

// s = exp(s - top); returns the sum. Functions of their own, so that the compiler sees how simple
// the loops are.
template <class T>
LAMINA_NOINLINE T exponentials(T* __restrict__ s, int64_t n, T top) {
  for (int64_t j = 0; j < n; ++j) s[j] = math::exp_share(s[j] - top);
  return lane_sum<T>(n, [&](int64_t j) { return s[j]; });
}
// s = share of each key, d = gradient of its score.
template <class T>
LAMINA_NOINLINE void score_gradients(T* __restrict__ s, T* __restrict__ d, int64_t n, T top,
                                     T inverse, T dot, T scale) {
  for (int64_t j = 0; j < n; ++j) {
    const T share = math::exp_share(s[j] - top) * inverse;
    d[j] = share * (d[j] - dot) * scale;
    s[j] = share;
  }
}

template <class T>
void forward(const Context& ctx, const AttentionArgs& a) {
  const Heads<T> h(a);
  if (h.count() * h.queries == 0) return;
  const int64_t key_size = packed_size<T>(h.size, h.keys),
                value_size = packed_size<T>(h.keys, h.value);
  T* room = scratch<T>(ctx, 2, h.count() * (key_size + value_size));
  const PackedHeads<T> keys(ctx, room, h, data<T>(a.k), h.keys, h.size, true, h.scale);
  const PackedHeads<T> values(ctx, room + h.count() * key_size, h, data<T>(a.v), h.keys, h.value,
                              false);
  const int64_t blocks = (h.queries + h.rows - 1) / h.rows;
  parallel(ctx, h.count() * blocks, h.flops() * kFlop, [&](int64_t index) {
    const int64_t which = index / blocks, first = index % blocks * h.rows;
    const int64_t rows = min64(h.rows, h.queries - first), n = h.visible(first, rows);
    T* scores = scratch<T>(ctx, 0, h.rows * h.stride);
    const int64_t q_step = h.heads * h.size, out_step = h.heads * h.value;
    product(Left::kRows, rows, n, h.size,
            h.head(data<T>(a.q), which, h.queries, h.size) + first * q_step, q_step,
            keys.head(which), h.size, scores, h.stride, false);
    T* stats = data<T>(a.stats) + (which * h.queries + first) * 2;
    for (int64_t r = 0; r < rows; ++r) {
      T* s = scores + r * h.stride;
      h.take_away(which, first + r, n, s);
      const T top = lane_max<T>(s, n), sum = exponentials(s, n, top);
      stats[2 * r] = top, stats[2 * r + 1] = sum == 0 ? T(0) : T(1) / sum;
    }
    T* out = h.head(data<T>(a.out), which, h.queries, h.value) + first * out_step;
    product(Left::kRows, rows, h.value, n, scores, h.stride, values.head(which), h.keys, out,
            out_step, false);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t j = 0; j < h.value; ++j) out[r * out_step + j] *= stats[2 * r + 1];
  });
}

template <class T>
void backward(const Context& ctx, const AttentionGradArgs& args) {
  const AttentionArgs& a = args.f;
  const Heads<T> h(a);
  const auto clear = [](const View& v) {
    std::memset(v.data, 0, static_cast<size_t>(numel(v)) * sizeof(T));
  };
  clear(args.gk), clear(args.gv);
  if (h.count() * h.queries * h.keys == 0) return clear(args.gq);
  const int64_t kt_size = packed_size<T>(h.size, h.keys), vt_size = packed_size<T>(h.value, h.keys),
                k_size = packed_size<T>(h.keys, h.size);
  T* room = scratch<T>(ctx, 2, h.count() * (kt_size + vt_size + k_size));
  const PackedHeads<T> turned_keys(ctx, room, h, data<T>(a.k), h.keys, h.size, true, h.scale);
  room += h.count() * kt_size;
  const PackedHeads<T> turned_values(ctx, room, h, data<T>(a.v), h.keys, h.value, true);
  const PackedHeads<T> keys(ctx, room + h.count() * vt_size, h, data<T>(a.k), h.keys, h.size,
                            false);
  const int64_t q_step = h.heads * h.size, v_step = h.heads * h.value;
  // One head after the other walks down its rows: the gradients of keys and values add up in order.
  parallel(ctx, h.count(), 2.5 * h.flops() * kFlop, [&](int64_t which) {
    T* p = scratch<T>(ctx, 0, 2 * h.rows * h.stride);
    T* d = p + h.rows * h.stride;
    T* right = scratch<T>(ctx, 1, packed_size<T>(h.rows, h.size) + packed_size<T>(h.rows, h.value));
    T* gq = h.head(data<T>(args.gq), which, h.queries, h.size);
    T* gk = h.head(data<T>(args.gk), which, h.keys, h.size);
    T* gv = h.head(data<T>(args.gv), which, h.keys, h.value);
    for (int64_t first = 0; first < h.queries; first += h.rows) {
      const int64_t rows = min64(h.rows, h.queries - first), n = h.visible(first, rows);
      const T* q = h.head(data<T>(a.q), which, h.queries, h.size) + first * q_step;
      const T* out = h.head(data<T>(a.out), which, h.queries, h.value) + first * v_step;
      const T* g = h.head(data<T>(args.gout), which, h.queries, h.value) + first * v_step;
      const T* stats = data<T>(a.stats) + (which * h.queries + first) * 2;
      product(Left::kRows, rows, n, h.size, q, q_step, turned_keys.head(which), h.size, p, h.stride,
              false);
      product(Left::kRows, rows, n, h.value, g, v_step, turned_values.head(which), h.value, d,
              h.stride, false);
      for (int64_t r = 0; r < rows; ++r) {
        T *s = p + r * h.stride, *e = d + r * h.stride;
        h.take_away(which, first + r, n, s);
        const T dot = lane_sum<T>(
            h.value, [&](int64_t j) { return g[r * v_step + j] * out[r * v_step + j]; });
        score_gradients(s, e, n, stats[2 * r], stats[2 * r + 1], dot, h.scale);
      }
      // gv += p' g, gk += d' q, gq = d k
      T* packed_g = right + packed_size<T>(h.rows, h.size);
      for (int64_t j = 0; j < h.value; j += kPanel<T>)
        pack_panel(rows, min64(kPanel<T>, h.value - j), g + j, v_step, 1, packed_g + j * rows);
      for (int64_t j = 0; j < h.size; j += kPanel<T>)
        pack_panel(rows, min64(kPanel<T>, h.size - j), q + j, q_step, 1, right + j * rows);
      product(Left::kColumns, n, h.value, rows, p, h.stride, packed_g, rows, gv, v_step, true);
      product(Left::kColumns, n, h.size, rows, d, h.stride, right, rows, gk, q_step, true);
      product(Left::kRows, rows, h.size, n, d, h.stride, keys.head(which), h.keys,
              gq + first * q_step, q_step, false);
    }
  });
}

void attention(const Context& ctx, const AttentionArgs& a) {
  a.out.dtype == DType::kFloat32 ? forward<float>(ctx, a) : forward<double>(ctx, a);
}
void attention_grad(const Context& ctx, const AttentionGradArgs& a) {
  a.gq.dtype == DType::kFloat32 ? backward<float>(ctx, a) : backward<double>(ctx, a);
}

}  // namespace

void fill_attention(abi::KernelTable& t) {
  t.attention = attention;
  t.attention_grad = attention_grad;
}

}  // namespace lamina::LAMINA_ISA
