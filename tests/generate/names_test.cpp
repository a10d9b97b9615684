#include "floe/generate/names.h"

#include <gtest/gtest.h>

namespace floe::generate {
namespace {

TEST(Names, FollowTensorFlow) {
  EXPECT_EQ(function_name("Relu"), "relu");
  EXPECT_EQ(function_name("BiasAdd"), "bias_add");
  EXPECT_EQ(function_name("Conv2D"), "conv2d");
  EXPECT_EQ(function_name("Conv2DBackpropInput"), "conv2d_backprop_input");
  EXPECT_EQ(function_name("FusedBatchNormV3"), "fused_batch_norm_v3");
  EXPECT_EQ(function_name("LSTMBlockCell"), "lstm_block_cell");
  EXPECT_EQ(function_name("L2Loss"), "l2_loss");
  EXPECT_EQ(function_name("DecodePng"), "decode_png");
  EXPECT_EQ(function_name("LRN"), "lrn");
}

TEST(Names, CompoundWords) {
  EXPECT_EQ(function_name("MatMul"), "matmul");
  EXPECT_EQ(function_name("BatchMatMulV2"), "batch_matmul_v2");
  EXPECT_EQ(function_name("ArgMax"), "argmax");
}

TEST(Names, AvoidKeywords) {
  EXPECT_EQ(function_name("Const"), "const_");
  EXPECT_EQ(function_name("Switch"), "switch_");
  EXPECT_EQ(function_name("Assert"), "assert_");
  EXPECT_EQ(safe_name("default"), "default_");
  EXPECT_EQ(safe_name("T"), "T");
}

TEST(Names, Literals) { EXPECT_EQ(quoted("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\n\\001\""); }

}  // namespace
}  // namespace floe::generate
