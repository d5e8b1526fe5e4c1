// What losses share: arguments, names, weights and reductions.
#include <algorithm>
#include <map>
#include <sstream>

#include "train/loss_rows.h"
#include "train/mask.h"

namespace lamina {

namespace {

const std::vector<LossRow>& table() {
  static const std::vector<LossRow> rows = [] {
    std::vector<LossRow> r;
    add_regression_losses(r);
    add_margin_losses(r);
    add_probability_losses(r);
    add_overlap_losses(r);
    return r;
  }();
  return rows;
}

const LossRow* find_row(const std::string& name) {
  std::string key = name;
  for (auto& [alias, function] : loss_aliases())
    if (name == alias) key = function;
  for (auto& r : table())
    if (key == r.name || key == r.function) return &r;
  return nullptr;
}

// Never destroyed: they may hold Python callables, which must not outlive the interpreter.
std::map<std::string, std::function<LossPtr(const Config&)>>& custom() {
  static auto& losses = *new std::map<std::string, std::function<LossPtr(const Config&)>>;
  return losses;
}

void fields_of(Fields& f, LossOptions& o, const LossRow& row) {
  std::istringstream names(row.arguments);
  for (std::string a; names >> a;) {
    if (a == "from_logits") f("from_logits", o.from_logits);
    if (a == "label_smoothing") f("label_smoothing", o.label_smoothing);
    if (a == "apply_class_balancing") f("apply_class_balancing", o.apply_class_balancing);
    if (a == "remove_diagonal") f("remove_diagonal", o.remove_diagonal);
    if (a == "axis") f("axis", o.axis);
    if (a == "ignore_class") f("ignore_class", o.ignore_class);
    if (a == "delta") f("delta", o.delta);
    if (a == "alpha") f("alpha", o.alpha);
    if (a == "beta") f("beta", o.beta);
    if (a == "gamma") f("gamma", o.gamma);
    if (a == "margin") f("margin", o.margin);
    if (a == "q") f("q", o.q);
    if (a == "reduction") f("reduction", o.reduction);
    if (a == "name") f("name", o.name);
    if (a == "dtype") f("dtype", o.dtype);
  }
}

Config config_of(const LossRow& row, LossOptions o) {
  Fields f = Fields::writer();
  fields_of(f, o, row);
  return f.take();
}

LossOptions defaults_of(const LossRow& row) {
  LossOptions o = row.defaults;
  if (o.name.empty()) o.name = row.function;
  return o;
}

class TableLoss : public Loss {
 public:
  TableLoss(const LossRow& row, const LossOptions& o)
      : Loss(o.name.empty() ? defaults_of(row).name : o.name, o.reduction,
             o.dtype ? std::optional(dtype_from_name(*o.dtype)) : std::nullopt),
        row_(row),
        options_(o) {
    if (o.label_smoothing < 0 || o.label_smoothing > 1)
      fail(row.name, ": label_smoothing must lie in [0, 1], received ", o.label_smoothing);
    if (row.check) row.check(o);
  }
  std::string class_name() const override { return row_.name; }
  Tensor call(const Tensor& y_true, const Tensor& y_pred) const override {
    auto [t, y] = same_rank(y_true, y_pred);
    if (!is_floating(y.dtype())) y = cast(y, floatx());
    if (row_.labels) return row_.values(t, y, options_);
    bool fits = t.rank() == y.rank() || t.rank() == 0;
    for (int i = 0; fits && i < t.rank(); ++i)
      fits = t.dim(i) == y.dim(i) || t.dim(i) == 1 || y.dim(i) == 1;
    if (!fits)
      fail(row_.name, ": y_true of shape ", y_true.shape(), " does not fit y_pred of shape ",
           y_pred.shape());
    return row_.values(t.dtype() == y.dtype() ? t : cast(t, y.dtype()), y, options_);
  }
  Tensor mask(const Tensor& y_true, const Tensor& values) const override {
    return row_.mask ? row_.mask(y_true, values, options_) : Tensor{};
  }
  Config get_config() const override {
    LossOptions o = options_;
    o.name = name(), o.reduction = reduction();
    Config c = config_of(row_, o);
    if (!o.dtype) c.erase("dtype");
    return c;
  }

 private:
  const LossRow& row_;
  LossOptions options_;
};

class FunctionLoss : public Loss {
 public:
  FunctionLoss(std::string name, std::function<Tensor(const Tensor&, const Tensor&)> fn)
      : Loss(std::move(name)), fn_(std::move(fn)) {}
  std::string class_name() const override { return name(); }
  Tensor call(const Tensor& t, const Tensor& y) const override {
    auto [u, z] = same_rank(t, y);
    return fn_(cast(u, dtype()), z);
  }
  Config get_config() const override { return Config::object(); }

