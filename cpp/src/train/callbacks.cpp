// The callbacks that C++ programs hand to fit().
#include "lamina/callbacks.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "lamina/model.h"

namespace lamina {

namespace {

std::optional<double> find(const Logs& logs, const std::string& name) {
  for (auto& [key, value] : logs)
    if (key == name) return value;
  return std::nullopt;
}

std::string names(const Logs& logs) {
  std::string out;
  for (auto& [key, value] : logs) out += (out.empty() ? "" : ", ") + key;
  return out.empty() ? "nothing" : out;
}

void set_log(Logs& logs, const std::string& name, double value) {
  for (auto& [key, v] : logs)
    if (key == name) return void(v = value);
  logs.emplace_back(name, value);
}

// The optimizers whose rate a callback sets, with what to add to "learning_rate" in the logs.
std::vector<std::pair<OptimizerPtr, std::string>> rates_of(const Model& model) {
  OptimizerPtr optimizer = model.optimizer();
  std::vector<std::pair<OptimizerPtr, std::string>> out;
  if (auto several = std::dynamic_pointer_cast<MultiOptimizer>(optimizer))
    for (auto& o : several->optimizers()) out.emplace_back(o, "_" + o->name());
  else
    out.emplace_back(optimizer, "");
  return out;
}

void log_rates(const Model& model, Logs& logs) {
  for (auto& [optimizer, suffix] : rates_of(model))
    set_log(logs, "learning_rate" + suffix, optimizer->learning_rate());
}

// "loss_{loss:.2f}" with Python's number formats: [width][.precision][d|f|e|g], 0 for zero fill.
std::string formatted(const std::string& pattern, const Logs& values) {
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') {
      out += pattern[i];
      continue;
    }
    size_t end = pattern.find('}', i);
    if (end == std::string::npos) fail("ModelCheckpoint: '", pattern, "' lacks a closing brace");
    std::string field = pattern.substr(i + 1, end - i - 1), format;
    if (size_t colon = field.find(':'); colon != std::string::npos)
      format = field.substr(colon + 1), field.resize(colon);
    std::optional<double> v = find(values, field);
    if (!v)
      fail("ModelCheckpoint: '", pattern, "' names '", field, "', which is none of ",
           names(values));
    bool whole = field == "epoch" || field == "batch";
    char kind = whole ? 'd' : 'g';
    if (!format.empty() && std::string("dfeg").find(format.back()) != std::string::npos)
      kind = format.back(), format.pop_back();
    if (format.find_first_not_of("0123456789.") != std::string::npos)
      fail("ModelCheckpoint: '", pattern, "' has a format that is not understood: '", format, "'");
    char text[64];
    if (kind == 'd')
      std::snprintf(text, sizeof text, ("%" + format + "lld").c_str(), static_cast<long long>(*v));
    else
      std::snprintf(text, sizeof text, ("%" + format + kind).c_str(), *v);
    out += text;
    i = end;
  }
  return out;
}

}  // namespace

// ---- History ------------------------------------------------------------------------------------

void History::on_epoch_end(int64_t n, Logs& logs) {
  epoch.push_back(n);
  for (auto& [name, value] : logs) {
    auto it =
        std::find_if(history.begin(), history.end(), [&](auto& h) { return h.first == name; });
    if (it == history.end()) it = history.insert(history.end(), {name, {}});
    it->second.push_back(value);
  }
}

const std::vector<double>& History::operator[](const std::string& name) const {
  std::string known;
  for (auto& [k, v] : history) {
    if (k == name) return v;
    known += (known.empty() ? "" : ", ") + k;
  }
  fail("history: no '", name, "'; there are ", known);
}

// ---- Monitor ------------------------------------------------------------------------------------

Monitor::Monitor(const char* owner, std::string monitor, const std::string& mode, double min_delta)
    : owner_(owner), name_(std::move(monitor)), min_delta_(std::abs(min_delta)) {
  if (mode != "auto" && mode != "min" && mode != "max")
    fail(owner, ": expected mode 'auto', 'min' or 'max', received '", mode, "'");
  std::string name = name_.rfind("val_", 0) == 0 ? name_.substr(4) : name_;
  grows_ = mode == "max";
  if (mode == "auto")
    for (const char* part : {"acc", "auc", "precision", "recall", "fmeasure", "f1", "fbeta", "iou",
                             "r2", "cosine_similarity", "top_k", "dice_score"})
      grows_ |= name.find(part) != std::string::npos;
}

std::optional<double> Monitor::value(const Logs& logs) const {
  if (std::optional<double> v = find(logs, name_)) return *v;
  std::cerr << owner_ << ": there is no '" << name_ << "' to monitor; available: " << names(logs)
            << "\n";
  return {};
}

bool Monitor::improves(double value, std::optional<double> best) const {
  if (!best) return !std::isnan(value);
  return grows_ ? value > *best + min_delta_ : value < *best - min_delta_;
}

// ---- EarlyStopping ------------------------------------------------------------------------------

EarlyStopping::EarlyStopping(const Options& o)
    : o_(o), monitor_("EarlyStopping", o.monitor, o.mode, o.min_delta) {}

void EarlyStopping::on_train_begin() {
  wait_ = stopped_epoch_ = best_epoch_ = 0;
  best_.reset();
  best_weights_.clear();
}

