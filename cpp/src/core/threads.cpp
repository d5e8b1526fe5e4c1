#include "core/threads.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <thread>

#include "core/cpu_budget.h"
#include "lamina/error.h"

#ifndef _WIN32
#include <pthread.h>
#include <signal.h>
#endif
#if defined(__x86_64__) || defined(_M_X64)
#include <emmintrin.h>
#endif

namespace lamina::threads {
namespace {

// ---- how many ----------------------------------------------------------------------------------

constexpr int kMaxThreads = 1024;

std::atomic<int> g_chosen{0};  // set_num_threads; 0: not called

struct Default {
  int threads;
  std::string bad_variable;  // the value of LAMINA_NUM_THREADS where it is no thread count
};

// LAMINA_NUM_THREADS as it stood at the first use of the library. Never destroyed.
const Default& default_threads() {
  static const Default& value = *[] {
    auto* d = new Default{std::min(cpu_budget(), kMaxThreads), ""};
    const char* variable = std::getenv("LAMINA_NUM_THREADS");
    const std::string text = variable ? variable : "";
    if (text.empty()) return d;
    int n = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || stop != text.data() + text.size() || n < 1) {
      d->bad_variable = text;
    } else {
      d->threads = std::min(d->threads, n);
    }
    return d;
  }();
  return value;
}

// ---- the pool ----------------------------------------------------------------------------------

// A thread is worth waking for this much work (nanoseconds), so work below twice that stays alone.
constexpr double kMinCostPerThread = 10000;
// Idle threads look for work this long before they sleep: about the gap between two kernels.
constexpr std::chrono::microseconds kSpin{40};

thread_local bool t_inside = false;  // this thread is running blocks of a parallel loop

inline void pause() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__) && !defined(_MSC_VER)
  asm volatile("isb" ::: "memory");
#endif
}

