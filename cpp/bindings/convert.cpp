// Python values to lamina's and back.
#include "bindings.h"

namespace lamina::python {

namespace {

// Keeps a Python object alive from C++; let go with the GIL held.
std::shared_ptr<void> keep_alive(py::object object) {
  auto* held = new py::object(std::move(object));
  return std::shared_ptr<void>(held, [](void* p) {
    if (!Py_IsInitialized()) return;  // the interpreter is gone, and the object with it
    py::gil_scoped_acquire gil;
    delete static_cast<py::object*>(p);
  });
}

bool dtype_of_array(const py::dtype& d, DType& out) {
  if (!d.attr("isnative").cast<bool>()) return false;
  switch (d.kind()) {
    case 'b':
      out = DType::kBool;
      return true;
    case 'u':
      out = DType::kUInt8;
      return d.itemsize() == 1;
    case 'i':
      out = d.itemsize() == 1   ? DType::kInt8
            : d.itemsize() == 2 ? DType::kInt16
            : d.itemsize() == 4 ? DType::kInt32
                                : DType::kInt64;
      return true;
    case 'f':
      out = d.itemsize() == 2   ? DType::kFloat16
            : d.itemsize() == 4 ? DType::kFloat32
                                : DType::kFloat64;
      return d.itemsize() <= 8;
    default:
      return false;
  }
}

Tensor from_array(py::array a, const char* what) {
  DType dtype{};
  if (char kind = a.dtype().kind(); kind == 'U' || kind == 'S' || kind == 'O')
    return text_from_array(a, what);
  if (!dtype_of_array(a.dtype(), dtype)) {
    char kind = a.dtype().kind();
    std::string name = py::str(a.dtype().attr("name"));
    if (name == "bfloat16") {
      Tensor bits = from_array(a.attr("view")("int16"), what);
      return Tensor::from_data(bits.contiguous().data(), bits.shape(), DType::kBFloat16);
    }
    if (kind != 'u' && kind != 'i' && kind != 'f' && kind != 'b')
      throw Error(str(what, ": cannot make a tensor of an array of dtype ", name),
                  Error::Kind::kType);
    a = a.attr("astype")(kind == 'u'   ? (a.itemsize() == 2 ? "int32" : "int64")
                         : kind == 'f' ? "float64"
                                       : py::str(a.dtype().attr("newbyteorder")("=").attr("name"))
                                             .cast<std::string>()
                                             .c_str());
    dtype_of_array(a.dtype(), dtype);
  }
  bool aligned = a.attr("flags").attr("aligned").cast<bool>();
  Shape shape, strides;
  if (a.ndim() > kMaxRank) fail(what, ": at most ", kMaxRank, " axes, received ", a.ndim());
  for (py::ssize_t i = 0; i < a.ndim(); ++i) {
    shape.push_back(a.shape(i));
    aligned = aligned && a.strides(i) % a.itemsize() == 0;
    strides.push_back(a.strides(i) / a.itemsize());
  }
  if (!aligned) return from_array(a.attr("copy")(), what);
  void* data = const_cast<void*>(a.data());
  bool writable = a.writeable();
  return Tensor::borrow(data, shape, strides, dtype, keep_alive(std::move(a)), writable);
}

}  // namespace

Tensor as_tensor(const py::handle& value, const char* what) {
  if (py::isinstance<Tensor>(value)) return value.cast<Tensor>();
  if (py::isinstance<Variable>(value)) return value.cast<Variable>().value();
  if (py::isinstance<Ragged>(value)) return value.cast<Ragged>().batch();
  if (PyBool_Check(value.ptr())) return Tensor(value.cast<bool>());
  if (PyLong_Check(value.ptr())) {
    int overflow = 0;
    int64_t v = PyLong_AsLongLongAndOverflow(value.ptr(), &overflow);
    if (overflow)
      fail(what, ": the integer ", std::string(py::str(value)), " does not fit 64 bits");
    return Tensor(v);
  }
  if (PyFloat_Check(value.ptr())) return Tensor(value.cast<double>());
  if (value.is_none())
    throw Error(str(what, ": expected a tensor, received None"), Error::Kind::kType);
  if (py::isinstance<py::array>(value))
    return from_array(py::reinterpret_borrow<py::array>(value), what);
  if (py::isinstance<py::sequence>(value) && !py::isinstance<py::str>(value)) {
    // A list that holds tensors is stacked, so that gradients pass.
    bool tensors = false;
    for (auto item : value)
      if (py::isinstance<Ragged>(item))
        throw Error(str(what, ": cannot make a tensor of a list that holds a Ragged"),
                    Error::Kind::kType);
    for (auto item : value)
      tensors = tensors || py::isinstance<Tensor>(item) || py::isinstance<Variable>(item);
    if (tensors) {
      Tensors parts;
      for (auto item : value) parts.push_back(as_tensor(item, what));
      return stack(parts);
    }
  }
  if (py::hasattr(value, "__dlpack__") && !py::hasattr(value, "__array__"))
    return py::module_::import("lamina._core").attr("from_dlpack")(value).cast<Tensor>();
  py::object array;
  try {
    py::object asarray = py::module_::import("numpy").attr("asarray");
    // As objects: an array of fixed-length text is as wide as its longest item.
    array = holds_text(value) ? asarray(value, py::dtype("O")) : asarray(value);
  } catch (py::error_already_set& e) {
    throw Error(str(what, ": cannot make a tensor of ",
                    std::string(py::str(py::type::of(value).attr("__name__"))), ": ", e.what()),
                Error::Kind::kType);
  }
  Tensor t = from_array(py::reinterpret_borrow<py::array>(array), what);
  // Lists of Python numbers have no dtype of their own.
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    if (t.dtype() == DType::kFloat64) return t.astype(floatx());
    if (t.dtype() == DType::kInt64) return t.astype(DType::kInt32);
  }
  return t;
}

