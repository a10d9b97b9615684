// Tensors from and to NumPy arrays, scalars and nested lists.
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <Python.h>
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>

#include "floe/base/text.h"
#include "floe/python/py.h"

namespace floe::python {
namespace {

int numpy_type(DType t) {
  switch (t) {
    case DType::kFloat32:
      return NPY_FLOAT;
    case DType::kFloat64:
      return NPY_DOUBLE;
    case DType::kFloat16:
      return NPY_HALF;
    case DType::kInt8:
    case DType::kQint8:
      return NPY_INT8;
    case DType::kInt16:
    case DType::kQint16:
      return NPY_INT16;
    case DType::kInt32:
    case DType::kQint32:
      return NPY_INT32;
    case DType::kInt64:
      return NPY_INT64;
    case DType::kUint8:
    case DType::kQuint8:
      return NPY_UINT8;
    case DType::kUint16:
    case DType::kQuint16:
      return NPY_UINT16;
    case DType::kUint32:
      return NPY_UINT32;
    case DType::kUint64:
      return NPY_UINT64;
    case DType::kBool:
      return NPY_BOOL;
    case DType::kComplex64:
      return NPY_CFLOAT;
    case DType::kComplex128:
      return NPY_CDOUBLE;
    case DType::kString:
      return NPY_OBJECT;
    default:
      return -1;
  }
}

// The type object that ml_dtypes has for bfloat16; loaded only when somebody asks for such values.
nb::object bfloat16_type(bool required) {
  static PyObject* type = nullptr;
  if (!type) {
    PyObject* module = PyImport_ImportModule("ml_dtypes");
    if (!module) {
      PyErr_Clear();
      if (required)
        throw_python(PyExc_ImportError,
                     "NumPy has no bfloat16 of its own: `pip install ml_dtypes` adds it, or cast the tensor "
                     "to float32");
      return nb::object();
    }
    type = PyObject_GetAttrString(module, "bfloat16");
    Py_DECREF(module);
    if (!type) throw nb::python_error();
  }
  return nb::borrow(type);
}

PyArray_Descr* descr_of(DType t) {
  if (t == DType::kBfloat16) {
    nb::object type = bfloat16_type(true);
    PyArray_Descr* d = nullptr;
    if (!PyArray_DescrConverter(type.ptr(), &d)) throw nb::python_error();
    return d;
  }
  int n = numpy_type(t);
  if (n < 0) throw_python(PyExc_TypeError, cat("A tensor of dtype ", dtype_name(t), " has no NumPy form"));
  return PyArray_DescrFromType(n);
}

DType dtype_of_array(PyArrayObject* a) {
  switch (PyArray_TYPE(a)) {
    case NPY_FLOAT:
      return DType::kFloat32;
    case NPY_DOUBLE:
      return DType::kFloat64;
    case NPY_HALF:
      return DType::kFloat16;
    case NPY_BOOL:
      return DType::kBool;
    case NPY_CFLOAT:
      return DType::kComplex64;
    case NPY_CDOUBLE:
      return DType::kComplex128;
    case NPY_OBJECT:
    case NPY_UNICODE:
    case NPY_STRING:
      return DType::kString;
    default:
      break;
  }
  if (PyTypeNum_ISINTEGER(PyArray_TYPE(a))) {
    bool is_unsigned = PyTypeNum_ISUNSIGNED(PyArray_TYPE(a));
    switch (PyArray_ITEMSIZE(a)) {
      case 1:
        return is_unsigned ? DType::kUint8 : DType::kInt8;
      case 2:
        return is_unsigned ? DType::kUint16 : DType::kInt16;
      case 4:
        return is_unsigned ? DType::kUint32 : DType::kInt32;
      case 8:
        return is_unsigned ? DType::kUint64 : DType::kInt64;
      default:
        break;
    }
  }
  nb::object bf = PyArray_ITEMSIZE(a) == 2 ? bfloat16_type(false) : nb::object();
  if (bf.is_valid() && reinterpret_cast<PyObject*>(PyArray_DESCR(a)->typeobj) == bf.ptr())
    return DType::kBfloat16;
  throw_python(PyExc_ValueError,
               cat("Failed to convert a NumPy array to a Tensor (Unsupported numpy type: ",
                   nb::cast<std::string>(nb::str(reinterpret_cast<PyObject*>(PyArray_DESCR(a)))), ")."));
}

Shape shape_of_array(PyArrayObject* a) {
  Shape shape;
  for (int i = 0; i < PyArray_NDIM(a); ++i) shape.push_back(PyArray_DIM(a, i));
  return shape;
}

std::string string_of(nb::handle h) {
  if (PyBytes_Check(h.ptr()))
    return std::string(PyBytes_AS_STRING(h.ptr()), size_t(PyBytes_GET_SIZE(h.ptr())));
  if (PyUnicode_Check(h.ptr())) {
    Py_ssize_t n = 0;
    const char* s = PyUnicode_AsUTF8AndSize(h.ptr(), &n);
    if (!s) throw nb::python_error();
    return std::string(s, size_t(n));
  }
  throw_python(PyExc_ValueError, cat("Failed to convert a NumPy array to a Tensor (Unsupported object type ",
                                     name_of_type(h), ")."));
}

Tensor strings_from_array(PyArrayObject* a) {
  nb::object flat = nb::steal(PyArray_Ravel(a, NPY_CORDER));
  nb::object list = nb::steal(PyArray_ToList(reinterpret_cast<PyArrayObject*>(flat.ptr())));
  Tensor t(DType::kString, shape_of_array(a));
  std::string* to = t.mutable_data<std::string>();
  for (int64_t i = 0; i < t.num_elements(); ++i) to[i] = string_of(list[i]);
  return t;
}

// Keeps a Python object alive from C++, wherever it is released.
std::shared_ptr<const void> hold(nb::handle h) {
  Py_INCREF(h.ptr());
  return {h.ptr(), [](const void* p) {
            if (!Py_IsInitialized()) return;
            nb::gil_scoped_acquire gil;
            Py_DECREF(static_cast<PyObject*>(const_cast<void*>(p)));
          }};
}

Tensor from_array(PyArrayObject* a, DType want, Sharing sharing) {
  DType have = dtype_of_array(a);
  if (have == DType::kString) {
    if (want != DType::kInvalid && want != DType::kString)
      throw_python(PyExc_TypeError,
                   cat("Cannot convert a NumPy array of strings to a tensor of dtype ", dtype_name(want)));
    return strings_from_array(a);
  }
  if (want == DType::kString)
    throw_python(PyExc_TypeError, cat("Cannot convert a NumPy array of dtype ", dtype_name(have),
                                      " to a tensor of dtype string"));
  nb::object held = nb::borrow(reinterpret_cast<PyObject*>(a));
  bool same =
      want == DType::kInvalid || want == have || (is_quantized(want) && dtype_size(want) == dtype_size(have));
  DType result = want == DType::kInvalid ? have : want;
  bool plain = PyArray_CHKFLAGS(a, NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED) && PyArray_ISNOTSWAPPED(a);
  if (!same || !plain) {
    PyObject* c = PyArray_FromAny(
        reinterpret_cast<PyObject*>(a), descr_of(same ? have : want), 0, 0,
        NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED | NPY_ARRAY_NOTSWAPPED | NPY_ARRAY_FORCECAST, nullptr);
    if (!c) throw nb::python_error();
    held = nb::steal(c);
    a = reinterpret_cast<PyArrayObject*>(c);
    sharing = Sharing::kBorrow;  // this copy is ours alone
  }
  Shape shape = shape_of_array(a);
  if (sharing == Sharing::kBorrow && PyArray_NBYTES(a) >= 1024)
    return Tensor::wrap(result, shape, PyArray_DATA(a), hold(held));
  Tensor t(result, shape);
  if (t.nbytes()) std::memcpy(t.mutable_raw(), PyArray_DATA(a), t.nbytes());
  return t;
}

// What a nested Python sequence holds.
enum class Kind { kNone, kBool, kInt, kFloat, kComplex, kString, kOther };

struct Scan {
  Shape dims;
  Kind kind = Kind::kNone;
  bool wide = false;  // an integer that does not fit 32 bits
};

bool is_sequence(PyObject* o) { return PyList_Check(o) || PyTuple_Check(o); }

Kind kind_of(PyObject* o) {
  if (PyBool_Check(o)) return Kind::kBool;
  if (PyLong_Check(o)) return Kind::kInt;
  if (PyFloat_Check(o) && !PyArray_CheckScalar(o)) return Kind::kFloat;
  if (PyComplex_Check(o) && !PyArray_CheckScalar(o)) return Kind::kComplex;
  if (PyUnicode_Check(o) || (PyBytes_Check(o) && !PyArray_CheckScalar(o))) return Kind::kString;
  return Kind::kOther;
}

[[noreturn]] void throw_mixed() {
  throw_python(PyExc_ValueError, "Can't convert Python sequence with mixed types to Tensor.");
}

void note_scalar(PyObject* o, Scan& s) {
  Kind k = kind_of(o);
  if (k == Kind::kInt) {
    int overflow = 0;
    long long v = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (overflow)
      throw_python(PyExc_ValueError, "Can't convert Python sequence with out-of-range integer to Tensor.");
    s.wide = s.wide || v != int32_t(v);
  }
  if (s.kind == Kind::kNone) {
    s.kind = k;
    return;
  }
  if (s.kind == Kind::kOther || k == Kind::kOther) {
    s.kind = Kind::kOther;
    return;
  }
  if (k == s.kind) return;
  if (k == Kind::kString || s.kind == Kind::kString) throw_mixed();
  s.kind = std::max(k, s.kind);
}

// One pass: the shape, checked to be rectangular, and the kind of all scalars.
void scan(PyObject* o, int depth, Scan& s) {
  if (!is_sequence(o)) {
    if (depth != s.dims.rank())
      throw_python(PyExc_ValueError, "Can't convert non-rectangular Python sequence to Tensor.");
    note_scalar(o, s);
    return;
  }
  if (depth > 254)
    throw_python(PyExc_ValueError,
                 "Can't convert a Python sequence nested more than 254 levels deep to Tensor.");
  Py_ssize_t n = PySequence_Fast_GET_SIZE(o);
  if (depth == s.dims.rank()) {
    if (s.kind != Kind::kNone)
      throw_python(PyExc_ValueError, "Can't convert non-rectangular Python sequence to Tensor.");
    s.dims.push_back(n);
  } else if (s.dims[depth] != n) {
    throw_python(PyExc_ValueError, "Can't convert non-rectangular Python sequence to Tensor.");
  }
  PyObject** items = PySequence_Fast_ITEMS(o);
  for (Py_ssize_t i = 0; i < n; ++i) scan(items[i], depth + 1, s);
}

std::complex<double> number_of(PyObject* o) {
  Py_complex c = PyComplex_AsCComplex(o);
  if (c.real == -1.0 && PyErr_Occurred()) throw nb::python_error();
  return {c.real, c.imag};
}

template <class T>
T element_of(PyObject* o) {
  if constexpr (std::is_same_v<T, std::string>) {
    return string_of(o);
  } else if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>) {
    return T(number_of(o));
  } else if constexpr (std::is_same_v<T, bool>) {
    return PyObject_IsTrue(o) == 1;
  } else if constexpr (std::is_integral_v<T>) {
    unsigned long long v = PyLong_AsUnsignedLongLongMask(o);
    if (v == (unsigned long long)(-1) && PyErr_Occurred()) throw nb::python_error();
    return T(v);
  } else {
    double v = PyFloat_AsDouble(o);
    if (v == -1.0 && PyErr_Occurred()) throw nb::python_error();
    return T(float(v));
  }
}
template <>
double element_of<double>(PyObject* o) {
  double v = PyFloat_AsDouble(o);
  if (v == -1.0 && PyErr_Occurred()) throw nb::python_error();
  return v;
}

template <class T>
void fill(PyObject* o, T*& to) {
  if (!is_sequence(o)) {
    *to++ = element_of<T>(o);
    return;
  }
  Py_ssize_t n = PySequence_Fast_GET_SIZE(o);
  PyObject** items = PySequence_Fast_ITEMS(o);
  for (Py_ssize_t i = 0; i < n; ++i) fill(items[i], to);
}

template <class T>
void fill_tensor(PyObject* o, Tensor& t) {
  T* to = t.mutable_data<T>();
  fill(o, to);
}

bool fits(Kind k, DType t) {
  if (t == DType::kString) return k == Kind::kString;
  if (t == DType::kBool) return k == Kind::kBool;
  if (is_complex(t)) return k != Kind::kString;
  if (is_floating(t)) return k != Kind::kString && k != Kind::kComplex;
  if (is_integer(t) || is_quantized(t)) return k == Kind::kInt || k == Kind::kBool;
  return false;
}

DType natural_type(const Scan& s) {
  switch (s.kind) {
    case Kind::kBool:
      return DType::kBool;
    case Kind::kInt:
      return s.wide ? DType::kInt64 : DType::kInt32;
    case Kind::kComplex:
      return DType::kComplex128;
    case Kind::kString:
      return DType::kString;
    default:
      return DType::kFloat32;
  }
}

PyObject* first_scalar(PyObject* o) {
  while (is_sequence(o) && PySequence_Fast_GET_SIZE(o)) o = PySequence_Fast_ITEMS(o)[0];
  return o;
}

Tensor from_sequence(PyObject* o, DType want, DType hint) {
  Scan s;
  scan(o, 0, s);
  if (s.kind == Kind::kOther) {
    PyObject* first = first_scalar(o);
    bool convertible =
        PyArray_CheckAnyScalar(first) || PyArray_Check(first) || PyObject_HasAttrString(first, "__array__");
    if (!convertible)
      throw_python(PyExc_ValueError,
                   cat("Attempt to convert a value (", nb::cast<std::string>(nb::repr(first)),
                       ") with an unsupported type (",
                       nb::cast<std::string>(nb::repr(nb::handle(first).type())), ") to a Tensor."));
    nb::object a = nb::steal(PyArray_FromAny(o, nullptr, 0, 0, NPY_ARRAY_CARRAY_RO, nullptr));
    if (!a.is_valid()) throw nb::python_error();
    return from_array(reinterpret_cast<PyArrayObject*>(a.ptr()), want, Sharing::kCopy);
  }
  DType t = want;
  if (t == DType::kInvalid && hint != DType::kInvalid && (s.kind == Kind::kNone || fits(s.kind, hint)))
    t = hint;
  if (t == DType::kInvalid) t = natural_type(s);
  if (s.kind != Kind::kNone && !fits(s.kind, t)) {
    PyObject* first = first_scalar(o);
    throw_python(PyExc_TypeError,
                 cat("Cannot convert ", nb::cast<std::string>(nb::repr(first)), " to EagerTensor of dtype ",
                     t == DType::kFloat32 ? "float" : dtype_name(t)));
  }
  Tensor out(t, s.dims);
  switch (t) {
    case DType::kFloat32:
      fill_tensor<float>(o, out);
      break;
    case DType::kFloat64:
      fill_tensor<double>(o, out);
      break;
    case DType::kFloat16:
      fill_tensor<float16>(o, out);
      break;
    case DType::kBfloat16:
      fill_tensor<bfloat16>(o, out);
      break;
    case DType::kInt8:
    case DType::kQint8:
      fill_tensor<int8_t>(o, out);
      break;
    case DType::kInt16:
    case DType::kQint16:
      fill_tensor<int16_t>(o, out);
      break;
    case DType::kInt32:
    case DType::kQint32:
      fill_tensor<int32_t>(o, out);
      break;
    case DType::kInt64:
      fill_tensor<int64_t>(o, out);
      break;
    case DType::kUint8:
    case DType::kQuint8:
      fill_tensor<uint8_t>(o, out);
      break;
    case DType::kUint16:
    case DType::kQuint16:
      fill_tensor<uint16_t>(o, out);
      break;
    case DType::kUint32:
      fill_tensor<uint32_t>(o, out);
      break;
    case DType::kUint64:
      fill_tensor<uint64_t>(o, out);
      break;
    case DType::kBool:
      fill_tensor<bool>(o, out);
      break;
    case DType::kComplex64:
      fill_tensor<std::complex<float>>(o, out);
      break;
    case DType::kComplex128:
      fill_tensor<std::complex<double>>(o, out);
      break;
    case DType::kString:
      fill_tensor<std::string>(o, out);
      break;
    default:
      throw_python(PyExc_TypeError,
                   cat("Cannot make a tensor of dtype ", dtype_name(t), " from Python values"));
  }
  return out;
}

nb::object strings_to_numpy(const Tensor& t) {
  const std::string* s = t.data<std::string>();
  if (t.rank() == 0) return bytes_object(*s);
  std::vector<npy_intp> dims(t.shape().begin(), t.shape().end());
  nb::object a = nb::steal(PyArray_SimpleNew(t.rank(), dims.data(), NPY_OBJECT));
  if (!a.is_valid()) throw nb::python_error();
  auto** to = static_cast<PyObject**>(PyArray_DATA(reinterpret_cast<PyArrayObject*>(a.ptr())));
  for (int64_t i = 0; i < t.num_elements(); ++i) {
    Py_XDECREF(to[i]);
    to[i] = bytes_object(s[i]).release().ptr();
  }
  return a;
}

// An array over the tensor's memory that keeps the tensor alive.
nb::object shared_array(Tensor t, bool writable) {
  std::vector<npy_intp> dims(t.shape().begin(), t.shape().end());
  auto* keep = new Tensor(t);
  nb::capsule owner(keep, [](void* p) noexcept { delete static_cast<Tensor*>(p); });
  PyObject* a = PyArray_NewFromDescr(&PyArray_Type, descr_of(t.dtype()), t.rank(), dims.data(), nullptr,
                                     const_cast<void*>(t.raw()),
                                     writable ? NPY_ARRAY_CARRAY : NPY_ARRAY_CARRAY_RO, nullptr);
  if (!a) throw nb::python_error();
  nb::object out = nb::steal(a);
  if (PyArray_SetBaseObject(reinterpret_cast<PyArrayObject*>(a), owner.release().ptr()) < 0)
    throw nb::python_error();
  return out;
}

}  // namespace

