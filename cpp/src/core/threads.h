// The one place that knows threads: a pool behind parallel_for, and each thread's scratch memory.
#pragma once
#include <cstddef>
#include <cstdint>

namespace lamina::threads {

// Threads that parallel work may use: what set_num_threads said, else min(CPUs this process may run
// on, cgroup CPU quota rounded down, LAMINA_NUM_THREADS), at least 1. Throws lamina::Error when
// LAMINA_NUM_THREADS is no such number; parallel_for then takes the default.
int num_threads();
void set_num_threads(int n);  // throws lamina::Error unless n >= 1

// Runs body(arg, b) for b in [0, blocks). Runs on the calling thread alone when cost (nanoseconds
// on one thread) is too small to share, when called from inside another parallel loop, or when
// another thread is using the pool. Blocks are handed out dynamically; results must not depend on
// who ran what. backward: each thread takes its blocks from the last to the first, so that of data
// larger than its cache it finds the part it read last. body must not throw.
void parallel_for(int64_t blocks, double cost, bool backward,
                  void (*body)(void* arg, int64_t block), void* arg);

// 64-byte aligned memory of the calling thread, grown when needed, kept until the thread ends.
void* scratch(int slot, size_t bytes);

}  // namespace lamina::threads
