// Changing rows of resource variables.
#include <cmath>

#include "floe/ops/state/variable.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

enum class Change { kUpdate, kAdd, kSub, kMul, kDiv, kMin, kMax };

template <class T>
inline constexpr bool kComplexNumber =
    std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>;

template <Change kChange, class T>
T changed(KernelContext& c, T a, T b) {
  using C = compute_t<T>;
  C x = C(a), y = C(b);
  if constexpr (kChange == Change::kUpdate) return b;
  if constexpr (kChange == Change::kMin || kChange == Change::kMax) {
    if constexpr (kComplexNumber<T>)
      c.fail("complex numbers have no order");
    else
      return kChange == Change::kMin ? (y < x ? b : a) : (x < y ? b : a);
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (kChange == Change::kAdd) return T(uint64_t(a) + uint64_t(b));
    if constexpr (kChange == Change::kSub) return T(uint64_t(a) - uint64_t(b));
    if constexpr (kChange == Change::kMul) return T(uint64_t(a) * uint64_t(b));
    if constexpr (kChange == Change::kDiv) {
      if (b == 0) c.fail("Integer division by zero");
      if constexpr (std::is_signed_v<T>)
        if (b == T(-1)) return T(-uint64_t(a));
      return T(a / b);
    }
  } else {
    if constexpr (kChange == Change::kAdd) return T(x + y);
    if constexpr (kChange == Change::kSub) return T(x - y);
    if constexpr (kChange == Change::kMul) return T(x * y);
    if constexpr (kChange == Change::kDiv) return T(x / y);
  }
  return a;
}

// rows[i] of `inner` elements of `to` change by updates[i] (one value for all when `scalar`).
template <Change kChange>
void change_rows(KernelContext& c, Tensor& to, const std::vector<int64_t>& rows, int64_t inner,
                 const Tensor& updates, bool scalar) {
  if constexpr (kChange == Change::kUpdate) {
    dispatch_moves(to.dtype(), [&]<class T>() {
      T* x = static_cast<T*>(to.mutable_raw());
      const T* y = static_cast<const T*>(updates.raw());
      for (size_t i = 0; i < rows.size(); ++i)
        for (int64_t j = 0; j < inner; ++j) x[rows[i] * inner + j] = y[scalar ? 0 : int64_t(i) * inner + j];
    });
  } else {
    dispatch(NumberTypes{}, to.dtype(), [&]<class T>() {
      T* x = to.mutable_data<T>();
      const T* y = updates.data<T>();
      for (size_t i = 0; i < rows.size(); ++i)
        for (int64_t j = 0; j < inner; ++j) {
          T& e = x[rows[i] * inner + j];
          e = changed<kChange, T>(c, e, y[scalar ? 0 : int64_t(i) * inner + j]);
        }
    });
  }
}

template <Change kChange>
void scatter(KernelContext& c) {
  auto v = resource_of<VariableState>(c, 0);
  variable_value(c, 0);
  const Tensor &indices = c.input(1), &updates = c.input(2);
  if (updates.dtype() != v->dtype)
    c.fail(cat("variable ", v->name, " is ", dtype_name(v->dtype), ", the updates are ",
               dtype_name(updates.dtype())));
  v->update([&](Tensor& value) {
    if (value.rank() < 1) c.fail("params must be at least 1-D");
    bool scalar = updates.rank() == 0;
    Shape want = indices.shape().concat(value.shape().slice(1));
    if (!scalar && !(updates.shape() == want))
      c.fail(
          cat("Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got "
              "updates.shape ",
              updates.shape().str(), ", indices.shape ", indices.shape().str(), ", params.shape ",
              value.shape().str()));
    std::vector<int64_t> rows = c.ints(1);
    for (size_t i = 0; i < rows.size(); ++i)
      if (rows[i] < 0 || rows[i] >= value.dim(0))
        c.fail(cat("indices[", i, "] = ", rows[i], " is not in [0, ", value.dim(0), ")"));
    Tensor to = value.is_unique() ? value : value.clone();
    change_rows<kChange>(c, to, rows, value.shape().slice(1).num_elements(), updates, scalar);
    return to;
  });
}

