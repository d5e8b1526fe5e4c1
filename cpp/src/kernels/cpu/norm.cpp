// Layer and batch normalization. Sums over rows go by fixed chunks of rows, added in order.
#include "kernels/cpu/rows.h"

namespace lamina::LAMINA_ISA {
namespace {

constexpr int64_t kRowChunk = 256;

template <class T>
const T* optional(const View* v) {
  return v ? data<T>(*v) : nullptr;
}

// out[k][j] = sum over rows r of f(k, r, j) for k in [0, kSums), by chunks of rows.
template <int kSums, class T, class F>
void column_sums(const Context& ctx, int64_t rows, int64_t cols, T* const* out, F&& f) {
  int64_t chunks = max64(1, min64(64, (rows + kRowChunk - 1) / kRowChunk)),
          per = (rows + chunks - 1) / chunks;
  T* parts = scratch<T>(ctx, 2, chunks * kSums * cols);
  auto chunk = [&](int64_t c) {
    T* sum = parts + c * kSums * cols;
    for (int64_t j = 0; j < kSums * cols; ++j) sum[j] = 0;
    for (int64_t r = c * per; r < min64(rows, (c + 1) * per); ++r) f(r, sum);
  };
  parallel(ctx, chunks, 0.1 * kSums * static_cast<double>(rows) * static_cast<double>(cols), chunk);
  for (int k = 0; k < kSums; ++k) {
    if (!out[k]) continue;
    for (int64_t j = 0; j < cols; ++j) {
      T s = parts[k * cols + j];
      for (int64_t c = 1; c < chunks; ++c) s += parts[(c * kSums + k) * cols + j];
      out[k][j] = s;
    }
  }
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
    column_sums<2, T>(ctx, rows, cols, sums, [&](int64_t r, T* sum) {
      const T *in = data<T>(x) + r * cols, *up = data<T>(gy) + r * cols;
      T mu = pm[r], rs = pr[r];
      for (int64_t i = 0; i < cols; ++i) sum[i] += up[i] * (in[i] - mu) * rs;
      for (int64_t i = 0; i < cols; ++i) sum[cols + i] += up[i];
    });
}

template <class T>
void bn_stats(const Context& ctx, const View& x, const View& mean, const View& var) {
  int64_t rows = x.shape[0], cols = x.shape[1];
  T *pm = data<T>(mean), *pv = data<T>(var);
  T n = static_cast<T>(max64(rows, 1));
  column_sums<1, T>(ctx, rows, cols, &pm, [&](int64_t r, T* sum) {
    const T* in = data<T>(x) + r * cols;
    for (int64_t i = 0; i < cols; ++i) sum[i] += in[i];
  });
  for (int64_t i = 0; i < cols; ++i) pm[i] /= n;
  column_sums<1, T>(ctx, rows, cols, &pv, [&](int64_t r, T* sum) {
    const T* in = data<T>(x) + r * cols;
    for (int64_t i = 0; i < cols; ++i) sum[i] += (in[i] - pm[i]) * (in[i] - pm[i]);
  });
  for (int64_t i = 0; i < cols; ++i) pv[i] /= n;
}

template <class T>
void bn(const Context& ctx, double eps, const View& x, const View& mean, const View& var,
        const View* gamma, const View* beta, const View& y) {
  int64_t rows = x.shape[0], cols = x.shape[1];
  const T *g = optional<T>(gamma), *b = optional<T>(beta);
  T *scale = scratch<T>(ctx, 1, 2 * cols), *shift = scale + cols;
  for (int64_t i = 0; i < cols; ++i) {
    scale[i] = (g ? g[i] : T(1)) / std::sqrt(data<T>(var)[i] + static_cast<T>(eps));
    shift[i] = (b ? b[i] : T(0)) - data<T>(mean)[i] * scale[i];
  }
  for_rows(ctx, rows, cols, 0.4, [&](int64_t r) {
    const T* in = data<T>(x) + r * cols;
    T* out = data<T>(y) + r * cols;
    for (int64_t i = 0; i < cols; ++i) out[i] = in[i] * scale[i] + shift[i];
  });
}

template <class T>
void bn_grad(const Context& ctx, double eps, const View& x, const View& mean, const View& var,
             const View* gamma, const View& gy, const View& gx, const View* ggamma,
             const View* gbeta) {
  int64_t rows = x.shape[0], cols = x.shape[1];
  const T* g = optional<T>(gamma);
  const T* pm = data<T>(mean);
  T *rs = scratch<T>(ctx, 1, 6 * cols), *a = rs + cols, *b = a + cols, *c0 = b + cols,
    *c1 = c0 + cols, *c2 = c1 + cols;
  for (int64_t i = 0; i < cols; ++i)
    rs[i] = T(1) / std::sqrt(data<T>(var)[i] + static_cast<T>(eps));
  T* sums[2] = {a, b};
  column_sums<2, T>(ctx, rows, cols, sums, [&](int64_t r, T* sum) {
    const T *in = data<T>(x) + r * cols, *up = data<T>(gy) + r * cols;
    for (int64_t i = 0; i < cols; ++i) sum[i] += up[i] * (in[i] - pm[i]) * rs[i];
    for (int64_t i = 0; i < cols; ++i) sum[cols + i] += up[i];
  });
  T n = static_cast<T>(max64(rows, 1));
  // gx = gamma * rs * (g - mean(g) - xhat * mean(g xhat)) = c0 * g + c1 * x + c2
  for (int64_t i = 0; i < cols; ++i) {
    c0[i] = (g ? g[i] : T(1)) * rs[i];
    c1[i] = -c0[i] * rs[i] * a[i] / n;
    c2[i] = -c0[i] * b[i] / n - c1[i] * pm[i];
    if (ggamma) data<T>(*ggamma)[i] = a[i];
    if (gbeta) data<T>(*gbeta)[i] = b[i];
  }
  if (gx.data)
    for_rows(ctx, rows, cols, 0.5, [&](int64_t r) {
      const T *in = data<T>(x) + r * cols, *up = data<T>(gy) + r * cols;
      T* out = data<T>(gx) + r * cols;
      for (int64_t i = 0; i < cols; ++i) out[i] = c0[i] * up[i] + c1[i] * in[i] + c2[i];
    });
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
void batch_norm(const Context& ctx, double eps, const View& x, const View& mean, const View& var,
                const View* gamma, const View* beta, const View& y) {
  LAMINA_BOTH(x, bn<T>(ctx, eps, x, mean, var, gamma, beta, y))
}
void batch_norm_grad(const Context& ctx, double eps, const View& x, const View& mean,
                     const View& var, const View* gamma, const View& gy, const View& gx,
                     const View* ggamma, const View* gbeta) {
  LAMINA_BOTH(x, bn_grad<T>(ctx, eps, x, mean, var, gamma, gy, gx, ggamma, gbeta))
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
