// Non-maximum suppression: picks boxes by score and drops those that overlap a picked one.
#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <queue>
#include <vector>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

/// Intersection over union of two boxes given by two opposite corners each. Every step rounds to T.
template <class T>
T box_overlap(const T* a, const T* b) {
  auto lo = [](T x, T y) { return y < x ? y : x; };
  auto hi = [](T x, T y) { return x < y ? y : x; };
  T a0 = lo(a[0], a[2]), a1 = lo(a[1], a[3]), a2 = hi(a[0], a[2]), a3 = hi(a[1], a[3]);
  T b0 = lo(b[0], b[2]), b1 = lo(b[1], b[3]), b2 = hi(b[0], b[2]), b3 = hi(b[1], b[3]);
  T area_a = T(T(a2 - a0) * T(a3 - a1)), area_b = T(T(b2 - b0) * T(b3 - b1));
  if (area_a <= T(0.0f) || area_b <= T(0.0f)) return T(0.0f);
  T height = hi(T(lo(a2, b2) - hi(a0, b0)), T(0.0f)), width = hi(T(lo(a3, b3) - hi(a1, b1)), T(0.0f));
  T common = T(height * width);
  return T(common / T(T(area_a + area_b) - common));
}

template <class T>
struct Candidate {
  int32_t box;
  T score;
  int32_t checked = 0;  // picked boxes it has been compared with already
};

/// Options and results of one run.
template <class T>
struct Suppression {
  T overlap_threshold, score_threshold, sigma = T(0.0f);
  std::vector<int32_t> picked;
  std::vector<T> scores;

  /// overlap(i, j) tells how much boxes i and j overlap. Equal scores: the lower index first.
  template <class F>
  void run(const T* score, int64_t n, int64_t limit, F&& overlap) {
    bool soft = sigma > T(0.0f);
    T scale = soft ? T(T(-0.5f) / sigma) : T(0.0f);
    auto worse = [](const Candidate<T>& a, const Candidate<T>& b) {
      return (a.score == b.score && a.box > b.box) || a.score < b.score;
    };
    std::priority_queue<Candidate<T>, std::deque<Candidate<T>>, decltype(worse)> queue(worse);
    for (int64_t i = 0; i < n; ++i)
      if (score[i] > score_threshold) queue.push({int32_t(i), score[i]});
    while (int64_t(picked.size()) < limit && !queue.empty()) {
      Candidate<T> next = queue.top();
      queue.pop();
      T original = next.score;
      bool dropped = false;
      for (int32_t j = int32_t(picked.size()) - 1; j >= next.checked; --j) {
        T o = overlap(next.box, picked[size_t(j)]);
        T weight = soft || o <= overlap_threshold ? T(std::exp(float(T(T(scale * o) * o)))) : T(0.0f);
        next.score = T(next.score * weight);
        if (!soft && o > overlap_threshold) {
          dropped = true;
          break;
        }
        if (next.score <= score_threshold) break;
      }
      next.checked = int32_t(picked.size());
      if (dropped) continue;
      if (next.score == original) {
        picked.push_back(next.box);
        scores.push_back(next.score);
      } else if (next.score > score_threshold) {
        queue.push(next);
      }
    }
  }
};

/// max_output_size as a number of boxes.
int64_t output_limit(KernelContext& c, int i) {
  int32_t n = c.scalar<int32_t>(i);
  if (n < 0) c.fail(cat("max_output_size must be non-negative, found ", n));
  return n;
}

template <class T>
T checked_threshold(KernelContext& c, T v) {
  if (!(v >= T(0.0f) && v <= T(1.0f))) c.fail("iou_threshold must be in [0, 1]");
  return v;
}

