// What the verbs of the floe command share.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "floe/floe.h"

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace floe::tools {

// Exit codes, as sysexits.h has them where it has any.
enum Exit : int {
  kOk = 0,
  kCheckFailed = 1,
  kEnvironment = 2,
  kUnsupported = 3,
  kUsage = 64,
  kBadInput = 65,
  kNoFile = 66,
  kBug = 70,
  kCannotWrite = 74,
  kInterrupted = 130,
};

/// An error with the exit code that goes with it.
struct Failure {
  int code;
  std::string message;
};

/// Each adds its verb; `action` is what to do once the command line is read.
using Action = std::function<int()>;
void add_run(CLI::App& app, Action& action);
void add_inspect(CLI::App& app, Action& action);
void add_bench(CLI::App& app, Action& action);
void add_explain(CLI::App& app, Action& action);
void add_ops(CLI::App& app, Action& action);
void add_check(CLI::App& app, Action& action);

/// Becomes `python -m module args...`, by the python beside this command if there is one.
int run_python(const std::string& module, const std::vector<std::string>& args);

/// The options by which verbs name a model's inputs and outputs.
struct ModelOptions {
  std::string model;
  std::vector<std::string> input_names, output_names;
  int threads = 0;
  void add_to(CLI::App& app);
};

/// Opens the model; failures carry the right exit code.
Program open_model(const ModelOptions& o);
Function make_function(const Program& p, const ModelOptions& o);

/// Refuses more --shape options than there are inputs.
void check_shapes(const std::vector<std::string>& given, const Function& f);

/// A shape for an input: as given ("1,224,224,3"), else the model's with unknown dimensions set: the first to
/// `batch`. A Failure says which dimension must be given.
Shape input_shape(const TensorSpec& spec, const std::string& given, int64_t batch);

/// Repeatable numbers for the input: floats in [0, 1), integers 0 to 9, bools, short strings.
Tensor random_tensor(const TensorSpec& spec, const Shape& shape, uint64_t seed);

/// A .npy file or a picture made to fit the input (resized, channels, type, one batch entry).
Tensor read_input(const std::string& path, const TensorSpec& spec, const std::vector<double>& range);

/// Runs the function. Ctrl-C ends it with Cancelled, errors name the model.
std::vector<Tensor> call(const Function& f, const std::vector<Tensor>& inputs, const ModelOptions& o);

/// While one lives, Ctrl-C waits for whoever looks at `interrupted`; else it ends the process at once.
class Interruptible {
 public:
  Interruptible();
  ~Interruptible();
};
extern std::atomic<bool> interrupted;

/// Refuses "nan" and "inf" as the value of an option.
CLI::Validator is_finite();

/// True when progress may be shown: standard error is a terminal.
bool show_progress();

}  // namespace floe::tools
