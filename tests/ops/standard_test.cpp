// The standard tests: every sample of every op, run in every way.
#include <gtest/gtest.h>

#include "compare.h"
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "golden.h"

namespace floe {
namespace {

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
