// Connectionist temporal classification: the loss of sequences, and decoding.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "graph/op.h"
#include "lamina/ops.h"
#include "ops/packed.h"
#include "ops/promote.h"

namespace lamina {

namespace {

// ---- loss: log-probabilities (B, T, C), labels (B, L), label lengths (B,), steps (B,) -> (B,)
void infer_ctc(Infer& f) {
  const Shape &p = f.shape(0), &l = f.shape(1);
  if (p.rank() != 3) f.refuse("expected output (batch, steps, classes), received shape ", p);
  if (l.rank() != 2 || l[0] != p[0])
    f.refuse("expected target (", p[0], ", labels), received shape ", l);
  for (size_t i : {2u, 3u})
    if (!(f.shape(i) == Shape{p[0]}))
      f.refuse("expected lengths of shape ", Shape{p[0]}, ", received ", f.shape(i));
  int64_t blank = f.attrs().integer("mask_index");
  if (blank < 0 || blank >= p[2])
    f.refuse("mask_index must lie in [0, ", p[2], "), received ", blank);
  f.output({p[0]}, f.dtype(0));
}
void run_ctc(const Run& r) {
  int64_t bad = r.kernels.ctc(r.context, r.attrs.integer("mask_index"), r.in[0], r.in[1], r.in[2],
                              r.in[3], r.out[0]);
  if (bad < 0) return;
  int64_t width = std::max<int64_t>(r.in[1].shape[1], 1);
  fail("ctc_loss: label ", static_cast<const int32_t*>(r.in[1].data)[bad], " of sample ",
       bad / width, " is outside [0, ", r.in[0].shape[2], ")");
}
void infer_ctc_grad(Infer& f) { f.output(f.shape(0), f.dtype(0)); }
void run_ctc_grad(const Run& r) {
  r.kernels.ctc_grad(r.context, r.attrs.integer("mask_index"), r.in[0], r.in[1], r.in[2], r.in[3],
                     r.in[4], r.out[0]);
}
const Op kCtcGrad{"ctc_grad", infer_ctc_grad, run_ctc_grad};
Tensors ctc_backward(const Backward& b) {
  Tensors out(4);
  out[0] = apply1(kCtcGrad, {b.in(0), b.in(1), b.in(2), b.in(3), packed(b.grad())}, b.attrs());
  return out;
}
const Op kCtc{"ctc_loss", infer_ctc, run_ctc, ctc_backward};

// ---- beam search --------------------------------------------------------------------------------

// Log-probabilities of a prefix whose last step was a label, or a blank.
struct Scores {
  double label = -std::numeric_limits<double>::infinity(), blank = label;
  double total() const { return sum(label, blank); }
  static double sum(double a, double b) {
    double top = std::max(a, b);
    return std::isinf(top) ? top : top + std::log1p(std::exp(std::min(a, b) - top));
  }
  static void add(double& to, double value) { to = sum(to, value); }
};
using Prefix = std::vector<int32_t>;
using Beam = std::map<Prefix, Scores>;

// The best `width` of them; of equal ones the later prefixes, as in Keras.
std::vector<std::pair<Prefix, Scores>> best(const Beam& beam, int64_t width) {
  std::vector<std::pair<Prefix, Scores>> all(beam.rbegin(), beam.rend());
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.second.total() > b.second.total();
  });
  if (static_cast<int64_t>(all.size()) > width) all.resize(static_cast<size_t>(width));
  return all;
}

// Prefix beam search over log-probabilities (steps, classes). Classes are counted from the last
// one, which decides between prefixes of equal scores.
template <class T>
std::vector<std::pair<Prefix, Scores>> search(const T* logp, int64_t steps, int64_t classes,
                                              int64_t blank, int64_t width) {
  std::vector<std::pair<Prefix, Scores>> kept(1);
  kept[0].second.blank = 0;
  for (int64_t t = 0; t < steps; ++t) {
    Beam next;
    for (auto& [prefix, s] : kept)
      for (int64_t k = 0; k < classes; ++k) {
        double p = static_cast<double>(logp[t * classes + classes - 1 - k]);
        if (k == classes - 1 - blank) {
          Scores::add(next[prefix].blank, s.total() + p);
          continue;
        }
        Prefix longer = prefix;
        longer.push_back(static_cast<int32_t>(k));
        if (!prefix.empty() && prefix.back() == k) {
          Scores::add(next[prefix].label, s.label + p);
          Scores::add(next[longer].label, s.blank + p);
        } else {
          Scores::add(next[longer].label, s.total() + p);
        }
      }
    kept = best(next, width);
  }
  return kept;
}

