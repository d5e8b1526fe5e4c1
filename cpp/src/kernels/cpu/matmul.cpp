// Batched products, cut into blocks by shape, each finished with its epilogue while it is hot.
#include "kernels/cpu/matmul.h"

#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/pairs.h"
#include "kernels/cpu/tile_amx.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::MatmulArgs;

constexpr double kFlop = 0.006;  // nanoseconds

// How the result of one product is cut: the same cuts whatever the threads.
struct Cuts {
  int64_t rows = 1, columns = 1;
  int64_t m, height, panels, width;

  // Rows are cut at multiples of height, columns at those of width; a block takes `least`
  // nanoseconds or more.
  Cuts(int64_t m, int64_t n, int64_t k, int64_t batch, int64_t height, int64_t width, double least)
      : m(m), height(height), panels((n + width - 1) / width), width(width) {
    // Enough blocks for threads to share, none so small that starting it would show. Where few rows
    // meet a large matrix, reading that is the work.
    const double all = cost(m, n, k, batch);
    const int64_t wanted = static_cast<int64_t>(min64(16, static_cast<int64_t>(all / least)));
    const int64_t share = (wanted + batch - 1) / batch;
    // Tall ones are cut into rows, all of which read the same packed right operand.
    rows = (m + 191) / 192;
    // Where that one is too large for L2, blocks are taller.
    if (rows > 1 && k * n <= 1 << 19) rows = max64(rows, min64(share, m / 64));
    columns = max64((panels + 31) / 32, min64(panels, (share + rows - 1) / rows));
    // Blocks of the same columns are few: each would pack them, or wait for one that does.
    const int64_t few = min64(8, static_cast<int64_t>(all / 1e4) / batch);
    if (rows * columns < few) rows = max64(rows, min64(m / 24, few / columns));
    rows = max64(1, min64(rows, strips()));
  }
  // Nanoseconds on one thread.
  static double cost(int64_t m, int64_t n, int64_t k, int64_t batch) {
    const double products = static_cast<double>(m * n) * static_cast<double>(max64(k, 1));
    const double bytes = 4.0 * static_cast<double>(n) * static_cast<double>(k);
    return static_cast<double>(batch) *
           (2 * kFlop * products + (m < 24 ? bytes / (bytes > 1 << 19 ? 15 : 40) : 0));
  }
  int64_t strips() const { return (m + height - 1) / height; }
  int64_t row(int64_t i) const { return min64(m, strips() * i / rows * height); }
  int64_t column(int64_t j, int64_t n) const { return min64(n, panels * j / columns * width); }
};

// The sum over k cut into chunks, each with a result of its own; these are added in order.
template <class T>
void product_in_chunks(const Context& ctx, const MatmulArgs& args, int64_t m, int64_t n, int64_t k,
                       int64_t chunks, double cost, const Epilogue<T>& epilogue) {
  const int r = args.out.rank;
  const int64_t a_rs = args.a.strides[r - 2], a_cs = args.a.strides[r - 1];
  const int64_t b_rs = args.b.strides[r - 2], b_cs = args.b.strides[r - 1];
  const int64_t ldc = args.out.strides[r - 2];
  T* parts = scratch<T>(ctx, 2, chunks * m * n);
  parallel_flushed(ctx, chunks, cost, [&](int64_t q) {
    const int64_t first = k * q / chunks, length = k * (q + 1) / chunks - first;
    gemm(ctx, m, n, length, data<T>(args.a) + first * a_cs, a_rs, a_cs,
         {data<T>(args.b) + first * b_rs, b_rs, b_cs}, parts + q * m * n, n, false);
  });
  T* c = data<T>(args.out);
  const int64_t pieces = (m + 15) / 16;
  parallel_flushed(ctx, pieces, 0.2 * static_cast<double>(chunks * m * n), [&](int64_t piece) {
    for (int64_t i = 16 * piece; i < min64(m, 16 * piece + 16); ++i) {
      T* __restrict to = c + i * ldc;
      std::memcpy(to, parts + i * n, static_cast<size_t>(n) * sizeof(T));
      for (int64_t q = 1; q < chunks; ++q) {
        const T* from = parts + (q * m + i) * n;
        for (int64_t j = 0; j < n; ++j) to[j] += from[j];
      }
    }
  });
  epilogue.apply(c, m, n, ldc, 0);
}

