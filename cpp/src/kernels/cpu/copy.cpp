// Copies any dtype and strides to any others.
#include "kernels/cpu/move.h"
#include "kernels/cpu/space.h"

namespace lamina::LAMINA_ISA {
namespace {

Move find_move(DType from, DType to) {
  if (from == to) {
    switch (size_of(from)) {
      case 1:
        return move<uint8_t, uint8_t>;
      case 2:
        return move<uint16_t, uint16_t>;
      case 4:
        return move<uint32_t, uint32_t>;
      default:
        return move<uint64_t, uint64_t>;
    }
  }
  return with_stored_type(from, [to](auto f) -> Move {
    using From = decltype(f);
    return with_stored_type(to, [](auto t) -> Move {
      using To = decltype(t);
      if constexpr (std::is_same_v<From, To>)
        return nullptr;
      else
        return move<From, To>;
    });
  });
}

void copy(const Context& ctx, const View& in, const View& out) {
  const int64_t n = numel(out);
  if (n == 0) return;
  Space s;
  const View* views[] = {&in, &out};
  make_space(s, views, 2, out);
  const Operand &from = s.op[0], &to = s.op[1];
  const double cost = double(n) * (0.03 * (from.size + to.size) + (from.linear ? 0 : 0.3));

  if (from.linear && to.linear && in.dtype == out.dtype) {
    const int64_t bytes = n * from.size, block = 256 << 10;
    const auto part = [&](int64_t b) {
      std::memmove(to.data + b * block, from.data + b * block,
                   size_t(min64(block, bytes - b * block)));
    };
    const int64_t blocks = (bytes + block - 1) / block;
    return blocks == 1 ? part(0) : parallel(ctx, blocks, cost, part);
  }

  const Move f = find_move(in.dtype, out.dtype);
  const int last = s.rank - 1;
  const bool transposed = s.rank > 1 && from.strides[last - 1] == 1 && from.strides[last] != 1 &&
                          from.strides[last] != 0 && to.strides[last] == 1;
  const int64_t tile_cols = min64(s.inner, transposed ? 64 : 16384);
  // A transpose that converts goes through a few lines of the input's dtype.
  const Move turn = transposed && in.dtype != out.dtype ? find_move(in.dtype, in.dtype) : nullptr;
  const int64_t tile_rows = min64(s.rows, turn         ? 32
                                          : transposed ? 256
                                                       : max64(1, 16384 / tile_cols));
  const int64_t col_tiles = (s.inner + tile_cols - 1) / tile_cols;
  const int64_t row_tiles = (s.rows + tile_rows - 1) / tile_rows;
  const auto tile = [&](int64_t b) {
    const int64_t row = b / col_tiles * tile_rows, col = b % col_tiles * tile_cols;
    const int64_t cols = min64(tile_cols, s.inner - col);
    const Operand* const walked[] = {&from, &to};
    for_row_runs(s, walked, row, min64(tile_rows, s.rows - row),
                 [&](const int64_t* offset, const int64_t* stride, int64_t rows) {
                   const char* source =
                       from.data + (offset[0] + col * from.strides[last]) * from.size;
                   char* target = to.data + (offset[1] + col * to.strides[last]) * to.size;
                   Strides have = {stride[0], from.strides[last]};
                   alignas(64) char lines[32 * 64 * 8];
                   if (turn) {
                     turn(source, lines, have, {cols, 1}, rows, cols);
                     source = lines, have = {cols, 1};
                   }
                   f(source, target, have, {stride[1], to.strides[last]}, rows, cols);
                 });
  };
  if (row_tiles * col_tiles == 1) return tile(0);
  parallel(ctx, row_tiles * col_tiles, cost, tile);
}

}  // namespace

void fill_copy(abi::KernelTable& t) { t.copy = copy; }

}  // namespace lamina::LAMINA_ISA
