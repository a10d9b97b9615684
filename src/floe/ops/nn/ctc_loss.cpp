// The loss of connectionist temporal classification and its gradient, by the forward-backward algorithm.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/gradient.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

constexpr double kImpossible = -std::numeric_limits<double>::infinity();

double add_logs(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == kImpossible ? a : a + std::log1p(std::exp(b - a));
}

std::string label_text(const std::vector<int64_t>& labels) {
  std::string s;
  for (int64_t l : labels) s += cat(s.empty() ? "" : ",", l);
  return s;
}

struct CtcLossOptions {
  bool collapse, merge, ignore_longer;
};

using CtcLabels = std::vector<int64_t>;

/// The labels of each sequence, without the blanks (the last class and above) at their ends.
std::vector<CtcLabels> ctc_labels(KernelContext& c, int64_t batch, int64_t classes, bool collapse) {
  const Tensor &indices = c.input(1), &values = c.input(2);
  if (indices.dim(0) != values.dim(0))
    c.fail(cat("labels_indices and labels_values must contain the same number of rows, but saw shapes: ",
               indices.shape().str(), " vs. ", values.shape().str()));
  const int64_t* at = indices.data<int64_t>();
  const int32_t* value = values.data<int32_t>();
  int64_t n = values.dim(0), longest = 0;
  for (int64_t i = 0; i < n; ++i) longest = std::max(longest, at[2 * i + 1] + 1);
  std::vector<std::vector<int64_t>> raw(static_cast<size_t>(batch));
  for (int64_t i = 0; i < n; ++i) {
    int64_t b = at[2 * i], t = at[2 * i + 1];
    auto invalid = [&](const std::string& what) {
      c.fail(cat("label SparseTensor is not valid: indices[", i, "] = [", b, ",", t, "] is ", what));
    };
    if (b < 0 || b >= batch || t < 0)
      invalid(cat("out of bounds: need 0 <= index < [", batch, ",", longest, "]"));
    if (i > 0 && (b < at[2 * i - 2] || (b == at[2 * i - 2] && t < at[2 * i - 1])))
      invalid(
          "out of order. Many sparse ops require sorted indices.\n    Use `tf.sparse.reorder` to create a "
          "correctly ordered copy.\n\n");
    if (i > 0 && b == at[2 * i - 2] && t == at[2 * i - 1]) invalid("repeated");
    raw[size_t(b)].push_back(value[i]);
  }
  std::vector<CtcLabels> labels(static_cast<size_t>(batch));
  for (int64_t b = 0; b < batch; ++b) {
    const auto& from = raw[size_t(b)];
    CtcLabels& to = labels[size_t(b)];
    if (from.empty()) c.fail(cat("Labels length is zero in batch ", b));
    bool ended = false;
    for (size_t i = 0; i < from.size(); ++i) {
      if (from[i] < 0)
        c.fail(cat("All labels must be nonnegative integers, batch: ", b, " labels: ", label_text(from)));
      if (collapse && i > 0 && from[i] == from[i - 1]) continue;
      if (from[i] >= classes - 1)
        ended = true;
      else if (ended)
        c.fail(cat("Saw a non-null label (index >= num_classes - 1) following a null label, batch: ", b,
                   " num_classes: ", classes, " labels: ", label_text(from)));
      else
        to.push_back(from[i]);
    }
  }
  return labels;
}

/// One sequence: its states are the labels with blanks before, between and after them.
class CtcPaths {
 public:
  CtcPaths(const CtcLabels& labels, int64_t blank, bool merge) : blank_(blank), merge_(merge) {
    for (int64_t l : labels) states_.insert(states_.end(), {blank, l});
    states_.push_back(blank);
  }

  size_t size() const { return states_.size(); }
  int64_t label(size_t u) const { return states_[u]; }

