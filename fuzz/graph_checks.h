// What must hold for every graph that a fuzz target managed to read.
#pragma once

#include <cstdlib>

#include "floe/error.h"
#include "floe/format/message.h"
#include "floe/format/schema.h"
#include "floe/format/tensor_proto.h"

namespace floe {

inline void require(bool holds) {
  if (!holds) std::abort();
}

inline bool is_small(const Message& tensor) {
  double elements = 1;
  const Message& shape = tensor.get_message("tensor_shape");
  for (size_t i = 0; i < shape.size("dim"); ++i)
    elements *= double(shape.get_message("dim", i).get_int("size"));
  return elements < 1e6;
}

inline void check_tensors(const Message& graph) {
  for (size_t i = 0; i < graph.size("node"); ++i) {
    const Message* value = graph.get_message("node", i).find_map_message("attr", "value");
    if (!value || !is_small(value->get_message("tensor"))) continue;
    try {
      Tensor t = tensor_from_proto(value->get_message("tensor"));
      t.values_str();
      Tensor again = tensor_from_proto(*tensor_to_proto(t));
      require(again.shape() == t.shape() && again.dtype() == t.dtype());
    } catch (const Error&) {
    }
  }
}

inline void check_graph(const Message& graph) {
  std::string bytes = graph.serialize();
  require(bytes.size() == graph.byte_size());
  MessagePtr again = Message::parse(schema::GraphDef, own_bytes(bytes));
  require(again->serialize() == bytes);
  require(graph.clone()->serialize() == bytes);
  std::string text = graph.print_text();
  require(Message::parse_text(schema::GraphDef, text)->print_text() == text);
  graph.print_text(TextStyle::kStr);
  check_tensors(graph);
}

}  // namespace floe
