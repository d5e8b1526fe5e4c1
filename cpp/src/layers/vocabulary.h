// A vocabulary of text or integers: what StringLookup, IntegerLookup and TextVectorization share.
#pragma once
#include "core/token_table.h"
#include "lamina/layers_preprocessing.h"
#include "ops/preprocessing.h"

namespace lamina {

class Vocabulary {
 public:
  struct Options {
    bool numeric = false;  // tokens are integers in decimal
    std::optional<int64_t> max_tokens;
    int64_t num_oov_indices = 1;
    std::optional<std::string> mask_token, oov_token;
    bool invert = false;
    std::string output_mode = "int";
    bool pad_to_max_tokens = false;
    std::string oov_method = "floormod";
    Config salt;
    std::optional<int64_t> size;  // known before the tokens are, from a config
  };
  // Checks the arguments of layer class `owner`.
  Vocabulary(const char* owner, const Options& options);

  // The first tokens as an argument of the constructor gives them: a list, a path or nothing.
  void set_given(const Layer& layer, const Config& tokens,
                 const std::optional<std::vector<double>>& idf);
  void set(const Layer& layer, const std::vector<std::string>& tokens,
           const std::vector<double>& idf);
  bool given() const { return given_; }
  std::vector<std::string> list(bool special) const;
  int64_t size() const { return token_start() + static_cast<int64_t>(table_.size()); }
  std::optional<int64_t> known_size() const { return o_.size; }

  // Counts tokens and the documents (axis 0) they occur in; then the frequent ones become the
  // vocabulary.
  void reset();
  void count(const Layer& layer, const Tensor& documents);
  void count_document(const std::vector<std::string>& tokens);
  void require_adaptable(const Layer& layer) const;
  void finalize(const Layer& layer);

  // What the layer gives for text or integers; with invert, for indices.
  Tensor call(const Layer& layer, const Tensor& x, DType dtype) const;
  int64_t index(std::string_view token) const;  // INT64_MIN: refused
  Tensor encode(const Layer& layer, const Tensor& indices, DType dtype) const;

  LayerAssets assets() const;
  void set_assets(const Layer& layer, const LayerAssets& assets);

 private:
  int64_t oov_start() const { return o_.mask_token && o_.output_mode == "int"; }
  int64_t token_start() const { return oov_start() + o_.num_oov_indices; }
  int64_t depth(const Layer& layer) const;
  int64_t mask_index() const { return o_.output_mode == "int" ? 0 : -1; }
  void require_same_size(const Layer& layer, int64_t size) const;
  void take(std::vector<std::string> tokens);  // and the tables that follow from them
  Tensor invert(const Layer& layer, const Tensor& indices) const;

  Options o_;
  HashSpec hash_;
  bool given_ = false;
  TokenTable table_;
  std::vector<double> idf_;  // by index; with tf_idf
  Tensor keys_, places_;     // of integers, ascending, and their indices
  // While adapting:
  TokenTable seen_;
  std::vector<int64_t> counts_, documents_, latest_;  // latest_: the last document it was in
  int64_t n_documents_ = 0;
};

}  // namespace lamina
