// Several inputs into one.
#include <algorithm>

#include "lamina/ragged.h"
#include "layers/builtin.h"

namespace lamina {

namespace {

std::string shapes_of(const Tensors& in) {
  std::string out;
  for (auto& t : in) out += (out.empty() ? "" : ", ") + t.shape().str();
  return out;
}
// The first ragged batch among the inputs, whose rows the others must have; undefined without one.
Tensor ragged_of(const Layer& layer, const Tensors& in) {
  Tensor first;
  for (auto& t : in) {
    if (!t.is_ragged()) continue;
    if (!first.defined()) first = t;
    if (!same_rows(first, t))
      throw layer.error(
          "ragged inputs must have the same row lengths; make them from arrays whose lengths "
          "agree");
  }
  return first;
}
// A mask for the output: with ragged inputs theirs.
Tensor ragged_mask(const Tensors& in, const Tensors& masks) {
  for (size_t i = 0; i < in.size() && i < masks.size(); ++i)
    if (in[i].is_ragged()) return masks[i];
  return {};
}
bool any_defined(const Tensors& masks) {
  return std::any_of(masks.begin(), masks.end(), [](auto& m) { return m.defined(); });
}
bool all_defined(const Tensors& masks) {
  return std::all_of(masks.begin(), masks.end(), [](auto& m) { return m.defined(); });
}
Tensor over_features(const Tensor& mask, const Tensor& x) {
  return broadcast_to(expand_dims(cast(mask, DType::kBool), {-1}), x.shape());
}
// The values that a merge gives, and its mask where it has one.
using Merged = std::pair<Tensor, Tensor>;

Merged with_mask(const Tensor& y, const Tensor& mask) {
  return {y, mask.defined() ? any(mask, -1) : Tensor{}};
}

template <class Derived>
class Merge : public BuiltIn<Derived, PlainOptions> {
 public:
  static constexpr bool kMasking = true;
  static constexpr bool kRagged = true;
  using BuiltIn<Derived, PlainOptions>::BuiltIn;
  bool takes_list() const override { return true; }
  Tensors call(const Tensors& given, const CallArgs& args) override {
    int rank = 0;
    Tensor ragged = ragged_of(*this, given);
    for (auto& t : given) rank = std::max(rank, t.rank());
    Tensors in = given, masks;
    for (Tensor& t : in)  // lower ranks get axes after the batch
      if (ragged.defined() && t.rank() == 2 && rank > 2 && !t.is_ragged())
        t = repeat_rows(t, ragged);
      else
        while (t.rank() > 0 && t.rank() < rank) t = expand_dims(t, {1});
    Shape common = in[0].shape();
    for (auto& t : in) {
      if (t.rank() > 0 && common.rank() > 0 && t.dim(0) != common[0])
        throw this->error(str("cannot merge tensors with different batch sizes, received shapes ",
                              shapes_of(given)));
      try {
        common = broadcast_shapes(common, t.shape());
      } catch (const Error&) {
        throw this->error(str("inputs have incompatible shapes ", shapes_of(given)));
      }
    }
    for (size_t i = 0; i < in.size(); ++i)
      masks.push_back(ragged.defined() ? Tensor{} : args.mask(i));
    auto [y, mask] = Derived::merge(in, any_defined(masks) ? masks : Tensors{});
    if (mask.defined()) y.set_mask(mask);
    return {y};
  }
  Tensors compute_mask(const Tensors& in, const Tensors& masks) override {
    if (Tensor m = ragged_mask(in, masks); m.defined()) return {m};
    if (masks.empty() || !all_defined(masks)) return {};
    Tensor m = masks[0];
    for (size_t i = 1; i < masks.size(); ++i) m = logical_or(m, masks[i]);
    return {m};
  }
};

using Binary = Tensor (*)(const Tensor&, const Tensor&);
Tensor folded(Binary f, const Tensors& in) {
  Tensor y = in[0];
  for (size_t i = 1; i < in.size(); ++i) y = f(y, in[i]);
  return y;
}
// The extreme of what counts: a masked entry gives way to the others'.
Merged extreme(Binary f, const Tensors& in, const Tensors& masks) {
  if (masks.empty()) return {folded(f, in), {}};
  Tensor y, kept;
  for (size_t i = 0; i < in.size(); ++i) {
    Tensor x = in[i], mask = masks[i].defined() ? over_features(masks[i], x) : Tensor{};
    if (!y.defined()) {
      y = x, kept = mask;
      continue;
    }
    if (mask.defined()) x = where(mask, x, y);
    if (kept.defined()) y = where(kept, y, x);
    kept = mask.defined() && kept.defined() ? logical_or(kept, mask) : Tensor{};
    y = f(y, x);
  }
  return with_mask(y, kept);
}

struct Add : Merge<Add> {
  static constexpr const char* kName = "Add";
  using Merge::Merge;
  static Merged merge(const Tensors& in, const Tensors&) { return {folded(add, in), {}}; }
};
struct Subtract : Merge<Subtract> {
  static constexpr const char* kName = "Subtract";
  using Merge::Merge;
  static Merged merge(const Tensors& in, const Tensors&) { return {subtract(in[0], in[1]), {}}; }
  void build(const std::vector<Shape>& shapes) override {
    if (shapes.size() != 2)
      throw error(str("should be called on exactly 2 inputs, received ", shapes.size()));
  }
};
// A masked entry counts as 1, and where all are masked the product is 0.
struct Multiply : Merge<Multiply> {
  static constexpr const char* kName = "Multiply";
  using Merge::Merge;
  static Merged merge(const Tensors& in, const Tensors& masks) {
    if (masks.empty()) return {folded(multiply, in), {}};
    Tensor y, kept;
    for (size_t i = 0; i < in.size(); ++i) {
      Tensor x = in[i];
      if (masks[i].defined()) {
        Tensor mask = over_features(masks[i], x);
        x = where(mask, x, ones_like(x));
        kept = kept.defined() ? logical_or(kept, mask) : mask;
      }
      y = y.defined() ? y * x : x;
    }
    if (!all_defined(masks)) return {y, {}};
    return with_mask(where(kept, y, zeros_like(y)), kept);
  }
};
struct Average : Merge<Average> {
  static constexpr const char* kName = "Average";
  using Merge::Merge;
  static Merged merge(const Tensors& in, const Tensors&) {
    return {folded(add, in) * Tensor(1.0 / static_cast<double>(in.size())), {}};
  }
};
struct Maximum : Merge<Maximum> {
  static constexpr const char* kName = "Maximum";
  using Merge::Merge;
  static Merged merge(const Tensors& in, const Tensors& m) { return extreme(maximum, in, m); }
};
struct Minimum : Merge<Minimum> {
  static constexpr const char* kName = "Minimum";
  using Merge::Merge;
  static Merged merge(const Tensors& in, const Tensors& m) { return extreme(minimum, in, m); }
};

class Concatenate : public BuiltIn<Concatenate, ConcatenateOptions> {
 public:
  static constexpr const char* kName = "Concatenate";
  static constexpr bool kRagged = true;
  static constexpr bool kMasking = true;
  using BuiltIn::BuiltIn;
  bool takes_list() const override { return true; }
  Tensors call(const Tensors& in, const CallArgs&) override {
    const Shape& first = in[0].shape();
    if (ragged_of(*this, in).defined())
      for (size_t i = 0; i < in.size(); ++i) {
        if (!in[i].is_ragged()) throw error("all inputs must be ragged, or none");
        if (normalize_axis(o_.axis, first.rank()) < 2)
          throw error(
              str("ragged inputs can be joined along their features only, not axis ", o_.axis));
      }
    bool fits = o_.axis >= -first.rank() && o_.axis < first.rank();
    int axis = fits ? normalize_axis(o_.axis, first.rank()) : 0;
    for (auto& t : in) {
      fits = fits && t.rank() == first.rank();
      for (int i = 0; fits && i < first.rank(); ++i) fits = i == axis || t.dim(i) == first[i];
    }
    if (!fits)
      throw error(str("requires inputs with matching shapes except for the concatenation axis ",
                      o_.axis, ", received ", shapes_of(in)));
    return {concatenate(in, axis)};
  }
  Tensors compute_mask(const Tensors& in, const Tensors& masks) override {
    if (masks.empty()) return {};
    if (Tensor m = ragged_mask(in, masks); m.defined()) return {m};
    Tensors parts;
    for (size_t i = 0; i < in.size(); ++i) {
      if (!masks[i].defined())
        parts.push_back(ones(in[i].shape(), DType::kBool));
      else
        parts.push_back(masks[i].rank() < in[i].rank() ? over_features(masks[i], in[i]) : masks[i]);
    }
    return {any(concatenate(parts, static_cast<int>(o_.axis)), -1)};
  }
};

class Dot : public BuiltIn<Dot, DotOptions> {
 public:
  static constexpr const char* kName = "Dot";
  static constexpr bool kMasking = true;
  explicit Dot(const DotOptions& o) : BuiltIn(o) {
    if (!o.axes.single && o.axes.list.size() != 2)
      fail("Dot: argument 'axes' must be an integer or two integers, received ",
           Shape(o.axes.list));
  }
  bool takes_list() const override { return true; }
  Tensors call(const Tensors& in, const CallArgs&) override {
    if (in.size() != 2)
      throw error(str("should be called on exactly 2 inputs, received ", in.size()));
    Tensor x = in[0], y = in[1];
    if (x.rank() < 2 || y.rank() < 2 || x.dim(0) != y.dim(0))
      throw error(str("needs two inputs of at least 2 axes and the same batch size, received ",
                      shapes_of(in)));
    int a = axis_of(0, x), b = axis_of(1, y);
    if (x.dim(a) != y.dim(b))
      throw error(str("incompatible input shapes: axis values ", x.dim(a), " (at axis ", a,
                      ") != ", y.dim(b), " (at axis ", b, "), received ", shapes_of(in)));
    if (o_.normalize) x = unit(x, a), y = unit(y, b);
    Ints shape = {x.dim(0)};
    for (int i = 1; i < x.rank(); ++i)
      if (i != a) shape.push_back(x.dim(i));
    for (int i = 1; i < y.rank(); ++i)
      if (i != b) shape.push_back(y.dim(i));
    if (shape.size() == 1) shape.push_back(1);
    int64_t n = x.dim(a);
    int64_t rows = 1, columns = 1;
    for (int i = 1; i < x.rank(); ++i) rows *= i == a ? 1 : x.dim(i);
    for (int i = 1; i < y.rank(); ++i) columns *= i == b ? 1 : y.dim(i);
    Tensor left = reshape(moveaxis(x, {a}, {-1}), {x.dim(0), rows, n}),
           right = reshape(moveaxis(y, {b}, {1}), {y.dim(0), n, columns});
    return {reshape(matmul(left, right), shape)};
  }
  Tensors compute_mask(const Tensors&, const Tensors&) override { return {}; }

