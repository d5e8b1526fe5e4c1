// Convolution as products over packed patches, a block of output pixels at a time; depthwise
// convolution as multiply-adds over channels.
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/spatial.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::ConvArgs;

template <class T>
struct Conv {
  Spatial s;
  int64_t groups, cg, f, fg;  // channels and filters, in all and of one group
  int64_t patch;              // length of one group's patch
  bool pointwise;             // 1x1, stride 1, no padding: no patches needed
  bool depthwise;

  Conv(const ConvArgs& a, const View& x, const View& w, const View& y)
      : s(a.spatial, x, y, w.shape, a.stride, a.dilation, a.pad_lo) {
    groups = a.groups;
    cg = s.c / groups;
    f = w.shape[a.spatial + 1], fg = f / groups;
    patch = s.window_size * cg;
    pointwise = s.window_size == 1 && groups == 1;
    for (int d = 0; d < 3; ++d) pointwise = pointwise && s.stride[d] == 1 && s.pad[d] == 0;
    depthwise = cg == 1;
  }
  // Patches of output pixels [first, first + count) of one image and group, each `patch` long.
  void pack(const T* image, int64_t group, int64_t first, int64_t count, T* out) const {
    const T* base = image + group * cg;
    int64_t kw = s.window[2], row_len = kw * cg;
    for (int64_t i = 0; i < count; ++i, out += patch) {
      int64_t o = first + i;
      int64_t o2 = o % s.out[2], o1 = o / s.out[2] % s.out[1], o0 = o / s.out[2] / s.out[1];
      int64_t left = o2 * s.stride[2] - s.pad[2];
      bool inside = groups == 1 && s.dilation[2] == 1 && left >= 0 && left + kw <= s.in[2];
      T* p = out;
      for (int64_t a = 0; a < s.window[0]; ++a) {
        int64_t i0 = o0 * s.stride[0] - s.pad[0] + a * s.dilation[0];
        for (int64_t b = 0; b < s.window[1]; ++b, p += row_len) {
          int64_t i1 = o1 * s.stride[1] - s.pad[1] + b * s.dilation[1];
          if (i0 < 0 || i0 >= s.in[0] || i1 < 0 || i1 >= s.in[1]) {
            for (int64_t j = 0; j < row_len; ++j) p[j] = 0;
            continue;
          }
          const T* row = base + (i0 * s.in[1] + i1) * s.in[2] * s.c;
          if (inside) {
            const T* q = row + left * s.c;
            for (int64_t j = 0; j < row_len; ++j) p[j] = q[j];
            continue;
          }
          for (int64_t e = 0; e < kw; ++e) {
            int64_t i2 = left + e * s.dilation[2];
            bool in = i2 >= 0 && i2 < s.in[2];
            for (int64_t j = 0; j < cg; ++j) p[e * cg + j] = in ? row[i2 * s.c + j] : T(0);
          }
        }
      }
    }
  }
  // The transpose of pack: adds patches to the image.
  void unpack(const T* patches, int64_t group, int64_t first, int64_t count, T* image) const {
    T* base = image + group * cg;
    for (int64_t i = 0; i < count; ++i, patches += patch)
      s.visit(first + i, [&](int64_t k, int64_t pixel) {
        T* q = base + pixel * s.c;
        const T* p = patches + k * cg;
        for (int64_t j = 0; j < cg; ++j) q[j] += p[j];
      });
  }
  int64_t rows_per_block() const {
    int64_t rows = max64(16, min64(s.out_size, 65536 / max64(patch, 1)));
    return min64(max64(rows, 64), s.out_size);
  }
  double flops() const {
    return 2.0 * static_cast<double>(s.n * s.out_size) * static_cast<double>(patch) *
           static_cast<double>(f);
  }
};

