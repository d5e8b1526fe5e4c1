// Batch normalization with the statistics of the batch, and its fusion with ReLU and a residual.
#include <unordered_map>
#include <unordered_set>

#include "graph/graph.h"
#include "lamina/ops.h"
#include "ops/norm.h"

namespace lamina {

namespace {

// x, gamma, beta -> y, mean, var
void infer_bn(Infer& f) {
  if (f.shape(0).rank() < 2) f.refuse("expected at least two axes, received shape ", f.shape(0));
  int64_t c = f.shape(0)[-1];
  check_vector(f, 1, c), check_vector(f, 2, c);
  f.output(f.shape(0), f.dtype(0));
  f.output({c}, f.dtype(0));
  f.output({c}, f.dtype(0));
}
void run_bn(const Run& r) {
  abi::View x = rows(r.in[0]);
  r.kernels.batch_norm_stats(r.context, x, r.out[1], r.out[2]);
  r.kernels.batch_norm(r.context, {r.attrs.real("epsilon"), x, r.out[1], r.out[2], rows(r.out[0]),
                                   r.optional(1), r.optional(2), nullptr, false});
}
// x, mean, var, gamma, g -> gx, ggamma, gbeta
void infer_bn_grad(Infer& f) {
  f.output(f.shape(0), f.dtype(0));
  f.output({f.shape(0)[-1]}, f.dtype(0));
  f.output({f.shape(0)[-1]}, f.dtype(0));
}
void run_bn_grad(const Run& r) {
  abi::BatchNormGradArgs a{};
  a.f.eps = r.attrs.real("epsilon");
  a.f.x = rows(r.in[0]), a.f.mean = r.in[1], a.f.var = r.in[2], a.f.gamma = r.optional(3);
  a.gy = rows(r.in[4]), a.gx = rows(r.out[0]), a.ggamma = &r.out[1], a.gbeta = &r.out[2];
  r.kernels.batch_norm_grad(r.context, a);
}
const Op kBnGrad{"batch_norm_grad", infer_bn_grad, run_bn_grad};
Tensors bn_backward(const Backward& b) {
  if (!b.has_grad(0)) return Tensors(3);
  Tensors g =
      apply(kBnGrad,
            {b.in(0), stop_gradient(b.out(1)), stop_gradient(b.out(2)), b.in(1), packed(b.grad())},
            b.attrs());
  return {g[0], b.needs(1) ? g[1] : Tensor{}, b.needs(2) ? g[2] : Tensor{}};
}
const Op kBn = [] {
  Op op{"batch_norm_train", infer_bn, run_bn, bn_backward};
  op.saves_output = true;
  return op;
}();

// ---- in captures: ReLU and the addition before it are part of the same passes
// --------------------

// x -> mean, var
void run_stats(const Run& r) {
  r.kernels.batch_norm_stats(r.context, rows(r.in[0]), r.out[0], r.out[1]);
}
// x, mean, var, gamma, beta, residual -> relu(y)
void run_relu(const Run& r) {
  abi::View residual;
  if (r.has(5)) residual = rows(r.in[5]);
  r.kernels.batch_norm(r.context,
                       {r.attrs.real("epsilon"), rows(r.in[0]), r.in[1], r.in[2], rows(r.out[0]),
                        r.optional(3), r.optional(4), r.has(5) ? &residual : nullptr, true});
}
// x, mean, var, gamma, beta, g, and, where the gradient of the residual is wanted as a fourth
// output, relu(y) and a second summand of g -> gx, ggamma, gbeta
void run_relu_grad(const Run& r) {
  abi::BatchNormGradArgs a{};
  a.f = {r.attrs.real("epsilon"), rows(r.in[0]), r.in[1], r.in[2], {},
         r.optional(3),           r.optional(4), nullptr, true};
  a.gy = rows(r.in[5]), a.gx = rows(r.out[0]), a.ggamma = &r.out[1], a.gbeta = &r.out[2];
  abi::View more, residual;
  if (r.n_out > 3) {
    a.f.y = rows(r.in[6]);
    if (r.has(7)) more = rows(r.in[7]), a.gy2 = &more;
    residual = rows(r.out[3]), a.gresidual = &residual;
  }
  r.kernels.batch_norm_grad(r.context, a);
}
const Op kBatchStats{"batch_norm_stats", nullptr, run_stats};
const Op kRelu{"batch_norm_relu", nullptr, run_relu};
const Op kReluGrad{"batch_norm_relu_grad", nullptr, run_relu_grad};

using Nodes = std::vector<std::shared_ptr<Node>>;
using Impl = const TensorImpl*;

class Fusion {
 public:
  Fusion(Nodes& nodes, const Tensors& outputs) : nodes_(nodes) {
    for (size_t i = 0; i < nodes.size(); ++i) {
      for (auto& out : nodes[i]->outputs)
        if (!out->base) maker_[out.get()] = i;
      std::unordered_set<Impl> seen;
      for (const Tensor& t : nodes[i]->inputs)
        if (t.defined() && seen.insert(base_of(t.impl())).second)
          readers_[base_of(t.impl())].push_back(i);
    }
    for (const Tensor& t : outputs) kept_.insert(base_of(t.impl()));
  }

