// One step of one sequence, for each cell, forward and backward.
//
// z: the sums of the row's gates, which forward turns into what backward needs; d: gradients of
// those sums. `width` numbers a unit are kept of each. Columns [recurrent, recurrent + gates) units
// of z belong to the product with the recurrent weights; where in z the columns of the product with
// the inputs go, `input_column` says (the product is cut at `input_cut` units).
//
// Units [first, last) are done, of `units` in all.
//
// dh comes in as the gradient of the new h from the step after, and goes out as that of the old h,
// as far as it does not pass through the recurrent product; so does dc. `carries`: there is such a
// part of dh.
#pragma once
#include "kernels/functors.h"

namespace lamina::LAMINA_ISA {
namespace {

struct Units {
  int64_t all, first, last;
};

template <class T>
inline void apply_sigmoid(const Units& u, T* __restrict z) {
  for (int64_t j = u.first; j < u.last; ++j) z[j] = Sigmoid::f(z[j], 0, 0);
}
template <class T>
inline void apply_tanh(const Units& u, T* __restrict z) {
  for (int64_t j = u.first; j < u.last; ++j) z[j] = Tanh::f(z[j], 0, 0);
}

// h' = tanh(x w + h u + b) (Elman 1990), or relu.
template <bool kRelu>
struct SimpleCell {
  static constexpr int64_t gates = 1, width = 1, recurrent = 0, input_cut = 1;
  static constexpr bool memory = false, carries = false, reset_before = false;
  static constexpr int64_t input_column(int64_t) { return 0; }

  template <class T>
  static LAMINA_NOINLINE void forward(const Units& u, T* __restrict z, const T*, const T*, T*,
                                      T* __restrict h) {
    if constexpr (kRelu) {
      for (int64_t j = u.first; j < u.last; ++j) z[j] = z[j] > 0 ? z[j] : T(0);
    } else {
      apply_tanh(u, z);
    }
    std::memcpy(h + u.first, z + u.first, static_cast<size_t>(u.last - u.first) * sizeof(T));
  }
  template <class T>
  static LAMINA_NOINLINE void backward(const Units& u, const T* z, const T*, const T*, const T*,
                                       const T* gh, const T* dh, T*, T* __restrict d) {
    for (int64_t j = u.first; j < u.last; ++j) {
      const T slope = kRelu ? (z[j] > 0 ? T(1) : T(0)) : (1 - z[j]) * (1 + z[j]);
      d[j] = (dh[j] + gh[j]) * slope;
    }
  }
};

// i, f, o = sigmoid, g = tanh of x w + h u + b; c' = f c + i g, h' = o tanh(c') (Hochreiter and
// Schmidhuber 1997, with the forget gate of Gers et al. 2000). z: i, f, g, o.
struct LstmCell {
  static constexpr int64_t gates = 4, width = 4, recurrent = 0, input_cut = 4;
  static constexpr bool memory = true, carries = false, reset_before = false;
  static constexpr int64_t input_column(int64_t) { return 0; }

  template <class T>
  static LAMINA_NOINLINE void forward(const Units& u, T* __restrict z, const T*, const T* old_c,
                                      T* __restrict c, T* __restrict h) {
    const int64_t units = u.all;
    apply_sigmoid(u, z);
    apply_sigmoid(u, z + units);
    apply_tanh(u, z + 2 * units);
    apply_sigmoid(u, z + 3 * units);
    const T *i = z, *f = z + units, *g = z + 2 * units, *o = z + 3 * units;
    for (int64_t j = u.first; j < u.last; ++j) {
      const T cell = f[j] * old_c[j] + i[j] * g[j];
      c[j] = cell;
      h[j] = o[j] * Tanh::f(cell, 0, 0);
    }
  }
  template <class T>
  static LAMINA_NOINLINE void backward(const Units& u, const T* z, const T* c, const T* old_c,
                                       const T*, const T* gh, const T* dh, T* __restrict dc,
                                       T* __restrict d) {
    const int64_t units = u.all;
    for (int64_t j = u.first; j < u.last; ++j) {
      const T i = z[j], f = z[units + j], g = z[2 * units + j], o = z[3 * units + j];
      const T y = Tanh::f(c[j], 0, 0), out = dh[j] + gh[j];
      const T cell = dc[j] + out * o * (1 - y) * (1 + y);
      d[j] = cell * g * i * (1 - i);
      d[units + j] = cell * old_c[j] * f * (1 - f);
      d[2 * units + j] = cell * i * (1 - g) * (1 + g);
      d[3 * units + j] = out * y * o * (1 - o);
      dc[j] = cell * f;
    }
  }
};

// z, r = sigmoid(x w + h u + b), n = tanh(x w + b + r (h u + b')); h' = z h + (1 - z) n (Cho et al.
// 2014, with the reset gate after the product, as cuDNN has it). z: n, z, r, h u + b'.
struct GruCell {
  static constexpr int64_t gates = 3, width = 4, recurrent = 1, input_cut = 2;
  static constexpr bool memory = false, carries = true, reset_before = false;
  static constexpr int64_t input_column(int64_t unit) { return unit == 0 ? 1 : 0; }

