// Runs a chain of elementwise steps tile by tile, so that what is between the steps stays in L1.
//
// The iteration space is reduced to rows of `inner` elements. A tile is a range of rows by a range
// of columns. Operands that are contiguous there and hold the compute type are used in place; those
// that do not change are kept as one value; all others pass through a buffer.
#include "kernels/cpu/elementwise_tiles.h"
#include "kernels/cpu/move.h"
#include "kernels/cpu/op_info.h"
#include "kernels/cpu/space.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::Chain;
using abi::Compute;
using abi::EwOp;
using abi::EwStep;

constexpr int kMaxIn = abi::kMaxChainInputs, kMaxOut = abi::kMaxChainOutputs;
constexpr int kNone = -1;

constexpr double kNsPerByte = 0.03;
constexpr double kBlockNs = 10000;

Tile find_tile(const EwStep& s, uint32_t scalar) {
  switch (info(s.op).kind) {
    case Kind::kUnary:
      return unary_tile(s.op, s.type);
    case Kind::kGrad:
      return grad_tile(s.op, s.type, scalar);
    case Kind::kBinary:
      return binary_tile(s.op, s.type, scalar);
    case Kind::kWhere:
      return where_tile(s.type, scalar);
    case Kind::kCast:
      break;
  }
  return cast_tile(s.type, s.to);
}

// ---- loads and stores

inline int size_of(Compute c) { return c == Compute::kF64 || c == Compute::kI64 ? 8 : 4; }

inline DType dtype_of(Compute c) {
  switch (c) {
    case Compute::kF32:
      return DType::kFloat32;
    case Compute::kF64:
      return DType::kFloat64;
    case Compute::kI32:
      return DType::kInt32;
    case Compute::kI64:
      break;
  }
  return DType::kInt64;
}

Move find_load(DType from, Compute to) {
  return with_stored_type(from, [to](auto t) -> Move {
    using From = decltype(t);
    switch (to) {
      case Compute::kF32:
        return move<From, float>;
      case Compute::kF64:
        return move<From, double>;
      case Compute::kI32:
        return move<From, int32_t>;
      case Compute::kI64:
        break;
    }
    return move<From, int64_t>;
  });
}

Move find_store(Compute from, DType to) {
  return with_stored_type(to, [from](auto t) -> Move {
    using To = decltype(t);
    switch (from) {
      case Compute::kF32:
        return move<float, To>;
      case Compute::kF64:
        return move<double, To>;
      case Compute::kI32:
        return move<int32_t, To>;
      case Compute::kI64:
        break;
    }
    return move<int64_t, To>;
  });
}

// ---- the plan

// How an operand meets the registers.
enum class Access : uint8_t {
  kDirect,  // used in place
  kFixed,   // one value for all tiles
  kPerRow,  // one value for a tile, which is of one row
  kBuffer,
};

struct Plan {
  const Chain* chain;
  Space space;
  int64_t tile_rows, tile_cols, row_tiles, col_tiles;
  int64_t buffer_bytes;
  int buffers;
  Access in[kMaxIn], out[kMaxOut];
  Move load[kMaxIn], store[kMaxOut];
  int8_t in_buffer[kMaxIn], out_buffer[kMaxOut];
  bool keep[kMaxIn];         // the same in every row: what a tile loaded serves the next one too
  int8_t out_step[kMaxOut];  // the step that writes output j in place, or kNone
  Tile tile[abi::kMaxSteps];
  uint8_t scalar_args[abi::kMaxSteps];
  bool scalar_step[abi::kMaxSteps];
  int8_t dst_buffer[abi::kMaxSteps];  // kNone: an output's own memory or a scalar
  uint64_t scalar_regs;
};

inline bool has(uint64_t set, int i) { return set >> i & 1; }

