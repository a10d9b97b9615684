// Unary and same-shape binary kernels of activations and their gradients.
#pragma once

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/tensor/dispatch.h"

namespace floe {

/// out[i] = f(in[i]); f takes and returns the compute type of T.
template <class T, class F>
void map_unary(KernelContext& c, double cost_ns, F f) {
  const T* x = c.in<T>(0);
  T* y = c.out<T>(0);
  parallel_for(c.threads(), c.output(0).num_elements(), cost_ns, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) y[i] = T(f(compute_t<T>(x[i])));
  });
}

/// out[i] = f(a[i], b[i]), all of one shape.
template <class T, class F>
void map_binary(KernelContext& c, double cost_ns, F f) {
  const T *a = c.in<T>(0), *b = c.in<T>(1);
  T* y = c.out<T>(0);
  parallel_for(c.threads(), c.output(0).num_elements(), cost_ns, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) y[i] = T(f(compute_t<T>(a[i]), compute_t<T>(b[i])));
  });
}

/// A unary kernel from a functor type F with template <class S> S operator()(S).
template <class F, class TypeList>
KernelFn unary_kernel(const KernelInit& k, F f = {}, double cost_ns = 1) {
  KernelFn fn;
  dispatch(TypeList{}, k.input_type(0),
           [&]<class T>() { fn = [f, cost_ns](KernelContext& c) { map_unary<T>(c, cost_ns, f); }; });
  return fn;
}

template <class F, class TypeList>
KernelFn gradient_kernel(const KernelInit& k, F f = {}, double cost_ns = 1) {
  KernelFn fn;
  dispatch(TypeList{}, k.input_type(0),
           [&]<class T>() { fn = [f, cost_ns](KernelContext& c) { map_binary<T>(c, cost_ns, f); }; });
  return fn;
}

/// The shape of input 0, which input 1 must have as well.
inline void infer_same_shapes(InferContext& c) {
  const Shape &a = c.shape(0), &b = c.shape(1);
  if (!a.is_compatible_with(b))
    c.fail(cat("Inputs to operation ", c.def().name,
               " must have the same size and shape.  Input 0: ", a.str(), " != input 1: ", b.str()));
  c.set_output(0, merge_shapes(a, b));
}

}  // namespace floe
