// The discrete Fourier transform: radix 2 for powers of two, Bluestein's algorithm for other
// lengths, in float64.
#include <cmath>
#include <complex>
#include <vector>

#include "lamina/ops_array.h"
#include "lamina/ops_signal.h"
#include "ops/matrices.h"
#include "ops/promote.h"
#include "ops/registry.h"

namespace lamina {

namespace {

using Number = std::complex<double>;
using Numbers = std::vector<Number>;
constexpr double kTurn = 6.283185307179586477;

// What a transform of a length needs; the sign is that of the exponent.
class Transform {
 public:
  Transform(int64_t n, int sign) : n_(n), size_(1) {
    bool power = (n & (n - 1)) == 0;
    while (size_ < (power ? n : 2 * n - 1)) size_ *= 2;
    for (int64_t i = 0; i < size_ / 2; ++i)
      turns_.push_back(std::polar(
          1.0, (power ? sign : -1) * kTurn * static_cast<double>(i) / static_cast<double>(size_)));
    if (power) return;
    // x_j w^jk = w^(k^2 / 2) sum of (x_j w^(j^2 / 2)) w^(-(k - j)^2 / 2): a convolution.
    kernel_.resize(static_cast<size_t>(size_));
    for (int64_t i = 0; i < n; ++i) {
      double angle =
          sign * kTurn / 2 * static_cast<double>(i * i % (2 * n)) / static_cast<double>(n);
      chirp_.push_back(std::polar(1.0, angle));
      kernel_[static_cast<size_t>(i)] = std::conj(chirp_.back());
      if (i) kernel_[static_cast<size_t>(size_ - i)] = std::conj(chirp_.back());
    }
    radix2(kernel_);
  }

  // In place: n values apart by `step` in re and im.
  void run(double* re, double* im) const {
    Numbers work(static_cast<size_t>(size_));
    for (int64_t i = 0; i < n_; ++i) {
      Number x(re[i], im[i]);
      work[static_cast<size_t>(i)] = chirp_.empty() ? x : x * chirp_[static_cast<size_t>(i)];
    }
    radix2(work);
    if (!chirp_.empty()) {
      for (size_t i = 0; i < work.size(); ++i) work[i] = std::conj(work[i] * kernel_[i]);
      radix2(work);  // the inverse, by conjugates
      double scale = 1 / static_cast<double>(size_);
      for (size_t i = 0; i < chirp_.size(); ++i) work[i] = std::conj(work[i]) * chirp_[i] * scale;
    }
    for (int64_t i = 0; i < n_; ++i)
      re[i] = work[static_cast<size_t>(i)].real(), im[i] = work[static_cast<size_t>(i)].imag();
  }

 private:
  void radix2(Numbers& x) const {
    size_t n = x.size();
    for (size_t i = 1, j = 0; i < n; ++i) {  // bits of the index reversed
      size_t bit = n >> 1;
      for (; j & bit; bit >>= 1) j ^= bit;
      j ^= bit;
      if (i < j) std::swap(x[i], x[j]);
    }
    for (size_t half = 1; half < n; half *= 2) {
      size_t stride = n / (2 * half);
      for (size_t block = 0; block < n; block += 2 * half)
        for (size_t k = 0; k < half; ++k) {
          Number a = x[block + k], w = turns_[k * stride], b = x[block + half + k];
          Number t(w.real() * b.real() - w.imag() * b.imag(),
                   w.real() * b.imag() + w.imag() * b.real());
          x[block + k] = a + t, x[block + half + k] = a - t;
        }
    }
  }

