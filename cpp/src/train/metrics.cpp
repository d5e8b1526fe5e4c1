// Metrics: sums and counts in variables, updated by operations.
#include <cmath>
#include <map>

#include "lamina/train.h"

namespace lamina {

Metric::Metric(std::string name, std::optional<DType>) : name_(std::move(name)) {}

Variable Metric::add_variable(const Shape& shape, const std::string& name, DType dtype) {
  variables_.emplace_back(zeros(shape, dtype), name, false);
  return variables_.back();
}
void Metric::reset_state() {
  for (auto& v : variables_) v.assign(zeros(v.shape(), v.dtype()));
}
Config Metric::get_config() const { return Config::object({{"name", name_}}); }

// ---- means
// ----------------------------------------------------------------------------------------

MeanMetric::MeanMetric(std::string name) : Metric(std::move(name)) {
  total_ = add_variable({}, "total");
  count_ = add_variable({}, "count");
}
void MeanMetric::update(const Tensor& values, const Tensor& weight) {
  NoGrad off;
  Tensor v = cast(values, DType::kFloat32);
  if (!weight.defined()) {
    total_.assign_add(sum(v));
    count_.assign_add(full({}, static_cast<double>(v.numel()), DType::kFloat32));
    return;
  }
  Tensor w = cast(weight, DType::kFloat32);
  while (w.rank() > v.rank() && w.shape().back() == 1) w = squeeze(w, -1);
  while (w.rank() > 0 && w.rank() < v.rank()) w = expand_dims(w, {-1});
  w = broadcast_to(w, broadcast_shapes(v.shape(), w.shape()));
  total_.assign_add(sum(v * w));
  count_.assign_add(sum(w));
}
void MeanMetric::update_state(const Tensor& y_true, const Tensor&, const Tensor& weight) {
  update(y_true, weight);
}
Tensor MeanMetric::result() const { return divide_no_nan(total_.value(), count_.value()); }

namespace {

using Values = std::function<Tensor(const Tensor&, const Tensor&)>;

// Targets and outputs of the same rank: (n,) against (n, 1).
Tensor matched(const Tensor& t, const Tensor& y) {
  if (t.rank() + 1 == y.rank() && y.shape().back() == 1) return expand_dims(t, {-1});
  if (t.rank() == y.rank() + 1 && t.shape().back() == 1) return squeeze(t, -1);
  return t;
}
Tensor labels(const Tensor& t, const Tensor& y) {
  Tensor l = t.rank() == y.rank() && t.shape().back() == 1 ? squeeze(t, -1) : t;
  return cast(l, DType::kInt32);
}

class ValuesMetric : public MeanMetric {
 public:
  ValuesMetric(std::string class_name, std::string name, Values fn,
               Config config = Config::object(), bool root = false)
      : MeanMetric(std::move(name)),
        class_(std::move(class_name)),
        fn_(std::move(fn)),
        config_(std::move(config)),
        root_(root) {}
  std::string class_name() const override { return class_; }
  void update_state(const Tensor& t, const Tensor& y, const Tensor& w) override {
    update(fn_(t, y), w);
  }
  Tensor result() const override {
    return root_ ? sqrt(MeanMetric::result()) : MeanMetric::result();
  }
  Config get_config() const override {
    Config c = config_;
    c.set("name", name_);
    return c;
  }

 private:
  std::string class_;
  Values fn_;
  Config config_;
  bool root_;
};

class SumMetric : public Metric {
 public:
  explicit SumMetric(std::string name) : Metric(std::move(name)) {
    total_ = add_variable({}, "total");
  }
  std::string class_name() const override { return "Sum"; }
  void update_state(const Tensor& values, const Tensor&, const Tensor& w) override {
    NoGrad off;
    Tensor v = cast(values, DType::kFloat32);
    total_.assign_add(sum(w.defined() ? v * cast(w, DType::kFloat32) : v));
  }
  Tensor result() const override { return total_; }

