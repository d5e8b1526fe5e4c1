// Element types and devices.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace lamina {

enum class DType : uint8_t {
  kBool,
  kUInt8,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFloat16,
  kBFloat16,
  kFloat32,
  kFloat64,
  kString,  // text: see Tensor::from_strings
};

size_t itemsize(DType dtype);
const char* dtype_name(DType dtype);             // "float32", as NumPy and Keras say
DType dtype_from_name(const std::string& name);  // throws Error for an unknown name
inline bool is_floating(DType d) { return d >= DType::kFloat16 && d <= DType::kFloat64; }
inline bool is_integer(DType d) { return d >= DType::kUInt8 && d <= DType::kInt64; }

// The type of the result when both meet in one operation. As in JAX and Keras: a float wins over an
// integer and keeps its width; float16 with bfloat16 gives float32; uint8 with int8 gives int16.
DType promote(DType a, DType b);

// The float type used where none is given: float32 until config says otherwise.
DType floatx();
void set_floatx(DType dtype);  // float16, bfloat16, float32 or float64

// How layers compute that are given no dtype of their own: a float type for weights and
// computation, or "mixed_bfloat16": float32, but matrix products take their operands as bfloat16
// (and add up in float32) where the CPU has instructions for that. Throws Error for other names.
void set_dtype_policy(const std::string& name);
std::string dtype_policy();

struct Device {
  enum class Type : uint8_t { kCPU, kCUDA };
  Type type = Type::kCPU;
  int index = 0;
  bool operator==(const Device&) const = default;
  std::string str() const;                       // "cpu" or "cuda:0"
  static Device parse(const std::string& text);  // "cpu", "cuda", "cuda:1"; also Keras's "gpu"
};

}  // namespace lamina
