#include "kernels/cpu/gemm.h"

#include "kernels/cpu/transpose.h"

namespace lamina::LAMINA_ISA {
namespace {

// Scratch slots of this file.
constexpr int kLeftSlot = 4, kRightSlot = 5;
// A panel of b of this many rows stays in L2, beside so many rows of a.
constexpr int64_t kDepth = 512, kHeight = 16 * kTileRows;

template <class T>
void panel(int64_t k, int64_t count, const T* b, int64_t rs, int64_t cs, T* to) {
  constexpr int64_t n = kVectorLength<T>;
  const int64_t width = panel_width<T>(count);
  if (cs == 1 || count == 1) {
    if (count == kPanel<T>) {
      for (int64_t i = 0; i < k; ++i, b += rs, to += width) {
        LAMINA_UNROLL
        for (int v = 0; v < kPanelVectors; ++v) store_vector(to + v * n, load_vector(b + v * n));
      }
      return;
    }
    for (int64_t i = 0; i < k; ++i, b += rs, to += width) {
      for (int64_t j = 0; j < count; ++j) to[j] = b[j];
      for (int64_t j = count; j < width; ++j) to[j] = 0;
    }
    return;
  }
  const int64_t squares = rs == 1 ? k / n * n : 0;
  for (int64_t i = 0; i < squares; i += n) {
    for (int64_t v = 0; v < width; v += n) {
      const int64_t rows = max64(0, min64(n, count - v));
      transpose_square(rows ? b + v * cs + i : b, cs, rows, to + i * width + v, width);
    }
  }
  for (int64_t i = squares; i < k; ++i) {
    for (int64_t j = 0; j < count; ++j) to[i * width + j] = b[i * rs + j * cs];
    for (int64_t j = count; j < width; ++j) to[i * width + j] = 0;
  }
}

template <class T>
Right<T> pack_all(const Context& ctx, int64_t k, int64_t n, const T* b, int64_t rs, int64_t cs,
                  T* to) {
  const int64_t panels = (n + kPanel<T> - 1) / kPanel<T>;
  parallel(ctx, panels, 0.4 * static_cast<double>(k * n), [&](int64_t p) {
    const int64_t j = p * kPanel<T>;
    panel(k, min64(kPanel<T>, n - j), b + j * cs, rs, cs, to + j * k);
  });
  return {to, kPanel<T>, 1, true};
}

// ---- few columns: vectors of columns would be nearly empty, so the vectors run along the sum ----

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kDotRows = 4, kDotColumns = 5;
#else
constexpr int kDotRows = 2, kDotColumns = 4;
#endif

// sums[i] = the sum of the lanes of v[i], by the same tree for each.
#if defined(__GNUC__)
template <class T, int kHalf>
inline void fold(Vector<T>* v) {
  constexpr auto lanes = std::make_integer_sequence<int, kVectorLength<T>>();
  LAMINA_UNROLL
  for (int i = 0; i < kHalf; ++i)
    v[i] = mix<T, kHalf, false>(v[2 * i], v[2 * i + 1], lanes) +
           mix<T, kHalf, true>(v[2 * i], v[2 * i + 1], lanes);
  if constexpr (kHalf > 1) fold<T, kHalf / 2>(v);
}
#endif
template <class T, int kCount>
inline void sum_lanes(const Vector<T>* v, T* sums) {
  constexpr int n = kVectorLength<T>;
#if defined(__GNUC__)
  for (int first = 0; first < kCount; first += n) {
    Vector<T> some[n];
    LAMINA_UNROLL
    for (int i = 0; i < n; ++i) some[i] = first + i < kCount ? v[first + i] : Vector<T>{};
    fold<T, n / 2>(some);
    T lanes[n];
    store_vector(lanes, some[0]);
    for (int i = 0; i < n && first + i < kCount; ++i) {
      int lane = 0;  // the bits of i in reverse order
      for (int bit = 1; bit < n; bit *= 2) lane = lane * 2 + (i / bit & 1);
      sums[first + i] = lanes[lane];
    }
  }
#else
  for (int i = 0; i < kCount; ++i) {
    T part[n];
    store_vector(part, v[i]);
    for (int half = n / 2; half > 0; half /= 2)
      for (int l = 0; l < half; ++l) part[l] += part[l + half];
    sums[i] = part[0];
  }
#endif
}

// b: C columns as rows, ldb apart, filled up with zeros to whole vectors.
template <class T, int R, int C>
LAMINA_NOINLINE void dot_tile(int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb, T* c,
                              int64_t ldc, bool accumulate, const T* bias) {
  constexpr int n = kVectorLength<T>;
  Vector<T> sum[R][C] = {};
  for (int64_t p = 0; p < k; p += n) {
    Vector<T> right[C];
    LAMINA_UNROLL
    for (int j = 0; j < C; ++j) right[j] = load_vector(b + j * ldb + p);
    LAMINA_UNROLL
    for (int r = 0; r < R; ++r) {
      const Vector<T> left = load_some(a + r * lda + p, k - p);
      LAMINA_UNROLL
      for (int j = 0; j < C; ++j) sum[r][j] = sum[r][j] + left * right[j];
    }
  }
  T sums[R * C];
  sum_lanes<T, R * C>(&sum[0][0], sums);
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) {
      T* to = c + r * ldc + j;
      *to = (accumulate ? *to : bias ? bias[j] : T(0)) + sums[r * C + j];
    }
}

template <class T>
using DotTile = decltype(&dot_tile<T, 1, 1>);
template <class T, int R, int... C>
DotTile<T> pick_dot(int columns, std::integer_sequence<int, C...>) {
  static constexpr DotTile<T> kTiles[] = {dot_tile<T, R, C + 1>...};
  return kTiles[columns - 1];
}

template <class T>
void few_columns(const Context& ctx, int64_t m, int64_t n, int64_t k, const T* a, int64_t a_rs,
                 const Right<T>& b, T* c, int64_t ldc, bool accumulate, const T* bias) {
  constexpr auto widths = std::make_integer_sequence<int, kDotColumns>();
  const int64_t length = (k + kVectorLength<T> - 1) / kVectorLength<T> * kVectorLength<T>;
  T* columns = scratch<T>(ctx, kRightSlot, max64(n, kVectorLength<T>) * length);
  int64_t done = 0;
  if (b.cs == 1 && n > 2) {
    // Squares, as long as no vector of theirs ends beyond the last row.
    constexpr int64_t v = kVectorLength<T>;
    for (; (done + v - 1) * b.rs + v <= (k - 1) * b.rs + n; done += v)
      transpose_square(b.data + done * b.rs, b.rs, v, columns + done, length);
  }
  for (int64_t j = 0; j < n; ++j) {
    const T* from = b.data + j * b.cs;
    T* to = columns + j * length;
    for (int64_t p = done; p < k; ++p) to[p] = from[p * b.rs];
    for (int64_t p = k; p < length; ++p) to[p] = 0;
  }
  const int64_t groups = (n + kDotColumns - 1) / kDotColumns;
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t j = n * g / groups, width = n * (g + 1) / groups - j;
    const DotTile<T> many = pick_dot<T, kDotRows>(static_cast<int>(width), widths);
    const DotTile<T> one = pick_dot<T, 1>(static_cast<int>(width), widths);
    for (int64_t i = 0; i < m;) {
      const bool whole = i + kDotRows <= m;
      (whole ? many : one)(k, a + i * a_rs, a_rs, columns + j * length, length, c + i * ldc + j,
                           ldc, accumulate, bias ? bias + j : nullptr);
      i += whole ? kDotRows : 1;
    }
  }
}

