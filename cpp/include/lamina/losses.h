// Losses: how far outputs are from their targets, as one number to train on.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lamina/layer.h"

namespace lamina {

class Loss {
 public:
  // reduction: sum_over_batch_size (or mean), sum, mean_with_sample_weight or none.
  // dtype: what targets and outputs are computed in; floatx() by default.
  explicit Loss(std::string name, std::string reduction = "sum_over_batch_size",
                std::optional<DType> dtype = {});
  virtual ~Loss() = default;
  virtual std::string class_name() const = 0;
  // One value for each sample: for most losses of the shape of y_pred without the last axis.
  virtual Tensor call(const Tensor& y_true, const Tensor& y_pred) const = 0;
  // Which of the values of call() count, as booleans of their shape; undefined: all of them.
  virtual Tensor mask(const Tensor& y_true, const Tensor& values) const { return {}; }
  virtual Config get_config() const;
  // Weighted and reduced. sample_weight has the first axes of the losses; mask (booleans, likewise)
  // takes positions out of the loss and, in a mean, out of what it is divided by.
  Tensor operator()(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {},
                    const Tensor& mask = {}) const;
  const std::string& name() const { return name_; }
  const std::string& reduction() const { return reduction_; }
  DType dtype() const { return dtype_.value_or(floatx()); }

 private:
  std::string name_, reduction_;
  std::optional<DType> dtype_;
};
using LossPtr = std::shared_ptr<Loss>;

// By class or function name ("mse", "MeanSquaredError", "mean_squared_error") or {"class_name",
// "config"}.
LossPtr make_loss(const Config& config);
LossPtr function_loss(std::string name, std::function<Tensor(const Tensor&, const Tensor&)> fn);
// Losses of the user's, found by make_loss after the built-in ones.
void register_loss(const std::string& name, std::function<LossPtr(const Config&)> factory);

struct LossClass {
  std::string name;                  // "MeanSquaredError"
  std::string function;              // "mean_squared_error"
  std::function<Config()> defaults;  // argument names, in order, and their default values
  std::string doc;
};
const std::vector<LossClass>& loss_classes();
// Other names of the loss functions: {"mse", "mean_squared_error"}, ...
const std::vector<std::pair<std::string, std::string>>& loss_aliases();

// Ranks that differ by one brought together, where the last axis of the larger has length 1:
// vectors get such an axis, of other tensors it is taken away.
std::pair<Tensor, Tensor> same_rank(const Tensor& a, const Tensor& b);

namespace losses {

// Circle loss of embeddings (n, d) of length 1 with integer labels (n,), compared with those of
// ref_embeddings (m, d) and ref_labels (m,), by default with one another.
Tensor circle(const Tensor& y_true, const Tensor& y_pred, const Tensor& ref_labels = {},
              const Tensor& ref_embeddings = {}, bool remove_diagonal = true, double gamma = 80,
              double margin = 0.4);

}  // namespace losses

}  // namespace lamina
