// FakeQuant: floats as a quantized model would see them.
#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

// The range moved a little, so that 0 falls on the grid.
struct Grid {
  float lo, hi, scale;
  Grid(float min, float max, float low, float high) {
    scale = (max - min) / (high - low);
    float zero = low - min / scale;
    zero = zero < low ? low : zero > high ? high : std::round(zero);
    lo = (low - zero) * scale;
    hi = (high - zero) * scale;
  }
  bool holds(float x) const { return x >= lo && x <= hi; }
  float clamp(float x) const {
    x = x > hi ? hi : x;
    return x < lo ? lo : x;
  }
};

struct Levels {
  float low, high;
};
Levels levels_of(const KernelInit& k) {
  int64_t bits = k.attr<int64_t>("num_bits");
  if (bits < 2 || bits > 16) k.fail(cat("num_bits must be between 2 and 16, inclusive, found ", bits));
  return {k.attr<bool>("narrow_range") ? 1.0f : 0.0f, float((1 << bits) - 1)};
}

AttrMap quant_attrs(const GradientContext& g, std::initializer_list<const char*> names) {
  AttrMap attrs;
  for (const char* n : names) attrs.set(n, *g.attrs().find(n));
  return attrs;
}

FLOE_OP("FakeQuantWithMinMaxArgs", op) {
  op.in("inputs:float")
      .out("outputs:float")
      .attrs("min:float=-6.0; max:float=6.0; num_bits:int=8; narrow_range:bool=false");
  op.infer(infer_unchanged).elementwise();
  op.kernel([](const KernelInit& k) -> KernelFn {
    Levels l = levels_of(k);
    float min = k.attr<float>("min"), max = k.attr<float>("max");
    if (!(min < max)) k.fail(cat("min has to be smaller than max, was: ", min, " >= ", max));
    Grid g(min, max, l.low, l.high);
    float inverse = (l.high - l.low) / (max - min);
    return [g, inverse](KernelContext& c) {
      map_unary<float, float>(
          c, 2, [&](float x) { return std::floor((g.clamp(x) - g.lo) * inverse + 0.5f) * g.scale + g.lo; });
    };
  });
  op.samples([](Samples& s) {
    Tensor x = Samples::numbers({9}, {-9, -1, -.5, -.3, 0, .3, .7, 1, 1.9});
    s.add({x});
    s.add({x}, {{"min", -1.f}, {"max", 2.f}});
    s.add({x}, {{"min", -1.f}, {"max", 2.f}, {"num_bits", int64_t(3)}, {"narrow_range", true}});
    s.add({x}, {{"min", 1.f}, {"max", 2.f}});
    s.add({x}, {{"min", -2.f}, {"max", -1.f}});
    s.add({Samples::numbers({3}, {NAN, INFINITY, -INFINITY})});
    s.add({s.random({0, 2})});
    s.fails("min has to be smaller than max", {x}, {{"min", 2.f}, {"max", 1.f}});
    s.fails("num_bits must be between 2 and 16, inclusive", {x}, {{"num_bits", int64_t(17)}});
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::op("FakeQuantWithMinMaxArgsGradient", {g.grad(), g.input(0)},
                      quant_attrs(g, {"min", "max", "num_bits", "narrow_range"})));
  });
}

FLOE_OP("FakeQuantWithMinMaxArgsGradient", op) {
  op.in("gradients:float, inputs:float")
      .out("backprops:float")
      .attrs("min:float=-6.0; max:float=6.0; num_bits:int=8; narrow_range:bool=false");
  op.infer([](InferContext& c) { c.set_output(0, merge_shapes(c.shape(0), c.shape(1))); }).no_gradient();
  op.kernel([](const KernelInit& k) -> KernelFn {
    Levels l = levels_of(k);
    float min = k.attr<float>("min"), max = k.attr<float>("max");
    if (!(min < max)) k.fail(cat("min has to be smaller than max, was: ", min, " >= ", max));
    Grid g(min, max, l.low, l.high);
    return [g](KernelContext& c) {
      const float *dy = c.in<float>(0), *x = c.in<float>(1);
      float* dx = c.out<float>(0);
      for (int64_t i = 0; i < c.output(0).num_elements(); ++i) dx[i] = g.holds(x[i]) ? dy[i] : 0.0f;
    };
  });
  op.samples([](Samples& s) {
    Tensor x = Samples::numbers({9}, {-9, -1, -.5, -.3, 0, .3, .7, 1, 1.9});
    s.add({s.random({9}), x});
    s.add({s.random({9}), x}, {{"min", -1.f}, {"max", 2.f}});
    s.add({s.random({9}), x},
          {{"min", -1.f}, {"max", 2.f}, {"num_bits", int64_t(3)}, {"narrow_range", true}});
    s.add({s.random({0, 2}), s.random({0, 2})});
    s.fails("min has to be smaller than max", {x, x}, {{"min", 2.f}, {"max", 1.f}});
  });
}

