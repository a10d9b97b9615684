// Any bytes as a binary GraphDef.
#include "graph_checks.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace floe;
  MessagePtr graph;
  try {
    graph =
        Message::parse(schema::GraphDef, own_bytes(std::string(reinterpret_cast<const char*>(data), size)));
  } catch (const Error&) {
    return 0;
  }
  check_graph(*graph);
  return 0;
}
