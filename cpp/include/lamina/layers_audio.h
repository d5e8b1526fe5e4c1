// Layers that turn sound into spectrograms.
#pragma once
#include "lamina/layers.h"

namespace lamina {

struct STFTSpectrogramOptions {
  std::string mode = "log";  // log, magnitude, psd, real, imag, angle, stft
  int64_t frame_length = 256;
  std::optional<int64_t> frame_step;  // half the frame_length by default
  std::optional<int64_t> fft_length;  // the next power of two by default
  Config window = "hann";             // a name, values, or null
  bool periodic = false;
  std::optional<std::string> scaling = "density";  // density, spectrum, or none
  std::string padding = "valid";
  bool expand_dims = false;
  std::string data_format = "channels_last";
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("mode", mode)("frame_length", frame_length)("frame_step", frame_step);
    f("fft_length", fft_length)("window", window)("periodic", periodic)("scaling", scaling);
    f("padding", padding)("expand_dims", expand_dims)("data_format", data_format), rest(f);
  }
};

struct MelSpectrogramOptions {
  int64_t fft_length = 2048, sequence_stride = 512;
  std::optional<int64_t> sequence_length;  // fft_length by default
  Config window = "hann";                  // a name, values, or null
  int64_t sampling_rate = 16000, num_mel_bins = 128;
  double min_freq = 20;
  std::optional<double> max_freq;  // half the sampling_rate by default
  bool power_to_db = true;
  double top_db = 80, mag_exp = 2, min_power = 1e-10, ref_power = 1;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("fft_length", fft_length)("sequence_stride", sequence_stride);
    f("sequence_length", sequence_length)("window", window)("sampling_rate", sampling_rate);
    f("num_mel_bins", num_mel_bins)("min_freq", min_freq)("max_freq", max_freq);
    f("power_to_db", power_to_db)("top_db", top_db)("mag_exp", mag_exp)("min_power", min_power);
    f("ref_power", ref_power), rest(f);
  }
};

namespace layers {

inline Handle STFTSpectrogram(STFTSpectrogramOptions o = {}) { return make("STFTSpectrogram", o); }
inline Handle MelSpectrogram(MelSpectrogramOptions o = {}) { return make("MelSpectrogram", o); }

}  // namespace layers

}  // namespace lamina
