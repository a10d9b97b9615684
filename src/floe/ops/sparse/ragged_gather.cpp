// RaggedGather: rows of a ragged tensor by their numbers.
#include "floe/ops/sparse/ragged.h"

namespace floe {
namespace {

struct RaggedGather {
  KernelContext& c;
  int params, outputs;  // number of row splits in and out

  void check(const std::vector<RowSplits>& splits, const Tensor& values) const {
    for (size_t k = 0; k < splits.size(); ++k) {
      const RowSplits& v = splits[k];
      if (v.empty()) c.fail("Ragged splits may not be empty");
      if (v[0] < 0) c.fail("Ragged splits must be non-negative");
      if (!std::is_sorted(v.begin(), v.end())) c.fail("Ragged splits must be sorted");
      int64_t end = k + 1 < splits.size() ? int64_t(splits[k + 1].size()) - 1 : values.dim(0);
      if (v.back() > end) c.fail("Ragged splits must not point past values");
    }
  }

  void run() const {
    std::vector<RowSplits> splits;
    for (int i = 0; i < params; ++i) splits.push_back(c.ints(i));
    const Tensor &values = c.input(params), &indices = c.input(params + 1);
    if (values.rank() == 0) c.fail("params.rank must be nonzero");
    if (outputs != indices.rank() + params - 1)
      c.fail(cat("OUTPUT_RAGGED_RANK must be the rank of indices plus PARAMS_RAGGED_RANK - 1 = ",
                 indices.rank() + params - 1, ", found ", outputs));
    check(splits, values);
    DType type = c.input(0).dtype();
    int out = 0;
    int64_t rows = 1;
    for (int d = 0; d + 1 < indices.rank(); ++d) {
      rows *= indices.dim(d);
      RowSplits even(static_cast<size_t>(rows + 1));
      for (int64_t i = 0; i <= rows; ++i) even[size_t(i)] = i * indices.dim(d + 1);
      c.set_output(out++, splits_tensor(even, type));
    }
    std::vector<int64_t> at = c.ints(params + 1);
    std::vector<std::pair<int64_t, int64_t>> ranges;
    for (size_t i = 0; i < at.size(); ++i) {
      if (at[i] < 0 || at[i] >= int64_t(splits[0].size()) - 1)
        c.fail(cat("indices", indices.rank() ? cat("[", i, "]") : "", " = ", at[i], " is not in [0, ",
                   splits[0].size() - 1, ")"));
      ranges.emplace_back(at[i], at[i] + 1);
    }
    for (int k = 0; k < params; ++k) {
      RowSplits next{0};
      for (auto& [from, to] : ranges) {
        for (int64_t r = from; r < to; ++r)
          next.push_back(next.back() + splits[size_t(k)][size_t(r) + 1] - splits[size_t(k)][size_t(r)]);
        from = splits[size_t(k)][size_t(from)];
        to = splits[size_t(k)][size_t(to)];
      }
      if (k || indices.rank()) c.set_output(out++, splits_tensor(next, type));
    }
    c.set_output(out, gather_ranges(values, ranges));
  }
};

FLOE_OP("RaggedGather", op) {
  op.in("params_nested_splits:PARAMS_RAGGED_RANK*Tsplits, params_dense_values:Tvalues, indices:Tindices");
  op.out("output_nested_splits:OUTPUT_RAGGED_RANK*Tsplits, output_dense_values:Tvalues");
  op.attrs(
      "Tvalues:type; Tindices:{int32,int64}; Tsplits:{int32,int64}=int64; PARAMS_RAGGED_RANK:int>=1; "
      "OUTPUT_RAGGED_RANK:int>=0");
  op.infer([](InferContext& c) {
    int params = int(c.attr<int64_t>("PARAMS_RAGGED_RANK")), last = c.num_outputs() - 1;
    for (int i = 0; i < params; ++i) c.with_rank(i, 1);
    for (int i = 0; i < last; ++i) c.set_output(i, {-1});
    Shape values = c.with_rank_at_least(params, 1);
    if (!values.has_rank()) return;
    values.set_dim(0, -1);
    c.set_output(last, values);
  });
  op.dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    int params = int(k.attr<int64_t>("PARAMS_RAGGED_RANK")), outputs = k.num_outputs() - 1;
    return [=](KernelContext& c) { RaggedGather{c, params, outputs}.run(); };
  });
  op.samples([](Samples& s) {
    Tensor splits = Samples::i64({0, 2, 2, 4}), four = Samples::iota({4}), wide = Samples::iota({4, 2});
    Tensor outer = Samples::i64({0, 1, 2}), inner = Samples::i64({0, 2, 4});
    auto out = [](int64_t n) { return AttrMap{{"OUTPUT_RAGGED_RANK", n}}; };
    s.each_type("Tvalues",
                [&](DType t) { s.add({splits, s.random({4}, t), Samples::i32({2, 0, 1, 2})}, out(1)); });
    s.add({splits, wide, Samples::i64({2, 0}).reshaped({2, 1})}, out(2));
    s.add({splits, wide, Samples::i32({2, 0, 1, 1, 0, 0}).reshaped({1, 2, 3})}, out(3));
    s.add({splits, wide, Tensor::scalar(2)}, out(0));
    s.add({outer, inner, wide, Tensor::scalar(1)}, out(1));
    s.add({outer, inner, wide, Samples::i32({1, 0, 1})}, out(2));
    s.add({Samples::i32({0, 2, 4}), four, Samples::i32({1})}, out(1));
    s.add({Samples::i64({0}), Samples::iota({0}), Samples::i32({})}, out(1));
    s.fails("indices[0] = 3 is not in [0, 3)", {splits, four, Samples::i32({3})}, out(1));
    s.fails("indices[0] = -1 is not in [0, 3)", {splits, four, Samples::i32({-1})}, out(1));
    s.fails("Ragged splits must not point past values", {Samples::i64({0, 2, 5}), four, Samples::i32({1})},
            out(1));
    s.fails("Ragged splits must be sorted", {Samples::i64({0, 3, 2, 4}), four, Samples::i32({1})}, out(1));
    s.fails("Ragged splits may not be empty", {Samples::i64({}), four, Samples::i32({})}, out(1));
  });
}

}  // namespace
}  // namespace floe
