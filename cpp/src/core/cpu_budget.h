// How many CPUs this process may use.
#pragma once
#include <string>

namespace lamina::threads {

// min(CPUs the scheduler lets this process run on, cgroup CPU quota rounded down), at least 1.
int cpu_budget();

// CPUs granted by the cgroups (v1 or v2) of this process, the tightest of the whole chain; infinity
// without a limit. `root` stands before /proc and /sys so that tests can lay out their own.
double cgroup_cpus(const std::string& root = "");

}  // namespace lamina::threads
