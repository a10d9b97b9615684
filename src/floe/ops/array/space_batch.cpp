// Blocks of space moved into the batch dimension and back, or into the channels and back.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

using Ints = std::vector<int64_t>;

// Copies between a tensor whose space is whole and one whose batch holds the blocks' elements. `shift` is the
// padding in front of (or the crop from) every spatial dimension.
void move_blocks(KernelContext& c, const Ints& block, const Ints& shift, bool to_batch) {
  const Tensor& in = c.input(0);
  Tensor& out = c.output(0);
  if (to_batch) zero_elements(out.dtype(), out.mutable_raw(), out.num_elements());
  if (in.num_elements() == 0 || out.num_elements() == 0) return;
  const Shape &space = to_batch ? in.shape() : out.shape(), &split = to_batch ? out.shape() : in.shape();
  Ints space_step = element_strides(space), split_step = element_strides(split),
       dims(space.begin(), space.end());
  Ints space_strides = space_step;
  size_t m = block.size();
  int64_t blocks = 1;
  for (size_t d = 0; d < m; ++d) {
    blocks *= block[d];
    space_strides[d + 1] *= block[d];
  }
  for (int64_t b = 0; b < blocks; ++b) {
    int64_t rest = b, space_at = 0, split_at = b * space[0] * split_step[0];
    for (size_t d = m; d-- > 0;) {
      int64_t offset = rest % block[d] - shift[d], n = space[int(d) + 1];
      rest /= block[d];
      int64_t first = offset < 0 ? (-offset + block[d] - 1) / block[d] : 0;
      int64_t end = n > offset ? std::min((n - offset + block[d] - 1) / block[d], split[int(d) + 1]) : 0;
      dims[d + 1] = std::max<int64_t>(end - first, 0);
      space_at += (first * block[d] + offset) * space_step[d + 1];
      split_at += first * split_step[d + 1];
    }
    if (std::find(dims.begin(), dims.end(), 0) != dims.end()) continue;
    if (to_batch)
      copy_strided(c.threads(), in.dtype(), dims, element_at(out, split_at), split_step,
                   element_at(in, space_at), space_strides);
    else
      copy_strided(c.threads(), in.dtype(), dims, element_at(out, space_at), space_strides,
                   element_at(in, split_at), split_step);
  }
}

struct BlockArgs {
  std::optional<Ints> block, pads;
  int64_t dims = -1;  // blocked dimensions
};

// The result's shape; fails with TensorFlow's words.
template <class Fail>
Shape blocked_shape(const Shape& in, const BlockArgs& a, bool to_batch, Fail fail) {
  int64_t m = a.dims;
  if (in.rank() < m + 1) fail(cat("input rank should be >= ", m + 1, " instead of ", in.rank()));
  if (!a.block) {
    Shape out = in;
    for (int d = 0; d <= m; ++d) out.set_dim(d, -1);
    return out;
  }
  int64_t product = 1;
  for (size_t d = 0; d < a.block->size(); ++d) {
    int64_t b = (*a.block)[d];
    if (to_batch && b < 1)
      fail(cat("All values in block_shape must be positive, got value, ", b, " at index ", d, "."));
    if (__builtin_mul_overflow(product, b, &product)) fail("the product of block sizes is too large");
    if (b < 1) fail(cat("Product of block sizes must be positive, got ", std::min<int64_t>(product, 0)));
  }
  Shape out = in;
  if (in[0] >= 0) {
    int64_t batch;
    if (!to_batch && in[0] % product)
      fail(cat("Input batch dimension (", in[0], ") is not divisible by product of block sizes (", product,
               ")"));
    if (!to_batch)
      batch = in[0] / product;
    else if (__builtin_mul_overflow(in[0], product, &batch))
      fail("the result's batch is too large");
    out.set_dim(0, batch);
  }
  for (int d = 0; d < m; ++d) {
    if (!a.pads) {
      out.set_dim(d + 1, -1);
      continue;
    }
    int64_t p0 = (*a.pads)[size_t(2 * d)], p1 = (*a.pads)[size_t(2 * d + 1)], b = (*a.block)[size_t(d)];
    if (p0 < 0 || p1 < 0) fail(to_batch ? "Paddings must be non-negative" : "Crops must be non-negative");
    if (in[d + 1] < 0) continue;
    int64_t n = in[d + 1];
    bool large = false;
    if (to_batch) {
      large = __builtin_add_overflow(n, p0, &n) || __builtin_add_overflow(n, p1, &n);
      if (!large && n % b)
        fail(cat("padded_shape[", d, "]=", n, " is not divisible by block_shape[", d, "]=", b));
      n /= b;
    } else {
      large = __builtin_mul_overflow(n, b, &n) || __builtin_sub_overflow(n, p0, &n) ||
              __builtin_sub_overflow(n, p1, &n);
      if (!large && n < 0) fail(cat("cropped_shape[", d, "]=", n, " must be non-negative"));
    }
    if (large) fail("a dimension of the result is too large");
    out.set_dim(d + 1, n);
  }
  return out;
}

