// What a Model keeps besides its layers.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "lamina/model.h"
#include "layers/symbolic.h"

namespace lamina {

enum class Mode { kTrain, kTest, kPredict };

// A captured step for one signature of its arguments, in the order x, y, sample_weight.
// After them come the row lengths of ragged ones, once each.
struct StepProgram {
  std::unique_ptr<Program> program;
  size_t n_x = 0, n_y = 0, n_weight = 0;
  std::vector<int> output_rows;  // which of the row lengths each output has, -1: it is not ragged
};

struct Model::Impl {
  // ---- functional graph
  struct Call {
    std::shared_ptr<SymbolicNode> node;
    // Where each input (then each named tensor) comes from: call index and output, or ~i for input
    // i.
    std::vector<std::pair<int, size_t>> from;
  };
  bool functional = false;
  Tensors inputs, outputs;  // symbolic
  std::vector<std::string> output_keys;
  std::vector<Call> calls;  // in topological order
  std::vector<std::pair<int, size_t>> output_from;
  // Calls that read text. They run before a step, whose captured part gets their results.
  std::vector<size_t> text_calls;
  bool encoded = false;  // while such a step runs or is captured

  // ---- compile
  bool compiled = false;
  CompileOptions options;
  OptimizerPtr optimizer;
  std::shared_ptr<MeanMetric> loss_tracker;
  std::vector<std::shared_ptr<MeanMetric>> output_losses;  // with more than one output
  struct Tracked {
    size_t output;
    bool weighted;
    MetricPtr metric;
  };
  std::vector<Tracked> metrics;
  bool metrics_ready = false;
  std::vector<MetricPtr> own_metrics;                                       // track_metric()
  Mode mode = Mode::kTrain;                                                 // of the latest step
  std::map<Mode, std::vector<std::pair<std::string, Variable>>> step_logs;  // set_log()
  bool stop_training = false;
  int64_t initial_epoch = 0;

  // ---- captured steps
  std::map<std::string, StepProgram> programs;
  std::shared_ptr<Arena> arena = std::make_shared<Arena>();  // of all of them: one runs at a time
  std::string trainable_signature;  // what the captured steps took for granted
  int64_t weight_changes = -1;      // weight_changes() when it was made
  int64_t generation = 0;           // the optimizer's
  int64_t drops = 0;                // captures_dropped() when the programs were made
  int64_t cleared = 0;              // how often they were thrown away
  void drop_programs() {
    programs.clear();
    arena = std::make_shared<Arena>();
    ++cleared;
  }
};

// Whether steps run operation by operation, on ragged batches or others.
bool runs_eagerly(const Model& model, const Model::Impl& impl, bool ragged);
// Runs one step on `batch`: captured unless runs_eagerly(); returns the outputs in predict mode.
Tensors run_step(Model& model, Model::Impl& impl, Mode mode, const Batch& batch);
// The captured step for this signature, made when missing. `batch` gives shapes and dtypes.
StepProgram& step_program(Model& model, Model::Impl& impl, Mode mode, const Batch& batch);
// Drops programs that no longer fit (trainable flags or the optimizer changed) and builds what a
// step needs.
void prepare_steps(Model& model, Model::Impl& impl, Mode mode, const Batch& batch);

// Different row lengths of the ragged tensors of a batch, in the order of the tensors; and which of
// them `t` has, -1 for none.
Tensors row_groups(const Batch& batch);
int row_group(const Tensors& groups, const Tensor& t);

bool has_text(const Tensors& tensors);

void check_interrupt();

}  // namespace lamina