Tensor as_optional_tensor(const py::handle& value, const char* what) {
  return value.is_none() ? Tensor{} : as_tensor(value, what);
}

Tensors as_tensors(const py::handle& value, bool* single, const char* what) {
  if (single) *single = true;
  if (py::isinstance<py::dict>(value)) {
    Tensors out;
    for (auto item : value.cast<py::dict>()) out.push_back(as_tensor(item.second, what));
    if (single) *single = false;
    return out;
  }
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    bool arrays = false;
    for (auto item : value)
      arrays = arrays || py::isinstance<Tensor>(item) || py::isinstance<py::array>(item) ||
               py::isinstance<Variable>(item) || py::isinstance<Ragged>(item);
    if (arrays || py::len(value) == 0) {
      Tensors out;
      for (auto item : value) out.push_back(as_tensor(item, what));
      if (single) *single = false;
      return out;
    }
  }
  return {as_tensor(value, what)};
}

py::object from_tensors(const Tensors& ts, bool single) {
  auto one = [](const Tensor& t) -> py::object {
    if (!t.defined()) return py::none();
    bool values = t.is_text() && !t.is_abstract() && !t.is_symbolic();
    return values ? py::object(text_array(t)) : py::cast(t);
  };
  if (single && ts.size() == 1) return one(ts[0]);
  py::list out;
  for (auto& t : ts) out.append(one(t));
  return out;
}

std::shared_ptr<py::object> held_object(py::object value) {
  return {new py::object(std::move(value)), [](py::object* p) {
            if (!Py_IsInitialized()) return;
            py::gil_scoped_acquire gil;
            delete p;
          }};
}

Shape as_shape(const py::handle& value) {
  if (PyLong_Check(value.ptr())) return Shape{value.cast<int64_t>()};
  Shape s;
  for (auto d : value)
    s.push_back(d.is_none() ? -1
                            : py::cast<int64_t>(py::module_::import("operator").attr("index")(d)));
  return s;
}

py::tuple shape_tuple(const Shape& s) {
  py::tuple t(s.size());
  for (int i = 0; i < s.rank(); ++i) {
    if (s[i] < 0)
      t[static_cast<size_t>(i)] = py::none();
    else
      t[static_cast<size_t>(i)] = s[i];
  }
  return t;
}

