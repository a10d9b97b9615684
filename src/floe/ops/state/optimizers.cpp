// The steps of optimizers on resource variables and their slots.
#include <array>
#include <cmath>

#include "floe/base/threads.h"
#include "floe/ops/state/variable.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

constexpr const char* kUpdateAttrs =
    "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16,"
    "uint16,complex128,half,uint32,uint64}; use_locking:bool=false";
constexpr double kCost = 2;  // nanoseconds an element

void define_update(OpBuilder& op, const char* in, const char* more = "") {
  op.in(in).attrs(std::string(kUpdateAttrs) + more).infer(infer_unknown).stateful();
}

// The variable at an input: initialised and of the gradient's dtype and shape.
std::shared_ptr<VariableState> updated(KernelContext& c, int i, const Tensor& grad) {
  auto v = resource_of<VariableState>(c, i);
  Tensor value = variable_value(c, i);
  if (value.dtype() != grad.dtype())
    c.fail(cat("Trying to update variable ", v->name, " of dtype ", dtype_name(value.dtype()),
               " with a gradient of dtype ", dtype_name(grad.dtype())));
  if (!(value.shape() == grad.shape()))
    c.fail(cat(c.def().inputs[size_t(i)].name, " and ", c.def().inputs.back().name,
               " do not have the same shape", value.shape().str(), " ", grad.shape().str()));
  return v;
}

// Calls fn with the memory of the variables, from vars[at] on, each locked and not shared with anybody.
template <class T, size_t N, class F>
void change(const std::array<std::shared_ptr<VariableState>, N>& vars, std::array<T*, N>& data, size_t at,
            F&& fn) {
  if (at == N) return fn();
  vars[at]->update([&](Tensor& value) {
    Tensor to = value.is_unique() ? value : value.clone();
    data[at] = to.mutable_data<T>();
    change(vars, data, at + 1, fn);
    return to;
  });
}

// One step for the N variables at the first inputs: `element` is called with references to their values at
// one place, in the type that is computed in, and the gradient there.
template <class T, size_t N, class F>
void step(KernelContext& c, int grad_input, F&& element) {
  using C = compute_t<T>;
  const Tensor& grad = c.input(grad_input);
  std::array<std::shared_ptr<VariableState>, N> vars;
  for (size_t i = 0; i < N; ++i) {
    vars[i] = updated(c, int(i), grad);
    for (size_t k = 0; k < i; ++k)
      if (vars[k] == vars[i])
        c.fail(cat("inputs ", k, " and ", i, " are the same variable, ", vars[i]->name));
  }
  std::array<T*, N> data;
  const T* g = grad.data<T>();
  change<T, N>(vars, data, 0, [&] {
    parallel_for(c.threads(), grad.num_elements(), kCost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        std::array<C, N> x;
        for (size_t k = 0; k < N; ++k) x[k] = C(data[k][i]);
        element(x, C(g[i]));
        for (size_t k = 0; k < N; ++k) data[k][i] = T(x[k]);
      }
    });
  });
}

// A setting of the step: a scalar input.
template <class T>
compute_t<T> setting(KernelContext& c, int i) {
  const Tensor& t = c.input(i);
  if (t.rank() != 0) c.fail(cat(c.def().inputs[size_t(i)].name, " is not a scalar: ", t.shape().str()));
  return compute_t<T>(*t.data<T>());
}

template <template <class> class Step>
void define_kernel(OpBuilder& op) {
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(FloatTypes{}, k.attr<DType>("T"), [&]<class T>() { fn = Step<T>(k); });
    return fn;
  });
}

template <class T>
struct Descend {
  explicit Descend(const KernelInit&) {}
  void operator()(KernelContext& c) const {
    using C = compute_t<T>;
    C alpha = setting<T>(c, 1);
    step<T, 1>(c, 2, [=](std::array<C, 1>& x, C g) { x[0] -= alpha * g; });
  }
};

FLOE_OP("ResourceApplyGradientDescent", op) {
  define_update(op, "var:resource, alpha:T, delta:T");
  define_kernel<Descend>(op);
}

template <class T, bool kKeras>
struct MomentumStep {
  explicit MomentumStep(const KernelInit& k) : nesterov(k.attr<bool>("use_nesterov")) {}
  bool nesterov;
  void operator()(KernelContext& c) const {
    using C = compute_t<T>;
    C rate = setting<T>(c, 2), momentum = setting<T>(c, 4);
    step<T, 2>(c, 3, [=, nesterov = nesterov](std::array<C, 2>& x, C g) {
      auto& [var, accum] = x;
      if (kKeras) {
        accum = accum * momentum - g * rate;
        var += nesterov ? accum * momentum - g * rate : accum;
      } else {
        accum = accum * momentum + g;
        var -= nesterov ? g * rate + accum * momentum * rate : accum * rate;
      }
    });
  }
};
template <class T>
using PlainMomentum = MomentumStep<T, false>;
template <class T>
using KerasMomentum = MomentumStep<T, true>;

