#include "kernel_support.h"

using namespace kernel_test;
using lamina::abi::AttentionArgs;
using lamina::abi::AttentionGradArgs;

namespace {

// A case and what restricts it.
struct Case {
  Dims sizes;  // batch, queries, keys, heads, key heads, size, value
  bool causal = false, masked = false, padded = false, dropped = false, ragged = false;
  int64_t window = 0, position = -1;
};

struct Attention {
  Case c;
  int64_t batch, queries, keys, heads, key_heads, size, value;
  Array q, k, v, out, stats, mask, query_mask, key_mask, query_rows, key_rows, position, draw;

  Attention(DType d, const Case& given)
      : c(given),
        batch(c.sizes[0]),
        queries(c.sizes[1]),
        keys(c.sizes[2]),
        heads(c.sizes[3]),
        key_heads(c.sizes[4]),
        size(c.sizes[5]),
        value(c.sizes[6]),
        q(d, {batch, queries, heads, size}),
        k(d, {batch, keys, key_heads, size}),
        v(d, {batch, keys, key_heads, value}),
        out(d, {batch, queries, heads, value}),
        stats(d, {batch, heads, queries, 2}),
        mask(DType::kBool, {batch, heads, queries, keys}, {queries * keys, 0, keys, 1}),
        query_mask(DType::kBool, {batch, queries}),
        key_mask(DType::kBool, {batch, keys}),
        query_rows(DType::kInt64, {4}),
        key_rows(DType::kInt64, {4}),
        position(DType::kInt64, {}),
        draw(DType::kInt64, {2}) {
    q.randomize(1, true), k.randomize(2, true), v.randomize(3, true);
    // Query 1 sees nothing at all.
    for (int64_t i = 0; i < batch * queries * keys; ++i)
      store(mask.view(), i, i / keys % queries == 1 ? 0 : (i * 7 + i / 5) % 3 != 0);
    query_mask.fill([&](int64_t i) { return i % queries < (queries * 3 + 3) / 4; });
    // Sample 0 has padding behind, sample 1 before and a hole.
    key_mask.fill([&](int64_t i) {
      const int64_t s = i % keys;
      return i < keys ? s < (keys + 1) / 2 : s >= keys / 3 && s != keys / 2;
    });
    // Lengths: a few, none, the larger part; two slots left over.
    for (auto [rows, n] : {std::pair{&query_rows, queries}, {&key_rows, keys}}) {
      const int64_t few = std::min<int64_t>(n / 4, 3);
      const int64_t lengths[] = {few, 0, n - few - 2 - n / 3, n / 3};
      rows->fill([&](int64_t i) { return static_cast<double>(lengths[i]); });
    }
    position.set(0, static_cast<double>(std::max<int64_t>(c.position, 0)));
    draw.fill([](int64_t i) { return i ? 3 : 12345; });
  }
  AttentionArgs args() const {
    AttentionArgs a{};
    a.q = q, a.k = k, a.v = v, a.out = out, a.stats = stats;
    if (c.masked) a.mask = &mask.view();
    if (c.padded) a.query_mask = &query_mask.view(), a.key_mask = &key_mask.view();
    if (c.ragged) a.query_rows = &query_rows.view(), a.key_rows = &key_rows.view();
    if (c.position >= 0) a.position = &position.view();
    if (c.dropped) a.draw = &draw.view(), a.dropout = 0.3;
    a.causal = c.causal, a.window = c.window, a.scale = 0.4;
    return a;
  }
  // Of step t among rows: its row and its place there; row -1 behind the last one.
  static std::pair<int64_t, int64_t> place(const Array& rows, int64_t t) {
    for (int64_t i = 0; i < 4; ++i) {
      const auto n = static_cast<int64_t>(rows.get(i));
      if (t < n) return {i, t};
      t -= n;
    }
    return {-1, 0};
  }
  // Whether key s is there for query t: in its own row, not after the last step.
  bool there(int64_t t, int64_t s) const {
    if (c.position >= 0) return s < c.position + queries;
    return !c.ragged || place(query_rows, t).first == place(key_rows, s).first;
  }
  bool sees(int64_t b, int64_t t, int64_t s) const {
    const int64_t at =
                      c.ragged ? place(query_rows, t).second : t + std::max<int64_t>(c.position, 0),
                  key = c.ragged ? place(key_rows, s).second : s;
    return there(t, s) && (!c.masked || load(mask.view(), (b * queries + t) * keys + s) != 0) &&
           (!c.padded ||
            (query_mask.get(b * queries + t) != 0 && key_mask.get(b * keys + s) != 0)) &&
           (!c.causal || key <= at) && (c.window == 0 || std::abs(key - at) < c.window);
  }
  struct Shares {
    std::vector<double> p, factor;  // of each key: its share, and what dropout makes of it
    bool blind;                     // no key is seen
  };
  Shares shares(int64_t b, int64_t n, int64_t t) const {
    Shares r{std::vector<double>(static_cast<size_t>(keys)),
             std::vector<double>(static_cast<size_t>(keys), 1), true};
    if (c.ragged && place(query_rows, t).first < 0) return r;
    double top = -INFINITY, sum = 0;
    for (int64_t s = 0; s < keys; ++s) r.blind &= !sees(b, t, s);
    for (int64_t s = 0; s < keys; ++s) {
      double dot = 0;
      const int64_t m = n * key_heads / heads;
      for (int64_t j = 0; j < size; ++j)
        dot += q.get(((b * queries + t) * heads + n) * size + j) *
               k.get(((b * keys + s) * key_heads + m) * size + j);
      const bool counts = r.blind ? there(t, s) : sees(b, t, s);
      r.p[static_cast<size_t>(s)] = !counts ? -INFINITY : r.blind ? 0 : 0.4 * dot;
      top = std::max(top, r.p[static_cast<size_t>(s)]);
    }
    if (top == -INFINITY) top = 0;
    for (double& x : r.p) sum += x = std::exp(x - top);
    for (double& x : r.p) x = sum > 0 ? x / sum : 0;
    if (c.dropped && !r.blind) {
      // The same numbers as random.uniform's, rows of keys filled up to whole groups.
      const int64_t row = (keys + 127) / 128 * 128;
      static Array u(DType::kFloat32, {1});
      const int64_t count = batch * heads * queries * row;
      if (u.size() != count) u = Array(DType::kFloat32, {count});
      table().random(context(), lamina::abi::RandomKind::kUniform, 12345, 3, 0, 1, u);
      for (int64_t s = 0; s < keys; ++s)
        r.factor[static_cast<size_t>(s)] =
            u.get(((b * heads + n) * queries + t) * row + s) < static_cast<double>(0.3f) ? 0
                                                                                         : 1 / 0.7;
    }
    return r;
  }
};

const std::vector<Dims> kSizes = {{2, 5, 7, 2, 2, 3, 4},    {1, 20, 20, 2, 1, 16, 33},
                                  {2, 70, 70, 2, 2, 8, 8},  {1, 3, 2000, 1, 1, 4, 4},
                                  {1, 1, 1, 1, 1, 1, 1},    {2, 1, 40, 3, 3, 5, 20},
                                  {2, 1, 300, 4, 2, 64, 36}};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Dims& s : kSizes) {
    for (bool causal : {false, true})
      for (bool masked : {false, true})
        for (bool padded : {false, true}) {
          Case c{s};
          c.causal = causal, c.masked = masked, c.padded = padded;
          all.push_back(c);
        }
    Case c{s};
    c.dropped = true, all.push_back(c);
    c.padded = true, c.causal = true, all.push_back(c);
    c = Case{s}, c.window = 3, all.push_back(c);
    c.causal = true, all.push_back(c);
    if (s[1] <= s[2]) {
      c = Case{s}, c.position = std::min<int64_t>(s[2] - s[1], 2), c.causal = true;
      all.push_back(c);
      c.causal = false, all.push_back(c);
    }
    if (s[0] == 1 && s[1] >= 20) {
      c = Case{s}, c.ragged = true, all.push_back(c);
      c.causal = true, c.padded = true, all.push_back(c);
      c.padded = false, c.dropped = true, all.push_back(c);
    }
  }
  Case c{{1, 20, 33, 2, 2, 4, 4}};  // other keys than queries
  c.ragged = true, all.push_back(c);
  return all;
}

}  // namespace

