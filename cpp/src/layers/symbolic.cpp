#include "layers/symbolic.h"

#include <set>

#include "core/tensor_impl.h"
#include "graph/graph.h"
#include "lamina/model.h"

namespace lamina {

Symbol& symbol_of(const Tensor& t) { return *static_cast<Symbol*>(t.impl()->symbol.get()); }

Tensor make_symbolic(const std::shared_ptr<SymbolicNode>& node, size_t index) {
  install_symbolic_apply();  // from the first symbol on, whether there is a layer yet or not
  TensorImpl t;
  t.shape = node->outputs[index].shape;
  t.strides = contiguous_strides(t.shape);
  t.dtype = node->outputs[index].dtype;
  t.symbol = std::make_shared<Symbol>(Symbol{node, index});
  return make_tensor(std::move(t));
}

namespace {

// Two lengths for each unknown axis; far enough apart that strides and pooling keep them different.
constexpr int64_t kBatch[2] = {3, 5}, kOther[2] = {64, 128};

thread_local int64_t length_of_unknown = 0;  // not 0: calls are for shapes alone

Tensors stand_ins(Trace& trace, const Tensors& tensors, int choice) {
  Tensors out;
  for (const Tensor& t : tensors) {
    if (!t.defined() || !t.is_symbolic()) {
      out.push_back(t);
      continue;
    }
    auto known = [choice](Shape s) {
      for (int i = 0; i < s.rank(); ++i)
        if (s[i] < 0) s[i] = i == 0 ? kBatch[choice] : kOther[choice];
      return s;
    };
    out.push_back(trace.placeholder(known(t.shape()), t.dtype()));
    const Symbol& symbol = symbol_of(t);
    if (auto& mask = symbol.node->outputs[symbol.index].mask)
      out.back().set_mask(trace.placeholder(known(*mask), DType::kBool));
  }
  return out;
}

// What differs between the two is unknown.
void merge(Shape& known, const Shape& s) {
  if (known.rank() != s.rank())
    fail("the number of axes of an output depends on an unknown length");
  for (int d = 0; d < s.rank(); ++d)
    if (known[d] != s[d]) known[d] = -1;
}

// Runs `call` on stand-ins twice and compares.
template <class Call>
std::vector<OutputSpec> infer_twice(const Tensors& inputs, const CallArgs& args, Call&& call) {
  std::vector<OutputSpec> result;
  for (int choice = 0; choice < 2; ++choice) {
    auto trace = std::make_shared<Trace>();
    Tensors outs;
    {
      TraceScope scope(trace);
      NoGrad off;
      ShapesOnly shapes(choice);
      CallArgs a = args;
      Tensors named;
      for (auto& [name, t] : args.tensors) named.push_back(t);
      named = stand_ins(*trace, named, choice);
      for (size_t i = 0; i < named.size(); ++i) a.tensors[i].second = named[i];
      outs = call(stand_ins(*trace, inputs, choice), a);
    }
    for (size_t i = 0; i < outs.size(); ++i) {
      Tensor mask = outs[i].mask();
      if (choice == 0) {
        result.emplace_back(outs[i].shape(), outs[i].dtype());
        if (mask.defined()) result[i].mask = mask.shape();
        continue;
      }
      merge(result[i].shape, outs[i].shape());
      if (mask.defined() && result[i].mask) merge(*result[i].mask, mask.shape());
    }
    outs.clear();
    trace->finish();
  }
  return result;
}

class Operation : public Layer {
 public:
  Operation(const Op& op, Attrs attrs, Tensors constants, size_t n, const LayerOptions& options)
      : Layer(options), op_(op), attrs_(std::move(attrs)), constants_(std::move(constants)), n_(n) {
    if (options.name.empty()) name_ = unique_layer_name(op.name);
    supports_masking_ = std::string(op.name) == "cast";  // between layers of different dtypes
    warned_ = true;
    const bool matrix = n_ > 1 && constants_[1].defined() && constants_[1].rank() == 2;
    supports_ragged_ = op.elementwise || std::string(op.name) == "dense" ||
                       (std::string(op.name) == "matmul" && matrix);
  }
  std::string class_name() const override { return "Operation"; }

  Tensors call(const Tensors& inputs, const CallArgs&) override {
    Tensors all(n_);
    size_t next = 0;
    for (size_t i = 0; i < n_; ++i)
      all[i] = constants_[i].defined() || !takes_[i] ? constants_[i] : inputs.at(next++);
    return apply(op_, all, attrs_);
  }

  Config get_config() const override {
    Config c = Config::object({{"name", name_}, {"op", op_.name}, {"attrs", attrs_.config()}});
    std::vector<Config> slots;
    for (size_t i = 0; i < n_; ++i) {
      if (takes_[i]) {
        slots.push_back("input");
      } else if (!constants_[i].defined()) {
        slots.push_back(Config());
      } else {
        const Tensor& t = constants_[i];
        if (t.numel() > 65536)
          throw error(str("holds a constant of shape ", t.shape(),
                          ", too large for a model file; use a weight"));
        std::vector<Config> values;
        if (is_floating(t.dtype()))
          for (double v : t.to_vector<double>()) values.push_back(v);
        else
          for (int64_t v : t.to_vector<int64_t>()) values.push_back(v);
        slots.push_back(Config::object({{"dtype", dtype_name(t.dtype())},
                                        {"shape", t.shape().vec()},
                                        {"values", std::move(values)}}));
      }
    }
    c.set("inputs", std::move(slots));
    return c;
  }

