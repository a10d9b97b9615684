// A recorded graph as something to call: eagerly, or from another graph.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "floe/runtime/callable.h"
#include "floe/runtime/executable.h"
#include "floe/runtime/recorded_graph.h"

namespace floe {

class ConcreteFunction : public std::enable_shared_from_this<ConcreteFunction> {
 public:
  /// The piece of `recorded` from `inputs` (explicit arguments) to `results`, with its captures after the
  /// arguments, and with all effects recorded so far. `name` is made unique in the process.
  static std::shared_ptr<ConcreteFunction> make(std::shared_ptr<RecordedGraph> recorded,
                                                std::vector<Endpoint> inputs, std::vector<Endpoint> results,
                                                const std::string& name);
  /// As above with a choice of the captures.
  static std::shared_ptr<ConcreteFunction> make(std::shared_ptr<RecordedGraph> recorded,
                                                std::vector<Endpoint> inputs, std::vector<Endpoint> results,
                                                const std::string& name,
                                                std::vector<RecordedGraph::Capture> captures);
  /// Around a function of a file.
  static std::shared_ptr<ConcreteFunction> from_body(const FunctionBody& body);
  ~ConcreteFunction();

  const std::string& name() const { return name_; }
  const std::shared_ptr<RecordedGraph>& recorded() const { return recorded_; }
  const std::vector<Endpoint>& inputs() const { return inputs_; }
  const std::vector<Endpoint>& results() const { return results_; }
  /// Arguments first, then captures, as they lie inside.
  std::vector<Endpoint> all_inputs() const;
  std::vector<Tensor> captured() const;
  const std::vector<RecordedGraph::Capture>& capture_list() const { return captures_; }
  const std::vector<Node*>& effects() const { return effects_; }
  bool stateful() const { return stateful_; }

  /// Calls it with explicit arguments; captures are added. Records a call while a graph is being recorded.
  std::vector<Tensor> call(std::vector<Tensor> args);
  /// As above with all inputs given.
  std::vector<Tensor> call_flat(std::vector<Tensor> inputs);
  /// Runs now; nobody is told.
  std::vector<Tensor> run(std::vector<Tensor> inputs);
  /// A node that calls it, in the graph being recorded.
  Node* record_call(std::span<const Tensor> inputs, std::string_view node_name = {});
  /// Replaces what the `called` node of a graph calls by this function, which gives more results.
  void extend_call(Node* node, Graph& graph);
  std::string explain(const std::vector<Shape>& shapes);

  std::shared_ptr<const FunctionBody> body();
  /// The function of that name, if it is still there: what a call node names.
  static std::shared_ptr<ConcreteFunction> find(const std::string& name);
  /// Puts the function and those it calls into a library.
  void add_to(FunctionLibrary& library);
  FuncRef ref() const { return {name_, nullptr}; }

  /// How calls are told to tapes; set by the room that knows gradients.
  using Watched = std::vector<Tensor> (*)(ConcreteFunction&, std::vector<Tensor> inputs);
  static void set_watched_call(Watched call);
  /// Room for what gradients keep per function.
  std::shared_ptr<void> gradient_data;
  std::mutex gradient_mutex;
  /// Trainable variables' handles that are read inside, among the captures or arguments.
  std::vector<Tensor> variables;

 private:
  ConcreteFunction() = default;
  Executable& executable();

  std::string name_;
  std::shared_ptr<RecordedGraph> recorded_;
  std::vector<Endpoint> inputs_, results_;
  std::vector<Node*> effects_;
  std::vector<RecordedGraph::Capture> captures_;
  bool stateful_ = false;
  std::once_flag body_once_, executable_once_;
  std::shared_ptr<const FunctionBody> body_;
  std::shared_ptr<CallableCache> callables_ = std::make_shared<CallableCache>();
  std::unique_ptr<Executable> executable_;
};

}  // namespace floe
