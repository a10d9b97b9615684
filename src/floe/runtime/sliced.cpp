#include "floe/runtime/sliced.h"

#include <algorithm>
#include <cstring>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/graph/passes/rewrite.h"

namespace floe {

// What a slice's largest step touches should stay well inside the last-level cache; larger slices give the
// products more rows. Measured on MobileNetV2 (best at 2) and ResNet50 (best at 8).
constexpr int64_t kSliceBytes = 24 << 20;
constexpr int64_t kMaxSlice = 8;

int64_t slice_size(int64_t bytes_per_sample, int64_t batch, int threads) {
  int64_t s = std::clamp<int64_t>(kSliceBytes / std::max<int64_t>(1, bytes_per_sample), 1, kMaxSlice);
  return std::min(s, std::max<int64_t>(1, batch / threads));
}

SlicedPlan::SlicedPlan(BatchSplit split, const Options& o, const Make& make) : options_(o) {
  auto shapes_for = [&](int64_t n) {
    std::vector<Shape> v;
    for (Node* a : split.front->args) {
      Shape s = a->output_shapes[0];
      s.set_dim(0, n);
      v.push_back(s);
    }
    return v;
  };
  for (const Endpoint& e : split.front->results) {
    Shape s = shape_of(e);
    s.set_dim(0, o.batch);
    shapes_.push_back(s);
    types_.push_back(type_of(e));
  }
  slice_ = make(*split.front, shapes_for(o.slice), 1);
  if (o.batch % o.slice) last_ = make(*split.front, shapes_for(o.batch % o.slice), 1);
  if (split.rest) rest_ = make(*split.rest, shapes_, o.threads);
}

void SlicedPlan::run_slice(RunState& state, std::span<const Tensor> inputs, int64_t from, int64_t to,
                           std::vector<Tensor>& outputs) const {
  std::vector<Tensor> in, out;
  for (const Tensor& t : inputs) in.push_back(t.rows(from, to));
  (to - from == options_.slice ? slice_ : last_)->run(state, in, out);
  for (size_t i = 0; i < out.size(); ++i) {
    size_t row = outputs[i].nbytes() / size_t(options_.batch);
    std::memcpy(static_cast<char*>(outputs[i].mutable_raw()) + size_t(from) * row, out[i].raw(),
                out[i].nbytes());
  }
}

void SlicedPlan::run(RunState& state, std::span<Tensor> inputs, std::vector<Tensor>& outputs) const {
  std::vector<Tensor> middle;
  for (size_t i = 0; i < shapes_.size(); ++i) middle.emplace_back(types_[i], shapes_[i]);
  int64_t slices = (options_.batch + options_.slice - 1) / options_.slice;
  parallel_for(options_.threads, slices, 1e6, [&](int64_t from, int64_t to) {
    RunState mine = state;
    mine.threads = 1;
    for (int64_t s = from; s < to; ++s)
      run_slice(mine, inputs, s * options_.slice, std::min(options_.batch, (s + 1) * options_.slice), middle);
  });
  if (rest_)
    rest_->run(state, middle, outputs);
  else
    outputs = std::move(middle);
}

std::string SlicedPlan::describe() const {
  std::string s = cat("in slices of ", options_.slice, " samples, side by side on ", options_.threads,
                      " thread(s): ", slice_->describe());
  if (rest_) s += cat("then the whole batch: ", rest_->describe());
  return s;
}

}  // namespace floe
