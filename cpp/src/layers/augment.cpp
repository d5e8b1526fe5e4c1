#include "layers/augment.h"

#include <cmath>

namespace lamina {

Tensors call_on_images(const Layer& layer, ImageTransform& t, const std::string& data_format,
                       random::SeedGenerator* seed, const Tensors& in, const CallArgs& args) {
  if (in.size() != 1) throw layer.error(str("takes one input, received ", in.size()));
  const int rank = in[0].rank();
  bool first = data_format == "channels_first", single = rank == 3;
  auto batch = [&](const Tensor& x, const char* what) {
    if (x.rank() != rank || (rank != 3 && rank != 4))
      throw layer.error(str("expected ", what,
                            " of rank 3 (single image) or 4 (batch of images), received shape ",
                            x.shape()));
    Tensor y = single ? expand_dims(x, {0}) : x;
    return first ? moveaxis(y, {1}, {-1}) : y;
  };
  auto restore = [&](const Tensor& x) {
    Tensor y = first ? moveaxis(x, {-1}, {1}) : x;
    return single ? squeeze(y, 0) : y;
  };
  Tensor images = batch(in[0], "images");
  if (!t.keeps_integers() && images.dtype() != layer.dtype()) images = cast(images, layer.dtype());
  Tensors drawn;
  DType precision = images.dtype() == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
  if (args.training) drawn = t.draw({images.shape(), precision, seed});
  auto change = [&](const Tensor& x, bool masks) {
    return restore(args.training ? t.transform(x, drawn, masks) : t.at_inference(x, masks));
  };
  Tensors out = {change(images, false)};
  for (auto& [name, value] : args.tensors) {
    if (name == "segmentation_masks") {
      Tensor masks = batch(value, "segmentation_masks");
      out.push_back(t.changes_masks() ? change(masks, true) : value);
    } else if (name == "labels") {
      Tensor labels = single ? expand_dims(value, {0}) : value;
      if (args.training) labels = t.transform_labels(labels, drawn);
      out.push_back(single ? squeeze(labels, 0) : labels);
    } else {
      throw layer.error("takes images, labels and segmentation_masks, received '" + name + "'");
    }
  }
  return out;
}

namespace {

[[noreturn]] void bad_factor(const char* layer, const char* argument, const Config& factor,
                             double low, double high) {
  fail(layer, ": argument '", argument,
       "' should be a number (or a list of two numbers) in the range [", low, ", ", high,
       "], received ", factor.dump());
}

bool two_numbers(const Config& c) {
  return c.is_list() && c.size() == 2 && c[0].is_number() && c[1].is_number();
}

}  // namespace

Range factor_range(const char* layer, const char* argument, Config& factor, double low,
                   double high) {
  Range r{};
  if (two_numbers(factor)) {
    double a = factor[0].as_double(), b = factor[1].as_double();
    if (a > high || b < low) bad_factor(layer, argument, factor, low, high);
    r = {std::min(a, b), std::max(a, b)};
  } else if (factor.is_number()) {
    double f = factor.as_double();
    if (f < low || f > high) bad_factor(layer, argument, factor, low, high);
    f = std::abs(f);
    r = {std::max(-f, low), f};
  } else {
    bad_factor(layer, argument, factor, low, high);
  }
  factor = Config::list({r.low, r.high});
  return r;
}

Range signed_range(const char* layer, const char* argument, const Config& factor, double low,
                   double high) {
  auto check = [&](double f) {
    if (!(f >= low && f <= high)) bad_factor(layer, argument, factor, low, high);
    return f;
  };
  if (two_numbers(factor)) {
    double a = check(factor[0].as_double()), b = check(factor[1].as_double());
    return {std::min(a, b), std::max(a, b)};
  }
  if (!factor.is_number()) bad_factor(layer, argument, factor, low, high);
  double f = std::abs(check(factor.as_double()));
  return {-f, f};
}

Range value_range(const char* layer, std::vector<double>& values) {
  if (values.size() != 2)
    fail(layer, ": argument 'value_range' should be a list of two numbers, received ",
         values.size());
  if (values[0] > values[1]) std::swap(values[0], values[1]);
  return {values[0], values[1]};
}

void require_fill_mode(const char* layer, const std::string& mode, bool mirror) {
  if (mode == "reflect" || mode == "wrap" || mode == "constant" || mode == "nearest" ||
      (mirror && mode == "mirror"))
    return;
  throw Error(str(layer, ": unknown fill_mode '", mode, "', expected reflect, wrap, constant",
                  mirror ? ", mirror" : "", " or nearest"),
              Error::Kind::kUnsupported);
}

void require_interpolation(const char* layer, const std::string& interpolation) {
  if (interpolation != "nearest" && interpolation != "bilinear")
    throw Error(
        str(layer, ": unknown interpolation '", interpolation, "', expected nearest or bilinear"),
        Error::Kind::kUnsupported);
}

Tensor Draws::chosen(Range probability) const {
  Tensor p = uniform(probability), u = uniform({0, 1});
  return reshape(less(u, p), {n(), 1, 1, 1});
}

Tensor over_images(const Tensor& v, const Tensor& x) {
  return cast(reshape(v, {-1, 1, 1, 1}), x.dtype());
}

Tensor change_range(const Tensor& x, Range from, Range to) {
  if (from.low == to.low && from.high == to.high) return x;
  Tensor unit = (x - Tensor(from.low)) / Tensor(from.high - from.low);
  return unit * Tensor(to.high - to.low) + Tensor(to.low);
}

}  // namespace lamina
