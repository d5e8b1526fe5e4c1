// What a symbolic tensor stands for: one output of one call of a layer. Functional models are cut
// out of the graph that these make.
#pragma once
#include <memory>
#include <vector>

#include "lamina/layer.h"

namespace lamina {

struct OutputSpec {
  OutputSpec(Shape s, DType d, std::optional<Shape> m = {})
      : shape(std::move(s)), dtype(d), mask(std::move(m)) {}
  Shape shape;
  DType dtype;
  std::optional<Shape> mask;  // of the mask, where the output has one
};

struct SymbolicNode {
  LayerPtr layer;  // null for a model input
  Tensors inputs;
  CallArgs args;
  std::vector<OutputSpec> outputs;
  std::optional<bool> training;  // as this call was told; counts where the model is told nothing
};

struct Symbol {
  std::shared_ptr<SymbolicNode> node;
  size_t index;
};

Symbol& symbol_of(const Tensor& t);
Tensor make_symbolic(const std::shared_ptr<SymbolicNode>& node, size_t index);

// Shapes and dtypes that `layer` gives for inputs whose shapes may hold -1: it is captured with two
// choices of the unknown lengths, and what differs between them is unknown in the result.
std::vector<OutputSpec> infer_outputs(Layer& layer, const Tensors& symbolic, const CallArgs& args);

// Whether calls on this thread are for shapes alone: the values of text are not needed then.
bool shapes_only();
// While so: a length for an axis that depends on the values. It differs between the calls that are
// compared to find out which lengths are unknown.
int64_t unknown_length();
class ShapesOnly {
 public:
  explicit ShapesOnly(int choice = 0);
  ~ShapesOnly();
  ShapesOnly(const ShapesOnly&) = delete;

 private:
  int64_t before_;
};

// Whether the call that runs on this thread is one of training, where somebody said so.
std::optional<bool> training_told();
// Calls `layer` on symbolic tensors. training: as the call was told.
Tensors symbolic_call(Layer& layer, const Tensors& inputs, const CallArgs& args,
                      std::optional<bool> training);

// An operation of the table as a layer, for functional models; class name "Operation".
LayerPtr make_operation(const Config& config);
void install_symbolic_apply();

}  // namespace lamina
