// Eager tensors, variables, gradients, recorded functions, control flow on tensors, and C++ code inside of a
// graph.
#include <cmath>
#include <cstdio>

#include "floe/floe.h"

using floe::Tensor;
using floe::Tensors;

namespace {

bool check(const char* what, float found, float expected) {
  std::printf("%-34s %g\n", what, double(found));
  if (std::abs(found - expected) <= 1e-5f * std::abs(expected)) return true;
  std::printf("  expected %g\n", double(expected));
  return false;
}

float value(const Tensor& t) { return t.item<float>(); }

// A straight line through points, by gradient descent.
bool fit_a_line() {
  Tensor x = Tensor::vec<float>({0, 1, 2, 3}), y = Tensor::vec<float>({1, 3, 5, 7});
  floe::Variable w(Tensor::scalar(0.f)), b(Tensor::scalar(0.f));
  auto step = floe::function([&](const Tensors& in) {
    floe::GradientTape tape;
    Tensor error = w.read() * in[0] + b.read() - in[1];
    Tensor loss = floe::call("Mean", {error * error, Tensor::vec<int32_t>({0})})[0];
    auto grads = tape.gradient({loss}, {w.handle(), b.handle()});
    w.assign_sub(0.1 * grads[0].dense());
    b.assign_sub(0.1 * grads[1].dense());
    return Tensors{loss};
  });
  for (int i = 0; i < 200; ++i) step({x, y});
  float slope = value(w.read()), start = value(b.read());
  bool ok = step.traces() == 1 && std::abs(slope - 2) < 1e-2f && std::abs(start - 1) < 1e-2f;
  std::printf("%-34s y = %.2f x + %.2f\n", "line through 1, 3, 5, 7", double(slope), double(start));
  return ok;
}

}  // namespace

int main() {
  bool ok = true;
  Tensor x = Tensor::scalar(3.f);
  ok &= check("x * x + 1", value(x * x + 1.0), 10);

  {
    floe::GradientTape tape;
    tape.watch(x);
    Tensor y = x * x * x;
    ok &= check("d x^3 / dx at 3", value(tape.gradient({y}, {x})[0].dense()), 27);
  }

  auto absolute = floe::function([](const Tensors& in) {
    return floe::cond(
        in[0] < Tensor::scalar(0.f), [&] { return Tensors{-in[0]}; }, [&] { return Tensors{in[0]}; });
  });
  ok &= check("cond: |-5|", value(absolute({Tensor::scalar(-5.f)})[0]), 5);

  auto power = floe::function([](const Tensors& in) {
    return floe::while_loop([&](const Tensors& v) { return v[0] < in[1]; },
                            [&](const Tensors& v) { return Tensors{v[0] + 1.0, v[1] * in[0]}; },
                            {Tensor::scalar(int32_t(0)), Tensor::scalar(1.f)});
  });
  ok &= check("while_loop: 2^10", value(power({Tensor::scalar(2.f), Tensor::scalar(int32_t(10))})[1]), 1024);

  auto with_callback = floe::function([](const Tensors& in) {
    Tensors r =
        floe::callback([](const Tensors& v) { return Tensors{Tensor::scalar(std::sqrt(value(v[0])))}; },
                       {in[0]}, {floe::DType::kFloat32}, {floe::Shape{}});
    return Tensors{r[0] + 1.0};
  });
  ok &= check("C++ code inside of a graph", value(with_callback({Tensor::scalar(16.f)})[0]), 5);

  ok &= fit_a_line();
  return ok ? 0 : 1;
}
