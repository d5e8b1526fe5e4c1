// What a Tensor handle points to.
#pragma once
#include <atomic>
#include <memory>

#include "core/backend.h"
#include "lamina/tensor.h"

namespace lamina {

struct Node;
class Trace;

// Memory on a device, its own or borrowed. `version` counts in-place writes, so that backward() can
// tell that a value it saved has changed since.
struct Storage {
  void* data = nullptr;
  size_t bytes = 0;
  Device device;
  std::shared_ptr<void> owner;  // of borrowed memory
  bool writable = true;
  uint64_t version = 0;

  Storage(size_t bytes, Device device);  // allocates; throws Error when memory is short
  Storage(void* data, size_t bytes, Device device, std::shared_ptr<void> owner, bool writable);
  ~Storage();
  Storage(const Storage&) = delete;
};

struct TensorImpl {
  std::shared_ptr<Storage> storage;                         // null: abstract, symbolic or text
  std::shared_ptr<const std::vector<std::string>> strings;  // of a tensor of text
  int64_t offset = 0;  // first element, counted from the start of the storage
  Shape shape;
  Shape strides;
  DType dtype = DType::kFloat32;
  Device device;
  bool requires_grad = false;
  bool literal = false;   // a number: gives way to the dtype of what it meets
  bool variable = false;  // state that programs read and write in place (weights, seeds, metrics)

  std::shared_ptr<Node> node;  // the operation that made it, where recorded
  int index = 0;               // which output of that operation
  Tensor grad;
  Tensor mask;         // which entries count, as layers said
  Tensor row_lengths;  // of the sequences in a ragged batch

  std::shared_ptr<Trace> trace;      // abstract: the capture it belongs to
  std::shared_ptr<TensorImpl> base;  // abstract view: the value whose memory it shares
  std::shared_ptr<void> symbol;      // symbolic: the functional node (train/functional.h)
  std::string name;                  // of a symbolic input
};

// The value that owns the memory of an abstract one.
inline const TensorImpl* base_of(const TensorImpl* t) { return t->base ? t->base.get() : t; }

// abi view of a concrete tensor.
abi::View view_of(const TensorImpl& t);
Tensor make_tensor(TensorImpl&& impl);
inline abi::DType to_abi(DType d) { return static_cast<abi::DType>(d); }

}  // namespace lamina
