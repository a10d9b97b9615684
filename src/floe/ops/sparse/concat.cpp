// SparseConcat, SparseSplit and SparseSlice.
#include "floe/ops/gradients.h"
#include "floe/ops/sparse/sparse.h"

namespace floe {
namespace {

int64_t known_sum(int64_t a, int64_t b) { return a < 0 || b < 0 ? -1 : a + b; }

FLOE_OP("SparseConcat", op) {
  op.in("indices:N*int64, values:N*T, shapes:N*int64")
      .out("output_indices:int64, output_values:T, output_shape:int64");
  op.attrs("concat_dim:int; N:int>=2; T:type");
  op.infer([](InferContext& c) {
    int n = c.input_count("indices");
    int64_t rows = 0;
    Shape rank = Shape::unknown_of_rank(1);
    for (int i = 0; i < n; ++i) {
      Shape indices = c.with_rank(i, 2), values = c.with_rank(n + i, 1), shape = c.with_rank(2 * n + i, 1);
      rows = known_sum(rows, indices[0] >= 0 ? indices[0] : values[0]);
      try {
        rank = merge_shapes(merge_shapes(rank, {indices[1]}), shape);
      } catch (const InvalidArgument&) {
        c.fail(cat("Ranks of all input tensors must match: expected ", rank[0], " but got indices ",
                   indices.str(), " and shape ", shape.str(), " at position ", i));
      }
    }
    c.set_output(0, {rows, rank[0]});
    c.set_output(1, {rows});
    c.set_output(2, rank);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t given = k.attr<int64_t>("concat_dim");
    return [given](KernelContext& c) {
      int n = c.num_inputs() / 3;
      for (int i = 0; i < n; ++i) check_sparse(c, i, n + i, 2 * n + i);
      Shape shape = dense_shape(c, 2 * n);
      int64_t rank = shape.rank(), axis = given < 0 ? given + rank : given, rows = c.input(0).dim(0);
      if (axis < 0 || axis >= rank)
        c.fail(cat("Concat dimension must be in range [", -rank, ", ", rank, "), got ", given));
      std::vector<int64_t> offsets{0};
      int64_t total = shape[int(axis)];
      for (int i = 1; i < n; ++i) {
        Shape other = dense_shape(c, 2 * n + i);
        if (other.rank() != rank)
          c.fail(cat("Ranks of all input tensors must match: expected ", rank, " but got ", other.rank(),
                     " at position ", i));
        for (int d = 0; d < rank; ++d)
          if (d != axis && other[d] != shape[d])
            c.fail(cat("Input shapes must match: expected ", shape[d], " for dimension ", d, " but got ",
                       other[d], " at position ", i));
        offsets.push_back(total);
        if (__builtin_add_overflow(total, other[int(axis)], &total))
          c.fail(cat("the sizes of dimension ", axis, " add up to more than 2**63 - 1"));
        rows += c.input(i).dim(0);
      }
      Tensor joined(DType::kInt64, {rows, rank});
      int64_t* to = joined.mutable_data<int64_t>();
      for (int i = 0; i < n; ++i) {
        auto in = c.input(i).flat<int64_t>();
        std::copy(in.begin(), in.end(), to);
        for (size_t at = size_t(axis); at < in.size(); at += size_t(rank))
          to[at] = int64_t(uint64_t(to[at]) + uint64_t(offsets[size_t(i)]));
        to += in.size();
      }
      std::vector<int64_t> keys(static_cast<size_t>(rank));
      std::iota(keys.begin(), keys.end(), 0);
      const int64_t* at = joined.data<int64_t>();
      std::vector<int64_t> order = sorted_rows(at, rows, rank, keys);
      int64_t* indices = c.allocate(0, DType::kInt64, {rows, rank}).mutable_data<int64_t>();
      for (int64_t row : order) indices = std::copy_n(at + row * rank, rank, indices);
      Tensor& values = c.allocate(1, c.input(n).dtype(), {rows});
      dispatch_moves(values.dtype(), [&]<class T>() {
        std::vector<const T*> from;
        for (int i = 0; i < n; ++i)
          for (int64_t j = 0; j < c.input(n + i).dim(0); ++j)
            from.push_back(static_cast<const T*>(c.input(n + i).raw()) + j);
        T* out = static_cast<T*>(values.mutable_raw());
        for (int64_t row : order) *out++ = *from[size_t(row)];
      });
      int64_t* dims = c.allocate(2, DType::kInt64, {rank}).mutable_data<int64_t>();
      std::copy(shape.begin(), shape.end(), dims);
      dims[axis] = total;
    };
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    Tensor a = index_matrix({0, 1, 2, 0, 2, 3}, 2), b = index_matrix({0, 0, 4, 4}, 2),
           shape = Samples::i64({5, 6});
    s.each_type("T", [&](DType t) {
      s.add({a, b, s.random({3}, t), s.random({2}, t), shape, shape},
            {{"concat_dim", int64_t(0)}, {"N", int64_t(2)}});
    });
    for (int64_t d : {1, -1, -2})
      s.add({a, b, s.random({3}), s.random({2}), shape, shape}, {{"concat_dim", d}, {"N", int64_t(2)}});
    Tensor none(DType::kInt64, {0, 2});
    s.add({a, b, none, s.random({3}), s.random({2}), s.random({0}), shape, Samples::i64({5, 9}),
           Samples::i64({5, 0})},
          {{"concat_dim", int64_t(1)}, {"N", int64_t(3)}});
    s.fails("Concat dimension must be in range [-2, 2), got 2",
            {a, b, s.random({3}), s.random({2}), shape, shape},
            {{"concat_dim", int64_t(2)}, {"N", int64_t(2)}});
    s.fails("Input shapes must match: expected 6 for dimension 1 but got 7 at position 1",
            {a, b, s.random({3}), s.random({2}), shape, Samples::i64({5, 7})},
            {{"concat_dim", int64_t(0)}, {"N", int64_t(2)}});
    s.fails("indices and values rows (indexing dimension) must match",
            {a, b, s.random({3}), s.random({3}), shape, shape},
            {{"concat_dim", int64_t(0)}, {"N", int64_t(2)}});
    s.fails("Ranks of all input tensors must match",
            {a, index_matrix({0, 1}, 1), s.random({3}), s.random({2}), shape, Samples::i64({5})},
            {{"concat_dim", int64_t(0)}, {"N", int64_t(2)}});
  });
  op.no_gradient();
}

FLOE_OP("SparseSplit", op) {
  op.in("split_dim:int64, indices:int64, values:T, shape:int64");
  op.out("output_indices:num_split*int64, output_values:num_split*T, output_shape:num_split*int64");
  op.attrs("num_split:int>=1; T:type");
  op.infer([](InferContext& c) {
    int n = int(c.attr<int64_t>("num_split"));
    Shape shape = c.with_rank(3, 1);
    c.with_rank(0, 0);
    Shape indices = c.with_rank(1, 2);
    c.with_rank(2, 1);
    for (int i = 0; i < n; ++i) {
      c.set_output(i, {-1, indices[1] >= 0 ? indices[1] : shape[0]});
      c.set_output(n + i, {-1});
      c.set_output(2 * n + i, shape);
    }
  });
  op.compute([](KernelContext& c) {
    int64_t n = c.num_outputs() / 3, given = c.scalar<int64_t>(0);
    check_sparse(c, 1);
    Shape shape = dense_shape(c, 3);
    int64_t rank = shape.rank(), axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank)
      c.fail(cat("Input axis should be in range [", -rank, ", ", rank, "), got ", given));
    int64_t size = shape[int(axis)];
    if (n > size)
      c.fail(
          cat("Input num_split should be between 1 and the splitting dimension size (", size, "), got ", n));
    int64_t small = size / n, longer = size % n;
    auto part_of = [&](int64_t x) {
      return x < longer * (small + 1) ? x / (small + 1) : longer + (x - longer * (small + 1)) / small;
    };
    auto start = [&](int64_t p) { return p * small + std::min(p, longer); };
    const int64_t* at = c.in<int64_t>(1);
    std::vector<std::vector<int64_t>> rows(static_cast<size_t>(n));
    for (int64_t i = 0; i < c.input(1).dim(0); ++i) {
      for (int64_t d = 0; d < rank; ++d)
        if (int64_t x = at[i * rank + d]; x < 0 || x >= shape[int(d)])
          c.fail(cat("Sparse index tuple indices[", i, ", :] = ", index_text(at + i * rank, rank),
                     " is out of bounds"));
      rows[size_t(part_of(at[i * rank + axis]))].push_back(i);
    }
    for (int64_t p = 0; p < n; ++p) {
      int64_t count = int64_t(rows[size_t(p)].size());
      int64_t* indices = c.allocate(int(p), DType::kInt64, {count, rank}).mutable_data<int64_t>();
      for (int64_t row : rows[size_t(p)]) {
        std::copy_n(at + row * rank, rank, indices);
        indices[axis] -= start(p);
        indices += rank;
      }
      Tensor& values = c.allocate(int(n + p), c.input(2).dtype(), {count});
      dispatch_moves(values.dtype(), [&]<class T>() {
        T* out = static_cast<T*>(values.mutable_raw());
        for (int64_t row : rows[size_t(p)]) *out++ = static_cast<const T*>(c.input(2).raw())[row];
      });
      int64_t* dims = c.allocate(int(2 * n + p), DType::kInt64, {rank}).mutable_data<int64_t>();
      std::copy(shape.begin(), shape.end(), dims);
      dims[axis] = start(p + 1) - start(p);
    }
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    Tensor at = index_matrix({0, 1, 2, 0, 2, 3}, 2), shape = Samples::i64({5, 6});
    auto dim = [](int64_t d) { return Tensor::scalar(d); };
    s.each_type("T",
                [&](DType t) { s.add({dim(0), at, s.random({3}, t), shape}, {{"num_split", int64_t(2)}}); });
    for (int64_t n : {1, 2, 4, 6}) s.add({dim(-1), at, s.random({3}), shape}, {{"num_split", n}});
    s.add({dim(0), Tensor(DType::kInt64, {0, 2}), s.random({0}), shape}, {{"num_split", int64_t(2)}});
    s.fails("Input num_split should be between 1 and the splitting dimension size (6), got 7",
            {dim(1), at, s.random({3}), shape}, {{"num_split", int64_t(7)}});
    s.fails("Input axis should be in range [-2, 2), got 2", {dim(2), at, s.random({3}), shape},
            {{"num_split", int64_t(2)}});
    s.fails("Sparse index tuple indices[0, :] = [10, 11] is out of bounds",
            {dim(0), index_matrix({10, 11}, 2), s.random({1}), shape}, {{"num_split", int64_t(2)}});
  });
}

FLOE_OP("SparseSlice", op) {
  op.in("indices:int64, values:T, shape:int64, start:int64, size:int64");
  op.out("output_indices:int64, output_values:T, output_shape:int64").attrs("T:type");
  op.infer([](InferContext& c) {
    Shape indices = c.with_rank(0, 2), shape = c.with_rank(2, 1);
    c.with_rank(1, 1);
    c.with_rank(3, 1);
    c.with_rank(4, 1);
    c.set_output(0, {-1, indices[1] >= 0 ? indices[1] : shape[0]});
    c.set_output(1, {-1});
    c.set_output(2, shape);
  });
  op.compute([](KernelContext& c) {
    check_sparse(c, 0);
    Shape shape = dense_shape(c, 2);
    int64_t rank = shape.rank();
    std::vector<int64_t> start = c.ints(3), size = c.ints(4), end(start.size()), dims(start.size());
    if (int64_t(start.size()) != rank)
      c.fail(cat("Expected start to be a vector of length ", rank, " but got length ", start.size()));
    if (int64_t(size.size()) != rank)
      c.fail(cat("Expected size to be a vector of length ", rank, " but got length ", size.size()));
    for (size_t d = 0; d < size.size(); ++d) {
      if (size[d] < 0) c.fail(cat("Expected a non-negative size, got ", size[d]));
      if (__builtin_add_overflow(start[d], size[d], &end[d])) end[d] = INT64_MAX;
      dims[d] = end[d] <= shape[int(d)] ? size[d] : start[d] < shape[int(d)] ? shape[int(d)] - start[d] : 0;
    }
    const int64_t* at = c.in<int64_t>(0);
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < c.input(0).dim(0); ++i) {
      bool inside = true;
      for (size_t d = 0; d < size.size(); ++d) {
        int64_t x = at[i * rank + int64_t(d)];
        inside = inside && x >= start[d] && x < end[d];
      }
      if (inside) rows.push_back(i);
    }
    int64_t n = int64_t(rows.size());
    int64_t* indices = c.allocate(0, DType::kInt64, {n, rank}).mutable_data<int64_t>();
    for (int64_t row : rows)
      for (int64_t d = 0; d < rank; ++d) *indices++ = at[row * rank + d] - start[size_t(d)];
    Tensor& values = c.allocate(1, c.input(1).dtype(), {n});
    dispatch_moves(values.dtype(), [&]<class T>() {
      T* out = static_cast<T*>(values.mutable_raw());
      for (int64_t row : rows) *out++ = static_cast<const T*>(c.input(1).raw())[row];
    });
    std::copy(dims.begin(), dims.end(), c.allocate(2, DType::kInt64, {rank}).mutable_data<int64_t>());
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    Tensor at = index_matrix({0, 1, 2, 0, 2, 3}, 2), shape = Samples::i64({5, 6});
    s.each_type("T", [&](DType t) {
      s.add({at, s.random({3}, t), shape, Samples::i64({1, 0}), Samples::i64({9, 9})});
    });
    for (auto [start, size] :
         std::vector<std::pair<std::vector<int64_t>, std::vector<int64_t>>>{{{0, 0}, {3, 3}},
                                                                            {{2, 3}, {1, 1}},
                                                                            {{7, 0}, {1, 1}},
                                                                            {{-1, 0}, {2, 2}},
                                                                            {{5, 6}, {0, 0}},
                                                                            {{0, 0}, {0, 6}}})
      s.add({at, s.random({3}), shape, Samples::i64(start), Samples::i64(size)});
    s.add({Tensor(DType::kInt64, {0, 2}), s.random({0}), shape, Samples::i64({0, 0}), Samples::i64({2, 2})});
    s.fails("Expected a non-negative size, got -1",
            {at, s.random({3}), shape, Samples::i64({0, 0}), Samples::i64({-1, 2})});
    s.fails("Expected start to be a vector of length 2 but got length 1",
            {at, s.random({3}), shape, Samples::i64({0}), Samples::i64({1, 2})});
  });
  op.gradient([](GradientContext& g) {
    if (g.has_grad(1))
      g.set(1, grad::op("SparseSliceGrad", {g.grad(1), g.input(0), g.input(3), g.output(0)}));
  });
}

