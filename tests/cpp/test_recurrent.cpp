// The kernels of recurrent layers against a scalar loop and finite differences.
#include "kernel_support.h"

using namespace kernel_test;
using lamina::abi::RecurrentArgs;
using lamina::abi::RecurrentCell;
using lamina::abi::RecurrentGradArgs;

namespace {

constexpr RecurrentCell kCells[] = {RecurrentCell::kTanh, RecurrentCell::kRelu,
                                    RecurrentCell::kLstm, RecurrentCell::kGru,
                                    RecurrentCell::kGruResetBefore};
enum class Rows { kDense, kRight, kLeft, kGaps, kRagged };

double sigmoid(double v) { return 1 / (1 + std::exp(-v)); }

struct Problem {
  RecurrentCell cell;
  int64_t batch, steps, inputs, units;
  Rows rows;
  bool reverse = false, mirrored = false, zeros = false, with_bias = true, with_masks = false,
       projected = false;
};

struct Layer {
  Problem p;
  int64_t gates, positions;
  std::vector<int64_t> lengths;
  Array mask, row_lengths, x, w, u, bias, h0, c0, state_mask;  // given
  Array h, last_h, last_c, old_h, c, values;                   // computed

  Layer(DType dtype, const Problem& q)
      : p(q),
        gates(lamina::abi::recurrent_gates(q.cell) * q.units),
        positions(q.batch * q.steps),
        mask(DType::kBool, {q.batch, q.steps}),
        row_lengths(DType::kInt64, {q.batch}),
        x(dtype, shape_of(q, q.projected ? gates : q.inputs)),
        w(dtype, {q.inputs, gates}),
        u(dtype, {q.units, gates}),
        bias(dtype, q.cell == RecurrentCell::kGru ? Dims{2, gates} : Dims{gates}),
        h0(dtype, {q.batch, q.units}),
        c0(dtype, {q.batch, q.units}),
        state_mask(dtype, {gates / std::max<int64_t>(q.units, 1), q.batch, q.units}),
        h(dtype, shape_of(q, q.units)),
        last_h(h0),
        last_c(h0),
        old_h(dtype, {positions, q.units}),
        c(dtype, {positions, q.units}),
        values(dtype, {positions, lamina::abi::recurrent_width(q.cell) * q.units}) {
    uint32_t seed = 1;
    for (Array* a : {&x, &w, &u, &bias, &h0, &c0}) a->randomize(seed++, true);
    for (Array* a : {&w, &u}) {
      const double scale =
          1 / std::sqrt(static_cast<double>(std::max<int64_t>(a->view().shape[0], 1)));
      a->fill([&](int64_t k) { return a->get(k) * scale; });
    }
    state_mask.fill([](int64_t i) { return i * 7 % 3 == 0 ? 0.0 : 1.5; });
    std::mt19937 random(7);
    for (int64_t b = 0; b < q.batch; ++b) {
      // Among them an empty row and a full one.
      const int64_t n = b == 1   ? 0
                        : b == 0 ? q.steps
                                 : static_cast<int64_t>(random() % (q.steps + 1));
      lengths.push_back(n), row_lengths.set(b, static_cast<double>(n));
      for (int64_t t = 0; t < q.steps; ++t)
        mask.set(b * q.steps + t, q.rows == Rows::kRight  ? t < n
                                  : q.rows == Rows::kLeft ? t >= q.steps - n
                                                          : n > 0 && random() % 3 > 0);
    }
  }
  static Dims shape_of(const Problem& q, int64_t n) {
    return q.rows == Rows::kRagged ? Dims{1, q.batch * q.steps, n} : Dims{q.batch, q.steps, n};
  }
  RecurrentArgs args() const {
    RecurrentArgs a{};
    a.cell = p.cell, a.reverse = p.reverse, a.mirrored = p.mirrored, a.zero_masked = p.zeros;
    a.x = x, a.u = u, a.h0 = h0;
    a.w = w;
    if (p.projected) a.w.data = nullptr;
    if (p.cell == RecurrentCell::kLstm) a.c0 = c0;
    if (p.with_bias) a.bias = &bias.view();
    if (p.with_masks) a.state_mask = &state_mask.view();
    if (p.rows == Rows::kRagged)
      a.lengths = &row_lengths.view();
    else if (p.rows != Rows::kDense)
      a.mask = &mask.view();
    a.h = h, a.last_h = last_h, a.last_c = last_c, a.old_h = old_h, a.c = c, a.gates = values;
    return a;
  }
  void run(const Context& ctx = context()) {
    const RecurrentArgs a = args();
    table().recurrent(ctx, &a, 1);
  }
  // Whether it gives the same without memory for what backward needs.
  bool same_without_saving(const Context& ctx = context()) const {
    Layer other = *this;
    other.h.fill([](int64_t) { return 0; });
    other.last_h = other.h0, other.last_c = other.c0;
    RecurrentArgs a = other.args();
    a.old_h.data = a.c.data = a.gates.data = nullptr;
    table().recurrent(ctx, &a, 1);
    return h.same_bits(other.h) && last_h.same_bits(other.last_h) &&
           (p.cell != RecurrentCell::kLstm || last_c.same_bits(other.last_c));
  }

