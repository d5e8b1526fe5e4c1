// ops: connectionist temporal classification.
#include "ops.h"

namespace lamina::python {

void bind_ctc(py::module_& m) {
  m.def(
      "ctc_loss",
      [](const py::object& target, const py::object& output, const py::object& target_length,
         const py::object& output_length, int64_t mask_index) {
        return ctc_loss(as_tensor(target, "target"), as_tensor(output, "output"),
                        as_tensor(target_length, "target_length"),
                        as_tensor(output_length, "output_length"), mask_index);
      },
      py::arg("target"), py::arg("output"), py::arg("target_length"), py::arg("output_length"),
      py::arg("mask_index") = 0,
      R"(Connectionist temporal classification loss (Graves et al., 2006).

loss = -log of the summed probabilities of all alignments of the labels to the steps

Args:
    target: Labels, integers (batch, max_length).
    output: Logits (batch, steps, classes).
    target_length: Labels of each sample, (batch,).
    output_length: Steps of each sample, (batch,).
    mask_index: The class of the blank.

Returns:
    The loss of each sample, (batch,). Labels that do not fit into the steps cost 1e5 for each
    step that is missing.

Raises:
    ValueError: Shapes that do not fit, or a label outside of the classes.)");
  m.def(
      "ctc_decode",
      [](const py::object& inputs, const py::object& lengths, const std::string& strategy,
         int64_t beam_width, int64_t top_paths, bool merge_repeated,
         std::optional<int64_t> mask_index) {
        return ctc_decode(as_tensor(inputs, "inputs"), as_tensor(lengths, "sequence_lengths"),
                          strategy, beam_width, top_paths, merge_repeated, mask_index);
      },
      py::arg("inputs"), py::arg("sequence_lengths"), py::arg("strategy") = "greedy",
      py::arg("beam_width") = 100, py::arg("top_paths") = 1, py::arg("merge_repeated") = true,
      py::arg("mask_index") = 0, R"(Labels from the outputs of a model trained with CTC.

Args:
    inputs: Logits (batch, steps, classes).
    sequence_lengths: Steps of each sample, (batch,).
    strategy: `"greedy"`: the largest output of each step; `"beam_search"`: the most probable
        labels among those kept from step to step.
    beam_width: How many the beam search keeps.
    top_paths: How many it returns.
    merge_repeated: Whether, greedy, a label repeated without a blank between is one.
    mask_index: The class of the blank; `None`: the last one.

Returns:
    (labels (paths, batch, steps), filled up with -1; scores): greedy the negative sum of the largest
    outputs (batch, 1), in a beam search the logarithms of the probabilities (batch, top_paths).

Raises:
    ValueError: Shapes that do not fit, or an unknown strategy.)");
}

}  // namespace lamina::python
