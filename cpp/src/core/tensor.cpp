// Storage and the parts of Tensor that need no operation. The others are in ops/tensor_methods.cpp.
#include "lamina/tensor.h"

#include <algorithm>

#include "core/tensor_impl.h"
#include "core/threads.h"
#include "kernels/dispatch.h"

namespace lamina {

Storage::Storage(size_t n, Device d) : bytes(n), device(d) {
  data = backend(d).allocate(n);
  if (!data) throw Error(str("out of memory: ", n, " bytes on ", d.str()), Error::Kind::kRuntime);
}
Storage::Storage(void* p, size_t n, Device d, std::shared_ptr<void> o, bool w)
    : data(p), bytes(n), device(d), owner(std::move(o)), writable(w) {}
Storage::~Storage() {
  if (!owner) backend(device).release(data, bytes);
}

Tensor make_tensor(TensorImpl&& impl) {
  return Tensor(std::make_shared<TensorImpl>(std::move(impl)));
}

abi::View view_of(const TensorImpl& t) {
  abi::View v;
  v.data = static_cast<char*>(t.storage->data) + t.offset * static_cast<int64_t>(itemsize(t.dtype));
  v.rank = t.shape.rank();
  v.dtype = to_abi(t.dtype);
  std::copy(t.shape.begin(), t.shape.end(), v.shape);
  std::copy(t.strides.begin(), t.strides.end(), v.strides);
  return v;
}

namespace {
const TensorImpl& checked(const TensorImpl* impl) {
  if (!impl) throw Error("an undefined tensor was used", Error::Kind::kRuntime);
  return *impl;
}

template <class T>
std::shared_ptr<TensorImpl> literal(T value, DType dtype) {
  Tensor t = Tensor::from_data(&value, {}, dtype);
  t.impl()->literal = true;
  return t.impl_ptr();
}
}  // namespace

Tensor::Tensor(double value) : impl_(literal(value, DType::kFloat64)) {}
Tensor::Tensor(int64_t value) : impl_(literal(value, DType::kInt64)) {}
Tensor::Tensor(bool value) : impl_(literal(value, DType::kBool)) {}

Tensor Tensor::from_strings(std::vector<std::string> values, const Shape& shape) {
  if (static_cast<int64_t>(values.size()) != shape.numel())
    fail("from_strings: ", values.size(), " values do not fill shape ", shape);
  TensorImpl t;
  t.strings = std::make_shared<const std::vector<std::string>>(std::move(values));
  t.shape = shape;
  t.strides = contiguous_strides(shape);
  t.dtype = DType::kString;
  return make_tensor(std::move(t));
}

const std::vector<std::string>& Tensor::strings() const {
  const TensorImpl& t = checked(impl());
  if (!t.strings)
    throw Error(
        lamina::str("strings: expected a tensor of text, received one of ", dtype_name(t.dtype),
                    is_symbolic()   ? " without values"
                    : is_abstract() ? " that is being captured"
                                    : ""),
        Error::Kind::kType);
  return *t.strings;
}

Tensor Tensor::empty(const Shape& shape, DType dtype, Device device) {
  if (dtype == DType::kString)
    throw Error(
        "an operation on numbers takes no text; turn it into numbers first, with a layer such as "
        "StringLookup or Hashing",
        Error::Kind::kType);
  for (int64_t d : shape)
    if (d < 0) fail("shape: lengths must not be negative, received ", shape);
  TensorImpl t;
  t.storage =
      std::make_shared<Storage>(static_cast<size_t>(shape.numel()) * itemsize(dtype), device);
  t.shape = shape;
  t.strides = contiguous_strides(shape);
  t.dtype = dtype;
  t.device = device;
  return make_tensor(std::move(t));
}

Tensor Tensor::from_data(const void* data, const Shape& shape, DType dtype, Device device) {
  Tensor t = empty(shape, dtype, device);
  backend(device).copy_from_host(t.impl_->storage->data, data, t.nbytes());
  return t;
}

Tensor Tensor::borrow(void* data, const Shape& shape, const Shape& strides, DType dtype,
                      std::shared_ptr<void> owner, bool writable) {
  // The storage spans from the lowest to the highest address the strides reach.
  int64_t low = 0, high = 1;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == 0) low = high = 0;
    int64_t reach = (shape[i] - 1) * strides[i];
    (reach < 0 ? low : high) += reach;
  }
  int64_t size = static_cast<int64_t>(itemsize(dtype));
  TensorImpl t;
  t.storage = std::make_shared<Storage>(static_cast<char*>(data) + low * size,
                                        static_cast<size_t>((high - low) * size), Device{},
                                        std::move(owner), writable);
  t.offset = -low;
  t.shape = shape;
  t.strides = strides;
  t.dtype = dtype;
  return make_tensor(std::move(t));
}

