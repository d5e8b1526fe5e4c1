// Arrays as batches.
#pragma once
#include <vector>

#include "lamina/model.h"

namespace lamina {

// Sequences of an array that is a ragged batch.
struct RaggedRows {
  std::vector<int64_t> starts;  // the slot where each begins, and the end of the last
  size_t group = 0;             // arrays of equal row lengths are one group
  int64_t length(int64_t row) const {
    return starts[static_cast<size_t>(row) + 1] - starts[static_cast<size_t>(row)];
  }
};

// Rows [first, last) of `order` (or of the arrays themselves) as batches, without copies until a
// batch is gathered where it is needed.
class ArrayBatches {
 public:
  // Checks lengths and NaN-free labels' shapes; converts floating arrays to floatx.
  ArrayBatches(const ArrayData& data, int64_t batch_size, bool shuffle, int64_t first = 0,
               int64_t last = -1);
  int64_t rows() const { return last_ - first_; }
  bool has_text() const { return text_; }  // among x: batch() is the way to get it
  int64_t steps() const { return (rows() + batch_size_ - 1) / batch_size_; }
  void start_epoch();
  int64_t size_of(int64_t step) const;
  // A batch of the right shapes whose values do not matter.
  Batch like(int64_t step) const;
  // What the shapes of a batch depend on: its size and the capacities of ragged arrays.
  const Ints& extent(int64_t step);
  // Writes what argument i of a step takes: the arrays in the order x, y, sample_weight, then the
  // row lengths of each group.
  void gather(int64_t step, size_t i, const Tensor& out) const;
  // Of ragged arrays: how many groups of row lengths there are, the steps that batch `step` has of
  // one, and all of them.
  size_t groups() const { return groups_.size(); }
  int64_t steps_of(int64_t step, size_t group) const;
  const Tensor& lengths_of(size_t group) const { return groups_[group]; }
  Batch batch(int64_t step) const;

 private:
  Tensor text_rows(int64_t step, size_t i) const;
  int64_t row(int64_t step, int64_t i) const;  // of the arrays, for row i of a batch
  int64_t capacity(int64_t step, size_t group) const;
  void add_ragged(const Tensor& array);
  void gather_ragged(int64_t step, size_t i, const Tensor& out) const;
  void gather_lengths(int64_t step, size_t group, const Tensor& out) const;
  Tensors arrays_;
  std::vector<std::optional<RaggedRows>> rows_;  // of each array
  Tensors groups_;                               // row lengths, int64
  std::vector<size_t> group_array_;              // an array of each group
  Ints extent_;
  size_t n_x_, n_y_;
  int64_t batch_size_, first_, last_;
  bool shuffle_, text_ = false;
  Tensor order_;  // int64 permutation
};

// Multiplies sample weights by the weight of each sample's class.
Tensor class_weights(const Tensor& y, const Tensor& sample_weight,
                     const std::map<int64_t, double>& weights);

}  // namespace lamina
