// What the parts of the extension module share.
#pragma once
#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "lamina/lamina.h"

namespace py = pybind11;

namespace lamina::python {

// Anything that can be a tensor: a Tensor, a Variable, a number, an array, a (nested) list of them.
// Arrays share memory where they can. Throws Error naming `what`.
Tensor as_tensor(const py::handle& value, const char* what = "x");
// None gives an undefined tensor.
Tensor as_optional_tensor(const py::handle& value, const char* what = "x");
// A tensor, or a list or tuple of them; `single` tells which it was.
Tensors as_tensors(const py::handle& value, bool* single = nullptr, const char* what = "x");
// A mask, or a list of masks, where None stands for none.
Tensors as_masks(const py::handle& value);
// A Tensor for one, a list for more.
py::object from_tensors(const Tensors& ts, bool single);

// A tensor of text of an array of str or bytes (dtype kind U, S or O), and an array of str: of
// objects, or of NumPy's own fixed-length text.
Tensor text_from_array(const py::array& a, const char* what);
py::array text_array(const Tensor& t, bool fixed = false);
// Whether a (nested) list or tuple holds text.
bool holds_text(const py::handle& value);
// A Python object that C++ holds and may let go of without the GIL.
std::shared_ptr<py::object> held_object(py::object value);

Shape as_shape(const py::handle& value);  // an integer or a sequence; None is -1
py::tuple shape_tuple(const Shape& s);    // -1 as None
DType as_dtype(const py::handle& value, DType otherwise = floatx());  // "float32", np.float32, None
Axes as_axes(const py::handle& value);  // None, an integer or a sequence
Ints as_ints(const py::handle& value);

// JSON-like Python values; objects with get_config() become {"class_name", "config"}.
Config as_config(const py::handle& value);
py::object from_config_object(const Config& c);

void bind_tensor(py::module_& m);
void bind_ragged(py::module_& m);
void bind_ops(py::module_& m);
void bind_image_ops(py::module_& m);
void bind_random(py::module_& m);
void bind_autograd(py::module_& m);
void bind_layers(py::module_& m);
void bind_layer_api(py::class_<Layer, std::shared_ptr<Layer>>& c);
void bind_train(py::module_& m);
void bind_model(py::module_& m);
void bind_decoding(py::module_& m);
void bind_preprocessing(py::module_& m);

}  // namespace lamina::python
