#include "floe/format/file_kind.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <protozero/varint.hpp>

#include "floe/base/file.h"

namespace floe {

namespace {

constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";

bool starts_with_any(std::string_view s, std::initializer_list<std::string_view> heads) {
  return std::any_of(heads.begin(), heads.end(), [&](std::string_view h) { return s.starts_with(h); });
}

FileKind zip_kind(std::string_view s) {
  // The names of the entries stand beside the entries and again in the directory at the end.
  constexpr size_t kLook = 64 * 1024;
  std::string_view head = s.substr(0, kLook), tail = s.substr(s.size() - std::min(s.size(), kLook));
  auto holds = [&](std::string_view name) {
    return head.find(name) != head.npos || tail.find(name) != tail.npos;
  };
  if (holds("model.weights.h5") && holds("config.json")) return FileKind::kKeras;
  if (holds("/data.pkl")) return FileKind::kTorch;
  if (holds(".npy")) return FileKind::kNumpyArchive;
  return FileKind::kZip;
}

FileKind magic_kind(std::string_view s) {
  using namespace std::literals;
  if (s.starts_with("\x89HDF\r\n\x1a\n"sv)) return FileKind::kHdf5;
  if (s.starts_with("PK\x03\x04"sv) || s.starts_with("PK\x05\x06"sv)) return zip_kind(s);
  if (s.starts_with("\x93NUMPY"sv)) return FileKind::kNumpyArray;
  if (s.starts_with("\x1f\x8b"sv)) return FileKind::kGzip;
  if (starts_with_any(s, {"BZh"sv,
                          "\xfd"sv
                          "7zXZ"sv,
                          "\x28\xb5\x2f\xfd"sv, "7z\xbc\xaf"sv, "Rar!"sv}))
    return FileKind::kArchive;
  if (s.size() > 262 && s.substr(257, 5) == "ustar") return FileKind::kArchive;
  if (starts_with_any(s, {"\xff\xd8\xff"sv, "\x89PNG\r\n"sv, "GIF87a"sv, "GIF89a"sv}))
    return FileKind::kImage;
  if (s.size() > 8 && s.substr(4, 4) == "TFL3") return FileKind::kTfLite;
  if (starts_with_any(s, {"\xff\xfe"sv, "\xfe\xff"sv})) return FileKind::kUtf16Text;
  if (s.size() > 2 && s[0] == '\x80' && s[1] >= 2 && s[1] <= 5) return FileKind::kPickle;
  if (s.size() > 16 && s[8] == '{' && s[9] == '"' && s.substr(3, 5) == "\0\0\0\0\0"sv)
    return FileKind::kSafetensors;
  constexpr uint64_t kTableMagic = 0xdb4775248b80fb57u;
  if (s.size() >= 48) {
    uint64_t last;
    std::memcpy(&last, s.data() + s.size() - 8, 8);
    if (last == kTableMagic) return FileKind::kCheckpointIndex;
  }
  return FileKind::kUnknown;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
}

std::string_view skip_space(std::string_view s) {
  while (!s.empty()) {
    if (s[0] == '#')
      s.remove_prefix(std::min(s.find('\n'), s.size()));
    else if (is_space(s[0]))
      s.remove_prefix(1);
    else
      break;
  }
  return s;
}

bool looks_like_text(std::string_view s) {
  s = s.substr(0, 2048);
  return std::none_of(s.begin(), s.end(), [](char c) {
    auto u = uint8_t(c);
    return (u < 0x20 && !is_space(c)) || u == 0x7f;
  });
}

FileKind text_kind(std::string_view s) {
  if (s.starts_with(kUtf8Mark)) s.remove_prefix(kUtf8Mark.size());
  if (s.starts_with("version https://git-lfs")) return FileKind::kGitLfsPointer;
  s = skip_space(s);
  if (s.empty()) return FileKind::kEmpty;
  if (s[0] == '{' || (s[0] == '[' && s.find("\"") < 20)) return FileKind::kJson;
  if (starts_with_any(s, {"<!DOCTYPE html", "<!doctype html", "<html", "<HTML"})) return FileKind::kHtml;
  if (s[0] == '<') return FileKind::kXml;
  size_t n = 0;
  while (n < s.size() && is_name_char(s[n])) ++n;
  std::string_view word = s.substr(0, n), rest = skip_space(s.substr(n));
  if (n == 0 || rest.empty() || (rest[0] != ':' && rest[0] != '{' && rest[0] != '<')) return FileKind::kText;
  auto is = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), word) != names.end();
  };
  if (is({"node", "library", "version", "versions", "debug_info"})) return FileKind::kGraphText;
  if (is({"saved_model_schema_version", "meta_graphs"})) return FileKind::kSavedModelText;
  if (is({"meta_info_def", "graph_def", "saver_def", "collection_def", "signature_def"}))
    return FileKind::kMetaGraphText;
  if (is({"model_checkpoint_path", "all_model_checkpoint_paths"})) return FileKind::kCheckpointState;
  if (is({"ir_version", "producer_name", "opset_import"})) return FileKind::kOnnx;
  // Something else with "name: value" in it: perhaps a graph whose first field is misspelt.
  return FileKind::kText;
}

