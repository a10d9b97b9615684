// What the passes share: who reads what, constants, replacing.
#pragma once

#include <unordered_map>
#include <vector>

#include "floe/graph/graph.h"

namespace floe {

/// Readers of every output of a body's nodes. Kept up to date by replace().
class Uses {
 public:
  explicit Uses(FunctionBody& body);
  /// Nodes that read `e`, once per input.
  const std::vector<Node*>& of(const Endpoint& e) const;
  /// How many inputs and results read `e`.
  int count(const Endpoint& e) const;
  /// The only node that reads `e`, when nothing else does and it is no result; else null.
  Node* only(const Endpoint& e) const;
  /// Everything that reads `from` reads `to` instead.
  void replace(const Endpoint& from, const Endpoint& to);
  /// Notes a node made after this object.
  void added(Node* n);
  /// Notes that a node reads nothing any more (it is about to go).
  void removed(Node* n);

 private:
  struct Entry {
    std::vector<Node*> readers;
    int results = 0;
  };
  static uint64_t key(const Endpoint& e) {
    return (uint64_t(uint32_t(e.node->id)) << 32) | uint32_t(e.index);
  }
  FunctionBody* body_;
  std::unordered_map<uint64_t, Entry> entries_;
};

const Shape& shape_of(const Endpoint& e);
DType type_of(const Endpoint& e);
/// The float values of a constant, or an empty handle when it is none of float32.
Tensor float_constant(const Endpoint& e);
/// True when the constant is one value v everywhere.
bool is_constant(const Endpoint& e, double v);
/// True when a shape is [C] with leading ones allowed, C = `channels` (or one element).
bool is_channel_vector(const Shape& s, int64_t channels);
/// Elementwise binary op on constants.
Tensor constant_op(const char* op, const Tensor& a, const Tensor& b);

}  // namespace floe
