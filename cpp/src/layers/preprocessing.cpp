// Numbers before training: statistics, bins and categories.
#include "lamina/layers_preprocessing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "layers/categories.h"

namespace lamina {

// ---- adapt --------------------------------------------------------------------------------------

void Adaptive::adapt(const Tensor& data) {
  reset_state();
  update_state(data);
  finalize_state();
}

void Adaptive::adapt(const NextBatch& next, int64_t steps) {
  reset_state();
  Tensor batch;
  int64_t n = 0;
  for (; (steps < 0 || n < steps) && next(batch); ++n) update_state(batch);
  if (n == 0)
    fail("adapt() received no batches. Expected at least one: an array or an iterable of arrays");
  finalize_state();
}

Adaptive& as_adaptive(Layer& layer) {
  if (auto* a = dynamic_cast<Adaptive*>(&layer)) return *a;
  throw layer.error("adapt: there is nothing to learn from data before training");
}
void adapt(const LayerPtr& layer, const Tensor& data) { as_adaptive(*layer).adapt(data); }
void adapt(const LayerPtr& layer, const Adaptive::NextBatch& next, int64_t steps) {
  as_adaptive(*layer).adapt(next, steps);
}

namespace {

// ---- Normalization ------------------------------------------------------------------------------

// A (nested) list of numbers as a tensor.
Tensor tensor_of(const Config& c) {
  std::vector<double> values;
  Ints shape;
  std::function<void(const Config&, size_t)> read = [&](const Config& v, size_t depth) {
    if (!v.is_list()) {
      if (depth != shape.size()) fail("Normalization: `mean` and `variance` must not be ragged");
      values.push_back(v.as_double());
      return;
    }
    auto n = static_cast<int64_t>(v.size());
    if (depth == shape.size() && values.empty()) shape.push_back(n);
    if (depth >= shape.size() || shape[depth] != n)
      fail("Normalization: `mean` and `variance` must not be ragged");
    for (const Config& item : v.as_list()) read(item, depth + 1);
  };
  read(c, 0);
  return Tensor::from_vector(values, shape);
}

class Normalization : public BuiltIn<Normalization, NormalizationOptions>, public Adaptive {
 public:
  static constexpr const char* kName = "Normalization";
  static constexpr bool kRagged = true;
  explicit Normalization(const NormalizationOptions& o) : BuiltIn(o) {
    o_.axis = o.axis.value_or(Ints{});
    if (o.mean.is_null() != o.variance.is_null())
      fail("When setting values directly, both `mean` and `variance` must be set. Received: mean=",
           o.mean.dump(), " and variance=", o.variance.dump());
    if (o.mean.is_null()) return;
    mean_ = tensor_of(o.mean), variance_ = tensor_of(o.variance);
    if (!(mean_.shape() == variance_.shape()))
      fail(
          "When setting values directly, `mean` and `variance` must have the same shape. "
          "Received: mean shape ",
          mean_.shape(), " and variance shape ", variance_.shape());
    if (mean_.rank() > static_cast<int>(o_.axis->size()))
      fail("The rank of `mean` must be less than or equal to the number of axes (", o_.axis->size(),
           "). Received: mean shape ", mean_.shape(), " for axis ", Shape(*o_.axis));
  }

  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes);
    const Shape& s = shapes[0];
    for (int64_t a : *o_.axis)
      if (a < -s.rank() || a >= s.rank())
        throw error(
            str("All `axis` values must be in the range [-ndim, ndim). Received inputs "
                "with ndim=",
                s.rank(), ", while axis=", Shape(*o_.axis)));
    for (int64_t a : *o_.axis) keep_.push_back(normalize_axis(a, s.rank()));
    std::sort(keep_.begin(), keep_.end());
    for (int d = 0; d < s.rank(); ++d) {
      bool kept = std::find(keep_.begin(), keep_.end(), d) != keep_.end();
      broadcast_.push_back(kept ? s[d] : 1);
      if (!kept) reduce_.push_back(d);
      if (kept && s[d] < 0)
        throw error(str("All `axis` values to be kept must have a known shape. Received axis=",
                        Shape(*o_.axis), ", inputs.shape=", s, ", with unknown axis at index ", d));
    }
    Shape kept;
    for (int64_t d : keep_) kept.push_back(s[static_cast<int>(d)]);
    if (!mean_.defined()) {
      adapted_mean_ = add_weight({"mean", kept, "zeros", {}, {}, false});
      adapted_variance_ = add_weight({"variance", kept, "ones", {}, {}, false});
      add_weight({"count", {}, "zeros", {}, {}, false, DType::kInt32});
      return;
    }
    // Axes of mean belong to the last of the kept ones.
    Ints shape(static_cast<size_t>(s.rank()), 1);
    for (int i = 1; i <= mean_.rank(); ++i)
      shape[static_cast<size_t>(keep_[keep_.size() - static_cast<size_t>(i)])] = mean_.dim(-i);
    mean_ = cast(broadcast_to(reshape(mean_, shape), broadcast_), dtype_);
    variance_ = cast(broadcast_to(reshape(variance_, shape), broadcast_), dtype_);
  }

