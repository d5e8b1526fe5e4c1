// The kernel table of one instruction set.
#include "kernels/cpu/common.h"

namespace lamina::LAMINA_ISA {

void fill_elementwise(abi::KernelTable& t);
void fill_copy(abi::KernelTable& t);
void fill_random(abi::KernelTable& t);
void fill_reduce(abi::KernelTable& t);
void fill_index(abi::KernelTable& t);
void fill_matmul(abi::KernelTable& t);
void fill_conv(abi::KernelTable& t);
void fill_pool(abi::KernelTable& t);
void fill_sample(abi::KernelTable& t);
void fill_softmax(abi::KernelTable& t);
void fill_norm(abi::KernelTable& t);
void fill_recurrent_forward(abi::KernelTable& t);
void fill_recurrent_backward(abi::KernelTable& t);
void fill_attention(abi::KernelTable& t);
void fill_optimizer(abi::KernelTable& t);
void fill_ctc(abi::KernelTable& t);

#define LAMINA_STRING_(x) #x
#define LAMINA_STRING(x) LAMINA_STRING_(x)

const abi::KernelTable& table() {
  static const abi::KernelTable filled = [] {
    abi::KernelTable t = {};
    t.isa = LAMINA_STRING(LAMINA_ISA);
    void (*const families[])(abi::KernelTable&) = {fill_elementwise,
                                                   fill_copy,
                                                   fill_random,
                                                   fill_reduce,
                                                   fill_index,
                                                   fill_matmul,
                                                   fill_conv,
                                                   fill_pool,
                                                   fill_sample,
                                                   fill_softmax,
                                                   fill_norm,
                                                   fill_recurrent_forward,
                                                   fill_recurrent_backward,
                                                   fill_attention,
                                                   fill_optimizer,
                                                   fill_ctc};
    for (auto* fill : families) fill(t);
    return t;
  }();
  return filled;
}

}  // namespace lamina::LAMINA_ISA
