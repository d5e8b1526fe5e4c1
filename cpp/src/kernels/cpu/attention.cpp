// Attention without the full matrix of scores: a few rows of it at a time, softmax and products
// while they are hot. The backward pass computes them again (Dao et al. 2022, arXiv:2205.14135).
#include "kernels/cpu/attention.h"

namespace lamina::LAMINA_ISA {
namespace {

constexpr double kFlop = 0.008;  // nanoseconds

// A matrix of so many rows and columns in panels.
template <class T>
struct Panels {
  const T* data;
  int64_t rows, columns;
};

// The matrices (keys x width) of every head of keys or values as packed panels, or their
// transposes.
template <class T>
struct Packed {
  const Heads<T>& h;
  T* data;
  int64_t each;  // numbers for each key

  Packed(const Heads<T>& heads, int64_t width, bool transposed)
      : h(heads), data(nullptr), each(transposed ? width : packed_size<T>(1, width)) {}
  int64_t room() const { return h.packed_keys * h.key_heads * each; }
  T* head(const Sequence& s, int64_t key_head) const {
    return data + (s.before * h.key_heads + s.padded * key_head) * each;
  }
  // The matrix of a head, and the transpose from a key on at which a panel begins.
  Panels<T> rows(const Sequence& s, int64_t key_head, int64_t width) const {
    return {head(s, key_head), s.keys, width};
  }
  Panels<T> columns(const Sequence& s, int64_t key_head, int64_t low) const {
    return {head(s, key_head) + low * each, each, s.keys - low};
  }
  void fill(const Sequence& s, int64_t key_head, const Steps<const T>& from, bool transposed,
            T factor = 1) const {
    const T* p = from.at(s.batch, s.key, key_head);
    T* to = head(s, key_head);
    const int64_t columns = transposed ? s.keys : from.width, k = transposed ? from.width : s.keys;
    for (int64_t j = 0; j < columns; j += kPanel<T>)
      pack_panel(k, min64(kPanel<T>, columns - j), p + j * (transposed ? from.step : 1),
                 transposed ? 1 : from.step, transposed ? from.step : 1, to + j * k);
    if (factor != 1)
      for (int64_t j = 0; j < packed_size<T>(k, columns); ++j) to[j] *= factor;
  }
};

// c (m x n) = a (m x length) times rows [first, first + length) of the first n columns of b.
template <class T>
void product(Left left, int64_t m, int64_t n, int64_t length, const T* a, int64_t a_stride,
             const Panels<T>& b, int64_t first, T* c, int64_t ldc, bool accumulate) {
  RegisterTile<T> tile{};
  tile.a = a, tile.stride = a_stride;
  tile.pieces = 1, tile.length = length;
  tile.ldc = ldc;
  tile.accumulate = accumulate;
  for (int64_t j = 0; j < n; j += kPanel<T>) {
    tile.width = min64(kPanel<T>, n - j);
    tile.ldb = panel_width<T>(b.columns - j);
    tile.b = b.data + j * b.rows + first * tile.ldb;
    tile.c = c + j;
    multiply_rows(left, m, tile);
  }
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
// The same with dropout's factors.
template <class T>
LAMINA_NOINLINE void score_gradients(T* __restrict__ s, T* __restrict__ d,
                                     const T* __restrict__ factor, int64_t n, T top, T inverse,
                                     T dot, T scale) {
  for (int64_t j = 0; j < n; ++j) {
    const T share = math::exp_share(s[j] - top) * inverse;
    d[j] = share * (d[j] * factor[j] - dot) * scale;
    s[j] = share * factor[j];
  }
}

// Whether none of the scores is seen. The top of NaNs alone tells nothing.
template <class T>
bool all_hidden(const T* s, int64_t n) {
  for (int64_t j = 0; j < n; ++j)
    if (s[j] != kHidden<T>) return false;
  return true;
}

// Turns a row of scores into exponentials, those that dropout takes away into zero. Notes the
// statistics; false where the row sees no key.
template <class T>
bool softmax_row(const Heads<T>& h, const AttentionArgs& a, const Sequence& q, int64_t head,
                 int64_t t, int64_t low, int64_t n, T* s, T* factor, T* stats) {
  stats[0] = stats[1] = 0;
  bool any = n > 0 && !h.sees_none(q, t);
  if (any) {
    h.hide(q, head, t, low, n, s);
    const T top = lane_max<T>(s, n);
    any = top != kHidden<T> || !all_hidden(s, n);
    if (any) stats[0] = top, stats[1] = T(1) / exponentials(s, n, top);
  }
  if (!any) {
    for (int64_t j = 0; j < n; ++j) s[j] = 0;
  } else if (a.draw) {
    dropout_factors(data<int64_t>(*a.draw), a.dropout, h.row_of(q, head, t), h.keys, q.key + low, n,
                    factor);
    multiply_by(s, factor, n);
  }
  return any;
}

// out += sum of s[j] * row j of v, each `width` long.
template <class T>
void add_rows(const T* s, const T* v, int64_t step, int64_t n, int64_t width, T* out) {
  int64_t rest = 0;  // where whole vectors end
  each_block<T>(
      width,
      [&](int64_t first, auto vectors) {
        constexpr int kCount = vectors, kLength = kVectorLength<T>;
        rest = first + kCount * kLength;
        Vector<T> sum[kCount];
        for (int i = 0; i < kCount; ++i) sum[i] = load_vector(out + first + i * kLength);
        for (int64_t j = 0; j < n; ++j)
          for (int i = 0; i < kCount; ++i)
            sum[i] = sum[i] + s[j] * load_vector(v + j * step + first + i * kLength);
        for (int i = 0; i < kCount; ++i) store_vector(out + first + i * kLength, sum[i]);
      },
      [](int64_t) {});
  if (rest == width) return;
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = rest; i < width; ++i) out[i] += s[j] * v[j * step + i];
}

// s[j] = dot product of the query and row j of k, `size` long.
template <class T>
void dot_rows(const T* query, const T* k, int64_t step, int64_t n, int64_t size, T* s) {
  for (int64_t j = 0; j < n; ++j) s[j] = 0;
  int64_t rest = 0;  // where whole vectors end
#if defined(__GNUC__)
  each_block<T>(
      size,
      [&](int64_t first, auto vectors) {
        constexpr int kCount = vectors, kLength = kVectorLength<T>;
        rest = first + kCount * kLength;
        Vector<T> q[kCount];
        for (int i = 0; i < kCount; ++i) q[i] = load_vector(query + first + i * kLength);
        for (int64_t j = 0; j < n; ++j) {
          const T* key = k + j * step + first;
          Vector<T> sum = q[0] * load_vector(key);
          for (int i = 1; i < kCount; ++i) sum = sum + q[i] * load_vector(key + i * kLength);
          s[j] += sum_of_lanes<T>(sum);
        }
      },
      [](int64_t) {});
#endif
  if (rest == size) return;
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = rest; i < size; ++i) s[j] += query[i] * k[j * step + i];
}

// For a few queries packing would be most of the work: dot products and a sum of rows. Decoding
// step by step comes here.
template <class T>
void forward_few(const Context& ctx, const AttentionArgs& a, const Heads<T>& h) {
  const Steps<const T> qs(a.q), ks(a.k), vs(a.v);
  const Steps<T> outs(a.out);
  const int64_t per = h.heads * h.queries;  // no ragged batch comes here
  parallel_flushed(ctx, h.count * per, 4 * h.flops() * kFlop, [&](int64_t index) {
    const Sequence& q = h.sequences[index / per];
    const int64_t head = index % per / h.queries, t = index % h.queries, key_head = head / h.group;
    const Range r = h.seen(q, head, t, 1);
    const int64_t n = r.count();
    T* s = scratch<T>(ctx, 0, 2 * q.stride);
    dot_rows(qs.at(q.batch, t, head), ks.at(q.batch, r.low, key_head), ks.step, n, h.size, s);
    for (int64_t j = 0; j < n; ++j) s[j] *= h.scale;
    T *stats = data<T>(a.stats) + h.row_of(q, head, t) * 2, *out = outs.at(q.batch, t, head);
    if (!softmax_row(h, a, q, head, t, r.low, n, s, s + q.stride, stats))
      return mean_of_rows(vs.at(q.batch, 0, key_head), vs.step, q.keys, h.value, out);
    for (int64_t i = 0; i < h.value; ++i) out[i] = 0;
    add_rows(s, vs.at(q.batch, r.low, key_head), vs.step, n, h.value, out);
    for (int64_t i = 0; i < h.value; ++i) out[i] *= stats[1];
  });
}

template <class T>
void clear(const View& v) {
  std::memset(v.data, 0, static_cast<size_t>(numel(v)) * sizeof(T));
}

template <class T>
void forward(const Context& ctx, const AttentionArgs& a) {
  const Heads<T> h(ctx, a);
  if (h.ragged) clear<T>(a.out), clear<T>(a.stats);
  if (h.tasks == 0) return;
  if (!h.ragged && h.queries * h.group <= 3) return forward_few(ctx, a, h);
  const Steps<const T> qs(a.q), ks(a.k), vs(a.v);
  const Steps<T> outs(a.out);
  Packed<T> keys(h, h.size, true), values(h, h.value, false);
  keys.data = scratch<T>(ctx, 2, keys.room() + values.room());
  values.data = keys.data + keys.room();
  parallel_flushed(ctx, h.count * h.key_heads,
                   0.3 * static_cast<double>(h.packed_keys * h.key_heads * (h.size + h.value)),
                   [&](int64_t i) {
                     const Sequence& s = h.sequences[i / h.key_heads];
                     keys.fill(s, i % h.key_heads, ks, true, h.scale);
                     values.fill(s, i % h.key_heads, vs, false);
                   });
  parallel_flushed(ctx, h.tasks, h.flops() * kFlop, [&](int64_t index) {
    const Sequence& q = h.sequence_of(index);
    const int64_t task = index - q.first_task, head = task / q.blocks,
                  first = task % q.blocks * q.rows;
    const int64_t rows = min64(q.rows, q.queries - first);
    const Range r = h.seen(q, head, first, rows);
    const int64_t n = r.count();
    T* scores = scratch<T>(ctx, 0, (q.rows + 1) * q.stride);
    product(Left::kRows, rows, n, h.size, qs.at(q.batch, q.query + first, head), qs.step,
            keys.columns(q, head / h.group, r.low), 0, scores, q.stride, false);
    T* stats = data<T>(a.stats) + h.row_of(q, head, first) * 2;
    bool blind = false;  // a row that sees no key
    for (int64_t i = 0; i < rows; ++i)
      blind |= !softmax_row(h, a, q, head, first + i, r.low, n, scores + i * q.stride,
                            scores + q.rows * q.stride, stats + 2 * i);
    T* out = outs.at(q.batch, q.query + first, head);
    product(Left::kRows, rows, h.value, n, scores, q.stride,
            values.rows(q, head / h.group, h.value), r.low, out, outs.step, false);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < h.value; ++j) out[i * outs.step + j] *= stats[2 * i + 1];
    if (!blind) return;
    T* mean = scratch<T>(ctx, 1, h.value);
    mean_of_rows(vs.at(q.batch, q.key, head / h.group), vs.step, q.keys, h.value, mean);
    for (int64_t i = 0; i < rows; ++i)
      if (stats[2 * i + 1] == 0)
        for (int64_t j = 0; j < h.value; ++j) out[i * outs.step + j] = mean[j];
  });
}

