// Cells of recurrent layers: states are nested lists in Python and a flat list in the core.
#include "python_layer.h"

namespace lamina::python {

namespace {

bool is_sequence(const py::handle& v) {
  return py::isinstance<py::list>(v) || py::isinstance<py::tuple>(v);
}
bool is_array(const py::handle& v) {
  return py::isinstance<Tensor>(v) || py::isinstance<py::array>(v) || py::isinstance<Variable>(v);
}

}  // namespace

bool holds_tensors(const py::handle& value) {
  if (!is_sequence(value)) return false;
  for (auto item : value)
    if (is_array(item) || holds_tensors(item)) return true;
  return false;
}

Tensors flat_tensors(const py::handle& value, const char* what) {
  if (!holds_tensors(value)) return {as_tensor(value, what)};
  Tensors out;
  for (auto item : value)
    for (auto& t : flat_tensors(item, what)) out.push_back(t);
  return out;
}

py::object nested_tensors(const Tensors& tensors, const Config& pattern, size_t& next) {
  if (!pattern.is_list()) {
    const size_t i = next++;
    return i < tensors.size() ? py::cast(tensors[i]) : py::object(py::none());
  }
  py::list out;
  for (const Config& item : pattern.as_list()) out.append(nested_tensors(tensors, item, next));
  return out;
}

py::object outputs_of(const Layer& layer, const Tensors& outs, const CallArgs& args) {
  auto* model = dynamic_cast<const Model*>(&layer);
  if (model && !model->output_keys().empty()) {
    py::dict named;
    for (size_t i = 0; i < outs.size(); ++i) named[py::str(model->output_keys()[i])] = outs[i];
    return named;
  }
  const Config nesting = layer.output_nesting();
  if (nesting.is_null() || args.flag(kStateAlone)) return from_tensors(outs, outs.size() == 1);
  size_t next = 0;
  return nested_tensors(outs, nesting, next);
}

// ---- cells written in Python

Config PythonLayer::state_size() const {
  if (native_) return native_->state_size();
  py::gil_scoped_acquire gil;
  py::object size = py::getattr(self(), "state_size", py::none());
  return size.is_none() ? Config() : as_config(size);
}

int64_t PythonLayer::output_size() const {
  if (native_) return native_->output_size();
  py::gil_scoped_acquire gil;
  py::object size = py::getattr(self(), "output_size", py::none());
  return size.is_none() ? Layer::output_size() : size.cast<int64_t>();
}

Tensors PythonLayer::initial_states(int64_t batch) {
  py::gil_scoped_acquire gil;
  py::object method = py::getattr(self(), "get_initial_state", py::none());
  if (native_ || method.is_none())
    return native_ ? native_->initial_states(batch) : Layer::initial_states(batch);
  return flat_tensors(method(py::arg("batch_size") = batch), "initial state");
}

void PythonLayer::reset_state() {
  if (native_) return native_->reset_state();
  Layer::reset_state();
}

std::vector<Variable> PythonLayer::states() const {
  return native_ ? native_->states() : Layer::states();
}

Config PythonLayer::output_nesting() const {
  if (native_) return native_->output_nesting();
  const Config sizes = state_size();
  if (sizes.is_null()) return {};
  return Config::list({Config(), sizes.is_list() ? sizes : Config::list({sizes})});
}

void bind_recurrent(py::class_<Layer, std::shared_ptr<Layer>>& c) {
  c.def("reset_state", &Layer::reset_state,
        "Set the states that recurrent layers keep from batch to batch to zeros.");
  c.def_property_readonly("_state_size", [](const Layer& l) {
    auto* python = dynamic_cast<const PythonLayer*>(&l);
    return from_config_object(python && python->native() ? python->native()->state_size()
                                                         : l.state_size());
  });
  c.def_property_readonly("_output_size", [](const Layer& l) { return l.output_size(); });
  c.def_property_readonly("_states", [](const Layer& l) { return l.states(); });
  c.def("_initial_states", [](Layer& l, int64_t batch) {
    auto* python = dynamic_cast<PythonLayer*>(&l);
    Layer& cell = python && python->native() ? *python->native() : l;
    const Config sizes = cell.state_size();
    size_t next = 0;
    return nested_tensors(cell.initial_states(batch),
                          sizes.is_list() ? sizes : Config::list({sizes}), next);
  });
}

}  // namespace lamina::python
