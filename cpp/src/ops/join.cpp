// Joining, cutting and repeating.
#include <algorithm>

#include "graph/op.h"
#include "lamina/ops.h"
#include "ops/promote.h"

namespace lamina {

namespace {

// Block of `v` along an axis.
abi::View window(const abi::View& v, int axis, int64_t start, int64_t count) {
  abi::View out = v;
  out.data = static_cast<char*>(v.data) +
             start * v.strides[axis] * static_cast<int64_t>(itemsize(static_cast<DType>(v.dtype)));
  out.shape[axis] = count;
  return out;
}

void infer_concatenate(Infer& f) {
  if (f.n_inputs() == 0) f.refuse("needs at least one tensor");
  Shape s = f.shape(0);
  int axis = normalize_axis(f.attrs().integer("axis"), s.rank());
  for (size_t i = 1; i < f.n_inputs(); ++i) {
    const Shape& t = f.shape(i);
    bool fits = t.rank() == s.rank();
    for (int d = 0; fits && d < s.rank(); ++d) fits = d == axis || t[d] == s[d];
    if (!fits)
      f.refuse("shapes must agree except on axis ", axis, "; received ", f.shape(0), " and ", t);
    s[axis] += t[axis];
  }
  f.output(s, f.dtype(0));
}
void run_concatenate(const Run& r) {
  int axis = normalize_axis(r.attrs.integer("axis"), r.out[0].rank);
  int64_t at = 0;
  for (size_t i = 0; i < r.n_in; ++i) {
    r.kernels.copy(r.context, r.in[i], window(r.out[0], axis, at, r.in[i].shape[axis]));
    at += r.in[i].shape[axis];
  }
}
Tensor narrow(const Tensor& x, int axis, int64_t start, int64_t stop) {
  std::vector<Index> at(static_cast<size_t>(axis));
  at.push_back(Index::slice(start, stop));
  return getitem(x, at);
}
Tensors concatenate_backward(const Backward& b) {
  int axis = normalize_axis(b.attrs().integer("axis"), b.in(0).rank());
  Tensors out;
  int64_t at = 0;
  for (size_t i = 0; i < b.n_inputs(); ++i) {
    int64_t n = b.in(i).shape()[axis];
    out.push_back(b.needs(i) ? narrow(b.grad(), axis, at, at + n) : Tensor{});
    at += n;
  }
  return out;
}
const Op kConcatenate{"concatenate", infer_concatenate, run_concatenate, concatenate_backward};

// Part of x along an axis, in parts of equal size ("sections") or up to indices; one output a part.
Ints bounds(Infer& f, int axis) {
  int64_t n = f.shape(0)[axis];
  Ints cuts = {0};
  if (f.attrs().has("sections")) {
    int64_t k = f.attrs().integer("sections");
    if (k < 1 || n % k != 0)
      f.refuse("axis ", axis, " of length ", n, " cannot be cut into ", k, " equal sections");
    for (int64_t i = 1; i <= k; ++i) cuts.push_back(i * n / k);
  } else {
    for (int64_t i : f.attrs().ints("indices"))
      cuts.push_back(std::clamp<int64_t>(i < 0 ? i + n : i, cuts.back(), n));
    cuts.push_back(n);
  }
  return cuts;
}
void infer_split(Infer& f) {
  int axis = normalize_axis(f.attrs().integer("axis"), f.shape(0).rank());
  Ints cuts = bounds(f, axis);
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    Shape s = f.shape(0);
    s[axis] = cuts[i + 1] - cuts[i];
    f.view(0, s, f.in(0).strides(), f.in(0).impl()->offset + cuts[i] * f.in(0).strides()[axis]);
  }
}
Tensors split_backward(const Backward& b);
const Op kSplit{"split", infer_split, nullptr, split_backward};
Tensors split_backward(const Backward& b) {
  Tensors parts;
  Tensors in = {b.in(0)};
  Infer f(kSplit, in, b.attrs());
  infer_split(f);
  for (size_t i = 0; i < f.outputs.size(); ++i) parts.push_back(b.grad(i));
  return {concatenate(parts, static_cast<int>(b.attrs().integer("axis")))};
}

void infer_pad(Infer& f) {
  const auto& w = f.attrs().ints("pad_width");
  Shape s = f.shape(0);
  if (w.size() != 2 * s.size())
    f.refuse("pad_width needs one pair for each of ", s.rank(), " axes");
  for (int i = 0; i < s.rank(); ++i) {
    int64_t a = w[static_cast<size_t>(2 * i)], c = w[static_cast<size_t>(2 * i + 1)];
    if (a < 0 || c < 0) f.refuse("pad_width must not be negative");
    s[i] += a + c;
  }
  f.output(s, f.dtype(0));
}
void run_pad(const Run& r) {
  double value = r.attrs.real("constant_values");
  abi::View v = r.out[0];
  v.data = &value;
  v.dtype = abi::DType::kFloat64;
  for (int i = 0; i < v.rank; ++i) v.strides[i] = 0;
  r.kernels.copy(r.context, v, r.out[0]);
  abi::View inner = r.out[0];
  const auto& w = r.attrs.ints("pad_width");
  for (int i = 0; i < inner.rank; ++i)
    inner = window(inner, i, w[static_cast<size_t>(2 * i)], r.in[0].shape[i]);
  r.kernels.copy(r.context, r.in[0], inner);
}
Tensors pad_backward(const Backward& b) {
  const auto& w = b.attrs().ints("pad_width");
  std::vector<Index> at;
  for (int i = 0; i < b.in(0).rank(); ++i) {
    int64_t a = w[static_cast<size_t>(2 * i)];
    at.push_back(Index::slice(a, a + b.in(0).shape()[i]));
  }
  return {getitem(b.grad(), at)};
}
const Op kPad{"pad", infer_pad, run_pad, pad_backward};

}  // namespace

