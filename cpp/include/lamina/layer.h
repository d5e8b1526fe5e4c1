// Layer: a computation with state, built on first use.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lamina/choices.h"

namespace lamina {

class Layer;
struct SymbolicNode;
// State by name that is neither a weight nor of a known shape.
using LayerAssets = std::vector<std::pair<std::string, Tensor>>;
using LayerPtr = std::shared_ptr<Layer>;

// A named, mutable tensor: a weight, a statistic, an optimizer slot. A handle; copies share it.
class Variable {
 public:
  Variable() = default;
  Variable(const Tensor& initial, std::string name, bool trainable = true);
  bool defined() const { return impl_ != nullptr; }
  const Tensor& value() const;  // requires a gradient while trainable
  operator const Tensor&() const { return value(); }
  void assign(const Tensor& v) const;  // inside a capture too
  void assign_add(const Tensor& v) const;
  // Puts another tensor of the same shape and dtype in the place of the value, so that what is
  // computed meanwhile is a function of it; gives back the one before.
  Tensor exchange(const Tensor& t) const;
  const Shape& shape() const { return value().shape(); }
  DType dtype() const { return value().dtype(); }
  const std::string& name() const;  // "kernel"
  const std::string& path() const;  // "model/dense_1/kernel"
  void set_path(const std::string& path) const;
  bool trainable() const;
  void set_trainable(bool trainable) const;
  const Regularizer& regularizer() const;
  void set_regularizer(const Regularizer& r) const;
  const Constraint& constraint() const;
  void set_constraint(const Constraint& c) const;
  bool operator==(const Variable& o) const { return impl_ == o.impl_; }
  const void* id() const { return impl_.get(); }

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// How a layer is called, besides its inputs.
struct CallArgs {
  bool training = false;
  // Named tensor arguments, such as attention_mask or initial_state, and constant ones, such as
  // use_causal_mask.
  std::vector<std::pair<std::string, Tensor>> tensors;
  Config options;
  // The masks that came with the inputs; empty where none has one. Layer::operator() fills it in.
  Tensors masks;
  // The row lengths of inputs that are ragged batches, likewise.
  Tensors rows;
  Tensor tensor(const std::string& name) const;  // undefined when not given
  // Of input i: the argument `mask` (for several inputs `mask/0`, ...), else what came with it.
  Tensor mask(size_t i = 0) const;
  // Of input i where it is a ragged batch, else undefined.
  Tensor row_lengths(size_t i = 0) const { return i < rows.size() ? rows[i] : Tensor{}; }
  bool flag(const std::string& name, bool otherwise = false) const;
};

// Names of what call() takes, in order: its input tensors, which may come by keyword too, and other
// tensors that may come by position.
struct CallSignature {
  std::vector<std::string> inputs, others;
};

struct WeightOptions {
  std::string name;
  Shape shape;
  Initializer initializer = "glorot_uniform";
  Regularizer regularizer;
  Constraint constraint;
  bool trainable = true;
  std::optional<DType> dtype;  // of the layer by default
};

// Keyword arguments that every layer has. Options structs of layers derive from it and call
// base_fields(f) last in their fields().
struct LayerOptions {
  std::string name;  // "": one is made from the class, dense, dense_1, ...
  bool trainable = true;
  std::optional<std::string> dtype;
  void base_fields(Fields& f) { f("name", name)("trainable", trainable)("dtype", dtype); }
};

class Layer : public std::enable_shared_from_this<Layer> {
 public:
  explicit Layer(const LayerOptions& options = {});
  virtual ~Layer();
  Layer(const Layer&) = delete;

  // ---- to override
  virtual std::string class_name() const = 0;  // "Dense"
  // Makes the weights. Shapes may hold -1, first of all on the batch axis.
  virtual void build(const std::vector<Shape>& input_shapes) {}
  virtual Tensors call(const Tensors& inputs, const CallArgs& args) = 0;
  // Everything needed to make this layer again: constructor arguments by their Keras names.
  virtual Config get_config() const;
  // Whether a call on its own, outside of any model, is one of training.
  virtual bool trains_by_default() const { return false; }
  // Empty where a call takes any number of tensors by position.
  virtual CallSignature call_signature() const { return {}; }
  // Where call() takes a dict: the name of its input and those of tensors that come back after the
  // output. Empty for other layers.
  virtual std::vector<std::string> input_names() const { return {}; }
  // Masks of the outputs, from the inputs and their masks (undefined where there is none; no list
  // at all where none has one). Asked only where supports_masking(); outputs that call() gave a
  // mask keep it. By default the masks go on.
  virtual Tensors compute_mask(const Tensors& inputs, const Tensors& masks);
  // What build needs beyond the constructor, saved with the model: the input shapes.
  std::vector<Shape> build_shapes() const { return build_shapes_; }
  // Where shapes are not enough: something of the layer's own, null by default, and the build from
  // it.
  virtual Config get_build_config() const { return {}; }
  virtual void build_from_config(const Config& config);
  // Whether the first argument must be a list of tensors, as for Add.
  virtual bool takes_list() const { return false; }