  // The places of a row in the order of time, and which of them are real steps.
  std::vector<std::pair<int64_t, bool>> places(int64_t b) const {
    std::vector<std::pair<int64_t, bool>> out;
    int64_t start = b * p.steps, n = p.steps;
    if (p.rows == Rows::kRagged) {
      start = 0, n = lengths[static_cast<size_t>(b)];
      for (int64_t r = 0; r < b; ++r) start += lengths[static_cast<size_t>(r)];
    }
    for (int64_t t = 0; t < n; ++t)
      out.emplace_back(start + t, p.rows == Rows::kDense || p.rows == Rows::kRagged ||
                                      mask.get(b * p.steps + t) != 0);
    return out;
  }

  // One scalar at a time, in doubles: all outputs, last h, last c.
  void naive(std::vector<double>* hs, std::vector<double>* last, std::vector<double>* cells) const {
    hs->assign(static_cast<size_t>(positions * p.units), 0);
    last->clear(), cells->clear();
    const auto bias_of = [&](int64_t i) { return p.with_bias ? bias.get(i) : 0; };
    for (int64_t b = 0; b < p.batch; ++b) {
      std::vector<double> state, cell, out, sums(static_cast<size_t>(gates)), product(sums);
      for (int64_t j = 0; j < p.units; ++j)
        state.push_back(h0.get(b * p.units + j)), cell.push_back(c0.get(b * p.units + j));
      auto order = places(b);
      auto where = order;
      if (p.reverse) std::reverse(order.begin(), order.end());
      if (!p.mirrored) where = order;
      for (size_t s = 0; s < order.size(); ++s) {
        if (order[s].second) {
          const auto masked = [&](int64_t k, int64_t i) {
            return state[static_cast<size_t>(i)] *
                   (p.with_masks ? state_mask.get((k / p.units * p.batch + b) * p.units + i) : 1);
          };
          for (int64_t k = 0; k < gates; ++k) {
            double v = bias_of(k), r = p.cell == RecurrentCell::kGru ? bias_of(gates + k) : 0;
            if (p.projected)
              v += x.get(order[s].first * gates + k);
            else
              for (int64_t i = 0; i < p.inputs; ++i)
                v += x.get(order[s].first * p.inputs + i) * w.get(i * gates + k);
            for (int64_t i = 0; i < p.units; ++i) r += masked(k, i) * u.get(i * gates + k);
            sums[static_cast<size_t>(k)] = v, product[static_cast<size_t>(k)] = r;
          }
          step(&state, &cell, sums, product, masked);
          out = state;
        } else {
          out = p.zeros ? std::vector<double>(state.size(), 0) : state;
        }
        for (int64_t j = 0; j < p.units; ++j)
          (*hs)[static_cast<size_t>(where[s].first * p.units + j)] = out[static_cast<size_t>(j)];
      }
      last->insert(last->end(), state.begin(), state.end());
      cells->insert(cells->end(), cell.begin(), cell.end());
    }
  }

 private:
  template <class Masked>
  void step(std::vector<double>* h, std::vector<double>* c, const std::vector<double>& x,
            const std::vector<double>& r, Masked&& masked) const {
    const size_t n = static_cast<size_t>(p.units);
    std::vector<double> next(n);
    for (size_t j = 0; j < n; ++j) {
      const auto sum = [&](size_t gate) { return x[gate * n + j] + r[gate * n + j]; };
      if (p.cell == RecurrentCell::kTanh) {
        next[j] = std::tanh(sum(0));
      } else if (p.cell == RecurrentCell::kRelu) {
        next[j] = std::max(sum(0), 0.0);
      } else if (p.cell == RecurrentCell::kLstm) {
        (*c)[j] = sigmoid(sum(1)) * (*c)[j] + sigmoid(sum(0)) * std::tanh(sum(2));
        next[j] = sigmoid(sum(3)) * std::tanh((*c)[j]);
      } else {
        double candidate = x[2 * n + j];
        if (p.cell == RecurrentCell::kGru) {
          candidate += sigmoid(sum(1)) * r[2 * n + j];
        } else {
          for (size_t i = 0; i < n; ++i)
            candidate += sigmoid(x[n + i] + r[n + i]) *
                         masked(2 * p.units, static_cast<int64_t>(i)) *
                         u.get(static_cast<int64_t>(i * 3 * n + 2 * n + j));
        }
        const double z = sigmoid(sum(0));
        next[j] = z * (*h)[j] + (1 - z) * std::tanh(candidate);
      }
    }
    *h = next;
  }
};

struct Gradients {
  Array gh, last_h, last_c, gx, gw, gu, gbias, gh0, gc0;

