// floe ops: which ops there are.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "floe/base/text.h"
#include "floe/op/op_def.h"
#include "floe/tools/tool.h"

namespace floe::tools {
namespace {

struct OpsOptions {
  std::vector<std::string> names;
  bool json = false;
};

bool runs(const OpDef& d) { return bool(d.kernel) || has_tuned_kernel(d.name); }

int ops(const OpsOptions& o) {
  std::vector<std::string> names = o.names;
  if (names.empty())
    for (const std::string& n : op_names())
      if (n.rfind("_Floe", 0) != 0) names.push_back(n);
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  size_t running = 0, tuned = 0;
  for (const std::string& n : names) {
    const OpDef* d = find_op(n);
    if (!d) throw Failure{kUsage, cat("op '", n, "' is not known to Floe.", did_you_mean(n, op_names()))};
    running += runs(*d);
    tuned += has_tuned_kernel(n);
    if (o.json)
      list.push_back(
          {{"name", n}, {"signature", op_signature(*d)}, {"runs", runs(*d)}, {"tuned", has_tuned_kernel(n)}});
    else if (o.names.empty())
      std::printf("%s%s%s\n", n.c_str(), has_tuned_kernel(n) ? "  (tuned)" : "",
                  runs(*d) ? "" : "  (declared only)");
    else
      std::printf("%s\n", op_signature(*d).c_str());
  }
  if (o.json) {
    std::string text = list.dump(1) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
  } else if (o.names.empty()) {
    std::printf("%zu ops, %zu run, %zu with a tuned kernel\n", names.size(), running, tuned);
  }
  return kOk;
}

}  // namespace

void add_ops(CLI::App& app, Action& action) {
  auto o = std::make_shared<OpsOptions>();
  CLI::App* verb = app.add_subcommand("ops", "List the ops Floe has, or show the signature of some");
  verb->add_option("op", o->names, "Names of ops");
  verb->add_flag("--json", o->json, "Print JSON");
  verb->callback([o, &action] { action = [o] { return ops(*o); }; });
}

}  // namespace floe::tools
