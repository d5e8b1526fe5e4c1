#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "core/cpu_budget.h"
#include "core/threads.h"
#include "lamina/error.h"
#include "temporary_folder.h"

#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

using namespace lamina;

namespace {

constexpr double kBig = 1e9;  // a cost that is always worth sharing

template <class F>
void loop(int64_t blocks, F f, double cost = kBig, bool backward = false) {
  threads::parallel_for(
      blocks, cost, backward, [](void* arg, int64_t b) { (*static_cast<F*>(arg))(b); }, &f);
}

struct Restore {
  int n = threads::num_threads();
  ~Restore() { threads::set_num_threads(n); }
};

// Threads that took part in a loop whose blocks take a while.
int threads_seen(int64_t blocks, double cost) {
  std::vector<std::thread::id> who(static_cast<size_t>(blocks));
  loop(
      blocks,
      [&](int64_t b) {
        who[static_cast<size_t>(b)] = std::this_thread::get_id();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      },
      cost);
  std::vector<std::thread::id> seen;
  for (auto id : who) {
    if (std::find(seen.begin(), seen.end(), id) == seen.end()) seen.push_back(id);
  }
  return static_cast<int>(seen.size());
}

// Every block once, the result independent of who ran it.
bool covers(int64_t blocks, bool backward = false) {
  std::vector<int> count(static_cast<size_t>(blocks));
  loop(blocks, [&](int64_t b) { ++count[static_cast<size_t>(b)]; }, kBig, backward);
  return std::all_of(count.begin(), count.end(), [](int c) { return c == 1; });
}

}  // namespace

TEST_CASE("parallel_for runs every block once") {
  Restore restore;
  for (int n : {1, 2, 3, 8}) {
    threads::set_num_threads(n);
    CHECK(threads::num_threads() == n);
    for (int64_t blocks : {0, 1, 2, 3, 7, 64, 1000}) {
      CHECK(covers(blocks));
      CHECK(covers(blocks, true));
    }
  }
  loop(-3, [](int64_t) { FAIL("no blocks, no calls"); });
}

TEST_CASE("parallel_for: backward, each thread goes from its last block to its first") {
  Restore restore;
  const std::thread::id self = std::this_thread::get_id();
  for (int n : {1, 2}) {
    threads::set_num_threads(n);
    std::vector<int64_t> mine;  // of this thread, whose share is the first half
    loop(
        8,
        [&](int64_t b) {
          if (std::this_thread::get_id() == self && b < 8 / n) mine.push_back(b);
        },
        kBig, true);
    if (n == 1) CHECK(mine.size() == 8);
    CHECK(std::is_sorted(mine.rbegin(), mine.rend()));
  }
}

TEST_CASE("parallel_for: many short loops while the number of threads changes") {
  Restore restore;
  bool ok = true;
  for (int i = 0; i < 3000; ++i) {
    if (i % 7 == 0) threads::set_num_threads(1 + i % 5);
    if (i % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));  // let it sleep
    ok = ok && covers(1 + i % 9);
  }
  CHECK(ok);
}

TEST_CASE("parallel_for uses as many threads as allowed, and no more") {
  Restore restore;
  threads::set_num_threads(3);
  CHECK(threads_seen(24, kBig) == 3);
  threads::set_num_threads(2);
  CHECK(threads_seen(24, kBig) == 2);
  CHECK(threads_seen(24, 1000) == 1);  // a microsecond is not worth sharing
  CHECK(threads_seen(24, 0) == 1);
  CHECK(threads_seen(24, std::numeric_limits<double>::quiet_NaN()) == 1);
  CHECK(threads_seen(24, std::numeric_limits<double>::infinity()) == 2);
  threads::set_num_threads(1);
  CHECK(threads_seen(8, kBig) == 1);
}

TEST_CASE("parallel_for: a nested loop stays on its thread") {
  Restore restore;
  threads::set_num_threads(4);
  std::atomic<int> total{0}, strayed{0};
  loop(16, [&](int64_t) {
    const auto outer = std::this_thread::get_id();
    loop(10, [&](int64_t) {
      ++total;
      strayed += std::this_thread::get_id() != outer;
    });
  });
  CHECK(total == 160);
  CHECK(strayed == 0);
  CHECK(threads_seen(24, kBig) > 1);  // the caller may share again afterwards
}

TEST_CASE("parallel_for from several threads at once") {
  Restore restore;
  threads::set_num_threads(3);
  std::atomic<int> bad{0};
  std::vector<std::thread> users;
  for (int t = 0; t < 4; ++t) {
    users.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        if (t == 0 && i % 50 == 0) threads::set_num_threads(1 + i / 50 % 4);
        bad += !covers(1 + (i * 7 + t) % 40);
      }
    });
  }
  for (auto& u : users) u.join();
  CHECK(bad == 0);
}

TEST_CASE("set_num_threads refuses less than one") {
  Restore restore;
  CHECK_THROWS_AS(threads::set_num_threads(0), Error);
  CHECK_THROWS_AS(threads::set_num_threads(-1), Error);
  threads::set_num_threads(1 << 30);  // more than the pool ever starts, but no error
  CHECK(threads::num_threads() >= 1);
}