DType as_dtype(const py::handle& value, DType otherwise) {
  if (value.is_none()) return otherwise;
  if (py::isinstance<py::str>(value)) {
    std::string name = value.cast<std::string>();
    if (name == "float") return floatx();
    if (name == "int") return DType::kInt32;
    return dtype_from_name(name);
  }
  if (value.ptr() == reinterpret_cast<PyObject*>(&PyFloat_Type)) return floatx();
  if (value.ptr() == reinterpret_cast<PyObject*>(&PyLong_Type)) return DType::kInt32;
  if (value.ptr() == reinterpret_cast<PyObject*>(&PyBool_Type)) return DType::kBool;
  py::object dtype = py::module_::import("numpy").attr("dtype")(value);
  if (dtype.attr("kind").cast<std::string>() == "U") return DType::kString;
  return dtype_from_name(py::str(dtype.attr("name")));
}

Ints as_ints(const py::handle& value) {
  if (value.is_none()) return {};
  py::object index = py::module_::import("operator").attr("index");
  if (py::isinstance<py::array>(value) || py::isinstance<Tensor>(value)) {
    Tensor t = as_tensor(value, "integers");
    if (is_floating(t.dtype()))
      throw Error(str("expected integers, received ", dtype_name(t.dtype())), Error::Kind::kType);
    return t.to_vector<int64_t>();
  }
  if (py::hasattr(value, "__index__")) return {index(value).cast<int64_t>()};
  Ints out;
  for (auto v : value) out.push_back(v.is_none() ? -1 : index(v).cast<int64_t>());
  return out;
}

Axes as_axes(const py::handle& value) {
  if (value.is_none()) return {};
  return Axes(as_ints(value));
}

// A dtype policy as Keras writes one is its name here.
static Config plain_policy(const Config& c) {
  bool policy = c.has("class_name") && c.has("config") && c.at("class_name").is_string() &&
                c.at("class_name").as_string() == "DTypePolicy";
  return policy ? c.at("config").at("name") : c;
}

Config as_config(const py::handle& value) {
  if (value.is_none()) return {};
  if (PyBool_Check(value.ptr())) return value.cast<bool>();
  if (PyLong_Check(value.ptr())) return value.cast<int64_t>();
  if (PyFloat_Check(value.ptr())) return value.cast<double>();
  if (py::isinstance<py::str>(value)) return value.cast<std::string>();
  if (py::isinstance<py::dict>(value)) {
    Config c = Config::object();
    for (auto item : value.cast<py::dict>()) c.set(py::str(item.first), as_config(item.second));
    return plain_policy(c);
  }
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    std::vector<Config> list;
    for (auto item : value) list.push_back(as_config(item));
    return list;
  }
  if (py::isinstance<Layer>(value)) return serialize_layer(*value.cast<LayerPtr>());
  if (py::isinstance<py::type>(value) || py::isinstance<py::dtype>(value))
    return dtype_name(as_dtype(value));
  if (py::hasattr(value, "get_config")) {
    py::object type = py::type::of(value);
    py::object registered = py::getattr(type, "_lamina_name", type.attr("__name__"));
    return plain_policy(Config::object({{"class_name", std::string(py::str(registered))},
                                        {"config", as_config(value.attr("get_config")())}}));
  }
  if (PyCallable_Check(value.ptr()))
    return py::module_::import("lamina._layer").attr("name_callable")(value).cast<std::string>();
  if (py::hasattr(value, "tolist")) return as_config(value.attr("tolist")());  // NumPy's values
  if (py::hasattr(value, "numpy")) return as_config(value.attr("numpy")());
  if (py::hasattr(value, "item")) return as_config(value.attr("item")());
  throw Error(str("cannot describe a value of type ",
                  std::string(py::str(py::type::of(value).attr("__name__"))), " in a config"),
              Error::Kind::kType);
}

py::object from_config_object(const Config& c) {
  switch (c.type()) {
    case Config::Type::kNull:
      return py::none();
    case Config::Type::kBool:
      return py::bool_(c.as_bool());
    case Config::Type::kInt:
      return py::int_(c.as_int());
    case Config::Type::kDouble:
      return py::float_(c.as_double());
    case Config::Type::kString:
      return py::str(c.as_string());
    case Config::Type::kList: {
      py::list out;
      for (auto& v : c.as_list()) out.append(from_config_object(v));
      return out;
    }
    default: {
      py::dict out;
      for (auto& [k, v] : c.as_object()) out[py::str(k)] = from_config_object(v);
      return out;
    }
  }
}

}  // namespace lamina::python
