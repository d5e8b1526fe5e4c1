// A whole LSTM layer as one operation.
#include "graph/op.h"
#include "lamina/ops.h"
#include "ops/packed.h"
#include "ops/promote.h"

namespace lamina {

namespace {

// x, w, u, bias, h0, c0 -> h (B, T, H), last c (B, H), c (B, T, H), gates (B, T, 4H)
void infer_lstm(Infer& f) {
  const Shape &x = f.shape(0), &w = f.shape(1), &u = f.shape(2);
  if (x.rank() != 3) f.refuse("expected inputs (batch, steps, features), received shape ", x);
  if (x[1] < 1) f.refuse("the sequence is empty: received shape ", x);
  int64_t h = u[0];
  if (!(w == Shape{x[2], 4 * h}) || !(u == Shape{h, 4 * h}))
    f.refuse("kernels of shapes ", w, " and ", u, " do not fit inputs of shape ", x);
  Shape state = {x[0], h};
  if (!(f.shape(4) == state) || !(f.shape(5) == state))
    f.refuse("expected initial states of shape ", state, ", received ", f.shape(4), " and ",
             f.shape(5));
  f.output({x[0], x[1], h}, f.dtype(0));
  f.output(state, f.dtype(0));
  f.output({x[0], x[1], h}, f.dtype(0));
  f.output({x[0], x[1], 4 * h}, f.dtype(0));
}
abi::LstmArgs args_of(const Run& r, const abi::View& h, const abi::View& c,
                      const abi::View& gates) {
  abi::LstmArgs a{};
  a.x = r.in[0], a.w = r.in[1], a.u = r.in[2], a.bias = r.optional(3), a.h0 = r.in[4],
  a.c0 = r.in[5];
  a.h = h, a.c = c, a.gates = gates;
  a.reverse = r.attrs.flag("go_backwards");
  return a;
}
void run_lstm(const Run& r) {
  r.kernels.lstm(r.context, args_of(r, r.out[0], r.out[2], r.out[3]));
  abi::View last = r.out[1];  // c at the last step taken
  int64_t t = r.attrs.flag("go_backwards") ? 0 : r.in[0].shape[1] - 1;
  abi::View from = r.out[2];
  from.data = static_cast<char*>(from.data) +
              t * from.strides[1] * static_cast<int64_t>(itemsize(static_cast<DType>(from.dtype)));
  from.rank = 2;
  from.shape[1] = r.out[2].shape[2], from.strides[1] = r.out[2].strides[2];
  r.kernels.copy(r.context, from, last);
}
// the inputs of lstm, then h, c, gates, gh, glast_c -> gx, gw, gu, gbias, gh0, gc0
void infer_lstm_grad(Infer& f) {
  for (size_t i : {0u, 1u, 2u}) f.output(f.shape(i), f.dtype(0));
  f.output({f.shape(1)[1]}, f.dtype(0));
  f.output(f.shape(4), f.dtype(0));
  f.output(f.shape(5), f.dtype(0));
}
void run_lstm_grad(const Run& r) {
  abi::LstmGradArgs a{};
  a.f = args_of(r, r.in[6], r.in[7], r.in[8]);
  a.gh = r.in[9];
  a.glast_c = r.optional(10);
  a.gx = r.out[0], a.gw = r.out[1], a.gu = r.out[2], a.gbias = &r.out[3], a.gh0 = r.out[4],
  a.gc0 = r.out[5];
  r.kernels.lstm_grad(r.context, a);
}
const Op kLstmGrad{"lstm_grad", infer_lstm_grad, run_lstm_grad};
Tensors lstm_backward(const Backward& b) {
  Tensors in;
  for (size_t i = 0; i < 6; ++i) in.push_back(b.in(i));
  for (size_t i : {0u, 2u, 3u}) in.push_back(stop_gradient(b.out(i)));
  in.push_back(packed(b.grad(0)));
  in.push_back(b.has_grad(1) ? packed(b.grad(1)) : Tensor{});
  Tensors g = apply(kLstmGrad, in, b.attrs());
  for (size_t i = 0; i < 6; ++i)
    if (!b.needs(i)) g[i] = {};
  return g;
}
const Op kLstm = [] {
  Op op{"lstm", infer_lstm, run_lstm, lstm_backward};
  op.saves_output = true;
  return op;
}();

}  // namespace

void register_recurrent_ops() {
  register_op(kLstm);
  register_op(kLstmGrad);
}

Tensors lstm(const Tensor& x, const Tensor& h0, const Tensor& c0, const Tensor& kernel,
             const Tensor& recurrent, const Tensor& bias, bool go_backwards) {
  DType d = common_float({x}), p = d == DType::kFloat64 ? d : DType::kFloat32;
  auto as = [&](const Tensor& t) { return t.defined() ? packed(as_dtype(t, p)) : t; };
  Tensors out = apply(kLstm, {as(x), as(kernel), as(recurrent), as(bias), as(h0), as(c0)},
                      {{"go_backwards", go_backwards}});
  int64_t t = go_backwards ? 0 : -1;
  Tensor last = getitem(out[0], {Index(), Index(t)});
  return {as_dtype(out[0], d), as_dtype(last, d), as_dtype(out[1], d)};
}

}  // namespace lamina
