// The format (https://github.com/huggingface/safetensors): eight bytes of header length, little
// endian; the header, a JSON object that begins at once and may be padded with spaces; the data.
// Every entry gives dtype, shape and its range of the data; the ranges cover the data exactly.
#include "io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <limits>
#include <numeric>
#include <set>
#include <string_view>
#include <system_error>

#include "io/json.h"
#include "lamina/error.h"

namespace lamina::io {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little endian");

constexpr uint64_t kMaxHeader = 100'000'000;  // as in the reference implementation
constexpr size_t kAlign = 64;

struct DtypeBits {
  std::string_view name;
  uint64_t bits;
};
// Also what lamina has no dtype for: a file that holds such an array is still a valid file.
constexpr DtypeBits kDtypes[] = {
    {"BOOL", 8},    {"U8", 8},      {"I8", 8},   {"U16", 16},    {"I16", 16},
    {"U32", 32},    {"I32", 32},    {"U64", 64}, {"I64", 64},    {"F16", 16},
    {"BF16", 16},   {"F32", 32},    {"F64", 64}, {"C64", 64},    {"F8_E5M2", 8},
    {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F4", 4},   {"F6_E2M3", 6}, {"F6_E3M2", 6},
};

uint64_t dtype_bits(std::string_view name) {  // 0: unknown
  const auto found = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                  [&](const DtypeBits& d) { return d.name == name; });
  return found == std::end(kDtypes) ? 0 : found->bits;
}

// Bytes of an array, or false: unknown dtype, negative size, overflow, part of a byte.
bool byte_size(const Entry& e, uint64_t& bytes) {
  uint64_t total = dtype_bits(e.dtype);
  if (total == 0) return false;
  if (std::find(e.shape.begin(), e.shape.end(), 0) != e.shape.end()) total = 0;
  for (int64_t n : e.shape) {
    if (n < 0) return false;
    if (total && static_cast<uint64_t>(n) > std::numeric_limits<uint64_t>::max() / total)
      return false;
    total *= static_cast<uint64_t>(n);
  }
  bytes = total / 8;
  return total % 8 == 0;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string out = "(";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + (shape.size() == 1 ? ",)" : ")");
}

size_t round_up(size_t n) { return (n + kAlign - 1) / kAlign * kAlign; }

}  // namespace

// ---- writing -----------------------------------------------------------------------------------

void write_safetensors(const std::string& path, const std::vector<Entry>& entries,
                       const std::map<std::string, std::string>& metadata) {
  const auto refuse = [&](const Entry& e, const std::string& why) {
    fail("Cannot write '", path, "': array '", e.name, "' ", why);
  };
  std::set<std::string_view> names;
  for (const Entry& e : entries) {
    if (e.name == "__metadata__") refuse(e, "has a name that the format reserves");
    if (!names.insert(e.name).second) refuse(e, "is there twice");
    if (!dtype_bits(e.dtype)) refuse(e, str("has the unknown dtype '", e.dtype, "'"));
    uint64_t bytes = 0;
    if (!byte_size(e, bytes) || bytes != e.bytes) {
      refuse(e, str("has ", e.bytes, " bytes, which do not fit its shape ", shape_text(e.shape),
                    " and dtype ", e.dtype));
    }
  }

  // The format allows no gaps, so the widest dtypes go first: then every array is aligned to its
  // dtype. The header keeps the order given.
  std::vector<size_t> order(entries.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return dtype_bits(entries[a].dtype) > dtype_bits(entries[b].dtype);
  });
  std::vector<uint64_t> begin(entries.size());
  uint64_t end = 0;
  for (size_t i : order) {
    begin[i] = end;
    end += entries[i].bytes;
  }

  std::string header(8, '\0');
  header += '{';
  const auto check_length = [&](uint64_t length) {
    if (length > kMaxHeader)
      fail("Cannot write '", path, "': its header of ", length,
           " bytes exceeds the format's limit of ", kMaxHeader);
  };
  const auto quote = [&](std::string_view text) {
    check_length(header.size() + text.size());  // before a long text is looked at
    json_quote(header, text);
  };
  const auto key = [&](std::string_view name) {
    if (header.back() != '{') header += ',';
    quote(name);
    header += ':';
  };
  if (!metadata.empty()) {
    key("__metadata__");
    header += '{';
    for (const auto& [name, value] : metadata) {
      key(name);
      quote(value);
    }
    header += '}';
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    const Entry& e = entries[i];
    key(e.name);
    header += "{\"dtype\":\"" + e.dtype + "\",\"shape\":[";
    for (size_t d = 0; d < e.shape.size(); ++d) {
      header += (d ? "," : "") + std::to_string(e.shape[d]);
    }
    header += "],\"data_offsets\":[" + std::to_string(begin[i]) + "," +
              std::to_string(begin[i] + e.bytes) + "]}";
  }
  header += '}';
  header.resize(round_up(header.size()), ' ');
  const uint64_t length = header.size() - 8;
  check_length(length);
  std::memcpy(header.data(), &length, 8);

  std::vector<std::pair<const void*, size_t>> parts{{header.data(), header.size()}};
  for (size_t i : order) {
    if (entries[i].bytes) parts.emplace_back(entries[i].data, entries[i].bytes);
  }
  write_file_atomically(path, parts);
}

