#include "floe/graph/supported.h"

#include <map>

#include "floe/base/text.h"

namespace floe {

void check_supported(std::span<Node* const> nodes, std::string_view where) {
  std::map<std::string, std::vector<const Node*>> unknown;
  for (const Node* n : nodes)
    if (!n->op || !(n->op->kernel || has_tuned_kernel(n->op_name))) unknown[n->op_name].push_back(n);
  if (unknown.empty()) return;
  std::string text = cat(where, where.empty() ? "" : ": ", unknown.size(),
                         unknown.size() == 1 ? " op is" : " ops are", " not supported by Floe:");
  std::vector<std::string> all = op_names();
  for (auto& [op, list] : unknown) {
    text += cat("\n  ", op, " (", list.size(), list.size() == 1 ? " node: " : " nodes: ");
    for (size_t i = 0; i < list.size() && i < 5; ++i) text += cat(i ? ", " : "", list[i]->name);
    text += cat(list.size() > 5 ? ", ..." : "", ")");
    if (!find_op(op)) text += did_you_mean(op, all);
  }
  text +=
      "\nRun only what is needed by naming the outputs (`floe run --outputs`), or add the op: one file, see "
      "CONTRIBUTING.md.";
  throw Unimplemented(text);
}

void check_supported(const FunctionBody& body, std::string_view where) {
  std::vector<Node*> nodes;
  for (auto& n : body.graph->nodes())
    if (n && !n->is("_Arg")) nodes.push_back(n.get());
  check_supported(nodes, where);
}

}  // namespace floe
