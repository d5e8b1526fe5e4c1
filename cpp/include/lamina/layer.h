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
  Tensor tensor(const std::string& name) const;  // undefined when not given
  bool flag(const std::string& name, bool otherwise = false) const;
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
  // Where call() takes a dict: the name of its input and those of tensors that come back after the
  // output. Empty for other layers.
  virtual std::vector<std::string> input_names() const { return {}; }
  // What build needs beyond the constructor, saved with the model: the input shapes.
  std::vector<Shape> build_shapes() const { return build_shapes_; }

  // ---- use
  // Builds on first use, then runs call(): eagerly, under capture, or symbolically on the tensors
  // of a functional model. training: as given, else inherited from the calling layer, else false.
  Tensors operator()(const Tensors& inputs, CallArgs args, std::optional<bool> training = {});
  Tensors operator()(const Tensors& inputs) { return (*this)(inputs, CallArgs{}); }
  Tensor operator()(const Tensor& input) { return (*this)(Tensors{input})[0]; }
  void build_from(
      const std::vector<Shape>& input_shapes);  // build() once, with names and paths set up
  // Shapes of the outputs for input shapes that may hold -1; builds the layer.
  std::vector<Shape> compute_output_shape(const std::vector<Shape>& input_shapes);

  const std::string& name() const { return name_; }
  void set_name(const std::string& name) { name_ = name; }
  bool built() const { return built_; }
  bool trainable() const { return trainable_; }
  void set_trainable(bool trainable);  // of everything inside
  DType dtype() const { return dtype_; }
  // The dtype, or "mixed_bfloat16"; see set_dtype_policy.
  std::string dtype_policy() const { return mixed_ ? "mixed_bfloat16" : dtype_name(dtype_); }

  // Own weights first, then those of the layers inside, in order of creation. Trainable ones first
  // as in Keras.
  std::vector<Variable> weights() const;
  std::vector<Variable> trainable_weights() const;
  std::vector<Variable> non_trainable_weights() const;
  // State that is no weight: seed generators of this layer and those inside, with names.
  std::vector<std::pair<std::string, Tensor>> seed_states() const;
  // All of them by path below this layer: "dense/kernel".
  std::vector<std::pair<std::string, Variable>> named_weights() const;
  int64_t count_params() const;  // throws Error before the layer is built
  const std::vector<LayerPtr>& layers() const { return sublayers_; }

  // Penalties: add_loss during the current call, and the weights' regularizers.
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
  std::string name_;
  bool trainable_ = true;
  bool built_ = false;
  bool mixed_;
  DType dtype_;
  std::vector<Shape> build_shapes_;
  std::vector<LayerPtr> sublayers_;

 private:
  void collect(std::vector<Variable>& out) const;
  std::vector<Variable> own_;
  std::vector<bool> wanted_trainable_;  // as asked for, whatever set_trainable() said since
  std::vector<std::shared_ptr<random::SeedGenerator>> seeds_;
  Tensors losses_;
};

// "dense", then "dense_1": a fresh name for a class, counted per process.
std::string unique_layer_name(const std::string& class_name);
void reset_layer_names();
std::string to_snake_case(const std::string& class_name);

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

// {"class_name": ..., "config": ...} as in model files, and back.
Config serialize_layer(const Layer& layer);
LayerPtr deserialize_layer(const Config& config);

}  // namespace lamina
