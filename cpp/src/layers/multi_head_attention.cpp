// Attention with several heads, each with keys of its own or shared by groups.
#include <algorithm>
#include <cmath>

#include "lamina/ops_attention.h"
#include "layers/builtin.h"
#include "layers/decoding.h"

namespace lamina {

namespace {

// A projection, with weights shaped as Keras's EinsumDense has them: the kernel's last axes are
// those of the bias, and its others those that the product sums over.
class Projection : public Layer {
 public:
  template <class Options>
  Projection(const std::string& name, const Options& o, Shape kernel, Shape bias,
             const char* activation = "")
      : Layer(LayerOptions{name, true, o.dtype}),
        kernel_shape_(std::move(kernel)),
        bias_shape_(std::move(bias)),
        activation_(activation),
        use_bias_(o.use_bias),
        kernel_initializer_(o.kernel_initializer),
        bias_initializer_(o.bias_initializer),
        kernel_regularizer_(o.kernel_regularizer),
        bias_regularizer_(o.bias_regularizer),
        kernel_constraint_(o.kernel_constraint),
        bias_constraint_(o.bias_constraint) {
    activity_regularizer_ = o.activity_regularizer;
    supports_masking_ = supports_ragged_ = true;
  }
  std::string class_name() const override { return "EinsumDense"; }
  void build(const std::vector<Shape>&) override {
    kernel_ = add_weight(
        {"kernel", kernel_shape_, kernel_initializer_, kernel_regularizer_, kernel_constraint_});
    const int64_t n = bias_shape_.numel();
    scale_as_matrix(kernel_, kernel_initializer_, kernel_shape_.numel() / n, n);
    if (use_bias_)
      bias_ =
          add_weight({"bias", bias_shape_, bias_initializer_, bias_regularizer_, bias_constraint_});
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    const int64_t n = bias_shape_.numel(), k = kernel_shape_.numel() / n;
    Ints rows, out;
    for (int i = 0; i < in[0].rank() - kernel_shape_.rank() + bias_shape_.rank(); ++i)
      rows.push_back(in[0].dim(i));
    out = rows, rows.push_back(k);
    for (int64_t d : bias_shape_) out.push_back(d);
    const Tensor y = dense(reshape(in[0], rows), reshape(kernel_, {k, n}),
                           bias_.defined() ? reshape(bias_, {n}) : Tensor{}, activation_);
    return {reshape(y, out)};
  }

 private:
  Shape kernel_shape_, bias_shape_;
  std::string activation_;
  bool use_bias_;
  Initializer kernel_initializer_, bias_initializer_;
  Regularizer kernel_regularizer_, bias_regularizer_;
  Constraint kernel_constraint_, bias_constraint_;
  Variable kernel_, bias_;
};

// The axes of (batch, ..., features) that attention runs over, and how arrays come to have one.
struct AttendedAxes {
  Ints over, others;  // all but the batch's and the last

