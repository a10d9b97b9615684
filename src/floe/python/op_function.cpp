// Ops as Python callables: raw_ops.MatMul(a=x, b=y). Arguments are looked up by interned names; tensors of
// the right type go straight through.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/python/graph_core.h"
#include "floe/python/py.h"
#include "floe/runtime/context.h"
#include "floe/runtime/recorded_graph.h"

// After Python.h, which the binding headers bring.
#include <structmember.h>

#include <algorithm>
#include <optional>

namespace floe::python {
namespace {

struct OpInfo {
  const OpDef* op = nullptr;
  std::string function;         // "mat_mul", for messages
  std::vector<PyObject*> keys;  // inputs, attributes, "name"
  std::vector<const AttrDef*> attrs;
  nb::object tuple_class;  // for several outputs
  bool positional = false;
};

struct OpFunction {
  PyObject_HEAD vectorcallfunc vectorcall;
  OpInfo* info;
  PyObject* dict;
};

constexpr size_t kReleaseBytes = 16 << 10;  // smaller inputs are done before another thread could wake up

const AttrDef* attr_of(const OpDef& op, const std::string& name) {
  return name.empty() ? nullptr : op.find_attr(name);
}

// The types that type attributes are bound to so far.
class Types {
 public:
  DType get(const std::string& attr) const {
    for (auto& [k, v] : bound_)
      if (*k == attr) return v;
    return DType::kInvalid;
  }
  void bind(const std::string& attr, DType t) {
    if (!attr.empty() && get(attr) == DType::kInvalid) bound_.emplace_back(&attr, t);
  }

 private:
  std::vector<std::pair<const std::string*, DType>> bound_;
};

// The dtype of what knows its own (tensors, variables); kInvalid for values that take any.
DType own_type(nb::handle h) {
  if (const Tensor* t = unwrap(h)) return t->dtype();
  if (PyLong_Check(h.ptr()) || PyFloat_Check(h.ptr()) || PyList_Check(h.ptr()) || PyTuple_Check(h.ptr()) ||
      PyUnicode_Check(h.ptr()) || PyBytes_Check(h.ptr()) || h.is_none())
    return DType::kInvalid;
  if (!PyObject_HasAttrString(h.ptr(), "__tf_tensor__") || !PyObject_HasAttrString(h.ptr(), "dtype"))
    return DType::kInvalid;
  return dtype_from(h.attr("dtype"));
}

class Arguments {
 public:
  Arguments(const OpInfo& info, PyObject* const* args, size_t nargs, PyObject* kwnames)
      : info_(info), values_(info.keys.size(), nullptr) {
    if (nargs && !info.positional) throw_keywords_only();
    if (nargs > info.keys.size())
      throw_python(PyExc_TypeError,
                   cat(info.function, "() takes ", info.keys.size(), " arguments, ", nargs, " given"));
    for (size_t i = 0; i < nargs; ++i) values_[i] = args[i];
    size_t n = kwnames ? size_t(PyTuple_GET_SIZE(kwnames)) : 0;
    for (size_t i = 0; i < n; ++i) values_[find(PyTuple_GET_ITEM(kwnames, Py_ssize_t(i)))] = args[nargs + i];
  }

  PyObject* input(size_t i) const { return values_[i]; }
  PyObject* attr(size_t i) const { return values_[info_.op->inputs.size() + i]; }
  PyObject* name() const { return values_.back(); }

  void check_complete() const {
    std::vector<std::string> missing;
    for (size_t i = 0; i < info_.op->inputs.size(); ++i)
      if (!values_[i]) missing.push_back(key(i));
    for (size_t i = 0; i < info_.attrs.size(); ++i)
      if (!attr(i) && !info_.attrs[i]->has_default) missing.push_back(key(info_.op->inputs.size() + i));
    if (missing.empty()) return;
    std::string names;
    for (size_t i = 0; i < missing.size(); ++i) names += cat(i ? " and " : "", "'", missing[i], "'");
    throw_python(PyExc_TypeError,
                 cat(info_.function, "() missing ", missing.size(), " required positional argument",
                     missing.size() > 1 ? "s" : "", ": ", names));
  }

