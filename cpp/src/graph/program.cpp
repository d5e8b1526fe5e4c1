// From a capture to a Program: drop what nothing needs, fuse, plan one arena, bind the calls.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "graph/debug.h"
#include "graph/graph.h"

namespace lamina {

namespace {

// One block of the arena. Lifetimes are step numbers, ends included.
struct Block {
  size_t bytes = 0;
  size_t first = 0, last = 0;
  size_t offset = 0;
};

size_t bytes_of(const TensorImpl& t) {
  return static_cast<size_t>(t.shape.numel()) * itemsize(t.dtype);
}

// Lowest offsets first for the largest blocks, none overlapping while both live. Returns the size.
size_t place(std::vector<Block>& blocks) {
  std::vector<size_t> order(blocks.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return blocks[a].bytes > blocks[b].bytes; });
  std::vector<size_t> placed;  // by offset
  size_t total = 0;
  for (size_t i : order) {
    Block& b = blocks[i];
    size_t at = 0;
    for (size_t j : placed) {
      const Block& other = blocks[j];
      if (other.last < b.first || b.last < other.first) continue;
      if (at + b.bytes <= other.offset) break;
      at = std::max(at, other.offset + other.bytes);
    }
    b.offset = at;
    total = std::max(total, at + b.bytes);
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), at,
                         [&](size_t offset, size_t j) { return offset < blocks[j].offset; }),
        i);
  }
  return total;
}

void drop_dead(std::vector<std::shared_ptr<Node>>& nodes, const Tensors& outputs) {
  std::unordered_set<const TensorImpl*> needed;
  for (const Tensor& t : outputs) needed.insert(base_of(t.impl()));
  std::vector<std::shared_ptr<Node>> live;
  for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
    Node& node = **it;
    bool use = node.op->effect;
    if (node.op->run)
      for (auto& out : node.outputs) use |= needed.count(base_of(out.get())) > 0 && !out->base;
    if (!use) continue;
    for (const Tensor& t : node.inputs)
      if (t.defined()) needed.insert(base_of(t.impl()));
    live.push_back(*it);
  }
  std::reverse(live.begin(), live.end());
  nodes = std::move(live);
}

// `v` as a view of the iteration shape `shape`.
abi::View broadcast_view(const abi::View& v, const Shape& shape) {
  abi::View out = v;
  out.rank = shape.rank();
  int shift = shape.rank() - v.rank;
  for (int i = 0; i < out.rank; ++i) {
    out.shape[i] = shape[i];
    out.strides[i] = i < shift || v.shape[i - shift] == 1 ? 0 : v.strides[i - shift];
  }
  return out;
}

}  // namespace

struct Program::Impl {
  struct Step {
    const Op* op;
    Attrs attrs;
    std::vector<abi::View> in, out;
    std::shared_ptr<const void> payload;
    std::vector<Storage*> writes;
    std::string layer;
  };
  std::vector<Step> steps;
  Tensors inputs, outputs;  // on the arena's memory
  std::shared_ptr<Arena> arena;
  std::vector<std::shared_ptr<Storage>> held;  // state and constants
  Device device;
};

