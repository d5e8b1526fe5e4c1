// Images read between their pixels, and the transformations made of that.
#include "graph/op.h"
#include "lamina/ops_image.h"
#include "ops/image_batch.h"
#include "ops/packed.h"
#include "ops/registry.h"

namespace lamina {

namespace {

abi::SampleArgs args_of(const Attrs& a) {
  return {a.flag("linear"), static_cast<abi::Border>(a.integer("border")), a.real("fill_value")};
}

// x: (n, s..., c), coords: (n or 1, m, axes) -> (n, m, c)
void infer_sample(Infer& f) {
  const Shape &x = f.shape(0), &c = f.shape(1);
  if (c.rank() != 3 || c[2] != x.rank() - 2 || (c[0] != 1 && c[0] != x[0]))
    f.refuse("coordinates of shape ", c, " do not fit images of shape ", x);
  f.output({x[0], c[1], x[-1]}, f.dtype(0));
}
void run_sample(const Run& r) {
  r.kernels.sample(r.context, args_of(r.attrs), r.in[0], r.in[1], r.out[0]);
}

// x, coords (n, m, axes), g -> gx, gcoords; empty where not wanted
void infer_grad(Infer& f) {
  f.output(f.attrs().flag("needs_x") ? f.shape(0) : Shape{0}, f.dtype(0));
  f.output(f.attrs().flag("needs_coords") ? f.shape(1) : Shape{0}, f.dtype(0));
}
void run_grad(const Run& r) {
  r.kernels.sample_grad(r.context, args_of(r.attrs), r.in[0], r.in[1], r.in[2],
                        r.attrs.flag("needs_x") ? &r.out[0] : nullptr,
                        r.attrs.flag("needs_coords") ? &r.out[1] : nullptr);
}
const Op kSampleGrad{"sample_grad", infer_grad, run_grad};

Tensors sample_backward(const Backward& b) {
  Tensor x = b.in(0), coords = b.in(1);
  bool shared = coords.dim(0) == 1 && x.dim(0) != 1;
  if (shared) coords = packed(broadcast_to(coords, {x.dim(0), coords.dim(1), coords.dim(2)}));
  Attrs attrs = b.attrs();
  attrs.set("needs_x", b.needs(0));
  attrs.set("needs_coords", b.needs(1));
  Tensors g =
      apply(kSampleGrad, {stop_gradient(x), stop_gradient(coords), packed(b.grad())}, attrs);
  if (shared && b.needs(1)) g[1] = sum(g[1], 0, true);
  return {b.needs(0) ? g[0] : Tensor{}, b.needs(1) ? g[1] : Tensor{}};
}
const Op kSample{"sample", infer_sample, run_sample, sample_backward};

const char* const kBorders[] = {"constant", "nearest", "wrap", "mirror", "reflect"};

int64_t border_of(const char* op, const std::string& mode) {
  for (int64_t i = 0; i < 5; ++i)
    if (mode == kBorders[i]) return i;
  fail(op, ": fill_mode must be constant, nearest, wrap, mirror or reflect, received '", mode, "'");
}
bool is_linear(const char* op, const std::string& interpolation) {
  if (interpolation != "nearest" && interpolation != "bilinear")
    fail(op, ": interpolation must be nearest or bilinear, received '", interpolation, "'");
  return interpolation == "bilinear";
}

Tensor sample(const Tensor& x, const Tensor& coords, bool linear, int64_t border, double fill) {
  return apply1(kSample, {packed(x), packed(coords)},
                {{"linear", linear}, {"border", border}, {"fill_value", fill}});
}

// Images (n, rows, columns, channels) at rows y and columns x, both (n or 1, rows * columns).
Tensor sample_plane(const char* op, const ImageBatch& images, const Tensor& y, const Tensor& x,
                    const image::WarpOptions& o) {
  Tensor from = as_dtype(images.x, compute_float(images.x.dtype()));
  Tensor out = sample(from, stack({y, x}, -1), is_linear(op, o.interpolation),
                      border_of(op, o.fill_mode), o.fill_value);
  out = reshape(out, images.x.shape().vec());
  return images.restore(back_to(out, images.x.dtype()));
}

// Row and column of every pixel, (rows * columns,).
std::pair<Tensor, Tensor> pixels(int64_t rows, int64_t columns, DType dtype) {
  auto n = static_cast<double>(rows), m = static_cast<double>(columns);
  Tensors grid = meshgrid({arange(0, n, 1, dtype), arange(0, m, 1, dtype)}, "ij");
  return {reshape(grid[0], {-1}), reshape(grid[1], {-1})};
}

// The output at (x, y) from the input at the projection of (x, y); t: (n or 1, 8).
Tensor project(const char* op, const ImageBatch& images, const Tensor& t,
               const image::WarpOptions& o) {
  images.require_known(op);
  DType dtype = compute_float(images.x.dtype());
  Tensor m = as_dtype(t, dtype);
  auto entry = [&](int i) { return getitem(m, {Index::ellipsis(), Index::slice(i, i + 1)}); };
  auto [y, x] = pixels(images.x.dim(1), images.x.dim(2), dtype);
  Tensor k = entry(6) * x + entry(7) * y + Tensor(1.0);
  Tensor to_x = (entry(0) * x + entry(1) * y + entry(2)) / k;
  Tensor to_y = (entry(3) * x + entry(4) * y + entry(5)) / k;
  return sample_plane(op, images, to_y, to_x, o);
}

// The projection that takes the end points to the start points, (n, 8). Four points in general
// position are the images of the axes and of (1, 1, 1) under the matrix [w0 p0, w1 p1, w2 p2].
Tensor homography(const Tensor& start, const Tensor& end) {
  struct Frame {
    explicit Frame(const Tensor& points) {
      for (int i = 0; i < 4; ++i) {
        auto part = [&](int k) { return getitem(points, {Index::ellipsis(), i, k}); };
        p[i][0] = part(0), p[i][1] = part(1), p[i][2] = ones_like(p[i][0]);
      }
      for (int i = 0; i < 3; ++i) {
        cross(p[(i + 1) % 3], p[(i + 2) % 3], normal[i]);
        w[i] = normal[i][0] * p[3][0] + normal[i][1] * p[3][1] + normal[i][2];
      }
    }
    static void cross(const Tensor* a, const Tensor* b, Tensor* out) {
      for (int k = 0; k < 3; ++k) {
        int l = (k + 1) % 3, m = (k + 2) % 3;
        out[k] = a[l] * b[m] - a[m] * b[l];
      }
    }
    Tensor p[4][3], normal[3][3], w[3];
  };
  Frame s(start), e(end);
  Tensor total[3][3];
  for (int i = 0; i < 3; ++i) {
    Tensor weight = s.w[i] * e.w[(i + 1) % 3] * e.w[(i + 2) % 3];
    for (int r = 0; r < 3; ++r)
      for (int c = 0; c < 3; ++c) {
        Tensor part = weight * s.p[i][r] * e.normal[i][c];
        total[r][c] = i ? total[r][c] + part : part;
      }
  }
  Tensors entries;
  for (int i = 0; i < 8; ++i) entries.push_back(total[i / 3][i % 3] / total[2][2]);
  return stack(entries, -1);
}

Tensor points_of(const char* what, const Tensor& points) {
  const Shape& s = points.shape();
  if ((s.rank() != 2 && s.rank() != 3) || s[-1] != 2 || s[-2] != 4)
    fail("perspective_transform: invalid ", what,
         " shape: expected (4, 2) for a single image or (n, 4, 2) for a batch, received ", s);
  Tensor p = cast(points, DType::kFloat64);
  return s.rank() == 2 ? expand_dims(p, {0}) : p;
}

}  // namespace

void register_sample_ops() {
  register_op(kSample);
  register_op(kSampleGrad);
}

namespace image {

Tensor affine_transform(const Tensor& images, const Tensor& transform, const WarpOptions& options) {
  const char* op = "affine_transform";
  ImageBatch batch(op, images, options.data_format);
  if (transform.rank() != 1 && transform.rank() != 2)
    fail(op,
         ": invalid transform rank: expected rank 1 (single transform) or rank 2 (batch of "
         "transforms), received shape ",
         transform.shape());
  if (transform.dim(-1) != 8)
    fail(op, ": expected a transform of 8 numbers, received shape ", transform.shape());
  return project(op, batch, transform.rank() == 1 ? expand_dims(transform, {0}) : transform,
                 options);
}

Tensor perspective_transform(const Tensor& images, const Tensor& start_points,
                             const Tensor& end_points, const WarpOptions& options) {
  const char* op = "perspective_transform";
  ImageBatch batch(op, images, options.data_format);
  Tensor start = points_of("start_points", start_points), end = points_of("end_points", end_points);
  if (!(start_points.shape() == end_points.shape()))
    fail(op, ": start_points and end_points must have the same shape, received ",
         start_points.shape(), " and ", end_points.shape());
  return project(op, batch, homography(start, end), options);
}

Tensor map_coordinates(const Tensor& inputs, const Tensor& coordinates, int order,
                       const std::string& fill_mode, double fill_value) {
  const char* op = "map_coordinates";
  if (coordinates.rank() < 2)
    fail(op, ": invalid coordinates rank: expected at least rank 2, received shape ",
         coordinates.shape());
  if (coordinates.dim(0) != inputs.rank())
    fail(op, ": first dim of coordinates must be the rank of inputs; received inputs of shape ",
         inputs.shape(), " and coordinates of shape ", coordinates.shape());
  if (inputs.rank() > abi::kMaxRank - 2)
    fail(op, ": takes inputs of at most ", abi::kMaxRank - 2, " axes, received shape ",
         inputs.shape());
  if (order != 0 && order != 1) fail(op, ": order must be 0 or 1, received ", order);
  int64_t border = border_of(op, fill_mode);
  DType dtype = compute_float(inputs.dtype());
  Ints one = inputs.shape().vec(), to = coordinates.shape().vec();
  one.insert(one.begin(), 1);
  one.push_back(1);
  to.erase(to.begin());
  Tensor at = reshape(moveaxis(as_dtype(coordinates, dtype), {0}, {-1}), {1, -1, inputs.rank()});
  Tensor y = sample(reshape(as_dtype(inputs, dtype), one), at, order == 1, border, fill_value);
  return back_to(reshape(y, to), inputs.dtype());
}

Tensor elastic_displacements(int64_t n, int64_t rows, int64_t columns, const Tensor& alpha,
                             const Tensor& sigma, int64_t kernel_size,
                             random::SeedGenerator* seed) {
  // Those along rows and columns are the two channels of one random image.
  Tensor noise = random::normal({n, rows, columns, 2}, 0, 1, DType::kFloat32, seed) * sigma;
  Tensor s = as_dtype(sigma, DType::kFloat32);
  return gaussian_blur(noise, {kernel_size, kernel_size}, stack({s, s})) * alpha;
}

Tensor displace(const Tensor& images, const Tensor& displacements, const WarpOptions& options) {
  const char* op = "displace";
  ImageBatch batch(op, images, options.data_format);
  batch.require_known(op);
  int64_t rows = batch.x.dim(1), columns = batch.x.dim(2);
  if (displacements.rank() != 4 || displacements.dim(1) != rows ||
      displacements.dim(2) != columns || displacements.dim(3) != 2)
    fail(op, ": displacements of shape ", displacements.shape(), " do not fit images of shape ",
         images.shape());
  DType dtype = compute_float(batch.x.dtype());
  Tensor moved = reshape(as_dtype(displacements, dtype), {displacements.dim(0), rows * columns, 2});
  auto part = [&](int k) { return getitem(moved, {Index::ellipsis(), k}); };
  auto [y, x] = pixels(rows, columns, dtype);
  return sample_plane(op, batch, y + part(0), x + part(1), options);
}

Tensor elastic_transform(const Tensor& images, double alpha, double sigma,
                         const WarpOptions& options, random::SeedGenerator* seed) {
  const char* op = "elastic_transform";
  ImageBatch batch(op, images, options.data_format);
  batch.require_known(op);
  is_linear(op, options.interpolation), border_of(op, options.fill_mode);
  int64_t n = batch.x.dim(0);
  if (n < 0) fail(op, ": needs images with a known batch size, received shape ", images.shape());
  Tensor moved = elastic_displacements(n, batch.x.dim(1), batch.x.dim(2), Tensor(alpha),
                                       Tensor(sigma), static_cast<int64_t>(6 * sigma) | 1, seed);
  return displace(images, moved, options);
}

}  // namespace image

}  // namespace lamina
