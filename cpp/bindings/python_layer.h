// Layers whose methods are written in Python.
#pragma once
#include "python_self.h"

namespace lamina::python {

// A class derived from Layer in Python. Derived from a built-in layer, it holds one of those, which
// does what the class does not override and shares its weights.
class PythonLayer : public Layer, public PythonSelf {
 public:
  PythonLayer(py::handle self, const LayerOptions& options, LayerPtr native = nullptr);
  const LayerPtr& native() const { return native_; }
  void build_native(const std::vector<Shape>& shapes);
  // What super() means in overriding methods.
  Config base_config() const;
  Tensors base_mask(const Tensors& inputs, const Tensors& masks);

  std::string class_name() const override;
  void build(const std::vector<Shape>& shapes) override;
  Tensors call(const Tensors& inputs, const CallArgs& args) override;
  CallSignature call_signature() const override;
  bool takes_text() const override { return true; }
  Config get_config() const override;
  Tensors compute_mask(const Tensors& inputs, const Tensors& masks) override;
  Config get_build_config() const override;
  void build_from_config(const Config& config) override;
  bool reads_row_lengths() const override {
    return Layer::reads_row_lengths() || (native_ && native_->reads_row_lengths());
  }
  Config state_size() const override;
  int64_t output_size() const override;
  Tensors initial_states(int64_t batch) override;
  void reset_state() override;
  std::vector<Variable> states() const override;
  Config output_nesting() const override;

 private:
  LayerPtr native_;
};

// Arguments of layer(x), layer([a, b]), layer(query, value, mask=m, training=True).
struct Call {
  Tensors inputs;
  CallArgs args;
  std::optional<bool> training;
};
// Of a cell, call(inputs, states): whether it was given one state as a tensor, not in a list.
inline constexpr const char* kStateAlone = "_state_alone";
Call parse_call(Layer& layer, const py::args& args, const py::kwargs& kwargs);
py::object call_layer(Layer& layer, const py::args& args, const py::kwargs& kwargs);
// call() of the built-in layer alone, as super().call(...) in a derived class means it.
py::object call_native(Layer& layer, const py::args& args, const py::kwargs& kwargs);

// Nested lists of tensors, one after the other; `value` itself where it holds none.
bool holds_tensors(const py::handle& value);
Tensors flat_tensors(const py::handle& value, const char* what);
// Tensors from `next` on, nested as `pattern` is: null or a number for each.
py::object nested_tensors(const Tensors& tensors, const Config& pattern, size_t& next);
// What a call gives: a tensor, a list, nested as a cell's states are, or the dict of a model whose
// outputs have keys.
py::object outputs_of(const Layer& layer, const Tensors& outs, const CallArgs& args);
void bind_recurrent(py::class_<Layer, std::shared_ptr<Layer>>& c);

}  // namespace lamina::python
