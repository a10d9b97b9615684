// Tapes, recorded functions, control flow and their gradients.
#include "floe/autodiff.h"

#include <gtest/gtest.h>

#include "floe/function.h"
#include "floe/op_call.h"
#include "floe/operators.h"
#include "floe/variable.h"

namespace floe {
namespace {

float value(const Tensor& t) { return t.item<float>(); }
float value(const Gradient& g) { return value(g.dense()); }
Tensor number(float v) { return Tensor::scalar(v); }
std::vector<float> floats(const Tensor& t) {
  auto v = t.flat<float>();
  return {v.begin(), v.end()};
}

TEST(Tape, Product) {
  Tensor x = number(3);
  GradientTape tape;
  tape.watch(x);
  Tensor y = x * x + 2.0 * x;
  EXPECT_FLOAT_EQ(value(tape.gradient({y}, {x})[0]), 8);
}

TEST(Tape, WhatIsNotConnectedHasNone) {
  Tensor x = number(3), z = number(1);
  GradientTape tape(true);
  tape.watch(x);
  Tensor y = x * x;
  EXPECT_FALSE(tape.gradient({y}, {z})[0]);
  EXPECT_FLOAT_EQ(value(tape.gradient({y}, {z}, {}, Unconnected::kZero)[0]), 0);
}

TEST(Tape, UsedTwiceFails) {
  Tensor x = number(3);
  GradientTape tape;
  tape.watch(x);
  Tensor y = x * x;
  tape.gradient({y}, {x});
  EXPECT_THROW(tape.gradient({y}, {x}), FailedPrecondition);
}

TEST(Tape, SecondDerivative) {
  Tensor x = number(2);
  GradientTape outer;
  outer.watch(x);
  Tensor dy;
  {
    GradientTape inner;
    inner.watch(x);
    Tensor y = x * x * x;
    dy = inner.gradient({y}, {x})[0].dense();
  }
  EXPECT_FLOAT_EQ(value(dy), 12);
  EXPECT_FLOAT_EQ(value(outer.gradient({dy}, {x})[0]), 12);
}

TEST(Tape, Broadcast) {
  Tensor a = Tensor::of<float>(Shape{2, 3}, {1, 2, 3, 4, 5, 6}), b = Tensor::vec<float>({1, 2, 3});
  GradientTape tape;
  tape.watch(b);
  Tensor y = a * b;
  Tensor g = tape.gradient({y}, {b})[0].dense();
  EXPECT_EQ(g.shape(), Shape({3}));
  EXPECT_FLOAT_EQ(g.data<float>()[0], 5);
  EXPECT_FLOAT_EQ(g.data<float>()[2], 9);
}

TEST(TracedFunction, RecordsOncePerSignature) {
  auto f = function([](const Tensors& x) { return Tensors{x[0] * x[0] + x[1]}; });
  EXPECT_FLOAT_EQ(value(f({number(3), number(1)})[0]), 10);
  EXPECT_FLOAT_EQ(value(f({number(4), number(1)})[0]), 17);
  EXPECT_EQ(f.traces(), 1);
  Tensor v = Tensor::vec<float>({1, 2});
  EXPECT_FLOAT_EQ(f({v, v})[0].data<float>()[1], 6);
  EXPECT_EQ(f.traces(), 2);
}

TEST(TracedFunction, CapturesWhatATapeWatches) {
  Tensor w = number(5);
  GradientTape tape;
  tape.watch(w);
  auto f = function([&](const Tensors& x) { return Tensors{x[0] * w}; });
  Tensor y = f({number(3)})[0];
  EXPECT_FLOAT_EQ(value(y), 15);
  EXPECT_FLOAT_EQ(value(tape.gradient({y}, {w})[0]), 3);
}

TEST(TracedFunction, Gradient) {
  auto f = function([](const Tensors& x) { return Tensors{x[0] * x[0] * x[0]}; });
  Tensor x = number(2);
  GradientTape outer;
  outer.watch(x);
  Tensor dy;
  {
    GradientTape tape;
    tape.watch(x);
    Tensor y = f({x})[0];
    dy = tape.gradient({y}, {x})[0].dense();
  }
  EXPECT_FLOAT_EQ(value(dy), 12);
  EXPECT_FLOAT_EQ(value(outer.gradient({dy}, {x})[0]), 12);
}

TEST(TracedFunction, TapeInside) {
  auto square = function([](const Tensors& x) { return Tensors{x[0] * x[0]}; });
  auto f = function([&](const Tensors& x) {
    GradientTape tape;
    tape.watch(x[0]);
    Tensor y = square(x)[0] * x[0];
    return Tensors{y, tape.gradient({y}, {x[0]})[0].dense()};
  });
  Tensors r = f({number(2)});
  EXPECT_FLOAT_EQ(value(r[0]), 8);
  EXPECT_FLOAT_EQ(value(r[1]), 12);
}

TEST(TracedFunction, SymbolicHasNoValue) {
  auto f = function([](const Tensors& x) { return Tensors{number(x[0].item<float>())}; });
  EXPECT_THROW(f({number(1)}), Error);
  EXPECT_FLOAT_EQ(value(number(1) + number(2)), 3) << "eager mode is back";
}

TEST(Variables, AreWatchedAndAssigned) {
  Variable w(number(3));
  GradientTape tape;
  Tensor y = w.read() * w.read();
  w.assign_sub(0.5 * tape.gradient({y}, {w.handle()})[0].dense());
  EXPECT_FLOAT_EQ(value(w.read()), 0);
  EXPECT_THROW(w.assign(Tensor::vec<float>({1, 2})), InvalidArgument);
}

TEST(Variables, InsideOfFunctions) {
  Variable w(number(3));
  auto step = function([&](const Tensors& x) {
    GradientTape tape;
    Tensor y = w.read() * x[0];
    Tensor g = tape.gradient({y}, {w.handle()})[0].dense();
    w.assign_add(g);
    return Tensors{w.read()};
  });
  EXPECT_FLOAT_EQ(value(step({number(2)})[0]), 5);
  EXPECT_FLOAT_EQ(value(step({number(2)})[0]), 7);
  EXPECT_FLOAT_EQ(value(w.read()), 7);
}

TEST(Variables, GradientThroughAFunction) {
  Variable w(number(3));
  auto f = function([&](const Tensors& x) { return Tensors{w.read() * w.read() * x[0]}; });
  GradientTape tape;
  tape.watch(w.handle());
  Tensor y = f({number(2)})[0];
  EXPECT_FLOAT_EQ(value(tape.gradient({y}, {w.handle()})[0]), 12);
}

TEST(Variables, AskedTwiceThroughALoop) {
  Variable w(number(2));
  auto f = function([&](const Tensors& x) {
    GradientTape tape(true);
    tape.watch(w.handle());
    Tensor y = while_loop([](const Tensors& v) { return v[0] < Tensor::scalar(int32_t(3)); },
                          [&](const Tensors& v) { return Tensors{v[0] + 1.0, v[1] * w.read()}; },
                          {Tensor::scalar(int32_t(0)), x[0]})[1];
    Tensor first = tape.gradient({y}, {w.handle()})[0].dense();
    return Tensors{y, first, tape.gradient({y}, {w.handle()})[0].dense()};
  });
  Tensors r = f({number(1)});
  EXPECT_FLOAT_EQ(value(r[0]), 8);
  EXPECT_FLOAT_EQ(value(r[1]), 12);
  EXPECT_FLOAT_EQ(value(r[2]), 12);
}

TEST(ControlFlow, CondInFunctionWithGradient) {
  auto f = function([](const Tensors& x) {
    return cond(x[0] > number(0), [&] { return Tensors{x[0] * x[0]}; }, [&] { return Tensors{-x[0]}; });
  });
  for (auto [at, y, dy] : {std::array{3.f, 9.f, 6.f}, std::array{-3.f, 3.f, -1.f}}) {
    Tensor x = number(at);
    GradientTape tape;
    tape.watch(x);
    Tensor r = f({x})[0];
    EXPECT_FLOAT_EQ(value(r), y);
    EXPECT_FLOAT_EQ(value(tape.gradient({r}, {x})[0]), dy);
  }
}

TEST(ControlFlow, BranchesThatDisagree) {
  auto f = function([](const Tensors& x) {
    return cond(
        x[0] > number(0), [&] { return Tensors{x[0]}; }, [&] { return Tensors{Tensor::scalar(int32_t(1))}; });
  });
  EXPECT_THROW(f({number(1)}), InvalidArgument);
}

TEST(ControlFlow, LoopInFunctionWithGradient) {
  // x^(n+1), n turns.
  auto f = function([](const Tensors& in) {
    return while_loop([&](const Tensors& v) { return v[0] < in[1]; },
                      [&](const Tensors& v) { return Tensors{v[0] + 1.0, v[1] * in[0]}; },
                      {Tensor::scalar(int32_t(0)), in[0]});
  });
  Tensor x = number(2), n = Tensor::scalar(int32_t(3));
  GradientTape outer;
  outer.watch(x);
  GradientTape tape(true);
  tape.watch(x);
  Tensor y = f({x, n})[1];
  EXPECT_FLOAT_EQ(value(y), 16);
  Tensor dy = tape.gradient({y}, {x})[0].dense();
  EXPECT_FLOAT_EQ(value(dy), 32);
}

TEST(Lists, SumsOfTheirGradients) {
  // The list is used twice: its gradients are lists that are added, element by element.
  Tensor x = Tensor::of<float>(Shape{2, 2}, {1, 2, 3, 4});
  auto at = [](const Tensor& list, int32_t i) {
    return call("TensorListGetItem", {list, Tensor::scalar(i), Tensor::vec<int32_t>({2})},
                {{"element_dtype", DType::kFloat32}})[0];
  };
  GradientTape tape;
  tape.watch(x);
  Tensor list = call("TensorListFromTensor", {x, Tensor::vec<int32_t>({2})})[0];
  Tensor y = at(list, 0) * 2.0 + at(list, 0) * at(list, 1);
  EXPECT_EQ(floats(tape.gradient({y}, {x})[0].dense()), (std::vector<float>{5, 6, 1, 2}));
}

TEST(Lists, ConcatAndSplit) {
  Tensor x = Tensor::vec<float>({1, 2, 3});
  GradientTape tape;
  tape.watch(x);
  Tensor list = call("TensorListSplit", {x, Tensor::vec<int32_t>({-1}), Tensor::vec<int64_t>({1, 2})})[0];
  Tensor y = call("TensorListConcat", {list}, {{"element_dtype", DType::kFloat32}})[0];
  EXPECT_EQ(floats(tape.gradient({y * y}, {x})[0].dense()), (std::vector<float>{2, 4, 6}));
}

TEST(Variables, PartsAreAssigned) {
  Variable v(Tensor::of<float>(Shape{2, 3}, {1, 2, 3, 4, 5, 6}));
  auto assign = [&](const Tensor& value) {
    call("ResourceStridedSliceAssign", {v.handle(), Tensor::vec<int32_t>({0, 2}),
                                        Tensor::vec<int32_t>({2, -4}), Tensor::vec<int32_t>({1, -2}), value});
  };
  Tensor before = v.read();
  assign(Tensor::of<float>(Shape{2, 2}, {7, 8, 9, 10}));
  EXPECT_EQ(floats(v.read()), (std::vector<float>{8, 2, 7, 10, 5, 9}));
  EXPECT_EQ(floats(before), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  assign(number(0));
  EXPECT_EQ(floats(v.read()), (std::vector<float>{0, 2, 0, 0, 5, 0}));
  EXPECT_THROW(assign(Tensor::vec<float>({1, 2, 3})), InvalidArgument);
}

TEST(ControlFlow, SwitchCase) {
  auto f = function([](const Tensors& x) {
    return switch_case(x[0], {[&] { return Tensors{x[1] + 1.0}; }, [&] { return Tensors{x[1] * 10.0}; },
                              [&] { return Tensors{-x[1]}; }});
  });
  auto at = [&](int32_t i) { return value(f({Tensor::scalar(i), number(2)})[0]); };
  EXPECT_FLOAT_EQ(at(0), 3);
  EXPECT_FLOAT_EQ(at(1), 20);
  EXPECT_FLOAT_EQ(at(2), -2);
  EXPECT_FLOAT_EQ(at(7), -2);
}

TEST(ControlFlow, MapAndScan) {
  auto body = [](const Tensors& x) {
    return map_fn([](const Tensors& r) { return Tensors{r[0] * r[0]}; }, x, {DType::kFloat32});
  };
  auto sums = [](const Tensors& x) {
    return scan([](const Tensors& s, const Tensors& r) { return Tensors{s[0] + r[0]}; }, x, {number(0)});
  };
  Tensor x = Tensor::vec<float>({1, 2, 3});
  for (bool graph : {false, true}) {
    Tensors m = graph ? function(body)({x}) : body({x});
    Tensors s = graph ? function(sums)({x}) : sums({x});
    EXPECT_FLOAT_EQ(m[0].data<float>()[2], 9);
    EXPECT_FLOAT_EQ(s[0].data<float>()[2], 6);
  }
}

TEST(Callback, RunsInTheMiddleOfAGraph) {
  int calls = 0;
  auto f = function([&](const Tensors& x) {
    Tensors r = callback(
        [&](const Tensors& v) {
          ++calls;
          return Tensors{number(v[0].item<float>() * 2)};
        },
        {x[0] + 1.0}, {DType::kFloat32}, {Shape{}});
    return Tensors{r[0] * 10.0};
  });
  EXPECT_FLOAT_EQ(value(f({number(1)})[0]), 40);
  EXPECT_FLOAT_EQ(value(f({number(2)})[0]), 60);
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace floe
