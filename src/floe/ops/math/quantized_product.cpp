// Products and rescaling of 8-bit numbers, as TensorFlow's quantize_nodes wrote them into graphs.
#include <algorithm>
#include <cmath>
#include <limits>

#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

constexpr double kLowest32 = -2147483648.0, kHighest32 = 2147483647.0;

// The 8-bit number that stands for 0 in [low, high].
int32_t zero_point(float low, float high) {
  if (low == high) return 0;
  double scale = 255.0 / (double(high) - double(low));
  return int32_t(-std::round(double(low) * scale));
}

// What a 32-bit number stands for in [low, high].
double value_of(int32_t q, double low, double high) {
  if (low == high) return low;
  double scale = (high - low) / 4294967295.0;
  return low + (double(q) - kLowest32) * scale;
}

void multiply(KernelContext& c, bool ta, bool tb) {
  const Tensor &a = c.input(0), &b = c.input(1);
  float min_a = c.scalar<float>(2), max_a = c.scalar<float>(3), min_b = c.scalar<float>(4),
        max_b = c.scalar<float>(5);
  if (!(max_a > min_a)) c.fail("max_a must be larger than min_a.");
  if (!(max_b > min_b)) c.fail("max_b must be larger than min_b.");
  int64_t m = c.output(0).dim(0), n = c.output(0).dim(1), k = a.dim(ta ? 0 : 1);
  int32_t za = zero_point(min_a, max_a), zb = zero_point(min_b, max_b);
  const uint8_t *pa = a.data<uint8_t>(), *pb = b.data<uint8_t>();
  int32_t* out = c.out<int32_t>(0);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      uint32_t sum = 0;  // wraps around as TensorFlow's 32 bits do
      for (int64_t s = 0; s < k; ++s) {
        int32_t x = int32_t(pa[ta ? s * m + i : i * k + s]) - za,
                y = int32_t(pb[tb ? j * k + s : s * n + j]) - zb;
        sum += uint32_t(x) * uint32_t(y);
      }
      out[i * n + j] = int32_t(sum);
    }
  double level = (double(max_a) - min_a) / 255.0 * ((double(max_b) - min_b) / 255.0);
  *c.out<float>(1) = float(level * kLowest32);
  *c.out<float>(2) = float(level * kHighest32);
}

void find_range(KernelContext& c) {
  double low = c.scalar<float>(1), high = c.scalar<float>(2);
  int32_t smallest = std::numeric_limits<int32_t>::max(), largest = std::numeric_limits<int32_t>::lowest();
  for (int32_t v : c.input(0).flat<int32_t>())
    smallest = std::min(smallest, v), largest = std::max(largest, v);
  *c.out<float>(0) = float(std::min(0.0, value_of(smallest, low, high)));
  *c.out<float>(1) = float(value_of(largest, low, high));
}

void rescale(KernelContext& c) {
  double low = c.scalar<float>(1), high = c.scalar<float>(2), to_low = c.scalar<float>(3),
         to_high = c.scalar<float>(4);
  if (!(to_low <= 0)) c.fail("requested_output_min must be <= 0.");
  if (!(to_high >= to_low)) c.fail("requested_output_max must be >= requested_output_min.");
  double scale = to_high > to_low ? 255.0 / (to_high - to_low) : 0;
  const int32_t* in = c.in<int32_t>(0);
  uint8_t* out = c.out<uint8_t>(0);
  for (int64_t i = 0; i < c.input(0).num_elements(); ++i) {
    double q = std::round((value_of(in[i], low, high) - to_low) * scale);
    out[i] = uint8_t(std::clamp(q, 0.0, 255.0));
  }
  *c.out<float>(1) = float(to_low);
  *c.out<float>(2) = float(to_high);
}

Tensor levels(Samples& s, const Shape& shape, DType t) {
  return s.uniform(shape, 0, 9, DType::kUint8).viewed_as(t);
}
Tensor number(float v) { return Tensor::scalar(v); }