  void run() {
    for (size_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i] && nodes_[i]->op == &kBn) fuse(i);
    nodes_.erase(std::remove(nodes_.begin(), nodes_.end(), nullptr), nodes_.end());
  }

 private:
  static Impl base_of(Impl t) { return t->base ? t->base.get() : t; }
  bool is(size_t i, abi::EwOp code) const {
    return nodes_[i] && nodes_[i]->op->elementwise && nodes_[i]->op->code == code;
  }
  // The one node that reads a value, in no other way than whole; npos where there is no such node.
  static constexpr size_t npos = static_cast<size_t>(-1);
  size_t only_reader(Impl value) const {
    auto it = readers_.find(value);
    if (kept_.count(value) || it == readers_.end() || it->second.size() != 1) return npos;
    const size_t i = it->second[0];
    if (!nodes_[i]) return npos;
    for (const Tensor& t : nodes_[i]->inputs)
      if (t.defined() && base_of(t.impl()) == value && t.impl() != value) return npos;
    return i;
  }
  // Values of the capture's own, in one piece, with a shape and type like those of `like`.
  static bool plain(const Tensor& t, Impl like) {
    return t.defined() && !t.impl()->storage && !t.impl()->base && t.is_contiguous() &&
           t.shape() == like->shape && t.dtype() == like->dtype;
  }
  // Whether a node in (first, last) writes what node `first` reads.
  bool written_between(size_t first, size_t last) const {
    for (size_t i = first + 1; i < last; ++i) {
      if (!nodes_[i] || !nodes_[i]->op->effect) continue;
      for (const Tensor& w : nodes_[i]->inputs)
        for (const Tensor& t : nodes_[first]->inputs)
          if (w.defined() && t.defined() && base_of(w.impl())->storage &&
              base_of(w.impl())->storage == base_of(t.impl())->storage)
            return true;
    }
    return false;
  }
  std::shared_ptr<Node> make(const Op& op, const Node& like, Tensors inputs,
                             std::vector<std::shared_ptr<TensorImpl>> outputs) {
    auto node = std::make_shared<Node>();
    node->op = &op, node->attrs = like.attrs, node->layer = like.layer, node->traced = true;
    node->inputs = std::move(inputs), node->outputs = std::move(outputs);
    for (auto& t : node->outputs) node->specs.push_back({t->shape, t->strides, 0, t->dtype, -1});
    return node;
  }

