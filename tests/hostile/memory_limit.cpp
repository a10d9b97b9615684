// Lets a hostile graph take 2 GB from the machine and no more.
#include <gtest/gtest.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__)
extern "C" const char* __asan_default_options() {  // NOLINT: the sanitizer's own name
  return "allocator_may_return_null=1:max_allocation_size_mb=2048";
}
#endif

namespace {

class MemoryLimit : public testing::Environment {
 public:
  void SetUp() override {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    rlimit limit{kAddressSpace, kAddressSpace};
    ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
#endif
  }

 private:
  static constexpr rlim_t kAddressSpace = rlim_t(2) << 30;
};

const auto* const kLimit = testing::AddGlobalTestEnvironment(new MemoryLimit);

}  // namespace
