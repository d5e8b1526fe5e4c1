// What recurrent layers, their cells and the wrappers around them ask of each other.
#pragma once
#include "lamina/ops_recurrent.h"
#include "layers/builtin.h"

namespace lamina {

// A cell of the library's own. call() is step(project(x), states).
class SequenceCell {
 public:
  virtual ~SequenceCell() = default;
  // Which cell of the operation recurrent() computes the same; none with other activations.
  virtual std::optional<RecurrentCell> whole() const = 0;
  // The weights for it. Drawn masks are applied to x, and where each gate has its own, so is the
  // kernel.
  virtual RecurrentWeights weights(Tensor& x) const = 0;
  // The inputs' part of the sums, of one step (batch, ...) or of all (batch, steps, ...).
  virtual Tensor project(const Tensor& x) const = 0;
  // {output, states...} after a step with these sums.
  virtual Tensors step(const Tensor& sums, const Tensors& states) const = 0;
  // Dropout's masks for all steps of a call: the inputs (batch, ...) of one step tell the shape.
  virtual void draw_masks(const Shape& input, const Shape& state) = 0;
  virtual void drop_masks() = 0;
  virtual bool drops_inputs() const = 0;  // in training
};
class StackedCells {
 public:
  virtual ~StackedCells() = default;
  virtual const std::vector<LayerPtr>& cells() const = 0;
};

// Masks of dropout that a cell has drawn, until the end of a call.
class DrawnMasks {
 public:
  DrawnMasks(Layer& cell, bool training, const Shape& input, const Tensors& states);
  ~DrawnMasks();
  DrawnMasks(const DrawnMasks&) = delete;

 private:
  std::vector<SequenceCell*> drawn_;
};

struct SequenceFlags {
  bool return_sequences, return_state, go_backwards, stateful, zero_output_for_mask;
};

// A call of a recurrent layer, with everything found and checked.
struct SequenceCall {
  Tensor x, mask, row_lengths;
  Tensors states;
  bool training;
};

// A recurrent layer around a cell, whatever its class.
class RecurrentLayer {
 public:
  virtual ~RecurrentLayer() = default;
  virtual SequenceFlags flags() const = 0;
  Layer& cell() const { return *cell_; }
  // The cell, where the whole sequence is one operation.
  SequenceCell* whole_cell() const;
  bool walks() const;  // step by step: some cell has no such operation
  SequenceCall prepare(const Layer& self, const Tensors& in, const CallArgs& args);
  // Keeps the states, where the layer is stateful, and picks the outputs.
  Tensors finish(const Tensor& sequence, const Tensor& last, const Tensors& states);
  // in_step_order: outputs in the order in which steps are taken, not in that of time.
  Tensors run(const Layer& self, const Tensors& in, const CallArgs& args, bool in_step_order);
  void build_states(const Layer& self, const Shape& input);
  void forget();

 protected:
  LayerPtr cell_;
  std::vector<Variable> kept_;  // states of a stateful layer
};

// Steps of a sequence one by one: {outputs (batch, steps, ...), last output, states...}.
Tensors run_steps(Layer& cell, const SequenceCall& call, const SequenceFlags& flags,
                  bool in_step_order);

// The cell of a layer that has the cell's arguments among its own.
template <class Options>
LayerPtr make_cell(const char* class_name, const char* name, const Options& o) {
  const Config given = write_options(o), known = find_layer_class(class_name)->defaults();
  Config c = Config::object();
  for (auto& [key, value] : given.as_object())
    if (known.has(key)) c.set(key, value);
  c.set("name", name);
  return make_layer(class_name, c);
}

template <class Derived, class Options>
class RecurrentBase : public BuiltIn<Derived, Options>, public RecurrentLayer {
 public:
  static constexpr bool kMasking = true;
  static constexpr bool kRagged = true;
  explicit RecurrentBase(const Options& o) : BuiltIn<Derived, Options>(o) {}
  void build(const std::vector<Shape>& shapes) override {
    const Shape& x = shapes[0];
    if (x.rank() < 3 || (Derived::kRank && x.rank() != Derived::kRank))
      throw this->error(str("expected an input of ", Derived::kRank ? Derived::kRank : 3,
                            Derived::kRank ? " axes" : " axes or more",
                            ", (batch, steps, ..., features), received shape ", x));
    std::vector<int64_t> step = x.vec();
    step.erase(step.begin() + 1);
    cell_->build_from({Shape(step)});
    if (flags().stateful) build_states(*this, x);
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    return run(*this, in, args, flags().go_backwards);
  }
  Tensors compute_mask(const Tensors& in, const Tensors& masks) override {
    if (!flags().return_sequences || masks.empty() || !masks[0].defined()) return {};
    // Masks go the way of the outputs; those of a ragged batch end where its rows do.
    return {flags().go_backwards && !in[0].is_ragged() ? flip(masks[0], 1) : masks[0]};
  }
  SequenceFlags flags() const override {
    const Options& o = this->o_;
    return {o.return_sequences, o.return_state, o.go_backwards, o.stateful, o.zero_output_for_mask};
  }
  bool reads_row_lengths() const override { return walks(); }
  void reset_state() override { forget(), cell_->reset_state(); }
  std::vector<Variable> states() const override { return kept_; }
  Config output_nesting() const override {
    const Config sizes = cell_->state_size();
    if (!flags().return_state || !sizes.is_list()) return {};
    Config out = Config::list({Config()});
    bool nested = false;
    for (const Config& s : sizes.as_list()) {
      nested |= s.is_list();
      out.push(s.is_list() ? Config(std::vector<Config>(flat_sizes(s).size())) : Config());
    }
    return nested ? out : Config();
  }
  void set_option(const std::string& name, const Config& value) override {
    BuiltIn<Derived, Options>::set_option(name, value);
    if (cell_->get_config().has(name) && name != "name") cell_->set_option(name, value);
  }
};

}  // namespace lamina
