// RNN, SimpleRNN, LSTM and GRU.
#include "layers/recurrent.h"

#include <algorithm>

#include "lamina/ragged.h"
#include "layers/symbolic.h"

namespace lamina {

DrawnMasks::DrawnMasks(Layer& cell, bool training, const Shape& input, const Tensors& states) {
  if (!training) return;
  const std::vector<LayerPtr> alone = {cell.shared_from_this()};
  const auto* stack = dynamic_cast<StackedCells*>(&cell);
  Shape x = input;
  size_t next = 0;
  for (const LayerPtr& c : stack ? stack->cells() : alone) {
    if (auto* own = dynamic_cast<SequenceCell*>(c.get())) {
      own->draw_masks(x, states.at(next).shape());
      drawn_.push_back(own);
    }
    next += flat_sizes(c->state_size()).size();
    x = {x[0], c->output_size()};
  }
}
DrawnMasks::~DrawnMasks() {
  for (SequenceCell* cell : drawn_) cell->drop_masks();
}

namespace {

// x at step t.
Tensor at_step(const Tensor& x, int64_t t) { return getitem(x, {Index(), Index(t)}); }

// A mask (batch,) with as many axes as t.
Tensor like(const Tensor& mask, const Tensor& t) {
  return reshape(mask, [&] {
    Ints shape(static_cast<size_t>(t.rank()), 1);
    shape[0] = mask.dim(0);
    return shape;
  }());
}

// The whole sequence at once, cell after cell.
struct WholeResult {
  Tensor sequence, last;
  Tensors states;
};
WholeResult run_whole(const std::vector<LayerPtr>& cells, const SequenceCall& call,
                      const SequenceFlags& flags, bool in_step_order) {
  WholeResult out;
  Tensor x = call.x;
  size_t next = 0;
  for (const LayerPtr& layer : cells) {
    auto* cell = dynamic_cast<SequenceCell*>(layer.get());
    const size_t n = flat_sizes(layer->state_size()).size();
    const bool final = layer == cells.back();
    RecurrentWeights w = cell->weights(x);
    w.initial_state.assign(call.states.begin() + static_cast<int64_t>(next),
                           call.states.begin() + static_cast<int64_t>(next + n));
    next += n;
    RecurrentOptions o;
    o.cell = *cell->whole();
    o.go_backwards = flags.go_backwards;
    o.in_step_order = final && in_step_order;
    o.zero_output_for_mask = final && flags.zero_output_for_mask;
    o.return_sequences = !final || flags.return_sequences;
    const RecurrentResult r = recurrent(x, w, o, call.mask, call.row_lengths);
    x = r.sequence;
    out.states.insert(out.states.end(), r.states.begin(), r.states.end());
    out.last = r.states[0];
  }
  out.sequence = x;
  return out;
}

// The cells that a layer runs, where each does whole sequences; none otherwise.
std::vector<LayerPtr> whole_cells(Layer& cell) {
  const std::vector<LayerPtr> alone = {cell.shared_from_this()};
  const auto* stack = dynamic_cast<StackedCells*>(&cell);
  const std::vector<LayerPtr> cells = stack ? stack->cells() : alone;
  for (const LayerPtr& c : cells) {
    auto* own = dynamic_cast<SequenceCell*>(c.get());
    if (!own || !own->whole()) return {};
  }
  return cells;
}

}  // namespace

Tensors run_steps(Layer& cell, const SequenceCall& call, const SequenceFlags& flags,
                  bool in_step_order) {
  auto* own = dynamic_cast<SequenceCell*>(&cell);
  const Tensor inputs = own ? own->project(call.x) : call.x;
  const int64_t steps = call.x.dim(1);
  // For shapes alone one step is enough.
  const int64_t taken = shapes_only() ? std::min<int64_t>(steps, 1) : steps;
  Tensors states = call.states, outputs;
  Tensor last;
  // The output of a masked step is the one before; at first it is the first state (of stacked cells
  // that of the last), where that has its shape, as in Keras.
  size_t first_state = 0;
  if (auto* stack = dynamic_cast<StackedCells*>(&cell))
    first_state = states.size() - flat_sizes(stack->cells().back()->state_size()).size();
  for (int64_t s = 0; s < taken; ++s) {
    const int64_t t = flags.go_backwards ? steps - 1 - s : s;
    const Tensor x = at_step(inputs, t);
    Tensors given = {x};
    given.insert(given.end(), states.begin(), states.end());
    Tensors out = own ? own->step(x, states) : cell(given, CallArgs{}, call.training);
    if (out.size() != 1 + states.size())
      throw cell.error(str("a step must give an output and ", states.size(), " states, received ",
                           out.size(), " tensors"));
    Tensor y = out[0];
    if (call.mask.defined()) {
      const Tensor keep = at_step(call.mask, t);
      if (!last.defined())
        last = states[first_state].shape() == y.shape() ? states[first_state] : zeros_like(y);
      last = where(like(keep, y), y, last);
      y = flags.zero_output_for_mask ? where(like(keep, y), y, zeros_like(y)) : last;
      for (size_t i = 0; i < states.size(); ++i)
        states[i] = where(like(keep, states[i]), out[i + 1], states[i]);
    } else {
      states.assign(out.begin() + 1, out.end());
      last = y;
    }
    if (flags.return_sequences) outputs.push_back(y);
  }
  Tensor sequence;
  if (flags.go_backwards && !in_step_order) std::reverse(outputs.begin(), outputs.end());
  if (flags.return_sequences && !outputs.empty())
    sequence =
        taken == steps ? stack(outputs, 1) : repeat(expand_dims(outputs[0], {1}), {steps}, 1);
  Tensors out = {sequence, last};
  out.insert(out.end(), states.begin(), states.end());
  return out;
}

namespace {

// A ragged call as one on padded rows, with a mask of which steps masked before are part.
SequenceCall padded_rows(const SequenceCall& call) {
  SequenceCall out = call;
  out.x = pad_rows(call.x, call.row_lengths);
  out.mask = padding_mask(call.row_lengths);
  if (call.mask.defined()) out.mask = logical_and(out.mask, pad_rows(call.mask, call.row_lengths));
  out.row_lengths = {};
  return out;
}

}  // namespace

SequenceCell* RecurrentLayer::whole_cell() const {
  auto* own = dynamic_cast<SequenceCell*>(cell_.get());
  return own && own->whole() ? own : nullptr;
}

bool RecurrentLayer::walks() const { return whole_cells(*cell_).empty(); }

SequenceCall RecurrentLayer::prepare(const Layer& self, const Tensors& in, const CallArgs& args) {
  SequenceCall c;
  c.x = in[0], c.training = args.training;
  const int rank =
      static_cast<int>(self.build_shapes().empty() ? c.x.rank() : self.build_shapes()[0].rank());
  if (c.x.rank() != rank)
    throw self.error(str("expected an input of ", rank, " axes, received shape ", c.x.shape()));
  c.row_lengths = args.row_lengths();
  const int64_t rows = c.row_lengths.defined() ? c.row_lengths.dim(0) : c.x.dim(0);
  c.mask = args.mask();
  if (c.mask.defined()) {
    if (c.mask.rank() == 3 && c.mask.dim(2) == 1) c.mask = squeeze(c.mask, 2);
    const Shape expected = {c.x.dim(0), c.x.dim(1)};
    if (!(c.mask.shape() == expected))
      throw self.error(str("expected a mask of shape ", expected, ", received ", c.mask.shape()));
    c.mask = cast(c.mask, DType::kBool);
  }
  const SequenceFlags f = flags();
  if (f.stateful && !kept_.empty() && kept_[0].shape()[0] != rows)
    throw self.error(
        str("is stateful, so that every batch must be of the size of the first one. "
            "Expected ",
            kept_[0].shape()[0], " sequences, received ", rows));
  c.states.assign(in.begin() + 1, in.end());
  if (c.states.empty())
    if (Tensor only = args.tensor("initial_state"); only.defined()) c.states = {only};
  for (size_t i = 0; in.size() == 1; ++i) {
    Tensor t = args.tensor("initial_state/" + std::to_string(i));
    if (!t.defined()) break;
    c.states.push_back(t);
  }
  const Tensors zero = cell_->initial_states(rows);
  if (c.states.empty() && f.stateful)
    for (const Variable& v : kept_) c.states.push_back(copy(v));  // they are written at the end
  if (c.states.empty()) c.states = zero;
  if (c.states.size() != zero.size())
    throw self.error(str("expected ", zero.size(), " initial states, received ", c.states.size()));
  for (size_t i = 0; i < zero.size(); ++i) {
    if (!(c.states[i].shape() == zero[i].shape()))
      throw self.error(str("initial states must have shape ", zero[i].shape(), ", received ",
                           c.states[i].shape()));
    c.states[i] = cast(c.states[i], c.x.dtype());
  }
  return c;
}

Tensors RecurrentLayer::finish(const Tensor& sequence, const Tensor& last, const Tensors& states) {
  const SequenceFlags f = flags();
  if (f.stateful)
    for (size_t i = 0; i < kept_.size(); ++i) kept_[i].assign(stop_gradient(states[i]));
  Tensors out = {f.return_sequences ? sequence : last};
  if (f.return_state) out.insert(out.end(), states.begin(), states.end());
  return out;
}

Tensors RecurrentLayer::run(const Layer& self, const Tensors& in, const CallArgs& args,
                            bool in_step_order) {
  const SequenceCall c = prepare(self, in, args);
  std::vector<int64_t> step = c.x.shape().vec();
  step.erase(step.begin() + 1);
  step[0] = c.states[0].dim(0);
  const DrawnMasks masks(*cell_, c.training, Shape(step), c.states);
  if (const auto cells = whole_cells(*cell_); !cells.empty()) {
    const WholeResult r = run_whole(cells, c, flags(), in_step_order);
    return finish(r.sequence, r.last, r.states);
  }
  const bool ragged = c.row_lengths.defined();
  if (c.x.dim(1) == 0 && !ragged)
    throw self.error(str("received a sequence without steps, shape ", c.x.shape()));
  Tensors out = run_steps(*cell_, ragged ? padded_rows(c) : c, flags(), in_step_order);
  if (ragged && flags().return_sequences)
    out[0] = unpad_rows(out[0], c.row_lengths, c.x.dim(1), in_step_order && flags().go_backwards);
  return finish(out[0], out[1], Tensors(out.begin() + 2, out.end()));
}

void RecurrentLayer::build_states(const Layer& self, const Shape& input) {
  if (input[0] < 0)
    throw self.error(
        str("is stateful, so that the size of the batch must be known: give Input a "
            "batch_size. Received shape ",
            input));
  kept_.clear();
  for (const Tensor& s : cell_->initial_states(input[0])) kept_.emplace_back(s, "rnn_state", false);
}

void RecurrentLayer::forget() {
  for (const Variable& v : kept_) v.assign(zeros(v.shape(), v.dtype()));
}

namespace {

class RNN : public RecurrentBase<RNN, RNNOptions> {
 public:
  static constexpr const char* kName = "RNN";
  static constexpr int kRank = 0;  // 3 or more
  explicit RNN(const RNNOptions& o) : RecurrentBase(o) {
    try {
      if (o.cell.is_list()) {
        StackedRNNCellsOptions stack;
        stack.cells = o.cell;
        stack.name = unique_layer_name("StackedRNNCells");
        cell_ = track(make_layer("StackedRNNCells", write_options(stack)));
      } else {
        cell_ = track(shared_layer(o.cell));
      }
    } catch (const Error& e) {
      throw Error(str("RNN: argument 'cell': ", e.what()), e.kind());
    }
    if (cell_->state_size().is_null())
      throw Error(
          str("RNN: argument 'cell' must have a state_size, a number or a list of numbers; "
              "received a layer of class ",
              cell_->class_name()));
  }
  Config get_config() const override {
    Config c = RecurrentBase::get_config(), inner = serialize_layer(*cell_);
    inner.erase("build_shapes");  // it is built with this one, under its path
    c.set("cell", inner);
    return c;
  }
};

class SimpleRNN : public RecurrentBase<SimpleRNN, SimpleRNNOptions> {
 public:
  static constexpr const char* kName = "SimpleRNN";
  static constexpr int kRank = 3;
  explicit SimpleRNN(const SimpleRNNOptions& o) : RecurrentBase(o) {
    require_positive("units", o.units);
    cell_ = track(make_cell("SimpleRNNCell", "simple_rnn_cell", o));
  }
};

// What Python and files do not say of a layer.
Config without_cudnn(Config c) {
  c.erase("use_cudnn");
  return c;
}

class LSTM : public RecurrentBase<LSTM, LSTMOptions> {
 public:
  static constexpr const char* kName = "LSTM";
  static constexpr int kRank = 3;
  explicit LSTM(const LSTMOptions& o) : RecurrentBase(o) {
    require_positive("units", o.units);
    cell_ = track(make_cell("LSTMCell", "lstm_cell", o));
  }
  Config get_config() const override { return without_cudnn(RecurrentBase::get_config()); }
};

class GRU : public RecurrentBase<GRU, GRUOptions> {
 public:
  static constexpr const char* kName = "GRU";
  static constexpr int kRank = 3;
  explicit GRU(const GRUOptions& o) : RecurrentBase(o) {
    require_positive("units", o.units);
    cell_ = track(make_cell("GRUCell", "gru_cell", o));
  }
  Config get_config() const override { return without_cudnn(RecurrentBase::get_config()); }
};

}  // namespace

#define LAMINA_SEQUENCE_ARGUMENTS                                                                \
  "    return_sequences: The output of every step instead of the last.\n"                        \
  "    return_state: Also the last states.\n"                                                    \
  "    go_backwards: From the last step to the first; outputs come in the order of the steps.\n" \
  "    stateful: Whether a batch begins with the states in which the one before ended; see\n"    \
  "        reset_state().\n"                                                                     \
  "    unroll: Taken for Keras's sake; the whole sequence is one operation.\n"                   \
  "    zero_output_for_mask: Zeros as outputs of masked steps, instead of the output before.\n"
#define LAMINA_WEIGHT_ARGUMENTS                                                                    \
  "    kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer:\n"       \
  "        Penalties.\n"                                                                           \
  "    kernel_constraint, recurrent_constraint, bias_constraint: Projections after each update.\n" \
  "    dropout, recurrent_dropout: Shares of the inputs and of the state to drop, the same ones\n" \
  "        for all steps.\n"                                                                       \
  "    seed: Of dropout's random numbers; from the global generator by default.\n"
#define LAMINA_SEQUENCE_CALL                                                                 \
  "\n"                                                                                       \
  "Call arguments:\n"                                                                        \
  "    sequences: (batch, steps, features).\n"                                               \
  "    initial_state: A list of states, (batch, units) each; zeros by default.\n"            \
  "    mask: (batch, steps); a step where it is False leaves the state as it is and costs\n" \
  "        nothing.\n"                                                                       \
  "\n"                                                                                       \
  "Output shape: (batch, units), or (batch, steps, units).\n"                                \
  "\n"                                                                                       \
  "Raises:\n"                                                                                \
  "    ValueError: A wrong argument, or an input that is not (batch, steps, features).\n"

void add_recurrent_layers(LayerClasses& out) {
  out.push_back(layer_class<RNN>(R"(A recurrent layer around a cell.

A cell is a layer with call(inputs, states) that returns (output, new states), and an attribute
`state_size`, a number or a list of numbers; it may have `output_size` and
get_initial_state(batch_size). Written in Python it runs once for each step when a program is
captured, and then at full speed. Cells of lamina run as one operation over the whole sequence.

Args:
    cell: A cell, or a list of cells for StackedRNNCells.
)" LAMINA_SEQUENCE_ARGUMENTS LAMINA_SEQUENCE_CALL R"(
Example:

>>> import lamina, numpy as np
>>> layer = lamina.layers.RNN([lamina.layers.LSTMCell(8), lamina.layers.GRUCell(5)])
>>> layer(np.zeros((2, 7, 3), "float32")).shape
(2, 5))"));
  out.push_back(layer_class<SimpleRNN>(
      R"(Plain recurrent layer (Elman, 1990): h' = activation(x w + h u + b).

Args:
    units: Size of the state and of the output.
    activation: Of the sum. tanh and relu run as one operation, others step by step.
    use_bias: Whether to add a bias.
    kernel_initializer, recurrent_initializer, bias_initializer: First values of the weights.
)" LAMINA_WEIGHT_ARGUMENTS LAMINA_SEQUENCE_ARGUMENTS LAMINA_SEQUENCE_CALL R"(
Example:

>>> import lamina, numpy as np
>>> lamina.layers.SimpleRNN(5)(np.zeros((2, 7, 3), "float32")).shape
(2, 5))"));
  out.push_back(layer_class<LSTM>(R"(Long short-term memory (Hochreiter and Schmidhuber, 1997).

See `LSTMCell` for the formula.

Args:
    units: Size of each state and of the output.
    activation, recurrent_activation: Of the cell and of the gates. Other than tanh and sigmoid
        they run step by step.
    use_bias: Whether to add a bias.
    kernel_initializer, recurrent_initializer, bias_initializer: First values of the weights.
    unit_forget_bias: Whether the forget gate's bias begins at 1 (Jozefowicz et al., 2015).
)" LAMINA_WEIGHT_ARGUMENTS LAMINA_SEQUENCE_ARGUMENTS
                                  R"(    use_cudnn: Taken for Keras's sake.
)" LAMINA_SEQUENCE_CALL R"(
Example:

>>> import lamina, numpy as np
>>> lamina.layers.LSTM(5, return_sequences=True)(np.zeros((2, 7, 3), "float32")).shape
(2, 7, 5))"));
  out.push_back(layer_class<GRU>(
      R"(Gated recurrent units (Cho et al., 2014).

See `GRUCell` for the formula.

Args:
    units: Size of the state and of the output.
    activation, recurrent_activation: Of the candidate and of the gates. Other than tanh and sigmoid
        they run step by step.
    use_bias: Whether to add a bias.
    kernel_initializer, recurrent_initializer, bias_initializer: First values of the weights.
)" LAMINA_WEIGHT_ARGUMENTS LAMINA_SEQUENCE_ARGUMENTS
      R"(    reset_after: Whether the reset gate acts after the product with the state, with a second bias.
    use_cudnn: Taken for Keras's sake.
)" LAMINA_SEQUENCE_CALL R"(
Example:

>>> import lamina, numpy as np
>>> y, h = lamina.layers.GRU(5, return_sequences=True, return_state=True)(np.zeros((2, 7, 3)))
>>> y.shape, h.shape
((2, 7, 5), (2, 5)))"));
}

}  // namespace lamina
