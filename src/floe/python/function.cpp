// Calling functions of programs: arguments in, GIL released, Ctrl-C obeyed, tensors out.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "floe/base/text.h"
#include "floe/format/graph_file.h"
#include "floe/python/run.h"

namespace floe::python {
namespace {

std::atomic<bool> interrupted;
struct sigaction python_action;

void on_interrupt(int signal) {
  interrupted.store(true, std::memory_order_relaxed);
  python_action.sa_handler(signal);
}

// While the main thread runs kernels, Ctrl-C sets the flag that the run looks at, besides telling Python.
// Other handlers than Python's own are left alone: they may not want the run to end.
class InterruptGuard {
 public:
  InterruptGuard() {
    if (getpid() != pid_t(syscall(SYS_gettid)) || !python_would_raise()) return;
    struct sigaction current;
    sigaction(SIGINT, nullptr, &current);
    if (current.sa_handler == &on_interrupt) {  // a call inside of a call
      watched_ = true;
      return;
    }
    if (current.sa_handler == SIG_DFL || current.sa_handler == SIG_IGN || (current.sa_flags & SA_SIGINFO))
      return;
    interrupted.store(false, std::memory_order_relaxed);
    python_action = current;
    struct sigaction ours = current;
    ours.sa_handler = &on_interrupt;
    watched_ = installed_ = sigaction(SIGINT, &ours, nullptr) == 0;
  }
  ~InterruptGuard() {
    if (installed_) sigaction(SIGINT, &python_action, nullptr);
  }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  const std::atomic<bool>* flag() const { return watched_ ? &interrupted : nullptr; }

