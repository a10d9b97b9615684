// The floe command.
#include <csignal>
#include <cstdio>
#include <iostream>
#include <new>

#include <CLI/CLI.hpp>

#include "floe/tools/tool.h"

namespace floe::tools {

std::atomic<bool> interrupted{false};

namespace {

void on_interrupt(int) {
  // The second one ends the process whatever it does.
  if (interrupted.exchange(true)) std::signal(SIGINT, SIG_DFL);
}

int code_of(const Error& e) {
  switch (e.code()) {
    case Code::kCancelled:
      return kInterrupted;
    case Code::kUnimplemented:
      return kUnsupported;
    case Code::kInternal:
      return kBug;
    default:
      return kBadInput;
  }
}

int fail(int code, const std::string& message) {
  std::fflush(stdout);
  std::fprintf(stderr, "floe: %s\n", message.c_str());
  return code;
}

int run(int argc, char** argv) {
  CLI::App app{"Opens, inspects and runs TensorFlow models, without TensorFlow."};
  app.set_version_flag("--version", "floe " FLOE_VERSION);
  app.require_subcommand(1);
  app.footer("floe VERB --help tells about one verb. Results go to standard output, diagnostics to standard error.\n"
             "Exit codes: 0 ok, 3 unsupported model, 64 usage, 65 damaged or wrong input, 66 no such file,\n"
             "70 a bug of Floe's, 74 cannot write, 130 interrupted.");
  Action action;
  add_run(app, action);
  add_inspect(app, action);
  add_bench(app, action);
  add_explain(app, action);
  add_ops(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help, --version
    app.exit(e, std::cerr, std::cerr);
    return kUsage;
  }
  std::signal(SIGINT, on_interrupt);
  try {
    int code = action();
    if (std::fflush(stdout) || std::ferror(stdout)) return fail(kCannotWrite, "cannot write to standard output");
    return code;
  } catch (const Failure& f) {
    return fail(f.code, f.message);
  } catch (const Error& e) {
    return fail(code_of(e), e.code() == Code::kCancelled ? "interrupted" : e.what());
  } catch (const std::bad_alloc&) {
    return fail(kBadInput, "out of memory");
  } catch (const std::exception& e) {
    return fail(kBug, std::string("unexpected: ") + e.what());
  }
}

}  // namespace
}  // namespace floe::tools

int main(int argc, char** argv) { return floe::tools::run(argc, argv); }
