// Layers over spatial axes, made in C++.
#include <doctest/doctest.h>

#include "lamina/lamina.h"

using namespace lamina;

TEST_CASE("layers over spatial axes from C++") {
  const Tensor image = ones({2, 6, 4, 3}), line = ones({2, 6, 3}), cube = ones({2, 4, 2, 6, 3});
  CHECK(layers::Conv1DTranspose(5, {3}, {.strides = {2}, .padding = "same"})(line).shape() ==
        Shape{2, 12, 5});
  CHECK(layers::Conv2DTranspose(5, {3}, {.strides = {2, 1}})(image).shape() == Shape{2, 13, 6, 5});
  CHECK(layers::Conv3DTranspose(5, {2})(cube).shape() == Shape{2, 5, 3, 7, 5});
  CHECK(layers::Conv3D(5, {2})(cube).shape() == Shape{2, 3, 1, 5, 5});
  CHECK(layers::DepthwiseConv1D({2}, {.depth_multiplier = 2})(line).shape() == Shape{2, 5, 6});
  CHECK(layers::DepthwiseConv2D({3}, {.activation = "relu"})(image).shape() == Shape{2, 4, 2, 3});
  CHECK(layers::SeparableConv1D(5, {2})(line).shape() == Shape{2, 5, 5});
  CHECK(layers::SeparableConv2D(5, {3, 1})(image).shape() == Shape{2, 4, 4, 5});
  CHECK(layers::AdaptiveAveragePooling1D({4})(line).shape() == Shape{2, 4, 3});
  CHECK(layers::AdaptiveMaxPooling2D({3, 3})(image).shape() == Shape{2, 3, 3, 3});
  CHECK(layers::AdaptiveMaxPooling3D({2})(cube).shape() == Shape{2, 2, 2, 2, 3});
  CHECK(layers::Cropping1D()(line).shape() == Shape{2, 4, 3});
  CHECK(layers::Cropping2D({.cropping = 1})(image).shape() == Shape{2, 4, 2, 3});
  CHECK(
      layers::Cropping3D({.cropping = Config::list({1, 0, Config::list({2, 1})})})(cube).shape() ==
      Shape{2, 2, 2, 3, 3});
  CHECK(layers::ZeroPadding1D({.padding = 2})(line).shape() == Shape{2, 10, 3});
  CHECK(layers::ZeroPadding3D()(cube).shape() == Shape{2, 6, 4, 8, 3});
  CHECK(layers::UpSampling1D({.size = 3})(line).shape() == Shape{2, 18, 3});
  CHECK(layers::UpSampling3D()(cube).shape() == Shape{2, 8, 4, 12, 3});
  CHECK(layers::Permute({2, 1})(line).shape() == Shape{2, 3, 6});
  CHECK(layers::RepeatVector(4)(ones({2, 3})).shape() == Shape{2, 4, 3});
  CHECK_THROWS_WITH_AS(layers::Conv2DTranspose(5, {3}, {.output_padding = Ints{1}}),
                       doctest::Contains("less than strides"), Error);
}

TEST_CASE("operations on blocks of images") {
  const Tensor x = reshape(arange(0, 2 * 4 * 6 * 4, 1, DType::kFloat32), {2, 4, 6, 4});
  CHECK(depth_to_space(space_to_depth(x, 2), 2).to_vector<float>() == x.to_vector<float>());
  const Tensor columns = unfold(x, {2, 2}, {.stride = {2}});
  CHECK(columns.shape() == Shape{2, 16, 6});
  CHECK(fold(columns, {6, 4}, {2, 2}, {.stride = {2}}).to_vector<float>() == x.to_vector<float>());
}
