// The methods of Tensor that are operations, and printing.
#include <cmath>
#include <cstdio>

#include "core/tensor_impl.h"
#include "lamina/ops.h"

namespace lamina {

Tensor Tensor::astype(DType d) const { return cast(*this, d); }
Tensor Tensor::contiguous() const { return is_contiguous() ? *this : copy(*this); }
Tensor Tensor::clone() const { return copy(*this); }

Tensor Tensor::to(Device d) const {
  if (d == device()) return *this;
  // Host memory is the only meeting point of devices.
  Tensor from = contiguous();
  Tensor out = Tensor::empty(shape(), dtype(), d);
  if (d.type == Device::Type::kCPU)
    backend(device()).copy_to_host(out.data(), view_of(*from.impl()).data, nbytes());
  else
    backend(d).copy_from_host(view_of(*out.impl()).data, from.data(), nbytes());
  return out;
}

Tensor Tensor::detach() const {
  TensorImpl t = *impl_;
  if (t.trace && !t.base) t.base = impl_;
  t.node = nullptr;
  t.requires_grad = false;
  t.literal = false;
  t.grad = {};
  return make_tensor(std::move(t));
}

void Tensor::assign(const Tensor& value) const {
  if (grad_enabled() && requires_grad())
    throw Error(
        "assign: the tensor is part of a gradient's computation; change it inside no_grad(), or "
        "make a new one",
        Error::Kind::kRuntime);
  lamina::assign(*this, value);
}

namespace {

std::string number(const Tensor& host, int64_t offset) {
  char text[40];
  const char* p = static_cast<const char*>(host.data());
  switch (host.dtype()) {
    case DType::kBool:
      return reinterpret_cast<const bool*>(p)[offset] ? "True" : "False";
    case DType::kInt64:
      return std::to_string(reinterpret_cast<const int64_t*>(p)[offset]);
    default:
      break;
  }
  double v = reinterpret_cast<const double*>(p)[offset];
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
  std::snprintf(text, sizeof text,
                std::abs(v) >= 1e8 || (v != 0 && std::abs(v) < 1e-4) ? "%.8e" : "%.8g", v);
  std::string s = text;
  if (s.find_first_of(".en") == std::string::npos) s += ".";
  return s;
}

void print(const Tensor& host, int axis, int64_t offset, int64_t edge, int indent,
           std::string& out) {
  if (axis == host.rank()) {
    out += number(host, offset);
    return;
  }
  out += "[";
  int64_t n = host.shape()[axis];
  bool last = axis + 1 == host.rank();
  for (int64_t i = 0; i < n; ++i) {
    if (edge > 0 && n > 2 * edge && i == edge) {
      out +=
          last ? ", ..." : ",\n" + std::string(static_cast<size_t>(indent + axis + 1), ' ') + "...";
      i = n - edge;
    }
    if (i > 0)
      out += last ? ", " : ",\n" + std::string(static_cast<size_t>(indent + axis + 1), ' ');
    print(host, axis + 1, offset + i * host.strides()[axis], edge, indent, out);
  }
  out += "]";
}

}  // namespace

std::string Tensor::str() const {
  if (!impl_) return "<undefined Tensor>";
  std::string tail = "shape=" + shape().str() + ", dtype=" + dtype_name(dtype());
  if (is_symbolic()) return "<Tensor " + tail + ", symbolic>";
  if (is_abstract()) return "<Tensor " + tail + ", being captured>";
  if (is_text()) {
    std::string out = "lamina.Tensor([";
    for (size_t i = 0; i < strings().size() && i < 20; ++i)
      out += (i ? ", '" : "'") + strings()[i] + "'";
    return out + (strings().size() > 20 ? ", ...], " : "], ") + tail + ")";
  }
  NoGrad off;
  Tensor host = detach().to(Device{});
  host = host.astype(is_floating(dtype())      ? DType::kFloat64
                     : dtype() == DType::kBool ? DType::kBool
                                               : DType::kInt64)
             .contiguous();
  std::string out = "lamina.Tensor(";
  print(host, 0, 0, numel() > 1000 ? 3 : 0, 14, out);
  out += ", " + tail;
  if (device().type != Device::Type::kCPU) out += ", device=" + device().str();
  if (requires_grad()) out += ", requires_grad=True";
  return out + ")";
}

}  // namespace lamina
