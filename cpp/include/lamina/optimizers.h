// Optimizers: they update variables from their gradients, inside the captured step too.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "lamina/layer.h"
#include "lamina/schedules.h"

namespace lamina {

struct OptimizerOptions {
  Config learning_rate = 0.001;  // a number, or a schedule's {"class_name", "config"}
  std::optional<double> weight_decay;
  std::optional<double> clipnorm, clipvalue, global_clipnorm;  // at most one of them
  bool use_ema = false;  // keep a running average of each variable
  double ema_momentum = 0.99;
  std::optional<int64_t> ema_overwrite_frequency;  // updates between overwriting by the averages
  std::optional<double> loss_scale_factor;
  std::optional<int64_t> gradient_accumulation_steps;
  std::optional<std::string> name;  // none: one is made from the class, adam, adam_1, ...
  void fields(Fields& f) {
    f("learning_rate", learning_rate)("weight_decay", weight_decay), last(f);
  }
  void last(Fields& f) {
    f("clipnorm", clipnorm)("clipvalue", clipvalue)("global_clipnorm", global_clipnorm);
    f("use_ema", use_ema)("ema_momentum", ema_momentum);
    f("ema_overwrite_frequency", ema_overwrite_frequency)("loss_scale_factor", loss_scale_factor);
    f("gradient_accumulation_steps", gradient_accumulation_steps)("name", name);
  }
};

// A state variable that a rule keeps for a variable.
struct Slot {
  std::string name;  // "momentum"; the state variable is called dense_kernel_momentum
  double initial = 0;
  std::optional<Shape> shape = {};  // that of the variable by default
  bool copies_variable = false;     // begins as the variable's value
  bool same_name = false;           // the state variable is called as the variable, kernel
  int group = 0;  // states of a higher group come after those of lower ones in variables()
};

class Optimizer {
 public:
  // class_name gives the default name.
  Optimizer(const std::string& class_name, const OptimizerOptions& options);
  virtual ~Optimizer() = default;
  virtual std::string class_name() const = 0;
  virtual Config get_config() const;  // the options above; subclasses add their own

  // Makes the state for these variables, once; apply() does it on first use.
  void build(const std::vector<Variable>& variables);
  // One step: unscales, accumulates, clips and decays as the options say, updates, averages,
  // applies constraints. An undefined gradient leaves its variable. `variables`: those it was built
  // for by default, else all or some of them.
  virtual void apply(const Tensors& grads, const std::vector<Variable>& variables = {});
  // The loss to differentiate: times the loss scale.
  virtual Tensor scale_loss(const Tensor& loss) const;
  // Ends a training: with use_ema the variables become their averages.
  virtual void finalize_variable_values(const std::vector<Variable>& variables);

  virtual double learning_rate() const;  // at the current iteration
  virtual Tensor current_rate() const;   // the same as a float32 scalar
  // Refused where the rate follows a schedule.
  virtual void set_learning_rate(double rate);
  virtual void set_learning_rate(const SchedulePtr& schedule);
  virtual SchedulePtr schedule() const { return schedule_; }
  virtual Variable learning_rate_variable() const { return schedule_ ? Variable() : rate_; }
  // Updates made: steps, or steps / gradient_accumulation_steps.
  virtual int64_t iterations() const;
  virtual Variable iterations_variable() const { return iterations_; }  // steps
  const std::string& name() const { return *options_.name; }
  const OptimizerOptions& options() const { return options_; }
  void set_loss_scale_factor(std::optional<double> factor);
  bool built() const { return built_; }
  // All state in Keras's order, under the names it has in files.
  virtual std::vector<std::pair<std::string, Variable>> variables() const;
  const std::vector<Variable>& trainable_variables() const { return owned_for_; }
  // With use_ema, the average of each of trainable_variables().
  const std::vector<Variable>& averages() const { return averages_; }
  // Variables left out of the weight decay: themselves, or where one of the regular expressions is
  // found in their name. To be called before build().
  void exclude_from_weight_decay(const std::vector<Variable>& variables,
                                 const std::vector<std::string>& names = {});
  // Counts changes that a captured step does not see: it must be captured anew.
  virtual int64_t generation() const { return generation_; }

