#include "floe/ops/array/strided_slice.h"

#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

// What one input dimension is asked for.
struct DenseSpec {
  int64_t begin = 0, end = 0, stride = 1;
  bool begin_known = true, end_known = true, stride_known = true;
  bool begin_masked = true, end_masked = true, shrink = false;
};

// Start and count of the elements begin, begin + stride, ... before end in a dimension of d elements.
void clamp_range(const DenseSpec& s, int64_t d, int64_t& first, int64_t& count) {
  int64_t low = s.stride > 0 ? 0 : -1, high = s.stride > 0 ? d : d - 1;
  auto clamp = [&](int64_t x, bool masked, int64_t open) {
    if (masked) return open;
    if (x < 0) x += d;
    return std::clamp(x, low, high);
  };
  first = clamp(s.begin, s.begin_masked, s.stride > 0 ? low : high);
  int64_t last = clamp(s.end, s.end_masked, s.stride > 0 ? high : low);
  int64_t length = last - first;
  if (length == 0 || (length < 0) != (s.stride < 0)) {
    count = 0;
    return;
  }
  count = length / s.stride + (length % s.stride != 0);
}

constexpr int kNewAxis = -1;  // in the list of result dimensions

}  // namespace

StridedSlice resolve_slice(const Shape& in, int64_t entries, const std::optional<std::vector<int64_t>>& begin,
                           const std::optional<std::vector<int64_t>>& end,
                           const std::optional<std::vector<int64_t>>& strides, const SliceMasks& m) {
  StridedSlice r;
  int rank = in.rank();
  auto bit = [](int64_t mask, int64_t i) { return i < 32 && ((mask >> i) & 1) != 0; };
  int64_t ellipsis = -1;
  for (int64_t i = 0; i < entries; ++i)
    if (bit(m.ellipsis, i)) {
      if (ellipsis >= 0) {
        r.problem = "Multiple ellipses in slice spec not allowed";
        return r;
      }
      ellipsis = i;
    }
  int64_t taken = 0;
  for (int64_t i = 0; i < entries; ++i)
    if (i != ellipsis && !bit(m.new_axis, i)) ++taken;
  int64_t hidden = std::max<int64_t>(rank - taken, 0);  // dimensions that "..." stands for

  std::vector<DenseSpec> dims;
  std::vector<int> result;  // input dimension of every result dimension, or kNewAxis
  auto all_of = [&](int64_t n) {
    for (int64_t k = 0; k < n; ++k) {
      result.push_back(int(dims.size()));
      dims.push_back({});
    }
  };
  auto has = [](const std::optional<std::vector<int64_t>>& v, int64_t i) {
    return v && i < int64_t(v->size());
  };
  for (int64_t i = 0; i < entries; ++i) {
    if (i == ellipsis) {
      all_of(hidden);
    } else if (bit(m.new_axis, i)) {
      result.push_back(kNewAxis);
    } else {
      if (int(dims.size()) >= rank) {
        r.problem =
            cat("Index out of range using input dim ", dims.size(), "; input has only ", rank, " dims");
        return r;
      }
      DenseSpec s;
      s.begin_known = has(begin, i);
      s.end_known = has(end, i);
      s.stride_known = has(strides, i);
      if (s.begin_known) s.begin = (*begin)[size_t(i)];
      if (s.end_known) s.end = (*end)[size_t(i)];
      if (s.stride_known) s.stride = (*strides)[size_t(i)];
      s.shrink = bit(m.shrink_axis, i);
      s.begin_masked = bit(m.begin, i);
      s.end_masked = bit(m.end, i);
      if (!s.shrink) result.push_back(int(dims.size()));
      dims.push_back(s);
    }
  }
  if (ellipsis < 0) all_of(rank - int64_t(dims.size()));

  std::vector<int64_t> box;
  for (int i = 0; i < rank; ++i) {
    const DenseSpec& s = dims[size_t(i)];
    int64_t d = in[i], first = 0, count = -1;
    if (s.stride_known && s.stride == 0) {
      r.problem = cat("strides[", i, "] must be non-zero");
      return r;
    }
    if (s.stride_known && s.shrink && s.stride <= 0) {
      r.problem = "only stride 1 allowed on non-range indexing.";
      return r;
    }
    if (s.shrink) {
      count = 1;
      first = s.begin;
      if (s.begin_known && d >= 0) {
        first = s.begin < 0 ? s.begin + d : s.begin;  // a mask of begin does not count here
        if (first < 0 || first >= d) {
          r.problem = cat("slice index ", first, " of dimension ", i, " out of bounds.");
          return r;
        }
      }
    } else if (s.begin_masked && s.end_masked && s.stride_known && (s.stride == 1 || s.stride == -1)) {
      count = d;
      first = s.stride > 0 ? 0 : d - 1;
    } else if (s.stride_known && (s.begin_known || s.begin_masked) && (s.end_known || s.end_masked)) {
      if (d >= 0) {
        clamp_range(s, d, first, count);
      } else if (!s.begin_masked && !s.end_masked && s.stride == 1 && s.begin == s.end) {
        count = 0;
      }
    }
    r.begin.push_back(first);
    r.stride.push_back(s.shrink ? 1 : s.stride);
    box.push_back(count);
  }
  r.box = Shape(box);
  std::vector<int64_t> shape;
  for (int d : result) shape.push_back(d == kNewAxis ? 1 : box[size_t(d)]);
  r.shape = Shape(shape);
  return r;
}

