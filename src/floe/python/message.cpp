// Protocol buffer messages as Python objects, generically over floe::Message.

#include "floe/python/message.h"
#include "floe/base/text.h"
#include "floe/format/graph_file.h"
#include "floe/format/schema.h"

namespace floe::python {
namespace {

// What the Python class of a message knows.
const MessageType* type_of_class(nb::handle cls) {
  return static_cast<const MessageType*>(
      PyCapsule_GetPointer(nb::object(cls.attr("_type")).ptr(), "MessageType"));
}

nb::object new_instance(nb::handle cls, MessagePtr p) {
  nb::object o = nb::inst_alloc(cls);
  new (nb::inst_ptr<PyMessage>(o)) PyMessage{std::move(p)};
  nb::inst_mark_ready(o);
  return o;
}

std::string class_name(nb::handle h) { return nb::cast<std::string>(nb::repr(h.type())); }

Bytes bytes_argument(nb::handle h) {
  if (PyBytes_Check(h.ptr())) {
    Py_INCREF(h.ptr());
    std::shared_ptr<const void> owner(h.ptr(), [](const void* p) {
      if (!Py_IsInitialized()) return;
      nb::gil_scoped_acquire gil;
      Py_DECREF(static_cast<PyObject*>(const_cast<void*>(p)));
    });
    return {{PyBytes_AS_STRING(h.ptr()), size_t(PyBytes_GET_SIZE(h.ptr()))}, owner};
  }
  if (PyByteArray_Check(h.ptr()))
    return own_bytes(std::string(PyByteArray_AS_STRING(h.ptr()), size_t(PyByteArray_GET_SIZE(h.ptr()))));
  if (PyMemoryView_Check(h.ptr())) {
    nb::object b = nb::steal(PyBytes_FromObject(h.ptr()));
    if (!b.is_valid()) throw nb::python_error();
    return own_bytes(std::string(PyBytes_AS_STRING(b.ptr()), size_t(PyBytes_GET_SIZE(b.ptr()))));
  }
  throw_python(PyExc_TypeError, cat("expected bytes, ", name_of_type(h), " found"));
}

// Text given as binary and other formats are told apart by what they are.
std::string parse_failure(const MessageType& type, const Bytes& data, const Error& e) {
  std::string text = cat("Error parsing message with type '", type.full_name, "': ", e.what());
  if (recognise(data.view) == FileKind::kGraphText)
    return cat(text, "\nThe data is text: read it with floe.text_format.Parse(text, message).");
  return text;
}

size_t merge_bytes(Message& m, nb::handle data, bool replace) {
  Bytes b = bytes_argument(data);
  try {
    if (replace)
      m.parse(b);
    else
      m.merge_from_bytes(b);
  } catch (const Error& e) {
    throw_python(registered().decode_error.ptr(), parse_failure(m.type(), b, e));
  }
  return b.view.size();
}

const Message& same_class(nb::handle self, nb::handle other, const char* method) {
  if (!is_message(other) || !self.type().is(other.type()))
    throw_python(PyExc_TypeError, cat("Parameter to ", method, "() must be instance of same class: expected ",
                                      class_name(self), " got ", class_name(other), "."));
  return unwrap_message(other);
}

void merge_text(Message& m, nb::handle text) {
  std::string s;
  if (PyBytes_Check(text.ptr()))
    s.assign(PyBytes_AS_STRING(text.ptr()), size_t(PyBytes_GET_SIZE(text.ptr())));
  else if (PyUnicode_Check(text.ptr()))
    s = nb::cast<std::string>(text);
  else
    throw_python(PyExc_TypeError, cat("expected str or bytes, ", name_of_type(text), " found"));
  try {
    m.merge_from_text(s);
  } catch (const Error& e) {
    throw_python(registered().parse_error.ptr(), e.what());
  }
}

[[noreturn]] void no_such_field(const MessageType& t, std::string_view name, PyObject* error) {
  throw_python(error, cat("Protocol message ", t.name, " has no \"", name, "\" field."));
}

const FieldType& field_named(const Message& m, std::string_view name) {
  if (const FieldType* f = m.type().by_name(name)) return *f;
  no_such_field(m.type(), name, PyExc_ValueError);
}

std::string_view utf8(PyObject* name) {
  Py_ssize_t n = 0;
  const char* s = PyUnicode_AsUTF8AndSize(name, &n);
  if (!s) throw nb::python_error();
  return {s, size_t(n)};
}

void set_field(Message& m, const FieldType& f, nb::handle value) {
  if (f.repeated)
    throw_python(PyExc_AttributeError, cat("Assignment not allowed to map, or repeated field \"", f.name,
                                           "\" in protocol message object."));
  if (f.is_message())
    throw_python(PyExc_AttributeError,
                 cat("Assignment not allowed to message field \"", f.name, "\" in protocol message object."));
  m.set(f, ScalarArgument(f, value).value());
}

// Both run for every attribute access; exceptions must not leave them.
PyObject* get_attribute(PyObject* self, PyObject* name) noexcept {
  try {
    Message& m = *nb::inst_ptr<PyMessage>(self)->message;
    if (const FieldType* f = m.type().by_name(utf8(name))) return field_object(m, *f).release().ptr();
  } catch (nb::python_error& e) {
    e.restore();
    return nullptr;
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_RuntimeError, e.what());
    return nullptr;
  }
  PyObject* o = PyObject_GenericGetAttr(self, name);
  if (!o && PyErr_ExceptionMatches(PyExc_AttributeError)) PyErr_SetObject(PyExc_AttributeError, name);
  return o;
}

int set_attribute(PyObject* self, PyObject* name, PyObject* value) noexcept {
  try {
    Message& m = *nb::inst_ptr<PyMessage>(self)->message;
    const FieldType* f = m.type().by_name(utf8(name));
    if (!f) no_such_field(m.type(), utf8(name), PyExc_AttributeError);
    if (!value) throw_python(PyExc_AttributeError, "Cannot delete field attribute");
    set_field(m, *f, value);
    return 0;
  } catch (nb::python_error& e) {
    e.restore();
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_ValueError, e.what());
  }
  return -1;
}

