// Options of the layers that resize, crop and augment images. Included by layers.h.
#pragma once
#include "lamina/layer.h"

namespace lamina {

// A factor is a number or a list of two: the range that one number for each image is drawn from.
// What a single number f stands for, [-f, f] or [0, f], and its bounds, each layer says.

struct ResizingOptions {
  int64_t height = 0, width = 0;
  std::string interpolation = "bilinear";
  bool crop_to_aspect_ratio = false, pad_to_aspect_ratio = false;
  std::string fill_mode = "constant";
  double fill_value = 0;
  bool antialias = false;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("height", height)("width", width)("interpolation", interpolation)("crop_to_aspect_ratio",
                                                                        crop_to_aspect_ratio);
    f("pad_to_aspect_ratio", pad_to_aspect_ratio)("fill_mode", fill_mode)("fill_value", fill_value);
    f("antialias", antialias)("data_format", data_format), rest(f);
  }
};
struct CenterCropOptions {
  int64_t height = 0, width = 0;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("height", height)("width", width)("data_format", data_format), rest(f);
  }
};
struct RandomCropOptions {
  int64_t height = 0, width = 0;
  std::optional<int64_t> seed;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("height", height)("width", width)("seed", seed)("data_format", data_format), rest(f);
  }
};
struct RandomFlipOptions {
  std::string mode = "horizontal_and_vertical";
  std::optional<int64_t> seed;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("mode", mode)("seed", seed)("data_format", data_format), rest(f); }
};
struct RandomRotationOptions {
  Config factor;
  std::string fill_mode = "reflect", interpolation = "bilinear";
  std::optional<int64_t> seed;
  double fill_value = 0;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("factor", factor)("fill_mode", fill_mode)("interpolation", interpolation)("seed", seed);
    f("fill_value", fill_value)("data_format", data_format), rest(f);
  }
};
// Of RandomTranslation and RandomZoom.
struct RandomShiftOptions {
  Config height_factor, width_factor;
  std::string fill_mode = "reflect", interpolation = "bilinear";
  std::optional<int64_t> seed;
  double fill_value = 0;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("height_factor", height_factor)("width_factor", width_factor)("fill_mode", fill_mode);
    f("interpolation", interpolation)("seed", seed)("fill_value", fill_value);
    f("data_format", data_format), rest(f);
  }
};
struct RandomShearOptions {
  Config x_factor = 0.0, y_factor = 0.0;
  std::string interpolation = "bilinear", fill_mode = "reflect";
  double fill_value = 0;
  std::string data_format = "channels_last";
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("x_factor", x_factor)("y_factor", y_factor)("interpolation", interpolation);
    f("fill_mode", fill_mode)("fill_value", fill_value)("data_format", data_format)("seed", seed);
    rest(f);
  }
};
struct RandomPerspectiveOptions {
  Config factor = 1.0;
  double scale = 1;
  std::string interpolation = "bilinear";
  double fill_value = 0;
  std::optional<int64_t> seed;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("factor", factor)("scale", scale)("interpolation", interpolation)("fill_value", fill_value);
    f("seed", seed)("data_format", data_format), rest(f);
  }
};
struct RandomElasticTransformOptions {
  Config factor = 1.0, scale = 1.0;
  std::string interpolation = "bilinear", fill_mode = "reflect";
  double fill_value = 0;
  std::vector<double> value_range = {0, 255};
  std::optional<int64_t> seed;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("factor", factor)("scale", scale)("interpolation", interpolation)("fill_mode", fill_mode);
    f("fill_value", fill_value)("value_range", value_range)("seed", seed);
    f("data_format", data_format), rest(f);
  }
};
// Of RandomSaturation, RandomHue, RandomColorDegeneration, RandomSharpness and RandomPosterization.
struct RandomColorOptions {
  Config factor;
  std::vector<double> value_range = {0, 255};
  std::string data_format = "channels_last";
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("factor", factor)("value_range", value_range)("data_format", data_format)("seed", seed);
    rest(f);
  }
};
// Of RandomBrightness and RandomContrast.
struct RandomBrightnessOptions {
  Config factor;
  std::vector<double> value_range = {0, 255};
  std::optional<int64_t> seed;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("factor", factor)("value_range", value_range)("seed", seed)("data_format", data_format);
    rest(f);
  }
};
struct RandomInvertOptions {
  Config factor = 1.0;
  std::vector<double> value_range = {0, 255};
  std::optional<int64_t> seed;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("factor", factor)("value_range", value_range)("seed", seed)("data_format", data_format);
    rest(f);
  }
};
struct RandomGrayscaleOptions {
  double factor = 0.5;
  std::string data_format = "channels_last";
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("factor", factor)("data_format", data_format)("seed", seed), rest(f); }
};
struct RandomColorJitterOptions {
  std::vector<double> value_range = {0, 255};
  Config brightness_factor, contrast_factor, saturation_factor, hue_factor;
  std::optional<int64_t> seed;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("value_range", value_range)("brightness_factor", brightness_factor);
    f("contrast_factor", contrast_factor)("saturation_factor", saturation_factor);
    f("hue_factor", hue_factor)("seed", seed)("data_format", data_format), rest(f);
  }
};
struct RandomGaussianBlurOptions {
  Config factor = 1.0;
  Ints kernel_size = {3};
  Config sigma = 1.0;
  std::vector<double> value_range = {0, 255};
  std::string data_format = "channels_last";
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("factor", factor)("kernel_size", kernel_size)("sigma", sigma)("value_range", value_range);
    f("data_format", data_format)("seed", seed), rest(f);
  }
};
struct RandomErasingOptions {
  Config factor = 1.0, scale = Config::list({0.02, 0.33});
  Config fill_value;  // a number, one for each channel, or none: noise
  std::vector<double> value_range = {0, 255};
  std::optional<int64_t> seed;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("factor", factor)("scale", scale)("fill_value", fill_value)("value_range", value_range);
    f("seed", seed)("data_format", data_format), rest(f);
  }
};
struct SolarizationOptions {
  Config addition_factor = 0.0, threshold_factor = 0.0;
  std::vector<double> value_range = {0, 255};
  std::optional<int64_t> seed;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("addition_factor", addition_factor)("threshold_factor", threshold_factor);
    f("value_range", value_range)("seed", seed)("data_format", data_format), rest(f);
  }
};
struct AutoContrastOptions {
  std::vector<double> value_range = {0, 255};
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("value_range", value_range)("data_format", data_format), rest(f); }
};
struct EqualizationOptions {
  std::vector<double> value_range = {0, 255};
  int64_t bins = 256;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("value_range", value_range)("bins", bins)("data_format", data_format), rest(f);
  }
};
struct ClaheOptions {
  std::vector<double> value_range = {0, 255};
  double clip_limit = 4;
  Ints tile_grid_size = {8, 8};
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("value_range", value_range)("clip_limit", clip_limit)("tile_grid_size", tile_grid_size);
    f("data_format", data_format), rest(f);
  }
};
struct MixUpOptions {
  double alpha = 0.2;
  std::string data_format = "channels_last";
  std::optional<int64_t> seed;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("alpha", alpha)("data_format", data_format)("seed", seed), rest(f); }
};
struct CutMixOptions {
  Config factor = 1.0;
  std::optional<int64_t> seed;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("factor", factor)("seed", seed)("data_format", data_format), rest(f); }
};
struct RandAugmentOptions {
  std::vector<double> value_range = {0, 255};
  int64_t num_ops = 2;
  Config factor = 0.5;
  std::string interpolation = "bilinear";
  std::optional<int64_t> seed;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("value_range", value_range)("num_ops", num_ops)("factor", factor)("interpolation",
                                                                        interpolation);
    f("seed", seed)("data_format", data_format), rest(f);
  }
};
struct AugMixOptions {
  std::vector<double> value_range = {0, 255};
  int64_t num_chains = 3, chain_depth = 3;
  Config factor = 0.3;
  double alpha = 1;
  bool all_ops = true;
  std::string interpolation = "bilinear";
  std::optional<int64_t> seed;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("value_range", value_range)("num_chains", num_chains)("chain_depth", chain_depth);
    f("factor", factor)("alpha", alpha)("all_ops", all_ops)("interpolation", interpolation);
    f("seed", seed)("data_format", data_format), rest(f);
  }
};
struct MaxNumBoundingBoxesOptions {
  int64_t max_number = 0, fill_value = -1;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("max_number", max_number)("fill_value", fill_value)("data_format", data_format), rest(f);
  }
};