void infer_suppression(InferContext& c) {
  Shape boxes = c.with_rank(0, 2);
  int64_t scores = c.with_rank(1, 1)[0];
  for (int i = 2; i < c.num_inputs(); ++i) c.with_rank(i, 0);
  if (boxes[0] >= 0 && scores >= 0 && boxes[0] != scores)
    c.fail(
        cat("scores has incompatible shape: Dimensions must be equal, but are ", boxes[0], " and ", scores));
  if (boxes[1] >= 0 && boxes[1] != 4)
    c.fail(cat("boxes must have 4 columns: Dimension must be 4 but is ", boxes[1]));
  int64_t n = -1;
  if (c.has_attr("pad_to_max_output_size") && c.attr<bool>("pad_to_max_output_size"))
    if (auto limit = c.int_value(2)) {
      if ((*limit)[0] < 0) c.fail(cat("max_output_size must be non-negative, found ", (*limit)[0]));
      n = (*limit)[0];
    }
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, Shape{n});
  if (c.num_outputs() > 1) c.set_output(c.num_outputs() - 1, Shape{});
}

/// Writes the picked boxes; with `padded` the rest up to `limit` is zero.
template <class T>
void write_picked(KernelContext& c, const Suppression<T>& s, int64_t limit, bool padded) {
  int64_t n = int64_t(s.picked.size()), size = padded ? limit : n;
  int32_t* out = c.allocate(0, DType::kInt32, {size}).mutable_data<int32_t>();
  std::fill(std::copy(s.picked.begin(), s.picked.end(), out), out + size, 0);
  if (c.num_outputs() == 3) {
    T* score = c.allocate(1, dtype_of_v<T>, {size}).template mutable_data<T>();
    std::fill(std::copy(s.scores.begin(), s.scores.end(), score), score + size, T(0.0f));
  }
  if (c.num_outputs() > 1)
    *c.allocate(c.num_outputs() - 1, DType::kInt32, {}).mutable_data<int32_t>() = int32_t(n);
}

/// Inputs as numbers of type T, whatever half type they have.
template <class T>
T threshold_input(KernelContext& c, int i) {
  return c.input(i).dtype() == DType::kFloat32 ? T(c.scalar<float>(i)) : T(float(c.scalar<float16>(i)));
}

template <class T>
void suppress(KernelContext& c, const AttrMap& attrs) {
  int64_t limit = output_limit(c, 2);
  Suppression<T> s;
  s.overlap_threshold = c.num_inputs() > 3 ? threshold_input<T>(c, 3) : T(attrs.get<float>("iou_threshold"));
  checked_threshold(c, s.overlap_threshold);
  s.score_threshold =
      c.num_inputs() > 4 ? threshold_input<T>(c, 4) : T(-std::numeric_limits<float>::infinity());
  if (c.num_inputs() > 5) {
    s.sigma = threshold_input<T>(c, 5);
    if (!(s.sigma >= T(0.0f))) c.fail("soft_nms_sigma must be non-negative");
  }
  const T* boxes = c.in<T>(0);
  s.run(c.in<T>(1), c.input(1).num_elements(), limit,
        [boxes](int32_t i, int32_t j) { return box_overlap(boxes + i * 4, boxes + j * 4); });
  write_picked(c, s, limit, attrs.get_or<bool>("pad_to_max_output_size", false));
}

KernelFn suppression_kernel(const KernelInit& k) {
  AttrMap attrs = k.attrs;
  if (k.input_type(0) == DType::kFloat32) return [attrs](KernelContext& c) { suppress<float>(c, attrs); };
  return [attrs](KernelContext& c) { suppress<float16>(c, attrs); };
}

Tensor nms_boxes(DType t = DType::kFloat32) {
  return Samples::numbers(
      {6, 4}, {0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, -0.1, 1, 0.9, 0, 10, 1, 11, 1, 11.1, 0, 10.1, 0, 100, 1, 101},
      t);
}
Tensor nms_scores(DType t = DType::kFloat32) {
  return Samples::numbers({6}, {0.9, 0.75, 0.6, 0.95, 0.5, 0.3}, t);
}
Tensor nms_ties() { return Samples::numbers({6}, {0.5, 0.5, 0.5, 0.5, 0.5, 0.5}); }
Tensor value(double v, DType t = DType::kFloat32) { return Samples::numbers({}, {v}, t); }
Tensor count(int32_t n) { return Tensor::scalar(n); }

