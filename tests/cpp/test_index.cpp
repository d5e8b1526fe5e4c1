#include "kernel_support.h"

using namespace kernel_test;

namespace {

// Sums, maxima and so on as each dtype has them.
double combine(int mode, double a, double b, DType dtype) {
  double v = mode == 0   ? b
             : mode == 1 ? a + b
             : mode == 2 ? std::max(a, b)
             : mode == 3 ? std::min(a, b)
                         : a * b;
  if (dtype == DType::kBool) v = v != 0;
  if (dtype == DType::kUInt8) v = static_cast<uint8_t>(static_cast<int64_t>(v));
  if (dtype == DType::kInt8) v = static_cast<int8_t>(static_cast<int64_t>(v));
  return v;
}

// Indices in [-n, n), with many duplicates.
Array random_indices(DType dtype, const Dims& shape, int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  return Array(dtype, shape).fill([&](int64_t) {
    return static_cast<double>(static_cast<int64_t>(random() % static_cast<uint32_t>(2 * n)) - n);
  });
}
int64_t wrapped(double index, int64_t n) {
  return static_cast<int64_t>(index) + (index < 0 ? n : 0);
}

Dims join(const Dims& a, const Dims& b, const Dims& c) {
  Dims all = a;
  all.insert(all.end(), b.begin(), b.end());
  all.insert(all.end(), c.begin(), c.end());
  return all;
}

// The elements of `a` transposed in memory, every other one.
Array scattered(const Array& a) {
  const View& v = a.view();
  Dims shape(v.shape, v.shape + v.rank), strides(shape.size());
  int64_t n = 2;
  for (size_t d = 0; d < shape.size(); ++d) strides[d] = n, n *= std::max<int64_t>(shape[d], 1);
  return Array(v.dtype, shape, strides).fill([&](int64_t i) { return a.get(i); });
}
bool equal(const Array& a, const Array& b) {
  for (int64_t i = 0; i < a.size(); ++i) {
    if (!near(a.get(i), b.get(i), 0)) return false;
  }
  return a.size() == b.size();
}

}  // namespace

TEST_CASE("gather and scatter_add: every dtype, axis and layout") {
  struct Case {
    Dims before, index, after;
    int64_t n;
  };
  const Case cases[] = {{{}, {5}, {}, 3},     {{}, {4, 3}, {6}, 7}, {{2, 3}, {5}, {4}, 6},
                        {{3}, {2, 2}, {}, 4}, {{}, {}, {3}, 2},     {{2}, {0}, {3}, 2},
                        {{2}, {3}, {0}, 2},   {{}, {200}, {70}, 9}, {{3}, {4}, {2, 5}, 3},
                        {{0}, {3}, {2}, 5}};
  for (DType dtype : kAllDTypes) {
    for (const Case& c : cases) {
      for (DType index_type : {DType::kInt32, DType::kInt64}) {
        const Array in = Array(dtype, join(c.before, {c.n}, c.after)).randomize(1);
        const Array index = random_indices(index_type, c.index, c.n, 3);
        const Dims shape = join(c.before, c.index, c.after);
        const int axis = static_cast<int>(c.before.size());
        const int64_t inner = product(c.after), m = product(c.index);

        Array want(dtype, shape);
        const auto table_at = [&](int64_t i) {  // flat position in the table of position i in rows
          const int64_t o = i / inner / m, k = wrapped(index.get(i / inner % m), c.n);
          return (o * c.n + k) * inner + i % inner;
        };
        want.fill([&](int64_t i) { return in.get(table_at(i)); });
        Array out(dtype, shape), strided = scattered(out);
        CHECK(table().gather(context(), in, index, out, axis) == -1);
        CHECK(equal(out, want));
        CHECK(table().gather(context(), scattered(in), scattered(index), strided, axis) == -1);
        CHECK(equal(strided, want));

        const Array updates = Array(dtype, shape).randomize(2);
        Array sum = in, sum2 = scattered(in), expected = in;
        for (int64_t i = 0; i < updates.size(); ++i) {
          const int64_t at = table_at(i);
          expected.set(at, combine(1, expected.get(at), updates.get(i), dtype));
        }
        CHECK(table().scatter_add(context(), updates, index, sum, axis) == -1);
        CHECK(equal(sum, expected));
        CHECK(table().scatter_add(context(), scattered(updates), scattered(index), sum2, axis) ==
              -1);
        CHECK(equal(sum2, expected));
      }
    }
  }
}

