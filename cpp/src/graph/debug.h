// The NaN hunt behind set_debug_nans.
#pragma once
#include <string>

#include "kernels/abi.h"

namespace lamina {

// Throws Error naming op and layer when an output holds a NaN and no input does.
void check_nans(const char* op, const std::string& layer, const abi::View* in, size_t n_in,
                const abi::View* out, size_t n_out);

}  // namespace lamina
