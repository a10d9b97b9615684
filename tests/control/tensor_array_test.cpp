// TensorArrays and stacks: values, and the errors that TensorFlow gives in the same place.
#include "loop_testing.h"

namespace floe {
namespace {

struct ArrayGraph {
  Graph g;
  Endpoint handle, flow;

  explicit ArrayGraph(int32_t size, AttrMap attrs = {}) {
    if (!attrs.has("dtype")) attrs.set("dtype", DType::kFloat32);
    attrs.set("tensor_array_name", std::string("array"));
    Node* n = g.add("TensorArrayV3", "array", {constant(g, "size", i32(size))}, attrs);
    handle = {n, 0};
    flow = {n, 1};
  }
  void write(int32_t i, Tensor v) {
    flow = call(g, "TensorArrayWriteV3",
                {handle, constant(g, "i", i32(i)), constant(g, "v", std::move(v)), flow});
  }
  Endpoint read(int32_t i, DType t = DType::kFloat32) {
    Endpoint e = call(g, "TensorArrayReadV3", {handle, constant(g, "i", i32(i)), flow}, "", {{"dtype", t}});
    if (last_) e.node->controls.push_back(last_);
    last_ = e.node;
    return e;
  }
  void scatter(std::vector<int32_t> indices, Tensor v) {
    flow = call(g, "TensorArrayScatterV3",
                {handle, constant(g, "i", Tensor::vec(indices)), constant(g, "v", std::move(v)), flow});
  }
  void split(Tensor v, std::vector<int64_t> lengths) {
    flow = call(g, "TensorArraySplitV3",
                {handle, constant(g, "v", std::move(v)), constant(g, "l", Tensor::vec(lengths)), flow});
  }
  Endpoint gather(std::vector<int32_t> indices, Shape element = Shape::unknown()) {
    return call(g, "TensorArrayGatherV3", {handle, constant(g, "i", Tensor::vec(indices)), flow}, "",
                {{"dtype", DType::kFloat32}, {"element_shape", element}});
  }
  Node* concat(Shape rest = Shape::unknown()) {
    return g.add("TensorArrayConcatV3", "", {handle, flow},
                 {{"dtype", DType::kFloat32}, {"element_shape_except0", rest}});
  }
  Endpoint size() { return call(g, "TensorArraySizeV3", {handle, flow}); }
  std::vector<Tensor> run(const std::vector<Endpoint>& fetches) { return run_graph(g, {}, fetches, {}); }
  std::string error(const Endpoint& fetch) {
    return error_of([&] { run({fetch}); });
  }

