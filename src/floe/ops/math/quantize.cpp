// Numbers on a grid: QuantizeV2, Dequantize, QuantizeAndDequantize.
#include <algorithm>

#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

using QuantTypes = Types<int8_t, uint8_t, int16_t, uint16_t, int32_t>;

// Which slice along the axis an element belongs to; one slice of everything when there is no axis.
struct Slices {
  int64_t outer = 1, count = 1, inner = 1;
  Slices(const Shape& s, int64_t axis) {
    if (axis < 0) {
      inner = s.num_elements();
    } else {
      for (int i = 0; i < s.rank(); ++i) (i < axis ? outer : i == axis ? count : inner) *= s[i];
    }
  }
  template <class F>
  void each(int64_t slice, F&& fn) const {
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = (o * count + slice) * inner, end = i + inner; i < end; ++i) fn(i);
  }
};

// Ranges are scalars, or one number for each slice along the axis.
void check_ranges(InferContext& c, int64_t axis) {
  const Shape& x = c.shape(0);
  if (axis < -1) c.fail(cat("axis should be at least -1, got ", axis));
  if (axis >= 0 && x.has_rank() && axis >= x.rank())
    c.fail(cat("Shape must be at least rank ", axis + 1, " but is rank ", x.rank()));
  for (int i : {1, 2}) {
    const Shape& r = c.shape(i);
    int want = axis < 0 ? 0 : 1;
    if (!r.has_rank()) continue;
    if (r.rank() != want)
      c.fail(cat("Shape must be rank ", want, " but is rank ", r.rank(), " for input ", i));
    if (want && x.has_rank() && r[0] >= 0 && x[int(axis)] >= 0 && r[0] != x[int(axis)])
      c.fail(cat("Dimensions must be equal, but are ", r[0], " and ", x[int(axis)]));
  }
}

enum class Mode { kMinCombined, kMinFirst, kScaled };
Mode mode_of(const KernelInit& k) {
  const std::string& m = k.attr<std::string>("mode");
  return m == "MIN_FIRST" ? Mode::kMinFirst : m == "SCALED" ? Mode::kScaled : Mode::kMinCombined;
}

template <class T>
constexpr float lowest_of() {
  return float(std::numeric_limits<T>::min());
}
template <class T>
constexpr float highest_of() {
  return float(std::numeric_limits<T>::max());
}

// What x86's conversion does: out of range gives the lowest int32.
template <class T>
T narrow(float v) {
  return T(v >= -2147483648.0f && v < 2147483648.0f ? int32_t(v) : std::numeric_limits<int32_t>::min());
}

// The scale that maps [lo, hi] into [low, high] with 0 on 0; the range becomes what is reached exactly.
struct Scaled {
  float lo, hi, scale, inverse;
  Scaled(float lo, float hi, float low, float high) : lo(lo), hi(hi) {
    float by_lo = low * lo > 0 ? low / lo : std::numeric_limits<float>::max();
    float by_hi = high * hi > 0 ? high / hi : std::numeric_limits<float>::max();
    if (by_lo < by_hi) {
      scale = by_lo;
      inverse = lo / low;
      this->hi = high * inverse;
    } else {
      scale = by_hi;
      inverse = hi / high;
      this->lo = low * inverse;
    }
  }
};

