// Every frozen graph of this folder, run as it is: TensorFlow's outputs are in io.npz beside it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "floe/base/text.h"
#include "floe/floe.h"
#include "floe/format/program_impl.h"
#include "floe/tensor/dispatch.h"
#include "npz.h"

namespace floe {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> model_names() {
  std::vector<std::string> v;
  for (const auto& e : fs::directory_iterator(FLOE_TEST_DIR))
    if (e.is_directory() && fs::exists(e.path() / "meta.json")) v.push_back(e.path().filename());
  std::sort(v.begin(), v.end());
  return v;
}

std::vector<std::complex<double>> numbers(const Tensor& t) {
  std::vector<std::complex<double>> v;
  if (t.dtype() == DType::kBool) {
    for (bool b : t.flat<bool>()) v.emplace_back(b);
    return v;
  }
  dispatch(NumberTypes{}, t.dtype(), [&]<class T>() {
    for (const T& x : t.flat<T>()) {
      if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>)
        v.emplace_back(x.real(), x.imag());
      else
        v.emplace_back(double(compute_t<T>(x)));
    }
  });
  return v;
}

std::string strip_zeros(std::string s) {
  while (!s.empty() && s.back() == 0) s.pop_back();
  return s;
}

// The tolerance: ten times TensorFlow's own spread, 2e-5 of the largest value, or 1e-6; the rest exactly.
std::string difference(const Tensor& have, const Tensor& want, double spread) {
  if (!(have.shape() == want.shape()))
    return cat("shape ", have.shape().str(), ", expected ", want.shape().str());
  if (have.dtype() == DType::kString) {
    for (int64_t i = 0; i < have.num_elements(); ++i)
      if (strip_zeros(have.data<std::string>()[i]) != want.data<std::string>()[i])
        return cat("strings ", have.values_str(), ", expected ", want.values_str());
    return "";
  }
  bool inexact = is_floating(have.dtype()) || is_complex(have.dtype());
  auto a = numbers(have), b = numbers(want);
  double largest = 0;
  for (auto& x : b)
    if (std::isfinite(std::abs(x))) largest = std::max(largest, std::abs(x));
  double limit = inexact ? std::max({10 * spread, 2e-5 * largest, 1e-6}) : 0;
  if (have.dtype() == DType::kFloat16) limit = std::max(limit, 1e-3 * largest);
  if (have.dtype() == DType::kBfloat16) limit = std::max(limit, 8e-3 * largest);
  for (size_t i = 0; i < a.size(); ++i) {
    bool both_special = !std::isfinite(std::abs(b[i]));
    bool ok = both_special ? (std::isnan(b[i].real()) ? std::isnan(a[i].real()) : a[i] == b[i])
                           : std::abs(a[i] - b[i]) <= limit;
    if (!ok)
      return cat("element ", i, " is ", a[i].real(), ", expected ", b[i].real(), " (limit ", limit,
                 ")\n  have ", have.values_str(40), "\n  want ", want.values_str(40));
  }
  return "";
}

// The name of the Python class that TensorFlow raises for a code, e.g. InvalidArgumentError.
std::string class_name(Code code) {
  std::string name;
  bool upper = true;
  for (char c : std::string(code_name(code))) {
    if (c != '_') name += upper ? c : char(std::tolower(c));
    upper = c == '_';
  }
  return name + "Error";
}

// What is wrong with an error where TensorFlow's is known: its class, and its text up to the first full stop
// (what follows may be advice that is not Floe's, such as the list of readable picture formats).
std::string error_difference(const Error& have, const nlohmann::json& want) {
  std::string message = want["message"], opening = message.substr(0, message.find(". "));
  if (class_name(have.code()) != want["class"]) return cat(class_name(have.code()), ": ", have.what());
  if (std::string(have.what()).find(opening) == std::string::npos)
    return cat("no \"", opening, "\" in: ", have.what());
  return "";
}

class ModelTest : public testing::TestWithParam<std::string> {};

void run_model(const std::string& folder, bool reference_only) {
  nlohmann::json meta = nlohmann::json::parse(std::ifstream(folder + "/meta.json"));
  auto io = read_npz(folder + "/io.npz");
  std::vector<std::string> inputs = meta["inputs"], outputs = meta["outputs"];
  std::vector<Tensor> feeds;
  auto call = [&] {
    Program p = Program::open(folder + "/model.pb");
    const Graph& g = *p.impl()->graph;
    std::vector<Endpoint> in, out;
    for (auto& n : inputs) in.push_back(find_endpoint(g, n, "", "input"));
    for (auto& n : outputs) out.push_back(find_endpoint(g, n, "", "output"));
    ExecutableOptions options;
    options.reference_only = reference_only;
    if (meta.contains("init")) {
      std::vector<Node*> targets;
      for (const auto& n : meta["init"]) targets.push_back(g.find(n.get<std::string>()));
      make_function(p.impl(), {}, {}, targets, options)->call({});
    }
    auto f = make_function(p.impl(), in, out, {}, options);
    for (size_t i = 0; i < in.size(); ++i) {
      Tensor t = io.at(cat("in", i));
      DType want = f->inputs[i].dtype;
      // NumPy has no bfloat16; such arrays are stored as their bits.
      feeds.push_back(t.dtype() == want ? t : t.viewed_as(want));
    }
    auto first = f->call(feeds);
    // A second run must not see anything of the first.
    auto second = f->call(feeds);
    for (size_t i = 0; i < first.size(); ++i)
      if (is_pod(first[i].dtype()) && first[i].nbytes() && !meta.contains("init")) {
        EXPECT_EQ(
            std::memcmp(first[i].raw(), second[i].raw(), std::min(first[i].nbytes(), second[i].nbytes())), 0)
            << "the second run gives something else for output " << i;
      }
    return first;
  };
  if (meta.contains("error")) {
    try {
      call();
      ADD_FAILURE() << "no error; TensorFlow says: " << meta["error"]["message"];
    } catch (const Error& e) {
      EXPECT_EQ(error_difference(e, meta["error"]), "");
    }
    return;
  }
  std::vector<Tensor> results;
  try {
    results = call();
  } catch (const Error& e) {
    FAIL() << e.what();
  }
  ASSERT_EQ(results.size(), outputs.size());
  for (size_t i = 0; i < results.size(); ++i) {
    double spread = meta.contains("spread") && i < meta["spread"].size() && meta["spread"][i].is_number()
                        ? meta["spread"][i].get<double>()
                        : 0;
    EXPECT_EQ(difference(results[i], io.at(cat("out", i)), spread), "") << outputs[i];
  }
}

TEST_P(ModelTest, GivesTensorFlowsOutputs) { run_model(cat(FLOE_TEST_DIR, "/", GetParam()), false); }
TEST_P(ModelTest, GivesThemWithReferenceKernels) { run_model(cat(FLOE_TEST_DIR, "/", GetParam()), true); }

INSTANTIATE_TEST_SUITE_P(Models, ModelTest, testing::ValuesIn(model_names()),
                         [](const testing::TestParamInfo<std::string>& i) { return i.param; });

}  // namespace
}  // namespace floe
