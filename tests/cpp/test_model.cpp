// Models from C++: training, files, and steps that cost nothing but their arithmetic.
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>

#include "lamina/lamina.h"
#include "temporary_folder.h"

using namespace lamina;

// Sanitizers have an allocator of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LAMINA_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LAMINA_SANITIZED
#endif
#endif

#ifndef LAMINA_SANITIZED
// ---- how often this process asks for memory -----------------------------------------------------

namespace {
std::atomic<int64_t> g_allocations{0};

void* counted(size_t bytes, size_t align) {
  ++g_allocations;
  bytes = (std::max<size_t>(bytes, 1) + align - 1) / align * align;
  void* p = std::aligned_alloc(align, bytes);
  if (!p) throw std::bad_alloc();
  return p;
}
}  // namespace

void* operator new(size_t bytes) { return counted(bytes, alignof(std::max_align_t)); }
void* operator new(size_t bytes, std::align_val_t align) {
  return counted(bytes, static_cast<size_t>(align));
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return counted(bytes, alignof(std::max_align_t));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { std::free(p); }
#endif

namespace {

Tensor numbers(const Shape& shape) {
  std::vector<float> v(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < v.size(); ++i)
    v[i] = static_cast<float>(std::sin(1.7 * static_cast<double>(i)));
  return Tensor::from_vector(v, shape);
}
Tensor labels(int64_t n, int classes) {
  std::vector<int32_t> v(static_cast<size_t>(n));
  for (size_t i = 0; i < v.size(); ++i)
    v[i] = static_cast<int32_t>(i * 7 % static_cast<size_t>(classes));
  return Tensor::from_vector(v, {n});
}

std::shared_ptr<Model> small_model() {
  random::set_seed(3);
  const Tensor x = Input({8, 8, 1});
  Tensor h = layers::Conv2D(4, {3}, {.activation = "relu"})(x);
  h = layers::BatchNormalization()(h);
  h = layers::MaxPooling2D()(h);
  h = layers::Flatten()(h);
  h = layers::Dropout(0.2)(h);
  auto model =
      std::make_shared<Model>(Tensors{x}, Tensors{layers::Dense(3, {.activation = "softmax"})(h)});
  CompileOptions how;
  how.optimizer = "adam";
  how.losses = {make_loss("sparse_categorical_crossentropy")};
  how.metrics.emplace_back();
  how.metrics.back().by_name = "accuracy";
  model->compile(how);
  return model;
}
ArrayData data(int64_t n) {
  ArrayData d;
  d.x = {numbers({n, 8, 8, 1})};
  d.y = {labels(n, 3)};
  return d;
}

}  // namespace

TEST_CASE("a model learns, is saved, loaded, and goes on with the same bits") {
  const auto model = small_model();
  FitOptions fit;
  fit.epochs = 8, fit.batch_size = 16;
  const History history = model->fit(data(96), fit);
  CHECK(history["loss"].back() < history["loss"].front());
  CHECK(history["accuracy"].size() == 8);

  const TemporaryFolder folder;
  const std::string path = folder / "m.safetensors";
  model->save(path);
  const ModelPtr again = load(path);
  const Tensor x = numbers({10, 8, 8, 1});
  CHECK(again->predict(x).to_vector<float>() == model->predict(x).to_vector<float>());
  fit.epochs = 1, fit.shuffle = false;
  model->fit(data(96), fit), again->fit(data(96), fit);
  CHECK(again->predict(x).to_vector<float>() == model->predict(x).to_vector<float>());

  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 5);
  CHECK_THROWS_AS(load(path), Error);
  CHECK_THROWS_AS(load(path + ".missing"), Error);
}

TEST_CASE("layers are those far from the outputs first; outputs may have keys") {
  const Tensor x = Input({8});
  const auto late = layers::Dense(3, {.name = "late"});
  const Tensor a = layers::Dense(2, {.name = "side"})(x);
  const Tensor b = late(layers::Dense(5, {.name = "early"})(x));
  const auto model = std::make_shared<Model>(Tensors{x}, Tensors{a, b});
  std::string order;
  for (auto& layer : model->layers()) order += layer->name() + " ";
  CHECK(order == "early side late ");
  CHECK_THROWS_AS(model->set_output_keys({"one"}), Error);
  model->set_output_keys({"a", "b"});
  CHECK(model_from_config(serialize_layer(*model))->output_names() == model->output_keys());
  CHECK(model->compile_config().is_null());
}

TEST_CASE("a wrong input is refused by the layer's name") {
  const auto model = small_model();
  CHECK_THROWS_AS(model->predict(numbers({2, 8, 9, 1})), Error);
  const auto dense = layers::Dense(3, {.name = "first"});
  dense(numbers({2, 4}));
  CHECK_THROWS_WITH_AS(dense(numbers({2, 5})), doctest::Contains("Dense 'first'"), Error);
  CHECK_THROWS_WITH_AS(make_layer("Dens", Config()), doctest::Contains("Dens"), Error);
}

