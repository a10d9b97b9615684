#include "floe/kernels/cpu/simd/elementwise.h"

#include "simd_testing.h"

namespace floe::simd::testing {
namespace {

double value_of(const EwOperand& o, int64_t i) {
  switch (o.kind) {
    case EwKind::kDense:
      return o.data[i];
    case EwKind::kScalar:
      return o.data[0];
    case EwKind::kRow:
      return o.data[(o.repeat ? i / (o.length * o.repeat) * o.length : 0) + i % o.length];
    case EwKind::kColumn:
      return o.data[i / o.length];
  }
  return 0;
}

// (x * scale + bias) - column, relu, times a scalar; a second output keeps the sum.
void check_chain(int64_t rows, int64_t length, int64_t repeat, int64_t column_length, int64_t begin,
                 int64_t end) {
  SCOPED_TRACE(::testing::Message() << rows << "x" << length << " repeat " << repeat << " column "
                                    << column_length << " range " << begin << ".." << end);
  const int64_t n = rows * length;
  const auto x = random_floats(size_t(n), 1), bias = random_floats(size_t(length), 2);
  const auto scale = random_floats(size_t(repeat ? (rows / repeat + 1) * length : length), 3);
  const auto column = random_floats(size_t(n / column_length + 1), 4);
  const float factor = 1.5f, sentinel = 99.0f;
  std::vector<float> sum(size_t(n), sentinel), out(size_t(n), sentinel);
  EwProgram program;
  program.inputs = 5, program.outputs = 2, program.temporaries = 1;
  program.code = {
      {EwOp::kMulAdd, 7, 0, 1, 2}, {EwOp::kSub, 5, 7, 3}, {EwOp::kRelu, 7, 5}, {EwOp::kMul, 6, 7, 4}};
  const EwOperand operands[] = {
      EwOperand::dense(x.data()),          EwOperand::row(scale.data(), length, repeat),
      EwOperand::row(bias.data(), length), EwOperand::column(column.data(), column_length),
      EwOperand::scalar(&factor),          EwOperand::dense(sum.data()),
      EwOperand::dense(out.data())};
  run_elementwise(program, operands, begin, end);
  for (int64_t i = 0; i < n; ++i) {
    const size_t at = size_t(i);
    if (i < begin || i >= end) {
      ASSERT_EQ(sum[at], sentinel) << i;
      ASSERT_EQ(out[at], sentinel) << i;
      continue;
    }
    const double s = value_of(operands[0], i) * value_of(operands[1], i) + value_of(operands[2], i) -
                     value_of(operands[3], i);
    ASSERT_NEAR(sum[at], s, 1e-6) << i;
    ASSERT_NEAR(out[at], s > 0 ? s * factor : 0, 1e-6) << i;
  }
}

TEST(Elementwise, BroadcastKinds) {
  for_each_target([] {
    for (int64_t length : {1, 2, 3, 7, 16, 100, 511, 512, 513, 1000, 1024, 1025, 3000}) {
      const int64_t rows = std::max<int64_t>(4, 5000 / length);
      check_chain(rows, length, 0, length, 0, rows * length);
      check_chain(rows, length, 3, length, 0, rows * length);
      check_chain(rows, length, 0, 3 * length, 0, rows * length);
      check_chain(rows, length, 2, 5, rows * length / 7, rows * length * 6 / 7);
      check_chain(rows, length, 0, 1700, 1, rows * length - 1);
    }
  });
}

TEST(Elementwise, SmallRanges) {
  for_each_target([] {
    for (int64_t n = 0; n < 40; ++n) check_chain(40, 1, 0, 1, 0, n);
    check_chain(40, 5, 0, 5, 13, 13);
  });
}

TEST(Elementwise, InPlaceAndReusedSlots) {
  for_each_target([] {
    std::vector<float> x = random_floats(5000, 7);
    std::vector<double> expected;
    for (float v : x) expected.push_back(std::tanh(double(v) * v) + v);
    EwProgram program;
    program.inputs = 1, program.outputs = 1, program.temporaries = 1;
    program.code = {{EwOp::kSquare, 2, 0}, {EwOp::kTanh, 2, 2}, {EwOp::kAdd, 1, 2, 0}};
    const EwOperand operands[] = {EwOperand::dense(x.data()), EwOperand::dense(x.data())};
    run_elementwise(program, operands, 0, 5000);
    EXPECT_TRUE(near(x, expected, 1e-6));
  });
}

TEST(Elementwise, SingleOperations) {
  for_each_target([] {
    const auto x = random_floats(100, 1), y = random_floats(100, 2);
    const float two = 2;
    for (int64_t n : {0, 1, 7, 15, 16, 17, 100}) {
      std::vector<float> r(101, -3.0f);
      run_elementwise_op(EwOp::kAdd, r.data(), {x.data()}, {y.data()}, {}, n);
      for (int64_t i = 0; i < n; ++i) EXPECT_EQ(r[size_t(i)], x[size_t(i)] + y[size_t(i)]);
      EXPECT_EQ(r[size_t(n)], -3.0f);
      run_elementwise_op(EwOp::kMul, r.data(), {&two, true}, {y.data()}, {}, n);
      for (int64_t i = 0; i < n; ++i) EXPECT_EQ(r[size_t(i)], 2 * y[size_t(i)]);
      run_elementwise_op(EwOp::kSqrt, r.data(), {&two, true}, {}, {}, n);
      for (int64_t i = 0; i < n; ++i) EXPECT_EQ(r[size_t(i)], std::sqrt(2.0f));
      EXPECT_EQ(r[size_t(n)], -3.0f);
    }
  });
}

TEST(Elementwise, OperandCounts) {
  EXPECT_EQ(operand_count(EwOp::kLogicalNot), 1);
  EXPECT_EQ(operand_count(EwOp::kAdd), 2);
  EXPECT_EQ(operand_count(EwOp::kLogicalOr), 2);
  EXPECT_EQ(operand_count(EwOp::kMulAdd), 3);
}

}  // namespace
}  // namespace floe::simd::testing
