// What layers of preprocessing compute on integers: hashes, crosses, lookups, bins.
#pragma once
#include "lamina/ops.h"

namespace lamina {

// How a value becomes one of `bins`: FarmHash's fingerprint, or SipHash where there is a salt.
struct HashSpec {
  int64_t bins = 1;
  bool salted = false;
  int64_t key0 = 0, key1 = 0;
};

int64_t hash_text(std::string_view text, const HashSpec& spec);
// Of each integer as decimal text; int64.
Tensor hash_integers(const Tensor& x, const HashSpec& spec);
// Fingerprints (int64) of the features, mixed in order, modulo `bins`.
Tensor cross_hash(const Tensors& features, int64_t bins);
Tensor fingerprints(const Tensor& text);

// Number of entries of the ascending `boundaries` at most x; int32.
Tensor bucketize(const Tensor& x, const Tensor& boundaries);

// Places of integers in a vocabulary.
struct LookupSpec {
  std::optional<int64_t> mask;  // the value that gives mask_index
  int64_t mask_index = 0;
  int64_t oov_start = 0;
  bool floormod = true;  // of a value that is not there: value mod hash.bins, else its hash
  HashSpec hash;         // bins: 0 to refuse such a value
};
// keys: ascending, places: what each gives (both int64).
Tensor lookup_integers(const Tensor& x, const Tensor& keys, const Tensor& places,
                       const LookupSpec& spec);

// Runs f(i) for every i below n, on several threads where there is enough to do; f must not throw.
void each_index(int64_t n, double nanoseconds, const std::function<void(int64_t)>& f);

}  // namespace lamina
