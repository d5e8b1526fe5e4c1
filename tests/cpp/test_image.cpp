// Reading images between their pixels: the kernel against plain loops in doubles, and operations
// and layers on images from C++.
#include "kernel_support.h"
#include "lamina/lamina.h"

using namespace kernel_test;
using lamina::abi::Border;
using lamina::abi::SampleArgs;

namespace {

// By walking: there is no formula to get wrong.
int64_t walked(Border border, int64_t i, int64_t n) {
  switch (border) {
    case Border::kConstant:
      return i >= 0 && i < n ? i : -1;
    case Border::kNearest:
      return std::clamp<int64_t>(i, 0, n - 1);
    case Border::kWrap:
      while (i < 0) i += n;
      while (i >= n) i -= n;
      return i;
    case Border::kMirror:
      while (n > 1 && (i < 0 || i >= n)) i = i < 0 ? -i : 2 * (n - 1) - i;
      return n > 1 ? i : 0;
    default:
      while (i < 0 || i >= n) i = i < 0 ? -1 - i : 2 * n - 1 - i;
      return i;
  }
}

// What each point reads: pixel (-1: fill value) and weight.
std::vector<std::pair<int64_t, double>> reads(const SampleArgs& a, const Array& coords,
                                              int64_t point, const Dims& size) {
  std::vector<std::pair<int64_t, double>> out = {{0, 1}};
  auto axes = static_cast<int64_t>(size.size());
  for (int64_t r = 0; r < axes; ++r) {
    double c = coords.get(point * axes + r), low = a.linear ? std::floor(c) : std::round(c);
    std::vector<std::pair<int64_t, double>> next;
    for (int side = 0; side < (a.linear ? 2 : 1); ++side) {
      double w = !a.linear ? 1 : side ? c - low : 1 - (c - low);
      int64_t at = walked(a.border, static_cast<int64_t>(low) + side, size[static_cast<size_t>(r)]);
      for (auto [pixel, weight] : out)
        next.emplace_back(pixel < 0 || at < 0 ? -1 : pixel * size[static_cast<size_t>(r)] + at,
                          weight * w);
    }
    out = next;
  }
  return out;
}

}  // namespace

TEST_CASE("sampling and its gradient") {
  const int64_t n = 2, points = 300, channels = 3;
  for (DType d : {DType::kFloat32, DType::kFloat64})
    for (const Dims& size : {Dims{5, 4}, {1, 7}, {9}, {3, 4, 2}})
      for (Border border :
           {Border::kConstant, Border::kNearest, Border::kWrap, Border::kMirror, Border::kReflect})
        for (bool linear : {true, false}) {
          CAPTURE(static_cast<int>(border));
          CAPTURE(linear);
          SampleArgs args{linear, border, 0.75};
          auto axes = static_cast<int64_t>(size.size());
          const int64_t pixels = product(size);
          Dims shape = {n};
          shape.insert(shape.end(), size.begin(), size.end());
          shape.push_back(channels);
          Array x(d, shape), gx(d, shape), coords(d, {n, points, axes}), gcoords = coords;
          Array y(d, {n, points, channels}), gy = y;
          x.randomize(1, true), gy.randomize(2, true), coords.randomize(3, true);
          std::mt19937 random(4);
          coords.fill([&](int64_t) {
            return static_cast<double>(static_cast<int>(random() % 4000) - 2000) / 128 + 1.0 / 512;
          });
          table().sample(context(), args, x, coords, y);
          table().sample_grad(context(), args, x, coords, gy, &gx.view(), &gcoords.view());
          std::vector<double> want(static_cast<size_t>(gx.size()));
          bool good = true;
          for (int64_t p = 0; p < n * points; ++p) {
            int64_t image = p / points * pixels;
            auto all = reads(args, coords, p, size);
            for (int64_t c = 0; c < channels; ++c) {
              double v = 0;
              for (auto [pixel, w] : all) {
                v += w * (pixel < 0 ? args.fill : x.get((image + pixel) * channels + c));
                if (pixel >= 0)
                  want[static_cast<size_t>((image + pixel) * channels + c)] +=
                      w * gy.get(p * channels + c);
              }
              good &= near(y.get(p * channels + c), v, 1e-4);
            }
          }
          CHECK(good);
          bool good_gradient = true;
          for (int64_t i = 0; i < gx.size(); ++i)
            good_gradient &= near(gx.get(i), want[static_cast<size_t>(i)], 1e-3);
          CHECK(good_gradient);
          if (!linear) {
            for (int64_t i = 0; i < gcoords.size(); ++i) good_gradient &= gcoords.get(i) == 0;
            CHECK(good_gradient);
          }
        }
}

TEST_CASE("coordinates that are far away or no numbers") {
  for (Border border :
       {Border::kConstant, Border::kNearest, Border::kWrap, Border::kMirror, Border::kReflect}) {
    Array x(DType::kFloat32, {1, 3, 3, 1}), y(DType::kFloat32, {1, 4, 1}),
        coords(DType::kFloat32, {1, 4, 2});
    const double odd[] = {1e30, -1e30, std::nan(""), 1, 0, HUGE_VAL, -HUGE_VAL, 2};
    coords.fill([&](int64_t i) { return odd[i]; });
    table().sample(context(), {true, border, 5}, x, coords, y);
    for (int64_t i = 0; i < 4; ++i) CHECK(std::isfinite(y.get(i)));
  }
}

TEST_CASE("images from C++") {
  using namespace lamina;
  Tensor x = reshape(arange(0, 2 * 6 * 8 * 3, 1, lamina::DType::kFloat32), {2, 6, 8, 3});
  CHECK(image::resize(x, {3, 4}).shape() == Shape{2, 3, 4, 3});
  CHECK(image::rgb_to_grayscale(x).shape() == Shape{2, 6, 8, 1});
  Tensor still =
      image::affine_transform(x, Tensor::from_vector<float>({1, 0, 0, 0, 1, 0, 0, 0}, {8}));
  CHECK(still.to_vector<float>() == x.to_vector<float>());

  auto in = Input({6, 8, 3});
  auto h = layers::RandomFlip("horizontal", {.seed = 1})(in);
  h = layers::RandomRotation(0.1, {.fill_mode = "constant", .seed = 2})(h);
  h = layers::RandomBrightness(Config::list({0.1, 0.2}), {.seed = 3})(h);
  h = layers::Resizing(4, 4)(h);
  h = layers::Dense(2)(layers::Flatten()(h));
  auto model = std::make_shared<Model>(Tensors{in}, Tensors{h});
  CHECK(model->predict(x).shape() == Shape{2, 2});
  CHECK_THROWS_WITH_AS(layers::RandomZoom(-1.0), doctest::Contains("RandomZoom"), Error);
}
