#include "lamina/fields.h"

#include <algorithm>

namespace lamina {

std::string Choice::name() const {
  if (config_.is_string()) return config_.as_string();
  if (config_.is_object() && config_.has("class_name")) return config_.at("class_name").as_string();
  return "";
}
Config Choice::arguments() const {
  if (config_.is_object())
    if (const Config* c = config_.find("config"); c && c->is_object()) return *c;
  return Config::object();
}

void from_config(const Config& c, bool& v) { v = c.as_bool(); }
void from_config(const Config& c, int64_t& v) { v = c.as_int(); }
void from_config(const Config& c, double& v) { v = c.as_double(); }
void from_config(const Config& c, std::string& v) { v = c.is_null() ? "" : c.as_string(); }
void from_config(const Config& c, Config& v) { v = c; }
void from_config(const Config& c, std::vector<int64_t>& v) {
  if (c.is_null()) {
    v.clear();
  } else if (c.is_list()) {
    v.clear();
    for (auto& x : c.as_list()) v.push_back(x.is_null() ? -1 : x.as_int());
  } else {
    v = {c.as_int()};
  }
}
void from_config(const Config& c, std::vector<double>& v) {
  v.clear();
  if (c.is_list())
    for (auto& x : c.as_list()) v.push_back(x.as_double());
  else if (!c.is_null())
    v.push_back(c.as_double());
}
void from_config(const Config& c, std::vector<std::string>& v) {
  v.clear();
  for (auto& x : c.as_list()) v.push_back(x.as_string());
}
void from_config(const Config& c, Choice& v) {
  if (!c.is_null() && !c.is_string() && !(c.is_object() && c.has("class_name")))
    fail("expected a name or an object with class_name, received ", c.dump());
  v = Choice(c);
}
void from_config(const Config& c, DType& v) { v = dtype_from_name(c.as_string()); }
void from_config(const Config& c, IntOrInts& v) {
  v.single = !c.is_list();
  if (c.is_null()) fail("expected an integer or a list of integers, received null");
  from_config(c, v.list);
}
Config to_config(const IntOrInts& v) {
  return v.single && v.list.size() == 1 ? Config(v.list[0]) : Config(v.list);
}
Config to_config(const std::vector<double>& v) {
  std::vector<Config> out;
  for (double x : v) out.push_back(x);
  return out;
}

Fields Fields::reader(std::string owner, const Config& from) {
  Fields f;
  f.owner_ = std::move(owner);
  f.from_ = from.is_null() ? Config::object() : from;
  if (!f.from_.is_object())
    fail(f.owner_, ": expected an object of arguments, received ", from.dump());
  return f;
}
Fields Fields::writer() {
  Fields f;
  f.writing_ = true;
  f.out_ = Config::object();
  return f;
}
const Config* Fields::begin(const char* name) {
  if (writing_) return nullptr;
  seen_.emplace_back(name);
  return from_.find(name);
}
void Fields::wrong(const char* name, const char* why) const {
  std::string_view reason = why;  // of a value; that it came from a Config says nothing to users
  if (reason.starts_with("Config: ")) reason.remove_prefix(8);
  fail(owner_, ": argument '", name, "': ", reason);
}

void Fields::finish() const {
  for (auto& [key, value] : from_.as_object()) {
    if (std::find(seen_.begin(), seen_.end(), key) != seen_.end()) continue;
    // Keras writes these for every layer; they say nothing that lamina does not know.
    if (key == "autocast" || key == "module" || key == "registered_name" || key == "build_config")
      continue;
    std::string known;
    for (auto& s : seen_) known += (known.empty() ? "" : ", ") + s;
    throw Error(str(owner_, ": unexpected argument '", key, "'; arguments are ", known),
                Error::Kind::kType);
  }
}

}  // namespace lamina
