// floe_generate DIR: writes the typed functions of all ops as headers into DIR.
#include <cstdio>
#include <exception>

#include "floe/generate/headers.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: floe_generate DIR\n");
    return 64;
  }
  try {
    floe::generate::write_headers(argv[1]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "floe_generate: %s\n", e.what());
    return 70;
  }
  return 0;
}
