// Floe without Python as a contender of infer.py: the line protocol that worker.py describes.
//
//   usage: floe_bench_worker MODEL_DIR THREADS

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "floe/floe.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The string value of `key` in the flat JSON that make_models.py writes.
std::string json_string(const std::string& text, const std::string& key) {
  size_t at = text.find("\"" + key + "\":");
  if (at == std::string::npos) throw std::runtime_error("meta.json has no \"" + key + "\"");
  size_t from = text.find('"', at + key.size() + 3) + 1;
  return text.substr(from, text.find('"', from) - from);
}

class Contender {
 public:
  explicit Contender(std::string dir) : dir_(std::move(dir)) {}

  double prepare(int batch, const std::string& out) {
    const auto start = Clock::now();
    if (!function_) {
      const std::string meta = read_file(dir_ + "/meta.json");
      function_ = floe::load(dir_ + "/frozen.pb", {.inputs = {json_string(meta, "input")},
                                                   .outputs = {json_string(meta, "output")}});
    }
    inputs_[batch] = floe::read_npy(dir_ + "/in_b" + std::to_string(batch) + ".npy");
    const floe::Tensor y = function_(inputs_[batch]);
    const double seconds = seconds_since(start);
    floe::write_npy(out, y);
    return seconds;
  }

  std::vector<double> run(int batch, int calls) const {
    if (!inputs_.contains(batch))
      throw std::runtime_error("batch " + std::to_string(batch) + " is not prepared");
    const floe::Tensor& x = inputs_.at(batch);
    std::vector<double> times;
    times.reserve(size_t(calls));
    for (int i = 0; i < calls; ++i) {
      const auto start = Clock::now();
      const floe::Tensor y = function_(x);
      times.push_back(seconds_since(start));
    }
    return times;
  }

 private:
  std::string dir_;
  floe::Function function_;
  std::map<int, floe::Tensor> inputs_;
};

void answer(Contender& contender, const std::string& line) {
  std::istringstream words(line);
  std::string verb, out;
  int batch = 0, calls = 0;
  words >> verb >> batch;
  if (verb == "prep") {
    words >> out;
    std::printf("ok %.6f\n", contender.prepare(batch, out));
  } else if (verb == "run") {
    words >> calls;
    const std::vector<double> times = contender.run(batch, calls);
    std::fputs("t", stdout);
    for (double t : times) std::printf(" %.9f", t);
    std::puts("");
  } else if (verb == "rss") {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("rss %.1f\n", double(usage.ru_maxrss) / 1024);
  } else {
    std::printf("fail unknown request %s\n", verb.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: floe_bench_worker MODEL_DIR THREADS\n", stderr);
    return 64;
  }
  floe::set_num_threads(std::stoi(argv[2]));
  Contender contender(argv[1]);
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    try {
      answer(contender, line);
    } catch (const std::exception& e) {
      std::string text = e.what();
      for (char& c : text) c = c == '\n' ? ' ' : c;
      std::printf("fail %s\n", text.c_str());
    }
    std::fflush(stdout);
  }
}
