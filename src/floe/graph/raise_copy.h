// Copies one part of a loop (its condition, its body, or what follows its end) out of the frame.
#pragma once

#include <unordered_map>
#include <vector>

#include "floe/graph/raise_frames.h"

namespace floe::raise {

/// One argument of a loop's functions.
struct LoopSlot {
  enum class Kind { kVariable, kIndex, kInvariant } kind;
  int variable = 0;  // kVariable and kIndex (a Merge's value_index)
  Endpoint source;   // initial value, outside of the loop
  DType dtype = DType::kInvalid;
};

/// The arguments of a loop's functions, variables first; invariants join as they are met.
struct LoopSignature {
  std::vector<LoopSlot> slots;
  std::vector<int> variable_slot, index_slot;
  std::unordered_map<const Node*, std::vector<std::pair<int, int>>>
      invariant_slot;  // source -> (output, slot)

  int invariant(const Endpoint& source, DType dtype);
};

enum class LoopPart { kCondition, kBody, kAfter };

class LoopCopier {
 public:
  /// `into` is the graph of a function for kCondition and kBody, the graph itself for kAfter, where `loop` is
  /// the While node.
  LoopCopier(FrameMap& map, int frame, LoopPart part, Graph& into, LoopSignature& signature,
             Node* loop = nullptr);

  /// Copies what these need; call once.
  void copy(const std::vector<Endpoint>& values, const std::vector<Node*>& controls);
  /// What a value became.
  Endpoint value(const Endpoint& e);
  /// What a node became for those who wait for it: null when there is nothing to wait for.
  Node* control(const Node* n) const;
  /// Argument i of the function, made when first asked for.
  Node* arg(int slot);
  /// The nodes of the loop that were copied as they are.
  const std::vector<Node*>& copied() const { return copied_; }

 private:
  struct Copy {
    Node* node = nullptr;  // a copy of the node
    Endpoint alias;        // or the value it stands for
    bool trivial = false;  // always there: an argument, a constant, an identity of one
  };
  enum class Role { kVariable, kInvariant, kConstant, kGate, kVerdict, kPlain, kForeign };

  Role role(const Node& n) const;
  bool is_loop_predicate(const Endpoint& e) const;
  std::vector<Node*> order_from(const std::vector<Endpoint>& values,
                                const std::vector<Node*>& controls) const;
  void connect(const Node& n);
  Endpoint invariant(const Node& enter);
  Endpoint constant(Node* c);
  bool is_trivial(const Endpoint& e) const;
  const LoopFrame& frame() const { return map_.frames[size_t(frame_)]; }

  FrameMap& map_;
  int frame_;
  LoopPart part_;
  Graph& into_;
  LoopSignature& signature_;
  Node* loop_;
  std::unordered_map<const Node*, Copy> copies_;
  std::unordered_map<const Node*, Node*> constants_;
  std::vector<Node*> args_, copied_;
};

/// The constant behind a loop invariant, through identities and outer loops, or null.
Node* constant_behind(Endpoint e);

}  // namespace floe::raise
