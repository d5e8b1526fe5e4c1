// The one reverse walk. Backward rules are made of operations, so the same walk computes eagerly,
// extends a capture, and, with create_graph, records itself.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "graph/graph.h"
#include "lamina/ops.h"

namespace lamina {

namespace {

// Nodes that `roots` depend on, each after all nodes that use it.
std::vector<Node*> reverse_order(const std::vector<Node*>& roots) {
  std::vector<Node*> order;
  std::unordered_set<Node*> seen;
  std::vector<std::pair<Node*, size_t>> stack;
  for (Node* root : roots) {
    if (seen.insert(root).second) stack.emplace_back(root, 0);
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      if (next < node->inputs.size()) {
        const Tensor& in = node->inputs[next++];
        if (in.requires_grad() && in.impl()->node && in.impl()->node->on_tape &&
            seen.insert(in.impl()->node.get()).second)
          stack.emplace_back(in.impl()->node.get(), 0);
      } else {
        order.push_back(node);
        stack.pop_back();
      }
    }
  }
  std::reverse(order.begin(), order.end());
  return order;
}

void check_versions(const Node& node) {
  for (size_t i = 0; i < node.versions.size(); ++i) {
    const Tensor& in = node.inputs[i];
    if (in.defined() && in.impl()->storage && in.impl()->storage->version != node.versions[i])
      throw Error(
          str("backward: a tensor of shape ", in.shape(), " that operation '", node.op->name,
              "' saved for its gradient was changed in place since. Change a copy instead"),
          Error::Kind::kRuntime);
  }
}

Tensors run_rule(Node& node, const Tensors& grads) {
  LayerScope layer(node.layer);
  if (node.custom) {
    Tensors outs;
    for (size_t i = 0; i < node.specs.size(); ++i) outs.push_back(node.output(i));
    Tensors given = grads;
    for (size_t i = 0; i < given.size(); ++i)
      if (!given[i].defined()) given[i] = zeros_like(outs[i]);
    Tensors result = node.custom(node.inputs, outs, given);
    if (result.size() != node.inputs.size())
      fail("custom_gradient: expected ", node.inputs.size(), " input gradients, received ",
           result.size());
    return result;
  }
  if (!node.op->backward)
    throw Error(str("backward: operation '", node.op->name, "'",
                    node.layer.empty() ? "" : " in layer '" + node.layer + "'", " has no gradient",
                    std::string(node.op->name).find("grad") != std::string::npos
                        ? "; only first-order derivatives pass through it"
                        : ""),
                Error::Kind::kUnsupported);
  check_versions(node);
  return node.op->backward(Backward(node.shared_from_this(), grads));
}

// Walks back from outputs; calls `leaf(impl, gradient)` for every tensor without a recorded origin.
// Gradients of the tensors in `keep` are collected even where they have an origin.
struct Walk {
  std::unordered_map<Node*, Tensors> pending;      // gradients of a node's outputs so far
  std::unordered_map<TensorImpl*, Tensor> leaves;  // of tensors no operation made
  std::unordered_map<TensorImpl*, Tensor> leaf_handles;
  // (node, output) -> which gradient to hand out before the node runs
  std::unordered_map<Node*, std::vector<std::pair<int, size_t>>> wanted;
  Tensors results;

  static void accumulate(Tensor& slot, const Tensor& g) {
    slot = slot.defined() ? add(slot, g) : g;
  }

  void reach(const Tensor& t, const Tensor& g) {
    TensorImpl* impl = t.impl();
    if (impl->node && impl->node->on_tape) {
      Tensors& slots = pending[impl->node.get()];
      slots.resize(impl->node->specs.size());
      accumulate(slots[static_cast<size_t>(impl->index)], g);
    } else {
      leaf_handles.emplace(impl, t);
      accumulate(leaves[impl], g);
    }
  }

