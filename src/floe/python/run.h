// A function of a program with what calling it from Python needs.
#pragma once

#include "floe/format/program_impl.h"
#include "floe/python/py.h"

namespace floe::python {

struct Runner {
  std::shared_ptr<Function::Impl> function;
  /// Some op may keep its inputs beyond the run, so arrays must be copied.
  bool keeps_inputs = false;
};

Runner make_runner(const std::shared_ptr<Program::Impl>& program, std::span<const Endpoint> feeds,
                   std::span<const Endpoint> fetches, std::span<Node* const> targets = {});

void bind_session(nb::module_& m);

}  // namespace floe::python