// Spins until done() or the time is over; says whether it was done.
template <class Done>
bool spin_until(Done done) {
  const auto deadline = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 16; ++i) {
      if (done()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

// One loop runs at a time. Its caller puts out tickets; a worker that takes one joins, works until
// no block is left, and leaves. The caller works too, then withdraws the tickets still there and
// waits only for those who joined, so a worker that wakes late costs nothing.
//
// The pool is constant-initialized and trivially destructible, its threads are detached: there is
// no order of destruction to get wrong at exit.
class Pool {
 public:
  bool try_acquire() { return !busy_.exchange(true, std::memory_order_acquire); }
  void run(int64_t blocks, int threads, bool backward, void (*body)(void*, int64_t),
           void* arg) noexcept;

 private:
  static constexpr uint32_t kTicket = 1u << 16;  // state_: tickets << 16 | workers that joined
  static constexpr uint32_t kJoined = kTicket - 1;

  void start_workers(int count);
  void work(int participant) noexcept;
  bool try_join();
  void run_blocks(int participant) noexcept;
  void reset_after_fork();

  // Written by the owner of busy_ while state_ is 0, read by those who joined.
  void (*body_)(void*, int64_t) = nullptr;
  void* arg_ = nullptr;
  bool backward_ = false;
  int workers_ = 0;
  bool fork_handler_ = false;

  // Blocks are cut into a run for each participant, which turns to those of the others when its own
  // is done: the next loop over the same data finds much of it in the same core's cache.
  static constexpr int kMaxRuns = 64;
  struct alignas(64) Run {
    std::atomic<int64_t> next{0};
    int64_t first = 0, end = 0;
  };
  Run runs_[kMaxRuns];
  int run_count_ = 0;
  alignas(64) std::atomic<uint32_t> state_{0};
  std::atomic<uint32_t> epoch_{0};  // counts loops; sleeping workers wait for it to change
  alignas(64) std::atomic<bool> busy_{false};
};

constinit Pool g_pool;

void Pool::run_blocks(int participant) noexcept {
  for (int i = 0; i < run_count_; ++i) {
    Run& run = runs_[(participant + i) % run_count_];
    for (int64_t b; (b = run.next.fetch_add(1, std::memory_order_relaxed)) < run.end;)
      body_(arg_, backward_ ? run.first + run.end - 1 - b : b);
  }
}

bool Pool::try_join() {
  uint32_t state = state_.load(std::memory_order_relaxed);
  while (state >= kTicket) {
    if (state_.compare_exchange_weak(state, state - kTicket + 1, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

void Pool::work(int participant) noexcept {
  t_inside = true;
  for (;;) {
    const uint32_t epoch = epoch_.load();
    if (!try_join()) {
      epoch_.wait(epoch);
      continue;
    }
    do {
      run_blocks(participant);
      if (state_.fetch_sub(1, std::memory_order_acq_rel) == 1) state_.notify_one();
    } while (spin_until([this] { return try_join(); }));
  }
}

void Pool::start_workers(int count) {
#ifndef _WIN32
  if (!fork_handler_) {
    fork_handler_ = pthread_atfork(nullptr, nullptr, [] { g_pool.reset_after_fork(); }) == 0;
  }
  // Signals are for the application's threads, above all Python's main thread.
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
#endif
  try {
    for (; workers_ < count; ++workers_)
      std::thread([this, participant = workers_ + 1] { work(participant); }).detach();
  } catch (const std::exception&) {
    // The system gives no more threads: those that run do the work.
  }
#ifndef _WIN32
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
#endif
}

void Pool::run(int64_t blocks, int threads, bool backward, void (*body)(void*, int64_t),
               void* arg) noexcept {
  const int helpers = threads - 1;
  if (workers_ < helpers) start_workers(helpers);
  body_ = body;
  arg_ = arg;
  backward_ = backward;
  run_count_ = std::min(threads, kMaxRuns);
  for (int i = 0; i < run_count_; ++i) {
    runs_[i].first = blocks * i / run_count_;
    runs_[i].next.store(runs_[i].first, std::memory_order_relaxed);
    runs_[i].end = blocks * (i + 1) / run_count_;
  }
  state_.store(static_cast<uint32_t>(helpers) * kTicket);
  epoch_.fetch_add(1);
  if (helpers >= workers_) {
    epoch_.notify_all();
  } else {
    for (int i = 0; i < helpers; ++i) epoch_.notify_one();
  }

  t_inside = true;
  run_blocks(0);
  t_inside = false;

  state_.fetch_and(kJoined, std::memory_order_acq_rel);
  const auto finished = [this] { return state_.load(std::memory_order_acquire) == 0; };
  if (!spin_until(finished)) {
    while (const uint32_t state = state_.load(std::memory_order_acquire)) state_.wait(state);
  }
  busy_.store(false, std::memory_order_release);
}

// Only the thread that forked lives on in the child.
void Pool::reset_after_fork() {
  workers_ = 0;
  state_.store(0);
  busy_.store(false);
}

// ---- scratch -----------------------------------------------------------------------------------

constexpr int kSlots = 9;
constexpr std::align_val_t kAlign{64};

struct Slot {
  void* data;
  size_t bytes;
};
// The slots outlive their cleaner, so that a destructor that runs later may still ask for memory.
thread_local constinit Slot t_slots[kSlots] = {};

struct ScratchCleaner {
  void touch() {}
  ~ScratchCleaner() {
    for (Slot& s : t_slots) {
      ::operator delete(s.data, kAlign);
      s = Slot{};
    }
  }
};
thread_local ScratchCleaner t_cleaner;

void grow(Slot& s, size_t bytes) {
  t_cleaner.touch();  // makes the cleaner exist in this thread
  // A quarter more than last time, in whole pages, so that slowly growing requests settle.
  const size_t want = (std::max(bytes, s.bytes + s.bytes / 4) + 4095) & ~size_t{4095};
  ::operator delete(s.data, kAlign);
  s = Slot{};
  s.data = ::operator new(want, kAlign);
  s.bytes = want;
}

}  // namespace

int num_threads() {
  if (const int n = g_chosen.load(std::memory_order_relaxed)) return n;
  const Default& d = default_threads();
  if (!d.bad_variable.empty()) {
    fail("LAMINA_NUM_THREADS must be an integer of at least 1. Received: '", d.bad_variable, "'");
  }
  return d.threads;
}

void set_num_threads(int n) {
  if (n < 1) fail("set_num_threads: the number of threads must be at least 1. Received: ", n);
  g_chosen.store(std::min(n, kMaxThreads), std::memory_order_relaxed);
}

void parallel_for(int64_t blocks, double cost, bool backward,
                  void (*body)(void* arg, int64_t block), void* arg) {
  // Kernels cannot throw, so a bad LAMINA_NUM_THREADS is reported by num_threads() alone.
  if (blocks > 1 && cost >= 2 * kMinCostPerThread && !t_inside) {
    const int chosen = g_chosen.load(std::memory_order_relaxed);
    const int limit = chosen ? chosen : default_threads().threads;
    const int threads = static_cast<int>(std::min(
        {static_cast<double>(limit), static_cast<double>(blocks), cost / kMinCostPerThread}));
    if (threads > 1 && g_pool.try_acquire())
      return g_pool.run(blocks, threads, backward, body, arg);
  }
  for (int64_t b = 0; b < blocks; ++b) body(arg, backward ? blocks - 1 - b : b);
}

void* scratch(int slot, size_t bytes) {
  assert(slot >= 0 && slot < kSlots);
  Slot& s = t_slots[slot];
  if (s.bytes < bytes || !s.data) grow(s, bytes);
  return s.data;
}

}  // namespace lamina::threads
