// Recurrent layers over whole sequences, backward: one walk back in time, then products over all
// real steps.
#include "kernels/cpu/recurrent.h"

namespace lamina::LAMINA_ISA {
namespace {

constexpr int64_t kRows = 256, kSide = 128;  // of the tasks that products are cut into

// out (m x width) = left^T d.
template <class T>
struct WeightProduct {
  const T *left, *d;
  T* out;
  int64_t m, width, tasks;
};

template <class Cell, class T>
struct Backward {
  const Recurrence<Cell, T>& z;
  const RecurrentGradArgs& a;
  const Steps& steps;
  T *d = nullptr, *x = nullptr, *left[4] = {};       // in the order of the steps
  T *zeros = nullptr, *dh = nullptr, *dc = nullptr;  // dh, dc: by sorted row
  Right<T> kernel[2], recurrent[4];
  WeightProduct<T> products[6];
  int n_products = 0;
  int64_t product_tasks = 0;

  Backward(const Recurrence<Cell, T>& recurrence, const RecurrentGradArgs& args)
      : z(recurrence), a(args), steps(recurrence.steps) {}

  bool wants_gx() const { return a.gx.data != nullptr; }

  void prepare(const Context& ctx, Room<T>& room, bool count) {
    const int64_t total = z.total();
    d = room.take(total * z.width);
    zeros = room.take(z.units);
    dh = room.take(z.batch * z.units), dc = room.take(z.batch * z.units);
    const bool again = steps.blocks() && steps.longest(0) > 2;
    if (z.projects()) x = room.take(total * z.inputs);
    for (int i = 0; i < z.n_pieces && z.projects() && wants_gx(); ++i) {
      const Piece& p = z.pieces[i];
      T* to = room.take(packed_size<T>(p.width, z.inputs));
      if (!count) kernel[i] = pack(ctx, p.width, z.inputs, data<T>(z.a.w) + p.from, 1, z.gates, to);
    }
    for (int i = 0; i < z.n_groups; ++i) {
      const Piece& p = z.groups[i].piece;
      if (!z.groups[i].plain()) left[i] = room.take(total * z.units);
      T* to = again ? room.take(packed_size<T>(p.width, z.units)) : nullptr;
      const T* u = data<T>(z.a.u) + p.from;
      if (!count)
        recurrent[i] =
            again ? pack(ctx, p.width, z.units, u, 1, z.gates, to) : Right<T>{u, 1, z.gates};
    }
    if (count) return;
    zero_row(zeros, z.units);
    const auto add = [&](const T* l, int64_t m, const Piece& p, const View& out) {
      products[n_products++] = {l, d + p.to, data<T>(out) + p.from,
                                m, p.width,  blocks_of(m, kSide) * blocks_of(p.width, kSide)};
      product_tasks += products[n_products - 1].tasks;
    };
    for (int i = 0; i < z.n_pieces && z.projects(); ++i) add(x, z.inputs, z.pieces[i], a.gw);
    for (int i = 0; i < z.n_groups; ++i)
      add(left[i] ? left[i] : data<T>(z.a.old_h), z.units, z.groups[i].piece, a.gu);
  }

  // The gradient of h at place i of a row's order, where the outputs up to place `end` repeat it.
  const T* output_gradient(const Units& u, int64_t row, int64_t i, int64_t end, T* sum) const {
    if (!a.gh) return zeros;
    const T* first = data<T>(*a.gh) + steps.output_of(row, i) * z.units;
    if (z.a.zero_masked || end <= i + 1) return first;
    copy_row(sum + u.first, first + u.first, u.last - u.first);
    add_outputs(u, row, i + 1, end, sum);
    return sum;
  }
  void add_outputs(const Units& u, int64_t row, int64_t from, int64_t to, T* __restrict sum) const {
    for (int64_t i = from; i < to; ++i) {
      const T* g = data<T>(*a.gh) + steps.output_of(row, i) * z.units;
      for (int64_t j = u.first; j < u.last; ++j) sum[j] += g[j];
    }
  }
  // Masked steps get no gradient.
  void clear_inputs(int64_t row, int64_t from, int64_t to) const {
    if (!wants_gx() || a.add_to_gx) return;
    for (int64_t i = from; i < to; ++i)
      zero_row(data<T>(a.gx) + steps.place_of(row, i) * z.inputs, z.inputs);
  }

