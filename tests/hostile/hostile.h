// Graphs that nobody should hand over, made message by message, and what comes of running them.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "floe/error.h"
#include "floe/format/attr_proto.h"
#include "floe/format/message.h"
#include "floe/format/program_impl.h"
#include "floe/format/schema.h"
#include "floe/format/tensor_proto.h"

namespace floe::hostile {

inline constexpr DType kFloat = DType::kFloat32;
inline constexpr DType kInt = DType::kInt32;
inline constexpr DType kLong = DType::kInt64;

using Names = std::vector<std::string>;

/// Adds NodeDefs to a graph ("node") or to a function ("node_def").
class NodeMaker {
 public:
  NodeMaker(Message& holder, const char* field) : holder_(holder), field_(field) {}

  Message& node(const std::string& name, const std::string& op, const Names& inputs = {},
                const AttrMap& attrs = {}) {
    Message& n = holder_.add_message(field_);
    n.set_string("name", name);
    n.set_string("op", op);
    for (const std::string& i : inputs) n.add_string("input", i);
    for (auto& [k, v] : attrs) attr_to_proto(v, n.map_message("attr", k));
    return n;
  }
  Message& placeholder(const std::string& name, DType t = kFloat, const Shape& shape = Shape::unknown()) {
    return node(name, "Placeholder", {}, {{"dtype", t}, {"shape", shape}});
  }
  Message& constant(const std::string& name, const Tensor& value) {
    return node(name, "Const", {}, {{"dtype", value.dtype()}, {"value", value}});
  }
  Message& ints(const std::string& name, const std::vector<int32_t>& v) {
    return constant(name, Tensor::vec<int32_t>(v));
  }
  Message& scalar(const std::string& name, int32_t v) { return constant(name, Tensor::scalar<int32_t>(v)); }
  /// A node with one type attribute "T".
  Message& plain(const std::string& name, const std::string& op, const Names& inputs, DType t = kFloat) {
    return node(name, op, inputs, {{"T", t}});
  }
  Message& call(const std::string& name, const std::string& function, const std::string& input,
                const std::string& op = "PartitionedCall", DType t = kFloat) {
    return node(
        name, op, {input},
        {{"Tin", std::vector<DType>{t}}, {"Tout", std::vector<DType>{t}}, {"f", FuncRef{function, nullptr}}});
  }
  Message& branch(const std::string& name, const std::string& cond, const std::string& input,
                  const std::string& then_branch, const std::string& else_branch, DType t = kFloat) {
    return node(name, "If", {cond, input},
                {{"Tcond", DType::kBool},
                 {"Tin", std::vector<DType>{t}},
                 {"Tout", std::vector<DType>{t}},
                 {"then_branch", FuncRef{then_branch, nullptr}},
                 {"else_branch", FuncRef{else_branch, nullptr}}});
  }
  Message& loop(const std::string& name, const std::string& input, const std::string& cond,
                const std::string& body, DType t = kFloat) {
    return node(
        name, "While", {input},
        {{"T", std::vector<DType>{t}}, {"cond", FuncRef{cond, nullptr}}, {"body", FuncRef{body, nullptr}}});
  }

 private:
  Message& holder_;
  const char* field_;
};

struct Arg {
  std::string name;
  DType type = kFloat;
};

class GraphMaker : public NodeMaker {
 public:
  GraphMaker() : GraphMaker(Message::make(schema::GraphDef)) {}

  /// A function; `results` pairs each output with where it comes from ("node:output:0").
  Message& function(const std::string& name, const std::vector<Arg>& args,
                    const std::vector<std::pair<Arg, std::string>>& results,
                    const std::function<void(NodeMaker&)>& nodes) {
    Message& f = def_->mutable_message("library").add_message("function");
    Message& signature = f.mutable_message("signature");
    signature.set_string("name", name);
    for (const Arg& a : args) {
      Message& arg = signature.add_message("input_arg");
      arg.set_string("name", a.name);
      arg.set_int("type", int(a.type));
    }
    for (auto& [r, from] : results) {
      Message& out = signature.add_message("output_arg");
      out.set_string("name", r.name);
      out.set_int("type", int(r.type));
      f.map_set("ret", r.name, from);
    }
    NodeMaker maker(f, "node_def");
    nodes(maker);
    return f;
  }
  /// A function of one tensor of type `t`.
  Message& function(const std::string& name, const std::string& result,
                    const std::function<void(NodeMaker&)>& nodes, DType t = kFloat) {
    return function(name, {{"a", t}}, {{{"r", t}, result}}, nodes);
  }

