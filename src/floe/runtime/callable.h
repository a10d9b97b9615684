// Functions that nodes call, compiled when first called, kept per program.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "floe/graph/graph.h"
#include "floe/op/kernel.h"

namespace floe {

class CallableCache : public std::enable_shared_from_this<CallableCache> {
 public:
  /// The function, not compiled yet. Throws NotFound when the library does not hold it.
  std::shared_ptr<Callable> get(const FuncRef& f, const std::shared_ptr<FunctionLibrary>& library);

  /// Lets all functions go. They hold this cache once compiled, so its owner must call this at the end.
  void clear();

  /// Sets apart what kernels keep by name from what those of other functions keep.
  const std::string& owner() const { return owner_; }
  void set_owner(std::string name) { owner_ = std::move(name); }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Callable>> made_;
  std::string owner_;
};

}  // namespace floe
