// Sizes that are negative, contradictory or larger than any machine.
#include "hostile.h"

namespace floe::hostile {
namespace {

constexpr int64_t kHuge = int64_t(1) << 40;

TEST(HostileSizes, PlaceholderShape) {
  GraphMaker g;
  Message& n = g.placeholder("x", kFloat, Shape{1});
  n.map_message("attr", "shape").mutable_message("shape").mutable_message("dim", 0).set_int("size", -2);
  g.plain("y", "Neg", {"x"});
  EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "'x'", "-2");
  n.map_message("attr", "shape")
      .mutable_message("shape")
      .mutable_message("dim", 0)
      .set_int("size", INT64_MAX);
  EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "Cannot feed value of shape (1,)");
  for (int i = 0; i < 8; ++i)
    n.map_message("attr", "shape").mutable_message("shape").add_message("dim").set_int("size", INT64_MAX);
  EXPECT_TRUE(run(g, {floats({1})}).failed);
}

// Each sizes `y` from constants and, where the op allows it, from an input that is known at run time only.
struct Sized {
  std::string name;
  Code code;
  Names parts;
  std::function<void(GraphMaker&)> make;
  std::vector<Tensor> inputs = {};
};

void dims(GraphMaker& g, const std::string& name, const std::vector<int64_t>& v) {
  g.constant(name, Tensor::vec<int64_t>(v));
}
void one(GraphMaker& g) { g.constant("v", Tensor::scalar(1.0f)); }

