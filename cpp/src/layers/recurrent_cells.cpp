// Cells: one step of a recurrent layer.
#include "layers/recurrent.h"

namespace lamina {

namespace {

// What the three cells share. Derived gives kGates, bias_shape() and step().
template <class Derived, class Options>
class GatedCell : public BuiltIn<Derived, Options>, public SequenceCell {
 public:
  explicit GatedCell(const Options& o) : BuiltIn<Derived, Options>(o) {
    this->require_positive("units", o.units);
    this->require_share("dropout", o.dropout);
    this->require_share("recurrent_dropout", o.recurrent_dropout);
    if (o.dropout > 0 || o.recurrent_dropout > 0) seed_ = &this->add_seed(o.seed);
  }
  void build(const std::vector<Shape>& shapes) override {
    const auto& o = this->o_;
    const int64_t n = this->last_axis(shapes[0]), h = o.units, gates = Derived::kGates * h;
    kernel_ = this->add_weight(
        {"kernel", {n, gates}, o.kernel_initializer, o.kernel_regularizer, o.kernel_constraint});
    recurrent_ = this->add_weight({"recurrent_kernel",
                                   {h, gates},
                                   o.recurrent_initializer,
                                   o.recurrent_regularizer,
                                   o.recurrent_constraint});
    if (!o.use_bias) return;
    bias_ = this->add_weight({"bias", static_cast<Derived*>(this)->bias_shape(), o.bias_initializer,
                              o.bias_regularizer, o.bias_constraint});
    static_cast<Derived*>(this)->start_bias();
  }
  void start_bias() {}

  Tensors call(const Tensors& in, const CallArgs& args) override {
    const size_t states = flat_sizes(this->state_size()).size();
    if (in.size() != 1 + states)
      throw this->error(str("takes an input and ", states, states > 1 ? " states" : " state",
                            ", received ", in.size(), in.size() > 1 ? " tensors" : " tensor"));
    const bool own = args.training && masks_.inputs.empty() && masks_.states.empty();
    if (own) draw_masks(in[0].shape(), in[1].shape());
    const Tensors out = step(project(in[0]), Tensors(in.begin() + 1, in.end()));
    if (own) drop_masks();
    return out;
  }
  Config output_nesting() const override {
    return Config::list({Config(), std::vector<Config>(flat_sizes(this->state_size()).size())});
  }

  Tensor project(const Tensor& given) const override {
    check_features(given);
    const Tensor input_bias = static_cast<const Derived*>(this)->input_bias();
    const Tensors& masks = masks_.inputs;
    if (masks.size() <= 1)
      return dense(masks.empty() ? given : masked(given, 0), kernel_, input_bias);
    Tensors parts, kernels = split(kernel_, Derived::kGates, 1);
    for (size_t g = 0; g < masks.size(); ++g) parts.push_back(matmul(masked(given, g), kernels[g]));
    const Tensor sums = concatenate(parts, -1);
    return input_bias.defined() ? sums + input_bias : sums;
  }
  RecurrentWeights weights(Tensor& x) const override {
    check_features(x);
    RecurrentWeights w;
    w.recurrent_kernel = recurrent_;
    if (bias_.defined()) w.bias = bias_;
    if (!masks_.states.empty()) w.state_mask = stack(masks_.states, 0);
    if (masks_.inputs.size() <= 1) {
      w.kernel = kernel_;
      if (!masks_.inputs.empty()) x = masked(x, 0);
      return w;
    }
    // A mask for each gate: the product with the inputs is made here.
    Tensors parts, kernels = split(kernel_, Derived::kGates, 1);
    for (size_t g = 0; g < masks_.inputs.size(); ++g)
      parts.push_back(matmul(masked(x, g), kernels[g]));
    x = concatenate(parts, -1);
    return w;
  }
  // As Keras: one mask for all gates, but one for each as soon as there is recurrent dropout.
  void draw_masks(const Shape& input, const Shape& state) override {
    const auto& o = this->o_;
    const int64_t each = o.recurrent_dropout > 0 ? Derived::kGates : 1;
    const auto draw = [&](const Shape& shape, double rate, Tensors& out) {
      for (int64_t g = 0; rate > 0 && g < each; ++g)
        out.push_back(rate < 1 ? random::dropout(ones(shape, this->dtype_), rate, seed_)
                               : ones(shape, this->dtype_));
    };
    draw(input, o.dropout, masks_.inputs);
    draw(state, o.recurrent_dropout, masks_.states);
  }
  void drop_masks() override { masks_ = {}; }
  bool drops_inputs() const override { return this->o_.dropout > 0; }

