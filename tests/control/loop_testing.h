// Graphs with TensorFlow 1 control flow, made by hand, and running them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "floe/base/threads.h"
#include "floe/error.h"
#include "floe/graph/graph.h"
#include "floe/graph/passes/passes.h"
#include "floe/graph/raise.h"
#include "floe/runtime/executable.h"

namespace floe {

inline Endpoint operand(Node* n, int i = 0) { return {n, i}; }

inline Endpoint placeholder(Graph& g, const std::string& name, DType t = DType::kFloat32) {
  return {g.add("Placeholder", name, {}, {{"dtype", t}}), 0};
}
inline Endpoint constant(Graph& g, const std::string& name, Tensor t) {
  return {g.add_constant(name, std::move(t)), 0};
}
inline Endpoint call(Graph& g, const std::string& op, std::vector<Endpoint> in, const std::string& name = "",
                     AttrMap attrs = {}) {
  return {g.add(op, name, std::move(in), std::move(attrs)), 0};
}
inline Tensor i32(int32_t v) { return Tensor::scalar(v); }
inline Tensor f32(float v) { return Tensor::scalar(v); }

/// A loop the way TensorFlow's while_loop lays it out.
class LoopBuilder {
 public:
  LoopBuilder(Graph& g, std::string frame) : g_(g), frame_(std::move(frame)) {}

  Endpoint enter(Endpoint e, bool is_constant) {
    return call(g_, "Enter", {e}, frame_ + "/Enter", {{"frame_name", frame_}, {"is_constant", is_constant}});
  }
  /// Adds a variable; its value in the condition.
  Endpoint variable(Endpoint initial) {
    Endpoint e = enter(initial, false);
    merges_.push_back(g_.add("Merge", frame_ + "/Merge", {e, e}));
    return {merges_.back(), 0};
  }
  Endpoint invariant(Endpoint e) { return enter(e, true); }
  void condition(Endpoint pred) {
    cond_ = g_.add("LoopCond", frame_ + "/LoopCond", {pred});
    for (Node* m : merges_) switches_.push_back(g_.add("Switch", frame_ + "/Switch", {{m, 0}, {cond_, 0}}));
  }
  /// A variable's value in the body.
  Endpoint value(size_t i) { return {switches_[i], 1}; }
  Endpoint end_value(size_t i) { return {switches_[i], 0}; }
  Node* next(size_t i, Endpoint v) {
    Node* n = g_.add("NextIteration", frame_ + "/NextIteration", {v});
    merges_[i]->inputs[1] = {n, 0};
    return n;
  }
  Endpoint exit(size_t i) { return call(g_, "Exit", {end_value(i)}, frame_ + "/Exit"); }
  Node* merge(size_t i) { return merges_[i]; }
  Node* switch_node(size_t i) { return switches_[i]; }
  Node* loop_cond() { return cond_; }

 private:
  Graph& g_;
  std::string frame_;
  std::vector<Node*> merges_, switches_;
  Node* cond_ = nullptr;
};

inline std::unique_ptr<FunctionBody> raised(const Graph& g, const std::vector<Endpoint>& feeds,
                                            const std::vector<Endpoint>& fetches) {
  auto body = extract(g, feeds, fetches);
  raise_control_flow(*body);
  EXPECT_FALSE(has_loop_frames(*body));
  return body;
}

inline std::vector<Tensor> run_body(std::unique_ptr<FunctionBody> body, std::vector<Tensor> inputs) {
  auto cache = std::make_shared<CallableCache>();
  Executable executable(std::move(body), cache);
  ResourceManager resources;
  RunState state;
  state.resources = &resources;
  state.threads = num_threads();
  std::vector<Tensor> outputs;
  executable.run(state, inputs, outputs);
  return outputs;
}

inline std::vector<Tensor> run_graph(const Graph& g, const std::vector<Endpoint>& feeds,
                                     const std::vector<Endpoint>& fetches, std::vector<Tensor> inputs) {
  return run_body(raised(g, feeds, fetches), std::move(inputs));
}

/// The text of the error that `fn` throws.
template <class F>
std::string error_of(F&& fn) {
  try {
    fn();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

inline Node* only_loop(const FunctionBody& b) {
  Node* found = nullptr;
  for (auto& n : b.graph->nodes())
    if (n && (n->is("While") || n->is("StatelessWhile"))) {
      EXPECT_EQ(found, nullptr) << "more than one loop";
      found = n.get();
    }
  EXPECT_NE(found, nullptr) << "no loop";
  return found;
}

inline bool has_node(const FunctionBody& b, std::string_view op) {
  for (auto& n : b.graph->nodes())
    if (n && n->is(op)) return true;
  return false;
}

#define EXPECT_CONTAINS(TEXT, PART) \
  EXPECT_NE(std::string(TEXT).find(PART), std::string::npos) << "'" << (PART) << "' is not in: " << (TEXT)

}  // namespace floe
