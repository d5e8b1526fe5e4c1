// Matrix products and convolutions against plain loops in double precision.
#include "kernel_support.h"

using namespace kernel_test;
using lamina::abi::ConvArgs;
using lamina::abi::EwOp;
using lamina::abi::MatmulArgs;

namespace {

// Rounding of a sum of k products of numbers about 1.
double tolerance(DType d, int64_t k) {
  return epsilon(d) * (4 + 2 * std::sqrt(static_cast<double>(k))) *
         std::sqrt(static_cast<double>(std::max<int64_t>(k, 1)));
}

struct Case {
  int64_t m, n, k;
};

// Every tile height, tails of every width, several depths and heights of blocks.
std::vector<Case> cases() {
  std::vector<Case> out;
  for (int64_t m : {1, 2, 3, 5, 7, 11, 12, 13, 25, 40})
    for (int64_t n : {1, 2, 3, 8, 15, 16, 17, 32, 33, 70})
      for (int64_t k : {0, 1, 4, 17, 33}) out.push_back({m, n, k});
  out.push_back({200, 40, 300});
  out.push_back({400, 100, 64});
  out.push_back({64, 512, 64});
  out.push_back({10, 12, 5000});
  out.push_back({128, 96, 513});
  out.push_back({50, 70, 2100});
  out.push_back({1, 200, 400});
  out.push_back({2, 300, 500});
  return out;
}

Array matrix(DType d, int64_t rows, int64_t columns, bool transposed, int64_t gap) {
  return transposed ? Array(d, {rows, columns}, {1, rows + gap})
                    : Array(d, {rows, columns}, {columns + gap, 1});
}

void check_product(DType d, const Case& c, bool ta, bool tb, int64_t gap) {
  Array a = matrix(d, c.m, c.k, ta, gap), b = matrix(d, c.k, c.n, tb, gap),
        out = matrix(d, c.m, c.n, false, gap);
  a.randomize(1, true), b.randomize(2, true), out.fill([](int64_t) { return 7; });
  MatmulArgs args{a, b, out, nullptr, false, {}, 0, 0, false};
  table().matmul(context(), args);
  const double limit = tolerance(d, c.k);
  const std::vector<double> left = a.values(), right = b.values();
  for (int64_t i = 0; i < c.m; ++i)
    for (int64_t j = 0; j < c.n; ++j) {
      double want = 0;
      for (int64_t p = 0; p < c.k; ++p)
        want += left[static_cast<size_t>(i * c.k + p)] * right[static_cast<size_t>(p * c.n + j)];
      if (near(out.get(i * c.n + j), want, limit)) continue;
      FAIL_CHECK("(" << c.m << ", " << c.k << ") x (" << c.k << ", " << c.n << "), transposed "
                     << ta << tb << ": " << out.get(i * c.n + j) << " for " << want);
      return;
    }
}

}  // namespace

TEST_CASE("matmul: shapes, transposed and padded operands") {
  for (DType d : {DType::kFloat32, DType::kFloat64})
    for (const Case& c : cases())
      for (bool ta : {false, true})
        for (bool tb : {false, true}) check_product(d, c, ta, tb, ta == tb ? 3 : 0);
}

TEST_CASE("matmul: rows a large power of two apart") {
  for (bool ta : {false, true})
    for (bool tb : {false, true}) check_product(DType::kFloat32, {40, 80, 1024}, ta, tb, 0);
  check_product(DType::kFloat32, {1024, 40, 50}, true, false, 0);
}

TEST_CASE("matmul: a strided row by a column") {
  Array a(DType::kFloat32, {1, 6}, {1, 3}), b(DType::kFloat32, {6, 1}, {2, 1}),
      out(DType::kFloat32, {1, 1});
  a.fill([](int64_t i) { return i; }), b.fill([](int64_t i) { return i + 1; });
  table().matmul(context(), {a, b, out, nullptr, false, {}, 0, 0, false});
  CHECK(out.get(0) == 0 * 1 + 1 * 2 + 2 * 3 + 3 * 4 + 4 * 5 + 5 * 6);
}

