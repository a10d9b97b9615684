#include "floe/format/file_kind.h"

#include <filesystem>

#include "goldens.h"

namespace floe {
namespace {

using namespace std::literals;

std::string padded(std::string s) { return s + std::string(300, '\0'); }

TEST(FileKind, ByContent) {
  struct Case {
    std::string content;
    FileKind kind;
  };
  std::string index(60, 'i');
  index.replace(52, 8, "\x57\xfb\x80\x8b\x24\x75\x47\xdb");
  std::string tar(600, '\1');
  tar.replace(257, 5, "ustar");
  const Case cases[] = {
      {"", FileKind::kEmpty},
      {" \n# nothing\n", FileKind::kEmpty},
      {"\x0a\x06\x0a\x01x\x12\x01y", FileKind::kGraphBinary},
      {"node {\n  name: \"x\"\n}\n", FileKind::kGraphText},
      {"# comment\nversions: <producer: 1>", FileKind::kGraphText},
      {"\x08\x01\x12\x04\x0a\x02\x0a\0"s, FileKind::kSavedModelBinary},
      {"saved_model_schema_version: 1", FileKind::kSavedModelText},
      {"\x0a\x02\x2a\0\x12\x02\x0a\0\x1a\x02\x0a\0"s, FileKind::kMetaGraphBinary},
      {"meta_info_def {\n}", FileKind::kMetaGraphText},
      {"\x08\x08\x12\x07pytorch\x3a\x02\x12\0\x42\x02\x10\x0d"s, FileKind::kOnnx},
      {padded("\x1c\0\0\0TFL3"s), FileKind::kTfLite},
      {padded("\x89HDF\r\n\x1a\n"), FileKind::kHdf5},
      {padded("PK\x03\x04 metadata.json config.json model.weights.h5"), FileKind::kKeras},
      {padded("PK\x03\x04 archive/data.pkl"), FileKind::kTorch},
      {padded("PK\x03\x04 x.npy"), FileKind::kNumpyArchive},
      {padded("PK\x03\x04 readme"), FileKind::kZip},
      {padded("\x93NUMPY\x01\0"s), FileKind::kNumpyArray},
      {padded("\x1f\x8b\x08"), FileKind::kGzip},
      {padded("BZh9"), FileKind::kArchive},
      {tar, FileKind::kArchive},
      {padded("\xff\xd8\xff\xe0"), FileKind::kImage},
      {padded("\x89PNG\r\n\x1a\n"), FileKind::kImage},
      {padded("\x80\x04\x95"), FileKind::kPickle},
      {"\x40\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\"}}"s, FileKind::kSafetensors},
      {index, FileKind::kCheckpointIndex},
      {"model_checkpoint_path: \"model.ckpt-1\"", FileKind::kCheckpointState},
      {"{\"class_name\": \"Sequential\"}", FileKind::kJson},
      {"<?xml version=\"1.0\"?>", FileKind::kXml},
      {"<!DOCTYPE html><html>", FileKind::kHtml},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", FileKind::kGitLfsPointer},
      {"\xff\xfen\0o\0"s, FileKind::kUtf16Text},
      {"hello world", FileKind::kText},
      {"\x07\x07\x07\x07", FileKind::kUnknown},
  };
  for (const Case& c : cases)
    EXPECT_EQ(recognise(c.content), c.kind) << describe(c.kind) << ", content " << c.content;
}

TEST(FileKind, ShortPrefixesOfEverythingAreSafe) {
  for (const Golden& g : goldens()) {
    std::string s = golden_text(g, ".pb");
    for (size_t n = 0; n <= s.size(); ++n) recognise(std::string(s, 0, n));
  }
}

TEST(FileKind, Folders) {
  auto folder = std::filesystem::path(testing::TempDir()) / "floe_kind";
  std::filesystem::create_directories(folder);
  EXPECT_EQ(recognise_file(folder), FileKind::kFolder);
  write_file(folder / "saved_model.pb", "\x08\x01");
  EXPECT_EQ(recognise_file(folder), FileKind::kSavedModelFolder);
  std::filesystem::remove_all(folder);
  EXPECT_THROW(recognise_file(folder), NotFound);
}

TEST(FileKind, EveryKindHasWords) {
  for (int k = 0; k <= int(FileKind::kText); ++k) {
    EXPECT_FALSE(describe(FileKind(k)).empty()) << k;
    std::string_view advice = advise(FileKind(k));
    EXPECT_TRUE(advice.empty() || advice.ends_with('.') || advice.ends_with('?')) << advice;
  }
}

}  // namespace
}  // namespace floe
