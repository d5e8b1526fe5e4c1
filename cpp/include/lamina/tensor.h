// Tensor: a strided array on a device, and the handle of automatic differentiation.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lamina/dtype.h"
#include "lamina/error.h"
#include "lamina/shape.h"

namespace lamina {

struct TensorImpl;
class Tensor;
using Tensors = std::vector<Tensor>;

// A handle: copying it shares the same array. Views made by slicing, transposing and reshaping
// share memory. A tensor is one of three kinds:
//   concrete   it has memory; the usual kind
//   abstract   it stands for a value inside a function being captured; only shape and dtype are
//   known symbolic   it stands for a layer's output while a functional model is put together
//   (KerasTensor)
class Tensor {
 public:
  Tensor() = default;  // no tensor; defined() is false
  // A scalar that takes the dtype of what it meets: x * 2.0 stays in x's dtype.
  Tensor(double value);
  Tensor(float value) : Tensor(static_cast<double>(value)) {}
  Tensor(int64_t value);
  Tensor(int value) : Tensor(static_cast<int64_t>(value)) {}
  Tensor(bool value);
  explicit Tensor(std::shared_ptr<TensorImpl> impl) : impl_(std::move(impl)) {}

  // Copies `data` (C order) into a new tensor.
  static Tensor from_data(const void* data, const Shape& shape, DType dtype, Device device = {});
  template <class T>
  static Tensor from_vector(const std::vector<T>& values, const Shape& shape);
  // Shares memory that `owner` keeps alive. Strides count elements.
  static Tensor borrow(void* data, const Shape& shape, const Shape& strides, DType dtype,
                       std::shared_ptr<void> owner, bool writable = true);
  // A tensor of text, in C order: what layers such as StringLookup take. No operation does.
  static Tensor from_strings(std::vector<std::string> values, const Shape& shape);
  // Uninitialized memory.
  static Tensor empty(const Shape& shape, DType dtype = floatx(), Device device = {});

  bool defined() const { return impl_ != nullptr; }
  const Shape& shape() const;
  const Shape& strides() const;
  int rank() const { return shape().rank(); }
  int64_t dim(int i) const;  // negative counts from the end
  int64_t numel() const { return shape().numel(); }
  size_t nbytes() const { return static_cast<size_t>(numel()) * itemsize(dtype()); }
  DType dtype() const;
  Device device() const;
  bool is_contiguous() const;
  bool is_abstract() const;
  bool is_symbolic() const;
  bool is_text() const { return dtype() == DType::kString; }
  const std::vector<std::string>& strings() const;  // all values of a tensor of text, in C order
  bool is_scalar_literal() const;                   // made from a C++ or Python number
  bool writable() const;

  // The first element, in host memory. Throws Error where there is none to read: an abstract or
  // symbolic tensor, or one on another device.
  void* data() const;
  template <class T>
  T item() const;  // the value of a tensor of one element
  template <class T>
  std::vector<T> to_vector() const;  // all values in C order

  Tensor astype(DType dtype) const;
  Tensor to(Device device) const;
  Tensor contiguous() const;  // itself where it is contiguous already
  Tensor clone() const;       // a new array with the same values
  Tensor detach() const;      // the same memory, no gradient
  // Replaces the values in place (broadcast and converted). Refused for tensors that a recorded
  // operation produced or that need a gradient, unless NoGrad is active.
  void assign(const Tensor& value) const;

  bool requires_grad() const;
  const Tensor& set_requires_grad(bool value = true) const;  // leaf, floating tensors only
  Tensor grad() const;  // undefined until backward() has reached it
  void set_grad(const Tensor& g) const;
  // Adds d(this)/d(leaf) to the grad of every leaf that needs it. `gradient` defaults to 1 and may
  // be left out for a tensor of one element only.
  void backward(const Tensor& gradient = {}, bool create_graph = false) const;

