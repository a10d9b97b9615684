// Unique*, ListDiff: values by their first appearance.
#include <bit>
#include <functional>
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

using UniqueTypes = Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint8_t,
                          uint16_t, uint32_t, uint64_t, bool, std::string>;

// Slices of a tensor along one axis, seen as [outer, n, inner].
template <class T>
struct Slices {
  const T* x;
  int64_t outer, n, inner;

  size_t hash(int64_t i) const {
    size_t h = 0;
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t k = 0; k < inner; ++k)
        h = h * 0x9e3779b97f4a7c15ull + std::hash<compute_t<T>>{}(at(i, o, k));
    return h ^ (h >> 29);
  }
  bool same(int64_t i, int64_t j) const {
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t k = 0; k < inner; ++k)
        if (!(at(i, o, k) == at(j, o, k))) return false;
    return true;
  }
  compute_t<T> at(int64_t i, int64_t o, int64_t k) const { return compute_t<T>(x[(o * n + i) * inner + k]); }
};

// The first slice of every kind, and the kind of every slice.
template <class T>
void find_unique(const Slices<T>& s, std::vector<int64_t>& first, std::vector<int64_t>& kind) {
  std::vector<int64_t> table(std::bit_ceil(size_t(s.n) * 2 + 1), -1);
  kind.resize(size_t(s.n));
  for (int64_t i = 0; i < s.n; ++i) {
    size_t slot = s.hash(i) & (table.size() - 1);
    while (table[slot] >= 0 && !s.same(first[size_t(table[slot])], i)) slot = (slot + 1) & (table.size() - 1);
    if (table[slot] < 0) {
      table[slot] = int64_t(first.size());
      first.push_back(i);
    }
    kind[size_t(i)] = table[slot];
  }
}

void put_integers(KernelContext& c, int output, DType dtype, const std::vector<int64_t>& v) {
  Tensor& out = c.allocate(output, dtype, Shape{int64_t(v.size())});
  dispatch(IndexTypes{}, dtype, [&]<class I>() {
    for (size_t i = 0; i < v.size(); ++i) out.mutable_data<I>()[i] = I(v[i]);
  });
}

void compute_unique(KernelContext& c, DType out_idx, bool has_axis) {
  const Tensor& x = c.input(0);
  int64_t axis = 0;
  if (has_axis) {
    if (c.input(1).rank() != 1) c.fail("axis expects a 1D vector.");
    std::vector<int64_t> a = integers(c.input(1));
    if (a.size() > 1) c.fail("axis does not support input tensors larger than 1 elements");
    has_axis = !a.empty();
    if (has_axis) {
      axis = a[0] < 0 ? a[0] + x.rank() : a[0];
      if (axis < 0 || axis >= x.rank()) c.fail(cat("axis has to be between [0, ", x.rank(), ")"));
    }
  }
  if (!has_axis && x.rank() != 1) c.fail("unique expects a 1D vector.");
  int ax = int(axis);
  int64_t outer = dims_product(x.shape(), 0, ax), n = x.dim(ax),
          inner = dims_product(x.shape(), ax + 1, x.rank());
  std::vector<int64_t> first, kind;
  dispatch(UniqueTypes{}, x.dtype(),
           [&]<class T>() { find_unique(Slices<T>{x.data<T>(), outer, n, inner}, first, kind); });
  Shape shape = x.shape();
  int64_t m = int64_t(first.size());
  shape.set_dim(ax, m);
  Tensor& y = c.allocate(0, x.dtype(), shape);
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < m; ++i)
      copy_elements(x.dtype(), element_at(y, (o * m + i) * inner),
                    element_at(x, (o * n + first[size_t(i)]) * inner), inner);
  put_integers(c, 1, out_idx, kind);
  if (c.num_outputs() < 3) return;
  std::vector<int64_t> count(first.size(), 0);
  for (int64_t k : kind) ++count[size_t(k)];
  put_integers(c, 2, out_idx, count);
}

void infer_unique(InferContext& c, bool has_axis) {
  const Shape& x = c.shape(0);
  if (!has_axis) {
    if (x.has_rank() && x.rank() != 1) c.fail("unique expects a 1D vector.");
    c.set_output(0, Shape{-1});
    c.set_output(1, x.has_rank() ? x : Shape{-1});
  } else {
    auto axis = known_integers(c, 1);
    Shape y = x.has_rank() ? Shape::unknown_of_rank(x.rank()) : Shape::unknown();
    int64_t n = -1;
    if (axis && x.has_rank() && axis->size() <= 1) {
      int64_t a = axis->empty() ? 0 : (*axis)[0] < 0 ? (*axis)[0] + x.rank() : (*axis)[0];
      if (a >= 0 && a < x.rank()) {
        y = x;
        n = x[int(a)];
        y.set_dim(int(a), -1);
      }
    }
    c.set_output(0, y);
    c.set_output(1, Shape{n});
  }
  if (c.num_outputs() > 2) c.set_output(2, Shape{-1});
}