std::vector<Sized> cases() {
  std::vector<Sized> v;
  auto add = [&](std::string name, Code code, Names parts, std::function<void(GraphMaker&)> make,
                 std::vector<Tensor> inputs = {}) {
    v.push_back({std::move(name), code, std::move(parts), std::move(make), std::move(inputs)});
  };
  const Code bad = Code::kInvalidArgument, memory = Code::kResourceExhausted;
  const AttrMap fill{{"T", kFloat}, {"index_type", kLong}};
  auto fills = [&](std::string name, Code code, std::vector<int64_t> d) {
    add("Fill_" + name, code, {"Fill 'y'"}, [=](GraphMaker& g) {
      dims(g, "d", d);
      one(g);
      g.node("y", "Fill", {"d", "v"}, fill);
    });
    add("Fill_fed_" + name, code, {"Fill 'y'"},
        [=](GraphMaker& g) {
          g.placeholder("d", kLong);
          one(g);
          g.node("y", "Fill", {"d", "v"}, fill);
        },
        {Tensor::vec<int64_t>(d)});
  };
  fills("negative", bad, {2, -3});
  fills("least", bad, {INT64_MIN});
  fills("terabytes", memory, {kHuge});
  fills("overflow", bad, {kHuge, kHuge});
  fills("most", bad, {INT64_MAX, INT64_MAX, INT64_MAX});
  fills("bytes_wrap", memory, {int64_t(1) << 62});
  fills("bytes_almost_wrap", memory, {(int64_t(1) << 62) - 1});

  auto range = [&](std::string name, Code code, Names parts, int64_t from, int64_t to, int64_t step) {
    add("Range_" + name, code, parts, [=](GraphMaker& g) {
      g.constant("a", Tensor::scalar<int64_t>(from));
      g.constant("b", Tensor::scalar<int64_t>(to));
      g.constant("s", Tensor::scalar<int64_t>(step));
      g.node("y", "Range", {"a", "b", "s"}, {{"Tidx", kLong}});
    });
  };
  range("no_step", bad, {"'y'", "Requires delta != 0"}, 0, 5, 0);
  range("backwards", bad, {"'y'", "Requires start <= limit when delta > 0"}, 5, 0, 1);
  range("terabytes", memory, {"'y'"}, 0, kHuge, 1);
  range("everything", bad, {"'y'"}, INT64_MIN, INT64_MAX, 1);
  add("Range_nan", bad, {"'y'"}, [](GraphMaker& g) {
    g.constant("a", Tensor::scalar(0.0f));
    g.constant("b", Tensor::scalar(NAN));
    g.constant("s", Tensor::scalar(1.0f));
    g.node("y", "Range", {"a", "b", "s"}, {{"Tidx", kFloat}});
  });
  add("Range_infinite", bad, {"'y'"}, [](GraphMaker& g) {
    g.constant("a", Tensor::scalar(0.0f));
    g.constant("b", Tensor::scalar(INFINITY));
    g.constant("s", Tensor::scalar(1.0f));
    g.node("y", "Range", {"a", "b", "s"}, {{"Tidx", kFloat}});
  });
  add("Range_tiny_step", bad, {"'y'"}, [](GraphMaker& g) {
    g.constant("a", Tensor::scalar(0.0f));
    g.constant("b", Tensor::scalar(1e30f));
    g.constant("s", Tensor::scalar(1e-30f));
    g.node("y", "Range", {"a", "b", "s"}, {{"Tidx", kFloat}});
  });

  auto on_vector = [&](std::string op, std::string name, Code code, std::vector<int64_t> second,
                       AttrMap attrs) {
    add(op + "_" + name, code, {op + " 'y'"}, [=](GraphMaker& g) {
      g.constant("x", floats({1, 2}));
      dims(g, "d", second);
      g.node("y", op, {"x", "d"}, attrs);
    });
    add(op + "_fed_" + name, code, {op + " 'y'"},
        [=](GraphMaker& g) {
          g.placeholder("x");
          g.placeholder("d", kLong);
          g.node("y", op, {"x", "d"}, attrs);
        },
        {floats({1, 2}), Tensor::vec<int64_t>(second)});
  };
  const AttrMap tile{{"T", kFloat}, {"Tmultiples", kLong}}, cast{{"T", kFloat}, {"Tidx", kLong}},
      reshape{{"T", kFloat}, {"Tshape", kLong}};
  on_vector("Tile", "negative", bad, {-1}, tile);
  on_vector("Tile", "terabytes", memory, {kHuge}, tile);
  on_vector("Tile", "most", bad, {INT64_MAX}, tile);
  on_vector("Tile", "rank", bad, {1, 1}, tile);
  on_vector("BroadcastTo", "negative", bad, {-4, 2}, cast);
  on_vector("BroadcastTo", "terabytes", memory, {kHuge, 2}, cast);
  on_vector("BroadcastTo", "most", bad, {INT64_MAX, 2}, cast);
  on_vector("BroadcastTo", "misfit", bad, {3}, cast);
  on_vector("Reshape", "misfit", bad, {3}, reshape);
  on_vector("Reshape", "two_unknown", bad, {-1, -1}, reshape);
  on_vector("Reshape", "negative", bad, {-2}, reshape);
  on_vector("Reshape", "least", bad, {INT64_MIN, 1}, reshape);
  on_vector("Reshape", "overflow", bad, {kHuge, kHuge}, reshape);
  // 2^32 * 2^32 wraps to 0, and 2^63 * 2 + 2 to 2.
  on_vector("Reshape", "wraps", bad, {int64_t(1) << 32, int64_t(1) << 32}, reshape);
  on_vector("Reshape", "unknown_beside_zero", bad, {-1, 0}, reshape);

  auto pad = [&](std::string name, Code code, std::vector<int64_t> p) {
    add("Pad_" + name, code, {"Pad 'y'"}, [=](GraphMaker& g) {
      g.constant("x", floats({1, 2}));
      g.constant("p", Tensor::of<int64_t>({int64_t(p.size()) / 2, 2}, p));
      g.node("y", "Pad", {"x", "p"}, {{"T", kFloat}, {"Tpaddings", kLong}});
    });
    add("MirrorPad_" + name, code == memory ? bad : code, {"MirrorPad 'y'"}, [=](GraphMaker& g) {
      g.constant("x", floats({1, 2}));
      g.constant("p", Tensor::of<int64_t>({int64_t(p.size()) / 2, 2}, p));
      g.node("y", "MirrorPad", {"x", "p"}, {{"T", kFloat}, {"Tpaddings", kLong}, {"mode", "REFLECT"}});
    });
  };
  pad("negative", bad, {-1, 0});
  pad("terabytes", memory, {kHuge, 0});
  pad("most", bad, {INT64_MAX, INT64_MAX});
  pad("rank", bad, {0, 0, 0, 0});

  auto conv = [&](std::string name, std::vector<int64_t> strides, std::vector<int64_t> dilations,
                  Shape filter, Names more = {}) {
    Names parts{"Conv2D 'y'"};
    parts.insert(parts.end(), more.begin(), more.end());
    add("Conv2D_" + name, bad, parts,
        [=](GraphMaker& g) {
          g.placeholder("x", kFloat);
          Tensor w(kFloat, filter);
          for (float& f : w.mutable_flat<float>()) f = 1;
          g.constant("w", w);
          g.node("y", "Conv2D", {"x", "w"},
                 {{"T", kFloat}, {"strides", strides}, {"padding", "VALID"}, {"dilations", dilations}});
        },
        {Tensor::of<float>({1, 2, 2, 1}, {1, 2, 3, 4})});
  };
  conv("zero_stride", {1, 0, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1});
  conv("negative_stride", {1, -1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1});
  conv("huge_stride_in_the_batch", {INT64_MAX, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1});
  conv("no_strides", {}, {1, 1, 1, 1}, {1, 1, 1, 1});
  conv("zero_dilation", {1, 1, 1, 1}, {1, 0, 1, 1}, {1, 1, 1, 1});
  conv("negative_dilation", {1, 1, 1, 1}, {1, 1, -7, 1}, {1, 1, 1, 1});
  conv("huge_dilation", {1, 1, 1, 1}, {1, INT64_MAX, INT64_MAX, 1}, {2, 2, 1, 1});
  conv("short_dilations", {1, 1, 1, 1}, {1, 1}, {1, 1, 1, 1});
  conv("channels", {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 3, 1});
  conv("no_channels", {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 0, 1});
  conv("rank", {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1});
  conv("filter_too_large", {1, 1, 1, 1}, {1, 1, 1, 1}, {5, 5, 1, 1});

  auto pool = [&](std::string name, std::vector<int64_t> ksize, std::vector<int64_t> strides) {
    add("MaxPool_" + name, bad, {"MaxPool", "'y'"},
        [=](GraphMaker& g) {
          g.placeholder("x");
          g.node("y", "MaxPool", {"x"},
                 {{"T", kFloat}, {"ksize", ksize}, {"strides", strides}, {"padding", "SAME"}});
        },
        {Tensor::of<float>({1, 2, 2, 1}, {1, 2, 3, 4})});
  };
  pool("zero_window", {1, 0, 2, 1}, {1, 1, 1, 1});
  pool("negative_window", {1, -2, 2, 1}, {1, 1, 1, 1});
  pool("zero_stride", {1, 2, 2, 1}, {1, 0, 1, 1});
  pool("no_window", {}, {1, 1, 1, 1});

  auto resize = [&](std::string name, Code code, std::vector<int32_t> size, Shape image = {1, 2, 2, 1}) {
    for (std::string op : {"ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic"})
      add(op + "_" + name, code, {op + " 'y'"},
          [=](GraphMaker& g) {
            g.placeholder("x");
            g.ints("s", size);
            g.node("y", op, {"x", "s"}, {{"T", kFloat}});
          },
          {Tensor(kFloat, image)});
  };
  resize("negative", bad, {-2, 2});
  resize("zero", bad, {0, 2});
  resize("terabytes", memory, {1 << 20, 1 << 20});
  resize("most", memory, {1 << 22, 1 << 22});
  resize("three_sizes", bad, {2, 2, 2});
  resize("empty_image", bad, {2, 2}, {1, 0, 2, 1});
  resize("rank", bad, {2, 2}, {2, 2});

  auto one_hot = [&](std::string name, Code code, int32_t depth, int64_t axis = -1) {
    add("OneHot_" + name, code, {"OneHot 'y'"},
        [=](GraphMaker& g) {
          g.placeholder("x", kInt);
          g.scalar("d", depth);
          g.constant("on", Tensor::scalar(1.0f));
          g.constant("off", Tensor::scalar(0.0f));
          g.node("y", "OneHot", {"x", "d", "on", "off"}, {{"T", kFloat}, {"TI", kInt}, {"axis", axis}});
        },
        {Tensor(kInt, {1 << 14})});
  };
  one_hot("negative", bad, -1);
  one_hot("terabytes", memory, INT32_MAX);
  one_hot("axis", bad, 3, 7);
  one_hot("negative_axis", bad, 3, INT64_MIN);

  auto lin_space = [&](std::string name, Code code, int64_t num) {
    add("LinSpace_" + name, code, {"LinSpace 'y'"}, [=](GraphMaker& g) {
      g.constant("a", Tensor::scalar(0.0f));
      g.constant("b", Tensor::scalar(1.0f));
      g.constant("n", Tensor::scalar<int64_t>(num));
      g.node("y", "LinSpace", {"a", "b", "n"}, {{"T", kFloat}, {"Tidx", kLong}});
    });
  };
  lin_space("none", bad, 0);
  lin_space("negative", bad, -5);
  lin_space("terabytes", memory, kHuge);

  auto space = [&](std::string name, std::vector<int64_t> block, std::vector<int64_t> paddings) {
    add("SpaceToBatchND_" + name, bad, {"SpaceToBatchND 'y'"},
        [=](GraphMaker& g) {
          g.placeholder("x");
          dims(g, "b", block);
          g.constant("p", Tensor::of<int64_t>({int64_t(paddings.size()) / 2, 2}, paddings));
          g.node("y", "SpaceToBatchND", {"x", "b", "p"},
                 {{"T", kFloat}, {"Tblock_shape", kLong}, {"Tpaddings", kLong}});
        },
        {Tensor::of<float>({1, 4, 1}, {1, 2, 3, 4})});
    add("BatchToSpaceND_" + name, bad, {"BatchToSpaceND 'y'"},
        [=](GraphMaker& g) {
          g.placeholder("x");
          dims(g, "b", block);
          g.constant("p", Tensor::of<int64_t>({int64_t(paddings.size()) / 2, 2}, paddings));
          g.node("y", "BatchToSpaceND", {"x", "b", "p"},
                 {{"T", kFloat}, {"Tblock_shape", kLong}, {"Tcrops", kLong}});
        },
        {Tensor::of<float>({4, 1, 1}, {1, 2, 3, 4})});
  };
  space("zero_block", {0}, {0, 0});
  space("negative_block", {-2}, {0, 0});
  space("misfit", {3}, {0, 0});
  space("negative_padding", {2}, {-2, 0});
  space("huge_block", {INT64_MAX}, {0, 0});
  space("too_many_blocks", {2, 2, 2}, {0, 0, 0, 0, 0, 0});
  space("huge_padding", {2}, {INT64_MAX, INT64_MAX});

  auto slice = [&](std::string name, std::vector<int64_t> b, std::vector<int64_t> e, std::vector<int64_t> s,
                   int64_t new_axis = 0, int64_t shrink = 0) {
    add("StridedSlice_" + name, bad, {"StridedSlice 'y'"},
        [=](GraphMaker& g) {
          g.placeholder("x");
          dims(g, "b", b);
          dims(g, "e", e);
          dims(g, "s", s);
          g.node(
              "y", "StridedSlice", {"x", "b", "e", "s"},
              {{"T", kFloat}, {"Index", kLong}, {"new_axis_mask", new_axis}, {"shrink_axis_mask", shrink}});
        },
        {floats({1, 2, 3})});
  };
  slice("zero_stride", {0}, {1}, {0});
  slice("too_many", {0, 0}, {1, 1}, {1, 1});
  slice("lengths", {0}, {1, 1}, {1});
  slice("index", {7}, {8}, {1}, 0, 1);
  slice("least", {INT64_MIN}, {INT64_MIN + 1}, {1}, 0, 1);
  slice("shrunk_backwards", {0}, {1}, {-1}, 0, 1);

  auto plain_slice = [&](std::string name, int64_t begin, int64_t size) {
    add("Slice_" + name, bad, {"Slice 'y'"},
        [=](GraphMaker& g) {
          g.placeholder("x");
          dims(g, "b", {begin});
          dims(g, "s", {size});
          g.node("y", "Slice", {"x", "b", "s"}, {{"T", kFloat}, {"Index", kLong}});
        },
        {floats({1, 2, 3})});
  };
  plain_slice("negative", -1, 1);
  plain_slice("beyond", 4, -1);
  plain_slice("too_large", 1, 3);
  plain_slice("most", INT64_MAX, INT64_MAX);
  plain_slice("wraps", 2, INT64_MAX);

  auto depth = [&](std::string op, int64_t block) {
    add(op + "_" + std::to_string(block), bad, {op, "'y'"},
        [=](GraphMaker& g) {
          g.placeholder("x");
          g.node("y", op, {"x"}, {{"T", kFloat}, {"block_size", block}});
        },
        {Tensor(kFloat, {1, 2, 2, 4})});
  };
  for (std::string op : {"DepthToSpace", "SpaceToDepth"})
    for (int64_t block : {int64_t(0), int64_t(-2), int64_t(3), INT64_MAX, int64_t(1) << 32}) depth(op, block);

  add("RandomUniform_terabytes", memory, {"RandomUniform 'y'"}, [](GraphMaker& g) {
    dims(g, "d", {kHuge});
    g.node("y", "RandomUniform", {"d"}, {{"T", kLong}, {"dtype", kFloat}});
  });
  add("RandomUniform_negative", bad, {"RandomUniform 'y'"}, [](GraphMaker& g) {
    dims(g, "d", {-1});
    g.node("y", "RandomUniform", {"d"}, {{"T", kLong}, {"dtype", kFloat}});
  });
  add("MatrixDiag_product", memory, {"BatchMatMulV2 'y'"},
      [](GraphMaker& g) {
        g.placeholder("x");
        g.node("y", "BatchMatMulV2", {"x", "x"}, {{"T", kFloat}, {"adj_y", true}});
      },
      {Tensor(kFloat, {1 << 20, 1})});
  add("Outer_sum", memory, {"'y"},
      [](GraphMaker& g) {
        g.placeholder("a");
        g.placeholder("b");
        g.plain("y", "AddV2", {"a", "b"});
      },
      {Tensor(kFloat, {1 << 20, 1}), Tensor(kFloat, {1, 1 << 20})});
  add("ImmutableProduct", bad, {"'y'"}, [](GraphMaker& g) {
    g.ints("d", {1 << 30, 1 << 30, 1 << 30});
    g.node("y", "Empty", {"d"}, {{"dtype", kFloat}});
  });
  add("Bincount_most", memory, {"Bincount 'y'"}, [](GraphMaker& g) {
    g.ints("x", {1});
    g.scalar("n", INT32_MAX);
    g.constant("w", Tensor(kFloat, {0}));
    g.node("y", "Bincount", {"x", "n", "w"}, {{"T", kFloat}});
  });
  return v;
}