template <Change kChange>
void scatter_nd(KernelContext& c) {
  auto v = resource_of<VariableState>(c, 0);
  variable_value(c, 0);
  const Tensor &indices = c.input(1), &updates = c.input(2);
  if (updates.dtype() != v->dtype)
    c.fail(cat("variable ", v->name, " is ", dtype_name(v->dtype), ", the updates are ",
               dtype_name(updates.dtype())));
  v->update([&](Tensor& value) {
    if (indices.rank() < 1) c.fail("indices must be at least a vector");
    int64_t depth = indices.dim(-1);
    if (depth > value.rank())
      c.fail(cat("index innermost dimension length must be <= params rank; saw: ", depth, " vs. ",
                 value.rank()));
    Shape outer = indices.shape().slice(0, -1), want = outer.concat(value.shape().slice(int(depth)));
    if (!(updates.shape() == want))
      c.fail(
          cat("Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got "
              "updates.shape ",
              updates.shape().str(), ", expected ", want.str()));
    std::vector<int64_t> at = c.ints(1), rows(size_t(outer.num_elements()));
    for (size_t i = 0; i < rows.size(); ++i)
      for (int64_t d = 0; d < depth; ++d) {
        int64_t x = at[i * size_t(depth) + size_t(d)];
        if (x < 0 || x >= value.dim(int(d)))
          c.fail(cat("indices[", i, "] does not index into shape ", value.shape().str()));
        rows[i] = rows[i] * value.dim(int(d)) + x;
      }
    Tensor to = value.is_unique() ? value : value.clone();
    change_rows<kChange>(c, to, rows, value.shape().slice(int(depth)).num_elements(), updates, false);
    return to;
  });
}

constexpr const char* kNumbers =
    "dtype:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16,"
    "uint16,"
    "complex128,half,uint32,uint64}; Tindices:{int32,int64}";

void define_scatter(OpBuilder& op, const char* attrs, KernelFn fn) {
  op.in("resource:resource, indices:Tindices, updates:dtype").attrs(attrs);
  op.infer(infer_unknown).compute(std::move(fn)).stateful();
}
FLOE_OP("ResourceScatterUpdate", op) {
  define_scatter(op, "dtype:type; Tindices:{int32,int64}", scatter<Change::kUpdate>);
}
FLOE_OP("ResourceScatterAdd", op) { define_scatter(op, kNumbers, scatter<Change::kAdd>); }
FLOE_OP("ResourceScatterSub", op) { define_scatter(op, kNumbers, scatter<Change::kSub>); }
FLOE_OP("ResourceScatterMul", op) { define_scatter(op, kNumbers, scatter<Change::kMul>); }
FLOE_OP("ResourceScatterDiv", op) { define_scatter(op, kNumbers, scatter<Change::kDiv>); }
FLOE_OP("ResourceScatterMin", op) { define_scatter(op, kNumbers, scatter<Change::kMin>); }
FLOE_OP("ResourceScatterMax", op) { define_scatter(op, kNumbers, scatter<Change::kMax>); }

void define_scatter_nd(OpBuilder& op, KernelFn fn) {
  op.in("ref:resource, indices:Tindices, updates:T");
  op.attrs("T:type; Tindices:{int32,int64}; use_locking:bool=true; bad_indices_policy:string=''");
  op.infer(infer_unknown).compute(std::move(fn)).stateful();
}
FLOE_OP("ResourceScatterNdUpdate", op) { define_scatter_nd(op, scatter_nd<Change::kUpdate>); }
FLOE_OP("ResourceScatterNdAdd", op) { define_scatter_nd(op, scatter_nd<Change::kAdd>); }
FLOE_OP("ResourceScatterNdSub", op) { define_scatter_nd(op, scatter_nd<Change::kSub>); }
FLOE_OP("ResourceScatterNdMin", op) { define_scatter_nd(op, scatter_nd<Change::kMin>); }
FLOE_OP("ResourceScatterNdMax", op) { define_scatter_nd(op, scatter_nd<Change::kMax>); }

}  // namespace
}  // namespace floe
