// Optimizers, schedules and callbacks from C++.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "lamina/lamina.h"
#include "temporary_folder.h"

using namespace lamina;

namespace {

Tensor waves(const Shape& shape) {
  std::vector<float> v(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < v.size(); ++i)
    v[i] = static_cast<float>(std::sin(1.7 * static_cast<double>(i)));
  return Tensor::from_vector(v, shape);
}

std::shared_ptr<Model> line(const OptimizerPtr& optimizer) {
  random::set_seed(5);
  const Tensor x = Input({3});
  auto model = std::make_shared<Model>(Tensors{x}, Tensors{layers::Dense(1)(x)});
  CompileOptions how;
  how.optimizer_object = optimizer;
  how.losses = {make_loss("mse")};
  model->compile(how);
  return model;
}

ArrayData data() {
  ArrayData d;
  d.x = {waves({24, 3})};
  d.y = {sum(d.x[0], 1, true)};
  return d;
}

FitOptions options(int64_t epochs, std::vector<CallbackPtr> callbacks = {}) {
  FitOptions o;
  o.epochs = epochs, o.batch_size = 8, o.shuffle = false, o.callbacks = std::move(callbacks);
  return o;
}

Config named(const char* name, Config config) {
  return Config::object({{"class_name", name}, {"config", std::move(config)}});
}

}  // namespace

TEST_CASE("every optimizer lowers the loss, and a file goes on") {
  const TemporaryFolder folder;
  const std::string path = folder / "m.safetensors";
  for (auto& c : optimizer_classes()) {
    if (c.name == "LossScaleOptimizer" || c.name == "MultiOptimizer") continue;
    Config config = Config::object({{"learning_rate", 0.02}, {"use_ema", true}});
    const auto model = line(make_optimizer(named(c.name.c_str(), config)));
    const History h = model->fit(data(), options(5));
    CHECK_MESSAGE(h["loss"].back() < h["loss"].front(), c.name);
    model->save(path);
    const ModelPtr again = load(path);
    model->fit(data(), options(1)), again->fit(data(), options(1));
    CHECK_MESSAGE(
        again->get_weights()[0].to_vector<float>() == model->get_weights()[0].to_vector<float>(),
        c.name);
  }
}

TEST_CASE("a schedule is followed inside the captured step") {
  const Config cosine =
      named("CosineDecay", Config::object({{"initial_learning_rate", 0.1}, {"decay_steps", 30.0}}));
  CHECK(make_schedule(cosine)->at(15) == doctest::Approx(0.05));
  const auto optimizer = make_optimizer(named("SGD", Config::object({{"learning_rate", cosine}})));
  const auto model = line(optimizer);
  model->fit(data(), options(5));  // 15 steps
  CHECK(optimizer->learning_rate() == doctest::Approx(0.05));
  CHECK_THROWS_AS(optimizer->set_learning_rate(0.1), Error);
  model->fit(data(), options(10));
  const auto before = model->get_weights()[0].to_vector<float>();
  model->fit(data(), options(1));  // the rate is 0 from step 30 on
  CHECK(model->get_weights()[0].to_vector<float>() == before);
  CHECK_THROWS_WITH_AS(make_schedule(named("CosineDecay", Config::object())),
                       doctest::Contains("initial_learning_rate"), Error);
  CHECK_THROWS_WITH_AS(make_schedule("Nothing"), doctest::Contains("Nothing"), Error);
}

TEST_CASE("wrapping optimizers") {
  const auto scaled =
      std::make_shared<LossScaleOptimizer>(make_optimizer("adam"), 1024.0, int64_t{4});
  const History h = line(scaled)->fit(data(), options(4));  // 12 steps
  CHECK(h["loss"].back() < h["loss"].front());
  CHECK(scaled->dynamic_scale().value().item<double>() == 8192.0);
  OptimizerMap map(make_optimizer("sgd"));
  map.set(".*/bias", make_optimizer("adam"));
  CHECK_THROWS_AS(map.set(".*/bias", make_optimizer("adam")), Error);
  const auto several = std::make_shared<MultiOptimizer>(map);
  const History g = line(several)->fit(data(), options(4));
  CHECK(g["loss"].back() < g["loss"].front());
  CHECK(make_optimizer(serialize_optimizer(*several))->get_config() == several->get_config());
}

