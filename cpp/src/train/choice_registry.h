// Named choices: built-in factories and those registered by the user.
#pragma once
#include <cctype>
#include <map>
#include <string>
#include <utility>

#include "lamina/choices.h"

namespace lamina {

// Names in any spelling: GlorotUniform, glorot_uniform, L1L2, l1_l2.
inline std::string key_of(const std::string& name) {
  std::string key;
  for (char c : name)
    if (c != '_') key += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return key;
}

template <class Fn>
using Factory = std::function<Fn(const Config&)>;

// The tables are never destroyed: they may hold Python callables, which must not outlive the
// interpreter.
template <class Fn>
struct Registry {
  struct Entry {
    std::string class_name;
    Config defaults;
    Factory<Fn> make;
  };
  std::map<std::string, Entry> built_in;
  std::map<std::string, std::string> aliases;  // other names of built-in ones
  std::map<std::string, Factory<Fn>> custom;
  const char* kind;

  void add(const char* class_name, Config defaults, Factory<Fn> make) {
    built_in[key_of(class_name)] = {class_name, std::move(defaults), std::move(make)};
  }
  Fn find(const Choice& choice) const {
    std::string name = choice.name();
    if (auto it = custom.find(name); it != custom.end()) return it->second(choice.arguments());
    std::string key = key_of(name);
    if (auto alias = aliases.find(key); alias != aliases.end()) key = alias->second;
    auto it = built_in.find(key);
    if (it == built_in.end()) {
      std::string known;
      for (auto& [k, e] : built_in) known += (known.empty() ? "" : ", ") + k;
      fail("Could not interpret ", kind, " identifier: ", name, "; there are ", known);
    }
    Config c = it->second.defaults;
    const Config given = choice.arguments();
    for (auto& [k, v] : given.as_object()) {
      if (!c.has(k)) fail(it->second.class_name, ": unexpected argument '", k, "'");
      // None means the default, as for every number in Keras.
      if (!(v.is_null() && c.at(k).is_number())) c.set(k, v);
    }
    return it->second.make(c);
  }
  Config listing() const {
    Config out = Config::object();
    for (auto& [k, e] : built_in) out.set(e.class_name, e.defaults);
    return out;
  }
};

}  // namespace lamina
