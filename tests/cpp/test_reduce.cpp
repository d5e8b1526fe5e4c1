#include "kernel_support.h"

using namespace kernel_test;
using lamina::abi::ReduceOp;

namespace {

constexpr ReduceOp kAllOps[] = {ReduceOp::kSum,  ReduceOp::kProd,     ReduceOp::kMax,
                                ReduceOp::kMin,  ReduceOp::kAny,      ReduceOp::kAll,
                                ReduceOp::kMean, ReduceOp::kSumSquare};

double fold(ReduceOp op, double acc, double v) {
  switch (op) {
    case ReduceOp::kProd:
      return acc * v;
    case ReduceOp::kMax:
      return std::isnan(acc) || acc > v ? acc : v;
    case ReduceOp::kMin:
      return std::isnan(acc) || acc < v ? acc : v;
    case ReduceOp::kAny:
      return acc != 0 || v != 0;
    case ReduceOp::kAll:
      return acc != 0 && v != 0;
    case ReduceOp::kSumSquare:
      return acc + v * v;
    default:
      return acc + v;
  }
}
double start(ReduceOp op) {
  const double inf = std::numeric_limits<double>::infinity();
  switch (op) {
    case ReduceOp::kProd:
    case ReduceOp::kAll:
      return 1;
    case ReduceOp::kMax:
      return -inf;
    case ReduceOp::kMin:
      return inf;
    default:
      return 0;
  }
}

Dims dims_of(const View& v) { return Dims(v.shape, v.shape + v.rank); }
Dims without(Dims shape, uint32_t axes) {
  for (size_t d = 0; d < shape.size(); ++d) {
    if (axes >> d & 1) shape[d] = 1;
  }
  return shape;
}

// In doubles, one element at a time.
std::vector<double> naive(ReduceOp op, const Array& in, uint32_t axes) {
  const Dims shape = dims_of(in.view()), kept = without(shape, axes);
  std::vector<double> out(static_cast<size_t>(product(kept)), start(op));
  for (int64_t i = 0; i < in.size(); ++i) {
    int64_t rest = i, to = 0, scale = 1;
    for (size_t d = shape.size(); d-- > 0;) {
      if (kept[d] == shape[d]) to += rest % shape[d] * scale, scale *= shape[d];
      rest /= shape[d];
    }
    double& acc = out[static_cast<size_t>(to)];
    acc = fold(op, acc, in.get(i));
  }
  int64_t count = 1;
  for (size_t d = 0; d < shape.size(); ++d) count *= axes >> d & 1 ? shape[d] : 1;
  if (op == ReduceOp::kMean) {
    for (double& v : out) v /= static_cast<double>(count);
  }
  return out;
}

std::vector<DType> out_types(ReduceOp op, DType in) {
  const DType floating = is_float(in) ? in : DType::kFloat32;
  switch (op) {
    case ReduceOp::kMax:
    case ReduceOp::kMin:
      return {in};
    case ReduceOp::kAny:
    case ReduceOp::kAll:
      return {DType::kBool};
    case ReduceOp::kMean:
      return {floating};
    default:
      if (is_float(in)) return {in, DType::kFloat32};
      return {DType::kInt32, DType::kInt64, DType::kFloat32};
  }
}

// The same shape laid out in memory in several ways.
std::vector<std::pair<std::string, Array>> layouts(DType dtype, const Dims& shape) {
  std::vector<std::pair<std::string, Array>> all;
  const Dims plain = Array::contiguous(shape);
  all.emplace_back("contiguous", Array(dtype, shape));
  const size_t n = shape.size();
  Dims reversed(n), twice = plain, repeated = plain;
  int64_t size = 1;
  for (size_t d = 0; d < n; ++d) reversed[d] = size, size *= std::max<int64_t>(shape[d], 1);
  for (int64_t& s : twice) s *= 2;
  all.emplace_back("transposed", Array(dtype, shape, reversed));
  all.emplace_back("every other", Array(dtype, shape, twice));
  if (n > 1) {
    repeated[0] = 0;
    all.emplace_back("first axis broadcast", Array(dtype, shape, repeated));
    repeated = Array::contiguous(shape);
    repeated[n - 1] = 0;
    all.emplace_back("last axis broadcast", Array(dtype, shape, repeated));
    all.emplace_back("last axis flipped", flipped(Array(dtype, shape), static_cast<int>(n) - 1));
    all.emplace_back("first axis flipped", flipped(Array(dtype, shape, reversed), 0));
  }
  return all;
}

}  // namespace

