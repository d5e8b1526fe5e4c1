// The loops of fit, evaluate and predict.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "core/tensor_impl.h"
#include "lamina/ragged.h"
#include "train/data.h"
#include "train/model_impl.h"

namespace lamina {

namespace {

void (*interrupt_hook)() = nullptr;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

// The callbacks of one loop, and how often each of them wants to hear of batches.
class Callbacks {
 public:
  Callbacks(const std::vector<CallbackPtr>& list, Model& model, int64_t epochs, int64_t steps)
      : list_(list) {
    for (auto& c : list_) {
      if (!c) fail("callbacks: one of them is null");
      c->set_model(&model);
      c->set_params(epochs, steps);
      if (c->wants_batches()) batch_.push_back({c.get(), c->batch_interval(), Clock::time_point{}});
    }
  }
  template <class F>
  void each(F&& f) {
    for (auto& c : list_) f(*c);
  }
  template <class F>
  void before_batch(F&& f) {
    for (auto& b : batch_) f(*b.callback);
  }
  template <class F>
  void after_batch(Model& model, bool last, F&& f) {
    Logs logs;
    bool have = false;
    for (auto& b : batch_) {
      if (!last && b.interval > 0 && seconds_since(b.before) < b.interval) continue;
      if (!have) logs = model.logs(), have = true;
      b.before = Clock::now();
      f(*b.callback, logs);
    }
  }

 private:
  struct BatchCallback {
    Callback* callback;
    double interval;
    Clock::time_point before;
  };
  const std::vector<CallbackPtr>& list_;
  std::vector<BatchCallback> batch_;
};

// The captured steps of one loop over arrays, by what their shapes depend on.
class StepPrograms {
 public:
  void forget() { found_.clear(); }
  StepProgram& at(Model& model, Model::Impl& m, Mode mode, ArrayBatches& data, int64_t step) {
    const Ints& extent = data.extent(step);
    if (cleared_ != m.cleared) forget();
    for (auto& [key, program] : found_)
      if (key == extent) return *program;
    Batch like = data.like(step);
    if (mode == Mode::kPredict) like.y.clear(), like.sample_weight.clear();
    prepare_steps(model, m, mode, like);
    if (cleared_ != m.cleared) forget(), cleared_ = m.cleared;
    found_.emplace_back(extent, &step_program(model, m, mode, like));
    return *found_.back().second;
  }

 private:
  std::vector<std::pair<Ints, StepProgram*>> found_;
  int64_t cleared_ = -1;
};

// One batch of arrays through a captured step, gathered straight into its arguments.
StepProgram* run_arrays(Model& model, Model::Impl& m, Mode mode, ArrayBatches& data, int64_t step,
                        StepPrograms& programs) {
  if (data.has_text() || runs_eagerly(model, m, data.groups() > 0)) {
    run_step(model, m, mode, data.batch(step));
    return nullptr;
  }
  StepProgram& program = programs.at(model, m, mode, data, step);
  for (size_t i = 0; i < program.program->n_inputs(); ++i)
    data.gather(step, i, program.program->input_tensor(i));
  program.program->run();
  return &program;
}

// Batches from either kind of source, one interface for the loops below.
class Source {
 public:
  explicit Source(ArrayBatches* arrays) : arrays_(arrays) {}
  explicit Source(Dataset* dataset) : dataset_(dataset) {}
  int64_t steps() const { return arrays_ ? arrays_->steps() : dataset_->steps(); }
  void start(int64_t epoch) {
    if (arrays_)
      arrays_->start_epoch();
    else
      dataset_->start_epoch(epoch);
    position_ = 0;
    programs_.forget();
  }
  // Runs the next batch; false when there is none.
  bool run(Model& model, Model::Impl& m, Mode mode) {
    if (arrays_) {
      if (position_ >= arrays_->steps()) return false;
      run_arrays(model, m, mode, *arrays_, position_++, programs_);
      return true;
    }
    Batch batch;
    if (!dataset_->next(batch)) return false;
    run_step(model, m, mode, batch);
    return true;
  }

