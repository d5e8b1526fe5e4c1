// Pooling.
#include <algorithm>
#include <unordered_map>

#include "core/text.h"
#include "graph/graph.h"
#include "lamina/ops.h"
#include "ops/packed.h"
#include "ops/promote.h"

namespace lamina {

namespace {

// Where a convolution is part of the same operation, its own strides and padding have those names.
abi::PoolArgs args_of(const Attrs& a, const Shape& x, Shape* out, bool after_conv = false) {
  abi::PoolArgs p{};
  const Ints &size = a.ints("pool_size"),
             &strides = a.ints(after_conv ? "pool_strides" : "strides");
  p.spatial = static_cast<int32_t>(size.size());
  p.max = a.flag("max");
  bool same = a.text(after_conv ? "pool_padding" : "padding") == "same";
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

// ---- in captures: a convolution and the pooling of its result, a few samples at a time
// ------------
//
// so that the result of the convolution stays in a cache. Attributes: those of conv, those of pool,
// and the shape of what lies between.

constexpr int64_t kBetweenBytes = 1 << 19;
constexpr int kBetweenSlot = 8;

abi::View samples(abi::View v, int64_t first, int64_t count) {
  v.data = static_cast<char*>(v.data) +
           first * v.strides[0] * static_cast<int64_t>(itemsize(static_cast<DType>(v.dtype)));
  v.shape[0] = count;
  return v;
}
void run_conv_pool(const Run& r) {
  static const Op& conv = *find_op("conv");
  const Ints& shape = r.attrs.ints("between");
  abi::View whole;
  whole.dtype = r.in[0].dtype, whole.rank = static_cast<int32_t>(shape.size());
  int64_t sample = 1;
  for (int i = whole.rank - 1; i >= 0; --i) {
    whole.shape[i] = shape[static_cast<size_t>(i)], whole.strides[i] = sample;
    if (i > 0) sample *= whole.shape[i];
  }
  const auto bytes = sample * static_cast<int64_t>(itemsize(static_cast<DType>(whole.dtype)));
  const int64_t n = shape[0], each = std::max<int64_t>(1, std::min(n, kBetweenBytes / bytes));
  const Shape kernel(r.in[1].shape, static_cast<size_t>(r.in[1].rank));
  const double products =
      static_cast<double>(n * sample) * static_cast<double>(kernel.numel() / kernel[-1]);
  struct Body {
    const Run& r;
    abi::View whole;
    int64_t n, each, bytes;
  } body{r, whole, n, each, bytes};
  r.context.parallel((n + each - 1) / each, 0.012 * products, false,
                     [](void* arg, int64_t block) {
                       const Body& b = *static_cast<Body*>(arg);
                       const Run& r = b.r;
                       const int64_t first = block * b.each, count = std::min(b.each, b.n - first);
                       abi::View between = b.whole;
                       between.data =
                           r.context.scratch(kBetweenSlot, static_cast<size_t>(b.each * b.bytes));
                       between.shape[0] = count;
                       abi::View in[3] = {samples(r.in[0], first, count), r.in[1], r.in[2]};
                       conv.run({in, r.n_in, &between, 1, r.attrs, nullptr, r.kernels, r.context});
                       const Shape shape(between.shape, static_cast<size_t>(between.rank));
                       r.kernels.pool(r.context, args_of(r.attrs, shape, nullptr, true), between,
                                      samples(r.out[0], first, count));
                     },
                     &body);
}
const Op kConvPool{"conv_pool", nullptr, run_conv_pool};

void fuse_conv_pools(std::vector<std::shared_ptr<Node>>& nodes, const Tensors& outputs) {
  const Op* conv = find_op("conv");
  std::unordered_map<const TensorImpl*, size_t> maker;  // results of convolutions
  std::unordered_map<const TensorImpl*, int> readers;
  const auto base_of = [](const TensorImpl* t) { return t->base ? t->base.get() : t; };
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (const Tensor& t : nodes[i]->inputs)
      if (t.defined()) ++readers[base_of(t.impl())];
    if (nodes[i]->op == conv) maker[nodes[i]->outputs[0].get()] = i;
  }
  for (const Tensor& t : outputs) ++readers[base_of(t.impl())];
  std::vector<bool> gone(nodes.size(), false);
  for (auto& node : nodes) {
    if (node->op != &kPool) continue;
    const TensorImpl* between = node->inputs[0].impl();
    auto m = maker.find(between);
    if (m == maker.end() || readers[between] != 1) continue;
    const Node& first = *nodes[m->second];
    // A state that is written in between would be read too late.
    bool state = false;
    for (size_t i = m->second; nodes[i] != node; ++i) state |= nodes[i]->op->effect;
    if (state) continue;
    Attrs attrs = first.attrs;
    attrs.set("between", between->shape.vec());
    attrs.set("pool_size", node->attrs.ints("pool_size"));
    attrs.set("pool_strides", node->attrs.ints("strides"));
    attrs.set("pool_padding", node->attrs.text("padding"));
    attrs.set("max", node->attrs.flag("max"));
    node->op = &kConvPool, node->attrs = std::move(attrs), node->inputs = first.inputs;
    gone[m->second] = true;
  }
  size_t kept = 0;
  for (size_t i = 0; i < nodes.size(); ++i)
    if (!gone[i]) nodes[kept++] = nodes[i];
  nodes.resize(kept);
}

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
  register_fusion(fuse_conv_pools);
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
