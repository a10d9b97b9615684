#include "floe/session.h"

#include <gtest/gtest.h>

#include <thread>

#include "floe/autodiff.h"
#include "floe/error.h"
#include "floe/op_call.h"
#include "floe/operators.h"

namespace floe {
namespace {

struct Line {
  StaticGraph g;
  Tensor x, y, loss;
  StaticVariable w;
  Line() {
    StaticGraph::Scope recording(g);
    x = g.placeholder(DType::kFloat32, Shape({-1}), "x");
    w = g.variable(Tensor::scalar(3.0f), "w");
    y = x * w.read() + 1.0;
    loss = call("Sum", {y, Tensor::vec<int32_t>({0})})[0];
  }
};

float number(const Tensor& t) { return t.item<float>(); }

TEST(Session, FeedsAndFetches) {
  Line l;
  Session s(l.g);
  s.run({l.w.initializer()});
  Tensor x = Tensor::vec<float>({1, 2});
  EXPECT_EQ(number(s.run({l.loss}, {{l.x, x}})[0]), 11);
  auto both = s.run({l.y, l.x}, {{l.x, x}});
  EXPECT_EQ(both[0].data<float>()[1], 7);
  EXPECT_EQ(both[1].data<float>()[1], 2);
  EXPECT_EQ(number(s.run({l.loss}, {{l.y, x}})[0]), 3);  // a tensor in the middle
  EXPECT_EQ(number(s.run({std::string("w/ReadVariableOp")})[0]), 3);
  EXPECT_EQ(l.g.tensor("x:0").shape(), l.x.shape());
}

TEST(Session, EachHasVariablesOfItsOwn) {
  Line l;
  Tensor more;
  {
    StaticGraph::Scope recording(l.g);
    more = l.w.assign_add(Tensor::scalar(1.0f));
  }
  Session one(l.g), two(l.g);
  one.run({l.w.initializer()});
  EXPECT_EQ(number(one.run({more})[0]), 4);
  EXPECT_THROW(two.run({more}), FailedPrecondition);
  two.run({l.w.initializer()});
  EXPECT_EQ(number(two.run({more})[0]), 4);
  EXPECT_EQ(number(one.run({more})[0]), 5);
}

TEST(Session, TrainsOverAGraphThatGrows) {
  Line l;
  Session s(l.g);
  s.run({l.w.initializer()});
  Tensor step;
  {
    StaticGraph::Scope recording(l.g);
    Tensor error = l.loss * l.loss;
    step = l.w.assign_sub(gradients({error}, {l.w.handle()})[0].dense() * 0.05);
  }
  Tensor x = Tensor::vec<float>({1});
  for (int i = 0; i < 200; ++i) s.run({step}, {{l.x, x}});
  EXPECT_NEAR(number(s.run({l.loss}, {{l.x, x}})[0]), 0, 1e-3);
}

template <class E, class F>
void expect_error(F&& f, const std::string& text) {
  try {
    f();
    FAIL() << "no error; expected " << text;
  } catch (const E& e) {
    EXPECT_NE(std::string(e.what()).find(text), std::string::npos) << e.what();
  }
}

TEST(Session, ErrorsNameWhatIsWrong) {
  Line l, other;
  Session s(l.g);
  s.run({l.w.initializer()});
  expect_error<InvalidArgument>(
      [&] { s.run({l.loss}); },
      "You must feed a value for placeholder tensor 'x' with dtype float and shape [?]");
  expect_error<InvalidArgument>([&] { s.run({other.loss}); }, "is not an element of this graph");
  expect_error<NotFound>([&] { s.run({std::string("summ")}); }, "'Sum'");
  Tensor x = Tensor::vec<float>({1});
  expect_error<InvalidArgument>([&] { s.run({l.loss}, {{l.x, x}, {l.x, x}}); }, "'x:0' is fed twice");
  expect_error<InvalidArgument>([&] { s.run({l.loss}, {{l.x, Tensor::scalar(1.0f)}}); },
                                "Cannot feed value of shape ()");
  expect_error<InvalidArgument>([&] { s.run({l.loss}, {{l.x, Tensor::vec<int32_t>({1})}}); }, "float32");
}

TEST(Session, SeveralThreadsRunOne) {
  Line l;
  Tensor more;
  {
    StaticGraph::Scope recording(l.g);
    more = l.w.assign_add(Tensor::scalar(1.0f));
  }
  Session s(l.g);
  s.run({l.w.initializer()});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 50; ++k) s.run({more});
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(number(s.run({more})[0]), 204);
}

}  // namespace
}  // namespace floe