  Message& def() { return *def_; }
  std::string bytes() const { return def_->serialize(); }

 private:
  explicit GraphMaker(MessagePtr def) : NodeMaker(*def, "node"), def_(std::move(def)) {}
  MessagePtr def_;
};

/// What came of an attempt: an error, or values.
struct Outcome {
  bool failed = false;
  Code code = Code::kUnknown;
  std::string text;
  std::vector<Tensor> values;

  std::string str() const {
    if (failed) return std::string(code_name(code)) + ": " + text;
    std::string s = "values:";
    for (const Tensor& t : values) s += " " + t.shape().str() + " " + t.values_str(20);
    return s;
  }
};

inline Outcome attempt(const std::function<std::vector<Tensor>()>& f) {
  Outcome o;
  try {
    o.values = f();
  } catch (const Error& e) {
    o.failed = true;
    o.code = e.code();
    o.text = e.what();
  }
  return o;
}

inline Outcome run_bytes(const std::string& bytes, std::vector<Tensor> inputs = {},
                         const Names& outputs = {"y"}, const Names& feeds = {}) {
  return attempt(
      [&] { return Program::from_memory(bytes, "hostile.pb").function(feeds, outputs)(std::move(inputs)); });
}

/// Feeds the placeholders, fetches `outputs`.
inline Outcome run(const GraphMaker& g, std::vector<Tensor> inputs = {}, const Names& outputs = {"y"},
                   const Names& feeds = {}) {
  return run_bytes(g.bytes(), std::move(inputs), outputs, feeds);
}

/// As run, but cancelled after a while, for what would never end.
inline Outcome run_interrupted(const GraphMaker& g, std::vector<Tensor> inputs,
                               const Names& outputs = {"y"}) {
  return attempt([&] {
    Function f = Program::from_memory(g.bytes(), "hostile.pb").function({}, outputs);
    std::atomic<bool> cancelled{false};
    std::thread timer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      cancelled = true;
    });
    struct Join {
      std::thread& t;
      ~Join() { t.join(); }
    } join{timer};
    return f.impl()->call(std::move(inputs), &cancelled);
  });
}

inline Tensor floats(const std::vector<float>& v) { return Tensor::vec<float>(v); }

/// One error of class `code` whose text holds every one of `parts`, and is short enough to be read.
inline void expect_error(const Outcome& o, Code code, const Names& parts) {
  ASSERT_TRUE(o.failed) << "no error, " << o.str();
  EXPECT_EQ(code_name(o.code), std::string(code_name(code))) << o.str();
  for (const std::string& p : parts)
    EXPECT_NE(o.text.find(p), std::string::npos) << "'" << p << "' is not in: " << o.str();
  EXPECT_LT(o.text.size(), 1500u) << o.str();
}

inline void expect_values(const Outcome& o, const std::vector<float>& want) {
  ASSERT_FALSE(o.failed) << o.str();
  ASSERT_EQ(o.values.size(), 1u);
  ASSERT_EQ(o.values[0].dtype(), kFloat);
  auto have = o.values[0].flat<float>();
  EXPECT_EQ(std::vector<float>(have.begin(), have.end()), want) << o.str();
}

#define EXPECT_REFUSED(OUTCOME, CODE, ...)                                       \
  do {                                                                           \
    SCOPED_TRACE(#OUTCOME);                                                      \
    ::floe::hostile::expect_error((OUTCOME), ::floe::Code::CODE, {__VA_ARGS__}); \
  } while (0)

#define EXPECT_FLOATS(OUTCOME, ...)                           \
  do {                                                        \
    SCOPED_TRACE(#OUTCOME);                                   \
    ::floe::hostile::expect_values((OUTCOME), {__VA_ARGS__}); \
  } while (0)

}  // namespace floe::hostile
