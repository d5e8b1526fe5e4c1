// Learning-rate schedules: the rate as a function of the steps taken, named as in
// keras.optimizers.schedules.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lamina/fields.h"
#include "lamina/ops.h"

namespace lamina {

class LearningRateSchedule {
 public:
  virtual ~LearningRateSchedule() = default;
  virtual std::string class_name() const = 0;
  // The rate after `step` steps, a scalar. Written in ops, so that a captured step evaluates it
  // anew each time.
  virtual Tensor operator()(const Tensor& step) const = 0;
  virtual Config get_config() const = 0;
  double at(int64_t step) const;
};
using SchedulePtr = std::shared_ptr<LearningRateSchedule>;

// {"class_name": "CosineDecay", "config": {...}}. Throws Error naming what is unknown or missing.
SchedulePtr make_schedule(const Config& config);
Config serialize_schedule(const LearningRateSchedule& schedule);
struct ScheduleClass {
  std::string name;
  SchedulePtr (*make)(const Config& config);
  Config (*defaults)();  // argument names in order, with default values
  std::string doc;
  std::vector<std::string> required;  // the arguments that must be given
};
const std::vector<ScheduleClass>& schedule_classes();
// Classes defined by the user; the factory gets the "config" part.
void register_schedule(const std::string& class_name,
                       std::function<SchedulePtr(const Config&)> factory);

}  // namespace lamina
