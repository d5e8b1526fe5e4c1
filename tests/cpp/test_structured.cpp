// Pooling, softmax, cross-entropy and normalization kernels against plain loops in doubles.
#include "kernel_support.h"

using namespace kernel_test;
using lamina::abi::PoolArgs;

namespace {

bool all_near(const Array& got, const std::vector<double>& want, double tolerance) {
  for (int64_t i = 0; i < got.size(); ++i)
    if (!near(got.get(i), want[static_cast<size_t>(i)], tolerance)) return false;
  return got.size() == static_cast<int64_t>(want.size());
}
std::vector<double> values(const Array& a) {
  std::vector<double> out(static_cast<size_t>(a.size()));
  for (size_t i = 0; i < out.size(); ++i) out[i] = a.get(static_cast<int64_t>(i));
  return out;
}

struct Pool {
  int64_t n, in, channels, window, stride, low, out;  // a square image
};

}  // namespace

TEST_CASE("pooling and its gradients") {
  for (DType d : {DType::kFloat32, DType::kFloat64})
    for (const Pool& p : {Pool{2, 6, 3, 2, 2, 0, 3},
                          {1, 7, 17, 3, 2, 1, 4},
                          {2, 5, 1, 3, 1, 0, 3},
                          {1, 4, 40, 4, 4, 0, 1}})
      for (bool max : {true, false}) {
        CAPTURE(p.in);
        CAPTURE(max);
        Array x(d, {p.n, p.in, p.in, p.channels}), y(d, {p.n, p.out, p.out, p.channels});
        Array gy = y, gx = x;
        x.randomize(1, true), gy.randomize(2, true), gx.fill([](int64_t) { return 7; });
        PoolArgs args{2, max, {p.window, p.window}, {p.stride, p.stride}, {p.low, p.low}};
        table().pool(context(), args, x, y);
        table().pool_grad(context(), args, x, y, gy, gx);
        std::vector<double> want(static_cast<size_t>(y.size())),
            back(static_cast<size_t>(x.size()));
        for (int64_t i = 0; i < y.size(); ++i) {
          const int64_t c = i % p.channels, o = i / p.channels % (p.out * p.out),
                        n = i / p.channels / (p.out * p.out);
          std::vector<int64_t> seen;
          for (int64_t k = 0; k < p.window * p.window; ++k) {
            const int64_t r = o / p.out * p.stride - p.low + k / p.window,
                          q = o % p.out * p.stride - p.low + k % p.window;
            if (r >= 0 && r < p.in && q >= 0 && q < p.in)
              seen.push_back(((n * p.in + r) * p.in + q) * p.channels + c);
          }
          int64_t best = seen[0];
          double sum = 0;
          for (int64_t s : seen) {
            sum += x.get(s);
            if (x.get(s) > x.get(best)) best = s;
          }
          want[static_cast<size_t>(i)] = max ? x.get(best) : sum / static_cast<double>(seen.size());
          if (max) {
            back[static_cast<size_t>(best)] += gy.get(i);
          } else {
            for (int64_t s : seen)
              back[static_cast<size_t>(s)] += gy.get(i) / static_cast<double>(seen.size());
          }
        }
        CHECK(all_near(y, want, 8 * epsilon(d)));
        CHECK(all_near(gx, back, 16 * epsilon(d)));
      }
}

TEST_CASE("softmax, its logarithm and gradients") {
  for (DType d : {DType::kFloat32, DType::kFloat64})
    for (int64_t c : {1, 3, 10, 16, 33, 1000}) {
      const int64_t rows = 5;
      Array x(d, {rows, c}), g(d, {rows, c});
      x.randomize(1, true), g.randomize(2, true);
      x.fill([&](int64_t i) { return 20 * x.get(i); });  // large numbers do not overflow
      for (bool log : {false, true}) {
        Array y = x, gx = x;
        table().softmax(context(), log, x, y);
        table().softmax_grad(context(), log, y, g, gx);
        std::vector<double> want = values(x), back(want.size());
        for (int64_t r = 0; r < rows; ++r) {
          const auto at = [&](int64_t j) { return static_cast<size_t>(r * c + j); };
          double top = -INFINITY, sum = 0, dot = 0;
          for (int64_t j = 0; j < c; ++j) top = std::max(top, want[at(j)]);
          for (int64_t j = 0; j < c; ++j) sum += std::exp(want[at(j)] - top);
          std::vector<double> p(static_cast<size_t>(c));
          for (int64_t j = 0; j < c; ++j)
            p[static_cast<size_t>(j)] = std::exp(want[at(j)] - top) / sum;
          for (int64_t j = 0; j < c; ++j)
            dot += g.get(r * c + j) * (log ? 1 : p[static_cast<size_t>(j)]);
          for (int64_t j = 0; j < c; ++j) {
            const double q = p[static_cast<size_t>(j)], gj = g.get(r * c + j);
            want[at(j)] = log ? want[at(j)] - top - std::log(sum) : q;
            back[at(j)] = log ? gj - q * dot : q * (gj - dot);
          }
        }
        CHECK(all_near(y, want, 40 * epsilon(d)));
        CHECK(all_near(gx, back, 200 * epsilon(d)));
      }
    }
}

