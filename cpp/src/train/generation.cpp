// Greedy decoding and sampling.
#include "train/generation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lamina::decoding {

Decoder::Decoder(Next next)  // all tokens so far are the state
    : next_([next = std::move(next)](const Tensor& tokens, const Tensors& states) -> Step {
        Tensor all = states.empty() ? tokens : concatenate({states[0], tokens}, 1);
        return {next(all), {all}};
      }) {}

Decoder::Decoder(Next next, Reorder reorder)
    : next_([next = std::move(next)](const Tensor& tokens, const Tensors&) -> Step {
        return {next(tokens), {}};
      }),
      reorder_(std::move(reorder)) {}

Feed::Feed(const char* what, const Decoder& decoder, const Tensor& prompt, int64_t copies,
           const Length& length)
    : what_(what), decoder_(decoder), states_(decoder.states()), end_(length.end_token) {
  if (prompt.rank() != 2 || prompt.dim(0) < 1 || prompt.dim(1) < 1)
    fail(what, ": expected a prompt (n, length) with a token in each row, received shape ",
         prompt.shape());
  if (is_floating(prompt.dtype()))
    throw Error(str(what, ": expected a prompt of integers, received ", dtype_name(prompt.dtype())),
                Error::Kind::kType);
  if (length.max_new_tokens < 0)
    fail(what, ": max_new_tokens must not be negative, received ", length.max_new_tokens);
  prompt_ = cast(prompt, DType::kInt32);
  rows_ = prompt.dim(0) * copies;
  for (const Tensor& s : states_)
    if (s.rank() > 0 && s.dim(0) != prompt.dim(0))
      fail(what, ": expected states with ", prompt.dim(0), " rows as the prompt, received shape ",
           s.shape());
  if (copies == 1) return;
  prompt_ = repeat(prompt_, {copies}, 0);
  for (Tensor& s : states_)
    if (s.rank() > 0) s = repeat(s, {copies}, 0);
}

const std::vector<double>& Feed::run(const Tensor& tokens) {
  Decoder::Step step = decoder_.next()(tokens, states_);
  Tensor x = step.logits;
  if (x.rank() == 3) x = getitem(x, {Index(), Index(-1)});
  if (x.rank() != 2 || x.dim(0) != rows_ || x.dim(1) < 1 || !is_floating(x.dtype()))
    fail(what_, ": expected logits (", rows_, ", vocabulary) or (", rows_,
         ", length, vocabulary), received ", dtype_name(x.dtype()), " of shape ",
         step.logits.shape());
  if (end_ && (*end_ < 0 || *end_ >= x.dim(1)))
    fail(what_, ": end_token ", *end_, " is outside of a vocabulary of ", x.dim(1));
  states_ = std::move(step.states);
  vocabulary_ = x.dim(1);
  logits_ = x.to_vector<double>();
  for (double v : logits_)
    if (std::isnan(v)) fail(what_, ": the logits hold a NaN");
  return logits_;
}
const std::vector<double>& Feed::prompt() { return run(prompt_); }
const std::vector<double>& Feed::step(const Tokens& tokens) {
  return run(Tensor::from_vector(tokens, {rows_, 1}));
}

void Feed::rearrange(const std::vector<int64_t>& from) {
  std::vector<int64_t> same(from.size());
  std::iota(same.begin(), same.end(), 0);
  if (from == same) return;
  Tensor rows = Tensor::from_vector(from, {rows_});
  if (decoder_.reorder()) decoder_.reorder()(rows);
  for (Tensor& s : states_)
    if (s.rank() > 0) s = take(s, rows, 0);
}

