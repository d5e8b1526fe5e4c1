// A device as the rest of lamina sees it: a table of kernels and how to get, free and copy memory.
#pragma once
#include <cstddef>

#include "kernels/abi.h"
#include "lamina/dtype.h"

namespace lamina {

struct Backend {
  const abi::KernelTable* kernels;
  const abi::Context* context;
  void* (*allocate)(size_t bytes);  // 64-byte aligned; null when memory is short
  void (*release)(void* data, size_t bytes);
  void (*copy_from_host)(void* dst, const void* src, size_t bytes);
  void (*copy_to_host)(void* dst, const void* src, size_t bytes);
};

// Throws Error for a device this build or machine does not have.
const Backend& backend(Device device);

}  // namespace lamina
