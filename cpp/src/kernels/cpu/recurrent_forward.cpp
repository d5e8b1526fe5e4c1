// Recurrent layers over whole sequences, forward.
//
// A block of sequences runs through time by itself: one parallel region for the layer, and no
// thread waits for another in between. Its products with the inputs are made for a window of steps
// at once, or beforehand for all steps. The weights are packed once for all steps. Gates and states
// that nobody asked for exist for one window only.
#include "kernels/cpu/recurrent.h"

namespace lamina::LAMINA_ISA {
namespace {

constexpr int64_t kRows = 128;  // that are multiplied with the inputs' weights at once

template <class Cell, class T>
struct Forward {
  const Recurrence<Cell, T>& z;
  const Steps& steps;
  T* bias = nullptr;  // of all sums, in their order
  Right<T> kernel[2], recurrent[4];
  T *gates, *old_h, *c;  // of all steps; null where they exist for a window only

  Forward(const Recurrence<Cell, T>& recurrence)
      : z(recurrence),
        steps(recurrence.steps),
        gates(data<T>(z.a.gates)),
        old_h(data<T>(z.a.old_h)),
        c(data<T>(z.a.c)) {}

  // Of a step's first row; those of the others follow.
  struct Rows {
    T *gates, *old_h, *new_h, *old_c, *c;
  };
  Rows rows_of(const Context& ctx, const Walk& walk) const {
    const int64_t units = z.units;
    if (gates)
      return {gates + walk.at * z.width, old_h + walk.at * units,
              old_h + (walk.at + walk.n) * units, Cell::memory ? c + walk.before * units : nullptr,
              Cell::memory ? c + walk.at * units : nullptr};
    const int64_t states = steps.block_rows * units;
    T* window = scratch<T>(ctx, kWindowSlot, kRows * z.width + 4 * states);
    T *even = window + kRows * z.width, *odd = even + 2 * states;
    T *old = walk.s % 2 ? odd : even, *now = walk.s % 2 ? even : odd;
    return {window + (walk.at - walk.window) * z.width, old, now, old + states, now + states};
  }

  // Weights in panels, where they are used often enough.
  void prepare(const Context& ctx, Room<T>& room, bool count) {
    const bool often = z.total() > 4, again = z.steps.blocks() && longest() > 2;
    bias = room.take(z.width);
    if (!z.a.gates.data && !z.projects_blocks) {
      gates = room.take(z.total() * z.width);
      old_h = room.take(z.total() * z.units);
      if (Cell::memory) c = room.take(z.total() * z.units);
    }
    for (int i = 0; i < z.n_pieces && z.projects(); ++i) {
      const Piece& p = z.pieces[i];
      T* to = often ? room.take(packed_size<T>(z.inputs, p.width)) : nullptr;
      const T* w = data<T>(z.a.w) + p.from;
      if (count) continue;
      kernel[i] = often ? pack(ctx, z.inputs, p.width, w, z.gates, 1, to) : Right<T>{w, z.gates, 1};
    }
    for (int i = 0; i < z.n_groups; ++i) {
      const Piece& p = z.groups[i].piece;
      T* to = again ? room.take(packed_size<T>(z.units, p.width)) : nullptr;
      const T* u = data<T>(z.a.u) + p.from;
      if (count) continue;
      recurrent[i] =
          again ? pack(ctx, z.units, p.width, u, z.gates, 1, to) : Right<T>{u, z.gates, 1};
    }
    if (count) return;
    for (int64_t j = 0; j < z.width; ++j) bias[j] = 0;
    if (!z.a.bias) return;
    const T* given = data<T>(*z.a.bias);
    for (int i = 0; i < z.n_pieces; ++i)
      for (int64_t j = 0; j < z.pieces[i].width; ++j)
        bias[z.pieces[i].to + j] += given[z.pieces[i].from + j];
    if constexpr (Cell::width > Cell::gates)  // a second bias, of the recurrent product
      for (int64_t j = 0; j < z.gates; ++j)
        bias[Cell::recurrent * z.units + j] += given[z.gates + j];
  }
  int64_t longest() const { return steps.blocks() ? steps.longest(0) : 0; }

