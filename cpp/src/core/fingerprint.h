// Stable hashes of text, the same on every machine and in TensorFlow.
#pragma once
#include <cstdint>
#include <string_view>

namespace lamina {

// FarmHash's Fingerprint64 (Pike and Alakuijala, 2014), which never changes.
uint64_t fingerprint64(std::string_view text);
// SipHash-2-4 (Aumasson and Bernstein, 2012) with a key of two words.
uint64_t siphash24(std::string_view text, uint64_t key0, uint64_t key1);
// Mixes a further fingerprint into one, in order: a cross of features.
uint64_t fingerprint_cat64(uint64_t first, uint64_t second);

}  // namespace lamina
