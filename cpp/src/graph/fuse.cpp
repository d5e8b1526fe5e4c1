// Elementwise chains: a node whose result only one other elementwise node reads is computed inside
// it, tile by tile, and its result never reaches memory.
#include <unordered_map>
#include <unordered_set>

#include "graph/chain.h"
#include "graph/graph.h"

namespace lamina {

namespace {

void run_chain(const Run& r) {
  r.kernels.elementwise(r.context, *static_cast<const abi::Chain*>(r.payload), r.in, r.out);
}
const Op kFused{"fused", nullptr, run_chain};

// Whether leaving the value in a register keeps the bits that a store would give.
bool exact_in_register(const TensorImpl& t, abi::EwOp producer) {
  switch (t.dtype) {
    case DType::kFloat32:
    case DType::kFloat64:
    case DType::kInt32:
    case DType::kInt64:
      return true;
    case DType::kBool:
      return producer != abi::EwOp::cast && producer != abi::EwOp::where;
    default:
      return false;
  }
}

std::vector<Rewrite>& rewrites() {
  static std::vector<Rewrite> all;
  return all;
}

struct Group {
  ChainBuilder chain;
  Tensors inputs;
};

// Adds `producer`'s steps in front of the steps of `g` that read input `slot`.
bool absorb(Group& g, const Group& producer, const TensorImpl* value) {
  Group merged = producer;
  auto input_index = [&](const Tensor& t, abi::Compute type) {
    for (size_t i = 0; i < merged.inputs.size(); ++i)
      if (merged.inputs[i].impl() == t.impl() && merged.chain.inputs[i] == type)
        return static_cast<int>(i);
    merged.inputs.push_back(t);
    merged.chain.inputs.push_back(type);
    return static_cast<int>(merged.inputs.size()) - 1;
  };
  int result = ~static_cast<int>(producer.chain.steps.size() - 1);
  int shift = static_cast<int>(producer.chain.steps.size());
  std::vector<int> where(g.inputs.size());
  for (size_t i = 0; i < g.inputs.size(); ++i)
    where[i] = g.inputs[i].impl() == value ? result : input_index(g.inputs[i], g.chain.inputs[i]);
  for (auto step : g.chain.steps) {
    for (int& a : step.args) a = a >= 0 ? where[static_cast<size_t>(a)] : a - shift;
    merged.chain.steps.push_back(step);
  }
  if (!merged.chain.fits()) return false;
  g = std::move(merged);
  return true;
}

}  // namespace

void register_fusion(Rewrite rewrite) { rewrites().push_back(rewrite); }

void fuse(std::vector<std::shared_ptr<Node>>& nodes, const Tensors& outputs) {
  for (Rewrite rewrite : rewrites()) rewrite(nodes, outputs);
  // How many nodes read each value, and the values that must stay in memory.
  std::unordered_map<const TensorImpl*, int> readers;
  std::unordered_set<const TensorImpl*> kept;
  for (auto& node : nodes) {
    std::unordered_set<const TensorImpl*> mine;
    for (const Tensor& t : node->inputs)
      if (t.defined() && mine.insert(base_of(t.impl())).second) ++readers[base_of(t.impl())];
  }
  for (const Tensor& t : outputs) kept.insert(base_of(t.impl()));

  std::unordered_map<const TensorImpl*, size_t> maker;  // value -> node index
  std::unordered_map<size_t, Group> groups;
  std::unordered_map<const Storage*, size_t> written;  // storage -> last node that wrote it
  std::vector<bool> gone(nodes.size(), false);
  for (size_t i = 0; i < nodes.size(); ++i) {
    Node& node = *nodes[i];
    if (node.op->effect)
      for (auto& spec : node.specs)
        if (spec.alias >= 0)
          written[base_of(node.inputs[static_cast<size_t>(spec.alias)].impl())->storage.get()] = i;
    if (!node.op->elementwise) continue;
    const TensorImpl* out = node.outputs[0].get();
    maker[out] = i;
    std::vector<DType> dtypes;
    for (const Tensor& t : node.inputs) dtypes.push_back(t.dtype());
    Group group{ChainBuilder::single(*node.op, node.attrs, dtypes, out->dtype), node.inputs};
    for (const Tensor& t : node.inputs) {
      const TensorImpl* value = t.impl();
      auto m = maker.find(value);
      if (m == maker.end() || gone[m->second] || readers[value] != 1 || kept.count(value)) continue;
      const Node& producer = *nodes[m->second];
      if (!(value->shape == out->shape) || !exact_in_register(*value, producer.op->code)) continue;
      const Group& theirs = groups.at(m->second);
      bool stale = false;  // an input was written between the producer and here
      for (const Tensor& in : theirs.inputs) {
        auto w = written.find(base_of(in.impl())->storage.get());
        stale |= in.impl()->storage && w != written.end() && w->second > m->second;
      }
      if (!stale && absorb(group, theirs, value)) gone[m->second] = true;
    }
    groups[i] = std::move(group);
  }

  std::vector<std::shared_ptr<Node>> result;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (gone[i]) continue;
    if (auto g = groups.find(i); g != groups.end()) {
      Node& node = *nodes[i];
      node.payload = std::make_shared<abi::Chain>(g->second.chain.build());
      node.inputs = std::move(g->second.inputs);
      if (g->second.chain.steps.size() > 1)
        node.attrs.set("merged", static_cast<int64_t>(g->second.chain.steps.size()));
      node.op = &kFused;
    }
    result.push_back(nodes[i]);
  }
  nodes = std::move(result);
}

}  // namespace lamina