  Tensors call(const Tensors& in, const CallArgs& args) override {
    Tensor x = cast(in[0], dtype_);
    require_features(args, keep_, x.rank());
    if (x.rank() != static_cast<int>(broadcast_.size()))
      throw error(
          str("expected an input of ", broadcast_.size(), " axes, received shape ", x.shape()));
    for (int64_t d : keep_)
      if (x.dim(static_cast<int>(d)) != broadcast_[static_cast<size_t>(d)])
        throw error(str("axis ", d, " of the input must be ", broadcast_[static_cast<size_t>(d)],
                        ", received shape ", x.shape()));
    auto [mean, variance] = statistics();
    Tensor deviation = maximum(sqrt(variance), Tensor(1e-7));
    return {o_.invert ? mean + x * deviation : (x - mean) / deviation};
  }

  std::pair<Tensor, Tensor> statistics() const {
    if (mean_.defined()) return {mean_, variance_};
    if (!adapted_mean_.defined()) return {};
    return {reshape(adapted_mean_, broadcast_), reshape(adapted_variance_, broadcast_)};
  }

  void reset_state() override { total_mean_.clear(), total_variance_.clear(), count_ = 0; }
  void update_state(const Tensor& given) override {
    if (!o_.mean.is_null())
      throw error("adapt: `mean` and `variance` were given to the constructor");
    NoGrad off;
    if (!built_) {
      if (name_.empty()) name_ = unique_layer_name(class_name());
      Shape shape = given.shape();
      build_from({shape});
    }
    Tensor x = cast(given, is_floating(given.dtype()) ? given.dtype() : DType::kFloat64);
    bool fits = x.rank() == static_cast<int>(broadcast_.size());
    for (int64_t d : keep_)
      fits = fits && x.dim(static_cast<int>(d)) == broadcast_[static_cast<size_t>(d)];
    if (!fits)
      throw error(str("The layer was built with input_shape=", build_shapes_[0],
                      ", but adapt() is being called with data with an incompatible shape, "
                      "data.shape=",
                      x.shape()));
    Tensor m = reduce_.empty() ? x : lamina::mean(x, Axes(reduce_));
    Tensor v = reduce_.empty() ? zeros_like(x) : var(x, Axes(reduce_));
    std::vector<double> means = m.to_vector<double>(), variances = v.to_vector<double>();
    double n = 1;
    for (int64_t d : reduce_) n *= static_cast<double>(x.dim(static_cast<int>(d)));
    if (count_ == 0) {
      total_mean_ = means, total_variance_ = variances, count_ = n;
      return;
    }
    // Pooled mean and variance: within batches and between their means.
    count_ += n;
    double share = n / count_;
    for (size_t i = 0; i < means.size(); ++i) {
      double pooled = total_mean_[i] * (1 - share) + means[i] * share;
      auto square = [](double d) { return d * d; };
      total_variance_[i] = (total_variance_[i] + square(total_mean_[i] - pooled)) * (1 - share) +
                           (variances[i] + square(means[i] - pooled)) * share;
      total_mean_[i] = pooled;
    }
  }
  void finalize_state() override {
    const Shape& s = adapted_mean_.shape();
    adapted_mean_.assign(cast(Tensor::from_vector(total_mean_, s), dtype_));
    adapted_variance_.assign(cast(Tensor::from_vector(total_variance_, s), dtype_));
    reset_state();
  }

 private:
  Ints keep_, reduce_;      // axes
  Ints broadcast_;          // shape of the statistics against an input
  Tensor mean_, variance_;  // given
  Variable adapted_mean_, adapted_variance_;
  std::vector<double> total_mean_, total_variance_;
  double count_ = 0;
};

// ---- Discretization -----------------------------------------------------------------------------

// Values with weights, ascending: an approximation of a distribution.
struct Summary {
  std::vector<float> values, weights;
};

double interpolate(double x, const std::vector<float>& at, const std::vector<float>& values) {
  if (x <= at.front()) return values.front();
  if (x >= at.back()) return values.back();
  auto j = static_cast<size_t>(std::upper_bound(at.begin(), at.end(), x) - at.begin());
  double x0 = at[j - 1], x1 = at[j], y0 = values[j - 1], y1 = values[j];
  return (y1 - y0) / (x1 - x0) * (x - x0) + y0;
}

