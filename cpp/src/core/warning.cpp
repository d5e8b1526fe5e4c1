// Warnings: on stderr, unless somebody else takes them.
#include <cstdio>

#include "lamina/error.h"

namespace lamina {

namespace {
void print(const std::string& message) { std::fprintf(stderr, "lamina: %s\n", message.c_str()); }
void (*handler)(const std::string&) = print;
}  // namespace

void warn(const std::string& message) { handler(message); }
void set_warning_handler(void (*h)(const std::string&)) { handler = h ? h : print; }

}  // namespace lamina
