// Changes that depend on how often each value occurs, and of values above a threshold.
#include <cmath>

#include "layers/augment.h"

namespace lamina {

namespace {

class Solarization : public ImageLayer<Solarization, SolarizationOptions> {
 public:
  static constexpr const char* kName = "Solarization";
  explicit Solarization(const SolarizationOptions& o)
      : ImageLayer(o),
        addition_(range("addition_factor", o_.addition_factor)),
        threshold_(range("threshold_factor", o_.threshold_factor)),
        range_(value_range(kName, o_.value_range)) {}
  Tensors draw(const Draws& d) override {
    return {d.uniform({addition_.low, 255 * addition_.high}),
            d.uniform({threshold_.low, 255 * threshold_.high})};
  }
  Tensor transform(const Tensor& x, const Tensors& drawn, bool) override {
    Tensor y = cut(change_range(x, range_, kBytes) + over_images(drawn[0], x), kBytes);
    y = where(less(y, over_images(drawn[1], x)), y, Tensor(255.0) - y);
    return change_range(y, kBytes, range_);
  }

 private:
  static Range range(const char* argument, Config& factor) {
    Range r = signed_range(kName, argument, factor, 0, 1);
    if (factor.is_number()) r.low = 0;
    factor = Config::list({r.low, r.high});
    return r;
  }
  Range addition_, threshold_, range_;
};

class AutoContrast : public ImageLayer<AutoContrast, AutoContrastOptions> {
 public:
  static constexpr const char* kName = "AutoContrast";
  explicit AutoContrast(const AutoContrastOptions& o)
      : ImageLayer(o), range_(value_range(kName, o_.value_range)) {}
  Tensor transform(const Tensor& x, const Tensors&, bool) override {
    Tensor bytes = change_range(x, range_, kBytes);
    Tensor low = min(bytes, {1, 2}, true), high = max(bytes, {1, 2}, true);
    Tensor flat = less_equal(high, low);
    Tensor scale = Tensor(255.0) / where(flat, ones_like(high), high - low);
    Tensor y = change_range(cut(bytes * scale - low * scale, kBytes), kBytes, range_);
    return where(flat, x, y);
  }
  Tensor at_inference(const Tensor& x, bool) override { return transform(x, {}, false); }

 private:
  Range range_;
};

class Equalization : public ImageLayer<Equalization, EqualizationOptions> {
 public:
  static constexpr const char* kName = "Equalization";
  explicit Equalization(const EqualizationOptions& o)
      : ImageLayer(o), range_(value_range(kName, o_.value_range)) {
    require_positive("bins", o.bins);
  }
  // Each channel by its histogram over the whole batch.
  Tensor transform(const Tensor& x, const Tensors&, bool) override {
    int64_t bins = o_.bins, c = x.dim(-1);
    auto last = static_cast<double>(bins - 1);
    Tensor bytes = change_range(x, range_, kBytes);
    Tensor first = arange(0, static_cast<double>(c * bins), static_cast<double>(bins));
    auto bin = [&](const Tensor& v) { return cast(clip(v, 0, last), DType::kInt32) + first; };
    Tensor still = stop_gradient(bytes);
    Tensor flat = reshape(bin(still * Tensor(last) / Tensor(255.0)), {-1, 1});
    Tensor counts =
        reshape(scatter(flat, ones({flat.dim(0)}, DType::kInt32), {c * bins}), {c, bins});
    Tensor total = cast(cumsum(counts, -1), DType::kFloat64), zero = zeros_like(total);
    Tensor all = max(total, -1, true);
    Tensor least = min(where(greater(total, zero), total, all), -1, true);
    Tensor range = all - least;
    range = where(less_equal(range, Tensor(0.0)), ones_like(range), range);
    Tensor table = clip(round((total - least) * Tensor(255.0) / range), 0, 255);
    Tensor y = take(reshape(table, {-1}), bin(still / Tensor(255.0) * Tensor(last)));
    y = cast(y, x.dtype());
    // A channel of one value stays as it is.
    Tensor used = sum(cast(greater(counts, Tensor(int64_t{0})), DType::kInt32), -1);
    y = where(less_equal(used, Tensor(int64_t{1})), bytes, y);
    return change_range(y, kBytes, range_);
  }

