// Losses, in the definitions of Keras.
#include <cmath>
#include <map>

#include "lamina/train.h"

namespace lamina {

namespace {

// Arguments that losses have beyond name and reduction, with defaults.
struct LossOptions {
  bool from_logits = false;
  double label_smoothing = 0;
  int64_t axis = -1;
  double delta = 1;
  std::string reduction = "sum_over_batch_size";
  std::string name;
};

using Fn = Tensor (*)(const Tensor& t, const Tensor& y, const LossOptions& o);

struct Row {
  const char* name;
  const char* function;
  std::vector<const char*> arguments;  // of LossOptions
  Fn fn;
  const char* doc;
  bool integer_targets = false;
};

Tensor last_mean(const Tensor& x) { return x.rank() == 0 ? x : mean(x, -1); }
Tensor one() { return Tensor(1.0); }
Tensor signs(const Tensor& t) {
  // Targets of 0 and 1 become -1 and 1.
  Tensor binary = all(logical_or(equal(t, Tensor(0.0)), equal(t, Tensor(1.0))));
  return where(binary, Tensor(2.0) * t - one(), t);
}
Tensor unit(const Tensor& x, int64_t axis) {
  return x / sqrt(maximum(sum(square(x), axis, true), Tensor(1e-12)));
}

const std::vector<Row>& table() {
  static const std::vector<Row> rows = {
      {"MeanSquaredError",
       "mean_squared_error",
       {},
       [](const Tensor& t, const Tensor& y, const LossOptions&) {
         return last_mean(square(t - y));
       },
       "Mean of squared differences, mean((y_true - y_pred)^2)."},
      {"MeanAbsoluteError",
       "mean_absolute_error",
       {},
       [](const Tensor& t, const Tensor& y, const LossOptions&) {
         return last_mean(absolute(t - y));
       },
       "Mean of absolute differences, mean(|y_true - y_pred|)."},
      {"MeanAbsolutePercentageError",
       "mean_absolute_percentage_error",
       {},
       [](const Tensor& t, const Tensor& y, const LossOptions&) {
         return Tensor(100.0) * last_mean(absolute((t - y) / maximum(absolute(t), Tensor(1e-7))));
       },
       "Mean of absolute differences in percent of the targets."},
      {"MeanSquaredLogarithmicError",
       "mean_squared_logarithmic_error",
       {},
       [](const Tensor& t, const Tensor& y, const LossOptions&) {
         return last_mean(
             square(log(maximum(y, Tensor(1e-7)) + one()) - log(maximum(t, Tensor(1e-7)) + one())));
       },
       "Mean of squared differences of log(1 + value)."},
      {"Huber",
       "huber",
       {"delta"},
       [](const Tensor& t, const Tensor& y, const LossOptions& o) {
         Tensor e = y - t, a = absolute(e), d(o.delta);
         return last_mean(where(less_equal(a, d), Tensor(0.5) * square(e),
                                d * a - Tensor(0.5 * o.delta * o.delta)));
       },
       "Squared error up to delta, linear beyond (Huber, 1964)."},
      {"LogCosh",
       "log_cosh",
       {},
       [](const Tensor& t, const Tensor& y, const LossOptions&) {
         Tensor e = y - t;
         return last_mean(e + softplus(Tensor(-2.0) * e) - Tensor(std::log(2.0)));
       },
       "Mean of log(cosh(y_pred - y_true))."},
      {"Hinge",
       "hinge",
       {},
       [](const Tensor& t, const Tensor& y, const LossOptions&) {
         return last_mean(relu(one() - signs(t) * y));
       },
       "mean(max(1 - y_true * y_pred, 0)); targets are -1 or 1, or 0 or 1."},
      {"SquaredHinge",
       "squared_hinge",
       {},
       [](const Tensor& t, const Tensor& y, const LossOptions&) {
         return last_mean(square(relu(one() - signs(t) * y)));
       },
       "mean(max(1 - y_true * y_pred, 0)^2)."},
      {"CategoricalHinge",
       "categorical_hinge",
       {},
       [](const Tensor& t, const Tensor& y, const LossOptions&) {
         return relu(max((one() - t) * y, -1) - sum(t * y, -1) + one());
       },
       "max(largest wrong score - right score + 1, 0)."},
      {"KLDivergence",
       "kl_divergence",
       {},
       [](const Tensor& t, const Tensor& y, const LossOptions&) {
         Tensor a = clip(t, 1e-7, 1), b = clip(y, 1e-7, 1);
         return sum(a * log(a / b), -1);
       },
       "sum(y_true * log(y_true / y_pred))."},
      {"Poisson",
       "poisson",
       {},
       [](const Tensor& t, const Tensor& y, const LossOptions&) {
         return last_mean(y - t * log(y + Tensor(1e-7)));
       },
       "mean(y_pred - y_true * log(y_pred))."},
      {"CosineSimilarity",
       "cosine_similarity",
       {"axis"},
       [](const Tensor& t, const Tensor& y, const LossOptions& o) {
         return -sum(unit(t, o.axis) * unit(y, o.axis), o.axis);
       },
       "Negative cosine of the angle between targets and outputs."},
      {"BinaryCrossentropy",
       "binary_crossentropy",
       {"from_logits", "label_smoothing", "axis"},
       [](const Tensor& t, const Tensor& y, const LossOptions& o) {
         Tensor s = o.label_smoothing != 0
                        ? t * Tensor(1 - o.label_smoothing) + Tensor(0.5 * o.label_smoothing)
                        : t;
         return mean(binary_crossentropy(s, y, o.from_logits), o.axis);
       },
       "Cross-entropy of two classes: -mean(y log p + (1 - y) log(1 - p))."},
      {"CategoricalCrossentropy",
       "categorical_crossentropy",
       {"from_logits", "label_smoothing", "axis"},
       [](const Tensor& t, const Tensor& y, const LossOptions& o) {
         Tensor s = t;
         if (o.label_smoothing != 0)
           s = t * Tensor(1 - o.label_smoothing) +
               Tensor(o.label_smoothing / static_cast<double>(t.dim(static_cast<int>(o.axis))));
         return categorical_crossentropy(s, y, o.from_logits, static_cast<int>(o.axis));
       },
       "Cross-entropy with one-hot targets: -sum(y log p)."},
      {"SparseCategoricalCrossentropy",
       "sparse_categorical_crossentropy",
       {"from_logits", "axis"},
       [](const Tensor& t, const Tensor& y, const LossOptions& o) {
         return sparse_categorical_crossentropy(t, y, o.from_logits, static_cast<int>(o.axis));
       },
       "Cross-entropy with integer targets: -log p of the target class.",
       true},
  };
  return rows;
}

const Row* find_row(const std::string& name) {
  static const std::map<std::string, const char*> aliases = {
      {"mse", "mean_squared_error"},
      {"MSE", "mean_squared_error"},
      {"mae", "mean_absolute_error"},
      {"MAE", "mean_absolute_error"},
      {"mape", "mean_absolute_percentage_error"},
      {"MAPE", "mean_absolute_percentage_error"},
      {"msle", "mean_squared_logarithmic_error"},
      {"MSLE", "mean_squared_logarithmic_error"},
      {"bce", "binary_crossentropy"},
      {"BCE", "binary_crossentropy"},
      {"kld", "kl_divergence"},
      {"KLD", "kl_divergence"},
      {"logcosh", "log_cosh"},
      {"huber_loss", "huber"}};
  auto it = aliases.find(name);
  std::string key = it == aliases.end() ? name : it->second;
  for (auto& r : table())
    if (key == r.name || key == r.function) return &r;
  return nullptr;
}

void fields_of(Fields& f, LossOptions& o, const Row& row) {
  for (std::string a : row.arguments) {
    if (a == "from_logits") f("from_logits", o.from_logits);
    if (a == "label_smoothing") f("label_smoothing", o.label_smoothing);
    if (a == "axis") f("axis", o.axis);
    if (a == "delta") f("delta", o.delta);
  }
  std::string dtype;
  f("reduction", o.reduction)("name", o.name);
  f("dtype", dtype);
}

Config defaults_of(const Row& row) {
  LossOptions o;
  o.name = row.function;
  Fields f = Fields::writer();
  fields_of(f, o, row);
  Config c = f.take();
  c.erase("dtype");
  return c;
}

class TableLoss : public Loss {
 public:
  TableLoss(const Row& row, const LossOptions& o)
      : Loss(o.name.empty() ? row.function : o.name, o.reduction), row_(row), options_(o) {
    if (o.label_smoothing < 0 || o.label_smoothing > 1)
      fail(row.name, ": label_smoothing must lie in [0, 1], received ", o.label_smoothing);
  }
  std::string class_name() const override { return row_.name; }
  Tensor call(const Tensor& y_true, const Tensor& y_pred) const override {
    if (row_.integer_targets) return row_.fn(y_true, y_pred, options_);
    Tensor t = y_true;
    // (n,) against (n, 1), in either direction.
    if (t.rank() + 1 == y_pred.rank() && y_pred.shape().back() == 1) t = expand_dims(t, {-1});
    if (t.rank() == y_pred.rank() + 1 && t.shape().back() == 1) t = squeeze(t, -1);
    if (t.rank() != y_pred.rank() && t.rank() != 0)
      fail(row_.name, ": y_true of shape ", y_true.shape(), " does not fit y_pred of shape ",
           y_pred.shape());
    broadcast_shapes(t.shape(), y_pred.shape());
    return row_.fn(cast(t, y_pred.dtype()), y_pred, options_);
  }
  Config get_config() const override {
    LossOptions o = options_;
    o.name = name();
    Fields f = Fields::writer();
    fields_of(f, o, row_);
    Config c = f.take();
    c.erase("dtype");
    return c;
  }

