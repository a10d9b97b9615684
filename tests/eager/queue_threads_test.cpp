// The eager queues of several threads, failures, and processes that fork.
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "eager_testing.h"
#include "floe/error.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/threads.h"

namespace floe {
namespace {

const Shape kLarge{128, 64};

// Fails when it runs, which its declaration does not say.
FLOE_OP("TestFailsWhenRun", op) {
  op.in("x:float32, why:float32").out("y:float32");
  op.infer([](InferContext& c) { c.set_output(0, c.shape(0)); });
  op.compute([](KernelContext& c) {
    if (c.input(1).item<float>() > 0) throw FailedPrecondition("the weather was bad");
    std::copy_n(c.input(0).data<float>(), c.input(0).num_elements(), c.output(0).mutable_data<float>());
  });
}

std::string error_of(const Tensor& t) {
  try {
    t.data<float>();
  } catch (const FailedPrecondition& e) {
    return e.what();
  }
  return {};
}

class EagerThreads : public testing::Test {
  Deferred on{true};
};

TEST_F(EagerThreads, AFailureReachesOnlyWhatDependsOnIt) {
  Tensor x = ramp(kLarge), zero = Tensor::scalar(0.0f), one = Tensor::scalar(1.0f);
  for (int turn = 0; turn < 4; ++turn) {
    Tensor good = x + 1.0;
    Tensor bad = call("TestFailsWhenRun", {good, turn == 2 ? zero : one})[0];
    Tensor after = bad * 2.0;
    Tensor beside = good * 3.0;
    EXPECT_FLOAT_EQ(beside.data<float>()[1], 3 * (x.data<float>()[1] + 1));
    if (turn == 2) {
      EXPECT_FLOAT_EQ(after.data<float>()[1], 2 * (x.data<float>()[1] + 1));
      continue;
    }
    EXPECT_EQ(error_of(after), "the weather was bad [Op:TestFailsWhenRun]");
    EXPECT_EQ(error_of(bad), "the weather was bad [Op:TestFailsWhenRun]");
    EXPECT_FLOAT_EQ(good.data<float>()[1], x.data<float>()[1] + 1);
    EXPECT_THROW(bad + 1.0, FailedPrecondition);
  }
  EXPECT_FLOAT_EQ((x + 2.0).data<float>()[0], x.data<float>()[0] + 2);
}

TEST_F(EagerThreads, ReadByAnother) {
  Tensor x = ramp(kLarge), y = x * 2.0, z = y + 1.0;
  float seen = 0;
  std::thread([&] { seen = z.data<float>()[5]; }).join();
  EXPECT_FLOAT_EQ(seen, 2 * x.data<float>()[5] + 1);
  EXPECT_TRUE(y.is_concrete());
  EXPECT_FLOAT_EQ((y + z).data<float>()[5], 4 * x.data<float>()[5] + 1);
}

TEST_F(EagerThreads, ComesFromAThreadThatEnded) {
  Tensor x = ramp(kLarge), y;
  std::thread([&] { y = x * 2.0; }).join();
  EXPECT_FALSE(y.is_concrete());
  EXPECT_FLOAT_EQ((y + 1.0).data<float>()[5], 2 * x.data<float>()[5] + 1);
}

TEST_F(EagerThreads, UseEachOthersValues) {
  Tensor x = ramp(kLarge);
  for (int turn = 0; turn < 50; ++turn) {
    Tensor a = x + 1.0, b, sum, sum2;
    std::thread t([&] {
      b = x + 2.0;
      sum = a + b;
      sum.data<float>();
    });
    sum2 = a * 2.0;
    sum2.data<float>();
    t.join();
    EXPECT_FLOAT_EQ(sum.data<float>()[3], 2 * x.data<float>()[3] + 3);
    EXPECT_FLOAT_EQ(sum2.data<float>()[3], 2 * x.data<float>()[3] + 2);
  }
}

TEST_F(EagerThreads, TwoThatWantEachOthersAtOnce) {
  Tensor x = ramp(kLarge);
  for (int turn = 0; turn < 100; ++turn) {
    Tensor mine = x + 1.0, theirs, r1, r2;
    std::atomic<int> ready{0};
    std::thread t([&] {
      theirs = x + 2.0;
      ready = 1;
      while (ready < 2) std::this_thread::yield();
      r2 = mine * theirs;
      r2.data<float>();
    });
    while (ready < 1) std::this_thread::yield();
    ready = 2;
    r1 = theirs * mine;
    r1.data<float>();
    t.join();
    EXPECT_FLOAT_EQ(r1.data<float>()[3], r2.data<float>()[3]);
  }
}

TEST_F(EagerThreads, HandlesDieElsewhereDuringARun) {
  Tensor x = ramp(kLarge);
  for (int turn = 0; turn < 200; ++turn) {
    std::vector<Tensor> parts;
    Tensor a = x;
    for (int i = 0; i < 8; ++i) parts.push_back(a = a + 1.0);
    std::thread t([p = std::move(parts)]() mutable { p.clear(); });
    EXPECT_NEAR(a.data<float>()[0], x.data<float>()[0] + 8, 1e-4);
    t.join();
  }
}

TEST_F(EagerThreads, AChildProcessGoesOn) {
  Tensor x = ramp(kLarge), y = x + 1.0;
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(20);
    set_num_threads(1);
    bool good = y.is_concrete() && y.data<float>()[2] == x.data<float>()[2] + 1;
    Tensor z = y * 2.0;
    good = good && z.data<float>()[2] == 2 * y.data<float>()[2];
    _exit(good ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_FLOAT_EQ((y * 2.0).data<float>()[2], 2 * (x.data<float>()[2] + 1));
}

}  // namespace
}  // namespace floe
