#include "floe/ops/state/print.h"
#include "floe/ops/gradients.h"

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>

#include "floe/ops/state/resource.h"
#include "floe/ops/state/summarize.h"

namespace floe {
namespace {

std::mutex sink_mutex;
PrintSink& sink() {
  static PrintSink s;
  return s;
}

}  // namespace

void set_print_sink(PrintSink s) {
  std::lock_guard lock(sink_mutex);
  sink() = std::move(s);
}

void print_text(std::string_view stream, std::string_view text) {
  PrintSink to;
  {
    std::lock_guard lock(sink_mutex);
    to = sink();
  }
  if (to) return to(stream, text);
  std::FILE* f = stream == "stdout" ? stdout : stderr;
  std::fwrite(text.data(), 1, text.size(), f);
  std::fflush(f);
}

namespace {

FLOE_OP("Print", op) {
  op.in("input:T, data:U").out("output:T");
  op.attrs("T:type; U:list(type)>=0; message:string=''; first_n:int=-1; summarize:int=3");
  op.infer([](InferContext& c) { c.set_output(0, c.shape(0)); }).stateful().passes_input();
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::string message = k.attr<std::string>("message");
    int64_t first = k.attr<int64_t>("first_n"), limit = k.attr<int64_t>("summarize");
    auto printed = std::make_shared<std::atomic<int64_t>>(0);
    return [=](KernelContext& c) {
      if (first < 0 || printed->fetch_add(1) < first) {
        std::string text = message;
        for (int i = 1; i < c.num_inputs(); ++i) text += cat("[", summarize(c.input(i), limit), "]");
        print_text("stderr", text + "\n");
      }
      c.set_output(0, c.take(0));
    };
  });
  op.gradient([](GradientContext& g) { g.set(0, g.raw_grad()); });
}

FLOE_OP("PrintV2", op) {
  op.in("input:string").attrs(cat("output_stream:string='stderr'; end:string='", "\n", "'"));
  op.infer([](InferContext& c) { c.with_rank(0, 0); }).stateful();
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::string stream = k.attr<std::string>("output_stream"), end = k.attr<std::string>("end");
    bool file = stream.rfind("file://", 0) == 0 && stream.size() > 7;
    if (!file && stream != "stdout" && stream != "stderr" && stream != "log(info)" &&
        stream != "log(warning)" && stream != "log(error)")
      k.fail(cat("Unknown output stream: ", stream,
                 "; expected stdout, stderr, log(info), log(warning), log(error) or "
                 "file://..."));
    return [=](KernelContext& c) {
      std::string text = c.scalar<std::string>(0) + end;
      if (!file) return print_text(stream, text);
      std::string path = stream.substr(7);
      std::unique_ptr<std::FILE, int (*)(std::FILE*)> f(std::fopen(path.c_str(), "ab"), std::fclose);
      if (!f || std::fwrite(text.data(), 1, text.size(), f.get()) != text.size())
        c.fail(Code::kInternal, cat("Unable to append to file ", path));
    };
  });
}

}  // namespace
}  // namespace floe
