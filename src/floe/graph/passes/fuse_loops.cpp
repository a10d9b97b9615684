// Loops that are an LSTM over time become one node.
#include <algorithm>
#include <optional>

#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"
#include "floe/graph/passes/rewrite.h"

namespace floe {
namespace {

std::optional<int64_t> int_scalar(const Endpoint& e) {
  Tensor t = constant_value(e);
  if (!t || t.num_elements() != 1) return std::nullopt;
  if (t.dtype() == DType::kInt32) return t.data<int32_t>()[0];
  if (t.dtype() == DType::kInt64) return t.data<int64_t>()[0];
  return std::nullopt;
}

// The body and condition of a loop, simplified, with what its arguments start from.
struct Loop {
  Node* node = nullptr;
  std::unique_ptr<FunctionBody> cond, body;

  int arg(const Endpoint& e) const { return index_of(body->args, e); }
  static int index_of(const std::vector<Node*>& args, const Endpoint& e) {
    auto it = std::find(args.begin(), args.end(), e.node);
    return it == args.end() ? -1 : int(it - args.begin());
  }
  bool invariant(int i) const { return arg(body->results[size_t(i)]) == i; }
  // A counter: argument i grows by one each time.
  bool counts(int i) const {
    const Node& n = *body->results[size_t(i)].node;
    if (!n.is("AddV2") && !n.is("Add")) return false;
    for (int k = 0; k < 2; ++k)
      if (arg(n.inputs[size_t(k)]) == i && int_scalar(n.inputs[size_t(1 - k)]) == 1) return true;
    return false;
  }
};

std::unique_ptr<FunctionBody> simplified(const FunctionBody& from) {
  auto b = clone(from);
  inline_calls(*b);
  simplify_controls(*b);
  specialize(*b, {});
  simplify(*b);
  return b;
}

// How often the loop runs, when its condition is a conjunction of counter < limit, all known. Otherwise
// nothing.
std::optional<int64_t> trip_count(const Loop& l) {
  std::vector<Endpoint> terms{l.cond->results[0]};
  int64_t count = INT64_MAX;
  for (size_t i = 0; i < terms.size() && i < 16; ++i) {
    const Node& n = *terms[i].node;
    if (n.is("LogicalAnd")) {
      terms.insert(terms.end(), n.inputs.begin(), n.inputs.end());
      continue;
    }
    if (!n.is("Less")) return std::nullopt;
    int counter = Loop::index_of(l.cond->args, n.inputs[0]);
    if (counter < 0 || !l.counts(counter)) return std::nullopt;
    auto start = int_scalar(l.node->inputs[size_t(counter)]);
    auto limit = int_scalar(n.inputs[1]);
    if (!limit)
      if (int a = Loop::index_of(l.cond->args, n.inputs[1]); a >= 0 && l.invariant(a))
        limit = int_scalar(l.node->inputs[size_t(a)]);
    if (!start || !limit) return std::nullopt;
    count = std::min(count, std::max<int64_t>(0, *limit - *start));
  }
  if (count == INT64_MAX) return std::nullopt;
  return count;
}

struct Lstm {
  int h = -1, c = -1, list = -1, time = -1;  // arguments of the body
  int written = -1;                          // argument that is the list of results, or -1
  bool every_step = false;                   // written at each step, or one place over and over
  Tensor kernel, recurrent, bias;
  std::vector<int64_t> gates;
};

// sigmoid(split:k) -> k
int gate_of(const Endpoint& e, const char* activation, const Node* split) {
  return e.node->is(activation) && e.node->inputs[0].node == split ? e.node->inputs[0].index : -1;
}

// gates = x * kernel + h * recurrent + bias in any grouping.
bool match_gates(const Loop& l, Endpoint gates, Lstm& m) {
  std::vector<Endpoint> terms{gates};
  Endpoint input;
  for (size_t i = 0; i < terms.size() && i < 8; ++i) {
    const Node& n = *terms[i].node;
    if (n.is("AddV2") || n.is("Add") || n.is("BiasAdd")) {
      terms.insert(terms.end(), n.inputs.begin(), n.inputs.end());
    } else if (n.is("MatMul") && !n.attrs.get<bool>("transpose_a") && !n.attrs.get<bool>("transpose_b")) {
      Tensor w = float_constant(n.inputs[1]);
      if (!w) return false;
      if (l.arg(n.inputs[0]) == m.h && !m.recurrent)
        m.recurrent = w;
      else if (!m.kernel)
        m.kernel = w, input = n.inputs[0];
      else
        return false;
    } else if (Tensor b = float_constant(terms[i]); b && !m.bias) {
      m.bias = b;
    } else {
      return false;
    }
  }
  if (!m.kernel || !m.recurrent || !input.node->is("TensorListGetItem")) return false;
  int64_t units = m.recurrent.dim(0);
  if (m.recurrent.dim(1) != 4 * units || m.kernel.dim(1) != 4 * units) return false;
  if (!m.bias) {
    m.bias = Tensor(DType::kFloat32, Shape{4 * units});
    std::fill_n(m.bias.mutable_data<float>(), 4 * units, 0.0f);
  }
  if (m.bias.num_elements() != 4 * units) return false;
  m.list = l.arg(input.node->inputs[0]);
  m.time = l.arg(input.node->inputs[1]);
  return m.list >= 0 && m.time >= 0 && l.invariant(m.list) && l.counts(m.time);
}

bool match_lstm(const Loop& l, Lstm& m) {
  const auto& results = l.body->results;
  for (size_t h = 0; h < results.size(); ++h) {
    const Node& out = *results[h].node;
    if (!out.is("Mul") || type_of(results[h]) != DType::kFloat32) continue;
    for (int k = 0; k < 2; ++k) {
      Endpoint gate = out.inputs[size_t(k)], tanh = out.inputs[size_t(1 - k)];
      if (!gate.node->is("Sigmoid") || !tanh.node->is("Tanh")) continue;
      const Node* split = gate.node->inputs[0].node;
      Endpoint cell = tanh.node->inputs[0];
      auto c = std::find(results.begin(), results.end(), cell);
      if (!split->is("Split") || split->num_outputs() != 4 || c == results.end() || !cell.node->is("AddV2"))
        continue;
      m = {};
      m.h = int(h);
      m.c = int(c - results.begin());
      int o = gate.node->inputs[0].index, f = -1, i = -1, g = -1;
      for (const Endpoint& e : cell.node->inputs) {
        if (!e.node->is("Mul")) break;
        for (int j = 0; j < 2; ++j) {
          Endpoint a = e.node->inputs[size_t(j)], b = e.node->inputs[size_t(1 - j)];
          int s = gate_of(a, "Sigmoid", split);
          if (s < 0) continue;
          if (l.arg(b) == m.c)
            f = s;
          else if (int t = gate_of(b, "Tanh", split); t >= 0)
            i = s, g = t;
        }
      }
      auto dim = int_scalar(split->inputs[0]);
      if (f < 0 || i < 0 || g < 0 || !dim || (*dim != 1 && *dim != -1)) continue;
      m.gates = {i, f, g, o};
      if (match_gates(l, split->inputs[1], m)) return true;
    }
  }
  return false;
}

// Every other result of the body must be a counter, an invariant, or the list that h is written to.
bool match_rest(const Loop& l, Lstm& m) {
  for (int r = 0; r < int(l.body->results.size()); ++r) {
    if (r == m.h || r == m.c || l.invariant(r) || l.counts(r)) continue;
    const Node& set = *l.body->results[size_t(r)].node;
    if (!set.is("TensorListSetItem") || m.written >= 0 || l.arg(set.inputs[0]) != r) return false;
    if (!(set.inputs[2] == l.body->results[size_t(m.h)])) return false;
    if (l.arg(set.inputs[1]) == m.time)
      m.every_step = true;
    else if (int_scalar(set.inputs[1]) != 0)
      return false;
    m.written = r;
  }
  return true;
}

class LoopFuser {
 public:
  explicit LoopFuser(FunctionBody& b) : b_(b), g_(*b.graph), uses_(b) {}

