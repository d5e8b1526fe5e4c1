// A whole recurrent layer as one operation, in one direction or both.
#include "lamina/ops_recurrent.h"

#include "graph/op.h"
#include "ops/packed.h"
#include "ops/promote.h"

namespace lamina {

namespace {

// Inputs: x, mask, lengths, then of each direction w, u, bias, h0, c0, state mask.
// Outputs: of each direction h, last h, last c; then of each old h, c and gates, in the kernel's
// own order, for backward. What does not exist is empty.
constexpr size_t kShared = 3, kOfDirection = 6, kOutputs = 3;

abi::RecurrentCell cell_of(const Attrs& a) {
  return static_cast<abi::RecurrentCell>(a.integer("cell"));
}

// Units, and the number of sequences, as direction d has them; refuses what does not fit.
std::pair<int64_t, int64_t> check_direction(Infer& f, size_t d) {
  const size_t i = kShared + d * kOfDirection;
  const Shape &x = f.shape(0), &u = f.shape(i + 1), &h0 = f.shape(i + 3);
  const abi::RecurrentCell cell = cell_of(f.attrs());
  if (u.rank() != 2) f.refuse("expected recurrent weights of two axes, received shape ", u);
  const int64_t units = u[0], gates = abi::recurrent_gates(cell) * units;
  const int64_t rows = f.has(2) ? f.shape(2)[0] : x[0];
  if (u[1] != gates)
    f.refuse("recurrent weights of shape ", u, " do not fit ", units, " units; expected (", units,
             ", ", gates, ")");
  if (f.has(i) ? !(f.shape(i) == Shape{x[2], gates}) : x[2] != gates)
    f.refuse("kernels of shapes ", f.has(i) ? f.shape(i) : Shape{}, " and ", u,
             " do not fit inputs of shape ", x);
  const Shape bias = cell == abi::RecurrentCell::kGru ? Shape{2, gates} : Shape{gates},
              state = {rows, units};
  if (f.has(i + 2) && !(f.shape(i + 2) == bias))
    f.refuse("expected a bias of shape ", bias, ", received ", f.shape(i + 2));
  const bool memory = cell == abi::RecurrentCell::kLstm;
  if (!(h0 == state) || (memory && !(f.shape(i + 4) == state)))
    f.refuse("expected initial states of shape ", state, ", received ", h0,
             memory ? str(" and ", f.shape(i + 4)) : "");
  if (f.has(i + 5) && !(f.shape(i + 5) == Shape{abi::recurrent_gates(cell), rows, units}))
    f.refuse("expected a state mask of shape ", Shape{abi::recurrent_gates(cell), rows, units},
             ", received ", f.shape(i + 5));
  return {units, rows};
}

size_t directions_of(size_t inputs) { return (inputs - kShared) / kOfDirection; }

void infer_recurrent(Infer& f) {
  const Shape& x = f.shape(0);
  if (x.rank() != 3) f.refuse("expected inputs (batch, steps, features), received shape ", x);
  if (f.has(1) && !(f.shape(1) == Shape{x[0], x[1]}))
    f.refuse("expected a mask of shape ", Shape{x[0], x[1]}, ", received ", f.shape(1));
  if (f.has(2) && (f.shape(2).rank() != 1 || x[0] != 1))
    f.refuse("row_lengths need inputs of shape (1, steps, features) and one axis, received ", x,
             " and ", f.shape(2));
  const abi::RecurrentCell cell = cell_of(f.attrs());
  const bool memory = cell == abi::RecurrentCell::kLstm;
  const size_t n = directions_of(f.n_inputs());
  const DType dtype = f.dtype(0);
  for (size_t d = 0; d < n; ++d) {
    const auto [units, rows] = check_direction(f, d);
    f.output(f.attrs().flag("sequences") ? Shape{x[0], x[1], units} : Shape{0}, dtype);
    f.output({rows, units}, dtype);
    f.output(memory ? Shape{rows, units} : Shape{0}, dtype);
  }
  for (size_t d = 0; d < n; ++d) {
    const auto [units, rows] = check_direction(f, d);
    const int64_t steps = x[0] * x[1];
    f.output({steps, units}, dtype);
    f.output(memory ? Shape{steps, units} : Shape{0}, dtype);
    f.output({steps, abi::recurrent_width(cell) * units}, dtype);
  }
}

// `out`: h, last h, last c of direction d (empty in backward); `saved`: old h, c and gates.
abi::RecurrentArgs args_of(const Run& r, size_t d, const abi::View* out, const abi::View* saved) {
  abi::RecurrentArgs a{};
  const size_t i = kShared + d * kOfDirection;
  a.cell = cell_of(r.attrs);
  a.reverse = r.attrs.flag("go_backwards") != (d > 0);
  a.mirrored = r.attrs.flag("in_step_order");
  a.zero_masked = r.attrs.flag("zero_output_for_mask");
  a.x = r.in[0], a.mask = r.optional(1), a.lengths = r.optional(2);
  a.w = r.in[i], a.u = r.in[i + 1], a.h0 = r.in[i + 3], a.c0 = r.in[i + 4];
  a.bias = r.optional(i + 2), a.state_mask = r.optional(i + 5);
  if (out) {
    a.last_h = out[1], a.last_c = out[2];
    if (r.attrs.flag("sequences")) a.h = out[0];
  }
  a.old_h = saved[0], a.c = saved[1], a.gates = saved[2];
  return a;
}

void run_recurrent(const Run& r) {
  const size_t n = directions_of(r.n_in);
  abi::RecurrentArgs args[2];
  for (size_t d = 0; d < n; ++d)
    args[d] = args_of(r, d, r.out + d * kOutputs, r.out + (n + d) * kOutputs);
  r.kernels.recurrent(r.context, args, static_cast<int>(n));
}

// Inputs: those of recurrent; of each direction old h, c and gates; of each the gradients of h,
// last h, last c. Outputs: gx, and of each direction the gradients of w, u, bias, h0, c0.
constexpr size_t kPerDirection = kOfDirection + 2 * kOutputs, kGradients = 5;

void infer_recurrent_grad(Infer& f) {
  const DType dtype = f.dtype(0);
  f.output(f.attrs().flag("input_gradient") ? f.shape(0) : Shape{0}, dtype);
  for (size_t d = 0; d < (f.n_inputs() - kShared) / kPerDirection; ++d)
    for (size_t k = 0; k < kGradients; ++k) {
      const size_t i = kShared + d * kOfDirection + k;
      f.output(f.has(i) ? f.shape(i) : Shape{0}, dtype);
    }
}
void run_recurrent_grad(const Run& r) {
  const size_t n = (r.n_in - kShared) / kPerDirection, saved = kShared + n * kOfDirection;
  abi::RecurrentGradArgs args[2]{};
  for (size_t d = 0; d < n; ++d) {
    abi::RecurrentGradArgs& a = args[d];
    a.f = args_of(r, d, nullptr, r.in + saved + d * kOutputs);
    const size_t g = saved + (n + d) * kOutputs;
    a.gh = r.optional(g), a.glast_h = r.optional(g + 1), a.glast_c = r.optional(g + 2);
    if (r.attrs.flag("input_gradient")) a.gx = r.out[0];
    const abi::View* out = r.out + 1 + d * kGradients;
    a.gw = out[0], a.gu = out[1], a.gh0 = out[3], a.gc0 = out[4];
    a.gbias = a.f.bias ? &out[2] : nullptr;
    a.add_to_gx = d > 0;
  }
  r.kernels.recurrent_grad(r.context, args, static_cast<int>(n));
}
const Op kRecurrentGrad{"recurrent_grad", infer_recurrent_grad, run_recurrent_grad};

Tensors recurrent_backward(const Backward& b) {
  const size_t n = directions_of(b.n_inputs());
  Tensors in;
  for (size_t i = 0; i < b.n_inputs(); ++i) in.push_back(b.in(i));
  for (size_t i = 0; i < n * kOutputs; ++i) in.push_back(stop_gradient(b.out(n * kOutputs + i)));
  for (size_t i = 0; i < n * kOutputs; ++i)
    in.push_back(b.has_grad(i) && b.grad(i).numel() ? packed(b.grad(i)) : Tensor{});
  Attrs attrs = b.attrs();
  attrs.set("input_gradient", b.needs(0));
  Tensors g = apply(kRecurrentGrad, in, attrs), out(b.n_inputs());
  if (b.needs(0)) out[0] = g[0];
  for (size_t d = 0; d < n; ++d)
    for (size_t k = 0; k < kGradients; ++k) {
      const size_t i = kShared + d * kOfDirection + k;
      if (b.needs(i)) out[i] = g[1 + d * kGradients + k];
    }
  return out;
}
const Op kRecurrent = [] {
  Op op{"recurrent", infer_recurrent, run_recurrent, recurrent_backward};
  op.saves_output = true;
  op.saves_half = true;
  return op;
}();

std::vector<RecurrentResult> run(const Tensor& x, const std::vector<RecurrentWeights>& directions,
                                 const RecurrentOptions& o, const Tensor& mask,
                                 const Tensor& row_lengths) {
  const DType given = common_float({x}), d = given == DType::kFloat64 ? given : DType::kFloat32;
  const auto as = [&](const Tensor& t) { return t.defined() ? packed(as_dtype(t, d)) : t; };
  const auto plain = [&](const Tensor& t, DType want) {
    return t.defined() ? packed(as_dtype(t, want)) : t;
  };
  const bool memory = o.cell == RecurrentCell::kLstm;
  Tensors in = {as(x), plain(mask, DType::kBool), plain(row_lengths, DType::kInt64)};
  for (const RecurrentWeights& w : directions) {
    for (const Tensor& t : {w.kernel, w.recurrent_kernel, w.bias}) in.push_back(as(t));
    const Shape state = {row_lengths.defined() ? row_lengths.dim(0) : x.dim(0),
                         w.recurrent_kernel.dim(0)};
    for (size_t i = 0; i < 2; ++i)
      in.push_back(i < w.initial_state.size() ? as(w.initial_state[i])
                   : i == 0 || memory         ? zeros(state, d)
                                              : Tensor{});
    in.push_back(as(w.state_mask));
  }
  const Tensors out = apply(kRecurrent, in,
                            {{"cell", static_cast<int64_t>(o.cell)},
                             {"go_backwards", o.go_backwards},
                             {"in_step_order", o.in_step_order},
                             {"zero_output_for_mask", o.zero_output_for_mask},
                             {"sequences", o.return_sequences}});
  std::vector<RecurrentResult> results;
  for (size_t k = 0; k < directions.size(); ++k) {
    RecurrentResult r;
    if (o.return_sequences) r.sequence = as_dtype(out[k * kOutputs], given);
    r.states = {as_dtype(out[k * kOutputs + 1], given)};
    if (memory) r.states.push_back(as_dtype(out[k * kOutputs + 2], given));
    results.push_back(std::move(r));
  }
  return results;
}

}  // namespace

void register_recurrent_ops() {
  register_op(kRecurrent);
  register_op(kRecurrentGrad);
}

int64_t recurrent_gates(RecurrentCell cell) {
  return abi::recurrent_gates(static_cast<abi::RecurrentCell>(cell));
}

RecurrentResult recurrent(const Tensor& x, const RecurrentWeights& weights,
                          const RecurrentOptions& options, const Tensor& mask,
                          const Tensor& row_lengths) {
  return run(x, {weights}, options, mask, row_lengths)[0];
}

std::pair<RecurrentResult, RecurrentResult> recurrent_both(
    const Tensor& x, const RecurrentWeights& there, const RecurrentWeights& back,
    const RecurrentOptions& options, const Tensor& mask, const Tensor& row_lengths) {
  auto results = run(x, {there, back}, options, mask, row_lengths);
  return {results[0], results[1]};
}

}  // namespace lamina