// Chooses the tile: parts of a long row, several short rows, or squares where something is
// transposed.
void choose_tiles(Plan& p) {
  const Space& s = p.space;
  const Chain& c = *p.chain;
  bool wide = false, transposed = false;
  for (int i = 0; i < c.n_in; ++i) wide |= size_of(c.in_type[i]) == 8;
  for (int i = 0; i < c.n_steps; ++i) wide |= size_of(c.steps[i].to) == 8;
  for (int k = 0; k < s.operands; ++k) {
    transposed |= s.rank > 1 && s.op[k].strides[s.rank - 1] != 1 &&
                  s.op[k].strides[s.rank - 1] != 0 && s.op[k].strides[s.rank - 2] == 1;
  }
  int64_t target = c.n_in + c.n_steps <= 6 ? 1024 : 512;
  if (wide) target /= 2;
  if (transposed && s.inner >= 16) {
    p.tile_cols = min64(s.inner, 32);
    p.tile_rows = min64(s.rows, target / p.tile_cols);
  } else if (s.inner * 2 > target) {
    p.tile_cols = min64(s.inner, target);
    p.tile_rows = 1;
  } else {
    p.tile_cols = s.inner;
    p.tile_rows = min64(s.rows, target / s.inner);
  }
  p.row_tiles = (s.rows + p.tile_rows - 1) / p.tile_rows;
  p.col_tiles = (s.inner + p.tile_cols - 1) / p.tile_cols;
  p.buffer_bytes = ((p.tile_rows * p.tile_cols * (wide ? 8 : 4) + 63) & ~int64_t{63}) + 64;
}

Access access_of(const Plan& p, const Operand& o, DType dtype, Compute type, bool input) {
  if (input && o.fixed) return Access::kFixed;
  const int64_t stride = o.strides[p.space.rank - 1];
  if (dtype == dtype_of(type) && (o.linear && (p.tile_rows == 1 || p.col_tiles == 1))) {
    return Access::kDirect;
  }
  if (p.tile_rows == 1) {
    if (dtype == dtype_of(type) && stride == 1) return Access::kDirect;
    if (input && stride == 0) return Access::kPerRow;
  }
  return Access::kBuffer;
}

// May step `at` write output `o` in place? Not if that is the memory of an input read later on.
bool safe_in_place(const Plan& p, const Operand& o, const int* last_use, int at) {
  for (int i = 0; i < p.chain->n_in; ++i) {
    if (p.in[i] == Access::kDirect && p.space.op[i].data == o.data && last_use[i] > at)
      return false;
  }
  return true;
}