// One or two rows: whole rows of b are added up, so that it streams through in its own order.
template <class T>
void few_rows(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_rs, int64_t a_cs,
              const Right<T>& b, T* c, int64_t ldc, bool accumulate, const T* bias) {
  for (int64_t i = 0; i < m; ++i) {
    T* __restrict__ to = c + i * ldc;
    if (!accumulate)
      for (int64_t j = 0; j < n; ++j) to[j] = bias ? bias[j] : T(0);
    const T* x = a + i * a_rs;
    int64_t p = 0;
    for (; p + 4 <= k; p += 4) {
      const T x0 = x[p * a_cs], x1 = x[(p + 1) * a_cs], x2 = x[(p + 2) * a_cs],
              x3 = x[(p + 3) * a_cs];
      const T *b0 = b.data + p * b.rs, *b1 = b0 + b.rs, *b2 = b1 + b.rs, *b3 = b2 + b.rs;
      for (int64_t j = 0; j < n; ++j) to[j] += x0 * b0[j] + x1 * b1[j] + x2 * b2[j] + x3 * b3[j];
    }
    for (; p < k; ++p) {
      const T x0 = x[p * a_cs];
      const T* b0 = b.data + p * b.rs;
      for (int64_t j = 0; j < n; ++j) to[j] += x0 * b0[j];
    }
  }
}

