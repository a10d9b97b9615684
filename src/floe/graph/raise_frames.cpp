#include "floe/graph/raise_frames.h"

#include <algorithm>

#include "floe/base/text.h"

namespace floe::raise {
namespace {

constexpr int kMaxDepth = 100;
constexpr size_t kMaxProblems = 2000;

std::string frame_text(const FrameMap& m, int frame) {
  return frame <= 0 ? "the graph" : cat("frame '", m.frames[size_t(frame)].name, "'");
}

// The edge that closes a loop.
bool is_back_edge(const Node& from, const Node& to) { return is_next_iteration(from) && is_merge(to); }

template <class F>
void each_source(const Node& n, F&& fn) {
  for (const Endpoint& e : n.inputs) fn(e.node);
  for (Node* c : n.controls) fn(c);
}

std::vector<Node*> reachable(const FunctionBody& body) {
  std::vector<Node*> work(body.args), found;
  for (const Endpoint& e : body.results) work.push_back(e.node);
  work.insert(work.end(), body.control_results.begin(), body.control_results.end());
  std::vector<char> seen(body.graph->nodes().size(), 0);
  while (!work.empty()) {
    Node* n = work.back();
    work.pop_back();
    if (seen[size_t(n->id)]) continue;
    seen[size_t(n->id)] = 1;
    found.push_back(n);
    each_source(*n, [&](Node* s) { work.push_back(s); });
  }
  std::sort(found.begin(), found.end(), [](Node* a, Node* b) { return a->id < b->id; });
  return found;
}

// Every node after its sources, loops cut at their back edges.
std::vector<Node*> forward_order(const std::vector<Node*>& nodes, size_t ids) {
  std::vector<int> waiting(ids, 0);
  std::vector<std::vector<Node*>> users(ids);
  std::vector<Node*> order;
  for (Node* n : nodes) {
    each_source(*n, [&](Node* s) {
      if (is_back_edge(*s, *n)) return;
      ++waiting[size_t(n->id)];
      users[size_t(s->id)].push_back(n);
    });
    if (!waiting[size_t(n->id)]) order.push_back(n);
  }
  for (size_t i = 0; i < order.size(); ++i)
    for (Node* u : users[size_t(order[i]->id)])
      if (--waiting[size_t(u->id)] == 0) order.push_back(u);
  if (order.size() == nodes.size()) return order;
  std::string names;
  int count = 0;
  for (Node* n : nodes)
    if (waiting[size_t(n->id)] && ++count <= 8) names += cat(count > 1 ? ", " : "", n->name);
  throw InvalidArgument(cat(
      "The graph has a cycle that is not a loop (no NextIteration closes it); it goes through or leads to ",
      count, " nodes: ", names, count > 8 ? ", ..." : ""));
}

class Finder {
 public:
  explicit Finder(const FunctionBody& body) : body_(body), nodes_(reachable(body)) {}

  FrameMap find() {
    m_.frames.emplace_back();
    m_.of.assign(body_.graph->nodes().size(), -1);
    for (Node* n : forward_order(nodes_, m_.of.size())) m_.of[size_t(n->id)] = place(*n);
    for (Node* n : nodes_) collect(*n);
    if (m_.problems.empty())
      for (Node* n : nodes_) find_variable(*n);
    for (Node* n : nodes_)
      for (const Endpoint& e : n->inputs)
        if (e.index == 1)
          if (auto it = m_.variable_of.find(e.node); it != m_.variable_of.end())
            m_.frames[size_t(it->second.first)].variables[size_t(it->second.second)].index_used = true;
    check_results();
    return std::move(m_);
  }

 private:
  int place(const Node& n) {
    int frame = -1;
    const Node* first = nullptr;
    each_source(n, [&](const Node* s) {
      if (is_back_edge(*s, n) || (is_free_constant(*s) && !is_enter(n))) return;
      int f = m_.of[size_t(s->id)];
      if (frame < 0) {
        frame = f;
        first = s;
      } else if (f != frame && m_.problems.size() < kMaxProblems) {
        m_.problem(&n, f,
                   cat("has inputs from different frames. The input node '", first->name, "' is in ",
                       frame_text(m_, frame), ". The input node '", s->name, "' is in ", frame_text(m_, f)));
      }
    });
    frame = std::max(frame, 0);
    if (is_enter(n)) return enter(n, frame);
    if (!is_exit(n)) return frame;
    if (frame == 0) m_.problem(&n, 0, "leaves a loop that was never entered");
    return std::max(m_.frames[size_t(frame)].parent, 0);
  }

