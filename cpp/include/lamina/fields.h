// Fields: one list of a class's options that reads them from a Config, writes them, and names them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "lamina/config.h"
#include "lamina/dtype.h"
#include "lamina/error.h"

namespace lamina {

// A choice that the user names: "he_normal", {"class_name": "HeNormal", "config": {"seed": 7}}, or
// nothing. The four kinds below know how to apply theirs.
class Choice {
 public:
  Choice() = default;
  Choice(Config config) : config_(std::move(config)) {}
  bool none() const { return config_.is_null(); }
  const Config& config() const { return config_; }
  // "he_normal" or "HeNormal"; "" for none.
  std::string name() const;
  // The "config" part; an empty object where only a name was given.
  Config arguments() const;

 private:
  Config config_;
};

// One integer, or a list of them; configs keep which it was.
struct IntOrInts {
  std::vector<int64_t> list;
  bool single = false;
  IntOrInts() = default;
  IntOrInts(int v) : list{v}, single(true) {}
  IntOrInts(int64_t v) : list{v}, single(true) {}
  IntOrInts(std::vector<int64_t> v) : list(std::move(v)) {}
  IntOrInts(std::initializer_list<int64_t> v) : list(v) {}
};

// Conversions between a C++ value and its Config; from_config throws Error naming the expected
// type.
void from_config(const Config& c, bool& v);
void from_config(const Config& c, int64_t& v);
void from_config(const Config& c, double& v);
void from_config(const Config& c, std::string& v);
void from_config(const Config& c, std::vector<int64_t>& v);  // an integer is taken as a list of one
void from_config(const Config& c, std::vector<double>& v);
void from_config(const Config& c, std::vector<std::string>& v);
void from_config(const Config& c, Config& v);
void from_config(const Config& c, Choice& v);
void from_config(const Config& c, DType& v);
void from_config(const Config& c, IntOrInts& v);
template <class T>
void from_config(const Config& c, std::optional<T>& v) {
  if (c.is_null()) {
    v.reset();
  } else {
    T value{};
    from_config(c, value);
    v = value;
  }
}
inline Config to_config(bool v) { return v; }
inline Config to_config(int64_t v) { return v; }
inline Config to_config(double v) { return v; }
inline Config to_config(const std::string& v) { return v; }
inline Config to_config(const std::vector<int64_t>& v) { return v; }
Config to_config(const std::vector<double>& v);
inline Config to_config(const std::vector<std::string>& v) { return v; }
inline Config to_config(const Config& v) { return v; }
inline Config to_config(const Choice& v) { return v.config(); }
Config to_config(const IntOrInts& v);
inline Config to_config(DType v) { return dtype_name(v); }
template <class T>
Config to_config(const std::optional<T>& v) {
  return v ? to_config(*v) : Config();
}

// Passed to an options struct's `void fields(Fields& f) { f("units", units)("use_bias", use_bias);
// }`. Fields are named and ordered as Keras's arguments.
class Fields {
 public:
  // Reads `from` into the fields. finish() refuses keys that no field took.
  static Fields reader(std::string owner, const Config& from);
  // Writes the fields; take() is the object.
  static Fields writer();

  template <class T>
  Fields& operator()(const char* name, T& value) {
    if (const Config* c = begin(name)) {
      try {
        from_config(*c, value);
      } catch (const Error& e) {
        wrong(name, e.what());
      }
    } else if (writing_) {
      out_.set(name, to_config(value));
    }
    return *this;
  }
  void finish() const;
  Config take() { return std::move(out_); }

 private:
  const Config* begin(const char* name);  // the given value when reading
  [[noreturn]] void wrong(const char* name, const char* why) const;
  bool writing_ = false;
  std::string owner_;
  Config from_, out_;
  std::vector<std::string> seen_;
};

// Options of class `owner` from a Config, and back.
template <class Options>
Options read_options(const std::string& owner, const Config& from) {
  Options o;
  Fields f = Fields::reader(owner, from);
  o.fields(f);
  f.finish();
  return o;
}
template <class Options>
Config write_options(const Options& options) {
  Options copy = options;
  Fields f = Fields::writer();
  copy.fields(f);
  return f.take();
}

}  // namespace lamina