 private:
  ArrayBatches* arrays_ = nullptr;
  Dataset* dataset_ = nullptr;
  int64_t position_ = 0;
  StepPrograms programs_;
};

void require_compiled(const Model& model, const char* what) {
  if (!model.compiled())
    throw model.error(std::string(what) + ": the model must be compiled first; call compile()");
}

Logs evaluate_source(Model& model, Model::Impl& m, Source& source, int64_t steps,
                     const std::vector<CallbackPtr>& list) {
  Callbacks callbacks(list, model, 1, steps > 0 ? steps : source.steps());
  model.reset_metrics();
  callbacks.each([](Callback& c) { c.on_test_begin(); });
  source.start(0);
  int64_t total = steps > 0 ? steps : source.steps(), step = 0;
  for (; total < 0 || step < total; ++step) {
    callbacks.before_batch([&](Callback& c) { c.on_test_batch_begin(step); });
    if (!source.run(model, m, Mode::kTest)) break;
    check_interrupt();
    callbacks.after_batch(model, step + 1 == total,
                          [&](Callback& c, const Logs& l) { c.on_test_batch_end(step, l); });
  }
  if (step == 0) throw model.error("evaluate: the data gave no batch");
  Logs logs = model.logs();
  callbacks.each([&](Callback& c) { c.on_test_end(logs); });
  return logs;
}

History fit_source(Model& model, Model::Impl& m, Source& source, Source* validation,
                   const FitOptions& o) {
  int64_t steps = o.steps_per_epoch > 0 ? o.steps_per_epoch : source.steps();
  Callbacks callbacks(o.callbacks, model, o.epochs, steps);
  History history;
  model.set_stop_training(false);
  model.set_initial_epoch(o.initial_epoch);
  callbacks.each([](Callback& c) { c.on_train_begin(); });
  Logs logs;
  bool fresh = true;  // the source must be (re)started before the next batch
  for (int64_t epoch = m.initial_epoch; epoch < o.epochs && !model.stop_training(); ++epoch) {
    model.reset_metrics();
    callbacks.each([&](Callback& c) { c.on_epoch_begin(epoch); });
    // With steps_per_epoch an epoch goes on where the one before stopped.
    if (fresh || o.steps_per_epoch <= 0) source.start(epoch), fresh = false;
    auto began = Clock::now();
    int64_t step = 0;
    for (; (steps < 0 || step < steps) && !model.stop_training(); ++step) {
      callbacks.before_batch([&](Callback& c) { c.on_train_batch_begin(step); });
      if (!source.run(model, m, Mode::kTrain)) {
        if (o.steps_per_epoch <= 0 || step == 0) break;
        source.start(epoch);
        if (!source.run(model, m, Mode::kTrain)) break;
      }
      check_interrupt();
      callbacks.after_batch(model, step + 1 == steps,
                            [&](Callback& c, const Logs& l) { c.on_train_batch_end(step, l); });
    }
    if (step == 0) throw model.error("fit: the data gave no batch");
    logs = model.logs();
    bool validate = false;
    if (validation) {
      auto& f = o.validation_freq;
      validate = o.validation_epochs_listed ? std::find(f.begin(), f.end(), epoch + 1) != f.end()
                                            : (epoch + 1) % std::max<int64_t>(f.at(0), 1) == 0;
    }
    if (validate)
      for (auto& [name, value] :
           evaluate_source(model, m, *validation, o.validation_steps, o.callbacks))
        logs.emplace_back("val_" + name, value);
    callbacks.each([&](Callback& c) { c.on_epoch_end(epoch, logs); });
    history.on_epoch_end(epoch, logs);
    if (o.verbose == 2) {
      std::printf("Epoch %lld/%lld - %.2fs", static_cast<long long>(epoch + 1),
                  static_cast<long long>(o.epochs), seconds_since(began));
      for (auto& [name, value] : logs)
        std::printf(" - %s: %.4f", name.c_str(), static_cast<double>(value));
      std::printf("\n");
      std::fflush(stdout);
    }
  }
  if (m.optimizer) m.optimizer->finalize_variable_values(model.trainable_weights());
  callbacks.each([&](Callback& c) { c.on_train_end(logs); });
  return history;
}

}  // namespace

void set_interrupt_check(void (*check)()) { interrupt_hook = check; }
void check_interrupt() {
  static thread_local Clock::time_point before{};
  if (!interrupt_hook || seconds_since(before) < 0.05) return;
  before = Clock::now();
  interrupt_hook();
}

History Model::fit(const ArrayData& given, const FitOptions& o) {
  require_compiled(*this, "fit");
  ArrayData data = given;
  if (o.validation_split < 0 || o.validation_split >= 1)
    throw error(str("fit: validation_split must lie in [0, 1), received ", o.validation_split));
  if (!o.class_weight.empty()) {
    if (data.y.size() != 1) throw error("fit: class_weight works for a model with one output");
    data.sample_weight = {class_weights(
        data.y[0], data.sample_weight.empty() ? Tensor{} : data.sample_weight[0], o.class_weight)};
  }
  // The last samples are held out, before any shuffling.
  std::unique_ptr<ArrayBatches> held_out;
  int64_t batch = o.validation_batch_size > 0 ? o.validation_batch_size : o.batch_size;
  int64_t last = -1;
  if (o.validation_data) {
    held_out = std::make_unique<ArrayBatches>(*o.validation_data, batch, false);
  } else if (o.validation_split > 0 && !data.x.empty() && data.x[0].defined() &&
             data.x[0].rank() > 0) {
    int64_t n = sample_count(data.x[0]);
    last = static_cast<int64_t>(static_cast<double>(n) * (1 - o.validation_split));
    if (last == 0 || last == n)
      throw error(str("fit: validation_split=", o.validation_split, " of ", n,
                      " samples leaves one side empty"));
    held_out = std::make_unique<ArrayBatches>(data, batch, false, last, n);
  }
  ArrayBatches batches(data, o.batch_size, o.shuffle, 0, last);
  Source source(&batches);
  std::unique_ptr<Source> validation;
  if (held_out) validation = std::make_unique<Source>(held_out.get());
  if (o.validation_dataset) validation = std::make_unique<Source>(o.validation_dataset.get());
  return fit_source(*this, *impl_, source, validation.get(), o);
}

History Model::fit(Dataset& data, const FitOptions& o) {
  require_compiled(*this, "fit");
  if (o.validation_split > 0)
    throw error("fit: validation_split works with arrays only; pass validation_data");
  Source source(&data);
  std::unique_ptr<ArrayBatches> arrays;
  std::unique_ptr<Source> validation;
  if (o.validation_data) {
    arrays = std::make_unique<ArrayBatches>(
        *o.validation_data, o.validation_batch_size > 0 ? o.validation_batch_size : o.batch_size,
        false);
    validation = std::make_unique<Source>(arrays.get());
  } else if (o.validation_dataset) {
    validation = std::make_unique<Source>(o.validation_dataset.get());
  }
  return fit_source(*this, *impl_, source, validation.get(), o);
}

Logs Model::evaluate(const ArrayData& data, const EvaluateOptions& o) {
  require_compiled(*this, "evaluate");
  ArrayBatches batches(data, o.batch_size, false);
  Source source(&batches);
  return evaluate_source(*this, *impl_, source, o.steps, o.callbacks);
}

Logs Model::evaluate(Dataset& data, const EvaluateOptions& o) {
  require_compiled(*this, "evaluate");
  Source source(&data);
  return evaluate_source(*this, *impl_, source, o.steps, o.callbacks);
}

namespace {

// Outputs of batches, one after the other.
Tensor joined(const Tensors& parts) {
  if (!parts[0].is_ragged()) return concatenate(parts, 0);
  Tensors values, lengths;
  for (const Tensor& t : parts) {
    Ragged r(t);
    values.push_back(r.values()), lengths.push_back(r.row_lengths());
  }
  return Ragged(concatenate(values, 0), concatenate(lengths, 0)).batch();
}

void check_samples(const Model& model, size_t i, const Tensor& out, int64_t n) {
  if (out.rank() == 0 || sample_count(out) != n)
    throw model.error(
        str("predict: output ", i, " has shape ", out.shape(), " for a batch of ", n, " samples"));
}

// Where the outputs of predict() go, batch after batch: (rows, ...), or for ragged ones the steps
// of all sequences, (1, total, ...).
class Predictions {
 public:
  Predictions(const Model& model, const ArrayBatches& data, int64_t steps, int64_t rows)
      : model_(model), data_(data), steps_(steps), rows_(rows) {}
  // groups: which row lengths of `data` each output has, -1 for none.
  void add(int64_t step, const Tensors& outs, const std::vector<int>& groups) {
    if (results_.empty()) {
      done_.resize(outs.size()), groups_ = groups;
      for (size_t i = 0; i < outs.size(); ++i) results_.push_back(room(step, i, outs[i]));
    }
    for (size_t i = 0; i < outs.size(); ++i) {
      bool ragged = groups[i] >= 0;
      int64_t n = length(step, i);
      int axis = ragged ? 1 : 0;
      if (!ragged) check_samples(model_, i, outs[i], n);
      const Backend& b = backend(outs[i].device());
      abi::View slot = view_of(*results_[i].impl()), from = view_of(*outs[i].impl());
      slot.data = static_cast<char*>(slot.data) +
                  done_[i] * slot.strides[axis] * static_cast<int64_t>(itemsize(outs[i].dtype()));
      slot.shape[axis] = from.shape[axis] = n;
      if (n > 0) b.kernels->copy(*b.context, from, slot);
      done_[i] += n;
    }
  }
  Tensors take() {
    for (size_t i = 0; i < results_.size(); ++i)
      if (groups_[i] >= 0)
        results_[i] = as_ragged(results_[i], lengths(static_cast<size_t>(groups_[i])));
    return std::move(results_);
  }