// One or two rows and packed b: several panels at once, so that there are sums enough to hide how
// long each addition takes. Gives the number of columns done; the rest is for the tiles.
template <class T, int R, int P>
LAMINA_NOINLINE void panels_tile(int64_t k, const T* a, int64_t a_rs, int64_t a_cs, const T* b,
                                 T* c, int64_t ldc, bool accumulate, const T* bias) {
  constexpr int n = kVectorLength<T>, vectors = P * kPanelVectors;
  Vector<T> sum[R][vectors] = {};
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < vectors; ++v)
      if (accumulate || bias)
        sum[r][v] = load_vector(accumulate ? c + r * ldc + v * n : bias + v * n);
  for (int64_t p = 0; p < k; ++p) {
    LAMINA_UNROLL
    for (int v = 0; v < vectors; ++v) {
      const T* from = b + (v / kPanelVectors * k + p) * kPanel<T> + v % kPanelVectors * n;
      const Vector<T> right = load_vector(from);
      prefetch(from, kAhead * kPanel<T>);
      LAMINA_UNROLL
      for (int r = 0; r < R; ++r) sum[r][v] = sum[r][v] + a[r * a_rs + p * a_cs] * right;
    }
  }
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < vectors; ++v) store_vector(c + r * ldc + v * n, sum[r][v]);
}
template <class T>
int64_t few_rows_of_panels(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_rs, int64_t a_cs,
                           const T* b, T* c, int64_t ldc, bool accumulate, const T* bias) {
  constexpr int kOne = 8 / kPanelVectors, kTwo = kOne / 2;
  int64_t j = 0;
  if (m == 1)
    for (; j + kOne * kPanel<T> <= n; j += kOne * kPanel<T>)
      panels_tile<T, 1, kOne>(k, a, a_rs, a_cs, b + j * k, c + j, ldc, accumulate,
                              bias ? bias + j : nullptr);
  for (; m == 2 && j + kTwo * kPanel<T> <= n; j += kTwo * kPanel<T>)
    panels_tile<T, 2, kTwo>(k, a, a_rs, a_cs, b + j * k, c + j, ldc, accumulate,
                            bias ? bias + j : nullptr);
  return j;
}

// Rows and columns of the left operand, `stride` apart, copied to where no two of them compete for
// the same lines of a cache.
template <class T>
const T* copied(const Context& ctx, int64_t rows, int64_t columns, const T* from, int64_t rs,
                int64_t cs, int64_t* stride) {
  *stride = (columns + 15) / 16 * 16 + 16;
  T* to = scratch<T>(ctx, kLeftSlot, rows * *stride);
  for (int64_t i = 0; i < rows; ++i) {
    T* row = to + i * *stride;
    if (cs == 1)
      std::memcpy(row, from + i * rs, static_cast<size_t>(columns) * sizeof(T));
    else
      for (int64_t j = 0; j < columns; ++j) row[j] = from[i * rs + j * cs];
  }
  return to;
}

