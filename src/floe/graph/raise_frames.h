// Which node belongs to which loop (frame) of TensorFlow 1's dataflow.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "floe/graph/graph.h"

namespace floe::raise {

/// Merge(Enter, NextIteration): what a loop carries from one iteration to the next.
struct LoopVariable {
  Node* merge = nullptr;
  Node* enter = nullptr;
  Node* next = nullptr;
  int enter_index = 0;  // value_index in the first iteration
  bool index_used = false;
};

struct LoopFrame {
  std::string name;
  int parent = -1;
  int depth = 0;
  std::vector<Node*> nodes;  // all of the frame, in the order of the graph
  std::vector<Node*> enters, exits, conditions;
  std::vector<LoopVariable> variables;
};

/// Frame 0 is the graph itself.
struct FrameMap {
  std::vector<LoopFrame> frames;
  std::vector<int> of;  // by node id; -1: not needed by the results
  std::unordered_map<const Node*, std::pair<int, int>> variable_of;  // loop Merge -> frame, variable
  std::vector<std::string> problems;

  int frame_of(const Node* n) const { return size_t(n->id) < of.size() ? of[size_t(n->id)] : -1; }
  void set_frame(const Node* n, int frame);
  void problem(const Node* n, int frame, const std::string& what);
};

bool is_enter(const Node& n);
bool is_exit(const Node& n);
bool is_merge(const Node& n);
bool is_switch(const Node& n);
bool is_next_iteration(const Node& n);
/// A constant that belongs to whoever reads it.
bool is_free_constant(const Node& n);

/// Finds the frames of all nodes that the results of `body` need.
FrameMap find_frames(const FunctionBody& body);

}  // namespace floe::raise
