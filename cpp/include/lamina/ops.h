// Operations: free functions on tensors, named and argued as in keras.ops.
#pragma once
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "lamina/tensor.h"

namespace lamina {

// Axes of a reduction: all of them by default.
struct Axes {
  bool all = true;
  std::vector<int64_t> list;
  Axes() = default;
  Axes(int axis) : all(false), list{axis} {}
  Axes(int64_t axis) : all(false), list{axis} {}
  Axes(std::initializer_list<int64_t> axes) : all(false), list(axes) {}
  Axes(std::vector<int64_t> axes) : all(false), list(std::move(axes)) {}
};
using Ints = std::vector<int64_t>;

// ---- elementwise: every row of kernels/elementwise_ops.inc without constants
// ---------------------
#define LAMINA_DECLARE_UNARY(name) Tensor name(const Tensor& x);
#define LAMINA_DECLARE_BINARY(name) Tensor name(const Tensor& x1, const Tensor& x2);
#include "lamina/elementwise_ops.inc"
#undef LAMINA_DECLARE_UNARY
#undef LAMINA_DECLARE_BINARY
// with constants
Tensor leaky_relu(const Tensor& x, double negative_slope = 0.2);
Tensor elu(const Tensor& x, double alpha = 1.0);
Tensor celu(const Tensor& x, double alpha = 1.0);
Tensor gelu(const Tensor& x, bool approximate = true);
Tensor soft_shrink(const Tensor& x, double threshold = 0.5);
Tensor hard_shrink(const Tensor& x, double threshold = 0.5);
Tensor threshold(const Tensor& x, double threshold, double default_value);
Tensor squareplus(const Tensor& x, double b = 4.0);
Tensor clip(const Tensor& x, double x_min, double x_max);
Tensor clip(const Tensor& x, const Tensor& x_min, const Tensor& x_max);
Tensor round(const Tensor& x, int decimals = 0);
Tensor relu_general(const Tensor& x, double negative_slope, std::optional<double> max_value,
                    double threshold);
Tensor glu(const Tensor& x, int axis = -1);
Tensor sparsemax(const Tensor& x, int axis = -1);
Tensor where(const Tensor& condition, const Tensor& x1, const Tensor& x2);
Tensor isclose(const Tensor& x1, const Tensor& x2, double rtol = 1e-5, double atol = 1e-8,
               bool equal_nan = false);
Tensor nan_to_num(const Tensor& x, double nan = 0.0, std::optional<double> posinf = {},
                  std::optional<double> neginf = {});
Tensor cast(const Tensor& x, DType dtype);
// keras.activations by name ("relu", "softmax", "hard_silu", ...); throws Error listing the names.
Tensor activation(const Tensor& x, const std::string& name);
bool is_activation(const std::string& name);
std::vector<std::string> activation_names();

Tensor operator+(const Tensor& a, const Tensor& b);
Tensor operator-(const Tensor& a, const Tensor& b);
Tensor operator*(const Tensor& a, const Tensor& b);
Tensor operator/(const Tensor& a, const Tensor& b);
Tensor operator-(const Tensor& a);

// ---- reductions ---------------------------------------------------------------------------------
Tensor sum(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor mean(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor var(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor std(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor prod(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor max(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor min(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor amax(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor amin(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor any(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor all(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
Tensor logsumexp(const Tensor& x, const Axes& axis = {}, bool keepdims = false);
// ord: a number as in numpy.linalg.norm for vectors (2, 1, 0, inf, -inf, p); "fro" by default.
Tensor norm(const Tensor& x, std::optional<double> ord = {}, const Axes& axis = {},
            bool keepdims = false);
Tensor argmax(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdims = false);
Tensor argmin(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdims = false);
Tensor count_nonzero(const Tensor& x, const Axes& axis = {});
Tensor cumsum(const Tensor& x, std::optional<int64_t> axis = {});
Tensor cumprod(const Tensor& x, std::optional<int64_t> axis = {});
std::pair<Tensor, Tensor> moments(const Tensor& x, const Axes& axes, bool keepdims = false);
// Sums a gradient back to the shape its operand had before broadcasting.
Tensor sum_to_shape(const Tensor& x, const Shape& shape);

// ---- linear algebra -----------------------------------------------------------------------------
Tensor matmul(const Tensor& x1, const Tensor& x2);
Tensor dot(const Tensor& x1, const Tensor& x2);
Tensor vdot(const Tensor& x1, const Tensor& x2);
Tensor outer(const Tensor& x1, const Tensor& x2);
Tensor inner(const Tensor& x1, const Tensor& x2);
Tensor einsum(const std::string& subscripts, const Tensors& operands);
Tensor tensordot(const Tensor& x1, const Tensor& x2, const Ints& axes1, const Ints& axes2);
Tensor tensordot(const Tensor& x1, const Tensor& x2, int axes = 2);
// act(x @ kernel + bias) in one pass; activation: "" or a one-argument elementwise name.
Tensor dense(const Tensor& x, const Tensor& kernel, const Tensor& bias = {},
             const std::string& activation = "");

// ---- shape --------------------------------------------------------------------------------------
Tensor reshape(const Tensor& x, const Ints& newshape);  // one entry may be -1
Tensor transpose(const Tensor& x, const Ints& axes = {});
Tensor swapaxes(const Tensor& x, int axis1, int axis2);
Tensor moveaxis(const Tensor& x, const Ints& source, const Ints& destination);
Tensor squeeze(const Tensor& x, const Axes& axis = {});
Tensor expand_dims(const Tensor& x, const Ints& axis);
Tensor broadcast_to(const Tensor& x, const Shape& shape);
Tensor ravel(const Tensor& x);
Tensor concatenate(const Tensors& xs, int axis = 0);
Tensor stack(const Tensors& xs, int axis = 0);
Tensors unstack(const Tensor& x, int axis = 0);
Tensors split(const Tensor& x, int sections, int axis = 0);
Tensors split(const Tensor& x, const Ints& indices, int axis);
// pad_width: {before, after} for each axis. mode: constant, reflect, symmetric, edge.
Tensor pad(const Tensor& x, const std::vector<std::pair<int64_t, int64_t>>& pad_width,
           const std::string& mode = "constant", double constant_values = 0.0);
Tensor tile(const Tensor& x, const Ints& repeats);
Tensor repeat(const Tensor& x, const Ints& repeats, std::optional<int64_t> axis = {});
Tensor flip(const Tensor& x, const Axes& axis = {});
Tensor roll(const Tensor& x, const Ints& shift, const Axes& axis = {});
Tensor tril(const Tensor& x, int64_t k = 0);
Tensor triu(const Tensor& x, int64_t k = 0);
Tensor diagonal(const Tensor& x, int64_t offset = 0, int axis1 = 0, int axis2 = 1);
Tensor diag(const Tensor& x, int64_t k = 0);
Tensor trace(const Tensor& x, int64_t offset = 0, int axis1 = 0, int axis2 = 1);
Tensors meshgrid(const Tensors& xs, const std::string& indexing = "xy");

// ---- indexing -----------------------------------------------------------------------------------
// One part of an index expression, as between the brackets of x[...].
struct Index {
  enum class Kind { kInteger, kSlice, kEllipsis, kNewAxis, kTensor };
  Kind kind = Kind::kSlice;
  int64_t integer = 0;
  std::optional<int64_t> start, stop;
  int64_t step = 1;
  Tensor tensor;      // integer or boolean array
  Index() = default;  // ":"
  Index(int i) : kind(Kind::kInteger), integer(i) {}
  Index(int64_t i) : kind(Kind::kInteger), integer(i) {}
  Index(const Tensor& t) : kind(Kind::kTensor), tensor(t) {}
  static Index slice(std::optional<int64_t> start, std::optional<int64_t> stop, int64_t step = 1);
  static Index ellipsis();
  static Index newaxis();
};
// NumPy's x[indices]: a view where there are no tensors among them, otherwise a copy.
Tensor getitem(const Tensor& x, const std::vector<Index>& indices);
// NumPy's x[indices] = value, in place. Refused where it would falsify a gradient.
void setitem(const Tensor& x, const std::vector<Index>& indices, const Tensor& value);
Tensor slice(const Tensor& x, const Ints& start_indices, const Ints& shape);
Tensor slice_update(const Tensor& x, const Ints& start_indices, const Tensor& updates);
Tensor take(const Tensor& x, const Tensor& indices, std::optional<int64_t> axis = {});
Tensor take_along_axis(const Tensor& x, const Tensor& indices, std::optional<int64_t> axis = {});
// A zero tensor of `shape` with values added at indices of shape (n, len(shape)) (or a prefix).
Tensor scatter(const Tensor& indices, const Tensor& values, const Shape& shape);
// x with updates written at indices (n, k); reduction: "", add, max, min, mul.
Tensor scatter_update(const Tensor& x, const Tensor& indices, const Tensor& updates,
                      const std::string& reduction = "");
Tensor one_hot(const Tensor& x, int64_t num_classes, int axis = -1, DType dtype = floatx());
Tensor sort(const Tensor& x, int axis = -1);
Tensor argsort(const Tensor& x, int axis = -1);
std::pair<Tensor, Tensor> top_k(const Tensor& x, int64_t k, bool sorted = true);
Tensor in_top_k(const Tensor& targets, const Tensor& predictions, int64_t k);
Tensor searchsorted(const Tensor& sorted_sequence, const Tensor& values,
                    const std::string& side = "left");
Tensors nonzero(const Tensor& x);  // eager only

// ---- neural networks ----------------------------------------------------------------------------
struct ConvOptions {
  Ints strides;                   // one per spatial axis; empty: 1
  std::string padding = "valid";  // valid, same, causal (1 spatial axis)
  std::string data_format = "channels_last";
  Ints dilation_rate;      // empty: 1
  std::string activation;  // "" or a one-argument elementwise name, applied in the same pass
};
// inputs (N, s..., C), kernel (k..., C / groups, F). The number of groups follows from the shapes.
Tensor conv(const Tensor& inputs, const Tensor& kernel, const ConvOptions& options = {},
            const Tensor& bias = {});
Tensor depthwise_conv(const Tensor& inputs, const Tensor& kernel, const ConvOptions& options = {},
                      const Tensor& bias = {});
// A depthwise convolution, then one with a kernel (1..., C * multiplier, F); bias and activation
// belong to the second.
Tensor separable_conv(const Tensor& inputs, const Tensor& depthwise_kernel,
                      const Tensor& pointwise_kernel, const ConvOptions& options = {},
                      const Tensor& bias = {});
// kernel (k..., F, C). Spatial lengths are n * stride with padding "same" and, with "valid",
// (n - 1) * stride + max(reach, stride), reach = (k - 1) * dilation_rate + 1; with output_padding
// (n - 1) * stride + output_padding + reach ("valid") or reach % 2 ("same").
Tensor conv_transpose(const Tensor& inputs, const Tensor& kernel, const ConvOptions& options = {},
                      const Ints& output_padding = {}, const Tensor& bias = {});
Tensor max_pool(const Tensor& inputs, const Ints& pool_size, const Ints& strides = {},
                const std::string& padding = "valid",
                const std::string& data_format = "channels_last");
Tensor average_pool(const Tensor& inputs, const Ints& pool_size, const Ints& strides = {},
                    const std::string& padding = "valid",
                    const std::string& data_format = "channels_last");
// Pooling to given spatial lengths m: window i of an axis of length n is
// [floor(i * n / m), ceil((i + 1) * n / m)).
Tensor adaptive_max_pool(const Tensor& inputs, const Ints& output_size,
                         const std::string& data_format = "channels_last");
Tensor adaptive_average_pool(const Tensor& inputs, const Ints& output_size,
                             const std::string& data_format = "channels_last");
// Squares of block_size pixels of an image as channels, and back.
Tensor space_to_depth(const Tensor& x, int64_t block_size,
                      const std::string& data_format = "channels_last");
Tensor depth_to_space(const Tensor& x, int64_t block_size,
                      const std::string& data_format = "channels_last");
// Windows of an image (N, C, H, W) as columns (N, C * kh * kw, windows), and their sum back in
// place.
struct UnfoldOptions {
  Ints dilation = {1}, padding = {0}, stride = {1};
};
Tensor unfold(const Tensor& x, const Ints& kernel_size, const UnfoldOptions& options = {});
Tensor fold(const Tensor& x, const Ints& output_size, const Ints& kernel_size,
            const UnfoldOptions& options = {});
Tensor softmax(const Tensor& x, const Axes& axis = -1);
Tensor log_softmax(const Tensor& x, const Axes& axis = -1);
// Over the last axis or axes: (x - mean) / sqrt(var + epsilon) * gamma + beta; gamma, beta may be
// undefined and have the shape of the normalized axes.
Tensor layer_normalization(const Tensor& x, const Tensor& gamma = {}, const Tensor& beta = {},
                           double epsilon = 1e-3);
// With given statistics, any axis.
Tensor batch_normalization(const Tensor& x, const Tensor& mean, const Tensor& variance, int axis,
                           const Tensor& offset = {}, const Tensor& scale = {},
                           double epsilon = 1e-3);
// With the statistics of the batch over every axis but the last: {y, mean, variance (biased)}.
Tensors batch_normalization_train(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                  double epsilon);
// Per-sample losses of shape target.shape[:-1] (or target.shape for the binary one).
Tensor binary_crossentropy(const Tensor& target, const Tensor& output, bool from_logits = false);
Tensor categorical_crossentropy(const Tensor& target, const Tensor& output,
                                bool from_logits = false, int axis = -1);
Tensor sparse_categorical_crossentropy(const Tensor& target, const Tensor& output,
                                       bool from_logits = false, int axis = -1);
// Connectionist temporal classification (Graves et al., 2006): -log p(target) (B,) for logits
// output (B, T, C). target: labels (B, L), of which target_length (B,) count; output_length (B,):
// steps. mask_index is the class of the blank. Labels that need more steps cost 1e5 for each one
// missing.
Tensor ctc_loss(const Tensor& target, const Tensor& output, const Tensor& target_length,
                const Tensor& output_length, int64_t mask_index = 0);
// {labels (paths, B, T), ended by -1; scores}. greedy: one path of the largest outputs, scores (B,
// 1) their negative sum. beam_search: the top_paths best of the beam, scores (B, top_paths) log p.
// Without mask_index the blank is the last class.
std::pair<Tensor, Tensor> ctc_decode(const Tensor& inputs, const Tensor& sequence_lengths,
                                     const std::string& strategy = "greedy",
                                     int64_t beam_width = 100, int64_t top_paths = 1,
                                     bool merge_repeated = true,
                                     std::optional<int64_t> mask_index = 0);
// query (B, T, N, H), key and value (B, S, N, H), mask broadcastable to (B, N, T, S), bool (true:
// attend). scale defaults to 1 / sqrt(H).
Tensor dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                             const Tensor& mask = {}, std::optional<double> scale = {},
                             bool is_causal = false);

// ---- creation -----------------------------------------------------------------------------------
Tensor zeros(const Shape& shape, DType dtype = floatx());
Tensor ones(const Shape& shape, DType dtype = floatx());
Tensor full(const Shape& shape, double value, DType dtype = floatx());
Tensor zeros_like(const Tensor& x);
Tensor ones_like(const Tensor& x);
Tensor full_like(const Tensor& x, double value);
Tensor eye(int64_t n, int64_t m = -1, int64_t k = 0, DType dtype = floatx());
Tensor arange(double start, double stop, double step = 1, DType dtype = DType::kInt32);
Tensor linspace(double start, double stop, int64_t num = 50, bool endpoint = true,
                DType dtype = floatx());
Tensor stop_gradient(const Tensor& x);
Tensor copy(const Tensor& x);  // a contiguous copy, differentiable

// ---- the table ----------------------------------------------------------------------------------
std::vector<std::string> op_names();
std::string op_doc(const std::string& name);  // "" for an unknown name

// ---- state --------------------------------------------------------------------------------------
// In-place writes that a captured program repeats. target is a variable.
void assign(const Tensor& target, const Tensor& value);
void assign_add(const Tensor& target, const Tensor& value);

namespace random {

// Where random numbers come from: a seed and a count of draws, held in a tensor so that a captured
// program draws anew each time it runs, and so that a model file can hold it. Numbers depend on
// seed, draw and element only, never on the number of threads.
class SeedGenerator {
 public:
  explicit SeedGenerator(
      std::optional<int64_t> seed = {});          // none: drawn from the global generator
  const Tensor& state() const { return state_; }  // int64 (2,): seed, next draw

 private:
  Tensor state_;
};
SeedGenerator& global_generator();
void set_seed(int64_t seed);  // resets the global generator

Tensor uniform(const Shape& shape, double minval = 0, double maxval = 1, DType dtype = floatx(),
               SeedGenerator* seed = nullptr);
Tensor normal(const Shape& shape, double mean = 0, double stddev = 1, DType dtype = floatx(),
              SeedGenerator* seed = nullptr);
Tensor truncated_normal(const Shape& shape, double mean = 0, double stddev = 1,
                        DType dtype = floatx(), SeedGenerator* seed = nullptr);
Tensor randint(const Shape& shape, int64_t minval, int64_t maxval, DType dtype = DType::kInt32,
               SeedGenerator* seed = nullptr);
Tensor bernoulli(const Shape& shape, double probability, DType dtype = floatx(),
                 SeedGenerator* seed = nullptr);
Tensor categorical(const Tensor& logits, int64_t num_samples, DType dtype = DType::kInt32,
                   SeedGenerator* seed = nullptr);
Tensor gamma(const Shape& shape, double alpha, DType dtype = floatx(),
             SeedGenerator* seed = nullptr);
Tensor dropout(const Tensor& x, double rate, SeedGenerator* seed = nullptr);
Tensor shuffle(const Tensor& x, int axis = 0, SeedGenerator* seed = nullptr);

}  // namespace random

}  // namespace lamina
