// lamina.random, with the names and arguments of keras.random.
#include "ops.h"

namespace lamina::python {

void bind_random(py::module_& m) {
  using random::SeedGenerator;
  py::class_<SeedGenerator>(m, "SeedGenerator",
                            "A stream of random numbers: a seed and a count of draws.")
      .def(py::init<std::optional<int64_t>>(), arg("seed") = py::none())
      .def_property_readonly("state", &SeedGenerator::state, "int64 (2,): seed, next draw.");
  // A seed may be None, a SeedGenerator, or an integer (the same numbers each time).
  auto with = [](const py::object& seed, auto&& f) {
    if (seed.is_none()) return f(static_cast<SeedGenerator*>(nullptr));
    if (py::isinstance<SeedGenerator>(seed)) return f(seed.cast<SeedGenerator*>());
    SeedGenerator g(seed.cast<int64_t>());
    return f(&g);
  };
  m.def(
      "uniform",
      [with](const py::object& s, double a, double b, const py::object& d, const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) {
          return random::uniform(as_shape(s), a, b, as_dtype(d), g);
        });
      },
      arg("shape"), arg("minval") = 0.0, arg("maxval") = 1.0, arg("dtype") = py::none(),
      arg("seed") = py::none(), "Uniform in [minval, maxval).");
  m.def(
      "normal",
      [with](const py::object& s, double a, double b, const py::object& d, const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) {
          return random::normal(as_shape(s), a, b, as_dtype(d), g);
        });
      },
      arg("shape"), arg("mean") = 0.0, arg("stddev") = 1.0, arg("dtype") = py::none(),
      arg("seed") = py::none(), "Normal.");
  m.def(
      "truncated_normal",
      [with](const py::object& s, double a, double b, const py::object& d, const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) {
          return random::truncated_normal(as_shape(s), a, b, as_dtype(d), g);
        });
      },
      arg("shape"), arg("mean") = 0.0, arg("stddev") = 1.0, arg("dtype") = py::none(),
      arg("seed") = py::none(), "Normal, cut at two deviations.");
  m.def(
      "randint",
      [with](const py::object& s, int64_t a, int64_t b, const py::object& d,
             const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) {
          return random::randint(as_shape(s), a, b, as_dtype(d, DType::kInt32), g);
        });
      },
      arg("shape"), arg("minval"), arg("maxval"), arg("dtype") = py::none(),
      arg("seed") = py::none(), "Integers in [minval, maxval).");
  m.def(
      "categorical",
      [with](const py::object& x, int64_t n, const py::object& d, const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) {
          return random::categorical(T(x), n, as_dtype(d, DType::kInt32), g);
        });
      },
      arg("logits"), arg("num_samples"), arg("dtype") = py::none(), arg("seed") = py::none(),
      "Indices drawn by unnormalized log-probabilities (batch, classes).");
  m.def(
      "gamma",
      [with](const py::object& s, double a, const py::object& d, const py::object& seed) {
        return with(
            seed, [&](SeedGenerator* g) { return random::gamma(as_shape(s), a, as_dtype(d), g); });
      },
      arg("shape"), arg("alpha"), arg("dtype") = py::none(), arg("seed") = py::none(),
      "Gamma with shape parameter alpha.");
  m.def(
      "dropout",
      [with](const py::object& x, double rate, const py::object&, const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) { return random::dropout(T(x), rate, g); });
      },
      arg("inputs"), arg("rate"), arg("noise_shape") = py::none(), arg("seed") = py::none(),
      "Inverted dropout (Srivastava et al., 2014).");
  m.def(
      "shuffle",
      [with](const py::object& x, int axis, const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) { return random::shuffle(T(x), axis, g); });
      },
      arg("x"), arg("axis") = 0, arg("seed") = py::none(), "Slices along an axis in random order.");
  m.def("set_seed", &random::set_seed, arg("seed"), "Restart the global generator.");
}

}  // namespace lamina::python
