// Graphs in TensorFlow 1's manner: recorded once, run by sessions that keep the variables' values.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "floe/tensor.h"

namespace floe {

class RecordedGraph;

/// A variable of a StaticGraph. Each session has a value of its own for it. Use it while the graph is being
/// recorded; what is returned are tensors of the graph.
class StaticVariable {
 public:
  /// The value when it runs.
  Tensor read() const;
  /// The value after the change: fetch it to make the change happen.
  Tensor assign(const Tensor& value) const;
  Tensor assign_add(const Tensor& value) const;
  Tensor assign_sub(const Tensor& value) const;
  /// The value after it was initialised: fetch it once in every session.
  const Tensor& initializer() const { return initializer_; }
  const Tensor& handle() const { return handle_; }

 private:
  friend class StaticGraph;
  Tensor changed(const char* op, const Tensor& value) const;
  std::shared_ptr<RecordedGraph> graph_;
  DType dtype_ = DType::kInvalid;
  Tensor handle_, initializer_;
};

/// A graph that op calls are recorded into (tf.Graph):
///
///     StaticGraph g;
///     Tensor x, y;
///     {
///       StaticGraph::Scope recording(g);
///       x = g.placeholder(DType::kFloat32, {-1, 3}, "x");
///       y = x * 2.0 + 1.0;
///     }
///     Session session(g);
///     Tensor value = session.run({y}, {{x, Tensor::zeros(DType::kFloat32, {2, 3})}})[0];
class StaticGraph {
 public:
  StaticGraph();

  /// Until its end the op calls of this thread go into the graph.
  class Scope {
   public:
    explicit Scope(const StaticGraph& g);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
  };

  /// A tensor that a session is given the value of; dimensions of -1 may be any.
  Tensor placeholder(DType dtype, const Shape& shape, std::string_view name = "Placeholder");
  /// `initial_value` may be a tensor of the graph or a value.
  StaticVariable variable(const Tensor& initial_value, std::string_view name = "Variable");
  /// The tensor of that name ("x:0", or "x" for output 0). NotFound names the nearest ones.
  Tensor tensor(std::string_view name) const;

  const std::shared_ptr<RecordedGraph>& recorded() const { return recorded_; }

 private:
  std::shared_ptr<RecordedGraph> recorded_;
};

/// Runs a StaticGraph (tf.Session). Values of variables, tables and the state of random ops belong to the
/// session. The graph may grow between runs. Several threads may run one session.
class Session {
 public:
  explicit Session(const StaticGraph& graph);
  /// The values of `fetches`. Any tensor can be fed, not only placeholders. Each combination of fetches and
  /// feeds is compiled once.
  std::vector<Tensor> run(const std::vector<Tensor>& fetches,
                          const std::vector<std::pair<Tensor, Tensor>>& feeds = {});
  /// The same by name.
  std::vector<Tensor> run(const std::vector<std::string>& fetches,
                          const std::vector<std::pair<std::string, Tensor>>& feeds = {});

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace floe
