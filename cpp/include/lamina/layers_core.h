// Options of EinsumDense, Masking, ReversibleEmbedding, PReLU and Dot.
#pragma once
#include "lamina/layers.h"

namespace lamina {

struct EinsumDenseOptions {
  std::string equation;
  Ints output_shape;  // without the batch and what an ellipsis stands for; -1: as in the input
  Activation activation;
  std::optional<std::string> bias_axes;
  Initializer kernel_initializer = "glorot_uniform", bias_initializer = "zeros";
  Regularizer kernel_regularizer, bias_regularizer;
  Constraint kernel_constraint, bias_constraint;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("equation", equation)("output_shape", output_shape)("activation", activation);
    f("bias_axes", bias_axes)("kernel_initializer", kernel_initializer);
    f("bias_initializer", bias_initializer)("kernel_regularizer", kernel_regularizer);
    f("bias_regularizer", bias_regularizer)("kernel_constraint", kernel_constraint);
    f("bias_constraint", bias_constraint), rest(f);
  }
};
struct MaskingOptions {
  double mask_value = 0;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("mask_value", mask_value), rest(f); }
};
struct ReversibleEmbeddingOptions {
  int64_t input_dim = 0, output_dim = 0;
  bool tie_weights = true;
  Initializer embeddings_initializer = "uniform";
  Regularizer embeddings_regularizer;
  Constraint embeddings_constraint;
  bool mask_zero = false;
  std::optional<std::string> reverse_dtype;
  std::optional<double> logit_soft_cap;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("input_dim", input_dim)("output_dim", output_dim)("tie_weights", tie_weights);
    f("embeddings_initializer", embeddings_initializer);
    f("embeddings_regularizer", embeddings_regularizer);
    f("embeddings_constraint", embeddings_constraint)("mask_zero", mask_zero);
    f("reverse_dtype", reverse_dtype)("logit_soft_cap", logit_soft_cap), rest(f);
  }
};
struct PReLUOptions {
  Initializer alpha_initializer = "zeros";
  Regularizer alpha_regularizer;
  Constraint alpha_constraint;
  std::optional<Ints> shared_axes;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("alpha_initializer", alpha_initializer)("alpha_regularizer", alpha_regularizer);
    f("alpha_constraint", alpha_constraint)("shared_axes", shared_axes), rest(f);
  }
};
struct DotOptions {
  IntOrInts axes = -1;
  bool normalize = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("axes", axes)("normalize", normalize), rest(f); }
};

namespace layers {

inline Handle EinsumDense(const std::string& equation, const Ints& output_shape,
                          EinsumDenseOptions o = {}) {
  return o.equation = equation, o.output_shape = output_shape, make("EinsumDense", o);
}
inline Handle Masking(double mask_value = 0, MaskingOptions o = {}) {
  return o.mask_value = mask_value, make("Masking", o);
}
inline Handle ReversibleEmbedding(int64_t input_dim, int64_t output_dim,
                                  ReversibleEmbeddingOptions o = {}) {
  o.input_dim = input_dim, o.output_dim = output_dim;
  return make("ReversibleEmbedding", o);
}
inline Handle PReLU(PReLUOptions o = {}) { return make("PReLU", o); }
inline Handle Dot(const IntOrInts& axes, DotOptions o = {}) {
  return o.axes = axes, make("Dot", o);
}

}  // namespace layers

}  // namespace lamina
