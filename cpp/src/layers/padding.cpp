// Zeros around the spatial axes, and their inverse: cropping.
#include "layers/builtin.h"

namespace lamina {

namespace {

using Sides = std::vector<std::pair<int64_t, int64_t>>;  // before and after, for each spatial axis

// Reads the argument of a layer, and writes it back with both sides of every axis.
template <int kSpatial>
Sides read_sides(const char* layer, const char* argument, Config* given) {
  const Config& c = *given;
  auto wrong = [&] {
    fail(layer, ": argument '", argument, "' must be n",
         kSpatial == 1   ? " or (before, after)"
         : kSpatial == 2 ? ", (rows, columns) or ((top, bottom), (left, right))"
                         : ", three numbers or three pairs (before, after)",
         ", none negative; received ", c.dump());
  };
  auto number = [&](const Config& v) {
    if (!v.is_number() || v.as_int() < 0) wrong();
    return v.as_int();
  };
  auto both = [&](const Config& v) {
    if (!v.is_list()) return std::pair{number(v), number(v)};
    if (v.size() != 2) wrong();
    return std::pair{number(v[0]), number(v[1])};
  };
  Sides sides;
  if (kSpatial == 1 || !c.is_list()) {
    sides.assign(kSpatial, both(c));
  } else {
    if (c.size() != kSpatial) wrong();
    for (const Config& v : c.as_list()) sides.push_back(both(v));
  }
  std::vector<Config> pairs;
  for (auto& [before, after] : sides) pairs.push_back(Config::list({before, after}));
  *given = kSpatial == 1 ? pairs[0] : Config(pairs);
  return sides;
}

template <class Derived, class Options, int kSpatial>
class ZeroPadding : public BuiltIn<Derived, Options> {
 public:
  explicit ZeroPadding(const Options& o)
      : BuiltIn<Derived, Options>(o),
        sides_(read_sides<kSpatial>(Derived::kName, "padding", &this->o_.padding)) {
    this->o_.data_format = this->format(o.data_format);
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    this->require_rank(in[0].shape(), kSpatial + 2);
    Sides widths(kSpatial + 2);
    const int first = this->channels_first(this->o_.data_format) ? 2 : 1;
    std::copy(sides_.begin(), sides_.end(), widths.begin() + first);
    return {pad(in[0], widths)};
  }

 private:
  Sides sides_;
};

template <class Derived, class Options, int kSpatial>
class Cropping : public BuiltIn<Derived, Options> {
 public:
  explicit Cropping(const Options& o)
      : BuiltIn<Derived, Options>(o),
        sides_(read_sides<kSpatial>(Derived::kName, "cropping", &this->o_.cropping)) {
    if constexpr (requires { o.data_format; }) this->o_.data_format = this->format(o.data_format);
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    this->require_rank(in[0].shape(), kSpatial + 2);
    std::vector<Index> kept(kSpatial + 2, Index::slice({}, {}));
    int axis = 1;
    if constexpr (requires { this->o_.data_format; })
      if (this->channels_first(this->o_.data_format)) axis = 2;
    for (auto& [before, after] : sides_) {
      const int64_t n = in[0].dim(axis);
      if (before + after >= n)
        throw this->error(
            str("cropping must be less than the length of the axis; received "
                "cropping (",
                before, ", ", after, ") and an input of shape ", in[0].shape()));
      kept[static_cast<size_t>(axis++)] = Index::slice(before, n - after);
    }
    return {getitem(in[0], kept)};
  }

 private:
  Sides sides_;
};

#define LAMINA_SIDES(Name, Base, n)             \
  struct Name : Base<Name, Name##Options, n> {  \
    static constexpr const char* kName = #Name; \
    using Base::Base;                           \
  };
LAMINA_SIDES(ZeroPadding1D, ZeroPadding, 1)
LAMINA_SIDES(ZeroPadding2D, ZeroPadding, 2)
LAMINA_SIDES(ZeroPadding3D, ZeroPadding, 3)
LAMINA_SIDES(Cropping1D, Cropping, 1)
LAMINA_SIDES(Cropping2D, Cropping, 2)
LAMINA_SIDES(Cropping3D, Cropping, 3)
#undef LAMINA_SIDES

}  // namespace

void add_padding_layers(LayerClasses& out) {
  const char* const format = "\n    data_format: \"channels_last\" or \"channels_first\".";
  const char* const one = "n for both ends, or (before, after).";
  const char* const two = "n, (rows, columns) or ((top, bottom), (left, right)).";
  const char* const three = "n, or for each of three axes n or (before, after).";
  const char* const small = " or too small";
  auto text = [](const char* what, const char* argument, const char* sides, const char* more,
                 const char* in, const char* result, const char* raises = "") {
    return str(what, "\n\nArgs:\n    ", argument, ": ", sides, more, "\n\nInput shape: (batch, ",
               in, ", channels). Output shape: (batch, ", result, ", channels).\n\nRaises:\n",
               "    ValueError: A wrong argument, or an input of other rank", raises, ".");
  };
  static const std::string docs[] = {
      text("Zeros at the ends of a sequence.", "padding", one, format, "steps", "more steps"),
      text("Zeros around an image.", "padding", two, format, "rows, columns",
           "more rows, more columns"),
      text("Zeros around a volume.", "padding", three, format, "spatial...", "longer spatial..."),
      text("Cuts steps off the ends of a sequence.", "cropping", one, "", "steps", "fewer steps",
           small),
      text("Cuts rows and columns off an image.", "cropping", two, format, "rows, columns",
           "fewer rows, fewer columns", small),
      text("Cuts pixels off the sides of a volume.", "cropping", three, format, "spatial...",
           "shorter spatial...", small),
  };
  out.push_back(layer_class<ZeroPadding1D>(docs[0].c_str()));
  out.push_back(layer_class<ZeroPadding2D>(docs[1].c_str()));
  out.push_back(layer_class<ZeroPadding3D>(docs[2].c_str()));
  out.push_back(layer_class<Cropping1D>(docs[3].c_str()));
  out.push_back(layer_class<Cropping2D>(docs[4].c_str()));
  out.push_back(layer_class<Cropping3D>(docs[5].c_str()));
}

}  // namespace lamina
