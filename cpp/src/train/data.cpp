#include "train/data.h"

#include <algorithm>
#include <numeric>

#include "core/tensor_impl.h"

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
      if (n >= 0 && t.dim(0) != n)
        fail("arrays must have the same number of samples: x has ", n, ", ", names[group], " has ",
             t.dim(0));
      n = t.dim(0);
      if (t.is_text() && group > 0)
        throw Error(str(names[group], ": expected numbers, received text; StringLookup makes ",
                        "integers of it"),
                    Error::Kind::kType);
      text_ |= t.is_text();
      bool convert = is_floating(t.dtype()) && t.dtype() != floatx();
      arrays_.push_back(convert ? t.detach().astype(floatx()) : t.detach());
    }
    ++group;
  }
  if (n == 0) fail("x: expected at least one sample, received shape ", data.x[0].shape());
  last_ = last < 0 ? n : last;
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
  for (size_t i = 0; i < arrays_.size(); ++i) {
    Shape s = arrays_[i].shape();
    s[0] = size_of(step);
    Tensor t;
    if (!arrays_[i].is_text()) t = Tensor::empty(s, arrays_[i].dtype(), arrays_[i].device());
    (i < n_x_ ? batch.x : i < n_x_ + n_y_ ? batch.y : batch.sample_weight).push_back(t);
  }
  return batch;
}

Tensor ArrayBatches::text_rows(int64_t step, size_t i) const {
  const Tensor& a = arrays_[i];
  const auto& text = a.strings();
  Shape s = a.shape();
  int64_t length = s[0] ? a.numel() / s[0] : 0, start = step * batch_size_;
  s[0] = size_of(step);
  std::vector<std::string> out;
  for (int64_t r = 0; r < s[0]; ++r) {
    int64_t row =
        shuffle_ ? static_cast<const int64_t*>(order_.data())[start + r] : first_ + start + r;
    out.insert(out.end(), text.begin() + row * length, text.begin() + (row + 1) * length);
  }
  return Tensor::from_strings(std::move(out), s);
}

Batch ArrayBatches::batch(int64_t step) const {
  Batch b = like(step);
  size_t i = 0;
  for (Tensors* list : {&b.x, &b.y, &b.sample_weight})
    for (Tensor& t : *list) {
      if (arrays_[i].is_text())
        t = text_rows(step, i++);
      else
        gather(step, i++, t);
    }
  return b;
}

Tensor class_weights(const Tensor& y, const Tensor& sample_weight,
                     const std::map<int64_t, double>& weights) {
  Tensor labels = y;
  if (labels.rank() > 1 && labels.shape().back() > 1)
    labels = argmax(labels, -1);
  else if (labels.rank() > 1)
    labels = reshape(labels, {-1});
  std::vector<int64_t> classes = labels.to_vector<int64_t>();
  std::vector<float> out(classes.size(), 1.0f);
  std::vector<float> given;
  if (sample_weight.defined()) given = sample_weight.to_vector<float>();
  for (size_t i = 0; i < classes.size(); ++i) {
    auto it = weights.find(classes[i]);
    out[i] = (it == weights.end() ? 1.0f : static_cast<float>(it->second)) *
             (given.empty() ? 1.0f : given.at(i));
  }
  return Tensor::from_vector(out, {static_cast<int64_t>(out.size())});
}

}  // namespace lamina