KernelFn quantize_kernel(const KernelInit& k) {
  Mode mode = mode_of(k);
  int64_t axis = k.attr<int64_t>("axis");
  bool to_even = k.attr<std::string>("round_mode") == "HALF_TO_EVEN",
       narrow_range = k.attr<bool>("narrow_range");
  float least = k.attr<float>("ensure_minimum_range");
  if (to_even && mode != Mode::kScaled)
    k.fail(cat("Round mode 'HALF_TO_EVEN' only supported for mode 'SCALED', but mode is '",
               k.attr<std::string>("mode"), "'."));
  if (mode == Mode::kMinFirst && axis >= 0)
    k.fail("MIN_FIRST mode is not implemented for Quantize with axis != -1.");
  KernelFn fn;
  dispatch(QuantTypes{}, k.output_type(0), [&]<class T>() {
    fn = [=](KernelContext& c) {
      constexpr float low = lowest_of<T>(), high = highest_of<T>();
      const float* x = c.in<float>(0);
      T* y = static_cast<T*>(c.output(0).mutable_raw());
      Slices s(c.input(0).shape(), axis);
      for (int64_t n = 0; n < s.count; ++n) {
        float lo = c.in<float>(1)[n], hi = c.in<float>(2)[n];
        if (hi < lo)
          c.fail(cat("input_max_range must be larger than input_min_range, got ", hi, " and ", lo));
        float margin = std::max(1.0f, std::max(std::abs(lo), std::abs(hi))) * least;
        lo = std::min(0.0f, lo);
        hi = std::max(0.0f, std::max(hi, lo + margin));
        if (mode == Mode::kMinCombined) {
          float scale = (high - low) / (hi - lo), half = std::is_signed_v<T> ? (high - low + 1) / 2 : 0;
          s.each(n, [&](int64_t i) {
            y[i] = narrow<T>(std::round((std::max(std::min(x[i], hi), lo) - lo) * scale - half));
          });
        } else if (mode == Mode::kMinFirst) {
          double steps = double(uint64_t(1) << (8 * sizeof(T)));
          float scale = lo == hi ? 0 : float(steps / ((double(hi) - double(lo)) * (steps / (steps - 1))));
          float start = std::round(lo * scale) - low;
          float top = std::is_same_v<T, int32_t> ? 2147483520.0f : high;
          s.each(n, [&](int64_t i) {
            y[i] = narrow<T>(std::min(std::max(std::round(x[i] * scale) - start, low), top));
          });
        } else {
          Scaled g(lo, hi, low + (narrow_range ? 1.0f : 0.0f), high);
          lo = g.lo;
          hi = g.hi;
          s.each(n, [&](int64_t i) {
            float v = std::max(std::min(x[i], hi), lo) * g.scale;
            y[i] = narrow<T>(to_even ? std::nearbyint(v) : std::round(v));
          });
        }
        c.out<float>(1)[n] = lo;
        c.out<float>(2)[n] = hi;
      }
    };
  });
  return fn;
}

Tensor as_quant(Tensor t, DType q) { return t.viewed_as(q); }
const DType kQuants[] = {DType::kQint8, DType::kQuint8, DType::kQint16, DType::kQuint16, DType::kQint32};
const char* const kModes[] = {"MIN_COMBINED", "MIN_FIRST", "SCALED"};

FLOE_OP("QuantizeV2", op) {
  op.in("input:float, min_range:float, max_range:float")
      .out("output:T, output_min:float, output_max:float")
      .attrs(
          "T:{qint8,quint8,qint32,qint16,quint16}; "
          "mode:{'MIN_COMBINED','MIN_FIRST','SCALED'}='MIN_COMBINED'; "
          "round_mode:{'HALF_AWAY_FROM_ZERO','HALF_TO_EVEN'}='HALF_AWAY_FROM_ZERO'; narrow_range:bool=false; "
          "axis:int=-1; "
          "ensure_minimum_range:float=0.01");
  op.fails_on_values().kernel(quantize_kernel);
  op.infer([](InferContext& c) {
    int64_t axis = c.attr<int64_t>("axis");
    check_ranges(c, axis);
    c.set_output(0, c.shape(0));
    for (int i : {1, 2})
      c.set_output(i, axis < 0 ? Shape{} : Shape{c.shape(0).has_rank() ? c.shape(0)[int(axis)] : -1});
  });
  op.samples([](Samples& s) {
    Tensor x = Samples::numbers({9}, {-3, -1, -.5, -.3, 0, .3, .7, 1, 1.9});
    auto f = [](float v) { return Tensor::scalar(v); };
    for (DType t : kQuants)
      for (const char* mode : kModes) s.add({x, f(-1), f(2)}, {{"T", t}, {"mode", std::string(mode)}});
    for (const char* mode : kModes) {
      AttrMap m = {{"T", DType::kQint8}, {"mode", std::string(mode)}};
      s.add({x, f(1), f(2)}, m);
      s.add({x, f(0), f(0)}, m);
      s.add({x, f(-2), f(-1)}, m);
      m.set("narrow_range", true);
      s.add({x, f(-1), f(2)}, m);
    }
    Tensor lows = Samples::numbers({2}, {-1, -2}), highs = Samples::numbers({2}, {2, 3});
    auto by_column = [](const char* mode) {
      return AttrMap{{"T", DType::kQuint8}, {"mode", std::string(mode)}, {"axis", int64_t(1)}};
    };
    for (const char* mode : {"MIN_COMBINED", "SCALED"})
      s.add({s.random({3, 2}), lows, highs}, by_column(mode));
    s.fails("MIN_FIRST mode is not implemented for Quantize", {s.random({3, 2}), lows, highs},
            by_column("MIN_FIRST"));
    s.add(
        {x, f(-2), f(1)},
        {{"T", DType::kQint8}, {"mode", std::string("SCALED")}, {"round_mode", std::string("HALF_TO_EVEN")}});
    AttrMap m = {{"T", DType::kQint8}};
    s.fails("must be larger than", {x, f(2), f(1)}, m);
    s.fails("Shape must be rank 0 but is rank 1", {x, s.random({1}), f(1)}, m);
    s.fails("only supported for mode 'SCALED'", {x, f(0), f(1)},
            {{"T", DType::kQint8}, {"round_mode", std::string("HALF_TO_EVEN")}});
  });
}

