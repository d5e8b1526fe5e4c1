// Losses of probabilities: divergences, cross-entropies, and CTC for sequences.
#include "train/loss_rows.h"

namespace lamina {

namespace {

int axis_of(const LossOptions& o, const char* owner) {
  if (!o.axis) fail(owner, ": axis must be an integer, received None");
  return static_cast<int>(*o.axis);
}

Tensor divergence(const Tensor& t, const Tensor& y, const LossOptions&) {
  Tensor a = clip(t, kEpsilon, 1), b = clip(y, kEpsilon, 1);
  return sum(a * log(a / b), -1);
}
Tensor poisson(const Tensor& t, const Tensor& y, const LossOptions&) {
  return last_mean(y - t * log(y + Tensor(kEpsilon)));
}

// Targets moved towards 1 / classes.
Tensor smoothed(const Tensor& t, const LossOptions& o, double classes) {
  if (o.label_smoothing == 0) return t;
  return t * Tensor(1 - o.label_smoothing) + Tensor(o.label_smoothing / classes);
}
Tensor over_axis(const Tensor& x, const LossOptions& o, const char* owner) {
  return x.rank() == 0 ? x : mean(x, axis_of(o, owner));
}

Tensor binary(const Tensor& t, const Tensor& y, const LossOptions& o) {
  return over_axis(binary_crossentropy(smoothed(t, o, 2), y, o.from_logits), o,
                   "BinaryCrossentropy");
}
Tensor binary_focal(const Tensor& t, const Tensor& y, const LossOptions& o) {
  Tensor s = smoothed(t, o, 2), p = o.from_logits ? sigmoid(y) : y;
  Tensor right = s * p + (one() - s) * (one() - p);
  Tensor loss = power(one() - right, Tensor(o.gamma)) * binary_crossentropy(s, p, false);
  if (o.apply_class_balancing)
    loss = (s * Tensor(o.alpha) + (one() - s) * Tensor(1 - o.alpha)) * loss;
  return over_axis(loss, o, "BinaryFocalCrossentropy");
}
Tensor categorical(const Tensor& t, const Tensor& y, const LossOptions& o) {
  double classes = static_cast<double>(t.rank() > 0 ? t.dim(-1) : 1);
  return categorical_crossentropy(smoothed(t, o, classes), y, o.from_logits,
                                  axis_of(o, "CategoricalCrossentropy"));
}
Tensor categorical_focal(const Tensor& t, const Tensor& y, const LossOptions& o) {
  int axis = axis_of(o, "CategoricalFocalCrossentropy");
  double classes = static_cast<double>(t.rank() > 0 ? t.dim(-1) : 1);
  Tensor p = o.from_logits ? softmax(y, axis) : y;
  p = clip(p / sum(p, axis, true), kEpsilon, 1 - kEpsilon);
  Tensor loss =
      Tensor(o.alpha) * power(one() - p, Tensor(o.gamma)) * (-smoothed(t, o, classes) * log(p));
  return sum(loss, axis);
}

// Targets (..., 1) lose that axis where the outputs have their classes on it.
Tensor labels_for(const Tensor& t, const Tensor& y, int axis) {
  if (t.rank() != y.rank() || t.rank() == 0 || t.dim(axis) != 1) return t;
  return squeeze(t, axis);
}
Tensor sparse(const Tensor& t, const Tensor& y, const LossOptions& o) {
  int axis = axis_of(o, "SparseCategoricalCrossentropy");
  Tensor labels = labels_for(t, y, axis), valid;
  if (o.ignore_class) {
    valid = not_equal(labels, Tensor(*o.ignore_class));
    labels = where(valid, labels, zeros_like(labels));
  }
  Tensor loss = sparse_categorical_crossentropy(labels, y, o.from_logits, axis);
  return valid.defined() ? where(valid, loss, zeros_like(loss)) : loss;
}
Tensor not_ignored(const Tensor& t, const Tensor& values, const LossOptions& o) {
  if (!o.ignore_class) return {};
  return reshape(not_equal(t, Tensor(*o.ignore_class)), values.shape().vec());
}

Tensor generalized(const Tensor& t, const Tensor& y, const LossOptions& o) {
  Tensor labels = t.rank() == y.rank() && t.dim(-1) == 1 ? squeeze(t, -1) : t;
  Tensor right = one_hot(cast(labels, DType::kInt32), y.dim(-1), -1, y.dtype());
  if (!(right.shape() == y.shape()))
    fail("CategoricalGeneralizedCrossEntropy: labels of shape ", t.shape(),
         " do not fit y_pred of shape ", y.shape());
  return (one() - power(sum(y * right, -1), Tensor(o.q))) / Tensor(o.q);
}
void check_q(const LossOptions& o) {
  if (!(o.q > 0 && o.q < 1))
    fail("CategoricalGeneralizedCrossEntropy: q must lie in the interval (0, 1), received ", o.q);
}

Tensor ctc(const Tensor& t, const Tensor& y, const LossOptions&) {
  if (t.rank() != 2)
    fail("CTC: expected integer targets y_true (batch, max_length), received shape ", t.shape());
  if (y.rank() != 3)
    fail("CTC: expected logits y_pred (batch, max_length, num_classes), received shape ",
         y.shape());
  Tensor labels = cast(t, DType::kInt32);
  Tensor lengths = sum(cast(not_equal(labels, Tensor(0)), DType::kInt32), -1);
  Tensor steps = full({y.dim(0)}, static_cast<double>(y.dim(1)), DType::kInt32);
  return ctc_loss(labels, y, lengths, steps, 0);
}

constexpr const char* kLogits =
    "    from_logits: Whether outputs are logits, before the sigmoid or softmax.\n";
constexpr const char* kSmoothing =
    "    label_smoothing: Share of each target, from 0 to 1, that is spread over the classes.\n";

}  // namespace

void add_probability_losses(std::vector<LossRow>& rows) {
  static const std::string classes = "    axis: The axis of the classes.\n",
                           mean_axis = "    axis: The axis to take the mean over.\n",
                           binary_args = std::string(kLogits) + kSmoothing + mean_axis,
                           categorical_args = std::string(kLogits) + kSmoothing + classes,
                           binary_focal_args =
                               "    apply_class_balancing: Whether alpha weighs the two classes.\n"
                               "    alpha: Weight of class 1; class 0 has 1 - alpha.\n"
                               "    gamma: How much less samples count that are right already.\n" +
                               binary_args,
                           categorical_focal_args =
                               "    alpha: Weight of all classes.\n"
                               "    gamma: How much less samples count that are right already.\n" +
                               categorical_args,
                           sparse_args =
                               std::string(kLogits) +
                               "    ignore_class: Label of positions that do not count.\n" +
                               classes;
  rows.push_back({"KLDivergence",
                  "kl_divergence",
                  "reduction name dtype",
                  {},
                  divergence,
                  "Kullback-Leibler divergence of the outputs from the targets.\n\n"
                  "loss = sum(y_true * log(y_true / y_pred)), both clipped to [1e-7, 1]"});
  rows.push_back({"Poisson",
                  "poisson",
                  "reduction name dtype",
                  {},
                  poisson,
                  "Poisson loss of predicted rates, less what does not depend on them.\n\n"
                  "loss = mean(y_pred - y_true * log(y_pred + 1e-7))"});
  rows.push_back({"BinaryCrossentropy",
                  "binary_crossentropy",
                  "from_logits label_smoothing axis reduction name dtype",
                  {},
                  binary,
                  "Cross-entropy of two classes.\n\n"
                  "loss = -mean(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred))",
                  binary_args.c_str(),
                  ">>> loss = lamina.losses.BinaryCrossentropy()([[0., 1.]], [[0.5, 0.5]])\n"
                  ">>> round(loss.item(), 4)\n0.6931"});
  rows.push_back({"BinaryFocalCrossentropy",
                  "binary_focal_crossentropy",
                  "apply_class_balancing alpha gamma from_logits label_smoothing axis reduction "
                  "name dtype",
                  {},
                  binary_focal,
                  "Cross-entropy of two classes in which samples that are right already count less "
                  "(Lin et al., 2017, https://arxiv.org/abs/1708.02002).\n\n"
                  "loss = mean((1 - p)^gamma * crossentropy), p the probability of the right class",
                  binary_focal_args.c_str()});
  rows.push_back({"CategoricalCrossentropy",
                  "categorical_crossentropy",
                  "from_logits label_smoothing axis reduction name dtype",
                  {},
                  categorical,
                  "Cross-entropy with one-hot targets or probabilities.\n\n"
                  "loss = -sum(y_true * log(y_pred))",
                  categorical_args.c_str(),
                  ">>> loss = lamina.losses.CategoricalCrossentropy()([[0., 1.]], [[0.5, 0.5]])\n"
                  ">>> round(loss.item(), 4)\n0.6931"});
  rows.push_back(
      {"CategoricalFocalCrossentropy",
       "categorical_focal_crossentropy",
       "alpha gamma from_logits label_smoothing axis reduction name dtype",
       {},
       categorical_focal,
       "Cross-entropy with one-hot targets in which samples that are right already count "
       "less (Lin et al., 2017, https://arxiv.org/abs/1708.02002).\n\n"
       "loss = -sum(alpha * (1 - y_pred)^gamma * y_true * log(y_pred))",
       categorical_focal_args.c_str()});
  rows.push_back(
      {"SparseCategoricalCrossentropy",
       "sparse_categorical_crossentropy",
       "from_logits ignore_class reduction axis name dtype",
       {},
       sparse,
       "Cross-entropy with integer targets.\n\n"
       "loss = -log(y_pred[y_true]); y_true has the shape of y_pred without its classes.",
       sparse_args.c_str(),
       ">>> loss = lamina.losses.SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])\n"
       ">>> round(loss.item(), 4)\n0.6931",
       true,
       nullptr,
       not_ignored});
  rows.push_back({"CategoricalGeneralizedCrossEntropy",
                  "categorical_generalized_cross_entropy",
                  "q reduction name dtype",
                  {},
                  generalized,
                  "Loss for noisy labels, between cross-entropy and absolute error (Zhang and "
                  "Sabuncu, 2018, https://arxiv.org/abs/1805.07836).\n\n"
                  "loss = (1 - p^q) / q, p the probability of the class y_true (integers)",
                  "    q: In (0, 1): towards 0 cross-entropy, towards 1 absolute error.\n",
                  "",
                  true,
                  check_q});
  rows.push_back(
      {"CTC",
       "ctc",
       "reduction name dtype",
       {},
       ctc,
       "Connectionist temporal classification of sequences (Graves et al., 2006).\n\n"
       "loss = -log of the summed probabilities of all alignments of the labels to the "
       "steps.\ny_true: labels (batch, max_length), 0 (the blank) where a row has ended; "
       "y_pred:\nlogits (batch, steps, num_classes).",
       "",
       "",
       true});
}

}  // namespace lamina
