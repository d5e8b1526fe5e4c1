// Reductions over any set of axes.
//
// The axes are sorted by stride and merged, which leaves two shapes of work. Where the innermost
// axis is reduced, every output is a run of elements; where it is kept, rows are combined into a
// tile of columns. Either way the reduced positions are cut in halves down to leaves of fixed size
// and joined as a tree (Higham, "The accuracy of floating point summation", 1993), so that rounding
// grows with log(n).
#include "kernels/cpu/reduce.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::ReduceOp;

constexpr int64_t kLeafRows = 64;
constexpr int64_t kBlockWork = 1 << 14;  // elements of a block, at least
constexpr int64_t kChunkWork = 1 << 15;  // of a chunk, where few outputs have long reductions
constexpr int64_t kFewItems = 32;        // fewer tiles than this are cut into chunks
constexpr int64_t kManyBlocks = 128;

// What is reduced: outer kept axes, one kept axis that is cut into tiles, the reduced axes.
struct Plan {
  Axes outer, reduced;
  Axis cols;
  int64_t positions;  // of the reduced axes together
  bool runs;          // the innermost axis is reduced
  int64_t leaf;       // reduced positions in a leaf
  int64_t fold = 1;   // narrow contiguous rows taken side by side as one
  int64_t in_base = 0, out_base = 0;

  Plan(const View& in, const View& out, uint32_t axes, bool direct, int64_t longest_run) {
    for (int d = 0; d < in.rank; ++d) {
      const bool drop = axes >> d & 1;
      Axis a{in.shape[d], in.strides[d], drop ? 0 : out.strides[d]};
      if (a.in < 0 && a.n > 0) {  // walk it from the other end
        in_base += (a.n - 1) * a.in;
        out_base += (a.n - 1) * a.out;
        a.in = -a.in, a.out = -a.out;
      }
      (drop ? reduced : outer).insert(a);
    }
    outer.merge();
    reduced.merge();
    cols = outer.pop();
    positions = reduced.total();
    const Axis& last = reduced.last();
    runs = positions > 0 && reduced.count > 0 &&
           (cols.n == 1 || Axes::order(last) < Axes::order(cols));
    if (runs) {
      leaf = last.n >= kLeafRows ? longest_run : kLeafRows;
    } else {
      const bool narrow = direct && reduced.count > 0 && cols.n <= 32 && cols.n > 1 &&
                          cols.in == 1 && last.in == cols.n;
      if (narrow) fold = kTile / cols.n;
      leaf = kLeafRows * fold;
    }
  }

  // Calls f(offset, positions) for the stretches of [r0, r1) along the innermost reduced axis.
  template <class F>
  void for_stretches(int64_t r0, int64_t r1, F&& f) const {
    if (reduced.count <= 1) {
      if (r1 > r0) f(r0 * reduced.axis[0].in, r1 - r0);
      return;
    }
    while (r0 < r1) {
      int64_t offset = 0, none = 0;
      reduced.offsets(r0, &offset, &none);
      const int64_t n = min64(reduced.last().n - r0 % reduced.last().n, r1 - r0);
      f(offset, n);
      r0 += n;
    }
  }
  // Cuts [r0, r1) in two, the left part in whole leaves.
  int64_t middle(int64_t r0, int64_t r1) const {
    const int64_t leaves = (r1 - r0 + leaf - 1) / leaf;
    return r0 + leaves / 2 * leaf;
  }
};

template <class C, class Op>
struct Reducer {
  const Plan& plan;
  Source<C> in;

  LAMINA_NOINLINE C reduce_run(int64_t from, int64_t r0, int64_t r1) const {
    if (r1 - r0 > plan.leaf) {
      const int64_t mid = plan.middle(r0, r1);
      const C left = reduce_run(from, r0, mid);
      return Op::combine(left, reduce_run(from, mid, r1));
    }
    const int64_t stride = plan.reduced.last().in;
    C acc = Op::template identity<C>(), buffer[kMaxRun<C>];
    plan.for_stretches(r0, r1, [&](int64_t offset, int64_t n) {
      acc = Op::combine(acc, run<Op>(in.get(from + offset, n, stride, buffer), n));
    });
    return acc;
  }

  static LAMINA_NOINLINE void add_rows(const C* p, int64_t rows, int64_t row_stride, int64_t width,
                                       C* __restrict acc) {
    int64_t r = 0;
    for (; Op::kRowsAtOnce == 4 && r + 4 <= rows; r += 4) {
      const C *p0 = p + r * row_stride, *p1 = p0 + row_stride, *p2 = p1 + row_stride,
              *p3 = p2 + row_stride;
      for (int64_t c = 0; c < width; ++c) {
        const C a = Op::combine(Op::map(p0[c]), Op::map(p1[c]));
        const C b = Op::combine(Op::map(p2[c]), Op::map(p3[c]));
        acc[c] = Op::combine(acc[c], Op::combine(a, b));
      }
    }
    for (; r < rows; ++r) {
      const C* q = p + r * row_stride;
      for (int64_t c = 0; c < width; ++c) acc[c] = Op::combine(acc[c], Op::map(q[c]));
    }
  }

