// Losses of regions: how much of the targets the outputs cover.
#include "train/loss_rows.h"

namespace lamina {

namespace {

Axes axes_of(const LossOptions& o) { return o.axis ? Axes(*o.axis) : Axes(); }

Tensor dice(const Tensor& t, const Tensor& y, const LossOptions& o) {
  Axes axes = axes_of(o);
  Tensor both = sum(t * y, axes);
  return Tensor(1.0) - Tensor(2.0) * both / (sum(t, axes) + sum(y, axes) + Tensor(kEpsilon));
}
Tensor tversky(const Tensor& t, const Tensor& y, const LossOptions& o) {
  Axes axes = axes_of(o);
  Tensor both = sum(t * y, axes), missed = sum((Tensor(1.0) - y) * t, axes),
         extra = sum(y * (Tensor(1.0) - t), axes);
  return Tensor(1.0) -
         both / (both + missed * Tensor(o.alpha) + extra * Tensor(o.beta) + Tensor(kEpsilon));
}

}  // namespace

void add_overlap_losses(std::vector<LossRow>& rows) {
  const char* axis = "    axis: The axis to sum over; `None` for all, the batch's too.\n";
  rows.push_back({"Dice",
                  "dice",
                  "reduction name axis dtype",
                  {.axis = {}},
                  dice,
                  "Dice loss of regions (Dice, 1945).\n\n"
                  "loss = 1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred) + 1e-7)",
                  axis,
                  ">>> loss = lamina.losses.Dice()([[1., 0., 1.]], [[1., 0., 0.]])\n"
                  ">>> round(loss.item(), 4)\n0.3333"});
  rows.push_back(
      {"Tversky",
       "tversky",
       "alpha beta reduction name axis dtype",
       {.alpha = 0.5, .beta = 0.5, .axis = {}},
       tversky,
       "Tversky loss of regions (Salehi et al., 2017, https://arxiv.org/abs/1706.05721).\n\n"
       "loss = 1 - tp / (tp + alpha * sum((1 - y_pred) * y_true) + beta * sum(y_pred * (1 - "
       "y_true)) + 1e-7),\ntp = sum(y_true * y_pred). With alpha = beta = 0.5 the Dice loss.",
       "    alpha: Weight of what is missed.\n"
       "    beta: Weight of what is too much.\n"
       "    axis: The axis to sum over; `None` for all, the batch's too.\n"});
}

}  // namespace lamina
