// Strided operands of one shape, walked together as rows of elements.
#pragma once
#include "kernels/cpu/convert.h"

namespace lamina::LAMINA_ISA {
namespace {

constexpr int kMaxOperands = abi::kMaxChainInputs + abi::kMaxChainOutputs;

struct Operand {
  char* data;
  int64_t strides[abi::kMaxRank];
  int32_t size;  // bytes of an element
  bool linear;   // contiguous over the whole space
  bool fixed;    // one value for the whole space
};

// The iteration space: `rows` rows of `inner` elements.
struct Space {
  int rank;  // at least 1
  int64_t shape[abi::kMaxRank];
  int operands;
  Operand op[kMaxOperands];  // shared order of axes
  int64_t inner, rows;
};

inline int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

// Where an operand is transposed, its axis of stride 1 becomes the next-to-last one, so that
// squares of the last two axes are read and written along the short way of each.
inline void bring_short_axis(Space& s) {
  const int last = s.rank - 1;
  if (s.rank < 3 || s.shape[last] < 8) return;
  for (int k = 0; k < s.operands; ++k) {
    int64_t* strides = s.op[k].strides;
    if (strides[last] == 0 || strides[last] == 1 || strides[last - 1] == 1) continue;
    for (int d = 0; d < last - 1; ++d) {
      if (strides[d] != 1 || s.shape[d] < 8) continue;
      const auto move = [&](int64_t* x) {
        const int64_t moved = x[d];
        for (int i = d; i < last - 1; ++i) x[i] = x[i + 1];
        x[last - 1] = moved;
      };
      move(s.shape);
      for (int j = 0; j < s.operands; ++j) move(s.op[j].strides);
      return;
    }
  }
}

// Joins axes that are one in every operand, after ordering them as the first output lies in memory.
void make_space(Space& s, const View* const* views, int count, const View& lead) {
  int order[abi::kMaxRank], rank = 0;
  for (int d = 0; d < lead.rank; ++d) {
    if (lead.shape[d] == 1) continue;
    int at = rank++;
    for (; at > 0 && magnitude(lead.strides[order[at - 1]]) < magnitude(lead.strides[d]); --at) {
      order[at] = order[at - 1];
    }
    order[at] = d;
  }
  s.operands = count;
  s.rank = 0;
  for (int i = 0; i < rank; ++i) {
    const int d = order[i];
    const int64_t size = lead.shape[d];
    bool join = s.rank > 0;
    for (int k = 0; join && k < count; ++k) {
      join = s.op[k].strides[s.rank - 1] == views[k]->strides[d] * size;
    }
    if (join) {
      s.shape[s.rank - 1] *= size;
    } else {
      s.shape[s.rank++] = size;
    }
    for (int k = 0; k < count; ++k) s.op[k].strides[s.rank - 1] = views[k]->strides[d];
  }
  if (s.rank == 0) {
    s.rank = 1;
    s.shape[0] = 1;
    for (int k = 0; k < count; ++k) s.op[k].strides[0] = 1;
  }
  bring_short_axis(s);
  s.inner = s.shape[s.rank - 1];
  s.rows = 1;
  for (int i = 0; i < s.rank - 1; ++i) s.rows *= s.shape[i];
  for (int k = 0; k < count; ++k) {
    Operand& o = s.op[k];
    o.data = data<char>(*views[k]);
    o.size = size_of(views[k]->dtype);
    o.linear = o.fixed = true;
    int64_t dense = 1;
    for (int i = s.rank - 1; i >= 0; --i) {
      if (o.strides[i] != dense) o.linear = false;
      if (o.strides[i] != 0) o.fixed = false;
      dense *= s.shape[i];
    }
  }
}

// Walks rows in order: calls f(offset[], stride[], rows) for runs along the next-to-last axis, with
// the offset in elements of each of K operands and its stride from row to row.
template <int K, class F>
inline void for_row_runs(const Space& s, const Operand* const (&ops)[K], int64_t row, int64_t rows,
                         F&& f) {
  const int axis = s.rank - 2;
  int64_t offset[K] = {}, stride[K] = {};
  if (axis < 0) return f(offset, stride, int64_t{1});
  for (int k = 0; k < K; ++k) stride[k] = ops[k]->strides[axis];
  if (axis == 0) {
    for (int k = 0; k < K; ++k) offset[k] = row * stride[k];
    return f(offset, stride, rows);
  }
  int64_t index[abi::kMaxRank];
  for (int i = axis; i >= 0; --i) {
    index[i] = i == 0 ? row : row % s.shape[i];
    row /= s.shape[i];
    for (int k = 0; k < K; ++k) offset[k] += index[i] * ops[k]->strides[i];
  }
  for (;;) {
    const int64_t run = min64(rows, s.shape[axis] - index[axis]);
    f(offset, stride, run);
    if ((rows -= run) == 0) return;
    for (int k = 0; k < K; ++k) offset[k] -= index[axis] * stride[k];
    index[axis] = 0;
    for (int i = axis - 1; i >= 0; --i) {
      for (int k = 0; k < K; ++k) offset[k] += ops[k]->strides[i];
      if (++index[i] < s.shape[i]) break;
      for (int k = 0; k < K; ++k) offset[k] -= s.shape[i] * ops[k]->strides[i];
      index[i] = 0;
    }
  }
}

inline int64_t row_offset(const Space& s, const Operand& o, int64_t row) {
  int64_t at = 0;
  const Operand* const ops[] = {&o};
  for_row_runs(s, ops, row, 1,
               [&](const int64_t* offset, const int64_t*, int64_t) { at = *offset; });
  return at;
}

}  // namespace
}  // namespace lamina::LAMINA_ISA
