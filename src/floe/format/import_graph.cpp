#include "floe/format/import_graph.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include "floe/base/text.h"
#include "floe/format/attr_proto.h"
#include "floe/format/schema.h"

namespace floe {
namespace {

constexpr int kMaxOutputIndex = 1 << 20;

struct InputRef {
  std::string_view node;
  std::string_view output;  // name of an output, in function bodies
  int index = 0;
  bool control = false;
};

int parse_index(std::string_view s, std::string_view whole, std::string_view node) {
  int v = -1;
  auto r = std::from_chars(s.data(), s.data() + s.size(), v);
  if (r.ec != std::errc() || r.ptr != s.data() + s.size() || v < 0 || v > kMaxOutputIndex)
    throw InvalidArgument(
        cat("Node '", node, "': input '", whole, "' is not of the form 'node' or 'node:index'"));
  return v;
}

InputRef parse_input(std::string_view s, std::string_view node, bool in_function) {
  InputRef r;
  if (!s.empty() && s[0] == '^') {
    r.control = true;
    r.node = s.substr(1);
    return r;
  }
  size_t colon = s.find(':');
  r.node = s.substr(0, colon);
  if (colon == s.npos) return r;
  std::string_view rest = s.substr(colon + 1);
  size_t second = in_function ? rest.find(':') : rest.npos;
  if (in_function && second != rest.npos) {
    r.output = rest.substr(0, second);
    rest = rest.substr(second + 1);
  } else if (in_function && !rest.empty() && (rest[0] < '0' || rest[0] > '9')) {
    r.output = rest;
    return r;
  }
  r.index = parse_index(rest, s, node);
  return r;
}

// Position of the first tensor of output argument `name`, or -1.
int output_start(const Node& n, std::string_view name) {
  int at = 0;
  for (const ArgDef& a : n.op->outputs) {
    if (a.name == name) return at;
    if (!a.type_list_attr.empty())
      at += int(n.attrs.get<std::vector<DType>>(a.type_list_attr).size());
    else
      at += a.number_attr.empty() ? 1 : int(n.attrs.get<int64_t>(a.number_attr));
  }
  return -1;
}

class Importer {
 public:
  Importer(Graph& g, MessagePtr graph_def, const AttrMap* bindings, bool in_function)
      : g_(g), def_(std::move(graph_def)), bindings_(bindings), in_function_(in_function) {}

  // `names` are the names already in the graph (function arguments) by the name inputs use.
  void add_nodes(const Message& holder, const char* field, std::unordered_map<std::string, Node*>& names) {
    size_t count = holder.size(field);
    std::vector<std::pair<Node*, const Message*>> added;
    added.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      const Message& nd = holder.get_message(field, i);
      std::string name(nd.get_string("name"));
      if (name.empty())
        throw InvalidArgument(cat("Node ", i, " (op '", nd.get_string("op"), "') has no name"));
      if (names.count(name))
        throw InvalidArgument(cat("Node '", name, "' is not unique: the graph has two nodes of this name"));
      Node* n = make_node(nd, name);
      names[name] = n;
      added.emplace_back(n, &nd);
    }
    std::vector<Missing> missing;
    for (auto& [n, nd] : added) connect(*n, *nd, names, missing);
    if (!missing.empty()) {
      std::string text =
          cat("Node '", missing[0].user->name, "': Unknown input node '", missing[0].name,
              "'. The graph refers to ", missing.size() == 1 ? "a node" : "nodes", " that it does not hold:");
      for (size_t i = 0; i < missing.size() && i < 10; ++i) text += "\n  " + describe(missing[i], names);
      if (missing.size() > 10) text += cat("\n  and ", missing.size() - 10, " more");
      throw InvalidArgument(text);
    }
    for (auto& [n, nd] : added) check_inputs(*n);
  }

  Endpoint resolve(const InputRef& r, const std::unordered_map<std::string, Node*>& names,
                   std::string_view user) {
    auto it = names.find(std::string(r.node));
    if (it == names.end()) return {};
    Node* from = it->second;
    int index = r.index;
    if (!r.output.empty() && from->op) {
      int start = output_start(*from, r.output);
      if (start < 0)
        throw InvalidArgument(cat("Node '", user, "': node '", from->name, "' (", from->op_name,
                                  ") has no output '", r.output, "'"));
      index += start;
    }
    if (!from->op) {
      while (int(from->output_types.size()) <= index) from->output_types.push_back(DType::kInvalid);
    } else if (index >= from->num_outputs()) {
      throw InvalidArgument(cat("Node '", user, "': Connecting to invalid output ", index, " of source node ",
                                from->name, " which has ", from->num_outputs(), " outputs (", from->op_name,
                                ")"));
    }
    return {from, index};
  }

 private:
  struct Missing {
    std::string_view name;
    const Node* user;
  };

