#include "graph/op.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "graph/graph.h"
#include "lamina/ops.h"

namespace lamina {

void register_all_ops();  // ops/registry.cpp

void Attrs::set(const std::string& key, Value value) {
  for (auto& [k, v] : items_)
    if (k == key) {
      v = std::move(value);
      return;
    }
  items_.emplace_back(key, std::move(value));
}

const Attrs::Value* Attrs::find(const char* key) const {
  for (auto& [k, v] : items_)
    if (k == key) return &v;
  return nullptr;
}

const Attrs::Value& Attrs::get(const char* key) const {
  const Value* v = find(key);
  if (!v) fail("operation: attribute '", key, "' is missing");
  return *v;
}

Config Attrs::config() const {
  Config c = Config::object();
  for (auto& [k, value] : items_)
    c.set(k, std::visit([](const auto& v) { return Config(v); }, value));
  return c;
}

Attrs Attrs::from_config(const Config& c) {
  Attrs a;
  for (auto& [k, v] : c.as_object()) {
    switch (v.type()) {
      case Config::Type::kBool:
        a.set(k, v.as_bool());
        break;
      case Config::Type::kInt:
        a.set(k, v.as_int());
        break;
      case Config::Type::kDouble:
        a.set(k, v.as_double());
        break;
      case Config::Type::kString:
        a.set(k, v.as_string());
        break;
      default:
        a.set(k, v.as_ints());
    }
  }
  return a;
}

void Infer::refuse_text(const std::string& text) const {
  std::string where = current_layer();
  fail(where.empty() ? "" : "in layer '" + where + "': ", op_.name, ": ", text);
}

void Infer::in_place(size_t i) {
  const TensorImpl& t = *inputs_[i].impl();
  outputs.push_back({t.shape, t.strides, t.offset, t.dtype, static_cast<int>(i)});
}

const Tensor& Backward::in(size_t i) const { return node_->inputs[i]; }
Tensor Backward::out(size_t i) const { return node_->output(i); }
const Attrs& Backward::attrs() const { return node_->attrs; }
size_t Backward::n_inputs() const { return node_->inputs.size(); }
bool Backward::needs(size_t i) const {
  return i < node_->inputs.size() && node_->inputs[i].requires_grad();
}

namespace {
std::map<std::string, const Op*>& registry() {
  static std::map<std::string, const Op*> ops;
  return ops;
}
std::vector<const Op*>& ordered() {
  static std::vector<const Op*> ops;
  return ops;
}
thread_local std::vector<std::string> layer_stack;
SymbolicApply symbolic_hook = nullptr;
}  // namespace

void register_op(const Op& op) {
  if (registry().emplace(op.name, &op).second) ordered().push_back(&op);
}
namespace {
void fill_registry() {
  static std::once_flag once;
  std::call_once(once, register_all_ops);
}
}  // namespace
const std::vector<const Op*>& all_ops() {
  fill_registry();
  return ordered();
}
const Op* find_op(const std::string& name) {
  fill_registry();
  auto it = registry().find(name);
  return it == registry().end() ? nullptr : it->second;
}

std::vector<std::string> op_names() {
  std::vector<std::string> names;
  for (const Op* op : all_ops()) names.emplace_back(op->name);
  return names;
}
std::string op_doc(const std::string& name) {
  const Op* op = find_op(name);
  return op ? op->doc : "";
}

void set_symbolic_apply(SymbolicApply hook) { symbolic_hook = hook; }
SymbolicApply symbolic_apply() { return symbolic_hook; }

LayerScope::LayerScope(const std::string& name) { layer_stack.push_back(name); }
LayerScope::~LayerScope() { layer_stack.pop_back(); }
std::string current_layer() {
  std::string path;
  for (auto& n : layer_stack) path += (path.empty() ? "" : "/") + n;
  return path;
}

}  // namespace lamina
