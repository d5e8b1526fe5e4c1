// What the layers that change images share: ranks and data formats, dicts of images with labels and
// masks, and random numbers for each image.
#pragma once
#include "lamina/ops_image.h"
#include "layers/builtin.h"

namespace lamina {

struct Range {
  double low, high;
};

// Random numbers for images (n, rows, columns, channels) of a dtype, float32 or float64.
struct Draws {
  Shape shape;
  DType dtype;
  random::SeedGenerator* seed;
  int64_t n() const { return shape[0]; }
  double height() const { return static_cast<double>(shape[1]); }
  double width() const { return static_cast<double>(shape[2]); }
  Tensor uniform(const Shape& s, Range r) const {
    return random::uniform(s, r.low, r.high, dtype, seed);
  }
  // One number for each image, (n,).
  Tensor uniform(Range r) const { return uniform(Shape{n()}, r); }
  Tensor normal(const Shape& s) const { return random::normal(s, 0, 1, dtype, seed); }
  Tensor integers(const Shape& s, int64_t low, int64_t high) const {
    return random::randint(s, low, high, DType::kInt32, seed);
  }
  // Whether to change each image, (n, 1, 1, 1): with a probability drawn from the range.
  Tensor chosen(Range probability) const;
};

// A change of images (n, rows, columns, channels) that depends on drawn tensors alone, so that
// masks follow their images, and other layers can choose among such changes.
class ImageTransform {
 public:
  virtual ~ImageTransform() = default;
  // The random parameters.
  virtual Tensors draw(const Draws& d) { return {}; }
  // masks: x is a segmentation mask, whose values must not be mixed.
  virtual Tensor transform(const Tensor& x, const Tensors& drawn, bool masks) = 0;
  virtual Tensor at_inference(const Tensor& x, bool masks) { return x; }
  virtual bool changes_masks() const { return false; }
  virtual Tensor transform_labels(const Tensor& labels, const Tensors& drawn) { return labels; }
  virtual bool keeps_integers() const { return false; }
};

// Inputs: the images; also "labels" and "segmentation_masks" by name, which come back after them.
Tensors call_on_images(const Layer& layer, ImageTransform& t, const std::string& data_format,
                       random::SeedGenerator* seed, const Tensors& in, const CallArgs& args);

template <class Derived, class Options>
class ImageLayer : public BuiltIn<Derived, Options>, public ImageTransform {
 public:
  explicit ImageLayer(const Options& o) : BuiltIn<Derived, Options>(o) {
    this->o_.data_format = this->format(o.data_format);
    if constexpr (requires { o.seed; }) seed_ = &this->add_seed(o.seed);
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    return call_on_images(*this, *this, this->o_.data_format, seed_, in, args);
  }
  bool trains_by_default() const override { return true; }
  std::vector<std::string> input_names() const override {
    return {"images", "labels", "segmentation_masks"};
  }

 protected:
  random::SeedGenerator* seed_ = nullptr;
};

// A number f, or two, in [low, high]. A number stands for [max(-|f|, low), |f|]. `factor` becomes
// the list of two.
Range factor_range(const char* layer, const char* argument, Config& factor, double low,
                   double high);
// As factor_range, but every number must lie in [low, high], a single one stands for [-|f|, |f|],
// and `factor` stays as it was given.
Range signed_range(const char* layer, const char* argument, const Config& factor, double low,
                   double high);
// The value range in order.
Range value_range(const char* layer, std::vector<double>& values);
void require_fill_mode(const char* layer, const std::string& mode, bool mirror = false);
void require_interpolation(const char* layer, const std::string& interpolation);

// (n,) as (n, 1, 1, 1) in the dtype of x.
Tensor over_images(const Tensor& v, const Tensor& x);
// x moved linearly from one range of values to another.
Tensor change_range(const Tensor& x, Range from, Range to);
inline Tensor cut(const Tensor& x, Range r) { return clip(x, r.low, r.high); }

inline constexpr Range kBytes = {0, 255};

}  // namespace lamina