  // The gradients of the states of a block's rows.
  T* dh_of(int64_t block) const { return dh + block * steps.block_rows * z.units; }
  T* dc_of(int64_t block) const { return dc + block * steps.block_rows * z.units; }

  void begin(int64_t block) const {
    const int64_t units = z.units, head = block * steps.block_rows;
    for (int64_t r = 0; r < steps.in_block(block); ++r) {
      const int64_t at = steps.order[head + r] * units;
      copy_row(dh_of(block) + r * units, a.glast_h ? data<T>(*a.glast_h) + at : zeros, units);
      copy_row(dc_of(block) + r * units, a.glast_c ? data<T>(*a.glast_c) + at : zeros, units);
    }
  }

  // First the recurrent product of the step after, then the gates of this one.
  void step(const Context& ctx, const Walk& walk, const Units& u) const {
    const int64_t units = z.units;
    if (walk.next > 0) multiply(ctx, walk.block, walk.at + walk.n, walk.next, u);
    T* sum = scratch<T>(ctx, kBlockSlot, units);
    for (int64_t r = 0; r < walk.n; ++r) {
      const int64_t row = walk.head + r, p = walk.at + r, i = walk.index(r), end = walk.end(r);
      if (u.first == 0) {
        clear_inputs(row, i + 1, end);
        if (x) copy_row(x + p * z.inputs, data<T>(z.a.x) + steps.place[p] * z.inputs, z.inputs);
      }
      const T *c = nullptr, *old_c = nullptr;
      if constexpr (Cell::memory) {
        const T* all = data<T>(z.a.c);
        c = all + p * units;
        old_c = walk.s == 0 ? data<T>(z.a.c0) + steps.order[row] * units
                            : all + (walk.before + r) * units;
      }
      Cell::backward(u, data<T>(z.a.gates) + p * z.width, c, old_c, data<T>(z.a.old_h) + p * units,
                     output_gradient(u, row, i, end, sum), dh_of(walk.block) + r * units,
                     dc_of(walk.block) + r * units, d + p * z.width);
    }
  }

  void end(const Context& ctx, int64_t block) const {
    const int64_t head = block * steps.block_rows, rows = steps.in_block(block), units = z.units;
    const Units all = {units, 0, units};
    const Walk first(steps, block);
    if (first.n > 0) multiply(ctx, block, first.at, first.n, all);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t row = head + r, at = steps.order[row] * units;
      const int64_t end = r < first.n ? first.index(r) : steps.extent[row];
      T* row_dh = dh_of(block) + r * units;
      clear_inputs(row, 0, end);
      if (a.gh && !z.a.zero_masked) add_outputs(all, row, 0, end, row_dh);
      copy_row(data<T>(a.gh0) + at, row_dh, units);
      if (Cell::memory) copy_row(data<T>(a.gc0) + at, dc_of(block) + r * units, units);
    }
  }