TEST_CASE("gather: broadcast table, broadcast updates") {
  Array in(DType::kFloat32, {5, 3}, {1, 0});
  in.fill([](int64_t i) { return static_cast<double>(i / 3); });
  const Array index = array(DType::kInt32, {2}, {4, -4});
  Array out(DType::kFloat32, {2, 3});
  CHECK(table().gather(context(), in, index, out, 0) == -1);
  CHECK(equal(out, array(DType::kFloat32, {2, 3}, {4, 4, 4, 1, 1, 1})));
  Array one(DType::kFloat32, {3, 4}, {0, 0}), sum(DType::kFloat32, {2, 4});
  one.set(0, 1);
  CHECK(table().scatter_add(context(), one, array(DType::kInt64, {3}, {1, 1, 0}), sum, 0) == -1);
  CHECK(equal(sum, array(DType::kFloat32, {2, 4}, {1, 1, 1, 1, 2, 2, 2, 2})));
}

TEST_CASE("indices out of range are named and nothing is done") {
  const Array in = Array(DType::kFloat32, {4, 3}).randomize(1);
  for (double bad : {4.0, -5.0, 1e9, -1e9}) {
    const Array index = array(DType::kInt32, {2, 2}, {0, 1, bad, bad});
    Array out(DType::kFloat32, {2, 2, 3}), sum = in;
    const Array zero = out;
    CHECK(table().gather(context(), in, index, out, 0) == 2);
    CHECK(table().scatter_add(context(), out, index, sum, 0) == 2);
    CHECK(sum.same_bits(in));
    const Array along = array(DType::kInt64, {2, 3}, {3, 2, 1, 0, bad, 0});
    Array taken(DType::kFloat32, {2, 3});
    CHECK(table().take_along(context(), in, along, taken, 0) == 4);
    CHECK(table().take_along_add(context(), taken, along, sum, 0) == 4);
    const Array pairs = array(DType::kInt64, {2, 2}, {3, 2, bad, 0});
    Array picked(DType::kFloat32, {2});
    CHECK(table().gather_nd(context(), in, pairs, picked) == 2);
    CHECK(table().scatter_nd(context(), pairs, picked, sum, 1) == 2);
    CHECK(sum.same_bits(in));
    CHECK(out.same_bits(zero));
  }
  const Array none(DType::kFloat32, {0, 3});
  Array out(DType::kFloat32, {1, 3});
  CHECK(table().gather(context(), none, array(DType::kInt32, {1}, {0}), out, 0) == 0);
}

TEST_CASE("take_along and its transpose") {
  const Dims shapes[] = {{4, 5, 6}, {1, 7, 2}, {3, 0, 2}, {9}, {40, 300}};
  for (DType dtype : kAllDTypes) {
    for (const Dims& shape : shapes) {
      for (size_t axis = 0; axis < shape.size(); ++axis) {
        if (shape[axis] == 0) continue;
        for (int64_t count : {int64_t{0}, int64_t{1}, shape[axis] + 2}) {
          Dims picked = shape;
          picked[axis] = count;
          const Array in = Array(dtype, shape).randomize(1),
                      updates = Array(dtype, picked).randomize(2);
          const Array index =
              random_indices(count == 1 ? DType::kInt32 : DType::kInt64, picked, shape[axis], 5);
          int64_t inner = 1;
          for (size_t d = axis + 1; d < shape.size(); ++d) inner *= shape[d];
          const auto at = [&](int64_t i) {
            const int64_t o = i / inner / count, k = wrapped(index.get(i), shape[axis]);
            return (o * shape[axis] + k) * inner + i % inner;
          };
          Array out(dtype, picked), strided = scattered(out), want = out, sum = in,
                                    sum2 = scattered(in), total = in;
          want.fill([&](int64_t i) { return in.get(at(i)); });
          for (int64_t i = 0; i < updates.size(); ++i) {
            total.set(at(i), combine(1, total.get(at(i)), updates.get(i), dtype));
          }
          const int a = static_cast<int>(axis);
          CHECK(table().take_along(context(), in, index, out, a) == -1);
          CHECK(equal(out, want));
          CHECK(table().take_along(context(), scattered(in), scattered(index), strided, a) == -1);
          CHECK(equal(strided, want));
          CHECK(table().take_along_add(context(), updates, index, sum, a) == -1);
          CHECK(equal(sum, total));
          CHECK(table().take_along_add(context(), scattered(updates), scattered(index), sum2, a) ==
                -1);
          CHECK(equal(sum2, total));
        }
      }
    }
  }
}

