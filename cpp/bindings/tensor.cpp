// lamina.Tensor: memory shared with NumPy and DLPack, indexing, operators.
#include "bindings.h"
#include "dlpack.h"

namespace lamina::python {

namespace {

const char* numpy_name(DType d) { return d == DType::kBFloat16 ? "float32" : dtype_name(d); }

// An array on the tensor's memory (bfloat16, which NumPy lacks, is converted).
py::array numpy_array(const Tensor& given) {
  if (given.is_text()) return text_array(given);
  Tensor t = given.to(Device{});
  if (t.dtype() == DType::kBFloat16) t = t.detach().astype(DType::kFloat32);
  void* data = t.data();
  std::vector<py::ssize_t> shape(t.shape().begin(), t.shape().end()), strides;
  for (int64_t s : t.strides())
    strides.push_back(s * static_cast<py::ssize_t>(itemsize(t.dtype())));
  bool writable = t.writable() && !t.requires_grad();
  py::capsule owner(new Tensor(t), [](void* p) { delete static_cast<Tensor*>(p); });
  py::array a(py::dtype(numpy_name(t.dtype())), shape, strides, data, owner);
  if (!writable) a.attr("flags").attr("writeable") = false;
  return a;
}

struct Exported {
  Tensor tensor;
  DLManagedTensor managed;
  std::vector<int64_t> shape, strides;
};

py::capsule to_dlpack(const Tensor& t) {
  if (t.requires_grad())
    fail(
        "__dlpack__: the tensor needs a gradient, which another library would not see; use "
        "detach() first");
  if (!t.writable()) fail("__dlpack__: the memory is read-only; use clone() first");
  auto* e = new Exported{t.detach(), {}, t.shape().vec(), t.strides().vec()};
  uint8_t code = t.dtype() == DType::kBool       ? 6
                 : t.dtype() == DType::kUInt8    ? 1
                 : t.dtype() == DType::kBFloat16 ? 4
                 : is_floating(t.dtype())        ? 2
                                                 : 0;
  e->managed.dl_tensor = {t.data(),
                          {1, 0},
                          t.rank(),
                          {code, static_cast<uint8_t>(8 * itemsize(t.dtype())), 1},
                          e->shape.data(),
                          e->strides.data(),
                          0};
  e->managed.manager_ctx = e;
  e->managed.deleter = [](DLManagedTensor* m) { delete static_cast<Exported*>(m->manager_ctx); };
  return py::capsule(&e->managed, "dltensor", [](PyObject* c) {
    if (!PyCapsule_IsValid(c, "dltensor")) return;  // taken over by a consumer
    auto* m = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(c, "dltensor"));
    m->deleter(m);
  });
}

Tensor from_dlpack(const py::object& x) {
  py::object capsule = py::isinstance<py::capsule>(x) ? x : x.attr("__dlpack__")();
  if (!PyCapsule_IsValid(capsule.ptr(), "dltensor"))
    throw Error("from_dlpack: expected an object with __dlpack__ or an unused DLPack capsule",
                Error::Kind::kType);
  auto* m = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor"));
  const DLTensor& d = m->dl_tensor;
  if (d.device.device_type != 1)
    fail("from_dlpack: only CPU memory can be shared; the tensor is on device type ",
         d.device.device_type);
  if (d.dtype.lanes != 1) fail("from_dlpack: vector types are not supported");
  if (d.ndim < 0 || d.ndim > kMaxRank)
    fail("from_dlpack: at most ", kMaxRank, " axes, received ", d.ndim);
  DType dtype{};
  bool known = false;
  struct {
    uint8_t code, bits;
    DType dtype;
  } const types[] = {{6, 8, DType::kBool},     {1, 8, DType::kUInt8},     {0, 8, DType::kInt8},
                     {0, 16, DType::kInt16},   {0, 32, DType::kInt32},    {0, 64, DType::kInt64},
                     {2, 16, DType::kFloat16}, {4, 16, DType::kBFloat16}, {2, 32, DType::kFloat32},
                     {2, 64, DType::kFloat64}};
  for (auto& t : types)
    if (t.code == d.dtype.code && t.bits == d.dtype.bits) dtype = t.dtype, known = true;
  if (!known)
    fail("from_dlpack: unsupported element type (code ", int(d.dtype.code), ", ", int(d.dtype.bits),
         " bits)");
  Shape shape(d.shape, static_cast<size_t>(d.ndim));
  Shape strides =
      d.strides ? Shape(d.strides, static_cast<size_t>(d.ndim)) : contiguous_strides(shape);
  PyCapsule_SetName(capsule.ptr(), "used_dltensor");
  std::shared_ptr<void> owner(m, [](void* p) {
    auto* managed = static_cast<DLManagedTensor*>(p);
    if (managed->deleter) {
      py::gil_scoped_acquire gil;
      managed->deleter(managed);
    }
  });
  return Tensor::borrow(static_cast<char*>(d.data) + d.byte_offset, shape, strides, dtype, owner);
}

Index parse_index(const py::handle& h) {
  if (h.is_none()) return Index::newaxis();
  if (h.is(py::ellipsis())) return Index::ellipsis();
  if (py::isinstance<py::slice>(h)) {
    auto part = [&](const char* name) -> std::optional<int64_t> {
      py::object v = h.attr(name);
      if (v.is_none()) return {};
      return py::module_::import("operator").attr("index")(v).cast<int64_t>();
    };
    return Index::slice(part("start"), part("stop"), part("step").value_or(1));
  }
  if (PyBool_Check(h.ptr())) return Index(full({}, h.cast<bool>() ? 1 : 0, DType::kBool));
  if (PyLong_Check(h.ptr())) return Index(h.cast<int64_t>());
  Tensor t = as_tensor(h, "index");
  if (is_floating(t.dtype()))
    throw Error(str("index: expected integers, booleans, slices, None or ..., received ",
                    dtype_name(t.dtype())),
                Error::Kind::kIndex);
  // A NumPy integer is an integer; an array of no axes from a list is not.
  if (t.rank() == 0 && t.dtype() != DType::kBool && !t.is_abstract() && !t.is_symbolic())
    return Index(t.item<int64_t>());
  return Index(t);
}

std::vector<Index> parse_indices(const py::handle& key) {
  std::vector<Index> out;
  if (py::isinstance<py::tuple>(key)) {
    for (auto k : key) out.push_back(parse_index(k));
  } else {
    out.push_back(parse_index(key));
  }
  return out;
}

bool is_operand(const py::handle& h) {
  return py::isinstance<Tensor>(h) || py::isinstance<Variable>(h) || py::isinstance<py::array>(h) ||
         PyFloat_Check(h.ptr()) || PyLong_Check(h.ptr()) || PyBool_Check(h.ptr()) ||
         py::isinstance<py::list>(h) || py::isinstance<py::tuple>(h) || py::hasattr(h, "__array__");
}

using BinaryFn = Tensor (*)(const Tensor&, const Tensor&);

template <class Class>
void def_operators(Class& c) {
  auto both = [&](const char* name, const char* reflected, BinaryFn fn) {
    c.def(
        name,
        [fn](const typename Class::type& a, const py::object& b) -> py::object {
          if (!is_operand(b)) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
          return py::cast(fn(static_cast<const Tensor&>(a), as_tensor(b, "operand")));
        },
        py::is_operator());
    if (reflected)
      c.def(
          reflected,
          [fn](const typename Class::type& a, const py::object& b) -> py::object {
            if (!is_operand(b)) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
            return py::cast(fn(as_tensor(b, "operand"), static_cast<const Tensor&>(a)));
          },
          py::is_operator());
  };
  both("__add__", "__radd__", add);
  both("__sub__", "__rsub__", subtract);
  both("__mul__", "__rmul__", multiply);
  both("__truediv__", "__rtruediv__", divide);
  both("__floordiv__", "__rfloordiv__", floor_divide);
  both("__mod__", "__rmod__", mod);
  both("__pow__", "__rpow__", power);
  both("__matmul__", "__rmatmul__", matmul);
  both("__and__", "__rand__", bitwise_and);
  both("__or__", "__ror__", bitwise_or);
  both("__xor__", "__rxor__", bitwise_xor);
  both("__lshift__", "__rlshift__", left_shift);
  both("__rshift__", "__rrshift__", right_shift);
  both("__eq__", nullptr, equal);
  both("__ne__", nullptr, not_equal);
  both("__lt__", nullptr, less);
  both("__le__", nullptr, less_equal);
  both("__gt__", nullptr, greater);
  both("__ge__", nullptr, greater_equal);
  c.def("__neg__",
        [](const typename Class::type& a) { return negative(static_cast<const Tensor&>(a)); });
  c.def("__pos__", [](const typename Class::type& a) { return static_cast<const Tensor&>(a); });
  c.def("__abs__",
        [](const typename Class::type& a) { return absolute(static_cast<const Tensor&>(a)); });
  c.def("__invert__", [](const typename Class::type& a) {
    const Tensor& t = a;
    return t.dtype() == DType::kBool ? logical_not(t) : bitwise_not(t);
  });
  c.def("__getitem__", [](const typename Class::type& a, const py::object& key) {
    return getitem(static_cast<const Tensor&>(a), parse_indices(key));
  });
  c.attr("__hash__") = py::module_::import("builtins").attr("object").attr("__hash__");
  c.attr("__array_priority__") = 1000;
}

py::object scalar_of(const Tensor& t) {
  if (t.numel() != 1) fail("item: expected a tensor of one element, received shape ", t.shape());
  if (t.dtype() == DType::kBool) return py::bool_(t.item<bool>());
  if (is_floating(t.dtype())) return py::float_(t.item<double>());
  return py::int_(t.item<int64_t>());
}

}  // namespace

