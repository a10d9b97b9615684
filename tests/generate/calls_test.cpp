// The generated functions compile, compute, and name the op when they fail.
#include <gtest/gtest.h>

#include "floe/floe.h"
#include "floe/ops.h"

namespace floe {
namespace {

template <class T>
std::vector<T> values(const Tensor& t) {
  return {t.flat<T>().begin(), t.flat<T>().end()};
}

template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

const Tensor kA = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
const Tensor kB = Tensor::of<float>({2, 2}, {5, 6, 7, 8});

TEST(Ops, TypesFollowFromInputs) {
  EXPECT_EQ(values<float>(ops::matmul(kA, kB)), (std::vector<float>{19, 22, 43, 50}));
  EXPECT_EQ(values<int32_t>(ops::add_v2(Tensor::vec<int32_t>({1, 2}), Tensor::scalar<int32_t>(3))),
            (std::vector<int32_t>{4, 5}));
}

TEST(Ops, OptionsByName) {
  EXPECT_EQ(values<float>(ops::matmul(kA, kB, {.transpose_b = true})), (std::vector<float>{17, 23, 39, 53}));
  Tensor sum = ops::sum(kA, Tensor::scalar<int32_t>(0), {.keep_dims = true});
  EXPECT_EQ(sum.shape(), (Shape{1, 2}));
}

TEST(Ops, RequiredAttributesAreParameters) {
  Tensor x = Tensor::of<float>({1, 2, 2, 1}, {1, 2, 3, 4}), w = Tensor::of<float>({1, 1, 1, 1}, {10});
  Tensor y = ops::conv2d(x, w, {1, 1, 1, 1}, "SAME", {.data_format = "NHWC"});
  EXPECT_EQ(values<float>(y), (std::vector<float>{10, 20, 30, 40}));
  EXPECT_EQ(ops::cast(kA, DType::kInt64).dtype(), DType::kInt64);
}

TEST(Ops, Lists) {
  Tensor joined = ops::concat_v2({kA, kB}, Tensor::scalar<int32_t>(1));
  EXPECT_EQ(values<float>(joined), (std::vector<float>{1, 2, 5, 6, 3, 4, 7, 8}));
  std::vector<Tensor> parts = ops::split(Tensor::scalar<int32_t>(1), joined, 4);
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(values<float>(parts[2]), (std::vector<float>{5, 7}));
  std::vector<Tensor> same = ops::identity_n({kA, Tensor::scalar<int32_t>(7)});
  EXPECT_EQ(same.at(1).item<int32_t>(), 7);
}

TEST(Ops, SeveralOutputsHaveNames) {
  ops::TopKV2Outputs top = ops::top_kv2(Tensor::vec<float>({3, 9, 5}), Tensor::scalar<int32_t>(2));
  EXPECT_EQ(values<float>(top.values), (std::vector<float>{9, 5}));
  EXPECT_EQ(values<int32_t>(top.indices), (std::vector<int32_t>{1, 2}));
}

TEST(Ops, StateIsTheProcesss) {
  Tensor first = ops::var_handle_op(DType::kFloat32, Shape{2}, {.shared_name = "generate_calls_test"});
  ops::assign_variable_op(first, Tensor::vec<float>({1, 2}));
  Tensor second = ops::var_handle_op(DType::kFloat32, Shape{2}, {.shared_name = "generate_calls_test"});
  EXPECT_EQ(values<float>(ops::read_variable_op(second, DType::kFloat32)), (std::vector<float>{1, 2}));
}

TEST(Ops, ErrorsNameTheOp) {
  EXPECT_NE(error_of([] { ops::matmul(kA, Tensor::of<float>({3, 1}, {1, 2, 3})); }).find("MatMul"),
            std::string::npos);
  std::string types = error_of([] { ops::add_v2(kA, Tensor::scalar<int32_t>(1)); });
  EXPECT_NE(types.find("cannot compute AddV2 as input #1"), std::string::npos) << types;
  std::string padding = error_of([] { ops::conv2d(kA, kB, {1, 1, 1, 1}, "SAMPLE"); });
  EXPECT_NE(padding.find("Conv2D"), std::string::npos) << padding;
  EXPECT_NE(padding.find("SAMPLE"), std::string::npos) << padding;
  std::string missing = error_of([] { ops::relu(Tensor()); });
  EXPECT_NE(missing.find("Relu"), std::string::npos) << missing;
}

TEST(Call, ByName) {
  EXPECT_EQ(values<float>(call("MatMul", {kA, kB}, {{"transpose_b", true}}).at(0)),
            (std::vector<float>{17, 23, 39, 53}));
}

TEST(Call, UnknownNames) {
  std::string op = error_of([] { call("MatMull", {kA, kB}); });
  EXPECT_NE(op.find("Did you mean 'MatMul'?"), std::string::npos) << op;
  std::string attr = error_of([] { call("MatMul", {kA, kB}, {{"transposeb", true}}); });
  EXPECT_NE(attr.find("MatMul: has no attribute 'transposeb'. Did you mean 'transpose_b'?"),
            std::string::npos)
      << attr;
  std::string count = error_of([] { call("MatMul", {kA}); });
  EXPECT_NE(count.find("MatMul: takes 2 inputs, 1 were given"), std::string::npos) << count;
  std::string type = error_of([] { call("MatMul", {kA, kB}, {{"transpose_a", "yes"}}); });
  EXPECT_NE(type.find("attribute 'transpose_a' must be a bool"), std::string::npos) << type;
}

}  // namespace
}  // namespace floe
