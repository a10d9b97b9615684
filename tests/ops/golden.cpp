#include "golden.h"

#include "floe/base/file.h"
#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/format/graph_file.h"
#include "floe/format/tensor_proto.h"

namespace floe {

std::map<int, Golden> load_goldens(const std::string& op, const std::string& folder) {
  std::string path = cat(FLOE_SOURCE_DIR, "/tests/goldens/", folder, "/", op, ".pb");
  std::map<int, Golden> goldens;
  if (!file_exists(path)) return goldens;
  MessagePtr g = read_graph(path);
  for (size_t i = 0; i < g->size("node"); ++i) {
    const Message& n = g->get_message("node", i);
    auto parts = split(n.get_string("name"), '/');  // <Op>/<k>/out<i>
    const Message* value = n.find_map_message("attr", "value");
    if (parts.size() != 3 || !value) throw DataLoss(cat(path, ": unexpected node ", n.get_string("name")));
    Tensor t = tensor_from_proto(value->get_message("tensor"));
    Golden& golden = goldens[std::stoi(parts[1])];
    if (parts[2] == "error")
      golden.error = t.item<std::string>();
    else
      golden.outputs[std::stoi(parts[2].substr(3))] = t;
  }
  return goldens;
}

}  // namespace floe
