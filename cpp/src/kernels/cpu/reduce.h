// What the kernels that walk along axes share: axes in order of memory, elements as one of few
// computed types, the operations, and the reduction of one run of elements.
#pragma once
#include "kernels/cpu/common.h"
#include "kernels/cpu/convert.h"
#include "kernels/cpu/simd.h"

namespace lamina::LAMINA_ISA {
namespace {

// ---- axes ---------------------------------------------------------------------------------------

// One axis of an input, an output and perhaps an array of indices; strides in elements.
struct Axis {
  int64_t n = 1, in = 0, out = 0, index = 0;
};

inline int64_t abs64(int64_t v) { return v < 0 ? -v : v; }

// The outermost axis first. Neighbours that can be walked as one are merged.
struct Axes {
  Axis axis[abi::kMaxRank];
  int count = 0;

  static int64_t order(const Axis& a) {
    return a.in == 0 ? std::numeric_limits<int64_t>::max() : abs64(a.in);
  }
  void append(const Axis& a) {
    if (a.n != 1) axis[count++] = a;
  }
  // From the largest input stride to the smallest; stride 0 repeats whole blocks and comes first.
  void insert(const Axis& a) {
    if (a.n == 1) return;
    int at = count++;
    for (; at > 0 && order(axis[at - 1]) < order(a); --at) axis[at] = axis[at - 1];
    axis[at] = a;
  }
  void merge() {
    int kept = 0;
    for (int i = 0; i < count; ++i) {
      Axis* last = kept > 0 ? &axis[kept - 1] : nullptr;
      const Axis a = axis[i];
      if (last && last->in == a.in * a.n && last->out == a.out * a.n &&
          last->index == a.index * a.n) {
        *last = {last->n * a.n, a.in, a.out, a.index};
      } else {
        axis[kept++] = a;
      }
    }
    count = kept;
  }
  Axis pop() { return count > 0 ? axis[--count] : Axis{}; }
  const Axis& last() const { return axis[count > 0 ? count - 1 : 0]; }

  int64_t total() const {
    int64_t n = 1;
    for (int i = 0; i < count; ++i) n *= axis[i].n;
    return n;
  }
  // Adds the offsets of flat position `at`.
  void offsets(int64_t at, int64_t* in, int64_t* out, int64_t* index = nullptr) const {
    for (int i = count - 1; i >= 0; --i) {
      const int64_t pos = i > 0 ? at % axis[i].n : at;
      if (i > 0) at /= axis[i].n;
      *in += pos * axis[i].in;
      *out += pos * axis[i].out;
      if (index) *index += pos * axis[i].index;
    }
  }
};

// ---- elements
// -------------------------------------------------------------------------------------
//
// Computed types are float, double, int64_t and, for truth values, uint8_t. Elements stored as such
// and side by side are read in place, others are brought into a buffer first: ten dtypes times
// every operation would be megabytes of code.

inline constexpr int kTile = 128;  // columns that are worked on side by side

template <class T>
inline constexpr bool kFloatStored =
    std::is_same_v<T, float> || std::is_same_v<T, Half> || std::is_same_v<T, BFloat>;

// The computed type of a stored one.
template <class T>
using Computed = std::conditional_t<kFloatStored<T>, float,
                                    std::conditional_t<std::is_same_v<T, double>, double, int64_t>>;

// Calls f with a value of the computed type of `dtype`.
template <class F>
inline void with_computed_type(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kFloat16:
    case DType::kBFloat16:
    case DType::kFloat32:
      return f(float{});
    case DType::kFloat64:
      return f(double{});
    default:
      return f(int64_t{});
  }
}

template <class C>
struct Source {
  const char* base;
  int64_t element;
  bool direct;
  void (*load)(const void* p, int64_t n, int64_t stride, C* to);

