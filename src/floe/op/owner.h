// Whose kernels are being made: state that a kernel finds by name belongs to one function.
#pragma once

#include <string_view>

namespace floe {

class KernelOwner {
 public:
  explicit KernelOwner(std::string_view name);
  ~KernelOwner();
  KernelOwner(const KernelOwner&) = delete;
  KernelOwner& operator=(const KernelOwner&) = delete;

  /// Empty for operations that run at once and for graphs with resources of their own.
  static std::string_view current();

 private:
  std::string_view before_;
};

}  // namespace floe