  /// log_p[t * classes + k]; the result is the log of the sum over all paths, and `shares` the log of the sum
  /// over those through state u at time t.
  double run(const std::vector<double>& log_p, int64_t time, int64_t classes, std::vector<double>& shares) {
    size_t n = states_.size(), steps = size_t(time);
    std::vector<double> forward(steps * n, kImpossible), backward(steps * n, kImpossible);
    auto p = [&](size_t t, size_t u) { return log_p[t * size_t(classes) + size_t(states_[u])]; };
    for (size_t u = 0; u < std::min<size_t>(2, n); ++u) forward[u] = p(0, u);
    for (size_t t = 1; t < steps; ++t)
      for (size_t u = 0; u < n; ++u) {
        const double* before = &forward[(t - 1) * n];
        double sum = stays(u) ? before[u] : kImpossible;
        if (u >= 1) sum = add_logs(sum, before[u - 1]);
        if (u >= 2 && skips(u)) sum = add_logs(sum, before[u - 2]);
        forward[t * n + u] = sum == kImpossible ? sum : sum + p(t, u);
      }
    for (size_t u = n >= 2 ? n - 2 : 0; u < n; ++u) backward[(steps - 1) * n + u] = 0;
    for (size_t t = steps - 1; t-- > 0;)
      for (size_t u = 0; u < n; ++u) {
        const double* after = &backward[(t + 1) * n];
        double sum = stays(u) ? after[u] + p(t + 1, u) : kImpossible;
        if (u + 1 < n) sum = add_logs(sum, after[u + 1] + p(t + 1, u + 1));
        if (u + 2 < n && skips(u + 2)) sum = add_logs(sum, after[u + 2] + p(t + 1, u + 2));
        backward[t * n + u] = sum;
      }
    shares.resize(steps * n);
    for (size_t i = 0; i < shares.size(); ++i) shares[i] = forward[i] + backward[i];
    double total = kImpossible;
    for (size_t u = 0; u < n; ++u) total = add_logs(total, shares[u]);
    return total;
  }

 private:
  bool stays(size_t u) const { return merge_ || states_[u] == blank_; }
  bool skips(size_t u) const { return states_[u] != blank_ && !(merge_ && states_[u] == states_[u - 2]); }

  int64_t blank_;
  bool merge_;
  std::vector<int64_t> states_;
};

template <class T>
void ctc_loss_kernel(KernelContext& c, CtcLossOptions options) {
  const Shape& s = c.input(0).shape();
  int64_t time = s[0], batch = s[1], classes = s[2];
  const int32_t* lengths = c.in<int32_t>(3);
  for (int64_t b = 0; b < batch; ++b)
    if (lengths[b] < 0 || lengths[b] > time) c.fail(cat("sequence_length(", b, ") <= ", time));
  std::vector<CtcLabels> labels = ctc_labels(c, batch, classes, options.collapse);
  for (int64_t b = 0; b < batch; ++b)
    if (!options.ignore_longer && int64_t(labels[size_t(b)].size()) > lengths[b])
      c.fail(
          cat("Not enough time for target transition sequence (required: ", labels[size_t(b)].size(),
              ", available: ", lengths[b], ")", b,
              "You can turn this error into a warning by using the flag ignore_longer_outputs_than_inputs"));
  const T* x = c.in<T>(0);
  T *loss = c.out<T>(0), *gradient = c.out<T>(1);
  std::fill(gradient, gradient + time * batch * classes, T(0));
  double cost = double(time * (classes * 20 + 60));
  parallel_for(c.threads(), batch, cost, [&](int64_t from, int64_t to) {
    std::vector<double> log_p, shares, states;
    for (int64_t b = from; b < to; ++b) {
      const CtcLabels& l = labels[size_t(b)];
      int64_t steps = lengths[b];
      loss[b] = T(0);
      if (steps == 0 || int64_t(l.size()) > steps) continue;
      log_p.resize(static_cast<size_t>(steps * classes));
      for (int64_t t = 0; t < steps; ++t) {
        const T* row = x + (t * batch + b) * classes;
        double largest = double(*std::max_element(row, row + classes)), sum = 0;
        for (int64_t k = 0; k < classes; ++k) sum += std::exp(double(row[k]) - largest);
        double norm = largest + std::log(sum);
        for (int64_t k = 0; k < classes; ++k) log_p[size_t(t * classes + k)] = double(row[k]) - norm;
      }
      CtcPaths paths(l, classes - 1, options.merge);
      double total = paths.run(log_p, steps, classes, shares);
      loss[b] = T(-total);
      for (int64_t t = 0; t < steps; ++t) {
        T* row = gradient + (t * batch + b) * classes;
        states.assign(static_cast<size_t>(classes), kImpossible);
        for (size_t u = 0; total != kImpossible && u < paths.size(); ++u) {
          double& state = states[size_t(paths.label(u))];
          state = add_logs(state, shares[size_t(t) * paths.size() + u]);
        }
        for (int64_t k = 0; k < classes; ++k) {
          double share = total == kImpossible ? 0.0 : std::exp(states[size_t(k)] - total);
          row[k] = T(std::exp(log_p[size_t(t * classes + k)]) - share);
        }
      }
    }
  });
}