  int64_t n_, size_;
  Numbers turns_, chirp_, kernel_;
};

// Real and imaginary part; sum over j of x_j exp(sign 2 pi i j k / n) along the last axis.
void infer_fft(Infer& f) {
  if (f.shape(0).rank() < 1 || f.shape(0)[-1] == 0)
    f.refuse("expected an axis that is not empty, received shape ", f.shape(0));
  if (!(f.shape(0) == f.shape(1)))
    f.refuse("real and imaginary part must have the same shape, received ", f.shape(0), " and ",
             f.shape(1));
  f.output(f.shape(0), f.dtype(0));
  f.output(f.shape(0), f.dtype(0));
}
void run_fft(const Run& r) {
  int64_t n = r.in[0].shape[r.in[0].rank - 1], rows = batch_of(r.in[0], 1);
  if (rows == 0) return;
  Matrices re(r, r.in[0]), im(r, r.in[1]);
  Transform transform(n, static_cast<int>(r.attrs.integer("sign")));
  double cost = 20.0 * static_cast<double>(n) * std::log2(static_cast<double>(n) + 1);
  for_each_matrix(r, rows, cost, [&](int64_t i) { transform.run(re.at(i, n), im.at(i, n)); });
  re.store(r, r.out[0]), im.store(r, r.out[1]);
}
Tensors fft_backward(const Backward& b);
const Op kFft{"fft", infer_fft, run_fft, fft_backward};
// The transform is linear and symmetric: its adjoint has the other sign.
Tensors fft_backward(const Backward& b) {
  return apply(kFft, {b.grad(0), b.grad(1)}, {{"sign", -b.attrs().integer("sign")}});
}

Complex transform(const Complex& x, int64_t sign) {
  DType d = common_float({x.first, x.second});
  DType wide = d == DType::kFloat64 ? d : DType::kFloat32;
  Tensors y = apply(kFft, {as_dtype(x.first, wide), as_dtype(x.second, wide)}, {{"sign", sign}});
  return {y[0], y[1]};
}
Complex swapped(const Complex& x) {
  return {swapaxes(x.first, -1, -2), swapaxes(x.second, -1, -2)};
}
Complex twice(const Complex& x, int64_t sign) {
  if (x.first.rank() < 2) fail("fft2: expected at least 2 axes, received shape ", x.first.shape());
  return swapped(transform(swapped(transform(x, sign)), sign));
}
// The last axis cut or filled up with zeros.
Tensor fitted(const Tensor& x, int64_t n) {
  if (x.dim(-1) == n) return x;
  if (x.dim(-1) > n) return getitem(x, {Index::ellipsis(), Index::slice(0, n)});
  std::vector<std::pair<int64_t, int64_t>> width(static_cast<size_t>(x.rank()));
  width.back().second = n - x.dim(-1);
  return pad(x, width);
}
int64_t checked_length(const char* name, const Tensor& x, int64_t n) {
  if (x.rank() < 1 || n < 1)
    fail(name, ": expected at least one axis and a positive length, received shape ", x.shape(),
         " and length ", n);
  return n;
}

}  // namespace

void register_fourier_ops() { register_op(kFft); }

Complex fft(const Complex& x) { return transform(x, -1); }
Complex fft2(const Complex& x) { return twice(x, -1); }
Complex ifft2(const Complex& x) {
  Complex y = twice(x, 1);
  Tensor scale(1.0 / static_cast<double>(x.first.dim(-1) * x.first.dim(-2)));
  return {y.first * scale, y.second * scale};
}

Complex rfft(const Tensor& x, std::optional<int64_t> fft_length) {
  Tensor t = as_float(x);
  int64_t n = checked_length("rfft", t, fft_length.value_or(t.rank() ? t.dim(-1) : 0));
  t = fitted(t, n);
  Complex y = transform({t, zeros_like(t)}, -1);
  return {fitted(y.first, n / 2 + 1), fitted(y.second, n / 2 + 1)};
}

Tensor irfft(const Complex& x, std::optional<int64_t> fft_length) {
  Tensor re = as_float(x.first), im = as_float(x.second);
  int64_t bins = re.rank() ? re.dim(-1) : 0;
  int64_t n = checked_length("irfft", re, fft_length.value_or(2 * (bins - 1)));
  re = fitted(re, n / 2 + 1), im = fitted(im, n / 2 + 1);
  // A real signal: the other half is conjugate, the first bin and the middle one are real.
  Index others = Index::slice(1, (n + 1) / 2);
  Tensor re2 = flip(getitem(re, {Index::ellipsis(), others}), -1);
  Tensor im2 = getitem(im, {Index::ellipsis(), others});
  Tensor none = zeros_like(getitem(im, {Index::ellipsis(), Index::slice(0, 1)}));
  Tensors parts = {none, im2};
  if (n % 2 == 0) parts.push_back(none);
  parts.push_back(-flip(im2, -1));
  Complex y = transform({concatenate({re, re2}, -1), concatenate(parts, -1)}, 1);
  return y.first * Tensor(1 / static_cast<double>(n));
}

// ---- short-time transforms ----------------------------------------------------------------------

namespace {

Tensor window_of(const char* name, const StftOptions& o, DType dtype) {
  if (o.sequence_length < 1 || o.sequence_stride < 1)
    fail(name, ": sequence_length and sequence_stride must be positive, received ",
         o.sequence_length, " and ", o.sequence_stride);
  if (o.fft_length < o.sequence_length)
    fail(name, ": fft_length must not be below sequence_length, received ", o.fft_length, " and ",
         o.sequence_length);
  if (!o.window_values.defined() && o.window.empty()) return ones({o.fft_length}, dtype);
  Tensor w = o.window_values;
  if (w.defined()) {
    if (!(w.shape() == Shape{o.sequence_length}))
      fail(name, ": expected a window of shape ", Shape{o.sequence_length}, ", received ",
           w.shape());
    w = as_dtype(w, dtype);
  } else {
    if (o.window != "hann" && o.window != "hamming")
      fail(name, ": window must be hann, hamming or values, received '", o.window, "'");
    double mean = o.window == "hann" ? 0.5 : 0.54;
    std::vector<double> v;  // of one period
    for (int64_t i = 0; i < o.sequence_length; ++i)
      v.push_back(mean - (1 - mean) * std::cos(kTurn * static_cast<double>(i) /
                                               static_cast<double>(o.sequence_length)));
    w = cast(Tensor::from_vector(v, {o.sequence_length}), dtype);
  }
  int64_t left = (o.fft_length - o.sequence_length) / 2;
  return pad(w, {{left, o.fft_length - o.sequence_length - left}});
}

// (..., frames, n) to (..., stride (frames - 1) + n), overlapping parts added.
Tensor overlap_add(const Tensor& frames, int64_t stride) {
  int64_t count = frames.dim(-2), n = frames.dim(-1), length = stride * (count - 1) + n;
  std::vector<int64_t> places;
  for (int64_t f = 0; f < count; ++f)
    for (int64_t i = 0; i < n; ++i) places.push_back(f * stride + i);
  Tensor columns = transpose(reshape(frames, {-1, count * n}));
  Tensor y = scatter(reshape(Tensor::from_vector(places, {count * n}), {count * n, 1}), columns,
                     {length, columns.dim(1)});
  Ints shape = frames.shape().vec();
  shape.pop_back();
  shape.back() = length;
  return reshape(transpose(y), shape);
}

}  // namespace

Complex stft(const Tensor& x, const StftOptions& o) {
  if (x.dtype() != DType::kFloat32 && x.dtype() != DType::kFloat64)
    throw Error(str("stft: expected float32 or float64, received ", dtype_name(x.dtype())),
                Error::Kind::kType);
  Tensor window = window_of("stft", o, x.dtype()), t = x;
  if (o.center) {
    std::vector<std::pair<int64_t, int64_t>> width(static_cast<size_t>(t.rank()));
    width.back() = {o.fft_length / 2, o.fft_length / 2};
    t = pad(t, width, "reflect");
  }
  return rfft(extract_sequences(t, o.fft_length, o.sequence_stride) * window, o.fft_length);
}

Tensor istft(const Complex& x, const StftOptions& o, std::optional<int64_t> length) {
  if (x.first.rank() < 2) fail("istft: expected at least 2 axes, received shape ", x.first.shape());
  Tensor frames = irfft(x, o.fft_length);
  Tensor window = window_of("istft", o, frames.dtype());
  Tensor y = overlap_add(frames * window, o.sequence_stride);
  Tensor weight =
      overlap_add(broadcast_to(square(window), {frames.dim(-2), o.fft_length}), o.sequence_stride);
  y = y / where(greater(weight, Tensor(1e-10)), weight, ones_like(weight));
  int64_t start = o.center ? o.fft_length / 2 : 0, end = y.dim(-1);
  if (length)
    end = std::min(end, start + *length);
  else if (o.center)
    end -= o.fft_length / 2;
  return getitem(y, {Index::ellipsis(), Index::slice(start, end)});
}

}  // namespace lamina
