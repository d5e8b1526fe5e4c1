// Fourier transforms. lamina has no complex numbers: a complex array is a pair of real ones, as
// keras.ops has it.
#pragma once
#include <optional>
#include <string>
#include <utility>

#include "lamina/ops.h"

namespace lamina {

using Complex = std::pair<Tensor, Tensor>;  // real and imaginary part, of the same shape

Complex fft(const Complex& x);    // over the last axis, of any length
Complex fft2(const Complex& x);   // over the last two
Complex ifft2(const Complex& x);  // its inverse
// Of real values: the first half of the spectrum, fft_length / 2 + 1 bins. x is cut or filled up
// with zeros to fft_length.
Complex rfft(const Tensor& x, std::optional<int64_t> fft_length = {});
Tensor irfft(const Complex& x, std::optional<int64_t> fft_length = {});

// How a signal is cut into frames: every sequence_stride samples, sequence_length of them, times a
// window ("hann", "hamming", "" for none, or values), in the middle of fft_length zeros.
struct StftOptions {
  int64_t sequence_length = 0, sequence_stride = 0, fft_length = 0;
  std::string window = "hann";
  Tensor window_values;  // instead of a name
  bool center = true;    // the signal is reflected at its ends, frames are centred
};
// (..., n) to (..., frames, fft_length / 2 + 1)
Complex stft(const Tensor& x, const StftOptions& options);
// The inverse, by adding overlapping frames. length: of the result.
Tensor istft(const Complex& x, const StftOptions& options, std::optional<int64_t> length = {});

}  // namespace lamina
