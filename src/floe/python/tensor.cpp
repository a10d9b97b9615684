#include "floe/base/text.h"
#include "floe/python/graph_core.h"
#include "floe/python/py.h"
#include "floe/runtime/context.h"
#include "floe/runtime/recorded_graph.h"

namespace floe::python {
namespace {

// True when the only reference to `self` is the one of the call in progress, so that nobody can look at the
// tensor afterwards.
bool is_temporary(nb::handle self) {
#if PY_VERSION_HEX >= 0x030E0000
  return PyUnstable_Object_IsUniqueReferencedTemporary(self.ptr());
#else
  return Py_REFCNT(self.ptr()) == 1;
#endif
}

// What waits is run without holding up other threads.
void evaluate(const Tensor& t) {
  if (t.is_concrete()) return;
  nb::gil_scoped_release release;
  t.evaluated();
}

int64_t length(const EagerTensor& t) {
  if (t.value.rank() == 0) throw_python(PyExc_TypeError, "Scalar tensor has no `len()`");
  return t.value.dim(0);
}

nb::object row(const EagerTensor& t, int64_t i) {
  const Shape& s = t.value.shape();
  return wrap(t.value.rows(i, i + 1).reshaped(s.slice(1)));
}

nb::object scalar(const EagerTensor& t) { return to_numpy(t.value, false); }

nb::object checked(PyObject* o) {
  if (!o) throw nb::python_error();
  return nb::steal(o);
}

nb::object as_array(nb::handle self, nb::object dtype, nb::object copy) {
  const EagerTensor& t = nb::cast<const EagerTensor&>(self);
  bool never = copy.ptr() == Py_False;
  nb::object a = nb::module_::import_("numpy").attr("asarray")(never ? numpy_view(t.value)
                                                                     : to_numpy(t.value, is_temporary(self)));
  if (dtype.is_none()) return a;
  nb::object converted = a.attr("astype")(dtype, nb::arg("copy") = false);
  if (never && converted.ptr() != a.ptr())
    throw_python(PyExc_ValueError,
                 "Unable to avoid a copy: the array asked for has another dtype than the tensor");
  return converted;
}

const char* buffer_format(DType t) {
  switch (t) {
    case DType::kFloat32:
      return "f";
    case DType::kFloat64:
      return "d";
    case DType::kFloat16:
      return "e";
    case DType::kInt8:
    case DType::kQint8:
      return "b";
    case DType::kInt16:
    case DType::kQint16:
      return "h";
    case DType::kInt32:
    case DType::kQint32:
      return "i";
    case DType::kInt64:
      return "q";
    case DType::kUint8:
    case DType::kQuint8:
      return "B";
    case DType::kUint16:
    case DType::kQuint16:
      return "H";
    case DType::kUint32:
      return "I";
    case DType::kUint64:
      return "Q";
    case DType::kBool:
      return "?";
    case DType::kComplex64:
      return "Zf";
    case DType::kComplex128:
      return "Zd";
    default:
      return nullptr;
  }
}

struct ViewShape {
  std::vector<Py_ssize_t> dims, strides;
};

int get_buffer(PyObject* self, Py_buffer* view, int flags) {
  const Tensor& t = nb::inst_ptr<EagerTensor>(self)->value;
  const char* format = buffer_format(t.dtype());
  if (!format) {
    PyErr_Format(PyExc_BufferError, "A tensor of dtype %s has no buffer form", dtype_name(t.dtype()));
    return -1;
  }
  if (flags & PyBUF_WRITABLE) {
    PyErr_SetString(PyExc_BufferError, "Tensors cannot be changed: .numpy() gives a writable copy");
    return -1;
  }
  auto s = std::make_unique<ViewShape>();
  s->dims.assign(t.shape().begin(), t.shape().end());
  s->strides.resize(s->dims.size());
  Py_ssize_t step = Py_ssize_t(dtype_size(t.dtype()));
  for (size_t i = s->dims.size(); i-- > 0; step *= s->dims[i]) s->strides[i] = step;
  view->obj = self;
  Py_INCREF(self);
  view->buf = const_cast<void*>(t.raw());
  view->len = Py_ssize_t(t.nbytes());
  view->readonly = 1;
  view->itemsize = Py_ssize_t(dtype_size(t.dtype()));
  view->format = (flags & PyBUF_FORMAT) ? const_cast<char*>(format) : nullptr;
  view->ndim = t.rank();
  view->shape = (flags & PyBUF_ND) ? s->dims.data() : nullptr;
  view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? s->strides.data() : nullptr;
  view->suboffsets = nullptr;
  view->internal = s.release();
  return 0;
}

void release_buffer(PyObject*, Py_buffer* view) { delete static_cast<ViewShape*>(view->internal); }

PyType_Slot eager_slots[] = {{Py_bf_getbuffer, reinterpret_cast<void*>(get_buffer)},
                             {Py_bf_releasebuffer, reinterpret_cast<void*>(release_buffer)},
                             {0, nullptr}};

}  // namespace

namespace {

nb::object wrap_symbol(Tensor t) {
  const Symbol& s = symbol_of(t);
  nb::object graph = graph_object(s.graph);
  nb::object tensors = graph.attr("_tensors");
  nb::object key = nb::int_((int64_t(s.endpoint.node->id) << 20) | s.endpoint.index);
  if (PyObject* known = PyDict_GetItemWithError(tensors.ptr(), key.ptr())) return nb::borrow(known);
  nb::object o = nb::cast(SymbolicTensor(std::move(t)));
  o.attr("_graph") = graph;
  PyDict_SetItem(tensors.ptr(), key.ptr(), o.ptr());
  return o;
}

}  // namespace

nb::object wrap(Tensor t) {
  if (t.is_symbolic()) return wrap_symbol(std::move(t));
  return nb::cast(EagerTensor(std::move(t)));
}

nb::list wrap_all(std::vector<Tensor> tensors) {
  nb::list l;
  for (Tensor& t : tensors) l.append(wrap(std::move(t)));
  return l;
}

const Tensor* unwrap(nb::handle h) {
  PyTensor* t = nullptr;
  return nb::try_cast<PyTensor*>(h, t) && t ? &t->value : nullptr;
}

Tensor to_input(nb::handle value, DType dtype, DType hint, std::string_view name) {
  if (const Tensor* t = unwrap(value)) {
    if (dtype == DType::kInvalid || t->dtype() == dtype) return *t;
    return to_tensor(value, dtype, hint);  // fails with the message for it
  }
  PyObject* o = value.ptr();
  bool plain = PyLong_Check(o) || PyFloat_Check(o) || PyUnicode_Check(o) || PyBytes_Check(o);
  // Lists may hold tensors, and other objects may know how to become one.
  if (!plain && registered().convert.is_valid()) {
    nb::object t = registered().convert(value, dtype_object(dtype), dtype_object(hint), str_object(name));
    if (const Tensor* r = unwrap(t)) return *r;
  }
  Tensor t = to_tensor(value, dtype, hint);
  const auto& g = current_graph();
  return g ? g->constant(t, name) : t;
}

std::vector<Tensor> tensors_from(nb::handle sequence) {
  std::vector<Tensor> v;
  for (nb::handle h : sequence) v.push_back(to_input(h));
  return v;
}

nb::object dtype_object(DType t) {
  const nb::object& d = registered().dtypes[size_t(t) < 24 ? size_t(t) : 0];
  return d.is_valid() ? d : nb::none();
}

DType dtype_from(nb::handle h) {
  if (h.is_none()) return DType::kInvalid;
  if (nb::hasattr(h, "_type_enum")) return DType(nb::cast<int>(h.attr("_type_enum")) % 100);
  nb::object d = nb::module_::import_("floe.dtypes").attr("as_dtype")(h);
  return DType(nb::cast<int>(d.attr("_type_enum")) % 100);
}

nb::object shape_object(const Shape& s) {
  nb::object& cls = registered().tensor_shape;
  if (!s.has_rank()) return cls(nb::none());
  nb::list dims;
  for (int64_t d : s)
    if (d < 0)
      dims.append(nb::none());
    else
      dims.append(d);
  return cls(dims);
}

Shape shape_from(nb::handle h) {
  nb::object s = registered().tensor_shape(h);
  nb::object dims = s.attr("_dims");
  if (dims.is_none()) return Shape::unknown();
  Shape out;
  for (nb::handle d : dims) out.push_back(d.is_none() ? Shape::kUnknownDim : nb::cast<int64_t>(d));
  return out;
}

void bind_tensor(nb::module_& m) {
  nb::class_<PyTensor> base(m, "Tensor", nb::dynamic_attr(), nb::is_weak_referenceable(),
                            nb::type_slots(operator_slots()));
  base.def_prop_ro("dtype", [](const PyTensor& t) { return dtype_object(t.value.dtype()); });
  base.def_prop_ro("_id", [](const PyTensor& t) { return tensor_id(t.value); });

  nb::class_<SymbolicTensor, PyTensor> symbolic(m, "SymbolicTensor");
  symbolic.def_prop_ro("shape", [](const SymbolicTensor& t) {
    const Endpoint& e = symbol_of(t.value).endpoint;
    bool known = size_t(e.index) < e.node->output_shapes.size();
    return shape_object(known ? e.node->output_shapes[size_t(e.index)] : Shape::unknown());
  });
  symbolic.def_prop_ro("name", [](const SymbolicTensor& t) { return str_object(tensor_name(t.value)); });
  symbolic.def_prop_ro("value_index",
                       [](const SymbolicTensor& t) { return symbol_of(t.value).endpoint.index; });
  symbolic.def_prop_ro("_node_id",
                       [](const SymbolicTensor& t) { return symbol_of(t.value).endpoint.node->id; });

  nb::class_<EagerTensor, PyTensor> c(m, "EagerTensor", nb::type_slots(eager_slots));
  c.def("numpy", [](nb::handle self) {
    evaluate(nb::cast<const EagerTensor&>(self).value);
    return to_numpy(nb::cast<const EagerTensor&>(self).value, is_temporary(self));
  });
  c.def_prop_ro("shape", [](const EagerTensor& t) { return shape_object(t.value.shape()); });
  c.def_prop_ro("ndim", [](const EagerTensor& t) { return t.value.rank(); });
  c.def("_view", [](const EagerTensor& t) { return numpy_view(t.value); });
  c.def("_nbytes", [](const EagerTensor& t) { return t.value.nbytes(); });
  c.def("_shares_memory",
        [](const EagerTensor& t, const EagerTensor& o) { return t.value.shares_memory(o.value); });
  c.def("_shape_tuple", [](const EagerTensor& t) {
    nb::list l;
    for (int64_t d : t.value.shape()) l.append(d);
    return nb::tuple(l);
  });
  c.def("__array__", &as_array, nb::arg("dtype") = nb::none(), nb::arg("copy") = nb::none());
  c.def("__len__", &length);
  c.def("_row", &row);
  c.def("__bool__", [](const EagerTensor& t) {
    int truth = PyObject_IsTrue(scalar(t).ptr());
    if (truth < 0) throw nb::python_error();
    return truth == 1;
  });
  c.def("__int__", [](const EagerTensor& t) { return checked(PyNumber_Long(scalar(t).ptr())); });
  c.def("__float__", [](const EagerTensor& t) { return checked(PyNumber_Float(scalar(t).ptr())); });
  c.def("__complex__", [](const EagerTensor& t) {
    return checked(PyObject_CallOneArg(reinterpret_cast<PyObject*>(&PyComplex_Type), scalar(t).ptr()));
  });
  c.def("__index__", [](const EagerTensor& t) { return scalar(t).attr("__index__")(); });
  bind_dlpack(c);

  m.def(
      "to_tensor",
      [](nb::handle value, int dtype, int hint) { return wrap(to_tensor(value, DType(dtype), DType(hint))); },
      nb::arg("value").none(), nb::arg("dtype") = 0, nb::arg("hint") = 0);
  m.def(
      "to_input",
      [](nb::handle value, int dtype, int hint, const std::string& name) {
        return wrap(to_input(value, DType(dtype), DType(hint), name));
      },
      nb::arg("value").none(), nb::arg("dtype") = 0, nb::arg("hint") = 0, nb::arg("name") = "");
  m.def(
      "broadcast_fill",
      [](const EagerTensor& t, nb::handle shape) {
        Shape s = shape_from(shape);
        if (t.value.num_elements() == s.num_elements()) return wrap(t.value.reshaped(s));
        RunState state;
        Tensor dims = Tensor::vec(std::vector<int64_t>(s.begin(), s.end()));
        return wrap(invoke(get_op("Fill"), {dims, t.value.reshaped(Shape{})}, {}, state)[0]);
      },
      nb::arg("value"), nb::arg("shape"), "The value reshaped or, if it is a single one, repeated.");
}

}  // namespace floe::python