TEST_CASE("attention and its gradients") {
  for (DType d : {DType::kFloat32, DType::kFloat64})
    for (const Case& c : cases()) {
      Attention a(d, c);
      CAPTURE(a.queries);
      CAPTURE(a.keys);
      CAPTURE(c.causal);
      CAPTURE(c.masked);
      CAPTURE(c.padded);
      CAPTURE(c.dropped);
      CAPTURE(c.ragged);
      CAPTURE(c.window);
      CAPTURE(c.position);
      table().attention(context(), a.args());
      Array g = a.out, gq = a.q, gk = a.k, gv = a.v;
      g.randomize(4, true);
      table().attention_grad(context(), {a.args(), g, gq, gk, gv});
      const auto zeros = [](const Array& x) {
        return std::vector<double>(static_cast<size_t>(x.size()));
      };
      auto y = zeros(a.out), dq = zeros(a.q), dk = zeros(a.k), dv = zeros(a.v);
      for (int64_t b = 0; b < a.batch; ++b)
        for (int64_t n = 0; n < a.heads; ++n)
          for (int64_t t = 0; t < a.queries; ++t) {
            const auto [p, factor, blind] = a.shares(b, n, t);
            const int64_t row = (b * a.queries + t) * a.heads + n;
            const auto key = [&, n = n](int64_t s) {
              return (b * a.keys + s) * a.key_heads + n * a.key_heads / a.heads;
            };
            double mean = 0;
            std::vector<double> up(p.size());
            for (int64_t s = 0; s < a.keys; ++s) {
              const auto i = static_cast<size_t>(s);
              for (int64_t j = 0; j < a.value; ++j) {
                y[static_cast<size_t>(row * a.value + j)] +=
                    p[i] * factor[i] * a.v.get(key(s) * a.value + j);
                up[i] += factor[i] * g.get(row * a.value + j) * a.v.get(key(s) * a.value + j);
                dv[static_cast<size_t>(key(s) * a.value + j)] +=
                    p[i] * factor[i] * g.get(row * a.value + j);
              }
              mean += p[i] * up[i];
            }
            if (blind) continue;
            for (int64_t s = 0; s < a.keys; ++s) {
              const auto i = static_cast<size_t>(s);
              const double e = p[i] * (up[i] - mean) * 0.4;
              for (int64_t j = 0; j < a.size; ++j) {
                dq[static_cast<size_t>(row * a.size + j)] += e * a.k.get(key(s) * a.size + j);
                dk[static_cast<size_t>(key(s) * a.size + j)] += e * a.q.get(row * a.size + j);
              }
            }
          }
      const double limit = 500 * epsilon(d);
      const auto check = [&](const char* what, const Array& got, const std::vector<double>& want) {
        int wrong = 0;
        for (int64_t i = 0; i < got.size(); ++i)
          wrong += !near(got.get(i), want[static_cast<size_t>(i)], limit);
        CHECK_MESSAGE(wrong == 0, what);
      };
      check("output", a.out, y), check("query", gq, dq), check("key", gk, dk),
          check("value", gv, dv);
    }
}

