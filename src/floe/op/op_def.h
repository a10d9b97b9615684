// What an op is: its declaration, shape rule, kernel, gradient rule and samples. One op, one place.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "floe/op/attr.h"

namespace floe {

class GradientContext;
class InferContext;
class KernelContext;
class KernelInit;
class Samples;

struct ArgDef {
  std::string name;
  DType type = DType::kInvalid;  // fixed type, or
  std::string type_attr;         // the attribute that holds the type, or
  std::string type_list_attr;    // the attribute that holds a list of types
  std::string number_attr;       // N tensors of one type
  bool is_ref = false;
  bool is_list() const { return !number_attr.empty() || !type_list_attr.empty(); }
};

struct AttrDef {
  std::string name;
  std::string type;  // "int", "float", "bool", "string", "type", "shape", "tensor", "func", "list(int)", ...
  bool has_default = false;
  AttrValue default_value;
  std::vector<DType> allowed_types;
  std::vector<std::string> allowed_strings;
  bool has_minimum = false;
  int64_t minimum = 0;
};

/// A prepared kernel: what can be resolved once (attributes, primitives, packed weights) is captured in it.
/// It may run on several threads at once and keeps no state of a run.
using KernelFn = std::function<void(KernelContext&)>;
using KernelFactory = std::function<KernelFn(const KernelInit&)>;
using InferFn = std::function<void(InferContext&)>;
/// Writes the gradient of an op by op calls; see floe/op/gradient.h.
using GradientFn = std::function<void(GradientContext&)>;

/// `op` declared by FLOE_OP.
struct OpDef {
  std::string name;
  std::string group;  // the folder of its file: "math", "nn", ...
  std::vector<ArgDef> inputs, outputs;
  std::vector<AttrDef> attrs;
  InferFn infer;
  KernelFactory kernel;  // the plain reference kernel
  GradientFn gradient;
  bool no_gradient = false;  // its outputs do not depend on its inputs in a way that has a derivative
  std::function<void(Samples&)> samples;

  bool stateful = false;         // never folded, merged or dropped while somebody asks for it
  bool dynamic_outputs = false;  // output sizes depend on values: the kernel allocates
  bool keeps_inputs = false;     // the kernel may keep a reference to an input after it has run
  bool passes_input = false;     // output 0 may be input 0 itself (Identity, Reshape, ...)
  bool accepts_dead = false;     // runs although inputs are dead (Merge)
  bool fails_on_values = false;  // may throw depending on values
  bool elementwise = false;      // output element i depends on element i (broadcast) of the inputs only
  bool commutative = false;

  const AttrDef* find_attr(std::string_view n) const;
};

/// Fills an OpDef; what FLOE_OP's body talks to. Declarations use a short grammar, the same as `floe ops`
/// prints:
///   in("x:T, indices:int32, values:N*T, args:Targs")   out("y:T")
///   attrs("T:{float32,int32}; strides:list(int)>=4; padding:{'SAME','VALID'}; eps:float=0.001")
class OpBuilder {
 public:
  explicit OpBuilder(OpDef& def) : def_(def) {}
  OpBuilder& in(std::string_view spec);
  OpBuilder& out(std::string_view spec);
  OpBuilder& attrs(std::string_view spec);
  OpBuilder& infer(InferFn fn);
  /// A kernel that is prepared per node.
  OpBuilder& kernel(KernelFactory fn);
  /// A kernel without preparation.
  OpBuilder& compute(KernelFn fn);
  /// The gradient rule. An op without one, and not marked no_gradient(), cannot be differentiated.
  OpBuilder& gradient(GradientFn fn) { return def_.gradient = std::move(fn), *this; }
  OpBuilder& no_gradient() { return def_.no_gradient = true, *this; }
  OpBuilder& samples(std::function<void(Samples&)> fn);
  OpBuilder& stateful() { return def_.stateful = true, *this; }
  OpBuilder& dynamic_outputs() { return def_.dynamic_outputs = true, *this; }
  OpBuilder& keeps_inputs() { return def_.keeps_inputs = true, *this; }
  OpBuilder& passes_input() { return def_.passes_input = true, *this; }
  OpBuilder& accepts_dead() { return def_.accepts_dead = true, *this; }
  OpBuilder& fails_on_values() { return def_.fails_on_values = true, *this; }
  OpBuilder& elementwise() { return def_.elementwise = true, *this; }
  OpBuilder& commutative() { return def_.commutative = true, *this; }
  OpDef& def() { return def_; }

