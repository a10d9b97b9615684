// How an op's file writes its gradient rule:
//
//     op.gradient([](GradientContext& g) { g.set(0, g.grad() * 2.0 * g.input(0)); });
//
// Rules call ops (floe::call), so one rule serves the tape, the graph, and the gradient of the gradient.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "floe/gradient.h"
#include "floe/op/op_def.h"
#include "floe/op_call.h"
#include "floe/operators.h"

namespace floe {

class GradientContext {
 public:
  /// `needed[i]` says whether somebody asks for the gradient of input i.
  GradientContext(const OpDef& def, const AttrMap& attrs, std::span<const Tensor> inputs,
                  std::span<const Tensor> outputs, std::span<const Gradient> grads, std::vector<bool> needed)
      : def_(def),
        attrs_(attrs),
        inputs_(inputs),
        outputs_(outputs),
        grads_(grads),
        needed_(std::move(needed)),
        results_(inputs.size()) {}

  const OpDef& def() const { return def_; }
  const AttrMap& attrs() const { return attrs_; }
  template <class T>
  const T& attr(std::string_view name) const {
    return attrs_.get<T>(name);
  }

  int num_inputs() const { return int(inputs_.size()); }
  int num_outputs() const { return int(outputs_.size()); }
  const Tensor& input(int i) const { return inputs_[size_t(i)]; }
  const Tensor& output(int i = 0) const { return outputs_[size_t(i)]; }
  std::span<const Tensor> inputs() const { return inputs_; }
  std::span<const Tensor> outputs() const { return outputs_; }

  /// False when nothing depends on output i.
  bool has_grad(int i = 0) const { return bool(grads_[size_t(i)]); }
  /// The gradient that arrives at output i; zeros when nothing depends on it.
  Tensor grad(int i = 0) const;
  /// The same as it arrived, perhaps as slices.
  const Gradient& raw_grad(int i = 0) const { return grads_[size_t(i)]; }

  /// Whether the gradient of input i is asked for: work for others may be skipped.
  bool needs(int i) const { return needed_[size_t(i)]; }
  /// The gradient of input i. Inputs that are not set have none.
  void set(int i, Gradient g) { results_[size_t(i)] = std::move(g); }
  /// For inputs that were broadcast: `g` is added up along the broadcast dimensions to input i's shape.
  void set_sum(int i, const Tensor& g);

  std::vector<Gradient>& results() { return results_; }
  /// Throws InvalidArgument: "Gradient of <Op>: " + message.
  [[noreturn]] void fail(const std::string& message) const;

 private:
  const OpDef& def_;
  const AttrMap& attrs_;
  std::span<const Tensor> inputs_, outputs_;
  std::span<const Gradient> grads_;
  std::vector<bool> needed_;
  std::vector<Gradient> results_;
};

/// What rules are made of. Every function calls ops.
namespace grad {

/// The only output of an op.
Tensor op(std::string_view name, std::vector<Tensor> inputs, AttrMap attrs = {});
/// `value` as a scalar of t's dtype.
Tensor like(const Tensor& t, double value);
Tensor zeros_like(const Tensor& t);
Tensor ones_like(const Tensor& t);
/// The shape of t as an int32 vector; a constant when it is known.
Tensor shape_of(const Tensor& t);
Tensor size_of(const Tensor& t);
Tensor rank_of(const Tensor& t);
Tensor int32s(const std::vector<int64_t>& values);
Tensor int32_scalar(int64_t value);
Tensor cast(const Tensor& t, DType to);
Tensor reshape(const Tensor& t, const Tensor& shape);
Tensor reshape_like(const Tensor& t, const Tensor& as);
Tensor sum(const Tensor& t, const Tensor& axes, bool keep_dims = false);
Tensor expand_dims(const Tensor& t, int64_t axis);
Tensor transpose(const Tensor& t, const Tensor& perm);
Tensor concat(const std::vector<Tensor>& parts, int64_t axis);
Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false);
/// The complex conjugate; t itself when it is real.
Tensor conj(const Tensor& t);
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
/// `g` added up along the dimensions in which `as` was broadcast.
Tensor sum_to(const Tensor& g, const Tensor& as);

}  // namespace grad
}  // namespace floe