TEST_CASE("matmul: batches, broadcast operands, neither axis contiguous") {
  for (DType d : {DType::kFloat32, DType::kFloat64}) {
    const int64_t m = 5, n = 19, k = 7;
    Array a(d, {3, 2, m, k}, {0, 4 * m * k, 2, 2 * m}),
        b(d, {3, 2, k, n}, {2 * k * n, 0, 2 * n, 2}), out(d, {3, 2, m, n});
    a.randomize(1, true), b.randomize(2, true);
    table().matmul(context(), {a, b, out, nullptr, false, {}, 0, 0, false});
    for (int64_t q = 0; q < 6; ++q)
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          double want = 0;
          for (int64_t p = 0; p < k; ++p)
            want += a.get((q * m + i) * k + p) * b.get((q * k + p) * n + j);
          CHECK(near(out.get((q * m + i) * n + j), want, tolerance(d, k)));
        }
  }
}

TEST_CASE("matmul: bias, activation and accumulation") {
  for (const Case& c :
       {Case{1, 10, 64}, {3, 1, 9}, {33, 40, 20}, {64, 512, 64}, {10, 12, 5000}, {2, 300, 500}}) {
    const DType d = DType::kFloat32;
    Array a(d, {c.m, c.k}), b(d, {c.k, c.n}), out(d, {c.m, c.n}), bias(d, {c.n}),
        again(d, {c.m, c.n});
    a.randomize(1, true), b.randomize(2, true), bias.randomize(3, true), again.randomize(4, true);
    const Array before = again;
    table().matmul(context(), {a, b, out, &bias.view(), true, EwOp::relu, 0, 0, false});
    table().matmul(context(), {a, b, again, nullptr, false, {}, 0, 0, true});
    for (int64_t i = 0; i < c.m * c.n; ++i) {
      double want = 0;
      for (int64_t p = 0; p < c.k; ++p) want += a.get(i / c.n * c.k + p) * b.get(p * c.n + i % c.n);
      const double limit = tolerance(d, c.k);
      CHECK(near(out.get(i), std::max(0.0, want + bias.get(i % c.n)), limit));
      CHECK(near(again.get(i), want + before.get(i), limit));
    }
  }
}

TEST_CASE("matmul: a product with zero rows writes nothing; NaN and infinity come through") {
  const DType d = DType::kFloat32;
  Array a(d, {3, 4}), b(d, {4, 5}), out(d, {3, 5});
  a.fill([](int64_t i) { return i == 5 ? NAN : i == 8 ? INFINITY : 1; });
  b.fill([](int64_t) { return 1; });
  table().matmul(context(), {a, b, out, nullptr, false, {}, 0, 0, false});
  CHECK(out.get(0) == 4);
  CHECK(std::isnan(out.get(5)));
  CHECK(std::isinf(out.get(10)));
  Array none(d, {0, 4}), empty(d, {0, 5});
  table().matmul(context(), {none, b, empty, nullptr, false, {}, 0, 0, false});
}

TEST_CASE("matmul: same bits for any threads") {
  for (const Case& c : {Case{300, 200, 100}, {20, 30, 6000}, {64, 300, 300}, {1, 700, 900}})
    same_bits_always([&](const Context& ctx) {
      Array a(DType::kFloat32, {c.m, c.k}), b(DType::kFloat32, {c.k, c.n}),
          out(DType::kFloat32, {c.m, c.n});
      a.randomize(1, true), b.randomize(2, true);
      table().matmul(ctx, {a, b, out, nullptr, false, {}, 0, 0, false});
      return std::vector<Array>{out};
    });
}

namespace {

struct ConvCase {
  Dims in, kernel;  // spatial
  int64_t images, channels, filters, groups = 1;
  Dims stride = {1, 1, 1}, dilation = {1, 1, 1}, low = {0, 0, 0}, high = {0, 0, 0};
};

struct Conv {
  ConvArgs args{};
  Array x, w, y, bias;
  Dims out;