void infer_blocked(InferContext& c, BlockArgs a, bool to_batch, int pads_input) {
  const Shape& ps = c.shape(pads_input);
  if (ps.has_rank() && a.dims >= 0 && !ps.is_compatible_with(Shape{a.dims, 2}))
    c.fail(
        cat(to_batch ? "paddings" : "crops", " should have shape [", a.dims, ", 2] instead of ", ps.str()));
  a.pads = known_integers(c, pads_input);
  if (!c.shape(0).has_rank() || a.dims < 0) return;
  c.set_output(0, blocked_shape(c.shape(0), a, to_batch, [&](const std::string& m) { c.fail(m); }));
}

void run_blocked(KernelContext& c, const Ints& block, int pads_input, bool to_batch) {
  BlockArgs a{block, integers(c.input(pads_input)), int64_t(block.size())};
  if (a.pads->size() != 2 * block.size())
    c.fail(cat(to_batch ? "paddings" : "crops", " should have shape [", block.size(), ", 2] instead of ",
               c.input(pads_input).shape().str()));
  Shape want = blocked_shape(c.input(0).shape(), a, to_batch, [&](const std::string& m) { c.fail(m); });
  if (!(want == c.output(0).shape()))
    c.fail(cat("the result has shape ", want.str(), ", expected ", c.output(0).shape().str()));
  Ints shift;
  for (size_t d = 0; d < block.size(); ++d) shift.push_back((*a.pads)[2 * d]);
  move_blocks(c, block, shift, to_batch);
}

template <bool kToBatch>
void declare_blocked_nd(OpBuilder& op) {
  op.infer([](InferContext& c) {
    const Shape& bs = c.shape(1);
    if (bs.has_rank() && bs.rank() != 1) c.fail(cat("block_shape rank should be 1 instead of ", bs.rank()));
    BlockArgs a;
    a.block = known_integers(c, 1);
    if (bs.has_rank() && bs[0] <= 254) a.dims = bs[0];
    infer_blocked(c, a, kToBatch, 2);
  });
  op.compute([](KernelContext& c) { run_blocked(c, integers(c.input(1)), 2, kToBatch); }).fails_on_values();
}

Tensor rows2(std::vector<int32_t> v) { return Tensor::of<int32_t>({int64_t(v.size() / 2), 2}, v); }

