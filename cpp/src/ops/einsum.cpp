// Einstein summation by transposes, broadcasts and batched products, two operands at a time.
#include <algorithm>
#include <map>

#include "lamina/ops.h"

namespace lamina {

namespace {

struct Labelled {
  Tensor t;
  std::string axes;  // one letter an axis
};

// Sums out the letters that `keep` does not hold, and takes diagonals of repeated letters.
Labelled simplified(Labelled x, const std::string& keep) {
  for (size_t i = 0; i < x.axes.size(); ++i) {
    size_t j = x.axes.find(x.axes[i], i + 1);
    if (j == std::string::npos) continue;
    char c = x.axes[i];
    x.t = diagonal(x.t, 0, static_cast<int>(i), static_cast<int>(j));
    x.axes.erase(j, 1), x.axes.erase(i, 1);
    x.axes += c;
    i = static_cast<size_t>(-1);
  }
  Axes gone;
  gone.all = false;
  std::string left;
  for (size_t i = 0; i < x.axes.size(); ++i) {
    if (keep.find(x.axes[i]) == std::string::npos)
      gone.list.push_back(static_cast<int64_t>(i));
    else
      left += x.axes[i];
  }
  if (!gone.list.empty()) x.t = sum(x.t, gone);
  x.axes = left;
  return x;
}

// Axes in the order of `order`, all of whose letters x has.
Tensor ordered(const Labelled& x, const std::string& order) {
  Ints axes;
  for (char c : order) axes.push_back(static_cast<int64_t>(x.axes.find(c)));
  return axes.empty() ? x.t : transpose(x.t, axes);
}

Labelled contract(const Labelled& a, const Labelled& b, const std::string& keep) {
  std::string batch, left, right, shared;
  for (char c : a.axes) {
    bool in_b = b.axes.find(c) != std::string::npos, kept = keep.find(c) != std::string::npos;
    (in_b ? (kept ? batch : shared) : left) += c;
  }
  for (char c : b.axes)
    if (a.axes.find(c) == std::string::npos) right += c;
  Ints bs, ls, rs;
  int64_t m = 1, n = 1, k = 1;
  auto length = [](const Labelled& x, char c) { return x.t.dim(static_cast<int>(x.axes.find(c))); };
  Ints a_shape, b_shape;
  for (char c : batch) {
    bs.push_back(std::max(length(a, c), length(b, c)));
    a_shape.push_back(length(a, c)), b_shape.push_back(length(b, c));
  }
  for (char c : left) ls.push_back(length(a, c)), m *= length(a, c);
  for (char c : right) rs.push_back(length(b, c)), n *= length(b, c);
  for (char c : shared) k *= length(a, c);
  a_shape.push_back(m), a_shape.push_back(k), b_shape.push_back(k), b_shape.push_back(n);
  Tensor y = matmul(reshape(ordered(a, batch + left + shared), a_shape),
                    reshape(ordered(b, batch + shared + right), b_shape));
  Ints out = bs;
  out.insert(out.end(), ls.begin(), ls.end());
  out.insert(out.end(), rs.begin(), rs.end());
  return {reshape(y, out), batch + left + right};
}

}  // namespace

Tensor einsum(const std::string& subscripts, const Tensors& operands) {
  std::string text;
  for (char c : subscripts)
    if (c != ' ') text += c;
  size_t arrow = text.find("->");
  std::string lhs = text.substr(0, arrow),
              rhs = arrow == std::string::npos ? "" : text.substr(arrow + 2);
  std::vector<std::string> terms(1);
  for (char c : lhs) {
    if (c == ',')
      terms.emplace_back();
    else
      terms.back() += c;
  }
  if (terms.size() != operands.size())
    fail("einsum: '", subscripts, "' names ", terms.size(), " operands, received ",
         operands.size());
  // An ellipsis stands for letters of its own, the same from the right in every operand.
  int widest = 0;
  std::vector<int> dots(terms.size(), 0);
  for (size_t i = 0; i < terms.size(); ++i) {
    size_t at = terms[i].find("...");
    int named = static_cast<int>(terms[i].size()) - (at == std::string::npos ? 0 : 3);
    dots[i] = operands[i].rank() - named;
    if (dots[i] < 0 || (at == std::string::npos && dots[i] != 0))
      fail("einsum: '", terms[i], "' does not fit an operand of shape ", operands[i].shape());
    widest = std::max(widest, dots[i]);
  }
  auto ellipsis = [&](int n) {
    std::string s;
    for (int i = widest - n; i < widest; ++i) s += static_cast<char>('0' + i);
    return s;
  };
  std::map<char, int> count;
  std::map<char, int64_t> length;
  std::vector<Labelled> list;
  for (size_t i = 0; i < terms.size(); ++i) {
    std::string axes = terms[i];
    if (size_t at = axes.find("..."); at != std::string::npos)
      axes.replace(at, 3, ellipsis(dots[i]));
    for (size_t d = 0; d < axes.size(); ++d) {
      if (!std::isalnum(static_cast<unsigned char>(axes[d])))
        fail("einsum: unexpected '", axes[d], "' in '", subscripts, "'");
      ++count[axes[d]];
      int64_t n = operands[i].shape()[static_cast<int>(d)];
      int64_t& known = length.emplace(axes[d], n).first->second;
      if (known != n && known != 1 && n != 1)
        fail("einsum: axis '", axes[d], "' has lengths ", known, " and ", n);
      known = std::max(known, n);
    }
    list.push_back({operands[i], axes});
  }
  std::string result;
  if (arrow == std::string::npos) {
    result = ellipsis(widest);
    for (auto& [c, n] : count)
      if (n == 1 && std::isalpha(static_cast<unsigned char>(c))) result += c;
  } else {
    result = rhs;
    if (size_t at = result.find("..."); at != std::string::npos)
      result.replace(at, 3, ellipsis(widest));
  }
  for (char c : result)
    if (!count.count(c)) fail("einsum: '", c, "' of the result is in no operand");
  while (list.size() > 1) {
    Labelled a = list[0], b = list[1];
    list.erase(list.begin(), list.begin() + 2);
    std::string others = result;
    for (auto& x : list) others += x.axes;
    a = simplified(a, others + b.axes), b = simplified(b, others + a.axes);
    // Axes of length 1 against longer ones are repeated first.
    for (Labelled* x : {&a, &b}) {
      Shape s = x->t.shape();
      bool grow = false;
      const Labelled& y = x == &a ? b : a;
      for (size_t d = 0; d < x->axes.size(); ++d)
        if (s[static_cast<int>(d)] == 1 && y.axes.find(x->axes[d]) != std::string::npos &&
            length[x->axes[d]] > 1)
          s[static_cast<int>(d)] = length[x->axes[d]], grow = true;
      if (grow) x->t = broadcast_to(x->t, s);
    }
    list.insert(list.begin(), contract(a, b, others));
  }
  return ordered(simplified(list[0], result), result);
}

}  // namespace lamina