FLOE_OP("SparseSliceGrad", op) {
  op.in("backprop_val_grad:T, input_indices:int64, input_start:int64, output_indices:int64");
  op.out("val_grad:T");
  op.attrs(
      "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16,"
      "uint16,complex128,half,uint32,uint64}");
  op.infer([](InferContext& c) {
    c.with_rank(0, 1);
    c.with_rank(2, 1);
    c.with_rank(3, 2);
    c.set_output(0, {c.with_rank(1, 2)[0]});
  });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(NumberTypes{}, k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        const Tensor &grads = c.input(0), &in = c.input(1), &out = c.input(3);
        int64_t rank = in.dim(1), n = out.dim(0), at = 0;
        std::vector<int64_t> start = c.ints(2);
        if (out.dim(1) != rank || int64_t(start.size()) != rank)
          c.fail(cat("The input and output should have the same ranks: got: ", rank, " and ", out.dim(1)));
        if (grads.dim(0) != n)
          c.fail(cat("# elements in backprop_val_grad and # rows in output_indices should match (#grads = ",
                     grads.dim(0), ", #indices = ", n, ")"));
        const int64_t *i = in.data<int64_t>(), *o = out.data<int64_t>();
        // The rows of the slice are rows of the input, in the same order.
        for (int64_t r = 0; r < in.dim(0); ++r) {
          bool same = at < n;
          for (int64_t d = 0; same && d < rank; ++d)
            same = uint64_t(i[r * rank + d]) - uint64_t(start[size_t(d)]) == uint64_t(o[at * rank + d]);
          c.out<T>(0)[r] = same ? grads.data<T>()[at] : T(0);
          at += same;
        }
      };
    });
    return fn;
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor at = index_matrix({0, 1, 2, 0, 2, 3}, 2);
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kInt32})
      s.add({s.random({2}, t), at, Samples::i64({1, 0}), index_matrix({1, 0, 1, 3}, 2)});
    s.add({s.random({1}), at, Samples::i64({0, 1}), index_matrix({0, 0}, 2)});
    s.fails("should match", {s.random({3}), at, Samples::i64({1, 0}), index_matrix({1, 0, 1, 3}, 2)});
  });
}

}  // namespace
}  // namespace floe
