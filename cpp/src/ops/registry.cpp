#include "ops/registry.h"

namespace lamina {

void register_all_ops() {
  register_elementwise_ops();
  register_reduce_ops();
  register_create_ops();
  register_random_ops();
  register_state_ops();
  register_linalg_ops();
  register_shape_ops();
  register_index_ops();
  register_nn_ops();
  register_sample_ops();
  register_preprocessing_ops();
  register_decomposition_ops();
  register_solve_ops();
  register_special_ops();
  register_fourier_ops();
  register_distribution_ops();
}

}  // namespace lamina