template <class T>
void forward(const Context& ctx, const ConvArgs& args, const View& x, const View& w,
             const View& y) {
  Conv<T> c(args, x, w, y);
  const Spatial& s = c.s;
  if (s.n * s.out_size * c.f == 0) return;
  Epilogue<T> epilogue(args.bias, args.has_act, args.act, args.p0, args.p1);
  const T *px = data<T>(x), *pw = data<T>(w);
  T* py = data<T>(y);
  if (c.depthwise) {
    auto image_row = [&](int64_t index) {
      int64_t image = index / (s.out[0] * s.out[1]), row = index % (s.out[0] * s.out[1]);
      const T* in = px + image * s.in_size * s.c;
      for (int64_t o = row * s.out[2]; o < (row + 1) * s.out[2]; ++o) {
        T* out = py + (image * s.out_size + o) * c.f;
        for (int64_t j = 0; j < c.f; ++j) out[j] = 0;
        s.visit(o, [&](int64_t k, int64_t pixel) {
          const T *q = in + pixel * s.c, *wk = pw + k * c.f;
          if (c.fg == 1)
            for (int64_t j = 0; j < c.f; ++j) out[j] += q[j] * wk[j];
          else
            for (int64_t g = 0; g < s.c; ++g)
              for (int64_t j = 0; j < c.fg; ++j) out[g * c.fg + j] += q[g] * wk[g * c.fg + j];
        });
      }
      epilogue.apply(py + (image * s.out_size + row * s.out[2]) * c.f, s.out[2], c.f, c.f, 0);
    };
    parallel(ctx, s.n * s.out[0] * s.out[1], c.flops() * 0.2, image_row);
    return;
  }
  int64_t rows = c.rows_per_block();
  if (c.pointwise) {
    // One plain product over all pixels of all images.
    int64_t pixels = s.n * s.out_size;
    rows = 256;
    auto block = [&](int64_t b) {
      int64_t first = b * rows, count = min64(rows, pixels - first);
      gemm(count, c.f, s.c, px + first * s.c, s.c, 1, pw, c.f, 1, py + first * c.f, c.f, false);
      epilogue.apply(py + first * c.f, count, c.f, c.f, 0);
    };
    parallel(ctx, (pixels + rows - 1) / rows, c.flops() * 0.02, block);
    return;
  }
  int64_t blocks = (s.out_size + rows - 1) / rows;
  auto block = [&](int64_t index) {
    int64_t image = index / blocks, first = index % blocks * rows,
            count = min64(rows, s.out_size - first);
    T* patches = scratch<T>(ctx, 0, rows * c.patch);
    T* out = py + (image * s.out_size + first) * c.f;
    for (int64_t g = 0; g < c.groups; ++g) {
      c.pack(px + image * s.in_size * s.c, g, first, count, patches);
      gemm(count, c.fg, c.patch, patches, c.patch, 1, pw + g * c.fg, c.f, 1, out + g * c.fg, c.f,
           false);
    }
    epilogue.apply(out, count, c.f, c.f, 0);
  };
  parallel(ctx, s.n * blocks, c.flops() * 0.02, block);
}

template <class T>
void input_grad(const Context& ctx, const ConvArgs& args, const View& gy, const View& w,
                const View& gx) {
  Conv<T> c(args, gx, w, gy);
  const Spatial& s = c.s;
  const T *pg = data<T>(gy), *pw = data<T>(w);
  T* px = data<T>(gx);
  int64_t rows = c.rows_per_block();
  auto image = [&](int64_t i) {
    T* out = px + i * s.in_size * s.c;
    for (int64_t j = 0; j < s.in_size * s.c; ++j) out[j] = 0;
    if (c.depthwise) {
      for (int64_t o = 0; o < s.out_size; ++o) {
        const T* g = pg + (i * s.out_size + o) * c.f;
        s.visit(o, [&](int64_t k, int64_t pixel) {
          T* q = out + pixel * s.c;
          const T* wk = pw + k * c.f;
          if (c.fg == 1)
            for (int64_t j = 0; j < c.f; ++j) q[j] += g[j] * wk[j];
          else
            for (int64_t a = 0; a < s.c; ++a)
              for (int64_t j = 0; j < c.fg; ++j) q[a] += g[a * c.fg + j] * wk[a * c.fg + j];
        });
      }
      return;
    }
    T* patches = scratch<T>(ctx, 0, rows * c.patch);
    for (int64_t first = 0; first < s.out_size; first += rows) {
      int64_t count = min64(rows, s.out_size - first);
      const T* g = pg + (i * s.out_size + first) * c.f;
      for (int64_t group = 0; group < c.groups; ++group) {
        if (c.pointwise) {
          gemm(count, s.c, c.f, g, c.f, 1, pw, 1, c.f, out + first * s.c, s.c, false);
          continue;
        }
        gemm(count, c.patch, c.fg, g + group * c.fg, c.f, 1, pw + group * c.fg, 1, c.f, patches,
             c.patch, false);
        c.unpack(patches, group, first, count, out);
      }
    }
  };
  parallel(ctx, s.n, c.flops() * 0.02, image);
}

