// Reading and writing rows of a table by index: gather, scatter and their relatives.
//
// Indices are checked and turned into offsets first, so that a bad one is found before anything is
// read or written. Writers give each block a part of the destination of its own and walk all
// indices in order: duplicates meet in the same order for any number of threads, without atomics.
#include "kernels/cpu/reduce.h"

namespace lamina::LAMINA_ISA {
namespace {

constexpr int64_t kBlockWork = 1 << 13;

// ---- indices ------------------------------------------------------------------------------------

// Where one index points: offsets in elements into the table and into the rows of the other array.
struct Position {
  int64_t table, row;
};

// Calls f(flat position, row offset, index) in C order until it returns false; returns the flat
// position where that was, or -1.
template <class I, class F>
inline int64_t for_indices(const View& indices, const int64_t* row_strides, F&& f) {
  Axes axes;
  for (int d = 0; d < indices.rank; ++d) {
    axes.append({indices.shape[d], 0, row_strides ? row_strides[d] : 0, indices.strides[d]});
  }
  axes.merge();
  const Axis last = axes.pop();
  const int64_t total = axes.total();
  for (int64_t at = 0; at < total; ++at) {
    int64_t none = 0, row = 0, from = 0;
    axes.offsets(at, &none, &row, &from);
    const I* p = data<I>(indices) + from;
    for (int64_t i = 0; i < last.n; ++i) {
      if (!f(at * last.n + i, row + i * last.out, static_cast<int64_t>(p[i * last.index]))) {
        return at * last.n + i;
      }
    }
  }
  return -1;
}

// Negative indices count from the end.
inline bool wrap(int64_t limit, int64_t* index) {
  *index += *index < 0 ? limit : 0;
  return static_cast<uint64_t>(*index) < static_cast<uint64_t>(limit);
}

template <class I>
int64_t locate_as(const View& indices, int64_t limit, int64_t stride, const int64_t* row_strides,
                  Position* to) {
  return for_indices<I>(indices, row_strides, [=](int64_t at, int64_t row, int64_t index) {
    if (!wrap(limit, &index)) return false;
    if (to) to[at] = {index * stride, row};
    return true;
  });
}

// Checks indices into an axis of `limit` elements and fills `to`, if given.
int64_t locate(const View& indices, int64_t limit, int64_t stride, const int64_t* row_strides,
               Position* to) {
  return indices.dtype == DType::kInt32
             ? locate_as<int32_t>(indices, limit, stride, row_strides, to)
             : locate_as<int64_t>(indices, limit, stride, row_strides, to);
}

// The same for rows of D indices into the first D axes of `table`.
template <class I>
int64_t locate_nd_as(const View& indices, const View& table, int64_t row_stride, Position* to) {
  const int64_t rows = indices.shape[0], depth = indices.shape[1];
  for (int64_t r = 0; r < rows; ++r) {
    const I* p = data<I>(indices) + r * indices.strides[0];
    to[r] = {0, r * row_stride};
    for (int64_t d = 0; d < depth; ++d) {
      int64_t index = p[d * indices.strides[1]];
      if (!wrap(table.shape[d], &index)) return r * depth + d;
      to[r].table += index * table.strides[d];
    }
  }
  return -1;
}

int64_t locate_nd(const View& indices, const View& table, int64_t row_stride, Position* to) {
  return indices.dtype == DType::kInt32 ? locate_nd_as<int32_t>(indices, table, row_stride, to)
                                        : locate_nd_as<int64_t>(indices, table, row_stride, to);
}

// ---- rows ---------------------------------------------------------------------------------------

// The axes around the indexed one. Axis::in belongs to the table, Axis::out to the rows.
struct Layout {
  Axes outer, inner;  // before and after the indexed axes, without `cols`
  Axis cols;          // the innermost of all
  int64_t count = 0;  // indices
  const Position* at = nullptr;

