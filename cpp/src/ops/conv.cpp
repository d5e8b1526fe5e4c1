// Convolution and its two transposes, each the gradient of the others.
#include "core/text.h"
#include "graph/op.h"
#include "lamina/ops.h"
#include "ops/fused.h"
#include "ops/packed.h"
#include "ops/promote.h"

namespace lamina {

namespace {

// Attributes: strides, dilation_rate (one a spatial axis), padding, activation. Padding "given"
// comes with "pad_lo", the padding before each axis, and "out", the lengths of the result.
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
    } else if (padding == "given") {
      g.out[i] = a.ints("out")[static_cast<size_t>(i)];
      g.args.pad_lo[i] = a.ints("pad_lo")[static_cast<size_t>(i)];
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

// ---- the transpose: x (N, s..., C), kernel (k..., F, C), attributes as above and output_padding
// (empty: the default). It is the gradient of a convolution that maps an image of the result's
// shape to one of x's shape: the geometry of that, and the result's shape.
Geometry transposed(const Attrs& a, const Shape& x, const Shape& kernel, Shape* result) {
  const Ints &strides = a.ints("strides"), &dilations = a.ints("dilation_rate"),
             &extra = a.ints("output_padding");
  const bool same = a.text("padding") == "same";
  Geometry g;
  g.args.spatial = kernel.rank() - 2, g.args.groups = 1;
  *result = {x[0]};
  for (int i = 0; i < g.args.spatial; ++i) {
    const auto s = static_cast<size_t>(i);
    const int64_t n = x[i + 1], stride = strides[s];
    const int64_t reach = (kernel[i] - 1) * dilations[s] + 1;
    // Of all (n - 1) * stride + reach pixels that x touches, "same" leaves out some at the start.
    int64_t length, left_out = 0;
    if (!same) {
      length = (n - 1) * stride + (extra.empty() ? std::max(reach, stride) : reach + extra[s]);
    } else {
      const int64_t over = extra.empty() ? stride + reach - 2 : reach + reach % 2 - 2 + extra[s];
      length = extra.empty() ? n * stride : (n - 1) * stride + reach % 2 + extra[s];
      left_out = reach - 1 - std::min((over + 1) / 2, reach - 1);
    }
    g.args.stride[i] = stride, g.args.dilation[i] = dilations[s], g.args.pad_lo[i] = left_out;
    g.out[i] = n;
    result->push_back(length);
  }
  result->push_back(kernel[-2]);
  return g;
}
void infer_transpose(Infer& f) {
  const Shape &x = f.shape(0), &k = f.shape(1);
  if (k.rank() < 3 || k.rank() > 5 || x.rank() != k.rank() || x[-1] != k[-1])
    f.refuse(
        "expected inputs (N, s..., C) and kernel (k..., F, C) with 1 to 3 spatial axes and as many "
        "channels in both; received shapes ",
        x, " and ", k);
  Shape y;
  transposed(f.attrs(), x, k, &y);
  for (int i = 1; i + 1 < y.rank(); ++i)
    if (y[i] <= 0) f.refuse("an input of shape ", x, " leaves nothing of shape ", y);
  f.output(y, f.dtype(0));
}
void run_transpose(const Run& r) {
  Shape y;
  const Geometry g = transposed(r.attrs, shape_of(r.in[0]), shape_of(r.in[1]), &y);
  r.kernels.conv_input_grad(r.context, g.args, r.in[0], r.in[1], r.out[0]);
}
Tensors transpose_backward(const Backward& b) {
  Tensors out(2);
  Shape y;
  const Geometry g = transposed(b.attrs(), b.in(0).shape(), b.in(1).shape(), &y);
  const Attrs a = {{"strides", b.attrs().ints("strides")},
                   {"dilation_rate", b.attrs().ints("dilation_rate")},
                   {"padding", std::string("given")},
                   {"pad_lo", Ints(g.args.pad_lo, g.args.pad_lo + g.args.spatial)},
                   {"out", Ints(g.out, g.out + g.args.spatial)},
                   {"activation", std::string()}};
  if (b.needs(0)) out[0] = plain_conv(b.grad(), b.in(1), a);
  if (b.needs(1)) out[1] = kernel_grad(b.grad(), b.in(0), b.in(1).shape(), a);
  return out;
}
const Op kTranspose{"conv_transpose", infer_transpose, run_transpose, transpose_backward};

// ---- arguments

Ints one_each(const Ints& v, int n, const char* what, int64_t least = 1) {
  Ints out = v.empty() ? Ints{1} : v;
  if (out.size() == 1) out.resize(static_cast<size_t>(n), out[0]);
  if (static_cast<int>(out.size()) != n)
    fail("conv: ", what, " needs 1 or ", n, " numbers, received ", v.size());
  for (int64_t x : out)
    if (x < least) fail("conv: ", what, " must be at least ", least, ", received ", x);
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

Attrs attrs_of(const ConvOptions& o, int spatial, bool causal) {
  const std::string padding = lower_case(o.padding);
  if (padding != "valid" && padding != "same" && !(padding == "causal" && causal && spatial == 1))
    fail("conv: padding must be valid",
         causal ? ", same or (with one spatial axis) causal" : " or same", "; received '",
         o.padding, "'");
  return {{"strides", one_each(o.strides, spatial, "strides")},
          {"dilation_rate", one_each(o.dilation_rate, spatial, "dilation_rate")},
          {"padding", padding},
          {"activation", o.activation}};
}

}  // namespace

void register_conv_ops() {
  for (const Op* op : {&kConv, &kInputGrad, &kKernelGrad, &kTranspose}) register_op(*op);
}

Tensor conv(const Tensor& inputs, const Tensor& kernel, const ConvOptions& o, const Tensor& bias) {
  DType d = common_float({inputs, kernel}), p = d == DType::kFloat64 ? d : DType::kFloat32;
  bool cf = first(o.data_format);
  Tensor x = as_dtype(inputs, p);
  if (cf) x = transpose(x, channels_last_order(x.rank()));
  Attrs a = attrs_of(o, kernel.rank() - 2, true);
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
  if (inputs.rank() == kernel.rank() && inputs.dim(first(o.data_format) ? 1 : -1) != channels)
    fail(
        "depthwise_conv: the kernel's channels must be those of the input; received inputs of "
        "shape ",
        inputs.shape(), " and a kernel of shape ", kernel.shape());
  shape[shape.size() - 2] = 1, shape.back() = channels * multiplier;
  return conv(inputs, reshape(kernel, shape), o, bias);
}

Tensor separable_conv(const Tensor& inputs, const Tensor& depthwise_kernel,
                      const Tensor& pointwise_kernel, const ConvOptions& o, const Tensor& bias) {
  ConvOptions spatial = o, pointwise;
  spatial.activation.clear();
  pointwise.data_format = o.data_format, pointwise.activation = o.activation;
  return conv(depthwise_conv(inputs, depthwise_kernel, spatial), pointwise_kernel, pointwise, bias);
}

Tensor conv_transpose(const Tensor& inputs, const Tensor& kernel, const ConvOptions& o,
                      const Ints& output_padding, const Tensor& bias) {
  DType d = common_float({inputs, kernel}), p = d == DType::kFloat64 ? d : DType::kFloat32;
  bool cf = first(o.data_format);
  Tensor x = as_dtype(inputs, p);
  if (cf) x = transpose(x, channels_last_order(x.rank()));
  Attrs a = attrs_of(o, kernel.rank() - 2, false);
  a.set("output_padding", output_padding.empty()
                              ? Ints{}
                              : one_each(output_padding, kernel.rank() - 2, "output_padding", 0));
  a.set("activation", std::string());
  Tensor y = apply1(kTranspose, {packed(x), packed(as_dtype(kernel, p))}, a);
  if (bias.defined()) y = y + as_dtype(bias, p);
  if (!o.activation.empty()) y = activation(y, o.activation);
  if (cf) y = transpose(y, channels_first_order(y.rank()));
  return as_dtype(y, d);
}

}  // namespace lamina