void register_join_ops() {
  for (const Op* op : {&kConcatenate, &kSplit, &kPad}) register_op(*op);
}

Tensor concatenate(const Tensors& xs, int axis) {
  if (xs.empty()) fail("concatenate: needs at least one tensor");
  DType d = common_dtype(xs);
  Tensors same;
  for (const Tensor& x : xs) same.push_back(as_dtype(x, d));
  return apply1(kConcatenate, same, {{"axis", int64_t{axis}}});
}
Tensor stack(const Tensors& xs, int axis) {
  for (const Tensor& x : xs)
    for (int d = 0; d < std::max(x.rank(), xs[0].rank()); ++d)
      if (x.rank() != xs[0].rank() ||
          (x.shape()[d] != xs[0].shape()[d] && x.shape()[d] >= 0 && xs[0].shape()[d] >= 0))
        fail("stack: all inputs must have the same shape, received ", xs[0].shape(), " and ",
             x.shape());
  Tensors wide;
  for (const Tensor& x : xs)
    wide.push_back(expand_dims(x.is_scalar_literal() ? as_dtype(x, common_dtype({x})) : x, {axis}));
  int rank = xs.empty() ? 1 : xs[0].rank() + 1;
  return concatenate(wide, normalize_axis(axis, rank));
}
Tensors unstack(const Tensor& x, int axis) {
  int a = normalize_axis(axis, x.rank());
  if (x.shape()[a] < 0) fail("unstack: the length of axis ", axis, " is unknown");
  Tensors out;
  for (int64_t i = 0; i < x.shape()[a]; ++i) {
    std::vector<Index> at(static_cast<size_t>(a));
    at.push_back(Index(i));
    out.push_back(getitem(x, at));
  }
  return out;
}
Tensors split(const Tensor& x, int sections, int axis) {
  return apply(kSplit, {x}, {{"sections", int64_t{sections}}, {"axis", int64_t{axis}}});
}
Tensors split(const Tensor& x, const Ints& indices, int axis) {
  return apply(kSplit, {x}, {{"indices", indices}, {"axis", int64_t{axis}}});
}

