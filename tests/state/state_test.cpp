// Tables, variables and printing, where a golden of one op alone cannot tell. The values are TensorFlow's.
#include <gtest/gtest.h>

#include <filesystem>

#include "floe/base/file.h"
#include "floe/op/kernel.h"
#include "floe/ops/state/print.h"
#include "floe/ops/state/variable.h"

namespace floe {
namespace {

class StateTest : public testing::Test {
 protected:
  StateTest() { state_.resources = &resources_; }

  std::vector<Tensor> run(const char* op, std::vector<Tensor> inputs, AttrMap attrs = {},
                          const char* node = "") {
    return invoke(get_op(op), std::move(inputs), std::move(attrs), state_, node);
  }
  Tensor table(const char* op, DType keys, DType values, const char* node = "") {
    return run(op, {}, {{"key_dtype", keys}, {"value_dtype", values}}, node)[0];
  }
  template <class F>
  std::string error(F&& f) {
    try {
      f();
      return "no error";
    } catch (const Error& e) {
      return e.what();
    }
  }
  bool says(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

  ResourceManager resources_;
  RunState state_;
};

Tensor words(const std::vector<std::string>& v) { return Tensor::vec(v); }
Tensor longs(const std::vector<int64_t>& v) { return Tensor::vec(v); }
Tensor one(int64_t v) { return Tensor::scalar(v); }

TEST_F(StateTest, FixedTable) {
  Tensor t = table("HashTableV2", DType::kString, DType::kInt64);
  EXPECT_EQ(run("LookupTableSizeV2", {t})[0].item<int64_t>(), 0);
  EXPECT_TRUE(
      says(error([&] { run("LookupTableFindV2", {t, words({"a"}), one(0)}); }), "Table not initialized."));
  EXPECT_TRUE(says(error([&] { run("InitializeTableV2", {t, words({"a", "a"}), longs({1, 2})}); }),
                   "HashTable has different value for same key. Key a has 1 and trying to add value 2"));
  run("InitializeTableV2", {t, words({"a", "b", "a"}), longs({1, 2, 1})});
  run("InitializeTableV2", {t, words({"b", "a"}), longs({2, 1})});
  EXPECT_TRUE(
      says(error([&] { run("InitializeTableV2", {t, words({"c"}), longs({3})}); }), "different data"));
  Tensor found = run("LookupTableFindV2", {t, words({"b", "x", "a"}).reshaped({3, 1}), one(-1)})[0];
  EXPECT_EQ(found.shape().str(), "[3,1]");
  EXPECT_EQ(found.reshaped({3}).values_str(), longs({2, -1, 1}).values_str());
  EXPECT_EQ(run("LookupTableSizeV2", {t})[0].item<int64_t>(), 2);
  EXPECT_TRUE(says(error([&] { run("LookupTableFindV2", {t, longs({1}), one(0)}); }), "Signature mismatch"));
  EXPECT_TRUE(says(error([&] { run("LookupTableInsertV2", {t, words({"q"}), longs({1})}); }),
                   "Insert not supported"));
}

TEST_F(StateTest, NamedTablesAreShared) {
  Tensor t = table("HashTable", DType::kInt64, DType::kString, "table");
  EXPECT_EQ(t.num_elements(), 2);
  run("InitializeTable", {t, longs({5}), words({"five"})});
  Tensor again = table("HashTable", DType::kInt64, DType::kString, "table");
  EXPECT_EQ(run("LookupTableFind", {again, longs({5, 6}), Tensor::scalar("?")})[0].values_str(),
            words({"five", "?"}).values_str());
  EXPECT_TRUE(says(error([&] { table("HashTableV2", DType::kInt32, DType::kString, "table"); }),
                   "Conflicting key/value dtypes"));
}

TEST_F(StateTest, MutableTable) {
  Tensor t = table("MutableHashTableV2", DType::kString, DType::kInt64);
  run("LookupTableInsertV2", {t, words({"a", "b", "a"}), longs({1, 2, 3})});
  EXPECT_EQ(run("LookupTableFindV2", {t, words({"a", "c"}), longs({9, 8})})[0].values_str(),
            longs({3, 8}).values_str());
  EXPECT_TRUE(says(error([&] { run("LookupTableFindV2", {t, words({"a", "c"}), longs({9, 8, 7})}); }),
                   "Expected shape [] or [2] for default value, got [3]"));
  run("LookupTableRemoveV2", {t, words({"a", "z"})});
  auto all = run("LookupTableExportV2", {t}, {{"Tkeys", DType::kString}, {"Tvalues", DType::kInt64}});
  EXPECT_EQ(all[0].values_str(), words({"b"}).values_str());
  EXPECT_EQ(all[1].values_str(), longs({2}).values_str());
  run("LookupTableInsertV2", {t, words({"n", "m"}), longs({5, 6})});
  EXPECT_EQ(run("LookupTableFindV2", {t, words({"b", "n", "m"}), one(0)})[0].values_str(),
            longs({2, 5, 6}).values_str());
  run("LookupTableImportV2", {t, words({"q"}), longs({4})});
  EXPECT_EQ(run("LookupTableSizeV2", {t})[0].item<int64_t>(), 1);
  EXPECT_TRUE(says(error([&] { run("LookupTableInsertV2", {t, words({"q", "r"}), longs({4})}); }),
                   "Expected shape [2] for value, got [1]"));
}

TEST_F(StateTest, TableFromFile) {
  std::string path = (std::filesystem::temp_directory_path() / "floe_state_test.txt").string();
  auto fill = [&](const char* text, int64_t key, int64_t value, AttrMap attrs = {},
                  DType keys = DType::kString) {
    write_file(path, text);
    Tensor t = table("HashTableV2", keys, DType::kInt64);
    attrs.set("key_index", key);
    attrs.set("value_index", value);
    run("InitializeTableFromTextFileV2", {t, Tensor::scalar(path)}, attrs);
    return t;
  };
  auto find = [&](const Tensor& t, std::vector<std::string> keys) {
    return run("LookupTableFindV2", {t, words(keys), one(-9)})[0].values_str();
  };
  const char* text = "a\t1\nb\t2\r\nc\t3\n";
  EXPECT_EQ(find(fill(text, 0, 1), {"a", "c", "q"}), longs({1, 3, -9}).values_str());
  EXPECT_EQ(find(fill(text, -2, -1), {"a\t1", "b\t2"}), longs({0, 1}).values_str());
  EXPECT_EQ(find(fill(text, 0, 1, {{"vocab_size", int64_t(2)}}), {"a", "c"}), longs({1, -9}).values_str());
  EXPECT_EQ(find(fill("a,5", 0, 1, {{"delimiter", std::string(",")}}), {"a"}), longs({5}).values_str());
  EXPECT_TRUE(says(error([&] { fill(text, 0, 1, {{"vocab_size", int64_t(9)}}); }), "expected 9 but got 3"));
  EXPECT_TRUE(says(error([&] { fill(text, 0, 2); }), "expected at least 3 got 2"));
  EXPECT_TRUE(says(error([&] { fill(text, 1, 0); }), "Field a in line 0 is not a valid int64."));
  EXPECT_TRUE(
      says(error([&] { fill(text, -1, 1); }), "line number requires table key dtype of int64, got string"));
  EXPECT_TRUE(says(error([&] { fill("a\t1\n\nb\t2\n", 0, 1); }), "empty line found at position 5."));
  std::filesystem::remove(path);
}

TEST_F(StateTest, Variables) {
  AttrMap attrs{{"dtype", DType::kFloat32}, {"shape", Shape{2, 2}}};
  Tensor h = run("VarHandleOp", {}, attrs, "v")[0];
  auto read = [&] { return run("ReadVariableOp", {h}, {{"dtype", DType::kFloat32}})[0]; };
  EXPECT_FALSE(run("VarIsInitializedOp", {h})[0].item<bool>());
  EXPECT_TRUE(says(error(read), "Could not find variable v."));
  run("AssignVariableOp", {h, Tensor::of<float>({2, 2}, {1, 2, 3, 4})});
  Tensor before = read();
  run("AssignAddVariableOp", {h, Tensor::of<float>({2, 2}, {1, 1, 1, 1})});
  EXPECT_EQ(before.data<float>()[0], 1) << "a value that was read must not change";
  EXPECT_EQ(read().data<float>()[3], 5);
  run("AssignSubVariableOp", {h, read()});
  EXPECT_EQ(read().data<float>()[3], 0);
  run("ResourceScatterUpdate", {h, Tensor::vec<int32_t>({1}), Tensor::of<float>({1, 2}, {7, 8})});
  run("ResourceScatterAdd", {h, Tensor::vec<int32_t>({1, 1}), Tensor::scalar(1.0f)});
  AttrMap type{{"dtype", DType::kFloat32}};
  EXPECT_EQ(run("ResourceGather", {h, Tensor::vec<int32_t>({1})}, type)[0].values_str(),
            Tensor::of<float>({1, 2}, {9, 10}).values_str());
  EXPECT_EQ(run("ResourceGatherNd", {h, Tensor::of<int32_t>({1, 2}, {1, 1})}, type)[0].item<float>(), 10);
  EXPECT_EQ(run("VariableShape", {h})[0].values_str(), Tensor::vec<int32_t>({2, 2}).values_str());
  EXPECT_TRUE(says(error([&] { run("ResourceGather", {h, Tensor::vec<int32_t>({0, 5})}, type); }),
                   "indices[1] = 5 is not in [0, 2)"));
  EXPECT_TRUE(says(error([&] { run("AssignVariableOp", {h, Tensor::vec<float>({1})}); }), "of shape [2,2]"));
  EXPECT_EQ(run("ReadVariableOp", {run("VarHandleOp", {}, attrs, "v")[0]}, type)[0].data<float>()[2], 9);
  run("DestroyResourceOp", {h});
  EXPECT_FALSE(run("VarIsInitializedOp", {h})[0].item<bool>());
  Tensor t = table("HashTableV2", DType::kString, DType::kInt64);
  EXPECT_TRUE(
      says(error([&] { run("ReadVariableOp", {t}, type); }), "must hold a Variable, found a HashTable"));
}

TEST_F(StateTest, ReferencesNeedAGraph) {
  AttrMap attrs{{"dtype", DType::kFloat32}, {"shape", Shape{2}}};
  EXPECT_TRUE(says(error([&] { run("VariableV2", {}, attrs, "w"); }), "exists only inside of a graph"));
  Tensor t = Tensor::vec<float>({3, 4});
  EXPECT_TRUE(says(error([&] { run("Assign", {t, t}); }), "must come from one"));
}

TEST_F(StateTest, GeneratorsGoOn) {
  AttrMap attrs{{"seed", int64_t(1)}, {"seed2", int64_t(2)}, {"dtype", DType::kFloat32}};
  auto draw = [&] { return run("RandomUniform", {Tensor::vec<int32_t>({3})}, attrs, "u")[0].values_str(); };
  std::string first = draw(), second = draw();
  EXPECT_NE(first, second);
  ResourceManager fresh;
  state_.resources = &fresh;
  EXPECT_EQ(draw(), first);
}

TEST_F(StateTest, Print) {
  std::string text;
  set_print_sink([&](std::string_view stream, std::string_view t) {
    text += std::string(stream) + ": " + std::string(t);
  });
  run("PrintV2", {Tensor::scalar("hello")});
  Tensor x = run("Print", {Tensor::scalar(2.5f), Tensor::vec<int32_t>({1, 2, 3, 4})},
                 {{"message", std::string("m ")}})[0];
  set_print_sink({});
  EXPECT_EQ(x.item<float>(), 2.5f);
  EXPECT_EQ(text, "stderr: hello\nstderr: m [1 2 3...]\n");
  EXPECT_TRUE(
      says(error([&] { run("PrintV2", {Tensor::scalar("x")}, {{"output_stream", std::string("nowhere")}}); }),
           "Unknown output stream: nowhere"));
}

}  // namespace
}  // namespace floe
