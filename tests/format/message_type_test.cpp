#include "floe/format/message_type.h"

#include "goldens.h"

namespace floe {
namespace {

TEST(MessageType, FieldsByNameAndNumber) {
  const MessageType& t = schema::TensorProto;
  EXPECT_EQ(t.by_name("tensor_content")->number, 4u);
  EXPECT_EQ(t.by_name("none"), nullptr);
  for (const FieldType& f : t.fields) EXPECT_EQ(t.by_number(f.number), &f);
  EXPECT_EQ(t.by_number(0), nullptr);
  EXPECT_EQ(t.by_number(1000), nullptr);
}

TEST(MessageType, EnumsByNameAndNumber) {
  const EnumType& e = schema::DataType;
  EXPECT_EQ(e.by_name("DT_INT64")->number, 9);
  EXPECT_EQ(e.by_name("DT_INT65"), nullptr);
  EXPECT_EQ(e.by_number(101)->name, "DT_FLOAT_REF");
  EXPECT_EQ(e.by_number(77), nullptr);
  EXPECT_EQ(e.by_number(-1), nullptr);
}

TEST(MessageType, Kinds) {
  EXPECT_STREQ(kind_name(Kind::kInt32), "int32");
  EXPECT_STREQ(kind_name(Kind::kMessage), "message");
}

}  // namespace
}  // namespace floe
