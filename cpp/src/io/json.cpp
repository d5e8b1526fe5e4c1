#include "io/json.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <locale>
#include <sstream>
#include <system_error>

#include "lamina/error.h"

namespace lamina::io {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Bytes of the well-formed UTF-8 sequence at the start of `s` (Unicode 15, table 3-7), 0 if there
// is none: no overlong forms, no surrogates, nothing above U+10FFFF.
size_t utf8_length(std::string_view s) {
  const auto at = [&](size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  const auto tail = [&](size_t i) { return (at(i) & 0xC0) == 0x80; };
  const unsigned lead = at(0), second = at(1);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

void append_utf8(std::string& out, uint32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6), tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12), tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0);
  }
}

// `text` follows JSON's grammar of numbers. Too large is infinity and too small is zero, as in
// Python. Never the C functions: they read a decimal comma under some locales.
double to_double(std::string_view text) {
  double value = 0;
#ifdef __cpp_lib_to_chars
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc())
    return value;
#endif
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  in >> value;
  if (std::abs(value) != std::numeric_limits<double>::max() || !in.fail()) return value;
  return std::copysign(std::numeric_limits<double>::infinity(), value);
}

}  // namespace

JsonReader::JsonReader(std::string_view text, std::string what)
    : text_(text), what_(std::move(what)) {}

void JsonReader::fail(const std::string& message) const {
  size_t line = 1, start = 0;
  for (size_t i = 0; i < pos_ && i < text_.size(); ++i) {
    if (text_[i] == '\n') ++line, start = i + 1;
  }
  lamina::fail(what_, ", line ", line, ", column ", pos_ - start + 1, ": ", message);
}

std::string JsonReader::found() const {
  if (pos_ >= text_.size()) return "the end of the text";
  const char c = text_[pos_];
  if (c > 0x20 && c < 0x7F) return str("'", c, "'");
  return str("byte ", static_cast<int>(static_cast<unsigned char>(c)));
}

void JsonReader::skip_space() {
  while (pos_ < text_.size()) {
    const char c = text_[pos_];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
    ++pos_;
  }
}

bool JsonReader::take(char c) {
  if (pos_ >= text_.size() || text_[pos_] != c) return false;
  ++pos_;
  return true;
}

JsonReader::Kind JsonReader::peek() {
  skip_space();
  switch (pos_ < text_.size() ? text_[pos_] : '\0') {
    case 'n':
      return Kind::kNull;
    case 't':
    case 'f':
      return Kind::kBool;
    case '"':
      return Kind::kString;
    case '[':
      return Kind::kList;
    case '{':
      return Kind::kObject;
    case '-':
    case 'N':
    case 'I':
      return Kind::kNumber;
    default:
      if (pos_ < text_.size() && is_digit(text_[pos_])) return Kind::kNumber;
      fail("expected a value, found " + found());
  }
}

void JsonReader::word(std::string_view text) {
  if (text_.substr(pos_, text.size()) != text) fail(str("expected ", text));
  pos_ += text.size();
}

void JsonReader::null() {
  if (peek() != Kind::kNull) fail("expected null, found " + found());
  word("null");
}

bool JsonReader::boolean() {
  if (peek() != Kind::kBool) fail("expected true or false, found " + found());
  const bool value = text_[pos_] == 't';
  word(value ? "true" : "false");
  return value;
}

JsonReader::Number JsonReader::number() {
  if (peek() != Kind::kNumber) fail("expected a number, found " + found());
  const size_t start = pos_;
  const bool negative = take('-');
  if (pos_ < text_.size() && text_[pos_] == 'I') {
    word("Infinity");
    const double inf = std::numeric_limits<double>::infinity();
    return {false, 0, negative ? -inf : inf};
  }
  if (!negative && text_[pos_] == 'N') {
    word("NaN");
    return {false, 0, std::numeric_limits<double>::quiet_NaN()};
  }
  const auto digits = [&] {
    if (pos_ >= text_.size() || !is_digit(text_[pos_])) fail("expected a digit, found " + found());
    while (pos_ < text_.size() && is_digit(text_[pos_])) ++pos_;
  };
  if (!take('0')) digits();
  bool is_int = true;
  if (take('.')) is_int = false, digits();
  if (take('e') || take('E')) {
    is_int = false;
    if (!take('+')) take('-');
    digits();
  }
  const std::string_view text = text_.substr(start, pos_ - start);
  int64_t i = 0;
  if (is_int) {
    is_int = std::from_chars(text.data(), text.data() + text.size(), i).ec == std::errc();
  }
  return {is_int, i, is_int ? static_cast<double>(i) : to_double(text)};
}

