// Decoders of connectionist temporal classification.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <vector>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

struct CtcSizes {
  int64_t time, batch, classes;
};

CtcSizes check_ctc(KernelContext& c) {
  const Shape& s = c.input(0).shape();
  CtcSizes n{s[0], s[1], s[2]};
  for (int32_t l : c.input(1).flat<int32_t>())
    if (l < 0 || l > n.time) c.fail(cat("sequence_length(b) <= ", n.time, " is needed, found ", l));
  return n;
}

void infer_ctc(InferContext& c) {
  Shape inputs = c.with_rank(0, 3);
  int64_t n = c.with_rank(1, 1)[0];
  if (n >= 0 && inputs[1] >= 0 && n != inputs[1])
    c.fail(cat("len(sequence_length) != batch_size.  len(sequence_length):  ", n, " batch_size: ", inputs[1],
               ": Dimensions must be equal, but are ", inputs[1], " and ", n));
  if (inputs[2] == 0) c.fail("num_classes must be positive");
}

using Labels = std::vector<int64_t>;

/// Writes decoded sequences as a sparse matrix into three outputs.
void write_sparse(KernelContext& c, const std::vector<Labels>& sequences, int indices, int values,
                  int shape) {
  int64_t count = 0, longest = 0;
  for (const Labels& s : sequences) {
    count += int64_t(s.size());
    longest = std::max(longest, int64_t(s.size()));
  }
  int64_t* at = c.allocate(indices, DType::kInt64, {count, 2}).mutable_data<int64_t>();
  int64_t* value = c.allocate(values, DType::kInt64, {count}).mutable_data<int64_t>();
  for (size_t b = 0; b < sequences.size(); ++b)
    for (size_t t = 0; t < sequences[b].size(); ++t) {
      *at++ = int64_t(b);
      *at++ = int64_t(t);
      *value++ = sequences[b][t];
    }
  int64_t* dims = c.allocate(shape, DType::kInt64, {2}).mutable_data<int64_t>();
  dims[0] = int64_t(sequences.size());
  dims[1] = longest;
}

template <class T>
void ctc_greedy(KernelContext& c, bool merge, int64_t blank) {
  CtcSizes n = check_ctc(c);
  if (blank < 0) blank += n.classes;
  if (blank < 0 || blank >= n.classes)
    c.fail(cat("blank_index expected to be between 0 and ", n.classes - 1));
  const T* x = c.in<T>(0);
  T* log_p = c.allocate(3, c.input(0).dtype(), {n.batch, 1}).mutable_data<T>();
  std::vector<Labels> decoded(static_cast<size_t>(n.batch));
  for (int64_t b = 0; b < n.batch; ++b) {
    int64_t previous = -1;
    log_p[b] = 0;
    for (int64_t t = 0; t < c.in<int32_t>(1)[b]; ++t) {
      const T* row = x + (t * n.batch + b) * n.classes;
      int64_t best = std::max_element(row, row + n.classes) - row;
      log_p[b] -= row[best];
      if (best != blank && !(merge && best == previous)) decoded[size_t(b)].push_back(best);
      previous = best;
    }
  }
  write_sparse(c, decoded, 0, 1, 2);
}

constexpr double kLogZero = -std::numeric_limits<double>::infinity();

double log_sum_exp(double a, double b) {
  if (a == kLogZero) return b;
  if (b == kLogZero) return a;
  return a > b ? a + std::log1p(std::exp(b - a)) : b + std::log1p(std::exp(a - b));
}

struct BeamScore {
  double total = kLogZero, blank = kLogZero, label = kLogZero;
};

/// A prefix of labels; its probability now and one step ago, split by whether it ends in a blank.
struct Beam {
  Beam* parent = nullptr;
  int64_t label = -1;
  BeamScore then, now;
  std::map<int64_t, std::unique_ptr<Beam>> children;
  bool active() const { return now.total != kLogZero; }
};

/// Prefix beam search over one sequence.
class BeamSearch {
 public:
  BeamSearch(int64_t width, int64_t classes) : width_(size_t(width)), classes_(classes), blank_(classes - 1) {
    root_.now.total = root_.now.blank = 0;
    leaves_.push_back(&root_);
  }

