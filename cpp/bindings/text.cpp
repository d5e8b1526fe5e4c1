// Text between NumPy and tensors.
#include "bindings.h"

namespace lamina::python {

namespace {

void append_utf8(std::string& out, uint32_t c) {
  auto tail = [&](int shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6), tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12), tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0 | c >> 18), tail(12), tail(6), tail(0);
  }
}

// An item of a U array: UCS-4, filled up with zeros.
std::string from_ucs4(const char* data, py::ssize_t bytes) {
  std::string out;
  py::ssize_t n = bytes / 4;
  auto at = [&](py::ssize_t i) {
    uint32_t c;
    std::memcpy(&c, data + 4 * i, 4);
    return c;
  };
  while (n > 0 && at(n - 1) == 0) --n;
  out.reserve(static_cast<size_t>(n));
  for (py::ssize_t i = 0; i < n; ++i) append_utf8(out, at(i));
  return out;
}

std::string from_object(PyObject* o, const char* what) {
  if (PyUnicode_Check(o)) {
    Py_ssize_t n = 0;
    const char* p = PyUnicode_AsUTF8AndSize(o, &n);
    if (!p) throw py::error_already_set();
    return {p, static_cast<size_t>(n)};
  }
  if (PyBytes_Check(o)) return {PyBytes_AS_STRING(o), static_cast<size_t>(PyBytes_GET_SIZE(o))};
  throw Error(
      str(what, ": an array of objects must hold text, received one of ", Py_TYPE(o)->tp_name),
      Error::Kind::kType);
}

}  // namespace

Tensor text_from_array(const py::array& given, const char* what) {
  bool whole = given.attr("flags").attr("c_contiguous").cast<bool>() &&
               given.dtype().attr("isnative").cast<bool>();
  py::array a = whole
                    ? given
                    : py::array(py::module_::import("numpy").attr("array")(
                          given, given.dtype().attr("newbyteorder")("="), py::arg("order") = "C"));
  Shape shape;
  for (py::ssize_t i = 0; i < a.ndim(); ++i) shape.push_back(a.shape(i));
  std::vector<std::string> out;
  out.reserve(static_cast<size_t>(a.size()));
  const char kind = a.dtype().kind();
  const char* p = static_cast<const char*>(a.data());
  const py::ssize_t size = a.itemsize();
  for (py::ssize_t i = 0; i < a.size(); ++i, p += size) {
    if (kind == 'U') {
      out.push_back(from_ucs4(p, size));
    } else if (kind == 'S') {
      std::string_view bytes(p, static_cast<size_t>(size));
      out.emplace_back(bytes.substr(0, bytes.find_last_not_of('\0') + 1));
    } else {
      PyObject* o;
      std::memcpy(&o, p, sizeof o);
      out.push_back(from_object(o ? o : Py_None, what));
    }
  }
  return Tensor::from_strings(std::move(out), shape);
}

py::array text_array(const Tensor& t, bool fixed) {
  std::vector<py::ssize_t> shape(t.shape().begin(), t.shape().end());
  py::array out(py::dtype("O"), shape);
  auto* p = static_cast<PyObject**>(out.mutable_data());
  for (const std::string& s : t.strings()) {
    PyObject* o = PyUnicode_FromStringAndSize(s.data(), static_cast<Py_ssize_t>(s.size()));
    if (!o) {  // no UTF-8: as bytes
      PyErr_Clear();
      o = PyBytes_FromStringAndSize(s.data(), static_cast<Py_ssize_t>(s.size()));
      if (!o) throw py::error_already_set();
    }
    Py_XDECREF(*p);
    *p++ = o;
  }
  if (fixed) return out.attr("astype")("U");
  return out;
}

bool holds_text(const py::handle& value) {
  if (py::isinstance<py::str>(value) || py::isinstance<py::bytes>(value)) return true;
  if (!py::isinstance<py::list>(value) && !py::isinstance<py::tuple>(value)) return false;
  auto items = py::reinterpret_borrow<py::sequence>(value);
  return py::len(items) > 0 && holds_text(items[0]);
}

}  // namespace lamina::python
