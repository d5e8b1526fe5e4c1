// Pooling.
#include "core/text.h"
#include "graph/op.h"
#include "lamina/ops.h"
#include "ops/packed.h"
#include "ops/promote.h"

namespace lamina {

namespace {

abi::PoolArgs args_of(const Attrs& a, const Shape& x, Shape* out) {
  abi::PoolArgs p{};
  const Ints &size = a.ints("pool_size"), &strides = a.ints("strides");
  p.spatial = static_cast<int32_t>(size.size());
  p.max = a.flag("max");
  bool same = a.text("padding") == "same";
  Shape y = {x[0]};
  for (int i = 0; i < p.spatial; ++i) {
    auto s = static_cast<size_t>(i);
    int64_t n = x[i + 1];
    p.window[i] = size[s], p.stride[i] = strides[s];
    int64_t o = same          ? (n + strides[s] - 1) / strides[s]
                : n < size[s] ? 0
                              : (n - size[s]) / strides[s] + 1;
    p.pad_lo[i] = same ? std::max<int64_t>((o - 1) * strides[s] + size[s] - n, 0) / 2 : 0;
    y.push_back(o);
  }
  y.push_back(x[-1]);
  if (out) *out = y;
  return p;
}

void infer_pool(Infer& f) {
  const Shape& x = f.shape(0);
  if (x.rank() != static_cast<int>(f.attrs().ints("pool_size").size()) + 2)
    f.refuse("expected ", f.attrs().ints("pool_size").size() + 2,
             " axes (N, s..., C), received shape ", x);
  Shape y;
  args_of(f.attrs(), x, &y);
  for (int i = 1; i + 1 < y.rank(); ++i)
    if (y[i] <= 0) f.refuse("an input of shape ", x, " is smaller than the window");
  f.output(y, f.dtype(0));
}
Shape shape_of(const abi::View& v) { return Shape(v.shape, static_cast<size_t>(v.rank)); }
void run_pool(const Run& r) {
  r.kernels.pool(r.context, args_of(r.attrs, shape_of(r.in[0]), nullptr), r.in[0], r.out[0]);
}
void infer_grad(Infer& f) { f.output(f.shape(0), f.dtype(0)); }
void run_grad(const Run& r) {
  r.kernels.pool_grad(r.context, args_of(r.attrs, shape_of(r.in[0]), nullptr), r.in[0], r.in[1],
                      r.in[2], r.out[0]);
}
const Op kPoolGrad{"pool_grad", infer_grad, run_grad};
Tensors pool_backward(const Backward& b) {
  return {apply1(kPoolGrad, {stop_gradient(b.in(0)), stop_gradient(b.out()), packed(b.grad())},
                 b.attrs())};
}
const Op kPool = [] {
  Op op{"pool", infer_pool, run_pool, pool_backward};
  op.saves_output = true;
  return op;
}();

Tensor pool(bool max, const Tensor& inputs, const Ints& size, const Ints& given,
            const std::string& given_padding, const std::string& format) {
  const char* name = max ? "max_pool" : "average_pool";
  const std::string padding = lower_case(given_padding);
  if (padding != "valid" && padding != "same")
    fail(name, ": padding must be valid or same, received '", given_padding, "'");
  if (format != "channels_last" && format != "channels_first")
    fail(name, ": data_format must be channels_last or channels_first, received '", format, "'");
  if (size.empty() || size.size() > 3) fail(name, ": pool_size needs 1 to 3 numbers");
  Ints strides = given.empty() ? size : given;
  if (strides.size() == 1) strides.resize(size.size(), strides[0]);
  if (strides.size() != size.size())
    fail(name, ": strides needs ", size.size(), " numbers, received ", strides.size());
  for (size_t i = 0; i < size.size(); ++i)
    if (size[i] < 1 || strides[i] < 1) fail(name, ": pool_size and strides must be positive");
  DType d = common_float({inputs}), p = d == DType::kFloat64 ? d : DType::kFloat32;
  Tensor x = as_dtype(inputs, p);
  bool cf = format == "channels_first";
  if (cf) x = moveaxis(x, {1}, {-1});
  Tensor y =
      apply1(kPool, {packed(x)},
             {{"pool_size", size}, {"strides", strides}, {"padding", padding}, {"max", max}});
  if (cf) y = moveaxis(y, {-1}, {1});
  return as_dtype(y, d);
}

}  // namespace

void register_pool_ops() {
  register_op(kPool);
  register_op(kPoolGrad);
}

Tensor max_pool(const Tensor& x, const Ints& size, const Ints& strides, const std::string& padding,
                const std::string& format) {
  return pool(true, x, size, strides, padding, format);
}
Tensor average_pool(const Tensor& x, const Ints& size, const Ints& strides,
                    const std::string& padding, const std::string& format) {
  return pool(false, x, size, strides, padding, format);
}

}  // namespace lamina