PyType_Slot message_slots[] = {{Py_tp_getattro, reinterpret_cast<void*>(get_attribute)},
                               {Py_tp_setattro, reinterpret_cast<void*>(set_attribute)},
                               {0, nullptr}};

void init_map(Message& m, const FieldType& f, nb::handle value) {
  for (nb::handle k : value.attr("keys")()) {
    nb::object v = value[k];
    MapKeyArgument key(f.map_key(), k);
    if (f.map_value().is_message())
      init_message(m.map_message(f, key.key()), v, f.map_value());
    else
      m.map_set(f, key.key(), ScalarArgument(f.map_value(), v).value());
  }
}

nb::list field_list(nb::handle self, const Message& m) {
  nb::list l;
  for (const FieldType* f : m.set_fields()) {
    nb::object name = str_object(f->name);
    l.append(nb::make_tuple(self.attr("DESCRIPTOR").attr("fields_by_name")[name], self.attr(name)));
  }
  return l;
}

nb::list describe_fields(const MessageType& t) {
  nb::list l;
  for (const FieldType& f : t.fields)
    l.append(nb::make_tuple(str_object(f.name), f.number, kind_name(f.kind), f.repeated, f.map,
                            f.message ? nb::object(str_object(f.message->full_name)) : nb::none(),
                            f.enum_type ? nb::object(str_object(f.enum_type->full_name)) : nb::none(),
                            f.oneof < 0 ? nb::none() : nb::object(str_object(t.oneofs[size_t(f.oneof)]))));
  return l;
}