TEST_CASE("cross-entropy of labels and its gradient") {
  const int64_t rows = 7, c = 5;
  Array x(DType::kFloat32, {rows, c}), labels(DType::kInt32, {rows}), loss(DType::kFloat32, {rows}),
      g(DType::kFloat32, {rows});
  x.randomize(1, true), g.randomize(2, true);
  labels.fill([&](int64_t i) { return static_cast<double>(i % c); });
  Array gx = x;
  CHECK(table().sparse_xent(context(), x, labels, loss) == -1);
  table().sparse_xent_grad(context(), x, labels, g, gx);
  for (int64_t r = 0; r < rows; ++r) {
    double sum = 0;
    for (int64_t j = 0; j < c; ++j) sum += std::exp(x.get(r * c + j));
    CHECK(near(loss.get(r), std::log(sum) - x.get(r * c + r % c), 1e-5));
    for (int64_t j = 0; j < c; ++j)
      CHECK(near(gx.get(r * c + j),
                 g.get(r) * (std::exp(x.get(r * c + j)) / sum - (j == r % c ? 1 : 0)), 1e-5));
  }
  labels.set(3, 5);
  CHECK(table().sparse_xent(context(), x, labels, loss) == 3);
  labels.set(3, -1);
  CHECK(table().sparse_xent(context(), x, labels, loss) == 3);
}

TEST_CASE("layer and batch normalization and their gradients") {
  for (DType d : {DType::kFloat32, DType::kFloat64})
    for (bool by_row : {true, false})
      for (int64_t c : {1, 5, 16, 50})
        for (bool affine : {true, false}) {
          const int64_t rows = 40;
          const double eps = 1e-3, limit = 400 * epsilon(d);
          Array x(d, {rows, c}), g(d, {rows, c}), gamma(d, {c}), beta(d, {c}), y(d, {rows, c});
          x.randomize(1, true), g.randomize(2, true), gamma.randomize(3, true);
          beta.randomize(4, true);
          x.fill([&](int64_t i) { return x.get(i) * 2 + 1; });
          const int64_t groups = by_row ? rows : c, size = by_row ? c : rows;
          Array mean(d, {groups}), spread(d, {groups}), gx(d, {rows, c}), ggamma(d, {c}),
              gbeta(d, {c});
          const View *w = affine ? &gamma.view() : nullptr, *b = affine ? &beta.view() : nullptr,
                     *gw = affine ? &ggamma.view() : nullptr,
                     *gb = affine ? &gbeta.view() : nullptr;
          if (by_row) {
            table().layer_norm(context(), eps, x, w, b, y, mean, spread);
            table().layer_norm_grad(context(), x, w, mean, spread, g, gx, gw, gb);
          } else {
            table().batch_norm_stats(context(), x, mean, spread);
            table().batch_norm(context(), {eps, x, mean, spread, y, w, b, nullptr, false});
            table().batch_norm_grad(
                context(),
                {{eps, x, mean, spread, y, w, b, nullptr, false}, g, gx, nullptr, gw, gb, nullptr});
          }
          std::vector<double> want(static_cast<size_t>(rows * c)), back(want.size()),
              dw(static_cast<size_t>(c)), db(static_cast<size_t>(c));
          for (int64_t q = 0; q < groups; ++q) {
            const auto at = [&](int64_t j) { return by_row ? q * c + j : j * c + q; };
            double m = 0, v = 0, sum = 0, dot = 0;
            const double n = static_cast<double>(size);
            for (int64_t j = 0; j < size; ++j) m += x.get(at(j)) / n;
            for (int64_t j = 0; j < size; ++j) v += std::pow(x.get(at(j)) - m, 2) / n;
            const double r = 1 / std::sqrt(v + eps);
            const auto scale = [&](int64_t i) { return affine ? gamma.get(i % c) : 1.0; };
            for (int64_t j = 0; j < size; ++j) {
              const int64_t i = at(j);
              const double z = (x.get(i) - m) * r, h = g.get(i) * scale(i);
              want[static_cast<size_t>(i)] = z * scale(i) + (affine ? beta.get(i % c) : 0);
              sum += h, dot += h * z;
              dw[static_cast<size_t>(i % c)] += g.get(i) * z,
                  db[static_cast<size_t>(i % c)] += g.get(i);
            }
            for (int64_t j = 0; j < size; ++j) {
              const int64_t i = at(j);
              back[static_cast<size_t>(i)] =
                  r * (g.get(i) * scale(i) - sum / n - (x.get(i) - m) * r * dot / n);
            }
          }
          CAPTURE(c);
          CAPTURE(by_row);
          CHECK(all_near(y, want, limit));
          CHECK(all_near(gx, back, limit * 10));
          if (affine) {
            CHECK(all_near(ggamma, dw, limit));
            CHECK(all_near(gbeta, db, limit));
          }
        }
}