namespace {

// begin, end and strides as far as they are known; checks their shapes.
int64_t slice_entries(InferContext& c, int first) {
  const Shape &b = c.shape(first), &e = c.shape(first + 1), &s = c.shape(first + 2);
  int64_t n = -1;
  for (const Shape* x : {&b, &e, &s}) {
    if (!x->has_rank()) continue;
    if (x->rank() != 1 || (n >= 0 && (*x)[0] >= 0 && (*x)[0] != n))
      c.fail(cat("Expected begin, end, and strides to be 1D equal size tensors, but got shapes ", b.str(),
                 ", ", e.str(), ", and ", s.str(), " instead."));
    if ((*x)[0] >= 0) n = (*x)[0];
  }
  if (n > 32) c.fail(cat("Unsupported number of slice entries: ", n, ", at most 32"));
  return n;
}

StridedSlice run_slice(KernelContext& c, const Shape& in, int first, const SliceMasks& m) {
  std::vector<int64_t> b = integers(c.input(first)), e = integers(c.input(first + 1)),
                       s = integers(c.input(first + 2));
  if (b.size() != e.size() || b.size() != s.size() || c.input(first).rank() != 1)
    c.fail(cat("Expected begin, end, and strides to be 1D equal size tensors, but got shapes ",
               c.input(first).shape().str(), ", ", c.input(first + 1).shape().str(), ", and ",
               c.input(first + 2).shape().str(), " instead."));
  StridedSlice r = resolve_slice(in, int64_t(b.size()), b, e, s, m);
  if (!r.problem.empty()) c.fail(r.problem);
  return r;
}

// Where the box starts and how far its elements are apart in a tensor of that shape.
int64_t box_strides(const Shape& shape, const StridedSlice& s, std::vector<int64_t>& strides) {
  strides = element_strides(shape);
  int64_t start = 0;
  for (size_t i = 0; i < strides.size(); ++i) {
    start += s.begin[i] * strides[i];
    strides[i] *= s.stride[i];
  }
  return start;
}

AttrMap mask_attrs(int64_t begin, int64_t end, int64_t ellipsis = 0, int64_t new_axis = 0,
                   int64_t shrink = 0) {
  return {{"begin_mask", begin},
          {"end_mask", end},
          {"ellipsis_mask", ellipsis},
          {"new_axis_mask", new_axis},
          {"shrink_axis_mask", shrink}};
}

void strided_slice_samples(Samples& s) {
  auto add = [&](const Shape& x, std::vector<int32_t> b, std::vector<int32_t> e, std::vector<int32_t> st,
                 AttrMap a) {
    s.add({s.random(x), Tensor::vec(b), Tensor::vec(e), Tensor::vec(st)}, std::move(a));
  };
  s.each_type("T", [&](DType t) {
    s.add({s.random({4, 5}, t), Samples::i32({1, 4}), Samples::i32({3, 0}), Samples::i32({1, -2})});
  });
  s.add({s.random({4, 5}), Samples::i64({1, 0}), Samples::i64({3, 5}), Samples::i64({1, 2})});
  s.add({s.random({4, 5}), Tensor::vec<int16_t>({1, 0}), Tensor::vec<int16_t>({3, 5}),
         Tensor::vec<int16_t>({1, 2})});
  add({4, 5}, {1}, {3}, {1}, {});
  add({4, 5}, {0, 0}, {0, 0}, {1, 1}, mask_attrs(3, 3));
  add({4, 5}, {0, 0}, {0, 0}, {-1, -1}, mask_attrs(3, 3));
  add({4, 5}, {2, 3}, {100, -100}, {1, -1}, {});
  add({4, 5}, {-3, -1}, {-1, -6}, {1, -1}, {});
  add({4, 5}, {0, 0}, {0, 0}, {3, -3}, mask_attrs(3, 3));
  add({4, 5}, {3, 1}, {1, 4}, {1, -1}, {});
  add({4, 5}, {1}, {2}, {1}, mask_attrs(0, 0, 0, 0, 1));
  add({4, 5}, {-1, 2}, {0, 0}, {1, 1}, mask_attrs(0, 0, 0, 0, 3));
  add({4, 5}, {0, -2}, {0, -1}, {1, 1}, mask_attrs(1, 1, 0, 0, 2));
  add({4, 5}, {0, 0, 1}, {0, 0, 3}, {1, 1, 1}, mask_attrs(0, 0, 1, 2, 0));
  add({2, 3, 4, 5}, {1, 0, 2}, {2, 0, 4}, {1, 1, 1}, mask_attrs(0, 0, 2, 0, 1));
  add({2, 3, 4}, {0, 0, 1}, {0, 0, 2}, {1, 1, 1}, mask_attrs(3, 3, 0, 0, 4));
  add({2, 3, 4}, {0, 1}, {0, 2}, {1, 1}, mask_attrs(0, 0, 1, 0, 2));
  add({3}, {0, 0}, {0, 1}, {1, 1}, mask_attrs(0, 0, 0, 1, 0));
  add({3}, {0, 0}, {1, 0}, {1, 1}, mask_attrs(0, 0, 0, 2, 0));
  add({2, 3}, {0, 0}, {1, 1}, {1, 1}, mask_attrs(0, 0, 0, 1, 1));
  add({2, 3}, {0, 0}, {1, 1}, {1, 1}, mask_attrs(0, 0, 1, 1, 0));
  add({2, 3}, {1}, {2}, {2}, mask_attrs(0, 0, 0, 0, 1));
  add({2, 3}, {1}, {2}, {1}, mask_attrs(1, 0, 0, 0, 1));
  add({0, 3}, {0, 1}, {5, 2}, {1, 1}, {});
  add({}, {}, {}, {}, {});
  add({}, {0}, {0}, {1}, mask_attrs(0, 0, 1));
  add({2, 3}, {}, {}, {}, {});
  add({2, 3}, {0, 0, 0, 0}, {1, 1, 1, 1}, {1, 1, 1, 1}, mask_attrs(0, 0, 2, 8, 1));
  add({6}, {5}, {INT32_MIN}, {-2}, {});
  add({6}, {INT32_MAX}, {INT32_MIN}, {INT32_MIN}, {});
  auto bad = [&](const char* text, std::vector<int32_t> b, std::vector<int32_t> e, std::vector<int32_t> st,
                 AttrMap a) {
    s.fails(text, {s.random({2, 3}), Tensor::vec(b), Tensor::vec(e), Tensor::vec(st)}, std::move(a));
  };
  bad("slice index 5 of dimension 0 out of bounds.", {5}, {6}, {1}, mask_attrs(0, 0, 0, 0, 1));
  bad("slice index -1 of dimension 0 out of bounds.", {-3}, {1}, {1}, mask_attrs(0, 0, 0, 0, 1));
  bad("slice index 5 of dimension 0 out of bounds.", {5}, {6}, {1}, mask_attrs(1, 0, 0, 0, 1));
  bad("strides[0] must be non-zero", {0}, {1}, {0}, {});
  bad("only stride 1 allowed on non-range indexing.", {0}, {1}, {-1}, mask_attrs(0, 0, 0, 0, 1));
  bad("Index out of range using input dim 2; input has only 2 dims", {0, 0, 0}, {1, 1, 1}, {1, 1, 1}, {});
  bad("Multiple ellipses in slice spec not allowed", {0, 0}, {1, 1}, {1, 1}, mask_attrs(0, 0, 3));
  bad("Expected begin, end, and strides to be 1D equal size tensors, but got shapes [2], [1], and [2] "
      "instead.",
      {0, 0}, {1}, {1, 1}, {});
}

FLOE_OP("StridedSlice", op) {
  op.in("input:T, begin:Index, end:Index, strides:Index").out("output:T");
  op.attrs(
      "T:type; Index:{int16,int32,int64}; begin_mask:int=0; end_mask:int=0; ellipsis_mask:int=0; "
      "new_axis_mask:int=0; shrink_axis_mask:int=0");
  op.infer([](InferContext& c) {
    int64_t n = slice_entries(c, 1);
    if (!c.shape(0).has_rank() || n < 0) return;
    StridedSlice s = resolve_slice(c.shape(0), n, known_integers(c, 1), known_integers(c, 2),
                                   known_integers(c, 3), slice_masks(c));
    if (!s.problem.empty()) c.fail(s.problem);
    c.set_output(0, s.shape);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    SliceMasks m = slice_masks(k);
    return [m](KernelContext& c) {
      const Tensor& in = c.input(0);
      Tensor& out = c.output(0);
      StridedSlice s = run_slice(c, in.shape(), 1, m);
      if (!(s.shape == out.shape()))
        c.fail(cat("the result has shape ", s.shape.str(), ", expected ", out.shape().str()));
      if (out.num_elements() == 0) return;
      std::vector<int64_t> from;
      int64_t start = box_strides(in.shape(), s, from);
      copy_strided(c.threads(), in.dtype(), s.box.dims(), out.mutable_raw(), element_strides(s.box),
                   element_at(in, start), from);
    };
  });
  op.fails_on_values().samples(strided_slice_samples);
  op.gradient([](GradientContext& g) {
    DType t = g.input(1).dtype() == DType::kInt64 ? DType::kInt64 : DType::kInt32;
    auto index = [&](const Tensor& i) { return grad::cast(i, t); };
    g.set(0, grad::same(g, "StridedSliceGrad",
                        {index(grad::shape_of(g.input(0))), index(g.input(1)), index(g.input(2)),
                         index(g.input(3)), g.grad()}));
  });
}

FLOE_OP("StridedSliceGrad", op) {
  op.in("shape:Index, begin:Index, end:Index, strides:Index, dy:T").out("output:T");
  op.attrs(
      "T:type; Index:{int32,int64}; begin_mask:int=0; end_mask:int=0; ellipsis_mask:int=0; "
      "new_axis_mask:int=0; "
      "shrink_axis_mask:int=0");
  op.infer([](InferContext& c) {
    if (c.shape(0).has_rank() && c.shape(0).rank() != 1)
      c.fail(cat("shape must be 1-D, got shape.shape = ", c.shape(0).str()));
    slice_entries(c, 1);
    c.set_output(0, requested_shape(c, 0));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    SliceMasks m = slice_masks(k);
    return [m](KernelContext& c) {
      const Tensor& dy = c.input(4);
      Tensor& out = c.output(0);
      StridedSlice s = run_slice(c, out.shape(), 1, m);
      if (!(s.shape == dy.shape()))
        c.fail(cat("shape of dy was ", dy.shape().str(), " instead of ", s.shape.str()));
      zero_elements(out.dtype(), out.mutable_raw(), out.num_elements());
      if (dy.num_elements() == 0) return;
      std::vector<int64_t> to;
      int64_t start = box_strides(out.shape(), s, to);
      copy_strided(c.threads(), dy.dtype(), s.box.dims(), element_at(out, start), to, dy.raw(),
                   element_strides(s.box));
    };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({Samples::i32({4, 5}), Samples::i32({1, 4}), Samples::i32({3, 0}), Samples::i32({1, -2}),
             s.random({2, 2}, t)});
    });
    s.add({Samples::i64({4, 5}), Samples::i64({1, 0}), Samples::i64({2, 0}), Samples::i64({1, 1}),
           s.random({5})},
          mask_attrs(2, 2, 0, 0, 1));
    s.add({Samples::i32({3}), Samples::i32({0, 0}), Samples::i32({0, 2}), Samples::i32({1, 1}),
           s.random({1, 2})},
          mask_attrs(0, 0, 0, 1, 0));
    s.fails(
        "shape of dy was [2,3] instead of [1,3]",
        {Samples::i32({2, 3}), Samples::i32({0}), Samples::i32({1}), Samples::i32({1}), s.random({2, 3})});
  });
  op.gradient([](GradientContext& g) {
    g.set(4, grad::same(g, "StridedSlice", {g.grad(), g.input(1), g.input(2), g.input(3)}));
  });
}

}  // namespace
}  // namespace floe
