#include "lamina/function.h"

#include <map>

#include "graph/graph.h"

namespace lamina {

struct Function::Impl {
  struct Entry {
    std::unique_ptr<Program> program;  // null: run the body, its result needs a gradient
    // Where masks and row lengths of the results are among the program's outputs, -1: nowhere.
    std::vector<std::pair<int, int>> marks;
  };
  // What arguments carry besides their values: masks and row lengths, once each, and which of them
  // an argument has.
  struct Marks {
    Tensors tensors;
    std::vector<std::pair<int, int>> of;
    explicit Marks(const Tensors& list) {
      for (const Tensor& t : list) of.emplace_back(place(t.mask()), place(t.row_lengths()));
    }
    int place(const Tensor& t) {
      if (!t.defined()) return -1;
      for (size_t i = 0; i < tensors.size(); ++i)
        if (tensors[i].impl() == t.impl()) return static_cast<int>(i);
      tensors.push_back(t);
      return static_cast<int>(tensors.size()) - 1;
    }
  };
  static void mark(const Tensor& t, std::pair<int, int> of, const Tensors& marks) {
    if (of.first >= 0) t.set_mask(marks[static_cast<size_t>(of.first)]);
    if (of.second >= 0) t.set_row_lengths(marks[static_cast<size_t>(of.second)]);
  }
  Body body;
  std::map<std::string, Entry> entries;
  int64_t drops = 0;

  Entry& entry(const Tensors& args, const Marks& marks) {
    if (drops != captures_dropped()) drops = captures_dropped(), entries.clear();
    std::string key = grad_enabled() ? "g" : "n";
    for (const Tensor& t : args)
      key += std::string(dtype_name(t.dtype())) + t.shape().str() + (t.requires_grad() ? "g" : "");
    for (auto [mask, rows] : marks.of) key += str("m", mask, "r", rows);
    for (const Tensor& t : marks.tensors) key += t.shape().str();
    if (auto it = entries.find(key); it != entries.end()) return it->second;
    auto trace = std::make_shared<Trace>();
    Tensors inputs, outputs;
    bool on_tape = false;
    Entry e;
    try {
      TraceScope scope(trace);
      for (const Tensor& t : args) {
        inputs.push_back(trace->placeholder(t.shape(), t.dtype(), t.device()));
        inputs.back().impl()->requires_grad = t.requires_grad();
      }
      Tensors extra;
      for (const Tensor& t : marks.tensors)
        extra.push_back(trace->placeholder(t.shape(), t.dtype(), t.device()));
      for (size_t i = 0; i < args.size(); ++i) mark(inputs[i], marks.of[i], extra);
      outputs = body(inputs);
      inputs.insert(inputs.end(), extra.begin(), extra.end());
      for (const Tensor& t : outputs) on_tape |= t.requires_grad();
      Marks results(outputs);
      e.marks = results.of;
      outputs.insert(outputs.end(), results.tensors.begin(), results.tensors.end());
    } catch (...) {
      trace->finish();
      throw;
    }
    if (on_tape)
      trace->finish();
    else
      e.program = Program::compile(*trace, inputs, outputs);
    return entries[key] = std::move(e);
  }
};

Function::Function(Body body) : impl_(std::make_unique<Impl>()) { impl_->body = std::move(body); }
Function::~Function() = default;

Tensors Function::operator()(const Tensors& args) {
  if (Trace::current()) return impl_->body(args);
  for (const Tensor& t : args)
    if (!t.defined() || t.is_symbolic()) return impl_->body(args);
  const Impl::Marks marks(args);
  Impl::Entry& e = impl_->entry(args, marks);
  if (!e.program) return impl_->body(args);
  size_t at = 0;
  for (const Tensors* list : {&args, &marks.tensors})
    for (const Tensor& t : *list) e.program->set_input(at++, t);
  e.program->run();
  Tensors out, rest;
  for (size_t i = 0; i < e.program->n_outputs(); ++i)
    (i < e.marks.size() ? out : rest).push_back(e.program->output_tensor(i));
  for (size_t i = 0; i < out.size(); ++i) Impl::mark(out[i], e.marks[i], rest);
  return out;
}

size_t Function::captures() const { return impl_->entries.size(); }
std::string Function::program(const Tensors& args) {
  Impl::Entry& e = impl_->entry(args, Impl::Marks(args));
  return e.program ? e.program->str() : "";
}

}  // namespace lamina
