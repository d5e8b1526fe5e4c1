// What the ways of decoding share.
#pragma once
#include <string>

#include "lamina/generation.h"

namespace lamina::decoding {

// Feeds a decoder and keeps its states.
class Feed {
 public:
  // Each row of the prompt `copies` times.
  Feed(const char* what, const Decoder& decoder, const Tensor& prompt, int64_t copies,
       const Length& length);
  int64_t rows() const { return rows_; }
  // Logits of the token after the prompt, then after one more token a row: rows() x vocabulary().
  const std::vector<double>& prompt();
  const std::vector<double>& step(const Tokens& tokens);
  int64_t vocabulary() const { return vocabulary_; }
  const double* row(int64_t i) const { return logits_.data() + i * vocabulary_; }
  // Row i goes on from what is now row from[i].
  void rearrange(const std::vector<int64_t>& from);

 private:
  const std::vector<double>& run(const Tensor& tokens);
  NoGrad no_grad_;
  const char* what_;
  const Decoder& decoder_;
  Tensor prompt_;
  Tensors states_;
  int64_t rows_, vocabulary_ = 0;
  std::optional<int64_t> end_;
  std::vector<double> logits_;
};

}  // namespace lamina::decoding