FLOE_OP("QuantizedMatMul", op) {
  op.in("a:T1, b:T2, min_a:float, max_a:float, min_b:float, max_b:float")
      .out("out:Toutput, min_out:float, max_out:float")
      .attrs(
          "T1:{qint8,quint8,qint32,qint16,quint16}; T2:{qint8,quint8,qint32,qint16,quint16}; "
          "Toutput:{qint8,quint8,qint32,qint16,quint16}=qint32; transpose_a:bool=false; "
          "transpose_b:bool=false; "
          "Tactivation:{qint8,quint8,qint32,qint16,quint16}=quint8");
  op.infer([](InferContext& c) {
    Shape a = c.with_rank(0, 2), b = c.with_rank(1, 2);
    bool ta = c.attr<bool>("transpose_a"), tb = c.attr<bool>("transpose_b");
    int64_t ka = a[ta ? 0 : 1], kb = b[tb ? 1 : 0];
    if (ka >= 0 && kb >= 0 && ka != kb)
      c.fail("Matrix size-incompatible: In[0]: " + a.str() + ", In[1]: " + b.str());
    c.set_output(0, Shape{a[ta ? 1 : 0], b[tb ? 0 : 1]});
    c.set_output(1, Shape{});
    c.set_output(2, Shape{});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    if (k.input_type(0) != DType::kQuint8 || k.input_type(1) != DType::kQuint8 ||
        k.output_type(0) != DType::kQint32)
      k.fail("only quint8 times quint8 to qint32 has a kernel, as in TensorFlow");
    bool ta = k.attr<bool>("transpose_a"), tb = k.attr<bool>("transpose_b");
    return [=](KernelContext& c) { multiply(c, ta, tb); };
  });
  op.samples([](Samples& s) {
    for (bool t : {false, true})
      s.add({levels(s, t ? Shape{4, 3} : Shape{3, 4}, DType::kQuint8),
             levels(s, t ? Shape{5, 4} : Shape{4, 5}, DType::kQuint8), number(-1), number(2), number(-3),
             number(1)},
            {{"transpose_a", t}, {"transpose_b", t}});
  });
}

FLOE_OP("RequantizationRange", op) {
  op.in("input:Tinput, input_min:float, input_max:float").out("output_min:float, output_max:float");
  op.attrs("Tinput:{qint8,quint8,qint32,qint16,quint16}").infer(infer_scalar);
  op.kernel([](const KernelInit& k) -> KernelFn {
    if (k.input_type(0) != DType::kQint32) k.fail("only qint32 has a kernel, as in TensorFlow");
    return find_range;
  });
  op.samples([](Samples& s) {
    s.add({Tensor::vec<int32_t>({-400, 90, 1000}).viewed_as(DType::kQint32), number(-4e4f), number(4e4f)})
        .tolerance = 1e-5;
  });
}

FLOE_OP("Requantize", op) {
  op.in("input:Tinput, input_min:float, input_max:float, requested_output_min:float, "
        "requested_output_max:float")
      .out("output:out_type, output_min:float, output_max:float")
      .attrs("Tinput:{qint8,quint8,qint32,qint16,quint16}; out_type:{qint8,quint8,qint32,qint16,quint16}");
  op.infer([](InferContext& c) {
    c.set_output(0, c.shape(0));
    c.set_output(1, Shape{});
    c.set_output(2, Shape{});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    if (k.input_type(0) != DType::kQint32 || k.output_type(0) != DType::kQuint8)
      k.fail("only qint32 to quint8 has a kernel");
    return rescale;
  });
  op.samples([](Samples& s) {
    s.add({Tensor::vec<int32_t>({-40000000, 9000000, 100000000}).viewed_as(DType::kQint32), number(-100),
           number(100), number(-3), number(5)},
          {{"out_type", DType::kQuint8}});
  });
}

}  // namespace
}  // namespace floe
