// RaggedTensorToSparse: every value with its place.
#include "floe/ops/sparse/ragged.h"

namespace floe {
namespace {

void check_nested(KernelContext& c, const std::vector<RowSplits>& splits, const Tensor& values) {
  for (size_t k = 0; k < splits.size(); ++k) {
    const RowSplits& v = splits[k];
    if (v.empty()) c.fail("ragged splits may not be empty.");
    if (v[0] != 0) c.fail("First value of ragged splits must be 0.");
    for (size_t i = 1; i < v.size(); ++i)
      if (v[i] < v[i - 1])
        c.fail(cat("Ragged splits should be non decreasing, but we got ", v[i - 1], " followed by ", v[i]));
    int64_t divided = k + 1 < splits.size() ? int64_t(splits[k + 1].size()) - 1
                      : values.rank()       ? values.dim(0)
                                            : -1;
    if (v.back() != divided)
      c.fail("Final value of ragged splits must match the length the corresponding ragged values.");
  }
}

void ragged_to_sparse(KernelContext& c) {
  int levels = c.num_inputs() - 1;
  std::vector<RowSplits> splits;
  for (int i = 0; i < levels; ++i) splits.push_back(c.ints(i));
  const Tensor& values = c.input(levels);
  check_nested(c, splits, values);
  int64_t n = values.num_elements(), rank = levels + values.rank();
  std::vector<int64_t> shape{int64_t(splits[0].size()) - 1};
  for (const RowSplits& v : splits) {
    int64_t longest = 0;
    for (size_t i = 1; i < v.size(); ++i) longest = std::max(longest, v[i] - v[i - 1]);
    shape.push_back(longest);
  }
  for (int d = 1; d < values.rank(); ++d) shape.push_back(values.dim(d));
  int64_t* index = c.allocate(0, DType::kInt64, {n, rank}).mutable_data<int64_t>();
  c.set_output(1, c.keep(levels).reshaped({n}));
  std::copy(shape.begin(), shape.end(), c.allocate(2, DType::kInt64, {rank}).mutable_data<int64_t>());

  int64_t inner = values.shape().slice(1).num_elements();
  std::vector<size_t> row(splits.size(), 0);  // the row of each level that the value lies in
  for (int64_t i = 0; i < values.dim(0); ++i) {
    int64_t at = i;
    std::vector<int64_t> place(splits.size() + 1);
    for (size_t k = splits.size(); k-- > 0;) {
      while (splits[k][row[k] + 1] <= at) ++row[k];
      place[k + 1] = at - splits[k][row[k]];
      at = int64_t(row[k]);
    }
    place[0] = at;
    for (int64_t j = 0; j < inner; ++j) {
      index = std::copy(place.begin(), place.end(), index);
      int64_t rest = j, stride = inner;
      for (int d = 1; d < values.rank(); ++d) {
        stride /= values.dim(d);
        *index++ = rest / stride;
        rest %= stride;
      }
    }
  }
}

FLOE_OP("RaggedTensorToSparse", op) {
  op.in("rt_nested_splits:RAGGED_RANK*Tsplits, rt_dense_values:T");
  op.out("sparse_indices:int64, sparse_values:T, sparse_dense_shape:int64");
  op.attrs("RAGGED_RANK:int>=1; T:type; Tsplits:{int32,int64}=int64");
  op.infer([](InferContext& c) {
    int levels = c.num_inputs() - 1;
    for (int i = 0; i < levels; ++i) c.with_rank(i, 1);
    const Shape& values = c.shape(levels);
    int64_t rank = values.has_rank() ? values.rank() + levels : -1;
    int64_t n = values.is_fully_defined() ? values.num_elements() : -1;
    c.set_output(0, {n, rank});
    c.set_output(1, {n});
    c.set_output(2, {rank});
  });
  op.compute(ragged_to_sparse).dynamic_outputs().fails_on_values().keeps_inputs();
  op.samples([](Samples& s) {
    Tensor splits = Samples::i64({0, 2, 2, 4}), four = Samples::iota({4}), wide = Samples::iota({4, 2});
    s.each_type("T", [&](DType t) { s.add({splits, s.random({4}, t)}); });
    s.add({Samples::i64({0, 2, 2}), Samples::i64({0, 1, 4}), wide});
    s.add({Samples::i64({0, 0, 3}), Samples::i64({0, 0, 1, 4}), Samples::iota({4, 2, 3})});
    s.add({Samples::i32({0, 2, 2, 4}), wide});
    s.add({Samples::i64({0}), Samples::iota({0})});
    s.add({Samples::i64({0, 0, 0}), Samples::iota({0, 3})});
    s.add({splits, Samples::iota({4, 0})});
    const char* last = "Final value of ragged splits must match the length the corresponding ragged values.";
    s.fails(last, {Samples::i64({0, 2, 2, 5}), four});
    s.fails(last, {Samples::i64({0, 2, 3}), Samples::i64({0, 1, 4}), wide});
    s.fails(last, {Samples::i64({0, 2}), Tensor::scalar(3.0f)});
    s.fails("Ragged splits should be non decreasing, but we got 3 followed by 2",
            {Samples::i64({0, 3, 2, 4}), four});
    s.fails("First value of ragged splits must be 0.", {Samples::i64({1, 2, 2, 4}), four});
    s.fails("ragged splits may not be empty.", {Samples::i64({}), four});
  });
}

}  // namespace
}  // namespace floe
