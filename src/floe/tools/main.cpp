// The floe command.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "floe/base/text.h"
#include "floe/tools/tool.h"

namespace floe::tools {

std::atomic<bool> interrupted{false};

namespace {

std::atomic<int> interruptible{0};

// The first one is left to a run that looks for it, the second ends the process whatever it does.
void on_interrupt(int) {
  if (!interrupted.exchange(true) && interruptible.load()) return;
  constexpr std::string_view kText = "floe: interrupted\n";
  if (write(STDERR_FILENO, kText.data(), kText.size()) < 0) _exit(kInterrupted);
  _exit(kInterrupted);
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

int cannot_write() { return fail(kCannotWrite, "cannot write to standard output"); }

// What is wrong with the command line, with the nearest real verb or option.
std::string usage_error(const CLI::App& app, const CLI::ParseError& e, int argc, char** argv) {
  const CLI::App* verb = app.get_subcommands().empty() ? nullptr : app.get_subcommands()[0];
  std::vector<std::string> known;
  if (!verb) {
    std::string_view word = argc > 1 ? argv[1] : "";
    for (const CLI::App* v : app.get_subcommands([](const CLI::App*) { return true; }))
      known.push_back(v->get_name());
    std::string verbs = join(known, ", ");
    if (word.empty()) return cat("name a verb: ", verbs);
    if (word[0] != '-')
      return cat("'", word, "' is not a verb.", did_you_mean(word, known), " The verbs are ", verbs);
    return cat("name a verb before the options (", word, "): ", verbs);
  }
  if (!dynamic_cast<const CLI::ExtrasError*>(&e)) return cat(verb->get_name(), ": ", e.what());
  for (const CLI::Option* o : verb->get_options())
    for (const std::string& name : o->get_lnames()) known.push_back("--" + name);
  std::string word;
  for (const std::string& w : app.remaining(true))
    if (word.empty() || w[0] == '-') word = w;
  if (word.empty()) return cat(verb->get_name(), ": ", e.what());
  if (word[0] != '-') return cat(verb->get_name(), ": '", word, "' is one argument too many");
  return cat(verb->get_name(), ": there is no option '", word, "'.", did_you_mean(word, known));
}

int run(int argc, char** argv) {
  CLI::App app{"Opens, inspects and runs TensorFlow models, without TensorFlow.", "floe"};
  app.set_version_flag("--version", "floe " FLOE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "floe VERB --help tells about one verb. Results go to standard output, diagnostics to standard error.\n"
      "Exit codes: 0 ok, 1 check failed, 2 environment fault, 3 unsupported model, 64 usage, 65 damaged or "
      "wrong input, 66 no such file,\n"
      "70 a bug of Floe's, 74 cannot write, 130 interrupted.");
  Action action;
  add_run(app, action);
  add_inspect(app, action);
  add_bench(app, action);
  add_explain(app, action);
  add_ops(app, action);
  add_check(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) {  // --help, --version
      int code = app.exit(e);
      return std::cout.flush() ? code : cannot_write();
    }
    return fail(kUsage,
                cat(usage_error(app, e, argc, argv), "\nRun `floe --help` or `floe VERB --help` for more."));
  }
  std::signal(SIGINT, on_interrupt);
  try {
    int code = action();
    if (std::fflush(stdout) || std::ferror(stdout)) return cannot_write();
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

Interruptible::Interruptible() { ++interruptible; }
Interruptible::~Interruptible() { --interruptible; }

}  // namespace floe::tools

int main(int argc, char** argv) { return floe::tools::run(argc, argv); }