  AttendedAxes(const std::optional<Ints>& axes, int rank) {
    for (int64_t a = 1; a < rank - 1; ++a)
      (!axes || std::count(axes->begin(), axes->end(), a) ? over : others).push_back(a);
  }
  bool plain() const { return over.size() == 1 && others.empty(); }
  static int64_t length(const Tensor& x, const Ints& axes) {
    int64_t n = 1;
    for (int64_t a : axes) n *= x.dim(static_cast<int>(a));
    return n;
  }
  // (batch, ..., rest...) -> (batch * others, steps, rest...)
  Tensor fold(const Tensor& x) const {
    if (!x.defined() || plain()) return x;
    Ints order = {0};
    order.insert(order.end(), others.begin(), others.end());
    order.insert(order.end(), over.begin(), over.end());
    Ints shape = {x.dim(0) * length(x, others), length(x, over)};
    for (int a = static_cast<int>(order.size()); a < x.rank(); ++a)
      order.push_back(a), shape.push_back(x.dim(a));
    return reshape(transpose(x, order), shape);
  }
  // The inverse, for an array whose axes are those of `like`.
  Tensor unfold(const Tensor& y, const Tensor& like) const {
    if (plain()) return y;
    Ints shape = {like.dim(0)}, order(others.size() + over.size() + 1);
    size_t at = 0;
    for (const Ints* axes : {&others, &over})
      for (int64_t a : *axes) {
        shape.push_back(like.dim(static_cast<int>(a)));
        order[static_cast<size_t>(a)] = static_cast<int64_t>(++at);
      }
    for (int a = 2; a < y.rank(); ++a)
      order.push_back(static_cast<int64_t>(shape.size())), shape.push_back(y.dim(a));
    return transpose(reshape(y, shape), order);
  }
  // (batch, others..., queries..., keys...), axes after the batch left out or of length 1 -> (batch
  // * others, 1 or heads, T, S)
  Tensor fold_mask(Tensor m, const Tensor& query, const Tensor& value) const {
    const int n = static_cast<int>(over.size()),
              whole = 2 + static_cast<int>(others.size()) + 2 * n;
    Ints shape(m.shape().begin(), m.shape().end());
    while (static_cast<int>(shape.size()) < whole) shape.insert(shape.end() - 2 * n, 1);
    m = reshape(m, shape);
    if (plain()) return m;
    Shape full = m.shape();
    full[0] = query.dim(0);
    for (size_t i = 0; i < others.size(); ++i)
      full[static_cast<int>(i) + 1] = query.dim(static_cast<int>(others[i]));
    for (int i = 0; i < n; ++i) {
      full[whole - 2 * n + i] = query.dim(static_cast<int>(over[static_cast<size_t>(i)]));
      full[whole - n + i] = value.dim(static_cast<int>(over[static_cast<size_t>(i)]));
    }
    return reshape(broadcast_to(m, full), {full[0] * length(query, others), full[whole - 2 * n - 1],
                                           length(query, over), length(value, over)});
  }
  // (batch * others, heads, T, S) -> (batch, others..., heads, queries..., keys...)
  Tensor unfold_scores(const Tensor& s, const Tensor& query, const Tensor& value) const {
    if (plain()) return s;
    Ints shape = {query.dim(0)};
    for (int64_t a : others) shape.push_back(query.dim(static_cast<int>(a)));
    shape.push_back(s.dim(1));
    for (const Tensor* t : {&query, &value})
      for (int64_t a : over) shape.push_back(t->dim(static_cast<int>(a)));
    return reshape(s, shape);
  }
};

// Layers that project to heads, attend, and project back. Derived says how many heads of which
// sizes, and over which axes.
template <class Derived, class Options>
class HeadsLayer : public BuiltIn<Derived, Options> {
 protected:
  using Base = BuiltIn<Derived, Options>;
  using Base::o_;

 public:
  static constexpr bool kMasking = true;
  static constexpr bool kRagged = true;
  explicit HeadsLayer(const Options& o) : Base(o) {
    if (!(o.dropout >= 0 && o.dropout < 1))
      fail(Derived::kName, ": argument 'dropout' must lie in [0, 1), received ", o.dropout);
    if (o.sliding_window) this->require_positive("sliding_window", *o.sliding_window);
    if (o.dropout > 0) seed_ = &this->add_seed(o.seed);
  }
  CallSignature call_signature() const override {
    return {{"query", "value", "key"}, {"query_mask", "value_mask", "key_mask", "attention_mask"}};
  }
  void build(const std::vector<Shape>& shapes) override {
    if (shapes.size() < 2) throw this->error("needs a query and a value: layer(query, value)");
    const Shape& query = shapes[0];
    const Shape& value = shapes[1];
    const Shape& key = shapes.size() > 2 ? shapes[2] : value;
    check_ranks(shapes);
    for (int i = 1; i < value.rank() - 1; ++i)
      if (value[i] != key[i])
        throw this->error(
            str("all axes of value and key but the last must be equal, received value shape ",
                value, " and key shape ", key));
    const int64_t q = this->last_axis(query), n = self().query_heads(), m = self().key_heads(),
                  d = self().key_size(), v = self().value_size();
    const auto add = [&](const char* name, Shape kernel, Shape bias, const char* activation = "") {
      auto l =
          std::make_shared<Projection>(name, o_, std::move(kernel), std::move(bias), activation);
      this->track_layer(l);
      l->build_from({query});
      return l;
    };
    query_ = add("query", {q, n, d}, {n, d});
    key_ = add("key", {this->last_axis(key), m, d}, {m, d});
    if (o_.use_gate) gate_ = add("gate", {q, n, v}, {n, v}, "sigmoid");
    value_ = add("value", {this->last_axis(value), m, v}, {m, v});
    Shape out = self().output_axes(q), kernel = {n, v};
    for (int64_t a : out) kernel.push_back(a);
    output_ = add("attention_output", kernel, out);
  }
  Tensors call(const Tensors& in, const CallArgs& args) override {
    if (in.size() < 2) throw this->error("needs a query and a value: layer(query, value)");
    const Tensor &query = in[0], &value = in[1], &key = in.size() > 2 ? in[2] : in[1];
    for (const Tensor& t : in) check_rank(t.shape(), query.shape());
    const AttendedAxes axes(self().attended(query.rank()), query.rank());
    AttentionOptions a = restrictions(in, args, axes);
    const Tensor q = axes.fold((*query_)(query));
    Tensor k, v;
    const auto project = [&] { k = axes.fold((*key_)(key)), v = axes.fold((*value_)(value)); };
    const Tensor cache = args.tensor("cache");
    if (cache.defined()) {
      use_cache(cache, args, a, project, k, v);
    } else if (DecodingState* state = DecodingScope::current()) {
      decode(*state, in, args, a, project, k, v);
    } else {
      project();
    }
    Tensor y = axes.unfold(attention(q, k, v, a), query);
    if (gate_) y = y * (*gate_)(query);
    Tensors outs = {(*output_)(y)};
    if (args.flag("return_attention_scores"))
      outs.push_back(axes.unfold_scores(attention_scores(q, k, a), query, value));
    if (cache.defined()) outs.push_back(cache);
    return outs;
  }
  Tensors compute_mask(const Tensors&, const Tensors& masks) override {
    return masks.empty() ? Tensors{} : Tensors{masks[0]};
  }
  Config get_config() const override {
    Config c = Base::get_config();
    c.erase("flash_attention");
    return c;
  }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }

  void check_ranks(const std::vector<Shape>& shapes) const {
    for (const Shape& s : shapes) check_rank(s, shapes[0]);
  }
  void check_rank(const Shape& s, const Shape& query) const {
    if (s.rank() < 3 || s.rank() != query.rank())
      throw this->error(
          str("expected a query, a value and maybe a key (batch, length, features) of as many "
              "axes, received shapes ",
              query, " and ", s));
  }

  AttentionOptions restrictions(const Tensors& in, const CallArgs& args,
                                const AttendedAxes& axes) const {
    AttentionOptions a;
    const auto mask = [&](const char* name, size_t i) {
      Tensor m = args.tensor(name);
      if (!m.defined() && i < in.size()) m = args.mask(i);
      return m.defined() ? axes.fold(cast(m, DType::kBool)) : m;
    };
    a.query_mask = mask("query_mask", 0), a.key_mask = mask("value_mask", 1);
    if (const Tensor m = mask("key_mask", 2); m.defined())
      a.key_mask = a.key_mask.defined() ? logical_and(a.key_mask, m) : m;
    if (const Tensor m = args.tensor("attention_mask"); m.defined())
      a.mask = axes.fold_mask(cast(m, DType::kBool), in[0], in[1]);
    a.query_row_lengths = args.row_lengths(0), a.key_row_lengths = args.row_lengths(1);
    a.is_causal = args.flag("use_causal_mask");
    a.window = o_.sliding_window.value_or(0);
    a.scale = 1 / std::sqrt(static_cast<double>(self().key_size()));
    if (args.training) a.dropout = o_.dropout, a.seed = seed_;
    return a;
  }

  // Keys and values of a cache: all of them, or those up to where the new ones are written.
  static void view_cache(const Tensor& cache, Tensor& k, Tensor& v) {
    k = getitem(cache, {Index(), Index(0)}), v = getitem(cache, {Index(), Index(1)});
  }
  template <class Project>
  void use_cache(const Tensor& cache, const CallArgs& args, AttentionOptions& a, Project&& project,
                 Tensor& k, Tensor& v) const {
    Tensor at = args.tensor("cache_update_index");
    if (!at.defined() && args.options.is_object())
      if (const Config* c = args.options.find("cache_update_index"); c && !c->is_null())
        at = Tensor(c->as_int());
    if (!at.defined()) return view_cache(cache, k, v);
    project();
    at = cast(at, DType::kInt64);
    view_cache(cache_update(cache, k, v, at), k, v);
    a.position = at;
  }
  template <class Project>
  void decode(DecodingState& state, const Tensors& in, const CallArgs& args, AttentionOptions& a,
              Project&& project, Tensor& k, Tensor& v) const {
    if (args.tensor("attention_mask").defined())
      throw this->error("an attention_mask cannot be used step by step; use use_causal_mask");
    const int64_t b = in[0].dim(0), m = self().key_heads();
    if (a.is_causal) {
      project();
      if (k.dim(3) != v.dim(3))
        throw this->error("decoding step by step needs a value_dim equal to key_dim");
      const Tensor& cache =
          state.kept(this, "cache", {b, 2, state.max_length, m, k.dim(3)}, k.dtype());
      view_cache(cache_update(cache, k, v, state.position), k, v);
      a.position = state.position;
      if (a.key_mask.defined()) {
        const Tensor new_mask = expand_dims(a.key_mask, {2, 3});
        const Tensor& masks =
            state.kept(this, "mask", {b, 2, state.max_length, 1, 1}, DType::kBool);
        Tensor kept, same;
        view_cache(cache_update(masks, new_mask, new_mask, state.position), kept, same);
        a.key_mask = squeeze(kept, Ints{2, 3});
      }
    } else if (in[0].impl() == in[1].impl()) {
      throw this->error(
          "sees what comes after a step, so the model cannot run step by step; call it with "
          "use_causal_mask=True");
    } else {  // what it attends to does not change from step to step
      const Tensor& keys =
          state.kept(this, "keys", {b, in[1].dim(1), m, self().key_size()}, this->dtype());
      const Tensor& values =
          state.kept(this, "values", {b, in[1].dim(1), m, self().value_size()}, this->dtype());
      if (state.fresh) project(), assign(keys, k), assign(values, v);
      k = keys, v = values;
    }
    state.count(this);
  }

