// Names as users write them.
#pragma once
#include <algorithm>
#include <cctype>
#include <string>

namespace lamina {

inline std::string lower_case(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return std::tolower(c); });
  return s;
}

}  // namespace lamina
