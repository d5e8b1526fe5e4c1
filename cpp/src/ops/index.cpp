// Indexing as NumPy has it, gathers, scatters, sorting.
#include <algorithm>

#include "graph/graph.h"
#include "lamina/ops.h"
#include "ops/promote.h"
#include "ops/registry.h"

namespace lamina {

Index Index::slice(std::optional<int64_t> start, std::optional<int64_t> stop, int64_t step) {
  Index i;
  i.start = start, i.stop = stop, i.step = step;
  return i;
}
Index Index::ellipsis() {
  Index i;
  i.kind = Kind::kEllipsis;
  return i;
}
Index Index::newaxis() {
  Index i;
  i.kind = Kind::kNewAxis;
  return i;
}

namespace {

[[noreturn]] void out_of_range(const char* op, int64_t position, int64_t length) {
  throw Error(
      str(op, ": the index at position ", position, " is outside an axis of length ", length),
      Error::Kind::kIndex);
}

// ---- slices: attributes start, stop, step for each axis, "drop" for integers
// ---------------------- The kinds: 0 slice, 1 integer, 2 new axis. Missing ends are the largest
// int64.
constexpr int64_t kOpen = INT64_MAX;

struct Part {
  Shape shape, strides;
  int64_t offset;
};
// Asks for no memory: gradients place their values by it in every step.
Part part_of(const Shape& whole, const Shape& whole_strides, int64_t offset, const Attrs& attrs) {
  const auto &kind = attrs.ints("kind"), &start = attrs.ints("start"), &stop = attrs.ints("stop"),
             &step = attrs.ints("step");
  Shape shape, strides;
  int axis = 0;
  for (size_t i = 0; i < kind.size(); ++i) {
    if (kind[i] == 2) {
      shape.push_back(1), strides.push_back(0);
      continue;
    }
    if (axis >= whole.rank()) fail("getitem: too many indices for shape ", whole);
    int64_t n = whole[axis], s = whole_strides[axis];
    ++axis;
    if (kind[i] == 1) {
      if (start[i] < -n || start[i] >= n)
        throw Error(str("index ", start[i], " is outside axis ", axis - 1, " of length ", n),
                    Error::Kind::kIndex);
      offset += (start[i] < 0 ? start[i] + n : start[i]) * s;
      continue;
    }
    if (step[i] == 0) fail("getitem: slice step must not be 0");
    auto clamp = [&](int64_t v, int64_t low, int64_t high) {
      if (v < 0) v = v < -n ? low : v + n;
      return std::clamp(v, low, high);
    };
    int64_t a, b;
    if (step[i] > 0) {
      a = start[i] == kOpen ? 0 : clamp(start[i], 0, n);
      b = stop[i] == kOpen ? n : clamp(stop[i], 0, n);
    } else {
      a = start[i] == kOpen ? n - 1 : clamp(start[i], -1, n - 1);
      b = stop[i] == kOpen ? -1 : clamp(stop[i], -1, n - 1);
    }
    int64_t count =
        step[i] > 0 ? (b - a + step[i] - 1) / step[i] : (a - b - step[i] - 1) / -step[i];
    count = std::max<int64_t>(count, 0);
    shape.push_back(count), strides.push_back(s * step[i]);
    if (count > 0) offset += a * s;
  }
  for (; axis < whole.rank(); ++axis)
    shape.push_back(whole[axis]), strides.push_back(whole_strides[axis]);
  return {shape, strides, offset};
}
void infer_slice(Infer& f) {
  Part p = part_of(f.shape(0), f.in(0).strides(), f.in(0).impl()->offset, f.attrs());
  f.view(0, p.shape, p.strides, p.offset);
}
Tensors slice_backward(const Backward& b);
const Op kSlice{"getitem", infer_slice, nullptr, slice_backward};

// The transpose: the gradient in the sliced place of zeros of shape "shape".
void infer_unslice(Infer& f) { f.output(Shape(f.attrs().ints("shape")), f.dtype(0)); }
void run_unslice(const Run& r) {
  double zero = 0;
  abi::View v = r.out[0];
  v.data = &zero;
  v.dtype = abi::DType::kFloat64;
  for (int i = 0; i < v.rank; ++i) v.strides[i] = 0;
  r.kernels.copy(r.context, v, r.out[0]);
  // The same view that the slice took, of the output.
  const Shape whole(r.out[0].shape, static_cast<size_t>(r.out[0].rank));
  const Part p = part_of(whole, contiguous_strides(whole), 0, r.attrs);
  abi::View target = r.out[0];
  target.data = static_cast<char*>(r.out[0].data) +
                p.offset * static_cast<int64_t>(itemsize(static_cast<DType>(r.out[0].dtype)));
  target.rank = p.shape.rank();
  for (int i = 0; i < target.rank; ++i)
    target.shape[i] = p.shape[i], target.strides[i] = p.strides[i];
  r.kernels.copy(r.context, r.in[0], target);
}
Tensors unslice_backward(const Backward& b) { return {apply1(kSlice, {b.grad()}, b.attrs())}; }
const Op kUnslice{"slice_grad", infer_unslice, run_unslice, unslice_backward};
Tensors slice_backward(const Backward& b) {
  Attrs a = b.attrs();
  a.set("shape", b.in(0).shape().vec());
  return {apply1(kUnslice, {b.grad()}, a)};
}

// ---- gathers
// --------------------------------------------------------------------------------------
void infer_take(Infer& f) {
  int axis = normalize_axis(f.attrs().integer("axis"), f.shape(0).rank());
  Shape s;
  for (int i = 0; i < axis; ++i) s.push_back(f.shape(0)[i]);
  for (int64_t d : f.shape(1)) s.push_back(d);
  for (int i = axis + 1; i < f.shape(0).rank(); ++i) s.push_back(f.shape(0)[i]);
  f.output(s, f.dtype(0));
}
void run_take(const Run& r) {
  int axis = normalize_axis(r.attrs.integer("axis"), r.in[0].rank);
  int64_t bad = r.kernels.gather(r.context, r.in[0], r.in[1], r.out[0], axis);
  if (bad >= 0) out_of_range("take", bad, r.in[0].shape[axis]);
}
Tensors take_backward(const Backward& b);
const Op kTake{"take", infer_take, run_take, take_backward};

void fill_zero(const Run& r) {
  double zero = 0;
  abi::View v = r.out[0];
  v.data = &zero;
  v.dtype = abi::DType::kFloat64;
  for (int i = 0; i < v.rank; ++i) v.strides[i] = 0;
  r.kernels.copy(r.context, v, r.out[0]);
}
void run_take_grad(const Run& r) {
  fill_zero(r);
  int axis = normalize_axis(r.attrs.integer("axis"), r.out[0].rank);
  int64_t bad = r.kernels.scatter_add(r.context, r.in[0], r.in[1], r.out[0], axis);
  if (bad >= 0) out_of_range("take", bad, r.out[0].shape[axis]);
}
Tensors take_grad_backward(const Backward& b) {
  return {take(b.grad(), b.in(1), b.attrs().integer("axis")), {}};
}
const Op kTakeGrad{"take_grad", infer_to_shape, run_take_grad, take_grad_backward};
Tensors take_backward(const Backward& b) {
  return {apply1(kTakeGrad, {b.grad().contiguous(), b.in(1)},
                 {{"axis", b.attrs().integer("axis")}, {"shape", b.in(0).shape().vec()}}),
          {}};
}

void infer_along(Infer& f) {
  if (f.shape(0).rank() != f.shape(1).rank())
    f.refuse("x and indices need the same number of axes; received shapes ", f.shape(0), " and ",
             f.shape(1));
  f.output(f.shape(1), f.dtype(0));
}
void run_along(const Run& r) {
  int axis = normalize_axis(r.attrs.integer("axis"), r.in[0].rank);
  int64_t bad = r.kernels.take_along(r.context, r.in[0], r.in[1], r.out[0], axis);
  if (bad >= 0) out_of_range("take_along_axis", bad, r.in[0].shape[axis]);
}
Tensors along_backward(const Backward& b);
const Op kAlong{"take_along_axis", infer_along, run_along, along_backward};
void run_along_grad(const Run& r) {
  fill_zero(r);
  int axis = normalize_axis(r.attrs.integer("axis"), r.out[0].rank);
  int64_t bad = r.kernels.take_along_add(r.context, r.in[0], r.in[1], r.out[0], axis);
  if (bad >= 0) out_of_range("take_along_axis", bad, r.out[0].shape[axis]);
}
Tensors along_grad_backward(const Backward& b) {
  return {take_along_axis(b.grad(), b.in(1), b.attrs().integer("axis")), {}};
}
const Op kAlongGrad{"take_along_axis_grad", infer_to_shape, run_along_grad, along_grad_backward};
Tensors along_backward(const Backward& b) {
  return {apply1(kAlongGrad, {b.grad(), b.in(1)},
                 {{"axis", b.attrs().integer("axis")}, {"shape", b.in(0).shape().vec()}}),
          {}};
}

// indices (R, D), x -> (R, rest...)
void infer_gather_nd(Infer& f) {
  Shape s = {f.shape(1)[0]};
  for (int i = static_cast<int>(f.shape(1)[1]); i < f.shape(0).rank(); ++i)
    s.push_back(f.shape(0)[i]);
  f.output(s, f.dtype(0));
}
void run_gather_nd(const Run& r) {
  int64_t bad = r.kernels.gather_nd(r.context, r.in[0], r.in[1], r.out[0]);
  if (bad >= 0)
    out_of_range("index", bad / std::max<int64_t>(r.in[1].shape[1], 1),
                 r.in[0].shape[bad % std::max<int64_t>(r.in[1].shape[1], 1)]);
}
Tensors gather_nd_backward(const Backward& b) {
  return {scatter_update(zeros_like(b.in(0)), b.in(1), b.grad(), "add"), {}};
}
const Op kGatherNd{"gather_nd", infer_gather_nd, run_gather_nd, gather_nd_backward};

// x, indices (R, D), updates (R, rest...)
void infer_scatter(Infer& f) {
  if (f.shape(1).rank() != 2) f.refuse("expected indices of shape (n, k), received ", f.shape(1));
  int64_t depth = f.shape(1)[1];
  if (depth > f.shape(0).rank())
    f.refuse("indices of shape ", f.shape(1), " are too long for a tensor of shape ", f.shape(0));
  Shape want = {f.shape(1)[0]};
  for (int i = static_cast<int>(depth); i < f.shape(0).rank(); ++i) want.push_back(f.shape(0)[i]);
  if (!(f.shape(2) == want))
    f.refuse("expected updates of shape ", want, ", received ", f.shape(2));
  f.output(f.shape(0), f.dtype(0));
}
void run_scatter(const Run& r) {
  r.kernels.copy(r.context, r.in[0], r.out[0]);
  int64_t bad = r.kernels.scatter_nd(r.context, r.in[1], r.in[2], r.out[0],
                                     static_cast<int>(r.attrs.integer("mode")));
  if (bad >= 0)
    out_of_range("scatter", bad / std::max<int64_t>(r.in[1].shape[1], 1),
                 r.out[0].shape[bad % std::max<int64_t>(r.in[1].shape[1], 1)]);
}
Tensor gather_nd(const Tensor& x, const Tensor& indices) { return apply1(kGatherNd, {x, indices}); }
Tensors scatter_backward(const Backward& b) {
  int64_t mode = b.attrs().integer("mode");
  Tensors out(3);
  if (mode > 1)
    throw Error("scatter_update: only the reductions None and add have a gradient",
                Error::Kind::kUnsupported);
  if (b.needs(0))
    out[0] = mode == 1 ? b.grad() : scatter_update(b.grad(), b.in(1), zeros_like(b.in(2)));
  if (b.needs(2)) out[2] = gather_nd(b.grad(), b.in(1));
  return out;
}
const Op kScatter{"scatter_update", infer_scatter, run_scatter, scatter_backward};

// ---- sorting
// --------------------------------------------------------------------------------------
void infer_sort(Infer& f) {
  f.output(f.shape(0), f.dtype(0));
  f.output(f.shape(0), DType::kInt32);
}
void run_sort(const Run& r) {
  r.kernels.sort(r.context, r.in[0], r.out[0], r.out[1], r.attrs.flag("descending"));
}
Tensors sort_backward(const Backward& b) {
  return {apply1(kAlongGrad, {b.grad(0), b.out(1)},
                 {{"axis", int64_t{-1}}, {"shape", b.in(0).shape().vec()}})};
}
const Op kSort = [] {
  Op op{"sort", infer_sort, run_sort, sort_backward};
  op.saves_output = true;
  return op;
}();

Tensor index_tensor(const Tensor& t, const char* op) {
  if (is_floating(t.dtype()))
    throw Error(str(op, ": expected integer indices, received ", dtype_name(t.dtype())),
                Error::Kind::kType);
  if (t.is_scalar_literal()) return cast(t, DType::kInt32);
  return t.dtype() == DType::kInt32 || t.dtype() == DType::kInt64 ? t : cast(t, DType::kInt32);
}

void require_values(const Tensor& t, const char* op) {
  if (t.is_abstract() || t.is_symbolic())
    throw Error(str(op,
                    ": the shape of the result depends on values, which are not known while lamina "
                    "captures the function; "
                    "use where() or pass run_eagerly=True to compile()"),
                Error::Kind::kRuntime);
}

}  // namespace

void register_index_ops() {
  for (const Op* op : {&kSlice, &kUnslice, &kTake, &kTakeGrad, &kAlong, &kAlongGrad, &kGatherNd,
                       &kScatter, &kSort})
    register_op(*op);
}

namespace {

// Indices with the ellipsis written out; masks become integer arrays.
std::vector<Index> expand(const Tensor& x, const std::vector<Index>& given) {
  int used = 0, ellipses = 0;
  for (auto& i : given) {
    if (i.kind == Index::Kind::kInteger || i.kind == Index::Kind::kSlice) ++used;
    if (i.kind == Index::Kind::kTensor)
      used += i.tensor.dtype() == DType::kBool ? std::max(i.tensor.rank(), 0) : 1;
    ellipses += i.kind == Index::Kind::kEllipsis;
  }
  if (ellipses > 1) throw Error("index: only one ellipsis", Error::Kind::kIndex);
  if (used > x.rank())
    throw Error(str("index: too many indices for shape ", x.shape()), Error::Kind::kIndex);
  std::vector<Index> out;
  int axis = 0;
  for (auto& i : given) {
    if (i.kind == Index::Kind::kEllipsis) {
      for (int k = 0; k < x.rank() - used; ++k) out.emplace_back();
      axis += x.rank() - used;
    } else if (i.kind == Index::Kind::kTensor && i.tensor.dtype() == DType::kBool) {
      require_values(i.tensor, "index");
      for (int d = 0; d < i.tensor.rank(); ++d)
        if (i.tensor.dim(d) != x.dim(axis + d))
          throw Error(
              str("index: a mask of shape ", i.tensor.shape(), " does not fit shape ", x.shape()),
              Error::Kind::kIndex);
      for (Tensor& t : nonzero(i.tensor)) out.emplace_back(t);
      axis += i.tensor.rank();
    } else {
      out.push_back(i);
      axis += i.kind != Index::Kind::kNewAxis;
    }
  }
  return out;
}

bool has_tensors(const std::vector<Index>& at) {
  return std::any_of(at.begin(), at.end(), [](auto& i) { return i.kind == Index::Kind::kTensor; });
}

Tensor basic(const Tensor& x, const std::vector<Index>& at) {
  Ints kind, start, stop, step;
  for (auto& i : at) {
    kind.push_back(i.kind == Index::Kind::kInteger ? 1 : i.kind == Index::Kind::kNewAxis ? 2 : 0);
    start.push_back(i.kind == Index::Kind::kInteger ? i.integer : i.start.value_or(kOpen));
    stop.push_back(i.stop.value_or(kOpen));
    step.push_back(i.step);
  }
  return apply1(kSlice, {x}, {{"kind", kind}, {"start", start}, {"stop", stop}, {"step", step}});
}

// Advanced indexing: x with slices applied and the indexed axes in front, (n, k) rows of indices,
// the shape they broadcast to, and where NumPy puts their axes.
struct Advanced {
  Tensor x, rows;
  Shape shape;
  int front = 0;
};
Advanced prepare(const Tensor& x, const std::vector<Index>& at) {
  std::vector<Index> plain = at;
  // Integers beside arrays are arrays of no axes.
  std::vector<int> places;
  Tensors arrays;
  int position = 0;
  bool apart = false;
  int last = -1;
  for (size_t i = 0; i < at.size(); ++i) {
    bool array = at[i].kind == Index::Kind::kTensor || at[i].kind == Index::Kind::kInteger;
    if (array) {
      plain[i] = Index();
      places.push_back(position);
      arrays.push_back(at[i].kind == Index::Kind::kTensor
                           ? index_tensor(at[i].tensor, "index")
                           : full({}, static_cast<double>(at[i].integer), DType::kInt64));
      if (last >= 0 && static_cast<int>(i) != last + 1) apart = true;
      last = static_cast<int>(i);
    }
    ++position;
  }
  Advanced a;
  a.x = basic(x, plain);
  a.front = apart || places.empty() ? 0 : places[0];
  for (size_t i = 0; i < arrays.size(); ++i)
    a.shape = i == 0 ? arrays[0].shape() : broadcast_shapes(a.shape, arrays[i].shape());
  Tensors columns;
  for (Tensor& t : arrays)
    columns.push_back(reshape(copy(broadcast_to(cast(t, DType::kInt64), a.shape)), {-1}));
  a.rows = stack(columns, 1);
  Ints source(places.begin(), places.end()), target;
  for (size_t i = 0; i < source.size(); ++i) target.push_back(static_cast<int64_t>(i));
  a.x = moveaxis(a.x, source, target);
  return a;
}

}  // namespace

Tensor getitem(const Tensor& x, const std::vector<Index>& given) {
  std::vector<Index> at = expand(x, given);
  if (!has_tensors(at)) return basic(x, at);
  Advanced a = prepare(x, at);
  Tensor y = gather_nd(a.x, a.rows);
  Ints shape = a.shape.vec();
  for (int i = 1; i < y.rank(); ++i) shape.push_back(y.dim(i));
  y = reshape(y, shape);
  // The indexed axes go where the first of them stood.
  Ints source, target;
  for (int i = 0; i < a.shape.rank(); ++i) source.push_back(i), target.push_back(a.front + i);
  return moveaxis(y, source, target);
}

void setitem(const Tensor& x, const std::vector<Index>& given, const Tensor& value) {
  if (grad_enabled() && x.requires_grad())
    throw Error(
        "assignment to a part of a tensor whose gradient is recorded; use scatter_update or "
        "slice_update, or no_grad()",
        Error::Kind::kRuntime);
  if (x.is_abstract() || x.is_symbolic())
    throw Error(
        "assignment to a part of a tensor is not possible while lamina captures the function; use "
        "slice_update or scatter_update",
        Error::Kind::kRuntime);
  NoGrad off;
  std::vector<Index> at = expand(x, given);
  if (!has_tensors(at)) return assign(basic(x, at), value);
  Advanced a = prepare(x, at);
  Ints shape = a.shape.vec();
  int depth = static_cast<int>(a.rows.dim(1));
  for (int i = depth; i < a.x.rank(); ++i) shape.push_back(a.x.dim(i));
  // The value in the order of the result, then with the indexed axes in front.
  Ints source, target;
  for (int i = 0; i < a.shape.rank(); ++i) source.push_back(a.front + i), target.push_back(i);
  Shape seen(shape);
  {
    Ints order;
    for (int i = a.shape.rank(); i < a.shape.rank() + a.front; ++i)
      order.push_back(shape[static_cast<size_t>(i)]);
    for (int i = 0; i < a.shape.rank(); ++i) order.push_back(shape[static_cast<size_t>(i)]);
    for (size_t i = static_cast<size_t>(a.shape.rank() + a.front); i < shape.size(); ++i)
      order.push_back(shape[i]);
    seen = Shape(order);
  }
  Tensor v = moveaxis(broadcast_to(cast(value, x.dtype()), seen), source, target);
  Ints flat = {a.rows.dim(0)};
  for (int i = depth; i < a.x.rank(); ++i) flat.push_back(a.x.dim(i));
  Tensor updated = scatter_update(a.x, a.rows, reshape(copy(v), flat));
  assign(a.x, updated);
}

Tensor slice(const Tensor& x, const Ints& start, const Ints& shape) {
  std::vector<Index> at;
  if (start.size() != shape.size()) fail("slice: start_indices and shape differ in length");
  for (size_t i = 0; i < start.size(); ++i)
    at.push_back(shape[i] < 0 ? Index::slice(start[i], {})
                              : Index::slice(start[i], start[i] + shape[i]));
  return getitem(x, at);
}

Tensor slice_update(const Tensor& x, const Ints& start, const Tensor& updates) {
  // x outside of the block, updates inside.
  std::vector<std::pair<int64_t, int64_t>> width;
  if (static_cast<int>(start.size()) != x.rank() || updates.rank() != x.rank())
    fail("slice_update: expected ", x.rank(), " start indices and axes");
  for (int i = 0; i < x.rank(); ++i) {
    int64_t a = start[static_cast<size_t>(i)];
    if (a < 0 || a + updates.dim(i) > x.dim(i))
      fail("slice_update: a block of shape ", updates.shape(), " does not fit shape ", x.shape());
    width.emplace_back(a, x.dim(i) - a - updates.dim(i));
  }
  Tensor inside = pad(full(updates.shape(), 1, DType::kBool), width);
  return where(inside, pad(cast(updates, x.dtype()), width), x);
}

Tensor take(const Tensor& x, const Tensor& indices, std::optional<int64_t> axis) {
  Tensor t = axis ? x : reshape(x, {-1});
  normalize_axis(axis.value_or(0), t.rank());
  return apply1(kTake, {t, index_tensor(indices, "take")}, {{"axis", axis.value_or(0)}});
}
Tensor take_along_axis(const Tensor& x, const Tensor& indices, std::optional<int64_t> axis) {
  Tensor t = axis ? x : reshape(x, {-1}), i = index_tensor(indices, "take_along_axis");
  if (!axis) i = reshape(i, {-1});
  int a = normalize_axis(axis.value_or(0), t.rank());
  if (!t.is_symbolic() && t.rank() == i.rank()) {  // the other axes broadcast
    Shape s = t.shape(), u = i.shape();
    s[a] = u[a] = 1;
    Shape both = broadcast_shapes(s, u);
    Shape full_t = both, full_i = both;
    full_t[a] = t.dim(a), full_i[a] = i.dim(a);
    if (!(t.shape() == full_t)) t = broadcast_to(t, full_t);
    if (!(i.shape() == full_i)) i = broadcast_to(i, full_i);
  }
  return apply1(kAlong, {t, i}, {{"axis", axis.value_or(0)}});
}
Tensor scatter_update(const Tensor& x, const Tensor& indices, const Tensor& updates,
                      const std::string& reduction) {
  int64_t mode = reduction.empty()    ? 0
                 : reduction == "add" ? 1
                 : reduction == "max" ? 2
                 : reduction == "min" ? 3
                 : reduction == "mul" ? 4
                                      : -1;
  if (mode < 0)
    fail("scatter_update: reduction must be None, add, max, min or mul; received '", reduction,
         "'");
  return apply1(kScatter,
                {x, index_tensor(indices, "scatter_update"), as_dtype(updates, x.dtype())},
                {{"mode", mode}});
}
Tensor scatter(const Tensor& indices, const Tensor& values, const Shape& shape) {
  Tensor i = index_tensor(indices, "scatter"),
         v = values.is_scalar_literal() ? as_dtype(values, common_dtype({values})) : values;
  int64_t depth = i.dim(-1), n = 1;
  for (int d = 0; d + 1 < i.rank(); ++d) n *= i.dim(d);
  Ints flat = {n};
  for (int d = static_cast<int>(depth); d < shape.rank(); ++d) flat.push_back(shape[d]);
  return scatter_update(zeros(shape, v.dtype()), reshape(i, {n, depth}), reshape(v, flat), "add");
}

Tensor one_hot(const Tensor& x, int64_t num_classes, int axis, DType dtype) {
  if (num_classes < 0) fail("one_hot: num_classes must not be negative, received ", num_classes);
  Tensor i = index_tensor(x, "one_hot");
  int a = normalize_axis(axis, i.rank() + 1);
  Ints shape(static_cast<size_t>(i.rank() + 1), 1);
  shape[static_cast<size_t>(a)] = num_classes;
  Tensor classes = reshape(arange(0, static_cast<double>(num_classes), 1, i.dtype()), shape);
  return cast(equal(expand_dims(i, {a}), classes), dtype);
}

namespace {
Tensors sorted(const Tensor& x, bool descending) {
  return apply(kSort, {x.is_symbolic() ? x : x.contiguous()}, {{"descending", descending}});
}
}  // namespace
Tensor sort(const Tensor& x, int axis) {
  int a = normalize_axis(axis, x.rank());
  if (a == x.rank() - 1) return sorted(x, false)[0];
  return swapaxes(sorted(swapaxes(x, a, -1), false)[0], a, -1);
}
Tensor argsort(const Tensor& x, int axis) {
  int a = normalize_axis(axis, x.rank());
  if (a == x.rank() - 1) return sorted(x, false)[1];
  return swapaxes(sorted(swapaxes(x, a, -1), false)[1], a, -1);
}
std::pair<Tensor, Tensor> top_k(const Tensor& x, int64_t k, bool) {
  if (k < 0 || (x.dim(-1) >= 0 && k > x.dim(-1)))
    fail("top_k: k = ", k, " for a last axis of length ", x.dim(-1));
  Tensors s = sorted(x, true);
  std::vector<Index> at = {Index::ellipsis(), Index::slice(0, k)};
  return {getitem(s[0], at), getitem(s[1], at)};
}
Tensor in_top_k(const Tensor& targets, const Tensor& predictions, int64_t k) {
  Tensor score =
      take_along_axis(predictions, expand_dims(index_tensor(targets, "in_top_k"), {-1}), -1);
  Tensor better = sum(cast(greater(predictions, score), DType::kInt32), -1);
  return logical_and(less(better, Tensor(k)), isfinite(squeeze(score, -1)));
}
Tensor searchsorted(const Tensor& sequence, const Tensor& values, const std::string& side) {
  if (sequence.rank() != 1)
    fail("searchsorted: expected a sequence with one axis, received shape ", sequence.shape());
  if (side != "left" && side != "right")
    fail("searchsorted: side must be 'left' or 'right', received '", side, "'");
  Tensor v = expand_dims(values, {-1});
  Tensor below = side == "left" ? less(sequence, v) : less_equal(sequence, v);
  return sum(cast(below, DType::kInt32), -1);
}

Tensors nonzero(const Tensor& x) {
  require_values(x, "nonzero");
  Tensor host = cast(x, DType::kBool);
  auto values = cast(host, DType::kUInt8).to_vector<uint8_t>();
  std::vector<std::vector<int64_t>> columns(static_cast<size_t>(x.rank()));
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    int64_t rest = static_cast<int64_t>(i);
    for (int d = x.rank() - 1; d >= 0; --d) {
      columns[static_cast<size_t>(d)].push_back(rest % x.dim(d));
      rest /= x.dim(d);
    }
  }
  Tensors out;
  for (auto& c : columns) out.push_back(Tensor::from_vector(c, {static_cast<int64_t>(c.size())}));
  return out;
}

}  // namespace lamina
