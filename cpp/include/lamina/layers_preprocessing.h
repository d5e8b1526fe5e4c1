// Layers that prepare data: normalization, bins, categories, hashes and vocabularies.
//
//   auto words = lamina::layers::StringLookup();
//   lamina::adapt(words, lamina::Tensor::from_strings({"a", "b", "a"}, {3}));
//   lamina::Tensor ids = words(lamina::Tensor::from_strings({"b", "c"}, {2}));  // 2, 0
#pragma once
#include <functional>

#include "lamina/layers.h"

namespace lamina {

// A layer that learns from data before training: statistics, bins, a vocabulary.
class Adaptive {
 public:
  virtual ~Adaptive() = default;
  virtual void reset_state() = 0;
  virtual void update_state(const Tensor& batch) = 0;
  virtual void finalize_state() = 0;
  // Gives the next batch; false where there is none.
  using NextBatch = std::function<bool(Tensor& batch)>;
  // From batches, at most `steps` of them where steps >= 0; replaces what was learned before.
  void adapt(const NextBatch& next, int64_t steps = -1);
  // From one array.
  virtual void adapt(const Tensor& data);
};
// The same of a layer by pointer; throws Error for one that is not adaptive.
void adapt(const LayerPtr& layer, const Tensor& data);
void adapt(const LayerPtr& layer, const Adaptive::NextBatch& next, int64_t steps = -1);
Adaptive& as_adaptive(Layer& layer);

// A layer with a vocabulary: StringLookup, IntegerLookup (tokens in decimal) and TextVectorization.
class Lookup {
 public:
  virtual ~Lookup() = default;
  // Tokens in order of their indices, with those for masked and unknown values in front.
  virtual std::vector<std::string> get_vocabulary(bool include_special_tokens = true) const = 0;
  // Replaces the vocabulary. idf_weights: one for each token, with output_mode "tf_idf" alone.
  virtual void set_vocabulary(const std::vector<std::string>& tokens,
                              const std::vector<double>& idf_weights = {}) = 0;
  virtual int64_t vocabulary_size() const = 0;
};
Lookup& as_lookup(Layer& layer);  // throws Error for a layer without a vocabulary

// mean and variance of a Normalization layer, ready to broadcast against its inputs.
std::pair<Tensor, Tensor> normalization_statistics(const Layer& layer);

struct NormalizationOptions {
  std::optional<Ints> axis = Ints{-1};
  Config mean, variance;  // numbers or (nested) lists of them; none: learned by adapt
  bool invert = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("axis", axis)("mean", mean)("variance", variance)("invert", invert), rest(f);
  }
};
struct DiscretizationOptions {
  std::optional<std::vector<double>> bin_boundaries;
  std::optional<int64_t> num_bins;
  double epsilon = 0.01;
  std::string output_mode = "int";
  bool sparse = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("bin_boundaries", bin_boundaries)("num_bins", num_bins)("epsilon", epsilon);
    f("output_mode", output_mode)("sparse", sparse)("dtype", dtype)("name", name);
    f("trainable", trainable);
  }
};
struct CategoryEncodingOptions {
  std::optional<int64_t> num_tokens;
  std::string output_mode = "multi_hot";
  bool sparse = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("num_tokens", num_tokens)("output_mode", output_mode)("sparse", sparse), rest(f);
  }
};
struct HashingOptions {
  int64_t num_bins = 0;
  Config mask_value;  // text or an integer
  Config salt;        // an integer or two of them
  std::string output_mode = "int";
  bool sparse = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("num_bins", num_bins)("mask_value", mask_value)("salt", salt)("output_mode", output_mode)(
        "sparse", sparse),
        rest(f);
  }
};
struct HashedCrossingOptions {
  int64_t num_bins = 0;
  std::string output_mode = "int";
  bool sparse = false;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("num_bins", num_bins)("output_mode", output_mode)("sparse", sparse), rest(f);
  }
};
struct StringLookupOptions {
  std::optional<int64_t> max_tokens;
  int64_t num_oov_indices = 1;
  std::optional<std::string> mask_token;
  std::optional<std::string> oov_token = "[UNK]";
  Config vocabulary;  // a list of tokens, or the path of a file with one in each line
  std::optional<std::vector<double>> idf_weights;
  bool invert = false;
  std::string output_mode = "int";
  bool pad_to_max_tokens = false;
  bool sparse = false;
  std::string encoding = "utf-8";
  Config salt;
  std::string oov_method = "floormod";
  std::optional<int64_t> vocabulary_size;  // of a vocabulary that comes later, from a file
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("max_tokens", max_tokens)("num_oov_indices", num_oov_indices)("mask_token", mask_token)(
        "oov_token", oov_token)("vocabulary", vocabulary)("idf_weights", idf_weights);
    f("invert", invert)("output_mode", output_mode)("pad_to_max_tokens", pad_to_max_tokens)(
        "sparse", sparse)("encoding", encoding)("name", name)("salt", salt);
    f("oov_method", oov_method)("vocabulary_size", vocabulary_size);
    f("trainable", trainable)("dtype", dtype);
  }
};
struct IntegerLookupOptions {
  std::optional<int64_t> max_tokens;
  int64_t num_oov_indices = 1;
  std::optional<int64_t> mask_token;
  std::optional<int64_t> oov_token = -1;
  Config vocabulary;
  std::string vocabulary_dtype = "int64";
  std::optional<std::vector<double>> idf_weights;
  bool invert = false;
  std::string output_mode = "int";
  bool sparse = false;
  bool pad_to_max_tokens = false;
  std::string oov_method = "floormod";
  Config salt;
  std::optional<int64_t> vocabulary_size;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("max_tokens", max_tokens)("num_oov_indices", num_oov_indices)("mask_token", mask_token)(
        "oov_token", oov_token)("vocabulary", vocabulary)("vocabulary_dtype", vocabulary_dtype);
    f("idf_weights", idf_weights)("invert", invert)("output_mode", output_mode)("sparse", sparse)(
        "pad_to_max_tokens", pad_to_max_tokens);
    f("oov_method", oov_method)("salt", salt)("vocabulary_size", vocabulary_size), rest(f);
  }
};
struct TextVectorizationOptions {
  std::optional<int64_t> max_tokens;
  std::optional<std::string> standardize = "lower_and_strip_punctuation", split = "whitespace";
  Config ngrams;  // a number or a list of them
  std::string output_mode = "int";
  std::optional<int64_t> output_sequence_length;
  bool pad_to_max_tokens = false;
  Config vocabulary;
  std::optional<std::vector<double>> idf_weights;
  bool sparse = false, ragged = false;
  std::string encoding = "utf-8";
  std::optional<int64_t> vocabulary_size;
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) {
    f("max_tokens", max_tokens)("standardize", standardize)("split", split)("ngrams", ngrams)(
        "output_mode", output_mode)("output_sequence_length", output_sequence_length);
    f("pad_to_max_tokens", pad_to_max_tokens)("vocabulary", vocabulary)("idf_weights", idf_weights)(
        "sparse", sparse)("ragged", ragged)("encoding", encoding);
    f("vocabulary_size", vocabulary_size), rest(f);
  }
};
// Functions of one's own for TextVectorization's `standardize` and `split`, by name: text to text
// of that shape, and sentences to their words.
using Standardize = std::function<Tensor(const Tensor& text)>;
using Split = std::function<std::vector<std::vector<std::string>>(const Tensor& sentences)>;
void register_text_functions(const std::string& name, Standardize standardize, Split split);