template <class T>
void run(const Context& ctx, int64_t m, int64_t n, int64_t k, const T* a, int64_t a_rs,
         int64_t a_cs, Right<T> b, T* c, int64_t ldc, bool accumulate, const T* bias) {
  if (m == 0 || n == 0) return;
  // The stride of an axis of length 1 is free.
  if (k == 1) a_cs = 1;
  if (m == 1 && a_cs != 1) a_rs = 1;
  if (!b.packed) {
    if (n == 1 && b.rs != 1) b.cs = 1;
    if (a_cs == 1 && is_narrow<T>(n, k))
      return few_columns(ctx, m, n, k, a, a_rs, b, c, ldc, accumulate, bias);
    if (n == 1 && m > 1 && a_rs == 1 && ldc == 1 && !bias)  // c' = b' a'
      return run<T>(ctx, 1, m, k, b.data, 1, b.rs, {a, a_cs, 1}, c, m, accumulate, nullptr);
    if (m <= 2 && b.cs == 1) return few_rows(m, n, k, a, a_rs, a_cs, b, c, ldc, accumulate, bias);
  }
  if (m <= 2 && b.packed && !b.pairs) {
    const int64_t done =
        few_rows_of_panels(m, n, k, a, a_rs, a_cs, b.data, c, ldc, accumulate, bias);
    n -= done, c += done, b.data += done * k, bias = bias ? bias + done : nullptr;
    if (n == 0) return;
  }
  const Left left = a_cs != 1 && a_rs == 1 ? Left::kColumns : Left::kRows;
  const bool strided = a_cs != 1 && a_rs != 1;
  const int64_t a_stride = left == Left::kRows ? a_rs : a_cs;
  // Lines that lie a large power of two apart fall into the same few places of a cache. Those of a
  // low tile's rows find room there.
  const bool crowded = (left == Left::kColumns || tile_rows(kPanelVectors) > 8) && m > 2 &&
                       a_stride * static_cast<int64_t>(sizeof(T)) % 2048 == 0;
  const int64_t depths = max64(1, (k + kDepth - 1) / kDepth);
  const int64_t heights = (m + kHeight - 1) / kHeight;
  for (int64_t h = 0; h < heights; ++h) {
    const int64_t i0 = m * h / heights, mm = m * (h + 1) / heights - i0;
    for (int64_t d = 0; d < depths; ++d) {
      const int64_t k0 = k * d / depths, kk = k * (d + 1) / depths - k0;
      RegisterTile<T> tile{};
      tile.a = a + i0 * a_rs + k0 * a_cs, tile.stride = a_stride;
      if (strided || (crowded && n > kPanel<T>))
        tile.a = left == Left::kRows ? copied(ctx, mm, kk, tile.a, a_rs, a_cs, &tile.stride)
                                     : copied(ctx, kk, mm, tile.a, a_cs, a_rs, &tile.stride);
      tile.pieces = 1, tile.length = kk;
      tile.ldc = ldc;
      tile.accumulate = accumulate || d > 0;
      for (int64_t j0 = 0; j0 < n; j0 += kPanel<T>) {
        tile.width = min64(kPanel<T>, n - j0);
        tile.c = c + i0 * ldc + j0;
        tile.bias = bias ? bias + j0 : nullptr;
        tile.ldb = panel_width<T>(n - j0);
        if (b.packed) {
          tile.b = b.data + j0 * k + k0 * tile.ldb;
        } else {
          const T* from = b.data + k0 * b.rs + j0 * b.cs;
          if (b.cs == 1 && tile.width % kVectorLength<T> == 0 && mm <= 2 * kTileRows) {
            tile.b = from, tile.ldb = b.rs;
          } else {
            T* to = scratch<T>(ctx, kRightSlot, kk * kPanel<T>);
            panel(kk, tile.width, from, b.rs, b.cs, to);
            tile.b = to;
          }
        }
        if constexpr (std::is_same_v<T, float>) {
          if (b.pairs) {
            multiply_rows_of_pairs(left, mm, tile);
            continue;
          }
        }
        multiply_rows(left, mm, tile);
      }
    }
  }
}

}  // namespace

void pack_panel(int64_t k, int64_t count, const float* b, int64_t rs, int64_t cs, float* to) {
  panel(k, count, b, rs, cs, to);
}
void pack_panel(int64_t k, int64_t count, const double* b, int64_t rs, int64_t cs, double* to) {
  panel(k, count, b, rs, cs, to);
}
Right<float> pack(const Context& ctx, int64_t k, int64_t n, const float* b, int64_t rs, int64_t cs,
                  float* to) {
  return pack_all(ctx, k, n, b, rs, cs, to);
}
Right<double> pack(const Context& ctx, int64_t k, int64_t n, const double* b, int64_t rs,
                   int64_t cs, double* to) {
  return pack_all(ctx, k, n, b, rs, cs, to);
}
void gemm(const Context& ctx, int64_t m, int64_t n, int64_t k, const float* a, int64_t a_rs,
          int64_t a_cs, const Right<float>& b, float* c, int64_t ldc, bool accumulate,
          const float* bias) {
  run(ctx, m, n, k, a, a_rs, a_cs, b, c, ldc, accumulate, bias);
}
void gemm(const Context& ctx, int64_t m, int64_t n, int64_t k, const double* a, int64_t a_rs,
          int64_t a_cs, const Right<double>& b, double* c, int64_t ldc, bool accumulate,
          const double* bias) {
  run(ctx, m, n, k, a, a_rs, a_cs, b, c, ldc, accumulate, bias);
}

}  // namespace lamina::LAMINA_ISA