namespace layers {

inline Handle Resizing(int64_t height, int64_t width, ResizingOptions o = {}) {
  return o.height = height, o.width = width, make("Resizing", o);
}
inline Handle CenterCrop(int64_t height, int64_t width, CenterCropOptions o = {}) {
  return o.height = height, o.width = width, make("CenterCrop", o);
}
inline Handle RandomCrop(int64_t height, int64_t width, RandomCropOptions o = {}) {
  return o.height = height, o.width = width, make("RandomCrop", o);
}
inline Handle RandomFlip(const std::string& mode = "horizontal_and_vertical",
                         RandomFlipOptions o = {}) {
  return o.mode = mode, make("RandomFlip", o);
}
inline Handle RandomRotation(Config factor, RandomRotationOptions o = {}) {
  return o.factor = std::move(factor), make("RandomRotation", o);
}
inline Handle RandomTranslation(Config height_factor, Config width_factor,
                                RandomShiftOptions o = {}) {
  o.height_factor = std::move(height_factor), o.width_factor = std::move(width_factor);
  return make("RandomTranslation", o);
}
inline Handle RandomZoom(Config height_factor, RandomShiftOptions o = {}) {
  return o.height_factor = std::move(height_factor), make("RandomZoom", o);
}
inline Handle RandomShear(Config x_factor, Config y_factor, RandomShearOptions o = {}) {
  o.x_factor = std::move(x_factor), o.y_factor = std::move(y_factor);
  return make("RandomShear", o);
}
inline Handle RandomBrightness(Config factor, RandomBrightnessOptions o = {}) {
  return o.factor = std::move(factor), make("RandomBrightness", o);
}
inline Handle RandomContrast(Config factor, RandomBrightnessOptions o = {}) {
  return o.factor = std::move(factor), make("RandomContrast", o);
}
inline Handle RandomColorJitter(RandomColorJitterOptions o = {}) {
  return make("RandomColorJitter", o);
}
inline Handle RandomErasing(RandomErasingOptions o = {}) { return make("RandomErasing", o); }
inline Handle RandAugment(RandAugmentOptions o = {}) { return make("RandAugment", o); }

}  // namespace layers

}  // namespace lamina
