// Convolutional LSTMs: the products of an LSTM are convolutions.
#include "layers/recurrent.h"

namespace lamina {

namespace {

// The cell is a layer of its own so that weights have Keras's paths; it has no class in the table.
class ConvLSTMCell : public Layer, public SequenceCell {
 public:
  ConvLSTMCell(const ConvLSTMOptions& o, int rank)
      : Layer({"conv_lstm_cell", o.trainable, o.dtype}), o_(o), rank_(rank) {
    for (auto [rate, name] :
         {std::pair{o.dropout, "dropout"}, std::pair{o.recurrent_dropout, "recurrent_dropout"}})
      if (!(rate >= 0 && rate <= 1))
        throw Error(str("ConvLSTM", rank, "D: argument '", name,
                        "' must be a number between 0 and 1, received ", rate));
    if (o.dropout > 0 || o.recurrent_dropout > 0) seed_ = &add_seed(o.seed);
  }
  std::string class_name() const override { return "ConvLSTMCell"; }
  Config state_size() const override { return Config::list({o_.filters, o_.filters}); }

  void build(const std::vector<Shape>& shapes) override {
    const Shape& x = shapes[0];
    const int first = channels_first() ? 2 : 1;
    const int64_t channels = x[channels_first() ? 1 : -1];
    state_ = Shape(std::vector<int64_t>(static_cast<size_t>(x.rank()), o_.filters));
    for (int d = 0; d < rank_; ++d) {
      const size_t i = static_cast<size_t>(d);
      const int64_t n = x[first + d], reach = (o_.kernel_size[i] - 1) * o_.dilation_rate[i] + 1;
      if (n < 0 || channels < 0)
        throw error(
            str("needs an input whose rows, columns and channels are known, received shape ", x));
      const int64_t places = o_.padding == "same" ? n : n - reach + 1;
      if (places < 1) throw error(str("the kernel is larger than the input, which has shape ", x));
      state_[first + d] = (places + o_.strides[i] - 1) / o_.strides[i];
    }
    std::vector<int64_t> kernel = o_.kernel_size, recurrent = o_.kernel_size;
    kernel.push_back(channels), recurrent.push_back(o_.filters);
    for (auto* shape : {&kernel, &recurrent}) shape->push_back(4 * o_.filters);
    kernel_ = add_weight({"kernel", Shape(kernel), o_.kernel_initializer, o_.kernel_regularizer,
                          o_.kernel_constraint});
    recurrent_ = add_weight({"recurrent_kernel", Shape(recurrent), o_.recurrent_initializer,
                             o_.recurrent_regularizer, o_.recurrent_constraint});
    if (!o_.use_bias) return;
    bias_ = add_weight(
        {"bias", {4 * o_.filters}, o_.bias_initializer, o_.bias_regularizer, o_.bias_constraint});
    if (!o_.unit_forget_bias) return;
    const Tensor start = o_.bias_initializer({o_.filters}, bias_.dtype()),
                 rest = o_.bias_initializer({2 * o_.filters}, bias_.dtype());
    bias_.assign(concatenate({start, ones({o_.filters}, bias_.dtype()), rest}, 0));
  }
  Tensors initial_states(int64_t batch) override {
    Shape s = state_;
    s[0] = batch;
    return {zeros(s, dtype_), zeros(s, dtype_)};
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    return step(project(in[0]), Tensors(in.begin() + 1, in.end()));
  }

  std::optional<RecurrentCell> whole() const override { return {}; }
  RecurrentWeights weights(Tensor&) const override { return {}; }
  // All steps are one batch of images.
  Tensor project(const Tensor& x) const override {
    if (x.rank() == rank_ + 2) return convolve_inputs(x);
    const Shape& s = x.shape();
    std::vector<int64_t> images = {s[0] * s[1]}, out = {s[0], s[1]};
    for (int d = 2; d < s.rank(); ++d) images.push_back(s[d]);
    Tensors parts;
    for (size_t g = 0; g < std::max<size_t>(inputs_.size(), 1); ++g) {
      const Tensor masked = inputs_.empty() ? x : x * expand_dims(inputs_[g], {1});
      parts.push_back(convolve(reshape(masked, images), g));
    }
    const Tensor y = parts.size() == 1 ? parts[0] : concatenate(parts, axis());
    for (int d = 1; d < y.rank(); ++d) out.push_back(y.dim(d));
    return reshape(y, out);
  }
  Tensors step(const Tensor& sums, const Tensors& states) const override {
    const Tensors gates = split(sums + convolve_state(states[0]), 4, axis());
    const Tensor i = o_.recurrent_activation(gates[0]), f = o_.recurrent_activation(gates[1]),
                 o = o_.recurrent_activation(gates[3]);
    const Tensor c = f * states[1] + i * o_.activation(gates[2]);
    const Tensor h = o * o_.activation(c);
    return {h, h, c};
  }
  void draw_masks(const Shape& input, const Shape& state) override {
    const auto draw = [&](const Shape& shape, double rate, Tensors& out) {
      for (int g = 0; rate > 0 && rate < 1 && g < 4; ++g)
        out.push_back(random::dropout(ones(shape, dtype_), rate, seed_));
    };
    draw(input, o_.dropout, inputs_);
    draw(state, o_.recurrent_dropout, states_);
  }
  void drop_masks() override { inputs_.clear(), states_.clear(); }
  bool drops_inputs() const override { return o_.dropout > 0; }