Tensor pad(const Tensor& x, const std::vector<std::pair<int64_t, int64_t>>& width,
           const std::string& mode, double value) {
  if (mode == "constant") {
    Ints w;
    for (auto& [a, b] : width) w.push_back(a), w.push_back(b);
    return apply1(kPad, {x}, {{"pad_width", w}, {"constant_values", value}});
  }
  if (mode != "reflect" && mode != "symmetric" && mode != "edge")
    fail("pad: mode must be constant, reflect, symmetric or edge; received '", mode, "'");
  if (static_cast<int>(width.size()) != x.rank())
    fail("pad: pad_width needs one pair for each of ", x.rank(), " axes");
  // Each padded axis is a gather of its own indices.
  Tensor y = x;
  for (int axis = 0; axis < x.rank(); ++axis) {
    auto [before, after] = width[static_cast<size_t>(axis)];
    if (before == 0 && after == 0) continue;
    int64_t n = x.dim(axis);
    if (n == 0 || (mode == "reflect" && n == 1))
      fail("pad: axis ", axis, " of length ", n, " is too short for mode '", mode, "'");
    std::vector<int64_t> index;
    for (int64_t i = -before; i < n + after; ++i) {
      if (mode == "edge") {
        index.push_back(std::clamp<int64_t>(i, 0, n - 1));
        continue;
      }
      int64_t period = mode == "reflect" ? 2 * n - 2 : 2 * n, k = ((i % period) + period) % period;
      index.push_back(k < n ? k : mode == "reflect" ? period - k : period - 1 - k);
    }
    y = take(y, Tensor::from_vector(index, {static_cast<int64_t>(index.size())}), axis);
  }
  return y;
}

Tensor tile(const Tensor& x, const Ints& repeats) {
  Ints r = repeats;
  Tensor t = x;
  while (static_cast<int>(r.size()) < t.rank()) r.insert(r.begin(), 1);
  while (t.rank() < static_cast<int>(r.size())) t = expand_dims(t, {0});
  for (size_t i = 0; i < r.size(); ++i) {
    if (r[i] < 0) fail("tile: repeats must not be negative");
    if (r[i] == 1) continue;
    if (r[i] == 0) {
      t = narrow(t, static_cast<int>(i), 0, 0);
      continue;
    }
    t = concatenate(Tensors(static_cast<size_t>(r[i]), t), static_cast<int>(i));
  }
  return t;
}

Tensor repeat(const Tensor& x, const Ints& repeats, std::optional<int64_t> axis) {
  Tensor t = axis ? x : reshape(x, {-1});
  int a = axis ? normalize_axis(*axis, t.rank()) : 0;
  if (repeats.empty()) fail("repeat: repeats is empty");
  for (int64_t k : repeats)
    if (k < 0) fail("repeat: repeats must not be negative");
  int64_t n = t.dim(a);
  if (n < 0) fail("repeat: the length of axis ", a, " is unknown");
  if (repeats.size() != 1 && static_cast<int64_t>(repeats.size()) != n)
    fail("repeat: expected 1 or ", n, " repeats, received ", repeats.size());
  std::vector<int64_t> index;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t k = 0; k < repeats[repeats.size() == 1 ? 0 : static_cast<size_t>(i)]; ++k)
      index.push_back(i);
  return take(t, Tensor::from_vector(index, {static_cast<int64_t>(index.size())}), a);
}

Tensor flip(const Tensor& x, const Axes& axis) {
  std::vector<Index> at(static_cast<size_t>(x.rank()));
  for (int i = 0; i < x.rank(); ++i) {
    bool chosen = axis.all;
    for (int64_t a : axis.list) chosen |= normalize_axis(a, x.rank()) == i;
    if (chosen) at[static_cast<size_t>(i)] = Index::slice({}, {}, -1);
  }
  return getitem(x, at);
}

Tensor roll(const Tensor& x, const Ints& shift, const Axes& axis) {
  if (axis.all) {
    if (shift.size() != 1)
      fail("roll: one shift for the flattened tensor, received ", shift.size());
    return reshape(roll(reshape(x, {-1}), shift, 0), x.shape().vec());
  }
  Tensor t = x;
  for (size_t i = 0; i < axis.list.size(); ++i) {
    int a = normalize_axis(axis.list[i], x.rank());
    int64_t n = x.dim(a), s = shift[shift.size() == 1 ? 0 : i];
    if (n <= 0) continue;
    s = ((s % n) + n) % n;
    if (s) t = concatenate({narrow(t, a, n - s, n), narrow(t, a, 0, n - s)}, a);
  }
  return t;
}

}  // namespace lamina