  bool run() {
    bool any = false;
    for (Node* n : execution_order(b_)) any = fuse(n) || any;
    if (any) prune(b_);
    return any;
  }

 private:
  bool fuse(Node* n) {
    if (!n->is("While") && !n->is("StatelessWhile")) return false;
    Loop l;
    l.node = n;
    auto cond = g_.library->find(n->attrs.get<FuncRef>("cond")),
         body = g_.library->find(n->attrs.get<FuncRef>("body"));
    if (!cond || !body || cond->args.size() != n->inputs.size() || body->args.size() != n->inputs.size() ||
        body->results.size() != n->inputs.size() || cond->results.size() != 1)
      return false;
    if (has_conditional_dataflow(*body) || has_conditional_dataflow(*cond)) return false;
    l.cond = simplified(*cond);
    l.body = simplified(*body);
    Lstm m;
    if (!match_lstm(l, m) || !match_rest(l, m)) return false;
    auto steps = trip_count(l);
    Node* source = n->inputs[size_t(m.list)].node;
    if (!steps || *steps < 1 || !source->is("TensorListFromTensor")) return false;
    Endpoint x = source->inputs[0];
    if (shape_of(x).rank() != 3 || shape_of(x)[0] != *steps || int_scalar(n->inputs[size_t(m.time)]) != 0)
      return false;
    Endpoint list;
    if (m.written >= 0) {
      list = n->inputs[size_t(m.written)];
      if (!list.node->is("TensorListReserve") ||
          int_scalar(list.node->inputs[1]) != (m.every_step ? *steps : 1))
        return false;
    }
    emit(l, m, *steps, x, list);
    return true;
  }