TEST_CASE("attention: same bits for any threads; nothing to attend to; NaN stays") {
  for (bool ragged : {false, true})
    same_bits_always([&](const Context& ctx) {
      Case c{{ragged ? 1 : 2, 130, 90, 2, 1, 8, 8}};
      c.causal = c.dropped = true, c.ragged = ragged;
      Attention a(DType::kFloat32, c);
      table().attention(ctx, a.args());
      Array g = a.out, gq = a.q, gk = a.k, gv = a.v;
      g.randomize(4, true);
      table().attention_grad(ctx, {a.args(), g, gq, gk, gv});
      return std::vector<Array>{a.out, gq, gk, gv};
    });
  Attention none(DType::kFloat32, Case{{1, 3, 0, 1, 1, 2, 2}});
  none.out.fill([](int64_t) { return 7; });
  table().attention(context(), none.args());
  CHECK(none.out.get(0) == 0);
  Case causal{{1, 20, 20, 1, 1, 2, 2}};
  causal.causal = true;
  Attention nan(DType::kFloat32, causal);
  nan.q.set(0, std::nan(""));
  table().attention(context(), nan.args());
  CHECK(std::isnan(nan.out.get(0)));
  CHECK_FALSE(std::isnan(nan.out.get(2)));
}

TEST_CASE("attention: keys and values of a cache, steps apart") {
  const Case c{{2, 1, 12, 2, 2, 4, 4}};
  Attention a(DType::kFloat32, c);
  Array cache(DType::kFloat32, {2, 2, 12, 2, 4});
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t i = 0; i < 12 * 8; ++i) {
      cache.set((b * 2) * 96 + i, a.k.get(b * 96 + i));
      cache.set((b * 2 + 1) * 96 + i, a.v.get(b * 96 + i));
    }
  table().attention(context(), a.args());
  AttentionArgs args = a.args();
  Array out = a.out;
  args.out = out;
  for (View* v : {&args.k, &args.v}) {
    v->strides[0] = 2 * 96;
    v->data = cache.data<float>() + (v == &args.v ? 96 : 0);
  }
  table().attention(context(), args);
  CHECK(out.same_bits(a.out));
}