void declare_unique(OpBuilder& op, bool has_axis) {
  op.infer([has_axis](InferContext& c) { infer_unique(c, has_axis); });
  op.kernel([has_axis](const KernelInit& k) -> KernelFn {
    DType out_idx = k.attr<DType>("out_idx");
    return [out_idx, has_axis](KernelContext& c) { compute_unique(c, out_idx, has_axis); };
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([has_axis](Samples& s) {
    auto add = [&](Tensor x, std::vector<int64_t> axis, AttrMap attrs = {}) {
      if (has_axis)
        s.add({x, Tensor::vec(axis)}, attrs);
      else
        s.add({x}, attrs);
    };
    s.each_type("T", [&](DType t) {
      if (!is_complex(t)) add(s.uniform({12}, 0, 4, t == DType::kString ? DType::kInt32 : t), {});
    });
    add(s.random({9}, DType::kString), {});
    add(s.uniform({12}, 0, 4, DType::kInt32), {}, {{"out_idx", DType::kInt64}});
    add(Samples::numbers({6}, {0, NAN, -0.0, NAN, 1, 1}), {});
    add(Samples::numbers({0}, {}), {});
    if (has_axis) {
      Tensor m = Samples::numbers({3, 2}, {1, 2, 3, 4, 1, 2});
      add(m, {0});
      add(m, {-1});
      add(Samples::numbers({2, 3}, {1, 2, 1, 3, 4, 3}), {1});
      s.fails("axis has to be between [0, 2)", {m, Samples::i64({5})});
      s.fails("unique expects a 1D vector.", {m, Samples::i64({})});
      s.fails("axis does not support input tensors larger than 1 elements", {m, Samples::i64({0, 1})});
    } else {
      s.fails("unique expects a 1D vector.", {s.random({2, 3})});
    }
  });
}

FLOE_OP("Unique", op) {
  op.in("x:T").out("y:T, idx:out_idx").attrs("T:type; out_idx:{int32,int64}=int32");
  declare_unique(op, false);
}
FLOE_OP("UniqueWithCounts", op) {
  op.in("x:T").out("y:T, idx:out_idx, count:out_idx").attrs("T:type; out_idx:{int32,int64}=int32");
  declare_unique(op, false);
}
FLOE_OP("UniqueV2", op) {
  op.in("x:T, axis:Taxis").out("y:T, idx:out_idx");
  op.attrs("T:type; Taxis:{int32,int64}=int64; out_idx:{int32,int64}=int32");
  declare_unique(op, true);
}
FLOE_OP("UniqueWithCountsV2", op) {
  op.in("x:T, axis:Taxis").out("y:T, idx:out_idx, count:out_idx");
  op.attrs("T:type; Taxis:{int32,int64}=int64; out_idx:{int32,int64}=int32");
  declare_unique(op, true);
}

FLOE_OP("ListDiff", op) {
  op.in("x:T, y:T").out("out:T, idx:out_idx").attrs("T:type; out_idx:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    for (int i = 0; i < 2; ++i) {
      if (c.shape(i).has_rank() && c.shape(i).rank() != 1)
        c.fail(cat(i ? "y" : "x", " should be a 1D vector."));
      c.set_output(i, Shape{-1});
    }
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType out_idx = k.attr<DType>("out_idx");
    return [out_idx](KernelContext& c) {
      std::vector<int64_t> kept;
      dispatch(UniqueTypes{}, c.input(0).dtype(), [&]<class T>() {
        std::unordered_set<compute_t<T>> gone;
        for (const T& y : c.input(1).flat<T>()) gone.insert(compute_t<T>(y));
        auto x = c.input(0).flat<T>();
        for (size_t i = 0; i < x.size(); ++i)
          if (!gone.count(compute_t<T>(x[i]))) kept.push_back(int64_t(i));
      });
      Tensor& out = c.allocate(0, c.input(0).dtype(), Shape{int64_t(kept.size())});
      for (size_t i = 0; i < kept.size(); ++i)
        copy_elements(out.dtype(), element_at(out, int64_t(i)), element_at(c.input(0), kept[i]), 1);
      put_integers(c, 1, out_idx, kept);
    };
  });
  op.dynamic_outputs();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      if (!is_complex(t) && t != DType::kBool && t != DType::kString)
        s.add({s.uniform({9}, 0, 5, t), s.uniform({3}, 0, 5, t)});
    });
    s.add({s.random({6}, DType::kString), s.random({3}, DType::kString)}, {{"out_idx", DType::kInt64}});
    s.add({s.random({3}), s.random({0})});
    s.fails("x should be a 1D vector.", {s.random({2, 3}), s.random({2})});
    s.fails("y should be a 1D vector.", {s.random({2}), s.random({2, 2})});
  });
}

}  // namespace
}  // namespace floe
