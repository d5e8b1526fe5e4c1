// What operations on the matrices of a batch share.
#pragma once
#include <vector>

#include "graph/op.h"
#include "lamina/ops.h"

namespace lamina {

// The matrices (or vectors) of a batch, one after another in float64.
class Matrices {
 public:
  explicit Matrices(const abi::View& v);               // room for the elements of v
  Matrices(const Run& r, const abi::View& v);          // with their values
  void store(const Run& r, const abi::View& v) const;  // into v, converted to its dtype
  double* at(int64_t i, int64_t size) { return values_.data() + i * size; }

 private:
  abi::View plain(const abi::View& v) const;
  std::vector<double> values_;
};

// Number of matrices of a view, the product of all axes but the last `inner`.
int64_t batch_of(const abi::View& v, int inner = 2);

// Runs body(i) for every matrix; cost: nanoseconds of one.
template <class F>
void for_each_matrix(const Run& r, int64_t count, double cost, F&& body) {
  r.context.parallel(
      count, cost * static_cast<double>(count), false,
      [](void* arg, int64_t i) { (*static_cast<std::remove_reference_t<F>*>(arg))(i); }, &body);
}

// Refuses anything but (..., M, N), with M = N where `square`.
void check_matrices(Infer& f, size_t i, bool square);
// float32 or float64, whichever holds x.
Tensor as_matrix_float(const Tensor& x);
inline Tensor transposed(const Tensor& x) { return swapaxes(x, -1, -2); }

}  // namespace lamina
