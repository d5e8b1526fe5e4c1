// Statistics, as in keras.ops.numpy: order statistics, reductions that skip NaN, correlation.
#pragma once
#include <optional>
#include <string>
#include <utility>

#include "lamina/ops.h"

namespace lamina {

// Reductions with what Keras adds to NumPy's first arguments.
Tensor max(const Tensor& x, const Axes& axis, bool keepdims, double initial);
Tensor min(const Tensor& x, const Axes& axis, bool keepdims, double initial);
Tensor ptp(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor average(const Tensor& x, const Axes& axis = {}, const Tensor& weights = {});
Tensor diff(const Tensor& a, int n = 1, int axis = -1);
Tensor trapezoid(const Tensor& y, const Tensor& x = {}, double dx = 1.0, int axis = -1);

// q: a number or a vector, whose axis comes first in the result. method: linear, lower, higher,
// midpoint or nearest.
Tensor quantile(const Tensor& x, const Tensor& q, const Axes& axis = {},
                const std::string& method = "linear", bool keepdims = false);
Tensor percentile(const Tensor& x, const Tensor& q, const Axes& axis = {},
                  const std::string& method = "linear", bool keepdims = false);
Tensor median(const Tensor& x, const Axes& axis = {}, bool keepdims = false);

// The same without the NaNs. Where there is nothing but NaN: 0 for sums, 1 for products, -1 for
// positions, NaN for the others.
Tensor nanquantile(const Tensor& x, const Tensor& q, const Axes& axis = {},
                   const std::string& method = "linear", bool keepdims = false);
Tensor nanpercentile(const Tensor& x, const Tensor& q, const Axes& axis = {},
                     const std::string& method = "linear", bool keepdims = false);
Tensor nanmedian(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor nansum(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor nanprod(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor nanmean(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor nanvar(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor nanstd(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor nanmax(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor nanmin(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor nanargmax(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdims = false);
Tensor nanargmin(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdims = false);
Tensor nancumsum(const Tensor& x, std::optional<int64_t> axis = {});
Tensor nancumprod(const Tensor& x, std::optional<int64_t> axis = {});

// {counts, edges}. range: {lowest, highest}, those of x by default.
std::pair<Tensor, Tensor> histogram(const Tensor& x, int64_t bins = 10,
                                    std::optional<std::pair<double, double>> range = {});
// With given edges, ascending.
std::pair<Tensor, Tensor> histogram(const Tensor& x, const Tensor& edges);
Tensor corrcoef(const Tensor& x);  // of the rows
// Sums of products of x1 with x2 moved along it. mode: valid, same or full.
Tensor correlate(const Tensor& x1, const Tensor& x2, const std::string& mode = "valid");
// Euclidean distances between the rows of x (..., M, D) and y (..., N, D).
Tensor cdist(const Tensor& x, const Tensor& y);

}  // namespace lamina