TEST(HostileSums, SizesWhoseSumDoesNotFit) {
  GraphMaker g;
  g.placeholder("v");
  dims(g, "d", {int64_t(1) << 60});
  Names outputs;
  for (int i = 0; i < 5; ++i) {
    outputs.push_back("f" + std::to_string(i));
    g.node(outputs.back(), "Fill", {"d", "v"}, {{"T", kFloat}, {"index_type", kLong}});
    g.plain("n" + std::to_string(i), "Exp", {outputs.back()});
    outputs.back() = "n" + std::to_string(i);
  }
  EXPECT_REFUSED(run(g, {Tensor::scalar(1.0f)}, outputs), kResourceExhausted, "hostile.pb", "'");
}

class HostileSizes : public testing::TestWithParam<Sized> {};

TEST_P(HostileSizes, IsRefused) {
  const Sized& s = GetParam();
  GraphMaker g;
  s.make(g);
  Outcome o = run(g, s.inputs);
  expect_error(o, s.code, s.parts);
  if (s.code == Code::kResourceExhausted) expect_error(o, s.code, {"hostile.pb"});
}

INSTANTIATE_TEST_SUITE_P(All, HostileSizes, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<Sized>& i) {
                           std::string name = i.param.name;
                           for (char& c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

}  // namespace
}  // namespace floe::hostile