 private:
  Node* last_ = nullptr;
};

Tensor row(std::vector<float> v) { return Tensor::vec(v); }
std::vector<float> floats(const Tensor& t) { return {t.flat<float>().begin(), t.flat<float>().end()}; }

TEST(TensorArray, WritesAndReads) {
  ArrayGraph a(2);
  a.write(1, row({1, 2}));
  a.write(0, row({3}));
  auto out = a.run({a.read(1), a.read(0), a.size()});
  EXPECT_EQ(floats(out[0]), (std::vector<float>{1, 2}));
  EXPECT_EQ(floats(out[1]), (std::vector<float>{3}));
  EXPECT_EQ(out[2].item<int32_t>(), 2);
}

TEST(TensorArray, EachRunHasItsOwn) {
  ArrayGraph a(1);
  a.write(0, row({1}));
  auto cache = std::make_shared<CallableCache>();
  Executable e(raised(a.g, {}, {a.read(0)}), cache);
  ResourceManager resources;
  RunState state;
  state.resources = &resources;
  for (int i = 0; i < 3; ++i) {
    std::vector<Tensor> out;
    e.run(state, {}, out);
    EXPECT_EQ(floats(out[0]), (std::vector<float>{1}));
  }
}

TEST(TensorArray, WriteErrors) {
  ArrayGraph a(3);
  a.write(3, row({1}));
  EXPECT_CONTAINS(a.error(a.flow), "Tried to write to index 3 but array is not resizeable and size is: 3");
  ArrayGraph b(3, {{"dynamic_size", true}});
  b.write(-1, row({1}));
  EXPECT_CONTAINS(b.error(b.flow), "Tried to write to index -1");
  ArrayGraph c(3);
  c.write(1, row({1}));
  c.write(1, row({1}));
  EXPECT_CONTAINS(
      c.error(c.flow),
      "TensorArray array: Could not write to TensorArray index 1 because it has already been written to.");
  ArrayGraph d(3);
  d.write(1, Tensor::vec<int32_t>({1}));
  EXPECT_CONTAINS(d.error(d.flow), "but Op is trying to write dtype int32");
  ArrayGraph e(3, {{"element_shape", Shape{3}}});
  e.write(1, row({1}));
  EXPECT_CONTAINS(e.error(e.flow), "incompatible with the TensorArray's inferred element shape: [3]");
  ArrayGraph f(3, {{"identical_element_shapes", true}});
  f.write(0, row({1, 2}));
  f.write(1, row({1}));
  EXPECT_CONTAINS(f.error(f.flow), "inferred element shape: [2]");
}

TEST(TensorArray, ReadErrors) {
  ArrayGraph a(3);
  EXPECT_CONTAINS(a.error(a.read(3)), "Tried to read from index 3 but array size is: 3");
  ArrayGraph b(3);
  EXPECT_CONTAINS(
      b.error(b.read(2)),
      "Could not read from TensorArray index 2.  Furthermore, the element shape is not fully defined");
  ArrayGraph c(3);
  c.write(1, row({1}));
  c.read(1);
  EXPECT_CONTAINS(c.error(c.read(1)), "Could not read index 1 twice because it was cleared");
  ArrayGraph d(3);
  d.write(1, row({1}));
  EXPECT_CONTAINS(d.error(d.read(1, DType::kInt32)), "but Op requested dtype int32");
}

TEST(TensorArray, ReadsTwiceWhenNothingIsCleared) {
  ArrayGraph a(1, {{"clear_after_read", false}});
  a.write(0, row({5}));
  auto out = a.run({a.read(0), a.read(0)});
  EXPECT_EQ(floats(out[1]), (std::vector<float>{5}));
}

TEST(TensorArray, UnwrittenElementsOfKnownShapeAreZeros) {
  ArrayGraph a(2, {{"element_shape", Shape{2}}});
  EXPECT_EQ(floats(a.run({a.read(1)})[0]), (std::vector<float>{0, 0}));
}

TEST(TensorArray, Grows) {
  ArrayGraph a(0, {{"dynamic_size", true}, {"element_shape", Shape{1}}});
  a.write(2, row({7}));
  auto out = a.run({a.size(), a.gather({0, 1, 2})});
  EXPECT_EQ(out[0].item<int32_t>(), 3);
  EXPECT_EQ(floats(out[1]), (std::vector<float>{0, 0, 7}));
}

TEST(TensorArray, SizesAreClaims) {
  ArrayGraph negative(-1);
  EXPECT_CONTAINS(negative.error(negative.flow), "Size should be >= 0.");
  ArrayGraph huge(INT32_MAX);
  EXPECT_CONTAINS(huge.error(huge.flow), "elements were asked for");
  ArrayGraph grown(0, {{"dynamic_size", true}});
  grown.write(INT32_MAX, row({1}));
  EXPECT_CONTAINS(grown.error(grown.flow), "elements were asked for");
}

TEST(TensorArray, Gathers) {
  ArrayGraph a(3, {{"clear_after_read", false}});
  a.write(0, row({1, 2}));
  a.write(1, row({3, 4}));
  auto out = a.run({a.gather({1, 0, 1})});
  EXPECT_EQ(out[0].shape(), (Shape{3, 2}));
  EXPECT_EQ(floats(out[0]), (std::vector<float>{3, 4, 1, 2, 3, 4}));
  a.write(2, row({1}));
  EXPECT_CONTAINS(a.error(a.gather({0, 2})), "Index 0 has shape: [2] but index 1 has shape: [1]");
  EXPECT_CONTAINS(a.error(a.gather({0}, Shape{3})),
                  "TensorArray was passed element_shape [3] which does not match the Tensor at index 0: [2]");
  EXPECT_CONTAINS(a.error(a.gather({})), "TensorArray has size zero, but element shape");
  ArrayGraph empty(0);
  EXPECT_EQ(empty.run({empty.gather({}, Shape{4})})[0].shape(), (Shape{0, 4}));
}

TEST(TensorArray, Scatters) {
  ArrayGraph a(2);
  a.scatter({1, 0}, Tensor::of<float>({2, 2}, {1, 2, 3, 4}));
  EXPECT_EQ(floats(a.run({a.read(0)})[0]), (std::vector<float>{3, 4}));
  ArrayGraph b(2);
  b.scatter({0, 2}, row({1, 2}));
  EXPECT_CONTAINS(b.error(b.flow), "Max scatter index must be < array size (2 vs. 2)");
  ArrayGraph c(2, {{"dynamic_size", true}});
  c.scatter({0, 5}, row({1, 2}));
  auto out = c.run({c.read(5), c.size()});
  EXPECT_EQ(out[0].item<float>(), 2);
  EXPECT_EQ(out[1].item<int32_t>(), 6);
  ArrayGraph d(2);
  d.scatter({0}, row({1, 2}));
  EXPECT_CONTAINS(d.error(d.flow), "Expected len(indices) == values.shape[0], but saw: 1 vs. 2");
}

TEST(TensorArray, Concatenates) {
  ArrayGraph a(3);
  a.write(0, Tensor::of<float>({1, 2}, {1, 2}));
  a.write(1, Tensor::of<float>({0, 2}, {}));
  a.write(2, Tensor::of<float>({2, 2}, {3, 4, 5, 6}));
  Node* c = a.concat();
  auto out = a.run({operand(c, 0), operand(c, 1)});
  EXPECT_EQ(out[0].shape(), (Shape{3, 2}));
  EXPECT_EQ(floats(out[0]), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(out[1].data<int64_t>()[2], 2);
  ArrayGraph b(1);
  b.write(0, f32(1));
  EXPECT_CONTAINS(b.error(operand(b.concat())),
                  "Concat saw a scalar shape at index 0 but requires at least vectors.");
  ArrayGraph d(0);
  EXPECT_CONTAINS(d.error(operand(d.concat())), "TensorArray has size zero, but element_shape_except0");
  ArrayGraph e(0);
  EXPECT_EQ(e.run({operand(e.concat(Shape{2}))})[0].shape(), (Shape{0, 2}));
}

TEST(TensorArray, Splits) {
  ArrayGraph a(2);
  a.split(row({1, 2, 3}), {1, 2});
  EXPECT_EQ(floats(a.run({a.read(1)})[0]), (std::vector<float>{2, 3}));
  ArrayGraph b(2);
  b.split(row({1, 2, 3}), {1, 1});
  EXPECT_CONTAINS(b.error(b.flow), "sum of lengths is 2 and value's shape is: [3]");
  ArrayGraph c(3);
  c.split(row({1, 2, 3}), {1, 2});
  EXPECT_CONTAINS(c.error(c.flow), "TensorArray's size is not equal to the size of lengths (3 vs. 2)");
  ArrayGraph d(2);
  d.split(row({1, 2, 3}), {-1, 4});
  EXPECT_CONTAINS(d.error(d.flow), "found -1");
}

TEST(TensorArray, ClosedArraysAreClosed) {
  ArrayGraph a(1);
  a.write(0, row({1}));
  Node* close = a.g.add("TensorArrayCloseV3", "", {a.handle});
  close->controls.push_back(a.flow.node);
  Endpoint r = a.read(0);
  r.node->controls.push_back(close);
  EXPECT_CONTAINS(a.error(r), "TensorArray array has already been closed.");
}

TEST(TensorArray, GradientsAddUp) {
  ArrayGraph a(2, {{"clear_after_read", false}});
  a.write(0, row({1, 2}));
  a.write(1, row({3}));
  Node* grad =
      a.g.add("TensorArrayGradV3", "grad", {a.handle, a.flow}, {{"source", std::string("gradients")}});
  a.handle = {grad, 0};
  a.flow = {grad, 1};
  a.write(0, row({1, 1}));
  a.write(0, row({1, 3}));
  auto out = a.run({a.read(0), a.read(1)});
  EXPECT_EQ(floats(out[0]), (std::vector<float>{2, 4}));
  EXPECT_EQ(floats(out[1]), (std::vector<float>{0}));
}

TEST(TensorArray, HandlesOfOtherThingsAreRefused) {
  Graph g;
  Endpoint stack = call(g, "StackV2", {constant(g, "n", i32(1))}, "", {{"elem_type", DType::kFloat32}});
  Endpoint read = call(g, "TensorArrayReadV3", {stack, constant(g, "i", i32(0)), constant(g, "f", f32(0))},
                       "read", {{"dtype", DType::kFloat32}});
  EXPECT_CONTAINS(error_of([&] { run_graph(g, {}, {read}, {}); }),
                  "must be the handle of a TensorArray, found Stack");
}

TEST(Stack, PopsInReverse) {
  Graph g;
  Endpoint s = call(g, "StackV2", {constant(g, "n", i32(-1))}, "", {{"elem_type", DType::kFloat32}});
  auto push = [&](float v) { return call(g, "StackPushV2", {s, constant(g, "v", f32(v))}); };
  auto pop = [&] { return call(g, "StackPopV2", {s}, "", {{"elem_type", DType::kFloat32}}); };
  Endpoint a = push(1), b = push(2), c = pop(), d = pop(), e = pop();
  b.node->controls = {a.node};
  c.node->controls = {b.node};
  d.node->controls = {c.node};
  e.node->controls = {d.node};
  auto out = run_graph(g, {}, {c, d}, {});
  EXPECT_EQ(out[0].item<float>(), 2);
  EXPECT_EQ(out[1].item<float>(), 1);
  EXPECT_CONTAINS(error_of([&] { run_graph(g, {}, {e}, {}); }), "is empty when calling Pop()");
}

}  // namespace
}  // namespace floe
