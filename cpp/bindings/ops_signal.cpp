// lamina.ops: Fourier transforms, with the names and arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

namespace {

// A complex array is a pair of real ones.
Complex pair_of(const py::object& x, const char* name) {
  bool fits = (py::isinstance<py::tuple>(x) || py::isinstance<py::list>(x)) && py::len(x) == 2;
  if (!fits) fail(name, ": expected a tuple of two tensors, real and imaginary part");
  Complex c{as_tensor(x[py::int_(0)], "real part"), as_tensor(x[py::int_(1)], "imaginary part")};
  for (const Tensor& t : {c.first, c.second})
    if (!is_floating(t.dtype()))
      fail(name, ": expected two tensors of a float dtype, received ", dtype_name(t.dtype()));
  if (!(c.first.shape() == c.second.shape()))
    fail(name, ": real and imaginary part must have the same shape, received ", c.first.shape(),
         " and ", c.second.shape());
  return c;
}

StftOptions options(int64_t length, int64_t stride, int64_t fft_length, const py::object& window,
                    bool center) {
  StftOptions o;
  o.sequence_length = length, o.sequence_stride = stride, o.fft_length = fft_length;
  o.center = center;
  if (window.is_none())
    o.window.clear();
  else if (py::isinstance<py::str>(window))
    o.window = window.cast<std::string>();
  else
    o.window_values = as_tensor(window, "window");
  return o;
}

}  // namespace

void bind_signal(py::module_& m) {
  m.def(
      "fft", [](const py::object& x) { return fft(pair_of(x, "fft")); }, arg("x"),
      R"(Discrete Fourier transform along the last axis, sum_j x_j exp(-2 pi i j k / n).

Args:
    x: (real part, imaginary part), of any length.

Returns:
    (real part, imaginary part).

Example:

>>> import lamina
>>> real, imaginary = lamina.ops.fft((lamina.ops.ones(4), lamina.ops.zeros(4)))
>>> real.tolist()
[4.0, 0.0, 0.0, 0.0])");
  m.def(
      "fft2", [](const py::object& x) { return fft2(pair_of(x, "fft2")); }, arg("x"),
      R"(Discrete Fourier transform along the last two axes.

Args:
    x: (real part, imaginary part).

Returns:
    (real part, imaginary part).

Example:

>>> import lamina
>>> real, imaginary = lamina.ops.fft2((lamina.ops.ones((2, 2)), lamina.ops.zeros((2, 2))))
>>> real.tolist()
[[4.0, 0.0], [0.0, 0.0]])");
  m.def(
      "ifft2", [](const py::object& x) { return ifft2(pair_of(x, "ifft2")); }, arg("x"),
      R"(The inverse of fft2.

Args:
    x: (real part, imaginary part).

Returns:
    (real part, imaginary part).

Example:

>>> import lamina
>>> ones = lamina.ops.ones((2, 2)), lamina.ops.zeros((2, 2))
>>> lamina.ops.ifft2(lamina.ops.fft2(ones))[0].tolist()
[[1.0, 1.0], [1.0, 1.0]])");
  m.def(
      "rfft", [](const py::object& x, std::optional<int64_t> n) { return rfft(T(x), n); }, arg("x"),
      arg("fft_length") = py::none(),
      R"(Fourier transform of real values along the last axis: the fft_length / 2 + 1 first bins.

Args:
    x: Real values.
    fft_length: Length of the transform: x is cut to it or filled up with zeros. The length of the
        axis by default.

Returns:
    (real part, imaginary part).

Example:

>>> import lamina
>>> real, imaginary = lamina.ops.rfft([0.0, 1.0, 0.0, -1.0])
>>> imaginary.tolist()
[0.0, -2.0, 0.0])");
  m.def(
      "irfft",
      [](const py::object& x, std::optional<int64_t> n) { return irfft(pair_of(x, "irfft"), n); },
      arg("x"), arg("fft_length") = py::none(),
      R"(The inverse of rfft: real values.

Args:
    x: (real part, imaginary part) of the first bins.
    fft_length: Length of the result, 2 * (bins - 1) by default.

Example:

>>> import lamina
>>> lamina.ops.irfft(lamina.ops.rfft([1.0, 2.0, 3.0, 4.0])).tolist()
[1.0, 2.0, 3.0, 4.0])");
  m.def(
      "stft",
      [](const py::object& x, int64_t length, int64_t stride, int64_t fft_length,
         const py::object& window,
         bool center) { return stft(T(x), options(length, stride, fft_length, window, center)); },
      arg("x"), arg("sequence_length"), arg("sequence_stride"), arg("fft_length"),
      arg("window") = "hann", arg("center") = true,
      R"(Short-time Fourier transform: rfft of overlapping frames of the last axis.

Args:
    x: (..., n), float32 or float64.
    sequence_length: Samples of a frame.
    sequence_stride: Samples from one frame to the next.
    fft_length: Length of the transform, at least sequence_length; frames are in the middle.
    window: 'hann', 'hamming' (periodic ones), values of shape (sequence_length,), or None.
    center: Reflect fft_length / 2 samples at both ends, so that frames are centred on samples.

Returns:
    (real part, imaginary part), each (..., frames, fft_length / 2 + 1).

Example:

>>> import lamina
>>> real, imaginary = lamina.ops.stft(lamina.ops.ones(64), 16, 8, 16)
>>> real.shape
(9, 9))");
  m.def(
      "istft",
      [](const py::object& x, int64_t sequence_length, int64_t stride, int64_t fft_length,
         std::optional<int64_t> length, const py::object& window, bool center) {
        return istft(pair_of(x, "istft"),
                     options(sequence_length, stride, fft_length, window, center), length);
      },
      arg("x"), arg("sequence_length"), arg("sequence_stride"), arg("fft_length"),
      arg("length") = py::none(), arg("window") = "hann", arg("center") = true,
      R"(The inverse of stft, by adding overlapping frames.

Args:
    x: (real part, imaginary part), each (..., frames, fft_length / 2 + 1).
    sequence_length: As given to stft.
    sequence_stride: As given to stft.
    fft_length: As given to stft.
    length: Length of the result; all of it by default.
    window: As given to stft.
    center: As given to stft.

Example:

>>> import lamina
>>> x = lamina.ops.arange(32, dtype="float32")
>>> spectrum = lamina.ops.stft(x, 8, 4, 8)
>>> lamina.ops.istft(spectrum, 8, 4, 8).numpy().round(4)[1:4].tolist()
[1.0, 2.0, 3.0])");
}

}  // namespace lamina::python
