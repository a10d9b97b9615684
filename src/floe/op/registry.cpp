#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "floe/base/text.h"
#include "floe/op/kernel.h"
#include "floe/op/op_def.h"

namespace floe {
namespace {

OpRegistrar* op_list = nullptr;
KernelRegistrar* kernel_list = nullptr;

struct Registry {
  std::mutex mutex;
  std::unordered_map<std::string_view, OpRegistrar*> registrars;
  std::unordered_map<std::string_view, std::unique_ptr<OpDef>> defs;
  std::unordered_map<std::string_view, std::vector<KernelRegistrar*>> kernels;

  Registry() {
    for (OpRegistrar* r = op_list; r; r = r->next)
      if (!registrars.emplace(r->name, r).second) throw Internal(cat("Op '", r->name, "' is declared twice"));
    for (KernelRegistrar* k = kernel_list; k; k = k->next) kernels[k->op].push_back(k);
    for (auto& [op, v] : kernels)
      std::stable_sort(v.begin(), v.end(), [](auto* a, auto* b) { return a->priority > b->priority; });
  }
};

Registry& registry() {
  static Registry* r = new Registry;
  return *r;
}

std::string folder_name(std::string_view path) {
  path = path.substr(0, path.rfind('/') + 1);
  if (!path.empty()) path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace

OpRegistrar::OpRegistrar(const char* name, const char* file, void (*fill)(OpBuilder&))
    : name(name), file(file), fill(fill), next(op_list) {
  op_list = this;
}

KernelRegistrar::KernelRegistrar(const char* op, int priority, KernelFn (*factory)(const KernelInit&))
    : op(op), priority(priority), factory(factory), next(kernel_list) {
  kernel_list = this;
}

const OpDef* find_op(std::string_view name) {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  if (auto it = r.defs.find(name); it != r.defs.end()) return it->second.get();
  auto it = r.registrars.find(name);
  if (it == r.registrars.end()) return nullptr;
  auto def = std::make_unique<OpDef>();
  def->name = it->second->name;
  def->group = folder_name(it->second->file);
  OpBuilder builder(*def);
  it->second->fill(builder);
  return (r.defs[it->second->name] = std::move(def)).get();
}

const OpDef& get_op(std::string_view name) {
  if (const OpDef* d = find_op(name)) return *d;
  throw NotFound(cat("Op '", name, "' is not known to Floe.", did_you_mean(name, op_names())));
}

std::vector<std::string> op_names() {
  std::vector<std::string> v;
  for (auto& [name, r] : registry().registrars) v.emplace_back(name);
  std::sort(v.begin(), v.end());
  return v;
}

bool has_tuned_kernel(std::string_view op) { return registry().kernels.count(op) != 0; }

KernelFn make_kernel(const KernelInit& init, bool reference_only) {
  if (!reference_only)
    if (auto it = registry().kernels.find(init.def.name); it != registry().kernels.end())
      for (KernelRegistrar* k : it->second)
        if (KernelFn fn = k->factory(init)) return fn;
  if (!init.def.kernel) init.fail("this op has no kernel on the CPU");
  return init.def.kernel(init);
}

}  // namespace floe
