// Sequences: Range, LinSpace, RaggedRange.
#include <optional>

#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

void need_scalar(const InferContext& c, int i, const char* name) {
  if (c.shape(i).has_rank() && c.shape(i).rank() != 0)
    c.fail(cat(name, " must be a scalar, not shape ", c.shape(i).str()));
}

// The number of elements; `fail` gets the message when there is none.
template <class T, class Fail>
int64_t range_size(T start, T limit, T delta, Fail&& fail) {
  using C = compute_t<T>;
  C a = C(start), b = C(limit), d = C(delta);
  if (d == 0) fail(cat("Requires delta != 0: ", d));
  if (d > 0 && !(a <= b)) fail(cat("Requires start <= limit when delta > 0: ", a, "/", b));
  if (!(d > 0) && !(a >= b)) fail(cat("Requires start >= limit when delta < 0: ", a, "/", b));
  constexpr const char* too_many = "Requires ((limit - start) / delta) <= 9223372036854775807";
  if constexpr (std::is_integral_v<T>) {
    uint64_t span = d > 0 ? uint64_t(b) - uint64_t(a) : uint64_t(a) - uint64_t(b);
    uint64_t step = d > 0 ? uint64_t(d) : 0 - uint64_t(d);
    uint64_t n = span / step + (span % step != 0);
    if (n > uint64_t(INT64_MAX)) fail(too_many);
    return int64_t(n);
  } else {
    double n = std::ceil(std::abs((double(b) - double(a)) / double(d)));
    if (!(n < 9223372036854775807.0)) fail(too_many);
    return int64_t(n);
  }
}

using RangeTypes =
    Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint16_t, uint32_t, uint64_t>;

FLOE_OP("Range", op) {
  op.in("start:Tidx, limit:Tidx, delta:Tidx")
      .out("output:Tidx")
      .attrs("Tidx:{bfloat16,half,float,double,int8,int16,int32,int64,uint16,uint32,uint64}=int32");
  op.fails_on_values();
  op.infer([](InferContext& c) {
    static const char* names[] = {"start", "limit", "delta"};
    bool known = true;
    for (int i = 0; i < 3; ++i) {
      need_scalar(c, i, names[i]);
      known = known && c.value(i);
    }
    c.set_output(0, Shape{-1});
    if (!known) return;
    dispatch(RangeTypes{}, c.dtype(0), [&]<class T>() {
      T v[3];
      for (int i = 0; i < 3; ++i) v[i] = c.value(i)->item<T>();
      c.set_output(0, Shape{range_size(v[0], v[1], v[2], [&](const std::string& m) { c.fail(m); })});
    });
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(RangeTypes{}, k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        // Added up step by step, as TensorFlow does: floats drift the same way.
        using C = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;
        C v = C(c.scalar<T>(0)), d = C(c.scalar<T>(2));
        for (T& x : c.output(0).mutable_flat<T>()) {
          x = T(v);
          v = C(v + d);
        }
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    auto add = [&](DType t, double a, double b, double d) {
      s.add({Samples::numbers({}, {a}, t), Samples::numbers({}, {b}, t), Samples::numbers({}, {d}, t)});
    };
    for (DType t : {DType::kInt32, DType::kInt64, DType::kFloat32, DType::kFloat64, DType::kBfloat16}) {
      add(t, 0, 5, 2);
      add(t, 5, -3, -1);
      add(t, 3, 3, 1);
    }
    add(DType::kFloat32, 0, 1, 0.1);
    add(DType::kFloat64, 0, 1, 0.1);
    s.fails("Requires delta != 0: 0", {Tensor::scalar(0), Tensor::scalar(5), Tensor::scalar(0)});
    s.fails("Requires start <= limit when delta > 0: 5/0",
            {Tensor::scalar(5), Tensor::scalar(0), Tensor::scalar(1)});
    s.fails("Requires start >= limit when delta < 0: 0/5",
            {Tensor::scalar(0), Tensor::scalar(5), Tensor::scalar(-1)});
    s.fails("start must be a scalar, not shape [2]",
            {Samples::i32({0, 1}), Tensor::scalar(5), Tensor::scalar(1)});
    s.fails("Requires ((limit - start) / delta) <= 9223372036854775807",
            {Tensor::scalar(0.f), Tensor::scalar(INFINITY), Tensor::scalar(1.f)});
  });
  op.no_gradient();
}

FLOE_OP("LinSpace", op) {
  op.in("start:T, stop:T, num:Tidx")
      .out("output:T")
      .attrs("T:{bfloat16,half,float,double}; Tidx:{int32,int64}=int32");
  op.fails_on_values();
  op.infer([](InferContext& c) {
    static const char* names[] = {"start", "stop", "num"};
    for (int i = 0; i < 3; ++i)
      if (c.shape(i).has_rank() && c.shape(i).rank() != 0)
        c.fail(cat(names[i], " must be a scalar, not shape ", c.shape(i).str()));
    auto n = c.int_value(2);
    if (n && (*n)[0] <= 0) c.fail(cat("Requires num > 0: ", (*n)[0]));
    c.set_output(0, Shape{n ? (*n)[0] : -1});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(FloatTypes{}, k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        using C = compute_t<T>;
        C start = C(c.scalar<T>(0)), stop = C(c.scalar<T>(1));
        std::span<T> out = c.output(0).mutable_flat<T>();
        size_t n = out.size();
        C step = n > 1 ? (stop - start) / C(n - 1) : C(0);
        for (size_t i = 0; i < n; ++i) out[i] = T(start + step * C(i));
        if (n > 1) out[n - 1] = T(stop);
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64})
      s.add({Samples::numbers({}, {0.1}, t), Samples::numbers({}, {2}, t), Tensor::scalar(7)});
    s.add({Tensor::scalar(1.f), Tensor::scalar(0.f), Tensor::scalar<int64_t>(3)});
    s.add({Tensor::scalar(1.f), Tensor::scalar(0.f), Tensor::scalar(1)});
    s.fails("Requires num > 0: 0", {Tensor::scalar(1.f), Tensor::scalar(0.f), Tensor::scalar(0)});
    s.fails("num must be a scalar", {Tensor::scalar(1.f), Tensor::scalar(0.f), Samples::i32({3})});
  });
  op.no_gradient();
}

