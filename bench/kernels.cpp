// Kernels against the machine: arithmetic in shares of the peak that a loop of multiply-adds
// reaches in the same run, memory traffic in shares of the bandwidth of a triad.
//
//   cmake -S . -B build/bench -DLAMINA_PYTHON=OFF -DLAMINA_BENCH=ON && cmake --build build/bench
//   build/bench/bench/kernels [--benchmark_filter=...]
//
// Every case runs several times, in random order with the others; medians count.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/threads.h"
#include "kernels/dispatch.h"
#include "lamina/lamina.h"

namespace {

using lamina::abi::Chain;
using lamina::abi::ConvArgs;
using lamina::abi::DType;
using lamina::abi::View;
using Dims = std::vector<int64_t>;

const lamina::abi::KernelTable& table() { return lamina::kernels::cpu(); }
const lamina::abi::Context& context() { return lamina::kernels::cpu_context(); }

// ---- the machine --------------------------------------------------------------------------------

// Sixteen independent sums of vectors, unrolled: nothing but multiply-adds.
#define LAMINA_PEAK(name, target_, bytes)                                        \
  __attribute__((target(target_), noinline)) double name(int64_t rounds) {       \
    typedef float Vector __attribute__((vector_size(bytes)));                    \
    Vector s[12] = {};                                                           \
    Vector a = {}, b = {};                                                       \
    a += 1.0f, b += 1e-9f;                                                       \
    for (int k = 0; k < 12; ++k) s[k] += static_cast<float>(k);                  \
    for (int64_t i = 0; i < rounds; ++i) {                                       \
      asm volatile("" : "+x"(a), "+x"(b));                                       \
      _Pragma("GCC unroll 12") for (int k = 0; k < 12; ++k) s[k] = s[k] * b + a; \
    }                                                                            \
    Vector sum = {};                                                             \
    for (int k = 0; k < 12; ++k) sum += s[k];                                    \
    benchmark::DoNotOptimize(sum[0]);                                            \
    return 2.0 * 12 * (bytes / 4) * static_cast<double>(rounds);                 \
  }
#if defined(__x86_64__)
LAMINA_PEAK(peak_avx512, "avx512f,fma", 64)
LAMINA_PEAK(peak_avx2, "avx2,fma", 32)
LAMINA_PEAK(peak_baseline, "sse2", 16)
#else
#define LAMINA_NO_TARGET
#endif

double peak(int64_t rounds) {
#if defined(__x86_64__)
  const std::string isa = table().isa;
  return isa == "avx512" ? peak_avx512(rounds)
         : isa == "avx2" ? peak_avx2(rounds)
                         : peak_baseline(rounds);
#else
  double s = 0;
  for (int64_t i = 0; i < rounds; ++i) benchmark::DoNotOptimize(s += 1);
  return static_cast<double>(rounds);
#endif
}

// ---- cases --------------------------------------------------------------------------------------

enum class Against { kPeak, kBandwidth, kTime };

struct Case {
  std::string name;
  Against against;
  double work;    // FLOPs or bytes of one run, or the seconds it may take
  double target;  // share of the peak or the bandwidth
  int threads;
  std::function<void()> run;
};
std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

// Arrays live as long as the program.
View array(const Dims& shape, DType dtype = DType::kFloat32) {
  View v;
  v.dtype = dtype;
  v.rank = static_cast<int>(shape.size());
  int64_t n = 1;
  for (int d = v.rank - 1; d >= 0; --d) {
    v.shape[d] = shape[static_cast<size_t>(d)], v.strides[d] = n;
    n *= v.shape[d];
  }
  const size_t bytes = static_cast<size_t>(n) * (dtype == DType::kFloat64 ? 8 : 4);
  v.data = std::aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (dtype == DType::kFloat32) {
    std::minstd_rand random(7);
    auto* p = static_cast<float*>(v.data);
    for (int64_t i = 0; i < n; ++i) p[i] = static_cast<float>(random() % 1000) * 2e-3f - 1;
  } else {
    std::fill_n(static_cast<double*>(v.data), n, 1.0);
  }
  return v;
}
View transposed(View v) {
  std::swap(v.shape[0], v.shape[1]), std::swap(v.strides[0], v.strides[1]);
  return v;
}

void add(const std::string& name, Against against, double work, double target, int threads,
         std::function<void()> run) {
  cases().push_back({name, against, work, target, threads, std::move(run)});
}

void gemm(const std::string& note, int64_t m, int64_t n, int64_t k, double target, int threads,
          bool ta = false, bool tb = false) {
  const View a = ta ? transposed(array({k, m})) : array({m, k});
  const View b = tb ? transposed(array({n, k})) : array({k, n});
  const View c = array({m, n});
  add("gemm " + note + " " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) +
          (ta ? " a'" : "") + (tb ? " b'" : ""),
      Against::kPeak, 2.0 * static_cast<double>(m * n * k), target, threads,
      [=] { table().matmul(context(), {a, b, c, nullptr, false, {}, 0, 0, false}); });
}

