#include <algorithm>
#include <atomic>
#include <string_view>

#include "graph/debug.h"
#include "graph/graph.h"

namespace lamina {

SymbolicApply symbolic_apply();

namespace {
thread_local bool grad_mode = true;
thread_local std::shared_ptr<Trace> current_trace;
std::atomic<bool> debug_nans_on{false};
std::atomic<int64_t> drops{0}, changes{0};

// What the output of a view or in-place op shares with its input, for tensors that have memory.
Tensor concrete_output(const Infer::Out& out, const Tensors& inputs, Device device) {
  if (out.alias < 0) return Tensor::empty(out.shape, out.dtype, device);
  TensorImpl t;
  t.storage = inputs[static_cast<size_t>(out.alias)].impl()->storage;
  t.offset = out.offset;
  t.shape = out.shape;
  t.strides = out.strides;
  t.dtype = out.dtype;
  t.device = device;
  return make_tensor(std::move(t));
}

Tensor abstract_output(const Infer::Out& out, const Tensors& inputs, Device device,
                       const std::shared_ptr<Trace>& trace) {
  TensorImpl t;
  t.shape = out.shape;
  t.strides = out.alias < 0 ? contiguous_strides(out.shape) : out.strides;
  t.offset = out.offset;
  t.dtype = out.dtype;
  t.device = device;
  t.trace = trace;
  if (out.alias >= 0) {
    const auto& in = inputs[static_cast<size_t>(out.alias)].impl_ptr();
    t.base = in->base ? in->base : in;
  }
  return make_tensor(std::move(t));
}

// Elementwise operations and products with a matrix keep the steps of a ragged batch apart.
void pass_rows(const Op& op, const Tensors& inputs, const Tensors& outs) {
  for (const Tensor& t : inputs) {
    if (!t.is_ragged()) continue;
    bool product = op.name == std::string_view("dense") ||
                   (op.name == std::string_view("matmul") && inputs[1].rank() == 2);
    if (!op.elementwise && !product) return;
    for (const Tensor& y : outs)
      if (y.defined() && y.rank() >= 2 && y.dim(0) == 1 && y.dim(1) == t.dim(1)) {
        y.impl()->row_lengths = t.impl()->row_lengths;
        y.impl()->mask = t.impl()->mask;
      }
    return;
  }
}

void bump_version(const Tensor& t) {
  if (t.impl()->storage) ++t.impl()->storage->version;
}
}  // namespace

void drop_captures() { ++drops; }
int64_t captures_dropped() { return drops; }
void weights_changed() { ++changes; }
int64_t weight_changes() { return changes; }

bool grad_enabled() { return grad_mode; }
NoGrad::NoGrad(bool enabled) : before_(grad_mode) { grad_mode = enabled; }
NoGrad::~NoGrad() { grad_mode = before_; }

namespace {
thread_local bool mixed = false;
}  // namespace
bool mixed_precision() { return mixed; }
MixedPrecision::MixedPrecision(bool on) : before_(mixed) { mixed = on; }
MixedPrecision::~MixedPrecision() { mixed = before_; }

void set_debug_nans(bool on) { debug_nans_on = on; }
bool debug_nans() { return debug_nans_on; }

Trace* Trace::current() { return current_trace.get(); }
TraceScope::TraceScope(std::shared_ptr<Trace> trace) : before_(std::move(current_trace)) {
  current_trace = std::move(trace);
}
TraceScope::~TraceScope() { current_trace = std::move(before_); }

Tensor Trace::placeholder(const Shape& shape, DType dtype, Device device) {
  TensorImpl t;
  t.shape = shape;
  t.strides = contiguous_strides(shape);
  t.dtype = dtype;
  t.device = device;
  t.trace = shared_from_this();
  return make_tensor(std::move(t));
}

void Trace::finish() {
  active = false;
  // Nodes and their outputs hold each other; let go of both sides.
  for (auto& node : nodes) {
    for (auto& out : node->outputs) out->node.reset();
    node->outputs.clear();
  }
  nodes.clear();
}

Node::~Node() {
  // A long chain of nodes would otherwise be destroyed by recursion, one stack frame for each.
  thread_local std::vector<std::shared_ptr<Node>>* pending = nullptr;
  std::vector<std::shared_ptr<Node>> mine;
  bool outermost = pending == nullptr;
  if (outermost) pending = &mine;
  for (auto& t : inputs)
    if (t.impl() && t.impl_ptr().use_count() == 1 && t.impl()->node)
      pending->push_back(std::move(t.impl()->node));
  if (outermost) {
    while (!mine.empty()) {
      auto next = std::move(mine.back());
      mine.pop_back();
      next.reset();
    }
    pending = nullptr;
  }
}

Tensor Node::output(size_t i) {
  if (traced) return Tensor(outputs[i]);
  if (i >= outputs.size())
    throw Error(str(op->name, ": the operation did not save its output"), Error::Kind::kRuntime);
  TensorImpl t = *outputs[i];
  if (on_tape) {
    t.node = shared_from_this();
    t.index = static_cast<int>(i);
    t.requires_grad = true;
  }
  return make_tensor(std::move(t));
}

Tensors apply(const Op& op, const Tensors& inputs, Attrs attrs) {
  Trace* trace = current_trace.get();
  bool traced = false, needs_grad = false, ragged = false;
  Device device;
  bool first = true;
  for (const Tensor& t : inputs) {
    if (!t.defined()) continue;
    const TensorImpl& impl = *t.impl();
    if (impl.dtype == DType::kString)
      throw Error(
          str(current_layer().empty() ? "" : "in layer '" + current_layer() + "': ", op.name,
              ": takes no text; turn it into numbers first, with a layer such as "
              "StringLookup or Hashing"),
          Error::Kind::kType);
    if (impl.symbol) {
      if (!symbolic_apply()) fail(op.name, ": symbolic tensors are not available");
      return symbolic_apply()(op, inputs, attrs);
    }
    if (impl.trace) {
      if (impl.trace.get() != trace || !impl.trace->active)
        throw Error(
            str(op.name,
                ": a tensor from inside a captured function was used outside of it. Return it "
                "from the function instead of storing it, or pass run_eagerly=True"),
            Error::Kind::kRuntime);
      traced = true;
    }
    if (trace && (impl.variable || impl.requires_grad || op.effect)) traced = true;
    needs_grad |= impl.requires_grad;
    ragged |= impl.row_lengths.defined();
    if (first) device = impl.device;
    if (!first && impl.device != device && t.rank() > 0)
      fail(op.name, ": tensors are on different devices, ", device.str(), " and ",
           impl.device.str());
    first = false;
  }

  Infer infer(op, inputs, attrs);
  op.infer(infer);

  bool on_tape = needs_grad && grad_mode && !op.zero_gradient && !op.effect;
  Tensors outs;
  outs.reserve(infer.outputs.size());
  if (traced) {
    auto shared = current_trace;
    for (auto& o : infer.outputs) outs.push_back(abstract_output(o, inputs, device, shared));
  } else {
    const size_t wanted = infer.outputs.size() / (op.saves_half && !on_tape ? 2 : 1);
    for (size_t i = 0; i < infer.outputs.size(); ++i)
      outs.push_back(i < wanted ? concrete_output(infer.outputs[i], inputs, device) : Tensor{});
    if (op.run) {
      // Small calls, which are most, use views on the stack.
      constexpr size_t kInline = 8;
      abi::View in_stack[kInline], out_stack[kInline];
      std::vector<abi::View> in_heap, out_heap;
      abi::View *in = in_stack, *out = out_stack;
      if (inputs.size() > kInline) in_heap.resize(inputs.size()), in = in_heap.data();
      if (outs.size() > kInline) out_heap.resize(outs.size()), out = out_heap.data();
      for (size_t i = 0; i < inputs.size(); ++i)
        if (inputs[i].defined()) in[i] = view_of(*inputs[i].impl());
      for (size_t i = 0; i < wanted; ++i) out[i] = view_of(*outs[i].impl());
      const Backend& b = backend(device);
      op.run(Run{in, inputs.size(), out, outs.size(), attrs, nullptr, *b.kernels, *b.context});
      if (debug_nans_on)
        check_nans(op.name, current_layer(), in, inputs.size(), out,
                   op.saves_half ? outs.size() / 2 : outs.size());
    }
    for (size_t i = 0; i < outs.size(); ++i)
      if (op.effect && infer.outputs[i].alias >= 0) bump_version(outs[i]);
  }

  if (ragged) pass_rows(op, inputs, outs);
  if (!traced && !on_tape) return outs;
  auto node = std::make_shared<Node>();
  node->op = &op;
  node->attrs = std::move(attrs);
  node->inputs = inputs;
  node->traced = traced;
  node->on_tape = on_tape;
  node->layer = current_layer();
  for (size_t i = 0; i < outs.size(); ++i) {
    TensorImpl& o = *outs[i].impl();
    if (traced) {
      node->outputs.push_back(outs[i].impl_ptr());
    } else if (op.saves_output) {
      node->outputs.push_back(std::make_shared<TensorImpl>(o));
    }
  }
  if (!traced)
    for (const Tensor& t : inputs)
      node->versions.push_back(t.defined() && t.impl()->storage ? t.impl()->storage->version : 0);
  node->specs = std::move(infer.outputs);
  for (size_t i = 0; i < outs.size(); ++i) {
    TensorImpl& o = *outs[i].impl();
    o.node = node;
    o.index = static_cast<int>(i);
    o.requires_grad = on_tape && is_floating(o.dtype);
  }
  if (traced) trace->nodes.push_back(node);
  return outs;
}

Tensor apply1(const Op& op, const Tensors& inputs, Attrs attrs) {
  return apply(op, inputs, std::move(attrs))[0];
}

}  // namespace lamina
