// The safetensors container: named arrays and a string map, nothing executable.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lamina::io {

// One array on its way to a file, or found in one. dtype is the format's name: BOOL, U8, I8, I16,
// I32, I64, F16, BF16, F32, F64.
struct Entry {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  const void* data = nullptr;  // C order
  size_t bytes = 0;
};

// Writes beside the target, fsyncs, then renames over it: the old file survives any failure. Throws
// Error (kIO) naming the path and the reason. The header keeps the order of the entries; in the
// data the widest dtypes come first, so that each array is aligned to its dtype.
void write_safetensors(const std::string& path, const std::vector<Entry>& entries,
                       const std::map<std::string, std::string>& metadata);

// A file held in memory; entries point into it, each aligned to 64 bytes. dtypes that the format
// has and lamina has not (U16, F8_E5M2, ...) are entries too.
class SafetensorsFile {
 public:
  // Checks everything before it allocates: sizes, offsets, overlaps, overflow, dtypes, shapes,
  // duplicates. Throws Error (kIO or kValue) naming the path and what is wrong.
  explicit SafetensorsFile(const std::string& path);
  SafetensorsFile(SafetensorsFile&&) = default;  // a copy's entries would point into the original
  SafetensorsFile& operator=(SafetensorsFile&&) = default;
  const std::vector<Entry>& entries() const { return entries_; }
  const Entry* find(const std::string& name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  std::vector<char> bytes_;
  std::vector<Entry> entries_;
  std::map<std::string, std::string> metadata_;
};

// Atomic replacement of a file's contents, as above.
void write_file_atomically(const std::string& path,
                           const std::vector<std::pair<const void*, size_t>>& parts);

}  // namespace lamina::io
