// Repeated and map fields as Python sees them: list-like and dict-like views of their message.
#include <numeric>

#include "floe/base/text.h"
#include "floe/python/message.h"

namespace floe::python {
namespace {

size_t size_of(const PyList& l) { return l.owner->size(*l.field); }

size_t index_in(const PyList& l, nb::handle i, Py_ssize_t limit) {
  if (!PyIndex_Check(i.ptr())) throw_python(PyExc_TypeError, "list indices must be integers");
  Py_ssize_t n = PyNumber_AsSsize_t(i.ptr(), PyExc_IndexError);
  if (n == -1 && PyErr_Occurred()) throw nb::python_error();
  auto size = Py_ssize_t(size_of(l));
  if (n < 0) n += size;
  if (n < 0 || n >= limit) throw_python(PyExc_IndexError, "list index out of range");
  return size_t(n);
}

nb::object element(const PyList& l, size_t i) {
  if (l.field->is_message()) return wrap_message(l.owner->mutable_message(*l.field, i));
  return scalar_object(*l.field, l.owner->get(*l.field, i));
}

nb::list to_list(const PyList& l) {
  nb::list out;
  for (size_t i = 0, n = size_of(l); i < n; ++i) out.append(element(l, i));
  return out;
}

nb::object get_item(const PyList& l, nb::handle i) {
  if (PySlice_Check(i.ptr())) return nb::steal(PyObject_GetItem(to_list(l).ptr(), i.ptr()));
  return element(l, index_in(l, i, Py_ssize_t(size_of(l))));
}

void append(const PyList& l, nb::handle v) {
  if (l.field->is_message()) {
    const MessageType& t = *l.field->message;
    if (!is_message(v))
      throw_python(PyExc_TypeError,
                   cat("Expected a message object, but got ", nb::cast<std::string>(nb::repr(v)), "."));
    if (&unwrap_message(v).type() != &t)
      throw_python(PyExc_TypeError,
                   cat("Parameter to MergeFrom() must be instance of same class: expected ",
                       nb::cast<std::string>(nb::repr(registered().message_class(str_object(t.full_name)))),
                       " got ", nb::cast<std::string>(nb::repr(v.type())), "."));
    MessagePtr copy = unwrap_message(v).clone();
    l.owner->add_message(*l.field).copy_from(*copy);
  } else {
    l.owner->add(*l.field, ScalarArgument(*l.field, v).value());
  }
}

// Removal and insertion of single elements go through the order of all.
void move_last_to(const PyList& l, size_t to) {
  size_t n = size_of(l);
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t(0));
  order.pop_back();
  order.insert(order.begin() + std::ptrdiff_t(to), n - 1);
  l.owner->reorder(*l.field, order);
}

void set_item(const PyList& l, nb::handle i, nb::handle v) {
  if (l.field->is_message()) throw_python(PyExc_TypeError, "does not support assignment");
  if (PySlice_Check(i.ptr())) {
    nb::list all = to_list(l);
    nb::object values = nb::list(nb::borrow(v));
    if (PyObject_SetItem(all.ptr(), i.ptr(), values.ptr()) < 0) throw nb::python_error();
    for (nb::handle x : all) ScalarArgument check(*l.field, x);
    l.owner->clear(*l.field);
    extend_list(*l.owner, *l.field, all);
    return;
  }
  l.owner->set(*l.field, index_in(l, i, Py_ssize_t(size_of(l))), ScalarArgument(*l.field, v).value());
}

void delete_item(const PyList& l, nb::handle i) {
  if (!PySlice_Check(i.ptr())) {
    size_t at = index_in(l, i, Py_ssize_t(size_of(l)));
    l.owner->remove(*l.field, at, at + 1);
    return;
  }
  Py_ssize_t start, stop, step;
  if (PySlice_Unpack(i.ptr(), &start, &stop, &step) < 0) throw nb::python_error();
  Py_ssize_t n = PySlice_AdjustIndices(Py_ssize_t(size_of(l)), &start, &stop, step);
  if (n && step == 1) {
    l.owner->remove(*l.field, size_t(start), size_t(start + n));
    return;
  }
  if (step > 0) start += (n - 1) * step;
  for (Py_ssize_t k = 0, at = start; k < n; ++k, at -= std::abs(step))
    l.owner->remove(*l.field, size_t(at), size_t(at) + 1);
}

nb::object pop(const PyList& l, Py_ssize_t i) {
  size_t at = index_in(l, nb::int_(i), Py_ssize_t(size_of(l)));
  nb::object v = element(l, at);
  if (l.field->is_message()) v = v.attr("_clone")();
  l.owner->remove(*l.field, at, at + 1);
  return v;
}

void remove_value(const PyList& l, nb::handle v) {
  for (size_t i = 0, n = size_of(l); i < n; ++i)
    if (element(l, i).equal(v)) {
      l.owner->remove(*l.field, i, i + 1);
      return;
    }
  throw_python(PyExc_ValueError, "remove: item not in container");
}

void sort(const PyList& l, nb::args args, nb::kwargs kw) {
  nb::list items = to_list(l);
  size_t n = size_of(l);
  nb::object key = nb::len(args)        ? nb::object(args[0])
                   : kw.contains("key") ? nb::object(kw["key"])
                                        : nb::none();
  bool reverse = kw.contains("reverse") && PyObject_IsTrue(nb::object(kw["reverse"]).ptr()) == 1;
  nb::list keyed;
  for (size_t i = 0; i < n; ++i) keyed.append(key.is_none() ? nb::object(items[i]) : key(items[i]));
  nb::list order = nb::list(nb::module_::import_("builtins").attr("range")(n));
  order.attr("sort")(nb::arg("key") = keyed.attr("__getitem__"), nb::arg("reverse") = reverse);
  std::vector<size_t> o;
  for (nb::handle h : order) o.push_back(nb::cast<size_t>(h));
  l.owner->reorder(*l.field, o);
}

nb::object list_equal(const PyList& l, nb::handle other) {
  PyList* o = nullptr;
  nb::list mine = to_list(l);
  if (nb::try_cast<PyList*>(other, o)) return nb::bool_(mine.equal(to_list(*o)));
  if (PyList_Check(other.ptr()) || PyTuple_Check(other.ptr()))
    return nb::bool_(mine.equal(nb::list(nb::borrow(other))));
  return nb::borrow(Py_NotImplemented);
}

nb::object map_value(const PyMap& m, MapKey k) {
  const FieldType& v = m.field->map_value();
  if (v.is_message()) return wrap_message(m.owner->map_message(*m.field, k));
  return scalar_object(v, m.owner->map_get(*m.field, k));
}

nb::object map_get_or_create(const PyMap& m, nb::handle key) {
  MapKeyArgument k(m.field->map_key(), key);
  const FieldType& v = m.field->map_value();
  if (!v.is_message() && !m.owner->map_has(*m.field, k.key()))
    m.owner->map_set(*m.field, k.key(), ScalarArgument(v, scalar_object(v, Scalar())).value());
  return map_value(m, k.key());
}

nb::list map_keys(const PyMap& m) {
  nb::list l;
  const FieldType& f = m.field->map_key();
  for (size_t i = 0, n = m.owner->size(*m.field); i < n; ++i) {
    MapKey k = m.owner->map_key(*m.field, i);
    if (!k.is_number())
      l.append(str_object(k.text()));
    else
      l.append(scalar_object(f, Scalar(k.number())));
  }
  return l;
}

nb::dict to_dict(const PyMap& m) {
  nb::dict d;
  for (nb::handle k : map_keys(m)) d[k] = map_value(m, MapKeyArgument(m.field->map_key(), k).key());
  return d;
}

void map_set(const PyMap& m, nb::handle key, nb::handle value) {
  if (m.field->map_value().is_message())
    throw_python(PyExc_ValueError, "Message objects may not be assigned");
  MapKeyArgument k(m.field->map_key(), key);
  m.owner->map_set(*m.field, k.key(), ScalarArgument(m.field->map_value(), value).value());
}

void map_merge(const PyMap& m, const PyMap& o) {
  if (m.field != o.field) throw_python(PyExc_TypeError, "MergeFrom() takes a map of the same field");
  MessagePtr from = o.owner->clone();
  m.owner->merge_field(*m.field, *from);
}

void map_erase(const PyMap& m, nb::handle key) {
  if (!m.owner->map_erase(*m.field, MapKeyArgument(m.field->map_key(), key).key()))
    throw_python(PyExc_KeyError, "Key not present in map");
}

void bind_list(nb::module_& m) {
  nb::class_<PyList> c(m, "RepeatedContainer");
  c.def("__len__", &size_of);
  c.def("__getitem__", &get_item);
  c.def("__setitem__", &set_item);
  c.def("__delitem__", &delete_item);
  c.def("__iter__", [](const PyList& l) { return nb::iter(to_list(l)); });
  c.def("__contains__",
        [](const PyList& l, nb::handle v) { return PySequence_Contains(to_list(l).ptr(), v.ptr()) == 1; });
  c.def("__eq__", &list_equal, nb::arg("other").none());
  c.def("__repr__", [](const PyList& l) { return nb::repr(to_list(l)); });
  c.def("__deepcopy__", [](const PyList& l, nb::handle memo) {
    return nb::module_::import_("copy").attr("deepcopy")(to_list(l), memo);
  });
  c.def("add", [](const PyList& l, nb::args args, nb::kwargs fields) {
    if (!l.field->is_message())
      throw_python(PyExc_AttributeError, "add() is for repeated messages: use append()");
    if (nb::len(args)) throw_python(PyExc_TypeError, "No positional arguments allowed");
    MessagePtr checked = Message::make(*l.field->message);
    init_fields(*checked, fields);
    Message& added = l.owner->add_message(*l.field);
    added.copy_from(*checked);
    return wrap_message(added);
  });
  c.def("append", &append);
  c.def("extend", [](const PyList& l, nb::handle v) { extend_list(*l.owner, *l.field, v); });
  c.def("MergeFrom", [](const PyList& l, nb::handle v) { extend_list(*l.owner, *l.field, v); });
  c.def("insert", [](const PyList& l, Py_ssize_t i, nb::handle v) {
    auto n = Py_ssize_t(size_of(l));
    i = i < 0 ? std::max<Py_ssize_t>(0, i + n) : std::min(i, n);
    append(l, v);
    move_last_to(l, size_t(i));
  });
  c.def("pop", &pop, nb::arg("index") = -1);
  c.def("remove", &remove_value);
  c.def("clear", [](const PyList& l) { l.owner->clear(*l.field); });
  c.def("sort", &sort);
  c.def("reverse", [](const PyList& l) {
    std::vector<size_t> order(size_of(l));
    std::iota(order.rbegin(), order.rend(), size_t(0));
    l.owner->reorder(*l.field, order);
  });
}

void bind_map(nb::module_& m) {
  nb::class_<PyMap> c(m, "MapContainer");
  c.def("__len__", [](const PyMap& p) { return p.owner->size(*p.field); });
  c.def("__getitem__", &map_get_or_create);
  c.def("get_or_create", &map_get_or_create);
  c.def("__setitem__", &map_set);
  c.def("__delitem__", &map_erase);
  c.def("__contains__", [](const PyMap& p, nb::handle k) {
    return p.owner->map_has(*p.field, MapKeyArgument(p.field->map_key(), k).key());
  });
  c.def("__iter__", [](const PyMap& p) { return nb::iter(map_keys(p)); });
  c.def(
      "__eq__",
      [](const PyMap& p, nb::handle other) -> nb::object {
        PyMap* o = nullptr;
        if (nb::try_cast<PyMap*>(other, o)) return nb::bool_(to_dict(p).equal(to_dict(*o)));
        return nb::bool_(to_dict(p).equal(other));
      },
      nb::arg("other").none());
  c.def("__repr__", [](const PyMap& p) { return nb::repr(to_dict(p)); });
  c.def("keys", [](const PyMap& p) { return to_dict(p).attr("keys")(); });
  c.def("values", [](const PyMap& p) { return to_dict(p).attr("values")(); });
  c.def("items", [](const PyMap& p) { return to_dict(p).attr("items")(); });
  c.def(
      "get",
      [](const PyMap& p, nb::handle k, nb::object fallback) {
        MapKeyArgument key(p.field->map_key(), k);
        return p.owner->map_has(*p.field, key.key()) ? map_value(p, key.key()) : fallback;
      },
      nb::arg("key"), nb::arg("default") = nb::none());
  c.def("pop", [](const PyMap& p, nb::handle k, nb::args fallback) {
    MapKeyArgument key(p.field->map_key(), k);
    if (!p.owner->map_has(*p.field, key.key())) {
      if (nb::len(fallback)) return nb::object(fallback[0]);
      throw_python(PyExc_KeyError, "Key not present in map");
    }
    nb::object v = map_value(p, key.key());
    p.owner->map_erase(*p.field, key.key());
    return v;
  });
  c.def("update", [](const PyMap& p, nb::handle values) {
    for (nb::handle k : values.attr("keys")()) map_set(p, k, nb::object(values[k]));
  });
  c.def("MergeFrom", &map_merge);
  c.def("clear", [](const PyMap& p) { p.owner->clear(*p.field); });
}

}  // namespace

void extend_list(Message& m, const FieldType& f, nb::handle values) {
  PyList target{MessagePtr(&m), &f};
  nb::list all = nb::list(nb::borrow(values));
  if (!f.is_message()) {
    for (nb::handle v : all) ScalarArgument check(f, v);
    for (nb::handle v : all) m.add(f, ScalarArgument(f, v).value());
    return;
  }
  for (nb::handle v : all) {
    if (PyDict_Check(v.ptr())) {
      MessagePtr made = Message::make(*f.message);
      init_fields(*made, nb::borrow<nb::dict>(v));
      m.add_message(f).copy_from(*made);
    } else {
      append(target, v);
    }
  }
}

void bind_message_containers(nb::module_& m) {
  bind_list(m);
  bind_map(m);
}

}  // namespace floe::python
