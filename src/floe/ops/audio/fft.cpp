// Fourier transforms over the innermost one, two or three dimensions.
#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/audio/fourier.h"
#include "floe/ops/gradients.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

using Complex = std::complex<double>;

// Transforms every line along dimension `axis` of the block `data` with dimensions `dims`.
void transform_axis(std::vector<Complex>& data, const std::vector<int64_t>& dims, size_t axis, bool inverse) {
  int64_t n = dims[axis], stride = 1, outer = 1;
  for (size_t d = axis + 1; d < dims.size(); ++d) stride *= dims[d];
  for (size_t d = 0; d < axis; ++d) outer *= dims[d];
  if (n <= 1) return;
  Fourier f(size_t(n), inverse);
  std::vector<Complex> in(static_cast<size_t>(n)), out(static_cast<size_t>(n));
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t s = 0; s < stride; ++s) {
      Complex* line = data.data() + o * n * stride + s;
      for (int64_t i = 0; i < n; ++i) in[size_t(i)] = line[i * stride];
      f.run(in.data(), out.data());
      for (int64_t i = 0; i < n; ++i) line[i * stride] = out[size_t(i)];
    }
}

int64_t product(const std::vector<int64_t>& v) {
  int64_t n = 1;
  for (int64_t d : v) n *= d;
  return n;
}

std::vector<int64_t> inner_dims(const Shape& s, int rank) {
  return std::vector<int64_t>(s.end() - rank, s.end());
}

// work(batch from, to) in parallel; a transform of `size` elements takes about 10 ns per element.
template <class F>
void each_batch(KernelContext& c, int64_t batches, int64_t size, F&& work) {
  parallel_for(c.threads(), batches, double(size) * 30, std::forward<F>(work));
}

template <int kRank, bool kInverse, class T>
void complex_transform(KernelContext& c) {
  const Tensor& x = c.input(0);
  std::vector<int64_t> dims = inner_dims(x.shape(), kRank);
  int64_t size = product(dims), batches = size ? x.num_elements() / size : 0;
  const T* in = x.data<T>();
  T* out = c.out<T>(0);
  double scale = kInverse ? 1.0 / double(size) : 1;
  each_batch(c, batches, size, [&](int64_t from, int64_t to) {
    std::vector<Complex> block(static_cast<size_t>(size));
    for (int64_t b = from; b < to; ++b) {
      for (int64_t i = 0; i < size; ++i) block[size_t(i)] = Complex(in[b * size + i]);
      for (size_t d = 0; d < size_t(kRank); ++d) transform_axis(block, dims, d, kInverse);
      for (int64_t i = 0; i < size; ++i) out[b * size + i] = T(block[size_t(i)] * scale);
    }
  });
}

// Offsets of the elements of a block with dimensions `part` inside one with dimensions `whole`.
std::vector<int64_t> part_offsets(const std::vector<int64_t>& part, const std::vector<int64_t>& whole) {
  std::vector<int64_t> offsets = {0};
  for (size_t d = 0; d < part.size(); ++d) {
    std::vector<int64_t> next;
    next.reserve(offsets.size() * size_t(part[d]));
    for (int64_t o : offsets)
      for (int64_t i = 0; i < part[d]; ++i) next.push_back(o * whole[d] + i);
    offsets = std::move(next);
  }
  return offsets;
}

void check_lengths(KernelContext& c, const std::vector<int64_t>& have, const std::vector<int64_t>& need) {
  for (size_t d = 0; d < have.size(); ++d)
    if (have[d] < need[d])
      c.fail(cat("Input dimension ", c.input(0).rank() - int(have.size() - d),
                 " must have length of at least ", need[d], " but got: ", have[d]));
}

int64_t half_length(int64_t n) { return n ? n / 2 + 1 : 0; }

std::vector<int64_t> lengths(KernelContext& c, int rank) {
  std::vector<int64_t> n = c.ints(1);
  if (int(n.size()) != rank) c.fail(cat("fft_length must have shape [", rank, "]"));
  for (int i = 0; i < rank; ++i)
    if (n[size_t(i)] < 0) c.fail(cat("fft_length[", i, "] must be >= 0, but got: ", n[size_t(i)]));
  return n;
}

