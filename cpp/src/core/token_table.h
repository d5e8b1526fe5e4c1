// Distinct strings in order of arrival, found by an open-addressing hash table.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lamina {

class TokenTable {
 public:
  size_t size() const { return tokens_.size(); }
  const std::string& operator[](size_t i) const { return tokens_[i]; }
  const std::vector<std::string>& tokens() const { return tokens_; }
  // Place of a token, -1 where it is not there.
  int64_t find(std::string_view token) const;
  // Place of a token, which is put at the end where it is new.
  int64_t add(std::string_view token);
  void clear();

 private:
  void grow();
  size_t slot(std::string_view token, uint64_t hash) const;
  std::vector<std::string> tokens_;
  std::vector<uint64_t> hashes_;  // of the tokens
  std::vector<uint32_t> slots_;   // 0: free, else place + 1; a power of two, at most half full
};

}  // namespace lamina
