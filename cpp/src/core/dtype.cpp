#include "lamina/dtype.h"

#include <atomic>

#include "kernels/abi.h"
#include "lamina/error.h"

namespace lamina {

static_assert(static_cast<int>(DType::kBool) == static_cast<int>(abi::DType::kBool));
static_assert(static_cast<int>(DType::kFloat64) == static_cast<int>(abi::DType::kFloat64));

namespace {
struct Row {
  const char* name;
  size_t size;
};
constexpr Row kRows[] = {{"bool", 1},    {"uint8", 1},   {"int8", 1},    {"int16", 2},
                         {"int32", 4},   {"int64", 8},   {"float16", 2}, {"bfloat16", 2},
                         {"float32", 4}, {"float64", 8}, {"string", 0}};
std::atomic<DType> floatx_value{DType::kFloat32};
}  // namespace

size_t itemsize(DType dtype) { return kRows[static_cast<int>(dtype)].size; }
const char* dtype_name(DType dtype) { return kRows[static_cast<int>(dtype)].name; }

DType dtype_from_name(const std::string& name) {
  std::string known;
  for (int i = 0; i < 11; ++i) {
    if (name == kRows[i].name) return static_cast<DType>(i);
    known += (i ? ", " : "") + std::string(kRows[i].name);
  }
  throw Error(str("dtype: expected one of ", known, "; received '", name, "'"), Error::Kind::kType);
}

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (a > b) std::swap(a, b);  // a is the lower kind
  if (b == DType::kString)
    throw Error(
        "an operation on numbers takes no text; turn it into numbers first, with a layer such as "
        "StringLookup or Hashing",
        Error::Kind::kType);
  if (is_floating(b)) {
    if (a == DType::kFloat16 && b == DType::kBFloat16) return DType::kFloat32;
    return b;
  }
  if (a == DType::kBool) return b;
  if (a == DType::kUInt8 && b == DType::kInt8) return DType::kInt16;
  return b;
}

DType floatx() { return floatx_value; }
void set_floatx(DType dtype) {
  if (!is_floating(dtype)) fail("set_floatx: expected a float dtype, received ", dtype_name(dtype));
  floatx_value = dtype;
}

namespace {
std::atomic<bool> mixed_policy{false};
}  // namespace
void set_dtype_policy(const std::string& name) {
  if (name == "mixed_float16")
    throw Error("set_dtype_policy: mixed_float16 is not supported; use mixed_bfloat16",
                Error::Kind::kUnsupported);
  const bool mixed = name == "mixed_bfloat16";
  set_floatx(mixed ? DType::kFloat32 : dtype_from_name(name));
  mixed_policy = mixed;
}
std::string dtype_policy() { return mixed_policy ? "mixed_bfloat16" : dtype_name(floatx()); }

std::string Device::str() const {
  return type == Type::kCPU ? "cpu" : "cuda:" + std::to_string(index);
}

Device Device::parse(const std::string& text) {
  std::string kind = text.substr(0, text.find(':'));
  std::string index = text.find(':') == std::string::npos ? "" : text.substr(text.find(':') + 1);
  bool digits = index.size() < 4 && index.find_first_not_of("0123456789") == std::string::npos;
  if (kind == "cpu" && digits) return {};
  if ((kind == "cuda" || kind == "gpu") && digits)
    return {Type::kCUDA, index.empty() ? 0 : std::stoi(index)};
  fail("device: expected 'cpu', 'cuda' or 'cuda:N', received '", text, "'");
}

}  // namespace lamina