template <int kRank, class Real>
void real_transform(KernelContext& c) {
  const Tensor& x = c.input(0);
  std::vector<int64_t> n = lengths(c, kRank), have = inner_dims(x.shape(), kRank), half = n;
  half.back() = half_length(n.back());
  int64_t size = product(n), batches = x.shape().slice(0, -kRank).num_elements();
  if (!size || !batches) return;
  check_lengths(c, have, n);
  std::vector<int64_t> from = part_offsets(n, have), to = part_offsets(half, n);
  const Real* in = x.data<Real>();
  auto* out = c.out<std::complex<Real>>(0);
  int64_t in_size = product(have), out_size = product(half);
  each_batch(c, batches, size, [&](int64_t first, int64_t last) {
    std::vector<Complex> block(static_cast<size_t>(size));
    for (int64_t b = first; b < last; ++b) {
      for (size_t i = 0; i < block.size(); ++i) block[i] = double(in[b * in_size + from[i]]);
      for (size_t d = 0; d < size_t(kRank); ++d) transform_axis(block, n, d, false);
      for (size_t i = 0; i < to.size(); ++i)
        out[b * out_size + int64_t(i)] = std::complex<Real>(block[size_t(to[i])]);
    }
  });
}

template <int kRank, class Real>
void inverse_real_transform(KernelContext& c) {
  const Tensor& x = c.input(0);
  std::vector<int64_t> n = lengths(c, kRank), have = inner_dims(x.shape(), kRank), half = n;
  half.back() = half_length(n.back());
  int64_t size = product(n), batches = x.shape().slice(0, -kRank).num_elements();
  if (!size || !batches) return;
  check_lengths(c, have, half);
  std::vector<int64_t> from = part_offsets(half, have);
  const auto* in = x.data<std::complex<Real>>();
  Real* out = c.out<Real>(0);
  int64_t in_size = product(have), width = half.back(), length = n.back();
  each_batch(c, batches, size, [&](int64_t first, int64_t last) {
    std::vector<Complex> block(from.size()), line(static_cast<size_t>(length)),
        result(static_cast<size_t>(length));
    Fourier f(size_t(length), true);
    for (int64_t b = first; b < last; ++b) {
      for (size_t i = 0; i < block.size(); ++i) block[i] = Complex(in[b * in_size + from[i]]);
      for (size_t d = 0; d + 1 < size_t(kRank); ++d) transform_axis(block, half, d, true);
      for (int64_t row = 0; row < size / length; ++row) {
        const Complex* h = block.data() + row * width;
        for (int64_t i = 0; i < length; ++i) line[size_t(i)] = i < width ? h[i] : std::conj(h[length - i]);
        f.run(line.data(), result.data());
        Real* to = out + b * size + row * length;
        for (int64_t i = 0; i < length; ++i) to[i] = Real(result[size_t(i)].real() / double(size));
      }
    }
  });
}

Tensor inner_size(const Tensor& t, int rank) {
  return grad::op(
      "Prod", {grad::op("Slice",
                        {grad::shape_of(t), grad::reshape(grad::rank_of(t) - double(rank), grad::int32s({1})),
                         grad::int32s({rank})}),
               grad::int32_scalar(0)});
}

// `t` with its last dimensions cut or filled up with zeros to `sizes`.
Tensor resized(const Tensor& t, const Tensor& sizes, int rank) {
  Tensor all = grad::shape_of(t), first = grad::reshape(grad::rank_of(t) - double(rank), grad::int32s({1}));
  Tensor front = grad::op("Slice", {all, grad::int32s({0}), first}),
         back = grad::op("Slice", {all, first, grad::int32s({rank})});
  Tensor kept = grad::op("Minimum", {back, sizes});
  Tensor cut = grad::op("Slice", {t, grad::zeros_like(all), grad::concat({front, kept}, 0)});
  Tensor after = grad::concat({grad::zeros_like(front), sizes - kept}, 0);
  return grad::op("Pad", {cut, grad::op("Pack", {grad::zeros_like(after), after}, {{"axis", int64_t(1)}})});
}

const char* transform_name(int rank, bool inverse) {
  static const char* names[2][3] = {{"FFT", "FFT2D", "FFT3D"}, {"IFFT", "IFFT2D", "IFFT3D"}};
  return names[inverse][rank - 1];
}
const char* real_transform_name(int rank) { return rank == 1 ? "RFFT" : rank == 2 ? "RFFT2D" : "RFFT3D"; }

