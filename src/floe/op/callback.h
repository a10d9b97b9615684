// Code of the user's that a node calls in the middle of a graph.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "floe/tensor.h"

namespace floe {

using Callback = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

/// Makes a callback known under a token of its own. It stays known as long as the returned handle lives.
struct RegisteredCallback {
  explicit RegisteredCallback(Callback fn);
  ~RegisteredCallback();
  RegisteredCallback(const RegisteredCallback&) = delete;
  RegisteredCallback& operator=(const RegisteredCallback&) = delete;
  const std::string token;
};
/// The callback of a token, or an empty one.
Callback find_callback(const std::string& token);

}  // namespace floe
