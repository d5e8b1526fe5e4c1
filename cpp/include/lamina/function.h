// function: a captured callable.
#pragma once
#include <functional>
#include <memory>

#include "lamina/tensor.h"

namespace lamina {

// Runs `body` once for each signature (shapes and dtypes) of its arguments, keeps what it did as a
// program, and replays that. Variables are read and written in place on each replay; anything else
// the body reads is fixed when it is captured. Where the result needs a gradient that a surrounding
// computation may ask for, or inside another capture, the body simply runs.
class Function {
 public:
  using Body = std::function<Tensors(const Tensors&)>;
  explicit Function(Body body);
  ~Function();
  Tensors operator()(const Tensors& args);
  size_t captures() const;                   // signatures seen so far
  std::string program(const Tensors& args);  // the steps, for looking at

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lamina
