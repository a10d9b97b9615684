// Scalars of message fields from and to Python, with protobuf's errors.
#include "floe/base/text.h"
#include "floe/python/message.h"

namespace floe::python {
namespace {

std::string_view characters(nb::handle v) {
  if (PyBytes_Check(v.ptr())) return {PyBytes_AS_STRING(v.ptr()), size_t(PyBytes_GET_SIZE(v.ptr()))};
  Py_ssize_t n = 0;
  const char* s = PyUnicode_AsUTF8AndSize(v.ptr(), &n);
  if (!s) throw nb::python_error();
  return {s, size_t(n)};
}

Scalar string_value(nb::handle v) {
  if (PyBytes_Check(v.ptr()) && !valid_utf8(characters(v))) {
    nb::object decoded =
        nb::steal(PyUnicode_DecodeUTF8(characters(v).data(), PyBytes_GET_SIZE(v.ptr()), nullptr));
    if (!decoded.is_valid()) throw nb::python_error();
  }
  if (!PyBytes_Check(v.ptr()) && !PyUnicode_Check(v.ptr()))
    throw_python(PyExc_TypeError,
                 cat("bad argument type for built-in operation: expected str, ", name_of_type(v), " found"));
  return characters(v);
}

Scalar bytes_value(nb::handle v) {
  if (!PyBytes_Check(v.ptr()))
    throw_python(PyExc_TypeError, cat("expected bytes, ", name_of_type(v), " found"));
  return characters(v);
}

Scalar float_value(nb::handle v) {
  double d = PyFloat_AsDouble(v.ptr());
  if (d == -1.0 && PyErr_Occurred()) throw nb::python_error();
  return d;
}

Scalar int_value(const FieldType& f, nb::handle v) {
  nb::object n = nb::steal(PyNumber_Index(v.ptr()));
  if (!n.is_valid()) throw nb::python_error();
  if (f.kind == Kind::kBool) return PyObject_IsTrue(n.ptr()) == 1;
  int overflow = 0;
  long long x = PyLong_AsLongLongAndOverflow(n.ptr(), &overflow);
  if (!overflow) return int64_t(x);
  unsigned long long u = overflow > 0 ? PyLong_AsUnsignedLongLong(n.ptr()) : 0;
  if (overflow < 0 || PyErr_Occurred()) {
    PyErr_Clear();
    throw_python(PyExc_ValueError, cat("Value out of range: ", nb::cast<std::string>(nb::str(n))));
  }
  return uint64_t(u);
}

Scalar enum_value(const FieldType& f, nb::handle v) {
  if (!PyUnicode_Check(v.ptr())) return int_value(f, v);
  const EnumValue* e = f.enum_type->by_name(characters(v));
  if (!e) throw_python(PyExc_ValueError, cat("unknown enum label \"", characters(v), "\""));
  return int64_t(e->number);
}

Scalar value_for(const FieldType& f, nb::handle v) {
  switch (f.kind) {
    case Kind::kString:
      return string_value(v);
    case Kind::kBytes:
      return bytes_value(v);
    case Kind::kFloat:
    case Kind::kDouble:
      return float_value(v);
    case Kind::kEnum:
      return enum_value(f, v);
    default:
      return int_value(f, v);
  }
}

}  // namespace

ScalarArgument::ScalarArgument(const FieldType& f, nb::handle value) : value_(value_for(f, value)) {
  if (f.is_string() || f.is_message()) return;
  try {
    to_bits(f, value_);
  } catch (const InvalidArgument& e) {
    throw_python(PyExc_ValueError, e.what());
  }
}

MapKeyArgument::MapKeyArgument(const FieldType& f, nb::handle key) : value_(value_for(f, key)) {}

MapKey MapKeyArgument::key() const {
  if (auto* s = std::get_if<std::string_view>(&value_)) return MapKey(*s);
  if (auto* b = std::get_if<bool>(&value_)) return MapKey(int64_t(*b));
  if (auto* u = std::get_if<uint64_t>(&value_)) return MapKey(*u);
  return MapKey(std::get<int64_t>(value_));
}

nb::object scalar_object(const FieldType& f, const Scalar& v) {
  if (auto* s = std::get_if<std::string_view>(&v)) {
    if (f.kind == Kind::kString) return str_object(*s);
    return bytes_object(*s);
  }
  if (auto* b = std::get_if<bool>(&v)) return nb::bool_(*b);
  if (auto* i = std::get_if<int64_t>(&v))
    return f.kind == Kind::kBool ? nb::object(nb::bool_(*i != 0)) : nb::object(nb::int_(*i));
  if (auto* u = std::get_if<uint64_t>(&v)) return nb::int_(*u);
  if (auto* d = std::get_if<double>(&v)) return nb::float_(*d);
  switch (f.kind) {
    case Kind::kString:
      return nb::str("");
    case Kind::kBytes:
      return bytes_object("");
    case Kind::kFloat:
    case Kind::kDouble:
      return nb::float_(0.0);
    case Kind::kBool:
      return nb::bool_(false);
    default:
      return nb::int_(0);
  }
}

}  // namespace floe::python
