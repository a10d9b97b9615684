#include "floe/format/schema.h"

#include <set>

#include "floe/dtype.h"
#include "goldens.h"

namespace floe {
namespace {

void check_type(const MessageType& t, std::set<const MessageType*>& seen) {
  if (!seen.insert(&t).second) return;
  EXPECT_EQ(schema::find_message(t.full_name), &t);
  EXPECT_TRUE(t.full_name.ends_with(t.name));
  uint32_t last = 0;
  for (const FieldType& f : t.fields) {
    EXPECT_GT(f.number, last) << t.full_name << "." << f.name;
    last = f.number;
    EXPECT_EQ(f.is_message(), f.message != nullptr) << f.name;
    EXPECT_EQ(f.kind == Kind::kEnum, f.enum_type != nullptr) << f.name;
    EXPECT_LT(f.oneof, int(t.oneofs.size())) << f.name;
    EXPECT_TRUE(f.oneof < 0 || (f.presence && !f.repeated)) << f.name;
    if (f.map) {
      ASSERT_EQ(f.message->fields.size(), 2u);
      EXPECT_EQ(f.map_key().name, "key");
      EXPECT_EQ(f.map_value().name, "value");
    }
    EXPECT_TRUE(!f.enum_type || f.enum_type->values[0].number == 0) << f.name;
    if (f.message) check_type(*f.message, seen);
  }
}

TEST(Schema, TablesAreSound) {
  std::set<const MessageType*> seen;
  for (const MessageType* root :
       {&schema::GraphDef, &schema::OpList, &schema::SavedModel, &schema::ConfigProto, &schema::RunOptions,
        &schema::BundleEntryProto, &schema::BundleHeaderProto, &schema::TrackableObjectGraph})
    check_type(*root, seen);
  EXPECT_GT(seen.size(), 100u);
}

TEST(Schema, KnownNumbers) {
  EXPECT_EQ(schema::GraphDef.by_name("node")->number, 1u);
  EXPECT_EQ(schema::GraphDef.by_name("versions")->number, 4u);
  EXPECT_TRUE(schema::NodeDef.by_name("attr")->map);
  EXPECT_EQ(schema::BundleEntryProto.by_name("crc32c")->wire, Wire::kFixed32);
  EXPECT_EQ(schema::StructuredValue.by_name("int64_value")->wire, Wire::kZigzag);
  EXPECT_EQ(schema::find_message("tensorflow.NoSuch"), nullptr);
}

TEST(Schema, DataTypesAreFloes) {
  for (const EnumValue& v : schema::DataType.values)
    EXPECT_TRUE(!is_known_dtype(v.number) || dtype_enum_name(DType(v.number)) == v.name) << v.name;
}

}  // namespace
}  // namespace floe
