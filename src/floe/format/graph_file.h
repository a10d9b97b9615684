// GraphDef files: reading from a path or from memory, writing.
#pragma once

#include <string>

#include "floe/base/file.h"
#include "floe/format/file_kind.h"
#include "floe/format/message.h"

namespace floe {

/// Reads a GraphDef, binary or text, recognised by content. Weights stay views into the mapped file.
/// NotFound when there is no such file; InvalidArgument when it is something else (the text says what,
/// and what to do) or has a mistake in its text ("model.pbtxt:12:7: ..."); DataLoss when it is damaged.
MessagePtr read_graph(const std::string& path);

/// The same from memory; `name` stands for the path in messages.
MessagePtr read_graph(const Bytes& data, const std::string& name);

/// Throws the error that says what `name` is instead of a GraphDef.
[[noreturn]] void throw_not_a_graph(const std::string& name, FileKind kind);

enum class GraphForm { kBinary, kText };

/// Writes any message; a file that exists is replaced at once or not at all.
void write_graph(const Message& graph, const std::string& path, GraphForm form);

/// As above; names that end in .pbtxt, .txt, .prototxt or .textproto get text.
void write_graph(const Message& graph, const std::string& path);

}  // namespace floe
