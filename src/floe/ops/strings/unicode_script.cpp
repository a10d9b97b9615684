// UnicodeScript: which script a character belongs to.
#include <algorithm>
#include <iterator>

#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

struct ScriptRun {
  int32_t first;
  int32_t script;
};
constexpr ScriptRun kScriptRuns[] = {
#include "floe/ops/strings/unicode_script.inc"
};

int32_t script_of(int32_t c) {
  if (c < 0 || c > 0x10ffff) return -1;
  auto after = std::upper_bound(std::begin(kScriptRuns), std::end(kScriptRuns), c,
                                [](int32_t v, const ScriptRun& run) { return v < run.first; });
  return std::prev(after)->script;
}

FLOE_OP("UnicodeScript", op) {
  op.in("input:int32").out("output:int32").infer(infer_unchanged);
  op.compute([](KernelContext& c) {
    auto in = c.input(0).flat<int32_t>();
    std::transform(in.begin(), in.end(), c.out<int32_t>(0), script_of);
  });
  op.samples([](Samples& s) {
    s.add({Samples::i32({0,     65,       0x4e2d, 0x3042,   0x30ab, 0xac00,  0x5d0,   0x627,   0x915,
                         -1,    0x110000, 0xd800, 0x10ffff, 9,      48,      0x300,   0x1f600, 0x410,
                         0x3b1, 0x378,    0xe000, 0x2028,   0x370,  0x1e900, 0x10d00, 0x16e40})});
    s.add({Samples::iota({64, 16}, DType::kInt32)});
    s.add({Tensor::scalar(int32_t(0x263a))});
    s.add({Tensor(DType::kInt32, {0})});
  });
}

}  // namespace
}  // namespace floe
