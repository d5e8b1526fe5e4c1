#include "lamina/ragged.h"

#include <algorithm>

namespace lamina {

namespace {
Tensor slots(int64_t total) { return arange(0, static_cast<double>(total), 1, DType::kInt64); }
}  // namespace

Tensor as_ragged(const Tensor& values, const Tensor& row_lengths) {
  if (values.rank() < 2 || values.dim(0) != 1)
    fail("as_ragged: expected values (1, total, ...), received shape ", values.shape());
  Tensor y = getitem(values, {});
  y.set_row_lengths(row_lengths);
  int64_t total = values.dim(1);
  y.set_mask(expand_dims(less(slots(total), sum(row_lengths)), {0}));
  return y;
}

Tensor row_ids(const Tensor& row_lengths, int64_t total) {
  return cast(searchsorted(cumsum(row_lengths, 0), slots(total), "right"), DType::kInt64);
}

Tensor row_starts(const Tensor& row_lengths) { return cumsum(row_lengths, 0) - row_lengths; }

bool same_rows(const Tensor& a, const Tensor& b) {
  Tensor m = a.row_lengths(), n = b.row_lengths();
  if (!m.defined() || !n.defined() || a.dim(1) != b.dim(1)) return false;
  if (m.impl() == n.impl()) return true;
  if (m.is_abstract() || n.is_abstract() || m.shape() != n.shape()) return false;
  return m.to_vector<int64_t>() == n.to_vector<int64_t>();
}

Tensor flip_rows(const Tensor& x, const Tensor& row_lengths) {
  const int64_t total = x.dim(1);
  Tensor slot = slots(total), ids = row_ids(row_lengths, total);
  Tensor row = minimum(ids, Tensor(row_lengths.dim(0) - 1));
  Tensor first = take(row_starts(row_lengths), row, 0), n = take(row_lengths, row, 0);
  Tensor from =
      where(less(ids, Tensor(row_lengths.dim(0))), first + first + n - slot - Tensor(1), slot);
  return take(x, from, 1);
}

namespace {
// A row has a step at least, so that there is something to take.
int64_t longest(const std::vector<int64_t>& lengths) {
  int64_t most = 1;
  for (int64_t n : lengths) most = std::max(most, n);
  return most;
}
}  // namespace

Tensor pad_rows(const Tensor& x, const Tensor& row_lengths) {
  const auto lengths = row_lengths.to_vector<int64_t>();
  const int64_t steps = longest(lengths);
  if (x.dim(1) == 0) {  // nothing to take
    std::vector<int64_t> shape = x.shape().vec();
    shape[0] = row_lengths.dim(0), shape[1] = steps;
    return zeros(shape, x.dtype());
  }
  std::vector<int64_t> places;
  int64_t start = 0;
  for (int64_t n : lengths) {
    for (int64_t t = 0; t < steps; ++t) places.push_back(t < n ? start + t : 0);
    start += n;
  }
  return take(squeeze(x, 0), Tensor::from_vector(places, {row_lengths.dim(0), steps}), 0);
}

Tensor padding_mask(const Tensor& row_lengths) {
  const int64_t steps = longest(row_lengths.to_vector<int64_t>());
  return less(slots(steps), expand_dims(row_lengths, {1}));
}

Tensor unpad_rows(const Tensor& y, const Tensor& row_lengths, int64_t total, bool right) {
  const int64_t steps = y.dim(1), all = y.dim(0) * steps;
  std::vector<int64_t> places;
  int64_t row = 0;
  for (int64_t n : row_lengths.to_vector<int64_t>()) {
    for (int64_t t = 0; t < n; ++t) places.push_back(row * steps + (right ? steps - n : 0) + t);
    ++row;
  }
  places.resize(static_cast<size_t>(total), all);  // what is left over: zeros
  std::vector<int64_t> flat = y.shape().vec();
  flat.erase(flat.begin()), flat[0] = all;
  Tensor values = reshape(y, flat);
  flat[0] = 1;
  values = concatenate({values, zeros(flat, y.dtype())}, 0);
  return expand_dims(take(values, Tensor::from_vector(places, {total}), 0), {0});
}

Tensor repeat_rows(const Tensor& x, const Tensor& like) {
  Tensor rows = like.row_lengths();
  Tensor ids = minimum(row_ids(rows, like.dim(1)), Tensor(rows.dim(0) - 1));
  Tensor y = expand_dims(take(x, ids, 0), {0});
  y.set_row_lengths(rows);
  if (like.mask().defined()) y.set_mask(like.mask());
  return y;
}

}  // namespace lamina
