#include "layers/vocabulary.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <fstream>
#include <numeric>

#include "layers/categories.h"

namespace lamina {

namespace {

int64_t integer(const std::string& text) {
  int64_t v = 0;
  auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (bad != std::errc{} || end != text.data() + text.size())
    fail("vocabulary: expected integers, received '", text, "'");
  return v;
}

std::string token(const Config& c, bool numeric) {
  if (numeric) return std::to_string(c.as_int());
  return c.as_string();
}

std::string quoted(const std::vector<std::optional<std::string>>& tokens) {
  std::string out = "[";
  for (auto& t : tokens) out += (out.size() > 1 ? ", " : "") + (t ? "'" + *t + "'" : "None");
  return out + "]";
}

double average(const std::vector<double>& v) {
  return v.empty() ? 0 : std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

}  // namespace

Vocabulary::Vocabulary(const char* owner, const Options& o) : o_(o) {
  if (o.max_tokens && *o.max_tokens <= 1)
    fail(owner,
         ": If set, `max_tokens` must be greater than 1. Received: max_tokens=", *o.max_tokens);
  if (o.pad_to_max_tokens && !o.max_tokens)
    fail(owner, ": If pad_to_max_tokens is True, must set `max_tokens`. Received: max_tokens=None");
  if (o.num_oov_indices < 0)
    fail(owner, ": `num_oov_indices` must be greater than or equal to 0. Received: ",
         "num_oov_indices=", o.num_oov_indices);
  if (o.oov_method != "floormod" && o.oov_method != "farmhash")
    fail(owner, ": argument `oov_method` must be 'floormod' or 'farmhash'. Received: oov_method=",
         o.oov_method);
  if (!o.salt.is_null() && o.numeric && o.oov_method != "farmhash")
    fail(owner, ": `salt` can only be used when `oov_method='farmhash'`. Received: oov_method=",
         o.oov_method);
  if (o.output_mode == "binary") o_.output_mode = "multi_hot";  // old names
  if (o.output_mode == "tf-idf") o_.output_mode = "tf_idf";
  require_mode(owner, o_.output_mode, {"int", "one_hot", "multi_hot", "count", "tf_idf"});
  if (o.invert && o_.output_mode != "int")
    fail(owner, ": `output_mode` must be `'int'` when `invert` is true. Received: output_mode=",
         o_.output_mode);
  if (o.invert && !o.oov_token)
    fail(owner, ": `oov_token` must be set when `invert` is true: it stands for unknown indices");
  hash_ = hash_spec(owner, o.num_oov_indices, o.salt);
  take({});
}

void Vocabulary::set_given(const Layer& layer, const Config& tokens,
                           const std::optional<std::vector<double>>& idf) {
  bool tf_idf = o_.output_mode == "tf_idf";
  if (idf && !tf_idf)
    fail(layer.class_name(), ": `idf_weights` should only be set if `output_mode` is `'tf_idf'`. ",
         "Received: output_mode=", o_.output_mode);
  if (tokens.is_null()) return;
  if (tf_idf && !idf && !tokens.is_string())
    fail(layer.class_name(), ": When specifying the `vocabulary` argument, in TF-IDF output mode, ",
         "the `idf_weights` argument must also be provided.");
  std::vector<std::string> list;
  if (tokens.is_string()) {
    std::ifstream file(tokens.as_string());
    if (!file) throw Error(str("Vocabulary file ", tokens.as_string(), " does not exist."));
    if (tf_idf) fail("output_mode `'tf_idf'` does not support loading a vocabulary from file.");
    for (std::string line; std::getline(file, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      list.push_back(line);
    }
  } else {
    for (const Config& c : tokens.as_list()) list.push_back(token(c, o_.numeric));
  }
  set(layer, list, idf.value_or(std::vector<double>{}));
  given_ = true;
}

void Vocabulary::set(const Layer& layer, const std::vector<std::string>& given,
                     const std::vector<double>& idf) {
  bool tf_idf = o_.output_mode == "tf_idf";
  if (tf_idf && idf.empty())
    throw layer.error("`idf_weights` must be set if output_mode is 'tf_idf'.");
  if (!tf_idf && !idf.empty())
    throw layer.error(
        "`idf_weights` should only be set if output_mode is `'tf_idf'`. Received: output_mode=" +
        o_.output_mode);
  if (given.empty()) throw layer.error("Cannot set an empty vocabulary.");
  std::vector<std::optional<std::string>> special(static_cast<size_t>(oov_start()), o_.mask_token);
  special.resize(static_cast<size_t>(token_start()), o_.oov_token);
  bool found = given.size() >= special.size() &&
               std::equal(special.begin(), special.end(), given.begin(),
                          [](auto& want, auto& have) { return want && *want == have; });
  std::vector<std::string> tokens(
      given.begin() + (found ? static_cast<int64_t>(special.size()) : 0), given.end());
  TokenTable distinct;
  std::string repeated;
  int listed = 0;
  for (size_t i = 0; i < tokens.size(); ++i)
    if (distinct.add(tokens[i]) != static_cast<int64_t>(i) - listed && ++listed <= 10)
      repeated += (repeated.empty() ? "'" : ", '") + tokens[i] + "'";
  if (listed)
    throw layer.error(
        "The passed vocabulary has at least one repeated term. Please uniquify your dataset. The "
        "repeated terms are: " +
        repeated);
  auto reserved = [&](const char* kind, const std::optional<std::string>& t) {
    if (t && distinct.find(*t) >= 0)
      throw layer.error(str("Found reserved ", kind, " token at unexpected location in ",
                            "`vocabulary`. Note that passed `vocabulary` does not need to include "
                            "the OOV and mask tokens. Either remove all mask and OOV tokens, or "
                            "include them only at the start of the vocabulary in precisely this "
                            "order: ",
                            quoted(special), ". Received: ", kind, " token '", *t, "'"));
  };
  reserved("mask", o_.mask_token);
  if (o_.invert) reserved("OOV", o_.oov_token);
  int64_t size = token_start() + static_cast<int64_t>(tokens.size());
  if (o_.max_tokens && size > *o_.max_tokens)
    throw layer.error(
        str("Attempted to set a vocabulary larger than the maximum vocab size. "
            "Received vocabulary size is ",
            size, "; `max_tokens` is ", *o_.max_tokens, "."));
  if (tf_idf && idf.size() != given.size())
    throw layer.error(
        str("`idf_weights` must be the same length as vocabulary. len(idf_weights) "
            "is ",
            idf.size(), "; len(vocabulary) is ", given.size()));
  require_same_size(layer, size);
  take(std::move(tokens));
  if (tf_idf) {
    idf_ = idf;
    if (!found) idf_.insert(idf_.begin(), static_cast<size_t>(token_start()), average(idf));
  }
}

void Vocabulary::require_same_size(const Layer& layer, int64_t size) const {
  if (o_.output_mode == "int" || o_.pad_to_max_tokens || !o_.size || *o_.size == size) return;
  throw Error(
      str(layer.error("").what(), "When using `output_mode=", o_.output_mode,
          "` and `pad_to_max_tokens=False`, the vocabulary size cannot be changed after the "
          "layer is called. Old vocab size is ",
          *o_.size, ", new vocab size is ", size),
      Error::Kind::kRuntime);
}

void Vocabulary::take(std::vector<std::string> tokens) {
  table_.clear();
  for (auto& t : tokens) table_.add(t);
  if (!tokens.empty()) o_.size = size();
  if (!o_.numeric) return;
  std::vector<std::pair<int64_t, int64_t>> entries;
  for (size_t i = 0; i < tokens.size(); ++i)
    entries.emplace_back(integer(tokens[i]), token_start() + static_cast<int64_t>(i));
  std::sort(entries.begin(), entries.end());
  std::vector<int64_t> keys, places;
  for (auto& [key, place] : entries) keys.push_back(key), places.push_back(place);
  auto n = static_cast<int64_t>(keys.size());
  keys_ = Tensor::from_vector(keys, {n}), places_ = Tensor::from_vector(places, {n});
}

std::vector<std::string> Vocabulary::list(bool special) const {
  std::vector<std::string> out;
  if (special) {
    if (oov_start()) out.push_back(*o_.mask_token);
    for (int64_t i = 0; i < o_.num_oov_indices; ++i) out.push_back(o_.oov_token.value_or(""));
  }
  out.insert(out.end(), table_.tokens().begin(), table_.tokens().end());
  return out;
}

// ---- adapt --------------------------------------------------------------------------------------

void Vocabulary::reset() {
  seen_.clear();
  counts_.clear(), documents_.clear(), latest_.clear();
  n_documents_ = 0;
}

void Vocabulary::count_document(const std::vector<std::string>& tokens) {
  for (auto& t : tokens) {
    auto at = static_cast<size_t>(seen_.add(t));
    if (at == counts_.size()) counts_.push_back(0), documents_.push_back(0), latest_.push_back(-1);
    ++counts_[at];
    if (latest_[at] != n_documents_) latest_[at] = n_documents_, ++documents_[at];
  }
  ++n_documents_;
}

void Vocabulary::require_adaptable(const Layer& layer) const {
  if (given_)
    throw layer.error(
        "Cannot adapt the layer after setting a static vocabulary via `vocabulary` argument or "
        "`set_vocabulary()` method.");
}

void Vocabulary::count(const Layer& layer, const Tensor& given) {
  require_adaptable(layer);
  if (given.is_text() == o_.numeric || (o_.numeric && is_floating(given.dtype())))
    throw Error(str(layer.error("").what(), "adapt: expected ", o_.numeric ? "integers" : "text",
                    ", received ", dtype_name(given.dtype())),
                Error::Kind::kType);
  // One sample without a batch is one document.
  int64_t rows = given.rank() < 2 ? 1 : given.dim(0), length = rows ? given.numel() / rows : 0;
  std::vector<int64_t> numbers;
  if (o_.numeric) numbers = given.to_vector<int64_t>();
  std::vector<std::string> row;
  for (int64_t r = 0; r < rows; ++r) {
    row.clear();
    for (int64_t i = r * length; i < (r + 1) * length; ++i)
      row.push_back(o_.numeric ? std::to_string(numbers[static_cast<size_t>(i)])
                               : given.strings()[static_cast<size_t>(i)]);
    count_document(row);
  }
}

void Vocabulary::finalize(const Layer& layer) {
  std::vector<size_t> order;
  for (size_t i = 0; i < seen_.size(); ++i)
    if (!(o_.mask_token && seen_[i] == *o_.mask_token) &&
        !(o_.oov_token && seen_[i] == *o_.oov_token))
      order.push_back(i);
  // Frequent ones first, then those that sort last.
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (counts_[a] != counts_[b]) return counts_[a] > counts_[b];
    return o_.numeric ? integer(seen_[a]) > integer(seen_[b]) : seen_[a] > seen_[b];
  });
  if (o_.max_tokens) {
    auto most = static_cast<size_t>(std::max<int64_t>(*o_.max_tokens - token_start(), 0));
    if (order.size() > most) order.resize(most);
  }
  require_same_size(layer, token_start() + static_cast<int64_t>(order.size()));
  std::vector<std::string> tokens;
  std::vector<double> idf;
  for (size_t i : order) {
    tokens.push_back(seen_[i]);
    idf.push_back(
        std::log(1 + static_cast<double>(n_documents_) / (1 + static_cast<double>(documents_[i]))));
  }
  take(std::move(tokens));
  o_.size = size();
  if (o_.output_mode == "tf_idf") {
    idf_ = idf;
    idf_.insert(idf_.begin(), static_cast<size_t>(token_start()), average(idf));
  }
  reset();
}

// ---- calls --------------------------------------------------------------------------------------

int64_t Vocabulary::index(std::string_view text) const {
  if (o_.mask_token && text == *o_.mask_token) return mask_index();
  int64_t at = table_.find(text);
  if (at >= 0) return token_start() + at;
  if (o_.num_oov_indices == 0) return INT64_MIN;
  return oov_start() + (o_.num_oov_indices == 1 ? 0 : hash_text(text, hash_));
}

Tensor Vocabulary::call(const Layer& layer, const Tensor& x, DType dtype) const {
  if (o_.invert) return invert(layer, x);
  if (x.is_text() == o_.numeric)
    throw Error(str(layer.error("").what(), "expected ", o_.numeric ? "integers" : "text",
                    ", received ", dtype_name(x.dtype())),
                Error::Kind::kType);
  if (stands_in(layer, x)) return encode(layer, zeros(x.shape(), DType::kInt64), dtype);
  if (o_.numeric) {
    LookupSpec spec;
    if (o_.mask_token) spec.mask = integer(*o_.mask_token);
    spec.mask_index = mask_index();
    spec.oov_start = oov_start();
    spec.floormod = o_.oov_method == "floormod" || o_.num_oov_indices == 1;
    spec.hash = hash_;
    return encode(layer, lookup_integers(x, keys_, places_, spec), dtype);
  }
  const auto& text = x.strings();
  Tensor out = Tensor::empty(x.shape(), DType::kInt64);
  auto* y = static_cast<int64_t*>(out.data());
  each_index(out.numel(), 40, [&](int64_t i) { y[i] = index(text[static_cast<size_t>(i)]); });
  if (o_.num_oov_indices == 0)
    if (auto* bad = std::find(y, y + out.numel(), INT64_MIN); bad != y + out.numel())
      throw layer.error(
          str("When `num_oov_indices=0` all inputs should be in vocabulary, found "
              "OOV value '",
              text[static_cast<size_t>(bad - y)], "', consider setting `num_oov_indices=1`."));
  return encode(layer, out, dtype);
}

int64_t Vocabulary::depth(const Layer& layer) const {
  if (o_.pad_to_max_tokens) return *o_.max_tokens;
  if (o_.size) return *o_.size;
  throw Error(
      str(layer.error("").what(), "When using `output_mode=", o_.output_mode,
          "` and `pad_to_max_tokens=False`, you must set the layer's vocabulary before calling it. "
          "Either pass a `vocabulary` argument to the layer, or call `adapt` with some sample "
          "data."),
      Error::Kind::kRuntime);
}

Tensor Vocabulary::encode(const Layer& layer, const Tensor& indices, DType dtype) const {
  if (o_.output_mode == "int") return indices;
  int64_t n = depth(layer);
  bool tf_idf = o_.output_mode == "tf_idf";
  Tensor y = encode_categories(indices, tf_idf ? "count" : o_.output_mode, n, dtype);
  if (!tf_idf) return y;
  std::vector<double> weights = idf_;
  weights.resize(static_cast<size_t>(n));  // zeros behind
  return y * cast(Tensor::from_vector(weights, {n}), dtype);
}

Tensor Vocabulary::invert(const Layer& layer, const Tensor& x) const {
  if (x.is_text() || is_floating(x.dtype()))
    throw Error(str(layer.error("").what(), "expected integer indices with invert=True, received ",
                    dtype_name(x.dtype())),
                Error::Kind::kType);
  std::vector<std::string> tokens = list(true);
  tokens.push_back(*o_.oov_token);  // of indices outside
  auto n = static_cast<int64_t>(tokens.size());
  if (!o_.numeric) {
    if (x.is_abstract())
      throw layer.error("gives text, which cannot be part of a model; call it on the predictions");
    std::vector<std::string> out;
    for (int64_t i : x.to_vector<int64_t>())
      out.push_back(tokens[static_cast<size_t>(i >= 0 && i < n ? i : n - 1)]);
    return Tensor::from_strings(std::move(out), x.shape());
  }
  std::vector<int64_t> values;
  for (auto& t : tokens) values.push_back(integer(t));
  Tensor i = cast(x, DType::kInt64);
  Tensor inside = logical_and(greater_equal(i, Tensor(int64_t{0})), less(i, Tensor(n)));
  i = where(inside, i, full_like(i, static_cast<double>(n - 1)));
  return lamina::take(Tensor::from_vector(values, {n}), i, 0);
}

// ---- files --------------------------------------------------------------------------------------

LayerAssets Vocabulary::assets() const {
  if (table_.size() == 0) return {};
  LayerAssets out;
  auto n = static_cast<int64_t>(table_.size());
  std::vector<int64_t> numbers;
  if (o_.numeric) {
    for (auto& t : table_.tokens()) numbers.push_back(integer(t));
    out.emplace_back("vocabulary", Tensor::from_vector(numbers, {n}));
  } else {
    // Bytes of all tokens, and where each ends.
    std::string bytes;
    for (auto& t : table_.tokens())
      bytes += t, numbers.push_back(static_cast<int64_t>(bytes.size()));
    out.emplace_back(
        "vocabulary",
        Tensor::from_data(bytes.data(), {static_cast<int64_t>(bytes.size())}, DType::kUInt8));
    out.emplace_back("vocabulary_ends", Tensor::from_vector(numbers, {n}));
  }
  if (!idf_.empty())
    out.emplace_back("idf_weights", Tensor::from_vector(idf_, {static_cast<int64_t>(idf_.size())}));
  return out;
}

void Vocabulary::set_assets(const Layer& layer, const LayerAssets& assets) {
  Tensor words, ends, idf;
  for (auto& [name, t] : assets)
    (name == "vocabulary" ? words : name == "vocabulary_ends" ? ends : idf) = t;
  if (!words.defined() || (!o_.numeric && !ends.defined()))
    throw layer.error("the file holds no whole vocabulary of the layer");
  std::vector<std::string> tokens;
  if (o_.numeric) {
    for (int64_t v : words.to_vector<int64_t>()) tokens.push_back(std::to_string(v));
  } else {
    auto bytes = words.to_vector<uint8_t>();
    int64_t at = 0;
    for (int64_t end : ends.to_vector<int64_t>()) {
      if (end < at || end > static_cast<int64_t>(bytes.size()))
        throw layer.error("the vocabulary in the file is damaged");
      tokens.emplace_back(bytes.begin() + at, bytes.begin() + end);
      at = end;
    }
  }
  require_same_size(layer, token_start() + static_cast<int64_t>(tokens.size()));
  take(std::move(tokens));
  o_.size = size();
  if (idf.defined()) idf_ = idf.to_vector<double>();
  if (!idf_.empty() && static_cast<int64_t>(idf_.size()) < size())
    throw layer.error("the idf_weights in the file do not fit the vocabulary");
}

}  // namespace lamina