FLOE_OP("SpaceToBatchND", op) {
  op.in("input:T, block_shape:Tblock_shape, paddings:Tpaddings").out("output:T");
  op.attrs("T:type; Tblock_shape:{int32,int64}=int32; Tpaddings:{int32,int64}=int32");
  declare_blocked_nd<true>(op);
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      if (t != DType::kString && t != DType::kBool && !is_complex(t))
        s.add({s.random({1, 4, 4, 2}, t), Samples::i32({2, 2}), rows2({0, 0, 0, 0})});
    });
    s.add({s.random({2, 3, 4, 1}), Samples::i32({2, 3}), rows2({1, 0, 2, 3})});
    s.add({s.random({2, 5, 3}), Samples::i64({3}), Tensor::of<int64_t>({1, 2}, {1, 0})});
    s.add({s.random({1, 4, 2, 4, 1}), Samples::i32({2, 1, 2}), rows2({0, 0, 0, 0, 2, 0})});
    s.add({s.random({0, 4, 4, 1}), Samples::i32({2, 2}), rows2({0, 0, 0, 0})});
    auto bad = [&](const char* text, const Shape& in, std::vector<int32_t> block, std::vector<int32_t> pads) {
      s.fails(text, {s.random(in), Tensor::vec(block), rows2(pads)});
    };
    bad("padded_shape[0]=3 is not divisible by block_shape[0]=2", {1, 3, 4, 1}, {2, 2}, {0, 0, 0, 0});
    bad("All values in block_shape must be positive, got value, 0 at index 0.", {1, 4, 4, 1}, {0, 2},
        {0, 0, 0, 0});
    bad("input rank should be >= 3 instead of 2", {1, 4}, {2, 2}, {0, 0, 0, 0});
    bad("Paddings must be non-negative", {1, 4, 4, 1}, {2, 2}, {-1, 0, 0, 0});
    bad("paddings should have shape [2, 2] instead of [1,2]", {1, 4, 4, 1}, {2, 2}, {0, 0});
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::same(g, "BatchToSpaceND", {g.grad(), g.input(1), g.input(2)}));
  });
}

FLOE_OP("BatchToSpaceND", op) {
  op.in("input:T, block_shape:Tblock_shape, crops:Tcrops").out("output:T");
  op.attrs("T:type; Tblock_shape:{int32,int64}=int32; Tcrops:{int32,int64}=int32");
  declare_blocked_nd<false>(op);
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      if (t != DType::kString && t != DType::kBool && !is_complex(t))
        s.add({s.random({4, 2, 2, 2}, t), Samples::i32({2, 2}), rows2({0, 0, 0, 0})});
    });
    s.add({s.random({6, 2, 3, 1}), Samples::i32({2, 3}), rows2({1, 0, 2, 3})});
    s.add({s.random({6, 2, 3}), Samples::i64({3}), Tensor::of<int64_t>({1, 2}, {1, 0})});
    s.add({s.random({4, 2, 2, 3, 1}), Samples::i32({2, 1, 2}), rows2({0, 0, 0, 0, 2, 0})});
    auto bad = [&](const char* text, const Shape& in, std::vector<int32_t> block,
                   std::vector<int32_t> crops) {
      s.fails(text, {s.random(in), Tensor::vec(block), rows2(crops)});
    };
    bad("Input batch dimension (3) is not divisible by product of block sizes (4)", {3, 2, 2, 1}, {2, 2},
        {0, 0, 0, 0});
    bad("cropped_shape[0]=-1 must be non-negative", {4, 2, 2, 1}, {2, 2}, {3, 2, 0, 0});
    bad("Product of block sizes must be positive, got 0", {4, 2, 2, 1}, {0, 2}, {0, 0, 0, 0});
    bad("Crops must be non-negative", {4, 2, 2, 1}, {2, 2}, {-1, 0, 0, 0});
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::same(g, "SpaceToBatchND", {g.grad(), g.input(1), g.input(2)}));
  });
}

