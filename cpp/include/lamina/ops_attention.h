// Attention with all that restricts it, and caches of keys and values.
#pragma once
#include <optional>

#include "lamina/ops.h"

namespace lamina {

// Which keys a query sees. It sees one where everything that is given says so; a query that sees
// none shares its attention out evenly. None of this is spread out to (batch, heads, T, S).
struct AttentionOptions {
  Tensor mask;        // boolean, broadcastable to (batch, heads, T, S)
  Tensor query_mask;  // boolean (batch, T); false: sees no key
  Tensor key_mask;    // boolean (batch, S)
  // Of ragged batches (1, total, ...): int64 (sequences,), both or none. A query sees the keys of
  // its own sequence only, and time is that of the pairs within sequences.
  Tensor query_row_lengths, key_row_lengths;
  // int64 scalar: the place of the first query among the keys, 0 by default. Keys after the last
  // query's are not there yet.
  Tensor position;
  bool is_causal = false;                 // a query sees keys up to its own place
  int64_t window = 0;                     // only those less than so many steps away; 0: all
  double dropout = 0;                     // share of the attention to drop
  random::SeedGenerator* seed = nullptr;  // of dropout; the global generator by default
  std::optional<double> scale;            // 1 / sqrt(H) by default
};
// softmax(scale query key^T) value for each head (Vaswani et al., 2017), in tiles, so that memory
// grows with T + S. query (batch, T, N, H), key (batch, S, M, H), value (batch, S, M, V) -> (batch,
// T, N, V). M divides N: several heads of queries may share one of keys and values.
Tensor attention(const Tensor& query, const Tensor& key, const Tensor& value,
                 const AttentionOptions& options = {});
// The shares themselves, (batch, N, T, S), without dropout; not for ragged batches.
Tensor attention_scores(const Tensor& query, const Tensor& key, const AttentionOptions& options);

// Writes keys and values (batch, n, heads, size) into a cache (batch, 2, length, heads, size) in
// place, from step `position` (integer scalar) on, and returns the cache. No gradient passes.
Tensor cache_update(const Tensor& cache, const Tensor& key, const Tensor& value,
                    const Tensor& position);

}  // namespace lamina
