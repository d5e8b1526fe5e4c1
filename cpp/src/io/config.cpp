#include "lamina/config.h"

#include <algorithm>
#include <cmath>

#include "io/json.h"
#include "lamina/error.h"

namespace lamina {
namespace {

constexpr size_t kMaxText = size_t{1} << 28;  // far above any model, far below trouble
constexpr const char* kTypeNames[] = {"null",     "a bool", "an integer", "a float",
                                      "a string", "a list", "an object"};

// A value for a message: its JSON text, cut short, or only its type.
std::string describe(const Config& value) {
  std::string out = kTypeNames[static_cast<int>(value.type())];
  if (value.is_bool() || value.is_number()) return out + " (" + value.dump() + ")";
  if (value.is_string()) {
    const std::string& text = value.as_string();
    size_t n = std::min<size_t>(text.size(), 60);
    while (n > 0 && n < text.size() && (text[n] & 0xC0) == 0x80) --n;  // not inside a character
    return out + " ('" + text.substr(0, n) + (n < text.size() ? "...')" : "')");
  }
  return out;
}

[[noreturn]] void wrong_type(const char* expected, const Config& value) {
  throw Error(str("Config: expected ", expected, ", received ", describe(value)),
              Error::Kind::kType);
}

using MakeObject = Config(std::vector<Config::Item>);

Config read(io::JsonReader& in, MakeObject* make_object) {
  using Kind = io::JsonReader::Kind;
  switch (in.peek()) {
    case Kind::kNull:
      in.null();
      return {};
    case Kind::kBool:
      return in.boolean();
    case Kind::kString:
      return in.string();
    case Kind::kNumber: {
      const auto n = in.number();
      return n.is_int ? Config(n.i) : Config(n.d);
    }
    case Kind::kList: {
      std::vector<Config> items;
      in.begin_list();
      while (in.next_item()) items.push_back(read(in, make_object));
      return items;
    }
    case Kind::kObject:
      break;
  }
  std::vector<Config::Item> items;
  in.begin_object();
  for (std::string key; in.next_key(key);) {
    items.emplace_back(key, Config());
    items.back().second = read(in, make_object);
  }
  std::vector<const std::string*> keys;
  for (const auto& item : items) keys.push_back(&item.first);
  std::sort(keys.begin(), keys.end(), [](auto a, auto b) { return *a < *b; });
  const auto twice =
      std::adjacent_find(keys.begin(), keys.end(), [](auto a, auto b) { return *a == *b; });
  if (twice != keys.end()) in.fail("the object that ends here has the key '" + **twice + "' twice");
  return make_object(std::move(items));
}

void write(std::string& out, const Config& value, int indent, int depth) {
  const auto line = [&](int level) {
    if (indent >= 0)
      out.append("\n").append(static_cast<size_t>(indent) * static_cast<size_t>(level), ' ');
  };
  switch (value.type()) {
    case Config::Type::kNull:
      out += "null";
      return;
    case Config::Type::kBool:
      out += value.as_bool() ? "true" : "false";
      return;
    case Config::Type::kInt:
      out += std::to_string(value.as_int());
      return;
    case Config::Type::kDouble:
      io::json_double(out, value.as_double());
      return;
    case Config::Type::kString:
      io::json_quote(out, value.as_string());
      return;
    case Config::Type::kList:
    case Config::Type::kObject:
      break;
  }
  // What is written can be read back.
  if (depth == io::JsonReader::kMaxDepth) fail("Config: nested deeper than ", depth);
  const bool is_list = value.is_list();
  out += is_list ? '[' : '{';
  for (size_t i = 0; i < value.size(); ++i) {
    if (i) out += ',';
    line(depth + 1);
    if (is_list) {
      write(out, value.as_list()[i], indent, depth + 1);
    } else {
      const Config::Item& item = value.as_object()[i];
      io::json_quote(out, item.first);
      out += indent >= 0 ? ": " : ":";
      write(out, item.second, indent, depth + 1);
    }
  }
  if (value.size()) line(depth);
  out += is_list ? ']' : '}';
}

}  // namespace

Config::Config(const std::vector<int64_t>& v) : type_(Type::kList), list_(v.begin(), v.end()) {}
Config::Config(const std::vector<std::string>& v) : type_(Type::kList), list_(v.begin(), v.end()) {}

Config Config::object(std::initializer_list<Item> items) {
  Config c;
  c.type_ = Type::kObject;
  for (const Item& item : items) c.set(item.first, item.second);
  return c;
}

bool Config::as_bool() const {
  if (!is_bool()) wrong_type("a bool", *this);
  return int_ != 0;
}

int64_t Config::as_int() const {
  if (is_int()) return int_;
  const double two63 = 9223372036854775808.0;
  if (type_ != Type::kDouble || !(double_ >= -two63 && double_ < two63) ||
      double_ != std::trunc(double_)) {
    wrong_type("an integer", *this);
  }
  return static_cast<int64_t>(double_);
}

double Config::as_double() const {
  if (!is_number()) wrong_type("a number", *this);
  return is_int() ? static_cast<double>(int_) : double_;
}

const std::string& Config::as_string() const {
  if (!is_string()) wrong_type("a string", *this);
  return string_;
}

const std::vector<Config>& Config::as_list() const {
  if (!is_list()) wrong_type("a list", *this);
  return list_;
}

const std::vector<Config::Item>& Config::as_object() const {
  if (!is_object()) wrong_type("an object", *this);
  return object_;
}

std::vector<int64_t> Config::as_ints() const {
  std::vector<int64_t> out;
  for (const Config& item : as_list()) out.push_back(item.is_null() ? -1 : item.as_int());
  return out;
}

size_t Config::size() const {
  if (!is_list() && !is_object()) wrong_type("a list or an object", *this);
  return is_list() ? list_.size() : object_.size();
}

const Config& Config::operator[](size_t i) const {
  if (i >= as_list().size()) {
    throw Error(str("Config: index ", i, " is out of range for a list of ", list_.size()),
                Error::Kind::kIndex);
  }
  return list_[i];
}

const Config* Config::find(const std::string& key) const {
  for (const Item& item : as_object()) {
    if (item.first == key) return &item.second;
  }
  return nullptr;
}

bool Config::has(const std::string& key) const { return find(key) != nullptr; }

const Config& Config::at(const std::string& key) const {
  if (const Config* value = find(key)) return *value;
  std::string keys;
  for (const Item& item : object_) keys += (keys.empty() ? "'" : ", '") + item.first + "'";
  fail("Config: missing key '", key, "'. Keys: ", keys.empty() ? "none" : keys);
}

void Config::set(const std::string& key, Config value) {
  if (is_null()) type_ = Type::kObject;
  if (const Config* old = find(key)) {
    *const_cast<Config*>(old) = std::move(value);
  } else {
    object_.emplace_back(key, std::move(value));
  }
}

void Config::erase(const std::string& key) {
  as_object();
  std::erase_if(object_, [&](const Item& item) { return item.first == key; });
}

void Config::push(Config value) {
  if (is_null()) type_ = Type::kList;
  as_list();
  list_.push_back(std::move(value));
}

// As in Python: numbers by value, objects whatever their order. Unlike there NaN equals NaN, so
// that a copy always equals the original.
bool Config::operator==(const Config& other) const {
  if (is_number() && other.is_number()) {
    if (is_int() && other.is_int()) return int_ == other.int_;
    if (is_int() != other.is_int()) {  // exactly, though not every int64 is a double
      const double d = is_int() ? other.double_ : double_;
      const int64_t i = is_int() ? int_ : other.int_;
      return d >= -9223372036854775808.0 && d < 9223372036854775808.0 && d == std::trunc(d) &&
             static_cast<int64_t>(d) == i;
    }
    return double_ == other.double_ || (std::isnan(double_) && std::isnan(other.double_));
  }
  if (type_ != other.type_) return false;
  switch (type_) {
    case Type::kBool:
      return int_ == other.int_;
    case Type::kString:
      return string_ == other.string_;
    case Type::kList:
      return list_ == other.list_;
    case Type::kObject:
      return object_.size() == other.object_.size() &&
             std::all_of(object_.begin(), object_.end(), [&](const Item& item) {
               const Config* value = other.find(item.first);
               return value && *value == item.second;
             });
    default:
      return true;
  }
}

std::string Config::dump(int indent) const {
  std::string out;
  write(out, *this, indent, 0);
  return out;
}

Config Config::parse(const std::string& text) {
  if (text.size() > kMaxText) fail("JSON text of ", text.size(), " bytes is too long");
  io::JsonReader in(text, "JSON");
  // Not through set(), which compares with every key before it.
  Config value = read(in, [](std::vector<Item> items) {
    Config c;
    c.type_ = Type::kObject;
    c.object_ = std::move(items);
    return c;
  });
  in.finish();
  return value;
}

}  // namespace lamina
