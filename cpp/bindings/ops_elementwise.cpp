// lamina.ops: elementwise functions, most of them from the table, with the names and arguments of
// keras.ops.
#include "ops.h"

namespace lamina::python {

void bind_elementwise(py::module_& m) {
  auto unary = [&](const char* name, Tensor (*fn)(const Tensor&)) {
    m.def(name, [fn](const py::object& x) { return fn(T(x)); }, arg("x"), op_doc(name).c_str());
  };
  auto binary = [&](const char* name, Tensor (*fn)(const Tensor&, const Tensor&)) {
    // Keras names the arguments of operations on bits x and y.
    std::string_view n = name;
    bool bits = n.starts_with("bitwise") || n.ends_with("shift");
    m.def(
        name,
        [fn](const py::object& x1, const py::object& x2) {
          return fn(as_tensor(x1, "x1"), as_tensor(x2, "x2"));
        },
        arg(bits ? "x" : "x1"), arg(bits ? "y" : "x2"), op_doc(name).c_str());
  };
#define LAMINA_DECLARE_UNARY(name) \
  unary(#name, static_cast<Tensor (*)(const Tensor&)>(&lamina::name));
#define LAMINA_DECLARE_BINARY(name) \
  binary(#name, static_cast<Tensor (*)(const Tensor&, const Tensor&)>(&lamina::name));
#include "lamina/elementwise_ops.inc"
#undef LAMINA_DECLARE_UNARY
#undef LAMINA_DECLARE_BINARY
  m.def(
      "leaky_relu", [](const py::object& x, double s) { return leaky_relu(T(x), s); }, arg("x"),
      arg("negative_slope") = 0.2, "x where positive, else negative_slope * x.");
  m.def(
      "elu", [](const py::object& x, double a) { return elu(T(x), a); }, arg("x"),
      arg("alpha") = 1.0, "x where positive, else alpha * (exp(x) - 1).");
  m.def(
      "celu", [](const py::object& x, double a) { return celu(T(x), a); }, arg("x"),
      arg("alpha") = 1.0, "max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)).");
  m.def(
      "gelu", [](const py::object& x, bool approximate) { return gelu(T(x), approximate); },
      arg("x"), arg("approximate") = true,
      "x * Phi(x), Phi the normal distribution function (Hendrycks and Gimpel, 2016); approximate: "
      "by tanh.");
  m.def(
      "soft_shrink", [](const py::object& x, double t) { return soft_shrink(T(x), t); }, arg("x"),
      arg("threshold") = 0.5, "x moved towards zero by threshold, zero within.");
  m.def(
      "hard_shrink", [](const py::object& x, double t) { return hard_shrink(T(x), t); }, arg("x"),
      arg("threshold") = 0.5, "x where |x| > threshold, else zero.");
  m.def(
      "threshold", [](const py::object& x, double t, double v) { return threshold(T(x), t, v); },
      arg("x"), arg("threshold"), arg("default_value"),
      "x where x > threshold, else default_value.");
  m.def(
      "squareplus", [](const py::object& x, double b) { return squareplus(T(x), b); }, arg("x"),
      arg("b") = 4.0, "(x + sqrt(x * x + b)) / 2.");
  m.def(
      "clip",
      [](const py::object& x, const py::object& lo, const py::object& hi) {
        if (PyNumber_Check(lo.ptr()) && PyNumber_Check(hi.ptr()) && !py::hasattr(lo, "shape") &&
            !py::hasattr(hi, "shape"))
          return clip(T(x), lo.cast<double>(), hi.cast<double>());
        return clip(T(x), as_tensor(lo, "x_min"), as_tensor(hi, "x_max"));
      },
      arg("x"), arg("x_min"), arg("x_max"), "x limited to [x_min, x_max].");
  m.def(
      "round", [](const py::object& x, int decimals) { return round(T(x), decimals); }, arg("x"),
      arg("decimals") = 0, "Rounded to that many decimals, halves to even.");
  m.def(
      "relu_general",
      [](const py::object& x, double slope, std::optional<double> max_value, double threshold) {
        return relu_general(T(x), slope, max_value, threshold);
      },
      arg("x"), arg("negative_slope") = 0.0, arg("max_value") = py::none(), arg("threshold") = 0.0,
      "The rectifier of keras.activations.relu.");
  m.def(
      "glu", [](const py::object& x, int axis) { return glu(T(x), axis); }, arg("x"),
      arg("axis") = -1,
      "First half of an axis times the sigmoid of the second (Dauphin et al., 2016).");
  m.def(
      "sparsemax", [](const py::object& x, int axis) { return sparsemax(T(x), axis); }, arg("x"),
      arg("axis") = -1, "Projection on the simplex (Martins and Astudillo, 2016).");
  m.def(
      "where",
      [](const py::object& c, const py::object& a, const py::object& b) -> py::object {
        if (a.is_none() != b.is_none()) fail("where: pass both x1 and x2, or neither");
        if (a.is_none()) return from_tensors(nonzero(as_tensor(c, "condition")), false);
        return py::cast(where(as_tensor(c, "condition"), as_tensor(a, "x1"), as_tensor(b, "x2")));
      },
      arg("condition"), arg("x1") = py::none(), arg("x2") = py::none(),
      "x1 where the condition holds, else x2.");
  m.def(
      "isclose",
      [](const py::object& a, const py::object& b, double rtol, double atol, bool equal_nan) {
        return isclose(T(a), T(b), rtol, atol, equal_nan);
      },
      arg("x1"), arg("x2"), arg("rtol") = 1e-5, arg("atol") = 1e-8, arg("equal_nan") = false,
      "True where |x1 - x2| <= atol + rtol * |x2|.");
  m.def(
      "nan_to_num",
      [](const py::object& x, double nan, std::optional<double> p, std::optional<double> n) {
        return nan_to_num(T(x), nan, p, n);
      },
      arg("x"), arg("nan") = 0.0, arg("posinf") = py::none(), arg("neginf") = py::none(),
      "NaN and infinities replaced by numbers.");
  m.def(
      "cast", [](const py::object& x, const py::object& d) { return cast(T(x), as_dtype(d)); },
      arg("x"), arg("dtype"), "x converted to another dtype.");
  m.def(
      "activation",
      [](const py::object& x, const std::string& name) { return activation(T(x), name); }, arg("x"),
      arg("name"), "The activation function of that name.");
  m.def("activation_names", &activation_names, "Names that activation() takes.");
}

}  // namespace lamina::python
