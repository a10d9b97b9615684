// The eager queue: same values as op by op, plans by structure, failures where they belong.
#include "eager_testing.h"

#include "floe/autodiff.h"

namespace floe {
namespace {

const Shape kLarge{128, 64};

Tensor call1(std::string_view op, const std::vector<Tensor>& in, const AttrMap& attrs = {}) {
  return call(op, in, attrs)[0];
}

Tensor variable(const Tensor& value) {
  static int count = 0;
  Tensor handle = call1(
      "VarHandleOp", {},
      {{"dtype", value.dtype()}, {"shape", value.shape()}, {"shared_name", "v" + std::to_string(++count)}});
  call("AssignVariableOp", {handle, value}, {{"dtype", value.dtype()}});
  return handle;
}
Tensor read(const Tensor& v) { return call1("ReadVariableOp", {v}, {{"dtype", DType::kFloat32}}); }

int64_t plans() { return eager_queue_stats().plans; }

class EagerQueue : public testing::Test {
  Deferred on{true};
};

TEST_F(EagerQueue, Chain) {
  Tensor x = ramp(kLarge);
  expect_same_both_ways([&] {
    Tensor a = x;
    for (int i = 0; i < 12; ++i) a = a * 1.01 + x;
    return a;
  });
}

TEST_F(EagerQueue, OperatorsOnLargeTensorsWait) {
  Tensor x = ramp(kLarge), small = ramp({64});
  EXPECT_FALSE((x + x).is_concrete());
  EXPECT_TRUE((small + small).is_concrete());
}

TEST_F(EagerQueue, Reductions) {
  Tensor x = ramp(kLarge);
  expect_same_both_ways([&] {
    Tensor sum = call1("Sum", {x * x, ints({1})}, {{"keep_dims", true}});
    return call1("Mean", {x / (sum + 1.0), ints({0})}) * 3.0;
  });
}

TEST_F(EagerQueue, PiecesOfWhatWaits) {
  Tensor x = ramp(kLarge);
  expect_same_both_ways([&] {
    Tensor y = call1("Slice", {x + 1.0, ints({3, 5}), ints({40, 50})});
    return call1("Transpose", {y, ints({1, 0})}) * 2.0;
  });
}

TEST_F(EagerQueue, ConvolutionNet) {
  Tensor x = ramp({2, 16, 16, 8}), w = ramp({3, 3, 8, 16}, 0.0003f), b = ramp({16}, 0.01f);
  AttrMap conv{{"strides", std::vector<int64_t>{1, 1, 1, 1}}, {"padding", std::string("SAME")}};
  AttrMap pool{{"ksize", std::vector<int64_t>{1, 2, 2, 1}},
               {"strides", std::vector<int64_t>{1, 2, 2, 1}},
               {"padding", std::string("VALID")}};
  expect_same_both_ways(
      [&] {
        Tensor y = call1("Relu", {call1("BiasAdd", {call1("Conv2D", {x, w}, conv), b})});
        y = call1("MaxPool", {y}, pool);
        return call1("Reshape", {y, ints({2, -1})}) * 0.5;
      },
      1e-4f);
}

TEST_F(EagerQueue, TapeOverWhatWaits) {
  Tensor x = ramp(kLarge), w = ramp({64, 32});
  auto grad = [&] {
    GradientTape tape;
    tape.watch(w);
    Tensor y = call1("Relu", {call1("MatMul", {x, w})});
    Tensor loss = call1("Mean", {y * y, ints({0, 1})});
    return tape.gradient({loss}, {w})[0].dense();
  };
  expect_same_both_ways(grad);
}

TEST_F(EagerQueue, VariablesUpdatedByWhatWaits) {
  Tensor x = ramp(kLarge);
  auto steps = [&] {
    Tensor v = variable(x);
    for (int i = 0; i < 3; ++i) {
      call("AssignSubVariableOp", {v, read(v) * 0.1}, {{"dtype", DType::kFloat32}});
      call("AssignAddVariableOp", {v, x * x}, {{"dtype", DType::kFloat32}});
      call("AssignVariableOp", {v, read(v) * 0.9}, {{"dtype", DType::kFloat32}});
    }
    return read(v);
  };
  expect_same_both_ways(steps);
}

TEST_F(EagerQueue, ReadsSeeTheValueOfTheirTime) {
  Tensor x = ramp(kLarge);
  Tensor v = variable(x.clone());
  Tensor before = read(v) * 2.0;  // waits
  Tensor one(DType::kFloat32, kLarge);
  std::fill_n(one.mutable_data<float>(), one.num_elements(), 1.0f);
  call("AssignAddVariableOp", {v, one}, {{"dtype", DType::kFloat32}});
  Tensor after = read(v) * 2.0;
  EXPECT_FLOAT_EQ(before.data<float>()[7], 2 * x.data<float>()[7]);
  EXPECT_FLOAT_EQ(after.data<float>()[7], 2 * x.data<float>()[7] + 2);
}

TEST_F(EagerQueue, ReadsSeeTheValueBeforeAScatter) {
  Tensor x = ramp(kLarge);
  Tensor v = variable(x.clone());
  Tensor before = read(v) * 1.0;
  call("ResourceScatterAdd", {v, ints({0}), ramp({1, 64}) + 5.0}, {{"dtype", DType::kFloat32}});
  EXPECT_FLOAT_EQ(before.data<float>()[3], x.data<float>()[3]);
  EXPECT_NE(read(v).data<float>()[3], x.data<float>()[3]);
}

TEST_F(EagerQueue, WhatNobodySeesIsNotRun) {
  Tensor x = ramp(kLarge);
  int64_t flushes = eager_queue_stats().flushes;
  {
    Tensor a = x + 1.0;
    Tensor b = a * a;
  }
  flush_eager_queue();
  EXPECT_EQ(eager_queue_stats().flushes, flushes);
  std::weak_ptr<int> owner;
  {
    std::vector<float> memory(8192);
    auto keep = std::make_shared<int>(1);
    owner = keep;
    Tensor y = Tensor::wrap(DType::kFloat32, kLarge, memory.data(), std::move(keep)) + 1.0;
  }
  EXPECT_TRUE(owner.expired());  // a dropped queue holds nothing
}

TEST_F(EagerQueue, AStructureIsPlannedTheSecondTime) {
  Tensor x = ramp({77, 65});
  int64_t before = plans();
  for (int i = 0; i < 6; ++i) (x * double(i) + 1.0).data<float>();
  EXPECT_EQ(plans(), before + 1);  // numbers are not part of it
}

TEST_F(EagerQueue, LabelsAreNotStructure) {
  Tensor x = ramp({20, 500});
  int64_t before = plans();
  for (int i = 0; i < 5; ++i) {
    Tensor labels(DType::kInt32, {20});
    for (int k = 0; k < 20; ++k) labels.mutable_data<int32_t>()[k] = (k * 7 + i) % 500;
    auto out = call("SparseSoftmaxCrossEntropyWithLogits", {x * 2.0, labels});
    float loss = out[0].data<float>()[3];
    Deferred off(false);
    EXPECT_NEAR(loss, call("SparseSoftmaxCrossEntropyWithLogits", {x * 2.0, labels})[0].data<float>()[3],
                1e-4);
  }
  EXPECT_EQ(plans(), before + 1);
}

TEST_F(EagerQueue, AxesAndShapesAreStructure) {
  Tensor x = ramp(kLarge);
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_EQ(call1("Sum", {x + 1.0, ints({0})}).shape(), (Shape{64}));
    Tensor s = call1("Sum", {x + 1.0, ints({1})});
    EXPECT_EQ(s.shape(), (Shape{128}));
    float want = 0;
    for (int i = 0; i < 64; ++i) want += x.data<float>()[i] + 1;
    EXPECT_NEAR(s.data<float>()[0], want, 1e-3);
    EXPECT_EQ(call1("Reshape", {x + 1.0, ints({64, 128})}).shape(), (Shape{64, 128}));
    EXPECT_EQ(call1("Reshape", {x + 1.0, ints({-1})}).shape(), (Shape{8192}));
  }
}

TEST_F(EagerQueue, WrongArgumentsFailAtTheCall) {
  Tensor x = ramp(kLarge);
  AttrMap shrink{{"shrink_axis_mask", int64_t(1)}};
  for (bool deferred : {true, false}) {
    Deferred mode(deferred);
    auto waiting = [&] { return x + 1.0; };
    EXPECT_THROW(call("Slice", {waiting(), ints({100, 0}), ints({40, 64})}), Error);
    EXPECT_THROW(call("Slice", {waiting(), ints({-1, 0}), ints({4, 4})}), Error);
    EXPECT_THROW(call("StridedSlice", {waiting(), ints({128}), ints({129}), ints({1})}, shrink), Error);
    EXPECT_THROW(call("StridedSlice", {waiting(), ints({0}), ints({9}), ints({0})}), Error);
    EXPECT_THROW(call("Transpose", {waiting(), ints({0, 0})}), Error);
    EXPECT_THROW(call("Transpose", {waiting(), ints({0, 2})}), Error);
    EXPECT_THROW(call("Tile", {waiting(), ints({-1, 1})}), Error);
    EXPECT_THROW(call("Pad", {waiting(), Tensor::of<int32_t>({2, 2}, {0, -1, 0, 0})}), Error);
    EXPECT_THROW(call("BroadcastTo", {waiting(), ints({3, 128, 65})}), Error);
    EXPECT_THROW(call("BroadcastTo", {waiting(), ints({128, -1})}), Error);
    EXPECT_THROW(call("Sum", {waiting(), ints({2})}), Error);
    EXPECT_THROW(call("Reshape", {waiting(), ints({3, -1})}), Error);
    EXPECT_THROW(call("MatMul", {waiting(), waiting()}), Error);
  }
}

TEST_F(EagerQueue, WhatIsVisibleIsStructure) {
  Tensor x = ramp(kLarge);
  for (int turn = 0; turn < 4; ++turn) {
    Tensor kept;
    Tensor y = x + 1.0;
    if (turn % 2) kept = y;
    y = y * 2.0;
    EXPECT_FLOAT_EQ(y.data<float>()[5], 2 * (x.data<float>()[5] + 1));
    if (kept) {
      EXPECT_FLOAT_EQ(kept.data<float>()[5], x.data<float>()[5] + 1);
    }
  }
}

TEST_F(EagerQueue, LongLoopsThatNeverLook) {
  Tensor x = ramp(kLarge), a = x;
  for (int i = 0; i < 10000; ++i) a = a * 0.5 + x;
  EXPECT_NEAR(a.data<float>()[9], 2 * x.data<float>()[9], 1e-5);
  EXPECT_GE(eager_queue_stats().flushes, 4);
}

TEST_F(EagerQueue, CodeThatNeverRepeatsRunsOpByOp) {
  Tensor x = ramp({9000});
  int64_t ops = 0;
  for (int i = 0; i < 200; ++i) {
    Tensor y = call1("Slice", {x + 1.0, ints({i}), ints({8000 - i})}) * 2.0;
    ASSERT_FLOAT_EQ(y.data<float>()[1], 2 * (x.data<float>()[i + 1] + 1));
    if (i == 99) ops = eager_queue_stats().ops;
  }
  EXPECT_LT(eager_queue_stats().ops - ops, 100);
  // And comes back to planning when the code does repeat.
  int64_t planned = eager_queue_stats().planned;
  for (int i = 0; i < 1200; ++i) (x + 1.0).data<float>();
  EXPECT_GT(eager_queue_stats().planned, planned);
}

TEST_F(EagerQueue, SwitchingRunsWhatWaits) {
  Tensor x = ramp(kLarge), y = x + 1.0;
  EXPECT_FALSE(y.is_concrete());
  set_eager_deferred(false);
  EXPECT_TRUE(y.is_concrete());
  EXPECT_TRUE((x + 1.0).is_concrete());
  set_eager_deferred(true);
}

}  // namespace
}  // namespace floe
