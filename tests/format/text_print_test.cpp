#include <algorithm>

#include "floe/base/text.h"
#include "goldens.h"

namespace floe {
namespace {

TEST(TextPrint, GoldensOfTextFormat) {
  for (const Golden& g : goldens())
    EXPECT_EQ(golden_message(g)->print_text(), golden_text(g, ".pbtxt")) << g.name;
}

TEST(TextPrint, GoldensOfStr) {
  // str() shows maps in the order of a hash table, Floe in the order of the keys.
  auto sorted = [](const std::string& s) {
    auto lines = split(s, '\n');
    std::sort(lines.begin(), lines.end());
    return lines;
  };
  for (const Golden& g : goldens()) {
    std::string got = golden_message(g)->print_text(TextStyle::kStr), want = golden_text(g, ".str");
    EXPECT_EQ(sorted(got), sorted(want)) << g.name;
  }
}

TEST(TextPrint, UnsetChildrenAreNotShown) {
  MessagePtr g = Message::make(schema::GraphDef);
  g->child("versions");
  EXPECT_EQ(g->print_text(), "");
  g->mutable_message("versions");
  EXPECT_EQ(g->print_text(), "versions {\n}\n");
}

TEST(TextPrint, AnyInAnyIsBounded) {
  std::string inside;
  for (int i = 0; i < 2000; ++i) {
    MessagePtr m = Message::make(schema::MetaGraphDef);
    Message& any = m->mutable_message("meta_info_def").mutable_message("any_info");
    any.set_string("type_url", "a/tensorflow.MetaGraphDef");
    any.set_string("value", inside);
    inside = m->serialize();
  }
  EXPECT_NE(Message::parse(schema::MetaGraphDef, own_bytes(inside))->print_text().find("type_url"),
            std::string::npos);
}

TEST(TextPrint, DamagedAnyIsShownAsItIs) {
  MessagePtr a = Message::make(*schema::find_message("google.protobuf.Any"));
  a->set_string("type_url", "type.googleapis.com/tensorflow.VersionDef");
  a->set_string("value", "\x0f");
  EXPECT_EQ(a->print_text(), "type_url: \"type.googleapis.com/tensorflow.VersionDef\"\nvalue: \"\\017\"\n");
}

}  // namespace
}  // namespace floe