 private:
  Range range_;
};

class ContrastLimitedAdaptiveHistogramEqualization
    : public ImageLayer<ContrastLimitedAdaptiveHistogramEqualization, ClaheOptions> {
 public:
  static constexpr const char* kName = "ContrastLimitedAdaptiveHistogramEqualization";
  explicit ContrastLimitedAdaptiveHistogramEqualization(const ClaheOptions& o)
      : ImageLayer(o), range_(value_range(kName, o_.value_range)) {
    o_.tile_grid_size = each("tile_grid_size", o.tile_grid_size, 2);
  }
  Tensor transform(const Tensor& images, const Tensors&, bool) override {
    Tensor x = cut(change_range(images, range_, kBytes), kBytes);
    const Tiles rows(x.dim(1), o_.tile_grid_size[0]), columns(x.dim(2), o_.tile_grid_size[1]);
    int64_t height = x.dim(1), width = x.dim(2), n = x.dim(0), c = x.dim(3);
    x = pad(x, {{0, 0}, {0, rows.padding}, {0, columns.padding}, {0, 0}}, "symmetric");
    Tensor bytes = cast(stop_gradient(x), DType::kInt32);
    // Tables of every tile: (n, grid rows, grid columns, c, 256), flat.
    int64_t tables = n * rows.grid * columns.grid * c;
    Tensor image = reshape(arange(0, static_cast<double>(n)), {n, 1, 1, 1}),
           channel = arange(0, static_cast<double>(c));
    auto place = [&](const Tensor& row, const Tensor& column) {
      Tensor tile =
          (image * Tensor(rows.grid) + reshape(row, {1, -1, 1, 1})) * Tensor(columns.grid) +
          reshape(column, {1, 1, -1, 1});
      return (tile * Tensor(c) + channel) * Tensor(int64_t{256}) + bytes;
    };
    Tensor flat = reshape(place(rows.own, columns.own), {-1, 1});
    Tensor counts = scatter(flat, ones({flat.dim(0)}, DType::kInt32), {tables * 256});
    Tensor table = reshape(
        equalizing(cast(reshape(counts, {tables, 256}), DType::kFloat32), rows.size * columns.size),
        {-1});
    // Between the four nearest middles of tiles.
    Tensor wy = reshape(rows.share, {1, -1, 1, 1}), wx = reshape(columns.share, {1, 1, -1, 1});
    auto value = [&](const Tensor& row, const Tensor& column) {
      return take(table, place(row, column));
    };
    auto across = [&](const Tensor& row) {
      return value(row, columns.before) * (Tensor(1.0) - wx) + value(row, columns.after) * wx;
    };
    Tensor y = across(rows.before) * (Tensor(1.0) - wy) + across(rows.after) * wy;
    y = getitem(y, {Index::ellipsis(), Index::slice(0, height), Index::slice(0, width),
                    Index::slice({}, {})});
    return change_range(cast(y, images.dtype()), kBytes, range_);
  }
  Tensor at_inference(const Tensor& x, bool) override { return transform(x, {}, false); }

 private:
  // The tiles along one axis, and for each pixel its own tile, those before and after it whose
  // middles it lies between, and how near it is to the one after.
  struct Tiles {
    Tiles(int64_t length, int64_t count)
        : grid(count), size((length + count - 1) / count), padding(size * count - length) {
      std::vector<int32_t> o, b, a;
      std::vector<float> s;
      for (int64_t i = 0; i < size * count; ++i) {
        auto at = (static_cast<float>(i) - static_cast<float>(size) / 2) / static_cast<float>(size);
        float low = std::floor(at + 1) - 1;
        auto tile = [&](float t) {
          return static_cast<int32_t>(std::min(std::max(t, 0.0f), static_cast<float>(count - 1)));
        };
        o.push_back(static_cast<int32_t>(i / size));
        b.push_back(tile(low)), a.push_back(tile(low + 1)), s.push_back(at - low);
      }
      auto n = static_cast<int64_t>(o.size());
      own = Tensor::from_vector(o, {n}), before = Tensor::from_vector(b, {n});
      after = Tensor::from_vector(a, {n}), share = Tensor::from_vector(s, {n});
    }
    int64_t grid, size, padding;
    Tensor own, before, after, share;
  };

  // Tables that spread values evenly, from counts (tiles, 256) of `pixels` each. What exceeds the
  // limit is shared out among all values.
  Tensor equalizing(Tensor counts, int64_t pixels) const {
    auto all = static_cast<double>(pixels);
    if (o_.clip_limit > 0) {
      Tensor kept = clip(counts, 0, o_.clip_limit * all / 256);
      counts = kept + sum(counts - kept, -1, true) / Tensor(256.0);
    }
    Tensor total = cumsum(counts, -1), least = min(total, -1, true);
    Tensor range = Tensor(all) - least;
    range = where(equal(range, Tensor(0.0)), ones_like(range), range);
    return clip((total - least) * Tensor(255.0) / range, 0, 255);
  }
  Range range_;
};

}  // namespace

void add_augment_histogram_layers(LayerClasses& out) {
  out.push_back(layer_class<Solarization>(
      R"(Adds to each image's values and inverts those above a threshold, in training.

Values are on a scale of 0 to 255 meanwhile.

Args:
    addition_factor: Range of what is added, as a share of 255, in [0, 1]: two numbers, or f for
        [0, f].
    threshold_factor: Range of the threshold, as a share of 255.
    value_range: Least and largest value.
    seed: Of the layer's own random numbers; from the global generator by default.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
  out.push_back(layer_class<AutoContrast>(
      R"(Stretches each channel of each image over the whole value range, at inference too.

Args:
    value_range: Least and largest value.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
  out.push_back(layer_class<Equalization>(
      R"(Changes each channel's values so that they occur equally often, in training.

The histogram is that of the channel in the whole batch.

Args:
    value_range: Least and largest value.
    bins: Of the histogram.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
  out.push_back(layer_class<ContrastLimitedAdaptiveHistogramEqualization>(
      R"(Equalizes the histograms of tiles of each image, with linear transitions (Zuiderveld, 1994).

At inference too.

Args:
    value_range: Least and largest value.
    clip_limit: How much more often than on average a value may count; 0 for no limit.
    tile_grid_size: Number of tiles along the height and width.
    data_format: "channels_last" or "channels_first".

Input shape: (batch, height, width, channels), or one image without the batch axis.)"));
}

}  // namespace lamina