  std::vector<bool> takes_;

 private:
  const Op& op_;
  Attrs attrs_;
  Tensors constants_;
  size_t n_;
};

// The mask of its input, for functional models that use it.
class MaskOf : public Layer {
 public:
  explicit MaskOf(const LayerOptions& options) : Layer(options) {
    warned_ = supports_ragged_ = true;
  }
  std::string class_name() const override { return "Operation"; }
  Tensors call(const Tensors&, const CallArgs& args) override {
    if (!args.mask().defined()) throw error("the input has no mask");
    return {args.mask()};
  }
  Tensors compute_mask(const Tensors&, const Tensors&) override { return {}; }
  Config get_config() const override {
    return Config::object({{"name", name_}, {"op", "mask_of"}});
  }
};

Tensors apply_symbolically(const Op& op, const Tensors& inputs, const Attrs& attrs) {
  Tensors symbolic, constants(inputs.size());
  std::vector<bool> takes;
  for (size_t i = 0; i < inputs.size(); ++i) {
    bool sym = inputs[i].defined() && inputs[i].is_symbolic();
    takes.push_back(sym);
    if (sym)
      symbolic.push_back(inputs[i]);
    else
      constants[i] = inputs[i];
  }
  auto layer = std::make_shared<Operation>(op, attrs, constants, inputs.size(), LayerOptions{});
  layer->takes_ = takes;
  return (*layer)(symbolic);
}

}  // namespace

Tensor mask_of(const Tensor& t) {
  if (!t.is_symbolic()) return t.mask();
  const Symbol& symbol = symbol_of(t);
  if (!symbol.node->outputs[symbol.index].mask) return {};
  LayerOptions options;
  options.name = unique_layer_name("mask_of");
  return (*std::make_shared<MaskOf>(options))(t);
}
bool shapes_only() { return length_of_unknown != 0; }
int64_t unknown_length() { return length_of_unknown; }
ShapesOnly::ShapesOnly(int choice) : before_(length_of_unknown) {
  length_of_unknown = kOther[choice];
}
ShapesOnly::~ShapesOnly() { length_of_unknown = before_; }

LayerPtr make_operation(const Config& config) {
  LayerOptions options;
  options.name = config.at("name").as_string();
  const std::string& name = config.at("op").as_string();
  if (name == "mask_of") return std::make_shared<MaskOf>(options);
  const Op* op = find_op(name);
  if (!op || op->effect) fail("Operation: unknown operation '", name, "'");
  Tensors constants;
  std::vector<bool> takes;
  for (const Config& slot : config.at("inputs").as_list()) {
    takes.push_back(slot.is_string());
    constants.emplace_back();
    if (!slot.is_object()) continue;
    Shape shape(slot.at("shape").as_ints());
    DType dtype = dtype_from_name(slot.at("dtype").as_string());
    std::vector<double> values;
    for (const Config& v : slot.at("values").as_list()) values.push_back(v.as_double());
    constants.back() = Tensor::from_vector(values, shape).astype(dtype);
  }
  size_t n = constants.size();
  auto layer = std::make_shared<Operation>(*op, Attrs::from_config(config.at("attrs")),
                                           std::move(constants), n, options);
  layer->takes_ = std::move(takes);
  return layer;
}

void install_symbolic_apply() { set_symbolic_apply(apply_symbolically); }

std::vector<OutputSpec> infer_outputs(Layer& layer, const Tensors& symbolic, const CallArgs& args) {
  return infer_twice(symbolic, args, [&](const Tensors& in, const CallArgs& a) {
    return layer(in, a, a.training);
  });
}

Tensors symbolic_call(Layer& layer, const Tensors& inputs, const CallArgs& args,
                      std::optional<bool> training) {
  auto node = std::make_shared<SymbolicNode>();
  node->layer = layer.shared_from_this();
  node->inputs = inputs;
  node->args = args;
  node->training = training;
  node->outputs = infer_outputs(layer, inputs, args);
  Tensors outs;
  for (size_t i = 0; i < node->outputs.size(); ++i) outs.push_back(make_symbolic(node, i));
  layer.record_call(node);
  return outs;
}

void Layer::record_call(const std::shared_ptr<SymbolicNode>& node) {
  std::erase_if(calls_, [](auto& call) { return call.expired(); });
  calls_.push_back(node);
}

std::shared_ptr<SymbolicNode> Layer::first_call() const {
  for (auto& call : calls_)
    if (auto node = call.lock()) return node;
  throw error("has not been called on symbolic tensors, so it has no input and no output yet");
}

Tensors Layer::input() const { return first_call()->inputs; }

Tensors Layer::output() const {
  auto node = first_call();
  Tensors outs;
  for (size_t i = 0; i < node->outputs.size(); ++i) outs.push_back(make_symbolic(node, i));
  return outs;
}

namespace {
void visit_sources(const Tensor& t, std::set<const SymbolicNode*>& seen, Tensors& out) {
  if (!t.defined() || !t.is_symbolic()) return;
  const SymbolicNode& node = *symbol_of(t).node;
  if (!seen.insert(&node).second) return;
  if (!node.layer) out.push_back(t);
  for (auto& x : node.inputs) visit_sources(x, seen, out);
  for (auto& [name, x] : node.args.tensors) visit_sources(x, seen, out);
}
}  // namespace

Tensors get_source_inputs(const Tensor& tensor) {
  std::set<const SymbolicNode*> seen;
  Tensors out;
  visit_sources(tensor, seen, out);
  return out;
}

}  // namespace lamina
