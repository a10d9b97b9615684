// Tapes and gradients for Python.
#include "floe/autodiff.h"

#include "floe/autodiff/backpropagate.h"
#include "floe/autodiff/function_gradient.h"
#include "floe/python/graph_core.h"
#include "floe/python/py.h"
#include "floe/runtime/context.h"

namespace floe::python {
namespace {

// None, a tensor, or (values, indices, dense_shape or None).
nb::object gradient_object(const Gradient& g) {
  if (!g) return nb::none();
  if (!g.is_slices()) return wrap(g.dense());
  const IndexedSlices& s = g.slices();
  return nb::make_tuple(wrap(s.values), wrap(s.indices), s.dense_shape ? wrap(s.dense_shape) : nb::none());
}

Gradient gradient_from(nb::handle h) {
  if (h.is_none()) return {};
  if (PyTuple_Check(h.ptr())) {
    IndexedSlices s{to_input(h[0]), to_input(h[1]), {}};
    if (!nb::handle(h[2]).is_none()) s.dense_shape = to_input(h[2]);
    return s;
  }
  return to_input(h);
}

nb::list gradient_list(const std::vector<Gradient>& v) {
  nb::list l;
  for (const Gradient& g : v) l.append(gradient_object(g));
  return l;
}

std::vector<Tensor> maybe_tensors(nb::handle h) {
  std::vector<Tensor> v;
  if (h.is_none()) return v;
  for (nb::handle x : h) v.push_back(x.is_none() ? Tensor() : to_input(x));
  return v;
}

std::shared_ptr<nb::object> hold(nb::object o) {
  return {new nb::object(std::move(o)), [](nb::object* p) {
            if (!Py_IsInitialized()) return;
            nb::gil_scoped_acquire gil;
            delete p;
          }};
}

std::vector<Gradient> call_rule(nb::object& fn, nb::object first, std::span<const Gradient> grads) {
  nb::list in;
  for (const Gradient& g : grads) in.append(gradient_object(g));
  nb::object out = fn(first, in);
  std::vector<Gradient> result;
  for (nb::handle h : out) result.push_back(gradient_from(h));
  return result;
}

}  // namespace

void bind_autodiff(nb::module_& m) {
  init_autodiff();
  nb::class_<GradientTape> c(m, "GradientTape");
  c.def(nb::init<bool, bool>(), nb::arg("persistent"), nb::arg("watch_accessed_variables"));
  c.def("watch", [](GradientTape& t, nb::handle x) { t.watch(*unwrap(x)); });
  c.def("stop", &GradientTape::stop);
  c.def("start", &GradientTape::start);
  c.def("is_open", &GradientTape::is_open);
  c.def("reset", &GradientTape::reset);
  c.def("watched_variables", [](const GradientTape& t) { return wrap_all(t.watched_variables()); });
  c.def(
      "gradient",
      [](GradientTape& t, nb::list targets, nb::list sources, nb::object output_gradients) {
        return gradient_list(
            t.gradient(tensors_from(targets), tensors_from(sources), maybe_tensors(output_gradients)));
      },
      nb::arg("targets"), nb::arg("sources"), nb::arg("output_gradients").none());
  c.def(
      "gradient_again",
      [](GradientTape& t, nb::list targets, nb::list sources, nb::object output_gradients) {
        return gradient_list(
            t.gradient_again(tensors_from(targets), tensors_from(sources), maybe_tensors(output_gradients)));
      },
      nb::arg("targets"), nb::arg("sources"), nb::arg("output_gradients").none());
  m.def(
      "set_node_gradient_of_inputs",
      [](GraphCore& g, size_t node, nb::object backward) {
        auto held = hold(std::move(backward));
        g.recorded->node_gradients[g.node(node)] = [held](std::span<const Gradient> grads,
                                                          const std::vector<bool>&) {
          nb::gil_scoped_acquire gil;
          return call_rule(*held, nb::none(), grads);
        };
      },
      nb::arg("graph"), nb::arg("node"), nb::arg("backward"));
  // The gradient of a node that hands `outputs` results on, followed by the inputs that get gradients.
  m.def(
      "set_node_gradient",
      [](GraphCore& g, size_t node, size_t outputs, nb::object backward) {
        auto held = hold(std::move(backward));
        g.recorded->node_gradients[g.node(node)] = [held, outputs](std::span<const Gradient> grads,
                                                                   const std::vector<bool>&) {
          nb::gil_scoped_acquire gil;
          std::vector<Gradient> result(outputs);
          for (Gradient& x : call_rule(*held, nb::none(), grads.subspan(0, outputs)))
            result.push_back(std::move(x));
          return result;
        };
      },
      nb::arg("graph"), nb::arg("node"), nb::arg("outputs"), nb::arg("backward"));
  m.def(
      "gradients",
      [](nb::list ys, nb::list xs, nb::object grads, nb::list stop) {
        return gradient_list(gradients(tensors_from(ys), tensors_from(xs), maybe_tensors(grads),
                                       Unconnected::kNone, tensors_from(stop)));
      },
      nb::arg("ys"), nb::arg("xs"), nb::arg("grad_ys").none(), nb::arg("stop_gradients"));
  m.def("variable_accessed", [](nb::handle handle) { variable_accessed(*unwrap(handle)); });
  m.def("watching", [] { return !observers().empty(); });
  // A step from inputs to outputs whose gradient `backward(None, grads)` gives.
  m.def(
      "record_custom",
      [](const std::string& name, nb::list inputs, nb::list outputs, nb::object backward) {
        OpRecord r;
        r.name = name;
        r.inputs = tensors_from(inputs);
        r.outputs = tensors_from(outputs);
        auto held = hold(std::move(backward));
        r.backward = [held](std::span<const Gradient> grads, const std::vector<bool>&) {
          nb::gil_scoped_acquire gil;
          return call_rule(*held, nb::none(), grads);
        };
        record_custom(std::move(r));
      },
      nb::arg("name"), nb::arg("inputs"), nb::arg("outputs"), nb::arg("backward"));
  // rule(record, grads), where record is (op type, name, inputs, outputs, node id or None).
  m.def("set_gradient", [](const std::string& op, nb::object rule) {
    auto held = hold(std::move(rule));
    set_gradient(op, [held](const OpRecord& r, std::span<const Gradient> grads, const std::vector<bool>&) {
      nb::gil_scoped_acquire gil;
      nb::object node = nb::none();
      if (!r.outputs.empty() && r.outputs[0].is_symbolic())
        node = nb::int_(symbol_of(r.outputs[0]).endpoint.node->id);
      nb::dict attrs;
      for (auto& [k, v] : r.attrs) attrs[str_object(k)] = attr_object(v);
      nb::object record = nb::make_tuple(str_object(r.op->name), str_object(r.name), wrap_all(r.inputs),
                                         wrap_all(r.outputs), node, attrs);
      return call_rule(*held, record, grads);
    });
  });
  m.def("has_gradient", [](const std::string& op) {
    const OpDef* d = find_op(op);
    return d && (d->gradient || d->no_gradient);
  });
}

}  // namespace floe::python
