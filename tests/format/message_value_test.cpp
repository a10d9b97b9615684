#include "floe/format/message_value.h"

#include "goldens.h"

namespace floe {
namespace {

TEST(MessageValue, Utf8) {
  EXPECT_TRUE(valid_utf8(""));
  EXPECT_TRUE(valid_utf8("plain text that is longer than eight bytes"));
  EXPECT_TRUE(valid_utf8("\xc3\xa9 \xe3\x81\x82 \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf"));
  for (const char* bad :
       {"\xff", "\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "12345678\xe3\x81", "\xe3\x81 "})
    EXPECT_FALSE(valid_utf8(bad)) << bad;
}

TEST(MessageValue, LastEntryOfAKeyCounts) {
  const FieldType& f = *schema::ConfigProto.by_name("device_count");
  MapValue map;
  auto add = [&](std::string_view key, uint64_t value) {
    MapEntry e;
    e.text = StringValue(key);
    e.value = value;
    append_entry(f, map, std::move(e));
  };
  add("b", 1);
  EXPECT_TRUE(map.ordered);
  add("a", 2), add("b", 3), add("c", 4), add("b", 5), add("a", 6);
  order_map(f, map);
  ASSERT_EQ(map.entries.size(), 3u);
  EXPECT_EQ(std::get<uint64_t>(map.entries[0].value), 6u);
  EXPECT_EQ(std::get<uint64_t>(map.entries[1].value), 5u);
  EXPECT_EQ(map.entries[2].text.view(), "c");
}

TEST(MessageValue, KeysOrderByTheirSign) {
  MapEntry minus, plus;
  minus.number = uint64_t(-1);
  plus.number = 1;
  EXPECT_TRUE(key_less(Kind::kInt32, minus, plus));
  EXPECT_TRUE(key_less(Kind::kUint64, plus, minus));
}

TEST(MessageValue, StringOwnersAreShared) {
  auto counted = std::make_shared<int>(0);
  std::weak_ptr<int> watch = counted;
  StringValue copy;
  {
    StringValue v("abc", StringOwner::share(std::move(counted)));
    copy = v;
  }
  EXPECT_FALSE(watch.expired());
  copy = StringValue();
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace floe
