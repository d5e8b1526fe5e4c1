// For tests of kernels: arrays of any dtype with any strides, and contexts that run the blocks of a
// parallel loop in another order or on other threads.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/threads.h"
#include "kernels/abi.h"
#include "kernels/dispatch.h"

namespace kernel_test {

using lamina::abi::Context;
using lamina::abi::DType;
using lamina::abi::KernelTable;
using lamina::abi::View;
using Dims = std::vector<int64_t>;

inline const KernelTable& table() { return lamina::kernels::cpu(); }
inline const Context& context() { return lamina::kernels::cpu_context(); }

inline constexpr DType kAllDTypes[] = {
    DType::kBool,  DType::kUInt8,   DType::kInt8,     DType::kInt16,   DType::kInt32,
    DType::kInt64, DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64};

inline size_t bytes_of(DType d) {
  switch (d) {
    case DType::kBool:
    case DType::kUInt8:
    case DType::kInt8:
      return 1;
    case DType::kInt16:
    case DType::kFloat16:
    case DType::kBFloat16:
      return 2;
    case DType::kInt32:
    case DType::kFloat32:
      return 4;
    default:
      return 8;
  }
}
inline bool is_float(DType d) { return d >= DType::kFloat16; }
inline double epsilon(DType d) {
  switch (d) {
    case DType::kFloat16:
      return std::ldexp(1.0, -10);
    case DType::kBFloat16:
      return std::ldexp(1.0, -7);
    case DType::kFloat32:
      return std::ldexp(1.0, -23);
    case DType::kFloat64:
      return std::ldexp(1.0, -52);
    default:
      return 0;
  }
}

inline double half_value(uint16_t h) {
  const int e = h >> 10 & 31, m = h & 1023;
  const double v = e == 31 ? (m ? std::nan("") : std::numeric_limits<double>::infinity())
                   : e     ? std::ldexp(1024 + m, e - 25)
                           : std::ldexp(m, -24);
  return h >> 15 ? -v : v;
}
// The largest half not above |v|: exact for values that are halves.
inline uint16_t half_of(double v) {
  const uint16_t sign = std::signbit(v) ? 0x8000 : 0;
  if (std::isnan(v)) return 0x7e00;
  uint16_t lo = 0, hi = 0x7c00;
  while (lo < hi) {
    const auto mid = static_cast<uint16_t>((lo + hi + 1) / 2);
    if (half_value(mid) <= std::fabs(v)) {
      lo = mid;
    } else {
      hi = static_cast<uint16_t>(mid - 1);
    }
  }
  return lo | sign;
}

// Elements of a view by offset, as doubles.
inline double load(const View& v, int64_t at) {
  const char* p = static_cast<const char*>(v.data) + at * static_cast<int64_t>(bytes_of(v.dtype));
  const auto as = [&](auto x) {
    std::memcpy(&x, p, sizeof x);
    return x;
  };
  switch (v.dtype) {
    case DType::kBool:
      return as(uint8_t{}) != 0;
    case DType::kUInt8:
      return as(uint8_t{});
    case DType::kInt8:
      return as(int8_t{});
    case DType::kInt16:
      return as(int16_t{});
    case DType::kInt32:
      return as(int32_t{});
    case DType::kInt64:
      return static_cast<double>(as(int64_t{}));
    case DType::kFloat16:
      return half_value(as(uint16_t{}));
    case DType::kBFloat16: {
      const uint32_t u = static_cast<uint32_t>(as(uint16_t{})) << 16;
      float f;
      std::memcpy(&f, &u, 4);
      return f;
    }
    case DType::kFloat32:
      return as(float{});
    default:
      return as(double{});
  }
}
inline void store(const View& v, int64_t at, double value) {
  char* p = static_cast<char*>(v.data) + at * static_cast<int64_t>(bytes_of(v.dtype));
  const auto as = [&](auto x) { std::memcpy(p, &x, sizeof x); };
  switch (v.dtype) {
    case DType::kBool:
      return as(static_cast<uint8_t>(value != 0));
    case DType::kUInt8:
      return as(static_cast<uint8_t>(value));
    case DType::kInt8:
      return as(static_cast<int8_t>(value));
    case DType::kInt16:
      return as(static_cast<int16_t>(value));
    case DType::kInt32:
      return as(static_cast<int32_t>(value));
    case DType::kInt64:
      return as(static_cast<int64_t>(value));
    case DType::kFloat16:
      return as(half_of(value));
    case DType::kBFloat16: {
      const float f = static_cast<float>(value);
      uint32_t u;
      std::memcpy(&u, &f, 4);
      return as(static_cast<uint16_t>(u >> 16));
    }
    case DType::kFloat32:
      return as(static_cast<float>(value));
    default:
      return as(value);
  }
}

inline int64_t product(const Dims& dims) {
  int64_t n = 1;
  for (int64_t d : dims) n *= d;
  return n;
}

// Memory and a view of it. Kernels must not touch the bytes around what the view shows.
class Array {
 public:
  // Contiguous, zeros.
  Array(DType dtype, const Dims& shape) : Array(dtype, shape, contiguous(shape)) {}
  // Any non-negative strides.
  Array(DType dtype, const Dims& shape, const Dims& strides) {
    view_.dtype = dtype;
    view_.rank = static_cast<int>(shape.size());
    int64_t span = 1;
    for (size_t d = 0; d < shape.size(); ++d) {
      view_.shape[d] = shape[d];
      view_.strides[d] = strides[d];
      span += std::max<int64_t>(shape[d] - 1, 0) * strides[d];
    }
    if (product(shape) == 0) span = 0;
    bytes_.resize(static_cast<size_t>(span) * bytes_of(dtype) + 2 * kGuard, kMark);
    view_.data = bytes_.data() + kGuard;
    std::memset(view_.data, 0, bytes_.size() - 2 * kGuard);
  }
  Array(const Array& o) : bytes_(o.bytes_), view_(o.view_) { rebase(o); }
  Array& operator=(const Array& o) {
    bytes_ = o.bytes_;
    view_ = o.view_;
    rebase(o);
    return *this;
  }
  ~Array() {
    const uint8_t* end = bytes_.data() + bytes_.size();
    const auto marked = [](const uint8_t* first, const uint8_t* last) {
      return std::all_of(first, last, [](uint8_t b) { return b == kMark; });
    };
    if (!marked(bytes_.data(), bytes_.data() + kGuard) || !marked(end - kGuard, end))
      FAIL_CHECK("written outside an array");
  }