  // `fold` rows make one wide row; the groups of columns are joined as a tree.
  void add_folded(const C* p, int64_t rows, int64_t width, C* acc) const {
    C wide[kTile];
    const int64_t fold = plan.fold, whole = rows / fold;
    for (int64_t c = 0; c < fold * width; ++c) wide[c] = Op::template identity<C>();
    add_rows(p, whole, fold * width, fold * width, wide);
    add_rows(p + whole * fold * width, 1, 0, (rows - whole * fold) * width, wide);
    for (int64_t groups = fold; groups > 1;) {
      const int64_t half = (groups + 1) / 2;
      combine(wide, wide + half * width, (groups - half) * width);
      groups = half;
    }
    combine(acc, wide, width);
  }

  LAMINA_NOINLINE void reduce_rows(int64_t from, int64_t r0, int64_t r1, int64_t width,
                                   C* acc) const {
    if (r1 - r0 > plan.leaf) {
      C right[kTile];
      const int64_t mid = plan.middle(r0, r1);
      reduce_rows(from, r0, mid, width, acc);
      reduce_rows(from, mid, r1, width, right);
      combine(acc, right, width);
      return;
    }
    for (int64_t c = 0; c < width; ++c) acc[c] = Op::template identity<C>();
    const int64_t row = plan.reduced.last().in, col = plan.cols.in;
    plan.for_stretches(r0, r1, [&](int64_t offset, int64_t n) {
      if (plan.fold > 1 && n > plan.fold) {
        add_folded(in.get(from + offset, n * width, 1, nullptr), n, width, acc);
      } else if (in.direct && col == 1) {
        add_rows(in.get(from + offset, width, 1, nullptr), n, row, width, acc);
      } else {
        C buffer[4 * kTile];
        for (int64_t r = 0; r < n; r += 4) {
          const int64_t rows = min64(4, n - r);
          for (int64_t i = 0; i < rows; ++i) {
            const C* p = in.get(from + offset + (r + i) * row, width, col, buffer + i * width);
            if (p != buffer + i * width) std::memcpy(buffer + i * width, p, width * sizeof(C));
          }
          add_rows(buffer, rows, width, width, acc);
        }
      }
    });
  }

  static void combine(C* a, const C* b, int64_t n) {
    for (int64_t i = 0; i < n; ++i) a[i] = Op::combine(a[i], b[i]);
  }
  void reduce_tile(int64_t from, int64_t r0, int64_t r1, int64_t width, C* acc) const {
    if (!plan.runs) return reduce_rows(from, r0, r1, width, acc);
    const bool one_run = plan.reduced.count == 1 && in.direct && plan.reduced.last().in == 1;
    if (one_run && r1 - r0 <= 16) {  // too short for any ceremony
      const C* p = in.get(from + r0, r1 - r0, 1, nullptr);
      for (int64_t c = 0; c < width; ++c, p += plan.cols.in) {
        acc[c] = Op::template identity<C>();
        for (int64_t i = 0; i < r1 - r0; ++i) acc[c] = Op::combine(acc[c], Op::map(p[i]));
      }
      return;
    }
    for (int64_t c = 0; c < width; ++c) acc[c] = reduce_run(from + c * plan.cols.in, r0, r1);
  }
};

template <class C>
LAMINA_NOINLINE void store(const C* __restrict a, int64_t n, const View& out, int64_t offset,
                           int64_t stride) {
  with_stored_type(out.dtype, [&](auto element) {
    using O = decltype(element);
    if constexpr (!std::is_same_v<C, uint8_t> || std::is_same_v<O, Bool>) {
      O* __restrict y = data<O>(out) + offset;
      for (int64_t i = 0; i < n; ++i) y[i * stride] = convert<O>(a[i]);
    }
  });
}

// At most kTile sums, divided by `count`.
template <class C>
void store_means(const C* a, int64_t n, const View& out, int64_t offset, int64_t stride,
                 int64_t count) {
  using D = std::conditional_t<std::is_floating_point_v<C>, C, double>;
  D means[kTile];
  for (int64_t i = 0; i < n; ++i) means[i] = static_cast<D>(a[i]) / static_cast<D>(count);
  store(means, n, out, offset, stride);
}