void make_plan(Plan& p, const Chain& c, const View* in, const View* out) {
  const View* views[kMaxOperands];
  for (int i = 0; i < c.n_in; ++i) views[i] = in + i;
  for (int j = 0; j < c.n_out; ++j) views[c.n_in + j] = out + j;
  p.chain = &c;
  make_space(p.space, views, c.n_in + c.n_out, out[0]);

  choose_tiles(p);

  p.buffers = 0;
  p.scalar_regs = 0;
  int last_use[abi::kMaxRegisters];
  for (int i = 0; i < c.n_in + c.n_steps; ++i) last_use[i] = kNone;
  for (int s = 0; s < c.n_steps; ++s) {
    for (int a = 0; a < info(c.steps[s].op).args; ++a) last_use[c.steps[s].arg[a]] = s;
  }
  for (int j = 0; j < c.n_out; ++j) last_use[c.out_reg[j]] = c.n_steps;

  for (int i = 0; i < c.n_in; ++i) {
    const Operand& o = p.space.op[i];
    p.in[i] = access_of(p, o, in[i].dtype, c.in_type[i], true);
    p.in_buffer[i] = kNone;
    p.keep[i] = true;
    for (int d = 0; d < p.space.rank - 1; ++d) p.keep[i] &= o.strides[d] == 0;
    if (p.in[i] != Access::kDirect) p.load[i] = find_load(in[i].dtype, c.in_type[i]);
    if (p.in[i] == Access::kBuffer) p.in_buffer[i] = int8_t(p.buffers++);
    if (p.in[i] == Access::kFixed || p.in[i] == Access::kPerRow) p.scalar_regs |= uint64_t{1} << i;
  }
  for (int j = 0; j < c.n_out; ++j) {
    p.out[j] = access_of(p, p.space.op[c.n_in + j], out[j].dtype, c.out_type[j], false);
    p.out_step[j] = p.out_buffer[j] = kNone;
    if (p.out[j] == Access::kBuffer) p.store[j] = find_store(c.out_type[j], out[j].dtype);
  }

  // Steps: a register lives in an output's memory, or in a buffer from its step to its last use.
  int8_t buffer_of[abi::kMaxRegisters];
  int8_t free_list[abi::kMaxSteps];
  int free_count = 0;
  for (int s = 0; s < c.n_steps; ++s) {
    const EwStep& e = c.steps[s];
    const int args = info(e.op).args;
    uint32_t scalars = 0;
    for (int a = 0; a < args; ++a) scalars |= uint32_t(has(p.scalar_regs, e.arg[a])) << a;
    p.scalar_step[s] = scalars == (1u << args) - 1;
    p.scalar_args[s] = uint8_t(scalars);
    p.tile[s] = find_tile(e, p.scalar_step[s] ? 0 : scalars);
    p.dst_buffer[s] = buffer_of[e.dst] = kNone;
    if (p.scalar_step[s]) {
      p.scalar_regs |= uint64_t{1} << e.dst;
      continue;
    }
    p.scalar_regs &= ~(uint64_t{1} << e.dst);
    bool placed = false;
    for (int j = 0; j < c.n_out && !placed; ++j) {
      if (c.out_reg[j] != e.dst || p.out[j] != Access::kDirect) continue;
      if (!safe_in_place(p, p.space.op[c.n_in + j], last_use, s)) continue;
      p.out_step[j] = int8_t(s);
      placed = true;
    }
    if (!placed) {
      p.dst_buffer[s] = buffer_of[e.dst] =
          free_count > 0 ? free_list[--free_count] : int8_t(p.buffers++);
    }
    // After the result has its place: a step between types of two sizes must not overwrite what it
    // still reads.
    for (int a = 0; a < args; ++a) {
      const int r = e.arg[a];
      if (r < c.n_in || last_use[r] != s || buffer_of[r] == kNone) continue;
      free_list[free_count++] = buffer_of[r];
      buffer_of[r] = kNone;
    }
  }
  for (int j = 0; j < c.n_out; ++j) {  // one value to be spread over a strided output
    if (has(p.scalar_regs, c.out_reg[j]) && p.out[j] == Access::kBuffer) {
      p.out_buffer[j] = int8_t(p.buffers++);
    }
  }
}

// ---- running