 private:
  OpDef& def_;
};

/// Links one op into the registry; the body runs at the first look-up of the name.
struct OpRegistrar {
  OpRegistrar(const char* name, const char* file, void (*fill)(OpBuilder&));
  const char* name;
  const char* file;
  void (*fill)(OpBuilder&);
  OpRegistrar* next;
};

/// Links a tuned kernel. Higher priority is asked first; a factory that returns an empty function passes.
struct KernelRegistrar {
  KernelRegistrar(const char* op, int priority, KernelFn (*factory)(const KernelInit&));
  const char* op;
  int priority;
  KernelFn (*factory)(const KernelInit&);
  KernelRegistrar* next;
};

#define FLOE_CAT2(a, b) a##b
#define FLOE_CAT(a, b) FLOE_CAT2(a, b)
/// FLOE_OP("Relu", op) { op.in("features:T").out("activations:T") ... ; }
#define FLOE_OP(NAME, OP) FLOE_OP_(NAME, OP, __COUNTER__)
#define FLOE_OP_(NAME, OP, N) FLOE_OP__(NAME, OP, N)
#define FLOE_OP__(NAME, OP, N)                                                         \
  static void floe_fill_op_##N(::floe::OpBuilder& OP);                                 \
  static ::floe::OpRegistrar floe_op_registrar_##N(NAME, __FILE__, &floe_fill_op_##N); \
  static void floe_fill_op_##N([[maybe_unused]] ::floe::OpBuilder& OP)
/// FLOE_KERNEL("Conv2D", 10, init) { ... return [=](KernelContext& c) { ... }; }
#define FLOE_KERNEL(NAME, PRIORITY, INIT) FLOE_KERNEL_(NAME, PRIORITY, INIT, __COUNTER__)
#define FLOE_KERNEL_(NAME, PRIORITY, INIT, N) FLOE_KERNEL__(NAME, PRIORITY, INIT, N)
#define FLOE_KERNEL__(NAME, PRIORITY, INIT, N)                                                \
  static ::floe::KernelFn floe_kernel_##N(const ::floe::KernelInit& INIT);                    \
  static ::floe::KernelRegistrar floe_kernel_registrar_##N(NAME, PRIORITY, &floe_kernel_##N); \
  static ::floe::KernelFn floe_kernel_##N([[maybe_unused]] const ::floe::KernelInit& INIT)

/// The op of that name, or nullptr.
const OpDef* find_op(std::string_view name);
/// The op of that name; throws NotFound with the nearest name.
const OpDef& get_op(std::string_view name);
/// All names, sorted.
std::vector<std::string> op_names();
/// The best prepared kernel for a node: tuned ones by priority, then the reference kernel.
/// With `reference_only` the tuned ones are skipped.
KernelFn make_kernel(const KernelInit& init, bool reference_only = false);
/// True when the op has a tuned kernel registered.
bool has_tuned_kernel(std::string_view op);

/// Completes and checks attributes against the declaration: defaults, types, allowed values.
/// Errors name the op and, if given, the node.
AttrMap normalize_attrs(const OpDef& def, AttrMap attrs, std::string_view node = {});
/// Number of tensors and their types for the inputs (or outputs) under these attributes.
std::vector<DType> arg_types(const OpDef& def, const std::vector<ArgDef>& args, const AttrMap& attrs,
                             std::string_view node = {});
/// Fills type, number and type-list attributes from the types of actual inputs and checks them.
void infer_type_attrs(const OpDef& def, std::span<const DType> input_types, AttrMap& attrs,
                      std::string_view node = {});
/// One line: "MatMul(a: T, b: T) -> (product: T)  T: {...} ...".
std::string op_signature(const OpDef& def);

}  // namespace floe