  explicit Gradients(const Layer& l)
      : gh(l.h),
        last_h(l.h0),
        last_c(l.c0),
        gx(l.x),
        gw(l.w),
        gu(l.u),
        gbias(l.bias),
        gh0(l.h0),
        gc0(l.c0) {
    gh.randomize(21, true), last_h.randomize(22, true), last_c.randomize(23, true);
  }
  RecurrentGradArgs args(const Layer& l) const {
    RecurrentGradArgs a{};
    a.f = l.args();
    a.gh = &gh.view(), a.glast_h = &last_h.view();
    a.gx = gx, a.gw = gw, a.gu = gu, a.gh0 = gh0;
    if (l.p.cell == RecurrentCell::kLstm) a.gc0 = gc0, a.glast_c = &last_c.view();
    if (l.p.with_bias) a.gbias = &gbias.view();
    return a;
  }
  void run(const Layer& l, const Context& ctx = context()) {
    const RecurrentGradArgs a = args(l);
    table().recurrent_grad(ctx, &a, 1);
  }
  // What they are gradients of.
  double loss(Layer l) const {
    l.run();
    double sum = 0;
    for (int64_t i = 0; i < gh.size(); ++i) sum += gh.get(i) * l.h.get(i);
    for (int64_t i = 0; i < last_h.size(); ++i) {
      sum += last_h.get(i) * l.last_h.get(i);
      if (l.p.cell == RecurrentCell::kLstm) sum += last_c.get(i) * l.last_c.get(i);
    }
    return sum;
  }
};

std::string name_of(const Problem& p) {
  return "cell " + std::to_string(static_cast<int>(p.cell)) + " rows " +
         std::to_string(static_cast<int>(p.rows)) + " batch " + std::to_string(p.batch) +
         " units " + std::to_string(p.units) + (p.reverse ? " reverse" : "") +
         (p.mirrored ? " mirrored" : "") + (p.zeros ? " zeros" : "") +
         (p.with_masks ? " masks" : "") + (p.projected ? " projected" : "");
}

// Every kind of rows and of options, for a size.
template <class F>
void each_problem(Problem p, F&& f) {
  for (RecurrentCell cell : kCells)
    for (Rows rows : {Rows::kDense, Rows::kRight, Rows::kLeft, Rows::kGaps, Rows::kRagged})
      for (int mode = 0; mode < 4; ++mode) {
        p.cell = cell, p.rows = rows;
        p.reverse = mode & 1, p.mirrored = mode == 3, p.zeros = mode >= 2;
        p.with_bias = mode != 1, p.with_masks = mode == 2, p.projected = mode == 3;
        f(p);
      }
}

}  // namespace

TEST_CASE("recurrent layers against a scalar loop") {
  for (DType dtype : {DType::kFloat32, DType::kFloat64})
    for (const Dims& d :
         {Dims{1, 1, 1, 1}, Dims{2, 3, 4, 5}, Dims{9, 7, 3, 8}, Dims{33, 4, 10, 16},
          Dims{5, 2, 6, 33}, Dims{70, 3, 2, 20}, Dims{3, 4, 0, 5}, Dims{30, 50, 2, 3}})
      each_problem({RecurrentCell::kTanh, d[0], d[1], d[2], d[3], Rows::kDense}, [&](Problem p) {
        Layer l(dtype, p);
        std::vector<double> h, last, cells;
        l.naive(&h, &last, &cells);
        l.run();
        const auto close = [&](const Array& got, const std::vector<double>& want) {
          for (int64_t i = 0; i < got.size(); ++i)
            if (!near(got.get(i), want[static_cast<size_t>(i)],
                      dtype == DType::kFloat32 ? 1e-5 : 1e-13))
              return false;
          return true;
        };
        CHECK_MESSAGE(close(l.h, h), name_of(p));
        CHECK_MESSAGE(close(l.last_h, last), name_of(p));
        if (p.cell == RecurrentCell::kLstm) CHECK_MESSAGE(close(l.last_c, cells), name_of(p));
        CHECK_MESSAGE(l.same_without_saving(), name_of(p));
      });
}