void gradient_of_complex(GradientContext& g, int rank, bool inverse) {
  Tensor dy = g.grad(), size = grad::cast(inner_size(dy, rank), dy.dtype());
  Tensor d = grad::op(transform_name(rank, !inverse), {dy});
  g.set(0, inverse ? d / size : d * size);
}

// The other half of the spectrum is the conjugate of the one that is there: a real transform of the gradient,
// which counts twice wherever it stands for both.
void gradient_of_real(GradientContext& g, int rank, bool inverse) {
  const Tensor &x = g.input(0), &n = g.input(1);
  Tensor sizes =
      grad::op("Slice", {grad::shape_of(x), grad::reshape(grad::rank_of(x) - double(rank), grad::int32s({1})),
                         grad::int32s({rank})});
  if (!inverse) {
    Tensor y = resized(g.grad(), n, rank), real;
    real = grad::op("Real", {grad::op(transform_name(rank, true), {y})}, {{"Tout", x.dtype()}});
    g.set(0, resized(real * grad::cast(grad::product(n), x.dtype()), sizes, rank));
    return;
  }
  Tensor dy = g.grad();
  AttrMap attrs{{"Treal", dy.dtype()}, {"Tcomplex", x.dtype()}};
  Tensor d = grad::op(real_transform_name(rank), {dy, n}, attrs);
  Tensor length = grad::entry(n, grad::int32_scalar(rank - 1)), zero = grad::int32_scalar(0);
  Tensor at = grad::range(zero, grad::op("FloorDiv", {length, grad::int32_scalar(2)}) + 1.0);
  Tensor alone = grad::op("LogicalOr", {grad::op("Equal", {at, zero}), grad::op("Equal", {at + at, length})});
  Tensor weight = grad::where(alone, grad::ones_like(at), grad::ones_like(at) * 2.0);
  d = d * grad::cast(weight, x.dtype()) / grad::cast(grad::product(n), x.dtype());
  g.set(0, resized(d, sizes, rank));
}

template <int kRank, bool kInverse>
void define_complex(OpBuilder& op, bool old) {
  if (old)
    op.in("input:complex64").out("output:complex64");
  else
    op.in("input:Tcomplex").out("output:Tcomplex").attrs("Tcomplex:{complex64,complex128}=complex64");
  op.infer([](InferContext& c) { c.set_output(0, c.with_rank_at_least(0, kRank)); });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(ComplexTypes{}, k.input_type(0), [&]<class T>() { fn = complex_transform<kRank, kInverse, T>; });
    return fn;
  });
  op.gradient([](GradientContext& g) { gradient_of_complex(g, kRank, kInverse); });
  if (old) return;  // TensorFlow 2 no longer runs them
  op.samples([](Samples& s) {
    Shape shapes[] = {{8}, {7}, {2, 3, 4, 6}, {3, 5, 12, 15}, {2, 1, 1, 1}, {2, 2, 67, 2}, {0, 2, 3, 4}};
    for (const Shape& shape : shapes) {
      if (shape.rank() < kRank) continue;
      s.add({s.random(shape, DType::kComplex64)});
      s.add({s.random(shape, DType::kComplex128)});
    }
    if (kRank == 1) {
      s.add({s.random({149}, DType::kComplex64)});
      s.add({s.random({134}, DType::kComplex128)});
      s.add({s.random({1024}, DType::kComplex64)});
    }
    s.fails(cat("at least rank ", kRank), {s.random({}, DType::kComplex64)});
  });
}

template <int kRank, bool kInverse>
void infer_real(InferContext& c) {
  Shape x = c.with_rank_at_least(0, kRank), n = c.with_rank(1, 1);
  if (n[0] >= 0 && n[0] != kRank) c.fail(cat("fft_length must have shape [", kRank, "], not ", n.str()));
  if (!x.has_rank()) return;
  auto value = c.int_value(1);
  for (int i = 0; i < kRank; ++i) {
    int64_t d = value ? value->at(size_t(i)) : -1;
    if (value && d < 0) c.fail(cat("fft_length[", i, "] must be >= 0, but got: ", d));
    if (!kInverse && i == kRank - 1 && d >= 0) d = half_length(d);
    x.set_dim(x.rank() - kRank + i, d);
  }
  c.set_output(0, x);
}

constexpr const char* kRealAttrs = "Treal:{float,double}=float; Tcomplex:{complex64,complex128}=complex64";

DType complex_of(DType real) { return real == DType::kFloat64 ? DType::kComplex128 : DType::kComplex64; }