FLOE_OP("NonMaxSuppression", op) {
  op.in("boxes:float, scores:float, max_output_size:int32").out("selected_indices:int32");
  op.attrs("iou_threshold:float=0.5");
  op.infer(infer_suppression).kernel(suppression_kernel).dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    s.add({nms_boxes(), nms_scores(), count(3)});
    s.add({nms_boxes(), nms_ties(), count(30)}, {{"iou_threshold", 0.9f}});
    s.add({s.random({0, 4}), s.random({0}), count(3)});
    s.fails("max_output_size must be non-negative", {nms_boxes(), nms_scores(), count(-1)});
    s.fails("iou_threshold must be in [0, 1]", {nms_boxes(), nms_scores(), count(3)},
            {{"iou_threshold", 1.2f}});
    s.fails("scores has incompatible shape", {nms_boxes(), s.random({5}), count(3)});
    s.fails("boxes must have 4 columns", {s.random({6, 3}), nms_scores(), count(3)});
  });
  op.no_gradient();
}

FLOE_OP("NonMaxSuppressionV2", op) {
  op.in("boxes:T, scores:T, max_output_size:int32, iou_threshold:T_threshold").out("selected_indices:int32");
  op.attrs("T:{half,float}=float; T_threshold:{half,float}=float");
  op.infer(infer_suppression).kernel(suppression_kernel).dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat16})
      s.add({nms_boxes(t), nms_scores(t), count(3), value(0.5, t)});
    s.add({nms_boxes(), nms_ties(), count(30), value(0.5)});
  });
  op.no_gradient();
}

FLOE_OP("NonMaxSuppressionV3", op) {
  op.in("boxes:T, scores:T, max_output_size:int32, iou_threshold:T_threshold, score_threshold:T_threshold");
  op.out("selected_indices:int32").attrs("T:{half,float}=float; T_threshold:{half,float}=float");
  op.infer(infer_suppression).kernel(suppression_kernel).dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat16})
      s.add({nms_boxes(t), nms_scores(t), count(5), value(0.5, t), value(0.4, t)});
    s.add({s.random({40, 4}), s.random({40}), count(30), value(0.2), value(-1)});
  });
}

FLOE_OP("NonMaxSuppressionV4", op) {
  op.in("boxes:T, scores:T, max_output_size:int32, iou_threshold:T_threshold, score_threshold:T_threshold");
  op.out("selected_indices:int32, valid_outputs:int32");
  op.attrs("T:{half,float}=float; T_threshold:{half,float}=float; pad_to_max_output_size:bool=false");
  op.infer(infer_suppression).kernel(suppression_kernel).dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    for (bool pad : {false, true})
      s.add({nms_boxes(), nms_scores(), count(5), value(0.5), value(0.4)}, {{"pad_to_max_output_size", pad}});
  });
}

FLOE_OP("NonMaxSuppressionV5", op) {
  op.in("boxes:T, scores:T, max_output_size:int32, iou_threshold:T, score_threshold:T, soft_nms_sigma:T");
  op.out("selected_indices:int32, selected_scores:T, valid_outputs:int32");
  op.attrs("T:{half,float}=float; pad_to_max_output_size:bool=false");
  op.infer(infer_suppression).kernel(suppression_kernel).dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    for (bool pad : {false, true})
      for (double sigma : {0.0, 0.5})
        s.add({nms_boxes(), nms_scores(), count(6), value(0.5), value(0.2), value(sigma)},
              {{"pad_to_max_output_size", pad}});
    s.add({s.random({40, 4}), s.random({40}), count(30), value(1), value(0), value(0.3)});
  });
}