  void step(const std::vector<double>& log_p) {
    std::vector<Beam*> branches = std::move(leaves_);
    leaves_.clear();
    for (Beam* b : branches) b->then = b->now;
    for (Beam* b : branches) {
      if (b->parent) {
        if (b->parent->active()) {
          const BeamScore& p = b->parent->then;
          b->now.label = log_sum_exp(b->now.label, b->label == b->parent->label ? p.blank : p.total);
        }
        b->now.label += log_p[size_t(b->label)];
      }
      b->now.blank = b->then.total + log_p[size_t(blank_)];
      b->now.total = log_sum_exp(b->now.blank, b->now.label);
      insert(b);
    }
    for (Beam* b : branches) {
      if (!fits(b->then)) continue;
      for (int64_t k = 0; k < classes_; ++k)
        if (k != blank_) grow(b, k, log_p[size_t(k)]);
    }
  }

  /// Best first.
  const std::vector<Beam*>& leaves() const { return leaves_; }

 private:
  bool fits(const BeamScore& s) const {
    return s.total > kLogZero && (leaves_.size() < width_ || s.total > leaves_.back()->now.total);
  }

  void insert(Beam* b) {
    auto at = std::upper_bound(leaves_.begin(), leaves_.end(), b,
                               [](const Beam* x, const Beam* y) { return x->now.total > y->now.total; });
    leaves_.insert(at, b);
    if (leaves_.size() > width_) leaves_.pop_back();
  }

  void grow(Beam* b, int64_t label, double log_p) {
    std::unique_ptr<Beam>& child = b->children[label];
    if (!child) {
      child = std::make_unique<Beam>();
      child->parent = b;
      child->label = label;
    }
    if (child->active()) return;
    child->now.blank = kLogZero;
    child->now.label = log_p + (label == b->label ? b->then.blank : b->then.total);
    child->now.total = child->now.label;
    if (!fits(child->now)) {
      child->then = child->now = BeamScore();
      return;
    }
    if (leaves_.size() == width_) leaves_.back()->now = BeamScore();
    if (leaves_.size() == width_) leaves_.pop_back();
    insert(child.get());
  }

  size_t width_;
  int64_t classes_, blank_;
  Beam root_;
  std::vector<Beam*> leaves_;
};

Labels beam_labels(const Beam* b, bool merge) {
  Labels l;
  int64_t previous = -1;
  for (; b->parent; b = b->parent) {
    if (!merge || b->label != previous) l.push_back(b->label);
    previous = b->label;
  }
  std::reverse(l.begin(), l.end());
  return l;
}

template <class T>
void ctc_beam_search(KernelContext& c, int64_t width, int64_t paths, bool merge) {
  CtcSizes n = check_ctc(c);
  const T* x = c.in<T>(0);
  int log_index = int(paths) * 3;
  T* log_p = c.allocate(log_index, c.input(0).dtype(), {n.batch, paths}).mutable_data<T>();
  std::vector<std::vector<Labels>> decoded(static_cast<size_t>(paths), std::vector<Labels>(size_t(n.batch)));
  std::vector<double> row(static_cast<size_t>(n.classes));
  for (int64_t b = 0; b < n.batch; ++b) {
    BeamSearch search(width, n.classes);
    for (int64_t t = 0; t < c.in<int32_t>(1)[b]; ++t) {
      const T* p = x + (t * n.batch + b) * n.classes;
      double largest = double(*std::max_element(p, p + n.classes)), sum = 0;
      for (int64_t k = 0; k < n.classes; ++k) sum += std::exp(double(p[k]) - largest);
      for (int64_t k = 0; k < n.classes; ++k) row[size_t(k)] = double(p[k]) - largest - std::log(sum);
      search.step(row);
    }
    if (int64_t(search.leaves().size()) < paths) c.fail("Less leaves in the beam search than requested.");
    for (int64_t i = 0; i < paths; ++i) {
      const Beam* leaf = search.leaves()[size_t(i)];
      decoded[size_t(i)][size_t(b)] = beam_labels(leaf, merge);
      log_p[b * paths + i] = T(leaf->now.total);
    }
  }
  for (int i = 0; i < int(paths); ++i)
    write_sparse(c, decoded[size_t(i)], i, int(paths) + i, int(paths) * 2 + i);
}

