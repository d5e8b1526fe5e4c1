// Callbacks: what happens at the beginning and end of training, epochs and batches.
#pragma once
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lamina/tensor.h"

namespace lamina {

class Model;
// What a loss or metric says: a number, or one for each class or threshold.
struct LogValue {
  LogValue(double value) : values{value} {}
  explicit LogValue(std::vector<double> v) : values(std::move(v)), scalar(false) {}
  operator double() const;  // of several numbers their mean
  std::vector<double> values;
  bool scalar = true;
};
using Logs = std::vector<std::pair<std::string, LogValue>>;  // in a stable order

class Callback {
 public:
  virtual ~Callback() = default;
  virtual void on_train_begin() {}
  virtual void on_train_end(const Logs& logs) {}
  virtual void on_epoch_begin(int64_t epoch) {}
  // What a callback adds to the logs, those after it see.
  virtual void on_epoch_end(int64_t epoch, Logs& logs) {}
  virtual void on_train_batch_begin(int64_t batch) {}
  virtual void on_train_batch_end(int64_t batch, const Logs& logs) {}
  virtual void on_test_begin() {}
  virtual void on_test_end(const Logs& logs) {}
  virtual void on_test_batch_begin(int64_t batch) {}
  virtual void on_test_batch_end(int64_t batch, const Logs& logs) {}
  virtual void on_predict_begin() {}
  virtual void on_predict_end() {}
  virtual void on_predict_batch_begin(int64_t batch) {}
  virtual void on_predict_batch_end(int64_t batch) {}
  // Whether the batch hooks do anything: without them the loop stays free of calls and of logs.
  virtual bool wants_batches() const { return false; }
  // Seconds that must lie between two on_*_batch_end calls (the last batch always gets one).
  virtual double batch_interval() const { return 0; }
  void set_model(Model* model) { model_ = model; }
  void set_params(int64_t epochs, int64_t steps) { epochs_ = epochs, steps_ = steps; }

 protected:
  Model* model_ = nullptr;
  int64_t epochs_ = 0, steps_ = -1;
};
using CallbackPtr = std::shared_ptr<Callback>;

// What fit() returns: the values of each epoch.
class History : public Callback {
 public:
  std::vector<int64_t> epoch;
  std::vector<std::pair<std::string, std::vector<double>>> history;
  const std::vector<double>& operator[](
      const std::string& name) const;  // throws Error listing names
  void on_train_begin() override { epoch.clear(), history.clear(); }
  void on_epoch_end(int64_t epoch, Logs& logs) override;
};

// A value of the logs compared with the best one so far. mode: min, max, or auto to tell by the
// name.
class Monitor {
 public:
  Monitor(const char* owner, std::string monitor, const std::string& mode, double min_delta = 0);
  // The value, or none after a warning on stderr that names what there is.
  std::optional<double> value(const Logs& logs) const;
  bool improves(double value, std::optional<double> best) const;
  const std::string& name() const { return name_; }

 private:
  const char* owner_;
  std::string name_;
  bool grows_;
  double min_delta_;
};

// Stops when a value has stopped improving.
class EarlyStopping : public Callback {
 public:
  struct Options {
    std::string monitor = "val_loss";
    double min_delta = 0;  // smaller changes do not count
    int64_t patience = 0;  // epochs without improvement before training stops
    int verbose = 0;
    std::string mode = "auto";
    std::optional<double> baseline;  // to be beaten within the patience
    bool restore_best_weights = false;
    int64_t start_from_epoch = 0;
  };
  explicit EarlyStopping(const Options& options);
  EarlyStopping() : EarlyStopping(Options()) {}
  void on_train_begin() override;
  void on_epoch_end(int64_t epoch, Logs& logs) override;
  void on_train_end(const Logs& logs) override;
  std::optional<double> best() const { return best_; }
  int64_t stopped_epoch() const { return stopped_epoch_; }

 private:
  Options o_;
  Monitor monitor_;
  int64_t wait_ = 0, stopped_epoch_ = 0, best_epoch_ = 0;
  std::optional<double> best_;
  Tensors best_weights_;
};

// Saves the model, or its weights, after each epoch or every so many batches.
class ModelCheckpoint : public Callback {
 public:
  struct Options {
    std::string monitor = "val_loss";
    int verbose = 0;
    bool save_best_only = false;
    bool save_weights_only = false;
    std::string mode = "auto";
    int64_t save_freq = 0;  // batches; 0: every epoch
    std::optional<double> initial_value_threshold;
  };
  // filepath may hold {epoch} (from 1), {batch} and names of logs, with Python's formats for
  // numbers: "model_{epoch:02d}_{val_loss:.2f}.safetensors".
  explicit ModelCheckpoint(std::string filepath, const Options& options);
  explicit ModelCheckpoint(std::string filepath)
      : ModelCheckpoint(std::move(filepath), Options()) {}
  void on_epoch_begin(int64_t epoch) override { epoch_ = epoch; }
  void on_epoch_end(int64_t epoch, Logs& logs) override;
  void on_train_batch_end(int64_t batch, const Logs& logs) override;
  bool wants_batches() const override { return o_.save_freq > 0; }

 private:
  void save(int64_t epoch, int64_t batch, const Logs& logs);
  std::string filepath_;
  Options o_;
  Monitor monitor_;
  std::optional<double> best_;
  int64_t epoch_ = 0, batches_ = 0;
};

// Lowers the learning rate when a value has stopped improving.
class ReduceLROnPlateau : public Callback {
 public:
  struct Options {
    std::string monitor = "val_loss";
    double factor = 0.1;    // of the learning rate; below 1
    int64_t patience = 10;  // epochs without improvement before that
    int verbose = 0;
    std::string mode = "auto";
    double min_delta = 1e-4;
    int64_t cooldown = 0;  // epochs to wait after a change
    double min_lr = 0;
  };
  explicit ReduceLROnPlateau(const Options& options);
  ReduceLROnPlateau() : ReduceLROnPlateau(Options()) {}
  void on_train_begin() override;
  void on_epoch_end(int64_t epoch, Logs& logs) override;

 private:
  Options o_;
  Monitor monitor_;
  std::optional<double> best_;
  int64_t wait_ = 0, cooldown_ = 0;
};

// Sets the learning rate before each epoch: schedule(epoch, rate so far).
class LearningRateScheduler : public Callback {
 public:
  using Schedule = std::function<double(int64_t epoch, double rate)>;
  explicit LearningRateScheduler(Schedule schedule, int verbose = 0)
      : schedule_(std::move(schedule)), verbose_(verbose) {}
  void on_epoch_begin(int64_t epoch) override;
  void on_epoch_end(int64_t epoch, Logs& logs) override;

 private:
  Schedule schedule_;
  int verbose_;
};

// Stops training, or throws Error, when the loss is NaN or infinite.
class TerminateOnNaN : public Callback {
 public:
  explicit TerminateOnNaN(bool raise_error = false) : raise_error_(raise_error) {}
  void on_train_batch_end(int64_t batch, const Logs& logs) override;
  bool wants_batches() const override { return true; }

 private:
  bool raise_error_;
};

}  // namespace lamina
