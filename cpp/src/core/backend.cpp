#include "core/backend.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "kernels/dispatch.h"
#include "lamina/error.h"

namespace lamina {

const Backend& backend(Device device) {
  if (device.type != Device::Type::kCPU)
    throw Error("device '" + device.str() + "': this build of lamina has no CUDA support",
                Error::Kind::kUnsupported);
  static const Backend cpu = {
      &kernels::cpu(),
      &kernels::cpu_context(),
      [](size_t bytes) -> void* {
        return ::operator new(bytes ? bytes : 1, std::align_val_t{64}, std::nothrow);
      },
      [](void* data, size_t) { ::operator delete(data, std::align_val_t{64}); },
      [](void* dst, const void* src, size_t bytes) {
        if (bytes) std::memcpy(dst, src, bytes);
      },
      [](void* dst, const void* src, size_t bytes) {
        if (bytes) std::memcpy(dst, src, bytes);
      },
  };
  return cpu;
}

}  // namespace lamina
