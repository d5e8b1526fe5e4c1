// Learning-rate schedules. Computed on float64 scalars, inside the step that uses them.
#include "lamina/schedules.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace lamina {

namespace {

constexpr double kPi = std::numbers::pi;

void positive(const char* owner, const char* name, double v) {
  if (!(v > 0)) fail(owner, ": ", name, " must be > 0, received ", v);
}

// Options::kClass is the class's name, Options::fields() its arguments in Keras's order,
// Options::check() what they must fulfil, Options::rate() the formula.
template <class Options>
class ScheduleOf : public LearningRateSchedule {
 public:
  explicit ScheduleOf(const Options& o) : o_(o) { o_.check(); }
  std::string class_name() const override { return Options::kClass; }
  Tensor operator()(const Tensor& step) const override {
    return o_.rate(cast(step, DType::kFloat64));
  }
  Config get_config() const override { return write_options(o_); }

 private:
  Options o_;
};

// ---- exponential and inverse time ---------------------------------------------------------------

struct ExponentialDecay {
  static constexpr const char* kClass = "ExponentialDecay";
  double initial_learning_rate = 0;
  double decay_steps = 0;
  double decay_rate = 0;
  bool staircase = false;
  std::string name = "ExponentialDecay";
  void fields(Fields& f) {
    f("initial_learning_rate", initial_learning_rate)("decay_steps", decay_steps);
    f("decay_rate", decay_rate)("staircase", staircase)("name", name);
  }
  void check() const { positive(kClass, "decay_steps", decay_steps); }
  Tensor periods(const Tensor& step) const {
    Tensor p = step / Tensor(decay_steps);
    return staircase ? floor(p) : p;
  }
  Tensor rate(const Tensor& step) const {
    return Tensor(initial_learning_rate) * power(Tensor(decay_rate), periods(step));
  }
};

struct InverseTimeDecay : ExponentialDecay {
  static constexpr const char* kClass = "InverseTimeDecay";
  InverseTimeDecay() { name = "InverseTimeDecay"; }
  void check() const { positive(kClass, "decay_steps", decay_steps); }
  Tensor rate(const Tensor& step) const {
    return Tensor(initial_learning_rate) / (Tensor(1.0) + Tensor(decay_rate) * periods(step));
  }
};

// ---- pieces -------------------------------------------------------------------------------------

struct PiecewiseConstantDecay {
  static constexpr const char* kClass = "PiecewiseConstantDecay";
  std::vector<double> boundaries, values;
  std::string name = "PiecewiseConstant";
  void fields(Fields& f) { f("boundaries", boundaries)("values", values)("name", name); }
  void check() const {
    if (boundaries.size() + 1 != values.size())
      fail(kClass, ": boundaries must be one fewer than values, received ", boundaries.size(),
           " boundaries and ", values.size(), " values");
  }
  Tensor rate(const Tensor& step) const {
    Tensor out = step * Tensor(0.0) + Tensor(values[0]);
    for (size_t i = 0; i < boundaries.size(); ++i)
      out = where(greater(step, Tensor(boundaries[i])), Tensor(values[i + 1]), out);
    return out;
  }
};

// ---- polynomial ---------------------------------------------------------------------------------

struct PolynomialDecay {
  static constexpr const char* kClass = "PolynomialDecay";
  double initial_learning_rate = 0;
  double decay_steps = 0;
  double end_learning_rate = 0.0001, power = 1.0;
  bool cycle = false;
  std::string name = "PolynomialDecay";
  void fields(Fields& f) {
    f("initial_learning_rate", initial_learning_rate)("decay_steps", decay_steps);
    f("end_learning_rate", end_learning_rate)("power", power)("cycle", cycle)("name", name);
  }
  void check() const { positive(kClass, "decay_steps", decay_steps); }
  Tensor rate(const Tensor& step) const {
    Tensor steps(decay_steps), one(1.0);
    // With cycle, the length is the first multiple of decay_steps that is not behind.
    Tensor p =
        cycle ? step / (steps * maximum(one, ceil(step / steps))) : minimum(step, steps) / steps;
    return Tensor(initial_learning_rate - end_learning_rate) *
               lamina::power(one - p, Tensor(power)) +
           Tensor(end_learning_rate);
  }
};

// ---- cosine -------------------------------------------------------------------------------------

// From 1 at p = 0 down to 0 at p = 1.
Tensor half_cosine(const Tensor& p) { return Tensor(0.5) * (Tensor(1.0) + cos(Tensor(kPi) * p)); }

struct CosineDecay {
  static constexpr const char* kClass = "CosineDecay";
  double initial_learning_rate = 0;
  double decay_steps = 0;
  double alpha = 0;
  std::string name = "CosineDecay";
  std::optional<double> warmup_target;
  double warmup_steps = 0;
  void fields(Fields& f) {
    f("initial_learning_rate", initial_learning_rate)("decay_steps", decay_steps);
    f("alpha", alpha)("name", name)("warmup_target", warmup_target)("warmup_steps", warmup_steps);
  }
  void check() const { positive(kClass, "decay_steps", decay_steps); }
  Tensor rate(const Tensor& step) const {
    Tensor steps(decay_steps);
    auto decayed = [&](double from, const Tensor& since) {
      Tensor p = minimum(since, steps) / steps;
      return Tensor(from) * (Tensor(1 - alpha) * half_cosine(p) + Tensor(alpha));
    };
    if (!warmup_target) return decayed(initial_learning_rate, step);
    if (warmup_steps <= 0) return decayed(*warmup_target, step);
    Tensor warmup(warmup_steps);
    Tensor rising = Tensor(*warmup_target - initial_learning_rate) * (step / warmup) +
                    Tensor(initial_learning_rate);
    return where(less(step, warmup), rising, decayed(*warmup_target, step - warmup));
  }
};

struct CosineDecayRestarts {
  static constexpr const char* kClass = "CosineDecayRestarts";
  double initial_learning_rate = 0;
  double first_decay_steps = 0;
  double t_mul = 2.0, m_mul = 1.0, alpha = 0.0;
  std::string name = "SGDRDecay";
  void fields(Fields& f) {
    f("initial_learning_rate", initial_learning_rate)("first_decay_steps", first_decay_steps);
    f("t_mul", t_mul)("m_mul", m_mul)("alpha", alpha)("name", name);
  }
  void check() const { positive(kClass, "first_decay_steps", first_decay_steps); }
  Tensor rate(const Tensor& step) const {
    Tensor p = step / Tensor(first_decay_steps), one(1.0), restart;
    if (t_mul == 1.0) {
      restart = floor(p);
      p = p - restart;
    } else {
      // The n-th period begins at (1 - t_mul**n) / (1 - t_mul). Rounding must not put the first
      // step of a period into the one before.
      restart = floor(log(one - p * Tensor(1 - t_mul)) / Tensor(std::log(t_mul)) + Tensor(1e-12));
      Tensor length = power(Tensor(t_mul), restart);
      p = (p - (one - length) / Tensor(1 - t_mul)) / length;
    }
    Tensor height = power(Tensor(m_mul), restart) * half_cosine(p);
    return Tensor(initial_learning_rate) * (Tensor(1 - alpha) * height + Tensor(alpha));
  }
};

// ---- one cycle ----------------------------------------------------------------------------------

struct OneCycle {
  static constexpr const char* kClass = "OneCycle";
  double max_learning_rate = 0;
  double total_steps = 0;
  double warmup_fraction = 0.3, initial_divisor = 25.0, final_divisor = 1e4;
  std::string annealing = "cosine", name = "OneCycle";
  void fields(Fields& f) {
    f("max_learning_rate", max_learning_rate)("total_steps", total_steps);
    f("warmup_fraction", warmup_fraction)("initial_divisor", initial_divisor);
    f("final_divisor", final_divisor)("annealing", annealing)("name", name);
  }
  void check() const {
    positive(kClass, "total_steps", total_steps);
    if (!(warmup_fraction > 0 && warmup_fraction < 1))
      fail(kClass, ": warmup_fraction must lie in (0, 1), received ", warmup_fraction);
    if (!(initial_divisor > 0) || !(final_divisor > 0))
      fail(kClass, ": initial_divisor and final_divisor must be positive, received ",
           initial_divisor, " and ", final_divisor);
    if (annealing != "cosine" && annealing != "linear")
      fail(kClass, ": annealing must be 'cosine' or 'linear', received '", annealing, "'");
  }
  // From a at p = 0 to b at p = 1.
  Tensor between(double a, double b, const Tensor& p) const {
    Tensor left = annealing == "cosine" ? half_cosine(p) : Tensor(1.0) - p;
    return Tensor(b) + Tensor(a - b) * left;
  }
  Tensor rate(const Tensor& step) const {
    double n = total_steps, top = warmup_fraction * n;
    double first = max_learning_rate / initial_divisor, last = first / final_divisor;
    Tensor rising = between(first, max_learning_rate, step / Tensor(top));
    Tensor falling = between(max_learning_rate, last,
                             (minimum(step, Tensor(n)) - Tensor(top)) / Tensor(n - top));
    return where(less(step, Tensor(top)), rising, falling);
  }
};

// ---- the registry -------------------------------------------------------------------------------

template <class Options>
ScheduleClass schedule_class(const std::vector<std::string>& required, std::string doc) {
  return {Options::kClass,
          [](const Config& c) -> SchedulePtr {
            return std::make_shared<ScheduleOf<Options>>(read_options<Options>(Options::kClass, c));
          },
          [] { return write_options(Options{}); }, std::move(doc), required};
}

// Never destroyed: it may hold Python callables, which must not outlive the interpreter.
std::map<std::string, std::function<SchedulePtr(const Config&)>>& own_schedules() {
  static auto& table = *new std::map<std::string, std::function<SchedulePtr(const Config&)>>;
  return table;
}

}  // namespace

