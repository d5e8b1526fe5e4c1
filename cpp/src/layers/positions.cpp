// Where a step lies in its sequence: learned, sines and cosines, rotations.
#include <cmath>

#include "lamina/ragged.h"
#include "layers/builtin.h"
#include "layers/decoding.h"
#include "layers/symbolic.h"

namespace lamina {

namespace {

// Positions of the steps of x's axis as float numbers of x's dtype: (length,), or what the call
// says: `positions` (length,) or (batch, length), or `start_index` and those after it. Those of a
// ragged batch begin anew with each sequence.
Tensor positions_of(const Tensor& x, int axis, const CallArgs& args, DType dtype) {
  if (const Tensor p = args.tensor("positions"); p.defined()) return cast(p, dtype);
  const int64_t n = x.dim(axis);
  Tensor steps = arange(0, static_cast<double>(n), 1, DType::kInt64);
  if (const Tensor rows = args.row_lengths(); rows.defined()) {
    const Tensor ids = row_ids(rows, n), batch = Tensor(rows.dim(0));
    const Tensor row = minimum(ids, batch - Tensor(1));
    steps = steps - take(row_starts(rows), row, 0);
    steps = where(less(ids, batch), steps, zeros_like(steps));  // slots left over
  }
  if (const Tensor start = start_of(args); start.defined())
    steps = steps + cast(start, DType::kInt64);
  return cast(steps, dtype);
}

CallSignature position_signature() { return {{"inputs"}, {"start_index", "positions"}}; }

class RotaryEmbedding : public BuiltIn<RotaryEmbedding, RotaryEmbeddingOptions> {
 public:
  static constexpr const char* kName = "RotaryEmbedding";
  static constexpr bool kMasking = true;
  static constexpr bool kRagged = true;
  explicit RotaryEmbedding(const RotaryEmbeddingOptions& o) : BuiltIn(o) {
    if (!(o.max_wavelength > 0) || !(o.scaling_factor > 0))
      fail("RotaryEmbedding: max_wavelength and scaling_factor must be positive, received ",
           o.max_wavelength, " and ", o.scaling_factor);
  }
  CallSignature call_signature() const override { return position_signature(); }
  void build(const std::vector<Shape>& shapes) override { one_input(shapes), check(shapes[0]); }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    const Tensor& x = in[0];
    check(x.shape());
    const int f = normalize_axis(o_.feature_axis, x.rank()),
              s = normalize_axis(o_.sequence_axis, x.rank());
    const int64_t half = x.dim(f) / 2;
    std::vector<double> frequencies;
    for (int64_t i = 0; i < half; ++i)
      frequencies.push_back(
          std::pow(o_.max_wavelength, -static_cast<double>(i) / static_cast<double>(half)) /
          o_.scaling_factor);
    const DType d = x.dtype() == DType::kFloat64 ? x.dtype() : DType::kFloat32;
    const Tensor p = positions_of(x, s, args, d);
    // (length, half) or (batch, length, half) -> to the axes of x
    Tensor angle = expand_dims(p, {-1}) * Tensor::from_vector(frequencies, {half}).astype(d);
    Ints shape(static_cast<size_t>(x.rank()), 1);
    if (p.rank() == 2) shape[0] = p.dim(0);
    shape[static_cast<size_t>(s)] = x.dim(s), shape[static_cast<size_t>(f)] = half;
    if (s > f) angle = swapaxes(angle, -1, -2);
    angle = reshape(angle, shape);
    const Tensor c = cast(cos(angle), x.dtype()), e = cast(sin(angle), x.dtype());
    const Tensors parts = split(x, 2, f);
    return {concatenate({parts[0] * c - parts[1] * e, parts[1] * c + parts[0] * e}, f)};
  }

 private:
  void check(const Shape& s) const {
    const int f = normalize_axis(o_.feature_axis, s.rank());
    if (f == normalize_axis(o_.sequence_axis, s.rank()))
      throw error(str("sequence_axis and feature_axis must differ, received shape ", s));
    if (s[f] < 0 || s[f] % 2)
      throw error(str("the length of the feature axis must be known and even, received shape ", s));
  }
};

class SinePositionEncoding : public BuiltIn<SinePositionEncoding, SinePositionEncodingOptions> {
 public:
  static constexpr const char* kName = "SinePositionEncoding";
  static constexpr bool kMasking = true;
  static constexpr bool kRagged = true;
  explicit SinePositionEncoding(const SinePositionEncodingOptions& o) : BuiltIn(o) {
    if (!(o.max_wavelength > 0))
      fail("SinePositionEncoding: max_wavelength must be positive, received ", o.max_wavelength);
  }
  CallSignature call_signature() const override { return position_signature(); }
  void build(const std::vector<Shape>& shapes) override { one_input(shapes), last_axis(shapes[0]); }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    const Tensor& x = in[0];
    const int64_t n = x.dim(-1);
    std::vector<double> frequencies;
    for (int64_t i = 0; i < n; ++i)
      frequencies.push_back(
          std::pow(o_.max_wavelength,
                   -static_cast<double>(i / 2 * 2) / static_cast<double>(std::max<int64_t>(n, 1))));
    const Tensor angle = expand_dims(positions_of(x, -2, args, x.dtype()), {-1}) *
                         Tensor::from_vector(frequencies, {n}).astype(x.dtype());
    const Tensor odd = equal(mod(arange(0, static_cast<double>(n)), Tensor(2)), Tensor(1));
    return {broadcast_to(where(odd, cos(angle), sin(angle)), x.shape())};
  }
};

