// Hashing and HashedCrossing.
#include "lamina/layers_preprocessing.h"
#include "layers/categories.h"

namespace lamina {

namespace {

// Integers unless the output is an encoding.
template <class Options>
Options with_dtype(Options o) {
  if (!o.dtype && o.output_mode == "int") o.dtype = "int64";
  return o;
}

template <class Options>
void check(const char* layer, const Options& o, const std::vector<std::string>& modes) {
  if (o.num_bins <= 0)
    fail("The `num_bins` for `", layer,
         "` cannot be `None` or non-positive values. Received: ", "num_bins=", o.num_bins, ".");
  require_mode(layer, o.output_mode, modes);
  refuse_sparse(layer, o.sparse);
  if (o.output_mode == "int" && o.dtype && *o.dtype != "int32" && *o.dtype != "int64")
    fail(layer, ": When `output_mode=\"int\"`, `dtype` should be an integer type, 'int32' or ",
         "'int64'. Received: dtype=", *o.dtype);
}

class Hashing : public BuiltIn<Hashing, HashingOptions> {
 public:
  static constexpr const char* kName = "Hashing";
  explicit Hashing(const HashingOptions& o) : BuiltIn(with_dtype(o)) {
    check(kName, o_, {"int", "one_hot", "multi_hot", "count"});
    masked_ = !o.mask_value.is_null() && o.num_bins > 1;
    supports_ragged_ = o.output_mode == "int";
    spec_ = hash_spec(kName, o.num_bins - masked_, o.salt);
    // A single integer is both halves of the key.
    if (o.salt.is_int()) o_.salt = Config::list({o.salt, o.salt});
  }
  bool takes_text() const override { return true; }

  Tensors call(const Tensors& in, const CallArgs&) override {
    const Tensor& x = in[0];
    if (masked_ && x.is_text() != o_.mask_value.is_string())
      throw Error(str(error("").what(), "`mask_value` is ", o_.mask_value.dump(),
                      ", but the input is ", x.is_text() ? "text" : dtype_name(x.dtype())),
                  Error::Kind::kType);
    return {encode_categories(x.is_text() ? of_text(x) : of_numbers(x), o_.output_mode, o_.num_bins,
                              dtype_)};
  }

 private:
  Tensor of_text(const Tensor& x) const {
    if (stands_in(*this, x)) return zeros(x.shape(), DType::kInt64);
    const auto& text = x.strings();
    Tensor out = Tensor::empty(x.shape(), DType::kInt64);
    auto* y = static_cast<int64_t*>(out.data());
    std::string mask = masked_ ? o_.mask_value.as_string() : "";
    each_index(out.numel(), 25, [&](int64_t i) {
      const std::string& t = text[static_cast<size_t>(i)];
      y[i] = masked_ && t == mask ? 0 : hash_text(t, spec_) + masked_;
    });
    return out;
  }
  Tensor of_numbers(const Tensor& x) const {
    Tensor bins = hash_integers(x, spec_);
    if (!masked_) return bins;
    return where(equal(x, Tensor(o_.mask_value.as_int())), zeros_like(bins),
                 bins + Tensor(int64_t{1}));
  }
  bool masked_ = false;
  HashSpec spec_;
};

class HashedCrossing : public BuiltIn<HashedCrossing, HashedCrossingOptions> {
 public:
  static constexpr const char* kName = "HashedCrossing";
  explicit HashedCrossing(const HashedCrossingOptions& o) : BuiltIn(with_dtype(o)) {
    check(kName, o_, {"int", "one_hot"});
  }
  bool takes_text() const override { return true; }

  Config get_config() const override {
    Config c = BuiltIn::get_config();
    c.erase("trainable");  // as in Keras
    return c;
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    if (in.size() < 2)
      throw error(
          str("`HashedCrossing` should be called on at least two inputs. Received: ", in.size()));
    const Shape& s = in[0].shape();
    if (s.rank() > 2 || (s.rank() == 2 && s[1] != 1))
      throw error(
          str("All `HashedCrossing` inputs should have shape `()`, `(batch_size)` or "
              "`(batch_size, 1)`. Received shape ",
              s));
    Tensors features;
    bool unknown = false;
    for (const Tensor& t : in) {
      if (!(t.shape() == s))
        throw error(str("All `HashedCrossing` inputs should have equal shape. Received shapes ", s,
                        " and ", t.shape()));
      if (!t.is_text() && !is_integer(t.dtype()))
        throw error(
            str("All `HashedCrossing` inputs should have an integer or string dtype. "
                "Received dtype ",
                dtype_name(t.dtype())));
      if (stands_in(*this, t))
        unknown = true;
      else
        features.push_back(t.is_text() ? fingerprints(t) : t);
    }
    Tensor bins = unknown ? zeros(s, DType::kInt64) : cross_hash(features, o_.num_bins);
    return {encode_categories(bins, o_.output_mode, o_.num_bins, dtype_)};
  }
};

}  // namespace

void add_hashing_layers(LayerClasses& out) {
  out.push_back(layer_class<Hashing>(
      R"(Text or integers as one of num_bins integers, by a hash that never changes.

The hash is FarmHash's Fingerprint64, as in TensorFlow; integers are hashed as decimal text.

Args:
    num_bins: Number of bins, that of mask_value included.
    mask_value: Text or an integer that gives 0; others then give 1 and more.
    salt: One integer or two, the key of SipHash-2-4 (Aumasson and Bernstein, 2012) in place of
        FarmHash.
    output_mode: "int"; "one_hot", "multi_hot" or "count" as `CategoryEncoding` has them.
    sparse: Only False is supported.

Input shape: any. Output shape: that of the input for "int", else with an axis of num_bins.

Raises:
    ValueError: num_bins is not positive, or the dtype is no integer type with "int".

Example:

>>> import lamina
>>> lamina.layers.Hashing(num_bins=3)([["A"], ["B"], ["C"], ["D"], ["E"]]).numpy().ravel()
array([1, 0, 1, 1, 2]))"));
  out.push_back(layer_class<HashedCrossing>(
      R"(Combinations of two or more features as one of num_bins integers, by a hash of them all.

Args:
    num_bins: Number of bins.
    output_mode: "int", or "one_hot" for rows with a 1 in the bin's place.
    sparse: Only False is supported.

Input shape: a list of text or integers, each of shape (batch,), (batch, 1) or (). Output shape:
that of an input for "int", (batch, num_bins) for "one_hot".

Raises:
    ValueError: There is only one input, or shapes differ.

Example:

>>> import lamina, numpy as np
>>> layer = lamina.layers.HashedCrossing(num_bins=5)
>>> layer([np.array(["A", "B", "A", "B", "A"]), np.array([101, 101, 101, 102, 102])]).numpy()
array([1, 4, 1, 1, 3]))"));
}

}  // namespace lamina
