// Every op that Floe has is declared as TensorFlow declares it: tests/goldens/op_defs.json holds TensorFlow's
// words.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "floe/base/text.h"
#include "floe/op/op_def.h"

namespace floe {
namespace {

using Json = nlohmann::json;

const Json& tensorflow() {
  static const Json defs = Json::parse(std::ifstream(FLOE_SOURCE_DIR "/tests/goldens/op_defs.json"));
  return defs;
}

std::string type_text(const std::string& name) {
  DType t = parse_dtype(name);
  return t == DType::kInvalid ? name : dtype_name(t);
}

std::string floe_arg(const ArgDef& a) {
  std::string type = !a.type_list_attr.empty() ? a.type_list_attr + "..."
                     : !a.type_attr.empty()    ? a.type_attr
                                               : std::string(dtype_name(a.type));
  if (!a.number_attr.empty()) type = cat(a.number_attr, "*", type);
  return cat(a.name, ":", a.is_ref ? cat("Ref(", type, ")") : type);
}

std::string floe_args(const std::vector<ArgDef>& args) {
  std::vector<std::string> texts;
  for (const ArgDef& a : args) texts.push_back(floe_arg(a));
  return join(texts, ", ");
}

std::string tensorflow_arg(const std::string& text) {
  size_t colon = text.find(':');
  std::string type = text.substr(colon + 1);
  bool is_ref = type.rfind("Ref(", 0) == 0;
  if (is_ref) type = type.substr(4, type.size() - 5);
  size_t star = type.find('*');
  std::string number = star == type.npos ? "" : type.substr(0, star + 1);
  type = number + type_text(type.substr(number.size()));
  return cat(text.substr(0, colon), ":", is_ref ? cat("Ref(", type, ")") : type);
}

std::string tensorflow_args(const Json& args) {
  std::vector<std::string> texts;
  for (const Json& a : args) texts.push_back(tensorflow_arg(a));
  return join(texts, ", ");
}

AttrValue tensorflow_value(const std::string& type, const Json& v) {
  if (type == "int") return v.get<int64_t>();
  if (type == "float") return float(v.get<double>());
  if (type == "bool") return v.get<bool>();
  if (type == "string") return v.get<std::string>();
  if (type == "type") return parse_dtype(v.get<std::string>());
  if (type == "shape") return v.is_null() ? Shape::unknown() : Shape(v.get<std::vector<int64_t>>());
  if (v.empty()) return std::vector<int64_t>();
  if (type == "list(int)") return v.get<std::vector<int64_t>>();
  if (type == "list(float)") return v.get<std::vector<float>>();
  throw Internal(cat("no default of type ", type, " is expected"));
}

std::string attr_text(const std::string& type, const std::set<std::string>& allowed,
                      std::optional<int64_t> minimum, const AttrValue* fallback) {
  std::string s = type;
  for (const std::string& v : allowed) s += cat(s == type ? " of " : ",", v);
  if (minimum) s += cat(" >= ", *minimum);
  if (fallback) s += cat(" = ", attr_str(*fallback));
  return s;
}

std::map<std::string, std::string> floe_attrs(const OpDef& def) {
  std::map<std::string, std::string> texts;
  for (const AttrDef& a : def.attrs) {
    std::set<std::string> allowed(a.allowed_strings.begin(), a.allowed_strings.end());
    for (DType t : a.allowed_types) allowed.insert(dtype_name(t));
    texts[a.name] = attr_text(a.type, allowed, a.has_minimum ? std::optional(a.minimum) : std::nullopt,
                              a.has_default && a.type != "tensor" ? &a.default_value : nullptr);
  }
  return texts;
}

// The values of defaults that are tensors (the colour of NaN in ImageSummary) are not in the file.
std::map<std::string, std::string> tensorflow_attrs(const Json& attrs) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, a] : attrs.items()) {
    std::string type = a.at("type");
    std::set<std::string> allowed;
    for (const Json& v : a.value("allowed", Json::array()))
      allowed.insert(type.find("type") == type.npos ? v.get<std::string>() : type_text(v));
    std::optional<AttrValue> fallback;
    if (a.contains("default") && type != "tensor") fallback = tensorflow_value(type, a.at("default"));
    texts[name] =
        attr_text(type, allowed, a.contains("min") ? std::optional(a.at("min").get<int64_t>()) : std::nullopt,
                  fallback ? &*fallback : nullptr);
  }
  return texts;
}

template <class F>
int for_each_shared_op(F f) {
  int n = 0;
  for (const std::string& name : op_names()) {
    auto it = tensorflow().find(name);
    if (it == tensorflow().end()) continue;
    ++n;
    f(get_op(name), *it);
  }
  return n;
}

// Ops whose names start with an underscore are internal: ours, and those of TensorFlow that our passes
// extend.
TEST(Declarations, TensorFlowHasThem) {
  for (const std::string& name : op_names()) {
    if (name[0] == '_') continue;
    EXPECT_TRUE(tensorflow().contains(name))
        << name << ": add it to scripts/op_names.txt, run scripts/make_op_defs.py";
  }
}

TEST(Declarations, InputsAndOutputs) {
  int n = for_each_shared_op([](const OpDef& def, const Json& tf) {
    EXPECT_EQ(floe_args(def.inputs), tensorflow_args(tf.at("in"))) << "inputs of " << def.name;
    EXPECT_EQ(floe_args(def.outputs), tensorflow_args(tf.at("out"))) << "outputs of " << def.name;
  });
  EXPECT_GT(n, 400);
}

TEST(Declarations, Attributes) {
  for_each_shared_op([](const OpDef& def, const Json& tf) {
    auto have = floe_attrs(def), want = tensorflow_attrs(tf.at("attrs"));
    for (const auto& [name, text] : want) {
      ASSERT_TRUE(have.count(name)) << def.name << " lacks the attribute " << name << ": " << text;
      EXPECT_EQ(have[name], text) << "attribute " << name << " of " << def.name;
    }
    for (const auto& [name, text] : have)
      EXPECT_TRUE(want.count(name)) << def.name << " has the attribute " << name << ", TensorFlow's has not";
  });
}

bool takes_ref(const OpDef& def) {
  return std::any_of(def.inputs.begin(), def.inputs.end(), [](const ArgDef& a) { return a.is_ref; });
}

// What TensorFlow counts as stateful must not be folded or dropped. TensorFlow leaves the mark out where a
// reference or a file says it, and where nothing is computed; we set it.
TEST(Declarations, State) {
  const std::set<std::string> ours{"Abort", "NoOp", "ReadFile"};
  for_each_shared_op([&](const OpDef& def, const Json& tf) {
    if (takes_ref(def) || ours.count(def.name))
      EXPECT_FALSE(tf.value("stateful", false) && !def.stateful) << def.name;
    else
      EXPECT_EQ(def.stateful, tf.value("stateful", false)) << def.name;
  });
}

}  // namespace
}  // namespace floe