void conv(const std::string& note, int64_t images, int64_t size, int64_t channels, int64_t filters,
          int64_t window, double forward, double backward, int64_t groups = 1) {
  ConvArgs args{};
  args.spatial = 2, args.groups = static_cast<int32_t>(groups);
  for (int d = 0; d < 2; ++d) args.stride[d] = args.dilation[d] = 1, args.pad_lo[d] = window / 2;
  const View x = array({images, size, size, channels}), y = array({images, size, size, filters}),
             w = array({window, window, channels / groups, filters});
  const double flops = 2.0 * static_cast<double>(images * size * size * window * window *
                                                 (channels / groups) * filters);
  const std::string name = note + " " + std::to_string(size) + "x" + std::to_string(size) + " " +
                           std::to_string(channels) + " to " + std::to_string(filters);
  // Depthwise: bytes read and written, where memory is what binds.
  const bool memory = groups > 1;
  const Against against = memory ? Against::kBandwidth : Against::kPeak;
  const double bytes = 4.0 * static_cast<double>(images * size * size * (channels + filters));
  const double work = memory ? bytes : flops;
  add(name + " forward", against, work, forward, 1,
      [=] { table().conv(context(), args, x, w, y); });
  add(name + " input gradient", against, work, backward, 1,
      [=] { table().conv_input_grad(context(), args, y, w, x); });
  add(name + " kernel gradient", against, work, backward, 1,
      [=] { table().conv_kernel_grad(context(), args, x, y, w); });
}

