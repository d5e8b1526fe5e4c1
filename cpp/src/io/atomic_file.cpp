// write_file_atomically: write beside the target, make it durable, rename over it.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "io/safetensors.h"
#include "lamina/error.h"

#ifdef _WIN32
#define NOMINMAX
#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <share.h>
#include <sys/stat.h>
#else
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace lamina::io {
namespace fs = std::filesystem;
namespace {

using Parts = std::vector<std::pair<const void*, size_t>>;

// What went wrong; write_file_atomically adds the path.
struct Failure {
  std::error_code error;
  std::string what;
};

std::error_code last_error() { return {errno, std::generic_category()}; }

[[noreturn]] void stop(std::error_code error = last_error(), const std::string& what = "") {
  throw Failure{error, what};
}

// The file that is to be replaced: where a chain of symbolic links ends, which need not exist.
fs::path follow_links(fs::path path) {
  std::error_code error;
  for (int i = 0; i < 40 && fs::is_symlink(path, error); ++i) {
    const fs::path to = fs::read_symlink(path, error);
    if (error) stop(error);
    path = path.parent_path() / to;
  }
  if (fs::is_symlink(path, error)) {
    stop(std::make_error_code(std::errc::too_many_symbolic_link_levels));
  }
  return path;
}

// A name that no other writer uses, in the directory of the target. Creation is exclusive, so a
// clash with a leftover only costs another try.
fs::path temporary_name(const fs::path& target) {
  static std::atomic<unsigned> counter{0};
#ifdef _WIN32
  const int process = _getpid();
#else
  const long process = getpid();
#endif
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return target.parent_path() / str(".lamina-", process, "-", now, "-", counter++, ".tmp");
}

#ifdef _WIN32

int create_exclusive(const fs::path& path, bool) {
  int fd = -1;
  errno = _wsopen_s(&fd, path.c_str(), _O_CREAT | _O_EXCL | _O_WRONLY | _O_BINARY | _O_NOINHERIT,
                    _SH_DENYNO, _S_IREAD | _S_IWRITE);
  return fd;
}
long write_some(int fd, const char* data, size_t n) {
  return _write(fd, data, static_cast<unsigned>(n));
}
bool flush(int fd) { return _commit(fd) == 0; }
bool close_file(int fd) { return _close(fd) == 0; }

// The attributes of the file to be replaced stay behind with it.
struct Replaced {
  explicit Replaced(const fs::path&) {}
  bool exists = false;
  void hand_on(int) const {}
};

void rename_over(const fs::path& from, const fs::path& to) {
  if (!MoveFileExW(from.c_str(), to.c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
    stop({static_cast<int>(GetLastError()), std::system_category()});
  }
}

#else

// Never more readable than the file that it replaces; a new file gets what the umask leaves.
int create_exclusive(const fs::path& path, bool replaces) {
  return ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, replaces ? 0600 : 0666);
}
long write_some(int fd, const char* data, size_t n) { return ::write(fd, data, n); }
bool flush(int fd) {
  while (fsync(fd) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}
bool close_file(int fd) { return ::close(fd) == 0 || errno == EINTR; }

// The file at the target before, if any, whose mode (and owner, where possible) lives on.
struct Replaced {
  explicit Replaced(const fs::path& target) {
    exists = ::stat(target.c_str(), &info) == 0;
    if (!exists && errno != ENOENT) stop();
    if (!exists) return;
    if (S_ISDIR(info.st_mode)) stop(std::make_error_code(std::errc::is_a_directory));
    // Renaming over a device or pipe would destroy it.
    if (!S_ISREG(info.st_mode)) {
      stop(std::make_error_code(std::errc::file_exists), "not a regular file: ");
    }
    // A rename would replace a write-protected file too.
    if (::access(target.c_str(), W_OK) != 0) stop();
  }

  void hand_on(int fd) const {
    mode_t mode = info.st_mode & 07777;
    const bool ours = info.st_uid == geteuid() && info.st_gid == getegid();
    // Only root can keep another owner. Changing it clears mode bits, so the mode comes second.
    if (!ours && ::fchown(fd, info.st_uid, info.st_gid) != 0 &&
        ::fchown(fd, static_cast<uid_t>(-1), info.st_gid) != 0) {
      mode &= 0777;
    }
    if (::fchmod(fd, mode) != 0 && errno != EPERM) stop();
  }

  bool exists = false;
  struct stat info{};
};

void rename_over(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) stop();
}

#endif

// Makes the rename itself durable. Some file systems know no such thing, and a directory may be
// writable without being readable; the file is in place either way.
void flush_directory([[maybe_unused]] const fs::path& file) {
#ifndef _WIN32
  const fs::path dir = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const int fd = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  const bool ok = flush(fd) || errno != EIO;
  const std::error_code error = last_error();
  ::close(fd);
  if (!ok) stop(error, "flushing the directory: ");
#endif
}

// The temporary file: removed again unless it took the target's place.
class Temporary {
 public:
  Temporary(const fs::path& target, bool replaces) {
    for (int attempt = 0; fd_ < 0; ++attempt) {
      path_ = temporary_name(target);
      fd_ = create_exclusive(path_, replaces);
      if (fd_ < 0 && (errno != EEXIST || attempt == 100)) stop();
    }
  }
  ~Temporary() {
    if (fd_ >= 0) close_file(fd_);
    std::error_code ignored;
    if (!path_.empty()) fs::remove(path_, ignored);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  int fd() const { return fd_; }

  void write(const void* data, size_t bytes) {
    const char* p = static_cast<const char*>(data);
    while (bytes > 0) {
      const long n = write_some(fd_, p, bytes < kChunk ? bytes : kChunk);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) stop();
      if (n == 0) stop(std::make_error_code(std::errc::no_space_on_device));
      p += n;
      bytes -= static_cast<size_t>(n);
    }
  }

  void replace(const fs::path& target) {
    if (!flush(fd_)) stop();
    if (!close_file(std::exchange(fd_, -1))) stop();
    rename_over(path_, target);
    path_.clear();
  }

 private:
  static constexpr size_t kChunk = size_t{1} << 30;
  fs::path path_;
  int fd_ = -1;
};

}  // namespace

void write_file_atomically(const std::string& path, const Parts& parts) {
  try {
    if (path.find('\0') != std::string::npos) {
      stop(std::make_error_code(std::errc::invalid_argument), "a zero byte in the path: ");
    }
    const fs::path target = follow_links(fs::path(std::u8string(path.begin(), path.end())));
    const Replaced old(target);
    Temporary file(target, old.exists);
    if (old.exists) old.hand_on(file.fd());
    for (const auto& [data, bytes] : parts) file.write(data, bytes);
    file.replace(target);
    flush_directory(target);
  } catch (const Failure& f) {
    throw Error(str("Cannot write '", path.c_str(), "': ", f.what, f.error.message()),
                Error::Kind::kIO);
  }
}

}  // namespace lamina::io
