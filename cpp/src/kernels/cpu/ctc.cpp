// Connectionist temporal classification: sums over alignments by dynamic programming in log space.
//
// States of a row: blank n before label n (n = 0..N, the last one after all labels) and label n.
//   blank_t[n] = p(blank) + log(exp blank[n] + exp label[n-1])
//   label_t[n] = p(label n) + log(exp blank[n] + exp(label[n-1] + jump[n]) + exp label[n])
// with the right side at t-1 and jump[n] 0, or kNever where labels n-1 and n are equal. All states
// but blank 0 begin at kNever. Like that value, which is Keras's, labels that do not fit into the
// steps have a large but finite loss.
#include "kernels/cpu/common.h"
#include "kernels/functors.h"

namespace lamina::LAMINA_ISA {
namespace {

constexpr double kNever = -1e5;
constexpr double kNone = -1e30;  // no probability at all

template <class T>
inline T log_sum(T a, T b) {
  T top = a > b ? a : b, low = a > b ? b : a;
  if (top < T(kNone)) top = T(kNone);  // not infinity less infinity
  return top + math::log1p(math::exp(low - top));
}
template <class T>
inline T log_sum(T a, T b, T c) {
  T top = a > b ? a : b;
  top = c > top ? c : top;
  if (top < T(kNone)) top = T(kNone);
  return top + math::log(math::exp(a - top) + math::exp(b - top) + math::exp(c - top));
}

// One sequence: its labels and the probabilities of each step.
template <class T>
struct Row {
  const T* logp;
  const int32_t* labels;
  int64_t steps, classes, n, blank;  // n labels