 private:
  Variable total_;
};

// ---- thresholds
// -----------------------------------------------------------------------------------

// Counts above each threshold, of positives and negatives.
struct Counts {
  Tensor tp, fp, tn, fn;  // (thresholds,)
};
Counts count(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight,
             const std::vector<float>& thresholds) {
  Tensor y = cast(reshape(y_pred, {1, -1}), DType::kFloat32);
  Tensor t = cast(reshape(cast(matched(y_true, y_pred), DType::kBool), {1, -1}), DType::kFloat32);
  Tensor w = ones_like(t);
  if (weight.defined()) {
    Tensor u = cast(weight, DType::kFloat32);
    while (u.rank() > 0 && u.rank() < y_pred.rank()) u = expand_dims(u, {-1});
    w = reshape(copy(broadcast_to(u, y_pred.shape())), {1, -1});
  }
  Tensor limits = Tensor::from_vector(thresholds, {static_cast<int64_t>(thresholds.size()), 1});
  Tensor above = cast(greater(y, limits), DType::kFloat32);
  Tensor tp = sum(above * (t * w), 1), fp = sum(above * ((Tensor(1.0) - t) * w), 1);
  Tensor p = sum(t * w), n = sum((Tensor(1.0) - t) * w);
  return {tp, fp, n - fp, p - tp};
}

struct ConfusionOptions {
  std::vector<double> thresholds;
  std::optional<int64_t> top_k, class_id;
  std::string name;
  std::optional<std::string> dtype;
  void fields(Fields& f) {
    f("thresholds", thresholds)("top_k", top_k)("class_id", class_id)("name", name)("dtype", dtype);
  }
};

class PrecisionRecall : public Metric {
 public:
  PrecisionRecall(bool precision, const ConfusionOptions& o)
      : Metric(o.name.empty() ? (precision ? "precision" : "recall") : o.name),
        precision_(precision),
        options_(o) {
    for (double t : o.thresholds) {
      if (t < 0 || t > 1) fail(class_name(), ": thresholds must lie in [0, 1], received ", t);
      thresholds_.push_back(static_cast<float>(t));
    }
    if (thresholds_.empty()) thresholds_ = {o.top_k ? -INFINITY : 0.5f};
    hit_ = add_variable({static_cast<int64_t>(thresholds_.size())}, "true_positives");
    miss_ = add_variable({static_cast<int64_t>(thresholds_.size())},
                         precision ? "false_positives" : "false_negatives");
  }
  std::string class_name() const override { return precision_ ? "Precision" : "Recall"; }
  void update_state(const Tensor& y_true, const Tensor& y_pred, const Tensor& w) override {
    NoGrad off;
    Tensor t = matched(y_true, y_pred), y = y_pred;
    if (options_.top_k) {
      // Scores outside of the k largest fall below every threshold.
      Tensor smallest = min(top_k(y, *options_.top_k).first, -1, true);
      y = where(greater_equal(y, smallest), y, full_like(y, -INFINITY));
      y = where(isfinite(y), y, full_like(y, -INFINITY));
    }
    if (options_.class_id) {
      std::vector<Index> at = {Index::ellipsis(), Index(*options_.class_id)};
      t = getitem(t, at), y = getitem(y, at);
    }
    Counts c = count(t, y, w, thresholds_);
    hit_.assign_add(c.tp);
    miss_.assign_add(precision_ ? c.fp : c.fn);
  }
  Tensor result() const override {
    Tensor r = divide_no_nan(hit_.value(), hit_.value() + miss_.value());
    return thresholds_.size() == 1 ? reshape(r, {}) : r;
  }
  Config get_config() const override {
    ConfusionOptions o = options_;
    o.name = name_;
    Config c = write_options(o);
    if (o.thresholds.empty()) c.set("thresholds", Config());
    return c;
  }

