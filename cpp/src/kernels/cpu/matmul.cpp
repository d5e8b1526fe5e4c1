// Batched products, cut into blocks by shape, each finished with its epilogue while it is hot.
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/gemm.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::MatmulArgs;

// A matrix neither of whose axes is contiguous, packed by rows.
template <class T>
const T* packed(const Context& ctx, int slot, const T* p, int64_t rows, int64_t cols, int64_t& rs,
                int64_t& cs) {
  if (rs == 1 || cs == 1 || rows == 1 || cols == 1) {
    if (cols == 1 && rs != 1 && cs != 1) cs = 1;
    if (!(rs == 0 || cs == 0)) return p;
  }
  T* out = scratch<T>(ctx, slot, rows * cols);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < cols; ++j) out[i * cols + j] = p[i * rs + j * cs];
  rs = cols, cs = 1;
  return out;
}

template <class T>
void product(const Context& ctx, const MatmulArgs& args) {
  const View &a = args.a, &b = args.b, &out = args.out;
  int r = out.rank;
  int64_t m = out.shape[r - 2], n = out.shape[r - 1], k = a.shape[r - 1];
  int64_t batch = 1;
  for (int d = 0; d < r - 2; ++d) batch *= out.shape[d];
  if (batch * m * n == 0) return;
  int64_t a_rs = a.strides[r - 2], a_cs = a.strides[r - 1], b_rs = b.strides[r - 2],
          b_cs = b.strides[r - 1];
  int64_t ldc = out.strides[r - 2];
  Epilogue<T> epilogue(args.bias, args.has_act, args.act, args.p0, args.p1);
  // Blocks of about the size that keeps a panel of b in L2; the same cuts whatever the threads.
  int64_t mb = m, nb = n;
  double flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  if (flops > 2e5) {
    mb = m >= 256 ? 128 : m >= 64 ? (m + 1) / 2 : m;
    if (m < 64 || k * n > 1 << 20) nb = n > 256 ? 256 : n >= 64 ? (n + 1) / 2 : n;
    if (nb < n) nb = (nb + 15) / 16 * 16;
  }
  int64_t rows = (m + mb - 1) / mb, cols = (n + nb - 1) / nb;
  auto offset = [&](const View& v, int64_t index) {
    int64_t off = 0;
    for (int d = r - 3; d >= 0; --d) {
      off += index % out.shape[d] * v.strides[d];
      index /= out.shape[d];
    }
    return off;
  };
  // A long sum with a small result (the gradient of a weight) is cut along k, in fixed chunks.
  int64_t chunks = 1, kc = k;
  if (batch == 1 && !args.accumulate && rows * cols <= 2 && k >= 2048 && m * n <= 65536) {
    chunks = min64(8, k / 512);
    kc = (k + chunks - 1) / chunks;
  }
  if (chunks > 1) {
    T* parts = scratch<T>(ctx, 2, chunks * m * n);
    auto part = [&](int64_t c) {
      int64_t first = c * kc, len = max64(0, min64(kc, k - first));
      int64_t ars = a_rs, acs = a_cs, brs = b_rs, bcs = b_cs;
      const T* pa = packed(ctx, 0, data<T>(a) + first * a_cs, m, len, ars, acs);
      const T* pb = packed(ctx, 1, data<T>(b) + first * b_rs, len, n, brs, bcs);
      gemm(m, n, len, pa, ars, acs, pb, brs, bcs, parts + c * m * n, n, false);
    };
    parallel(ctx, chunks, flops * 0.02, part);
    T* c = data<T>(out);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        T s = parts[i * n + j];
        for (int64_t q = 1; q < chunks; ++q) s += parts[q * m * n + i * n + j];
        c[i * ldc + j] = s;
      }
    epilogue.apply(c, m, n, ldc, 0);
    return;
  }
  auto block = [&](int64_t index) {
    int64_t col = index % cols, row = index / cols % rows, which = index / cols / rows;
    int64_t i0 = row * mb, j0 = col * nb, mm = min64(mb, m - i0), nn = min64(nb, n - j0);
    int64_t ars = a_rs, acs = a_cs, brs = b_rs, bcs = b_cs;
    const T* pa = packed(ctx, 0, data<T>(a) + offset(a, which) + i0 * a_rs, mm, k, ars, acs);
    const T* pb = packed(ctx, 1, data<T>(b) + offset(b, which) + j0 * b_cs, k, nn, brs, bcs);
    T* pc = data<T>(out) + offset(out, which) + i0 * ldc + j0;
    gemm(mm, nn, k, pa, ars, acs, pb, brs, bcs, pc, ldc, args.accumulate);
    epilogue.apply(pc, mm, nn, ldc, j0);
  };
  parallel(ctx, batch * rows * cols, flops * static_cast<double>(batch) * 0.02, block);
}

void matmul(const Context& ctx, const MatmulArgs& args) {
  if (args.out.dtype == DType::kFloat32)
    product<float>(ctx, args);
  else
    product<double>(ctx, args);
}

}  // namespace

void fill_matmul(abi::KernelTable& t) { t.matmul = matmul; }

}  // namespace lamina::LAMINA_ISA
