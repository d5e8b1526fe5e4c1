// lamina.decoding, which gives these functions their arguments.
#include "generation.h"

#include "lamina/generation.h"
#include "seed.h"

namespace lamina::python {

namespace {

using namespace decoding;

// next(tokens) -> logits, of all tokens or, where it can reorder(), of the new ones; with states
// next(tokens, states) -> (logits, states).
Decoder as_decoder(const py::object& next, const py::object& states) {
  auto logits = [next](const Tensor& t) { return as_tensor(next(t), "logits"); };
  if (py::hasattr(next, "reorder"))
    return {logits, [next](const Tensor& rows) { next.attr("reorder")(rows); }};
  if (states.is_none()) return logits;
  auto with_states = [next](const Tensor& t, const Tensors& s) -> Decoder::Step {
    auto result = next(t, from_tensors(s, false)).cast<py::tuple>();
    return {as_tensor(result[0], "logits"), as_tensors(result[1], nullptr, "states")};
  };
  return {with_states, as_tensors(states, nullptr, "states")};
}

}  // namespace

void bind_generation(py::module_& m) {
  using End = std::optional<int64_t>;
  m.def("greedy", [](const py::object& next, const py::object& prompt, int64_t max_new_tokens,
                     End end, const py::object& states) {
    return greedy(as_decoder(next, states), as_tensor(prompt, "prompt"), {max_new_tokens, end});
  });
  m.def("sample",
        [](const py::object& next, const py::object& prompt, int64_t max_new_tokens, End end,
           const py::object& states, double temperature, std::optional<int64_t> top_k,
           std::optional<double> top_p, const py::object& seed) {
          return sample(as_decoder(next, states), as_tensor(prompt, "prompt"),
                        {max_new_tokens, end}, {temperature, top_k, top_p}, as_seed(seed).get());
        });
  m.def("beam_search",
        [](const py::object& next, const py::object& prompt, int64_t max_new_tokens, End end,
           const py::object& states, int64_t width, int64_t top_paths, double length_penalty) {
          std::vector<std::vector<std::pair<Tokens, double>>> out;
          for (auto& row : beam_search(as_decoder(next, states), as_tensor(prompt, "prompt"),
                                       {max_new_tokens, end}, {width, top_paths, length_penalty})) {
            out.emplace_back();
            for (auto& h : row) out.back().emplace_back(h.tokens, h.score);
          }
          return out;
        });
  m.def("probabilities", [](const py::object& logits, double temperature,
                            std::optional<int64_t> top_k, std::optional<double> top_p) {
    return probabilities(as_tensor(logits, "logits"), {temperature, top_k, top_p});
  });
}

}  // namespace lamina::python