  // n elements from `offset` on: in place where possible, else in `buffer`.
  const C* get(int64_t offset, int64_t n, int64_t stride, C* buffer) const {
    const char* p = base + offset * element;
    if (direct && stride == 1) return reinterpret_cast<const C*>(p);
    load(p, n, stride, buffer);
    return buffer;
  }
};

template <class C, class T>
inline C load_one(T v) {
  if constexpr (std::is_same_v<C, uint8_t>) {
    if constexpr (std::is_same_v<T, Bool>)
      return v.byte != 0;
    else
      return convert<Computed<T>>(v) != 0;
  } else {
    return convert<C>(v);
  }
}

template <class C, class T>
void load(const void* from, int64_t n, int64_t stride, C* __restrict to) {
  const T* p = static_cast<const T*>(from);
  if (stride == 1) {
    for (int64_t i = 0; i < n; ++i) to[i] = load_one<C>(p[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) to[i] = load_one<C>(p[i * stride]);
  }
}

// C is the computed type of the view's dtype, or uint8_t for whether elements are non-zero.
template <class C>
LAMINA_NOINLINE Source<C> source(const View& v, int64_t offset) {
  Source<C> s{nullptr, size_of(v.dtype), false, nullptr};
  s.base = data<char>(v) + offset * s.element;
  with_stored_type(v.dtype, [&](auto element) {
    using T = decltype(element);
    if constexpr (std::is_same_v<C, uint8_t> || std::is_same_v<C, Computed<T>>) {
      s.load = load<C, T>;
      s.direct = std::is_same_v<C, T> && !std::is_same_v<C, uint8_t>;
    }
  });
  return s;
}

// ---- operations
// -----------------------------------------------------------------------------------

// combine is associative up to rounding, and `identity` changes nothing. Integers wrap around.
template <class C>
inline C plus(C a, C b) {
  if constexpr (std::is_integral_v<C>) {
    return static_cast<C>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  } else {
    return a + b;
  }
}
template <class C>
inline C times(C a, C b) {
  if constexpr (std::is_integral_v<C>) {
    return static_cast<C>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  } else {
    return a * b;
  }
}

struct Sum {
  static constexpr int kRowsAtOnce = 4;  // of columns, before they join the running results
  template <class C>
  static C map(C v) {
    return v;
  }
  template <class C>
  static C combine(C a, C b) {
    return plus(a, b);
  }
  template <class C>
  static C identity() {
    return 0;
  }
};

struct SumSquare : Sum {
  template <class C>
  static C map(C v) {
    return times(v, v);
  }
};

struct Prod {
  static constexpr int kRowsAtOnce = 4;
  template <class C>
  static C map(C v) {
    return v;
  }
  template <class C>
  static C combine(C a, C b) {
    return times(a, b);
  }
  template <class C>
  static C identity() {
    return 1;
  }
};

// NaN wins. Longer trees of comparisons would not become vector code.
struct Max {
  static constexpr int kRowsAtOnce = 1;
  template <class C>
  static C map(C v) {
    return v;
  }
  template <class C>
  static bool better(C a, C b) {
    return a > b;
  }
  template <class C>
  static C combine(C a, C b) {
    return (a > b) | (a != a) ? a : b;
  }
  template <class C>
  static C identity() {
    using L = std::numeric_limits<C>;
    return std::is_floating_point_v<C> ? -L::infinity() : L::lowest();
  }
};

struct Min {
  static constexpr int kRowsAtOnce = 1;
  template <class C>
  static C map(C v) {
    return v;
  }
  template <class C>
  static bool better(C a, C b) {
    return a < b;
  }
  template <class C>
  static C combine(C a, C b) {
    return (a < b) | (a != a) ? a : b;
  }
  template <class C>
  static C identity() {
    using L = std::numeric_limits<C>;
    return std::is_floating_point_v<C> ? L::infinity() : L::max();
  }
};

// ---- one run
// ----------------------------------------------------------------------------------------

// kLanes running results side by side, joined as a tree: fast, and each sees only n / kLanes steps
// of rounding. n >= kLanes.
template <int kLanes, class Op, class C>
inline C run_lanes(const C* p, int64_t n) {
  C acc[kLanes];
  for (int j = 0; j < kLanes; ++j) acc[j] = Op::map(p[j]);
  int64_t i = kLanes;
  for (; i + kLanes <= n; i += kLanes) {
    for (int j = 0; j < kLanes; ++j) acc[j] = Op::combine(acc[j], Op::map(p[i + j]));
  }
  for (int j = 0; i + j < n; ++j) acc[j] = Op::combine(acc[j], Op::map(p[i + j]));
  for (int w = kLanes / 2; w > 0; w /= 2) {
    for (int j = 0; j < w; ++j) acc[j] = Op::combine(acc[j], acc[j + w]);
  }
  return acc[0];
}

template <class C>
inline constexpr int kRunLanes = 4 * kVectorBytes / static_cast<int>(sizeof(C));
// Elements that run() takes at once at most.
template <class C>
inline constexpr int kMaxRun = 16 * kRunLanes<C>;

template <class Op, class C>
LAMINA_NOINLINE C run(const C* p, int64_t n) {
  if (n >= kRunLanes<C>) return run_lanes<kRunLanes<C>, Op>(p, n);
  if (n >= 8) return run_lanes<8, Op>(p, n);
  C acc = Op::template identity<C>();
  for (int64_t i = 0; i < n; ++i) acc = Op::combine(acc, Op::map(p[i]));
  return acc;
}

}  // namespace
}  // namespace lamina::LAMINA_ISA
