// ReduceJoin: strings along dimensions, joined.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

// Non-negative dimensions; fail(message) when one is out of range or comes twice.
template <class F>
std::vector<int> join_dims(const std::vector<int64_t>& given, int rank, F&& fail) {
  std::vector<int> dims;
  for (int64_t d : given) {
    if (d < -rank || d >= rank)
      fail(cat("Invalid reduction dimension ", d, " for input with ", rank, " dimension(s)"));
    int at = int(d < 0 ? d + rank : d);
    if (std::find(dims.begin(), dims.end(), at) != dims.end())
      fail(cat("Duplicate reduction dimension ", at));
    dims.push_back(at);
  }
  return dims;
}

Shape joined_shape(const Shape& in, const std::vector<int>& dims, bool keep) {
  Shape out;
  for (int d = 0; d < in.rank(); ++d) {
    if (std::find(dims.begin(), dims.end(), d) == dims.end())
      out.push_back(in[d]);
    else if (keep)
      out.push_back(1);
  }
  return out;
}

FLOE_OP("ReduceJoin", op) {
  op.in("inputs:string, reduction_indices:int32")
      .out("output:string")
      .attrs("keep_dims:bool=false; separator:string=''");
  op.infer([](InferContext& c) {
    auto given = c.int_value(1);
    if (!c.shape(0).has_rank() || !given) return;
    auto dims = join_dims(*given, c.shape(0).rank(), [&](const std::string& m) { c.fail(m); });
    c.set_output(0, joined_shape(c.shape(0), dims, c.attr<bool>("keep_dims")));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool keep = k.attr<bool>("keep_dims");
    std::string separator = k.attr<std::string>("separator");
    return [=](KernelContext& c) {
      const Tensor& in = c.input(0);
      auto dims = join_dims(c.ints(1), in.rank(), [&](const std::string& m) { c.fail(m); });
      Tensor& out = c.allocate(0, DType::kString, joined_shape(in.shape(), dims, keep));
      std::vector<int64_t> stride(size_t(in.rank()), 1), kept;
      for (int d = in.rank() - 2; d >= 0; --d) stride[size_t(d)] = stride[size_t(d + 1)] * in.dim(d + 1);
      // Walks positions of the given dimensions, the last one fastest.
      auto each = [&](const std::vector<int>& order, int64_t base, auto&& f) {
        int64_t n = 1;
        for (int d : order) n *= in.dim(d);
        std::vector<int64_t> index(order.size(), 0);
        for (int64_t i = 0, at = base; i < n; ++i) {
          f(at);
          for (size_t k = order.size(); k-- > 0;) {
            at += stride[size_t(order[k])];
            if (++index[k] < in.dim(order[k])) break;
            at -= stride[size_t(order[k])] * in.dim(order[k]);
            index[k] = 0;
          }
        }
      };
      std::reverse(dims.begin(), dims.end());  // the first one given is joined first
      std::vector<int> others;
      for (int d = 0; d < in.rank(); ++d)
        if (std::find(dims.begin(), dims.end(), d) == dims.end()) others.push_back(d);
      std::string* to = out.mutable_data<std::string>();
      const std::string* from = in.data<std::string>();
      if (!out.num_elements()) return;
      each(others, 0, [&](int64_t base) {
        bool first = true;
        each(dims, base, [&](int64_t at) {
          if (!first) *to += separator;
          first = false;
          *to += from[at];
        });
        ++to;
      });
    };
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    Tensor x =
        Tensor::of<std::string>({2, 2, 3}, {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"});
    for (const std::vector<int32_t>& dims :
         std::vector<std::vector<int32_t>>{{0}, {1}, {-1}, {0, 1}, {1, 0}, {2, 0}, {0, 1, 2}, {}}) {
      s.add({x, Samples::i32(dims)}, {{"separator", std::string(",")}});
      s.add({x, Samples::i32(dims)}, {{"keep_dims", true}});
    }
    s.add({x, Tensor::scalar(int32_t(1))});
    s.add({Tensor(DType::kString, {2, 0}), Samples::i32({1})});
    s.fails("Invalid reduction dimension 3 for input with 3 dimension(s)", {x, Samples::i32({3})});
    s.fails("Duplicate reduction dimension 1", {x, Samples::i32({1, 1})});
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
