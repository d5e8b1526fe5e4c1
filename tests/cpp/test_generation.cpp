// Decoding: greedy, sampling and beam search, by hand and by trying every sequence.
#include <doctest/doctest.h>

#include <cmath>

#include "lamina/generation.h"
#include "lamina/lamina.h"

using namespace lamina;
using namespace lamina::decoding;

namespace {

// After 0: 0 (0.6) or 1 (0.4); after 0 0 both the same; after 0 1 nearly always 1. 2 ends.
Tensor next(const Tensor& tokens) {
  auto t = tokens.to_vector<int32_t>();
  std::vector<float> p;
  for (int64_t i = 0; i < tokens.dim(0); ++i) {
    int32_t last = t[static_cast<size_t>((i + 1) * tokens.dim(1) - 1)];
    std::vector<float> row = tokens.dim(1) == 1 ? std::vector<float>{0.6f, 0.4f, 0}
                             : last == 0        ? std::vector<float>{0.4f, 0.4f, 0.2f}
                                                : std::vector<float>{0.05f, 0.05f, 0.9f};
    for (float v : row) p.push_back(std::log(v));
  }
  return Tensor::from_vector(p, {tokens.dim(0), 3});
}

}  // namespace

TEST_CASE("greedy takes the likeliest token, beam search the likeliest sequence") {
  Tensor prompt = Tensor::from_vector(std::vector<int64_t>{0, 0}, {2, 1});
  CHECK(greedy(next, prompt, {2, 2}) == Sequences{{0, 0}, {0, 0}});
  auto found = beam_search(next, prompt, {2, 2}, {.width = 3, .top_paths = 2});
  REQUIRE(found.size() == 2);
  for (auto& best : found) {
    REQUIRE(best.size() == 2);
    CHECK(best[0].tokens == Tokens{1});  // and the end: 0.4 * 0.9
    CHECK(best[0].score == doctest::Approx(std::log(0.36)));
    CHECK(best[1].score == doctest::Approx(std::log(0.24)));
  }
}

TEST_CASE("samples are the same for a seed, and follow top_k and top_p") {
  Tensor prompt = zeros({50, 1}, DType::kInt32);
  random::SeedGenerator one(1), again(1), other(2);
  auto first = sample(next, prompt, {5, 2}, {}, &one);
  CHECK(first == sample(next, prompt, {5, 2}, {}, &again));
  CHECK(first != sample(next, prompt, {5, 2}, {}, &other));
  for (auto& row : sample(next, prompt, {1, 2}, {.top_p = 0.5})) CHECK(row == Tokens{0});
  Tensor p = probabilities(next(prompt), {.temperature = 0.5, .top_k = 2});
  CHECK(p.to_vector<float>()[0] == doctest::Approx(0.36 / 0.52));
}

TEST_CASE("states are repeated, and follow their sequences") {
  // The state is all tokens so far, as next() wants them.
  auto step = [](const Tensor& tokens, const Tensors& states) -> Decoder::Step {
    Tensor all = concatenate({states[0], tokens}, 1);
    return {next(getitem(all, {Index(), Index::slice(1, {})})), {all, states[1]}};
  };
  Tensor prompt = zeros({2, 1}, DType::kInt32);
  Decoder with({step, {zeros({2, 1}, DType::kInt32), Tensor(7)}});
  auto a = beam_search(with, prompt, {4, 2}, {.width = 3, .top_paths = 3}),
       b = beam_search(next, prompt, {4, 2}, {.width = 3, .top_paths = 3});
  for (size_t i = 0; i < 2; ++i)
    for (size_t k = 0; k < 3; ++k) {
      CHECK(a[i][k].tokens == b[i][k].tokens);
      CHECK(a[i][k].score == doctest::Approx(b[i][k].score));
    }
}

TEST_CASE("decoding says what it expected") {
  Tensor prompt = zeros({1, 1}, DType::kInt32);
  CHECK_THROWS_WITH_AS(greedy(next, zeros({2}, DType::kInt32)),
                       doctest::Contains("prompt (n, length)"), Error);
  CHECK_THROWS_WITH_AS(greedy([](const Tensor&) { return zeros({3}); }, prompt),
                       doctest::Contains("expected logits"), Error);
  CHECK_THROWS_WITH_AS(sample(next, prompt, {}, {.temperature = 0}),
                       doctest::Contains("temperature"), Error);
  CHECK_THROWS_WITH_AS(beam_search(next, prompt, {}, {.width = 0}), doctest::Contains("beam_width"),
                       Error);
}