// About 1 / epsilon values instead of all, by interpolation of the cumulative weights.
Summary compress(const Summary& s, double epsilon) {
  if (static_cast<double>(s.values.size()) * epsilon < 1) return s;
  std::vector<float> cumulative(s.weights.size()), share(s.weights.size());
  std::partial_sum(s.weights.begin(), s.weights.end(), cumulative.begin());
  for (size_t i = 0; i < share.size(); ++i) share[i] = cumulative[i] / cumulative.back();
  Summary out;
  double before = 0;
  auto n = static_cast<int64_t>(std::ceil(1 / epsilon));
  for (int64_t i = 0; i < n; ++i) {
    double percent = epsilon + static_cast<double>(i) * epsilon;
    double weight = interpolate(percent, share, cumulative);
    out.values.push_back(static_cast<float>(interpolate(percent, share, s.values)));
    out.weights.push_back(static_cast<float>(weight - before));
    before = weight;
  }
  return out;
}

class Discretization : public BuiltIn<Discretization, DiscretizationOptions>, public Adaptive {
 public:
  static constexpr const char* kName = "Discretization";
  explicit Discretization(const DiscretizationOptions& o) : BuiltIn(o) {
    refuse_sparse(kName, o.sparse);
    require_mode(kName, o.output_mode, {"int", "one_hot", "multi_hot", "count"});
    supports_ragged_ = o.output_mode == "int";
    if (o.num_bins && *o.num_bins < 0)
      fail("`num_bins` must be greater than or equal to 0. Received: `num_bins=", *o.num_bins, "`");
    if (!o.num_bins && !o.bin_boundaries)
      fail("You need to set either `num_bins` or `bin_boundaries`.");
    if (o.bin_boundaries && !std::is_sorted(o.bin_boundaries->begin(), o.bin_boundaries->end()))
      fail("Discretization: `bin_boundaries` must be in ascending order");
    learned_ = o.num_bins.has_value();
  }

  Config get_config() const override {
    Config c = BuiltIn::get_config();
    c.erase("trainable");  // as in Keras
    return c;
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    if (!o_.bin_boundaries)
      throw error(
          "You need to either pass the `bin_boundaries` argument at construction time or call "
          "`adapt(dataset)` before you can start using the `Discretization` layer.");
    auto n = static_cast<int64_t>(o_.bin_boundaries->size());
    Tensor boundaries = cast(Tensor::from_vector(*o_.bin_boundaries, {n}), floatx());
    Tensor bins = bucketize(cast(in[0], floatx()), boundaries);
    return {encode_categories(bins, o_.output_mode, n + 1,
                              o_.output_mode == "int" ? DType::kInt32 : dtype_)};
  }

  void reset_state() override {
    if (!learned_)
      fail(
          "Cannot adapt a Discretization layer that has been initialized with `bin_boundaries`, "
          "use `num_bins` instead.");
    summary_ = {};
  }
  void update_state(const Tensor& batch) override {
    std::vector<float> values = batch.to_vector<float>();
    std::sort(values.begin(), values.end());
    double step = std::max(static_cast<double>(values.size()) * o_.epsilon, 1.0);
    Summary next;
    for (auto i = static_cast<size_t>(step - 1); i < values.size(); i += static_cast<size_t>(step))
      next.values.push_back(values[i]), next.weights.push_back(static_cast<float>(step));
    // Merged with what came before, in order.
    next.values.insert(next.values.end(), summary_.values.begin(), summary_.values.end());
    next.weights.insert(next.weights.end(), summary_.weights.begin(), summary_.weights.end());
    std::vector<size_t> order(next.values.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return next.values[a] < next.values[b]; });
    Summary merged;
    for (size_t i : order)
      merged.values.push_back(next.values[i]), merged.weights.push_back(next.weights[i]);
    summary_ = compress(merged, o_.epsilon);
  }
  void finalize_state() override {
    if (*o_.num_bins == 0) fail("Discretization: adapt needs `num_bins` of at least 1");
    if (summary_.values.empty()) throw error("adapt: the data is empty");
    Summary bins = compress(summary_, 1.0 / static_cast<double>(*o_.num_bins));
    o_.bin_boundaries.emplace(bins.values.begin(), bins.values.end() - 1);
    summary_ = {};
    changed();
  }

 private:
  bool learned_;
  Summary summary_;
};

// ---- CategoryEncoding ---------------------------------------------------------------------------