FLOE_OP("RaggedRange", op) {
  op.in("starts:T, limits:T, deltas:T")
      .out("rt_nested_splits:Tsplits, rt_dense_values:T")
      .attrs("T:{bfloat16,float,double,int32,int64}=int32; Tsplits:{int32,int64}=int64");
  op.dynamic_outputs().fails_on_values();
  op.infer([](InferContext& c) {
    static const char* names[] = {"starts", "limits", "deltas"};
    int64_t rows = -1;
    bool all_scalars = true, known = true;
    for (int i = 0; i < 3; ++i) {
      const Shape& s = c.shape(i);
      if (!s.has_rank()) {
        known = all_scalars = false;
        continue;
      }
      if (s.rank() > 1) c.fail(cat(names[i], " must be a scalar or vector"));
      if (s.rank() == 0) continue;
      all_scalars = false;
      if (s[0] < 0) continue;
      if (rows >= 0 && rows != s[0]) c.fail("starts, limits, and deltas must have the same shape");
      rows = s[0];
    }
    if (all_scalars && known) rows = 1;
    c.set_output(0, Shape{rows < 0 ? -1 : rows + 1});
    c.set_output(1, Shape{-1});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    DType splits_type = k.output_type(0);
    dispatch(Types<float, double, bfloat16, int32_t, int64_t>{}, k.input_type(0), [&]<class T>() {
      fn = [splits_type](KernelContext& c) {
        int64_t rows = 1, step[3];
        for (int i = 0; i < 3; ++i)
          if ((step[i] = c.input(i).rank() > 0)) rows = c.input(i).num_elements();
        const T *starts = c.in<T>(0), *limits = c.in<T>(1), *deltas = c.in<T>(2);
        std::vector<int64_t> splits{0};
        for (int64_t i = 0; i < rows; ++i) {
          T a = starts[i * step[0]], b = limits[i * step[1]], d = deltas[i * step[2]];
          if (compute_t<T>(d) == 0) c.fail("Requires delta != 0");
          bool none =
              compute_t<T>(d) > 0 ? compute_t<T>(a) > compute_t<T>(b) : compute_t<T>(a) < compute_t<T>(b);
          int64_t n = none ? 0 : range_size(a, b, d, [&](const std::string& m) { c.fail(m); });
          if (__builtin_add_overflow(splits.back(), n, &n) ||
              (splits_type == DType::kInt32 && n > std::numeric_limits<int32_t>::max()))
            c.fail("Requires ((limit - start) / delta) <= 9223372036854775807 for all rows together");
          splits.push_back(n);
        }
        c.allocate(1, dtype_of_v<T>, Shape{splits.back()});
        T* out = c.out<T>(1);
        c.allocate(0, splits_type, Shape{rows + 1});
        dispatch(IndexTypes{}, splits_type,
                 [&]<class I>() { std::copy(splits.begin(), splits.end(), c.out<I>(0)); });
        using C = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;
        for (int64_t i = 0; i < rows; ++i) {
          C v = C(starts[i * step[0]]), d = C(deltas[i * step[2]]);
          for (int64_t j = splits[size_t(i)]; j < splits[size_t(i + 1)]; ++j, v = C(v + d)) out[j] = T(v);
        }
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64})
      s.add({Samples::numbers({3}, {0, 5, 8}, t), Samples::numbers({3}, {3, 5, 2}, t),
             Samples::numbers({3}, {1, 1, -2}, t)});
    s.add({Tensor::scalar(0), Samples::i32({3, 5}), Tensor::scalar(2)}, {{"Tsplits", DType::kInt32}});
    s.add({Tensor::scalar(0), Tensor::scalar(3), Tensor::scalar(1)});
    s.add({Tensor::scalar(5), Tensor::scalar(3), Tensor::scalar(1)});
    s.fails("must have the same shape", {Samples::i32({0}), Samples::i32({3, 5}), Samples::i32({1})});
    s.fails("Requires delta != 0", {Samples::i32({0}), Samples::i32({3}), Samples::i32({0})});
    s.fails("starts must be a scalar or vector",
            {s.random({1, 1}, DType::kInt32), Samples::i32({3}), Samples::i32({1})});
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