namespace {

// Feeds choose()'s tokens, one for each row, until every row has ended.
template <class Choose>
Sequences each_step(Feed& feed, const Length& length, const Choose& choose) {
  const auto n = static_cast<size_t>(feed.rows());
  Sequences out(n);
  std::vector<char> ended(n, 0);
  Tokens tokens(n);
  for (int64_t t = 0; t < length.max_new_tokens; ++t) {
    t ? feed.step(tokens) : feed.prompt();
    tokens = choose();
    for (size_t i = 0; i < n; ++i) {
      ended[i] = ended[i] || tokens[i] == length.end_token;
      if (ended[i])
        tokens[i] = static_cast<int32_t>(*length.end_token);
      else
        out[i].push_back(tokens[i]);
    }
    if (std::all_of(ended.begin(), ended.end(), [](char e) { return e != 0; })) break;
  }
  return out;
}

void check(const Sampling& o) {
  if (!(o.temperature > 0) || std::isinf(o.temperature))
    fail("sample: temperature must be positive, received ", o.temperature);
  if (o.top_k && *o.top_k < 1) fail("sample: top_k must be at least 1, received ", *o.top_k);
  if (o.top_p && !(*o.top_p > 0 && *o.top_p <= 1))
    fail("sample: top_p must lie in (0, 1], received ", *o.top_p);
}

// probabilities() of one row, in place.
void truncate(double* x, int64_t n, const Sampling& o) {
  double top = *std::max_element(x, x + n);
  if (std::isinf(top)) fail("sample: expected finite logits, received a largest one of ", top);
  for (int64_t i = 0; i < n; ++i) x[i] = std::exp((x[i] - top) / o.temperature);
  if (o.top_k.value_or(n) < n || o.top_p.value_or(1) < 1) {
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [x](int64_t a, int64_t b) { return x[a] > x[b]; });
    auto keep = static_cast<size_t>(std::min(o.top_k.value_or(n), n));
    double total = 0;
    for (size_t i = 0; i < keep; ++i) total += x[order[i]];
    if (o.top_p.value_or(1) < 1) {
      double part = 0;
      size_t k = 0;
      while (k < keep && part < *o.top_p * total) part += x[order[k++]];
      keep = k;
    }
    for (size_t i = keep; i < order.size(); ++i) x[order[i]] = 0;
  }
  double total = std::accumulate(x, x + n, 0.0);
  for (int64_t i = 0; i < n; ++i) x[i] /= total;
}

}  // namespace

Sequences greedy(const Decoder& next, const Tensor& prompt, const Length& length) {
  Feed feed("greedy", next, prompt, 1, length);
  return each_step(feed, length, [&] {
    Tokens tokens;
    for (int64_t i = 0; i < feed.rows(); ++i) {
      const double* x = feed.row(i);
      tokens.push_back(static_cast<int32_t>(std::max_element(x, x + feed.vocabulary()) - x));
    }
    return tokens;
  });
}

Sequences sample(const Decoder& next, const Tensor& prompt, const Length& length,
                 const Sampling& options, random::SeedGenerator* seed) {
  check(options);
  Feed feed("sample", next, prompt, 1, length);
  return each_step(feed, length, [&] {
    Tokens tokens;
    const std::vector<double> u =
        random::uniform({feed.rows()}, 0, 1, DType::kFloat64, seed).to_vector<double>();
    const int64_t n = feed.vocabulary();
    for (int64_t i = 0; i < feed.rows(); ++i) {
      std::vector<double> p(feed.row(i), feed.row(i) + n);
      truncate(p.data(), n, options);
      int64_t token = 0, last = 0;  // last: for a sum that rounding left below 1
      double below = 0;
      for (token = 0; token < n; ++token) {
        if (p[static_cast<size_t>(token)] > 0) last = token;
        below += p[static_cast<size_t>(token)];
        if (u[static_cast<size_t>(i)] < below) break;
      }
      tokens.push_back(static_cast<int32_t>(token < n ? token : last));
    }
    return tokens;
  });
}

Tensor probabilities(const Tensor& logits, const Sampling& options) {
  check(options);
  if (logits.rank() != 2 || !is_floating(logits.dtype()))
    fail("probabilities: expected logits (n, vocabulary), received ", dtype_name(logits.dtype()),
         " of shape ", logits.shape());
  std::vector<double> x = logits.to_vector<double>();
  for (int64_t i = 0; i < logits.dim(0); ++i)
    truncate(x.data() + i * logits.dim(1), logits.dim(1), options);
  return Tensor::from_vector(x, logits.shape()).astype(logits.dtype());
}

}  // namespace lamina::decoding
