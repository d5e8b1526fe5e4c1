// Ragged batches from C++.
#include <doctest/doctest.h>

#include <cmath>

#include "lamina/lamina.h"

using namespace lamina;

namespace {

Tensor waves(const Shape& shape) {
  std::vector<float> v(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < v.size(); ++i)
    v[i] = static_cast<float>(std::sin(1.7 * static_cast<double>(i)));
  return Tensor::from_vector(v, shape);
}

Ragged sequences() {
  return Ragged(Tensors{waves({3, 2}), waves({0, 2}), waves({1, 2}), waves({6, 2})});
}

}  // namespace

TEST_CASE("sequences become one array and back") {
  const Ragged r = sequences();
  CHECK(r.size() == 4);
  CHECK(r.values().shape() == Shape{10, 2});
  CHECK(r.row_lengths().to_vector<int64_t>() == std::vector<int64_t>{3, 0, 1, 6});
  CHECK(r[-1].to_vector<float>() == waves({6, 2}).to_vector<float>());
  CHECK(r.to_padded().shape() == Shape{4, 6, 2});
  CHECK_THROWS_WITH_AS(r[4], doctest::Contains("row 4 of 4"), Error);
  const Tensor batch = r;
  CHECK(batch.shape() == Shape{1, 10, 2});
  CHECK(batch.is_ragged());
  CHECK(Ragged(batch).values().to_vector<float>() == r.values().to_vector<float>());
  const Tensor ids = row_ids(r.row_lengths(), 12);
  CHECK(ids.to_vector<int64_t>() == std::vector<int64_t>{0, 0, 0, 2, 3, 3, 3, 3, 3, 3, 4, 4});
}

TEST_CASE("capacities lie on a grid of eight steps for each doubling") {
  for (int64_t n : {0, 1, 8, 9, 16, 17, 100, 128, 129, 5000}) {
    const int64_t c = ragged_capacity(n);
    CHECK(c >= n);
    CHECK(ragged_capacity(c) == c);
    if (n > 16) CHECK(static_cast<double>(c) < 1.13 * static_cast<double>(n));
  }
  CHECK(ragged_capacity(129) == 144);
}

TEST_CASE("a model trains on ragged batches and predicts sequences") {
  const Tensor x = Input({-1, 2});
  const Tensor h = layers::Dense(8, {.activation = "tanh"})(x);
  Model model({x}, {layers::Dense(1)(h)});
  CompileOptions how;
  how.optimizer = "adam";
  how.losses = {make_loss("mse")};
  model.compile(how);
  const Ragged given = sequences();
  ArrayData d;
  d.x = {given};
  d.y = {Ragged(sum(given.values(), 1, true), given.row_lengths())};
  FitOptions fit;
  fit.epochs = 400, fit.batch_size = 2;
  const History history = model.fit(d, fit);
  CHECK(history["loss"].back() < 0.05 * history["loss"].front());
  const Ragged out(model.predict(given));
  CHECK(out.row_lengths().to_vector<int64_t>() == given.row_lengths().to_vector<int64_t>());
  const auto alone = model(expand_dims(given[3], {0})).to_vector<float>(),
             among = out[3].to_vector<float>();
  for (size_t i = 0; i < alone.size(); ++i) CHECK(alone[i] == doctest::Approx(among[i]));
}

TEST_CASE("layers that would mix sequences refuse them") {
  const Tensor batch = sequences();
  CHECK_THROWS_WITH_AS(layers::Conv1D(2, {2})(batch), doctest::Contains("ragged input is not"),
                       Error);
  CHECK_THROWS_WITH_AS(layers::Flatten()(batch), doctest::Contains("Flatten"), Error);
}