void init_numpy() {
  if (_import_array() < 0) throw nb::python_error();
}

nb::object to_numpy(Tensor t, bool steal) {
  if (t.dtype() == DType::kString) return strings_to_numpy(t);
  PyArray_Descr* descr = descr_of(t.dtype());
  if (t.rank() == 0) {
    PyObject* s = PyArray_Scalar(const_cast<void*>(t.raw()), descr, nullptr);
    Py_DECREF(descr);
    if (!s) throw nb::python_error();
    return nb::steal(s);
  }
  if (steal && t.nbytes() >= 4096 && t.is_unique() && t.rep()->buffer &&
      t.rep()->buffer->kind == detail::Buffer::Kind::kHeap) {
    Py_DECREF(descr);
    return shared_array(std::move(t), true);
  }
  std::vector<npy_intp> dims(t.shape().begin(), t.shape().end());
  PyObject* a =
      PyArray_NewFromDescr(&PyArray_Type, descr, t.rank(), dims.data(), nullptr, nullptr, 0, nullptr);
  if (!a) throw nb::python_error();
  if (t.nbytes()) std::memcpy(PyArray_DATA(reinterpret_cast<PyArrayObject*>(a)), t.raw(), t.nbytes());
  return nb::steal(a);
}

nb::object numpy_view(const Tensor& t) {
  if (t.dtype() == DType::kString) return strings_to_numpy(t);
  return shared_array(t, false);
}

