// floe inspect: what a model holds.
#include <algorithm>
#include <cstdio>
#include <map>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "floe/base/file.h"
#include "floe/base/text.h"
#include "floe/format/file_kind.h"
#include "floe/format/program_impl.h"
#include "floe/graph/flops.h"
#include "floe/graph/passes/passes.h"
#include "floe/tools/json.h"
#include "floe/tools/tool.h"

namespace floe::tools {
namespace {

using Json = nlohmann::ordered_json;

struct InspectOptions {
  ModelOptions model;
  bool json = false;
  int depth = 1;
};

struct Scope {
  size_t nodes = 0;
  int64_t parameters = 0;
  std::map<std::string, Scope> children;
};

struct Facts {
  std::string format;
  uint64_t bytes = 0;
  int64_t producer = 0;
  size_t nodes = 0, functions = 0;
  int64_t parameters = 0;
  uint64_t parameter_bytes = 0;
  int64_t flops = 0, unknown_flops = 0;
  std::vector<TensorSpec> inputs, outputs;
  std::map<std::string, int> histogram;
  std::map<std::string, std::vector<std::string>> unsupported;
  Scope tree;
  std::string problem;  // why outputs could not be resolved
};

void count_node(const Node& n, const std::string& where, Facts& f) {
  ++f.histogram[n.op_name];
  if (!n.op || !(n.op->kernel || has_tuned_kernel(n.op_name)))
    f.unsupported[n.op_name].push_back(where + n.name);
  if (!n.is("Const")) return;
  Tensor t = constant_value({const_cast<Node*>(&n), 0});
  if (t && is_floating(t.dtype())) {
    f.parameters += t.num_elements();
    f.parameter_bytes += t.nbytes();
  }
}

void add_to_tree(const Node& n, int depth, Scope& root) {
  Tensor t = constant_value({const_cast<Node*>(&n), 0});
  int64_t parameters = t && is_floating(t.dtype()) ? t.num_elements() : 0;
  Scope* s = &root;
  auto parts = split(n.name, '/');
  for (int level = 0;; ++level) {
    ++s->nodes;
    s->parameters += parameters;
    if (level >= depth || size_t(level) + 1 >= parts.size()) break;
    s = &s->children[parts[size_t(level)]];
  }
}

void count_flops(const Program& p, const ModelOptions& o, Facts& f) {
  Function fn;
  try {
    fn = p.function(o.input_names, o.output_names);
  } catch (const Error& e) {
    f.problem = e.what();
    return;
  }
  f.inputs = fn.inputs();
  f.outputs = fn.outputs();
  std::vector<Shape> shapes;
  for (const TensorSpec& s : f.inputs) {
    Shape shape = s.shape;
    for (int i = 0; i < shape.rank(); ++i)
      if (shape[i] < 0) shape.set_dim(i, 1);
    shapes.push_back(shape);
  }
  auto body = clone(fn.impl()->executable->body());
  try {
    specialize(*body, shapes);
  } catch (const Error&) {
    return;  // a batch of one does not fit; sizes stay unknown
  }
  for (auto& n : body->graph->nodes()) {
    if (!n) continue;
    int64_t v = node_flops(*n);
    if (v < 0)
      ++f.unknown_flops;
    else
      f.flops += v;
  }
}

Facts gather(const InspectOptions& o) {
  Program p = open_model(o.model);
  const Program::Impl& impl = *p.impl();
  Facts f;
  f.format = describe(recognise_file(o.model.model));
  f.bytes = map_file(o.model.model).view.size();
  f.producer = impl.graph_def->get_message("versions").get_int("producer");
  f.nodes = impl.graph->size();
  for (auto& n : impl.graph->nodes())
    if (n) {
      count_node(*n, "", f);
      add_to_tree(*n, o.depth, f.tree);
    }
  for (const std::string& name : impl.graph->library->names()) {
    ++f.functions;
    try {
      if (auto body = impl.graph->library->find({name, nullptr}))
        for (auto& n : body->graph->nodes())
          if (n && !n->is("_Arg")) count_node(*n, name + ": ", f);
    } catch (const Error&) {
      // Generic functions have no body before their types are bound.
    }
  }
  count_flops(p, o.model, f);
  if (f.outputs.empty()) {
    for (const std::string& n : p.default_inputs())
      f.inputs.push_back({n, DType::kInvalid, Shape::unknown()});
    for (const std::string& n : p.default_outputs())
      f.outputs.push_back({n, DType::kInvalid, Shape::unknown()});
  }
  return f;
}

Json tree_json(const Scope& s) {
  Json j{{"nodes", s.nodes}, {"parameters", s.parameters}};
  for (auto& [name, child] : s.children) j["children"][name] = tree_json(child);
  return j;
}

void print_json(const Facts& f, const InspectOptions& o) {
  Json j{{"file", o.model.model},      {"format", f.format},
         {"bytes", f.bytes},           {"producer", f.producer},
         {"nodes", f.nodes},           {"functions", f.functions},
         {"parameters", f.parameters}, {"parameter_bytes", f.parameter_bytes},
         {"flops", f.flops},           {"nodes_of_unknown_size", f.unknown_flops}};
  j["inputs"] = Json::array();
  j["outputs"] = Json::array();
  for (auto& s : f.inputs) j["inputs"].push_back(spec_json(s));
  for (auto& s : f.outputs) j["outputs"].push_back(spec_json(s));
  j["ops"] = Json::object();
  for (auto& [op, n] : f.histogram) j["ops"][op] = n;
  j["unsupported"] = Json::object();
  for (auto& [op, names] : f.unsupported) j["unsupported"][op] = names;
  if (!f.problem.empty()) j["problem"] = f.problem;
  j["tree"] = tree_json(f.tree);
  std::string text = j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_tree(const Scope& s, int indent) {
  for (auto& [name, c] : s.children) {
    std::printf("%*s%-*s %6zu nodes %14s parameters\n", indent, "", std::max(1, 48 - indent), name.c_str(),
                c.nodes, with_commas(c.parameters).c_str());
    print_tree(c, indent + 2);
  }
}

void print_specs(const char* title, const std::vector<TensorSpec>& specs) {
  for (const TensorSpec& s : specs)
    std::printf("%-10s %s  %s %s\n", title, s.name.c_str(),
                s.dtype == DType::kInvalid ? "" : dtype_name(s.dtype),
                s.dtype == DType::kInvalid ? "" : s.shape.tuple_str().c_str());
}

int inspect(const InspectOptions& o) {
  Facts f = gather(o);
  if (o.json) return print_json(f, o), kOk;
  std::printf("%s\n", o.model.model.c_str());
  std::printf("format     %s, %s, producer %lld\n", f.format.c_str(), human_bytes(f.bytes).c_str(),
              static_cast<long long>(f.producer));
  std::printf("nodes      %zu, functions %zu\n", f.nodes, f.functions);
  std::printf("parameters %s (%s)\n", with_commas(f.parameters).c_str(),
              human_bytes(f.parameter_bytes).c_str());
  if (f.flops)
    std::printf("flops      %.4g G for one sample%s\n", double(f.flops) * 1e-9,
                f.unknown_flops ? cat(" (without ", f.unknown_flops, " nodes of unknown size)").c_str() : "");
  print_specs("input", f.inputs);
  print_specs("output", f.outputs);
  std::vector<std::pair<int, std::string>> ops;
  for (auto& [op, n] : f.histogram) ops.emplace_back(-n, op);
  std::sort(ops.begin(), ops.end());
  std::printf("ops\n");
  for (auto& [n, op] : ops)
    std::printf("  %6d %s%s\n", -n, op.c_str(), f.unsupported.count(op) ? "  (not supported)" : "");
  if (!f.tree.children.empty()) {
    std::printf("tree\n");
    print_tree(f.tree, 2);
  }
  if (!f.unsupported.empty()) {
    std::printf("not supported\n");
    for (auto& [op, names] : f.unsupported)
      std::printf("  %s (%zu): %s\n", op.c_str(), names.size(), join(names, ", ").c_str());
  }
  if (!f.problem.empty()) std::fprintf(stderr, "floe: %s\n", f.problem.c_str());
  return kOk;
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  auto o = std::make_shared<InspectOptions>();
  CLI::App* verb = app.add_subcommand("inspect", "Show format, inputs, outputs, ops, parameters, FLOPs");
  o->model.add_to(*verb);
  verb->add_option("--depth", o->depth, "Levels of the name tree to show")->check(CLI::Range(0, 100));
  verb->add_flag("--json", o->json, "Print JSON");
  verb->callback([o, &action] { action = [o] { return inspect(*o); }; });
}

}  // namespace floe::tools