  // ---- for subclasses, also through bindings
  Variable add_variable(const Shape& shape, const std::string& name,
                        const Initializer& initializer = "zeros", std::optional<DType> dtype = {});
  Variable add_variable_from_reference(const Variable& reference, const std::string& name,
                                       const Initializer& initializer = "zeros");
  size_t index_of(const Variable& v) const;  // throws Error for a variable it was not built for

 protected:
  // ---- what a rule defines
  // What build() does; by default averages, accumulators, slots, build_more().
  virtual void make_state(const std::vector<Variable>& variables);
  virtual std::vector<Slot> slots(const Variable& v) const { return {}; }
  virtual void build_more() {}    // variables beyond the slots, by add_variable()
  virtual void begin_update() {}  // once a step, before the variables
  virtual void update(const Tensor& gradient, const Variable& variable,
                      const std::vector<Variable>& slots) = 0;
  // Whether update() takes the decay into its own pass.
  virtual bool decays_itself() const { return false; }
  virtual std::optional<double> decay_of(const Variable& v) const { return options_.weight_decay; }

  double decay_for(const Variable& v) const;  // 0 for none
  // Runs `body`, then puts back the values of `state` unless the scalar `condition` holds.
  static void only_if(const Tensor& condition, const std::vector<Variable>& state,
                      const std::function<void()>& body);
  std::vector<Variable> resolve(const Tensors& grads, const std::vector<Variable>& given) const;
  void must_not_be_built(const char* what) const;

  OptimizerOptions options_;
  Tensor lr_;    // current_rate() of the running step
  Tensor step_;  // float64 scalar of the running step: iterations + 1
  bool built_ = false;
  std::vector<Variable> owned_for_;
  std::vector<std::vector<Variable>> slots_;
  int64_t generation_ = 0;

 private:
  struct Update {
    Tensor gradient;
    Variable variable;
    size_t index;
  };
  void update_all(std::vector<Update>& updates);
  void accumulate(std::vector<Update>& updates);
  void clip_gradients(std::vector<Update>& updates) const;
  void update_averages();
  Tensor count() const;  // int64 scalar

  Variable rate_;        // float32 scalar
  Variable iterations_;  // int64 scalar
  SchedulePtr schedule_;
  std::vector<Variable> averages_, accumulators_, more_;
  std::unordered_map<const void*, size_t> index_;
  std::vector<const void*> no_decay_;
  std::vector<std::string> no_decay_names_;
};
using OptimizerPtr = std::shared_ptr<Optimizer>;
OptimizerPtr make_optimizer(const Config& config);  // "adam" or {"class_name", "config"}
Config serialize_optimizer(const Optimizer& optimizer);
struct OptimizerClass {
  std::string name;
  OptimizerPtr (*make)(const Config& config);
  Config (*defaults)();
  std::string doc;
};
const std::vector<OptimizerClass>& optimizer_classes();
// Classes defined by the user; the factory gets the "config" part.
void register_optimizer(const std::string& class_name,
                        std::function<OptimizerPtr(const Config&)> factory);

// Scales the loss by a factor that it adapts, against underflow of gradients, and lets another
// optimizer do the rest. A step whose gradients are not all finite is left out and halves the
// factor; dynamic_growth_steps finite ones in a row double it.
class LossScaleOptimizer : public Optimizer {
 public:
  explicit LossScaleOptimizer(OptimizerPtr inner, double initial_scale = 32768.0,
                              int64_t dynamic_growth_steps = 2000,
                              std::optional<std::string> name = {});
  std::string class_name() const override { return "LossScaleOptimizer"; }
  Config get_config() const override;
  void apply(const Tensors& grads, const std::vector<Variable>& variables = {}) override;
  Tensor scale_loss(const Tensor& loss) const override;
  void finalize_variable_values(const std::vector<Variable>& v) override {
    inner_->finalize_variable_values(v);
  }
  double learning_rate() const override { return inner_->learning_rate(); }
  Tensor current_rate() const override { return inner_->current_rate(); }
  void set_learning_rate(double rate) override { inner_->set_learning_rate(rate); }
  void set_learning_rate(const SchedulePtr& s) override { inner_->set_learning_rate(s); }
  SchedulePtr schedule() const override { return inner_->schedule(); }
  Variable learning_rate_variable() const override { return inner_->learning_rate_variable(); }
  int64_t iterations() const override { return inner_->iterations(); }
  Variable iterations_variable() const override { return inner_->iterations_variable(); }
  std::vector<std::pair<std::string, Variable>> variables() const override;
  int64_t generation() const override { return generation_ + inner_->generation(); }
  const OptimizerPtr& inner_optimizer() const { return inner_; }
  const Variable& dynamic_scale() const { return scale_; }
  const Variable& step_counter() const { return counter_; }