 private:
  int axis_of(size_t i, const Tensor& x) const {
    int64_t axis = o_.axes.single ? o_.axes.list[0] : o_.axes.list[i];
    if (axis < -x.rank() || axis >= x.rank())
      throw error(str("axis ", axis, " is out of bounds for an input of shape ", x.shape()));
    int n = normalize_axis(axis, x.rank());
    if (n == 0) throw error("cannot take the dot product over axis 0, the batch");
    return n;
  }
  static Tensor unit(const Tensor& x, int axis) {
    return x * minimum(rsqrt(sum(square(x), axis, true)), Tensor(1e7));
  }
};

}  // namespace

void add_merging_layers(LayerClasses& out) {
  out.push_back(layer_class<Add>(R"(Sum of a list of inputs.

Inputs broadcast against each other; those of lower rank get axes of length 1 after the batch.

Raises:
    ValueError: The shapes do not fit together, or the input is no list.)"));
  out.push_back(layer_class<Subtract>("First of two inputs less the second."));
  out.push_back(layer_class<Multiply>("Product of a list of inputs, broadcast as in `Add`."));
  out.push_back(layer_class<Average>("Mean of a list of inputs, broadcast as in `Add`."));
  out.push_back(layer_class<Maximum>("Elementwise maximum of a list of inputs."));
  out.push_back(layer_class<Minimum>("Elementwise minimum of a list of inputs."));
  out.push_back(layer_class<Concatenate>(R"(A list of inputs joined along an axis.

Args:
    axis: The axis; the last by default.

Raises:
    ValueError: The shapes differ on another axis.)"));
  out.push_back(
      layer_class<Dot>(R"(Dot product of two inputs along an axis of each, for each sample.

Args:
    axes: The axis, or one for each of the two inputs; not 0, the batch.
    normalize: Whether to scale both to unit length along the axis first: the cosine of the angle.

Input shape: [(batch, a...), (batch, b...)]. Output shape: (batch, a..., b...) without the two axes;
(batch, 1) where nothing else is left.

Raises:
    ValueError: The axes differ in length, or there are not two inputs.

Example:

>>> import lamina, numpy as np
>>> x, y = np.ones((1, 5, 2), "float32"), np.ones((1, 2, 5), "float32")
>>> lamina.layers.Dot(axes=(1, 2))([x, y]).shape
(1, 2, 2))"));
}

}  // namespace lamina