 private:
  static bool python_would_raise() {
    static PyObject *get = nullptr, *number = nullptr, *standard = nullptr;
    if (!get) {
      nb::object signal = nb::module_::import_("signal");
      number = nb::object(signal.attr("SIGINT")).release().ptr();
      standard = nb::object(signal.attr("default_int_handler")).release().ptr();
      get = nb::object(signal.attr("getsignal")).release().ptr();
    }
    return nb::steal(PyObject_CallOneArg(get, number)).ptr() == standard;
  }
  bool watched_ = false, installed_ = false;
};

std::string describe_inputs(const Function::Impl& f) {
  std::string s;
  for (const TensorSpec& i : f.inputs)
    s += cat(s.empty() ? "" : ", ", "'", i.name, "' (", dtype_name(i.dtype), ", shape ", i.shape.tuple_str(),
             ")");
  return s.empty() ? "no inputs" : s;
}

Tensor argument(const Function::Impl& f, size_t i, nb::handle value, Sharing sharing) {
  const TensorSpec& spec = f.inputs[i];
  if (const Tensor* t = unwrap(value)) {
    if (spec.dtype != DType::kInvalid && t->dtype() != spec.dtype)
      throw InvalidArgument(
          cat("Input '", spec.name, "' takes ", dtype_name(spec.dtype), ", the tensor given is ",
              dtype_name(t->dtype()), " of shape ", t->shape().tuple_str(),
              ". Convert the values first, as in x.numpy().astype('", dtype_name(spec.dtype), "')"));
    return *t;
  }
  try {
    return to_tensor(value, spec.dtype, DType::kInvalid, sharing);
  } catch (nb::python_error& e) {
    if (!e.matches(PyExc_ValueError) && !e.matches(PyExc_TypeError)) throw;
    std::string text = cat("Input '", spec.name, "' (", dtype_name(spec.dtype), ", shape ",
                           spec.shape.tuple_str(), "): ", nb::cast<std::string>(nb::str(e.value())));
    throw_python(e.matches(PyExc_ValueError) ? PyExc_ValueError : PyExc_TypeError, text);
  }
}

void check_shape(const TensorSpec& spec, const Tensor& t) {
  if (spec.shape.is_compatible_with(t.shape())) return;
  throw_python(PyExc_ValueError, cat("Cannot feed value of shape ", t.shape().tuple_str(), " for Tensor ",
                                     spec.name, ", which has shape ", spec.shape.tuple_str(), "."));
}

nb::list call(const Runner& r, nb::args args) {
  const Function::Impl& f = *r.function;
  if (args.size() != f.inputs.size())
    throw_python(PyExc_TypeError, cat("The function takes ", f.inputs.size(), " argument(s), ", args.size(),
                                      " given. It takes ", describe_inputs(f), "."));
  std::vector<Tensor> in, borrowed;
  for (size_t i = 0; i < args.size(); ++i) {
    in.push_back(argument(f, i, args[i], r.keeps_inputs ? Sharing::kCopy : Sharing::kBorrow));
    check_shape(f.inputs[i], in.back());
    if (!unwrap(args[i])) borrowed.push_back(in.back());
  }
  std::vector<Tensor> out;
  {
    InterruptGuard guard;
    try {
      nb::gil_scoped_release release;
      out = f.call(std::move(in), guard.flag());
    } catch (const Cancelled&) {
      if (PyErr_CheckSignals()) throw nb::python_error();
      throw;
    }
  }
  if (PyErr_CheckSignals()) throw nb::python_error();
  nb::list l;
  for (Tensor& t : out) {
    // An output may be an input handed through: the caller's array stays the caller's.
    for (const Tensor& b : borrowed)
      if (t.shares_memory(b)) {
        t = t.clone();
        break;
      }
    l.append(wrap(std::move(t)));
  }
  return l;
}

nb::list specs(const std::vector<TensorSpec>& v) {
  nb::list l;
  for (const TensorSpec& s : v)
    l.append(nb::make_tuple(str_object(s.name), dtype_object(s.dtype), shape_object(s.shape)));
  return l;
}

bool keeps_inputs(const Function::Impl& f) {
  for (auto& n : f.executable->body().graph->nodes())
    if (n && n->op && (n->op->keeps_inputs || n->op->stateful)) return true;
  return false;
}

// A program opened from a path or from bytes.
struct PyProgram {
  Program program;
};

Runner load_function(const PyProgram& p, std::vector<std::string> inputs, std::vector<std::string> outputs) {
  const auto& impl = p.program.impl();
  std::vector<Endpoint> feeds, fetches;
  if (outputs.empty()) outputs = p.program.default_outputs();
  if (outputs.empty())
    throw InvalidArgument(
        cat(impl->file, ": no output was found: every tensor is read by some node. Name the outputs"));
  if (inputs.empty()) {
    Function f = p.program.function({}, outputs);
    for (const TensorSpec& s : f.inputs()) inputs.push_back(s.name);
  }
  for (const std::string& s : inputs) feeds.push_back(find_endpoint(*impl->graph, s, impl->file, "input"));
  for (const std::string& s : outputs)
    fetches.push_back(find_endpoint(*impl->graph, s, impl->file, "output"));
  return make_runner(impl, feeds, fetches);
}

}  // namespace

Runner make_runner(const std::shared_ptr<Program::Impl>& program, std::span<const Endpoint> feeds,
                   std::span<const Endpoint> fetches, std::span<Node* const> targets) {
  Runner r{make_function(program, feeds, fetches, targets)};
  r.keeps_inputs = keeps_inputs(*r.function);
  return r;
}

void bind_function(nb::module_& m) {
  nb::class_<Runner> c(m, "Function");
  c.def("__call__", &call);
  c.def_prop_ro("inputs", [](const Runner& r) { return specs(r.function->inputs); });
  c.def_prop_ro("outputs", [](const Runner& r) { return specs(r.function->outputs); });
  c.def("explain", [](const Runner& r, nb::list shapes) {
    std::vector<Shape> s;
    for (nb::handle h : shapes) s.push_back(shape_from(h));
    if (s.size() != r.function->inputs.size())
      throw_python(PyExc_TypeError,
                   cat("explain() takes a shape per input: ", describe_inputs(*r.function), "."));
    for (size_t i = 0; i < s.size(); ++i)
      if (!s[i].is_fully_defined())
        throw_python(PyExc_ValueError, cat("explain() needs full shapes; '", r.function->inputs[i].name,
                                           "' has ", s[i].tuple_str(), "."));
    nb::gil_scoped_release release;
    return r.function->executable->plan(s)->describe();
  });

  nb::class_<PyProgram> p(m, "Program");
  p.def_static("open", [](const std::string& path) { return PyProgram{Program::open(path)}; });
  p.def_static("from_bytes", [](nb::bytes data, const std::string& name) {
    return PyProgram{Program::from_memory({data.c_str(), data.size()}, name)};
  });
  p.def("function", &load_function, nb::arg("inputs"), nb::arg("outputs"));
}

}  // namespace floe::python
