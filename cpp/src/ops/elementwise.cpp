// Every row of kernels/elementwise_ops.inc as an operation with its gradient.
#include <cmath>

#include "graph/chain.h"
#include "lamina/ops.h"
#include "ops/promote.h"
#include "ops/registry.h"

namespace lamina {

namespace {

using abi::EwOp;

enum class Second { kNone, kZero, kRule, kOnce };

// `v` as a view of shape `like`, repeating where it is shorter.
abi::View broadcast(const abi::View& v, const abi::View& like) {
  abi::View out = v;
  out.rank = like.rank;
  int shift = like.rank - v.rank;
  for (int i = 0; i < like.rank; ++i) {
    out.shape[i] = like.shape[i];
    out.strides[i] = i < shift || v.shape[i - shift] == 1 ? 0 : v.strides[i - shift];
  }
  return out;
}

abi::Compute stored(const abi::View& v) { return compute_type(static_cast<DType>(v.dtype)); }

// A chain of one step on up to three inputs.
void run_step(const Run& r, EwOp code) {
  abi::Chain c;
  abi::View in[3];
  c.n_in = static_cast<int32_t>(r.n_in), c.n_out = 1, c.n_steps = 1;
  for (size_t i = 0; i < r.n_in; ++i) {
    in[i] = broadcast(r.in[i], r.out[0]);
    c.in_type[i] = stored(r.in[i]);
  }
  if (code == EwOp::where) c.in_type[0] = abi::Compute::kI32;
  abi::EwStep& s = c.steps[0];
  s.op = code;
  s.type = c.in_type[code == EwOp::where ? 1 : 0];
  s.to = c.out_type[0] = stored(r.out[0]);
  s.dst = c.out_reg[0] = static_cast<uint8_t>(r.n_in);
  for (size_t i = 0; i < r.n_in; ++i) s.arg[i] = static_cast<uint8_t>(i);
  s.p0 = r.attrs.has("p0") ? r.attrs.real("p0") : 0;
  s.p1 = r.attrs.has("p1") ? r.attrs.real("p1") : 0;
  r.kernels.elementwise(r.context, c, in, r.out);
}

template <EwOp kCode>
void run(const Run& r) {
  run_step(r, kCode);
}

void infer_bool(Infer& f) { f.output(f.shape(0), DType::kBool); }
void infer_grad(Infer& f) { f.output(broadcast_shapes(f.shape(0), f.shape(1)), f.dtype(0)); }
Shape both(Infer& f, size_t a, size_t b) {
  try {
    return broadcast_shapes(f.shape(a), f.shape(b));
  } catch (const Error& e) {
    f.refuse(e.what());
  }
}
void infer_binary(Infer& f) { f.output(both(f, 0, 1), f.dtype(0)); }
void infer_compare(Infer& f) { f.output(both(f, 0, 1), DType::kBool); }

// f''(x) for the rows marked kRule, made of differentiable operations.
Tensor second_derivative(EwOp op, const Tensor& x, double p0) {
  Tensor one(1.0), two(2.0);
  switch (op) {
    case EwOp::square:
      return full_like(x, 2);
    case EwOp::reciprocal:
      return two / (x * x * x);
    case EwOp::sqrt:
      return Tensor(-0.25) / (x * sqrt(x));
    case EwOp::rsqrt:
      return Tensor(0.75) * rsqrt(x) / (x * x);
    case EwOp::exp:
      return exp(x);
    case EwOp::exp2:
      return exp2(x) * Tensor(0.480453013918201424667);
    case EwOp::expm1:
      return exp(x);
    case EwOp::log:
      return -reciprocal(x * x);
    case EwOp::log1p:
      return -reciprocal(square(x + one));
    case EwOp::log2:
      return Tensor(-1.442695040888963407) / (x * x);
    case EwOp::log10:
      return Tensor(-0.434294481903251828) / (x * x);
    case EwOp::sin:
      return -sin(x);
    case EwOp::cos:
      return -cos(x);
    case EwOp::tan:
      return two * tan(x) * (one + square(tan(x)));
    case EwOp::arcsin:
      return x * power(one - x * x, Tensor(-1.5));
    case EwOp::arccos:
      return -(x * power(one - x * x, Tensor(-1.5)));
    case EwOp::arctan:
      return Tensor(-2.0) * x / square(one + x * x);
    case EwOp::sinh:
      return sinh(x);
    case EwOp::cosh:
      return cosh(x);
    case EwOp::tanh:
      return Tensor(-2.0) * tanh(x) * (one - square(tanh(x)));
    case EwOp::arcsinh:
      return -(x * power(x * x + one, Tensor(-1.5)));
    case EwOp::arccosh:
      return -(x * power(x * x - one, Tensor(-1.5)));
    case EwOp::arctanh:
      return two * x / square(one - x * x);
    case EwOp::erf:
      return Tensor(-2.25675833419102514779) * x * exp(-(x * x));
    case EwOp::elu:
      return where(greater(x, Tensor(0.0)), zeros_like(x), Tensor(p0) * exp(x));
    case EwOp::selu:
      return where(greater(x, Tensor(0.0)), zeros_like(x), Tensor(1.7580993408473769) * exp(x));
    case EwOp::celu:
      return where(greater(x, Tensor(0.0)), zeros_like(x),
                   exp(x * Tensor(1 / p0)) * Tensor(1 / p0));
    case EwOp::sigmoid: {
      Tensor s = sigmoid(x);
      return s * (one - s) * (one - two * s);
    }
    case EwOp::log_sigmoid:
    case EwOp::softplus: {
      Tensor s = sigmoid(x);
      Tensor d = s * (one - s);
      return op == EwOp::softplus ? d : -d;
    }
    case EwOp::softsign:
      return Tensor(-2.0) * sign(x) / power(one + absolute(x), Tensor(3.0));
    case EwOp::silu: {
      Tensor s = sigmoid(x);
      return s * (one - s) * (two + x * (one - two * s));
    }
    case EwOp::gelu:
      return (two - x * x) * Tensor(0.39894228040143267794) * exp(Tensor(-0.5) * x * x);
    case EwOp::tanh_shrink:
      return two * tanh(x) * (one - square(tanh(x)));
    default:
      return {};
  }
}

Attrs constants(const Attrs& a) {
  Attrs out;
  if (a.has("p0")) out.set("p0", a.real("p0"));
  if (a.has("p1")) out.set("p1", a.real("p1"));
  return out;
}

const Op& grad_op(EwOp op);

template <EwOp kCode, EwOp kGrad>
Tensors unary_backward(const Backward& b) {
  // ReLU's derivative follows from its result, so that what went into it need not be kept.
  Tensor y = b.out(), x = kCode == EwOp::relu ? y : b.in(0);
  return {apply1(grad_op(kGrad), {b.grad(), x, y}, constants(b.attrs()))};
}

// The gradient op g * f'(x), y given only to save work: all of its dependence on x is put on x.
template <EwOp kCode, EwOp kGrad, Second kSecond>
Tensors grad_backward(const Backward& b) {
  Tensors out(3);
  if (b.needs(0))
    out[0] = apply1(grad_op(kGrad), {b.grad(), b.in(1), b.in(2)}, constants(b.attrs()));
  if (b.needs(1) || b.needs(2)) {
    if constexpr (kSecond == Second::kRule) {
      double p0 = b.attrs().has("p0") ? b.attrs().real("p0") : 0;
      out[1] = b.grad() * b.in(0) * second_derivative(kCode, b.in(1), p0);
    } else if constexpr (kSecond != Second::kZero) {
      std::string name = find_op(grad_op(kGrad).name)->name;
      throw Error(
          "the second derivative of '" + name.substr(0, name.size() - 5) + "' is not available",
          Error::Kind::kUnsupported);
    }
  }
  return out;
}

Tensor back(const Tensor& g, const Tensor& in) { return sum_to_shape(g, in.shape()); }

Tensors binary_backward(EwOp op, const Backward& b) {
  Tensors out(2);
  const Tensor &x = b.in(0), &y = b.in(1);
  Tensor g = b.grad();
  bool nx = b.needs(0), ny = b.needs(1);
  auto put = [&](auto&& dx, auto&& dy) {
    if (nx) out[0] = back(dx(), x);
    if (ny) out[1] = back(dy(), y);
  };
  Tensor zero(0.0), one(1.0);
  switch (op) {
    case EwOp::add:
      put([&] { return g; }, [&] { return g; });
      break;
    case EwOp::subtract:
      put([&] { return g; }, [&] { return -g; });
      break;
    case EwOp::multiply:
      put([&] { return g * y; }, [&] { return g * x; });
      break;
    case EwOp::divide:
      put([&] { return g / y; }, [&] { return -(g * x / (y * y)); });
      break;
    case EwOp::divide_no_nan:
      put([&] { return divide_no_nan(g, y); }, [&] { return -divide_no_nan(g * x, y * y); });
      break;
    case EwOp::mod:
      put([&] { return g; }, [&] { return -(g * floor(x / y)); });
      break;
    case EwOp::fmod:
      put([&] { return g; }, [&] { return -(g * trunc(x / y)); });
      break;
    case EwOp::power:
      put([&] { return g * where(equal(y, zero), zeros_like(x * y), y * power(x, y - one)); },
          [&] {
            // x^y log x, whose limit at x = 0 is 0; negative x has no real derivative.
            Tensor safe = where(greater(x, zero), x, ones_like(x));
            return g *
                   where(equal(x, zero), zeros_like(x * y),
                         power(x, y) * where(less(x, zero), full_like(x, std::nan("")), log(safe)));
          });
      break;
    case EwOp::maximum:
    case EwOp::minimum: {
      Tensor wins = op == EwOp::maximum ? greater(x, y) : less(x, y);
      Tensor share = where(equal(x, y), full_like(g, 0.5), cast(wins, g.dtype()));
      put([&] { return g * share; }, [&] { return g * (one - share); });
      break;
    }
    case EwOp::arctan2:
      put([&] { return g * y / (x * x + y * y); }, [&] { return -(g * x / (x * x + y * y)); });
      break;
    case EwOp::hypot:
      put([&] { return divide_no_nan(g * x, hypot(x, y)); },
          [&] { return divide_no_nan(g * y, hypot(x, y)); });
      break;
    case EwOp::logaddexp:
      put([&] { return g * sigmoid(x - y); }, [&] { return g * sigmoid(y - x); });
      break;
    case EwOp::logaddexp2: {
      Tensor ln2(0.693147180559945309417);
      put([&] { return g * sigmoid((x - y) * ln2); }, [&] { return g * sigmoid((y - x) * ln2); });
      break;
    }
    case EwOp::copysign:
      put([&] { return g * sign(x) * copysign(ones_like(x * y), y); },
          [&] { return zeros_like(g); });
      break;
    default:
      put([&] { return zeros_like(g); }, [&] { return zeros_like(g); });
  }
  return out;
}
template <EwOp kCode>
Tensors binary_rule(const Backward& b) {
  return binary_backward(kCode, b);
}

void infer_where(Infer& f) {
  Shape s = both(f, 1, 2);
  try {
    s = broadcast_shapes(f.shape(0), s);
  } catch (const Error& e) {
    f.refuse(e.what());
  }
  f.output(s, f.dtype(1));
}
Tensors where_backward(const Backward& b) {
  Tensors out(3);
  Tensor g = b.grad(), none = zeros_like(g);
  if (b.needs(1)) out[1] = back(where(b.in(0), g, none), b.in(1));
  if (b.needs(2)) out[2] = back(where(b.in(0), none, g), b.in(2));
  return out;
}

// ---- the table ----------------------------------------------------------------------------------

struct Rows {
  std::vector<Op> ops = std::vector<Op>(static_cast<size_t>(EwOp::kCount));
  EwOp pending = EwOp::kCount;