  Node* make_node(const Message& nd, const std::string& name) {
    std::string op_name(nd.get_string("op"));
    try {
      AttrMap attrs = attrs_from_proto(nd, "attr", bindings_);
      if (g_.library && g_.library->has(op_name) && !find_op(op_name))
        return make_call(nd, name, op_name, attrs);
      const OpDef* op = find_op(op_name);
      if (!op) {
        Node* n = g_.add_unknown(op_name, name, std::move(attrs));
        n->device = std::string(nd.get_string("device"));
        return n;
      }
      Node* n = g_.add(*op, name, {}, normalize_attrs(*op, std::move(attrs), name));
      n->device = std::string(nd.get_string("device"));
      if (op_name == "Const") check_constant(*n);
      return n;
    } catch (const Error& e) {
      std::string what = e.what();
      if (what.find(cat("'", name, "'")) != what.npos) throw;
      throw_error(e.code(), cat("Node '", name, "' (", op_name, "): ", what));
    }
  }

  static void check_constant(Node& n) {
    const Tensor& v = n.attrs.get<Tensor>("value");
    DType t = n.attrs.get<DType>("dtype");
    if (v.dtype() != t)
      throw InvalidArgument(cat("dtype is ", dtype_name(t), ", but its value holds ", dtype_name(v.dtype())));
    n.output_shapes = {v.shape()};
  }

  // A node whose op is a function of the library is a call.
  Node* make_call(const Message& nd, const std::string& name, const std::string& fn, const AttrMap& attrs) {
    FuncRef ref{fn, std::make_shared<AttrMap>(attrs)};
    auto body = g_.library->find(ref);
    std::vector<DType> in, out;
    for (Node* a : body->args) in.push_back(a->output_types[0]);
    for (const Endpoint& e : body->results) out.push_back(e.node->output_types[size_t(e.index)]);
    AttrMap call{{"Tin", in}, {"Tout", out}, {"f", ref}};
    const OpDef& op = get_op("StatefulPartitionedCall");
    Node* n = g_.add(op, name, {}, normalize_attrs(op, std::move(call), name));
    n->device = std::string(nd.get_string("device"));
    return n;
  }

  void connect(Node& n, const Message& nd, const std::unordered_map<std::string, Node*>& names,
               std::vector<Missing>& missing) {
    size_t count = nd.size("input");
    for (size_t i = 0; i < count; ++i) {
      InputRef r = parse_input(nd.get_string("input", i), n.name, in_function_);
      if (r.control) {
        auto it = names.find(std::string(r.node));
        if (it == names.end())
          missing.push_back({r.node, &n});
        else if (std::find(n.controls.begin(), n.controls.end(), it->second) == n.controls.end())
          n.controls.push_back(it->second);
        continue;
      }
      Endpoint e = resolve(r, names, n.name);
      if (!e)
        missing.push_back({r.node, &n});
      else
        n.inputs.push_back(e);
    }
  }

  static std::string describe(const Missing& m, const std::unordered_map<std::string, Node*>& names) {
    std::string hint;
    if (names.size() < 5000) {
      std::vector<std::string> all;
      for (auto& [k, v] : names) all.push_back(k);
      hint = did_you_mean(m.name, all);
    }
    return cat("'", m.name, "', an input of node '", m.user->name, "' (", m.user->op_name, ").", hint);
  }

  static std::string names_of(const std::vector<DType>& types) {
    std::string s;
    for (size_t i = 0; i < types.size() && i < 20; ++i) s += cat(i ? ", " : "", dtype_name(types[i]));
    return types.size() > 20 ? s + ", ..." : s;
  }

  static void check_inputs(const Node& n) {
    if (!n.op) return;
    std::vector<DType> want = arg_types(*n.op, n.op->inputs, n.attrs, n.name);
    if (want.size() != n.inputs.size())
      throw InvalidArgument(cat("NodeDef expected inputs '", names_of(want), "' do not match ",
                                n.inputs.size(), " inputs specified: ", n.op_name, " '", n.name, "' takes ",
                                want.size(), "\n  ", op_signature(*n.op)));
    for (size_t i = 0; i < want.size(); ++i) {
      DType have = n.inputs[i].node->output_types[size_t(n.inputs[i].index)];
      if (have != want[i] && have != DType::kInvalid)
        throw InvalidArgument(cat("Input ", i, " of node ", n.name, " was passed ", dtype_name(have),
                                  " from ", n.inputs[i].node->name, ":", n.inputs[i].index,
                                  " incompatible with expected ", dtype_name(want[i]), " (", n.op_name, " '",
                                  n.name, "')"));
    }
  }

