// Joining, cutting and turning, composed of other operations.
#include <algorithm>
#include <numeric>

#include "lamina/ops_array.h"

namespace lamina {

Tensors array_split(const Tensor& x, int sections, int axis) {
  int64_t n = x.dim(normalize_axis(axis, x.rank()));
  if (sections < 1) fail("array_split: expected at least 1 section, received ", sections);
  if (n < 0) fail("array_split: the length of axis ", axis, " is unknown");
  Ints cuts;
  for (int64_t i = 1, at = 0; i < sections; ++i) {
    at += n / sections + (i <= n % sections);
    cuts.push_back(at);
  }
  return split(x, cuts, axis);
}
Tensors array_split(const Tensor& x, const Ints& indices, int axis) {
  return split(x, indices, axis);
}

namespace {
int split_axis(const Tensor& x, const char* name, int axis) {
  if (x.rank() < std::max(axis, 1))
    fail(name, ": expected at least ", std::max(axis, 1), " axes, received shape ", x.shape());
  return axis - 1;
}
int columns(const Tensor& x) { return split_axis(x, "hsplit", x.rank() == 1 ? 1 : 2); }
int vertical_axis(const Tensor& x) { return split_axis(x, "vsplit", 2) - 1; }
int depths(const Tensor& x) { return split_axis(x, "dsplit", 3); }
// Leading or trailing axes until there are as many as asked for.
Tensor at_least_2d(const Tensor& x) {
  return x.rank() == 0 ? reshape(x, {1, 1}) : x.rank() == 1 ? expand_dims(x, {0}) : x;
}
Tensor at_least_3d(const Tensor& x) {
  Tensor t = at_least_2d(x);
  return t.rank() == 2 ? expand_dims(t, {2}) : t;
}
}  // namespace

Tensors hsplit(const Tensor& x, int sections) { return split(x, sections, columns(x)); }
Tensors hsplit(const Tensor& x, const Ints& indices) { return split(x, indices, columns(x)); }
Tensors vsplit(const Tensor& x, int sections) { return split(x, sections, vertical_axis(x)); }
Tensors vsplit(const Tensor& x, const Ints& indices) { return split(x, indices, vertical_axis(x)); }
Tensors dsplit(const Tensor& x, int sections) { return split(x, sections, depths(x)); }
Tensors dsplit(const Tensor& x, const Ints& indices) { return split(x, indices, depths(x)); }

Tensor hstack(const Tensors& xs) {
  Tensors wide;
  for (const Tensor& x : xs) wide.push_back(x.rank() == 0 ? reshape(x, {1}) : x);
  return concatenate(wide, wide.empty() || wide[0].rank() == 1 ? 0 : 1);
}
Tensor vstack(const Tensors& xs) {
  Tensors wide;
  for (const Tensor& x : xs) wide.push_back(at_least_2d(x));
  return concatenate(wide, 0);
}
Tensor dstack(const Tensors& xs) {
  Tensors wide;
  for (const Tensor& x : xs) wide.push_back(at_least_3d(x));
  return concatenate(wide, 2);
}
Tensor append(const Tensor& x1, const Tensor& x2, std::optional<int> axis) {
  if (!axis) return concatenate({ravel(x1), ravel(x2)}, 0);
  return concatenate({x1, x2}, *axis);
}

Tensor fliplr(const Tensor& x) {
  if (x.rank() < 2) fail("fliplr: expected at least 2 axes, received shape ", x.shape());
  return flip(x, 1);
}
Tensor flipud(const Tensor& x) {
  if (x.rank() < 1) fail("flipud: expected at least 1 axis, received shape ", x.shape());
  return flip(x, 0);
}
Tensor rot90(const Tensor& x, int k, const Ints& axes) {
  if (x.rank() < 2) fail("rot90: expected at least 2 axes, received shape ", x.shape());
  if (axes.size() != 2) fail("rot90: expected two axes, received ", axes.size());
  int a = normalize_axis(axes[0], x.rank()), b = normalize_axis(axes[1], x.rank());
  if (a == b) fail("rot90: the two axes must differ, received ", axes[0], " and ", axes[1]);
  switch ((k % 4 + 4) % 4) {
    case 0:
      return x;
    case 1:
      return swapaxes(flip(x, b), a, b);
    case 2:
      return flip(x, {a, b});
    default:
      return flip(swapaxes(x, a, b), b);
  }
}

Tensor extract_sequences(const Tensor& x, int64_t length, int64_t stride) {
  if (length < 1 || stride < 1)
    fail("extract_sequences: sequence_length and sequence_stride must be positive, received ",
         length, " and ", stride);
  if (x.rank() < 1) fail("extract_sequences: expected at least 1 axis, received a scalar");
  int64_t pieces = x.dim(-1) < length ? 0 : (x.dim(-1) - length) / stride + 1;
  std::vector<int64_t> index;
  for (int64_t i = 0; i < pieces; ++i)
    for (int64_t j = 0; j < length; ++j) index.push_back(i * stride + j);
  return take(x, Tensor::from_vector(index, {pieces, length}), -1);
}

namespace {

// One side of a pattern: axes, each a group of names; a name alone is a group of one.
using Groups = std::vector<std::vector<std::string>>;
Groups parse(const std::string& text, const std::string& pattern) {
  Groups groups;
  bool inside = false;
  for (size_t i = 0; i < text.size();) {
    char c = text[i];
    if (c == ' ') {
      ++i;
    } else if (c == '(' || c == ')') {
      if (inside == (c == '(')) fail("rearrange: unbalanced brackets in '", pattern, "'");
      inside = c == '(';
      if (inside) groups.emplace_back();
      ++i;
    } else {
      size_t end = std::min(text.find_first_of(" ()", i), text.size());
      std::string name = text.substr(i, end - i);
      if (inside)
        groups.back().push_back(name);
      else
        groups.push_back({name});
      i = end;
    }
  }
  if (inside) fail("rearrange: unbalanced brackets in '", pattern, "'");
  return groups;
}

}  // namespace

Tensor rearrange(const Tensor& x, const std::string& pattern,
                 const std::map<std::string, int64_t>& axes_lengths) {
  size_t arrow = pattern.find("->");
  if (arrow == std::string::npos)
    fail("rearrange: expected 'axes -> axes', received '", pattern, "'");
  Groups from = parse(pattern.substr(0, arrow), pattern),
         to = parse(pattern.substr(arrow + 2), pattern);
  if (static_cast<int>(from.size()) != x.rank())
    fail("rearrange: '", pattern, "' has ", from.size(), " axes, the tensor has shape ", x.shape());
  std::map<std::string, int64_t> length = axes_lengths;
  std::vector<std::string> names;
  for (size_t i = 0; i < from.size(); ++i) {
    int64_t rest = x.dim(static_cast<int>(i));
    const std::string* open = nullptr;
    for (const std::string& name : from[i]) {
      if (std::find(names.begin(), names.end(), name) != names.end())
        fail("rearrange: axis '", name, "' stands twice in '", pattern, "'");
      names.push_back(name);
      auto known = length.find(name);
      if (known != length.end()) {
        if (known->second < 1 || rest % known->second != 0)
          fail("rearrange: axis ", i, " of shape ", x.shape(), " cannot be cut into parts of ",
               name, " = ", known->second);
        rest /= known->second;
      } else if (open) {
        fail("rearrange: the lengths of '", *open, "' and '", name, "' are both unknown");
      } else {
        open = &name;
      }
    }
    if (open)
      length[*open] = rest;
    else if (rest != 1)
      fail("rearrange: the lengths given for axis ", i, " of shape ", x.shape(), " do not fill it");
  }
  Ints apart, order, joined;
  for (const std::string& name : names) apart.push_back(length[name]);
  for (const auto& group : to) {
    int64_t n = 1;
    for (const std::string& name : group) {
      auto place = std::find(names.begin(), names.end(), name);
      if (place == names.end())
        fail("rearrange: '", name, "' is not on the left of '", pattern, "'");
      order.push_back(place - names.begin());
      n *= length[name];
    }
    joined.push_back(n);
  }
  if (order.size() != names.size())
    fail("rearrange: both sides of '", pattern, "' must have the same axes");
  Tensor y = reshape(x, apart);
  return reshape(order.empty() ? y : transpose(y, order), joined);
}

}  // namespace lamina
