// The contract between lamina and its kernels: plain views in, plain views out.
//
// A kernel is a pure function. It sees no Tensor, throws nothing and allocates nothing: temporary
// memory comes from Context::scratch and threads from Context::parallel. Shapes and dtypes have
// been checked by the op that calls it. Work is cut into blocks by shape alone, never by thread
// count, so that results have the same bits for any number of threads.
#pragma once
#include <cstddef>
#include <cstdint>

namespace lamina::abi {

inline constexpr int kMaxRank = 8;

enum class DType : uint8_t {
  kBool,
  kUInt8,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFloat16,
  kBFloat16,
  kFloat32,
  kFloat64,
};

// A strided view. Strides count elements, may be zero (broadcast) or negative.
struct View {
  void* data = nullptr;
  int64_t shape[kMaxRank] = {};
  int64_t strides[kMaxRank] = {};
  int32_t rank = 0;
  DType dtype = DType::kFloat32;
};

// What a kernel may ask of the core.
struct Context {
  // Runs body(arg, b) for every b in [0, blocks), on one or more threads. `cost` estimates the
  // whole work in nanoseconds on one thread; cheap work stays on the calling thread. backward: each
  // thread takes its blocks from the last to the first.
  void (*parallel)(int64_t blocks, double cost, bool backward,
                   void (*body)(void* arg, int64_t block), void* arg);
  // Memory of the calling thread, 64-byte aligned, contents undefined, valid until the same thread
  // asks again for the same slot. Slots 0-3 are for kernels; gemm and other shared helpers that run
  // inside another kernel's block use 4-7; an operation that runs two kernels in turn uses 8.
  void* (*scratch)(int slot, size_t bytes);
};

// ---- elementwise ------------------------------------------------------------------------------
//
// Every elementwise computation, one op or a fused run of them, is a Chain: straight-line code over
// registers, run tile by tile so that intermediates stay in L1. Registers 0..n_in-1 are the inputs.
// A register holds one of four compute types; bool, (u)int8, int16 and int32 are computed as kI32,
// float16 and bfloat16 as kF32. Comparisons and logical ops yield kI32 of 0 or 1.

enum class Compute : uint8_t { kF32, kF64, kI32, kI64 };

// Opcodes. Each name has a functor in functors.h. Suffix _grad: args are (upstream gradient, x, y)
// and the result is g * df(x, y).
enum class EwOp : uint16_t {
#define LAMINA_UNARY(name, ...) name,
#define LAMINA_UNARY_GRAD(name) name##_grad,
#define LAMINA_BINARY(name, ...) name,
#define LAMINA_COMPARE(name, ...) name,
#define LAMINA_TERNARY(name, ...) name,
#include "kernels/elementwise_ops.inc"
  cast,  // arg[0] of type `type` converted to type `to`
  kCount
};

struct EwStep {
  EwOp op;
  Compute type;    // compute type of the arguments (for `where`, of the two values)
  Compute to;      // compute type of the result
  uint8_t dst;     // result register
  uint8_t arg[3];  // argument registers
  double p0, p1;   // constants, such as the slope of leaky_relu
};

inline constexpr int kMaxSteps = 24;
inline constexpr int kMaxChainInputs = 12;
inline constexpr int kMaxChainOutputs = 4;
inline constexpr int kMaxRegisters = kMaxSteps + kMaxChainInputs;

struct Chain {
  int32_t n_in = 0, n_out = 0, n_steps = 0;
  Compute in_type[kMaxChainInputs] = {};    // compute type that input i is loaded as
  uint8_t out_reg[kMaxChainOutputs] = {};   // register stored to output i
  Compute out_type[kMaxChainOutputs] = {};  // compute type of that register
  EwStep steps[kMaxSteps] = {};
};

// ---- structured kernels -----------------------------------------------------------------------

enum class ReduceOp : uint8_t { kSum, kProd, kMax, kMin, kAny, kAll, kMean, kSumSquare };

// One matrix product with an epilogue: out = act(a @ b + bias).
// a: (..., M, K), b: (..., K, N), out: (..., M, N); batch axes already broadcast (stride 0 where
// repeated), any strides (transposed operands are views). float32 or float64. bias: (N,) or null.
struct MatmulArgs {
  View a, b, out;
  const View* bias;
  bool has_act;
  EwOp act;               // a unary opcode applied to the finished block
  double p0, p1;          // its constants
  bool accumulate;        // out += instead of out = (without bias or act)
  bool bfloat16 = false;  // float32: operands may be rounded to bfloat16
};

// N-d convolution, channels last, 1 to 3 spatial axes. x: (N, s..., C), w: (k..., C/groups, F),
// y: (N, o..., F), all contiguous, float32 or float64. pad_lo is the padding before each axis; what
// lies after follows from the shapes.
struct ConvArgs {
  int32_t spatial;
  int32_t groups;
  int64_t stride[3], dilation[3], pad_lo[3];
  const View* bias;  // forward only, (F,) or null
  bool has_act;      // forward only
  EwOp act;
  double p0, p1;
};

// N-d pooling over (N, s..., C), contiguous. Padding never wins a maximum and is not counted by an
// average.
struct PoolArgs {
  int32_t spatial;
  bool max;
  int64_t window[3], stride[3], pad_lo[3];
};

// Reading images (B, s..., C) at coordinates (B, M, axes), counted in pixels from the first one.
// Outside of the image: a fill value, or the pixels continued.
enum class Border : uint8_t { kConstant, kNearest, kWrap, kMirror, kReflect };
struct SampleArgs {
  bool linear;  // or nearest, halves away from zero
  Border border;
  double fill;  // of kConstant
};

enum class RandomKind : uint8_t { kUniform, kNormal, kTruncatedNormal, kInteger };

// Batch normalization of x: (R, C), contiguous; mean, var (biased): (C,), over R.
// y = act(gamma * (x - mean) / sqrt(var + eps) + beta + residual), act being ReLU or nothing.
// gamma, beta, residual may be null.
struct BatchNormArgs {
  double eps;
  View x, mean, var, y;
  const View *gamma, *beta, *residual;
  bool relu;
};
// gy, or gy + gy2 where that is not null, is the gradient of y; with f.relu it is first taken
// through ReLU, whose result f.y is read only where f.residual is not null. Writes gx, ggamma,
// gbeta (may be null) and, only where f.residual is not null, its gradient to gresidual.
struct BatchNormGradArgs {
  BatchNormArgs f;
  View gy, gx;
  const View *gy2, *ggamma, *gbeta, *gresidual;
};

// A recurrent layer over whole sequences, Keras gate orders: LSTM i, f, c, o; GRU z, r, h, whose
// reset gate acts after or before the product with the recurrent weights. G gates of H units.
enum class RecurrentCell : uint8_t { kTanh, kRelu, kLstm, kGru, kGruResetBefore };

// x: (B, T, I), and mask: (B, T) bool or null, where false leaves a step out: the state stays, and
// the output of the step before is given again (the initial state at first), or zeros. Or, with
// lengths: (B,) int64, x: (1, N, I): the sequences one after the other. w: (I, G H); without data,
// x is (..., G H) and multiplied already. u: (H, G H); bias: (G H,), of kGru (2, G H), or null; h0,
// c0 (LSTM only): (B, H). state_mask: (G, B, H) or null, which h is multiplied by before it meets
// the weights of each gate. Forward writes the outputs h, (B, T, H) or (1, N, H), unless it has no
// data, and the last states; and for backward, unless they have no data, old_h: (N, H), c: (N, H)
// and gates: (N, W H), in an order of their own, of which only as many rows are used as there are
// real steps. W: see recurrent_width().
struct RecurrentArgs {
  RecurrentCell cell;
  bool reverse;      // from the last step to the first
  bool mirrored;     // outputs are stored in the order in which steps were taken
  bool zero_masked;  // zeros as outputs of masked steps
  View x, w, u, h0, c0;
  const View *bias, *state_mask, *mask, *lengths;
  View h, last_h, last_c, old_h, c, gates;
};
// The gradient of any output may be null. Writes gx (unless it has no data, added to what is there
// with add_to_gx), gw, gu, gbias (may be null), gh0, gc0.
struct RecurrentGradArgs {
  RecurrentArgs f;
  const View *gh, *glast_h, *glast_c;
  View gx, gw, gu, gh0, gc0;
  const View* gbias;
  bool add_to_gx;
};
inline int64_t recurrent_gates(RecurrentCell cell) {
  return cell == RecurrentCell::kLstm ? 4 : cell >= RecurrentCell::kGru ? 3 : 1;
}
inline int64_t recurrent_width(RecurrentCell cell) {  // of `gates`, in units
  return cell == RecurrentCell::kGru ? 4 : recurrent_gates(cell);
}

// Attention: out = softmax(scale q k^T) v for each head, over the keys that a query sees. q: (B, T,
// N, H), k: (B, S, M, H), v: (B, S, M, V), each step's (heads, size) contiguous, any strides before
// that; out: (B, T, N, V), contiguous. M divides N: query head n reads key head n * M / N. stats:
// (B, N, T, 2), of each row of scores the largest and the inverse sum of the exponentials.
//
// A query sees a key where everything that is given says so. One that sees no key shares its
// attention out evenly, and gives the scores no gradient.
struct AttentionArgs {
  View q, k, v, out, stats;
  const View* mask;        // bool (B, N, T, S), any strides, or null
  const View* query_mask;  // bool (B, T), any strides, or null
  const View* key_mask;    // bool (B, S), any strides, or null
  // int64 (R,), B is 1, or null: lengths of sequences that follow each other; each sees only its
  // own keys. What lies behind the last one is 0.
  const View *query_rows, *key_rows;
  const View* position;  // int64, of query 0 among the keys (0 where null); keys end with the
                         // last query's
  const View* draw;      // int64 (2,): seed and stream of dropout, or null
  double dropout;        // share of the attention to drop
  bool causal;           // a query sees keys up to its own position
  int64_t window;        // only those less than so many steps away; 0: all
  double scale;
};
// gout has the shape of out; gq, gk and gv those of q, k and v; all contiguous.
struct AttentionGradArgs {
  AttentionArgs f;
  View gout, gq, gk, gv;
};

// One optimizer step over contiguous arrays of n elements. lr is a host pointer read at run time.
// decay is the decoupled weight decay (AdamW): p -= lr * decay * p first.
struct SgdArgs {
  double momentum, decay;
  bool nesterov;
};  // slots: velocity (or null)
struct AdamArgs {
  double beta1, beta2, eps, decay;
  bool amsgrad;
};  // slots: m, v, (vhat)
struct RmspropArgs {
  double rho, momentum, eps, decay;
  bool centered;
};  // slots: v, (mom), (mean)

// The kernels of one instruction set. All float kernels take kFloat32 and kFloat64 unless they say
// more; callers convert other types first. "contiguous" means C order.
struct KernelTable {
  const char* isa;

