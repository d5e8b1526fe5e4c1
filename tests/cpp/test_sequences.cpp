// Recurrent layers from C++: made, trained, saved; padding and ragged batches.
#include <doctest/doctest.h>

#include "lamina/lamina.h"
#include "temporary_folder.h"

using namespace lamina;

namespace {

std::vector<double> values(const Tensor& t) { return t.to_vector<double>(); }

Tensor tokens(int64_t steps, bool left) {
  const std::vector<std::vector<int64_t>> rows = {{3, 1, 4, 1, 5}, {2}, {7, 1, 8, 2}, {6, 6}};
  std::vector<int64_t> all(rows.size() * static_cast<size_t>(steps), 0);
  for (size_t r = 0; r < rows.size(); ++r)
    for (size_t t = 0; t < rows[r].size(); ++t)
      all[(r + (left ? 1 : 0)) * static_cast<size_t>(steps) + t - (left ? rows[r].size() : 0)] =
          rows[r][t];
  return Tensor::from_vector(all, {static_cast<int64_t>(rows.size()), steps});
}

}  // namespace

TEST_CASE("a model of recurrent layers trains, is saved and loaded, and does not see padding") {
  random::set_seed(1);
  const Tensor in = Input({-1}, DType::kInt64);
  Tensor x = layers::Embedding(9, 4, {.mask_zero = true})(in);
  x = layers::Bidirectional(layers::GRU(6, {.return_sequences = true}))(x);
  x = layers::RNN(layers::StackedRNNCells({layers::LSTMCell(5), layers::SimpleRNNCell(3)}))(x);
  const auto model = std::make_shared<Model>(Tensors{in}, Tensors{x});
  CompileOptions how;
  how.optimizer = "sgd";
  how.losses = {make_loss("mse")};
  model->compile(how);
  const ArrayData data = {{tokens(6, false)}, {ones({4, 3})}, {}};
  FitOptions fit;
  fit.batch_size = 4, fit.epochs = 20;
  const History history = model->fit(data, fit);
  CHECK(history["loss"].back() < history["loss"].front());

  const std::vector<double> want = values(model->predict(tokens(6, false)));
  for (auto [steps, left] : {std::pair<int64_t, bool>{5, false}, {17, false}, {9, true}}) {
    const std::vector<double> got = values(model->predict(tokens(steps, left)));
    for (size_t i = 0; i < want.size(); ++i) CHECK(got[i] == doctest::Approx(want[i]));
  }

  const TemporaryFolder folder;
  model->save(folder / "m.safetensors");
  CHECK(values(load(folder / "m.safetensors")->predict(tokens(6, false))) == want);
}

TEST_CASE("states go from call to call of a stateful layer until they are reset") {
  const auto layer = layers::LSTM(3, {.stateful = true});
  const Tensor x = random::normal({2, 4, 5});
  const auto first = values(layer(x)), second = values(layer(x));
  CHECK(first != second);
  layer->reset_state();
  CHECK(values(layer(x)) == first);
}
