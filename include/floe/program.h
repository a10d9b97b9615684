// Opening model files and running them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "floe/tensor.h"
#include "floe/threads.h"

namespace floe {

class Graph;
class Executable;

/// Name, type and shape of an input or output. Names are TensorFlow's: "node:index".
struct TensorSpec {
  std::string name;
  DType dtype = DType::kInvalid;
  Shape shape;
};

/// A callable piece of a program. Copies share everything; calls from several threads at once are fine.
class Function {
 public:
  Function() = default;
  /// Inputs in the order of inputs(); outputs in the order of outputs(). Shapes may change from call to call:
  /// the first call with new shapes plans, later ones reuse the plan.
  std::vector<Tensor> operator()(std::vector<Tensor> inputs) const;
  /// For functions with one input and one output; InvalidArgument otherwise.
  Tensor operator()(const Tensor& input) const;

  const std::vector<TensorSpec>& inputs() const;
  const std::vector<TensorSpec>& outputs() const;
  /// The plan for these input shapes as text: steps, kernels, memory. Shapes must be fully defined.
  std::string explain(const std::vector<Shape>& shapes) const;

  explicit operator bool() const { return impl_ != nullptr; }

  struct Impl;
  Function(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}  // NOLINT: for the library itself
  const std::shared_ptr<const Impl>& impl() const { return impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// An operation (node) of a program's graph, for looking around.
struct Operation {
  std::string name;
  std::string type;
  std::vector<std::string> inputs;  // tensor names; control inputs as "^name"
  std::vector<TensorSpec> outputs;
  bool supported = true;
};

/// An opened graph with the state (tables, variables) that its functions share.
class Program {
 public:
  /// Opens a frozen graph: binary or text, told apart by content. NotFound, DataLoss, InvalidArgument name
  /// the file and what is wrong with it.
  static Program open(const std::string& path);
  /// The same from memory; the bytes are copied.
  static Program from_memory(std::string_view bytes, const std::string& name = "<memory>");

  std::vector<Operation> operations() const;
  /// What a call would feed and fetch by default: placeholders, and tensors nobody reads.
  std::vector<std::string> default_inputs() const;
  std::vector<std::string> default_outputs() const;
  /// The function from `inputs` to `outputs` (tensor names; ":0" may be left out). Empty lists mean the
  /// defaults.
  Function function(std::vector<std::string> inputs = {}, std::vector<std::string> outputs = {}) const;

  /// Writes the graph as it was read, as a binary GraphDef, or as text when the name ends in .pbtxt, .txt,
  /// .prototxt or .textproto. An existing file is replaced at once or not at all.
  void save(const std::string& path) const;

  struct Impl;
  const std::shared_ptr<Impl>& impl() const { return impl_; }

 private:
  std::shared_ptr<Impl> impl_;
};

struct LoadOptions {
  std::vector<std::string> inputs;  // tensor names; found by themselves when empty
  std::vector<std::string> outputs;
};

/// Opens a model and returns what is to be called:
///
///     floe::Function f = floe::load("digits.pb");
///     floe::Tensor y = f(x);
Function load(const std::string& path, const LoadOptions& options = {});

}  // namespace floe
