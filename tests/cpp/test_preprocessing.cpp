// Layers of preprocessing from C++: text, vocabularies, and a model that reads text.
#include <doctest/doctest.h>

#include <cmath>

#include "lamina/lamina.h"
#include "temporary_folder.h"

using namespace lamina;

namespace {
Tensor text(std::vector<std::string> values, const Shape& shape) {
  return Tensor::from_strings(std::move(values), shape);
}
}  // namespace

TEST_CASE("text is a tensor that no operation takes") {
  Tensor t = text({"a", "b"}, {2, 1});
  CHECK(t.dtype() == DType::kString);
  CHECK(t.strings()[1] == "b");
  CHECK_THROWS_AS(add(t, Tensor(1)), Error);
  CHECK_THROWS_AS(t.data(), Error);
  CHECK_THROWS_AS(text({"a"}, {2}), Error);
  CHECK_THROWS_AS(ones({2}).strings(), Error);
}

TEST_CASE("a vocabulary learned from batches") {
  auto words = layers::StringLookup();
  int left = 2;
  adapt(words, [&](Tensor& batch) {
    batch = text({"x", left == 2 ? "y" : "x"}, {2});
    return left-- > 0;
  });
  CHECK(as_lookup(*words).get_vocabulary() == std::vector<std::string>{"[UNK]", "x", "y"});
  CHECK(words(text({"y", "z", "x"}, {3})).to_vector<int64_t>() == std::vector<int64_t>{2, 0, 1});
  CHECK_THROWS_AS(adapt(layers::Dense(2), ones({2})), Error);
  CHECK_THROWS_AS(as_lookup(*layers::Dense(2)), Error);
}

TEST_CASE("normalization learned from an array") {
  auto layer = layers::Normalization({.axis = Ints{}});
  adapt(layer, Tensor::from_vector(std::vector<float>{1, 2, 3, 4, 5}, {5}));
  auto y = layer(Tensor::from_vector(std::vector<float>{1, 3}, {2})).to_vector<float>();
  CHECK(y[0] == doctest::Approx(-std::sqrt(2.0)));
  CHECK(y[1] == doctest::Approx(0.0));
}

TEST_CASE("a model that reads text, and its file") {
  auto words = layers::StringLookup({.output_mode = "count"});
  adapt(words, text({"a", "b", "a"}, {3}));
  Tensor in = Input({2}, DType::kString, "text");
  Tensor out = layers::Dense(1, {.kernel_initializer = "ones"})(words(in));
  auto model = std::make_shared<Model>(Tensors{in}, Tensors{out});
  Tensor x = text({"a", "a", "b", "c"}, {2, 2});
  CHECK(model->predict(x).to_vector<float>() == std::vector<float>{2, 2});
  model->compile({.optimizer = "sgd", .losses = {make_loss("mse")}});
  ArrayData data{{x}, {ones({2, 1})}, {}};
  double first = model->evaluate(data)[0].second;
  model->fit(data, {.epochs = 3});
  CHECK(model->evaluate(data)[0].second < first);
  const TemporaryFolder folder;
  model->save(folder / "m.safetensors");
  ModelPtr again = load(folder / "m.safetensors");
  CHECK(again->predict(x).to_vector<float>() == model->predict(x).to_vector<float>());
}
