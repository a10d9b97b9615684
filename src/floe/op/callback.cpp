#include "floe/op/callback.h"

#include <atomic>
#include <mutex>
#include <unordered_map>

#include "floe/base/text.h"

namespace floe {
namespace {

struct Registry {
  std::mutex mutex;
  std::unordered_map<std::string, Callback> callbacks;
  std::atomic<int64_t> next{0};
};
Registry& registry() {
  static Registry* const r = new Registry;
  return *r;
}

}  // namespace

RegisteredCallback::RegisteredCallback(Callback fn) : token(cat("pyfunc_", registry().next.fetch_add(1))) {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  r.callbacks[token] = std::move(fn);
}

RegisteredCallback::~RegisteredCallback() {
  Registry& r = registry();
  Callback gone;  // what it holds may run code when it goes: not under the lock
  std::lock_guard lock(r.mutex);
  auto it = r.callbacks.find(token);
  if (it == r.callbacks.end()) return;
  gone.swap(it->second);
  r.callbacks.erase(it);
}

Callback find_callback(const std::string& token) {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  auto it = r.callbacks.find(token);
  return it == r.callbacks.end() ? Callback() : it->second;
}

}  // namespace floe
