// Functions, branches, loops and callbacks for Python.
#include "floe/base/text.h"
#include "floe/format/export_graph.h"
#include "floe/format/schema.h"
#include "floe/op/callback.h"
#include "floe/python/graph_core.h"
#include "floe/python/py.h"
#include "floe/runtime/concrete_function.h"
#include "floe/runtime/context.h"
#include "floe/runtime/control_flow.h"

namespace floe::python {
namespace {

struct Concrete {
  std::shared_ptr<ConcreteFunction> f;
};

std::vector<Endpoint> endpoints(RecordedGraph& g, nb::handle tensors) {
  std::vector<Endpoint> v;
  for (nb::handle h : tensors) v.push_back(g.bring_in(to_input(h)));
  return v;
}

std::vector<Tensor> flat_inputs(const ConcreteFunction& f, nb::handle args) {
  std::vector<Tensor> in;
  const auto& inputs = f.inputs();
  for (nb::handle h : args) {
    DType want = in.size() < inputs.size()
                     ? inputs[in.size()].node->output_types[size_t(inputs[in.size()].index)]
                     : DType::kInvalid;
    in.push_back(to_input(h, want));
  }
  return in;
}

nb::list call(const Concrete& c, nb::handle args) {
  std::vector<Tensor> in = flat_inputs(*c.f, args), out;
  if (current_graph()) return wrap_all(c.f->call(std::move(in)));
  {
    nb::gil_scoped_release release;
    out = c.f->call(std::move(in));
  }
  return wrap_all(std::move(out));
}

// Traces by the dtypes and shapes of plain tensor arguments, for calls that need nothing else looked at.
class Calls {
 public:
  void add(nb::list args, const Concrete& c) {
    Entry e;
    for (nb::handle h : args) {
      const Tensor* t = unwrap(h);
      e.types.push_back(t->dtype());
      e.shapes.push_back(t->shape());
    }
    e.f = c.f;
    if (entries_.size() >= kMaxEntries) entries_.erase(entries_.begin());
    entries_.push_back(std::move(e));
  }
  // The only result, or NotImplemented where the call has to go the long way.
  nb::object call(nb::handle args) {
    std::vector<Tensor> in;
    size_t n = size_t(PyTuple_GET_SIZE(args.ptr()));
    in.reserve(n);
    if (!executing_eagerly()) return not_implemented();
    for (size_t i = 0; i < n; ++i) {
      EagerTensor* t = nullptr;
      if (!nb::try_cast<EagerTensor*>(nb::handle(PyTuple_GET_ITEM(args.ptr(), Py_ssize_t(i))), t) || !t)
        return not_implemented();
      in.push_back(t->value);
    }
    for (const Entry& e : entries_) {
      if (!matches(e, in)) continue;
      auto f = e.f;  // the list may change while it runs
      return wrap(run(*f, std::move(in))[0]);
    }
    return not_implemented();
  }