 protected:
  // h times the recurrent weights of gates [first, first + count), each with its mask.
  Tensor product(const Tensor& h, int64_t first, int64_t count) const {
    if (masks_.states.empty() && count == Derived::kGates) return matmul(h, recurrent_);
    const Tensors kernels = split(recurrent_, Derived::kGates, 1);
    Tensors parts;
    for (int64_t g = first; g < first + count; ++g)
      parts.push_back(matmul(masked_state(h, g), kernels[static_cast<size_t>(g)]));
    return parts.size() == 1 ? parts[0] : concatenate(parts, -1);
  }
  Tensor masked_state(const Tensor& h, int64_t gate) const {
    return masks_.states.empty() ? h : h * masks_.states[static_cast<size_t>(gate)];
  }
  Tensor weight_of(const Variable& v) const { return v.defined() ? v.value() : Tensor(); }

  Variable kernel_, recurrent_, bias_;

 private:
  void check_features(const Tensor& x) const {
    if (x.dim(-1) != kernel_.shape()[0])
      throw this->error(
          str("last axis of the input must be ", kernel_.shape()[0], ", received ", x.shape()));
  }
  Tensor masked(const Tensor& x, size_t g) const {
    const Tensor& mask = masks_.inputs[g];
    return x * (x.rank() > mask.rank() ? expand_dims(mask, {1}) : mask);
  }
  struct {
    Tensors inputs, states;  // one for all gates, or one for each
  } masks_;
  random::SeedGenerator* seed_ = nullptr;
};

bool standard(const Activation& activation, const Activation& recurrent) {
  return activation.name() == "tanh" && recurrent.name() == "sigmoid";
}

class SimpleRNNCell : public GatedCell<SimpleRNNCell, SimpleRNNCellOptions> {
 public:
  static constexpr const char* kName = "SimpleRNNCell";
  static constexpr int64_t kGates = 1;
  using GatedCell::GatedCell;
  Config state_size() const override { return o_.units; }
  Shape bias_shape() const { return {o_.units}; }
  Tensor input_bias() const { return weight_of(bias_); }
  std::optional<RecurrentCell> whole() const override {
    if (o_.activation.name() == "tanh") return RecurrentCell::kTanh;
    if (o_.activation.name() == "relu") return RecurrentCell::kRelu;
    return {};
  }
  Tensors step(const Tensor& sums, const Tensors& states) const override {
    const Tensor h = o_.activation(sums + product(states[0], 0, 1));
    return {h, h};
  }
};

class LSTMCell : public GatedCell<LSTMCell, LSTMCellOptions> {
 public:
  static constexpr const char* kName = "LSTMCell";
  static constexpr int64_t kGates = 4;
  using GatedCell::GatedCell;
  Config state_size() const override { return Config::list({o_.units, o_.units}); }
  Shape bias_shape() const { return {4 * o_.units}; }
  Tensor input_bias() const { return weight_of(bias_); }
  void start_bias() {
    if (!o_.unit_forget_bias) return;  // the forget gate begins open
    const Tensor first = o_.bias_initializer({o_.units}, bias_.dtype()),
                 rest = o_.bias_initializer({2 * o_.units}, bias_.dtype());
    bias_.assign(concatenate({first, ones({o_.units}, bias_.dtype()), rest}, 0));
  }
  std::optional<RecurrentCell> whole() const override {
    if (!standard(o_.activation, o_.recurrent_activation)) return {};
    return RecurrentCell::kLstm;
  }
  Tensors step(const Tensor& sums, const Tensors& states) const override {
    const Tensors gates = split(sums + product(states[0], 0, 4), 4, -1);
    const Tensor i = o_.recurrent_activation(gates[0]), f = o_.recurrent_activation(gates[1]),
                 o = o_.recurrent_activation(gates[3]);
    const Tensor c = f * states[1] + i * o_.activation(gates[2]);
    const Tensor h = o * o_.activation(c);
    return {h, h, c};
  }
};

class GRUCell : public GatedCell<GRUCell, GRUCellOptions> {
 public:
  static constexpr const char* kName = "GRUCell";
  static constexpr int64_t kGates = 3;
  using GatedCell::GatedCell;
  Config state_size() const override { return o_.units; }
  Shape bias_shape() const { return o_.reset_after ? Shape{2, 3 * o_.units} : Shape{3 * o_.units}; }
  Tensor input_bias() const {
    return bias_.defined() && o_.reset_after ? getitem(bias_, {Index(0)}) : weight_of(bias_);
  }
  std::optional<RecurrentCell> whole() const override {
    if (!standard(o_.activation, o_.recurrent_activation)) return {};
    return o_.reset_after ? RecurrentCell::kGru : RecurrentCell::kGruResetBefore;
  }
  Tensors step(const Tensor& sums, const Tensors& states) const override {
    const Tensor& h = states[0];
    const Tensors x = split(sums, 3, -1);
    Tensor z, r, n;
    if (o_.reset_after) {
      Tensor p = product(h, 0, 3);
      if (bias_.defined()) p = p + getitem(bias_, {Index(1)});
      const Tensors parts = split(p, 3, -1);
      z = o_.recurrent_activation(x[0] + parts[0]), r = o_.recurrent_activation(x[1] + parts[1]);
      n = o_.activation(x[2] + r * parts[2]);
    } else {
      const Tensors parts = split(product(h, 0, 2), 2, -1);
      z = o_.recurrent_activation(x[0] + parts[0]), r = o_.recurrent_activation(x[1] + parts[1]);
      n = o_.activation(x[2] + product(r * h, 2, 1));
    }
    const Tensor y = z * h + (Tensor(1) - z) * n;
    return {y, y};
  }
};

class StackedRNNCells : public BuiltIn<StackedRNNCells, StackedRNNCellsOptions>,
                        public StackedCells {
 public:
  static constexpr const char* kName = "StackedRNNCells";
  explicit StackedRNNCells(const StackedRNNCellsOptions& o) : BuiltIn(o) {
    if (!o.cells.is_list() || o.cells.size() == 0)
      throw Error("StackedRNNCells: argument 'cells' must be a list of cells", Error::Kind::kType);
    for (const Config& c : o.cells.as_list()) {
      cells_.push_back(track(shared_layer(c)));
      if (cells_.back()->state_size().is_null())
        throw Error(
            str("StackedRNNCells: argument 'cells' must hold cells with a state_size, "
                "received a layer of class ",
                cells_.back()->class_name()));
    }
  }
  const std::vector<LayerPtr>& cells() const override { return cells_; }
  bool casts_inputs() const override { return false; }  // each cell does
  void build(const std::vector<Shape>& shapes) override {
    std::vector<int64_t> input = shapes[0].vec();
    for (const LayerPtr& cell : cells_) {
      cell->build_from({Shape(input)});
      input = {input[0], cell->output_size()};
    }
  }
  // A list for each cell, of one state too where the cell is lamina's own.
  Config state_size() const override {
    Config out = Config::list();
    for (const LayerPtr& cell : cells_) {
      const Config sizes = cell->state_size();
      const bool own = dynamic_cast<SequenceCell*>(cell.get()) != nullptr;
      out.push(own && !sizes.is_list() ? Config::list({sizes}) : sizes);
    }
    return out;
  }
  int64_t output_size() const override { return cells_.back()->output_size(); }
  Tensors initial_states(int64_t batch) override {
    Tensors out;
    for (const LayerPtr& cell : cells_)
      for (const Tensor& s : cell->initial_states(batch)) out.push_back(s);
    return out;
  }
  Config output_nesting() const override {
    Config states = Config::list();
    for (const Config& sizes : state_size().as_list())
      states.push(sizes.is_list() ? Config(std::vector<Config>(flat_sizes(sizes).size()))
                                  : Config());
    return Config::list({Config(), cells_.size() == 1 ? states[0] : states});
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    Tensor y = in[0];
    Tensors all;
    size_t next = 1;
    for (const LayerPtr& cell : cells_) {
      const size_t n = flat_sizes(cell->state_size()).size();
      if (next + n > in.size())
        throw error(str("expected the states of ", cells_.size(), " cells, received ",
                        in.size() - 1, " tensors"));
      Tensors one = {y};
      one.insert(one.end(), in.begin() + static_cast<int64_t>(next),
                 in.begin() + static_cast<int64_t>(next + n));
      next += n;
      Tensors out = (*cell)(one, CallArgs{}, args.training);
      y = out[0];
      all.insert(all.end(), out.begin() + 1, out.end());
    }
    all.insert(all.begin(), y);
    return all;
  }
  Config get_config() const override {
    Config c = BuiltIn::get_config(), list = Config::list();
    for (const LayerPtr& cell : cells_) {
      Config inner = serialize_layer(*cell);
      inner.erase("build_shapes");
      list.push(inner);
    }
    c.set("cells", list);
    return c;
  }

 private:
  std::vector<LayerPtr> cells_;
};

}  // namespace

#define LAMINA_CELL_CALL                                     \
  "\n"                                                       \
  "Call arguments:\n"                                        \
  "    inputs: One step, (batch, features).\n"               \
  "    states: The states before it, (batch, units) each.\n" \
  "\n"                                                       \
  "Output: (output, states), of (batch, units) each.\n"      \
  "\n"                                                       \
  "Raises:\n"                                                \
  "    ValueError: A wrong argument, or an input of another number of features.\n"

void add_recurrent_cells(LayerClasses& out) {
  out.push_back(layer_class<SimpleRNNCell>(
      R"(One step of a plain recurrent layer (Elman, 1990): h' = activation(x w + h u + b).

Args:
    units: Size of the state and of the output.
    activation: Of the sum.
    use_bias: Whether to add a bias.
    kernel_initializer, recurrent_initializer, bias_initializer: First values of the weights.
    kernel_regularizer, recurrent_regularizer, bias_regularizer: Penalties.
    kernel_constraint, recurrent_constraint, bias_constraint: Projections after each update.
    dropout, recurrent_dropout: Shares of the inputs and of the state to drop.
    seed: Of dropout's random numbers; from the global generator by default.
)" LAMINA_CELL_CALL R"(
Example:

>>> import lamina, numpy as np
>>> cell = lamina.layers.SimpleRNNCell(4)
>>> y, [h] = cell(np.zeros((2, 3), "float32"), [np.zeros((2, 4), "float32")])
>>> y.shape
(2, 4))"));
  out.push_back(layer_class<LSTMCell>(
      R"(One step of an LSTM (Hochreiter and Schmidhuber, 1997).

i, f, o = recurrent_activation(x w + h u + b), g = activation(x w + h u + b), each with its own
weights; c' = f c + i g and h' = o activation(c').

Args:
    units: Size of each state and of the output.
    activation, recurrent_activation: Of the cell and of the gates.
    use_bias: Whether to add a bias.
    kernel_initializer, recurrent_initializer, bias_initializer: First values of the weights.
    unit_forget_bias: Whether the forget gate's bias begins at 1 (Jozefowicz et al., 2015).
    kernel_regularizer, recurrent_regularizer, bias_regularizer: Penalties.
    kernel_constraint, recurrent_constraint, bias_constraint: Projections after each update.
    dropout, recurrent_dropout: Shares of the inputs and of the state to drop.
    seed: Of dropout's random numbers; from the global generator by default.
)" LAMINA_CELL_CALL R"(
Example:

>>> import lamina, numpy as np
>>> state = np.zeros((2, 4), "float32")
>>> y, [h, c] = lamina.layers.LSTMCell(4)(np.zeros((2, 3), "float32"), [state, state])
>>> c.shape
(2, 4))"));
  out.push_back(layer_class<GRUCell>(
      R"(One step of a gated recurrent unit (Cho et al., 2014).

z, r = recurrent_activation(x w + h u + b); n = activation(x w + b + r (h u + b')), or
activation(x w + (r h) u + b) without reset_after; h' = z h + (1 - z) n.

Args:
    units: Size of the state and of the output.
    activation, recurrent_activation: Of the candidate and of the gates.
    use_bias: Whether to add a bias.
    kernel_initializer, recurrent_initializer, bias_initializer: First values of the weights.
    kernel_regularizer, recurrent_regularizer, bias_regularizer: Penalties.
    kernel_constraint, recurrent_constraint, bias_constraint: Projections after each update.
    dropout, recurrent_dropout: Shares of the inputs and of the state to drop.
    reset_after: Whether the reset gate acts after the product with the state, with a second bias.
    seed: Of dropout's random numbers; from the global generator by default.
)" LAMINA_CELL_CALL R"(
Example:

>>> import lamina, numpy as np
>>> cell = lamina.layers.GRUCell(4)
>>> y, [h] = cell(np.zeros((2, 3), "float32"), [np.zeros((2, 4), "float32")])
>>> y.shape
(2, 4))"));
  out.push_back(layer_class<StackedRNNCells>(
      R"(Cells one after the other, as one cell of a recurrent layer.

Args:
    cells: The cells. Each one's output is the input of the next.

Call arguments:
    inputs: One step, (batch, features).
    states: A list of the states of each cell.

Example:

>>> import lamina, numpy as np
>>> cells = lamina.layers.StackedRNNCells([lamina.layers.GRUCell(4), lamina.layers.LSTMCell(5)])
>>> lamina.layers.RNN(cells)(np.zeros((2, 7, 3), "float32")).shape
(2, 5))"));
}

}  // namespace lamina
