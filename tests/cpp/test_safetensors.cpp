#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "io/safetensors.h"
#include "lamina/error.h"
#include "temporary_folder.h"

#ifndef _WIN32
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace fs = std::filesystem;
using lamina::Error;
using lamina::io::Entry;
using lamina::io::SafetensorsFile;
using lamina::io::write_file_atomically;
using lamina::io::write_safetensors;

namespace {

void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string get(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string container(const std::string& header, const std::string& data = "") {
  const uint64_t n = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &n, 8);
  return out + header + data;
}

int64_t count(const TemporaryFolder& folder) {
  return std::distance(fs::directory_iterator(folder.path), fs::directory_iterator());
}

// Loads bytes as a file; the error, or "" and a look at every byte of every entry.
std::string load(const TemporaryFolder& folder, const std::string& bytes) {
  const std::string path = folder / "in.safetensors";
  put(path, bytes);
  try {
    const SafetensorsFile file(path);
    size_t total = 0;
    unsigned sum = 0;
    for (const Entry& e : file.entries()) {
      REQUIRE(reinterpret_cast<uintptr_t>(e.data) % 64 == 0);
      for (size_t i = 0; i < e.bytes; ++i) sum += static_cast<const unsigned char*>(e.data)[i];
      total += e.bytes;
      REQUIRE(file.find(e.name) == &e);
    }
    REQUIRE(total + sum * 0 < bytes.size());
  } catch (const Error& e) {
    CHECK(std::string(e.what()).find(path) != std::string::npos);
    return e.what();
  }
  return "";
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

const float kFloats[6] = {1, 2, 3, -4, 5.5, 6};
const int64_t kInts[2] = {-1, 1ll << 40};
const uint8_t kBools[3] = {1, 0, 1};

std::vector<Entry> sample() {
  return {{"flags", "BOOL", {3}, kBools, 3},
          {"weights/dense/kernel", "F32", {2, 3}, kFloats, 24},
          {"step", "I64", {2}, kInts, 16},
          {"empty", "F64", {0, 7}, nullptr, 0},
          {"scalar \"\u00e9\"", "F32", {}, kFloats + 4, 4}};
}

}  // namespace

TEST_CASE("safetensors: round trip") {
  const TemporaryFolder folder;
  const std::string path = folder / "m.safetensors";
  const std::map<std::string, std::string> metadata{{"config", "{\"a\": \"\\n\"}"}, {"", "\n\"\\"}};
  write_safetensors(path, sample(), metadata);
  CHECK(count(folder) == 1);
  const SafetensorsFile file(path);
  CHECK(file.metadata() == metadata);
  const auto expected = sample();
  REQUIRE(file.entries().size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const Entry &got = file.entries()[i], &want = expected[i];
    CHECK(got.name == want.name);
    CHECK(got.dtype == want.dtype);
    CHECK(got.shape == want.shape);
    REQUIRE(got.bytes == want.bytes);
    if (want.bytes) CHECK(std::memcmp(got.data, want.data, want.bytes) == 0);
    CHECK(reinterpret_cast<uintptr_t>(got.data) % 64 == 0);
    CHECK(file.find(want.name) == &got);
  }
  CHECK(file.find("nothing") == nullptr);

  write_safetensors(path, {}, {});  // replaces the longer file
  CHECK(SafetensorsFile(path).entries().empty());
  CHECK(SafetensorsFile(path).metadata().empty());
}

TEST_CASE("safetensors: the bytes of a small file") {
  const TemporaryFolder folder;
  const std::string path = folder / "m.safetensors";
  write_safetensors(path, {{"b", "BOOL", {1}, kBools, 1}, {"w", "F32", {1, 2}, kFloats, 8}},
                    {{"k", "v"}});
  std::string header =
      R"({"__metadata__":{"k":"v"},"b":{"dtype":"BOOL","shape":[1],"data_offsets":[8,9]},)"
      R"("w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  header.resize((8 + header.size() + 63) / 64 * 64 - 8, ' ');
  CHECK(get(path) == container(header, std::string("\0\0\x80?\0\0\0@\1", 9)));
}

TEST_CASE("safetensors: files of other writers") {
  const TemporaryFolder folder;
  const std::string path = folder / "m.safetensors";
  // Out of order, unaligned, spaces, unknown members, dtypes that lamina has not, odd bools.
  put(path, container("{ " + entry("z", "F32", "[1]", "[3,7]") + ", " +
                          R"("x":{"data_offsets":[0,1],"extra":[{}],"shape":[],"dtype":"U8"})" +
                          ",\n" + entry("e", "F32", "[0]", "[3,3]") + "," +
                          entry("f", "F8_E4M3", "[1]", "[1,2]") + "," +
                          entry("b", "BOOL", "[1]", "[2,3]") + "," +
                          entry("q", "F4", "[2]", "[7,8]") + "}  \n ",
                      std::string("\x07\x01\x80\0\0\x80?\xAB", 8)));
  const SafetensorsFile file(path);
  REQUIRE(file.entries().size() == 6);
  CHECK(file.entries()[0].name == "z");
  CHECK(*static_cast<const float*>(file.find("z")->data) == 1.0f);
  CHECK(*static_cast<const uint8_t*>(file.find("x")->data) == 7);
  CHECK(*static_cast<const uint8_t*>(file.find("b")->data) == 1);
  CHECK(file.find("e")->bytes == 0);

  CHECK(load(folder, container("{}")) == "");
  CHECK(load(folder, container("{\"__metadata__\":{}}")) == "");
  CHECK(load(folder,
             container("{" +
                       entry("a", "F32", "[0,9223372036854775807,9223372036854775807]", "[0,0]") +
                       "}")) == "");
}

TEST_CASE("safetensors: hostile files are refused") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& header, const std::string& data = "",
                           const std::string& why = "") {
    const std::string error = load(folder, container(header, data));
    CAPTURE(header);
    CAPTURE(error);
    CHECK(!error.empty());
    CHECK(error.find(why) != std::string::npos);
  };
  const auto one = [&](const std::string& dtype, const std::string& shape,
                       const std::string& offsets, const std::string& why = "") {
    refused("{" + entry("a", dtype, shape, offsets) + "}", "12345678", why);
  };
  one("F99", "[8]", "[0,8]", "unknown dtype 'F99'");
  one("f32", "[2]", "[0,8]", "unknown dtype");
  one("F32", "[3]", "[0,8]", "do not fit its shape (3,)");
  one("U8", "[8]", "[0,9]");
  one("U8", "[7]", "[0,7]", "there are 8");
  one("U8", "[7]", "[1,8]", "begin at 0");
  one("U8", "[8]", "[8,0]");
  one("U8", "[8]", "[-8,0]", "negative");
  one("U8", "[-8]", "[0,8]", "negative");
  one("U8", "[8]", "[0]");
  one("U8", "[8]", "[0,8,8]");
  one("U8", "[8]", "[0.0,8.0]");
  one("U8", "[8]", "[0,18446744073709551624]");
  one("U8", "[8]", "[0,9223372036854775807]");
  one("U8", "[8]", "[NaN,8]");
  one("U8", "8", "[0,8]");
  one("U8", "null", "[0,8]");
  one("U8", "[true]", "[0,8]");
  one("U8", "[4294967296,4294967296,4294967296]", "[0,8]");  // products that wrap around
  one("F64", "[2305843009213693953]", "[0,8]");
  one("U8", "[9223372036854775807,2,5]", "[0,8]");
  one("F4", "[15]", "[0,8]");
  const std::string a4 = entry("a", "U8", "[4]", "[0,4]");
  refused("{" + a4 + "," + entry("b", "U8", "[4]", "[3,7]") + "}", "1234567", "begin at 4");
  refused("{" + a4 + "," + entry("b", "U8", "[4]", "[0,4]") + "}", "1234", "begin at 4");
  refused("{" + a4 + "," + entry("b", "U8", "[4]", "[5,9]") + "}", "123456789", "begin at 4");
  refused("{" + a4 + "," + entry("a", "U8", "[4]", "[4,8]") + "}", "12345678", "twice");
  refused("{" + a4 + "," + entry("\\u0061", "U8", "[4]", "[4,8]") + "}", "12345678", "twice");
  refused("{" + a4 + "}", "123");
  refused("{" + a4 + "}", "12345");
  refused("{}", "1");
  refused(R"({"a":{"dtype":"U8","shape":[4]}})", "1234", "needs dtype");
  refused(R"({"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}})", "1234", "twice");
  refused(R"({"a":{"dtype":7,"shape":[4],"data_offsets":[0,4]}})", "1234");
  refused(R"({"a":[]})");
  refused(R"({"__metadata__":[]})");
  refused(R"({"__metadata__":null})");
  refused(R"({"__metadata__":{"k":1}})", "", "expected a string");
  refused(R"({"__metadata__":{"k":"1","k":"2"}})", "", "twice");
  refused(R"({"__metadata__":{},"__metadata__":{}})", "", "twice");
  refused("{\"\xFF\":{}}", "", "UTF-8");
  refused("", "", "begin with");
  refused(" {}");
  refused("[]");
  refused("{} x");
  refused("{");
  refused(std::string("{}\0", 3));
  refused("{\"a\":{\"x\":" + std::string(1000000, '[') + "}}", "", "deeper");
  refused("{\"a\":" + std::string(1000000, '{'));

  for (uint64_t n : {uint64_t{3}, uint64_t{100000001}, uint64_t{1} << 40, uint64_t{1} << 63,
                     ~uint64_t{0}, ~uint64_t{0} - 7}) {
    std::string bytes = container("{}");
    std::memcpy(bytes.data(), &n, 8);
    CHECK(!load(folder, bytes).empty());
  }
  CHECK_THROWS_AS(SafetensorsFile(folder / "missing"), Error);
  CHECK_THROWS_AS(SafetensorsFile(folder.path.string()), Error);
  CHECK_THROWS_AS(SafetensorsFile(""), Error);
  CHECK_THROWS_AS(SafetensorsFile(folder / std::string("in.safetensors\0x", 16)), Error);
  try {
    SafetensorsFile file(folder / "missing");
  } catch (const Error& e) {
    CHECK(e.kind() == Error::Kind::kIO);
    CHECK(std::string(e.what()) ==
          "Cannot read '" + (folder / "missing") + "': No such file or directory");
  }
}