// Both operands rounded to bfloat16 and multiplied on the tiles of AMX.
void product_of_tiles(const Context& ctx, const MatmulArgs& args, int64_t m, int64_t n, int64_t k,
                      const Epilogue<float>& epilogue) {
  constexpr int64_t kMost = 1024;  // of the sum at once
  const int r = args.out.rank;
  const int64_t a_rs = args.a.strides[r - 2], a_cs = args.a.strides[r - 1];
  const int64_t b_rs = args.b.strides[r - 2], b_cs = args.b.strides[r - 1];
  const int64_t ldc = args.out.strides[r - 2];
  const float *a = data<float>(args.a), *b = data<float>(args.b);
  float* out = data<float>(args.out);
  const Cuts cuts(m, n, k, 1, kTileBlock, kTileBlock, 2e4);
  // Blocks that differ in columns alone share the left operand's tiles.
  const int64_t shared = cuts.columns > 1 ? cuts.strips() : 0;
  const int64_t panel = Tiles::size(kTileBlock, k);
  float* right = scratch<float>(ctx, 3, cuts.panels * panel);
  const Tiles all = Tiles::left(shared ? scratch<float>(ctx, 0, Tiles::size(m, k)) : nullptr, k);
  parallel_flushed(ctx, cuts.panels + shared, 0.1 * static_cast<double>(k * (n + (shared ? m : 0))),
                   [&](int64_t task) {
                     if (const int64_t j = task * kTileBlock; task < cuts.panels)
                       return to_tiles(min64(kTileBlock, n - j), k, b + j * b_cs, b_cs, b_rs, true,
                                       Tiles::panel(right + task * panel));
                     const int64_t i = (task - cuts.panels) * kTileBlock;
                     to_tiles(min64(kTileBlock, m - i), k, a + i * a_rs, a_rs, a_cs, false,
                              all.from(i, 0));
                   });
  parallel_flushed(ctx, cuts.rows * cuts.columns, Cuts::cost(m, n, k, 1) / 3, [&](int64_t block) {
    const int64_t column = block % cuts.columns, row = block / cuts.columns;
    const int64_t first = cuts.row(row), rows = cuts.row(row + 1) - first;
    const int64_t begin = cuts.column(column, n), end = cuts.column(column + 1, n);
    const int64_t step = min64(k, kMost);
    const Tiles own =
        Tiles::left(shared ? nullptr : scratch<float>(ctx, 1, Tiles::size(rows, step)), step);
    begin_tiles();
    for (int64_t k0 = 0; k0 < k; k0 += kMost) {
      const int64_t kk = min64(kMost, k - k0);
      if (!shared) to_tiles(rows, kk, a + first * a_rs + k0 * a_cs, a_rs, a_cs, false, own);
      for (int64_t j = begin; j < end; j += kTileBlock) {
        TileProduct tile{};
        tile.b = Tiles::panel(right + j / kTileBlock * panel).from(0, k0);
        tile.depth = Tiles::depth(kk);
        tile.ldc = ldc, tile.width = min64(kTileBlock, n - j);
        tile.bias = epilogue.bias ? epilogue.bias + j : nullptr;
        tile.accumulate = args.accumulate || k0 > 0;
        for (int64_t i = 0; i < rows; i += kTileBlock) {
          tile.a = shared ? all.from(first + i, k0) : own.from(i, 0);
          tile.rows = min64(kTileBlock, rows - i);
          tile.c = out + (first + i) * ldc + j;
          multiply_tiles(tile);
        }
      }
    }
    end_tiles();
    epilogue.activate(out + first * ldc + begin, rows, end - begin, ldc);
  });
}

