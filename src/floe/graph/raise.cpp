#include "floe/graph/raise.h"

#include <algorithm>
#include <atomic>

#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"
#include "floe/graph/raise_copy.h"

namespace floe {
namespace {

using raise::FrameMap;
using raise::LoopCopier;
using raise::LoopFrame;
using raise::LoopPart;
using raise::LoopSignature;
using raise::LoopSlot;
using raise::LoopVariable;

constexpr size_t kShownProblems = 20;

bool has_effects(const Node& n) {
  static const char* const kHarmless[] = {"NoOp",          "Const",       "Placeholder",
                                          "_FloeVariable", "VarHandleOp", "ReadVariableOp"};
  if (n.op && !n.op->stateful) return false;
  for (const char* h : kHarmless)
    if (n.is(h)) return false;
  return true;
}

[[noreturn]] void report(const std::vector<std::string>& problems) {
  std::string text = cat("The graph's loops cannot be read, ", problems.size(),
                         problems.size() == 1 ? " node is in the way:" : " nodes are in the way:");
  for (size_t i = 0; i < problems.size() && i < kShownProblems; ++i) text += "\n  " + problems[i];
  if (problems.size() > kShownProblems) text += cat("\n  and ", problems.size() - kShownProblems, " more");
  throw InvalidArgument(text);
}

// "while" for "while/while_context".
std::string loop_name(const std::string& frame) {
  constexpr std::string_view kSuffix = "/while_context";
  if (frame.size() > kSuffix.size() && frame.ends_with(kSuffix))
    return frame.substr(0, frame.size() - kSuffix.size());
  return frame.empty() ? "while" : frame;
}

class LoopRaiser {
 public:
  LoopRaiser(FunctionBody& body, FrameMap& map, int frame)
      : graph_(*body.graph), map_(map), frame_(frame), loop_(map.frames[size_t(frame)]) {}

  void raise() {
    if (!check()) return;
    make_signature();
    size_t before = map_.problems.size();
    auto cond = std::make_shared<FunctionBody>(), body = std::make_shared<FunctionBody>();
    cond->graph = std::make_unique<Graph>();
    body->graph = std::make_unique<Graph>();
    LoopCopier in_cond(map_, frame_, LoopPart::kCondition, *cond->graph, signature_);
    LoopCopier in_body(map_, frame_, LoopPart::kBody, *body->graph, signature_);
    const Endpoint verdict = loop_.conditions[0]->inputs[0];
    auto every_time = verdict_controls(), each_turn = turn_controls();
    in_cond.copy({verdict}, every_time);
    std::vector<Endpoint> next;
    for (const LoopVariable& v : loop_.variables) next.push_back(v.next->inputs[0]);
    in_body.copy(next, each_turn);
    check_shared(in_cond, in_body);

    cond->results = {in_cond.value(verdict)};
    cond->output_names = {"go_on"};
    for (const LoopVariable& v : loop_.variables) {
      body->results.push_back(in_body.value(v.next->inputs[0]));
      body->output_names.push_back(v.next->name);
    }
    if (map_.problems.size() != before) return;
    add_indices(*body);
    finish(*cond, in_cond, every_time, "cond");
    finish(*body, in_body, each_turn, "body");
    for (size_t i = body->results.size(); i < signature_.slots.size(); ++i) {
      body->results.push_back({in_body.arg(int(i)), 0});
      body->output_names.push_back(body->input_names[i]);
    }
    Node* node = make_while(*cond, *body);
    graph_.library->add(std::move(cond));
    graph_.library->add(std::move(body));
    lead_out(node);
  }

