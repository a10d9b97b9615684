// floe explain: the plan of a model.
#include <cstdio>

#include <CLI/CLI.hpp>

#include "floe/format/program_impl.h"
#include "floe/tools/tool.h"

namespace floe::tools {
namespace {

struct ExplainOptions {
  ModelOptions model;
  std::vector<std::string> shapes;
  int64_t batch = 1;
};

int explain(const ExplainOptions& o) {
  Function f = make_function(open_model(o.model), o.model);
  std::vector<Shape> shapes;
  for (size_t i = 0; i < f.inputs().size(); ++i)
    shapes.push_back(input_shape(f.inputs()[i], i < o.shapes.size() ? o.shapes[i] : "", o.batch));
  std::string text = f.explain(shapes);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kOk;
}

}  // namespace

void add_explain(CLI::App& app, Action& action) {
  auto o = std::make_shared<ExplainOptions>();
  CLI::App* verb = app.add_subcommand("explain", "Show the plan: steps, kernels, shapes, memory");
  o->model.add_to(*verb);
  verb->add_option("--batch", o->batch, "Batch size, where the model leaves it open")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 20));
  verb->add_option("--shape", o->shapes, "Shape of each input, e.g. 1,224,224,3")->take_all();
  verb->callback([o, &action] { action = [o] { return explain(*o); }; });
}

}  // namespace floe::tools