  // in[i] and out[j] all have the rank and shape of the iteration space (inputs broadcast by stride
  // 0). An output may be the same memory as an input with the same layout.
  void (*elementwise)(const Context&, const Chain&, const View* in, const View* out);
  // Any dtype and strides to any dtype and strides, same shape.
  void (*copy)(const Context&, const View& in, const View& out);
  // out has the rank of in, and size 1 on the axes set in the mask. Accumulates in float64 for
  // float64, int64 for integers, float32 with pairwise blocks otherwise (float16/bfloat16 too).
  // kAny/kAll write bool. kMax/kMin propagate NaN. Any strides.
  void (*reduce)(const Context&, ReduceOp, const View& in, const View& out, uint32_t axes);
  // Index of the first maximum/minimum (NaN counts as the extreme); out int32 or int64, size 1 on
  // axis.
  void (*arg_reduce)(const Context&, bool max, const View& in, const View& out, int axis);
  // Running sum (or product) along an axis; same dtype in and out.
  void (*cumulative)(const Context&, bool product, bool reverse, const View& in, const View& out,
                     int axis);

  // out = in indexed by indices (int32/int64, negative counts from the end) on `axis`:
  // out.shape = in.shape[:axis] + indices.shape + in.shape[axis+1:]. Any dtype. Returns -1, or the
  // flat position of the first index out of range (nothing is read out of bounds).
  int64_t (*gather)(const Context&, const View& in, const View& indices, const View& out, int axis);
  // The transpose of gather: out[..., indices, ...] += updates. Deterministic. Same return value.
  int64_t (*scatter_add)(const Context&, const View& updates, const View& indices, const View& out,
                         int axis);
  // numpy.take_along_axis and its transpose (out += ), same rank everywhere.
  int64_t (*take_along)(const Context&, const View& in, const View& indices, const View& out,
                        int axis);
  int64_t (*take_along_add)(const Context&, const View& updates, const View& indices,
                            const View& out, int axis);
  // indices: (R, D) int; updates: (R, rest...); out: (d0..dD-1, rest...). mode 0: set (last wins),
  // 1: add, 2: max, 3: min, 4: multiply. numpy's out[tuple(indices.T)] op= updates.
  int64_t (*scatter_nd)(const Context&, const View& indices, const View& updates, const View& out,
                        int mode);
  // out: (R, rest...) = in[tuple(indices.T)]
  int64_t (*gather_nd)(const Context&, const View& in, const View& indices, const View& out);
  // Stable sort along the last axis (contiguous in); NaN last when ascending. values or indices
  // (int32/int64) may have null data.
  void (*sort)(const Context&, const View& in, const View& values, const View& indices,
               bool descending);

