// Products of pairs of bfloat16 on the tiles of AMX.
#pragma once
#include "kernels/cpu/tile.h"

namespace lamina::LAMINA_ISA {

// Whether the CPU has them and the system lets this process use them.
bool has_amx();
// multiply_rows_of_pairs for a left operand in rows, without offsets, and a packed right operand.
void multiply_rows_amx(int64_t rows, const RegisterTile<float>& tile);

}  // namespace lamina::LAMINA_ISA