void bind_tensor(py::module_& m) {
  py::class_<Tensor> c(
      m, "Tensor", py::buffer_protocol(),
      "A strided array on a device, and the handle of automatic differentiation.\n\n"
      "Made by lamina.tensor(), by operations, or from NumPy without a copy by\n"
      "lamina.ops.convert_to_tensor(). Copies of the handle share the array.");
  c.def_property_readonly(
      "shape", [](const Tensor& t) { return shape_tuple(t.shape()); },
      "Axis lengths, a tuple; None where not known yet.");
  c.def_property_readonly(
      "dtype", [](const Tensor& t) { return dtype_name(t.dtype()); },
      "Name of the element type, as \"float32\".");
  c.def_property_readonly("ndim", &Tensor::rank, "Number of axes.");
  c.def_property_readonly("size", &Tensor::numel, "Number of elements.");
  c.def_property_readonly("nbytes", &Tensor::nbytes, "Bytes that the elements take.");
  c.def_property_readonly(
      "strides", [](const Tensor& t) { return shape_tuple(t.strides()); },
      "Steps between neighbours along each axis, in elements.");
  c.def_property_readonly(
      "device", [](const Tensor& t) { return t.device().str(); }, "\"cpu\" or \"cuda:N\".");
  c.def_property(
      "_keras_mask",
      [](const Tensor& t) {
        Tensor mask = mask_of(t);
        return mask.defined() ? py::cast(mask) : py::object(py::none());
      },
      [](const Tensor& t, const py::object& mask) { t.set_mask(as_optional_tensor(mask, "mask")); },
      "Which entries count, as the layer that made the tensor said; None: all do.");
  c.def_property(
      "row_lengths",
      [](const Tensor& t) { return t.is_ragged() ? py::cast(t.row_lengths()) : py::none(); },
      [](const Tensor& t, const py::object& lengths) {
        Tensor l = as_optional_tensor(lengths, "row_lengths");
        t.set_row_lengths(l.defined() ? l.astype(DType::kInt64) : l);
      },
      "Lengths of the sequences that a ragged batch (1, total, ...) holds; None for other "
      "tensors.");
  c.def_property_readonly("is_symbolic", &Tensor::is_symbolic,
                          "Whether it stands for a layer's output in a functional model.");
  c.def_property_readonly(
      "name", [](const Tensor& t) { return t.is_symbolic() ? symbolic_name(t) : std::string(); },
      "Name of a symbolic input.");
  c.def_property_readonly(
      "T", [](const Tensor& t) { return transpose(t); }, "The transpose, a view.");
  c.def_property(
      "requires_grad", &Tensor::requires_grad,
      [](const Tensor& t, bool v) { t.set_requires_grad(v); },
      "Whether backward() reaches this tensor.");
  c.def_property(
      "grad",
      [](const Tensor& t) -> py::object {
        return t.grad().defined() ? py::cast(t.grad()) : py::none();
      },
      [](const Tensor& t, const py::object& g) { t.set_grad(as_optional_tensor(g, "grad")); },
      "Gradient that backward() has added up, or None.");
  c.def(
      "backward",
      [](const Tensor& t, const py::object& gradient, bool create_graph) {
        t.backward(as_optional_tensor(gradient, "gradient"), create_graph);
      },
      py::arg("gradient") = py::none(), py::arg("create_graph") = false,
      "Add the gradient of this tensor to `grad` of every leaf that requires one.");
  c.def("numpy", &numpy_array,
        "The values as a NumPy array that shares this memory (a float32 copy for bfloat16).");
  c.def(
      "__array__",
      [](const Tensor& t, const py::object& dtype, const py::object& copy) -> py::object {
        py::object a = numpy_array(t);
        if (!dtype.is_none()) a = a.attr("astype")(dtype, py::arg("copy") = false);
        if (!copy.is_none() && copy.cast<bool>()) a = a.attr("copy")();
        return a;
      },
      py::arg("dtype") = py::none(), py::arg("copy") = py::none());
  c.def_buffer([](const Tensor& t) -> py::buffer_info {
    if (t.dtype() == DType::kBFloat16) fail("bfloat16 has no buffer format; use numpy()");
    py::array a = numpy_array(t);
    return a.request();
  });
  c.def("__dlpack__",
        [](const Tensor& t, const py::args&, const py::kwargs&) { return to_dlpack(t); });
  c.def("__dlpack_device__", [](const Tensor&) { return py::make_tuple(1, 0); });
  c.def("item", &scalar_of, "The value of a tensor of one element, as a Python number.");
  c.def(
      "tolist", [](const Tensor& t) { return numpy_array(t).attr("tolist")(); },
      "The values as nested lists.");
  c.def(
      "astype", [](const Tensor& t, const py::object& d) { return t.astype(as_dtype(d)); },
      py::arg("dtype"), "The values converted to another dtype.");
  c.def(
      "to", [](const Tensor& t, const std::string& d) { return t.to(Device::parse(d)); },
      py::arg("device"), "The tensor on another device.");
  c.def("contiguous", &Tensor::contiguous, "This tensor, or a copy in C order.");
  c.def("clone", &Tensor::clone, "A copy; gradients pass through it.");
  c.def("detach", &Tensor::detach, "The same memory without gradient.");
  c.def(
      "assign", [](const Tensor& t, const py::object& v) { t.assign(as_tensor(v, "value")); },
      py::arg("value"), "Replace the values in place.");
  c.def(
      "reshape",
      [](const Tensor& t, const py::args& a) {
        return reshape(t, a.size() == 1 ? as_ints(a[0]) : as_ints(a));
      },
      "See lamina.ops.reshape.");
  c.def(
      "transpose",
      [](const Tensor& t, const py::args& a) {
        return transpose(t, a.empty() ? Ints{} : a.size() == 1 ? as_ints(a[0]) : as_ints(a));
      },
      "See lamina.ops.transpose.");
  using Reduce = Tensor (*)(const Tensor&, const Axes&, bool);
  auto reduction = [&](const char* name, Reduce fn) {
    c.def(
        name,
        [fn](const Tensor& t, const py::object& axis, bool keepdims) {
          return fn(t, as_axes(axis), keepdims);
        },
        py::arg("axis") = py::none(), py::arg("keepdims") = false,
        (std::string("See lamina.ops.") + name + ".").c_str());
  };
  reduction("sum", sum), reduction("mean", mean), reduction("max", max), reduction("min", min),
      reduction("prod", prod);
  reduction("any", any), reduction("all", all), reduction("var", var),
      reduction("std", lamina::std);
  c.def("__repr__", &Tensor::str);
  c.def("__str__", &Tensor::str);
  c.def("__len__", [](const Tensor& t) {
    if (t.rank() == 0) throw Error("len() of a tensor without axes", Error::Kind::kType);
    return t.dim(0);
  });
  c.def("__iter__", [](const Tensor& t) {
    if (t.rank() == 0) throw Error("iteration over a tensor without axes", Error::Kind::kType);
    return py::iter(py::cast(unstack(t, 0)));
  });
  c.def("__bool__", [](const Tensor& t) {
    if (t.is_symbolic())
      throw Error("a symbolic tensor cannot be used as a boolean: it has no values",
                  Error::Kind::kType);
    if (t.numel() != 1)
      fail("the truth value of a tensor of shape ", t.shape(), " is ambiguous; use any() or all()");
    return t.item<bool>();
  });
  c.def("__float__", [](const Tensor& t) { return t.item<double>(); });
  c.def("__int__", [](const Tensor& t) { return t.item<int64_t>(); });
  c.def("__index__", [](const Tensor& t) {
    if (is_floating(t.dtype()))
      throw Error("only integer tensors can be an index", Error::Kind::kType);
    return t.item<int64_t>();
  });
  c.def("__setitem__", [](const Tensor& t, const py::object& key, const py::object& value) {
    setitem(t, parse_indices(key), as_tensor(value, "value"));
  });
  c.def("__reduce__", [](const Tensor& t) -> py::tuple {
    return py::make_tuple(py::module_::import("lamina._core").attr("tensor"),
                          py::make_tuple(numpy_array(t), dtype_name(t.dtype())));
  });
  c.def("__deepcopy__", [](const Tensor& t, const py::dict&) { return t.detach().clone(); });
  def_operators(c);

  m.def(
      "tensor",
      [](const py::object& data, const py::object& dtype, bool requires_grad) {
        NoGrad off;
        Tensor t = as_tensor(data, "data");
        if (t.is_scalar_literal() && dtype.is_none())
          t = t.astype(t.dtype() == DType::kFloat64 ? floatx()
                       : t.dtype() == DType::kInt64 ? DType::kInt32
                                                    : t.dtype());
        t = dtype.is_none() ? t.clone() : t.astype(as_dtype(dtype)).clone();
        if (requires_grad) t.set_requires_grad();
        return t;
      },
      py::arg("data"), py::arg("dtype") = py::none(), py::arg("requires_grad") = false,
      "A new tensor with a copy of the data.");
  m.def(
      "convert_to_tensor",
      [](const py::object& x, const py::object& dtype) {
        Tensor t = as_tensor(x);
        if (t.is_scalar_literal() && dtype.is_none())
          return t.astype(t.dtype() == DType::kFloat64 ? floatx()
                          : t.dtype() == DType::kInt64 ? DType::kInt32
                                                       : t.dtype());
        return dtype.is_none() ? t : t.astype(as_dtype(dtype));
      },
      py::arg("x"), py::arg("dtype") = py::none(),
      "x as a tensor; NumPy arrays share their memory.");
  m.def("from_dlpack", &from_dlpack, py::arg("x"),
        "A tensor on the memory of another library's array, through DLPack.");

  py::class_<Variable> v(
      m, "Variable", "A named, mutable tensor: a weight, a statistic or other state of a layer.");
  v.def(py::init([](const py::object& value, const py::object& dtype, bool trainable,
                    const std::string& name) {
          Tensor t = as_tensor(value, "initial value");
          if (t.is_scalar_literal())
            t = t.astype(t.dtype() == DType::kFloat64 ? floatx() : DType::kInt32);
          return Variable(dtype.is_none() ? t : t.astype(as_dtype(dtype)), name, trainable);
        }),
        py::arg("initializer"), py::arg("dtype") = py::none(), py::arg("trainable") = true,
        py::arg("name") = "variable");
  v.def("_exchange", &Variable::exchange);
  v.def_property_readonly("value", [](const Variable& x) { return x.value(); }, "The tensor.");
  v.def_property_readonly("name", [](const Variable& x) { return x.name(); }, "Its name.");
  v.def_property_readonly(
      "path", [](const Variable& x) { return x.path(); },
      "Name with those of the layers that it belongs to.");
  v.def_property_readonly(
      "shape", [](const Variable& x) { return shape_tuple(x.shape()); }, "Axis lengths, a tuple.");
  v.def_property_readonly(
      "dtype", [](const Variable& x) { return dtype_name(x.dtype()); },
      "Name of the element type.");
  v.def_property_readonly(
      "ndim", [](const Variable& x) { return x.value().rank(); }, "Number of axes.");
  v.def_property("trainable", &Variable::trainable, &Variable::set_trainable,
                 "Whether training changes it.");
  v.def_property_readonly(
      "grad",
      [](const Variable& x) -> py::object {
        return x.value().grad().defined() ? py::cast(x.value().grad()) : py::none();
      },
      "Gradient that backward() has added up, or None.");
  v.def(
      "assign",
      [](const Variable& x, const py::object& value) {
        x.assign(as_tensor(value, "value"));
        return x;
      },
      py::arg("value"), "Replace the value in place.");
  v.def(
      "assign_add",
      [](const Variable& x, const py::object& value) {
        x.assign_add(as_tensor(value, "value"));
        return x;
      },
      py::arg("value"), "Add to the value in place.");
  v.def(
      "assign_sub",
      [](const Variable& x, const py::object& value) {
        x.assign_add(negative(as_tensor(value, "value")));
        return x;
      },
      py::arg("value"), "Subtract from the value in place.");
  v.def(
      "numpy", [](const Variable& x) { return numpy_array(x.value().detach()).attr("copy")(); },
      "A copy of the value.");
  v.def(
      "__array__",
      [](const Variable& x, const py::object& dtype, const py::object&) -> py::object {
        py::object a = numpy_array(x.value().detach()).attr("copy")();
        return dtype.is_none() ? a : a.attr("astype")(dtype);
      },
      py::arg("dtype") = py::none(), py::arg("copy") = py::none());
  v.def("__float__", [](const Variable& x) { return x.value().item<double>(); });
  v.def("__int__", [](const Variable& x) { return x.value().item<int64_t>(); });
  v.def("__repr__", [](const Variable& x) {
    return "<Variable path=" + x.path() + ", shape=" + x.shape().str() +
           ", dtype=" + dtype_name(x.dtype()) + ", value=" + x.value().str() + ">";
  });
  def_operators(v);
}

}  // namespace lamina::python
