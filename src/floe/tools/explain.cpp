// floe explain: the plan of a model.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "floe/format/program_impl.h"
#include "floe/runtime/sliced.h"
#include "floe/tools/json.h"
#include "floe/tools/tool.h"

namespace floe::tools {
namespace {

struct ExplainOptions {
  ModelOptions model;
  std::vector<std::string> shapes;
  int64_t batch = 1;
  bool json = false;
};

using Json = nlohmann::ordered_json;

Json plan_json(const Runner& runner) {
  if (auto* sliced = dynamic_cast<const SlicedPlan*>(&runner)) {
    Json j{{"samples_per_slice", sliced->samples_per_slice()}, {"slice", plan_json(sliced->slice())}};
    j["rest"] = sliced->rest() ? plan_json(*sliced->rest()) : Json(nullptr);
    return j;
  }
  const Plan& plan = dynamic_cast<const Plan&>(runner);
  Json j{{"arena_bytes", plan.arena_bytes()}, {"steps", Json::array()}};
  for (const Step& s : plan.steps()) {
    Json step{{"op", s.op->name}, {"name", s.name}, {"outputs", Json::array()}};
    for (size_t i = 0; i < s.outputs.size(); ++i) {
      int64_t offset = plan.arena_offset(s.outputs[i]);
      Json out = spec_json({"", s.output_types[i], s.output_shapes[i]});
      out.erase("name");
      out["arena_offset"] = offset < 0 ? Json(nullptr) : Json(offset);
      step["outputs"].push_back(std::move(out));
    }
    step["sized_at_run_time"] = s.mode != Step::Mode::kStatic;
    j["steps"].push_back(std::move(step));
  }
  return j;
}

void print_json(const Function& f, const std::vector<Shape>& shapes, const ExplainOptions& o) {
  Json j{{"model", o.model.model}, {"threads", num_threads()}, {"inputs", Json::array()}};
  for (size_t i = 0; i < shapes.size(); ++i)
    j["inputs"].push_back(spec_json({f.inputs()[i].name, f.inputs()[i].dtype, shapes[i]}));
  j["outputs"] = Json::array();
  for (const TensorSpec& s : f.outputs()) j["outputs"].push_back(spec_json(s));
  j["plan"] = plan_json(*f.impl()->executable->plan(shapes));
  std::string text = j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// "script.py:function" stands for the graphs of a tf.function.
bool names_python(const std::string& model) {
  size_t colon = model.rfind(':');
  return colon != std::string::npos && colon > 3 && model.compare(colon - 3, 3, ".py") == 0;
}

int explain(const ExplainOptions& o) {
  if (names_python(o.model.model)) {
    std::vector<std::string> args{o.model.model};
    if (o.json) args.push_back("--json");
    return run_python("floe.explain", args);
  }
  Function f = make_function(open_model(o.model), o.model);
  check_shapes(o.shapes, f);
  std::vector<Shape> shapes;
  for (size_t i = 0; i < f.inputs().size(); ++i)
    shapes.push_back(input_shape(f.inputs()[i], i < o.shapes.size() ? o.shapes[i] : "", o.batch));
  if (o.json) return print_json(f, shapes, o), kOk;
  std::string text = f.explain(shapes);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kOk;
}

}  // namespace

void add_explain(CLI::App& app, Action& action) {
  auto o = std::make_shared<ExplainOptions>();
  CLI::App* verb = app.add_subcommand(
      "explain", "Show the plan of a model, or the graph of script.py:function with source lines");
  o->model.add_to(*verb);
  verb->add_option("--batch", o->batch, "Batch size, where the model leaves it open")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 20));
  verb->add_option("--shape", o->shapes, "Shape of each input, e.g. 1,224,224,3")->take_all();
  verb->add_flag("--json", o->json, "Print JSON");
  verb->callback([o, &action] { action = [o] { return explain(*o); }; });
}

}  // namespace floe::tools
