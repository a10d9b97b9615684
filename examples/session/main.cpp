// A graph in TensorFlow 1's manner: recorded once, trained by a session.
#include <cmath>
#include <iostream>

#include "floe/floe.h"
#include "floe/session.h"

using floe::DType;
using floe::Shape;
using floe::Tensor;

int main() {
  try {
    floe::StaticGraph g;
    Tensor x, y, init, loss, step, slope;
    {
      floe::StaticGraph::Scope recording(g);
      x = g.placeholder(DType::kFloat32, Shape({-1}), "x");
      y = g.placeholder(DType::kFloat32, Shape({-1}), "y");
      floe::StaticVariable w = g.variable(Tensor::scalar(0.0f), "w");
      init = w.initializer();
      slope = w.read();
      Tensor error = x * slope - y;
      loss = floe::call("Mean", {error * error, Tensor::vec<int32_t>({0})})[0];
      Tensor gradient = floe::gradients({loss}, {slope})[0].dense();
      step = w.assign_sub(gradient * 0.1);
    }

    floe::Session session(g);
    session.run({init});
    Tensor xs = Tensor::vec<float>({1, 2, 3}), ys = Tensor::vec<float>({2, 4, 6});
    for (int i = 0; i < 20; ++i) session.run({step}, {{x, xs}, {y, ys}});
    float w = session.run({slope})[0].item<float>();
    std::cout << "slope: " << std::round(w * 1000) / 1000 << "\n";

    session.run({loss}, {{x, xs}});
  } catch (const floe::InvalidArgument& e) {
    std::cout << "as expected: " << e.what() << "\n";
    return 0;
  } catch (const floe::Error& e) {
    std::cerr << e.what() << "\n";
  }
  return 1;
}