TEST_CASE("scatter_nd and gather_nd: every mode and depth") {
  const Dims shape = {3, 4, 5};
  for (DType dtype : kAllDTypes) {
    for (int64_t depth : {1, 2, 3}) {
      for (int64_t rows : {0, 1, 30}) {
        Dims rest(shape.begin() + depth, shape.end());
        const int64_t inner = product(rest);
        Array index(DType::kInt64, {rows, depth});
        for (int64_t d = 0; d < depth; ++d) {
          const Array column = random_indices(DType::kInt64, {rows}, shape[static_cast<size_t>(d)],
                                              9 + static_cast<uint32_t>(d));
          for (int64_t r = 0; r < rows; ++r) index.set(r * depth + d, column.get(r));
        }
        const auto at = [&](int64_t i) {
          int64_t to = 0;
          for (int64_t d = 0; d < depth; ++d) {
            const int64_t n = shape[static_cast<size_t>(d)];
            to = to * n + wrapped(index.get(i / inner * depth + d), n);
          }
          return to * inner + i % inner;
        };
        const Array in = Array(dtype, shape).randomize(4);
        const Array updates = Array(dtype, join({rows}, rest, {})).randomize(5);
        Array out = updates, want = updates;
        want.fill([&](int64_t i) { return in.get(at(i)); });
        CHECK(table().gather_nd(context(), in, index, out) == -1);
        CHECK(equal(out, want));
        CHECK(table().gather_nd(context(), scattered(in), scattered(index), out) == -1);
        CHECK(equal(out, want));
        for (int mode = 0; mode < 5; ++mode) {
          if (mode == 4 && rows > 1 && dtype >= DType::kInt8) continue;  // inexact or overflowing
          Array got = in, got2 = scattered(in), expected = in;
          for (int64_t i = 0; i < updates.size(); ++i) {
            expected.set(at(i), combine(mode, expected.get(at(i)), updates.get(i), dtype));
          }
          CHECK(table().scatter_nd(context(), index, updates, got, mode) == -1);
          CHECK_MESSAGE(equal(got, expected), "mode " << mode << " dtype " << int(dtype));
          CHECK(table().scatter_nd(context(), scattered(index), scattered(updates), got2, mode) ==
                -1);
          CHECK_MESSAGE(equal(got2, expected), "mode " << mode << " dtype " << int(dtype));
        }
      }
    }
  }
  Array a = array(DType::kFloat32, {2}, {1, 2});
  const Array nan = array(DType::kFloat32, {2}, {std::nan(""), 5});
  table().scatter_nd(context(), array(DType::kInt32, {2, 1}, {0, 0}), nan, a, 2);
  CHECK(std::isnan(a.get(0)));  // NaN stays the maximum
}

