// Running single ops. The typed functions of floe/ops.h are made of this.
#pragma once

#include <string_view>
#include <vector>

#include "floe/attr.h"
#include "floe/tensor.h"

namespace floe {

/// Runs one op now:
///
///     std::vector<Tensor> y = floe::call("MatMul", {a, b}, {{"transpose_b", true}});
///
/// Inputs come in the order of the declaration, lists laid out flat. Attributes with a default may be left
/// out, and so may those that follow from the inputs (types, lengths of lists). Errors name the op. State
/// (variables, tables) is the process's; threads are num_threads().
std::vector<Tensor> call(std::string_view op, std::vector<Tensor> inputs, AttrMap attrs = {});

namespace ops::detail {

/// The only output of an op.
Tensor only(std::vector<Tensor> outputs);

/// The types of a list of inputs.
std::vector<DType> types(const std::vector<Tensor>& tensors);

inline void append(std::vector<Tensor>& all, const Tensor& t) { all.push_back(t); }
inline void append(std::vector<Tensor>& all, const std::vector<Tensor>& list) {
  all.insert(all.end(), list.begin(), list.end());
}
template <class... A>
std::vector<Tensor> join(const A&... inputs) {
  std::vector<Tensor> all;
  (append(all, inputs), ...);
  return all;
}

/// Hands out outputs from first to last.
class Outputs {
 public:
  explicit Outputs(std::vector<Tensor> tensors) : tensors_(std::move(tensors)) {}
  Tensor one();
  std::vector<Tensor> many(size_t n);

 private:
  std::vector<Tensor> tensors_;
  size_t at_ = 0;
};

}  // namespace ops::detail
}  // namespace floe
