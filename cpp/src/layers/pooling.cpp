// Pooling over windows and over everything.
#include "core/text.h"
#include "lamina/ops_array.h"
#include "lamina/ragged.h"
#include "layers/builtin.h"

namespace lamina {

namespace {

template <class Derived, int kSpatial, bool kMax>
class Pooling : public BuiltIn<Derived, PoolingOptions> {
 public:
  explicit Pooling(const PoolingOptions& o) : BuiltIn<Derived, PoolingOptions>(o) {
    this->o_.pool_size = this->each("pool_size", o.pool_size, kSpatial);
    this->o_.strides = this->each("strides", o.strides.value_or(this->o_.pool_size), kSpatial);
    this->o_.data_format = this->format(o.data_format);
    this->o_.padding = lower_case(o.padding);
    if (this->o_.padding != "valid" && this->o_.padding != "same")
      fail(Derived::kName, ": argument 'padding' must be valid or same, received '", o.padding,
           "'");
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    const auto& o = this->o_;
    this->require_rank(in[0].shape(), kSpatial + 2);
    return {kMax ? max_pool(in[0], o.pool_size, *o.strides, o.padding, o.data_format)
                 : average_pool(in[0], o.pool_size, *o.strides, o.padding, o.data_format)};
  }
};

template <class Derived, int kSpatial, bool kMax>
class GlobalPooling : public BuiltIn<Derived, GlobalPoolingOptions> {
 public:
  static constexpr bool kMasking = kSpatial == 1 && !kMax;
  static constexpr bool kRagged = kSpatial == 1;
  explicit GlobalPooling(const GlobalPoolingOptions& o)
      : BuiltIn<Derived, GlobalPoolingOptions>(o) {
    this->o_.data_format = this->format(o.data_format);
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    const auto& o = this->o_;
    this->require_rank(in[0].shape(), kSpatial + 2);
    if (in[0].is_ragged()) return {over_rows(in[0], args.mask())};
    if (kMasking && args.mask().defined()) return {mean_of_kept(in[0], args.mask())};
    Ints axes;
    int first = this->channels_first(o.data_format) ? 2 : 1;
    for (int i = 0; i < kSpatial; ++i) axes.push_back(first + i);
    return {kMax ? max(in[0], Axes(axes), o.keepdims) : mean(in[0], Axes(axes), o.keepdims)};
  }
  Tensors compute_mask(const Tensors&, const Tensors&) override { return {}; }

 private:
  // Over the steps of each sequence of a ragged batch; zero where there are none.
  Tensor over_rows(const Tensor& x, const Tensor& mask) {
    if (this->channels_first(this->o_.data_format))
      throw this->error("ragged input must be channels_last");
    Tensor rows = x.row_lengths(), steps = squeeze(x, 0), y;
    Tensor ids = row_ids(rows, x.dim(1)), length = expand_dims(rows, {1});
    if (kMax) {
      y = segment_max(steps, ids, rows.dim(0));
      y = where(greater(length, Tensor(0)), y, zeros_like(y));
    } else {
      if (mask.defined()) {  // some steps may not count
        const Tensor keep = expand_dims(cast(squeeze(mask, 0), DType::kBool), {1});
        steps = where(keep, steps, zeros_like(steps));
        length = segment_sum(cast(keep, x.dtype()), ids, rows.dim(0));
      }
      y = segment_sum(steps, ids, rows.dim(0)) / maximum(cast(length, x.dtype()), Tensor(1));
    }
    return this->o_.keepdims ? expand_dims(y, {1}) : y;
  }
  // The mean of the steps that the mask (batch, steps) keeps; zero where there are none.
  Tensor mean_of_kept(const Tensor& x, const Tensor& mask) {
    bool first = this->channels_first(this->o_.data_format);
    Tensor keep = expand_dims(cast(mask, DType::kBool), {first ? 1 : 2});
    Axes steps = first ? 2 : 1;
    return sum(where(keep, x, zeros_like(x)), steps, this->o_.keepdims) /
           maximum(sum(cast(keep, x.dtype()), steps, this->o_.keepdims), Tensor(1));
  }
};

#define LAMINA_POOL(Name, Base, n, is_max)      \
  struct Name : Base<Name, n, is_max> {         \
    static constexpr const char* kName = #Name; \
    using Base::Base;                           \
  };
LAMINA_POOL(MaxPooling1D, Pooling, 1, true)
LAMINA_POOL(MaxPooling2D, Pooling, 2, true)
LAMINA_POOL(MaxPooling3D, Pooling, 3, true)
LAMINA_POOL(AveragePooling1D, Pooling, 1, false)
LAMINA_POOL(AveragePooling2D, Pooling, 2, false)
LAMINA_POOL(AveragePooling3D, Pooling, 3, false)
LAMINA_POOL(GlobalMaxPooling1D, GlobalPooling, 1, true)
LAMINA_POOL(GlobalMaxPooling2D, GlobalPooling, 2, true)
LAMINA_POOL(GlobalMaxPooling3D, GlobalPooling, 3, true)
LAMINA_POOL(GlobalAveragePooling1D, GlobalPooling, 1, false)
LAMINA_POOL(GlobalAveragePooling2D, GlobalPooling, 2, false)
LAMINA_POOL(GlobalAveragePooling3D, GlobalPooling, 3, false)

}  // namespace

void add_pooling_layers(LayerClasses& out) {
  static const std::string windows = R"(

Args:
    pool_size: A number, or one for each spatial axis.
    strides: The same; pool_size by default.
    padding: "valid" or "same". Padding never wins a maximum and is not counted by a mean.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, spatial..., channels). Output shape: (batch, windows..., channels).

Raises:
    ValueError: A wrong argument, or an input of other rank.)";
  static const std::string global = R"(

Args:
    data_format: "channels_last" or "channels_first".
    keepdims: Whether the spatial axes stay, with length 1.

Input shape: (batch, spatial..., channels). Output shape: (batch, channels). In one dimension a
ragged batch gives each sequence's own result, zero for one without steps.

Raises:
    ValueError: A wrong argument, or an input of other rank.)";
  static const std::string max = "Maximum over windows." + windows;
  static const std::string mean = "Mean over windows." + windows;
  static const std::string global_max = "Maximum over all spatial axes." + global;
  static const std::string global_mean = "Mean over all spatial axes." + global;
  out.push_back(layer_class<MaxPooling1D>(max.c_str()));
  out.push_back(layer_class<MaxPooling2D>(max.c_str()));
  out.push_back(layer_class<MaxPooling3D>(max.c_str()));
  out.push_back(layer_class<AveragePooling1D>(mean.c_str()));
  out.push_back(layer_class<AveragePooling2D>(mean.c_str()));
  out.push_back(layer_class<AveragePooling3D>(mean.c_str()));
  out.push_back(layer_class<GlobalMaxPooling1D>(global_max.c_str()));
  out.push_back(layer_class<GlobalMaxPooling2D>(global_max.c_str()));
  out.push_back(layer_class<GlobalMaxPooling3D>(global_max.c_str()));
  out.push_back(layer_class<GlobalAveragePooling1D>(global_mean.c_str()));
  out.push_back(layer_class<GlobalAveragePooling2D>(global_mean.c_str()));
  out.push_back(layer_class<GlobalAveragePooling3D>(global_mean.c_str()));
}

}  // namespace lamina
