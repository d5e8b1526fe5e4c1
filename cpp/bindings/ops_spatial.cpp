// lamina.ops: convolutions, pooling and blocks, over spatial axes.
#include "ops.h"

namespace lamina::python {

namespace {

std::string format_of(const py::object& format) {
  return format.is_none() ? "channels_last" : format.cast<std::string>();
}

// One integer for each of n spatial axes.
Ints per_axis(const py::object& o, int n) {
  Ints v = as_ints(o);
  if (v.size() == 1) v.resize(static_cast<size_t>(std::max(n, 1)), v[0]);
  return v;
}

ConvOptions conv_options(const py::object& strides, const std::string& padding,
                         const py::object& format, const py::object& dilation, int spatial) {
  ConvOptions o;
  o.strides = per_axis(strides, spatial);
  o.padding = padding;
  o.data_format = format_of(format);
  o.dilation_rate = per_axis(dilation, spatial);
  return o;
}

void bind_convolutions(py::module_& m) {
  using Fn = Tensor (*)(const Tensor&, const Tensor&, const ConvOptions&, const Tensor&);
  auto conv_like = [&](const char* name, Fn fn, const char* doc) {
    m.def(
        name,
        [fn](const py::object& x, const py::object& k, const py::object& strides,
             const std::string& padding, const py::object& format, const py::object& dilation) {
          Tensor t = as_tensor(x, "inputs");
          return fn(t, as_tensor(k, "kernel"),
                    conv_options(strides, padding, format, dilation, t.rank() - 2), {});
        },
        arg("inputs"), arg("kernel"), arg("strides") = 1, arg("padding") = "valid",
        arg("data_format") = py::none(), arg("dilation_rate") = 1, doc);
  };
  conv_like("conv", conv,
            "Convolution with 1 to 3 spatial axes; inputs (N, s..., C), kernel (k..., C / groups, "
            "F). padding: valid, same, or causal with one axis.");
  conv_like("depthwise_conv", depthwise_conv,
            "Convolution of each channel on its own; kernel (k..., C, multiplier).");
  m.def(
      "separable_conv",
      [](const py::object& x, const py::object& depthwise, const py::object& pointwise,
         const py::object& strides, const std::string& padding, const py::object& format,
         const py::object& dilation) {
        Tensor t = as_tensor(x, "inputs");
        return separable_conv(t, as_tensor(depthwise, "depthwise_kernel"),
                              as_tensor(pointwise, "pointwise_kernel"),
                              conv_options(strides, padding, format, dilation, t.rank() - 2));
      },
      arg("inputs"), arg("depthwise_kernel"), arg("pointwise_kernel"), arg("strides") = 1,
      arg("padding") = "valid", arg("data_format") = py::none(), arg("dilation_rate") = 1,
      "A depthwise convolution with a kernel (k..., C, multiplier), then one with a kernel (1..., "
      "C "
      "* multiplier, F).");
  m.def(
      "conv_transpose",
      [](const py::object& x, const py::object& k, const py::object& strides,
         const std::string& padding, const py::object& output_padding, const py::object& format,
         const py::object& dilation) {
        Tensor t = as_tensor(x, "inputs");
        return conv_transpose(t, as_tensor(k, "kernel"),
                              conv_options(strides, padding, format, dilation, t.rank() - 2),
                              as_ints(output_padding));
      },
      arg("inputs"), arg("kernel"), arg("strides") = 1, arg("padding") = "valid",
      arg("output_padding") = py::none(), arg("data_format") = py::none(), arg("dilation_rate") = 1,
      "The transpose of a convolution; kernel (k..., F, C). Along an axis of n pixels, with reach "
      "= "
      "(k - 1) * dilation_rate + 1, the result has n * strides pixels with padding same and (n - "
      "1) "
      "* strides + max(reach, strides) with valid; with output_padding (n - 1) * strides + "
      "output_padding and besides reach % 2 with same, reach with valid.");
}

void bind_pools(py::module_& m) {
  using Pool =
      Tensor (*)(const Tensor&, const Ints&, const Ints&, const std::string&, const std::string&);
  auto pool_like = [&](const char* name, Pool fn, const char* doc) {
    m.def(
        name,
        [fn](const py::object& x, const py::object& size, const py::object& strides,
             const std::string& padding, const py::object& format) {
          Tensor t = as_tensor(x, "inputs");
          return fn(t, per_axis(size, t.rank() - 2),
                    strides.is_none() ? Ints{} : per_axis(strides, t.rank() - 2), padding,
                    format_of(format));
        },
        arg("inputs"), arg("pool_size"), arg("strides") = py::none(), arg("padding") = "valid",
        arg("data_format") = py::none(), doc);
  };
  pool_like("max_pool", max_pool, "Maximum over windows; strides default to pool_size.");
  pool_like("average_pool", average_pool, "Mean over windows; padding is not counted.");
}

void bind_adaptive_pools(py::module_& m) {
  using Fn = Tensor (*)(const Tensor&, const Ints&, const std::string&);
  auto def = [&](const char* name, Fn fn, const char* doc) {
    m.def(
        name,
        [fn](const py::object& x, const py::object& size, const py::object& format) {
          return fn(as_tensor(x, "inputs"), as_ints(size), format_of(format));
        },
        arg("inputs"), arg("output_size"), arg("data_format") = py::none(), doc);
  };
#define LAMINA_ADAPTIVE_DOC(what, name)                                                          \
  what " over windows that give spatial axes of length output_size (a number, or one for each "  \
       "of up to three axes).\n\nWindow i of an axis of n pixels is [floor(i * n / m), ceil((i " \
       "+ 1) * n / m)), m being the length wanted.\n\nExample:\n\n>>> import lamina\n>>> "       \
       "lamina.ops." name "(lamina.ops.ones((2, 10, 8, 3)), (3, 4)).shape\n(2, 3, 4, 3)"
  def("adaptive_max_pool", adaptive_max_pool, LAMINA_ADAPTIVE_DOC("Maximum", "adaptive_max_pool"));
  def("adaptive_average_pool", adaptive_average_pool,
      LAMINA_ADAPTIVE_DOC("Mean", "adaptive_average_pool"));
#undef LAMINA_ADAPTIVE_DOC
}

void bind_blocks(py::module_& m) {
  m.def(
      "space_to_depth",
      [](const py::object& x, int64_t block, const py::object& format) {
        return space_to_depth(as_tensor(x), block, format_of(format));
      },
      arg("x"), arg("block_size"), arg("data_format") = "channels_last",
      "Squares of block_size by block_size pixels as channels: (N, H, W, C) to (N, H / b, W / b, "
      "C * b * b).\n\nExample:\n\n>>> import lamina\n>>> "
      "lamina.ops.space_to_depth(lamina.ops.ones((1, 4, 4, 3)), 2).shape\n(1, 2, 2, 12)");
  m.def(
      "depth_to_space",
      [](const py::object& x, int64_t block, const py::object& format) {
        return depth_to_space(as_tensor(x), block, format_of(format));
      },
      arg("x"), arg("block_size"), arg("data_format") = "channels_last",
      "Channels as squares of block_size by block_size pixels, the inverse of space_to_depth "
      "(pixel "
      "shuffle; Shi et al., 2016, arXiv:1609.05158): (N, H, W, C * b * b) to (N, H * b, W * b, "
      "C).\n\nExample:\n\n>>> import lamina\n>>> "
      "lamina.ops.depth_to_space(lamina.ops.ones((1, 2, 2, 12)), 2).shape\n(1, 4, 4, 3)");
  m.def(
      "unfold",
      [](const py::object& x, const py::object& kernel_size, const py::object& dilation,
         const py::object& padding, const py::object& stride) {
        return unfold(as_tensor(x), as_ints(kernel_size),
                      {as_ints(dilation), as_ints(padding), as_ints(stride)});
      },
      arg("x"), arg("kernel_size"), arg("dilation") = 1, arg("padding") = 0, arg("stride") = 1,
      "The windows of an image as columns: (N, C, H, W) to (N, C * kh * kw, windows).\n\nArgs:\n"
      "    x: Images, channels first.\n"
      "    kernel_size: Size of a window; this and the others are one number or (rows, columns).\n"
      "    dilation: Distance of the pixels of a window.\n"
      "    padding: Zeros around the image.\n"
      "    stride: Distance of the windows.\n\nExample:\n\n>>> import lamina\n>>> "
      "lamina.ops.unfold(lamina.ops.ones((1, 2, 4, 4)), 2, stride=2).shape\n(1, 8, 4)");
  m.def(
      "fold",
      [](const py::object& x, const py::object& output_size, const py::object& kernel_size,
         const py::object& dilation, const py::object& padding, const py::object& stride) {
        return fold(as_tensor(x), as_ints(output_size), as_ints(kernel_size),
                    {as_ints(dilation), as_ints(padding), as_ints(stride)});
      },
      arg("x"), arg("output_size"), arg("kernel_size"), arg("dilation") = 1, arg("padding") = 0,
      arg("stride") = 1,
      "The transpose of unfold: columns added up where their windows lie, (N, C * kh * kw, "
      "windows) "
      "to (N, C, *output_size).\n\nArgs:\n"
      "    x: Columns, as unfold gives them.\n"
      "    output_size: Rows and columns of the images.\n"
      "    kernel_size, dilation, padding, stride: As for unfold.\n\nExample:\n\n>>> import "
      "lamina\n>>> columns = lamina.ops.unfold(lamina.ops.ones((1, 2, 4, 4)), 2, stride=2)\n>>> "
      "lamina.ops.fold(columns, (4, 4), 2, stride=2).shape\n(1, 2, 4, 4)");
}

}  // namespace

void bind_spatial_ops(py::module_& m) {
  bind_convolutions(m);
  bind_pools(m);
  bind_adaptive_pools(m);
  bind_blocks(m);
}

}  // namespace lamina::python