FLOE_OP("ResourceApplyMomentum", op) {
  define_update(op, "var:resource, accum:resource, lr:T, grad:T, momentum:T", "; use_nesterov:bool=false");
  define_kernel<PlainMomentum>(op);
}
FLOE_OP("ResourceApplyKerasMomentum", op) {
  define_update(op, "var:resource, accum:resource, lr:T, grad:T, momentum:T", "; use_nesterov:bool=false");
  define_kernel<KerasMomentum>(op);
}

template <class T>
struct Adam {
  explicit Adam(const KernelInit& k) : nesterov(k.attr<bool>("use_nesterov")) {}
  bool nesterov;
  void operator()(KernelContext& c) const {
    using C = compute_t<T>;
    C power1 = setting<T>(c, 3), power2 = setting<T>(c, 4), rate = setting<T>(c, 5);
    C beta1 = setting<T>(c, 6), beta2 = setting<T>(c, 7), epsilon = setting<T>(c, 8);
    C alpha = rate * std::sqrt(C(1) - power2) / (C(1) - power1);
    step<T, 3>(c, 9, [=, nesterov = nesterov](std::array<C, 3>& x, C g) {
      auto& [var, m, v] = x;
      m += (g - m) * (C(1) - beta1);
      v += (g * g - v) * (C(1) - beta2);
      C along = nesterov ? g * (C(1) - beta1) + beta1 * m : m;
      var -= along * alpha / (std::sqrt(v) + epsilon);
    });
  }
};

FLOE_OP("ResourceApplyAdam", op) {
  define_update(op,
                "var:resource, m:resource, v:resource, beta1_power:T, beta2_power:T, lr:T, beta1:T, beta2:T, "
                "epsilon:T, grad:T",
                "; use_nesterov:bool=false");
  define_kernel<Adam>(op);
}

template <class T>
struct RmsProp {
  explicit RmsProp(const KernelInit&) {}
  void operator()(KernelContext& c) const {
    using C = compute_t<T>;
    C rate = setting<T>(c, 3), rho = setting<T>(c, 4), momentum = setting<T>(c, 5);
    C epsilon = setting<T>(c, 6);
    step<T, 3>(c, 7, [=](std::array<C, 3>& x, C g) {
      auto& [var, squares, moved] = x;
      squares += (g * g - squares) * (C(1) - rho);
      moved = moved * momentum + g * rate / std::sqrt(squares + epsilon);
      var -= moved;
    });
  }
};

FLOE_OP("ResourceApplyRMSProp", op) {
  define_update(op, "var:resource, ms:resource, mom:resource, lr:T, rho:T, momentum:T, epsilon:T, grad:T");
  define_kernel<RmsProp>(op);
}

template <class T, bool kEpsilon>
struct AdagradStep {
  explicit AdagradStep(const KernelInit& k) : update_slots(k.attr<bool>("update_slots")) {}
  bool update_slots;
  void operator()(KernelContext& c) const {
    using C = compute_t<T>;
    C rate = setting<T>(c, 2), epsilon = kEpsilon ? setting<T>(c, 3) : C(0);
    step<T, 2>(c, kEpsilon ? 4 : 3, [=, update_slots = update_slots](std::array<C, 2>& x, C g) {
      auto& [var, accum] = x;
      if (update_slots) accum += g * g;
      var -= g * rate / (std::sqrt(accum) + epsilon);
    });
  }
};
template <class T>
using PlainAdagrad = AdagradStep<T, false>;
template <class T>
using AdagradV2 = AdagradStep<T, true>;

FLOE_OP("ResourceApplyAdagrad", op) {
  define_update(op, "var:resource, accum:resource, lr:T, grad:T", "; update_slots:bool=true");
  define_kernel<PlainAdagrad>(op);
}
FLOE_OP("ResourceApplyAdagradV2", op) {
  define_update(op, "var:resource, accum:resource, lr:T, epsilon:T, grad:T", "; update_slots:bool=true");
  define_kernel<AdagradV2>(op);
}

template <class T>
struct Adadelta {
  explicit Adadelta(const KernelInit&) {}
  void operator()(KernelContext& c) const {
    using C = compute_t<T>;
    C rate = setting<T>(c, 3), rho = setting<T>(c, 4), epsilon = setting<T>(c, 5);
    step<T, 3>(c, 6, [=](std::array<C, 3>& x, C g) {
      auto& [var, accum, steps] = x;
      accum = accum * rho + g * g * (C(1) - rho);
      C by = std::sqrt(steps + epsilon) / std::sqrt(accum + epsilon) * g;
      var -= by * rate;
      steps = steps * rho + by * by * (C(1) - rho);
    });
  }
};

FLOE_OP("ResourceApplyAdadelta", op) {
  define_update(op, "var:resource, accum:resource, accum_update:resource, lr:T, rho:T, epsilon:T, grad:T");
  define_kernel<Adadelta>(op);
}

}  // namespace
}  // namespace floe
