// Choosing, counting and gathering by class.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "lamina/ops_array.h"
#include "ops/promote.h"

namespace lamina {

namespace {

void require_known(const Tensor& t, const char* op) {
  if (t.is_abstract() || t.is_symbolic())
    throw Error(str(op,
                    ": the shape of the result depends on values, which are not known while lamina "
                    "captures the function; pass run_eagerly=True to compile()"),
                Error::Kind::kRuntime);
}
Tensor as_array(const Tensor& x) { return as_dtype(x, common_dtype({x})); }

}  // namespace

Tensor select(const Tensors& conditions, const Tensors& choices, const Tensor& otherwise) {
  if (conditions.empty() || conditions.size() != choices.size())
    fail("select: expected as many conditions as choices, received ", conditions.size(), " and ",
         choices.size());
  Tensor y = otherwise;
  for (size_t i = choices.size(); i-- > 0;) y = where(conditions[i], choices[i], y);
  return y;
}

Tensors unravel_index(const Tensor& indices, const Shape& shape) {
  Tensor rest = as_array(indices);
  if (is_floating(rest.dtype()))
    throw Error("unravel_index: expected integer indices", Error::Kind::kType);
  rest = where(less(rest, Tensor(0)), rest + Tensor(shape.numel()), rest);
  Tensors out(shape.size());
  for (int i = shape.rank() - 1; i >= 0; --i) {
    Tensor n(shape[i]);
    out[static_cast<size_t>(i)] = mod(rest, n);
    rest = floor_divide(rest, n);
  }
  return out;
}

Tensor isin(const Tensor& x1, const Tensor& x2, bool, bool invert) {
  Tensor found = any(equal(expand_dims(as_array(x1), {-1}), ravel(as_array(x2))), -1);
  return invert ? logical_not(found) : found;
}

Tensor digitize(const Tensor& x, const Tensor& bins) {
  if (bins.rank() != 1)
    fail("digitize: expected bins with one axis, received shape ", bins.shape());
  Tensor rising = searchsorted(bins, x, "right");
  if (bins.dim(0) < 2) return rising;
  Tensor falling = Tensor(bins.dim(0)) - searchsorted(flip(bins), x, "left");
  Tensor up = less_equal(getitem(bins, {Index(0)}), getitem(bins, {Index(-1)}));
  return where(up, rising, falling);
}

Tensor multi_hot(const Tensor& inputs, int64_t num_classes, int axis, DType dtype) {
  Tensor hot = one_hot(as_dtype(inputs, DType::kInt32), num_classes, axis, dtype);
  return max(hot, inputs.rank() > 1 ? 1 : 0);
}

Tensor argpartition(const Tensor& x, int64_t kth, std::optional<int> axis) {
  Tensor t = axis ? x : ravel(x);
  int a = normalize_axis(axis.value_or(0), t.rank());
  if (kth < -t.dim(a) || kth >= t.dim(a))
    fail("argpartition: kth = ", kth, " is outside an axis of length ", t.dim(a));
  return argsort(t, a);
}

Tensor bincount(const Tensor& x0, const Tensor& weights, int64_t minlength) {
  Tensor x = as_array(x0);
  if (is_floating(x.dtype())) throw Error("bincount: expected integers", Error::Kind::kType);
  if (x.rank() < 1 || x.rank() > 2)
    fail("bincount: expected 1 or 2 axes, received shape ", x.shape());
  require_known(x, "bincount");
  std::vector<int64_t> values = x.to_vector<int64_t>();
  int64_t length = std::max<int64_t>(minlength, 0);
  for (int64_t v : values) {
    if (v < 0) fail("bincount: expected no negative values, received ", v);
    length = std::max(length, v + 1);
  }
  Tensor w = weights.defined() ? as_array(weights) : ones(x.shape(), DType::kInt32);
  if (!(w.shape() == x.shape()))
    fail("bincount: weights of shape ", w.shape(), " do not fit x of shape ", x.shape());
  if (x.rank() == 1) return segment_sum(w, x, length);
  // Each row counts in a stretch of its own.
  for (size_t i = 0; i < values.size(); ++i)
    values[i] += static_cast<int64_t>(i) / std::max<int64_t>(x.dim(1), 1) * length;
  Tensor ids = Tensor::from_vector(values, {x.numel()});
  return reshape(segment_sum(ravel(w), ids, length * x.dim(0)), {x.dim(0), length});
}

namespace {

// NaN sorts after all numbers, and is equal to nothing.
template <class T>
bool before(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    if (std::isnan(a) || std::isnan(b)) return std::isnan(b) && !std::isnan(a);
  return a < b;
}

struct Order {
  std::vector<int64_t> first, counts, inverse;
};
template <class T>
Order order_rows(const std::vector<T>& v, int64_t rows, int64_t width) {
  std::vector<int64_t> at(static_cast<size_t>(rows));
  std::iota(at.begin(), at.end(), 0);
  auto row = [&](int64_t i) { return v.begin() + i * width; };
  std::stable_sort(at.begin(), at.end(), [&](int64_t i, int64_t j) {
    return std::lexicographical_compare(row(i), row(i) + width, row(j), row(j) + width, before<T>);
  });
  Order o;
  o.inverse.resize(at.size());
  for (size_t k = 0; k < at.size(); ++k) {
    if (k == 0 || !std::equal(row(at[k]), row(at[k]) + width, row(at[k - 1]))) {
      o.first.push_back(at[k]);
      o.counts.push_back(0);
    }
    ++o.counts.back();
    o.inverse[static_cast<size_t>(at[k])] = static_cast<int64_t>(o.first.size()) - 1;
  }
  return o;
}

}  // namespace

Unique unique(const Tensor& x0, std::optional<int> axis, std::optional<int64_t> size,
              std::optional<double> fill_value) {
  Tensor x = as_array(x0);
  require_known(x, "unique");
  Tensor rows = axis ? moveaxis(x, {*axis}, {0}) : ravel(x);
  int64_t n = rows.dim(0), width = n == 0 ? 0 : rows.numel() / n;
  Order o = is_floating(x.dtype()) ? order_rows(rows.to_vector<double>(), n, width)
                                   : order_rows(rows.to_vector<int64_t>(), n, width);
  int64_t found = static_cast<int64_t>(o.first.size()), wanted = size.value_or(found);
  std::vector<int64_t> first = o.first;
  // The first value fills up where no other is given.
  if (found > 0) first.resize(static_cast<size_t>(wanted), first[0]);
  o.counts.resize(static_cast<size_t>(wanted));
  auto ints = [](const std::vector<int64_t>& v, const Shape& s) {
    return cast(Tensor::from_vector(v, s), DType::kInt32);
  };
  Unique u;
  int64_t length = static_cast<int64_t>(first.size());
  u.index = ints(first, {length});
  u.values = take(rows, u.index, 0);
  if (fill_value && wanted > found) {
    Ints column(static_cast<size_t>(rows.rank()), 1);
    column[0] = wanted;
    Tensor real = less(reshape(arange(0, static_cast<double>(wanted)), column), Tensor(found));
    u.values = where(real, u.values, full_like(u.values, *fill_value));
  }
  if (axis) u.values = moveaxis(u.values, {0}, {*axis});
  u.inverse = ints(o.inverse, axis ? Shape{n} : x.shape());
  u.counts = ints(o.counts, {static_cast<int64_t>(o.counts.size())});
  return u;
}

// ---- segments -----------------------------------------------------------------------------------

namespace {

struct Segments {
  Tensor data, ids;  // ids (n, 1), those to leave out equal to count
  int64_t count;
};
Segments segments(const char* name, const Tensor& data, const Tensor& segment_ids,
                  std::optional<int64_t> num_segments) {
  Tensor ids = as_array(segment_ids), x = as_array(data);
  if (is_floating(ids.dtype()))
    throw Error(str(name, ": expected integer segment_ids"), Error::Kind::kType);
  if (ids.rank() != 1 || x.rank() < 1 || ids.dim(0) != x.dim(0))
    fail(name, ": expected segment_ids with one entry for each row of data, received shapes ",
         ids.shape(), " and ", x.shape());
  if (!num_segments) {
    require_known(ids, name);
    num_segments = 0;
    for (int64_t id : ids.to_vector<int64_t>()) num_segments = std::max(*num_segments, id + 1);
  }
  Tensor n(*num_segments);
  Tensor inside = logical_and(greater_equal(ids, Tensor(0)), less(ids, n));
  ids = where(inside, as_dtype(ids, DType::kInt64), cast(n, DType::kInt64));
  return {x, expand_dims(ids, {1}), *num_segments};
}
Tensor scattered(const Segments& s, const Tensor& rows, double start, const char* how) {
  Shape shape = rows.shape();
  shape[0] = s.count + 1;
  Tensor y = scatter_update(full(shape, start, rows.dtype()), s.ids, rows, how);
  return getitem(y, {Index::slice(0, s.count)});
}
// For each row, what its segment has.
Tensor of_segment(const Segments& s, const Tensor& y) {
  Shape last = y.shape();
  last[0] = 1;
  return take(concatenate({y, ones(last, y.dtype())}, 0), squeeze(s.ids, 1), 0);
}
// The values of y with the gradient of the sum of rows * slopes.
Tensor with_slopes(const Segments& s, const Tensor& y, const Tensor& slopes) {
  Tensor linear = scattered(s, s.data * stop_gradient(slopes), 0, "add");
  return y + (linear - stop_gradient(linear));
}
Tensor extreme(const Segments& s, bool largest) {
  double start = std::numeric_limits<double>::infinity();
  if (!is_floating(s.data.dtype())) start = 9.3e18;  // saturates
  Tensor rows = stop_gradient(s.data);
  Tensor y = scattered(s, rows, largest ? -start : start, largest ? "max" : "min");
  if (!s.data.requires_grad()) return y;
  Tensor hit = cast(equal(rows, of_segment(s, y)), rows.dtype());
  return with_slopes(s, y, hit / of_segment(s, scattered(s, hit, 0, "add")));  // ties share
}

}  // namespace

Tensor segment_sum(const Tensor& data, const Tensor& ids, std::optional<int64_t> count) {
  Segments s = segments("segment_sum", data, ids, count);
  Tensor rows = s.data.dtype() == DType::kBool ? cast(s.data, DType::kInt32) : s.data;
  return scattered(s, rows, 0, "add");
}
Tensor segment_max(const Tensor& data, const Tensor& ids, std::optional<int64_t> count) {
  return extreme(segments("segment_max", data, ids, count), true);
}
Tensor segment_min(const Tensor& data, const Tensor& ids, std::optional<int64_t> count) {
  return extreme(segments("segment_min", data, ids, count), false);
}
Tensor segment_prod(const Tensor& data, const Tensor& ids, std::optional<int64_t> count) {
  Segments s = segments("segment_prod", data, ids, count);
  Tensor rows = stop_gradient(s.data), y = scattered(s, rows, 1, "mul");
  if (!s.data.requires_grad()) return y;
  // The product of the others: zeros are counted apart.
  Tensor none = equal(rows, Tensor(0.0)), one = ones_like(rows);
  Tensor zeros_of = of_segment(s, scattered(s, cast(none, rows.dtype()), 0, "add"));
  Tensor safe = where(none, one, rows), product = of_segment(s, scattered(s, safe, 1, "mul"));
  Tensor alone = equal(zeros_of, cast(none, rows.dtype()));  // no zero but perhaps itself
  return with_slopes(s, y, where(alone, product / safe, zeros_like(rows)));
}

}  // namespace lamina
