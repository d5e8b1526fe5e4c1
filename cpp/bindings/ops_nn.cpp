// lamina.ops: neural networks besides convolutions and pooling, with the names and arguments of
// keras.ops.
#include "ops.h"

namespace lamina::python {

void bind_nn(py::module_& m) {
  m.def(
      "softmax",
      [](const py::object& x, const py::object& a) { return softmax(T(x), opt_axes(a)); }, arg("x"),
      arg("axis") = -1, "exp(x) / sum(exp(x)) over axes.");
  m.def(
      "log_softmax",
      [](const py::object& x, const py::object& a) { return log_softmax(T(x), opt_axes(a)); },
      arg("x"), arg("axis") = -1, "Logarithm of the softmax.");
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
         const py::object& mask, std::optional<double> scale, bool causal, const py::object&,
         const py::object& soft_cap) {
        if (!soft_cap.is_none())
          fail("dot_product_attention: attn_logits_soft_cap is not supported");
        return dot_product_attention(T(q), T(k), T(v), as_optional_tensor(bias, "bias"),
                                     as_optional_tensor(mask, "mask"), scale, causal);
      },
      arg("query"), arg("key"), arg("value"), arg("bias") = py::none(), arg("mask") = py::none(),
      arg("scale") = py::none(), arg("is_causal") = false, arg("flash_attention") = py::none(),
      arg("attn_logits_soft_cap") = py::none(),
      R"(softmax(query key^T * scale + bias) value for each head (Vaswani et al., 2017).

Args:
    query: (B, T, N, H).
    key: (B, S, N, H).
    value: (B, S, N, H).
    bias: Added to the scores, broadcast to (B, N, T, S).
    mask: Boolean, broadcast to (B, N, T, S); false takes a key away.
    scale: 1 / sqrt(H) by default.
    is_causal: Query t sees keys 0 to t.
    flash_attention: Accepted as in Keras; without a bias the scores are never stored anyway.
    attn_logits_soft_cap: Not supported.

Returns:
    (B, T, N, H).

Example:

>>> import lamina
>>> x = lamina.ops.ones((1, 2, 1, 4))
>>> lamina.ops.dot_product_attention(x, x, x).shape
(1, 2, 1, 4))");
}

}  // namespace lamina::python
