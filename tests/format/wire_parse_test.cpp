#include <filesystem>

#include "goldens.h"

namespace floe {
namespace {

using namespace std::literals;

MessagePtr parse(const MessageType& t, std::string s) { return Message::parse(t, own_bytes(std::move(s))); }
MessagePtr graph(std::string s) { return parse(schema::GraphDef, std::move(s)); }

std::string nested(uint8_t tag, std::string inside) {
  std::string s(1, char(tag));
  size_t n = inside.size();
  for (; n >= 0x80; n >>= 7) s += char(n | 0x80);
  s += char(n);
  return s + inside;
}

TEST(WireParse, GoldensAgreeWithTheirText) {
  for (const Golden& g : goldens()) {
    MessagePtr m = golden_message(g), t = Message::parse_text(golden_type(g), golden_text(g, ".pbtxt"));
    EXPECT_TRUE(m->serialize() == t->serialize()) << g.name;
  }
}

TEST(WireParse, StringsAreViews) {
  Bytes data = own_bytes(nested(0x0a, nested(0x0a, "name")));
  MessagePtr g = Message::parse(schema::GraphDef, data);
  EXPECT_EQ(g->get_message("node", 0).get_string("name").data(), data.view.data() + 4);
}

TEST(WireParse, BytesWithoutOwnerAreCopied) {
  std::string s = nested(0x0a, nested(0x0a, "name"));
  MessagePtr g = Message::parse(schema::GraphDef, Bytes{s, nullptr});
  s.assign(s.size(), '?');
  EXPECT_EQ(g->get_message("node", 0).get_string("name"), "name");
}

TEST(WireParse, UnknownFieldsAreKept) {
  std::string s = nested(0x0a, "\x0a\x01x\xf8\x07\x05"s) +
                  "\x92\x7d\x03"
                  "abc"
                  "\x9b\x06\x08\x01\x9c\x06"s;
  MessagePtr g = graph(s);
  EXPECT_TRUE(g->has_unknown_fields());
  EXPECT_EQ(g->serialize(), s);
  EXPECT_EQ(g->clone()->serialize(), s);
  EXPECT_TRUE(*g == *g->clone());
  EXPECT_FALSE(*g == *graph("\x0a\x03\x0a\x01x"));
  g->discard_unknown_fields();
  EXPECT_EQ(g->serialize(), "\x0a\x03\x0a\x01x");
}

TEST(WireParse, WrongWireTypeIsAnUnknownField) {
  MessagePtr g = graph("\x08\x05");
  EXPECT_EQ(g->size("node"), 0u);
  EXPECT_EQ(g->serialize(), "\x08\x05");
}

TEST(WireParse, PackedAndPlainListsAreTheSame) {
  MessagePtr packed = parse(schema::TensorProto, "\x3a\x02\x01\x02"),
             plain = parse(schema::TensorProto, "\x38\x01\x38\x02");
  EXPECT_TRUE(*packed == *plain);
  MessagePtr floats = parse(schema::TensorProto, "\x2a\x04\0\0\x80\x3f\x2d\0\0\0\x40"s);
  EXPECT_EQ(floats->values<float>("float_val")[0], 1.0f);
  EXPECT_EQ(floats->values<float>("float_val")[1], 2.0f);
}

TEST(WireParse, NarrowNumbersAreCut) {
  // Ten bytes for a negative int32, as protobuf writes it.
  MessagePtr v = parse(schema::VersionDef, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  EXPECT_EQ(v->get_int("producer"), -1);
  MessagePtr big = parse(schema::VersionDef, "\x08\x81\x80\x80\x80\x80\x01");
  EXPECT_EQ(big->get_int("producer"), 1);
}

TEST(WireParse, SingleFieldsGivenTwice) {
  MessagePtr g = graph("\x22\x02\x08\x05\x22\x02\x10\x06");
  EXPECT_EQ(g->get_message("versions").get_int("producer"), 5);
  EXPECT_EQ(g->get_message("versions").get_int("min_consumer"), 6);
  MessagePtr n = parse(schema::NodeDef,
                       "\x0a\x01"
                       "a\x0a\x01"
                       "b");
  EXPECT_EQ(n->get_string("name"), "b");
  MessagePtr cleared = parse(schema::NodeDef,
                             "\x0a\x01"
                             "a\x0a\0"s);
  EXPECT_FALSE(cleared->is_set("name"));
  MessagePtr a = parse(schema::AttrValue, "\x18\x01\x28\x01");
  EXPECT_EQ(a->which_oneof("value")->name, "b");
}

TEST(WireParse, MapEntries) {
  // value before key, no value, no key, the same key twice
  MessagePtr n =
      parse(schema::NodeDef, nested(0x2a, "\x12\x02\x18\x01\x0a\x01k") + nested(0x2a, "\x0a\x01v") +
                                 nested(0x2a, "") + nested(0x2a, "\x0a\x01k\x12\x02\x18\x07"));
  ASSERT_EQ(n->size("attr"), 3u);
  EXPECT_EQ(n->find_map_message("attr", "k")->get_int("i"), 7);
  EXPECT_EQ(n->find_map_message("attr", "v")->which_oneof("value"), nullptr);
  EXPECT_TRUE(n->map_has("attr", ""));
}

TEST(WireParse, MessagesInManyPiecesTakeLinearTime) {
  std::string s;
  for (int i = 0; i < 100000; ++i)
    s += nested(0x52, nested(0x12, nested(0x0a, std::to_string(i * 7919 % 100003))));
  MessagePtr a = parse(schema::AttrValue, s);
  EXPECT_EQ(a->get_message("func").size("attr"), 100000u);
  EXPECT_TRUE(a->get_message("func").map_has("attr", "7919"));
}

TEST(WireParse, MapsAreOrderedAfterAnError) {
  MessagePtr n = Message::make(schema::NodeDef);
  std::string s = nested(0x2a, "\x0a\x01z") +
                  nested(0x2a,
                         "\x0a\x01"
                         "a") +
                  "\x0f";
  EXPECT_ERROR(DataLoss, n->parse(own_bytes(s)), "wire type 7");
  EXPECT_TRUE(n->map_has("attr", "a"));
  EXPECT_TRUE(n->map_has("attr", "z"));
}

TEST(WireParse, TruncationNamesPlaceAndOffset) {
  MessagePtr g = Message::make(schema::GraphDef);
  g->add_message("node").set_string("name", "first");
  Message& n = g->add_message("node");
  n.set_string("name", "weights");
  n.map_message("attr", "value")
      .mutable_message("tensor")
      .set_string("tensor_content", std::string(500, 'w'));
  std::string s = g->serialize();
  size_t at = s.find("www");
  EXPECT_ERROR(DataLoss, graph(s.substr(0, at + 100)),
               "Damaged GraphDef at byte " + std::to_string(at) +
                   " in node[1].attr[\"value\"].tensor.tensor_content ('weights'): a length of 500 bytes, "
                   "but the data "
                   "ends after 100; it is truncated");
  for (size_t n_bytes = 0; n_bytes < s.size(); ++n_bytes) {
    try {
      MessagePtr m = graph(s.substr(0, n_bytes));
      EXPECT_TRUE(n_bytes == 0 || n_bytes == 9) << n_bytes;
    } catch (const DataLoss&) {
    }
  }
}

TEST(WireParse, LyingLengths) {
  EXPECT_ERROR(DataLoss, graph("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
               "node[0]: a length of 9223372036854775807 bytes");
  EXPECT_ERROR(DataLoss, graph(nested(0x0a, "\x0a\x64x") + nested(0x0a, "")),
               "the message around it ends after 1.");
  EXPECT_ERROR(DataLoss, parse(schema::TensorProto, "\x2a\x03\0\0\0"s),
               "a list of 3 bytes, not a multiple of 4.");
}

TEST(WireParse, BrokenNumbersAndTags) {
  EXPECT_ERROR(DataLoss, graph("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
               "a number of more than ten bytes");
  EXPECT_ERROR(DataLoss, graph("\x18\xff"), "the data ends inside a number");
  EXPECT_ERROR(DataLoss, graph(std::string(1, '\0')), "no field can have the tag 0.");
  EXPECT_ERROR(DataLoss, graph("\x80\x80\x80\x80\x80\x01"), "no field can have the tag");
  EXPECT_ERROR(DataLoss, graph("\x0f"), "wire type 7 where field 1 starts.");
  EXPECT_ERROR(DataLoss, graph("\x0c"), "wire type 4 where field 1 starts.");
  EXPECT_ERROR(DataLoss, graph("\x9b\x06\x08\x01"), "a group without an end.");
}

TEST(WireParse, TextMustBeUtf8) {
  EXPECT_ERROR(DataLoss, graph(nested(0x0a, "\x0a\x02\xff\xfe")),
               "node[0].name: text that is not valid UTF-8.");
  EXPECT_NO_THROW(parse(schema::AttrValue, "\x12\x02\xff\xfe"));
}

TEST(WireParse, DepthIsBounded) {
  std::string s;
  for (int i = 0; i < 60; ++i) s = nested(0x52, nested(0x12, nested(0x12, s)));  // func.attr[""]
  EXPECT_ERROR(DataLoss, parse(schema::AttrValue, s), "messages nested deeper than 100 levels.");
  s.clear();
  for (int i = 0; i < 20; ++i) s = nested(0x52, nested(0x12, nested(0x12, s)));
  EXPECT_NO_THROW(parse(schema::AttrValue, s));
  std::string groups(500, '\x9b');
  for (size_t i = groups.size(); i > 0; --i) groups.insert(i, "\x06");
  EXPECT_ERROR(DataLoss, graph(groups), "groups nested deeper than 100 levels.");
}

TEST(WireParse, NumberOfMessagesIsBounded) {
  std::string s;
  for (int i = 0; i < 1000; ++i) s += "\x0a"s + '\0';
  ParseOptions few;
  few.max_messages = 999;
  EXPECT_ERROR(DataLoss, Message::parse(schema::GraphDef, own_bytes(s), few), "more than 999 messages.");
  EXPECT_EQ(graph(s)->size("node"), 1000u);
}

TEST(WireParse, OtherFormatsAreRecognised) {
  EXPECT_ERROR(DataLoss, graph("node {\n  name: \"x\"\n}\n"), "The data is a GraphDef in text form.");
  EXPECT_ERROR(DataLoss, graph("\x1f\x8b\x08\0\0\0"s), "The data is compressed with gzip.");
}

TEST(WireParse, ParseReplacesMergeAdds) {
  MessagePtr g = graph(nested(0x0a, ""));
  g->merge_from_bytes(own_bytes(nested(0x0a, "")));
  EXPECT_EQ(g->size("node"), 2u);
  g->parse(own_bytes(nested(0x0a, "")));
  EXPECT_EQ(g->size("node"), 1u);
}

TEST(WireParse, EveryModelOfTheTestsComesBack) {
  int count = 0;
  for (const auto& e :
       std::filesystem::recursive_directory_iterator(std::string(FLOE_SOURCE_DIR) + "/tests/models")) {
    if (e.path().extension() != ".pb") continue;
    Bytes data = map_file(e.path());
    MessagePtr m = Message::parse(schema::GraphDef, data);
    EXPECT_FALSE(m->has_unknown_fields()) << e.path();
    EXPECT_EQ(m->byte_size(), data.view.size()) << e.path();
    MessagePtr again = Message::parse(schema::GraphDef, own_bytes(m->serialize()));
    EXPECT_TRUE(again->serialize() == m->serialize()) << e.path();
    MessagePtr text = Message::parse_text(schema::GraphDef, m->print_text());
    EXPECT_TRUE(text->print_text() == m->print_text()) << e.path();
    ++count;
  }
  EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace floe
