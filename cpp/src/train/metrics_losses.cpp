// Losses as metrics: their weighted mean.
#include "train/metric_rows.h"

namespace lamina {

namespace {

struct BinaryEntropyOptions : MetricOptions {
  bool from_logits = false;
  double label_smoothing = 0;
  void fields(Fields& f) {
    f("name", name)("dtype", dtype)("from_logits", from_logits)("label_smoothing", label_smoothing);
  }
};
struct CategoricalEntropyOptions : BinaryEntropyOptions {
  int64_t axis = -1;
  void fields(Fields& f) {
    BinaryEntropyOptions::fields(f);
    f("axis", axis);
  }
};
struct SparseEntropyOptions : MetricOptions {
  bool from_logits = false;
  std::optional<int64_t> ignore_class;
  int64_t axis = -1;
  void fields(Fields& f) {
    f("name", name)("dtype", dtype)("from_logits", from_logits)("ignore_class", ignore_class)(
        "axis", axis);
  }
};

// The loss of the same name with the arguments of the metric.
template <class Options>
LossPtr loss_for(const std::string& class_name, const Options& o) {
  Config c = write_options(o);
  c.erase("name");
  if (!o.dtype) c.erase("dtype");
  return make_loss(Config::object({{"class_name", class_name}, {"config", c}}));
}

template <class Options>
class LossMetric : public OptionsMetric<Options> {
 public:
  LossMetric(const char* class_name, const Options& o)
      : LossMetric(class_name, o,
                   loss_for(class_name == std::string("LogCoshError") ? "LogCosh" : class_name, o),
                   class_name == std::string("CosineSimilarity")) {}
  void update_state(const Tensor& t, const Tensor& y, const Tensor& weight) override {
    NoGrad off;
    Tensor values = this->values_(t, y), w = weight;
    if (w.defined()) {  // as in Keras, without weights what is masked counts as zero
      Tensor mask = loss_->mask(t, values);
      if (mask.defined())
        w = weights_like(this->class_name(), w, values.shape(), this->dtype()) *
            cast(mask, this->dtype());
    }
    this->update(values, apply_mask(w, y.mask(), this->dtype(), false));
  }

 private:
  LossMetric(const char* class_name, const Options& o, const LossPtr& loss, bool negative)
      : OptionsMetric<Options>(class_name, o,
                               [loss, negative](const Tensor& t, const Tensor& y) {
                                 Tensor v = loss->call(t, y);
                                 return negative ? -v : v;
                               }),
        loss_(loss) {}
  LossPtr loss_;
};

template <class Options>
void add(MetricRows& rows, const char* class_name, const char* function, Options defaults,
         const char* summary, std::string args = "", const char* example = "") {
  if (defaults.name.empty()) defaults.name = function;
  rows.push_back(metric_row<LossMetric<Options>>(class_name, defaults, summary, std::move(args),
                                                 example, function));
}

}  // namespace

void add_loss_metrics(MetricRows& rows) {
  const NamedOptions none;
  add(rows, "MeanSquaredError", "mean_squared_error", none,
      "Mean of squared differences, mean((y_true - y_pred)^2).", "",
      ">>> m = lamina.metrics.MeanSquaredError()\n"
      ">>> m.update_state([[0, 1], [0, 0]], [[1, 1], [0, 0]])\n>>> m.result().item()\n0.25");
  add(rows, "MeanAbsoluteError", "mean_absolute_error", none,
      "Mean of absolute differences, mean(|y_true - y_pred|).");
  add(rows, "MeanAbsolutePercentageError", "mean_absolute_percentage_error", none,
      "Mean of absolute differences in percent of the targets.");
  add(rows, "MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", none,
      "Mean of squared differences of log(1 + value).");
  add(rows, "LogCoshError", "", NamedOptions{{"logcosh", {}}},
      "Mean of log(cosh(y_pred - y_true)).");
  add(rows, "Hinge", "hinge", none,
      "Mean of max(1 - y_true * y_pred, 0), with targets -1 and 1 (or 0 and 1).");
  add(rows, "SquaredHinge", "squared_hinge", none,
      "Mean of max(1 - y_true * y_pred, 0)^2, with targets -1 and 1 (or 0 and 1).");
  add(rows, "CategoricalHinge", "categorical_hinge", none,
      "Mean of max(largest wrong score - right score + 1, 0).");
  add(rows, "KLDivergence", "kl_divergence", none, "Mean of sum(y_true * log(y_true / y_pred)).");
  add(rows, "Poisson", "poisson", none, "Mean of y_pred - y_true * log(y_pred).");
  add(rows, "CosineSimilarity", "", AxisOptions{{"cosine_similarity", {}}},
      "Mean cosine of the angle between targets and outputs: 1 for the same direction.",
      "    axis: The axis whose values are a vector.\n",
      ">>> m = lamina.metrics.CosineSimilarity()\n"
      ">>> m.update_state([[0., 1.], [1., 1.]], [[1., 0.], [1., 1.]])\n"
      ">>> round(m.result().item(), 4)\n0.5");
  const std::string logits =
                        "    from_logits: Whether outputs are logits, before the sigmoid or "
                        "softmax.\n",
                    smoothing = "    label_smoothing: Share of each target that is spread.\n",
                    axis = "    axis: The axis of the classes.\n";
  add(rows, "BinaryCrossentropy", "binary_crossentropy", BinaryEntropyOptions{},
      "Mean cross-entropy of two classes.", logits + smoothing);
  add(rows, "CategoricalCrossentropy", "categorical_crossentropy", CategoricalEntropyOptions{},
      "Mean cross-entropy with one-hot targets.", logits + smoothing + axis);
  add(rows, "SparseCategoricalCrossentropy", "sparse_categorical_crossentropy",
      SparseEntropyOptions{}, "Mean cross-entropy with integer targets.",
      logits + "    ignore_class: Label of positions that count as zero.\n" + axis);
}

}  // namespace lamina
