// TensorList ops, called one after the other as TensorFlow was (lists.txt, made by make_lists.py).
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "floe/base/text.h"
#include "floe/op/kernel.h"
#include "floe/ops/control/tensor_list.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

Shape read_shape(const std::string& word) {
  Shape s;
  for (const std::string& d : split(word.substr(1, word.size() - 2), ','))
    if (!d.empty()) s.push_back(std::stoll(d));
  return s;
}

Tensor read_tensor(std::istringstream& line) {
  std::string type, dims, word;
  line >> type >> dims;
  Tensor t(parse_dtype(type), read_shape(dims));
  dispatch(Types<float, int32_t, int64_t, std::string>{}, t.dtype(), [&]<class T>() {
    for (T& x : t.mutable_flat<T>()) {
      line >> word;
      if constexpr (std::is_same_v<T, std::string>)
        x = word == "\"\"" ? "" : word;
      else
        x = T(std::stod(word));
    }
  });
  return t;
}

struct Call {
  int line = 0;
  std::string scenario, op, error;
  AttrMap attrs;
  std::vector<std::string> inputs, outputs;
};

std::vector<Call> read_calls() {
  std::ifstream file(std::string(FLOE_TEST_DIR) + "/lists.txt");
  std::vector<Call> calls;
  std::string text, scenario;
  for (int line = 1; std::getline(file, text); ++line) {
    std::string kind = text.substr(0, text.find(' ')), rest = text.substr(text.find(' ') + 1);
    if (kind == "scenario") {
      scenario = rest;
    } else if (kind == "call") {
      calls.push_back({});
      calls.back().line = line;
      calls.back().op = rest;
      calls.back().scenario = scenario;
    } else if (kind == "in") {
      calls.back().inputs.push_back(rest);
    } else if (kind == "out") {
      calls.back().outputs.push_back(rest);
    } else if (kind == "error") {
      calls.back().error = rest;
    } else if (kind == "attr") {
      std::istringstream words(rest);
      std::string name, type, value;
      words >> name >> type >> value;
      AttrValue v = int64_t(0);
      if (type == "type") v = parse_dtype(value);
      if (type == "int") v = int64_t(std::stoll(value));
      if (type == "bool") v = value == "1";
      if (type == "shape") v = read_shape(value);
      calls.back().attrs.set(name, v);
    }
  }
  return calls;
}

std::vector<Tensor> run(const std::string& op, std::vector<Tensor> inputs, AttrMap attrs) {
  ResourceManager resources;
  RunState state;
  state.resources = &resources;
  return invoke(get_op(op), std::move(inputs), std::move(attrs), state);
}

TEST(Lists, AnswerAsTensorFlow) {
  std::map<std::string, Tensor> registers;
  std::vector<Call> calls = read_calls();
  ASSERT_GT(calls.size(), 150u);
  for (const Call& call : calls) {
    SCOPED_TRACE(cat("lists.txt:", call.line, " ", call.scenario, " ", call.op));
    std::vector<Tensor> inputs;
    for (const std::string& text : call.inputs) {
      std::istringstream line(text);
      inputs.push_back(text[0] == '$' ? registers[text] : read_tensor(line));
      ASSERT_TRUE(inputs.back()) << text << " is missing";
    }
    std::vector<Tensor> outputs;
    try {
      outputs = run(call.op, inputs, call.attrs);
    } catch (const Error& e) {
      EXPECT_FALSE(call.error.empty()) << e.what();
      EXPECT_NE(std::string(e.what()).find(call.error), std::string::npos)
          << e.what() << "\nexpected: " << call.error;
      EXPECT_NE(std::string(e.what()).find(call.op), std::string::npos) << e.what();
      continue;
    }
    EXPECT_EQ(call.error, "") << "no error";
    ASSERT_EQ(outputs.size(), call.outputs.size());
    for (size_t i = 0; i < call.outputs.size(); ++i) {
      if (call.outputs[i][0] == '$') {
        registers[call.outputs[i]] = outputs[i];
        continue;
      }
      std::istringstream line(call.outputs[i]);
      Tensor want = read_tensor(line);
      EXPECT_EQ(outputs[i].str(), want.str());
      EXPECT_EQ(outputs[i].dtype(), want.dtype());
    }
  }
}

