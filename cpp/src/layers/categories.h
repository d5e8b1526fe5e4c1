// What the layers that turn values into categories share.
#pragma once
#include "layers/builtin.h"
#include "layers/symbolic.h"
#include "ops/preprocessing.h"

namespace lamina {

// Indices as an output_mode says. multi_hot and count put the indices of a sample (axis 1, or the
// only axis) into one row of `depth`; an index outside [0, depth) counts nowhere.
inline Tensor encode_categories(const Tensor& indices, const std::string& mode, int64_t depth,
                                DType dtype, const Tensor& weights = {}) {
  if (mode == "int") return cast(indices, dtype);
  Tensor x = indices.rank() == 0 ? reshape(indices, {1}) : indices;
  if (x.dtype() != DType::kInt32 && x.dtype() != DType::kInt64) x = cast(x, DType::kInt64);
  if (mode == "one_hot") {
    if (x.rank() > 1 && x.dim(-1) == 1) x = squeeze(x, -1);
    return one_hot(x, depth, -1, dtype);
  }
  auto last = [](const Tensor& t) {
    Tensor v = t.rank() == 0 ? reshape(t, {1}) : t;
    return v.rank() > 2 ? moveaxis(v, {1}, {-1}) : v;
  };
  x = last(x);
  Ints shape = x.shape().vec();
  int64_t length = shape.back(), rows = 1;
  shape.pop_back();
  for (int64_t d : shape) rows *= d;
  shape.push_back(depth);
  // One more column takes what lies outside.
  x = reshape(x, {rows * length});
  x = where(logical_and(greater_equal(x, Tensor(int64_t{0})), less(x, Tensor(depth))), x,
            full_like(x, static_cast<double>(depth)));
  Tensor row = repeat(arange(0, static_cast<double>(rows), 1, x.dtype()), {length});
  Tensor ones = weights.defined() ? reshape(last(cast(weights, dtype)), {rows * length})
                                  : lamina::ones({rows * length}, dtype);
  Tensor out = scatter_update(zeros({rows, depth + 1}, dtype), stack({row, x}, 1), ones,
                              mode == "count" ? "add" : "max");
  return reshape(slice(out, {0, 0}, {rows, depth}), shape);
}

// Throws Error unless the output mode is one of those listed.
inline void require_mode(const char* layer, const std::string& mode,
                         const std::vector<std::string>& known) {
  std::string list;
  for (auto& k : known) {
    if (k == mode) return;
    list += (list.empty() ? "'" : ", '") + k + "'";
  }
  fail(layer, ": invalid value for argument `output_mode`. Expected one of (", list,
       "). Received: output_mode=", mode);
}

inline void refuse_sparse(const char* layer, bool sparse) {
  if (sparse)
    throw Error(str(layer, ": `sparse=True` is not supported: there are no sparse tensors"),
                Error::Kind::kUnsupported);
}

// An integer or two of them as the key of SipHash; none: FarmHash.
inline HashSpec hash_spec(const char* layer, int64_t bins, const Config& salt) {
  HashSpec spec;
  spec.bins = bins;
  if (salt.is_null()) return spec;
  spec.salted = true;
  if (salt.is_int()) {
    spec.key0 = spec.key1 = salt.as_int();
  } else if (salt.is_list() && salt.size() == 2 && salt[0].is_int() && salt[1].is_int()) {
    spec.key0 = salt[0].as_int(), spec.key1 = salt[1].as_int();
  } else {
    fail("The `salt` argument for `", layer,
         "` can only be a tuple of size 2 integers, or a single integer. Received: salt=",
         salt.dump());
  }
  return spec;
}

// Text while a functional model asks for shapes: there are no values to look at. Text in a captured
// function is refused.
inline bool stands_in(const Layer& layer, const Tensor& t) {
  if (!t.is_text() || !t.is_abstract()) return false;
  if (!shapes_only())
    throw layer.error(
        "text cannot be part of a captured function; call the layer on the data before");
  return true;
}

}  // namespace lamina