void infer_ctc_loss(InferContext& c) {
  Shape inputs = c.with_rank(0, 3);
  c.with_rank(1, 2);
  c.with_rank(2, 1);
  if (c.shape(3).has_rank() && c.shape(3).rank() != 1) c.fail("sequence_length is not a vector");
  int64_t n = c.with_rank(3, 1)[0];
  if (n >= 0 && inputs[1] >= 0 && n != inputs[1])
    c.fail(
        cat("len(sequence_length) != batch_size.  len(sequence_length):  ", n, " batch_size: ", inputs[1]));
  if (inputs[2] == 0) c.fail("num_classes must be positive");
  if (inputs[1] < 0) inputs.set_dim(1, n);
  c.set_output(0, Shape{inputs[1]});
  c.set_output(1, inputs);
}

FLOE_OP("CTCLoss", op) {
  op.in("inputs:T, labels_indices:int64, labels_values:int32, sequence_length:int32");
  op.out("loss:T, gradient:T");
  op.attrs(
      "preprocess_collapse_repeated:bool=false; ctc_merge_repeated:bool=true; "
      "ignore_longer_outputs_than_inputs:bool=false; T:{float,double}=float");
  op.infer(infer_ctc_loss);
  op.kernel([](const KernelInit& k) {
    CtcLossOptions options{k.attr<bool>("preprocess_collapse_repeated"), k.attr<bool>("ctc_merge_repeated"),
                           k.attr<bool>("ignore_longer_outputs_than_inputs")};
    KernelFn fn;
    dispatch(Types<float, double>{}, k.input_type(0),
             [&]<class T>() { fn = [=](KernelContext& c) { ctc_loss_kernel<T>(c, options); }; });
    return fn;
  });
  op.gradient([](GradientContext& g) {
    Tensor by_batch = call("Reshape", {g.grad(0), Tensor::vec(std::vector<int32_t>{1, -1, 1})})[0];
    g.set(0, by_batch * g.output(1));
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor at = Tensor::of({3, 2}, std::vector<int64_t>{0, 0, 0, 1, 1, 0});
    auto inputs = [&](std::vector<int32_t> labels, std::vector<int32_t> lengths, DType t = DType::kFloat32) {
      return std::vector<Tensor>{s.random({6, 2, 4}, t), at, Samples::i32(labels), Samples::i32(lengths)};
    };
    // TensorFlow adds the doubles' probabilities up in float.
    s.each_type("T", [&](DType t) { s.add(inputs({0, 1, 2}, {6, 4}, t)).tolerance = 1e-6; });
    s.add(inputs({0, 0, 2}, {5, 4}), {{"preprocess_collapse_repeated", true}});
    s.add(inputs({0, 0, 2}, {5, 4}), {{"ctc_merge_repeated", false}});
    s.add(inputs({1, 2, 2}, {1, 6}), {{"ignore_longer_outputs_than_inputs", true}});
    s.add(inputs({0, 0, 2}, {2, 6}));
    s.add(inputs({0, 3, 2}, {5, 6}));
    s.fails("Not enough time for target transition sequence (required: 2, available: 1)0",
            inputs({0, 1, 2}, {1, 4}));
    s.fails("sequence_length(1) <= 6", inputs({0, 1, 2}, {1, 7}));
    s.fails("All labels must be nonnegative integers, batch: 0 labels: -1,1", inputs({-1, 1, 2}, {5, 5}));
    s.fails("Saw a non-null label (index >= num_classes - 1) following a null label",
            inputs({3, 1, 2}, {5, 5}));
    s.fails("len(sequence_length) != batch_size", inputs({0, 1, 2}, {6}));
  });
}

}  // namespace
}  // namespace floe
