// Node: one recorded operation. On the tape it serves backward(); in a Trace it is a step of a
// program.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "graph/op.h"

namespace lamina {

struct Node : std::enable_shared_from_this<Node> {
  const Op* op = nullptr;
  Attrs attrs;
  Tensors inputs;
  std::vector<uint64_t> versions;  // of the inputs' storages when recorded (eager)
  // In a trace: the outputs themselves. On the eager tape: handles on their memory that do not keep
  // this node alive, only where op->saves_output.
  std::vector<std::shared_ptr<TensorImpl>> outputs;
  std::vector<Infer::Out> specs;  // of the outputs
  std::vector<int> in_place;      // input index whose storage output i writes, or -1
  bool traced = false;
  bool on_tape = false;
  std::string layer;
  std::shared_ptr<const void> payload;
  CustomBackward custom;  // of custom_gradient

  Tensor output(size_t i);
  ~Node();
};

// A capture in progress: every operation applied on this thread to abstract tensors or state.
class Trace : public std::enable_shared_from_this<Trace> {
 public:
  static Trace* current();
  std::vector<std::shared_ptr<Node>> nodes;
  bool active = true;

  // An abstract tensor that stands for an argument.
  Tensor placeholder(const Shape& shape, DType dtype, Device device = {});
  void
  finish();  // ends the capture and frees its nodes; abstract tensors left over become unusable
};

// Makes a trace current on this thread.
class TraceScope {
 public:
  explicit TraceScope(std::shared_ptr<Trace> trace);  // null: capturing is suspended
  ~TraceScope();

 private:
  std::shared_ptr<Trace> before_;
};

class Arena;

// A captured function as a flat list of bound kernel calls over one arena. Not for concurrent use.
class Program {
 public:
  // inputs: placeholders of the trace. outputs: abstract or concrete tensors. Ends the trace.
  // arena: memory to share with programs that never run at the same time; null: its own.
  static std::unique_ptr<Program> compile(Trace& trace, const Tensors& inputs,
                                          const Tensors& outputs,
                                          std::shared_ptr<Arena> arena = nullptr);
  ~Program();

  size_t n_inputs() const;
  size_t n_outputs() const;
  void set_input(size_t i, const Tensor& value);
  void run();  // throws Error from steps that check values (labels out of range, debug_nans)
  Tensor output_tensor(size_t i) const;  // a copy
  // Tensors on the arena's own memory, for filling arguments and reading results without a copy.
  // Not to be kept beyond the program, nor while another is compiled for the same arena, and what
  // they hold only lasts until another program of that arena is filled or runs.
  const Tensor& input_tensor(size_t i) const;
  const Tensor& output_view(size_t i) const;

  size_t n_steps() const;
  std::string str() const;  // the steps, one a line, for debugging and tests
  struct Impl;

 private:
  explicit Program(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The memory of programs, as much as the largest needs. It grows when a program is compiled: those
// that were compiled before move along.
class Arena {
 public:
  size_t bytes() const { return storage_ ? storage_->bytes : 0; }

 private:
  friend class Program;
  std::shared_ptr<Storage> storage_;
  std::vector<Program::Impl*> programs_;
  void reserve(size_t bytes, Device device);
};

// Constants that programs hold have changed: those captured at an earlier count are stale.
void drop_captures();
int64_t captures_dropped();
// Of some layer, which weights there are or which of them are trained has changed.
void weights_changed();
int64_t weight_changes();

// A rewrite of a capture's nodes into fewer ones that do the same; the families of operations bring
// theirs, which run before elementwise nodes are merged. They must leave alone what `outputs` name.
using Rewrite = void (*)(std::vector<std::shared_ptr<Node>>& nodes, const Tensors& outputs);
void register_fusion(Rewrite rewrite);
// Runs these rewrites, then merges elementwise nodes into chains; called by Program::compile.
void fuse(std::vector<std::shared_ptr<Node>>& nodes, const Tensors& outputs);

}  // namespace lamina
