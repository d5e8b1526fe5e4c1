// Losses and metrics from C++: the same names, masks, classes of one's own.
#include <doctest/doctest.h>

#include <cmath>

#include "lamina/lamina.h"

using namespace lamina;

namespace {

Tensor matrix(const std::vector<double>& values, int64_t rows) {
  return Tensor::from_vector(values, {rows, static_cast<int64_t>(values.size()) / rows});
}
Config loss(const char* name, const Config& arguments) {
  return Config::object({{"class_name", name}, {"config", arguments}});
}
double value(const Tensor& t) { return t.item<double>(); }

}  // namespace

TEST_CASE("losses by class, function and alias, with arguments") {
  Tensor t = matrix({0, 1, 1, 0}, 2), y = matrix({0.5, 0.5, 0.75, 0.25}, 2);
  for (const char* name : {"mse", "MeanSquaredError", "mean_squared_error"})
    CHECK(value((*make_loss(name))(t, y)) == doctest::Approx((0.25 + 0.0625) / 2));
  Config axis = Config::object({{"axis", -1}, {"reduction", "sum"}});
  CHECK(value((*make_loss(loss("Dice", axis)))(t, y)) == doctest::Approx(0.5 + 0.25));
  LossPtr huber = make_loss(loss("Huber", Config::object({{"delta", 0.125}})));
  CHECK(huber->get_config().at("delta").as_double() == 0.125);
  CHECK_THROWS_AS(make_loss(loss("Huber", Config::object({{"omega", 1}}))), Error);
  CHECK_THROWS_AS(make_loss(loss("Huber", Config::object({{"reduction", "most"}}))), Error);
  CHECK_THROWS_AS(make_loss("no such loss"), Error);
  for (auto& c : loss_classes()) CHECK_MESSAGE(make_loss(c.name)->class_name() == c.name, c.name);
}

TEST_CASE("weights and masks") {
  LossPtr mse = make_loss("mse");
  Tensor t = matrix({0, 0, 0, 0, 0, 0}, 3), y = matrix({1, 1, 2, 2, 3, 3}, 3);
  Tensor w = Tensor::from_vector(std::vector<double>{1, 0, 0.5}, {3});
  CHECK(value((*mse)(t, y, w)) == doctest::Approx((1 + 4.5) / 3));
  Tensor mask = logical_not(equal(w, Tensor(0.0)));
  // The mean of those that count, weighted.
  CHECK(value((*mse)(t, y, {}, mask)) == doctest::Approx((1 + 9) / 2.0));
  CHECK(value((*mse)(t, y, w, mask)) == doctest::Approx((1 + 4.5) / 2.0));
  Tensor none = equal(w, Tensor(7.0));
  CHECK(value((*mse)(t, y, {}, none)) == 0);
}

TEST_CASE("CTC by hand") {
  // Two steps and one label: both steps the label, or one of them a blank.
  Tensor p = Tensor::from_vector(std::vector<double>{0.2, 0.5, 0.3, 0.2, 0.5, 0.3}, {1, 2, 3});
  Tensor t = Tensor::from_vector(std::vector<int32_t>{1}, {1, 1});
  double expected = -std::log(0.5 * 0.5 + 2 * 0.2 * 0.5);
  CHECK(value((*make_loss("CTC"))(t, log(p))) == doctest::Approx(expected));
  auto [labels, scores] =
      ctc_decode(log(p), Tensor::from_vector(std::vector<int32_t>{2}, {1}), "beam_search");
  CHECK(labels.to_vector<int32_t>() == std::vector<int32_t>{1, -1});
  CHECK(value(scores) == doctest::Approx(-expected));
}

TEST_CASE("metrics by name") {
  for (auto& c : metric_classes()) {
    Config arguments = Config::object();
    for (const char* needed : {"num_classes", "specificity", "sensitivity", "recall", "precision"})
      if (c.defaults().has(needed))
        arguments.set(needed, needed == std::string("num_classes") ? 2 : 1);
    if (c.defaults().has("target_class_ids"))
      arguments.set("target_class_ids", std::vector<int64_t>{0});
    MetricPtr m = make_metric(loss(c.name.c_str(), arguments));
    CHECK_MESSAGE(m->class_name() == c.name, c.name);
    CHECK(make_metric(loss(c.name.c_str(), m->get_config()))->get_config() == m->get_config());
  }
  MetricPtr auc = make_metric(loss("AUC", Config::object({{"num_thresholds", 3}})));
  auc->update_state(Tensor::from_vector(std::vector<double>{0, 0, 1, 1}, {4}),
                    Tensor::from_vector(std::vector<double>{0, 0.5, 0.3, 0.9}, {4}));
  CHECK(value(auc->result()) == doctest::Approx(0.75));
  auc->reset_state();
  CHECK(value(auc->result()) == 0);
}

namespace {

class Largest : public Metric {
 public:
  Largest() : Metric("largest") { top_ = add_variable({}, "top"); }
  std::string class_name() const override { return "Largest"; }
  void update_state(const Tensor&, const Tensor& y, const Tensor&) override {
    NoGrad off;
    top_.assign(maximum(top_, max(y)));
  }
  Tensor result() const override { return copy(top_); }

 private:
  Variable top_;
};

}  // namespace

TEST_CASE("metrics of one's own, and those with several values, in fit") {
  random::set_seed(1);
  auto model = std::make_shared<Sequential>(std::vector<LayerPtr>{
      make_layer("Dense", Config::object({{"units", 2}, {"activation", "softmax"}}))});
  CompileOptions how;
  how.losses = {make_loss("CategoricalFocalCrossentropy")};
  how.metrics.resize(2);
  how.metrics[0].object = std::make_shared<Largest>();
  how.metrics[1].by_name = "f1_score";
  model->compile(how);
  ArrayData data;
  data.x = {random::normal({8, 3})};
  data.y = {one_hot(random::randint({8}, 0, 2), 2)};
  model->fit(data);
  Logs logs = model->evaluate(data);
  REQUIRE(logs.size() == 3);
  Tensor y = model->predict(data.x[0]);
  CHECK(static_cast<double>(logs[1].second) == doctest::Approx(value(max(y))));
  CHECK(logs[2].second.values.size() == 2);
  CHECK_FALSE(logs[2].second.scalar);
}