  void run(const Tensors& outputs, const Tensors& grads) {
    std::vector<Node*> roots;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].requires_grad()) continue;
      reach(outputs[i], grads[i]);
      if (outputs[i].impl()->node && outputs[i].impl()->node->on_tape)
        roots.push_back(outputs[i].impl()->node.get());
    }
    for (Node* node : reverse_order(roots)) {
      auto it = pending.find(node);
      if (it == pending.end()) continue;
      Tensors slots = std::move(it->second);
      pending.erase(it);
      if (auto w = wanted.find(node); w != wanted.end())
        for (auto [index, result] : w->second) results[result] = slots[static_cast<size_t>(index)];
      if (std::none_of(slots.begin(), slots.end(), [](const Tensor& t) { return t.defined(); }))
        continue;
      Tensors in_grads = run_rule(*node, slots);
      for (size_t i = 0; i < node->inputs.size(); ++i) {
        const Tensor& in = node->inputs[i];
        if (i >= in_grads.size() || !in_grads[i].defined() || !in.requires_grad()) continue;
        Tensor g = in_grads[i];
        if (g.shape() != in.shape())
          throw Error(str("backward: '", node->op->name, "' gave a gradient of shape ", g.shape(),
                          " for an input of shape ", in.shape()),
                      Error::Kind::kRuntime);
        if (g.dtype() != in.dtype()) g = cast(g, in.dtype());
        reach(in, g);
      }
    }
  }
};

Tensors default_grads(const Tensors& outputs, const Tensors& given, const char* what) {
  Tensors grads = given;
  grads.resize(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!is_floating(outputs[i].dtype()))
      fail(what, ": expected a floating tensor, received ", dtype_name(outputs[i].dtype()));
    if (!grads[i].defined()) grads[i] = ones_like(outputs[i].detach());
    if (grads[i].shape() != outputs[i].shape())
      fail(what, ": the gradient has shape ", grads[i].shape(), ", the tensor ",
           outputs[i].shape());
  }
  return grads;
}

}  // namespace

Tensor Backward::grad(size_t i) const {
  if (grads_[i].defined()) return grads_[i];
  const Infer::Out& spec = node_->specs[i];
  return zeros(spec.shape, spec.dtype);
}

Tensors gradients(const Tensors& outputs, const Tensors& inputs, const Tensors& grad_outputs,
                  bool create_graph) {
  Tensors grads = default_grads(outputs, grad_outputs, "gradients");
  NoGrad mode(create_graph);
  Walk walk;
  walk.results.resize(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorImpl* impl = inputs[i].impl();
    if (impl && impl->node && impl->node->on_tape)
      walk.wanted[impl->node.get()].emplace_back(impl->index, i);
  }
  walk.run(outputs, grads);
  for (size_t i = 0; i < inputs.size(); ++i) {
    auto it = walk.leaves.find(inputs[i].impl());
    if (it != walk.leaves.end()) walk.results[i] = it->second;
  }
  return walk.results;
}

void Tensor::backward(const Tensor& gradient, bool create_graph) const {
  if (!requires_grad())
    throw Error("backward: the tensor does not depend on any tensor that requires a gradient",
                Error::Kind::kRuntime);
  if (!gradient.defined() && numel() != 1)
    fail("backward: pass `gradient` for a tensor of more than one element; this one has shape ",
         shape());
  Tensors grads = default_grads({*this}, {gradient}, "backward");
  NoGrad mode(create_graph);
  Walk walk;
  walk.run({*this}, grads);
  for (auto& [impl, g] : walk.leaves) impl->grad = impl->grad.defined() ? add(impl->grad, g) : g;
}

Tensors custom_gradient(const std::function<Tensors(const Tensors&)>& forward,
                        const CustomBackward& backward, const Tensors& inputs) {
  static const Op kCustom{"custom_gradient", nullptr, nullptr};
  Tensors outs;
  {
    NoGrad off;
    outs = forward(inputs);
  }
  bool needs = false;
  for (const Tensor& t : inputs) needs |= t.requires_grad();
  if (!needs || !grad_enabled()) return outs;
  auto node = std::make_shared<Node>();
  node->op = &kCustom;
  node->inputs = inputs;
  node->on_tape = true;
  node->custom = backward;
  node->layer = current_layer();
  Tensors result;
  for (size_t i = 0; i < outs.size(); ++i) {
    TensorImpl t = *outs[i].impl();
    if (t.trace && !t.base) t.base = outs[i].impl_ptr();  // the same value under another origin
    node->outputs.push_back(std::make_shared<TensorImpl>(t));
    node->specs.push_back({t.shape, t.strides, t.offset, t.dtype, -1});
    t.node = node;
    t.index = static_cast<int>(i);
    t.requires_grad = is_floating(t.dtype);
    result.push_back(make_tensor(std::move(t)));
  }
  return result;
}

}  // namespace lamina
