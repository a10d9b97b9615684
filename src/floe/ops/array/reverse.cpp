// Reverse, ReverseV2, ReverseSequence, Roll.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

void copy_reversed(KernelContext& c, const std::vector<char>& flip) {
  const Tensor& in = c.input(0);
  Tensor& out = c.output(0);
  if (in.num_elements() == 0) return;
  std::vector<int64_t> to = element_strides(out.shape()), from = to;
  int64_t start = 0;
  for (size_t i = 0; i < from.size(); ++i)
    if (flip[i]) {
      start += from[i] * (in.dim(int(i)) - 1);
      from[i] = -from[i];
    }
  copy_strided(c.threads(), in.dtype(), out.shape().dims(), out.mutable_raw(), to, element_at(in, start),
               from);
}

constexpr const char* kReverseTypes =
    "T:{uint8,int8,uint16,int16,uint32,int32,uint64,int64,bool,bfloat16,half,float,double,complex64,"
    "complex128,string}";

FLOE_OP("Reverse", op) {
  op.in("tensor:T, dims:bool").out("output:T").attrs(kReverseTypes);
  op.infer([](InferContext& c) {
    const Shape &in = c.shape(0), &d = c.shape(1);
    if (d.has_rank() && d.rank() != 1) c.fail(cat("'dims' must be 1-dimension, not ", d.rank()));
    if (in.has_rank() && d.has_rank() && d[0] >= 0 && d[0] != in.rank())
      c.fail(cat("'dims' must have the same number of values as 'input' has dimensions. 'input' has ",
                 in.rank(), "'dims' has ", d[0], " values"));
    c.set_output(0, in);
  });
  op.compute([](KernelContext& c) {
    const bool* d = c.in<bool>(1);
    if (c.input(1).num_elements() != c.input(0).rank())
      c.fail("'dims' must have a value for every dimension");
    copy_reversed(c, std::vector<char>(d, d + c.input(0).rank()));
  });
  op.samples([](Samples& s) {
    auto flags = [](std::vector<bool> v) {
      Tensor t(DType::kBool, Shape{int64_t(v.size())});
      std::copy(v.begin(), v.end(), t.mutable_data<bool>());
      return t;
    };
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t), flags({true, true})}); });
    s.add({s.random({2, 3, 4}), flags({true, false, true})});
    s.fails(
        "'dims' must have the same number of values as 'input' has dimensions. 'input' has 2'dims' has 1 "
        "values",
        {s.random({2, 3}), flags({true})});
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::op("Reverse", {g.grad(), g.input(1)})); });
}

template <class Fail>
std::vector<char> flipped_axes(const std::vector<int64_t>& axes, int rank, Fail fail) {
  std::vector<char> flip(size_t(rank), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t a = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (a < 0 || a >= rank) fail(cat("'axis'[", i, "] = ", axes[i], " is out of valid range [0, ", rank - 1));
    if (flip[size_t(a)]) fail(cat("axis ", a, " specified more than once."));
    flip[size_t(a)] = 1;
  }
  return flip;
}

FLOE_OP("ReverseV2", op) {
  op.in("tensor:T, axis:Tidx").out("output:T").attrs(cat("Tidx:{int32,int64}=int32; ", kReverseTypes));
  op.infer([](InferContext& c) {
    if (c.shape(1).has_rank() && c.shape(1).rank() != 1)
      c.fail(cat("'dims' must be 1-dimension, not ", c.shape(1).rank()));
    auto axes = known_integers(c, 1);
    if (axes && c.shape(0).has_rank())
      flipped_axes(*axes, c.shape(0).rank(), [&](const std::string& m) { c.fail(m); });
    c.set_output(0, c.shape(0));
  });
  op.compute([](KernelContext& c) {
    copy_reversed(
        c, flipped_axes(integers(c.input(1)), c.input(0).rank(), [&](const std::string& m) { c.fail(m); }));
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t), Samples::i32({1})}); });
    s.add({s.random({2, 3, 4}), Samples::i64({-1, 0})});
    s.add({s.random({2, 3}), Samples::i32({})});
    s.add({s.random({0, 3}), Samples::i32({0})});
    s.add({s.random({2, 40, 3}), Samples::i32({1})});
    s.fails("'axis'[0] = 3 is out of valid range [0, 1", {s.random({2, 3}), Samples::i32({3})});
    s.fails("axis 1 specified more than once.", {s.random({2, 3}), Samples::i32({1, -1})});
    s.fails("'dims' must be 1-dimension, not 0", {s.random({2, 3}), Tensor::scalar<int32_t>(1)});
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::op("ReverseV2", {g.grad(), g.input(1)})); });
}