 private:
  bool check() {
    if (loop_.conditions.size() != 1) {
      std::string names;
      for (size_t i = 0; i < loop_.conditions.size() && i < 5; ++i)
        names += cat(i ? ", '" : ": '", loop_.conditions[i]->name, "'");
      map_.problem(loop_.enters[0], frame_,
                   cat("enters a loop with ", loop_.conditions.size(), " LoopCond nodes", names,
                       "; a loop has exactly one"));
      return false;
    }
    for (const LoopVariable& v : loop_.variables)
      if (v.enter->attrs.get_or<bool>("is_constant", false) || map_.frame_of(v.enter) != frame_) {
        map_.problem(v.merge, frame_,
                     cat("starts from '", v.enter->name, "', which is no variable of this loop"));
        return false;
      }
    return true;
  }

  void make_signature() {
    LoopSignature& s = signature_;
    s.index_slot.assign(loop_.variables.size(), -1);
    for (size_t i = 0; i < loop_.variables.size(); ++i) {
      const LoopVariable& v = loop_.variables[i];
      s.variable_slot.push_back(int(s.slots.size()));
      s.slots.push_back({LoopSlot::Kind::kVariable, int(i), v.enter->inputs[0], v.merge->output_types[0]});
    }
    for (size_t i = 0; i < loop_.variables.size(); ++i) {
      if (!loop_.variables[i].index_used) continue;
      s.index_slot[i] = int(s.slots.size());
      s.slots.push_back({LoopSlot::Kind::kIndex, int(i), {}, DType::kInt32});
    }
  }

  // Control inputs of the loop's own machinery: what must have happened whenever the condition is evaluated,
  std::vector<Node*> verdict_controls() const {
    std::vector<Node*> v = loop_.conditions[0]->controls;
    for (const LoopVariable& x : loop_.variables)
      v.insert(v.end(), x.merge->controls.begin(), x.merge->controls.end());
    for (const Node* n : loop_.nodes)
      if (raise::is_switch(*n) && n->inputs[1].node == loop_.conditions[0])
        v.insert(v.end(), n->controls.begin(), n->controls.end());
    return v;
  }
  // and in every turn.
  std::vector<Node*> turn_controls() const {
    std::vector<Node*> v;
    for (const LoopVariable& x : loop_.variables)
      v.insert(v.end(), x.next->controls.begin(), x.next->controls.end());
    return v;
  }

  void check_shared(const LoopCopier& cond, const LoopCopier& body) {
    std::vector<Node*> both;
    std::set_intersection(cond.copied().begin(), cond.copied().end(), body.copied().begin(),
                          body.copied().end(), std::back_inserter(both),
                          [](Node* a, Node* b) { return a->id < b->id; });
    for (const Node* n : both)
      if (has_effects(*n))
        map_.problem(n, frame_, "has effects and is used by the condition and by the body of its loop");
  }

  // After the first iteration a variable comes from its NextIteration.
  void add_indices(FunctionBody& body) {
    for (const LoopVariable& v : loop_.variables) {
      if (!v.index_used) continue;
      body.results.push_back(
          {body.graph->add_constant("value_index", Tensor::scalar(int32_t(1 - v.enter_index))), 0});
      body.output_names.push_back(cat(v.next->name, "/value_index"));
    }
  }

  void finish(FunctionBody& f, LoopCopier& copier, const std::vector<Node*>& controls, const char* role) {
    static std::atomic<uint64_t> count{0};
    if (!graph_.library) graph_.library = std::make_shared<FunctionLibrary>();
    do f.name = cat(loop_name(loop_.name), "_", role, "_", ++count);
    while (graph_.library->has(f.name));
    f.graph->library = graph_.library;
    for (size_t i = 0; i < signature_.slots.size(); ++i) {
      f.args.push_back(copier.arg(int(i)));
      f.input_names.push_back(f.args.back()->name);
    }
    for (const Node* n : controls)
      if (Node* to = copier.control(n)) f.control_results.push_back(to);
    std::sort(f.control_results.begin(), f.control_results.end(),
              [](Node* a, Node* b) { return a->id < b->id; });
    f.control_results.erase(std::unique(f.control_results.begin(), f.control_results.end()),
                            f.control_results.end());
    prune(f);
  }

