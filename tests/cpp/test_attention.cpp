#include "kernel_support.h"

using namespace kernel_test;
using lamina::abi::AttentionArgs;
using lamina::abi::AttentionGradArgs;

namespace {

struct Attention {
  int64_t batch, queries, keys, heads, size, value;
  bool causal;
  Array q, k, v, out, stats, mask;
  bool masked;

  Attention(DType d, int64_t b, int64_t t, int64_t s, int64_t n, int64_t h, int64_t u, bool causal,
            bool masked)
      : batch(b),
        queries(t),
        keys(s),
        heads(n),
        size(h),
        value(u),
        causal(causal),
        q(d, {b, t, n, h}),
        k(d, {b, s, n, h}),
        v(d, {b, s, n, u}),
        out(d, {b, t, n, u}),
        stats(d, {b, n, t, 2}),
        mask(DType::kBool, {b, n, t, s}, {s * t, 0, s, 1}),
        masked(masked) {
    q.randomize(1, true), k.randomize(2, true), v.randomize(3, true);
    // Query 1 of sample 0 sees nothing at all.
    for (int64_t i = 0; i < b * t * s; ++i)
      store(mask.view(), i, i / s == 1 ? 0 : (i * 7 + i / 5) % 3 != 0);
  }
  AttentionArgs args() const {
    return {q, k, v, out, stats, masked ? &mask.view() : nullptr, causal, 0.4};
  }
  bool sees(int64_t b, int64_t t, int64_t s) const {
    return (!masked || load(mask.view(), (b * queries + t) * keys + s) != 0) && (!causal || s <= t);
  }
  // Shares of the attention of query t of head n.
  std::vector<double> shares(int64_t b, int64_t n, int64_t t) const {
    std::vector<double> p(static_cast<size_t>(keys));
    double top = -INFINITY, sum = 0;
    for (int64_t s = 0; s < keys; ++s) {
      double dot = 0;
      for (int64_t j = 0; j < size; ++j)
        dot += q.get(((b * queries + t) * heads + n) * size + j) *
               k.get(((b * keys + s) * heads + n) * size + j);
      p[static_cast<size_t>(s)] = sees(b, t, s) ? 0.4 * dot : -1e30;
      top = std::max(top, p[static_cast<size_t>(s)]);
    }
    for (double& x : p) sum += x = std::exp(x - top);
    for (double& x : p) x /= sum;
    return p;
  }
};

}  // namespace

TEST_CASE("attention and its gradients") {
  for (DType d : {DType::kFloat32, DType::kFloat64})
    for (bool causal : {false, true})
      for (bool masked : {false, true})
        for (const Dims& s : {Dims{2, 5, 7, 2, 3, 4},
                              {1, 20, 20, 1, 16, 33},
                              {2, 130, 130, 2, 8, 8},
                              {1, 3, 2000, 1, 4, 4},
                              {1, 1, 1, 1, 1, 1}}) {
          Attention a(d, s[0], s[1], s[2], s[3], s[4], s[5], causal, masked);
          CAPTURE(s[1]);
          CAPTURE(causal);
          CAPTURE(masked);
          table().attention(context(), a.args());
          Array g = a.out, gq = a.q, gk = a.k, gv = a.v;
          g.randomize(4, true);
          table().attention_grad(context(), {a.args(), g, gq, gk, gv});
          std::vector<double> y(static_cast<size_t>(a.out.size())),
              dq(static_cast<size_t>(a.q.size())), dk(static_cast<size_t>(a.k.size())),
              dv(static_cast<size_t>(a.v.size()));
          for (int64_t b = 0; b < a.batch; ++b)
            for (int64_t n = 0; n < a.heads; ++n)
              for (int64_t t = 0; t < a.queries; ++t) {
                const auto p = a.shares(b, n, t);
                const int64_t row = (b * a.queries + t) * a.heads + n;
                const auto key = [&](int64_t s) { return (b * a.keys + s) * a.heads + n; };
                double mean = 0;
                std::vector<double> up(p.size());
                for (int64_t s = 0; s < a.keys; ++s) {
                  const double share = p[static_cast<size_t>(s)];
                  for (int64_t j = 0; j < a.value; ++j) {
                    y[static_cast<size_t>(row * a.value + j)] +=
                        share * a.v.get(key(s) * a.value + j);
                    up[static_cast<size_t>(s)] +=
                        g.get(row * a.value + j) * a.v.get(key(s) * a.value + j);
                    dv[static_cast<size_t>(key(s) * a.value + j)] +=
                        share * g.get(row * a.value + j);
                  }
                  mean += share * up[static_cast<size_t>(s)];
                }
                for (int64_t s = 0; s < a.keys; ++s) {
                  const double e =
                      p[static_cast<size_t>(s)] * (up[static_cast<size_t>(s)] - mean) * 0.4;
                  for (int64_t j = 0; j < a.size; ++j) {
                    dq[static_cast<size_t>(row * a.size + j)] += e * a.k.get(key(s) * a.size + j);
                    dk[static_cast<size_t>(key(s) * a.size + j)] += e * a.q.get(row * a.size + j);
                  }
                }
              }
          const double limit = 500 * epsilon(d);
          const auto check = [&](const char* what, const Array& got,
                                 const std::vector<double>& want) {
            int wrong = 0;
            for (int64_t i = 0; i < got.size(); ++i)
              wrong += !near(got.get(i), want[static_cast<size_t>(i)], limit);
            CHECK_MESSAGE(wrong == 0, what);
          };
          check("output", a.out, y), check("query", gq, dq), check("key", gk, dk),
              check("value", gv, dv);
        }
}

TEST_CASE("attention: same bits for any threads; nothing to attend to") {
  same_bits_always([&](const Context& ctx) {
    Attention a(DType::kFloat32, 2, 130, 90, 2, 8, 8, true, false);
    table().attention(ctx, a.args());
    Array g = a.out, gq = a.q, gk = a.k, gv = a.v;
    g.randomize(4, true);
    table().attention_grad(ctx, {a.args(), g, gq, gk, gv});
    return std::vector<Array>{a.out, gq, gk, gv};
  });
  Attention none(DType::kFloat32, 1, 3, 0, 1, 2, 2, false, false);
  none.out.fill([](int64_t) { return 7; });
  table().attention(context(), none.args());
  CHECK(none.out.get(0) == 0);
}
