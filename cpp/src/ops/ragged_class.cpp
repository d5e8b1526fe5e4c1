// Ragged: sequences of different lengths as a value.
#include <algorithm>
#include <cstring>

#include "lamina/ragged.h"

namespace lamina {

namespace {

// Places of the sequences, after checks: starts[i] to starts[i + 1].
std::vector<int64_t> places(const Tensor& lengths, int64_t total, bool exact) {
  std::vector<int64_t> starts = {0};
  int64_t row = 0;
  for (int64_t n : lengths.to_vector<int64_t>()) {
    if (n < 0) fail("Ragged: row_lengths must not be negative, received ", n, " for row ", row);
    starts.push_back(starts.back() + n), ++row;
  }
  if (exact ? starts.back() != total : starts.back() > total)
    fail("Ragged: row_lengths add up to ", starts.back(), ", but values have ", total, " steps");
  return starts;
}

Tensor first_steps(const Tensor& x, int64_t n) { return getitem(x, {Index::slice(0, n)}); }

// Bytes of one step.
size_t step_bytes(const Tensor& values) {
  size_t n = itemsize(values.dtype());
  for (int i = 1; i < values.rank(); ++i) n *= static_cast<size_t>(values.dim(i));
  return n;
}

void check_side(const std::string& side) {
  if (side != "right" && side != "left")
    fail("Ragged.to_padded: argument 'side' must be right or left, received '", side, "'");
}

}  // namespace

int64_t sample_count(const Tensor& t) {
  return t.is_ragged() ? t.row_lengths().dim(0) : t.rank() > 0 ? t.dim(0) : 1;
}

int64_t ragged_capacity(int64_t n) {
  int64_t step = 1;
  while (step * 16 < n) step *= 2;
  return std::max<int64_t>((n + step - 1) / step * step, 8);
}

Ragged::Ragged(const Tensors& sequences) {
  if (sequences.empty()) fail("Ragged: expected at least one sequence, received none");
  // A sequence without steps may be an empty list, which has neither features nor a dtype.
  const Tensor* model = nullptr;
  for (auto& s : sequences)
    if (s.defined() && !(s.rank() == 1 && s.dim(0) == 0)) {
      model = &s;
      break;
    }
  if (!model) model = &sequences[0];
  std::vector<int64_t> lengths;
  Tensors parts;
  for (size_t i = 0; i < sequences.size(); ++i) {
    const Tensor& s = sequences[i];
    if (!s.defined() || s.rank() == 0)
      fail("Ragged: expected sequences (steps, ...), received a scalar for row ", i);
    if (s.is_text()) throw Error("Ragged: expected numbers, received text", Error::Kind::kType);
    lengths.push_back(s.dim(0));
    if (s.rank() == 1 && s.dim(0) == 0) continue;
    bool fits = s.rank() == model->rank();
    for (int a = 1; fits && a < s.rank(); ++a) fits = s.dim(a) == model->dim(a);
    if (!fits)
      fail("Ragged: sequences must differ in their first axis only; row ", i, " has shape ",
           s.shape(), ", another has ", model->shape());
    if (s.dtype() != model->dtype())
      throw Error(str("Ragged: sequences must have one dtype; row ", i, " is ",
                      dtype_name(s.dtype()), ", another is ", dtype_name(model->dtype())),
                  Error::Kind::kType);
    parts.push_back(s);
  }
  values_ = parts.empty() ? *model : concatenate(parts, 0);
  lengths_ = Tensor::from_vector(lengths, {static_cast<int64_t>(lengths.size())});
  starts_ = places(lengths_, values_.dim(0), true);
}

Ragged::Ragged(const Tensor& values, const Tensor& row_lengths) {
  if (values.rank() == 0) fail("Ragged: expected values (steps, ...), received a scalar");
  if (row_lengths.rank() != 1 || is_floating(row_lengths.dtype()) || row_lengths.is_text() ||
      row_lengths.dim(0) == 0)
    fail("Ragged: row_lengths must be integers (batch,), at least one; received ",
         dtype_name(row_lengths.dtype()), " ", row_lengths.shape());
  values_ = values.contiguous();
  lengths_ = row_lengths.astype(DType::kInt64);
  starts_ = places(lengths_, values.dim(0), true);
}

Ragged::Ragged(const Tensor& batch) {
  if (!batch.is_ragged())
    fail("Ragged: expected a ragged batch or a list of sequences, received a tensor of shape ",
         batch.shape());
  lengths_ = batch.row_lengths();
  starts_ = places(lengths_, batch.dim(1), false);
  values_ = first_steps(squeeze(batch, 0), starts_.back()).contiguous();
}

Tensor Ragged::operator[](int64_t i) const {
  int64_t n = size(), row = i < 0 ? i + n : i;
  if (row < 0 || row >= n)
    throw Error(str("Ragged: row ", i, " of ", n, " sequences"), Error::Kind::kIndex);
  size_t at = static_cast<size_t>(row);
  return getitem(values_, {Index::slice(starts_[at], starts_[at + 1])});
}

Tensors Ragged::to_list() const {
  Tensors out;
  for (int64_t i = 0; i < size(); ++i) out.push_back((*this)[i]);
  return out;
}

Tensor Ragged::to_padded(double value, const std::string& side,
                         std::optional<int64_t> length) const {
  check_side(side);
  int64_t longest = 0;
  for (size_t i = 0; i + 1 < starts_.size(); ++i)
    longest = std::max(longest, starts_[i + 1] - starts_[i]);
  int64_t steps = length.value_or(longest);
  if (steps < 0) fail("Ragged.to_padded: length must not be negative, received ", steps);
  Shape shape = values_.shape();
  shape[0] = steps;
  shape.insert(0, size());
  Tensor out = full(shape, value, values_.dtype()), from = values_.to(Device{}).contiguous();
  const size_t bytes = step_bytes(values_);
  const char* p = static_cast<const char*>(from.data());
  char* q = static_cast<char*>(out.data());
  for (int64_t i = 0; i < size(); ++i) {
    size_t at = static_cast<size_t>(i);
    int64_t have = starts_[at + 1] - starts_[at], n = std::min(have, steps);
    int64_t first = side == "left" ? starts_[at + 1] - n : starts_[at];
    int64_t to = i * steps + (side == "left" ? steps - n : 0);
    std::memcpy(q + static_cast<size_t>(to) * bytes, p + static_cast<size_t>(first) * bytes,
                static_cast<size_t>(n) * bytes);
  }
  return out.to(values_.device());
}

Tensor Ragged::to_mask(const std::string& side, std::optional<int64_t> length) const {
  Ragged on(ones({values_.dim(0)}, DType::kBool), lengths_);
  return on.to_padded(0, side, length);
}

Tensor Ragged::batch() const { return as_ragged(expand_dims(values_, {0}), lengths_); }

}  // namespace lamina