  const View& view() const { return view_; }
  View& view() { return view_; }
  operator const View&() const { return view_; }
  int64_t size() const {
    int64_t n = 1;
    for (int d = 0; d < view_.rank; ++d) n *= view_.shape[d];
    return n;
  }
  // Offset of the element at flat position i in C order.
  int64_t offset(int64_t i) const {
    int64_t at = 0;
    for (int d = view_.rank - 1; d >= 0; --d) {
      at += i % view_.shape[d] * view_.strides[d];
      i /= view_.shape[d];
    }
    return at;
  }
  double get(int64_t i) const { return load(view_, offset(i)); }
  // All of them, for loops that read each element many times.
  std::vector<double> values() const {
    std::vector<double> out(static_cast<size_t>(size()));
    for (size_t i = 0; i < out.size(); ++i) out[i] = get(static_cast<int64_t>(i));
    return out;
  }
  void set(int64_t i, double v) { store(view_, offset(i), v); }
  Array& fill(const std::function<double(int64_t)>& f) {
    for (int64_t i = 0; i < size(); ++i) set(i, f(i));
    return *this;
  }
  // Small integers (floats: halves) or, for `wide`, normal numbers.
  Array& randomize(uint32_t seed, bool wide = false) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    const bool is_signed = view_.dtype > DType::kUInt8;
    return fill([&](int64_t) {
      if (wide) return normal(random);
      const double v = static_cast<double>(random() % 9) - (is_signed ? 4 : 0);
      return is_float(view_.dtype) ? v / 2 : v;
    });
  }
  template <class T>
  T* data() {
    return static_cast<T*>(view_.data);
  }
  bool same_bits(const Array& o) const { return bytes_ == o.bytes_; }

  static Dims contiguous(const Dims& shape) {
    Dims strides(shape.size());
    int64_t n = 1;
    for (size_t d = shape.size(); d-- > 0; n *= std::max<int64_t>(shape[d], 1)) strides[d] = n;
    return strides;
  }

 private:
  static constexpr size_t kGuard = 64;
  static constexpr uint8_t kMark = 0xa5;
  void rebase(const Array& o) {
    const auto* from = static_cast<const uint8_t*>(o.view_.data);
    view_.data = bytes_.data() + (from - o.bytes_.data());
  }
  std::vector<uint8_t> bytes_;
  View view_;
};

// The same elements, `axis` walked from its end.
inline Array flipped(Array a, int axis) {
  View& v = a.view();
  if (a.size() == 0) return a;
  v.data = static_cast<char*>(v.data) +
           (v.shape[axis] - 1) * v.strides[axis] * static_cast<int64_t>(bytes_of(v.dtype));
  v.strides[axis] = -v.strides[axis];
  return a;
}

inline Array array(DType dtype, const Dims& shape, const std::vector<double>& values) {
  Array a(dtype, shape);
  return a.fill([&](int64_t i) { return values[static_cast<size_t>(i)]; });
}

// ---- contexts -----------------------------------------------------------------------------------

// Scratch memory comes back as garbage.
inline void* dirty_scratch(int slot, size_t bytes) {
  void* p = lamina::threads::scratch(slot, bytes);
  std::memset(p, 0xff, bytes);
  return p;
}
inline Context backwards() {
  return {[](int64_t blocks, double, bool, void (*body)(void*, int64_t), void* arg) {
            for (int64_t b = blocks - 1; b >= 0; --b) body(arg, b);
          },
          dirty_scratch};
}
// All threads for any work, however small.
inline Context eager() {
  return {[](int64_t blocks, double, bool backward, void (*body)(void*, int64_t), void* arg) {
            lamina::threads::parallel_for(blocks, 1e12, backward, body, arg);
          },
          dirty_scratch};
}

// Runs f, which returns its results, in every way there is, and wants the same bits.
inline void same_bits_always(const std::function<std::vector<Array>(const Context&)>& f) {
  const int threads = lamina::threads::num_threads();
  lamina::threads::set_num_threads(1);
  const std::vector<Array> want = f(context());
  const auto check = [&](const std::vector<Array>& got, const std::string& how) {
    REQUIRE(got.size() == want.size());
    for (size_t i = 0; i < want.size(); ++i) {
      CHECK_MESSAGE(want[i].same_bits(got[i]), "result " << i << ", " << how);
    }
  };
  check(f(backwards()), "blocks in reverse order");
  for (int n : {1, 2, 3}) {
    lamina::threads::set_num_threads(n);
    check(f(eager()), std::to_string(n) + " threads");
  }
  lamina::threads::set_num_threads(threads);
}

// Equal, both NaN, or within `tolerance` * max(1, |want|).
inline bool near(double got, double want, double tolerance) {
  if (std::isnan(want)) return std::isnan(got);
  if (got == want) return true;
  return std::fabs(got - want) <= tolerance * std::max(1.0, std::fabs(want));
}

}  // namespace kernel_test
