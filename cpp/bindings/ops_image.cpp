// lamina.ops.image: keras.ops.image names and arguments.
#include "lamina/ops_image.h"
#include "bindings.h"

namespace lamina::python {

namespace {

using py::arg;

std::string format_of(const py::object& o) {
  return o.is_none() ? "channels_last" : o.cast<std::string>();
}
Tensor I(const py::object& o) { return as_tensor(o, "images"); }

image::WarpOptions warp_options(const std::string& interpolation, const std::string& fill_mode,
                                double fill_value, const py::object& format) {
  return {interpolation, fill_mode, fill_value, format_of(format)};
}

void bind_colours(py::module_& m) {
  using Fn = Tensor (*)(const Tensor&, const std::string&);
  auto def = [&](const char* name, Fn fn, const char* doc) {
    m.def(
        name,
        [fn](const py::object& x, const py::object& format) { return fn(I(x), format_of(format)); },
        arg("images"), arg("data_format") = py::none(), doc);
  };
  def("rgb_to_grayscale", image::rgb_to_grayscale,
      "0.2989 red + 0.5870 green + 0.1140 blue, as one channel.");
  def("rgb_to_hsv", image::rgb_to_hsv,
      "Hue, saturation and value of RGB images of float dtype, values in [0, 1].");
  def("hsv_to_rgb", image::hsv_to_rgb,
      "RGB images from hue, saturation and value, values in [0, 1].");
  def("sobel_edges", image::sobel_edges,
      "Derivatives by rows and by columns of a batch of images, as a last axis of length 2.");
}

void bind_resampling(py::module_& m) {
  m.def(
      "resize",
      [](const py::object& images, const py::object& size, const std::string& interpolation,
         bool antialias, bool crop, bool pad, const std::string& fill_mode, double fill_value,
         const py::object& format) {
        return image::resize(
            I(images), as_ints(size),
            {interpolation, antialias, crop, pad, fill_mode, fill_value, format_of(format)});
      },
      arg("images"), arg("size"), arg("interpolation") = "bilinear", arg("antialias") = false,
      arg("crop_to_aspect_ratio") = false, arg("pad_to_aspect_ratio") = false,
      arg("fill_mode") = "constant", arg("fill_value") = 0.0, arg("data_format") = py::none(),
      R"(Images in another size.

Args:
    images: (height, width, channels) or a batch of those.
    size: New (height, width).
    interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
    antialias: Whether to widen the filter where the image shrinks.
    crop_to_aspect_ratio: Resize the largest centred part that has the new aspect ratio.
    pad_to_aspect_ratio: Pad to the new aspect ratio first.
    fill_mode: Of the padding: "constant".
    fill_value: Of the padding.
    data_format: "channels_last" (default) or "channels_first".

Integer images keep their dtype: values are rounded.

Example:

>>> import numpy as np
>>> import lamina
>>> lamina.ops.image.resize(np.zeros((2, 8, 6, 3)), (4, 4)).shape
(2, 4, 4, 3))");
  m.def(
      "affine_transform",
      [](const py::object& images, const py::object& transform, const std::string& interpolation,
         const std::string& fill_mode, double fill_value, const py::object& format) {
        return image::affine_transform(I(images), as_tensor(transform, "transform"),
                                       warp_options(interpolation, fill_mode, fill_value, format));
      },
      arg("images"), arg("transform"), arg("interpolation") = "bilinear",
      arg("fill_mode") = "constant", arg("fill_value") = 0.0, arg("data_format") = py::none(),
      R"(Images under a linear map of their coordinates.

The output at (x, y) is the input at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with
k = c0 x + c1 y + 1.

Args:
    images: (height, width, channels) or a batch of those.
    transform: [a0, a1, a2, b0, b1, b2, c0, c1], or one such row for each image.
    interpolation: "nearest" or "bilinear".
    fill_mode: What lies outside: "constant" (fill_value), "nearest" (a a | a b c), "wrap"
        (b c | a b c), "mirror" (c b | a b c) or "reflect" (b a | a b c).
    fill_value: Of fill_mode "constant".
    data_format: "channels_last" (default) or "channels_first".)");
  m.def(
      "perspective_transform",
      [](const py::object& images, const py::object& start, const py::object& end,
         const std::string& interpolation, double fill_value, const py::object& format) {
        return image::perspective_transform(
            I(images), as_tensor(start, "start_points"), as_tensor(end, "end_points"),
            warp_options(interpolation, "constant", fill_value, format));
      },
      arg("images"), arg("start_points"), arg("end_points"), arg("interpolation") = "bilinear",
      arg("fill_value") = 0.0, arg("data_format") = py::none(),
      R"(Images under the projection that takes four points to four others.

Args:
    images: (height, width, channels) or a batch of those.
    start_points: Four points (x, y) of the input, (4, 2), or four for each image.
    end_points: Where they come to lie in the output.
    interpolation: "nearest" or "bilinear".
    fill_value: What lies outside of the input.
    data_format: "channels_last" (default) or "channels_first".)");
  m.def(
      "map_coordinates",
      [](const py::object& inputs, const py::object& coordinates, int order,
         const std::string& fill_mode, double fill_value) {
        Tensor at;
        if (py::isinstance<py::list>(coordinates) || py::isinstance<py::tuple>(coordinates)) {
          Tensors parts;
          for (auto c : coordinates) parts.push_back(as_tensor(c, "coordinates"));
          at = stack(parts);
        } else {
          at = as_tensor(coordinates, "coordinates");
        }
        return image::map_coordinates(as_tensor(inputs, "inputs"), at, order, fill_mode,
                                      fill_value);
      },
      arg("inputs"), arg("coordinates"), arg("order"), arg("fill_mode") = "constant",
      arg("fill_value") = 0.0,
      R"(Values of an array between its elements.

Args:
    inputs: The array.
    coordinates: One row for each axis of inputs, (axes, ...).
    order: 0 (nearest) or 1 (linear).
    fill_mode: As for affine_transform.
    fill_value: Of fill_mode "constant".)");
  m.def(
      "elastic_transform",
      [](const py::object& images, double alpha, double sigma, const std::string& interpolation,
         const std::string& fill_mode, double fill_value, const py::object& seed,
         const py::object& format) {
        image::WarpOptions o = warp_options(interpolation, fill_mode, fill_value, format);
        Tensor x = I(images);
        if (seed.is_none()) return image::elastic_transform(x, alpha, sigma, o);
        if (py::isinstance<random::SeedGenerator>(seed))
          return image::elastic_transform(x, alpha, sigma, o, seed.cast<random::SeedGenerator*>());
        random::SeedGenerator g(seed.cast<int64_t>());
        return image::elastic_transform(x, alpha, sigma, o, &g);
      },
      arg("images"), arg("alpha") = 20.0, arg("sigma") = 5.0, arg("interpolation") = "bilinear",
      arg("fill_mode") = "reflect", arg("fill_value") = 0.0, arg("seed") = py::none(),
      arg("data_format") = py::none(),
      R"(Images with pixels moved by smooth random fields (Simard et al., 2003).

Args:
    images: (height, width, channels) or a batch of those.
    alpha: Factor of the displacement.
    sigma: Deviation of the random field and of the filter that smooths it, in pixels.
    interpolation, fill_mode, fill_value: As for affine_transform.
    seed: An integer or a SeedGenerator.
    data_format: "channels_last" (default) or "channels_first".)");
  m.def(
      "scale_and_translate",
      [](const py::object& images, const py::object& shape, const py::object& scale,
         const py::object& translation, const py::object& dims, const std::string& method,
         bool antialias) {
        return image::scale_and_translate(I(images), as_shape(shape), as_tensor(scale, "scale"),
                                          as_tensor(translation, "translation"), as_ints(dims),
                                          method, antialias);
      },
      arg("images"), arg("output_shape"), arg("scale"), arg("translation"), arg("spatial_dims"),
      arg("method"), arg("antialias") = true,
      R"(Images scaled, then moved, along given axes.

Args:
    images: Of any shape.
    output_shape: One length for each axis.
    scale: Factors of the axes in spatial_dims.
    translation: Their shifts, in output pixels.
    spatial_dims: Which axes.
    method: "linear", "bilinear", "trilinear", "cubic", "bicubic", "tricubic", "lanczos3" or
        "lanczos5".
    antialias: Whether to widen the filter where an axis shrinks.)");
}

void bind_filters(py::module_& m) {
  m.def(
      "gaussian_blur",
      [](const py::object& images, const py::object& size, const py::object& sigma,
         const py::object& format) {
        Ints k = as_ints(size);
        if (k.size() == 1) k.resize(2, k[0]);
        return image::gaussian_blur(I(images), k, as_tensor(sigma, "sigma"), format_of(format));
      },
      arg("images"), arg("kernel_size") = py::make_tuple(3, 3),
      arg("sigma") = py::make_tuple(1.0, 1.0), arg("data_format") = py::none(),
      "Images filtered by a Gaussian of deviations sigma, cut to kernel_size; zeros lie outside. "
      "Both are in the order (columns, rows).");
  m.def(
      "ssim",
      [](const py::object& a, const py::object& b, double max_val, int64_t size, double sigma,
         double k1, double k2, const py::object& format) {
        return image::ssim(as_tensor(a, "image1"), as_tensor(b, "image2"),
                           {max_val, size, sigma, k1, k2, format_of(format)});
      },
      arg("image1"), arg("image2"), arg("max_val") = 1.0, arg("filter_size") = 11,
      arg("filter_sigma") = 1.5, arg("k1") = 0.01, arg("k2") = 0.03,
      arg("data_format") = py::none(),
      R"(Structural similarity of each pair of images, 1 for equal ones (Wang et al., 2004).

Args:
    image1: (height, width, channels) or a batch of those.
    image2: Of the same shape.
    max_val: Range of the values.
    filter_size: Of the Gaussian window.
    filter_sigma: Its deviation.
    k1, k2: Constants for stability.
    data_format: "channels_last" (default) or "channels_first".)");
}

void bind_windows(py::module_& m) {
  auto patches = [](const py::object& images, Ints size, const py::object& strides,
                    const py::object& dilation, const std::string& padding,
                    const py::object& format) {
    return image::extract_patches(I(images), size, strides.is_none() ? Ints{} : as_ints(strides),
                                  as_ints(dilation), padding, format_of(format));
  };
  m.def(
      "extract_patches",
      [patches](const py::object& images, const py::object& size, const py::object& strides,
                const py::object& dilation, const std::string& padding, const py::object& format) {
        Ints s = as_ints(size);
        if (s.size() == 1 && PyLong_Check(size.ptr())) s.resize(2, s[0]);
        return patches(images, s, strides, dilation, padding, format);
      },
      arg("images"), arg("size"), arg("strides") = py::none(), arg("dilation_rate") = 1,
      arg("padding") = "valid", arg("data_format") = py::none(),
      R"(Windows of images, each laid out along the channels.

Args:
    images: (height, width, channels), or a batch of those; volumes where size has 3 numbers.
    size: Of a window: n or (height, width).
    strides: Steps from window to window; size by default.
    dilation_rate: Steps from pixel to pixel within a window.
    padding: "valid" or "same".
    data_format: "channels_last" (default) or "channels_first".

Example:

>>> import numpy as np
>>> import lamina
>>> lamina.ops.image.extract_patches(np.zeros((2, 20, 20, 3)), 5).shape
(2, 4, 4, 75))");
  m.def(
      "extract_patches_3d",
      [patches](const py::object& volumes, const py::object& size, const py::object& strides,
                const py::object& dilation, const std::string& padding, const py::object& format) {
        Ints s = as_ints(size);
        if (s.size() == 1) s.resize(3, s[0]);
        return patches(volumes, s, strides, dilation, padding, format);
      },
      arg("volumes"), arg("size"), arg("strides") = py::none(), arg("dilation_rate") = 1,
      arg("padding") = "valid", arg("data_format") = py::none(),
      "Windows of volumes (depth, height, width, channels); see extract_patches.");
  using Int = std::optional<int64_t>;
  using Fn =
      Tensor (*)(const Tensor&, const image::Extent&, const image::Extent&, const std::string&);
  auto def = [&](const char* name, Fn fn, const char* suffix, const char* doc) {
    auto named = [&](const char* side) { return std::string(side) + "_" + suffix; };
    std::string top = named("top"), left = named("left"), bottom = named("bottom"),
                right = named("right");
    m.def(
        name,
        [fn](const py::object& x, Int t, Int l, Int b, Int r, Int height, Int width,
             const py::object& format) {
          return fn(I(x), {t, b, height}, {l, r, width}, format_of(format));
        },
        arg("images"), arg(top.c_str()) = py::none(), arg(left.c_str()) = py::none(),
        arg(bottom.c_str()) = py::none(), arg(right.c_str()) = py::none(),
        arg("target_height") = py::none(), arg("target_width") = py::none(),
        arg("data_format") = py::none(), doc);
  };
  def("pad_images", image::pad_images, "padding",
      "Zeros around images: give exactly two of top_padding, bottom_padding and target_height, "
      "and two of left_padding, right_padding and target_width.");
  def("crop_images", image::crop_images, "cropping",
      "Images without their borders: give exactly two of top_cropping, bottom_cropping and "
      "target_height, and two of left_cropping, right_cropping and target_width.");
}

}  // namespace

void bind_image_ops(py::module_& m) {
  bind_colours(m);
  bind_resampling(m);
  bind_filters(m);
  bind_windows(m);
}

}  // namespace lamina::python
