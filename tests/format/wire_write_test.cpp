#include "goldens.h"

namespace floe {
namespace {

TEST(WireWrite, GoldensByteForByte) {
  for (const Golden& g : goldens()) {
    std::string want = golden_text(g, ".pb");
    MessagePtr m = golden_message(g);
    std::string got = m->serialize();
    if (g.own_order)
      EXPECT_TRUE(*Message::parse(golden_type(g), own_bytes(got)) == *m) << g.name;
    else
      EXPECT_EQ(got, want) << g.name;
    EXPECT_EQ(m->byte_size(), want.size()) << g.name;
  }
}

TEST(WireWrite, AppendsToAString) {
  MessagePtr v = Message::make(schema::VersionDef);
  v->set_int("producer", 5);
  std::string s = "head";
  v->serialize_to(s);
  EXPECT_EQ(s, "head\x08\x05");
}

TEST(WireWrite, OrderOfSettingDoesNotMatter) {
  MessagePtr a = Message::make(schema::NodeDef), b = Message::make(schema::NodeDef);
  a->set_string("name", "n");
  a->map_message("attr", "x").set_int("i", 1);
  a->map_message("attr", "y").set_int("i", 2);
  b->map_message("attr", "y").set_int("i", 2);
  b->map_message("attr", "x").set_int("i", 1);
  b->set_string("name", "n");
  EXPECT_EQ(a->serialize(), b->serialize());
}

TEST(WireWrite, RefusesWhatNoReaderAccepts) {
  MessagePtr root = Message::make(schema::AttrValue);
  Message* at = root.get();
  for (int i = 0; i < 60; ++i) at = &at->mutable_message("func").map_message("attr", "x");
  EXPECT_ERROR(InvalidArgument, root->serialize(), "nested deeper than 100 levels");
}

TEST(WireWrite, RefusesMoreThanProtobufCanRead) {
  Bytes big = own_bytes(std::string(size_t(1) << 27, 'x'));
  MessagePtr g = Message::make(schema::AttrValue);
  Message& list = g->mutable_message("list");
  for (int i = 0; i < 16; ++i) list.add_message("tensor").set_bytes("tensor_content", big);
  EXPECT_ERROR(InvalidArgument, g->serialize(), "protocol buffers end at 2 GiB");
}

}  // namespace
}  // namespace floe
