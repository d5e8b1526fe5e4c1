// Model::summary(): layers with output shapes, parameters, and what a forward pass of one sample
// costs.
#include <algorithm>
#include <cstdio>
#include <map>

#include "train/model_impl.h"

namespace lamina {

namespace {

std::string with_commas(int64_t n) {
  std::string s = std::to_string(n);
  for (int i = static_cast<int>(s.size()) - 3; i > 0; i -= 3) s.insert(static_cast<size_t>(i), ",");
  return s;
}

std::string with_unit(double v, double base, const char* const* units) {
  int u = 0;
  while (v >= base && u < 4) v /= base, ++u;
  char text[32];
  std::snprintf(text, sizeof text, u == 0 ? "%.0f %s" : "%.2f %s", v, units[u]);
  return text;
}
std::string bytes_text(double v) {
  static const char* const units[] = {"B", "KB", "MB", "GB", "TB"};
  return with_unit(v, 1024, units);
}
std::string flops_text(double v) {
  static const char* const units[] = {"FLOPs", "kFLOPs", "MFLOPs", "GFLOPs", "TFLOPs"};
  return with_unit(v, 1000, units);
}

// Multiplications and additions of one node. Products count two for each pair of factors; any other
// operation counts one for each element of its result.
double flops_of(const Node& node) {
  if (!node.op->run) return 0;
  std::string name = node.op->name;
  double out = node.outputs.empty() ? 0 : static_cast<double>(node.outputs[0]->shape.numel());
  auto numel = [&](size_t i) { return static_cast<double>(node.inputs[i].numel()); };
  if (name == "matmul" || name == "dense")
    return 2 * out * static_cast<double>(node.inputs[0].shape().back());
  if (name == "conv") {
    const Shape& kernel = node.inputs[1].shape();
    return 2 * out * numel(1) / static_cast<double>(kernel.back());
  }
  if (name == "recurrent") {
    // x (B, T, I), mask, lengths, then six inputs a direction, the first two its weights, with
    // which every step multiplies.
    const Shape& x = node.inputs[0].shape();
    double weights = 0;
    for (size_t i = 3; i + 1 < node.inputs.size(); i += 6)
      for (size_t k = i; k < i + 2; ++k)
        if (node.inputs[k].defined()) weights += numel(k);
    return 2 * static_cast<double>(x[0] * x[1]) * weights;
  }
  return out;
}

struct Cost {
  std::map<std::string, double> flops;  // by layer, below the model
  double total = 0, activations = 0;
};

// Captures a forward pass of one sample and counts.
Cost cost_of(Model& model, const Model::Impl& m) {
  auto trace = std::make_shared<Trace>();
  Cost cost;
  TraceScope scope(trace);
  ShapesOnly shapes;
  NoGrad off;
  Tensors inputs;
  for (const Tensor& t : m.inputs) {
    Shape s = t.shape();
    for (int i = 0; i < s.rank(); ++i)
      if (s[i] < 0) s[i] = 1;
    inputs.push_back(trace->placeholder(s, t.dtype()));
  }
  try {
    model(inputs, CallArgs{}, false);
    for (auto& node : trace->nodes) {
      double f = flops_of(*node);
      // "model/layer/..." -> "layer"
      size_t a = node->layer.find('/');
      std::string layer = a == std::string::npos ? "" : node->layer.substr(a + 1);
      cost.flops[layer.substr(0, layer.find('/'))] += f;
      cost.total += f;
      if (node->op->run)
        for (auto& out : node->outputs)
          cost.activations +=
              static_cast<double>(out->shape.numel()) * static_cast<double>(itemsize(out->dtype));
    }
  } catch (const Error&) {
    cost = {};  // one sample of length 1 may be too short for a layer; then there is no figure
  }
  trace->finish();
  return cost;
}

// Display width: code points, for the box characters and names in UTF-8.
size_t width(const std::string& s) {
  return static_cast<size_t>(
      std::count_if(s.begin(), s.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string pad_to(std::string s, size_t n) {
  if (width(s) > n) s = s.substr(0, n > 1 ? n - 1 : 0) + "~";
  return s + std::string(n - width(s), ' ');
}

using Row = std::vector<std::string>;

std::string table(const std::vector<Row>& rows, size_t line_length) {
  std::vector<size_t> widths(rows[0].size());
  for (auto& r : rows)
    for (size_t i = 0; i < r.size(); ++i) widths[i] = std::max(widths[i], width(r[i]));
  if (line_length) {  // the first column gives way
    size_t total = 1;
    for (size_t w : widths) total += w + 3;
    if (total > line_length)
      widths[0] -= std::min(widths[0] - std::min<size_t>(widths[0], 12), total - line_length);
  }
  auto rule = [&](const char* left, const char* mid, const char* right, const char* line) {
    std::string s = left;
    for (size_t i = 0; i < widths.size(); ++i) {
      for (size_t k = 0; k < widths[i] + 2; ++k) s += line;
      s += i + 1 < widths.size() ? mid : right;
    }
    return s + "\n";
  };
  std::string out = rule("┏", "┳", "┓", "━");
  for (size_t r = 0; r < rows.size(); ++r) {
    const char* bar = r == 0 ? "┃" : "│";
    for (size_t i = 0; i < widths.size(); ++i)
      out += std::string(bar) + " " + pad_to(rows[r][i], widths[i]) + " ";
    out += std::string(bar) + "\n";
    if (r == 0)
      out += rule("┡", "╇", "┩", "━");
    else if (r + 1 < rows.size())
      out += rule("├", "┼", "┤", "─");
  }
  return out + rule("└", "┴", "┘", "─");
}

void layer_rows(const Layer& layer, const Model::Impl* impl, const Cost& cost,
                const std::string& indent, bool nested, std::vector<Row>& rows) {
  std::map<const Layer*, Shape> shapes;
  if (impl)
    for (auto& call : impl->calls)
      if (!call.node->outputs.empty()) shapes[call.node->layer.get()] = call.node->outputs[0].shape;
  for (auto& l : layer.layers()) {
    auto it = shapes.find(l.get());
    Shape unknown;
    if (it == shapes.end() && l->class_name() == "InputLayer")
      unknown = Shape(l->get_config().at("batch_shape").as_ints());
    auto f = cost.flops.find(l->name());
    rows.push_back({indent + l->name() + " (" + l->class_name() + ")",
                    it != shapes.end() ? it->second.str()
                    : unknown.rank()   ? unknown.str()
                                       : "?",
                    l->built() ? with_commas(l->count_params()) : "0 (unbuilt)",
                    indent.empty() && f != cost.flops.end() ? flops_text(f->second) : "-"});
    if (nested && dynamic_cast<Model*>(l.get()))
      layer_rows(*l, nullptr, cost, indent + "  └ ", nested, rows);
  }
}

}  // namespace

std::string Model::summary(int64_t line_length, bool expand_nested) const {
  const Impl& m = *impl_;
  Model& self = const_cast<Model&>(*this);
  Cost cost = m.functional ? cost_of(self, m) : Cost{};
  std::vector<Row> rows = {{"Layer (type)", "Output Shape", "Param #", "FLOPs"}};
  if (m.functional && class_name() == "Functional")
    for (size_t i = 0; i < m.inputs.size(); ++i)
      rows.push_back({input_names()[i] + " (InputLayer)", m.inputs[i].shape().str(), "0", "-"});
  // The shapes of a Sequential's layers come from its symbolic outputs.
  Impl* graph = impl_.get();
  Impl chain;
  if (class_name() == "Sequential" && m.functional) {
    chain.outputs = m.outputs;
    Tensor t = m.outputs[0];
    while (t.is_symbolic() && symbol_of(t).node->layer) {
      auto node = symbol_of(t).node;
      chain.calls.push_back({node, {}});
      t = node->inputs[0];
    }
    graph = &chain;
  }
  layer_rows(*this, graph, cost, "", expand_nested, rows);
  int64_t total = 0, trainable = 0, bytes = 0;
  for (auto& v : weights()) {
    total += v.shape().numel();
    bytes += static_cast<int64_t>(v.value().nbytes());
    if (v.trainable()) trainable += v.shape().numel();
  }
  std::string out = "Model: \"" + name_ + "\"\n" +
                    table(rows, static_cast<size_t>(std::max<int64_t>(line_length, 0)));
  auto line = [&](const char* what, int64_t n) {
    out += std::string(" ") + what + ": " + with_commas(n) + " (" +
           bytes_text(total ? static_cast<double>(bytes) * static_cast<double>(n) /
                                  static_cast<double>(total)
                            : 0) +
           ")\n";
  };
  line("Total params", total);
  line("Trainable params", trainable);
  line("Non-trainable params", total - trainable);
  if (cost.total > 0)
    out += " Forward pass of one sample: " + flops_text(cost.total) + ", " +
           bytes_text(cost.activations) + " of activations\n";
  return out;
}

}  // namespace lamina
