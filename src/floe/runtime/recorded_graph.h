// A graph that op calls are recorded into: the body of a function, or a graph of TensorFlow 1.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "floe/gradient.h"
#include "floe/graph/graph.h"
#include "floe/runtime/known_values.h"
#include "floe/tensor.h"

namespace floe {

/// A tensor of one function was used in another that does not enclose it.
struct OutOfScope : InvalidArgument {
  using InvalidArgument::InvalidArgument;
};

class RecordedGraph : public std::enable_shared_from_this<RecordedGraph> {
 public:
  enum class Kind { kFunction, kProgram };
  /// A function's graph may use the tensors of the graph that is being recorded when it is made, and of
  /// that one's, and so on: they are captured.
  static std::shared_ptr<RecordedGraph> make(std::string name, Kind kind);
  /// Around a graph that exists.
  static std::shared_ptr<RecordedGraph> adopt(std::string name, Kind kind, std::shared_ptr<Graph> graph);
  ~RecordedGraph();

  const std::string& name() const { return name_; }
  bool is_function() const { return kind_ == Kind::kFunction; }
  Graph& graph() const { return *graph_; }
  const std::shared_ptr<Graph>& shared_graph() const { return graph_; }
  /// The graph around a function's graph while that is there.
  std::shared_ptr<RecordedGraph> outer() const { return outer_.lock(); }

  /// Adds a node for a call of `op` and infers its outputs. Inputs of elsewhere are brought in.
  std::vector<Tensor> record(const OpDef& op, std::span<const Tensor> inputs, AttrMap attrs,
                             std::string_view name);
  /// The same, returning the node; for ops without outputs too.
  Node* record_node(const OpDef& op, std::span<const Tensor> inputs, AttrMap attrs, std::string_view name);
  /// A tensor that whoever runs the graph gives.
  Tensor add_input(DType dtype, const Shape& shape, std::string_view name);
  /// The same for something like `t`; a variable's handle keeps what is known of the variable.
  Tensor add_input_like(const Tensor& t, std::string_view name);
  Tensor constant(const Tensor& value, std::string_view name);
  /// The tensor of an endpoint of this graph.
  Tensor symbol(const Endpoint& e);
  std::vector<Tensor> symbols(Node* n);
  /// The endpoint of a tensor: of this graph, a constant, or captured from outside.
  Endpoint bring_in(const Tensor& t);
  bool owns(const Tensor& t) const;

  /// Symbolic tensors of outside are held weakly: the graph around holds the functions it calls.
  struct Capture {
    Tensor value;  // concrete, or
    std::weak_ptr<RecordedGraph> graph;
    Endpoint endpoint;
    Endpoint inner;
    Tensor outer() const;
  };
  const std::vector<Capture>& captures() const { return captures_; }
  /// Captures `outer` (again: returns the same tensor).
  Tensor capture(const Tensor& outer, std::string_view name = {});
  /// From now on `outer` is what this tensor of the graph stands for.
  void add_capture(const Tensor& outer, const Tensor& inner);

  /// Names as TensorFlow makes them unique: "x", "x_1", ...; `mark` takes the name.
  std::string unique_name(std::string_view name, bool mark = true);
  /// Prefix of the names of new nodes: "" or "a/b/".
  std::string scope;
  std::string device;
  /// Nodes that every new node waits for (control_dependencies).
  std::vector<Node*> controls;
  /// Colocation and other attributes for new nodes ("_class").
  AttrMap extra_attrs;

  /// Gradients of single nodes, instead of their ops' rules (custom_gradient).
  using NodeGradient =
      std::function<std::vector<Gradient>(std::span<const Gradient> grads, const std::vector<bool>& needed)>;
  std::unordered_map<const Node*, NodeGradient> node_gradients;

  /// Functions that nodes call: needed again for gradients.
  std::vector<std::shared_ptr<void>> called;

  /// Nodes with effects, in program order: they run although nobody reads them.
  const std::vector<Node*>& effects() const { return effects_; }
  /// Where the user's code was when a node was recorded: "file.py:12". Set by whoever knows.
  static void set_locator(std::string (*locate)());
  std::string location(const Node* n) const;

  /// What is known of values now.
  const KnownValues& known() const { return known_; }
  /// A node that was changed or added from outside: its outputs are inferred again.
  void infer(Node* n);

 private:
  RecordedGraph(std::string name, Kind kind) : name_(std::move(name)), kind_(kind) {}
  void order_effects(Node* n);
  void put_capture(const Tensor& outer, const Endpoint& inner);

  std::string name_;
  Kind kind_;
  std::shared_ptr<Graph> graph_;
  std::weak_ptr<RecordedGraph> outer_;
  std::vector<Capture> captures_;
  std::unordered_map<uint64_t, size_t> capture_of_;
  std::unordered_map<std::string, int> names_;
  std::vector<Node*> effects_;
  struct Chain {
    Node* writer = nullptr;
    std::vector<Node*> readers;
  };
  std::map<std::pair<Node*, int>, Chain> chains_;
  std::unordered_map<const Node*, std::string> locations_;
  KnownValues known_;
};

/// What is known of the variable behind a handle.
struct VariableInfo {
  DType dtype = DType::kInvalid;
  Shape shape = Shape::unknown();
};
VariableInfo variable_info(const Tensor& handle);

/// The graph and the endpoint of a symbolic tensor.
struct Symbol : detail::Origin {
  std::shared_ptr<RecordedGraph> graph;
  Endpoint endpoint;
  void evaluate(detail::TensorRep& rep) override;
};
const Symbol& symbol_of(const Tensor& t);
uint64_t symbol_id(const Tensor& t);
/// "name:0".
std::string tensor_name(const Tensor& symbolic);

}  // namespace floe
