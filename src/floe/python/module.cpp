#include "floe/python/py.h"
#include "floe/python/run.h"

NB_MODULE(_floe, m) {
  using namespace floe::python;
  m.doc() = "Floe's core; use the package `floe`.";
  nb::set_leak_warnings(false);
  init_numpy();
  bind_errors(m);
  bind_tensor(m);
  bind_message(m);
  bind_message_containers(m);
  bind_ops(m);
  bind_op_function(m);
  bind_operators(m);
  bind_graph(m);
  bind_function(m);
  bind_session(m);
  bind_concrete(m);
  bind_autodiff(m);
  bind_misc(m);
}
