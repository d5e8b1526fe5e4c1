#include "core/tensor_impl.h"
#include "graph/graph.h"
#include "lamina/layer.h"

namespace lamina {

struct Variable::Impl {
  Tensor value;
  std::string name, path;
  bool trainable;
  Regularizer regularizer;
  Constraint constraint;
};

Variable::Variable(const Tensor& initial, std::string name, bool trainable)
    : impl_(std::make_shared<Impl>()) {
  impl_->value = initial.detach().clone();
  impl_->value.impl()->variable = true;
  impl_->path = impl_->name = std::move(name);
  impl_->trainable = trainable;
  set_trainable(trainable);
}

const Tensor& Variable::value() const {
  if (!impl_) throw Error("an undefined variable was used", Error::Kind::kRuntime);
  return impl_->value;
}

void Variable::assign(const Tensor& v) const {
  if (v.shape() != shape())
    fail("variable '", path(), "': expected a value of shape ", shape(), ", received ", v.shape());
  NoGrad off;
  lamina::assign(impl_->value, v);
}

void Variable::assign_add(const Tensor& v) const {
  NoGrad off;
  lamina::assign_add(impl_->value, v);
}

Tensor Variable::exchange(const Tensor& t) const {
  if (t.shape() != shape() || t.dtype() != dtype())
    fail("variable '", path(), "': expected a tensor of shape ", shape(), " and dtype ",
         dtype_name(dtype()), ", received ", t.shape(), " and ", dtype_name(t.dtype()));
  Tensor before = impl_->value;
  impl_->value = t;
  return before;
}

const std::string& Variable::name() const { return impl_->name; }
const std::string& Variable::path() const { return impl_->path; }
void Variable::set_path(const std::string& path) const { impl_->path = path; }
bool Variable::trainable() const { return impl_->trainable; }
void Variable::set_trainable(bool trainable) const {
  if (impl_->trainable != trainable) weights_changed();
  impl_->trainable = trainable;
  impl_->value.impl()->requires_grad = trainable && is_floating(impl_->value.dtype());
}
const Regularizer& Variable::regularizer() const { return impl_->regularizer; }
void Variable::set_regularizer(const Regularizer& r) const { impl_->regularizer = r; }
const Constraint& Variable::constraint() const { return impl_->constraint; }
void Variable::set_constraint(const Constraint& c) const { impl_->constraint = c; }

}  // namespace lamina
