// Arrays as batches.
#pragma once
#include <vector>

#include "lamina/model.h"

namespace lamina {

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
  // Arrays whose rows make up a batch, in the order x, y, sample_weight.
  const Tensors& arrays() const { return arrays_; }
  // A batch of the right shapes whose values do not matter.
  Batch like(int64_t step) const;
  // Writes batch `step` of array i to `out`.
  void gather(int64_t step, size_t i, const Tensor& out) const;
  Batch batch(int64_t step) const;

 private:
  Tensor text_rows(int64_t step, size_t i) const;
  Tensors arrays_;
  size_t n_x_, n_y_;
  int64_t batch_size_, first_, last_;
  bool shuffle_, text_ = false;
  Tensor order_;  // int64 permutation
};

// Multiplies sample weights by the weight of each sample's class.
Tensor class_weights(const Tensor& y, const Tensor& sample_weight,
                     const std::map<int64_t, double>& weights);

}  // namespace lamina
