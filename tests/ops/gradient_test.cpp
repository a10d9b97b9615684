// Gradient rules: every sample of every op against finite differences, against TensorFlow, and recorded in a
// graph that knows no shapes.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "compare.h"
#include "floe/autodiff.h"
#include "floe/base/text.h"
#include "floe/function.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/op_call.h"
#include "golden.h"

namespace floe {
namespace {

using Complexes = std::vector<std::complex<double>>;

bool differentiable(DType t) { return is_floating(t) || is_complex(t); }

Tensor from_numbers(const Shape& shape, DType t, const Complexes& v) {
  Tensor out = Tensor::of<std::complex<double>>(shape, v);
  if (is_complex(t)) return t == DType::kComplex128 ? out : call("Cast", {out}, {{"DstT", t}})[0];
  std::vector<double> real;
  for (auto& x : v) real.push_back(x.real());
  Tensor r = Tensor::of<double>(shape, real);
  return t == DType::kFloat64 ? r : call("Cast", {r}, {{"DstT", t}})[0];
}

// The gradient that arrives at output k; scripts/make_gradient_goldens.py has the same.
Complexes arriving(int k, const Tensor& output) {
  auto weight = [k](int64_t i) { return double((i * 37 + k * 101 + 11) % 97) / 48.0 - 1.0; };
  Complexes v;
  for (int64_t i = 0; i < output.num_elements(); ++i)
    v.emplace_back(weight(2 * i), is_complex(output.dtype()) ? weight(2 * i + 1) : 0.0);
  return v;
}

std::vector<Tensor> weights_of(const std::vector<Tensor>& outputs) {
  std::vector<Tensor> w(outputs.size());
  for (size_t k = 0; k < outputs.size(); ++k)
    if (outputs[k] && differentiable(outputs[k].dtype()))
      w[k] = from_numbers(outputs[k].shape(), outputs[k].dtype(), arriving(int(k), outputs[k]));
  return w;
}

struct Call {
  const OpDef& def;
  std::vector<Tensor> inputs;
  AttrMap attrs;

