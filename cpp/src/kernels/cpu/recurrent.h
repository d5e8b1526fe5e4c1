// What the forward and the backward pass of a recurrent layer share.
#pragma once
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/recurrent_cells.h"
#include "kernels/cpu/recurrent_steps.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::RecurrentArgs;
using abi::RecurrentCell;
using abi::RecurrentGradArgs;

// Nanoseconds for one multiply-add, for one gate of one unit, and for reading one weight.
constexpr double kMultiplyAdd = 0.025, kGate = 0.5, kWeight = 0.1;

// Scratch slots: of the calling thread for the whole of a call, and of each thread for a block.
constexpr int kSharedSlot = 0, kBlockSlot = 1, kWindowSlot = 2, kStepsSlot = 3;

inline int64_t blocks_of(int64_t n, int64_t size) { return (n + size - 1) / size; }

// Columns of a weight matrix that go to consecutive columns of the sums.
struct Piece {
  int64_t from, width;  // of the weights
  int64_t to;           // of the sums
};

// Gates that are products with the same left operand: h, or h times a mask, or h times the reset
// gate, or both.
struct Group {
  Piece piece;
  int64_t mask;  // -1: none
  bool reset;
  bool plain() const { return mask < 0 && !reset; }
};

// A layer in one direction.
template <class Cell, class T>
struct Recurrence {
  const RecurrentArgs& a;
  int64_t batch, positions, inputs, units, gates, width;
  int n_pieces, n_groups;
  Piece pieces[2];  // of the product with the inputs
  Group groups[4];  // of the one with h
  Steps steps;

  // wide: many recurrent weights. Then threads share the units of a step instead of the sequences,
  // so that each keeps its part of the weights in its own cache.
  // projects_blocks: a block's product with the inputs is made just before the steps that use it,
  // which find it in the cache. Not with few blocks, whose inputs threads can share.
  bool wide, projects_blocks;

  Recurrence(const RecurrentArgs& args, int directions, int64_t* memory, bool split_gates)
      : a(args),
        batch(args.h0.shape[0]),
        positions(args.x.shape[0] * args.x.shape[1]),
        inputs(args.x.shape[2]),
        units(args.h0.shape[1]),
        gates(Cell::gates * units),
        width(Cell::width * units),
        n_pieces(0),
        n_groups(0),
        wide(false),
        projects_blocks(false) {
    // So, too, where there is nothing else to share.
    const bool one = directions == 1 && batch <= block_rows();
    wide = !a.state_mask && !Cell::reset_before && units * gates > (one ? 1 << 17 : 1 << 18);
    for (int64_t g = 0; g < Cell::gates; g = g < Cell::input_cut ? Cell::input_cut : Cell::gates) {
      const int64_t end = g < Cell::input_cut ? Cell::input_cut : Cell::gates;
      pieces[n_pieces++] = {g * units, (end - g) * units,
                            Cell::input_column(g == 0 ? 0 : 1) * units};
    }
    for (int64_t g = 0; g < Cell::gates;) {
      int64_t count = a.state_mask || (wide && split_gates) ? 1 : Cell::gates - g;
      if (Cell::reset_before && !a.state_mask) count = g == 0 ? Cell::gates - 1 : 1;
      groups[n_groups++] = {{g * units, count * units, (Cell::recurrent + g) * units},
                            a.state_mask ? g : -1,
                            Cell::reset_before && g == Cell::gates - 1};
      g += count;
    }
    steps = list_steps(a.mask, a.lengths, batch, positions, block_rows(), !wide, a.reverse,
                       a.mirrored, memory);
    projects_blocks = !wide && directions * steps.blocks() >= 4;
  }
  // Each block reads all recurrent weights in every step: the larger they are, the more rows should
  // share them.
  int64_t block_rows() const {
    if (units * gates > (1 << 18)) return wide ? kMaxBlockRows : kMaxBlockRows / 2;
    return batch > 64 ? 16 : batch > 8 ? 8 : 4;
  }
  // The units that a task does.
  static constexpr int64_t kUnits = 4 * kVectorLength<T>;
  int64_t parts() const { return wide ? blocks_of(units, kUnits) : 1; }
  Units part(int64_t i) const {
    return wide ? Units{units, i * kUnits, min64((i + 1) * kUnits, units)} : Units{units, 0, units};
  }
  bool projects() const { return a.w.data != nullptr; }
  int64_t total() const { return steps.total(); }
  double recurrent_cost() const { return gates_cost(total()); }
  // Of one step of so many sequences.
  double step_cost(int64_t rows) const {
    return gates_cost(rows) + kWeight * static_cast<double>(units * gates);
  }
  double gates_cost(int64_t rows) const {
    return static_cast<double>(rows) * static_cast<double>(gates) *
           (kMultiplyAdd * static_cast<double>(units) + kGate);
  }
  double input_cost() const {
    return static_cast<double>(total()) * static_cast<double>(gates) *
           (kMultiplyAdd * static_cast<double>(projects() ? inputs : 1));
  }
  // What h of some rows is multiplied with, for a group that is not plain: left = h mask r. z are
  // the rows' gates.
  void left_operand(const Group& g, int64_t number, const T* h, const T* z, T* left) const {
    const T* mask =
        g.mask < 0 ? nullptr : data<T>(*a.state_mask) + (g.mask * batch + number) * units;
    const T* reset = g.reset ? z + units : nullptr;
    for (int64_t j = 0; j < units; ++j) {
      T v = h[j];
      if (reset) v *= reset[j];
      left[j] = mask ? v * mask[j] : v;
    }
  }
  // Whether steps [first, first + count) lie one after the other in the caller's arrays too.
  bool consecutive(int64_t first, int64_t count) const {
    if (steps.place[first + count - 1] - steps.place[first] != count - 1) return false;
    for (int64_t p = first + 1; p < first + count; ++p)
      if (steps.place[p] != steps.place[p - 1] + 1) return false;
    return true;
  }
};

