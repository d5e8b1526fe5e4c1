#include "lamina/decoding.h"

#include <algorithm>

#include "core/tensor_impl.h"
#include "lamina/ops.h"
#include "layers/decoding.h"

namespace lamina {

namespace {

// Layers whose output at a step depends on other steps, and which keep nothing from call to call.
bool mixes_steps(const std::string& class_name) {
  static const std::vector<std::string> stems = {
      "Conv",          "DepthwiseConv", "SeparableConv",
      "Global",        "MaxPool",       "AveragePool",
      "LSTM",          "GRU",           "SimpleRNN",
      "RNN",           "ConvLSTM",      "Bidirectional",
      "Dot",           "Flatten",       "Reshape",
      "Permute",       "Attention",     "AdditiveAttention",
      "ZeroPadding1D", "Cropping1D",    "UpSampling1D"};
  return std::any_of(stems.begin(), stems.end(),
                     [&](const std::string& s) { return class_name.rfind(s, 0) == 0; });
}

void check_layers(const Layer& layer) {
  if (mixes_steps(layer.class_name()))
    throw layer.error("mixes the steps of a sequence, so the model cannot run step by step");
  for (const LayerPtr& l : layer.layers()) check_layers(*l);
}

// A tensor of the decoder's own, which captured programs read anew each time.
Tensor as_state(const Tensor& t) {
  Tensor own = t.clone();
  own.impl()->variable = true;
  if (t.mask().defined()) own.set_mask(as_state(t.mask()));
  return own;
}

}  // namespace

CachedDecoder::CachedDecoder(LayerPtr model, int64_t max_length, int64_t batch_size,
                             const Tensors& context)
    : model_(std::move(model)),
      state_(std::make_unique<DecodingState>(batch_size, max_length)),
      first_([this](const Tensors& args) { return run(args, true); }),
      next_([this](const Tensors& args) { return run(args, false); }) {
  if (!model_) fail("CachedDecoder: needs a model");
  if (max_length < 1 || batch_size < 1)
    fail("CachedDecoder: max_length and batch_size must be positive, received ", max_length,
         " and ", batch_size);
  check_layers(*model_);
  for (const Tensor& t : context) context_.push_back(as_state(t));
}
CachedDecoder::~CachedDecoder() = default;

int64_t CachedDecoder::max_length() const { return state_->max_length; }
int64_t CachedDecoder::batch_size() const { return state_->batch_size; }

Tensors CachedDecoder::run(const Tensors& args, bool fresh) {
  DecodingScope scope(*state_);
  state_->start();
  state_->fresh = fresh;
  Tensors inputs = args;
  inputs.insert(inputs.end(), context_.begin(), context_.end());
  return (*model_)(inputs, CallArgs{}, false);
}

Tensors CachedDecoder::operator()(const Tensor& steps) {
  if (steps.rank() < 2 || steps.dim(0) != state_->batch_size)
    fail("CachedDecoder: expected steps (", state_->batch_size, ", n, ...), received shape ",
         steps.shape());
  const int64_t n = steps.dim(1);
  if (position_ + n > state_->max_length)
    fail("CachedDecoder: ", n, " steps after ", position_, " are more than max_length ",
         state_->max_length);
  NoGrad off;
  *static_cast<int64_t*>(state_->position.data()) = position_;
  Tensors out = fresh_ ? first_({steps}) : next_({steps});
  position_ += n, fresh_ = false;
  return out;
}

void CachedDecoder::set_position(int64_t position) {
  if (position < 0 || position > position_)
    fail("CachedDecoder: position must lie between 0 and ", position_, ", received ", position);
  position_ = position;
}

void CachedDecoder::reset(const Tensors& context) {
  if (!context.empty() && context.size() != context_.size())
    fail("CachedDecoder: expected ", context_.size(), " context tensors, received ",
         context.size());
  for (size_t i = 0; i < context.size(); ++i) {
    const Tensor &own = context_[i], &given = context[i];
    if (!(own.shape() == given.shape()) || own.mask().defined() != given.mask().defined())
      fail("CachedDecoder: expected a context like the first one, of shape ", own.shape(),
           own.mask().defined() ? " with a mask" : " without a mask", ", received shape ",
           given.shape());
    own.assign(given);
    if (own.mask().defined()) own.mask().assign(given.mask());
  }
  position_ = 0, fresh_ = true;
}

void CachedDecoder::reorder(const Tensor& indices) {
  if (indices.rank() != 1 || indices.dim(0) != state_->batch_size)
    fail("CachedDecoder: reorder needs ", state_->batch_size, " indices, received shape ",
         indices.shape());
  state_->reorder(indices);
}

}  // namespace lamina