const Shape& Tensor::shape() const { return checked(impl()).shape; }
const Shape& Tensor::strides() const { return checked(impl()).strides; }
int64_t Tensor::dim(int i) const { return shape()[normalize_axis(i, rank(), "dim")]; }
DType Tensor::dtype() const { return checked(impl()).dtype; }
Device Tensor::device() const { return checked(impl()).device; }
bool Tensor::is_abstract() const { return impl_ && impl_->trace; }
bool Tensor::is_symbolic() const { return impl_ && impl_->symbol; }
bool Tensor::is_scalar_literal() const { return checked(impl()).literal; }
bool Tensor::writable() const { return !impl_->storage || impl_->storage->writable; }

bool Tensor::is_contiguous() const {
  const TensorImpl& t = checked(impl());
  int64_t step = 1;
  for (int i = t.shape.rank() - 1; i >= 0; --i) {
    if (t.shape[i] == 0) return true;
    if (t.shape[i] != 1 && t.strides[i] != step) return false;
    step *= t.shape[i];
  }
  return true;
}

void* Tensor::data() const {
  const TensorImpl& t = checked(impl());
  if (t.strings) throw Error("data: a tensor of text holds no numbers", Error::Kind::kType);
  if (is_symbolic())
    throw Error(
        "a symbolic tensor has no values: it stands for a layer's output; call the model on data",
        Error::Kind::kRuntime);
  if (is_abstract() || !t.storage)
    throw Error(
        "the value of a tensor was read while lamina captures the function, where only shapes are "
        "known. Use operations such as lamina.ops.where instead, or pass run_eagerly=True to "
        "compile()",
        Error::Kind::kRuntime);
  if (t.device.type != Device::Type::kCPU)
    fail("data: the tensor is on ", t.device.str(), "; copy it with to('cpu') first");
  return view_of(t).data;
}

bool Tensor::requires_grad() const { return impl_ && impl_->requires_grad; }

const Tensor& Tensor::set_requires_grad(bool value) const {
  if (value && !is_floating(dtype()))
    fail("set_requires_grad: only floating tensors have gradients, this one is ",
         dtype_name(dtype()));
  if (impl_->node)
    fail("set_requires_grad: the tensor is the result of an operation; detach it first");
  impl_->requires_grad = value;
  return *this;
}

Tensor Tensor::grad() const { return impl_->grad; }
void Tensor::set_grad(const Tensor& g) const {
  if (g.defined() && g.shape() != shape())
    fail("grad: expected shape ", shape(), ", received ", g.shape());
  impl_->grad = g;
}

Tensor Tensor::mask() const { return checked(impl_.get()).mask; }
void Tensor::set_mask(const Tensor& mask) const {
  checked(impl_.get());
  if (impl_->symbol) fail("the mask of a symbolic tensor cannot be set; pass mask= to the layer");
  if (mask.impl() == impl_.get()) fail("a tensor cannot be its own mask");
  impl_->mask = mask;
}

Tensor Tensor::row_lengths() const { return checked(impl_.get()).row_lengths; }
bool Tensor::is_ragged() const { return impl_ && impl_->row_lengths.defined(); }
void Tensor::set_row_lengths(const Tensor& lengths) const {
  checked(impl_.get());
  if (impl_->symbol) fail("a symbolic tensor has no row lengths; call the model on a ragged batch");
  if (lengths.defined()) {
    if (impl_->shape.rank() < 2 || impl_->shape[0] != 1)
      fail("row_lengths: expected a ragged batch (1, total, ...), received shape ", impl_->shape);
    if (lengths.rank() != 1 || lengths.dtype() != DType::kInt64)
      fail("row_lengths: expected int64 (batch,), received ", dtype_name(lengths.dtype()), " ",
           lengths.shape());
  }
  impl_->row_lengths = lengths;
}

std::string symbolic_name(const Tensor& t) { return t.impl()->name; }

void set_num_threads(int n) { threads::set_num_threads(n); }
int num_threads() { return threads::num_threads(); }
const char* cpu_isa() { return kernels::cpu().isa; }
const char* version() { return LAMINA_VERSION; }

}  // namespace lamina