TEST_CASE("reduce: every dtype, operation, set of axes and layout") {
  const Dims shapes[] = {{3, 4, 5, 6}, {1, 4, 1, 6}, {2, 0, 3, 4}, {2, 70, 3, 5}, {}, {1}};
  for (const Dims& shape : shapes) {
    for (DType dtype : kAllDTypes) {
      for (auto& [layout, in] : layouts(dtype, shape)) {
        for (ReduceOp op : kAllOps) {
          if (op == ReduceOp::kProd) {  // products of small integers stay exact
            in.fill([&](int64_t i) {
              return i % 400 == 3 ? 2 : i % 5 == 0 && dtype > DType::kUInt8 ? -1 : 1;
            });
          } else {
            in.randomize(static_cast<uint32_t>(op) + 7);
          }
          for (uint32_t axes = 0; axes < 1u << shape.size(); ++axes) {
            const Dims kept = without(shape, axes);
            const bool extreme = op == ReduceOp::kMax || op == ReduceOp::kMin;
            if (extreme && in.size() == 0 && product(kept) > 0) continue;
            const std::vector<double> want = naive(op, in, axes);
            for (DType to : out_types(op, dtype)) {
              Array out(to, kept);
              out.fill([](int64_t) { return 1; });
              table().reduce(context(), op, in, out, axes);
              bool ok = true;
              for (int64_t i = 0; i < out.size(); ++i) {
                double w = want[static_cast<size_t>(i)];
                if (to == DType::kInt32) w = static_cast<int32_t>(static_cast<int64_t>(w));
                // Halves hold small numbers exactly; sums are rounded once.
                ok = ok && near(out.get(i), w, epsilon(to));
              }
              CHECK_MESSAGE(ok, "op " << int(op) << " dtype " << int(dtype) << " to " << int(to)
                                      << " axes " << axes << " " << layout << " rank "
                                      << shape.size());
            }
          }
        }
      }
    }
  }
}

TEST_CASE("reduce into a strided output") {
  Array in(DType::kFloat32, {5, 7, 9});
  in.randomize(1);
  for (uint32_t axes = 0; axes < 8; ++axes) {
    const Dims kept = without({5, 7, 9}, axes);
    Dims strides(3);
    for (int64_t d = 0, n = 3; d < 3; n *= kept[d++]) strides[d] = n;
    const Array out = [&] {
      Array y = flipped(Array(DType::kFloat32, kept, strides), 1);
      table().reduce(context(), ReduceOp::kSum, in, y, axes);
      return y;
    }();
    const auto want = naive(ReduceOp::kSum, in, axes);
    for (int64_t i = 0; i < out.size(); ++i) CHECK(out.get(i) == want[static_cast<size_t>(i)]);
  }
}

TEST_CASE("reduce: shapes that take the other paths") {
  const std::pair<Dims, uint32_t> cases[] = {
      {{100000}, 1},       {{3, 40000}, 2},      {{40000, 3}, 1},    {{5000, 32}, 1},
      {{700, 130}, 1},     {{130, 700}, 2},      {{129, 257}, 3},    {{20, 3000, 2}, 2},
      {{6, 50, 40, 3}, 7}, {{6, 50, 40, 20}, 6}, {{300, 2, 300}, 5}, {{2, 300, 2, 300}, 10},
      {{64, 64, 10}, 5},   {{4, 1000, 33}, 2},   {{1000, 10}, 2},    {{65, 1}, 1}};
  for (const auto& [shape, axes] : cases) {
    for (DType dtype :
         {DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kUInt8, DType::kBFloat16}) {
      Array in(dtype, shape);
      in.randomize(3);
      for (ReduceOp op : {ReduceOp::kSum, ReduceOp::kMax, ReduceOp::kMean, ReduceOp::kAll}) {
        const DType to = op == ReduceOp::kMax                        ? dtype
                         : op == ReduceOp::kAll                      ? DType::kBool
                         : op == ReduceOp::kMean && !is_float(dtype) ? DType::kFloat32
                         : is_float(dtype) ? (dtype == DType::kFloat64 ? dtype : DType::kFloat32)
                                           : DType::kInt64;
        const auto want = naive(op, in, axes);
        Array out(to, without(shape, axes));
        table().reduce(context(), op, in, out, axes);
        bool ok = true;
        for (int64_t i = 0; i < out.size(); ++i) {
          ok = ok && near(out.get(i), want[static_cast<size_t>(i)], 2 * epsilon(to));
        }
        CHECK_MESSAGE(ok, "op " << int(op) << " dtype " << int(dtype) << " first axis " << shape[0]
                                << " axes " << axes);
      }
    }
  }
}