 private:
  bool precision_;
  ConfusionOptions options_;
  std::vector<float> thresholds_;
  Variable hit_, miss_;
};

struct AucOptions {
  int64_t num_thresholds = 200;
  std::string curve = "ROC", summation_method = "interpolation", name;
  std::optional<std::string> dtype;
  bool from_logits = false;
  void fields(Fields& f) {
    f("num_thresholds", num_thresholds)("curve", curve)("summation_method", summation_method)(
        "name", name)("dtype", dtype)("from_logits", from_logits);
  }
};

// Area under a curve from counts at fixed thresholds; for PR with interpolation after Davis and
// Goadrich (2006).
class Auc : public Metric {
 public:
  explicit Auc(const AucOptions& o) : Metric(o.name.empty() ? "auc" : o.name), options_(o) {
    if (o.curve != "ROC" && o.curve != "PR")
      fail("AUC: curve must be ROC or PR, received '", o.curve, "'");
    if (o.summation_method != "interpolation" && o.summation_method != "minoring" &&
        o.summation_method != "majoring")
      fail("AUC: summation_method must be interpolation, minoring or majoring; received '",
           o.summation_method, "'");
    if (o.num_thresholds < 2)
      fail("AUC: num_thresholds must be at least 2, received ", o.num_thresholds);
    int64_t n = o.num_thresholds;
    thresholds_.push_back(-1e-7f);
    for (int64_t i = 1; i + 1 < n; ++i)
      thresholds_.push_back(
          static_cast<float>(static_cast<double>(i) / static_cast<double>(n - 1)));
    thresholds_.push_back(1.0f + 1e-7f);
    for (auto [v, name] : {std::pair{&tp_, "true_positives"},
                           {&fp_, "false_positives"},
                           {&tn_, "true_negatives"},
                           {&fn_, "false_negatives"}})
      *v = add_variable({n}, name);
  }
  std::string class_name() const override { return "AUC"; }
  void update_state(const Tensor& t, const Tensor& y_pred, const Tensor& w) override {
    NoGrad off;
    Tensor y = options_.from_logits ? sigmoid(y_pred) : y_pred;
    Counts c = count(t, y, w, thresholds_);
    tp_.assign_add(c.tp), fp_.assign_add(c.fp), tn_.assign_add(c.tn), fn_.assign_add(c.fn);
  }
  Tensor result() const override {
    NoGrad off;
    auto low = [](const Tensor& x) { return getitem(x, {Index::slice({}, -1)}); };
    auto high = [](const Tensor& x) { return getitem(x, {Index::slice(1, {})}); };
    const Tensor &tp = tp_, &fp = fp_, &tn = tn_, &fn = fn_;
    if (options_.curve == "PR" && options_.summation_method == "interpolation") {
      Tensor dtp = low(tp) - high(tp), p = tp + fp, dp = low(p) - high(p);
      Tensor slope = divide_no_nan(dtp, maximum(dp, Tensor(0.0)));
      Tensor intercept = high(tp) - slope * high(p);
      Tensor ratio =
          where(logical_and(greater(low(p), Tensor(0.0)), greater(high(p), Tensor(0.0))),
                divide_no_nan(low(p), maximum(high(p), Tensor(0.0))), ones_like(high(p)));
      return sum(divide_no_nan(slope * (dtp + intercept * log(ratio)),
                               maximum(high(tp) + high(fn), Tensor(0.0))));
    }
    Tensor recall = divide_no_nan(tp, tp + fn), x, y;
    if (options_.curve == "ROC")
      x = divide_no_nan(fp, fp + tn), y = recall;
    else
      x = recall, y = divide_no_nan(tp, tp + fp);
    Tensor heights = options_.summation_method == "interpolation" ? (low(y) + high(y)) * Tensor(0.5)
                     : options_.summation_method == "minoring"    ? minimum(low(y), high(y))
                                                                  : maximum(low(y), high(y));
    return sum((low(x) - high(x)) * heights);
  }
  Config get_config() const override {
    AucOptions o = options_;
    o.name = name_;
    return write_options(o);
  }