void run_tiles(const Context& ctx, const Plan& p, int64_t first, int64_t last) {
  const Chain& c = *p.chain;
  const Space& s = p.space;
  alignas(64) uint64_t scalars[abi::kMaxRegisters];
  void* reg[abi::kMaxRegisters];
  int64_t kept_col[kMaxIn], kept_rows[kMaxIn];
  char* buffers = p.buffers > 0 ? scratch<char>(ctx, 0, p.buffers * p.buffer_bytes) : nullptr;
  const auto buffer = [&](int i) { return buffers + i * p.buffer_bytes; };

  for (int i = 0; i < c.n_in; ++i) {
    kept_rows[i] = 0;
    if (p.in[i] == Access::kBuffer) reg[i] = buffer(p.in_buffer[i]);
    if (p.in[i] == Access::kFixed || p.in[i] == Access::kPerRow) reg[i] = scalars + i;
    if (p.in[i] == Access::kFixed) p.load[i](s.op[i].data, reg[i], {}, {}, 1, 1);
  }
  for (int t = 0; t < c.n_steps; ++t) {
    if (p.scalar_step[t]) {
      reg[c.steps[t].dst] = scalars + c.steps[t].dst;
    } else if (p.dst_buffer[t] != kNone) {
      reg[c.steps[t].dst] = buffer(p.dst_buffer[t]);
    }
  }

  int64_t row_tile = p.col_tiles == 1 ? first : first / p.col_tiles;
  int64_t col_tile = first - row_tile * p.col_tiles;
  for (int64_t tile = first; tile < last; ++tile) {
    const int64_t row = row_tile * p.tile_rows, rows = min64(p.tile_rows, s.rows - row);
    const int64_t col = col_tile * p.tile_cols, cols = min64(p.tile_cols, s.inner - col);
    const int64_t n = rows * cols;
    if (++col_tile == p.col_tiles) col_tile = 0, ++row_tile;

    // Where in an operand's memory the tile begins, if it is used in place there.
    const auto place = [&](const Operand& o) {
      const int64_t offset = o.linear ? row * s.inner + col : row_offset(s, o, row) + col;
      return o.data + offset * o.size;
    };

    for (int i = 0; i < c.n_in; ++i) {
      const Operand& o = s.op[i];
      switch (p.in[i]) {
        case Access::kFixed:
          break;
        case Access::kDirect:
          reg[i] = place(o);
          break;
        case Access::kPerRow:
          p.load[i](o.data + row_offset(s, o, row) * o.size, reg[i], {}, {}, 1, 1);
          break;
        case Access::kBuffer: {
          if (p.keep[i]) {
            if (rows <= kept_rows[i] && col == kept_col[i]) break;
            kept_rows[i] = rows;
            kept_col[i] = col;
          }
          const int64_t stride = o.strides[s.rank - 1];
          char* to = static_cast<char*>(reg[i]);
          const int64_t row_bytes = cols * size_of(c.in_type[i]);
          const Operand* const walked[] = {&o};
          for_row_runs(s, walked, row, rows,
                       [&](const int64_t* offset, const int64_t* row_stride, int64_t run) {
                         p.load[i](o.data + (*offset + col * stride) * o.size, to,
                                   {*row_stride, stride}, {cols, 1}, run, cols);
                         to += run * row_bytes;
                       });
          break;
        }
      }
    }
    for (int j = 0; j < c.n_out; ++j) {
      if (p.out_step[j] != kNone) reg[c.out_reg[j]] = place(s.op[c.n_in + j]);
    }

    for (int t = 0; t < c.n_steps; ++t) {
      const EwStep& e = c.steps[t];
      const void* args[3] = {reg[e.arg[0]], nullptr, nullptr};
      for (int a = 1; a < info(e.op).args; ++a) args[a] = reg[e.arg[a]];
      p.tile[t](args, reg[e.dst], p.scalar_step[t] ? 1 : n, e.p0, e.p1,
                p.scalar_step[t] ? 0 : p.scalar_args[t]);
    }

    for (int j = 0; j < c.n_out; ++j) {
      if (p.out_step[j] != kNone) continue;
      const Operand& o = s.op[c.n_in + j];
      const void* from = reg[c.out_reg[j]];
      const bool spread = has(p.scalar_regs, c.out_reg[j]);
      const int64_t bytes = n * size_of(c.out_type[j]);
      if (p.out[j] == Access::kDirect) {
        char* to = place(o);
        if (spread) {
          find_load(dtype_of(c.out_type[j]), c.out_type[j])(from, to, {}, {0, 1}, 1, n);
        } else {
          std::memmove(to, from, size_t(bytes));
        }
        continue;
      }
      if (spread) {
        void* to = buffer(p.out_buffer[j]);
        find_load(dtype_of(c.out_type[j]), c.out_type[j])(from, to, {}, {0, 1}, 1, n);
        from = to;
      }
      const int64_t stride = o.strides[s.rank - 1];
      const int64_t row_bytes = cols * size_of(c.out_type[j]);
      const Operand* const walked[] = {&o};
      for_row_runs(s, walked, row, rows,
                   [&](const int64_t* offset, const int64_t* row_stride, int64_t run) {
                     p.store[j](from, o.data + (*offset + col * stride) * o.size, {cols, 1},
                                {*row_stride, stride}, run, cols);
                     from = static_cast<const char*>(from) + run * row_bytes;
                   });
    }
  }
}