  // Which entries count (true), as the layer that made this tensor said; undefined: all do. Layers
  // take it from their inputs and pass it on; operations leave it behind. Keras's _keras_mask.
  Tensor mask() const;
  void set_mask(const Tensor& mask) const;
  // Of a ragged batch (1, total, ...), which holds sequences of different lengths one after the
  // other: their lengths, int64 (batch,); see lamina/ragged.h. Undefined: no ragged batch. It goes
  // with the mask, and elementwise operations keep both.
  Tensor row_lengths() const;
  void set_row_lengths(const Tensor& lengths) const;
  bool is_ragged() const;

  std::string str() const;  // values as NumPy prints them, with shape and dtype

  TensorImpl* impl() const { return impl_.get(); }
  const std::shared_ptr<TensorImpl>& impl_ptr() const { return impl_; }

 private:
  std::shared_ptr<TensorImpl> impl_;
};

template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<bool>() {
  return DType::kBool;
}
template <>
constexpr DType dtype_of<uint8_t>() {
  return DType::kUInt8;
}
template <>
constexpr DType dtype_of<int8_t>() {
  return DType::kInt8;
}
template <>
constexpr DType dtype_of<int16_t>() {
  return DType::kInt16;
}
template <>
constexpr DType dtype_of<int32_t>() {
  return DType::kInt32;
}
template <>
constexpr DType dtype_of<int64_t>() {
  return DType::kInt64;
}
template <>
constexpr DType dtype_of<float>() {
  return DType::kFloat32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::kFloat64;
}

template <class T>
Tensor Tensor::from_vector(const std::vector<T>& values, const Shape& shape) {
  if (static_cast<int64_t>(values.size()) != shape.numel())
    fail("from_vector: ", values.size(), " values do not fill shape ", shape);
  return from_data(values.data(), shape, dtype_of<T>());
}
template <class T>
T Tensor::item() const {
  if (numel() != 1) fail("item: expected a tensor of one element, received shape ", shape());
  return *static_cast<const T*>(astype(dtype_of<T>()).to(Device{}).contiguous().data());
}
template <class T>
std::vector<T> Tensor::to_vector() const {
  Tensor t = astype(dtype_of<T>()).to(Device{}).contiguous();
  const T* p = static_cast<const T*>(t.data());
  return std::vector<T>(p, p + t.numel());
}

// ---- differentiation ----------------------------------------------------------------------------

// Name of a symbolic input; "" for other tensors.
std::string symbolic_name(const Tensor& t);

bool grad_enabled();

// No operation is recorded on this thread while one of these lives.
class NoGrad {
 public:
  explicit NoGrad(bool enabled = false);
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;

 private:
  bool before_;
};

// Products of float32 matrices made on this thread while one of these lives with `on`, and those of
// their gradients, take their operands as bfloat16; see set_dtype_policy.
bool mixed_precision();
class MixedPrecision {
 public:
  explicit MixedPrecision(bool on);
  ~MixedPrecision();
  MixedPrecision(const MixedPrecision&) = delete;

 private:
  bool before_;
};

// d(sum over outputs of output * grad_output) / d(input), for each input. An input that the outputs
// do not depend on gets an undefined tensor. grad_outputs default to ones. With create_graph the
// results can be differentiated again.
Tensors gradients(const Tensors& outputs, const Tensors& inputs, const Tensors& grad_outputs = {},
                  bool create_graph = false);

// f(inputs) with its own rule: backward(inputs, outputs, output gradients) -> input gradients.
using CustomBackward =
    std::function<Tensors(const Tensors& inputs, const Tensors& outputs, const Tensors& grads)>;
Tensors custom_gradient(const std::function<Tensors(const Tensors&)>& forward,
                        const CustomBackward& backward, const Tensors& inputs);

// ---- settings -----------------------------------------------------------------------------------

// While on, the first operation whose result holds a NaN where none of its inputs does throws Error
// naming the operation and the layer.
void set_debug_nans(bool on);
bool debug_nans();
void set_num_threads(int n);
int num_threads();
const char* cpu_isa();  // "baseline", "avx2" or "avx512"
const char* version();

}  // namespace lamina
