// Files by name, and the clock.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "floe/base/file.h"
#include "floe/ops/state/resource.h"

namespace floe {
namespace {

FLOE_OP("ShardedFilename", op) {
  op.in("basename:string, shard:int32, num_shards:int32").out("filename:string");
  op.infer([](InferContext& c) {
    for (int i = 0; i < 3; ++i) c.with_rank(i, 0);
    c.set_output(0, {});
  });
  op.compute([](KernelContext& c) {
    char shard[32];
    std::snprintf(shard, sizeof shard, "-%05d-of-%05d", c.scalar<int32_t>(1), c.scalar<int32_t>(2));
    *c.out<std::string>(0) = c.scalar<std::string>(0) + shard;
  });
  op.samples([](Samples& s) {
    s.add({Tensor::scalar("model/part"), Tensor::scalar(int32_t(3)), Tensor::scalar(int32_t(12))});
    s.fails("Shape must be rank 0", {Tensor::scalar("a"), Samples::i32({1}), Tensor::scalar(int32_t(12))});
  });
}

FLOE_OP("ReadFile", op) {
  op.in("filename:string").out("contents:string");
  op.infer([](InferContext& c) {
    c.with_rank(0, 0);
    c.set_output(0, {});
  });
  op.compute([](KernelContext& c) {
    try {
      *c.out<std::string>(0) = read_file(c.scalar<std::string>(0));
    } catch (const Error& e) {
      c.fail(e.code(), e.what());
    }
  });
  op.stateful().fails_on_values();
}

FLOE_OP("WriteFile", op) {
  op.in("filename:string, contents:string");
  op.infer([](InferContext& c) {
    c.with_rank(0, 0);
    c.with_rank(1, 0);
  });
  op.compute([](KernelContext& c) {
    const std::string& path = c.scalar<std::string>(0);
    std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code unmade;  // write_file says why it cannot write
    if (!folder.empty()) std::filesystem::create_directories(folder, unmade);
    try {
      write_file(path, c.scalar<std::string>(1));
    } catch (const Error& e) {
      c.fail(e.code(), e.what());
    }
  });
  op.stateful();
}

FLOE_OP("Timestamp", op) {
  op.out("ts:double").infer(infer_scalar).stateful();
  op.compute([](KernelContext& c) {
    auto now = std::chrono::system_clock::now().time_since_epoch();
    *c.out<double>(0) = std::chrono::duration<double>(now).count();
  });
  op.samples([](Samples& s) { s.add({}).values_vary = true; });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
