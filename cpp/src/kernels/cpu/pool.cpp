// Pooling over windows, channels innermost.
#include "kernels/cpu/spatial.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::PoolArgs;

template <class T>
void forward(const Context& ctx, const PoolArgs& a, const View& x, const View& y) {
  Spatial s(a.spatial, x, y, a.window, a.stride, nullptr, a.pad_lo);
  const T* px = data<T>(x);
  T* py = data<T>(y);
  int64_t rows = s.out[0] * s.out[1];
  auto row = [&](int64_t index) {
    int64_t image = index / rows, first = index % rows * s.out[2];
    const T* in = px + image * s.in_size * s.c;
    for (int64_t o = first; o < first + s.out[2]; ++o) {
      T* out = py + (image * s.out_size + o) * s.c;
      int64_t seen = 0;
      for (int64_t j = 0; j < s.c; ++j) out[j] = a.max ? -std::numeric_limits<T>::infinity() : T(0);
      s.visit(o, [&](int64_t, int64_t pixel) {
        const T* p = in + pixel * s.c;
        ++seen;
        if (a.max)
          for (int64_t j = 0; j < s.c; ++j) out[j] = p[j] > out[j] || p[j] != p[j] ? p[j] : out[j];
        else
          for (int64_t j = 0; j < s.c; ++j) out[j] += p[j];
      });
      if (!a.max && seen > 0) {
        T scale = T(1) / static_cast<T>(seen);
        for (int64_t j = 0; j < s.c; ++j) out[j] *= scale;
      }
    }
  };
  parallel(ctx, s.n * rows, 0.3 * static_cast<double>(s.n * s.out_size * s.window_size * s.c), row);
}

template <class T>
void backward(const Context& ctx, const PoolArgs& a, const View& x, const View& y, const View& gy,
              const View& gx) {
  Spatial s(a.spatial, x, y, a.window, a.stride, nullptr, a.pad_lo);
  const T *px = data<T>(x), *py = data<T>(y), *pg = data<T>(gy);
  T* out = data<T>(gx);
  auto image = [&](int64_t i) {
    T* to = out + i * s.in_size * s.c;
    const T* in = px + i * s.in_size * s.c;
    for (int64_t j = 0; j < s.in_size * s.c; ++j) to[j] = 0;
    // left[j]: the gradient of channel j that no maximum has taken yet.
    T* left = scratch<T>(ctx, 0, s.c);
    for (int64_t o = 0; o < s.out_size; ++o) {
      const T *g = pg + (i * s.out_size + o) * s.c, *top = py + (i * s.out_size + o) * s.c;
      if (a.max) {
        for (int64_t j = 0; j < s.c; ++j) left[j] = g[j];
        s.visit(o, [&](int64_t, int64_t pixel) {
          const T* p = in + pixel * s.c;
          T* q = to + pixel * s.c;
          for (int64_t j = 0; j < s.c; ++j) {
            bool hit = p[j] == top[j];
            q[j] += hit ? left[j] : T(0);
            left[j] = hit ? T(0) : left[j];
          }
        });
      } else {
        int64_t seen = 0;
        s.visit(o, [&](int64_t, int64_t) { ++seen; });
        if (seen == 0) continue;
        T scale = T(1) / static_cast<T>(seen);
        s.visit(o, [&](int64_t, int64_t pixel) {
          T* q = to + pixel * s.c;
          for (int64_t j = 0; j < s.c; ++j) q[j] += g[j] * scale;
        });
      }
    }
  };
  parallel(ctx, s.n, 0.6 * static_cast<double>(s.n * s.out_size * s.window_size * s.c), image);
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