 private:
  std::function<Tensor(const Tensor&, const Tensor&)> fn_;
};

const char* const kReductions[] = {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight",
                                   "none"};

// w with axes of length 1 at the end taken away or added, until it has as many as `values`; where
// that leaves more, vectors of values get one too.
void align(Tensor& values, Tensor& w, const std::string& owner) {
  const Shape given = w.shape();
  if (w.rank() == values.rank() + 1 && w.shape().back() == 1) {
    if (values.rank() == 1)
      values = expand_dims(values, {-1});
    else
      w = squeeze(w, -1);
  }
  while (w.rank() > 0 && w.rank() < values.rank()) w = expand_dims(w, {-1});
  bool fits = w.rank() <= values.rank() || values.rank() == 0;
  for (int i = 0; fits && values.rank() > 0 && i < w.rank(); ++i)
    fits = w.dim(i) == 1 || values.dim(i) == 1 || w.dim(i) == values.dim(i);
  if (!fits)
    fail(owner, ": sample_weight of shape ", given, " does not fit losses of shape ",
         values.shape());
}

// Arguments in the docstring, with those that all losses have.
std::string doc_of(const LossRow& row) {
  std::string doc =
      std::string(row.summary) + "\n\nArgs:\n" + row.args +
      "    reduction: `\"sum_over_batch_size\"` (or `\"mean\"`), `\"sum\"`, "
      "`\"mean_with_sample_weight\"`,\n        or `None` for the values as they are.\n"
      "    name: Name of the loss.\n"
      "    dtype: What it is computed in; `lamina.config.floatx()` by default.";
  if (*row.example) doc += std::string("\n\nExample:\n\n>>> import lamina\n") + row.example;
  return doc;
}

}  // namespace

std::pair<Tensor, Tensor> same_rank(const Tensor& a, const Tensor& b) {
  if (a.rank() == b.rank() + 1 && a.shape().back() == 1) {
    if (b.rank() == 1) return {a, expand_dims(b, {-1})};
    return {squeeze(a, -1), b};
  }
  if (b.rank() == a.rank() + 1 && b.shape().back() == 1) {
    if (a.rank() == 1) return {expand_dims(a, {-1}), b};
    return {a, squeeze(b, -1)};
  }
  return {a, b};
}

Loss::Loss(std::string name, std::string reduction, std::optional<DType> dtype)
    : name_(std::move(name)), reduction_(std::move(reduction)), dtype_(dtype) {
  if (reduction_.empty()) reduction_ = "none";
  if (std::find(std::begin(kReductions), std::end(kReductions), reduction_) ==
      std::end(kReductions))
    fail("loss '", name_,
         "': reduction must be sum_over_batch_size, sum, mean, mean_with_sample_weight or none; "
         "received '",
         reduction_, "'");
}

Config Loss::get_config() const {
  Config c = Config::object({{"name", name_}, {"reduction", reduction_}});
  if (dtype_) c.set("dtype", dtype_name(*dtype_));
  return c;
}

Tensor Loss::operator()(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight,
                        const Tensor& mask) const {
  const DType d = dtype();
  Tensor values = call(y_true, y_pred.dtype() == d ? y_pred : cast(y_pred, d));
  Tensor own = this->mask(y_true, values), counted = mask.defined() ? mask : y_pred.mask();
  if (own.defined())
    counted = counted.defined() ? logical_and(cast(counted, DType::kBool), own) : own;
  if (values.dtype() != d) values = cast(values, d);
  Tensor w;
  if (counted.defined())
    w = apply_mask({}, counted, d, reduction_ == "mean" || reduction_ == "sum_over_batch_size");
  if (sample_weight.defined()) {
    Tensor u = cast(sample_weight, d);
    if (w.defined()) {
      align(w, u, class_name());
      w = w * u;
    } else {
      w = u;
    }
  }
  if (w.defined()) {
    align(values, w, class_name());
    values = values * w;
  }
  if (reduction_ == "none" || values.rank() == 0) return values;
  Tensor total = sum(values);
  if (reduction_ == "sum") return total;
  if (reduction_ == "mean_with_sample_weight" && w.defined()) return divide_no_nan(total, sum(w));
  return total * Tensor(1.0 / static_cast<double>(std::max<int64_t>(values.numel(), 1)));
}

LossPtr make_loss(const Config& config) {
  Choice choice(config);
  const LossRow* row = find_row(choice.name());
  if (!row) {
    if (auto it = custom().find(choice.name()); it != custom().end())
      return it->second(choice.arguments());
    std::string known;
    for (auto& r : table()) known += (known.empty() ? "" : ", ") + std::string(r.function);
    fail("Could not interpret loss identifier: ", choice.name(), "; there are ", known);
  }
  LossOptions o = defaults_of(*row);
  Fields f = Fields::reader(row->name, choice.arguments());
  fields_of(f, o, *row);
  f.finish();
  return std::make_shared<TableLoss>(*row, o);
}

LossPtr function_loss(std::string name, std::function<Tensor(const Tensor&, const Tensor&)> fn) {
  return std::make_shared<FunctionLoss>(std::move(name), std::move(fn));
}

void register_loss(const std::string& name, std::function<LossPtr(const Config&)> factory) {
  custom()[name] = std::move(factory);
}

const std::vector<LossClass>& loss_classes() {
  static const std::vector<LossClass> classes = [] {
    std::vector<LossClass> out;
    for (auto& row : table())
      out.push_back({row.name, row.function, [&row] { return config_of(row, defaults_of(row)); },
                     doc_of(row)});
    return out;
  }();
  return classes;
}

const std::vector<std::pair<std::string, std::string>>& loss_aliases() {
  static const std::vector<std::pair<std::string, std::string>> aliases = {
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
      {"kullback_leibler_divergence", "kl_divergence"},
      {"logcosh", "log_cosh"},
      {"huber_loss", "huber"}};
  return aliases;
}

}  // namespace lamina
