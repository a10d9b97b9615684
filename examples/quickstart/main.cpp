// quickstart MODEL.pb PICTURE.npy: runs a frozen graph on one input.
#include <floe/floe.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: quickstart MODEL.pb INPUT.npy\n"), 64;
  try {
    floe::Function f = floe::load(argv[1]);
    floe::Tensor x = floe::read_npy(argv[2]);
    floe::Tensor y = f(x);
    std::printf("%s\n", y.str().c_str());
  } catch (const floe::Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 65;
  }
}
