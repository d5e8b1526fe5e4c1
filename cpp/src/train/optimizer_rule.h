// What the files of update rules share: options as fields, the class around a rule, its listing.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "graph/op.h"
#include "lamina/optimizers.h"

namespace lamina {

// Arguments that every optimizer has, after its own.
struct RuleOptions : OptimizerOptions {
  void first(Fields& f) { f("learning_rate", learning_rate); }
  void rest(Fields& f) { f("weight_decay", weight_decay), last(f); }
};

inline constexpr const char* kRate = "    learning_rate: Step size, a number or a schedule.\n";

// What `beta` lies in: [0, 1].
inline void in_unit(const char* owner, const char* name, double v) {
  if (!(v >= 0 && v <= 1)) fail(owner, ": ", name, " must lie in [0, 1], received ", v);
}

// Options::kClass is the class's name, Options::fields() its arguments in Keras's order.
template <class Options>
class Rule : public Optimizer {
 public:
  explicit Rule(const Options& o) : Optimizer(Options::kClass, o), o_(o) {}
  std::string class_name() const override { return Options::kClass; }
  Config get_config() const override {
    Config c = Optimizer::get_config();
    const Config own = write_options(o_);
    for (auto& [key, value] : own.as_object())
      if (!c.has(key)) c.set(key, value);
    return c;
  }

 protected:
  // Calls an update kernel: variable, gradient, rate, step, slots -> variable and slots, in place.
  void run(const Op& op, Attrs attrs, const Tensor& g, const Variable& v, const Tensor& rate,
           const std::vector<Variable>& slots, double decay) const {
    attrs.set("decay", decay);
    Tensors in = {v.value(), g, rate, step_};
    for (auto& s : slots) in.push_back(s.value());
    lamina::apply(op, in, std::move(attrs));
  }
  Options o_;
};

// The op of Adam's kernel.
const Op& adam_op();

// The optimizers of each file.
std::vector<OptimizerClass> first_order_optimizers();
std::vector<OptimizerClass> adaptive_optimizers();
std::vector<OptimizerClass> layerwise_optimizers();
std::vector<OptimizerClass> wrapping_optimizers();

// A docstring in Keras's form: what it does, its own arguments, those of all optimizers, sources.
std::string optimizer_doc(const std::string& summary, const std::string& args,
                          const std::string& reference);

template <class R, class Options>
OptimizerClass optimizer_class(std::string doc) {
  return {Options::kClass,
          [](const Config& c) -> OptimizerPtr {
            return std::make_shared<R>(read_options<Options>(Options::kClass, c));
          },
          [] { return write_options(Options{}); }, std::move(doc)};
}

}  // namespace lamina
