// What a Program holds; shared with the Python bindings and the tools.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "floe/format/message.h"
#include "floe/graph/graph.h"
#include "floe/op/kernel.h"
#include "floe/program.h"
#include "floe/runtime/executable.h"

namespace floe {

struct Program::Impl {
  std::string file;      // for messages
  MessagePtr graph_def;  // null for a graph that was recorded
  std::shared_ptr<Graph> graph;
  ResourceManager resources;
  std::shared_ptr<CallableCache> callables = std::make_shared<CallableCache>();

  Impl() = default;
  /// Functions refer to each other, the library and the cache in circles.
  ~Impl() {
    callables->clear();
    if (graph_def && graph && graph->library) graph->library->clear();
  }
};

struct Function::Impl {
  std::shared_ptr<Program::Impl> program;
  std::unique_ptr<Executable> executable;
  std::vector<TensorSpec> inputs, outputs;
  /// Fills the tables that the outputs look things up in, once, before the first call.
  std::unique_ptr<Executable> initializers;
  mutable std::once_flag initialized;

  std::vector<Tensor> call(std::vector<Tensor> inputs, const std::atomic<bool>* cancelled = nullptr) const;
};

/// Builds a program around a GraphDef.
std::shared_ptr<Program::Impl> make_program(MessagePtr graph_def, std::string file);
/// The function between endpoints; `targets` are run for their effects.
std::shared_ptr<Function::Impl> make_function(const std::shared_ptr<Program::Impl>& program,
                                              std::span<const Endpoint> feeds,
                                              std::span<const Endpoint> fetches,
                                              std::span<Node* const> targets = {},
                                              ExecutableOptions options = {});
/// "name", "name:1" or "^name"-free text to an endpoint; NotFound with the nearest names.
Endpoint find_endpoint(const Graph& g, std::string_view name, std::string_view file, const char* what);
/// "node:0" for every endpoint.
std::string tensor_name(const Endpoint& e);

}  // namespace floe
