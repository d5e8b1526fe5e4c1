// Shape: up to 8 integers without a heap allocation; also used for strides.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace lamina {

inline constexpr int kMaxRank = 8;

// Axis lengths of a tensor. -1 stands for a length that is not known yet (the batch axis of a
// symbolic tensor).
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) : Shape(dims.begin(), dims.size()) {}
  Shape(const std::vector<int64_t>& dims) : Shape(dims.data(), dims.size()) {}
  Shape(const int64_t* dims, size_t rank);  // throws Error for more than 8 axes

  int rank() const { return rank_; }
  size_t size() const { return static_cast<size_t>(rank_); }
  bool empty() const { return rank_ == 0; }
  int64_t operator[](int i) const { return dims_[i < 0 ? i + rank_ : i]; }
  int64_t& operator[](int i) { return dims_[i < 0 ? i + rank_ : i]; }
  int64_t front() const { return dims_[0]; }
  int64_t back() const { return dims_[rank_ - 1]; }
  const int64_t* begin() const { return dims_; }
  const int64_t* end() const { return dims_ + rank_; }
  void push_back(int64_t d);
  void insert(int at, int64_t d);
  void erase(int at);
  void pop_back() { --rank_; }

  int64_t numel() const;   // the product; 1 for a scalar
  bool is_static() const;  // no -1 among them
  std::vector<int64_t> vec() const { return {begin(), end()}; }
  std::string str() const;  // "(32, 10)", "(None, 10)"
  bool operator==(const Shape& other) const;

 private:
  int64_t dims_[kMaxRank] = {};
  int rank_ = 0;
};

inline std::ostream& operator<<(std::ostream& out, const Shape& s);

// NumPy's broadcast of two shapes; throws Error naming both when they do not fit.
Shape broadcast_shapes(const Shape& a, const Shape& b);
// Strides of a C-ordered array, in elements.
Shape contiguous_strides(const Shape& shape);
// An axis in [-rank, rank) as one in [0, rank); throws Error (kIndex) naming `what` otherwise.
int normalize_axis(int64_t axis, int rank, const char* what = "axis");

}  // namespace lamina

#include <ostream>
namespace lamina {
inline std::ostream& operator<<(std::ostream& out, const Shape& s) { return out << s.str(); }
}  // namespace lamina