FLOE_OP("NonMaxSuppressionWithOverlaps", op) {
  op.in(
      "overlaps:float, scores:float, max_output_size:int32, overlap_threshold:float, score_threshold:float");
  op.out("selected_indices:int32");
  op.infer([](InferContext& c) {
    Shape overlaps = c.with_rank(0, 2);
    int64_t n = c.with_rank(1, 1)[0];
    for (int i = 2; i < 5; ++i) c.with_rank(i, 0);
    for (int d : {0, 1})
      if (overlaps[d] >= 0 && n >= 0 && overlaps[d] != n)
        c.fail(cat("overlaps must be square and as large as scores: Dimensions must be equal, but are ",
                   overlaps[d], " and ", n));
    c.set_output(0, Shape{-1});
  });
  op.compute([](KernelContext& c) {
    int64_t limit = output_limit(c, 2), n = c.input(1).num_elements();
    Suppression<float> s;
    s.overlap_threshold = c.scalar<float>(3);
    s.score_threshold = c.scalar<float>(4);
    const float* overlaps = c.in<float>(0);
    s.run(c.in<float>(1), n, limit, [=](int32_t i, int32_t j) { return overlaps[i * n + j]; });
    write_picked(c, s, limit, false);
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    s.add({s.uniform({6, 6}, 0, 1), nms_scores(), count(4), value(0.5), value(0.35)});
    s.fails("overlaps must be square",
            {s.uniform({6, 5}, 0, 1), nms_scores(), count(4), value(0.5), value(0.35)});
  });
  op.no_gradient();
}

struct Detection {
  float score;
  int32_t label;
  const float* box;
};

struct CombinedInputs {
  const float *boxes, *scores;
  int64_t n, per_box, classes, per_class_limit;
  float overlap_threshold, score_threshold;
};

/// Picks the boxes of one class and appends them. Equal scores come in the order the heap gives them, as in
/// TensorFlow.
void detect_class(const CombinedInputs& in, int64_t label, std::vector<Detection>& found) {
  struct Entry {
    int64_t box;
    float score;
  };
  auto worse = [](const Entry& a, const Entry& b) { return a.score < b.score; };
  std::priority_queue<Entry, std::deque<Entry>, decltype(worse)> queue(worse);
  for (int64_t i = 0; i < in.n; ++i)
    if (float s = in.scores[i * in.classes + label]; s > in.score_threshold) queue.push({i, s});
  auto box_of = [&](int64_t i) { return in.boxes + (i * in.per_box + (in.per_box > 1 ? label : 0)) * 4; };
  std::vector<int64_t> picked;
  while (int64_t(picked.size()) < in.per_class_limit && !queue.empty()) {
    Entry e = queue.top();
    queue.pop();
    bool keep = std::none_of(picked.rbegin(), picked.rend(), [&](int64_t p) {
      return box_overlap(box_of(e.box), box_of(p)) > in.overlap_threshold;
    });
    if (!keep) continue;
    picked.push_back(e.box);
    found.push_back({e.score, int32_t(label), box_of(e.box)});
  }
}

void infer_combined(InferContext& c) {
  Shape boxes = c.with_rank(0, 4), scores = c.with_rank(1, 3);
  for (int i = 2; i < 6; ++i) c.with_rank(i, 0);
  for (int d : {0, 1})
    if (boxes[d] >= 0 && scores[d] >= 0 && boxes[d] != scores[d])
      c.fail(cat("boxes and scores must have the same ", d ? "number of boxes" : "batch size",
                 ": Dimensions must be equal, but are ", boxes[d], " and ", scores[d]));
  if (boxes[3] >= 0 && boxes[3] != 4)
    c.fail(cat("box must have 4 columns: Dimension must be 4 but is ", boxes[3]));
  if (boxes[2] >= 0 && scores[2] >= 0 && boxes[2] != 1 && boxes[2] != scores[2])
    c.fail(cat("third dimension of boxes must be either 1 or equal to the third dimension of scores, found ",
               boxes[2], " and ", scores[2]));
  auto limit = c.int_value(2), total = c.int_value(3);
  if (limit && (*limit)[0] <= 0) c.fail("max_size_per_class must be positive");
  if (total && (*total)[0] <= 0) c.fail(cat("max_total_size must be > 0, found ", (*total)[0]));
  bool per_class = c.attr<bool>("pad_per_class");
  int64_t n = -1, batch = boxes[0] >= 0 ? boxes[0] : scores[0];
  if (total && !per_class) n = (*total)[0];
  if (total && limit && per_class && scores[2] >= 0) n = std::min((*total)[0], (*limit)[0] * scores[2]);
  c.set_output(0, Shape{batch, n, 4});
  c.set_output(1, Shape{batch, n});
  c.set_output(2, Shape{batch, n});
  c.set_output(3, Shape{batch});
}

