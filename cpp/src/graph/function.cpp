#include "lamina/function.h"

#include <map>

#include "graph/graph.h"

namespace lamina {

struct Function::Impl {
  struct Entry {
    std::unique_ptr<Program> program;  // null: run the body, its result needs a gradient
  };
  Body body;
  std::map<std::string, Entry> entries;
  int64_t drops = 0;

  Entry& entry(const Tensors& args) {
    if (drops != captures_dropped()) drops = captures_dropped(), entries.clear();
    std::string key = grad_enabled() ? "g" : "n";
    for (const Tensor& t : args)
      key += std::string(dtype_name(t.dtype())) + t.shape().str() + (t.requires_grad() ? "g" : "");
    if (auto it = entries.find(key); it != entries.end()) return it->second;
    auto trace = std::make_shared<Trace>();
    Tensors inputs, outputs;
    bool on_tape = false;
    try {
      TraceScope scope(trace);
      for (const Tensor& t : args) {
        inputs.push_back(trace->placeholder(t.shape(), t.dtype(), t.device()));
        inputs.back().impl()->requires_grad = t.requires_grad();
      }
      outputs = body(inputs);
      for (const Tensor& t : outputs) on_tape |= t.requires_grad();
    } catch (...) {
      trace->finish();
      throw;
    }
    Entry e;
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
  Impl::Entry& e = impl_->entry(args);
  if (!e.program) return impl_->body(args);
  for (size_t i = 0; i < args.size(); ++i) e.program->set_input(i, args[i]);
  e.program->run();
  Tensors out;
  for (size_t i = 0; i < e.program->n_outputs(); ++i) out.push_back(e.program->output_tensor(i));
  return out;
}

size_t Function::captures() const { return impl_->entries.size(); }
std::string Function::program(const Tensors& args) {
  Impl::Entry& e = impl_->entry(args);
  return e.program ? e.program->str() : "";
}

}  // namespace lamina
