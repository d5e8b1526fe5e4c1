// EinsumDense: a product of any axes, described by an equation.
#include <algorithm>
#include <set>

#include "layers/builtin.h"

namespace lamina {

namespace {

// "ab,bc->ac" and shapes, with an ellipsis written out in letters.
struct Plan {
  std::string input, weight, output;
  std::string elided;  // letters that stand for the ellipsis
  bool left = false;
  Shape kernel, bias;
};

bool letters(const std::string& s) {
  return std::all_of(s.begin(), s.end(), [](unsigned char c) { return std::isalpha(c); });
}
bool has(const std::string& s, char c) { return s.find(c) != std::string::npos; }

// The three parts of an equation; "..." may lead or follow in the first and the last alike.
Plan parse(const std::string& equation, int rank) {
  Plan p;
  std::string e = equation;
  for (size_t at; (at = e.find("...")) != std::string::npos;) e.replace(at, 3, "0");
  e.erase(std::remove(e.begin(), e.end(), ' '), e.end());
  size_t comma = e.find(','), arrow = e.find("->");
  bool fine = comma != std::string::npos && arrow != std::string::npos && comma < arrow;
  if (fine) {
    p.input = e.substr(0, comma), p.weight = e.substr(comma + 1, arrow - comma - 1);
    p.output = e.substr(arrow + 2);
    bool dots = false;
    auto strip = [&](bool left) {
      auto dotted = [&](const std::string& s) { return (left ? s.front() : s.back()) == '0'; };
      if (p.input.empty() || p.output.empty() || !dotted(p.input) || !dotted(p.output)) return;
      p.left = left, dots = true;
      for (std::string* s : {&p.input, &p.output}) left ? s->erase(0, 1) : s->erase(s->size() - 1);
    };
    strip(true);
    if (!dots) strip(false);
    fine = !p.input.empty() && !p.weight.empty() && !p.output.empty() && letters(p.input) &&
           letters(p.weight) && letters(p.output);
    int extra = rank - static_cast<int>(p.input.size());
    if (fine && (extra < 0 || (extra > 0 && !dots)))
      fail("the equation '", equation, "' does not fit an input of ", rank, " axes");
    for (char c = 'A'; fine && extra > 0; c = c == 'Z' ? 'a' : static_cast<char>(c + 1))
      if (!has(p.input + p.weight + p.output, c)) p.elided += c, --extra;
  }
  if (!fine)
    fail("invalid equation '", equation,
         "'; expected [X],[Y]->[Z], ...[X],[Y]->...[Z] or [X]...,[Y]->[Z]...");
  return p;
}

Plan plan(const EinsumDenseOptions& o, const Shape& in) {
  Plan p = parse(o.equation, in.rank());
  std::string input = p.left ? p.elided + p.input : p.input + p.elided;
  std::string output = p.left ? p.elided + p.output : p.output + p.elided;
  // Lengths of the output: the batch, what was asked for, and the axes of the ellipsis.
  Ints lengths = {in[0]};
  int given = static_cast<int>(p.elided.size());
  if (p.left)
    for (int i = 1; i < given; ++i) lengths.push_back(in[i]);
  lengths.insert(lengths.end(), o.output_shape.begin(), o.output_shape.end());
  if (!p.left)
    for (int i = in.rank() - given; i < in.rank(); ++i) lengths.push_back(in[i]);
  if (lengths.size() != output.size())
    fail("output_shape ", Shape(o.output_shape), " does not fit the output '", p.output,
         "' of the equation '", o.equation, "'");
  auto of_input = [&](char c) { return in[static_cast<int>(input.find(c))]; };
  auto of_output = [&](char c) { return lengths[output.find(c)]; };
  for (char c : p.input)
    if (has(output, c) && of_output(c) >= 0 && of_output(c) != of_input(c))
      fail("input shape and output shape do not match at shared dimension '", std::string(1, c),
           "': the input's is ", of_input(c), ", the output's ", of_output(c));
  for (char c : p.output)
    if (!has(input, c) && !has(p.weight, c))
      fail("dimension '", std::string(1, c), "' of the output '", p.output,
           "' is neither in the input '", p.input, "' nor in the weight '", p.weight, "'");
  for (char c : p.weight) {
    if (has(output, c))
      p.kernel.push_back(of_output(c));
    else if (has(input, c))
      p.kernel.push_back(of_input(c));
    else
      fail("weight dimension '", std::string(1, c), "' is neither in the input '", p.input,
           "' nor in the output '", p.output, "'; the weight must be fully specified");
    if (p.kernel.back() < 0 && has(input, c)) p.kernel[p.kernel.rank() - 1] = of_input(c);
  }
  if (o.bias_axes) {
    size_t first = output.size();
    for (char c : *o.bias_axes) {
      if (!has(p.output, c))
        fail("bias dimension '", std::string(1, c), "' is not part of the output '", p.output, "'");
      first = std::min(first, output.find(c));
    }
    for (size_t i = first; i < output.size(); ++i)
      p.bias.push_back(has(*o.bias_axes, output[i]) ? lengths[i] : 1);
  }
  p.input = input, p.output = output;
  return p;
}

class EinsumDense : public BuiltIn<EinsumDense, EinsumDenseOptions> {
 public:
  static constexpr const char* kName = "EinsumDense";
  static constexpr bool kRagged = true;
  explicit EinsumDense(const EinsumDenseOptions& o) : BuiltIn(o) {
    if (o.equation.empty())
      throw Error("EinsumDense: argument 'equation' is missing", Error::Kind::kType);
  }
  void build(const std::vector<Shape>& shapes) override {
    one_input(shapes);
    Plan p = planned(shapes[0]);
    kernel_ = add_weight(
        {"kernel", p.kernel, o_.kernel_initializer, o_.kernel_regularizer, o_.kernel_constraint});
    int64_t in = 1, out = 1;
    for (size_t i = 0; i < p.weight.size(); ++i)
      (has(p.output, p.weight[i]) ? out : in) *= p.kernel[static_cast<int>(i)];
    scale_as_matrix(kernel_, o_.kernel_initializer, in, out);
    if (o_.bias_axes)
      bias_ = add_weight(
          {"bias", p.bias, o_.bias_initializer, o_.bias_regularizer, o_.bias_constraint});
  }
  Tensors call(const Tensors& in, const CallArgs&) override {
    if (in[0].is_ragged()) require_steps_apart(in[0].rank());
    Plan p = planned(in[0].shape());
    if (!(p.kernel == kernel_.shape()))
      throw error(str("an input of shape ", in[0].shape(), " needs a kernel of shape ", p.kernel,
                      ", but the layer was built with ", kernel_.shape()));
    if (!is_matrix_product(p)) {
      Tensor y = general_product(p, in[0]);
      return {o_.activation.none() ? y : o_.activation(y)};
    }
    Tensor y = matrix_product(p, in[0]);
    return {o_.activation.applies_after() ? o_.activation(y) : y};
  }
  Config get_config() const override {
    Config c = BuiltIn::get_config();
    c.set("output_shape", lengths_config(o_.output_shape));
    return c;
  }

