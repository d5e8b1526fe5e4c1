#include "core/fingerprint.h"

#include <bit>
#include <cstring>
#include <utility>

namespace lamina {

namespace {

// ---- FarmHash. Letters as in its description: k0 to k2 are primes between 2^63 and 2^64.
constexpr uint64_t k0 = 0xc3a5c85c97cb3127, k1 = 0xb492b66fbe98f273, k2 = 0x9ae16a3b2f90404f;

template <class Word>
uint64_t load(const char* p) {  // little-endian
  Word w;
  std::memcpy(&w, p, sizeof w);
  if constexpr (std::endian::native == std::endian::big) {
    Word r = 0;
    for (size_t i = 0; i < sizeof w; ++i) r = static_cast<Word>(r << 8 | (w >> 8 * i & 0xff));
    w = r;
  }
  return w;
}
uint64_t load64(const char* p) { return load<uint64_t>(p); }
uint64_t load32(const char* p) { return load<uint32_t>(p); }
uint64_t rotate(uint64_t v, int right) { return std::rotr(v, right); }
uint64_t shift_mix(uint64_t v) { return v ^ (v >> 47); }

uint64_t mix(uint64_t u, uint64_t v, uint64_t factor) {
  uint64_t a = shift_mix((u ^ v) * factor);
  return shift_mix((v ^ a) * factor) * factor;
}

uint64_t up_to_16(const char* s, size_t n) {
  if (n >= 8) {
    uint64_t factor = k2 + n * 2, a = load64(s) + k2, b = load64(s + n - 8);
    return mix(rotate(b, 37) * factor + a, (rotate(a, 25) + b) * factor, factor);
  }
  if (n >= 4) return mix(n + (load32(s) << 3), load32(s + n - 4), k2 + n * 2);
  if (n > 0) {
    auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(s[i])); };
    uint32_t y = byte(0) + (byte(n >> 1) << 8);
    uint32_t z = static_cast<uint32_t>(n) + (byte(n - 1) << 2);
    return shift_mix(y * k2 ^ z * k0) * k2;
  }
  return k2;
}

uint64_t up_to_32(const char* s, size_t n) {
  uint64_t factor = k2 + n * 2;
  uint64_t a = load64(s) * k1, b = load64(s + 8), c = load64(s + n - 8) * factor,
           d = load64(s + n - 16) * k2;
  return mix(rotate(a + b, 43) + rotate(c, 30) + d, a + rotate(b + k2, 18) + c, factor);
}

uint64_t up_to_64(const char* s, size_t n) {
  uint64_t factor = k2 + n * 2;
  uint64_t a = load64(s) * k2, b = load64(s + 8), c = load64(s + n - 8) * factor,
           d = load64(s + n - 16) * k2;
  uint64_t y = rotate(a + b, 43) + rotate(c, 30) + d;
  uint64_t z = mix(y, a + rotate(b + k2, 18) + c, factor);
  uint64_t e = load64(s + 16) * factor, f = load64(s + 24), g = (y + load64(s + n - 32)) * factor,
           h = (z + load64(s + n - 24)) * factor;
  return mix(rotate(e + f, 43) + rotate(g, 30) + h, e + rotate(f + a, 18) + g, factor);
}

using Pair = std::pair<uint64_t, uint64_t>;
Pair weak(const char* s, uint64_t a, uint64_t b) {
  uint64_t w = load64(s), x = load64(s + 8), y = load64(s + 16), z = load64(s + 24);
  a += w;
  b = rotate(b + a + z, 21);
  uint64_t c = a;
  a += x + y;
  b += rotate(a, 44);
  return {a + z, b + c};
}

// ---- SipHash
struct Sip {
  uint64_t v0, v1, v2, v3;
  void round() {
    v0 += v1, v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0, v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1, v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2, v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void take(uint64_t word) {
    v3 ^= word;
    round(), round();
    v0 ^= word;
  }
};

}  // namespace

uint64_t fingerprint64(std::string_view text) {
  const char* s = text.data();
  const size_t n = text.size();
  if (n <= 16) return up_to_16(s, n);
  if (n <= 32) return up_to_32(s, n);
  if (n <= 64) return up_to_64(s, n);
  // 56 bytes of state: v, w, x, y and z; blocks of 64 bytes, the last of which may overlap.
  uint64_t x = 81, y = 81 * k1 + 113, z = shift_mix(y * k2 + 113) * k2;
  Pair v{0, 0}, w{0, 0};
  x = x * k2 + load64(s);
  const size_t rest = (n - 1) & 63;
  const char* end = s + (n - 1) / 64 * 64;
  const char* last = end + rest - 63;
  auto block = [&](uint64_t factor, uint64_t nine) {
    x = rotate(x + y + v.first + load64(s + 8), 37) * factor;
    y = rotate(y + v.second + load64(s + 48), 42) * factor;
    x ^= w.second * nine;
    y += v.first * nine + load64(s + 40);
    z = rotate(z + w.first, 33) * factor;
    v = weak(s, v.second * factor, x + w.first);
    w = weak(s + 32, z + w.second, y + load64(s + 16));
    std::swap(z, x);
  };
  for (; s != end; s += 64) block(k1, 1);
  uint64_t factor = k1 + ((z & 0xff) << 1);
  s = last;
  w.first += rest;
  v.first += w.first;
  w.first += v.first;
  block(factor, 9);
  return mix(mix(v.first, w.first, factor) + shift_mix(y) * k0 + z,
             mix(v.second, w.second, factor) + x, factor);
}

uint64_t siphash24(std::string_view text, uint64_t key0, uint64_t key1) {
  Sip sip{key0 ^ 0x736f6d6570736575, key1 ^ 0x646f72616e646f6d, key0 ^ 0x6c7967656e657261,
          key1 ^ 0x7465646279746573};
  const char* s = text.data();
  size_t left = text.size();
  for (; left >= 8; s += 8, left -= 8) sip.take(load64(s));
  uint64_t word = static_cast<uint64_t>(text.size()) << 56;
  for (size_t i = 0; i < left; ++i)
    word |= static_cast<uint64_t>(static_cast<uint8_t>(s[i])) << (8 * i);
  sip.take(word);
  sip.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) sip.round();
  return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

uint64_t fingerprint_cat64(uint64_t first, uint64_t second) {
  constexpr uint64_t factor = 0xc6a4a7935bd1e995;
  uint64_t result = first ^ factor;
  result ^= shift_mix(second * factor) * factor;
  result *= factor;
  result = shift_mix(result) * factor;
  return shift_mix(result);
}

}  // namespace lamina
