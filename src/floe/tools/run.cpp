// floe run: one call, results as text, JSON or .npy.
#include <algorithm>
#include <cstdio>
#include <numeric>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "floe/base/file.h"
#include "floe/base/text.h"
#include "floe/format/program_impl.h"
#include "floe/tools/json.h"
#include "floe/tools/tool.h"

namespace floe::tools {
namespace {

struct RunOptions {
  ModelOptions model;
  std::vector<std::string> files, shapes;
  std::vector<double> range;
  std::string save;
  bool random = false, json = false;
  uint64_t seed = 0;
  int64_t batch = 1;
  int top = 0;
};

nlohmann::json values(const Tensor& t, int dim, int64_t& at) {
  if (dim == t.rank()) return element_json(t, at++);
  nlohmann::json a = nlohmann::json::array();
  for (int64_t i = 0; i < t.dim(dim); ++i) a.push_back(values(t, dim + 1, at));
  return a;
}

void print_top(const Tensor& t, int k) {
  if (t.dtype() != DType::kFloat32 || t.rank() < 1 || t.num_elements() == 0)
    throw Failure{kUsage, "--top works on float32 outputs with at least one dimension"};
  int64_t n = t.dim(-1), rows = t.num_elements() / n;
  for (int64_t r = 0; r < rows; ++r) {
    const float* p = t.data<float>() + r * n;
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    size_t m = size_t(std::min<int64_t>(k, n));
    std::partial_sort(order.begin(), order.begin() + long(m), order.end(),
                      [&](int64_t a, int64_t b) { return p[a] != p[b] ? p[a] > p[b] : a < b; });
    for (size_t i = 0; i < m; ++i)
      std::printf("%s%lld %.6g", i ? "   " : "  ", static_cast<long long>(order[i]), double(p[order[i]]));
    std::printf("\n");
  }
}

std::vector<Tensor> gather_inputs(const Function& f, const RunOptions& o) {
  std::vector<Tensor> in;
  const auto& specs = f.inputs();
  if (!o.files.empty() && o.files.size() != specs.size()) {
    std::string names;
    for (const TensorSpec& s : specs)
      names += cat(names.empty() ? "" : ", ", s.name, " ", s.shape.tuple_str());
    throw Failure{kUsage, cat("the model has ", specs.size(), " input(s) (", names, "), ", o.files.size(),
                              " --input given")};
  }
  if (o.files.empty() && !specs.empty() && !o.random)
    throw Failure{kUsage, "give the input with --input FILE (.npy or a picture), or --random"};
  if (!o.files.empty() && o.random) throw Failure{kUsage, "give either --input or --random, not both"};
  check_shapes(o.shapes, f);
  for (size_t i = 0; i < specs.size(); ++i) {
    if (!o.files.empty())
      in.push_back(read_input(o.files[i], specs[i], o.range));
    else
      in.push_back(random_tensor(
          specs[i], input_shape(specs[i], i < o.shapes.size() ? o.shapes[i] : "", o.batch), o.seed + i));
  }
  return in;
}

void save(const std::string& to, const std::vector<Tensor>& out) {
  Interruptible whole;  // no half-written file stays behind
  for (size_t i = 0; i < out.size(); ++i) {
    std::string path = to;
    if (out.size() > 1) {
      size_t dot = to.rfind(".npy");
      path = cat(dot == to.npos ? to : to.substr(0, dot), ".", i, ".npy");
    }
    try {
      write_npy(path, out[i]);
    } catch (const Error& e) {
      bool wrong_type = e.code() == Code::kInvalidArgument && !is_directory(path);
      throw Failure{wrong_type ? kBadInput : kCannotWrite, e.what()};
    }
  }
}

int run(const RunOptions& o) {
  Program p = open_model(o.model);
  Function f = make_function(p, o.model);
  std::vector<Tensor> out = call(f, gather_inputs(f, o), o.model);
  if (!o.save.empty()) save(o.save, out);
  if (o.json) {
    nlohmann::ordered_json j;
    for (size_t i = 0; i < out.size(); ++i) {
      int64_t at = 0;
      j["outputs"].push_back({{"name", f.outputs()[i].name},
                              {"dtype", dtype_name(out[i].dtype())},
                              {"shape", std::vector<int64_t>(out[i].shape().begin(), out[i].shape().end())},
                              {"values", values(out[i], 0, at)}});
    }
    std::string text = j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kOk;
  }
  for (size_t i = 0; i < out.size(); ++i) {
    std::printf("%s  %s %s\n", f.outputs()[i].name.c_str(), dtype_name(out[i].dtype()),
                out[i].shape().str().c_str());
    if (o.top)
      print_top(out[i], o.top);
    else
      std::printf("%s\n", out[i].values_str().c_str());
  }
  return kOk;
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  auto o = std::make_shared<RunOptions>();
  CLI::App* verb = app.add_subcommand("run", "Run a model once");
  o->model.add_to(*verb);
  verb->add_option(
          "--input,-i", o->files,
          "A .npy file or a picture for each input, in order. Pictures are resized to the input's size")
      ->take_all();
  verb->add_flag("--random", o->random, "Feed random numbers");
  verb->add_option("--seed", o->seed, "Seed of --random");
  verb->add_option("--batch", o->batch, "Batch size of --random")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 20));
  verb->add_option("--shape", o->shapes, "Shape of each --random input, e.g. 1,224,224,3")->take_all();
  verb->add_option("--range", o->range, "Map pixels 0..255 to LO,HI (default: 0..255 as they are)")
      ->delimiter(',')
      ->expected(2)
      ->check(is_finite());
  verb->add_option("--top", o->top, "Show only the K largest values of each row, with their index")
      ->check(CLI::Range(1, 100000));
  verb->add_option("--save", o->save,
                   "Write the outputs to FILE.npy (FILE.0.npy, ... when there are several)");
  verb->add_flag("--json", o->json, "Print JSON");
  verb->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace floe::tools
