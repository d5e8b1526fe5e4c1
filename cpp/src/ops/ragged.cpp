#include "lamina/ragged.h"

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

Tensor repeat_rows(const Tensor& x, const Tensor& like) {
  Tensor rows = like.row_lengths();
  Tensor ids = minimum(row_ids(rows, like.dim(1)), Tensor(rows.dim(0) - 1));
  Tensor y = expand_dims(take(x, ids, 0), {0});
  y.set_row_lengths(rows);
  if (like.mask().defined()) y.set_mask(like.mask());
  return y;
}

}  // namespace lamina
