// Vector functions and fused chains, one thread.
#include <cstdio>
#include <cstdlib>

#include "bench/kernels/timing.h"
#include "floe/kernels/cpu/simd/elementwise.h"

using namespace floe;
using simd::EwOp;

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.1;
  const int64_t n = 4096;
  bench::Buffer x = bench::random_buffer(size_t(n), -4, 4), z = bench::random_buffer(size_t(n), -4, 4);
  bench::Buffer y = bench::random_buffer(size_t(n));
  struct Op {
    EwOp op;
    const char* name;
  };
  std::printf("%-12s %12s\n", "4096 floats", "Gelem/s");
  for (const Op& op :
       {Op{EwOp::kAdd, "add"}, Op{EwOp::kRelu, "relu"}, Op{EwOp::kDiv, "div"}, Op{EwOp::kExp, "exp"},
        Op{EwOp::kLog, "log"}, Op{EwOp::kTanh, "tanh"}, Op{EwOp::kSigmoid, "sigmoid"}, Op{EwOp::kErf, "erf"},
        Op{EwOp::kGelu, "gelu"}, Op{EwOp::kSwish, "swish"}, Op{EwOp::kHardSwish, "hardswish"},
        Op{EwOp::kElu, "elu"}, Op{EwOp::kSoftplus, "softplus"}, Op{EwOp::kRsqrt, "rsqrt"},
        Op{EwOp::kPow, "pow"}, Op{EwOp::kSin, "sin"}}) {
    const auto us = bench::interleaved_minimum(
        seconds / 4, [&] { simd::run_elementwise_op(op.op, y.get(), {x.get()}, {z.get()}, {}, n); });
    std::printf("%-12s %12.2f\n", op.name, double(n) / us[0] / 1e3);
  }

  std::printf("\n(x * scale[c] + bias[c]), swish, + r, relu over rows of 64\n%10s %10s %10s %7s\n", "floats",
              "one by one", "fused us", "ratio");
  for (int64_t size : {1 << 10, 1 << 14, 1 << 17, 1 << 20, 1 << 23}) {
    bench::Buffer in = bench::random_buffer(size_t(size)), residual = bench::random_buffer(size_t(size));
    bench::Buffer out = bench::random_buffer(size_t(size)), scale = bench::random_buffer(64),
                  bias = bench::random_buffer(64);
    using simd::EwOperand;
    const EwOperand operands[] = {EwOperand::dense(in.get()), EwOperand::row(scale.get(), 64),
                                  EwOperand::row(bias.get(), 64), EwOperand::dense(residual.get()),
                                  EwOperand::dense(out.get())};
    simd::EwProgram fused;
    fused.inputs = 4, fused.outputs = 1, fused.temporaries = 1;
    fused.code = {{EwOp::kMul, 5, 0, 1},
                  {EwOp::kAdd, 5, 5, 2},
                  {EwOp::kSwish, 5, 5},
                  {EwOp::kAdd, 5, 5, 3},
                  {EwOp::kRelu, 4, 5}};
    simd::EwProgram steps[5];
    for (int i = 0; i < 5; ++i) {
      steps[i].inputs = 4, steps[i].outputs = 1;
      simd::EwInstr instr = fused.code[size_t(i)];
      instr.dst = 4;
      if (i > 0) instr.a = 4;
      steps[i].code = {instr};
    }
    const auto us = bench::interleaved_minimum(
        seconds,
        [&] {
          for (const auto& step : steps) simd::run_elementwise(step, operands, 0, size);
        },
        [&] { simd::run_elementwise(fused, operands, 0, size); });
    std::printf("%10ld %10.2f %10.2f %7.2f\n", long(size), us[0], us[1], us[1] / us[0]);
  }
}