 private:
  bool channels_first() const { return o_.data_format == "channels_first"; }
  int axis() const { return channels_first() ? 1 : -1; }
  Tensor convolve_inputs(const Tensor& x) const {
    Tensors parts;
    for (size_t g = 0; g < std::max<size_t>(inputs_.size(), 1); ++g)
      parts.push_back(convolve(inputs_.empty() ? x : x * inputs_[g], g));
    return parts.size() == 1 ? parts[0] : concatenate(parts, axis());
  }
  // The inputs of all gates, or of gate g where each has a mask.
  Tensor convolve(const Tensor& x, size_t g) const {
    ConvOptions o;
    o.strides = o_.strides, o.padding = o_.padding, o.data_format = o_.data_format;
    o.dilation_rate = o_.dilation_rate;
    Tensor kernel = kernel_, bias = bias_.defined() ? bias_.value() : Tensor();
    if (!inputs_.empty()) {
      kernel = split(kernel, 4, -1)[g];
      if (bias.defined()) bias = split(bias, 4, 0)[g];
    }
    return conv(x, kernel, o, bias);
  }
  Tensor convolve_state(const Tensor& h) const {
    ConvOptions o;
    o.padding = "same", o.data_format = o_.data_format;
    if (states_.empty()) return conv(h, recurrent_, o);
    const Tensors kernels = split(recurrent_, 4, -1);
    Tensors parts;
    for (size_t g = 0; g < 4; ++g) parts.push_back(conv(h * states_[g], kernels[g], o));
    return concatenate(parts, axis());
  }

  ConvLSTMOptions o_;
  int rank_;
  Shape state_;
  Variable kernel_, recurrent_, bias_;
  Tensors inputs_, states_;  // dropout's masks, one a gate
  random::SeedGenerator* seed_ = nullptr;
};

template <int kAxes>
class ConvLSTM : public RecurrentBase<ConvLSTM<kAxes>, ConvLSTMOptions> {
 public:
  static constexpr const char* kName = kAxes == 1   ? "ConvLSTM1D"
                                       : kAxes == 2 ? "ConvLSTM2D"
                                                    : "ConvLSTM3D";
  static constexpr int kRank = kAxes + 3;
  explicit ConvLSTM(const ConvLSTMOptions& given)
      : RecurrentBase<ConvLSTM<kAxes>, ConvLSTMOptions>(given) {
    auto& o = this->o_;
    this->require_positive("filters", o.filters);
    o.kernel_size = this->each("kernel_size", o.kernel_size, kAxes);
    o.strides = this->each("strides", o.strides, kAxes);
    o.dilation_rate = this->each("dilation_rate", o.dilation_rate, kAxes);
    o.data_format = this->format(o.data_format);
    if (o.padding != "valid" && o.padding != "same")
      throw Error(
          str(kName, ": argument 'padding' must be valid or same, received '", o.padding, "'"));
    for (size_t d = 0; d < o.strides.size(); ++d)
      for (int64_t dilation : o.dilation_rate)
        if (o.strides[d] > 1 && dilation > 1)
          throw Error(str(kName, ": strides > 1 and dilation_rate > 1 do not go together"));
    this->cell_ = this->track(std::make_shared<ConvLSTMCell>(o, kAxes));
  }
  void set_option(const std::string& name, const Config& value) override {
    BuiltIn<ConvLSTM<kAxes>, ConvLSTMOptions>::set_option(name, value);
  }
};

const char* const kDoc =
    R"(An LSTM whose products are convolutions, over images that change in time (Shi et al., 2015).

See `LSTMCell` for the formula; x w and h u are convolutions, the latter with padding "same".

Args:
    filters: Channels of each state and of the output.
    kernel_size, strides, dilation_rate: A number for each spatial axis, or one for all.
    padding: valid or same.
    data_format: channels_last or channels_first.
    activation, recurrent_activation: Of the cell and of the gates.
    use_bias: Whether to add a bias.
    kernel_initializer, recurrent_initializer, bias_initializer: First values of the weights.
    unit_forget_bias: Whether the forget gate's bias begins at 1 (Jozefowicz et al., 2015).
    kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer:
        Penalties.
    kernel_constraint, recurrent_constraint, bias_constraint: Projections after each update.
    dropout, recurrent_dropout: Shares of the inputs and of the state to drop, the same ones
        for all steps.
    seed: Of dropout's random numbers; from the global generator by default.
    return_sequences: The output of every step instead of the last.
    return_state: Also the last states.
    go_backwards: From the last step to the first; outputs come in the order of the steps.
    stateful: Whether a batch begins with the states in which the one before ended; see
        reset_state().
    unroll: Taken for Keras's sake.
    zero_output_for_mask: Zeros as outputs of masked steps, instead of the output before.

Call arguments:
    sequences: (batch, steps, ..., channels).
    initial_state: [h, c], each (batch, ..., filters); zeros by default.
    mask: (batch, steps); a step where it is False leaves the state as it is.

Output shape: (batch, ..., filters), or (batch, steps, ..., filters).

Raises:
    ValueError: A wrong argument or shape.)";

}  // namespace

void add_conv_lstm_layers(LayerClasses& out) {
  out.push_back(layer_class<ConvLSTM<1>>(kDoc));
  out.push_back(layer_class<ConvLSTM<2>>(kDoc));
  out.push_back(layer_class<ConvLSTM<3>>(kDoc));
}

}  // namespace lamina
