// Each family of operations puts its rows into the table.
#pragma once

namespace lamina {

void register_all_ops();
void register_elementwise_ops();
void register_reduce_ops();
void register_create_ops();
void register_random_ops();
void register_state_ops();
void register_linalg_ops();
void register_shape_ops();
void register_index_ops();
void register_nn_ops();
void register_sample_ops();
void register_preprocessing_ops();
void register_decomposition_ops();
void register_solve_ops();
void register_special_ops();
void register_fourier_ops();
void register_distribution_ops();

}  // namespace lamina
