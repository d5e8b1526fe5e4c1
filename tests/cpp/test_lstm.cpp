#include "kernel_support.h"

using namespace kernel_test;
using lamina::abi::LstmArgs;
using lamina::abi::LstmGradArgs;

namespace {

struct Lstm {
  int64_t batch, steps, inputs, units;
  bool with_bias, reverse;
  Array x, w, u, bias, h0, c0;  // given
  Array h, c, gates;            // computed

  Lstm(DType dtype, int64_t b, int64_t t, int64_t i, int64_t n, bool with_bias, bool reverse)
      : batch(b),
        steps(t),
        inputs(i),
        units(n),
        with_bias(with_bias),
        reverse(reverse),
        x(dtype, {b, t, i}),
        w(dtype, {i, 4 * n}),
        u(dtype, {n, 4 * n}),
        bias(dtype, {4 * n}),
        h0(dtype, {b, n}),
        c0(dtype, {b, n}),
        h(dtype, {b, t, n}),
        c(dtype, {b, t, n}),
        gates(dtype, {b, t, 4 * n}) {
    uint32_t seed = 1;
    for (Array* a : {&x, &w, &u, &bias, &h0, &c0}) a->randomize(seed++, true);
    // Sums of moderate size for any number of units.
    for (Array* a : {&w, &u}) {
      const double scale =
          1 / std::sqrt(static_cast<double>(std::max<int64_t>(a->view().shape[0], 1)));
      a->fill([&](int64_t k) { return a->get(k) * scale; });
    }
  }
  LstmArgs args() const {
    return {x, w, u, h0, c0, h, c, gates, with_bias ? &bias.view() : nullptr, reverse};
  }
  void run(const Context& ctx = context()) { table().lstm(ctx, args()); }

  // One scalar at a time, in doubles.
  void naive(std::vector<double>* hs, std::vector<double>* cs, std::vector<double>* gs) const {
    const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    hs->assign(static_cast<size_t>(h.size()), 0), cs->assign(static_cast<size_t>(h.size()), 0);
    gs->assign(static_cast<size_t>(gates.size()), 0);
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t s = 0; s < steps; ++s) {
        const int64_t t = reverse ? steps - 1 - s : s, before = reverse ? t + 1 : t - 1;
        const auto old = [&](const std::vector<double>& all, const Array& first, int64_t j) {
          return s == 0 ? first.get(b * units + j)
                        : all[static_cast<size_t>((b * steps + before) * units + j)];
        };
        double* z = gs->data() + (b * steps + t) * 4 * units;
        for (int64_t k = 0; k < 4 * units; ++k) {
          z[k] = with_bias ? bias.get(k) : 0;
          for (int64_t i = 0; i < inputs; ++i) {
            z[k] += x.get((b * steps + t) * inputs + i) * w.get(i * 4 * units + k);
          }
          for (int64_t j = 0; j < units; ++j) z[k] += old(*hs, h0, j) * u.get(j * 4 * units + k);
          z[k] = k / units == 2 ? std::tanh(z[k]) : sigmoid(z[k]);
        }
        for (int64_t j = 0; j < units; ++j) {
          const size_t at = static_cast<size_t>((b * steps + t) * units + j);
          (*cs)[at] = z[units + j] * old(*cs, c0, j) + z[j] * z[2 * units + j];
          (*hs)[at] = z[3 * units + j] * std::tanh((*cs)[at]);
        }
      }
    }
  }
};

struct Gradients {
  Array gh, last_c, gx, gw, gu, gbias, gh0, gc0;

  explicit Gradients(const Lstm& l)
      : gh(l.h), last_c(l.c0), gx(l.x), gw(l.w), gu(l.u), gbias(l.bias), gh0(l.h0), gc0(l.c0) {
    gh.randomize(21, true);
    last_c.randomize(22, true);
  }
  void run(const Lstm& l, bool with_last, const Context& ctx = context()) {
    table().lstm_grad(ctx,
                      {l.args(), gh, gx, gw, gu, gh0, gc0, l.with_bias ? &gbias.view() : nullptr,
                       with_last ? &last_c.view() : nullptr});
  }
  // What they are gradients of.
  double loss(Lstm l, bool with_last) const {
    l.run();
    double sum = 0;
    for (int64_t i = 0; i < gh.size(); ++i) sum += gh.get(i) * l.h.get(i);
    const int64_t last = l.reverse ? 0 : l.steps - 1;
    for (int64_t b = 0; with_last && b < l.batch; ++b) {
      for (int64_t j = 0; j < l.units; ++j) {
        const double c =
            l.steps ? l.c.get((b * l.steps + last) * l.units + j) : l.c0.get(b * l.units + j);
        sum += last_c.get(b * l.units + j) * c;
      }
    }
    return sum;
  }
};

}  // namespace

