// Values of an image between its pixels: nearest or linear interpolation at given coordinates.
#include "kernels/cpu/common.h"

namespace lamina::LAMINA_ISA {
namespace {

using abi::Border;
using abi::SampleArgs;

constexpr int64_t kPoints = 256;  // of a parallel block

inline int64_t modulo(int64_t i, int64_t n) {
  const int64_t r = i % n;
  return r < 0 ? r + n : r;
}

// Where index i of an axis of length n is read, or -1 for the fill value.
inline int64_t fixed(Border border, int64_t i, int64_t n) {
  if (i >= 0 && i < n) return i;
  switch (border) {
    case Border::kConstant:
      return -1;
    case Border::kNearest:
      return i < 0 ? 0 : n - 1;
    case Border::kWrap:
      return modulo(i, n);
    case Border::kMirror: {  // ... 2 1 0 1 2 ...
      if (n == 1) return 0;
      const int64_t r = modulo(i, 2 * (n - 1));
      return r < n ? r : 2 * (n - 1) - r;
    }
    default: {  // kReflect: ... 1 0 0 1 ...
      const int64_t r = modulo(i, 2 * n);
      return r < n ? r : 2 * n - 1 - r;
    }
  }
}

// Far coordinates are brought to where every border still treats them alike, and NaN to one end.
template <class T>
inline T bounded(T v) {
  constexpr T limit = T(1 << 30);
  return v > -limit ? (v < limit ? v : limit) : -limit;
}

// The one or two pixels that one coordinate reads along an axis.
template <class T>
struct Reads {
  int64_t at[2];  // offset of the pixel, or -1 for the fill value
  T weight[2];
};

template <class T, int kAxes>
struct Sampler {
  Sampler(const SampleArgs& a, const View& x, const View& coords)
      : args(a), axes(x.rank - 2), channels(x.shape[x.rank - 1]), points(coords.shape[1]) {
    int64_t step = channels;
    for (int r = axes - 1; r >= 0; --r) {
      stride[r] = step;
      size[r] = x.shape[r + 1];
      step *= size[r];
    }
    image = step;
    corners = a.linear ? int64_t(1) << axes : 1;
  }

  int rank() const { return kAxes ? kAxes : axes; }

  void reads(const T* at, Reads<T>* out) const {
    for (int r = 0; r < rank(); ++r) {
      const T c = bounded(at[r]);
      const T low = args.linear ? std::floor(c) : std::round(c);
      const int64_t i = int64_t(low);
      const int64_t a = fixed(args.border, i, size[r]);
      out[r].at[0] = a < 0 ? -1 : a * stride[r];
      out[r].weight[0] = args.linear ? 1 - (c - low) : T(1);
      if (!args.linear) continue;
      const int64_t b = fixed(args.border, i + 1, size[r]);
      out[r].at[1] = b < 0 ? -1 : b * stride[r];
      out[r].weight[1] = c - low;
    }
  }

  // The pixel of a corner (-1: fill value), and the product of its weights, but for that of `skip`.
  int64_t corner(const Reads<T>* reads, int64_t which, T& weight, int skip = -1) const {
    int64_t offset = 0;
    bool inside = true;
    weight = 1;
    for (int r = 0; r < rank(); ++r) {
      const int side = int(which >> (rank() - 1 - r)) & 1;
      const int64_t at = reads[r].at[side];
      inside &= at >= 0;
      offset += at;
      if (r != skip) weight *= reads[r].weight[side];
    }
    return inside ? offset : -1;
  }

  void forward(const T* x, const T* at, T* y) const {
    Reads<T> r[abi::kMaxRank];
    reads(at, r);
    const T fill = T(args.fill);
    for (int64_t k = 0; k < corners; ++k) {
      T w;
      const int64_t from = corner(r, k, w);
      for (int64_t c = 0; c < channels; ++c) {
        const T v = w * (from < 0 ? fill : x[from + c]);
        y[c] = k ? y[c] + v : v;
      }
    }
  }

