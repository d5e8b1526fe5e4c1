// Operations on images: keras.ops.image. Images are (rows, columns, channels) or a batch of those,
// or have their channels first with data_format "channels_first". All differentiate in the image;
// those that resample also in coordinates, matrices and points.
#pragma once
#include "lamina/ops.h"

namespace lamina::image {

struct ResizeOptions {
  std::string interpolation = "bilinear";  // nearest, bilinear, bicubic, lanczos3, lanczos5
  bool antialias = false;                  // widen the filter where the image shrinks
  bool crop_to_aspect_ratio = false, pad_to_aspect_ratio = false;
  std::string fill_mode = "constant";
  double fill_value = 0;
  std::string data_format = "channels_last";
};
// size: rows, columns. Integers are rounded and kept within their type.
Tensor resize(const Tensor& images, const Ints& size, const ResizeOptions& options = {});

struct WarpOptions {
  std::string interpolation = "bilinear";  // nearest, bilinear
  std::string fill_mode = "constant";      // constant, nearest, wrap, mirror, reflect
  double fill_value = 0;
  std::string data_format = "channels_last";
};
// transform: [a0, a1, a2, b0, b1, b2, c0, c1] or one for each image. The output at (x, y) is the
// input at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), k = c0 x + c1 y + 1.
Tensor affine_transform(const Tensor& images, const Tensor& transform,
                        const WarpOptions& options = {});
// What lies at the four start points (x, y) comes to the end points; (4, 2) or one for each image.
Tensor perspective_transform(const Tensor& images, const Tensor& start_points,
                             const Tensor& end_points, const WarpOptions& options = {});
// inputs of any shape at coordinates (axes of inputs, ...); order: 0 nearest, 1 linear.
Tensor map_coordinates(const Tensor& inputs, const Tensor& coordinates, int order,
                       const std::string& fill_mode = "constant", double fill_value = 0);
// Random displacements alpha * blur(sigma * normal) (Simard et al., 2003).
Tensor elastic_transform(const Tensor& images, double alpha = 20, double sigma = 5,
                         const WarpOptions& options = {.fill_mode = "reflect"},
                         random::SeedGenerator* seed = nullptr);
// Its two steps: displacements by rows and columns, (n, rows, columns, 2), and pixels read there.
// alpha, sigma: scalars; kernel_size: of the blur.
Tensor elastic_displacements(int64_t n, int64_t rows, int64_t columns, const Tensor& alpha,
                             const Tensor& sigma, int64_t kernel_size,
                             random::SeedGenerator* seed = nullptr);
Tensor displace(const Tensor& images, const Tensor& displacements, const WarpOptions& options = {});
// Axes spatial_dims of images scaled, then moved; scale and translation: (len(spatial_dims),).
// method: linear, bilinear, trilinear, cubic, bicubic, tricubic, lanczos3, lanczos5.
Tensor scale_and_translate(const Tensor& images, const Shape& output_shape, const Tensor& scale,
                           const Tensor& translation, const Ints& spatial_dims,
                           const std::string& method, bool antialias = true);

Tensor rgb_to_grayscale(const Tensor& images, const std::string& data_format = "channels_last");
Tensor rgb_to_hsv(const Tensor& images, const std::string& data_format = "channels_last");
Tensor hsv_to_rgb(const Tensor& images, const std::string& data_format = "channels_last");
// kernel_size: columns, rows; sigma: (2,), in the same order.
Tensor gaussian_blur(const Tensor& images, const Ints& kernel_size, const Tensor& sigma,
                     const std::string& data_format = "channels_last");
// (n, rows, columns, channels, 2): by rows, by columns.
Tensor sobel_edges(const Tensor& images, const std::string& data_format = "channels_last");

struct SsimOptions {
  double max_val = 1;
  int64_t filter_size = 11;
  double filter_sigma = 1.5, k1 = 0.01, k2 = 0.03;
  std::string data_format = "channels_last";
};
// Structural similarity of each pair of images (Wang et al., 2004).
Tensor ssim(const Tensor& image1, const Tensor& image2, const SsimOptions& options = {});

// Windows of images (size: 2 numbers) or volumes (3 numbers), each laid out along the channels.
// strides: empty: size. padding: valid or same.
Tensor extract_patches(const Tensor& images, const Ints& size, const Ints& strides = {},
                       const Ints& dilation_rate = {1}, const std::string& padding = "valid",
                       const std::string& data_format = "channels_last");

// Exactly two of (before, after, target) along each axis.
struct Extent {
  std::optional<int64_t> before, after, target;
};
Tensor pad_images(const Tensor& images, const Extent& rows, const Extent& columns,
                  const std::string& data_format = "channels_last");
Tensor crop_images(const Tensor& images, const Extent& rows, const Extent& columns,
                   const std::string& data_format = "channels_last");

}  // namespace lamina::image