void make_cases() {
  for (int threads : {1, 2}) {
    for (int64_t n : {512, 768, 1024})
      gemm(threads == 1 ? "one thread" : "two threads", n, n, n, threads == 1 ? 0.90 : 0.88,
           threads);
  }
  // The shapes of the six models, forward and backward.
  gemm("tabular", 32, 64, 64, 0.6, 1);
  gemm("mlp", 128, 512, 784, 0.6, 1);
  gemm("mlp", 128, 512, 512, 0.6, 1);
  gemm("mlp", 128, 10, 512, 0.6, 1);
  gemm("mlp", 128, 512, 512, 0.6, 1, false, true);
  gemm("mlp", 784, 512, 128, 0.6, 1, true, false);
  gemm("lstm", 32, 256, 64, 0.6, 1);
  gemm("transformer", 128, 128, 128, 0.6, 1);
  gemm("transformer", 2048, 128, 128, 0.6, 1);
  gemm("transformer", 2048, 512, 128, 0.6, 1);
  gemm("transformer", 2048, 128, 512, 0.6, 1, false, true);
  gemm("transformer", 128, 512, 2048, 0.6, 1, true, false);

  conv("conv 3x3", 8, 32, 64, 64, 3, 0.85, 0.75);
  conv("conv 3x3", 64, 8, 64, 64, 3, 0.85, 0.75);
  conv("conv 3x3", 16, 32, 16, 16, 3, 0.65, 0.55);
  conv("conv 1x1", 8, 28, 64, 64, 1, 0.8, 0.8);
  conv("depthwise 3x3", 8, 56, 64, 64, 3, 0.6, 0.6, 64);

  {  // 16 M parameters: reads p, g, m, v; writes p, m, v
    const int64_t n = 1 << 24;
    const View p = array({n}), g = array({n}), m = array({n}), v = array({n});
    const View lr = array({}, DType::kFloat64), step = array({}, DType::kFloat64);
    add("adam", Against::kBandwidth, 28.0 * static_cast<double>(n), 0.85, 1, [=] {
      table().adam(context(), {0.9, 0.999, 1e-7, 0, false}, p, g, m, v, nullptr, lr, step);
    });
    add("sgd with momentum", Against::kBandwidth, 20.0 * static_cast<double>(n), 0.85, 1,
        [=] { table().sgd(context(), {0.9, 0, false}, p, g, &m, lr); });
    // relu(a * b + c) as one chain
    Chain chain;
    using lamina::abi::Compute;
    using lamina::abi::EwOp;
    chain.n_in = 3, chain.n_out = 1, chain.n_steps = 3;
    chain.steps[0] = {EwOp::multiply, Compute::kF32, Compute::kF32, 3, {0, 1, 0}, 0, 0};
    chain.steps[1] = {EwOp::add, Compute::kF32, Compute::kF32, 4, {3, 2, 0}, 0, 0};
    chain.steps[2] = {EwOp::relu, Compute::kF32, Compute::kF32, 5, {4, 0, 0}, 0, 0};
    chain.out_reg[0] = 5;
    add("elementwise chain", Against::kBandwidth, 16.0 * static_cast<double>(n), 0.85, 1, [=] {
      const View in[3] = {p, g, m};
      table().elementwise(context(), chain, in, &v);
    });
  }
  {
    const int64_t batch = 32, steps = 200, units = 128, inputs = 128;
    const View x = array({batch, steps, inputs}), w = array({inputs, 4 * units}),
               u = array({units, 4 * units}), h0 = array({batch, units}),
               c0 = array({batch, units}), h = array({batch, steps, units}),
               last_h = array({batch, units}), last_c = array({batch, units}),
               old_h = array({batch * steps, units}), c = array({batch * steps, units}),
               gates = array({batch * steps, 4 * units}), bias = array({4 * units});
    for (const View* v : {&w, &u})
      for (int64_t i = 0; i < v->shape[0] * v->shape[1]; ++i)
        static_cast<float*>(v->data)[i] *= 0.1f;
    lamina::abi::RecurrentArgs args{};
    args.cell = lamina::abi::RecurrentCell::kLstm;
    args.x = x, args.w = w, args.u = u, args.h0 = h0, args.c0 = c0, args.h = h;
    args.last_h = last_h, args.last_c = last_c, args.old_h = old_h, args.c = c, args.gates = gates;
    const double flops = 2.0 * static_cast<double>(batch * steps * 4 * units * (units + inputs));
    add("lstm 128 units, 200 steps, forward", Against::kPeak, flops, 0.55, 1,
        [=, a = std::make_shared<View>(bias)] {
          lamina::abi::RecurrentArgs f = args;
          f.bias = a.get();
          table().recurrent(context(), &f, 1);
        });
    const View gh = array({batch, steps, units}), gx = array({batch, steps, inputs}),
               gw = array({inputs, 4 * units}), gu = array({units, 4 * units}),
               gh0 = array({batch, units}), gc0 = array({batch, units});
    add("lstm 128 units, 200 steps, backward", Against::kPeak, 2 * flops, 0.55, 1,
        [=, gb = std::make_shared<View>(array({4 * units})), dh = std::make_shared<View>(gh),
         a = std::make_shared<View>(bias)] {
          lamina::abi::RecurrentGradArgs g{};
          g.f = args, g.f.bias = a.get();
          g.gh = dh.get(), g.gbias = gb.get();
          g.gx = gx, g.gw = gw, g.gu = gu, g.gh0 = gh0, g.gc0 = gc0;
          table().recurrent_grad(context(), &g, 1);
        });
  }
  {
    using namespace lamina;
    const Tensor x = Input({6});
    const Tensor y = layers::Dense(4)(
        layers::Dense(8, {.activation = "relu"})(layers::Dense(64, {.activation = "relu"})(x)));
    const auto model = std::make_shared<Model>(Tensors{x}, Tensors{y});
    const Tensors one = {ones({1, 6})};
    add("6-64-8-4 network, one sample", Against::kTime, 1e-6, 1, 1,
        [=] { model->predict_on_batch(one); });
  }
  for (int64_t tokens : {128, 512, 2048}) {
    const int64_t batch = std::max<int64_t>(1, 2048 / tokens);
    const Dims shape = {batch, tokens, 4, 32};
    lamina::abi::AttentionArgs args{};
    args.q = array(shape), args.k = array(shape), args.v = array(shape), args.out = array(shape);
    args.stats = array({batch, 4, tokens, 2});
    args.scale = 0.18;
    const double flops = 4.0 * static_cast<double>(batch * 4 * tokens * tokens * 32);
    const std::string name = "attention 4 heads of 32, " + std::to_string(tokens) + " tokens, ";
    add(name + "forward", Against::kPeak, flops, 0.55, 1,
        [=] { table().attention(context(), args); });
    const lamina::abi::AttentionGradArgs grad{args, array(shape), array(shape), array(shape),
                                              array(shape)};
    add(name + "backward", Against::kPeak, 2.5 * flops, 0.55, 1,
        [=] { table().attention_grad(context(), grad); });
  }
}

