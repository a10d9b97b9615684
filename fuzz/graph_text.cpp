// Any bytes as a file, which may be a GraphDef in text form.
#include "floe/format/graph_file.h"
#include "graph_checks.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace floe;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  try {
    read_graph(own_bytes(bytes), "fuzz");
  } catch (const Error&) {
  }
  MessagePtr graph;
  try {
    graph = Message::parse_text(schema::GraphDef, bytes);
  } catch (const Error&) {
    return 0;
  }
  check_graph(*graph);
  return 0;
}
