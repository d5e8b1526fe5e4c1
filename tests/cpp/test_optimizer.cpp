#include "kernel_support.h"

using namespace kernel_test;
using lamina::abi::AdamArgs;
using lamina::abi::RmspropArgs;
using lamina::abi::SgdArgs;

namespace {

constexpr int64_t kSizes[] = {0, 1, 7, 1000, 40001};

Array normal(DType dtype, int64_t n, uint32_t seed) {
  return Array(dtype, {n}).randomize(seed, true);
}
Array positive(DType dtype, int64_t n, uint32_t seed) {
  Array a = normal(dtype, n, seed);
  return a.fill([&](int64_t i) { return a.get(i) * a.get(i) + 0.1; });
}
Array scalar(double v, DType dtype = DType::kFloat64) { return array(dtype, {}, {v}); }

// Compares each element of `got` with f(i) in doubles.
void check(const std::string& what, const Array& got, const std::function<double(int64_t)>& f) {
  const double tolerance = 20 * epsilon(got.view().dtype);
  bool ok = true;
  for (int64_t i = 0; i < got.size(); ++i) ok = ok && near(got.get(i), f(i), tolerance);
  CHECK_MESSAGE(ok, what << " n " << got.size() << " dtype " << int(got.view().dtype));
}

}  // namespace

TEST_CASE("sgd") {
  for (DType dtype : {DType::kFloat32, DType::kFloat64}) {
    for (int64_t n : kSizes) {
      for (double decay : {0.0, 0.1}) {
        const Array p0 = normal(dtype, n, 1), g = normal(dtype, n, 2), v0 = normal(dtype, n, 3);
        const Array lr = scalar(0.0625, decay > 0 ? DType::kFloat32 : DType::kFloat64);
        const auto start = [&](int64_t i) { return p0.get(i) * (1 - decay * 0.0625); };
        Array p = p0, v = v0;
        table().sgd(context(), SgdArgs{0, decay, false}, p, g, nullptr, lr);
        check("plain", p, [&](int64_t i) { return start(i) - 0.0625 * g.get(i); });
        for (bool nesterov : {false, true}) {
          p = p0, v = v0;
          table().sgd(context(), SgdArgs{0.9, decay, nesterov}, p, g, &v.view(), lr);
          const auto moved = [&](int64_t i) { return 0.9 * v0.get(i) - 0.0625 * g.get(i); };
          check("velocity", v, moved);
          check("momentum", p, [&](int64_t i) {
            return start(i) + (nesterov ? 0.9 * moved(i) - 0.0625 * g.get(i) : moved(i));
          });
        }
      }
    }
  }
}

TEST_CASE("adam") {
  const double b1 = 0.9, b2 = 0.999, eps = 1e-7, rate = 0.01;
  for (DType dtype : {DType::kFloat32, DType::kFloat64}) {
    for (int64_t n : kSizes) {
      for (double t : {1.0, 2.0, 1000.0}) {
        for (int mode = 0; mode < 4; ++mode) {
          const bool amsgrad = mode & 1;
          const double decay = mode & 2 ? 0.02 : 0;
          const Array p0 = normal(dtype, n, 1), g = normal(dtype, n, 2), m0 = normal(dtype, n, 3);
          const Array v0 = positive(dtype, n, 4), hat0 = positive(dtype, n, 5);
          Array p = p0, m = m0, v = v0, hat = hat0;
          table().adam(context(), AdamArgs{b1, b2, eps, decay, amsgrad}, p, g, m, v,
                       amsgrad ? &hat.view() : nullptr, scalar(rate), scalar(t));
          const double alpha = rate * std::sqrt(1 - std::pow(b2, t)) / (1 - std::pow(b1, t));
          const auto mi = [&](int64_t i) { return m0.get(i) + (g.get(i) - m0.get(i)) * (1 - b1); };
          const auto vi = [&](int64_t i) {
            return v0.get(i) + (g.get(i) * g.get(i) - v0.get(i)) * (1 - b2);
          };
          const auto top = [&](int64_t i) {
            return amsgrad ? std::max(vi(i), hat0.get(i)) : vi(i);
          };
          check("m", m, mi);
          check("v", v, vi);
          if (amsgrad) check("vhat", hat, top);
          check("p", p, [&](int64_t i) {
            return p0.get(i) * (1 - decay * rate) - mi(i) * alpha / (std::sqrt(top(i)) + eps);
          });
        }
      }
    }
  }
}

TEST_CASE("rmsprop") {
  const double rho = 0.9, eps = 1e-2, rate = 0.01;
  for (DType dtype : {DType::kFloat32, DType::kFloat64}) {
    for (int64_t n : kSizes) {
      for (int mode = 0; mode < 8; ++mode) {
        const bool centered = mode & 1;
        const double momentum = mode & 2 ? 0.8 : 0, decay = mode & 4 ? 0.02 : 0;
        const Array p0 = normal(dtype, n, 1), g = normal(dtype, n, 2), mom0 = normal(dtype, n, 3);
        Array v0 = positive(dtype, n, 4);
        const Array mean0 = normal(dtype, n, 5);
        v0.fill([&](int64_t i) { return v0.get(i) + mean0.get(i) * mean0.get(i); });
        Array p = p0, v = v0, mom = mom0, mean = mean0;
        table().rmsprop(context(), RmspropArgs{rho, momentum, eps, decay, centered}, p, g, v,
                        momentum > 0 ? &mom.view() : nullptr, centered ? &mean.view() : nullptr,
                        scalar(rate));
        const auto vi = [&](int64_t i) {
          return rho * v0.get(i) + (1 - rho) * g.get(i) * g.get(i);
        };
        const auto avg = [&](int64_t i) { return rho * mean0.get(i) + (1 - rho) * g.get(i); };
        const auto step = [&](int64_t i) {
          const double d = vi(i) - (centered ? avg(i) * avg(i) : 0);
          return rate * g.get(i) / std::sqrt(d + eps) + momentum * mom0.get(i);
        };
        check("v", v, vi);
        if (centered) check("mean", mean, avg);
        if (momentum > 0) check("momentum", mom, step);
        check("p", p, [&](int64_t i) { return p0.get(i) * (1 - decay * rate) - step(i); });
      }
    }
  }
}

TEST_CASE("optimizers: NaN shows, bits do not depend on threads") {
  Array bad = normal(DType::kFloat32, 40, 2);
  bad.set(17, std::nan(""));
  Array q(DType::kFloat32, {40}), m = q, v = q, hat = q;
  table().adam(context(), AdamArgs{0.9, 0.999, 1e-7, 0, true}, q, bad, m, v, &hat.view(),
               scalar(0.1), scalar(1));
  CHECK(std::isnan(q.get(17)));
  CHECK(std::isnan(hat.get(17)));
  CHECK(!std::isnan(q.get(16)));

  const int64_t n = 100003;
  const Array g = normal(DType::kFloat32, n, 1), lr = scalar(0.1), t = scalar(3);
  same_bits_always([&](const Context& ctx) {
    Array p = normal(DType::kFloat32, n, 2), a = normal(DType::kFloat32, n, 3);
    Array b = positive(DType::kFloat32, n, 4);
    table().adam(ctx, AdamArgs{0.9, 0.999, 1e-7, 0.1, false}, p, g, a, b, nullptr, lr, t);
    table().rmsprop(ctx, RmspropArgs{0.9, 0, 1e-7, 0, false}, p, g, b, nullptr, nullptr, lr);
    table().sgd(ctx, SgdArgs{0.9, 0, true}, p, g, &a.view(), lr);
    return std::vector<Array>{p, a, b};
  });
}
