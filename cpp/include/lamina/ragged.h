// Ragged batches: sequences of different lengths in one tensor, without padding.
//
// A ragged batch is a tensor (1, total, ...) that holds all sequences one after the other. `total`
// may be more than the sum of the lengths, so that programs captured for one total serve many
// batches; what is left over lies at the end. The tensor carries its row_lengths, int64 (batch,),
// and a mask (1, total) that is true for steps of sequences.
#pragma once
#include "lamina/ops.h"

namespace lamina {

// `values` (1, total, ...) as a ragged batch: a handle of its own, with row lengths and mask.
Tensor as_ragged(const Tensor& values, const Tensor& row_lengths);
// Of each of `total` slots, the row that it belongs to: int64 (total,); `batch` of slots left over.
Tensor row_ids(const Tensor& row_lengths, int64_t total);
// The slot where each row begins: int64 (batch,).
Tensor row_starts(const Tensor& row_lengths);
// Whether two ragged batches are known to have the same row lengths.
bool same_rows(const Tensor& a, const Tensor& b);
// Values (1, total, ...) with the steps of each row from the last to the first.
Tensor flip_rows(const Tensor& x, const Tensor& row_lengths);
// Values (1, total, ...) as padded rows (batch, longest, ...), filled up on the right, and the mask
// (batch, longest) of what is real. Back: rows (batch, steps, ...) whose real steps lie on the left
// or the right as values (1, total, ...). All read the lengths, which captured steps do not know.
Tensor pad_rows(const Tensor& x, const Tensor& row_lengths);
Tensor padding_mask(const Tensor& row_lengths);
Tensor unpad_rows(const Tensor& y, const Tensor& row_lengths, int64_t total, bool right = false);
// What each row has, (batch, ...), given to each of its steps: (1, total, ...), a ragged batch like
// `like`. Slots left over get what the last row has.
Tensor repeat_rows(const Tensor& x, const Tensor& like);
// Samples that a tensor holds: sequences of a ragged batch, else the length of the first axis.
int64_t sample_count(const Tensor& t);
// A length of at least n from a coarse grid, eight steps for each doubling.
int64_t ragged_capacity(int64_t n);

// Sequences of different lengths and of one shape otherwise. Goes wherever a model takes a tensor
// of samples: calls, fit, evaluate, predict.
class Ragged {
 public:
  // Sequences (steps, ...).
  explicit Ragged(const Tensors& sequences);
  // values (sum of the lengths, ...), one sequence after the other. row_lengths: integers (batch,).
  Ragged(const Tensor& values, const Tensor& row_lengths);
  // A ragged batch, such as predict() gives.
  explicit Ragged(const Tensor& batch);

  int64_t size() const { return lengths_.dim(0); }
  const Tensor& values() const { return values_; }        // (sum of the lengths, ...)
  const Tensor& row_lengths() const { return lengths_; }  // int64 (batch,)
  Tensor operator[](int64_t i) const;  // sequence i; negative counts from the end
  Tensors to_list() const;
  // (batch, longest, ...), or of `length` steps: filled up with `value` on the side "right" or
  // "left", on which longer sequences are cut too.
  Tensor to_padded(double value = 0, const std::string& side = "right",
                   std::optional<int64_t> length = {}) const;
  // (batch, longest): true for steps of sequences, as to_padded() places them.
  Tensor to_mask(const std::string& side = "right", std::optional<int64_t> length = {}) const;
  // One ragged batch of all sequences.
  Tensor batch() const;
  operator Tensor() const { return batch(); }

 private:
  Tensor values_, lengths_;
  std::vector<int64_t> starts_;  // one more than sequences
};

}  // namespace lamina