// ---- report -------------------------------------------------------------------------------------

class Report : public benchmark::ConsoleReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& r : runs)
      if (r.run_type == Run::RT_Iteration && !r.error_occurred)
        times_[r.run_name.function_name].push_back(r.real_accumulated_time /
                                                   static_cast<double>(r.iterations));
  }
  double median(const std::string& name) {
    auto& t = times_[name];
    if (t.empty()) return 0;
    std::sort(t.begin(), t.end());
    return t[t.size() / 2];
  }
  int print(double peak_flops, double triad_bytes) {
    const double flops = peak_flops / median("peak"), bandwidth = triad_bytes / median("triad");
    const double both = triad_bytes / median("triad, two threads");
    std::printf(
        "instruction set %s, peak %.1f GFLOP/s a thread, triad %.1f GB/s (two threads %.1f)\n\n",
        table().isa, flops * 1e-9, bandwidth * 1e-9, both * 1e-9);
    std::printf("| kernel | %s | share | target | holds |\n|---|---|---|---|---|\n", "rate");
    int missed = 0;
    for (const Case& c : cases()) {
      const double t = median(c.name);
      if (t <= 0) continue;
      if (c.against == Against::kTime) {
        missed += t > c.work;
        std::printf("| %s | %.0f ns | | %.0f ns | %s |\n", c.name.c_str(), t * 1e9, c.work * 1e9,
                    t <= c.work ? "yes" : "no");
        continue;
      }
      const bool arithmetic = c.against == Against::kPeak;
      const double rate = c.work / t, share = rate / (arithmetic ? flops * c.threads : bandwidth);
      missed += share < c.target;
      std::printf("| %s | %.1f %s | %.0f %% | %.0f %% | %s |\n", c.name.c_str(), rate * 1e-9,
                  arithmetic ? "GFLOP/s" : "GB/s", share * 100, c.target * 100,
                  share >= c.target ? "yes" : "no");
    }
    return missed;
  }

 private:
  std::map<std::string, std::vector<double>> times_;
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> args(argv, argv + argc);
  std::string repetitions = "--benchmark_repetitions=5",
              shuffled = "--benchmark_enable_random_interleaving=true",
              least = "--benchmark_min_time=0.05";
  for (std::string* s : {&repetitions, &shuffled, &least}) args.insert(args.begin() + 1, s->data());
  int count = static_cast<int>(args.size());
  benchmark::Initialize(&count, args.data());
  make_cases();
  constexpr int64_t kRounds = 200000, kLength = 1 << 24;
  double peak_flops = 0;
  benchmark::RegisterBenchmark("peak", [&](benchmark::State& state) {
    for (auto _ : state) peak_flops = peak(kRounds);
  });
  std::vector<float> a(kLength), b(kLength, 1), c(kLength, 2);
  for (int threads : {1, 2})
    benchmark::RegisterBenchmark(threads == 1 ? "triad" : "triad, two threads",
                                 [&, threads](benchmark::State& state) {
                                   lamina::set_num_threads(threads);
                                   const auto part = [](void* p, int64_t block) {
                                     auto* x = static_cast<std::vector<float>**>(p);
                                     float* __restrict__ to = x[0]->data() + block * (kLength / 64);
                                     const float *y = x[1]->data() + block * (kLength / 64),
                                                 *z = x[2]->data() + block * (kLength / 64);
                                     for (int64_t i = 0; i < kLength / 64; ++i)
                                       to[i] = y[i] + 0.5f * z[i];
                                   };
                                   std::vector<float>* all[3] = {&a, &b, &c};
                                   for (auto _ : state)
                                     lamina::threads::parallel_for(64, 1e9, false, part, all);
                                 });
  for (const Case& k : cases())
    benchmark::RegisterBenchmark(k.name.c_str(), [&k](benchmark::State& state) {
      lamina::set_num_threads(k.threads);
      for (auto _ : state) k.run();
    });
  Report report;
  benchmark::RunSpecifiedBenchmarks(&report);
  const int missed = report.print(peak_flops, 12.0 * kLength);
  std::printf("\n%d missed\n", missed);
  return 0;
}
