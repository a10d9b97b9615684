// Ops as Python sees them: their declarations, their attributes, and running one.

#include "floe/base/text.h"
#include "floe/format/attr_proto.h"
#include "floe/format/schema.h"
#include "floe/format/tensor_proto.h"
#include "floe/python/py.h"
#include "floe/runtime/context.h"

namespace floe::python {
namespace {

nb::object message_of(const char* type, auto&& fill) {
  MessagePtr m = Message::make(*schema::find_message(type));
  fill(*m);
  return wrap_message(*m);
}

template <class T>
nb::list list_of(const std::vector<T>& v) {
  nb::list l;
  for (size_t i = 0; i < v.size(); ++i) l.append(attr_object(AttrValue(T(v[i]))));
  return l;
}

[[noreturn]] void wrong_attr(const char* expected, const AttrDef& def, nb::handle h) {
  throw_python(PyExc_TypeError, cat("Expected ", expected, " for argument '", def.name, "' not ",
                                    nb::cast<std::string>(nb::repr(h)), "."));
}

int64_t int_from(nb::handle h, const AttrDef& def) {
  nb::object n = nb::steal(PyNumber_Index(h.ptr()));
  if (!n.is_valid() || PyBool_Check(h.ptr())) {
    PyErr_Clear();
    wrong_attr("int", def, h);
  }
  return nb::cast<int64_t>(n);
}

float float_from(nb::handle h, const AttrDef& def) {
  double d = PyFloat_AsDouble(h.ptr());
  if (d == -1.0 && PyErr_Occurred()) {
    PyErr_Clear();
    wrong_attr("float", def, h);
  }
  return float(d);
}

bool bool_from(nb::handle h, const AttrDef& def) {
  if (PyBool_Check(h.ptr())) return h.ptr() == Py_True;
  if (PyLong_Check(h.ptr())) {
    int64_t v = nb::cast<int64_t>(h);
    if (v == 0 || v == 1) return v != 0;
  }
  wrong_attr("bool", def, h);
}

std::string string_from(nb::handle h, const AttrDef& def) {
  if (PyBytes_Check(h.ptr()))
    return std::string(PyBytes_AS_STRING(h.ptr()), size_t(PyBytes_GET_SIZE(h.ptr())));
  if (!PyUnicode_Check(h.ptr())) wrong_attr("string", def, h);
  return nb::cast<std::string>(h);
}

Tensor tensor_from(nb::handle h) {
  if (is_message(h)) return tensor_from_proto(unwrap_message(h));
  return to_tensor(h);
}

FuncRef func_from(nb::handle h, const AttrDef& def) {
  if (is_message(h)) {
    const Message& m = unwrap_message(h);
    return {std::string(m.get_string("name")), std::make_shared<AttrMap>(attrs_from_proto(m, "attr"))};
  }
  return {string_from(h, def), nullptr};
}

template <class F>
auto each(nb::handle h, const AttrDef& def, F f) {
  std::vector<decltype(f(h))> v;
  if (!PyList_Check(h.ptr()) && !PyTuple_Check(h.ptr()) && !nb::hasattr(h, "__iter__"))
    wrong_attr("list", def, h);
  for (nb::handle x : h) v.push_back(f(x));
  return v;
}

nb::dict describe_arg(const ArgDef& a) {
  nb::dict d;
  d["name"] = a.name;
  d["type"] = int(a.type);
  d["type_attr"] = a.type_attr;
  d["type_list_attr"] = a.type_list_attr;
  d["number_attr"] = a.number_attr;
  return d;
}

nb::dict describe_op(const OpDef& op) {
  nb::dict d;
  d["name"] = op.name;
  nb::list in, out, attrs;
  for (const ArgDef& a : op.inputs) in.append(describe_arg(a));
  for (const ArgDef& a : op.outputs) out.append(describe_arg(a));
  for (const AttrDef& a : op.attrs) {
    nb::dict x;
    x["name"] = a.name;
    x["type"] = a.type;
    x["has_default"] = a.has_default;
    x["default"] = a.has_default ? attr_object(a.default_value) : nb::none();
    attrs.append(x);
  }
  d["inputs"] = in;
  d["outputs"] = out;
  d["attrs"] = attrs;
  d["signature"] = op_signature(op);
  d["stateful"] = op.stateful;
  d["runs"] = op.kernel || has_tuned_kernel(op.name);
  return d;
}

}  // namespace

nb::object attr_object(const AttrValue& value) {
  return std::visit(
      [](const auto& v) -> nb::object {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::monostate>)
          return nb::none();
        else if constexpr (std::is_same_v<T, int64_t>)
          return nb::int_(v);
        else if constexpr (std::is_same_v<T, float>)
          return nb::float_(double(v));
        else if constexpr (std::is_same_v<T, bool>)
          return nb::bool_(v);
        else if constexpr (std::is_same_v<T, std::string>)
          return bytes_object(v);
        else if constexpr (std::is_same_v<T, DType>)
          return dtype_object(v);
        else if constexpr (std::is_same_v<T, Shape>)
          return message_of("tensorflow.TensorShapeProto", [&](Message& m) { shape_to_proto(v, m); });
        else if constexpr (std::is_same_v<T, Tensor>)
          return v ? wrap_message(*tensor_to_proto(v)) : nb::none();
        else if constexpr (std::is_same_v<T, FuncRef>)
          return message_of("tensorflow.NameAttrList", [&](Message& m) {
            m.set_string("name", v.name);
            if (v.attrs)
              for (auto& [k, a] : *v.attrs) attr_to_proto(a, m.map_message("attr", k));
          });
        else
          return list_of(v);
      },
      value);
}

