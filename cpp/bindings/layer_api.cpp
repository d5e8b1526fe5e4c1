// The parts of Layer that subclasses and scripts use besides building and calling: masks, paths,
// building from a config.
#include "python_layer.h"

namespace lamina::python {

Tensors as_masks(const py::handle& value) {
  if (value.is_none()) return {};
  Tensors out;
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value))
    for (auto item : value) out.push_back(as_optional_tensor(item, "mask"));
  else
    out.push_back(as_tensor(value, "mask"));
  return out;
}

namespace {

py::object masks_out(const Tensors& masks) {
  py::list list;
  bool any = false;
  for (auto& m : masks) {
    list.append(m.defined() ? py::cast(m) : py::object(py::none()));
    any = any || m.defined();
  }
  if (!any) return py::none();
  return list.size() == 1 ? py::object(list[0]) : py::object(list);
}

void warn_in_python(const std::string& message) {
  py::gil_scoped_acquire gil;
  if (PyErr_WarnEx(PyExc_UserWarning, message.c_str(), 1) != 0) throw py::error_already_set();
}

}  // namespace

void bind_layer_api(py::class_<Layer, std::shared_ptr<Layer>>& c) {
  set_warning_handler(warn_in_python);
  c.def_property("supports_masking", &Layer::supports_masking, &Layer::set_supports_masking,
                 "Whether masks pass through the layer.");
  c.def_property("supports_ragged", &Layer::supports_ragged, &Layer::set_supports_ragged,
                 "Whether the layer takes ragged batches, as it never mixes steps of different "
                 "sequences.");
  c.def(
      "compute_mask",
      [](Layer& l, const py::object& inputs, const py::object& mask) {
        bool single = true;
        Tensors in = as_tensors(inputs, &single, "inputs"), masks = as_masks(mask);
        if (!masks.empty()) masks.resize(in.size());
        // Called by an overriding method, it means the one of the base.
        auto* python = dynamic_cast<PythonLayer*>(&l);
        return masks_out(python ? python->base_mask(in, masks) : l.compute_mask(in, masks));
      },
      py::arg("inputs"), py::arg("mask") = py::none(),
      "Mask of the output for inputs and their masks; None where there is none.");
  bind_recurrent(c);
  c.def_property_readonly(
      "path",
      [](const Layer& l) {
        return l.path().empty() ? py::object(py::none()) : py::object(py::str(l.path()));
      },
      "Path of a built layer within its model; None before.");
  c.def_property(
      "activity_regularizer",
      [](const Layer& l) { return from_config_object(l.activity_regularizer().config()); },
      [](Layer& l, const py::object& r) { l.set_activity_regularizer(Regularizer(as_config(r))); },
      "Penalty on the outputs, divided by the size of the batch.");
  c.def_property_readonly(
      "input", [](const Layer& l) { return from_tensors(l.input(), l.input().size() == 1); },
      "Symbolic input of the first call in a functional model.");
  c.def_property_readonly(
      "output", [](const Layer& l) { return from_tensors(l.output(), l.output().size() == 1); },
      "Symbolic output of the first call in a functional model.");
  c.def_property_readonly("_building", &Layer::building);
  c.def_property_readonly("_takes_list", &Layer::takes_list);
  c.def_property_readonly("_assets", &Layer::assets);
  c.def_property("_named_assets", &Layer::named_assets, &Layer::set_named_assets);
  // Of the built-in layer that this one is or is derived from; None for others.
  c.def_property_readonly("_options", [](const Layer& l) -> py::object {
    if (auto* python = dynamic_cast<const PythonLayer*>(&l))
      return python->native() ? from_config_object(python->native()->get_config())
                              : py::object(py::none());
    if (dynamic_cast<const PythonSelf*>(&l) || !find_layer_class(l.class_name())) return py::none();
    return from_config_object(l.get_config());
  });
  c.def("_set_option", [](Layer& l, const std::string& name, const py::object& value) {
    l.set_option(name, as_config(value));
  });
  c.def("_own_weight", [](const Layer& l, const std::string& name) -> py::object {
    for (auto& v : l.own_weights())
      if (v.name() == name) return py::cast(v);
    return py::none();
  });
  c.def(
      "get_build_config",
      [](const Layer& l) -> py::object {
        auto shapes = l.build_shapes();
        if (shapes.empty()) return py::none();
        py::dict out;
        py::list list;
        for (auto& s : shapes) list.append(shape_tuple(s));
        out["input_shape"] = list.size() == 1 ? py::object(list[0]) : py::object(list);
        return out;
      },
      "What build_from_config() needs: the input shape; None before the layer is built.");
  c.def(
      "build_from_config",
      [](Layer& l, const py::object& config) {
        if (config.is_none()) return;
        py::object shape = py::dict(config).attr("get")("input_shape");
        if (!shape.is_none()) py::cast(l.shared_from_this()).attr("build")(shape);
      },
      py::arg("config"), "Make the weights from what get_build_config() gave.");
}

}  // namespace lamina::python
