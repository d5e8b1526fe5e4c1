// Pooling over windows, channels innermost: a vector of them at a time.
#include "kernels/cpu/simd.h"
#include "kernels/cpu/spatial.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::PoolArgs;

// V is T or a vector of it.
template <class V, class T>
inline V get(const T* p) {
  if constexpr (std::is_same_v<V, T>)
    return *p;
  else
    return load_vector(p);
}
template <class V, class T>
inline void put(T* p, const V& v) {
  if constexpr (std::is_same_v<V, T>)
    *p = v;
  else
    store_vector(p, v);
}
// Calls f(channel, V()) over all channels.
template <class T, class F>
inline void each_channel(int64_t channels, F&& f) {
  int64_t j = 0;
#if defined(__GNUC__)
  for (; j + kVectorLength<T> <= channels; j += kVectorLength<T>) f(j, Vector<T>{});
#endif
  for (; j < channels; ++j) f(j, T{});
}

template <class T>
struct Pool {
  Spatial s;
  bool max;

  Pool(const PoolArgs& a, const View& x, const View& y)
      : s(a.spatial, x, y, a.window, a.stride, nullptr, a.pad_lo), max(a.max) {}
  double cost() const {
    return 0.1 * static_cast<double>(s.n * s.out_size) * static_cast<double>(s.window_size * s.c);
  }
  // Where the pixels lie that output o sees; their number.
  int64_t window(int64_t o, int64_t* offsets) const {
    int64_t n = 0;
    s.visit(o, [&](int64_t, int64_t pixel) { offsets[n++] = pixel * s.c; });
    return n;
  }
  void forward(const T* in, const int64_t* offsets, int64_t n, T* out) const {
    const T share = T(1) / static_cast<T>(max64(n, 1));
    each_channel<T>(s.c, [&](int64_t j, auto zero) {
      using V = decltype(zero);
      V sum = n ? get<V>(in + offsets[0] + j) : zero;
      for (int64_t i = 1; i < n; ++i) {
        const V x = get<V>(in + offsets[i] + j);
        if (max)
          sum = (x > sum) | (x != x) ? x : sum;  // a NaN wins
        else
          sum = sum + x;
      }
      put<V>(out + j, max ? sum : share * sum);
    });
  }
  void backward(const T* in, const int64_t* offsets, int64_t n, const T* out, const T* g,
                T* to) const {
    const T share = T(1) / static_cast<T>(max64(n, 1));
    each_channel<T>(s.c, [&](int64_t j, auto zero) {
      using V = decltype(zero);
      V left = get<V>(g + j);  // what no maximum has taken yet
      if (!max) left = share * left;
      const V top = get<V>(out + j);
      for (int64_t i = 0; i < n; ++i) {
        T* q = to + offsets[i] + j;
        if (!max) {
          put<V>(q, get<V>(q) + left);
          continue;
        }
        const V x = get<V>(in + offsets[i] + j);
        put<V>(q, get<V>(q) + (x == top ? left : zero));
        left = x == top ? zero : left;
      }
    });
  }
};

template <class T>
void forward(const Context& ctx, const PoolArgs& a, const View& x, const View& y) {
  const Pool<T> pool(a, x, y);
  const Spatial& s = pool.s;
  const int64_t rows = s.out[0] * s.out[1];
  parallel(ctx, s.n * rows, pool.cost(), [&](int64_t index) {
    const T* in = data<T>(x) + index / rows * s.in_size * s.c;
    T* out = data<T>(y) + index * s.out[2] * s.c;
    int64_t* offsets = scratch<int64_t>(ctx, 0, s.window_size);
    for (int64_t i = 0; i < s.out[2]; ++i, out += s.c) {
      const int64_t n = pool.window(index % rows * s.out[2] + i, offsets);
      pool.forward(in, offsets, n, out);
    }
  });
}

template <class T>
void backward(const Context& ctx, const PoolArgs& a, const View& x, const View& y, const View& gy,
              const View& gx) {
  const Pool<T> pool(a, x, y);
  const Spatial& s = pool.s;
  parallel(ctx, s.n, 2 * pool.cost(), [&](int64_t image) {
    T* to = data<T>(gx) + image * s.in_size * s.c;
    const T* in = data<T>(x) + image * s.in_size * s.c;
    std::memset(to, 0, static_cast<size_t>(s.in_size * s.c) * sizeof(T));
    int64_t* offsets = scratch<int64_t>(ctx, 0, s.window_size);
    for (int64_t o = 0; o < s.out_size; ++o) {
      const int64_t at = (image * s.out_size + o) * s.c, n = pool.window(o, offsets);
      pool.backward(in, offsets, n, data<T>(y) + at, data<T>(gy) + at, to);
    }
  });
}

void pool(const Context& ctx, const PoolArgs& a, const View& x, const View& y) {
  y.dtype == DType::kFloat32 ? forward<float>(ctx, a, x, y) : forward<double>(ctx, a, x, y);
}
void pool_grad(const Context& ctx, const PoolArgs& a, const View& x, const View& y, const View& gy,
               const View& gx) {
  y.dtype == DType::kFloat32 ? backward<float>(ctx, a, x, y, gy, gx)
                             : backward<double>(ctx, a, x, y, gy, gx);
}

}  // namespace

void fill_pool(abi::KernelTable& t) {
  t.pool = pool;
  t.pool_grad = pool_grad;
}

}  // namespace lamina::LAMINA_ISA