TEST_CASE("recurrent_grad against finite differences") {
  for (const Dims& d : {Dims{3, 3, 2, 4}, Dims{9, 4, 2, 3}})
    each_problem({RecurrentCell::kTanh, d[0], d[1], d[2], d[3], Rows::kDense}, [&](Problem p) {
      Layer l(DType::kFloat64, p);
      l.run();
      Gradients g(l);
      g.run(l);
      const auto check = [&](const char* name, Array Layer::* what, const Array& got) {
        bool ok = true;
        for (int64_t i = 0; i < got.size(); ++i) {
          Layer up = l, down = l;
          const double step = 1e-6, v = (l.*what).get(i);
          (up.*what).set(i, v + step), (down.*what).set(i, v - step);
          ok = ok && near(got.get(i), (g.loss(up) - g.loss(down)) / (2 * step), 1e-6);
        }
        CHECK_MESSAGE(ok, std::string(name) << " " << name_of(p));
      };
      check("gx", &Layer::x, g.gx);
      if (!p.projected) check("gw", &Layer::w, g.gw);
      check("gu", &Layer::u, g.gu);
      check("gh0", &Layer::h0, g.gh0);
      if (p.cell == RecurrentCell::kLstm) check("gc0", &Layer::c0, g.gc0);
      if (p.with_bias) check("gbias", &Layer::bias, g.gbias);
    });
}

TEST_CASE("recurrent layers of many units, whose steps are shared among threads") {
  for (RecurrentCell cell : {RecurrentCell::kTanh, RecurrentCell::kLstm, RecurrentCell::kGru,
                             RecurrentCell::kGruResetBefore})
    for (bool reverse : {false, true}) {
      const int64_t units = cell == RecurrentCell::kTanh ? 530 : 300;
      Layer l(DType::kFloat64, {cell, 4, 4, 3, units, Rows::kGaps, reverse});
      std::vector<double> h, last, cells;
      l.naive(&h, &last, &cells);
      l.run(eager());
      bool ok = true;
      for (int64_t i = 0; i < l.h.size(); ++i)
        ok = ok && near(l.h.get(i), h[static_cast<size_t>(i)], 1e-12);
      CHECK_MESSAGE(ok, name_of(l.p));
      CHECK_MESSAGE(l.same_without_saving(eager()), name_of(l.p));
      Gradients g(l);
      g.run(l, eager());
      // Along one direction for each argument.
      for (auto [what, got] : {std::pair{&Layer::x, &g.gx},
                               {&Layer::w, &g.gw},
                               {&Layer::u, &g.gu},
                               {&Layer::bias, &g.gbias},
                               {&Layer::h0, &g.gh0}}) {
        Layer up = l, down = l;
        double slope = 0;
        const double step = 1e-6;
        for (int64_t i = 0; i < got->size(); ++i) {
          const double along = i % 5 - 2.0, v = (l.*what).get(i);
          (up.*what).set(i, v + step * along), (down.*what).set(i, v - step * along);
          slope += along * got->get(i);
        }
        CHECK(near(slope, (g.loss(up) - g.loss(down)) / (2 * step), 1e-5));
      }
    }
}

TEST_CASE("recurrent_grad: float32 agrees with float64") {
  for (RecurrentCell cell : {RecurrentCell::kLstm, RecurrentCell::kGru})
    for (const Dims& d :
         {Dims{20, 30, 40, 50}, Dims{66, 5, 130, 24}, Dims{2, 6, 3, 260}, Dims{4, 150, 1, 20}}) {
      const Problem p{cell, d[0], d[1], d[2], d[3], Rows::kRight};
      Layer narrow(DType::kFloat32, p), wide(DType::kFloat64, p);
      narrow.run(), wide.run();
      Gradients a(narrow), b(wide);
      a.run(narrow), b.run(wide);
      for (auto [got, want] : {std::pair{&a.gx, &b.gx},
                               {&a.gw, &b.gw},
                               {&a.gu, &b.gu},
                               {&a.gbias, &b.gbias},
                               {&a.gh0, &b.gh0}}) {
        double error = 0, size = 0;
        for (int64_t i = 0; i < got->size(); ++i) {
          error = std::max(error, std::fabs(got->get(i) - want->get(i)));
          size = std::max(size, std::fabs(want->get(i)));
        }
        CHECK_MESSAGE(error < 2e-5 * size, name_of(p) << " error " << error / size);
      }
    }
}

