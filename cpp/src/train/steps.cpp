// compile() and the steps that fit, evaluate and predict run: forward, loss, backward, update,
// metrics, as one captured program for each signature.
#include <algorithm>
#include <set>

#include "lamina/ragged.h"
#include "train/model_impl.h"

namespace lamina {

void Model::compile(const CompileOptions& options) {
  Impl& m = *impl_;
  size_t n_out = m.functional ? m.outputs.size() : std::max<size_t>(options.losses.size(), 1);
  if (m.functional && options.losses.size() > n_out)
    throw error(str("compile: ", options.losses.size(), " losses for ", n_out, " outputs"));
  if (!options.loss_weights.empty() && options.loss_weights.size() != options.losses.size())
    throw error(str("compile: ", options.loss_weights.size(), " loss_weights for ",
                    options.losses.size(), " losses"));
  for (auto& spec : options.metrics) {
    if (m.functional && spec.output >= n_out)
      throw error(str("compile: metrics for output ", spec.output, " of ", n_out));
    if (!spec.object && !(spec.by_name.is_string() &&
                          std::set<std::string>{"accuracy", "acc", "crossentropy", "ce"}.count(
                              spec.by_name.as_string())))
      make_metric(spec.by_name);  // an unknown name is refused here rather than in fit
  }
  m.optimizer =
      options.optimizer_object ? options.optimizer_object : make_optimizer(options.optimizer);
  m.options = options;
  for (auto& spec : m.options.metrics)
    if (spec.object) spec.name = spec.object->name();
  m.metrics.clear();
  m.metrics_ready = false;
  m.loss_tracker = std::make_shared<MeanMetric>("loss");
  m.output_losses.clear();
  if (options.losses.size() > 1) {
    auto names = m.functional ? output_names() : std::vector<std::string>{};
    for (size_t i = 0; i < options.losses.size(); ++i)
      m.output_losses.push_back(std::make_shared<MeanMetric>(
          (i < names.size() ? names[i] : "output_" + std::to_string(i)) + "_loss"));
  }
  m.drop_programs();
  m.compiled = true;
}

bool Model::compiled() const { return impl_->compiled; }
OptimizerPtr Model::optimizer() const { return impl_->optimizer; }
void Model::set_stop_training(bool stop) { impl_->stop_training = stop; }
bool Model::stop_training() const { return impl_->stop_training; }
void Model::set_initial_epoch(int64_t epoch) { impl_->initial_epoch = epoch; }
int64_t Model::initial_epoch() const { return impl_->initial_epoch; }

std::vector<MetricPtr> Model::metrics() const {
  std::vector<MetricPtr> out;
  if (!impl_->loss_tracker) return out;
  out.push_back(impl_->loss_tracker);
  for (auto& l : impl_->output_losses) out.push_back(l);
  for (auto& t : impl_->metrics) out.push_back(t.metric);
  for (auto& t : impl_->own_metrics) out.push_back(t);
  return out;
}

std::vector<std::string> Model::metrics_names() const {
  std::vector<std::string> names;
  for (auto& m : metrics()) names.push_back(m->name());
  return names;
}

LogValue::operator double() const {
  double total = 0;
  for (double v : values) total += v;
  return values.empty() ? 0 : total / static_cast<double>(values.size());
}

void Model::reset_metrics() {
  for (auto& m : metrics()) m->reset_state();
}

Logs Model::logs() const {
  Logs logs;
  if (auto it = impl_->step_logs.find(impl_->mode); it != impl_->step_logs.end()) {
    for (auto& [name, v] : it->second) logs.emplace_back(name, v.value().item<double>());
    return logs;
  }
  for (auto& m : metrics()) {
    Tensor r = m->result();
    logs.emplace_back(m->name(),
                      r.rank() == 0 ? LogValue(r.item<double>()) : LogValue(r.to_vector<double>()));
  }
  return logs;
}

// ---- steps --------------------------------------------------------------------------------------

namespace {

// Metrics are made when the shapes of targets and outputs are known.
void make_metrics(Model& model, Model::Impl& m, const Tensors& y, const Tensors& y_pred) {
  if (m.metrics_ready) return;
  TraceScope suspended(nullptr);
  std::set<std::string> taken;
  auto names = m.functional ? model.output_names() : std::vector<std::string>{};
  for (auto& spec : m.options.metrics) {
    if (spec.output >= y_pred.size() || spec.output >= y.size())
      throw model.error(str("compile: metrics for output ", spec.output, ", but there are ",
                            y_pred.size(), " outputs and ", y.size(), " targets"));
    MetricPtr metric = spec.object ? spec.object
                                   : make_metric_for(spec.by_name, y[spec.output].shape(),
                                                     y_pred[spec.output].shape());
    if (!spec.object && spec.by_name.is_string()) metric->set_name(spec.by_name.as_string());
    std::string name = metric->name();
    if (y_pred.size() > 1 && spec.output < names.size()) name = names[spec.output] + "_" + name;
    std::string unique = name;
    for (int i = 1; !taken.insert(unique).second; ++i) unique = name + "_" + std::to_string(i);
    metric->set_name(unique);
    m.metrics.push_back({spec.output, spec.weighted, metric});
  }
  m.metrics_ready = true;
}

// The weight of a sequence is that of its steps where the output has one entry for each.
Tensor weight_of(const Batch& batch, size_t output, const Tensor& y_pred) {
  if (batch.sample_weight.empty()) return {};
  Tensor w = batch.sample_weight[std::min(output, batch.sample_weight.size() - 1)];
  return y_pred.is_ragged() && w.defined() && !w.is_ragged() ? repeat_rows(w, y_pred) : w;
}

void check_rows(const Model& model, size_t output, const Tensor& y, const Tensor& y_pred) {
  if (y_pred.is_ragged() ? same_rows(y, y_pred) : !y.is_ragged()) return;
  if (y_pred.is_ragged())
    throw model.error(str("output ", output,
                          " has one entry for each step of ragged sequences, so ",
                          "its targets must be ragged with the same row lengths; received ",
                          y.is_ragged() ? "other row lengths" : str("shape ", y.shape())));
  throw model.error(str("output ", output, " has one entry for each sequence, shape ",
                        y_pred.shape(), "; received ragged targets, one for each step"));
}

double samples_in(const Batch& batch) {
  return batch.x.empty() ? 1.0 : static_cast<double>(sample_count(batch.x[0]));
}

}  // namespace

Tensor Model::compute_loss(const Batch& batch, const Tensors& y_pred) {
  Impl& m = *impl_;
  if (m.options.losses.empty() && losses().empty())
    throw error("compile: no loss was given and no layer added one; pass loss= to compile()");
  if (!m.options.losses.empty() &&
      (y_pred.size() != m.options.losses.size() || batch.y.size() != y_pred.size()))
    throw error(str("has ", y_pred.size(), " outputs, ", m.options.losses.size(),
                    " losses and was given ", batch.y.size(), " targets; the numbers must agree"));
  Tensor samples = full({}, samples_in(batch), DType::kFloat32);
  Tensor total;
  for (size_t i = 0; i < m.options.losses.size(); ++i) {
    if (!m.options.losses[i]) continue;
    check_rows(*this, i, batch.y[i], y_pred[i]);
    Tensor loss = (*m.options.losses[i])(batch.y[i], y_pred[i], weight_of(batch, i, y_pred[i]));
    if (loss.rank() > 0) loss = sum(loss);
    if (i < m.output_losses.size()) {
      NoGrad off;
      m.output_losses[i]->update(stop_gradient(loss), samples);
    }
    if (i < m.options.loss_weights.size()) loss = loss * Tensor(m.options.loss_weights[i]);
    total = total.defined() ? total + loss : loss;
  }
  for (const Tensor& extra : losses()) {
    Tensor e = extra.rank() > 0 ? sum(extra) : extra;
    total = total.defined() ? total + e : e;
  }
  track_loss(total, batch);
  return total;
}

void Model::track_loss(const Tensor& loss, const Batch& batch) {
  NoGrad off;
  impl_->loss_tracker->update(stop_gradient(loss), full({}, samples_in(batch), DType::kFloat32));
}

void Model::track_metric(const MetricPtr& metric) {
  auto& own = impl_->own_metrics;
  if (std::find(own.begin(), own.end(), metric) == own.end()) own.push_back(metric);
}

void Model::set_log(const std::string& name, const Tensor& value) {
  auto& logs = impl_->step_logs[impl_->mode];
  Tensor scalar = value.rank() > 0 ? mean(value) : value;
  for (auto& [key, v] : logs)
    if (key == name) return v.assign(cast(scalar, DType::kFloat32));
  Variable fresh;
  {
    TraceScope suspended(nullptr);
    fresh = Variable(zeros({}, DType::kFloat32), name, false);
  }
  fresh.assign(cast(scalar, DType::kFloat32));
  logs.emplace_back(name, fresh);
}

void Model::update_metrics(const Batch& batch, const Tensors& y_pred) {
  if (batch.y.empty()) return;
  NoGrad off;
  make_metrics(*this, *impl_, batch.y, y_pred);
  for (auto& t : impl_->metrics) {
    const Tensor& given = y_pred[t.output];
    Tensor y = stop_gradient(given), target = batch.y[t.output], mask = given.mask(),
           weight = t.weighted ? weight_of(batch, t.output, given) : Tensor{};
    if (given.is_ragged())  // each step is a sample: batches count by their steps
      for (Tensor* part : {&y, &target, &mask, &weight})
        if (part->defined()) *part = squeeze(*part, 0);
    if (mask.defined() && !y.mask().defined()) y.set_mask(mask);
    t.metric->update_state(target, y, weight);
  }
}

void Model::train_step(const Batch& batch) {
  std::vector<Variable> variables;
  Tensors grads;
  Tensors y_pred = (*this)(batch.x, CallArgs{}, true);
  Tensor loss = compute_loss(batch, y_pred);
  variables = trainable_weights();
  if (!variables.empty() && loss.requires_grad()) {
    Optimizer& optimizer = *impl_->optimizer;
    optimizer.build(variables);  // the scale of the loss may be part of its state
    Tensors values;
    for (auto& v : variables) values.push_back(v.value());
    grads = gradients({optimizer.scale_loss(loss)}, values);
    optimizer.apply(grads, variables);
  }
  update_metrics(batch, y_pred);
}

void Model::test_step(const Batch& batch) {
  NoGrad off;
  Tensors y_pred = (*this)(batch.x, CallArgs{}, false);
  compute_loss(batch, y_pred);
  update_metrics(batch, y_pred);
}

Tensors Model::predict_step(const Tensors& x) {
  NoGrad off;
  return (*this)(x, CallArgs{}, false);
}

Tensors row_groups(const Batch& batch) {
  Tensors out;
  for (const Tensors* list : {&batch.x, &batch.y, &batch.sample_weight})
    for (const Tensor& t : *list)
      if (t.defined() && t.is_ragged() && row_group(out, t) < 0) out.push_back(t.row_lengths());
  return out;
}

int row_group(const Tensors& groups, const Tensor& t) {
  if (t.defined() && t.is_ragged())
    for (size_t i = 0; i < groups.size(); ++i)
      if (groups[i].impl() == t.row_lengths().impl()) return static_cast<int>(i);
  return -1;
}

namespace {

std::string signature(Mode mode, const Batch& batch) {
  Tensors rows = row_groups(batch);
  std::string s(1, static_cast<char>(mode));
  const auto add = [&](const Shape& shape) {
    for (int64_t d : shape) s.append(reinterpret_cast<const char*>(&d), sizeof d);
    s += static_cast<char>(shape.rank());
  };
  for (const Tensors* group : {&batch.x, &batch.y, &batch.sample_weight}) {
    s += "|";
    for (const Tensor& t : *group) {
      s += dtype_name(t.dtype());
      add(t.shape());
      if (t.is_ragged()) s += "r" + std::to_string(row_group(rows, t));
    }
  }
  for (const Tensor& t : rows) add(t.shape());
  return s;
}

Tensors placeholders(Trace& trace, const Tensors& like, Tensors& all) {
  Tensors out;
  for (const Tensor& t : like) {
    out.push_back(trace.placeholder(t.shape(), t.dtype(), t.device()));
    all.push_back(out.back());
  }
  return out;
}

Tensors list_of(const Tensors& found, const Tensors& like, const Tensors& groups,
                const Tensors& rows) {
  Tensors out = found;
  for (size_t i = 0; i < out.size(); ++i)
    if (int g = row_group(groups, like[i]); g >= 0)
      out[i] = as_ragged(out[i], rows[static_cast<size_t>(g)]);
  return out;
}

// Equal row lengths become one tensor, and ragged tensors get the room that captured steps have.
void settle_rows(Batch& batch) {
  Tensors known;
  for (Tensors* list : {&batch.x, &batch.y, &batch.sample_weight})
    for (Tensor& t : *list) {
      if (!t.defined() || !t.is_ragged() || t.is_abstract()) continue;
      std::vector<int64_t> lengths = t.row_lengths().to_vector<int64_t>();
      Tensor rows;
      for (const Tensor& k : known)
        if (k.impl() == t.row_lengths().impl() || k.to_vector<int64_t>() == lengths) rows = k;
      if (!rows.defined()) known.push_back(rows = t.row_lengths());
      int64_t total = 0;
      for (int64_t n : lengths) total += n;
      int64_t room = ragged_capacity(total), have = t.dim(1);
      if (total > have)
        fail("row_lengths add up to ", total, ", but a ragged batch has ", have, " steps");
      Tensor v = getitem(t, {Index(), Index::slice(0, std::min(room, have))});
      std::vector<std::pair<int64_t, int64_t>> width(static_cast<size_t>(t.rank()));
      width[1].second = room - v.dim(1);
      t = as_ragged(room > v.dim(1) ? pad(v, width) : v, rows);
    }
}

}  // namespace

void prepare_steps(Model& model, Model::Impl& m, Mode mode, const Batch& batch) {
  m.mode = mode;
  if (!model.built()) {
    std::vector<Shape> shapes;
    for (const Tensor& t : batch.x) {
      Shape s = t.shape();
      if (!s.empty()) s[0] = -1;
      if (t.is_ragged()) s[1] = -1;
      shapes.push_back(s);
    }
    if (model.name().empty()) model.set_name(unique_layer_name(model.class_name()));
    model.build_from(shapes);
  }
  int64_t generation = m.optimizer ? m.optimizer->generation() : 0;
  bool stale = m.generation != generation || m.drops != captures_dropped();
  m.generation = generation, m.drops = captures_dropped();
  if (m.weight_changes != weight_changes()) {
    std::string flags;
    for (auto& v : model.weights()) flags += v.trainable() ? '1' : '0';
    stale |= flags != m.trainable_signature;
    m.trainable_signature = flags, m.weight_changes = weight_changes();
  }
  if (stale) m.drop_programs();
  // Layers of a subclassed model may only come to be in its first call.
  if (mode == Mode::kTrain && m.optimizer && !m.optimizer->built() && m.functional)
    m.optimizer->build(model.trainable_weights());
}

StepProgram& step_program(Model& model, Model::Impl& m, Mode mode, const Batch& batch) {
  std::string key = signature(mode, batch);
  if (auto it = m.programs.find(key); it != m.programs.end()) return it->second;
  StepProgram step;
  auto trace = std::make_shared<Trace>();
  Tensors inputs, outputs;
  {
    TraceScope scope(trace);
    Batch abstract;
    abstract.x = placeholders(*trace, batch.x, inputs);
    abstract.y = placeholders(*trace, batch.y, inputs);
    abstract.sample_weight = placeholders(*trace, batch.sample_weight, inputs);
    Tensors groups = row_groups(batch), rows = placeholders(*trace, groups, inputs);
    abstract.x = list_of(abstract.x, batch.x, groups, rows);
    abstract.y = list_of(abstract.y, batch.y, groups, rows);
    abstract.sample_weight = list_of(abstract.sample_weight, batch.sample_weight, groups, rows);
    step.n_x = batch.x.size(), step.n_y = batch.y.size(),
    step.n_weight = batch.sample_weight.size();
    try {
      if (mode == Mode::kTrain) {
        NoGrad on(true);
        model.train_step(abstract);
      } else if (mode == Mode::kTest) {
        model.test_step(abstract);
      } else {
        outputs = model.predict_step(abstract.x);
        for (const Tensor& y : outputs) step.output_rows.push_back(row_group(rows, y));
      }
    } catch (...) {
      trace->finish();
      throw;
    }
  }
  model.clear_losses();  // they are of this step alone
  step.program = Program::compile(*trace, inputs, outputs, m.arena);
  return m.programs[key] = std::move(step);
}

bool runs_eagerly(const Model& model, const Model::Impl& m, bool ragged) {
  return (m.options.run_eagerly && m.compiled) || (ragged && model.reads_row_lengths());
}

Tensors run_step(Model& model, Model::Impl& m, Mode mode, const Batch& given) {
  // Text is for layers at the head of the model; the rest may be captured.
  Batch batch = given;
  batch.x = model.encode_text(given.x);
  settle_rows(batch);
  struct Encoded {
    bool &flag, before;
    ~Encoded() { flag = before; }
  } scope{m.encoded, m.encoded};
  m.encoded = has_text(given.x) && !has_text(batch.x);
  prepare_steps(model, m, mode, batch);
  if (runs_eagerly(model, m, !row_groups(batch).empty())) {
    if (mode == Mode::kTrain) {
      NoGrad on(true);
      model.train_step(batch);
    } else if (mode == Mode::kTest) {
      model.test_step(batch);
    } else {
      return model.predict_step(batch.x);
    }
    return {};
  }
  StepProgram& step = step_program(model, m, mode, batch);
  size_t i = 0;
  for (const Tensors* group : {&batch.x, &batch.y, &batch.sample_weight})
    for (const Tensor& t : *group) step.program->set_input(i++, t);
  Tensors rows = row_groups(batch), out;
  for (const Tensor& t : rows) step.program->set_input(i++, t);
  step.program->run();
  if (mode == Mode::kPredict)
    for (size_t k = 0; k < step.program->n_outputs(); ++k) {
      out.push_back(step.program->output_tensor(k));
      if (step.output_rows[k] >= 0)
        out[k] = as_ragged(out[k], rows[static_cast<size_t>(step.output_rows[k])]);
    }
  return out;
}

}  // namespace lamina