  static Dims out_of(const ConvCase& c) {
    Dims o;
    for (size_t d = 0; d < c.in.size(); ++d)
      o.push_back((c.in[d] + c.low[d] + c.high[d] - (c.kernel[d] - 1) * c.dilation[d] - 1) /
                      c.stride[d] +
                  1);
    return o;
  }
  static Dims join(int64_t first, Dims middle, Dims last) {
    middle.insert(middle.begin(), first);
    middle.insert(middle.end(), last.begin(), last.end());
    return middle;
  }
  Conv(const ConvCase& c, DType d)
      : x(d, join(c.images, c.in, {c.channels})),
        w(d,
          [&] {
            Dims s = c.kernel;
            s.push_back(c.channels / c.groups), s.push_back(c.filters);
            return s;
          }()),
        y(d, join(c.images, out_of(c), {c.filters})),
        bias(d, {c.filters}),
        out(out_of(c)) {
    args.spatial = static_cast<int32_t>(c.in.size());
    args.groups = static_cast<int32_t>(c.groups);
    for (size_t i = 0; i < c.in.size(); ++i)
      args.stride[i] = c.stride[i], args.dilation[i] = c.dilation[i], args.pad_lo[i] = c.low[i];
    x.randomize(1, true), w.randomize(2, true), bias.randomize(3, true);
  }
  // Calls f(flat x, flat w, flat y) for each product of the sum.
  template <class F>
  void each(const ConvCase& c, F&& f) const {
    const size_t rank = c.in.size();
    const int64_t pixels = product(out), taps = product(c.kernel), cg = c.channels / c.groups,
                  fg = c.filters / c.groups;
    for (int64_t n = 0; n < c.images; ++n)
      for (int64_t o = 0; o < pixels; ++o)
        for (int64_t t = 0; t < taps; ++t) {
          int64_t at = 0, o_left = o, t_left = t, scale = 1;
          bool inside = true;
          for (size_t d = rank; d-- > 0;) {
            const int64_t i =
                o_left % out[d] * c.stride[d] + t_left % c.kernel[d] * c.dilation[d] - c.low[d];
            inside = inside && i >= 0 && i < c.in[d];
            at += i * scale, scale *= c.in[d];
            o_left /= out[d], t_left /= c.kernel[d];
          }
          if (!inside) continue;
          for (int64_t j = 0; j < c.filters; ++j)
            for (int64_t q = 0; q < cg; ++q)
              f(static_cast<size_t>((n * product(c.in) + at) * c.channels + j / fg * cg + q),
                static_cast<size_t>((t * cg + q) * c.filters + j),
                static_cast<size_t>((n * pixels + o) * c.filters + j));
        }
  }
};

std::vector<ConvCase> conv_cases() {
  return {
      {{8}, {3}, 2, 3, 5},
      {{9}, {4}, 2, 3, 17, 1, {2}, {1}, {3}, {0}},
      {{7, 6}, {3, 3}, 2, 1, 32},
      {{8, 9}, {3, 3}, 3, 16, 16, 1, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {{9, 14}, {3, 3}, 2, 8, 40, 1, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {{8, 8}, {3, 3}, 2, 16, 32, 1, {2, 2}, {1, 1}, {0, 0}, {1, 1}},
      {{7, 5}, {1, 1}, 2, 3, 5},
      {{7, 5}, {1, 1}, 2, 3, 20, 1, {2, 2}},
      {{7, 5}, {1, 1}, 2, 3, 5, 1, {1, 1}, {1, 1}, {1, 0}, {0, 2}},
      {{11, 10}, {3, 2}, 2, 4, 6, 2, {1, 2}, {2, 3}, {1, 2}, {0, 1}},
      {{9, 9}, {2, 2}, 2, 6, 6, 3, {3, 3}},  // windows that leave gaps
      {{9, 9}, {3, 3}, 2, 4, 4, 4, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {{9, 9}, {3, 3}, 2, 4, 8, 4, {2, 2}, {1, 1}, {1, 1}, {1, 1}},
      {{9, 8}, {3, 3}, 2, 83, 83, 83, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {{9, 8}, {3, 2}, 2, 83, 83, 83, {2, 2}, {1, 2}, {1, 0}, {1, 1}},
      {{10, 10}, {3, 3}, 1, 2, 3, 1, {2, 2}, {2, 2}},
      {{10, 10}, {3, 3}, 1, 2, 3, 1, {4, 3}, {2, 3}, {4, 4}, {4, 4}},
      {{4, 5, 6}, {2, 3, 2}, 2, 3, 4, 1, {1, 1, 1}, {1, 1, 1}, {0, 1, 0}, {1, 1, 0}},
      {{5, 6, 5}, {2, 2, 3}, 1, 2, 18, 1, {2, 1, 2}, {1, 2, 1}, {1, 0, 1}, {1, 0, 1}},
      {{30, 30}, {5, 5}, 4, 16, 40, 1, {1, 1}, {1, 1}, {2, 2}, {2, 2}},  // several bands
      {{16, 16}, {3, 3}, 3, 16, 48, 1, {1, 1}, {1, 1}, {1, 1}, {1, 1}},  // in squares
      {{13, 27}, {3, 3}, 3, 32, 16, 1, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {{40, 9}, {3, 3}, 2, 16, 80, 1, {1, 1}, {1, 1}, {2, 0}, {1, 2}},
      {{7, 9}, {3, 3}, 40, 256, 16, 1, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {{3, 3}, {5, 5}, 2, 2, 2, 1, {1, 1}, {1, 1}, {2, 2}, {2, 2}},  // larger than the image
      {{0, 4}, {1, 1}, 2, 3, 4},
  };
}

}  // namespace

TEST_CASE("convolution and its gradients") {
  for (DType d : {DType::kFloat32, DType::kFloat64}) {
    int number = 0;
    for (const ConvCase& c : conv_cases()) {
      CAPTURE(number++);
      Conv v(c, d);
      const int64_t depth = product(c.kernel) * c.channels / c.groups;
      v.args.bias = &v.bias.view(), v.args.has_act = true, v.args.act = EwOp::relu;
      table().conv(context(), v.args, v.x, v.w, v.y);
      const std::vector<double> xs = v.x.values(), ws = v.w.values();
      std::vector<double> y(static_cast<size_t>(v.y.size()));
      for (size_t i = 0; i < y.size(); ++i) y[i] = v.bias.get(static_cast<int64_t>(i) % c.filters);
      v.each(c, [&](size_t x, size_t w, size_t o) { y[o] += xs[x] * ws[w]; });
      int wrong = 0;
      for (int64_t i = 0; i < v.y.size(); ++i)
        wrong += !near(v.y.get(i), std::max(0.0, y[static_cast<size_t>(i)]), tolerance(d, depth));
      CHECK(wrong == 0);

      Array gy = v.y, gx = v.x, gw = v.w;
      gy.randomize(9, true);
      gx.fill([](int64_t) { return 7; }), gw.fill([](int64_t) { return 7; });
      v.args.bias = nullptr, v.args.has_act = false;
      table().conv_input_grad(context(), v.args, gy, v.w, gx);
      table().conv_kernel_grad(context(), v.args, v.x, gy, gw);
      std::vector<double> dx(static_cast<size_t>(gx.size())), dw(static_cast<size_t>(gw.size()));
      const std::vector<double> dy = gy.values();
      v.each(c,
             [&](size_t x, size_t w, size_t o) { dx[x] += dy[o] * ws[w], dw[w] += dy[o] * xs[x]; });
      wrong = 0;
      const int64_t back = product(c.kernel) * c.filters / c.groups;
      for (int64_t i = 0; i < gx.size(); ++i)
        wrong += !near(gx.get(i), dx[static_cast<size_t>(i)], tolerance(d, back));
      CHECK(wrong == 0);
      wrong = 0;
      const int64_t pixels = std::max<int64_t>(1, c.images * product(v.out));
      for (int64_t i = 0; i < gw.size(); ++i)
        wrong += !near(gw.get(i), dw[static_cast<size_t>(i)], tolerance(d, pixels));
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("convolution: same bits for any threads") {
  for (const ConvCase& c : conv_cases())
    same_bits_always([&](const Context& ctx) {
      Conv v(c, DType::kFloat32);
      table().conv(ctx, v.args, v.x, v.w, v.y);
      Array gx = v.x, gw = v.w;
      table().conv_input_grad(ctx, v.args, v.y, v.w, gx);
      table().conv_kernel_grad(ctx, v.args, v.x, v.y, gw);
      return std::vector<Array>{v.y, gx, gw};
    });
}

TEST_CASE("matmul: operands rounded to bfloat16") {
  // Of numbers that are bfloat16 already nothing is lost but the rounding of sums.
  for (const Case& c :
       {Case{16, 16, 32}, {40, 70, 33}, {128, 96, 513}, {300, 40, 64}, {330, 200, 1100}})
    for (int way = 0; way < 3; ++way)
      for (bool tb : {false, true}) {
        const DType d = DType::kFloat32;
        // The last: every second number of its rows.
        Array a =
            way < 2 ? matrix(d, c.m, c.k, way == 1, 3) : Array(d, {c.m, c.k}, {2 * c.k + 1, 2});
        Array b = matrix(d, c.k, c.n, tb, 5), out = matrix(d, c.m, c.n, false, 1), bias(d, {c.n});
        a.randomize(1), b.randomize(2), bias.randomize(3);  // halves from -2 to 2
        MatmulArgs args{a, b, out, &bias.view(), false, {}, 0, 0, false, true};
        // each(the right sum, that of magnitudes, what came out)
        const auto compare = [&](auto&& each) {
          std::vector<double> left(c.m * c.k), right(c.k * c.n);
          for (int64_t i = 0; i < c.m * c.k; ++i) left[i] = a.get(i);
          for (int64_t i = 0; i < c.k * c.n; ++i) right[i % c.n * c.k + i / c.n] = b.get(i);
          // Of many rows some, in every place of a tile.
          for (int64_t i = 0; i < c.m; i += c.m * c.n * c.k > 1e7 ? 7 : 1)
            for (int64_t j = 0; j < c.n; ++j) {
              double want = bias.get(j), size = 1;
              for (int64_t p = 0; p < c.k; ++p) {
                const double term = left[i * c.k + p] * right[j * c.k + p];
                want += term, size += std::fabs(term);
              }
              each(want, size, out.get(i * c.n + j));
            }
        };
        table().matmul(context(), args);
        double worst = 0;
        compare([&](double want, double, double got) {
          worst = std::max(worst, std::fabs(got - want));
        });
        CHECK(worst == 0);  // quarters: sums are exact
        // Others lose at most the last 16 bits of each operand.
        a.randomize(4, true), b.randomize(5, true);
        table().matmul(context(), args);
        compare([&](double want, double size, double got) {
          worst = std::max(worst, std::fabs(got - want) / size);
        });
        CHECK(worst < std::ldexp(1.0, -8));
      }
}

TEST_CASE("matmul: what is too small to be normal counts as zero, and only there") {
  for (const DType d : {DType::kFloat32, DType::kFloat64}) {
    const double least = d == DType::kFloat32 ? std::numeric_limits<float>::min()
                                              : std::numeric_limits<double>::min();
    Array a(d, {24, 40}), b(d, {40, 48}), out(d, {24, 48});
    a.fill([&](int64_t) { return std::sqrt(least); });  // results
    b.fill([&](int64_t) { return std::sqrt(least) / 128; });
    MatmulArgs args{a, b, out, nullptr, false, {}, 0, 0, false};
    table().matmul(context(), args);
    CHECK(out.get(5) == 0);
    a.fill([&](int64_t) { return least / 4; });  // operands
    b.fill([&](int64_t) { return 1e30; });
    table().matmul(context(), args);
    CHECK(out.get(5) == 0);
  }
  volatile float least = std::numeric_limits<float>::min();  // the caller's arithmetic is as it was
  CHECK(least / 2 > 0);
}