AttrValue attr_from(nb::handle h, const AttrDef& def, std::string_view) {
  const std::string& t = def.type;
  if (t == "int") return int_from(h, def);
  if (t == "float") return float_from(h, def);
  if (t == "bool") return bool_from(h, def);
  if (t == "string") return string_from(h, def);
  if (t == "type") return dtype_from(h);
  if (t == "shape") return shape_from(h);
  if (t == "tensor") return tensor_from(h);
  if (t == "func") return func_from(h, def);
  if (t == "list(int)") return each(h, def, [&](nb::handle x) { return int_from(x, def); });
  if (t == "list(float)") return each(h, def, [&](nb::handle x) { return float_from(x, def); });
  if (t == "list(bool)") return each(h, def, [&](nb::handle x) { return bool_from(x, def); });
  if (t == "list(string)") return each(h, def, [&](nb::handle x) { return string_from(x, def); });
  if (t == "list(type)") return each(h, def, [&](nb::handle x) { return dtype_from(x); });
  if (t == "list(shape)") return each(h, def, [&](nb::handle x) { return shape_from(x); });
  if (t == "list(tensor)") return each(h, def, [&](nb::handle x) { return tensor_from(x); });
  if (t == "list(func)") return each(h, def, [&](nb::handle x) { return func_from(x, def); });
  throw Internal(cat("Attribute '", def.name, "' has the unknown type '", t, "'"));
}

AttrMap attrs_from(const OpDef& op, nb::dict attrs) {
  AttrMap map;
  for (auto [k, v] : attrs) {
    std::string name = nb::cast<std::string>(k);
    const AttrDef* def = op.find_attr(name);
    if (!def)
      throw InvalidArgument(cat(op.name, ": there is no attribute '", name, "'\n  ", op_signature(op)));
    map.set(name, attr_from(v, *def, op.name));
  }
  return map;
}

void bind_ops(nb::module_& m) {
  m.def("op_names", &op_names);
  m.def("has_op", [](const std::string& name) { return find_op(name) != nullptr; });
  m.def("describe_op", [](const std::string& name) { return describe_op(get_op(name)); });
  m.def(
      "invoke",
      [](const std::string& name, nb::list inputs, nb::dict attrs) {
        const OpDef& op = get_op(name);
        std::vector<Tensor> in = tensors_from(inputs);
        return wrap_all(call_op(op, std::move(in), attrs_from(op, attrs)));
      },
      nb::arg("op"), nb::arg("inputs"), nb::arg("attrs"));
  m.def(
      "invoke_now",
      [](const std::string& name, nb::list inputs, nb::dict attrs) {
        const OpDef& op = get_op(name);
        std::vector<Tensor> in;
        for (nb::handle h : inputs) in.push_back(to_tensor(h));
        return wrap_all(run_op(op, std::move(in), attrs_from(op, attrs)));
      },
      nb::arg("op"), nb::arg("inputs"), nb::arg("attrs"), "Runs an op, whatever is being recorded.");
  m.def("tensor_to_proto", [](nb::handle t) { return wrap_message(*tensor_to_proto(to_tensor(t))); });
  m.def("tensor_from_proto", [](nb::handle p) { return wrap(tensor_from_proto(unwrap_message(p))); });
}

}  // namespace floe::python
