// Window functions of signal processing, by SciPy's names.
#pragma once
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "lamina/error.h"

namespace lamina {

// `n` values. periodic: of a window one longer, without its last value, for Fourier analysis.
inline std::vector<double> window_values(const std::string& name, int64_t n, bool periodic) {
  constexpr double kPi = std::numbers::pi;
  const int64_t m = periodic ? n + 1 : n;
  // Sums of cosines: sum over k of (-1)^k a_k cos(2 pi k x), x from 0 to 1.
  std::vector<double> cosines;
  if (name == "hann" || name == "hanning") cosines = {0.5, 0.5};
  if (name == "hamming") cosines = {0.54, 0.46};
  if (name == "blackman") cosines = {0.42, 0.5, 0.08};
  if (name == "nuttall") cosines = {0.3635819, 0.4891775, 0.1365995, 0.0106411};
  if (name == "blackmanharris") cosines = {0.35875, 0.48829, 0.14128, 0.01168};
  if (name == "flattop") cosines = {0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368};
  const bool known = !cosines.empty() || name == "boxcar" || name == "rect" ||
                     name == "rectangular" || name == "ones" || name == "bartlett" ||
                     name == "triang" || name == "cosine" || name == "bohman" || name == "parzen";
  if (!known)
    fail("unknown window '", name, "'; there are bartlett, blackman, blackmanharris, bohman, ",
         "boxcar, cosine, flattop, hamming, hann, nuttall, parzen, triang");
  std::vector<double> out;
  for (int64_t i = 0; i < n; ++i) {
    const double t = static_cast<double>(i), size = static_cast<double>(m);
    const double x = m > 1 ? t / (size - 1) : 0.5;  // 0 to 1
    const double u = std::abs(2 * x - 1);           // distance from the middle, 1 at the ends
    double v = 1;
    if (m <= 1) {
      v = 1;
    } else if (!cosines.empty()) {
      v = 0;
      for (size_t k = 0; k < cosines.size(); ++k)
        v += (k % 2 ? -1 : 1) * cosines[k] * std::cos(2 * kPi * static_cast<double>(k) * x);
    } else if (name == "bartlett") {
      v = 1 - u;
    } else if (name == "triang") {
      const double from = std::abs(t - (size - 1) / 2);
      v = 1 - from / ((m % 2 ? size + 1 : size) / 2);
    } else if (name == "cosine") {
      v = std::sin(kPi / size * (t + 0.5));
    } else if (name == "bohman") {
      v = u >= 1 ? 0 : (1 - u) * std::cos(kPi * u) + std::sin(kPi * u) / kPi;
    } else if (name == "parzen") {
      const double r = std::abs(t - (size - 1) / 2) / (size / 2);
      v = r <= 0.5 ? 1 - 6 * r * r * (1 - r) : 2 * (1 - r) * (1 - r) * (1 - r);
    }
    out.push_back(v);
  }
  return out;
}

}  // namespace lamina
