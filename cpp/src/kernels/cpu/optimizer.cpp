// Optimizer steps: one pass over parameters, gradients and slots. Formulas as in Keras.
#include "kernels/cpu/common.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::AdamArgs;
using abi::RmspropArgs;
using abi::SgdArgs;

constexpr int64_t kBlock = 1 << 14;

inline double scalar(const View& v) {
  return v.dtype == DType::kFloat64 ? *data<double>(v) : double{*data<float>(v)};
}

template <class T>
inline T* slot(const View* v, int64_t at) {
  return v ? data<T>(*v) + at : nullptr;
}

// Calls f(first, count) for blocks of n elements.
template <class F>
inline void for_blocks(const Context& ctx, int64_t n, double ns_per_element, F&& f) {
  parallel_flushed(ctx, (n + kBlock - 1) / kBlock, ns_per_element * static_cast<double>(n),
                   [&](int64_t b) { f(b * kBlock, min64(kBlock, n - b * kBlock)); });
}

// p after decoupled weight decay; `shrink` is decay * lr.
template <class T>
inline T decayed(T p, T shrink) {
  return p - p * shrink;
}

// ---- sgd
// ------------------------------------------------------------------------------------------

template <class T>
void sgd_block(const SgdArgs& args, T lr, int64_t n, T* __restrict p, const T* __restrict g,
               T* __restrict v) {
  const T mu = static_cast<T>(args.momentum), shrink = static_cast<T>(args.decay) * lr;
  if (!v) {
    for (int64_t i = 0; i < n; ++i) p[i] = decayed(p[i], shrink) - lr * g[i];
  } else if (args.nesterov) {
    for (int64_t i = 0; i < n; ++i) {
      const T step = lr * g[i];
      v[i] = mu * v[i] - step;
      p[i] = decayed(p[i], shrink) + (mu * v[i] - step);
    }
  } else {
    for (int64_t i = 0; i < n; ++i) {
      v[i] = mu * v[i] - lr * g[i];
      p[i] = decayed(p[i], shrink) + v[i];
    }
  }
}

template <class T>
void sgd_as(const Context& ctx, const SgdArgs& args, const View& p, const View& g,
            const View* velocity, const View& lr) {
  const T rate = static_cast<T>(scalar(lr));
  for_blocks(ctx, numel(p), 0.03 * sizeof(T), [&](int64_t i, int64_t n) {
    sgd_block(args, rate, n, data<T>(p) + i, data<T>(g) + i, slot<T>(velocity, i));
  });
}

void sgd(const Context& ctx, const SgdArgs& args, const View& p, const View& g,
         const View* velocity, const View& lr) {
  if (p.dtype == DType::kFloat64) return sgd_as<double>(ctx, args, p, g, velocity, lr);
  sgd_as<float>(ctx, args, p, g, velocity, lr);
}

// ---- adam
// -----------------------------------------------------------------------------------------

template <class T>
struct AdamStep {
  T alpha, one_minus_beta1, one_minus_beta2, eps, shrink;
};

template <bool kAmsgrad, class T>
void adam_block(const AdamStep<T>& s, int64_t n, T* __restrict p, const T* __restrict g,
                T* __restrict m, T* __restrict v, T* __restrict vhat) {
  const T alpha = s.alpha, b1 = s.one_minus_beta1, b2 = s.one_minus_beta2, eps = s.eps;
  const T shrink = s.shrink;
  for (int64_t i = 0; i < n; ++i) {
    const T mi = m[i] + (g[i] - m[i]) * b1;
    T vi = v[i] + (g[i] * g[i] - v[i]) * b2;
    m[i] = mi;
    v[i] = vi;
    if constexpr (kAmsgrad) {
      // NaN must not hide in a comparison.
      vi = (vi > vhat[i]) | (vi != vi) ? vi : vhat[i];
      vhat[i] = vi;
    }
    p[i] = decayed(p[i], shrink) - mi * alpha / (std::sqrt(vi) + eps);
  }
}

