#include <doctest/doctest.h>

#include <cmath>

#include "lamina/lamina.h"
#include "temporary_folder.h"

using namespace lamina;

namespace {

double difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  return max(absolute(a - b)).item<double>();
}

ModelPtr language_model() {
  const Tensor tokens = Input({-1}, DType::kInt32);
  Tensor x = layers::Embedding(11, 8)(tokens);
  x = layers::Add()({x, layers::PositionEmbedding(32)(x)});
  x = layers::TransformerDecoder(16, 2)(x);
  const Tensor turned = layers::RotaryEmbedding()(x);
  x = layers::GroupQueryAttention(4, 4, 2)(
      {turned, x}, {.options = Config::object({{"use_causal_mask", true}})});
  return std::make_shared<Model>(Tensors{tokens}, Tensors{layers::Dense(11)(x)});
}

}  // namespace

TEST_CASE("a model of attention runs step by step, also from a file") {
  const ModelPtr model = language_model();
  const Tensor tokens = random::randint({2, 12}, 0, 11);
  const Tensor whole = (*model)(tokens);
  const TemporaryFolder folder;
  model->save(folder / "m.safetensors");
  const ModelPtr again = load(folder / "m.safetensors");
  for (const ModelPtr& m : {model, again}) {
    CachedDecoder decoder(m, 12, 2);
    Tensors steps = {decoder(getitem(tokens, {Index(), Index::slice(0, 5)}))[0]};
    for (int64_t i = 5; i < 12; ++i)
      steps.push_back(decoder(getitem(tokens, {Index(), Index::slice(i, i + 1)}))[0]);
    CHECK(decoder.position() == 12);
    CHECK(difference(concatenate(steps, 1), whole) < 1e-5);
    CHECK_THROWS_AS(decoder(getitem(tokens, {Index(), Index::slice(0, 1)})), Error);
  }
}

TEST_CASE(
    "attention: masks in one place agree with the whole mask, ragged batches with their parts") {
  const Tensor q = random::normal({2, 5, 4, 8}), k = random::normal({2, 7, 2, 8}),
               v = random::normal({2, 7, 2, 3});
  const Tensor query_mask = less(random::uniform({2, 5}), Tensor(0.7)),
               key_mask = less(random::uniform({2, 7}), Tensor(0.7));
  AttentionOptions apart, whole;
  apart.query_mask = query_mask, apart.key_mask = key_mask;
  whole.mask = logical_and(expand_dims(query_mask, {1, 3}), expand_dims(key_mask, {1, 2}));
  CHECK(difference(attention(q, k, v, apart), attention(q, k, v, whole)) < 1e-6);

  const auto line = [](const Tensor& x, int64_t from, int64_t to) {
    return getitem(x, {Index(), Index::slice(from, to)});
  };
  const Tensor flat_q = reshape(q, {1, 10, 4, 8}), flat_k = reshape(k, {1, 14, 2, 8}),
               flat_v = reshape(v, {1, 14, 2, 3});
  AttentionOptions rows;
  rows.query_row_lengths = Tensor::from_vector<int64_t>({4, 6}, {2});
  rows.key_row_lengths = Tensor::from_vector<int64_t>({9, 5}, {2});
  const Tensor y = attention(flat_q, flat_k, flat_v, rows);
  CHECK(difference(line(y, 0, 4),
                   attention(line(flat_q, 0, 4), line(flat_k, 0, 9), line(flat_v, 0, 9))) < 1e-6);
  CHECK(difference(line(y, 4, 10), attention(line(flat_q, 4, 10), line(flat_k, 9, 14),
                                             line(flat_v, 9, 14))) < 1e-6);
  CHECK_THROWS_AS(attention_scores(flat_q, flat_k, rows), Error);
}