// ---- reading -----------------------------------------------------------------------------------

namespace {

// A file opened for reading, of known size. Every error names the path.
class Input {
 public:
  explicit Input(const std::string& path) : path_(path) {
    if (path.find('\0') != std::string::npos) stop("a zero byte in the path");
    const fs::path file(std::u8string(path.begin(), path.end()));
    std::error_code error;
    size_ = fs::file_size(file, error);  // an error for anything but a regular file
    if (error) stop(error.message());
#ifdef _WIN32
    file_ = _wfopen(file.c_str(), L"rb");
#else
    file_ = std::fopen(file.c_str(), "rb");
#endif
    if (!file_) stop(std::generic_category().message(errno));
  }
  ~Input() { std::fclose(file_); }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  uint64_t size() const { return size_; }

  void read(void* to, size_t bytes) {
    errno = 0;
    if (bytes == 0 || std::fread(to, 1, bytes, file_) == bytes) return;
    stop(std::ferror(file_) && errno ? std::generic_category().message(errno)
                                     : "the file became shorter while it was read");
  }

  // Not the system's fault but the file's.
  template <class... Args>
  [[noreturn]] void invalid(const Args&... args) const {
    fail("'", path_, "' is not a valid safetensors file: ", args...);
  }

 private:
  [[noreturn]] void stop(const std::string& why) const {
    throw Error(str("Cannot read '", path_.c_str(), "': ", why), Error::Kind::kIO);
  }