// log-probabilities (B, T, C), lengths (B,) -> labels (paths, B, T), scores (B, paths). On the
// host, and with memory of its own: it is no part of training.
void infer_beam(Infer& f) {
  const Shape& x = f.shape(0);
  int64_t paths = f.attrs().integer("top_paths");
  f.output({paths, x[0], x[1]}, DType::kInt32);
  f.output({x[0], paths}, f.dtype(0));
}
template <class T>
void decode(const Run& r) {
  const abi::View& x = r.in[0];
  int64_t batch = x.shape[0], steps = x.shape[1], classes = x.shape[2];
  int64_t paths = r.attrs.integer("top_paths");
  auto* labels = static_cast<int32_t*>(r.out[0].data);
  auto* scores = static_cast<T*>(r.out[1].data);
  std::fill(labels, labels + paths * batch * steps, -1);
  std::fill(scores, scores + batch * paths, -std::numeric_limits<T>::infinity());
  for (int64_t b = 0; b < batch; ++b) {
    int64_t n = std::clamp<int64_t>(static_cast<const int32_t*>(r.in[1].data)[b], 0, steps);
    auto kept = search(static_cast<const T*>(x.data) + b * steps * classes, n, classes,
                       r.attrs.integer("mask_index"), r.attrs.integer("beam_width"));
    for (int64_t p = 0; p < std::min(paths, static_cast<int64_t>(kept.size())); ++p) {
      auto& [prefix, s] = kept[static_cast<size_t>(p)];
      scores[b * paths + p] = static_cast<T>(s.total());
      int32_t* to = labels + (p * batch + b) * steps;
      for (size_t i = 0; i < prefix.size(); ++i)
        to[i] = static_cast<int32_t>(classes) - 1 - prefix[i];
    }
  }
}
void run_beam(const Run& r) {
  r.in[0].dtype == abi::DType::kFloat32 ? decode<float>(r) : decode<double>(r);
}
const Op kBeam = [] {
  Op op{"ctc_beam_search", infer_beam, run_beam};
  op.zero_gradient = true;
  return op;
}();

std::pair<Tensor, Tensor> greedy(const Tensor& x, const Tensor& lengths, bool merge_repeated,
                                 int64_t blank) {
  const int64_t steps = x.dim(1);
  Tensor time = arange(0, static_cast<double>(steps), 1, DType::kInt32);
  Tensor over = greater_equal(time, expand_dims(lengths, {-1}));
  Tensor gap = full({}, static_cast<double>(blank), DType::kInt32);
  Tensor labels = where(over, gap, cast(argmax(x, -1), DType::kInt32));
  Tensor largest = max(x, -1);
  Tensor scores = -sum(where(over, zeros_like(largest), largest), 1, true);
  if (merge_repeated && steps > 1) {
    Tensor later = slice(labels, {0, 1}, {labels.dim(0), steps - 1}),
           before = slice(labels, {0, 0}, {labels.dim(0), steps - 1});
    Tensor first = slice(labels, {0, 0}, {labels.dim(0), 1});
    labels = concatenate({first, where(equal(later, before), gap, later)}, 1);
  }
  Tensor none = equal(labels, gap);
  Tensor end = full({}, static_cast<double>(steps), DType::kInt32);
  Tensor order = argsort(where(none, end, broadcast_to(time, labels.shape())), -1);
  labels = where(none, full({}, -1, DType::kInt32), labels);
  return {expand_dims(take_along_axis(labels, order, -1), {0}), scores};
}

}  // namespace

void register_ctc_ops() {
  for (const Op* op : {&kCtc, &kCtcGrad, &kBeam}) register_op(*op);
}

Tensor ctc_loss(const Tensor& target, const Tensor& output, const Tensor& target_length,
                const Tensor& output_length, int64_t mask_index) {
  DType d = common_float({output}), p = d == DType::kFloat64 ? d : DType::kFloat32;
  Tensor x = as_dtype(output, p);
  if (x.rank() != 3)
    fail("ctc_loss: expected output (batch, steps, classes), received shape ", x.shape());
  auto whole = [](const Tensor& t) { return packed(as_dtype(t, DType::kInt32)); };
  return apply1(kCtc,
                {packed(log_softmax(x)), whole(target), whole(target_length), whole(output_length)},
                {{"mask_index", mask_index}});
}

std::pair<Tensor, Tensor> ctc_decode(const Tensor& inputs, const Tensor& sequence_lengths,
                                     const std::string& strategy, int64_t beam_width,
                                     int64_t top_paths, bool merge_repeated,
                                     std::optional<int64_t> mask_index) {
  DType d = common_float({inputs}), p = d == DType::kFloat64 ? d : DType::kFloat32;
  Tensor x = as_dtype(inputs, p), lengths = as_dtype(sequence_lengths, DType::kInt32);
  if (x.rank() != 3)
    fail("ctc_decode: expected inputs (batch, steps, classes), received shape ", x.shape());
  if (!(lengths.shape() == Shape{x.dim(0)}))
    fail("ctc_decode: expected sequence_lengths of shape ", Shape{x.dim(0)}, ", received ",
         lengths.shape());
  int64_t blank = mask_index.value_or(x.dim(2) - 1);
  if (blank < 0 || blank >= x.dim(2))
    fail("ctc_decode: mask_index must lie in [0, ", x.dim(2), "), received ", blank);
  if (strategy == "greedy") return greedy(x, lengths, merge_repeated, blank);
  if (strategy != "beam_search")
    fail("ctc_decode: strategy must be 'greedy' or 'beam_search', received '", strategy, "'");
  if (beam_width < 1 || top_paths < 1)
    fail("ctc_decode: beam_width and top_paths must be positive, received ", beam_width, " and ",
         top_paths);
  Tensors out =
      apply(kBeam, {packed(log_softmax(x)), packed(lengths)},
            {{"beam_width", beam_width}, {"top_paths", top_paths}, {"mask_index", blank}});
  return {out[0], out[1]};
}

}  // namespace lamina