class PositionEmbedding : public BuiltIn<PositionEmbedding, PositionEmbeddingOptions> {
 public:
  static constexpr const char* kName = "PositionEmbedding";
  static constexpr bool kMasking = true;
  static constexpr bool kRagged = true;
  explicit PositionEmbedding(const PositionEmbeddingOptions& o) : BuiltIn(o) {
    require_positive("sequence_length", o.sequence_length);
  }
  CallSignature call_signature() const override { return position_signature(); }
  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes);
    embeddings_ =
        add_weight({"embeddings", {o_.sequence_length, last_axis(shapes[0])}, o_.initializer});
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    const Tensor& x = in[0];
    const bool from_zero = !start_of(args).defined() && !args.tensor("positions").defined() &&
                           !args.row_lengths().defined();
    if (from_zero && x.dim(-2) > o_.sequence_length) {
      if (shapes_only())  // an unknown length, which will be a shorter one
        return {broadcast_to(getitem(embeddings_, {Index::slice(0, 1)}), x.shape())};
      throw error(str("a sequence of ", x.dim(-2), " steps is longer than sequence_length ",
                      o_.sequence_length));
    }
    const Tensor rows = from_zero ? getitem(embeddings_, {Index::slice(0, x.dim(-2))})
                                  : take(embeddings_, positions_of(x, -2, args, DType::kInt64), 0);
    return {broadcast_to(rows, x.shape())};
  }

 private:
  Variable embeddings_;
};

const char* const kCall = R"(
Call arguments:
    inputs: Any steps before the features; only the shape counts, unless they are rotated.
    start_index: Position of the first step; 0 by default, and the next one's where a model is
        decoded step by step.
    positions: Positions (steps,) or (batch, steps) instead.
)";

}  // namespace

void add_position_layers(LayerClasses& out) {
  static const std::string rotary =
      std::string(
          R"(Rotates pairs of features by angles that grow with the position (Su et al., 2021, arXiv:2104.09864).

For queries and keys, whose products then depend on how far apart they are. Feature i of the first
half and of the second are a pair: (a, b) becomes (a cos - b sin, b cos + a sin) with the angle
position / scaling_factor / max_wavelength^(2 i / features). As in KerasHub.

Args:
    max_wavelength: Slowest rotation, in positions for a radian.
    scaling_factor: What positions are divided by.
    sequence_axis: Axis of the steps.
    feature_axis: Axis of the features, of even length.
)") + kCall +
      R"(
Output shape: that of the input.

Example:

>>> import lamina, numpy as np
>>> queries = np.ones((1, 4, 2, 8), "float32")  # (batch, steps, heads, size)
>>> lamina.layers.RotaryEmbedding()(queries).shape
(1, 4, 2, 8))";
  static const std::string sine =
      std::string(
          R"(Sines and cosines of positions, to be added to the features (Vaswani et al., 2017, arXiv:1706.03762).

Feature 2i of position p is sin(p / max_wavelength^(2i / features)), feature 2i + 1 the cosine. As
in KerasHub.

Args:
    max_wavelength: Longest wave, in positions for a radian.
)") + kCall +
      R"(
Output shape: that of the input.

Example:

>>> import lamina, numpy as np
>>> x = np.zeros((1, 4, 8), "float32")
>>> y = x + lamina.layers.SinePositionEncoding()(x)
>>> y.numpy()[0, 0, :4].tolist()
[0.0, 1.0, 0.0, 1.0])";
  static const std::string learned =
      std::string(
          R"(Trained vectors for positions, to be added to the features. As in KerasHub.

Args:
    sequence_length: Number of positions.
    initializer: First values of the vectors.
)") + kCall +
      R"(
Raises:
    ValueError: A sequence is longer than sequence_length.

Output shape: that of the input.

Example:

>>> import lamina, numpy as np
>>> x = np.ones((2, 4, 8), "float32")
>>> (x + lamina.layers.PositionEmbedding(sequence_length=16)(x)).shape
(2, 4, 8))";
  out.push_back(layer_class<RotaryEmbedding>(rotary.c_str()));
  out.push_back(layer_class<SinePositionEncoding>(sine.c_str()));
  out.push_back(layer_class<PositionEmbedding>(learned.c_str()));
}

}  // namespace lamina