template <class T, class Out>
void dequantize(KernelContext& c, Mode mode, int64_t axis, bool narrow_range) {
  constexpr float low = lowest_of<T>(), high = highest_of<T>();
  const T* x = static_cast<const T*>(c.input(0).raw());
  Out* y = c.out<Out>(0);
  Slices s(c.input(0).shape(), axis);
  for (int64_t n = 0; n < s.count; ++n) {
    float lo = c.in<float>(1)[n], hi = c.in<float>(2)[n], scale, shift;
    if (mode == Mode::kMinCombined) {
      scale = (hi - lo) / (high - low);
      float half = std::is_signed_v<T> ? (high - low + 1) / 2 : 0;
      s.each(n, [&](int64_t i) { y[i] = Out((float(x[i]) + half) * scale + lo); });
      continue;
    }
    if (mode == Mode::kMinFirst) {
      double steps = double(uint64_t(1) << (8 * sizeof(T)));
      scale = float((double(hi) - double(lo)) / (steps - 1));
      float start = lo == hi ? lo : std::round(lo / scale) * scale;
      shift = start - low * scale;
    } else {
      float least = low + (narrow_range ? 1.0f : 0.0f);
      scale = std::is_signed_v<T> ? std::max(lo / least, hi / high) : hi / high;
      shift = 0;
    }
    s.each(n, [&](int64_t i) { y[i] = Out(float(x[i]) * scale + shift); });
  }
}

