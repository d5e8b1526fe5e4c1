// Beam search.
#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "train/generation.h"

namespace lamina::decoding {

namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

struct Candidate {
  double score;  // sum of log-probabilities
  int64_t from;  // which of the kept sequences goes on
  int32_t token;
};
bool better(const Candidate& a, const Candidate& b) {
  return std::make_tuple(-a.score, a.from, a.token) < std::make_tuple(-b.score, b.from, b.token);
}

// The search of one row of the prompt.
class Search {
 public:
  Search(const Length& length, const Beam& beam) : length_(length), beam_(beam), live_(1) {}
  bool done() const { return done_; }

  // One step, from `width` rows of logits; what the rows are next: their tokens, and the rows of
  // before that these follow.
  void step(const double* logits, int64_t vocabulary, int32_t* tokens, int64_t* from) {
    const auto width = static_cast<size_t>(beam_.width);
    std::vector<Candidate> all;
    for (size_t k = 0; k < live_.size(); ++k) {
      const double* x = logits + static_cast<int64_t>(k) * vocabulary;
      double top = *std::max_element(x, x + vocabulary), sum = 0;
      if (std::isinf(top))
        fail("beam_search: expected finite logits, received a largest one of ", top);
      for (int64_t v = 0; v < vocabulary; ++v) sum += std::exp(x[v] - top);
      const double total = live_[k].score - top - std::log(sum);
      for (int64_t v = 0; v < vocabulary; ++v)
        if (x[v] > kNever)
          all.push_back({total + x[v], static_cast<int64_t>(k), static_cast<int32_t>(v)});
    }
    // One candidate of each sequence may end it, so twice the width leaves enough that go on.
    size_t enough = std::min(all.size(), 2 * width);
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(enough), all.end(),
                      better);
    all.resize(enough);

    std::vector<Hypothesis> next;
    for (const Candidate& c : all) {
      const Tokens& before = live_[static_cast<size_t>(c.from)].tokens;
      if (c.token == length_.end_token) {
        finish({before, c.score}, before.size() + 1);
      } else if (next.size() < width) {
        tokens[next.size()] = c.token, from[next.size()] = c.from;
        next.push_back({before, c.score});
        next.back().tokens.push_back(c.token);
      }
    }
    for (size_t k = next.size(); k < width; ++k)  // rows that nobody looks at
      tokens[k] = next.empty() ? 0 : tokens[0], from[k] = next.empty() ? 0 : from[0];
    live_ = std::move(next);
    done_ = live_.empty() || (finished_.size() >= width && !can_win());
  }

  std::vector<Hypothesis> best() {
    if (!done_)
      for (Hypothesis& h : live_) finish(h, h.tokens.size());
    const auto paths = static_cast<size_t>(beam_.top_paths);
    if (finished_.size() > paths) finished_.resize(paths);
    return std::move(finished_);
  }

 private:
  double normalized(double score, double tokens) const {
    return score / std::pow(std::max(tokens, 1.0), beam_.length_penalty);
  }
  void finish(Hypothesis h, size_t tokens) {
    h.score = normalized(h.score, static_cast<double>(tokens));
    auto at = std::upper_bound(
        finished_.begin(), finished_.end(), h,
        [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
    finished_.insert(at, std::move(h));
    const auto width = static_cast<size_t>(beam_.width);
    if (finished_.size() > width) finished_.resize(width);
  }
  // Whether a sequence that goes on may still beat a finished one: log-probabilities only fall, so
  // its score now, over the length that suits it best, is a bound.
  bool can_win() const {
    const Hypothesis& h = live_.front();
    const double now = static_cast<double>(h.tokens.size()) + 1,
                 end = static_cast<double>(length_.max_new_tokens);
    return std::max(normalized(h.score, now), normalized(h.score, end)) > finished_.back().score;
  }

  const Length& length_;
  const Beam& beam_;
  std::vector<Hypothesis> live_;      // best first; scores are plain sums
  std::vector<Hypothesis> finished_;  // best first
  bool done_ = false;
};

}  // namespace

std::vector<std::vector<Hypothesis>> beam_search(const Decoder& next, const Tensor& prompt,
                                                 const Length& length, const Beam& beam) {
  if (beam.width < 1 || beam.top_paths < 1 || beam.top_paths > beam.width)
    fail("beam_search: expected 1 <= top_paths <= beam_width, received top_paths=", beam.top_paths,
         " and beam_width=", beam.width);
  Feed feed("beam_search", next, prompt, beam.width, length);
  std::vector<Search> searches(static_cast<size_t>(prompt.dim(0)), Search(length, beam));
  const auto rows = static_cast<size_t>(feed.rows());
  Tokens tokens(rows);
  std::vector<int64_t> from(rows);
  for (int64_t t = 0; t < length.max_new_tokens; ++t) {
    t ? feed.step(tokens) : feed.prompt();
    bool done = true;
    for (size_t i = 0; i < searches.size(); ++i) {
      const int64_t first = static_cast<int64_t>(i) * beam.width;
      int64_t* rows_from = from.data() + first;
      if (searches[i].done()) {
        for (int64_t k = 0; k < beam.width; ++k) rows_from[k] = first + k;
        continue;
      }
      searches[i].step(feed.row(first), feed.vocabulary(), tokens.data() + first, rows_from);
      for (int64_t k = 0; k < beam.width; ++k) rows_from[k] += first;
      done = done && searches[i].done();
    }
    if (done) break;
    feed.rearrange(from);
  }
  std::vector<std::vector<Hypothesis>> out;
  for (Search& s : searches) out.push_back(s.best());
  return out;
}

}  // namespace lamina::decoding
