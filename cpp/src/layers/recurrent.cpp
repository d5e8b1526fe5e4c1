// LSTM, and both directions at once.
#include <algorithm>

#include "layers/builtin.h"

namespace lamina {

namespace {

class LSTM : public BuiltIn<LSTM, LSTMOptions> {
 public:
  static constexpr const char* kName = "LSTM";
  static constexpr bool kMasking = true;
  explicit LSTM(const LSTMOptions& o) : BuiltIn(o) {
    require_positive("units", o.units);
    if (o.stateful)
      throw Error("LSTM: stateful is not supported; pass initial_state and use return_state",
                  Error::Kind::kUnsupported);
    if (o.recurrent_dropout != 0)
      throw Error("LSTM: recurrent_dropout is not supported; use dropout",
                  Error::Kind::kUnsupported);
    if (!(o.dropout >= 0 && o.dropout < 1))
      fail("LSTM: argument 'dropout' must lie in [0, 1), received ", o.dropout);
    if (o.dropout > 0) seed_ = &add_seed(o.seed);
  }
  void build(const std::vector<Shape>& shapes) override {
    require_rank(shapes[0], 3);
    int64_t n = last_axis(shapes[0]), h = o_.units;
    kernel_ = add_weight(
        {"kernel", {n, 4 * h}, o_.kernel_initializer, o_.kernel_regularizer, o_.kernel_constraint});
    recurrent_ = add_weight({"recurrent_kernel",
                             {h, 4 * h},
                             o_.recurrent_initializer,
                             o_.recurrent_regularizer,
                             o_.recurrent_constraint});
    if (!o_.use_bias) return;
    bias_ =
        add_weight({"bias", {4 * h}, o_.bias_initializer, o_.bias_regularizer, o_.bias_constraint});
    if (o_.unit_forget_bias) {  // the forget gate begins open
      Tensor first = o_.bias_initializer({h}, bias_.dtype()),
             rest = o_.bias_initializer({2 * h}, bias_.dtype());
      bias_.assign(concatenate({first, ones({h}, bias_.dtype()), rest}, 0));
    }
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    require_rank(in[0].shape(), 3);
    if (in[0].dim(2) != kernel_.shape()[0])
      throw error(
          str("last axis of the input must be ", kernel_.shape()[0], ", received ", in[0].shape()));
    if (args.mask().defined())
      throw Error(str(kName, " '", name_,
                      "': sequences with a mask are not supported yet; the mask "
                      "comes from Masking, Embedding(mask_zero=True) or the argument mask"),
                  Error::Kind::kUnsupported);
    Tensor x = in[0];
    if (args.training && o_.dropout > 0)  // one mask for all steps
      x = x * random::dropout(ones({x.dim(0), 1, x.dim(2)}, x.dtype()), o_.dropout, seed_);
    Tensor h0 = in.size() > 1 ? in[1] : args.tensor("initial_state/0"),
           c0 = in.size() > 2 ? in[2] : args.tensor("initial_state/1");
    Shape state = {x.dim(0), o_.units};
    if (!h0.defined()) h0 = zeros(state, x.dtype());
    if (!c0.defined()) c0 = zeros(state, x.dtype());
    if (!(h0.shape() == state) || !(c0.shape() == state))
      throw error(str("initial states must have shape ", state, ", received ", h0.shape(), " and ",
                      c0.shape()));
    bool standard = o_.activation.name() == "tanh" && o_.recurrent_activation.name() == "sigmoid";
    Tensors out = standard ? lstm(x, h0, c0, kernel_, recurrent_,
                                  bias_.defined() ? bias_.value() : Tensor{}, o_.go_backwards)
                           : unrolled(x, h0, c0);
    Tensor sequence = out[0];
    // Backwards, Keras gives the steps in the order in which they were taken.
    if (o_.go_backwards && o_.return_sequences) sequence = flip(sequence, 1);
    Tensor y = o_.return_sequences ? sequence : out[1];
    if (o_.return_state) return {y, out[1], out[2]};
    return {y};
  }
  Tensors compute_mask(const Tensors&, const Tensors& masks) override {
    return o_.return_sequences && !masks.empty() ? Tensors{masks[0]} : Tensors{};
  }

