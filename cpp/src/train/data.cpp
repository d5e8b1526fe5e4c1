#include "train/data.h"

#include <algorithm>
#include <numeric>

#include "core/tensor_impl.h"
#include "lamina/ragged.h"

namespace lamina {

ArrayBatches::ArrayBatches(const ArrayData& data, int64_t batch_size, bool shuffle, int64_t first,
                           int64_t last)
    : n_x_(data.x.size()),
      n_y_(data.y.size()),
      batch_size_(batch_size),
      first_(first),
      shuffle_(shuffle) {
  if (batch_size < 1) fail("batch_size: expected at least 1, received ", batch_size);
  if (data.x.empty()) fail("x: expected at least one array, received none");
  const char* names[] = {"x", "y", "sample_weight"};
  int64_t n = -1;
  int group = 0;
  for (const Tensors* list : {&data.x, &data.y, &data.sample_weight}) {
    for (const Tensor& t : *list) {
      if (!t.defined()) fail(names[group], ": an array is missing");
      if (t.rank() == 0)
        fail(names[group], ": expected an array with a first axis of samples, received a scalar");
      int64_t samples = sample_count(t);
      if (n >= 0 && samples != n)
        fail("arrays must have the same number of samples: x has ", n, ", ", names[group], " has ",
             samples);
      n = samples;
      if (t.is_text() && group > 0)
        throw Error(str(names[group], ": expected numbers, received text; StringLookup makes ",
                        "integers of it"),
                    Error::Kind::kType);
      text_ |= t.is_text();
      bool convert = is_floating(t.dtype()) && t.dtype() != floatx();
      arrays_.push_back(convert ? t.detach().astype(floatx()) : t.detach());
      rows_.emplace_back();
      if (t.is_ragged()) add_ragged(t);
    }
    ++group;
  }
  if (n == 0) fail("x: expected at least one sample, received shape ", data.x[0].shape());
  last_ = last < 0 ? n : last;
}

void ArrayBatches::add_ragged(const Tensor& array) {
  Tensor lengths = array.row_lengths().astype(DType::kInt64).contiguous();
  RaggedRows rows;
  rows.starts.reserve(static_cast<size_t>(lengths.dim(0)) + 1);
  rows.starts = {0};
  for (int64_t n : lengths.to_vector<int64_t>()) rows.starts.push_back(rows.starts.back() + n);
  for (rows.group = 0; rows.group < groups_.size(); ++rows.group)
    if (rows_[group_array_[rows.group]]->starts == rows.starts) break;
  if (rows.group == groups_.size()) {
    groups_.push_back(lengths);
    group_array_.push_back(rows_.size() - 1);
  }
  rows_.back() = std::move(rows);
}

int64_t ArrayBatches::row(int64_t step, int64_t i) const {
  int64_t at = step * batch_size_ + i;
  return shuffle_ ? static_cast<const int64_t*>(order_.data())[at] : first_ + at;
}

int64_t ArrayBatches::steps_of(int64_t step, size_t group) const {
  const RaggedRows& rows = *rows_[group_array_[group]];
  int64_t total = 0;
  for (int64_t i = 0; i < size_of(step); ++i) total += rows.length(row(step, i));
  return total;
}

int64_t ArrayBatches::capacity(int64_t step, size_t group) const {
  return ragged_capacity(steps_of(step, group));
}

const Ints& ArrayBatches::extent(int64_t step) {
  extent_.clear();
  extent_.push_back(size_of(step));
  for (size_t g = 0; g < groups_.size(); ++g) extent_.push_back(capacity(step, g));
  return extent_;
}

// Sequences one after the other, then zeros.
void ArrayBatches::gather_ragged(int64_t step, size_t i, const Tensor& out) const {
  const RaggedRows& rows = *rows_[i];
  const Backend& b = backend(out.device());
  abi::View from = view_of(*arrays_[i].impl()), to = view_of(*out.impl());
  char *source = static_cast<char*>(from.data), *target = static_cast<char*>(to.data);
  const int64_t bytes = static_cast<int64_t>(itemsize(out.dtype()));
  int64_t done = 0, room = to.shape[1];
  auto place = [&](int64_t n) {
    to.data = target + done * to.strides[1] * bytes;
    to.shape[1] = n;
    done += n;
  };
  for (int64_t r = 0; r < size_of(step); ++r) {
    int64_t at = row(step, r), n = rows.length(at);
    if (n == 0) continue;
    from.data = source + rows.starts[static_cast<size_t>(at)] * from.strides[1] * bytes;
    from.shape[1] = n;
    place(n);
    b.kernels->copy(*b.context, from, to);
  }
  if (done == room) return;
  place(room - done);
  double zero = 0;
  abi::View nothing = to;
  nothing.data = &zero;
  nothing.dtype = abi::DType::kFloat64;
  for (int a = 0; a < nothing.rank; ++a) nothing.strides[a] = 0;
  b.kernels->copy(*b.context, nothing, to);
}

void ArrayBatches::gather_lengths(int64_t step, size_t group, const Tensor& out) const {
  const RaggedRows& rows = *rows_[group_array_[group]];
  int64_t* to = static_cast<int64_t*>(out.data());
  for (int64_t r = 0; r < size_of(step); ++r) to[r] = rows.length(row(step, r));
}

void ArrayBatches::start_epoch() {
  if (!shuffle_) return;
  order_ = random::shuffle(
      arange(static_cast<double>(first_), static_cast<double>(last_), 1, DType::kInt64));
}

int64_t ArrayBatches::size_of(int64_t step) const {
  return std::min(batch_size_, rows() - step * batch_size_);
}

void ArrayBatches::gather(int64_t step, size_t i, const Tensor& out) const {
  if (i >= arrays_.size()) return gather_lengths(step, i - arrays_.size(), out);
  if (rows_[i]) return gather_ragged(step, i, out);
  const Tensor& a = arrays_[i];
  const Backend& b = backend(a.device());
  int64_t start = step * batch_size_, count = size_of(step);
  if (shuffle_) {
    abi::View index = view_of(*order_.impl());
    index.data = static_cast<int64_t*>(index.data) + start;
    index.shape[0] = count;
    b.kernels->gather(*b.context, view_of(*a.impl()), index, view_of(*out.impl()), 0);
  } else {
    abi::View rows = view_of(*a.impl());
    rows.data = static_cast<char*>(rows.data) +
                (first_ + start) * rows.strides[0] * static_cast<int64_t>(itemsize(a.dtype()));
    rows.shape[0] = count;
    b.kernels->copy(*b.context, rows, view_of(*out.impl()));
  }
}

Batch ArrayBatches::like(int64_t step) const {
  Batch batch;
  Tensors lengths;
  for (size_t g = 0; g < groups_.size(); ++g)
    lengths.push_back(Tensor::empty({size_of(step)}, DType::kInt64));
  for (size_t i = 0; i < arrays_.size(); ++i) {
    Shape s = arrays_[i].shape();
    if (rows_[i])
      s[1] = capacity(step, rows_[i]->group);
    else
      s[0] = size_of(step);
    Tensor t;
    if (!arrays_[i].is_text()) t = Tensor::empty(s, arrays_[i].dtype(), arrays_[i].device());
    if (rows_[i]) t.set_row_lengths(lengths[rows_[i]->group]);
    (i < n_x_ ? batch.x : i < n_x_ + n_y_ ? batch.y : batch.sample_weight).push_back(t);
  }
  return batch;
}

Tensor ArrayBatches::text_rows(int64_t step, size_t i) const {
  const Tensor& a = arrays_[i];
  const auto& text = a.strings();
  Shape s = a.shape();
  int64_t length = s[0] ? a.numel() / s[0] : 0;
  s[0] = size_of(step);
  std::vector<std::string> out;
  for (int64_t r = 0; r < s[0]; ++r) {
    int64_t at = row(step, r);
    out.insert(out.end(), text.begin() + at * length, text.begin() + (at + 1) * length);
  }
  return Tensor::from_strings(std::move(out), s);
}

Batch ArrayBatches::batch(int64_t step) const {
  Batch b = like(step);
  size_t i = 0;
  std::vector<bool> filled(groups_.size());
  for (Tensors* list : {&b.x, &b.y, &b.sample_weight})
    for (Tensor& t : *list) {
      if (arrays_[i].is_text()) {
        t = text_rows(step, i++);
        continue;
      }
      gather(step, i, t);
      if (rows_[i]) {
        size_t group = rows_[i]->group;
        if (!filled[group]) gather_lengths(step, group, t.row_lengths()), filled[group] = true;
        t = as_ragged(t, t.row_lengths());
      }
      ++i;
    }
  return b;
}

Tensor class_weights(const Tensor& y, const Tensor& sample_weight,
                     const std::map<int64_t, double>& weights) {
  Tensor labels = y.is_ragged() ? squeeze(y, 0) : y;
  if (labels.rank() > 1 && labels.shape().back() > 1)
    labels = argmax(labels, -1);
  else if (labels.rank() > 1)
    labels = reshape(labels, {-1});
  std::vector<int64_t> classes = labels.to_vector<int64_t>();
  std::vector<float> out(classes.size(), 1.0f);
  std::vector<float> given;
  if (y.is_ragged()) {  // a weight of each step
    for (size_t i = 0; i < classes.size(); ++i)
      if (auto it = weights.find(classes[i]); it != weights.end())
        out[i] = static_cast<float>(it->second);
    Tensor w = Tensor::from_vector(out, {1, static_cast<int64_t>(out.size())});
    if (sample_weight.defined())
      w = w * (sample_weight.is_ragged() ? sample_weight : repeat_rows(sample_weight, y));
    return as_ragged(w, y.row_lengths());
  }
  if (sample_weight.defined()) given = sample_weight.to_vector<float>();
  for (size_t i = 0; i < classes.size(); ++i) {
    auto it = weights.find(classes[i]);
    out[i] = (it == weights.end() ? 1.0f : static_cast<float>(it->second)) *
             (given.empty() ? 1.0f : given.at(i));
  }
  return Tensor::from_vector(out, {static_cast<int64_t>(out.size())});
}

}  // namespace lamina
