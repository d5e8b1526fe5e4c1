#include "ops/preprocessing.h"

#include <algorithm>
#include <charconv>

#include "core/fingerprint.h"
#include "core/threads.h"
#include "graph/op.h"
#include "ops/registry.h"

namespace lamina {

void each_index(int64_t n, double nanoseconds, const std::function<void(int64_t)>& f) {
  constexpr int64_t kBlock = 2048;
  struct Work {
    int64_t n;
    const std::function<void(int64_t)>& f;
  } work{n, f};
  threads::parallel_for((n + kBlock - 1) / kBlock, nanoseconds * static_cast<double>(n), false,
                        [](void* arg, int64_t block) {
                          auto& w = *static_cast<Work*>(arg);
                          for (int64_t i = block * kBlock; i < std::min(w.n, (block + 1) * kBlock);
                               ++i)
                            w.f(i);
                        },
                        &work);
}

int64_t hash_text(std::string_view text, const HashSpec& spec) {
  uint64_t hash = spec.salted ? siphash24(text, static_cast<uint64_t>(spec.key0),
                                          static_cast<uint64_t>(spec.key1))
                              : fingerprint64(text);
  return static_cast<int64_t>(hash % static_cast<uint64_t>(spec.bins));
}

namespace {

int64_t hash_integer(int64_t value, const HashSpec& spec) {
  char text[24];
  auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return hash_text({text, static_cast<size_t>(end - text)}, spec);
}

Attrs attrs_of(const HashSpec& spec) {
  return {{"bins", spec.bins}, {"salted", spec.salted}, {"key0", spec.key0}, {"key1", spec.key1}};
}
HashSpec hash_of(const Attrs& a) {
  return {a.integer("bins"), a.flag("salted"), a.integer("key0"), a.integer("key1")};
}

template <class T>
T* values(const abi::View& v) {
  return static_cast<T*>(v.data);
}
int64_t count(const abi::View& v) {
  int64_t n = 1;
  for (int i = 0; i < v.rank; ++i) n *= v.shape[i];
  return n;
}

void infer_integers(Infer& f) { f.output(f.shape(0), DType::kInt64); }

void run_hash(const Run& r) {
  HashSpec spec = hash_of(r.attrs);
  auto* x = values<const int64_t>(r.in[0]);
  auto* y = values<int64_t>(r.out[0]);
  each_index(count(r.out[0]), 20, [&](int64_t i) { y[i] = hash_integer(x[i], spec); });
}
const Op kHash = [] {
  Op op{"hash_integers", infer_integers, run_hash};
  op.zero_gradient = true;
  return op;
}();

void run_cross(const Run& r) {
  auto bins = static_cast<uint64_t>(r.attrs.integer("bins"));
  auto* y = values<int64_t>(r.out[0]);
  each_index(count(r.out[0]), 5 * static_cast<double>(r.n_in), [&](int64_t i) {
    uint64_t hash = 0xDECAFCAFFE;  // the key that TensorFlow's sparse.cross_hashed starts from
    for (size_t k = 0; k < r.n_in; ++k)
      hash = fingerprint_cat64(hash, static_cast<uint64_t>(values<const int64_t>(r.in[k])[i]));
    y[i] = static_cast<int64_t>(hash % bins);
  });
}
const Op kCross = [] {
  Op op{"cross_hash", infer_integers, run_cross};
  op.zero_gradient = true;
  return op;
}();

void infer_bucketize(Infer& f) { f.output(f.shape(0), DType::kInt32); }
void run_bucketize(const Run& r) {
  auto* x = values<const double>(r.in[0]);
  auto* first = values<const double>(r.in[1]);
  auto* last = first + count(r.in[1]);
  auto* y = values<int32_t>(r.out[0]);
  each_index(count(r.out[0]), 10, [&](int64_t i) {
    // NaN is above everything, as NumPy sorts it.
    y[i] =
        static_cast<int32_t>((x[i] != x[i] ? last : std::upper_bound(first, last, x[i])) - first);
  });
}
const Op kBucketize = [] {
  Op op{"bucketize", infer_bucketize, run_bucketize};
  op.zero_gradient = true;
  return op;
}();

void run_lookup(const Run& r) {
  HashSpec hash = hash_of(r.attrs);
  bool masked = r.attrs.flag("masked"), floormod = r.attrs.flag("floormod");
  int64_t mask = r.attrs.integer("mask"), mask_index = r.attrs.integer("mask_index"),
          oov_start = r.attrs.integer("oov_start");
  auto* x = values<const int64_t>(r.in[0]);
  auto* keys = values<const int64_t>(r.in[1]);
  auto* places = values<const int64_t>(r.in[2]);
  auto* end = keys + count(r.in[1]);
  auto* y = values<int64_t>(r.out[0]);
  int64_t n = count(r.out[0]);
  each_index(n, 30, [&](int64_t i) {
    int64_t v = x[i];
    if (masked && v == mask) {
      y[i] = mask_index;
    } else if (auto* at = std::lower_bound(keys, end, v); at != end && *at == v) {
      y[i] = places[at - keys];
    } else if (hash.bins == 0) {
      y[i] = INT64_MIN;
    } else {
      int64_t rest = v % hash.bins;
      y[i] = oov_start + (floormod ? (rest < 0 ? rest + hash.bins : rest) : hash_integer(v, hash));
    }
  });
  if (hash.bins == 0)
    if (auto* bad = std::find(y, y + n, INT64_MIN); bad != y + n)
      fail("When `num_oov_indices=0` all inputs should be in vocabulary, found OOV value ",
           x[bad - y], ", consider setting `num_oov_indices=1`.");
}
const Op kLookup = [] {
  Op op{"lookup_integers", infer_integers, run_lookup};
  op.zero_gradient = true;
  return op;
}();

Tensor int64s(const Tensor& x) { return cast(x, DType::kInt64).contiguous(); }

}  // namespace

void register_preprocessing_ops() {
  for (const Op* op : {&kHash, &kCross, &kBucketize, &kLookup}) register_op(*op);
}

Tensor hash_integers(const Tensor& x, const HashSpec& spec) {
  return apply1(kHash, {int64s(x)}, attrs_of(spec));
}

Tensor fingerprints(const Tensor& text) {
  const auto& from = text.strings();
  Tensor out = Tensor::empty(text.shape(), DType::kInt64);
  auto* y = static_cast<int64_t*>(out.data());
  each_index(out.numel(), 20, [&](int64_t i) {
    y[i] = static_cast<int64_t>(fingerprint64(from[static_cast<size_t>(i)]));
  });
  return out;
}

Tensor cross_hash(const Tensors& features, int64_t bins) {
  Tensors in;
  for (const Tensor& t : features) in.push_back(int64s(t));
  return apply1(kCross, in, {{"bins", bins}});
}

Tensor bucketize(const Tensor& x, const Tensor& boundaries) {
  return apply1(kBucketize, {cast(x, DType::kFloat64).contiguous(),
                             cast(boundaries, DType::kFloat64).contiguous()});
}

Tensor lookup_integers(const Tensor& x, const Tensor& keys, const Tensor& places,
                       const LookupSpec& spec) {
  Attrs a = attrs_of(spec.hash);
  a.set("masked", spec.mask.has_value());
  a.set("mask", spec.mask.value_or(0));
  a.set("mask_index", spec.mask_index);
  a.set("oov_start", spec.oov_start);
  a.set("floormod", spec.floormod);
  return apply1(kLookup, {int64s(x), keys, places}, a);
}

}  // namespace lamina
