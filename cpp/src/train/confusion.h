// True and false positives and negatives at thresholds, for the metrics that are made of them.
#pragma once
#include "train/metric_rows.h"

namespace lamina {

struct Counting {
  std::vector<double> thresholds;
  // Thresholds at 0, 1 / (n - 1), ..., 1 are counted by buckets, in one pass over the outputs.
  bool even = false;
  std::optional<int64_t> top_k, class_id;
  bool multi_label = false;  // outputs (batch, labels) counted for each label
  Tensor label_weights;      // (labels,) or undefined
};

struct Counts {
  Tensor tp, fp, tn, fn;  // (thresholds,), or (thresholds, labels) with multi_label
};

// Weighted counts of outputs above each threshold and of the others, by whether their target is 0.
Counts count_confusion(const std::string& owner, const Tensor& y_true, const Tensor& y_pred,
                       const Tensor& weight, const Counting& how, DType dtype);

// None: `otherwise`; a number or a list of numbers in [0, 1].
std::vector<double> thresholds_from(const char* owner, const Config& given, double otherwise);
// Whether they are those of Counting::even.
bool evenly_spaced(const std::vector<double>& thresholds);

inline constexpr double kNoScore = -1e10;  // of outputs outside of the k largest; as in Keras

}  // namespace lamina