  LayerPtr query_, key_, gate_, value_, output_;
  random::SeedGenerator* seed_ = nullptr;
};

class MultiHeadAttention : public HeadsLayer<MultiHeadAttention, MultiHeadAttentionOptions> {
 public:
  static constexpr const char* kName = "MultiHeadAttention";
  explicit MultiHeadAttention(const MultiHeadAttentionOptions& o) : HeadsLayer(o) {
    require_positive("num_heads", o.num_heads), require_positive("key_dim", o.key_dim);
    if (o.value_dim) require_positive("value_dim", *o.value_dim);
    activity_regularizer_ = Regularizer();  // the projections have it
  }
  Config get_config() const override {
    Config c = HeadsLayer::get_config();
    c.set("value_dim", value_size());
    return c;
  }
  int64_t query_heads() const { return o_.num_heads; }
  int64_t key_heads() const { return o_.num_heads; }
  int64_t key_size() const { return o_.key_dim; }
  int64_t value_size() const { return o_.value_dim.value_or(o_.key_dim); }
  Shape output_axes(int64_t features) const {
    return o_.output_shape && !o_.output_shape->empty() ? Shape(*o_.output_shape) : Shape{features};
  }
  std::optional<Ints> attended(int rank) const {
    if (!o_.attention_axes) return {};
    Ints out;
    for (int64_t a : *o_.attention_axes) {
      if (a < 0) a += rank;
      if (a < 1 || a >= rank - 1)
        throw error(
            str("attention_axes must name axes between the batch and the features of an "
                "input of ",
                rank, " axes, received ", Shape(*o_.attention_axes)));
      out.push_back(a);
    }
    return out;
  }
};

class CachedMultiHeadAttention : public MultiHeadAttention {
 public:
  static constexpr const char* kName = "CachedMultiHeadAttention";
  using MultiHeadAttention::MultiHeadAttention;
  std::string class_name() const override { return kName; }
  CallSignature call_signature() const override {
    return {{"query", "value", "key"}, {"attention_mask", "cache", "cache_update_index"}};
  }
};

class GroupQueryAttention : public HeadsLayer<GroupQueryAttention, GroupQueryAttentionOptions> {
 public:
  static constexpr const char* kName = "GroupQueryAttention";
  explicit GroupQueryAttention(const GroupQueryAttentionOptions& o) : HeadsLayer(o) {
    require_positive("head_dim", o.head_dim);
    require_positive("num_query_heads", o.num_query_heads);
    require_positive("num_key_value_heads", o.num_key_value_heads);
    if (o.num_query_heads % o.num_key_value_heads != 0)
      fail(
          "GroupQueryAttention: num_query_heads must be divisible by num_key_value_heads, "
          "received ",
          o.num_query_heads, " and ", o.num_key_value_heads);
  }
  int64_t query_heads() const { return o_.num_query_heads; }
  int64_t key_heads() const { return o_.num_key_value_heads; }
  int64_t key_size() const { return o_.head_dim; }
  int64_t value_size() const { return o_.head_dim; }
  Shape output_axes(int64_t features) const { return {features}; }
  std::optional<Ints> attended(int rank) const {
    if (rank != 3) throw error(str("expected inputs of 3 axes, received ", rank));
    return {};
  }
};

const char* const kCommonArgs = R"(    use_bias: Whether the projections have a bias.
    sliding_window: Keys of at most `sliding_window - 1` steps away are seen; all by default.
    flash_attention: Taken for Keras's sake: the scores are never stored, whatever it says.
    kernel_initializer, bias_initializer: First values of the projections' weights.
    kernel_regularizer, bias_regularizer, activity_regularizer: Penalties.
    kernel_constraint, bias_constraint: Projections after each update.
    use_gate: Whether a sigmoid of a projection of the query multiplies what attention gives (Qiu
        et al., 2025, arXiv:2505.06708).
    seed: Of dropout's random numbers; from the global generator by default.
)";
const char* const kCallArgs = R"(
Call arguments:
    query: (batch, T, features). value: (batch, S, features). key: `value` by default.
    attention_mask: Boolean, broadcast to (batch, T, S) or (batch, heads, T, S); True: attend.
    query_mask, value_mask, key_mask: Boolean (batch, T) and (batch, S), those that came with the
        inputs by default.
    use_causal_mask: Whether a position sees only itself and earlier ones.
    return_attention_scores: Also give the weights (batch, heads, T, S), without dropout.
    cache: Keys and values of earlier steps, (batch, 2, length, heads, size); it comes back as the
        last output. No gradient passes through it.
    cache_update_index: Where the new keys and values go in the cache, which is written in place;
        the query sees them and those before. Without it the cache is read as it is, and `value` is
        not looked at.

