#include "floe/format/tensor_proto.h"

#include "goldens.h"

namespace floe {
namespace {

MessagePtr proto(std::string_view text) { return Message::parse_text(schema::TensorProto, text); }
Tensor tensor(std::string_view text) { return tensor_from_proto(*proto(text)); }

std::string bytes_of(const Tensor& t) { return {static_cast<const char*>(t.raw()), t.nbytes()}; }

MessagePtr golden_tensors() { return Message::parse(schema::GraphDef, map_file(golden_path("tensors.pb"))); }

TEST(TensorProto, ValuesAreTensorFlows) {
  MessagePtr g = golden_tensors();
  ASSERT_GT(g->size("node"), 30u);
  for (size_t i = 0; i < g->size("node"); ++i) {
    const Message& n = g->get_message("node", i);
    SCOPED_TRACE(n.get_string("name"));
    Tensor t = tensor_from_proto(n.find_map_message("attr", "value")->get_message("tensor"));
    EXPECT_EQ(int64_t(t.dtype()), n.find_map_message("attr", "dtype")->get_int("type"));
    if (t.dtype() == DType::kString) {
      const Message& want = n.find_map_message("attr", "strings")->get_message("list");
      ASSERT_EQ(size_t(t.num_elements()), want.size("s"));
      for (size_t k = 0; k < want.size("s"); ++k)
        EXPECT_EQ(t.flat<std::string>()[k], want.get_string("s", k));
    } else {
      EXPECT_EQ(bytes_of(t), n.find_map_message("attr", "bytes")->get_string("s"));
    }
  }
}

TEST(TensorProto, RoundTrip) {
  MessagePtr g = golden_tensors();
  for (size_t i = 0; i < g->size("node"); ++i) {
    const Message& n = g->get_message("node", i);
    SCOPED_TRACE(n.get_string("name"));
    Tensor t = tensor_from_proto(n.find_map_message("attr", "value")->get_message("tensor"));
    MessagePtr p = tensor_to_proto(t);
    Tensor back = tensor_from_proto(*Message::parse(schema::TensorProto, own_bytes(p->serialize())));
    EXPECT_EQ(back.dtype(), t.dtype());
    EXPECT_TRUE(back.shape() == t.shape());
    if (t.dtype() == DType::kString)
      EXPECT_TRUE(std::equal(t.flat<std::string>().begin(), t.flat<std::string>().end(),
                             back.flat<std::string>().begin()));
    else
      EXPECT_EQ(bytes_of(back), bytes_of(t));
  }
}

TEST(TensorProto, LargeContentIsShared) {
  alignas(64) static float data[1000] = {1, 2, 3};
  std::string_view content(reinterpret_cast<const char*>(data), sizeof data);
  MessagePtr p = proto("dtype: DT_FLOAT tensor_shape { dim { size: 1000 } }");
  p->set_bytes("tensor_content", {content, std::make_shared<int>(0)});
  EXPECT_EQ(tensor_from_proto(*p).raw(), data);
  MessagePtr unaligned = proto("dtype: DT_FLOAT tensor_shape { dim { size: 999 } }");
  unaligned->set_bytes("tensor_content", {content.substr(2, 999 * 4), std::make_shared<int>(0)});
  Tensor shared = tensor_from_proto(*unaligned);
  EXPECT_EQ(shared.raw(), content.data() + 2);
  Tensor copy = shared.aligned();
  EXPECT_EQ(bytes_of(copy), content.substr(2, 999 * 4));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(copy.raw()) % 4, 0u);
  EXPECT_TRUE(copy.aligned().shares_memory(copy));
}

TEST(TensorProto, ExportSharesLargeTensors) {
  Tensor t(DType::kFloat32, Shape{1000});
  for (int i = 0; i < 1000; ++i) t.mutable_data<float>()[i] = float(i);
  const void* data = t.raw();
  MessagePtr p = tensor_to_proto(t);
  t = Tensor();
  EXPECT_EQ(p->get_string("tensor_content").data(), data);
}

TEST(TensorProto, ExportForms) {
  EXPECT_EQ(tensor_to_proto(Tensor::scalar(2.5f))->print_text(),
            "dtype: DT_FLOAT\ntensor_shape {\n}\nfloat_val: 2.5\n");
  MessagePtr same = tensor_to_proto(Tensor::vec<int64_t>({7, 7, 7}));
  EXPECT_EQ(same->size("int64_val"), 1u);
  EXPECT_EQ(tensor_to_proto(Tensor::vec<int32_t>({1, 2}))->get_string("tensor_content").size(), 8u);
  EXPECT_EQ(tensor_to_proto(Tensor(DType::kFloat32, Shape{0, 3}))->get_string("tensor_content"), "");
  EXPECT_THROW(tensor_to_proto(Tensor(DType::kVariant, Shape{})), Unimplemented);
}

TEST(TensorProto, ContentMustFitTheShape) {
  EXPECT_ERROR(
      InvalidArgument,
      tensor("dtype: DT_FLOAT tensor_shape { dim { size: 2 } dim { size: 3 } } tensor_content: \"abcd\""),
      "Cannot parse tensor from proto: float32 [2,3] takes 24 bytes, tensor_content has 4.");
  EXPECT_ERROR(InvalidArgument,
               tensor("dtype: DT_BOOL tensor_shape { dim { size: 2 } } tensor_content: \"\\002\\001\""),
               "neither 0 nor 1");
  EXPECT_ERROR(InvalidArgument,
               tensor("dtype: DT_STRING tensor_shape { dim { size: 2 } } tensor_content: \"\\002\\001ab\""),
               "the strings take 3 bytes, tensor_content has 2");
  EXPECT_ERROR(InvalidArgument,
               tensor("dtype: DT_STRING tensor_shape { dim { size: 9 } } tensor_content: \"\\002\\001ab\""),
               "cannot hold 9 strings");
  EXPECT_ERROR(InvalidArgument,
               tensor("dtype: DT_STRING tensor_shape { dim { size: 2 } } tensor_content: \"\\001\\377\""),
               "ends inside the lengths");
  EXPECT_ERROR(InvalidArgument, tensor("dtype: DT_VARIANT tensor_content: \"a\""),
               "cannot have tensor_content");
}

TEST(TensorProto, HostileShapes) {
  EXPECT_ERROR(InvalidArgument, tensor("dtype: DT_FLOAT tensor_shape { dim { size: -1 } } float_val: 1"),
               "dimension 0 of the shape is -1.");
  EXPECT_ERROR(
      InvalidArgument,
      tensor("dtype: DT_FLOAT tensor_shape { dim { size: 1099511627776 } dim { size: 1099511627776 } }"),
      "is too large (more than 2**63 - 1 bytes)");
  EXPECT_ERROR(InvalidArgument, tensor("dtype: DT_DOUBLE tensor_shape { dim { size: 4611686018427387904 } }"),
               "is too large");
  EXPECT_ERROR(ResourceExhausted,
               tensor("dtype: DT_FLOAT tensor_shape { dim { size: 1000000000000 } } float_val: 1"),
               "but only 1 values are given for it");
  MessagePtr p = proto("dtype: DT_FLOAT");
  for (int i = 0; i < 255; ++i) p->mutable_message("tensor_shape").add_message("dim").set_int("size", 1);
  EXPECT_ERROR(InvalidArgument, tensor_from_proto(*p), "255 dimensions");
}

TEST(TensorProto, TypesWithoutPlainValues) {
  EXPECT_ERROR(Unimplemented, tensor("dtype: DT_INT4 int_val: 1"), "dtype DT_INT4 (29) is not supported.");
  EXPECT_ERROR(Unimplemented, tensor(""), "DT_INVALID (0)");
  EXPECT_ERROR(Unimplemented, tensor("dtype: 5000"), "dtype ? (5000)");
  EXPECT_ERROR(Unimplemented, tensor("dtype: DT_VARIANT variant_val { type_name: 'tensorflow::TensorList' }"),
               "constants of dtype variant (tensorflow::TensorList)");
}

}  // namespace
}  // namespace floe
