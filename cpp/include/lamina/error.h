// The one exception type of lamina's public interface.
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>

namespace lamina {

// What went wrong, in the words of the caller: names the layer or argument, what was expected and
// what came. Python sees ValueError (kValue), TypeError (kType), IndexError (kIndex), OSError
// (kIO), RuntimeError (kRuntime) or NotImplementedError (kUnsupported).
class Error : public std::runtime_error {
 public:
  enum class Kind { kValue, kType, kIndex, kIO, kRuntime, kUnsupported };
  explicit Error(const std::string& message, Kind kind = Kind::kValue)
      : std::runtime_error(message), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// Joins its arguments into one string with operator<<.
template <class... Args>
std::string str(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return out.str();
}

template <class... Args>
[[noreturn]] void fail(const Args&... args) {
  throw Error(str(args...));
}

// Says what is no error but should be known: on stderr, or to a handler (null: stderr again).
void warn(const std::string& message);
void set_warning_handler(void (*handler)(const std::string& message));

}  // namespace lamina
