#include "floe/format/graph_file.h"

#include <algorithm>

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/format/schema.h"

namespace floe {

namespace {

std::string first_bytes(std::string_view s) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (char c : s.substr(0, 8)) {
    if (!out.empty()) out += ' ';
    out += kHex[uint8_t(c) >> 4];
    out += kHex[uint8_t(c) & 15];
  }
  return out;
}

std::vector<std::string> graph_files(const std::string& folder) {
  std::vector<std::string> out;
  for (std::string& name : list_directory(folder))
    if (name.ends_with(".pb") || name.ends_with(".pbtxt")) out.push_back(std::move(name));
  return out;
}

[[noreturn]] void throw_missing(const std::string& path) {
  size_t slash = path.rfind('/');
  std::string folder = slash == path.npos ? "." : path.substr(0, slash + 1);
  std::string hint;
  if (is_directory(folder)) {
    std::string near = nearest_name(path.substr(slash + 1), graph_files(folder));
    if (!near.empty())
      hint = cat(" Did you mean '", slash == path.npos ? near : join_path(folder, near), "'?");
  }
  throw NotFound(cat(path, ": no such file.", hint));
}

[[noreturn]] void throw_folder(const std::string& path) {
  FileKind kind = recognise_file(path);
  if (kind == FileKind::kSavedModelFolder) throw_not_a_graph(path, kind);
  std::vector<std::string> names = graph_files(path);
  if (names.size() > 5) names.resize(5);
  throw InvalidArgument(cat(path, ": is a folder, a GraphDef file (.pb or .pbtxt) was expected.",
                            names.empty() ? "" : cat(" It holds ", join(names, ", "), ".")));
}

}  // namespace

void throw_not_a_graph(const std::string& name, FileKind kind) {
  std::string_view advice = advise(kind);
  throw InvalidArgument(cat(name, ": is ", describe(kind),
                            "; a frozen graph (GraphDef, .pb or .pbtxt) was expected.",
                            advice.empty() ? "" : " ", advice));
}

MessagePtr read_graph(const Bytes& data, const std::string& name) {
  FileKind kind = recognise(data.view);
  if (kind == FileKind::kGraphText) {
    try {
      return Message::parse_text(schema::GraphDef, data.view);
    } catch (const InvalidArgument& e) {
      throw InvalidArgument(cat(name, ":", e.what()));
    }
  }
  if (kind == FileKind::kText) {
    // A mistake in the first word should be reported as such.
    try {
      Message::parse_text(schema::GraphDef, data.view);
    } catch (const InvalidArgument& e) {
      std::string_view advice = advise(kind);
      throw InvalidArgument(cat(name, ": is ", describe(kind), ". ", name, ":", e.what(), advice));
    }
  }
  if (kind == FileKind::kUnknown)
    throw DataLoss(cat(name, ": is ", describe(kind), " (it starts with ", first_bytes(data.view),
                       "); a frozen graph (GraphDef, .pb or .pbtxt) was expected."));
  if (kind != FileKind::kGraphBinary) throw_not_a_graph(name, kind);
  MessagePtr graph;
  try {
    graph = Message::parse(schema::GraphDef, data);
  } catch (const DataLoss& e) {
    throw DataLoss(cat(name, ": ", e.what()));
  }
  if (graph->set_fields().empty())
    throw DataLoss(cat(name, ": is a protocol buffer without a field of a GraphDef (it starts with ",
                       first_bytes(data.view), ")."));
  return graph;
}

MessagePtr read_graph(const std::string& path) {
  if (!file_exists(path)) throw_missing(path);
  if (is_directory(path)) throw_folder(path);
  return read_graph(map_file(path), path);
}

void write_graph(const Message& graph, const std::string& path, GraphForm form) {
  write_file(path, form == GraphForm::kText ? graph.print_text() : graph.serialize());
}

void write_graph(const Message& graph, const std::string& path) {
  bool text = path.ends_with(".pbtxt") || path.ends_with(".txt") || path.ends_with(".prototxt") ||
              path.ends_with(".textproto");
  write_graph(graph, path, text ? GraphForm::kText : GraphForm::kBinary);
}

}  // namespace floe
