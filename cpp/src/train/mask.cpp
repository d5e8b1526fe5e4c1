#include "train/mask.h"

#include "lamina/ops.h"

namespace lamina {

Tensor apply_mask(const Tensor& weight, const Tensor& mask, DType dtype, bool to_mean) {
  if (!mask.defined()) return weight;
  Tensor m = cast(cast(mask, DType::kBool), dtype);
  if (to_mean) m = m * divide_no_nan(full({}, static_cast<double>(mask.numel()), dtype), sum(m));
  if (!weight.defined()) return m;
  Tensor w = cast(weight, dtype);
  if (w.rank() == m.rank() + 1 && w.shape().back() == 1) w = squeeze(w, -1);
  while (w.rank() > 0 && w.rank() < m.rank()) w = expand_dims(w, {-1});
  while (m.rank() < w.rank()) m = expand_dims(m, {-1});
  return w * m;
}

}  // namespace lamina
