// Pooling to a given size, out of pooling with fixed windows.
#include "lamina/ops.h"

namespace lamina {

namespace {

// Pools one spatial axis of x (channels last) to length m. Where m does not divide the length n,
// windows are of ceil(n / m) pixels or one more: both are pooled everywhere and picked from.
Tensor adapt_axis(bool max, const Tensor& x, int axis, int64_t m) {
  const int64_t n = x.dim(axis);
  auto pooled = [&](int64_t window, int64_t stride) {
    Ints size(static_cast<size_t>(x.rank() - 2), 1), strides = size;
    size[static_cast<size_t>(axis - 1)] = window, strides[static_cast<size_t>(axis - 1)] = stride;
    return max ? max_pool(x, size, strides) : average_pool(x, size, strides);
  };
  if (n % m == 0) return n == m ? x : pooled(n / m, n / m);
  const int64_t small = (n + m - 1) / m, count = n - small + 1;  // windows of the small size
  std::vector<int64_t> picks;
  bool any_big = false;
  for (int64_t i = 0; i < m; ++i) {
    const int64_t start = i * n / m, stop = ((i + 1) * n + m - 1) / m;
    const bool big = stop - start > small;
    any_big = any_big || big;
    picks.push_back(start + (big ? count : 0));
  }
  Tensor all = pooled(small, 1);
  if (any_big) all = concatenate({all, pooled(small + 1, 1)}, axis);
  return take(all, Tensor::from_vector(picks, {m}), axis);
}

Tensor adaptive_pool(bool max, const Tensor& inputs, const Ints& output_size,
                     const std::string& format) {
  const char* name = max ? "adaptive_max_pool" : "adaptive_average_pool";
  const int spatial = inputs.rank() - 2;
  if (spatial < 1 || spatial > 3)
    fail(name, ": expected an input with 1 to 3 spatial axes, received shape ", inputs.shape());
  if (format != "channels_last" && format != "channels_first")
    fail(name, ": data_format must be channels_last or channels_first, received '", format, "'");
  Ints size = output_size;
  if (size.size() == 1) size.resize(static_cast<size_t>(spatial), size[0]);
  if (static_cast<int>(size.size()) != spatial)
    fail(name, ": output_size needs 1 or ", spatial, " numbers, received ", output_size.size());
  const bool cf = format == "channels_first";
  Tensor x = cf ? moveaxis(inputs, {1}, {-1}) : inputs;
  bool whole = true;  // every window is of one size
  Ints windows;
  for (int i = 0; i < spatial; ++i) {
    const int64_t n = x.dim(i + 1), m = size[static_cast<size_t>(i)];
    if (m < 1) fail(name, ": output_size must be positive, received ", m);
    if (n < 1)
      fail(name, ": the lengths of the spatial axes must be known and positive, received shape ",
           inputs.shape());
    whole = whole && n % m == 0;
    windows.push_back(n / m);
  }
  if (whole) {
    x = max ? max_pool(x, windows, windows) : average_pool(x, windows, windows);
  } else {
    for (int i = 0; i < spatial; ++i) x = adapt_axis(max, x, i + 1, size[static_cast<size_t>(i)]);
  }
  return cf ? moveaxis(x, {-1}, {1}) : x;
}

}  // namespace

Tensor adaptive_max_pool(const Tensor& x, const Ints& size, const std::string& format) {
  return adaptive_pool(true, x, size, format);
}
Tensor adaptive_average_pool(const Tensor& x, const Ints& size, const std::string& format) {
  return adaptive_pool(false, x, size, format);
}

}  // namespace lamina
