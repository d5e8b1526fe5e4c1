// The real steps of a batch of sequences, in the order in which a recurrent kernel holds them.
//
// Rows are sorted by length, longest first, and cut into blocks. Within a block all first steps lie
// one after the other, then all second steps and so on: the rows that still go on at step s are the
// first ones of the block, so that each step is one product over consecutive rows of memory, and a
// step that a mask leaves out costs nothing.
#pragma once
#include "kernels/cpu/common.h"

namespace lamina::LAMINA_ISA {
namespace {

inline constexpr int64_t kMaxBlockRows = 64;
// Of more blocks than these, threads find enough to do when they take the longest first.
inline constexpr int64_t kMaxDealt = 4;

struct Steps {
  int64_t rows, positions;  // sequences, and places for a step in the arrays of the caller
  int64_t block_rows;       // sequences in a block, at most kMaxBlockRows
  bool reverse, mirrored;
  // Of sorted row r: its number, how many real steps it has, where its places begin and how many
  // there are.
  int64_t *order, *length, *base, *extent;
  int64_t* first;  // of block b: its first step among all of them; then their number
  int64_t* place;  // of each step: its place

  int64_t blocks() const { return (rows + block_rows - 1) / block_rows; }
  int64_t total() const { return first[blocks()]; }
  // Places that sequences take; what is left over follows them.
  int64_t taken() const {
    int64_t n = 0;
    for (int64_t r = 0; r < rows; ++r) n += extent[r];
    return n;
  }
  int64_t in_block(int64_t b) const { return min64(block_rows, rows - b * block_rows); }
  int64_t longest(int64_t b) const { return length[b * block_rows]; }
  // The i-th place of a row in the order of steps, and what is at place `at` in that order.
  int64_t place_of(int64_t r, int64_t i) const {
    return reverse ? base[r] + extent[r] - 1 - i : base[r] + i;
  }
  int64_t index_of(int64_t r, int64_t at) const {
    return reverse ? base[r] + extent[r] - 1 - at : at - base[r];
  }
  // Where the output of the i-th place goes.
  int64_t output_of(int64_t r, int64_t i) const { return mirrored ? base[r] + i : place_of(r, i); }

  static int64_t words(int64_t rows, int64_t positions) { return 6 * rows + 1 + positions; }
};

// order = the rows, longest first, equal ones as they come: runs of 1, 2, 4, ... rows are merged.
inline void sort_by_length(const int64_t* length, int64_t rows, int64_t* order, int64_t* room) {
  for (int64_t r = 0; r < rows; ++r) order[r] = r;
  for (int64_t run = 1; run < rows; run *= 2) {
    for (int64_t from = 0; from + run < rows; from += 2 * run) {
      const int64_t middle = from + run, end = min64(middle + run, rows);
      if (length[order[middle - 1]] >= length[order[middle]]) continue;
      for (int64_t i = from; i < middle; ++i) room[i] = order[i];
      for (int64_t i = from, j = middle, to = from; i < middle; ++to)
        order[to] = j < end && length[order[j]] > length[room[i]] ? order[j++] : room[i++];
    }
  }
}

// Rows in this order, dealt out to the blocks in turn: each gets long ones and short ones.
inline void deal_rows(const Steps& z, int64_t* order, int64_t* room) {
  const int64_t blocks = z.blocks();
  int64_t count[kMaxDealt] = {};
  for (int64_t i = 0, b = 0; i < z.rows; ++i) {
    while (count[b] == z.in_block(b)) b = (b + 1) % blocks;
    room[b * z.block_rows + count[b]++] = order[i];
    b = (b + 1) % blocks;
  }
  for (int64_t i = 0; i < z.rows; ++i) order[i] = room[i];
}

// A block's way through time: step s, of its n first rows; `next` of them go on. Their first place
// among all steps is `at`, that of the step before `before`. Steps with places from `window` to
// `window_end` are prepared.
struct Walk {
  const Steps* steps;
  int64_t block, head, s, at, before, n, next, window, window_end;

