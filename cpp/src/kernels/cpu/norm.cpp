// Layer and batch normalization. Sums over rows go by fixed chunks of rows, added in order.
#include "kernels/cpu/rows.h"

namespace lamina::LAMINA_ISA {
namespace {

constexpr int64_t kRowChunk = 256;

template <class T>
const T* optional(const View* v) {
  return v ? data<T>(*v) : nullptr;
}

// out[k][j] = sum over rows of f, by chunks of rows. f(first, count, sum) adds what `count`
// elements from `first` on give to sum[0, count), and to the k-th array of sums at sum + k * width.
// A width of several rows makes long loops of short rows.
template <int kSums, class T, class F>
void column_sums(const Context& ctx, int64_t rows, int64_t cols, int64_t width, T* const* out,
                 F&& f) {
  const int64_t size = rows * cols, lines = (size + width - 1) / width;
  const int64_t chunks = max64(1, min64(64, (rows + kRowChunk - 1) / kRowChunk));
  T* parts = scratch<T>(ctx, 2, chunks * kSums * width);
  parallel(ctx, chunks, 0.1 * kSums * static_cast<double>(size), [&](int64_t c) {
    T* sum = parts + c * kSums * width;
    for (int64_t j = 0; j < kSums * width; ++j) sum[j] = 0;
    for (int64_t i = lines * c / chunks; i < lines * (c + 1) / chunks; ++i)
      f(i * width, min64(width, size - i * width), sum);
  });
  for (int k = 0; k < kSums; ++k) {
    if (!out[k]) continue;
    for (int64_t j = 0; j < cols; ++j) {
      T s = 0;
      for (int64_t c = 0; c < chunks; ++c)
        for (int64_t i = j; i < width; i += cols) s += parts[(c * kSums + k) * width + i];
      out[k][j] = s;
    }
  }
}

// Several short rows as one.
inline int64_t wide(int64_t cols) { return cols ? max64(1, 256 / cols) * cols : 1; }
template <class T>
void repeat(T* values, int64_t cols, int64_t width) {
  for (int64_t i = cols; i < width; ++i) values[i] = values[i - cols];
}

template <class T>
void ln(const Context& ctx, double eps, const View& x, const View* gamma, const View* beta,
        const View& y, const View& mean, const View& rstd) {
  int64_t rows = x.shape[0], cols = x.shape[1];
  const T *g = optional<T>(gamma), *b = optional<T>(beta);
  for_rows(ctx, rows, cols, 0.8, [&](int64_t r) {
    const T* in = data<T>(x) + r * cols;
    T* out = data<T>(y) + r * cols;
    T mu = lane_sum<T>(cols, [&](int64_t i) { return in[i]; }) / static_cast<T>(cols);
    T var = lane_sum<T>(cols, [&](int64_t i) { return (in[i] - mu) * (in[i] - mu); }) /
            static_cast<T>(cols);
    T rs = T(1) / std::sqrt(var + static_cast<T>(eps));
    data<T>(mean)[r] = mu;
    data<T>(rstd)[r] = rs;
    for (int64_t i = 0; i < cols; ++i) out[i] = (in[i] - mu) * rs;
    if (g)
      for (int64_t i = 0; i < cols; ++i) out[i] *= g[i];
    if (b)
      for (int64_t i = 0; i < cols; ++i) out[i] += b[i];
  });
}

template <class T>
void ln_grad(const Context& ctx, const View& x, const View* gamma, const View& mean,
             const View& rstd, const View& gy, const View& gx, const View* ggamma,
             const View* gbeta) {
  int64_t rows = x.shape[0], cols = x.shape[1];
  const T* g = optional<T>(gamma);
  const T *pm = data<T>(mean), *pr = data<T>(rstd);
  if (gx.data)
    for_rows(ctx, rows, cols, 1, [&](int64_t r) {
      const T *in = data<T>(x) + r * cols, *up = data<T>(gy) + r * cols;
      T* out = data<T>(gx) + r * cols;
      T mu = pm[r], rs = pr[r], n = static_cast<T>(cols);
      T a = lane_sum<T>(cols, [&](int64_t i) { return g ? up[i] * g[i] : up[i]; }) / n;
      T b = lane_sum<T>(cols,
                        [&](int64_t i) { return (g ? up[i] * g[i] : up[i]) * (in[i] - mu) * rs; }) /
            n;
      for (int64_t i = 0; i < cols; ++i)
        out[i] = rs * ((g ? up[i] * g[i] : up[i]) - a - (in[i] - mu) * rs * b);
    });
  T* sums[2] = {ggamma ? data<T>(*ggamma) : nullptr, gbeta ? data<T>(*gbeta) : nullptr};
  if (sums[0] || sums[1])
    column_sums<2, T>(ctx, rows, cols, cols, sums, [&](int64_t first, int64_t, T* sum) {
      const T *in = data<T>(x) + first, *up = data<T>(gy) + first;
      T mu = pm[first / cols], rs = pr[first / cols];
      for (int64_t i = 0; i < cols; ++i) sum[i] += up[i] * (in[i] - mu) * rs;
      for (int64_t i = 0; i < cols; ++i) sum[cols + i] += up[i];
    });
}

// One pass: sums of differences to the first row, and of their squares.
template <class T>
void bn_stats(const Context& ctx, const View& x, const View& mean, const View& var) {
  const int64_t rows = x.shape[0], cols = x.shape[1], width = wide(cols);
  T *pm = data<T>(mean), *pv = data<T>(var), *from = scratch<T>(ctx, 1, width);
  for (int64_t i = 0; i < cols; ++i) from[i] = rows ? data<T>(x)[i] : T(0);
  repeat(from, cols, width);
  T* sums[2] = {pm, pv};
  column_sums<2, T>(ctx, rows, cols, width, sums,
                    [&](int64_t first, int64_t count, T* __restrict__ sum) {
                      const T* in = data<T>(x) + first;
                      T* __restrict__ squares = sum + width;
                      for (int64_t i = 0; i < count; ++i) {
                        const T d = in[i] - from[i];
                        sum[i] += d;
                        squares[i] += d * d;
                      }
                    });
  const T n = static_cast<T>(max64(rows, 1));
  for (int64_t i = 0; i < cols; ++i) {
    const T d = pm[i] / n, v = pv[i] / n - d * d;
    pm[i] = from[i] + d;
    pv[i] = v < 0 ? T(0) : v;
  }
}

// Factor and summand of the columns, repeated to `width`.
template <class T>
void bn_factors(const abi::BatchNormArgs& a, int64_t cols, int64_t width, T* scale, T* shift) {
  const T *g = optional<T>(a.gamma), *b = optional<T>(a.beta);
  for (int64_t i = 0; i < cols; ++i) {
    scale[i] = (g ? g[i] : T(1)) / std::sqrt(data<T>(a.var)[i] + static_cast<T>(a.eps));
    shift[i] = (b ? b[i] : T(0)) - data<T>(a.mean)[i] * scale[i];
  }
  repeat(scale, cols, width), repeat(shift, cols, width);
}

template <class T, bool kRelu, bool kResidual>
void bn_rows(const Context& ctx, const abi::BatchNormArgs& a, int64_t size, int64_t width,
             const T* scale, const T* shift) {
  for_rows(ctx, (size + width - 1) / width, width, kResidual ? 0.2 : 0.15, [&](int64_t r) {
    const T* in = data<T>(a.x) + r * width;
    const T* more = kResidual ? data<T>(*a.residual) + r * width : nullptr;
    T* __restrict__ out = data<T>(a.y) + r * width;
    const int64_t count = min64(width, size - r * width);
    for (int64_t i = 0; i < count; ++i) {
      T v = in[i] * scale[i] + shift[i];
      if constexpr (kResidual) v += more[i];
      if constexpr (kRelu) v = v <= 0 ? T(0) : v;
      out[i] = v;
    }
  });
}

template <class T>
void bn(const Context& ctx, const abi::BatchNormArgs& a) {
  const int64_t cols = a.x.shape[1], width = wide(cols), size = a.x.shape[0] * cols;
  T *scale = scratch<T>(ctx, 1, 2 * width), *shift = scale + width;
  bn_factors(a, cols, width, scale, shift);
  const auto run = a.relu ? (a.residual ? bn_rows<T, true, true> : bn_rows<T, true, false>)
                          : (a.residual ? bn_rows<T, false, true> : bn_rows<T, false, false>);
  run(ctx, a, size, width, scale, shift);
}

// How the gradient of the normalized values follows from the one that comes in.
enum class Through {
  kNothing,
  kRelu,      // whose sign is computed again from x
  kResidual,  // what is stored in gresidual: after ReLU, if there is one
};

template <class T, Through kThrough>
void bn_grad_through(const Context& ctx, const abi::BatchNormGradArgs& a) {
  const abi::BatchNormArgs& f = a.f;
  const int64_t rows = f.x.shape[0], cols = f.x.shape[1], width = wide(cols), size = rows * cols;
  const T* g = optional<T>(f.gamma);
  T *rs = scratch<T>(ctx, 1, 9 * width), *pm = rs + width, *sa = pm + width, *sb = sa + width,
    *c0 = sb + width, *c1 = c0 + width, *c2 = c1 + width, *scale = c2 + width,
    *shift = scale + width;
  for (int64_t i = 0; i < cols; ++i) {
    rs[i] = T(1) / std::sqrt(data<T>(f.var)[i] + static_cast<T>(f.eps));
    pm[i] = data<T>(f.mean)[i];
  }
  repeat(rs, cols, width), repeat(pm, cols, width);
  if constexpr (kThrough == Through::kRelu) bn_factors(f, cols, width, scale, shift);
  T* sums[2] = {sa, sb};
  column_sums<2, T>(
      ctx, rows, cols, width, sums, [&](int64_t first, int64_t count, T* __restrict__ sum) {
        const T *in = data<T>(f.x) + first, *up = data<T>(a.gy) + first;
        T* __restrict__ plain = sum + width;
        const auto add = [&](int64_t i, T d) {
          sum[i] += d * (in[i] - pm[i]) * rs[i];
          plain[i] += d;
        };
        if constexpr (kThrough == Through::kNothing) {
          for (int64_t i = 0; i < count; ++i) add(i, up[i]);
        } else if constexpr (kThrough == Through::kRelu) {
          T* __restrict__ through = scratch<T>(ctx, 3, width);  // two loops, both in vectors
          for (int64_t i = 0; i < count; ++i) {
            const T d = up[i];
            through[i] = in[i] * scale[i] + shift[i] > 0 ? d : T(0);
          }
          for (int64_t i = 0; i < count; ++i) add(i, through[i]);
        } else {
          T* __restrict__ to = data<T>(*a.gresidual) + first;
          if (a.gy2) {
            const T* more = data<T>(*a.gy2) + first;
            for (int64_t i = 0; i < count; ++i) to[i] = up[i] + more[i];
            up = to;
          }
          if (f.relu) {
            const T* y = data<T>(f.y) + first;
            for (int64_t i = 0; i < count; ++i) to[i] = y[i] > 0 ? up[i] : T(0);
          } else if (up != to) {
            for (int64_t i = 0; i < count; ++i) to[i] = up[i];
          }
          for (int64_t i = 0; i < count; ++i) add(i, to[i]);
        }
      });
  T n = static_cast<T>(max64(rows, 1));
  // gx = gamma * rs * (g - mean(g) - xhat * mean(g xhat)) = c0 * g + c1 * x + c2
  for (int64_t i = 0; i < cols; ++i) {
    c0[i] = (g ? g[i] : T(1)) * rs[i];
    c1[i] = -c0[i] * rs[i] * sa[i] / n;
    c2[i] = -c0[i] * sb[i] / n - c1[i] * pm[i];
    if (a.ggamma) data<T>(*a.ggamma)[i] = sa[i];
    if (a.gbeta) data<T>(*a.gbeta)[i] = sb[i];
  }
  repeat(c0, cols, width), repeat(c1, cols, width), repeat(c2, cols, width);
  if (!a.gx.data) return;
  const T* from = kThrough == Through::kResidual ? data<T>(*a.gresidual) : data<T>(a.gy);
  for_rows(ctx, (size + width - 1) / width, width, 0.2, [&](int64_t r) {
    const T *in = data<T>(f.x) + r * width, *up = from + r * width;
    T* __restrict__ out = data<T>(a.gx) + r * width;
    const int64_t count = min64(width, size - r * width);
    for (int64_t i = 0; i < count; ++i) {
      T d = up[i];
      if constexpr (kThrough == Through::kRelu) d = in[i] * scale[i] + shift[i] > 0 ? d : T(0);
      out[i] = c0[i] * d + c1[i] * in[i] + c2[i];
    }
  });
}

template <class T>
void bn_grad(const Context& ctx, const abi::BatchNormGradArgs& a) {
  if (a.gresidual)
    bn_grad_through<T, Through::kResidual>(ctx, a);
  else if (a.f.relu)
    bn_grad_through<T, Through::kRelu>(ctx, a);
  else
    bn_grad_through<T, Through::kNothing>(ctx, a);
}

#define LAMINA_BOTH(view, call)          \
  if ((view).dtype == DType::kFloat32) { \
    using T = float;                     \
    call;                                \
  } else {                               \
    using T = double;                    \
    call;                                \
  }

void layer_norm(const Context& ctx, double eps, const View& x, const View* gamma, const View* beta,
                const View& y, const View& mean, const View& rstd) {
  LAMINA_BOTH(x, ln<T>(ctx, eps, x, gamma, beta, y, mean, rstd))
}
void layer_norm_grad(const Context& ctx, const View& x, const View* gamma, const View& mean,
                     const View& rstd, const View& gy, const View& gx, const View* ggamma,
                     const View* gbeta) {
  LAMINA_BOTH(x, ln_grad<T>(ctx, x, gamma, mean, rstd, gy, gx, ggamma, gbeta))
}
void batch_norm_stats(const Context& ctx, const View& x, const View& mean, const View& var) {
  LAMINA_BOTH(x, bn_stats<T>(ctx, x, mean, var))
}
void batch_norm(const Context& ctx, const abi::BatchNormArgs& a) { LAMINA_BOTH(a.x, bn<T>(ctx, a)) }
void batch_norm_grad(const Context& ctx, const abi::BatchNormGradArgs& a) {
  LAMINA_BOTH(a.f.x, bn_grad<T>(ctx, a))
}

}  // namespace

void fill_norm(abi::KernelTable& t) {
  t.layer_norm = layer_norm;
  t.layer_norm_grad = layer_norm_grad;
  t.batch_norm_stats = batch_norm_stats;
  t.batch_norm = batch_norm;
  t.batch_norm_grad = batch_norm_grad;
}

}  // namespace lamina::LAMINA_ISA
