// Defines, trains and saves a network.
//
//   train MODEL.safetensors [DIGITS.csv] [EPOCHS]
//
// DIGITS.csv: rows of 64 pixels (0 to 16) and a label. Without it the program draws bars, upright
// and lying, and learns to tell them apart. Python loads the file with lamina.load_model.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "lamina/lamina.h"

namespace {

struct Digits {
  std::vector<float> pixels;
  std::vector<int32_t> labels;
  int64_t size() const { return static_cast<int64_t>(labels.size()); }
};

Digits read_csv(const std::string& path) {
  std::ifstream in(path);
  if (!in) lamina::fail("cannot read '", path, "'");
  Digits out;
  for (std::string line; std::getline(in, line);) {
    std::istringstream row(line);
    std::vector<float> values;
    for (std::string cell; std::getline(row, cell, ',');) values.push_back(std::stof(cell));
    if (values.size() != 65) lamina::fail(path, ": expected 65 values, received ", values.size());
    out.pixels.insert(out.pixels.end(), values.begin(), values.end() - 1);
    out.labels.push_back(static_cast<int32_t>(values.back()));
  }
  return out;
}

Digits draw_bars(int n) {
  Digits out;
  for (int i = 0; i < n; ++i) {
    const int label = i % 2, at = i / 2 % 8;
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x)
        out.pixels.push_back((label ? y : x) == at ? 16.0f
                                                   : static_cast<float>((i * 7 + x * y) % 5));
    out.labels.push_back(label);
  }
  return out;
}

int run(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: train MODEL.safetensors [DIGITS.csv] [EPOCHS]\n";
    return 2;
  }
  using namespace lamina;
  random::set_seed(0);
  const Digits digits = argc > 2 && *argv[2] ? read_csv(argv[2]) : draw_bars(512);
  const int64_t epochs = argc > 3 ? std::atoll(argv[3]) : 5;

  auto x = Input({8, 8, 1});
  auto t = layers::Rescaling(1.0 / 16)(x);
  t = layers::Conv2D(32, {3}, {.padding = "same", .activation = "relu"})(t);
  t = layers::MaxPooling2D()(t);
  t = layers::Conv2D(64, {3}, {.padding = "same", .activation = "relu"})(t);
  t = layers::MaxPooling2D()(t);
  t = layers::Flatten()(t);
  t = layers::Dropout(0.3)(t);
  auto y = layers::Dense(10, {.activation = "softmax"})(t);
  auto model = std::make_shared<Model>(Tensors{x}, Tensors{y});

  CompileOptions how;
  how.optimizer = "adam";
  how.losses = {make_loss("sparse_categorical_crossentropy")};
  how.metrics.emplace_back();
  how.metrics.back().by_name = "accuracy";
  model->compile(how);
  std::cout << model->summary();

  ArrayData data;
  data.x = {Tensor::from_vector(digits.pixels, {digits.size(), 8, 8, 1})};
  data.y = {Tensor::from_vector(digits.labels, {digits.size()})};
  FitOptions fit;
  fit.epochs = epochs;
  fit.validation_split = 0.2;
  fit.verbose = 2;
  const History history = model->fit(data, fit);
  std::cout << "validation accuracy " << history["val_accuracy"].back() << '\n';

  model->save(argv[1]);
  std::cout << "saved to " << argv[1] << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "train: " << e.what() << '\n';
    return 1;
  }
}
