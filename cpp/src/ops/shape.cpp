// Other shapes of the same elements; views wherever strides can say it.
#include <algorithm>

#include "graph/op.h"
#include "lamina/ops.h"
#include "ops/registry.h"

namespace lamina {

namespace {

int64_t offset_of(const Tensor& t) { return t.impl()->offset; }
void run_copy(const Run& r) {
  // The same elements in C order.
  abi::View out = r.out[0];
  out.rank = r.in[0].rank;
  int64_t step = 1;
  for (int i = out.rank - 1; i >= 0; --i) {
    out.shape[i] = r.in[0].shape[i];
    out.strides[i] = step;
    step *= out.shape[i];
  }
  r.kernels.copy(r.context, r.in[0], out);
}

// Strides that show `shape`'s elements as `target` without moving them; false where there are none.
bool view_strides(const Shape& shape, const Shape& strides, const Shape& target, Shape& out) {
  out = target;
  int64_t total = 1;
  for (int64_t d : shape) total *= d;
  if (total == 0) {
    out = contiguous_strides(target);
    return true;
  }
  int i = shape.rank() - 1, j = target.rank() - 1;
  while (j >= 0 || i >= 0) {
    // Groups of axes with the same number of elements on both sides.
    int64_t have = i >= 0 ? shape[i] : 1, want = j >= 0 ? target[j] : 1;
    int i0 = i, j0 = j;
    while (have != want) {
      if (have < want) {
        if (--i0 < 0) return false;
        have *= shape[i0];
      } else {
        if (--j0 < 0) return false;
        want *= target[j0];
      }
    }
    // Within the group the source must be evenly spaced.
    int64_t step = 0;
    bool first = true;
    for (int k = i; k >= i0 && k >= 0; --k) {
      if (shape[k] == 1) continue;
      if (!first && strides[k] != step) return false;
      if (first) step = strides[k], first = false;
      step = strides[k] * shape[k];
    }
    int64_t s = 1;
    for (int k = i; k >= i0 && k >= 0; --k)
      if (shape[k] != 1) {
        s = strides[k];
        break;
      }
    for (int k = j; k >= j0 && k >= 0; --k) {
      out[k] = s;
      s *= target[k];
    }
    i = i0 - 1, j = j0 - 1;
  }
  return true;
}

void infer_reshape(Infer& f) {
  const Shape& from = f.shape(0);
  Shape to(f.attrs().ints("newshape"));
  int64_t total = 1, known = 1;
  int unknown = -1;
  for (int64_t d : from) total *= d;
  for (int i = 0; i < to.rank(); ++i) {
    if (to[i] == -1) {
      if (unknown >= 0)
        f.refuse("only one length may be -1, received ", Shape(f.attrs().ints("newshape")));
      unknown = i;
    } else if (to[i] < 0) {
      f.refuse("lengths must not be negative, received ", to[i]);
    } else {
      known *= to[i];
    }
  }
  if (unknown >= 0) {
    if (known == 0 || total % known != 0)
      f.refuse("a tensor of shape ", from, " does not fit into shape ", to);
    to[unknown] = total / known;
    known *= to[unknown];
  }
  if (known != total)
    f.refuse("a tensor of shape ", from, " (", total, " elements) does not fit into shape ", to);
  Shape strides;
  if (view_strides(from, f.in(0).strides(), to, strides))
    f.view(0, to, strides, offset_of(f.in(0)));
  else
    f.output(to, f.dtype(0));
}
void run_reshape(const Run& r) {
  if (r.out[0].data == r.in[0].data) return;  // a view
  run_copy(r);
}
Tensors reshape_backward(const Backward& b) { return {reshape(b.grad(), b.in(0).shape().vec())}; }
const Op kReshape{"reshape", infer_reshape, run_reshape, reshape_backward};

Ints full_order(const Ints& axes, int rank) {
  Ints order = axes;
  if (order.empty())
    for (int i = rank - 1; i >= 0; --i) order.push_back(i);
  if (static_cast<int>(order.size()) != rank)
    fail("transpose: expected ", rank, " axes, received ", order.size());
  std::vector<bool> seen(order.size());
  for (int64_t& a : order) {
    a = normalize_axis(a, rank);
    if (seen[static_cast<size_t>(a)]) fail("transpose: axis ", a, " is given twice");
    seen[static_cast<size_t>(a)] = true;
  }
  return order;
}
void infer_transpose(Infer& f) {
  Ints order = full_order(f.attrs().ints("axes"), f.shape(0).rank());
  Shape shape, strides;
  for (int64_t a : order) {
    shape.push_back(f.shape(0)[static_cast<int>(a)]);
    strides.push_back(f.in(0).strides()[static_cast<int>(a)]);
  }
  f.view(0, shape, strides, offset_of(f.in(0)));
}
Tensors transpose_backward(const Backward& b) {
  Ints order = full_order(b.attrs().ints("axes"), b.in(0).rank()), inverse(order.size());
  for (size_t i = 0; i < order.size(); ++i)
    inverse[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  return {transpose(b.grad(), inverse)};
}
const Op kTranspose{"transpose", infer_transpose, nullptr, transpose_backward};

void infer_squeeze(Infer& f) {
  Shape shape, strides;
  std::vector<bool> drop(static_cast<size_t>(f.shape(0).rank()));
  for (int64_t a : f.attrs().ints("axis")) {
    int axis = normalize_axis(a, f.shape(0).rank());
    if (f.shape(0)[axis] != 1)
      f.refuse("axis ", a, " of shape ", f.shape(0), " is not of length 1");
    drop[static_cast<size_t>(axis)] = true;
  }
  for (int i = 0; i < f.shape(0).rank(); ++i) {
    if (drop[static_cast<size_t>(i)] || (f.attrs().flag("all") && f.shape(0)[i] == 1)) continue;
    shape.push_back(f.shape(0)[i]), strides.push_back(f.in(0).strides()[i]);
  }
  f.view(0, shape, strides, offset_of(f.in(0)));
}
const Op kSqueeze{"squeeze", infer_squeeze, nullptr, reshape_backward};

void infer_expand(Infer& f) {
  Ints axes = f.attrs().ints("axis");
  int rank = f.shape(0).rank() + static_cast<int>(axes.size());
  for (int64_t& a : axes) a = normalize_axis(a, rank);
  std::sort(axes.begin(), axes.end());
  Shape shape = f.shape(0), strides = f.in(0).strides();
  for (int64_t a : axes)
    shape.insert(static_cast<int>(a), 1), strides.insert(static_cast<int>(a), 0);
  if (shape.rank() != rank) f.refuse("an axis is given twice");
  f.view(0, shape, strides, offset_of(f.in(0)));
}
const Op kExpand{"expand_dims", infer_expand, nullptr, reshape_backward};

void infer_broadcast(Infer& f) {
  Shape to(f.attrs().ints("shape")), strides = to;
  if (f.shape(0).rank() > to.rank() || !(broadcast_shapes(f.shape(0), to) == to))
    f.refuse("shape ", f.shape(0), " cannot be broadcast to ", to);
  int shift = to.rank() - f.shape(0).rank();
  for (int i = 0; i < to.rank(); ++i)
    strides[i] = i < shift || f.shape(0)[i - shift] == 1 ? 0 : f.in(0).strides()[i - shift];
  f.view(0, to, strides, offset_of(f.in(0)));
}
Tensors broadcast_backward(const Backward& b) { return {sum_to_shape(b.grad(), b.in(0).shape())}; }
const Op kBroadcast{"broadcast_to", infer_broadcast, nullptr, broadcast_backward};

void infer_diagonal(Infer& f) {
  int rank = f.shape(0).rank();
  if (rank < 2) f.refuse("expected at least 2 axes, received shape ", f.shape(0));
  int a = normalize_axis(f.attrs().integer("axis1"), rank),
      b = normalize_axis(f.attrs().integer("axis2"), rank);
  if (a == b) f.refuse("axis1 and axis2 are the same");
  int64_t k = f.attrs().integer("offset");
  const Shape &s = f.shape(0), &st = f.in(0).strides();
  int64_t n = std::max<int64_t>(0, std::min(k < 0 ? s[a] + k : s[a], k < 0 ? s[b] : s[b] - k));
  int64_t offset = offset_of(f.in(0)) + (n == 0 ? 0 : k >= 0 ? k * st[b] : -k * st[a]);
  Shape shape, strides;
  for (int i = 0; i < rank; ++i)
    if (i != a && i != b) shape.push_back(s[i]), strides.push_back(st[i]);
  shape.push_back(n), strides.push_back(st[a] + st[b]);
  f.view(0, shape, strides, offset);
}
Tensors diagonal_backward(const Backward& b) {
  // Put the gradient on the diagonal of zeros by a mask.
  const Shape& s = b.in(0).shape();
  int rank = s.rank();
  int a1 = normalize_axis(b.attrs().integer("axis1"), rank),
      a2 = normalize_axis(b.attrs().integer("axis2"), rank);
  int64_t k = b.attrs().integer("offset");
  Tensor g = b.grad();
  int64_t n = g.dim(-1);
  Tensor out = zeros({s[a1], s[a2]}, g.dtype());
  // Rows of the result pick their element of the diagonal.
  std::vector<int64_t> pick(static_cast<size_t>(s[a1]), 0);
  std::vector<float> mask(static_cast<size_t>(s[a1] * s[a2]), 0);
  for (int64_t i = 0; i < n; ++i) {
    int64_t row = k >= 0 ? i : i - k, col = k >= 0 ? i + k : i;
    pick[static_cast<size_t>(row)] = i;
    mask[static_cast<size_t>(row * s[a2] + col)] = 1;
  }
  if (n == 0) return {zeros_like(b.in(0))};
  Tensor rows = take(g, Tensor::from_vector(pick, {s[a1]}), -1);
  Tensor matrix =
      expand_dims(rows, {-1}) * cast(Tensor::from_vector(mask, {s[a1], s[a2]}), g.dtype());
  return {moveaxis(matrix, {-2, -1}, {a1, a2})};
}
const Op kDiagonal{"diagonal", infer_diagonal, nullptr, diagonal_backward};

Tensor triangle(const Tensor& x, int64_t k, bool lower) {
  int64_t m = x.dim(-2), n = x.dim(-1);
  Tensor rows = reshape(arange(0, static_cast<double>(m)), {m, 1}),
         cols = reshape(arange(0, static_cast<double>(n)), {1, n});
  Tensor keep = lower ? less_equal(cols - rows, Tensor(k)) : greater_equal(cols - rows, Tensor(k));
  return where(keep, x, zeros_like(x));
}

}  // namespace

void register_join_ops();

void register_shape_ops() {
  for (const Op* op : {&kReshape, &kTranspose, &kSqueeze, &kExpand, &kBroadcast, &kDiagonal})
    register_op(*op);
  register_join_ops();
}

Tensor reshape(const Tensor& x, const Ints& newshape) {
  return apply1(kReshape, {x}, {{"newshape", newshape}});
}
Tensor transpose(const Tensor& x, const Ints& axes) {
  return apply1(kTranspose, {x}, {{"axes", axes}});
}
Tensor swapaxes(const Tensor& x, int axis1, int axis2) {
  Ints order;
  for (int i = 0; i < x.rank(); ++i) order.push_back(i);
  std::swap(order[static_cast<size_t>(normalize_axis(axis1, x.rank(), "axis1"))],
            order[static_cast<size_t>(normalize_axis(axis2, x.rank(), "axis2"))]);
  return transpose(x, order);
}
Tensor moveaxis(const Tensor& x, const Ints& source, const Ints& destination) {
  if (source.size() != destination.size())
    fail("moveaxis: source and destination differ in length");
  Ints from, to, order(static_cast<size_t>(x.rank()), -1);
  for (int64_t a : source) from.push_back(normalize_axis(a, x.rank(), "source"));
  for (int64_t a : destination) to.push_back(normalize_axis(a, x.rank(), "destination"));
  for (size_t i = 0; i < from.size(); ++i) order[static_cast<size_t>(to[i])] = from[i];
  int64_t next = 0;
  for (int64_t& o : order) {
    if (o >= 0) continue;
    while (std::find(from.begin(), from.end(), next) != from.end()) ++next;
    o = next++;
  }
  return transpose(x, order);
}
Tensor squeeze(const Tensor& x, const Axes& axis) {
  return apply1(kSqueeze, {x}, {{"axis", axis.list}, {"all", axis.all}});
}
Tensor expand_dims(const Tensor& x, const Ints& axis) {
  return apply1(kExpand, {x}, {{"axis", axis}});
}
Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  return apply1(kBroadcast, {x}, {{"shape", shape.vec()}});
}
Tensor ravel(const Tensor& x) { return reshape(x, {-1}); }
Tensor tril(const Tensor& x, int64_t k) { return triangle(x, k, true); }
Tensor triu(const Tensor& x, int64_t k) { return triangle(x, k, false); }
Tensor diagonal(const Tensor& x, int64_t offset, int axis1, int axis2) {
  return apply1(kDiagonal, {x},
                {{"offset", offset}, {"axis1", int64_t{axis1}}, {"axis2", int64_t{axis2}}});
}
Tensor diag(const Tensor& x, int64_t k) {
  if (x.rank() == 2) return diagonal(x, k);
  if (x.rank() != 1) fail("diag: expected 1 or 2 axes, received shape ", x.shape());
  int64_t n = x.dim(0), size = n + std::abs(k);
  Tensor mask = eye(n, n, 0, x.dtype());
  Tensor m = expand_dims(x, {1}) * mask;
  int64_t up = std::max<int64_t>(-k, 0), left = std::max<int64_t>(k, 0);
  return pad(m, {{up, size - n - up}, {left, size - n - left}});
}
Tensor trace(const Tensor& x, int64_t offset, int axis1, int axis2) {
  return sum(diagonal(x, offset, axis1, axis2), -1);
}
Tensors meshgrid(const Tensors& xs, const std::string& indexing) {
  if (indexing != "xy" && indexing != "ij")
    fail("meshgrid: indexing must be 'xy' or 'ij', received '", indexing, "'");
  size_t n = xs.size();
  auto place = [&](size_t i) { return indexing == "xy" && n > 1 && i < 2 ? 1 - i : i; };
  Shape shape(Ints(n, 1));
  for (size_t i = 0; i < n; ++i) shape[static_cast<int>(place(i))] = xs[i].numel();
  Tensors out;
  for (size_t i = 0; i < n; ++i) {
    Ints s(n, 1);
    s[place(i)] = -1;
    out.push_back(broadcast_to(reshape(xs[i], s), shape));
  }
  return out;
}

}  // namespace lamina
