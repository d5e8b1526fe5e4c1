// Pooling over windows and over everything.
#include "layers/builtin.h"

namespace lamina {

namespace {

template <class Derived, int kSpatial, bool kMax>
class Pooling : public BuiltIn<Derived, PoolingOptions> {
 public:
  explicit Pooling(const PoolingOptions& o) : BuiltIn<Derived, PoolingOptions>(o) {
    this->o_.pool_size = this->each("pool_size", o.pool_size, kSpatial);
    this->o_.strides = this->each("strides", o.strides.value_or(this->o_.pool_size), kSpatial);
    this->channels_first(o.data_format);
    if (o.padding != "valid" && o.padding != "same")
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
  using BuiltIn<Derived, GlobalPoolingOptions>::BuiltIn;
  Tensors call(const Tensors& in, const CallArgs&) override {
    const auto& o = this->o_;
    this->require_rank(in[0].shape(), kSpatial + 2);
    Ints axes;
    int first = this->channels_first(o.data_format) ? 2 : 1;
    for (int i = 0; i < kSpatial; ++i) axes.push_back(first + i);
    return {kMax ? max(in[0], Axes(axes), o.keepdims) : mean(in[0], Axes(axes), o.keepdims)};
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
  const char* max_doc = "Maximum over windows; strides default to pool_size. Padding never wins.";
  const char* mean_doc = "Mean over windows; strides default to pool_size. Padding is not counted.";
  out.push_back(layer_class<MaxPooling1D>(max_doc));
  out.push_back(layer_class<MaxPooling2D>(max_doc));
  out.push_back(layer_class<MaxPooling3D>(max_doc));
  out.push_back(layer_class<AveragePooling1D>(mean_doc));
  out.push_back(layer_class<AveragePooling2D>(mean_doc));
  out.push_back(layer_class<AveragePooling3D>(mean_doc));
  out.push_back(layer_class<GlobalMaxPooling1D>(
      "Maximum over all steps: (batch, steps, channels) to (batch, channels)."));
  out.push_back(layer_class<GlobalMaxPooling2D>(
      "Maximum over all pixels: (batch, rows, columns, channels) to (batch, channels)."));
  out.push_back(layer_class<GlobalMaxPooling3D>("Maximum over all voxels."));
  out.push_back(layer_class<GlobalAveragePooling1D>(
      "Mean over all steps: (batch, steps, channels) to (batch, channels)."));
  out.push_back(layer_class<GlobalAveragePooling2D>(
      "Mean over all pixels: (batch, rows, columns, channels) to (batch, channels)."));
  out.push_back(layer_class<GlobalAveragePooling3D>("Mean over all voxels."));
}

}  // namespace lamina