 private:
  AucOptions options_;
  std::vector<float> thresholds_;
  Variable tp_, fp_, tn_, fn_;
};

// ---- the table
// ------------------------------------------------------------------------------------

struct Row {
  const char* name;
  const char* function;
  Config (*defaults)();
  MetricPtr (*make)(const Config& c);
  const char* doc;
};

std::string name_or(const Config& c, const char* otherwise) {
  const Config* n = c.find("name");
  return n && n->is_string() && !n->as_string().empty() ? n->as_string() : otherwise;
}
void only(const char* owner, const Config& c, std::initializer_list<const char*> known) {
  for (auto& [k, v] : c.as_object()) {
    bool ok = k == "dtype";
    for (const char* n : known) ok |= k == n;
    if (!ok) throw Error(str(owner, ": unexpected argument '", k, "'"), Error::Kind::kType);
  }
}
Config named(const char* name) { return Config::object({{"name", name}, {"dtype", Config()}}); }

// A metric that is the mean of a loss; its arguments are those of the loss.
template <size_t kIndex>
struct OfLoss {
  static const LossClass& loss() { return loss_classes()[kIndex]; }
  static Config defaults() {
    Config c = loss().defaults();
    c.erase("reduction");
    c.set("dtype", Config());
    return c;
  }
  static MetricPtr make(const Config& given) {
    Config c = given;
    c.erase("dtype");
    std::string name = name_or(c, loss().function.c_str());
    LossPtr l = make_loss(Config::object({{"class_name", loss().name}, {"config", c}}));
    return std::make_shared<ValuesMetric>(
        loss().name, name, [l](const Tensor& t, const Tensor& y) { return l->call(t, y); }, c);
  }
};

const std::vector<Row>& table() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> r = {
        {"Mean", "", [] { return named("mean"); },
         [](const Config& c) -> MetricPtr {
           return std::make_shared<MeanMetric>(name_or(c, "mean"));
         },
         "Weighted mean of values."},
        {"Sum", "", [] { return named("sum"); },
         [](const Config& c) -> MetricPtr {
           return std::make_shared<SumMetric>(name_or(c, "sum"));
         },
         "Weighted sum of values."},
        {"Accuracy", "", [] { return named("accuracy"); },
         [](const Config& c) -> MetricPtr {
           return std::make_shared<ValuesMetric>(
               "Accuracy", name_or(c, "accuracy"),
               [](const Tensor& t, const Tensor& y) { return equal(matched(t, y), y); });
         },
         "Share of outputs equal to their targets."},
        {"BinaryAccuracy", "binary_accuracy",
         [] {
           return Config::object(
               {{"name", "binary_accuracy"}, {"dtype", Config()}, {"threshold", 0.5}});
         },
         [](const Config& c) -> MetricPtr {
           only("BinaryAccuracy", c, {"name", "threshold"});
           double limit = c.has("threshold") ? c.at("threshold").as_double() : 0.5;
           return std::make_shared<ValuesMetric>(
               "BinaryAccuracy", name_or(c, "binary_accuracy"),
               [limit](const Tensor& t, const Tensor& y) {
                 Tensor same = equal(cast(matched(t, y), y.dtype()),
                                     cast(greater(y, Tensor(limit)), y.dtype()));
                 return same.rank() > 0 ? mean(cast(same, DType::kFloat32), -1)
                                        : cast(same, DType::kFloat32);
               },
               Config::object({{"threshold", limit}}));
         },
         "Share of outputs on the right side of the threshold."},
        {"CategoricalAccuracy", "categorical_accuracy",
         [] { return named("categorical_accuracy"); },
         [](const Config& c) -> MetricPtr {
           return std::make_shared<ValuesMetric>("CategoricalAccuracy",
                                                 name_or(c, "categorical_accuracy"),
                                                 [](const Tensor& t, const Tensor& y) {
                                                   return equal(argmax(t, -1), argmax(y, -1));
                                                 });
         },
         "Share of samples whose largest output is at their one-hot target."},
        {"SparseCategoricalAccuracy", "sparse_categorical_accuracy",
         [] { return named("sparse_categorical_accuracy"); },
         [](const Config& c) -> MetricPtr {
           return std::make_shared<ValuesMetric>(
               "SparseCategoricalAccuracy", name_or(c, "sparse_categorical_accuracy"),
               [](const Tensor& t, const Tensor& y) { return equal(labels(t, y), argmax(y, -1)); });
         },
         "Share of samples whose largest output is at their integer target."},
        {"TopKCategoricalAccuracy", "top_k_categorical_accuracy",
         [] {
           return Config::object(
               {{"k", int64_t{5}}, {"name", "top_k_categorical_accuracy"}, {"dtype", Config()}});
         },
         [](const Config& c) -> MetricPtr {
           int64_t k = c.has("k") ? c.at("k").as_int() : 5;
           return std::make_shared<ValuesMetric>(
               "TopKCategoricalAccuracy", name_or(c, "top_k_categorical_accuracy"),
               [k](const Tensor& t, const Tensor& y) { return in_top_k(argmax(t, -1), y, k); },
               Config::object({{"k", k}}));
         },
         "Share of samples whose one-hot target is among the k largest outputs."},
        {"SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy",
         [] {
           return Config::object({{"k", int64_t{5}},
                                  {"name", "sparse_top_k_categorical_accuracy"},
                                  {"dtype", Config()}});
         },
         [](const Config& c) -> MetricPtr {
           int64_t k = c.has("k") ? c.at("k").as_int() : 5;
           return std::make_shared<ValuesMetric>(
               "SparseTopKCategoricalAccuracy", name_or(c, "sparse_top_k_categorical_accuracy"),
               [k](const Tensor& t, const Tensor& y) { return in_top_k(labels(t, y), y, k); },
               Config::object({{"k", k}}));
         },
         "Share of samples whose integer target is among the k largest outputs."},
        {"RootMeanSquaredError", "", [] { return named("root_mean_squared_error"); },
         [](const Config& c) -> MetricPtr {
           return std::make_shared<ValuesMetric>(
               "RootMeanSquaredError", name_or(c, "root_mean_squared_error"),
               [](const Tensor& t, const Tensor& y) {
                 return square(cast(matched(t, y), y.dtype()) - y);
               },
               Config::object(), true);
         },
         "Square root of the mean squared error."},
        {"Precision", "",
         [] {
           Config c = write_options(ConfusionOptions{});
           c.set("thresholds", Config());
           c.set("name", Config());
           return c;
         },
         [](const Config& c) -> MetricPtr {
           return std::make_shared<PrecisionRecall>(true,
                                                    read_options<ConfusionOptions>("Precision", c));
         },
         "True positives of all outputs above the threshold."},
        {"Recall", "",
         [] {
           Config c = write_options(ConfusionOptions{});
           c.set("thresholds", Config());
           c.set("name", Config());
           return c;
         },
         [](const Config& c) -> MetricPtr {
           return std::make_shared<PrecisionRecall>(false,
                                                    read_options<ConfusionOptions>("Recall", c));
         },
         "True positives of all positive targets."},
        {"AUC", "",
         [] {
           Config c = write_options(AucOptions{});
           c.set("name", Config());
           return c;
         },
         [](const Config& c) -> MetricPtr {
           return std::make_shared<Auc>(read_options<AucOptions>("AUC", c));
         },
         "Area under the ROC or precision-recall curve, from counts at fixed thresholds."},
    };
    [&]<size_t... kIndex>(std::index_sequence<kIndex...>) {
      (r.push_back({OfLoss<kIndex>::loss().name.c_str(), OfLoss<kIndex>::loss().function.c_str(),
                    OfLoss<kIndex>::defaults, OfLoss<kIndex>::make,
                    OfLoss<kIndex>::loss().doc.c_str()}),
       ...);
    }(std::index_sequence<0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 12, 13, 14>{});
    return r;
  }();
  return rows;
}

