// Bidirectional and TimeDistributed.
#include "lamina/ragged.h"
#include "layers/recurrent.h"
#include "layers/wrapper.h"

namespace lamina {

namespace {

class Bidirectional : public BuiltIn<Bidirectional, BidirectionalOptions> {
 public:
  static constexpr const char* kName = "Bidirectional";
  static constexpr bool kMasking = true;
  static constexpr bool kRagged = true;
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
    forward_ = track(copy_of(o.layer, "forward_", false));
    backward_ = track(o.backward_layer.is_object() ? copy_of(o.backward_layer, "", false)
                                                   : copy_of(o.layer, "backward_", true));
    const Config there = forward_->get_config(), back = backward_->get_config();
    if (flag(there, "go_backwards") == flag(back, "go_backwards"))
      throw Error(str("Bidirectional: the two layers must have different go_backwards, received ",
                      flag(there, "go_backwards") ? "True" : "False", " for both"));
    for (const char* name : {"stateful", "return_sequences", "return_state"})
      if (flag(there, name) != flag(back, name))
        throw Error(str("Bidirectional: the two layers must have the same ", name));
    sequences_ = flag(there, "return_sequences"), state_ = flag(there, "return_state");
  }
  void build(const std::vector<Shape>& shapes) override {
    forward_->build_from(shapes), backward_->build_from(shapes);
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    Tensors first = {in[0]}, second = {in[0]};
    Tensors states(in.begin() + 1, in.end());
    CallArgs rest = args;
    std::erase_if(rest.tensors, [&](auto& named) {
      const bool state = named.first.rfind("initial_state", 0) == 0;
      if (state && in.size() == 1) states.push_back(named.second);
      return state;
    });
    if (states.size() % 2)
      throw error(str("expected initial states of both directions, received ", states.size()));
    const auto middle = states.begin() + static_cast<int64_t>(states.size() / 2);
    first.insert(first.end(), states.begin(), middle);
    second.insert(second.end(), middle, states.end());
    auto [a, b] = both(first, second, rest);
    const Tensor &y = a[0], &z = b[0];
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
  std::vector<Variable> states() const override {
    std::vector<Variable> out = forward_->states();
    for (const Variable& v : backward_->states()) out.push_back(v);
    return out;
  }
  Config get_config() const override {
    Config c = BuiltIn::get_config();
    c.erase("weights");
    for (auto [name, layer] : {std::pair{"layer", forward_}, {"backward_layer", backward_}}) {
      Config inner = serialize_layer(*layer);
      inner.erase("build_shapes");
      c.set(name, inner);
    }
    return c;
  }

 private:
  static bool flag(const Config& c, const char* name) {
    const Config* v = c.find(name);
    return v && v->is_bool() && v->as_bool();
  }
  // A layer like the one given, whose name begins with `prefix`.
  static LayerPtr copy_of(const Config& given, const std::string& prefix, bool backwards) {
    const std::string kind = given.at("class_name").as_string();
    Config c = given.at("config");
    std::string name =
        c.has("name") && c.at("name").is_string() ? c.at("name").as_string() : to_snake_case(kind);
    if (!prefix.empty() && name.rfind(prefix, 0) == 0) name = name.substr(prefix.size());
    c.set("name", prefix + name);
    if (backwards) c.set("go_backwards", true);
    // Outputs of the two are merged: where a step is masked they say nothing.
    if (c.has("zero_output_for_mask")) c.set("zero_output_for_mask", flag(c, "return_sequences"));
    return make_layer(kind, c);
  }

  // The outputs of both layers, those of the second in the order of time too.
  std::pair<Tensors, Tensors> both(const Tensors& first, const Tensors& second,
                                   const CallArgs& args) {
    auto *a = dynamic_cast<RecurrentLayer*>(forward_.get()),
         *b = dynamic_cast<RecurrentLayer*>(backward_.get());
    const bool plain = a && b && forward_->activity_regularizer().none() &&
                       backward_->activity_regularizer().none();
    if (!plain) {
      Tensors y = (*forward_)(first, args, args.training),
              z = (*backward_)(second, args, args.training);
      Tensors& reversed = a && a->flags().go_backwards ? y : z;
      if (sequences_)
        reversed[0] = first[0].is_ragged() ? flip_rows(reversed[0], args.row_lengths())
                                           : flip(reversed[0], 1);
      return {y, z};
    }
    auto *there = a->whole_cell(), *back = b->whole_cell();
    const bool together = there && back && there->whole() == back->whole() &&
                          a->cell().output_size() == b->cell().output_size() &&
                          !(args.training && (there->drops_inputs() || back->drops_inputs()));
    if (!together)
      return {a->run(*forward_, first, args, false), b->run(*backward_, second, args, false)};
    const SequenceCall x = a->prepare(*forward_, first, args),
                       z = b->prepare(*backward_, second, args);
    const Shape step = {x.states[0].dim(0), x.x.dim(2)};
    const DrawnMasks masks(a->cell(), args.training, step, x.states),
        others(b->cell(), args.training, step, z.states);
    Tensor inputs = x.x;
    RecurrentWeights w = there->weights(inputs), v = back->weights(inputs);
    w.initial_state = x.states, v.initial_state = z.states;
    RecurrentOptions o;
    o.cell = *there->whole();
    o.go_backwards = a->flags().go_backwards;
    o.zero_output_for_mask = a->flags().zero_output_for_mask;
    o.return_sequences = sequences_;
    const auto [r, s] = recurrent_both(inputs, w, v, o, x.mask, x.row_lengths);
    return {a->finish(r.sequence, r.states[0], r.states),
            b->finish(s.sequence, s.states[0], s.states)};
  }

  LayerPtr forward_, backward_;
  bool sequences_ = false, state_ = false;
};

class TimeDistributed : public Wrapper<TimeDistributed, TimeDistributedOptions> {
 public:
  static constexpr const char* kName = "TimeDistributed";
  static constexpr bool kMasking = true;
  static constexpr bool kRagged = true;
  using Wrapper::Wrapper;
  void build(const std::vector<Shape>& shapes) override {
    layer_->build_from({inner_shape(shapes[0])});
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    const Tensor& x = in[0];
    inner_shape(x.shape());
    const Tensor mask = args.mask();
    if (mask.defined() && (mask.rank() < 2 || mask.dim(0) != x.dim(0) || mask.dim(1) != x.dim(1)))
      throw error(str("expected a mask that begins with the axes ", Shape{x.dim(0), x.dim(1)},
                      ", received shape ", mask.shape()));
    // A layer with statistics of its own, such as BatchNormalization, learns from step after step.
    if (args.training && !args.row_lengths().defined() &&
        !layer_->non_trainable_weights().empty()) {
      Tensors steps;
      for (int64_t t = 0; t < x.dim(1); ++t)
        steps.push_back(one(getitem(x, {Index(), Index(t)}),
                            mask.defined() ? getitem(mask, {Index(), Index(t)}) : Tensor(), args));
      return {stack(steps, 1)};
    }
    const Tensor y = one(folded(x), mask.defined() ? folded(mask) : Tensor(), args);
    std::vector<int64_t> out = {x.dim(0), x.dim(1)};
    for (int d = 1; d < y.rank(); ++d) out.push_back(y.dim(d));
    return {reshape(y, out)};
  }

