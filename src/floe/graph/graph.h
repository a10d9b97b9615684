// Nodes and graphs: what is recorded, read from files, transformed and planned.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "floe/op/op_def.h"

namespace floe {

struct Node;
class Graph;

/// Output `index` of a node.
struct Endpoint {
  Node* node = nullptr;
  int index = 0;
  bool operator==(const Endpoint&) const = default;
  explicit operator bool() const { return node != nullptr; }
};

struct Node {
  int id = 0;  // position in the graph
  std::string name;
  std::string op_name;
  const OpDef* op = nullptr;  // null when Floe does not know the op
  AttrMap attrs;
  std::vector<Endpoint> inputs;
  std::vector<Node*> controls;
  std::vector<DType> output_types;
  std::vector<Shape> output_shapes;  // as far as inference knows; may be empty before it ran
  std::string device;

  bool is(std::string_view op) const { return op_name == op; }
  int num_outputs() const { return int(output_types.size()); }
  Endpoint output(int i = 0) { return {this, i}; }
};

/// "node" or "node:1", as TensorFlow names tensors in GraphDef.
std::string endpoint_name(const Endpoint& e);

/// A named function: a graph whose arguments are `_Arg` nodes.
struct FunctionBody {
  std::string name;
  std::vector<std::string> input_names, output_names;
  std::vector<Node*> args;
  std::vector<Endpoint> results;
  std::vector<Node*> control_results;
  AttrMap attrs;
  std::unique_ptr<Graph> graph;
};

/// The functions of a program. Bodies may be made on first use. May be used from several threads.
class FunctionLibrary {
 public:
  using Maker = std::function<std::shared_ptr<const FunctionBody>(const FuncRef&)>;
  void add(std::shared_ptr<const FunctionBody> body);
  void add_lazy(const std::string& name, Maker maker);
  /// The body, or null. `ref.attrs` bind the type attributes of generic functions.
  std::shared_ptr<const FunctionBody> find(const FuncRef& ref) const;
  bool has(const std::string& name) const;
  std::vector<std::string> names() const;
  /// Lets all bodies go. Their graphs hold this library, so its owner must call this at the end.
  void clear();

 private:
  mutable std::recursive_mutex mutex_;  // a maker may look up other functions
  mutable std::map<std::string, std::shared_ptr<const FunctionBody>> bodies_;
  std::map<std::string, Maker> makers_;
};

class Graph {
 public:
  Graph() = default;
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  /// Adds a node. Attributes must be complete (see normalize_attrs); output types follow from the
  /// declaration. An empty or taken name is made unique.
  Node* add(const OpDef& op, std::string_view name, std::vector<Endpoint> inputs, AttrMap attrs,
            std::vector<Node*> controls = {});
  /// As above, with attributes inferred from the inputs and completed.
  Node* add(std::string_view op, std::string_view name, std::vector<Endpoint> inputs, AttrMap attrs = {});
  /// A node whose op Floe does not know, with `num_outputs` outputs of unknown type.
  Node* add_unknown(std::string_view op, std::string_view name, AttrMap attrs);
  Node* add_constant(std::string_view name, Tensor value);

  Node* find(std::string_view name) const;
  std::string unique_name(std::string_view base) const;
  /// Nodes in the order they were added; removed ones are null until compact().
  std::span<const std::unique_ptr<Node>> nodes() const { return nodes_; }
  size_t size() const { return by_name_.size(); }

  /// Every use of `from` as an input becomes `to`.
  void replace_uses(Endpoint from, Endpoint to);
  void remove(Node* n);
  /// Renumbers after removals.
  void compact();

  std::shared_ptr<FunctionLibrary> library;

 private:
  Node* insert(std::unique_ptr<Node> n);
  std::vector<std::unique_ptr<Node>> nodes_;
  std::unordered_map<std::string_view, Node*> by_name_;
  mutable std::unordered_map<std::string, int> suffix_;
};

/// Nodes that `roots` need (data and control), in an order in which every node comes after its inputs and,
/// where that leaves a choice, in the order they were added. Throws InvalidArgument naming the nodes of a
/// cycle.
std::vector<Node*> topological_order(std::span<Node* const> roots);

/// The value of a Const node, else an empty handle. Values that lie unaligned in a file are copied.
Tensor constant_value(const Endpoint& e);

/// Gives constants that lie unaligned in a file memory of their own.
void align_constants(Graph& g);

/// Runs the shape rule of one node from the shapes of its inputs. `values` are known input values, `partial`
/// partly known integer vectors. Writes node.output_shapes.
void infer_node(Node& node, std::span<const Tensor> values = {}, std::span<const Shape> partial = {});

}  // namespace floe