  const std::string& path_;
  uint64_t size_ = 0;
  std::FILE* file_ = nullptr;
};

uint64_t whole_number(JsonReader& in) {
  const auto n = in.number();
  if (!n.is_int || n.i < 0) in.fail("expected an integer that is not negative");
  return static_cast<uint64_t>(n.i);
}

struct Range {
  uint64_t begin = 0, end = 0;
};

// {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
Range read_entry(JsonReader& in, Entry& e) {
  Range range;
  bool dtype = false, shape = false, offsets = false;
  const auto once = [&](bool& seen, const std::string& key) {
    if (seen) in.fail("'" + key + "' is there twice");
    seen = true;
  };
  in.begin_object();
  for (std::string key; in.next_key(key);) {
    if (key == "dtype") {
      once(dtype, key);
      e.dtype = in.string();
    } else if (key == "shape") {
      once(shape, key);
      in.begin_list();
      while (in.next_item()) e.shape.push_back(static_cast<int64_t>(whole_number(in)));
    } else if (key == "data_offsets") {
      once(offsets, key);
      in.begin_list();
      for (uint64_t* value : {&range.begin, &range.end}) {
        if (!in.next_item()) in.fail("data_offsets must be two integers");
        *value = whole_number(in);
      }
      if (in.next_item()) in.fail("data_offsets must be two integers");
    } else {
      in.skip();  // an extension of the format
    }
  }
  if (!dtype || !shape || !offsets) {
    in.fail("array '" + e.name + "' needs dtype, shape and data_offsets");
  }
  return range;
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::string& path) {
  Input file(path);
  uint64_t header_size = 0;
  if (file.size() < 8) file.invalid("it has only ", file.size(), " bytes");
  file.read(&header_size, 8);
  if (header_size > kMaxHeader || header_size > file.size() - 8) {
    file.invalid("its header should have ", header_size, " bytes, but the file has ", file.size(),
                 " and the limit is ", kMaxHeader);
  }
  std::string header(static_cast<size_t>(header_size), '\0');
  file.read(header.data(), header.size());
  if (header.empty() || header[0] != '{') file.invalid("its header does not begin with '{'");

  std::vector<Range> ranges;
  JsonReader in(header, "'" + path + "' is not a valid safetensors file: header");
  bool has_metadata = false;
  in.begin_object();
  for (std::string name; in.next_key(name);) {
    if (name == "__metadata__") {
      if (std::exchange(has_metadata, true)) in.fail("'__metadata__' is there twice");
      in.begin_object();
      for (std::string key; in.next_key(key);) {
        if (!metadata_.emplace(key, in.string()).second) {
          in.fail("the metadata '" + key + "' is there twice");
        }
      }
    } else {
      Entry& e = entries_.emplace_back();
      e.name = name;
      ranges.push_back(read_entry(in, e));
    }
  }
  in.finish();

  std::vector<size_t> order(entries_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return entries_[a].name < entries_[b].name; });
  for (size_t i = 1; i < order.size(); ++i) {
    const std::string& name = entries_[order[i]].name;
    if (name == entries_[order[i - 1]].name) file.invalid("array '", name, "' is there twice");
  }

  const uint64_t data_size = file.size() - 8 - header_size;
  uint64_t at = 0;         // in the file
  size_t memory = kAlign;  // in our copy, where every array is aligned; one unit to align the start
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(ranges[a].begin, ranges[a].end) < std::pair(ranges[b].begin, ranges[b].end);
  });
  for (size_t i : order) {
    Entry& e = entries_[i];
    const Range& r = ranges[i];
    uint64_t bytes = 0;
    if (!dtype_bits(e.dtype)) {
      file.invalid("array '", e.name, "' has the unknown dtype '", e.dtype, "'");
    }
    if (r.begin != at || r.end < r.begin || r.end > data_size) {
      file.invalid("array '", e.name, "' has data_offsets [", r.begin, ", ", r.end,
                   "]. Expected them to begin at ", at, " and to end within ", data_size, " bytes");
    }
    if (!byte_size(e, bytes) || bytes != r.end - r.begin) {
      file.invalid("array '", e.name, "' has ", r.end - r.begin,
                   " bytes, which do not fit its shape ", shape_text(e.shape), " and dtype ",
                   e.dtype);
    }
    e.bytes = static_cast<size_t>(bytes);
    at = r.end;
    memory += round_up(e.bytes);
  }
  if (at != data_size) {
    file.invalid("its arrays fill ", at, " bytes of data, but there are ", data_size);
  }

  bytes_.resize(memory);
  char* to =
      bytes_.data() + (kAlign - reinterpret_cast<uintptr_t>(bytes_.data()) % kAlign) % kAlign;
  for (size_t i : order) {
    Entry& e = entries_[i];
    file.read(to, e.bytes);
    // A bool in memory is 0 or 1; the format does not say so.
    if (e.dtype == "BOOL") std::transform(to, to + e.bytes, to, [](char c) { return c != 0; });
    e.data = to;
    to += round_up(e.bytes);
  }
}

const Entry* SafetensorsFile::find(const std::string& name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& e) { return e.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

}  // namespace lamina::io
