// Model files: architecture as JSON in the metadata of a safetensors file; tensors under weights/,
// optimizer/, random/ and assets/ (vocabularies).
#include <algorithm>
#include <map>
#include <set>

#include "core/tensor_impl.h"
#include "io/safetensors.h"
#include "train/model_impl.h"

namespace lamina {

namespace {

constexpr const char* kFormat = "lamina";

const char* file_dtype(DType d) {
  static const char* const names[] = {"BOOL", "U8",  "I8",   "I16", "I32",
                                      "I64",  "F16", "BF16", "F32", "F64"};
  return names[static_cast<int>(d)];
}
DType dtype_from_file(const std::string& name) {
  for (int i = 0; i < 10; ++i)
    if (name == file_dtype(static_cast<DType>(i))) return static_cast<DType>(i);
  fail("model file: unsupported dtype ", name);
}

// Tensors on their way to a file, kept alive until it is written.
struct Writer {
  std::vector<io::Entry> entries;
  Tensors held;
  void add(const std::string& name, const Tensor& t) {
    Tensor host = t.detach().to(Device{}).contiguous();
    held.push_back(host);
    entries.push_back(
        {name, file_dtype(host.dtype()), host.shape().vec(), host.data(), host.nbytes()});
  }
};

Tensor tensor_of(const io::Entry& e) {
  return Tensor::from_data(e.data, Shape(e.shape), dtype_from_file(e.dtype));
}

void add_weights(Writer& w, const Model& model) {
  for (auto& [path, v] : model.named_weights()) w.add("weights/" + path, v.value());
}

// A path without the numbers that automatic names of layers end with.
std::string unnumbered(const std::string& path) {
  std::string out;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    size_t last = end;
    while (last > begin && path[last - 1] >= '0' && path[last - 1] <= '9') --last;
    const bool numbered = last < end && last > begin + 1 && path[last - 1] == '_';
    out += path.substr(begin, (numbered ? last - 1 : end) - begin) + "/";
    begin = end + 1;
  }
  return out;
}

// Writes the weights of a file into the model, after all of them have been found to fit: by name,
// or in order where names differ in the numbers of automatic ones alone, as in a model built again.
void restore_weights(Model& model, const io::SafetensorsFile& file, const std::string& path) {
  auto named = model.named_weights();
  std::vector<const io::Entry*> stored;
  for (auto& e : file.entries())
    if (e.name.rfind("weights/", 0) == 0) stored.push_back(&e);
  bool by_name = true, in_order = stored.size() == named.size();
  for (size_t i = 0; i < named.size(); ++i) {
    by_name = by_name && file.find("weights/" + named[i].first);
    in_order = in_order && unnumbered(stored[i]->name.substr(8)) == unnumbered(named[i].first);
  }
  std::vector<Tensor> values;
  std::set<std::string> used;
  for (size_t i = 0; i < named.size(); ++i) {
    auto& [name, v] = named[i];
    const io::Entry* e = in_order && !by_name ? stored[i] : file.find("weights/" + name);
    if (!e) fail("load '", path, "': there is no weight '", name, "' in the file");
    if (!(Shape(e->shape) == v.shape()))
      fail("load '", path, "': weight '", name, "' has shape ", Shape(e->shape), " in the file, ",
           v.shape(), " in the model");
    values.push_back(tensor_of(*e));
    used.insert(e->name);
  }
  for (const io::Entry* e : stored)
    if (!used.count(e->name))
      fail("load '", path, "': the model has no weight '", e->name.substr(8), "'");
  for (size_t i = 0; i < named.size(); ++i)
    named[i].second.assign(cast(values[i], named[i].second.dtype()));
}

void restore_assets(Model& model, const io::SafetensorsFile& file) {
  LayerAssets assets;
  for (auto& e : file.entries())
    if (e.name.rfind("assets/", 0) == 0) assets.emplace_back(e.name.substr(7), tensor_of(e));
  model.set_named_assets(assets);
}

void restore_optimizer(Model& model, const io::SafetensorsFile& file, const std::string& path) {
  model.optimizer()->build(model.trainable_weights());
  for (auto& [name, v] : model.optimizer()->variables()) {
    const io::Entry* e = file.find("optimizer/" + name);
    if (!e) continue;  // the model was saved before its first step
    if (!(Shape(e->shape) == v.shape()))
      fail("load '", path, "': optimizer state '", name, "' has shape ", Shape(e->shape),
           ", expected ", v.shape());
    v.assign(tensor_of(*e));
  }
}

void restore_random(Model& model, const io::SafetensorsFile& file) {
  NoGrad off;
  for (auto& [name, state] : model.seed_states())
    if (const io::Entry* e = file.find("random/" + name); e && Shape(e->shape) == state.shape())
      assign(state, tensor_of(*e));
}

}  // namespace

