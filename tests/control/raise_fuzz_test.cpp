// Random graphs of control flow nodes: an error or a result, never a crash, a hang or a frame left over.
#include <random>

#include "loop_testing.h"

namespace floe {
namespace {

class RandomGraph {
 public:
  // Every second graph is mostly made of whole loops.
  explicit RandomGraph(uint32_t seed) : rng_(seed), tidy_(seed % 2) {
    values_.push_back(placeholder(g_, "x"));
    flags_.push_back(placeholder(g_, "p", DType::kBool));
    feeds_ = {values_[0], flags_[0]};
  }

  std::unique_ptr<FunctionBody> body() {
    for (int i = 0, n = 5 + pick(60); i < n; ++i) add_node();
    for (int i = 0, n = tidy_ ? 0 : pick(10); i < n; ++i) rewire();
    std::vector<Endpoint> fetches;
    for (int i = 0, n = 1 + pick(4); i < n; ++i) fetches.push_back(any(values_));
    return extract(g_, feeds_, fetches);
  }

 private:
  int pick(int n) { return int(rng_() % uint32_t(n)); }
  Endpoint any(const std::vector<Endpoint>& from) { return from[size_t(pick(int(from.size())))]; }
  void keep(Endpoint e) { values_.push_back(e); }

  void add_node() {
    switch (tidy_ ? 8 + pick(3) : pick(12)) {
      case 0:
        return keep(call(g_, "Enter", {any(values_)}, "",
                         {{"frame_name", "f" + std::to_string(pick(3))}, {"is_constant", pick(2) == 0}}));
      case 1:
        return keep(call(g_, "Exit", {any(values_)}));
      case 2:
        return keep(call(g_, "NextIteration", {any(values_)}));
      case 3:
        flags_.push_back(call(g_, "LoopCond", {any(flags_)}));
        return;
      case 4:
      case 5: {
        Node* n = g_.add("Switch", "", {any(values_), any(flags_)});
        keep(operand(n, 0));
        return keep(operand(n, 1));
      }
      case 6:
        return keep(call(g_, "Merge", {any(values_), any(values_)}));
      case 7:
        flags_.push_back(call(g_, "Less", {any(values_), any(values_)}));
        return;
      case 8:
        return add_loop();
      default:
        return keep(call(g_, "AddV2", {any(values_), any(values_)}));
    }
  }

  void add_loop() {
    LoopBuilder loop(g_, "loop" + std::to_string(count_++));
    Endpoint v = loop.variable(any(values_));
    loop.condition(call(g_, "Less", {v, loop.invariant(any(values_))}));
    Endpoint inside = call(g_, "AddV2", {loop.value(0), loop.invariant(any(values_))});
    loop.next(0, inside);
    keep(loop.exit(0));
    if (!tidy_ && pick(3) == 0) keep(inside);
  }

  // Turns an edge round, backwards too.
  void rewire() {
    Node* n = g_.nodes()[size_t(pick(int(g_.nodes().size())))].get();
    if (pick(3) == 0) {
      n->controls.push_back(any(values_).node);
      return;
    }
    if (n->inputs.empty()) return;
    Endpoint& e = n->inputs[size_t(pick(int(n->inputs.size())))];
    bool flag = e.node->output_types[size_t(e.index)] == DType::kBool;
    e = any(flag ? flags_ : values_);
  }

  Graph g_;
  std::mt19937 rng_;
  bool tidy_;
  std::vector<Endpoint> values_, flags_, feeds_;
  int count_ = 0;
};

TEST(RaiseFuzz, RandomGraphs) {
  int raised_count = 0, refused = 0;
  for (uint32_t seed = 0; seed < 4000; ++seed) {
    RandomGraph random(seed);
    auto body = random.body();
    try {
      bool had_loops = has_loop_frames(*body);
      raise_control_flow(*body);
      EXPECT_FALSE(has_loop_frames(*body)) << "seed " << seed;
      execution_order(*body);
      raised_count += had_loops;
    } catch (const InvalidArgument&) {
      ++refused;
    }
  }
  EXPECT_GT(raised_count, 50);
  EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace floe
