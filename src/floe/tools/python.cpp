// Verbs that read Python source: they run the Python package beside this command.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>

#include <CLI/CLI.hpp>

#include "floe/base/text.h"
#include "floe/tools/tool.h"

namespace floe::tools {
namespace fs = std::filesystem;

namespace {

constexpr const char* kRunModule = R"(import sys
try:
    import floe
except ImportError as e:
    sys.stderr.write(f"floe: this verb needs the floe package in {sys.executable}: {e}. "
                     "Activate the environment that has it, or install it there\n")
    sys.exit(2)
import runpy
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
)";

}  // namespace

int run_python(const std::string& module, const std::vector<std::string>& args) {
  std::error_code ec;
  fs::path here = fs::read_symlink("/proc/self/exe", ec).parent_path();
  // The one beside this command, the active environment's, the system's.
  std::string python = "python3";
  std::vector<fs::path> folders;
  if (const char* venv = std::getenv("VIRTUAL_ENV"); venv && *venv) folders.push_back(fs::path(venv) / "bin");
  if (!ec) folders.push_back(here);
  for (const fs::path& folder : folders)
    if (fs::path p = folder / "python"; fs::exists(p, ec)) python = p.string();
  // In a build folder the package lies beside bin.
  if (fs::path package = here.parent_path() / "python"; fs::exists(package / "floe" / "__init__.py", ec)) {
    const char* old = std::getenv("PYTHONPATH");
    setenv("PYTHONPATH", cat(package.string(), old && *old ? cat(":", old) : std::string()).c_str(), 1);
  }
  std::vector<std::string> words{python, "-c", kRunModule, module};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  std::fflush(stdout);
  execvp(argv[0], argv.data());
  throw Failure{kEnvironment, cat("cannot start ", python, ": ", std::strerror(errno),
                                  ". This verb reads Python source and needs the environment's python")};
}

void add_check(CLI::App& app, Action& action) {
  auto* verb = app.add_subcommand(
      "check", "Lists the tf symbols a Python program uses and whether Floe has them, without running it.");
  auto script = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  verb->add_option("script", *script, "The Python file")->required();
  verb->add_flag("--json", *json, "Machine-readable output");
  verb->callback([=, &action] {
    action = [=] {
      std::vector<std::string> args{*script};
      if (*json) args.push_back("--json");
      return run_python("floe.check", args);
    };
  });
}

}  // namespace floe::tools