const FieldType* enum_field(const MessageType& t, std::string_view enum_name) {
  for (const FieldType& f : t.fields)
    if (f.enum_type && f.enum_type->full_name == enum_name) return &f;
  return nullptr;
}

nb::list describe_enum(const EnumType& e) {
  nb::list l;
  for (const EnumValue& v : e.values) l.append(nb::make_tuple(str_object(v.name), v.number));
  return l;
}

}  // namespace

bool is_message(nb::handle h) { return nb::isinstance<PyMessage>(h); }
Message& unwrap_message(nb::handle h) { return *nb::cast<PyMessage&>(h).message; }

nb::object wrap_message(Message& m) {
  nb::object cls = registered().message_class(str_object(m.type().full_name));
  return new_instance(cls, MessagePtr(&m));
}

nb::object field_object(Message& m, const FieldType& f) {
  if (f.map) return nb::cast(PyMap{MessagePtr(&m), &f});
  if (f.repeated) return nb::cast(PyList{MessagePtr(&m), &f});
  if (f.is_message()) return wrap_message(m.child(f));
  return scalar_object(f, m.get(f));
}

void init_message(Message& m, nb::handle value, const FieldType& f) {
  if (PyDict_Check(value.ptr())) {
    init_fields(m, nb::borrow<nb::dict>(value));
    m.set_in_parent();
    return;
  }
  if (!is_message(value) || &unwrap_message(value).type() != &m.type())
    throw_python(
        PyExc_TypeError,
        cat(f.repeated
                ? "Expected a message object, but got "
                : "Parameter to initialize message field must be dict or instance of same class: expected ",
            f.repeated ? nb::cast<std::string>(nb::repr(value))
                       : nb::cast<std::string>(
                             nb::repr(registered().message_class(str_object(m.type().full_name)))) +
                             " got " + class_name(value),
            "."));
  m.merge_from(unwrap_message(value));
  m.set_in_parent();
}

void init_fields(Message& m, nb::dict fields) {
  for (auto [name, value] : fields) {
    const FieldType& f = field_named(m, utf8(name.ptr()));
    if (value.is_none()) continue;
    if (f.map) {
      init_map(m, f, value);
    } else if (f.repeated) {
      if (!nb::hasattr(value, "__iter__"))
        throw_python(PyExc_TypeError,
                     cat("Argument for field ", m.type().full_name, ".", f.name, " is not iterable"));
      extend_list(m, f, value);
    } else if (f.is_message()) {
      init_message(m.mutable_message(f), value, f);
    } else {
      m.set(f, ScalarArgument(f, value).value());
    }
  }
}