// Reads the tags of a protocol buffer's outermost fields, as far as they make sense.
FileKind message_kind(std::string_view s) {
  const char *p = s.data(), *end = p + s.size();
  bool seen_number[2] = {false, false}, meta = false, onnx = false;
  int fields = 0;
  try {
    while (p < end && fields < 100000) {
      uint64_t tag = protozero::decode_varint(&p, end), field = tag >> 3, wire = tag & 7;
      if (field == 0 || field > 100) break;
      if (wire == 2) {
        uint64_t n = protozero::decode_varint(&p, end);
        meta |= field == 3 || field == 6 || field == 7;
        onnx |= seen_number[1] && (field >= 7 || field == 3);
        ++fields;
        if (n > uint64_t(end - p)) break;
        p += n;
      } else if (wire == 0) {
        protozero::decode_varint(&p, end);
        if (field < 2) seen_number[field] = true;
        onnx |= seen_number[1] && field == 5;
        ++fields;
      } else {
        break;
      }
    }
  } catch (const protozero::exception&) {
    // What was read so far decides.
  }
  if (fields == 0) return FileKind::kUnknown;
  if (onnx) return FileKind::kOnnx;
  if (seen_number[1]) return FileKind::kSavedModelBinary;
  bool whole = p == end;
  return meta && whole ? FileKind::kMetaGraphBinary : FileKind::kGraphBinary;
}

}  // namespace

FileKind recognise(std::string_view s) {
  if (s.empty()) return FileKind::kEmpty;
  if (FileKind k = magic_kind(s); k != FileKind::kUnknown) return k;
  if (looks_like_text(s)) return text_kind(s);
  return message_kind(s);
}

FileKind recognise_file(const std::string& path) {
  if (!is_directory(path)) return recognise(map_file(path).view);
  bool saved =
      file_exists(join_path(path, "saved_model.pb")) || file_exists(join_path(path, "saved_model.pbtxt"));
  return saved ? FileKind::kSavedModelFolder : FileKind::kFolder;
}

bool is_protocol_buffer(FileKind kind) {
  return kind == FileKind::kGraphBinary || kind == FileKind::kMetaGraphBinary ||
         kind == FileKind::kSavedModelBinary;
}

std::string_view describe(FileKind kind) {
  switch (kind) {
    case FileKind::kUnknown:
      return "of no known format";
    case FileKind::kEmpty:
      return "empty";
    case FileKind::kGraphBinary:
      return "a GraphDef in binary form";
    case FileKind::kGraphText:
      return "a GraphDef in text form";
    case FileKind::kMetaGraphBinary:
      return "a MetaGraphDef (the .meta file of a checkpoint)";
    case FileKind::kMetaGraphText:
      return "a MetaGraphDef in text form";
    case FileKind::kSavedModelBinary:
      return "the saved_model.pb of a SavedModel folder";
    case FileKind::kSavedModelText:
      return "the saved_model.pbtxt of a SavedModel folder";
    case FileKind::kSavedModelFolder:
      return "a SavedModel folder";
    case FileKind::kFolder:
      return "a folder";
    case FileKind::kCheckpointIndex:
      return "the index of a TensorFlow checkpoint";
    case FileKind::kCheckpointState:
      return "the 'checkpoint' note that names a TensorFlow checkpoint";
    case FileKind::kKeras:
      return "a .keras model";
    case FileKind::kHdf5:
      return "an HDF5 file (a Keras .h5 model or weights)";
    case FileKind::kOnnx:
      return "an ONNX model";
    case FileKind::kTfLite:
      return "a TensorFlow Lite model";
    case FileKind::kNumpyArray:
      return "a NumPy array (.npy)";
    case FileKind::kNumpyArchive:
      return "a NumPy archive (.npz)";
    case FileKind::kTorch:
      return "a PyTorch file";
    case FileKind::kPickle:
      return "a Python pickle";
    case FileKind::kSafetensors:
      return "a safetensors file";
    case FileKind::kZip:
      return "a zip archive";
    case FileKind::kGzip:
      return "compressed with gzip";
    case FileKind::kArchive:
      return "an archive or a compressed file";
    case FileKind::kImage:
      return "a picture";
    case FileKind::kJson:
      return "JSON text";
    case FileKind::kXml:
      return "XML text";
    case FileKind::kHtml:
      return "a web page";
    case FileKind::kGitLfsPointer:
      return "a Git LFS pointer, not the file itself";
    case FileKind::kUtf16Text:
      return "text in UTF-16";
    case FileKind::kText:
      return "text, but not a GraphDef in text form";
  }
  return "of no known format";
}

std::string_view advise(FileKind kind) {
  switch (kind) {
    case FileKind::kSavedModelBinary:
    case FileKind::kSavedModelText:
      return "Its weights lie in the folder beside it, so name the folder, or freeze the model into one .pb "
             "file.";
    case FileKind::kSavedModelFolder:
      return "Freeze it into one .pb file first.";
    case FileKind::kMetaGraphBinary:
    case FileKind::kMetaGraphText:
      return "Its weights lie in the checkpoint beside it; freeze both into one .pb file.";
    case FileKind::kCheckpointIndex:
    case FileKind::kCheckpointState:
      return "A checkpoint holds weights only; freeze the model that uses it into one .pb file.";
    case FileKind::kKeras:
    case FileKind::kHdf5:
      return "Load it as a Keras model, or freeze it into a .pb file.";
    case FileKind::kOnnx:
    case FileKind::kTfLite:
    case FileKind::kTorch:
    case FileKind::kSafetensors:
    case FileKind::kXml:
    case FileKind::kJson:
      return "Export the model from its own framework as a frozen TensorFlow graph.";
    case FileKind::kZip:
    case FileKind::kGzip:
    case FileKind::kArchive:
      return "Unpack it and name the .pb file inside.";
    case FileKind::kHtml:
      return "The download probably gave the page about the file; download the file itself.";
    case FileKind::kGitLfsPointer:
      return "Fetch the file with `git lfs pull`.";
    case FileKind::kUtf16Text:
      return "Save it as UTF-8.";
    case FileKind::kEmpty:
      return "Was it written or downloaded to the end?";
    default:
      return "";
  }
}

}  // namespace floe