Config Model::compile_config() const {
  if (!impl_->compiled) return {};
  const Impl& m = *impl_;
  Config c = Config::object();
  c.set("optimizer", serialize_optimizer(*m.optimizer));
  std::vector<Config> losses, weights, metrics;
  for (auto& l : m.options.losses)
    losses.push_back(
        l ? Config::object({{"class_name", l->class_name()}, {"config", l->get_config()}})
          : Config());
  for (double w : m.options.loss_weights) weights.push_back(w);
  for (auto& s : m.options.metrics) {
    Config by = s.by_name;
    if (s.object) {
      Config c = s.object->get_config();
      if (c.has("name")) c.set("name", s.name);
      by = Config::object({{"class_name", s.object->class_name()}, {"config", c}});
    }
    metrics.push_back(Config::object(
        {{"output", static_cast<int64_t>(s.output)}, {"weighted", s.weighted}, {"metric", by}}));
  }
  c.set("losses", std::move(losses));
  c.set("loss_weights", std::move(weights));
  c.set("metrics", std::move(metrics));
  c.set("run_eagerly", m.options.run_eagerly);
  return c;
}

void Model::compile_from_config(const Config& c) {
  CompileOptions o;
  o.optimizer = c.at("optimizer");
  for (const Config& l : c.at("losses").as_list())
    o.losses.push_back(l.is_null() ? nullptr : make_loss(l));
  for (const Config& w : c.at("loss_weights").as_list()) o.loss_weights.push_back(w.as_double());
  for (const Config& s : c.at("metrics").as_list()) {
    CompileOptions::MetricSpec spec;
    int64_t output = s.at("output").as_int();
    if (output < 0) fail("model file: metrics for output ", output);
    spec.output = static_cast<size_t>(output);
    spec.weighted = s.at("weighted").as_bool();
    if (s.at("metric").is_object())
      spec.object = make_metric(s.at("metric"));
    else
      spec.by_name = s.at("metric");
    o.metrics.push_back(spec);
  }
  o.run_eagerly = c.at("run_eagerly").as_bool();
  compile(o);
}

void Model::save(const std::string& path) const {
  if (!built_) throw error("save: the model has no weights yet; build it or call it on data first");
  Writer w;
  add_weights(w, *this);
  for (auto& [name, state] : seed_states()) w.add("random/" + name, state);
  for (auto& [path, t] : named_assets()) w.add("assets/" + path, t);
  std::map<std::string, std::string> meta;
  meta["format"] = kFormat;
  meta["lamina_version"] = version();
  meta["model"] = serialize_layer(*this).dump();
  if (impl_->compiled) {
    meta["compile"] = compile_config().dump();
    for (auto& [name, v] : impl_->optimizer->variables()) w.add("optimizer/" + name, v.value());
  }
  io::write_safetensors(path, w.entries, meta);
}

void Model::save_weights(const std::string& path) const {
  if (!built_)
    throw error("save_weights: the model has no weights yet; build it or call it on data first");
  Writer w;
  add_weights(w, *this);
  io::write_safetensors(path, w.entries, {{"format", kFormat}, {"lamina_version", version()}});
}

void Model::load_weights(const std::string& path) {
  if (!built_)
    throw error("load_weights: the model has no weights yet; build it or call it on data first");
  io::SafetensorsFile file(path);
  restore_weights(*this, file, path);
}

void Model::restore_state(const std::string& path) {
  if (!built_)
    throw error("restore_state: the model has no weights yet; build it or call it on data first");
  io::SafetensorsFile file(path);
  restore_weights(*this, file, path);
  restore_random(*this, file);
  if (impl_->compiled) restore_optimizer(*this, file, path);
}

ModelPtr load(const std::string& path, bool compile) {
  io::SafetensorsFile file(path);
  auto meta = file.metadata();
  if (meta["format"] != kFormat || !meta.count("model"))
    fail("load '", path,
         "': not a lamina model file; it holds tensors but no architecture. load_weights() reads ",
         "weights into a model");
  ModelPtr model = model_from_config(Config::parse(meta["model"]));
  if (!model->built()) fail("load '", path, "': the file does not say how the model was built");
  restore_weights(*model, file, path);
  restore_random(*model, file);
  restore_assets(*model, file);
  if (compile && meta.count("compile")) {
    model->compile_from_config(Config::parse(meta["compile"]));
    restore_optimizer(*model, file, path);
  }
  return model;
}

Tensors Model::get_weights() const {
  Tensors out;
  for (auto& v : weights()) out.push_back(v.value().detach().clone());
  return out;
}

void Model::set_weights(const Tensors& values) {
  auto all = weights();
  if (values.size() != all.size())
    throw error(str("set_weights: expected ", all.size(), " arrays, received ", values.size()));
  for (size_t i = 0; i < all.size(); ++i)
    if (values[i].shape() != all[i].shape())
      throw error(str("set_weights: weight '", all[i].path(), "' has shape ", all[i].shape(),
                      ", received ", values[i].shape()));
  for (size_t i = 0; i < all.size(); ++i) all[i].assign(cast(values[i], all[i].dtype()));
}

}  // namespace lamina