  // The sums of steps [first, first + count) without the recurrent product.
  void project(const Context& ctx, int64_t first, int64_t count, T* sums) const {
    const T* x = data<T>(z.a.x);
    if (!z.projects()) {
      for (int64_t p = 0; p < count; ++p)
        for (int i = 0; i < z.n_pieces; ++i) {
          const T* from = x + steps.place[first + p] * z.inputs + z.pieces[i].from;
          T* to = sums + p * z.width + z.pieces[i].to;
          for (int64_t j = 0; j < z.pieces[i].width; ++j)
            to[j] = from[j] + bias[z.pieces[i].to + j];
        }
    } else {
      const T* left = x + steps.place[first] * z.inputs;
      if (!z.consecutive(first, count)) {
        T* copy = scratch<T>(ctx, kBlockSlot, count * z.inputs);
        for (int64_t p = 0; p < count; ++p)
          copy_row(copy + p * z.inputs, x + steps.place[first + p] * z.inputs, z.inputs);
        left = copy;
      }
      for (int i = 0; i < z.n_pieces; ++i)
        gemm(ctx, count, z.pieces[i].width, z.inputs, left, z.inputs, 1, kernel[i],
             sums + z.pieces[i].to, z.width, false, bias + z.pieces[i].to);
    }
    if constexpr (Cell::width > Cell::gates) {  // the last gate's recurrent sum stands by itself
      const int64_t last = Cell::gates * z.units;
      for (int64_t p = 0; p < count; ++p) copy_row(sums + p * z.width + last, bias + last, z.units);
    }
  }

  // The recurrent product of some units, for the rows of a step.
  void multiply(const Context& ctx, const Walk& walk, const Units& u, const T* h, T* sums) const {
    for (int g = 0; g < z.n_groups; ++g) {
      const Group& group = z.groups[g];
      const T* left = h;
      if (!group.plain()) {
        if constexpr (Cell::reset_before) {
          if (group.reset)
            for (int64_t r = 0; r < walk.n; ++r) Cell::first_gates(z.units, sums + r * z.width);
        }
        T* copy = scratch<T>(ctx, kBlockSlot, walk.n * z.units);
        for (int64_t r = 0; r < walk.n; ++r)
          z.left_operand(group, steps.order[walk.head + r], h + r * z.units, sums + r * z.width,
                         copy + r * z.units);
        left = copy;
      }
      // With some units only, groups are single gates; panels begin where parts of units do.
      Right<T> right = recurrent[g];
      right.data += u.first * (right.packed ? z.units : 1);
      const int64_t width = z.wide ? u.last - u.first : group.piece.width;
      gemm(ctx, walk.n, width, z.units, left, z.units, 1, right, sums + group.piece.to + u.first,
           z.width, true);
    }
  }

  // Outputs of places [from, to) in a row's order of steps, all the same.
  void fill(const Units& u, int64_t row, int64_t from, int64_t to, const T* h) const {
    for (int64_t i = from; i < to; ++i) {
      T* out = data<T>(z.a.h) + steps.output_of(row, i) * z.units + u.first;
      if (z.a.zero_masked)
        zero_row(out, u.last - u.first);
      else
        copy_row(out, h + u.first, u.last - u.first);
    }
  }

  void begin(const Context& ctx, int64_t block) const {
    const int64_t head = block * steps.block_rows, units = z.units;
    const T* h0 = data<T>(z.a.h0);
    T* first_h = rows_of(ctx, Walk(steps, block)).old_h;
    for (int64_t r = 0; r < steps.in_block(block); ++r) {
      const int64_t row = head + r, p = steps.first[block] + r, at = steps.order[row] * units;
      const bool any = steps.length[row] > 0;
      copy_row(any ? first_h + r * units : data<T>(z.a.last_h) + at, h0 + at, units);
      if (Cell::memory && !any) copy_row(data<T>(z.a.last_c) + at, data<T>(z.a.c0) + at, units);
      if (z.a.h.data)
        fill({units, 0, units}, row, 0,
             any ? steps.index_of(row, steps.place[p]) : steps.extent[row], h0 + at);
    }
  }