 private:
  // Other activations: step by step.
  Tensors unrolled(const Tensor& x, Tensor h, Tensor c) {
    Tensor z = matmul(x, kernel_);
    if (bias_.defined()) z = z + bias_.value();
    int64_t steps = x.dim(1);
    Tensors all(static_cast<size_t>(steps));
    for (int64_t s = 0; s < steps; ++s) {
      int64_t t = o_.go_backwards ? steps - 1 - s : s;
      Tensors gates = split(getitem(z, {Index(), Index(t)}) + matmul(h, recurrent_), 4, -1);
      Tensor i = o_.recurrent_activation(gates[0]), f = o_.recurrent_activation(gates[1]),
             o = o_.recurrent_activation(gates[3]);
      c = f * c + i * o_.activation(gates[2]);
      h = o * o_.activation(c);
      all[static_cast<size_t>(t)] = h;
    }
    return {stack(all, 1), h, c};
  }
  Variable kernel_, recurrent_, bias_;
  random::SeedGenerator* seed_ = nullptr;
};

class Bidirectional : public BuiltIn<Bidirectional, BidirectionalOptions> {
 public:
  static constexpr const char* kName = "Bidirectional";
  static constexpr bool kMasking = true;
  explicit Bidirectional(const BidirectionalOptions& o) : BuiltIn(o) {
    if (!o.layer.is_object())
      throw Error("Bidirectional: argument 'layer' must be a recurrent layer", Error::Kind::kType);
    if (o.merge_mode && *o.merge_mode != "concat" && *o.merge_mode != "sum" &&
        *o.merge_mode != "mul" && *o.merge_mode != "ave")
      fail("Bidirectional: argument 'merge_mode' must be concat, sum, mul, ave or None; received '",
           *o.merge_mode, "'");
    if (!o.weights.is_null())
      throw Error("Bidirectional: argument 'weights' is not supported; use set_weights()",
                  Error::Kind::kUnsupported);
    Config f = o.layer.at("config"),
           b = o.backward_layer.is_object() ? o.backward_layer.at("config") : f;
    std::string kind = o.layer.at("class_name").as_string(),
                name = f.has("name") && f.at("name").is_string() ? f.at("name").as_string()
                                                                 : to_snake_case(kind);
    sequences_ = f.has("return_sequences") && f.at("return_sequences").as_bool();
    state_ = f.has("return_state") && f.at("return_state").as_bool();
    if (!o.backward_layer.is_object()) {
      bool back = f.has("go_backwards") && f.at("go_backwards").as_bool();
      b.set("go_backwards", !back);
    }
    f.set("name", "forward_" + name), b.set("name", "backward_" + name);
    forward_ = track(make_layer(kind, f));
    backward_ = track(make_layer(
        o.backward_layer.is_object() ? o.backward_layer.at("class_name").as_string() : kind, b));
  }
  void build(const std::vector<Shape>& shapes) override {
    forward_->build_from(shapes), backward_->build_from(shapes);
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    Tensors first = in, second = in;
    if (in.size() > 1) {  // states of both directions
      size_t half = (in.size() - 1) / 2;
      first.assign(in.begin(), in.begin() + 1 + static_cast<int64_t>(half));
      second = {in[0]};
      second.insert(second.end(), in.begin() + 1 + static_cast<int64_t>(half), in.end());
    }
    Tensors a = (*forward_)(first, args, args.training),
            b = (*backward_)(second, args, args.training);
    Tensor y = a[0], z = b[0];
    if (sequences_) z = flip(z, 1);
    Tensors out;
    if (!o_.merge_mode)
      out = {y, z};
    else if (*o_.merge_mode == "concat")
      out = {concatenate({y, z}, -1)};
    else if (*o_.merge_mode == "sum")
      out = {y + z};
    else if (*o_.merge_mode == "mul")
      out = {y * z};
    else
      out = {(y + z) * Tensor(0.5)};
    if (state_) {
      out.insert(out.end(), a.begin() + 1, a.end());
      out.insert(out.end(), b.begin() + 1, b.end());
    }
    return out;
  }
  Tensors compute_mask(const Tensors&, const Tensors& masks) override {
    if (!sequences_ || masks.empty()) return {};
    return o_.merge_mode ? Tensors{masks[0]} : Tensors{masks[0], masks[0]};
  }
  Config get_config() const override {
    Config c = BuiltIn::get_config();
    c.erase("weights");
    return c;
  }

 private:
  LayerPtr forward_, backward_;
  bool sequences_ = false, state_ = false;
};

}  // namespace

void add_recurrent_layers(LayerClasses& out) {
  out.push_back(layer_class<LSTM>(R"(Long short-term memory (Hochreiter and Schmidhuber, 1997).

Args:
    units: Size of the state.
    activation, recurrent_activation: Of the cell and of the gates.
    use_bias: Whether to add a bias.
    kernel_initializer, recurrent_initializer, bias_initializer: First values of the weights.
    unit_forget_bias: Whether the forget gate's bias begins at 1 (Jozefowicz et al., 2015).
    kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer: Penalties.
    kernel_constraint, recurrent_constraint, bias_constraint: Projections after each update.
    return_sequences: The output of every step instead of the last.
    return_state: Also the last hidden and cell state.
    go_backwards: From the last step to the first.
    dropout: Share of the inputs to drop, the same ones for all steps.
    seed: Of dropout's random numbers; from the global generator by default.
    unroll: Taken for Keras's sake; the whole sequence is one operation.
    recurrent_dropout, stateful: Only 0 and False are supported.

Call arguments:
    initial_state: [h, c], each (batch, units); zeros by default.

Input shape: (batch, steps, features). Output shape: (batch, units), or (batch, steps, units).

Raises:
    ValueError: A wrong argument, or an input that is not (batch, steps, features).

Example:

>>> import lamina, numpy as np
>>> lamina.layers.LSTM(5, return_sequences=True)(np.zeros((2, 7, 3), "float32")).shape
(2, 7, 5))"));
  out.push_back(layer_class<Bidirectional>(
      R"(A recurrent layer in both directions (Schuster and Paliwal, 1997).

Args:
    layer: The recurrent layer.
    merge_mode: concat, sum, mul, ave, or None for both outputs.
    weights: Only None is supported; set_weights() takes forward ones first.
    backward_layer: For the other direction; a copy of `layer` by default.

Input shape: that of the layer. Output shape: the layer's, with twice its units for concat.)"));
}

}  // namespace lamina