void combined_suppression(KernelContext& c, bool clip) {
  const Shape &boxes = c.input(0).shape(), &scores = c.input(1).shape();
  CombinedInputs in{
      nullptr,           nullptr, boxes[1], boxes[2], scores[2], c.scalar<int32_t>(2), c.scalar<float>(4),
      c.scalar<float>(5)};
  if (!(in.overlap_threshold >= 0 && in.overlap_threshold <= 1)) c.fail("iou_threshold must be in [0, 1]");
  int64_t size = c.output(1).dim(1);
  for (int i = 0; i < 3; ++i) std::fill_n(c.out<float>(i), c.output(i).num_elements(), 0.0f);
  for (int64_t b = 0; b < boxes[0]; ++b) {
    in.boxes = c.in<float>(0) + b * boxes[1] * boxes[2] * 4;
    in.scores = c.in<float>(1) + b * scores[1] * scores[2];
    std::vector<Detection> found;
    for (int64_t k = 0; k < in.classes; ++k) detect_class(in, k, found);
    std::stable_sort(found.begin(), found.end(),
                     [](const Detection& x, const Detection& y) { return x.score > y.score; });
    int64_t n = std::min<int64_t>(int64_t(found.size()), size);
    for (int64_t i = 0; i < n; ++i) {
      const Detection& d = found[size_t(i)];
      for (int k = 0; k < 4; ++k)
        c.out<float>(0)[(b * size + i) * 4 + k] = clip ? std::max(std::min(d.box[k], 1.0f), 0.0f) : d.box[k];
      c.out<float>(1)[b * size + i] = d.score;
      c.out<float>(2)[b * size + i] = float(d.label);
    }
    c.out<int32_t>(3)[b] = int32_t(n);
  }
}

FLOE_OP("CombinedNonMaxSuppression", op) {
  op.in(
      "boxes:float, scores:float, max_output_size_per_class:int32, max_total_size:int32, "
      "iou_threshold:float, "
      "score_threshold:float");
  op.out("nmsed_boxes:float, nmsed_scores:float, nmsed_classes:float, valid_detections:int32");
  op.attrs("pad_per_class:bool=false; clip_boxes:bool=true");
  op.infer(infer_combined).fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool clip = k.attr<bool>("clip_boxes");
    return [clip](KernelContext& c) { combined_suppression(c, clip); };
  });
  op.samples([](Samples& s) {
    auto run = [&](int64_t per_box, int32_t limit, int32_t total, AttrMap m) {
      s.add({s.uniform({2, 8, per_box, 4}, 0, 1.2), s.uniform({2, 8, 3}, 0, 1), count(limit), count(total),
             value(0.3), value(0.2)},
            std::move(m));
    };
    run(1, 4, 10, {});
    run(3, 4, 10, {});
    run(1, 2, 50, {{"pad_per_class", true}});
    run(3, 4, 5, {{"clip_boxes", false}});
    s.add({s.uniform({1, 6, 1, 4}, 0, 1), Samples::filled({1, 6, 2}, 0.5), count(4), count(9), value(0.3),
           value(0.2)});
    s.fails("max_total_size must be > 0", {s.uniform({1, 6, 1, 4}, 0, 1), s.uniform({1, 6, 2}, 0, 1),
                                           count(4), count(0), value(0.3), value(0.2)});
    s.fails("max_size_per_class must be positive", {s.uniform({1, 6, 1, 4}, 0, 1), s.uniform({1, 6, 2}, 0, 1),
                                                    count(0), count(3), value(0.3), value(0.2)});
    s.fails("third dimension of boxes must be either 1 or equal",
            {s.uniform({1, 6, 3, 4}, 0, 1), s.uniform({1, 6, 2}, 0, 1), count(4), count(3), value(0.3),
             value(0.2)});
  });
}

}  // namespace
}  // namespace floe
