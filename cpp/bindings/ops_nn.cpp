// lamina.ops: neural networks, with the names and arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

namespace {

// One integer for each of n spatial axes.
Ints per_axis(const py::object& o, int n) {
  Ints v = as_ints(o);
  if (v.size() == 1) v.resize(static_cast<size_t>(std::max(n, 1)), v[0]);
  return v;
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

}  // namespace

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

}  // namespace lamina::python