TEST_CASE("scratch memory is aligned, kept, grown, and one's own") {
  Restore restore;
  for (int slot = 0; slot < 8; ++slot) {
    char* p = static_cast<char*>(threads::scratch(slot, 100));
    REQUIRE(p);
    CHECK(reinterpret_cast<uintptr_t>(p) % 64 == 0);
    std::memset(p, slot, 100);
  }
  for (int slot = 0; slot < 8; ++slot) {
    CHECK(static_cast<char*>(threads::scratch(slot, 100))[99] == slot);  // no slot moved another
  }
  void* first = threads::scratch(2, 100);
  CHECK(threads::scratch(2, 50) == first);
  CHECK(threads::scratch(2, 100) == first);
  std::memset(threads::scratch(2, 1 << 20), 1, 1 << 20);
  CHECK(threads::scratch(3, 0) != nullptr);
  threads::set_num_threads(4);
  std::atomic<int> bad{0};
  loop(64, [&](int64_t b) {
    auto* p = static_cast<int64_t*>(threads::scratch(0, 80000));
    for (int i = 0; i < 10000; ++i) p[i] = b;
    for (int i = 0; i < 10000; ++i) bad += p[i] != b;
  });
  CHECK(bad == 0);
}

TEST_CASE("cgroup quotas") {
  namespace fs = std::filesystem;
  const TemporaryFolder folder;
  const fs::path& root = folder.path;
  const auto write = [&](const std::string& path, const std::string& text) {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  };
  const auto fresh = [&] { fs::remove_all(root), fs::create_directories(root); };
  const double unlimited = std::numeric_limits<double>::infinity();

  fresh();
  CHECK(threads::cgroup_cpus(root.string()) == unlimited);  // nothing there at all

  write("proc/self/cgroup", "0::/a/b\n");
  CHECK(threads::cgroup_cpus(root.string()) == unlimited);
  write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  CHECK(threads::cgroup_cpus(root.string()) == unlimited);
  write("sys/fs/cgroup/a/cpu.max", "150000 100000\n");  // the parent's limit holds
  CHECK(threads::cgroup_cpus(root.string()) == 1.5);
  write("sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
  CHECK(threads::cgroup_cpus(root.string()) == 0.5);
  write("sys/fs/cgroup/a/b/cpu.max", "nonsense");
  CHECK(threads::cgroup_cpus(root.string()) == 1.5);

  fresh();  // in a container the path is often not visible, only the mount point
  write("proc/self/cgroup", "0::/../host/path\n");
  write("sys/fs/cgroup/cpu.max", "400000 100000\n");
  CHECK(threads::cgroup_cpus(root.string()) == 4);

  fresh();
  write("proc/self/cgroup", "12:cpuset:/x\n3:cpu,cpuacct:/x\nbroken\n");
  write("sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");
  CHECK(threads::cgroup_cpus(root.string()) == unlimited);
  write("sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "250000\n");
  CHECK(threads::cgroup_cpus(root.string()) == 2.5);

  CHECK(threads::cpu_budget() >= 1);
}

// ThreadSanitizer refuses to start threads in a forked child.
#if !defined(_WIN32) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a forked child has a working pool") {
  Restore restore;
  threads::set_num_threads(3);
  const auto in_child = [] {
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      alarm(20);  // a hang ends as a failure
      const bool ok = covers(100) && threads_seen(24, kBig) == 3 && threads::num_threads() == 3;
      _exit(ok ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  };
  CHECK(covers(100));  // workers exist, still spinning
  CHECK(in_child());
  std::this_thread::sleep_for(std::chrono::milliseconds(5));  // workers sleep
  CHECK(in_child());

  std::atomic<bool> stop{false};  // the pool is in use at the moment of the fork
  std::thread user([&] {
    while (!stop) covers(50);
  });
  for (int i = 0; i < 20; ++i) CHECK(in_child());
  stop = true;
  user.join();
  CHECK(covers(100));
}

TEST_CASE("LAMINA_NUM_THREADS") {
  // It is read once, so each value needs a process of its own that has not read it yet. This one
  // has.
  const char* self = "/proc/self/exe";
  if (access(self, X_OK) != 0) return;
  const auto run = [&](const char* value) {
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      setenv("LAMINA_NUM_THREADS", value, 1);
      execl(self, self, "--no-skip", "--test-case=helper: print num_threads", "--minimal", nullptr);
      _exit(99);
    }
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  if (run("1") == 99) return;  // an emulator cannot start itself again
  CHECK(run("1") == 10 + 1);
  CHECK(run("") == 10 + std::min(threads::cpu_budget(), 30));
  CHECK(run("100000") == 10 + std::min(threads::cpu_budget(), 30));
  for (const char* bad : {"0", "-2", "two", "2x", " 2", "1.5", "99999999999999999999"}) {
    CHECK_MESSAGE(run(bad) == 50, bad);
  }
}

TEST_CASE("helper: print num_threads" * doctest::skip()) {
  int code = 0;
  try {
    code = 10 + std::min(threads::num_threads(), 30);
  } catch (const Error& e) {
    const bool named = std::string(e.what()).find("LAMINA_NUM_THREADS") != std::string::npos;
    code = named && covers(10) ? 50 : 51;  // loops still run
  }
  _exit(code);
}
#endif