  Graph& g_;
  MessagePtr def_;
  const AttrMap* bindings_;
  bool in_function_;
};

std::shared_ptr<const FunctionBody> import_function(const MessagePtr& graph_def, const Message& fn,
                                                    const FuncRef& ref,
                                                    const std::shared_ptr<FunctionLibrary>& library) {
  const Message& sig = fn.get_message("signature");
  auto body = std::make_shared<FunctionBody>();
  body->name = std::string(sig.get_string("name"));
  body->graph = std::make_unique<Graph>();
  Graph& g = *body->graph;
  g.library = library;
  AttrMap bindings = attrs_from_proto(fn, "attr");
  if (ref.attrs)
    for (auto& [k, v] : *ref.attrs) bindings.set(k, v);
  body->attrs = bindings;
  try {
    std::unordered_map<std::string, Node*> names;
    // Arguments: each entry of the signature may stand for several tensors.
    std::map<std::string, std::vector<Node*>> lists;
    auto types_of = [&](const Message& a) {
      std::vector<DType> types;
      if (auto list = a.get_string("type_list_attr"); !list.empty())
        return bindings.get<std::vector<DType>>(list);
      DType t = a.get_string("type_attr").empty() ? DType(a.get_int("type") % 100)
                                                  : bindings.get<DType>(a.get_string("type_attr"));
      int64_t n =
          a.get_string("number_attr").empty() ? 1 : bindings.get<int64_t>(a.get_string("number_attr"));
      if (n < 0 || n > kMaxOutputIndex)
        throw InvalidArgument("an argument has an impossible number of tensors");
      return std::vector<DType>(size_t(n), t);
    };
    for (size_t i = 0; i < sig.size("input_arg"); ++i) {
      const Message& a = sig.get_message("input_arg", i);
      std::string name(a.get_string("name"));
      if (names.count(name)) throw InvalidArgument(cat("argument '", name, "' appears twice"));
      for (DType t : types_of(a)) {
        AttrMap attrs{{"T", t}, {"index", int64_t(body->args.size())}};
        const Message* arg_attrs = fn.find_map_message("arg_attr", MapKey(int64_t(body->args.size())));
        Node* n = g.add(get_op("_Arg"), name, {}, attrs);
        n->output_shapes = {Shape::unknown()};
        if (arg_attrs)
          if (const Message* s = arg_attrs->find_map_message("attr", "_output_shapes"))
            if (s->get_message("list").size("shape") == 1)
              n->output_shapes = {shape_from_proto(s->get_message("list").get_message("shape", 0))};
        body->args.push_back(n);
        body->input_names.push_back(name);
        lists[name].push_back(n);
        names.emplace(name, n);
      }
    }
    Importer importer(g, graph_def, &bindings, true);
    importer.add_nodes(fn, "node_def", names);
    for (size_t i = 0; i < sig.size("output_arg"); ++i) {
      const Message& a = sig.get_message("output_arg", i);
      std::string name(a.get_string("name"));
      if (!fn.map_has("ret", name)) throw InvalidArgument(cat("output '", name, "' has no value"));
      std::string ret(std::get<std::string_view>((fn.map_get("ret", name))));
      InputRef r = parse_input(ret, name, true);
      size_t n = types_of(a).size();
      for (size_t k = 0; k < n; ++k) {
        InputRef rk = r;
        rk.index += int(k);
        Endpoint e;
        if (auto it = lists.find(std::string(r.node));
            it != lists.end() && size_t(rk.index) < it->second.size())
          e = {it->second[size_t(rk.index)], 0};
        else
          e = importer.resolve(rk, names, name);
        if (!e)
          throw InvalidArgument(cat("output '", name, "' refers to '", r.node, "', which does not exist"));
        body->results.push_back(e);
        body->output_names.push_back(name);
      }
    }
    for (size_t i = 0; i < fn.size("control_ret"); ++i) {
      std::string target(std::get<std::string_view>((fn.map_get_at("control_ret", i))));
      auto it = names.find(target);
      if (it == names.end()) throw InvalidArgument(cat("control output '", target, "' does not exist"));
      body->control_results.push_back(it->second);
    }
  } catch (const Error& e) {
    throw_error(e.code(), cat("Function '", body->name, "': ", e.what()));
  }
  return body;
}

}  // namespace

std::unique_ptr<Graph> import_graph(const MessagePtr& def) {
  auto g = std::make_unique<Graph>();
  g->library = std::make_shared<FunctionLibrary>();
  const Message& lib = def->get_message("library");
  for (size_t i = 0; i < lib.size("function"); ++i) {
    const Message* fn = &lib.get_message("function", i);
    std::string name(fn->get_message("signature").get_string("name"));
    if (g->library->has(name))
      throw InvalidArgument(cat("Function '", name, "' is defined twice in the library"));
    std::weak_ptr<FunctionLibrary> weak = g->library;
    // A body that (directly or not) needs itself while it is being built would recurse for ever.
    auto building = std::make_shared<bool>(false);
    g->library->add_lazy(name, [def, fn, weak, building](const FuncRef& ref) {
      if (*building) throw InvalidArgument(cat("Function '", ref.name, "' calls itself"));
      *building = true;
      struct Done {
        bool& b;
        ~Done() { b = false; }
      } done{*building};
      return import_function(def, *fn, ref, weak.lock());
    });
  }
  std::unordered_map<std::string, Node*> names;
  Importer(*g, def, nullptr, false).add_nodes(*def, "node", names);
  return g;
}

}  // namespace floe
