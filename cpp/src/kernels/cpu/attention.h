// What attention's two passes share: which keys a row of scores may see, and what dropout leaves.
#pragma once
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/philox.h"
#include "kernels/cpu/rows.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::AttentionArgs;
using abi::AttentionGradArgs;

// A score that is not seen lies as far below all others as a number can be.
template <class T>
inline constexpr T kHidden = T(-1e30);

// Queries and the keys that they may see: a sample, or a sequence of a ragged batch.
struct Sequence {
  int64_t batch, query, queries, key, keys;  // where they begin, and how many
  int64_t first_key, last_key;               // the key mask leaves none outside of [first, last)
  bool holes;                                // and takes some away inside
  int64_t rows;                              // of scores at a time
  int64_t stride;                            // between those: not a power of two, see gemm.cpp
  int64_t blocks;                            // of rows
  int64_t padded, before;  // keys in whole panels, and those of the sequences before
  int64_t first_task = 0;  // each is a head's block of rows
};

struct Range {
  int64_t low, high;
  int64_t count() const { return high - low; }
};

// An array (batch, step, heads, width).
template <class T>
struct Steps {
  T* data;
  int64_t batch, step, width;
  explicit Steps(const View& v)
      : data(static_cast<T*>(v.data)), batch(v.strides[0]), step(v.strides[1]), width(v.shape[3]) {}
  T* at(int64_t b, int64_t i, int64_t head) const {
    return data + b * batch + i * step + head * width;
  }
};

// Bytes by sample and step; sees everything without a view.
struct Keep {
  const uint8_t* data = nullptr;
  int64_t batch = 0, step = 0;
  explicit Keep(const View* v) {
    if (v) data = static_cast<const uint8_t*>(v->data), batch = v->strides[0], step = v->strides[1];
  }
  const uint8_t* at(int64_t b, int64_t i) const { return data + b * batch + i * step; }
};

template <class T>
LAMINA_NOINLINE void hide_where_false(T* __restrict__ s, const uint8_t* keep, int64_t stride,
                                      int64_t n) {
  if (stride == 1)
    for (int64_t j = 0; j < n; ++j) s[j] = keep[j] ? s[j] : kHidden<T>;
  else
    for (int64_t j = 0; j < n; ++j) s[j] = keep[j * stride] ? s[j] : kHidden<T>;
}

template <class T>
struct Heads {
  int64_t queries, keys, heads, key_heads, size, value, group;
  int64_t position, window;
  bool causal;
  const View* mask;
  Keep query_mask, key_mask;
  T scale;
  Sequence* sequences;  // in scratch slot 3
  int64_t count = 0, tasks = 0, packed_keys = 0;
  double pairs = 0;  // of queries and keys
  bool ragged;

  Heads(const Context& ctx, const AttentionArgs& a)
      : queries(a.q.shape[1]),
        keys(a.k.shape[1]),
        heads(a.q.shape[2]),
        key_heads(a.k.shape[2]),
        size(a.q.shape[3]),
        value(a.v.shape[3]),
        group(key_heads ? heads / key_heads : 1),
        position(a.position ? *data<int64_t>(*a.position) : 0),
        window(a.window),
        causal(a.causal),
        mask(a.mask),
        query_mask(a.query_mask),
        key_mask(a.key_mask),
        scale(static_cast<T>(a.scale)),
        ragged(a.query_rows != nullptr) {
    count = ragged ? a.query_rows->shape[0] : a.q.shape[0];
    sequences = scratch<Sequence>(ctx, 3, max64(count, 1));
    const int64_t all = a.position ? max64(0, min64(keys, position + queries)) : keys;
    int64_t query = 0, key = 0;
    for (int64_t i = 0; i < count; ++i) {
      Sequence& s = sequences[i];
      s.batch = ragged ? 0 : i, s.query = query, s.key = key;
      s.queries = ragged ? length_of(*a.query_rows, i, queries - query) : queries;
      s.keys = ragged ? length_of(*a.key_rows, i, keys - key) : all;
      if (ragged) query += s.queries, key += s.keys;
      prepare(s);
    }
  }
  // The sequence of a task.
  const Sequence& sequence_of(int64_t task) const {
    int64_t low = 0, high = count;
    while (high - low > 1) {
      const int64_t middle = (low + high) / 2;
      (sequences[middle].first_task <= task ? low : high) = middle;
    }
    return sequences[low];
  }
  double flops() const {
    return 2.0 * static_cast<double>(heads) * pairs * static_cast<double>(size + value);
  }
  // Of statistics and random numbers.
  int64_t row_of(const Sequence& s, int64_t head, int64_t t) const {
    return (s.batch * heads + head) * queries + s.query + t;
  }
  bool sees_none(const Sequence& s, int64_t t) const {
    return query_mask.data && !*query_mask.at(s.batch, s.query + t);
  }
  // No key outside of this is seen by rows [t, t + n); it begins with a panel.
  Range seen(const Sequence& s, int64_t head, int64_t t, int64_t n) const {
    while (n > 0 && sees_none(s, t)) ++t, --n;
    while (n > 0 && sees_none(s, t + n - 1)) --n;
    if (n == 0) return {0, 0};
    Range r = reach(s, t, n);
    if (mask && r.low < r.high) r = of_mask(s, head, t, n, r);
    if (r.low >= r.high) return {0, 0};
    return {r.low / kPanel<T> * kPanel<T>, r.high};
  }
  // Hides the scores of keys [low, low + n) that row t may not see.
  void hide(const Sequence& s, int64_t head, int64_t t, int64_t low, int64_t n, T* scores) const {
    const Range r = reach(s, t, 1);
    const int64_t from = max64(0, min64(n, r.low - low)), to = max64(from, min64(n, r.high - low));
    for (int64_t j = 0; j < from; ++j) scores[j] = kHidden<T>;
    for (int64_t j = to; j < n; ++j) scores[j] = kHidden<T>;
    if (s.holes) hide_where_false(scores, key_mask.at(s.batch, s.key + low), key_mask.step, n);
    if (mask)
      hide_where_false(scores, mask_row(s, head, t) + low * mask->strides[3], mask->strides[3], n);
  }

