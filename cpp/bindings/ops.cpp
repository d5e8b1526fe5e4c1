// lamina.ops: keras.ops names and arguments. Elementwise functions come from the table.
#include "bindings.h"

namespace lamina::python {

namespace {

using py::arg;
const py::object kNone = py::none();

Axes opt_axes(const py::object& o) { return as_axes(o); }
std::optional<int64_t> opt_int(const py::object& o) {
  if (o.is_none()) return {};
  return py::module_::import("operator").attr("index")(o).cast<int64_t>();
}
Tensor T(const py::object& o) { return as_tensor(o); }

// One integer for each of n spatial axes.
Ints per_axis(const py::object& o, int n) {
  Ints v = as_ints(o);
  if (v.size() == 1) v.resize(static_cast<size_t>(std::max(n, 1)), v[0]);
  return v;
}

void bind_elementwise(py::module_& m) {
  auto unary = [&](const char* name, Tensor (*fn)(const Tensor&)) {
    m.def(name, [fn](const py::object& x) { return fn(T(x)); }, arg("x"), op_doc(name).c_str());
  };
  auto binary = [&](const char* name, Tensor (*fn)(const Tensor&, const Tensor&)) {
    m.def(
        name,
        [fn](const py::object& x1, const py::object& x2) {
          return fn(as_tensor(x1, "x1"), as_tensor(x2, "x2"));
        },
        arg("x1"), arg("x2"), op_doc(name).c_str());
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

void bind_reductions(py::module_& m) {
  using Fn = Tensor (*)(const Tensor&, const Axes&, bool);
  auto def = [&](const char* name, Fn fn, const char* doc) {
    m.def(
        name,
        [fn](const py::object& x, const py::object& axis, bool keepdims) {
          return fn(T(x), opt_axes(axis), keepdims);
        },
        arg("x"), arg("axis") = py::none(), arg("keepdims") = false, doc);
  };
  def("sum", sum,
      "Sum over axes (all by default). Small integers and booleans are summed as int32.");
  def("mean", mean, "Mean over axes (all by default).");
  def("var", var, "Variance over axes, divided by n.");
  def("std", lamina::std, "Standard deviation over axes, divided by n.");
  def("prod", prod, "Product over axes.");
  def("max", max, "Maximum over axes; NaN wins.");
  def("min", min, "Minimum over axes; NaN wins.");
  def("amax", amax, "Maximum over axes; NaN wins.");
  def("amin", amin, "Minimum over axes; NaN wins.");
  def("any", any, "Whether any element is non-zero.");
  def("all", all, "Whether all elements are non-zero.");
  def("logsumexp", logsumexp, "log(sum(exp(x))) without overflow.");
  m.def(
      "norm",
      [](const py::object& x, const py::object& ord, const py::object& axis, bool keepdims) {
        std::optional<double> o;
        if (!ord.is_none() && !(py::isinstance<py::str>(ord) && ord.cast<std::string>() == "fro"))
          o = ord.cast<double>();
        return norm(T(x), o, opt_axes(axis), keepdims);
      },
      arg("x"), arg("ord") = py::none(), arg("axis") = py::none(), arg("keepdims") = false,
      "Norm as numpy.linalg.norm. ord: None or 'fro' (root of the sum of squares); over one axis "
      "2, 1, "
      "0, inf, -inf or any p; over two axes 1, -1, inf or -inf.\n\nRaises ValueError for another "
      "ord "
      "over two axes (2 and 'nuc' need singular values).");
  m.def(
      "argmax",
      [](const py::object& x, const py::object& axis, bool k) {
        return argmax(T(x), opt_int(axis), k);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false, "Index of the first maximum.");
  m.def(
      "argmin",
      [](const py::object& x, const py::object& axis, bool k) {
        return argmin(T(x), opt_int(axis), k);
      },
      arg("x"), arg("axis") = py::none(), arg("keepdims") = false, "Index of the first minimum.");
  m.def(
      "count_nonzero",
      [](const py::object& x, const py::object& axis) {
        return count_nonzero(T(x), opt_axes(axis));
      },
      arg("x"), arg("axis") = py::none(), "Number of non-zero elements.");
  m.def(
      "cumsum",
      [](const py::object& x, const py::object& axis) { return cumsum(T(x), opt_int(axis)); },
      arg("x"), arg("axis") = py::none(),
      "Running sum along an axis (of the flat array by default).");
  m.def(
      "cumprod",
      [](const py::object& x, const py::object& axis) { return cumprod(T(x), opt_int(axis)); },
      arg("x"), arg("axis") = py::none(),
      "Running product along an axis (of the flat array by default).");
  m.def(
      "moments",
      [](const py::object& x, const py::object& axes, bool k) {
        return moments(T(x), opt_axes(axes), k);
      },
      arg("x"), arg("axes"), arg("keepdims") = false, "(mean, variance) over axes.");
}

void bind_linalg(py::module_& m) {
  m.def(
      "matmul",
      [](const py::object& a, const py::object& b) {
        return matmul(as_tensor(a, "x1"), as_tensor(b, "x2"));
      },
      arg("x1"), arg("x2"), "Matrix product of the last two axes, batch axes broadcast.");
  m.def(
      "dot", [](const py::object& a, const py::object& b) { return dot(T(a), T(b)); }, arg("x1"),
      arg("x2"), "numpy.dot.");
  m.def(
      "vdot", [](const py::object& a, const py::object& b) { return vdot(T(a), T(b)); }, arg("x1"),
      arg("x2"), "Dot product of the flattened tensors.");
  m.def(
      "outer", [](const py::object& a, const py::object& b) { return outer(T(a), T(b)); },
      arg("x1"), arg("x2"), "Outer product of the flattened tensors.");
  m.def(
      "inner", [](const py::object& a, const py::object& b) { return inner(T(a), T(b)); },
      arg("x1"), arg("x2"), "Inner product over the last axes.");
  m.def(
      "einsum",
      [](const std::string& s, const py::args& ops) {
        Tensors ts;
        for (auto o : ops) ts.push_back(as_tensor(o, "operand"));
        return einsum(s, ts);
      },
      arg("subscripts"), "Einstein summation, as numpy.einsum with a string.");
  m.def(
      "tensordot",
      [](const py::object& a, const py::object& b, const py::object& axes) {
        if (PyLong_Check(axes.ptr())) return tensordot(T(a), T(b), axes.cast<int>());
        auto pair = axes.cast<py::sequence>();
        return tensordot(T(a), T(b), as_ints(pair[0]), as_ints(pair[1]));
      },
      arg("x1"), arg("x2"), arg("axes") = 2, "numpy.tensordot.");
}

void bind_shape_ops(py::module_& m) {
  m.def(
      "shape", [](const py::object& x) { return shape_tuple(T(x).shape()); }, arg("x"),
      "The shape, a tuple.");
  m.def("ndim", [](const py::object& x) { return T(x).rank(); }, arg("x"), "Number of axes.");
  m.def("size", [](const py::object& x) { return T(x).numel(); }, arg("x"), "Number of elements.");
  m.def(
      "reshape", [](const py::object& x, const py::object& s) { return reshape(T(x), as_ints(s)); },
      arg("x"), arg("newshape"),
      "The same elements in another shape; one length may be -1. A view where memory allows.");
  m.def(
      "transpose",
      [](const py::object& x, const py::object& a) { return transpose(T(x), as_ints(a)); },
      arg("x"), arg("axes") = py::none(), "Axes in another order, reversed by default. A view.");
  m.def(
      "swapaxes", [](const py::object& x, int a, int b) { return swapaxes(T(x), a, b); }, arg("x"),
      arg("axis1"), arg("axis2"), "Two axes exchanged. A view.");
  m.def(
      "moveaxis",
      [](const py::object& x, const py::object& s, const py::object& d) {
        return moveaxis(T(x), as_ints(s), as_ints(d));
      },
      arg("x"), arg("source"), arg("destination"), "Axes moved to other places. A view.");
  m.def(
      "squeeze",
      [](const py::object& x, const py::object& a) { return squeeze(T(x), opt_axes(a)); }, arg("x"),
      arg("axis") = py::none(), "Axes of length 1 removed. A view.");
  m.def(
      "expand_dims",
      [](const py::object& x, const py::object& a) { return expand_dims(T(x), as_ints(a)); },
      arg("x"), arg("axis"), "Axes of length 1 added. A view.");
  m.def(
      "broadcast_to",
      [](const py::object& x, const py::object& s) { return broadcast_to(T(x), as_shape(s)); },
      arg("x"), arg("shape"), "x repeated to a shape by NumPy's rules. A view.");
  m.def(
      "ravel", [](const py::object& x) { return ravel(T(x)); }, arg("x"), "Flattened to one axis.");
  m.def(
      "concatenate",
      [](const py::object& xs, int a) { return concatenate(as_tensors(xs, nullptr, "xs"), a); },
      arg("xs"), arg("axis") = 0, "Tensors joined along an axis.");
  m.def(
      "stack",
      [](const py::object& xs, int a) {
        Tensors list;
        for (auto x : xs) list.push_back(as_tensor(x, "x"));
        return stack(list, a);
      },
      arg("x"), arg("axis") = 0, "Tensors joined along a new axis.");
  m.def(
      "unstack", [](const py::object& x, const py::object&, int a) { return unstack(T(x), a); },
      arg("x"), arg("num") = py::none(), arg("axis") = 0, "The slices along an axis, as a list.");
  m.def(
      "split",
      [](const py::object& x, const py::object& n, int a) {
        if (PyLong_Check(n.ptr())) return split(T(x), n.cast<int>(), a);
        return split(T(x), as_ints(n), a);
      },
      arg("x"), arg("indices_or_sections"), arg("axis") = 0,
      "Cut into equal sections, or at indices. Views.");
  m.def(
      "pad",
      [](const py::object& x, const py::object& width, const std::string& mode,
         const py::object& value) {
        Tensor t = T(x);
        std::vector<std::pair<int64_t, int64_t>> w;
        if (PyLong_Check(width.ptr())) {
          w.assign(static_cast<size_t>(t.rank()), {width.cast<int64_t>(), width.cast<int64_t>()});
        } else if (py::len(width) && PyLong_Check(py::object(width[py::int_(0)]).ptr())) {
          Ints v = as_ints(width);
          w.assign(static_cast<size_t>(t.rank()), {v.at(0), v.back()});
        } else {
          for (auto p : width) {
            Ints v = as_ints(p);
            w.emplace_back(v.at(0), v.back());
          }
          if (w.size() == 1) w.resize(static_cast<size_t>(t.rank()), w[0]);
        }
        return pad(t, w, mode, value.is_none() ? 0.0 : value.cast<double>());
      },
      arg("x"), arg("pad_width"), arg("mode") = "constant", arg("constant_values") = py::none(),
      "numpy.pad; mode: constant, reflect, symmetric or edge.");
  m.def(
      "tile", [](const py::object& x, const py::object& r) { return tile(T(x), as_ints(r)); },
      arg("x"), arg("repeats"), "x repeated as a whole along each axis.");
  m.def(
      "repeat",
      [](const py::object& x, const py::object& r, const py::object& a) {
        return repeat(T(x), as_ints(r), opt_int(a));
      },
      arg("x"), arg("repeats"), arg("axis") = py::none(), "Each element repeated along an axis.");
  m.def(
      "flip", [](const py::object& x, const py::object& a) { return flip(T(x), opt_axes(a)); },
      arg("x"), arg("axis") = py::none(), "Axes reversed. A view.");
  m.def(
      "roll",
      [](const py::object& x, const py::object& s, const py::object& a) {
        return roll(T(x), as_ints(s), opt_axes(a));
      },
      arg("x"), arg("shift"), arg("axis") = py::none(),
      "Elements shifted along axes, around the end.");
  m.def(
      "tril", [](const py::object& x, int64_t k) { return tril(T(x), k); }, arg("x"), arg("k") = 0,
      "Lower triangle, zero elsewhere.");
  m.def(
      "triu", [](const py::object& x, int64_t k) { return triu(T(x), k); }, arg("x"), arg("k") = 0,
      "Upper triangle, zero elsewhere.");
  m.def(
      "diagonal",
      [](const py::object& x, int64_t o, int a, int b) { return diagonal(T(x), o, a, b); },
      arg("x"), arg("offset") = 0, arg("axis1") = 0, arg("axis2") = 1,
      "The diagonal of two axes. A view.");
  m.def(
      "diag", [](const py::object& x, int64_t k) { return diag(T(x), k); }, arg("x"), arg("k") = 0,
      "Diagonal of a matrix, or a matrix with that diagonal.");
  m.def(
      "trace", [](const py::object& x, int64_t o, int a, int b) { return trace(T(x), o, a, b); },
      arg("x"), arg("offset") = 0, arg("axis1") = 0, arg("axis2") = 1, "Sum of a diagonal.");
  m.def(
      "meshgrid",
      [](const py::args& xs, const std::string& indexing) {
        Tensors ts;
        for (auto x : xs) ts.push_back(as_tensor(x));
        return meshgrid(ts, indexing);
      },
      py::kw_only(), arg("indexing") = "xy", "Coordinate grids from coordinate vectors.");
}

void bind_index_ops(py::module_& m) {
  m.def(
      "slice",
      [](const py::object& x, const py::object& s, const py::object& n) {
        return slice(T(x), as_ints(s), as_ints(n));
      },
      arg("inputs"), arg("start_indices"), arg("shape"),
      "The block of `shape` that begins at start_indices. A view.");
  m.def(
      "slice_update",
      [](const py::object& x, const py::object& s, const py::object& u) {
        return slice_update(T(x), as_ints(s), T(u));
      },
      arg("inputs"), arg("start_indices"), arg("updates"), "A copy with a block replaced.");
  m.def(
      "take",
      [](const py::object& x, const py::object& i, const py::object& a) {
        return take(T(x), as_tensor(i, "indices"), opt_int(a));
      },
      arg("x"), arg("indices"), arg("axis") = py::none(),
      "Elements (or slices along an axis) by index.");
  m.def(
      "take_along_axis",
      [](const py::object& x, const py::object& i, const py::object& a) {
        return take_along_axis(T(x), as_tensor(i, "indices"), opt_int(a));
      },
      arg("x"), arg("indices"), arg("axis") = py::none(), "numpy.take_along_axis.");
  m.def(
      "scatter",
      [](const py::object& i, const py::object& v, const py::object& s) {
        return scatter(as_tensor(i, "indices"), as_tensor(v, "values"), as_shape(s));
      },
      arg("indices"), arg("values"), arg("shape"),
      "Zeros of `shape` with values added at indices.");
  m.def(
      "scatter_update",
      [](const py::object& x, const py::object& i, const py::object& u,
         const py::object& reduction) {
        return scatter_update(T(x), as_tensor(i, "indices"), as_tensor(u, "updates"),
                              reduction.is_none() ? "" : reduction.cast<std::string>());
      },
      arg("inputs"), arg("indices"), arg("updates"), arg("reduction") = py::none(),
      "A copy with updates written at indices; reduction: None, add, max, min or mul.");
  m.def(
      "one_hot",
      [](const py::object& x, int64_t n, int a, const py::object& d, bool sparse) {
        if (sparse) fail("one_hot: sparse=True is not supported");
        return one_hot(T(x), n, a, as_dtype(d));
      },
      arg("x"), arg("num_classes"), arg("axis") = -1, arg("dtype") = py::none(),
      arg("sparse") = false, "1 at each index, 0 elsewhere.");
  m.def(
      "sort", [](const py::object& x, int a) { return sort(T(x), a); }, arg("x"), arg("axis") = -1,
      "Sorted ascending along an axis, NaN last.");
  m.def(
      "argsort", [](const py::object& x, int a) { return argsort(T(x), a); }, arg("x"),
      arg("axis") = -1, "Indices that sort an axis, stable.");
  m.def(
      "top_k", [](const py::object& x, int64_t k, bool s) { return top_k(T(x), k, s); }, arg("x"),
      arg("k"), arg("sorted") = true, "(values, indices) of the k largest of the last axis.");
  m.def(
      "in_top_k",
      [](const py::object& t, const py::object& p, int64_t k) { return in_top_k(T(t), T(p), k); },
      arg("targets"), arg("predictions"), arg("k"),
      "Whether each target is among the k largest predictions.");
  m.def(
      "searchsorted",
      [](const py::object& s, const py::object& v, const std::string& side) {
        return searchsorted(T(s), T(v), side);
      },
      arg("sorted_sequence"), arg("values"), arg("side") = "left", "numpy.searchsorted.");
  m.def(
      "nonzero", [](const py::object& x) { return nonzero(T(x)); }, arg("x"),
      "Indices of the non-zero elements, one tensor an axis. Not inside a captured function.");
}

ConvOptions conv_options(const py::object& strides, const std::string& padding,
                         const py::object& format, const py::object& dilation, int spatial) {
  ConvOptions o;
  o.strides = per_axis(strides, spatial);
  o.padding = padding;
  if (!format.is_none()) o.data_format = format.cast<std::string>();
  o.dilation_rate = per_axis(dilation, spatial);
  return o;
}

void bind_nn(py::module_& m) {
  using Fn = Tensor (*)(const Tensor&, const Tensor&, const ConvOptions&, const Tensor&);
  auto conv_like = [&](const char* name, Fn fn, const char* doc) {
    m.def(
        name,
        [fn](const py::object& x, const py::object& k, const py::object& strides,
             const std::string& padding, const py::object& format, const py::object& dilation) {
          Tensor t = as_tensor(x, "inputs");
          return fn(t, as_tensor(k, "kernel"),
                    conv_options(strides, padding, format, dilation, t.rank() - 2), {});
        },
        arg("inputs"), arg("kernel"), arg("strides") = 1, arg("padding") = "valid",
        arg("data_format") = py::none(), arg("dilation_rate") = 1, doc);
  };
  conv_like("conv", conv,
            "Convolution with 1 to 3 spatial axes; inputs (N, s..., C), kernel (k..., C / groups, "
            "F). padding: valid, same, or causal with one axis.");
  conv_like("depthwise_conv", depthwise_conv,
            "Convolution of each channel on its own; kernel (k..., C, multiplier).");
  m.def(
      "conv_transpose",
      [](const py::object& x, const py::object& k, const py::object& strides,
         const std::string& padding, const py::object& output_padding, const py::object& format,
         const py::object& dilation) {
        Tensor t = as_tensor(x, "inputs");
        return conv_transpose(t, as_tensor(k, "kernel"),
                              conv_options(strides, padding, format, dilation, t.rank() - 2),
                              as_ints(output_padding));
      },
      arg("inputs"), arg("kernel"), arg("strides") = 1, arg("padding") = "valid",
      arg("output_padding") = py::none(), arg("data_format") = py::none(), arg("dilation_rate") = 1,
      "The transpose of a convolution; kernel (k..., F, C).");
  using Pool =
      Tensor (*)(const Tensor&, const Ints&, const Ints&, const std::string&, const std::string&);
  auto pool_like = [&](const char* name, Pool fn, const char* doc) {
    m.def(
        name,
        [fn](const py::object& x, const py::object& size, const py::object& strides,
             const std::string& padding, const py::object& format) {
          Tensor t = as_tensor(x, "inputs");
          return fn(t, per_axis(size, t.rank() - 2),
                    strides.is_none() ? Ints{} : per_axis(strides, t.rank() - 2), padding,
                    format.is_none() ? "channels_last" : format.cast<std::string>());
        },
        arg("inputs"), arg("pool_size"), arg("strides") = py::none(), arg("padding") = "valid",
        arg("data_format") = py::none(), doc);
  };
  pool_like("max_pool", max_pool, "Maximum over windows; strides default to pool_size.");
  pool_like("average_pool", average_pool, "Mean over windows; padding is not counted.");
  m.def(
      "softmax",
      [](const py::object& x, const py::object& a) { return softmax(T(x), opt_axes(a)); }, arg("x"),
      arg("axis") = -1, "exp(x) / sum(exp(x)) over axes.");
  m.def(
      "log_softmax",
      [](const py::object& x, const py::object& a) { return log_softmax(T(x), opt_axes(a)); },
      arg("x"), arg("axis") = -1, "Logarithm of the softmax.");
  m.def(
      "layer_normalization",
      [](const py::object& x, const py::object& g, const py::object& b, double eps) {
        return layer_normalization(T(x), as_optional_tensor(g), as_optional_tensor(b), eps);
      },
      arg("x"), arg("gamma") = py::none(), arg("beta") = py::none(), arg("epsilon") = 1e-3,
      "Normalization over the last axis (Ba et al., 2016).");
  m.def(
      "batch_normalization",
      [](const py::object& x, const py::object& mean, const py::object& var, int axis,
         const py::object& offset, const py::object& scale, double eps) {
        return batch_normalization(T(x), T(mean), T(var), axis, as_optional_tensor(offset),
                                   as_optional_tensor(scale), eps);
      },
      arg("x"), arg("mean"), arg("variance"), arg("axis"), arg("offset") = py::none(),
      arg("scale") = py::none(), arg("epsilon") = 1e-3,
      "(x - mean) / sqrt(variance + epsilon) * scale + offset (Ioffe and Szegedy, 2015).");
  m.def(
      "binary_crossentropy",
      [](const py::object& t, const py::object& o, bool l) {
        return binary_crossentropy(as_tensor(t, "target"), as_tensor(o, "output"), l);
      },
      arg("target"), arg("output"), arg("from_logits") = false,
      "Elementwise cross-entropy of two classes.");
  m.def(
      "categorical_crossentropy",
      [](const py::object& t, const py::object& o, bool l, int a) {
        return categorical_crossentropy(as_tensor(t, "target"), as_tensor(o, "output"), l, a);
      },
      arg("target"), arg("output"), arg("from_logits") = false, arg("axis") = -1,
      "Cross-entropy with one-hot targets.");
  m.def(
      "sparse_categorical_crossentropy",
      [](const py::object& t, const py::object& o, bool l, int a) {
        return sparse_categorical_crossentropy(as_tensor(t, "target"), as_tensor(o, "output"), l,
                                               a);
      },
      arg("target"), arg("output"), arg("from_logits") = false, arg("axis") = -1,
      "Cross-entropy with integer targets.");
  m.def(
      "dot_product_attention",
      [](const py::object& q, const py::object& k, const py::object& v, const py::object& bias,
         const py::object& mask, std::optional<double> scale, bool causal) {
        if (!bias.is_none()) fail("dot_product_attention: bias is not supported");
        return dot_product_attention(T(q), T(k), T(v), as_optional_tensor(mask, "mask"), scale,
                                     causal);
      },
      arg("query"), arg("key"), arg("value"), arg("bias") = py::none(), arg("mask") = py::none(),
      arg("scale") = py::none(), arg("is_causal") = false,
      "softmax(query key^T * scale) value (Vaswani et al., 2017); query (B, T, N, H), key and "
      "value (B, S, N, H).");
}

void bind_creation(py::module_& m) {
  m.def(
      "zeros",
      [](const py::object& s, const py::object& d) { return zeros(as_shape(s), as_dtype(d)); },
      arg("shape"), arg("dtype") = py::none(), "Zeros.");
  m.def(
      "ones",
      [](const py::object& s, const py::object& d) { return ones(as_shape(s), as_dtype(d)); },
      arg("shape"), arg("dtype") = py::none(), "Ones.");
  m.def(
      "empty",
      [](const py::object& s, const py::object& d) { return zeros(as_shape(s), as_dtype(d)); },
      arg("shape"), arg("dtype") = py::none(), "A tensor whose values do not matter (zeros).");
  m.def(
      "full",
      [](const py::object& s, const py::object& v, const py::object& d) {
        Tensor value = as_tensor(v, "fill_value");
        DType dtype =
            as_dtype(d, value.is_scalar_literal() ? (value.dtype() == DType::kInt64  ? DType::kInt32
                                                     : value.dtype() == DType::kBool ? DType::kBool
                                                                                     : floatx())
                                                  : value.dtype());
        return copy(broadcast_to(cast(value, dtype), as_shape(s)));
      },
      arg("shape"), arg("fill_value"), arg("dtype") = py::none(), "A tensor filled with a value.");
  m.def(
      "zeros_like",
      [](const py::object& x, const py::object& d) {
        Tensor t = zeros_like(T(x));
        return d.is_none() ? t : cast(t, as_dtype(d));
      },
      arg("x"), arg("dtype") = py::none(), "Zeros of the same shape.");
  m.def(
      "ones_like",
      [](const py::object& x, const py::object& d) {
        Tensor t = ones_like(T(x));
        return d.is_none() ? t : cast(t, as_dtype(d));
      },
      arg("x"), arg("dtype") = py::none(), "Ones of the same shape.");
  m.def(
      "full_like",
      [](const py::object& x, double v, const py::object& d) {
        Tensor t = full_like(T(x), v);
        return d.is_none() ? t : cast(t, as_dtype(d));
      },
      arg("x"), arg("fill_value"), arg("dtype") = py::none(), "A value in the same shape.");
  m.def(
      "eye",
      [](int64_t n, const py::object& mm, int64_t k, const py::object& d) {
        return eye(n, mm.is_none() ? -1 : mm.cast<int64_t>(), k, as_dtype(d));
      },
      arg("N"), arg("M") = py::none(), arg("k") = 0, arg("dtype") = py::none(),
      "Ones on a diagonal, zeros elsewhere.");
  m.def(
      "identity", [](int64_t n, const py::object& d) { return eye(n, -1, 0, as_dtype(d)); },
      arg("n"), arg("dtype") = py::none(), "The identity matrix.");
  m.def(
      "arange",
      [](const py::object& start, const py::object& stop, const py::object& step,
         const py::object& d) {
        double a = start.cast<double>(), b = 0, c = step.is_none() ? 1 : step.cast<double>();
        if (stop.is_none())
          b = a, a = 0;
        else
          b = stop.cast<double>();
        bool whole = PyLong_Check(start.ptr()) && (stop.is_none() || PyLong_Check(stop.ptr())) &&
                     (step.is_none() || PyLong_Check(step.ptr()));
        return arange(a, b, c, as_dtype(d, whole ? DType::kInt32 : floatx()));
      },
      arg("start"), arg("stop") = py::none(), arg("step") = py::none(), arg("dtype") = py::none(),
      "Evenly spaced values, stop not included.");
  m.def(
      "linspace",
      [](double a, double b, int64_t n, bool endpoint, bool retstep,
         const py::object& d) -> py::object {
        Tensor t = linspace(a, b, n, endpoint, as_dtype(d));
        if (!retstep) return py::cast(t);
        return py::make_tuple(
            t, (b - a) / static_cast<double>(std::max<int64_t>(endpoint ? n - 1 : n, 1)));
      },
      arg("start"), arg("stop"), arg("num") = 50, arg("endpoint") = true, arg("retstep") = false,
      arg("dtype") = py::none(), "num evenly spaced values.");
  m.def(
      "stop_gradient", [](const py::object& x) { return stop_gradient(T(x)); }, arg("variable"),
      "The same values, no gradient.");
  m.def("copy", [](const py::object& x) { return copy(T(x)); }, arg("x"), "A copy.");
}

}  // namespace

void bind_ops(py::module_& m) {
  bind_elementwise(m);
  bind_reductions(m);
  bind_linalg(m);
  bind_shape_ops(m);
  bind_index_ops(m);
  bind_nn(m);
  bind_creation(m);
  m.def("op_names", &op_names, "Names of the operations in the core's table.");
}

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

void bind_autograd(py::module_& m) {
  struct GradMode {
    bool enable;
    std::unique_ptr<NoGrad> guard;
  };
  py::class_<GradMode>(m, "GradMode", "Context that turns the recording of operations off or on.")
      .def(py::init(
          [](bool enable) { return std::make_unique<GradMode>(GradMode{enable, nullptr}); }))
      .def("__enter__", [](GradMode& g) { g.guard = std::make_unique<NoGrad>(g.enable); })
      .def("__exit__", [](GradMode& g, const py::args&) { g.guard.reset(); });
  m.def("grad_enabled", &grad_enabled, "Whether operations are recorded on this thread.");
  m.def(
      "gradients",
      [](const Tensors& outputs, const Tensors& inputs, const std::vector<py::object>& grads,
         bool create_graph) {
        Tensors g;
        for (auto& x : grads) g.push_back(as_optional_tensor(x, "grad_outputs"));
        py::list out;
        for (auto& t : gradients(outputs, inputs, g, create_graph))
          out.append(t.defined() ? py::cast(t) : py::none());
        return out;
      },
      arg("outputs"), arg("inputs"), arg("grad_outputs") = std::vector<py::object>{},
      arg("create_graph") = false,
      "Gradients of the outputs' weighted sum with respect to the inputs; None where there is no "
      "path.");
  m.def(
      "custom_gradient",
      [](const py::function& forward, const Tensors& inputs) {
        // forward(*inputs) -> (outputs, grad_fn), as in Keras.
        auto rule = std::make_shared<py::object>();
        auto single = std::make_shared<bool>(true);
        Tensors outs = custom_gradient(
            [&](const Tensors& xs) {
              py::tuple args(xs.size());
              for (size_t i = 0; i < xs.size(); ++i) args[i] = xs[i];
              py::object result = forward(*args);
              if (!py::isinstance<py::tuple>(result) || py::len(result) != 2)
                throw Error(
                    "custom_gradient: the function must return (outputs, gradient function)",
                    Error::Kind::kType);
              *rule = result[py::int_(1)];
              return as_tensors(result[py::int_(0)], single.get(), "outputs");
            },
            [rule](const Tensors&, const Tensors&, const Tensors& grads) {
              py::gil_scoped_acquire gil;
              py::tuple args(grads.size());
              for (size_t i = 0; i < grads.size(); ++i) args[i] = grads[i];
              py::object result = (*rule)(*args);
              Tensors out;
              if (py::isinstance<py::tuple>(result) || py::isinstance<py::list>(result)) {
                for (auto g : result) out.push_back(as_optional_tensor(g, "gradient"));
              } else {
                out.push_back(as_optional_tensor(result, "gradient"));
              }
              return out;
            },
            inputs);
        return from_tensors(outs, *single);
      },
      arg("forward"), arg("inputs"));
  py::class_<Function>(m, "Function", "A captured callable on tensors.")
      .def(py::init([](const py::function& body) {
        return std::make_unique<Function>([body](const Tensors& args) {
          py::gil_scoped_acquire gil;
          py::list list;
          for (auto& t : args) list.append(t);
          Tensors out;
          for (auto t : body(list)) out.push_back(as_tensor(t, "result"));
          return out;
        });
      }))
      .def(
          "__call__", [](Function& f, const Tensors& args) { return f(args); },
          py::call_guard<py::gil_scoped_release>())
      .def("captures", &Function::captures, "Number of signatures captured so far.")
      .def("program", &Function::program, "The captured steps for these arguments, one a line.");
}

}  // namespace lamina::python
