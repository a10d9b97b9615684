#include "floe/autodiff/backpropagate.h"
#include "floe/python/py.h"
#include "floe/runtime/recorded_graph.h"

namespace floe::python {

Registered& registered() {
  static Registered* r =
      new Registered;  // outlives the interpreter: its objects must not be released after it
  return *r;
}

void set_python_error(const Error& e) {
  nb::object& classes = registered().error_classes;
  if (!classes.is_valid()) {
    PyErr_SetString(PyExc_RuntimeError, e.what());
    return;
  }
  nb::object cls = classes[nb::int_(int(e.code()))];
  nb::str text = str_object(e.what());
  nb::object exception = cls(nb::none(), nb::none(), text);
  PyErr_SetObject(cls.ptr(), exception.ptr());
}

void translate_exception(const std::exception_ptr& p) {
  try {
    std::rethrow_exception(p);
  } catch (nb::python_error& e) {
    e.restore();
  } catch (const OutOfScope& e) {
    PyErr_SetObject(PyExc_TypeError, str_object(e.what()).ptr());
  } catch (const NoGradientDefined& e) {
    PyErr_SetObject(PyExc_LookupError, str_object(e.what()).ptr());
  } catch (const Error& e) {
    set_python_error(e);
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_RuntimeError, e.what());
  }
}

void throw_python(PyObject* type, const std::string& text) {
  PyErr_SetObject(type, str_object(text).ptr());
  throw nb::python_error();
}

std::string name_of_type(nb::handle h) {
  return nb::cast<std::string>(nb::str(nb::handle(h.type()).attr("__name__")));
}

nb::bytes bytes_object(std::string_view s) { return nb::bytes(s.data(), s.size()); }

nb::str str_object(std::string_view s) {
  return nb::steal<nb::str>(PyUnicode_DecodeUTF8(s.data(), Py_ssize_t(s.size()), "replace"));
}

void bind_errors(nb::module_& m) {
  nb::register_exception_translator([](const std::exception_ptr& p, void*) {
    try {
      std::rethrow_exception(p);
    } catch (const Error&) {
      translate_exception(p);
    }
  });
  m.def("register_hooks", [](nb::object graph_for, nb::object convert) {
    registered().graph_for = graph_for;
    registered().convert = convert;
  });
  m.def(
      "register",
      [](nb::list dtypes, nb::object tensor_shape, nb::dict error_classes, nb::object decode_error,
         nb::object parse_error, nb::object message_class) {
        Registered& r = registered();
        for (size_t i = 0; i < nb::len(dtypes) && i < std::size(r.dtypes); ++i) r.dtypes[i] = dtypes[i];
        r.tensor_shape = tensor_shape;
        r.error_classes = error_classes;
        r.decode_error = decode_error;
        r.parse_error = parse_error;
        r.message_class = message_class;
      },
      nb::arg("dtypes"), nb::arg("tensor_shape"), nb::arg("error_classes"), nb::arg("decode_error"),
      nb::arg("parse_error"), nb::arg("message_class"));
}

}  // namespace floe::python
