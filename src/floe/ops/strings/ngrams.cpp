// StringNGrams: runs of neighbouring words, joined.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

// Keeps a damaged file from asking for more strings than memory holds.
constexpr int64_t kMostNGrams = int64_t(1) << 27;

struct NGramMaker {
  std::string separator, left, right;
  std::vector<int64_t> widths;
  int64_t pad_width;
  bool keep_short;

  int64_t pad(int64_t width) const { return std::min(pad_width < 0 ? width - 1 : pad_width, width - 1); }

  int64_t count(int64_t words, int64_t width) const {
    return std::max<int64_t>(0, words + 2 * pad(width) - width + 1);
  }

  // n-gram `i` of `n` that are `width` wide, padded with `pads` words on both sides.
  std::string make(const std::string* words, int64_t i, int64_t n, int64_t width, int64_t pads) const {
    int64_t before = std::max<int64_t>(0, pads - i), after = std::max<int64_t>(0, pads - (n - (i + 1)));
    int64_t taken = width - before - after, from = before > 0 ? 0 : i - pads;
    std::string s;
    auto put = [&, first = true](const std::string& word) mutable {
      if (!first) s += separator;
      first = false;
      s += word;
    };
    for (int64_t k = 0; k < before; ++k) put(left);
    for (int64_t k = 0; k < taken; ++k) put(words[from + k]);
    for (int64_t k = 0; k < after; ++k) put(right);
    return s;
  }
};

template <class T>
void make_ngrams(KernelContext& c, const NGramMaker& m) {
  const Tensor &data = c.input(0), &splits = c.input(1);
  if (data.rank() != 1) c.fail(cat("data must be a vector, got shape ", data.shape().str()));
  if (splits.rank() != 1) c.fail(cat("data_splits must be a vector, got shape ", splits.shape().str()));
  const T* at = splits.data<T>();
  int64_t n = data.num_elements(), ends = splits.num_elements();
  if (ends > 0) {
    if (at[0] != 0) c.fail(cat("First split value must be 0, got ", at[0]));
    for (int64_t i = 1; i < ends; ++i)
      if (at[i] < at[i - 1] || at[i] > n)
        c.fail(cat("Invalid split value ", at[i], ", must be in [", at[i - 1], ", ", n, "]"));
    if (at[ends - 1] != n)
      c.fail(cat("Last split value must be data size. Expected ", n, ", got ", at[ends - 1]));
  }
  Tensor& out_splits = c.allocate(1, splits.dtype(), splits.shape());
  T* out_at = out_splits.mutable_data<T>();
  if (n == 0 || ends == 0) {
    std::fill_n(out_at, ends, T(0));
    c.allocate(0, DType::kString, {0});
    return;
  }
  std::vector<std::string> made;
  out_at[0] = 0;
  for (int64_t row = 0; row + 1 < ends; ++row) {
    const std::string* words = data.data<std::string>() + at[row];
    int64_t length = at[row + 1] - at[row];
    size_t before = made.size();
    for (int64_t width : m.widths) {
      int64_t count = m.count(length, width);
      if (count > kMostNGrams - int64_t(made.size()))
        c.fail(Code::kResourceExhausted, cat("more than ", kMostNGrams, " n-grams"));
      for (int64_t i = 0; i < count; ++i) made.push_back(m.make(words, i, count, width, m.pad(width)));
    }
    if (m.keep_short && length > 0 && made.size() == before) {
      if (m.pad_width < 0)
        c.fail(
            cat("Pad width should be >= 0 when preserve_short_sequences is True and ngram_widths are not "
                "provided, got ",
                m.pad_width));
      made.push_back(m.make(words, 0, 1, length + 2 * m.pad_width, m.pad_width));
    }
    if (made.size() > size_t(std::numeric_limits<T>::max()))
      c.fail("too many n-grams for the type of the splits");
    out_at[row + 1] = T(made.size());
  }
  Tensor& out = c.allocate(0, DType::kString, {int64_t(made.size())});
  std::move(made.begin(), made.end(), out.mutable_data<std::string>());
}

FLOE_OP("StringNGrams", op) {
  op.in("data:string, data_splits:Tsplits")
      .out("ngrams:string, ngrams_splits:Tsplits")
      .attrs(
          "separator:string; ngram_widths:list(int)>=0; left_pad:string; right_pad:string; pad_width:int; "
          "preserve_short_sequences:bool; Tsplits:{int32,int64}=int64");
  op.infer([](InferContext& c) {
    c.with_rank(0, 1);
    c.set_output(0, {-1});
    c.set_output(1, c.with_rank(1, 1));
  });
  op.kernel([](const KernelInit& k) {
    NGramMaker m{k.attr<std::string>("separator"), k.attr<std::string>("left_pad"),
                 k.attr<std::string>("right_pad"), k.attr<std::vector<int64_t>>("ngram_widths"),
                 k.attr<int64_t>("pad_width"),     k.attr<bool>("preserve_short_sequences")};
    if (m.pad_width > (1 << 20)) k.fail(cat("pad_width must be at most ", 1 << 20, ", got ", m.pad_width));
    for (int64_t w : m.widths)
      if (w < 1 || w > (1 << 20))
        k.fail(cat("ngram_widths must contain values in [1, ", 1 << 20, "], got ", w));
    KernelFn fn;
    dispatch(IndexTypes{}, k.input_type(1),
             [&]<class T>() { fn = [m](KernelContext& c) { make_ngrams<T>(c, m); }; });
    return fn;
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    auto attrs = [](std::vector<int64_t> widths, int64_t pad, bool keep, const char* left = "L",
                    const char* right = "R") {
      return AttrMap{
          {"separator", std::string("|")},   {"ngram_widths", widths}, {"left_pad", std::string(left)},
          {"right_pad", std::string(right)}, {"pad_width", pad},       {"preserve_short_sequences", keep}};
    };
    Tensor data = Tensor::vec<std::string>({"a", "b", "c", "d", "e", "f"});
    for (int64_t pad : {-1, 0, 1, 2, 5})
      for (bool keep : {false, true}) {
        if (pad < 0 && keep) continue;
        s.add({data, Samples::i64({0, 4, 4, 6})}, attrs({2, 3}, pad, keep));
        s.add({data, Samples::i32({0, 4, 5, 6})}, attrs({4}, pad, keep));
      }
    s.add({data, Samples::i64({0, 6})}, attrs({1}, 0, false));
    s.add({data, Samples::i64({0, 1, 6})}, attrs({}, 1, true));
    s.add({data, Samples::i64({0, 6})}, attrs({2}, 1, false, "", ""));
    s.add({Tensor::vec<std::string>({}), Samples::i64({0, 0, 0})}, attrs({2}, -1, false));
    s.add({Tensor::vec<std::string>({}), Tensor::vec<int64_t>({})}, attrs({2}, -1, false));
    s.fails("First split value must be 0, got 1", {data, Samples::i64({1, 6})}, attrs({2}, -1, false));
    s.fails("Invalid split value 3, must be in [4, 6]", {data, Samples::i64({0, 4, 3, 6})},
            attrs({2}, -1, false));
    s.fails("Last split value must be data size. Expected 6, got 4", {data, Samples::i64({0, 4})},
            attrs({2}, -1, false));
    s.fails("ngram_widths must contain values", {data, Samples::i64({0, 6})}, attrs({0}, -1, false));
  });
}

}  // namespace
}  // namespace floe