  void (*matmul)(const Context&, const MatmulArgs&);
  void (*conv)(const Context&, const ConvArgs&, const View& x, const View& w, const View& y);
  void (*conv_input_grad)(const Context&, const ConvArgs&, const View& gy, const View& w,
                          const View& gx);
  void (*conv_kernel_grad)(const Context&, const ConvArgs&, const View& x, const View& gy,
                           const View& gw);
  void (*pool)(const Context&, const PoolArgs&, const View& x, const View& y);
  void (*pool_grad)(const Context&, const PoolArgs&, const View& x, const View& y, const View& gy,
                    const View& gx);

  // x: (B, s..., C), coords: (B, M, axes), y: (B, M, C), contiguous, of one dtype. Forward takes
  // coordinates (1, M, axes) for all images.
  void (*sample)(const Context&, const SampleArgs&, const View& x, const View& coords,
                 const View& y);
  // gx and gcoords may be null.
  void (*sample_grad)(const Context&, const SampleArgs&, const View& x, const View& coords,
                      const View& gy, const View* gx, const View* gcoords);

  // Over the last axis of contiguous (..., C). log: log-softmax.
  void (*softmax)(const Context&, bool log, const View& x, const View& y);
  void (*softmax_grad)(const Context&, bool log, const View& y, const View& gy, const View& gx);
  // logits: (R, C), labels: (R,) int32/int64, loss: (R,), contiguous. Returns -1, or the first row
  // whose label is outside [0, C) (its loss is 0).
  int64_t (*sparse_xent)(const Context&, const View& logits, const View& labels, const View& loss);
  // glogits[r] = g[r] * (softmax(logits[r]) - onehot(labels[r]))
  void (*sparse_xent_grad)(const Context&, const View& logits, const View& labels, const View& g,
                           const View& glogits);