Program::Program(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Program::~Program() { std::erase(impl_->arena->programs_, impl_.get()); }

void Arena::reserve(size_t bytes, Device device) {
  if (storage_ && storage_->device != device)
    fail("programs that share memory must run on one device, received ", device.str(), " beside ",
         storage_->device.str());
  if (storage_ && storage_->bytes >= bytes) return;
  auto larger = std::make_shared<Storage>(bytes, device);
  if (storage_) {
    char *from = static_cast<char*>(storage_->data), *to = static_cast<char*>(larger->data);
    for (Program::Impl* p : programs_) {
      for (Program::Impl::Step& s : p->steps)
        for (auto* views : {&s.in, &s.out})
          for (abi::View& v : *views) {
            char* at = static_cast<char*>(v.data);
            if (at >= from && at < from + storage_->bytes) v.data = to + (at - from);
          }
      for (Tensors* list : {&p->inputs, &p->outputs})
        for (Tensor& t : *list)
          if (t.impl()->storage == storage_) t.impl()->storage = larger;
    }
  }
  storage_ = std::move(larger);
}

std::unique_ptr<Program> Program::compile(Trace& trace, const Tensors& inputs,
                                          const Tensors& outputs, std::shared_ptr<Arena> arena) {
  auto impl = std::make_unique<Impl>();
  std::vector<std::shared_ptr<Node>> nodes = trace.nodes;
  drop_dead(nodes, outputs);
  fuse(nodes, outputs);

  // Lifetimes of the values that live in the arena. Step 0 sets the inputs; node i is step i + 1.
  std::vector<Block> blocks;
  std::unordered_map<const TensorImpl*, size_t> block_of;
  size_t end = nodes.size() + 1;
  auto add_block = [&](const TensorImpl* t, size_t first) {
    size_t bytes = (std::max<size_t>(bytes_of(*t), 1) + 63) / 64 * 64;
    block_of[t] = blocks.size();
    blocks.push_back({bytes, first, first, 0});
  };
  auto use = [&](const TensorImpl* t, size_t step) {
    auto it = block_of.find(base_of(t));
    if (it != block_of.end()) blocks[it->second].last = std::max(blocks[it->second].last, step);
  };
  for (const Tensor& t : inputs) add_block(t.impl(), 0), blocks.back().last = end;
  std::unordered_map<const TensorImpl*, size_t> last_use;
  for (size_t i = 0; i < nodes.size(); ++i)
    for (const Tensor& t : nodes[i]->inputs)
      if (t.defined()) last_use[base_of(t.impl())] = i + 1;
  for (const Tensor& t : inputs) last_use[t.impl()] = end;
  for (const Tensor& t : outputs) last_use[base_of(t.impl())] = end;
  for (size_t i = 0; i < nodes.size(); ++i) {
    Node& node = *nodes[i];
    for (const Tensor& t : node.inputs)
      if (t.defined()) use(t.impl(), i + 1);
    const size_t wanted = node.outputs.size() / (node.op->saves_half ? 2 : 1);
    for (size_t k = 0; k < node.outputs.size(); ++k) {
      const auto& out = node.outputs[k];
      if (out->base || out->storage || (k >= wanted && !last_use.count(out.get()))) continue;
      // An elementwise result may take the place of an input that dies here.
      const TensorImpl* heir = nullptr;
      if (node.payload)
        for (const Tensor& t : node.inputs) {
          const TensorImpl* in = t.impl();
          const TensorImpl* b = base_of(in);
          if (block_of.count(b) && last_use[b] == i + 1 && in->shape == out->shape &&
              itemsize(in->dtype) == itemsize(out->dtype) && bytes_of(*b) == bytes_of(*out) &&
              in->offset == 0 && t.is_contiguous()) {
            // Other views of the same memory among the inputs would see half-written data.
            bool alone = true;
            for (const Tensor& other : node.inputs)
              alone &= other.impl() == in || base_of(other.impl()) != b;
            if (alone) heir = b;
          }
        }
      if (heir) {
        block_of[out.get()] = block_of[heir];
        last_use.erase(heir);
      } else {
        add_block(out.get(), i + 1);
      }
    }
  }
  for (const Tensor& t : outputs) use(t.impl(), end);
  size_t total = place(blocks);

  if (!inputs.empty()) impl->device = inputs[0].device();
  impl->arena = arena ? std::move(arena) : std::make_shared<Arena>();
  impl->arena->reserve(std::max<size_t>(total, 1), impl->device);
  std::unordered_set<Storage*> held;
  auto bind_tensor = [&](const TensorImpl* t) {
    TensorImpl bound;
    const TensorImpl* base = base_of(t);
    bound.shape = t->shape;
    bound.strides = t->strides;
    bound.dtype = t->dtype;
    bound.device = impl->device;
    bound.offset = t->offset;
    if (auto it = block_of.find(base); it != block_of.end()) {
      bound.storage = impl->arena->storage_;
      bound.offset += static_cast<int64_t>(blocks[it->second].offset / itemsize(t->dtype));
    } else {
      if (!base->storage)
        throw Error("capture: a value was used before it was made", Error::Kind::kRuntime);
      bound.storage = base->storage;
      if (held.insert(base->storage.get()).second) impl->held.push_back(base->storage);
    }
    return make_tensor(std::move(bound));
  };
  auto bind = [&](const TensorImpl* t) { return view_of(*bind_tensor(t).impl()); };
  for (const Tensor& t : inputs) impl->inputs.push_back(bind_tensor(t.impl()));
  for (auto& node : nodes) {
    Impl::Step step{node->op, node->attrs, {}, {}, node->payload, {}, node->layer};
    for (const Tensor& t : node->inputs) {
      abi::View v{};
      if (t.defined()) v = bind(t.impl());
      step.in.push_back(node->payload ? broadcast_view(v, node->outputs[0]->shape) : v);
    }
    for (auto& out : node->outputs) {
      const bool unused =
          node->op->saves_half && !out->storage && !block_of.count(base_of(out.get()));
      step.out.push_back(unused ? abi::View{} : bind(out.get()));
      if (out->base && out->base->storage && node->op->effect)
        step.writes.push_back(out->base->storage.get());
    }
    impl->steps.push_back(std::move(step));
  }
  for (const Tensor& t : outputs) {
    impl->outputs.push_back(bind_tensor(t.impl()));
  }
  trace.finish();
  impl->arena->programs_.push_back(impl.get());
  return std::unique_ptr<Program>(new Program(std::move(impl)));
}

void Program::run() {
  const Backend& b = backend(impl_->device);
  bool check = debug_nans();
  for (const Impl::Step& s : impl_->steps) {
    s.op->run(Run{s.in.data(), s.in.size(), const_cast<abi::View*>(s.out.data()), s.out.size(),
                  s.attrs, s.payload.get(), *b.kernels, *b.context});
    for (Storage* w : s.writes) ++w->version;
    if (check)
      check_nans(s.op->name, s.layer, s.in.data(), s.in.size(), s.out.data(),
                 s.op->saves_half ? s.out.size() / 2 : s.out.size());
  }
}

size_t Program::n_inputs() const { return impl_->inputs.size(); }
size_t Program::n_outputs() const { return impl_->outputs.size(); }
const Tensor& Program::input_tensor(size_t i) const { return impl_->inputs.at(i); }
const Tensor& Program::output_view(size_t i) const { return impl_->outputs.at(i); }
size_t Program::n_steps() const { return impl_->steps.size(); }

void Program::set_input(size_t i, const Tensor& value) {
  const Tensor& slot = input_tensor(i);
  if (value.shape() != slot.shape())
    fail("program: argument ", i, " must have shape ", slot.shape(), ", received ", value.shape());
  const Backend& b = backend(impl_->device);
  b.kernels->copy(*b.context, view_of(*value.impl()), view_of(*slot.impl()));
}

Tensor Program::output_tensor(size_t i) const {
  const Tensor& from = output_view(i);
  Tensor t = Tensor::empty(from.shape(), from.dtype(), impl_->device);
  const Backend& b = backend(impl_->device);
  b.kernels->copy(*b.context, view_of(*from.impl()), view_of(*t.impl()));
  return t;
}

std::string Program::str() const {
  std::string text;
  auto view = [](const abi::View& v) {
    return std::string(dtype_name(static_cast<DType>(v.dtype))) +
           Shape(v.shape, static_cast<size_t>(v.rank)).str();
  };
  for (const Impl::Step& s : impl_->steps) {
    text += s.op->name;
    if (s.attrs.has("merged")) text += "[" + std::to_string(s.attrs.integer("merged")) + "]";
    for (auto& v : s.in) text += " " + view(v);
    text += " ->";
    for (auto& v : s.out) text += " " + view(v);
    text += s.layer.empty() ? "\n" : "  # " + s.layer + "\n";
  }
  return text;
}

}  // namespace lamina
