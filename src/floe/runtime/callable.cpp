#include "floe/runtime/callable.h"

#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"
#include "floe/runtime/executable.h"

namespace floe {
namespace {

constexpr int kMaxDepth = 500;

class FunctionCallable : public Callable {
 public:
  FunctionCallable(std::shared_ptr<const FunctionBody> body, std::weak_ptr<CallableCache> cache)
      : body_(std::move(body)), cache_(std::move(cache)) {}

  void call(RunState& state, std::vector<Tensor>& inputs, std::vector<Tensor>& outputs) const override {
    if (state.depth >= kMaxDepth)
      throw ResourceExhausted(
          cat("Function '", body_->name, "': calls are nested more than ", kMaxDepth, " deep"));
    ++state.depth;
    struct Leave {
      int& d;
      ~Leave() { --d; }
    } leave{state.depth};
    executable().run(state, inputs, outputs);
  }
  int num_inputs() const override { return int(body_->args.size()); }
  int num_outputs() const override { return int(body_->results.size()); }
  std::vector<Shape> infer(std::span<const Shape> inputs) const override {
    auto b = clone(executable().body());
    specialize(*b, inputs);
    std::vector<Shape> out;
    for (const Endpoint& e : b->results) out.push_back(e.node->output_shapes[size_t(e.index)]);
    return out;
  }
  /// Lets go what was compiled, which holds the functions it calls: itself, when it calls itself.
  void release() { executable_.reset(); }

 private:
  const Executable& executable() const {
    std::call_once(once_, [&] {
      auto cache = cache_.lock();
      if (!cache) throw Internal("the program of a function is gone");
      executable_ =
          std::make_unique<Executable>(clone(*body_), cache, ExecutableOptions{.shapes_may_grow = true});
    });
    if (!executable_) throw Internal("the program of a function is gone");
    return *executable_;
  }

  std::shared_ptr<const FunctionBody> body_;
  std::weak_ptr<CallableCache> cache_;
  mutable std::once_flag once_;
  mutable std::unique_ptr<Executable> executable_;
};

}  // namespace

std::shared_ptr<Callable> CallableCache::get(const FuncRef& f,
                                             const std::shared_ptr<FunctionLibrary>& library) {
  std::lock_guard lock(mutex_);
  std::string key = f.name;
  if (f.attrs)
    for (auto& [k, v] : *f.attrs) key += cat(",", k, "=", attr_str(v));
  if (auto it = made_.find(key); it != made_.end()) return it->second;
  auto body = library ? library->find(f) : nullptr;
  if (!body)
    throw NotFound(cat("Function '", f.name, "' is not in the graph's library.",
                       did_you_mean(f.name, library ? library->names() : std::vector<std::string>())));
  return made_[key] = std::make_shared<FunctionCallable>(body, weak_from_this());
}

void CallableCache::clear() {
  decltype(made_) made;
  {
    std::lock_guard lock(mutex_);
    made.swap(made_);
  }
  for (auto& [key, callable] : made) static_cast<FunctionCallable&>(*callable).release();
}

}  // namespace floe