TEST_CASE("safetensors: cut short or made longer anywhere") {
  const TemporaryFolder folder;
  const std::string path = folder / "m.safetensors";
  write_safetensors(path, sample(), {{"k", "v"}});
  const std::string bytes = get(path);
  REQUIRE(load(folder, bytes).empty());
  for (size_t n = 0; n < bytes.size(); ++n) CHECK(!load(folder, bytes.substr(0, n)).empty());
  CHECK(!load(folder, bytes + '\0').empty());
}

TEST_CASE("safetensors: random changes never do harm") {
  const TemporaryFolder folder;
  const std::string path = folder / "m.safetensors";
  write_safetensors(path, sample(), {{"k", "v"}});
  const std::string seed = get(path);
  uint64_t header_size;
  std::memcpy(&header_size, seed.data(), 8);
  const std::string alphabet =
      "0123456789-+.eE[]{},:\" \\u\x01\xff"
      "BOLF3264IU";
  std::mt19937 random(20240501);
  int accepted = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string header = seed.substr(8, header_size), data = seed.substr(8 + header_size);
    for (int n = 1 + static_cast<int>(random() % 3); n > 0; --n) {
      const size_t at = random() % header.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 5) {
        case 0:
          header[at] = c;
          break;
        case 1:
          header.insert(at, 1, c);
          break;
        case 2:
          header.erase(at, 1 + random() % 4);
          break;
        case 3:
          header.insert(at, header.substr(random() % header.size(), random() % 80));
          break;
        default:
          data.resize(random() % 60);
      }
    }
    std::string bytes = container(header, data);
    if (random() % 10 == 0) bytes[random() % 8] = static_cast<char>(random());
    accepted += load(folder, bytes).empty();
  }
  CHECK(accepted > 25);  // the changes are not all too coarse
  CHECK(accepted < 4975);
}

