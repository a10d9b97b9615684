// StringSplit and StringSplitV2: words as a sparse matrix, a row per input.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

using Words = std::vector<std::string_view>;

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Splits at every character of `delimiters`; without any, between all characters.
void split_at_any(std::string_view s, std::string_view delimiters, bool skip_empty, Words& words) {
  if (delimiters.empty()) {
    for (size_t i = 0; i < s.size(); ++i) words.push_back(s.substr(i, 1));
    return;
  }
  if (s.empty()) return;
  for (size_t from = 0; from <= s.size();) {
    size_t to = std::min(s.find_first_of(delimiters, from), s.size());
    if (to > from || !skip_empty) words.push_back(s.substr(from, to - from));
    from = to + 1;
  }
}

// As Python's str.split; an empty separator stands for runs of blanks.
void split_like_python(std::string_view s, std::string_view separator, int64_t limit, Words& words) {
  if (limit == 0) {
    words.push_back(s);
    return;
  }
  auto skip_blanks = [&] {
    while (!s.empty() && is_blank(s.front())) s.remove_prefix(1);
  };
  if (separator.empty()) {
    skip_blanks();
    for (int64_t done = 0; !s.empty();) {
      size_t n = 0;
      while (n < s.size() && !is_blank(s[n])) ++n;
      words.push_back(s.substr(0, n));
      s.remove_prefix(n);
      skip_blanks();
      if (limit > 0 && ++done == limit) {
        words.push_back(s);
        return;
      }
    }
    return;
  }
  int64_t done = 0;
  for (size_t at; (at = s.find(separator)) != s.npos;) {
    words.push_back(s.substr(0, at));
    s.remove_prefix(at + separator.size());
    if (limit > 0 && ++done == limit) break;
  }
  words.push_back(s);
}

// indices, values and shape of the words of all rows.
template <class F>
void split_rows(KernelContext& c, F&& split_row) {
  const Tensor& in = c.input(0);
  if (in.rank() != 1) c.fail(cat("input must be a vector, got shape: ", in.shape().str()));
  if (c.input(1).rank() != 0)
    c.fail(cat("the delimiter must be a scalar, got shape: ", c.input(1).shape().str()));
  std::string_view delimiter = *c.in<std::string>(1);
  int64_t n = in.num_elements();
  Words words;
  std::vector<size_t> ends;
  for (int64_t i = 0; i < n; ++i) {
    split_row(std::string_view(in.data<std::string>()[i]), delimiter, words);
    ends.push_back(words.size());
  }
  int64_t total = int64_t(words.size()), longest = 0, k = 0;
  Tensor& indices = c.allocate(0, DType::kInt64, {total, 2});
  Tensor& values = c.allocate(1, DType::kString, {total});
  int64_t* at = indices.mutable_data<int64_t>();
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; k < int64_t(ends[size_t(i)]); ++j, ++k) {
      *at++ = i;
      *at++ = j;
      longest = std::max(longest, j + 1);
      values.mutable_data<std::string>()[k] = words[size_t(k)];
    }
  int64_t* shape = c.allocate(2, DType::kInt64, {2}).mutable_data<int64_t>();
  shape[0] = n;
  shape[1] = longest;
}

void infer_split(InferContext& c) {
  c.with_rank(0, 1);
  c.with_rank(1, 0);
  c.set_output(0, {-1, 2});
  c.set_output(1, {-1});
  c.set_output(2, {2});
}

FLOE_OP("StringSplit", op) {
  op.in("input:string, delimiter:string")
      .out("indices:int64, values:string, shape:int64")
      .attrs("skip_empty:bool=true");
  op.infer(infer_split).dynamic_outputs();
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool skip_empty = k.attr<bool>("skip_empty");
    return [skip_empty](KernelContext& c) {
      split_rows(
          c, [&](std::string_view s, std::string_view d, Words& w) { split_at_any(s, d, skip_empty, w); });
    };
  });
  op.samples([](Samples& s) {
    Tensor x = Tensor::vec<std::string>({"hello world", "a b  c ", "", " ", "a,b c"});
    for (bool skip : {true, false})
      for (const char* d : {" ", "", ", ", "x"}) s.add({x, Tensor::scalar(d)}, {{"skip_empty", skip}});
    s.add({Tensor::vec<std::string>({}), Tensor::scalar(" ")});
    s.fails("Shape must be rank 1 but is rank 0", {Tensor::scalar("a"), Tensor::scalar(" ")});
    s.fails("Shape must be rank 0 but is rank 1", {x, Tensor::vec<std::string>({" "})});
  });
  op.no_gradient();
}

FLOE_OP("StringSplitV2", op) {
  op.in("input:string, sep:string").out("indices:int64, values:string, shape:int64").attrs("maxsplit:int=-1");
  op.infer(infer_split).dynamic_outputs();
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t limit = k.attr<int64_t>("maxsplit");
    return [limit](KernelContext& c) {
      split_rows(
          c, [&](std::string_view s, std::string_view d, Words& w) { split_like_python(s, d, limit, w); });
    };
  });
  op.samples([](Samples& s) {
    Tensor x = Tensor::vec<std::string>({"hello world", "a b  c ", "", " ", "a,b c", "a", "abxab"});
    for (int64_t limit : {-1, 0, 1, 2})
      for (const char* d : {" ", "", "ab"}) s.add({x, Tensor::scalar(d)}, {{"maxsplit", limit}});
    s.add({Tensor::vec<std::string>({}), Tensor::scalar(" ")});
    s.fails("Shape must be rank 1 but is rank 0", {Tensor::scalar("a"), Tensor::scalar(" ")});
  });
}

}  // namespace
}  // namespace floe
