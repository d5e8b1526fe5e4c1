// Losses that ask for a margin between right and wrong scores.
#include "train/loss_rows.h"

namespace lamina {

namespace {

// Targets of 0 and 1 become -1 and 1; where any other occurs all stay as they are.
Tensor signs(const Tensor& t) {
  Tensor binary = all(logical_or(equal(t, Tensor(0.0)), equal(t, one())));
  return where(binary, Tensor(2.0) * t - one(), t);
}
Tensor hinge(const Tensor& t, const Tensor& y, const LossOptions&) {
  return last_mean(relu(one() - signs(t) * y));
}
Tensor squared_hinge(const Tensor& t, const Tensor& y, const LossOptions&) {
  return last_mean(square(relu(one() - signs(t) * y)));
}
Tensor categorical_hinge(const Tensor& t, const Tensor& y, const LossOptions&) {
  return relu(max((one() - t) * y, -1) - sum(t * y, -1) + one());
}

Tensor circle_values(const Tensor& t, const Tensor& y, const LossOptions& o) {
  return losses::circle(t, y, {}, {}, o.remove_diagonal, o.gamma, o.margin);
}
// Samples without any partner to be compared with do not count.
Tensor positive(const Tensor&, const Tensor& values, const LossOptions&) {
  return greater(values, Tensor(0.0));
}

}  // namespace

Tensor losses::circle(const Tensor& y_true, const Tensor& y_pred, const Tensor& ref_labels,
                      const Tensor& ref_embeddings, bool remove_diagonal, double gamma,
                      double margin) {
  Tensor refs = ref_embeddings.defined() ? ref_embeddings : y_pred;
  if (y_pred.rank() != 2 || refs.rank() != 2 || y_pred.dim(1) != refs.dim(1))
    fail("Circle: expected embeddings (n, d) and reference embeddings (m, d), received shapes ",
         y_pred.shape(), " and ", refs.shape());
  auto column = [](const Tensor& x) { return reshape(cast(x, DType::kInt32), {-1, 1}); };
  Tensor labels = column(y_true),
         ref = transpose(ref_labels.defined() ? column(ref_labels) : labels);
  int64_t n = y_pred.dim(0), m = refs.dim(0);
  if (labels.dim(0) != n || ref.dim(1) != m)
    fail("Circle: ", labels.dim(0), " labels for ", n, " embeddings and ", ref.dim(1), " for ", m,
         " references; expected one for each");
  const DType d = y_pred.dtype();
  Tensor distance = relu(one() - matmul(y_pred, transpose(refs)));
  Tensor same = equal(labels, ref), other = logical_not(same);
  if (remove_diagonal) same = logical_and(same, logical_not(eye(n, m, 0, DType::kBool)));
  // Pairs of the other kind get exponentials of zero.
  auto log_sum = [](const Tensor& scores, const Tensor& pairs) {
    return logsumexp(where(pairs, scores, Tensor(-1e30)), 1);
  };
  Tensor p = Tensor(margin) + distance, q = relu(Tensor(1 + margin) - distance);
  Tensor attract = Tensor(-gamma) * p * (Tensor(margin) - distance);
  Tensor repel = Tensor(gamma) * q * (Tensor(1 - margin) - distance);
  return cast(softplus(log_sum(attract, same) + log_sum(repel, other)), d);
}

void add_margin_losses(std::vector<LossRow>& rows) {
  const char* common = "reduction name dtype";
  rows.push_back({"Hinge",
                  "hinge",
                  common,
                  {},
                  hinge,
                  "Hinge loss of scores with targets -1 and 1 (or 0 and 1).\n\n"
                  "loss = mean(max(1 - y_true * y_pred, 0))",
                  "",
                  ">>> lamina.losses.Hinge()([[1., -1.]], [[0.5, 0.5]]).item()\n1.0"});
  rows.push_back({"SquaredHinge",
                  "squared_hinge",
                  common,
                  {},
                  squared_hinge,
                  "Square of the hinge loss, with targets -1 and 1 (or 0 and 1).\n\n"
                  "loss = mean(max(1 - y_true * y_pred, 0)^2)"});
  rows.push_back({"CategoricalHinge",
                  "categorical_hinge",
                  common,
                  {},
                  categorical_hinge,
                  "Margin between the score of the right class and the largest wrong one.\n\n"
                  "loss = max(max((1 - y_true) * y_pred) - sum(y_true * y_pred) + 1, 0), y_true "
                  "one-hot",
                  "",
                  ">>> lamina.losses.CategoricalHinge()([[0., 1.]], [[0.5, 1.]]).item()\n0.5"});
  rows.push_back(
      {"Circle",
       "circle",
       "gamma margin remove_diagonal reduction name dtype",
       {.gamma = 80},
       circle_values,
       "Circle loss of embeddings: those of a class together, others apart (Sun et al., 2020, "
       "https://arxiv.org/abs/2002.10857).\n\n"
       "With distances d = max(1 - y_pred . y_pred', 0) between the samples of a batch:\n"
       "loss = softplus(logsumexp(-gamma * (m + d) * (m - d)) over those of the same class\n"
       "+ logsumexp(gamma * max(1 + m - d, 0) * (1 - m - d)) over the others)\n\n"
       "y_true: integer labels (batch,); y_pred: embeddings (batch, d) of length 1.",
       "    gamma: Scale of the scores.\n"
       "    margin: m, how far apart classes are to be.\n"
       "    remove_diagonal: Whether a sample is left out of its own comparisons.\n",
       ">>> y = [[1., 0.], [0.8, 0.6], [0., 1.]]\n"
       ">>> round(lamina.losses.Circle()([0, 0, 1], y).item(), 2)\n3.2",
       true,
       nullptr,
       positive});
}

}  // namespace lamina