template <class T>
void backward(const Context& ctx, const AttentionGradArgs& args) {
  const AttentionArgs& a = args.f;
  const Heads<T> h(ctx, a);
  clear<T>(args.gk), clear<T>(args.gv);
  if (h.ragged || h.packed_keys == 0) clear<T>(args.gq);
  if (h.tasks == 0 || h.packed_keys == 0) return;
  const Steps<const T> qs(a.q), ks(a.k), vs(a.v), outs(a.out), gouts(args.gout);
  const Steps<T> gqs(args.gq), gks(args.gk), gvs(args.gv);
  Packed<T> turned_keys(h, h.size, true), turned_values(h, h.value, true), keys(h, h.size, false);
  turned_keys.data = scratch<T>(ctx, 2, turned_keys.room() + turned_values.room() + keys.room());
  turned_values.data = turned_keys.data + turned_keys.room();
  keys.data = turned_values.data + turned_values.room();
  const int64_t pieces = h.count * h.key_heads;
  parallel_flushed(ctx, pieces,
                   0.3 * static_cast<double>(h.packed_keys * h.key_heads * (2 * h.size + h.value)),
                   [&](int64_t i) {
                     const Sequence& s = h.sequences[i / h.key_heads];
                     turned_keys.fill(s, i % h.key_heads, ks, true, h.scale);
                     turned_values.fill(s, i % h.key_heads, vs, true);
                     keys.fill(s, i % h.key_heads, ks, false);
                   });
  // One head of keys after the other walks down the rows of its queries: the gradients of keys and
  // values add up in order.
  parallel_flushed(ctx, pieces, 2.5 * h.flops() * kFlop, [&](int64_t index) {
    const Sequence& q = h.sequences[index / h.key_heads];
    const int64_t key_head = index % h.key_heads;
    T* p = scratch<T>(ctx, 0, (2 * q.rows + 1) * q.stride);
    T *d = p + q.rows * q.stride, *factor = d + q.rows * q.stride;
    const int64_t right_size = packed_size<T>(q.rows, h.size);
    T* right = scratch<T>(ctx, 1, right_size + packed_size<T>(q.rows, h.value) + h.value);
    T* packed_g = right + right_size;
    T* even = packed_g + packed_size<T>(q.rows, h.value);  // gradients of rows that see no key
    bool blind = false;
    for (int64_t j = 0; j < h.value; ++j) even[j] = 0;
    T *gk = gks.at(q.batch, q.key, key_head), *gv = gvs.at(q.batch, q.key, key_head);
    for (int64_t step = 0; step < h.group * q.blocks; ++step) {
      const int64_t head = key_head * h.group + step / q.blocks, first = step % q.blocks * q.rows;
      const int64_t rows = min64(q.rows, q.queries - first);
      const Range r = h.seen(q, head, first, rows);
      const int64_t n = r.count();
      const T* query = qs.at(q.batch, q.query + first, head);
      const T* out = outs.at(q.batch, q.query + first, head);
      const T* g = gouts.at(q.batch, q.query + first, head);
      const T* stats = data<T>(a.stats) + h.row_of(q, head, first) * 2;
      product(Left::kRows, rows, n, h.size, query, qs.step, turned_keys.columns(q, key_head, r.low),
              0, p, q.stride, false);
      product(Left::kRows, rows, n, h.value, g, gouts.step,
              turned_values.columns(q, key_head, r.low), 0, d, q.stride, false);
      for (int64_t i = 0; i < rows; ++i) {
        T *s = p + i * q.stride, *e = d + i * q.stride;
        const T top = stats[2 * i], inverse = stats[2 * i + 1];
        if (inverse == 0) {
          blind = true;
          for (int64_t j = 0; j < h.value; ++j) even[j] += g[i * gouts.step + j];
          for (int64_t j = 0; j < n; ++j) s[j] = e[j] = 0;
          continue;
        }
        h.hide(q, head, first + i, r.low, n, s);
        const T dot = lane_sum<T>(
            h.value, [&](int64_t j) { return g[i * gouts.step + j] * out[i * outs.step + j]; });
        if (a.draw) {
          dropout_factors(data<int64_t>(*a.draw), a.dropout, h.row_of(q, head, first + i), h.keys,
                          q.key + r.low, n, factor);
          score_gradients(s, e, factor, n, top, inverse, dot, h.scale);
        } else {
          score_gradients(s, e, n, top, inverse, dot, h.scale);
        }
      }
      T* gq = gqs.at(q.batch, q.query + first, head);
      if (n == 0) {
        for (int64_t i = 0; i < rows; ++i)
          for (int64_t j = 0; j < h.size; ++j) gq[i * gqs.step + j] = 0;
        continue;
      }
      // gv += p' g, gk += d' q, gq = d k
      for (int64_t j = 0; j < h.value; j += kPanel<T>)
        pack_panel(rows, min64(kPanel<T>, h.value - j), g + j, gouts.step, 1, packed_g + j * rows);
      for (int64_t j = 0; j < h.size; j += kPanel<T>)
        pack_panel(rows, min64(kPanel<T>, h.size - j), query + j, qs.step, 1, right + j * rows);
      product(Left::kColumns, n, h.value, rows, p, q.stride, {packed_g, rows, h.value}, 0,
              gv + r.low * gvs.step, gvs.step, true);
      product(Left::kColumns, n, h.size, rows, d, q.stride, {right, rows, h.size}, 0,
              gk + r.low * gks.step, gks.step, true);
      product(Left::kRows, rows, h.size, n, d, q.stride, keys.rows(q, key_head, h.size), r.low, gq,
              gqs.step, false);
    }
    if (!blind || q.keys == 0) return;
    for (int64_t j = 0; j < h.value; ++j) even[j] /= static_cast<T>(q.keys);
    for (int64_t i = 0; i < q.keys; ++i)
      for (int64_t j = 0; j < h.value; ++j) gv[i * gvs.step + j] += even[j];
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