TEST_CASE("sort: stable, NaN last or first, every dtype") {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  for (DType dtype : kAllDTypes) {
    for (const Dims& shape :
         {Dims{3, 7}, Dims{2, 2, 33}, Dims{500}, Dims{2, 5000}, Dims{0}, Dims{4, 0}, Dims{1}}) {
      for (bool wide : {false, true}) {
        if (wide && !is_float(dtype)) continue;
        Array in = Array(dtype, shape).randomize(8, false);
        if (wide) {
          std::mt19937 random(3);
          in.fill([&](int64_t i) {
            if (i % 97 == 5) return nan;
            if (i % 89 == 6) return i % 2 ? inf : -inf;
            if (i % 13 == 0) return i % 2 ? -0.0 : 0.0;
            return (static_cast<double>(random()) - 2e9) / 1e6;
          });
        }
        const int64_t n = shape.back(), rows = n ? in.size() / n : 0;
        for (bool descending : {false, true}) {
          for (DType index_type : {DType::kInt32, DType::kInt64}) {
            Array values(dtype, shape), indices(index_type, shape);
            table().sort(context(), in, values, indices, descending);
            bool ok = true;
            for (int64_t r = 0; r < rows; ++r) {
              std::vector<int64_t> order(static_cast<size_t>(n));
              for (int64_t i = 0; i < n; ++i) order[static_cast<size_t>(i)] = i;
              std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
                double x = in.get(r * n + a), y = in.get(r * n + b);
                if (descending) std::swap(x, y);
                return x < y || (!std::isnan(x) && std::isnan(y));
              });
              for (int64_t i = 0; i < n; ++i) {
                const int64_t from = order[static_cast<size_t>(i)];
                ok = ok && indices.get(r * n + i) == static_cast<double>(from);
                ok = ok && near(values.get(r * n + i), in.get(r * n + from), 0);
              }
            }
            CHECK_MESSAGE(ok, "dtype " << int(dtype) << " n " << n << " descending " << descending);
            Array alone(dtype, shape);
            View none;
            none.dtype = index_type;
            table().sort(context(), in, alone, none, descending);
            CHECK(alone.same_bits(values));
            Array alone_indices(index_type, shape);
            table().sort(context(), in, none, alone_indices, descending);
            CHECK(alone_indices.same_bits(indices));
          }
        }
      }
    }
  }
  Array big(DType::kInt64, {3}), sorted(DType::kInt64, {3});
  big.data<int64_t>()[0] = std::numeric_limits<int64_t>::max();
  big.data<int64_t>()[2] = std::numeric_limits<int64_t>::min();
  View none;
  table().sort(context(), big, sorted, none, false);
  CHECK(sorted.data<int64_t>()[0] == std::numeric_limits<int64_t>::min());
  CHECK(sorted.data<int64_t>()[2] == std::numeric_limits<int64_t>::max());
}

TEST_CASE("index kernels have the same bits on any threads") {
  const Array rows = Array(DType::kFloat32, {3000, 100}).randomize(1, true);
  const Array wide = Array(DType::kFloat32, {4, 3000, 5, 3}).randomize(2, true);
  const Array index = random_indices(DType::kInt32, {3000}, 50, 3);
  const Array along = random_indices(DType::kInt64, {3000, 100}, 30, 4);
  const Array keys = Array(DType::kFloat32, {50, 1000}).randomize(5, true);
  same_bits_always([&](const Context& ctx) {
    Array a(DType::kFloat32, {50, 100}), b(DType::kFloat32, {4, 50, 5, 3}),
        c(DType::kFloat32, {3000, 30});
    Array d(DType::kFloat32, {50, 100}), e(DType::kFloat32, {3000, 100}), f = rows;
    Array order(DType::kInt32, {50, 1000}), sorted(DType::kFloat32, {50, 1000});
    table().scatter_add(ctx, rows, index, a, 0);
    table().scatter_add(ctx, wide, index, b, 1);
    table().take_along_add(ctx, rows, along, c, 1);
    Array pairs(DType::kInt32, {3000, 1});
    for (int64_t i = 0; i < 3000; ++i) pairs.set(i, index.get(i));
    table().scatter_nd(ctx, pairs, rows, d, 0);
    table().gather(ctx, a, index, e, 0);
    table().take_along(ctx, rows, along, f, 1);
    table().sort(ctx, keys, sorted, order, true);
    return std::vector<Array>{a, b, c, d, e, f, order, sorted};
  });
}
