// UnsortedSegmentJoin: strings of equal segment, joined.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

template <class F>
void check_segments(const Shape& in, const Shape& ids, F&& fail) {
  if (!ids.has_rank()) return;
  if (ids.rank() == 0) fail("Segment_id cannot have rank 0");
  if (!in.has_rank()) return;
  if (ids.rank() > in.rank())
    fail(cat("Segment_id rank ", ids.rank(), " is larger than the rank of the input, ", in.rank()));
  for (int d = 0; d < ids.rank(); ++d)
    if (ids[d] >= 0 && in[d] >= 0 && ids[d] != in[d])
      fail(cat("Segment dimension is ", ids[d], " while input dimension is ", in[d], " in rank ", d));
}

FLOE_OP("UnsortedSegmentJoin", op) {
  op.in("inputs:string, segment_ids:Tindices, num_segments:Tnumsegments").out("output:string");
  op.attrs("separator:string=''; Tindices:{int32,int64}; Tnumsegments:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    check_segments(c.shape(0), c.shape(1), [&](const std::string& m) { c.fail(m); });
    c.with_rank(2, 0);
    auto n = c.int_value(2);
    if (n && n->at(0) < 0) c.fail(cat("Number of segments must be non-negative but got ", n->at(0)));
    if (!c.shape(0).has_rank() || !c.shape(1).has_rank()) return;
    c.set_output(0, Shape{n ? n->at(0) : -1}.concat(c.shape(0).slice(c.shape(1).rank())));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::string separator = k.attr<std::string>("separator");
    return [separator](KernelContext& c) {
      std::vector<int64_t> ids = c.ints(1);
      int64_t n = c.ints(2).at(0), inner = 1;
      for (int d = c.input(1).rank(); d < c.input(0).rank(); ++d) inner *= c.input(0).dim(d);
      const std::string* in = c.in<std::string>(0);
      std::string* out = c.out<std::string>(0);
      std::vector<bool> begun(static_cast<size_t>(n), false);
      for (size_t i = 0; i < ids.size(); ++i) {
        if (ids[i] < 0 || ids[i] >= n)
          c.fail("segment_ids are not allowed to exceed num_segments or to have negative values.");
        for (int64_t j = 0; j < inner; ++j) {
          std::string& to = out[ids[i] * inner + j];
          if (begun[size_t(ids[i])]) to += separator;
          to += in[int64_t(i) * inner + j];
        }
        begun[size_t(ids[i])] = true;
      }
    };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor x = Tensor::of<std::string>({2, 2}, {"a", "b", "", "d"});
    auto n = [](int32_t v) { return Tensor::scalar(v); };
    AttrMap comma{{"separator", std::string(",")}};
    s.add({x, Samples::i32({0, 0}), n(2)}, comma);
    s.add({x, Samples::i64({2, 1}), n(3)}, comma);
    s.add({x, Tensor::of<int32_t>({2, 2}, {0, 0, 1, 0}), Tensor::scalar(int64_t(3))}, comma);
    s.add({x, Samples::i32({1, 1}), n(2)});
    s.add({Tensor(DType::kString, {0}), Tensor(DType::kInt32, {0}), n(2)});
    s.fails("segment_ids are not allowed to exceed num_segments or to have negative values.",
            {x, Samples::i32({0, 2}), n(2)});
    s.fails("segment_ids are not allowed to exceed num_segments or to have negative values.",
            {x, Samples::i32({0, -1}), n(2)});
    s.fails("Segment dimension is 3 while input dimension is 2 in rank 0",
            {x, Samples::i32({0, 0, 0}), n(2)});
    s.fails("Number of segments must be non-negative but got -1", {x, Samples::i32({0, 0}), n(-1)});
  });
}

}  // namespace
}  // namespace floe
