// Runs a frozen TensorFlow graph on held-out pictures of handwritten digits and says how it went.
//   floe-demo ASSETS_FOLDER
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include "floe/floe.h"

namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point t) {
  return std::chrono::duration<double, std::milli>(Clock::now() - t).count();
}

floe::Tensor as_float(const floe::Tensor& pixels) {
  if (pixels.dtype() == floe::DType::kFloat32) return pixels;
  floe::Tensor t(floe::DType::kFloat32, pixels.shape());
  std::copy_n(pixels.data<uint8_t>(), pixels.num_elements(), t.mutable_data<float>());
  return t;
}

int largest(const float* p, int64_t n) { return int(std::max_element(p, p + n) - p); }

void draw(const floe::Tensor& pictures, int64_t i) {
  int64_t h = pictures.dim(1), w = pictures.dim(2);
  const float* p = pictures.data<float>() + i * h * w;
  float top = *std::max_element(p, p + h * w);
  for (int64_t y = 0; y < h; ++y) {
    std::printf("    ");
    for (int64_t x = 0; x < w; ++x) {
      const char* shades[] = {"  ", "\u2591\u2591", "\u2592\u2592", "\u2593\u2593", "\u2588\u2588"};
      std::printf("%s", shades[top > 0 ? int(p[y * w + x] / top * 4.0f + 0.5f) : 0]);
    }
    std::printf("\n");
  }
}

// What a new process does: open, run one picture, end.
int cold(const std::string& folder) {
  floe::Function f = floe::load(folder + "/digits.pb");
  floe::Tensor pictures = as_float(floe::read_npy(folder + "/digits_images.npy"));
  floe::Tensor y = f(pictures.rows(0, 1));
  return largest(y.data<float>(), y.dim(-1)) >= 0 ? 0 : 1;
}

double cold_start_ms(const char* self, const std::string& folder) {
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    auto t = Clock::now();
    pid_t child = fork();
    if (child == 0) {
      execl(self, self, "--cold", folder.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) return -1;
    best = std::min(best, ms_since(t));
  }
  return best;
}

int demo(const char* self, const std::string& folder) {
  auto t = Clock::now();
  floe::Function f = floe::load(folder + "/digits.pb");
  double load = ms_since(t);
  floe::Tensor pictures = as_float(floe::read_npy(folder + "/digits_images.npy"));
  floe::Tensor labels = floe::read_npy(folder + "/digits_labels.npy");
  int64_t count = pictures.dim(0);

  t = Clock::now();
  floe::Tensor y = f(pictures);
  double first = ms_since(t);
  int right = 0;
  std::string wrong;
  for (int64_t i = 0; i < count; ++i) {
    int saw = largest(y.data<float>() + i * y.dim(1), y.dim(1));
    int is = labels.dtype() == floe::DType::kInt64   ? int(labels.data<int64_t>()[i])
             : labels.dtype() == floe::DType::kInt32 ? labels.data<int32_t>()[i]
                                                     : labels.data<uint8_t>()[i];
    if (saw == is)
      ++right;
    else
      wrong += " picture " + std::to_string(i) + " is a " + std::to_string(is) + ", seen as " +
               std::to_string(saw) + ";";
  }
  for (int64_t i : {int64_t(0), count / 2}) {
    const float* p = y.data<float>() + i * y.dim(1);
    draw(pictures, i);
    std::printf("  picture %lld: saw a %d (%.1f %%)\n\n", static_cast<long long>(i), largest(p, y.dim(1)),
                100.0 * double(p[largest(p, y.dim(1))]));
  }
  std::printf("digits.pb on %lld held-out pictures: %d right, %.2f %%\n", static_cast<long long>(count),
              right, 100.0 * right / double(count));
  if (!wrong.empty()) std::printf("  wrong:%s\n", wrong.c_str());

  auto best_of = [&](const floe::Tensor& x) {
    double best = 1e9;
    for (int i = 0; i < 50; ++i) {
      auto start = Clock::now();
      f(x);
      best = std::min(best, ms_since(start));
    }
    return best;
  };
  std::printf("load               %8.2f ms\n", load);
  std::printf("first call         %8.2f ms (plans for %lld pictures)\n", first,
              static_cast<long long>(count));
  std::printf("call, all pictures %8.3f ms\n", best_of(pictures));
  std::printf("call, one picture  %8.3f ms\n", best_of(pictures.rows(0, 1)));
  std::printf("cold start         %8.1f ms (new process to first answer, best of 5)\n",
              cold_start_ms(self, folder));
  return right * 100 >= count * 97 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 3 && !std::strcmp(argv[1], "--cold")) return cold(argv[2]);
    if (argc == 2) return demo(argv[0], argv[1]);
    std::fprintf(stderr, "usage: floe-demo ASSETS_FOLDER\n");
    return 64;
  } catch (const floe::Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 65;
  }
}
