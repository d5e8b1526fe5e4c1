// Softmax over the last axis, and the cross-entropy of logits with integer labels.
#include "kernels/cpu/rows.h"
#include "kernels/functors.h"

namespace lamina::LAMINA_ISA {
namespace {

template <class T>
void forward(const Context& ctx, bool log, const View& x, const View& y) {
  int64_t cols = x.shape[x.rank - 1], rows = cols ? numel(x) / cols : 0;
  for_rows(ctx, rows, cols, 2, [&](int64_t r) {
    const T* in = data<T>(x) + r * cols;
    T* out = data<T>(y) + r * cols;
    T top = lane_max(in, cols);
    // A row of minus infinities has no shares to give; as elsewhere it becomes NaN.
    for (int64_t i = 0; i < cols; ++i) out[i] = math::exp_share(in[i] - top);
    T sum = lane_sum<T>(cols, [&](int64_t i) { return out[i]; });
    if (log) {
      T shift = top + math::log(sum);
      for (int64_t i = 0; i < cols; ++i) out[i] = in[i] - shift;
    } else {
      T scale = T(1) / sum;
      for (int64_t i = 0; i < cols; ++i) out[i] *= scale;
    }
  });
}

template <class T>
void backward(const Context& ctx, bool log, const View& y, const View& gy, const View& gx) {
  int64_t cols = y.shape[y.rank - 1], rows = cols ? numel(y) / cols : 0;
  for_rows(ctx, rows, cols, 1, [&](int64_t r) {
    const T *p = data<T>(y) + r * cols, *g = data<T>(gy) + r * cols;
    T* out = data<T>(gx) + r * cols;
    if (log) {
      T sum = lane_sum<T>(cols, [&](int64_t i) { return g[i]; });
      for (int64_t i = 0; i < cols; ++i) out[i] = g[i] - math::exp(p[i]) * sum;
    } else {
      T sum = lane_sum<T>(cols, [&](int64_t i) { return g[i] * p[i]; });
      for (int64_t i = 0; i < cols; ++i) out[i] = p[i] * (g[i] - sum);
    }
  });
}

inline int64_t label_at(const View& labels, int64_t r) {
  return labels.dtype == DType::kInt64 ? data<int64_t>(labels)[r] : data<int32_t>(labels)[r];
}

template <class T>
int64_t xent(const Context& ctx, const View& logits, const View& labels, const View& loss) {
  int64_t rows = logits.shape[0], cols = logits.shape[1], bad = -1;
  for (int64_t r = rows - 1; r >= 0; --r)
    if (int64_t l = label_at(labels, r); l < 0 || l >= cols) bad = r;
  for_rows(ctx, rows, cols, 2, [&](int64_t r) {
    const T* in = data<T>(logits) + r * cols;
    int64_t label = label_at(labels, r);
    if (label < 0 || label >= cols) {
      data<T>(loss)[r] = 0;
      return;
    }
    T top = lane_max(in, cols);
    T sum = lane_sum<T>(cols, [&](int64_t i) { return math::exp_share(in[i] - top); });
    data<T>(loss)[r] = math::log(sum) + (top - in[label]);
  });
  return bad;
}

template <class T>
void xent_grad(const Context& ctx, const View& logits, const View& labels, const View& g,
               const View& out) {
  int64_t rows = logits.shape[0], cols = logits.shape[1];
  for_rows(ctx, rows, cols, 2, [&](int64_t r) {
    const T* in = data<T>(logits) + r * cols;
    T* to = data<T>(out) + r * cols;
    T up = data<T>(g)[r];
    T top = lane_max(in, cols);
    for (int64_t i = 0; i < cols; ++i) to[i] = math::exp_share(in[i] - top);
    T scale = up / lane_sum<T>(cols, [&](int64_t i) { return to[i]; });
    for (int64_t i = 0; i < cols; ++i) to[i] *= scale;
    int64_t label = label_at(labels, r);
    if (label >= 0 && label < cols) to[label] -= up;
  });
}

void softmax(const Context& ctx, bool log, const View& x, const View& y) {
  y.dtype == DType::kFloat32 ? forward<float>(ctx, log, x, y) : forward<double>(ctx, log, x, y);
}
void softmax_grad(const Context& ctx, bool log, const View& y, const View& gy, const View& gx) {
  y.dtype == DType::kFloat32 ? backward<float>(ctx, log, y, gy, gx)
                             : backward<double>(ctx, log, y, gy, gx);
}
int64_t sparse_xent(const Context& ctx, const View& logits, const View& labels, const View& loss) {
  return loss.dtype == DType::kFloat32 ? xent<float>(ctx, logits, labels, loss)
                                       : xent<double>(ctx, logits, labels, loss);
}
void sparse_xent_grad(const Context& ctx, const View& logits, const View& labels, const View& g,
                      const View& out) {
  out.dtype == DType::kFloat32 ? xent_grad<float>(ctx, logits, labels, g, out)
                               : xent_grad<double>(ctx, logits, labels, g, out);
}

}  // namespace

void fill_softmax(abi::KernelTable& t) {
  t.softmax = softmax;
  t.softmax_grad = softmax_grad;
  t.sparse_xent = sparse_xent;
  t.sparse_xent_grad = sparse_xent_grad;
}

}  // namespace lamina::LAMINA_ISA