Tensor to_tensor(nb::handle value, DType dtype, DType hint, Sharing sharing) {
  PyObject* o = value.ptr();
  if (const Tensor* t = unwrap(value)) {
    if (dtype != DType::kInvalid && dtype != t->dtype())
      throw_python(PyExc_ValueError,
                   cat("Tensor conversion requested dtype ", dtype_name(dtype), " for Tensor with dtype ",
                       dtype_name(t->dtype()), ": ", nb::cast<std::string>(nb::repr(value))));
    return *t;
  }
  if (PyArray_Check(o)) return from_array(reinterpret_cast<PyArrayObject*>(o), dtype, sharing);
  Kind k = is_sequence(o) ? Kind::kNone : kind_of(o);
  if (is_sequence(o) || k != Kind::kOther) return from_sequence(o, dtype, hint);
  bool array_like = PyArray_CheckScalar(o) || PyObject_CheckBuffer(o) ||
                    PyObject_HasAttrString(o, "__array__") ||
                    PyObject_HasAttrString(o, "__array_interface__");
  if (!array_like && PyObject_HasAttrString(o, "__dlpack__")) {
    nb::object np = nb::module_::import_("numpy");
    nb::object a = np.attr("from_dlpack")(value);
    return from_array(reinterpret_cast<PyArrayObject*>(a.ptr()), dtype, sharing);
  }
  if (!array_like && PyObject_HasAttrString(o, "__iter__") && PyObject_HasAttrString(o, "__len__") &&
      !PyDict_Check(o) && !PyAnySet_Check(o)) {
    nb::list l;
    for (nb::handle x : value) l.append(x);
    return from_sequence(l.ptr(), dtype, hint);
  }
  if (!array_like)
    throw_python(PyExc_ValueError, cat("Attempt to convert a value (", nb::cast<std::string>(nb::repr(value)),
                                       ") with an unsupported type (",
                                       nb::cast<std::string>(nb::repr(value.type())), ") to a Tensor."));
  nb::object a = nb::steal(PyArray_FromAny(o, nullptr, 0, 0, 0, nullptr));
  if (!a.is_valid()) throw nb::python_error();
  return from_array(reinterpret_cast<PyArrayObject*>(a.ptr()), dtype, sharing);
}

}  // namespace floe::python
