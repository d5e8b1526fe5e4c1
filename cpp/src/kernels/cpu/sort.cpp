// Stable sort along the last axis.
//
// Elements become unsigned integers of the same order, with NaN the largest and equal numbers equal
// (-0 is 0), inverted when descending. Those are sorted together with their positions: short rows
// by insertion, long ones by radix, one byte at a time, skipping bytes that all have in common.
#include "kernels/cpu/convert.h"

namespace lamina::LAMINA_ISA {
namespace {

template <class K>
struct Item {
  K key, at;
};

inline uint32_t order_key(float x) {
  const uint32_t u = math::bits(x == 0 ? 0.0f : x);
  const uint32_t key = u >> 31 ? ~u : u | 0x80000000u;
  return x != x ? ~uint32_t{0} : key;
}
inline uint64_t order_key(double x) {
  const uint64_t u = math::bits(x == 0 ? 0.0 : x);
  const uint64_t key = u >> 63 ? ~u : u | uint64_t{1} << 63;
  return x != x ? ~uint64_t{0} : key;
}
inline uint32_t order_key(int32_t x) { return static_cast<uint32_t>(x) ^ 0x80000000u; }
inline uint64_t order_key(int64_t x) {
  return static_cast<uint64_t>(x) ^ uint64_t { 1 } << 63;
}
inline uint32_t order_key(Half x) { return order_key(convert<float>(x)); }
inline uint32_t order_key(BFloat x) { return order_key(convert<float>(x)); }
inline uint32_t order_key(Bool x) { return x.byte != 0; }
inline uint32_t order_key(uint8_t x) { return x; }
inline uint32_t order_key(int8_t x) { return order_key(int32_t{x}); }
inline uint32_t order_key(int16_t x) { return order_key(int32_t{x}); }

template <class K>
void insertion_sort(Item<K>* a, int64_t n) {
  for (int64_t i = 1; i < n; ++i) {
    const Item<K> v = a[i];
    int64_t j = i;
    for (; j > 0 && a[j - 1].key > v.key; --j) a[j] = a[j - 1];
    a[j] = v;
  }
}

// Sorts a with the help of b; returns the one that holds the result.
template <class K>
Item<K>* radix_sort(Item<K>* a, Item<K>* b, int64_t n) {
  constexpr int kBytes = sizeof(K);
  int64_t counts[kBytes][256] = {};
  for (int64_t i = 0; i < n; ++i) {
    for (int d = 0; d < kBytes; ++d) ++counts[d][a[i].key >> (8 * d) & 0xff];
  }
  for (int d = 0; d < kBytes; ++d) {
    if (counts[d][a[0].key >> (8 * d) & 0xff] == n) continue;
    int64_t start = 0;
    for (int64_t& c : counts[d]) {
      const int64_t count = c;
      c = start;
      start += count;
    }
    for (int64_t i = 0; i < n; ++i) b[counts[d][a[i].key >> (8 * d) & 0xff]++] = a[i];
    Item<K>* t = a;
    a = b, b = t;
  }
  return a;
}

// Offset of row r of a view: all axes but the last in C order.
inline int64_t row_offset(const View& v, int64_t r) {
  int64_t offset = 0;
  for (int d = v.rank - 2; d >= 0; --d) {
    offset += r % v.shape[d] * v.strides[d];
    r /= v.shape[d];
  }
  return offset;
}

template <class I, class K>
void write_indices(const Item<K>* items, int64_t n, const View& out, int64_t row, int64_t stride) {
  I* y = data<I>(out) + row_offset(out, row);
  for (int64_t i = 0; i < n; ++i) y[i * stride] = static_cast<I>(items[i].at);
}

template <class T, class K>
void sort_as(const Context& ctx, const View& in, const View& values, const View& indices,
             bool descending) {
  const int last = in.rank - 1;
  const int64_t n = last < 0 ? 1 : in.shape[last], rows = numel(in) / n;
  const int64_t group = max64(1, 4096 / n);
  const double cost = static_cast<double>(rows) * static_cast<double>(n) * 10;
  parallel(ctx, (rows + group - 1) / group, cost, [&](int64_t block) {
    Item<K>* a = scratch<Item<K>>(ctx, 0, n);
    Item<K>* b = scratch<Item<K>>(ctx, 1, n);
    for (int64_t r = block * group; r < min64((block + 1) * group, rows); ++r) {
      const T* x = data<T>(in) + (last < 0 ? 0 : row_offset(in, r));
      const int64_t stride = last < 0 ? 1 : in.strides[last];
      for (int64_t i = 0; i < n; ++i) {
        const K key = order_key(x[i * stride]);
        a[i] = {descending ? static_cast<K>(~key) : key, static_cast<K>(i)};
      }
      const Item<K>* sorted = a;
      if (n <= 32) {
        insertion_sort(a, n);
      } else {
        sorted = radix_sort(a, b, n);
      }
      if (values.data) {
        T* y = data<T>(values) + row_offset(values, r);
        const int64_t step = last < 0 ? 1 : values.strides[last];
        for (int64_t i = 0; i < n; ++i) {
          y[i * step] = x[static_cast<int64_t>(sorted[i].at) * stride];
        }
      }
      if (indices.data) {
        const int64_t step = last < 0 ? 1 : indices.strides[last];
        if (indices.dtype == DType::kInt32) {
          write_indices<int32_t>(sorted, n, indices, r, step);
        } else {
          write_indices<int64_t>(sorted, n, indices, r, step);
        }
      }
    }
  });
}

void sort(const Context& ctx, const View& in, const View& values, const View& indices,
          bool descending) {
  if (numel(in) == 0) return;
  with_stored_type(in.dtype, [&](auto element) {
    using T = decltype(element);
    using K = decltype(order_key(element));
    // Positions have as many bits as keys.
    if (sizeof(K) == 4 && in.rank > 0 && in.shape[in.rank - 1] > int64_t{0xffffffff}) {
      sort_as<T, uint64_t>(ctx, in, values, indices, descending);
    } else {
      sort_as<T, K>(ctx, in, values, indices, descending);
    }
  });
}

}  // namespace

void fill_sort(abi::KernelTable& table) { table.sort = sort; }

}  // namespace lamina::LAMINA_ISA
