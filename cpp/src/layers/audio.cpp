// Spectrograms of sound: by convolution with kernels that may be trained, and on the mel scale.
#include <bit>
#include <cmath>

#include "lamina/layers_audio.h"
#include "lamina/ops_signal.h"
#include "layers/builtin.h"

namespace lamina {

namespace {

constexpr double kEpsilon = 1e-7;

class STFTSpectrogram : public BuiltIn<STFTSpectrogram, STFTSpectrogramOptions> {
 public:
  static constexpr const char* kName = "STFTSpectrogram";
  explicit STFTSpectrogram(const STFTSpectrogramOptions& o) : BuiltIn(o) {
    require_positive("frame_length", o.frame_length);
    step_ = o.frame_step.value_or(std::max<int64_t>(o.frame_length / 2, 1));
    if (step_ > o.frame_length || step_ < 1)
      fail("`frame_step` should be a positive integer not greater than `frame_length`. Received ",
           "frame_step=", step_, ", frame_length=", o.frame_length);
    auto next_power = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(o.frame_length)));
    bins_ = o.fft_length.value_or(next_power) / 2 + 1;
    if (o.fft_length && *o.fft_length < o.frame_length)
      fail("`fft_length` should be not less than `frame_length`. Received fft_length=",
           *o.fft_length, ", frame_length=", o.frame_length);
    if (o.fft_length && !std::has_single_bit(static_cast<uint64_t>(*o.fft_length)))
      warn(str("`fft_length` is recommended to be a power of two. Received fft_length=",
               *o.fft_length));
    one_of("mode", o.mode, {"log", "magnitude", "psd", "real", "imag", "angle", "stft"});
    if (o.scaling) one_of("scaling", *o.scaling, {"density", "spectrum"});
    one_of("padding", o.padding, {"valid", "same"});
    first_ = channels_first(o.data_format);
    kernel("real").check();  // refuses unknown windows
  }

  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes);
    require_rank(shapes[0], 3);
    const Shape shape{o_.frame_length, 1, bins_};
    if (o_.mode != "imag") real_ = add_weight({"real_kernel", shape, kernel("real")});
    if (o_.mode != "real") imag_ = add_weight({"imag_kernel", shape, kernel("imag")});
  }

  Tensors call(const Tensors& in, const CallArgs&) override {
    require_rank(in[0].shape(), 3);
    Tensor real, imag;
    if (o_.mode != "imag") real = convolve(in[0], real_);
    if (o_.mode == "real") return {arrange(real)};
    imag = convolve(in[0], imag_);
    if (o_.mode == "imag") return {arrange(imag)};
    if (o_.mode == "angle") return {arrange(arctan2(imag, real))};
    if (o_.mode == "stft") return {arrange(concatenate({real, imag}, -1))};
    Tensor power = square(real) + square(imag);
    if (o_.mode == "psd") {  // of the whole spectrum: all bins but the first and the last are two
      Tensor inner = getitem(power, {Index::ellipsis(), Index::slice(1, -1)});
      return {arrange(power + pad(inner, {{0, 0}, {0, 0}, {0, 0}, {1, 1}}))};
    }
    Tensor magnitude = sqrt(maximum(power, Tensor(kEpsilon)));
    if (o_.mode == "log") magnitude = log(maximum(magnitude, Tensor(kEpsilon)));
    return {arrange(magnitude)};
  }

 private:
  void one_of(const char* argument, const std::string& given, const std::vector<std::string>& all) {
    std::string known;
    for (auto& a : all) {
      if (a == given) return;
      known += (known.empty() ? "" : ", ") + a;
    }
    fail(kName, ": argument '", argument, "' must be one of ", known, ". Received: ", argument, "=",
         given);
  }
  Initializer kernel(const char* side) const {
    Config config = Config::object({{"side", side},
                                    {"window", o_.window},
                                    {"scaling", o_.scaling ? Config(*o_.scaling) : Config()},
                                    {"periodic", o_.periodic}});
    return Initializer(Config::object({{"class_name", "STFT"}, {"config", config}}));
  }
  // (batch, channels, frames, bins): each channel by itself.
  Tensor convolve(const Tensor& x, const Variable& kernel) const {
    Tensor y = first_ ? x : transpose(x, {0, 2, 1});
    int64_t channels = y.dim(1);
    if (channels < 0)
      throw error(str("needs a known number of channels, received shape ", x.shape()));
    ConvOptions options;
    options.strides = {step_}, options.padding = o_.padding;
    y = channels == 1 ? transpose(y, {0, 2, 1}) : reshape(y, {-1, y.dim(2), 1});
    y = conv(y, kernel.value(), options);
    return channels == 1 ? expand_dims(y, {1}) : reshape(y, {-1, channels, y.dim(1), bins_});
  }
  Tensor arrange(const Tensor& x) const {
    if (o_.expand_dims) return first_ ? x : transpose(x, {0, 2, 3, 1});
    int64_t rows = x.dim(1) * x.dim(3);
    if (x.dim(1) == 1) {  // also where the length is not known
      Tensor y = squeeze(x, 1);
      return first_ ? transpose(y, {0, 2, 1}) : y;
    }
    if (first_) return reshape(transpose(x, {0, 1, 3, 2}), {-1, rows, x.dim(2)});
    return reshape(transpose(x, {0, 2, 1, 3}), {-1, x.dim(2), rows});
  }

  int64_t step_, bins_;
  bool first_;
  Variable real_, imag_;
};