 private:
  static constexpr size_t kMaxEntries = 16;
  struct Entry {
    std::vector<DType> types;
    std::vector<Shape> shapes;
    std::shared_ptr<ConcreteFunction> f;
  };
  static std::vector<Tensor> run(ConcreteFunction& f, std::vector<Tensor> in) {
    nb::gil_scoped_release release;
    return f.call(std::move(in));
  }
  static nb::object not_implemented() { return nb::borrow(Py_NotImplemented); }
  static bool matches(const Entry& e, const std::vector<Tensor>& in) {
    if (e.types.size() != in.size()) return false;
    for (size_t i = 0; i < in.size(); ++i)
      if (e.types[i] != in[i].dtype() || !(e.shapes[i] == in[i].shape())) return false;
    return true;
  }
  std::vector<Entry> entries_;
};

Branch branch_from(nb::handle pair) {
  Branch b{nb::cast<GraphCore&>(pair[0]).recorded, {}};
  GraphScope scope(b.graph);
  b.results = tensors_from(pair[1]);
  return b;
}

LoopPart part_from(nb::handle triple) {
  LoopPart p{nb::cast<GraphCore&>(triple[0]).recorded, {}, {}};
  GraphScope scope(p.graph);
  p.args = tensors_from(triple[1]);
  p.results = tensors_from(triple[2]);
  return p;
}

nb::object operation(Node* n) { return graph_object(current_graph()).attr("_operation")(n->id); }

// A Python function as a callback: called with the GIL, in eager mode; what it raises stays what it is.
Callback python_callback(nb::object fn) {
  // The last reference may go on any thread.
  std::shared_ptr<nb::object> held(new nb::object(std::move(fn)), [](nb::object* o) {
    if (!Py_IsInitialized()) return;
    nb::gil_scoped_acquire gil;
    delete o;
  });
  return [held](const std::vector<Tensor>& in) {
    nb::gil_scoped_acquire gil;
    GraphScope eager(nullptr);
    nb::list args;
    for (const Tensor& t : in) args.append(wrap(t.alias()));
    nb::object out = (*held)(args);
    std::vector<Tensor> result;
    for (nb::handle h : out) result.push_back(to_input(h));
    return result;
  };
}

}  // namespace

void bind_concrete(nb::module_& m) {
  nb::class_<Concrete> c(m, "ConcreteFunction", nb::is_weak_referenceable());
  c.def_static(
      "make",
      [](const GraphCore& g, nb::handle inputs, nb::handle results, const std::string& name) {
        GraphScope scope(g.recorded);
        std::vector<Endpoint> in = endpoints(*g.recorded, inputs), out = endpoints(*g.recorded, results);
        return Concrete{ConcreteFunction::make(g.recorded, std::move(in), std::move(out), name)};
      },
      nb::arg("graph"), nb::arg("inputs"), nb::arg("results"), nb::arg("name"));
  c.def("__call__", &call, nb::arg("args"));
  c.def_prop_ro("name", [](const Concrete& c) { return str_object(c.f->name()); });
  c.def_prop_ro("stateful", [](const Concrete& c) { return c.f->stateful(); });
  c.def_prop_ro("captured", [](const Concrete& c) { return wrap_all(c.f->captured()); });
  c.def("all_inputs", [](const Concrete& c) {
    nb::list l;
    for (const Endpoint& e : c.f->all_inputs()) l.append(wrap(c.f->recorded()->symbol(e)));
    return l;
  });
  c.def("set_variables", [](Concrete& c, nb::handle handles) { c.f->variables = tensors_from(handles); });
  c.def("explain", [](Concrete& c, nb::list shapes) {
    std::vector<Shape> s;
    for (nb::handle h : shapes) s.push_back(shape_from(h));
    return str_object(c.f->explain(s));
  });
  c.def("function_def", [](Concrete& c) {
    MessagePtr d = Message::make(*schema::find_message("tensorflow.FunctionDef"));
    function_to_def(*c.f->body(), *d);
    return wrap_message(*d);
  });

  nb::class_<Calls>(m, "Calls")
      .def(nb::init<>())
      .def("add", &Calls::add, nb::arg("args"), nb::arg("function"))
      .def("__call__", &Calls::call, nb::arg("args"));

  m.def(
      "record_branches",
      [](nb::handle selector, nb::list branches, bool is_case, const std::string& name) {
        std::vector<Branch> b;
        for (nb::handle h : branches) b.push_back(branch_from(h));
        return operation(record_branches(to_input(selector), b, is_case, name));
      },
      nb::arg("selector"), nb::arg("branches"), nb::arg("is_case"), nb::arg("name"));
  m.def(
      "record_loop",
      [](nb::handle cond, nb::handle body, nb::list initial, nb::list shapes, int64_t parallel_iterations,
         const std::string& name) {
        std::vector<Shape> s;
        for (nb::handle h : shapes) s.push_back(shape_from(h));
        return operation(record_loop(part_from(cond), part_from(body), tensors_from(initial), s,
                                     parallel_iterations, name));
      },
      nb::arg("cond"), nb::arg("body"), nb::arg("initial"), nb::arg("shapes"), nb::arg("parallel_iterations"),
      nb::arg("name"));

  nb::class_<std::shared_ptr<RegisteredCallback>>(m, "Callback")
      .def_prop_ro("token",
                   [](const std::shared_ptr<RegisteredCallback>& r) { return bytes_object(r->token); });
  m.def("register_callback",
        [](nb::object fn) { return std::make_shared<RegisteredCallback>(python_callback(std::move(fn))); });
  m.def("keep_alive_with",
        [](GraphCore& g, std::shared_ptr<RegisteredCallback>& r) { g.recorded->called.push_back(r); });
  m.def("set_locator", [](nb::object fn) {
    static nb::object* const held = new nb::object;
    *held = std::move(fn);
    RecordedGraph::set_locator(+[]() -> std::string {
      if (!PyGILState_Check()) return {};
      return nb::cast<std::string>((*held)());
    });
  });
}

}  // namespace floe::python
