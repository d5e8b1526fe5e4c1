// Model: layers put together, with compile, fit, evaluate, predict, save and load.
#pragma once
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "lamina/train.h"

namespace lamina {

// A symbolic tensor: the start of a functional model. shape without the batch axis.
Tensor Input(const Shape& shape, DType dtype = floatx(), const std::string& name = "",
             std::optional<int64_t> batch_size = {});

// The model inputs that a symbolic tensor depends on, in the order in which they are met.
Tensors get_source_inputs(const Tensor& tensor);

struct CompileOptions {
  Config optimizer = "rmsprop";  // or optimizer_object
  OptimizerPtr optimizer_object;
  // One loss for every output, by name or object; keyed by output order. Empty: only add_loss.
  std::vector<LossPtr> losses;
  std::vector<double> loss_weights;
  // Metrics of each output: names ("accuracy") or objects.
  struct MetricSpec {
    size_t output = 0;
    Config by_name;
    MetricPtr object;
    bool weighted = false;
    std::string name;  // of the object when compile() got it; the output's comes in front later
  };
  std::vector<MetricSpec> metrics;
  bool run_eagerly = false;
  bool auto_scale_loss = true;
};

// One batch; y and sample_weight may be undefined or empty.
struct Batch {
  Tensors x, y;
  Tensors sample_weight;  // one for each output, or empty
};

// Where batches come from. fit() reads it once an epoch.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual void start_epoch(int64_t epoch) {}
  virtual bool next(Batch& batch) = 0;          // false: the epoch is over
  virtual int64_t steps() const { return -1; }  // batches an epoch, -1: unknown
};

// Arrays cut into batches, shuffled anew each epoch when asked to.
struct ArrayData {
  Tensors x, y;
  Tensors sample_weight;
};

struct FitOptions {
  int64_t batch_size = 32;
  int64_t epochs = 1;
  bool shuffle = true;
  double validation_split = 0;
  std::shared_ptr<ArrayData> validation_data;
  std::shared_ptr<Dataset> validation_dataset;
  std::map<int64_t, double> class_weight;
  int64_t initial_epoch = 0;
  int64_t steps_per_epoch = -1;
  int64_t validation_steps = -1;
  int64_t validation_batch_size = -1;
  std::vector<int64_t> validation_freq = {
      1};  // one number: every so many epochs; more: these epochs (1-based)
  bool validation_epochs_listed = false;
  std::vector<CallbackPtr> callbacks;
  int verbose = 0;  // C++: 0 silent, 2 one line an epoch on stdout
};

class Model : public Layer {
 public:
  explicit Model(const LayerOptions& options = {});  // to subclass
  Model(const Tensors& inputs, const Tensors& outputs,
        const LayerOptions& options = {});  // functional
  ~Model() override;
  std::string class_name() const override { return is_functional() ? "Functional" : "Model"; }
  Tensors call(const Tensors& inputs, const CallArgs& args) override;
  void build(const std::vector<Shape>& input_shapes) override;
  Config get_config() const override;
  Tensors compute_mask(const Tensors& inputs, const Tensors& masks) override;
  bool takes_text() const override { return true; }

  bool is_functional() const;
  // Inputs with those that are text replaced by what the layers that read them give. fit, evaluate
  // and predict do this to each batch, before the captured step.
  virtual Tensors encode_text(const Tensors& inputs);
  Tensors inputs() const;  // symbolic
  Tensors outputs() const;
  std::vector<std::string> input_names() const;
  std::vector<std::string> output_names() const;
  // Where the outputs are a dict: its keys, which are the names of the outputs then.
  const std::vector<std::string>& output_keys() const;
  void set_output_keys(const std::vector<std::string>& keys);
  LayerPtr get_layer(const std::string& name) const;
  LayerPtr get_layer(int64_t index) const;