class CategoryEncoding : public BuiltIn<CategoryEncoding, CategoryEncodingOptions> {
 public:
  static constexpr const char* kName = "CategoryEncoding";
  explicit CategoryEncoding(const CategoryEncodingOptions& o) : BuiltIn(o) {
    refuse_sparse(kName, o.sparse);
    if (o.output_mode == "binary") o_.output_mode = "multi_hot";  // its old name
    require_mode(kName, o_.output_mode, {"count", "one_hot", "multi_hot"});
    if (!o.num_tokens)
      fail(
          "num_tokens must be set to use this layer. If the number of tokens is not known "
          "beforehand, use the IntegerLookup layer instead.");
    if (*o.num_tokens < 1)
      fail("`num_tokens` must be >= 1. Received: num_tokens=", *o.num_tokens, ".");
  }
  Config get_config() const override {
    Config c = BuiltIn::get_config();
    c.erase("sparse");  // as in Keras
    return c;
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    Tensor weights = in.size() > 1 ? in[1] : args.tensor("count_weights");
    if (weights.defined() && o_.output_mode != "count")
      throw error(
          str("`count_weights` is not used when `output_mode` is not `'count'`. Received "
              "`output_mode='",
              o_.output_mode, "'`"));
    if (weights.defined() && !(weights.shape() == in[0].shape()))
      throw error(str("`count_weights` must have the shape of the inputs, ", in[0].shape(),
                      ", received ", weights.shape()));
    return {encode_categories(in[0], o_.output_mode, *o_.num_tokens, dtype_, weights)};
  }
};

}  // namespace

std::pair<Tensor, Tensor> normalization_statistics(const Layer& layer) {
  if (auto* n = dynamic_cast<const Normalization*>(&layer)) return n->statistics();
  throw layer.error("is not a Normalization layer");
}

void add_preprocessing_layers(LayerClasses& out) {
  out.push_back(layer_class<Normalization>(
      R"((x - mean) / sqrt(variance), with statistics that are given or learned by `adapt`.

Args:
    axis: Axis or axes of which each place has statistics of its own; None for one mean and one
        variance of everything. The last one by default.
    mean, variance: Statistics, if they are known: numbers, or arrays that broadcast against the
        kept axes. Both or neither.
    invert: Computes mean + x * sqrt(variance) instead.

Input shape: any. Output shape: that of the input.

Raises:
    ValueError: Only one of mean and variance is given, or they do not fit the axes.

Example:

>>> import lamina, numpy as np
>>> layer = lamina.layers.Normalization(axis=None)
>>> layer.adapt(np.array([1.0, 2.0, 3.0, 4.0, 5.0], "float32"))
>>> layer(np.array([3.0, 1.0], "float32")).numpy().round(3)
array([ 0.   , -1.414], dtype=float32))"));
  out.push_back(layer_class<Discretization>(
      R"(The bin that each number falls into: i for boundaries[i - 1] <= x < boundaries[i].

Args:
    bin_boundaries: Ascending boundaries between bins; the first and the last bin are open.
    num_bins: Number of bins whose boundaries `adapt` learns, as quantiles.
    epsilon: Tolerance of the quantiles; smaller is slower and closer.
    output_mode: "int" for indices; "one_hot", "multi_hot" or "count" as `CategoryEncoding` has them.
    sparse: Only False is supported.

Input shape: (batch, ...). Output shape: that of the input for "int", else with an axis of bins.

Raises:
    ValueError: Neither bin_boundaries nor num_bins is given, or the layer is called unadapted.

Example:

>>> import lamina, numpy as np
>>> layer = lamina.layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0])
>>> layer(np.array([[-1.5, 1.0, 3.4, 0.5]], "float32")).numpy()
array([[0, 2, 3, 1]], dtype=int32))"));
  out.push_back(layer_class<CategoryEncoding>(
      R"(Integers as rows of zeros and ones, or counts.

Args:
    num_tokens: Number of categories; inputs lie in [0, num_tokens), others count nowhere.
    output_mode: "one_hot" has a row for each integer, "multi_hot" one for each sample with a 1
        wherever a category occurs, "count" how often it does.
    sparse: Only False is supported.

Input shape: (batch,) or (batch, length). Output shape: (batch, num_tokens), for "one_hot"
(batch, length, num_tokens) unless length is 1. With "count" the call takes count_weights of the
shape of the input: what each integer adds.

Raises:
    ValueError: num_tokens is missing or not positive, or the output mode is unknown.

Example:

>>> import lamina, numpy as np
>>> layer = lamina.layers.CategoryEncoding(num_tokens=4, output_mode="count")
>>> layer(np.array([[0, 1, 1]])).numpy()
array([[1., 2., 0., 0.]], dtype=float32))"));
}

}  // namespace lamina
