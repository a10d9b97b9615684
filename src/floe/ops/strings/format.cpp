// StringFormat: tensors in the places of a template.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/state/summarize.h"

namespace floe {
namespace {

// A tensor in nested brackets: `ends` elements at both ends of every dimension, "..." for the ones between.
struct NestedWriter {
  const Tensor& t;
  int64_t ends;
  std::string text;

  void space(int d) {
    if (d == t.rank() - 1) {
      text += ' ';
    } else {
      text.append(size_t(t.rank() - d - 1), '\n');
      text.append(size_t(d + 1), ' ');
    }
  }

  void element(int64_t at) {
    if (t.dtype() != DType::kString) {
      text += value_text(t, at);
      return;
    }
    text += '"';
    for (char ch : t.data<std::string>()[at])
      text += uint8_t(ch) < 0x80 ? c_escape({&ch, 1}) : std::string(1, ch);
    text += '"';
  }

  void dimension(int d, int64_t at) {
    if (d == t.rank()) return element(at);
    int64_t n = t.dim(d), step = 1;
    for (int k = d + 1; k < t.rank(); ++k) step *= t.dim(k);
    text += '[';
    bool cut = n - ends > ends;
    for (int64_t i = 0; i < n; ++i) {
      if (cut && i == ends) {
        space(d);
        text += "...";
        i = n - ends;
        if (i == n) break;
      }
      if (i) space(d);
      dimension(d + 1, at + i * step);
    }
    text += ']';
  }
};

std::string nested_text(const Tensor& t, int64_t ends) {
  if (t.rank() == 0 && ends == 0) return "...";
  NestedWriter w{t, ends < 0 ? t.num_elements() : std::min(ends, t.num_elements()), {}};
  w.dimension(0, 0);
  return w.text;
}

FLOE_OP("StringFormat", op) {
  op.in("inputs:T").out("output:string");
  op.attrs("T:list(type)>=0; template:string='%s'; placeholder:string='%s'; summarize:int=3");
  auto pieces = [](const std::string& text, const std::string& placeholder) {
    std::vector<std::string> parts;
    size_t at = 0;
    for (size_t end; !placeholder.empty() && (end = text.find(placeholder, at)) != std::string::npos;
         at = end + placeholder.size())
      parts.push_back(text.substr(at, end - at));
    parts.push_back(text.substr(at));
    return parts;
  };
  op.infer([pieces](InferContext& c) {
    size_t places = pieces(c.attr<std::string>("template"), c.attr<std::string>("placeholder")).size() - 1;
    if (places != size_t(c.num_inputs()))
      c.fail(
          cat("num placeholders in template and num inputs must match: ", places, " vs. ", c.num_inputs()));
    c.set_output(0, {});
  });
  op.kernel([pieces](const KernelInit& k) -> KernelFn {
    int64_t ends = k.attr<int64_t>("summarize");
    auto parts = pieces(k.attr<std::string>("template"), k.attr<std::string>("placeholder"));
    return [=](KernelContext& c) {
      std::string& out = *c.out<std::string>(0);
      out = parts[0];
      for (int i = 0; i < c.num_inputs(); ++i) {
        out += nested_text(c.input(i), ends);
        out += parts[size_t(i) + 1];
      }
    };
  });
  op.samples([](Samples& s) {
    auto t = [](const char* text) { return AttrMap{{"template", std::string(text)}}; };
    s.add({}, t("hello"));
    s.add({s.random({2, 3}, DType::kInt32), s.random({4})}, t("a %s b %s"));
    for (int64_t n : {3, 2, 1, 0, -1})
      for (const Shape& shape :
           {Shape{}, Shape{8}, Shape{2, 3}, Shape{5, 10}, Shape{4, 4, 4}, Shape{2, 0}, Shape{0}, Shape{0, 3}})
        s.add({Samples::iota(shape, DType::kInt32)}, {{"summarize", n}});
    for (DType d : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBfloat16, DType::kInt8,
                    DType::kUint8, DType::kInt64, DType::kUint64, DType::kBool, DType::kComplex64})
      s.add({s.random({3}, d)});
    s.add({Tensor::vec<std::string>({"a", "b\"c", "x\n\xff"})});
    s.add({Samples::numbers({4}, {NAN, INFINITY, 0.1, 3e10})},
          {{"placeholder", std::string("{}")}, {"template", std::string("{}")}});
    s.fails("num placeholders in template and num inputs must match: 2 vs. 1", {s.random({})}, t("%s %s"));
  });
}

}  // namespace
}  // namespace floe
