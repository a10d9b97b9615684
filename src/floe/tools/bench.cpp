// floe bench: how long a call takes.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "floe/base/text.h"
#include "floe/format/program_impl.h"
#include "floe/tools/tool.h"

namespace floe::tools {
namespace {

using Clock = std::chrono::steady_clock;

struct BenchOptions {
  ModelOptions model;
  std::vector<std::string> shapes;
  int64_t batch = 1;
  int warmup = 3, calls = 0;
  double seconds = 2;
  bool json = false;
};

double ms_since(Clock::time_point t) {
  return std::chrono::duration<double, std::milli>(Clock::now() - t).count();
}

double peak_mib() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  return double(u.ru_maxrss) / 1024;
}

int bench(const BenchOptions& o) {
  auto start = Clock::now();
  Program p = open_model(o.model);
  Function f = make_function(p, o.model);
  double load = ms_since(start);
  check_shapes(o.shapes, f);
  std::vector<Tensor> in;
  for (size_t i = 0; i < f.inputs().size(); ++i)
    in.push_back(random_tensor(
        f.inputs()[i], input_shape(f.inputs()[i], i < o.shapes.size() ? o.shapes[i] : "", o.batch), i));
  auto t0 = Clock::now();
  call(f, in, o.model);
  double first = ms_since(t0);
  for (int i = 0; i < o.warmup; ++i) call(f, in, o.model);
  std::vector<double> ms;
  auto begin = Clock::now();
  double shown = 0;
  while (o.calls ? int(ms.size()) < o.calls : ms.size() < 3 || ms_since(begin) < o.seconds * 1000) {
    auto t = Clock::now();
    call(f, in, o.model);
    ms.push_back(ms_since(t));
    if (show_progress() && ms_since(begin) - shown > 200) {
      shown = ms_since(begin);
      std::fprintf(stderr, "\r%zu calls, %.1f s", ms.size(), shown / 1000);
    }
  }
  if (shown > 0) std::fprintf(stderr, "\r\033[K");
  std::sort(ms.begin(), ms.end());
  double median = ms[ms.size() / 2], p90 = ms[std::min(ms.size() - 1, ms.size() * 9 / 10)];
  if (o.json) {
    nlohmann::ordered_json j{{"model", o.model.model},
                             {"batch", o.batch},
                             {"threads", num_threads()},
                             {"calls", ms.size()},
                             {"load_ms", load},
                             {"first_call_ms", first},
                             {"min_ms", ms[0]},
                             {"median_ms", median},
                             {"p90_ms", p90},
                             {"max_ms", ms.back()},
                             {"peak_memory_mib", peak_mib()}};
    std::printf("%s\n", j.dump(2).c_str());
    return kOk;
  }
  std::printf("%s  batch %lld, %d thread(s), %zu calls\n", o.model.model.c_str(),
              static_cast<long long>(o.batch), num_threads(), ms.size());
  std::printf("load %.1f ms, first call %.1f ms, peak memory %.1f MiB\n", load, first, peak_mib());
  std::printf("min %.3f ms, median %.3f ms, p90 %.3f ms\n", ms[0], median, p90);
  return kOk;
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  auto o = std::make_shared<BenchOptions>();
  CLI::App* verb =
      app.add_subcommand("bench", "Measure load time, time per call and memory, on random input");
  o->model.add_to(*verb);
  verb->add_option("--batch", o->batch, "Batch size, where the model leaves it open")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 20));
  verb->add_option("--shape", o->shapes, "Shape of each input, e.g. 1,224,224,3")->take_all();
  verb->add_option("--warmup", o->warmup, "Calls before measuring")->check(CLI::Range(0, 1000000));
  verb->add_option("--calls", o->calls, "Calls to measure (default: as many as fit in --seconds)")
      ->check(CLI::Range(1, 100000000));
  verb->add_option("--seconds", o->seconds, "Time to measure for")
      ->check(CLI::Range(0.0, 86400.0))
      ->check(is_finite());
  verb->add_flag("--json", o->json, "Print JSON");
  verb->callback([o, &action] { action = [o] { return bench(*o); }; });
}

}  // namespace floe::tools