 private:
  const Row& row_;
  LossOptions options_;
};

class FunctionLoss : public Loss {
 public:
  FunctionLoss(std::string name, std::function<Tensor(const Tensor&, const Tensor&)> fn)
      : Loss(std::move(name)), fn_(std::move(fn)) {}
  std::string class_name() const override { return name(); }
  Tensor call(const Tensor& t, const Tensor& y) const override { return fn_(t, y); }
  Config get_config() const override { return Config::object(); }

 private:
  std::function<Tensor(const Tensor&, const Tensor&)> fn_;
};

template <size_t kIndex>
Config row_defaults() {
  return defaults_of(table()[kIndex]);
}
template <size_t... kIndex>
std::vector<LossClass> listing(std::index_sequence<kIndex...>) {
  return {{table()[kIndex].name, table()[kIndex].function, row_defaults<kIndex>,
           table()[kIndex].doc}...};
}

}  // namespace

Tensor Loss::operator()(const Tensor& y_true, const Tensor& y_pred,
                        const Tensor& sample_weight) const {
  Tensor loss = call(y_true, y_pred);
  Tensor w = sample_weight;
  if (w.defined()) {
    w = cast(w, loss.dtype());
    if (w.rank() == loss.rank() + 1 && w.shape().back() == 1) w = squeeze(w, -1);
    while (w.rank() > 0 && w.rank() < loss.rank()) w = expand_dims(w, {-1});
    if (w.rank() > loss.rank())
      fail(class_name(), ": sample_weight of shape ", sample_weight.shape(),
           " does not fit losses of shape ", loss.shape());
    loss = loss * w;
  }
  if (reduction_ == "none") return loss;
  Tensor total = sum(loss);
  if (reduction_ == "sum") return total;
  if (reduction_ == "mean_with_sample_weight" && w.defined())
    return divide_no_nan(total, sum(broadcast_to(w, loss.shape())));
  if (reduction_ == "sum_over_batch_size" || reduction_ == "mean" ||
      reduction_ == "mean_with_sample_weight")
    return total * Tensor(1.0 / static_cast<double>(std::max<int64_t>(loss.numel(), 1)));
  fail(class_name(),
       ": reduction must be sum_over_batch_size, sum, mean, mean_with_sample_weight or none; "
       "received '",
       reduction_, "'");
}

LossPtr make_loss(const Config& config) {
  Choice choice(config);
  const Row* row = find_row(choice.name());
  if (!row) {
    std::string known;
    for (auto& r : table()) known += (known.empty() ? "" : ", ") + std::string(r.function);
    fail("unknown loss '", choice.name(), "'; there are ", known);
  }
  LossOptions o;
  Fields f = Fields::reader(row->name, choice.arguments());
  fields_of(f, o, *row);
  f.finish();
  return std::make_shared<TableLoss>(*row, o);
}

LossPtr function_loss(std::string name, std::function<Tensor(const Tensor&, const Tensor&)> fn) {
  return std::make_shared<FunctionLoss>(std::move(name), std::move(fn));
}

const std::vector<LossClass>& loss_classes() {
  static const std::vector<LossClass> classes = listing(std::make_index_sequence<15>{});
  return classes;
}

}  // namespace lamina
