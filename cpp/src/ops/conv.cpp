// Convolution and its two transposes, each the gradient of the others.
#include <cmath>

#include "graph/op.h"
#include "lamina/ops.h"
#include "ops/fused.h"
#include "ops/packed.h"
#include "ops/promote.h"

namespace lamina {

namespace {

// Attributes: strides, dilation_rate (one a spatial axis), padding, activation, groups.
struct Geometry {
  abi::ConvArgs args{};
  int64_t out[3] = {};
};

Geometry geometry(const Attrs& a, const Shape& x, const Shape& kernel) {
  Geometry g;
  g.args.spatial = kernel.rank() - 2;
  g.args.groups = static_cast<int32_t>(kernel[-2] > 0 ? x[-1] / kernel[-2] : 1);
  const Ints &strides = a.ints("strides"), &dilations = a.ints("dilation_rate");
  const std::string& padding = a.text("padding");
  for (int i = 0; i < g.args.spatial; ++i) {
    const int64_t stride = strides[static_cast<size_t>(i)],
                  dilation = dilations[static_cast<size_t>(i)];
    const int64_t n = x[i + 1], reach = (kernel[i] - 1) * dilation + 1;
    g.args.stride[i] = stride, g.args.dilation[i] = dilation;
    if (padding == "same") {
      g.out[i] = (n + stride - 1) / stride;
      g.args.pad_lo[i] = std::max<int64_t>((g.out[i] - 1) * stride + reach - n, 0) / 2;
    } else if (padding == "causal") {
      g.out[i] = (n - 1) / stride + 1, g.args.pad_lo[i] = reach - 1;
    } else {
      g.out[i] = n < reach ? 0 : (n - reach) / stride + 1;
    }
  }
  return g;
}

Shape shape_of(const abi::View& v) { return Shape(v.shape, static_cast<size_t>(v.rank)); }

void check(Infer& f, const Shape& x, const Shape& k) {
  if (k.rank() < 3 || k.rank() > 5 || x.rank() != k.rank())
    f.refuse(
        "expected inputs (N, s..., C) and kernel (k..., C, F) with 1 to 3 spatial axes; received "
        "shapes ",
        x, " and ", k);
  if (k[-2] < 1 || x[-1] % k[-2] != 0)
    f.refuse("the input has ", x[-1], " channels, which the kernel's ", k[-2],
             " do not divide; received shapes ", x, " and ", k);
  if (k[-1] % (x[-1] / k[-2]) != 0)
    f.refuse(k[-1], " filters cannot be shared by ", x[-1] / k[-2], " groups");
}

void infer_conv(Infer& f) {
  const Shape &x = f.shape(0), &k = f.shape(1);
  check(f, x, k);
  if (f.has(2) && !(f.shape(2) == Shape{k[-1]}))
    f.refuse("expected a bias of shape ", Shape{k[-1]}, ", received ", f.shape(2));
  Geometry g = geometry(f.attrs(), x, k);
  Shape y = {x[0]};
  for (int i = 0; i < g.args.spatial; ++i) {
    if (g.out[i] <= 0)
      f.refuse("an input of shape ", x, " is smaller than the kernel of shape ", k);
    y.push_back(g.out[i]);
  }
  y.push_back(k[-1]);
  f.output(y, f.dtype(0));
}
void run_conv(const Run& r) {
  abi::ConvArgs args = geometry(r.attrs, shape_of(r.in[0]), shape_of(r.in[1])).args;
  args.bias = r.optional(2);
  const std::string& name = r.attrs.text("activation");
  args.has_act = !name.empty();
  if (args.has_act) args.act = fused_code(name);
  r.kernels.conv(r.context, args, r.in[0], r.in[1], r.out[0]);
}
Tensors conv_backward(const Backward& b);
const Op kConv = [] {
  Op op{"conv", infer_conv, run_conv, conv_backward};
  op.saves_output = true;
  return op;
}();

Attrs with_shape(const Attrs& a, const Shape& s) {
  Attrs out = a;
  out.set("shape", s.vec());
  out.set("activation", std::string());
  return out;
}
void infer_to_shape(Infer& f) { f.output(Shape(f.attrs().ints("shape")), f.dtype(0)); }

// gradient, kernel -> gradient of the input
void run_input_grad(const Run& r) {
  Geometry g = geometry(r.attrs, shape_of(r.out[0]), shape_of(r.in[1]));
  r.kernels.conv_input_grad(r.context, g.args, r.in[0], r.in[1], r.out[0]);
}
Tensors input_grad_backward(const Backward& b);
const Op kInputGrad{"conv_input_grad", infer_to_shape, run_input_grad, input_grad_backward};
// input, gradient -> gradient of the kernel
void run_kernel_grad(const Run& r) {
  Geometry g = geometry(r.attrs, shape_of(r.in[0]), shape_of(r.out[0]));
  r.kernels.conv_kernel_grad(r.context, g.args, r.in[0], r.in[1], r.out[0]);
}
Tensors kernel_grad_backward(const Backward& b);
const Op kKernelGrad{"conv_kernel_grad", infer_to_shape, run_kernel_grad, kernel_grad_backward};

Tensor input_grad(const Tensor& g, const Tensor& k, const Shape& x, const Attrs& a) {
  return apply1(kInputGrad, {packed(g), packed(k)}, with_shape(a, x));
}
Tensor kernel_grad(const Tensor& x, const Tensor& g, const Shape& k, const Attrs& a) {
  return apply1(kKernelGrad, {packed(x), packed(g)}, with_shape(a, k));
}
Tensor plain_conv(const Tensor& x, const Tensor& k, const Attrs& a) {
  Attrs plain = a;
  plain.set("activation", std::string());
  return apply1(kConv, {packed(x), packed(k), Tensor{}}, plain);
}

Tensors conv_backward(const Backward& b) {
  Tensors out(3);
  Tensor g = fused_gradient(b.attrs().text("activation"), b.grad(), b);
  if (b.needs(0)) out[0] = input_grad(g, b.in(1), b.in(0).shape(), b.attrs());
  if (b.needs(1)) out[1] = kernel_grad(b.in(0), g, b.in(1).shape(), b.attrs());
  if (b.needs(2)) out[2] = sum(reshape(g, {-1, g.dim(-1)}), 0);
  return out;
}
Tensors input_grad_backward(const Backward& b) {
  Tensors out(2);
  if (b.needs(0)) out[0] = plain_conv(b.grad(), b.in(1), b.attrs());
  if (b.needs(1)) out[1] = kernel_grad(b.grad(), b.in(0), b.in(1).shape(), b.attrs());
  return out;
}
Tensors kernel_grad_backward(const Backward& b) {
  Tensors out(2);
  if (b.needs(0)) out[0] = input_grad(b.in(1), b.grad(), b.in(0).shape(), b.attrs());
  if (b.needs(1)) out[1] = plain_conv(b.in(0), b.grad(), b.attrs());
  return out;
}

Ints one_each(const Ints& v, int n, const char* what) {
  Ints out = v.empty() ? Ints{1} : v;
  if (out.size() == 1) out.resize(static_cast<size_t>(n), out[0]);
  if (static_cast<int>(out.size()) != n)
    fail("conv: ", what, " needs 1 or ", n, " numbers, received ", v.size());
  for (int64_t x : out)
    if (x < 1) fail("conv: ", what, " must be positive, received ", x);
  return out;
}

Ints channels_last_order(int rank) {
  Ints order = {0};
  for (int i = 2; i < rank; ++i) order.push_back(i);
  order.push_back(1);
  return order;
}
Ints channels_first_order(int rank) {
  Ints order = {0, rank - 1};
  for (int i = 1; i + 1 < rank; ++i) order.push_back(i);
  return order;
}
bool first(const std::string& format) {
  if (format != "channels_last" && format != "channels_first")
    fail("data_format must be channels_last or channels_first, received '", format, "'");
  return format == "channels_first";
}

Attrs attrs_of(const ConvOptions& o, int spatial) {
  if (o.padding != "valid" && o.padding != "same" && !(o.padding == "causal" && spatial == 1))
    fail("conv: padding must be valid, same or (with one spatial axis) causal; received '",
         o.padding, "'");
  Ints strides = one_each(o.strides, spatial, "strides"),
       dilation = one_each(o.dilation_rate, spatial, "dilation_rate");
  return {{"strides", strides},
          {"dilation_rate", dilation},
          {"padding", o.padding},
          {"activation", o.activation}};
}

}  // namespace

void register_conv_ops() {
  for (const Op* op : {&kConv, &kInputGrad, &kKernelGrad}) register_op(*op);
}

Tensor conv(const Tensor& inputs, const Tensor& kernel, const ConvOptions& o, const Tensor& bias) {
  DType d = common_float({inputs, kernel}), p = d == DType::kFloat64 ? d : DType::kFloat32;
  bool cf = first(o.data_format);
  Tensor x = as_dtype(inputs, p);
  if (cf) x = transpose(x, channels_last_order(x.rank()));
  Attrs a = attrs_of(o, kernel.rank() - 2);
  Tensor y = apply1(
      kConv, {packed(x), packed(as_dtype(kernel, p)), bias.defined() ? as_dtype(bias, p) : bias},
      a);
  if (cf) y = transpose(y, channels_first_order(y.rank()));
  return as_dtype(y, d);
}

Tensor depthwise_conv(const Tensor& inputs, const Tensor& kernel, const ConvOptions& o,
                      const Tensor& bias) {
  Ints shape = kernel.shape().vec();
  if (shape.size() < 3)
    fail("depthwise_conv: expected a kernel (k..., C, multiplier), received shape ",
         kernel.shape());
  int64_t channels = shape[shape.size() - 2], multiplier = shape.back();
  shape[shape.size() - 2] = 1, shape.back() = channels * multiplier;
  return conv(inputs, reshape(kernel, shape), o, bias);
}

Tensor conv_transpose(const Tensor& inputs, const Tensor& kernel, const ConvOptions& o,
                      const Ints& output_padding) {
  DType d = common_float({inputs, kernel}), p = d == DType::kFloat64 ? d : DType::kFloat32;
  bool cf = first(o.data_format);
  Tensor x = as_dtype(inputs, p);
  if (cf) x = transpose(x, channels_last_order(x.rank()));
  int spatial = kernel.rank() - 2;
  Attrs a = attrs_of(o, spatial);
  const Ints &strides = a.ints("strides"), &dilation = a.ints("dilation_rate");
  if (x.rank() != kernel.rank() || x.dim(-1) != kernel.dim(-1))
    fail("conv_transpose: expected inputs (N, s..., C) and kernel (k..., F, C); received shapes ",
         x.shape(), " and ", kernel.shape());
  Shape shape = {x.dim(0)};
  for (int i = 0; i < spatial; ++i) {
    auto s = static_cast<size_t>(i);
    int64_t reach = (kernel.dim(i) - 1) * dilation[s] + 1, n = x.dim(i + 1), out;
    int64_t extra =
        output_padding.empty() ? -1 : output_padding[output_padding.size() == 1 ? 0 : s];
    if (extra < 0)
      out = o.padding == "same" ? n * strides[s]
                                : n * strides[s] + std::max<int64_t>(reach - strides[s], 0);
    else
      out = (n - 1) * strides[s] + reach - (o.padding == "same" ? 2 * (reach / 2) : 0) + extra;
    shape.push_back(out);
  }
  shape.push_back(kernel.dim(-2));
  Tensor y = input_grad(x, as_dtype(kernel, p), shape, a);
  if (cf) y = transpose(y, channels_first_order(y.rank()));
  return as_dtype(y, d);
}

}  // namespace lamina
