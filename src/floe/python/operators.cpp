// Arithmetic operators of Python tensors: numbers and tensors of one type take the short way, everything else
// goes to the functions that the package registers.
#include <optional>

#include "floe/python/py.h"
#include "floe/runtime/context.h"

namespace floe::python {
namespace {

enum Slot { kAdd, kSub, kMul, kTrueDiv, kSlots };

struct Operator {
  const char* op;
  const OpDef* def = nullptr;
  PyObject* forward = nullptr;  // (tensor, other)
  PyObject* backward = nullptr;
};
Operator operators[kSlots] = {{"AddV2"}, {"Sub"}, {"Mul"}, {"RealDiv"}};

// A Python number as a scalar of that type; the empty handle when it needs more thought.
Tensor number(PyObject* o, DType t) {
  if (PyFloat_CheckExact(o)) {
    double v = PyFloat_AS_DOUBLE(o);
    if (t == DType::kFloat32) return Tensor::scalar(float(v));
    if (t == DType::kFloat64) return Tensor::scalar(v);
  } else if (PyLong_CheckExact(o)) {
    int overflow = 0;
    long long v = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (overflow) return {};
    if (t == DType::kFloat32) return Tensor::scalar(float(v));
    if (t == DType::kFloat64) return Tensor::scalar(double(v));
    if (t == DType::kInt64) return Tensor::scalar(int64_t(v));
    if (t == DType::kInt32 && v == int32_t(v)) return Tensor::scalar(int32_t(v));
  }
  return {};
}

const Tensor* eager(PyObject* o) {
  EagerTensor* t = nullptr;
  return nb::try_cast<EagerTensor*>(nb::handle(o), t) && t ? &t->value : nullptr;
}

constexpr int64_t kSmall = 4096;  // elements; more are done without holding up other threads

PyObject* short_way(const Operator& op, Slot slot, const Tensor* x, const Tensor* y, PyObject* a,
                    PyObject* b) {
  if (!executing_eagerly()) return nullptr;
  Tensor made;
  if (!x) {
    made = number(a, y->dtype());
    x = &made;
  } else if (!y) {
    made = number(b, x->dtype());
    y = &made;
  }
  if (!*x || !*y || x->dtype() != y->dtype()) return nullptr;
  DType t = x->dtype();
  if (t == DType::kString || t == DType::kBool || (slot == kTrueDiv && !is_floating(t))) return nullptr;
  Tensor result;
  {
    std::optional<nb::gil_scoped_release> release;
    if (x->num_elements() > kSmall || y->num_elements() > kSmall) release.emplace();
    result = call_binary(*op.def, *x, *y);
  }
  return wrap(std::move(result)).release().ptr();
}

template <Slot kSlot>
PyObject* binary(PyObject* a, PyObject* b) {
  Operator& op = operators[kSlot];
  const Tensor *x = eager(a), *y = eager(b);
  if (op.def && (x || y)) {
    try {
      if (PyObject* r = short_way(op, kSlot, x, y, a, b)) return r;
    } catch (...) {
      translate_exception(std::current_exception());
      return nullptr;
    }
  }
  if (!op.forward) Py_RETURN_NOTIMPLEMENTED;
  PyTensor* left = nullptr;
  bool forward = nb::try_cast<PyTensor*>(nb::handle(a), left) && left;
  return forward ? PyObject_CallFunctionObjArgs(op.forward, a, b, nullptr)
                 : PyObject_CallFunctionObjArgs(op.backward, b, a, nullptr);
}

PyType_Slot slots[] = {{Py_nb_add, reinterpret_cast<void*>(binary<kAdd>)},
                       {Py_nb_subtract, reinterpret_cast<void*>(binary<kSub>)},
                       {Py_nb_multiply, reinterpret_cast<void*>(binary<kMul>)},
                       {Py_nb_true_divide, reinterpret_cast<void*>(binary<kTrueDiv>)},
                       {0, nullptr}};

}  // namespace

PyType_Slot* operator_slots() { return slots; }

void bind_operators(nb::module_& m) {
  m.def("set_operator", [](const std::string& name, nb::object forward, nb::object backward) {
    static const char* const names[kSlots] = {"add", "sub", "mul", "truediv"};
    for (int i = 0; i < kSlots; ++i) {
      if (name != names[i]) continue;
      operators[i].def = &get_op(operators[i].op);
      operators[i].forward = forward.release().ptr();
      operators[i].backward = backward.release().ptr();
      return true;
    }
    return false;
  });
}

}  // namespace floe::python