 private:
  int64_t length(int64_t step, size_t i) const {
    return groups_[i] >= 0 ? data_.steps_of(step, static_cast<size_t>(groups_[i]))
                           : data_.size_of(step);
  }
  Tensor lengths(size_t group) const {
    return getitem(data_.lengths_of(group), {Index::slice(0, rows_)});
  }
  Tensor room(int64_t step, size_t i, const Tensor& out) const {
    Shape s = out.shape();
    if (groups_[i] < 0) {
      check_samples(model_, i, out, length(step, i));
      s[0] = rows_;
    } else {
      s[1] = 0;
      for (int64_t k = 0; k < steps_; ++k) s[1] += length(k, i);
    }
    return Tensor::empty(s, out.dtype(), out.device());
  }
  const Model& model_;
  const ArrayBatches& data_;
  int64_t steps_, rows_;
  Tensors results_;
  std::vector<int> groups_;
  std::vector<int64_t> done_;
};

}  // namespace

Tensors Model::predict(const Tensors& x, const EvaluateOptions& o) {
  Callbacks callbacks(o.callbacks, *this, 1, o.steps);
  ArrayBatches batches(ArrayData{x, {}, {}}, o.batch_size, false);
  int64_t steps = o.steps > 0 ? std::min(o.steps, batches.steps()) : batches.steps();
  Predictions results(*this, batches, steps, std::min(batches.rows(), steps * o.batch_size));
  callbacks.each([](Callback& c) { c.on_predict_begin(); });
  Tensors outs;
  std::vector<Tensors> parts;
  StepPrograms programs;
  bool eager = batches.has_text() || runs_eagerly(*this, *impl_, batches.groups() > 0);
  for (int64_t step = 0; step < steps; ++step) {
    callbacks.before_batch([&](Callback& c) { c.on_predict_batch_begin(step); });
    outs.clear();
    if (eager) {
      outs = run_step(*this, *impl_, Mode::kPredict, batches.batch(step));
      parts.resize(outs.size());
      for (size_t i = 0; i < outs.size(); ++i) {
        check_samples(*this, i, outs[i], batches.size_of(step));
        parts[i].push_back(outs[i]);
      }
    } else {
      StepProgram& program = *run_arrays(*this, *impl_, Mode::kPredict, batches, step, programs);
      for (size_t i = 0; i < program.program->n_outputs(); ++i)
        outs.push_back(program.program->output_view(i));
      results.add(step, outs, program.output_rows);
    }
    check_interrupt();
    callbacks.before_batch([&](Callback& c) { c.on_predict_batch_end(step); });
  }
  callbacks.each([](Callback& c) { c.on_predict_end(); });
  if (!eager) return results.take();
  outs.clear();
  for (auto& p : parts) outs.push_back(joined(p));
  return outs;
}

Tensors Model::predict(Dataset& data, const EvaluateOptions& o) {
  std::vector<Tensors> parts;
  data.start_epoch(0);
  Batch batch;
  for (int64_t step = 0; (o.steps <= 0 || step < o.steps) && data.next(batch); ++step) {
    batch.y.clear(), batch.sample_weight.clear();
    Tensors outs = run_step(*this, *impl_, Mode::kPredict, batch);
    parts.resize(outs.size());
    for (size_t i = 0; i < outs.size(); ++i) parts[i].push_back(outs[i]);
    check_interrupt();
  }
  if (parts.empty()) throw error("predict: the data gave no batch");
  Tensors results;
  for (auto& p : parts) results.push_back(joined(p));
  return results;
}

Logs Model::train_on_batch(const Batch& batch) {
  require_compiled(*this, "train_on_batch");
  run_step(*this, *impl_, Mode::kTrain, batch);
  return logs();
}

Logs Model::test_on_batch(const Batch& batch) {
  require_compiled(*this, "test_on_batch");
  run_step(*this, *impl_, Mode::kTest, batch);
  return logs();
}

Tensors Model::predict_on_batch(const Tensors& x) {
  Batch batch;
  batch.x = x;
  return run_step(*this, *impl_, Mode::kPredict, batch);
}

}  // namespace lamina
