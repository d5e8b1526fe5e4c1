// Kernels that walk along one axis: argmax, argmin and running sums and products.
#include "kernels/cpu/reduce.h"

namespace lamina::LAMINA_ISA {
namespace {

constexpr int64_t kBlockWork = 1 << 14;
constexpr int64_t kStretch = 512;  // elements of a line that are looked at together

// The lines along `axis`: outer axes, then `cols` side by side.
struct Lines {
  Axes outer;
  Axis cols, axis;
  int64_t tiles;
  bool runs;  // `axis` is the innermost in memory

  Lines(const View& in, const View& out, int dim) {
    for (int d = 0; d < in.rank; ++d) {
      const Axis a{in.shape[d], in.strides[d], out.strides[d]};
      if (d == dim) {
        axis = a;
      } else {
        outer.insert(a);
      }
    }
    outer.merge();
    cols = outer.pop();
    tiles = (cols.n + kTile - 1) / kTile;
    runs = cols.n == 1 || (axis.in != 0 && abs64(axis.in) < Axes::order(cols));
  }

  // Calls f(in offset, out offset, width) for every tile of columns.
  template <class F>
  void for_tiles(const Context& ctx, double ns_per_element, F&& f) const {
    const int64_t items = outer.total() * tiles;
    const int64_t work = min64(cols.n, kTile) * axis.n;
    const int64_t group = max64(1, kBlockWork / max64(work, 1));
    const double cost = ns_per_element * static_cast<double>(work) * static_cast<double>(items);
    parallel(ctx, (items + group - 1) / group, cost, [&](int64_t b) {
      for (int64_t item = b * group; item < min64((b + 1) * group, items); ++item) {
        const int64_t tile = item % tiles * kTile;
        int64_t in = tile * cols.in, out = tile * cols.out;
        outer.offsets(item / tiles, &in, &out);
        f(in, out, min64(kTile, cols.n - tile));
      }
    });
  }
};

// ---- argmax, argmin
// ---------------------------------------------------------------------------------

// The first of n elements that equals v, or is NaN if v is.
template <class C>
int64_t find(const C* p, int64_t n, C v) {
  constexpr int64_t kGroup = 64;
  int64_t i = 0;
  for (; i + kGroup <= n; i += kGroup) {
    int found = 0;
    for (int64_t j = 0; j < kGroup; ++j) found |= (p[i + j] == v) | (p[i + j] != p[i + j]);
    if (found) break;
  }
  while (i < n - 1 && !(p[i] == v || p[i] != p[i])) ++i;
  return i;
}

// The best of a stretch is found by vector code, its place by a second look where it wins.
template <class Op, class C>
int64_t arg_run(const Source<C>& in, int64_t from, const Axis& axis) {
  C buffer[kStretch], best{};
  int64_t at = 0;
  for (int64_t i0 = 0; i0 < axis.n; i0 += kStretch) {
    const int64_t count = min64(kStretch, axis.n - i0);
    const C* p = in.get(from + i0 * axis.in, count, axis.in, buffer);
    const C found = run<Op>(p, count);
    if (i0 > 0 && !Op::better(found, best) && found == found) continue;
    at = i0 + find(p, count, found);
    if (found != found) return at;
    best = found;
  }
  return at;
}

template <class Op, class C>
void arg_columns(const Source<C>& in, int64_t from, const Lines& lines, int64_t width,
                 int64_t* __restrict at) {
  C best[kTile], buffer[kTile];
  for (int64_t i = 0; i < lines.axis.n; ++i) {
    const C* p = in.get(from + i * lines.axis.in, width, lines.cols.in, buffer);
    if (i == 0) {
      for (int64_t c = 0; c < width; ++c) best[c] = p[c], at[c] = 0;
      continue;
    }
    for (int64_t c = 0; c < width; ++c) {
      const C v = p[c], b = best[c];
      const bool wins = (b == b) & (Op::better(v, b) | (v != v));
      best[c] = wins ? v : b;
      at[c] = wins ? i : at[c];
    }
  }
}

template <class Op, class C>
void arg_reduce_by(const Context& ctx, const View& in, const View& out, int axis) {
  const Lines lines(in, out, axis);
  const Source<C> from = source<C>(in, 0);
  lines.for_tiles(ctx, lines.runs && from.direct ? 0.2 : 1, [&](int64_t i, int64_t o, int64_t n) {
    int64_t at[kTile];
    if (lines.runs) {
      for (int64_t c = 0; c < n; ++c) at[c] = arg_run<Op>(from, i + c * lines.cols.in, lines.axis);
    } else {
      arg_columns<Op>(from, i, lines, n, at);
    }
    const int64_t stride = lines.cols.out;
    if (out.dtype == DType::kInt32) {
      for (int64_t c = 0; c < n; ++c) {
        data<int32_t>(out)[o + c * stride] = static_cast<int32_t>(at[c]);
      }
    } else {
      for (int64_t c = 0; c < n; ++c) data<int64_t>(out)[o + c * stride] = at[c];
    }
  });
}

void arg_reduce(const Context& ctx, bool max, const View& in, const View& out, int axis) {
  if (numel(in) == 0) return;
  with_computed_type(in.dtype, [&](auto computed) {
    using C = decltype(computed);
    if (max) {
      arg_reduce_by<Max, C>(ctx, in, out, axis);
    } else {
      arg_reduce_by<Min, C>(ctx, in, out, axis);
    }
  });
}

// ---- running sums and products
// ----------------------------------------------------------------------

// Writes n computed values as elements of the stored type.
template <class C>
using Store = void (*)(const C* a, int64_t n, const View& out, int64_t offset, int64_t stride);

template <class C>
Store<C> store_to(DType dtype) {
  Store<C> found = nullptr;
  with_stored_type(dtype, [&](auto element) {
    using T = decltype(element);
    if constexpr (std::is_same_v<C, Computed<T>>) {
      found = [](const C* a, int64_t n, const View& out, int64_t offset, int64_t stride) {
        T* y = data<T>(out) + offset;
        for (int64_t i = 0; i < n; ++i) y[i * stride] = convert<T>(a[i]);
      };
    }
  });
  return found;
}

template <class Op, class C>
void cumulative_by(const Context& ctx, const Lines& lines, const Source<C>& in, const View& out,
                   int64_t out_base) {
  const Axis& axis = lines.axis;
  const Store<C> store = store_to<C>(out.dtype);
  lines.for_tiles(ctx, lines.runs ? 1.5 : 0.5, [&](int64_t from, int64_t to, int64_t width) {
    C buffer[kStretch], sums[kStretch];
    to += out_base;
    if (lines.runs) {
      for (int64_t c = 0; c < width; ++c, from += lines.cols.in, to += lines.cols.out) {
        C acc = Op::template identity<C>();
        for (int64_t i0 = 0; i0 < axis.n; i0 += kStretch) {
          const int64_t n = min64(kStretch, axis.n - i0);
          const C* p = in.get(from + i0 * axis.in, n, axis.in, buffer);
          for (int64_t i = 0; i < n; ++i) sums[i] = acc = Op::combine(acc, p[i]);
          store(sums, n, out, to + i0 * axis.out, axis.out);
        }
      }
      return;
    }
    for (int64_t c = 0; c < width; ++c) sums[c] = Op::template identity<C>();
    for (int64_t i = 0; i < axis.n; ++i) {
      const C* p = in.get(from + i * axis.in, width, lines.cols.in, buffer);
      for (int64_t c = 0; c < width; ++c) sums[c] = Op::combine(sums[c], p[c]);
      store(sums, width, out, to + i * axis.out, lines.cols.out);
    }
  });
}

void cumulative(const Context& ctx, bool product, bool reverse, const View& in, const View& out,
                int axis) {
  if (numel(in) == 0) return;
  Lines lines(in, out, axis);
  int64_t from = 0, to = 0;
  if (reverse) {
    Axis& a = lines.axis;
    from = (a.n - 1) * a.in, to = (a.n - 1) * a.out;
    a.in = -a.in, a.out = -a.out;
  }
  with_computed_type(in.dtype, [&](auto computed) {
    using C = decltype(computed);
    if (product) {
      cumulative_by<Prod>(ctx, lines, source<C>(in, from), out, to);
    } else {
      cumulative_by<Sum>(ctx, lines, source<C>(in, from), out, to);
    }
  });
}

}  // namespace

void fill_scan(abi::KernelTable& table) {
  table.arg_reduce = arg_reduce;
  table.cumulative = cumulative;
}

}  // namespace lamina::LAMINA_ISA