class FunctionMetric : public ValuesMetric {
 public:
  FunctionMetric(const std::string& name, Values fn) : ValuesMetric(name, name, std::move(fn)) {}
};

}  // namespace

MetricPtr make_metric(const Config& config) {
  Choice choice(config);
  static const std::map<std::string, std::string> aliases = {
      {"mse", "MeanSquaredError"},
      {"MSE", "MeanSquaredError"},
      {"mae", "MeanAbsoluteError"},
      {"MAE", "MeanAbsoluteError"},
      {"mape", "MeanAbsolutePercentageError"},
      {"msle", "MeanSquaredLogarithmicError"},
      {"rmse", "RootMeanSquaredError"},
      {"auc", "AUC"}};
  std::string name = choice.name();
  if (auto it = aliases.find(name); it != aliases.end()) name = it->second;
  for (auto& r : table())
    if (name == r.name || (*r.function && name == r.function) || name == to_snake_case(r.name)) {
      Config c = choice.arguments();
      return r.make(c);
    }
  // Any loss is a metric.
  try {
    LossPtr l = make_loss(config);
    return std::make_shared<ValuesMetric>(
        l->class_name(), l->name(), [l](const Tensor& t, const Tensor& y) { return l->call(t, y); },
        l->get_config());
  } catch (const Error&) {
  }
  std::string known;
  for (auto& r : table()) known += (known.empty() ? "" : ", ") + to_snake_case(r.name);
  fail("unknown metric '", choice.name(), "'; there are accuracy, ", known);
}

MetricPtr make_metric_for(const Config& config, const Shape& y_true, const Shape& y_pred) {
  if (!config.is_string()) return make_metric(config);
  const std::string& name = config.as_string();
  bool accuracy = name == "accuracy" || name == "acc",
       entropy = name == "crossentropy" || name == "ce";
  if (!accuracy && !entropy) return make_metric(config);
  bool binary = y_pred.rank() == 0 || y_pred.back() == 1;
  bool sparse = !binary && (y_true.rank() < y_pred.rank() || y_true.back() == 1);
  std::string suffix = accuracy ? "accuracy" : "crossentropy";
  return make_metric((binary   ? "binary_"
                      : sparse ? "sparse_categorical_"
                               : "categorical_") +
                     suffix);
}

MetricPtr function_metric(std::string name,
                          std::function<Tensor(const Tensor&, const Tensor&)> fn) {
  return std::make_shared<FunctionMetric>(name, std::move(fn));
}

const std::vector<MetricClass>& metric_classes() {
  static const std::vector<MetricClass> classes = [] {
    std::vector<MetricClass> out;
    for (auto& r : table()) out.push_back({r.name, r.function, r.defaults, r.doc});
    return out;
  }();
  return classes;
}

}  // namespace lamina
