// What layers of preprocessing can do besides being called.
#include "python_self.h"

namespace lamina::python {

namespace {

std::vector<std::string> tokens_from(const py::handle& value) {
  Tensor t = as_tensor(value, "vocabulary");
  if (t.is_text()) return t.strings();
  std::vector<std::string> out;
  if (is_floating(t.dtype()) && t.numel() > 0)
    throw Error(str("vocabulary: expected text or integers, received ", dtype_name(t.dtype())),
                Error::Kind::kType);
  for (int64_t v : t.to_vector<int64_t>()) out.push_back(std::to_string(v));
  return out;
}

}  // namespace

void bind_preprocessing(py::module_& m) {
  m.def(
      "adapt_array",
      [](Layer& layer, const py::object& data) {
        Tensor t = as_tensor(data, "data");
        Adaptive& a = as_adaptive(layer);
        py::gil_scoped_release nogil;
        a.adapt(t);
      },
      "Let a layer learn from one array.");
  m.def(
      "adapt_batches",
      [](Layer& layer, const py::iterator& batches, int64_t steps) {
        PyObject* from = batches.ptr();
        Adaptive& a = as_adaptive(layer);
        py::gil_scoped_release nogil;
        a.adapt(
            [from](Tensor& batch) {
              py::gil_scoped_acquire gil;
              auto item = py::reinterpret_steal<py::object>(PyIter_Next(from));
              if (!item) {
                if (PyErr_Occurred()) throw py::error_already_set();
                return false;
              }
              batch = as_tensor(item, "data");
              return true;
            },
            steps);
      },
      "Let a layer learn from the batches that an iterator gives.");
  m.def("get_vocabulary",
        [](Layer& layer, bool special) { return as_lookup(layer).get_vocabulary(special); });
  m.def("set_vocabulary",
        [](Layer& layer, const py::object& tokens, const std::vector<double>& idf_weights) {
          as_lookup(layer).set_vocabulary(tokens_from(tokens), idf_weights);
        });
  m.def(
      "register_text_functions",
      [](const std::string& name, const py::function& fn) {
        auto held = std::make_shared<py::object>(fn);
        register_text_functions(
            name,
            [held](const Tensor& x) {
              py::gil_scoped_acquire gil;
              return as_tensor((*held)(text_array(x, true)), "result of standardize");
            },
            [held](const Tensor& x) {
              py::gil_scoped_acquire gil;
              std::vector<std::vector<std::string>> rows;
              for (auto row : (*held)(text_array(x, true))) rows.push_back(tokens_from(row));
              return rows;
            });
      },
      "Let TextVectorization find a Python function by name.");
  m.def("vocabulary_size", [](Layer& layer) { return as_lookup(layer).vocabulary_size(); });
  m.def("normalization_statistics",
        [](const Layer& layer) { return normalization_statistics(layer); });
  m.def("make_pipeline", [](const std::vector<LayerPtr>& layers, const std::string& name) {
    PipelineOptions o;
    o.name = name;
    return LayerRef{make_pipeline(layers, o)};
  });
}

}  // namespace lamina::python
