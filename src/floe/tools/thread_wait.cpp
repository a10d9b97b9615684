// How long OpenMP's threads wait busily for the next parallel region. Its own default is some milliseconds,
// which stops everything where another process needs the core. The library reads the environment when it is
// loaded, so it has to be set before: what stands in .preinit_array runs first.
#include <cstdlib>

namespace {

void set_spin_count(int, char**, char**) {
  if (!std::getenv("OMP_WAIT_POLICY")) setenv("GOMP_SPINCOUNT", "1000", 0);
}

[[gnu::used, gnu::section(".preinit_array")]] void (*const set_first)(int, char**, char**) = set_spin_count;

}  // namespace
