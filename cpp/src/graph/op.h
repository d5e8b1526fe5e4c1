// Op: what an operation is. apply(): the one way to run it, eagerly or into a capture.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/tensor_impl.h"
#include "kernels/abi.h"
#include "lamina/config.h"
#include "lamina/tensor.h"

namespace lamina {

// Named constants of an operation. Looked up linearly: there are few, and programs read them
// rarely.
class Attrs {
 public:
  using Value = std::variant<bool, int64_t, double, std::string, std::vector<int64_t>>;
  Attrs() = default;
  Attrs(std::initializer_list<std::pair<const char*, Value>> items) {
    for (auto& [k, v] : items) items_.emplace_back(k, v);
  }
  bool has(const char* key) const { return find(key) != nullptr; }
  bool flag(const char* key) const { return std::get<bool>(get(key)); }
  int64_t integer(const char* key) const { return std::get<int64_t>(get(key)); }
  double real(const char* key) const { return std::get<double>(get(key)); }
  const std::string& text(const char* key) const { return std::get<std::string>(get(key)); }
  const std::vector<int64_t>& ints(const char* key) const {
    return std::get<std::vector<int64_t>>(get(key));
  }
  void set(const std::string& key, Value value);
  Config config() const;                      // as JSON
  static Attrs from_config(const Config& c);  // the inverse

 private:
  const Value* find(const char* key) const;
  const Value& get(const char* key) const;  // throws Error for a missing key
  std::vector<std::pair<std::string, Value>> items_;
};

struct Op;

// The shape rule's view of a call: reads input shapes and dtypes, declares outputs. Runs before any
// work, so this is where bad arguments are refused.
class Infer {
 public:
  Infer(const Op& op, const Tensors& inputs, const Attrs& attrs)
      : op_(op), inputs_(inputs), attrs_(attrs) {}
  size_t n_inputs() const { return inputs_.size(); }
  bool has(size_t i) const { return i < inputs_.size() && inputs_[i].defined(); }
  const Tensor& in(size_t i) const { return inputs_[i]; }
  const Shape& shape(size_t i) const { return inputs_[i].shape(); }
  DType dtype(size_t i) const { return inputs_[i].dtype(); }
  const Attrs& attrs() const { return attrs_; }
  // A new contiguous array.
  void output(const Shape& shape, DType dtype) { outputs.push_back({shape, {}, 0, dtype, -1}); }
  // A view of input i: strides in elements, offset from the storage's start.
  void view(size_t i, const Shape& shape, const Shape& strides, int64_t offset) {
    outputs.push_back({shape, strides, offset, inputs_[i].dtype(), static_cast<int>(i)});
  }
  // Output that is input i itself, written in place (assign and friends).
  void in_place(size_t i);
  // Throws Error: "<op>: <message>".
  template <class... A>
  [[noreturn]] void refuse(const A&... a) const {
    refuse_text(str(a...));
  }

  struct Out {
    Shape shape, strides;
    int64_t offset;
    DType dtype;
    int alias;  // input whose memory it shares, or -1
  };
  std::vector<Out> outputs;

 private:
  [[noreturn]] void refuse_text(const std::string& text) const;
  const Op& op_;
  const Tensors& inputs_;
  const Attrs& attrs_;
};

// The first input's shape and dtype.
inline void infer_same(Infer& f) { f.output(f.shape(0), f.dtype(0)); }
// The shape in the attribute of that name.
inline void infer_to_shape(Infer& f) { f.output(Shape(f.attrs().ints("shape")), f.dtype(0)); }

// What a run function gets. Undefined optional inputs have a view with null data.
struct Run {
  const abi::View* in;
  size_t n_in;
  abi::View* out;
  size_t n_out;
  const Attrs& attrs;
  const void* payload;  // what prepare() or fusion attached, or null
  const abi::KernelTable& kernels;
  const abi::Context& context;
  bool has(size_t i) const { return i < n_in && in[i].data != nullptr; }
  const abi::View* optional(size_t i) const { return has(i) ? &in[i] : nullptr; }
};

// What a backward rule gets: everything as tensors, so that rules are written in ops.
class Backward {
 public:
  Backward(const std::shared_ptr<Node>& node, const Tensors& grads) : node_(node), grads_(grads) {}
  const Tensor& in(size_t i) const;
  Tensor out(size_t i = 0) const;  // only where Op::saves_output
  const Attrs& attrs() const;
  // Upstream gradient of output i; zeros where nothing came.
  Tensor grad(size_t i = 0) const;
  bool has_grad(size_t i) const { return grads_[i].defined(); }
  bool needs(size_t i) const;  // input i takes part in the gradient
  size_t n_inputs() const;

 private:
  const std::shared_ptr<Node>& node_;
  const Tensors& grads_;
};

struct Op {
  const char* name;
  void (*infer)(Infer&);
  void (*run)(const Run&);  // null for views: nothing to do
  // One gradient per input, undefined where not needed. Null: not differentiable; needing its
  // gradient is an error that names the op, unless zero_gradient.
  Tensors (*backward)(const Backward&) = nullptr;
  bool saves_output = false;  // backward reads out(i)
  bool zero_gradient =
      false;            // integer or boolean result, or piecewise constant: silently no gradient
  bool effect = false;  // writes state in place: never removed, never reordered, never folded
  // The second half of its outputs is for backward alone: without data where nothing uses them, and
  // with parts that are not written.
  bool saves_half = false;
  bool elementwise = false;  // `code` tells the chain step; may be fused
  abi::EwOp code = abi::EwOp::kCount;
  const char* doc = "";
};

// Runs an operation: eagerly at once, or, where an input is abstract (or state, while capturing),
// as a new node of the capture. Throws Error for bad arguments, naming the op and the current
// layer.
Tensors apply(const Op& op, const Tensors& inputs, Attrs attrs = {});
Tensor apply1(const Op& op, const Tensors& inputs, Attrs attrs = {});

// Every op by name, for models that hold operations as layers. Null when unknown.
const Op* find_op(const std::string& name);
void register_op(const Op& op);  // called by the register_*_ops functions in ops/
const std::vector<const Op*>& all_ops();

// What runs when an operation meets a symbolic tensor; set by the functional model.
using SymbolicApply = Tensors (*)(const Op& op, const Tensors& inputs, const Attrs& attrs);
void set_symbolic_apply(SymbolicApply hook);

// The layer whose call is running on this thread, for messages.
class LayerScope {
 public:
  explicit LayerScope(const std::string& name);
  ~LayerScope();
};
std::string current_layer();  // "" outside of any layer, "model/dense_1" inside

}  // namespace lamina