TEST_CASE("batch normalization with ReLU and a residual, and the gradients through both") {
  for (DType d : {DType::kFloat32, DType::kFloat64})
    for (int64_t c : {1, 5, 16, 50})
      for (bool with_residual : {true, false}) {
        const int64_t rows = 40, size = rows * c;
        const double eps = 1e-3, limit = 400 * epsilon(d);
        Array x(d, {rows, c}), g1(d, {rows, c}), g2(d, {rows, c}), more(d, {rows, c}),
            gamma(d, {c}), beta(d, {c}), mean(d, {c}), var(d, {c}), y(d, {rows, c}),
            gx(d, {rows, c}), ggamma(d, {c}), gbeta(d, {c}), gmore(d, {rows, c});
        x.randomize(1, true), g1.randomize(2, true), g2.randomize(3, true);
        more.randomize(4, true), gamma.randomize(5, true), beta.randomize(6, true);
        const View* residual = with_residual ? &more.view() : nullptr;
        table().batch_norm_stats(context(), x, mean, var);
        table().batch_norm(context(),
                           {eps, x, mean, var, y, &gamma.view(), &beta.view(), residual, true});
        table().batch_norm_grad(
            context(), {{eps, x, mean, var, y, &gamma.view(), &beta.view(), residual, true},
                        g1,
                        gx,
                        with_residual ? &g2.view() : nullptr,
                        &ggamma.view(),
                        &gbeta.view(),
                        with_residual ? &gmore.view() : nullptr});
        std::vector<double> want(static_cast<size_t>(size)), up(want.size()), back(want.size());
        for (int64_t q = 0; q < c; ++q) {
          double m = 0, v = 0, sum = 0, dot = 0;
          for (int64_t i = q; i < size; i += c) m += x.get(i) / rows;
          for (int64_t i = q; i < size; i += c) v += std::pow(x.get(i) - m, 2) / rows;
          const double r = 1 / std::sqrt(v + eps);
          for (int64_t i = q; i < size; i += c) {
            const double z = (x.get(i) - m) * r,
                         h = z * gamma.get(q) + beta.get(q) + (with_residual ? more.get(i) : 0);
            const auto at = static_cast<size_t>(i);
            want[at] = h > 0 ? h : 0;
            // Where the sum is near zero its sign is a matter of rounding.
            up[at] = (y.get(i) > 0 ? 1 : 0) * (g1.get(i) + (with_residual ? g2.get(i) : 0));
            sum += up[at], dot += up[at] * z;
          }
          for (int64_t i = q; i < size; i += c)
            back[static_cast<size_t>(i)] =
                r * gamma.get(q) *
                (up[static_cast<size_t>(i)] - sum / rows - (x.get(i) - m) * r * dot / rows);
          CHECK(ggamma.get(q) == doctest::Approx(dot).epsilon(limit));
          CHECK(gbeta.get(q) == doctest::Approx(sum).epsilon(limit));
        }
        CAPTURE(c);
        CHECK(all_near(y, want, limit));
        CHECK(all_near(gx, back, limit * 10));
        if (with_residual) CHECK(all_near(gmore, up, limit));
      }
}

TEST_CASE("structured kernels: same bits for any threads") {
  same_bits_always([&](const Context& ctx) {
    Array x(DType::kFloat32, {300, 70}), y = x, gx = x, mean(DType::kFloat32, {70}), var = mean,
                                         gw = mean, gb = mean;
    x.randomize(1, true);
    table().batch_norm_stats(ctx, x, mean, var);
    table().batch_norm(ctx, {1e-3, x, mean, var, y, nullptr, nullptr, nullptr, false});
    table().batch_norm_grad(ctx, {{1e-3, x, mean, var, y, nullptr, nullptr, nullptr, false},
                                  y,
                                  gx,
                                  nullptr,
                                  &gw.view(),
                                  &gb.view(),
                                  nullptr});
    Array p = x, q = x;
    table().softmax(ctx, false, x, p);
    table().softmax_grad(ctx, false, p, x, q);
    return std::vector<Array>{mean, var, y, gx, gw, gb, p, q};
  });
}
