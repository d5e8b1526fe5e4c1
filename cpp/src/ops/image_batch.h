// One image or a batch, channels anywhere, seen as (n, rows, columns, channels).
#pragma once
#include "lamina/ops.h"
#include "ops/promote.h"

namespace lamina {

struct ImageBatch {
  ImageBatch(const char* op, const Tensor& images, const std::string& data_format)
      : first(data_format == "channels_first"), single(images.rank() == 3) {
    if (data_format != "channels_last" && data_format != "channels_first")
      fail(op, ": data_format must be channels_last or channels_first, received '", data_format,
           "'");
    if (images.rank() != 3 && images.rank() != 4)
      fail(op,
           ": invalid images rank: expected rank 3 (single image) or rank 4 (batch of images), "
           "received shape ",
           images.shape());
    x = single ? expand_dims(images, {0}) : images;
    if (first) x = moveaxis(x, {1}, {-1});
  }
  // y, (n, rows, columns, channels), in the form in which the images came.
  Tensor restore(Tensor y) const {
    if (first) y = moveaxis(y, {-1}, {1});
    return single ? squeeze(y, 0) : y;
  }
  // Lengths that the computation must know beforehand.
  void require_known(const char* op) const {
    for (int axis : {1, 2, 3})
      if (x.dim(axis) < 0)
        fail(op, ": needs images with known height, width and channels, received shape ",
             x.shape());
  }
  bool first, single;
  Tensor x;
};

// Where kernels compute in float32 or float64: integers and small floats as float32.
inline DType compute_float(DType d) {
  return d == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
}
// y in the dtype of the images, integers rounded with halves away from zero.
inline Tensor back_to(const Tensor& y, DType dtype) {
  if (y.dtype() == dtype) return y;
  if (is_floating(dtype)) return cast(y, dtype);
  return cast(sign(y) * floor(absolute(y) + Tensor(0.5)), dtype);
}

}  // namespace lamina
