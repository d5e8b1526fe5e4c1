// Reading and quoting JSON text, without a tree in memory: Config and safetensors build on it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace lamina::io {

// Walks JSON text (RFC 8259, UTF-8) value by value. The caller asks for what it expects; anything
// else throws Error with the place. Python's NaN, Infinity and -Infinity are numbers too.
//
//   r.begin_object();
//   while (r.next_key(key)) value[key] = r.string();
//   r.finish();
class JsonReader {
 public:
  static constexpr int kMaxDepth = 100;

  // `what` names the text in errors. The text must outlive the reader.
  JsonReader(std::string_view text, std::string what);

  enum class Kind { kNull, kBool, kNumber, kString, kList, kObject };
  Kind peek();  // what the next value is, judging by its first character

  struct Number {
    bool is_int;  // written without fraction and exponent, and within int64
    int64_t i;
    double d;
  };
  void null();
  bool boolean();
  Number number();
  std::string string();
  void skip();  // a value of any kind; still checked

  void begin_object();
  bool next_key(std::string& key);  // false at the end of the object
  void begin_list();
  bool next_item();  // false at the end of the list

  void finish();  // nothing but white space may follow

  // Throws Error: what, position, message.
  [[noreturn]] void fail(const std::string& message) const;

 private:
  void skip_space();
  bool take(char c);
  void word(std::string_view text);
  void begin(char open);
  bool next(char close);
  uint32_t hex4();
  void escape(std::string& out);
  std::string found() const;

  std::string_view text_;
  std::string what_;
  size_t pos_ = 0;
  int depth_ = 0;
  bool first_[kMaxDepth] = {};  // per depth: no element has been read yet
};

// Appends `text` in quotes. Throws Error unless it is valid UTF-8.
void json_quote(std::string& out, std::string_view text);

// Appends the shortest text that reads back as the same double, recognizable as one (1.0, not 1).
void json_double(std::string& out, double value);

}  // namespace lamina::io