template <class T>
void adam_as(const Context& ctx, const AdamArgs& args, const View& p, const View& g, const View& m,
             const View& v, const View* vhat, const View& lr, const View& step) {
  const double rate = scalar(lr), t = scalar(step);
  const double alpha =
      rate * std::sqrt(1 - std::pow(args.beta2, t)) / (1 - std::pow(args.beta1, t));
  const AdamStep<T> s{static_cast<T>(alpha), static_cast<T>(1 - args.beta1),
                      static_cast<T>(1 - args.beta2), static_cast<T>(args.eps),
                      static_cast<T>(args.decay * rate)};
  for_blocks(ctx, numel(p), 0.1 * sizeof(T), [&](int64_t i, int64_t n) {
    T *pi = data<T>(p) + i, *mi = data<T>(m) + i, *vi = data<T>(v) + i;
    if (args.amsgrad && vhat) {
      adam_block<true>(s, n, pi, data<T>(g) + i, mi, vi, slot<T>(vhat, i));
    } else {
      adam_block<false, T>(s, n, pi, data<T>(g) + i, mi, vi, nullptr);
    }
  });
}

void adam(const Context& ctx, const AdamArgs& args, const View& p, const View& g, const View& m,
          const View& v, const View* vhat, const View& lr, const View& step) {
  if (p.dtype == DType::kFloat64) return adam_as<double>(ctx, args, p, g, m, v, vhat, lr, step);
  adam_as<float>(ctx, args, p, g, m, v, vhat, lr, step);
}

// ---- rmsprop
// --------------------------------------------------------------------------------------

template <class T>
struct RmspropStep {
  T lr, rho, momentum, eps, shrink;
};

template <bool kCentered, bool kMomentum, class T>
void rmsprop_block(const RmspropStep<T>& s, int64_t n, T* __restrict p, const T* __restrict g,
                   T* __restrict v, T* __restrict mom, T* __restrict mean) {
  const T lr = s.lr, rho = s.rho, rest = T(1) - s.rho, mu = s.momentum, eps = s.eps;
  const T shrink = s.shrink;
  for (int64_t i = 0; i < n; ++i) {
    const T vi = rho * v[i] + rest * (g[i] * g[i]);
    v[i] = vi;
    T denominator = vi;
    if constexpr (kCentered) {
      const T average = rho * mean[i] + rest * g[i];
      mean[i] = average;
      denominator = vi - average * average;
    }
    T step = lr * g[i] / std::sqrt(denominator + eps);
    if constexpr (kMomentum) {
      step = mu * mom[i] + step;
      mom[i] = step;
    }
    p[i] = decayed(p[i], shrink) - step;
  }
}

template <class T>
void rmsprop_as(const Context& ctx, const RmspropArgs& args, const View& p, const View& g,
                const View& v, const View* momentum, const View* mean, const View& lr) {
  const double rate = scalar(lr);
  const RmspropStep<T> s{static_cast<T>(rate), static_cast<T>(args.rho),
                         static_cast<T>(args.momentum), static_cast<T>(args.eps),
                         static_cast<T>(args.decay * rate)};
  const bool centered = args.centered && mean, moving = args.momentum > 0 && momentum;
  for_blocks(ctx, numel(p), 0.1 * sizeof(T), [&](int64_t i, int64_t n) {
    T *pi = data<T>(p) + i, *gi = data<T>(g) + i, *vi = data<T>(v) + i;
    T *mom = slot<T>(momentum, i), *avg = slot<T>(mean, i);
    if (centered && moving) {
      rmsprop_block<true, true>(s, n, pi, gi, vi, mom, avg);
    } else if (centered) {
      rmsprop_block<true, false>(s, n, pi, gi, vi, mom, avg);
    } else if (moving) {
      rmsprop_block<false, true>(s, n, pi, gi, vi, mom, avg);
    } else {
      rmsprop_block<false, false>(s, n, pi, gi, vi, mom, avg);
    }
  });
}

void rmsprop(const Context& ctx, const RmspropArgs& args, const View& p, const View& g,
             const View& v, const View* momentum, const View* mean, const View& lr) {
  if (p.dtype == DType::kFloat64) return rmsprop_as<double>(ctx, args, p, g, v, momentum, mean, lr);
  rmsprop_as<float>(ctx, args, p, g, v, momentum, mean, lr);
}

}  // namespace

void fill_optimizer(abi::KernelTable& table) {
  table.sgd = sgd;
  table.adam = adam;
  table.rmsprop = rmsprop;
}

}  // namespace lamina::LAMINA_ISA