template <class C, class Op>
void execute(const Context& ctx, const View& in, const View& out, uint32_t axes, bool mean) {
  Source<C> from = source<C>(in, 0);
  const Plan plan(in, out, axes, from.direct, kMaxRun<C>);
  from.base += plan.in_base * from.element;
  const Reducer<C, Op> reducer{plan, from};

  const int64_t tiles = (plan.cols.n + kTile - 1) / kTile, items = plan.outer.total() * tiles;
  const int64_t widest = min64(plan.cols.n, kTile), work = widest * plan.positions;
  int64_t chunk = max64(plan.positions, 1), chunks = 1;
  if (items < kFewItems && work >= 2 * kChunkWork) {
    const int64_t wanted = min64(work / kChunkWork, (kManyBlocks + items - 1) / items);
    chunk = (plan.positions + wanted - 1) / wanted;
    chunk = (chunk + plan.leaf - 1) / plan.leaf * plan.leaf;
    chunks = (plan.positions + chunk - 1) / chunk;
  }
  const int64_t group = chunks > 1 ? 1 : max64(1, kBlockWork / max64(work, 1));
  const double ns = from.direct ? 0.02 * sizeof(C) : 0.6;
  const double cost = ns * static_cast<double>(work) * static_cast<double>(items) +
                      3.0 * static_cast<double>(widest * items);
  C* partial = chunks > 1 ? scratch<C>(ctx, 0, items * chunks * widest) : nullptr;

  struct Place {
    int64_t in, out, width;
  };
  const auto place = [&](int64_t item) {
    const int64_t tile = item % tiles * kTile;
    Place at{tile * plan.cols.in, plan.out_base + tile * plan.cols.out,
             min64(kTile, plan.cols.n - tile)};
    plan.outer.offsets(item / tiles, &at.in, &at.out);
    return at;
  };
  const auto finish = [&](const C* acc, const Place& at) {
    if (mean) {
      store_means(acc, at.width, out, at.out, plan.cols.out, plan.positions);
    } else {
      store(acc, at.width, out, at.out, plan.cols.out);
    }
  };
  parallel(ctx, chunks > 1 ? items * chunks : (items + group - 1) / group, cost, [&](int64_t b) {
    if (chunks > 1) {
      const Place at = place(b / chunks);
      const int64_t r0 = b % chunks * chunk;
      reducer.reduce_tile(at.in, r0, min64(r0 + chunk, plan.positions), at.width,
                          partial + b * widest);
      return;
    }
    for (int64_t item = b * group; item < min64((b + 1) * group, items); ++item) {
      C acc[kTile];
      const Place at = place(item);
      reducer.reduce_tile(at.in, 0, plan.positions, at.width, acc);
      finish(acc, at);
    }
  });
  if (chunks == 1) return;
  for (int64_t item = 0; item < items; ++item) {
    C* rows = partial + item * chunks * widest;
    const Place at = place(item);
    for (int64_t step = 1; step < chunks; step *= 2) {
      for (int64_t i = 0; i + step < chunks; i += 2 * step) {
        reducer.combine(rows + i * widest, rows + (i + step) * widest, at.width);
      }
    }
    finish(rows, at);
  }
}

template <class Op>
void reduce_numbers(const Context& ctx, const View& in, const View& out, uint32_t axes, bool mean) {
  with_computed_type(
      in.dtype, [&](auto computed) { execute<decltype(computed), Op>(ctx, in, out, axes, mean); });
}

// Maximum and minimum of whether elements are non-zero.
template <class Op>
void reduce_truth(const Context& ctx, const View& in, const View& out, uint32_t axes) {
  execute<uint8_t, Op>(ctx, in, out, axes, false);
}

void reduce(const Context& ctx, ReduceOp op, const View& in, const View& out, uint32_t axes) {
  if (numel(out) == 0) return;
  const bool truth = in.dtype == DType::kBool;
  switch (op) {
    case ReduceOp::kSum:
      return reduce_numbers<Sum>(ctx, in, out, axes, false);
    case ReduceOp::kMean:
      return reduce_numbers<Sum>(ctx, in, out, axes, true);
    case ReduceOp::kSumSquare:
      return reduce_numbers<SumSquare>(ctx, in, out, axes, false);
    case ReduceOp::kProd:
      return reduce_numbers<Prod>(ctx, in, out, axes, false);
    case ReduceOp::kMax:
      if (!truth) return reduce_numbers<Max>(ctx, in, out, axes, false);
      [[fallthrough]];
    case ReduceOp::kAny:
      return reduce_truth<Max>(ctx, in, out, axes);
    case ReduceOp::kMin:
      if (!truth) return reduce_numbers<Min>(ctx, in, out, axes, false);
      [[fallthrough]];
    case ReduceOp::kAll:
      return reduce_truth<Min>(ctx, in, out, axes);
  }
}

}  // namespace

void fill_scan(abi::KernelTable&);

void fill_reduce(abi::KernelTable& table) {
  table.reduce = reduce;
  fill_scan(table);
}

}  // namespace lamina::LAMINA_ISA
