// StringLookup and IntegerLookup.
#include "layers/categories.h"
#include "layers/vocabulary.h"

namespace lamina {

Lookup& as_lookup(Layer& layer) {
  if (auto* l = dynamic_cast<Lookup*>(&layer)) return *l;
  throw layer.error("has no vocabulary");
}

namespace {

Vocabulary::Options options_of(const StringLookupOptions& o) {
  refuse_sparse("StringLookup", o.sparse);
  if (o.encoding != "utf-8")
    throw Error(
        "StringLookup: only encoding='utf-8' is supported; received encoding='" + o.encoding + "'",
        Error::Kind::kUnsupported);
  return {false,        o.max_tokens, o.num_oov_indices, o.mask_token,
          o.oov_token,  o.invert,     o.output_mode,     o.pad_to_max_tokens,
          o.oov_method, o.salt,       o.vocabulary_size};
}
Vocabulary::Options options_of(const IntegerLookupOptions& o) {
  refuse_sparse("IntegerLookup", o.sparse);
  if (o.vocabulary_dtype != "int64")
    fail("IntegerLookup: Only `vocabulary_dtype='int64'` is supported at this time. Received: ",
         "vocabulary_dtype=", o.vocabulary_dtype);
  auto text = [](const std::optional<int64_t>& t) {
    return t ? std::optional(std::to_string(*t)) : std::nullopt;
  };
  return {true,
          o.max_tokens,
          o.num_oov_indices,
          text(o.mask_token),
          text(o.oov_token),
          o.invert,
          o.output_mode,
          o.pad_to_max_tokens,
          o.oov_method,
          o.salt,
          o.vocabulary_size};
}

template <class Derived, class Options>
class LookupLayer : public BuiltIn<Derived, Options>, public Adaptive, public Lookup {
 public:
  explicit LookupLayer(const Options& o)
      : BuiltIn<Derived, Options>(o), vocabulary_(Derived::kName, options_of(o)) {
    vocabulary_.set_given(named(), o.vocabulary, o.idf_weights);
    if (o.vocabulary.is_string()) this->o_.vocabulary = Config();  // the file may not stay
    // What came from a path is saved as what was learned is.
    given_in_config_ = !this->o_.vocabulary.is_null();
    this->supports_ragged_ = o.output_mode == "int" && options_of(o).numeric;
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    return {vocabulary_.call(*this, in[0], this->dtype_)};
  }
  bool takes_text() const override { return !options_of(this->o_).numeric && !this->o_.invert; }
  bool needs_text() const override { return takes_text(); }
  Config get_config() const override {
    Config c = BuiltIn<Derived, Options>::get_config();
    if (auto n = vocabulary_.known_size()) c.set("vocabulary_size", *n);
    return c;
  }

  void reset_state() override { vocabulary_.reset(); }
  void update_state(const Tensor& batch) override { vocabulary_.count(*this, batch); }
  void finalize_state() override { vocabulary_.finalize(*this), this->changed(); }
  void adapt(const Tensor& data) override {  // each of an array's values is a document
    reset_state();
    bool list = data.rank() == 1;
    Shape column = {data.numel(), 1};
    update_state(!list            ? data
                 : data.is_text() ? Tensor::from_strings(data.strings(), column)
                                  : reshape(data, column.vec()));
    finalize_state();
  }

  std::vector<std::string> get_vocabulary(bool special) const override {
    return vocabulary_.list(special);
  }
  void set_vocabulary(const std::vector<std::string>& tokens,
                      const std::vector<double>& idf) override {
    vocabulary_.set(*this, tokens, idf);
    this->o_.vocabulary = Config(), this->o_.idf_weights.reset();
    given_in_config_ = false;
    this->changed();
  }
  int64_t vocabulary_size() const override { return vocabulary_.size(); }

  LayerAssets assets() const override {
    return given_in_config_ ? LayerAssets{} : vocabulary_.assets();
  }
  void set_assets(const LayerAssets& assets) override {
    vocabulary_.set_assets(*this, assets), this->changed();
  }

