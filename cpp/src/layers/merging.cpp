// Several inputs into one.
#include "layers/builtin.h"

namespace lamina {

namespace {

template <class Derived>
class Merge : public BuiltIn<Derived, PlainOptions> {
 public:
  using BuiltIn<Derived, PlainOptions>::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override {
    if (in.size() < 2)
      throw this->error(str("expected a list of at least 2 tensors, received ", in.size()));
    Tensor y = in[0];
    for (size_t i = 1; i < in.size(); ++i) {
      try {
        broadcast_shapes(y.shape(), in[i].shape());
      } catch (const Error&) {
        throw this->error(
            str("inputs of shapes ", y.shape(), " and ", in[i].shape(), " do not fit together"));
      }
      y = Derived::merge(y, in[i]);
    }
    return {Derived::kMean ? y * Tensor(1.0 / static_cast<double>(in.size())) : y};
  }
};

#define LAMINA_MERGE(Name, function, mean)                                                   \
  struct Name : Merge<Name> {                                                                \
    static constexpr const char* kName = #Name;                                              \
    static constexpr bool kMean = mean;                                                      \
    using Merge::Merge;                                                                      \
    static Tensor merge(const Tensor& a, const Tensor& b) { return lamina::function(a, b); } \
  };
LAMINA_MERGE(Add, add, false)
LAMINA_MERGE(Subtract, subtract, false)
LAMINA_MERGE(Multiply, multiply, false)
LAMINA_MERGE(Average, add, true)
LAMINA_MERGE(Maximum, maximum, false)
LAMINA_MERGE(Minimum, minimum, false)

class Concatenate : public BuiltIn<Concatenate, ConcatenateOptions> {
 public:
  static constexpr const char* kName = "Concatenate";
  using BuiltIn::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override {
    if (in.empty()) throw error("expected a list of tensors");
    return {concatenate(in, static_cast<int>(o_.axis))};
  }
};

}  // namespace

void add_merging_layers(LayerClasses& out) {
  out.push_back(layer_class<Add>("Sum of the inputs."));
  out.push_back(layer_class<Subtract>("First input less the second."));
  out.push_back(layer_class<Multiply>("Product of the inputs."));
  out.push_back(layer_class<Average>("Mean of the inputs."));
  out.push_back(layer_class<Maximum>("Elementwise maximum of the inputs."));
  out.push_back(layer_class<Minimum>("Elementwise minimum of the inputs."));
  out.push_back(layer_class<Concatenate>("The inputs joined along an axis."));
}

}  // namespace lamina