FLOE_OP("ReverseSequence", op) {
  op.in("input:T, seq_lengths:Tlen").out("output:T");
  op.attrs("seq_dim:int; batch_dim:int=0; T:type; Tlen:{int32,int64}=int64");
  op.infer([](InferContext& c) {
    const Shape &in = c.shape(0), &len = c.shape(1);
    int64_t seq = c.attr<int64_t>("seq_dim"), batch = c.attr<int64_t>("batch_dim");
    if (seq < 0) c.fail(cat("Invalid seq_dim ", seq));
    if (batch < 0) c.fail(cat("Invalid batch_dim ", batch));
    if (batch == seq) c.fail(cat("batch_dim == seq_dim == ", seq));
    if (len.has_rank() && len.rank() != 1) c.fail(cat("seq_lengths must be 1-dim, not ", len.rank()));
    if (!in.has_rank()) return;
    if (seq >= in.rank()) c.fail(cat("seq_dim must be < input rank ( ", seq, " vs. ", in.rank(), ")"));
    if (batch >= in.rank()) c.fail(cat("batch_dim must be < input rank ( ", batch, " vs. ", in.rank(), ")"));
    Shape out = in;
    if (len.has_rank() && len[0] >= 0) {
      if (in[int(batch)] >= 0 && in[int(batch)] != len[0])
        c.fail(
            cat("Length of seq_lengths != input.dims(", batch, "), (", len[0], " vs. ", in[int(batch)], ")"));
      out.set_dim(int(batch), len[0]);
    }
    c.set_output(0, out);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    size_t seq = size_t(k.attr<int64_t>("seq_dim")), batch = size_t(k.attr<int64_t>("batch_dim"));
    return [seq, batch](KernelContext& c) {
      const Tensor& in = c.input(0);
      Tensor& out = c.output(0);
      std::vector<int64_t> lengths = integers(c.input(1)), strides = element_strides(in.shape());
      if (seq >= strides.size() || batch >= strides.size() || int64_t(lengths.size()) != in.dim(int(batch)))
        c.fail(cat("Length of seq_lengths != input.dims(", batch, "), (", lengths.size(), ")"));
      int64_t n = in.dim(int(seq));
      for (size_t b = 0; b < lengths.size(); ++b) {
        if (lengths[b] < 0) c.fail(cat("seq_lens(", b, ") < 0"));
        if (lengths[b] > n) c.fail(cat("seq_lens(", b, ") > input.dims(", seq, ")"));
      }
      std::vector<int64_t> dims(in.shape().begin(), in.shape().end()), from = strides;
      dims[batch] = 1;
      for (size_t b = 0; b < lengths.size(); ++b) {
        int64_t at = int64_t(b) * strides[batch], len = lengths[b];
        dims[seq] = len;
        from[seq] = -strides[seq];
        copy_strided(c.threads(), in.dtype(), dims, element_at(out, at), strides,
                     element_at(in, at + (len - 1) * strides[seq]), from);
        dims[seq] = n - len;
        from[seq] = strides[seq];
        at += len * strides[seq];
        copy_strided(c.threads(), in.dtype(), dims, element_at(out, at), strides, element_at(in, at), from);
      }
    };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    AttrMap one{{"seq_dim", int64_t(1)}};
    s.each_type("T", [&](DType t) { s.add({s.random({2, 4}, t), Samples::i64({3, 0})}, one); });
    s.add({s.random({3, 2, 2}), Samples::i32({2, 3})}, {{"seq_dim", int64_t(0)}, {"batch_dim", int64_t(1)}});
    s.add({s.random({2, 3, 4}), Samples::i32({4, 1})}, {{"seq_dim", int64_t(2)}});
    s.fails("seq_lens(1) > input.dims(1)", {s.random({2, 3}), Samples::i64({1, 4})}, one);
    s.fails("seq_lens(1) < 0", {s.random({2, 3}), Samples::i64({1, -1})}, one);
    s.fails("Length of seq_lengths != input.dims(0), (1 vs. 2)", {s.random({2, 3}), Samples::i64({1})}, one);
    s.fails("batch_dim == seq_dim == 0", {s.random({2, 3}), Samples::i64({1, 1})}, {{"seq_dim", int64_t(0)}});
    s.fails("seq_dim must be < input rank ( 2 vs. 2)", {s.random({2, 3}), Samples::i64({1, 1})},
            {{"seq_dim", int64_t(2)}});
    s.fails("Invalid seq_dim -1", {s.random({2, 3}), Samples::i64({1, 1})}, {{"seq_dim", int64_t(-1)}});
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::same(g, "ReverseSequence", {g.grad(), g.input(1)})); });
}