  Op& at(EwOp op) { return ops[static_cast<size_t>(op)]; }
  Op base(const char* name, EwOp code, void (*infer)(Infer&), void (*r)(const Run&),
          const char* doc) {
    Op op{};
    op.name = name, op.infer = infer, op.run = r, op.doc = doc;
    op.elementwise = true, op.code = code;
    return op;
  }
  Rows() {
#define LAMINA_UNARY(name, Functor, types, second, doc)                                          \
  at(EwOp::name) =                                                                               \
      base(#name, EwOp::name, #types[0] == 'B' ? infer_bool : infer_same, run<EwOp::name>, doc); \
  at(EwOp::name).zero_gradient = Second::second == Second::kNone;
#define LAMINA_BINARY(name, Functor, types, doc)                                \
  at(EwOp::name) = base(#name, EwOp::name, infer_binary, run<EwOp::name>, doc); \
  at(EwOp::name).backward = binary_rule<EwOp::name>;
#define LAMINA_COMPARE(name, Functor, doc)                                       \
  at(EwOp::name) = base(#name, EwOp::name, infer_compare, run<EwOp::name>, doc); \
  at(EwOp::name).zero_gradient = true;
#include "kernels/elementwise_ops.inc"
// A differentiable row expands to LAMINA_UNARY and then LAMINA_UNARY_GRAD.
#define LAMINA_UNARY(name, Functor, types, second_, doc) \
  {                                                      \
    constexpr Second kSecond = Second::second_;          \
    (void)kSecond;                                       \
  }
#define LAMINA_UNARY_GRAD(name) add_grad<EwOp::name, EwOp::name##_grad>(#name "_grad");
#include "kernels/elementwise_ops.inc"
    at(EwOp::digamma).zero_gradient = false;
    at(EwOp::where) = base("where", EwOp::where, infer_where, run<EwOp::where>,
                           "a where the condition holds, else b.");
    at(EwOp::where).backward = where_backward;
  }
  template <EwOp kCode, EwOp kGrad>
  void add_grad(const char* name) {
    at(kCode).backward = unary_backward<kCode, kGrad>;
    at(kCode).saves_output = true;
    Op& g = at(kGrad) = base(name, kGrad, infer_grad, run<kGrad>, "");
    g.backward = grad_backward<kCode, kGrad, second_of(kCode)>;
  }
  static constexpr Second second_of(EwOp op) {
    switch (op) {
#define LAMINA_UNARY(name, Functor, types, second, doc) \
  case EwOp::name:                                      \
    return Second::second;
#include "kernels/elementwise_ops.inc"
      default:
        return Second::kNone;
    }
  }
};

Rows& rows() {
  static Rows r;
  return r;
}
const Op& op_of(EwOp op) { return rows().at(op); }
const Op& grad_op(EwOp op) { return op_of(op); }

Tensor unary(EwOp op, char types, const Tensor& x) {
  Tensor t = x;
  if (types == 'F') t = as_float(x);
  if (t.is_scalar_literal()) t = as_dtype(t, common_dtype({t}));
  if (types == 'N' && t.dtype() == DType::kBool) {
    if (op == EwOp::negative)
      throw Error("negative: a bool tensor has no negative; use logical_not", Error::Kind::kType);
    t = cast(t, DType::kInt32);
  }
  return apply1(op_of(op), {t});
}
Tensor unary_with(EwOp op, const Tensor& x, double p0, double p1 = 0) {
  return apply1(op_of(op), {as_float(x)}, {{"p0", p0}, {"p1", p1}});
}
Tensor binary(EwOp op, char types, const Tensor& a, const Tensor& b) {
  DType d = types == 'F' ? common_float({a, b}) : common_dtype({a, b});
  if (types == 'I' && is_floating(d))
    throw Error(str(op_of(op).name, ": expected integers or booleans, received ", dtype_name(d)),
                Error::Kind::kType);
  if (d == DType::kBool && op == EwOp::subtract)
    throw Error("subtract: booleans cannot be subtracted; use logical_xor", Error::Kind::kType);
  if (d == DType::kBool && (op == EwOp::floor_divide || op == EwOp::mod || op == EwOp::power ||
                            op == EwOp::left_shift || op == EwOp::right_shift))
    d = DType::kInt32;
  return apply1(op_of(op), {as_dtype(a, d), as_dtype(b, d)});
}
Tensor compare(EwOp op, const Tensor& a, const Tensor& b) {
  DType d = common_dtype({a, b});
  return apply1(op_of(op), {as_dtype(a, d), as_dtype(b, d)});
}

}  // namespace

void register_elementwise_ops() {
  for (const Op& op : rows().ops)
    if (op.name) register_op(op);
}

// ---- public functions ---------------------------------------------------------------------------

// Rows with constants have functions of their own below.
// clang-format off
#define LAMINA_WITH_CONSTANTS(X) \
  X(leaky_relu) X(elu) X(celu) X(gelu) X(gelu_tanh) X(soft_shrink) X(hard_shrink) \
  X(threshold) X(squareplus) X(clip) X(scale)
// clang-format on
namespace plain {
#define LAMINA_UNARY(name, Functor, types, second, doc) \
  [[maybe_unused]] static Tensor name(const Tensor& x) { return unary(EwOp::name, #types[0], x); }
#define LAMINA_BINARY(name, Functor, types, doc)         \
  static Tensor name(const Tensor& a, const Tensor& b) { \
    return binary(EwOp::name, #types[0], a, b);          \
  }
#define LAMINA_COMPARE(name, Functor, doc) \
  static Tensor name(const Tensor& a, const Tensor& b) { return compare(EwOp::name, a, b); }
#include "kernels/elementwise_ops.inc"
}  // namespace plain
#define LAMINA_DECLARE_UNARY(name) \
  Tensor name(const Tensor& x) { return plain::name(x); }
#define LAMINA_DECLARE_BINARY(name) \
  Tensor name(const Tensor& a, const Tensor& b) { return plain::name(a, b); }
#include "lamina/elementwise_ops.inc"
#undef LAMINA_DECLARE_UNARY
#undef LAMINA_DECLARE_BINARY

Tensor leaky_relu(const Tensor& x, double slope) { return unary_with(EwOp::leaky_relu, x, slope); }
Tensor elu(const Tensor& x, double alpha) { return unary_with(EwOp::elu, x, alpha); }
Tensor celu(const Tensor& x, double alpha) { return unary_with(EwOp::celu, x, alpha); }
Tensor gelu(const Tensor& x, bool approximate) {
  return unary_with(approximate ? EwOp::gelu_tanh : EwOp::gelu, x, 0);
}
Tensor soft_shrink(const Tensor& x, double t) { return unary_with(EwOp::soft_shrink, x, t); }
Tensor hard_shrink(const Tensor& x, double t) { return unary_with(EwOp::hard_shrink, x, t); }
Tensor threshold(const Tensor& x, double t, double value) {
  return unary_with(EwOp::threshold, x, t, value);
}
Tensor squareplus(const Tensor& x, double b) { return unary_with(EwOp::squareplus, x, b); }

Tensor clip(const Tensor& x, double low, double high) {
  Tensor t = x.is_scalar_literal() ? as_dtype(x, common_dtype({x})) : x;
  if (t.dtype() == DType::kBool) t = cast(t, DType::kInt32);
  if (low > high) fail("clip: x_min ", low, " is above x_max ", high);
  return apply1(op_of(EwOp::clip), {t}, {{"p0", low}, {"p1", high}});
}
Tensor clip(const Tensor& x, const Tensor& low, const Tensor& high) {
  return minimum(maximum(x, low), high);
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  DType d = common_dtype({a, b});
  Tensor c = condition.dtype() == DType::kBool && !condition.is_scalar_literal()
                 ? condition
                 : cast(condition, DType::kBool);
  return apply1(op_of(EwOp::where), {c, as_dtype(a, d), as_dtype(b, d)});
}

Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
Tensor operator-(const Tensor& a, const Tensor& b) { return subtract(a, b); }
Tensor operator*(const Tensor& a, const Tensor& b) { return multiply(a, b); }
Tensor operator/(const Tensor& a, const Tensor& b) { return divide(a, b); }
Tensor operator-(const Tensor& a) { return negative(a); }

}  // namespace lamina