  void step(const Context& ctx, Walk& walk, const Units& u) const {
    const int64_t units = z.units, some = u.last - u.first;
    if (z.projects_blocks && walk.at == walk.window_end) {
      walk.open_window(kRows);
      project(ctx, walk.at, walk.window_end - walk.at, rows_of(ctx, walk).gates);
    }
    const Rows rows = rows_of(ctx, walk);
    T* h = data<T>(z.a.h);
    multiply(ctx, walk, u, rows.old_h, rows.gates);
    for (int64_t r = 0; r < walk.n; ++r) {
      const int64_t row = walk.head + r, at = steps.order[row] * units;
      const bool ends = r >= walk.next;
      T* new_h = ends ? data<T>(z.a.last_h) + at : rows.new_h + r * units;
      const T* old_c = nullptr;
      T* new_c = nullptr;
      if constexpr (Cell::memory) {
        old_c = walk.s == 0 ? data<T>(z.a.c0) + at : rows.old_c + r * units;
        new_c = rows.c + r * units;
      }
      Cell::forward(u, rows.gates + r * z.width, rows.old_h + r * units, old_c, new_c, new_h);
      if (Cell::memory && ends) copy_row(data<T>(z.a.last_c) + at + u.first, new_c + u.first, some);
      if (!h) continue;
      const int64_t i = walk.index(r);
      copy_row(h + steps.output_of(row, i) * units + u.first, new_h + u.first, some);
      fill(u, row, i + 1, walk.end(r), new_h);
    }
  }
};

template <class Cell, class T>
void forward(const Context& ctx, const RecurrentArgs* args, int count) {
  const Directions<Cell, T> directions(ctx, args, count, true);
  Forward<Cell, T> run[2] = {{directions.all[0]}, {directions.all[1]}};
  Room<T> room;
  for (int d = 0; d < count; ++d) run[d].prepare(ctx, room, true);
  room = {scratch<T>(ctx, kSharedSlot, room.used), 0};
  for (int d = 0; d < count; ++d) run[d].prepare(ctx, room, false);

  const auto& z = directions.all;
  const int64_t chunks = z[0].projects_blocks ? 0 : blocks_of(z[0].total(), kRows);
  parallel_flushed(ctx, count * chunks, count * z[0].input_cost(), [&](int64_t task) {
    const int64_t d = task / chunks, p = task % chunks * kRows;
    run[d].project(ctx, p, min64(kRows, z[d].total() - p), run[d].gates + p * z[d].width);
  });
  walk_all<false>(
      ctx, directions, [&](int64_t d, int64_t block) { run[d].begin(ctx, block); },
      [&](int64_t d, Walk& walk, const Units& u) { run[d].step(ctx, walk, u); },
      [](int64_t, int64_t) {});
  // Room that no sequence takes.
  for (int d = 0; d < count && args[d].h.data && args[d].lengths; ++d)
    zero_row(data<T>(args[d].h) + z[d].steps.taken() * z[d].units,
             (z[d].positions - z[d].steps.taken()) * z[d].units);
}

void recurrent(const Context& ctx, const RecurrentArgs* args, int count) {
  for_cell(args[0].cell, [&](auto cell) {
    if (args[0].x.dtype == DType::kFloat64)
      return forward<decltype(cell), double>(ctx, args, count);
    forward<decltype(cell), float>(ctx, args, count);
  });
}

}  // namespace

void fill_recurrent_forward(abi::KernelTable& table) { table.recurrent = recurrent; }

}  // namespace lamina::LAMINA_ISA