  void fuse(size_t i) {
    const auto bn = nodes_[i];
    const Impl y = bn->outputs[0].get();
    size_t sum = npos, relu = only_reader(y);
    if (relu == npos || !plain(bn->inputs[0], y)) return;
    Tensor residual;
    if (is(relu, abi::EwOp::add)) {
      sum = relu;
      const Tensors& in = nodes_[sum]->inputs;
      residual = in[in[0].impl() == y ? 1 : 0];
      if (residual.impl() == y || !plain(residual, y)) return;
      relu = only_reader(nodes_[sum]->outputs[0].get());
    }
    if (relu == npos || !is(relu, abi::EwOp::relu) || written_between(i, relu)) return;

    const Tensor mean(bn->outputs[1]), var(bn->outputs[2]);
    const auto result = nodes_[relu]->outputs[0];
    nodes_[i] = make(kBatchStats, *bn, {bn->inputs[0]}, {bn->outputs[1], bn->outputs[2]});
    nodes_[relu] = make(
        kRelu, *bn, {bn->inputs[0], mean, var, bn->inputs[1], bn->inputs[2], residual}, {result});
    if (sum != npos) nodes_[sum] = nullptr;
    fuse_gradient(*bn, Tensor(result), residual.defined());
  }

  // relu_grad(g, result, result) and, of that, batch_norm_grad.
  void fuse_gradient(const Node& bn, const Tensor& result, bool residual) {
    for (size_t at : readers_[result.impl()]) {
      if (!is(at, abi::EwOp::relu_grad)) continue;
      const Tensors& in = nodes_[at]->inputs;
      const auto masked = nodes_[at]->outputs[0];
      if (in[1].impl() != result.impl() || in[2].impl() != result.impl() ||
          !plain(in[0], result.impl()) || kept_.count(masked.get()))
        continue;
      for (size_t grad : readers_[masked.get()]) {
        const auto node = nodes_[grad];
        if (!node || node->op != &kBnGrad || node->inputs[4].impl() != masked.get() ||
            base_of(node->inputs[1].impl()) != bn.outputs[1].get())
          continue;
        Tensors inputs = {bn.inputs[0], node->inputs[1], node->inputs[2],
                          bn.inputs[1], bn.inputs[2],    in[0]};
        auto outputs = node->outputs;
        if (residual || readers_[masked.get()].size() > 1) {
          inputs.push_back(result);
          outputs.push_back(masked);
          // A sum of two gradients that nothing else reads is formed on the way.
          auto m = maker_.find(in[0].impl());
          if (m != maker_.end() && is(m->second, abi::EwOp::add) &&
              only_reader(in[0].impl()) == at) {
            const Tensors& two = nodes_[m->second]->inputs;
            if (plain(two[0], result.impl()) && plain(two[1], result.impl())) {
              inputs[5] = two[0], inputs.push_back(two[1]);
              nodes_[m->second] = nullptr;
            }
          }
        }
        nodes_[at] = make(kReluGrad, *node, std::move(inputs), std::move(outputs));
        nodes_[grad] = nullptr;
        return;
      }
    }
  }

  Nodes& nodes_;
  std::unordered_map<Impl, size_t> maker_;
  std::unordered_map<Impl, std::vector<size_t>> readers_;
  std::unordered_set<Impl> kept_;
};

void fuse_batch_norms(Nodes& nodes, const Tensors& outputs) { Fusion(nodes, outputs).run(); }

}  // namespace

void register_batch_norm_ops() {
  for (const Op* op : {&kBn, &kBnGrad}) register_op(*op);
  register_fusion(fuse_batch_norms);
}

Tensors batch_normalization_train(const Tensor& given, const Tensor& gamma, const Tensor& beta,
                                  double epsilon) {
  DType d = common_float({given}), p = norm_type(d);
  Tensors out =
      apply(kBn, {packed(as_dtype(given, p)), optional_as(gamma, p), optional_as(beta, p)},
            {{"epsilon", epsilon}});
  return {as_dtype(out[0], d), out[1], out[2]};
}

}  // namespace lamina
