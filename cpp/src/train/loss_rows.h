// The table of losses: one row a loss, in files by family.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "lamina/losses.h"

namespace lamina {

// The arguments of all losses; a row names those that it has and sets their defaults.
struct LossOptions {
  bool from_logits = false, apply_class_balancing = false, remove_diagonal = true;
  double label_smoothing = 0, delta = 1, alpha = 0.25, beta = 0.5, gamma = 2, margin = 0.4, q = 0.5;
  std::optional<int64_t> axis = -1, ignore_class;
  std::string reduction = "sum_over_batch_size", name;
  std::optional<std::string> dtype;
};

struct LossRow {
  const char* name;
  const char* function;
  const char* arguments;  // in Keras's order, separated by spaces
  LossOptions defaults;
  // One value for each sample. y_true has the rank of y_pred where same_rank() can bring it there,
  // and its dtype unless the targets are labels.
  Tensor (*values)(const Tensor& y_true, const Tensor& y_pred, const LossOptions& o);
  const char* summary;  // of the docstring: what it is, a formula, a source
  const char* args = "";
  const char* example = "";
  bool labels = false;
  void (*check)(const LossOptions& o) = nullptr;  // refuses bad arguments
  Tensor (*mask)(const Tensor& y_true, const Tensor& values, const LossOptions& o) = nullptr;
};

void add_regression_losses(std::vector<LossRow>& rows);
void add_margin_losses(std::vector<LossRow>& rows);
void add_probability_losses(std::vector<LossRow>& rows);
void add_overlap_losses(std::vector<LossRow>& rows);

inline constexpr double kEpsilon = 1e-7;  // Keras's: below it a denominator counts as zero

inline Tensor one() { return Tensor(1.0); }
// Mean over the last axis; a scalar is its own.
inline Tensor last_mean(const Tensor& x) { return x.rank() == 0 ? x : mean(x, -1); }

}  // namespace lamina
