// DataFormatDimMap and DataFormatVecPermute: dimensions, and vectors with one entry per dimension, from one
// layout of an image batch to another. TensorFlow's layout optimizer writes them.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

struct Layouts {
  std::string from, to;
};

Layouts read_layouts(const KernelInit& k) {
  Layouts l{k.attr<std::string>("src_format"), k.attr<std::string>("dst_format")};
  if (l.from.size() != 4 && l.from.size() != 5)
    k.fail(cat("Source format must be of length 4 or 5, received src_format = ", l.from));
  if (l.to.size() != 4 && l.to.size() != 5)
    k.fail(cat("Destination format must be of length 4 or 5, received dst_format = ", l.to));
  std::string a = l.from, b = l.to;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  if (a != b || std::adjacent_find(a.begin(), a.end()) != a.end())
    k.fail(cat("Destination and source format must determine a permutation, got ", l.from, " and ", l.to));
  return l;
}

constexpr const char* kLayoutAttrs =
    "T:{int32,int64}=int32; src_format:string='NHWC'; dst_format:string='NCHW'";

AttrMap layouts(const char* from, const char* to) {
  return {{"src_format", std::string(from)}, {"dst_format", std::string(to)}};
}

FLOE_OP("DataFormatDimMap", op) {
  op.in("x:T").out("y:T").attrs(kLayoutAttrs).infer(infer_unchanged);
  op.kernel([](const KernelInit& k) -> KernelFn {
    Layouts l = read_layouts(k);
    std::vector<int64_t> place;
    for (char dim : l.from) place.push_back(int64_t(l.to.find(dim)));
    return [place](KernelContext& c) {
      int64_t n = int64_t(place.size());
      dispatch(IndexTypes{}, c.input(0).dtype(), [&]<class T>() {
        for (int64_t i = 0; i < c.input(0).num_elements(); ++i)
          c.out<T>(0)[i] = T(place[size_t((int64_t(c.in<T>(0)[i]) % n + n) % n)]);
      });
    };
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({Samples::numbers({8}, {0, 1, 2, 3, -1, -2, -3, -4}, t)}); });
    s.add({Tensor::scalar(3)});
    s.add({Samples::i32({})});
    s.add({Samples::i32({0, 1, 2, 3, 4, -1}).reshaped({2, 3})}, layouts("NDHWC", "NCDHW"));
    s.add({Samples::i32({0, 1, 2, 3})}, layouts("NCHW", "HWNC"));
    s.fails("Source format must be of length 4 or 5", {Samples::i32({0})}, layouts("NHW", "NWH"));
    s.fails("Destination format must be of length 4 or 5", {Samples::i32({0})}, layouts("NHWC", "NHW"));
    s.fails("must determine a permutation, got NHWC and NHWX", {Samples::i32({0})}, layouts("NHWC", "NHWX"));
    s.fails("must determine a permutation, got NHHC and NCHW", {Samples::i32({0})}, layouts("NHHC", "NCHW"));
  });
}

// Entries of all dimensions, or of those but batch and channels.
FLOE_OP("DataFormatVecPermute", op) {
  op.in("x:T").out("y:T").attrs(kLayoutAttrs);
  op.infer([](InferContext& c) {
    const Shape& x = c.shape(0);
    int64_t all = int64_t(c.attr<std::string>("src_format").size());
    if (x.has_rank() && x.rank() != 1 && x.rank() != 2)
      c.fail(cat("input must be a vector or 2D tensor, but got shape ", x.str()));
    if (x.has_rank() && x[0] >= 0 && x[0] != all && x[0] != all - 2)
      c.fail(cat(x.rank() == 1 ? "1D input must be of size " : "First dimension of 2D input must be of size ",
                 all - 2, " or ", all, ", but got shape ", x.str()));
    if (x.rank() == 2 && x[1] >= 0 && x[1] != 2)
      c.fail(cat("Second dimension of 2D input must be of size 2, but got shape ", x.str()));
    c.set_output(0, x);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    Layouts l = read_layouts(k);
    auto spatial = [](std::string s) {
      std::erase_if(s, [](char d) { return d == 'N' || d == 'C'; });
      return s;
    };
    auto sources = [](const Layouts& of) {
      std::vector<int64_t> v;
      for (char dim : of.to) v.push_back(int64_t(of.from.find(dim)));
      return v;
    };
    std::vector<int64_t> all = sources(l), inner = sources({spatial(l.from), spatial(l.to)});
    return [all, inner](KernelContext& c) {
      const Tensor& x = c.input(0);
      const auto& from = x.dim(0) == int64_t(all.size()) ? all : inner;
      if (x.dim(0) != int64_t(from.size()))
        c.fail(cat("the input has ", x.dim(0), " entries for ", from.size(), " dimensions"));
      int64_t per = x.rank() == 2 ? x.dim(1) : 1;
      dispatch(IndexTypes{}, x.dtype(), [&]<class T>() {
        for (size_t i = 0; i < from.size(); ++i)
          std::copy_n(x.data<T>() + from[i] * per, per, c.out<T>(0) + int64_t(i) * per);
      });
    };
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({Samples::iota({4}, t)}); });
    s.add({Samples::i32({1, 2})});
    s.add({Samples::iota({4, 2}, DType::kInt32)});
    s.add({Samples::iota({2, 2}, DType::kInt32)}, layouts("HWNC", "NCWH"));
    s.add({Samples::i32({1, 2, 3, 4})}, layouts("NHWC", "HWNC"));
    s.add({Samples::i32({1, 2, 3, 4, 5})}, layouts("NDHWC", "NCDHW"));
    s.add({Samples::i32({1, 2, 3})}, layouts("NDHWC", "NCDHW"));
    s.fails("1D input must be of size 2 or 4, but got shape [3]", {Samples::i32({1, 2, 3})});
    s.fails("First dimension of 2D input must be of size 2 or 4", {Samples::iota({3, 2}, DType::kInt32)});
    s.fails("input must be a vector or 2D tensor", {Samples::iota({1, 1, 1}, DType::kInt32)});
    s.fails("must determine a permutation", {Samples::i32({1, 2})}, layouts("NHWC", "NHWX"));
  });
}

}  // namespace
}  // namespace floe