// Runs one list op on slots it may take over, as a plan does.
Tensor run_taking(const std::string& op, std::vector<Tensor> slots, AttrMap attrs) {
  const OpDef& def = get_op(op);
  std::vector<DType> types;
  for (const Tensor& t : slots) types.push_back(t.dtype());
  infer_type_attrs(def, types, attrs);
  attrs = normalize_attrs(def, attrs);
  KernelFn fn = make_kernel(KernelInit(def, attrs, ""));
  int n = int(slots.size());
  std::vector<int> index(slots.size() + 1);
  for (int i = 0; i <= n; ++i) index[size_t(i)] = i;
  slots.emplace_back();
  ResourceManager resources;
  RunState state;
  state.resources = &resources;
  std::string node;
  KernelContext c(state, slots.data(), index.data(), n, index.data() + n, 1, &def, &node);
  c.set_take_mask(~uint64_t(0));
  fn(c);
  return slots.back();
}

TEST(Lists, SetItemChangesAListNobodyElseHolds) {
  Tensor list = run("TensorListReserve", {Tensor::vec<int32_t>({2}), Tensor::scalar<int32_t>(3)},
                    {{"element_dtype", DType::kFloat32}})[0];
  const Object* object = list.item<ObjectPtr>().get();
  for (int32_t i = 0; i < 3; ++i) {
    std::vector<Tensor> slots(3);
    slots[0] = std::move(list);
    slots[1] = Tensor::scalar(i);
    slots[2] = Tensor::vec<float>({float(i), 1});
    list = run_taking("TensorListSetItem", std::move(slots), {});
    EXPECT_EQ(list.item<ObjectPtr>().get(), object) << "copied at " << i;
  }
  Tensor held = list;
  Tensor changed =
      run_taking("TensorListSetItem", {list, Tensor::scalar<int32_t>(0), Tensor::vec<float>({8, 8})}, {});
  EXPECT_NE(changed.item<ObjectPtr>().get(), object);
  EXPECT_EQ(as_list(held.item<ObjectPtr>())->at(0).values_str(), "[0. 1.]");
  EXPECT_EQ(as_list(changed.item<ObjectPtr>())->at(0).values_str(), "[8. 8.]");
}

TEST(Lists, DeepNestingIsFreedWithoutRecursion) {
  Tensor list = list_handle(std::make_shared<TensorList>(DType::kVariant, Shape{}));
  for (int i = 0; i < 300000; ++i) {
    auto outer = std::make_shared<TensorList>(DType::kVariant, Shape{});
    outer->push_back(std::move(list));
    list = list_handle(std::move(outer));
  }
  EXPECT_EQ(as_list(list.item<ObjectPtr>())->size(), 1);
  list = Tensor();
}

TEST(Lists, HugeSizesDoNotCost) {
  AttrMap attrs{{"element_dtype", DType::kFloat32}};
  Tensor list =
      run("TensorListReserve", {Tensor::scalar<int32_t>(-1), Tensor::scalar<int32_t>(INT32_MAX)}, attrs)[0];
  EXPECT_EQ(run("TensorListLength", {list}, {})[0].item<int32_t>(), INT32_MAX);
  EXPECT_THROW(run("TensorListStack", {list, Tensor::vec<int32_t>({1 << 30, 1 << 30})}, attrs), Error);
  EXPECT_THROW(
      run("TensorListSetItem", {list, Tensor::scalar<int32_t>(INT32_MAX - 1), Tensor::scalar(1.0f)}, {}),
      ResourceExhausted);
}

}  // namespace
}  // namespace floe
