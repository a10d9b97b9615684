// Regular expressions, in RE2's syntax.
#include <re2/re2.h>

#include <memory>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

std::shared_ptr<const re2::RE2> compile(const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return std::make_shared<re2::RE2>(pattern, options);
}

std::string invalid(const re2::RE2& re) {
  return cat("Invalid pattern: ", re.pattern(), ", error: ", re.error());
}

void replace_all(KernelContext& c, const re2::RE2& re, const std::string& rewrite, bool global) {
  std::string error;
  if (!re.CheckRewriteString(rewrite, &error))
    c.fail(cat("Invalid rewrite string: ", rewrite, ", error: ", error));
  const std::string* in = c.in<std::string>(0);
  std::string* out = c.out<std::string>(0);
  for (int64_t i = 0, n = c.input(0).num_elements(); i < n; ++i) {
    out[i] = in[i];
    if (global)
      re2::RE2::GlobalReplace(&out[i], re, rewrite);
    else
      re2::RE2::Replace(&out[i], re, rewrite);
  }
}

void match_all(KernelContext& c, const re2::RE2& re) {
  const std::string* in = c.in<std::string>(0);
  bool* out = c.out<bool>(0);
  for (int64_t i = 0, n = c.input(0).num_elements(); i < n; ++i) out[i] = re2::RE2::FullMatch(in[i], re);
}

Tensor regex_texts() {
  return Tensor::vec<std::string>({"abcabc", "", "xaby", "ABC", "a.b",
                                   "\xc3\xa9"
                                   "ab"});
}

FLOE_OP("RegexReplace", op) {
  op.in("input:string, pattern:string, rewrite:string")
      .out("output:string")
      .attrs("replace_global:bool=true");
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    c.with_rank(2, 0);
    infer_unchanged(c);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool global = k.attr<bool>("replace_global");
    return [global](KernelContext& c) {
      auto re = compile(c.scalar<std::string>(1));
      if (!re->ok()) c.fail(invalid(*re));
      replace_all(c, *re, c.scalar<std::string>(2), global);
    };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    for (bool global : {true, false})
      s.add({regex_texts(), Tensor::scalar("(a)(b)"), Tensor::scalar("<\\2\\1\\0>")},
            {{"replace_global", global}});
    s.fails("Invalid pattern: (a", {regex_texts(), Tensor::scalar("(a"), Tensor::scalar("x")});
    s.fails("Shape must be rank 0", {regex_texts(), Tensor::vec<std::string>({"a"}), Tensor::scalar("x")});
  });
  op.no_gradient();
}

FLOE_OP("StaticRegexReplace", op) {
  op.in("input:string")
      .out("output:string")
      .attrs("pattern:string; rewrite:string; replace_global:bool=true");
  op.infer(infer_unchanged);
  op.kernel([](const KernelInit& k) -> KernelFn {
    auto re = compile(k.attr<std::string>("pattern"));
    if (!re->ok()) k.fail(invalid(*re));
    bool global = k.attr<bool>("replace_global");
    std::string rewrite = k.attr<std::string>("rewrite");
    return [=](KernelContext& c) { replace_all(c, *re, rewrite, global); };
  });
  op.samples([](Samples& s) {
    for (bool global : {true, false})
      s.add({regex_texts()},
            {{"pattern", std::string("[ab]+")}, {"rewrite", std::string("_")}, {"replace_global", global}});
    s.fails("Invalid pattern: (a", {regex_texts()},
            {{"pattern", std::string("(a")}, {"rewrite", std::string("x")}});
  });
}

FLOE_OP("RegexFullMatch", op) {
  op.in("input:string, pattern:string").out("output:bool");
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    infer_unchanged(c);
  });
  op.compute([](KernelContext& c) {
    auto re = compile(c.scalar<std::string>(1));
    if (!re->ok()) c.fail(invalid(*re));
    match_all(c, *re);
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    s.add({regex_texts(), Tensor::scalar("a.*b.*")});
    s.fails("Invalid pattern: (a", {regex_texts(), Tensor::scalar("(a")});
  });
}

FLOE_OP("StaticRegexFullMatch", op) {
  op.in("input:string").out("output:bool").attrs("pattern:string").infer(infer_unchanged);
  op.kernel([](const KernelInit& k) -> KernelFn {
    auto re = compile(k.attr<std::string>("pattern"));
    if (!re->ok()) k.fail(invalid(*re));
    return [re](KernelContext& c) { match_all(c, *re); };
  });
  op.samples([](Samples& s) { s.add({regex_texts()}, {{"pattern", std::string("(?i)abc")}}); });
}

}  // namespace
}  // namespace floe