  // dh of n rows through the recurrent product, whose sums have the gradients d.
  void multiply(const Context& ctx, int64_t block, int64_t p, int64_t n, const Units& u) const {
    const bool simple = z.n_groups == 1 && z.groups[0].plain();
    T *sums = d + p * z.width, *rows = dh_of(block);
    if (!Cell::carries && !simple) zero_row(rows, n * z.units);
    for (int g = z.n_groups - 1; g >= 0; --g) {
      const Group& group = z.groups[g];
      const Piece& piece = group.piece;
      if (group.plain()) {
        Right<T> right = recurrent[g];
        right.data += u.first * (right.packed ? piece.width : z.gates);
        gemm(ctx, n, u.last - u.first, piece.width, sums + piece.to, z.width, 1, right,
             rows + u.first, z.units, Cell::carries || !simple);
        continue;
      }
      T* product = scratch<T>(ctx, kBlockSlot, n * z.units);
      gemm(ctx, n, z.units, piece.width, sums + piece.to, z.width, 1, recurrent[g], product,
           z.units, false);
      for (int64_t r = 0; r < n; ++r) {
        const int64_t number = steps.order[block * steps.block_rows + r];
        T* __restrict row = product + r * z.units;
        const T* h = data<T>(z.a.old_h) + (p + r) * z.units;
        const T* gates = data<T>(z.a.gates) + (p + r) * z.width;
        if (group.mask >= 0) {
          const T* mask = data<T>(*z.a.state_mask) + (group.mask * z.batch + number) * z.units;
          for (int64_t j = 0; j < z.units; ++j) row[j] *= mask[j];
        }
        T* __restrict out = rows + r * z.units;
        if constexpr (Cell::reset_before) {
          if (group.reset) Cell::backward_reset(z.units, gates, h, row, out, sums + r * z.width);
        }
        if (!group.reset)
          for (int64_t j = 0; j < z.units; ++j) out[j] += row[j];
        z.left_operand(group, number, h, gates, left[g] + (p + r) * z.units);
      }
    }
  }

  int64_t bias_tasks() const { return a.gbias ? blocks_of(z.gates, kSide) : 0; }

  void run_task(const Context& ctx, int64_t task) const {
    for (int i = 0; i < n_products; task -= products[i++].tasks) {
      const WeightProduct<T>& w = products[i];
      if (task >= w.tasks) continue;
      const int64_t columns = blocks_of(w.width, kSide);
      const int64_t row = task / columns * kSide, j = task % columns * kSide;
      return gemm(ctx, min64(kSide, w.m - row), min64(kSide, w.width - j), z.total(), w.left + row,
                  1, w.m, {w.d + j, z.width, 1}, w.out + row * z.gates + j, z.gates, false);
    }
    bias_gradient(task * kSide, min64((task + 1) * kSide, z.gates));
  }

  void bias_gradient(int64_t first, int64_t last) const {
    T* out = data<T>(*a.gbias);
    for (int i = 0; i < z.n_pieces; ++i) {
      const Piece& p = z.pieces[i];
      const int64_t from = max64(first, p.from), to = min64(last, p.from + p.width);
      if (from < to) sum_rows(from - p.from + p.to, to - from, out + from);
    }
    if constexpr (Cell::width > Cell::gates)
      sum_rows(Cell::recurrent * z.units + first, last - first, out + z.gates + first);
  }
  // out = sum of the rows of d, some columns, in two levels for the sake of rounding.
  void sum_rows(int64_t column, int64_t count, T* __restrict out) const {
    constexpr int64_t kTogether = 64, kCols = 64;
    const int64_t rows = z.total();
    for (int64_t j0 = 0; j0 < count; j0 += kCols) {
      const int64_t width = min64(kCols, count - j0);
      T total[kCols] = {};
      for (int64_t r0 = 0; r0 < rows; r0 += kTogether) {
        T part[kCols] = {};
        for (int64_t r = r0; r < min64(r0 + kTogether, rows); ++r) {
          const T* row = d + r * z.width + column + j0;
          for (int64_t j = 0; j < width; ++j) part[j] += row[j];
        }
        for (int64_t j = 0; j < width; ++j) total[j] += part[j];
      }
      for (int64_t j = 0; j < width; ++j) out[j0 + j] = total[j];
    }
  }