  void compile(const CompileOptions& options);
  bool compiled() const;
  // What compile() was given, as model files have it; null before. And back.
  Config compile_config() const;
  void compile_from_config(const Config& config);
  OptimizerPtr optimizer() const;
  std::vector<MetricPtr> metrics() const;  // with the loss tracker first
  std::vector<std::string> metrics_names() const;
  void set_stop_training(bool stop);
  bool stop_training() const;
  // First epoch of the running fit(); a callback may move it in on_train_begin, to go on with an
  // interrupted training.
  void set_initial_epoch(int64_t epoch);
  int64_t initial_epoch() const;

  History fit(const ArrayData& data, const FitOptions& options = {});
  History fit(Dataset& data, const FitOptions& options = {});
  struct EvaluateOptions {
    int64_t batch_size = 32;
    int64_t steps = -1;
    std::vector<CallbackPtr> callbacks;
  };
  Logs evaluate(const ArrayData& data, const EvaluateOptions& options);
  Logs evaluate(const ArrayData& data) { return evaluate(data, {}); }
  Logs evaluate(Dataset& data, const EvaluateOptions& options);
  Tensors predict(const Tensors& x, const EvaluateOptions& options);
  Tensors predict(const Tensors& x) { return predict(x, {}); }
  Tensor predict(const Tensor& x) { return predict(Tensors{x}, {})[0]; }
  Tensors predict(Dataset& data, const EvaluateOptions& options);
  // One batch. reset_metrics is the caller's business, as in Keras 3.
  Logs train_on_batch(const Batch& batch);
  Logs test_on_batch(const Batch& batch);
  Tensors predict_on_batch(const Tensors& x);
  void reset_metrics();
  Logs logs() const;  // current values of the loss and the metrics

  // What a captured training or test step runs. To override: return the loss.
  virtual void train_step(const Batch& batch);
  virtual void test_step(const Batch& batch);
  virtual Tensors predict_step(const Tensors& x);
  // Total loss of outputs; updates the loss tracker.
  virtual Tensor compute_loss(const Batch& batch, const Tensors& y_pred);
  void update_metrics(const Batch& batch, const Tensors& y_pred);
  // For steps of your own: puts a scalar into the logs of this step, and a loss into its running
  // mean.
  void set_log(const std::string& name, const Tensor& value);
  void track_loss(const Tensor& loss, const Batch& batch);
  void track_metric(const MetricPtr& metric);  // reset and reported with those of compile()

  // Layers with output shapes, parameters, FLOPs and memory of a forward pass of one sample.
  std::string summary(int64_t line_length = 0, bool expand_nested = false) const;

  // One safetensors file: architecture, weights, optimizer and random state. Atomic.
  void save(const std::string& path) const;
  void save_weights(const std::string& path) const;
  void load_weights(
      const std::string& path);  // throws Error naming what does not fit, before any change
  // Weights, random state and, where compiled, the optimizer's state of a file that save() wrote
  // for a model like this one.
  void restore_state(const std::string& path);

  Tensors get_weights() const;
  void set_weights(const Tensors& values);
  struct Impl;

 protected:
  std::unique_ptr<Impl> impl_;
  friend class Sequential;
};

class Sequential : public Model {
 public:
  explicit Sequential(const std::vector<LayerPtr>& layers = {}, const LayerOptions& options = {});
  std::string class_name() const override { return "Sequential"; }
  Tensors call(const Tensors& inputs, const CallArgs& args) override;
  void build(const std::vector<Shape>& input_shapes) override;
  Config get_config() const override;
  Tensors encode_text(const Tensors& inputs) override;
  void add(const LayerPtr& layer);
  void pop();

 private:
  void rebuild();
};

// Called every 50 ms or so between batches; may throw to end the loop (Python's KeyboardInterrupt).
void set_interrupt_check(void (*check)());

using ModelPtr = std::shared_ptr<Model>;
// A model file written by save(), in either language. compile: restore optimizer, loss and metrics.
ModelPtr load(const std::string& path, bool compile = true);
ModelPtr model_from_config(const Config& config);

}  // namespace lamina