TEST_CASE("lstm against a scalar loop") {
  struct Case {
    int64_t batch, steps, inputs, units;
  };
  const Case cases[] = {{1, 1, 1, 1},  {2, 3, 4, 5},   {9, 7, 3, 8},    {33, 4, 10, 16},
                        {5, 2, 6, 33}, {70, 3, 2, 20}, {1, 20, 28, 64}, {3, 1, 5, 7},
                        {3, 4, 0, 5},  {2, 3, 4, 260}};
  for (DType dtype : {DType::kFloat32, DType::kFloat64}) {
    for (const Case& k : cases) {
      for (int mode = 0; mode < 4; ++mode) {
        Lstm l(dtype, k.batch, k.steps, k.inputs, k.units, mode & 1, mode & 2);
        std::vector<double> h, c, gates;
        l.naive(&h, &c, &gates);
        l.run();
        const double tolerance = (dtype == DType::kFloat32 ? 5e-6 : 1e-13);
        const auto close = [&](const Array& got, const std::vector<double>& want) {
          for (int64_t i = 0; i < got.size(); ++i) {
            if (!near(got.get(i), want[static_cast<size_t>(i)], tolerance)) return false;
          }
          return true;
        };
        CHECK_MESSAGE(close(l.h, h),
                      "batch " << k.batch << " units " << k.units << " mode " << mode);
        CHECK(close(l.c, c));
        CHECK(close(l.gates, gates));
      }
    }
  }
}

TEST_CASE("lstm_grad against finite differences") {
  struct Case {
    int64_t batch, steps, inputs, units;
  };
  for (const Case& k :
       {Case{2, 3, 3, 4}, Case{1, 1, 2, 3}, Case{3, 2, 1, 5}, Case{9, 4, 2, 3}, Case{2, 5, 3, 9}}) {
    for (int mode = 0; mode < 8; ++mode) {
      const Lstm l = [&] {
        Lstm made(DType::kFloat64, k.batch, k.steps, k.inputs, k.units, mode & 1, mode & 2);
        made.run();
        return made;
      }();
      const bool with_last = mode & 4;
      Gradients g(l);
      g.run(l, with_last);
      const auto check = [&](const char* name, Array Lstm::* what, const Array& got) {
        bool ok = true;
        for (int64_t i = 0; i < got.size(); ++i) {
          Lstm up = l, down = l;
          const double step = 1e-5, v = (l.*what).get(i);
          (up.*what).set(i, v + step), (down.*what).set(i, v - step);
          const double slope = (g.loss(up, with_last) - g.loss(down, with_last)) / (2 * step);
          ok = ok && near(got.get(i), slope, 1e-7);
        }
        CHECK_MESSAGE(ok, std::string(name) << " batch " << k.batch << " mode " << mode);
      };
      check("gx", &Lstm::x, g.gx);
      check("gw", &Lstm::w, g.gw);
      check("gu", &Lstm::u, g.gu);
      check("gh0", &Lstm::h0, g.gh0);
      check("gc0", &Lstm::c0, g.gc0);
      if (l.with_bias) check("gbias", &Lstm::bias, g.gbias);
    }
  }
}

TEST_CASE("lstm_grad: float32 agrees with float64") {
  struct Case {
    int64_t batch, steps, inputs, units;
  };
  for (const Case& k :
       {Case{20, 30, 40, 50}, Case{66, 5, 130, 24}, Case{2, 6, 3, 260}, Case{4, 150, 1, 20}}) {
    Lstm narrow(DType::kFloat32, k.batch, k.steps, k.inputs, k.units, true, false);
    Lstm wide(DType::kFloat64, k.batch, k.steps, k.inputs, k.units, true, false);
    narrow.run();
    wide.run();
    Gradients a(narrow), b(wide);
    a.run(narrow, true);
    b.run(wide, true);
    const auto check = [&](const char* name, const Array& got, const Array& want) {
      double error = 0, size = 0;
      for (int64_t i = 0; i < got.size(); ++i) {
        error = std::max(error, std::fabs(got.get(i) - want.get(i)));
        size = std::max(size, std::fabs(want.get(i)));
      }
      CHECK_MESSAGE(error < 2e-5 * size, std::string(name)
                                             << " units " << k.units << " error " << error / size);
    };
    check("gx", a.gx, b.gx);
    check("gw", a.gw, b.gw);
    check("gu", a.gu, b.gu);
    check("gbias", a.gbias, b.gbias);
    check("gh0", a.gh0, b.gh0);
    check("gc0", a.gc0, b.gc0);
  }
}

TEST_CASE("lstm: empty batches, sequences, inputs and layers") {
  for (const Dims& d : {Dims{0, 3, 4, 5}, Dims{2, 0, 4, 5}, Dims{2, 3, 0, 5}, Dims{2, 3, 4, 0}}) {
    Lstm l(DType::kFloat32, d[0], d[1], d[2], d[3], true, false);
    l.run();
    Gradients g(l);
    g.run(l, true);
    if (d[1] == 0) {
      for (int64_t i = 0; i < g.gc0.size(); ++i) {
        CHECK(g.gh0.get(i) == 0);
        CHECK(g.gc0.get(i) == g.last_c.get(i));
      }
    }
    if (d[0] == 0 || d[1] == 0) {
      for (int64_t i = 0; i < g.gw.size(); ++i) CHECK(g.gw.get(i) == 0);
      for (int64_t i = 0; i < g.gbias.size(); ++i) CHECK(g.gbias.get(i) == 0);
    }
  }
}

TEST_CASE("lstm has the same bits on any threads") {
  for (bool reverse : {false, true}) {
    const Lstm given(DType::kFloat32, 37, 12, 30, 24, true, reverse);
    same_bits_always([&](const Context& ctx) {
      Lstm l = given;
      l.run(ctx);
      Gradients g(l);
      g.run(l, true, ctx);
      return std::vector<Array>{l.h, l.c, l.gates, g.gx, g.gw, g.gu, g.gbias, g.gh0, g.gc0};
    });
  }
}
