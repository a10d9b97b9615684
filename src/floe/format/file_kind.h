// Recognises model files by their content.
#pragma once

#include <string>
#include <string_view>

namespace floe {

enum class FileKind {
  kUnknown,
  kEmpty,
  kGraphBinary,
  kGraphText,
  kMetaGraphBinary,
  kMetaGraphText,
  kSavedModelBinary,
  kSavedModelText,
  kSavedModelFolder,
  kFolder,
  kCheckpointIndex,
  kCheckpointState,
  kKeras,
  kHdf5,
  kOnnx,
  kTfLite,
  kNumpyArray,
  kNumpyArchive,
  kTorch,
  kPickle,
  kSafetensors,
  kZip,
  kGzip,
  kArchive,
  kImage,
  kJson,
  kXml,
  kHtml,
  kGitLfsPointer,
  kUtf16Text,
  kText,
};

FileKind recognise(std::string_view content);

/// Looks at the file or folder; NotFound when there is none.
FileKind recognise_file(const std::string& path);

/// A GraphDef, MetaGraphDef or SavedModel in binary form.
bool is_protocol_buffer(FileKind kind);

/// What it is, with an article: "a SavedModel folder".
std::string_view describe(FileKind kind);

/// What to do with it where a frozen graph was expected; ends with a full stop. May be "".
std::string_view advise(FileKind kind);

}  // namespace floe
