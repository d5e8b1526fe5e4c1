// Layers around another layer, which stays the user's own.
#pragma once
#include "layers/builtin.h"

namespace lamina {

// Options have a field `layer`.
template <class Derived, class Options>
class Wrapper : public BuiltIn<Derived, Options> {
 public:
  explicit Wrapper(const Options& o) : BuiltIn<Derived, Options>(o) {
    try {
      layer_ = this->track(shared_layer(o.layer));
    } catch (const Error& e) {
      throw Error(str(Derived::kName, ": argument 'layer': ", e.what()), e.kind());
    }
  }
  void build(const std::vector<Shape>& shapes) override { layer_->build_from(shapes); }
  Config get_config() const override {
    Config c = BuiltIn<Derived, Options>::get_config();
    Config inner = serialize_layer(*layer_);
    inner.erase("build_shapes");  // it is built with this one, under its path
    c.set("layer", inner);
    return c;
  }

 protected:
  LayerPtr layer_;
};

}  // namespace lamina