TEST_CASE("reduce: large float32 sums keep their digits") {
  const auto error = [](const Dims& shape, uint32_t axes) {
    Array in(DType::kFloat32, shape);
    std::mt19937 random(5);
    std::uniform_real_distribution<float> uniform(0, 1);
    float* x = in.data<float>();
    for (int64_t i = 0; i < in.size(); ++i) x[i] = uniform(random);
    const auto want = naive(ReduceOp::kSum, in, axes);
    Array out(DType::kFloat32, without(shape, axes));
    table().reduce(context(), ReduceOp::kSum, in, out, axes);
    double worst = 0;
    for (int64_t i = 0; i < out.size(); ++i) {
      const double w = want[static_cast<size_t>(i)];
      worst = std::max(worst, std::fabs(out.get(i) - w) / w);
    }
    return worst;
  };
  const double few = 4 * epsilon(DType::kFloat32);
  CHECK(error({1 << 21}, 1) < few);
  CHECK(error({1 << 19, 3}, 1) < few);
  CHECK(error({1 << 15, 40}, 1) < few);
  CHECK(error({3, 1 << 19}, 2) < few);
  CHECK(error({1 << 18, 2, 3}, 5) < few);
}

TEST_CASE("reduce: NaN, infinity, wrap-around") {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  for (DType dtype : {DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64}) {
    for (int64_t at : {0, 1, 9, 30, 99}) {
      Array in(dtype, {100, 3});
      in.randomize(2);
      in.set(at * 3 + 1, nan);
      in.set(2, -inf);
      Array out(dtype, {1, 3});
      for (ReduceOp op : {ReduceOp::kMax, ReduceOp::kMin, ReduceOp::kSum}) {
        table().reduce(context(), op, in, out, 1);
        CHECK(std::isnan(out.get(1)));
        CHECK(!std::isnan(out.get(0)));
        CHECK((op == ReduceOp::kMax ? out.get(2) == 2 : out.get(2) == -inf));
      }
      Array whole(dtype, {1, 1}), all(DType::kBool, {1, 1});
      table().reduce(context(), ReduceOp::kMin, in, whole, 3);
      CHECK(std::isnan(whole.get(0)));
      table().reduce(context(), ReduceOp::kAny, in, all, 3);
      CHECK(all.get(0) == 1);  // NaN is not zero
    }
    Array low(dtype, {2, 2});
    low.fill([&](int64_t) { return -inf; });
    Array out(dtype, {1, 1});
    table().reduce(context(), ReduceOp::kMax, low, out, 3);
    CHECK(out.get(0) == -inf);
  }
  Array big(DType::kInt64, {2});
  big.data<int64_t>()[0] = big.data<int64_t>()[1] = std::numeric_limits<int64_t>::max();
  Array sum(DType::kInt64, {1});
  table().reduce(context(), ReduceOp::kSum, big, sum, 1);
  CHECK(sum.data<int64_t>()[0] == -2);
  table().reduce(context(), ReduceOp::kMin, big, sum, 1);
  CHECK(sum.data<int64_t>()[0] == std::numeric_limits<int64_t>::max());
  Array none(DType::kFloat32, {0}), mean(DType::kFloat32, {1});
  table().reduce(context(), ReduceOp::kMean, none, mean, 1);
  CHECK(std::isnan(mean.get(0)));
}