  // State whose shape only data says, such as a vocabulary; saved with the model.
  virtual LayerAssets assets() const { return {}; }
  virtual void set_assets(const LayerAssets& assets) {}
  // Whether the layer can read text, and whether it reads nothing else.
  virtual bool takes_text() const { return false; }
  virtual bool needs_text() const { return false; }
  // Whether floating inputs are cast to the layer's dtype.
  virtual bool casts_inputs() const { return true; }

  // Whether call() reads the lengths of a ragged batch as numbers. A program is captured without
  // them: models with such a layer, here or inside, run steps on ragged batches eagerly.
  virtual bool reads_row_lengths() const;

  // Of cells of recurrent layers: the sizes of their states, a number or a list of such, as Keras's
  // state_size; null for other layers.
  virtual Config state_size() const { return {}; }
  // Of cells: the size of their output, that of the first state by default.
  virtual int64_t output_size() const;
  // Of cells: the states before the first step, one after the other; zeros by default.
  virtual Tensors initial_states(int64_t batch);
  // Sets the states that recurrent layers keep from batch to batch to zeros, here and inside.
  virtual void reset_state();
  // What a stateful recurrent layer keeps; empty for others. It is no weight.
  virtual std::vector<Variable> states() const { return {}; }
  // How Python nests what call() gives: lists with null for each tensor; null for a flat list.
  virtual Config output_nesting() const { return {}; }

  // ---- use
  // Builds on first use, then runs call(): eagerly, under capture, or symbolically on the tensors
  // of a functional model. training: as given, else inherited from the calling layer, else false.
  Tensors operator()(const Tensors& inputs, CallArgs args, std::optional<bool> training = {});
  Tensors operator()(const Tensors& inputs) { return (*this)(inputs, CallArgs{}); }
  Tensor operator()(const Tensor& input) { return (*this)(Tensors{input})[0]; }
  void build_from(
      const std::vector<Shape>& input_shapes);  // build() once, with names and paths set up
  bool building() const { return building_; }   // inside build_from()
  // Changes one of get_config()'s values for calls to come; what build() has made stays as it is.
  virtual void set_option(const std::string& name, const Config& value);
  // For a layer around one of these that stands in for it: this one's weights, layers and seeds are
  // the owner's too.
  void build_for(Layer& owner, const std::vector<Shape>& input_shapes);
  // Shapes of the outputs for input shapes that may hold -1; builds the layer.
  std::vector<Shape> compute_output_shape(const std::vector<Shape>& input_shapes);

  // Of the first call on symbolic tensors that is still part of a model; throws Error where there
  // was none.
  Tensors input() const;
  Tensors output() const;
  void record_call(const std::shared_ptr<SymbolicNode>& node);

  const std::string& name() const { return name_; }
  // "model/dense_1" of a built layer, as in the paths of its weights; "" before.
  const std::string& path() const { return path_; }
  void set_name(const std::string& name) { name_ = name; }
  bool built() const { return built_; }
  bool trainable() const { return trainable_; }
  void set_trainable(bool trainable);  // of everything inside
  bool supports_masking() const { return supports_masking_; }
  void set_supports_masking(bool on) { supports_masking_ = on; }
  // Whether the layer takes ragged batches (see lamina/ragged.h): it never mixes steps of different
  // sequences. Where an output is a ragged batch, compute_mask() gives it a mask.
  bool supports_ragged() const { return supports_ragged_; }
  void set_supports_ragged(bool on) { supports_ragged_ = on; }
  const Regularizer& activity_regularizer() const { return activity_regularizer_; }
  // A penalty on each output, divided by the size of the batch.
  void set_activity_regularizer(const Regularizer& r) { activity_regularizer_ = r; }
  DType dtype() const { return dtype_; }
  // The dtype, or "mixed_bfloat16"; see set_dtype_policy.
  std::string dtype_policy() const { return mixed_ ? "mixed_bfloat16" : dtype_name(dtype_); }