FLOE_OP("Dequantize", op) {
  op.in("input:T, min_range:float, max_range:float")
      .out("output:dtype")
      .attrs(
          "T:{qint8,quint8,qint32,qint16,quint16}; "
          "mode:{'MIN_COMBINED','MIN_FIRST','SCALED'}='MIN_COMBINED'; "
          "narrow_range:bool=false; axis:int=-1; dtype:{bfloat16,float}=float");
  op.infer([](InferContext& c) {
    check_ranges(c, c.attr<int64_t>("axis"));
    c.set_output(0, c.shape(0));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    Mode mode = mode_of(k);
    int64_t axis = k.attr<int64_t>("axis");
    bool narrow_range = k.attr<bool>("narrow_range");
    if (mode == Mode::kMinFirst && axis >= 0)
      k.fail("MIN_FIRST mode is not implemented for Dequantize with axis != -1.");
    if (mode != Mode::kMinCombined && k.output_type(0) == DType::kBfloat16)
      k.fail(
          cat("dtype bfloat16 is only supported in mode MIN_COMBINED, found ", k.attr<std::string>("mode")));
    KernelFn fn;
    dispatch(QuantTypes{}, k.input_type(0), [&]<class T>() {
      dispatch(Types<float, bfloat16>{}, k.output_type(0), [&]<class Out>() {
        fn = [=](KernelContext& c) { dequantize<T, Out>(c, mode, axis, narrow_range); };
      });
    });
    return fn;
  });
  op.samples([](Samples& s) {
    auto f = [](float v) { return Tensor::scalar(v); };
    for (DType t : kQuants)
      for (const char* mode : kModes) {
        bool is_signed = t == DType::kQint8 || t == DType::kQint16 || t == DType::kQint32;
        Tensor x = Samples::numbers({5}, {is_signed ? -128. : 128., is_signed ? -1. : 1., 0, 1, 127},
                                    storage_type(t));
        s.add({as_quant(x, t), f(-1), f(2)}, {{"mode", std::string(mode)}});
      }
    Tensor q = as_quant(Samples::numbers({2, 3}, {-127, -1, 0, 1, 5, 127}, DType::kInt8), DType::kQint8);
    for (const char* mode : kModes)
      s.add({q, f(-3), f(2)}, {{"mode", std::string(mode)}, {"narrow_range", true}});
    Tensor lo = Samples::numbers({3}, {-3, -1, 0}), hi = Samples::numbers({3}, {2, 1, 4});
    for (const char* mode : {"MIN_COMBINED", "SCALED"})
      s.add({q, lo, hi}, {{"mode", std::string(mode)}, {"axis", int64_t(1)}});
    s.add({q, f(-1), f(2)}, {{"dtype", DType::kBfloat16}});
    s.fails("MIN_FIRST mode is not implemented", {q, lo, hi},
            {{"mode", std::string("MIN_FIRST")}, {"axis", int64_t(1)}});
    s.fails("Dimensions must be equal, but are 3 and 2", {q, lo, hi}, {{"axis", int64_t(0)}});
    s.fails("Shape must be at least rank 3 but is rank 2", {q, lo, hi}, {{"axis", int64_t(2)}});
    s.fails("Shape must be rank 0 but is rank 1", {q, lo, hi});
  });
}

// To the grid and back. Without a given range, the data's own extremes are taken.
template <class T>
void round_trip(KernelContext& c, int64_t bits, bool is_signed, bool given, bool half_up, bool narrow_range,
                int64_t axis) {
  if (bits < 1 || bits > (is_signed ? 62 : 63))
    c.fail(cat("num_bits is out of range: ", bits, " with signed_input ", is_signed));
  using A = std::conditional_t<std::is_same_v<T, double>, double, float>;
  float high = float(is_signed ? (int64_t(1) << (bits - 1)) - 1 : int64_t((uint64_t(1) << bits) - 1));
  float low = is_signed ? -float(int64_t(1) << (bits - 1)) : 0;
  if (narrow_range && is_signed) low = -high;
  const T* x = c.in<T>(0);
  T* y = c.out<T>(0);
  Slices s(c.input(0).shape(), axis);
  for (int64_t n = 0; n < s.count; ++n) {
    A lo = INFINITY, hi = -INFINITY;
    if (given) {
      lo = A(c.in<T>(1)[n]);
      hi = A(c.in<T>(2)[n]);
      if (lo > hi) c.fail(cat("Invalid range: input_min ", lo, " > input_max ", hi));
    } else {
      s.each(n, [&](int64_t i) {
        A v = A(x[i]);
        if (v < lo) lo = v;
        if (v > hi) hi = v;
      });
      if (lo > hi) lo = hi = 0;
    }
    A by_lo = low * lo > 0 ? low / lo : std::numeric_limits<A>::max();
    A by_hi = high * hi > 0 ? high / hi : std::numeric_limits<A>::max();
    A scale, inverse;
    if (by_lo < by_hi) {
      scale = by_lo;
      inverse = lo / low;
      hi = high * inverse;
    } else {
      scale = by_hi;
      inverse = hi / high;
      lo = low * inverse;
    }
    s.each(n, [&](int64_t i) {
      A v = A(x[i]);
      if (given) v = v < lo ? lo : v > hi ? hi : v;
      v *= scale;
      y[i] = T((half_up ? std::floor(v + A(0.5)) : std::nearbyint(v)) * inverse);
    });
  }
}