  Walk(const Steps& z, int64_t block)
      : steps(&z),
        block(block),
        head(block * z.block_rows),
        s(0),
        at(z.first[block]),
        before(at),
        window(at),
        window_end(at) {
    n = going_on(z.in_block(block), 0);
    next = going_on(n, 1);
  }
  // Of the first `from` rows, how many have a step number t.
  int64_t going_on(int64_t from, int64_t t) const {
    while (from > 0 && steps->length[head + from - 1] <= t) --from;
    return from;
  }
  void forward() {
    before = at, at += n, ++s;
    n = next, next = going_on(n, s + 1);
  }
  // A window of at most `rows` places, from this step on.
  void open_window(int64_t rows) {
    Walk end = *this;
    while (end.n > 0 && end.at + end.n - at <= rows) end.forward();
    window = at, window_end = end.at;
  }
  // The last step, and from there to the one before.
  void to_end() {
    s = steps->longest(block), at = steps->first[block + 1], n = 0;
    back();
  }
  void back() {
    const int64_t rows = steps->in_block(block);
    const auto with_step = [&](int64_t from, int64_t t) {
      while (from < rows && steps->length[head + from] > t) ++from;
      return from;
    };
    --s;
    next = n, n = with_step(n, s);
    at -= n;
    before = at - with_step(n, s - 1);
  }
  // Row r of the block: its first place, and the end of the places whose outputs repeat it, in the
  // row's order.
  int64_t index(int64_t r) const { return steps->index_of(head + r, steps->place[at + r]); }
  int64_t end(int64_t r) const {
    return r < next ? steps->index_of(head + r, steps->place[at + n + r]) : steps->extent[head + r];
  }
};

// mask: bool, of all places, or null. lengths: int64, of rows that lie one after the other, or null
// where each has as many places. deal: a few blocks share the long rows. memory: Steps::words()
// numbers.
inline Steps list_steps(const View* mask, const View* lengths, int64_t rows, int64_t positions,
                        int64_t block_rows, bool deal, bool reverse, bool mirrored,
                        int64_t* memory) {
  Steps z{rows, positions, block_rows, reverse, mirrored, {}, {}, {}, {}, {}, {}};
  z.order = memory, z.length = z.order + rows, z.base = z.length + rows, z.extent = z.base + rows;
  z.first = z.extent + rows, z.place = z.first + rows + 1;
  int64_t* room = z.place + positions;
  const bool* keep = mask ? data<bool>(*mask) : nullptr;
  // First all by number of the row, with the real steps in `first`.
  for (int64_t r = 0, start = 0; r < rows; ++r) {
    int64_t n = positions / rows;
    if (lengths) n = max64(0, min64(data<int64_t>(*lengths)[r], positions - start));
    z.base[r] = start, z.extent[r] = n, z.first[r] = n;
    for (int64_t t = start; keep && t < start + n; ++t) z.first[r] -= !keep[t];
    start += n;
  }
  sort_by_length(z.first, rows, z.order, room);
  if (deal && z.blocks() <= kMaxDealt) deal_rows(z, z.order, room);
  const auto sort = [&](int64_t* numbers) {
    for (int64_t r = 0; r < rows; ++r) room[r] = numbers[z.order[r]];
    for (int64_t r = 0; r < rows; ++r) numbers[r] = room[r];
  };
  for (int64_t r = 0; r < rows; ++r) z.length[r] = z.first[z.order[r]];
  sort(z.base), sort(z.extent);

  int64_t p = 0;
  for (int64_t b = 0; b < z.blocks(); ++b) {
    z.first[b] = p;
    const int64_t head = b * block_rows;
    int64_t n = z.in_block(b), next[kMaxBlockRows] = {};
    for (int64_t s = 0; s < z.longest(b); ++s) {
      while (z.length[head + n - 1] <= s) --n;
      for (int64_t r = 0; r < n; ++r) {
        if (keep)
          while (!keep[z.place_of(head + r, next[r])]) ++next[r];
        z.place[p++] = z.place_of(head + r, next[r]++);
      }
    }
  }
  z.first[z.blocks()] = p;
  return z;
}

}  // namespace
}  // namespace lamina::LAMINA_ISA
