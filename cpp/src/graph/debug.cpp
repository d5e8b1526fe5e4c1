#include "graph/debug.h"

#include "kernels/dispatch.h"
#include "lamina/dtype.h"
#include "lamina/error.h"

namespace lamina {

namespace {
bool has_nan(const abi::View& v) {
  if (!v.data || !is_floating(static_cast<DType>(v.dtype))) return false;
  for (int i = 0; i < v.rank; ++i)
    if (v.shape[i] == 0) return false;
  // A maximum propagates NaN.
  float result = 0;
  abi::View out;
  out.data = &result;
  out.rank = v.rank;
  for (int i = 0; i < v.rank; ++i) out.shape[i] = 1;
  double wide = 0;
  out.dtype = v.dtype;
  if (v.dtype == abi::DType::kFloat64) out.data = &wide;
  uint16_t half = 0;
  if (v.dtype == abi::DType::kFloat16 || v.dtype == abi::DType::kBFloat16) out.data = &half;
  kernels::cpu().reduce(kernels::cpu_context(), abi::ReduceOp::kMax, v, out, (1u << v.rank) - 1);
  if (v.dtype == abi::DType::kFloat64) return wide != wide;
  if (v.dtype == abi::DType::kFloat16) return (half & 0x7fff) > 0x7c00;
  if (v.dtype == abi::DType::kBFloat16) return (half & 0x7fff) > 0x7f80;
  return result != result;
}
}  // namespace

void check_nans(const char* op, const std::string& layer, const abi::View* in, size_t n_in,
                const abi::View* out, size_t n_out) {
  for (size_t i = 0; i < n_out; ++i) {
    if (!has_nan(out[i])) continue;
    for (size_t j = 0; j < n_in; ++j)
      if (has_nan(in[j])) return;
    throw Error(
        str("debug_nans: operation '", op, "'", layer.empty() ? "" : " in layer '" + layer + "'",
            " made the first NaN; none of its inputs has one"),
        Error::Kind::kRuntime);
  }
}

}  // namespace lamina