  int enter(const Node& n, int parent) {
    std::string name = n.attrs.get_or<std::string>("frame_name", "");
    auto [it, fresh] = by_name_.emplace(name, int(m_.frames.size()));
    if (fresh) {
      LoopFrame f;
      f.name = name;
      f.parent = parent;
      f.depth = m_.frames[size_t(parent)].depth + 1;
      m_.frames.push_back(std::move(f));
      if (m_.frames.back().depth > kMaxDepth)
        throw InvalidArgument(
            cat(n.op_name, " '", n.name, "': loops are nested more than ", kMaxDepth, " deep"));
    } else if (m_.frames[size_t(it->second)].parent != parent) {
      m_.problem(&n, it->second,
                 cat("enters the frame from ", frame_text(m_, parent), ", others from ",
                     frame_text(m_, m_.frames[size_t(it->second)].parent),
                     "; every loop needs a frame_name of its own"));
    }
    return it->second;
  }

  void collect(Node& n) {
    int f = m_.of[size_t(n.id)];
    size_t want = is_switch(n)                                                            ? 2
                  : is_enter(n) || is_exit(n) || is_next_iteration(n) || n.is("LoopCond") ? 1
                                                                                          : n.inputs.size();
    if (n.inputs.size() != want) m_.problem(&n, f, cat("has ", n.inputs.size(), " inputs, expected ", want));
    m_.frames[size_t(f)].nodes.push_back(&n);
    if (is_enter(n)) m_.frames[size_t(f)].enters.push_back(&n);
    if (n.is("LoopCond")) m_.frames[size_t(f)].conditions.push_back(&n);
    if (is_exit(n) && !n.inputs.empty())
      m_.frames[size_t(m_.of[size_t(n.inputs[0].node->id)])].exits.push_back(&n);
    if (f == 0 && (n.is("LoopCond") || is_next_iteration(n))) m_.problem(&n, 0, "is not inside a loop");
  }

  void find_variable(Node& n) {
    if (!is_merge(n)) return;
    size_t enters = 0, nexts = 0;
    for (const Endpoint& e : n.inputs) {
      enters += is_enter(*e.node);
      nexts += is_next_iteration(*e.node);
    }
    if (!nexts && (enters == 0 || enters != n.inputs.size())) return;
    int f = m_.of[size_t(n.id)];
    if (enters != 1 || nexts != 1 || n.inputs.size() != 2) {
      m_.problem(&n, f,
                 cat("joins ", enters, " Enter and ", nexts, " NextIteration of ", n.inputs.size(),
                     " inputs, a loop variable has one of each"));
      return;
    }
    LoopVariable v;
    v.merge = &n;
    v.enter_index = is_enter(*n.inputs[0].node) ? 0 : 1;
    v.enter = n.inputs[size_t(v.enter_index)].node;
    v.next = n.inputs[size_t(1 - v.enter_index)].node;
    if (m_.of[size_t(v.next->id)] != f) {
      m_.problem(v.next, m_.of[size_t(v.next->id)], cat("feeds '", n.name, "' of ", frame_text(m_, f)));
      return;
    }
    m_.variable_of[&n] = {f, int(m_.frames[size_t(f)].variables.size())};
    m_.frames[size_t(f)].variables.push_back(v);
  }

  void check_results() {
    auto check = [&](const Node* n) {
      int f = m_.of[size_t(n->id)];
      if (f > 0)
        m_.problem(n, f,
                   "has been marked as not fetchable: it is computed once per iteration; fetch what leaves "
                   "the loop");
    };
    for (const Endpoint& e : body_.results) check(e.node);
    for (const Node* n : body_.control_results) check(n);
  }

  const FunctionBody& body_;
  std::vector<Node*> nodes_;
  std::unordered_map<std::string, int> by_name_;
  FrameMap m_;
};

}  // namespace

void FrameMap::set_frame(const Node* n, int frame) {
  if (size_t(n->id) >= of.size()) of.resize(size_t(n->id) + 1, -1);
  of[size_t(n->id)] = frame;
}

void FrameMap::problem(const Node* n, int frame, const std::string& what) {
  if (problems.size() >= kMaxProblems) return;
  problems.push_back(cat(n->op_name, " '", n->name, "'",
                         frame > 0 ? cat(" in frame '", frames[size_t(frame)].name, "'") : std::string(), " ",
                         what));
}

bool is_enter(const Node& n) { return n.is("Enter") || n.is("RefEnter"); }
bool is_exit(const Node& n) { return n.is("Exit") || n.is("RefExit"); }
bool is_merge(const Node& n) { return n.is("Merge") || n.is("RefMerge"); }
bool is_switch(const Node& n) { return n.is("Switch") || n.is("RefSwitch"); }
bool is_next_iteration(const Node& n) { return n.is("NextIteration") || n.is("RefNextIteration"); }
bool is_free_constant(const Node& n) { return n.is("Const") && n.inputs.empty() && n.controls.empty(); }

FrameMap find_frames(const FunctionBody& body) { return Finder(body).find(); }

}  // namespace floe::raise
