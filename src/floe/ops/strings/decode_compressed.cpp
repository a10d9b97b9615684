// Strings without their compression.
#include <zlib.h>

#include <algorithm>
#include <memory>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

constexpr size_t kMostInflated = size_t(1) << 32;

/// The end of `data` may be missing: what comes before it is inflated. GZIP may have several members.
std::string inflate_all(KernelContext& c, const std::string& data, bool gzip) {
  if (data.size() >= kMostInflated) c.fail(Code::kResourceExhausted, "a compressed string of 4 GiB or more");
  z_stream z{};
  if (inflateInit2(&z, gzip ? MAX_WBITS + 16 : MAX_WBITS) != Z_OK)
    c.fail(Code::kInternal, "inflateInit2() failed");
  std::unique_ptr<z_stream, int (*)(z_stream*)> end(&z, inflateEnd);
  std::string out;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  z.avail_in = uInt(data.size());
  while (z.avail_in > 0) {
    size_t have = out.size();
    if (have >= kMostInflated)
      c.fail(Code::kResourceExhausted, cat("a string inflates to more than ", kMostInflated, " bytes"));
    out.resize(have + std::clamp(have, size_t(4096), size_t(1) << 26));
    z.next_out = reinterpret_cast<Bytef*>(out.data() + have);
    z.avail_out = uInt(out.size() - have);
    int state = inflate(&z, Z_SYNC_FLUSH);
    bool full = z.avail_out == 0;
    out.resize(out.size() - z.avail_out);
    if (state == Z_STREAM_END) {
      if (!gzip || inflateReset(&z) != Z_OK) break;
      continue;
    }
    if (state != Z_OK && state != Z_BUF_ERROR)
      c.fail(Code::kDataLoss, cat("inflate() failed with error ", state, z.msg ? cat(": ", z.msg) : ""));
    if (!full && state == Z_BUF_ERROR) break;
  }
  return out;
}

FLOE_OP("DecodeCompressed", op) {
  op.in("bytes:string").out("output:string").attrs("compression_type:string=''");
  op.infer([](InferContext& c) { c.set_output(0, c.shape(0)); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::string kind = k.attr<std::string>("compression_type");
    if (kind != "" && kind != "ZLIB" && kind != "GZIP")
      k.fail(cat("Only ZLIB, GZIP or NONE are supported compressions, found ", kind));
    return [kind](KernelContext& c) {
      const std::string* in = c.in<std::string>(0);
      std::string* out = c.out<std::string>(0);
      for (int64_t i = 0, n = c.input(0).num_elements(); i < n; ++i)
        out[i] = kind.empty() ? in[i] : inflate_all(c, in[i], kind == "GZIP");
    };
  });
  op.fails_on_values().no_gradient();
  op.samples([](Samples& s) {
    const std::string zlib("\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15", 13);  // hello
    Tensor two = Tensor::vec<std::string>({zlib, ""});
    s.add({two}, {{"compression_type", std::string("ZLIB")}});
    s.add({Tensor::scalar(zlib + "more")}, {{"compression_type", std::string("ZLIB")}});
    s.add({Tensor::scalar(zlib.substr(0, 8))}, {{"compression_type", std::string("ZLIB")}});
    s.add({two});
    s.fails("inflate() failed with error -3: incorrect header check", {Tensor::scalar("bad")},
            {{"compression_type", std::string("GZIP")}});
    s.fails("supported compressions", {Tensor::scalar("x")}, {{"compression_type", std::string("BZ")}});
  });
}

}  // namespace
}  // namespace floe