  std::vector<Tensor> run() const { return call(def.name, inputs, attrs); }
  std::vector<size_t> sources() const {
    std::vector<size_t> v;
    for (size_t i = 0; i < inputs.size(); ++i)
      if (differentiable(inputs[i].dtype())) v.push_back(i);
    return v;
  }
};

// Gradients per source; the outputs as a by-product.
std::vector<Gradient> gradients_of(const Call& c, std::vector<Tensor>* outputs = nullptr) {
  std::vector<Tensor> sources;
  for (size_t i : c.sources()) sources.push_back(c.inputs[i]);
  GradientTape tape;
  for (const Tensor& s : sources) tape.watch(s);
  std::vector<Tensor> out = c.run();
  if (outputs) *outputs = out;
  return tape.gradient(out, sources, weights_of(out));
}

bool all_finite(const Tensor& t) {
  for (auto& x : as_complex(t))
    if (!std::isfinite(x.real()) || !std::isfinite(x.imag())) return false;
  return true;
}

bool holds(const std::vector<Tensor>& tensors, std::initializer_list<DType> types) {
  for (const Tensor& t : tensors)
    for (DType d : types)
      if (t && t.dtype() == d) return true;
  return false;
}

Call original(const OpDef& def, const Sample& s) {
  Call c{def, {}, s.attrs};
  for (const Tensor& t : s.inputs) c.inputs.push_back(t.clone());
  return c;
}

DType wide(DType t) {
  return t == DType::kFloat32 ? DType::kFloat64 : t == DType::kComplex64 ? DType::kComplex128 : t;
}

// The sample in double precision where the op has that.
Call widened(const OpDef& def, const Sample& s) {
  Call c = original(def, s);
  std::vector<DType> types;
  for (Tensor& t : c.inputs) {
    if (wide(t.dtype()) != t.dtype()) t = call("Cast", {t}, {{"DstT", wide(t.dtype())}})[0];
    types.push_back(t.dtype());
  }
  AttrMap attrs;
  for (auto& [name, value] : s.attrs) {
    const DType* t = std::get_if<DType>(&value);
    attrs.set(name, t ? AttrValue(wide(*t)) : value);
  }
  c.attrs = attrs;
  try {
    infer_type_attrs(def, types, attrs);
    normalize_attrs(def, attrs);
    c.run();
  } catch (const Error&) {
    return original(def, s);
  }
  return c;
}

// What the gradient is the derivative of.
double weighted(const std::vector<Tensor>& outputs) {
  double sum = 0;
  for (size_t k = 0; k < outputs.size(); ++k) {
    if (!outputs[k] || !differentiable(outputs[k].dtype())) continue;
    Complexes w = arriving(int(k), outputs[k]), y = as_complex(outputs[k]);
    // Without what stands for infinity.
    for (size_t i = 0; i < y.size(); ++i)
      if (std::abs(y[i]) < 1e30) sum += (std::conj(w[i]) * y[i]).real();
  }
  return sum;
}

struct Difference {
  double value = 0;
  bool smooth = false;
};

Difference difference(const Call& c, size_t input, Complexes values, size_t element, bool imaginary,
                      bool single) {
  double x = std::abs(values[element]), h = (single ? 0.01 : 1e-5) * std::max(1.0, x);
  std::complex<double> step = imaginary ? std::complex<double>(0, h) : std::complex<double>(h, 0);
  auto at = [&](double times) {
    Call moved = c;
    Complexes v = values;
    v[element] += times * step;
    moved.inputs[input] = from_numbers(c.inputs[input].shape(), c.inputs[input].dtype(), v);
    return weighted(moved.run());
  };
  double left = at(-1), here = at(0), right = at(1);
  double down = (here - left) / h, up = (right - here) / h;
  Difference d;
  d.value = (right - left) / (2 * h);
  d.smooth = std::isfinite(d.value) && std::abs(up - down) <= (single ? 0.1 : 1e-3) * (1 + std::abs(d.value));
  return d;
}

// Where TensorFlow's gradient is not the derivative, only its goldens count.
bool is_convention(const Call& c, int sample) {
  // Complex numbers that should be conjugated and are not, or absolute values of them.
  static const std::set<std::string> if_complex = {"Cumprod",
                                                   "EuclideanNorm",
                                                   "LogMatrixDeterminant",
                                                   "MatrixDeterminant",
                                                   "MulNoNan",
                                                   "SegmentProd",
                                                   "SelfAdjointEigV2",
                                                   "Sign",
                                                   "SquaredDifference",
                                                   "UnsortedSegmentProd",
                                                   "TridiagonalSolve",
                                                   "Xdivy",
                                                   "Xlog1py",
                                                   "Xlogy"};
  if (if_complex.count(c.def.name) && holds(c.inputs, {DType::kComplex64, DType::kComplex128})) return true;
  // By sample; none named: all.
  static const std::map<std::string, std::set<int>> conventions = {
      {"BesselI1", {5}},       // 1 at 0
      {"Betainc", {}},         // by x only
      {"CropAndResize", {9}},  // nearest neighbours, as if bilinear
      {"CTCLoss", {}},         // logits, not their softmax
      {"CTCLossV2", {}},
      {"Cholesky", {}},                 // of a symmetric argument
      {"ClipByValue", {10, 11, 12}},    // a minimum above the maximum
      {"DynamicStitch", {}},            // indices that occur twice
      {"FakeQuantWithMinMaxArgs", {}},  // straight through
      {"FakeQuantWithMinMaxVars", {}},
      {"FakeQuantWithMinMaxVarsPerChannel", {}},
      {"FusedBatchNorm", {}},  // statistics that are given do not count
      {"FusedBatchNormV2", {}},
      {"FusedBatchNormV3", {}},
      {"FusedBatchNormGrad", {}},
      {"FusedBatchNormGradV2", {}},
      {"FusedBatchNormGradV3", {}},
      {"MatrixDiagPartV2", {}},  // not by the padding value
      {"MatrixDiagPartV3", {}},
      {"MatrixDiagV2", {}},
      {"MatrixDiagV3", {}},
      {"MatrixSetDiagV2", {}},  // diagonals of the other alignment
      {"MaxPool3DGrad", {}},    // an output that is not the input's
      {"MaxPool3DGradGrad", {}},
      {"MaxPoolGrad", {}},
      {"MaxPoolGradGrad", {}},
      {"PadV2", {}},
      {"ParallelDynamicStitch", {}},
      {"QuantizeAndDequantizeV2", {}},  // straight through
      {"QuantizeAndDequantizeV3", {}},
      {"QuantizeAndDequantizeV4", {}},
      {"ScaleAndTranslate", {}},              // by the images only
      {"SelfAdjointEigV2", {}},               // of a symmetric argument
      {"SoftmaxCrossEntropyWithLogits", {}},  // labels that add up to 1
      {"StatelessRandomGammaV2", {}},         // of the distribution, not of the sampler
      {"StatelessRandomGammaV3", {}},
      {"SparseSoftmax", {3}},       // an index that occurs twice
      {"TensorScatterUpdate", {}},  // indices that occur twice
      {"Zeta", {}},                 // by q only
  };
  auto it = conventions.find(c.def.name);
  return it != conventions.end() && (it->second.empty() || it->second.count(sample));
}

int check_differences(const Call& c, int sample) {
  if (is_convention(c, sample)) return 0;
  for (size_t i : c.sources())
    if (!all_finite(c.inputs[i])) return 0;
  std::vector<Tensor> outputs;
  std::vector<Gradient> grads = gradients_of(c, &outputs);
  for (const Tensor& t : outputs)
    if (t && differentiable(t.dtype()) &&
        (!all_finite(t) || t.dtype() == DType::kFloat16 || t.dtype() == DType::kBfloat16))
      return 0;
  bool single = holds(c.inputs, {DType::kFloat32, DType::kComplex64}) ||
                holds(outputs, {DType::kFloat32, DType::kComplex64});
  int checked = 0;
  std::vector<size_t> sources = c.sources();
  for (size_t n = 0; n < sources.size(); ++n) {
    size_t i = sources[n];
    const Tensor& x = c.inputs[i];
    Complexes values = as_complex(x), have(values.size());
    if (grads[n]) {
      Tensor g = grads[n].dense();
      EXPECT_EQ(g.dtype(), x.dtype()) << "input " << i;
      EXPECT_EQ(g.shape().str(), x.shape().str()) << "input " << i;
      if (g.dtype() != x.dtype() || !(g.shape() == x.shape())) continue;
      have = as_complex(g);
    }
    double largest = 0;
    for (auto& v : have) largest = std::max(largest, std::isfinite(std::abs(v)) ? std::abs(v) : 0);
    size_t stride = std::max<size_t>(1, values.size() / 12);
    for (size_t e = 0; e < values.size(); e += stride)
      for (int imaginary = 0; imaginary <= int(is_complex(x.dtype())); ++imaginary) {
        Difference d = difference(c, i, values, e, imaginary, single);
        if (!d.smooth || !std::isfinite(std::abs(have[e]))) continue;
        double g = imaginary ? have[e].imag() : have[e].real();
        double tolerance = (single ? 0.1 : 2e-5) * std::max({largest, std::abs(d.value), 1.0});
        EXPECT_NEAR(g, d.value, tolerance)
            << "input " << i << ", element " << e << (imaginary ? " (imaginary)" : "") << ", value "
            << values[e].real();
        ++checked;
      }
  }
  return checked;
}

double golden_tolerance(const Call& c, const Sample& s, DType t) {
  // Their gradients are computed in single precision.
  static const std::set<std::string> single = {"CropAndResize", "ResizeBicubic"};
  bool precise = (t == DType::kFloat64 || t == DType::kComplex128) && !single.count(c.def.name);
  double least = precise ? 1e-9 : 1e-5;
  return std::max(least, 10 * s.tolerance);
}

void check_golden(const Call& c, const Sample& s, const Golden& golden) {
  std::vector<Gradient> grads = gradients_of(c);
  std::vector<size_t> sources = c.sources();
  for (size_t n = 0; n < sources.size(); ++n) {
    auto want = golden.outputs.find(int(sources[n]));
    EXPECT_EQ(bool(grads[n]), want != golden.outputs.end()) << "input " << sources[n] << " is connected";
    if (grads[n] && want != golden.outputs.end()) {
      EXPECT_EQ(compare(grads[n].dense(), want->second, golden_tolerance(c, s, want->second.dtype())), "")
          << "input " << sources[n];
    }
  }
}

// The rule recorded in a graph whose tensors have no known shapes.
void check_recorded(const Call& c, const Sample& s) {
  std::vector<Gradient> want = gradients_of(c);
  std::vector<size_t> sources = c.sources();
  std::vector<Tensor> args;
  for (size_t i : sources) args.push_back(c.inputs[i]);
  std::vector<Tensor> weights = weights_of(c.run());
  std::vector<bool> connected;
  auto f = function([&](const Tensors& x) {
    Call inside = c;
    for (size_t n = 0; n < x.size(); ++n)
      inside.inputs[sources[n]] = call("PlaceholderWithDefault", {x[n]}, {{"shape", Shape::unknown()}})[0];
    std::vector<Tensor> watched;
    for (size_t i : sources) watched.push_back(inside.inputs[i]);
    GradientTape tape;
    for (const Tensor& t : watched) tape.watch(t);
    std::vector<Tensor> out = inside.run();
    Tensors g;
    connected.clear();
    for (const Gradient& r : tape.gradient(out, watched, weights)) {
      connected.push_back(bool(r));
      if (r) g.push_back(r.dense());
    }
    return g;
  });
  Tensors have = f(args);
  size_t at = 0;
  for (size_t n = 0; n < want.size(); ++n) {
    EXPECT_EQ(bool(want[n]), bool(connected[n])) << "input " << sources[n];
    if (connected[n]) {
      const Tensor& g = have[at++];
      if (!want[n]) continue;
      EXPECT_EQ(compare(g, want[n].dense(), golden_tolerance(c, s, g.dtype())), "") << "input " << sources[n];
    }
  }
}

// A sample that says something about gradients: it works, and all of its floating inputs have precision.
bool usable(const Sample& s) {
  bool any = false;
  for (const Tensor& t : s.inputs) any = any || differentiable(t.dtype());
  return any && s.error.empty() && !s.values_vary &&
         !holds(s.inputs, {DType::kFloat16, DType::kBfloat16, DType::kResource, DType::kVariant});
}

std::vector<std::string> ops_with_rules() {
  std::vector<std::string> names;
  for (const std::string& name : op_names()) {
    const OpDef& def = get_op(name);
    if (def.gradient || def.no_gradient) names.push_back(name);
  }
  return names;
}

class GradientTest : public testing::TestWithParam<std::string> {};

TEST_P(GradientTest, Samples) {
  const OpDef& def = get_op(GetParam());
  std::map<int, Golden> goldens = load_goldens(def.name, "gradients");
  std::vector<Sample> samples = samples_of(def);
  int checks = 0, used = 0;
  for (int k = 0; k < int(samples.size()); ++k) {
    const Sample& s = samples[size_t(k)];
    // Every call of a random op has other values.
    if (!usable(s) || def.name == "RandomGamma") continue;
    SCOPED_TRACE(cat(def.name, " sample ", k));
    ++used;
    try {
      if (auto g = goldens.find(k); g != goldens.end()) {
        ++checks;
        // TensorFlow computes the value, but fails to compute the gradient.
        if (!g->second.error.empty() && g->second.error != "none") continue;
        check_golden(original(def, s), s, g->second);
      }
      if (!def.gradient) continue;
      checks += check_differences(widened(def, s), k);
      check_recorded(original(def, s), s);
    } catch (const Error& e) {
      ADD_FAILURE() << e.what();
    }
  }
  if (!used) GTEST_SKIP() << "no sample with floating-point inputs";
  EXPECT_TRUE(checks > 0 || !def.gradient) << "no sample checks the rule";
}

std::string test_name(const testing::TestParamInfo<std::string>& i) {
  std::string s = i.param;
  for (char& c : s)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return s;
}

INSTANTIATE_TEST_SUITE_P(Ops, GradientTest, testing::ValuesIn(ops_with_rules()), test_name);

// The gradient of the gradient: the rule's outputs, weighted, against their finite differences.
class SecondGradientTest : public testing::TestWithParam<std::string> {};

TEST_P(SecondGradientTest, Samples) {
  const OpDef& def = get_op(GetParam());
  int checked = 0, used = 0;
  for (const Sample& s : samples_of(def)) {
    if (!usable(s) || used == 3) continue;
    Call c = widened(def, s);
    std::vector<size_t> sources = c.sources();
    auto first = [&](const std::vector<Tensor>& x) {
      Call moved = c;
      for (size_t n = 0; n < x.size(); ++n) moved.inputs[sources[n]] = x[n];
      std::vector<Tensor> g;
      for (const Gradient& r : gradients_of(moved)) g.push_back(r ? r.dense() : Tensor());
      return g;
    };
    std::vector<Tensor> x;
    bool finite = true;
    for (size_t i : sources) {
      x.push_back(c.inputs[i]);
      finite = finite && all_finite(c.inputs[i]) && c.inputs[i].dtype() == DType::kFloat64;
    }
    if (!finite) continue;
    ++used;
    GradientTape tape;
    for (const Tensor& t : x) tape.watch(t);
    std::vector<Tensor> g = first(x), present;
    for (const Tensor& t : g)
      if (t) present.push_back(t);
    std::vector<Gradient> second = tape.gradient(present, x, weights_of(present));
    for (size_t n = 0; n < x.size(); ++n) {
      Complexes values = as_complex(x[n]);
      Complexes have = second[n] ? as_complex(second[n].dense()) : Complexes(values.size());
      for (size_t e = 0; e < values.size(); e += std::max<size_t>(1, values.size() / 6)) {
        double h = 1e-5 * std::max(1.0, std::abs(values[e]));
        auto at = [&](double step) {
          std::vector<Tensor> moved = x;
          Complexes v = values;
          v[e] += step;
          moved[n] = from_numbers(x[n].shape(), x[n].dtype(), v);
          std::vector<Tensor> r;
          for (const Tensor& t : first(moved))
            if (t) r.push_back(t);
          return weighted(r);
        };
        double left = at(-h), here = at(0), right = at(h), want = (right - left) / (2 * h);
        if (!std::isfinite(want) ||
            std::abs((here - left) - (right - here)) > 1e-3 * h * (1 + std::abs(want)))
          continue;
        EXPECT_NEAR(have[e].real(), want, 1e-4 * std::max(1.0, std::abs(want)))
            << "input " << sources[n] << ", element " << e << ", value " << values[e].real();
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 0);
}

INSTANTIATE_TEST_SUITE_P(Ops, SecondGradientTest,
                         testing::Values("Tanh", "Sigmoid", "Rsqrt", "Sqrt", "Reciprocal", "Log", "Sin",
                                         "Exp", "Mul", "RealDiv", "Pow", "SquaredDifference", "MatMul",
                                         "BatchMatMulV2", "Sum", "Mean", "Prod", "Max", "EuclideanNorm",
                                         "Cumsum", "Cumprod", "Erf", "Lgamma", "Einsum"),
                         test_name);

}  // namespace
}  // namespace floe
