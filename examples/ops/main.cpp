// Ops as C++ functions: a dense layer and a softmax on constant tensors.
#include <iostream>

#include "floe/floe.h"
#include "floe/ops.h"

namespace ops = floe::ops;
using floe::Tensor;

int main() {
  try {
    Tensor x = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
    Tensor w = Tensor::of<float>({2, 3}, {0.1f, 0.2f, 0.3f, -0.1f, 0.0f, 0.1f});
    Tensor b = Tensor::vec<float>({0.5f, -0.5f});

    Tensor logits = ops::bias_add(ops::matmul(x, w, {.transpose_b = true}), b);
    Tensor probabilities = ops::softmax(logits);
    std::cout << probabilities.str() << "\n";

    auto best = ops::top_kv2(probabilities, Tensor::scalar<int32_t>(1));
    std::cout << "best classes: " << ops::squeeze(best.indices, {.squeeze_dims = {1}}).str() << "\n";

    ops::matmul(x, w);
  } catch (const floe::InvalidArgument& e) {
    std::cout << "as expected: " << e.what() << "\n";
    return 0;
  } catch (const floe::Error& e) {
    std::cerr << e.what() << "\n";
  }
  return 1;
}