// Memory that is handed out piece by piece; without memory it only counts.
template <class T>
struct Room {
  T* data = nullptr;
  int64_t used = 0;
  T* take(int64_t count) {
    T* p = data ? data + used : nullptr;
    used += (count + 15) / 16 * 16;
    return p;
  }
};

template <class T>
inline void copy_row(T* to, const T* from, int64_t n) {
  std::memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
}
template <class T>
inline void zero_row(T* to, int64_t n) {
  std::memset(to, 0, static_cast<size_t>(n) * sizeof(T));
}

// Both directions of a layer, or the only one, and the list of their steps.
template <class Cell, class T>
struct Directions {
  int count;
  Recurrence<Cell, T> all[2];

  template <class Args>
  Directions(const Context& ctx, const Args* args, int n, bool split_gates)
      : Directions(args, n, scratch<int64_t>(ctx, kStepsSlot, 2 * words(first(args))),
                   split_gates) {}

 private:
  template <class Args>
  Directions(const Args* args, int n, int64_t* memory, bool split)
      : count(n),
        all{{first(args), n, memory, split},
            n > 1 ? Recurrence<Cell, T>(first(args + 1), n, memory + words(first(args)), split)
                  : all[0]} {}
  static const RecurrentArgs& first(const RecurrentArgs* a) { return *a; }
  static const RecurrentArgs& first(const RecurrentGradArgs* a) { return a->f; }
  static int64_t words(const RecurrentArgs& a) {
    return Steps::words(a.h0.shape[0], a.x.shape[0] * a.x.shape[1]);
  }
};

// Calls begin(direction, block), then step(direction, walk, units) for all steps of it, in the
// order of time or against it, and end(direction, block).
template <bool kBack, class Cell, class T, class Begin, class Step, class End>
void walk_all(const Context& ctx, const Directions<Cell, T>& z, Begin&& begin, Step&& step,
              End&& end) {
  const Recurrence<Cell, T>& one = z.all[0];
  const int64_t blocks = one.steps.blocks(), parts = one.parts();
  const double inputs = !kBack && one.projects_blocks ? one.input_cost() : 0;
  const double cost = z.count * (one.recurrent_cost() + inputs);
  const auto way = [&](int64_t d, int64_t block, auto&& each) {
    Walk walk(z.all[d].steps, block);
    if (kBack) walk.to_end();
    for (; kBack ? walk.s >= 0 : walk.n > 0; kBack ? walk.back() : walk.forward()) each(walk);
  };
  if (!one.wide) {
    parallel_flushed(ctx, z.count * blocks, cost, [&](int64_t task) {
      const int64_t d = task / blocks, block = task % blocks;
      begin(d, block);
      way(d, block, [&](Walk& walk) { step(d, walk, one.part(0)); });
      end(d, block);
    });
    return;
  }
  // One direction after the other, whose weights stay in the caches. Where they are larger than
  // those, each step finds what the one before read last.
  for (int64_t d = 0; d < z.count; ++d)
    for (int64_t block = 0; block < blocks; ++block) {
      begin(d, block);
      way(d, block, [&](Walk& walk) {
        parallel_flushed(
            ctx, parts, one.step_cost(walk.n), [&](int64_t task) { step(d, walk, one.part(task)); },
            walk.s % 2 == 1);
      });
      end(d, block);
    }
}

template <class F>
void for_cell(RecurrentCell cell, F&& f) {
  switch (cell) {
    case RecurrentCell::kTanh:
      return f(SimpleCell<false>());
    case RecurrentCell::kRelu:
      return f(SimpleCell<true>());
    case RecurrentCell::kLstm:
      return f(LstmCell());
    case RecurrentCell::kGru:
      return f(GruCell());
    case RecurrentCell::kGruResetBefore:
      return f(GruResetBeforeCell());
  }
}

}  // namespace

void fill_recurrent_forward(abi::KernelTable& table);
void fill_recurrent_backward(abi::KernelTable& table);

}  // namespace lamina::LAMINA_ISA
