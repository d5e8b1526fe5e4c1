// Pipeline: layers one after the other, as one layer.
#include "lamina/layers_preprocessing.h"
#include "layers/builtin.h"

namespace lamina {

namespace {

class Pipeline : public BuiltIn<Pipeline, PipelineOptions> {
 public:
  static constexpr const char* kName = "Pipeline";
  explicit Pipeline(const PipelineOptions& o) : BuiltIn(o) {
    if (!o.layers.is_list())
      throw Error("Pipeline: argument 'layers' must be a list of layers", Error::Kind::kType);
    for (const Config& c : o.layers.as_list()) {
      auto l = track(make_layer(c.at("class_name").as_string(), c.at("config")));
      if (const Config* shapes = c.find("build_shapes")) saved_.emplace_back(l, *shapes);
    }
    o_.layers = Config::list();
  }
  bool takes_text() const override { return !sublayers_.empty() && sublayers_[0]->takes_text(); }
  bool needs_text() const override { return !sublayers_.empty() && sublayers_[0]->needs_text(); }
  bool trains_by_default() const override { return true; }
  bool casts_inputs() const override { return false; }
  void build(const std::vector<Shape>&) override {
    for (auto& [layer, saved] : saved_) {
      std::vector<Shape> shapes;
      for (const Config& s : saved.as_list()) shapes.emplace_back(s.as_ints());
      layer->build_from(shapes);
    }
    saved_.clear();
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    Tensors x = in;
    for (auto& l : sublayers_) x = (*l)(x, CallArgs{}, args.training);
    return x;
  }
  Config get_config() const override {
    Config c = BuiltIn::get_config();
    std::vector<Config> list;
    for (auto& l : sublayers_) list.push_back(serialize_layer(*l));
    c.set("layers", std::move(list));
    c.erase("trainable"), c.erase("dtype");  // as in Keras
    return c;
  }

 private:
  std::vector<std::pair<LayerPtr, Config>> saved_;  // built layers of a config, and their shapes
};

}  // namespace

LayerPtr make_pipeline(const std::vector<LayerPtr>& layers, const PipelineOptions& options) {
  auto pipeline = std::make_shared<Pipeline>(options);
  for (auto& l : layers) pipeline->track_layer(l);
  if (pipeline->name().empty()) pipeline->set_name(unique_layer_name(Pipeline::kName));
  return pipeline;
}

void add_pipeline_layers(LayerClasses& out) {
  out.push_back(layer_class<Pipeline>(
      R"(Layers one after the other, as one layer; for preparing data.

Unlike a model it takes `training` as true where a call says nothing.

Args:
    layers: The layers, in order.

Input shape: that of the first layer. Output shape: that of the last one.

Example:

>>> import lamina, numpy as np
>>> pipeline = lamina.layers.Pipeline(
...     [lamina.layers.Rescaling(0.5), lamina.layers.Rescaling(1.0, offset=1.0)])
>>> pipeline(np.array([2.0, 4.0], "float32")).numpy()
array([2., 3.], dtype=float32))"));
}

}  // namespace lamina