  Endpoint constant(const std::string& name, const Tensor& t) { return g_.add_constant(name, t)->output(); }

  void emit(const Loop& l, const Lstm& m, int64_t steps, Endpoint x, Endpoint list) {
    Node* n = l.node;
    Node* f =
        g_.add("_FloeLSTM", n->name + "/lstm",
               {x, constant(n->name + "/kernel", m.kernel), constant(n->name + "/recurrent", m.recurrent),
                constant(n->name + "/bias", m.bias.reshaped(Shape{m.bias.num_elements()})),
                n->inputs[size_t(m.h)], n->inputs[size_t(m.c)]},
               {{"gates", m.gates}});
    infer_node(*f);
    uses_.added(f);
    for (int r = 0; r < n->num_outputs(); ++r) {
      Endpoint from = n->output(r);
      if (r == m.h)
        uses_.replace(from, f->output(1));
      else if (r == m.c)
        uses_.replace(from, f->output(2));
      else if (r == m.written)
        replace_list(from, m.every_step ? f->output(0) : f->output(1), m.every_step, list);
      else if (l.invariant(r))
        uses_.replace(from, n->inputs[size_t(r)]);
      else if (uses_.count(from))
        replace_counter(n, r, steps);
    }
    uses_.removed(n);
  }

  void replace_counter(Node* n, int r, int64_t steps) {
    DType t = n->output_types[size_t(r)];
    Node* by = t == DType::kInt32 ? g_.add_constant(n->name + "/steps", Tensor::scalar(int32_t(steps)))
                                  : g_.add_constant(n->name + "/steps", Tensor::scalar(int64_t(steps)));
    Node* sum = g_.add("AddV2", n->name + "/counted", {n->inputs[size_t(r)], by->output()});
    uses_.added(sum);
    uses_.replace(n->output(r), sum->output());
  }

  // Stacking the list is what it was made from; other readers get a list again.
  void replace_list(Endpoint from, Endpoint value, bool every_step, Endpoint list) {
    if (!uses_.count(from)) return;
    if (!every_step) {
      Node* e = g_.add("ExpandDims", value.node->name + "/last",
                       {value, constant(value.node->name + "/axis", Tensor::scalar<int32_t>(0))});
      infer_node(*e, std::vector<Tensor>{Tensor(), Tensor::scalar<int32_t>(0)});
      uses_.added(e);
      value = e->output();
    }
    std::vector<Node*> readers = uses_.of(from);
    for (Node* r : readers)
      if (r->is("TensorListStack")) {
        uses_.removed(r);
        uses_.replace(r->output(), value);
      }
    if (!uses_.count(from)) return;
    Node* again = g_.add("TensorListFromTensor", value.node->name + "/list", {value, list.node->inputs[0]},
                         {{"shape_type", type_of(list.node->inputs[0])}});
    infer_node(*again);
    uses_.added(again);
    uses_.replace(from, again->output());
  }

  FunctionBody& b_;
  Graph& g_;
  Uses uses_;
};

}  // namespace

bool fuse_loops(FunctionBody& b) {
  if (has_conditional_dataflow(b)) return false;
  return LoopFuser(b).run();
}

}  // namespace floe