TEST_CASE("early stopping, plateau, scheduler, history") {
  EarlyStopping::Options stop;
  stop.monitor = "loss", stop.patience = 2, stop.min_delta = 1e9, stop.restore_best_weights = true;
  const auto early = std::make_shared<EarlyStopping>(stop);
  ReduceLROnPlateau::Options plateau;
  plateau.monitor = "loss", plateau.patience = 1, plateau.factor = 0.5, plateau.min_delta = 1e9;
  const auto reduce = std::make_shared<ReduceLROnPlateau>(plateau);
  const auto kept = std::make_shared<History>();
  const auto model = line(make_optimizer(named("SGD", Config::object({{"learning_rate", 0.1}}))));
  History h = model->fit(data(), options(9, {reduce, early, kept}));
  CHECK(h.epoch.size() == 3);
  CHECK(early->stopped_epoch() == 2);
  CHECK(h["learning_rate"][1] == doctest::Approx(0.1));
  CHECK(h["learning_rate"][2] == doctest::Approx(0.05));
  CHECK(kept->epoch == h.epoch);
  CHECK(model->optimizer()->learning_rate() == doctest::Approx(0.025));

  const auto scheduler = std::make_shared<LearningRateScheduler>(
      [](int64_t epoch, double rate) { return epoch == 0 ? 0.2 : rate * 0.5; });
  h = model->fit(data(), options(3, {scheduler}));
  CHECK(h["learning_rate"][2] == doctest::Approx(0.05));
  CHECK_THROWS_AS(h["nothing"], Error);
  stop.mode = "up";
  CHECK_THROWS_AS(EarlyStopping{stop}, Error);
  plateau.factor = 1;
  CHECK_THROWS_AS(ReduceLROnPlateau{plateau}, Error);
}

TEST_CASE("checkpoints and NaN") {
  const TemporaryFolder folder;
  const auto model = line(make_optimizer("adam"));
  const auto every =
      std::make_shared<ModelCheckpoint>(folder / "m{epoch:02d}_{loss:.1f}.safetensors");
  ModelCheckpoint::Options o;
  o.monitor = "loss", o.save_best_only = true, o.save_weights_only = true;
  const auto best = std::make_shared<ModelCheckpoint>(folder / "best.safetensors", o);
  ModelCheckpoint::Options often;
  often.save_freq = 4;
  const auto some = std::make_shared<ModelCheckpoint>(folder / "b{batch}.safetensors", often);
  const History h = model->fit(data(), options(2, {every, best, some}));
  char name[64];
  std::snprintf(name, sizeof name, "m02_%.1f.safetensors", h["loss"][1]);
  CHECK(std::filesystem::exists(folder / name));
  CHECK(std::filesystem::exists(folder / "b1.safetensors"));  // the fourth batch of three an epoch
  const auto again = line(make_optimizer("adam"));
  again->load_weights(folder / "best.safetensors");
  CHECK(again->get_weights()[0].to_vector<float>() == model->get_weights()[0].to_vector<float>());
  const auto wrong = std::make_shared<ModelCheckpoint>("{what}");
  CHECK_THROWS_WITH_AS(model->fit(data(), options(1, {wrong})), doctest::Contains("what"), Error);

  ArrayData bad = data();
  bad.y = {bad.y[0] * Tensor(std::nan(""))};
  CHECK(model->fit(bad, options(3, {std::make_shared<TerminateOnNaN>()})).epoch.size() == 1);
  CHECK_THROWS_AS(model->fit(bad, options(1, {std::make_shared<TerminateOnNaN>(true)})), Error);
}
