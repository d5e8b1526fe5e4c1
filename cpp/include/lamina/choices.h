// Initializers, regularizers, constraints and activations, as named choices.
#pragma once
#include <functional>

#include "lamina/fields.h"
#include "lamina/ops.h"

namespace lamina {

// How a weight gets its first values; the names of keras.initializers ("glorot_uniform", ...).
class Initializer : public Choice {
 public:
  using Function = std::function<Tensor(const Shape&, DType)>;
  Initializer(const char* name = "zeros") : Choice(Config(name)) {}
  Initializer(Config config) : Choice(std::move(config)) {}
  Tensor operator()(const Shape& shape, DType dtype = floatx()) const;
  void check() const;  // throws Error for an unknown name or wrong arguments
};

// A penalty on a weight or an activity; keras.regularizers ("l1", "l2", "l1_l2", ...).
class Regularizer : public Choice {
 public:
  using Function = std::function<Tensor(const Tensor&)>;
  Regularizer() = default;
  Regularizer(const char* name) : Choice(Config(name)) {}
  Regularizer(Config config) : Choice(std::move(config)) {}
  Tensor operator()(const Tensor& x) const;  // a scalar
  void check() const;                        // throws Error for an unknown name or wrong arguments
};

// What a weight is projected to after each update; keras.constraints.
class Constraint : public Choice {
 public:
  using Function = std::function<Tensor(const Tensor&)>;
  Constraint() = default;
  Constraint(const char* name) : Choice(Config(name)) {}
  Constraint(Config config) : Choice(std::move(config)) {}
  Tensor operator()(const Tensor& w) const;
  void check() const;  // throws Error for an unknown name or wrong arguments
};

// keras.activations by name, or a function registered under a name.
class Activation : public Choice {
 public:
  using Function = std::function<Tensor(const Tensor&)>;
  Activation() = default;
  Activation(const char* name) : Choice(Config(name)) {}
  Activation(Config config) : Choice(std::move(config)) {}
  Tensor operator()(const Tensor& x) const;
  // The name to pass to ops that apply an activation in the same pass (dense, conv); "" when it is
  // linear or must be applied afterwards (then applies_after()).
  std::string fusable() const;
  bool applies_after() const;
};

// User-defined kinds. The factory gets the "config" part of the choice. Registering a name again
// replaces it.
void register_initializer(const std::string& name,
                          std::function<Initializer::Function(const Config&)> factory);
void register_regularizer(const std::string& name,
                          std::function<Regularizer::Function(const Config&)> factory);
void register_constraint(const std::string& name,
                         std::function<Constraint::Function(const Config&)> factory);
void register_activation(const std::string& name,
                         std::function<Activation::Function(const Config&)> factory);
// Names and default arguments of the built-in ones, for listings and Python classes:
// {"GlorotUniform": {"seed": null}, ...}.
Config initializer_defaults();
Config regularizer_defaults();
Config constraint_defaults();

}  // namespace lamina