template <class T>
void kernel_grad(const Context& ctx, const ConvArgs& args, const View& x, const View& gy,
                 const View& gw) {
  Conv<T> c(args, x, gw, gy);
  const Spatial& s = c.s;
  const T *px = data<T>(x), *pg = data<T>(gy);
  T* pw = data<T>(gw);
  int64_t size = s.window_size * c.cg * c.f;
  // Images in fixed chunks, each with a sum of its own; the sums are added in order.
  int64_t chunks = max64(1, min64(s.n, 8)), per = (s.n + chunks - 1) / chunks;
  T* parts = scratch<T>(ctx, 2, chunks * size);
  int64_t rows = c.rows_per_block();
  auto chunk = [&](int64_t q) {
    T* sum = parts + q * size;
    for (int64_t j = 0; j < size; ++j) sum[j] = 0;
    for (int64_t i = q * per; i < min64(s.n, (q + 1) * per); ++i) {
      const T* in = px + i * s.in_size * s.c;
      if (c.depthwise) {
        for (int64_t o = 0; o < s.out_size; ++o) {
          const T* g = pg + (i * s.out_size + o) * c.f;
          s.visit(o, [&](int64_t k, int64_t pixel) {
            const T* p = in + pixel * s.c;
            T* wk = sum + k * c.f;
            if (c.fg == 1)
              for (int64_t j = 0; j < c.f; ++j) wk[j] += g[j] * p[j];
            else
              for (int64_t a = 0; a < s.c; ++a)
                for (int64_t j = 0; j < c.fg; ++j) wk[a * c.fg + j] += p[a] * g[a * c.fg + j];
          });
        }
        continue;
      }
      T* patches = scratch<T>(ctx, 0, rows * c.patch);
      for (int64_t first = 0; first < s.out_size; first += rows) {
        int64_t count = min64(rows, s.out_size - first);
        const T* g = pg + (i * s.out_size + first) * c.f;
        for (int64_t group = 0; group < c.groups; ++group) {
          if (c.pointwise) {
            gemm(s.c, c.f, count, in + first * s.c, 1, s.c, g, c.f, 1, sum, c.f, true);
            continue;
          }
          c.pack(in, group, first, count, patches);
          gemm(c.patch, c.fg, count, patches, 1, c.patch, g + group * c.fg, c.f, 1,
               sum + group * c.fg, c.f, true);
        }
      }
    }
  };
  parallel(ctx, chunks, c.flops() * 0.02, chunk);
  for (int64_t j = 0; j < size; ++j) {
    T v = parts[j];
    for (int64_t q = 1; q < chunks; ++q) v += parts[q * size + j];
    pw[j] = v;
  }
}

void conv(const Context& ctx, const ConvArgs& a, const View& x, const View& w, const View& y) {
  y.dtype == DType::kFloat32 ? forward<float>(ctx, a, x, w, y) : forward<double>(ctx, a, x, w, y);
}
void conv_input_grad(const Context& ctx, const ConvArgs& a, const View& gy, const View& w,
                     const View& gx) {
  gx.dtype == DType::kFloat32 ? input_grad<float>(ctx, a, gy, w, gx)
                              : input_grad<double>(ctx, a, gy, w, gx);
}
void conv_kernel_grad(const Context& ctx, const ConvArgs& a, const View& x, const View& gy,
                      const View& gw) {
  gw.dtype == DType::kFloat32 ? kernel_grad<float>(ctx, a, x, gy, gw)
                              : kernel_grad<double>(ctx, a, x, gy, gw);
}

}  // namespace

void fill_conv(abi::KernelTable& t) {
  t.conv = conv;
  t.conv_input_grad = conv_input_grad;
  t.conv_kernel_grad = conv_kernel_grad;
}

}  // namespace lamina::LAMINA_ISA