 private:
  Shape inner_shape(const Shape& s) const {
    if (s.rank() < 3)
      throw error(
          str("expected an input of 3 axes or more, (batch, steps, ...), received shape ", s));
    std::vector<int64_t> inner = s.vec();
    inner.erase(inner.begin() + 1);
    return Shape(inner);
  }
  // All steps as one batch.
  static Tensor folded(const Tensor& x) {
    std::vector<int64_t> s = x.shape().vec();
    s[1] *= s[0], s.erase(s.begin());
    return reshape(x, s);
  }
  Tensor one(const Tensor& x, const Tensor& mask, const CallArgs& args) {
    CallArgs inner;
    if (mask.defined() && mask.rank() > 1) inner.tensors.emplace_back("mask", mask);
    return (*layer_)({x}, inner, args.training)[0];
  }
};

}  // namespace

void add_sequence_wrappers(LayerClasses& out) {
  out.push_back(layer_class<Bidirectional>(
      R"(A recurrent layer in both directions (Schuster and Paliwal, 1997).

Both run at once where the two are of the same kind and size.

Args:
    layer: The recurrent layer; two copies of it are made.
    merge_mode: concat, sum, mul, ave, or None for both outputs.
    weights: Only None is supported; set_weights() takes forward ones first.
    backward_layer: For the other direction; by default a copy of `layer` with go_backwards=True.

Call arguments:
    sequences: As the layer takes them.
    initial_state: The states of the first layer, then those of the second.
    mask: (batch, steps); outputs of steps where it is False are zeros.

Input shape: that of the layer. Output shape: the layer's, with twice its units for concat.

Raises:
    ValueError: The two layers do not go together.

Example:

>>> import lamina, numpy as np
>>> layer = lamina.layers.Bidirectional(lamina.layers.GRU(5), merge_mode="sum")
>>> layer(np.zeros((2, 7, 3), "float32")).shape
(2, 5))"));
  out.push_back(layer_class<TimeDistributed>(R"(Applies a layer to every step of a sequence.

All steps go through the layer as one batch.

Args:
    layer: The layer, which takes (batch, ...).

Call arguments:
    inputs: (batch, steps, ...).
    mask: (batch, steps, ...); passed to the layer where it has more than two axes.

Output shape: (batch, steps, ...).

Example:

>>> import lamina, numpy as np
>>> lamina.layers.TimeDistributed(lamina.layers.Dense(4))(np.zeros((2, 7, 3), "float32")).shape
(2, 7, 4))"));
}

}  // namespace lamina
