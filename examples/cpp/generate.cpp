// Writes text with the model that examples/python/char_lm.py saved.
//
//   generate char_lm.safetensors [PROMPT] [CHARACTERS] [TEMPERATURE] [SEED]
#include <cstdlib>
#include <iostream>
#include <string>

#include "lamina/lamina.h"

namespace {

int run(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: generate MODEL.safetensors [PROMPT] [CHARACTERS] [TEMPERATURE] [SEED]\n";
    return 2;
  }
  using namespace lamina;
  const std::string prompt = argc > 2 && *argv[2] ? argv[2] : "hello";
  decoding::Length length;
  length.max_new_tokens = argc > 3 ? std::atoll(argv[3]) : 200;
  decoding::Sampling how;
  how.temperature = argc > 4 ? std::atof(argv[4]) : 0.7;
  random::SeedGenerator seed(argc > 5 ? std::atoll(argv[5]) : 1);

  // Its inputs are characters and the two states of an LSTM; so are, with logits, its outputs.
  ModelPtr model = load(argv[1], /*compile=*/false);
  Tensor zero = zeros({1, model->inputs()[1].dim(1)});
  auto next = [&](const Tensor& tokens, const Tensors& states) -> decoding::Decoder::Step {
    Tensors out = (*model)({tokens, states[0], states[1]});
    return {out[0], {out[1], out[2]}};
  };
  std::vector<int32_t> characters(prompt.begin(), prompt.end());
  Tensor tokens = Tensor::from_vector(characters, {1, static_cast<int64_t>(characters.size())});
  const decoding::Sequences found =
      decoding::sample({next, {zero, zero}}, tokens, length, how, &seed);
  std::cout << prompt << std::string(found[0].begin(), found[0].end()) << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "generate: " << e.what() << '\n';
    return 1;
  }
}
