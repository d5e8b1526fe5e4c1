// Intersection over union, from a confusion matrix.
#include <algorithm>

#include "train/metric_rows.h"

namespace lamina {

namespace {

struct IouOptions : MetricOptions {
  // Which arguments the class has.
  bool binary = false, targets = false, sparse_true_argument = true;
  int64_t num_classes = 0;
  std::vector<int64_t> target_class_ids;
  double threshold = 0.5;
  std::optional<int64_t> ignore_class;
  bool sparse_y_true = true, sparse_y_pred = true;
  int64_t axis = -1;
  void fields(Fields& f) {
    if (!binary) f("num_classes", num_classes);
    if (targets) f("target_class_ids", target_class_ids);
    if (binary) f("threshold", threshold);
    f("name", name)("dtype", dtype);
    if (binary) return;
    f("ignore_class", ignore_class);
    if (sparse_true_argument) f("sparse_y_true", sparse_y_true);
    f("sparse_y_pred", sparse_y_pred)("axis", axis);
  }
};

class Iou : public Metric {
 public:
  Iou(const char* class_name, const IouOptions& o)
      : Metric(o.name, o.type().value_or(DType::kInt32)), class_(class_name), options_(o) {
    const int64_t n = o.num_classes;
    if (n < 1) fail(class_name, ": num_classes must be positive, received ", n);
    ids_ = o.target_class_ids;
    if (!o.targets)
      for (int64_t i = 0; i < n; ++i) ids_.push_back(i);
    if (ids_.empty()) fail(class_name, ": missing argument 'target_class_ids'");
    for (int64_t id : ids_)
      if (id < 0 || id >= n)
        fail(class_name, ": target class id ", id, " is out of range, which is [0, ", n, ")");
    matrix_ = add_variable({n, n}, "total_confusion_matrix", dtype());
  }
  std::string class_name() const override { return class_; }
  void update_state(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override {
    NoGrad off;
    const int64_t n = options_.num_classes;
    Tensor t = options_.sparse_y_true ? y_true : argmax(y_true, options_.axis), y = y_pred;
    if (options_.binary)
      y = greater_equal(cast(y, DType::kFloat32), Tensor(options_.threshold));
    else if (!options_.sparse_y_pred)
      y = argmax(y, options_.axis);
    t = reshape(cast(t, DType::kInt32), {-1}), y = reshape(cast(y, DType::kInt32), {-1});
    if (t.dim(0) != y.dim(0))
      fail(class_, ": y_true of shape ", y_true.shape(), " does not fit y_pred of shape ",
           y_pred.shape());
    // What lies outside of the classes does not count.
    auto inside = [n](const Tensor& x) {
      return logical_and(greater_equal(x, Tensor(0)), less(x, Tensor(n)));
    };
    Tensor counted = logical_and(inside(t), inside(y));
    if (options_.ignore_class)
      counted = logical_and(counted, not_equal(t, Tensor(*options_.ignore_class)));
    Tensor w = cast(counted, dtype());
    if (weight.defined()) {
      Tensor u = cast(weight, dtype());
      if (u.rank() > 1) u = reshape(u, {-1});
      if (u.rank() == 1 && u.dim(0) != 1 && u.dim(0) != t.dim(0))
        fail(class_, ": sample_weight of shape ", weight.shape(), " does not fit y_true of shape ",
             y_true.shape());
      w = w * u;
    }
    Tensor at = where(counted, t * Tensor(n) + y, zeros_like(t));
    matrix_.assign_add(reshape(scatter(expand_dims(at, {-1}), w, {n * n}), {n, n}));
  }
  Tensor result() const override {
    NoGrad off;
    Tensor m = matrix_.value(), hit = diag(m), all = sum(m, 0) + sum(m, 1) - hit;
    Tensor ids = Tensor::from_vector(ids_, {static_cast<int64_t>(ids_.size())});
    hit = cast(take(hit, ids, 0), DType::kFloat32), all = cast(take(all, ids, 0), DType::kFloat32);
    Tensor seen = greater(all, Tensor(1e-9)), tiny(kMetricEpsilon);
    Tensor iou = where(seen, hit / (all + tiny), zeros_like(hit));
    return sum(iou) / (sum(cast(seen, DType::kFloat32)) + tiny);
  }
  Config get_config() const override { return metric_config(*this, options_); }

 private:
  std::string class_;
  IouOptions options_;
  std::vector<int64_t> ids_;
  Variable matrix_;
};

constexpr const char* kClasses = "    num_classes: Classes there are.\n";
constexpr const char* kTargets = "    target_class_ids: Classes whose mean is taken.\n";
constexpr const char* kIgnore = "    ignore_class: Target of positions that do not count.\n";
constexpr const char* kSparseTrue =
    "    sparse_y_true: Whether targets are integers, rather than one-hot.\n";
constexpr const char* kSparsePred =
    "    sparse_y_pred: Whether outputs are integers, rather than scores of the classes.\n";
constexpr const char* kAxis = "    axis: The axis of one-hot targets and of scores.\n";

}  // namespace

void add_iou_metrics(MetricRows& rows) {
  const std::string formula = "\n\niou = tp / (tp + fp + fn)",
                    rest = std::string(kIgnore) + kSparseTrue + kSparsePred + kAxis,
                    one_hot_rest = std::string(kIgnore) + kSparsePred + kAxis;
  IouOptions some, mean, binary;
  some.targets = true;
  rows.push_back(metric_row<Iou>(
      "IoU", some, "Mean intersection over union of some classes." + formula,
      std::string(kClasses) + kTargets + rest,
      ">>> m = lamina.metrics.IoU(num_classes=2, target_class_ids=[0])\n"
      ">>> m.update_state([0, 0, 1, 1], [0, 1, 0, 1])\n>>> round(m.result().item(), 4)\n0.3333"));
  binary.binary = binary.targets = true;
  binary.num_classes = 2, binary.target_class_ids = {0, 1};
  rows.push_back(metric_row<Iou>(
      "BinaryIoU", binary,
      "Intersection over union of targets 0 and 1, with outputs cut at a threshold." + formula,
      std::string(kTargets) + "    threshold: From it on outputs count as 1.\n"));
  rows.push_back(metric_row<Iou>("MeanIoU", mean,
                                 "Mean intersection over union of all classes." + formula,
                                 std::string(kClasses) + rest,
                                 ">>> m = lamina.metrics.MeanIoU(num_classes=2)\n"
                                 ">>> m.update_state([0, 0, 1, 1], [0, 1, 0, 1])\n"
                                 ">>> round(m.result().item(), 4)\n0.3333"));
  for (IouOptions* o : {&some, &mean})
    o->sparse_true_argument = o->sparse_y_true = o->sparse_y_pred = false;
  rows.push_back(metric_row<Iou>(
      "OneHotIoU", some,
      "Mean intersection over union of some classes, with one-hot targets." + formula,
      std::string(kClasses) + kTargets + one_hot_rest));
  rows.push_back(metric_row<Iou>(
      "OneHotMeanIoU", mean,
      "Mean intersection over union of all classes, with one-hot targets." + formula,
      std::string(kClasses) + one_hot_rest));
}

}  // namespace lamina