  // Own weights first, then those of the layers inside, in order of creation. Trainable ones first
  // as in Keras.
  std::vector<Variable> weights() const;
  const std::vector<Variable>& own_weights() const { return own_; }
  std::vector<Variable> trainable_weights() const;
  std::vector<Variable> non_trainable_weights() const;
  // State that is no weight: seed generators of this layer and those inside, with names.
  std::vector<std::pair<std::string, Tensor>> seed_states() const;
  // All of them by path below this layer: "dense/kernel".
  std::vector<std::pair<std::string, Variable>> named_weights() const;
  // assets() of this layer and of those inside, by path, and back.
  LayerAssets named_assets() const;
  void set_named_assets(const LayerAssets& assets);
  int64_t count_params() const;  // throws Error before the layer is built
  const std::vector<LayerPtr>& layers() const { return sublayers_; }

  // Penalties: add_loss during the current call, then the weights' regularizers.
  void add_loss(const Tensor& loss) { losses_.push_back(loss); }
  Tensors losses() const;
  void clear_losses();

  // ---- for subclasses, also through bindings
  Variable add_weight(const WeightOptions& options);
  Variable adopt_weight(const Variable& v);  // registers a variable made elsewhere
  template <class T>
  std::shared_ptr<T> track(std::shared_ptr<T> layer) {
    track_layer(layer);
    return layer;
  }
  void track_layer(const LayerPtr& layer);
  void untrack_layer(const LayerPtr& layer);
  random::SeedGenerator& add_seed(std::optional<int64_t> seed = {});
  Error error(const std::string& message) const;  // "Dense 'dense_2': message"

 protected:
  // Says that call() now uses other constants, so that what was captured before is dropped.
  static void changed();
  std::string name_, path_;
  bool trainable_ = true;
  bool built_ = false;
  bool built_on_text_ = false;  // the call that built it gave text
  bool mixed_;
  bool supports_masking_ = false;
  bool supports_ragged_ = false;
  bool warned_ = false;  // that a mask ends here
  bool building_ = false;
  Regularizer activity_regularizer_;
  DType dtype_;
  std::vector<Shape> build_shapes_;
  std::vector<LayerPtr> sublayers_;

  void share_state(const Layer& other);

 private:
  void pass_masks(const Tensors& inputs, const CallArgs& args, const Tensors& outputs);
  static void pass_rows(const Tensors& inputs, const Tensor& output);
  Tensor activity_penalty(const Tensor& y, const CallArgs& args) const;
  void collect(std::vector<Variable>& out) const;
  void collect_losses(Tensors& out) const;
  std::vector<Variable> own_;
  std::vector<bool> wanted_trainable_;  // as asked for, whatever set_trainable() said since
  std::vector<std::shared_ptr<random::SeedGenerator>> seeds_;
  Tensors losses_;
  std::vector<std::weak_ptr<SymbolicNode>> calls_;  // on symbolic tensors
  std::shared_ptr<SymbolicNode> first_call() const;
};

// The numbers in a Config of nested lists, one after the other.
std::vector<int64_t> flat_sizes(const Config& nested);

// "dense", then "dense_1": a fresh name for a class, counted per process.
std::string unique_layer_name(const std::string& class_name);
void reset_layer_names();
std::string to_snake_case(const std::string& class_name);

// t.mask(); of a symbolic tensor that has one, a symbolic tensor.
Tensor mask_of(const Tensor& t);

// ---- registry
// ------------------------------------------------------------------------------------
struct LayerClass {
  std::string name;
  LayerPtr (*make)(const Config& config);
  Config (*defaults)();  // argument names, in order, and their default values
  std::string doc;       // docstring in Keras's form
};
// Built-in layer classes, in alphabetical order.
const std::vector<LayerClass>& layer_classes();
const LayerClass* find_layer_class(const std::string& name);
// Makes a layer from its class name and config; throws Error for an unknown class, listing near
// names, and for unknown or wrong arguments.
LayerPtr make_layer(const std::string& class_name, const Config& config);
// Classes defined by the user, found by make_layer after the built-in ones.
void register_layer(const std::string& class_name, std::function<LayerPtr(const Config&)> factory);

// For arguments of layers that wrap others: a config of `layer` that shared_layer() turns into this
// very layer while it lives, and into one like it otherwise.
Config share_layer(const LayerPtr& layer);
LayerPtr shared_layer(const Config& config);
// What share_layer() adds to a config.
inline constexpr const char* kSharedKey = "shared_object_id";

// {"class_name": ..., "config": ...} as in model files, and back.
Config serialize_layer(const Layer& layer);
LayerPtr deserialize_layer(const Config& config);

}  // namespace lamina
