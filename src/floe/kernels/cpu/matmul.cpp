// Matrix products of float32: own packed kernel for constant right-hand sides where it wins, else oneDNN.
#include <mutex>

#include "floe/base/file.h"
#include "floe/base/threads.h"
#include "floe/kernels/cpu/dnnl_matmul.h"
#include "floe/kernels/cpu/simd/gemm.h"
#include "floe/tensor/deferred.h"

namespace floe::cpu {
namespace {

// Waking a team costs more than a small product.
constexpr double kParallelFlops = 6e6;

struct Product {
  MatMulShape s;
  EpilogueSpec epilogue;
  std::shared_ptr<PackedFloats> packed;  // own kernel
  std::shared_ptr<DnnlMatMul> dnnl;
};

bool is_batched(const KernelInit& k) { return k.def.name.rfind("BatchMatMul", 0) == 0; }

MatMulShape shape_of(const KernelInit& k, const Shape& a, const Shape& b, const Shape& out) {
  MatMulShape s;
  bool batched = is_batched(k);
  s.transpose_a = k.attr<bool>(batched ? "adj_x" : "transpose_a");
  s.transpose_b = k.attr<bool>(batched ? "adj_y" : "transpose_b");
  s.n = out.dim(-1);
  if (!batched) {
    // Leading dimensions of a are rows.
    s.k = s.transpose_a ? a[0] : a.dim(-1);
    s.m = s.n ? out.num_elements() / s.n : 0;
    return s;
  }
  s.m = out.dim(-2);
  s.k = s.transpose_a ? a.dim(-2) : a.dim(-1);
  int rank = out.rank() - 2;
  auto batch = [&](const Shape& x) {
    std::vector<int64_t> v(size_t(rank), 1);
    for (int i = 0; i < x.rank() - 2; ++i) v[size_t(rank - (x.rank() - 2) + i)] = x[i];
    return v;
  };
  s.batch = batch(out);
  s.batch_a = batch(a);
  s.batch_b = batch(b);
  // A right-hand side that all batches share: the batches are rows.
  bool shared = !s.transpose_a;
  for (int64_t d : s.batch_b) shared = shared && d == 1;
  if (shared && s.batch == s.batch_a) {
    for (int64_t d : s.batch) s.m *= d;
    s.batch.clear();
    s.batch_a.clear();
    s.batch_b.clear();
  }
  // oneDNN takes few dimensions; equal batches are one.
  if (s.batch == s.batch_a && s.batch == s.batch_b && s.batch.size() > 1) {
    int64_t n = 1;
    for (int64_t d : s.batch) n *= d;
    s.batch = s.batch_a = s.batch_b = {n};
  }
  return s;
}

std::shared_ptr<Product> choose(const MatMulShape& s, const EpilogueSpec& e, const Tensor* b, int threads) {
  auto p = std::make_shared<Product>();
  p->s = s;
  p->epilogue = e;
  if (s.m == 0 || s.n == 0 || s.k == 0) return nullptr;
  for (int64_t d : s.batch)
    if (d == 0) return nullptr;
  if (b && s.batch.empty() && !s.transpose_a && simd::gemm_is_preferred(s.m, s.n, s.k)) {
    p->packed = std::static_pointer_cast<PackedFloats>(get_packed(*b, s.transpose_b ? "gemm_t" : "gemm", [&] {
      auto packed = std::make_shared<PackedFloats>(simd::packed_b_size(s.k, s.n));
      Tensor from = peek(*b);
      simd::pack_b(from.data<float>(), s.transpose_b ? 1 : s.n, s.transpose_b ? s.k : 1, s.k, s.n,
                   packed->data);
      if (from.shares_memory(*b)) drop_mapped_pages(b->raw(), b->nbytes());
      return packed;
    }));
    return p;
  }
  double flops = 2.0 * double(s.m) * double(s.n) * double(s.k);
  for (int64_t d : s.batch) flops *= double(d);
  p->dnnl = DnnlMatMul::make(s, e, b != nullptr, flops < kParallelFlops ? 1 : threads);
  return p->dnnl ? p : nullptr;
}

void run(const Product& p, KernelContext& c) {
  const EpilogueSpec& e = p.epilogue;
  if (p.dnnl)
    return p.dnnl->run(c.in<float>(0), c.input(1), e.bias >= 0 ? c.in<float>(e.bias) : nullptr,
                       e.residual >= 0 ? c.in<float>(e.residual) : nullptr, c.out<float>(0));
  simd::GemmArgs a;
  a.m = p.s.m;
  a.n = p.s.n;
  a.k = p.s.k;
  a.a = c.in<float>(0);
  a.lda = a.k;
  a.packed_b = p.packed->data;
  a.c = c.out<float>(0);
  a.ldc = a.n;
  a.epilogue = e.at(c, a.n);
  int64_t panels = simd::panel_count(a.n);
  // Few rows: the columns are split instead.
  if (a.m >= 8 * c.threads() || c.threads() == 1)
    parallel_for(c.threads(), a.m, double(a.n) * double(a.k) * 0.008,
                 [&](int64_t from, int64_t to) { simd::gemm(a, from, to, 0, panels); });
  else
    parallel_for(c.threads(), panels, double(a.k) * double(a.m) * 1.0,
                 [&](int64_t from, int64_t to) { simd::gemm(a, 0, a.m, from, to); });
}

struct ByShape {
  std::mutex mutex;
  std::vector<std::pair<std::vector<Shape>, std::shared_ptr<Product>>> made;
};

KernelFn matmul_kernel(const KernelInit& k) {
  for (int i = 0; i < 2; ++i)
    if (k.input_type(i) != DType::kFloat32) return {};
  if (k.output_type(0) != DType::kFloat32) return {};
  for (const char* n : {"grad_x", "grad_y", "grad_a", "grad_b"})
    if (k.attrs.get_or<bool>(n, false)) return {};
  EpilogueSpec e = EpilogueSpec::of(k);
  const Tensor* b = k.constant(1);
  if (k.static_shapes()) {
    auto p = choose(shape_of(k, k.input_shapes[0], k.input_shapes[1], k.output_shapes[0]), e, b, k.threads);
    if (!p) return {};
    return [p](KernelContext& c) { run(*p, c); };
  }
  // Shapes known at run time only: tiny products are quicker than making a primitive for them.
  KernelFn reference = k.def.kernel(k);
  auto cache = std::make_shared<ByShape>();
  Tensor kept = b ? *b : Tensor();
  // What shape_of needs of the init must outlive it.
  AttrMap attrs = k.attrs;
  const OpDef* def = &k.def;
  return [=](KernelContext& c) {
    std::vector<Shape> key{c.input(0).shape(), c.input(1).shape()};
    std::shared_ptr<Product> p;
    {
      std::lock_guard lock(cache->mutex);
      for (auto& [shapes, made] : cache->made)
        if (shapes == key) p = made;
      if (!p && cache->made.size() < 64) {
        KernelInit init(*def, attrs, c.node());
        p = choose(shape_of(init, key[0], key[1], c.output(0).shape()), e, kept ? &kept : nullptr,
                   c.threads());
        if (p) cache->made.emplace_back(key, p);
      }
    }
    if (p)
      run(*p, c);
    else
      reference(c);
  };
}

FLOE_KERNEL("MatMul", 10, k) { return matmul_kernel(k); }
FLOE_KERNEL("_FloeMatMul", 10, k) { return matmul_kernel(k); }
FLOE_KERNEL("BatchMatMul", 10, k) { return matmul_kernel(k); }
FLOE_KERNEL("BatchMatMulV2", 10, k) { return matmul_kernel(k); }
FLOE_KERNEL("BatchMatMulV3", 10, k) { return matmul_kernel(k); }

}  // namespace
}  // namespace floe::cpu
