// Products of matrices: MatMul and the BatchMatMul family.
#include "floe/ops/math/elementwise.h"
#include "floe/ops/math/gemm.h"

namespace floe {
namespace {

using ProductTypes = Types<float, double, float16, bfloat16, int32_t, int64_t, int16_t, uint8_t, uint16_t,
                           uint32_t, uint64_t, std::complex<float>, std::complex<double>>;

void infer_matmul(InferContext& c) {
  for (int i = 0; i < 2; ++i)
    if (c.shape(i).has_rank() && c.shape(i).rank() != 2)
      c.fail(cat("In[", i, "] ndims must be ", c.shape(i).rank() < 2 ? ">= 2" : "2", ", found ",
                 c.shape(i).str()));
  Shape a = c.with_rank(0, 2), b = c.with_rank(1, 2);
  bool ta = c.attr<bool>("transpose_a"), tb = c.attr<bool>("transpose_b");
  int64_t ka = a[ta ? 0 : 1], kb = b[tb ? 1 : 0];
  if (ka >= 0 && kb >= 0 && ka != kb)
    c.fail(cat("Matrix size-incompatible: In[0]: ", a.str(), ", In[1]: ", b.str(), ta ? ", transpose_a" : "",
               tb ? ", transpose_b" : ""));
  c.set_output(0, {a[ta ? 1 : 0], b[tb ? 0 : 1]});
}

template <class T>
MatrixView<T> view_of(const T* data, int64_t columns, bool transposed, bool conjugate) {
  return transposed ? MatrixView<T>{data, 1, columns, conjugate} : MatrixView<T>{data, columns, 1, conjugate};
}

// z = x' y', where x' may be x transposed: both gradients are such products too.
template <class Product>
void gradient_of_product(GradientContext& g, const Tensor& x, const Tensor& y, bool tx, bool ty,
                         bool broadcast, Product product) {
  Tensor dz = g.grad();
  auto set = [&](int i, const Tensor& d) { broadcast ? g.set_sum(i, d) : g.set(i, d); };
  if (g.needs(0)) set(0, tx ? product(y, dz, ty, true) : product(dz, y, false, !ty));
  if (g.needs(1)) set(1, ty ? product(dz, x, true, tx) : product(x, dz, !tx, false));
}

FLOE_OP("MatMul", op) {
  op.in("a:T, b:T")
      .out("product:T")
      .attrs(
          "transpose_a:bool=false; transpose_b:bool=false; "
          "T:{bfloat16,half,float,double,int32,int64,uint8,uint16,uint32,uint64,complex64,complex128}; "
          "grad_a:bool=false; grad_b:bool=false");
  op.infer(infer_matmul);
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool ta = k.attr<bool>("transpose_a"), tb = k.attr<bool>("transpose_b");
    KernelFn fn;
    dispatch(ProductTypes{}, k.input_type(0), [&]<class T>() {
      fn = [ta, tb](KernelContext& c) {
        const Tensor &a = c.input(0), &b = c.input(1);
        auto at = [&](int64_t, MatrixView<T>& x, MatrixView<T>& y) {
          x = view_of(a.data<T>(), a.dim(1), ta, false);
          y = view_of(b.data<T>(), b.dim(1), tb, false);
        };
        batched_gemm<T, T>(c.threads(), 1, c.output(0).dim(0), c.output(0).dim(1), a.dim(ta ? 0 : 1),
                           c.out<T>(0), at);
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBfloat16, DType::kInt32,
                    DType::kInt64, DType::kComplex64, DType::kComplex128}) {
      s.add({s.random({3, 4}, t), s.random({4, 5}, t)});
      s.add({s.random({4, 3}, t), s.random({5, 4}, t)}, {{"transpose_a", true}, {"transpose_b", true}});
    }
    s.add({s.random({4, 3}), s.random({4, 5})}, {{"transpose_a", true}});
    s.add({s.random({3, 4}), s.random({5, 4})}, {{"transpose_b", true}});
    s.add({s.random({70, 130}), s.random({130, 140})});
    s.add({s.random({1, 300}), s.random({300, 9})});
    s.add({s.random({2, 0}), s.random({0, 3})});
    s.add({s.random({0, 2}), s.random({2, 3})});
    s.fails("Matrix size-incompatible: In[0]: [2,3], In[1]: [2,3]", {s.random({2, 3}), s.random({2, 3})});
    s.fails("In[0] ndims must be >= 2", {s.random({3}), s.random({3, 2})});
  });
  op.gradient([](GradientContext& g) {
    gradient_of_product(g, grad::conj(g.input(0)), grad::conj(g.input(1)), g.attr<bool>("transpose_a"),
                        g.attr<bool>("transpose_b"), false, grad::matmul);
  });
}

// Broadcasting of the dimensions in front of the matrices is for V2 and V3 only.
template <bool kBroadcast>
void infer_batch_matmul(InferContext& c) {
  const Shape &x = c.shape(0), &y = c.shape(1);
  for (int i = 0; i < 2; ++i)
    if (c.shape(i).has_rank() && c.shape(i).rank() < 2)
      c.fail(cat("In[", i, "] ndims must be >= 2: ", c.shape(i).rank()));
  if (!x.has_rank() || !y.has_rank()) {
    const Shape& known = x.has_rank() ? x : y;
    if (!kBroadcast && known.has_rank()) c.set_output(0, Shape::unknown_of_rank(known.rank()));
    return;
  }
  bool ax = c.attr<bool>("adj_x"), ay = c.attr<bool>("adj_y");
  int64_t kx = x.dim(ax ? -2 : -1), ky = y.dim(ay ? -1 : -2);
  if (kx >= 0 && ky >= 0 && kx != ky)
    c.fail(cat("Matrix size-incompatible: In[0]: ", x.str(), ", In[1]: ", y.str(), ax ? ", adj_x" : "",
               ay ? ", adj_y" : ""));
  Shape batch;
  if (kBroadcast) {
    try {
      batch = broadcast_shapes(x.slice(0, x.rank() - 2), y.slice(0, y.rank() - 2));
    } catch (const InvalidArgument&) {
      c.fail(cat("In[0] and In[1] must have compatible batch dimensions: ", x.str(), " vs. ", y.str()));
    }
  } else {
    if (x.rank() != y.rank()) c.fail(cat("In[0] and In[1] has different ndims: ", x.str(), " vs. ", y.str()));
    for (int i = 0; i < x.rank() - 2; ++i) {
      if (x[i] >= 0 && y[i] >= 0 && x[i] != y[i])
        c.fail(cat("In[0].dim(", i, ") and In[1].dim(", i, ") must be the same: ", x.str(), " vs ", y.str()));
      batch.push_back(x[i] >= 0 ? x[i] : y[i]);
    }
  }
  batch.push_back(x.dim(ax ? -1 : -2));
  batch.push_back(y.dim(ay ? -2 : -1));
  c.set_output(0, batch);
}

template <class TA, class TB, class Out>
void batch_matmul(KernelContext& c, bool ax, bool ay) {
  const Tensor &x = c.input(0), &y = c.input(1);
  const Shape& out = c.output(0).shape();
  int rank = out.rank();
  int64_t m = out.dim(-2), n = out.dim(-1), k = x.dim(ax ? -2 : -1);
  if (out.num_elements() == 0) return;
  Shape batches[2] = {x.shape().slice(0, x.rank() - 2), y.shape().slice(0, y.rank() - 2)};
  Shape batch = out.slice(0, rank - 2);
  BroadcastLoop loop = make_broadcast(batch, batches);
  auto at = [&](int64_t i, MatrixView<TA>& a, MatrixView<TB>& b) {
    int64_t at_x = 0, at_y = 0;
    for (size_t d = loop.dims.size(); d-- > 0;) {
      at_x += i % loop.dims[d] * loop.strides[0][d];
      at_y += i % loop.dims[d] * loop.strides[1][d];
      i /= loop.dims[d];
    }
    a = view_of(x.data<TA>() + at_x * m * k, x.dim(-1), ax, ax);
    b = view_of(y.data<TB>() + at_y * k * n, y.dim(-1), ay, ay);
  };
  batched_gemm<TA, TB>(c.threads(), batch.num_elements(), m, n, k, c.out<Out>(0), at);
}

KernelFn batch_matmul_kernel(const KernelInit& k) {
  bool ax = k.attr<bool>("adj_x"), ay = k.attr<bool>("adj_y");
  KernelFn fn;
  dispatch(ProductTypes{}, k.input_type(0),
           [&]<class T>() { fn = [ax, ay](KernelContext& c) { batch_matmul<T, T, T>(c, ax, ay); }; });
  return fn;
}

void plain_batch_samples(Samples& s, AttrMap extra = {}) {
  auto with = [&](bool ax, bool ay) {
    AttrMap m = extra;
    m.set("adj_x", ax);
    m.set("adj_y", ay);
    return m;
  };
  s.add({s.random({2, 3, 4}), s.random({2, 4, 5})}, extra);
  s.add({s.random({2, 4, 3}), s.random({2, 4, 5})}, with(true, false));
  s.add({s.random({2, 3, 4}), s.random({2, 5, 4})}, with(false, true));
  s.add({s.random({2, 4, 3}), s.random({2, 5, 4})}, with(true, true));
  s.add({s.random({3, 4}), s.random({4, 5})}, extra);
  s.add({s.random({2, 2, 3, 4}), s.random({2, 2, 4, 1})}, extra);
  s.add({s.random({0, 3, 4}), s.random({0, 4, 5})}, extra);
  s.add({s.random({2, 3, 0}), s.random({2, 0, 5})}, extra);
  s.fails("Matrix size-incompatible", {s.random({2, 3}), s.random({2, 3})}, extra);
}
void broadcast_batch_samples(Samples& s, AttrMap extra = {}) {
  s.add({s.random({2, 3, 4}), s.random({4, 5})}, extra);
  s.add({s.random({1, 3, 4}), s.random({3, 4, 5})}, extra);
  s.add({s.random({2, 1, 3, 4}), s.random({3, 4, 2})}, extra);
  s.fails("In[0] ndims must be >= 2: 1", {s.random({2}), s.random({2, 3})}, extra);
  s.fails("must have compatible batch dimensions", {s.random({2, 2, 3}), s.random({3, 3, 1})}, extra);
}
void typed_batch_samples(Samples& s, std::initializer_list<DType> types) {
  for (DType t : types) {
    s.add({s.random({2, 3, 2}, t), s.random({2, 2, 3}, t)});
    s.add({s.random({2, 2, 3}, t), s.random({2, 3, 2}, t)}, {{"adj_x", true}, {"adj_y", true}});
  }
}

void gradient_of_batch_product(GradientContext& g) {
  gradient_of_product(g, g.input(0), g.input(1), g.attr<bool>("adj_x"), g.attr<bool>("adj_y"),
                      g.def().name != "BatchMatMul",
                      [&](const Tensor& a, const Tensor& b, bool adj_a, bool adj_b) {
                        AttrMap attrs{{"adj_x", adj_a}, {"adj_y", adj_b}};
                        if (g.def().name == "BatchMatMulV3") attrs.set("Tout", a.dtype());
                        return grad::op(g.def().name, {a, b}, std::move(attrs));
                      });
}

FLOE_OP("BatchMatMul", op) {
  op.in("x:T, y:T")
      .out("output:T")
      .attrs(
          "T:{bfloat16,half,float,double,int32,int64,complex64,complex128}; adj_x:bool=false; "
          "adj_y:bool=false; "
          "grad_x:bool=false; grad_y:bool=false");
  op.infer(infer_batch_matmul<false>).kernel(batch_matmul_kernel);
  op.samples([](Samples& s) {
    typed_batch_samples(s, {DType::kFloat64, DType::kFloat16, DType::kBfloat16, DType::kInt32, DType::kInt64,
                            DType::kComplex64, DType::kComplex128});
    plain_batch_samples(s);
    s.fails("has different ndims: [2,3] vs. [3,3,1]", {s.random({2, 3}), s.random({3, 3, 1})});
    s.fails("In[0].dim(0) and In[1].dim(0) must be the same", {s.random({1, 2, 3}), s.random({3, 3, 1})});
  });
  op.gradient(gradient_of_batch_product);
}

FLOE_OP("BatchMatMulV2", op) {
  op.in("x:T, y:T")
      .out("output:T")
      .attrs(
          "T:{bfloat16,half,float,double,int16,int32,int64,uint8,uint16,uint32,uint64,complex64,complex128}; "
          "adj_x:bool=false; adj_y:bool=false; grad_x:bool=false; grad_y:bool=false");
  op.infer(infer_batch_matmul<true>).kernel(batch_matmul_kernel);
  op.samples([](Samples& s) {
    typed_batch_samples(s, {DType::kFloat64, DType::kFloat16, DType::kBfloat16, DType::kInt16, DType::kInt32,
                            DType::kInt64, DType::kComplex64, DType::kComplex128});
    plain_batch_samples(s);
    broadcast_batch_samples(s);
  });
  op.gradient(gradient_of_batch_product);
}

FLOE_OP("BatchMatMulV3", op) {
  op.in("x:Ta, y:Tb")
      .out("output:Tout")
      .attrs(
          "Ta:{bfloat16,half,float,double,uint8,int8,int16,int32,int64,complex64,complex128}; "
          "Tb:{bfloat16,half,float,double,uint8,int8,int16,int32,int64,complex64,complex128}; "
          "Tout:{bfloat16,half,float,double,int16,int32,int64,complex64,complex128}; "
          "adj_x:bool=false; adj_y:bool=false; grad_x:bool=false; grad_y:bool=false");
  op.infer(infer_batch_matmul<true>);
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool ax = k.attr<bool>("adj_x"), ay = k.attr<bool>("adj_y");
    DType ta = k.input_type(0), tb = k.input_type(1), to = k.output_type(0);
    if (ta == tb && ta == to) return batch_matmul_kernel(k);
    KernelFn fn;
    auto byte = [](DType t) { return t == DType::kInt8 || t == DType::kUint8; };
    Types<int8_t, uint8_t> bytes;
    if (byte(ta) && byte(tb) && to == DType::kInt32) {
      dispatch(bytes, ta, [&]<class A>() {
        dispatch(bytes, tb, [&]<class B>() {
          fn = [ax, ay](KernelContext& c) { batch_matmul<A, B, int32_t>(c, ax, ay); };
        });
      });
    } else if (ta == DType::kBfloat16 && byte(tb) && to == DType::kBfloat16) {
      dispatch(bytes, tb, [&]<class B>() {
        fn = [ax, ay](KernelContext& c) { batch_matmul<bfloat16, B, bfloat16>(c, ax, ay); };
      });
    } else if (byte(ta) && tb == DType::kBfloat16 && to == DType::kBfloat16) {
      dispatch(bytes, ta, [&]<class A>() {
        fn = [ax, ay](KernelContext& c) { batch_matmul<A, bfloat16, bfloat16>(c, ax, ay); };
      });
    } else {
      k.fail(cat("there is no kernel for ", dtype_name(ta), " and ", dtype_name(tb), " to ", dtype_name(to)));
    }
    return fn;
  });
  op.samples([](Samples& s) {
    AttrMap out = {{"Tout", DType::kFloat32}};
    plain_batch_samples(s, out);
    broadcast_batch_samples(s, out);
    for (DType t : {DType::kFloat64, DType::kBfloat16, DType::kInt16, DType::kInt32, DType::kInt64,
                    DType::kComplex64, DType::kComplex128})
      s.add({s.random({2, 3, 2}, t), s.random({2, 2, 3}, t)}, {{"Tout", t}});
    for (DType a : {DType::kInt8, DType::kUint8})
      for (DType b : {DType::kInt8, DType::kUint8})
        s.add({s.random({2, 3}, a), s.random({3, 2}, b)}, {{"Tout", DType::kInt32}});
    for (DType t : {DType::kInt8, DType::kUint8}) {
      s.add({s.random({2, 3}, DType::kBfloat16), s.random({3, 2}, t)}, {{"Tout", DType::kBfloat16}});
      s.add({s.random({2, 3}, t), s.random({3, 2}, DType::kBfloat16)}, {{"Tout", DType::kBfloat16}});
    }
  });
  op.gradient(gradient_of_batch_product);
}

}  // namespace
}  // namespace floe
