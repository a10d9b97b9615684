// The standard tests: every sample of every op, run in every way.
#include <gtest/gtest.h>

#include <cmath>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"
#include "golden.h"

namespace floe {
namespace {

double default_tolerance(DType t) {
  switch (t) {
    case DType::kFloat64:
    case DType::kComplex128:
      return 1e-12;
    case DType::kFloat16:
      return 2e-3;
    case DType::kBfloat16:
      return 1.6e-2;
    default:
      return 2e-6;
  }
}

std::vector<std::complex<double>> as_complex(const Tensor& t) {
  std::vector<std::complex<double>> v;
  dispatch(NumberTypes{}, t.dtype(), [&]<class T>() {
    for (const T& x : t.flat<T>()) {
      if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>)
        v.emplace_back(x.real(), x.imag());
      else
        v.emplace_back(double(compute_t<T>(x)), 0.0);
    }
  });
  return v;
}

bool same_special(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b;
}

std::string compare(const Tensor& have, const Tensor& want, double tolerance) {
  if (have.dtype() != want.dtype())
    return cat("dtype ", dtype_name(have.dtype()), ", expected ", dtype_name(want.dtype()));
  if (!(have.shape() == want.shape()))
    return cat("shape ", have.shape().str(), ", expected ", want.shape().str());
  if (have.dtype() == DType::kString) {
    for (int64_t i = 0; i < have.num_elements(); ++i)
      if (have.data<std::string>()[i] != want.data<std::string>()[i])
        return cat("element ", i, ": ", have.values_str(), ", expected ", want.values_str());
    return "";
  }
  if (!is_floating(have.dtype()) && !is_complex(have.dtype())) {
    if (have.nbytes() && std::memcmp(have.raw(), want.raw(), have.nbytes()))
      return cat("values ", have.values_str(200), ", expected ", want.values_str(200));
    return "";
  }
  if (tolerance == 0) tolerance = default_tolerance(have.dtype());
  auto a = as_complex(have), b = as_complex(want);
  double largest = 0;
  for (auto& x : b)
    if (std::isfinite(x.real()) && std::isfinite(x.imag())) largest = std::max(largest, std::abs(x));
  for (size_t i = 0; i < a.size(); ++i) {
    bool ok;
    if (std::isfinite(b[i].real()) && std::isfinite(b[i].imag()))
      ok = std::abs(a[i] - b[i]) <= tolerance * largest + 1e-30;
    else
      ok = same_special(a[i].real(), b[i].real()) && same_special(a[i].imag(), b[i].imag());
    if (!ok)
      return cat("element ", i, " is ", a[i].real(), "+", a[i].imag(), "j, expected ", b[i].real(), "+",
                 b[i].imag(), "j (tolerance ", tolerance * largest, ")\n  have ", have.values_str(64),
                 "\n  want ", want.values_str(64));
  }
  return "";
}

std::vector<Tensor> run_sample(const OpDef& def, const Sample& s, bool reference_only) {
  ResourceManager resources;
  RunState state;
  state.resources = &resources;
  std::vector<Tensor> inputs;
  for (const Tensor& t : s.inputs) inputs.push_back(t.clone());
  return invoke(def, inputs, s.attrs, state, {}, reference_only);
}

// Inference must agree with what came out, whatever is unknown about the inputs.
void check_inference(const OpDef& def, const Sample& s, const std::vector<Tensor>& outputs) {
  std::vector<DType> types;
  std::vector<Shape> shapes;
  for (const Tensor& t : s.inputs) types.push_back(t.dtype()), shapes.push_back(t.shape());
  AttrMap attrs = s.attrs;
  infer_type_attrs(def, types, attrs);
  attrs = normalize_attrs(def, attrs);
  auto check = [&](std::span<const Shape> in, std::span<const Tensor> values, const std::string& what) {
    InferContext c(def, attrs, in, types, values, {});
    ASSERT_NO_THROW({
      try {
        if (def.infer) def.infer(c);
      } catch (const Error& e) {
        ADD_FAILURE() << what << ": " << e.what();
      }
    });
    for (int i = 0; i < c.num_outputs() && i < int(outputs.size()); ++i) {
      if (!outputs[size_t(i)]) continue;
      EXPECT_TRUE(c.output_shape(i).is_compatible_with(outputs[size_t(i)].shape()))
          << what << ": output " << i << " inferred " << c.output_shape(i).str() << ", actual "
          << outputs[size_t(i)].shape().str();
      EXPECT_EQ(c.output_dtype(i), outputs[size_t(i)].dtype()) << what;
    }
  };
  check(shapes, s.inputs, "all known");
  check(shapes, {}, "values unknown");
  for (size_t i = 0; i < shapes.size(); ++i) {
    for (int d = 0; d < shapes[i].rank(); ++d) {
      auto partial = shapes;
      partial[i].set_dim(d, -1);
      check(partial, {}, cat("dim ", d, " of input ", i, " unknown"));
    }
    auto partial = shapes;
    partial[i] = Shape::unknown();
    check(partial, {}, cat("rank of input ", i, " unknown"));
  }
  std::vector<Shape> none(shapes.size(), Shape::unknown());
  check(none, {}, "all ranks unknown");
}

class StandardTest : public testing::TestWithParam<std::string> {};

TEST_P(StandardTest, Samples) {
  const OpDef& def = get_op(GetParam());
  std::vector<Sample> samples = samples_of(def);
  if (samples.empty()) GTEST_SKIP() << "no samples";
  std::map<int, Golden> goldens = load_goldens(def.name);
  // The planner's own ops have no counterpart: their reference is a composition of ops that have one.
  bool own = def.name.rfind("_Floe", 0) == 0;
  EXPECT_TRUE(own || !goldens.empty()) << "tests/goldens/ops/" << def.name << ".pb is missing";
  for (int k = 0; k < int(samples.size()); ++k) {
    const Sample& s = samples[size_t(k)];
    SCOPED_TRACE(cat(def.name, " sample ", k));
    if (!s.error.empty()) {
      try {
        run_sample(def, s, true);
        ADD_FAILURE() << "no error; expected '" << s.error << "'";
      } catch (const Error& e) {
        EXPECT_NE(std::string(e.what()).find(s.error), std::string::npos)
            << e.what() << "\nexpected: " << s.error;
        EXPECT_NE(std::string(e.what()).find(def.name), std::string::npos)
            << "does not name the op: " << e.what();
      }
      continue;
    }
    std::vector<Tensor> outputs;
    try {
      outputs = run_sample(def, s, true);
    } catch (const Error& e) {
      ADD_FAILURE() << e.what();
      continue;
    }
    check_inference(def, s, outputs);
    auto g = goldens.find(k);
    if (g == goldens.end() && !own) {
      if (outputs.empty()) continue;
      ADD_FAILURE() << "no golden for this sample";
      continue;
    }
    static const Golden none;
    const Golden& golden = own ? none : g->second;
    EXPECT_EQ(golden.error, "") << "TensorFlow refuses this sample";
    for (auto& [i, want] : golden.outputs) {
      ASSERT_LT(size_t(i), outputs.size());
      ASSERT_TRUE(outputs[size_t(i)]) << "output " << i << " was not made";
      if (s.values_vary) {
        EXPECT_EQ(outputs[size_t(i)].dtype(), want.dtype());
        EXPECT_EQ(outputs[size_t(i)].shape().str(), want.shape().str());
      } else {
        EXPECT_EQ(compare(outputs[size_t(i)], want, s.tolerance), "") << "output " << i;
      }
    }
    if (!has_tuned_kernel(def.name) || s.values_vary) continue;
    std::vector<Tensor> tuned = run_sample(def, s, false);
    ASSERT_EQ(tuned.size(), outputs.size());
    for (size_t i = 0; i < tuned.size(); ++i)
      if (is_pod(outputs[i].dtype()) || outputs[i].dtype() == DType::kString) {
        EXPECT_EQ(compare(tuned[i], outputs[i], s.tolerance), "") << "tuned kernel, output " << i;
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, StandardTest, testing::ValuesIn(op_names()),
                         [](const testing::TestParamInfo<std::string>& i) {
                           std::string s = i.param;
                           for (char& c : s)
                             if (!std::isalnum((unsigned char)c)) c = '_';
                           return s;
                         });

}  // namespace
}  // namespace floe