 private:
  std::string key(size_t i) const { return nb::cast<std::string>(nb::handle(info_.keys[i])); }
  size_t find(PyObject* name) const {
    for (size_t i = 0; i < info_.keys.size(); ++i)
      if (info_.keys[i] == name) return i;
    for (size_t i = 0; i < info_.keys.size(); ++i)
      if (PyUnicode_Compare(info_.keys[i], name) == 0) return i;
    throw_python(PyExc_TypeError, cat(info_.function, "() got an unexpected keyword argument '",
                                      nb::cast<std::string>(nb::handle(name)), "'"));
  }
  [[noreturn]] void throw_keywords_only() const {
    std::string keys;
    for (size_t i = 0; i < info_.keys.size(); ++i) keys += cat(i ? ", " : "", "'", key(i), "'");
    throw_python(PyExc_TypeError, cat(info_.function, " only takes keyword args (possible keys: [", keys,
                                      "]). Please pass these args as kwargs instead."));
  }

  const OpInfo& info_;
  std::vector<PyObject*> values_;
};

class Caller {
 public:
  Caller(const OpInfo& info, const Arguments& args) : info_(info), op_(*info.op), args_(args) {}

  nb::object run() {
    convert_attrs();
    bind_known_types();
    for (size_t i = 0; i < op_.inputs.size(); ++i) convert_input(i);
    std::string name;
    if (PyObject* n = args_.name(); n && n != Py_None) name = nb::cast<std::string>(nb::handle(n));
    return call(name);
  }

 private:
  void convert_attrs() {
    for (size_t i = 0; i < info_.attrs.size(); ++i) {
      PyObject* v = args_.attr(i);
      if (!v || v == Py_None) continue;
      const AttrDef& def = *info_.attrs[i];
      attrs_.set(def.name, attr_from(v, def, op_.name));
      if (def.type == "type") types_.bind(def.name, attrs_.get<DType>(def.name));
    }
  }

  // Tensors decide the types that numbers beside them take.
  void bind_known_types() {
    for (size_t i = 0; i < op_.inputs.size(); ++i) {
      const ArgDef& a = op_.inputs[i];
      if (a.type_attr.empty()) continue;
      nb::handle v(args_.input(i));
      if (!a.is_list()) {
        if (DType t = own_type(v); t != DType::kInvalid && t != DType::kResource) types_.bind(a.type_attr, t);
      } else if (PyList_Check(v.ptr()) || PyTuple_Check(v.ptr())) {
        for (nb::handle x : v)
          if (DType t = own_type(x); t != DType::kInvalid) types_.bind(a.type_attr, t);
      }
    }
  }

  void convert_input(size_t i) {
    const ArgDef& a = op_.inputs[i];
    nb::handle v(args_.input(i));
    if (!a.is_list()) {
      Tensor t = tensor(v, a, a.type != DType::kInvalid ? a.type : types_.get(a.type_attr));
      types_.bind(a.type_attr, t.dtype());
      inputs_.push_back(std::move(t));
      return;
    }
    if (!PyList_Check(v.ptr()) && !PyTuple_Check(v.ptr()))
      throw_python(PyExc_TypeError, cat("Expected list for '", a.name, "' argument to '", info_.function,
                                        "' Op, not ", nb::cast<std::string>(nb::repr(v)), "."));
    std::vector<DType> list_types;
    size_t n = nb::len(v);
    const std::vector<DType>* given = nullptr;
    if (!a.type_list_attr.empty() && attrs_.has(a.type_list_attr))
      given = &attrs_.get<std::vector<DType>>(a.type_list_attr);
    for (size_t k = 0; k < n; ++k) {
      DType want = a.type != DType::kInvalid    ? a.type
                   : !a.type_attr.empty()       ? types_.get(a.type_attr)
                   : given && k < given->size() ? (*given)[k]
                                                : DType::kInvalid;
      Tensor t = tensor(v[k], a, want);
      types_.bind(a.type_attr, t.dtype());
      list_types.push_back(t.dtype());
      inputs_.push_back(std::move(t));
    }
    if (!a.number_attr.empty()) attrs_.set(a.number_attr, int64_t(n));
    if (!a.type_list_attr.empty() && !given) attrs_.set(a.type_list_attr, list_types);
  }

  Tensor tensor(nb::handle v, const ArgDef& a, DType want) {
    if (const Tensor* t = unwrap(v)) {
      if (want == DType::kInvalid || t->dtype() == want) return *t;
      wrong_type(a, t->dtype(), want);
    }
    if (want == DType::kResource) {
      nb::object handle = nb::getattr(v, "handle", nb::none());
      if (handle.is_none()) handle = nb::getattr(v, "resource_handle", nb::none());
      if (const Tensor* t = unwrap(handle)) return *t;
    }
    DType hint = DType::kInvalid;
    if (want == DType::kInvalid)
      if (const AttrDef* d = attr_of(op_, a.type_attr); d && d->has_default)
        hint = std::get<DType>(d->default_value);
    return to_input(v, want, hint, executing_eagerly() ? std::string_view() : cat(op_.name, "/", a.name));
  }