template <int kRank, bool kInverse>
KernelFn real_kernel(const KernelInit& k) {
  DType real = k.attr<DType>("Treal");
  if (complex_of(real) != k.attr<DType>("Tcomplex"))
    k.fail(cat("Treal ", dtype_name(real), " goes with Tcomplex ", dtype_name(complex_of(real)), ", found ",
               dtype_name(k.attr<DType>("Tcomplex"))));
  KernelFn fn;
  dispatch(Types<float, double>{}, real, [&]<class Real>() {
    fn = kInverse ? inverse_real_transform<kRank, Real> : real_transform<kRank, Real>;
  });
  return fn;
}

template <int kRank, bool kInverse>
void define_real(OpBuilder& op) {
  if (kInverse)
    op.in("input:Tcomplex, fft_length:int32").out("output:Treal");
  else
    op.in("input:Treal, fft_length:int32").out("output:Tcomplex");
  op.attrs(kRealAttrs)
      .infer(infer_real<kRank, kInverse>)
      .kernel(real_kernel<kRank, kInverse>)
      .gradient([](GradientContext& g) { gradient_of_real(g, kRank, kInverse); })
      .fails_on_values();
  op.samples([](Samples& s) {
    struct Case {
      Shape in;
      std::vector<int32_t> n;
    };
    std::vector<Case> cases = {{{8}, {8}},
                               {{3, 9}, {7}},
                               {{2, 3, 10}, {2, 8}},
                               {{4, 6, 5}, {3, 5}},
                               {{5, 6, 9}, {5, 6, 9}},
                               {{2, 5, 6, 9}, {4, 2, 6}},
                               {{0, 8}, {6}},
                               {{1}, {1}},
                               {{80}, {71}}};
    for (auto& k : cases) {
      if (int(k.n.size()) != kRank) continue;
      Shape in = k.in;
      if (kInverse) in.set_dim(in.rank() - 1, k.n.back() / 2 + 1);
      for (DType real : {DType::kFloat32, DType::kFloat64})
        s.add({s.random(in, kInverse ? complex_of(real) : real), Samples::i32(k.n)},
              {{"Treal", real}, {"Tcomplex", complex_of(real)}});
    }
    DType type = kInverse ? DType::kComplex64 : DType::kFloat32;
    Shape small = Shape::unknown_of_rank(kRank), long_enough(std::vector<int64_t>(kRank, 9));
    for (int i = 0; i < kRank; ++i) small.set_dim(i, 2);
    s.fails("Input dimension 0 must have length of at least",
            {s.random(small, type), Samples::i32(std::vector<int32_t>(kRank, 8))});
    s.fails("fft_length", {s.random(long_enough, type), Samples::i32(std::vector<int32_t>(kRank + 1, 8))});
    s.fails("at least rank", {s.random({}, type), Samples::i32(std::vector<int32_t>(kRank, 8))});
  });
}

FLOE_OP("FFT", op) { define_complex<1, false>(op, false); }
FLOE_OP("IFFT", op) { define_complex<1, true>(op, false); }
FLOE_OP("FFT2D", op) { define_complex<2, false>(op, false); }
FLOE_OP("IFFT2D", op) { define_complex<2, true>(op, false); }
FLOE_OP("FFT3D", op) { define_complex<3, false>(op, false); }
FLOE_OP("IFFT3D", op) { define_complex<3, true>(op, false); }
FLOE_OP("BatchFFT", op) { define_complex<1, false>(op, true); }
FLOE_OP("BatchIFFT", op) { define_complex<1, true>(op, true); }
FLOE_OP("BatchFFT2D", op) { define_complex<2, false>(op, true); }
FLOE_OP("BatchIFFT2D", op) { define_complex<2, true>(op, true); }
FLOE_OP("BatchFFT3D", op) { define_complex<3, false>(op, true); }
FLOE_OP("BatchIFFT3D", op) { define_complex<3, true>(op, true); }
FLOE_OP("RFFT", op) { define_real<1, false>(op); }
FLOE_OP("IRFFT", op) { define_real<1, true>(op); }
FLOE_OP("RFFT2D", op) { define_real<2, false>(op); }
FLOE_OP("IRFFT2D", op) { define_real<2, true>(op); }
FLOE_OP("RFFT3D", op) { define_real<3, false>(op); }
FLOE_OP("IRFFT3D", op) { define_real<3, true>(op); }

}  // namespace
}  // namespace floe
