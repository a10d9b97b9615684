#include <cmath>

#include "goldens.h"

namespace floe {
namespace {

MessagePtr text(const MessageType& t, std::string_view s) { return Message::parse_text(t, s); }
MessagePtr attr(std::string_view s) { return text(schema::AttrValue, s); }
MessagePtr graph(std::string_view s) { return text(schema::GraphDef, s); }

TEST(TextParse, Goldens) {
  for (const Golden& g : goldens()) {
    std::string want = golden_text(g, ".pbtxt");
    EXPECT_EQ(text(golden_type(g), want)->print_text(), want) << g.name;
  }
}

TEST(TextParse, AllWaysOfWriting) {
  MessagePtr g = graph(R"(# a comment
    node < name: "a" 'b' "\x63\144\u00e9", op: 'Add'; input: ["x", "y"] input: "z" >
    node: { attr: [ { key: "k" value { list { i: [1, 0x10, 010, -3] f: [1, 2.5e1f, -inf, .5, 1e400] b: [true, 1, f, False] } } },
                    { value: { type: DT_HALF } } ] }
    versions { producer: 5 } library {}
  )");
  const Message& n = g->get_message("node", 0);
  EXPECT_EQ(n.get_string("name"), "abcd\xc3\xa9");
  EXPECT_EQ(n.size("input"), 3u);
  const Message& m = g->get_message("node", 1);
  EXPECT_EQ(m.find_map_message("attr", "")->get_int("type"), 19);
  const Message& list = m.find_map_message("attr", "k")->get_message("list");
  auto i = list.values<int64_t>("i");
  EXPECT_EQ(std::vector<int64_t>(i.begin(), i.end()), (std::vector<int64_t>{1, 16, 8, -3}));
  EXPECT_EQ(list.get_double("f", 1), 25.0);
  EXPECT_EQ(list.get_double("f", 2), -INFINITY);
  EXPECT_EQ(list.get_double("f", 3), 0.5);
  EXPECT_EQ(list.get_double("f", 4), INFINITY);
  EXPECT_EQ(list.get_int("b", 1), 1);
  EXPECT_EQ(list.get_int("b", 2), 0);
  EXPECT_TRUE(g->has("library"));
}

TEST(TextParse, EmptyListsAndByteOrderMark) {
  EXPECT_EQ(graph("\xef\xbb\xbfnode { input: [] }")->size("node"), 1u);
  EXPECT_EQ(graph("")->size("node"), 0u);
}

TEST(TextParse, UnknownFieldSuggestsTheNearest) {
  EXPECT_ERROR(InvalidArgument, graph("node {\n  nam: \"x\"\n}"),
               "2:3: Message type \"tensorflow.NodeDef\" has no field named \"nam\". Did you mean 'name'?");
}

TEST(TextParse, PlacesAreLineAndColumn) {
  EXPECT_ERROR(InvalidArgument, graph("node {\n  name: 3 }"), "2:9: Expected string but found: '3'.");
  EXPECT_ERROR(
      InvalidArgument, attr("type: DT_FLOOT"),
      "1:7: Enum type \"tensorflow.DataType\" has no value named DT_FLOOT. Did you mean 'DT_FLOAT'?");
  EXPECT_ERROR(InvalidArgument, attr("i: 99999999999999999999"),
               "1:4: Value out of range: 99999999999999999999");
  EXPECT_ERROR(InvalidArgument, attr("i: -9223372036854775809"),
               "1:4: Value out of range: -9223372036854775809");
  EXPECT_ERROR(InvalidArgument, attr("i: 1.5"), "1:4: Expected an integer for 'i', found '1'");
  EXPECT_ERROR(InvalidArgument, attr("i: -x"), "1:4: Expected an integer for 'i', found '-x'.");
  EXPECT_ERROR(InvalidArgument, attr("f: abc"), "1:4: Expected a number for 'f', found 'abc'.");
  EXPECT_ERROR(InvalidArgument, attr("b: 2"), "1:4: Expected true or false for 'b', found '2'.");
  EXPECT_ERROR(InvalidArgument, attr("i 3"), "1:3: expected ':' after 'i', found '3'.");
  EXPECT_ERROR(InvalidArgument, graph("versions { producer: 3000000000 }"),
               "1:22: Value out of range: 3000000000");
  EXPECT_ERROR(InvalidArgument, graph("node { name: \"a\nb\" }"), "1:14: a string without an end.");
  EXPECT_ERROR(InvalidArgument, graph("node {\n name: \"a\" "),
               "2:12: expected '}' for the message opened in line 1, found the end of the text.");
  EXPECT_ERROR(InvalidArgument, graph("node { input: [\"a\" }"), "1:20: expected ',' or ']', found '}'.");
  EXPECT_ERROR(InvalidArgument, graph("node 3"), "1:6: expected '{', found '3'.");
  EXPECT_ERROR(InvalidArgument, graph("}"),
               "1:1: expected the name of a field of tensorflow.GraphDef, found '}'.");
  EXPECT_ERROR(InvalidArgument, graph("\x01"), "found the byte 0x01.");
  EXPECT_ERROR(InvalidArgument, graph("node { name: \"\\q\" }"), "1:15: unknown escape '\\q'.");
  EXPECT_ERROR(InvalidArgument, graph("node { name: \"\\777\" }"), "an octal escape beyond");
  EXPECT_ERROR(InvalidArgument, graph("node { name: \"\\ud800\" }"), "no Unicode character has this number.");
  EXPECT_ERROR(InvalidArgument, graph("node { name: \"\\xff\" }"),
               "1:14: the text of 'name' is not valid UTF-8.");
}

TEST(TextParse, FieldsGivenTwice) {
  EXPECT_ERROR(InvalidArgument, graph("node { name: \"a\" name: \"b\" }"),
               "1:18: Message type \"tensorflow.NodeDef\" should not have multiple \"name\" fields.");
  EXPECT_ERROR(InvalidArgument, attr("i: 1 f: 2"),
               "1:6: Field \"f\" is specified along with field \"i\", another member of oneof \"value\" for "
               "message type "
               "\"tensorflow.AttrValue\".");
}

TEST(TextParse, LastMapEntryCounts) {
  MessagePtr n =
      text(schema::NodeDef, "attr { key: \"a\" value { i: 1 } } attr { key: \"a\" value { i: 2 } }");
  ASSERT_EQ(n->size("attr"), 1u);
  EXPECT_EQ(n->find_map_message("attr", "a")->get_int("i"), 2);
}

TEST(TextParse, DepthIsBounded) {
  std::string s;
  for (int i = 0; i < 200; ++i) s += "func { attr { value { ";
  EXPECT_ERROR(InvalidArgument, attr(s), "messages nested deeper than 100 levels.");
}

TEST(TextParse, NumberOfMessagesIsBounded) {
  ParseOptions few;
  few.max_messages = 2;
  EXPECT_ERROR(InvalidArgument, Message::parse_text(schema::GraphDef, "node {} node {} node {}", few),
               "more than 2 messages.");
}

TEST(TextParse, BinaryFormIsRecognised) {
  MessagePtr g = graph("node { name: 'abc' op: 'Add' }");
  EXPECT_ERROR(InvalidArgument, graph(g->serialize()), "The data is a GraphDef in binary form.");
}

TEST(TextParse, ParseReplacesMergeAdds) {
  MessagePtr g = graph("node {}");
  g->merge_from_text("node {}");
  EXPECT_EQ(g->size("node"), 2u);
  g->parse_text("node {}");
  EXPECT_EQ(g->size("node"), 1u);
}

TEST(TextParse, AnyOfUnknownType) {
  const MessageType& any = *schema::find_message("google.protobuf.Any");
  EXPECT_ERROR(InvalidArgument, text(any, "[a.com/b.C] {}"),
               "1:1: the message type of 'a.com/b.C' is not known.");
  EXPECT_ERROR(InvalidArgument, graph("[ext.field]: 3"), "has no extension \"ext.field\".");
  EXPECT_EQ(text(any, "[x/tensorflow.VersionDef] { producer: 3 }")->get_string("value"), "\x08\x03");
}

}  // namespace
}  // namespace floe