uint32_t JsonReader::hex4() {
  uint32_t value = 0;
  for (int n = 0; n < 4; ++n, ++pos_) {
    const char c = pos_ < text_.size() ? text_[pos_] : '\0';
    if (is_digit(c)) {
      value = value * 16 + static_cast<uint32_t>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      value = value * 16 + static_cast<uint32_t>((c | 0x20) - 'a' + 10);
    } else {
      fail("expected four hexadecimal digits, found " + found());
    }
  }
  return value;
}

void JsonReader::escape(std::string& out) {
  static constexpr std::string_view kNames = "\"\\/bfnrt", kValues = "\"\\/\b\f\n\r\t";
  if (!take('u')) {
    const size_t i = pos_ < text_.size() ? kNames.find(text_[pos_]) : std::string_view::npos;
    if (i == std::string_view::npos) fail("unknown escape, found " + found());
    ++pos_;
    out += kValues[i];
    return;
  }
  uint32_t c = hex4();
  if (c >= 0xD800 && c <= 0xDFFF) {  // one half of a surrogate pair
    uint32_t low = 0;
    if (c <= 0xDBFF && take('\\') && take('u')) low = hex4();
    if (low < 0xDC00 || low > 0xDFFF) fail("an escaped surrogate without its other half");
    c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
  }
  append_utf8(out, c);
}

std::string JsonReader::string() {
  if (peek() != Kind::kString) fail("expected a string, found " + found());
  ++pos_;
  std::string out;
  for (;;) {
    if (pos_ >= text_.size()) fail("a string without its closing quote");
    const unsigned char c = static_cast<unsigned char>(text_[pos_]);
    if (c == '"') break;
    if (c < 0x20) fail("an unescaped control character in a string: " + found());
    if (take('\\')) {
      escape(out);
      continue;
    }
    const size_t n = utf8_length(text_.substr(pos_, 4));
    if (n == 0) fail("invalid UTF-8: " + found());
    out.append(text_, pos_, n);
    pos_ += n;
  }
  ++pos_;
  return out;
}

void JsonReader::begin(char open) {
  skip_space();
  if (!take(open)) fail(str("expected '", open, "', found ", found()));
  if (depth_ == kMaxDepth) fail(str("nested deeper than ", kMaxDepth));
  first_[depth_++] = true;
}

bool JsonReader::next(char close) {
  skip_space();
  bool& first = first_[depth_ - 1];
  if (take(close)) {
    --depth_;
    return false;
  }
  if (!first && !take(',')) fail(str("expected ',' or '", close, "', found ", found()));
  first = false;
  return true;
}

void JsonReader::begin_object() { begin('{'); }
void JsonReader::begin_list() { begin('['); }
bool JsonReader::next_item() { return next(']'); }

bool JsonReader::next_key(std::string& key) {
  if (!next('}')) return false;
  key = string();
  skip_space();
  if (!take(':')) fail("expected ':', found " + found());
  return true;
}

void JsonReader::skip() {
  switch (peek()) {
    case Kind::kNull:
      return null();
    case Kind::kBool:
      boolean();
      return;
    case Kind::kNumber:
      number();
      return;
    case Kind::kString:
      string();
      return;
    case Kind::kList:
      begin_list();
      while (next_item()) skip();
      return;
    case Kind::kObject:
      begin_object();
      for (std::string key; next_key(key);) skip();
      return;
  }
}

void JsonReader::finish() {
  skip_space();
  if (pos_ != text_.size()) fail("expected the end of the text, found " + found());
}

void json_quote(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    const size_t n = utf8_length(text.substr(i, 4));
    if (n == 0) fail("a string is not valid UTF-8, at byte ", i, ", so JSON cannot hold it");
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out.append(text, i, n);
    }
    i += n;
  }
  out += '"';
}

void json_double(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
  } else {
    char buffer[32];
    const char* end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    const std::string_view text(buffer, static_cast<size_t>(end - buffer));
    out += text;
    if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
  }
}

}  // namespace lamina::io