  T p(int64_t t, int64_t k) const { return logp[t * classes + k]; }
  T jump(int64_t i) const {  // from label i - 1 to label i without a blank
    return i > 0 && labels[i - 1] == labels[i] ? T(kNever) : T(0);
  }
};

template <class T>
Row<T> row_of(const View& logp, const View& labels, const View& label_len, const View& input_len,
              int64_t blank, int64_t b) {
  int64_t t = logp.shape[1], c = logp.shape[2], l = labels.shape[1];
  Row<T> r;
  r.logp = data<T>(logp) + b * t * c;
  r.labels = data<int32_t>(labels) + b * l;
  r.steps = max64(0, min64(data<int32_t>(input_len)[b], t));
  r.n = max64(0, min64(data<int32_t>(label_len)[b], l));
  r.classes = c, r.blank = blank;
  return r;
}

// State at time t from that at t - 1. A state is n + 1 blanks, then n labels.
template <class T>
void advance(const Row<T>& r, int64_t t, const T* from, T* to) {
  const int64_t n = r.n;
  const T *blank = from, *label = from + n + 1;
  T *next_blank = to, *next_label = to + n + 1;
  T pb = r.p(t, r.blank);
  next_blank[0] = pb + blank[0];
  for (int64_t i = 1; i <= n; ++i) next_blank[i] = pb + log_sum(blank[i], label[i - 1]);
  for (int64_t i = 0; i < n; ++i) {
    T before = i > 0 ? label[i - 1] + r.jump(i) : T(kNone);
    next_label[i] = r.p(t, r.labels[i]) + log_sum(blank[i], before, label[i]);
  }
}
template <class T>
void begin(const Row<T>& r, T* state) {
  state[0] = 0;
  for (int64_t i = 1; i < 2 * r.n + 1; ++i) state[i] = T(kNever);
}
template <class T>
T finish(const Row<T>& r, const T* state) {
  return r.n == 0 ? state[0] : log_sum(state[r.n], state[2 * r.n]);
}

template <class T>
int64_t loss_of(const Context& ctx, int64_t blank, const View& logp, const View& labels,
                const View& label_len, const View& input_len, const View& loss) {
  int64_t batch = logp.shape[0], width = labels.shape[1], states = 2 * width + 1, bad = -1;
  for (int64_t b = batch - 1; b >= 0; --b) {
    auto r = row_of<T>(logp, labels, label_len, input_len, blank, b);
    for (int64_t i = r.n - 1; i >= 0; --i)
      if (r.labels[i] < 0 || r.labels[i] >= r.classes) bad = b * width + i;
  }
  if (bad >= 0) return bad;
  double cost = 20.0 * static_cast<double>(batch * logp.shape[1] * states);
  parallel(ctx, batch, cost, [&](int64_t b) {
    auto r = row_of<T>(logp, labels, label_len, input_len, blank, b);
    T *now = scratch<T>(ctx, 0, 2 * states), *next = now + states;
    begin(r, now);
    for (int64_t t = 0; t < r.steps; ++t) {
      advance(r, t, now, next);
      T* swap = now;
      now = next, next = swap;
    }
    data<T>(loss)[b] = -finish(r, now);
  });
  return -1;
}

// beta: what follows after time t, given the state at t. Replaced by that at t - 1.
template <class T>
void retreat(const Row<T>& r, int64_t t, const T* after, T* before) {
  const int64_t n = r.n;
  const T *blank = after, *label = after + n + 1;
  T *blank_before = before, *label_before = before + n + 1;
  T pb = r.p(t, r.blank);
  for (int64_t i = 0; i < n; ++i) {
    T stay = r.p(t, r.labels[i]) + label[i];
    blank_before[i] = log_sum(pb + blank[i], stay);
    T skip = i + 1 < n ? r.p(t, r.labels[i + 1]) + r.jump(i + 1) + label[i + 1] : T(kNone);
    label_before[i] = log_sum(pb + blank[i + 1], stay, skip);
  }
  blank_before[n] = pb + blank[n];
}

template <class T>
void grad_of(const Context& ctx, int64_t blank, const View& logp, const View& labels,
             const View& label_len, const View& input_len, const View& g, const View& grad) {
  int64_t batch = logp.shape[0], steps = logp.shape[1], classes = logp.shape[2],
          states = 2 * labels.shape[1] + 1;
  double cost = 60.0 * static_cast<double>(batch * steps * states);
  parallel(ctx, batch, cost, [&](int64_t b) {
    auto r = row_of<T>(logp, labels, label_len, input_len, blank, b);
    T* out = data<T>(grad) + b * steps * classes;
    for (int64_t i = 0; i < steps * classes; ++i) out[i] = 0;
    T* alpha = scratch<T>(ctx, 0, (r.steps + 3) * states);
    T *beta = alpha + (r.steps + 1) * states, *spare = beta + states;
    begin(r, alpha);
    for (int64_t t = 0; t < r.steps; ++t)
      advance(r, t, alpha + t * states, alpha + (t + 1) * states);
    T total = finish(r, alpha + r.steps * states), up = data<T>(g)[b];
    for (int64_t i = 0; i < 2 * r.n + 1; ++i) beta[i] = T(kNone);
    beta[r.n] = 0;
    if (r.n > 0) beta[2 * r.n] = 0;
    for (int64_t t = r.steps - 1; t >= 0; --t) {
      const T* a = alpha + (t + 1) * states;
      T* to = out + t * classes;
      for (int64_t i = 0; i <= r.n; ++i) to[r.blank] -= up * math::exp(a[i] + beta[i] - total);
      for (int64_t i = 0; i < r.n; ++i)
        to[r.labels[i]] -= up * math::exp(a[r.n + 1 + i] + beta[r.n + 1 + i] - total);
      retreat(r, t, beta, spare);
      T* swap = beta;
      beta = spare, spare = swap;
    }
  });
}

int64_t ctc(const Context& ctx, int64_t blank, const View& logp, const View& labels,
            const View& label_len, const View& input_len, const View& loss) {
  return loss.dtype == DType::kFloat32
             ? loss_of<float>(ctx, blank, logp, labels, label_len, input_len, loss)
             : loss_of<double>(ctx, blank, logp, labels, label_len, input_len, loss);
}
void ctc_grad(const Context& ctx, int64_t blank, const View& logp, const View& labels,
              const View& label_len, const View& input_len, const View& g, const View& grad) {
  grad.dtype == DType::kFloat32
      ? grad_of<float>(ctx, blank, logp, labels, label_len, input_len, g, grad)
      : grad_of<double>(ctx, blank, logp, labels, label_len, input_len, g, grad);
}

}  // namespace

void fill_ctc(abi::KernelTable& t) {
  t.ctc = ctc;
  t.ctc_grad = ctc_grad;
}

}  // namespace lamina::LAMINA_ISA
