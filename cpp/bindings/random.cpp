// lamina.random, with the names and arguments of keras.random.
#include "ops.h"
#include "seed.h"

namespace lamina::python {

namespace {

using random::SeedGenerator;

// SeedGenerator in Python: also what a Keras generator tells of itself.
struct Named : SeedGenerator {
  Named(std::optional<int64_t> seed, std::string name)
      : SeedGenerator(seed), given(seed), name(std::move(name)) {}
  std::optional<int64_t> given;
  std::string name;
};

}  // namespace

std::shared_ptr<SeedGenerator> as_seed(const py::object& seed) {
  if (seed.is_none()) return nullptr;
  if (py::isinstance<Named>(seed)) return {seed.cast<Named*>(), [](SeedGenerator*) {}};
  if (!py::hasattr(seed, "__index__"))
    fail("random: seed must be an integer or a SeedGenerator, received ",
         std::string(py::str(seed)));
  return std::make_shared<SeedGenerator>(opt_int(seed));
}

void bind_random(py::module_& m) {
  py::class_<Named> c(m, "SeedGenerator",
                      R"(A stream of random numbers: a seed and a count of draws.

Args:
    seed: An integer; drawn from the global generator by default.
    name: A name.

Example:

>>> import lamina
>>> seed = lamina.random.SeedGenerator(7)
>>> a, b = (lamina.random.uniform((2,), seed=seed) for _ in range(2))
>>> a.tolist() == b.tolist()
False)");
  c.def(py::init([](const py::object& seed, const py::object& name, const py::kwargs& kwargs) {
          for (auto item : kwargs)
            if (item.first.cast<std::string>() != "backend")
              fail("SeedGenerator: unknown argument '", item.first.cast<std::string>(), "'");
          if (!seed.is_none() && !py::hasattr(seed, "__index__"))
            fail("SeedGenerator: seed must be an integer, received ", std::string(py::str(seed)));
          return std::make_unique<Named>(
              opt_int(seed), name.is_none() ? "seed_generator" : name.cast<std::string>());
        }),
        arg("seed") = py::none(), arg("name") = py::none());
  c.def_property_readonly("state", &Named::state, "int64 (2,): seed, next draw.");
  c.def_readonly("name", &Named::name, "The name.");
  c.def(
      "next",
      [](const Named& g, bool) {
        NoGrad off;
        Tensor now = copy(g.state());
        assign_add(g.state(), Tensor::from_vector(std::vector<int64_t>{0, 1}, {2}));
        return now;
      },
      arg("ordered") = true, "A copy of the state, which then moves on by one draw.");
  c.def(
      "get_config",
      [](const Named& g) {
        py::dict d;
        d["seed"] = g.given ? py::object(py::int_(*g.given)) : py::none();
        d["name"] = g.name;
        return d;
      },
      "Seed and name.");
  c.def_static(
      "from_config", [](const py::dict& config) { return py::type::of<Named>()(**config); },
      arg("config"), "The generator of a config.");
  auto with = [](const py::object& seed, auto&& f) { return f(as_seed(seed).get()); };
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
      arg("shape"), arg("minval"), arg("maxval"), arg("dtype") = "int32", arg("seed") = py::none(),
      "Integers in [minval, maxval).");
  m.def(
      "categorical",
      [with](const py::object& x, int64_t n, const py::object& d, const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) {
          return random::categorical(T(x), n, as_dtype(d, DType::kInt32), g);
        });
      },
      arg("logits"), arg("num_samples"), arg("dtype") = "int32", arg("seed") = py::none(),
      "Indices drawn by unnormalized log-probabilities (batch, classes).");
  m.def(
      "gamma",
      [with](const py::object& s, const py::object& alpha, const py::object& d,
             const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) {
          return random::gamma(as_shape(s), as_tensor(alpha, "alpha"), as_dtype(d), g);
        });
      },
      arg("shape"), arg("alpha"), arg("dtype") = py::none(), arg("seed") = py::none(),
      R"(Numbers of a gamma distribution with scale 1.

Args:
    shape: Shape of the result.
    alpha: Shape parameter, positive; a number, or a tensor that is broadcast to `shape`.
    dtype: A float dtype, `floatx` by default.
    seed: An integer, a SeedGenerator or None.

Example:

>>> import lamina
>>> lamina.random.gamma((2, 3), 2.0).shape
(2, 3))");
  m.def(
      "beta",
      [with](const py::object& s, const py::object& alpha, const py::object& beta,
             const py::object& d, const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) {
          return random::beta(as_shape(s), as_tensor(alpha, "alpha"), as_tensor(beta, "beta"),
                              as_dtype(d), g);
        });
      },
      arg("shape"), arg("alpha"), arg("beta"), arg("dtype") = py::none(), arg("seed") = py::none(),
      R"(Numbers of a beta distribution, in [0, 1], density proportional to x^(a - 1) (1 - x)^(b - 1).

Args:
    shape: Shape of the result.
    alpha: The first parameter a, positive; a number, or a tensor that is broadcast to `shape`.
    beta: The second parameter b, likewise.
    dtype: A float dtype, `floatx` by default.
    seed: An integer, a SeedGenerator or None.

Example:

>>> import lamina
>>> lamina.random.beta((2, 3), 2.0, 1.0).shape
(2, 3))");
  m.def(
      "binomial",
      [with](const py::object& s, const py::object& counts, const py::object& probabilities,
             const py::object& d, const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) {
          return random::binomial(as_shape(s), as_tensor(counts, "counts"),
                                  as_tensor(probabilities, "probabilities"), as_dtype(d), g);
        });
      },
      arg("shape"), arg("counts"), arg("probabilities"), arg("dtype") = py::none(),
      arg("seed") = py::none(),
      R"(Numbers of successes among independent trials.

Args:
    shape: Shape of the result.
    counts: Numbers of trials; a number, or a tensor that is broadcast to `shape`.
    probabilities: Probabilities of a success, in [0, 1], likewise.
    dtype: Dtype of the result, `floatx` by default.
    seed: An integer, a SeedGenerator or None.

Example:

>>> import lamina
>>> lamina.random.binomial((2,), counts=[3, 5], probabilities=1.0).tolist()
[3.0, 5.0])");
  m.def(
      "dropout",
      [with](const py::object& x, double rate, const py::object& noise_shape,
             const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) {
          if (noise_shape.is_none()) return random::dropout(T(x), rate, g);
          return random::dropout(T(x), rate, as_shape(noise_shape), g);
        });
      },
      arg("inputs"), arg("rate"), arg("noise_shape") = py::none(), arg("seed") = py::none(),
      R"(Inverted dropout: zeros with probability `rate`, else x / (1 - rate) (Srivastava et al., 2014).

Args:
    inputs: A tensor.
    rate: Share of zeros, in [0, 1].
    noise_shape: Shape of the draws, broadcast to inputs; None in it stands for the length of an
        axis.
    seed: An integer, a SeedGenerator or None.

Example:

>>> import lamina
>>> y = lamina.random.dropout(lamina.ops.ones((8, 4)), 0.5, noise_shape=(8, 1))
>>> len({*y.numpy()[0]})
1)");
  m.def(
      "shuffle",
      [with](const py::object& x, int axis, const py::object& seed) {
        return with(seed, [&](SeedGenerator* g) { return random::shuffle(T(x), axis, g); });
      },
      arg("x"), arg("axis") = 0, arg("seed") = py::none(), "Slices along an axis in random order.");
  m.def("set_seed", &random::set_seed, arg("seed"), "Restart the global generator.");
}

}  // namespace lamina::python
