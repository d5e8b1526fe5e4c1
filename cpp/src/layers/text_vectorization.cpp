// TextVectorization: from sentences to words to integers.
#include <algorithm>
#include <map>
#include <mutex>

#include "lamina/ragged.h"
#include "layers/categories.h"
#include "layers/vocabulary.h"

namespace lamina {

namespace {

struct TextFunctions {
  std::mutex mutex;
  std::map<std::string, Standardize> standardize;
  std::map<std::string, Split> split;
};
TextFunctions& functions() {
  static auto* all = new TextFunctions;  // outlives the interpreter
  return *all;
}

bool space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

void lower(std::string& s) {
  for (char& c : s)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
}
void strip_punctuation(std::string& s) {
  static const std::string marks = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'";
  std::erase_if(s, [](char c) { return marks.find(c) != std::string::npos; });
}

std::vector<std::string> words_of(const std::string& s) {
  std::vector<std::string> out;
  for (size_t i = 0; i < s.size();) {
    if (space(s[i])) {
      ++i;
      continue;
    }
    size_t first = i;
    while (i < s.size() && !space(s[i])) ++i;
    out.push_back(s.substr(first, i - first));
  }
  return out;
}

std::vector<std::string> characters_of(const std::string& s) {  // of UTF-8
  std::vector<std::string> out;
  for (char c : s) {
    if ((static_cast<unsigned char>(c) & 0xc0) == 0x80 && !out.empty())
      out.back() += c;
    else
      out.emplace_back(1, c);
  }
  return out;
}

std::vector<std::string> ngrams_of(const std::vector<std::string>& tokens, const Ints& widths) {
  std::vector<std::string> out;
  for (int64_t width : widths) {
    auto w = static_cast<size_t>(width);
    for (size_t i = 0; i + w <= tokens.size(); ++i) {
      std::string joined = tokens[i];
      for (size_t k = 1; k < w; ++k) joined += " " + tokens[i + k];
      out.push_back(std::move(joined));
    }
  }
  return out;
}

Vocabulary::Options options_of(const TextVectorizationOptions& o) {
  Vocabulary::Options v;
  v.max_tokens = o.max_tokens;
  v.mask_token = "";
  v.oov_token = "[UNK]";
  v.output_mode = o.output_mode;
  v.pad_to_max_tokens = o.pad_to_max_tokens;
  v.size = o.vocabulary_size;
  return v;
}

class TextVectorization : public BuiltIn<TextVectorization, TextVectorizationOptions>,
                          public Adaptive,
                          public Lookup {
 public:
  static constexpr const char* kName = "TextVectorization";
  using Rows = std::vector<std::vector<std::string>>;

  explicit TextVectorization(const TextVectorizationOptions& o)
      : BuiltIn(o), vocabulary_(kName, options_of(o)) {
    refuse_sparse(kName, o.sparse);
    if (o.ragged && o.output_mode != "int")
      fail("`ragged` must not be true if `output_mode` is not 'int'. Received: ragged=True and ",
           "output_mode='", o.output_mode, "'.");
    if (o.encoding != "utf-8")
      throw Error("TextVectorization: only encoding='utf-8' is supported; received encoding='" +
                      o.encoding + "'",
                  Error::Kind::kUnsupported);
    if (o.output_mode != "int" && o.output_sequence_length)
      fail("`output_sequence_length` must not be set if `output_mode` is not 'int'. Received ",
           "output_sequence_length=", *o.output_sequence_length, ".");
    if (o.ngrams.is_int()) {
      for (int64_t n = 1; n <= o.ngrams.as_int(); ++n) ngrams_.push_back(n);
    } else if (o.ngrams.is_list()) {
      ngrams_ = o.ngrams.as_ints();
    } else if (!o.ngrams.is_null()) {
      fail("`ngrams` must be None, an integer, or a tuple of integers. Received: ngrams=",
           o.ngrams.dump());
    }
    std::lock_guard lock(functions().mutex);
    if (o.standardize) {
      const std::string& s = *o.standardize;
      lower_ = s == "lower" || s == "lower_and_strip_punctuation";
      strip_ = s == "strip_punctuation" || s == "lower_and_strip_punctuation";
      if (auto it = functions().standardize.find(s); it != functions().standardize.end())
        standardize_ = it->second;
      else if (!lower_ && !strip_)
        fail(kName, ": argument `standardize` must be None, a function or one of ",
             "('lower_and_strip_punctuation', 'lower', 'strip_punctuation'). Received: "
             "standardize=",
             s);
    }
    if (o.split) {
      if (auto it = functions().split.find(*o.split); it != functions().split.end())
        split_ = it->second;
      else if (*o.split != "whitespace" && *o.split != "character")
        fail(kName, ": argument `split` must be None, a function or one of ",
             "('whitespace', 'character'). Received: split=", *o.split);
    }
    if (name_.empty()) name_ = unique_layer_name(kName);
    vocabulary_.set_given(*this, o.vocabulary, o.idf_weights);
    if (o.vocabulary.is_string()) o_.vocabulary = Config();
    given_in_config_ = !o_.vocabulary.is_null();
  }
  bool takes_text() const override { return true; }
  bool needs_text() const override { return true; }

  Tensors call(const Tensors& in, const CallArgs&) override {
    const Tensor& x = in[0];
    if (!x.is_text())
      throw Error(str(error("").what(), "expected text, received ", dtype_name(x.dtype())),
                  Error::Kind::kType);
    Shape shape = sentences(x.shape());
    if (stands_in(*this, x)) {
      const auto& given = o_.output_sequence_length;
      int64_t length = given && !o_.ragged ? *given : unknown_length();
      Shape s = shape;
      if (ragged())
        s = {shape.rank() ? shape[0] : 1, length};
      else if (given)
        s[-1] = length;
      return {vocabulary_.encode(*this, zeros(s, DType::kInt64), dtype_)};
    }
    if (!ragged()) {
      Tensor text = standardized(x);
      Tensor y = vocabulary_.call(*this, text, dtype_);
      if (!o_.output_sequence_length) return {y};
      int64_t n = std::min(*o_.output_sequence_length, y.dim(-1));
      y = getitem(y, {Index::ellipsis(), Index::slice(0, n)});
      std::vector<std::pair<int64_t, int64_t>> width(static_cast<size_t>(y.rank()), {0, 0});
      width.back().second = *o_.output_sequence_length - n;
      return {pad(y, width)};
    }
    Rows rows = tokens(x);
    size_t length = 0;
    for (auto& r : rows) length = std::max(length, r.size());
    auto columns = o_.output_sequence_length.value_or(static_cast<int64_t>(length));
    auto n = static_cast<int64_t>(rows.size());
    if (o_.ragged && x.rank() > 0) return {ragged_batch(rows, columns)};
    // What is left of a row is 0, the index of "", or nothing where rows are counted.
    Tensor indices = full({n, columns}, o_.output_mode == "int" ? 0 : -1, DType::kInt64);
    auto* p = static_cast<int64_t*>(indices.data());
    each_index(n, 40.0 * static_cast<double>(columns), [&](int64_t i) {
      auto& row = rows[static_cast<size_t>(i)];
      for (int64_t k = 0; k < std::min(columns, static_cast<int64_t>(row.size())); ++k)
        p[i * columns + k] = vocabulary_.index(row[static_cast<size_t>(k)]);
    });
    Tensor y = vocabulary_.encode(*this, indices, dtype_);
    return {x.rank() == 0 ? squeeze(y, 0) : y};
  }

  void reset_state() override { vocabulary_.reset(); }
  void update_state(const Tensor& batch) override {
    if (!batch.is_text())
      throw Error(
          str(error("").what(), "adapt: expected text, received ", dtype_name(batch.dtype())),
          Error::Kind::kType);
    if (!ragged()) return vocabulary_.count(*this, standardized(batch));
    vocabulary_.require_adaptable(*this);
    for (auto& row : tokens(batch)) vocabulary_.count_document(row);
  }
  void finalize_state() override { vocabulary_.finalize(*this), changed(); }
  void adapt(const Tensor& data) override {  // each of an array's values is a document
    reset_state();
    bool list = data.rank() == 1 && data.is_text();
    update_state(list ? Tensor::from_strings(data.strings(), {data.numel(), 1}) : data);
    finalize_state();
  }

  std::vector<std::string> get_vocabulary(bool special) const override {
    return vocabulary_.list(special);
  }
  void set_vocabulary(const std::vector<std::string>& tokens,
                      const std::vector<double>& idf) override {
    vocabulary_.set(*this, tokens, idf);
    o_.vocabulary = Config(), o_.idf_weights.reset();
    given_in_config_ = false;
    changed();
  }
  int64_t vocabulary_size() const override { return vocabulary_.size(); }
  LayerAssets assets() const override {
    return given_in_config_ ? LayerAssets{} : vocabulary_.assets();
  }
  void set_assets(const LayerAssets& assets) override {
    vocabulary_.set_assets(*this, assets), changed();
  }
  Config get_config() const override {
    Config c = BuiltIn::get_config();
    if (auto n = vocabulary_.known_size()) c.set("vocabulary_size", *n);
    return c;
  }

 private:
  // Rows cut at `columns`.
  Tensor ragged_batch(const Rows& rows, int64_t columns) const {
    Ints values, lengths;
    for (auto& row : rows) {
      lengths.push_back(std::min(columns, static_cast<int64_t>(row.size())));
      for (int64_t k = 0; k < lengths.back(); ++k)
        values.push_back(vocabulary_.index(row[static_cast<size_t>(k)]));
    }
    Tensor all = Tensor::from_vector(values, {static_cast<int64_t>(values.size())});
    return Ragged(vocabulary_.encode(*this, all, dtype_),
                  Tensor::from_vector(lengths, {static_cast<int64_t>(lengths.size())}))
        .batch();
  }
  bool ragged() const { return o_.split || !ngrams_.empty(); }  // rows may differ in length

  // The shape without the axis of one that sentences may have.
  Shape sentences(Shape s) const {
    if (!o_.split || s.rank() < 2) return s;
    if (s[-1] != 1)
      throw error(
          str("When using `TextVectorization` to tokenize strings, the input rank must be "
              "1 or the last shape dimension must be 1. Received: inputs.shape=",
              s, " with rank=", s.rank()));
    s.pop_back();
    return s;
  }
  Tensor standardized(const Tensor& x) const {
    if (standardize_) {
      Tensor y = standardize_(x);
      if (!y.is_text() || !(y.shape() == x.shape()))
        throw error(str("`standardize` must give text of the shape of its input, ", x.shape()));
      return y;
    }
    if (!lower_ && !strip_) return x;
    std::vector<std::string> out = x.strings();
    each_index(static_cast<int64_t>(out.size()), 100, [&](int64_t i) {
      std::string& s = out[static_cast<size_t>(i)];
      if (lower_) lower(s);
      if (strip_) strip_punctuation(s);
    });
    return Tensor::from_strings(std::move(out), x.shape());
  }
  Rows tokens(const Tensor& given) const {
    Tensor x = standardized(given);
    const auto& text = x.strings();
    Rows rows;
    if (split_) {
      rows = split_(Tensor::from_strings(text, sentences(x.shape())));
    } else if (o_.split) {
      rows.resize(text.size());
      bool words = *o_.split == "whitespace";
      each_index(static_cast<int64_t>(text.size()), 300, [&](int64_t i) {
        auto at = static_cast<size_t>(i);
        rows[at] = words ? words_of(text[at]) : characters_of(text[at]);
      });
    } else {  // what is given are tokens already
      auto length = x.rank() ? static_cast<int64_t>(x.dim(-1)) : 1;
      for (int64_t i = 0; i < x.numel(); i += length)
        rows.emplace_back(text.begin() + i, text.begin() + i + length);
    }
    if (!ngrams_.empty())
      for (auto& row : rows) row = ngrams_of(row, ngrams_);
    return rows;
  }

  Vocabulary vocabulary_;
  Ints ngrams_;
  bool lower_ = false, strip_ = false, given_in_config_ = false;
  Standardize standardize_;
  Split split_;
};

}  // namespace

void register_text_functions(const std::string& name, Standardize standardize, Split split) {
  std::lock_guard lock(functions().mutex);
  functions().standardize[name] = std::move(standardize);
  functions().split[name] = std::move(split);
}

void add_text_layers(LayerClasses& out) {
  out.push_back(layer_class<TextVectorization>(
      R"(Sentences as integers: standardized, split into words, looked up in a vocabulary.

Index 0 is that of no word (""), 1 of unknown ones; with other output modes unknown words are 0.

Args:
    max_tokens: Largest size of the vocabulary, special tokens included; none by default.
    standardize: "lower_and_strip_punctuation", "lower" (of ASCII letters), "strip_punctuation",
        None, or a function of an array of text.
    split: "whitespace", "character", None for words that are split already, or a function that
        gives a list of words for each sentence.
    ngrams: Sequences of up to so many words count as words too; or a tuple of lengths.
    output_mode: "int"; "multi_hot", "count" or "tf_idf" as in `StringLookup`.
    output_sequence_length: Length of all rows with "int", cut or filled up with 0; that of the
        longest in the batch by default. With `ragged` longer rows are cut.
    pad_to_max_tokens: The output has max_tokens columns, whatever the vocabulary's size.
    vocabulary: The words, or the path of a text file with one in each line; see `adapt`.
    idf_weights: A weight for each word, with "tf_idf" alone.
    sparse: Only False is supported.
    ragged: With "int", a ragged batch instead of rows filled up with 0; see `lamina.Ragged`.
    encoding: Only "utf-8" is supported.
    vocabulary_size: Written to configs: the size of a vocabulary that a model file holds.

Input shape: text (batch,) or (batch, 1). Output shape: (batch, length) for "int", else
(batch, size of the vocabulary).

Raises:
    ValueError: Arguments contradict each other, or the last axis of the input is not 1.

Example:

>>> import lamina
>>> layer = lamina.layers.TextVectorization(output_sequence_length=4)
>>> layer.adapt(["foo bar", "bar baz", "baz bada boom"])
>>> layer.get_vocabulary()
['', '[UNK]', 'baz', 'bar', 'foo', 'boom', 'bada']
>>> layer(["Foo qux, bar!", "baz"]).numpy()
array([[4, 1, 3, 0],
       [2, 0, 0, 0]]))"));
}

}  // namespace lamina
