#include "lamina/shape.h"

#include <algorithm>
#include <limits>

#include "lamina/error.h"

namespace lamina {

Shape::Shape(const int64_t* dims, size_t rank) {
  if (rank > kMaxRank) fail("shape: at most ", kMaxRank, " axes, received ", rank);
  std::copy(dims, dims + rank, dims_);
  rank_ = static_cast<int>(rank);
}

void Shape::push_back(int64_t d) { insert(rank_, d); }

void Shape::insert(int at, int64_t d) {
  if (rank_ == kMaxRank) fail("shape: at most ", kMaxRank, " axes, received ", rank_ + 1);
  std::copy_backward(dims_ + at, dims_ + rank_, dims_ + rank_ + 1);
  dims_[at] = d;
  ++rank_;
}

void Shape::erase(int at) {
  std::copy(dims_ + at + 1, dims_ + rank_, dims_ + at);
  --rank_;
}

int64_t Shape::numel() const {
  int64_t n = 1;
  for (int64_t d : *this) {
    if (d > 0 && n > std::numeric_limits<int64_t>::max() / 16 / d)
      fail("shape: ", str(), " has too many elements");
    n *= d;
  }
  return n;
}

bool Shape::is_static() const {
  return std::none_of(begin(), end(), [](int64_t d) { return d < 0; });
}

std::string Shape::str() const {
  std::string s = "(";
  for (int i = 0; i < rank_; ++i)
    s += (i ? ", " : "") + (dims_[i] < 0 ? std::string("None") : std::to_string(dims_[i]));
  return s + (rank_ == 1 ? ",)" : ")");
}

bool Shape::operator==(const Shape& other) const {
  return std::equal(begin(), end(), other.begin(), other.end());
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  Shape out = a.rank() >= b.rank() ? a : b;
  const Shape& low = a.rank() >= b.rank() ? b : a;
  int shift = out.rank() - low.rank();
  for (int i = 0; i < low.rank(); ++i) {
    int64_t x = out[i + shift], y = low[i];
    if (x == 1)
      out[i + shift] = y;
    else if (y != 1 && x != y)
      fail("shapes ", a, " and ", b, " cannot be broadcast together");
  }
  return out;
}

Shape contiguous_strides(const Shape& shape) {
  Shape s = shape;
  int64_t step = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    s[i] = step;
    step *= std::max<int64_t>(shape[i], 1);
  }
  return s;
}

int normalize_axis(int64_t axis, int rank, const char* what) {
  if (axis < -rank || axis >= rank)
    throw Error(str(what, ": expected an axis in [", -rank, ", ", rank, "), received ", axis),
                Error::Kind::kIndex);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

}  // namespace lamina