void infer_round_trip(InferContext& c) {
  check_ranges(c, c.attr<int64_t>("axis"));
  if (c.num_inputs() > 3 && c.shape(3).has_rank() && c.shape(3).rank() != 0)
    c.fail(cat("Shape must be rank 0 but is rank ", c.shape(3).rank(), " for input 3"));
  c.set_output(0, c.shape(0));
}

void define_round_trip(OpBuilder& op, int version) {
  op.in(version == 3 ? "input:T, input_min:T, input_max:T, num_bits:int32"
                     : "input:T, input_min:T, input_max:T");
  op.out("output:T")
      .attrs(
          version == 3
              ? "signed_input:bool=true; range_given:bool=true; T:{bfloat16,half,float,double}; "
                "narrow_range:bool=false; axis:int=-1"
              : "signed_input:bool=true; num_bits:int=8; range_given:bool=false; "
                "T:{bfloat16,half,float,double}; "
                "round_mode:{'HALF_TO_EVEN','HALF_UP'}='HALF_TO_EVEN'; narrow_range:bool=false; axis:int=-1");
  op.infer(infer_round_trip).fails_on_values();
  op.kernel([version](const KernelInit& k) -> KernelFn {
    bool is_signed = k.attr<bool>("signed_input"), given = k.attr<bool>("range_given");
    bool narrow_range = k.attr<bool>("narrow_range");
    bool half_up = version != 3 && k.attr<std::string>("round_mode") == "HALF_UP";
    int64_t axis = k.attr<int64_t>("axis"), bits = version == 3 ? 0 : k.attr<int64_t>("num_bits");
    KernelFn fn;
    dispatch(FloatTypes{}, k.input_type(0), [&]<class T>() {
      fn = [=](KernelContext& c) {
        round_trip<T>(c, version == 3 ? c.scalar<int32_t>(3) : bits, is_signed, given, half_up, narrow_range,
                      axis);
      };
    });
    return fn;
  });
  op.samples([version](Samples& s) {
    auto add = [&](Tensor x, double lo, double hi, int bits, AttrMap m) {
      DType t = x.dtype();
      std::vector<Tensor> in{x, Samples::numbers({}, {lo}, t), Samples::numbers({}, {hi}, t)};
      if (version == 3)
        in.push_back(Tensor::scalar(bits));
      else
        m.set("num_bits", int64_t(bits));
      s.add(in, m);
    };
    for (DType t : {DType::kFloat32, DType::kFloat64}) {
      Tensor x = Samples::numbers({9}, {-3, -1, -.5, -.3, 0, .3, .7, 1, 1.9}, t);
      for (bool given : {false, true})
        for (bool is_signed : {false, true}) {
          add(x, -1, 2, 8, {{"range_given", given}, {"signed_input", is_signed}});
          add(x, -1, 2, 4, {{"range_given", given}, {"signed_input", is_signed}, {"narrow_range", true}});
        }
    }
    Tensor x = Samples::numbers({2, 3}, {-3, -1, -.5, .3, 1, 2});
    if (version != 3) {
      add(x, -1, 2, 4, {{"range_given", true}, {"round_mode", std::string("HALF_UP")}});
      s.add({x, Samples::numbers({2}, {0, 0}), Samples::numbers({2}, {0, 0})}, {{"axis", int64_t(0)}});
      s.fails("num_bits is out of range: 0", {x, Tensor::scalar(0.f), Tensor::scalar(0.f)},
              {{"num_bits", int64_t(0)}});
      s.fails("Invalid range: input_min 2 > input_max 1", {x, Tensor::scalar(2.f), Tensor::scalar(1.f)},
              {{"range_given", true}});
    } else {
      s.fails("Shape must be rank 0 but is rank 1",
              {x, Tensor::scalar(0.f), Tensor::scalar(1.f), Samples::i32({8})});
    }
    add(Samples::filled({2}, 0), 0, 0, 8, {{"range_given", false}});
  });
}
// What lies outside the range has no gradient, and neither has the range.
template <class T>
void round_trip_gradient(KernelContext& c, int64_t axis) {
  const T *dy = c.in<T>(0), *x = c.in<T>(1);
  T* dx = c.out<T>(0);
  Slices s(c.input(1).shape(), axis);
  for (int64_t n = 0; n < s.count; ++n) {
    auto lo = compute_t<T>(c.in<T>(2)[n]), hi = compute_t<T>(c.in<T>(3)[n]);
    s.each(n, [&](int64_t i) {
      auto v = compute_t<T>(x[i]);
      dx[i] = v < lo || v > hi ? T(0) : dy[i];
    });
    c.out<T>(1)[n] = c.out<T>(2)[n] = T(0);
  }
}
FLOE_OP("QuantizeAndDequantizeV4Grad", op) {
  op.in("gradients:T, input:T, input_min:T, input_max:T")
      .out("input_backprop:T, input_min_backprop:T, input_max_backprop:T")
      .attrs("T:{bfloat16,half,float,double}; axis:int=-1");
  op.infer([](InferContext& c) {
    Shape x = merge_shapes(c.shape(0), c.shape(1));
    int64_t axis = c.attr<int64_t>("axis");
    for (int i : {2, 3}) {
      const Shape r = c.with_rank(i, axis < 0 ? 0 : 1);
      if (axis < 0 || !x.has_rank()) continue;
      if (x.rank() <= axis) c.fail(cat("Shape must be at least rank ", axis + 1, " but is rank ", x.rank()));
      if (x[int(axis)] >= 0 && r[0] >= 0 && x[int(axis)] != r[0])
        c.fail(cat("Dimensions must be equal, but are ", r[0], " and ", x[int(axis)]));
    }
    c.set_output(0, x);
    c.set_output(1, c.shape(2));
    c.set_output(2, c.shape(3));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t axis = k.attr<int64_t>("axis");
    KernelFn fn;
    dispatch(FloatTypes{}, k.input_type(0),
             [&]<class T>() { fn = [axis](KernelContext& c) { round_trip_gradient<T>(c, axis); }; });
    return fn;
  });
  op.gradient([](GradientContext& g) {
    g.set(0, call(g.def().name, {g.grad(), g.input(1), g.input(2), g.input(3)},
                  {{"axis", g.attr<int64_t>("axis")}})[0]);
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64}) {
      Tensor x = Samples::numbers({4, 2}, {-3, -1, -.5, 0, .3, 1.9, 2, 2.1}, t);
      s.add({s.random({4, 2}, t), x, Samples::numbers({}, {-1}, t), Samples::numbers({}, {2}, t)});
    }
    s.add({s.random({4, 2}), s.random({4, 2}), Samples::numbers({2}, {-1, -.5}),
           Samples::numbers({2}, {1, .2})},
          {{"axis", int64_t(1)}});
    s.fails("Dimensions must be equal, but are 2 and 4",
            {s.random({4, 2}), s.random({4, 2}), s.random({2}), s.random({2})}, {{"axis", int64_t(0)}});
  });
}

FLOE_OP("QuantizeAndDequantizeV2", op) {
  define_round_trip(op, 2);
  op.gradient([](GradientContext& g) { g.set(0, g.raw_grad()); });
}
FLOE_OP("QuantizeAndDequantizeV3", op) {
  define_round_trip(op, 3);
  op.gradient([](GradientContext& g) { g.set(0, g.raw_grad()); });
}
FLOE_OP("QuantizeAndDequantizeV4", op) {
  define_round_trip(op, 4);
  op.gradient([](GradientContext& g) {
    std::vector<Tensor> d =
        call("QuantizeAndDequantizeV4Grad", {g.grad(), g.input(0), g.input(1), g.input(2)},
             {{"axis", g.attr<int64_t>("axis")}});
    for (int i : {0, 1, 2}) g.set(i, d[size_t(i)]);
  });
}

}  // namespace
}  // namespace floe