TEST_CASE("safetensors: what cannot be written") {
  const TemporaryFolder folder;
  const std::string path = folder / "m.safetensors";
  const Entry good{"a", "F32", {2}, kFloats, 8};
  put(path, "old");
  const auto refused = [&](const std::vector<Entry>& entries) {
    CHECK_THROWS_AS(write_safetensors(path, entries, {}), Error);
  };
  refused({good, good});
  refused({{"a", "F33", {2}, kFloats, 8}});
  refused({{"a", "F32", {2}, kFloats, 7}});
  refused({{"a", "F32", {-2}, kFloats, 8}});
  refused({{"__metadata__", "F32", {2}, kFloats, 8}});
  refused({{"\xff", "F32", {2}, kFloats, 8}});
  CHECK_THROWS_AS(write_safetensors(path, {good}, {{"k", "\xC3"}}), Error);
  CHECK_THROWS_AS(write_safetensors(path, {good}, {{"k", std::string(100000001, 'x')}}), Error);
  CHECK(get(path) == "old");
  CHECK(count(folder) == 1);
}

#ifndef _WIN32
namespace {

std::string write_error(const std::string& path, const std::string& text) {
  try {
    write_file_atomically(path, {{text.data(), text.size()}});
  } catch (const Error& e) {
    CHECK(e.kind() == Error::Kind::kIO);
    CHECK(std::string(e.what()).find(std::string("Cannot write '") + path.c_str()) == 0);
    return e.what();
  }
  return "";
}

unsigned mode(const std::string& path) {
  struct stat s;
  REQUIRE(stat(path.c_str(), &s) == 0);
  return s.st_mode & 07777;
}

}  // namespace