  [[noreturn]] void wrong_type(const ArgDef& a, DType found, DType want) const {
    if (executing_eagerly())
      throw InvalidArgument(cat("cannot compute ", op_.name, " as input #", inputs_.size(),
                                "(zero-based) was expected to be a ", short_name(want), " tensor but is a ",
                                short_name(found), " tensor [Op:", op_.name, "]"));
    if (a.type != DType::kInvalid)
      throw_python(PyExc_TypeError,
                   cat("Input '", a.name, "' of '", op_.name, "' Op has type ", dtype_name(found),
                       " that does not match expected type of ", dtype_name(want), "."));
    throw_python(PyExc_TypeError, cat("Input '", a.name, "' of '", op_.name, "' Op has type ",
                                      dtype_name(found), " that does not match type ", dtype_name(want),
                                      " of argument '", first_bound_to(a.type_attr), "'."));
  }
  static const char* short_name(DType t) {
    return t == DType::kFloat32 ? "float" : t == DType::kFloat64 ? "double" : dtype_name(t);
  }
  std::string first_bound_to(const std::string& attr) const {
    for (const ArgDef& a : op_.inputs)
      if (a.type_attr == attr) return a.name;
    return attr;
  }

  void check_allowed_types() const {
    for (const ArgDef& a : op_.inputs) {
      const AttrDef* d = a.type_attr.empty() ? nullptr : attr_of(op_, a.type_attr);
      if (!d || d->allowed_types.empty()) continue;
      DType t = types_.get(a.type_attr);
      if (t == DType::kInvalid || std::ranges::find(d->allowed_types, t) != d->allowed_types.end()) continue;
      std::string allowed;
      for (DType x : d->allowed_types) allowed += cat(allowed.empty() ? "" : ", ", dtype_name(x));
      throw_python(PyExc_TypeError, cat("Value passed to parameter '", a.name, "' has DataType ",
                                        dtype_name(t), " not in list of allowed values: ", allowed));
    }
  }

  nb::object call(const std::string& name) {
    std::shared_ptr<RecordedGraph> g = current_graph();
    bool elsewhere = false;
    if (!g)
      for (const Tensor& t : inputs_)
        if (t.is_symbolic()) {
          g = symbol_of(t).graph;
          elsewhere = true;
          break;
        }
    if (!g) return call_eagerly();
    check_allowed_types();
    std::optional<GraphScope> scope;
    if (elsewhere) {
      if (g->is_function()) g = RecordedGraph::make("eager", RecordedGraph::Kind::kFunction);
      scope.emplace(g);
    }
    try {
      if (op_.outputs.empty()) {
        Node* n = g->record_node(op_, inputs_, std::move(attrs_), name);
        return graph_object(g).attr("_operation")(n->id);
      }
      return pack(call_op(op_, std::move(inputs_), std::move(attrs_), name));
    } catch (const OutOfScope&) {
      throw;
    } catch (const InvalidArgument& e) {
      throw_python(PyExc_ValueError, e.what());
    }
  }

  nb::object call_eagerly() {
    size_t bytes = 0;
    for (const Tensor& t : inputs_) bytes += is_pod(t.dtype()) ? t.nbytes() : kReleaseBytes;
    std::vector<Tensor> out;
    {
      std::optional<nb::gil_scoped_release> release;
      if (bytes >= kReleaseBytes || op_.dynamic_outputs || inputs_.empty()) release.emplace();
      out = call_op(op_, std::move(inputs_), std::move(attrs_));
    }
    return pack(std::move(out));
  }

  nb::object pack(std::vector<Tensor> outputs) {
    if (op_.outputs.empty()) return nb::none();
    if (op_.outputs.size() == 1 && !op_.outputs[0].is_list()) return wrap(std::move(outputs[0]));
    if (op_.outputs.size() == 1) return wrap_all(std::move(outputs));
    // How many tensors each list output has: what is left over for a single one, else its attribute.
    size_t fixed = 0, lists = 0, at = 0;
    for (const ArgDef& a : op_.outputs) (a.is_list() ? lists : fixed)++;
    nb::list groups;
    for (const ArgDef& a : op_.outputs) {
      if (!a.is_list()) {
        groups.append(wrap(outputs[at++]));
        continue;
      }
      size_t n = lists == 1 ? outputs.size() - fixed : list_size(a);
      nb::list l;
      for (size_t i = 0; i < n; ++i) l.append(wrap(outputs[at++]));
      groups.append(l);
    }
    return info_.tuple_class(*nb::tuple(groups));
  }