FLOE_OP("CTCGreedyDecoder", op) {
  op.in("inputs:T, sequence_length:int32");
  op.out("decoded_indices:int64, decoded_values:int64, decoded_shape:int64, log_probability:T");
  op.attrs("merge_repeated:bool=false; blank_index:int=-1; T:{float,double}=float");
  op.infer([](InferContext& c) {
    infer_ctc(c);
    int64_t batch = c.with_rank(0, 3)[1];
    c.set_output(0, Shape{-1, 2});
    c.set_output(1, Shape{-1});
    c.set_output(2, Shape{2});
    c.set_output(3, Shape{batch >= 0 ? batch : c.with_rank(1, 1)[0], 1});
  });
  op.kernel([](const KernelInit& k) {
    bool merge = k.attr<bool>("merge_repeated");
    int64_t blank = k.attr<int64_t>("blank_index");
    KernelFn fn;
    dispatch(Types<float, double>{}, k.input_type(0),
             [&]<class T>() { fn = [=](KernelContext& c) { ctc_greedy<T>(c, merge, blank); }; });
    return fn;
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({6, 2, 4}, t), Samples::i32({6, 4})}); });
    s.add({s.random({9, 3, 3}), Samples::i32({9, 0, 4})}, {{"merge_repeated", true}});
    s.add({s.random({6, 2, 4}), Samples::i32({6, 5})}, {{"blank_index", int64_t(0)}});
    s.fails("sequence_length(b) <= 3", {s.random({3, 2, 4}), Samples::i32({4, 1})});
    s.fails("Dimensions must be equal", {s.random({3, 2, 4}), Samples::i32({1})});
  });
  op.no_gradient();
}

FLOE_OP("CTCBeamSearchDecoder", op) {
  op.in("inputs:T, sequence_length:int32");
  op.out(
      "decoded_indices:top_paths*int64, decoded_values:top_paths*int64, decoded_shape:top_paths*int64, "
      "log_probability:T");
  op.attrs("beam_width:int>=1; top_paths:int>=1; merge_repeated:bool=true; T:{float,double}=float");
  op.infer([](InferContext& c) {
    infer_ctc(c);
    int64_t batch = c.with_rank(0, 3)[1], paths = c.attr<int64_t>("top_paths");
    for (int i = 0; i < int(paths); ++i) {
      c.set_output(i, Shape{-1, 2});
      c.set_output(int(paths) + i, Shape{-1});
      c.set_output(int(paths) * 2 + i, Shape{2});
    }
    c.set_output(int(paths) * 3, Shape{batch >= 0 ? batch : c.with_rank(1, 1)[0], paths});
  });
  op.kernel([](const KernelInit& k) {
    int64_t width = k.attr<int64_t>("beam_width"), paths = k.attr<int64_t>("top_paths");
    bool merge = k.attr<bool>("merge_repeated");
    KernelFn fn;
    dispatch(Types<float, double>{}, k.input_type(0),
             [&]<class T>() { fn = [=](KernelContext& c) { ctc_beam_search<T>(c, width, paths, merge); }; });
    return fn;
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    AttrMap m{{"beam_width", int64_t(8)}, {"top_paths", int64_t(3)}, {"merge_repeated", false}};
    s.each_type("T",
                [&](DType t) { s.add({s.random({6, 2, 4}, t), Samples::i32({6, 4})}, m).tolerance = 1e-5; });
    m.set("merge_repeated", true);
    m.set("top_paths", int64_t(1));
    s.add({s.random({9, 3, 3}), Samples::i32({9, 5, 4})}, m);
    m.set("beam_width", int64_t(2));
    s.add({s.random({9, 2, 5}), Samples::i32({9, 5})}, m);
    s.fails("sequence_length(b) <= 3", {s.random({3, 2, 4}), Samples::i32({4, 1})}, m);
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
