// One to three spatial axes as three.
#pragma once
#include "kernels/cpu/common.h"

namespace lamina::LAMINA_ISA {
namespace {

struct Spatial {
  int64_t n, c;  // batch, channels
  int64_t in[3], out[3], window[3], stride[3], dilation[3], pad[3];
  int64_t in_size, out_size, window_size;

  // x: (N, s..., C); y: (N, o..., F); missing axes come first with length 1.
  Spatial(int rank, const View& x, const View& y, const int64_t* k, const int64_t* strides,
          const int64_t* dilations, const int64_t* pads) {
    n = x.shape[0], c = x.shape[rank + 1];
    in_size = out_size = window_size = 1;
    for (int d = 0; d < 3; ++d) {
      int s = d - (3 - rank);
      in[d] = s < 0 ? 1 : x.shape[s + 1];
      out[d] = s < 0 ? 1 : y.shape[s + 1];
      window[d] = s < 0 ? 1 : k[s];
      stride[d] = s < 0 ? 1 : strides[s];
      dilation[d] = s < 0 || !dilations ? 1 : dilations[s];
      pad[d] = s < 0 ? 0 : pads[s];
      in_size *= in[d], out_size *= out[d], window_size *= window[d];
    }
  }
  // Calls f(window position, input pixel) for each pixel of the input that output pixel o sees.
  template <class F>
  void visit(int64_t o, F&& f) const {
    int64_t o2 = o % out[2], o1 = o / out[2] % out[1], o0 = o / out[2] / out[1];
    for (int64_t a = 0; a < window[0]; ++a) {
      int64_t i0 = o0 * stride[0] - pad[0] + a * dilation[0];
      if (i0 < 0 || i0 >= in[0]) continue;
      for (int64_t b = 0; b < window[1]; ++b) {
        int64_t i1 = o1 * stride[1] - pad[1] + b * dilation[1];
        if (i1 < 0 || i1 >= in[1]) continue;
        for (int64_t e = 0; e < window[2]; ++e) {
          int64_t i2 = o2 * stride[2] - pad[2] + e * dilation[2];
          if (i2 < 0 || i2 >= in[2]) continue;
          f((a * window[1] + b) * window[2] + e, (i0 * in[1] + i1) * in[2] + i2);
        }
      }
    }
  }
};

}  // namespace
}  // namespace lamina::LAMINA_ISA