TEST_CASE("arg_reduce") {
  const double nan = std::nan("");
  for (DType dtype : kAllDTypes) {
    for (const Dims& shape :
         {Dims{7, 5, 9}, Dims{1, 600, 2}, Dims{300, 1, 3}, Dims{2, 0, 3}, Dims{5}}) {
      for (auto& [layout, in] : layouts(dtype, shape)) {
        in.randomize(4);
        if (is_float(dtype) && in.size() > 0) {
          in.set(in.size() / 2, nan);
          in.set(in.size() / 2 + 1, nan);
        }
        for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis) {
          if (shape[static_cast<size_t>(axis)] == 0) continue;
          for (bool max : {false, true}) {
            for (DType to : {DType::kInt32, DType::kInt64}) {
              Array out(to, without(shape, 1u << axis));
              table().arg_reduce(context(), max, in, out, axis);
              int64_t inner = 1;
              for (size_t d = static_cast<size_t>(axis) + 1; d < shape.size(); ++d)
                inner *= shape[d];
              const int64_t n = shape[static_cast<size_t>(axis)];
              bool ok = true;
              for (int64_t i = 0; i < out.size(); ++i) {
                const int64_t first = i / inner * n * inner + i % inner;
                int64_t want = 0;
                for (int64_t k = 1; k < n; ++k) {
                  const double best = in.get(first + want * inner), v = in.get(first + k * inner);
                  if (std::isnan(best)) break;
                  if (std::isnan(v) || (max ? v > best : v < best)) want = k;
                }
                ok = ok && out.get(i) == static_cast<double>(want);
              }
              CHECK_MESSAGE(ok, "dtype " << int(dtype) << " axis " << axis << " max " << max << " "
                                         << layout);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("cumulative") {
  for (DType dtype : kAllDTypes) {
    for (const Dims& shape :
         {Dims{4, 5, 6}, Dims{1, 600, 2}, Dims{300, 140}, Dims{2, 0, 3}, Dims{1}}) {
      for (auto& [layout, in] : layouts(dtype, shape)) {
        for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis) {
          const int64_t n = shape[static_cast<size_t>(axis)];
          int64_t inner = 1;
          for (size_t d = static_cast<size_t>(axis) + 1; d < shape.size(); ++d) inner *= shape[d];
          for (int mode = 0; mode < 4; ++mode) {
            const bool times = mode & 1, reverse = mode & 2;
            in.randomize(9);
            if (times) in.fill([&](int64_t i) { return i % 3 || dtype <= DType::kUInt8 ? 1 : -1; });
            Array out(dtype, shape);
            table().cumulative(context(), times, reverse, in, out, axis);
            bool ok = true;
            for (int64_t line = 0; n > 0 && line < in.size() / n; ++line) {
              const int64_t first = line / inner * n * inner + line % inner;
              double acc = times ? 1 : 0;
              for (int64_t j = 0; j < n; ++j) {
                const int64_t at = first + (reverse ? n - 1 - j : j) * inner;
                acc = times ? acc * in.get(at) : acc + in.get(at);
                double want = acc;
                if (!is_float(dtype)) {  // integers wrap, bool is "any"
                  const auto whole = static_cast<int64_t>(acc);
                  if (dtype == DType::kBool) want = whole != 0;
                  if (dtype == DType::kUInt8) want = static_cast<uint8_t>(whole);
                  if (dtype == DType::kInt8) want = static_cast<int8_t>(whole);
                }
                ok = ok && near(out.get(at), want, epsilon(dtype));
              }
            }
            CHECK_MESSAGE(ok, "dtype " << int(dtype) << " axis " << axis << " mode " << mode << " "
                                       << layout);
          }
        }
      }
    }
  }
}

TEST_CASE("reduce and scans have the same bits on any threads") {
  for (const auto& [shape, axes] : {std::pair<Dims, uint32_t>{{1000000}, 1},
                                    {{100000, 7}, 1},
                                    {{3000, 200}, 1},
                                    {{3000, 200}, 2},
                                    {{9, 5000, 11}, 5},
                                    {{2, 300000}, 2}}) {
    Array in(DType::kFloat32, shape);
    in.randomize(6, true);
    same_bits_always([&](const Context& ctx) {
      std::vector<Array> out;
      for (ReduceOp op : {ReduceOp::kSum, ReduceOp::kMean, ReduceOp::kSumSquare, ReduceOp::kProd,
                          ReduceOp::kMax}) {
        out.emplace_back(DType::kFloat32, without(shape, axes));
        table().reduce(ctx, op, in, out.back(), axes);
      }
      out.emplace_back(DType::kInt64, without(shape, 1));
      table().arg_reduce(ctx, true, in, out.back(), 0);
      out.emplace_back(DType::kFloat32, shape);
      table().cumulative(ctx, false, true, in, out.back(), 0);
      return out;
    });
  }
}