  size_t list_size(const ArgDef& a) const {
    for (size_t i = 0; i < info_.attrs.size(); ++i) {
      if (info_.attrs[i]->name != (a.number_attr.empty() ? a.type_list_attr : a.number_attr)) continue;
      nb::handle v(args_.attr(i));
      if (!v.is_valid() || v.is_none()) break;
      return a.number_attr.empty() ? nb::len(v) : nb::cast<size_t>(v);
    }
    for (size_t i = 0; i < op_.inputs.size(); ++i) {
      const ArgDef& in = op_.inputs[i];
      if ((!a.number_attr.empty() && in.number_attr == a.number_attr) ||
          (!a.type_list_attr.empty() && in.type_list_attr == a.type_list_attr))
        return nb::len(nb::handle(args_.input(i)));
    }
    return 0;
  }

  const OpInfo& info_;
  const OpDef& op_;
  const Arguments& args_;
  AttrMap attrs_;
  Types types_;
  std::vector<Tensor> inputs_;
};

PyObject* op_vectorcall(PyObject* self, PyObject* const* args, size_t nargsf, PyObject* kwnames) {
  const OpInfo& info = *reinterpret_cast<OpFunction*>(self)->info;
  try {
    Arguments a(info, args, size_t(PyVectorcall_NARGS(nargsf)), kwnames);
    a.check_complete();
    return Caller(info, a).run().release().ptr();
  } catch (nb::python_error& e) {
    e.restore();
  } catch (...) {
    translate_exception(std::current_exception());
  }
  return nullptr;
}

void op_dealloc(PyObject* self) {
  auto* f = reinterpret_cast<OpFunction*>(self);
  PyTypeObject* type = Py_TYPE(self);
  for (PyObject* k : f->info->keys) Py_DECREF(k);
  delete f->info;
  Py_XDECREF(f->dict);
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* op_repr(PyObject* self) {
  return PyUnicode_FromFormat("<op %s>", reinterpret_cast<OpFunction*>(self)->info->op->name.c_str());
}

PyMemberDef op_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(OpFunction, vectorcall), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(OpFunction, dict), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr}};
PyType_Slot op_slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(op_dealloc)},
                          {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                          {Py_tp_repr, reinterpret_cast<void*>(op_repr)},
                          {Py_tp_members, op_members},
                          {0, nullptr}};
PyType_Spec op_spec = {"floe.Op", sizeof(OpFunction), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
                       op_slots};

nb::object make_op_function(const std::string& name, const std::string& function, nb::dict renamed,
                            nb::object tuple_class, bool positional) {
  static PyTypeObject* type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&op_spec));
  auto info = std::make_unique<OpInfo>();
  info->op = &get_op(name);
  info->function = function;
  info->tuple_class = tuple_class;
  info->positional = positional;
  auto key = [&](const std::string& n) {
    nb::object k = renamed.contains(n.c_str()) ? nb::object(renamed[n.c_str()]) : nb::object(str_object(n));
    PyObject* p = k.release().ptr();
    PyUnicode_InternInPlace(&p);
    info->keys.push_back(p);
  };
  auto inferred = [&](const std::string& attr) {
    for (const ArgDef& a : info->op->inputs)
      if (a.type_attr == attr || a.type_list_attr == attr || a.number_attr == attr) return true;
    return false;
  };
  for (const ArgDef& a : info->op->inputs) key(a.name);
  for (int required : {1, 0})
    for (const AttrDef& a : info->op->attrs)
      if (a.has_default == !required && !inferred(a.name)) {
        key(a.name);
        info->attrs.push_back(&a);
      }
  key("name");
  auto* f = reinterpret_cast<OpFunction*>(type->tp_alloc(type, 0));
  if (!f) throw nb::python_error();
  f->vectorcall = op_vectorcall;
  f->info = info.release();
  f->dict = PyDict_New();
  return nb::steal(reinterpret_cast<PyObject*>(f));
}

}  // namespace

void bind_op_function(nb::module_& m) {
  m.def("op_function", &make_op_function, nb::arg("name"), nb::arg("function"), nb::arg("renamed"),
        nb::arg("tuple_class").none(), nb::arg("positional"));
}

}  // namespace floe::python