const std::vector<ScheduleClass>& schedule_classes() {
  static const std::vector<std::string> decay = {"initial_learning_rate", "decay_steps"};
  static const std::vector<ScheduleClass> classes = {
      schedule_class<CosineDecay>(
          decay,
          "Half a cosine, after a linear warm-up where wanted.\n\n"
          "`rate = initial * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha)`;\n"
          "with a warmup_target the rate first goes from initial to it in warmup_steps, then the\n"
          "cosine begins there.\n\n"
          "Args:\n"
          "    initial_learning_rate: First rate.\n"
          "    decay_steps: Length of the cosine; the rate stays afterwards.\n"
          "    alpha: Last rate, as a share of the highest.\n"
          "    name: Name.\n"
          "    warmup_target: Rate after the warm-up.\n"
          "    warmup_steps: Length of the warm-up.\n\n"
          "Raises:\n    ValueError: decay_steps is not positive.\n\n"
          "Reference:\n    Loshchilov and Hutter, 2016, arXiv:1608.03983.\n\n"
          "Example:\n\n"
          ">>> import lamina\n"
          ">>> rate = lamina.optimizers.schedules.CosineDecay(0.1, 100)\n"
          ">>> round(float(rate(50)), 6)\n0.05"),
      schedule_class<CosineDecayRestarts>(
          {"initial_learning_rate", "first_decay_steps"},
          "Half cosines one after the other.\n\n"
          "The n-th is t_mul**n times as long and m_mul**n times as high as the first.\n\n"
          "Args:\n"
          "    initial_learning_rate: First rate.\n"
          "    first_decay_steps: Length of the first cosine.\n"
          "    t_mul: Length of each over that of the one before.\n"
          "    m_mul: Height of each over that of the one before.\n"
          "    alpha: Lowest rate, as a share of the first.\n"
          "    name: Name.\n\n"
          "Raises:\n    ValueError: first_decay_steps is not positive.\n\n"
          "Reference:\n    Loshchilov and Hutter, 2016, arXiv:1608.03983."),
      schedule_class<ExponentialDecay>(
          {"initial_learning_rate", "decay_steps", "decay_rate"},
          "`rate = initial * decay_rate ** (step / decay_steps)`.\n\n"
          "Args:\n"
          "    initial_learning_rate: First rate.\n"
          "    decay_steps: Steps in which it falls by decay_rate.\n"
          "    decay_rate: Factor.\n"
          "    staircase: Round the exponent down.\n"
          "    name: Name.\n\n"
          "Raises:\n    ValueError: decay_steps is not positive.\n\n"
          "Example:\n\n"
          ">>> import lamina\n"
          ">>> rate = lamina.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)\n"
          ">>> round(float(rate(20)), 6)\n0.025"),
      schedule_class<InverseTimeDecay>(
          {"initial_learning_rate", "decay_steps", "decay_rate"},
          "`rate = initial / (1 + decay_rate * step / decay_steps)`.\n\n"
          "Args:\n"
          "    initial_learning_rate: First rate.\n"
          "    decay_steps: Unit of time.\n"
          "    decay_rate: Decay in that time.\n"
          "    staircase: Round the time down.\n"
          "    name: Name.\n\n"
          "Raises:\n    ValueError: decay_steps is not positive."),
      schedule_class<OneCycle>(
          {"max_learning_rate", "total_steps"},
          "One rise and one longer fall over the whole training; lamina's own name.\n\n"
          "With `n = total_steps`, `k = warmup_fraction * n` and `a(x, y, p)` going from x at p = "
          "0\n"
          "to y at p = 1 (cosine: `y + (x - y) * (1 + cos(pi * p)) / 2`; linear:\n"
          "`x + (y - x) * p`), the rate is `a(max / initial_divisor, max, step / k)` before step "
          "k\n"
          "and `a(max, max / (initial_divisor * final_divisor), (step - k) / (n - k))` after "
          "it.\n\n"
          "Args:\n"
          "    max_learning_rate: Highest rate.\n"
          "    total_steps: Length of the training; the rate stays afterwards.\n"
          "    warmup_fraction: Share of the steps in which the rate rises.\n"
          "    initial_divisor: Highest over first rate.\n"
          "    final_divisor: First over last rate.\n"
          "    annealing: `\"cosine\"` or `\"linear\"`.\n"
          "    name: Name.\n\n"
          "Raises:\n    ValueError: An argument out of its range.\n\n"
          "Reference:\n    Smith and Topin, 2018, arXiv:1708.07120.\n\n"
          "Example:\n\n"
          ">>> import lamina\n"
          ">>> rate = lamina.optimizers.schedules.OneCycle(0.1, 100)\n"
          ">>> [round(float(rate(s)), 6) for s in (0, 30, 100)]\n[0.004, 0.1, 0.0]"),
      schedule_class<PiecewiseConstantDecay>(
          {"boundaries", "values"},
          "`values[i]` from behind `boundaries[i - 1]` up to `boundaries[i]`.\n\n"
          "Args:\n"
          "    boundaries: Steps in rising order; at a boundary the rate before it still holds.\n"
          "    values: Rates, one more than boundaries.\n"
          "    name: Name.\n\n"
          "Raises:\n    ValueError: The lengths do not fit."),
      schedule_class<PolynomialDecay>(
          decay,
          "`rate = (initial - end) * (1 - step / decay_steps) ** power + end`.\n\n"
          "Args:\n"
          "    initial_learning_rate: First rate.\n"
          "    decay_steps: Steps down to the end; the rate stays afterwards.\n"
          "    end_learning_rate: Last rate.\n"
          "    power: Exponent; 1 is a line.\n"
          "    cycle: Begin anew, each time with a length of the next multiple of decay_steps.\n"
          "    name: Name.\n\n"
          "Raises:\n    ValueError: decay_steps is not positive."),
  };
  return classes;
}

double LearningRateSchedule::at(int64_t step) const {
  NoGrad off;
  Tensor rate = (*this)(Tensor(step));
  return rate.item<double>();
}

SchedulePtr make_schedule(const Config& config) {
  Choice choice(config);
  const std::string name = choice.name();
  Config c = choice.arguments();
  if (auto it = own_schedules().find(name); it != own_schedules().end()) return it->second(c);
  std::string known;
  for (auto& k : schedule_classes()) {
    known += (known.empty() ? "" : ", ") + k.name;
    if (k.name != name) continue;
    for (auto& r : k.required)
      if (!c.has(r)) throw Error(str(name, ": missing argument '", r, "'"), Error::Kind::kType);
    return k.make(c);
  }
  fail("unknown learning rate schedule '", name, "'; there are ", known);
}

Config serialize_schedule(const LearningRateSchedule& schedule) {
  return Config::object({{"class_name", schedule.class_name()}, {"config", schedule.get_config()}});
}

void register_schedule(const std::string& class_name,
                       std::function<SchedulePtr(const Config&)> factory) {
  own_schedules()[class_name] = std::move(factory);
}

}  // namespace lamina