template <bool kToBatch>
void declare_blocked(OpBuilder& op) {
  op.infer([](InferContext& c) {
    if (c.shape(0).has_rank() && c.shape(0).rank() != 4)
      c.fail(cat("Input rank should be: 4instead of: ", c.shape(0).rank()));
    BlockArgs a{Ints(2, c.attr<int64_t>("block_size")), {}, 2};
    infer_blocked(c, a, kToBatch, 1);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    Ints block(2, k.attr<int64_t>("block_size"));
    return [block](KernelContext& c) { run_blocked(c, block, 1, kToBatch); };
  });
  op.fails_on_values();
}

FLOE_OP("SpaceToBatch", op) {
  op.in("input:T, paddings:Tpaddings").out("output:T");
  op.attrs("T:type; Tpaddings:{int32,int64}=int32; block_size:int>=2");
  declare_blocked<true>(op);
  op.samples([](Samples& s) {
    AttrMap two{{"block_size", int64_t(2)}};
    s.add({s.random({2, 3, 4, 2}), rows2({1, 0, 2, 0})}, two);
    s.fails("padded_shape[0]=3 is not divisible by block_shape[0]=2",
            {s.random({1, 3, 4, 1}), rows2({0, 0, 0, 0})}, two);
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::same(g, "BatchToSpace", {g.grad(), g.input(1)})); });
}

FLOE_OP("BatchToSpace", op) {
  op.in("input:T, crops:Tidx").out("output:T").attrs("T:type; block_size:int>=2; Tidx:{int32,int64}=int32");
  declare_blocked<false>(op);
  op.samples([](Samples& s) {
    AttrMap two{{"block_size", int64_t(2)}};
    s.add({s.random({8, 3, 4, 2}), rows2({1, 0, 2, 0})}, two);
    s.fails("Input batch dimension (3) is not divisible by product of block sizes (4)",
            {s.random({3, 2, 2, 1}), rows2({0, 0, 0, 0})}, two);
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::same(g, "SpaceToBatch", {g.grad(), g.input(1)})); });
}

// Channels, rows and columns of an image batch.
struct ImageDims {
  int h = 1, w = 2, c = 3;
};

template <class C>
ImageDims image_dims(const C& c) {
  const std::string& f = c.template attr<std::string>("data_format");
  if (f == "NCHW_VECT_C") c.fail("data_format NCHW_VECT_C is not supported on the CPU");
  return f == "NHWC" ? ImageDims{} : ImageDims{2, 3, 1};
}

template <bool kToDepth>
void infer_depth(InferContext& c) {
  const Shape& in = c.shape(0);
  int64_t b = c.attr<int64_t>("block_size");
  ImageDims d = image_dims(c);
  if (!in.has_rank()) return c.set_output(0, Shape::unknown_of_rank(4));
  if (in.rank() != 4)
    c.fail(cat("Input rank should be", kToDepth ? " 4" : ": 4", " instead of", kToDepth ? " " : ": ",
               in.rank()));
  int64_t area;
  if (__builtin_mul_overflow(b, b, &area)) c.fail(cat("block_size ", b, " is too large"));
  auto times = [&](int64_t n, int64_t by) {
    int64_t r;
    if (n < 0) return n;
    if (__builtin_mul_overflow(n, by, &r)) c.fail(cat("block_size ", b, " is too large"));
    return r;
  };
  Shape out = in;
  if (kToDepth) {
    if ((in[d.h] >= 0 && in[d.h] % b) || (in[d.w] >= 0 && in[d.w] % b))
      c.fail(
          cat("Image width ", in[d.w], " and height ", in[d.h], " should be divisible by block_size: ", b));
    for (int x : {d.h, d.w})
      if (in[x] >= 0) out.set_dim(x, in[x] / b);
    out.set_dim(d.c, times(in[d.c], area));
  } else {
    if (in[d.c] >= 0 && in[d.c] % area)
      c.fail(cat("Input depth dimension ", in[d.c], " should be divisible by: ", area));
    for (int x : {d.h, d.w}) out.set_dim(x, times(in[x], b));
    if (in[d.c] >= 0) out.set_dim(d.c, in[d.c] / area);
  }
  c.set_output(0, out);
}