void EarlyStopping::on_epoch_end(int64_t epoch, Logs& logs) {
  std::optional<double> value = monitor_.value(logs);
  if (!value || epoch < o_.start_from_epoch) return;
  auto keep = [&] {
    best_epoch_ = epoch;
    if (o_.restore_best_weights) best_weights_ = model_->get_weights();
  };
  if (o_.restore_best_weights && best_weights_.empty()) keep();
  ++wait_;
  if (monitor_.improves(*value, best_)) {
    best_ = value;
    keep();
    if (!o_.baseline || monitor_.improves(*value, o_.baseline)) wait_ = 0;
    return;
  }
  if (wait_ >= o_.patience && epoch > 0) {
    stopped_epoch_ = epoch;
    model_->set_stop_training(true);
  }
}

void EarlyStopping::on_train_end(const Logs&) {
  if (stopped_epoch_ > 0 && o_.verbose)
    std::cout << "Epoch " << stopped_epoch_ + 1 << ": early stopping\n";
  if (best_weights_.empty()) return;
  if (o_.verbose) std::cout << "Restoring the weights of epoch " << best_epoch_ + 1 << "\n";
  model_->set_weights(best_weights_);
}

// ---- ModelCheckpoint ----------------------------------------------------------------------------

ModelCheckpoint::ModelCheckpoint(std::string filepath, const Options& o)
    : filepath_(std::move(filepath)),
      o_(o),
      monitor_("ModelCheckpoint", o.monitor, o.mode),
      best_(o.initial_value_threshold) {
  if (o.save_freq < 0)
    fail("ModelCheckpoint: save_freq must not be negative, received ", o.save_freq);
}

void ModelCheckpoint::on_epoch_end(int64_t epoch, Logs& logs) {
  if (o_.save_freq == 0) save(epoch, -1, logs);
}

void ModelCheckpoint::on_train_batch_end(int64_t batch, const Logs& logs) {
  if (++batches_ < o_.save_freq) return;
  batches_ = 0;
  save(epoch_, batch, logs);
}

void ModelCheckpoint::save(int64_t epoch, int64_t batch, const Logs& logs) {
  Logs values = logs;
  set_log(values, "epoch", static_cast<double>(epoch + 1));
  set_log(values, "batch", static_cast<double>(batch + 1));
  const std::string path = formatted(filepath_, values);
  if (o_.save_best_only) {
    // As in Keras: without the value every state is saved.
    if (std::optional<double> value = monitor_.value(logs)) {
      if (!monitor_.improves(*value, best_)) return;
      best_ = value;
    }
  }
  if (o_.verbose) std::cout << "Epoch " << epoch + 1 << ": saving model to " << path << "\n";
  if (auto folder = std::filesystem::path(path).parent_path(); !folder.empty())
    std::filesystem::create_directories(folder);
  if (o_.save_weights_only)
    model_->save_weights(path);
  else
    model_->save(path);
}

// ---- learning rates -----------------------------------------------------------------------------

ReduceLROnPlateau::ReduceLROnPlateau(const Options& o)
    : o_(o), monitor_("ReduceLROnPlateau", o.monitor, o.mode, o.min_delta) {
  if (o.factor >= 1) fail("ReduceLROnPlateau: expected factor below 1, received ", o.factor);
}

void ReduceLROnPlateau::on_train_begin() {
  best_.reset();
  wait_ = cooldown_ = 0;
}

void ReduceLROnPlateau::on_epoch_end(int64_t epoch, Logs& logs) {
  log_rates(*model_, logs);
  std::optional<double> value = monitor_.value(logs);
  if (!value) return;
  if (cooldown_ > 0) --cooldown_, wait_ = 0;
  if (monitor_.improves(*value, best_)) {
    best_ = value;
    wait_ = 0;
    return;
  }
  if (cooldown_ > 0 || ++wait_ < o_.patience) return;
  for (auto& [optimizer, suffix] : rates_of(*model_)) {
    double before = optimizer->learning_rate();
    if (before <= static_cast<double>(static_cast<float>(o_.min_lr))) continue;
    double rate = std::max(before * o_.factor, o_.min_lr);
    optimizer->set_learning_rate(rate);
    if (o_.verbose)
      std::cout << "Epoch " << epoch + 1 << ": reducing the learning rate to " << rate << "\n";
    cooldown_ = o_.cooldown;
    wait_ = 0;
  }
}

void LearningRateScheduler::on_epoch_begin(int64_t epoch) {
  for (auto& [optimizer, suffix] : rates_of(*model_)) {
    double rate = schedule_(epoch, optimizer->learning_rate());
    optimizer->set_learning_rate(rate);
    if (verbose_)
      std::cout << "Epoch " << epoch + 1 << ": setting the learning rate to " << rate << "\n";
  }
}
void LearningRateScheduler::on_epoch_end(int64_t, Logs& logs) { log_rates(*model_, logs); }

// ---- TerminateOnNaN -----------------------------------------------------------------------------

void TerminateOnNaN::on_train_batch_end(int64_t batch, const Logs& logs) {
  const std::optional<double> loss = find(logs, "loss");
  if (!loss || std::isfinite(*loss)) return;
  if (raise_error_)
    throw Error(str("TerminateOnNaN: the loss is ", *loss, " at batch ", batch),
                Error::Kind::kRuntime);
  std::cout << "Batch " << batch << ": Invalid loss, terminating training\n";
  model_->set_stop_training(true);
}

}  // namespace lamina