  void backward(const T* x, const T* at, const T* gy, T* gx, T* gcoords) const {
    Reads<T> r[abi::kMaxRank];
    reads(at, r);
    if (gx) {
      for (int64_t k = 0; k < corners; ++k) {
        T w;
        const int64_t to = corner(r, k, w);
        if (to < 0) continue;
        for (int64_t c = 0; c < channels; ++c) gx[to + c] += w * gy[c];
      }
    }
    if (!gcoords) return;
    for (int axis = 0; axis < rank(); ++axis) {
      T total = 0;
      for (int64_t k = 0; args.linear && k < corners; ++k) {
        T w;
        const int64_t from = corner(r, k, w, axis);
        T dot = 0;
        for (int64_t c = 0; c < channels; ++c)
          dot += gy[c] * (from < 0 ? T(args.fill) : x[from + c]);
        total += ((k >> (rank() - 1 - axis)) & 1) ? w * dot : -w * dot;
      }
      gcoords[axis] = total;
    }
  }

  const SampleArgs args;
  const int axes;
  const int64_t channels, points;
  int64_t size[abi::kMaxRank], stride[abi::kMaxRank], image, corners;
};

template <class T, int kAxes>
void forward(const Context& ctx, const SampleArgs& a, const View& x, const View& coords,
             const View& y) {
  const Sampler<T, kAxes> s(a, x, coords);
  const int64_t n = x.shape[0], parts = (s.points + kPoints - 1) / kPoints;
  const double cost = double(n * s.points) * double(s.corners) * (2.0 + double(s.channels));
  parallel(ctx, n * parts, cost, [&](int64_t block) {
    const int64_t b = block / parts, first = block % parts * kPoints;
    const int64_t end = min64(s.points, first + kPoints);
    const T* at = data<T>(coords) + (coords.shape[0] == 1 ? 0 : b * s.points * s.rank());
    for (int64_t p = first; p < end; ++p)
      s.forward(data<T>(x) + b * s.image, at + p * s.rank(),
                data<T>(y) + (b * s.points + p) * s.channels);
  });
}

// One image a block: points may add to the same pixel.
template <class T, int kAxes>
void backward(const Context& ctx, const SampleArgs& a, const View& x, const View& coords,
              const View& gy, const View* gx, const View* gcoords) {
  const Sampler<T, kAxes> s(a, x, coords);
  const int64_t n = x.shape[0];
  const double cost = 2 * double(n * s.points) * double(s.corners) * (2.0 + double(s.channels));
  parallel(ctx, n, cost, [&](int64_t b) {
    T* to = gx ? data<T>(*gx) + b * s.image : nullptr;
    if (to) std::memset(to, 0, size_t(s.image) * sizeof(T));
    for (int64_t p = b * s.points; p < (b + 1) * s.points; ++p)
      s.backward(data<T>(x) + b * s.image, data<T>(coords) + p * s.rank(),
                 data<T>(gy) + p * s.channels, to,
                 gcoords ? data<T>(*gcoords) + p * s.rank() : nullptr);
  });
}

void sample(const Context& ctx, const SampleArgs& a, const View& x, const View& coords,
            const View& y) {
  const bool f32 = x.dtype == DType::kFloat32, plane = x.rank == 4;
  if (f32)
    plane ? forward<float, 2>(ctx, a, x, coords, y) : forward<float, 0>(ctx, a, x, coords, y);
  else
    plane ? forward<double, 2>(ctx, a, x, coords, y) : forward<double, 0>(ctx, a, x, coords, y);
}

void sample_grad(const Context& ctx, const SampleArgs& a, const View& x, const View& coords,
                 const View& gy, const View* gx, const View* gcoords) {
  const bool f32 = x.dtype == DType::kFloat32, plane = x.rank == 4;
  if (f32)
    plane ? backward<float, 2>(ctx, a, x, coords, gy, gx, gcoords)
          : backward<float, 0>(ctx, a, x, coords, gy, gx, gcoords);
  else
    plane ? backward<double, 2>(ctx, a, x, coords, gy, gx, gcoords)
          : backward<double, 0>(ctx, a, x, coords, gy, gx, gcoords);
}

}  // namespace

void fill_sample(abi::KernelTable& t) {
  t.sample = sample;
  t.sample_grad = sample_grad;
}

}  // namespace lamina::LAMINA_ISA