template <class T>
void product(const Context& ctx, const MatmulArgs& args) {
  const View &a = args.a, &b = args.b, &out = args.out;
  const int r = out.rank;
  const int64_t m = out.shape[r - 2], n = out.shape[r - 1], k = a.shape[r - 1];
  int64_t batch = 1;
  bool one_right = true;  // the whole batch has the same right operand
  for (int d = 0; d < r - 2; ++d) {
    batch *= out.shape[d];
    one_right = one_right && (out.shape[d] == 1 || b.strides[d] == 0);
  }
  if (batch * m * n == 0) return;
  const Epilogue<T> epilogue(args.bias, args.has_act, args.act, args.p0, args.p1);
  const bool rounded = args.bfloat16 && batch == 1 && m >= 16 && n >= 16 && k >= 32;
  const Cuts cuts(m, n, k, batch, 1, kPanel<T>, 5e3);
  const int64_t blocks = cuts.rows * cuts.columns;
  const double cost = Cuts::cost(m, n, k, batch);
  if (batch == 1 && !args.accumulate) {
    // Long sums for a small result, as the gradients of weights are: cut there, each thread reads
    // its own part of both operands alone.
    if (k >= 1024 && (blocks <= 2 || (!args.bfloat16 && k >= 4 * max64(m, n))))
      return product_in_chunks(ctx, args, m, n, k, min64(8, k / 512), cost, epilogue);
    // One row or two and a large matrix: where its rows are a power of two apart, a thread that
    // reads half of the columns has half of the places of its cache for them.
    if (const int64_t chunks = min64(8, min64(k / 32, k * n >> 14));
        m <= 2 && n <= 4096 && b.strides[r - 1] == 1 && chunks > 1 && !is_narrow<T>(n, k))
      return product_in_chunks(ctx, args, m, n, k, chunks, cost, epilogue);
  }

  if constexpr (std::is_same_v<T, float>) {
    if (rounded && has_amx()) return product_of_tiles(ctx, args, m, n, k, epilogue);
  }

  int64_t a_rs = a.strides[r - 2], a_cs = a.strides[r - 1];
  const int64_t b_rs = b.strides[r - 2], b_cs = b.strides[r - 1], ldc = out.strides[r - 2];
  const auto offset = [&](const View& v, int64_t index) {
    int64_t at = 0;
    for (int d = r - 3; d >= 0; --d) {
      at += index % out.shape[d] * v.strides[d];
      index /= out.shape[d];
    }
    return at;
  };
  // Rows of blocks that read the same right operand share one packed copy.
  Right<T> shared{};
  const T* first = data<T>(a);
  int64_t depth = k;  // elements of the sum, or pairs of them
  bool pairs = false;
  if constexpr (std::is_same_v<T, float>)
    pairs = rounded && (a_rs == 1 || a_cs == 1) && has_pairs();
  if constexpr (std::is_same_v<T, float>) {
    if (pairs) {
      depth = (k + 1) / 2;
      shared = pack_pairs(ctx, k, n, data<T>(b), b_rs, b_cs);
      first = left_pairs(ctx, m, k, first, &a_rs, &a_cs);
    }
  }
  if (!pairs && one_right && batch * cuts.rows > 1 && batch * m >= 64 &&
      !(a_cs == 1 && is_narrow<T>(n, k)) && packed_size<T>(k, n) <= 1 << 24)
    shared = pack(ctx, k, n, data<T>(b), b_rs, b_cs, scratch<T>(ctx, 3, packed_size<T>(k, n)));
  parallel_flushed(ctx, batch * blocks, cost, [&](int64_t index) {
    const int64_t column = index % cuts.columns, row = index / cuts.columns % cuts.rows;
    const int64_t which = index / blocks;
    const int64_t i = cuts.row(row), mm = cuts.row(row + 1) - i;
    const int64_t j = cuts.column(column, n), nn = cuts.column(column + 1, n) - j;
    const T* left = first + (pairs ? 0 : offset(a, which)) + i * a_rs;
    T* to = data<T>(out) + offset(out, which) + i * ldc + j;
    Right<T> right{data<T>(b) + offset(b, which) + j * b_cs, b_rs, b_cs};
    if (shared.packed) right = {shared.data + j * depth, kPanel<T>, 1, true, pairs};
    gemm(ctx, mm, nn, depth, left, a_rs, a_cs, right, to, ldc, args.accumulate,
         epilogue.bias ? epilogue.bias + j : nullptr);
    epilogue.activate(to, mm, nn, ldc);
  });
}

}  // namespace

void matmul(const Context& ctx, const MatmulArgs& args) {
  if (args.out.dtype == DType::kFloat32)
    product<float>(ctx, args);
  else
    product<double>(ctx, args);
}

void fill_matmul(abi::KernelTable& t) { t.matmul = matmul; }

}  // namespace lamina::LAMINA_ISA