TEST_CASE("atomic write: a failure keeps the old file and leaves nothing behind") {
  const TemporaryFolder folder;
  const std::string path = folder / "m";
  put(path, "old");
  // The size limit of a process stands in for a full disk.
  struct rlimit old_limit;
  getrlimit(RLIMIT_FSIZE, &old_limit);
  auto* const old_handler = signal(SIGXFSZ, SIG_IGN);
  rlimit limit = old_limit;
  limit.rlim_cur = 1000;
  setrlimit(RLIMIT_FSIZE, &limit);
  const std::string full = write_error(path, std::string(5000, 'x'));
  const std::string fits = write_error(path, std::string(1000, 'y'));
  setrlimit(RLIMIT_FSIZE, &old_limit);
  signal(SIGXFSZ, old_handler);
  CHECK(full == "Cannot write '" + path + "': File too large");
  CHECK(fits == "");
  CHECK(get(path) == std::string(1000, 'y'));
  CHECK(count(folder) == 1);

  CHECK(write_error(folder / "no/such/dir", "x").find("No such file or directory") !=
        std::string::npos);
  CHECK(write_error(path + "/under-a-file", "x").find("Not a directory") != std::string::npos);
  CHECK(write_error(folder.path.string(), "x").find("Is a directory") != std::string::npos);
  CHECK(write_error("/dev/null", "x").find("not a regular file") != std::string::npos);
  CHECK(write_error(folder / std::string(300, 'n'), "x") != "");
  CHECK(write_error("", "x") != "");
  CHECK(write_error(folder / std::string("a\0b", 3), "x") != "");
  if (geteuid() != 0) {
    fs::permissions(path, fs::perms::owner_read);
    CHECK(write_error(path, "x").find("Permission denied") != std::string::npos);
    fs::permissions(folder.path, fs::perms::owner_read | fs::perms::owner_exec);
    CHECK(write_error(folder / "new", "x").find("Permission denied") != std::string::npos);
    fs::permissions(folder.path, fs::perms::owner_all);
  }
  CHECK(count(folder) == 1);
}

TEST_CASE("atomic write: modes and links") {
  const TemporaryFolder folder;
  const mode_t old_mask = umask(027);
  CHECK(write_error(folder / "new", "1") == "");
  CHECK(mode(folder / "new") == 0640);
  for (mode_t m : {0600, 0664, 0777}) {
    chmod((folder / "new").c_str(), m);
    CHECK(write_error(folder / "new", "2") == "");
    CHECK(mode(folder / "new") == m);
  }
  umask(old_mask);

  fs::create_directory(folder.path / "d");
  put(folder / "d/target", "old");
  fs::create_symlink("d/target", folder.path / "link");
  fs::create_symlink("link", folder.path / "link2");
  CHECK(write_error(folder / "link2", "through") == "");
  CHECK(fs::is_symlink(folder.path / "link"));
  CHECK(fs::is_symlink(folder.path / "link2"));
  CHECK(get(folder / "d/target") == "through");
  fs::create_symlink("d/not yet", folder.path / "dangling");
  CHECK(write_error(folder / "dangling", "made") == "");
  CHECK(get(folder / "d/not yet") == "made");
  fs::create_symlink("loop", folder.path / "loop");
  CHECK(write_error(folder / "loop", "x").find("symbolic links") != std::string::npos);
}

TEST_CASE("atomic write: several writers, whole files") {
  const TemporaryFolder folder;
  const std::string path = folder / "m";
  std::vector<std::thread> writers;
  for (char c : {'a', 'b', 'c'}) {
    writers.emplace_back([&, c] {
      const std::string text(10000, c);
      for (int i = 0; i < 20; ++i) write_file_atomically(path, {{text.data(), text.size()}});
    });
  }
  for (auto& w : writers) w.join();
  const std::string text = get(path);
  CHECK(text.size() == 10000);
  CHECK(text == std::string(10000, text[0]));
  CHECK(count(folder) == 1);
}
#endif
