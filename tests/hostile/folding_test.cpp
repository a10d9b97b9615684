// Graphs that would make planning itself expensive.
#include "hostile.h"

namespace floe::hostile {
namespace {

GraphMaker doubled(const std::string& op, int times) {
  GraphMaker g;
  g.constant("n0", floats({1, 2}));
  g.ints("two", {2});
  for (int i = 0; i < times; ++i) {
    std::string from = "n" + std::to_string(i), to = "n" + std::to_string(i + 1);
    if (op == "Tile")
      g.node(to, "Tile", {from, "two"}, {{"T", kFloat}, {"Tmultiples", kInt}});
    else
      g.node(to, "ConcatV2", {from, from, "zero"}, {{"T", kFloat}, {"N", int64_t(2)}, {"Tidx", kInt}});
  }
  g.scalar("zero", 0);
  g.node("y", "Sum", {"n" + std::to_string(times), "zero"}, {{"T", kFloat}, {"Tidx", kInt}});
  return g;
}

TEST(HostileFolding, DoublingTwentyTimes) {
  EXPECT_FLOATS(run(doubled("Tile", 20)), 3.f * (1 << 20));
  EXPECT_FLOATS(run(doubled("ConcatV2", 20)), 3.f * (1 << 20));
}

TEST(HostileFolding, DoublingFortyTimesLoadsAndFailsInTheRun) {
  for (std::string op : {"Tile", "ConcatV2"}) {
    GraphMaker g = doubled(op, 40);
    Function f = Program::from_memory(g.bytes(), "hostile.pb").function({}, {"y"});
    Outcome o = attempt([&] { return f(std::vector<Tensor>{}); });
    EXPECT_REFUSED(o, kResourceExhausted, "hostile.pb", op + " 'n", "memory");
  }
}

TEST(HostileFolding, ChainsOfMakersFailInTheRun) {
  GraphMaker g;
  g.constant("d", Tensor::vec<int64_t>({int64_t(1) << 36}));
  g.constant("v", Tensor::scalar(1.0f));
  g.node("f", "Fill", {"d", "v"}, {{"T", kFloat}, {"index_type", kLong}});
  g.plain("y", "Neg", {"f"});
  Function f = Program::from_memory(g.bytes(), "hostile.pb").function({}, {"y"});
  EXPECT_REFUSED(attempt([&] { return f(std::vector<Tensor>{}); }), kResourceExhausted, "hostile.pb",
                 "Fill 'f'", "256.0 GiB");
}

TEST(HostileFolding, ManyMiddlingConstantsAreNotAllKept) {
  // 2000 constants of 8 MB each: folding every one would take 16 GB.
  GraphMaker g;
  g.placeholder("x", kFloat, Shape{});
  g.ints("d", {2 << 20});
  std::string sum = "x";
  for (int i = 0; i < 2000; ++i) {
    std::string n = std::to_string(i);
    g.constant("v" + n, Tensor::scalar(1.0f));
    g.node("f" + n, "Fill", {"d", "v" + n}, {{"T", kFloat}, {"index_type", kInt}});
    g.scalar("z" + n, 0);
    g.node("s" + n, "Max", {"f" + n, "z" + n}, {{"T", kFloat}, {"Tidx", kInt}});
    g.plain("a" + n, "AddV2", {sum, "f" + n});
    g.node("m" + n, "Max", {"a" + n, "z" + n}, {{"T", kFloat}, {"Tidx", kInt}});
    sum = "m" + n;
  }
  Outcome o = attempt([&] {
    Function f = Program::from_memory(g.bytes(), "hostile.pb").function({}, {sum});
    return std::vector<Tensor>();
  });
  EXPECT_FALSE(o.failed) << o.str();
}

TEST(HostileFolding, LongConstantChainOfWork) {
  // Each step costs little, all of them together take minutes: they are left for the run, which can be
  // interrupted.
  GraphMaker g;
  g.constant("m", Tensor::of<float>({512, 512}, std::vector<float>(512 * 512, 0.001f)));
  std::string last = "m";
  for (int i = 0; i < 20000; ++i) {
    std::string n = "n" + std::to_string(i);
    g.node(n, "MatMul", {last, "m"}, {{"T", kFloat}});
    last = n;
  }
  EXPECT_REFUSED(run_interrupted(g, {}, {last}), kCancelled, "cancelled");
}

TEST(HostileFolding, WhileOverConstantsIsNotFolded) {
  GraphMaker g;
  g.function("always", {{"a"}}, {{{"r", DType::kBool}, "t:output:0"}},
             [](NodeMaker& f) { f.constant("t", Tensor::scalar(true)); });
  g.function("same", "c:output:0", [](NodeMaker& f) { f.plain("c", "Identity", {"a"}); });
  g.constant("v", Tensor::scalar(1.0f));
  Message& n = g.loop("y", "v", "always", "same");
  n.set_string("op", "StatelessWhile");
  EXPECT_REFUSED(run_interrupted(g, {}), kCancelled, "cancelled");
}

TEST(HostileFolding, StringsThatGrow) {
  GraphMaker g;
  g.constant("s0", Tensor::scalar(std::string(1000, 'x')));
  std::string last = "s0";
  for (int i = 0; i < 40; ++i) {
    std::string n = "s" + std::to_string(i + 1);
    g.node(n, "StringJoin", {last, last}, {{"N", int64_t(2)}, {"separator", ""}});
    last = n;
  }
  EXPECT_REFUSED(run(g, {}, {last}), kResourceExhausted, "hostile.pb", "StringJoin 's", "memory");
}

}  // namespace
}  // namespace floe::hostile