// C order, n elements; or one value for all.
inline bool is_dense(const View& v) {
  int64_t dense = 1;
  for (int d = v.rank - 1; d >= 0; --d) {
    if (v.strides[d] != dense && v.shape[d] != 1) return false;
    dense *= v.shape[d];
  }
  return true;
}
inline bool is_fixed(const View& v) {
  for (int d = 0; d < v.rank; ++d) {
    if (v.strides[d] != 0 && v.shape[d] != 1) return false;
  }
  return true;
}

// One step over contiguous memory of its own type: no plan, no buffers.
bool run_single(const Context& ctx, const Chain& c, const View* in, const View& out, int64_t n) {
  const EwStep& e = c.steps[0];
  const OpInfo& row = info(e.op);
  if (c.out_reg[0] != c.n_in || out.dtype != dtype_of(e.to) || !is_dense(out)) return false;
  struct {
    char *from[3], *to;
    int64_t from_size[3];  // 0 for one value
    int64_t to_size, n;
    uint32_t scalar;
    Tile tile;
    const EwStep* step;
  } w;
  w.scalar = 0;
  double cost = row.cost + kNsPerByte * size_of(e.to);
  for (int a = 0; a < row.args; ++a) {
    const View& v = in[e.arg[a]];
    const Compute type = c.in_type[e.arg[a]];
    if (v.dtype != dtype_of(type)) return false;
    w.from[a] = data<char>(v);
    w.from_size[a] = size_of(type);
    if (n > 1 && is_fixed(v)) {
      w.from_size[a] = 0;
      w.scalar |= 1u << a;
    } else if (!is_dense(v)) {
      return false;
    }
    cost += kNsPerByte * double(w.from_size[a]);
  }
  if (w.scalar == (1u << row.args) - 1) return false;
  w.tile = find_tile(e, w.scalar);
  w.to = data<char>(out);
  w.to_size = size_of(e.to);
  w.n = n;
  w.step = &e;
  constexpr int64_t kPart = 8192;
  const auto part = [&w](int64_t b) {
    const int64_t begin = b * kPart;
    const void* args[3];
    for (int a = 0; a < 3; ++a) args[a] = w.from[a] + begin * w.from_size[a];
    w.tile(args, w.to + begin * w.to_size, min64(kPart, w.n - begin), w.step->p0, w.step->p1,
           w.scalar);
  };
  for (int a = row.args; a < 3; ++a) w.from[a] = nullptr, w.from_size[a] = 0;
  if (n <= kPart) {
    part(0);
  } else {
    parallel(ctx, (n + kPart - 1) / kPart, cost * double(n), part);
  }
  return true;
}

void elementwise(const Context& ctx, const Chain& chain, const View* in, const View* out) {
  if (chain.n_out == 0) return;
  const int64_t n = numel(out[0]);
  if (n == 0) return;
  if (chain.n_steps == 1 && chain.n_out == 1 && run_single(ctx, chain, in, out[0], n)) return;
  Plan p;
  make_plan(p, chain, in, out);
  const int64_t tiles = p.row_tiles * p.col_tiles;
  if (tiles == 1) return run_tiles(ctx, p, 0, 1);

  double cost = 0;
  for (int i = 0; i < chain.n_steps; ++i) cost += info(chain.steps[i].op).cost;
  for (int k = 0; k < p.space.operands; ++k) {
    const bool in_place =
        k < chain.n_in ? p.in[k] != Access::kBuffer : p.out[k - chain.n_in] != Access::kBuffer;
    if (!p.space.op[k].fixed) cost += kNsPerByte * p.space.op[k].size + (in_place ? 0 : 0.3);
  }
  const double tile_cost = cost * double(p.tile_rows * p.tile_cols);
  const int64_t per_block = max64(1, int64_t(kBlockNs / tile_cost));
  const int64_t blocks = (tiles + per_block - 1) / per_block;
  if (blocks == 1) return run_tiles(ctx, p, 0, tiles);
  parallel(ctx, blocks, cost * double(n),
           [&](int64_t b) { run_tiles(ctx, p, b * per_block, min64(tiles, (b + 1) * per_block)); });
}

}  // namespace

void fill_elementwise(abi::KernelTable& t) { t.elementwise = elementwise; }

}  // namespace lamina::LAMINA_ISA