 private:
  const Layer& named() {
    if (this->name_.empty()) this->name_ = unique_layer_name(Derived::kName);
    return *this;
  }
  Vocabulary vocabulary_;
  bool given_in_config_ = false;
};

class StringLookup : public LookupLayer<StringLookup, StringLookupOptions> {
 public:
  static constexpr const char* kName = "StringLookup";
  using LookupLayer::LookupLayer;
};
class IntegerLookup : public LookupLayer<IntegerLookup, IntegerLookupOptions> {
 public:
  static constexpr const char* kName = "IntegerLookup";
  using LookupLayer::LookupLayer;
};

}  // namespace

void add_lookup_layers(LayerClasses& out) {
  out.push_back(layer_class<StringLookup>(
      R"(Words as integers, by a vocabulary that is given or learned by `adapt`.

Indices are, in this order: that of mask_token, those of unknown words, those of the vocabulary.
`adapt` orders words by how often they occur, and equally frequent ones from the last to the first.

Args:
    max_tokens: Largest size of the vocabulary, special tokens included; none by default.
    num_oov_indices: Number of indices for unknown words, which a hash chooses from; 0 refuses them.
    mask_token: A word that means "nothing"; index 0 with "int", left out otherwise.
    oov_token: What unknown indices give with invert.
    vocabulary: The words, with or without special tokens in front, or the path of a text file with
        one in each line.
    idf_weights: A weight for each word, with "tf_idf" alone.
    invert: From indices to words; gives text.
    output_mode: "int"; "one_hot", "multi_hot" or "count" as `CategoryEncoding` has them; "tf_idf"
        multiplies counts by weights, log(1 + documents / (1 + documents with the word)).
    pad_to_max_tokens: The output has max_tokens columns, whatever the vocabulary's size.
    sparse: Only False is supported.
    encoding: Only "utf-8" is supported.
    salt: One or two integers that make the hash SipHash.
    oov_method: For integers; words are always hashed.
    vocabulary_size: Written to configs: the size of a vocabulary that a model file holds.

Input shape: text of any shape. Output shape: that of the input for "int", else (batch, size).

Raises:
    ValueError: Arguments contradict each other, or a word is unknown and num_oov_indices is 0.
    RuntimeError: The output needs the vocabulary's size before there is one.

Example:

>>> import lamina
>>> layer = lamina.layers.StringLookup()
>>> layer.adapt(["b", "a", "b", "c"])
>>> layer.get_vocabulary()
['[UNK]', 'b', 'c', 'a']
>>> layer([["a", "b", "z"]]).numpy()
array([[3, 1, 0]]))"));
  out.push_back(layer_class<IntegerLookup>(
      R"(Integers of any size as indices, by a vocabulary that is given or learned by `adapt`.

Args:
    max_tokens: Largest size of the vocabulary, special tokens included; none by default.
    num_oov_indices: Number of indices for unknown integers; 0 refuses them.
    mask_token: An integer that means "nothing"; index 0 with "int", left out otherwise.
    oov_token: What unknown indices give with invert.
    vocabulary: The integers, with or without special tokens in front, or the path of a text file.
    vocabulary_dtype: Only "int64" is supported.
    idf_weights: A weight for each integer, with "tf_idf" alone.
    invert: From indices to integers of the vocabulary.
    output_mode: As in `StringLookup`.
    sparse: Only False is supported.
    pad_to_max_tokens: The output has max_tokens columns, whatever the vocabulary's size.
    oov_method: How an unknown integer chooses among several indices: "floormod", by its remainder,
        or "farmhash".
    salt: With "farmhash": one or two integers that make the hash SipHash.
    vocabulary_size: Written to configs: the size of a vocabulary that a model file holds.

Input shape: integers of any shape. Output shape: as in `StringLookup`.

Example:

>>> import lamina, numpy as np
>>> layer = lamina.layers.IntegerLookup(vocabulary=[12, 36, 1138])
>>> layer(np.array([[36, 12, 7]])).numpy()
array([[2, 1, 0]]))"));
}

}  // namespace lamina
