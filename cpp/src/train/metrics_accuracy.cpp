// Shares of outputs that are right.
#include "train/metric_rows.h"

namespace lamina {

namespace {

class Accuracy : public ValuesMetric {
 public:
  Accuracy(const char* class_name, const NamedOptions& o)
      : ValuesMetric(class_name, o.name, o.type(), [](const Tensor& t, const Tensor& y) {
          auto [u, z] = same_rank(cast(t, y.dtype()), y);
          return equal(u, z);
        }) {}
};

struct ThresholdOptions : MetricOptions {
  double threshold = 0.5;
  void fields(Fields& f) { f("name", name)("dtype", dtype)("threshold", threshold); }
};
class BinaryAccuracy : public OptionsMetric<ThresholdOptions> {
 public:
  BinaryAccuracy(const char* class_name, const ThresholdOptions& o)
      : OptionsMetric(class_name, o, [limit = o.threshold](const Tensor& t, const Tensor& y) {
          auto [u, z] = same_rank(t, y);
          return equal(u, cast(greater(z, Tensor(limit)), u.dtype()));
        }) {}
};

void require_shape(const char* owner, const Tensor& labels, const Tensor& t, const Tensor& y) {
  Shape expected = y.shape();
  if (!expected.empty()) expected.pop_back();
  if (!(labels.shape() == expected))
    fail(owner, ": y_true of shape ", t.shape(), " does not fit y_pred of shape ", y.shape());
}

class CategoricalAccuracy : public ValuesMetric {
 public:
  CategoricalAccuracy(const char* class_name, const NamedOptions& o)
      : ValuesMetric(class_name, o.name, o.type(), [](const Tensor& t, const Tensor& y) {
          Tensor right = argmax(t, -1);
          require_shape("CategoricalAccuracy", right, t, y);
          return equal(right, argmax(y, -1));
        }) {}
};

// Integer targets (...) or (..., 1) for outputs (..., classes).
Tensor labels_of(const char* owner, const Tensor& t, const Tensor& y) {
  Tensor l = t.rank() == y.rank() && t.rank() > 0 && t.dim(-1) == 1 ? squeeze(t, -1) : t;
  require_shape(owner, l, t, y);
  return cast(l, DType::kInt32);
}
class SparseCategoricalAccuracy : public ValuesMetric {
 public:
  SparseCategoricalAccuracy(const char* class_name, const NamedOptions& o)
      : ValuesMetric(class_name, o.name, o.type(), [](const Tensor& t, const Tensor& y) {
          Tensor right = equal(labels_of("SparseCategoricalAccuracy", t, y),
                               cast(argmax(y, -1), DType::kInt32));
          return right.rank() > 1 && right.dim(-1) == 1 ? squeeze(right, -1) : right;
        }) {}
};

struct TopKOptions : MetricOptions {
  int64_t k = 5;
  void fields(Fields& f) { f("k", k)("name", name)("dtype", dtype); }
};
class TopKCategoricalAccuracy : public OptionsMetric<TopKOptions> {
 public:
  TopKCategoricalAccuracy(const char* class_name, const TopKOptions& o)
      : OptionsMetric(class_name, o, [k = o.k](const Tensor& t, const Tensor& y) {
          Tensor right = argmax(t, -1);
          require_shape("TopKCategoricalAccuracy", right, t, y);
          return in_top_k(right, y, k);
        }) {}
};

struct SparseTopKOptions : TopKOptions {
  bool from_sorted_ids = false;
  void fields(Fields& f) {
    TopKOptions::fields(f);
    f("from_sorted_ids", from_sorted_ids);
  }
};
class SparseTopKCategoricalAccuracy : public OptionsMetric<SparseTopKOptions> {
 public:
  SparseTopKCategoricalAccuracy(const char* class_name, const SparseTopKOptions& o)
      : OptionsMetric(class_name, o, [o](const Tensor& t, const Tensor& y) {
          Tensor labels = labels_of("SparseTopKCategoricalAccuracy", t, y);
          if (!o.from_sorted_ids) return in_top_k(labels, y, o.k);
          Tensor best = getitem(y, {Index::ellipsis(), Index::slice({}, o.k)});
          return any(equal(cast(expand_dims(labels, {-1}), best.dtype()), best), -1);
        }) {}
  Config get_config() const override {
    Config c = OptionsMetric::get_config();
    if (!options_.from_sorted_ids) c.erase("from_sorted_ids");
    return c;
  }
};

}  // namespace

void add_accuracy_metrics(MetricRows& rows) {
  rows.push_back(metric_row<Accuracy>(
      "Accuracy", NamedOptions{{"accuracy", {}}}, "Share of outputs equal to their targets.", "",
      ">>> m = lamina.metrics.Accuracy()\n>>> m.update_state([1, 2, 3, 4], [0, 2, 3, 4])\n"
      ">>> m.result().item()\n0.75"));
  rows.push_back(metric_row<BinaryAccuracy>(
      "BinaryAccuracy", ThresholdOptions{{"binary_accuracy", {}}},
      "Share of outputs on the right side of a threshold, with targets 0 and 1.",
      "    threshold: Outputs above it count as 1.\n",
      ">>> m = lamina.metrics.BinaryAccuracy()\n"
      ">>> m.update_state([1, 1, 0, 0], [0.98, 1, 0, 0.6])\n>>> m.result().item()\n0.75",
      "binary_accuracy"));
  rows.push_back(metric_row<CategoricalAccuracy>(
      "CategoricalAccuracy", NamedOptions{{"categorical_accuracy", {}}},
      "Share of samples whose largest output is at their one-hot target.", "", "",
      "categorical_accuracy"));
  rows.push_back(metric_row<SparseCategoricalAccuracy>(
      "SparseCategoricalAccuracy", NamedOptions{{"sparse_categorical_accuracy", {}}},
      "Share of samples whose largest output is at their integer target.", "",
      ">>> m = lamina.metrics.SparseCategoricalAccuracy()\n"
      ">>> m.update_state([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]])\n>>> m.result().item()\n0.5",
      "sparse_categorical_accuracy"));
  const char* k = "    k: How many of the largest outputs count.\n";
  rows.push_back(metric_row<TopKCategoricalAccuracy>(
      "TopKCategoricalAccuracy", TopKOptions{{"top_k_categorical_accuracy", {}}},
      "Share of samples whose one-hot target is among the k largest outputs.", k, "",
      "top_k_categorical_accuracy"));
  rows.push_back(metric_row<SparseTopKCategoricalAccuracy>(
      "SparseTopKCategoricalAccuracy",
      SparseTopKOptions{{{"sparse_top_k_categorical_accuracy", {}}}},
      "Share of samples whose integer target is among the k largest outputs.",
      std::string(k) +
          "    from_sorted_ids: Whether outputs are not scores but class numbers, best first.\n",
      "", "sparse_top_k_categorical_accuracy"));
}

}  // namespace lamina