class MelSpectrogram : public BuiltIn<MelSpectrogram, MelSpectrogramOptions> {
 public:
  static constexpr const char* kName = "MelSpectrogram";
  explicit MelSpectrogram(const MelSpectrogramOptions& o) : BuiltIn(o) {
    for (auto [argument, value] : {std::pair{"fft_length", o.fft_length},
                                   {"sequence_stride", o.sequence_stride},
                                   {"sampling_rate", o.sampling_rate},
                                   {"num_mel_bins", o.num_mel_bins}})
      require_positive(argument, value);
    o_.sequence_length = o.sequence_length.value_or(o.fft_length);
    o_.max_freq = o.max_freq.value_or(static_cast<double>(o.sampling_rate / 2));
    if (o.fft_length < *o_.sequence_length)
      fail(
          "`fft_length` must be greater than or equal to `sequence_length`. Received: "
          "`sequence_length`=",
          *o_.sequence_length, ", `fft_length`=", o.fft_length);
    stft_ = {*o_.sequence_length, o.sequence_stride, o.fft_length};
    stft_.window = o.window.is_string() ? o.window.as_string() : "";
    if (o.window.is_list()) {
      std::vector<double> values;
      for (auto& v : o.window.as_list()) values.push_back(v.as_double());
      stft_.window_values = Tensor::from_vector(values, {static_cast<int64_t>(values.size())});
    }
  }

  Tensors call(const Tensors& in, const CallArgs&) override {
    const Tensor& x = in[0];
    if (x.rank() != 1 && x.rank() != 2)
      throw error(
          str("expected a signal (samples,) or a batch of them (batch, samples), "
              "received shape ",
              x.shape()));
    auto [real, imag] = stft(x, stft_);
    Tensor power = square(real) + square(imag);
    if (o_.mag_exp != 2) power = lamina::power(sqrt(power), Tensor(o_.mag_exp));
    Tensor y = matmul(power, cast(mel_, x.dtype()));
    if (o_.power_to_db) y = decibels(y);
    return {swapaxes(y, -1, -2)};
  }

  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes);
    mel_ = mel_weights();
  }

 private:
  Tensor decibels(const Tensor& x) const {
    double reference = 10 * std::log10(std::max(std::abs(o_.ref_power), o_.min_power));
    Tensor y = Tensor(10.0) * log10(maximum(x, Tensor(o_.min_power))) - Tensor(reference);
    return maximum(y, max(y) - Tensor(o_.top_db));
  }
  // (bins, mel bins): triangles that overlap by half, of even width on the mel scale of the Hidden
  // Markov Model Toolkit, mel(f) = 1127 log(1 + f / 700). The bin of frequency 0 counts nowhere.
  Tensor mel_weights() const {
    auto mel = [](double hertz) { return 1127 * std::log(1 + hertz / 700); };
    const int64_t bins = o_.fft_length / 2 + 1, n = o_.num_mel_bins;
    const double low = mel(o_.min_freq),
                 width = (mel(*o_.max_freq) - low) / static_cast<double>(n + 1);
    std::vector<double> out(static_cast<size_t>(bins * n));
    for (int64_t i = 1; i < bins; ++i) {
      double hertz = static_cast<double>(o_.sampling_rate) / 2 * static_cast<double>(i) /
                     static_cast<double>(bins - 1);
      double at = (mel(hertz) - low) / width;  // the peak of triangle j is at j + 1
      for (int64_t j = 0; j < n; ++j)
        out[static_cast<size_t>(i * n + j)] =
            std::max(0.0, 1 - std::abs(at - static_cast<double>(j + 1)));
    }
    return Tensor::from_vector(out, {bins, n});
  }

  StftOptions stft_;
  Tensor mel_;
};

}  // namespace

