#include "core/token_table.h"

#include "core/fingerprint.h"
#include "lamina/error.h"

namespace lamina {

size_t TokenTable::slot(std::string_view token, uint64_t hash) const {
  size_t mask = slots_.size() - 1, i = hash & mask;
  for (; slots_[i]; i = (i + 1) & mask) {
    size_t at = slots_[i] - 1;
    if (hashes_[at] == hash && tokens_[at] == token) break;
  }
  return i;
}

int64_t TokenTable::find(std::string_view token) const {
  if (slots_.empty()) return -1;
  return static_cast<int64_t>(slots_[slot(token, fingerprint64(token))]) - 1;
}

int64_t TokenTable::add(std::string_view token) {
  if (2 * (tokens_.size() + 1) > slots_.size()) grow();
  uint64_t hash = fingerprint64(token);
  uint32_t& place = slots_[slot(token, hash)];
  if (!place) {
    if (tokens_.size() >= UINT32_MAX - 1) fail("vocabulary: more than 4294967294 distinct tokens");
    tokens_.emplace_back(token);
    hashes_.push_back(hash);
    place = static_cast<uint32_t>(tokens_.size());
  }
  return static_cast<int64_t>(place) - 1;
}

void TokenTable::grow() {
  size_t n = slots_.empty() ? 64 : 2 * slots_.size();
  slots_.assign(n, 0);
  for (size_t i = 0; i < hashes_.size(); ++i) {
    size_t at = hashes_[i] & (n - 1);
    while (slots_[at]) at = (at + 1) & (n - 1);
    slots_[at] = static_cast<uint32_t>(i + 1);
  }
}

void TokenTable::clear() { tokens_.clear(), hashes_.clear(), slots_.clear(); }

}  // namespace lamina