  Node* make_while(const FunctionBody& cond, const FunctionBody& body) {
    std::vector<DType> types;
    std::vector<Endpoint> inputs;
    for (const LoopSlot& s : signature_.slots) {
      types.push_back(s.dtype);
      inputs.push_back(s.kind == LoopSlot::Kind::kIndex ? first_index(s.variable) : s.source);
    }
    std::vector<Node*> controls;
    for (const Node* e : loop_.enters)
      controls.insert(controls.end(), e->controls.begin(), e->controls.end());
    std::sort(controls.begin(), controls.end(), [](Node* a, Node* b) { return a->id < b->id; });
    controls.erase(std::unique(controls.begin(), controls.end()), controls.end());
    const OpDef& op = get_op(acts(cond) || acts(body) ? "While" : "StatelessWhile");
    AttrMap attrs{{"T", types},
                  {"cond", FuncRef{cond.name, nullptr}},
                  {"body", FuncRef{body.name, nullptr}},
                  {"parallel_iterations", loop_.enters[0]->attrs.get_or<int64_t>("parallel_iterations", 10)}};
    Node* n = graph_.add(op, graph_.unique_name(loop_name(loop_.name)), std::move(inputs),
                         normalize_attrs(op, std::move(attrs), loop_.name), std::move(controls));
    map_.set_frame(n, loop_.parent);
    return n;
  }

  Endpoint first_index(int variable) {
    int32_t index = loop_.variables[size_t(variable)].enter_index;
    Node* c = graph_.add_constant(cat(loop_.variables[size_t(variable)].merge->name, "/value_index"),
                                  Tensor::scalar(index));
    map_.set_frame(c, loop_.parent);
    return {c, 0};
  }

  static bool acts(const FunctionBody& f) {
    for (auto& n : f.graph->nodes())
      if (n && !n->is("NoOp") && (!n->op || n->op->stateful)) return true;
    return false;
  }

  void lead_out(Node* node) {
    LoopCopier after(map_, frame_, LoopPart::kAfter, graph_, signature_, node);
    std::vector<Endpoint> values;
    for (const Node* e : loop_.exits) values.push_back(e->inputs[0]);
    after.copy(values, {});
    for (const Node* n : after.copied())
      if (has_effects(*n)) map_.problem(n, frame_, "has effects and is used at the end of its loop");
    const OpDef& identity = get_op("Identity");
    for (Node* e : loop_.exits) {
      for (const Node* c : e->controls)
        if (map_.frame_of(c) == frame_ && has_effects(*c))
          map_.problem(e, frame_, cat("waits for '", c->name, "', which runs in every iteration"));
      Endpoint v = after.value(e->inputs[0]);
      e->op = &identity;
      e->op_name = identity.name;
      e->inputs = {v};
      e->controls.clear();
    }
  }

  Graph& graph_;
  FrameMap& map_;
  int frame_;
  LoopFrame& loop_;
  LoopSignature signature_;
};

}  // namespace

bool has_loop_frames(const FunctionBody& body) {
  for (auto& n : body.graph->nodes())
    if (n && (raise::is_enter(*n) || raise::is_exit(*n) || raise::is_next_iteration(*n) || n->is("LoopCond")))
      return true;
  return false;
}

void raise_control_flow(FunctionBody& body) {
  if (!has_loop_frames(body)) return;
  FrameMap map = raise::find_frames(body);
  if (!map.problems.empty()) report(map.problems);
  std::vector<int> order;
  for (size_t i = 1; i < map.frames.size(); ++i) order.push_back(int(i));
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return map.frames[size_t(a)].depth > map.frames[size_t(b)].depth; });
  for (int f : order) LoopRaiser(body, map, f).raise();
  if (!map.problems.empty()) report(map.problems);
  prune(body);
}

}  // namespace floe