 protected:
  void make_state(const std::vector<Variable>& variables) override;
  void build_more() override;
  void update(const Tensor&, const Variable&, const std::vector<Variable>&) override {}

 private:
  OptimizerPtr inner_;
  double initial_scale_;
  int64_t growth_steps_;
  Variable counter_, scale_;
};

// Which optimizer a variable gets, by its path: an exact key, else the one regular expression that
// matches the whole path, else the default.
class OptimizerMap {
 public:
  explicit OptimizerMap(OptimizerPtr default_optimizer);
  void set(const std::string& key, OptimizerPtr optimizer);  // throws Error for a key that is there
  OptimizerPtr operator()(const Variable& v) const;
  const OptimizerPtr& default_optimizer() const { return default_; }
  const std::vector<std::pair<std::string, OptimizerPtr>>& items() const { return items_; }
  Config get_config() const;

 private:
  OptimizerPtr default_;
  std::vector<std::pair<std::string, OptimizerPtr>> items_;
};

// Gives each variable to one of several optimizers.
class MultiOptimizer : public Optimizer {
 public:
  using Map = std::function<OptimizerPtr(const Variable&)>;
  explicit MultiOptimizer(const OptimizerMap& map, std::optional<double> loss_scale_factor = {},
                          std::optional<std::string> name = {});
  explicit MultiOptimizer(Map map, std::optional<double> loss_scale_factor = {},
                          std::optional<std::string> name = {});
  std::string class_name() const override { return "MultiOptimizer"; }
  Config get_config() const override;
  void apply(const Tensors& grads, const std::vector<Variable>& variables = {}) override;
  void finalize_variable_values(const std::vector<Variable>& variables) override;
  double learning_rate() const override;
  void set_learning_rate(double rate) override;
  void set_learning_rate(const SchedulePtr& schedule) override;
  std::vector<std::pair<std::string, Variable>> variables() const override;
  int64_t generation() const override;
  const std::vector<OptimizerPtr>& optimizers() const { return inner_; }

 protected:
  void make_state(const std::vector<Variable>& variables) override;
  void update(const Tensor&, const Variable&, const std::vector<Variable>&) override {}

 private:
  void adopt(const OptimizerPtr& optimizer);
  // Calls f(optimizer, positions in `variables`) for each optimizer that has some of them.
  void each_share(const std::vector<Variable>& variables,
                  const std::function<void(Optimizer&, const std::vector<size_t>&)>& f) const;
  Map map_;
  std::optional<OptimizerMap> described_;  // null for a map that is a function
  std::vector<OptimizerPtr> inner_;
  std::vector<size_t> inner_of_;  // of each variable
};

}  // namespace lamina