 private:
  static int64_t length_of(const View& rows, int64_t i, int64_t left) {
    return max64(0, min64(left, data<int64_t>(rows)[i * rows.strides[0]]));
  }
  void prepare(Sequence& s) {
    s.first_key = 0, s.last_key = s.keys, s.holes = false;
    if (key_mask.data) {
      const uint8_t* keep = key_mask.at(s.batch, s.key);
      while (s.last_key > 0 && !keep[(s.last_key - 1) * key_mask.step]) --s.last_key;
      while (s.first_key < s.last_key && !keep[s.first_key * key_mask.step]) ++s.first_key;
      for (int64_t j = s.first_key; j < s.last_key; ++j) s.holes |= !keep[j * key_mask.step];
    }
    s.stride = (s.keys + 15) / 16 * 16 + 16;
    const int64_t fit = 65536 / s.stride / kTileRows * kTileRows;
    s.rows = min64(max64(fit, kTileRows), 8 * kTileRows);
    s.blocks = (s.queries + s.rows - 1) / s.rows;
    s.padded = (s.keys + kPanel<T> - 1) / kPanel<T> * kPanel<T>;
    s.before = packed_keys, packed_keys += s.padded;
    s.first_task = tasks, tasks += s.blocks * heads;
    pairs += static_cast<double>(s.queries) * static_cast<double>(s.keys);
  }
  // What rows [t, t + n) may see at most, the mask aside.
  Range reach(const Sequence& s, int64_t t, int64_t n) const {
    Range r{s.first_key, s.last_key};
    const int64_t at = position + t;
    if (causal) r.high = min64(r.high, at + n);
    if (window > 0) r = {max64(r.low, at - window + 1), min64(r.high, at + n - 1 + window)};
    return r;
  }
  const uint8_t* mask_row(const Sequence& s, int64_t head, int64_t t) const {
    return data<uint8_t>(*mask) + s.batch * mask->strides[0] + head * mask->strides[1] +
           (s.query + t) * mask->strides[2] + s.key * mask->strides[3];
  }
  Range of_mask(const Sequence& s, int64_t head, int64_t t, int64_t n, Range r) const {
    const int64_t step = mask->strides[3];
    Range found{r.high, r.low};
    for (int64_t i = 0; i < n; ++i) {
      const uint8_t* keep = mask_row(s, head, t + i);
      for (int64_t j = r.low; j < found.low; ++j)
        if (keep[j * step]) found.low = j;
      for (int64_t j = r.high; j > found.high; --j)
        if (keep[(j - 1) * step]) found.high = j;
      if (found.low == r.low && found.high == r.high) break;
    }
    return found;
  }
};

// What dropout multiplies the shares of keys [first, first + n) of a row with: 0, or 1 / (1 -
// rate). Key j of S takes word j % 128 of group row * ceil(S / 128) + j / 128, whatever the tiles.
template <class T>
LAMINA_NOINLINE void dropout_factors(const int64_t* draw, double rate, int64_t row, int64_t keys,
                                     int64_t first, int64_t n, T* __restrict__ factor) {
  constexpr int64_t kWords = PhiloxGroup::kWords;
  const auto limit = static_cast<float>(rate);
  const T kept = static_cast<T>(1 / (1 - rate));
  const int64_t groups = (keys + kWords - 1) / kWords;
  PhiloxGroup g;
  for (int64_t done = 0; done < n;) {
    const int64_t j = first + done, word = j % kWords, length = min64(n - done, kWords - word);
    g.fill(static_cast<uint64_t>(draw[0]), static_cast<uint64_t>(draw[1]),
           static_cast<uint64_t>((row * groups + j / kWords) * PhiloxGroup::kLanes));
    for (int64_t i = 0; i < length; ++i) {
      // random.uniform's number in [0, 1)
      const float u = static_cast<float>(static_cast<int32_t>(g.word[word + i] >> 8)) * 0x1p-24f;
      factor[done + i] = u < limit ? T(0) : kept;
    }
    done += length;
  }
}

// s = exp(s - top); returns the sum. Functions of their own, so that the compiler sees how simple
// the loops are.
template <class T>
LAMINA_NOINLINE T exponentials(T* __restrict__ s, int64_t n, T top) {
  for (int64_t j = 0; j < n; ++j) s[j] = math::exp_share(s[j] - top);
  return lane_sum<T>(n, [&](int64_t j) { return s[j]; });
}
template <class T>
LAMINA_NOINLINE void multiply_by(T* __restrict__ s, const T* __restrict__ by, int64_t n) {
  for (int64_t j = 0; j < n; ++j) s[j] *= by[j];
}

// mean = that of rows [0, n), each `width` long.
template <class T>
inline void mean_of_rows(const T* x, int64_t step, int64_t n, int64_t width, T* mean) {
  for (int64_t j = 0; j < width; ++j) mean[j] = 0;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < width; ++j) mean[j] += x[i * step + j];
  for (int64_t j = 0; j < width; ++j) mean[j] *= n ? T(1) / static_cast<T>(n) : T(0);
}

}  // namespace
}  // namespace lamina::LAMINA_ISA
