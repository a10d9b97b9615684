// Writes the samples of all ops (or of those named) as one GraphDef for scripts/make_op_goldens.py:
//   dump_samples OUT.pb [Op ...]
#include <cstdio>

#include "floe/base/text.h"
#include "floe/format/attr_proto.h"
#include "floe/format/graph_file.h"
#include "floe/format/schema.h"
#include "floe/format/tensor_proto.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

void add_const(Message& graph, const std::string& name, const Tensor& t) {
  Message& n = graph.add_message("node");
  n.set_string("name", name);
  n.set_string("op", "Const");
  attr_to_proto(t.dtype(), n.map_message("attr", "dtype"));
  attr_to_proto(t, n.map_message("attr", "value"));
}

void add_sample(Message& graph, const OpDef& def, int k, const Sample& s) {
  std::string prefix = cat(def.name, "/", k, "/");
  std::vector<DType> types;
  for (size_t i = 0; i < s.inputs.size(); ++i) {
    add_const(graph, cat(prefix, "in", i), s.inputs[i]);
    types.push_back(s.inputs[i].dtype());
  }
  AttrMap attrs = s.attrs;
  try {
    infer_type_attrs(def, types, attrs);
    attrs = normalize_attrs(def, attrs);
  } catch (const Error&) {
    // A sample that must fail may be wrong in its attributes: TensorFlow is to say so.
  }
  Message& n = graph.add_message("node");
  n.set_string("name", prefix + "op");
  n.set_string("op", def.name);
  for (size_t i = 0; i < s.inputs.size(); ++i) n.add_string("input", cat(prefix, "in", i));
  for (auto& [name, value] : attrs) attr_to_proto(value, n.map_message("attr", name));
}

int run(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: dump_samples OUT.pb [Op ...]\n");
    return 64;
  }
  std::vector<std::string> ops(argv + 2, argv + argc);
  if (ops.empty()) ops = op_names();
  MessagePtr graph = Message::make(schema::GraphDef);
  size_t count = 0;
  for (const std::string& name : ops) {
    const OpDef& def = get_op(name);
    if (name.rfind("_Floe", 0) == 0) continue;
    int k = 0;
    for (const Sample& s : samples_of(def)) add_sample(*graph, def, k++, s), ++count;
  }
  write_graph(*graph, argv[1], GraphForm::kBinary);
  std::printf("%zu samples\n", count);
  return 0;
}

}  // namespace
}  // namespace floe

int main(int argc, char** argv) {
  try {
    return floe::run(argc, argv);
  } catch (const floe::Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 70;
  }
}
