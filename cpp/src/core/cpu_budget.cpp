#include "core/cpu_budget.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

namespace lamina::threads {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

int affinity_cpus() {
#ifdef __linux__
  // A machine with more than CPU_SETSIZE CPUs answers EINVAL to a set that is too small.
  for (int n = CPU_SETSIZE; n <= (1 << 20); n *= 2) {
    cpu_set_t* set = CPU_ALLOC(n);
    if (!set) break;
    const size_t bytes = CPU_ALLOC_SIZE(n);
    const bool ok = sched_getaffinity(0, bytes, set) == 0;
    const int count = ok ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// quota / period, or unlimited. v2 keeps both in cpu.max ("max 100000"), v1 in two files (-1).
double quota_of(const std::string& dir, bool v2) {
  std::string quota, period;
  if (v2) {
    std::ifstream(dir + "/cpu.max") >> quota >> period;
  } else {
    std::ifstream(dir + "/cpu.cfs_quota_us") >> quota;
    std::ifstream(dir + "/cpu.cfs_period_us") >> period;
  }
  double q = 0, p = 0;
  std::istringstream(quota) >> q;
  std::istringstream(period) >> p;
  return q > 0 && p > 0 ? q / p : kUnlimited;
}

// The limits of a cgroup and of all its ancestors hold. Inside a container the path may be the
// host's, of which only the end of the walk, the mount point itself, exists.
double tightest(const std::string& mount, std::string path, bool v2) {
  double cpus = kUnlimited;
  for (;;) {
    while (!path.empty() && path.back() == '/') path.pop_back();
    cpus = std::min(cpus, quota_of(mount + path, v2));
    if (path.empty()) return cpus;
    path.erase(std::min(path.rfind('/'), path.size()));
  }
}

}  // namespace

double cgroup_cpus(const std::string& root) {
  double cpus = kUnlimited;
  std::ifstream file(root + "/proc/self/cgroup");
  const std::string base = root + "/sys/fs/cgroup";
  // Lines are "id:controllers:path"; v2 has the one line "0::path".
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    if (first == std::string::npos) continue;
    const size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      cpus = std::min({cpus, tightest(base, path, true), tightest(base + "/unified", path, true)});
    } else if (("," + controllers + ",").find(",cpu,") != std::string::npos) {
      cpus = std::min({cpus, tightest(base + "/cpu", path, false),
                       tightest(base + "/" + controllers, path, false)});
    }
  }
  return cpus;
}

int cpu_budget() {
  const int affinity = affinity_cpus();
  const double quota = cgroup_cpus();
  return quota >= affinity ? affinity : std::max(1, static_cast<int>(quota));
}

}  // namespace lamina::threads