 private:
  // The first two axes of a ragged batch go on as they are.
  void require_steps_apart(int rank) const {
    const Plan p = parse(o_.equation, rank);
    const std::string first = (p.left ? p.elided + p.input : p.input + p.elided).substr(0, 2),
                      last = (p.left ? p.elided + p.output : p.output + p.elided).substr(0, 2);
    if (first != last || has(p.weight, first[0]) || has(p.weight, first[1]))
      throw error(str("the equation '", o_.equation,
                      "' mixes the steps of ragged input; the first two axes must stay"));
  }
  Plan planned(const Shape& s) const {
    try {
      return plan(o_, s);
    } catch (const Error& e) {
      throw error(e.what());
    }
  }
  // Input (left..., shared...), weight (shared..., right...), output (left..., right...), and a
  // bias for all of what is on the right.
  static bool is_matrix_product(const Plan& p) {
    for (size_t n = 1; n <= std::min(p.input.size(), p.weight.size()); ++n) {
      std::string shared = p.weight.substr(0, n), right = p.weight.substr(n),
                  left = p.input.substr(0, p.input.size() - n);
      if (p.input.substr(p.input.size() - n) == shared && p.output == left + right &&
          !right.empty() && !left.empty())
        return p.bias.rank() == 0 || p.bias == Shape(Ints(p.kernel.begin() + n, p.kernel.end()));
    }
    return false;
  }
  Tensor matrix_product(const Plan& p, const Tensor& x) {
    size_t shared = (p.input.size() + p.weight.size() - p.output.size()) / 2;
    int64_t k = 1, n = 1;
    for (int i = 0; i < p.kernel.rank(); ++i) (i < static_cast<int>(shared) ? k : n) *= p.kernel[i];
    Ints rows, out;
    for (int i = 0; i < x.rank() - static_cast<int>(shared); ++i) rows.push_back(x.dim(i));
    out = rows;
    rows.push_back(k);
    for (int i = static_cast<int>(shared); i < p.kernel.rank(); ++i) out.push_back(p.kernel[i]);
    Tensor y = dense(reshape(x, rows), reshape(kernel_, {k, n}),
                     bias_.defined() ? reshape(bias_, {n}) : Tensor{}, o_.activation.fusable());
    return reshape(y, out);
  }
  Tensor general_product(const Plan& p, const Tensor& x) {
    Tensor y = einsum(p.input + "," + p.weight + "->" + p.output, {x, kernel_});
    return bias_.defined() ? y + bias_.value() : y;
  }
  Variable kernel_, bias_;
};

}  // namespace

void scale_as_matrix(const Variable& weight, const Initializer& initializer, int64_t inputs,
                     int64_t outputs) {
  static const std::set<std::string> scaled = {
      "variance_scaling", "glorot_uniform", "glorot_normal", "he_uniform",
      "he_normal",        "lecun_uniform",  "lecun_normal"};
  if (scaled.count(to_snake_case(initializer.name())))
    weight.assign(reshape(initializer({inputs, outputs}, weight.dtype()), weight.shape().vec()));
}

void add_einsum_layers(LayerClasses& out) {
  out.push_back(layer_class<EinsumDense>(
      R"(activation(einsum(equation, x, kernel) + bias): a dense layer over any axes.

Args:
    equation: As "ab,bc->ac": axes of the input, of the kernel and of the output. "..." may stand
        for more axes, at the start or the end of the first and the last.
    output_shape: Lengths of the output without the batch and the ellipsis; None where the length
        is the input's.
    activation: Name or function applied to the result; none by default.
    bias_axes: Letters of the output's axes that have a bias of their own; no bias by default.
    kernel_initializer, bias_initializer: First values of the weights.
    kernel_regularizer, bias_regularizer: Penalties.
    kernel_constraint, bias_constraint: Projections after each update.

Raises:
    ValueError: The equation is malformed or does not fit the shapes.

Example:

>>> import lamina, numpy as np
>>> layer = lamina.layers.EinsumDense("abc,cd->abd", output_shape=(None, 64), bias_axes="d")
>>> layer(np.ones((2, 5, 8), "float32")).shape
(2, 5, 64))"));
}

}  // namespace lamina