  template <class T>
  static LAMINA_NOINLINE void forward(const Units& u, T* __restrict a, const T* old_h, const T*, T*,
                                      T* __restrict h) {
    const int64_t units = u.all;
    apply_sigmoid(u, a + units);
    apply_sigmoid(u, a + 2 * units);
    T* __restrict n = a;
    const T *z = a + units, *r = a + 2 * units, *product = a + 3 * units;
    for (int64_t j = u.first; j < u.last; ++j) {
      const T y = Tanh::f(n[j] + r[j] * product[j], 0, 0);
      n[j] = y;
      h[j] = z[j] * old_h[j] + (1 - z[j]) * y;
    }
  }
  template <class T>
  static LAMINA_NOINLINE void backward(const Units& u, const T* a, const T*, const T*,
                                       const T* old_h, const T* gh, T* __restrict dh, T*,
                                       T* __restrict d) {
    const int64_t units = u.all;
    for (int64_t j = u.first; j < u.last; ++j) {
      const T n = a[j], z = a[units + j], r = a[2 * units + j], product = a[3 * units + j];
      const T out = dh[j] + gh[j];
      const T dn = out * (1 - z) * (1 - n) * (1 + n);
      d[j] = dn;
      d[units + j] = out * (old_h[j] - n) * z * (1 - z);
      d[2 * units + j] = dn * product * r * (1 - r);
      d[3 * units + j] = dn * r;
      dh[j] = out * z;
    }
  }
};

// The same with n = tanh(x w + b + (r h) u), in two stages: the product of the last gate takes what
// the others gave. z: z, r, n.
struct GruResetBeforeCell {
  static constexpr int64_t gates = 3, width = 3, recurrent = 0, input_cut = 3;
  static constexpr bool memory = false, carries = true, reset_before = true;
  static constexpr int64_t input_column(int64_t) { return 0; }

  // The gates z and r, once their sums are complete.
  template <class T>
  static void first_gates(int64_t units, T* z) {
    apply_sigmoid({2 * units, 0, 2 * units}, z);
  }
  template <class T>
  static LAMINA_NOINLINE void forward(const Units& u, T* __restrict a, const T* old_h, const T*, T*,
                                      T* __restrict h) {
    const T* z = a;
    T* __restrict n = a + 2 * u.all;
    for (int64_t j = u.first; j < u.last; ++j) {
      const T y = Tanh::f(n[j], 0, 0);
      n[j] = y;
      h[j] = z[j] * old_h[j] + (1 - z[j]) * y;
    }
  }
  template <class T>
  static LAMINA_NOINLINE void backward(const Units& u, const T* a, const T*, const T*,
                                       const T* old_h, const T* gh, T* __restrict dh, T*,
                                       T* __restrict d) {
    const int64_t units = u.all;
    for (int64_t j = u.first; j < u.last; ++j) {
      const T z = a[j], n = a[2 * units + j], out = dh[j] + gh[j];
      d[j] = out * (old_h[j] - n) * z * (1 - z);
      d[2 * units + j] = out * (1 - z) * (1 - n) * (1 + n);
      dh[j] = out * z;
    }
  }
  // product: the gradient of r h.
  template <class T>
  static void backward_reset(int64_t units, const T* a, const T* old_h, const T* product,
                             T* __restrict dh, T* __restrict d) {
    const T* r = a + units;
    for (int64_t j = 0; j < units; ++j) {
      d[units + j] = product[j] * old_h[j] * r[j] * (1 - r[j]);
      dh[j] += product[j] * r[j];
    }
  }
};

}  // namespace
}  // namespace lamina::LAMINA_ISA