FLOE_OP("Roll", op) {
  op.in("input:T, shift:Tshift, axis:Taxis")
      .out("output:T")
      .attrs("T:type; Tshift:{int32,int64}; Taxis:{int32,int64}");
  op.infer([](InferContext& c) {
    if (c.shape(0).rank() == 0) c.fail("input must be 1-D or higher");
    if (c.shape(1).rank() > 1)
      c.fail(cat("shift must be a scalar or a 1-D vector. Found: ", c.shape(1).str()));
    if (c.shape(2).rank() > 1)
      c.fail(cat("axis must be a scalar or a 1-D vector. Found: ", c.shape(2).str()));
    if (c.shape(1).is_fully_defined() && c.shape(2).is_fully_defined() && !(c.shape(1) == c.shape(2)))
      c.fail("shift and axis must have the same size");
    c.set_output(0, c.shape(0));
  });
  op.compute([](KernelContext& c) {
    const Tensor& in = c.input(0);
    Tensor& out = c.output(0);
    std::vector<int64_t> shift = integers(c.input(1)), axis = integers(c.input(2));
    if (shift.size() != axis.size()) c.fail("shift and axis must have the same size");
    std::vector<int64_t> dims(in.shape().begin(), in.shape().end()), strides = element_strides(in.shape());
    std::vector<int64_t> by(dims.size(), 0);
    for (size_t i = 0; i < axis.size(); ++i) {
      int64_t a = axis[i] < 0 ? axis[i] + in.rank() : axis[i];
      if (a < 0 || a >= in.rank()) c.fail(cat("axis ", axis[i], " is out of range"));
      if (int64_t n = dims[size_t(a)]; n > 0) by[size_t(a)] = (by[size_t(a)] + (shift[i] % n + n) % n) % n;
    }
    if (in.num_elements() == 0) return;
    std::vector<size_t> moved;
    for (size_t i = 0; i < by.size(); ++i)
      if (by[i]) moved.push_back(i);
    // Every moved dimension falls into two parts that change places.
    for (uint64_t mask = 0; mask < uint64_t(1) << moved.size(); ++mask) {
      std::vector<int64_t> box = dims;
      int64_t from = 0, to = 0;
      for (size_t k = 0; k < moved.size(); ++k) {
        size_t d = moved[k];
        bool tail = (mask >> k) & 1;
        box[d] = tail ? by[d] : dims[d] - by[d];
        (tail ? from : to) += (tail ? dims[d] - by[d] : by[d]) * strides[d];
      }
      copy_strided(c.threads(), in.dtype(), box, element_at(out, to), strides, element_at(in, from), strides);
    }
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({2, 3}, t), Tensor::scalar<int32_t>(1), Tensor::scalar<int32_t>(1)});
    });
    s.add({s.random({3, 4, 2}), Samples::i64({1, -2, 5}), Samples::i32({0, 1, -2})});
    s.add({s.random({3, 4}), Samples::i32({3, -1}), Samples::i64({0, 1})});
    s.add({s.random({0, 4}), Samples::i32({3}), Samples::i32({0})});
    s.fails("shift and axis must have the same size",
            {s.random({2, 3}), Samples::i32({1, 2}), Samples::i32({0})});
    s.fails("axis 3 is out of range", {s.random({2, 3}), Samples::i32({1}), Samples::i32({3})});
    s.fails("input must be 1-D or higher", {s.random({}), Samples::i32({1}), Samples::i32({0})});
    s.fails("shift must be a scalar or a 1-D vector. Found: [1,1]",
            {s.random({2, 3}), Tensor::of<int32_t>({1, 1}, {1}), Samples::i32({0})});
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::op("Roll", {g.grad(), -g.input(1), g.input(2)})); });
}

}  // namespace
}  // namespace floe
