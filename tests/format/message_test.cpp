#include "floe/format/message.h"

#include <limits>

#include "goldens.h"

namespace floe {
namespace {

MessagePtr node() { return Message::make(schema::NodeDef); }
MessagePtr attr() { return Message::make(schema::AttrValue); }

TEST(Message, UnsetFieldsReadAsDefaults) {
  MessagePtr n = node();
  EXPECT_EQ(n->get_string("name"), "");
  EXPECT_EQ(n->size("input"), 0u);
  EXPECT_EQ(n->size("attr"), 0u);
  EXPECT_EQ(n->get_message("experimental_type").get_int("type_id"), 0);
  EXPECT_TRUE(n->set_fields().empty());
  EXPECT_EQ(attr()->get_double("f"), 0.0);
}

TEST(Message, SingleValues) {
  MessagePtr a = attr();
  a->set_int("i", -5);
  EXPECT_EQ(a->get_int("i"), -5);
  a->set_double("f", 0.1);
  EXPECT_EQ(a->get_double("f"), double(0.1f));
  a->set_bool("b", true);
  EXPECT_TRUE(a->get_bool("b"));
  a->set_string("s", std::string_view("a\0b", 3));
  EXPECT_EQ(a->get_string("s"), std::string_view("a\0b", 3));
  a->set("type", std::string_view("DT_HALF"));
  EXPECT_EQ(a->get_int("type"), 19);
  EXPECT_EQ(std::get<int64_t>(a->get("type")), 19);
}

TEST(Message, ScalarsWithoutPresenceVanishAtTheirDefault) {
  MessagePtr n = node();
  n->set_string("name", "x");
  EXPECT_TRUE(n->is_set("name"));
  n->set_string("name", "");
  EXPECT_FALSE(n->is_set("name"));
  EXPECT_ERROR(InvalidArgument, n->has("name"), "Field tensorflow.NodeDef.name does not have presence.");
  EXPECT_ERROR(InvalidArgument, n->has("input"), "Field tensorflow.NodeDef.input does not have presence.");
}

TEST(Message, NegativeZeroIsNotTheDefault) {
  MessagePtr t = Message::make(*schema::find_message("tensorflow.GPUOptions"));
  t->set_double("per_process_gpu_memory_fraction", -0.0);
  EXPECT_TRUE(t->is_set("per_process_gpu_memory_fraction"));
}

TEST(Message, OneofHoldsOneMember) {
  MessagePtr a = attr();
  EXPECT_EQ(a->which_oneof("value"), nullptr);
  a->set_int("i", 0);
  EXPECT_TRUE(a->has("i"));
  EXPECT_EQ(a->which_oneof("value")->name, "i");
  a->mutable_message("list").add_int("i", 3);
  EXPECT_FALSE(a->has("i"));
  EXPECT_EQ(a->which_oneof("value")->name, "list");
  a->set_string("s", "");
  EXPECT_EQ(a->which_oneof("value")->name, "s");
  a->clear("s");
  EXPECT_EQ(a->which_oneof("value"), nullptr);
  EXPECT_ERROR(InvalidArgument, a->which_oneof("q"), "Protocol message AttrValue has no \"q\" field.");
}

TEST(Message, UnknownFieldNamesTheNearest) {
  EXPECT_ERROR(InvalidArgument, node()->get_string("nam"),
               "Protocol message NodeDef has no \"nam\" field. Did you mean 'name'?");
}

TEST(Message, WrongUseOfAField) {
  MessagePtr n = node();
  EXPECT_ERROR(InvalidArgument, n->get_int("name"), "tensorflow.NodeDef.name is not a number");
  EXPECT_ERROR(InvalidArgument, n->get_string("input"), "is not a single value");
  EXPECT_ERROR(InvalidArgument, n->add_string("name", "x"), "is not a list");
  EXPECT_ERROR(InvalidArgument, n->map_has("input", "x"), "is not a map");
  EXPECT_ERROR(InvalidArgument, n->map_has("attr", 3), "Keys of 'attr' are strings, got 3.");
  EXPECT_ERROR(InvalidArgument, n->values<float>("input"), "is not a list of that type");
  EXPECT_ERROR(InvalidArgument, n->set("name", int64_t(3)), "Field 'name' takes string, got a number.");
  EXPECT_ERROR(InvalidArgument, attr()->set("i", 1.5), "Field 'i' takes int64, got a floating-point number.");
  EXPECT_ERROR(InvalidArgument, n->set_string("name", "\xff"), "not valid UTF-8");
}

TEST(Message, ValuesOutOfRange) {
  MessagePtr v = Message::make(schema::VersionDef);
  EXPECT_ERROR(InvalidArgument, v->set_int("producer", int64_t(1) << 40),
               "Value out of range: 1099511627776");
  MessagePtr t = Message::make(schema::TensorProto);
  EXPECT_ERROR(InvalidArgument, t->add_int("uint32_val", -1), "Value out of range: -1");
  EXPECT_ERROR(InvalidArgument, t->add("int64_val", std::numeric_limits<uint64_t>::max()),
               "Value out of range");
  EXPECT_FALSE(v->is_set("producer"));
  EXPECT_EQ(t->size("uint32_val"), 0u);
}

TEST(Message, UnknownEnumLabel) {
  EXPECT_ERROR(InvalidArgument, attr()->set("type", std::string_view("DT_FLOOT")),
               "Did you mean 'DT_FLOAT'?");
}

TEST(Message, Lists) {
  MessagePtr n = node();
  for (const char* s : {"a", "b", "c", "d"}) n->add_string("input", s);
  n->set("input", 1, std::string_view("B"));
  n->remove("input", 2, 3);
  EXPECT_EQ(n->get_string("input", 1), "B");
  EXPECT_EQ(n->size("input"), 3u);
  size_t order[] = {2, 0, 1};
  n->reorder("input", order);
  EXPECT_EQ(n->get_string("input", 0), "d");
  EXPECT_EQ(n->get_string("input", 1), "a");
  EXPECT_ERROR(OutOfRange, n->get_string("input", 3), "'input' has 3 elements, none at index 3.");
  EXPECT_ERROR(OutOfRange, n->remove("input", 2, 5), "'input' has 3 elements");
  size_t twice[] = {0, 0, 1};
  EXPECT_ERROR(InvalidArgument, n->reorder("input", twice), "not a permutation");
}

TEST(Message, NumberListsGiveTheirStorage) {
  MessagePtr t = Message::make(schema::TensorProto);
  t->set_values("float_val", std::vector<float>{1, 2});
  t->add_double("float_val", 3);
  EXPECT_EQ(t->values<float>("float_val").back(), 3.0f);
  EXPECT_EQ(t->get_double("float_val", 0), 1.0);
  t->add("bool_val", true);
  EXPECT_EQ(t->values<uint8_t>("bool_val")[0], 1);
  EXPECT_EQ(t->get_int("bool_val", 0), 1);
}

TEST(Message, MapsAreOrderedByKey) {
  MessagePtr n = node();
  for (const char* k : {"b", "a", "c"}) n->map_message("attr", k).set_string("s", k);
  ASSERT_EQ(n->size("attr"), 3u);
  EXPECT_EQ(n->map_key("attr", 0).text(), "a");
  EXPECT_EQ(n->map_message_at("attr", 2).get_string("s"), "c");
  EXPECT_TRUE(n->map_has("attr", "b"));
  EXPECT_TRUE(n->map_erase("attr", "b"));
  EXPECT_FALSE(n->map_erase("attr", "b"));
  EXPECT_EQ(n->find_map_message("attr", "b"), nullptr);
  EXPECT_ERROR(OutOfRange, n->map_key("attr", 2), "'attr' has 2 elements");
}

TEST(Message, MapsOfPlainValues) {
  MessagePtr c = Message::make(schema::ConfigProto);
  c->map_set("device_count", "GPU", int64_t(2));
  c->map_set("device_count", "GPU", int64_t(0));
  EXPECT_EQ(std::get<int64_t>(c->map_get("device_count", "GPU")), 0);
  EXPECT_ERROR(NotFound, c->map_get("device_count", "TPU"), "'device_count' has no entry 'TPU'.");
  EXPECT_ERROR(InvalidArgument, c->map_set("device_count", "x", int64_t(1) << 33), "Value out of range");
  EXPECT_FALSE(c->map_has("device_count", "x"));
  MessagePtr f = Message::make(schema::FunctionDef);
  f->map_set("resource_arg_unique_id", 7, int64_t(9));
  f->map_set("resource_arg_unique_id", 3, int64_t(8));
  EXPECT_EQ(f->map_key("resource_arg_unique_id", 0).number(), 3);
  EXPECT_ERROR(InvalidArgument, f->map_set("resource_arg_unique_id", -1, int64_t(0)),
               "Value out of range: -1");
}

TEST(Message, ChildIsSetByItsFirstChange) {
  MessagePtr g = Message::make(schema::GraphDef);
  MessagePtr versions(&g->child("versions"));
  EXPECT_FALSE(g->has("versions"));
  EXPECT_EQ(g->byte_size(), 0u);
  EXPECT_EQ(&g->child("versions"), versions.get());
  versions->set_int("producer", 21);
  EXPECT_TRUE(g->has("versions"));
  EXPECT_EQ(g->get_message("versions").get_int("producer"), 21);
}

TEST(Message, SetInParent) {
  MessagePtr g = Message::make(schema::GraphDef);
  g->child("library").set_in_parent();
  EXPECT_TRUE(g->has("library"));
  EXPECT_EQ(g->serialize(), std::string("\x12\0", 2));
}

TEST(Message, GrandchildSetsAllAbove) {
  MessagePtr a = attr();
  a->set_int("i", 1);
  Message& function = a->child("func");
  EXPECT_TRUE(a->has("i"));
  function.map_message("attr", "x").child("shape").set_bool("unknown_rank", true);
  EXPECT_FALSE(a->has("i"));
  EXPECT_TRUE(a->get_message("func").map_has("attr", "x"));
}

TEST(Message, PartsOutliveTheirParent) {
  MessagePtr g = Message::make(schema::GraphDef);
  MessagePtr n(&g->add_message("node"));
  MessagePtr unset(&g->child("versions"));
  g->remove("node", 0, 1);
  n->set_string("name", "alone");
  EXPECT_EQ(g->size("node"), 0u);
  g = nullptr;
  unset->set_int("producer", 3);
  EXPECT_EQ(n->get_string("name"), "alone");
  EXPECT_EQ(unset->get_int("producer"), 3);
}

TEST(Message, ClearedChildIsDetached) {
  MessagePtr g = Message::make(schema::GraphDef);
  MessagePtr v(&g->mutable_message("versions"));
  v->set_int("producer", 3);
  g->clear("versions");
  v->set_int("producer", 4);
  EXPECT_FALSE(g->has("versions"));
  EXPECT_EQ(g->get_message("versions").get_int("producer"), 0);
}

TEST(Message, MergeAppendsReplacesAndDescends) {
  MessagePtr a = node(), b = node();
  a->set_string("name", "a");
  a->add_string("input", "x");
  a->map_message("attr", "k").set_int("i", 1);
  a->map_message("attr", "only_a").set_int("i", 1);
  b->set_string("op", "Add");
  b->add_string("input", "y");
  b->map_message("attr", "k").set_double("f", 2);
  a->merge_from(*b);
  EXPECT_EQ(a->get_string("name"), "a");
  EXPECT_EQ(a->get_string("op"), "Add");
  EXPECT_EQ(a->size("input"), 2u);
  EXPECT_EQ(a->find_map_message("attr", "k")->which_oneof("value")->name, "f");
  EXPECT_TRUE(a->map_has("attr", "only_a"));
  b->map_message("attr", "k").set_double("f", 3);
  EXPECT_EQ(a->find_map_message("attr", "k")->get_double("f"), 2.0);
  EXPECT_ERROR(InvalidArgument, a->merge_from(*attr()),
               "Cannot merge a tensorflow.AttrValue into a tensorflow.NodeDef.");
}

TEST(Message, MergeFieldTakesOneField) {
  MessagePtr a = node(), b = node();
  b->set_string("op", "Add");
  b->add_string("input", "y");
  a->merge_field("input", *b);
  EXPECT_EQ(a->size("input"), 1u);
  EXPECT_EQ(a->get_string("op"), "");
}

TEST(Message, CopyFromAPartOfItself) {
  MessagePtr a = attr();
  a->mutable_message("func").map_message("attr", "x").set_int("i", 5);
  a->copy_from(*a->get_message("func").find_map_message("attr", "x"));
  EXPECT_EQ(a->get_int("i"), 5);
}

TEST(Message, ClonesAreEqualAndIndependent) {
  for (const Golden& g : goldens()) {
    MessagePtr m = golden_message(g), c = m->clone();
    bool has_nan = std::string(g.name) == "every_kind";
    EXPECT_EQ(*m == *c, !has_nan) << g.name;
    EXPECT_EQ(m->serialize(), c->serialize()) << g.name;
    c->clear();
    EXPECT_FALSE(*m == *c) << g.name;
  }
}

TEST(Message, EqualityIgnoresChildrenThatAreNotSet) {
  MessagePtr a = node(), b = node();
  a->child("experimental_type");
  a->add_string("input", "x");
  a->remove("input", 0, 1);
  EXPECT_TRUE(*a == *b);
  a->mutable_message("experimental_type");
  EXPECT_FALSE(*a == *b);
}

TEST(Message, BytesAreSharedNotCopied) {
  Bytes data = own_bytes(std::string(1000, 'x'));
  MessagePtr t = Message::make(schema::TensorProto);
  t->set_bytes("tensor_content", data);
  EXPECT_EQ(t->get_string("tensor_content").data(), data.view.data());
  MessagePtr c = t->clone();
  Bytes out = c->get_bytes("tensor_content");
  EXPECT_EQ(out.view.data(), data.view.data());
  t = c = nullptr;
  data = {};
  EXPECT_EQ(out.view, std::string(1000, 'x'));
}

TEST(Message, FieldOfAnotherTypeIsOurBug) {
  const FieldType& f = *schema::AttrValue.by_name("i");
  EXPECT_THROW(node()->is_set(f), Internal);
}

}  // namespace
}  // namespace floe
