#include "floe/op/kernel.h"

#include "floe/base/text.h"
#include "floe/op/infer.h"

namespace floe {

std::string op_prefix(std::string_view op, std::string_view node) {
  return node.empty() ? cat(op, ": ") : cat(op, " '", node, "': ");
}

ObjectPtr ResourceManager::get_or_make(const std::string& container, const std::string& name,
                                       const std::function<ObjectPtr()>& make) {
  std::lock_guard lock(mutex_);
  ObjectPtr& o = objects_[{container, name}];
  if (!o) o = make();
  return o;
}

ObjectPtr ResourceManager::find(const std::string& container, const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto it = objects_.find({container, name});
  return it == objects_.end() ? nullptr : it->second;
}

void ResourceManager::set(const std::string& container, const std::string& name, ObjectPtr object) {
  std::lock_guard lock(mutex_);
  objects_[{container, name}] = std::move(object);
}

bool KernelInit::static_shapes() const {
  for (const Shape& s : input_shapes)
    if (!s.is_fully_defined()) return false;
  for (const Shape& s : output_shapes)
    if (!s.is_fully_defined()) return false;
  return input_shapes.size() == input_types.size() && output_shapes.size() == output_types.size();
}

void KernelInit::fail(const std::string& message) const {
  throw InvalidArgument(cat(op_prefix(def.name, node), message));
}

std::vector<int64_t> KernelContext::ints(int i) const {
  std::vector<int64_t> v;
  const Tensor& t = input(i);
  if (t.dtype() == DType::kInt32)
    for (int32_t x : t.flat<int32_t>()) v.push_back(x);
  else if (t.dtype() == DType::kInt64)
    for (int64_t x : t.flat<int64_t>()) v.push_back(x);
  else
    fail(cat("input ", i, " must be int32 or int64, found ", dtype_name(t.dtype())));
  return v;
}

Tensor KernelContext::keep(int i) const {
  const Tensor& t = input(i);
  if (!t.is_concrete()) return t;
  return t.rep()->buffer->kind == detail::Buffer::Kind::kArena ? t.clone() : t;
}

void KernelContext::fail(const std::string& message) const { fail(Code::kInvalidArgument, message); }
void KernelContext::fail(Code code, const std::string& message) const {
  throw_error(code, cat(op_prefix(def_->name, node()), message));
}

std::vector<Tensor> invoke(const OpDef& def, std::vector<Tensor> inputs, AttrMap attrs, RunState& state,
                           std::string_view node, bool reference_only) {
  std::vector<DType> in_types;
  std::vector<Shape> in_shapes;
  for (const Tensor& t : inputs) {
    if (!t) throw InvalidArgument(cat(op_prefix(def.name, node), "an input is missing"));
    in_types.push_back(t.dtype());
    in_shapes.push_back(t.shape());
  }
  infer_type_attrs(def, in_types, attrs, node);
  attrs = normalize_attrs(def, std::move(attrs), node);
  InferContext ic(def, attrs, in_shapes, in_types, inputs, node);
  if (def.infer) def.infer(ic);
  std::vector<DType> out_types(ic.output_types().begin(), ic.output_types().end());
  std::vector<Shape> out_shapes(ic.output_shapes().begin(), ic.output_shapes().end());

  KernelInit init(def, attrs, node);
  init.input_types = in_types;
  init.output_types = out_types;
  init.input_shapes = in_shapes;
  init.output_shapes = out_shapes;
  init.threads = state.threads;
  KernelFn fn = make_kernel(init, reference_only);

  std::vector<Tensor> slots(std::move(inputs));
  size_t n_in = slots.size(), n_out = out_types.size();
  slots.resize(n_in + n_out);
  std::vector<int> index(slots.size());
  for (size_t i = 0; i < index.size(); ++i) index[i] = int(i);
  if (!def.dynamic_outputs)
    for (size_t i = 0; i < n_out; ++i)
      if (!def.passes_input || out_shapes[i].is_fully_defined())
        slots[n_in + i] = Tensor(out_types[i], out_shapes[i]);
  std::string node_name(node);
  KernelContext kc(state, slots.data(), index.data(), int(n_in), index.data() + n_in, int(n_out), &def,
                   &node_name);
  fn(kc);
  return std::vector<Tensor>(std::make_move_iterator(slots.begin() + long(n_in)),
                             std::make_move_iterator(slots.end()));
}

}  // namespace floe