void add_audio_layers(LayerClasses& out);
void add_audio_layers(LayerClasses& out) {
  out.push_back(layer_class<STFTSpectrogram>(
      R"(The short-time Fourier transform of signals, by convolution with kernels that are weights.

With trainable=False the kernels stay those of the transform.

Args:
    mode: "log" or "magnitude" of the spectrum, "psd" (its squares, both halves), "real", "imag",
        "angle", or "stft" (real and imaginary part, one behind the other).
    frame_length: Samples of a frame.
    frame_step: Samples from one frame to the next; half the frame_length by default.
    fft_length: Length of the transform, at least frame_length; the next power of two by default.
    window: Name of a window, its values, or None.
    periodic: Whether the window is periodic rather than symmetric.
    scaling: "density", "spectrum" or None, as of the initializer `STFT`.
    padding: "valid" or "same".
    expand_dims: Whether channels keep an axis of their own, as image layers want it.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, samples, channels), or (batch, channels, samples) with channels_first.
Output shape: (batch, frames, channels * bins) or, with expand_dims, (batch, frames, bins, channels),
where bins is fft_length / 2 + 1, twice that in mode "stft"; with channels_first
(batch, channels * bins, frames) or (batch, channels, frames, bins).

Raises:
    ValueError: An unknown mode, scaling, padding or window; a frame_step above or an fft_length
        below frame_length.

Example:

>>> import numpy as np
>>> import lamina
>>> layer = lamina.layers.STFTSpectrogram("magnitude", frame_length=16, trainable=False)
>>> layer(np.zeros((2, 64, 1), "float32")).shape
(2, 7, 9))"));
  out.push_back(layer_class<MelSpectrogram>(
      R"(The power of signals over time and frequency, on the mel scale.

Args:
    fft_length: Length of the Fourier transform.
    sequence_stride: Samples from one frame to the next.
    sequence_length: Samples of a frame, at most fft_length, which is the default.
    window: Name of a window, its values, or None.
    sampling_rate: Samples a second.
    num_mel_bins: Number of bands.
    min_freq: Lower edge of the lowest band, in hertz.
    max_freq: Upper edge of the highest band, in hertz; half the sampling_rate by default.
    power_to_db: Whether the result is in decibels.
    top_db: How far below the largest value of the batch a value may be, in decibels.
    mag_exp: Exponent of the magnitude: 2 for power, 1 for magnitude.
    min_power: Smallest power, before the logarithm.
    ref_power: The power of 0 decibels.

Input shape: (batch, samples), or (samples,).
Output shape: (batch, num_mel_bins, frames), or (num_mel_bins, frames).

Raises:
    ValueError: A sequence_length above fft_length.

Example:

>>> import numpy as np
>>> import lamina
>>> layer = lamina.layers.MelSpectrogram(fft_length=64, sequence_stride=16, num_mel_bins=8)
>>> layer(np.ones((2, 160), "float32")).shape
(2, 8, 11))"));
}

}  // namespace lamina