TEST_CASE("recurrent: empty batches, sequences, inputs and layers") {
  for (const Dims& d : {Dims{0, 3, 4, 5}, Dims{2, 0, 4, 5}, Dims{2, 3, 0, 5}, Dims{2, 3, 4, 0}})
    for (Rows rows : {Rows::kDense, Rows::kRagged}) {
      Layer l(DType::kFloat32, {RecurrentCell::kLstm, d[0], d[1], d[2], d[3], rows});
      l.run();
      Gradients g(l);
      g.run(l);
      if (d[1] == 0)
        for (int64_t i = 0; i < g.gc0.size(); ++i) {
          CHECK(g.gh0.get(i) == g.last_h.get(i));
          CHECK(g.gc0.get(i) == g.last_c.get(i));
          CHECK(l.last_h.get(i) == l.h0.get(i));
        }
      if (d[0] == 0 || d[1] == 0)
        for (int64_t i = 0; i < g.gw.size(); ++i) CHECK(g.gw.get(i) == 0);
    }
}

TEST_CASE("recurrent layers have the same bits on any threads, padded on any side or ragged") {
  for (RecurrentCell cell : kCells)
    for (Rows rows : {Rows::kDense, Rows::kLeft, Rows::kRagged}) {
      const Layer given(DType::kFloat32, {cell, 37, 12, 30, 24, rows});
      same_bits_always([&](const Context& ctx) {
        Layer l = given;
        l.run(ctx);
        Gradients g(l);
        g.run(l, ctx);
        return std::vector<Array>{l.h, l.last_h, g.gx, g.gw, g.gu, g.gbias, g.gh0};
      });
    }
  Layer right(DType::kFloat32, {RecurrentCell::kGru, 9, 6, 5, 8, Rows::kRight}),
      left = right, ragged(DType::kFloat32, {RecurrentCell::kGru, 9, 6, 5, 8, Rows::kRagged});
  left.p.rows = Rows::kLeft;
  int64_t at = 0;
  for (int64_t b = 0; b < 9; ++b) {
    const int64_t n = right.lengths[static_cast<size_t>(b)];
    ragged.row_lengths.set(b, static_cast<double>(n));
    for (int64_t t = 0; t < 6; ++t) {
      left.mask.set(b * 6 + t, t >= 6 - n);
      for (int64_t i = 0; t < n && i < 5; ++i) {
        const double v = right.x.get((b * 6 + t) * 5 + i);
        left.x.set((b * 6 + 6 - n + t) * 5 + i, v), ragged.x.set((at + t) * 5 + i, v);
      }
    }
    at += n;
  }
  for (Layer* l : {&right, &left, &ragged}) l->run();
  CHECK(right.last_h.same_bits(left.last_h));
  CHECK(right.last_h.same_bits(ragged.last_h));
}

TEST_CASE("both directions of a recurrent layer side by side are those of two calls") {
  for (auto [cell, units] : {std::pair<RecurrentCell, int64_t>{RecurrentCell::kLstm, 7},
                             {RecurrentCell::kGru, 7},
                             {RecurrentCell::kLstm, 300}}) {  // whose steps threads share
    const Problem p{cell, 11, 6, 5, units, Rows::kGaps};
    Layer there(DType::kFloat64, p), back = there;
    back.p.reverse = true;
    back.u.fill([&](int64_t i) { return -there.u.get(i); });
    Layer one = there, two = back;
    one.run(), two.run();
    const RecurrentArgs args[2] = {there.args(), back.args()};
    table().recurrent(context(), args, 2);
    CHECK(one.h.same_bits(there.h));
    CHECK(two.h.same_bits(back.h));
    Gradients a(there), b(back), c(there), d(back);
    c.run(there), d.run(back);
    RecurrentGradArgs grads[2] = {a.args(there), b.args(back)};
    grads[1].gx = grads[0].gx, grads[1].add_to_gx = true;
    table().recurrent_grad(context(), grads, 2);
    CHECK(a.gw.same_bits(c.gw));
    CHECK(b.gu.same_bits(d.gu));
    for (int64_t i = 0; i < a.gx.size(); ++i)
      CHECK(a.gx.get(i) == doctest::Approx(c.gx.get(i) + d.gx.get(i)).epsilon(1e-12));
  }
}
