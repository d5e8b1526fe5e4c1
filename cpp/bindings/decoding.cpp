// CachedDecoder: models run step by step.
#include "lamina/decoding.h"

#include "bindings.h"

namespace lamina::python {

namespace {
Tensors as_context(const py::object& context) {
  if (context.is_none()) return {};
  bool single = true;
  return as_tensors(context, &single, "context");
}
}  // namespace

void bind_decoding(py::module_& m) {
  using py::arg;
  py::class_<CachedDecoder> c(m, "CachedDecoder",
                              R"(Runs a causal model on sequences that grow, a few steps at a time.

Each call takes the next steps alone and gives what the model, called on all steps so far, would give
for these. The attention layers keep the keys and values of earlier steps in caches that they fill in
place, so that the time of a step hardly depends on how many came before; the whole step is captured.

The model needs no change: attention with `use_causal_mask=True` (as in `TransformerDecoder`),
`PositionEmbedding`, `SinePositionEncoding` and `RotaryEmbedding` know where they are, and layers that
treat each step by itself do as ever. Layers that mix steps in other ways are refused.

Args:
    model: A model (or layer) of sequences, whose first input is decoded.
    max_length: Most steps that fit into the caches.
    batch_size: Number of sequences decoded side by side.
    context: The model's other inputs, such as an encoder's output; what attention makes of them is
        computed once. Masks of them are kept.

Raises:
    ValueError: A layer cannot run step by step, or more than max_length steps come together.

Example:

>>> import lamina, numpy as np
>>> from lamina import layers
>>> tokens = lamina.Input((None,), dtype="int32")
>>> x = layers.Embedding(50, 16)(tokens)
>>> x = layers.Add()([x, layers.PositionEmbedding(64)(x)])
>>> x = layers.TransformerDecoder(intermediate_dim=32, num_heads=2)(x)
>>> model = lamina.Model(tokens, layers.Dense(50, activation="softmax")(x))
>>> decoder = lamina.models.CachedDecoder(model, max_length=64)
>>> p = decoder(np.array([[3, 1, 4]]))  # a prompt: (1, 3, 50)
>>> for _ in range(5):
...     token = lamina.ops.argmax(p[:, -1:], -1)
...     p = decoder(token)  # (1, 1, 50)
>>> decoder.position
8)");
  c.def(py::init(
            [](LayerPtr model, int64_t max_length, int64_t batch_size, const py::object& context) {
              return std::make_unique<CachedDecoder>(std::move(model), max_length, batch_size,
                                                     as_context(context));
            }),
        arg("model"), arg("max_length"), arg("batch_size") = 1, arg("context") = py::none(),
        py::keep_alive<1, 2>());
  c.def(
      "__call__",
      [](CachedDecoder& d, const py::object& steps) {
        const Tensor t = as_tensor(steps, "steps");
        Tensors out;
        {
          py::gil_scoped_release nogil;
          out = d(t);
        }
        return from_tensors(out, out.size() == 1);
      },
      arg("steps"), "The model's output for the next steps (batch_size, n, ...).");
  c.def_property(
      "position", &CachedDecoder::position, &CachedDecoder::set_position,
      "Number of steps so far. Set to a smaller number it forgets the steps from there.");
  c.def(
      "reset", [](CachedDecoder& d, const py::object& context) { d.reset(as_context(context)); },
      arg("context") = py::none(),
      "Begin anew, with another context of the same shapes where one is given.");
  c.def(
      "reorder",
      [](CachedDecoder& d, const py::object& indices) { d.reorder(as_tensor(indices, "indices")); },
      arg("indices"),
      "Let sequence i go on from where sequence indices[i] is, as beam search needs it.");
  c.def_property_readonly("max_length", &CachedDecoder::max_length,
                          "Most steps that fit into the caches.");
  c.def_property_readonly("batch_size", &CachedDecoder::batch_size,
                          "Number of sequences decoded side by side.");
}

}  // namespace lamina::python