  // `first` and `last`: the indexed axes of the table; `rows_last`: those of the rows end here.
  Layout(const View& table, const View& rows, int first, int last, int rows_last) {
    for (int d = 0; d < first; ++d) {
      outer.insert({table.shape[d], table.strides[d], rows.strides[d]});
    }
    for (int d = last; d < table.rank; ++d) {
      inner.insert({table.shape[d], table.strides[d], rows.strides[d - last + rows_last]});
    }
    outer.merge();
    inner.merge();
    cols = inner.pop();
  }
};

// Moves `count` rows of n elements, the m-th at at[m], from a table or into one. Strides are those
// of the elements of a row.
using MoveRows = void (*)(void* to, const void* from, const Position* at, int64_t count, int64_t n,
                          int64_t to_stride, int64_t from_stride);

template <class T>
void read_rows(void* to, const void* from, const Position* at, int64_t count, int64_t n,
               int64_t to_stride, int64_t from_stride) {
  T* y = static_cast<T*>(to);
  const T* x = static_cast<const T*>(from);
  if (n == 1) {
    for (int64_t m = 0; m < count; ++m) y[at[m].row] = x[at[m].table];
  } else if (to_stride == 1 && from_stride == 1) {
    for (int64_t m = 0; m < count; ++m) {
      std::memcpy(y + at[m].row, x + at[m].table, static_cast<size_t>(n) * sizeof(T));
    }
  } else {
    for (int64_t m = 0; m < count; ++m) {
      T* z = y + at[m].row;
      const T* w = x + at[m].table;
      for (int64_t i = 0; i < n; ++i) z[i * to_stride] = w[i * from_stride];
    }
  }
}

MoveRows read_rows_of(int64_t element) {
  switch (element) {
    case 1:
      return read_rows<uint8_t>;
    case 2:
      return read_rows<uint16_t>;
    case 4:
      return read_rows<uint32_t>;
    default:
      return read_rows<uint64_t>;
  }
}

// rows[outer, m, inner] = table[outer, at[m], inner]
void copy_rows(const Context& ctx, const Layout& l, const View& table, const View& rows) {
  const int64_t element = size_of(table.dtype), repeats = l.inner.total();
  const int64_t work = max64(1, l.cols.n * repeats);
  const int64_t group = max64(1, min64(l.count, kBlockWork / work));
  const int64_t groups = (l.count + group - 1) / group, items = l.outer.total() * groups;
  const int64_t together = max64(1, kBlockWork / (work * group));
  const double cost = static_cast<double>(l.outer.total() * l.count) *
                      (2 + 0.05 * static_cast<double>(work * element));
  const MoveRows move = read_rows_of(element);
  parallel(ctx, (items + together - 1) / together, cost, [&](int64_t b) {
    for (int64_t item = b * together; item < min64((b + 1) * together, items); ++item) {
      const int64_t m0 = item % groups * group;
      for (int64_t i = 0; i < repeats; ++i) {
        int64_t from = 0, to = 0;
        l.outer.offsets(item / groups, &from, &to);
        l.inner.offsets(i, &from, &to);
        move(data<char>(rows) + to * element, data<char>(table) + from * element, l.at + m0,
             min64(group, l.count - m0), l.cols.n, l.cols.out, l.cols.in);
      }
    }
  });
}

struct Set {
  template <class C>
  static C combine(C, C b) {
    return b;
  }
};

template <class Op, class T>
inline void update(T& a, T b) {
  using C = Computed<T>;
  a = convert<T>(Op::combine(convert<C>(a), convert<C>(b)));
}

template <class Op, class T>
void update_rows_by(void* to, const void* from, const Position* at, int64_t count, int64_t n,
                    int64_t to_stride, int64_t from_stride) {
  for (int64_t m = 0; m < count; ++m) {
    T* __restrict y = static_cast<T*>(to) + at[m].table;
    const T* __restrict x = static_cast<const T*>(from) + at[m].row;
    if (to_stride == 1 && from_stride == 1) {
      for (int64_t i = 0; i < n; ++i) update<Op>(y[i], x[i]);
    } else {
      for (int64_t i = 0; i < n; ++i) update<Op>(y[i * to_stride], x[i * from_stride]);
    }
  }
}

enum Mode { kSet, kAdd, kMax, kMin, kMultiply };

MoveRows update_rows_of(int mode, DType dtype) {
  MoveRows found = nullptr;
  with_stored_type(dtype, [&](auto element) {
    using T = decltype(element);
    switch (mode) {
      case kSet:
        found = update_rows_by<Set, T>;
        break;
      case kAdd:
        found = update_rows_by<Sum, T>;
        break;
      case kMax:
        found = update_rows_by<Max, T>;
        break;
      case kMin:
        found = update_rows_by<Min, T>;
        break;
      default:
        found = update_rows_by<Prod, T>;
        break;
    }
  });
  return found;
}

// table[outer, at[m], inner] op= rows[outer, m, inner] for m = 0, 1, ...
void update_rows(const Context& ctx, const Layout& l, int mode, const View& table,
                 const View& rows) {
  if (l.count == 0) return;
  const int64_t element = size_of(table.dtype), repeats = l.inner.total();
  // Wide rows are cut into slices of at least two cache lines where there is little else to share.
  const int64_t around = l.outer.total() * repeats;
  const int64_t slices = around >= 16 ? 1 : max64(1, min64(l.cols.n * element / 128, 16));
  const int64_t line = 64 / element;
  const int64_t slice = max64(((l.cols.n + slices - 1) / slices + line - 1) / line * line, 1);
  const int64_t parts = (l.cols.n + slice - 1) / slice, items = around * parts;
  const int64_t work = min64(slice, l.cols.n) * l.count;
  const int64_t group = max64(1, kBlockWork / max64(work, 1));
  const double cost = static_cast<double>(items * l.count) * 5 +
                      static_cast<double>(items * work) * 0.1 * static_cast<double>(element);
  const MoveRows move = update_rows_of(mode, table.dtype);
  parallel(ctx, (items + group - 1) / group, cost, [&](int64_t b) {
    for (int64_t item = b * group; item < min64((b + 1) * group, items); ++item) {
      const int64_t c0 = item % parts * slice, n = min64(slice, l.cols.n - c0);
      int64_t to = c0 * l.cols.in, from = c0 * l.cols.out;
      l.inner.offsets(item / parts % repeats, &to, &from);
      l.outer.offsets(item / parts / repeats, &to, &from);
      move(data<char>(table) + to * element, data<char>(rows) + from * element, l.at, l.count, n,
           l.cols.in, l.cols.out);
    }
  });
}

// ---- kernels ------------------------------------------------------------------------------------

int64_t gather(const Context& ctx, const View& in, const View& indices, const View& out, int axis) {
  Layout l(in, out, axis, axis + 1, axis + indices.rank);
  l.count = numel(indices);
  Position* at = scratch<Position>(ctx, 0, l.count);
  const int64_t bad = locate(indices, in.shape[axis], in.strides[axis], out.strides + axis, at);
  if (bad >= 0) return bad;
  l.at = at;
  copy_rows(ctx, l, in, out);
  return -1;
}

int64_t scatter_add(const Context& ctx, const View& updates, const View& indices, const View& out,
                    int axis) {
  Layout l(out, updates, axis, axis + 1, axis + indices.rank);
  l.count = numel(indices);
  Position* at = scratch<Position>(ctx, 0, l.count);
  const int64_t bad =
      locate(indices, out.shape[axis], out.strides[axis], updates.strides + axis, at);
  if (bad >= 0) return bad;
  l.at = at;
  update_rows(ctx, l, kAdd, out, updates);
  return -1;
}

int64_t gather_nd(const Context& ctx, const View& in, const View& indices, const View& out) {
  Layout l(in, out, 0, static_cast<int>(indices.shape[1]), 1);
  l.count = indices.shape[0];
  Position* at = scratch<Position>(ctx, 0, l.count);
  const int64_t bad = locate_nd(indices, in, out.strides[0], at);
  if (bad >= 0) return bad;
  l.at = at;
  copy_rows(ctx, l, in, out);
  return -1;
}

int64_t scatter_nd(const Context& ctx, const View& indices, const View& updates, const View& out,
                   int mode) {
  Layout l(out, updates, 0, static_cast<int>(indices.shape[1]), 1);
  l.count = indices.shape[0];
  Position* at = scratch<Position>(ctx, 0, l.count);
  const int64_t bad = locate_nd(indices, out, updates.strides[0], at);
  if (bad >= 0) return bad;
  l.at = at;
  update_rows(ctx, l, mode, out, updates);
  return -1;
}

// One line along the axis: y[i] = x[index[i]], or y[index[i]] += x[i].
using Line = void (*)(const void* x, const void* index, void* y, const Axis& axis, int64_t limit);

template <class T, class I>
void take_line(const void* from, const void* index, void* to, const Axis& a, int64_t limit) {
  for (int64_t i = 0; i < a.n; ++i) {
    int64_t k = static_cast<const I*>(index)[i * a.index];
    wrap(limit, &k);
    static_cast<T*>(to)[i * a.out] = static_cast<const T*>(from)[k * a.in];
  }
}

template <class T, class I>
void add_line(const void* from, const void* index, void* to, const Axis& a, int64_t limit) {
  for (int64_t i = 0; i < a.n; ++i) {
    int64_t k = static_cast<const I*>(index)[i * a.index];
    wrap(limit, &k);
    update<Sum>(static_cast<T*>(to)[k * a.out], static_cast<const T*>(from)[i * a.in]);
  }
}

int64_t along(const Context& ctx, Line line, const View& in, const View& indices, const View& out,
              int axis, int64_t limit) {
  const int64_t bad = locate(indices, limit, 0, nullptr, nullptr);
  if (bad >= 0) return bad;
  Axes lines;
  bool shared = false;  // several lines write the same elements
  for (int d = 0; d < indices.rank; ++d) {
    if (d == axis) continue;
    // An axis of length 1 against a longer one is broadcast.
    const Axis a{indices.shape[d], in.shape[d] == 1 ? 0 : in.strides[d],
                 out.shape[d] == 1 ? 0 : out.strides[d], indices.strides[d]};
    shared = shared || (a.n > 1 && a.out == 0);
    lines.append(a);
  }
  lines.merge();
  const Axis a{indices.shape[axis], in.strides[axis], out.strides[axis], indices.strides[axis]};
  const int64_t total = lines.total(), element = size_of(in.dtype);
  const int64_t index_element = size_of(indices.dtype);
  const int64_t group = shared ? max64(total, 1) : max64(1, kBlockWork / max64(a.n, 1));
  const double cost = static_cast<double>(total) * (5 + 2 * static_cast<double>(a.n));
  parallel(ctx, (total + group - 1) / group, cost, [&](int64_t b) {
    for (int64_t r = b * group; r < min64((b + 1) * group, total); ++r) {
      int64_t x = 0, y = 0, i = 0;
      lines.offsets(r, &x, &y, &i);
      line(data<char>(in) + x * element, data<char>(indices) + i * index_element,
           data<char>(out) + y * element, a, limit);
    }
  });
  return -1;
}

int64_t take_along(const Context& ctx, const View& in, const View& indices, const View& out,
                   int axis) {
  const bool narrow = indices.dtype == DType::kInt32;
  Line line = nullptr;
  switch (size_of(in.dtype)) {
    case 1:
      line = narrow ? take_line<uint8_t, int32_t> : take_line<uint8_t, int64_t>;
      break;
    case 2:
      line = narrow ? take_line<uint16_t, int32_t> : take_line<uint16_t, int64_t>;
      break;
    case 4:
      line = narrow ? take_line<uint32_t, int32_t> : take_line<uint32_t, int64_t>;
      break;
    default:
      line = narrow ? take_line<uint64_t, int32_t> : take_line<uint64_t, int64_t>;
      break;
  }
  return along(ctx, line, in, indices, out, axis, in.shape[axis]);
}

int64_t take_along_add(const Context& ctx, const View& updates, const View& indices,
                       const View& out, int axis) {
  Line line = nullptr;
  with_stored_type(out.dtype, [&](auto element) {
    using T = decltype(element);
    line = indices.dtype == DType::kInt32 ? add_line<T, int32_t> : add_line<T, int64_t>;
  });
  return along(ctx, line, updates, indices, out, axis, out.shape[axis]);
}

}  // namespace

void fill_sort(abi::KernelTable&);

void fill_index(abi::KernelTable& table) {
  table.gather = gather;
  table.scatter_add = scatter_add;
  table.take_along = take_along;
  table.take_along_add = take_along_add;
  table.scatter_nd = scatter_nd;
  table.gather_nd = gather_nd;
  fill_sort(table);
}

}  // namespace lamina::LAMINA_ISA
