// More ways to join, cut, arrange, make and count arrays, as in keras.ops.numpy.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lamina/ops.h"

namespace lamina {

// ---- joining and cutting ------------------------------------------------------------------------
Tensors array_split(const Tensor& x, int sections, int axis = 0);  // sections may differ by one
Tensors array_split(const Tensor& x, const Ints& indices, int axis = 0);
Tensors hsplit(const Tensor& x, int sections);
Tensors hsplit(const Tensor& x, const Ints& indices);
Tensors vsplit(const Tensor& x, int sections);
Tensors vsplit(const Tensor& x, const Ints& indices);
Tensors dsplit(const Tensor& x, int sections);
Tensors dsplit(const Tensor& x, const Ints& indices);
Tensor hstack(const Tensors& xs);
Tensor vstack(const Tensors& xs);
Tensor dstack(const Tensors& xs);
Tensor append(const Tensor& x1, const Tensor& x2, std::optional<int> axis = {});

// ---- arranging ----------------------------------------------------------------------------------
Tensor fliplr(const Tensor& x);
Tensor flipud(const Tensor& x);
Tensor rot90(const Tensor& x, int k = 1, const Ints& axes = {0, 1});
// "b (h p) c -> b h (p c)", with the lengths that the shape does not tell.
Tensor rearrange(const Tensor& x, const std::string& pattern,
                 const std::map<std::string, int64_t>& axes_lengths = {});
// Overlapping pieces of the last axis: (..., n) to (..., pieces, sequence_length).
Tensor extract_sequences(const Tensor& x, int64_t sequence_length, int64_t sequence_stride);

// ---- making -------------------------------------------------------------------------------------
Tensor tri(int64_t n, int64_t m = -1, int64_t k = 0, DType dtype = floatx());
Tensor diagflat(const Tensor& x, int64_t k = 0);
Tensor vander(const Tensor& x, std::optional<int64_t> n = {}, bool increasing = false);
Tensor empty_like(const Tensor& x);  // zeros
Tensor linspace(const Tensor& start, const Tensor& stop, int64_t num, bool endpoint,
                std::optional<DType> dtype, int axis);
Tensor logspace(const Tensor& start, const Tensor& stop, int64_t num = 50, bool endpoint = true,
                const Tensor& base = 10.0, std::optional<DType> dtype = {}, int axis = 0);
Tensor geomspace(const Tensor& start, const Tensor& stop, int64_t num = 50, bool endpoint = true,
                 std::optional<DType> dtype = {}, int axis = 0);
// Windows of n points, symmetric.
Tensor bartlett(int64_t n);
Tensor blackman(int64_t n);
Tensor hamming(int64_t n);
Tensor hanning(int64_t n);
Tensor kaiser(int64_t n, double beta);

// ---- choosing, counting, classes ----------------------------------------------------------------
Tensor select(const Tensors& conditions, const Tensors& choices, const Tensor& otherwise = 0);
Tensors unravel_index(const Tensor& indices, const Shape& shape);
Tensor isin(const Tensor& x1, const Tensor& x2, bool assume_unique = false, bool invert = false);
Tensor digitize(const Tensor& x, const Tensor& bins);
Tensor multi_hot(const Tensor& inputs, int64_t num_classes, int axis = -1, DType dtype = floatx());
Tensor argpartition(const Tensor& x, int64_t kth, std::optional<int> axis = -1);
// Counts (or sums of weights) of 0, 1, ... along the last axis of one or two. Eager only.
Tensor bincount(const Tensor& x, const Tensor& weights = {}, int64_t minlength = 0);
// Eager only. index, inverse and counts are int32; `size` cuts or fills up with fill_value.
struct Unique {
  Tensor values, index, inverse, counts;
};
Unique unique(const Tensor& x, std::optional<int> axis = {}, std::optional<int64_t> size = {},
              std::optional<double> fill_value = {});
// Over the rows of data that have the same id; rows with ids outside of [0, num_segments) are left
// out. Without num_segments it is the largest id + 1, eager only.
Tensor segment_sum(const Tensor& data, const Tensor& segment_ids,
                   std::optional<int64_t> num_segments = {});
Tensor segment_max(const Tensor& data, const Tensor& segment_ids,
                   std::optional<int64_t> num_segments = {});
Tensor segment_min(const Tensor& data, const Tensor& segment_ids,
                   std::optional<int64_t> num_segments = {});
Tensor segment_prod(const Tensor& data, const Tensor& segment_ids,
                    std::optional<int64_t> num_segments = {});

}  // namespace lamina
