#include "floe/format/graph_file.h"

#include <filesystem>

#include "goldens.h"

namespace floe {
namespace {

namespace fs = std::filesystem;

class GraphFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("floe_graph_" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string path(const char* name) const { return folder_ / name; }
  std::string put(const char* name, std::string_view content) const {
    write_file(path(name), content);
    return path(name);
  }
  fs::path folder_;
};

MessagePtr small_graph() {
  MessagePtr g = Message::make(schema::GraphDef);
  Message& n = g->add_message("node");
  n.set_string("name", "x");
  n.set_string("op", "Placeholder");
  n.map_message("attr", "dtype").set_int("type", 1);
  g->mutable_message("versions").set_int("producer", 1645);
  return g;
}

TEST_F(GraphFile, BinaryAndTextByContentNotByName) {
  MessagePtr g = small_graph();
  write_graph(*g, path("binary.pbtxt"), GraphForm::kBinary);
  write_graph(*g, path("text.pb"), GraphForm::kText);
  EXPECT_TRUE(*read_graph(path("binary.pbtxt")) == *g);
  EXPECT_TRUE(*read_graph(path("text.pb")) == *g);
  EXPECT_EQ(read_file(path("text.pb")), g->print_text());
}

TEST_F(GraphFile, NameChoosesTheFormToWrite) {
  MessagePtr g = small_graph();
  write_graph(*g, path("a.pb"));
  write_graph(*g, path("a.pbtxt"));
  EXPECT_EQ(recognise_file(path("a.pb")), FileKind::kGraphBinary);
  EXPECT_EQ(recognise_file(path("a.pbtxt")), FileKind::kGraphText);
}

TEST_F(GraphFile, FromMemory) {
  MessagePtr g = small_graph();
  EXPECT_TRUE(*read_graph(own_bytes(g->serialize()), "memory") == *g);
  EXPECT_ERROR(InvalidArgument, read_graph(Bytes(), "memory"), "memory: is empty;");
}

TEST_F(GraphFile, LargeContentsStayInTheMapping) {
  MessagePtr g = small_graph();
  Message& t = g->add_message("node");
  t.map_message("attr", "value")
      .mutable_message("tensor")
      .set_string("tensor_content", std::string(1 << 20, 'w'));
  write_graph(*g, path("large.pb"));
  Bytes mapped = map_file(path("large.pb"));
  MessagePtr back = read_graph(mapped, "large.pb");
  std::string_view content = back->get_message("node", 1)
                                 .find_map_message("attr", "value")
                                 ->get_message("tensor")
                                 .get_string("tensor_content");
  EXPECT_GE(content.data(), mapped.view.data());
  EXPECT_LE(content.data() + content.size(), mapped.view.data() + mapped.view.size());
  const char* address = content.data();
  mapped = {};
  EXPECT_EQ(*address, 'w');
}

TEST_F(GraphFile, MissingFileSuggestsTheNearest) {
  put("frozen_model.pb", "x");
  EXPECT_ERROR(NotFound, read_graph(path("frozen_modle.pb")),
               "no such file. Did you mean '" + path("frozen_model.pb") + "'?");
  EXPECT_ERROR(NotFound, read_graph("/no/such/folder/x.pb"), "/no/such/folder/x.pb: no such file.");
}

TEST_F(GraphFile, FoldersAreNamed) {
  put("model.pb", "x");
  EXPECT_ERROR(InvalidArgument, read_graph(folder_),
               "is a folder, a GraphDef file (.pb or .pbtxt) was expected. It holds model.pb.");
  put("saved_model.pb", "x");
  EXPECT_ERROR(InvalidArgument, read_graph(folder_), "is a SavedModel folder; a frozen graph");
}

TEST_F(GraphFile, OtherKindsAreNamed) {
  EXPECT_ERROR(InvalidArgument, read_graph(put("a.pb", "")),
               "a.pb: is empty; a frozen graph (GraphDef, .pb or .pbtxt) was expected.");
  EXPECT_ERROR(InvalidArgument, read_graph(put("b.pb", "\x89HDF\r\n\x1a\n")),
               "is an HDF5 file (a Keras .h5 model or weights);");
  EXPECT_ERROR(InvalidArgument, read_graph(put("c.pb", "saved_model_schema_version: 1")),
               "is the saved_model.pbtxt of a SavedModel folder;");
  EXPECT_ERROR(InvalidArgument, read_graph(put("d.pb", "hello")),
               "is text, but not a GraphDef in text form.");
  EXPECT_ERROR(DataLoss, read_graph(put("e.pb", "\x07\x07\x07")),
               "is of no known format (it starts with 07 07 07);");
  EXPECT_ERROR(DataLoss, read_graph(put("f.pb", "\xa2\x01\x03\x01\x02\x03")),
               "without a field of a GraphDef");
}

TEST_F(GraphFile, MistakesInTextHavePlaces) {
  std::string file = put("m.pbtxt", "node {\n  name: \"a\"\n  opp: \"Add\"\n}\n");
  EXPECT_ERROR(
      InvalidArgument, read_graph(file),
      file + ":3:3: Message type \"tensorflow.NodeDef\" has no field named \"opp\". Did you mean 'op'?");
  file = put("n.pbtxt", "nodes { }");
  EXPECT_ERROR(
      InvalidArgument, read_graph(file),
      file + ":1:1: Message type \"tensorflow.GraphDef\" has no field named \"nodes\". Did you mean 'node'?");
}

TEST_F(GraphFile, DamageNamesTheFile) {
  std::string s = small_graph()->serialize();
  std::string file = put("cut.pb", s.substr(0, 20));
  EXPECT_ERROR(DataLoss, read_graph(file), file + ": Damaged GraphDef at byte ");
}

TEST_F(GraphFile, CheckedInModelComesBack) {
  std::string file = std::string(FLOE_SOURCE_DIR) + "/assets/digits.pb";
  MessagePtr g = read_graph(file);
  EXPECT_GT(g->size("node"), 5u);
  std::string bytes = g->serialize();
  EXPECT_EQ(bytes.size(), read_file(file).size());
  EXPECT_TRUE(*Message::parse(schema::GraphDef, own_bytes(bytes)) == *g);
  EXPECT_TRUE(*Message::parse_text(schema::GraphDef, g->print_text()) == *g);
}

}  // namespace
}  // namespace floe
