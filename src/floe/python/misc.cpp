#include "floe/format/file_kind.h"
#include "floe/format/graph_file.h"
#include "floe/ops/random/philox.h"
#include "floe/python/py.h"
#include "floe/runtime/eager_queue.h"
#include "floe/threads.h"

namespace floe::python {

void bind_misc(nb::module_& m) {
  m.def("set_num_threads", &set_num_threads, nb::arg("n"));
  m.def("num_threads", &num_threads);
  m.def("eager_is_deferred", &eager_is_deferred);
  m.def("set_eager_deferred", &set_eager_deferred, nb::arg("on"));
  m.def("flush_eager_queue", &flush_eager_queue, nb::call_guard<nb::gil_scoped_release>());
  m.def("eager_queue_stats", [] {
    QueueStats s = eager_queue_stats();
    return nb::make_tuple(s.flushes, s.planned, s.plans, s.ops);
  });
  m.def("restart_random_numbers", &restart_random_numbers);
  m.def(
      "write_message",
      [](nb::handle message, const std::string& path, bool as_text) {
        write_graph(unwrap_message(message), path, as_text ? GraphForm::kText : GraphForm::kBinary);
      },
      nb::arg("message"), nb::arg("path"), nb::arg("as_text"));
  m.def(
      "write_file",
      [](const std::string& path, nb::bytes data) { write_file(path, {data.c_str(), data.size()}); },
      nb::arg("path"), nb::arg("data"));
  m.def(
      "file_kind", [](const std::string& path) { return std::string(describe(recognise_file(path))); },
      nb::arg("path"));
}

}  // namespace floe::python