Memory grows with T + S: the (T, S) matrix is computed in tiles, masks stay as they were given, and
dropout's random numbers are made again for the backward pass. Tiles that masks hide are left out.
Ragged batches stay within their sequences; see also `lamina.models.CachedDecoder`.
)";

}  // namespace

void add_heads_layers(LayerClasses& out) {
  static const std::string multi = std::string(R"(
Args:
    num_heads: Number of heads.
    key_dim: Size of each head's query and key.
    value_dim: Size of each head's value; key_dim by default.
    dropout: Share of the attention weights to drop in training.
    output_shape: Size of the output, or a tuple of sizes; that of the query by default.
    attention_axes: Axes of the inputs that attention runs over; all between the batch and the
        features by default. The others are like a batch.
)") + kCommonArgs + kCallArgs;
  static const std::string heads =
      "Attention with several heads (Vaswani et al., 2017, arXiv:1706.03762).\n" + multi + R"(
Output shape: (batch, T, output_shape).

Example:

>>> import lamina, numpy as np
>>> x = np.ones((2, 5, 16), "float32")
>>> lamina.layers.MultiHeadAttention(num_heads=4, key_dim=8)(x, x, use_causal_mask=True).shape
(2, 5, 16))";
  static const std::string cached =
      "MultiHeadAttention whose call takes a cache after the mask, as in KerasHub.\n" + multi +
      R"(
Returns:
    The output; with a cache also the cache.

Example:

>>> import lamina, numpy as np
>>> layer = lamina.layers.CachedMultiHeadAttention(num_heads=2, key_dim=4)
>>> x, cache = np.ones((1, 3, 8), "float32"), lamina.ops.zeros((1, 2, 10, 2, 4))
>>> y, cache = layer(x, x, cache=cache, cache_update_index=0, use_causal_mask=True)
>>> step, cache = layer(x[:, :1], x[:, :1], cache=cache, cache_update_index=3)
>>> y.shape, step.shape
((1, 3, 8), (1, 1, 8)))";
  static const std::string groups =
      std::string(
          "Attention whose heads share keys and values by groups (Ainslie et al., 2023, "
          "arXiv:2305.13245).\n\n"
          "Args:\n"
          "    head_dim: Size of each head.\n"
          "    num_query_heads: Number of heads of the query.\n"
          "    num_key_value_heads: Number of heads of keys and values; 1 is multi-query "
          "attention.\n"
          "    dropout: Share of the attention weights to drop in training.\n") +
      kCommonArgs + kCallArgs + R"(
Raises:
    ValueError: num_query_heads is no multiple of num_key_value_heads.

Output shape: (batch, T, features of the query).)";
  out.push_back(layer_class<MultiHeadAttention>(heads.c_str()));
  out.push_back(layer_class<CachedMultiHeadAttention>(cached.c_str()));
  out.push_back(layer_class<GroupQueryAttention>(groups.c_str()));
}

}  // namespace lamina