// Six dimensions n, block row, block column, channel, row, column on the deep side; the other side has rows
// and columns of blocks.
template <bool kToDepth>
KernelFn depth_kernel(const KernelInit& k) {
  int64_t b = k.attr<int64_t>("block_size");
  ImageDims d = image_dims(k);
  return [b, d](KernelContext& c) {
    const Tensor& in = c.input(0);
    Tensor& out = c.output(0);
    if (in.num_elements() == 0) return;
    const Shape &deep = kToDepth ? out.shape() : in.shape(), &flat = kToDepth ? in.shape() : out.shape();
    Ints ds = element_strides(deep), fs = element_strides(flat);
    int64_t channels = flat[d.c];
    // Ordered as the written side lies in memory.
    struct Axis {
      int64_t n, deep, flat;
    };
    Axis n{deep[0], ds[0], fs[0]}, y{deep[d.h], ds[size_t(d.h)], fs[size_t(d.h)] * b},
        x{deep[d.w], ds[size_t(d.w)], fs[size_t(d.w)] * b},
        by{b, ds[size_t(d.c)] * channels * b, fs[size_t(d.h)]},
        bx{b, ds[size_t(d.c)] * channels, fs[size_t(d.w)]}, ch{channels, ds[size_t(d.c)], fs[size_t(d.c)]};
    std::vector<Axis> axes;
    if (d.c == 3)
      axes = kToDepth ? std::vector<Axis>{n, y, x, by, bx, ch} : std::vector<Axis>{n, y, by, x, bx, ch};
    else
      axes = kToDepth ? std::vector<Axis>{n, by, bx, ch, y, x} : std::vector<Axis>{n, ch, y, by, x, bx};
    Ints dims, deep_strides, flat_strides;
    for (const Axis& a : axes) {
      dims.push_back(a.n);
      deep_strides.push_back(a.deep);
      flat_strides.push_back(a.flat);
    }
    copy_strided(c.threads(), in.dtype(), dims, out.mutable_raw(), kToDepth ? deep_strides : flat_strides,
                 in.raw(), kToDepth ? flat_strides : deep_strides);
  };
}

constexpr const char* kDepthAttrs =
    "T:type; block_size:int>=2; data_format:{'NHWC','NCHW','NCHW_VECT_C'}='NHWC'";

FLOE_OP("SpaceToDepth", op) {
  op.in("input:T").out("output:T").attrs(kDepthAttrs);
  op.infer(infer_depth<true>).kernel(depth_kernel<true>);
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 4, 2, 3}, t)}, {{"block_size", int64_t(2)}}); });
    s.add({s.random({1, 6, 3, 2})}, {{"block_size", int64_t(3)}});
    s.fails("Image width 4 and height 3 should be divisible by block_size: 2", {s.random({1, 3, 4, 1})},
            {{"block_size", int64_t(2)}});
    s.fails("Input rank should be 4 instead of 3", {s.random({3, 4, 1})}, {{"block_size", int64_t(2)}});
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::same(g, "DepthToSpace", {g.grad()})); });
}

FLOE_OP("DepthToSpace", op) {
  op.in("input:T").out("output:T").attrs(kDepthAttrs);
  op.infer(infer_depth<false>).kernel(depth_kernel<false>);
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 2, 3, 8}, t)}, {{"block_size", int64_t(2)}}); });
    s.add({s.random({1, 2, 1, 18})}, {{"block_size", int64_t(3)}});
    s.fails("Input depth dimension 3 should be divisible by: 4", {s.random({1, 2, 2, 3})},
            {{"block_size", int64_t(2)}});
    s.fails("Input rank should be: 4 instead of: 3", {s.random({2, 2, 4})}, {{"block_size", int64_t(2)}});
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::same(g, "SpaceToDepth", {g.grad()})); });
}

}  // namespace
}  // namespace floe