  // gx of steps [first, first + count).
  void input_gradient(const Context& ctx, int64_t first, int64_t count) const {
    const T* sums = d + first * z.width;
    T* gx = data<T>(a.gx);
    if (z.projects() && z.consecutive(first, count)) {
      for (int i = 0; i < z.n_pieces; ++i)
        gemm(ctx, count, z.inputs, z.pieces[i].width, sums + z.pieces[i].to, z.width, 1, kernel[i],
             gx + steps.place[first] * z.inputs, z.inputs, a.add_to_gx || i > 0);
      return;
    }
    T* rows = scratch<T>(ctx, kBlockSlot, count * z.inputs);
    for (int i = 0; i < z.n_pieces; ++i) {
      const Piece& p = z.pieces[i];
      if (z.projects())
        gemm(ctx, count, z.inputs, p.width, sums + p.to, z.width, 1, kernel[i], rows, z.inputs,
             i > 0);
      else
        for (int64_t r = 0; r < count; ++r)
          copy_row(rows + r * z.inputs + p.from, sums + r * z.width + p.to, p.width);
    }
    for (int64_t r = 0; r < count; ++r) {
      T* __restrict out = gx + steps.place[first + r] * z.inputs;
      const T* row = rows + r * z.inputs;
      if (!a.add_to_gx)
        copy_row(out, row, z.inputs);
      else
        for (int64_t j = 0; j < z.inputs; ++j) out[j] += row[j];
    }
  }
};

template <class Cell, class T>
void backward(const Context& ctx, const RecurrentGradArgs* args, int count) {
  const Directions<Cell, T> directions(ctx, args, count, false);
  const auto& z = directions.all;
  Backward<Cell, T> run[2] = {{z[0], args[0]}, {z[1], args[count - 1]}};
  Room<T> room;
  for (int d = 0; d < count; ++d) run[d].prepare(ctx, room, true);
  room = {scratch<T>(ctx, kSharedSlot, room.used), 0};
  for (int d = 0; d < count; ++d) run[d].prepare(ctx, room, false);

  walk_all<true>(
      ctx, directions, [&](int64_t d, int64_t block) { run[d].begin(block); },
      [&](int64_t d, const Walk& walk, const Units& u) { run[d].step(ctx, walk, u); },
      [&](int64_t d, int64_t block) { run[d].end(ctx, block); });

  // What is left are products over all steps, cut into tasks of similar size. The input's gradient
  // from a second direction is added when that of the first is complete.
  const int64_t total = z[0].total(), chunks = run[0].wants_gx() ? blocks_of(total, kRows) : 0;
  const int64_t weights = run[0].product_tasks + run[0].bias_tasks();
  const double work = kMultiplyAdd * static_cast<double>(total * z[0].gates);
  const double kernel = work * static_cast<double>(z[0].projects() ? z[0].inputs : 1);
  parallel_flushed(ctx, count * weights + chunks,
                   count * (work * static_cast<double>(z[0].units + 10) + kernel) + kernel,
                   [&](int64_t task) {
                     if (task < count * weights)
                       return run[task / weights].run_task(ctx, task % weights);
                     const int64_t p = (task - count * weights) * kRows;
                     run[0].input_gradient(ctx, p, min64(kRows, total - p));
                   });
  if (count > 1 && chunks)
    parallel_flushed(ctx, chunks, kernel, [&](int64_t task) {
      run[1].input_gradient(ctx, task * kRows, min64(kRows, total - task * kRows));
    });
  if (chunks >= 0 && run[0].wants_gx() && args[0].f.lengths && !args[0].add_to_gx)
    zero_row(data<T>(args[0].gx) + z[0].steps.taken() * z[0].inputs,
             (z[0].positions - z[0].steps.taken()) * z[0].inputs);
}

void recurrent_grad(const Context& ctx, const RecurrentGradArgs* args, int count) {
  for_cell(args[0].f.cell, [&](auto cell) {
    if (args[0].f.x.dtype == DType::kFloat64)
      return backward<decltype(cell), double>(ctx, args, count);
    backward<decltype(cell), float>(ctx, args, count);
  });
}

}  // namespace

void fill_recurrent_backward(abi::KernelTable& table) { table.recurrent_grad = recurrent_grad; }

}  // namespace lamina::LAMINA_ISA