void bind_message(nb::module_& m) {
  nb::class_<PyMessage> c(m, "Message", nb::type_slots(message_slots), nb::is_weak_referenceable());
  c.def("__init__", [](nb::pointer_and_handle<PyMessage> self, nb::args args, nb::kwargs fields) {
    if (nb::len(args)) throw_python(PyExc_TypeError, "No positional arguments allowed");
    MessagePtr p = Message::make(*type_of_class(self.h.type()));
    init_fields(*p, fields);
    new (self.p) PyMessage{std::move(p)};
  });
  c.def(
      "ParseFromString", [](PyMessage& s, nb::handle data) { return merge_bytes(*s.message, data, true); },
      nb::arg("serialized"));
  c.def(
      "MergeFromString", [](PyMessage& s, nb::handle data) { return merge_bytes(*s.message, data, false); },
      nb::arg("serialized"));
  auto serialize = [](PyMessage& s, nb::kwargs) { return bytes_object(s.message->serialize()); };
  c.def("SerializeToString", serialize);
  c.def("SerializePartialToString", serialize);
  c.def("CopyFrom", [](nb::object self, nb::object other) {
    const Message& o = same_class(self, other, "CopyFrom");
    if (&o != &unwrap_message(self)) unwrap_message(self).copy_from(o);
  });
  c.def("MergeFrom", [](nb::object self, nb::object other) {
    const Message& o = same_class(self, other, "MergeFrom");
    unwrap_message(self).merge_from(&o == &unwrap_message(self) ? *o.clone() : o);
  });
  c.def("HasField", [](PyMessage& s, std::string_view name) {
    const FieldType* f = s.message->type().by_name(name);
    if (!f) {
      for (std::string_view oneof : s.message->type().oneofs)
        if (oneof == name) return s.message->which_oneof(name) != nullptr;
      no_such_field(s.message->type(), name, PyExc_ValueError);
    }
    if (!f->presence || f->repeated)
      throw_python(PyExc_ValueError,
                   cat("Field ", s.message->type().full_name, ".", f->name, " does not have presence."));
    return s.message->has(*f);
  });
  c.def("ClearField", [](PyMessage& s, std::string_view name) {
    for (std::string_view oneof : s.message->type().oneofs)
      if (oneof == name) {
        if (const FieldType* f = s.message->which_oneof(name)) s.message->clear(*f);
        return;
      }
    s.message->clear(field_named(*s.message, name));
  });
  c.def("Clear", [](PyMessage& s) { s.message->clear(); });
  c.def("WhichOneof", [](PyMessage& s, std::string_view name) -> nb::object {
    bool known = false;
    for (std::string_view oneof : s.message->type().oneofs) known = known || oneof == name;
    if (!known) no_such_field(s.message->type(), name, PyExc_ValueError);
    const FieldType* f = s.message->which_oneof(name);
    return f ? nb::object(str_object(f->name)) : nb::none();
  });
  c.def("ListFields", [](nb::handle self) { return field_list(self, unwrap_message(self)); });
  c.def("ByteSize", [](PyMessage& s) { return s.message->byte_size(); });
  c.def("SetInParent", [](PyMessage& s) { s.message->set_in_parent(); });
  c.def("DiscardUnknownFields", [](PyMessage& s) { s.message->discard_unknown_fields(); });
  c.def("IsInitialized", [](PyMessage&) { return true; });
  c.def("FindInitializationErrors", [](PyMessage&) { return nb::list(); });
  c.def("__repr__", [](PyMessage& s) { return str_object(s.message->print_text(TextStyle::kStr)); });
  c.def("__str__", [](PyMessage& s) { return str_object(s.message->print_text(TextStyle::kStr)); });
  c.def(
      "__eq__",
      [](nb::handle self, nb::handle other) -> nb::object {
        if (!is_message(other)) return nb::borrow(Py_NotImplemented);
        Message &a = unwrap_message(self), &b = unwrap_message(other);
        return nb::bool_(&a.type() == &b.type() && a == b);
      },
      nb::arg("other").none());
  c.def("__getstate__", [](PyMessage& s) { return bytes_object(s.message->serialize()); });
  c.def("_merge_text", [](PyMessage& s, nb::handle text) { merge_text(*s.message, text); });
  c.def("_print_text",
        [](PyMessage& s) { return str_object(s.message->print_text(TextStyle::kTextFormat)); });
  c.def("_clone", [](nb::handle self) { return new_instance(self.type(), unwrap_message(self).clone()); });

  m.def("message_type", [](std::string_view name) -> nb::object {
    const MessageType* t = schema::find_message(name);
    return t ? nb::steal(PyCapsule_New(const_cast<MessageType*>(t), "MessageType", nullptr)) : nb::none();
  });
  m.def("message_fields",
        [](nb::capsule t) { return describe_fields(*static_cast<const MessageType*>(t.data())); });
  m.def("enum_values", [](nb::capsule t, std::string_view name) {
    const FieldType* f = enum_field(*static_cast<const MessageType*>(t.data()), name);
    return f ? describe_enum(*f->enum_type) : nb::list();
  });
  m.def("data_types", [] { return describe_enum(schema::DataType); });
}

}  // namespace floe::python