struct PipelineOptions {
  Config layers = Config::list();  // serialized
  LAMINA_LAYER_FIELDS
  void fields(Fields& f) { f("layers", layers), rest(f); }
};

// A Pipeline of these very layers.
LayerPtr make_pipeline(const std::vector<LayerPtr>& layers, const PipelineOptions& options = {});

namespace layers {

inline Handle Normalization(NormalizationOptions o = {}) { return make("Normalization", o); }
inline Handle Discretization(DiscretizationOptions o = {}) { return make("Discretization", o); }
inline Handle CategoryEncoding(int64_t num_tokens, CategoryEncodingOptions o = {}) {
  return o.num_tokens = num_tokens, make("CategoryEncoding", o);
}
inline Handle Hashing(int64_t num_bins, HashingOptions o = {}) {
  return o.num_bins = num_bins, make("Hashing", o);
}
inline Handle HashedCrossing(int64_t num_bins, HashedCrossingOptions o = {}) {
  return o.num_bins = num_bins, make("HashedCrossing", o);
}
inline Handle StringLookup(StringLookupOptions o = {}) { return make("StringLookup", o); }
inline Handle IntegerLookup(IntegerLookupOptions o = {}) { return make("IntegerLookup", o); }
inline Handle TextVectorization(TextVectorizationOptions o = {}) {
  return make("TextVectorization", o);
}
inline Handle Pipeline(const std::vector<LayerPtr>& layers, const PipelineOptions& o = {}) {
  return make_pipeline(layers, o);
}

}  // namespace layers

}  // namespace lamina
