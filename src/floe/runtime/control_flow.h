// Conditionals and loops as nodes of the graph being recorded, from graphs of their parts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "floe/runtime/concrete_function.h"

namespace floe {

/// A branch: a graph without arguments that captures what it uses, and its results.
struct Branch {
  std::shared_ptr<RecordedGraph> graph;
  std::vector<Tensor> results;
};

/// An If (two branches, then and else, with a boolean scalar) or a Case node. Branches must agree in number
/// and dtypes of results (checked by the caller with the user's names; here an Internal error).
Node* record_branches(const Tensor& selector, const std::vector<Branch>& branches, bool is_case,
                      std::string_view name);

struct LoopPart {
  std::shared_ptr<RecordedGraph> graph;
  std::vector<Tensor> args, results;
};
/// A While node over `initial`; both parts take all variables. `shapes` are what holds at every turn.
Node* record_loop(const LoopPart& cond, const LoopPart& body, const std::vector<Tensor>& initial,
                  const std::vector<Shape>& shapes, int64_t parallel_iterations, std::string_view name);

}  // namespace floe
