// Layers from C++: masks, wrappers, arguments.
#include <doctest/doctest.h>

#include <cmath>

#include "lamina/lamina.h"

using namespace lamina;

namespace {

std::vector<std::string> warnings;

Tensor numbers(const Shape& shape) {
  std::vector<float> v(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < v.size(); ++i)
    v[i] = static_cast<float>(std::sin(1.7 * static_cast<double>(i)));
  return Tensor::from_vector(v, shape);
}

}  // namespace

TEST_CASE("masks pass from layer to layer, eagerly and in models") {
  Tensor tokens = Tensor::from_vector(std::vector<int32_t>{3, 2, 0, 0, 1, 0, 2, 0}, {2, 4});
  auto embedding = layers::Embedding(4, 3, {.mask_zero = true});
  Tensor x = embedding(tokens);
  REQUIRE(x.mask().defined());
  CHECK(x.mask().to_vector<bool>() ==
        std::vector<bool>{true, true, false, false, true, false, true, false});
  CHECK((x + Tensor(1.0)).mask().defined() == false);
  Tensor h = layers::Dense(2)(x);
  CHECK(h.mask().defined());

  Tensor input = Input({4}, DType::kInt32);
  auto pooled = layers::GlobalAveragePooling1D();
  Tensor out = pooled(embedding(input));
  CHECK(mask_of(embedding(input)).shape() == Shape({-1, 4}));
  Model model(Tensors{input}, Tensors{out});
  Tensor y = model.predict(tokens);
  auto rows = x.to_vector<double>();
  auto got = y.to_vector<double>();
  for (size_t j = 0; j < 3; ++j) {
    CHECK(got[j] == doctest::Approx((rows[j] + rows[3 + j]) / 2).epsilon(1e-5));
    CHECK(got[3 + j] == doctest::Approx((rows[12 + j] + rows[18 + j]) / 2).epsilon(1e-5));
  }
}

TEST_CASE("a layer that does not support masks says so once") {
  set_warning_handler([](const std::string& message) { warnings.push_back(message); });
  Tensor x = layers::Masking()(numbers({2, 3, 4}));
  auto flat = layers::Flatten();
  CHECK(!flat(x).mask().defined());
  flat(x);
  set_warning_handler(nullptr);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("does not support masking") != std::string::npos);
}

TEST_CASE("a wrapper keeps the layer it is given") {
  auto dense = layers::Dense(4);
  auto wrapped = layers::SpectralNormalization(dense);
  wrapped(numbers({2, 3}));
  CHECK(dense->built());
  CHECK(wrapped->layers().at(0).get() == &*dense);
  CHECK(serialize_layer(*wrapped).dump().find(kSharedKey) == std::string::npos);
  // A config alone makes a layer of its own.
  LayerPtr again = deserialize_layer(serialize_layer(*wrapped));
  CHECK(again->layers().at(0).get() != &*dense);
}

TEST_CASE("handles of the core layers") {
  Tensor x = numbers({2, 3, 4});
  CHECK(layers::EinsumDense("abc,cd->abd", {-1, 5}, {.bias_axes = "d"})(x).shape() ==
        Shape({2, 3, 5}));
  CHECK(layers::PReLU({.shared_axes = Ints{1}})(x).shape() == x.shape());
  CHECK(layers::GroupNormalization(2)(x).shape() == x.shape());
  CHECK(layers::RMSNormalization({.axis = {1, 2}})(x).shape() == x.shape());
  CHECK(layers::UnitNormalization()(x).shape() == x.shape());
  CHECK(layers::SpatialDropout1D(0.5)(x).shape() == x.shape());
  CHECK(layers::AlphaDropout(0.5)(x).shape() == x.shape());
  CHECK(layers::GaussianDropout(0.5)(x).shape() == x.shape());
  CHECK(layers::GaussianNoise(0.5)(x).shape() == x.shape());
  CHECK(layers::Dot({2, 2})(Tensors{x, x}).shape() == Shape({2, 3, 3}));
  auto penalty = layers::ActivityRegularization(0.5);
  penalty(numbers({2, 2}));
  CHECK(penalty->losses().size() == 1);
}

TEST_CASE("arguments can be changed") {
  auto dropout = layers::Dropout(0.5);
  dropout->set_option("rate", 0.0);
  CHECK(dropout->get_config().at("rate").as_double() == 0.0);
  CHECK_THROWS_AS(dropout->set_option("units", int64_t{3}), Error);
}

TEST_CASE("activity regularizers of any layer") {
  LayerPtr relu =
      make_layer("ReLU", Config::object({{"activity_regularizer", "l2"}, {"name", "r"}}));
  (*relu)(numbers({2, 3}));
  CHECK(relu->losses().size() == 1);
  CHECK(relu->get_config().at("activity_regularizer").as_string() == "l2");
}
