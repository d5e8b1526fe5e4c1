#include "kernels/cpu/conv_depthwise.h"

#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/spatial.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::ConvArgs;

struct Depthwise {
  Spatial s;
  int64_t f, per;  // filters, in all and of one channel

  Depthwise(const ConvArgs& a, const View& x, const View& w, const View& y)
      : s(a.spatial, x, y, w.shape, a.stride, a.dilation, a.pad_lo),
        f(w.shape[a.spatial + 1]),
        per(f / a.groups) {}
  double cost() const {
    return 0.4 * static_cast<double>(s.n * s.out_size) * static_cast<double>(s.window_size * f);
  }
};

template <class T>
void forward(const Context& ctx, const ConvArgs& args, const View& x, const View& w,
             const View& y) {
  const Depthwise c(args, x, w, y);
  const Spatial& s = c.s;
  const Epilogue<T> epilogue(args.bias, args.has_act, args.act, args.p0, args.p1);
  const T *px = data<T>(x), *pw = data<T>(w);
  T* py = data<T>(y);
  parallel(ctx, s.n * s.out[0] * s.out[1], c.cost(), [&](int64_t index) {
    const int64_t image = index / (s.out[0] * s.out[1]), row = index % (s.out[0] * s.out[1]);
    const T* in = px + image * s.in_size * s.c;
    for (int64_t o = row * s.out[2]; o < (row + 1) * s.out[2]; ++o) {
      T* out = py + (image * s.out_size + o) * c.f;
      for (int64_t j = 0; j < c.f; ++j) out[j] = 0;
      s.visit(o, [&](int64_t k, int64_t pixel) {
        const T *q = in + pixel * s.c, *wk = pw + k * c.f;
        if (c.per == 1)
          for (int64_t j = 0; j < c.f; ++j) out[j] += q[j] * wk[j];
        else
          for (int64_t g = 0; g < s.c; ++g)
            for (int64_t j = 0; j < c.per; ++j) out[g * c.per + j] += q[g] * wk[g * c.per + j];
      });
    }
    epilogue.apply(py + (image * s.out_size + row * s.out[2]) * c.f, s.out[2], c.f, c.f, 0);
  });
}

template <class T>
void input_grad(const Context& ctx, const ConvArgs& args, const View& gy, const View& w,
                const View& gx) {
  const Depthwise c(args, gx, w, gy);
  const Spatial& s = c.s;
  const T *pg = data<T>(gy), *pw = data<T>(w);
  T* px = data<T>(gx);
  parallel(ctx, s.n, c.cost(), [&](int64_t i) {
    T* out = px + i * s.in_size * s.c;
    for (int64_t j = 0; j < s.in_size * s.c; ++j) out[j] = 0;
    for (int64_t o = 0; o < s.out_size; ++o) {
      const T* g = pg + (i * s.out_size + o) * c.f;
      s.visit(o, [&](int64_t k, int64_t pixel) {
        T* q = out + pixel * s.c;
        const T* wk = pw + k * c.f;
        if (c.per == 1)
          for (int64_t j = 0; j < c.f; ++j) q[j] += g[j] * wk[j];
        else
          for (int64_t a = 0; a < s.c; ++a)
            for (int64_t j = 0; j < c.per; ++j) q[a] += g[a * c.per + j] * wk[a * c.per + j];
      });
    }
  });
}

template <class T>
void kernel_grad(const Context& ctx, const ConvArgs& args, const View& x, const View& gy,
                 const View& gw) {
  const Depthwise c(args, x, gw, gy);
  const Spatial& s = c.s;
  const T *px = data<T>(x), *pg = data<T>(gy);
  T* pw = data<T>(gw);
  const int64_t size = s.window_size * c.f;
  // Images in fixed chunks, each with a sum of its own; the sums are added in order.
  const int64_t chunks = max64(1, min64(s.n, 8));
  T* parts = scratch<T>(ctx, 2, chunks * size);
  parallel(ctx, chunks, c.cost(), [&](int64_t q) {
    T* sum = parts + q * size;
    for (int64_t j = 0; j < size; ++j) sum[j] = 0;
    for (int64_t i = s.n * q / chunks; i < s.n * (q + 1) / chunks; ++i) {
      const T* in = px + i * s.in_size * s.c;
      for (int64_t o = 0; o < s.out_size; ++o) {
        const T* g = pg + (i * s.out_size + o) * c.f;
        s.visit(o, [&](int64_t k, int64_t pixel) {
          const T* p = in + pixel * s.c;
          T* wk = sum + k * c.f;
          if (c.per == 1)
            for (int64_t j = 0; j < c.f; ++j) wk[j] += g[j] * p[j];
          else
            for (int64_t a = 0; a < s.c; ++a)
              for (int64_t j = 0; j < c.per; ++j) wk[a * c.per + j] += p[a] * g[a * c.per + j];
        });
      }
    }
  });
  for (int64_t j = 0; j < size; ++j) {
    T v = parts[j];
    for (int64_t q = 1; q < chunks; ++q) v += parts[q * size + j];
    pw[j] = v;
  }
}

}  // namespace

bool is_depthwise(const ConvArgs& args, const View& w) {
  return args.groups > 1 && w.shape[args.spatial] == 1;
}
void depthwise(const Context& ctx, const ConvArgs& a, const View& x, const View& w, const View& y) {
  y.dtype == DType::kFloat32 ? forward<float>(ctx, a, x, w, y) : forward<double>(ctx, a, x, w, y);
}
void depthwise_input_grad(const Context& ctx, const ConvArgs& a, const View& gy, const View& w,
                          const View& gx) {
  gx.dtype == DType::kFloat32 ? input_grad<float>(ctx, a, gy, w, gx)
                              : input_grad<double>(ctx, a, gy, w, gx);
}
void depthwise_kernel_grad(const Context& ctx, const ConvArgs& a, const View& x, const View& gy,
                           const View& gw) {
  gw.dtype == DType::kFloat32 ? kernel_grad<float>(ctx, a, x, gy, gw)
                              : kernel_grad<double>(ctx, a, x, gy, gw);
}

}  // namespace lamina::LAMINA_ISA
