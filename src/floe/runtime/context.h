// Where op calls go on this thread: run now, or recorded into a graph; and who watches them.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "floe/gradient.h"
#include "floe/op/op_def.h"
#include "floe/tensor.h"

namespace floe {

class RecordedGraph;
class ResourceManager;

/// One op that was called: what a gradient needs to know.
struct OpRecord {
  const OpDef* op = nullptr;  // null for what only has a `backward`
  std::string name;           // for messages
  AttrMap attrs;
  std::vector<Tensor> inputs, outputs;
  /// Set instead of the op's rule: gradients of the inputs from those of the outputs.
  std::function<std::vector<Gradient>(std::span<const Gradient> grads, const std::vector<bool>& needed)>
      backward;
};
using OpRecordPtr = std::shared_ptr<const OpRecord>;

/// Sees the ops that are called while it is active (a tape).
class OpObserver {
 public:
  virtual ~OpObserver() = default;
  /// Whether an op with these inputs is of interest.
  virtual bool watches(std::span<const Tensor> inputs) const = 0;
  virtual void add(const OpRecordPtr& record) = 0;
  /// A trainable variable is about to be read.
  virtual void variable_accessed(const Tensor& handle) = 0;
  virtual bool persistent() const = 0;
};

/// The number that tells tensors apart for tapes; outputs of graph nodes have one per node and index.
uint64_t tensor_id(const Tensor& t);
/// True once a tape has seen the tensor.
bool has_tensor_id(const Tensor& t);
/// Floating point, complex, and lists of tensors: what can have a gradient.
bool is_differentiable(DType t);

/// The graph that op calls are recorded into now; null when they run at once.
const std::shared_ptr<RecordedGraph>& current_graph();
inline bool executing_eagerly() { return !current_graph(); }
/// The graph of threads that have opened none (graph mode for a whole program); null for eager mode.
void set_default_graph(std::shared_ptr<RecordedGraph> g);

/// Records into `g` (null: runs eagerly) until the end of the scope. Observers of outside do not see in.
class GraphScope {
 public:
  explicit GraphScope(std::shared_ptr<RecordedGraph> g);
  ~GraphScope();
  GraphScope(const GraphScope&) = delete;
  GraphScope& operator=(const GraphScope&) = delete;
};
/// As GraphScope, for bindings that open and close separately.
void push_graph(std::shared_ptr<RecordedGraph> g);
void pop_graph();

void push_observer(OpObserver* o);
/// Removes it wherever it is; nothing happens when it is not there.
void remove_observer(OpObserver* o);
std::span<OpObserver* const> observers();
/// Tells the observers of a custom step from inputs to outputs.
void record_custom(OpRecord record);
void variable_accessed(const Tensor& handle);

/// Op calls with a name for the node, if one is recorded.
std::vector<Tensor> call_op(const OpDef& op, std::vector<Tensor> inputs, AttrMap attrs,
                            std::string_view name = {});
/// Runs one op now, whatever is being recorded; nobody is told. `completed` gets the attributes with
/// defaults and types.
std::vector<Tensor> run_op(const OpDef& op, std::vector<Tensor> inputs, AttrMap attrs,
                           AttrMap* completed = nullptr);

/// The shortest way for x op y where there is nothing to resolve: two values of one dtype and shape, an
/// elementwise op without attributes of its own, nothing recorded and nobody watching. Else call_op.
Tensor call_binary(const OpDef& op, const Tensor& x, const Tensor& y, std::string_view name = {});

/// The process's named state: eager variables and tables.
ResourceManager& process_resources();

}  // namespace floe
