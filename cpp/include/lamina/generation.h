// Decoding: sequences from a model that gives the logits of the next token. See also ctc_decode.
#pragma once
#include <functional>
#include <optional>
#include <type_traits>
#include <vector>

#include "lamina/ops.h"

namespace lamina::decoding {

// Where logits come from. Logits are (n, vocabulary), or (n, length, vocabulary) of which the last
// position counts; row i belongs to row i of the tokens, int32.
class Decoder {
 public:
  struct Step {
    Tensor logits;
    Tensors states;
  };
  // next(tokens (n, length)) of all tokens so far: a model without memory.
  using Next = std::function<Tensor(const Tensor& tokens)>;
  // next(tokens, states) of the tokens that are new: the prompt first, then one in each row. States
  // are what the step before gave, `states` at first; all but scalars have n rows, which beam
  // search repeats and rearranges.
  using NextWithStates = std::function<Step(const Tensor& tokens, const Tensors& states)>;

  // What keeps its states itself, such as a CachedDecoder: next(tokens) of the tokens that are new,
  // and reorder(rows (n,)), after which row i goes on from what was row rows[i].
  using Reorder = std::function<void(const Tensor& rows)>;

  explicit Decoder(Next next);
  Decoder(NextWithStates next, Tensors states)
      : next_(std::move(next)), states_(std::move(states)) {}
  Decoder(Next next, Reorder reorder);
  template <class F>
    requires std::is_invocable_r_v<Tensor, F, const Tensor&>
  Decoder(F next) : Decoder(Next(std::move(next))) {}

  const NextWithStates& next() const { return next_; }
  const Tensors& states() const { return states_; }
  const Reorder& reorder() const { return reorder_; }

 private:
  NextWithStates next_;
  Tensors states_;
  Reorder reorder_;
};

// The tokens after each row of the prompt, without the end token.
using Tokens = std::vector<int32_t>;
using Sequences = std::vector<Tokens>;

struct Length {
  int64_t max_new_tokens = 100;
  std::optional<int64_t> end_token;  // ends a row
};

struct Sampling {
  double temperature = 1;        // logits are divided by it
  std::optional<int64_t> top_k;  // only the k most likely tokens
  std::optional<double> top_p;   // of these, the fewest that have probability p together
};

// The likeliest token at each step. prompt (n, length), integers. Of equal logits the first counts.
Sequences greedy(const Decoder& next, const Tensor& prompt, const Length& length = {});

// Tokens drawn by their probabilities; the same ones for the same seed.
Sequences sample(const Decoder& next, const Tensor& prompt, const Length& length = {},
                 const Sampling& options = {}, random::SeedGenerator* seed = nullptr);

struct Hypothesis {
  Tokens tokens;
  double score;  // sum of log-probabilities / (number of tokens, with the end)^length_penalty
};
struct Beam {
  int64_t width = 4;          // sequences kept from step to step
  int64_t top_paths = 1;      // sequences given back
  double length_penalty = 0;  // above 0 favours longer ones
};
// For each row of the prompt its best sequences, best first. Rows i * width to (i + 1) * width - 1
// of what the decoder sees belong to row i of the prompt.
std::vector<std::vector<Hypothesis>> beam_search(const Decoder& next, const Tensor& prompt,
                                                 const Length& length = {}, const Beam& beam = {});

// What sample() draws from, for logits (n, vocabulary): softmax(logits / temperature) of the tokens
// that top_k and top_p leave.
Tensor probabilities(const Tensor& logits, const Sampling& options = {});

}  // namespace lamina::decoding