  // CTC loss (B,) of log-probabilities (B, T, C) with labels (B, L), label_len (B,) and input_len
  // (B,), all int32, contiguous; lengths are limited to L and T. Transitions that CTC forbids cost
  // 1e5. Returns -1, or the flat position of the first label outside [0, C).
  int64_t (*ctc)(const Context&, int64_t blank, const View& logp, const View& labels,
                 const View& label_len, const View& input_len, const View& loss);
  // grad = d sum(g * loss) / d logp
  void (*ctc_grad)(const Context&, int64_t blank, const View& logp, const View& labels,
                   const View& label_len, const View& input_len, const View& g, const View& grad);

  // x: (R, C) contiguous; gamma, beta: (C,) or null; mean, rstd: (R,).
  void (*layer_norm)(const Context&, double eps, const View& x, const View* gamma, const View* beta,
                     const View& y, const View& mean, const View& rstd);
  void (*layer_norm_grad)(const Context&, const View& x, const View* gamma, const View& mean,
                          const View& rstd, const View& gy, const View& gx, const View* ggamma,
                          const View* gbeta);
  // x: (R, C) contiguous, statistics over R: mean, var (biased): (C,).
  void (*batch_norm_stats)(const Context&, const View& x, const View& mean, const View& var);
  void (*batch_norm)(const Context&, const BatchNormArgs&);
  // Gradient through the batch statistics (training mode).
  void (*batch_norm_grad)(const Context&, const BatchNormGradArgs&);

  // One layer, or two (both directions of one) that run side by side.
  void (*recurrent)(const Context&, const RecurrentArgs*, int count);
  void (*recurrent_grad)(const Context&, const RecurrentGradArgs*, int count);
  void (*attention)(const Context&, const AttentionArgs&);
  void (*attention_grad)(const Context&, const AttentionGradArgs&);

  // Philox4x32-10 keyed by (seed, stream); element i of the C-ordered contiguous out depends only
  // on (seed, stream, i). kUniform: [p0, p1); kNormal: mean p0, deviation p1; kTruncatedNormal: cut
  // at two deviations; kInteger: [p0, p1) into an integer dtype. float16/bfloat16 too.
  void (*random)(const Context&, RandomKind, uint64_t seed, uint64_t stream, double p0, double p1,
                 const View& out);
  // Inverted dropout. mask: bool, same shape; y = mask ? x / (1 - rate) : 0. contiguous.
  void (*dropout)(const Context&, uint64_t seed, uint64_t stream, double rate, const View& x,
                  const View& y, const View& mask);

  void (*sgd)(const Context&, const SgdArgs&, const View& p, const View& g, const View* velocity,
              const View& lr);
  // step: float64 scalar, the 1-based step number.
  void (*adam)(const Context&, const AdamArgs&, const View& p, const View& g, const View& m,
               const View& v, const View* vhat, const View& lr, const View& step);
  void (*rmsprop)(const Context&, const RmspropArgs&, const View& p, const View& g, const View& v,
                  const View* momentum, const View* mean, const View& lr);
};

}  // namespace lamina::abi