namespace {

class Scale : public Layer {
 public:
  using Layer::Layer;
  std::string class_name() const override { return "Scale"; }
  void build(const std::vector<Shape>& shapes) override {
    WeightOptions o;
    o.name = "gain", o.shape = {shapes[0][-1]}, o.initializer = "ones";
    gain_ = add_weight(o);
  }
  Tensors call(const Tensors& in, const CallArgs&) override { return {in[0] * gain_.value()}; }

 private:
  Variable gain_;
};

}  // namespace

TEST_CASE("a layer of one's own trains") {
  const Tensor x = Input({4});
  const auto scale = std::make_shared<Scale>(LayerOptions{});
  Model model({x}, {(*scale)(x)});
  CompileOptions how;
  how.optimizer = "sgd";
  how.losses = {make_loss("mse")};
  model.compile(how);
  ArrayData d;
  d.x = {numbers({64, 4})};
  d.y = {numbers({64, 4}) * Tensor(3.0)};
  FitOptions fit;
  fit.epochs = 600;
  const History h = model.fit(d, fit);
  CHECK(h["loss"].back() < 1e-2 * h["loss"].front());
  for (float v : scale->weights()[0].value().to_vector<float>())
    CHECK(v == doctest::Approx(3).epsilon(0.1));
}

#ifndef LAMINA_SANITIZED
TEST_CASE("a steady step asks for no memory") {
  const auto model = small_model();
  FitOptions fit;
  fit.batch_size = 16;
  const auto count = [&](int64_t n) {
    const ArrayData d = data(n);
    const int64_t before = g_allocations;
    model->fit(d, fit);
    return g_allocations - before;
  };
  const auto predict = [&](int64_t n) {
    const Tensor x = numbers({n, 8, 8, 1});
    const int64_t before = g_allocations;
    model->predict(x);
    return g_allocations - before;
  };
  count(160), predict(160);  // captures
  // Twice, four times as many steps: not one allocation more.
  CHECK(count(160) == count(320));
  CHECK(count(160) == count(640));
  CHECK(predict(160) == predict(640));
}

TEST_CASE("nor does one of ragged batches") {
  const Tensor x = Input({-1, 3});
  Tensor h = layers::Dense(4)(x);
  Model model({x}, {layers::GlobalAveragePooling1D()(h)});
  CompileOptions how;
  how.losses = {make_loss("mse")};
  model.compile(how);
  FitOptions fit;
  fit.batch_size = 16;
  const auto count = [&](int64_t n) {
    std::vector<int64_t> lengths;
    for (int64_t i = 0; i < n; ++i) lengths.push_back(5);
    ArrayData d;
    d.x = {Ragged(numbers({5 * n, 3}), Tensor::from_vector(lengths, {n}))};
    d.y = {numbers({n, 4})};
    const int64_t before = g_allocations;
    model.fit(d, fit);
    model.predict(d.x);
    return g_allocations - before;
  };
  count(160);
  CHECK(count(160) == count(640));
}

TEST_CASE("nor does one of recurrent layers") {
  const Tensor in = Input({12, 3});
  Tensor x = layers::Masking()(in);
  x = layers::Bidirectional(layers::GRU(5, {.return_sequences = true}))(x);
  x = layers::LSTM(4, {.dropout = 0.1, .recurrent_dropout = 0.1})(x);
  const auto model = std::make_shared<Model>(Tensors{in}, Tensors{x});
  CompileOptions how;
  how.optimizer = "adam", how.losses = {make_loss("mse")};
  model->compile(how);
  FitOptions fit;
  fit.batch_size = 16;
  const auto count = [&](int64_t n) {
    const ArrayData d = {{numbers({n, 12, 3})}, {numbers({n, 4})}, {}};
    const int64_t before = g_allocations;
    model->fit(d, fit);
    return g_allocations - before;
  };
  count(160);
  CHECK(count(160) == count(640));
}

TEST_CASE("nor does one with every option of an optimizer") {
  const Config schedule = Config::object(
      {{"class_name", "CosineDecay"},
       {"config", Config::object({{"initial_learning_rate", 0.01}, {"decay_steps", 1000.0}})}});
  for (const char* name : {"Adam", "Nadam", "Muon", "Adafactor"}) {
    const auto model = small_model();
    CompileOptions how;
    how.optimizer =
        Config::object({{"class_name", name},
                        {"config", Config::object({{"learning_rate", schedule},
                                                   {"weight_decay", 0.01},
                                                   {"global_clipnorm", 1.0},
                                                   {"use_ema", true},
                                                   {"ema_overwrite_frequency", 3},
                                                   {"gradient_accumulation_steps", 2}})}});
    how.losses = {make_loss("sparse_categorical_crossentropy")};
    model->compile(how);
    FitOptions fit;
    fit.batch_size = 16;
    const auto count = [&](int64_t n) {
      const ArrayData d = data(n);
      const int64_t before = g_allocations;
      model->fit(d, fit);
      return g_allocations - before;
    };
    count(160);
    CHECK_MESSAGE(count(160) == count(640), name);
  }
}
#endif