// One range for all, or one for each index of the last dimension.
void define_vars(OpBuilder& op, bool per_channel) {
  op.in("inputs:float, min:float, max:float")
      .out("outputs:float")
      .attrs("num_bits:int=8; narrow_range:bool=false");
  op.infer([per_channel](InferContext& c) {
    Shape x = per_channel ? c.with_rank_at_least(0, 1) : c.shape(0);
    for (int i : {1, 2}) {
      Shape r = c.with_rank(i, per_channel ? 1 : 0);
      if (per_channel && x.has_rank() && x.dim(-1) >= 0 && r[0] >= 0 && x.dim(-1) != r[0])
        c.fail(cat("Dimensions must be equal, but are ", x.dim(-1), " and ", r[0]));
    }
    c.set_output(0, c.shape(0));
  });
  op.kernel([per_channel](const KernelInit& k) -> KernelFn {
    Levels l = levels_of(k);
    return [l, per_channel](KernelContext& c) {
      const float* x = c.in<float>(0);
      float* y = c.out<float>(0);
      int64_t n = c.output(0).num_elements(), channels = per_channel ? c.input(0).dim(-1) : 1;
      for (int64_t k = 0; k < channels; ++k) {
        float min = c.in<float>(1)[k], max = c.in<float>(2)[k];
        bool nothing = min == 0 && max == 0;
        Grid g(min, max, l.low, l.high);
        for (int64_t i = k; i < n; i += channels)
          y[i] = nothing ? 0.0f : std::floor((g.clamp(x[i]) - g.lo) / g.scale + 0.5f) * g.scale + g.lo;
      }
    };
  });
  op.samples([per_channel](Samples& s) {
    if (per_channel) {
      s.add({s.random({5, 2}), Samples::numbers({2}, {-1, -2}), Samples::numbers({2}, {2, 3})});
      s.add({s.random({5, 2}), Samples::numbers({2}, {0, 0}), Samples::numbers({2}, {0, 3})},
            {{"num_bits", int64_t(4)}});
      s.add({s.random({2, 2, 3}), Samples::numbers({3}, {-1, -1, -1}), Samples::numbers({3}, {1, 2, 3})},
            {{"narrow_range", true}});
      s.add({s.random({2}), Samples::numbers({2}, {-1, -1}), Samples::numbers({2}, {1, 2})});
      s.fails("Dimensions must be equal, but are 2 and 1", {s.random({5, 2}), s.random({1}), s.random({2})});
      return;
    }
    Tensor x = Samples::numbers({3, 3}, {-9, -1, -.5, -.3, 0, .3, .7, 1, 1.9});
    for (auto [lo, hi] : {std::pair{-1.f, 2.f}, {1.f, 2.f}, {0.f, 0.f}})
      s.add({x, Tensor::scalar(lo), Tensor::scalar(hi)});
    s.add({x, Tensor::scalar(-1.f), Tensor::scalar(2.f)}, {{"num_bits", int64_t(4)}, {"narrow_range", true}});
    s.fails("Shape must be rank 0 but is rank 1", {x, s.random({1}), Tensor::scalar(2.f)});
    s.fails("num_bits must be between 2 and 16", {x, Tensor::scalar(0.f), Tensor::scalar(2.f)},
            {{"num_bits", int64_t(1)}});
  });
}
void define_vars_gradient(OpBuilder& op, bool per_channel) {
  op.in("gradients:float, inputs:float, min:float, max:float")
      .out("backprops_wrt_input:float, backprop_wrt_min:float, backprop_wrt_max:float")
      .attrs("num_bits:int=8; narrow_range:bool=false");
  op.no_gradient();
  op.infer([per_channel](InferContext& c) {
    Shape x = merge_shapes(c.shape(0), c.shape(1));
    Shape r = merge_shapes(c.with_rank(2, per_channel ? 1 : 0), c.with_rank(3, per_channel ? 1 : 0));
    if (per_channel && x.has_rank() && x.rank() > 0 && x.dim(-1) >= 0 && r[0] >= 0 && x.dim(-1) != r[0])
      c.fail(cat("Dimensions must be equal, but are ", x.dim(-1), " and ", r[0]));
    c.set_output(0, x);
    c.set_output(1, r);
    c.set_output(2, r);
  });
  op.kernel([per_channel](const KernelInit& k) -> KernelFn {
    Levels l = levels_of(k);
    return [l, per_channel](KernelContext& c) {
      const float *dy = c.in<float>(0), *x = c.in<float>(1);
      float* dx = c.out<float>(0);
      int64_t n = c.output(0).num_elements(), channels = per_channel ? c.input(2).num_elements() : 1;
      for (int64_t k = 0; k < channels; ++k) {
        float min = c.in<float>(2)[k], max = c.in<float>(3)[k];
        bool nothing = min == 0 && max == 0;
        Grid g(min, max, l.low, l.high);
        float below = 0, above = 0;
        for (int64_t i = k; i < n; i += channels) {
          dx[i] = nothing || g.holds(x[i]) ? dy[i] : 0.0f;
          if (!nothing && x[i] < g.lo) below += dy[i];
          if (!nothing && x[i] > g.hi) above += dy[i];
        }
        c.out<float>(1)[k] = below;
        c.out<float>(2)[k] = above;
      }
    };
  });
  op.samples([per_channel](Samples& s) {
    if (per_channel) {
      auto add = [&](const Shape& shape, std::vector<double> lo, std::vector<double> hi, AttrMap m = {}) {
        Shape r{int64_t(lo.size())};
        s.add({s.random(shape), s.random(shape), Samples::numbers(r, lo), Samples::numbers(r, hi)}, m);
      };
      add({5, 2}, {-1, -.2}, {.5, .3});
      add({5, 2}, {0, 0}, {0, .3}, {{"num_bits", int64_t(4)}});
      add({2, 2, 3}, {-1, -1, -1}, {1, 2, 3}, {{"narrow_range", true}});
      s.fails("Dimensions must be equal, but are 2 and 1",
              {s.random({5, 2}), s.random({5, 2}), s.random({1}), s.random({1})});
      return;
    }
    Tensor x = Samples::numbers({3, 3}, {-9, -1, -.5, -.3, 0, .3, .7, 1, 1.9});
    for (auto [lo, hi] : {std::pair{-1.f, 2.f}, {1.f, 2.f}, {0.f, 0.f}, {-.4f, .5f}})
      s.add({s.random({3, 3}), x, Tensor::scalar(lo), Tensor::scalar(hi)});
    s.fails("num_bits must be between 2 and 16", {x, x, Tensor::scalar(0.f), Tensor::scalar(2.f)},
            {{"num_bits", int64_t(1)}});
  });
}
FLOE_OP("FakeQuantWithMinMaxVarsGradient", op) { define_vars_gradient(op, false); }
FLOE_OP("FakeQuantWithMinMaxVarsPerChannelGradient", op) { define_vars_gradient(op, true); }

void gradient_of_vars(GradientContext& g, const char* name) {
  std::vector<Tensor> d = call(name, {g.grad(), g.input(0), g.input(1), g.input(2)},
                               quant_attrs(g, {"num_bits", "narrow_range"}));
  for (int i : {0, 1, 2}) g.set(i, d[size_t(i)]);
}
FLOE_OP("FakeQuantWithMinMaxVars", op) {
  define_vars(op, false);
  op.gradient([](GradientContext& g) { gradient_of_vars(g, "FakeQuantWithMinMaxVarsGradient"); });
}
FLOE_OP("FakeQuantWithMinMaxVarsPerChannel", op) {
  define_vars(op, true);
  op.gradient([](GradientContext& g) { gradient_of_vars(g, "FakeQuantWithMinMaxVarsPerChannelGradient"); });
}

}  // namespace
}  // namespace floe
