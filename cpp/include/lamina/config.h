// Config: a JSON value, the form in which layers, optimizers and models describe themselves.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lamina {

// null, bool, int64, double, string, list, or object (insertion-ordered). A value type.
class Config {
 public:
  enum class Type { kNull, kBool, kInt, kDouble, kString, kList, kObject };
  using Item = std::pair<std::string, Config>;

  Config() = default;
  Config(std::nullptr_t) {}
  Config(bool v) : type_(Type::kBool), int_(v) {}
  Config(int v) : type_(Type::kInt), int_(v) {}
  Config(int64_t v) : type_(Type::kInt), int_(v) {}
  Config(double v) : type_(Type::kDouble), double_(v) {}
  Config(const char* v) : type_(Type::kString), string_(v) {}
  Config(std::string v) : type_(Type::kString), string_(std::move(v)) {}
  Config(std::vector<Config> v) : type_(Type::kList), list_(std::move(v)) {}
  Config(const std::vector<int64_t>& v);
  Config(const std::vector<std::string>& v);
  static Config object(std::initializer_list<Item> items = {});
  static Config list(std::initializer_list<Config> items = {}) {
    return std::vector<Config>(items);
  }

  Type type() const { return type_; }
  bool is_null() const { return type_ == Type::kNull; }
  bool is_bool() const { return type_ == Type::kBool; }
  bool is_int() const { return type_ == Type::kInt; }
  bool is_number() const { return type_ == Type::kInt || type_ == Type::kDouble; }
  bool is_string() const { return type_ == Type::kString; }
  bool is_list() const { return type_ == Type::kList; }
  bool is_object() const { return type_ == Type::kObject; }

  // Each throws Error naming the expected and the actual type.
  bool as_bool() const;
  int64_t as_int() const;  // a double with an integral value is taken
  double as_double() const;
  const std::string& as_string() const;
  const std::vector<Config>& as_list() const;
  const std::vector<Item>& as_object() const;
  std::vector<int64_t> as_ints() const;  // a list of integers; null, an unknown length, is -1

  size_t size() const;                       // of a list or object
  const Config& operator[](size_t i) const;  // list item; throws when out of range
  bool has(const std::string& key) const;
  const Config& at(const std::string& key) const;    // throws Error naming the missing key
  const Config* find(const std::string& key) const;  // null when absent
  void set(const std::string& key, Config value);    // adds or replaces; null becomes an object
  void erase(const std::string& key);
  void push(Config value);  // null becomes a list

  bool operator==(const Config& other) const;

  // JSON text. NaN and infinities are written as Python's json does (NaN, Infinity, -Infinity).
  std::string dump(int indent = -1) const;
  // Throws Error with the position on malformed text, duplicate keys or nesting deeper than 100.
  static Config parse(const std::string& text);

 private:
  Type type_ = Type::kNull;
  int64_t int_ = 0;
  double double_ = 0;
  std::string string_;
  std::vector<Config> list_;
  std::vector<Item> object_;
};

}  // namespace lamina
