// Losses, and those written in Python.
#include "train.h"

namespace lamina::python {

namespace {

// A loss of a Python class. Where that derives from a native one, `inner` does what it leaves out.
class PythonLoss : public Loss, public PythonSelf {
 public:
  PythonLoss(py::handle self, std::string name, std::string reduction, std::optional<DType> dtype)
      : Loss(std::move(name), std::move(reduction), dtype), PythonSelf(self) {}
  PythonLoss(py::handle self, const LossPtr& loss)
      : Loss(loss->name(), loss->reduction(), loss->dtype()), PythonSelf(self), inner(loss) {}
  std::string class_name() const override {
    py::gil_scoped_acquire gil;
    return class_name_of(self());
  }
  Tensor call(const Tensor& y_true, const Tensor& y_pred) const override {
    py::gil_scoped_acquire gil;
    Tensor t = inner || y_true.dtype() == dtype() ? y_true : cast(y_true, dtype());
    return as_tensor(self().attr("call")(t, y_pred), "loss");
  }
  Tensor mask(const Tensor& y_true, const Tensor& values) const override {
    return inner ? inner->mask(y_true, values) : Tensor{};
  }
  Config get_config() const override {
    py::gil_scoped_acquire gil;
    return as_config(self().attr("get_config")());
  }
  Config base_config() const { return inner ? inner->get_config() : Loss::get_config(); }

  const LossPtr inner;
};

void init_loss(py::detail::value_and_holder& v_h, const py::args& args, const py::kwargs& kwargs) {
  py::handle self(reinterpret_cast<PyObject*>(v_h.inst));
  py::object native = native_name(self);
  if (native.is_none()) {
    py::object name = argument(args, kwargs, 0, "name"), dtype = argument(args, kwargs, 2, "dtype");
    // reduction=None asks for the values; left out it is a mean.
    py::object reduction = args.size() > 1                ? py::object(args[1])
                           : kwargs.contains("reduction") ? py::object(kwargs["reduction"])
                                                          : py::str("sum_over_batch_size");
    return set_instance<Loss>(
        v_h,
        std::make_shared<PythonLoss>(
            self, name.is_none() ? to_snake_case(class_name_of(self)) : name.cast<std::string>(),
            reduction.is_none() ? "none" : reduction.cast<std::string>(),
            dtype.is_none() ? std::nullopt : std::optional(as_dtype(dtype))));
  }
  std::string name = native.cast<std::string>();
  Config config = bind_arguments(name, defaults_of(loss_classes(), name), args, kwargs);
  LossPtr loss = make_loss(Config::object({{"class_name", name}, {"config", config}}));
  set_instance<Loss>(v_h, is_native(self) ? loss : std::make_shared<PythonLoss>(self, loss));
}

}  // namespace

void bind_losses(py::module_& m) {
  py::class_<Loss, std::shared_ptr<Loss>> loss(
      m, "Loss", py::dynamic_attr(), collectable<Loss>(),
      "A loss: call(y_true, y_pred) gives one value a sample, which is weighted and reduced.\n\n"
      "Subclass it with call(), and get_config() where it has arguments.\n\n"
      "Args:\n"
      "    name: Name of the loss.\n"
      "    reduction: `\"sum_over_batch_size\"` (or `\"mean\"`), `\"sum\"`, "
      "`\"mean_with_sample_weight\"`,\n        or `None` for the values as they are.\n"
      "    dtype: What targets and outputs are converted to; `lamina.config.floatx()` by default.\n"
      "\nRaises:\n    ValueError: An unknown reduction.");
  loss.def("__init__", &init_loss, py::detail::is_new_style_constructor());
  loss.def(
      "__call__",
      [](const Loss& l, const py::object& y_true, const py::object& y_pred, const py::object& w) {
        return l(as_tensor(y_true, "y_true"), as_tensor(y_pred, "y_pred"),
                 as_optional_tensor(w, "sample_weight"));
      },
      py::arg("y_true"), py::arg("y_pred"), py::arg("sample_weight") = py::none(),
      "The loss of a batch, weighted and reduced.");
  loss.def(
      "call",
      [](const Loss& l, const py::object& y_true, const py::object& y_pred) {
        Tensor t = as_tensor(y_true, "y_true"), y = as_tensor(y_pred, "y_pred");
        auto* p = dynamic_cast<const PythonLoss*>(&l);
        if (p && !p->inner)
          throw Error(p->class_name() + " must define call()", Error::Kind::kUnsupported);
        return p ? p->inner->call(t, y) : l.call(t, y);
      },
      py::arg("y_true"), py::arg("y_pred"), "One value for each sample.");
  loss.def(
      "get_config",
      [](const Loss& l) {
        auto* p = dynamic_cast<const PythonLoss*>(&l);
        return from_config_object(p ? p->base_config() : l.get_config());
      },
      "Constructor arguments.");
  loss.def_property_readonly("name", [](const Loss& l) { return l.name(); });
  loss.def_property_readonly("reduction", [](const Loss& l) { return l.reduction(); });
  loss.def_property_readonly("dtype", [](const Loss& l) { return dtype_name(l.dtype()); });
  loss.def_property_readonly("class_name", &Loss::class_name);

  m.def("loss_classes", [] { return listing(loss_classes()); });
  m.def("_loss_aliases", &loss_aliases);
  m.def("make_loss", [](const py::object& c) { return make_loss(as_config(c)); });
  m.def("_loss_values", [](const py::object& c, const py::object& y_true,
                           const py::object& y_pred) {
    return make_loss(as_config(c))->call(as_tensor(y_true, "y_true"), as_tensor(y_pred, "y_pred"));
  });
  m.def("_circle",
        [](const py::object& y_true, const py::object& y_pred, const py::object& labels,
           const py::object& embeddings, bool remove_diagonal, double gamma, double margin) {
          return losses::circle(as_tensor(y_true, "y_true"), as_tensor(y_pred, "y_pred"),
                                as_optional_tensor(labels, "ref_labels"),
                                as_optional_tensor(embeddings, "ref_embeddings"), remove_diagonal,
                                gamma, margin);
        });
  m.def("function_loss", [](const std::string& name, const py::function& fn) {
    auto held = std::make_shared<py::object>(fn);
    return function_loss(name, [held](const Tensor& y_true, const Tensor& y_pred) {
      py::gil_scoped_acquire gil;
      return as_tensor((*held)(y_true, y_pred), "loss");
    });
  });
  m.def("_register_loss", [](const std::string& name, const py::function& factory) {
    register_loss(name, [factory](const Config& c) -> LossPtr {
      py::gil_scoped_acquire gil;
      return factory(from_config_object(c)).cast<LossPtr>();
    });
  });
}

}  // namespace lamina::python
